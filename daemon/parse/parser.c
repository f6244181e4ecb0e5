#include "parse/parser.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "parse/columns.h"
#include "parse/csv.h"
#include "parse/json_rows.h"
#include "parse/pathway_row.h"
#include "parse/rows.h"

#define STOP_REFUSED 1 /* from on_row; the sink's own value is kept apart */

typedef char period_text[DATE_TEXT_MAX * 2];

struct parser {
    const struct format *format;
    const char *name;
    struct parse_sink sink;
    struct parser_options options;
    char lead[CSV_HEAD_BYTES]; /* the first bytes, until they say which source of rows reads them */
    size_t lead_len;
    enum { SOURCE_UNKNOWN, SOURCE_CSV, SOURCE_JSON } rows_from;
    struct csv csv;
    struct json_rows json;
    struct banner banner;
    struct columns columns;
    struct row_reader reader;
    struct pathway_reader pathways; /* of a pathway format, instead of reader */
    struct near_miss near;
    bool bound, stopped;
    int stop_value;
    unsigned long looked_at; /* rows before the header */
    bool saw_text;
    struct table periods, organisations;
    char seen_orgs[64]
                  [8]; /* codes noted lately, each at a place of its own: most rows repeat them */
    struct civil_date last_start, last_end; /* of the record before: most rows repeat them */
    struct parse_result result;
};

static int on_row(void *arg, const struct csv_row *row);
static int on_names(void *arg, const struct csv_row *row);
static void on_broken(void *arg, unsigned long line);

struct parser *parser_new(const struct format *format, const char *name, struct parse_sink sink)
{
    struct parser *p = calloc(1, sizeof *p);

    assert(format && name);
    if (!p)
        return NULL;
    p->format = format;
    p->name = name;
    p->sink = sink;
    p->last_start = p->last_end = DATE_NONE;
    p->result.first_census = p->result.last_census = DATE_NONE;
    p->result.first_clock_start = p->result.last_clock_start = DATE_NONE;
    p->result.first_event = p->result.last_event = DATE_NONE;
    p->options.census = p->options.received = DATE_NONE;
    csv_init(&p->csv, format->delimiter, on_row, p);
    json_rows_init(&p->json, on_names, on_row, on_broken, p);
    return p;
}

int parser_configure(struct parser *p, const struct parser_options *options)
{
    p->options = *options;
    return 0;
}

static bool is_pathway(const struct parser *p)
{
    return p->format->records != RECORDS_AGGREGATE;
}

void parser_free(struct parser *p)
{
    if (!p)
        return;
    csv_release(&p->csv);
    json_rows_release(&p->json);
    banner_release(&p->banner);
    if (p->bound && is_pathway(p))
        pathway_reader_release(&p->pathways);
    else if (p->bound)
        row_reader_release(&p->reader);
    columns_release(&p->columns);
    table_release(&p->periods, NULL);
    table_release(&p->organisations, NULL);
    free(p->result.periods);
    free(p);
}

static void refuse(struct parser *p, const char *reason, unsigned long line, const char *sentence)
{
    struct parse_result *r = &p->result;

    r->refused = true;
    r->refusal_reason = reason;
    r->refusal_line = line;
    r->refusal_column = 1;
    (void)snprintf(r->refusal, sizeof r->refusal, "%s", sentence);
}

void parser_refuse(struct parser *p, const char *reason, const char *sentence)
{
    if (!p->result.refused)
        refuse(p, reason, 1, sentence);
}

/* ---- finding the header ---- */

static void refuse_header(struct parser *p)
{
    char sentence[256];
    const char *title = format_id(p->format);

    if (p->near.layout)
        (void)snprintf(sentence, sizeof sentence,
                       "this is no header of format \"%s\": layout \"%s\" lacks column \"%.80s\"",
                       title, p->near.layout->id, p->near.column);
    else
        (void)snprintf(sentence, sizeof sentence,
                       "none of the first %lu rows is a header of format \"%s\"", p->looked_at,
                       title);
    refuse(p, "header", p->near.layout ? p->near.line : 1, sentence);
}

static void refuse_cohort(struct parser *p, unsigned long line)
{
    char sentence[96];

    (void)snprintf(sentence, sizeof sentence, "the header has more than %d cohort columns",
                   COHORT_MAX);
    refuse(p, "columns", line, sentence);
}

static void name_part(struct parser *p)
{
    const struct bound_source *band = &p->columns.sources[ROLE_SECONDARY];
    bool has = band->source->kind == SOURCE_BANNER && band->constant;

    (void)snprintf(p->result.part, sizeof p->result.part, "%s%s%s", p->columns.layout->id,
                   has ? "/" : "", has ? band->constant : "");
}

static int begin_rows(struct parser *p)
{
    int r = is_pathway(p) ? pathway_reader_init(&p->pathways, p->format, &p->columns, &p->options)
                          : row_reader_init(&p->reader, p->format, &p->columns);

    p->bound = true;
    if (r < 0)
        return r;
    p->result.layout = p->columns.layout->id;
    p->result.covers_providers = p->columns.layout->covers_providers;
    p->result.replaced_utf8 += (unsigned long)p->columns.header.replaced_utf8;
    if (is_pathway(p))
        (void)snprintf(p->result.part, sizeof p->result.part, "%s", p->columns.layout->id);
    else
        name_part(p);
    return 0;
}

/* Of a pathway two cells of one mapped name may say different things: nobody knows which is meant. Whether
 * the file is refused for it. */
static bool refuse_doubled(struct parser *p, unsigned long line)
{
    const struct columns *c = &p->columns;
    char sentence[160];

    for (size_t i = 0; is_pathway(p) && i < c->header.count; i++)
        for (size_t k = 0; c->use[i] == COLUMN_MAPPED && k < i; k++) {
            if (!text_same(c->header.names[i], c->header.names[k]))
                continue;
            (void)snprintf(sentence, sizeof sentence, "columns %zu and %zu have the same name",
                           k + 1, i + 1);
            refuse(p, "header", line, sentence);
            return true;
        }
    return false;
}

static int seek_header(struct parser *p, const struct csv_row *row)
{
    int r = columns_bind(p->format, row,
                         p->rows_from == SOURCE_JSON ? NAMES_OF_MEMBERS : NAMES_OF_TABLE,
                         &p->banner, &p->columns, &p->near);

    if (r == -E2BIG) {
        refuse_cohort(p, row->line);
        return STOP_REFUSED;
    }
    if (r < 0)
        return r;
    if (r == 0) {
        for (size_t i = 0; i < row->count && !p->saw_text; i++)
            p->saw_text = !value_is_blank(row->cells[i]);
        if (++p->looked_at >= (unsigned long)p->format->header_within) {
            refuse_header(p);
            return STOP_REFUSED;
        }
        return banner_add(&p->banner, row);
    }
    r = begin_rows(p);
    return r == 0 && refuse_doubled(p, row->line) ? STOP_REFUSED : r;
}

/* The members of JSON are columns: those of the first object are the header, later ones join it. */
static int on_names(void *arg, const struct csv_row *row)
{
    struct parser *p = arg;
    struct columns columns;

    if (!p->bound) {
        int r = seek_header(p, row);

        if (r != 0 || p->bound)
            return r;
        refuse_header(p);
        return STOP_REFUSED;
    }
    int r = columns_bind(p->format, row, NAMES_OF_MEMBERS, &p->banner, &columns, &p->near);

    if (r == -E2BIG)
        refuse_cohort(p, row->line);
    else if (r == 0 || (r == 1 && columns.layout != p->columns.layout))
        refuse(p, "header", row->line, "an object here has other members than those before it");
    if (r == 1 && p->result.refused)
        columns_release(&columns);
    if (r < 0 || p->result.refused)
        return p->result.refused ? STOP_REFUSED : r;
    columns_release(&p->columns);
    p->columns = columns;
    if (is_pathway(p))
        return pathway_reader_rebind(&p->pathways, &p->columns);
    row_reader_release(&p->reader);
    return row_reader_init(&p->reader, p->format, &p->columns);
}

/* ---- rows ---- */

static void count_set_aside(struct parse_result *r, const char *reason)
{
    size_t i = 0;

    while (i < r->set_aside_kinds && strcmp(r->set_aside[i].reason, reason) != 0)
        i++;
    assert(i < sizeof r->set_aside / sizeof r->set_aside[0]);
    if (i == r->set_aside_kinds)
        r->set_aside[r->set_aside_kinds++].reason = reason;
    r->set_aside[i].count++;
}

static int note_period(struct parser *p, const struct record *rec)
{
    char start[DATE_TEXT_MAX], end[DATE_TEXT_MAX];
    period_text both;

    if (date_compare(rec->period_start, p->last_start) == 0 &&
        date_compare(rec->period_end, p->last_end) == 0)
        return 0;
    p->last_start = rec->period_start;
    p->last_end = rec->period_end;
    (void)snprintf(both, sizeof both, "%s/%s", date_format(rec->period_start, start),
                   date_format(rec->period_end, end));
    return table_has(&p->periods, both) ? 0 : table_set(&p->periods, both, p, NULL);
}

static int note_org(struct parser *p, const char *org)
{
    char code[8] = { 0 };
    unsigned at = 0;

    for (size_t i = 0; i < sizeof code - 1 && org[i]; i++) {
        code[i] = org[i];
        at = at * 31 + (unsigned char)org[i];
    }
    at %= sizeof p->seen_orgs / sizeof p->seen_orgs[0];
    if (memcmp(p->seen_orgs[at], code, sizeof code) == 0 && strlen(org) < sizeof code)
        return 0;
    memcpy(p->seen_orgs[at], code, sizeof code);
    return table_has(&p->organisations, org) ? 0 : table_set(&p->organisations, org, p, NULL);
}

static int give(struct parser *p, int from_sink)
{
    p->result.records++;
    if (from_sink != 0) {
        p->stopped = true;
        p->stop_value = from_sink;
    }
    return from_sink;
}

static int hand_on(struct parser *p)
{
    int r = 0;

    for (size_t i = 0; i < p->columns.value_count && r == 0; i++) {
        struct record rec;

        row_record(&p->reader, i, &rec);
        r = note_period(p, &rec);
        if (r == 0 && i == 0)
            r = note_org(p, rec.org);
        if (r < 0)
            return r;
        r = give(p, p->sink.record ? p->sink.record(p->sink.arg, &rec) : 0);
    }
    return r;
}

static void note_day(struct civil_date day, struct civil_date *first, struct civil_date *last)
{
    if (!date_is_set(day))
        return;
    if (!date_is_set(*first) || date_compare(day, *first) < 0)
        *first = day;
    if (!date_is_set(*last) || date_compare(day, *last) > 0)
        *last = day;
}

static int note_pathway(struct parser *p, const struct pathway_record *rec)
{
    struct parse_result *r = &p->result;

    note_day(rec->clock_start, &r->first_clock_start, &r->last_clock_start);
    note_day(rec->census, &r->first_census, &r->last_census);
    note_day(rec->event_date, &r->first_event, &r->last_event);
    return rec->provider ? note_org(p, rec->provider) : 0;
}

static int hand_on_pathways(struct parser *p)
{
    const struct pathway_record *rec = NULL;
    int r = 0;

    while (r == 0 && (r = pathway_row_next(&p->pathways, &rec)) == 1) {
        /* A row of a snapshot that has ended says nothing of who waits. */
        bool is_ended = rec->event && p->format->records == RECORDS_PATHWAY_SNAPSHOT;

        r = is_ended ? 0 : note_pathway(p, rec);
        if (r == 0)
            r = give(p, p->sink.pathway ? p->sink.pathway(p->sink.arg, rec) : 0);
    }
    return r;
}

static void set_aside(struct parser *p, unsigned long line, const char *column, const char *reason)
{
    count_set_aside(&p->result, reason);
    if (p->sink.set_aside)
        p->sink.set_aside(p->sink.arg, line, column, reason);
}

/* A line of NDJSON that is no object. */
static void on_broken(void *arg, unsigned long line)
{
    struct parser *p = arg;

    p->saw_text = true;
    p->result.rows++;
    set_aside(p, line, NULL, "bad-json");
}

static int on_row(void *arg, const struct csv_row *row)
{
    struct parser *p = arg;
    enum row_verdict verdict = ROW_BLANK;
    const char *reason = NULL, *column = NULL;

    if (!p->bound)
        return seek_header(p, row);
    int r = is_pathway(p) ? pathway_row_read(&p->pathways, row, &verdict, &reason, &column)
                          : row_read(&p->reader, row, &verdict, &reason, &column);

    if (r < 0)
        return r;
    if (verdict == ROW_BLANK || verdict == ROW_FOOTNOTE)
        return 0;
    p->result.rows++;
    if (verdict == ROW_ACCEPTED) {
        p->result.accepted++;
        return is_pathway(p) ? hand_on_pathways(p) : hand_on(p);
    }
    set_aside(p, row->line, column, reason);
    return 0;
}

/* ---- pushing ---- */

static int settle(struct parser *p, int r)
{
    const struct csv_refusal *c = p->rows_from == SOURCE_JSON ? &p->json.refusal : &p->csv.refusal;

    if (p->stopped)
        return p->stop_value;
    if (c->reason && !p->result.refused) {
        refuse(p, c->reason, c->line, c->sentence);
        p->result.refusal_column = c->column;
        p->result.refusal_offset = c->offset;
    }
    return r < 0 ? r : 0;
}

static int push_rows(struct parser *p, const void *bytes, size_t len)
{
    return settle(p, p->rows_from == SOURCE_JSON ? json_rows_push(&p->json, bytes, len)
                                                 : csv_push(&p->csv, bytes, len));
}

/* Pushes the first bytes once it is known what they are. */
static int push_lead(struct parser *p, int is_json)
{
    p->rows_from = is_json == 1 ? SOURCE_JSON : SOURCE_CSV;
    return push_rows(p, p->lead, p->lead_len);
}

int parser_push(struct parser *p, const void *bytes, size_t len)
{
    const char *s = bytes;
    int r = 0;

    assert(p);
    if (p->result.refused || p->stopped)
        return p->stop_value;
    while (len && p->rows_from == SOURCE_UNKNOWN && r == 0) {
        p->lead[p->lead_len++] = *s++;
        len--;
        int is_json = json_rows_begin(p->lead, p->lead_len);

        if (is_json >= 0 || p->lead_len == sizeof p->lead)
            r = push_lead(p, is_json);
    }
    return r != 0 || len == 0 || p->result.refused ? r : push_rows(p, s, len);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int list_periods(struct parser *p)
{
    struct parse_result *r = &p->result;
    const char *key;
    void *value;

    r->organisations = table_count(&p->organisations);
    if (table_count(&p->periods) == 0)
        return 0;
    r->periods = calloc(table_count(&p->periods), sizeof *r->periods);
    if (!r->periods)
        return -ENOMEM;
    for (size_t i = 0; table_next(&p->periods, &i, &key, &value);)
        (void)snprintf(r->periods[r->period_count++], sizeof *r->periods, "%s", key);
    qsort(r->periods, r->period_count, sizeof *r->periods, by_text);
    return 0;
}

/* Whether the file is refused for the identifiers it holds. */
static bool judge_identifiers(struct parser *p)
{
    const struct identifier_column *c = p->result.identifiers;
    char sentence[256];

    pathway_identifiers(&p->pathways, &p->result);
    if (p->result.identifier_columns == 0 || p->options.identifiers != IDENTIFIERS_REFUSE)
        return false;
    (void)snprintf(sentence, sizeof sentence,
                   "%.63s holds NHS numbers (%.63s of its values): send the list without them",
                   c->column, c->count);
    refuse(p, "identifiers", 1, sentence);
    return true;
}

int parser_finish(struct parser *p)
{
    struct parse_result *res = &p->result;

    assert(p);
    if (res->refused || p->stopped)
        return p->stop_value;
    int r = p->rows_from == SOURCE_UNKNOWN ? push_lead(p, 0) : 0;

    if (r == 0 && !res->refused)
        r = settle(p,
                   p->rows_from == SOURCE_JSON ? json_rows_finish(&p->json) : csv_finish(&p->csv));

    if (r != 0 || res->refused)
        return r;
    if (p->bound)
        res->replaced_utf8 += is_pathway(p) ? p->pathways.replaced_utf8 : p->reader.replaced_utf8;
    res->ends_with_newline =
        p->rows_from == SOURCE_JSON ? json_rows_is_ended(&p->json) : csv_ends_with_newline(&p->csv);
    if (!p->bound) {
        if (p->saw_text)
            refuse_header(p);
        else
            refuse(p, "empty", 1, "this file is empty");
        return 0;
    }
    if (is_pathway(p) && judge_identifiers(p))
        return 0;
    if (res->rows == 0)
        res->held = "header-only";
    else if ((double)(res->rows - res->accepted) > PARSE_SET_ASIDE_HOLD * (double)res->rows)
        res->held = "set-aside";
    return list_periods(p);
}

void parser_judge_census(struct parser *p)
{
    const struct parse_result *r = &p->result;
    struct civil_date received = p->options.received;
    bool is_snapshot = format_records(p->format) == RECORDS_PATHWAY_SNAPSHOT, is_ahead = false;
    const char *const *tables;

    if (r->refused || r->accepted == 0 || !is_pathway(p))
        return;
    is_ahead = date_is_set(received) && date_is_set(r->last_census) &&
               date_compare(r->last_census, received) > 0;
    if (is_snapshot && date_compare(r->first_census, r->last_census) != 0)
        parser_refuse(p, "census", "its rows are of several census dates: a snapshot is of one");
    else if (is_snapshot && is_ahead)
        parser_refuse(p, "census", "its census lies after the day on which it came");
    else if (is_ahead && format_set_tables(p->format, &tables) > 0)
        parser_refuse(p, "census", "its reporting period ends after the day on which it came");
}

const struct parse_result *parser_result(const struct parser *p)
{
    return &p->result;
}

const char *parser_refusal(const struct parser *p, char out[512])
{
    const struct parse_result *r = &p->result;

    (void)snprintf(out, 512, "%.200s:%lu:%lu: error: %s", p->name, r->refusal_line,
                   r->refusal_column, r->refusal);
    return out;
}
