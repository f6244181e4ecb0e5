#include "pathway/wait.h"

#include <errno.h>
#include <string.h>

#include "support/date_of.h"
#include "support/unit.h"

static const struct {
    const char *why, *start, *end;
    int days;
} waits[] = {
    { "day of the clock start is day 0", "2025-03-31", "2025-03-31", 0 },
    { "the spring hour costs no day", "2025-03-29", "2025-03-31", 2 },
    { "the autumn hour adds none", "2025-10-25", "2025-10-27", 2 },
    { "a leap day counts", "2024-02-28", "2024-03-01", 2 },
    { "18 weeks", "2024-01-01", "2024-05-06", 126 },
    { "an end before the start is none", "2025-03-31", "2025-03-30", -ERANGE },
};

START_TEST(a_wait_is_counted_in_whole_days)
{
    int days = wait_days(date_of(waits[_i].start), date_of(waits[_i].end));

    ck_assert_msg(days == waits[_i].days, "%s: %d", waits[_i].why, days);
}
END_TEST

static const struct {
    int days, band, published;
} bands[] = {
    { 0, 0, 0 },       { 1, 0, 0 },       { 7, 0, 0 },       { 8, 1, 1 },         { 119, 16, 16 },
    { 120, 17, 17 },   { 126, 17, 17 },   { 127, 18, 18 },   { 364, 51, 51 },     { 365, 52, 52 },
    { 728, 103, 103 }, { 729, 104, 104 }, { 736, 105, 104 }, { 9000, 1285, 104 },
};

START_TEST(day_126_is_within_18_weeks_and_day_365_is_over_52)
{
    ck_assert_int_eq(wait_week_band(bands[_i].days), bands[_i].band);
    ck_assert_int_eq(wait_published_band(bands[_i].days), bands[_i].published);
}
END_TEST

static const struct {
    const char *why, *start, *stop, *census;
    bool open;
} opens[] = {
    { "clock runs", "2025-03-01", NULL, "2025-03-31", true },
    { "starts on the census date", "2025-03-31", NULL, "2025-03-31", true },
    { "starts after it", "2025-04-01", NULL, "2025-03-31", false },
    { "stopped on the census date", "2025-03-01", "2025-03-31", "2025-03-31", false },
    { "stops after it", "2025-03-01", "2025-04-01", "2025-03-31", true },
    { "stopped before it", "2025-03-01", "2025-03-30", "2025-03-31", false },
};

START_TEST(open_is_the_position_at_the_end_of_the_census_day)
{
    ck_assert_msg(wait_is_open(date_of(opens[_i].start), date_of(opens[_i].stop),
                               date_of(opens[_i].census)) == opens[_i].open,
                  "%s", opens[_i].why);
}
END_TEST

UNIT_MAIN("wait", UNIT_ROWS(a_wait_is_counted_in_whole_days, waits),
          UNIT_ROWS(day_126_is_within_18_weeks_and_day_365_is_over_52, bands),
          UNIT_ROWS(open_is_the_position_at_the_end_of_the_census_day, opens))
