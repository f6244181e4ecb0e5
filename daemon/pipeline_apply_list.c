#include "pipeline_apply_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "parse/pathway_archive.h"
#include "pathway/list_identity.h"
#include "pathway/list_plausible.h"
#include "pathway/list_rename.h"
#include "pipeline_apply_set.h"
#include "store/store_list.h"

/*
 * A pathway file into its list. The archived rows are read, a portion in a turn of the loop, and taken
 * into the parts of the list in memory; then (1) parts that changed much are staged in Redis as a new
 * generation, which nobody sees; (2) the figures that the file changed go to their series, each judged
 * against what is stored; (3) one call brings the generations, or the few pathways that changed, into force
 * together with the feed's book and the ledger. A crash before (3) leaves Redis with the list as it was,
 * and repeats the receipt. What is in memory ahead of Redis is never judged: a failure loads it again.
 */

#define STAGE_CALLS_MOST 4 /* in flight: bounds what is packed and not yet sent */
#define FOLD_SHARE       8 /* an overlay above this part of the pathways is folded in */
#define FOLD_LEAST       4096
#define FIELDS           12

/* One part of the list, while a file is applied. */
struct part {
    struct stored_list *stored;
    struct list_change change;
    struct civil_date before;  /* to which day it was known; DATE_NONE: not at all */
    struct civil_date reaches; /* of a set: end of the newest period that it tells of */
    unsigned long rows;        /* of the file */
    bool has_begun;            /* a snapshot */
    bool is_older;             /* the list has a later census: nothing of the file counts */
    bool is_moved;             /* its pathways came from, or went to, another organisation's part */
    bool is_renamed;       /* its people have other pseudonyms now, by a change of our own key */
    bool is_rekeyed;       /* its people came under other keys */
    bool is_staged;        /* a new generation */
    unsigned bits;         /* of its buckets */
    uint32_t bucket;       /* the next to be staged */
    size_t blobs, touched; /* of the new generation; pathways for the overlay */
    struct text book, censuses;
    char numbers[FIELDS][24], dates[FIELDS][DATE_TEXT_MAX];
    struct list_field fields[FIELDS];
};

struct list_apply {
    const struct list_setting *list;
    struct pathway_archive *reader;
    struct readings readings; /* of the archive, one after the other */
    size_t reading;
    enum list_duplicates duplicates;
    struct part *parts; /* in the order of the list's providers */
    size_t part_count;
    struct table by_provider;   /* as rows name it -> its part */
    unsigned long rows, others; /* others: of services and providers that are not on the list */
    size_t staging;             /* the part being staged */
    struct text why;            /* the file is held for a person */
};

static bool is_snapshot(const struct apply *a)
{
    return a->feed->kind == FEED_SNAPSHOT;
}

void apply_list_free(struct list_apply *l)
{
    if (!l)
        return;
    pathway_archive_free(l->reader);
    readings_release(&l->readings);
    text_release(&l->why);
    for (size_t i = 0; i < l->part_count; i++) {
        text_release(&l->parts[i].book);
        text_release(&l->parts[i].censuses);
    }
    free(l->parts);
    table_release(&l->by_provider, NULL);
    free(l);
}

/* ---- rows ---- */

static struct part *part_of(struct apply *a, const char *provider)
{
    struct list_apply *l = a->into;
    struct part *known = table_get(&l->by_provider, provider);

    if (known)
        return known;
    const char *code = settings_org_code(a->pipeline->config->settings, provider);

    for (size_t i = 0; i < l->part_count; i++)
        if (strcmp(l->parts[i].stored->provider, code) == 0) {
            /* Without memory it is only looked up again. */
            (void)table_set(&l->by_provider, provider, &l->parts[i], NULL);
            return &l->parts[i];
        }
    return NULL;
}

/* The first snapshot of an organisation that took over from another of the list: the other's pathways are its
 * own from now on, and none of them starts or stops by that. */
static int take_over(struct apply *a, struct part *part, struct civil_date census)
{
    struct list_apply *l = a->into;
    const char *before = succession_from(a->pipeline, l->list, part->stored, census);

    for (size_t i = 0; before && i < l->part_count; i++) {
        struct part *other = &l->parts[i];

        if (strcmp(other->stored->provider, before) != 0 || other->rows > 0)
            continue;
        log_info("apply", "list=%s provider=%s goes on as %s", l->list->id, before,
                 part->stored->provider);
        part->is_moved = other->is_moved = true;
        part->change.rewrite = other->change.rewrite = true;
        return succession_move(a->pipeline, l->list, other->stored, part->stored);
    }
    return 0;
}

static int take_event(const struct reading *reading, struct part *part,
                      const struct pathway_record *row)
{
    struct civil_date came = wall_date(reading->file->at), *first = &part->stored->first_event;

    if (reading->only && !reading->takes_back && date_is_set(row->census) &&
        date_compare(row->census, came) <= 0 &&
        (!date_is_set(part->reaches) || date_compare(row->census, part->reaches) > 0))
        part->reaches = row->census;
    if (reading->takes_back)
        return list_take_back(part->stored->state, row, came, &part->change);
    if (!date_is_set(*first) || date_compare(row->event_date, *first) < 0)
        *first = row->event_date;
    int r = list_event(part->stored->state, row, came, &part->change);

    return r < 0 ? r : 0;
}

static int take_row(struct apply *a, struct part *part, const struct pathway_record *row)
{
    int r = 0;

    if (!is_snapshot(a))
        return take_event(&a->into->readings.list[a->into->reading], part, row);
    if (!part->has_begun) {
        r = take_over(a, part, row->census);
        if (r < 0)
            return r;
        r = list_snapshot_begin(part->stored->state, row->census, a->received, a->into->duplicates);
        part->has_begun = true;
        part->is_older = r == -ESTALE || r == -ERANGE;
        if (r < 0 && !part->is_older)
            return r;
    }
    if (part->is_older)
        return 0;
    r = list_snapshot_row(part->stored->state, row);
    return r < 0 ? r : 0;
}

static int on_row(void *arg, const struct pathway_record *row)
{
    struct apply *a = arg;
    struct list_apply *l = a->into;
    const struct reading *reading = &l->readings.list[l->reading];
    bool is_other = row->service && !text_same(row->service, l->list->service);
    int r = reading_has(reading, row);

    if (r <= 0)
        return r;
    struct part *part = row->provider && !is_other ? part_of(a, row->provider) : NULL;
    struct civil_date date = is_snapshot(a) ? row->census : row->event_date;

    l->rows += !reading->takes_back;
    if (!part) {
        l->others += !reading->takes_back;
        return 0;
    }
    part->rows++;
    if (!reading->takes_back && date_is_set(date) &&
        (!date_is_set(a->newest) || date_compare(date, a->newest) > 0))
        a->newest = date;
    return take_row(a, part, row);
}

/* The file was read with two keys: what the list knows under the old one gets its new name. */
static int rename_parts(struct apply *a)
{
    struct list_apply *l = a->into;
    AUTO(auto_free) struct renamed *renamed = NULL;
    size_t count = 0, all = 0;
    int r = a->file->renamed ? renamed_load(a->pipeline, a->file->renamed, &renamed, &count) : 0;

    for (size_t i = 0; r == 0 && a->file->renamed && i < l->part_count; i++) {
        struct part *part = &l->parts[i];
        size_t done = 0;

        r = list_rename(part->stored->state, renamed, count, &done);
        part->is_renamed = part->change.rewrite = done > 0;
        all += done;
    }
    if (all)
        log_info("apply", "feed=%s list=%s renamed=%zu by the new key", a->feed->id, l->list->id,
                 all);
    return r;
}

/* The next of the files that are read. */
static int open_reading(struct apply *a)
{
    struct list_apply *l = a->into;

    fd_close(&a->fd);
    pathway_archive_free(l->reader);
    l->reader = NULL;
    a->fd = archive_read(a->pipeline->archive, receipt_archived(l->readings.list[l->reading].file));
    if (a->fd < 0)
        return a->fd;
    l->reader = pathway_archive_new(on_row, a);
    return l->reader ? 0 : -ENOMEM;
}

int apply_list_begin(struct apply *a)
{
    struct pipeline *p = a->pipeline;
    const struct list_setting *list = settings_list(p->config->settings, a->feed->into);
    struct list_apply *l = calloc(1, sizeof *l);

    if (!l)
        return -ENOMEM;
    a->into = l;
    l->list = list;
    l->why = (struct text)TEXT_INIT;
    l->parts = calloc(list->providers.count, sizeof *l->parts);
    if (!l->parts)
        return -ENOMEM;
    for (size_t i = 0; i < list->providers.count; i++) {
        struct part *part = &l->parts[l->part_count];

        part->stored = books_list(&p->books, list->id, list->providers.items[i]);
        part->change = (struct list_change)LIST_CHANGE_INIT;
        part->reaches = DATE_NONE;
        part->before = list_known_upto(part->stored->state);
        part->book = part->censuses = (struct text)TEXT_INIT;
        l->part_count++;
    }
    int r = readings_find(p, a->feed, a->receipt, a->file, &l->readings);

    if (r == 0 && l->readings.count)
        r = open_reading(a);
    if (r < 0)
        return r;
    /* Which row of a pathway stands says the mapping, as it was. */
    const struct format *format = NULL;
    struct format *owned = NULL;

    r = mapping_of(p, a->file, &format, &owned);
    if (r == 0)
        l->duplicates =
            strcmp(format_duplicate(format), "last") == 0 ? LIST_LAST_STANDS : LIST_FIRST_STANDS;
    format_free(owned);
    return r == 0 ? rename_parts(a) : r;
}

/* The change of a part after its last row. */
static int end_part(struct apply *a, struct part *part)
{
    struct pathway_list *state = part->stored->state;

    if (part->is_older || part->rows == 0)
        return 0;
    if (date_is_set(part->reaches))
        list_reaches(state, part->reaches);
    if (!is_snapshot(a))
        return list_events_end(state, &part->change);
    int r = list_snapshot_end(state, &part->change);

    part->stored->set_aside = a->file->set_aside;
    for (size_t v = LIST_OLDER + 1; v < LIST_VERDICTS; v++)
        part->stored->set_aside += part->change.verdicts[v];
    return r == 0 ? stored_list_census(part->stored, list_census(state)) : r;
}

/* ---- identities ---- */

static void abandon(struct part *part)
{
    if (part->has_begun && !part->is_older)
        list_snapshot_abandon(part->stored->state);
    part->has_begun = part->is_older = false;
    part->rows = 0;
    part->change = (struct list_change)LIST_CHANGE_INIT;
    part->change.rewrite = part->is_renamed || part->is_moved;
}

/* A person accepted that everybody has another key: what was known of the part under the old ones ends
 * without a stop, and the rows are read again. Returns 1, or -errno. */
static int begin_afresh(struct apply *a)
{
    struct list_apply *l = a->into;
    int r = 0;

    for (size_t i = 0; r == 0 && i < l->part_count; i++) {
        struct part *part = &l->parts[i];

        abandon(part);
        if (part->is_rekeyed) {
            r = lists_new_state(a->pipeline, l->list, part->stored);
            part->before = DATE_NONE;
        }
    }
    pathway_archive_free(l->reader);
    l->reader = pathway_archive_new(on_row, a);
    l->rows = l->others = 0;
    if (r == 0 && !l->reader)
        r = -ENOMEM;
    return r < 0 ? r : lseek(a->fd, 0, SEEK_SET) < 0 ? -errno : 1;
}

/* Whether a part of the snapshot has its people under other keys, or may not be believed for another
 * reason. Returns 0; 1: it is read once more; -EKEYREJECTED with its words: a person decides; -errno. */
static int check_parts(struct apply *a)
{
    struct list_apply *l = a->into;
    bool any = false;

    for (size_t i = 0; is_snapshot(a) && i < l->part_count; i++) {
        struct part *part = &l->parts[i];
        struct rekeying counts;

        if (!part->has_begun || part->is_older)
            continue;
        int r = list_is_rekeyed(part->stored->state, &counts);

        if (r < 0)
            return r;
        part->is_rekeyed = r;
        if (r > 0 && !any)
            (void)text_printf(&l->why,
                              "identities changed: of %" PRIu64 " who waited at %s %" PRIu64
                              " are gone, and %" PRIu64 " of those came under other keys with the "
                              "same clock starts",
                              counts.open, part->stored->provider, counts.gone, counts.alike);
        any |= r;
        if (!any && !a->receipt->decides)
            any = list_is_implausible(part->stored->state, part->stored->provider, part->rows,
                                      &l->why);
    }
    if (!any)
        return 0;
    if (a->receipt->decides)
        return begin_afresh(a);
    for (size_t i = 0; i < l->part_count; i++)
        abandon(&l->parts[i]);
    return text_ok(&l->why) ? -EKEYREJECTED : -ENOMEM;
}

bool apply_list_is_ahead(const struct apply *a)
{
    bool is_ahead = false;

    for (size_t i = 0; i < a->into->part_count; i++)
        is_ahead |= a->into->parts[i].is_renamed || a->into->parts[i].is_moved;
    return is_ahead;
}

const char *apply_list_why(const struct apply *a)
{
    return text_str(&a->into->why);
}

static int end_reading(struct apply *a, bool *out_is_done)
{
    struct list_apply *l = a->into;
    int r = pathway_archive_finish(l->reader);

    *out_is_done = l->reading + 1 == l->readings.count;
    if (r < 0 || *out_is_done)
        return r;
    l->reading++;
    return open_reading(a);
}

bool apply_list_is_idle(const struct apply *a)
{
    return a->into->readings.count == 0;
}

int apply_list_read(struct apply *a, bool *out_is_done)
{
    char block[16384];
    int r = 0;

    *out_is_done = a->into->readings.count == 0;
    for (size_t done = 0; r == 0 && done < PORTION_BYTES && !*out_is_done;) {
        ssize_t n = read(a->fd, block, sizeof block);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        done += (size_t)n;
        r = n == 0 ? end_reading(a, out_is_done)
                   : pathway_archive_push(a->into->reader, block, (size_t)n);
    }
    if (r == 0 && *out_is_done)
        r = check_parts(a);
    if (r > 0) { /* read once more, into lists that know nobody */
        *out_is_done = false;
        return 0;
    }
    for (size_t i = 0; r == 0 && *out_is_done && i < a->into->part_count; i++)
        r = end_part(a, &a->into->parts[i]);
    return r;
}

/* ---- into Redis ---- */

static bool is_changed(const struct part *part)
{
    return part->is_renamed || part->is_moved || (part->rows > 0 && !part->is_older);
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

        part->is_staged = part->change.rewrite || part->stored->generation == 0 ||
                          part->touched > room ||
                          (overlaid > FOLD_LEAST && overlaid > counts.pathways / FOLD_SHARE);
        if (!part->is_staged)
            room -= part->touched;
        part->bits = list_bucket_bits(part->stored->state);
    }
}

/* Packs the next blobs of a part and sends them. The first holds what is only counted. */
static int stage_some(struct pipeline *p, struct part *part)
{
    struct pathway_list *state = part->stored->state;
    struct text packed[STAGE_BLOBS_MAX];
    struct bytes blobs[STAGE_BLOBS_MAX];
    size_t n = 0, first = part->blobs, pathways = 1;
    int r = 0;

    while (r == 0 && n < STAGE_BLOBS_MAX && (part->blobs == 0 || part->bucket >> part->bits == 0)) {
        packed[n] = (struct text)TEXT_INIT;
        if (part->blobs == 0)
            r = list_pack_counted(state, &packed[n]);
        else
            r = list_pack(state, part->bucket++, part->bits, &packed[n], &pathways);
        blobs[n] = (struct bytes){ text_str(&packed[n]), packed[n].len };
        if (r == 0 && pathways == 0) {
            text_release(&packed[n]);
            continue;
        }
        n++;
        part->blobs++;
    }
    if (r == 0 && n > 0)
        batch_add(p, store_stage_list(p->store, part->stored->name, part->stored->generation + 1,
                                      first, blobs, n, batch_done, p));
    for (size_t i = 0; i < n; i++)
        text_release(&packed[i]);
    return r;
}

static bool stage_next(struct pipeline *p)
{
    struct list_apply *l = p->apply->into;

    for (; l->staging < l->part_count; l->staging++) {
        struct part *part = &l->parts[l->staging];

        if (!part->is_staged || (part->blobs > 0 && part->bucket >> part->bits))
            continue;
        int r = stage_some(p, part);

        if (r < 0)
            batch_fail(p, r);
        return true;
    }
    return false;
}

static void finish_staging(struct pipeline *p)
{
    apply_send_slices(p->apply);
}

void apply_list_commit(struct apply *a)
{
    choose(a);
    batch_run_few(a->pipeline, STAGE_CALLS_MOST, stage_next, finish_staging);
}

struct civil_date apply_list_from(const struct apply *a)
{
    struct civil_date from = DATE_NONE;

    for (size_t i = 0; i < a->into->part_count; i++) {
        const struct part *part = &a->into->parts[i];
        struct civil_date changed = part->change.from;

        if (part->rows == 0 || part->is_older)
            continue;
        if (!date_is_set(part->before))
            return DATE_NONE;
        if (!date_is_set(changed) || date_compare(part->before, changed) < 0)
            changed = part->before;
        if (!date_is_set(from) || date_compare(changed, from) < 0)
            from = changed;
    }
    return date_is_set(from) ? from : a->newest;
}

/* A group is as the last snapshot says: a child who has since gone on to the next stage, moved house or
 * had a birthday was counted elsewhere at an earlier census, whose figures stand as they were counted. */
struct civil_date apply_list_stocks_from(const struct apply *a)
{
    struct civil_date after = DATE_NONE;

    for (size_t i = 0; i < a->into->part_count; i++) {
        const struct part *part = &a->into->parts[i];
        size_t n = part->stored->census_count;

        if (part->rows == 0 || part->is_older)
            continue;
        if (n < 2)
            return apply_list_from(a);
        struct civil_date next = date_add_days(part->stored->censuses[n - 2], 1);

        if (!date_is_set(after) || date_compare(next, after) < 0)
            after = next;
    }
    struct civil_date from = apply_list_from(a);

    return date_is_set(after) && (!date_is_set(from) || date_compare(after, from) > 0) ? after
                                                                                       : from;
}

/* ---- what the list says of itself ---- */

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

/* A part that the file did not touch only says its era: then the list is whole. */
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
    const struct list_commit commit = { a->book, a->expected, ledger_key,
                                        entry,   states,      l->part_count };
    int r = states ? find_overlay(l, &overlay) : -ENOMEM;

    for (size_t i = 0; r == 0 && i < l->part_count; i++)
        r = describe(&l->parts[i], &states[i]);
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
        list_touched_clear(part->stored->state);
    }
}

/* ---- the feed's book ---- */

/* Providers that the feed must cover and that have no part of this census. */
static int find_missing(struct apply *a)
{
    const struct settings *s = a->pipeline->config->settings;
    const struct list_apply *l = a->into;
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->feed->providers.count; i++)
        for (size_t k = 0; r == 0 && k < l->part_count; k++) {
            const struct stored_list *stored = l->parts[k].stored;
            struct civil_date census = list_census(stored->state);
            bool missing = !date_is_set(census) || date_compare(census, a->newest) < 0;

            if (strcmp(stored->provider,
                       settings_org_on(s, a->feed->providers.items[i], a->newest)) != 0 ||
                !settings_org_has_begun(s, stored->provider, a->newest))
                continue;
            if (missing)
                log_warning("apply", "feed=%s provider=%s missing from \"%s\"", a->feed->id,
                            stored->provider, a->file->name);
            r = feed_book_gap(a->book, stored->provider, "", NULL, a->newest, missing);
        }
    return r;
}

/* What is wrong with the parts that the file brought. */
static int find_flaws(struct apply *a)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->into->part_count; i++) {
        const struct part *part = &a->into->parts[i];

        if (part->rows > 0 && !part->is_older)
            r = places_judge(part->stored, a->newest, !is_snapshot(a), a->book);
        if (r == 0 && part->rows > 0 && !part->is_older)
            r = succession_judge(a->pipeline, a->into->list, part->stored, a->newest, a->book);
    }
    return r;
}

static void add_count(struct text *words, uint64_t count, const char *what)
{
    if (count)
        (void)text_printf(words, ", %" PRIu64 " %s", count, what);
}

static int set_outcome(struct apply *a)
{
    const struct list_apply *l = a->into;
    AUTO(text_release) struct text words = TEXT_INIT;
    struct list_change sum = LIST_CHANGE_INIT;
    bool is_older = false;

    for (size_t i = 0; i < l->part_count; i++) {
        const struct list_change *c = &l->parts[i].change;

        for (size_t v = 0; v < LIST_VERDICTS; v++)
            sum.verdicts[v] += c->verdicts[v];
        sum.started += c->started;
        sum.stopped += c->stopped;
        sum.returned += c->returned;
        sum.duplicates += c->duplicates;
        is_older |= l->parts[i].is_older;
    }
    if (apply_list_is_idle(a))
        return apply_set_words(&a->book->last_outcome, "%s",
                               l->readings.words.len ? text_str(&l->readings.words)
                                                     : "accepted: nothing in it counts");
    (void)text_printf(&words, "accepted%s: %lu rows", a->receipt->decides ? " by a person" : "",
                      l->rows);
    add_count(&words, sum.started, "started");
    add_count(&words, sum.stopped, "stopped");
    add_count(&words, sum.returned, "came back");
    add_count(&words, sum.duplicates, "of pathways that had another row");
    add_count(&words, l->others, "of services or providers that are not on this list");
    for (size_t v = LIST_OLDER + 1; v < LIST_VERDICTS; v++)
        add_count(&words, sum.verdicts[v], list_verdict_name((enum list_verdict)v));
    if (is_older)
        (void)text_puts(&words, "; the list has a later census: it stands as it was");
    (void)text_printf(&words, "; %zu figures changed", a->changed);
    if (l->readings.words.len)
        (void)text_printf(&words, "; %s", text_str(&l->readings.words));
    return text_ok(&words) ? apply_set_words(&a->book->last_outcome, "%s", text_str(&words))
                           : -ENOMEM;
}

int apply_list_book(struct apply *a)
{
    struct feed_book *b = a->book;
    bool is_set = a->feed->kind == FEED_SET;
    struct civil_date newest = is_set ? a->into->readings.newest : a->newest;
    int r = 0;

    b->files++;
    if (!apply_list_is_idle(a) && a->file->at.ms > b->last_received.ms)
        b->last_received = a->file->at;
    if (date_is_set(newest) &&
        (!date_is_set(b->newest_period_end) || date_compare(newest, b->newest_period_end) > 0))
        b->newest_period_end = newest;
    if (!is_set) /* of a set each file is needed */
        feed_book_supersede(b, a->file->sequence, a->file->part ? a->file->part : "", a->newest);
    if (is_snapshot(a) && date_is_set(a->newest)) {
        r = find_missing(a);
        if (r == 0)
            r = feed_book_part(b, "", a->newest);
    }
    if (r == 0)
        r = find_flaws(a);
    return r == 0 ? set_outcome(a) : r;
}
