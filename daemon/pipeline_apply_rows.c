#include "pipeline_apply_list_internal.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/*
 * Packed rows into the parts of a list. They were packed into a lane for each part, and one for all that no part
 * takes, which the loop reads first: meanwhile each part begins where its first row stands in the file, since it
 * may take another's pathways over. Then parts take their rows, each in their order, several parts at once: none of
 * them touches what another has. So a list is the same whoever took what, and the same as from the archive.
 */

#define OTHER_ROWS    4096 /* that no part takes, read in one turn of the loop */
#define LANES_AT_ONCE 16   /* in one turn */
#define LANE_ROWS     1024 /* of each of them */
#define TAKEN_AT_ONCE 16
#define WORTH_HELP    4096 /* rows of a file */

struct row_lanes {
    size_t *
        order; /* of parts with rows; where .begun is below their count: as their first rows stand */
    size_t count, begun, ended;
    bool read_other;
    size_t rows[LANES_AT_ONCE]; /* taken in this turn */
};

/* ---- which lanes there are ---- */

static int by_first(const void *a, const void *b, void *packed)
{
    unsigned long x = packed_rows_first(packed, *(const size_t *)a).line,
                  y = packed_rows_first(packed, *(const size_t *)b).line;

    return x < y ? -1 : x > y;
}

int apply_lanes_open(struct list_apply *l)
{
    struct row_lanes *w = calloc(1, sizeof *w);

    assert(packed_rows_lanes(l->packed) == l->part_count + 1);
    l->lanes = w;
    if (!w)
        return -ENOMEM;
    w->order = calloc(l->part_count + 1, sizeof *w->order);
    if (!w->order)
        return -ENOMEM;
    for (size_t lane = 1; lane <= l->part_count; lane++)
        if (packed_rows_first(l->packed, lane).line)
            w->order[w->count++] = lane;
    qsort_r(w->order, w->count, sizeof *w->order, by_first, l->packed);
    return 0;
}

void apply_lanes_close(struct list_apply *l)
{
    packed_rows_free(l->packed);
    if (l->lanes)
        free(l->lanes->order);
    free(l->lanes);
    l->packed = NULL;
    l->lanes = NULL;
}

/* ---- what no part takes ---- */

/* Parts whose first row stands before a line. */
static int begin_before(struct apply *a, unsigned long line)
{
    struct list_apply *l = a->into;
    struct row_lanes *w = l->lanes;
    int r = 0;

    for (; r == 0 && w->begun < w->count; w->begun++) {
        size_t lane = w->order[w->begun];
        const struct packed_first first = packed_rows_first(l->packed, lane);

        if (first.line > line)
            break;
        r = apply_begin_part(a, &l->parts[lane - 1], first.census);
    }
    return r;
}

static int read_other(struct apply *a, int (*on_row)(void *arg, const struct pathway_record *row))
{
    struct row_lanes *w = a->into->lanes;
    struct pathway_record rows[TAKEN_AT_ONCE];
    size_t n = TAKEN_AT_ONCE;
    int r = 0;

    for (size_t done = 0; r == 0 && n == TAKEN_AT_ONCE && done < OTHER_ROWS; done += n) {
        n = packed_rows_take(a->into->packed, 0, TAKEN_AT_ONCE, rows);
        for (size_t i = 0; r == 0 && i < n; i++) {
            packed_rows_group(a->into->packed, &rows[i]);
            r = begin_before(a, rows[i].line);
            if (r == 0)
                r = on_row(a, &rows[i]);
        }
    }
    w->read_other = n < TAKEN_AT_ONCE;
    return r == 0 && w->read_other ? begin_before(a, ULONG_MAX) : r;
}

/* ---- what parts take ---- */

/* The next rows of a part. By either thread. */
static int take_lane(void *arg, size_t at)
{
    struct apply *a = arg;
    struct list_apply *l = a->into;
    struct row_lanes *w = l->lanes;
    size_t lane = w->order[w->ended + at], n = TAKEN_AT_ONCE;
    struct part *part = &l->parts[lane - 1];
    struct pathway_record rows[TAKEN_AT_ONCE];
    int r = 0;

    w->rows[at] = 0;
    while (r == 0 && n == TAKEN_AT_ONCE && w->rows[at] < LANE_ROWS) {
        n = packed_rows_take(l->packed, lane, TAKEN_AT_ONCE, rows);
        for (size_t i = 0; r == 0 && i < n; i++) {
            if (i + 1 < n)
                list_snapshot_soon(part->stored->state, &rows[i + 1]);
            if (!list_snapshot_knows(part->stored->state, &rows[i]))
                packed_rows_group(l->packed, &rows[i]);
            r = apply_part_row(a, part, &rows[i]);
        }
        w->rows[at] += n;
    }
    return r;
}

/* Lanes of which none is left make room for the next. */
static void settle_turn(struct list_apply *l, size_t count)
{
    struct row_lanes *w = l->lanes;
    size_t from = w->ended;

    for (size_t i = 0; i < count; i++) {
        size_t lane = w->order[from + i];

        if (!l->readings.list[l->reading].is_again)
            l->rows += w->rows[i];
        if (w->rows[i] == LANE_ROWS)
            continue;
        w->order[from + i] = w->order[w->ended];
        w->order[w->ended++] = lane;
    }
}

int apply_lanes_take(struct apply *a, int (*on_row)(void *arg, const struct pathway_record *row),
                     bool *out_is_done)
{
    struct list_apply *l = a->into;
    struct row_lanes *w = l->lanes;
    size_t left = w->count - w->ended, count = left < LANES_AT_ONCE ? left : LANES_AT_ONCE;

    if (!w->read_other) {
        *out_is_done = false;
        return read_other(a, on_row);
    }
    int r = helper_share(l->helper, count, take_lane, a);

    if (r == 0)
        settle_turn(l, count);
    *out_is_done = w->ended == w->count;
    if (!*out_is_done && !l->helper && l->rows >= WORTH_HELP)
        l->helper = helper_new(); /* without one, everything is this thread's */
    return r;
}
