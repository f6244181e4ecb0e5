#include "pipeline_take_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "feed/submissions.h"
#include "parse/limits.h"
#include "pathway/list_plausible.h"
#include "store/pathway_key.h"

/*
 * A file of pathways is parsed as it lies in its inbox, hashed in the same pass, and what is written is its
 * rows: declared columns alone, identifiers made pseudonyms. Invariants: (1) none of its own bytes come into
 * the archive; (2) only those of a refused file are kept, in the quarantine, for a time; (3) what people
 * called it comes out nowhere: a name may be a person's.
 */

/* Bytes, of some five million rows; at most twice that: of the file being read, and of the one before it. They
 * are gone when the list, which takes more, is put together. */
#define PACKED_MOST ((size_t)256 << 20)

/* No more than a file may have, and one more to know it. */
static int note_submission(struct taking *t, const struct pathway_record *row)
{
    AUTO(text_release) struct text key = TEXT_INIT;
    int r = submission_key(row, &key);

    if (r < 0) {
        t->lacks_submission |= r == -ENOENT;
        return r == -ENOENT ? 0 : r;
    }
    if (table_has(&t->submissions, text_str(&key)) ||
        table_count(&t->submissions) > SUBMISSIONS_IN_FILE)
        return 0;
    return table_set(&t->submissions, text_str(&key), t, NULL);
}

/* Each as its rows name it, once: it is known then which of the list's it is, from 1 on; 0: none. */
static int provider_place(struct taking *t, const char *printed, size_t *out_place)
{
    const struct text_list *providers = &t->list->providers;
    uintptr_t known = (uintptr_t)table_get(&t->printed, printed);

    *out_place = known && known <= providers->count ? known : 0;
    if (known)
        return 0;
    const char *code = settings_org_code(t->pipeline->config->settings, printed);
    size_t i = 0;

    while (i < providers->count && strcmp(providers->items[i], code) != 0)
        i++;
    *out_place = i < providers->count ? i + 1 : 0;
    int r = table_set(&t->printed, printed, (void *)(uintptr_t)(i + 1), NULL);

    return r < 0 ? r : table_set(&t->organisations, code, t, NULL);
}

/* Into memory too. Without room there they are read from the archive once more. */
static void pack_row(struct taking *t, size_t lane, const struct pathway_record *row)
{
    if (!t->packed || packed_rows_add(t->packed, lane, row) == 0)
        return;
    packed_rows_free(t->packed);
    t->packed = NULL;
}

int take_pathway_row(void *arg, const struct pathway_record *row)
{
    struct taking *t = arg;
    size_t place = 0;
    int r = pathway_writer_add(&t->writer, row);

    if (row->event && format_records(t->format) == RECORDS_PATHWAY_SNAPSHOT) {
        pack_row(t, 0, row);
        return r; /* its pathway is not of the list */
    }
    if (r == 0 && t->is_set)
        r = note_submission(t, row);
    if (r == 0 && row->provider)
        r = provider_place(t, row->provider, &place);
    bool is_named = !row->service || strcmp(row->service, t->list->service) == 0;

    if (!is_named)
        t->receipt.left_out.of[LEFT_OUT_SERVICE]++;
    else if (!place)
        t->receipt.left_out.of[LEFT_OUT_PROVIDER]++;
    pack_row(t, is_named || text_same(row->service, t->list->service) ? place : 0, row);
    return r;
}

static int on_pathway(void *arg, const struct pathway_record *row)
{
    struct taking *t = arg;

    return t->relay ? relay_put(t->relay, row) : take_pathway_row(t, row);
}

static int parse_step(void *arg, bool *out_is_done)
{
    return content_step(arg, out_is_done);
}

static bool hash_step(void *arg)
{
    return content_help(arg);
}

static int name_person(void *arg, struct pathway_record *row)
{
    return parser_name_person(((struct taking *)arg)->people, row);
}

/* Parsed as it lies in its inbox; a large one by a thread of its own. */
static int begin_parsing(struct taking *t, bool is_large)
{
    int r = content_new(t->fd, t->parser, &t->content);

    if (r == 0)
        r = content_hash(t->content, t->digest);
    if (r < 0 || !is_large)
        return r;
    t->relay = relay_new(parse_step, t->content);
    if (!t->relay)
        return -ENOMEM;
    relay_help(t->relay, hash_step);
    if (t->people)
        relay_finish(t->relay, name_person);
    return 0;
}

static int on_bytes(void *arg, const void *bytes, size_t len)
{
    return archive_write(((struct taking *)arg)->canonical, bytes, len);
}

int take_pathway_begin(struct taking *t)
{
    struct pipeline *p = t->pipeline;
    const struct text_list *local_id = &pipeline_feed(p, t->feed)->local_id;
    struct parser_options options = { .key = pathway_key_bytes(p->pathway_key),
                                      .key_len = PATHWAY_KEY_BYTES,
                                      .identifiers = IDENTIFIERS_REFUSE,
                                      .local_id = (const char *const *)local_id->items,
                                      .local_id_count = local_id->count,
                                      .census = DATE_NONE,
                                      .received = t->received,
                                      .place = place_of_words,
                                      .place_arg = p->config->settings,
                                      .previous_key = p->previous_key
                                                          ? pathway_key_bytes(p->previous_key)
                                                          : NULL,
                                      .renamed = renamed_note,
                                      .renamed_arg = t };
    struct stat st;
    int r = fstat(t->fd, &st) < 0 ? -errno : content_is_zipped(t->fd);

    t->list = settings_list(p->config->settings, pipeline_feed(p, t->feed)->into);

    if (r < 0)
        return r;
    t->parser =
        parser_new(t->format, t->feed, (struct parse_sink){ .pathway = on_pathway, .arg = t });
    if (!t->parser)
        return -ENOMEM;
    bool is_zipped = r, is_large = !is_zipped && (uintmax_t)st.st_size >= RELAY_LEAST;

    options.leaves_people = is_large && !options.previous_key;
    if (options.leaves_people && !(t->people = keyed_digest_new(options.key, options.key_len)))
        return -ENOMEM;
    r = parser_configure(t->parser, &options);
    if (r == 0)
        r = archive_begin_small(p->archive, &t->canonical);
    if (r < 0)
        return r;
    pathway_writer_init(&t->writer, on_bytes, t);
    if (format_records(t->format) == RECORDS_PATHWAY_SNAPSHOT)
        t->packed = packed_rows_new(t->list->providers.count + 1, PACKED_MOST);
    if (is_zipped) /* hashed whole, then opened */
        return archive_begin(p->raw, &t->file);
    return begin_parsing(t, is_large);
}

/* Tables are put together by the submission that their rows name. */
static void refuse_submissions(struct taking *t)
{
    if (!t->is_set || parser_result(t->parser)->refused)
        return;
    if (t->lacks_submission)
        parser_refuse(t->parser, "submission",
                      "a row names no provider and submission (version), by which the tables of a "
                      "set are put together");
    else if (table_count(&t->submissions) > SUBMISSIONS_IN_FILE)
        parser_refuse(t->parser, "submission",
                      "its rows name more than 1000 submissions: is the right column mapped?");
}

int take_pathway_parsed(struct taking *t, bool *out_is_done)
{
    parser_judge_census(t->parser);
    refuse_submissions(t);
    *out_is_done = !parser_result(t->parser)->refused || t->file;
    if (*out_is_done)
        return 0;
    content_free(t->content); /* what it hashed ends where the parser refused */
    t->content = NULL;
    digest_free(t->digest);
    t->digest = digest_new();
    t->is_refused = true;
    if (!t->digest)
        return -ENOMEM;
    if (lseek(t->fd, 0, SEEK_SET) < 0)
        return -errno;
    return archive_begin(t->pipeline->raw, &t->file);
}

char *take_pathway_why_held(const struct taking *t, const struct receipt *before, bool *out_held)
{
    const struct parse_result *result = parser_result(t->parser);
    bool is_snapshot = format_records(t->format) == RECORDS_PATHWAY_SNAPSHOT;
    char change[160], census[DATE_TEXT_MAX], newest[DATE_TEXT_MAX];
    struct text why = TEXT_INIT;

    *out_held = true;
    if (is_snapshot && before && date_is_set(before->newest) &&
        date_compare(result->first_census, before->newest) < 0)
        (void)text_printf(&why, "its census, %s, is older than that of %s (%s)",
                          date_format(result->first_census, census), before->name,
                          date_format(before->newest, newest));
    else if (is_snapshot && result->accepted >= HOLD_ONE_START_ROWS &&
             date_compare(result->first_clock_start, result->last_clock_start) == 0)
        (void)text_printf(&why, "all of its clocks start on one day, %s",
                          date_format(result->first_clock_start, census));
    else if ((is_snapshot || t->is_set) && before && before->shape &&
             shape_is_shrunk(before->shape, t->receipt.shape)) /* rows are people: no number */
        (void)text_printf(&why, "it has at most %.0f%% of the rows of the file before it (%s)",
                          100 * HOLD_ROWS_LEFT, before->name);
    else if ((is_snapshot || t->is_set) && before && before->shape &&
             shape_is_implausible(before->shape, t->receipt.shape, change))
        (void)text_printf(&why, "%s (%s)", change, before->name);
    else
        *out_held = false;
    return *out_held ? text_take(&why) : NULL;
}

char *take_pathway_part(const struct taking *t)
{
    const char *code = "";

    for (size_t at = 0; table_count(&t->organisations) == 1;)
        if (table_next(&t->organisations, &at, &code, NULL))
            break;
    const char *table = parser_result(t->parser)->layout;
    struct text part = TEXT_INIT;

    (void)text_printf(&part, "%s%s%s", t->is_set && table ? table : "", t->is_set ? " " : "", code);
    return text_take(&part);
}

/* Whether some cell of what was read is an NHS number, in a column that is kept or dropped. */
static bool has_identifiers(const struct parse_result *result)
{
    for (size_t i = 0; i < result->set_aside_kinds; i++)
        if (strcmp(result->set_aside[i].reason, "identifier") == 0)
            return true;
    return result->chance_hits > 0;
}

int take_pathway_describe(struct taking *t)
{
    const struct parse_result *result = parser_result(t->parser);
    bool is_snapshot = format_records(t->format) == RECORDS_PATHWAY_SNAPSHOT;

    t->receipt.newest = is_snapshot || t->is_set ? result->last_census : result->last_event;
    t->receipt.knows_left_out = !result->refused;
    t->receipt.incident = result->refused && result->identifier_columns > 0;
    t->receipt.has_identifiers = result->refused && has_identifiers(result);
    if (!t->is_set || result->refused || !result->layout)
        return 0;
    t->receipt.set = submissions_text(result->layout, &t->submissions);
    return t->receipt.set ? 0 : -ENOMEM;
}

int take_pathway_keep(struct taking *t)
{
    char sha[SHA256_TEXT_MAX];
    int r = pathway_writer_end(&t->writer);

    if (r == 0) {
        r = t->receipt.outcome == RECEIPT_ACCEPTED && !t->renamed
                ? archive_defer(t->canonical, sha)
                : archive_commit(t->canonical, sha);
        t->canonical = NULL;
    }
    if (r < 0)
        return r;
    t->receipt.archived = strdup(sha);
    return t->receipt.archived ? renamed_keep(t) : -ENOMEM;
}

char *take_pathway_name(const struct taking *t, const char *sha256)
{
    struct text name = TEXT_INIT;

    (void)text_printf(&name, "%s-%.12s", t->feed, sha256);
    return text_take(&name);
}

const char *take_shown_name(const struct pipeline *p, const char *feed, const char *name)
{
    const struct feed_setting *f = pipeline_feed(p, feed);

    return f && f->kind == FEED_AGGREGATE ? name : "a file";
}
