#include "ctl/record_print.h"

#include <errno.h>
#include <string.h>

static const char csv_header[] =
    "source,measure,breakdown,org,secondary,period_start,period_end,value,marker,status\n";
static const char table_header[] =
    "PERIOD                   ORG                          VALUE  MEASURE, BREAKDOWN, SECONDARY\n";

void record_printer_init(struct record_printer *p, enum output_kind kind, const char *source,
                         FILE *to)
{
    *p = (struct record_printer){ kind, source, to, 0, TEXT_INIT };
}

/* A JSON string. Cells may hold any valid UTF-8. */
static void add_string(struct text *t, const char *s)
{
    if (!s) {
        (void)text_puts(t, "null");
        return;
    }
    (void)text_putc(t, '"');
    while (*s) {
        size_t plain = 0;

        while ((unsigned char)s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\')
            plain++;
        (void)text_add(t, s, plain);
        s += plain;
        if (!*s)
            break;
        if (*s == '"' || *s == '\\')
            (void)text_printf(t, "\\%c", *s);
        else
            (void)text_printf(t, "\\u%04x", (unsigned)(unsigned char)*s);
        s++;
    }
    (void)text_putc(t, '"');
}

/* A CSV cell; one that a spreadsheet would calculate gets an apostrophe. */
static void add_csv(struct text *t, const char *s)
{
    if (!s)
        return;
    bool formula = strchr("=+-@\t\r", *s) && *s;

    if (!formula && !s[strcspn(s, ",\"\r\n")]) {
        (void)text_puts(t, s);
        return;
    }
    (void)text_puts(t, formula ? "\"'" : "\"");
    for (; *s; s++) {
        if (*s == '"')
            (void)text_putc(t, '"');
        (void)text_putc(t, *s);
    }
    (void)text_putc(t, '"');
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
            add_string(t, fields[i].value);
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
            add_csv(&p->line, fields[i]);
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
    static const char *const starts[] = { [OUTPUT_TABLE] = table_header,
                                          [OUTPUT_JSON] = "[",
                                          [OUTPUT_NDJSON] = "",
                                          [OUTPUT_CSV] = csv_header };

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

int record_print(struct record_printer *p, const struct record *record)
{
    struct texts x;

    write_out(record, &x);
    if (p->count++ == 0)
        add_start(p);
    else if (p->kind == OUTPUT_JSON)
        (void)text_puts(&p->line, ",");
    switch (p->kind) {
    case OUTPUT_JSON:
        (void)text_puts(&p->line, "\n  ");
        add_json_record(p, record, &x);
        break;
    case OUTPUT_NDJSON:
        add_json_record(p, record, &x);
        (void)text_putc(&p->line, '\n');
        break;
    case OUTPUT_CSV:
        add_csv_record(p, record, &x);
        break;
    case OUTPUT_TABLE:
        add_table_record(p, record, &x);
        break;
    }
    return flush_line(p);
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

int summary_print(const char *format, const struct parse_result *result, FILE *to)
{
    struct text t = TEXT_INIT;

    (void)text_puts(&t, "{\"format\": ");
    add_string(&t, format);
    (void)text_printf(&t, ", \"rows\": %lu, \"accepted\": %lu, \"set_aside\": {", result->rows,
                      result->accepted);
    for (size_t i = 0; i < result->set_aside_kinds; i++)
        (void)text_printf(&t, "%s\"%s\": %lu", i ? ", " : "", result->set_aside[i].reason,
                          result->set_aside[i].count);
    (void)text_printf(&t, "}, \"records\": %lu, \"periods\": %zu, \"organisations\": %lu}\n",
                      result->records, result->period_count, result->organisations);
    bool ok = text_ok(&t) && fputs(text_str(&t), to) >= 0 && fflush(to) == 0;

    text_release(&t);
    return ok ? 0 : -EIO;
}
