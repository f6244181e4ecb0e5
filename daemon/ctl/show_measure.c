#include "ctl/show_internal.h"

#include <string.h>

#include "base/auto.h"

int show_measures(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "MEASURE", false, 0 }, { "TITLE", false, 24 }, { "VALUE", true, 0 },
        { "PLAN", true, 0 },     { "TARGET", true, 0 },  { "RAG", false, 0 },
        { "DATA TO", false, 0 }, { "STATUS", false, 0 }, { "MARKS", false, 0 },
    };
    struct output_table t;

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *m = json_array_get(list, i);

        show_add_judged(&t, m);
        show_add_key(&t, m, "period_end");
        show_add_key(&t, m, "status");
        show_add_marks(&t, m);
    }
    return show_print(&t, v);
}

static int show_history(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "FROM", false, 0 },    { "TO", false, 0 },    { "VALUE", true, 0 },
        { "PLAN", true, 0 },     { "RAG", false, 0 },   { "STATUS", false, 0 },
        { "VERSIONS", true, 0 }, { "MARKS", false, 0 },
    };
    struct output_table t;
    char number[32];

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *p = json_array_get(list, i);

        show_add_key(&t, p, "period_start");
        show_add_key(&t, p, "period_end");
        show_add_figure(&t, p, "value");
        show_add_figure(&t, p, "expected");
        show_add_coloured(&t, p, "rag");
        show_add_key(&t, p, "status");
        output_table_add(
            &t, text_number((double)json_array_size(json_object_get(p, "versions")), number),
            COLOUR_NONE);
        show_add_marks(&t, p);
    }
    return show_print(&t, v);
}

int show_measure(const json_t *measure, const struct view *v)
{
    int r = show_keys(measure, "history", v);

    text_putc(v->out, '\n');
    return r < 0 ? r : show_history(json_object_get(measure, "history"), v);
}

int show_spc(const json_t *chart, const struct view *v)
{
    static const struct output_column columns[] = {
        { "FROM", false, 0 }, { "TO", false, 0 },   { "VALUE", true, 0 }, { "MEAN", true, 0 },
        { "LOWER", true, 0 }, { "UPPER", true, 0 }, { "MARK", false, 0 },
    };
    static const char *const keys[] = { "mean", "lower", "upper", "mark" };
    const json_t *points = json_object_get(chart, "points");
    struct output_table t;

    (void)text_printf(v->out, "%s: %s\n", show_string(chart, "id"), show_string(chart, "words"));
    (void)text_printf(v->out, "variation %s, assurance %s, limits %s%s\n",
                      show_string(chart, "variation"), show_string(chart, "assurance"),
                      show_string(chart, "limits"),
                      json_is_true(json_object_get(chart, "trial")) ? ", trial" : "");
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *p = json_array_get(points, i);

        show_add_key(&t, p, "period_start");
        show_add_key(&t, p, "period_end");
        show_add_figure(&t, p, "value");
        for (size_t k = 0; k < COUNT(keys); k++)
            show_add_key(&t, p, keys[k]);
    }
    return show_print(&t, v);
}

int show_forecast(const json_t *forecast, const struct view *v)
{
    static const struct output_column day_columns[] = {
        { "DAY", false, 0 },
        { "CROSSING", true, 0 },
        { "OVER", true, 0 },
    };
    static const struct output_column columns[] = {
        { "MILESTONE", false, 0 }, { "PLAN", true, 0 }, { "P10", true, 0 }, { "P25", true, 0 },
        { "P50", true, 0 },        { "P75", true, 0 },  { "P90", true, 0 }, { "CHANCE %", true, 0 },
    };
    static const char *const keys[] = { "date", "expected", "p10", "p25",
                                        "p50",  "p75",      "p90", "chance" };
    const json_t *days = json_object_get(forecast, "days"),
                 *milestones = json_object_get(forecast, "milestones");
    struct output_table t;

    const char *data_date = json_string_value(json_object_get(forecast, "data_date"));

    (void)text_printf(v->out, "%s%s%s: %s\n", show_string(forecast, "id"),
                      data_date ? ", data of " : "", data_date ? data_date : "",
                      show_string(forecast, "words"));
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(milestones); i++)
        for (size_t k = 0; k < COUNT(keys); k++)
            show_add_key(&t, json_array_get(milestones, i), keys[k]);
    int r = json_array_size(milestones) ? show_print(&t, v) : (output_table_release(&t), 0);

    if (r < 0 || !json_array_size(days))
        return r;
    (void)text_printf(v->out, "passing %s, if nobody is seen:\n", show_string(forecast, "line"));
    output_table_init(&t, day_columns, COUNT(day_columns));
    for (size_t i = 0; i < json_array_size(days); i++) {
        show_add_key(&t, json_array_get(days, i), "day");
        show_add_key(&t, json_array_get(days, i), "crossing");
        show_add_key(&t, json_array_get(days, i), "over");
    }
    return show_print(&t, v);
}

#define SNIPPETS_SHOWN 3 /* of more that fit: narrow the words, or -o json */

int show_series(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "FROM", false, 0 },      { "WHAT", false, 24 },   { "ORG", false, 0 },
        { "BREAKDOWN", false, 8 }, { "VALUE", true, 0 },    { "DATA TO", false, 0 },
        { "JUDGED", true, 0 },     { "WARNING", false, 0 },
    };
    struct output_table t;
    size_t count = json_array_size(list);

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < count; i++) {
        const json_t *s = json_array_get(list, i);
        AUTO(text_release) struct text of = TEXT_INIT;

        show_add_key(&t, s, "source");
        show_add_key(&t, s, "title");
        show_add_key(&t, s, "org");
        show_add_key(&t, s, "breakdown");
        show_add_figure(&t, s, "value");
        show_add_key(&t, s, "period_end");
        (void)text_printf(&of, "%lld of %lld", json_integer_value(json_object_get(s, "judged")),
                          json_integer_value(json_object_get(s, "periods")));
        output_table_add_text(&t, &of, COLOUR_NONE);
        show_add_key(&t, s, "warning");
    }
    int r = show_print(&t, v);

    for (size_t i = 0; i < count && i < SNIPPETS_SHOWN; i++) {
        const char *line = show_string(json_array_get(list, i), "snippet"), *end;

        text_puts(v->out, i ? "" : "\nTo paste under measures:\n");
        for (; (end = strchr(line, '\n')); line = end + 1) {
            AUTO(text_release) struct text one = TEXT_INIT;

            (void)text_add(&one, line, (size_t)(end - line));
            output_escaped(v->out, text_str(&one));
            text_putc(v->out, '\n');
        }
    }
    if (count > SNIPPETS_SHOWN)
        (void)text_printf(v->out, "and %zu more: with more words, or -o json\n",
                          count - SNIPPETS_SHOWN);
    return r < 0 ? r : v->out->error;
}
