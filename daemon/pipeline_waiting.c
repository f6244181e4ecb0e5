#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

/* Files that lie in an inbox without proof of their end. */

#define WAITING_NAMED 3 /* files named in a message; the others are counted */

struct waiting_name {
    char *name, *why;
};

/* Every file of one feed that lies there without proof of its end. */
struct waiting_list {
    struct waiting_name *list;
    size_t count, cap;
};

void waiting_list_free(void *value)
{
    struct waiting_list *l = value;

    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++) {
        free(l->list[i].name);
        free(l->list[i].why);
    }
    free(l->list);
    free(l);
}

void waiting_file_free(void *value)
{
    struct waiting_file *w = value;

    if (!w)
        return;
    free(w->path);
    free(w->words);
    free(w);
}

/* "3 files wait in the inbox: a.csv (why); b.csv (why); ..." */
static char *waiting_words(const struct feed_inbox *f, const struct waiting_list *l)
{
    struct text t = TEXT_INIT;

    if (l->count == 1) {
        (void)text_printf(&t, "%s waits in the inbox: %s",
                          take_shown_name(f->pipeline, f->feed, l->list[0].name), l->list[0].why);
        return text_take(&t);
    }
    (void)text_printf(&t, "%zu files wait in the inbox: ", l->count);
    for (size_t i = 0; i < l->count && i < WAITING_NAMED; i++)
        (void)text_printf(&t, "%s%s (%s)", i ? "; " : "",
                          take_shown_name(f->pipeline, f->feed, l->list[i].name), l->list[i].why);
    if (l->count > WAITING_NAMED)
        (void)text_printf(&t, "; and %zu more", l->count - WAITING_NAMED);
    return text_take(&t);
}

void waiting_show(struct pipeline *p, const char *feed, const char *path, const char *words)
{
    p->need_evaluate = true;
    pipeline_wake(p);
    if (!words) {
        waiting_file_free(table_remove(&p->waiting_files, feed));
        return;
    }
    struct waiting_file *w = calloc(1, sizeof *w);
    void *old = NULL;

    if (!w)
        return;
    w->path = path ? strdup(path) : NULL;
    w->words = strdup(words);
    if ((path && !w->path) || !w->words || table_set(&p->waiting_files, feed, w, &old) < 0)
        waiting_file_free(w);
    waiting_file_free(old);
}

/* What evaluation is shown of a feed's files that wait, after the list changed. Without memory it
 * is shown what it was. */
static void show_waiting(struct feed_inbox *f)
{
    const struct waiting_list *l = table_get(&f->pipeline->waiting_lists, f->feed);

    if (!l || l->count == 0) {
        waiting_show(f->pipeline, f->feed, NULL, NULL);
        return;
    }
    AUTO(auto_free) char *path = path_join(inbox_folder(f->inbox), l->list[0].name);
    AUTO(auto_free) char *words = waiting_words(f, l);

    if (path && words)
        waiting_show(f->pipeline, f->feed, path, words);
}

static size_t find_waiting(const struct waiting_list *l, const char *name)
{
    size_t i = 0;

    while (i < l->count && strcmp(l->list[i].name, name) != 0)
        i++;
    return i;
}

static void remove_waiting(struct waiting_list *l, size_t i)
{
    free(l->list[i].name);
    free(l->list[i].why);
    memmove(l->list + i, l->list + i + 1, (--l->count - i) * sizeof *l->list);
}

void waiting_forget(struct feed_inbox *f, const char *name)
{
    struct waiting_list *l = table_get(&f->pipeline->waiting_lists, f->feed);
    size_t i = l ? find_waiting(l, name) : 0;

    if (!l || i == l->count)
        return;
    remove_waiting(l, i);
    show_waiting(f);
}

static int add_waiting(struct feed_inbox *f, const char *name, const char *why)
{
    struct waiting_list *l = table_get(&f->pipeline->waiting_lists, f->feed);

    if (!l) {
        l = calloc(1, sizeof *l);
        if (!l || table_set(&f->pipeline->waiting_lists, f->feed, l, NULL) < 0) {
            free(l);
            return -ENOMEM;
        }
    }
    size_t i = find_waiting(l, name);

    if (i == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        struct waiting_name *list = realloc(l->list, cap * sizeof *list);

        if (!list)
            return -ENOMEM;
        l->list = list;
        l->cap = cap;
    }
    struct waiting_name w = { strdup(name), strdup(why) };

    if (!w.name || !w.why) {
        free(w.name);
        free(w.why);
        return -ENOMEM;
    }
    if (i < l->count)
        remove_waiting(l, i);
    l->list[l->count++] = w;
    return 0;
}

void waiting_on_file(void *arg, struct inbox *inbox, const char *name, const char *why)
{
    struct feed_inbox *f = arg;

    (void)inbox;
    log_warning("intake", "feed=%s file=\"%s\" waits: %s", f->feed,
                take_shown_name(f->pipeline, f->feed, name), why);
    if (add_waiting(f, name, why) < 0)
        log_error("intake", "feed=%s no memory to tell of a file that waits", f->feed);
    show_waiting(f);
}

void waiting_tick(struct feed_inbox *f)
{
    struct waiting_list *l = table_get(&f->pipeline->waiting_lists, f->feed);
    size_t before = l ? l->count : 0;

    for (size_t i = 0; l && f->inbox && i < l->count;) {
        AUTO(auto_free) char *path = path_join(inbox_folder(f->inbox), l->list[i].name);
        struct stat st;

        if (path && lstat(path, &st) < 0 && errno == ENOENT)
            remove_waiting(l, i);
        else
            i++;
    }
    if (l && l->count != before)
        show_waiting(f);
}
