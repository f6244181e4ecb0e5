#include "notify/late_feed.h"

#include <string.h>

#include "support/message_fixture.h"
#include "support/unit.h"

#define MANY 10

static struct message_fixture f;
static struct finding all[MANY];
static struct finding_set set;
static struct list_measure list;
static const char *contact;

static const char *contact_of(void *arg, const char *feed)
{
    (void)arg;
    (void)feed;
    return contact;
}

static const char *list_of(void *arg, const char *feed)
{
    (void)arg;
    return strcmp(feed, "cyp4ww") == 0 ? "community" : NULL;
}

/* A feed that is late, and so many measures that are held for it. */
static void late(size_t held)
{
    fixture_init(&f);
    for (size_t i = 0; i < held; i++) {
        all[i] = f.finding;
        all[i].title = WORDS("Wheelchairs");
        all[i].holds_now = HOLD_FEED_LATE;
    }
    set = (struct finding_set){ all, held };
    contact = NULL;
    f.context.findings = &set;
    f.context.feed_contact = contact_of;
    f.context.feed_list = list_of;
    f.alert.rule = f.finding.rule = RULE_FEED_LATE;
    f.finding.detail = WORDS("nothing received for the period to 30 June 2024");
    f.finding.history_count = 0;
    f.finding.measure = NULL;
    f.alert.measure = NULL;
}

static void check(void (*add)(const struct item_view *, struct text *), const char *words)
{
    struct text said = TEXT_INIT;
    struct item_view v;

    item_view(&f.context, &f.items[0], &v);
    add(&v, &said);
    if (*words)
        ck_assert_msg(strstr(text_str(&said), words) != NULL, "\"%s\" is missing in: %s", words,
                      text_str(&said));
    else
        ck_assert_str_eq(text_str(&said), "");
    text_release(&said);
}

START_TEST(the_measures_that_rest_on_a_late_feed_are_told_with_their_owners)
{
    late(2);
    check(late_feed_held,
          "2 measures are without a current figure: Wheelchairs (camhs-lead); Wheelchairs");
    all[1].owner = NULL;
    check(late_feed_held, "Wheelchairs (nobody).");
    all[1].holds_now = 0; /* its figure is not awaited */
    check(late_feed_held, "1 measure is without a current figure: Wheelchairs (camhs-lead).");
    all[0].feed = "another";
    check(late_feed_held, "");
    late(MANY);
    check(late_feed_held, "; and 2 more.");
}
END_TEST

START_TEST(a_measure_of_the_list_that_a_late_feed_writes_rests_on_it)
{
    struct plan_measure of_list = { .id = WORDS("over-18"), .list = &list };

    list.list = WORDS("community");
    late(1);
    all[0].measure = &of_list;
    all[0].feed = NULL;
    check(late_feed_held, "1 measure is without");
    list.list = WORDS("another");
    check(late_feed_held, "");
}
END_TEST

START_TEST(whom_to_ask_is_as_the_settings_have_it)
{
    late(1);
    check(late_feed_ask, "\"contact:\" of the feed");
    contact = "the information team";
    check(late_feed_ask, "the information team.");
    check(late_feed_again, "from 15 August 2024 on each day to those who can mend it");
    check(late_feed_text, "we have: nothing received for the period to 30 June 2024.");
    check(late_feed_text, "Until then 1 figure that we report from it is not current.");
}
END_TEST

START_TEST(a_late_feed_says_when_it_goes_further_and_to_whom)
{
    late(2);
    f.action.accountable = WORDS("chief");
    f.episode.red_on = DATE_NONE; /* told today */
    all[0].holds_now = 0;         /* it waits for the feed all the same */
    check(late_feed_further,
          "from 28 August 2024 also to who is accountable for its measures: chief.");
    f.episode.red_on = date_of("2024-08-01");
    f.episode.steps = 1;
    check(late_feed_further, "since 15 August 2024 also to who");
    f.plan.mode = PLAN_REHEARSAL;
    check(late_feed_further, "to nobody");
    f.plan.mode = PLAN_LIVE;
    f.measure.escalate.is_said = true; /* that nobody is told */
    check(late_feed_further, "to nobody");
    late(1);
    check(late_feed_further, "to nobody");
}
END_TEST

START_TEST(of_a_feed_that_came_nothing_is_asked)
{
    late(1);
    f.items[0].news = NEWS_CLEARED;
    check(late_feed_held, "");
    check(late_feed_further, "");
    check(late_feed_ask, "");
    check(late_feed_again, "");
    check(late_feed_text, "");
    late(1);
    f.alert.rule = f.finding.rule = RULE_COVERAGE_GAP;
    check(late_feed_held, "");
    check(late_feed_text, "");
}
END_TEST

UNIT_MAIN("late_feed", UNIT_TEST(the_measures_that_rest_on_a_late_feed_are_told_with_their_owners),
          UNIT_TEST(a_measure_of_the_list_that_a_late_feed_writes_rests_on_it),
          UNIT_TEST(whom_to_ask_is_as_the_settings_have_it),
          UNIT_TEST(a_late_feed_says_when_it_goes_further_and_to_whom),
          UNIT_TEST(of_a_feed_that_came_nothing_is_asked))
