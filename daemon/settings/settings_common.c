/*
 * settings_common - what every section needs: paths, growing arrays, errors added up
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"
#include "settings/settings_internal.h"

int settings_worse(int a, int b)
{
    if (a == -ENOMEM || b == -ENOMEM)
        return -ENOMEM;
    return a < 0 ? a : b;
}

int settings_read_hours(const struct reading *rd, yaml_node *mapping, const char *what,
                        const char *said, struct hours *out)
{
    if (!said || hours_parse(said, out) == 0)
        return 0;
    return COMPLAIN(rd, yaml_get(mapping, "hours"), "for example \"08:00-18:00\", or all",
                    "%s: hours are from one time of a day to a later one, or all", what);
}

int settings_resolve(const char *folder, char **path)
{
    AUTO(text_release) struct text t = TEXT_INIT;
    const char *rest = *path;

    if (!rest || rest[0] == '/')
        return 0;
    while (rest[0] == '.' && rest[1] == '/')
        rest += 2 + strspn(rest + 2, "/");
    if (strcmp(rest, ".") == 0)
        rest = "";
    (void)text_puts(&t, folder);
    if (rest[0])
        (void)text_printf(&t, "%s%s", strcmp(folder, "/") == 0 ? "" : "/", rest);
    char *whole = text_take(&t);

    if (!whole)
        return -ENOMEM;
    free(*path);
    *path = whole;
    return 0;
}

int settings_require_file(const struct reading *rd, yaml_node *at, const char *what,
                          const char *path)
{
    if (!path || access(path, R_OK) == 0)
        return 0;
    return COMPLAIN(rd, at, "relative paths are relative to the settings file",
                    "%s: %s cannot be read: %s", what, path, strerror(errno));
}

void *settings_grow(void *array_pointer, size_t *count, size_t size)
{
    void *array;

    memcpy(&array, array_pointer, sizeof array);
    /* Doubling: room is made at 0, 1, 2, 4, 8, ... elements. */
    if ((*count & (*count - 1)) == 0) {
        array = reallocarray(array, *count ? *count * 2 : 1, size);
        if (!array)
            return NULL;
        memcpy(array_pointer, &array, sizeof array);
    }
    void *slot = (char *)array + *count * size;

    memset(slot, 0, size);
    (*count)++;
    return slot;
}
