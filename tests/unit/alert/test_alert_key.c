#include "alert/alert_key.h"

#include <string.h>

#include "support/unit.h"

/*
 * The expected ids were computed apart from this code:
 *
 *   import hashlib, struct
 *   def H(*parts):
 *       b = b"".join(struct.pack(">I", len(p.encode())) + p.encode() for p in parts)
 *       return hashlib.sha256(b).hexdigest()[:32]
 */
static const struct {
    const char *why;
    const char *parts[2];
    size_t count;
    const char *id;
} hash_rows[] = {
    { "no part at all", { NULL, NULL }, 0, "e3b0c44298fc1c149afbf4c8996fb924" },
    { "one empty part", { "", NULL }, 1, "df3f619804a92fdb4057192dc43dd748" },
    { "NULL counts as empty", { NULL, NULL }, 1, "df3f619804a92fdb4057192dc43dd748" },
    { "two parts", { "a", "b" }, 2, "16275ef0f5d0eb9dd9e0a53277549fda" },
    { "the lengths keep parts apart", { "ab", "" }, 2, "421fb38456f1afe5c04ed5c0c11c88c4" },
    { "length is in bytes", { "\xc3\xa9", NULL }, 1, "d1e9fa6240157ad2f9401c2bd40da330" },
};

START_TEST(parts_are_hashed_with_their_lengths)
{
    char id[ALERT_ID_MAX];

    ck_assert_int_eq(alert_hash(hash_rows[_i].parts, hash_rows[_i].count, id), 0);
    ck_assert_msg(strcmp(id, hash_rows[_i].id) == 0, "%s: %s", hash_rows[_i].why, id);
}
END_TEST

/* H("black-country", rule, ...): each rule with its own dimensions. */
static const struct {
    enum rule rule;
    const char *provider, *id;
} rule_rows[] = {
    { RULE_BEHIND_PLAN, NULL, "5d6f093877229399f6e003b2ef9a6012" }, /* dudley, cyp-4w */
    { RULE_FEED_LATE, "", "6a57a751f3e2456de907a15eae097c52" },     /* cyp4ww, "" */
    { RULE_COVERAGE_GAP, "TAJ", "7b3351e6620ccd9c5def7b5b009628f3" },
    { RULE_IMPLAUSIBLE_CHANGE, "", "e6298393de03b28f3fe5da9cfc165e55" },
    { RULE_ACTION_OVERDUE, NULL, "53905eb776c3c4a440e315c213e5fdfc" }, /* dudley, 1.10 */
};

static char plan_id[] = "dudley", measure_id[] = "renamed", first_id[] = "cyp-4w",
            action_id[] = "1.10";

START_TEST(an_alert_is_named_by_rule_and_dimensions_alone)
{
    struct plan plan = { .id = plan_id, .version = 1 };
    struct plan_measure measure = { .id = measure_id, .first_id = first_id };
    struct plan_action action = { .id = action_id };
    struct finding f = {
        .rule = rule_rows[_i].rule,
        .plan = &plan,
        .measure = &measure,
        .action = &action,
        .feed = "cyp4ww",
        .provider = rule_rows[_i].provider,
    };
    char id[ALERT_ID_MAX], again[ALERT_ID_MAX];

    ck_assert_int_eq(alert_id_of("black-country", &f, id), 0);
    ck_assert_str_eq(id, rule_rows[_i].id);
    plan.version = 7;
    f.rag = RAG_RED;
    f.line = 60;
    ck_assert_int_eq(alert_id_of("black-country", &f, again), 0);
    ck_assert_str_eq(again, id);
    ck_assert_int_eq(alert_id_of("elsewhere", &f, again), 0);
    ck_assert_str_ne(again, id);
}
END_TEST

START_TEST(a_dead_letter_is_named_by_its_receiver_and_a_measure_without_a_first_name_by_its_own)
{
    struct plan plan = { .id = plan_id };
    struct plan_measure measure = { .id = first_id };
    struct finding f = { .rule = RULE_DEAD_LETTER, .receiver = "mail" };
    const char *const parts[] = { "bc", "dead-letter", "mail" };
    char id[ALERT_ID_MAX], expected[ALERT_ID_MAX];

    ck_assert_int_eq(alert_hash(parts, 3, expected), 0);
    ck_assert_int_eq(alert_id_of("bc", &f, id), 0);
    ck_assert_str_eq(id, expected);
    f = (struct finding){ .rule = RULE_BEHIND_PLAN, .plan = &plan, .measure = &measure };
    ck_assert_int_eq(alert_id_of("black-country", &f, id), 0);
    ck_assert_str_eq(id, rule_rows[0].id);
}
END_TEST

START_TEST(episodes_notices_and_deliveries_are_named_in_turn)
{
    struct civil_date opened;
    char episode[ALERT_ID_MAX], first[ALERT_ID_MAX], twelfth[ALERT_ID_MAX], id[ALERT_ID_MAX];

    ck_assert_int_eq(date_parse_iso("2024-06-30", 10, &opened), 0);
    ck_assert_int_eq(episode_id_of("5d6f093877229399f6e003b2ef9a6012", opened, episode), 0);
    ck_assert_str_eq(episode, "f3cda38faea69bf95156743624ed4e70");
    ck_assert_int_eq(notice_id_of(episode, 1, first), 0);
    ck_assert_str_eq(first, "aa8694bb045cd5193f11809090176799");
    ck_assert_int_eq(notice_id_of(episode, 12, twelfth), 0);
    ck_assert_str_eq(twelfth, "3314cf2c850d0d6e5f31da7e13184af5");

    const char *const notices[] = { first, twelfth }, *const other_order[] = { twelfth, first };

    ck_assert_int_eq(delivery_id_of(notices, 2, "mail", "lead@example.nhs.uk", id), 0);
    ck_assert_str_eq(id, "28e7813970331f574e4ed832dc4e9747");
    ck_assert_int_eq(delivery_id_of(other_order, 2, "mail", "lead@example.nhs.uk", id), 0);
    ck_assert_str_eq(id, "28e7813970331f574e4ed832dc4e9747");
    ck_assert_ptr_eq(other_order[0], twelfth); /* a copy is sorted */
    ck_assert_int_eq(delivery_id_of(NULL, 0, "mail", "", id), 0);
    ck_assert_str_eq(id, "2909b6b454bc549959a0919cc2fcf36f");
}
END_TEST

UNIT_MAIN(
    "alert_key", UNIT_ROWS(parts_are_hashed_with_their_lengths, hash_rows),
    UNIT_ROWS(an_alert_is_named_by_rule_and_dimensions_alone, rule_rows),
    UNIT_TEST(a_dead_letter_is_named_by_its_receiver_and_a_measure_without_a_first_name_by_its_own),
    UNIT_TEST(episodes_notices_and_deliveries_are_named_in_turn))
