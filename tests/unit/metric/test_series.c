#include "metric/series.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "support/date_of.h"
#include "support/unit.h"

static struct series *one_series(struct series_set *set)
{
    struct record r = { .measure = "MRS08b", .breakdown = "Provider", .unit = UNIT_PERCENT };
    struct series *s = series_open(set, "cyp4ww", &r, "TAJ");

    ck_assert_ptr_nonnull(s);
    return s;
}

static struct series_version version(double value, enum publication_status status, int edition,
                                     uint64_t receipt)
{
    struct series_version v = { .value = value,
                                .low = value,
                                .high = value,
                                .numerator = NAN,
                                .denominator = NAN,
                                .status = status,
                                .edition = edition,
                                .receipt = receipt,
                                .as_of = { 1000 + (int64_t)(receipt % 1000) } };

    (void)snprintf(v.source, sizeof v.source, "%016x", (unsigned)receipt);
    return v;
}

static struct series_version suppressed(uint64_t receipt)
{
    struct series_version v = version(NAN, PUBLICATION_NONE, 0, receipt);

    v.marker = MARKER_SUPPRESSED;
    v.low = 0;
    v.high = 100;
    return v;
}

static int offer_june(struct series *s, struct series_version v)
{
    struct civil_date start = date_of("2024-06-01"), end = date_of("2024-06-30");
    enum series_outcome judged = series_judge(s, start, end, &v);
    int r = series_offer(s, start, end, &v);

    ck_assert_int_eq(r, (int)judged); /* judging foretells what offering does */
    return r;
}

static const struct series_point *june(const struct series *s)
{
    ck_assert_uint_eq(s->point_count, 1);
    return &s->points[0];
}

/* ---- names ---- */

static const struct {
    const char *feed, *measure, *breakdown, *org, *secondary, *key;
} key_rows[] = {
    { "cyp4ww", "MRS08b", "Provider", "TAJ", NULL, "cyp4ww|mrs08b|provider|taj|" },
    { "f", "(CYP)  Audiology ", NULL, "QUA", ">1-2", "f|(cyp) audiology||qua|>1-2" },
    { "f", "a|b", "50%", "X", NULL, "f|a%7cb|50%25|x|" },
    { NULL, NULL, NULL, NULL, NULL, "||||" },
};

START_TEST(a_key_is_folded_and_its_bars_are_encoded)
{
    AUTO(auto_free)
    char *key = series_key(key_rows[_i].feed, key_rows[_i].measure, key_rows[_i].breakdown,
                           key_rows[_i].org, key_rows[_i].secondary);

    ck_assert_str_eq(key, key_rows[_i].key);
}
END_TEST

START_TEST(different_names_never_share_a_key)
{
    AUTO(auto_free) char *a = series_key("f", "a|b", "c", "o", NULL);
    AUTO(auto_free) char *b = series_key("f", "a", "b|c", "o", NULL);
    AUTO(auto_free) char *c = series_key("f", "a%7cb", "c", "o", NULL);

    ck_assert_str_ne(a, b);
    ck_assert_str_ne(a, c);
}
END_TEST

START_TEST(a_name_printed_otherwise_opens_the_same_series_and_is_kept_as_last_printed)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);
    struct record again = { .measure = "MRS08B", .breakdown = " provider" };
    struct series *t = series_open(&set, "cyp4ww", &again, "taj");
    AUTO(auto_free) char *key = series_key("CYP4WW", "mrs08b", "PROVIDER", "TAJ", "");

    ck_assert_ptr_eq(s, t);
    ck_assert_ptr_eq(series_find(&set, key), s);
    ck_assert_str_eq(s->measure, "MRS08B");
    ck_assert_ptr_null(s->secondary);
    ck_assert_int_eq(s->unit, UNIT_PERCENT); /* a record without a unit does not take it away */
    ck_assert_uint_eq(table_count(&set.by_key), 1);
}
END_TEST

START_TEST(an_unknown_key_finds_nothing)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;

    ck_assert_ptr_null(series_find(&set, "a|b|c|d|e"));
}
END_TEST

/* ---- outcomes: a first version, then a second ---- */

#define FINAL PUBLICATION_FINAL
#define PROV  PUBLICATION_PROVISIONAL
#define NONE  PUBLICATION_NONE

static const struct {
    const char *why;
    struct {
        double value;
        enum publication_status status;
        int edition;
    } first, second;
    int outcome;
    size_t versions, current;
    bool restated;
} pair_rows[] = {
    { "the same again", { 20, NONE, 0 }, { 20, NONE, 0 }, SERIES_SAME, 1, 0, false },
    { "another value", { 20, NONE, 0 }, { 21, NONE, 0 }, SERIES_RESTATED, 2, 1, true },
    { "the last digit counts",
      { 20, NONE, 0 },
      { 20.000000000000004, NONE, 0 },
      SERIES_RESTATED,
      2,
      1,
      true },
    { "final replaces provisional",
      { 20, PROV, 0 },
      { 21, FINAL, 0 },
      SERIES_RESTATED,
      2,
      1,
      true },
    { "final confirms provisional: a new status, no other figure",
      { 20, PROV, 0 },
      { 20, FINAL, 0 },
      SERIES_RESTATED,
      2,
      1,
      false },
    { "provisional never replaces final",
      { 20, FINAL, 0 },
      { 21, PROV, 9 },
      SERIES_SUPERSEDED,
      2,
      0,
      false },
    { "final of no edition beats provisional of a late one",
      { 20, PROV, 9 },
      { 21, FINAL, 0 },
      SERIES_RESTATED,
      2,
      1,
      true },
    { "provisional and none rank alike: receipt decides",
      { 20, PROV, 0 },
      { 21, NONE, 0 },
      SERIES_RESTATED,
      2,
      1,
      true },
    { "a later edition", { 20, FINAL, 1 }, { 21, FINAL, 2 }, SERIES_RESTATED, 2, 1, true },
    { "an older edition arriving late",
      { 20, FINAL, 2 },
      { 21, FINAL, 1 },
      SERIES_SUPERSEDED,
      2,
      0,
      false },
    { "an older edition arriving late that says the same",
      { 20, FINAL, 2 },
      { 20, FINAL, 1 },
      SERIES_SAME,
      1,
      0,
      false },
    { "a later edition that says the same",
      { 20, FINAL, 1 },
      { 20, FINAL, 2 },
      SERIES_CONFIRMED,
      2,
      1,
      false },
    { "nought is not minus one", { 0, NONE, 0 }, { -1, NONE, 0 }, SERIES_RESTATED, 2, 1, true },
    { "nought has no sign", { 0, NONE, 0 }, { -0.0, NONE, 0 }, SERIES_SAME, 1, 0, false },
};

START_TEST(a_second_version_is_ranked_against_the_first)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);
    struct series_version a = version(pair_rows[_i].first.value, pair_rows[_i].first.status,
                                      pair_rows[_i].first.edition, 1);
    struct series_version b = version(pair_rows[_i].second.value, pair_rows[_i].second.status,
                                      pair_rows[_i].second.edition, 2);

    ck_assert_int_eq(offer_june(s, a), SERIES_NEW_PERIOD);
    ck_assert_msg(offer_june(s, b) == pair_rows[_i].outcome, "%s", pair_rows[_i].why);
    ck_assert_msg(june(s)->version_count == pair_rows[_i].versions, "%s", pair_rows[_i].why);
    ck_assert_msg(june(s)->current == pair_rows[_i].current, "%s", pair_rows[_i].why);
    ck_assert_msg(series_point_restated(june(s)) == pair_rows[_i].restated, "%s",
                  pair_rows[_i].why);
}
END_TEST

START_TEST(a_figure_withheld_later_is_a_restatement)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);

    ck_assert_int_eq(offer_june(s, version(3, NONE, 0, 1)), SERIES_NEW_PERIOD);
    ck_assert_int_eq(offer_june(s, suppressed(2)), SERIES_RESTATED);
    ck_assert_int_eq(offer_june(s, suppressed(3)), SERIES_SAME);
    ck_assert_int_eq(series_current(june(s))->marker, MARKER_SUPPRESSED);
    ck_assert(series_point_restated(june(s)));
}
END_TEST

START_TEST(whatever_stands_under_a_marker_is_no_figure)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);
    struct series_version a = suppressed(1), b = suppressed(2);

    a.value = 0;
    b.value = 4;
    ck_assert_int_eq(offer_june(s, a), SERIES_NEW_PERIOD);
    ck_assert_int_eq(offer_june(s, b), SERIES_SAME);
}
END_TEST

START_TEST(another_interval_or_part_or_gap_is_a_version_but_no_other_figure)
{
    for (int part = 0; part < 5; part++) {
        AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
        struct series *s = one_series(&set);
        struct series_version b = version(20, NONE, 0, 2);

        if (part == 0)
            b.low = 19.5;
        else if (part == 1)
            b.high = 20.5;
        else if (part == 2)
            b.numerator = 10;
        else if (part == 3)
            b.denominator = 50;
        else
            b.gap = true;
        ck_assert_int_eq(offer_june(s, version(20, NONE, 0, 1)), SERIES_NEW_PERIOD);
        ck_assert_msg(offer_june(s, b) == SERIES_RESTATED, "part %d", part);
        ck_assert_uint_eq(june(s)->current, 1);
        ck_assert(!series_point_restated(june(s)));
    }
}
END_TEST

/* ---- longer histories ---- */

START_TEST(restated_back_is_a_version_of_its_own)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);

    ck_assert_int_eq(offer_june(s, version(10, NONE, 0, 1)), SERIES_NEW_PERIOD);
    ck_assert_int_eq(offer_june(s, version(12, NONE, 0, 2)), SERIES_RESTATED);
    ck_assert_int_eq(offer_june(s, version(10, NONE, 0, 3)), SERIES_RESTATED);
    ck_assert_uint_eq(june(s)->version_count, 3);
    ck_assert_uint_eq(june(s)->current, 2);
    ck_assert(series_point_restated(june(s)));
}
END_TEST

START_TEST(an_edition_between_two_that_agree_arrives_late_and_changes_nothing)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);

    ck_assert_int_eq(offer_june(s, version(10, FINAL, 1, 1)), SERIES_NEW_PERIOD);
    ck_assert_int_eq(offer_june(s, version(10, FINAL, 3, 2)), SERIES_CONFIRMED);
    ck_assert_int_eq(offer_june(s, version(9, FINAL, 2, 3)), SERIES_SUPERSEDED);
    ck_assert_double_eq(series_current(june(s))->value, 10);
    ck_assert(!series_point_restated(june(s))); /* 9 never was in force */
}
END_TEST

START_TEST(a_file_taken_again_after_a_crash_adds_nothing)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);

    (void)offer_june(s, version(10, NONE, 0, 1));
    (void)offer_june(s, version(12, NONE, 0, 2));
    ck_assert_int_eq(offer_june(s, version(10, NONE, 0, 1)), SERIES_SAME);
    ck_assert_int_eq(offer_june(s, version(12, NONE, 0, 2)), SERIES_SAME);
    ck_assert_uint_eq(june(s)->version_count, 2);
}
END_TEST

START_TEST(what_a_file_changed_is_the_same_when_it_is_taken_again)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);
    struct civil_date start = date_of("2024-06-01"), end = date_of("2024-06-30");
    const struct series_version all[] = { version(10, NONE, 0, 1), version(12, NONE, 0, 2),
                                          version(12, NONE, 0, 3), version(9, NONE, 0, 4) };
    static const enum series_outcome effects[] = { SERIES_NEW_PERIOD, SERIES_RESTATED, SERIES_SAME,
                                                   SERIES_RESTATED };

    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < 4; i++) {
            ck_assert_int_eq(series_effect(s, start, end, &all[i]), effects[i]);
            (void)offer_june(s, all[i]);
        }
}
END_TEST

START_TEST(of_equal_rank_the_one_received_last_stands_whenever_it_is_offered)
{
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);

    ck_assert_int_eq(offer_june(s, version(10, FINAL, 1, 5)), SERIES_NEW_PERIOD);
    ck_assert_int_eq(offer_june(s, version(9, FINAL, 1, 3)), SERIES_SUPERSEDED);
    ck_assert_double_eq(series_current(june(s))->value, 10);
    ck_assert(series_point_restated(june(s))); /* 9 was received first, and was replaced */
}
END_TEST

/* Four versions with different figures, in every order of arrival: same versions, same current. */
/* Given by feed backfill: the kind of the first received and of the second, and which of them stands. */
static const struct {
    enum history_kind first, second;
    int edition; /* of the second */
    double stands;
} history_rows[] = {
    { HISTORY_NONE, HISTORY_FIGURE, 0, 50 }, { HISTORY_NONE, HISTORY_FIGURE, 2, 48 },
    { HISTORY_FIGURE, HISTORY_NONE, 0, 48 }, { HISTORY_FIGURE, HISTORY_FIGURE, 0, 48 },
    { HISTORY_NONE, HISTORY_COUNT, 0, 48 },
};

START_TEST(a_figure_of_history_yields_to_one_that_came_as_it_was_published)
{
    struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);
    struct series_version first = version(50, PUBLICATION_NONE, 0, 1);
    struct series_version second = version(48, PUBLICATION_NONE, history_rows[_i].edition, 2);

    first.history = history_rows[_i].first;
    second.history = history_rows[_i].second;
    (void)offer_june(s, first);
    (void)offer_june(s, second);
    ck_assert_double_eq(series_current(june(s))->value, history_rows[_i].stands);
    series_set_release(&set);
}
END_TEST

START_TEST(a_version_of_history_is_still_one_when_it_is_read_back)
{
    struct series_version v = version(50, PUBLICATION_NONE, 0, 1), back;

    v.history = (enum history_kind)_i;
    AUTO(auto_free) char *json = series_version_encode(&v);

    ck_assert_int_eq(series_version_decode(json, strlen(json), &back), 0);
    ck_assert_int_eq(back.history, v.history);
}
END_TEST

static const int history_kinds[3];

START_TEST(any_order_of_offering_ends_in_the_same_state)
{
    const struct series_version all[4] = { version(10, PROV, 1, 1), version(11, FINAL, 1, 2),
                                           version(12, FINAL, 2, 3), version(13, NONE, 7, 4) };

    for (int n = 0; n < 256; n++) {
        int order[4] = { n & 3, (n >> 2) & 3, (n >> 4) & 3, (n >> 6) & 3 };

        if (((1 << order[0]) | (1 << order[1]) | (1 << order[2]) | (1 << order[3])) != 15)
            continue;
        AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
        struct series *s = one_series(&set);

        for (int i = 0; i < 4; i++)
            ck_assert_int_ne(offer_june(s, all[order[i]]), SERIES_SAME);
        ck_assert_uint_eq(june(s)->version_count, 4);
        for (size_t i = 0; i < 4; i++)
            ck_assert_uint_eq(june(s)->versions[i].receipt, i + 1);
        ck_assert_double_eq(series_current(june(s))->value, 12);
    }
}
END_TEST

START_TEST(points_stay_sorted_by_end_then_start)
{
    static const char *const periods[][2] = {
        { "2024-06-01", "2024-06-30" }, { "2023-07-01", "2024-06-30" },
        { "2025-01-01", "2025-01-31" }, { "2024-01-01", "2024-01-31" },
        { "2024-04-01", "2024-06-30" },
    };
    static const char *const sorted[][2] = {
        { "2024-01-01", "2024-01-31" }, { "2023-07-01", "2024-06-30" },
        { "2024-04-01", "2024-06-30" }, { "2024-06-01", "2024-06-30" },
        { "2025-01-01", "2025-01-31" },
    };
    AUTO(series_set_release) struct series_set set = SERIES_SET_INIT;
    struct series *s = one_series(&set);

    for (size_t i = 0; i < 5; i++) {
        struct series_version v = version((double)i, NONE, 0, i + 1);

        ck_assert_int_eq(series_offer(s, date_of(periods[i][0]), date_of(periods[i][1]), &v),
                         SERIES_NEW_PERIOD);
    }
    ck_assert_uint_eq(s->point_count, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(s->points[i].period_start.day, date_of(sorted[i][0]).day);
        ck_assert_int_eq(s->points[i].period_end.day, date_of(sorted[i][1]).day);
        ck_assert_uint_eq(s->points[i].version_count, 1);
    }
}
END_TEST

/* ---- the line for the store ---- */

static void assert_same_version(const struct series_version *a, const struct series_version *b)
{
    const double x[] = { a->value, a->low, a->high, a->numerator, a->denominator };
    const double y[] = { b->value, b->low, b->high, b->numerator, b->denominator };

    for (size_t i = 0; i < 5; i++)
        ck_assert_msg(isnan(x[i]) ? isnan(y[i]) : x[i] == y[i], "number %zu: %.17g, %.17g", i, x[i],
                      y[i]);
    ck_assert_int_eq(a->marker, b->marker);
    ck_assert_int_eq(a->status, b->status);
    ck_assert_int_eq(a->edition, b->edition);
    ck_assert_uint_eq(a->receipt, b->receipt);
    ck_assert_int_eq(a->as_of.ms, b->as_of.ms);
    ck_assert_str_eq(a->source, b->source);
    ck_assert_int_eq(a->gap, b->gap);
    ck_assert(a->untold == b->untold && a->stops == b->stops);
}

START_TEST(a_version_encodes_to_one_line_and_decodes_to_itself)
{
    struct series_version rows[] = {
        version(20, FINAL, 2, 7),
        version(0.1, PROV, 0, 1),
        version(1.0 / 3.0, NONE, 0, 1),
        version(1e-300, NONE, 0, 1),
        version(123456789012345678.0, NONE, 0, INT64_MAX),
        suppressed(2),
        suppressed(3),
        version(0, NONE, 0, 9),
    };

    rows[6].low = -INFINITY;
    rows[6].high = INFINITY;
    rows[7].marker = MARKER_NOT_SUBMITTED;
    rows[7].gap = true;
    rows[7].numerator = 3;
    rows[7].denominator = 4;
    rows[7].untold = 3;
    rows[7].stops = INT64_MAX;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(auto_free) char *json = series_version_encode(&rows[i]);
        struct series_version back = { .edition = -1 };

        ck_assert_ptr_nonnull(json);
        ck_assert_ptr_null(strchr(json, '\n'));
        ck_assert_int_eq(series_version_decode(json, strlen(json), &back), 0);
        assert_same_version(&rows[i], &back);
    }
}
END_TEST

START_TEST(the_keys_of_the_line_are_stable)
{
    struct series_version v = version(43.5, FINAL, 2, 7);
    AUTO(auto_free) char *json = series_version_encode(&v);

    ck_assert_str_eq(json,
                     "{\"value\":43.5,\"low\":43.5,\"high\":43.5,\"numerator\":null,"
                     "\"denominator\":null,\"marker\":null,\"status\":\"final\",\"edition\":2,"
                     "\"receipt\":7,\"as_of\":1007,\"source\":\"0000000000000007\",\"gap\":false}");
}
END_TEST

#define REST                                                                                       \
    "\"numerator\":null,\"denominator\":null,\"edition\":2,\"receipt\":7,\"as_of\":1,"             \
    "\"gap\":false,\"source\":\"00\","
#define NUMBERS "\"value\":1,\"low\":1,\"high\":1,"

static const struct {
    const char *why, *json;
    int result;
} bad_rows[] = {
    { "whole, with integers for reals", "{" NUMBERS REST "\"marker\":null,\"status\":null}", 0 },
    { "nothing", "", -EINVAL },
    { "torn", "{" NUMBERS REST "\"marker\":null,\"stat", -EINVAL },
    { "no object", "[1]", -EINVAL },
    { "a number missing", "{\"value\":1,\"low\":1," REST "\"marker\":null,\"status\":null}",
      -EINVAL },
    { "a number that is a word",
      "{\"value\":\"20\",\"low\":1,\"high\":1," REST "\"marker\":null,\"status\":null}", -EINVAL },
    { "a figure that is no number",
      "{\"value\":null,\"low\":1,\"high\":1," REST "\"marker\":null,\"status\":null}", -EINVAL },
    { "a figure without an interval",
      "{\"value\":1,\"low\":null,\"high\":null," REST "\"marker\":null,\"status\":null}", -EINVAL },
    { "a figure outside its interval",
      "{\"value\":1,\"low\":2,\"high\":3," REST "\"marker\":null,\"status\":null}", -EINVAL },
    { "withheld: no number is right",
      "{\"value\":null,\"low\":0,\"high\":\"inf\"," REST
      "\"marker\":\"suppressed\",\"status\":null}",
      0 },
    { "never, beyond every number",
      "{\"value\":\"inf\",\"low\":\"inf\",\"high\":\"inf\"," REST
      "\"marker\":null,\"status\":null}",
      0 },
    { "never, or perhaps a number",
      "{\"value\":\"inf\",\"low\":1,\"high\":\"inf\"," REST "\"marker\":null,\"status\":null}",
      -EINVAL },
    { "an unknown marker", "{" NUMBERS REST "\"marker\":\"hidden\",\"status\":null}", -EINVAL },
    { "an unknown status", "{" NUMBERS REST "\"marker\":null,\"status\":\"draft\"}", -EINVAL },
    { "no status", "{" NUMBERS REST "\"marker\":null}", -EINVAL },
    { "more after the end", "{" NUMBERS REST "\"marker\":null,\"status\":null} x", -EINVAL },
    { "a source that is too long",
      "{" NUMBERS "\"numerator\":null,\"denominator\":null,\"edition\":2,\"receipt\":7,"
      "\"as_of\":1,\"gap\":false,\"source\":\"01234567890123456\",\"marker\":null,\"status\":null}",
      -EINVAL },
    { "a negative receipt",
      "{" NUMBERS "\"numerator\":null,\"denominator\":null,\"edition\":2,\"receipt\":-7,"
      "\"as_of\":1,\"gap\":false,\"source\":\"00\",\"marker\":null,\"status\":null}",
      -EINVAL },
};

START_TEST(a_line_that_is_not_whole_is_refused_and_nothing_is_set)
{
    struct series_version v = { .edition = -1 };
    int r = series_version_decode(bad_rows[_i].json, strlen(bad_rows[_i].json), &v);

    ck_assert_msg(r == bad_rows[_i].result, "%s: %d", bad_rows[_i].why, r);
    if (r < 0)
        ck_assert_int_eq(v.edition, -1);
}
END_TEST

UNIT_MAIN("series", UNIT_ROWS(a_key_is_folded_and_its_bars_are_encoded, key_rows),
          UNIT_TEST(different_names_never_share_a_key),
          UNIT_TEST(a_name_printed_otherwise_opens_the_same_series_and_is_kept_as_last_printed),
          UNIT_TEST(an_unknown_key_finds_nothing),
          UNIT_ROWS(a_second_version_is_ranked_against_the_first, pair_rows),
          UNIT_TEST(a_figure_withheld_later_is_a_restatement),
          UNIT_TEST(whatever_stands_under_a_marker_is_no_figure),
          UNIT_TEST(another_interval_or_part_or_gap_is_a_version_but_no_other_figure),
          UNIT_TEST(restated_back_is_a_version_of_its_own),
          UNIT_TEST(an_edition_between_two_that_agree_arrives_late_and_changes_nothing),
          UNIT_TEST(a_file_taken_again_after_a_crash_adds_nothing),
          UNIT_TEST(what_a_file_changed_is_the_same_when_it_is_taken_again),
          UNIT_TEST(of_equal_rank_the_one_received_last_stands_whenever_it_is_offered),
          UNIT_ROWS(a_figure_of_history_yields_to_one_that_came_as_it_was_published, history_rows),
          UNIT_ROWS(a_version_of_history_is_still_one_when_it_is_read_back, history_kinds),
          UNIT_TEST(any_order_of_offering_ends_in_the_same_state),
          UNIT_TEST(points_stay_sorted_by_end_then_start),
          UNIT_TEST(a_version_encodes_to_one_line_and_decodes_to_itself),
          UNIT_TEST(the_keys_of_the_line_are_stable),
          UNIT_ROWS(a_line_that_is_not_whole_is_refused_and_nothing_is_set, bad_rows))
