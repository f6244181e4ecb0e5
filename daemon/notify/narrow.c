#include "notify/narrow.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define SLACK       1e-7 /* of sums in binary fractions */
#define FEW         4    /* DESIGN section 10: 1, 2, 3, 4 */
#define EXAMPLES    24   /* kept of earlier answers */
#define ROUNDS_MOST 200  /* of narrowing bounds by the rows */
#define MOVES_MOST  1500 /* of one repair of an example */

struct narrow {
    size_t unknowns, rows, room;
    double *factors; /* rows * unknowns */
    double *lows, *highs;
    double *examples; /* EXAMPLES * unknowns: counts that fulfilled every row of then */
    size_t example_count, example_next;
    size_t steps, steps_most; /* that are left of this question */
    bool lacked_memory;
};

/* The bounds of each unknown while an example is looked for. */
struct bounds {
    double *low, *high;
};

struct narrow *narrow_new(size_t unknowns, size_t steps)
{
    struct narrow *n = calloc(1, sizeof *n);

    if (!n)
        return NULL;
    n->unknowns = unknowns;
    n->steps_most = steps;
    n->examples = calloc(EXAMPLES * unknowns + 1, sizeof *n->examples);
    if (!n->examples) {
        free(n);
        return NULL;
    }
    return n;
}

void narrow_free(struct narrow *n)
{
    if (!n)
        return;
    free(n->factors);
    free(n->lows);
    free(n->highs);
    free(n->examples);
    free(n);
}

static int make_room(struct narrow *n)
{
    size_t room = n->room ? 2 * n->room : 16;
    double *factors, *lows, *highs;

    if (n->rows < n->room)
        return 0;
    factors = realloc(n->factors, (room * n->unknowns + 1) * sizeof *factors);
    n->factors = factors ? factors : n->factors;
    lows = realloc(n->lows, room * sizeof *lows);
    n->lows = lows ? lows : n->lows;
    highs = realloc(n->highs, room * sizeof *highs);
    n->highs = highs ? highs : n->highs;
    if (!factors || !lows || !highs)
        return -ENOMEM;
    n->room = room;
    return 0;
}

int narrow_add(struct narrow *n, const double *factors, double low, double high)
{
    int r = make_room(n);

    if (r < 0)
        return r;
    memcpy(n->factors + n->rows * n->unknowns, factors, n->unknowns * sizeof *factors);
    n->lows[n->rows] = low;
    n->highs[n->rows] = high;
    n->rows++;
    return 0;
}

void narrow_cut(struct narrow *n, size_t rows)
{
    assert(rows <= n->rows);
    n->rows = rows;
}

size_t narrow_rows(const struct narrow *n)
{
    return n->rows;
}

/* ---- bounds, narrowed by the rows ---- */

static double least_of(double factor, const struct bounds *b, size_t i)
{
    return factor * (factor > 0 ? b->low[i] : b->high[i]);
}

static double most_of(double factor, const struct bounds *b, size_t i)
{
    return factor * (factor > 0 ? b->high[i] : b->low[i]);
}

/* What one row leaves each of its unknowns. Returns false where it can not hold; notes a change. */
static bool narrow_row(const struct narrow *n, size_t row, struct bounds *b, bool *changed)
{
    const double *f = n->factors + row * n->unknowns;
    double least = 0, most = 0;

    for (size_t i = 0; i < n->unknowns; i++) {
        if (f[i] == 0)
            continue;
        least += least_of(f[i], b, i);
        most += most_of(f[i], b, i);
    }
    if (least > n->highs[row] + SLACK || most < n->lows[row] - SLACK)
        return false;
    if (least >= n->lows[row] && most <= n->highs[row])
        return true;
    for (size_t i = 0; i < n->unknowns; i++) {
        if (f[i] == 0 || b->low[i] == b->high[i])
            continue;
        double upto = (n->highs[row] - (least - least_of(f[i], b, i))) / f[i];
        double from = (n->lows[row] - (most - most_of(f[i], b, i))) / f[i];
        double high = floor((f[i] > 0 ? upto : from) + SLACK);
        double low = ceil((f[i] > 0 ? from : upto) - SLACK);

        /* The sums above are of before: what they leave is no less than what is left. */
        if (high < b->high[i]) {
            most += f[i] > 0 ? f[i] * (high - b->high[i]) : 0;
            least += f[i] < 0 ? f[i] * (high - b->high[i]) : 0;
            b->high[i] = high;
            *changed = true;
        }
        if (low > b->low[i]) {
            least += f[i] > 0 ? f[i] * (low - b->low[i]) : 0;
            most += f[i] < 0 ? f[i] * (low - b->low[i]) : 0;
            b->low[i] = low;
            *changed = true;
        }
        if (b->low[i] > b->high[i])
            return false;
    }
    return true;
}

static bool narrow_bounds(const struct narrow *n, struct bounds *b)
{
    bool changed = true;

    for (int round = 0; changed && round < ROUNDS_MOST; round++) {
        changed = false;
        for (size_t row = 0; row < n->rows; row++)
            if (!narrow_row(n, row, b, &changed))
                return false;
    }
    return true;
}

/* ---- an example ---- */

/* The unknown with the fewest values left, beside one; .unknowns: each has its value. */
static size_t next_open(const struct narrow *n, const struct bounds *b)
{
    size_t best = n->unknowns;

    for (size_t i = 0; i < n->unknowns; i++)
        if (b->low[i] < b->high[i] &&
            (best == n->unknowns || b->high[i] - b->low[i] < b->high[best] - b->low[best]))
            best = i;
    return best;
}

static bool fulfils(const struct narrow *n, const double *counts, const double *factors, double low,
                    double high)
{
    double sum = 0;

    for (size_t i = 0; i < n->unknowns; i++)
        sum += factors[i] * counts[i];
    return sum >= low - SLACK && sum <= high + SLACK;
}

static bool is_example(const struct narrow *n, const double *counts)
{
    for (size_t row = 0; row < n->rows; row++)
        if (!fulfils(n, counts, n->factors + row * n->unknowns, n->lows[row], n->highs[row]))
            return false;
    return true;
}

static void keep_example(struct narrow *n, const double *counts)
{
    memcpy(n->examples + n->example_next * n->unknowns, counts, n->unknowns * sizeof *counts);
    n->example_next = (n->example_next + 1) % EXAMPLES;
    if (n->example_count < EXAMPLES)
        n->example_count++;
}

static double nearest(double wanted, double low, double high)
{
    return wanted < low ? low : wanted > high ? high : wanted;
}

static enum narrow_answer search(struct narrow *n, const struct bounds *b, const double *near);

/* The same with one unknown between two bounds. */
static enum narrow_answer search_part(struct narrow *n, const struct bounds *b, size_t at,
                                      double low, double high, const double *near)
{
    AUTO(auto_free) double *room = low <= high ? malloc(2 * n->unknowns * sizeof *room) : NULL;
    struct bounds part = { room, room ? room + n->unknowns : NULL };

    if (low > high)
        return NARROW_NO;
    if (!room) {
        n->lacked_memory = true;
        return NARROW_UNSETTLED;
    }
    memcpy(part.low, b->low, n->unknowns * sizeof *room);
    memcpy(part.high, b->high, n->unknowns * sizeof *room);
    part.low[at] = low;
    part.high[at] = high;
    return search(n, &part, near);
}

/* Each unknown takes the value nearest to that of an earlier example; where none is with it, its values are
 * halved. */
static enum narrow_answer search(struct narrow *n, const struct bounds *b, const double *near)
{
    struct bounds own = *b;
    enum narrow_answer r;

    if (n->steps == 0)
        return NARROW_UNSETTLED;
    n->steps--;
    if (!narrow_bounds(n, &own))
        return NARROW_NO;
    size_t at = next_open(n, &own);

    if (at == n->unknowns) {
        if (!is_example(n, own.low))
            return NARROW_NO;
        keep_example(n, own.low);
        return NARROW_YES;
    }
    double value = nearest(near[at], own.low[at], own.high[at]);
    double middle = floor((own.low[at] + own.high[at]) / 2);

    r = search_part(n, &own, at, value, value, near);
    if (r == NARROW_NO)
        r = search_part(n, &own, at, own.low[at], middle, near);
    if (r == NARROW_NO)
        r = search_part(n, &own, at, middle + 1, own.high[at], near);
    return r;
}

/* ---- an earlier example, repaired ---- */

/* Counts that are to fulfil the rows, and how far each row is from that. */
struct repair {
    const struct bounds *within;
    double *counts;  /* one for each unknown */
    double *sums;    /* one for each row */
    double *weights; /* likewise: what stays unfulfilled for long weighs more */
    double *units;   /* likewise: its largest factor */
};

static double missed(const struct narrow *n, size_t row, double sum)
{
    return sum < n->lows[row] - SLACK    ? n->lows[row] - sum
           : sum > n->highs[row] + SLACK ? sum - n->highs[row]
                                         : 0;
}

/* The row that is the furthest from being fulfilled; .rows: each is. */
static size_t worst_row(const struct narrow *n, const struct repair *r)
{
    size_t worst = n->rows;
    double most = 0;

    for (size_t row = 0; row < n->rows; row++) {
        double weight = r->weights[row] * missed(n, row, r->sums[row]) / r->units[row];

        if (weight > most) {
            most = weight;
            worst = row;
        }
    }
    return worst;
}

/* What all rows gain and lose by a step of one unknown: under 0 is better. */
static double score_of(const struct narrow *n, const struct repair *r, size_t at, double step)
{
    double score = 0;

    for (size_t row = 0; row < n->rows; row++) {
        double factor = n->factors[row * n->unknowns + at];

        if (factor != 0)
            score += r->weights[row] / r->units[row] *
                     (missed(n, row, r->sums[row] + factor * step) - missed(n, row, r->sums[row]));
    }
    return score;
}

/* By how much an unknown would have to change for the row to be fulfilled, as far as its bounds go. */
static double step_for(const struct narrow *n, const struct repair *r, size_t row, size_t at)
{
    double factor = n->factors[row * n->unknowns + at], sum = r->sums[row],
           gap = sum < n->lows[row] ? n->lows[row] - sum : n->highs[row] - sum,
           step = gap / factor > 0 ? ceil(gap / factor - SLACK) : floor(gap / factor + SLACK);

    return nearest(r->counts[at] + step, r->within->low[at], r->within->high[at]) - r->counts[at];
}

static void move(const struct narrow *n, struct repair *r, size_t at, double step)
{
    r->counts[at] += step;
    for (size_t row = 0; row < n->rows; row++)
        r->sums[row] += step * n->factors[row * n->unknowns + at];
}

/* The best step of any unknown for the row, whole or by one. Returns its score; INFINITY: there is none. */
static double best_step(const struct narrow *n, const struct repair *r, size_t row, size_t *out_at,
                        double *out_step)
{
    double best = INFINITY;

    for (size_t at = 0; at < n->unknowns; at++) {
        double step = n->factors[row * n->unknowns + at] != 0 ? step_for(n, r, row, at) : 0;
        const double steps[] = { step, step > 0 ? 1 : -1 };

        for (size_t i = 0; i < 2 && step != 0; i++) {
            double score = score_of(n, r, at, steps[i]);

            if (score < best) {
                best = score;
                *out_at = at;
                *out_step = steps[i];
            }
        }
    }
    return best;
}

/* Step by step towards the rows that are not fulfilled; what then stays so weighs more. */
static bool repair(struct narrow *n, struct repair *r)
{
    for (size_t moves = 0; moves < MOVES_MOST; moves++) {
        size_t row = worst_row(n, r), at = 0;
        double step = 0;

        if (row == n->rows)
            return is_example(n, r->counts);
        double score = best_step(n, r, row, &at, &step);

        for (size_t i = 0; score >= 0 && i < n->rows; i++)
            if (missed(n, i, r->sums[i]) > 0)
                r->weights[i] += 1;
        if (isfinite(score))
            move(n, r, at, step);
    }
    return false;
}

/* Most often a count can be what is asked, and this finds an example; else search() goes through all. */
static bool find_by_repair(struct narrow *n, const struct bounds *within, const double *near)
{
    AUTO(auto_free) double *room = calloc(n->unknowns + 3 * n->rows + 1, sizeof *room);
    struct repair r = { within, room, NULL, NULL, NULL };

    if (!room) {
        n->lacked_memory = true;
        return false;
    }
    r.sums = room + n->unknowns;
    r.weights = r.sums + n->rows;
    r.units = r.weights + n->rows;
    for (size_t row = 0; row < n->rows; row++) {
        r.weights[row] = 1;
        for (size_t i = 0; i < n->unknowns; i++)
            r.units[row] = fmax(r.units[row], fabs(n->factors[row * n->unknowns + i]));
        r.units[row] = fmax(r.units[row], SLACK);
    }
    for (size_t i = 0; i < n->unknowns; i++)
        move(n, &r, i, nearest(near[i], within->low[i], within->high[i]));
    if (!repair(n, &r))
        return false;
    keep_example(n, r.counts);
    return true;
}

/* ---- the answer ---- */

/* Among the earlier ones. */
static bool has_example(const struct narrow *n)
{
    for (size_t i = 0; i < n->example_count; i++)
        if (is_example(n, n->examples + i * n->unknowns))
            return true;
    return false;
}

static enum narrow_answer find_example(struct narrow *n)
{
    AUTO(auto_free) double *near = calloc(3 * n->unknowns + 1, sizeof *near);
    struct bounds all = { NULL, NULL };
    size_t newest = (n->example_next + EXAMPLES - 1) % EXAMPLES;

    if (!near) {
        n->lacked_memory = true;
        return NARROW_UNSETTLED;
    }
    all.low = near + n->unknowns;
    all.high = all.low + n->unknowns;
    for (size_t i = 0; i < n->unknowns; i++)
        all.high[i] = NARROW_MOST;
    if (n->example_count)
        memcpy(near, n->examples + newest * n->unknowns, n->unknowns * sizeof *near);
    if (!narrow_bounds(n, &all))
        return NARROW_NO;
    if (find_by_repair(n, &all, near))
        return NARROW_YES;
    n->steps = n->steps_most;
    return search(n, &all, near);
}

enum narrow_answer narrow_can(struct narrow *n, const double *factors, double low, double high)
{
    size_t rows = n->rows;
    enum narrow_answer r;

    if (factors && narrow_add(n, factors, low, high) < 0) {
        n->lacked_memory = true;
        return NARROW_UNSETTLED;
    }
    r = has_example(n) ? NARROW_YES : find_example(n);
    narrow_cut(n, rows);
    return r;
}

bool narrow_keeps_few(struct narrow *n, const double *factors)
{
    size_t can = 0;

    if (narrow_can(n, factors, 1, FEW) == NARROW_NO)
        return true;
    for (int few = 1; few <= FEW; few++)
        can += narrow_can(n, factors, few, few) == NARROW_YES;
    return can == FEW;
}

bool narrow_lacked_memory(const struct narrow *n)
{
    return n->lacked_memory;
}
