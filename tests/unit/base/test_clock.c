#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "support/unit.h"

static void in_london(void)
{
    setenv("TZ", "Europe/London", 1);
    tzset();
}

static const struct {
    const char *at, *local;
    int result;
} at_rows[] = {
    { "2024-09-20", "2024-09-20T12:00:00+01:00", 0 },
    { "2024-12-20T08:30", "2024-12-20T08:30:00+00:00", 0 },
    { "2024-09-20 08:30", NULL, -EINVAL },
    { "2024-02-30", NULL, -EINVAL },
    { "2024-09-20T24:00", NULL, -EINVAL },
    { "2024-09-20T8:00", NULL, -EINVAL },
    { "20/09/2024", NULL, -EINVAL },
    { "", NULL, -EINVAL },
};

START_TEST(at_is_local_time_and_noon_when_only_a_date_is_given)
{
    struct wall_time w;
    char out[WALL_TEXT_MAX];

    in_london();
    ck_assert_int_eq(clock_parse_at(at_rows[_i].at, &w), at_rows[_i].result);
    if (at_rows[_i].local)
        ck_assert_str_eq(wall_format(w, out), at_rows[_i].local);
}
END_TEST

START_TEST(a_set_clock_starts_where_it_was_set_and_runs_on)
{
    struct clock c = CLOCK_REAL;
    struct wall_time w;

    in_london();
    ck_assert_int_eq(clock_parse_at("2024-09-20", &w), 0);
    clock_set(&c, w);
    ck_assert_int_ge(clock_wall(&c).ms, w.ms);
    ck_assert_int_lt(clock_wall(&c).ms, w.ms + 5000);
    char date[DATE_TEXT_MAX];

    ck_assert_str_eq(date_format(clock_today(&c), date), "2024-09-20");
    c.started.ms -= 12 * 3600 * 1000; /* half a day passes */
    ck_assert_str_eq(date_format(clock_today(&c), date), "2024-09-21");
}
END_TEST

START_TEST(the_local_date_changes_at_local_midnight_in_summer)
{
    struct wall_time w = { 1718837999000LL }; /* 2024-06-19T22:59:59Z */
    char date[DATE_TEXT_MAX];

    in_london();
    ck_assert_str_eq(date_format(wall_date(w), date), "2024-06-19");
    w.ms += 1000;
    ck_assert_str_eq(date_format(wall_date(w), date), "2024-06-20");
    ck_assert_int_eq(wall_of_date(wall_date(w)).ms, w.ms);
}
END_TEST

UNIT_MAIN("clock", UNIT_ROWS(at_is_local_time_and_noon_when_only_a_date_is_given, at_rows),
          UNIT_TEST(a_set_clock_starts_where_it_was_set_and_runs_on),
          UNIT_TEST(the_local_date_changes_at_local_midnight_in_summer))
