#include "metric/published_wait.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#define SHOWN_FROM_NOW  20
#define SHOWN_FROM_2014 50
#define OPEN_WEEK_2014  52

uint64_t published_total(const uint64_t *counts, size_t bands)
{
    uint64_t total = 0;

    for (size_t i = 0; i < bands; i++)
        total += counts[i];
    return total;
}

/* Weeks as a fraction: band + (rank - below) / count, over one denominator. */
struct weeks {
    uint64_t numerator, denominator;
};

/* Tenths with halves up, in whole numbers: 10.65 is 10.7 whatever its nearest double is. */
static void print_weeks(struct weeks w, char out[PUBLISHED_TEXT_MAX])
{
    uint64_t tenths = (20 * w.numerator + w.denominator) / (2 * w.denominator);

    (void)snprintf(out, PUBLISHED_TEXT_MAX, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

/* rank is in hundredths of a pathway, 1 or more. */
static struct weeks weeks_at(const uint64_t *counts, size_t bands, uint64_t open, uint64_t rank,
                             size_t *out_band)
{
    uint64_t below = 0, count = 0;
    size_t band = 0;

    for (;; band++) {
        assert(band < bands);
        count = counts[band];
        if (band == open) /* by the method of 2014 all that follows is in it */
            count = published_total(counts + band, bands - band);
        if (count > 0 && 100 * (below + count) >= rank)
            break;
        below += count;
    }
    *out_band = band;
    return (struct weeks){ band * 100 * count + rank - 100 * below, 100 * count };
}

double published_wait(const uint64_t *counts, size_t bands, int per_cent,
                      enum published_method method, char out_text[PUBLISHED_TEXT_MAX])
{
    bool is_2014 = method == PUBLISHED_2014;
    uint64_t total = published_total(counts, bands);
    uint64_t rank = (uint64_t)per_cent * (is_2014 && per_cent == 50 ? total + 1 : total);
    size_t open = is_2014 && bands > OPEN_WEEK_2014 ? OPEN_WEEK_2014 : bands - 1, band;
    char text[PUBLISHED_TEXT_MAX] = "-";
    double result = NAN;

    assert(bands > 0 && per_cent > 0 && per_cent < 100);
    if (total > 0 && (!is_2014 || total >= SHOWN_FROM_2014)) {
        struct weeks w = weeks_at(counts, bands, open, rank, &band);
        bool is_open = band == open;

        result = is_open && !is_2014 ? (double)open : (double)w.numerator / (double)w.denominator;
        if (total >= (is_2014 ? SHOWN_FROM_2014 : SHOWN_FROM_NOW)) {
            if (is_open)
                (void)snprintf(text, sizeof text, "%zu+", open);
            else
                print_weeks(w, text);
        }
    }
    if (out_text)
        (void)snprintf(out_text, PUBLISHED_TEXT_MAX, "%s", text);
    return result;
}
