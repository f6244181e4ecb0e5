#include "ctl/diag_json.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/report_json.h"

static json_t *object_of(const char *severity, const char *code, const char *file, unsigned line,
                         unsigned column, const char *message, const char *hint)
{
    json_t *o = json_object();

    int r = report_put(o, "severity", report_text(severity));

    r |= report_put(o, "code", report_text(code));
    r |= report_put(o, "file", report_text(file));
    r |= report_put(o, "line", json_integer(line));
    r |= report_put(o, "column", json_integer(column));
    r |= report_put(o, "message", report_text(message));
    r |= report_put(o, "hint", report_text(hint));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *object_of_diag(const struct diag *g)
{
    return object_of(diag_level_name(g->level), g->code ? g->code : "invalid", g->file, g->line,
                     g->column, g->text, g->hint);
}

static json_t *object_of_more(const struct diags *d)
{
    AUTO(text_release) struct text t = TEXT_INIT;

    if (text_printf(&t, "and more: %zu errors, %zu warnings in all", d->errors, d->warnings) < 0)
        return NULL;
    return object_of(diag_level_name(DIAG_NOTE), "more", NULL, 0, 0, text_str(&t), NULL);
}

json_t *diag_json(const struct diags *d)
{
    const struct diag **order = diags_in_order(d);
    json_t *array = json_array();
    bool good = array && (order || d->count == 0);

    for (size_t i = 0; good && i < d->count; i++)
        good = json_array_append_new(array, object_of_diag(order[i])) == 0;
    /* Also what memory did not suffice for: a message that was counted and is not here. */
    if (good && d->errors + d->warnings > d->count)
        good = json_array_append_new(array, object_of_more(d)) == 0;
    free(order);
    if (good)
        return array;
    json_decref(array);
    return NULL;
}
