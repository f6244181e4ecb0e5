#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "doctor/doctor_internal.h"
#include "notify/review_notice.h"

/* Dates that are not wrong, and yet nobody will be told what they think: of feeds, plans, people. */

#define GRACE_PERIODS_MOST 3

/* Days of a period, roughly; 0: by dates. */
static int period_days(enum feed_cadence cadence)
{
    static const int days[] = {
        [CADENCE_DATES] = 0,    [CADENCE_DAILY] = 1,      [CADENCE_WEEKLY] = 7,
        [CADENCE_MONTHLY] = 31, [CADENCE_QUARTERLY] = 92, [CADENCE_YEARLY] = 366
    };

    return days[cadence];
}

static long grace_days(const struct feed_setting *f)
{
    switch (f->grace.unit) {
    case SPAN_SECONDS:
        return f->grace.count / 86400;
    case SPAN_WORKING_DAYS:
        return f->grace.count * 7 / 5;
    case SPAN_WEEKS:
        return f->grace.count * 7;
    case SPAN_MONTHS:
        return f->grace.count * 31;
    default:
        return f->grace.count;
    }
}

static void look_at_feed(struct doctor *d, const struct feed_setting *f)
{
    size_t n = f->publication_date_count;
    int period = period_days(f->cadence);
    char date[DATE_TEXT_MAX], mend[MEND_MAX];

    (void)mend_settings(d, 0, mend);
    if (f->cadence == CADENCE_DATES &&
        (n == 0 || date_compare(f->publication_dates[n - 1], d->today) < 0))
        say(d, DOCTOR_FAIL, "calendar", f->id, mend,
            "no publication date is left after %s: the feed is never late, so add the coming ones",
            n ? date_format(f->publication_dates[n - 1], date) : "the start");
    else if (period && grace_days(f) > (long)period * GRACE_PERIODS_MOST)
        say(d, DOCTOR_WARN, "calendar", f->id, mend,
            "grace of %ld days with a period of %d: that it stopped is told only after %ld periods",
            grace_days(f), period, grace_days(f) / period);
    else if (date_is_set(f->from) && date_compare(f->from, d->today) > 0)
        say(d, DOCTOR_WARN, "calendar", f->id, mend,
            "from: %s is to come: no file is missed before it", date_format(f->from, date));
    else
        say(d, DOCTOR_OK, "calendar", f->id, NULL, "cadence and grace go together");
}

static void list_receiver(struct text *list, const char *id)
{
    (void)text_printf(list, "%s%s", list->len ? ", " : "", id);
}

/* A role that nobody holds: an email receiver writes to its to: then, others are told as ever; ops where none of
 * them reaches anybody. */
static void look_at_role(struct doctor *d, const struct settings *s, const struct plan_role *role)
{
    AUTO(text_release) struct text to = TEXT_INIT, lost = TEXT_INIT, other = TEXT_INIT;
    const struct person *holder[1];
    char mend[MEND_MAX];

    if (settings_holders(s, role->id, d->today, holder, 1))
        return;
    for (size_t i = 0; i < role->receivers.count; i++) {
        const char *id = role->receivers.items[i];
        const struct receiver_setting *r = settings_receiver(s, id);

        if (r)
            list_receiver(r->kind != RECEIVER_EMAIL ? &other : r->to ? &to : &lost, id);
    }
    say(d, DOCTOR_WARN, "people", role->id,
        mend_path("editor %s && systemctl reload-or-restart waitlistd", s->people_path, mend),
        "nobody holds this role today, nor is a deputy%s%s%s%s%s%s%s",
        to.len ? ": mail for it goes to the to: of " : "", text_str(&to),
        lost.len ? "; no mail is written for it by " : "", text_str(&lost),
        other.len ? "; told as ever: " : "", text_str(&other),
        to.len || other.len ? "" : ": what is for it alone goes to ops");
}

static void look_at_plan(struct doctor *d, const struct settings *s, const struct plan *plan)
{
    char date[DATE_TEXT_MAX], mend[MEND_MAX];

    if (date_is_set(plan->valid_to) && date_compare(plan->valid_to, d->today) < 0)
        say(d, DOCTOR_FAIL, "plan", plan->id,
            mend_path("waitlistctl plan apply %s --reason TEXT", plan->path, mend),
            "ended on %s: its measures are held against their last milestones until a next version "
            "is "
            "in force",
            date_format(plan->valid_to, date));
    else if (date_is_set(plan->valid_from) && date_compare(plan->valid_from, d->today) > 0)
        say(d, DOCTOR_WARN, "plan", plan->id,
            mend_path("waitlistctl plan apply %s --reason TEXT", plan->path, mend),
            "begins on %s: nothing is judged by it before", date_format(plan->valid_from, date));
    else
        say(d, DOCTOR_OK, "plan", plan->id, NULL, "in force today");
    for (size_t i = 0; s->people_path && i < plan->role_count; i++)
        look_at_role(d, s, &plan->roles[i]);
}

/* An internal profile ends on its review day, and figures get coarser the next. */
static void look_at_profile(struct doctor *d, const struct receiver_setting *r)
{
    char date[DATE_TEXT_MAX], mend[MEND_MAX];

    if (r->profile != PROFILE_INTERNAL)
        return;
    (void)mend_settings(d, 0, mend);
    (void)date_format(r->review_by, date);
    if (date_compare(r->review_by, d->today) < 0)
        say(d, DOCTOR_FAIL, "profile", r->id, mend,
            "what %s allowed ended on %s: figures are shown as to partners since", r->approved_by,
            date);
    else if (review_stage(r, d->today) != NULL)
        say(d, DOCTOR_WARN, "profile", r->id, mend, "what %s allowed is to be reviewed by %s",
            r->approved_by, date);
}

/* Every longer list is a reason to look: what is due in working days is due too early after its end. */
static void look_at_holidays(struct doctor *d, const struct settings *s)
{
    char date[DATE_TEXT_MAX], mend[MEND_MAX];

    (void)mend_settings(d, 0, mend);
    (void)date_format(s->workdays.until, date);
    if (!date_is_set(s->workdays.until))
        return;
    switch (workdays_state(&s->workdays, d->today)) {
    case WORKDAYS_ENDED:
        say(d, DOCTOR_FAIL, "calendar", "bank-holidays", mend,
            "the list of bank holidays ended on %s: they are counted as working days since; name a "
            "longer one under bank_holidays:",
            date);
        break;
    case WORKDAYS_END_SOON:
        say(d, DOCTOR_WARN, "calendar", "bank-holidays", mend,
            "the list of bank holidays ends on %s: name a longer one under bank_holidays:", date);
        break;
    case WORKDAYS_KNOWN:
        say(d, DOCTOR_OK, "calendar", "bank-holidays", NULL, "bank holidays are known until %s",
            date);
        break;
    }
}

void look_at_calendar(struct doctor *d, const struct settings *s, const struct config *c)
{
    look_at_holidays(d, s);
    for (size_t i = 0; i < s->feed_count; i++)
        look_at_feed(d, &s->feeds[i]);
    for (size_t i = 0; i < s->receiver_count; i++)
        look_at_profile(d, &s->receivers[i]);
    for (size_t i = 0; c && i < c->plan_count; i++)
        look_at_plan(d, s, c->plans[i]);
}
