#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "notify/forum_notice.h"
#include "notify/notice.h"
#include "notify/plan_notice.h"
#include "notify/review_notice.h"
#include "notify/weekly_notice.h"
#include "plan/control_chart.h"
#include "support/message_fixture.h"

#define MONTHS 14 /* from May 2023 to June 2024 */

/* What fixed facts there are: the fixture, and a year of figures behind its plan. */
struct facts {
    struct message_fixture f;
    struct series_version versions[MONTHS];
    struct period_judgement judged[MONTHS];
    struct milestone expect[4];
    struct chart_point points[MONTHS];
    bool starts[MONTHS];
    struct control_chart chart;
    struct plan_spc spc;
    struct message_baseline baseline;
    char backlog[3][ALERT_ID_MAX];
    struct finding_set all;
    struct finding more[3]; /* of a message of many */
    struct alert others[3];
    struct episode theirs[3];
};

static const double figures[MONTHS] = { 31, 30, 32, 29, 27, 28, 26, 24, 25, 23, 21, 19, 18, 17 };

static const char *title_of_feed(void *arg, const char *feed)
{
    (void)arg;
    (void)feed;
    return "Community services waiting times";
}

static const char *holder_of(void *arg, const char *role)
{
    (void)arg;
    return strcmp(role, "camhs-lead") == 0 ? "Ada Example" : NULL;
}

static const char *contact_of(void *arg, const char *feed)
{
    (void)arg;
    (void)feed;
    return "the information team of Black Country Healthcare, information@example.nhs.uk";
}

static void set_months(struct facts *t)
{
    for (int i = 0; i < MONTHS; i++) {
        t->versions[i] = t->f.version;
        t->versions[i].value = t->versions[i].low = t->versions[i].high = figures[i];
        t->versions[i].status = i + 2 < MONTHS ? PUBLICATION_FINAL : PUBLICATION_PROVISIONAL;
        t->judged[i] = t->f.judged[0];
        (void)date_from_ymd(2023 + (i + 4) / 12, (i + 4) % 12 + 1, 1, &t->judged[i].start);
        t->judged[i].end = date_month_end(t->judged[i].start);
        t->judged[i].line = i < 11 ? 20 : 25;
        t->judged[i].event = figures[i] < t->judged[i].line ? PERIOD_RED : PERIOD_CLEAR;
        t->judged[i].version = &t->versions[i];
    }
    t->expect[0] = (struct milestone){ date_of("2023-03-31"), 20, NULL };
    t->expect[1] = (struct milestone){ date_of("2024-04-30"), 25, NULL };
    t->expect[2] = (struct milestone){ date_of("2024-12-31"), 40, NULL };
    t->expect[3] = (struct milestone){ date_of("2025-06-30"), 60, NULL };
    t->f.measure.expect = t->expect;
    t->f.measure.expect_count = 4;
    t->f.measure.target_by = date_of("2025-06-30");
    t->f.finding.history = t->judged;
    t->f.finding.history_count = MONTHS;
    t->f.finding.line = 25;
    t->f.episode.opened = t->f.episode.folded = date_of("2024-04-30");
    t->f.episode.value = 17;
    t->f.episode.line = 25;
    t->f.episode.told_value = 17;
}

static void facts_init(struct facts *t)
{
    memset(t, 0, sizeof *t);
    fixture_init(&t->f);
    t->f.org_title = "Black Country Healthcare";
    t->f.context.recipient_name = "Ada Example";
    t->f.context.also_told = "Ben Example, ops";
    t->f.context.feed_title = title_of_feed;
    t->f.context.role_holder = holder_of;
    t->f.plan.place_title = WORDS("Dudley");
    t->f.plan.title = WORDS("Dudley SEND plan");
    set_months(t);
}

/* What a news of a measure is, and how its alert stands then. */
static void set_news(struct facts *t, enum alert_news news, enum alert_state state, double value)
{
    t->f.items[0].news = t->f.episode.news = news;
    t->f.episode.state = state;
    t->versions[MONTHS - 1].value = value;
    t->f.episode.value = value;
    if (state != ALERT_FIRING)
        t->f.episode.severity = SEVERITY_NONE;
    if (state == ALERT_RESOLVED || state == ALERT_RETRACTED || state == ALERT_WITHDRAWN)
        t->f.episode.closed_on = date_of("2024-08-14");
    t->judged[MONTHS - 1].event = value < 25 ? PERIOD_RED : PERIOD_CLEAR;
}

/* ---- the kinds: of a measure ---- */

static void new_red(struct facts *t)
{
    (void)t;
}

static void new_without_chart(struct facts *t)
{
    t->f.finding.history = t->judged + MONTHS - 2;
    t->f.finding.history_count = 2;
}

static void worse(struct facts *t)
{
    set_news(t, NEWS_WORSE, ALERT_FIRING, 14);
}

/* Within the tolerance, which counts no more. */
static void last_date(struct facts *t)
{
    set_news(t, NEWS_WORSE, ALERT_FIRING, 22);
    t->f.measure.target_by = date_of("2024-06-30");
}

static void better(struct facts *t)
{
    set_news(t, NEWS_BETTER, ALERT_FIRING, 23);
    t->f.episode.severity = SEVERITY_AMBER;
}

static void recovering(struct facts *t)
{
    set_news(t, NEWS_BETTER, ALERT_RECOVERING, 27);
}

static void cleared(struct facts *t)
{
    set_news(t, NEWS_CLEARED, ALERT_RESOLVED, 28);
}

static void corrected(struct facts *t)
{
    set_news(t, NEWS_CORRECTED, ALERT_RETRACTED, 26);
    t->judged[MONTHS - 1].restated = true;
    t->f.episode.restated = true;
    t->f.episode.folded = date_of("2024-06-30");
}

static void discovered(struct facts *t)
{
    set_news(t, NEWS_DISCOVERED, ALERT_RESOLVED, 26);
    t->f.episode.told_period = date_of("2024-05-31");
}

static void withdrawn(struct facts *t)
{
    set_news(t, NEWS_WITHDRAWN, ALERT_WITHDRAWN, 17);
}

static void closed(struct facts *t)
{
    withdrawn(t);
    t->f.episode.by_person = true;
}

static void flapping(struct facts *t)
{
    set_news(t, NEWS_FLAPPING, ALERT_FIRING, 19);
    t->f.episode.flapping = true;
}

static void steady(struct facts *t)
{
    set_news(t, NEWS_STEADY, ALERT_FIRING, 19);
}

static void reminder(struct facts *t)
{
    t->f.items[0].news = t->f.episode.news = NEWS_REMINDER;
    t->f.episode.red_on = date_of("2024-06-12");
    t->f.episode.reminders = 1;
}

/* Two data periods in red: to the accountable officer, whom the action names. */
static void escalated(struct facts *t)
{
    reminder(t);
    t->f.action.accountable = WORDS("chief");
    t->f.items[0].news = t->f.episode.news = NEWS_ESCALATED;
    t->f.episode.reminders = 0;
    t->f.episode.steps = 1;
}

static void suppressed(struct facts *t)
{
    t->f.published = false;
    t->f.series.unit = UNIT_COUNT;
    t->f.measure.polarity = POLARITY_LOWER;
    t->f.finding.title = t->f.alert.title = t->f.measure.title =
        WORDS("Children waiting over 52 weeks for a wheelchair");
    for (int i = 0; i < MONTHS; i++) {
        t->versions[i].value = i == 4 || i == 5 ? 3 : 12 + 3 * (i % 5);
        t->judged[i].line = 10;
    }
    for (size_t i = 0; i < 4; i++)
        t->expect[i].value = 10;
    t->f.finding.line = 10;
}

static void held(struct facts *t)
{
    t->versions[MONTHS - 1].marker = MARKER_NOT_SUBMITTED;
    t->versions[MONTHS - 1].value = NAN;
    t->judged[MONTHS - 1].event = PERIOD_UNKNOWN;
    t->judged[MONTHS - 1].holds = t->f.finding.holds = HOLD_NO_VALUE | HOLD_FEED_LATE;
    t->f.episode.held = true;
    t->f.items[0].news = NEWS_WORSE;
}

static void early_warning(struct facts *t)
{
    t->f.published = false;
    t->f.series.unit = UNIT_COUNT;
    t->f.measure.polarity = POLARITY_LOWER;
    t->f.finding.title = t->f.alert.title = t->f.measure.title =
        WORDS("Children waiting over 18 weeks for community paediatrics");
    for (int i = 0; i < MONTHS; i++) {
        t->versions[i].value = 60 + 2 * i;
        t->judged[i].line = 90;
        t->judged[i].event = PERIOD_CLEAR;
    }
    t->f.measure.expect_count = 0;
    t->f.finding.line = 90;
    t->f.finding.ageing = (struct ageing){
        .state = AGEING_BEHIND,
        .data_date = date_of("2024-06-30"),
        .since = date_of("2024-08-10"),
        .version = { .value = 97, .low = 97, .high = 97, .numerator = NAN, .denominator = NAN },
        .judged = { .start = date_of("2024-08-14"),
                    .end = date_of("2024-08-14"),
                    .event = PERIOD_PROJECTED,
                    .rag = RAG_AMBER,
                    .line = 90 }
    };
    t->f.episode.state = ALERT_EARLY;
    t->f.episode.early = t->f.episode.warned = t->f.episode.by_time = true;
    t->f.episode.severity = SEVERITY_AMBER;
    t->f.episode.opened = t->f.episode.folded = date_of("2024-08-10");
}

static void special_cause(struct facts *t)
{
    for (int i = 0; i < MONTHS; i++)
        t->points[i] = (struct chart_point){ t->judged[i].start, t->judged[i].end, &t->versions[i],
                                             t->versions[i].value };
    t->f.measure.spc = &t->spc;
    t->spc.points = 10;
    t->chart = (struct control_chart){ .state = CHART_GOOD,
                                       .points = t->points,
                                       .starts = t->starts,
                                       .n = MONTHS,
                                       .options = { .improvement = SPC_INCREASE, .target = NAN },
                                       .segment_values = MONTHS,
                                       .opened = date_of("2024-04-30") };
    if (spc_chart(figures, t->starts, MONTHS, &t->chart.options, &t->chart.spc) < 0)
        abort();
    t->f.alert.rule = t->f.finding.rule = RULE_SPECIAL_CAUSE;
    t->f.finding.chart = &t->chart;
    t->f.finding.line = t->f.episode.line = NAN;
    t->f.episode.severity = SEVERITY_AMBER;
}

static void forecast(struct facts *t)
{
    t->f.alert.rule = t->f.finding.rule = RULE_FORECAST;
    t->f.finding.detail =
        WORDS("it is expected to miss the milestone of 31 December 2024 with a chance of 85%");
    t->f.finding.line = t->f.episode.line = NAN;
    t->f.episode.severity = SEVERITY_AMBER;
}

static void guard(struct facts *t)
{
    t->f.alert.rule = t->f.finding.rule = RULE_GUARD;
    t->f.finding.detail =
        WORDS("it improved, while what guards it worsened: children waiting over 52 weeks");
    t->f.finding.line = t->f.episode.line = NAN;
    t->f.episode.severity = SEVERITY_AMBER;
}

/* ---- of feeds, actions and the monitor ---- */

/* Its rule judges no figure. */
static void no_figures(struct facts *t, enum rule rule, const char *title, const char *detail)
{
    t->f.alert.rule = t->f.finding.rule = rule;
    t->f.finding.title = t->f.alert.title = WORDS(title);
    t->f.finding.detail = WORDS(detail);
    t->f.finding.history_count = 0;
    t->f.finding.line = t->f.episode.line = NAN;
    t->f.finding.measure = NULL;
    t->f.alert.measure = NULL;
}

static void of_feed(struct facts *t, enum rule rule, const char *title, const char *detail)
{
    no_figures(t, rule, title, detail);
    t->f.finding.action = NULL;
    t->f.alert.action = NULL;
    t->f.finding.owner = NULL;
    t->f.alert.owner = NULL;
    t->f.finding.plan = NULL;
    t->f.alert.plan = NULL;
    t->f.context.plan = NULL;
    t->f.episode.severity = SEVERITY_AMBER;
    t->f.context.also_told = "";
}

/* Three measures rest on it, one of them without an owner. */
static void feed_late(struct facts *t)
{
    static const char *const titles[] = { "Children helped within 4 weeks",
                                          "Autism assessments begun within 13 weeks",
                                          "Speech and language therapy within 18 weeks" };

    for (size_t i = 0; i < 3; i++) {
        t->more[i] = t->f.finding;
        t->more[i].title = WORDS(titles[i]);
        t->more[i].holds_now = HOLD_FEED_LATE;
        t->more[i].owner = i == 0 ? "camhs-lead" : i == 1 ? "autism-lead" : NULL;
    }
    t->all = (struct finding_set){ t->more, 3 };
    t->f.context.findings = &t->all;
    t->f.context.feed_contact = contact_of;
    of_feed(t, RULE_FEED_LATE, "Feed Community services waiting times is late",
            "nothing received for the period to 30 June 2024; due by 8 August 2024");
    t->f.episode.opened = t->f.episode.folded = date_of("2024-08-09");
    t->f.episode.red_on = date_of("2024-08-09");
    t->f.action.accountable = WORDS("chief");
}

static void feed_late_again(struct facts *t)
{
    feed_late(t);
    t->f.items[0].news = NEWS_REMINDER;
}

static void feed_came(struct facts *t)
{
    feed_late(t);
    t->f.finding.detail = WORDS("its newest data are to 30 June 2024; the next file is due by 12 "
                                "September 2024");
    set_news(t, NEWS_CLEARED, ALERT_RESOLVED, NAN);
}

static void coverage_gap(struct facts *t)
{
    of_feed(t, RULE_COVERAGE_GAP, "A provider is missing",
            "Black Country Healthcare is missing from the figures of June 2024");
    t->f.finding.provider = t->f.alert.provider = WORDS("TAJ");
}

static void implausible(struct facts *t)
{
    of_feed(t, RULE_IMPLAUSIBLE_CHANGE, "A file is held",
            "waiting-2024-06.csv is held: 40% fewer rows than in May 2024");
}

static void action_overdue(struct facts *t)
{
    no_figures(t, RULE_ACTION_OVERDUE, "Action 1.1: Second assessment team", NULL);
    t->f.action.due = date_of("2024-07-31");
    t->f.finding.delivery = (struct action_delivery){ .status = ACTION_IN_PROGRESS,
                                                      .rag = RAG_RED,
                                                      .said = date_of("2024-08-01") };
    t->f.episode.opened = t->f.episode.folded = date_of("2024-08-01");
}

static void dead_letter(struct facts *t)
{
    of_feed(t, RULE_DEAD_LETTER, "Messages to receiver mail were given up",
            "3 messages to receiver mail were given up after 5 days");
    t->f.alert.receiver = WORDS("mail");
    t->f.finding.receiver = "mail";
    t->f.finding.feed = NULL;
    t->f.alert.feed = NULL;
}

static void self_check(struct facts *t)
{
    of_feed(t, RULE_SELF_CHECK, "The disk is nearly full",
            "less than 5% of the disk of the state folder is free");
    t->f.finding.feed = NULL;
    t->f.alert.feed = NULL;
    t->f.finding.provider = t->f.alert.provider = WORDS("disk");
}

/* ---- of many ---- */

static void add_other(struct facts *t, size_t i, const char *title, enum alert_news news,
                      enum alert_state state)
{
    struct message_item *item = &t->f.items[i + 1];

    t->more[i] = t->f.finding;
    t->more[i].title = WORDS(title);
    t->theirs[i] = t->f.episode;
    t->theirs[i].state = state;
    t->theirs[i].news = news;
    t->theirs[i].severity = state == ALERT_FIRING ? SEVERITY_AMBER : SEVERITY_NONE;
    (void)snprintf(t->theirs[i].id, ALERT_ID_MAX, "2222222222222222222222222222222%zu", i + 3);
    t->others[i] = t->f.alert;
    t->others[i].title = WORDS(title);
    t->others[i].episodes = &t->theirs[i];
    *item = (struct message_item){ .alert = &t->others[i],
                                   .episode = &t->theirs[i],
                                   .finding = &t->more[i],
                                   .news = news,
                                   .notice_id = "33333333333333333333333333333334" };
    item->notice_id[ALERT_ID_MAX - 2] = (char)('4' + i);
}

static void group(struct facts *t)
{
    add_other(t, 0, "Autism assessments begun within 13 weeks", NEWS_WORSE, ALERT_FIRING);
    add_other(t, 1, "Education, health and care plans in 20 weeks", NEWS_CLEARED, ALERT_RESOLVED);
    add_other(t, 2, "Speech and language therapy within 18 weeks", NEWS_NEW, ALERT_FIRING);
    t->f.context.item_count = 4;
    t->f.context.unchanged = 2;
}

static void backlog(struct facts *t)
{
    group(t);
    t->f.context.backlog_messages = 3;
    for (size_t i = 0; i < 3; i++)
        (void)snprintf(t->backlog[i], ALERT_ID_MAX, "4444444444444444444444444444444%zu", i);
    t->f.context.backlog_notices = (const char(*)[ALERT_ID_MAX])t->backlog;
    t->f.context.backlog_notice_count = 3;
}

static void baseline(struct facts *t)
{
    group(t);
    t->baseline = (struct message_baseline){ .notice_id = "55555555555555555555555555555555",
                                             .thread = "66666666666666666666666666666666",
                                             .is_first = true,
                                             .measures = 18,
                                             .unknown = 2 };
    t->f.context.baseline = &t->baseline;
}

static void baseline_clear(struct facts *t)
{
    baseline(t);
    t->f.context.item_count = 0;
    t->baseline.unknown = 0;
}

static void rehearsal(struct facts *t)
{
    t->f.plan.mode = PLAN_REHEARSAL;
    t->f.plan.illustrative = true;
}

static const struct {
    const char *name;
    void (*set)(struct facts *t);
} messages[] = {
    { "new", new_red },
    { "new-without-chart", new_without_chart },
    { "worse", worse },
    { "last-date", last_date },
    { "better", better },
    { "recovering", recovering },
    { "cleared", cleared },
    { "corrected", corrected },
    { "discovered", discovered },
    { "withdrawn", withdrawn },
    { "closed", closed },
    { "flapping", flapping },
    { "steady", steady },
    { "reminder", reminder },
    { "escalated", escalated },
    { "suppressed", suppressed },
    { "held", held },
    { "early-warning", early_warning },
    { "special-cause", special_cause },
    { "forecast", forecast },
    { "guard", guard },
    { "feed-late", feed_late },
    { "feed-late-again", feed_late_again },
    { "feed-came", feed_came },
    { "coverage-gap", coverage_gap },
    { "implausible", implausible },
    { "action-overdue", action_overdue },
    { "dead-letter", dead_letter },
    { "self-check", self_check },
    { "group", group },
    { "backlog", backlog },
    { "baseline", baseline },
    { "baseline-clear", baseline_clear },
    { "rehearsal", rehearsal },
};
#define MESSAGES (sizeof messages / sizeof messages[0])

static char *message_of(size_t i)
{
    static struct facts t;
    struct message m = { .severity = SEVERITY_NONE };
    char *eml;

    facts_init(&t);
    messages[i].set(&t);
    if (message_compose(&t.f.context, true, false, &m) < 0)
        abort();
    eml = m.eml;
    m.eml = NULL;
    message_release(&m);
    spc_chart_release(&t.chart.spc);
    return eml;
}

/* ---- notices ---- */

static void plan_changed(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    json_t *record = json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:s, s:[{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s]}]}",
        "act", "plan-apply", "plan", "dudley", "version", 2, "at", "2024-08-13T16:00:00+01:00",
        "who", "Ben Example", "reason", "agreed by the board", "changes", "change", "changed",
        "subject", "measure", "id", "cyp-4w", "title", "Children helped within 4 weeks", "what",
        "line on 2024-12-31", "effect", "softer", "before", "40%", "after", "35%", "roles",
        "camhs-lead");
    json_t *roles = json_pack("[s]", "camhs-lead");

    n->kind = NOTICE_PLAN_CHANGED;
    n->plan = "dudley";
    if (!record || !roles || plan_changed_words(&t->f.plan, record, roles, subject, body) < 0)
        abort();
    json_decref(record);
    json_decref(roles);
}

static void plan_ends(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    t->f.plan.valid_to = date_of("2024-08-31");
    n->kind = NOTICE_PLAN_ENDS;
    n->plan = "dudley";
    if (plan_ends_words(&t->f.plan, date_of("2024-08-14"), subject, body) < 0)
        abort();
}

static void plan_ended(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    plan_ends(t, n, subject, body);
    text_clear(subject);
    text_clear(body);
    if (plan_ends_words(&t->f.plan, date_of("2024-09-02"), subject, body) < 0)
        abort();
}

static void of_forum(struct facts *t, struct notice *n, enum forum_news news, struct text *subject,
                     struct text *body)
{
    struct plan_forum forum = { .id = WORDS("board"), .title = WORDS("SEND improvement board") };
    struct plan_meeting meeting = { .on = date_of("2024-08-28"), .papers = date_of("2024-08-21") };
    struct forum_item item = { &t->f.alert, &t->f.episode, &t->f.measure, "camhs-lead" };
    const struct forum_due due = { .plan = &t->f.plan,
                                   .forum = &forum,
                                   .meeting = &meeting,
                                   .papers = meeting.papers,
                                   .news = news,
                                   .items = &item,
                                   .count = 1 };
    const bool concerns[] = { true };

    n->kind = news == FORUM_ASKS ? NOTICE_FORUM_ASKS : NOTICE_FORUM_MISSES;
    n->plan = "dudley";
    if (forum_words(&due, concerns, subject, body) < 0)
        abort();
}

static void forum_asks(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    of_forum(t, n, FORUM_ASKS, subject, body);
}

static void forum_misses(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    of_forum(t, n, FORUM_MISSES, subject, body);
}

static void of_review(const char *today, struct text *subject, struct text *body)
{
    const struct receiver_setting r = { .id = WORDS("commissioners"),
                                        .profile = PROFILE_INTERNAL,
                                        .approved_by = WORDS("Ada Example"),
                                        .basis = WORDS("sharing agreement 7"),
                                        .review_by = date_of("2024-09-12") };

    if (!review_stage(&r, date_of(today)) || review_words(&r, date_of(today), subject, body) < 0)
        abort();
}

static void review_soon(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    (void)t;
    (void)n;
    of_review("2024-08-14", subject, body);
}

static void review_over(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    (void)t;
    (void)n;
    of_review("2024-09-13", subject, body);
}

static struct text digest_html = TEXT_INIT; /* of the notice that was made last */

/* What is behind, and what nobody judged; or one measure that is on plan. */
static void of_digest(struct facts *t, struct notice *n, bool is_clear, struct text *subject,
                      struct text *body)
{
    AUTO(surfaces_release) struct surfaces words = SURFACES_INIT;
    const struct plan_measure never = { .id = WORDS("new-one"),
                                        .title = WORDS("Families who say that they were heard"),
                                        .owner = WORDS("council-lead") };
    struct plan trial = t->f.plan; /* beside a live plan */
    const struct weekly_measure measures[] = {
        { &t->f.plan, &t->f.measure, &t->f.finding, !is_clear, false },
        { &trial, &never, NULL, false, false },
    };
    const struct weekly_feed feeds[] = {
        { "Community services waiting times", date_of("2024-06-30"), date_of("2024-09-14"), false,
          false, false, is_clear ? date_of("2024-08-09") : DATE_NONE, false, DATE_NONE },
        { "Wheelchairs, weekly", date_of("2024-07-28"), date_of("2024-08-07"), true, true, false,
          DATE_NONE, false, DATE_NONE },
        { "School places, by hand", date_of("2024-05-31"), date_of("2024-12-31"), false, false,
          false, DATE_NONE, true, date_of("2024-08-09") },
        { "A list of dates", date_of("2024-03-31"), DATE_NONE, false, false, false, DATE_NONE,
          false, DATE_NONE },
    };
    const struct alert overdue = { .rule = RULE_ACTION_OVERDUE,
                                   .title = WORDS("Action 1.1: A second team"),
                                   .owner = WORDS("council-lead") },
                       redis = { .rule = RULE_SELF_CHECK,
                                 .title = WORDS("Redis is set up so that it may lose data") };
    const struct episode since = { .state = ALERT_FIRING,
                                   .severity = SEVERITY_RED,
                                   .opened = date_of("2024-07-31") };
    const struct weekly_alert alerts[] = { { &overdue, &since, &t->f.plan },
                                           { &redis, &since, NULL } };
    const struct weekly_facts facts = { .measures = measures,
                                        .measure_count = is_clear ? 1 : 2,
                                        .feeds = feeds,
                                        .feed_count = is_clear ? 1 : 4,
                                        .alerts = alerts,
                                        .alert_count = is_clear ? 0 : 2,
                                        .open = is_clear ? 0 : 5,
                                        .silenced = is_clear ? 0 : 1,
                                        .today = date_of("2024-08-14") };

    trial.mode = PLAN_REHEARSAL;
    t->f.plan.valid_to = date_of(is_clear ? "2024-08-14" : "2024-08-13");

    if (is_clear) {
        t->judged[MONTHS - 1].event = PERIOD_CLEAR;
        t->versions[MONTHS - 1].value = 70;
    }
    n->kind = NOTICE_DIGEST;
    if (weekly_words(&t->f.context, &facts, subject, &words) < 0)
        abort();
    text_clear(&digest_html);
    (void)text_puts(&digest_html, text_str(&words.html));
    (void)text_puts(body, text_str(&words.plain));
    n->html = text_str(&digest_html);
}

static void digest(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    of_digest(t, n, false, subject, body);
}

static void digest_clear(struct facts *t, struct notice *n, struct text *subject, struct text *body)
{
    of_digest(t, n, true, subject, body);
}

static const struct {
    const char *name;
    enum notice_kind kind;
    const char *why;
    void (*set)(struct facts *t, struct notice *n, struct text *subject, struct text *body);
} notices[] = {
    { "redis-unusable", NOTICE_REDIS_UNUSABLE, "Connection refused", NULL },
    { "redis-usable", NOTICE_REDIS_USABLE, "", NULL },
    { "plan-changed", NOTICE_PLAN_CHANGED, "", plan_changed },
    { "plan-ends", NOTICE_PLAN_ENDS, "", plan_ends },
    { "plan-ended", NOTICE_PLAN_ENDS, "", plan_ended },
    { "commentary-asked", NOTICE_FORUM_ASKS, "", forum_asks },
    { "commentary-missing", NOTICE_FORUM_MISSES, "", forum_misses },
    { "review-soon", NOTICE_REVIEW, "", review_soon },
    { "review-over", NOTICE_REVIEW, "", review_over },
    { "digest", NOTICE_DIGEST, "", digest },
    { "digest-clear", NOTICE_DIGEST, "", digest_clear },
    { "test", NOTICE_TEST, "Ben Example", NULL },
    { "daily-test", NOTICE_DAILY_TEST, "07:30", NULL },
};
#define NOTICES (sizeof notices / sizeof notices[0])

static char *notice_of(size_t i)
{
    static struct facts t;
    AUTO(text_release) struct text subject = TEXT_INIT;
    AUTO(text_release) struct text body = TEXT_INIT;
    struct message m = { .severity = SEVERITY_NONE };
    char *eml;

    facts_init(&t);
    struct notice n = { .kind = notices[i].kind,
                        .instance = "black-country",
                        .receiver = "mail",
                        .recipient = "lead@example.nhs.uk",
                        .from = "monitor@example.nhs.uk",
                        .delivery_id = "77777777777777777777777777777777",
                        .why = notices[i].why,
                        .since = { 1723593600000 },
                        .now = { 1723629600000 },
                        .recipient_name = "Ada Example" };

    if (notices[i].set) {
        notices[i].set(&t, &n, &subject, &body);
        n.subject = text_str(&subject);
        n.body = text_str(&body);
    }
    if (notice_compose(&n, true, false, &m) < 0)
        abort();
    eml = m.eml;
    m.eml = NULL;
    message_release(&m);
    return eml;
}

/* ---- all ---- */

const char *const *golden_kinds(void)
{
    static const char *names[MESSAGES + NOTICES + 1];

    for (size_t i = 0; i < MESSAGES; i++)
        names[i] = messages[i].name;
    for (size_t i = 0; i < NOTICES; i++)
        names[MESSAGES + i] = notices[i].name;
    return names;
}

char *golden_mail(const char *kind)
{
    for (size_t i = 0; i < MESSAGES; i++)
        if (strcmp(messages[i].name, kind) == 0)
            return message_of(i);
    for (size_t i = 0; i < NOTICES; i++)
        if (strcmp(notices[i].name, kind) == 0)
            return notice_of(i);
    return NULL;
}
