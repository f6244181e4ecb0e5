#include "ctl/show_internal.h"

#include "base/auto.h"

static int show_plan_tables(const json_t *plan, const struct view *v)
{
    static const struct output_column actions[] = {
        { "ACTION", false, 0 },   { "TITLE", false, 24 }, { "LEAD", false, 12 },
        { "DUE", false, 0 },      { "STATUS", false, 0 }, { "DELIVERY", false, 0 },
        { "MEASURES", false, 0 },
    };
    static const struct output_column measures[] = {
        { "MEASURE", false, 0 }, { "TITLE", false, 24 }, { "VALUE", true, 0 },
        { "PLAN", true, 0 },     { "TARGET", true, 0 },  { "RAG", false, 0 },
        { "ACTION", false, 0 },  { "OWNER", false, 12 },
    };
    const json_t *priorities = json_object_get(plan, "priorities");
    struct output_table t;
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(priorities); i++) {
        const json_t *priority = json_array_get(priorities, i);
        const json_t *list = json_object_get(priority, "actions");

        text_puts(v->out, "\nPriority ");
        output_escaped(v->out, show_string(priority, "id"));
        text_puts(v->out, ": ");
        output_escaped(v->out, show_string(priority, "title"));
        text_putc(v->out, '\n');
        output_table_init(&t, actions, COUNT(actions));
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *a = json_array_get(list, k);
            int overdue = json_is_true(json_object_get(a, "overdue"));

            show_add_key(&t, a, "id");
            show_add_key(&t, a, "title");
            show_add_key(&t, a, "lead");
            show_add_key(&t, a, "due");
            output_table_add(&t, overdue ? "overdue" : show_string(a, "status"),
                             overdue ? COLOUR_RED : COLOUR_NONE);
            show_add_coloured(&t, json_object_get(a, "delivery"), "rag");
            show_add_coloured(&t, a, "performance");
        }
        r = show_print(&t, v);
    }
    const json_t *list = json_object_get(plan, "measures");

    text_puts(v->out, "\nMeasures\n");
    output_table_init(&t, measures, COUNT(measures));
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *m = json_array_get(list, k);

        show_add_judged(&t, m);
        show_add_key(&t, m, "action");
        show_add_key(&t, m, "owner");
    }
    return r < 0 ? r : show_print(&t, v);
}

int show_plans(const json_t *list, const struct view *v)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        const json_t *p = json_array_get(list, i);
        AUTO(text_release) struct text cell = TEXT_INIT;

        (void)output_cell(&cell, json_object_get(p, "version"));
        if (!text_ok(&cell))
            return cell.error;
        text_printf(v->out, "%sPlan ", i ? "\n" : "");
        output_escaped(v->out, show_string(p, "id"));
        text_printf(v->out, ", version %s, place ", text_str(&cell));
        output_escaped(v->out, show_string(p, "place"));
        text_printf(v->out, ", %s", show_string(p, "mode"));
        text_printf(v->out, ", valid %s to %s%s\n", show_string(p, "valid_from"),
                    show_string(p, "valid_to"),
                    json_is_true(json_object_get(p, "illustrative"))
                        ? "\nILLUSTRATIVE: targets, owners and dates are invented"
                        : "");
        r = show_plan_versions(p, v);
        if (r == 0)
            r = show_plan_tables(p, v);
    }
    return r;
}

/* Those without a figure stand beneath, each with why: a table of figures would hide them. */
static void show_not_measurable(const json_t *list, const struct view *v)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *g = json_array_get(list, i);

        if (json_is_true(json_object_get(g, "measurable")))
            continue;
        text_puts(v->out, "not measurable: ");
        output_escaped(v->out, show_string(g, "id"));
        text_puts(v->out, ": ");
        output_escaped(v->out, show_string(g, "why_not"));
        text_putc(v->out, '\n');
    }
}

int show_gap(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "MEASURE", false, 0 }, { "TITLE", false, 24 },        { "VALUE", true, 0 },
        { "PLAN", true, 0 },     { "TARGET", true, 0 },         { "RAG", false, 0 },
        { "BEHIND", true, 0 },   { "NEXT", true, 0 },           { "ON", false, 0 },
        { "MARKS", false, 0 },   { "WHAT IT TAKES", false, 0 },
    };
    struct output_table t;

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *g = json_array_get(list, i);

        show_add_judged(&t, g);
        show_add_key(&t, g, "behind_by");
        show_add_figure(&t, g, "next");
        show_add_key(&t, g, "next_date");
        show_add_marks(&t, g);
        show_add_key(&t, g, "takes");
    }
    int r = show_print(&t, v);

    show_not_measurable(list, v);
    return r < 0 ? r : v->out->error;
}
