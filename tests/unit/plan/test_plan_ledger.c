#include "plan/plan_ledger.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "support/unit.h"

#define SOFT                                                                                       \
    "{\"effect\":\"softer\",\"change\":\"line\",\"subject\":\"measure\",\"id\":\"m\",\"what\":"    \
    "\"target\",\"before\":\"60\",\"after\":\"50\"}"
#define HARD                                                                                       \
    "{\"effect\":\"harder\",\"change\":\"line\",\"subject\":\"measure\",\"id\":\"n\",\"what\":"    \
    "\"target\"}"

static int take(struct table *ledger, const char *json)
{
    json_t *record = json_loads(json, 0, NULL);

    ck_assert_ptr_nonnull(record);
    int r = plan_ledger_take(ledger, record);

    json_decref(record);
    return r;
}

static void begin(struct table *ledger)
{
    ck_assert_int_eq(take(ledger, "{\"plan\":\"p\",\"digest\":\"d1\",\"version\":1,\"at\":\"2024-"
                                  "06-01T12:00:00+01:00\"}"),
                     0);
}

#define ACT(act, digest, more)                                                                     \
    "{\"act\":\"" act "\",\"plan\":\"p\",\"digest\":\"" digest                                     \
    "\",\"version\":2,\"who\":\"a\",\"uid\":1,\"reason\":\"why\",\"at\":\"2024-06-10T12:00:00+01:" \
    "00\"" more "}"

static struct civil_date day(int year, int month, int d)
{
    struct civil_date date;

    ck_assert_int_eq(date_from_ymd(year, month, d, &date), 0);
    return date;
}

START_TEST(the_file_rules_until_a_person_applies)
{
    struct table ledger = TABLE_INIT;

    begin(&ledger);
    ck_assert_int_eq(
        take(&ledger, "{\"plan\":\"p\",\"digest\":\"d2\",\"version\":2,\"changes\":[" HARD "]}"),
        0);
    const struct plan_book *b = plan_book_find(&ledger, "p");

    ck_assert(!b->is_applied);
    ck_assert_str_eq(plan_book_digest(b), "d2");
    ck_assert_int_eq(take(&ledger, ACT("plan-apply", "d3", "")), 0);
    ck_assert(b->is_applied);
    ck_assert_str_eq(plan_book_digest(b), "d3");
    plan_ledger_release(&ledger);
}
END_TEST

START_TEST(a_rollback_goes_back_one_version_each_time_and_forgets_no_softening)
{
    struct table ledger = TABLE_INIT;

    begin(&ledger);
    ck_assert_int_eq(take(&ledger, ACT("plan-apply", "d2", ",\"changes\":[" SOFT "," HARD "]")), 0);
    ck_assert_int_eq(take(&ledger, ACT("plan-apply", "d3", ",\"changes\":[" SOFT "]")), 0);
    const struct plan_book *b = plan_book_find(&ledger, "p");

    ck_assert_str_eq(json_string_value(json_object_get(plan_book_before(b), "digest")), "d2");
    ck_assert_int_eq(take(&ledger, ACT("plan-rollback", "d2", "")), 0);
    ck_assert_str_eq(plan_book_digest(b), "d2");
    ck_assert_str_eq(json_string_value(json_object_get(plan_book_before(b), "digest")), "d1");
    ck_assert_int_eq(take(&ledger, ACT("plan-rollback", "d1", "")), 0);
    ck_assert_str_eq(plan_book_digest(b), "d1");
    ck_assert_ptr_null(plan_book_before(b));
    ck_assert_uint_eq(json_array_size(b->softened), 2);
    const json_t *first = json_array_get(b->softened, 0);

    ck_assert_str_eq(json_string_value(json_object_get(first, "who")), "a");
    ck_assert_str_eq(json_string_value(json_object_get(first, "reason")), "why");
    ck_assert_str_eq(json_string_value(json_object_get(first, "before")), "60");
    plan_ledger_release(&ledger);
}
END_TEST

START_TEST(what_waits_for_a_second_person_is_not_in_force_and_waits_14_days)
{
    struct table ledger = TABLE_INIT;

    begin(&ledger);
    ck_assert_int_eq(
        take(&ledger, ACT("plan-apply", "d2", ",\"second\":true,\"changes\":[" SOFT "]")), 0);
    const struct plan_book *b = plan_book_find(&ledger, "p");

    ck_assert_str_eq(plan_book_digest(b), "d1");
    ck_assert_uint_eq(json_array_size(b->softened), 0);
    ck_assert_ptr_nonnull(plan_book_pending(b, day(2024, 6, 24)));
    ck_assert_ptr_null(plan_book_pending(b, day(2024, 6, 25)));
    ck_assert_int_eq(take(&ledger, ACT("plan-approve", "dx", "")), -EBADMSG);
    ck_assert_int_eq(take(&ledger, "{\"act\":\"plan-approve\",\"plan\":\"p\",\"digest\":\"d2\","
                                   "\"who\":\"b\",\"at\":\"2024-06-11T12:00:00+01:00\"}"),
                     0);
    ck_assert_str_eq(plan_book_digest(b), "d2");
    ck_assert_ptr_null(plan_book_pending(b, day(2024, 6, 12)));
    ck_assert_str_eq(
        json_string_value(json_object_get(json_array_get(b->softened, 0), "approved_by")), "b");
    plan_ledger_release(&ledger);
}
END_TEST

START_TEST(owners_are_to_be_told_of_each_change_once)
{
    struct table ledger = TABLE_INIT;

    begin(&ledger);
    const struct plan_book *b = plan_book_find(&ledger, "p");

    ck_assert_uint_eq(json_array_size(b->untold), 0);
    ck_assert_int_eq(take(&ledger, ACT("plan-apply", "d2", ",\"changes\":[" SOFT "]")), 0);
    ck_assert_int_eq(take(&ledger, ACT("plan-apply", "d3", ",\"changes\":[" HARD "]")), 0);
    ck_assert_uint_eq(json_array_size(b->untold), 2);
    ck_assert_ptr_nonnull(plan_book_unjudged(b, "m"));
    ck_assert_ptr_null(plan_book_unjudged(b, "other"));
    ck_assert_int_eq(take(&ledger, "{\"plan_told\":\"p\",\"change\":1}"), 0);
    ck_assert_int_eq(take(&ledger, "{\"plan_told\":\"p\",\"change\":1}"), 0);
    ck_assert_uint_eq(json_array_size(b->untold), 1);
    plan_ledger_judged(&ledger);
    ck_assert_ptr_null(plan_book_unjudged(b, "m"));
    plan_ledger_release(&ledger);
}
END_TEST

static const struct {
    int year, month, day, told; /* told: the notice before, -1: none */
    int due;
} ends[] = {
    { 2024, 12, 30, -1, -1 }, { 2024, 12, 31, -1, 90 }, { 2025, 1, 15, 90, -1 },
    { 2025, 2, 28, -1, 90 },  { 2025, 3, 1, 90, 30 },   { 2025, 3, 23, 30, -1 },
    { 2025, 3, 24, 30, 7 },   { 2025, 3, 30, -1, 7 },   { 2025, 3, 31, 7, -1 },
    { 2025, 4, 1, 7, 0 },     { 2025, 9, 1, -1, 0 },    { 2025, 9, 1, 0, -1 },
};

START_TEST(of_the_notices_of_an_end_the_nearest_alone_is_due_and_once)
{
    struct table ledger = TABLE_INIT;
    char told[96];

    begin(&ledger);
    const struct plan_book *b = plan_book_find(&ledger, "p");
    struct civil_date last = day(2025, 3, 31),
                      today = day(ends[_i].year, ends[_i].month, ends[_i].day);

    (void)snprintf(told, sizeof told, "{\"plan_told\":\"p\",\"expiry\":\"2025-03-31\",\"days\":%d}",
                   ends[_i].told);
    if (ends[_i].told >= 0)
        ck_assert_int_eq(take(&ledger, told), 0);
    ck_assert_int_eq(plan_book_expiry_due(b, last, today), ends[_i].due);
    ck_assert_int_eq(plan_book_expiry_due(b, DATE_NONE, today), -1);
    plan_ledger_release(&ledger);
}
END_TEST

START_TEST(a_version_that_comes_into_force_near_its_end_or_after_it_has_the_nearest_notice_at_once)
{
    struct table ledger = TABLE_INIT;

    begin(&ledger); /* on 1 June 2024 */
    const struct plan_book *b = plan_book_find(&ledger, "p");

    ck_assert_int_eq(plan_book_expiry_due(b, day(2024, 6, 20), day(2024, 6, 2)), 30);
    ck_assert_int_eq(plan_book_expiry_due(b, day(2024, 6, 20), day(2024, 6, 13)), 7);
    ck_assert_int_eq(plan_book_expiry_due(b, day(2024, 5, 1), day(2024, 6, 13)), 0);
    plan_ledger_release(&ledger);
}
END_TEST

START_TEST(an_end_that_moved_away_and_back_is_told_again)
{
    static const char moved[] = ",\"changes\":[{\"subject\":\"plan\",\"id\":\"p\",\"what\":"
                                "\"valid to\",\"before\":null,\"after\":null}]}";
    struct table ledger = TABLE_INIT;
    struct civil_date last = day(2024, 6, 20), after = day(2024, 6, 21);
    char act[512];

    begin(&ledger);
    const struct plan_book *b = plan_book_find(&ledger, "p");

    ck_assert_int_eq(take(&ledger, "{\"plan_told\":\"p\",\"expiry\":\"2024-06-20\",\"days\":0}"),
                     0);
    ck_assert_int_eq(plan_book_expiry_due(b, last, after), -1);
    (void)snprintf(act, sizeof act, "%s%s",
                   "{\"act\":\"plan-apply\",\"plan\":\"p\",\"digest\":\"d2\"", moved);
    ck_assert_int_eq(take(&ledger, act), 0);
    (void)snprintf(act, sizeof act, "%s%s",
                   "{\"act\":\"plan-rollback\",\"plan\":\"p\",\"digest\":\"d1\"", moved);
    ck_assert_int_eq(take(&ledger, act), 0);
    ck_assert_int_eq(plan_book_expiry_due(b, last, after), 0);
    ck_assert_int_eq(b->ends_moved, 2);
    plan_ledger_release(&ledger);
}
END_TEST

START_TEST(an_end_that_was_told_in_rehearsal_is_told_again_once_the_plan_is_live)
{
    static const char *const lives[] = { "{\"act\":\"plan-go-live\",\"plan\":\"p\"}",
                                         "{\"planned\":\"p\",\"rehearsal\":false}" };
    static const char told[] = "{\"plan_told\":\"p\",\"expiry\":\"2024-06-20\",\"days\":30}";

    for (size_t i = 0; i < 2; i++) {
        struct table ledger = TABLE_INIT;
        struct civil_date last = day(2024, 6, 20), today = day(2024, 6, 2);

        begin(&ledger);
        const struct plan_book *b = plan_book_find(&ledger, "p");

        ck_assert_int_eq(take(&ledger, told), 0);
        ck_assert_int_eq(take(&ledger, "{\"planned\":\"p\",\"rehearsal\":true}"), 0);
        ck_assert_int_eq(plan_book_expiry_due(b, last, today), -1);
        ck_assert_int_eq(take(&ledger, lives[i]), 0);
        ck_assert_int_eq(plan_book_expiry_due(b, last, today), 30);
        plan_ledger_release(&ledger);
    }
}
END_TEST

static const char *const bad[] = {
    "{\"plan\":\"p\"}",
    "{\"act\":\"plan-apply\",\"plan\":\"p\"}",
    "{\"act\":\"plan-approve\",\"plan\":\"p\",\"digest\":\"d\"}",
    "{\"plan_told\":\"p\",\"expiry\":\"soon\"}",
};

START_TEST(a_record_that_lacks_a_word_is_refused_and_one_of_another_kind_says_nothing)
{
    struct table ledger = TABLE_INIT;

    ck_assert_int_eq(take(&ledger, bad[_i]), -EBADMSG);
    plan_ledger_release(&ledger);
    ck_assert_int_eq(take(&ledger, "{\"act\":\"spc-rebase\",\"plan\":\"q\"}"), 0);
    ck_assert_ptr_null(plan_book_find(&ledger, "q"));
    plan_ledger_release(&ledger);
}
END_TEST

UNIT_MAIN(
    "plan_ledger", UNIT_TEST(the_file_rules_until_a_person_applies),
    UNIT_TEST(a_rollback_goes_back_one_version_each_time_and_forgets_no_softening),
    UNIT_TEST(what_waits_for_a_second_person_is_not_in_force_and_waits_14_days),
    UNIT_TEST(owners_are_to_be_told_of_each_change_once),
    UNIT_ROWS(of_the_notices_of_an_end_the_nearest_alone_is_due_and_once, ends),
    UNIT_TEST(
        a_version_that_comes_into_force_near_its_end_or_after_it_has_the_nearest_notice_at_once),
    UNIT_TEST(an_end_that_moved_away_and_back_is_told_again),
    UNIT_TEST(an_end_that_was_told_in_rehearsal_is_told_again_once_the_plan_is_live),
    UNIT_ROWS(a_record_that_lacks_a_word_is_refused_and_one_of_another_kind_says_nothing, bad))
