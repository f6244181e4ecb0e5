#include "pipeline_apply_list_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"

/* ---- which periods ---- */

struct civil_date apply_list_from(const struct apply *a)
{
    struct civil_date from = DATE_NONE;

    for (size_t i = 0; i < a->into->part_count; i++) {
        const struct part *part = &a->into->parts[i];
        struct civil_date changed = part->change.from;

        if (part->rows == 0 || part->is_older)
            continue;
        if (!date_is_set(part->before))
            return DATE_NONE;
        if (!date_is_set(changed) || date_compare(part->before, changed) < 0)
            changed = part->before;
        if (!date_is_set(from) || date_compare(changed, from) < 0)
            from = changed;
    }
    return date_is_set(from) ? from : a->newest;
}

/* A group is as the last snapshot says: a child who has since gone on to the next stage, moved house or
 * had a birthday was counted elsewhere at an earlier census, whose figures stand as they were counted. */
struct civil_date apply_list_stocks_from(const struct apply *a)
{
    struct civil_date after = DATE_NONE;

    for (size_t i = 0; i < a->into->part_count; i++) {
        const struct part *part = &a->into->parts[i];
        size_t n = part->stored->census_count;

        if (part->rows == 0 || part->is_older)
            continue;
        if (n < 2)
            return apply_list_from(a);
        struct civil_date next = date_add_days(part->stored->censuses[n - 2], 1);

        if (!date_is_set(after) || date_compare(next, after) < 0)
            after = next;
    }
    struct civil_date from = apply_list_from(a);

    return date_is_set(after) && (!date_is_set(from) || date_compare(after, from) > 0) ? after
                                                                                       : from;
}

/* ---- the feed's book ---- */

/* Of the period that a census is one of. */
static struct civil_date period_end_of(const struct apply *a, struct civil_date census)
{
    const struct feed_schedule schedule = feed_schedule_of(a->pipeline->config->settings, a->feed);

    return feed_period_end(&schedule, census);
}

int apply_list_covers(const struct apply *a, size_t i, const char **out_code)
{
    const struct settings *s = a->pipeline->config->settings;
    const char *code = settings_org_on(s, a->feed->providers.items[i], a->newest);

    for (size_t k = 0; k < a->into->part_count; k++) {
        const struct stored_list *stored = a->into->parts[k].stored;
        struct civil_date census = list_census(stored->state);

        if (strcmp(stored->provider, code) != 0)
            continue;
        *out_code = stored->provider;
        if (!settings_org_has_begun(s, stored->provider, a->newest))
            return -ENOENT;
        if (!date_is_set(census))
            return 0;
        return date_compare(period_end_of(a, census), period_end_of(a, a->newest)) >= 0;
    }
    return -ENOENT;
}

/* It came for this period: whatever the day of the census that it was missing from. */
static int end_gaps(struct apply *a, const char *code)
{
    struct feed_book *b = a->book;
    struct civil_date end = period_end_of(a, a->newest);

    for (size_t i = b->gap_count; i-- > 0;) {
        struct civil_date day = b->gaps[i].period_end;

        if (date_compare(period_end_of(a, day), end) == 0) {
            int r = feed_book_gap(b, code, "", NULL, day, false);

            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* Providers that the feed must cover and that have no part of this census. */
static int find_missing(struct apply *a)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->feed->providers.count; i++) {
        const char *code;
        int covered = apply_list_covers(a, i, &code);

        if (covered < 0)
            continue;
        if (covered == 0)
            log_warning("apply", "feed=%s provider=%s missing from \"%s\"", a->feed->id, code,
                        a->file->name);
        r = covered ? end_gaps(a, code) : feed_book_gap(a->book, code, "", NULL, a->newest, true);
    }
    return r;
}

/* What is wrong with the parts that the file brought. */
static int find_flaws(struct apply *a)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->into->part_count; i++) {
        const struct part *part = &a->into->parts[i];

        if (part->rows > 0 && !part->is_older)
            r = places_judge(part->stored, a->newest, !apply_is_snapshot(a), a->book);
        if (r == 0 && part->rows > 0 && !part->is_older)
            r = succession_judge(a->pipeline, a->into->list, part->stored, a->newest, a->book);
    }
    return r;
}

static void add_count(struct text *words, uint64_t count, const char *what)
{
    if (count)
        (void)text_printf(words, ", %" PRIu64 " %s", count, what);
}

static int set_outcome(struct apply *a)
{
    const struct list_apply *l = a->into;
    AUTO(text_release) struct text words = TEXT_INIT;
    struct list_change sum = LIST_CHANGE_INIT;
    struct list_counts known;
    uint64_t without_start = 0;
    bool is_older = false;

    for (size_t i = 0; i < l->part_count; i++) {
        const struct list_change *c = &l->parts[i].change;

        for (size_t v = 0; v < LIST_VERDICTS; v++)
            sum.verdicts[v] += c->verdicts[v];
        sum.started += c->started;
        sum.stopped += c->stopped;
        sum.returned += c->returned;
        sum.duplicates += c->duplicates;
        is_older |= l->parts[i].is_older;
        if (l->parts[i].rows > 0) {
            list_counts(l->parts[i].stored->state, &known);
            without_start += known.without_start;
        }
    }
    if (apply_list_is_idle(a))
        return apply_set_words(&a->book->last_outcome, "%s",
                               l->readings.words.len ? text_str(&l->readings.words)
                                                     : "accepted: nothing in it counts");
    (void)text_printf(&words, "accepted%s%s: %lu rows", a->receipt->decides ? " by a person" : "",
                      a->is_again ? ", sent before and superseded since" : "", l->rows);
    add_count(&words, sum.started, "started");
    add_count(&words, sum.stopped, "stopped");
    add_count(&words, sum.returned, "came back");
    add_count(&words, sum.duplicates, "of pathways that had another row");
    add_count(&words, a->file->set_aside, "set aside");
    add_count(&words, l->others, "of services or providers that are not on this list");
    for (size_t v = LIST_OLDER + 1; v < LIST_VERDICTS; v++)
        add_count(&words, sum.verdicts[v], list_verdict_name((enum list_verdict)v));
    if (without_start)
        (void)text_printf(&words,
                          "; %" PRIu64 " of the list have events and no referral: a file may be "
                          "lost, and figures are bounds until it comes",
                          without_start);
    if (l->others)
        log_warning("apply",
                    "feed=%s %lu of %lu rows come under services or providers that are not on "
                    "list %s, and are left out",
                    a->feed->id, l->others, l->rows, l->list->id);
    if (is_older)
        (void)text_puts(&words, "; the list has a later census: it stands as it was");
    (void)text_printf(&words, "; %zu figures changed", a->changed);
    if (l->readings.words.len)
        (void)text_printf(&words, "; %s", text_str(&l->readings.words));
    return text_ok(&words) ? apply_set_words(&a->book->last_outcome, "%s", text_str(&words))
                           : -ENOMEM;
}

int apply_list_book(struct apply *a)
{
    struct feed_book *b = a->book;
    bool is_set = a->feed->kind == FEED_SET;
    struct civil_date newest = is_set ? a->into->readings.newest : a->newest;
    int r = 0;

    if (!a->is_again) { /* else nothing newer came: the feed is as old as it was */
        b->files++;
        if (!apply_list_is_idle(a) && a->file->at.ms > b->last_received.ms)
            b->last_received = a->file->at;
    }
    if (date_is_set(newest) &&
        (!date_is_set(b->newest_period_end) || date_compare(newest, b->newest_period_end) > 0))
        b->newest_period_end = newest;
    if (!is_set) /* of a set each file is needed; of events each that is held */
        feed_book_supersede(b, a->file->sequence, a->file->part ? a->file->part : "",
                            apply_is_snapshot(a) ? a->newest : DATE_NONE);
    if (apply_is_snapshot(a) && date_is_set(a->newest)) {
        r = find_missing(a);
        if (r == 0)
            r = feed_book_part(b, "", a->newest);
    }
    if (r == 0)
        r = find_flaws(a);
    return r == 0 ? set_outcome(a) : r;
}
