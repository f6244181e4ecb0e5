#include "pathway/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "parse/pathway_record.h"
#include "support/unit.h"

static struct services *shipped(void)
{
    struct diags diags = DIAGS_INIT;
    struct services *s = NULL;
    int r = services_load("config/services.yaml", &diags, &s);

    diags_print(&diags, stderr);
    diags_release(&diags);
    ck_assert_int_eq(r, 0);
    return s;
}

START_TEST(events_are_numbered_as_records_name_them)
{
    ck_assert_ptr_null(pathway_event_names[EVENT_COUNT]);
    ck_assert_int_eq(pathway_event_of("referral"), EVENT_REFERRAL);
    ck_assert_int_eq(pathway_event_of("first-contact"), EVENT_FIRST_CONTACT);
    ck_assert_int_eq(pathway_event_of("closed-no-equipment"), EVENT_CLOSED_NO_EQUIPMENT);
    ck_assert_int_eq(pathway_event_of("plan-issued"), EVENT_PLAN_ISSUED);
    ck_assert_int_eq(pathway_event_of("clock-stop"), EVENT_CLOCK_STOP);
    ck_assert_int_eq(pathway_event_of("reopened"), EVENT_REOPENED);
    ck_assert_int_eq(pathway_event_of("seen"), -ENOENT);
}
END_TEST

static const struct {
    const char *service, *stage;
    int kind;
    bool latest, beyond;
    const char *line;
    uint32_t from, to;
} clocks[] = {
#define E(x) EVENT_BIT(EVENT_##x)
    { "mental-health", "pathway", CLOCK_FIRST, true, false, "4w", E(REFERRAL),
      E(FIRST_CONTACT) | E(OUTCOME_BASELINE) | E(CARE_PLAN) },
    { "neurodevelopmental", "pathway", CLOCK_FIRST, false, false, NULL, E(REFERRAL), E(DIAGNOSIS) },
    { "neurodevelopmental", "first-contact", CLOCK_FIRST, false, false, "13w", E(REFERRAL),
      E(FIRST_CONTACT) },
    { "neurodevelopmental", "assessment", CLOCK_FIRST, false, false, "3m", E(REFERRAL),
      E(ASSESSMENT_START) },
    { "neurodevelopmental", "diagnosis", CLOCK_FIRST, false, false, NULL, E(ASSESSMENT_START),
      E(DIAGNOSIS) },
    { "wheelchair", "pathway", CLOCK_FIRST, false, false, "18w", E(REFERRAL), E(EQUIPMENT) },
    { "wheelchair", "decision", CLOCK_FIRST, false, false, NULL, E(REFERRAL), E(PRESCRIPTION) },
    { "wheelchair", "delivery", CLOCK_FIRST, false, false, NULL, E(PRESCRIPTION), E(EQUIPMENT) },
    { "ehc-plan", "pathway", CLOCK_FIRST, false, false, "20w", E(REFERRAL), E(PLAN_ISSUED) },
    { "ehc-plan", "assess-decision", CLOCK_FIRST, false, false, "6w", E(REFERRAL),
      E(ASSESS_DECISION) },
    { "ehc-plan", "advice", CLOCK_PAIRED, false, false, "6w", E(ADVICE_REQUESTED),
      E(ADVICE_RECEIVED) },
    { "ehc-plan", "not-to-issue", CLOCK_FIRST, false, false, "16w", E(REFERRAL), E(NOT_TO_ISSUE) },
    { "ehc-plan", "annual-review", CLOCK_EACH, false, true, "12m",
      E(PLAN_ISSUED) | E(REVIEW_MEETING), E(REVIEW_MEETING) },
    { "ehc-plan", "amended-plan", CLOCK_EACH, false, true, "12w", E(REVIEW_MEETING),
      E(AMENDED_PLAN) },
    { "local-offer", "pathway", CLOCK_EACH, false, false, NULL, E(REFERRAL) | E(REVIEW_MEETING),
      E(REVIEW_MEETING) },
    { "RNA", "pathway", CLOCK_FIRST, false, false, NULL, E(REFERRAL), E(CLOCK_STOP) },
};

START_TEST(each_shipped_service_has_the_clocks_and_lines_of_its_source)
{
    struct services *all = shipped();
    const struct service *s = service_of(all, clocks[_i].service);
    int n = service_clock(s, clocks[_i].stage);

    ck_assert_msg(n >= 0, "%s: no clock %s", clocks[_i].service, clocks[_i].stage);
    const struct clock_rule *c = &s->clocks[n];

    ck_assert_int_eq(c->kind, clocks[_i].kind);
    ck_assert_int_eq(c->latest, clocks[_i].latest);
    ck_assert_int_eq(c->beyond, clocks[_i].beyond);
    ck_assert_pstr_eq(c->line, clocks[_i].line);
    ck_assert_uint_eq(c->from, clocks[_i].from);
    ck_assert_uint_eq(c->to, clocks[_i].to);
    services_free(all);
}
END_TEST

START_TEST(thirteen_weeks_and_three_months_are_different_lines)
{
    struct services *all = shipped();
    const struct service *s = service_of(all, "neurodevelopmental");
    struct span contact, assessment;

    ck_assert_int_eq(span_parse(s->clocks[service_clock(s, "first-contact")].line, &contact), 0);
    ck_assert_int_eq(span_parse(s->clocks[service_clock(s, "assessment")].line, &assessment), 0);
    ck_assert_int_eq(contact.unit, SPAN_WEEKS);
    ck_assert_int_eq(contact.count, 13);
    ck_assert_int_eq(assessment.unit, SPAN_MONTHS);
    ck_assert_int_eq(assessment.count, 3);
    services_free(all);
}
END_TEST

START_TEST(each_shipped_service_says_its_source_and_ends_by_removal_and_transfer)
{
    struct services *all = shipped();

    ck_assert_uint_eq(services_count(all), 5);
    for (size_t i = 0; i < services_count(all); i++) {
        const struct service *s = services_at(all, i);
        uint32_t ends = 0;

        ck_assert_msg(s->source && strlen(s->source) > 40, "%s has no source", s->id);
        ck_assert(service_is_declared(s));
        for (size_t k = 0; k < s->end_count; k++)
            ends |= EVENT_BIT(s->ends[k].event);
        ck_assert(ends & E(REMOVAL));
        ck_assert(ends & E(TRANSFER));
    }
    ck_assert_int_eq(service_of(all, "mental-health")->spell_gap_days, 5);
    ck_assert_int_eq(service_of(all, "wheelchair")->spell_gap_days, -1);
    services_free(all);
}
END_TEST

START_TEST(a_service_that_is_not_declared_has_referral_to_clock_stop)
{
    struct services *all = shipped();
    const struct service *s = service_of(all, "RNA");

    ck_assert(!service_is_declared(s));
    ck_assert_ptr_eq(s, service_of(NULL, "mental-health"));
    ck_assert_ptr_eq(s, service_of(all, NULL));
    ck_assert_uint_eq(s->clock_count, 1);
    ck_assert_int_eq(s->spell_gap_days, -1);
    ck_assert_ptr_ne(s, service_of(all, " Mental-Health "));
    services_free(all);
}
END_TEST

START_TEST(a_stage_is_found_by_its_id_or_by_its_events)
{
    struct services *all = shipped();
    const struct service *s = service_of(all, "wheelchair");

    ck_assert_int_eq(service_clock(s, "referral..equipment"), 0);
    ck_assert_int_eq(service_clock(s, "referral..prescription"), service_clock(s, "decision"));
    ck_assert_int_eq(service_clock(s, "prescription..equipment"), service_clock(s, "Delivery"));
    ck_assert_int_eq(service_clock(s, "equipment..referral"), -ENOENT);
    ck_assert_int_eq(service_clock(s, "referral..seen"), -ENOENT);
    ck_assert_int_eq(service_clock(s, "diagnosis"), -ENOENT);
    services_free(all);
}
END_TEST

START_TEST(an_exception_that_is_not_listed_is_told_apart)
{
    struct services *all = shipped();
    const struct service *s = service_of(all, "ehc-plan");
    int code = service_exception(s, "Absent-From-Area");

    ck_assert_int_eq(service_exception(s, NULL), EXCEPTION_NONE);
    ck_assert_int_eq(service_exception(s, " "), EXCEPTION_NONE);
    ck_assert_str_eq(service_exception_name(s, code), "absent-from-area");
    ck_assert_int_eq(service_exception(s, "holiday"), EXCEPTION_OTHER);
    ck_assert_str_eq(service_exception_name(s, EXCEPTION_OTHER), "other");
    ck_assert_ptr_null(service_exception_name(s, EXCEPTION_NONE));
    services_free(all);
}
END_TEST

START_TEST(a_service_counts_an_event_by_the_reason_that_it_gives)
{
    struct services *all = shipped();
    const struct service *autism = service_of(all, "neurodevelopmental");
    const struct service *mental_health = service_of(all, "mental-health");

    ck_assert(service_counts(autism, EVENT_FIRST_CONTACT, "face-to-face"));
    ck_assert(service_counts(autism, EVENT_FIRST_CONTACT, " Video "));
    ck_assert(service_counts(autism, EVENT_FIRST_CONTACT, NULL));
    ck_assert(!service_counts(autism, EVENT_FIRST_CONTACT, "telephone"));
    ck_assert(!service_counts(autism, EVENT_FIRST_CONTACT, "talk-type"));
    ck_assert(service_counts(autism, EVENT_CLOCK_STOP, "telephone"));
    ck_assert(service_counts(mental_health, EVENT_FIRST_CONTACT, "telephone"));
    ck_assert(service_counts(mental_health, EVENT_FIRST_CONTACT, "talk-type"));
    services_free(all);
}
END_TEST

#define WHEELS                                                                                     \
    "services:\n- id: w\n  title: W\n  source: S\n  clock: {from: referral, to: equipment}\n"

static const struct {
    const char *why, *text, *says;
} refused[] = {
    { "no list", "services: {id: w}\n", ":1:11: error: services is a list" },
    { "unknown key", WHEELS "  stop: x\n", ":6:3: error: service" },
    { "unknown event", WHEELS "  stages:\n  - {id: a, from: referal, to: equipment}\n",
      ":7:19: error: \"referal\" is no event" },
    { "unknown event of an end", WHEELS "  ends:\n  - {event: x, outcome: stopped}\n",
      ":7:13: error: \"x\" is no event" },
    { "unknown outcome", WHEELS "  ends:\n  - {event: removal, outcome: gone}\n", ":7:31: error:" },
    { "stage without id", WHEELS "  stages:\n  - {from: referral, to: equipment}\n",
      ":7:5: error: a stage has an id" },
    { "stage twice",
      WHEELS "  stages:\n  - {id: a, from: referral, to: equipment}\n"
             "  - {id: A, from: referral, to: removal}\n",
      ":8:10: error: the stage \"A\" is given twice" },
    { "named as the pathway's clock",
      WHEELS "  stages:\n  - {id: pathway, from: referral, to: equipment}\n", "given twice" },
    { "a wait that is none",
      WHEELS "  stages:\n  - {id: a, from: referral, to: equipment, line: soon}\n",
      "\"soon\" is no wait" },
    { "starts and stops", WHEELS "  stages:\n  - {id: a, from: referral, to: referral}\n",
      "an event both starts and stops the clock" },
    { "latest of a clock that begins anew",
      WHEELS "  stages:\n  - {id: a, from: referral, to: equipment, starts: each, stop: latest}\n",
      "only a clock that starts once" },
    { "spell gap in months", WHEELS "  spell_gap: 1m\n", ":6:14: error: spell_gap" },
    { "only is no list", WHEELS "  only: {event: prescription, reason: x}\n",
      ":6:9: error: only is a list" },
    { "unknown event of only", WHEELS "  only:\n  - {event: x, reason: y}\n",
      ":7:13: error: \"x\" is no event" },
    { "only without a reason", WHEELS "  only:\n  - {event: prescription}\n", "reason" },
    { "service twice",
      WHEELS "- id: W\n  title: W\n  source: S\n  clock: {from: referral, to: removal}\n",
      ":6:7: error: the service \"W\" is given twice" },
    { "no clock", "services:\n- {id: w, title: W, source: S}\n", "clock" },
};

START_TEST(what_makes_no_sense_is_refused_at_its_place)
{
    struct diags diags = DIAGS_INIT;
    struct services *s = NULL;
    char *said = NULL;
    size_t len = 0;
    int r = services_parse("services.yaml", refused[_i].text, strlen(refused[_i].text), &diags, &s);
    FILE *out = open_memstream(&said, &len);

    diags_print(&diags, out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_msg(r == -EINVAL, "%s: %d", refused[_i].why, r);
    ck_assert_ptr_null(s);
    ck_assert_msg(strstr(said, refused[_i].says) != NULL, "%s: %s", refused[_i].why, said);
    free(said);
    diags_release(&diags);
}
END_TEST

UNIT_MAIN("service", UNIT_TEST(events_are_numbered_as_records_name_them),
          UNIT_ROWS(each_shipped_service_has_the_clocks_and_lines_of_its_source, clocks),
          UNIT_TEST(thirteen_weeks_and_three_months_are_different_lines),
          UNIT_TEST(each_shipped_service_says_its_source_and_ends_by_removal_and_transfer),
          UNIT_TEST(a_service_that_is_not_declared_has_referral_to_clock_stop),
          UNIT_TEST(a_stage_is_found_by_its_id_or_by_its_events),
          UNIT_TEST(an_exception_that_is_not_listed_is_told_apart),
          UNIT_TEST(a_service_counts_an_event_by_the_reason_that_it_gives),
          UNIT_ROWS(what_makes_no_sense_is_refused_at_its_place, refused))
