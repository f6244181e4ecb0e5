#include "metric/feed_due.h"

#include <assert.h>

#define WEEK_BEGINS                                                                                \
    3 /* a Thursday: of the days before it, Monday to Wednesday, the Sunday before is nearer */

/* The first period end of the cadence that lies strictly after a date. */
static struct civil_date period_end_after(enum due_cadence cadence, struct civil_date d)
{
    struct civil_date next = date_add_days(d, 1);
    struct civil_date end = next;
    int y, m, day;

    switch (cadence) {
    case DUE_DATES:
        assert(!"a list of dates has no periods");
        break;
    case DUE_DAILY:
        break;
    case DUE_WEEKLY:
        end = date_add_days(next, 6 - date_weekday(next));
        break;
    case DUE_MONTHLY:
        end = date_month_end(next);
        break;
    case DUE_QUARTERLY:
        date_to_ymd(next, &y, &m, &day);
        /* To the first of the month before adding: 31 May and two months is no detour then. */
        end = date_month_end(date_add_months(date_month_start(next), (3 - m % 3) % 3));
        break;
    case DUE_YEARLY:
        date_to_ymd(next, &y, &m, &day);
        end = date_month_end(date_add_months(date_month_start(next), 12 - m));
        break;
    }
    return end;
}

/* The publication that data of a day are in: two providers that count on two days of one are together in it. */
static struct civil_date publication_of(const struct feed_schedule *s, struct civil_date d)
{
    size_t i = 0;

    while (i < s->date_count && date_compare(s->dates[i], d) < 0)
        i++;
    if (i == s->date_count)
        return d;
    bool is_long_before = i == 0 && (s->date_count < 2 ||
                                     s->dates[0].day - d.day >= s->dates[1].day - s->dates[0].day);

    return is_long_before ? d : s->dates[i];
}

struct civil_date feed_period_end(const struct feed_schedule *s, struct civil_date d)
{
    int weekday = date_weekday(d);

    if (s->cadence == DUE_DATES)
        return publication_of(s, d);
    if (s->cadence == DUE_WEEKLY && weekday < WEEK_BEGINS)
        return date_add_days(d, -weekday - 1);
    return period_end_after(s->cadence, date_add_days(d, -1));
}

/* A file received on a publication date is that publication, so the next one is awaited. Before
 * any file the day of reference itself still counts: a feed set up on the day is due that day. */
static struct civil_date publication_after(const struct feed_schedule *s,
                                           struct civil_date reference,
                                           struct civil_date last_received)
{
    bool any = date_is_set(last_received);
    struct civil_date from = any ? last_received : reference;

    if (!date_is_set(from))
        return DATE_NONE;
    for (size_t i = 0; i < s->date_count; i++) {
        int order = date_compare(s->dates[i], from);

        if (order > 0 || (order == 0 && !any))
            return s->dates[i];
    }
    return DATE_NONE;
}

struct feed_due feed_due(const struct feed_schedule *s, struct civil_date newest_period_end,
                         struct civil_date reference, struct civil_date last_received)
{
    struct feed_due out = { DATE_NONE, DATE_NONE };

    assert(s && s->grace_days >= 0);
    if (s->cadence == DUE_DATES) {
        out.awaited = publication_after(s, reference, last_received);
    } else {
        struct civil_date after = date_is_set(newest_period_end) ? newest_period_end : reference;

        if (s->cadence == DUE_WEEKLY && date_is_set(newest_period_end))
            after = feed_period_end(s, newest_period_end);
        if (date_is_set(after))
            out.awaited = period_end_after(s->cadence, after);
    }
    if (date_is_set(out.awaited))
        out.due = s->grace_is_working_days ? workdays_after(s->workdays, out.awaited, s->grace_days)
                                           : date_add_days(out.awaited, s->grace_days);
    return out;
}

/* So many cadences after a date; the end of a month stays one. */
static struct civil_date cadences_later(enum due_cadence cadence, struct civil_date d, int count)
{
    static const struct {
        int days, months;
    } lengths[] = {
        [DUE_DAILY] = { 1, 0 },     [DUE_WEEKLY] = { 7, 0 },  [DUE_MONTHLY] = { 0, 1 },
        [DUE_QUARTERLY] = { 0, 3 }, [DUE_YEARLY] = { 0, 12 },
    };
    struct civil_date later;

    assert(cadence != DUE_DATES);
    if (lengths[cadence].months == 0)
        return date_add_days(d, count * lengths[cadence].days);
    later = date_add_months(d, count * lengths[cadence].months);
    return date_compare(d, date_month_end(d)) == 0 ? date_month_end(later) : later;
}

int feed_silent_cadences(const struct feed_schedule *s, struct civil_date data_date,
                         struct civil_date last_received, struct civil_date today)
{
    int count = 0;

    assert(s && date_is_set(data_date) && date_is_set(today));
    if (s->cadence == DUE_DATES) {
        for (size_t i = 0; i < s->date_count && count < SILENT_CADENCES_COUNTED; i++)
            count += date_compare(s->dates[i], today) < 0 && date_is_set(last_received) &&
                     date_compare(s->dates[i], last_received) > 0;
        return count;
    }
    while (count < SILENT_CADENCES_COUNTED &&
           date_compare(today, cadences_later(s->cadence, data_date, count + 1)) > 0)
        count++;
    return count;
}
