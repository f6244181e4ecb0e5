#include "metric/wait_summary.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static int compare_days(const void *a, const void *b)
{
    const struct wait_count *x = a, *y = b;

    return x->days < y->days ? -1 : x->days > y->days;
}

#define FEW 24 /* waits that are sorted sooner by moving each to its place: those of most groups */

static void sort_waits(struct wait_count *list, size_t n)
{
    if (n > FEW) {
        qsort(list, n, sizeof *list, compare_days);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct wait_count w = list[i];
        size_t k = i;

        for (; k > 0 && list[k - 1].days > w.days; k--)
            list[k] = list[k - 1];
        list[k] = w;
    }
}

size_t wait_histogram(const int *days, size_t n, struct wait_count *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        list[i] = (struct wait_count){ days[i], 1 };
    sort_waits(list, n);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && list[kept - 1].days == list[i].days)
            list[kept - 1].count++;
        else
            list[kept++] = list[i];
    }
    return kept;
}

uint64_t wait_total(const struct wait_count *list, size_t n)
{
    uint64_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += list[i].count;
    return total;
}

uint64_t wait_over(const struct wait_count *list, size_t n, int days)
{
    uint64_t over = 0;

    for (size_t i = n; i-- > 0 && list[i].days > days;)
        over += list[i].count;
    return over;
}

static bool meets(uint64_t within, uint64_t total, double per_cent)
{
    return 100 * (double)within >= per_cent * (double)total;
}

uint64_t wait_shortfall(uint64_t total, uint64_t over, double per_cent)
{
    uint64_t within = total - over, go;

    assert(over <= total && per_cent > 0 && per_cent <= 100);
    double wanted = ((double)over - (1 - per_cent / 100) * (double)total) / (per_cent / 100);

    go = wanted > 0 ? (uint64_t)ceil(wanted) : 0;
    /* The quotient may round to the wrong side of a whole number; the comparison settles it. */
    while (go > 0 && meets(within, total - (go - 1), per_cent))
        go--;
    while (go < over && !meets(within, total - go, per_cent))
        go++;
    return go;
}

double wait_mean(const struct wait_count *list, size_t n)
{
    uint64_t total = wait_total(list, n);
    uint64_t sum = 0; /* 10 million waits of 10,000 days are far below 2^64 */

    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)list[i].days * list[i].count;
    return total == 0 ? NAN : (double)sum / (double)total;
}

/* The wait at a position, 0 the shortest. */
static int at_position(const struct wait_count *list, size_t n, uint64_t position)
{
    uint64_t before = 0;

    for (size_t i = 0; i < n; i++) {
        before += list[i].count;
        if (position < before)
            return list[i].days;
    }
    assert(0 && "a position beyond the list");
    return 0;
}

double wait_percentile(const struct wait_count *list, size_t n, int per_cent,
                       enum percentile_method method)
{
    uint64_t total = wait_total(list, n);

    assert(per_cent > 0 && per_cent < 100);
    if (total == 0)
        return NAN;
    /* In hundredths of a position, so that no rounding of p moves a rank. */
    uint64_t rank = (uint64_t)per_cent * (method == PERCENTILE_LINEAR ? total - 1 : total);

    if (method == PERCENTILE_NEAREST)
        return at_position(list, n, (rank + 99) / 100 - 1);
    int low = at_position(list, n, rank / 100);

    if (rank % 100 == 0)
        return low;
    int high = at_position(list, n, rank / 100 + 1);

    return low + (double)(rank % 100) / 100 * (high - low);
}
