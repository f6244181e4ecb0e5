#include "parse/format.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

struct format_set {
    struct format **formats; /* sorted by nothing: in the order read */
    const char **ids;        /* NULL-terminated */
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

/* Takes f. */
static int add(struct format_set *s, struct format *f)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(format_id(s->formats[i]), format_id(f)) == 0) {
            format_free(s->formats[i]);
            s->formats[i] = f;
            s->ids[i] = format_id(f);
            return 0;
        }
    }
    struct format **formats = realloc(s->formats, (s->count + 1) * sizeof *formats);

    if (formats)
        s->formats = formats;
    const char **ids = formats ? realloc(s->ids, (s->count + 2) * sizeof *ids) : NULL;

    if (!ids) {
        format_free(f);
        return -ENOMEM;
    }
    s->ids = ids;
    s->formats[s->count] = f;
    s->ids[s->count++] = format_id(f);
    s->ids[s->count] = NULL;
    return 0;
}

/* The *.yaml names of a folder, sorted, so that the order of messages is the same everywhere. */
static int list_folder(const char *folder, char ***out_names, size_t *out_count)
{
    DIR *dir = opendir(folder);
    char **names = NULL;
    size_t count = 0;

    if (!dir)
        return -errno;
    for (struct dirent *e; (e = readdir(dir));) {
        size_t len = strlen(e->d_name);

        if (len < 6 || e->d_name[0] == '.' || strcmp(e->d_name + len - 5, ".yaml") != 0)
            continue;
        char **more = realloc(names, (count + 1) * sizeof *names);
        char *copy = more ? strdup(e->d_name) : NULL;

        if (more)
            names = more;
        if (!copy) {
            free_names(names, count);
            (void)closedir(dir);
            return -ENOMEM;
        }
        names[count++] = copy;
    }
    (void)closedir(dir);
    if (count)
        qsort(names, count, sizeof *names, by_name);
    *out_names = names;
    *out_count = count;
    return 0;
}

static int load_folder(struct format_set *s, const char *folder, struct diags *diags)
{
    char **names = NULL;
    size_t count = 0;
    int r = list_folder(folder, &names, &count), result = 0;

    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        struct diag_place place = { folder, 0, 0, 0, NULL, 0 };

        diag_add(diags, DIAG_ERROR, &place, NULL, "this folder of formats cannot be read: %s",
                 strerror(-r));
        return -EINVAL;
    }
    for (size_t i = 0; i < count && result != -ENOMEM; i++) {
        AUTO(text_release) struct text path = TEXT_INIT;
        struct format *f = NULL;

        (void)text_printf(&path, "%s/%s", folder, names[i]);
        r = text_ok(&path) ? format_load(text_str(&path), diags, &f) : -ENOMEM;
        if (r == 0)
            r = add(s, f);
        if (r < 0)
            result = r == -ENOMEM ? r : -EINVAL;
    }
    free_names(names, count);
    return result;
}

int format_set_load(const char *const *folders, size_t count, struct diags *diags,
                    struct format_set **out_set)
{
    struct format_set *s = calloc(1, sizeof *s);
    int result = 0;

    assert(diags && out_set);
    if (s)
        s->ids = calloc(1, sizeof *s->ids);
    if (!s || !s->ids) {
        format_set_free(s);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count && result != -ENOMEM; i++) {
        int r = load_folder(s, folders[i], diags);

        if (r < 0)
            result = r;
    }
    if (result < 0) {
        format_set_free(s);
        return result;
    }
    *out_set = s;
    return 0;
}

const struct format *format_set_find(const struct format_set *s, const char *id)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->ids[i], id) == 0)
            return s->formats[i];
    }
    return NULL;
}

const char *const *format_set_ids(const struct format_set *s)
{
    return s->ids;
}

void format_set_free(struct format_set *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        format_free(s->formats[i]);
    free(s->formats);
    free(s->ids);
    free(s);
}
