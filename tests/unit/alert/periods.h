/*
 * periods - a measure's finding written as one letter a month, from January 2020
 *
 * R red, A amber, C clear, B between, ? unknown (no value), _ unknown without a hold, N not due; a
 * small letter is the same with a hold. '*' after a letter: the figure was restated just now; '!':
 * it came just now, for the first time. Others came in the order of their periods, long ago.
 */
#ifndef UNIT_ALERT_PERIODS_H
#define UNIT_ALERT_PERIODS_H

#include <math.h>
#include <string.h>

#include "alert/alert.h"

#include "support/unit.h"

#define PERIODS_MAX 64
/* After whatever a test stamps on a change, and the day before the first evaluation of a story. */
#define PERIODS_NOW    ((struct wall_time){ 1748779200000 })
#define PERIODS_BEFORE ((struct wall_time){ 1500000000000 })

struct periods {
    struct plan plan;
    struct plan_measure measure;
    struct period_judgement list[PERIODS_MAX];
    struct series_version versions[PERIODS_MAX];
    struct list_measure counted; /* of what ages */
    struct finding finding;
};

static inline struct civil_date month_end(int month)
{
    struct civil_date d;

    ck_assert_int_eq(date_from_ymd(2020, 1, 31, &d), 0);
    return date_month_end(date_add_months(d, month));
}

static inline void periods_set(struct periods *p, const char *letters)
{
    static const char plain[] = "?NCBAR";
    size_t n = 0;

    for (const char *s = letters; *s != '\0'; s++) {
        if (*s == '*' || *s == '!') {
            p->list[n - 1].restated = *s == '*';
            p->list[n - 1].received = PERIODS_NOW;
            if (*s == '!')
                p->list[n - 1].first_received = PERIODS_NOW;
            continue;
        }
        char letter = *s == '_' ? '?' : *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;
        const char *at = strchr(plain, letter);

        ck_assert(at != NULL && n < PERIODS_MAX);
        p->versions[n] =
            (struct series_version){ .value = (double)(at - plain), .marker = MARKER_NONE };
        p->list[n] = (struct period_judgement){
            .start = date_month_start(month_end((int)n)),
            .end = month_end((int)n),
            .event = (enum period_event)(at - plain),
            .line = 60,
            .version = &p->versions[n],
            .holds = *s == '_'      ? 0
                     : letter != *s ? HOLD_COVERAGE
                     : *s == '?'    ? HOLD_NO_VALUE
                                    : 0,
            .received = PERIODS_BEFORE,
            .first_received = PERIODS_BEFORE,
        };
        n++;
    }
    p->finding.history = p->list;
    p->finding.history_count = n;
    p->finding.holds = p->finding.holds_now | (n > 0 ? p->list[n - 1].holds : HOLD_NO_VALUE);
}

/* What time alone does, data_month being the month of the newest data: '-' nothing, F projected and not
 * behind, A or R behind by so much since a day after it, O no longer projected. */
static inline void periods_age(struct periods *p, char what, int data_month, int days)
{
    static const char letters[] = "-FO";
    struct ageing *a = &p->finding.ageing;
    const char *at = strchr(letters, what);

    *a = (struct ageing){ .state = AGEING_NONE, .data_date = month_end(data_month) };
    p->measure.list = &p->counted;
    a->since = DATE_NONE;
    if (at != NULL) {
        a->state = what == 'F' ? AGEING_FINE : what == 'O' ? AGEING_OVER : AGEING_NONE;
        return;
    }
    a->state = AGEING_BEHIND;
    a->since = date_add_days(a->data_date, days);
    a->version = (struct series_version){ .value = 77, .low = 77, .high = 77 };
    a->judged =
        (struct period_judgement){ .line = 60, .event = what == 'R' ? PERIOD_RED : PERIOD_AMBER };
}

static inline void periods_init(struct periods *p, long for_periods, long clear_for,
                                const char *letters)
{
    static char plan[] = "dudley", measure[] = "cyp-4w", title[] = "Helped within 4 weeks";

    memset(p, 0, sizeof *p);
    p->plan.id = plan;
    p->measure.id = p->measure.first_id = measure;
    p->measure.for_periods = for_periods;
    p->measure.clear_for = clear_for;
    p->measure.polarity = POLARITY_LOWER; /* a letter's figure grows as it becomes worse */
    strcpy(p->measure.digest, "d1");
    p->finding.rule = RULE_BEHIND_PLAN;
    p->finding.plan = &p->plan;
    p->finding.measure = &p->measure;
    p->finding.feed = "cyp4ww";
    p->finding.title = title;
    p->finding.owner = "camhs-lead";
    periods_set(p, letters);
}

#endif
