#include "ctl/option.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

bool option_value(int argc, char **argv, int *at, const char *name, const char **out_value)
{
    size_t len = strlen(name);
    const char *arg = argv[*at];

    if (strncmp(arg, name, len) != 0)
        return false;
    if (arg[len] == '=') {
        *out_value = arg + len + 1;
        return true;
    }
    if (arg[len] != '\0')
        return false;
    *out_value = *at + 1 < argc ? argv[++*at] : NULL;
    return true;
}

bool option_help(int argc, char **argv, const char *usage)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") != 0)
            continue;
        fputs(usage, stdout);
        return true;
    }
    return false;
}
