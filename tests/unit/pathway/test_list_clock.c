/*
 * The clocks of each service, by the events of one pathway: what starts them, what stops them, and what a
 * service does not count
 */
#include "unit/pathway/list_story.h"

struct step {
    const char *event, *date, *id, *reason, *exception;
};
#define STEP(event_, date_, ...)                                                                   \
    {                                                                                              \
        .event = event_, .date = date_, __VA_ARGS__                                                \
    }

static const struct {
    const char *why, *service;
    struct step steps[8];
    const char *counts;
} lives[] = {
    { "removed before anybody saw them",
      "RNA",
      { STEP("referral", "2025-01-06", ), STEP("removal", "2025-02-03", ) },
      "pathway 2025-01-06 2025-02-03 removed-unseen\n" },
    { "removed after a first contact",
      "RNA",
      { STEP("referral", "2025-01-06", ), STEP("first-contact", "2025-02-03", ),
        STEP("removal", "2025-02-03", ) },
      "pathway 2025-01-06 2025-02-03 removed\n" },
    { "moved to another provider",
      "RNA",
      { STEP("referral", "2025-01-06", ), STEP("transfer", "2025-02-03", ) },
      "pathway 2025-01-06 2025-02-03 transferred\n" },
    { "stopped and removed on one day is completed",
      "RNA",
      { STEP("referral", "2025-01-06", ), STEP("clock-stop", "2025-02-03", ),
        STEP("removal", "2025-02-03", ) },
      "pathway 2025-01-06 2025-02-03 completed\n" },
    { "removed first, then stopped: the wait ended with the removal",
      "RNA",
      { STEP("referral", "2025-01-06", ), STEP("removal", "2025-02-03", ),
        STEP("clock-stop", "2025-03-03", ) },
      "pathway 2025-01-06 2025-02-03 removed-unseen\n" },
    { "reopened: the same pathway waits on",
      "RNA",
      { STEP("referral", "2025-01-06", ), STEP("removal", "2025-02-03", ),
        STEP("reopened", "2025-02-10", ) },
      "pathway 2025-01-06 open\n" },
    { "reopened and stopped again",
      "RNA",
      { STEP("referral", "2025-01-06", ), STEP("clock-stop", "2025-02-03", .id = "1"),
        STEP("reopened", "2025-02-10", ), STEP("clock-stop", "2025-03-03", .id = "2") },
      "pathway 2025-01-06 2025-03-03 completed\n" },
    { "mental health: two of three do not stop the clock",
      "mental-health",
      { STEP("referral", "2025-01-06", ), STEP("first-contact", "2025-01-20", ),
        STEP("outcome-baseline", "2025-01-20", ) },
      "baseline 2025-01-20 2025-01-20 completed\n"
      "care-plan 2025-01-20 open\n"
      "first-contact 2025-01-06 2025-01-20 completed\n"
      "pathway 2025-01-06 open\n" },
    { "mental health: the latest of the three does",
      "mental-health",
      { STEP("referral", "2025-01-06", ), STEP("care-plan", "2025-02-10", ),
        STEP("first-contact", "2025-01-20", ), STEP("outcome-baseline", "2025-02-03", ) },
      "baseline 2025-01-20 2025-02-03 completed\n"
      "care-plan 2025-01-20 2025-02-10 completed\n"
      "first-contact 2025-01-06 2025-01-20 completed\n"
      "pathway 2025-01-06 2025-02-10 completed\n" },
    { "mental health: discharged without the third, when the gap has passed",
      "mental-health",
      { STEP("referral", "2025-01-06", ), STEP("first-contact", "2025-01-20", ),
        STEP("outcome-baseline", "2025-01-20", ), STEP("clock-stop", "2025-03-03", ) },
      "baseline 2025-01-20 2025-01-20 completed\n"
      "care-plan 2025-01-20 2025-03-08 stopped\n"
      "first-contact 2025-01-06 2025-01-20 completed\n"
      "pathway 2025-01-06 2025-03-08 stopped\n" },
    { "neurodevelopmental: each stage has its clock",
      "neurodevelopmental",
      { STEP("referral", "2025-01-06", ), STEP("first-contact", "2025-02-03", ),
        STEP("assessment-start", "2025-06-02", ) },
      "assessment 2025-01-06 2025-06-02 completed\n"
      "contact-to-assessment 2025-02-03 2025-06-02 completed\n"
      "diagnosis 2025-06-02 open\n"
      "first-contact 2025-01-06 2025-02-03 completed\n"
      "pathway 2025-01-06 open\n" },
    { "neurodevelopmental: a first contact by telephone does not count, the later one by video "
      "does",
      "neurodevelopmental",
      { STEP("referral", "2025-01-06", ),
        STEP("first-contact", "2025-02-03", .id = "1", .reason = "telephone"),
        STEP("first-contact", "2025-03-03", .id = "2", .reason = "Video") },
      "assessment 2025-01-06 open\n"
      "contact-to-assessment 2025-03-03 open\n"
      "first-contact 2025-01-06 2025-03-03 completed\n"
      "pathway 2025-01-06 open\n" },
    { "mental health: a first contact by telephone counts",
      "mental-health",
      { STEP("referral", "2025-01-06", ),
        STEP("first-contact", "2025-02-03", .id = "1", .reason = "telephone"),
        STEP("first-contact", "2025-03-03", .id = "2", .reason = "video") },
      "baseline 2025-02-03 open\n"
      "care-plan 2025-02-03 open\n"
      "first-contact 2025-01-06 2025-02-03 completed\n"
      "pathway 2025-01-06 open\n" },
    { "a first contact that does not count makes nobody seen",
      "neurodevelopmental",
      { STEP("referral", "2025-01-06", ),
        STEP("first-contact", "2025-02-03", .reason = "telephone"),
        STEP("removal", "2025-03-03", ) },
      "assessment 2025-01-06 2025-03-03 removed-unseen\n"
      "first-contact 2025-01-06 2025-03-03 removed-unseen\n"
      "pathway 2025-01-06 2025-03-03 removed-unseen\n" },
    { "a stage whose end nobody recorded ends with the pathway, unknown",
      "neurodevelopmental",
      { STEP("referral", "2025-01-06", ), STEP("diagnosis", "2025-06-02", ) },
      "assessment 2025-01-06 2025-06-02 unknown\n"
      "first-contact 2025-01-06 2025-06-02 unknown\n"
      "pathway 2025-01-06 2025-06-02 completed\n" },
    { "wheelchair: closed without equipment leaves the denominator",
      "wheelchair",
      { STEP("referral", "2025-01-06", ), STEP("closed-no-equipment", "2025-02-03", ) },
      "decision 2025-01-06 2025-02-03 excluded\n"
      "pathway 2025-01-06 2025-02-03 excluded\n" },
    { "EHC plan: issued with an exception, the clock ran on",
      "ehc-plan",
      { STEP("referral", "2025-01-06", ), STEP("assess-decision", "2025-02-03", ),
        STEP("plan-issued", "2025-07-07", .exception = "absent-from-area") },
      "annual-review 2025-07-07 open\n"
      "assess-decision 2025-01-06 2025-02-03 completed\n"
      "not-to-issue 2025-01-06 2025-07-07 unknown\n"
      "pathway 2025-01-06 2025-07-07 completed absent-from-area\n" },
    { "EHC plan: refused an assessment",
      "ehc-plan",
      { STEP("referral", "2025-01-06", ),
        STEP("assess-decision", "2025-02-03", .reason = "Refused") },
      "assess-decision 2025-01-06 2025-02-03 completed\n"
      "not-to-issue 2025-01-06 2025-02-03 excluded\n"
      "pathway 2025-01-06 2025-02-03 excluded\n" },
    { "EHC plan: not issued",
      "ehc-plan",
      { STEP("referral", "2025-01-06", ), STEP("not-to-issue", "2025-04-07", ) },
      "assess-decision 2025-01-06 2025-04-07 excluded\n"
      "not-to-issue 2025-01-06 2025-04-07 completed\n"
      "pathway 2025-01-06 2025-04-07 excluded\n" },
    { "EHC plan: issued after a refusal: the request stays refused, and the plan is reviewed",
      "ehc-plan",
      { STEP("referral", "2024-01-01", ),
        STEP("assess-decision", "2024-02-05", .reason = "refused"),
        STEP("plan-issued", "2025-01-06", ), STEP("review-meeting", "2025-12-01", .id = "1"),
        STEP("amended-plan", "2026-01-26", ) },
      "amended-plan 2025-12-01 2026-01-26 completed\n"
      "annual-review 2025-01-06 2025-12-01 completed\n"
      "annual-review 2025-12-01 open\n"
      "assess-decision 2024-01-01 2024-02-05 completed\n"
      "not-to-issue 2024-01-01 2024-02-05 excluded\n"
      "pathway 2024-01-01 2024-02-05 excluded\n"
      "review-decision 2025-12-01 open\n" },
    { "EHC plan: issued after a refusal, and the child leaves later",
      "ehc-plan",
      { STEP("referral", "2024-01-01", ), STEP("not-to-issue", "2024-04-01", ),
        STEP("plan-issued", "2025-01-06", ), STEP("removal", "2025-06-02", ),
        STEP("review-meeting", "2025-12-01", .id = "1") },
      "annual-review 2025-01-06 2025-06-02 removed-unseen\n"
      "assess-decision 2024-01-01 2024-04-01 excluded\n"
      "not-to-issue 2024-01-01 2024-04-01 completed\n"
      "pathway 2024-01-01 2024-04-01 excluded\n" },
    { "EHC plan: a review after a refusal, without a plan, begins nothing",
      "ehc-plan",
      { STEP("referral", "2024-01-01", ), STEP("not-to-issue", "2024-04-01", ),
        STEP("review-meeting", "2024-12-02", .id = "1"), STEP("plan-issued", "2025-01-06", ) },
      "annual-review 2025-01-06 open\n"
      "assess-decision 2024-01-01 2024-04-01 excluded\n"
      "not-to-issue 2024-01-01 2024-04-01 completed\n"
      "pathway 2024-01-01 2024-04-01 excluded\n" },
    { "EHC plan: reopened after a refusal, the request's clock runs on from its start",
      "ehc-plan",
      { STEP("referral", "2024-01-01", ), STEP("not-to-issue", "2024-04-01", ),
        STEP("reopened", "2024-05-06", ), STEP("advice-requested", "2024-05-13", .id = "1"),
        STEP("plan-issued", "2025-01-06", ) },
      "advice 2024-05-13 2025-01-06 unknown\n"
      "annual-review 2025-01-06 open\n"
      "assess-decision 2024-01-01 2025-01-06 unknown\n"
      "not-to-issue 2024-01-01 2024-04-01 completed\n"
      "pathway 2024-01-01 2025-01-06 completed\n" },
    { "EHC plan: each advice has its own clock, and one answer does not stop another",
      "ehc-plan",
      { STEP("referral", "2025-01-06", ), STEP("advice-requested", "2025-02-03", .id = "health"),
        STEP("advice-requested", "2025-02-03", .id = "school"),
        STEP("advice-received", "2025-02-10", .id = "school") },
      "advice 2025-02-03 2025-02-10 completed\n"
      "advice 2025-02-03 open\n"
      "assess-decision 2025-01-06 open\n"
      "not-to-issue 2025-01-06 open\n"
      "pathway 2025-01-06 open\n" },
    { "EHC plan: reviews begin the year anew; an amended plan follows its review",
      "ehc-plan",
      { STEP("referral", "2024-01-01", ), STEP("plan-issued", "2024-05-06", ),
        STEP("review-meeting", "2025-04-07", .id = "1"), STEP("review-decision", "2025-05-05", ),
        STEP("amended-plan", "2025-07-07", ) },
      "amended-plan 2025-04-07 2025-07-07 completed\n"
      "annual-review 2024-05-06 2025-04-07 completed\n"
      "annual-review 2025-04-07 open\n"
      "assess-decision 2024-01-01 2024-05-06 unknown\n"
      "not-to-issue 2024-01-01 2024-05-06 unknown\n"
      "pathway 2024-01-01 2024-05-06 completed\n"
      "review-decision 2025-04-07 2025-05-05 completed\n" },
    { "EHC plan: a review that changes nothing needs no amended plan",
      "ehc-plan",
      { STEP("referral", "2024-01-01", ), STEP("plan-issued", "2024-05-06", ),
        STEP("review-meeting", "2025-04-07", .id = "1"),
        STEP("review-decision", "2025-05-05", .reason = "no-change") },
      "amended-plan 2025-04-07 2025-05-05 excluded\n"
      "annual-review 2024-05-06 2025-04-07 completed\n"
      "annual-review 2025-04-07 open\n"
      "assess-decision 2024-01-01 2024-05-06 unknown\n"
      "not-to-issue 2024-01-01 2024-05-06 unknown\n"
      "pathway 2024-01-01 2024-05-06 completed\n"
      "review-decision 2025-04-07 2025-05-05 completed\n" },
    { "local offer: the days since a page's last review, at any date",
      "local-offer",
      { STEP("referral", "2024-01-01", ), STEP("review-meeting", "2024-09-02", .id = "1"),
        STEP("review-meeting", "2025-03-03", .id = "2") },
      "pathway 2024-01-01 2024-09-02 completed\n"
      "pathway 2024-09-02 2025-03-03 completed\n"
      "pathway 2025-03-03 open\n" },
};

START_TEST(the_clocks_of_a_service_follow_its_events)
{
    struct pathway_list *l = story_new(lives[_i].service);

    for (size_t i = 0; i < 8 && lives[_i].steps[i].event; i++) {
        const struct step *s = &lives[_i].steps[i];

        ck_assert_int_eq(TELL(l, "A", s->event, s->date, 1, .id = s->id, .reason = s->reason,
                              .exception = s->exception, .person = "P"),
                         LIST_TAKEN);
    }
    char *counts = counts_text(l);

    ck_assert_msg(strcmp(counts, lives[_i].counts) == 0, "%s:\n%s", lives[_i].why, counts);
    free(counts);
    list_free(l);
}
END_TEST

START_TEST(which_contacts_count_is_said_by_the_service_that_the_referral_tells)
{
    struct pathway_list *l = story_new("mental-health");

    TELL(l, "A", "first-contact", "2025-02-03", 1, .id = "1", .reason = "telephone");
    TELL(l, "B", "first-contact", "2025-02-03", 1, .id = "1", .reason = "telephone");
    TELL(l, "A", "referral", "2025-01-06", 1, .service = "neurodevelopmental");
    TELL(l, "B", "referral", "2025-01-06", 1, .service = "mental-health");
    CHECK_COUNTS(l, "assessment 2025-01-06 open\n"
                    "baseline 2025-02-03 open\n"
                    "care-plan 2025-02-03 open\n"
                    "first-contact 2025-01-06 2025-02-03 completed\n"
                    "first-contact 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n");
    list_free(l);
}
END_TEST

UNIT_MAIN("list_clock", UNIT_ROWS(the_clocks_of_a_service_follow_its_events, lives),
          UNIT_TEST(which_contacts_count_is_said_by_the_service_that_the_referral_tells))
