#include "pipeline_take_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "store/pathway_key.h"

/*
 * A file of pathways is parsed as it lies in its inbox, hashed in the same pass, and what is written is its
 * rows: declared columns alone, identifiers made pseudonyms. Invariants: (1) none of its own bytes come into
 * the archive; (2) only those of a refused file are kept, in the quarantine, for a time; (3) what people
 * called it comes out nowhere: a name may be a person's.
 */

static int on_pathway(void *arg, const struct pathway_record *row)
{
    struct taking *t = arg;
    int r = pathway_writer_add(&t->writer, row);

    if (r < 0 || !row->provider || table_has(&t->printed, row->provider))
        return r;
    r = table_set(&t->printed, row->provider, t, NULL);
    return r < 0 ? r
                 : table_set(&t->organisations,
                             settings_org_code(t->pipeline->config->settings, row->provider), t,
                             NULL);
}

static int on_bytes(void *arg, const void *bytes, size_t len)
{
    return archive_write(((struct taking *)arg)->canonical, bytes, len);
}

int take_pathway_begin(struct taking *t)
{
    struct pipeline *p = t->pipeline;
    const struct parser_options options = { .key = pathway_key_bytes(p->pathway_key),
                                            .key_len = PATHWAY_KEY_BYTES,
                                            .identifiers = IDENTIFIERS_REFUSE,
                                            .census = DATE_NONE,
                                            .place = place_of_words,
                                            .place_arg = p->config->settings,
                                            .previous_key = p->previous_key
                                                                ? pathway_key_bytes(p->previous_key)
                                                                : NULL,
                                            .renamed = renamed_note,
                                            .renamed_arg = t };
    int r = content_is_zipped(t->fd);

    if (r < 0)
        return r;
    t->parser =
        parser_new(t->format, t->feed, (struct parse_sink){ .pathway = on_pathway, .arg = t });
    if (!t->parser)
        return -ENOMEM;
    bool is_zipped = r;

    r = parser_configure(t->parser, &options);
    if (r == 0)
        r = archive_begin(p->archive, &t->canonical);
    if (r < 0)
        return r;
    pathway_writer_init(&t->writer, on_bytes, t);
    if (is_zipped) /* hashed whole, then opened */
        return archive_begin(p->raw, &t->file);
    r = content_new(t->fd, t->parser, &t->content);
    if (r == 0)
        content_hash(t->content, t->digest);
    return r;
}

/* A reason that the parser does not know of. */
static void refuse_censuses(struct taking *t)
{
    const struct parse_result *result = parser_result(t->parser);

    if (result->refused || format_records(t->format) != RECORDS_PATHWAY_SNAPSHOT ||
        result->accepted == 0)
        return;
    if (date_compare(result->first_census, result->last_census) != 0)
        parser_refuse(t->parser, "census",
                      "its rows are of several census dates: a snapshot is of one");
    else if (date_compare(result->last_census, t->received) > 0)
        parser_refuse(t->parser, "census", "its census lies after the day on which it came");
}

int take_pathway_parsed(struct taking *t, bool *out_is_done)
{
    refuse_censuses(t);
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
        (void)text_printf(&why, "all of its %lu clocks start on one day, %s", result->accepted,
                          date_format(result->first_clock_start, census));
    else if (is_snapshot && before && before->shape &&
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
    return strdup(code);
}

void take_pathway_describe(struct taking *t)
{
    const struct parse_result *result = parser_result(t->parser);
    bool is_snapshot = format_records(t->format) == RECORDS_PATHWAY_SNAPSHOT;

    t->receipt.newest = is_snapshot ? result->last_census : result->last_event;
    t->receipt.incident = result->refused && result->identifier_columns > 0;
    t->receipt.set_aside = result->rows - result->accepted;
}

int take_pathway_keep(struct taking *t)
{
    char sha[SHA256_TEXT_MAX];
    int r = pathway_writer_end(&t->writer);

    if (r == 0) {
        r = archive_commit(t->canonical, sha);
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
