#include "notify/message.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "notify/alerts_json.h"
#include "notify/card_json.h"
#include "notify/event_json.h"
#include "notify/mail.h"
#include "notify/mime.h"
#include "notify/wording.h"

#define SUBJECT_MAX 60 /* DESIGN section 10 */
#define REHEARSAL   "Rehearsal: "
#define TITLE_MIN   10 /* characters of a title that say something */
#define CUT         "..."

bool message_is_rehearsal(const struct message_context *c)
{
    return c->is_rehearsal || (c->plan && c->plan->mode == PLAN_REHEARSAL);
}

size_t message_behind(const struct message_context *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->item_count; i++)
        n += c->items[i].alert->rule == RULE_BEHIND_PLAN && !c->items[i].episode->early;
    return n;
}

/* The order in which news is told; of one news breaches before what may come, and of both what is red first. */
static const enum alert_news news_order[] = {
    NEWS_NEW,       NEWS_WORSE,      NEWS_ESCALATED, NEWS_BETTER,   NEWS_CLEARED,
    NEWS_CORRECTED, NEWS_DISCOVERED, NEWS_WITHDRAWN, NEWS_FLAPPING, NEWS_STEADY,
    NEWS_REMINDER,  NEWS_NONE,       NEWS_WATCHING,
};

static void add_in_order(const struct message_context *c, enum alert_news news, bool is_warning,
                         const struct message_item **ordered, size_t *at)
{
    for (int severity = SEVERITY_RED; severity >= SEVERITY_NONE; severity--)
        for (size_t i = 0; i < c->item_count; i++)
            if (c->items[i].news == news && wording_is_warning(&c->items[i]) == is_warning &&
                (int)c->items[i].episode->severity == severity)
                ordered[(*at)++] = &c->items[i];
}

static const struct message_item **in_order(const struct message_context *c)
{
    const struct message_item **ordered = calloc(c->item_count + 1, sizeof *ordered);
    size_t at = 0;

    if (!ordered)
        return NULL;
    for (size_t n = 0; n < sizeof news_order / sizeof news_order[0]; n++) {
        add_in_order(c, news_order[n], false, ordered, &at);
        add_in_order(c, news_order[n], true, ordered, &at);
    }
    assert(at == c->item_count);
    return ordered;
}

/* How bad the news is, not the state: that something cleared is no red message. */
static enum alert_severity severity_of(enum alert_news news, enum alert_severity severity)
{
    switch (news) {
    case NEWS_NEW:
    case NEWS_WORSE:
    case NEWS_DISCOVERED:
    case NEWS_ESCALATED:
        return severity;
    case NEWS_BETTER:
    case NEWS_REMINDER:
        return severity == SEVERITY_NONE ? SEVERITY_NONE : SEVERITY_AMBER;
    case NEWS_NONE:
    case NEWS_WATCHING:
    case NEWS_CLEARED:
    case NEWS_CORRECTED:
    case NEWS_WITHDRAWN:
    case NEWS_FLAPPING:
    case NEWS_STEADY:
        break;
    }
    return SEVERITY_NONE;
}

static enum alert_severity worse_of(enum alert_severity a, enum alert_severity b)
{
    return a > b ? a : b;
}

/* The same, as the event says it; how soon it is sent is by what is true. */
static enum alert_severity severity_told(const struct message_context *c)
{
    enum alert_severity worst = SEVERITY_NONE;

    for (size_t i = 0; i < c->item_count; i++) {
        struct item_view v;

        item_view(c, &c->items[i], &v);

        worst = worse_of(worst, severity_of(wording_news_told(&v), wording_severity_told(&v)));
    }
    return worst;
}

/* Whether nothing of it is a plan's. */
static bool is_of_feeds(const struct message_context *c)
{
    bool is = !c->plan && !c->backlog_messages;

    for (size_t i = 0; i < c->item_count; i++)
        is = is && !c->items[i].plan;
    return is;
}

static size_t plans_told(const struct message_context *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->item_count; i++) {
        const struct plan *plan = c->items[i].plan;
        bool is_known = plan == NULL;

        for (size_t k = 0; k < i && !is_known; k++)
            is_known = c->items[k].plan == plan;
        n += !is_known;
    }
    return n;
}

/* ---- subject ----------------------------------------------------------------------------- */

/* "3 measures behind plan", "2 behind plan, 1 warned early" */
static void group_counts(const struct message_context *c, struct text *counts)
{
    size_t incidents = 0, behind = 0, early = 0, back = 0, corrected = 0, late = 0, letters = 0,
           checks = 0, causes = 0, forecasts = 0, other = 0, still = 0, escalated = 0;

    for (size_t i = 0; i < c->item_count; i++) {
        const struct message_item *item = &c->items[i];
        struct item_view v;

        item_view(c, item, &v);
        if (wording_is_incident(item) && item->news != NEWS_CLEARED)
            incidents++;
        else if (item->alert->rule == RULE_DEAD_LETTER)
            letters++;
        else if (item->alert->rule == RULE_SELF_CHECK)
            checks++;
        else if (item->alert->rule == RULE_SPECIAL_CAUSE && episode_is_active(item->episode))
            causes++;
        else if (item->alert->rule == RULE_FORECAST && episode_is_active(item->episode))
            forecasts++;
        else if (item->alert->rule != RULE_BEHIND_PLAN || item->news == NEWS_WITHDRAWN)
            other++;
        else if (item->episode->early && episode_is_active(item->episode))
            early++;
        else if (item->news == NEWS_CLEARED)
            back++;
        else if (item->news == NEWS_CORRECTED)
            corrected++;
        else if (item->news == NEWS_DISCOVERED)
            late++;
        else if (wording_news_told(&v) == NEWS_ESCALATED)
            escalated++;
        else if (wording_news_told(&v) == NEWS_REMINDER)
            still++;
        else
            behind++;
    }
    const struct {
        size_t n;
        const char *alone, *beside;
    } rows[] = {
        { incidents, "incidents of NHS numbers", "with NHS numbers" },
        { behind, "measures behind plan", "behind plan" },
        { escalated, "measures escalated", "escalated" },
        { still, "measures still behind plan", "still behind plan" },
        { early, "measures warned early", "warned early" },
        { back, "measures back on plan", "back on plan" },
        { corrected, "measures corrected", "corrected" },
        { late, "measures discovered late", "discovered late" },
        { causes, "special causes", "of special cause" },
        { forecasts, "forecasts of a miss", "forecast" },
        { letters, "receivers refuse messages", "of receivers" },
        { checks, "checks of the monitor", "of the monitor" },
        { other, is_of_feeds(c) ? "feed alerts" : "other alerts",
          is_of_feeds(c) ? "of feeds" : "other" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].n > 0)
            (void)text_printf(counts, "%s%zu %s", counts->len > 0 ? ", " : "", rows[i].n,
                              rows[i].n == c->item_count ? rows[i].alone : rows[i].beside);
}

/* "18 measures, 7 already behind plan, 2 not known" */
static void baseline_counts(const struct message_context *c, struct text *out)
{
    const struct message_baseline *b = c->baseline;
    size_t behind = message_behind(c);

    (void)text_printf(out, "%zu measure%s, ", b->measures, b->measures == 1 ? "" : "s");
    if (behind)
        (void)text_printf(out, "%zu already behind plan", behind);
    else
        (void)text_puts(out, "none behind plan");
    if (b->unknown)
        (void)text_printf(out, ", %zu not known", b->unknown);
}

void message_heading(const struct message_context *c, struct text *out)
{
    if (c->baseline)
        baseline_counts(c, out);
    else
        group_counts(c, out);
    (void)text_puts(out, ": ");
    if (c->baseline)
        wording_clean(out, c->plan->title ? c->plan->title : c->plan->id, 200, 40);
    else if (c->plan && c->priority < c->plan->priority_count)
        wording_clean(out, c->plan->priorities[c->priority].title, 200, 40);
    else if (c->plan)
        wording_clean(out, c->plan->title ? c->plan->title : c->plan->id, 200, 40);
    else if (plans_told(c) > 1)
        (void)text_printf(out, "%zu plans", plans_told(c));
    else
        wording_clean(out, c->instance, 60, 10);
}

static void shortened_heading(const struct message_context *c, size_t max, struct text *out)
{
    message_heading(c, out);
    if (wording_characters(text_str(out)) <= max)
        return;
    wording_shorten(out, max - strlen(CUT));
    (void)text_puts(out, CUT);
}

/* How many, and the first with its figure: "3 measures behind plan: Wheelchairs 29%, plan 50%..."; where that
 * has no figure, or no room, the heading. Of feeds: "Feed late: Community services; 2 more". */
static void group_subject(const struct message_context *c, const struct message_item *const *items,
                          size_t max, struct text *out)
{
    AUTO(text_release) struct text counts = TEXT_INIT;
    struct item_view first;
    char more[32];

    if (!c->baseline) {
        item_view(c, items[0], &first);
        group_counts(c, &counts);
    }
    if (c->baseline) {
        shortened_heading(c, max, out);
    } else if (wording_subject_room(&first, text_str(&counts), max - strlen(CUT)) >= TITLE_MIN) {
        wording_subject(&first, text_str(&counts), max - strlen(CUT), out);
        (void)text_puts(out, CUT);
    } else if (!c->plan && !c->backlog_messages && (first.feed || items[0]->plan)) {
        (void)snprintf(more, sizeof more, "; %zu more", c->item_count - 1);
        wording_subject(&first, NULL, max - strlen(more), out);
        (void)text_puts(out, more);
    } else {
        shortened_heading(c, max, out);
    }
    if (!text_ok(&counts))
        out->error = -ENOMEM;
}

static char *subject_of(const struct message_context *c, const struct message_item *const *items)
{
    AUTO(text_release) struct text words = TEXT_INIT;
    struct text subject = TEXT_INIT;
    const char *mark = message_is_rehearsal(c) ? REHEARSAL : "";
    size_t max = SUBJECT_MAX - strlen(mark);

    if (c->item_count == 1 && !c->baseline) {
        struct item_view v;

        item_view(c, items[0], &v);
        wording_subject(&v, NULL, max, &words);
    } else {
        group_subject(c, items, max, &words);
    }
    (void)text_printf(&subject, "%s%s", mark, text_str(&words));
    if (!text_ok(&words))
        subject.error = -ENOMEM;
    return text_take(&subject);
}

/* ---- compose ----------------------------------------------------------------------------- */

static bool has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return true;
    return false;
}

static bool addresses_ok(const struct message_context *c)
{
    if (c->from && !mime_address_ok(c->from))
        return false;
    if (strchr(c->recipient, '@') && !strchr(c->recipient, '/')) /* neither a folder nor a URL */
        return mime_address_ok(c->recipient);
    return *c->recipient && !has_control(c->recipient);
}

static int delivery_id(const struct message_context *c, char out_id[ALERT_ID_MAX])
{
    size_t count = c->backlog_messages ? c->backlog_notice_count : c->item_count;
    AUTO(auto_free) const char **ids = calloc(count + 1, sizeof *ids);

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        ids[i] = c->backlog_messages ? c->backlog_notices[i] : c->items[i].notice_id;
    if (c->baseline)
        ids[count++] = c->baseline->notice_id;
    return delivery_id_of(ids, count, c->receiver, c->recipient, out_id);
}

enum message_form message_form_of(int receiver_kind)
{
    return receiver_kind == RECEIVER_TEAMS          ? FORM_CARD
           : receiver_kind == RECEIVER_ALERTMANAGER ? FORM_ALERTS
                                                    : FORM_EVENT;
}

static char *data_of(const struct message_context *c, const struct message_item *const *items,
                     const struct message *m)
{
    switch (c->form) {
    case FORM_CARD:
        return card_json(c, items, c->item_count, m->subject);
    case FORM_ALERTS:
        return alerts_json(c, items, c->item_count);
    case FORM_EVENT:
        break;
    }
    return event_json(c, items, c->item_count, m->delivery_id, m->subject, severity_told(c));
}

/* What the news tells comes first: what a picture or a table of the past tells beside it may have to be
 * hidden for it (release.h), and not the other way round. */
static void ask_of_all(const struct message_context *c)
{
    for (size_t i = 0; i < c->item_count; i++) {
        struct item_view v;

        item_view(c, &c->items[i], &v);
    }
}

int message_compose(const struct message_context *c, bool want_eml, bool want_json,
                    struct message *out_message)
{
    AUTO(message_release) struct message m = { .severity = SEVERITY_NONE };
    AUTO(auto_free) const struct message_item **items = NULL;
    AUTO(mail_picture_release) struct mail_picture picture = { 0 };
    unsigned long losses = text_losses();
    int r;

    assert(c && c->instance && c->receiver && c->recipient && c->items &&
           (c->item_count > 0 || (c->baseline && c->plan)) && c->org_title);
    if (!addresses_ok(c))
        return -EINVAL;
    items = in_order(c);
    r = items ? delivery_id(c, m.delivery_id) : -ENOMEM;
    if (r < 0)
        return r;
    for (size_t i = 0; i < c->item_count; i++)
        m.severity =
            worse_of(m.severity, severity_of(c->items[i].news, c->items[i].episode->severity));
    m.subject = subject_of(c, items);
    if (!m.subject)
        return -ENOMEM;
    ask_of_all(c);
    if (want_eml) {
        const struct mail_words words = { c, items, m.delivery_id, m.subject };
        unsigned long before = text_losses();

        m.chart_error = mail_picture(&words, &picture);
        losses += text_losses() - before; /* of the picture alone, without which the mail goes */
        m.eml = mail_of(&words, &picture);
    }
    if (want_eml && !m.eml)
        return -ENOMEM;
    if (want_json && !(m.json = data_of(c, items, &m)))
        return -ENOMEM;
    if (text_losses() != losses) /* a word, somewhere: a figure, or whose it is */
        return -ENOMEM;
    *out_message = m;
    m = (struct message){ .severity = SEVERITY_NONE };
    return 0;
}

void message_release(struct message *m)
{
    if (!m)
        return;
    free(m->subject);
    free(m->eml);
    free(m->json);
    *m = (struct message){ .severity = SEVERITY_NONE };
}
