#include "pipeline_apply_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"

int apply_set_words(char **field, const char *format, ...)
{
    struct text t = TEXT_INIT;
    va_list ap;

    va_start(ap, format);
    (void)text_vprintf(&t, format, ap);
    va_end(ap);
    char *words = text_take(&t);

    if (!words)
        return -ENOMEM;
    free(*field);
    *field = words;
    return 0;
}

/* Whether this figure is the one that a measure looks at. */
static bool is_figure_of(const struct apply *a, const struct plan_measure *m,
                         const struct series *series)
{
    const struct settings *s = a->pipeline->config->settings;

    return text_same(m->published, series->measure) &&
           strcmp(settings_org_code(s, m->select.org), series->org) == 0 &&
           (!m->select.secondary || !series->secondary ||
            text_same(m->select.secondary, series->secondary)) &&
           (!m->select.breakdown || !series->breakdown ||
            text_same(m->select.breakdown, series->breakdown));
}

/* Whether an earlier file brought this figure for the period, or for a newer one. */
static bool is_known(const struct apply *a, const struct plan_measure *m)
{
    void *value;

    for (size_t at = 0; table_next(&a->pipeline->books.series.by_key, &at, NULL, &value);) {
        const struct series *s = value;

        if (s->point_count && strcmp(s->feed, a->feed->id) == 0 && is_figure_of(a, m, s) &&
            date_compare(s->points[s->point_count - 1].period_end, a->newest) >= 0)
            return true;
    }
    return false;
}

/* Whether a plan looks at this figure: of the others nobody is told. */
static bool is_watched(const struct apply *a, const struct cell *c)
{
    const struct config *config = a->pipeline->config;

    for (size_t i = 0; i < config->plan_count; i++)
        for (size_t j = 0; j < config->plans[i]->measure_count; j++) {
            const struct plan_measure *m = &config->plans[i]->measures[j];

            if (!m->list && strcmp(m->select.feed, a->feed->id) == 0 &&
                is_figure_of(a, m, c->series))
                return true;
        }
    return false;
}

/* A watched figure that this table brought before and brings no more: its series must not stand
   still unsaid. */
static int find_absent(struct apply *a)
{
    const struct config *config = a->pipeline->config;
    int r = 0;

    for (size_t i = 0; i < config->plan_count; i++)
        for (size_t j = 0; r == 0 && j < config->plans[i]->measure_count; j++) {
            const struct plan_measure *m = &config->plans[i]->measures[j];
            const char *part = table_get(&a->book->seen, m->id);
            bool found = false;

            /* A survey has a wave when it has one: in between nothing is missing. */
            if (m->list || m->survey.every.count > 0 || strcmp(m->select.feed, a->feed->id) != 0)
                continue;
            for (size_t k = 0; k < a->cell_count && !found; k++)
                found = date_compare(a->cells[k].end, a->newest) == 0 &&
                        is_figure_of(a, m, a->cells[k].series);
            if (found)
                r = feed_book_saw(a->book, m->id, a->part);
            else if (part && strcmp(part, a->part) == 0 && !is_known(a, m))
                r = feed_book_absent(a->book, settings_org_code(config->settings, m->select.org),
                                     a->part, m->published, a->newest);
        }
    return r;
}

bool apply_is_followed(const struct apply *a, struct civil_date end)
{
    for (size_t i = 0; a->receipt->decides && i < a->cell_count; i++) {
        const struct cell *c = &a->cells[i];

        for (size_t k = 0; date_compare(c->end, end) == 0 && k < c->series->point_count; k++) {
            const struct series_point *point = &c->series->points[k];

            if (date_compare(point->period_end, end) == 0 &&
                point->versions[point->version_count - 1].receipt >
                    a->pipeline->receipt_base + a->file->sequence)
                return true;
        }
    }
    return false;
}

int apply_covers(const struct apply *a, size_t i, struct civil_date end, const char **out_code)
{
    const struct settings *s = a->pipeline->config->settings;
    const char *code = settings_org_on(s, settings_org_code(s, a->feed->providers.items[i]), end);
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%d", code, end.day);
    if (!text_ok(&key))
        return -ENOMEM;
    *out_code = code;
    return settings_org_has_begun(s, code, end) ? table_has(&a->present, text_str(&key)) : -ENOENT;
}

/* Which providers that the feed must cover are missing, for each period of the file. */
static int find_missing(struct apply *a)
{
    struct feed_book *b = a->book;
    const char *end;
    int r = 0;

    for (size_t at = 0; r == 0 && table_next(&a->ends, &at, &end, NULL);) {
        struct civil_date period_end = { (int32_t)strtol(end, NULL, 10) };

        if (apply_is_followed(a, period_end))
            continue;
        for (size_t i = 0; r == 0 && i < a->feed->providers.count; i++) {
            const char *code;
            int covered = apply_covers(a, i, period_end, &code);
            bool missing = covered == 0;

            if (covered == -ENOMEM)
                return covered;
            if (missing && date_compare(period_end, a->newest) == 0)
                log_warning("apply", "feed=%s provider=%s missing from \"%s\"", b->id, code,
                            a->file->name);
            r = feed_book_gap(b, code, a->part, NULL, period_end, missing);
        }
    }
    return r;
}

/* The feed's book after this file: age, coverage, words. */
int apply_update_book(struct apply *a)
{
    struct feed_book *b = a->book;
    AUTO(text_release) struct text words = TEXT_INIT;
    int r = 0;

    if (!a->is_again) { /* else nothing newer came: the feed is as old as it was */
        b->files++;
        if (a->file->at.ms > b->last_received.ms)
            b->last_received = a->file->at;
    }
    if (date_is_set(a->newest) &&
        (!date_is_set(b->newest_period_end) || date_compare(a->newest, b->newest_period_end) > 0))
        b->newest_period_end = a->newest;
    feed_book_supersede(b, a->file->sequence, a->part, a->newest);
    if (a->covers)
        r = find_missing(a);
    if (r == 0 && date_is_set(a->newest) && !a->is_partial)
        r = feed_book_part(b, a->part, a->newest);
    if (date_is_set(a->newest) && !apply_is_followed(a, a->newest))
        feed_book_clear_totals(b, a->part, a->newest);
    for (size_t i = 0; r == 0 && i < a->cell_count; i++)
        if (a->cells[i].version.gap && is_watched(a, &a->cells[i]) &&
            !apply_is_followed(a, a->cells[i].end))
            r = feed_book_gap(b, a->cells[i].series->org, a->part, a->cells[i].series->measure,
                              a->cells[i].end, true);
    if (r == 0 && date_is_set(a->newest) && !a->is_partial)
        r = find_absent(a);
    (void)text_printf(&words, "accepted%s%s: %zu of %zu kept figures changed%s",
                      a->receipt->decides ? " by a person" : "",
                      a->is_again ? ", sent before and superseded since" : "", a->changed,
                      a->cell_count, a->restated ? ", some restated" : "");
    if (a->future)
        (void)text_printf(&words, "; %lu figures of periods that lie ahead left out", a->future);
    if (r == 0)
        r = text_ok(&words) ? apply_set_words(&b->last_outcome, "%s", text_str(&words)) : -ENOMEM;
    return r;
}
