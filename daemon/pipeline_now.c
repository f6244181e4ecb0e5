#include "pipeline_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "notify/figure.h"

#define NOW_FIELDS 12

bool now_is_published(const struct pipeline *p, const char *id)
{
    const struct feed_setting *f = id ? pipeline_feed(p, id) : NULL;
    const struct format *format = f ? format_set_find(p->config->formats, f->format) : NULL;

    return format && format_is_published(format);
}

static const char *status_word(const struct finding *f, const struct series_version *v)
{
    if (v->status == PUBLICATION_FINAL)
        return "final";
    if (f->history_count && f->history[f->history_count - 1].restated)
        return "restated";
    return v->status == PUBLICATION_PROVISIONAL ? "provisional" : "final";
}

static const char *line_shown(double line, struct figure_kind kind, char number[32])
{
    if (isnan(line))
        return "";
    return figure_line_hidden(line, kind) ? "*" : text_number(line, number);
}

#define NOW_VALUE_MAX 64

/* What is shown of a measure: put together for each at each evaluation. */
struct now_fields {
    const char *names[NOW_FIELDS], *values[NOW_FIELDS];
    char texts[NOW_FIELDS][NOW_VALUE_MAX];
    size_t count;
};

static void add_field(struct now_fields *s, const char *name, const char *value)
{
    size_t len = strlen(value);

    if (len >= NOW_VALUE_MAX)
        len = NOW_VALUE_MAX - 1;
    memcpy(s->texts[s->count], value, len);
    s->texts[s->count][len] = '\0';
    s->names[s->count] = name;
    s->values[s->count] = s->texts[s->count];
    s->count++;
}

static void find_fields(const struct pipeline *p, const struct finding *f, struct now_fields *s)
{
    const struct plan_measure *m = f->measure;
    const struct period_judgement *j = f->history_count ? &f->history[f->history_count - 1] : NULL;
    const struct series_version *v = j && !(f->holds & HOLD_WAVE_OVER) ? j->version : NULL;
    enum unit unit = finding_unit(f);
    const struct figure_kind kind = { .unit = unit,
                                      .published = m->of_feed || now_is_published(p, f->feed),
                                      .is_longest = measure_is_longest(m) };
    enum rag rag = f->rag == RAG_AMBER && figure_veiled(m, f->line, kind) ? RAG_RED : f->rag;
    char at[WALL_TEXT_MAX];

    s->count = 0;
    if (v) {
        char figure[FIGURE_MAX], number[32];

        if (v->marker != MARKER_NONE)
            add_field(s, "value", v->marker == MARKER_SUPPRESSED ? "*" : "");
        else if (kind.published)
            add_field(s, "value", text_number(v->value, number));
        else
            add_field(s, "value", message_figure(v, kind, figure));
        if (v->marker != MARKER_NONE)
            add_field(s, "marker", marker_name(v->marker));
        add_field(s, "as_of", wall_format(v->as_of, at));
        add_field(s, "status", status_word(f, v));
        char period[2 * DATE_TEXT_MAX], start[DATE_TEXT_MAX], end[DATE_TEXT_MAX];

        (void)snprintf(period, sizeof period, "%s/%s", date_format(j->start, start),
                       date_format(j->end, end));
        add_field(s, "period", period);
    } else {
        add_field(s, "value", "");
    }
    add_field(s, "unit", unit_name(unit) ? unit_name(unit) : "");
    add_field(s, "method", measure_method(m));
    add_field(s, "rag", rag_name(rag));
    char number[32];

    add_field(s, "target", line_shown(f->target, kind, number));
    add_field(s, "expected", line_shown(f->line, kind, number));
    add_field(s, "held", f->holds ? "true" : "false");
}

int show_now(struct pipeline *p, const struct finding *f)
{
    struct now_fields s;
    struct text shown = TEXT_INIT;

    find_fields(p, f, &s);
    for (size_t i = 0; i < s.count; i++) {
        (void)text_puts(&shown, s.names[i]);
        (void)text_putc(&shown, '=');
        (void)text_puts(&shown, s.values[i]);
        (void)text_putc(&shown, '\n');
    }
    char *text = text_take(&shown);
    const char *before = table_get(&p->now_shown, f->measure->id);
    void *old = NULL;

    if (!text)
        return -ENOMEM;
    if (before && strcmp(before, text) == 0) {
        free(text);
        return 0;
    }
    if (table_set(&p->now_shown, f->measure->id, text, &old) < 0) {
        free(text);
        return -ENOMEM;
    }
    free(old);
    batch_add(p, store_now(p->store, f->measure->id, s.names, s.values, s.count, batch_done, p));
    return 0;
}

void hide_gone(struct pipeline *p)
{
    const char *id;
    void *text;

    for (size_t at = 0; table_next(&p->now_shown, &at, &id, &text);) {
        bool found = false;

        for (size_t i = 0; i < p->findings.count && !found; i++)
            found = p->findings.list[i].rule == RULE_BEHIND_PLAN &&
                    strcmp(p->findings.list[i].measure->id, id) == 0;
        if (found)
            continue;
        batch_add(p, store_now(p->store, id, NULL, NULL, 0, batch_done, p));
        free(table_remove(&p->now_shown, id));
    }
}
