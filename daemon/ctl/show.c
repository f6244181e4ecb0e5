#include "ctl/show_internal.h"

#include <stdint.h>
#include <string.h>

#include "base/auto.h"

/* Each file that waits for a person, with what to type. */
static void show_waits(const json_t *feed, const struct view *v)
{
    const json_t *waits = json_object_get(feed, "waits");
    const char *incomplete = json_string_value(json_object_get(feed, "incomplete"));

    if (incomplete) {
        (void)text_printf(v->out, "\n%s: ", show_string(feed, "id"));
        (void)output_escaped(v->out, incomplete);
        (void)text_putc(v->out, '\n');
    }
    for (size_t i = 0; i < json_array_size(waits); i++) {
        const json_t *w = json_array_get(waits, i);

        (void)text_printf(v->out, "\nreceipt %lld of %s, since %s: ",
                          (long long)json_integer_value(json_object_get(w, "receipt")),
                          show_string(feed, "id"), show_string(w, "since"));
        (void)output_escaped(v->out, show_string(w, "why"));
        (void)text_putc(v->out, '\n');
    }
}

static int show_feeds(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "FEED", false, 0 },    { "TITLE", false, 16 },     { "DATA TO", false, 0 },
        { "AWAITED", false, 0 }, { "DUE BY", false, 0 },     { "STATE", false, 0 },
        { "FILES", true, 0 },    { "LAST FILE", false, 16 },
    };
    struct output_table t;

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *f = json_array_get(list, i);
        int late = json_is_true(json_object_get(f, "late"));
        int held = json_is_string(json_object_get(f, "held_file"));
        int gaps = json_array_size(json_object_get(f, "gaps")) > 0;

        show_add_key(&t, f, "id");
        show_add_key(&t, f, "title");
        show_add_key(&t, f, "newest_period_end");
        show_add_key(&t, f, "awaited");
        show_add_key(&t, f, "due");
        output_table_add(&t,
                         late   ? "late"
                         : held ? "file held"
                         : gaps ? "incomplete"
                                : "in time",
                         late || held || gaps ? COLOUR_AMBER : COLOUR_NONE);
        show_add_key(&t, f, "files");
        show_add_key(&t, f, "last_outcome");
    }
    int r = show_print(&t, v);

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
        show_waits(json_array_get(list, i), v);
    return r;
}

static int show_explain(const json_t *result, const struct view *v)
{
    const json_t *lines = json_object_get(result, "lines");

    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));

        output_escaped(v->out, line ? line : "");
        text_putc(v->out, '\n');
    }
    return v->out->error;
}

static int show_health(const json_t *result, const struct view *v)
{
    static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
    json_int_t code = json_integer_value(json_object_get(result, "code"));

    text_printf(v->out, "WAITLISTD %s - ", words[code >= 0 && code <= 3 ? code : 3]);
    output_escaped(v->out, show_string(result, "text"));
    return text_putc(v->out, '\n');
}

static int show_status(const json_t *result, const struct view *v)
{
    return show_keys(result, NULL, v);
}

/* What a record says beside its number, time, kind and author. */
static int show_audit(const json_t *list, const struct view *v)
{
    static const char *const said[] = { "record", "at", "what", "who", "prev" };
    static const struct output_column columns[] = { { "RECORD", true, 0 },
                                                    { "AT", false, 0 },
                                                    { "WHAT", false, 0 },
                                                    { "WHO", false, 0 },
                                                    { "DETAIL", false, 24 } };
    struct output_table t;

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        AUTO(text_release) struct text detail = TEXT_INIT;
        const json_t *record = json_array_get(list, i);
        const char *key;
        json_t *value;

        for (size_t j = 0; j + 1 < COUNT(said); j++)
            show_add_key(&t, record, said[j]);
        json_object_foreach((json_t *)(uintptr_t)record, key, value)
        {
            bool is_said = false;

            for (size_t j = 0; j < COUNT(said); j++)
                is_said |= strcmp(key, said[j]) == 0;
            if (is_said)
                continue;
            text_printf(&detail, "%s%s=", detail.len ? " " : "", key);
            show_inline(&detail, value);
        }
        output_table_add_text(&t, &detail, COLOUR_NONE);
    }
    return show_print(&t, v);
}

/* An act was done: what the audit says of it. */
static int show_act(const json_t *record, const struct view *v)
{
    text_puts(v->out, "done, and in the audit:\n");
    return show_keys(record, "at_ms", v);
}

int show_result(const char *command, const json_t *result, size_t width, bool colour,
                struct text *out)
{
    static const struct {
        const char *command;
        int (*show)(const json_t *result, const struct view *v);
    } rows[] = {
        { "status", show_status },         { "health", show_health },
        { "feeds", show_feeds },           { "measures", show_measures },
        { "measure", show_measure },       { "alerts", show_alerts },
        { "explain", show_explain },       { "plan-show", show_plans },
        { "audit", show_audit },           { "outbox-ls", show_outbox },
        { "spc-show", show_spc },          { "forecast", show_forecast },
        { "plan-diff", show_diff },        { "plan-apply", show_plan_act },
        { "plan-approve", show_plan_act }, { "plan-rollback", show_plan_act },
        { "plan-gap", show_gap },          { "series-find", show_series },
        { "render", show_rendered },       { "notify-test", show_tested },
        { "silence-ls", show_silences },   { "silence-preview", show_matched },
        { "doctor", show_doctor },
    };
    const struct view v = { width, colour, out };

    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].command, command) == 0)
            return rows[i].show(result, &v);
    return json_is_string(json_object_get(result, "act")) ? show_act(result, &v)
                                                          : output_json(out, result, true);
}
