#include "metric/period.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define DAYS_A_WEEK 7

const char *period_kind_name(enum period_kind kind)
{
    static const char *const names[PERIOD_KINDS] = { "census", "day",     "week",
                                                     "month",  "quarter", "year" };

    assert((size_t)kind < PERIOD_KINDS);
    return names[kind];
}

/* So many months that begin with a month whose number leaves no rest. */
static struct period months_of(struct civil_date day, int months)
{
    struct civil_date start;
    int y, m, d;

    date_to_ymd(day, &y, &m, &d);
    start = date_add_months(date_month_start(day), -((m - 1) % months));
    return (struct period){ start, date_month_end(date_add_months(start, months - 1)) };
}

struct period period_of(enum period_kind kind, struct civil_date day)
{
    assert(date_is_set(day));
    switch (kind) {
    case PERIOD_CENSUS:
    case PERIOD_DAY:
        break;
    case PERIOD_WEEK:
        day = date_add_days(day, -date_weekday(day));
        return (struct period){ day, date_add_days(day, DAYS_A_WEEK - 1) };
    case PERIOD_MONTH:
        return months_of(day, 1);
    case PERIOD_QUARTER:
        return months_of(day, 3);
    case PERIOD_YEAR:
        return months_of(day, 12);
    }
    return (struct period){ day, day };
}

struct period period_next(enum period_kind kind, struct period p)
{
    return period_of(kind, date_add_days(p.end, 1));
}

struct period period_window(struct period p, struct span window)
{
    struct civil_date after = date_add_days(p.end, 1);

    if (window.count == 0)
        return p;
    assert(window.unit == SPAN_DAYS || window.unit == SPAN_WEEKS || window.unit == SPAN_MONTHS);
    if (window.unit == SPAN_MONTHS)
        p.start = date_add_months(after, -(int)window.count);
    else
        p.start = date_add_days(after,
                                -(int)window.count * (window.unit == SPAN_WEEKS ? DAYS_A_WEEK : 1));
    return p;
}

static bool is_complete(const struct list_coverage *list, struct period p, struct span window,
                        bool is_stock)
{
    struct civil_date first = is_stock ? p.end : period_window(p, window).start;
    bool is_counted_once = !is_stock && list->census_count > 0;

    return date_compare(p.end, list->upto) <= 0 &&
           date_compare(first, date_add_days(list->from, is_counted_once)) >= 0;
}

static int add(struct period p, struct period **list, size_t *count, size_t *room)
{
    if (*count == *room) {
        size_t more = *room > 0 ? *room * 2 : 32;
        struct period *grown = realloc(*list, more * sizeof *grown);

        if (grown == NULL)
            return -ENOMEM;
        *list = grown;
        *room = more;
    }
    (*list)[(*count)++] = p;
    return 0;
}

int periods_complete(const struct list_coverage *list, enum period_kind kind, struct span window,
                     bool is_stock, struct civil_date ending_from, struct period **out_list,
                     size_t *out_count)
{
    struct period *found = NULL;
    size_t count = 0, room = 0, next_census = 0;
    struct civil_date from;
    int r = 0;

    assert(list != NULL && out_list != NULL && out_count != NULL);
    from = list->from;
    *out_list = NULL;
    *out_count = 0;
    if (!date_is_set(list->upto) || !date_is_set(from) || (kind == PERIOD_CENSUS && !is_stock))
        return 0;
    if (date_is_set(ending_from) && date_compare(ending_from, from) > 0)
        from = ending_from;
    for (struct period p = period_of(kind, from); date_compare(p.end, list->upto) <= 0 && r == 0;
         p = period_next(kind, p)) {
        if (kind == PERIOD_CENSUS) {
            while (next_census < list->census_count &&
                   date_compare(list->censuses[next_census], p.start) < 0)
                next_census++;
            if (next_census == list->census_count)
                break;
            p = period_of(kind, list->censuses[next_census]);
        }
        if (is_complete(list, p, window, is_stock))
            r = add(p, &found, &count, &room);
    }
    if (r < 0) {
        free(found);
        return r;
    }
    *out_list = found;
    *out_count = count;
    return 0;
}
