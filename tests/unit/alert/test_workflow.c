#include "alert/workflow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "unit/alert/story.h"

#define WORDS(s) ((char *)(uintptr_t)(s)) /* alerts own char *; a literal is only read here */

/* What stands in the audit, with single quotes; days are of May 2024. */
#define OF "'alert':'aaaaaaaa','episode':'e1',"

static void take(struct workflow *w, const char *act, int expected)
{
    AUTO(auto_free) char *json = strdup(act);

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    json_t *record = json_loads(json, 0, NULL);

    ck_assert_msg(record != NULL, "%s", json);
    ck_assert_msg(workflow_take(w, record) == expected, "%s", json);
    json_decref(record);
}

static void take_all(struct workflow *w, const char *const *acts)
{
    for (size_t i = 0; acts[i]; i++)
        take(w, acts[i], 0);
}

static struct civil_date may(int day)
{
    struct civil_date d;

    ck_assert_int_eq(date_from_ymd(2024, 5, day, &d), 0);
    return d;
}

static struct alert alert_of(enum rule rule)
{
    struct alert a = { .rule = rule,
                       .plan = WORDS("dudley"),
                       .measure = rule == RULE_BEHIND_PLAN ? WORDS("cyp-4w") : NULL,
                       .feed = WORDS("cyp4ww") };

    (void)snprintf(a.id, sizeof a.id, "aaaaaaaa");
    return a;
}

#define ACK_AMBER                                                                                  \
    "{'act':'ack'," OF "'who':'ann','why':'w','on':'2024-05-01','until':'2024-05-10',"             \
    "'severity':'amber'}"
#define ACK_RED                                                                                    \
    "{'act':'ack'," OF "'who':'ann','why':'w','on':'2024-05-01','until':'2024-05-10',"             \
    "'severity':'red'}"
#define ACK_LONGER                                                                                 \
    "{'act':'ack'," OF "'who':'bob','why':'w','on':'2024-05-02','until':'2024-05-20',"             \
    "'severity':'red'}"
#define UNACK "{'act':'unack'," OF "'who':'ann'}"
#define ACK_OTHER                                                                                  \
    "{'act':'ack','alert':'aaaaaaaa','episode':'e2','who':'ann','why':'w','on':'2024-05-01',"      \
    "'until':'2024-05-10','severity':'red'}"
#define SILENCE(match)                                                                             \
    "{'act':'silence-add','silence':1,'match':'" match "','who':'ann','why':'w',"                  \
    "'on':'2024-05-01','until':'2024-05-10'}"
#define SILENCE_END "{'act':'silence-end','silence':1,'who':'ann','on':'2024-05-03'}"

/* Which news of a red alert is held back on a day, after these acts. */
static const struct {
    const char *why;
    const char *acts[4];
    enum rule rule;
    enum alert_news news;
    int day; /* of May */
    bool withheld;
} rows[] = {
    { "nobody said anything", { NULL }, RULE_FEED_LATE, NEWS_REMINDER, 5, false },
    { "acked: no reminder", { ACK_RED }, RULE_FEED_LATE, NEWS_REMINDER, 5, true },
    { "on the last day still", { ACK_RED }, RULE_FEED_LATE, NEWS_REMINDER, 10, true },
    { "the ack is over", { ACK_RED }, RULE_FEED_LATE, NEWS_REMINDER, 11, false },
    { "taken back", { ACK_RED, UNACK }, RULE_FEED_LATE, NEWS_REMINDER, 5, false },
    { "acked anew for longer", { ACK_RED, ACK_LONGER }, RULE_FEED_LATE, NEWS_REMINDER, 15, true },
    { "of another episode", { ACK_OTHER }, RULE_FEED_LATE, NEWS_REMINDER, 5, false },
    { "acked as amber and red since", { ACK_AMBER }, RULE_FEED_LATE, NEWS_REMINDER, 5, false },
    { "acked: new", { ACK_RED }, RULE_BEHIND_PLAN, NEWS_NEW, 5, false },
    { "acked: worse", { ACK_AMBER }, RULE_BEHIND_PLAN, NEWS_WORSE, 5, false },
    { "acked: better", { ACK_RED }, RULE_BEHIND_PLAN, NEWS_BETTER, 5, false },
    { "acked: cleared", { ACK_RED }, RULE_BEHIND_PLAN, NEWS_CLEARED, 5, false },
    { "acked: corrected", { ACK_RED }, RULE_BEHIND_PLAN, NEWS_CORRECTED, 5, false },
    { "silenced: new", { SILENCE("measure=cyp-4w") }, RULE_BEHIND_PLAN, NEWS_NEW, 5, true },
    { "on the last day still", { SILENCE("plan=dudley") }, RULE_BEHIND_PLAN, NEWS_NEW, 10, true },
    { "the silence is over", { SILENCE("plan=dudley") }, RULE_BEHIND_PLAN, NEWS_NEW, 11, false },
    { "ended by a person",
      { SILENCE("plan=dudley"), SILENCE_END },
      RULE_BEHIND_PLAN,
      NEWS_NEW,
      3,
      false },
    { "silenced: reminder", { SILENCE("feed=cyp4ww") }, RULE_FEED_LATE, NEWS_REMINDER, 5, true },
    { "silenced: worse", { SILENCE("plan=dudley") }, RULE_BEHIND_PLAN, NEWS_WORSE, 5, false },
    { "silenced: better", { SILENCE("plan=dudley") }, RULE_BEHIND_PLAN, NEWS_BETTER, 5, false },
    { "silenced: cleared", { SILENCE("plan=dudley") }, RULE_BEHIND_PLAN, NEWS_CLEARED, 5, false },
    { "silenced: corrected",
      { SILENCE("plan=dudley") },
      RULE_BEHIND_PLAN,
      NEWS_CORRECTED,
      5,
      false },
    { "silenced: withdrawn",
      { SILENCE("plan=dudley") },
      RULE_BEHIND_PLAN,
      NEWS_WITHDRAWN,
      5,
      false },
    { "silenced: discovered late, which is news for a week alone",
      { SILENCE("plan=dudley") },
      RULE_BEHIND_PLAN,
      NEWS_DISCOVERED,
      5,
      false },
    { "of another measure", { SILENCE("measure=x") }, RULE_BEHIND_PLAN, NEWS_NEW, 5, false },
    { "every word must fit",
      { SILENCE("measure=cyp-4w plan=x") },
      RULE_BEHIND_PLAN,
      NEWS_NEW,
      5,
      false },
    { "every word fits",
      { SILENCE("measure=cyp-4w rule=behind-plan") },
      RULE_BEHIND_PLAN,
      NEWS_NEW,
      5,
      true },
    { "the alert by its first digits",
      { SILENCE("alert=aaaaaa") },
      RULE_BEHIND_PLAN,
      NEWS_NEW,
      5,
      true },
    { "an alert without a measure fits no measure",
      { SILENCE("measure=cyp-4w") },
      RULE_FEED_LATE,
      NEWS_NEW,
      5,
      false },
    { "what the daemon says of itself is never silenced",
      { SILENCE("plan=dudley") },
      RULE_SELF_CHECK,
      NEWS_NEW,
      5,
      false },
    { "nor are messages given up",
      { SILENCE("plan=dudley") },
      RULE_DEAD_LETTER,
      NEWS_NEW,
      5,
      false },
};

START_TEST(only_reminders_and_what_a_silence_is_about_are_held_back)
{
    struct workflow w = WORKFLOW_INIT;
    const struct episode e = { .id = "e1", .severity = SEVERITY_RED, .state = ALERT_FIRING };
    const struct alert a = alert_of(rows[_i].rule);

    take_all(&w, rows[_i].acts);
    ck_assert_msg(workflow_withholds(&w, &a, &e, rows[_i].news, may(rows[_i].day)) ==
                      rows[_i].withheld,
                  "%s", rows[_i].why);
    workflow_release(&w);
}
END_TEST

static const struct {
    const char *words, *said; /* said NULL: taken */
} matches[] = {
    { "measure=cyp-4w", NULL },
    { "  plan=dudley   rule=feed-late ", NULL },
    { "", "whom is it about" },
    { "   ", "whom is it about" },
    { "cyp-4w", "wants words as measure=ID" },
    { "measure=", "wants words as measure=ID" },
    { "owner=x", "wants words as measure=ID" },
    { "plan=a plan=b", "given twice" },
    { "alert=aaaaa", "6 or more digits" },
    { "alert=zzzzzzzz", "6 or more digits" },
    { "rule=late", "wants a rule's name" },
    { "rule=self-check", "cannot be silenced" },
    { "rule=dead-letter", "cannot be silenced" },
};

START_TEST(whom_a_silence_is_about_is_said_in_words_that_are_checked)
{
    char why[WORKFLOW_WHY_MAX];
    struct match m = { 0 };
    int r = match_parse(matches[_i].words, &m, why);

    ck_assert_msg((r == 0) == (matches[_i].said == NULL), "\"%s\": %d %s", matches[_i].words, r,
                  why);
    if (matches[_i].said)
        ck_assert_msg(strstr(why, matches[_i].said) != NULL, "\"%s\": %s", matches[_i].words, why);
    match_release(&m);
}
END_TEST

START_TEST(notes_collect_and_a_later_closing_replaces_an_earlier)
{
    static const char *const acts[] = {
        "{'act':'note'," OF "'who':'ann','text':'one','at_ms':1000}",
        "{'act':'commentary'," OF "'who':'bob','text':'two','at_ms':2000}",
        "{'act':'close'," OF "'who':'ann','why':'first'}",
        "{'act':'close'," OF "'who':'bob','why':'second'}",
        NULL,
    };
    struct workflow w = WORKFLOW_INIT;
    struct episode e = { .id = "e1" }, other = { .id = "e2" };

    ck_assert_ptr_null(workflow_of(&w, "e1"));
    take_all(&w, acts);
    const struct said *s = workflow_of(&w, "e1");

    ck_assert_ptr_nonnull(s);
    ck_assert_str_eq(s->alert, "aaaaaaaa");
    ck_assert_uint_eq(s->note_count, 2);
    ck_assert(!s->notes[0].is_commentary && s->notes[1].is_commentary);
    ck_assert_str_eq(s->notes[1].text, "two");
    ck_assert_int_eq(s->notes[1].at.ms, 2000);
    ck_assert_str_eq(s->closed_why, "second");
    ck_assert(workflow_closes(&w, &e) && !workflow_closes(&w, &other));
    e.by_person = true; /* done: what opens it again is another figure */
    ck_assert(!workflow_closes(&w, &e));
    workflow_release(&w);
}
END_TEST

START_TEST(of_several_silences_the_one_that_lasts_longest_counts)
{
    struct workflow w = WORKFLOW_INIT;
    const struct alert a = alert_of(RULE_BEHIND_PLAN);

    take(&w, SILENCE("plan=dudley"), 0);
    take(&w,
         "{'act':'silence-add','silence':2,'match':'measure=cyp-4w','who':'ann','why':'w',"
         "'on':'2024-05-01','until':'2024-05-20','approved_by':'cat'}",
         0);
    ck_assert_int_eq(workflow_silenced(&w, &a, may(5))->number, 2);
    ck_assert_str_eq(workflow_silence(&w, 2)->approved_by, "cat");
    take(&w, "{'act':'silence-end','silence':2,'who':'ann','on':'2024-05-06'}", 0);
    ck_assert_int_eq(workflow_silenced(&w, &a, may(6))->number, 1);
    ck_assert_ptr_null(workflow_silenced(&w, &a, may(11)));
    workflow_release(&w);
}
END_TEST

static const char *const damaged[] = {
    "{'act':'ack','episode':'e1','who':'ann','why':'w','on':'2024-05-01','until':'2024-05-10'}",
    "{'act':'ack'," OF "'why':'w','on':'2024-05-01','until':'2024-05-10'}",
    "{'act':'ack'," OF "'who':'ann','on':'2024-05-01','until':'2024-05-10'}",
    "{'act':'ack'," OF "'who':'ann','why':'w','until':'2024-05-10'}",
    "{'act':'ack'," OF "'who':'ann','why':'w','on':'2024-05-01','until':'soon'}",
    "{'act':'note'," OF "'who':'ann'}",
    "{'act':'close'," OF "'who':'ann'}",
    "{'act':'silence-add','silence':1,'match':'x','who':'ann','why':'w','on':'2024-05-01',"
    "'until':'2024-05-10'}",
    "{'act':'silence-add','silence':1,'match':'plan=a','who':'ann','on':'2024-05-01',"
    "'until':'2024-05-10'}",
    "{'act':'silence-end','silence':7,'who':'ann','on':'2024-05-03'}",
    "{'act':'something'}",
};

START_TEST(a_record_that_says_too_little_changes_nothing)
{
    struct workflow w = WORKFLOW_INIT;
    const struct alert a = alert_of(RULE_FEED_LATE);
    const struct episode e = { .id = "e1", .severity = SEVERITY_RED, .state = ALERT_FIRING };

    take(&w, damaged[_i], -EBADMSG);
    ck_assert(!workflow_withholds(&w, &a, &e, NEWS_REMINDER, may(1)));
    ck_assert(!workflow_closes(&w, &e));
    workflow_release(&w);
}
END_TEST

/* ---- closing ---- */

/* An alert that fired is closed, then sees these figures. */
static const struct {
    const char *why, *before, *after;
    long for_periods;
    enum alert_state state; /* of the current episode */
    enum alert_news news;
    int opened; /* month */
} closings[] = {
    { "the same figures: it stays closed", "CR", "CR", 1, ALERT_WITHDRAWN, NEWS_NONE, 1 },
    { "clear: no end is told twice", "CR", "CRC", 1, ALERT_WITHDRAWN, NEWS_NONE, 1 },
    { "behind again: another episode", "CR", "CRR", 1, ALERT_FIRING, NEWS_NEW, 2 },
    { "behind after a clear period", "CR", "CRCA", 1, ALERT_FIRING, NEWS_NEW, 3 },
    { "the plan asks for two periods", "CRR", "CRRR", 2, ALERT_PENDING, NEWS_WATCHING, 3 },
    { "and they come", "CRR", "CRRRR", 2, ALERT_FIRING, NEWS_NEW, 3 },
    { "a missing figure opens nothing", "CR", "CR?", 1, ALERT_WITHDRAWN, NEWS_NONE, 1 },
    { "its figure is restated, and behind still", "CR", "CA*", 1, ALERT_WITHDRAWN, NEWS_NONE, 1 },
};

START_TEST(what_a_person_closed_opens_anew_with_the_next_period_behind)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    periods_init(p, closings[_i].for_periods, 1, closings[_i].before);
    ck_assert_int_eq(step(NULL, &p->finding, 0, &c), 0);
    adopt(&stored, &c);
    ck_assert_int_eq(alert_current(&stored)->state, ALERT_FIRING);
    ck_assert_int_eq(alert_close(&stored, month_end(PERIODS_MAX), NOW(1), &c), 0);
    ck_assert_int_eq(c.news, NEWS_WITHDRAWN);
    ck_assert_str_eq(c.why, "a person closed it");
    adopt(&stored, &c);
    ck_assert(alert_current(&stored)->by_person);

    AUTO(auto_free) char *json = alert_encode(&stored); /* as the audit keeps it */
    struct alert kept = ALERT_INIT;

    ck_assert_int_eq(alert_decode(json, strlen(json), &kept), 0);
    periods_set(p, closings[_i].after);
    ck_assert_int_eq(step(&kept, &p->finding, 2, &c), 0);
    ck_assert_msg(c.news == closings[_i].news, "%s: news %s (%s)", closings[_i].why,
                  alert_news_name(c.news), c.why);
    adopt(&kept, &c);
    const struct episode *e = alert_current(&kept);

    ck_assert_msg(e->state == closings[_i].state, "%s: %s", closings[_i].why,
                  alert_state_name(e->state));
    ck_assert_int_eq(e->opened.day, month_end(closings[_i].opened).day);
    alert_release(&kept);
    alert_release(&stored);
}
END_TEST

UNIT_MAIN("workflow", UNIT_ROWS(only_reminders_and_what_a_silence_is_about_are_held_back, rows),
          UNIT_ROWS(whom_a_silence_is_about_is_said_in_words_that_are_checked, matches),
          UNIT_TEST(notes_collect_and_a_later_closing_replaces_an_earlier),
          UNIT_TEST(of_several_silences_the_one_that_lasts_longest_counts),
          UNIT_ROWS(a_record_that_says_too_little_changes_nothing, damaged),
          UNIT_ROWS(what_a_person_closed_opens_anew_with_the_next_period_behind, closings))
