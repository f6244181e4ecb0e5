#include "metric/wait_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int wait_queue_make(struct wait_queue *q, struct civil_date first, size_t days)
{
    assert(days > 0);
    *q = (struct wait_queue){ .first = first, .days = days, .top = 1 };
    while (q->top * 2 <= days)
        q->top *= 2;
    q->open = calloc(days, sizeof *q->open);
    q->sums = calloc(days + 1, sizeof *q->sums);
    return q->open != NULL && q->sums != NULL ? 0 : -ENOMEM;
}

void wait_queue_release(struct wait_queue *q)
{
    free(q->open);
    free(q->sums);
    *q = (struct wait_queue){ .days = 0 };
}

void wait_queue_clear(struct wait_queue *q)
{
    memset(q->open, 0, q->days * sizeof *q->open);
    memset(q->sums, 0, (q->days + 1) * sizeof *q->sums);
    q->total = 0;
}

/* Taken away as what is added to nothing: whole numbers wrap. */
static void add(struct wait_queue *q, size_t at, uint64_t n)
{
    assert(at < q->days);
    q->open[at] += n;
    q->total += n;
    for (size_t i = at + 1; i <= q->days; i += i & -i)
        q->sums[i] += n;
}

void wait_queue_join(struct wait_queue *q, size_t at, uint64_t n)
{
    add(q, at, n);
}

void wait_queue_leave(struct wait_queue *q, size_t at, uint64_t n)
{
    add(q, at, -n);
}

uint64_t wait_queue_ahead(const struct wait_queue *q, size_t at)
{
    uint64_t n = 0;

    for (size_t i = at < q->days ? at : q->days; i > 0; i -= i & -i)
        n += q->sums[i];
    return n;
}

size_t wait_queue_at(const struct wait_queue *q, uint64_t place)
{
    size_t at = 0;

    for (size_t step = q->top; step > 0; step /= 2)
        if (at + step <= q->days && q->sums[at + step] <= place) {
            at += step;
            place -= q->sums[at];
        }
    return at;
}
