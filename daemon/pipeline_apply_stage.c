#include "pipeline_apply_list_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "store/store_list.h"

#define STAGE_CALLS_MOST 2 /* in flight: bounds what is packed and not yet sent */
#define PACKED_AT_ONCE   8 /* blobs, in a turn of the loop */
#define FOLD_SHARE       8 /* an overlay above this part of the pathways is folded in */
#define FOLD_LEAST       4096

/* ---- a new generation ---- */

static bool is_changed(const struct part *part)
{
    return part->is_renamed || part->is_moved || part->is_marked || part->stored->is_anew ||
           (part->rows > 0 && !part->is_older);
}

static size_t count_touched(const struct stored_list *stored)
{
    const uint8_t *key;
    size_t n = 0;

    for (size_t at = 0; list_touched_next(stored->state, &at, &key);)
        n++;
    return n;
}

/* Whether it is cheaper to write the part anew than to lay what changed over it. */
static void choose(struct apply *a)
{
    struct list_apply *l = a->into;
    size_t room = OVERLAY_ENTRIES_MAX;

    for (size_t i = 0; i < l->part_count; i++) {
        struct part *part = &l->parts[i];
        struct list_counts counts;

        if (!is_changed(part))
            continue;
        list_counts(part->stored->state, &counts);
        part->touched = count_touched(part->stored);
        size_t overlaid = part->stored->overlaid + part->touched;

        part->is_staged = part->change.rewrite || part->stored->is_anew ||
                          part->stored->generation == 0 || part->touched > room ||
                          (overlaid > FOLD_LEAST && overlaid > counts.pathways / FOLD_SHARE);
        if (!part->is_staged)
            room -= part->touched;
        part->bits = list_bucket_bits(part->stored->state);
    }
}

/* What goes with one call. It is filled a few blobs in a turn of the loop: meanwhile those before it are on
 * their way, and Redis is not left without work. */
struct load {
    struct list_blobs parts[STAGE_BLOBS_MAX];
    size_t part_count;
    struct text packed[STAGE_BLOBS_MAX];
    struct bytes blobs[STAGE_BLOBS_MAX];
    size_t count, bytes;
};

static bool is_full(const struct load *load)
{
    return load->count == STAGE_BLOBS_MAX || load->bytes >= STAGE_BYTES_MAX;
}

static void load_clear(struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        text_release(&load->packed[i]);
    load->part_count = load->count = load->bytes = 0;
}

void apply_load_free(struct load *load)
{
    if (load)
        load_clear(load);
    free(load);
}

/* The blobs from `from` on go with the part that they are of. */
static void load_note(struct part *part, struct load *load, size_t from, size_t first)
{
    struct list_blobs *last = load->part_count ? &load->parts[load->part_count - 1] : NULL;

    if (load->count == from)
        return;
    if (last && last->name == part->stored->name)
        last->count += load->count - from;
    else
        load->parts[load->part_count++] =
            (struct list_blobs){ part->stored->name, part->stored->generation + 1, first,
                                 load->blobs + from, load->count - from };
}

/* Packs the next blobs of a part, at most so many. The first holds what is only counted. */
static int load_part(struct part *part, struct load *load, size_t most)
{
    struct pathway_list *state = part->stored->state;
    size_t from = load->count, first = part->blobs, pathways = 1;
    int r = 0;

    while (r == 0 && !is_full(load) && load->count - from < most &&
           (part->blobs == 0 || part->bucket >> part->bits == 0)) {
        struct text *packed = &load->packed[load->count];

        *packed = (struct text)TEXT_INIT;
        if (part->blobs == 0)
            r = list_pack_counted(state, packed);
        else
            r = list_pack(state, part->bucket++, part->bits, packed, &pathways);
        load->blobs[load->count++] = (struct bytes){ text_str(packed), packed->len };
        load->bytes += packed->len;
        if (r == 0 && pathways == 0)
            text_release(&load->packed[--load->count]);
        else
            part->blobs++;
    }
    load_note(part, load, from, first);
    return r;
}

/* The part whose blobs come next; NULL: all are packed. */
static struct part *next_staged(struct list_apply *l)
{
    for (; l->staging < l->part_count; l->staging++) {
        struct part *part = &l->parts[l->staging];

        if (part->is_staged && (part->blobs == 0 || part->bucket >> part->bits == 0))
            return part;
    }
    return NULL;
}

static void next_turn(struct pipeline *p)
{
    const struct timeval now = { 0, 0 };

    if (event_add(p->apply_turn, &now) < 0)
        batch_fail(p, -ENOMEM);
}

/* One call, once it is as large as calls are, or the last. */
static bool stage_next(struct pipeline *p)
{
    struct list_apply *l = p->apply->into;
    struct load *load = l->load;
    bool is_left = next_staged(l);

    if (is_left)
        next_turn(p);
    if (is_left && !is_full(load)) {
        batch_rest(p);
        return true;
    }
    if (load->count > 0)
        batch_add(p, store_stage_lists(p->store, load->parts, load->part_count, batch_done, p));
    load_clear(load);
    return is_left;
}

void apply_list_stage(struct apply *a)
{
    struct pipeline *p = a->pipeline;
    struct list_apply *l = a->into;
    struct part *part = next_staged(l);
    int r = 0;

    if (!is_full(l->load) && part)
        r = load_part(part, l->load, PACKED_AT_ONCE);
    if (r < 0)
        batch_fail(p, r);
    if (r == 0 && !is_full(l->load) && next_staged(l) && !p->batch.failed)
        next_turn(p);
    else
        batch_go_on(p);
}

static void finish_staging(struct pipeline *p)
{
    struct list_apply *l = p->apply->into;

    apply_load_free(l->load);
    l->load = NULL;
    apply_send_slices(p->apply);
}

int apply_list_commit(struct apply *a)
{
    choose(a);
    a->into->load = calloc(1, sizeof *a->into->load);
    if (!a->into->load)
        return -ENOMEM;
    batch_run_few(a->pipeline, STAGE_CALLS_MOST, stage_next, finish_staging);
    return 0;
}

/* ---- what the list says of itself, and the overlay ---- */

static void add_field(struct part *part, size_t *n, const char *name, const char *value, size_t len)
{
    part->fields[(*n)++] = (struct list_field){ name, { value, len } };
}

static void add_number(struct part *part, size_t *n, const char *name, uint64_t number)
{
    char *text = part->numbers[*n];

    (void)snprintf(text, sizeof part->numbers[0], "%" PRIu64, number);
    add_field(part, n, name, text, strlen(text));
}

static void add_date(struct part *part, size_t *n, const char *name, struct civil_date date)
{
    const char *text = date_format(date, part->dates[*n]);

    add_field(part, n, name, text, strlen(text));
}

/* A part that the file did not touch only says its era, once, which its generation is of already: then the
 * list is whole. */
static bool has_news(const struct part *part)
{
    return is_changed(part) || part->stored->era != part->stored->era_stored;
}

static int describe(struct part *part, struct list_part_state *out)
{
    const struct stored_list *stored = part->stored;
    struct list_counts counts;
    size_t n = 0;

    *out = (struct list_part_state){ .name = stored->name,
                                     .expected = stored->generation,
                                     .fields = part->fields };
    add_number(part, &n, "era", stored->era);
    if (is_changed(part)) {
        list_counts(stored->state, &counts);
        if (part->is_staged) {
            add_number(part, &n, "generation", stored->generation + 1);
            add_number(part, &n, "buckets", part->blobs);
        }
        add_number(part, &n, "overlaid", part->is_staged ? 0 : stored->overlaid + part->touched);
        add_number(part, &n, "pathways", counts.pathways);
        add_number(part, &n, "facts", counts.facts);
        add_number(part, &n, "set_aside", stored->set_aside);
        add_date(part, &n, "census", list_census(stored->state));
        add_date(part, &n, "watermark", list_watermark(stored->state));
        add_date(part, &n, "first_event", stored->first_event);
        if (list_pack_book(stored->state, &part->book) < 0 ||
            stored_list_censuses(stored, &part->censuses) < 0)
            return -ENOMEM;
        add_field(part, &n, "book", text_str(&part->book), part->book.len);
        add_field(part, &n, "censuses", text_str(&part->censuses), part->censuses.len);
    }
    out->field_count = n;
    return 0;
}

/* What is laid over the generation in force: packed, until it was sent. */
struct overlay {
    struct overlay_entry *entries;
    struct text *packed;
    size_t count;
};

static void overlay_release(struct overlay *o)
{
    for (size_t i = 0; i < o->count; i++)
        text_release(&o->packed[i]);
    free(o->packed);
    free(o->entries);
}

static int overlay_part(const struct part *part, struct overlay *o)
{
    const uint8_t *key;

    for (size_t at = 0; list_touched_next(part->stored->state, &at, &key);) {
        struct text *packed = &o->packed[o->count];

        *packed = (struct text)TEXT_INIT;
        int r = list_pack_pathway(part->stored->state, key, packed);

        o->entries[o->count++] =
            (struct overlay_entry){ .name = part->stored->name,
                                    .bucket = key[0] % OVERLAY_BUCKETS,
                                    .pathway = { key, PSEUDONYM_BYTES },
                                    .facts = { text_str(packed), packed->len } };
        if (r < 0)
            return r;
    }
    return 0;
}

static int find_overlay(const struct list_apply *l, struct overlay *o)
{
    int r;

    o->entries = calloc(OVERLAY_ENTRIES_MAX, sizeof *o->entries);
    o->packed = calloc(OVERLAY_ENTRIES_MAX, sizeof *o->packed);
    r = o->entries && o->packed ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < l->part_count; i++)
        if (!l->parts[i].is_staged && l->parts[i].touched > 0)
            r = overlay_part(&l->parts[i], o);
    return r;
}

int apply_list_send(struct apply *a, const char *ledger_key, const struct ledger_entry *entry)
{
    struct pipeline *p = a->pipeline;
    struct list_apply *l = a->into;
    AUTO(overlay_release) struct overlay overlay = { 0 };
    AUTO(auto_free) struct list_part_state *states = calloc(l->part_count, sizeof *states);
    struct list_commit commit = {
        .book = a->book,
        .expected = a->expected,
        .ledger_key = ledger_key,
        .entry = entry,
        .changes = states,
        .cells = a->changes + a->sliced,
        .cell_count = a->change_count - a->sliced,
    };
    int r = states ? find_overlay(l, &overlay) : -ENOMEM;

    for (size_t i = 0; r == 0 && i < l->part_count; i++)
        if (has_news(&l->parts[i]))
            r = describe(&l->parts[i], &states[commit.change_count++]);
    if (r < 0)
        return r;
    return overlay.count == 0 ? store_commit_list(p->store, &commit, batch_done, p)
                              : store_commit_events(p->store, &commit, overlay.entries,
                                                    overlay.count, batch_done, p);
}

void apply_list_adopt(struct apply *a)
{
    for (size_t i = 0; i < a->into->part_count; i++) {
        struct part *part = &a->into->parts[i];

        if (part->is_staged) {
            part->stored->generation++;
            part->stored->overlaid = 0;
            a->pipeline->need_sweep = true;
        } else {
            part->stored->overlaid += part->touched;
        }
        part->stored->is_anew = false;
        part->stored->era_stored = part->stored->era;
        list_touched_clear(part->stored->state);
        stored_list_changed(part->stored);
    }
}
