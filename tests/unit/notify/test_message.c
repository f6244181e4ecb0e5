#include "notify/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "notify/body.h"
#include "notify/event_json.h"
#include "notify/release.h"
#include "notify/wording.h"
#include "plan/control_chart.h"
#include "support/message_fixture.h"
#include "support/unit.h"

static struct message_fixture f;

static struct message composed(void)
{
    struct message m = { .severity = SEVERITY_NONE };
    int r = message_compose(&f.context, true, true, &m);

    ck_assert_msg(r == 0, "composing returned %d", r);
    return m;
}

/* The plain text, as body_write() makes it. */
static struct text plain_body(void)
{
    struct text plain = TEXT_INIT, html = TEXT_INIT;
    const struct message_item *items[FIXTURE_ITEMS_MAX];

    for (size_t i = 0; i < f.context.item_count; i++)
        items[i] = &f.items[i];
    body_write(&f.context, items, f.context.item_count, "heading", NULL, &plain, &html);
    ck_assert(text_ok(&plain) && text_ok(&html));
    text_release(&html);
    return plain;
}

static void check_said(const char *body, const char *const *says, const char *const *never)
{
    for (; *says; says++)
        ck_assert_msg(strstr(body, *says) != NULL, "\"%s\" is missing in:\n%s", *says, body);
    for (; *never; never++)
        ck_assert_msg(strstr(body, *never) == NULL, "\"%s\" is said in:\n%s", *never, body);
}

/* The plain text in one line, wherever it was folded. */
static struct text flat_body(void)
{
    struct text body = plain_body();

    text_single_space(body.buf);
    return body;
}

static const struct {
    const char *why, *title;
    enum alert_news news;
    enum alert_state state;
    double value;
    enum marker marker;
    bool published;
    const char *subject;
} subject_rows[] = {
    { "the title is shortened at a word, the figures are not",
      "Children helped within 4 weeks, Black Country Healthcare", NEWS_NEW, ALERT_FIRING, 5,
      MARKER_NONE, true, "Behind plan: Children helped within 4 weeks 5%, plan 20%" },
    { "a short title stays whole", "Dudley wheelchairs", NEWS_NEW, ALERT_FIRING, 5, MARKER_NONE,
      true, "Behind plan: Dudley wheelchairs 5%, plan 20%" },
    { "worse says so", "Wheelchairs", NEWS_WORSE, ALERT_FIRING, 4, MARKER_NONE, true,
      "Worse, behind plan: Wheelchairs 4%, plan 20%" },
    { "better is not yet good", "Wheelchairs", NEWS_BETTER, ALERT_FIRING, 19, MARKER_NONE, true,
      "Better, behind plan: Wheelchairs 19%, plan 20%" },
    { "past the clear line is recovering", "Wheelchairs", NEWS_BETTER, ALERT_RECOVERING, 22,
      MARKER_NONE, true, "Recovering: Wheelchairs 22%, plan 20%" },
    { "cleared", "Wheelchairs", NEWS_CLEARED, ALERT_RESOLVED, 22.5, MARKER_NONE, true,
      "Back on plan: Wheelchairs 22.5%, plan 20%" },
    { "corrected", "Wheelchairs", NEWS_CORRECTED, ALERT_RETRACTED, 22, MARKER_NONE, true,
      "Corrected: Wheelchairs 22%, plan 20%" },
    { "corrected while it is open", "Wheelchairs", NEWS_CORRECTED, ALERT_FIRING, 12, MARKER_NONE,
      true, "Corrected, behind plan: Wheelchairs 12%, plan 20%" },
    { "discovered late", "Wheelchairs", NEWS_DISCOVERED, ALERT_RESOLVED, 4, MARKER_NONE, true,
      "Was behind plan: Wheelchairs 4%, plan 20%" },
    { "flapping", "Wheelchairs", NEWS_FLAPPING, ALERT_FIRING, 4, MARKER_NONE, true,
      "To and fro, behind plan: Wheelchairs 4%, plan 20%" },
    { "steady again", "Wheelchairs", NEWS_STEADY, ALERT_FIRING, 4, MARKER_NONE, true,
      "Steady, behind plan: Wheelchairs 4%, plan 20%" },
    { "a reminder is no new alert", "Wheelchairs", NEWS_REMINDER, ALERT_FIRING, 4, MARKER_NONE,
      true, "Still behind plan: Wheelchairs 4%, plan 20%" },
    { "nor is what went further", "Wheelchairs", NEWS_ESCALATED, ALERT_FIRING, 4, MARKER_NONE, true,
      "Escalated, behind plan: Wheelchairs 4%, plan 20%" },
    { "withdrawn tells no figure", "Wheelchairs", NEWS_WITHDRAWN, ALERT_WITHDRAWN, 22, MARKER_NONE,
      true, "Plan changed: Wheelchairs" },
    { "absent is not zero", "Wheelchairs", NEWS_NEW, ALERT_FIRING, 0, MARKER_NOT_SUBMITTED, true,
      "Behind plan: Wheelchairs (not submitted), plan 20%" },
    { "an unpublished percentage is whole", "Wheelchairs", NEWS_NEW, ALERT_FIRING, 5.4, MARKER_NONE,
      false, "Behind plan: Wheelchairs 5%, plan 20%" },
    { "characters are counted, not bytes", "ÄÖÜäöüß Ärzte für Ängste öffnen Ü", NEWS_NEW,
      ALERT_FIRING, 5, MARKER_NONE, true,
      "Behind plan: ÄÖÜäöüß Ärzte für Ängste öffnen Ü 5%, plan 20%" },
    { "a shortened title ends with no half of something", "Children waiting over 52 weeks for help",
      NEWS_WORSE, ALERT_FIRING, 5, MARKER_NONE, true,
      "Worse, behind plan: Children waiting 5%, plan 20%" },
    { "one endless word is cut",
      "Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
      NEWS_NEW, ALERT_FIRING, 5, MARKER_NONE, true,
      "Behind plan: Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww 5%, plan 20%" },
};

START_TEST(a_subject_tells_state_title_value_and_plan_in_60_characters)
{
    fixture_init(&f);
    f.finding.title = WORDS(subject_rows[_i].title);
    f.items[0].news = subject_rows[_i].news;
    f.episode.state = subject_rows[_i].state;
    f.version.value = subject_rows[_i].value;
    f.version.marker = subject_rows[_i].marker;
    f.published = subject_rows[_i].published;

    struct message m = composed();

    ck_assert_str_eq(m.subject, subject_rows[_i].subject);
    ck_assert_uint_le(wording_characters(m.subject), 60);
    message_release(&m);
}
END_TEST

static const struct {
    const char *why, *title, *other, *subject;
} apart_rows[] = {
    { "the place at the end", "Children helped within 4 weeks of referral, Sandwell",
      "Children helped within 4 weeks of referral, Dudley",
      "Behind plan: Children helped, Sandwell 5%, plan 20%" },
    { "the place between", "Children helped by mental health teams in Sandwell within 4 weeks",
      "Children helped by mental health teams in Dudley within 4 weeks",
      "Behind plan: Children helped, Sandwell 5%, plan 20%" },
    { "a number with its unit", "Children waiting for an assessment of autism over 52 weeks",
      "Children waiting for an assessment of autism over 18 weeks",
      "Behind plan: Children waiting, 52 weeks 5%, plan 20%" },
    { "more than the other says", "Children waiting for an assessment of autism, boys",
      "Children waiting for an assessment of autism",
      "Behind plan: Children waiting, boys 5%, plan 20%" },
    { "less than the other says", "Children waiting for an assessment of autism",
      "Children waiting for an assessment of autism, boys",
      "Behind plan: Children waiting for an assessment 5%, plan 20%" },
    { "another that begins otherwise", "Children helped within 4 weeks of referral, Sandwell",
      "Wheelchairs within 4 weeks of referral, Dudley",
      "Behind plan: Children helped within 4 weeks 5%, plan 20%" },
    { "too long to be kept",
      "Children helped within 4 weeks of referral, Wolverhampton and Walsall",
      "Children helped within 4 weeks of referral, Dudley",
      "Behind plan: Children helped within 4 weeks 5%, plan 20%" },
};

START_TEST(a_shortened_title_keeps_what_tells_it_from_another)
{
    fixture_init(&f);
    struct plan_measure both[] = { f.measure, f.measure };

    both[1].id = both[1].first_id = WORDS("another");
    both[0].title = f.finding.title = WORDS(apart_rows[_i].title);
    both[1].title = WORDS(apart_rows[_i].other);
    f.plan.measures = both;
    f.plan.measure_count = 2;

    struct message m = composed();

    ck_assert_str_eq(m.subject, apart_rows[_i].subject);
    ck_assert_uint_le(wording_characters(m.subject), 60);
    message_release(&m);
}
END_TEST

START_TEST(a_group_is_counted_in_the_subject)
{
    fixture_init(&f);
    f.context.item_count = 3;
    struct message m = composed();

    ck_assert_str_eq(m.subject, "3 measures behind plan: Children helped 5%, plan 20%...");
    message_release(&m);
    f.items[1].news = NEWS_CLEARED;
    m = composed();
    ck_assert_str_eq(m.subject, "2 behind plan, 1 back on plan: Children 5%, plan 20%...");
    message_release(&m);
    f.finding.title = WORDS("Waiting over 52 weeks for a diagnosis");
    m = composed();
    ck_assert_str_eq(m.subject, "2 behind plan, 1 back on plan: Waiting 5%, plan 20%...");
    message_release(&m);
    f.items[0].news = f.items[2].news = NEWS_REMINDER;
    f.items[1].news = NEWS_ESCALATED;
    m = composed();
    ck_assert_str_eq(m.subject, "1 escalated, 2 still behind plan: Waiting 5%, plan 20%...");
    message_release(&m);
    f.items[0].news = NEWS_NEW;
    f.items[1].news = NEWS_CORRECTED; /* no room for a figure: what it is about */
    f.context.item_count = 4;
    f.items[2].news = NEWS_CLEARED;
    m = composed();
    ck_assert_str_eq(m.subject, "2 behind plan, 1 back on plan, 1 corrected: Children wait...");
    message_release(&m);
}
END_TEST

static const struct {
    enum rule rule;
    enum alert_news news;
    const char *subject, *body;
} rule_rows[] = {
    { RULE_FEED_LATE, NEWS_NEW, "Feed late: cyp4ww", "Nothing came for June." },
    { RULE_FEED_LATE, NEWS_CLEARED, "Feed no longer late: cyp4ww", "What: Nothing came for June." },
    { RULE_COVERAGE_GAP, NEWS_NEW, "Data incomplete: cyp4ww without Black Country Healthcare NHS",
      "A file in which the provider reports again." },
    { RULE_IMPLAUSIBLE_CHANGE, NEWS_NEW, "File not taken: cyp4ww",
      "A file of this feed that is accepted" },
    { RULE_ACTION_OVERDUE, NEWS_NEW, "Overdue: Action 1.1: Second team, due 30 September 2024",
      "It was due by 30 September 2024" },
    { RULE_ACTION_OVERDUE, NEWS_CLEARED, "No longer overdue: Action 1.1: Second team",
      "no longer overdue" },
};

/* What guards a measure worsened while it improved. */
static const struct {
    enum alert_news news;
    const char *subject, *says[3], *never[2];
} guard_rows[] = {
    { NEWS_NEW,
      "Masking: Wheelchairs",
      { "what guards it worsened: waits", "both are known and the one does not improve while" },
      { "It has cleared." } },
    { NEWS_CLEARED,
      "No longer masking: Wheelchairs",
      { "It no longer improves while what guards it worsens.", "nothing is asked of you." },
      { "worsened: waits" } },
};

START_TEST(masking_is_told_with_what_worsened_and_never_as_progress)
{
    fixture_init(&f);
    f.alert.rule = f.finding.rule = RULE_GUARD;
    f.items[0].news = guard_rows[_i].news;
    f.episode.state = guard_rows[_i].news == NEWS_CLEARED ? ALERT_RESOLVED : ALERT_FIRING;
    f.finding.title = f.alert.title = WORDS("Wheelchairs");
    f.finding.detail = WORDS("it improved, while what guards it worsened: waits");
    f.judged[0].event = PERIOD_AMBER;
    f.finding.line = f.judged[0].line = f.episode.line = NAN;

    struct message m = composed();
    struct text body = flat_body();

    ck_assert_str_eq(m.subject, guard_rows[_i].subject);
    check_said(text_str(&body), guard_rows[_i].says, guard_rows[_i].never);
    text_release(&body);
    message_release(&m);
}
END_TEST

START_TEST(a_figure_wanted_close_to_a_line_clears_close_to_it)
{
    static const struct {
        enum polarity polarity;
        const char *says[2], *never[3];
    } rows[] = {
        { POLARITY_CLOSE, { "A figure close to 20% in one" }, { "At least 20%", "At most 20%" } },
        { POLARITY_HIGHER, { "At least 20% in one" }, { "close to" } },
        { POLARITY_LOWER, { "At most 20% in one" }, { "close to" } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture_init(&f);
        f.measure.polarity = rows[i].polarity;
        struct text body = flat_body();

        check_said(text_str(&body), rows[i].says, rows[i].never);
        text_release(&body);
    }
}
END_TEST

START_TEST(rules_without_a_figure_have_their_own_words)
{
    fixture_init(&f);
    f.alert.rule = f.finding.rule = rule_rows[_i].rule;
    f.items[0].news = rule_rows[_i].news;
    f.finding.title = WORDS("Action 1.1: Second team");
    f.finding.detail = WORDS("nothing came for June");
    f.finding.provider = "TAJ";
    f.finding.history_count = 0;
    f.finding.measure = NULL;
    f.alert.measure = NULL;

    struct message m = composed();
    struct text body = plain_body();

    ck_assert_str_eq(m.subject, rule_rows[_i].subject);
    ck_assert_msg(strstr(text_str(&body), rule_rows[_i].body) != NULL, "%s", text_str(&body));
    ck_assert_int_eq(strstr(text_str(&body), "It has cleared.") != NULL,
                     rule_rows[_i].news == NEWS_CLEARED);
    text_release(&body);
    message_release(&m);
}
END_TEST

static const char *ada_leads(void *arg, const char *role)
{
    (void)arg;
    return strcmp(role, "camhs-lead") == 0 ? "Ada Example" : "Ben Example";
}

START_TEST(the_owner_is_not_told_to_ask_the_owner)
{
    static const char *const readers[] = { "Ada Example", "Ben Example", NULL };

    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        fixture_init(&f);
        f.context.role_holder = ada_leads;
        f.context.recipient_name = readers[i];
        struct text body = flat_body();

        ck_assert_int_eq(!strstr(text_str(&body), "ask the owner"), i == 0);
        ck_assert_int_eq(!strstr(text_str(&body), "next: decide what is done about it"), i != 0);
        text_release(&body);
    }
}
END_TEST

static const struct {
    enum rule rule;
    enum alert_news news;
    enum alert_state state;
    const char *owner, *next;
} next_rows[] = {
    { RULE_BEHIND_PLAN, NEWS_NEW, ALERT_FIRING, "camhs-lead", "ask the owner what is being done." },
    { RULE_BEHIND_PLAN, NEWS_NEW, ALERT_FIRING, NULL, "find who should answer for it" },
    { RULE_BEHIND_PLAN, NEWS_CLEARED, ALERT_RESOLVED, "camhs-lead", "nothing is asked of you." },
    { RULE_FEED_LATE, NEWS_NEW, ALERT_FIRING, NULL, "ask whoever sends this feed when its file" },
    { RULE_FEED_LATE, NEWS_REMINDER, ALERT_FIRING, NULL, "waitlistctl feed expect" },
    { RULE_FEED_LATE, NEWS_CLEARED, ALERT_RESOLVED, NULL, "nothing is asked of you." },
    { RULE_COVERAGE_GAP, NEWS_NEW, ALERT_FIRING, NULL, "ask the provider why" },
    { RULE_IMPLAUSIBLE_CHANGE, NEWS_NEW, ALERT_FIRING, NULL, "waitlistctl feed accept" },
    { RULE_DEAD_LETTER, NEWS_NEW, ALERT_FIRING, NULL, "waitlistctl outbox ls" },
    { RULE_SELF_CHECK, NEWS_NEW, ALERT_FIRING, NULL, "waitlistctl status" },
};

START_TEST(what_to_do_next_is_something_that_the_reader_can_do)
{
    char label[80];

    fixture_init(&f);
    f.alert.rule = f.finding.rule = next_rows[_i].rule;
    f.alert.owner = WORDS(next_rows[_i].owner);
    f.finding.owner = next_rows[_i].owner;
    f.items[0].news = next_rows[_i].news;
    f.episode.state = next_rows[_i].state;
    f.finding.provider = "TAJ";

    struct text body = plain_body();
    const char *next = strstr(text_str(&body), "What to do next: ");

    (void)snprintf(label, sizeof label, "%s", next_rows[_i].next);
    ck_assert_msg(next && strstr(next, label) != NULL, "%s", text_str(&body));
    ck_assert_msg(next_rows[_i].owner || !strstr(next, "ask the owner"), "%s", next);
    text_release(&body);
}
END_TEST

static const struct {
    enum alert_news news;
    enum alert_state state;
    const char *subject;
    const char *says[6], *never[4];
} incident_rows[] = {
    { NEWS_NEW,
      ALERT_FIRING,
      "NHS numbers in a file: cyp4ww",
      { "Column \"name\" holds NHS numbers.", "Nothing of the file was taken",
        "information governance and ops are told", "A person alone",
        "tell the information governance lead of the organisation that sent the file" },
      { "File not taken", "ask the owner", "nobody is named" } },
    { NEWS_REMINDER,
      ALERT_FIRING,
      "Incident still open: cyp4ww",
      { "Column \"name\" holds NHS numbers.", "waitlistctl feed purge" },
      { "ask the owner" } },
    { NEWS_CLEARED,
      ALERT_RESOLVED,
      "Incident closed: cyp4ww",
      { "the raw bytes are erased", "nothing is asked of you" },
      { "tell the information governance lead", "File no longer waits" } },
};

START_TEST(an_incident_of_identifiers_has_words_of_its_own)
{
    fixture_init(&f);
    f.alert.rule = f.finding.rule = RULE_IMPLAUSIBLE_CHANGE;
    f.alert.provider = WORDS("identifiers");
    f.finding.provider = "identifiers";
    f.alert.owner = NULL;
    f.finding.owner = NULL;
    f.finding.action = NULL;
    f.alert.action = NULL;
    f.finding.detail = WORDS("column \"name\" holds NHS numbers");
    f.items[0].news = incident_rows[_i].news;
    f.episode.state = incident_rows[_i].state;
    f.context.plan = NULL;

    struct message m = composed();
    struct text body = flat_body();

    ck_assert_str_eq(m.subject, incident_rows[_i].subject);
    check_said(text_str(&body), incident_rows[_i].says, incident_rows[_i].never);
    ck_assert_ptr_nonnull(strstr(m.json, "\"org\":null"));
    text_release(&body);
    message_release(&m);
    if (incident_rows[_i].news != NEWS_NEW)
        return;
    f.context.item_count = 2;
    m = composed();
    ck_assert_msg(strcmp(m.subject, "NHS numbers in a file: cyp4ww; 1 more") == 0, "%s", m.subject);
    message_release(&m);
}
END_TEST

static const char *const answers[] = {
    "5% for Black Country Healthcare NHS Foundation Trust (TAJ)", /* what, and whose figure it is */
    "15 percentage points worse than plan",                       /* by how much */
    "Since: 30 June 2024",                                        /* since when */
    "Who: camhs-lead; action 1.1: Second assessment team, due 30 September 2024, in progress",
    "What clears it: At least 20% in one data period",
    "Data period: 1 May 2024 to 30 June 2024",
    "provisional; received 14 August 2024; complete",
    "Also told: ops",
    "waitlistctl explain 11111111111111111111111111111111",
    "For service oversight; not for deciding any child's care.",
};

START_TEST(a_mail_answers_what_it_must)
{
    fixture_init(&f);
    struct text body = plain_body();

    ck_assert_msg(strstr(text_str(&body), answers[_i]) != NULL, "%s", text_str(&body));
    ck_assert_ptr_null(strstr(text_str(&body), "Dudley"));
    text_release(&body);
}
END_TEST

START_TEST(an_illustrative_plan_says_so_in_the_first_line)
{
    fixture_init(&f);
    f.plan.illustrative = true;
    struct text body = plain_body();

    ck_assert(strncmp(text_str(&body), "Illustrative plan", 17) == 0);
    text_release(&body);
}
END_TEST

START_TEST(held_and_restated_figures_are_said_to_be)
{
    fixture_init(&f);
    f.finding.holds = HOLD_FEED_LATE;
    f.judged[0].restated = true;
    struct text body = plain_body();

    ck_assert_ptr_nonnull(
        strstr(text_str(&body), "not complete (feed late), so nothing is called better."));
    ck_assert_ptr_nonnull(strstr(text_str(&body), "Restated:"));
    text_release(&body);
}
END_TEST

START_TEST(a_first_figure_is_not_called_restated_because_that_of_another_period_was)
{
    fixture_init(&f);
    f.episode.restated = true; /* of the period that opened it */
    struct text body = flat_body();

    ck_assert_msg(!strstr(text_str(&body), "Restated:") &&
                      strstr(text_str(&body), "An earlier figure of this alert was restated."),
                  "%s", text_str(&body));
    text_release(&body);
}
END_TEST

START_TEST(a_newer_period_without_a_figure_does_not_hide_the_last_one)
{
    struct series_version blank = { .marker = MARKER_NOT_SUBMITTED,
                                    .numerator = NAN,
                                    .denominator = NAN };

    fixture_init(&f);
    f.judged[1] = (struct period_judgement){
        .start = date_of("2024-07-01"), .end = date_of("2024-07-31"), .line = 20, .version = &blank
    };
    f.finding.history_count = 2;
    struct text body = plain_body();

    ck_assert_ptr_nonnull(strstr(text_str(&body), "What: 5% for"));
    ck_assert_ptr_nonnull(
        strstr(text_str(&body), "The newest period, to 31 July 2024: not submitted."));
    text_release(&body);
}
END_TEST

/* What turned after it was told: each with its dates. */
static const struct {
    enum alert_news news;
    enum alert_state state;
    const char *folded, *reopened;
    int flapping;
    const char *has[2];
} turn_rows[] = {
    { NEWS_NEW,
      ALERT_FIRING,
      "2024-06-30",
      "2024-08-31",
      0,
      { "it had ended, and is behind again from 31 August 2024.", "At least 20%" } },
    { NEWS_NEW,
      ALERT_FIRING,
      "2024-06-30",
      NULL,
      1,
      { "It opened 3 times within 12 data periods: better news waits until its figures have been "
        "steady for 3.",
        "At least 20%" } },
    { NEWS_CORRECTED,
      ALERT_FIRING,
      "2024-04-30",
      NULL,
      0,
      { "by figures that came later it began with the period to 30 April 2024.",
        "A restated figure replaces the one that was told. At least 20%" } },
    { NEWS_CORRECTED,
      ALERT_RETRACTED,
      "2024-06-30",
      NULL,
      0,
      { "A restated figure changed what was told before; nothing is asked of you.", "" } },
    { NEWS_DISCOVERED,
      ALERT_RESOLVED,
      "2024-06-30",
      NULL,
      0,
      { "it ended with the period to 31 July 2024 and became known later.",
        "It has cleared already. Its figure came, or was restated, after that of a newer "
        "period." } },
    { NEWS_STEADY,
      ALERT_FIRING,
      "2024-06-30",
      NULL,
      0,
      { "Its figures are steady now. At least 20%", "" } },
};

START_TEST(what_turned_after_it_was_told_is_said_with_its_dates)
{
    fixture_init(&f);
    f.measure.steady_for = 3;
    f.items[0].news = turn_rows[_i].news;
    f.episode.state = turn_rows[_i].state;
    f.episode.folded = date_of(turn_rows[_i].folded);
    f.episode.flapping = turn_rows[_i].flapping;
    if (turn_rows[_i].reopened)
        f.episode.reopened = date_of(turn_rows[_i].reopened);
    if (turn_rows[_i].news == NEWS_DISCOVERED)
        f.episode.period_end = date_of("2024-07-31");
    struct text body = plain_body();

    for (char *at = body.buf; (at = strchr(at, '\n')) != NULL;)
        *at = ' ';
    for (char *at; (at = strstr(body.buf, "  ")) != NULL;)
        memmove(at, at + 1, strlen(at));
    for (int i = 0; i < 2; i++)
        ck_assert_msg(strstr(body.buf, turn_rows[_i].has[i]) != NULL, "no \"%s\" in\n%s",
                      turn_rows[_i].has[i], body.buf);
    text_release(&body);
}
END_TEST

/* Of one alert and of several: the mark takes nothing from the 60 characters of a subject. */
START_TEST(a_rehearsal_is_marked_in_the_subject_the_body_and_the_data)
{
    struct message m = { 0 };

    fixture_init(&f);
    f.plan.mode = _i < 2 ? PLAN_REHEARSAL : PLAN_LIVE;
    f.context.is_rehearsal = _i == 2; /* a digest of several plans */
    f.context.item_count = _i == 1 ? 3 : 1;
    ck_assert_int_eq(message_compose(&f.context, true, true, &m), 0);
    ck_assert_int_eq(strncmp(m.subject, "Rehearsal: ", 11) != 0, _i == 3);
    ck_assert_msg(wording_characters(m.subject) <= 60, "%s", m.subject);
    ck_assert_int_eq(!strstr(m.eml, "Rehearsal: this plan is not live"), _i == 3);
    ck_assert_ptr_nonnull(strstr(m.json, _i == 3 ? "\"rehearsal\":false" : "\"rehearsal\":true"));
    message_release(&m);
}
END_TEST

static const int rehearsal_rows[4];

/* Somebody acknowledged what the fixture tells. */
static void acknowledge(struct workflow *w, const char *who, const char *why)
{
    json_t *act = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "act", "ack", "alert",
                            f.alert.id, "episode", f.episode.id, "who", who, "why", why, "on",
                            "2024-08-01", "until", "2024-08-20", "severity", "red");

    ck_assert_ptr_nonnull(act);
    ck_assert_int_eq(workflow_take(w, act), 0);
    json_decref(act);
    f.context.workflow = w;
}

START_TEST(a_mail_says_who_acknowledged_it_and_how_many_a_silence_hides)
{
    struct workflow w = WORKFLOW_INIT;

    fixture_init(&f);
    acknowledge(&w, "Ada Example", "a second team begins in July");
    f.context.silenced = 2;
    struct message m = composed();
    struct text body = flat_body();
    json_t *event = json_loads(m.json, 0, NULL), *data = json_object_get(event, "data");
    json_t *item = json_array_get(json_object_get(data, "items"), 0);
    json_t *ack = json_object_get(item, "acknowledged");

    check_said(
        text_str(&body),
        (const char *[]){ "Acknowledged by: Ada Example, until 20 August 2024: a second team "
                          "begins in July",
                          "A silence hides 2 alerts of this group.", NULL },
        (const char *[]){ NULL });
    ck_assert_str_eq(json_string_value(json_object_get(ack, "who")), "Ada Example");
    ck_assert_str_eq(json_string_value(json_object_get(ack, "until")), "2024-08-20");
    ck_assert_int_eq(json_integer_value(json_object_get(data, "silenced")), 2);
    json_decref(event);
    text_release(&body);
    message_release(&m);
    f.episode.severity = SEVERITY_RED;
    f.context.now.ms += (int64_t)30 * 24 * 3600 * 1000; /* it has run out */
    body = flat_body();
    ck_assert_ptr_null(strstr(text_str(&body), "Acknowledged"));
    text_release(&body);
    workflow_release(&w);
}
END_TEST

static const struct {
    enum alert_severity severity;
    const char *by, *words;
} last_dates[] = {
    { SEVERITY_RED, "2024-06-30", ", red (past its last date: no tolerance)." },
    { SEVERITY_RED, "2024-06-29", ", red (past its last date: no tolerance)." },
    { SEVERITY_RED, "2024-07-01", ", red (tolerance 5 percentage points)." },
    { SEVERITY_RED, "", ", red (tolerance 5 percentage points)." },
    { SEVERITY_AMBER, "2024-06-30", ", amber (tolerance 5 percentage points)." },
};

START_TEST(what_is_red_since_its_last_date_has_come_says_so)
{
    fixture_init(&f);
    f.measure.expect_count = 0;
    f.measure.target_by = *last_dates[_i].by ? date_of(last_dates[_i].by) : DATE_NONE;
    f.episode.severity = last_dates[_i].severity;
    struct text body = flat_body();

    ck_assert_msg(strstr(body.buf, last_dates[_i].words) != NULL, "%s", body.buf);
    text_release(&body);
}
END_TEST

START_TEST(a_mail_of_a_closed_alert_says_who_closed_it_why_and_that_it_stands_behind)
{
    struct workflow w = WORKFLOW_INIT;
    json_t *act = json_pack("{s:s, s:s, s:s, s:s, s:s}", "act", "close", "alert", "a", "episode",
                            "e", "who", "Ada Example", "why", "a counting error");

    fixture_init(&f);
    ck_assert_int_eq(json_object_set_new(act, "episode", json_string(f.episode.id)) |
                         json_object_set_new(act, "alert", json_string(f.alert.id)),
                     0);
    ck_assert_int_eq(workflow_take(&w, act), 0);
    json_decref(act);
    f.context.workflow = &w;
    f.items[0].news = NEWS_WITHDRAWN;
    f.episode.state = ALERT_WITHDRAWN;
    f.episode.by_person = true;
    for (int behind = 1; behind >= 0; behind--) {
        f.judged[0].event = behind ? PERIOD_RED : PERIOD_CLEAR;
        struct message m = composed();
        struct text body = flat_body();
        json_t *event = json_loads(m.json, 0, NULL);
        json_t *item = json_array_get(json_object_get(json_object_get(event, "data"), "items"), 0);
        json_t *closed = json_object_get(item, "closed");

        check_said(text_str(&body),
                   (const char *[]){ behind ? "Closed, still behind plan: " : "Closed: ",
                                     "What clears it: Ada Example closed it: a counting error. No "
                                     "figure brought that about",
                                     behind ? "its newest is still behind plan, red."
                                            : "that about. The next data period",
                                     behind ? "it is closed, not mended" : "nothing is asked",
                                     "behind opens it again, as a new alert.", NULL },
                   (const char *[]){ "line was changed",
                                     behind ? "nothing is asked" : "still behind", NULL });
        ck_assert_str_eq(json_string_value(json_object_get(closed, "who")), "Ada Example");
        ck_assert_str_eq(json_string_value(json_object_get(closed, "why")), "a counting error");
        ck_assert_int_eq(json_is_true(json_object_get(closed, "still_behind")), behind);
        json_decref(event);
        text_release(&body);
        message_release(&m);
    }
    workflow_release(&w);
}
END_TEST

static const char *ask_at_length(void *arg, const char *feed)
{
    (void)feed;
    return arg;
}

/* A feed that is late, and many measures that are held for it. */
static void wait_for_feed(char *words)
{
    static struct finding all[20];
    static struct finding_set set = { all, 20 };

    for (size_t i = 0; i < set.count; i++) {
        all[i] = f.finding;
        all[i].holds_now = HOLD_FEED_LATE;
    }
    f.action.accountable = words;
    f.action.id = f.measure.action;
    f.finding.action = NULL;
    f.alert.action = NULL;
    f.context.plan = NULL; /* such a message is of none */
    f.finding.plan_expired = false;
    f.plan.illustrative = false;
    f.plan.mode = PLAN_LIVE;
    f.finding.plan = NULL;
    f.finding.owner = NULL;
    f.finding.detail =
        WORDS("nothing received for the period to 30 June 2024; due by 8 August 2024");
    f.context.findings = &set;
    f.context.feed_title = f.context.feed_contact = ask_at_length;
    f.context.names_arg = words;
    f.alert.rule = f.finding.rule = RULE_FEED_LATE;
    f.finding.history_count = 0;
    f.finding.measure = NULL;
    f.alert.measure = NULL;
}

static const struct {
    size_t items;
    bool is_late;
} word_rows[] = {
    { 1, false }, { 2, false }, { FIXTURE_ITEMS_MAX, false },
    { 1, true },  { 2, true },  { FIXTURE_ITEMS_MAX, true },
};

/* 40 words, 300 words, hostile: nothing brings the prose over its limit. */
START_TEST(no_name_however_long_brings_350_words_before_the_table)
{
    static char many[8001];
    struct workflow w = WORKFLOW_INIT;

    for (size_t i = 0; i + 1 < sizeof many; i += 2)
        memcpy(many + i, "w ", 2);
    fixture_init(&f);
    f.plan.title = f.plan.place = f.plan.id = f.priority.title = f.priority.id = WORDS(many);
    f.action.id = f.action.title = f.finding.title = WORDS(many);
    f.finding.owner = f.context.also_told = f.org_title = f.series.org = WORDS(many);
    f.context.not_reached = WORDS(many);
    f.finding.detail = WORDS(many);
    f.finding.holds = 127;
    f.episode.flapping = true;
    f.episode.folded = date_of("2023-12-31");
    f.finding.plan_expired = f.judged[0].restated = f.plan.illustrative = true;
    f.plan.mode = PLAN_REHEARSAL;
    f.context.unchanged = f.context.silenced = 7;
    acknowledge(&w, many, many);
    f.context.item_count = word_rows[_i].items;
    if (word_rows[_i].is_late)
        wait_for_feed(many);
    struct text body = plain_body();
    char *table = strstr(body.buf, "\n\n\n");

    ck_assert(f.context.item_count == 1 || table);
    if (table)
        *table = '\0';
    ck_assert_msg(wording_words(body.buf) <= BODY_WORDS_MAX, "%zu words", wording_words(body.buf));
    text_release(&body);
    workflow_release(&w);
}
END_TEST

START_TEST(every_item_of_a_large_digest_is_in_its_table)
{
    size_t rows = 0;

    fixture_init(&f);
    f.context.item_count = FIXTURE_ITEMS_MAX;
    struct text body = plain_body();

    for (const char *at = strstr(text_str(&body), "\n\n\n"); (at = strstr(at, "\nNew, red | "));
         at++)
        rows++;
    ck_assert_uint_eq(rows, FIXTURE_ITEMS_MAX);
    text_release(&body);
}
END_TEST

/* An item of its own: its rule, its title, how bad it is. */
struct other_item {
    struct finding finding;
    struct alert alert;
    struct episode episode;
};

static void be_other(struct other_item *o, size_t at, enum rule rule, enum alert_severity severity,
                     bool early, const char *title)
{
    o->finding = f.finding;
    o->alert = f.alert;
    o->episode = f.episode;
    o->finding.title = o->alert.title = WORDS(title);
    o->finding.rule = o->alert.rule = rule;
    o->episode.severity = severity;
    o->episode.early = early;
    o->episode.state = early ? ALERT_EARLY : ALERT_FIRING;
    f.items[at].finding = &o->finding;
    f.items[at].alert = &o->alert;
    f.items[at].episode = &o->episode;
}

START_TEST(what_is_behind_plan_is_told_before_what_may_come_and_red_before_amber)
{
    static const char *const in_order[] = { "Ears", "Eyes", "Speech", "Hands", "Feet" };
    struct other_item others[5];
    size_t count = sizeof others / sizeof others[0];

    fixture_init(&f);
    be_other(&others[0], 0, RULE_FORECAST, SEVERITY_AMBER, false, "Hands");
    be_other(&others[1], 1, RULE_BEHIND_PLAN, SEVERITY_RED, false, "Ears");
    be_other(&others[2], 2, RULE_BEHIND_PLAN, SEVERITY_AMBER, true, "Feet");
    be_other(&others[3], 3, RULE_BEHIND_PLAN, SEVERITY_AMBER, false, "Eyes");
    be_other(&others[4], 4, RULE_SPECIAL_CAUSE, SEVERITY_RED, false, "Speech");
    f.items[0].news = NEWS_NEW;
    f.context.item_count = count;
    struct message m = composed();
    const char *at = m.json;

    for (size_t i = 0; i < count; i++) {
        const char *next = strstr(at, in_order[i]);

        ck_assert_msg(next != NULL, "%s is not told in its turn", in_order[i]);
        at = next;
    }
    message_release(&m);
    f.context.item_count = 2;
    m = composed();
    ck_assert_str_eq(m.subject, "1 behind plan, 1 forecast: Ears 5%, plan 20%...");
    message_release(&m);
}
END_TEST

START_TEST(the_title_of_a_picture_is_not_in_the_plain_text_which_has_none)
{
    const struct message_item *items[FIXTURE_ITEMS_MAX];
    struct body_chart chart = { .cid = "c", .alt = "a line", .item = FIXTURE_ITEMS_MAX - 1 };
    struct text with = TEXT_INIT, html = TEXT_INIT;

    fixture_init(&f);
    f.context.item_count = FIXTURE_ITEMS_MAX;
    for (size_t i = 0; i < FIXTURE_ITEMS_MAX; i++)
        items[i] = &f.items[i];
    struct text without = plain_body();

    body_write(&f.context, items, FIXTURE_ITEMS_MAX, "heading", &chart, &with, &html);
    ck_assert_ptr_nonnull(strstr(text_str(&html), "a line"));
    ck_assert(strcmp(text_str(&with), text_str(&without)) == 0);
    text_release(&with);
    text_release(&without);
    text_release(&html);
}
END_TEST

static const struct {
    enum alert_news news;
    enum alert_severity episode, message;
} severity_rows[] = {
    { NEWS_NEW, SEVERITY_RED, SEVERITY_RED },
    { NEWS_NEW, SEVERITY_AMBER, SEVERITY_AMBER },
    { NEWS_WORSE, SEVERITY_RED, SEVERITY_RED },
    { NEWS_BETTER, SEVERITY_RED, SEVERITY_AMBER },
    { NEWS_CLEARED, SEVERITY_RED, SEVERITY_NONE },
    { NEWS_CORRECTED, SEVERITY_RED, SEVERITY_NONE },
    { NEWS_DISCOVERED, SEVERITY_RED, SEVERITY_RED },
    { NEWS_STEADY, SEVERITY_RED, SEVERITY_NONE },
};

START_TEST(a_message_is_as_urgent_as_its_worst_news)
{
    fixture_init(&f);
    f.items[0].news = severity_rows[_i].news;
    f.episode.severity = severity_rows[_i].episode;
    struct message m = composed();

    ck_assert_int_eq(m.severity, severity_rows[_i].message);
    message_release(&m);
}
END_TEST

START_TEST(the_same_facts_give_the_same_bytes)
{
    fixture_init(&f);
    f.context.item_count = 3;
    struct message a = composed(), b = composed();

    ck_assert_str_eq(a.eml, b.eml);
    ck_assert_str_eq(a.json, b.json);
    message_release(&a);
    message_release(&b);
}
END_TEST

START_TEST(a_rule_that_ended_is_told_from_what_the_episode_remembers)
{
    fixture_init(&f);
    f.items[0].finding = NULL;
    f.measure.unit = UNIT_PERCENT;
    f.items[0].news = NEWS_CLEARED;
    f.episode.value = 23;
    struct message m = composed();

    ck_assert_str_eq(m.subject, "Back on plan: Children helped within 4 weeks 23%, plan 20%");
    f.context.plan = NULL;
    message_release(&m);
    m = composed();
    message_release(&m);
}
END_TEST

START_TEST(the_plans_unit_stands_over_the_publishers)
{
    fixture_init(&f);
    f.series.unit = UNIT_UNKNOWN;
    f.measure.unit = UNIT_PERCENT;
    f.published = false;
    f.version.value = 18;
    struct message m = composed();

    ck_assert_ptr_nonnull(strstr(m.eml, "18%"));
    ck_assert_ptr_nonnull(strstr(m.json, "\"unit\":\"percent\""));
    message_release(&m);
}
END_TEST

static const struct {
    const char *why;
    enum unit unit;
    double value, line;
    const char *subject, *says;
} line_rows[] = {
    { "rounded to the line", UNIT_COUNT, 18, 20, "Behind plan: Waits just under 20, plan 20",
      "just under 20 for" },
    { "rounded to the line from above", UNIT_COUNT, 31, 30,
      "Behind plan: Waits just over 30, plan 30", "just over 30 for" },
    { "rounded to its other side", UNIT_COUNT, 27, 26, "Behind plan: Waits just over 26, plan 26",
      "just over 26 for" },
    { "on the line, rounded away", UNIT_COUNT, 26, 26, "Behind plan: Waits about 26, plan 26",
      "about 26 for" },
    { "a share", UNIT_PERCENT, 29.96, 30, "Behind plan: Waits just under 30%, plan 30%",
      "just under 30% for" },
    { "days", UNIT_DAYS, 30.4, 30, "Behind plan: Waits just over 30 days, plan 30 days",
      "just over 30 days for" },
    { "away from the line", UNIT_COUNT, 33, 30, "Behind plan: Waits 35, plan 30",
      "5 better than plan" },
    { "on the line", UNIT_COUNT, 20, 20, "Behind plan: Waits 20, plan 20", "at plan, as rounded" },
};

START_TEST(a_figure_that_rounding_puts_on_its_line_is_said_to_be_beside_it)
{
    fixture_init(&f);
    f.finding.title = WORDS("Waits");
    f.series.unit = line_rows[_i].unit;
    f.published = false;
    f.version.value = line_rows[_i].value;
    f.judged[0].line = line_rows[_i].line;
    struct message m = composed();
    struct text body = plain_body();

    ck_assert_str_eq(m.subject, line_rows[_i].subject);
    ck_assert_msg(strstr(text_str(&body), line_rows[_i].says) != NULL, "%s: %s", line_rows[_i].why,
                  text_str(&body));
    ck_assert_ptr_null(strstr(text_str(&body), "exactly"));
    text_release(&body);
    message_release(&m);
}
END_TEST

/* Of a figure that is better when lower "10 below plan" would read like a failure. */
static const struct {
    enum polarity polarity;
    double value;
    const char *says;
} way_rows[] = {
    { POLARITY_HIGHER, 10, ": 10 percentage points worse than plan" },
    { POLARITY_HIGHER, 30, ": 10 percentage points better than plan" },
    { POLARITY_LOWER, 10, ": 10 percentage points better than plan" },
    { POLARITY_LOWER, 30, ": 10 percentage points worse than plan" },
    { POLARITY_CLOSE, 10, ": 10 percentage points below plan" },
    { POLARITY_CLOSE, 30, ": 10 percentage points above plan" },
};

START_TEST(how_far_a_figure_is_from_plan_is_said_as_better_or_worse)
{
    fixture_init(&f);
    f.measure.polarity = way_rows[_i].polarity;
    f.version.value = way_rows[_i].value;
    struct message m = composed();
    struct text body = flat_body();

    ck_assert_msg(strstr(text_str(&body), way_rows[_i].says) != NULL, "%s", text_str(&body));
    text_release(&body);
    message_release(&m);
}
END_TEST

START_TEST(a_late_feed_is_named_once)
{
    fixture_init(&f);
    f.alert.rule = f.finding.rule = RULE_FEED_LATE;
    f.finding.title = WORDS("Feed Four week waits is late");
    f.finding.history_count = 0;
    f.finding.measure = NULL;
    f.alert.measure = NULL;
    f.context.plan = NULL;
    struct message m = composed();
    struct text body = plain_body();

    ck_assert_msg(strstr(text_str(&body), "Feed late: cyp4ww\n") &&
                      !strstr(text_str(&body), "Feed late: Feed"),
                  "%s", text_str(&body));
    text_release(&body);
    message_release(&m);
}
END_TEST

START_TEST(a_share_that_is_remembered_without_how_many_it_rests_on_is_not_shown)
{
    fixture_init(&f);
    f.items[0].finding = NULL;
    f.measure.unit = UNIT_PERCENT;
    f.published = false;
    f.episode.value = 98;
    struct message m = composed();

    ck_assert_ptr_null(strstr(m.eml, "98"));
    ck_assert_ptr_null(strstr(m.json, "98"));
    ck_assert_ptr_nonnull(strstr(m.subject, "(not shown), plan 20%"));
    message_release(&m);
}
END_TEST

START_TEST(a_figure_of_which_nobody_knows_the_unit_any_more_is_not_shown)
{
    fixture_init(&f); /* its measure left the plan: 71 % is no 70 of whatever it may be */
    f.items[0].finding = NULL;
    f.alert.measure = WORDS("gone");
    f.items[0].news = NEWS_WITHDRAWN;
    f.episode.value = 71;
    struct message m = composed();
    struct text body = flat_body();

    ck_assert_msg(strstr(text_str(&body), "not shown") && !strstr(text_str(&body), "70") &&
                      !strstr(text_str(&body), "71"),
                  "%s", text_str(&body));
    ck_assert_msg(strstr(m.json, "\"value\":null,\"figure\":\"not shown\",\"unit\":null,"
                                 "\"line\":null,\"target\":null") != NULL,
                  "%s", m.json);
    text_release(&body);
    message_release(&m);
}
END_TEST

START_TEST(how_sure_a_figure_is_that_nobody_judges_any_more_is_not_said)
{
    fixture_init(&f);
    f.items[0].finding = NULL;
    f.items[0].news = NEWS_WITHDRAWN;
    f.alert.measure = WORDS("gone");
    for (int restated = 0; restated < 2; restated++) {
        f.episode.restated = restated;
        struct message m = composed();
        struct text body = plain_body();

        ck_assert_msg(strstr(text_str(&body), "omplete") == NULL, "%s", text_str(&body));
        ck_assert_msg(!strstr(text_str(&body), "How sure: Restated: ") == !restated, "%s",
                      text_str(&body));
        text_release(&body);
        message_release(&m);
    }
}
END_TEST

START_TEST(an_event_stays_under_20_kB_and_counts_what_it_leaves_out)
{
    fixture_init(&f);
    f.context.item_count = FIXTURE_ITEMS_MAX;
    struct message m = composed();
    json_t *event = json_loads(m.json, 0, NULL), *data = json_object_get(event, "data");
    size_t told = json_array_size(json_object_get(data, "items"));

    ck_assert_uint_lt(strlen(m.json), EVENT_MAX_BYTES);
    ck_assert_uint_gt(told, 10);
    ck_assert_int_eq(json_integer_value(json_object_get(data, "omitted")),
                     (json_int_t)(FIXTURE_ITEMS_MAX - told));
    json_decref(event);
    message_release(&m);
}
END_TEST

START_TEST(a_hidden_figure_is_hidden_on_every_surface)
{
    fixture_init(&f);
    f.published = false;
    f.series.unit = UNIT_COUNT;
    f.version.value = f.episode.value = 3;
    struct message m = composed();
    json_t *event = json_loads(m.json, 0, NULL);
    json_t *item = json_array_get(json_object_get(json_object_get(event, "data"), "items"), 0);

    ck_assert(json_is_null(json_object_get(item, "value")));
    ck_assert_str_eq(json_string_value(json_object_get(item, "figure")), "*");
    ck_assert_ptr_null(strstr(m.eml, " 17")); /* 20 - 3: the difference would tell it */
    ck_assert_str_eq(m.subject, "Behind plan: Children helped within 4 weeks *, plan 20");
    json_decref(event);
    message_release(&m);
}
END_TEST

static const struct {
    const char *recipient, *from;
    int result;
} address_rows[] = {
    { "lead@example.nhs.uk", NULL, 0 },
    { "./spool", NULL, 0 },
    { "/var/lib/spool folder", NULL, 0 },
    { "hook.example.org", NULL, 0 },
    { "a@b\r\nBcc: c@d", NULL, -EINVAL },
    { "folder\r\nBcc: c@d", NULL, -EINVAL },
    { "a b@c", NULL, -EINVAL },
    { "<a@b>", NULL, -EINVAL },
    { "", NULL, -EINVAL },
    { "lead@example.nhs.uk", "x@y\nz", -EINVAL },
    { "lead@example.nhs.uk", "nobody", -EINVAL },
};

START_TEST(an_address_that_could_carry_a_header_is_refused)
{
    struct message m = { .severity = SEVERITY_NONE };

    fixture_init(&f);
    f.context.recipient = address_rows[_i].recipient;
    f.context.from = address_rows[_i].from;
    ck_assert_int_eq(message_compose(&f.context, true, true, &m), address_rows[_i].result);
    message_release(&m);
}
END_TEST

/* Header names up to the empty line, each with a newline after it. */
static void header_names(const char *eml, char *out, size_t size)
{
    size_t at = 0;

    while (strncmp(eml, "\r\n", 2) != 0) {
        const char *end = strstr(eml, "\r\n");
        const char *colon = strchr(eml, ':');

        ck_assert(end);
        if (*eml != ' ') {
            ck_assert_msg(colon && colon < end, "a line that is no header: %.40s", eml);
            at += (size_t)snprintf(out + at, size - at, "%.*s\n", (int)(colon - eml), eml);
        }
        eml = end + 2;
    }
}

/* Random strings of the bytes that break things, in every place that takes text from outside. */
START_TEST(hostile_text_never_adds_a_header_a_part_or_a_bare_line_end)
{
    static const char *const pieces[] = { "\r\n",
                                          "\n",
                                          "\r",
                                          "\r\n\r\n",
                                          ".",
                                          "\r\n.\r\n",
                                          "Bcc: x@y",
                                          "=?UTF-8?Q?=0D=0A?=",
                                          "\xff\xfe",
                                          "\xc3",
                                          "é",
                                          "☃",
                                          "𝄞",
                                          "<script>",
                                          "\"",
                                          "\\",
                                          ",",
                                          ";",
                                          ":",
                                          "\t",
                                          " ",
                                          "--=_waitlistd_",
                                          "word",
                                          "From ",
                                          "\x01",
                                          "\x7f",
                                          "\xe2\x80\xa8",
                                          "\xe2\x80\xae" };
    char wanted[1024], got[1024], hostile[6][200];
    unsigned seed = (unsigned)_i * 2654435761u + 1;

    fixture_init(&f);
    f.context.recipient_name = "Name";
    struct message m = composed();

    header_names(m.eml, wanted, sizeof wanted);
    message_release(&m);
    for (size_t h = 0; h < 6; h++) {
        hostile[h][0] = '\0';
        for (int n = 0; n < 14; n++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(hostile[h], pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])]);
        }
    }
    f.context.recipient_name = hostile[0];
    f.finding.title = hostile[1];
    f.org_title = hostile[2];
    f.priority.title = hostile[3];
    f.context.also_told = hostile[4];
    f.context.instance = hostile[5];
    f.context.item_count = 1 + (size_t)_i % 3;
    m = composed();
    header_names(m.eml, got, sizeof got);
    ck_assert_str_eq(got, wanted);

    size_t bad = 0, line = 0, parts = 0, limit = 998; /* of header lines: an id cannot be folded */

    for (const char *s = m.eml; *s; s++) {
        bad += (*s == '\n' && (s == m.eml || s[-1] != '\r')) ||
               (*s == '\r' && s[1] != '\n'); /* bare line end */
        bad += (unsigned char)*s >= 0x80 || (line == 0 && *s == '.');
        parts += line == 0 && strncmp(s, "--=_waitlistd_", 14) == 0;
        line = *s == '\n' ? 0 : line + 1;
        if (strncmp(s, "\r\n\r\n", 4) == 0)
            limit = 76;
        bad += line > limit + 1; /* and its CR */
    }
    ck_assert_uint_eq(bad, 0); /* one assertion a mail: each costs check a write */
    ck_assert_uint_eq(parts, 3);

    json_t *event = json_loads(m.json, 0, NULL);

    ck_assert_ptr_nonnull(event);
    json_decref(event);
    message_release(&m);
}
END_TEST
static const int hostile_rows[500];

/* Turns the fixture into a list measure that ageing alone brought behind. */
static void fixture_early(enum alert_state state, enum alert_news news)
{
    static struct list_measure list = { .list = WORDS("cyp-mh"), .provider = WORDS("TAJ") };

    fixture_init(&f);
    f.measure.list = &list;
    f.measure.published = f.measure.select.feed = f.measure.select.org = NULL;
    f.finding.feed = NULL;
    f.alert.feed = NULL;
    f.published = false;
    f.judged[0].event = PERIOD_CLEAR;
    f.finding.ageing = (struct ageing){
        .state = AGEING_BEHIND,
        .data_date = date_of("2024-06-30"),
        .since = date_of("2024-07-06"),
        .version = { .value = 14, .low = 14, .high = 14, .numerator = NAN, .denominator = 90 },
        .judged = { .line = 20, .event = PERIOD_RED }
    };
    f.episode.state = state;
    f.episode.severity = state == ALERT_EARLY ? SEVERITY_AMBER : SEVERITY_RED;
    f.episode.opened = f.episode.folded = date_of("2024-07-06");
    f.episode.early = f.episode.warned = f.episode.by_time = true;
    f.episode.projected_from = date_of("2024-06-30");
    f.items[0].news = news;
}

START_TEST(what_data_opened_and_ageing_alone_opened_again_says_both_with_its_day)
{
    fixture_early(ALERT_EARLY, NEWS_NEW);
    f.episode.by_time = false;
    f.episode.opened = f.episode.folded = date_of("2024-03-31");
    f.episode.reopened = date_of("2024-07-06");
    struct text body = flat_body();

    ck_assert_msg(strstr(text_str(&body),
                         "31 March 2024, the last day of the data period that opened it; "
                         "it had ended, and by ageing alone is behind again from "
                         "6 July 2024.") != NULL,
                  "%s", text_str(&body));
    text_release(&body);
}
END_TEST

START_TEST(an_early_warning_says_that_it_is_projected_and_from_which_data)
{
    static const char *const says[] = {
        "14% for",
        "where the plan has 20%",
        "amber",
        "Projected from data of 30 June 2024, if nobody was seen since",
        "6 July 2024, the day on which ageing alone",
        "a projection, not a figure of any file; its data are complete.",
        NULL
    };
    static const char *const never[] = { "Data period:", "Back on plan", "received 14", NULL };
    struct message m;
    struct text body;

    fixture_early(ALERT_EARLY, NEWS_NEW);
    m = composed();
    ck_assert_msg(strncmp(m.subject, "Early warning: ", 15) == 0, "%s", m.subject);
    ck_assert_ptr_nonnull(strstr(m.subject, "14%, plan 20%"));
    ck_assert_ptr_nonnull(strstr(m.json, "\"projected_from\":\"2024-06-30\""));
    ck_assert_ptr_nonnull(strstr(m.json, "\"list\":\"cyp-mh\""));
    ck_assert_ptr_nonnull(strstr(m.json, "\"value\":14"));
    body = flat_body();
    check_said(text_str(&body), says, never);
    text_release(&body);
    message_release(&m);
    f.measure.list->provider = NULL; /* everybody on the list */
    body = flat_body();
    ck_assert_msg(strstr(text_str(&body), "14%, where the plan has 20%") != NULL, "%s",
                  text_str(&body));
    text_release(&body);
    f.measure.list->provider = WORDS("TAJ");
}
END_TEST

/* A list of which nobody was told anything yet: by its data 3 wait over 18 weeks. */
static struct release *fixture_few(struct list_measure *list, const struct finding_set *findings,
                                   struct table *entries)
{
    struct release *r = NULL;

    *list = (struct list_measure){ .list = WORDS("cyp-mh"), .text = WORDS("open-over:18w") };
    ck_assert_int_eq(pathway_metric_parse("open-over:18w", &list->metric), METRIC_FINE);
    f.measure.list = list;
    f.measure.unit = f.series.unit = UNIT_COUNT;
    f.measure.polarity = POLARITY_LOWER;
    f.measure.tolerance = 0;
    f.version = (struct series_version){ 3, 3, 3, .numerator = 3, .denominator = 100 };
    f.finding.line = f.judged[0].line = 10;
    ck_assert_int_eq(release_open(entries, "mail", findings, &r), 0);
    f.context.release = r;
    return r;
}

START_TEST(a_projected_figure_is_shown_where_that_of_the_data_is_hidden_since_it_is_few)
{
    struct table entries = TABLE_INIT;
    struct list_measure list;
    struct finding_set findings = { .list = &f.finding, .count = 1 };

    fixture_early(ALERT_EARLY, NEWS_NEW);
    struct release *r = fixture_few(&list, &findings, &entries);

    f.finding.ageing.version =
        (struct series_version){ 13, 13, 13, .numerator = 13, .denominator = 100 };
    f.finding.ageing.judged.line = 10;
    f.finding.ageing.judged.end = date_of("2024-07-10");
    struct text body = flat_body();

    ck_assert_msg(strstr(body.buf, "What: 15, where the plan has 10: 5 worse than plan") != NULL,
                  "%s", body.buf);
    text_release(&body);
    release_free(r);
    table_release(&entries, free);
}
END_TEST

START_TEST(a_newer_figure_is_shown_where_the_one_that_is_told_is_hidden_since_it_is_few)
{
    struct table entries = TABLE_INIT;
    struct list_measure list;
    struct finding_set findings = { .list = &f.finding, .count = 1 };
    struct series_version newest = { 13, 13, 13, .numerator = 13, .denominator = 100 };

    fixture_early(ALERT_FIRING, NEWS_CORRECTED);
    f.episode.early = false;
    f.finding.ageing.state = AGEING_NONE;
    struct release *r = fixture_few(&list, &findings, &entries);

    f.judged[1] = (struct period_judgement){
        .start = date_of("2024-07-01"), .end = date_of("2024-07-31"), .line = 10, .version = &newest
    };
    f.finding.history_count = 2;
    struct text body = flat_body();

    ck_assert_msg(strstr(body.buf, "What: *") != NULL, "%s", body.buf);
    ck_assert_msg(strstr(body.buf, "The newest period, to 31 July 2024: 15.") != NULL, "%s",
                  body.buf);
    text_release(&body);
    release_free(r);
    table_release(&entries, free);
}
END_TEST

static const struct {
    enum alert_state state;
    enum alert_news news;
    enum ageing_state ageing;
    bool early;
    const char *subject, *says;
} early_rows[] = {
    { ALERT_FIRING, NEWS_NEW, AGEING_BEHIND, true, "Behind plan, projected: ", "Projected from" },
    { ALERT_FIRING, NEWS_WORSE, AGEING_NONE, false, "Worse, behind plan: ", "5% for" },
    { ALERT_RESOLVED, NEWS_CLEARED, AGEING_NONE, true,
      "Warning not borne out: ", "do not bear the early warning out" },
    { ALERT_WITHDRAWN, NEWS_WITHDRAWN, AGEING_OVER, true,
      "No longer projected: ", "That is not better news" },
    { ALERT_WITHDRAWN, NEWS_WITHDRAWN, AGEING_FINE, true,
      "Plan changed: ", "by the new line it is not behind" },
};

START_TEST(what_becomes_of_an_early_warning_has_its_own_words)
{
    struct text body;
    struct message m;

    fixture_early(early_rows[_i].state, early_rows[_i].news);
    f.finding.ageing.state = early_rows[_i].ageing;
    f.episode.early = early_rows[_i].early;
    m = composed();
    ck_assert_msg(strncmp(m.subject, early_rows[_i].subject, strlen(early_rows[_i].subject)) == 0,
                  "%s", m.subject);
    body = flat_body();
    ck_assert_msg(strstr(text_str(&body), early_rows[_i].says) != NULL, "%s", text_str(&body));
    text_release(&body);
    message_release(&m);
}
END_TEST

static const struct {
    struct span window;
    const char *says, *json;
} window_rows[] = {
    { { 12, SPAN_MONTHS },
      "1 July 2023 to 30 June 2024 (rolling, 12 months).",
      "\"window_start\":\"2023-07-01\"" },
    { { 13, SPAN_WEEKS },
      "1 April 2024 to 30 June 2024 (rolling, 13 weeks).",
      "\"window_start\":\"2024-04-01\"" },
    { { 0, SPAN_DAYS }, "1 June 2024 to 30 June 2024.", "\"window_start\":null" },
};

START_TEST(a_rolling_window_says_its_first_and_its_last_day)
{
    struct list_measure list = { .list = WORDS("cyp-mh"), .window = window_rows[_i].window };
    struct text body;

    fixture_init(&f);
    f.measure.list = &list;
    f.measure.published = f.measure.select.feed = f.measure.select.org = NULL;
    f.judged[0].start = date_of("2024-06-01");
    struct message m = composed();

    body = plain_body();
    ck_assert_msg(strstr(text_str(&body), window_rows[_i].says) != NULL, "%s", text_str(&body));
    ck_assert_msg(strstr(m.json, window_rows[_i].json) != NULL, "%s", m.json);
    text_release(&body);
    message_release(&m);
}
END_TEST

/* A list measure of an unpublished feed. */
static void fixture_list(struct list_measure *list, enum unit unit)
{
    fixture_init(&f);
    f.measure.list = list;
    f.measure.published = f.measure.select.feed = f.measure.select.org = NULL;
    f.finding.feed = f.alert.feed = NULL;
    f.finding.title = WORDS("Waits");
    f.published = false;
    f.series.unit = unit;
}

START_TEST(the_longest_wait_is_a_band_on_every_surface)
{
    struct list_measure list = { .list = WORDS("cyp-mh"), .metric = { .id = METRIC_LONGEST_WAIT } };
    struct text body;

    fixture_list(&list, UNIT_DAYS);
    f.judged[0].line = 364;
    f.version = (struct series_version){ .value = 401, .numerator = 1, .denominator = 90 };
    struct message m = composed();

    body = plain_body();
    ck_assert_str_eq(m.subject, "Behind plan: Waits 52 to 65 weeks, plan 364 days");
    ck_assert_ptr_nonnull(strstr(text_str(&body), "The figure is a band"));
    ck_assert_ptr_nonnull(strstr(m.json, "\"figure\":\"52 to 65 weeks\""));
    ck_assert_ptr_nonnull(strstr(m.json, "\"value\":null"));
    ck_assert_ptr_null(strstr(m.eml, "401"));
    ck_assert_ptr_null(strstr(m.eml, "37 days")); /* the difference would tell it */
    text_release(&body);
    message_release(&m);
}
END_TEST

START_TEST(a_share_whose_rest_is_few_is_hidden_on_every_surface)
{
    struct list_measure list = { .list = WORDS("cyp-mh"), .metric = { .id = METRIC_OPEN_WITHIN } };

    fixture_list(&list, UNIT_PERCENT);
    f.judged[0].line = 99;
    f.version = (struct series_version){ .value = 98, .numerator = 98, .denominator = 100 };
    struct message m = composed();

    ck_assert_str_eq(m.subject, "Behind plan: Waits *, plan 99%");
    ck_assert_ptr_nonnull(strstr(m.json, "\"value\":null"));
    ck_assert_ptr_null(strstr(m.eml, "98"));
    ck_assert_ptr_null(strstr(m.eml, "1 percentage point"));
    message_release(&m);
}
END_TEST

static const struct {
    bool published;
    enum unit unit;
    double value, mean, lower, upper;
    const char *says; /* NULL: nothing of the limits */
} limit_rows[] = {
    { true, UNIT_PERCENT, 50, 61.4167, 55.61, 67.22,
      "Its mean is 61.4%; by chance alone it lies between 55.6% and 67.2%." },
    { false, UNIT_COUNT, 42, 27.3, 12.2, 42.4,
      "Its mean is 25; by chance alone it lies between 10 and 40." },
    { false, UNIT_COUNT, 42, 13, -3, 29,
      "Its mean is 15; by chance alone it lies between under 5 and 30." },
    { false, UNIT_COUNT, 12, 4, 1, 7,
      "Its mean is under 5; by chance alone it lies between under 5 and 5." },
    { false, UNIT_COUNT, 3, 27.3, 12.2, 42.4, NULL }, /* the figure is hidden: so are they */
    { true, UNIT_PERCENT, 50, 61.4, (double)NAN, (double)NAN, NULL },
};

START_TEST(a_special_cause_tells_its_mean_and_limits_as_its_audience_may_see_them)
{
    struct spc_segment segment = { .mean = limit_rows[_i].mean,
                                   .lower = limit_rows[_i].lower,
                                   .upper = limit_rows[_i].upper };
    struct spc_point point = { .cause = SPC_BELOW_LIMIT };
    struct chart_point at;
    struct control_chart chart = { .state = CHART_GOOD,
                                   .points = &at,
                                   .n = 1,
                                   .spc = { &point, 1, &segment, 1, SPC_CONCERN, SPC_FAIL } };

    fixture_init(&f);
    f.published = limit_rows[_i].published;
    f.measure.unit = f.series.unit = limit_rows[_i].unit;
    f.version.value = f.version.low = f.version.high = limit_rows[_i].value;
    at = (struct chart_point){ f.judged[0].start, f.judged[0].end, &f.version, f.version.value };
    f.alert.rule = f.finding.rule = RULE_SPECIAL_CAUSE;
    f.finding.chart = &chart;
    struct text body = flat_body();

    if (limit_rows[_i].says)
        ck_assert_msg(strstr(body.buf, limit_rows[_i].says) != NULL, "%s", body.buf);
    else
        ck_assert_msg(strstr(body.buf, "by chance alone it") == NULL, "%s", body.buf);
    text_release(&body);
}
END_TEST

UNIT_MAIN("message",
          UNIT_TEST(what_data_opened_and_ageing_alone_opened_again_says_both_with_its_day),
          UNIT_TEST(an_early_warning_says_that_it_is_projected_and_from_which_data),
          UNIT_TEST(a_projected_figure_is_shown_where_that_of_the_data_is_hidden_since_it_is_few),
          UNIT_TEST(a_newer_figure_is_shown_where_the_one_that_is_told_is_hidden_since_it_is_few),
          UNIT_ROWS(what_becomes_of_an_early_warning_has_its_own_words, early_rows),
          UNIT_ROWS(a_subject_tells_state_title_value_and_plan_in_60_characters, subject_rows),
          UNIT_ROWS(a_shortened_title_keeps_what_tells_it_from_another, apart_rows),
          UNIT_TEST(a_group_is_counted_in_the_subject),
          UNIT_ROWS(rules_without_a_figure_have_their_own_words, rule_rows),
          UNIT_ROWS(masking_is_told_with_what_worsened_and_never_as_progress, guard_rows),
          UNIT_TEST(a_figure_wanted_close_to_a_line_clears_close_to_it),
          UNIT_ROWS(what_to_do_next_is_something_that_the_reader_can_do, next_rows),
          UNIT_ROWS(an_incident_of_identifiers_has_words_of_its_own, incident_rows),
          UNIT_ROWS(a_mail_answers_what_it_must, answers),
          UNIT_ROWS(a_rehearsal_is_marked_in_the_subject_the_body_and_the_data, rehearsal_rows),
          UNIT_TEST(an_illustrative_plan_says_so_in_the_first_line),
          UNIT_TEST(held_and_restated_figures_are_said_to_be),
          UNIT_TEST(the_owner_is_not_told_to_ask_the_owner),
          UNIT_TEST(a_first_figure_is_not_called_restated_because_that_of_another_period_was),
          UNIT_TEST(a_newer_period_without_a_figure_does_not_hide_the_last_one),
          UNIT_ROWS(what_turned_after_it_was_told_is_said_with_its_dates, turn_rows),
          UNIT_TEST(a_mail_says_who_acknowledged_it_and_how_many_a_silence_hides),
          UNIT_ROWS(what_is_red_since_its_last_date_has_come_says_so, last_dates),
          UNIT_TEST(a_mail_of_a_closed_alert_says_who_closed_it_why_and_that_it_stands_behind),
          UNIT_ROWS(no_name_however_long_brings_350_words_before_the_table, word_rows),
          UNIT_TEST(what_is_behind_plan_is_told_before_what_may_come_and_red_before_amber),
          UNIT_TEST(the_title_of_a_picture_is_not_in_the_plain_text_which_has_none),
          UNIT_TEST(every_item_of_a_large_digest_is_in_its_table),
          UNIT_ROWS(a_message_is_as_urgent_as_its_worst_news, severity_rows),
          UNIT_TEST(the_same_facts_give_the_same_bytes),
          UNIT_TEST(a_rule_that_ended_is_told_from_what_the_episode_remembers),
          UNIT_TEST(the_plans_unit_stands_over_the_publishers),
          UNIT_ROWS(a_figure_that_rounding_puts_on_its_line_is_said_to_be_beside_it, line_rows),
          UNIT_ROWS(how_far_a_figure_is_from_plan_is_said_as_better_or_worse, way_rows),
          UNIT_TEST(a_late_feed_is_named_once),
          UNIT_TEST(a_share_that_is_remembered_without_how_many_it_rests_on_is_not_shown),
          UNIT_TEST(a_figure_of_which_nobody_knows_the_unit_any_more_is_not_shown),
          UNIT_TEST(how_sure_a_figure_is_that_nobody_judges_any_more_is_not_said),
          UNIT_ROWS(a_rolling_window_says_its_first_and_its_last_day, window_rows),
          UNIT_TEST(the_longest_wait_is_a_band_on_every_surface),
          UNIT_ROWS(a_special_cause_tells_its_mean_and_limits_as_its_audience_may_see_them,
                    limit_rows),
          UNIT_TEST(a_share_whose_rest_is_few_is_hidden_on_every_surface),
          UNIT_TEST(an_event_stays_under_20_kB_and_counts_what_it_leaves_out),
          UNIT_TEST(a_hidden_figure_is_hidden_on_every_surface),
          UNIT_ROWS(an_address_that_could_carry_a_header_is_refused, address_rows),
          UNIT_ROWS(hostile_text_never_adds_a_header_a_part_or_a_bare_line_end, hostile_rows))
