#include "plan/select.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

#define CHOICES_NAMED_MAX 6 /* of several that fit, so many are named */

struct candidates {
    const struct series **list;
    size_t count, cap;
    bool measure_seen; /* the feed has this measure, for whatever organisation or breakdown */
};

enum dimension { DIMENSION_BREAKDOWN, DIMENSION_SECONDARY };

/* "" and NULL both say "left out". */
static const char *given(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static const char *dimension_of(const struct series *s, enum dimension d)
{
    return given(d == DIMENSION_BREAKDOWN ? s->breakdown : s->secondary);
}

static bool dimension_fits(const char *asked, const char *has)
{
    return asked == NULL || (has != NULL && text_same(asked, has));
}

static int candidate_add(struct candidates *c, const struct series *s)
{
    if (c->count == c->cap) {
        size_t cap = c->cap > 0 ? c->cap * 2 : 16;
        const struct series **list = realloc(c->list, cap * sizeof *list);

        if (list == NULL)
            return -ENOMEM;
        c->list = list;
        c->cap = cap;
    }
    c->list[c->count++] = s;
    return 0;
}

static int gather(const struct series_set *set, const struct plan_measure *m, const char *org,
                  struct candidates *c)
{
    const char *key;
    void *value;

    for (size_t i = 0; table_next(&set->by_key, &i, &key, &value);) {
        const struct series *s = value;

        if (s->point_count == 0) /* named, but no file has a published period of it yet */
            continue;
        if (!text_same(s->measure, m->published) || !text_same(s->feed, m->select.feed))
            continue;
        c->measure_seen = true;
        if (!text_same(s->org, org) ||
            !dimension_fits(given(m->select.breakdown), dimension_of(s, DIMENSION_BREAKDOWN)) ||
            !dimension_fits(given(m->select.secondary), dimension_of(s, DIMENSION_SECONDARY)))
            continue;
        int r = candidate_add(c, s);

        if (r < 0)
            return r;
    }
    return 0;
}

/* Where the dimension was left out, the series without one is meant if there is one. */
static void prefer_none(struct candidates *c, enum dimension d)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->count; i++) {
        if (dimension_of(c->list[i], d) == NULL)
            c->list[kept++] = c->list[i];
    }
    if (kept > 0)
        c->count = kept;
}

static char *why_no_period(const struct plan_measure *m)
{
    struct text t = TEXT_INIT;

    text_printf(&t, "list %s has no complete period of \"%s\" yet", m->list->list, m->list->text);
    return text_take(&t);
}

static char *why_none(const struct plan_measure *m, bool measure_seen)
{
    struct text t = TEXT_INIT;

    if (!measure_seen) {
        text_printf(&t, "feed %s has brought no figure of \"%s\" yet", m->select.feed,
                    m->published);
    } else {
        text_printf(&t, "feed %s has \"%s\", but not for %s", m->select.feed, m->published,
                    m->select.org);
        if (m->select.breakdown != NULL)
            text_printf(&t, ", breakdown \"%s\"", m->select.breakdown);
        if (m->select.secondary != NULL)
            text_printf(&t, ", secondary \"%s\"", m->select.secondary);
    }
    return text_take(&t);
}

static char *why_several(const struct candidates *c)
{
    struct text t = TEXT_INIT;

    text_printf(&t, "%zu series fit, select one:", c->count);
    for (size_t i = 0; i < c->count && i < CHOICES_NAMED_MAX; i++) {
        const char *breakdown = dimension_of(c->list[i], DIMENSION_BREAKDOWN);
        const char *secondary = dimension_of(c->list[i], DIMENSION_SECONDARY);

        text_puts(&t, i > 0 ? "; " : " ");
        if (breakdown != NULL)
            text_printf(&t, "breakdown \"%s\"", breakdown);
        if (secondary != NULL)
            text_printf(&t, "%ssecondary \"%s\"", breakdown != NULL ? ", " : "", secondary);
    }
    if (c->count > CHOICES_NAMED_MAX)
        text_printf(&t, "; and %zu more", c->count - CHOICES_NAMED_MAX);
    return text_take(&t);
}

int series_select(const struct series_set *set, const struct plan_measure *m, const char *org,
                  const struct series **out_series, char **out_why)
{
    struct candidates c = { NULL, 0, 0, false };
    AUTO(auto_free) char *key = NULL;
    int r;

    assert(set != NULL && m != NULL && org != NULL);
    /* The series that is named exactly, without a walk over all of them. */
    key = series_key(measure_source(m), measure_figure(m), given(m->select.breakdown), org,
                     given(m->select.secondary));
    if (key == NULL)
        return -ENOMEM;
    *out_why = NULL;
    *out_series = series_find(set, key);
    if (*out_series != NULL && (m->list == NULL || (*out_series)->point_count > 0))
        return 0;
    if (m->list != NULL) { /* computed for this measure: no other could be meant */
        *out_series = NULL;
        *out_why = why_no_period(m);
        return *out_why != NULL ? 0 : -ENOMEM;
    }
    r = gather(set, m, org, &c);
    if (r == 0) {
        if (given(m->select.breakdown) == NULL)
            prefer_none(&c, DIMENSION_BREAKDOWN);
        if (given(m->select.secondary) == NULL)
            prefer_none(&c, DIMENSION_SECONDARY);
        if (c.count == 1)
            *out_series = c.list[0];
        else
            *out_why = c.count == 0 ? why_none(m, c.measure_seen) : why_several(&c);
        if (*out_series == NULL && *out_why == NULL)
            r = -ENOMEM;
    }
    free(c.list);
    return r;
}
