#include "metric/waits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_ROOM_DAYS 1024 /* .open grows by so many at least, on either side */

static int open_reach(struct waits *w, struct civil_date start)
{
    struct civil_date first = start, last = start;
    uint64_t *grown;
    size_t days;

    if (w->open_days > 0) {
        struct civil_date end = date_add_days(w->first, (int)w->open_days - 1);

        if (date_compare(start, w->first) >= 0 && date_compare(start, end) <= 0)
            return 0;
        first =
            date_compare(start, w->first) < 0 ? date_add_days(start, -OPEN_ROOM_DAYS) : w->first;
        last = date_compare(start, end) > 0 ? date_add_days(start, OPEN_ROOM_DAYS) : end;
    }
    days = (size_t)(last.day - first.day) + 1;
    grown = calloc(days, sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    if (w->open_days > 0)
        memcpy(grown + (w->first.day - first.day), w->open, w->open_days * sizeof *grown);
    free(w->open);
    w->open = grown;
    w->open_days = days;
    w->first = first;
    return 0;
}

static int closed_add(struct waits *w, const struct wait_cell *cell)
{
    if (w->closed_count == w->closed_room) {
        size_t room = w->closed_room > 0 ? w->closed_room * 2 : 64;
        struct wait_cell *grown = realloc(w->closed, room * sizeof *grown);

        if (grown == NULL)
            return -ENOMEM;
        w->closed = grown;
        w->closed_room = room;
    }
    w->closed[w->closed_count++] = *cell;
    if (!date_is_set(w->last_stop) || date_compare(cell->stop, w->last_stop) > 0)
        w->last_stop = cell->stop;
    return 0;
}

int waits_add(struct waits *w, const struct wait_cell *cell)
{
    int r;

    assert(w != NULL && cell != NULL && date_is_set(cell->start));
    if (cell->count == 0)
        return 0;
    if (date_is_set(cell->stop))
        return closed_add(w, cell);
    r = open_reach(w, cell->start);
    if (r == 0)
        w->open[cell->start.day - w->first.day] += cell->count;
    return r;
}

uint64_t waits_within(const struct waits *w, struct civil_date from, struct civil_date to)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < w->open_days && w->first.day + (long)i <= to.day; i++)
        sum += w->open[i];
    for (size_t i = 0; i < w->closed_count; i++) {
        const struct wait_cell *c = &w->closed[i];

        if (date_compare(c->start, to) <= 0 && date_compare(c->stop, from) >= 0)
            sum += c->count;
    }
    return sum;
}

void waits_release(struct waits *w)
{
    if (w == NULL)
        return;
    free(w->open);
    free(w->closed);
    *w = (struct waits)WAITS_INIT;
}
