#include "base/datadir.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef WAITLISTD_DATADIR
#define WAITLISTD_DATADIR "/usr/share/waitlistd"
#endif

/* A program lies in build/, or in build/san/ when built with sanitizers. */
#define LEVELS_MAX 2

static int is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *datadir_find(void)
{
    static char found[PATH_MAX];
    char folder[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);

    if (n <= 0)
        return WAITLISTD_DATADIR;
    folder[n] = '\0';
    for (int level = 0; level <= LEVELS_MAX; level++) {
        char *slash = strrchr(folder, '/');
        char formats[PATH_MAX + 16];

        if (!slash)
            break;
        *slash = '\0';
        if (level == 0)
            continue; /* that was the program's own name */
        /* Both folders: a stray config/ somewhere above an installed program is not ours. */
        snprintf(formats, sizeof formats, "%s/daemon", folder);
        if (!is_folder(formats))
            continue;
        snprintf(formats, sizeof formats, "%s/config/formats", folder);
        if (is_folder(formats) &&
            (size_t)snprintf(found, sizeof found, "%s/config", folder) < sizeof found)
            return found;
    }
    return WAITLISTD_DATADIR;
}
