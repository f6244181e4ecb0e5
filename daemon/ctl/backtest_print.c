#include <errno.h>
#include <stdio.h>

#include "base/auto.h"
#include "ctl/backtest.h"
#include "ctl/show_internal.h"

/* The number of days, or of times; nothing reads better than 0. */
static void add_count(struct output_table *t, const json_t *o, const char *key)
{
    char text[32] = "";
    json_int_t n = json_integer_value(json_object_get(o, key));

    if (n)
        (void)snprintf(text, sizeof text, "%lld", (long long)n);
    output_table_add(t, text, COLOUR_NONE);
}

/* What the rule is about: its measure, its action, its feed. */
static void add_subject(struct output_table *t, const json_t *rule)
{
    static const char *const keys[] = { "measure", "action", "feed" };

    for (size_t i = 0; i < COUNT(keys); i++)
        if (json_is_string(json_object_get(rule, keys[i]))) {
            show_add_key(t, rule, keys[i]);
            return;
        }
    output_table_add(t, "-", COLOUR_NONE);
}

/* "2024-06-13 to 2024-07-11": when it fired, each time; "..." before the test began or after it ended. */
static void add_when(struct output_table *t, const json_t *rule)
{
    AUTO(text_release) struct text cell = TEXT_INIT;
    const json_t *when = json_object_get(rule, "when");

    for (size_t i = 0; i < json_array_size(when); i++) {
        const json_t *firing = json_array_get(when, i);
        const char *opened = json_string_value(json_object_get(firing, "opened"));
        const char *ended = json_string_value(json_object_get(firing, "ended"));

        (void)text_printf(&cell, "%s%s to %s", cell.len ? ", " : "", opened ? opened : "...",
                          ended ? ended : "...");
    }
    output_table_add_text(t, &cell, COLOUR_NONE);
}

static int print_rules(const json_t *rules, const struct view *v)
{
    static const struct output_column columns[] = {
        { "RULE", false, 0 },    { "OF", false, 16 },      { "TITLE", false, 24 },
        { "OWNER", false, 12 },  { "EPISODES", true, 0 },  { "DAYS", true, 0 },
        { "RESTATED", true, 0 }, { "CORRECTED", true, 0 }, { "FIRED", false, 24 },
    };
    struct output_table t;

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);

        show_add_key(&t, rule, "rule");
        add_subject(&t, rule);
        show_add_key(&t, rule, "title");
        show_add_key(&t, rule, "owner");
        add_count(&t, rule, "episodes");
        add_count(&t, rule, "days");
        add_count(&t, rule, "restatement_only");
        add_count(&t, rule, "corrected");
        add_when(&t, rule);
    }
    return show_print(&t, v);
}

static int print_messages(const json_t *messages, const struct view *v)
{
    static const struct output_column columns[] = {
        { "OWNER", false, 0 }, { "RECEIVER", false, 0 },      { "MESSAGES", true, 0 },
        { "A WEEK", true, 0 }, { "MOST IN A WEEK", true, 0 },
    };
    struct output_table t;

    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *row = json_array_get(messages, i);
        char per_week[32];

        (void)snprintf(per_week, sizeof per_week, "%.2f",
                       json_real_value(json_object_get(row, "per_week")));
        show_add_key(&t, row, "owner");
        show_add_key(&t, row, "receiver");
        add_count(&t, row, "messages");
        output_table_add(&t, per_week, COLOUR_NONE);
        add_count(&t, row, "most_in_a_week");
    }
    return show_print(&t, v);
}

/* One list of rows, each with its kind. */
static json_t *rows_of(const json_t *report)
{
    static const struct {
        const char *key, *kind;
    } parts[] = { { "rules", "rule" }, { "messages", "messages" } };
    json_t *rows = json_array();
    int r = rows ? 0 : -1;

    for (size_t i = 0; i < COUNT(parts); i++) {
        const json_t *part = json_object_get(report, parts[i].key);

        for (size_t k = 0; r == 0 && k < json_array_size(part); k++) {
            json_t *row = json_pack("{s:s}", "kind", parts[i].kind);

            r = row ? json_object_update(row, json_array_get(part, k)) : -1;
            r |= json_array_append_new(rows, row);
        }
    }
    if (r == 0)
        return rows;
    json_decref(rows);
    return NULL;
}

static int print_rows(const json_t *report, enum output_kind kind, struct text *out)
{
    json_t *rows = rows_of(report);
    int r = !rows ? -ENOMEM : kind == OUTPUT_CSV ? output_csv(out, rows) : output_ndjson(out, rows);

    json_decref(rows);
    return r;
}

int backtest_print(const json_t *report, enum output_kind kind, size_t width, bool colour,
                   struct text *out)
{
    const struct view v = { width, colour, out };
    int r;

    if (kind == OUTPUT_JSON) {
        r = output_json(out, report, true);
        return r == 0 ? text_putc(out, '\n') : r;
    }
    if (kind != OUTPUT_TABLE)
        return print_rows(report, kind, out);
    r = print_rules(json_object_get(report, "rules"), &v);
    if (r == 0)
        r = text_putc(out, '\n');
    return r == 0 ? print_messages(json_object_get(report, "messages"), &v) : r;
}
