#include "feed/submissions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "support/date_of.h"
#include "support/unit.h"

static const char *const TABLES[] = { "referral", "clock", "contact" };
#define TABLE_COUNT 3

static struct pathway_record row_of(const char *provider, const char *period, uint64_t number)
{
    return (struct pathway_record){ .provider = provider,
                                    .census = date_of(period),
                                    .version = number,
                                    .has_version = number > 0 };
}

static const char *key_of(struct pathway_record row, int expected)
{
    static char key[128];
    struct text t = TEXT_INIT;

    ck_assert_int_eq(submission_key(&row, &t), expected);
    snprintf(key, sizeof key, "%s", text_str(&t));
    text_release(&t);
    return key;
}

START_TEST(a_row_says_its_submission_by_provider_period_and_number)
{
    ck_assert_str_eq(key_of(row_of("TAJ", "2026-02-28", 900), 0), "TAJ|2026-02-28|900");
    ck_assert_str_eq(key_of(row_of("TAJ", "", 900), 0), "TAJ||900");
}
END_TEST

START_TEST(a_row_without_provider_or_number_or_with_one_that_cannot_be_ranked_says_none)
{
    (void)key_of(row_of(NULL, "2026-02-28", 900), -ENOENT);
    (void)key_of(row_of("TAJ", "2026-02-28", 0), -ENOENT);
    (void)key_of(row_of("T|J", "2026-02-28", 900), -ENOENT);
    (void)key_of(row_of("TAJ", "1969-12-31", 900), -ENOENT);
    (void)key_of(row_of("TAJ", "2149-06-07", 900), -ENOENT);
    (void)key_of(row_of("TAJ", "2026-02-28", UINT64_C(1) << 48), -ENOENT);
    (void)key_of(row_of("TAJ", "2026-02-28", UINT64_C(99991231235959)), 0);
}
END_TEST

/* ---- files ---- */

/* Adds a file: its table, and keys up to "". */
struct file {
    const char *table, *keys[4], *received;
};

static char *text_of(const struct file *f)
{
    struct table keys = TABLE_INIT;

    for (size_t i = 0; i < 4 && f->keys[i]; i++)
        ck_assert_int_eq(table_set(&keys, f->keys[i], &keys, NULL), 0);
    char *text = submissions_text(f->table, &keys);

    ck_assert_ptr_nonnull(text);
    table_release(&keys, NULL);
    return text;
}

static void came(struct submissions *s, struct file f)
{
    char *text = text_of(&f);

    ck_assert_int_eq(submissions_add(s, text, date_of(f.received ? f.received : "2026-03-02")), 0);
    free(text);
}

#define CAME(s, ...) came(s, (struct file){ __VA_ARGS__ })
#define FEB          "TAJ|2026-02-28|900"

static const struct submission *find(const struct submissions *s, const char *key)
{
    const struct submission *of = table_get(&s->by_key, key);

    ck_assert_msg(of != NULL, "no %s", key);
    return of;
}

/* "900 whole in force, 960 whole" by provider, period and number. */
static const char *told(const struct submissions *s)
{
    static char out[512];
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < s->count; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s%s%s", i ? ", " : "",
                                s->list[i]->key, s->list[i]->is_whole ? " whole" : "",
                                s->list[i]->is_in_force ? " in force" : "");
    return out;
}

START_TEST(the_text_of_a_file_names_its_table_and_its_submissions_in_order)
{
    char *text = text_of(&(struct file){ .table = "clock", .keys = { "TAJ|2026-02-28|960", FEB } });

    ck_assert_str_eq(text, "clock\nTAJ|2026-02-28|900\nTAJ|2026-02-28|960");
    free(text);
}
END_TEST

START_TEST(a_file_has_rows_of_the_submissions_that_its_text_names_and_of_no_table)
{
    struct table keys = TABLE_INIT;
    char *text = text_of(&(struct file){ .table = "clock", .keys = { "RXT|2026-02-28|7", FEB } });

    ck_assert(!submissions_in(text, &keys));
    ck_assert_int_eq(table_set(&keys, "clock", &keys, NULL), 0);
    ck_assert(!submissions_in(text, &keys));
    ck_assert_int_eq(table_set(&keys, FEB, &keys, NULL), 0);
    ck_assert(submissions_in(text, &keys));
    ck_assert(!submissions_in("clock", &keys));
    table_release(&keys, NULL);
    free(text);
}
END_TEST

START_TEST(a_submission_is_whole_and_in_force_when_every_table_came_in_any_order)
{
    for (int first = 0; first < TABLE_COUNT; first++) {
        AUTO(submissions_release) struct submissions s;

        submissions_init(&s, TABLES, TABLE_COUNT);
        for (int i = 0; i < TABLE_COUNT; i++) {
            submissions_settle(&s);
            ck_assert(!i || !s.list[0]->is_in_force);
            CAME(&s, .table = TABLES[(first + i) % TABLE_COUNT], .keys = { FEB });
        }
        submissions_settle(&s);
        ck_assert_str_eq(told(&s), FEB " whole in force");
    }
}
END_TEST

/* All tables of each key. */
static void whole(struct submissions *s, const char *key)
{
    for (int i = 0; i < TABLE_COUNT; i++)
        CAME(s, .table = TABLES[i], .keys = { key });
}

START_TEST(of_one_provider_and_period_the_whole_one_with_the_highest_number_is_in_force)
{
    AUTO(submissions_release) struct submissions s;

    submissions_init(&s, TABLES, TABLE_COUNT);
    whole(&s, "TAJ|2026-02-28|1000"); /* by number, not by text */
    whole(&s, FEB);
    whole(&s, "TAJ|2026-01-31|800");
    whole(&s, "RXT|2026-02-28|3");
    CAME(&s, .table = "clock", .keys = { "TAJ|2026-02-28|1001" });
    submissions_settle(&s);
    ck_assert_str_eq(told(&s),
                     "RXT|2026-02-28|3 whole in force, TAJ|2026-01-31|800 whole in force, " FEB
                     " whole, TAJ|2026-02-28|1000 whole in force, TAJ|2026-02-28|1001");
}
END_TEST

START_TEST(tables_that_name_no_period_are_of_the_submissions_of_their_number)
{
    AUTO(submissions_release) struct submissions s;

    submissions_init(&s, TABLES, TABLE_COUNT);
    CAME(&s, .table = "referral", .keys = { FEB, "TAJ|2026-02-28|960", "RXT|2026-02-28|900" });
    CAME(&s, .table = "clock", .keys = { FEB, "TAJ|2026-02-28|960", "RXT|2026-02-28|900" });
    CAME(&s, .table = "contact", .keys = { "TAJ||900" }, .received = "2026-03-09");
    submissions_settle(&s);
    ck_assert_str_eq(told(&s),
                     "RXT|2026-02-28|900, TAJ||900, " FEB " whole in force, TAJ|2026-02-28|960");
    ck_assert_int_eq(find(&s, FEB)->received.day, date_of("2026-03-09").day);
}
END_TEST

START_TEST(a_submission_of_which_no_table_names_the_period_is_never_whole)
{
    AUTO(submissions_release) struct submissions s;
    struct text lacks = TEXT_INIT;

    submissions_init(&s, TABLES, TABLE_COUNT);
    whole(&s, "TAJ||900");
    submissions_settle(&s);
    ck_assert_str_eq(told(&s), "TAJ||900");
    ck_assert_int_eq(submission_lacks(&s, s.list[0], &lacks), 0);
    ck_assert_str_eq(text_str(&lacks), "no table names the period");
    text_release(&lacks);
}
END_TEST

START_TEST(a_table_without_rows_stands_for_itself_in_what_came_before_it_only)
{
    AUTO(submissions_release) struct submissions s;

    submissions_init(&s, TABLES, TABLE_COUNT);
    CAME(&s, .table = "referral", .keys = { FEB });
    CAME(&s, .table = "contact", .keys = { FEB });
    CAME(&s, .table = "clock", .keys = { NULL });
    CAME(&s, .table = "referral", .keys = { "TAJ|2026-03-31|950" });
    CAME(&s, .table = "contact", .keys = { "TAJ|2026-03-31|950" });
    submissions_settle(&s);
    ck_assert_str_eq(told(&s), FEB " whole in force, TAJ|2026-03-31|950");
}
END_TEST

START_TEST(a_table_that_the_format_does_not_ask_for_makes_no_submission)
{
    AUTO(submissions_release) struct submissions s;

    submissions_init(&s, TABLES, TABLE_COUNT);
    CAME(&s, .table = "team", .keys = { FEB });
    submissions_settle(&s);
    ck_assert_uint_eq(s.count, 0);
}
END_TEST

START_TEST(what_is_lacking_is_said_in_words)
{
    static const struct {
        const char *came[2], *words;
    } rows[] = { { { "referral", "contact" }, "clock is missing" },
                 { { "contact", NULL }, "referral and clock are missing" } };
    struct text lacks = TEXT_INIT;

    for (size_t i = 0; i < 2; i++) {
        AUTO(submissions_release) struct submissions s;

        submissions_init(&s, TABLES, TABLE_COUNT);
        for (size_t k = 0; k < 2 && rows[i].came[k]; k++)
            CAME(&s, .table = rows[i].came[k], .keys = { FEB });
        submissions_settle(&s);
        text_clear(&lacks);
        ck_assert_int_eq(submission_lacks(&s, s.list[0], &lacks), 0);
        ck_assert_str_eq(text_str(&lacks), rows[i].words);
    }
    text_release(&lacks);
}
END_TEST

/* ---- which stands ---- */

static uint64_t version_in(const struct table *keys, struct pathway_record row)
{
    const char *key = key_of(row, 0);
    uint64_t version = 0;

    ck_assert_msg(submission_has(keys, key, &row, &version), "not of these: %s", key);
    return version;
}

START_TEST(a_fact_of_a_later_period_stands_over_an_earlier_one_whatever_their_numbers)
{
    AUTO(submissions_release) struct submissions s;
    struct table keys = TABLE_INIT;
    uint64_t version;

    submissions_init(&s, TABLES, TABLE_COUNT);
    whole(&s, "TAJ|2026-02-28|960");
    whole(&s, FEB);
    whole(&s, "TAJ|2026-03-31|950");
    for (size_t i = 0; i < s.count; i++)
        ck_assert_int_eq(submission_note(s.list[i], &keys), 0);
    uint64_t february = version_in(&keys, row_of("TAJ", "2026-02-28", 900));
    uint64_t again = version_in(&keys, row_of("TAJ", "2026-02-28", 960));
    uint64_t march = version_in(&keys, row_of("TAJ", "2026-03-31", 950));

    ck_assert(february < again && again < march);
    ck_assert_uint_eq(version_in(&keys, row_of("TAJ", "", 950)), march); /* names no period */
    struct pathway_record other = row_of("TAJ", "2026-02-28", 950);

    ck_assert(!submission_has(&keys, key_of(other, 0), &other, &version));
    table_release(&keys, NULL);
}
END_TEST

START_TEST(rows_without_a_period_are_of_the_latest_that_has_their_number)
{
    for (int turn = 0; turn < 2; turn++) {
        AUTO(submissions_release) struct submissions s;
        struct table keys = TABLE_INIT;

        submissions_init(&s, TABLES, TABLE_COUNT);
        whole(&s, turn ? FEB : "TAJ|2026-03-31|900");
        whole(&s, turn ? "TAJ|2026-03-31|900" : FEB);
        for (size_t i = 0; i < s.count; i++)
            ck_assert_int_eq(submission_note(s.list[i], &keys), 0);
        ck_assert_uint_eq(version_in(&keys, row_of("TAJ", "", 900)),
                          version_in(&keys, row_of("TAJ", "2026-03-31", 900)));
        table_release(&keys, NULL);
    }
}
END_TEST

UNIT_MAIN("submissions", UNIT_TEST(a_row_says_its_submission_by_provider_period_and_number),
          UNIT_TEST(a_row_without_provider_or_number_or_with_one_that_cannot_be_ranked_says_none),
          UNIT_TEST(the_text_of_a_file_names_its_table_and_its_submissions_in_order),
          UNIT_TEST(a_file_has_rows_of_the_submissions_that_its_text_names_and_of_no_table),
          UNIT_TEST(a_submission_is_whole_and_in_force_when_every_table_came_in_any_order),
          UNIT_TEST(of_one_provider_and_period_the_whole_one_with_the_highest_number_is_in_force),
          UNIT_TEST(tables_that_name_no_period_are_of_the_submissions_of_their_number),
          UNIT_TEST(a_submission_of_which_no_table_names_the_period_is_never_whole),
          UNIT_TEST(a_table_without_rows_stands_for_itself_in_what_came_before_it_only),
          UNIT_TEST(a_table_that_the_format_does_not_ask_for_makes_no_submission),
          UNIT_TEST(what_is_lacking_is_said_in_words),
          UNIT_TEST(a_fact_of_a_later_period_stands_over_an_earlier_one_whatever_their_numbers),
          UNIT_TEST(rows_without_a_period_are_of_the_latest_that_has_their_number))
