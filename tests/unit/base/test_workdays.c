#include "base/workdays.h"

#include <errno.h>

#include "support/date_of.h"
#include "support/unit.h"

/* Easter and Christmas 2026, Boxing Day on a Monday; added in another order. */
static void make(struct workdays *w)
{
    static const char *const days[] = { "2026-12-28", "2026-04-03", "2026-12-25", "2026-04-06" };

    *w = (struct workdays){ .until = date_of("2026-12-31") };
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        ck_assert_int_eq(workdays_add(w, date_of(days[i])), 0);
}

static const struct {
    const char *why, *from;
    int n;
    const char *after, *before;
} step_rows[] = {
    { "none is the day itself, also a Sunday", "2026-03-01", 0, "2026-03-01", "2026-03-01" },
    { "the next day", "2026-03-03", 1, "2026-03-04", "2026-03-02" },
    { "over a weekend", "2026-03-06", 1, "2026-03-09", "2026-03-05" },
    { "a week of them is seven days", "2026-03-04", 5, "2026-03-11", "2026-02-25" },
    { "over Good Friday and Easter Monday", "2026-04-02", 1, "2026-04-07", "2026-04-01" },
    { "back over Easter", "2026-04-07", 1, "2026-04-08", "2026-04-02" },
    { "from a bank holiday on", "2026-04-03", 2, "2026-04-08", "2026-04-01" },
    { "over Christmas and the day that stands for Boxing Day", "2026-12-24", 2, "2026-12-30",
      "2026-12-22" },
    { "after the list's end only weekends are stepped over", "2026-12-31", 1, "2027-01-01",
      "2026-12-30" },
};

START_TEST(working_days_step_over_weekends_and_bank_holidays)
{
    struct workdays w;
    char text[DATE_TEXT_MAX];

    make(&w);
    struct civil_date after = workdays_after(&w, date_of(step_rows[_i].from), step_rows[_i].n);
    struct civil_date before = workdays_before(&w, date_of(step_rows[_i].from), step_rows[_i].n);

    ck_assert_msg(after.day == date_of(step_rows[_i].after).day, "%s: %s after", step_rows[_i].why,
                  date_format(after, text));
    ck_assert_msg(before.day == date_of(step_rows[_i].before).day, "%s: %s before",
                  step_rows[_i].why, date_format(before, text));
    workdays_release(&w);
}
END_TEST

START_TEST(without_a_list_only_weekends_are_stepped_over)
{
    ck_assert_int_eq(workdays_after(NULL, date_of("2025-03-28"), 6).day, date_of("2025-04-07").day);
    ck_assert_int_eq(workdays_after(NULL, date_of("2026-04-02"), 1).day, date_of("2026-04-03").day);
    ck_assert(!workdays_is_working(NULL, date_of("2025-03-29")));
    ck_assert_int_eq(workdays_state(NULL, date_of("2125-03-29")), WORKDAYS_KNOWN);
}
END_TEST

START_TEST(the_next_working_day_is_the_day_itself_where_it_is_one)
{
    struct workdays w;

    make(&w);
    ck_assert_int_eq(workdays_from(&w, date_of("2026-04-02")).day, date_of("2026-04-02").day);
    ck_assert_int_eq(workdays_from(&w, date_of("2026-04-03")).day, date_of("2026-04-07").day);
    ck_assert_int_eq(workdays_from(&w, date_of("2026-04-04")).day, date_of("2026-04-07").day);
    workdays_release(&w);
}
END_TEST

START_TEST(counting_agrees_with_stepping_on_every_pair_of_days)
{
    struct workdays w;
    struct civil_date from = date_of("2026-03-20"), end = date_of("2026-04-20");

    make(&w);
    for (struct civil_date a = from; date_compare(a, end) < 0; a = date_add_days(a, 1))
        for (struct civil_date b = from; date_compare(b, end) < 0; b = date_add_days(b, 1)) {
            int n = workdays_between(&w, a, b);

            if (date_compare(a, b) >= 0)
                ck_assert_int_eq(n, 0);
            else if (n > 0)
                ck_assert(date_compare(workdays_after(&w, a, n), b) <= 0);
            if (date_compare(a, b) < 0)
                ck_assert(date_compare(workdays_after(&w, a, n + 1), b) > 0);
        }
    workdays_release(&w);
}
END_TEST

static const struct {
    const char *why, *today;
    enum workdays_state state;
} end_rows[] = {
    { "more than six months before", "2026-06-29", WORKDAYS_KNOWN },
    { "the last day that is seven months away by its number", "2026-06-30", WORKDAYS_KNOWN },
    { "six months before", "2026-07-01", WORKDAYS_END_SOON },
    { "its last day", "2026-12-31", WORKDAYS_END_SOON },
    { "the day after", "2027-01-01", WORKDAYS_ENDED },
};

START_TEST(the_end_of_the_list_is_said_six_months_before_and_after_it)
{
    struct workdays w;

    make(&w);
    ck_assert_msg(workdays_state(&w, date_of(end_rows[_i].today)) == end_rows[_i].state, "%s",
                  end_rows[_i].why);
    workdays_release(&w);
}
END_TEST

START_TEST(a_day_is_listed_once)
{
    struct workdays w;

    make(&w);
    ck_assert_int_eq(workdays_add(&w, date_of("2026-12-25")), -EEXIST);
    ck_assert_uint_eq(w.count, 4);
    workdays_release(&w);
    ck_assert_uint_eq(w.count, 0);
}
END_TEST

UNIT_MAIN("workdays", UNIT_ROWS(working_days_step_over_weekends_and_bank_holidays, step_rows),
          UNIT_TEST(without_a_list_only_weekends_are_stepped_over),
          UNIT_TEST(the_next_working_day_is_the_day_itself_where_it_is_one),
          UNIT_TEST(counting_agrees_with_stepping_on_every_pair_of_days),
          UNIT_ROWS(the_end_of_the_list_is_said_six_months_before_and_after_it, end_rows),
          UNIT_TEST(a_day_is_listed_once))
