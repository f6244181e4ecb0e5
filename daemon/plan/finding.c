#include "plan/finding.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/control_chart.h"

const char *rag_name(enum rag r)
{
    static const char *const names[] = {
        [RAG_GREY] = "grey",   [RAG_BLUE] = "blue", [RAG_GREEN] = "green",
        [RAG_AMBER] = "amber", [RAG_RED] = "red",
    };

    assert((size_t)r < sizeof names / sizeof names[0]);
    return names[r];
}

const char *rule_name(enum rule r)
{
    static const char *const names[] = {
        [RULE_BEHIND_PLAN] = "behind-plan",       [RULE_FEED_LATE] = "feed-late",
        [RULE_COVERAGE_GAP] = "coverage-gap",     [RULE_IMPLAUSIBLE_CHANGE] = "implausible-change",
        [RULE_ACTION_OVERDUE] = "action-overdue", [RULE_DEAD_LETTER] = "dead-letter",
        [RULE_SELF_CHECK] = "self-check",         [RULE_GUARD] = "guard",
        [RULE_SPECIAL_CAUSE] = "special-cause",   [RULE_FORECAST] = "forecast",
    };

    assert((size_t)r < sizeof names / sizeof names[0]);
    return names[r];
}

bool rule_is_of_measure(enum rule r)
{
    return r == RULE_BEHIND_PLAN || r == RULE_GUARD || r == RULE_SPECIAL_CAUSE ||
           r == RULE_FORECAST;
}

const struct finding *finding_beside(const struct finding_set *s, const struct finding *f,
                                     enum rule r)
{
    for (size_t i = 0; f->measure != NULL && i < s->count; i++)
        if (s->list[i].rule == r && s->list[i].measure == f->measure)
            return &s->list[i];
    return NULL;
}

size_t finding_upto(const struct finding *f, struct civil_date upto)
{
    size_t low = 0, high = f->history_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (date_compare(f->history[middle].end, upto) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct period_judgement *finding_period(const struct finding *f, struct civil_date end)
{
    size_t n = finding_upto(f, end);

    return n > 0 && date_compare(f->history[n - 1].end, end) == 0 ? &f->history[n - 1] : NULL;
}

enum unit finding_unit(const struct finding *f)
{
    if (f->measure != NULL && f->measure->unit != UNIT_UNKNOWN)
        return f->measure->unit;
    return f->series != NULL ? f->series->unit : UNIT_UNKNOWN;
}

const char *hold_words(unsigned holds, char out[HOLD_WORDS_MAX])
{
    static const struct {
        unsigned flag;
        const char *words;
    } rows[] = {
        { HOLD_FEED_LATE, "feed late" },
        { HOLD_COVERAGE, "provider missing" },
        { HOLD_FILE_HELD, "file held" },
        { HOLD_INDETERMINATE, "too near the line to tell" },
        { HOLD_NO_VALUE, "no value" },
        { HOLD_MIN_N, "numbers too small" },
        { HOLD_GAP, "total without parts" },
        { HOLD_PLACES, "places not known" },
        { HOLD_TWICE, "counted twice" },
        { HOLD_NO_LINE, "line not known" },
        { HOLD_WAVE_OVER, "no new survey wave" },
    };
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!(holds & rows[i].flag))
            continue;
        int n =
            snprintf(out + len, HOLD_WORDS_MAX - len, "%s%s", len > 0 ? ", " : "", rows[i].words);

        assert(n > 0 && (size_t)n < HOLD_WORDS_MAX - len);
        len += (size_t)n;
    }
    return out;
}

const char *finding_date(struct civil_date d, char out[32])
{
    int year, month, day;

    out[0] = '\0';
    if (!date_is_set(d))
        return out;
    date_to_ymd(d, &year, &month, &day);
    snprintf(out, 32, "%d %s %d", day, date_month_name(month, false), year);
    return out;
}

const struct period_judgement *finding_newest(const struct finding *f)
{
    return f->history_count ? &f->history[f->history_count - 1] : NULL;
}

const struct series_point *finding_newest_point(const struct finding *f)
{
    const struct series *s = f->series;
    const struct period_judgement *p = finding_newest(f);

    if (!s || s->point_count == 0 || f->holds & HOLD_WAVE_OVER)
        return NULL;
    for (size_t i = s->point_count; p && i-- > 0;)
        if (date_compare(s->points[i].period_end, p->end) == 0 &&
            date_compare(s->points[i].period_start, p->start) == 0)
            return &s->points[i];
    return &s->points[s->point_count - 1];
}

const struct finding *finding_of_measure(const struct finding_set *s, const char *id)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct finding *f = &s->list[i];

        if (f->rule == RULE_BEHIND_PLAN && strcmp(f->measure->id, id) == 0)
            return f;
    }
    return NULL;
}

void finding_set_release(struct finding_set *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].title);
        free(s->list[i].detail);
        free(s->list[i].missing_text);
        free(s->list[i].history);
        control_chart_release(s->list[i].chart);
        free(s->list[i].chart);
    }
    free(s->list);
    *s = (struct finding_set){ NULL, 0 };
}
