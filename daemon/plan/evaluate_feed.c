#include "plan/evaluate_feed.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

size_t feed_findings_at_most(const struct feed_state *feed)
{
    return 3 + feed->gap_count +
           feed->provider_count; /* late, held, incident; each provider once */
}

int finding_now(struct finding *f, enum period_event event, struct civil_date end)
{
    f->history = calloc(1, sizeof *f->history);
    if (f->history == NULL)
        return -ENOMEM;
    f->history[0] = (struct period_judgement){
        .start = end,
        .end = end,
        .event = event,
        .line = NAN,
        .rag = event == PERIOD_RED ? RAG_RED : RAG_AMBER,
    };
    f->history_count = 1;
    f->rag = f->history[0].rag;
    return 0;
}

static const char *feed_title(const struct feed_state *feed)
{
    return feed->title != NULL && feed->title[0] != '\0' ? feed->title : feed->id;
}

static struct finding *feed_finding(const struct feed_state *feed, enum rule rule,
                                    const char *provider, struct finding_set *s)
{
    struct finding *f = &s->list[s->count++];

    f->rule = rule;
    f->feed = feed->id;
    f->provider = provider;
    f->instant = true;
    f->line = NAN;
    f->rag = RAG_GREEN;
    return f;
}

/* Of one that is not late: what came, or until when a person gave what has not. */
static void in_time_words(const struct feed_state *feed, struct text *out)
{
    char newest[32], awaited[32], due[32];

    (void)finding_date(feed->due.awaited, awaited);
    (void)finding_date(feed->due.due, due);
    if (feed->is_moved)
        (void)text_printf(out, "nothing has come for the period to %s: a person gave it until %s",
                          awaited, due);
    else if (date_is_set(feed->newest_period_end))
        (void)text_printf(out, "its newest data are to %s%s%s",
                          finding_date(feed->newest_period_end, newest),
                          *due ? "; the next file is due by " : "", due);
    else
        (void)text_printf(out, "no file has come yet%s%s", *due ? "; one is due by " : "", due);
}

static int late_finding(const struct feed_state *feed, struct finding_set *s)
{
    struct finding *f = feed_finding(feed, RULE_FEED_LATE, "", s);
    struct text title = TEXT_INIT, detail = TEXT_INIT;
    char awaited[32], due[32];
    int r = 0;

    text_printf(&title, "Feed %s is %s", feed_title(feed), feed->late ? "late" : "in time");
    f->title = text_take(&title);
    if (feed->late) {
        text_printf(&detail, "nothing received for the period to %s; due by %s",
                    finding_date(feed->due.awaited, awaited), finding_date(feed->due.due, due));
        r = finding_now(f, PERIOD_RED, feed->due.awaited);
    } else {
        in_time_words(feed, &detail);
    }
    f->detail = text_take(&detail);
    return f->title == NULL || f->detail == NULL ? -ENOMEM : r;
}

static int held_finding(const struct feed_state *feed, struct civil_date today,
                        struct finding_set *s)
{
    struct finding *f = feed_finding(feed, RULE_IMPLAUSIBLE_CHANGE, "", s);
    const char *why = feed->held_file_why;
    struct text title = TEXT_INIT;
    int r = 0;

    if (why == NULL)
        text_printf(&title, "No file of feed %s waits", feed_title(feed));
    else
        text_printf(&title,
                    feed->file_is_held ? "A file of feed %s is held"
                                       : "A file of feed %s was not taken",
                    feed_title(feed));
    f->title = text_take(&title);
    if (why != NULL) {
        f->detail = strdup(why);
        r = finding_now(f, PERIOD_RED,
                        date_is_set(feed->waiting_since) ? feed->waiting_since : today);
        if (r == 0)
            f->history[0].count = feed->waiting_mark;
    }
    return f->title == NULL || (why != NULL && f->detail == NULL) ? -ENOMEM : r;
}

/* Governance and ops are told at once; a person's decision alone ends it. */
static int incident_finding(const struct feed_state *feed, struct finding_set *s)
{
    struct finding *f = feed_finding(feed, RULE_IMPLAUSIBLE_CHANGE, FEED_INCIDENT, s);
    const char *why = feed->incident_why;
    struct text title = TEXT_INIT;
    int r = 0;

    text_printf(&title, why == NULL ? "No incident of feed %s is open" : "Feed %s sent identifiers",
                feed_title(feed));
    f->title = text_take(&title);
    if (why != NULL) {
        f->detail = strdup(why);
        r = finding_now(f, PERIOD_RED, feed->incident_since);
        if (r == 0)
            f->history[0].count = feed->incident_mark;
    }
    return f->title == NULL || (why != NULL && f->detail == NULL) ? -ENOMEM : r;
}

/* The newest of one flaw of a provider that still speaks, or NULL. */
static const struct coverage_gap *flaw_of(const struct feed_state *feed, const char *provider,
                                          enum list_flaw flaw)
{
    const struct coverage_gap *newest = NULL;

    for (size_t i = 0; i < feed->gap_count; i++) {
        const struct coverage_gap *gap = &feed->gaps[i];

        if ((enum list_flaw)gap->flaw == flaw && !gap->superseded &&
            strcmp(gap->provider, provider) == 0 &&
            (newest == NULL || date_compare(gap->period_end, newest->period_end) > 0))
            newest = gap;
    }
    return newest;
}

/* A part of a list that came, and cannot be taken as it stands. */
static int flaw_words(const struct feed_state *feed, const char *provider, struct text *title,
                      struct text *detail, struct civil_date *newest)
{
    static const struct {
        enum list_flaw flaw;
        const char *says;
    } rows[] = {
        { FLAW_TWICE, "counts twice who waits at" },
        { FLAW_SET, "has an incomplete set of" },
        { FLAW_PLACES, "does not say the place of who waits at" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct coverage_gap *gap = flaw_of(feed, provider, rows[i].flaw);

        if (gap == NULL)
            continue;
        if (title->len == 0)
            text_printf(title, "Feed %s %s %s", feed_title(feed), rows[i].says, provider);
        text_printf(detail, "%s%s", detail->len > 0 ? "; " : "", gap->words);
        if (!date_is_set(*newest) || date_compare(gap->period_end, *newest) > 0)
            *newest = gap->period_end;
    }
    return text_ok(title) && text_ok(detail) ? 0 : -ENOMEM;
}

/*
 * One finding for all the periods that this provider is missing from; dated by the newest. A gap
 * that a newer period of the same table followed still holds its own period, and no longer
 * speaks.
 */
static int coverage_finding(const struct feed_state *feed, const char *provider,
                            struct finding_set *s)
{
    struct finding *f = feed_finding(feed, RULE_COVERAGE_GAP, provider, s);
    struct text title = TEXT_INIT, detail = TEXT_INIT;
    struct civil_date newest = DATE_NONE;
    const char *contradicted = NULL;
    bool absent = false;
    size_t periods = 0;
    char date[32];
    int r = 0;

    for (size_t i = 0; i < feed->gap_count; i++) {
        const struct coverage_gap *gap = &feed->gaps[i];

        if (gap->flaw != FLAW_NONE || strcmp(gap->provider, provider) != 0)
            continue;
        periods++;
        if (gap->superseded)
            continue;
        if (!date_is_set(newest) || date_compare(gap->period_end, newest) > 0) {
            newest = gap->period_end;
            contradicted = gap->measure;
            absent = gap->absent;
        } else if (date_compare(gap->period_end, newest) == 0) {
            periods--; /* the same period in another table */
            contradicted = contradicted != NULL ? gap->measure : NULL;
        }
    }
    if (!date_is_set(newest))
        periods = 0;
    if (periods == 0 && flaw_words(feed, provider, &title, &detail, &newest) < 0)
        r = -ENOMEM;
    if (periods == 0 && title.len == 0)
        text_printf(&title, "Feed %s covers %s", feed_title(feed), provider);
    else if (periods == 0) /* it came, and cannot be taken as it stands */
        f->detail = text_take(&detail);
    else if (contradicted != NULL && absent)
        text_printf(&title, "Feed %s is incomplete: %s lacks %s", feed_title(feed), provider,
                    contradicted);
    else if (contradicted != NULL)
        text_printf(&title, "Feed %s is incomplete: %s prints 0 over blanks", feed_title(feed),
                    provider);
    else
        text_printf(&title, "Feed %s is incomplete: %s is missing", feed_title(feed), provider);
    f->title = text_take(&title);
    if (periods > 0) {
        if (contradicted != NULL && absent)
            text_printf(&detail, "\"%s\" of %s is no longer there in the period to %s",
                        contradicted, provider, finding_date(newest, date));
        else if (contradicted != NULL)
            text_printf(
                &detail,
                "%s prints 0 for \"%s\" in the period to %s, while organisations under it sent "
                "nothing: that is not a figure",
                provider, contradicted, finding_date(newest, date));
        else
            text_printf(&detail, "%s is missing from the period to %s", provider,
                        finding_date(newest, date));
        if (periods > 1)
            text_printf(&detail,
                        contradicted != NULL ? "; the same in %zu earlier"
                                             : " and from %zu earlier",
                        periods - 1);
        f->detail = text_take(&detail);
    }
    if (r == 0 && date_is_set(newest))
        r = finding_now(f, PERIOD_RED, newest);
    return f->title == NULL || (date_is_set(newest) && f->detail == NULL) ? -ENOMEM : r;
}

/* Each provider once: those that must be covered, then any other that a gap names. */
static int coverage_findings(const struct feed_state *feed, struct finding_set *s)
{
    size_t first = s->count;
    int r = 0;

    for (size_t i = 0; i < feed->provider_count + feed->gap_count && r == 0; i++) {
        const char *provider = i < feed->provider_count
                                   ? feed->providers[i]
                                   : feed->gaps[i - feed->provider_count].provider;
        bool seen = false;

        for (size_t k = first; k < s->count && !seen; k++)
            seen = strcmp(s->list[k].provider, provider) == 0;
        if (!seen)
            r = coverage_finding(feed, provider, s);
    }
    return r;
}

int evaluate_feed(const struct feed_state *feed, struct civil_date today, struct finding_set *s)
{
    int r;

    assert(feed != NULL && feed->id != NULL && (feed->provider_count == 0 || feed->providers));
    r = late_finding(feed, s);
    if (r == 0)
        r = coverage_findings(feed, s);
    if (r == 0)
        r = held_finding(feed, today, s);
    if (r == 0 && feed->list != NULL)
        r = incident_finding(feed, s);
    return r;
}
