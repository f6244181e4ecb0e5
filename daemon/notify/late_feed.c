#include "notify/late_feed.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/workdays.h"
#include "plan/plan_escalate.h"

#define HELD_WORDS     30 /* with so many no further measure is named, */
#define OFFICERS_WORDS 12 /* and with so many no further officer */

static bool is_late(const struct item_view *v)
{
    return v->item->alert->rule == RULE_FEED_LATE && v->feed && v->item->finding &&
           v->item->news != NEWS_CLEARED && episode_is_open(v->item->episode);
}

/* ---- what rests on it ---- */

/* Its figures come from the feed, or from the list that it writes. */
static bool waits_for(const struct item_view *v, const struct finding *f)
{
    const struct message_context *c = v->context;
    const char *list = c->feed_list ? c->feed_list(c->names_arg, v->feed) : NULL;
    const struct plan_measure *m = f->measure;

    if (f->rule != RULE_BEHIND_PLAN || !m)
        return false;
    return (f->feed && strcmp(f->feed, v->feed) == 0) ||
           (list && m->list && strcmp(m->list->list, list) == 0);
}

static bool rests_on(const struct item_view *v, const struct finding *f)
{
    return (f->holds_now & HOLD_FEED_LATE) && waits_for(v, f);
}

static size_t count_held(const struct item_view *v)
{
    const struct finding_set *all = v->context->findings;
    size_t n = 0;

    for (size_t i = 0; all && i < all->count; i++)
        n += rests_on(v, &all->list[i]);
    return n;
}

static void name_measure(const struct item_view *v, const struct finding *f, struct text *out)
{
    const struct message_context *c = v->context;
    const char *holder = f->owner && c->role_holder ? c->role_holder(c->names_arg, f->owner) : NULL;

    wording_clean(out, f->title, 70, 9);
    (void)text_puts(out, " (");
    wording_clean(out, holder ? holder : f->owner ? f->owner : "nobody", 40, 4);
    (void)text_putc(out, ')');
}

void late_feed_held(const struct item_view *v, struct text *out)
{
    size_t held = is_late(v) ? count_held(v) : 0, named = 0;
    const struct finding_set *all = v->context->findings;

    if (held == 0)
        return;
    (void)text_printf(out, "%zu measure%s without a current figure: ", held,
                      held == 1 ? " is" : "s are");
    for (size_t i = 0;
         i < all->count && named < LATE_FEED_NAMED && wording_words(text_str(out)) < HELD_WORDS;
         i++) {
        if (!rests_on(v, &all->list[i]))
            continue;
        (void)text_puts(out, named++ ? "; " : "");
        name_measure(v, &all->list[i], out);
    }
    if (held > named)
        (void)text_printf(out, "; and %zu more", held - named);
    (void)text_putc(out, '.');
}

/* ---- who, and when ---- */

static const char *contact_of(const struct item_view *v)
{
    const struct message_context *c = v->context;

    return c->feed_contact ? c->feed_contact(c->names_arg, v->feed) : NULL;
}

void late_feed_ask(const struct item_view *v, struct text *out)
{
    const char *contact;

    if (!is_late(v))
        return;
    contact = contact_of(v);
    if (contact && *contact)
        wording_clean(out, contact, 150, 15);
    else
        (void)text_puts(out, "the settings name nobody; \"contact:\" of the feed is where to");
    (void)text_putc(out, '.');
}

void late_feed_again(const struct item_view *v, struct text *out)
{
    char date[WORDING_DATE_MAX];

    if (is_late(v))
        (void)text_printf(out,
                          "from %s on each day to those who can mend it, each week to a lead. "
                          "What is red already goes further by its plan.",
                          wording_date(date_add_days(wall_date(v->context->now), 1), date));
}

/* Each officer once. Returns how many. */
static size_t name_officers(const struct item_view *v, struct text *out)
{
    const struct message_context *c = v->context;
    const char *named[LATE_FEED_NAMED];
    size_t count = 0;

    for (size_t i = 0; c->findings && i < c->findings->count && count < LATE_FEED_NAMED; i++) {
        const struct finding *f = &c->findings->list[i];
        const char *role = f->plan && f->plan->mode != PLAN_REHEARSAL && waits_for(v, f)
                               ? plan_feed_role(f->plan, f->measure)
                               : NULL;
        const char *holder = role && c->role_holder ? c->role_holder(c->names_arg, role) : NULL;
        size_t seen = 0;

        while (role && seen < count && strcmp(named[seen], role) != 0)
            seen++;
        if (!role || seen < count)
            continue;
        if (wording_words(text_str(out)) >= OFFICERS_WORDS) {
            (void)text_puts(out, " and others");
            break;
        }
        named[count++] = role;
        (void)text_puts(out, count > 1 ? ", " : "");
        wording_clean(out, holder ? holder : role, 40, 4);
    }
    return count;
}

void late_feed_further(const struct item_view *v, struct text *out)
{
    AUTO(text_release) struct text officers = TEXT_INIT;
    const struct episode *e = v->item->episode;
    struct civil_date since = date_is_set(e->red_on) ? e->red_on : wall_date(v->context->now);
    char date[WORDING_DATE_MAX];

    if (!is_late(v))
        return;
    if (name_officers(v, &officers) == 0)
        (void)text_puts(out, "to nobody: no action behind its measures names who is accountable.");
    else
        (void)text_printf(
            out, "%s %s also to who is accountable for its measures: %s.",
            e->steps ? "since" : "from",
            wording_date(workdays_after(v->context->workdays, since, ESCALATE_FEED_WORKDAYS), date),
            text_str(&officers));
    if (!text_ok(&officers))
        out->error = -ENOMEM;
}

/* ---- a text to send ---- */

void late_feed_text(const struct item_view *v, struct text *out)
{
    AUTO(text_release) struct text title = TEXT_INIT;
    AUTO(text_release) struct text detail = TEXT_INIT;
    size_t held;

    if (!is_late(v) || !v->item->finding->detail)
        return;
    held = count_held(v);
    wording_clean(&title, wording_feed(v), 70, 9);
    wording_clean(&detail, v->item->finding->detail, 200, 30);
    (void)text_printf(
        out,
        "Dear colleague,\n\nof \"%s\" we have: %s.\n\nCould you send the file, or tell "
        "us on which day it will come?",
        text_str(&title), text_str(&detail));
    if (held)
        (void)text_printf(out, " Until then %zu figure%s that we report from it %s not current.",
                          held, held == 1 ? "" : "s", held == 1 ? "is" : "are");
    (void)text_puts(out, "\n\nThank you");
    if (!text_ok(&title) || !text_ok(&detail))
        out->error = -ENOMEM;
}
