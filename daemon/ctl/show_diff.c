#include "ctl/show_internal.h"

#include <string.h>

int show_changes(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = { { "Effect", false, 0 }, { "Change", false, 0 },
                                                    { "Of", false, 0 },     { "Id", false, 0 },
                                                    { "What", false, 0 },   { "Before", false, 0 },
                                                    { "After", false, 0 } };
    static const char *const keys[] = { "effect", "change", "subject", "id",
                                        "what",   "before", "after" };
    struct output_table t;

    if (json_array_size(list) == 0)
        return text_puts(v->out, "no changes\n");
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++)
        for (size_t k = 0; k < COUNT(keys); k++)
            show_add_key(&t, json_array_get(list, i), keys[k]);
    return show_print(&t, v);
}

static int show_effect(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = { { "Alert", false, 0 },  { "Rule", false, 0 },
                                                    { "Of", false, 0 },     { "Title", false, 24 },
                                                    { "Before", false, 0 }, { "After", false, 0 } };
    static const char *const keys[] = { "what", "rule", "id", "title" };
    struct output_table t;

    if (!json_is_array(list))
        return text_puts(v->out,
                         "\nIts effect on alerts is not known: nothing was evaluated yet\n");
    if (json_array_size(list) == 0)
        return text_puts(v->out, "\nBy today's figures no alert and no colour is another by it\n");
    (void)text_puts(v->out, "\nBy today's figures\n");
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *e = json_array_get(list, i);

        for (size_t k = 0; k < COUNT(keys); k++)
            show_add_key(&t, e, keys[k]);
        show_add_coloured(&t, e, "before");
        show_add_coloured(&t, e, "after");
    }
    return show_print(&t, v);
}

static long long number(const json_t *o, const char *key)
{
    return (long long)json_integer_value(json_object_get(o, key));
}

int show_diff(const json_t *result, const struct view *v)
{
    (void)text_puts(v->out, "Plan ");
    (void)output_escaped(v->out, show_string(result, "plan"));
    (void)text_printf(v->out, ": version %lld to version %lld\n\n",
                      number(result, "version_before"), number(result, "version"));
    int r = show_changes(json_object_get(result, "changes"), v);

    return r < 0 ? r : show_effect(json_object_get(result, "effect"), v);
}

int show_plan_act(const json_t *record, const struct view *v)
{
    bool waits = json_is_true(json_object_get(record, "second"));

    (void)text_puts(v->out, "Plan ");
    (void)output_escaped(v->out, show_string(record, "plan"));
    (void)text_printf(v->out, ": version %lld %s\n\n", number(record, "version"),
                      waits ? "waits for a second person: waitlistctl plan approve"
                            : "is in force, and in the audit");
    int r = json_object_get(record, "changes") ? show_changes(json_object_get(record, "changes"), v)
                                               : 0;

    return r < 0 ? r : show_effect(json_object_get(record, "effect"), v);
}

/* ---- plan show ---- */

static void show_version(const char *what, const json_t *version, const struct view *v)
{
    const char *who = json_string_value(json_object_get(version, "who"));
    const char *second = json_string_value(json_object_get(version, "approved_by"));
    const char *reason = json_string_value(json_object_get(version, "reason"));

    (void)text_printf(v->out, "%s version %lld, %.10s, by ", what, number(version, "version"),
                      show_string(version, "at"));
    (void)output_escaped(v->out, who ? who : "its file");
    if (second) {
        (void)text_puts(v->out, " and ");
        (void)output_escaped(v->out, second);
    }
    if (reason) {
        (void)text_puts(v->out, ": ");
        (void)output_escaped(v->out, reason);
    }
    (void)text_putc(v->out, '\n');
}

static int show_softened(const json_t *list, const struct view *v)
{
    static const struct output_column columns[] = {
        { "Softened", false, 0 }, { "By", false, 0 },   { "Of", false, 0 }, { "Id", false, 0 },
        { "What", false, 0 },     { "From", false, 0 }, { "To", false, 0 }, { "Reason", false, 24 },
    };
    static const char *const keys[] = { "subject", "id", "what", "before", "after", "reason" };
    struct output_table t;

    if (json_array_size(list) == 0)
        return 0;
    (void)text_puts(v->out, "\nSoftened, ever\n");
    output_table_init(&t, columns, COUNT(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *s = json_array_get(list, i);
        const char *who = json_string_value(json_object_get(s, "who"));
        struct text on = TEXT_INIT;

        (void)text_printf(&on, "%.10s", show_string(s, "at"));
        output_table_add_text(&t, &on, COLOUR_NONE);
        text_release(&on);
        output_table_add(&t, who ? who : "its file", COLOUR_NONE);
        for (size_t k = 0; k < COUNT(keys); k++)
            show_add_key(&t, s, keys[k]);
    }
    return show_print(&t, v);
}

int show_plan_versions(const json_t *plan, const struct view *v)
{
    const json_t *in_force = json_object_get(plan, "in_force");
    const json_t *pending = json_object_get(plan, "pending");

    if (json_is_true(json_object_get(plan, "expired")))
        (void)text_puts(v->out, "PLAN EXPIRED: it is watched on, against its last milestones\n");
    if (json_is_object(in_force))
        show_version("In force:", in_force, v);
    if (json_is_string(json_object_get(plan, "unapplied_file"))) {
        (void)output_escaped(v->out, show_string(plan, "unapplied_file"));
        (void)text_puts(v->out,
                        " differs from what is in force: waitlistctl plan diff, plan apply\n");
    }
    if (json_is_object(pending)) {
        show_version("Waits for a second person:", pending, v);
        (void)text_printf(v->out, "until %s: waitlistctl plan approve\n",
                          show_string(plan, "pending_until"));
    }
    return show_softened(json_object_get(plan, "softened"), v);
}
