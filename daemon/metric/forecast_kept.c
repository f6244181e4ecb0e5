#include "metric/forecast_kept.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/table.h"

struct forecast_kept {
    struct table by_input; /* digest of the input -> struct kept * */
    size_t computed;
};

struct kept {
    struct forecast_fan *fans;
    size_t count;
    bool is_used; /* in this turn */
};

static void kept_free(void *arg)
{
    struct kept *kept = arg;

    if (!kept)
        return;
    forecast_fans_free(kept->fans, kept->fans ? kept->count : 0);
    free(kept);
}

struct forecast_kept *forecast_kept_new(void)
{
    return calloc(1, sizeof(struct forecast_kept));
}

void forecast_kept_free(struct forecast_kept *k)
{
    if (k)
        table_release(&k->by_input, kept_free);
    free(k);
}

/* ---- what a forecast rests on ---- */

#define CELLS_AT_ONCE 64
#define CELL_NUMBERS  4

static void add_waits(struct digest *d, const struct waits *w)
{
    const uint64_t head[] = { (uint64_t)w->first.day, w->open_days, w->closed_count,
                              (uint64_t)w->last_stop.day };
    uint64_t cells[CELLS_AT_ONCE][CELL_NUMBERS];
    size_t n = 0;

    digest_add(d, head, sizeof head);
    if (w->open_days > 0)
        digest_add(d, w->open, w->open_days * sizeof *w->open);
    for (size_t i = 0; i < w->closed_count; i++) {
        const struct wait_cell *c = &w->closed[i];
        const uint64_t numbers[CELL_NUMBERS] = { (uint64_t)c->start.day, (uint64_t)c->stop.day,
                                                 (uint64_t)c->end, c->count };

        memcpy(cells[n++], numbers, sizeof numbers);
        if (n == CELLS_AT_ONCE || i + 1 == w->closed_count) {
            digest_add(d, cells, n * sizeof *cells);
            n = 0;
        }
    }
}

static int digest_of(const struct forecast_input *in, char out[SHA256_TEXT_MAX])
{
    const struct pathway_metric *m = in->metric;
    const uint64_t numbers[] = { (uint64_t)m->id,
                                 (uint64_t)m->wait.count,
                                 (uint64_t)m->wait.unit,
                                 (uint64_t)m->standard.count,
                                 (uint64_t)m->standard.unit,
                                 (uint64_t)m->method,
                                 (uint64_t)m->unit,
                                 (uint64_t)in->known.start.day,
                                 (uint64_t)in->known.end.day,
                                 in->window_count,
                                 in->census_count,
                                 in->paths,
                                 in->seed };
    struct digest *d = digest_new();

    if (!d)
        return -ENOMEM;
    digest_add(d, numbers, sizeof numbers);
    digest_add(d, &m->share, sizeof m->share);
    for (size_t i = 0; i < in->window_count; i++) {
        const uint64_t days[] = { (uint64_t)in->windows[i].start.day,
                                  (uint64_t)in->windows[i].end.day };

        digest_add(d, days, sizeof days);
    }
    if (in->census_count > 0)
        digest_add(d, in->censuses, in->census_count * sizeof *in->censuses);
    add_waits(d, in->waits);
    digest_end(d, out);
    return 0;
}

/* ---- kept and given ---- */

static struct forecast_fan *copy_fans(const struct forecast_fan *fans, size_t count)
{
    struct forecast_fan *copy = calloc(count, sizeof *copy);

    for (size_t i = 0; copy && i < count; i++) {
        copy[i].values = malloc((fans[i].count + 1) * sizeof *copy[i].values);
        if (!copy[i].values) {
            forecast_fans_free(copy, count);
            return NULL;
        }
        copy[i].count = fans[i].count;
        if (fans[i].count > 0)
            memcpy(copy[i].values, fans[i].values, fans[i].count * sizeof *copy[i].values);
    }
    return copy;
}

/* Without memory it is computed again the next time. */
static void keep(struct forecast_kept *k, const char *digest, const struct forecast_fan *fans,
                 size_t count)
{
    struct kept *kept = calloc(1, sizeof *kept);

    if (!kept)
        return;
    kept->fans = copy_fans(fans, count);
    kept->count = count;
    kept->is_used = true;
    if (!kept->fans || table_set(&k->by_input, digest, kept, NULL) < 0)
        kept_free(kept);
}

int forecast_likely_kept(struct forecast_kept *k, const struct forecast_input *in,
                         struct forecast_fan **out_fans)
{
    char digest[SHA256_TEXT_MAX];

    assert(in && out_fans);
    if (!k)
        return forecast_likely(in, out_fans);
    int r = digest_of(in, digest);

    if (r < 0)
        return r;
    struct kept *known = table_get(&k->by_input, digest);

    if (known) {
        known->is_used = true;
        *out_fans = copy_fans(known->fans, known->count);
        return *out_fans ? 0 : -ENOMEM;
    }
    k->computed++;
    r = forecast_likely(in, out_fans);
    if (r == 0)
        keep(k, digest, *out_fans, in->window_count);
    return r;
}

void forecast_kept_turn(struct forecast_kept *k)
{
    const char *digest;
    void *value;

    for (size_t at = 0; k && table_next(&k->by_input, &at, &digest, &value);) {
        struct kept *kept = value;

        if (kept->is_used)
            kept->is_used = false;
        else
            kept_free(table_remove(&k->by_input, digest));
    }
}

size_t forecast_kept_computed(const struct forecast_kept *k)
{
    return k->computed;
}

size_t forecast_kept_count(const struct forecast_kept *k)
{
    return table_count(&k->by_input);
}
