#include "pipeline_apply_list_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/*
 * Packed rows into the parts of a list, a window of them in a turn of the loop. Each row finds its part by the
 * loop, in the order of the file; then parts take their rows in that order, several parts at once: none of them
 * touches what another has. So a list is the same whoever took what.
 */

#define WINDOW_ROWS 4096

struct row_window {
    struct pathway_record rows[WINDOW_ROWS];
    uint32_t next[WINDOW_ROWS]; /* of the same part, as its place from 1 on; 0: the last one */
    struct part **parts;        /* that were given some */
    size_t part_count;
};

int apply_window_open(struct list_apply *l)
{
    struct row_window *w = malloc(sizeof *w);

    l->window = w;
    if (!w)
        return -ENOMEM;
    w->part_count = 0;
    w->parts = calloc(l->part_count + 1, sizeof *w->parts);
    return w->parts ? 0 : -ENOMEM;
}

void apply_window_close(struct list_apply *l)
{
    packed_rows_free(l->packed);
    if (l->window)
        free(l->window->parts);
    free(l->window);
    l->packed = NULL;
    l->window = NULL;
}

void apply_window_give(struct list_apply *l, struct part *part, const struct pathway_record *row)
{
    struct row_window *w = l->window;
    size_t at = (size_t)(row - w->rows);

    assert(at < WINDOW_ROWS);
    w->next[at] = 0;
    if (part->first_row)
        w->next[part->last_row - 1] = (uint32_t)at + 1;
    else
        w->parts[w->part_count++] = part;
    part->last_row = (uint32_t)at + 1;
    if (!part->first_row)
        part->first_row = part->last_row;
}

/* All that a part was given of the window. By either thread. */
static int take_given(void *arg, size_t at)
{
    const struct row_window *w = arg;
    const struct part *part = w->parts[at];
    struct pathway_list *state = part->stored->state;
    int r = 0;

    for (uint32_t i = part->first_row; r >= 0 && i; i = w->next[i - 1]) {
        if (w->next[i - 1])
            list_snapshot_soon(state, &w->rows[w->next[i - 1] - 1]);
        r = list_snapshot_row(state, &w->rows[i - 1]);
    }
    return r < 0 ? r : 0;
}

static void forget_given(struct row_window *w)
{
    while (w->part_count > 0) {
        struct part *part = w->parts[--w->part_count];

        part->first_row = part->last_row = 0;
    }
}

int apply_window_take(struct apply *a, int (*on_row)(void *arg, const struct pathway_record *row),
                      bool *out_is_done)
{
    struct list_apply *l = a->into;
    struct row_window *w = l->window;
    size_t count = packed_rows_take(l->packed, WINDOW_ROWS, w->rows);
    int r = 0;

    *out_is_done = count < WINDOW_ROWS;
    if (!*out_is_done && !l->helper && l->part_count > 1)
        l->helper = helper_new(); /* without one, everything is this thread's */
    for (size_t i = 0; r == 0 && i < count; i++)
        r = on_row(a, &w->rows[i]);
    if (r == 0)
        r = helper_share(l->helper, w->part_count, take_given, w);
    forget_given(w);
    return r;
}
