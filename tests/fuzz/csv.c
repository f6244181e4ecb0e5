/*
 * csv - a delimited file: whatever its bytes, its rows do not depend on the portions it comes in;
 * a refusal has its place and never repeats content; rows written out again read back the same
 *
 * Input: a byte for the size of the portions, then the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "parse/csv.h"

struct rows {
    struct text text; /* the rows, each with its line, count and the lengths of its cells */
    struct text csv;  /* the same rows, quoted */
    unsigned long count, last_line;
};

static int on_row(void *arg, const struct csv_row *row)
{
    struct rows *r = arg;

    FUZZ_CHECK(row->count > 0 && row->count <= PARSE_COLUMNS_MAX, "%zu cells", row->count);
    FUZZ_CHECK(row->line > r->last_line, "line %lu after line %lu", row->line, r->last_line);
    r->last_line = row->line;
    r->count++;
    (void)text_printf(&r->text, "%lu %d %d", row->line, row->ended, row->has_high);
    for (size_t i = 0; i < row->count; i++) {
        size_t len = strlen(row->cells[i]);

        FUZZ_CHECK(row->lengths[i] == len, "a length of %u for %zu bytes", row->lengths[i], len);
        FUZZ_CHECK(len <= PARSE_FIELD_MAX_BYTES, "a cell of %zu bytes", len);
        (void)text_printf(&r->text, "|%zu:%s", len, row->cells[i]);
        (void)text_puts(&r->csv, i ? ",\"" : "\"");
        for (const char *c = row->cells[i]; *c;) {
            size_t run = strcspn(c, "\"");

            (void)text_add(&r->csv, c, run);
            c += run;
            for (; *c == '"'; c++)
                (void)text_puts(&r->csv, "\"\"");
        }
        (void)text_putc(&r->csv, '"');
    }
    (void)text_putc(&r->text, '\n');
    return text_putc(&r->csv, '\n');
}

static void run(const char *bytes, size_t len, size_t portion, struct rows *out_rows,
                struct csv_refusal *out_refusal, bool *out_newline)
{
    struct csv c;

    *out_rows = (struct rows){ TEXT_INIT, TEXT_INIT, 0, 0 };
    csv_init(&c, ',', on_row, out_rows);
    for (size_t at = 0; at < len; at += portion)
        FUZZ_CHECK(csv_push(&c, bytes + at, portion < len - at ? portion : len - at) == 0, "push");
    FUZZ_CHECK(csv_finish(&c) == 0, "finish");
    *out_refusal = c.refusal;
    *out_newline = csv_ends_with_newline(&c);
    csv_release(&c);
}

static void rows_release(struct rows *r)
{
    text_release(&r->text);
    text_release(&r->csv);
}

static void check_refusal(const struct csv_refusal *r, size_t len)
{
    if (!r->reason)
        return;
    FUZZ_CHECK(r->sentence[0] && r->line >= 1 && r->column >= 1, "refused without a place");
    FUZZ_CHECK(r->offset <= len, "refused at byte %lu of %zu", r->offset, len);
}

void fuzz_one(const char *bytes, size_t len)
{
    size_t portion = fuzz_byte(&bytes, &len) + 1u;
    struct rows whole, parts, again;
    struct csv_refusal refusal, refusal_parts, refusal_again;
    bool newline, newline_parts, newline_again;

    run(bytes, len, len ? len : 1, &whole, &refusal, &newline);
    run(bytes, len, portion, &parts, &refusal_parts, &newline_parts);
    check_refusal(&refusal, len);
    FUZZ_CHECK(whole.count == parts.count, "%lu rows at once, %lu in portions of %zu", whole.count,
               parts.count, portion);
    FUZZ_CHECK(strcmp(text_str(&whole.text), text_str(&parts.text)) == 0, "other rows in portions");
    FUZZ_CHECK(refusal.reason == refusal_parts.reason && refusal.line == refusal_parts.line &&
                   refusal.column == refusal_parts.column && refusal.offset == refusal_parts.offset,
               "refused at %lu:%lu (byte %lu) at once, at %lu:%lu (byte %lu) in portions of %zu",
               refusal.line, refusal.column, refusal.offset, refusal_parts.line,
               refusal_parts.column, refusal_parts.offset, portion);
    FUZZ_CHECK(newline == newline_parts, "another end in portions");
    if (!refusal.reason) {
        run(text_str(&whole.csv), whole.csv.len, portion, &again, &refusal_again, &newline_again);
        FUZZ_CHECK(!refusal_again.reason || strcmp(refusal_again.reason, "field-size") == 0,
                   "written out again it is refused: %s", refusal_again.sentence);
        FUZZ_CHECK(refusal_again.reason || strcmp(text_str(&again.csv), text_str(&whole.csv)) == 0,
                   "written out again it reads otherwise");
        rows_release(&again);
    }
    rows_release(&whole);
    rows_release(&parts);
}
