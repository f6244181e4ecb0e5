#include "ctl/show_internal.h"

#include <string.h>

#include "base/auto.h"

const char *show_state_words(const char *rule, const char *state)
{
    static const struct {
        const char *rule, *state, *words; /* rule NULL: any */
    } rows[] = {
        { "feed-late", "FIRING", "late" },
        { "coverage-gap", "FIRING", "incomplete" },
        { "implausible-change", "FIRING", "held" },
        { "action-overdue", "FIRING", "overdue" },
        { "forecast", "FIRING", "likely to miss" },
        { "forecast", "RESOLVED", "no longer likely" },
        { "special-cause", "FIRING", "special cause" },
        { "special-cause", "RESOLVED", "as expected" },
        { "dead-letter", "FIRING", "given up" },
        { "self-check", "FIRING", "needs help" },
        { "feed-late", "RESOLVED", "not late" }, /* its file came, or a person moved its day */
        { "coverage-gap", "RESOLVED", "complete" },
        { "implausible-change", "RESOLVED", "decided" },
        { "action-overdue", "RESOLVED", "done" },
        { "dead-letter", "RESOLVED", "settled" },
        { "self-check", "RESOLVED", "well again" },
        { NULL, "PENDING", "watching" },
        { NULL, "FIRING", "behind plan" },
        { NULL, "RECOVERING", "recovering" },
        { NULL, "RESOLVED", "back on plan" },
        { NULL, "RETRACTED", "corrected" },
        { NULL, "WITHDRAWN", "withdrawn" },
        { NULL, "EARLY", "early warning" },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        if ((!rows[i].rule || strcmp(rows[i].rule, rule) == 0) && strcmp(rows[i].state, state) == 0)
            return rows[i].words;
    return state;
}

/* "5 -> 20": the figure and the line that it was judged against. */
static void add_comparison(struct output_table *t, const json_t *a)
{
    AUTO(text_release) struct text cell = TEXT_INIT;

    if (json_is_number(json_object_get(a, "value")) ||
        json_is_number(json_object_get(a, "threshold"))) {
        (void)output_cell(&cell, json_object_get(a, "value"));
        (void)text_puts(&cell, " / ");
        (void)output_cell(&cell, json_object_get(a, "threshold"));
    }
    output_table_add_text(t, &cell, COLOUR_NONE);
}

int show_alerts(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "STATE", false, 0 },       { "SEVERITY", false, 0 }, { "TITLE", false, 24 },
        { "VALUE / PLAN", true, 0 }, { "SINCE", false, 0 },    { "OWNER", false, 12 },
        { "MARKS", false, 0 },       { "ALERT", false, 0 },
    };
    struct output_table t;

    if (json_array_size(list) == 0)
        return text_puts(v->out, "no alerts open, and none closed in the last 30 days\n");
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *a = json_array_get(list, i);
        const char *severity = show_string(a, "severity");
        char id[ID_DIGITS + 1] = "";

        strncat(id, show_string(a, "alert_id"), ID_DIGITS);
        output_table_add(&t, show_state_words(show_string(a, "rule"), show_string(a, "state")),
                         output_colour_of(severity));
        show_add_coloured(&t, a, "severity");
        show_add_key(&t, a, "title");
        add_comparison(&t, a);
        show_add_key(&t, a, "since");
        show_add_key(&t, a, "owner");
        show_add_marks(&t, a);
        output_table_add(&t, id, COLOUR_NONE);
    }
    return show_print(&t, v);
}

int show_silences(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "SILENCE", true, 0 }, { "STATE", false, 0 },    { "ABOUT", false, 24 },
        { "FROM", false, 0 },   { "UNTIL", false, 0 },    { "AUTHOR", false, 0 },
        { "OPEN", true, 0 },    { "APPROVED", false, 0 }, { "WHY", false, 24 },
    };
    static const char *const keys[] = { "silence", "state",       "match",       "from", "until",
                                        "author",  "open_alerts", "approved_by", "why" };
    struct output_table t;

    if (json_array_size(list) == 0)
        return text_puts(v->out, "no silences stand, and none ended in the last 30 days\n");
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++)
        for (size_t k = 0; k < COUNT(keys); k++)
            show_add_key(&t, json_array_get(list, i), keys[k]);
    return show_print(&t, v);
}

int show_matched(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "STATE", false, 0 },  { "SEVERITY", false, 0 }, { "TITLE", false, 24 },
        { "OWNER", false, 12 }, { "TOLD", false, 0 },     { "ALERT", false, 0 },
    };
    struct output_table t;

    if (json_array_size(list) == 0)
        return text_puts(v->out, "no open alert fits\n");
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *a = json_array_get(list, i);

        output_table_add(&t, show_state_words(show_string(a, "rule"), show_string(a, "state")),
                         output_colour_of(show_string(a, "severity")));
        show_add_coloured(&t, a, "severity");
        show_add_key(&t, a, "title");
        show_add_key(&t, a, "owner");
        show_add_key(&t, a, "told");
        show_add_beginning(&t, a, "alert_id");
    }
    return show_print(&t, v);
}

int show_outbox(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "ID", false, 0 },        { "STATE", false, 0 },    { "RECEIVER", false, 0 },
        { "RECIPIENT", false, 0 }, { "SUBJECT", false, 24 }, { "SINCE", false, 0 },
        { "TRIES", true, 0 },      { "NEXT", false, 0 },     { "WHY", false, 24 },
    };
    static const char *const keys[] = { "state", "receiver", "recipient", "subject",
                                        "since", "tries",    "next_try",  "why" };
    struct output_table t;

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);

        show_add_beginning(&t, row, "id");
        for (size_t k = 0; k < COUNT(keys); k++)
            show_add_key(&t, row, keys[k]);
    }
    return show_print(&t, v);
}

int show_rendered(const json_t *list, const struct view *v)
{
    const json_t *first = json_array_get(list, 0);
    const char *eml = json_string_value(json_object_get(first, "eml"));

    return text_puts(v->out, eml ? eml : show_string(first, "event"));
}

int show_tested(const json_t *record, const struct view *v)
{
    AUTO(text_release) struct text words = TEXT_INIT;

    (void)text_printf(&words, "test %.8s to %s: accepted by %s (%s)",
                      show_string(record, "delivery_id"), show_string(record, "recipient"),
                      show_string(record, "accepted_by"), show_string(record, "answer"));
    (void)output_escaped(v->out, text_str(&words));
    return text_putc(v->out, '\n');
}
