#include "outbox/timing.h"

#include "support/unit.h"

static const struct {
    struct due due;
    enum timing when;
} rows[] = {
    /* shut, at once, turned red, spent */
    { { false, false, false, false }, TIMING_NOW },
    { { false, false, false, true }, TIMING_TOMORROW },
    { { false, false, true, false }, TIMING_NOW },
    { { false, false, true, true }, TIMING_NOW },
    { { false, true, false, true }, TIMING_NOW },
    { { false, true, true, true }, TIMING_NOW },
    { { true, false, false, false }, TIMING_HOURS },
    { { true, false, true, true }, TIMING_HOURS },
    { { true, true, true, false }, TIMING_HOURS },
};

START_TEST(hours_come_first_then_what_turned_red_then_the_day)
{
    ck_assert_int_eq(timing_of(&rows[_i].due), rows[_i].when);
}
END_TEST

UNIT_MAIN("timing", UNIT_ROWS(hours_come_first_then_what_turned_red_then_the_day, rows))
