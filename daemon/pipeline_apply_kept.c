#include "pipeline_apply_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"

static int keep(struct apply *a, const char *org)
{
    return table_set(&a->kept, settings_org_code(a->pipeline->config->settings, org), a, NULL);
}

static int keep_ref(struct apply *a, const struct figure_ref *ref)
{
    return ref && strcmp(ref->select.feed, a->feed->id) == 0 ? keep(a, ref->select.org) : 0;
}

/* keep: of the feed, and whatever a plan selects from it; nothing named: everything. */
static int find_kept(struct apply *a)
{
    const struct config *c = a->pipeline->config;
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->feed->keep.count; i++)
        r = keep(a, a->feed->keep.items[i]);
    if (a->feed->keep.count == 0)
        return r;
    for (size_t i = 0; i < c->plan_count; i++)
        for (size_t j = 0; r == 0 && j < c->plans[i]->measure_count; j++) {
            const struct plan_measure *m = &c->plans[i]->measures[j];

            if (!m->list && strcmp(m->select.feed, a->feed->id) == 0)
                r = keep(a, m->select.org);
            if (r == 0)
                r = keep_ref(a, m->rule.comparator);
            if (r == 0)
                r = keep_ref(a, m->compare);
        }
    return r;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The organisations that become series, as one text: sorted codes, or "*". */
static char *kept_words(const struct table *kept, bool all)
{
    const char **codes = calloc(table_count(kept) + 1, sizeof *codes);
    struct text t = TEXT_INIT;
    const char *code;
    size_t n = 0;

    if (!codes)
        return NULL;
    for (size_t at = 0; table_next(kept, &at, &code, NULL);)
        codes[n++] = code;
    if (n)
        qsort(codes, n, sizeof *codes, by_text);
    if (all)
        (void)text_putc(&t, '*');
    for (size_t i = 0; !all && i < n; i++)
        (void)text_printf(&t, "%s%s", i ? " " : "", codes[i]);
    free(codes);
    return text_take(&t);
}

int apply_set_kept(struct apply *a)
{
    const struct list_setting *list =
        a->feed->into ? settings_list(a->pipeline->config->settings, a->feed->into) : NULL;
    int r = list ? 0 : find_kept(a);
    char *words = r < 0  ? NULL
                  : list ? lists_rules(a->pipeline, list)
                         : kept_words(&a->kept, a->feed->keep.count == 0);

    if (!words)
        return r < 0 ? r : -ENOMEM;
    free(a->book->kept);
    a->book->kept = words;
    a->book->era = list ? lists_era(a->pipeline, list) : 0;
    return 0;
}

/* Whether what is kept today goes beyond what was kept when the book was last written. */
static bool keeps_more(const char *before, const char *now)
{
    if (strcmp(before, "*") == 0 || strcmp(before, now) == 0)
        return false;
    if (strcmp(now, "*") == 0)
        return true;
    for (const char *at = now; *at;) {
        size_t n = strcspn(at, " ");
        bool found = false;

        for (const char *b = before; *b && !found; b += strcspn(b, " "), b += *b == ' ')
            found = strcspn(b, " ") == n && strncmp(b, at, n) == 0;
        if (!found)
            return true;
        at += n;
        at += *at == ' ';
    }
    return false;
}

int apply_afresh(struct pipeline *p, const struct feed_setting *feed)
{
    const struct feed_book *b = table_get(&p->books.feeds, feed->id);
    struct feed_book *fresh = feed_book_fresh(feed->id, b->stored);
    void *old = NULL;

    if (!fresh)
        return -ENOMEM;
    if (table_set(&p->books.feeds, feed->id, fresh, &old) < 0) {
        feed_book_free(fresh);
        return -ENOMEM;
    }
    feed_book_free(old);
    return 0;
}

int apply_backfill(struct pipeline *p)
{
    const struct settings *s = p->config->settings;

    for (size_t i = 0; i < s->feed_count; i++) {
        struct feed_book *b = table_get(&p->books.feeds, s->feeds[i].id);
        struct apply a = { .pipeline = p, .feed = &s->feeds[i] };
        int r = b && b->kept && !s->feeds[i].into ? find_kept(&a) : -ENOENT;
        AUTO(auto_free) char *now = r == 0 ? kept_words(&a.kept, a.feed->keep.count == 0) : NULL;

        table_release(&a.kept, NULL);
        if (r == -ENOENT)
            continue;
        if (!now)
            return -ENOMEM;
        if (!keeps_more(b->kept, now))
            continue;
        log_info("apply", "feed=%s keeps more than before: its archived files are applied again",
                 b->id);
        if (apply_afresh(p, &s->feeds[i]) < 0)
            return -ENOMEM;
    }
    return 0;
}
