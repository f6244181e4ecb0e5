#include "notify/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define NONE NAN

static const struct {
    const char *why;
    double value, numerator, denominator, high;
    enum marker marker;
    bool gap;
    enum unit unit;
    const char *published, *partner;
} rows[] = {
    { "a count", 1145, NONE, NONE, 0, MARKER_NONE, false, UNIT_COUNT, "1,145", "1,145" },
    { "a count to the nearest 5", 1142, NONE, NONE, 0, MARKER_NONE, false, UNIT_COUNT, "1,142",
      "1,140" },
    { "254 is 255", 254, NONE, NONE, 0, MARKER_NONE, false, UNIT_COUNT, "254", "255" },
    { "5 is shown", 5, NONE, NONE, 0, MARKER_NONE, false, UNIT_COUNT, "5", "5" },
    { "4 is hidden", 4, NONE, NONE, 0, MARKER_NONE, false, UNIT_COUNT, "4", "*" },
    { "0 is hidden", 0, NONE, NONE, 0, MARKER_NONE, false, UNIT_COUNT, "0", "*" },
    { "what is reckoned from four is hidden", 28.5, 4, 60, 0, MARKER_NONE, false, UNIT_COUNT,
      "28.5", "*" },
    { "what is reckoned from five is shown", 35.6, 5, 60, 0, MARKER_NONE, false, UNIT_COUNT, "35.6",
      "35" },
    { "an unknown unit is taken for a count", 3, NONE, NONE, 0, MARKER_NONE, false, UNIT_UNKNOWN,
      "3", "*" },
    { "a percentage", 43.5, NONE, NONE, 0, MARKER_NONE, false, UNIT_PERCENT, "43.5%", "44%" },
    { "a percentage of 9", 55.6, 5, 9, 0, MARKER_NONE, false, UNIT_PERCENT, "55.6%", "*" },
    { "a percentage of 10", 50, 5, 10, 0, MARKER_NONE, false, UNIT_PERCENT, "50%", "50%" },
    { "a percentage whose numerator is under 5", 4, 4, 100, 0, MARKER_NONE, false, UNIT_PERCENT,
      "4%", "*" },
    { "a percentage whose rest is under 5", 98, 98, 100, 0, MARKER_NONE, false, UNIT_PERCENT, "98%",
      "*" },
    { "a percentage whose rest is 5", 95, 95, 100, 0, MARKER_NONE, false, UNIT_PERCENT, "95%",
      "95%" },
    { "a percentage of all", 100, 40, 40, 0, MARKER_NONE, false, UNIT_PERCENT, "100%", "*" },
    { "a percentage whose rest is under 5, numerator not said", 98, NONE, 100, 0, MARKER_NONE,
      false, UNIT_PERCENT, "98%", "*" },
    { "a percentage whose numerator would be under 5", 3, NONE, 100, 0, MARKER_NONE, false,
      UNIT_PERCENT, "3%", "*" },
    { "days", 57, NONE, NONE, 0, MARKER_NONE, false, UNIT_DAYS, "57 days", "57 days" },
    { "one day", 1, NONE, NONE, 0, MARKER_NONE, false, UNIT_DAYS, "1 day", "1 day" },
    { "days over 7", 57.5, NONE, 7, 0, MARKER_NONE, false, UNIT_DAYS, "57.5 days", "*" },
    { "weeks", 18.25, NONE, 8, 0, MARKER_NONE, false, UNIT_WEEKS, "18.25 weeks", "18 weeks" },
    { "a rate that rests on few", 2, 7, 500, 0, MARKER_NONE, false, UNIT_RATE, "2", "*" },
    { "a list that does not clear", INFINITY, 90, 500, 0, MARKER_NONE, false, UNIT_WEEKS, "never",
      "never" },
    { "a million", 1234567, NONE, NONE, 0, MARKER_NONE, false, UNIT_COUNT, "1,234,567",
      "1,234,565" },
    { "a thousand and a half", 1234.5, NONE, NONE, 0, MARKER_NONE, false, UNIT_DAYS, "1,234.5 days",
      "1,235 days" },
    { "no noise of binary fractions", 0.1 + 0.2, NONE, NONE, 0, MARKER_NONE, false, UNIT_PERCENT,
      "0.3%", "0%" },
    { "suppressed is no number", 0, NONE, NONE, INFINITY, MARKER_SUPPRESSED, false, UNIT_COUNT,
      "suppressed", "suppressed" },
    { "suppressed below 5", 0, NONE, NONE, 4, MARKER_SUPPRESSED, false, UNIT_COUNT, "fewer than 5",
      "suppressed" },
    { "not submitted is no zero", 0, NONE, NONE, 0, MARKER_NOT_SUBMITTED, false, UNIT_COUNT,
      "not submitted", "not submitted" },
    { "not applicable", 0, NONE, NONE, 0, MARKER_NOT_APPLICABLE, false, UNIT_COUNT,
      "not applicable", "not applicable" },
    { "a total that its parts contradict", 0, NONE, NONE, 0, MARKER_NONE, true, UNIT_COUNT,
      "not submitted", "not submitted" },
};

START_TEST(a_figure_is_shown_as_its_audience_may_see_it)
{
    struct series_version v = { .value = rows[_i].value,
                                .numerator = rows[_i].numerator,
                                .denominator = rows[_i].denominator,
                                .high = rows[_i].high,
                                .marker = rows[_i].marker,
                                .gap = rows[_i].gap };
    const struct figure_kind published = { .unit = rows[_i].unit,
                                           .published = true,
                                           .is_longest = false },
                             partner = { .unit = rows[_i].unit,
                                         .published = false,
                                         .is_longest = false };
    char out[FIGURE_MAX];

    ck_assert_msg(strcmp(message_figure(&v, published, out), rows[_i].published) == 0, "%s: %s",
                  rows[_i].why, out);
    ck_assert_msg(strcmp(message_figure(&v, partner, out), rows[_i].partner) == 0, "%s: %s",
                  rows[_i].why, out);
}
END_TEST

/* Whoever knows the share as it is shown and how many there are, to the nearest 5, cannot tell that so
 * few are in it, or in the rest. */
START_TEST(no_share_tells_how_many_are_in_it_or_in_the_rest_when_those_are_under_five)
{
    const struct figure_kind kind = { .unit = UNIT_PERCENT,
                                      .published = false,
                                      .is_longest = false };
    char out[FIGURE_MAX];

    for (int all = 1; all <= 400; all++)
        for (int few = 0; few < 5 && few <= all; few++) {
            struct series_version in = { .value = 100.0 * few / all,
                                         .numerator = few,
                                         .denominator = all };
            struct series_version rest = { .value = 100.0 * (all - few) / all,
                                           .numerator = all - few,
                                           .denominator = all };

            ck_assert_str_eq(message_figure(&in, kind, out), "*");
            ck_assert_str_eq(message_figure(&rest, kind, out), "*");
        }
}
END_TEST

static const struct {
    const char *why;
    double value, denominator;
    enum unit unit;
    bool published;
    const char *figure;
} longest_rows[] = {
    { "a short one", 1, 40, UNIT_DAYS, false, "up to 4 weeks" },
    { "18 weeks to the day", 126, 40, UNIT_DAYS, false, "13 to 18 weeks" },
    { "a day more", 127, 40, UNIT_DAYS, false, "18 to 26 weeks" },
    { "over a year", 365, 40, UNIT_DAYS, false, "52 to 65 weeks" },
    { "in weeks", 104.1, 40, UNIT_WEEKS, false, "over 104 weeks" },
    { "how many wait is not known", 365, NONE, UNIT_DAYS, false, "52 to 65 weeks" },
    { "of 8", 365, 8, UNIT_DAYS, false, "52 to 65 weeks" },
    { "of 7", 365, 7, UNIT_DAYS, false, "*" },
    { "as published", 365, 7, UNIT_DAYS, true, "365 days" },
};

START_TEST(the_longest_wait_is_a_band_and_never_a_number)
{
    struct series_version v = { .value = longest_rows[_i].value,
                                .numerator = 1, /* it rests on one person */
                                .denominator = longest_rows[_i].denominator };
    const struct figure_kind kind = { .unit = longest_rows[_i].unit,
                                      .published = longest_rows[_i].published,
                                      .is_longest = true };
    char out[FIGURE_MAX];
    double value;

    ck_assert_msg(strcmp(message_figure(&v, kind, out), longest_rows[_i].figure) == 0, "%s: %s",
                  longest_rows[_i].why, out);
    ck_assert(figure_shown(&v, kind, &value) == longest_rows[_i].published);
}
END_TEST

START_TEST(no_count_under_five_can_be_told_apart_by_a_partner)
{
    const struct figure_kind count_kind = { .unit = UNIT_COUNT,
                                            .published = false,
                                            .is_longest = false };
    char out[FIGURE_MAX];

    for (int count = 0; count < 5; count++) {
        struct series_version v = { .value = count, .numerator = NAN, .denominator = NAN };

        ck_assert_str_eq(message_figure(&v, count_kind, out), "*");
    }
}
END_TEST

START_TEST(no_version_is_no_figure)
{
    const struct figure_kind kind = { .unit = UNIT_COUNT, .published = true, .is_longest = false };
    char out[FIGURE_MAX];
    double value = 7;

    ck_assert_str_eq(message_figure(NULL, kind, out), "no figure");
    ck_assert(!figure_shown(NULL, kind, &value) && value == 7);
}
END_TEST

static const struct {
    double value;
    enum unit unit;
    const char *text;
} differences[] = {
    { 15, UNIT_PERCENT, "15 percentage points" },
    { 1, UNIT_PERCENT, "1 percentage point" },
    { 12, UNIT_DAYS, "12 days" },
    { 1200, UNIT_COUNT, "1,200" },
    { 0.5, UNIT_WEEKS, "0.5 weeks" },
};

START_TEST(a_difference_of_percentages_is_in_points)
{
    char out[FIGURE_MAX + 32];

    ck_assert_str_eq(figure_difference(differences[_i].value, differences[_i].unit, out),
                     differences[_i].text);
}
END_TEST

static const struct {
    const char *why;
    double low, high, numerator, denominator;
    uint64_t untold, stops;
    enum unit unit;
    const char *partner, *of;
} untold[] = {
    { "rounded outwards", 11, 34, NONE, NONE, 23, 61, UNIT_COUNT, "10 to 35", "25 of 60" },
    { "a lower bound of few is not told", 4, 18, NONE, NONE, 14, 30, UNIT_COUNT, "up to 20",
      "15 of 30" },
    { "nor how few were not told", 20, 23, NONE, NONE, 3, 40, UNIT_COUNT, "20 to 25",
      "fewer than 5 of 40" },
    { "few at most", 0, 4, NONE, NONE, 4, 4, UNIT_COUNT, "*", "fewer than 5 of fewer than 5" },
    { "a share", 66.7, 77.8, 60, 80, 10, 90, UNIT_PERCENT, "66 to 78%", "10 of 90" },
    { "a share of few", 66.7, 77.8, 6, 8, 2, 15, UNIT_PERCENT, "*", "fewer than 5 of 15" },
};

START_TEST(a_figure_whose_outcomes_were_not_told_is_its_bounds_and_never_a_number)
{
    const struct figure_kind kind = { .unit = untold[_i].unit,
                                      .published = false,
                                      .is_longest = false };
    char out[FIGURE_MAX];
    double value;

    for (int marked = 0; marked < 2; marked++) {
        struct series_version v = { .value = marked ? NAN : untold[_i].low,
                                    .low = untold[_i].low,
                                    .high = untold[_i].high,
                                    .numerator = untold[_i].numerator,
                                    .denominator = untold[_i].denominator,
                                    .marker = marked ? MARKER_NOT_SUBMITTED : MARKER_NONE,
                                    .untold = untold[_i].untold,
                                    .stops = untold[_i].stops };

        ck_assert_msg(strcmp(message_figure(&v, kind, out), untold[_i].partner) == 0, "%s: %s",
                      untold[_i].why, out);
        ck_assert(!figure_shown(&v, kind, &value));
        ck_assert(figure_is_bounds(&v, kind) == (strcmp(out, "*") != 0));
        ck_assert_str_eq(figure_untold(&v, kind, out), untold[_i].of);
    }
}
END_TEST

static const struct {
    const char *why;
    double value, numerator, denominator;
    enum unit unit;
    const char *partner, *public, *internal;
    const char *told; /* to internal, where the plan lets 0 be told */
} of_profiles[] = {
    { "nobody", 0, NONE, NONE, UNIT_COUNT, "*", "*", "fewer than 5", "0" },
    { "nobody of some", 0, 0, 25, UNIT_COUNT, "*", "*", "fewer than 5", "0" },
    { "four of some", 4, 4, 25, UNIT_COUNT, "*", "*", "fewer than 5", "fewer than 5" },
    { "few", 1, NONE, NONE, UNIT_COUNT, "*", "*", "fewer than 5", "fewer than 5" },
    { "four", 4, NONE, NONE, UNIT_COUNT, "*", "*", "fewer than 5", "fewer than 5" },
    { "more", 12, NONE, NONE, UNIT_COUNT, "10", "10", "10", "10" },
    { "of an unknown unit 0 may be anything", 0, NONE, NONE, UNIT_UNKNOWN, "*", "*", "*", "*" },
    { "reckoned from few it is no count of them", 0, 3, NONE, UNIT_COUNT, "*", "*", "*", "*" },
    { "a share of parts that are known", 48, 12, 25, UNIT_PERCENT, "48%", "40%", "48%", "48%" },
    { "a share of few", 8, 2, 25, UNIT_PERCENT, "*", "*", "*", "*" },
    { "a share whose parts are not known", 43.5, NONE, NONE, UNIT_PERCENT, "44%", "*", "44%",
      "44%" },
    { "a median over 7", 57, NONE, 7, UNIT_DAYS, "*", "*", "*", "*" },
};

START_TEST(each_profile_shows_small_numbers_in_its_own_way)
{
    const struct series_version v = { .value = of_profiles[_i].value,
                                      .numerator = of_profiles[_i].numerator,
                                      .denominator = of_profiles[_i].denominator };
    const struct {
        enum profile profile;
        bool tells_none;
        const char *shown;
    } cells[] = {
        { PROFILE_PARTNER, false, of_profiles[_i].partner },
        { PROFILE_PARTNER, true, of_profiles[_i].partner },
        { PROFILE_PUBLIC, false, of_profiles[_i].public },
        { PROFILE_PUBLIC, true, of_profiles[_i].public },
        { PROFILE_INTERNAL, false, of_profiles[_i].internal },
        { PROFILE_INTERNAL, true, of_profiles[_i].told },
    };

    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        const struct figure_kind kind = { .unit = of_profiles[_i].unit,
                                          .profile = cells[i].profile,
                                          .tells_none = cells[i].tells_none };
        char out[FIGURE_MAX];

        ck_assert_msg(strcmp(message_figure(&v, kind, out), cells[i].shown) == 0,
                      "%s, profile %d, %d: %s", of_profiles[_i].why, (int)cells[i].profile,
                      cells[i].tells_none, out);
    }
}
END_TEST

UNIT_MAIN("figure", UNIT_ROWS(each_profile_shows_small_numbers_in_its_own_way, of_profiles),
          UNIT_ROWS(a_figure_is_shown_as_its_audience_may_see_it, rows),
          UNIT_TEST(no_share_tells_how_many_are_in_it_or_in_the_rest_when_those_are_under_five),
          UNIT_ROWS(the_longest_wait_is_a_band_and_never_a_number, longest_rows),
          UNIT_TEST(no_count_under_five_can_be_told_apart_by_a_partner),
          UNIT_TEST(no_version_is_no_figure),
          UNIT_ROWS(a_figure_whose_outcomes_were_not_told_is_its_bounds_and_never_a_number, untold),
          UNIT_ROWS(a_difference_of_percentages_is_in_points, differences))
