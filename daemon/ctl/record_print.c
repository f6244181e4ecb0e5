#include "ctl/record_print.h"

#include <errno.h>
#include <string.h>

#include "ctl/pathway_text.h"

static const char csv_header[] =
    "source,measure,breakdown,org,secondary,period_start,period_end,value,marker,status\n";
static const char table_header[] =
    "PERIOD                   ORG                          VALUE  MEASURE, BREAKDOWN, SECONDARY\n";

void record_printer_init(struct record_printer *p, enum output_kind kind, const struct format *f,
                         FILE *to)
{
    *p = (struct record_printer){ .kind = kind,
                                  .source = format_id(f),
                                  .is_pathways = format_records(f) != RECORDS_AGGREGATE,
                                  .to = to,
                                  .line = TEXT_INIT };
}

struct texts {
    char start[DATE_TEXT_MAX], end[DATE_TEXT_MAX], number[32];
    const char *value; /* NULL: a marker says why */
};

static void write_out(const struct record *r, struct texts *out)
{
    (void)date_format(r->period_start, out->start);
    (void)date_format(r->period_end, out->end);
    out->value = r->marker == MARKER_NONE ? text_number(r->value, out->number) : NULL;
}

static void add_json_record(struct record_printer *p, const struct record *r, const struct texts *x)
{
    struct text *t = &p->line;
    const struct {
        const char *key, *value;
        bool number;
    } fields[] = {
        { "source", p->source, false },
        { "measure", r->measure, false },
        { "breakdown", r->breakdown, false },
        { "org", r->org, false },
        { "secondary", r->secondary, false },
        { "period_start", x->start, false },
        { "period_end", x->end, false },
        { "value", x->value, true },
        { "marker", marker_name(r->marker), false },
        { "status", publication_name(r->status), false },
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        (void)text_puts(t, i ? ", \"" : "{\"");
        (void)text_puts(t, fields[i].key);
        (void)text_puts(t, "\": ");
        if (fields[i].number)
            (void)text_puts(t, fields[i].value ? fields[i].value : "null");
        else
            record_text_json(t, fields[i].value);
    }
    (void)text_putc(t, '}');
}

static void add_csv_record(struct record_printer *p, const struct record *r, const struct texts *x)
{
    const char *const fields[] = { p->source,
                                   r->measure,
                                   r->breakdown,
                                   r->org,
                                   r->secondary,
                                   x->start,
                                   x->end,
                                   NULL,
                                   marker_name(r->marker),
                                   publication_name(r->status) };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (i)
            (void)text_putc(&p->line, ',');
        if (i == 7 && x->value)
            (void)text_puts(&p->line, x->value); /* a number, so "-1" is no formula */
        else
            record_text_csv(&p->line, fields[i]);
    }
    (void)text_putc(&p->line, '\n');
}

static void add_table_record(struct record_printer *p, const struct record *r,
                             const struct texts *x)
{
    struct text *t = &p->line;
    const char *value = x->value ? x->value : marker_name(r->marker);
    const char *const words[] = { r->measure, r->breakdown, r->secondary };

    (void)text_printf(t, "%s - %s  ", x->start, x->end);
    size_t from = t->len;

    (void)output_escaped(t, r->org);
    size_t org = t->len - from, width = strlen(value);

    while (org < 20) {
        (void)text_putc(t, ' ');
        org++;
    }
    (void)text_putc(t, ' ');
    for (; width < 14; width++)
        (void)text_putc(t, ' ');
    (void)text_printf(t, "%s  ", value);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!words[i])
            continue;
        if (i)
            (void)text_puts(t, ", ");
        (void)output_escaped(t, words[i]);
    }
    (void)text_putc(t, '\n');
}

static void add_start(struct record_printer *p)
{
    const char *const starts[] = {
        [OUTPUT_TABLE] = p->is_pathways ? pathway_table_header : table_header,
        [OUTPUT_JSON] = "[",
        [OUTPUT_NDJSON] = "",
        [OUTPUT_CSV] = p->is_pathways ? pathway_csv_header : csv_header,
    };

    (void)text_puts(&p->line, starts[p->kind]);
}

static int flush_line(struct record_printer *p)
{
    if (!text_ok(&p->line))
        return -ENOMEM;
    if (p->line.len && fwrite(p->line.buf, 1, p->line.len, p->to) != p->line.len)
        return errno ? errno : EIO;
    text_clear(&p->line);
    return 0;
}

/* What stands before a record. */
static void begin(struct record_printer *p)
{
    if (p->count++ == 0)
        add_start(p);
    else if (p->kind == OUTPUT_JSON)
        (void)text_puts(&p->line, ",");
    if (p->kind == OUTPUT_JSON)
        (void)text_puts(&p->line, "\n  ");
}

static int end(struct record_printer *p)
{
    if (p->kind == OUTPUT_NDJSON)
        (void)text_putc(&p->line, '\n');
    return flush_line(p);
}

int record_print(struct record_printer *p, const struct record *record)
{
    struct texts x;

    write_out(record, &x);
    begin(p);
    switch (p->kind) {
    case OUTPUT_JSON:
    case OUTPUT_NDJSON:
        add_json_record(p, record, &x);
        break;
    case OUTPUT_CSV:
        add_csv_record(p, record, &x);
        break;
    case OUTPUT_TABLE:
        add_table_record(p, record, &x);
        break;
    }
    return end(p);
}

int pathway_print(struct record_printer *p, const struct pathway_record *record)
{
    begin(p);
    switch (p->kind) {
    case OUTPUT_JSON:
    case OUTPUT_NDJSON:
        pathway_text_json(&p->line, record);
        break;
    case OUTPUT_CSV:
        pathway_text_csv(&p->line, record);
        break;
    case OUTPUT_TABLE:
        pathway_text_table(&p->line, record);
        break;
    }
    return end(p);
}

int record_printer_end(struct record_printer *p)
{
    if (p->count == 0)
        add_start(p);
    if (p->kind == OUTPUT_JSON)
        (void)text_puts(&p->line, p->count ? "\n]\n" : "]\n");
    int r = flush_line(p);

    if (fflush(p->to) != 0 || ferror(p->to))
        r = -EIO;
    text_release(&p->line);
    return r ? -EIO : 0;
}

int summary_print(const char *format, const struct parse_result *result,
                  const struct list_summary *list, FILE *to)
{
    struct text t = TEXT_INIT;

    (void)text_puts(&t, "{\"format\": ");
    record_text_json(&t, format);
    (void)text_printf(&t, ", \"rows\": %lu, \"accepted\": %lu, \"set_aside\": {", result->rows,
                      result->accepted);
    for (size_t i = 0; i < result->set_aside_kinds; i++)
        (void)text_printf(&t, "%s\"%s\": %lu", i ? ", " : "", result->set_aside[i].reason,
                          result->set_aside[i].count);
    (void)text_printf(&t, "}, \"records\": %lu, \"periods\": %zu, \"organisations\": %lu",
                      list ? list->records : result->records, result->period_count,
                      result->organisations);
    if (list)
        (void)text_printf(&t, ", \"left_out\": %lu", list->left_out);
    (void)text_puts(&t, "}\n");
    bool ok = text_ok(&t) && fputs(text_str(&t), to) >= 0 && fflush(to) == 0;

    text_release(&t);
    return ok ? 0 : -EIO;
}
