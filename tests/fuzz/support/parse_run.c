#include "fuzz/support/parse_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"

struct run {
    struct text said;
    unsigned long records, set_aside, last_line;
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

static void on_set_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    struct run *run = arg;

    FUZZ_CHECK(line > 0 && reason && reason[0], "a row set aside without a place or a reason");
    run->set_aside++;
    (void)text_printf(&run->said, "aside %lu %s %s\n", line, column ? column : "", reason);
}

static void check_result(const struct run *run, const struct parse_result *r, size_t len)
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
        FUZZ_CHECK(!r->records || (r->period_count && r->organisations), "records of nothing");
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
    struct run run = { TEXT_INIT, 0, 0, 0 };
    struct parser *p = parser_new(
        format, "input",
        (struct parse_sink){ .record = on_record, .set_aside = on_set_aside, .arg = &run });
    char refusal[512];

    FUZZ_CHECK(p, "no memory");
    for (size_t at = 0; at < len; at += portion)
        FUZZ_CHECK(parser_push(p, bytes + at, portion < len - at ? portion : len - at) == 0,
                   "push");
    FUZZ_CHECK(parser_finish(p) == 0, "finish");
    const struct parse_result *result = parser_result(p);

    check_result(&run, result, len);
    tell_result(&run.said, result);
    if (result->refused)
        (void)text_printf(&run.said, "%s\n", parser_refusal(p, refusal));
    FUZZ_CHECK(text_ok(&run.said), "no memory");
    parser_free(p);
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
