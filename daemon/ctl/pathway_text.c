#include "ctl/pathway_text.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ctl/output.h"

const char pathway_csv_header[] = "pathway,service,stage,provider,commissioner,place,cohort,"
                                  "clock_start,event,event_date,version,reason,retracted\n";
const char pathway_table_header[] =
    "PATHWAY                           CLOCK START  EVENT                 "
    "DATE        SERVICE, STAGE, PROVIDER, PLACE\n";

void record_text_json(struct text *t, const char *s)
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

void record_text_csv(struct text *t, const char *s)
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
    char pathway[2 * PSEUDONYM_BYTES + 1], start[DATE_TEXT_MAX], date[DATE_TEXT_MAX], version[24];
};

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static void write_out(const struct pathway_record *r, struct texts *x)
{
    digest_hex(r->pathway, sizeof r->pathway, x->pathway);
    (void)date_format(r->clock_start, x->start);
    (void)date_format(r->event_date, x->date);
    x->version[0] = '\0';
    if (r->has_version)
        (void)snprintf(x->version, sizeof x->version, "%llu", (unsigned long long)r->version);
}

static void add_cohort(struct text *t, const struct pathway_record *r)
{
    (void)text_putc(t, '{');
    for (size_t i = 0; i < r->cohort_count; i++) {
        if (i)
            (void)text_puts(t, ", ");
        record_text_json(t, r->cohort[i].name);
        (void)text_puts(t, ": ");
        record_text_json(t, r->cohort[i].value);
    }
    (void)text_putc(t, '}');
}

void pathway_text_json(struct text *t, const struct pathway_record *r)
{
    struct texts x;

    write_out(r, &x);
    const struct {
        const char *key, *value;
    } before[] = { { "{\"pathway\": ", x.pathway },
                   { ", \"service\": ", r->service },
                   { ", \"stage\": ", r->stage },
                   { ", \"provider\": ", r->provider },
                   { ", \"commissioner\": ", r->commissioner },
                   { ", \"place\": ", r->place } },
      after[] = { { ", \"clock_start\": ", or_null(x.start) },
                  { ", \"event\": ", r->event },
                  { ", \"event_date\": ", or_null(x.date) } };

    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        (void)text_puts(t, before[i].key);
        record_text_json(t, before[i].value);
    }
    (void)text_puts(t, ", \"cohort\": ");
    add_cohort(t, r);
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
        (void)text_puts(t, after[i].key);
        record_text_json(t, after[i].value);
    }
    (void)text_printf(t, ", \"version\": %s, \"reason\": ", x.version[0] ? x.version : "null");
    record_text_json(t, r->reason);
    (void)text_puts(t, r->retracted ? ", \"retracted\": true}" : "}");
}

void pathway_text_csv(struct text *t, const struct pathway_record *r)
{
    struct texts x;
    struct text cohort = TEXT_INIT;

    write_out(r, &x);
    for (size_t i = 0; i < r->cohort_count; i++)
        (void)text_printf(&cohort, "%s%s=%s", i ? ";" : "", r->cohort[i].name, r->cohort[i].value);
    const char *const cells[] = { x.pathway,
                                  r->service,
                                  r->stage,
                                  r->provider,
                                  r->commissioner,
                                  r->place,
                                  text_str(&cohort),
                                  x.start,
                                  r->event,
                                  x.date,
                                  x.version,
                                  r->reason,
                                  r->retracted ? "true" : NULL };

    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        if (i)
            (void)text_putc(t, ',');
        record_text_csv(t, cells[i]);
    }
    (void)text_putc(t, '\n');
    if (!text_ok(&cohort))
        t->error = cohort.error;
    text_release(&cohort);
}

void pathway_text_table(struct text *t, const struct pathway_record *r)
{
    struct texts x;
    const char *const words[] = { r->service, r->stage, r->provider, r->place };
    bool any = false;

    write_out(r, &x);
    (void)text_printf(t, "%s  %-11s  %-20s  %-10s  ", x.pathway, x.start[0] ? x.start : "-",
                      r->retracted ? "(taken back)"
                      : r->event   ? r->event
                                   : "-",
                      x.date[0] ? x.date : "-");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!words[i])
            continue;
        if (any)
            (void)text_puts(t, ", ");
        (void)output_escaped(t, words[i]);
        any = true;
    }
    (void)text_putc(t, '\n');
}
