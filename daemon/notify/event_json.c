#include "notify/event_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "notify/wording.h"

#define TEXT_CHARACTERS_MAX 200
#define PRINT_FLAGS         JSON_COMPACT

static void json_release(json_t **j)
{
    json_decref(*j);
}

static json_t *clean(const char *s)
{
    AUTO(text_release) struct text t = TEXT_INIT;

    if (!s)
        return json_null();
    wording_clean(&t, s, TEXT_CHARACTERS_MAX, TEXT_CHARACTERS_MAX);
    return text_ok(&t) ? json_string(text_str(&t)) : NULL;
}

static json_t *date(struct civil_date d)
{
    char text[DATE_TEXT_MAX];

    return date_is_set(d) ? json_string(date_format(d, text)) : json_null();
}

static json_t *number(double value)
{
    if (!isfinite(value))
        return json_null();
    if (value == floor(value) && fabs(value) < 9e15)
        return json_integer((json_int_t)value);
    return json_real(value);
}

static json_t *line_number(const struct item_view *v, double line)
{
    return number(figure_line_hidden(line, v->kind) ? NAN : line);
}

/* NULL anywhere means no memory: jansson then refuses the new reference, and the whole fails. */
static json_t *item_object(const struct item_view *v)
{
    const struct message_item *item = v->item;
    const struct episode *e = item->episode;
    const struct finding *f = item->finding;
    json_t *o = json_object(), *action = json_null();
    char text[WALL_TEXT_MAX], held[HOLD_WORDS_MAX];
    int failed = 0;

    if (v->action) {
        action = json_object();
        failed |= json_object_set_new(action, "id", clean(v->action->id));
        failed |= json_object_set_new(action, "title", clean(v->action->title));
        failed |= json_object_set_new(action, "due", date(v->action->due));
    }
    failed |= json_object_set_new(o, "alert_id", clean(item->alert->id));
    failed |= json_object_set_new(o, "episode_id", clean(e->id));
    failed |= json_object_set_new(o, "notice_id", clean(item->notice_id));
    failed |= json_object_set_new(o, "news", json_string(alert_news_name(wording_news_told(v))));
    failed |= json_object_set_new(o, "rule", json_string(rule_name(item->alert->rule)));
    failed |= json_object_set_new(o, "state", json_string(alert_state_name(e->state)));
    failed |=
        json_object_set_new(o, "severity", clean(alert_severity_name(wording_severity_told(v))));
    failed |= json_object_set_new(o, "measure",
                                  clean(v->measure ? v->measure->id : item->alert->measure));
    failed |= json_object_set_new(o, "feed", clean(v->feed));
    failed |= json_object_set_new(o, "title", clean(v->title));
    failed |= json_object_set_new(o, "detail", clean(f ? f->detail : NULL));
    failed |= json_object_set_new(o, "org", clean(v->org));
    failed |= json_object_set_new(
        o, "org_title",
        v->org ? clean(v->context->org_title(v->context->org_title_arg, v->org)) : json_null());
    failed |= json_object_set_new(o, "period_start", date(v->start));
    failed |= json_object_set_new(o, "period_end", date(v->end));
    failed |= json_object_set_new(o, "window_start", date(v->window_start));
    failed |= json_object_set_new(o, "value", v->has_value ? number(v->value) : json_null());
    failed |= json_object_set_new(o, "figure", *v->figure ? clean(v->figure) : json_null());
    failed |= json_object_set_new(o, "unit", clean(unit_name(v->kind.unit)));
    failed |= json_object_set_new(o, "line", line_number(v, v->line));
    failed |= json_object_set_new(
        o, "target",
        line_number(v, v->measure && v->measure->has_target ? v->measure->target : NAN));
    failed |= json_object_set_new(
        o, "line_of",
        v->measure ? json_string(line_of_name(measure_line_of(v->measure))) : json_null());
    failed |=
        json_object_set_new(o, "standard", clean(v->measure ? v->measure->standard.id : NULL));
    failed |= json_object_set_new(o, "since", date(e->opened));
    failed |= json_object_set_new(o, "ended", date(e->closed_on));
    failed |= json_object_set_new(o, "list", clean(v->list));
    failed |= json_object_set_new(o, "projected_from", date(v->projected_from));
    failed |= json_object_set_new(o, "held", json_boolean(v->held));
    failed |= json_object_set_new(o, "holds", clean(hold_words(v->holds, held)));
    failed |= json_object_set_new(o, "restated", json_boolean(v->restated || e->restated));
    failed |= json_object_set_new(o, "because_plan_changed", json_boolean(e->by_plan));
    failed |= json_object_set_new(o, "action", action);
    failed |= json_object_set_new(o, "owner", clean(v->owner));
    failed |= json_object_set_new(o, "source_status",
                                  clean(v->version ? publication_name(v->version->status) : NULL));
    failed |= json_object_set_new(o, "as_of",
                                  v->version ? json_string(wall_format_utc(v->version->as_of, text))
                                             : json_null());
    if (failed) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static json_t *event_object(const struct message_context *c, const char *delivery_id,
                            const char *subject, enum alert_severity severity)
{
    const struct plan_priority *priority =
        c->plan && c->priority < c->plan->priority_count ? &c->plan->priorities[c->priority] : NULL;
    AUTO(text_release) struct text source = TEXT_INIT;
    AUTO(text_release) struct text about = TEXT_INIT;
    json_t *o = json_object(), *data = json_object();
    char text[WALL_TEXT_MAX];
    int failed = 0;

    (void)text_puts(&source, "/waitlistd/");
    for (const char *s = c->instance; *s; s++)
        (void)text_putc(&source, strchr(" <>\"{}|\\^`%#?", *s) || (unsigned char)*s < 0x20 ||
                                         (unsigned char)*s > 0x7e
                                     ? '-'
                                     : *s);
    (void)text_puts(&about, c->plan ? c->plan->id : c->backlog_messages ? "backlog" : "feeds");
    if (priority)
        (void)text_printf(&about, "/%s", priority->id);

    failed |= json_object_set_new(data, "instance", clean(c->instance));
    failed |= json_object_set_new(data, "plan", clean(c->plan ? c->plan->id : NULL));
    failed |=
        json_object_set_new(data, "illustrative",
                            json_boolean(c->is_illustrative || (c->plan && c->plan->illustrative)));
    failed |= json_object_set_new(data, "rehearsal", json_boolean(message_is_rehearsal(c)));
    failed |=
        json_object_set_new(data, "stands_for", json_integer((json_int_t)c->backlog_messages));
    if (c->baseline)
        failed |= json_object_set_new(
            data, "baseline",
            json_pack("{s:I, s:I, s:I, s:b}", "measures", (json_int_t)c->baseline->measures,
                      "behind", (json_int_t)message_behind(c), "unknown",
                      (json_int_t)c->baseline->unknown, "first", (int)c->baseline->is_first));
    failed |= json_object_set_new(data, "priority", clean(priority ? priority->id : NULL));
    failed |= json_object_set_new(data, "receiver", clean(c->receiver));
    failed |= json_object_set_new(data, "severity", clean(alert_severity_name(severity)));
    failed |= json_object_set_new(data, "text", clean(subject));
    failed |= json_object_set_new(data, "items", json_array());
    failed |= json_object_set_new(data, "omitted", json_integer(0));
    failed |= json_object_set_new(data, "unchanged", json_integer((json_int_t)c->unchanged));

    failed |= json_object_set_new(o, "specversion", json_string("1.0"));
    failed |= json_object_set_new(o, "id", json_string(delivery_id));
    failed |=
        json_object_set_new(o, "source", text_ok(&source) ? json_string(text_str(&source)) : NULL);
    failed |= json_object_set_new(o, "type", json_string("uk.waitlistd.alerts.v1"));
    failed |= json_object_set_new(o, "time", json_string(wall_format_utc(c->now, text)));
    failed |= json_object_set_new(o, "datacontenttype", json_string("application/json"));
    failed |= json_object_set_new(o, "subject", text_ok(&about) ? clean(text_str(&about)) : NULL);
    failed |= json_object_set_new(o, "data", data);
    if (failed) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static size_t printed_size(const json_t *j)
{
    return json_dumpb(j, NULL, 0, PRINT_FLAGS);
}

char *event_json(const struct message_context *c, const struct message_item *const *items,
                 size_t item_count, const char *delivery_id, const char *subject,
                 enum alert_severity severity)
{
    AUTO(json_release) json_t *event = event_object(c, delivery_id, subject, severity);
    json_t *data, *list;
    size_t size, told = 0;

    if (!event)
        return NULL;
    data = json_object_get(event, "data");
    list = json_object_get(data, "items");
    size = printed_size(event) + 20; /* the digits of omitted */
    for (; told < item_count; told++) {
        struct item_view v;

        item_view(c, items[told], &v);
        json_t *o = item_object(&v);

        if (!o)
            return NULL;
        size += printed_size(o) + 1;
        if (size >= EVENT_MAX_BYTES) {
            json_decref(o);
            break;
        }
        if (json_array_append_new(list, o) < 0)
            return NULL;
    }
    if (json_object_set_new(data, "omitted", json_integer((json_int_t)(item_count - told))) < 0)
        return NULL;
    return json_text(event, PRINT_FLAGS);
}
