#include "pipeline_apply_list_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "pathway/list_identity.h"
#include "pathway/list_plausible.h"
#include "pathway/list_rename.h"

/*
 * A pathway file into its list. Its rows, as they were packed when it was taken in or, where they were not or
 * something came between, as the archive has them, are taken into the parts of the list in memory, a portion in a
 * turn of the loop; then (1) parts that changed much are staged in Redis as a new
 * generation, which nobody sees; (2) the figures that the file changed go to their series, each judged
 * against what is stored; (3) one call brings the generations, or the few pathways that changed, into force
 * together with the feed's book and the ledger. A crash before (3) leaves Redis with the list as it was,
 * and repeats the receipt. What is in memory ahead of Redis is never judged: a failure loads it again.
 */

void apply_list_free(struct list_apply *l)
{
    if (!l)
        return;
    relay_free(l->relay); /* its thread works on what goes now */
    pathway_archive_free(l->reader);
    apply_lanes_close(l);
    apply_load_free(l->load);
    helper_free(l->helper);
    digest_free(l->digest);
    readings_release(&l->readings);
    text_release(&l->why);
    for (size_t i = 0; i < l->part_count; i++) {
        elsewhere_release(&l->parts[i].elsewhere);
        ended_release(&l->parts[i].ended);
        text_release(&l->parts[i].book);
        text_release(&l->parts[i].censuses);
    }
    free(l->parts);
    table_release(&l->by_provider, NULL);
    free(l);
}

/* ---- rows ---- */

#define ARCHIVE_BLOCK ((size_t)16 << 10) /* bytes read and parsed at once */

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

/* Whether a row is of another service than the list. */
static bool is_of_other(const struct list_apply *l, const struct pathway_record *row)
{
    return row->service && !text_same(row->service, l->list->service);
}

/* The first snapshot of an organisation that took over from another of the list: the other's pathways are its
 * own from now on, and none of them starts or stops by that. */
static int take_over(struct apply *a, struct part *part, struct civil_date census)
{
    struct list_apply *l = a->into;
    const char *before = succession_from(a->pipeline, l->list, part->stored, census);

    for (size_t i = 0; before && i < l->part_count; i++) {
        struct part *other = &l->parts[i];

        if (strcmp(other->stored->provider, before) != 0 || other->has_begun)
            continue;
        log_info("apply", "list=%s provider=%s goes on as %s", l->list->id, before,
                 part->stored->provider);
        part->is_moved = other->is_moved = true;
        part->change.rewrite = other->change.rewrite = true;
        return succession_move(a->pipeline, l->list, other->stored, part->stored);
    }
    return 0;
}

/* The list begins with the earliest day that an event is told of, also by one over which another stands: figures
 * begin there whatever the order of the files. */
static void note_first(struct part *part, struct civil_date day)
{
    struct civil_date *first = &part->stored->first_event, *from = &part->change.from;

    if (date_is_set(*first) && date_compare(day, *first) >= 0)
        return;
    *first = day;
    if (!date_is_set(*from) || date_compare(day, *from) < 0)
        *from = day;
}

static int take_event(const struct reading *reading, struct part *part,
                      const struct pathway_record *row)
{
    struct civil_date came = wall_date(reading->file->at);

    if (reading->only && !reading->takes_back && date_is_set(row->census) &&
        date_compare(row->census, came) <= 0 &&
        (!date_is_set(part->reaches) || date_compare(row->census, part->reaches) > 0))
        part->reaches = row->census;
    if (reading->takes_back)
        return list_take_back(part->stored->state, row, came, &part->change);
    int r = list_event(part->stored->state, row, came, &part->change);

    if (r >= 0 && r <= LIST_OLDER)
        note_first(part, row->event_date);
    return r < 0 ? r : 0;
}

int apply_begin_part(struct apply *a, struct part *part, struct civil_date census)
{
    int r = part->has_begun ? 0 : take_over(a, part, census);

    if (r < 0 || part->has_begun)
        return r;
    r = list_snapshot_begin(part->stored->state, census, a->received, a->into->duplicates);
    part->has_begun = true;
    part->is_older = r == -ESTALE || r == -ERANGE;
    return part->is_older ? 0 : r;
}

static int take_row(struct apply *a, struct part *part, const struct pathway_record *row)
{
    if (!apply_is_snapshot(a))
        return take_event(&a->into->readings.list[a->into->reading], part, row);
    int r = apply_begin_part(a, part, row->census);

    if (r < 0 || part->is_older)
        return r;
    r = list_snapshot_row(part->stored->state, row);
    return r < 0 ? r : 0;
}

static bool is_news(const struct reading *reading)
{
    return !reading->takes_back && !reading->is_again;
}

int apply_part_row(struct apply *a, struct part *part, const struct pathway_record *row)
{
    struct civil_date date = apply_is_snapshot(a) ? row->census : row->event_date;

    part->rows++;
    if (is_news(&a->into->readings.list[a->into->reading]) && date_is_set(date) &&
        (!date_is_set(part->newest) || date_compare(date, part->newest) > 0))
        part->newest = date;
    return take_row(a, part, row);
}

/* A row that is left out may be of somebody who is on the list. */
static int note_elsewhere(struct list_apply *l, const struct pathway_record *row)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < l->part_count; i++)
        r = elsewhere_note(&l->parts[i].elsewhere, l->parts[i].stored->state, row->pathway);
    return r;
}

static int on_row(void *arg, const struct pathway_record *row)
{
    struct apply *a = arg;
    struct list_apply *l = a->into;
    const struct reading *reading = &l->readings.list[l->reading];
    struct pathway_record ranked;
    uint64_t version;
    int r = reading_has(reading, row, &version);

    if (r <= 0)
        return r;
    struct part *part = row->provider && !is_of_other(l, row) ? part_of(a, row->provider) : NULL;

    if (apply_is_snapshot(a) && row->event)
        return part ? ended_note(&part->ended, row) : 0;
    l->rows += is_news(reading);
    if (!part) {
        l->others += is_news(reading);
        return apply_is_snapshot(a) ? note_elsewhere(l, row) : 0;
    }
    if (version == row->version)
        return apply_part_row(a, part, row);
    ranked = *row;
    ranked.version = version;
    return apply_part_row(a, part, &ranked);
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

static int on_archived(void *arg, const struct pathway_record *row)
{
    struct apply *a = arg;

    return a->into->relay ? relay_put(a->into->relay, row) : on_row(a, row);
}

static int read_block(void *arg, bool *out_is_done)
{
    struct apply *a = arg;
    struct list_apply *l = a->into;
    char block[ARCHIVE_BLOCK];
    ssize_t n;

    do
        n = read(a->fd, block, sizeof block);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (l->digest)
        digest_add(l->digest, block, (size_t)n);
    *out_is_done = n == 0;
    return n == 0 ? pathway_archive_finish(l->reader)
                  : pathway_archive_push(l->reader, block, (size_t)n);
}

/* From where the file stands on; a large one by a thread of its own. */
static int begin_reading(struct apply *a)
{
    struct list_apply *l = a->into;
    struct stat st;

    l->reader = pathway_archive_new(on_archived, a);
    if (!l->reader)
        return -ENOMEM;
    if (fstat(a->fd, &st) < 0)
        return -errno;
    if ((uintmax_t)st.st_size < RELAY_LEAST)
        return 0;
    l->relay = relay_new(read_block, a);
    return l->relay ? 0 : -ENOMEM;
}

/* The next of the files that are read: its rows as they were packed, or its bytes in the archive. */
static int open_reading(struct apply *a)
{
    struct list_apply *l = a->into;

    const struct receipt *file = l->readings.list[l->reading].file;

    relay_free(l->relay);
    fd_close(&a->fd);
    pathway_archive_free(l->reader);
    digest_free(l->digest);
    apply_lanes_close(l);
    l->relay = NULL;
    l->reader = NULL;
    l->digest = NULL;
    l->packed = apply_is_snapshot(a) ? packed_take(a->pipeline, file) : NULL;
    if (l->packed)
        return apply_lanes_open(l);
    l->digest = file->sequence <= a->pipeline->loaded_upto ? digest_new() : NULL;
    a->fd = archive_read(a->pipeline->archive, receipt_archived(file));
    if (a->fd < 0)
        return a->fd;
    return begin_reading(a);
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
        part->reaches = part->newest = DATE_NONE;
        part->before = list_known_upto(part->stored->state);
        part->book = part->censuses = (struct text)TEXT_INIT;
        l->part_count++;
    }
    int r = apply_is_snapshot(a) ? 0 : apply_check_left_out(a);

    if (r != 0)
        return r < 0 ? r : -EKEYREJECTED;
    r = readings_find(p, a->feed, a->receipt, a->file, &l->readings);
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
static int end_part(void *arg, size_t at)
{
    struct apply *a = arg;
    struct part *part = &a->into->parts[at];
    struct pathway_list *state = part->stored->state;

    if (part->is_older || part->rows == 0)
        return 0;
    if (date_is_set(part->reaches))
        list_reaches(state, part->reaches);
    if (!apply_is_snapshot(a))
        return list_events_end(state, &part->change);
    int r = list_snapshot_end(state, &part->change);

    part->stored->set_aside = a->file->set_aside;
    for (size_t v = LIST_OLDER + 1; v < LIST_VERDICTS; v++)
        part->stored->set_aside += part->change.verdicts[v];
    return r == 0 ? stored_list_census(part->stored, list_census(state)) : r;
}

/* Who is gone from one part and came to another by the same census has moved; the file may be that of either
 * of them. */
static int mark_moved(struct apply *a)
{
    struct list_apply *l = a->into;
    const struct pathway_list **others = calloc(l->part_count, sizeof *others);
    int r = others ? 0 : -ENOMEM;

    for (size_t i = 0; r >= 0 && i < l->part_count && l->part_count > 1; i++) {
        struct part *part = &l->parts[i];
        size_t n = 0;

        for (size_t k = 0; k < l->part_count; k++)
            if (k != i)
                others[n++] = l->parts[k].stored->state;
        r = list_mark_moved(part->stored->state, others, n, a->newest, &part->change);
        part->is_marked = r > 0;
    }
    free(others);
    return r < 0 ? r : 0;
}

/* ---- identities ---- */

static void abandon(struct part *part)
{
    if (part->has_begun && !part->is_older)
        list_snapshot_abandon(part->stored->state);
    elsewhere_release(&part->elsewhere);
    ended_release(&part->ended);
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
    l->rows = l->others = 0;
    if (r == 0)
        r = open_reading(a);
    return r < 0 ? r : 1;
}

/* Whether people of a part stand under codes that are not of the list. Returns 1: a person decides; 0: they
 * stay where they are, or a person accepted that they go; -ENOMEM. */
static int check_elsewhere(struct apply *a, struct part *part)
{
    struct pathway_list *state = part->stored->state;

    if (part->is_older || a->receipt->decides)
        return 0;
    int r = elsewhere_settle(&part->elsewhere, state);

    if (r < 0)
        return r;
    if (elsewhere_is_implausible(&part->elsewhere, state, part->stored->provider, &a->into->why))
        return 1;
    return part->has_begun ? elsewhere_keep(&part->elsewhere, state) : 0;
}

/* Whether a part has its people under other keys, or may not be believed for another reason. Returns 1, 0 or
 * -ENOMEM. */
static int check_part(struct apply *a, struct part *part)
{
    struct text *why = &a->into->why;
    struct rekeying counts;

    if (!part->has_begun || part->is_older)
        return check_elsewhere(a, part);
    part->change.duplicates += ended_apply(&part->ended, part->stored->state);
    int r = list_is_rekeyed(part->stored->state, &counts);

    if (r < 0)
        return r;
    part->is_rekeyed = r;
    if (r > 0) {
        (void)text_puts(why, "identities changed: ");
        people_share(why, counts.gone, counts.open);
        (void)text_printf(why, " people who waited at %s are gone, and ", part->stored->provider);
        people_of_those(why, counts.alike, counts.gone);
        return text_puts(why, " came under other keys with the same clock starts") < 0 ? -ENOMEM
                                                                                       : 1;
    }
    if (a->receipt->decides)
        return 0;
    r = list_is_implausible(part->stored->state, part->stored->provider, part->rows, &counts, why);
    return r == 0 ? check_elsewhere(a, part) : r;
}

/* Returns 0; 1: it is read once more; -EKEYREJECTED with its words: a person decides; -errno. */
static int check_parts(struct apply *a)
{
    struct list_apply *l = a->into;
    bool any = false;

    for (size_t i = 0; apply_is_snapshot(a) && i < l->part_count; i++) {
        int r = any && !a->receipt->decides ? 0 : check_part(a, &l->parts[i]);

        if (r < 0)
            return r;
        any |= r > 0;
    }
    if (!any && apply_is_snapshot(a)) {
        int r = apply_check_left_out(a);

        if (r <= 0)
            return r;
        any = true;
    }
    if (!any)
        return 0;
    if (a->receipt->decides)
        return begin_afresh(a);
    apply_list_forget(a);
    return text_ok(&l->why) ? -EKEYREJECTED : -ENOMEM;
}

bool apply_list_is_ahead(const struct apply *a)
{
    bool is_ahead = false;

    for (size_t i = 0; i < a->into->part_count; i++)
        is_ahead |= a->into->parts[i].is_renamed || a->into->parts[i].is_moved ||
                    (!apply_is_snapshot(a) && a->into->parts[i].rows > 0);
    return is_ahead;
}

void apply_list_forget(struct apply *a)
{
    for (size_t i = 0; i < a->into->part_count; i++)
        abandon(&a->into->parts[i]);
}

bool apply_list_is_staged(const struct apply *a)
{
    return a->into && a->into->load;
}

const char *apply_list_why(const struct apply *a)
{
    return text_str(&a->into->why);
}

static int end_reading(struct apply *a, bool *out_is_done)
{
    struct list_apply *l = a->into;
    char found[SHA256_TEXT_MAX];
    int r = 0;

    relay_free(l->relay);
    l->relay = NULL;
    apply_lanes_close(l);
    if (l->digest) { /* what lay there for long may have rotted, and still read as rows */
        digest_end(l->digest, found);
        l->digest = NULL;
        if (strcmp(found, receipt_archived(l->readings.list[l->reading].file)) != 0)
            r = -EBADMSG;
    }
    *out_is_done = l->reading + 1 == l->readings.count;
    if (r < 0 || *out_is_done)
        return r;
    l->reading++;
    return open_reading(a);
}

static int read_portion(struct apply *a, bool *out_is_done)
{
    struct list_apply *l = a->into;
    int r = 0;

    *out_is_done = l->readings.count == 0;
    for (size_t done = 0; r == 0 && done < PORTION_BYTES && !*out_is_done;) {
        bool is_read = false;

        done += l->relay || l->packed ? PORTION_BYTES : ARCHIVE_BLOCK;
        r = l->packed  ? apply_lanes_take(a, on_row, &is_read)
            : l->relay ? relay_take(l->relay, on_row, a, &is_read)
                       : read_block(a, &is_read);
        if (r == 0 && is_read)
            r = end_reading(a, out_is_done);
    }
    if (r < 0) { /* its thread ends before its file is closed */
        relay_free(l->relay);
        l->relay = NULL;
    }
    return r;
}

bool apply_list_is_idle(const struct apply *a)
{
    return a->into->readings.count == 0;
}

static void find_newest(struct apply *a)
{
    for (size_t i = 0; i < a->into->part_count; i++) {
        struct civil_date newest = a->into->parts[i].newest;

        if (date_is_set(newest) && (!date_is_set(a->newest) || date_compare(newest, a->newest) > 0))
            a->newest = newest;
    }
}

int apply_list_read(struct apply *a, bool *out_is_done)
{
    int r = read_portion(a, out_is_done);

    if (r == 0 && *out_is_done) {
        find_newest(a);
        r = check_parts(a);
    }
    if (r > 0) { /* read once more, into lists that know nobody */
        *out_is_done = false;
        return 0;
    }
    if (r == 0 && *out_is_done)
        r = helper_share(a->into->helper, a->into->part_count, end_part, a);
    return r == 0 && *out_is_done && apply_is_snapshot(a) && date_is_set(a->newest) ? mark_moved(a)
                                                                                    : r;
}
