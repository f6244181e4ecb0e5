#include "plan/plan_diff.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/finding.h"
#include "plan/plan_diff_internal.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char *copy_of(struct diffing *d, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        d->result = -ENOMEM;
    return copy;
}

void diff_add(struct diffing *d, enum change_effect effect, enum change_kind kind, const char *what,
              const char *before, const char *after)
{
    struct plan_changes *c = d->out;

    if (c->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        struct plan_change *list = reallocarray(c->list, cap, sizeof *list);

        if (!list) {
            d->result = -ENOMEM;
            return;
        }
        c->list = list;
        c->cap = cap;
    }
    c->list[c->count++] = (struct plan_change){ effect,           kind,
                                                d->subject,       copy_of(d, d->id),
                                                copy_of(d, what), copy_of(d, before),
                                                copy_of(d, after) };
}

/* ---- values ---- */

bool diff_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

void diff_text(struct diffing *d, enum change_kind kind, const char *what, const char *before,
               const char *after)
{
    if (!diff_same_text(before, after))
        diff_add(d, EFFECT_NONE, kind, what, before, after);
}

static const char *text_at(const void *of, size_t offset)
{
    return *(char *const *)((const char *)of + offset);
}

void diff_texts(struct diffing *d, const struct text_key *keys, size_t count, const void *before,
                const void *after)
{
    for (size_t i = 0; i < count; i++)
        diff_text(d, keys[i].kind, keys[i].what, text_at(before, keys[i].offset),
                  text_at(after, keys[i].offset));
}

void diff_number(struct diffing *d, const char *what, double before, double after, enum order order)
{
    char a[32], b[32];
    bool had = !isnan(before), has = !isnan(after);
    bool softer = had && has ? (after > before) == (order == GROWS_SOFTER) : had;
    enum change_effect effect = had && has && order == NO_ORDER ? EFFECT_NONE
                                : softer                        ? EFFECT_SOFTER
                                                                : EFFECT_HARDER;

    if (before != after && (had || has))
        diff_add(d, effect, CHANGE_LINE, what, had ? text_number(before, a) : NULL,
                 has ? text_number(after, b) : NULL);
}

void diff_count(struct diffing *d, const char *what, long before, long after)
{
    char a[32], b[32];

    diff_text(d, CHANGE_OTHER, what, text_number((double)before, a), text_number((double)after, b));
}

static void add_date(struct diffing *d, enum change_effect effect, const char *what,
                     struct civil_date before, struct civil_date after)
{
    char a[DATE_TEXT_MAX], b[DATE_TEXT_MAX];
    bool had = date_is_set(before), has = date_is_set(after);

    if (had != has || date_compare(before, after) != 0)
        diff_add(d, effect, CHANGE_DATE, what, had ? date_format(before, a) : NULL,
                 has ? date_format(after, b) : NULL);
}

void diff_date(struct diffing *d, const char *what, struct civil_date before,
               struct civil_date after, int unset, bool later_is_softer)
{
    bool had = date_is_set(before), has = date_is_set(after);
    bool is_later = had && has ? date_compare(after, before) > 0 : had == (unset > 0);

    add_date(d, is_later == later_is_softer ? EFFECT_SOFTER : EFFECT_HARDER, what, before, after);
}

void diff_day(struct diffing *d, const char *what, struct civil_date before,
              struct civil_date after)
{
    add_date(d, EFFECT_NONE, what, before, after);
}

bool diff_presence(struct diffing *d, const char *what, bool before, bool after)
{
    if (before != after)
        diff_add(d, after ? EFFECT_HARDER : EFFECT_SOFTER, CHANGE_LINE, what, before ? "yes" : NULL,
                 after ? "yes" : NULL);
    return before && after;
}

/* ---- measures ---- */

static const struct plan_measure *same_measure(const struct plan *p, const struct plan_measure *m)
{
    for (size_t i = 0; i < p->measure_count; i++)
        if (diff_same_text(p->measures[i].first_id, m->first_id))
            return &p->measures[i];
    return plan_measure_find(p, m->id);
}

static void diff_measures(struct diffing *d, const struct plan *before, const struct plan *after)
{
    d->subject = "measure";
    for (size_t i = 0; i < before->measure_count; i++) {
        const struct plan_measure *m = &before->measures[i], *now = same_measure(after, m);

        d->id = now ? now->id : m->id;
        if (now)
            diff_measure(d, m, now);
        else
            diff_add(d, EFFECT_SOFTER, CHANGE_REMOVED, "measure", m->title, NULL);
    }
    for (size_t i = 0; i < after->measure_count; i++) {
        d->id = after->measures[i].id;
        if (!same_measure(before, &after->measures[i]))
            diff_add(d, EFFECT_NONE, CHANGE_ADDED, "measure", NULL, after->measures[i].title);
    }
}

/* ---- actions ---- */

/* How bad the colour is that its lead reports: what is not said is no worse than green. */
static double colour_of(const struct plan_delivery *delivery)
{
    static const double worse[] = { [RAG_AMBER] = 1, [RAG_RED] = 2 };

    return delivery->is_said && delivery->rag >= RAG_AMBER ? worse[delivery->rag] : 0;
}

static void diff_delivery(struct diffing *d, const struct plan_delivery *before,
                          const struct plan_delivery *after)
{
    const char *was = before->is_said ? rag_name(before->rag) : NULL;
    const char *is = after->is_said ? rag_name(after->rag) : NULL;
    double a = colour_of(before), b = colour_of(after);

    if (!diff_same_text(was, is))
        diff_add(d,
                 b < a   ? EFFECT_SOFTER
                 : b > a ? EFFECT_HARDER
                         : EFFECT_NONE,
                 CHANGE_OTHER, "delivery", was, is);
    diff_day(d, "delivery date", before->date, after->date);
    diff_text(d, CHANGE_OTHER, "delivery note", before->note, after->note);
}

static void diff_action(struct diffing *d, const struct plan_action *before,
                        const struct plan_action *after)
{
    static const char *const statuses[] = { "not-started", "in-progress", "complete" };
    static const struct text_key keys[] = {
        { "lead", CHANGE_OWNER, offsetof(struct plan_action, lead) },
        { "accountable", CHANGE_OWNER, offsetof(struct plan_action, accountable) },
        { "forum", CHANGE_OTHER, offsetof(struct plan_action, forum) },
        { "weakness", CHANGE_OTHER, offsetof(struct plan_action, weakness.id) },
        { "judgement", CHANGE_OTHER, offsetof(struct plan_action, weakness.judgement) },
        { "title", CHANGE_OTHER, offsetof(struct plan_action, title) },
    };

    diff_date(d, "due", before->due, after->due, 1, true);
    diff_text(d, CHANGE_OTHER, "status", statuses[before->status], statuses[after->status]);
    diff_delivery(d, &before->delivery, &after->delivery);
    diff_texts(d, keys, COUNT(keys), before, after);
    diff_day(d, "judgement date", before->weakness.date, after->weakness.date);
    diff_text(d, CHANGE_OTHER, "priority", d->before->priorities[before->priority].id,
              d->after->priorities[after->priority].id);
}

static void diff_actions(struct diffing *d, const struct plan *before, const struct plan *after)
{
    d->subject = "action";
    for (size_t i = 0; i < before->action_count; i++) {
        const struct plan_action *a = &before->actions[i], *now = plan_action_find(after, a->id);

        d->id = a->id;
        if (now)
            diff_action(d, a, now);
        else
            diff_add(d, EFFECT_SOFTER, CHANGE_REMOVED, "action", a->title, NULL);
    }
    for (size_t i = 0; i < after->action_count; i++) {
        d->id = after->actions[i].id;
        if (!plan_action_find(before, d->id))
            diff_add(d, EFFECT_NONE, CHANGE_ADDED, "action", NULL, after->actions[i].title);
    }
}

/* ---- roles, forums, priorities ---- */

static void join(const struct text_list *list, struct text *out)
{
    for (size_t i = 0; i < list->count; i++)
        (void)text_printf(out, "%s%s", i ? ", " : "", list->items[i]);
}

/* Fewer receivers, and none that is new: somebody hears of it no more. */
static bool is_fewer(const struct text_list *before, const struct text_list *after)
{
    for (size_t i = 0; i < after->count; i++)
        if (!text_list_has(before, after->items[i]))
            return false;
    return after->count < before->count;
}

static void diff_role(struct diffing *d, const struct plan_role *before,
                      const struct plan_role *after)
{
    AUTO(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;

    join(&before->receivers, &a);
    if (after)
        join(&after->receivers, &b);
    if (!text_ok(&a) || !text_ok(&b))
        d->result = -ENOMEM;
    else if (!after)
        diff_add(d, EFFECT_NONE, CHANGE_REMOVED, "role", text_str(&a), NULL);
    else if (!diff_same_text(text_str(&a), text_str(&b)))
        diff_add(d,
                 is_fewer(&before->receivers, &after->receivers)   ? EFFECT_SOFTER
                 : is_fewer(&after->receivers, &before->receivers) ? EFFECT_HARDER
                                                                   : EFFECT_NONE,
                 CHANGE_OTHER, "receivers", text_str(&a), text_str(&b));
}

static void diff_roles(struct diffing *d, const struct plan *before, const struct plan *after)
{
    d->subject = "role";
    for (size_t i = 0; i < before->role_count; i++) {
        d->id = before->roles[i].id;
        diff_role(d, &before->roles[i], plan_role_find(after, d->id));
    }
    for (size_t i = 0; i < after->role_count; i++) {
        d->id = after->roles[i].id;
        if (!plan_role_find(before, d->id))
            diff_add(d, EFFECT_NONE, CHANGE_ADDED, "role", NULL, NULL);
    }
}

/* "2024-09-10 (papers 2024-09-03), ..." */
static void list_meetings(const struct plan_forum *f, struct text *out)
{
    char on[DATE_TEXT_MAX], papers[DATE_TEXT_MAX];

    for (size_t i = 0; i < f->meeting_count; i++)
        (void)text_printf(out, "%s%s (papers %s)", i ? ", " : "",
                          date_format(f->meetings[i].on, on),
                          date_format(plan_meeting_papers(f, &f->meetings[i], NULL), papers));
}

static void diff_forum(struct diffing *d, const struct plan_forum *before,
                       const struct plan_forum *after)
{
    AUTO(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;

    list_meetings(before, &a);
    list_meetings(after, &b);
    if (!text_ok(&a) || !text_ok(&b))
        d->result = -ENOMEM;
    diff_text(d, CHANGE_OTHER, "title", before->title, after->title);
    diff_text(d, CHANGE_DATE, "meetings", text_str(&a), text_str(&b));
    diff_number(d, "ask_working_days", (double)before->ask_working_days,
                (double)after->ask_working_days, GROWS_HARDER);
}

static void diff_forums(struct diffing *d, const struct plan *before, const struct plan *after)
{
    d->subject = "forum";
    for (size_t i = 0; i < before->forum_count; i++) {
        const struct plan_forum *f = &before->forums[i], *now = plan_forum_find(after, f->id);

        d->id = f->id;
        if (now)
            diff_forum(d, f, now);
        else
            diff_add(d, EFFECT_NONE, CHANGE_REMOVED, "forum", f->title, NULL);
    }
    for (size_t i = 0; i < after->forum_count; i++) {
        d->id = after->forums[i].id;
        if (!plan_forum_find(before, d->id))
            diff_add(d, EFFECT_NONE, CHANGE_ADDED, "forum", NULL, after->forums[i].title);
    }
}

static const char *priority_title(const struct plan *p, const char *id)
{
    for (size_t i = 0; i < p->priority_count; i++)
        if (strcmp(p->priorities[i].id, id) == 0)
            return p->priorities[i].title;
    return NULL;
}

static void diff_priorities(struct diffing *d, const struct plan *before, const struct plan *after)
{
    d->subject = "priority";
    for (size_t i = 0; i < before->priority_count; i++) {
        const struct plan_priority *was = &before->priorities[i];
        const char *now = priority_title(after, was->id);

        d->id = was->id;
        if (now)
            diff_text(d, CHANGE_OTHER, "title", was->title, now);
        else
            diff_add(d, EFFECT_NONE, CHANGE_REMOVED, "priority", was->title, NULL);
    }
    for (size_t i = 0; i < after->priority_count; i++) {
        d->id = after->priorities[i].id;
        if (!priority_title(before, d->id))
            diff_add(d, EFFECT_NONE, CHANGE_ADDED, "priority", NULL, after->priorities[i].title);
    }
}

/* ---- the plan ---- */

static void diff_head(struct diffing *d, const struct plan *before, const struct plan *after)
{
    static const char *const modes[] = { "live", "rehearsal" };
    static const struct text_key keys[] = {
        { "id", CHANGE_OTHER, offsetof(struct plan, id) },
        { "place", CHANGE_OTHER, offsetof(struct plan, place) },
        { "title", CHANGE_OTHER, offsetof(struct plan, title) },
        { "author", CHANGE_OTHER, offsetof(struct plan, author) },
        { "approval", CHANGE_OTHER, offsetof(struct plan, approval.reference) },
        { "approved by", CHANGE_OTHER, offsetof(struct plan, approval.by) },
    };

    d->subject = "plan";
    d->id = after->id;
    diff_count(d, "version", before->version, after->version);
    diff_texts(d, keys, COUNT(keys), before, after);
    if (before->mode != after->mode) /* of a rehearsal nobody is told */
        diff_add(d, after->mode == PLAN_LIVE ? EFFECT_HARDER : EFFECT_SOFTER, CHANGE_OTHER, "mode",
                 modes[before->mode], modes[after->mode]);
    diff_text(d, CHANGE_OTHER, "illustrative", before->illustrative ? "yes" : NULL,
              after->illustrative ? "yes" : NULL);
    /* A plan that holds for a shorter time asks for less. */
    diff_date(d, "valid from", before->valid_from, after->valid_from, -1, true);
    diff_date(d, "valid to", before->valid_to, after->valid_to, 1, false);
    diff_day(d, "approval date", before->approval.date, after->approval.date);
}

/* Softer first; a stable order within, since the place in the list is the last to decide. */
static void sort(struct plan_changes *c)
{
    for (size_t i = 1; i < c->count; i++) {
        struct plan_change moved = c->list[i];
        size_t at = i;

        for (; at > 0 && c->list[at - 1].effect > moved.effect; at--)
            c->list[at] = c->list[at - 1];
        c->list[at] = moved;
    }
}

int plan_diff(const struct plan *before, const struct plan *after, struct plan_changes *out)
{
    struct diffing d = { .out = out, .before = before, .after = after };

    assert(before && after && out);
    diff_measures(&d, before, after);
    diff_actions(&d, before, after);
    diff_roles(&d, before, after);
    diff_forums(&d, before, after);
    diff_priorities(&d, before, after);
    diff_head(&d, before, after);
    sort(out);
    return d.result;
}

void plan_changes_release(struct plan_changes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->list[i].id);
        free(c->list[i].what);
        free(c->list[i].before);
        free(c->list[i].after);
    }
    free(c->list);
    *c = (struct plan_changes){ 0 };
}

const char *change_effect_name(enum change_effect e)
{
    static const char *const names[] = { "softer", "harder", NULL };

    return names[e];
}

const char *change_kind_name(enum change_kind k)
{
    static const char *const names[] = { "removed", "added", "line", "date", "owner", "other" };

    return names[k];
}
