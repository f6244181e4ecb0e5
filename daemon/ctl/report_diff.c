#include "ctl/report_diff.h"

#include "ctl/report_json.h"

json_t *report_change(const struct plan_change *c)
{
    json_t *o = json_object();
    int r = report_put(o, "effect", report_text(change_effect_name(c->effect)));

    r |= report_put(o, "change", report_text(change_kind_name(c->kind)));
    r |= report_put(o, "subject", report_text(c->subject));
    r |= report_put(o, "id", report_text(c->id));
    r |= report_put(o, "what", report_text(c->what));
    r |= report_put(o, "before", report_text(c->before));
    r |= report_put(o, "after", report_text(c->after));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

json_t *report_changes(const struct plan_changes *changes)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < changes->count; i++)
        if (json_array_append_new(list, report_change(&changes->list[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}
