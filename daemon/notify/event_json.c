#include "notify/event_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "notify/details.h"
#include "plan/control_chart.h"

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

/* ---- what stands beside an item ---- */

static int add_point(json_t *list, const struct history_point *p)
{
    json_t *o = json_object();
    int failed = 0;

    failed |= json_object_set_new(o, "period_start", date(p->start));
    failed |= json_object_set_new(o, "period_end", date(p->end));
    failed |= json_object_set_new(o, "figure", clean(p->told.figure));
    failed |=
        json_object_set_new(o, "value", p->told.has_value ? number(p->told.value) : json_null());
    failed |= json_object_set_new(o, "line", number(p->line));
    failed |= json_object_set_new(o, "behind", json_boolean(p->is_behind));
    failed |= json_object_set_new(o, "mark", clean(chart_cause_name(p->mark)));
    if (!failed)
        return json_array_append_new(list, o);
    json_decref(o);
    return -1;
}

static int add_figure(json_t *list, const struct detail_figure *f)
{
    json_t *o = json_object();
    int failed = 0;

    failed |= json_object_set_new(o, "key", json_string(f->key));
    failed |= json_object_set_new(o, "label", clean(f->label));
    failed |= json_object_set_new(o, "figure", clean(f->told.figure));
    failed |=
        json_object_set_new(o, "value", f->told.has_value ? number(f->told.value) : json_null());
    failed |= json_object_set_new(o, "period_start", date(f->start));
    failed |= json_object_set_new(o, "period_end", date(f->end));
    if (!failed)
        return json_array_append_new(list, o);
    json_decref(o);
    return -1;
}

static json_t *action_object(const struct detail_action *a)
{
    const struct plan_action *action = a->action;
    const struct action_delivery *d = a->delivery;
    json_t *o = action ? json_object() : json_null();
    int failed = 0;

    if (!action)
        return o;
    failed |= json_object_set_new(o, "id", clean(action->id));
    failed |= json_object_set_new(o, "title", clean(action->title));
    failed |= json_object_set_new(o, "due", date(action->due));
    failed |= json_object_set_new(o, "lead", clean(action->lead));
    failed |=
        json_object_set_new(o, "status", clean(details_status(d ? d->status : action->status)));
    failed |= json_object_set_new(o, "delivery", clean(d ? rag_name(d->rag) : NULL));
    failed |= json_object_set_new(o, "delivery_on", d ? date(d->said) : json_null());
    failed |= json_object_set_new(o, "delivery_note", clean(d ? d->note : NULL));
    if (!failed)
        return o;
    json_decref(o);
    return NULL;
}

/* Empty of an item that has none, or is not among the first. */
static int add_details(json_t *o, const struct item_view *v, bool is_among_first)
{
    struct details d = { .figure_count = 0, .action = { v->action, NULL } };
    json_t *history = json_array(), *figures = json_array();
    size_t first;
    int failed = is_among_first ? details_of(v, &d) : 0;

    first = d.history.count > HISTORY_TOLD ? d.history.count - HISTORY_TOLD : 0;
    for (size_t i = first; i < d.history.count; i++)
        failed |= add_point(history, &d.history.points[i]);
    for (size_t i = 0; i < d.figure_count; i++)
        failed |= add_figure(figures, &d.figures[i]);
    failed |= json_object_set_new(o, "action", action_object(&d.action));
    failed |= json_object_set_new(o, "history", history);
    failed |= json_object_set_new(o, "figures", figures);
    return failed ? -1 : 0;
}

static json_t *ack_object(const struct ack *ack)
{
    json_t *o = ack ? json_object() : json_null();
    int failed = 0;

    if (!ack)
        return o;
    failed |= json_object_set_new(o, "who", clean(ack->who));
    failed |= json_object_set_new(o, "why", clean(ack->why));
    failed |= json_object_set_new(o, "until", date(ack->until));
    if (!failed)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *closed_object(const struct item_view *v)
{
    const struct said *said = wording_closed_by(v);
    json_t *o = said ? json_object() : json_null();
    int failed = 0;

    if (!said)
        return o;
    failed |= json_object_set_new(o, "who", clean(said->closed_by));
    failed |= json_object_set_new(o, "why", clean(said->closed_why));
    failed |= json_object_set_new(o, "still_behind", json_boolean(wording_stands_behind(v)));
    if (!failed)
        return o;
    json_decref(o);
    return NULL;
}

/* NULL anywhere means no memory: jansson then refuses the new reference, and the whole fails. */
static json_t *item_object(const struct item_view *v, bool is_among_first)
{
    const struct message_item *item = v->item;
    const struct episode *e = item->episode;
    const struct finding *f = item->finding;
    json_t *o = json_object();
    char text[WALL_TEXT_MAX], held[HOLD_WORDS_MAX];
    int failed = 0;

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
    failed |= add_details(o, v, is_among_first);
    failed |= json_object_set_new(o, "owner", clean(v->owner));
    failed |= json_object_set_new(o, "acknowledged", ack_object(wording_ack_of(v)));
    failed |= json_object_set_new(o, "closed", closed_object(v));
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
    failed |= json_object_set_new(data, "silenced", json_integer((json_int_t)c->silenced));
    failed |= json_object_set_new(data, "also_told", clean(c->also_told));
    failed |= json_object_set_new(data, "not_reached", clean(c->not_reached));

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
        json_t *o = item_object(&v, told < DETAILS_ITEMS_MAX);

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
