#include "fuzz/support/parse_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "parse/pathway_archive.h"

struct run {
    struct text said, pathways, archive;
    unsigned long records, set_aside, last_line;
    struct pathway_writer writer;
};

static void check_record(const struct record *r)
{
    FUZZ_CHECK(r->measure && r->org, "a record without a measure or an organisation");
    FUZZ_CHECK(date_is_set(r->period_start) && date_is_set(r->period_end) &&
                   date_compare(r->period_start, r->period_end) <= 0,
               "a record of no period");
    FUZZ_CHECK(r->marker != MARKER_NONE || isfinite(r->value), "a value that is no number");
    FUZZ_CHECK(r->marker != MARKER_NONE || (r->low <= r->value && r->value <= r->high),
               "a value outside its interval");
    FUZZ_CHECK(!isnan(r->low) && !isnan(r->high), "an interval that is none");
    FUZZ_CHECK(text_is_utf8(r->measure, strlen(r->measure)) && text_is_utf8(r->org, strlen(r->org)),
               "a name that is no UTF-8");
}

static int on_record(void *arg, const struct record *r)
{
    struct run *run = arg;
    const char *texts[] = { r->measure,  r->measure_name, r->breakdown, r->org,
                            r->org_name, r->secondary,    r->note,      r->rank };

    check_record(r);
    FUZZ_CHECK(r->line >= run->last_line, "line %lu after line %lu", r->line, run->last_line);
    run->last_line = r->line;
    run->records++;
    (void)text_printf(&run->said, "%lu %d %d %d-%d %a %a %a %a %a %d %d", r->line, (int)r->marker,
                      (int)r->status, r->period_start.day, r->period_end.day,
                      r->marker == MARKER_NONE ? r->value : 0, r->low, r->high, r->numerator,
                      r->denominator, (int)r->unit, 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        (void)text_printf(&run->said, "|%s%s", texts[i] ? "=" : "", texts[i] ? texts[i] : "");
    return text_putc(&run->said, '\n');
}

/* A text of a pathway: absent, or some UTF-8 of bounded length. */
static void check_text(const char *text)
{
    FUZZ_CHECK(
        !text || (text[0] && strlen(text) <= PATHWAY_TEXT_MAX && text_is_utf8(text, strlen(text))),
        "a text that is empty, too long or no UTF-8");
}

static void check_pathway(const struct pathway_record *r)
{
    const char *texts[] = { r->service, r->provider,  r->commissioner, r->place,
                            r->stage,   r->exception, r->reason,       r->event_id };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_text(texts[i]);
    FUZZ_CHECK(r->cohort_count <= COHORT_MAX, "%zu cohort values", r->cohort_count);
    for (size_t i = 0; i < r->cohort_count; i++) {
        check_text(r->cohort[i].value);
        FUZZ_CHECK(i == 0 || strcmp(r->cohort[i - 1].name, r->cohort[i].name) < 0,
                   "a cohort out of order");
    }
    FUZZ_CHECK(!r->key, "a key beside its pseudonym");
    FUZZ_CHECK(!r->event ||
                   (pathway_event_find(r->event) == r->event && date_is_set(r->event_date)),
               "an event that is none");
    FUZZ_CHECK(r->event || date_is_set(r->clock_start), "a pathway without a clock start");
}

static void tell_pathway(struct text *said, const struct pathway_record *r)
{
    const char *texts[] = { r->service, r->provider,  r->commissioner, r->place,   r->stage,
                            r->event,   r->exception, r->reason,       r->event_id };

    for (size_t i = 0; i < PSEUDONYM_BYTES; i++)
        (void)text_printf(said, "%02x%02x", r->pathway[i], r->person[i]);
    (void)text_printf(said, " %lu %d %d %d %d %d %llu %d", r->line, r->has_person,
                      r->clock_start.day, r->stage_start.day, r->census.day, r->event_date.day,
                      r->has_version ? (unsigned long long)r->version : 0, r->retracted);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        (void)text_printf(said, "|%s%s", texts[i] ? "=" : "", texts[i] ? texts[i] : "");
    for (size_t i = 0; i < r->cohort_count; i++)
        (void)text_printf(said, "|%s:%s", r->cohort[i].name, r->cohort[i].value);
    (void)text_putc(said, '\n');
}

static int on_pathway(void *arg, const struct pathway_record *r)
{
    struct run *run = arg;

    check_pathway(r);
    FUZZ_CHECK(r->line >= run->last_line, "line %lu after line %lu", r->line, run->last_line);
    run->last_line = r->line;
    run->records++;
    tell_pathway(&run->said, r);
    tell_pathway(&run->pathways, r);
    return pathway_writer_add(&run->writer, r);
}

static int keep(void *arg, const void *bytes, size_t len)
{
    return text_add(arg, bytes, len);
}

static int on_archived(void *arg, const struct pathway_record *r)
{
    tell_pathway(arg, r);
    return 0;
}

/* What the archive of an accepted file gives back is what was parsed. The small ceilings of the fuzz
 * build may be too small for a line of it. */
static void check_archive(struct run *run)
{
    struct text back = TEXT_INIT;
    struct pathway_archive *a = pathway_archive_new(on_archived, &back);

    FUZZ_CHECK(a && pathway_writer_end(&run->writer) == 0, "no memory");
    int r = pathway_archive_push(a, run->archive.buf, run->archive.len);

    if (r == 0)
        r = pathway_archive_finish(a);
    FUZZ_CHECK(r == 0 || PARSE_ROW_MAX_BYTES < 4096, "an archive that cannot be read: %d", r);
    FUZZ_CHECK(r != 0 || strcmp(text_str(&back), text_str(&run->pathways)) == 0,
               "the archive gives back:\n%s\nnot:\n%s", text_str(&back), text_str(&run->pathways));
    pathway_archive_free(a);
    text_release(&back);
}

static void on_set_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    struct run *run = arg;

    FUZZ_CHECK(line > 0 && reason && reason[0], "a row set aside without a place or a reason");
    run->set_aside++;
    (void)text_printf(&run->said, "aside %lu %s %s\n", line, column ? column : "", reason);
}

static void check_result(const struct run *run, const struct parse_result *r, size_t len,
                         bool is_pathway)
{
    unsigned long set_aside = 0;

    for (size_t i = 0; i < r->set_aside_kinds; i++)
        set_aside += r->set_aside[i].count;
    FUZZ_CHECK(r->rows == r->accepted + set_aside, "%lu rows, but %lu accepted and %lu set aside",
               r->rows, r->accepted, set_aside);
    FUZZ_CHECK(run->set_aside == set_aside, "%lu rows told as set aside, %lu counted",
               run->set_aside, set_aside);
    FUZZ_CHECK(run->records == r->records, "%lu records, %lu counted", run->records, r->records);
    for (size_t i = 1; i < r->period_count; i++)
        FUZZ_CHECK(strcmp(r->periods[i - 1], r->periods[i]) < 0, "periods out of order");
    if (r->refused) {
        FUZZ_CHECK(r->refusal[0] && r->refusal_reason, "refused without a sentence");
        FUZZ_CHECK(r->refusal_line && r->refusal_column && r->refusal_offset <= len,
                   "refused (%s) without a place: %lu:%lu @%lu of %zu", r->refusal_reason,
                   r->refusal_line, r->refusal_column, r->refusal_offset, len);
    } else {
        FUZZ_CHECK(r->layout, "accepted without a layout");
        FUZZ_CHECK(!r->records || is_pathway || (r->period_count && r->organisations),
                   "records of nothing");
    }
}

static void tell_result(struct text *said, const struct parse_result *r)
{
    (void)text_printf(said, "%d %s %s %lu:%lu @%lu held %s rows %lu %lu %lu utf8 %lu\n", r->refused,
                      r->refusal_reason ? r->refusal_reason : "", r->refusal, r->refusal_line,
                      r->refusal_column, r->refusal_offset, r->held ? r->held : "", r->rows,
                      r->accepted, r->records, r->replaced_utf8);
    (void)text_printf(said, "layout %s part %s covers %d newline %d organisations %lu\n",
                      r->layout ? r->layout : "", r->part, r->covers_providers,
                      r->ends_with_newline, r->organisations);
    for (size_t i = 0; i < r->period_count; i++)
        (void)text_printf(said, "period %s\n", r->periods[i]);
    for (size_t i = 0; i < r->set_aside_kinds; i++)
        (void)text_printf(said, "%s %lu\n", r->set_aside[i].reason, r->set_aside[i].count);
}

static char *read_in(const struct format *format, const char *bytes, size_t len, size_t portion)
{
    static const unsigned char key[32] = { 7 };
    const struct parser_options options = {
        .key = key, .key_len = sizeof key, .census = DATE_NONE, .received = DATE_NONE
    };
    struct run run = { .said = TEXT_INIT, .pathways = TEXT_INIT, .archive = TEXT_INIT };
    bool is_pathway = format_records(format) != RECORDS_AGGREGATE;
    struct parser *p = parser_new(
        format, "input",
        (struct parse_sink){
            .record = on_record, .pathway = on_pathway, .set_aside = on_set_aside, .arg = &run });
    char refusal[512];

    FUZZ_CHECK(p && parser_configure(p, &options) == 0, "no memory");
    pathway_writer_init(&run.writer, keep, &run.archive);
    for (size_t at = 0; at < len; at += portion)
        FUZZ_CHECK(parser_push(p, bytes + at, portion < len - at ? portion : len - at) == 0,
                   "push");
    FUZZ_CHECK(parser_finish(p) == 0, "finish");
    const struct parse_result *result = parser_result(p);

    check_result(&run, result, len, is_pathway);
    if (!result->refused && is_pathway)
        check_archive(&run);
    tell_result(&run.said, result);
    if (result->refused)
        (void)text_printf(&run.said, "%s\n", parser_refusal(p, refusal));
    FUZZ_CHECK(text_ok(&run.said), "no memory");
    parser_free(p);
    pathway_writer_release(&run.writer);
    text_release(&run.pathways);
    text_release(&run.archive);
    return text_take(&run.said);
}

char *parse_run(const struct format *format, const char *bytes, size_t len, size_t portion)
{
    char *whole = read_in(format, bytes, len, len ? len : 1);
    char *parts = read_in(format, bytes, len, portion);

    FUZZ_CHECK(strcmp(whole, parts) == 0,
               "in portions of %zu it reads otherwise:\n-- at once:\n%s-- in portions:\n%s",
               portion, whole, parts);
    free(parts);
    return whole;
}
