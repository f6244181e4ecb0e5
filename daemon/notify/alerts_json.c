#include "notify/alerts_json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "notify/wording.h"

/* NULL anywhere means no memory: jansson then refuses the new reference, and the whole fails. */
static void json_release(json_t **j)
{
    json_decref(*j);
}

static json_t *labels_of(const struct item_view *v, enum alert_severity severity)
{
    const struct alert *a = v->item->alert;

    return json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "alertname",
                     rule_name(a->rule), "instance", v->context->instance, "alert_id", a->id,
                     "severity", alert_severity_name(severity), "plan", a->plan, "feed",
                     a->plan ? NULL : a->feed, "provider", a->plan ? NULL : a->provider, "receiver",
                     a->receiver);
}

/* Adds what a part of the wording says, if anything. */
static int annotate(json_t *into, const char *name, const struct item_view *v,
                    void (*add)(const struct item_view *, struct text *))
{
    AUTO(text_release) struct text words = TEXT_INIT;

    add(v, &words);
    if (!text_ok(&words))
        return -1;
    return *text_str(&words) ? json_object_set_new(into, name, json_string(text_str(&words))) : 0;
}

static void add_summary(const struct item_view *v, struct text *out)
{
    (void)text_printf(out, "%s: ", wording_state(v));
    wording_title(v, out);
}

static void add_measure(const struct item_view *v, struct text *out)
{
    wording_clean(out, v->measure ? v->measure->id : v->item->alert->measure, 100, 1);
}

static void add_owner(const struct item_view *v, struct text *out)
{
    wording_clean(out, v->owner, 200, 20);
}

static void add_notice(const struct item_view *v, struct text *out)
{
    (void)text_puts(out, v->item->notice_id);
}

static void add_mark(const struct item_view *v, struct text *out)
{
    const struct message_context *c = v->context;

    if (message_is_rehearsal(c))
        (void)text_puts(out, "rehearsal");
    else if (c->is_illustrative || (c->plan && c->plan->illustrative))
        (void)text_puts(out, "illustrative");
}

static json_t *annotations_of(const struct item_view *v)
{
    static const struct {
        const char *name;
        void (*add)(const struct item_view *, struct text *);
    } parts[] = {
        { "summary", add_summary }, { "description", wording_what }, { "since", wording_since },
        { "who", wording_who },     { "clears", wording_clears },    { "sure", wording_sure },
        { "measure", add_measure }, { "owner", add_owner },          { "notice_id", add_notice },
        { "mark", add_mark },
    };
    json_t *o = json_object();

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (annotate(o, parts[i].name, v, parts[i].add) < 0) {
            json_decref(o);
            return NULL;
        }
    return o;
}

static int add_alert(json_t *list, const struct item_view *v, enum alert_severity severity,
                     long lasts_s)
{
    char since[WALL_TEXT_MAX];
    const struct episode *e = v->item->episode;
    struct wall_time from = date_is_set(e->opened) ? wall_of_date(e->opened) : v->context->now;

    return json_array_append_new(
        list, json_pack("{s:o, s:o, s:s, s:I}", "labels", labels_of(v, severity), "annotations",
                        annotations_of(v), "startsAt", wall_format_utc(from, since), "lasts_s",
                        (json_int_t)lasts_s));
}

/* What fires, and the end of what it was before. */
static int add_item(json_t *list, const struct message_context *c, const struct message_item *item)
{
    struct item_view v;

    item_view(c, item, &v);
    enum alert_severity is = wording_severity_told(&v),
                        other = is == SEVERITY_RED ? SEVERITY_AMBER : SEVERITY_RED;
    bool is_open = episode_is_active(item->episode);
    int failed = 0;

    if (is == SEVERITY_NONE)
        is = SEVERITY_AMBER;
    if (item->news != NEWS_NEW || !is_open)
        failed = add_alert(list, &v, other, 0);
    return failed | add_alert(list, &v, is, is_open ? ALERTS_LAST_S : 0);
}

char *alerts_json(const struct message_context *c, const struct message_item *const *items,
                  size_t item_count)
{
    AUTO(json_release) json_t *list = json_array();

    for (size_t i = 0; i < item_count; i++)
        if (add_item(list, c, items[i]))
            return NULL;
    return json_text(list, JSON_COMPACT);
}

char *alerts_json_of_notice(const char *instance, const char *name, const char *severity,
                            const char *plan, const char *summary, struct wall_time since,
                            long lasts_s)
{
    char at[WALL_TEXT_MAX];
    AUTO(json_release)
    json_t *list = json_pack("[{s:{s:s, s:s, s:s*, s:s*}, s:{s:s}, s:s, s:I}]", "labels",
                             "alertname", name, "instance", instance, "severity", severity, "plan",
                             plan, "annotations", "summary", summary, "startsAt",
                             wall_format_utc(since, at), "lasts_s", (json_int_t)lasts_s);

    return json_text(list, JSON_COMPACT);
}
