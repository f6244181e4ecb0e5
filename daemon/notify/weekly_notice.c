#include "notify/weekly_notice.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "notify/wording.h"

#define TITLE_MAX 120
#define WORDS_MAX 20

static const char *const states[] = {
    [WEEKLY_ON_PLAN] = "on plan",
    [WEEKLY_BEHIND] = "behind plan",
    [WEEKLY_WARNED] = "early warning",
    [WEEKLY_WATCHING] = "watching",
    [WEEKLY_HELD] = "held",
    [WEEKLY_UNKNOWN] = "not known",
};

/* ---- how all of it stands ---- */

static bool is_behind(enum period_event e)
{
    return e == PERIOD_AMBER || e == PERIOD_RED;
}

enum weekly_state weekly_state_of(const struct weekly_measure *m)
{
    const struct period_judgement *newest = m->finding ? finding_newest(m->finding) : NULL;

    if (!newest || newest->event == PERIOD_UNKNOWN)
        return WEEKLY_UNKNOWN;
    if (is_behind(newest->event) || m->is_firing)
        return WEEKLY_BEHIND;
    if (m->finding->ageing.state == AGEING_BEHIND || m->is_warned)
        return WEEKLY_WARNED;
    if (m->finding->holds)
        return WEEKLY_HELD;
    /* Whether it is past what would clear it is not told: of a figure that is hidden it may tell how few. */
    return newest->event == PERIOD_NOT_DUE ? WEEKLY_WATCHING : WEEKLY_ON_PLAN;
}

static bool has_expired(const struct plan *plan, struct civil_date today)
{
    return plan && date_is_set(plan->valid_to) && date_compare(today, plan->valid_to) > 0;
}

/* A person's word moves the alert that it is late, and makes its data no younger. */
static bool is_overrun(const struct weekly_feed *f, struct civil_date today)
{
    return f->is_moved && !f->is_late && date_compare(today, f->due_unmoved) > 0;
}

void weekly_count(const struct weekly_facts *facts, struct weekly_counts *out)
{
    *out = (struct weekly_counts){ .measures = facts->measure_count,
                                   .feeds = facts->feed_count,
                                   .open = facts->open,
                                   .silenced = facts->silenced };
    for (size_t i = 0; i < facts->measure_count; i++) {
        const struct weekly_measure *m = &facts->measures[i];

        out->of[weekly_state_of(m)]++;
        out->held += m->finding && m->finding->holds;
        out->rehearsed += m->plan && m->plan->mode == PLAN_REHEARSAL;
        out->expired += (i == 0 || m->plan != m[-1].plan) && has_expired(m->plan, facts->today);
    }
    for (size_t i = 0; i < facts->feed_count; i++) {
        const struct weekly_feed *f = &facts->feeds[i];

        out->late += f->is_late;
        out->waiting += f->waits || f->has_gap;
        out->without_data += !date_is_set(f->newest);
        out->unawaited += !date_is_set(f->due);
        out->overrun += is_overrun(f, facts->today);
        out->mended += date_is_set(f->until) && !f->is_late && !f->waits && !f->has_gap;
    }
    for (size_t i = 0; i < facts->alert_count; i++) {
        out->overdue += facts->alerts[i].plan != NULL;
        out->of_monitor += facts->alerts[i].plan == NULL;
    }
}

bool weekly_is_clear(const struct weekly_counts *c)
{
    return c->of[WEEKLY_ON_PLAN] > 0 &&
           c->of[WEEKLY_ON_PLAN] + c->of[WEEKLY_WATCHING] == c->measures && c->held == 0 &&
           c->expired == 0 && c->late == 0 && c->waiting == 0 && c->without_data == 0 &&
           c->unawaited == 0 && c->overrun == 0 && c->open == 0 && c->silenced == 0;
}

/* ---- its first sentence ---- */

static void say_number(struct text *out, size_t n, const char *words)
{
    if (n > 0)
        (void)text_printf(out, ", %zu %s", n, words);
}

/* "2 of 4 measures are", "1 of 4 feeds is". */
static void say_of(struct text *out, size_t n, size_t all, const char *what)
{
    (void)text_printf(out, "%zu of %zu %s%s %s", n, all, what, all == 1 ? "" : "s",
                      n == 1 || all == 1 ? "is" : "are");
}

/* A week without a gap and one that had one do not read the same. */
static void say_mended(const struct weekly_counts *c, struct text *out)
{
    if (c->mended > 0)
        (void)text_printf(out, " In the week %zu feed%s late or not complete, and %s no more.",
                          c->mended, c->mended == 1 ? " was" : "s were",
                          c->mended == 1 ? "is" : "are");
}

static void say_clear(const struct weekly_counts *c, struct text *out)
{
    (void)text_puts(out, "All clear: ");
    say_of(out, c->of[WEEKLY_ON_PLAN], c->measures, "measure");
    (void)text_puts(out, " on plan, by complete figures");
    say_number(out, c->of[WEEKLY_WATCHING], states[WEEKLY_WATCHING]);
    (void)text_puts(out, "; ");
    say_of(out, c->feeds, c->feeds, "feed");
    (void)text_puts(out, " in time; nothing is held or silenced, and no alert is open.");
}

static void say_open(const struct weekly_counts *c, struct text *out)
{
    say_of(out, c->of[WEEKLY_ON_PLAN], c->measures, "measure");
    (void)text_puts(out, " on plan");
    for (int s = WEEKLY_ON_PLAN + 1; s < WEEKLY_STATES; s++)
        say_number(out, c->of[s], states[s]);
    if (c->held > c->of[WEEKLY_HELD])
        (void)text_printf(out, " (%zu with data that are not complete)", c->held);
    if (c->expired > 0)
        (void)text_printf(out, "; %zu plan%s expired", c->expired,
                          c->expired == 1 ? " has" : "s have");
    (void)text_puts(out, "; ");
    say_of(out, c->late, c->feeds, "feed");
    (void)text_puts(out, " late");
    say_number(out, c->waiting, "not complete");
    say_number(out, c->without_data, "without any data");
    say_number(out, c->unawaited, "without a further publication date");
    say_number(out, c->overrun, "late by its calendar and given longer by hand");
    if (c->open > 0)
        (void)text_printf(out, "; %zu alert%s open", c->open, c->open == 1 ? " is" : "s are");
    if (c->silenced > 0)
        (void)text_printf(out, ", of which a silence hides %zu", c->silenced);
    say_number(out, c->overdue, c->overdue == 1 ? "action overdue" : "actions overdue");
    say_number(out, c->of_monitor, "of the monitor itself");
    (void)text_puts(out, ".");
}

static void say_first(const struct weekly_counts *c, struct text *out)
{
    if (weekly_is_clear(c))
        say_clear(c, out);
    else
        say_open(c, out);
    say_mended(c, out);
    if (c->rehearsed > 0 && c->rehearsed < c->measures)
        (void)text_printf(out, " %zu of the measures %s of a plan in rehearsal.", c->rehearsed,
                          c->rehearsed == 1 ? "is" : "are");
}

/* What is missing is said beside how many are on plan: the first of these. */
static void say_missing(const struct weekly_counts *c, struct text *out)
{
    const struct {
        size_t count;
        const char *one, *more;
    } said[] = {
        { c->late, "feed late", "feeds late" },
        { c->of[WEEKLY_UNKNOWN] + c->of[WEEKLY_HELD], "grey", "grey" },
        { c->expired, "plan expired", "plans expired" },
        { c->unawaited, "feed without a date", "feeds without a date" },
        { c->overrun, "feed given longer", "feeds given longer" },
        { c->overdue, "action overdue", "actions overdue" },
        { c->of_monitor, "alert of the monitor", "alerts of the monitor" },
    };
    size_t i = 0;

    while (i < sizeof said / sizeof said[0] && said[i].count == 0)
        i++;
    if (i < sizeof said / sizeof said[0])
        say_number(out, said[i].count, said[i].count == 1 ? said[i].one : said[i].more);
}

static void say_subject(const struct weekly_counts *c, struct text *out)
{
    if (c->measures > 0 && c->rehearsed == c->measures)
        (void)text_puts(out, "Rehearsal: ");
    (void)text_puts(out, "Weekly digest: ");
    if (weekly_is_clear(c))
        (void)text_printf(out, "all clear, %zu on plan", c->of[WEEKLY_ON_PLAN]);
    else if (c->of[WEEKLY_BEHIND] > 0)
        (void)text_printf(out, "%zu of %zu behind plan", c->of[WEEKLY_BEHIND], c->measures);
    else
        (void)text_printf(out, "%zu of %zu on plan", c->of[WEEKLY_ON_PLAN], c->measures);
    say_missing(c, out);
}

/* ---- the measures ---- */

/* A measure as an item that tells no news, so that it is shown as its alerts are. */
struct row {
    struct alert alert;
    struct episode episode;
    struct message_item item;
    struct item_view view;
    enum weekly_state state;
};

static void look(const struct message_context *c, const struct weekly_measure *m, struct row *row)
{
    row->alert =
        (struct alert){ .rule = RULE_BEHIND_PLAN, .plan = m->plan->id, .measure = m->measure->id };
    row->item = (struct message_item){ .alert = &row->alert,
                                       .episode = &row->episode,
                                       .finding = m->finding,
                                       .plan = m->plan,
                                       .news = NEWS_NONE };
    row->view.end = row->view.newest_end = DATE_NONE;
    if (m->finding)
        item_view(c, &row->item, &row->view);
}

static void say_owner(const struct message_context *c, const char *roles, struct text *out)
{
    char role[PLAN_ROLE_MAX];

    for (const char *at = roles; plan_roles_next(&at, role);) {
        const char *holder = c->role_holder ? c->role_holder(c->names_arg, role) : NULL;

        if (out->len)
            (void)text_puts(out, ", ");
        wording_clean(out, holder ? holder : role, 60, 6);
    }
    if (!out->len)
        (void)text_puts(out, "ops");
}

static void say_state(const struct row *row, struct text *out)
{
    const struct period_judgement *newest =
        row->item.finding ? finding_newest(row->item.finding) : NULL;

    (void)text_puts(out, states[row->state]);
    if (row->state == WEEKLY_BEHIND && is_behind(newest->event) && !row->view.is_veiled)
        (void)text_puts(out, newest->event != PERIOD_RED ? ", amber"
                             : wording_is_past_last_date(row->item.finding->measure, newest->end)
                                 ? ", red (past its last date: no tolerance)"
                                 : ", red");
    if (date_is_set(row->view.newest_end))
        (void)text_printf(out, "; the newest period: %s", row->view.newest_figure);
}

#define COLUMNS 7
static const char *const measure_columns[COLUMNS] = { "Measure", "Value", "Line", "State",
                                                      "Data to", "Owner", "Held" };

static void say_measure(const struct message_context *c, const struct row *row,
                        const struct weekly_measure *m, struct surfaces *out)
{
    AUTO(text_release) struct text title = TEXT_INIT;
    AUTO(text_release) struct text state = TEXT_INIT;
    AUTO(text_release) struct text owner = TEXT_INIT;
    char date[WORDING_DATE_MAX], held[HOLD_WORDS_MAX] = "no";
    const struct item_view *v = &row->view;

    wording_clean(&title, m->measure->title ? m->measure->title : m->measure->id, TITLE_MAX,
                  WORDS_MAX);
    say_state(row, &state);
    say_owner(c, m->measure->owner, &owner);
    if (m->finding && m->finding->holds)
        (void)hold_words(m->finding->holds, held);
    const char *const cells[COLUMNS] = { text_str(&title),
                                         m->finding ? v->figure : "no figure",
                                         v->line_text,
                                         text_str(&state),
                                         wording_date(v->end, date),
                                         text_str(&owner),
                                         held };

    surfaces_row(out, cells, COLUMNS, true);
    if (!text_ok(&title) || !text_ok(&state) || !text_ok(&owner))
        out->plain.error = -ENOMEM;
}

static void say_plan(const struct plan *plan, struct civil_date today, struct surfaces *out)
{
    AUTO(text_release) struct text words = TEXT_INIT;
    char date[WORDING_DATE_MAX];

    wording_clean(&words, plan->title ? plan->title : plan->id, TITLE_MAX, WORDS_MAX);
    (void)text_puts(&words, ", ");
    wording_clean(&words, plan_place_title(plan), 60, 6);
    if (plan->mode == PLAN_REHEARSAL)
        (void)text_puts(&words, " (REHEARSAL: nobody acts on it yet)");
    if (plan->illustrative)
        (void)text_puts(&words, " (ILLUSTRATIVE: invented)");
    if (has_expired(plan, today))
        (void)text_printf(&words,
                          " (EXPIRED: its last day was %s; judged against its last milestones)",
                          wording_date(plan->valid_to, date));
    surfaces_caption(out, text_str(&words));
    if (!text_ok(&words))
        out->plain.error = -ENOMEM;
}

/* What is behind is asked for first: where not all may be shown beside each other, it is. */
static int say_measures(const struct message_context *c, const struct weekly_facts *facts,
                        struct surfaces *out)
{
    AUTO(auto_free) struct row *rows = calloc(facts->measure_count + 1, sizeof *rows);
    const struct plan *plan = NULL;

    for (int first = 1; rows && first >= 0; first--)
        for (size_t i = 0; i < facts->measure_count; i++) {
            rows[i].state = weekly_state_of(&facts->measures[i]);
            if ((rows[i].state == WEEKLY_BEHIND) == first)
                look(c, &facts->measures[i], &rows[i]);
        }
    for (size_t i = 0; rows && i < facts->measure_count; i++) {
        const struct weekly_measure *m = &facts->measures[i];

        if (m->plan != plan) {
            if (plan)
                surfaces_table_end(out);
            plan = m->plan;
            say_plan(plan, facts->today, out);
            surfaces_table(out, measure_columns, COLUMNS, true);
        }
        say_measure(c, &rows[i], m, out);
    }
    if (plan)
        surfaces_table_end(out);
    return rows ? 0 : -ENOMEM;
}

/* ---- what else is open ---- */

#define ALERT_COLUMNS 5
static const char *const alert_columns[ALERT_COLUMNS] = { "Alert", "Plan", "State", "Since",
                                                          "Owner" };

static void say_alert(const struct message_context *c, const struct weekly_alert *a,
                      struct surfaces *out)
{
    AUTO(text_release) struct text title = TEXT_INIT;
    AUTO(text_release) struct text plan = TEXT_INIT;
    AUTO(text_release) struct text owner = TEXT_INIT;
    char since[WORDING_DATE_MAX], state[60];

    wording_clean(&title, a->alert->title ? a->alert->title : "", TITLE_MAX, WORDS_MAX);
    if (a->plan)
        wording_clean(&plan, a->plan->title ? a->plan->title : a->plan->id, TITLE_MAX, WORDS_MAX);
    say_owner(c, a->alert->owner, &owner);
    (void)snprintf(state, sizeof state, "%s%s", alert_state_words(a->alert, a->episode),
                   a->episode->severity == SEVERITY_RED     ? ", red"
                   : a->episode->severity == SEVERITY_AMBER ? ", amber"
                                                            : "");
    const char *const cells[ALERT_COLUMNS] = { text_str(&title),
                                               a->plan ? text_str(&plan) : "the monitor itself",
                                               state, wording_date(a->episode->opened, since),
                                               text_str(&owner) };

    surfaces_row(out, cells, ALERT_COLUMNS, true);
    if (!text_ok(&title) || !text_ok(&plan) || !text_ok(&owner))
        out->plain.error = -ENOMEM;
}

static void say_alerts(const struct message_context *c, const struct weekly_facts *facts,
                       struct surfaces *out)
{
    if (facts->alert_count == 0)
        return;
    surfaces_caption(out, "Open, and of no measure or feed");
    surfaces_table(out, alert_columns, ALERT_COLUMNS, true);
    for (size_t i = 0; i < facts->alert_count; i++)
        say_alert(c, &facts->alerts[i], out);
    surfaces_table_end(out);
}

/* ---- the feeds ---- */

#define FEED_COLUMNS 5
static const char *const feed_columns[FEED_COLUMNS] = { "Feed", "Newest data", "Age", "Due next",
                                                        "State" };

/* In time is only what is awaited: by its calendar, or by a person's word, which is said to be one. */
static void say_in_time(const struct weekly_feed *f, struct civil_date today, struct text *out)
{
    char date[WORDING_DATE_MAX];

    if (f->is_late)
        (void)text_puts(out, "LATE");
    else if (!date_is_set(f->due))
        (void)text_puts(out, "no further publication date is known: it is never late");
    else if (is_overrun(f, today))
        (void)text_printf(out, "LATE by its calendar (%s)", wording_date(f->due_unmoved, date));
    else
        (void)text_puts(out, "in time");
    if (f->is_moved)
        (void)text_printf(out, ", given until %s by hand", wording_date(f->due, date));
}

static void say_feed(const struct weekly_feed *f, struct civil_date today, struct surfaces *out)
{
    AUTO(text_release) struct text title = TEXT_INIT;
    AUTO(text_release) struct text state = TEXT_INIT;
    char newest[WORDING_DATE_MAX], due[WORDING_DATE_MAX], until[WORDING_DATE_MAX], age[32] = "";
    int days = date_is_set(f->newest) ? today.day - f->newest.day : 0;

    wording_clean(&title, f->title, TITLE_MAX, WORDS_MAX);
    if (date_is_set(f->newest))
        (void)snprintf(age, sizeof age, "%d day%s", days, days == 1 ? "" : "s");
    say_in_time(f, today, &state);
    (void)text_printf(&state, "%s%s%s%s", f->waits ? ", a file waits for a decision" : "",
                      f->has_gap ? ", not complete" : "",
                      date_is_set(f->until) ? "; was late or not complete until " : "",
                      date_is_set(f->until) ? wording_date(f->until, until) : "");
    const char *const cells[FEED_COLUMNS] = {
        text_str(&title), date_is_set(f->newest) ? wording_date(f->newest, newest) : "none yet",
        age, date_is_set(f->due) ? wording_date(f->due, due) : "not known", text_str(&state)
    };

    surfaces_row(out, cells, FEED_COLUMNS, true);
    if (!text_ok(&title) || !text_ok(&state))
        out->plain.error = -ENOMEM;
}

static void say_feeds(const struct weekly_facts *facts, struct surfaces *out)
{
    surfaces_caption(out, "Feeds, and how old their data are");
    surfaces_table(out, feed_columns, FEED_COLUMNS, true);
    for (size_t i = 0; i < facts->feed_count; i++)
        say_feed(&facts->feeds[i], facts->today, out);
    surfaces_table_end(out);
}

/* It told somebody of what is behind: somebody else hears of it. */
static void say_instead(const char *whom, struct surfaces *out)
{
    AUTO(text_release) struct text words = TEXT_INIT;

    if (!whom)
        return;
    (void)text_puts(&words, "This was for ");
    wording_clean(&words, whom, 60, 6);
    (void)text_puts(&words, ", to whom it could not be delivered: tell them another way.");
    surfaces_say(out, "", text_str(&words));
    if (!text_ok(&words))
        out->plain.error = -ENOMEM;
}

int weekly_words(const struct message_context *c, const struct weekly_facts *facts,
                 struct text *out_subject, struct surfaces *out)
{
    AUTO(text_release) struct text first = TEXT_INIT;
    struct weekly_counts counts;

    weekly_count(facts, &counts);
    say_subject(&counts, out_subject);
    say_first(&counts, &first);
    surfaces_begin(out, text_str(out_subject));
    surfaces_heading(out, text_str(out_subject));
    say_instead(facts->instead_of, out);
    surfaces_say(out, "", text_str(&first));
    int r = say_measures(c, facts, out);

    say_alerts(c, facts, out);
    say_feeds(facts, out);
    surfaces_space(out);
    surfaces_say(
        out, "What to do",
        weekly_is_clear(&counts)
            ? "nothing. A week without any mail from here is no good news: tell those who run the "
              "monitor."
            : "see what is not on plan, and ask for what is late. \"waitlistctl explain "
              "MEASURE\" says why; \"waitlistctl feeds\" how each feed stands.");
    surfaces_say(out, "", "For service oversight; not for deciding any child's care.");
    surfaces_end(out);
    if (r < 0 || !text_ok(&first) || !text_ok(out_subject))
        return -ENOMEM;
    return surfaces_error(out) ? -ENOMEM : 0;
}
