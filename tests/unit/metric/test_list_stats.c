#include "metric/list_stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "metric/key_set.h"
#include "support/unit.h"

#define CENSUS 20500 /* 2026-02-16 */

/* ---- keys ---- */

START_TEST(a_key_is_new_once_whatever_it_shares_with_others)
{
    enum { KEYS = 20000 };
    struct key_set *s = key_set_new(0);
    unsigned char *payload;
    char key[64];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < KEYS; i++) {
            /* Some are the beginning of others, and all begin alike. */
            int len = snprintf(key, sizeof key, "pathway%c%c%d%.*s", 0, 9, i / 3, i % 3, "xy");

            ck_assert_int_eq(key_set_add(s, key, (size_t)len, &payload), round == 0);
        }
    }
    ck_assert_uint_eq(key_set_count(s), KEYS);
    ck_assert_int_eq(key_set_add(s, "", 0, &payload), 1);
    ck_assert_int_eq(key_set_add(s, "", 0, &payload), 0);
    key_set_free(s);
}
END_TEST

START_TEST(what_is_kept_with_a_key_stays_with_it)
{
    struct key_set *s = key_set_new(4);
    unsigned char *payload;
    char key[32];

    for (uint32_t i = 0; i < 5000; i++) {
        int len = snprintf(key, sizeof key, "k%u", i);

        ck_assert_int_eq(key_set_add(s, key, (size_t)len, &payload), 1);
        ck_assert(payload[0] == 0 && payload[3] == 0);
        memcpy(payload, &i, sizeof i);
    }
    for (uint32_t i = 0; i < 5000; i++) {
        int len = snprintf(key, sizeof key, "k%u", i);
        uint32_t kept;

        ck_assert_int_eq(key_set_add(s, key, (size_t)len, &payload), 0);
        memcpy(&kept, payload, sizeof kept);
        ck_assert_uint_eq(kept, i);
    }
    key_set_free(s);
}
END_TEST

START_TEST(a_key_that_is_too_long_is_refused)
{
    static char key[KEY_SET_KEY_MAX + 1];
    struct key_set *s = key_set_new(0);
    unsigned char *payload;

    ck_assert_int_eq(key_set_add(s, "k", 1, &payload), 1);
    ck_assert_int_eq(key_set_add(s, key, sizeof key, &payload), -EFBIG);
    ck_assert_int_eq(key_set_add(s, key, sizeof key - 1, &payload), 1);
    ck_assert_int_eq(key_set_add(s, key, sizeof key - 1, &payload), 0);
    key_set_free(s);
}
END_TEST

/* ---- lists ---- */

struct row {
    const char *key, *provider, *band;
    int wait;
    long version; /* -1: none; ENDED + version: it ended by the census */
};
#define ENDED 100

/* Adds to left_out the line of the row that does not count, if one does not. */
static int add(struct list_stats *s, const struct row *row, unsigned long line,
               struct text *left_out)
{
    unsigned long out;
    struct pathway_record r = { .line = line,
                                .key = row->key,
                                .key_len = strlen(row->key),
                                .service = "650",
                                .provider = row->provider,
                                .clock_start = { CENSUS - row->wait },
                                .has_version = row->version >= 0,
                                .version = row->version >= 0 ? (uint64_t)row->version % ENDED : 0,
                                .event = row->version >= ENDED ? "clock-stop" : NULL,
                                .cohort = { { "need", "x" }, { "age_band", row->band } },
                                .cohort_count = 2 };

    int e = list_stats_add(s, &r, &out);

    return e == 0 && out ? text_printf(left_out, " %lu", out) : e;
}

static int to_text(void *arg, const struct list_stats_line *l)
{
    char a[32], b[32];

    return text_printf(arg, "%s|%s|%s|%s %d %d %d %d %s %s %d\n", l->service, l->provider,
                       l->commissioner, l->age_band, (int)l->open, (int)l->over_13_weeks,
                       (int)l->over_18_weeks, (int)l->over_52_weeks, text_number(l->p50, a),
                       text_number(l->p92, b), l->longest);
}

static const struct {
    const char *why;
    bool last;
    enum percentile_method method;
    struct row rows[6];
    const char *table;
    uint64_t duplicates, out_of_range;
    const char *left_out; /* lines; that of the first row is 1 */
} tables[] = {
    { "day 91, 126 and 364 are within, the day after is over",
      false,
      PERCENTILE_NEAREST,
      { { "a", "TAJ", "0-17", 91, -1 },
        { "b", "TAJ", "0-17", 92, -1 },
        { "c", "TAJ", "0-17", 126, -1 },
        { "d", "TAJ", "0-17", 127, -1 },
        { "e", "TAJ", "0-17", 364, -1 },
        { "f", "TAJ", "0-17", 365, -1 } },
      "650|TAJ||0-17 6 5 3 1 126 365 365\n",
      0,
      0,
      "" },
    { "type 7 lies between",
      false,
      PERCENTILE_LINEAR,
      { { "a", "TAJ", "0-17", 10, -1 }, { "b", "TAJ", "0-17", 110, -1 } },
      "650|TAJ||0-17 2 1 0 0 60 102 110\n",
      0,
      0,
      "" },
    { "sorted by column, with an empty one first",
      false,
      PERCENTILE_NEAREST,
      { { "a", "TAJ", "80+", 1, -1 },
        { "b", "TA", "80+", 2, -1 },
        { "c", NULL, "80+", 3, -1 },
        { "d", "TAJ", "0-17", 0, -1 } },
      "650|||80+ 1 0 0 0 3 3 3\n650|TA||80+ 1 0 0 0 2 2 2\n650|TAJ||0-17 1 0 0 0 0 0 0\n"
      "650|TAJ||80+ 1 0 0 0 1 1 1\n",
      0,
      0,
      "" },
    { "the first row of a pathway stands",
      false,
      PERCENTILE_NEAREST,
      { { "a", "TAJ", "80+", 1, -1 }, { "a", "RXK", "80+", 9, -1 } },
      "650|TAJ||80+ 1 0 0 0 1 1 1\n",
      1,
      0,
      " 2" },
    { "or the last, wherever it moves the pathway",
      true,
      PERCENTILE_NEAREST,
      { { "a", "TAJ", "80+", 1, -1 }, { "b", "TAJ", "80+", 5, -1 }, { "a", "RXK", "80+", 9, -1 } },
      "650|RXK||80+ 1 0 0 0 9 9 9\n650|TAJ||80+ 1 0 0 0 5 5 5\n",
      1,
      0,
      " 1" },
    { "or the one of the highest version",
      false,
      PERCENTILE_NEAREST,
      { { "a", "TAJ", "80+", 1, 1 },
        { "a", "TAJ", "80+", 2, 3 },
        { "a", "TAJ", "80+", 3, 2 },
        { "a", "TAJ", "80+", 4, 3 } },
      "650|TAJ||80+ 1 0 0 0 2 2 2\n",
      3,
      0,
      " 1 3 4" },
    { "of a pathway that ended by its highest version nobody waits, in whatever order",
      false,
      PERCENTILE_NEAREST,
      { { "a", "TAJ", "80+", 1, 1 },
        { "a", "TAJ", "80+", 1, ENDED + 2 },
        { "b", "TAJ", "80+", 3, ENDED + 2 },
        { "b", "TAJ", "80+", 3, 1 },
        { "c", "RXK", "80+", 5, ENDED + 1 },
        { "c", "RXK", "80+", 5, 2 } },
      "650|RXK||80+ 1 0 0 0 5 5 5\n",
      3,
      0,
      " 1 4 5" },
    { "or the one that has a version, where the first row has none",
      false,
      PERCENTILE_NEAREST,
      { { "a", "TAJ", "80+", 1, -1 }, { "a", "TAJ", "80+", 2, 3 } },
      "650|TAJ||80+ 1 0 0 0 2 2 2\n",
      1,
      0,
      " 1" },
    { "a clock that starts after the census is none, and stands before nobody",
      false,
      PERCENTILE_NEAREST,
      { { "a", "TAJ", "80+", -1, -1 }, { "a", "TAJ", "80+", 7, -1 } },
      "650|TAJ||80+ 1 0 0 0 7 7 7\n",
      0,
      1,
      "" },
};

START_TEST(a_list_is_counted_by_service_provider_commissioner_and_age_band)
{
    bool has_versions = false;

    for (size_t i = 0; i < 6; i++)
        has_versions |= tables[_i].rows[i].version > 0;
    /* Where no row tells a version it does not matter whether the format has one. */
    for (int versions = has_versions; versions <= 1; versions++) {
        struct list_stats *s =
            list_stats_new((struct civil_date){ CENSUS },
                           (struct standing_rule){ tables[_i].last, versions }, tables[_i].method);
        AUTO(text_release) struct text out = TEXT_INIT, left_out = TEXT_INIT;

        for (size_t i = 0; i < 6 && tables[_i].rows[i].key; i++)
            ck_assert_int_eq(add(s, &tables[_i].rows[i], i + 1, &left_out), 0);
        ck_assert_int_eq(list_stats_lines(s, to_text, &out), 0);
        ck_assert_msg(strcmp(text_str(&out), tables[_i].table) == 0, "%s:\n%s", tables[_i].why,
                      text_str(&out));
        ck_assert_str_eq(text_str(&left_out), tables[_i].left_out);
        ck_assert_uint_eq(list_stats_duplicates(s), tables[_i].duplicates);
        ck_assert_uint_eq(list_stats_out_of_range(s), tables[_i].out_of_range);
        list_stats_free(s);
    }
}
END_TEST

START_TEST(a_large_group_is_counted_as_a_small_one_is)
{
    struct list_stats *s = list_stats_new(
        (struct civil_date){ CENSUS }, (struct standing_rule){ .last = false }, PERCENTILE_NEAREST);
    AUTO(text_release) struct text out = TEXT_INIT, left_out = TEXT_INIT;
    char key[16];

    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "%d", i);
        ck_assert_int_eq(
            add(s, &(struct row){ key, "TAJ", "80+", (i * 7) % 1000, -1 }, 1, &left_out), 0);
    }
    ck_assert_int_eq(list_stats_lines(s, to_text, &out), 0);
    ck_assert_str_eq(text_str(&out), "650|TAJ||80+ 3000 2724 2619 1905 499 919 999\n");
    list_stats_free(s);
}
END_TEST

UNIT_MAIN("list_stats", UNIT_TEST(a_key_is_new_once_whatever_it_shares_with_others),
          UNIT_TEST(what_is_kept_with_a_key_stays_with_it),
          UNIT_TEST(a_key_that_is_too_long_is_refused),
          UNIT_ROWS(a_list_is_counted_by_service_provider_commissioner_and_age_band, tables),
          UNIT_TEST(a_large_group_is_counted_as_a_small_one_is))
