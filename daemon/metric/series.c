#include "metric/series.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

/* ---- names ---- */

static void add_part(struct text *t, const char *part)
{
    AUTO(auto_free) char *folded = part ? text_folded(part) : NULL;

    if (!part)
        return;
    if (!folded) {
        t->error = -ENOMEM;
        return;
    }
    for (const char *s = folded; *s; s++) {
        if (*s == '|' || *s == '%')
            (void)text_printf(t, "%%%02x", (unsigned)(unsigned char)*s);
        else
            (void)text_putc(t, *s);
    }
}

char *series_key(const char *feed, const char *measure, const char *breakdown, const char *org,
                 const char *secondary)
{
    const char *const parts[] = { feed, measure, breakdown, org, secondary };
    struct text t = TEXT_INIT;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (i)
            (void)text_putc(&t, '|');
        add_part(&t, parts[i]);
    }
    return text_take(&t);
}

struct series *series_find(const struct series_set *s, const char *key)
{
    assert(s && key);
    return table_get(&s->by_key, key);
}

static void series_free(void *arg)
{
    struct series *s = arg;

    if (!s)
        return;
    for (size_t i = 0; i < s->point_count; i++)
        free(s->points[i].versions);
    free(s->points);
    free(s->key);
    free(s->feed);
    free(s->measure);
    free(s->breakdown);
    free(s->org);
    free(s->secondary);
    free(s);
}

void series_set_release(struct series_set *s)
{
    if (s)
        table_release(&s->by_key, series_free);
}

/* Keeps a name as last printed. Without memory the name printed before stands: it means the same.
 */
static int rename_to(char **name, const char *printed)
{
    char *copy;

    if (!printed || (*name && strcmp(*name, printed) == 0))
        return 0;
    copy = strdup(printed);
    if (!copy)
        return *name ? 0 : -ENOMEM;
    free(*name);
    *name = copy;
    return 0;
}

static int rename_series(struct series *s, const char *feed, const struct record *r,
                         const char *org)
{
    if (rename_to(&s->feed, feed) < 0 || rename_to(&s->measure, r->measure) < 0 ||
        rename_to(&s->breakdown, r->breakdown) < 0 || rename_to(&s->org, org) < 0 ||
        rename_to(&s->secondary, r->secondary) < 0)
        return -ENOMEM;
    if (r->unit != UNIT_UNKNOWN)
        s->unit = r->unit;
    return 0;
}

struct series *series_open(struct series_set *set, const char *feed, const struct record *r,
                           const char *org)
{
    struct series *s;
    char *key;

    assert(set && feed && r && r->measure && org);
    key = series_key(feed, r->measure, r->breakdown, org, r->secondary);
    if (!key)
        return NULL;
    s = series_find(set, key);
    if (s) {
        free(key);
        (void)rename_series(s, feed, r, org); /* every name it has stands */
        return s;
    }
    s = calloc(1, sizeof *s);
    if (!s) {
        free(key);
        return NULL;
    }
    s->key = key;
    if (rename_series(s, feed, r, org) < 0 || table_set(&set->by_key, key, s, NULL) < 0) {
        series_free(s);
        return NULL;
    }
    return s;
}

/* ---- versions ---- */

/* Equal, "none" being equal to "none". The figures are as published, so no tolerance. */
static bool same_number(double a, double b)
{
    return isnan(a) ? (bool)isnan(b) : a == b;
}

static bool same_figure(const struct series_version *a, const struct series_version *b)
{
    return a->marker == b->marker && (a->marker != MARKER_NONE || same_number(a->value, b->value));
}

static bool same_content(const struct series_version *a, const struct series_version *b)
{
    return same_figure(a, b) && a->status == b->status && a->gap == b->gap &&
           same_number(a->low, b->low) && same_number(a->high, b->high) &&
           same_number(a->numerator, b->numerator) && same_number(a->denominator, b->denominator) &&
           a->untold == b->untold && a->stops == b->stops;
}

/* The rank without the order of receipt: status Final over Provisional or none, then the edition.
 */
static int compare_edition(const struct series_version *a, const struct series_version *b)
{
    int final_a = a->status == PUBLICATION_FINAL, final_b = b->status == PUBLICATION_FINAL;

    if (final_a != final_b)
        return final_a - final_b;
    return (a->edition > b->edition) - (a->edition < b->edition);
}

/* Whether `later`, which stands after `earlier` in the point, is the one in force of the two. */
static bool outranks(const struct series_version *later, const struct series_version *earlier)
{
    int order = compare_edition(later, earlier);

    if (order == 0)
        order = (earlier->history == HISTORY_FIGURE) - (later->history == HISTORY_FIGURE);
    return order != 0 ? order > 0 : later->receipt >= earlier->receipt;
}

/* The position of a period, or where it would stand. */
static size_t place_of(const struct series *s, struct civil_date start, struct civil_date end,
                       bool *out_found)
{
    size_t low = 0, high = s->point_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct series_point *p = &s->points[middle];
        int order = date_compare(p->period_end, end);

        if (order == 0)
            order = date_compare(p->period_start, start);
        if (order == 0) {
            *out_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *out_found = false;
    return low;
}

static enum series_outcome compare(const struct series_version *v,
                                   const struct series_version *current)
{
    if (same_content(current, v))
        return compare_edition(v, current) > 0 ? SERIES_CONFIRMED : SERIES_SAME;
    return outranks(v, current) ? SERIES_RESTATED : SERIES_SUPERSEDED;
}

static enum series_outcome judge(const struct series_point *p, const struct series_version *v)
{
    for (size_t i = 0; i < p->version_count; i++)
        if (p->versions[i].receipt == v->receipt && strcmp(p->versions[i].source, v->source) == 0 &&
            same_content(&p->versions[i], v))
            return SERIES_SAME; /* a replay of what was taken before */
    return compare(v, series_current(p));
}

enum series_outcome series_judge(const struct series *s, struct civil_date start,
                                 struct civil_date end, const struct series_version *v)
{
    bool found;
    size_t at;

    assert(s && v);
    at = place_of(s, start, end, &found);
    return found ? judge(&s->points[at], v) : SERIES_NEW_PERIOD;
}

enum series_outcome series_effect(const struct series *s, struct civil_date start,
                                  struct civil_date end, const struct series_version *v)
{
    const struct series_version *in_force = NULL;
    bool found;
    size_t at;

    assert(s && v);
    at = place_of(s, start, end, &found);
    for (size_t i = 0; found && i < s->points[at].version_count; i++) {
        const struct series_version *earlier = &s->points[at].versions[i];

        if (earlier->receipt < v->receipt && (!in_force || outranks(earlier, in_force)))
            in_force = earlier;
    }
    return in_force ? compare(v, in_force) : SERIES_NEW_PERIOD;
}

/* Versions stand in order of receipt whatever the order in which they are offered. */
static int insert_version(struct series_point *p, const struct series_version *v)
{
    size_t at = p->version_count;
    struct series_version *grown =
        reallocarray(p->versions, p->version_count + 1, sizeof *p->versions);

    if (!grown)
        return -ENOMEM;
    p->versions = grown;
    while (at > 0 && grown[at - 1].receipt > v->receipt)
        at--;
    memmove(&grown[at + 1], &grown[at], (p->version_count - at) * sizeof *grown);
    grown[at] = *v;
    p->version_count++;
    p->current = 0;
    for (size_t i = 1; i < p->version_count; i++)
        if (outranks(&grown[i], &grown[p->current]))
            p->current = i;
    return 0;
}

static int insert_point(struct series *s, size_t at, struct civil_date start, struct civil_date end)
{
    struct series_point *grown = reallocarray(s->points, s->point_count + 1, sizeof *s->points);

    if (!grown)
        return -ENOMEM;
    s->points = grown;
    memmove(&grown[at + 1], &grown[at], (s->point_count - at) * sizeof *grown);
    grown[at] = (struct series_point){ .period_start = start, .period_end = end };
    s->point_count++;
    return 0;
}

int series_offer(struct series *s, struct civil_date start, struct civil_date end,
                 const struct series_version *v)
{
    enum series_outcome outcome = SERIES_NEW_PERIOD;
    bool found;
    size_t at;
    int r;

    assert(s && v && date_is_set(end) && date_compare(start, end) <= 0);
    at = place_of(s, start, end, &found);
    if (found) {
        outcome = judge(&s->points[at], v);
        r = outcome == SERIES_SAME ? 0 : insert_version(&s->points[at], v);
    } else {
        struct series_point first = { .period_start = start };

        /* The version first: a point without one must never be seen. */
        r = insert_version(&first, v);
        if (r == 0)
            r = insert_point(s, at, start, end);
        if (r == 0) {
            s->points[at].versions = first.versions;
            s->points[at].version_count = first.version_count;
        } else {
            free(first.versions);
        }
    }
    return r < 0 ? r : (int)outcome;
}

bool series_point_restated(const struct series_point *p)
{
    const struct series_version *now = series_current(p);
    const struct series_version *in_force = &p->versions[0];

    if (p->version_count == 1)
        return false;
    /* Only what once was in force was replaced; an older edition that came late never was. */
    for (size_t i = 0; i < p->version_count; i++) {
        if (i > 0 && !outranks(&p->versions[i], in_force))
            continue;
        in_force = &p->versions[i];
        if (!same_figure(in_force, now))
            return true;
    }
    return false;
}
