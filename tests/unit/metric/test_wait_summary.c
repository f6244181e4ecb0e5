#include "metric/wait_summary.h"

#include <inttypes.h>

#include "support/unit.h"

static const struct {
    const char *why;
    uint64_t total, over;
    double per_cent;
    uint64_t shortfall;
} shortfalls[] = {
    { "the worked example of DOMAIN section 2.1", 1000, 200, 92, 131 },
    { "one more than the standard allows", 100, 9, 92, 2 },
    { "exactly met", 100, 8, 92, 0 },
    { "exactly met in a list whose share does not divide", 25, 2, 92, 0 },
    { "better than the standard", 1000, 0, 92, 0 },
    { "all have to go", 40, 40, 92, 40 },
    { "nobody may wait longer", 1000, 3, 100, 3 },
    { "nobody waits", 0, 0, 92, 0 },
    { "half per cents", 200, 20, 92.5, 6 },
};

START_TEST(the_shortfall_to_a_standard_is_the_least_number_that_meets_it)
{
    uint64_t go =
        wait_shortfall(shortfalls[_i].total, shortfalls[_i].over, shortfalls[_i].per_cent);

    ck_assert_msg(go == shortfalls[_i].shortfall, "%s: %" PRIu64, shortfalls[_i].why, go);
}
END_TEST

START_TEST(one_fewer_than_the_shortfall_misses_the_standard_and_it_itself_meets_it)
{
    for (uint64_t total = 1; total <= 120; total++) {
        for (uint64_t over = 0; over <= total; over++) {
            uint64_t go = wait_shortfall(total, over, 92), within = total - over;

            ck_assert(go <= over && 100 * within >= 92 * (total - go));
            ck_assert(go == 0 || 100 * within < 92 * (total - go + 1));
        }
    }
}
END_TEST

static const size_t sizes[] = { 0, 1, 2, 24, 25, 300 };

START_TEST(a_histogram_has_each_day_once_in_order_of_few_waits_and_of_many)
{
    int days[300];
    struct wait_count list[300];
    unsigned of_day[50] = { 0 };
    uint64_t next = 7;

    for (size_t i = 0; i < sizes[_i]; i++) {
        next = next * 6364136223846793005u + 1442695040888963407u;
        days[i] = (int)(next >> 33) % 50;
        of_day[days[i]]++;
    }
    size_t n = wait_histogram(days, sizes[_i], list);

    for (size_t i = 0; i < n; i++) {
        ck_assert(i == 0 || list[i - 1].days < list[i].days);
        ck_assert_uint_eq(list[i].count, of_day[list[i].days]);
    }
    ck_assert_uint_eq(wait_total(list, n), sizes[_i]);
}
END_TEST

UNIT_MAIN("wait_summary",
          UNIT_ROWS(a_histogram_has_each_day_once_in_order_of_few_waits_and_of_many, sizes),
          UNIT_ROWS(the_shortfall_to_a_standard_is_the_least_number_that_meets_it, shortfalls),
          UNIT_TEST(one_fewer_than_the_shortfall_misses_the_standard_and_it_itself_meets_it))
