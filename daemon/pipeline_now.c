#include "pipeline_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "notify/figure.h"

#define NOW_FIELDS 12

static bool feed_is_published(const struct pipeline *p, const char *id)
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

/* Fills name, value pairs; returns their number. buffers hold the numbers' texts. */
static size_t now_fields(const struct pipeline *p, const struct finding *f, const char **names,
                         const char **values, char buffers[NOW_FIELDS][64])
{
    const struct plan_measure *m = f->measure;
    const struct period_judgement *j = f->history_count ? &f->history[f->history_count - 1] : NULL;
    const struct series_version *v = j && !(f->holds & HOLD_WAVE_OVER) ? j->version : NULL;
    enum unit unit = finding_unit(f);
    const struct figure_kind kind = { .unit = unit,
                                      .published = m->of_feed || feed_is_published(p, f->feed),
                                      .is_longest = measure_is_longest(m) };
    enum rag rag = f->rag == RAG_AMBER && figure_veiled(m, f->line, kind) ? RAG_RED : f->rag;
    char date[DATE_TEXT_MAX], at[WALL_TEXT_MAX];
    size_t n = 0;

#define FIELD(name, ...)                                                                           \
    do {                                                                                           \
        names[n] = name;                                                                           \
        (void)snprintf(buffers[n], sizeof buffers[n], __VA_ARGS__);                                \
        values[n] = buffers[n];                                                                    \
        n++;                                                                                       \
    } while (0)

    if (v) {
        char figure[FIGURE_MAX], number[32];

        if (v->marker != MARKER_NONE)
            FIELD("value", "%s", v->marker == MARKER_SUPPRESSED ? "*" : "");
        else if (kind.published)
            FIELD("value", "%s", text_number(v->value, number));
        else
            FIELD("value", "%s", message_figure(v, kind, figure));
        if (v->marker != MARKER_NONE)
            FIELD("marker", "%s", marker_name(v->marker));
        FIELD("as_of", "%s", wall_format(v->as_of, at));
        FIELD("status", "%s", status_word(f, v));
        char start[DATE_TEXT_MAX];

        FIELD("period", "%s/%s", date_format(j->start, start), date_format(j->end, date));
    } else {
        FIELD("value", "%s", "");
    }
    FIELD("unit", "%s", unit_name(unit) ? unit_name(unit) : "");
    FIELD("method", "%s", measure_method(m));
    FIELD("rag", "%s", rag_name(rag));
    char number[32];

    FIELD("target", "%s", line_shown(f->target, kind, number));
    FIELD("expected", "%s", line_shown(f->line, kind, number));
    FIELD("held", "%s", f->holds ? "true" : "false");
#undef FIELD
    return n;
}

int show_now(struct pipeline *p, const struct finding *f)
{
    const char *names[NOW_FIELDS], *values[NOW_FIELDS];
    char buffers[NOW_FIELDS][64];
    size_t n = now_fields(p, f, names, values, buffers);
    struct text shown = TEXT_INIT;

    for (size_t i = 0; i < n; i++)
        (void)text_printf(&shown, "%s=%s\n", names[i], values[i]);
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
    batch_add(p, store_now(p->store, f->measure->id, names, values, n, batch_done, p));
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
