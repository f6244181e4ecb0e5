#include "parse/rows.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int row_reader_init(struct row_reader *r, const struct format *f, const struct columns *c)
{
    memset(r, 0, sizeof *r);
    r->format = f;
    r->columns = c;
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        r->texts[i] = (struct text)TEXT_INIT;
        r->carried[i] = (struct text)TEXT_INIT;
    }
    r->clean = (struct text)TEXT_INIT;
    r->values = calloc(c->value_count, sizeof *r->values);
    return r->values ? 0 : -ENOMEM;
}

void row_reader_release(struct row_reader *r)
{
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        text_release(&r->texts[i]);
        text_release(&r->carried[i]);
    }
    text_release(&r->clean);
    free(r->values);
    r->values = NULL;
}

/* ---- is it data? ---- */

struct row_shape {
    size_t filled, first; /* cells that are not blank; the first of them */
    size_t filled_values; /* of these in value columns */
    size_t beyond;        /* right of the header, or under no name among the values */
};

static struct row_shape shape_of(const struct row_reader *r, const struct csv_row *row)
{
    const struct columns *c = r->columns;
    struct row_shape s = { 0, 0, 0, 0 };

    for (size_t i = 0; i < row->count; i++) {
        if (value_is_blank(row->cells[i]))
            continue;
        s.first = s.filled++ ? s.first : i;
        s.beyond += i >= c->header.count ||
                    (!c->header.names[i][0] && c->use[i] == COLUMN_DROPPED && i > c->values[0].at);
    }
    for (size_t i = 0; i < c->value_count; i++)
        s.filled_values += !value_is_blank(row_cell(row, c->values[i].at));
    return s;
}

static bool is_label(const struct columns *c, size_t at)
{
    static const size_t roles[] = { ROLE_MEASURE, ROLE_ORG };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        const struct bound_source *b = &c->sources[roles[i]];

        for (size_t p = 0; p < b->part_count; p++) {
            for (size_t k = 0; k < b->parts[p].count; k++) {
                if (b->parts[p].at[k] == at)
                    return true;
            }
        }
    }
    return false;
}

/* Without figures: a lone text that is no label, a row whose first text reads like a note, or a
   lone label where notes stand. A provider of whom nothing is known is a row like any other. */
static bool is_footnote(const struct row_reader *r, const struct csv_row *row,
                        const struct row_shape *s)
{
    const struct columns *c = r->columns;
    char found[PATTERN_TEXT_MAX];

    if (!c->layout->has_footnotes || s->filled_values)
        return false;
    if (s->filled == 1 && !is_label(c, s->first))
        return true;
    for (size_t i = 0; i < c->layout->footnotes.count; i++) {
        if (pattern_find(c->layout->footnotes.items[i], row->cells[s->first], false, found))
            return true;
    }
    return s->filled == 1 && r->after_blank;
}

/* ---- judging the row ---- */

struct fault {
    const char *reason, *column;
};

static const char *column_of(const struct row_reader *r, size_t i)
{
    const struct bound_source *b = &r->columns->sources[i];

    if (b->part_count && b->parts[0].count)
        return r->columns->header.names[b->parts[0].at[0]];
    return i < ROLE_COUNT ? role_names[i] : NULL;
}

static void judge_utf8(struct row_reader *r, const struct csv_row *row, struct fault *fault)
{
    for (size_t i = 0; i < row->count; i++) {
        if (text_is_utf8(row->cells[i], strlen(row->cells[i])))
            continue;
        if (i < r->columns->header.count && r->columns->use[i] == COLUMN_MAPPED) {
            *fault = (struct fault){ "bad-utf8", r->columns->header.names[i] };
            return;
        }
        r->replaced_utf8++;
    }
}

static void judge_year(struct row_reader *r, struct fault *fault)
{
    const char *identifier = r->has[BOUND_IDENTIFIER] ? text_str(&r->texts[BOUND_IDENTIFIER]) : "";
    const char *time = text_str(&r->texts[BOUND_START]);
    int month = date_month_of_name(identifier, strlen(identifier));
    struct date_span year;

    for (size_t i = 0; i < r->format->year_count; i++) {
        const struct year_kind *k = &r->format->years[i];

        if (!text_same(k->identifier, identifier))
            continue;
        if (value_year_from(time, k->first_month, &r->period) < 0)
            *fault = (struct fault){ "bad-date", column_of(r, BOUND_START) };
        return;
    }
    if (!month)
        *fault = (struct fault){ "unknown-code", column_of(r, BOUND_IDENTIFIER) };
    else if (value_year_from(time, 1, &year) < 0 || strlen(time) != 4)
        *fault = (struct fault){ "bad-date", column_of(r, BOUND_START) };
    else
        (void)value_month_span(atoi(time), month, &r->period);
}

/* A slip of the keyboard (2204, 9999) would look like the newest period of all. */
#define PERIOD_YEARS_MAX 3
#define PERIOD_YEAR_LAST 2100

static bool is_possible(const struct date_span *period)
{
    int y, m, d;

    date_to_ymd(period->end, &y, &m, &d);
    return y <= PERIOD_YEAR_LAST && period->end.day - period->start.day <= PERIOD_YEARS_MAX * 366;
}

static void judge_dates(struct row_reader *r, struct fault *fault)
{
    struct date_span end;

    if (value_date(text_str(&r->texts[BOUND_START]), &r->period) < 0 ||
        r->period.grain == GRAIN_YEAR) {
        *fault = (struct fault){ "bad-date", column_of(r, BOUND_START) };
        return;
    }
    if (r->columns->layout->period.rule != PERIOD_DATES)
        return;
    if (!r->has[BOUND_END])
        *fault = (struct fault){ "no-period", column_of(r, BOUND_END) };
    else if (value_date(text_str(&r->texts[BOUND_END]), &end) < 0 || end.grain == GRAIN_YEAR)
        *fault = (struct fault){ "bad-date", column_of(r, BOUND_END) };
    else if (date_compare(end.end, r->period.start) < 0)
        *fault = (struct fault){ "period-order", column_of(r, BOUND_END) };
    else
        r->period.end = end.end;
    if (fault->reason == NULL && !is_possible(&r->period))
        *fault = (struct fault){ "bad-date", column_of(r, BOUND_END) };
}

static void judge_group(const struct row_reader *r, struct fault *fault)
{
    for (size_t i = 0; i < r->columns->value_count; i++) {
        const struct value_column *v = &r->columns->values[i];

        if (!date_is_set(v->period.start)) {
            *fault = (struct fault){ "no-period", v->name };
            return;
        }
    }
}

static void judge_period(struct row_reader *r, struct fault *fault)
{
    enum period_rule rule = r->columns->layout->period.rule;

    if (period_is_over(rule)) {
        judge_group(r, fault);
        return;
    }
    if (rule == PERIOD_BANNER) {
        r->period = r->columns->period;
        if (!r->columns->has_period)
            *fault = (struct fault){ "no-period", NULL };
        return;
    }
    if (!r->has[BOUND_START])
        *fault = (struct fault){ "no-period", column_of(r, BOUND_START) };
    else if (rule == PERIOD_TIME)
        judge_year(r, fault);
    else if (rule == PERIOD_SINGLE &&
             (value_date(text_str(&r->texts[BOUND_START]), &r->period) == 0 ||
              value_months(text_str(&r->texts[BOUND_START]), &r->period) == 0))
        return;
    else
        judge_dates(r, fault);
}

static void judge_status(struct row_reader *r, struct fault *fault)
{
    const char *text = text_str(&r->texts[ROLE_STATUS]);

    r->status = PUBLICATION_NONE;
    if (!r->has[ROLE_STATUS])
        return;
    const struct word_map *word = word_find(r->format->status, r->format->status_count, text);

    if (!word)
        *fault = (struct fault){ "unknown-code", column_of(r, ROLE_STATUS) };
    else if (word->to)
        r->status = strcmp(word->to, "final") == 0 ? PUBLICATION_FINAL : PUBLICATION_PROVISIONAL;
}

static void judge_unit(struct row_reader *r, struct fault *fault)
{
    const char *name = r->has[ROLE_MEASURE_NAME] ? text_str(&r->texts[ROLE_MEASURE_NAME])
                                                 : text_str(&r->texts[ROLE_MEASURE]);

    r->unit = UNIT_UNKNOWN;
    if (r->has[ROLE_UNIT]) {
        struct text *unit = &r->texts[ROLE_UNIT];

        text_fold(unit->buf);
        if (unit_parse(unit->buf, &r->unit) < 0)
            *fault = (struct fault){ "unknown-code", column_of(r, ROLE_UNIT) };
        return;
    }
    if (!r->has[ROLE_MEASURE_NAME] && !r->has[ROLE_MEASURE])
        return;
    for (size_t i = 0; i < r->format->unit_count; i++) {
        if (text_like(r->format->units[i].like, name)) {
            r->unit = r->format->units[i].unit;
            return;
        }
    }
}

static void judge_number(struct row_reader *r, size_t role, double *out, struct fault *fault)
{
    *out = NAN;
    if (r->has[role] && value_number(text_str(&r->texts[role]), out, NULL) < 0)
        *fault = (struct fault){ "bad-number", column_of(r, role) };
}

static enum marker find_marker(const struct marker_word *list, size_t count, const char *word,
                               size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i].word) == len && strncasecmp(list[i].word, word, len) == 0)
            return list[i].marker;
    }
    return MARKER_NONE;
}

/* What the qualifiers beside a blank cell say about it ("d u": several, blank-separated). */
static enum marker find_qualifiers(const struct row_reader *r, const char *cell)
{
    while (*cell) {
        size_t gap = strspn(cell, " "), len = strcspn(cell + gap, " ");
        enum marker m =
            find_marker(r->format->qualifiers, r->format->qualifier_count, cell + gap, len);

        if (len && m != MARKER_NONE)
            return m;
        cell += gap + len;
    }
    return MARKER_NONE;
}

/* A text of a column whose texts stand for numbers. */
static bool find_code(const struct code_rule *codes, const char *cell, size_t len, double *out)
{
    for (size_t i = 0; i < codes->count; i++) {
        if (strlen(codes->words[i].word) == len &&
            strncasecmp(codes->words[i].word, cell, len) == 0) {
            *out = codes->words[i].number;
            return true;
        }
    }
    return false;
}

/* What a blank means in this column of a row of this kind. */
static enum marker find_blank(const struct row_reader *r, const struct value_column *v,
                              const struct csv_row *row)
{
    const struct columns *c = r->columns;

    for (size_t i = 0; i < c->layout->blank_count; i++) {
        const struct blank_rule *rule = &c->layout->blanks[i];

        if (!(v->blanks & 1u << i) || c->blank_columns[i] < 0)
            continue;
        for (size_t k = 0; k < rule->is.count; k++) {
            if (text_same(rule->is.items[k], row_cell(row, (size_t)c->blank_columns[i])))
                return rule->marker;
        }
    }
    return MARKER_NONE;
}

static void judge_values(struct row_reader *r, const struct csv_row *row, struct fault *fault)
{
    for (size_t i = 0; i < r->columns->value_count; i++) {
        const struct value_column *v = &r->columns->values[i];
        struct cell_value *value = &r->values[i];
        size_t len;
        const char *cell = value_trim(row_cell(row, v->at), &len);

        *value = (struct cell_value){ 0, MARKER_NONE, false };
        if (len && (v->codes ? find_code(v->codes, cell, len, &value->number)
                             : value_number(cell, &value->number, &value->percent) == 0))
            continue;
        if (len == 0 && v->qualifier >= 0)
            value->marker = find_qualifiers(r, row_cell(row, (size_t)v->qualifier));
        if (len == 0 && v->blanks && value->marker == MARKER_NONE)
            value->marker = find_blank(r, v, row);
        if (value->marker == MARKER_NONE)
            value->marker = find_marker(r->format->markers, r->format->marker_count, cell, len);
        if (value->marker != MARKER_NONE)
            continue;
        *fault = (struct fault){ v->codes ? "unknown-code" : "bad-number", v->name };
        return;
    }
}

/* A role whose text must be there for every value: from the row, or from each header. */
static void judge_key(struct row_reader *r, size_t role, struct fault *fault)
{
    if (r->has[role])
        return;
    for (size_t i = 0; i < r->columns->value_count; i++) {
        if (!r->columns->values[i].texts[role]) {
            *fault = (struct fault){ "missing-key", column_of(r, role) };
            return;
        }
    }
}

static void judge_keys(struct row_reader *r, struct fault *fault)
{
    for (size_t i = 0; i < BOUND_COUNT && !fault->reason; i++) {
        if (r->unknown[i])
            *fault = (struct fault){ "unknown-code", column_of(r, i) };
    }
    for (size_t i = 0; i < ROLE_COUNT && !fault->reason; i++) {
        if (i == ROLE_MEASURE || i == ROLE_ORG || r->columns->layout->roles[i].required)
            judge_key(r, i, fault);
    }
}

static void judge(struct row_reader *r, const struct csv_row *row, const struct row_shape *shape,
                  struct fault *fault)
{
    const struct columns *c = r->columns;
    bool cut = !row->ended; /* a short last row without a line end may be half a row */

    if (row->count < c->header.count && (cut || !c->layout->pad_short_rows)) {
        *fault = (struct fault){ "short-row", NULL };
        return;
    }
    if (shape->beyond) {
        *fault = (struct fault){ "extra-cells", NULL };
        return;
    }
    if (row->has_high)
        judge_utf8(r, row, fault);
    if (!fault->reason)
        judge_keys(r, fault);
    if (!fault->reason)
        judge_period(r, fault);
    if (!fault->reason)
        judge_status(r, fault);
    if (!fault->reason)
        judge_unit(r, fault);
    if (!fault->reason)
        judge_values(r, row, fault);
    if (!fault->reason)
        judge_number(r, ROLE_NUMERATOR, &r->numerator, fault);
    if (!fault->reason)
        judge_number(r, ROLE_DENOMINATOR, &r->denominator, fault);
}

int row_read(struct row_reader *r, const struct csv_row *row, enum row_verdict *out_verdict,
             const char **out_reason, const char **out_column)
{
    struct row_shape shape = shape_of(r, row);
    struct fault fault = { NULL, NULL };

    if (shape.filled == 0) {
        r->after_blank = true;
        *out_verdict = ROW_BLANK;
        return 0;
    }
    if (is_footnote(r, row, &shape)) {
        *out_verdict = ROW_FOOTNOTE;
        return 0;
    }
    if (shape.filled_values)
        r->after_blank = false;
    r->line = row->line;
    if (row_texts(r, row) < 0)
        return -ENOMEM;
    judge(r, row, &shape, &fault);
    *out_verdict = fault.reason ? ROW_SET_ASIDE : ROW_ACCEPTED;
    *out_reason = fault.reason;
    *out_column = fault.column;
    return 0;
}
