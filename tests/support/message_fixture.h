/*
 * message_fixture - one alert behind its plan, built up for the tests of wording
 *
 * The smallest whole: plan, measure, action, series version, finding, episode, alert and context,
 * all in one value that a test changes before it composes. fixture_init() sets the inner pointers;
 * do not copy a fixture afterwards.
 */
#ifndef SUPPORT_MESSAGE_FIXTURE_H
#define SUPPORT_MESSAGE_FIXTURE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "notify/message.h"
#include "support/date_of.h"

#define FIXTURE_ITEMS_MAX 400
#define WORDS(s)                                                                                   \
    ((char *)(uintptr_t)(s)) /* settings and plans own char *; a literal is only read here */

struct message_fixture {
    struct plan plan;
    struct plan_priority priority;
    struct plan_measure measure;
    struct plan_action action;
    struct series series;
    struct series_version version;
    struct period_judgement judged[2];
    struct finding finding;
    struct episode episode;
    struct alert alert;
    struct message_item items[FIXTURE_ITEMS_MAX];
    struct message_context context;
    const char *org_title;
    bool published;
};

static inline const char *fixture_org_title(void *arg, const char *code)
{
    const struct message_fixture *f = arg;

    return f->org_title ? f->org_title : code;
}

static inline bool fixture_is_published(void *arg, const char *feed)
{
    (void)feed;
    return ((const struct message_fixture *)arg)->published;
}

static inline void fixture_init(struct message_fixture *f)
{
    *f = (struct message_fixture){ .org_title = "Black Country Healthcare NHS Foundation Trust",
                                   .published = true };
    f->priority = (struct plan_priority){ .id = WORDS("1"),
                                          .title = WORDS("Children wait less time for help") };
    f->action = (struct plan_action){ .id = WORDS("1.1"),
                                      .title = WORDS("Second assessment team"),
                                      .lead = WORDS("camhs-lead"),
                                      .due = date_of("2024-09-30"),
                                      .status = ACTION_IN_PROGRESS };
    f->measure = (struct plan_measure){
        .id = WORDS("cyp-4w"),
        .first_id = WORDS("cyp-4w"),
        .title = WORDS("Children helped within 4 weeks, Black Country Healthcare"),
        .published = WORDS("MRS08b"),
        .polarity = POLARITY_HIGHER,
        .has_target = true,
        .target = 60,
        .tolerance = 5,
        .for_periods = 1,
        .clear_for = 1,
        .action = WORDS("1.1"),
        .owner = WORDS("camhs-lead")
    };
    f->measure.select.feed = WORDS("cyp4ww");
    f->measure.select.org = WORDS("TAJ");
    f->plan = (struct plan){ .id = WORDS("dudley"),
                             .place = WORDS("dudley"),
                             .title = WORDS("SEND plan"),
                             .version = 1,
                             .valid_from = DATE_NONE,
                             .valid_to = DATE_NONE,
                             .priorities = &f->priority,
                             .priority_count = 1,
                             .actions = &f->action,
                             .action_count = 1,
                             .measures = &f->measure,
                             .measure_count = 1 };
    f->series = (struct series){ .org = WORDS("TAJ"), .unit = UNIT_PERCENT };
    f->version = (struct series_version){ .value = 5,
                                          .low = 5,
                                          .high = 5,
                                          .numerator = NAN,
                                          .denominator = NAN,
                                          .status = PUBLICATION_PROVISIONAL,
                                          .as_of = { 1723593600000 } };
    f->judged[0] = (struct period_judgement){ .start = date_of("2024-05-01"),
                                              .end = date_of("2024-06-30"),
                                              .event = PERIOD_RED,
                                              .rag = RAG_RED,
                                              .line = 20,
                                              .version = &f->version };
    f->finding = (struct finding){ .rule = RULE_BEHIND_PLAN,
                                   .plan = &f->plan,
                                   .measure = &f->measure,
                                   .action = &f->action,
                                   .feed = "cyp4ww",
                                   .title = f->measure.title,
                                   .owner = "camhs-lead",
                                   .series = &f->series,
                                   .history = f->judged,
                                   .history_count = 1,
                                   .rag = RAG_RED,
                                   .line = 20 };
    f->episode = (struct episode){ .id = "22222222222222222222222222222222",
                                   .opened = date_of("2024-06-30"),
                                   .folded = date_of("2024-06-30"),
                                   .reopened = DATE_NONE,
                                   .told_open = true,
                                   .told_period = date_of("2024-06-30"),
                                   .told_event = PERIOD_RED,
                                   .told_value = 5,
                                   .state = ALERT_FIRING,
                                   .severity = SEVERITY_RED,
                                   .ordinal = 1,
                                   .news = NEWS_NEW,
                                   .closed_on = DATE_NONE,
                                   .value = 5,
                                   .line = 20,
                                   .period_end = date_of("2024-06-30") };
    f->alert = (struct alert){ .id = "11111111111111111111111111111111",
                               .rule = RULE_BEHIND_PLAN,
                               .plan = WORDS("dudley"),
                               .measure = WORDS("cyp-4w"),
                               .feed = WORDS("cyp4ww"),
                               .action = WORDS("1.1"),
                               .owner = WORDS("camhs-lead"),
                               .title = f->measure.title,
                               .episodes = &f->episode,
                               .episode_count = 1 };
    for (size_t i = 0; i < FIXTURE_ITEMS_MAX; i++)
        f->items[i] = (struct message_item){ .alert = &f->alert,
                                             .episode = &f->episode,
                                             .finding = &f->finding,
                                             .news = NEWS_NEW,
                                             .notice_id = "33333333333333333333333333333333" };
    f->context = (struct message_context){ .instance = "black-country",
                                           .receiver = "mail",
                                           .recipient = "lead@example.nhs.uk",
                                           .plan = &f->plan,
                                           .items = f->items,
                                           .item_count = 1,
                                           .also_told = "ops",
                                           .from = "monitor@example.nhs.uk",
                                           .now = { 1723629600000 },
                                           .org_title = fixture_org_title,
                                           .org_title_arg = f,
                                           .feed_is_published = fixture_is_published,
                                           .feed_is_published_arg = f };
}

#endif
