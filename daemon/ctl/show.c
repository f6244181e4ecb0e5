#include "ctl/show.h"

#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "ctl/output.h"

#define COUNT(a)  (sizeof(a) / sizeof(a)[0])
#define ID_DIGITS 8 /* of an alert id: enough for `explain`, which takes 6 or more */

struct view {
    size_t width;
    bool colour;
    struct text *out;
};

static const char *string_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "-";
}

static void add_key(struct output_table *t, const json_t *o, const char *key)
{
    AUTO(text_release) struct text cell = TEXT_INIT;

    (void)output_cell(&cell, json_object_get(o, key));
    output_table_add_text(t, &cell, COLOUR_NONE);
}

static void add_coloured(struct output_table *t, const json_t *o, const char *key)
{
    const char *word = string_of(o, key);

    output_table_add(t, word, output_colour_of(word));
}

/* "43.5%", or the marker's word, or "-". */
static void add_figure(struct output_table *t, const json_t *o, const char *key)
{
    AUTO(text_release) struct text cell = TEXT_INIT;
    const json_t *value = json_object_get(o, key), *marker = json_object_get(o, "marker");

    if (json_is_null(value) && strcmp(key, "value") == 0 && json_is_string(marker)) {
        add_key(t, o, "marker");
        return;
    }
    (void)output_cell(&cell, value);
    if (json_is_number(value) && strcmp(string_of(o, "unit"), "percent") == 0)
        (void)text_putc(&cell, '%');
    output_table_add_text(t, &cell, COLOUR_NONE);
}

static int print(struct output_table *t, const struct view *v)
{
    int r = output_table_print(t, v->width, v->colour, v->out);

    output_table_release(t);
    return r;
}

/* ---- measures ---------------------------------------------------------------------------------
 */

static void add_marks(struct output_table *t, const json_t *o)
{
    int held = json_is_true(json_object_get(o, "held"));
    int restated = json_is_true(json_object_get(o, "restated"));

    output_table_add(t,
                     held && restated ? "held, restated"
                     : held           ? "held"
                     : restated       ? "restated"
                                      : "",
                     COLOUR_NONE);
}

static int show_measures(const json_t *list, const struct view *v)
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

        add_key(&t, m, "id");
        add_key(&t, m, "title");
        add_figure(&t, m, "value");
        add_figure(&t, m, "expected");
        add_figure(&t, m, "target");
        add_coloured(&t, m, "rag");
        add_key(&t, m, "period_end");
        add_key(&t, m, "status");
        add_marks(&t, m);
    }
    return print(&t, v);
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

        add_key(&t, p, "period_start");
        add_key(&t, p, "period_end");
        add_figure(&t, p, "value");
        add_figure(&t, p, "expected");
        add_coloured(&t, p, "rag");
        add_key(&t, p, "status");
        output_table_add(
            &t, text_number((double)json_array_size(json_object_get(p, "versions")), number),
            COLOUR_NONE);
        add_marks(&t, p);
    }
    return print(&t, v);
}

/* ---- alerts -----------------------------------------------------------------------------------
 */

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

static int show_alerts(const json_t *list, const struct view *v)
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
        const char *severity = string_of(a, "severity");
        char id[ID_DIGITS + 1] = "";

        strncat(id, string_of(a, "alert_id"), ID_DIGITS);
        output_table_add(&t, show_state_words(string_of(a, "rule"), string_of(a, "state")),
                         output_colour_of(severity));
        add_coloured(&t, a, "severity");
        add_key(&t, a, "title");
        add_comparison(&t, a);
        add_key(&t, a, "since");
        add_key(&t, a, "owner");
        add_marks(&t, a);
        output_table_add(&t, id, COLOUR_NONE);
    }
    return print(&t, v);
}

/* ---- feeds ------------------------------------------------------------------------------------
 */

/* Each file that waits for a person, with what to type. */
static void show_waits(const json_t *feed, const struct view *v)
{
    const json_t *waits = json_object_get(feed, "waits");
    const char *incomplete = json_string_value(json_object_get(feed, "incomplete"));

    if (incomplete) {
        (void)text_printf(v->out, "\n%s: ", string_of(feed, "id"));
        (void)output_escaped(v->out, incomplete);
        (void)text_putc(v->out, '\n');
    }
    for (size_t i = 0; i < json_array_size(waits); i++) {
        const json_t *w = json_array_get(waits, i);

        (void)text_printf(v->out, "\nreceipt %lld of %s, since %s: ",
                          (long long)json_integer_value(json_object_get(w, "receipt")),
                          string_of(feed, "id"), string_of(w, "since"));
        (void)output_escaped(v->out, string_of(w, "why"));
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

        add_key(&t, f, "id");
        add_key(&t, f, "title");
        add_key(&t, f, "newest_period_end");
        add_key(&t, f, "awaited");
        add_key(&t, f, "due");
        output_table_add(&t,
                         late   ? "late"
                         : held ? "file held"
                         : gaps ? "incomplete"
                                : "in time",
                         late || held || gaps ? COLOUR_AMBER : COLOUR_NONE);
        add_key(&t, f, "files");
        add_key(&t, f, "last_outcome");
    }
    int r = print(&t, v);

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
        show_waits(json_array_get(list, i), v);
    return r;
}

/* ---- plans ------------------------------------------------------------------------------------
 */

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
        output_escaped(v->out, string_of(priority, "id"));
        text_puts(v->out, ": ");
        output_escaped(v->out, string_of(priority, "title"));
        text_putc(v->out, '\n');
        output_table_init(&t, actions, COUNT(actions));
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *a = json_array_get(list, k);
            int overdue = json_is_true(json_object_get(a, "overdue"));

            add_key(&t, a, "id");
            add_key(&t, a, "title");
            add_key(&t, a, "lead");
            add_key(&t, a, "due");
            output_table_add(&t, overdue ? "overdue" : string_of(a, "status"),
                             overdue ? COLOUR_RED : COLOUR_NONE);
            add_coloured(&t, json_object_get(a, "delivery"), "rag");
            add_coloured(&t, a, "performance");
        }
        r = print(&t, v);
    }
    const json_t *list = json_object_get(plan, "measures");

    text_puts(v->out, "\nMeasures\n");
    output_table_init(&t, measures, COUNT(measures));
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *m = json_array_get(list, k);

        add_key(&t, m, "id");
        add_key(&t, m, "title");
        add_figure(&t, m, "value");
        add_figure(&t, m, "expected");
        add_figure(&t, m, "target");
        add_coloured(&t, m, "rag");
        add_key(&t, m, "action");
        add_key(&t, m, "owner");
    }
    return r < 0 ? r : print(&t, v);
}

static int show_plans(const json_t *list, const struct view *v)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        const json_t *p = json_array_get(list, i);
        AUTO(text_release) struct text cell = TEXT_INIT;

        (void)output_cell(&cell, json_object_get(p, "version"));
        if (!text_ok(&cell))
            return cell.error;
        text_printf(v->out, "%sPlan ", i ? "\n" : "");
        output_escaped(v->out, string_of(p, "id"));
        text_printf(v->out, ", version %s, place ", text_str(&cell));
        output_escaped(v->out, string_of(p, "place"));
        text_printf(v->out, ", %s", string_of(p, "mode"));
        text_printf(v->out, ", valid %s to %s%s\n", string_of(p, "valid_from"),
                    string_of(p, "valid_to"),
                    json_is_true(json_object_get(p, "illustrative"))
                        ? "\nILLUSTRATIVE: targets, owners and dates are invented"
                        : "");
        r = show_plan_tables(p, v);
    }
    return r;
}

/* ---- lists of keys ----------------------------------------------------------------------------
 */

/* "red 2, amber 1", "a, b": what nests in a status stays on its line. */
static void inline_value(struct text *out, const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    bool first = true;

    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            text_puts(out, first ? "" : ", ");
            output_escaped(out, key);
            text_putc(out, ' ');
            output_cell(out, member);
            first = false;
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, member)
        {
            text_puts(out, first ? "" : "; ");
            if (json_is_object(member))
                inline_value(out, member); /* one level: an object of a status holds scalars */
            else
                output_cell(out, member);
            first = false;
        }
    } else {
        output_cell(out, value);
        return;
    }
    if (first)
        text_puts(out, "none");
}

static int show_keys(const json_t *object, const char *except, const struct view *v)
{
    size_t widest = 0;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value) if (strlen(key) > widest) widest =
        strlen(key);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (except && strcmp(key, except) == 0)
            continue;
        for (const char *c = key; *c; c++)
            text_putc(v->out, *c == '_' ? ' ' : *c < 0x20 ? '?' : *c);
        for (size_t pad = strlen(key); pad < widest + 2; pad++)
            text_putc(v->out, ' ');
        inline_value(v->out, value);
        text_putc(v->out, '\n');
    }
    return v->out->error;
}

static int show_measure(const json_t *measure, const struct view *v)
{
    int r = show_keys(measure, "history", v);

    text_putc(v->out, '\n');
    return r < 0 ? r : show_history(json_object_get(measure, "history"), v);
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
    output_escaped(v->out, string_of(result, "text"));
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
            add_key(&t, record, said[j]);
        json_object_foreach((json_t *)(uintptr_t)record, key, value)
        {
            bool is_said = false;

            for (size_t j = 0; j < COUNT(said); j++)
                is_said |= strcmp(key, said[j]) == 0;
            if (is_said)
                continue;
            text_printf(&detail, "%s%s=", detail.len ? " " : "", key);
            inline_value(&detail, value);
        }
        output_table_add_text(&t, &detail, COLOUR_NONE);
    }
    return print(&t, v);
}

/* ---- outbox ----------------------------------------------------------------------------------- */

static void add_beginning(struct output_table *t, const json_t *o, const char *key)
{
    char digits[ID_DIGITS + 1];

    (void)snprintf(digits, sizeof digits, "%s", string_of(o, key));
    output_table_add(t, digits, COLOUR_NONE);
}

static int show_outbox(const json_t *list, const struct view *v)
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

        add_beginning(&t, row, "id");
        for (size_t k = 0; k < COUNT(keys); k++)
            add_key(&t, row, keys[k]);
    }
    return print(&t, v);
}

/* ---- charts ----------------------------------------------------------------------------------- */

static int show_spc(const json_t *chart, const struct view *v)
{
    static const struct output_column columns[] = {
        { "FROM", false, 0 }, { "TO", false, 0 },   { "VALUE", true, 0 }, { "MEAN", true, 0 },
        { "LOWER", true, 0 }, { "UPPER", true, 0 }, { "MARK", false, 0 },
    };
    static const char *const keys[] = { "mean", "lower", "upper", "mark" };
    const json_t *points = json_object_get(chart, "points");
    struct output_table t;

    (void)text_printf(v->out, "%s: %s\n", string_of(chart, "id"), string_of(chart, "words"));
    (void)text_printf(v->out, "variation %s, assurance %s, limits %s%s\n",
                      string_of(chart, "variation"), string_of(chart, "assurance"),
                      string_of(chart, "limits"),
                      json_is_true(json_object_get(chart, "trial")) ? ", trial" : "");
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *p = json_array_get(points, i);

        add_key(&t, p, "period_start");
        add_key(&t, p, "period_end");
        add_figure(&t, p, "value");
        for (size_t k = 0; k < COUNT(keys); k++)
            add_key(&t, p, keys[k]);
    }
    return print(&t, v);
}

static int show_forecast(const json_t *forecast, const struct view *v)
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

    (void)text_printf(v->out, "%s, data of %s: %s\n", string_of(forecast, "id"),
                      string_of(forecast, "data_date"), string_of(forecast, "words"));
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(milestones); i++)
        for (size_t k = 0; k < COUNT(keys); k++)
            add_key(&t, json_array_get(milestones, i), keys[k]);
    int r = json_array_size(milestones) ? print(&t, v) : (output_table_release(&t), 0);

    if (r < 0 || !json_array_size(days))
        return r;
    (void)text_printf(v->out, "passing %s, if nobody is seen:\n", string_of(forecast, "line"));
    output_table_init(&t, day_columns, COUNT(day_columns));
    for (size_t i = 0; i < json_array_size(days); i++) {
        add_key(&t, json_array_get(days, i), "day");
        add_key(&t, json_array_get(days, i), "crossing");
        add_key(&t, json_array_get(days, i), "over");
    }
    return print(&t, v);
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
        { "status", show_status },     { "health", show_health },   { "feeds", show_feeds },
        { "measures", show_measures }, { "measure", show_measure }, { "alerts", show_alerts },
        { "explain", show_explain },   { "plan-show", show_plans }, { "audit", show_audit },
        { "outbox-ls", show_outbox },  { "spc-show", show_spc },    { "forecast", show_forecast },
    };
    const struct view v = { width, colour, out };

    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].command, command) == 0)
            return rows[i].show(result, &v);
    return json_is_string(json_object_get(result, "act")) ? show_act(result, &v)
                                                          : output_json(out, result, true);
}
