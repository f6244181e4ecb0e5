#include "base/guess.h"

#include <string.h>

#include "support/unit.h"

static const struct {
    bool (*guess)(const char *text, char out[GUESS_MAX]);
    const char *text, *meant; /* NULL: not guessed at */
} rows[] = {
    { guess_date, "31/03/2025", "2025-03-31" },
    { guess_date, "31.3.2025", "2025-03-31" },
    { guess_date, "2025/3/31", "2025-03-31" },
    { guess_date, "31 March 2025", "2025-03-31" },
    { guess_date, "31-Mar-2025", "2025-03-31" },
    { guess_date, "2025-02-30", "2025-02-28" },
    { guess_date, "2024-9-30", "2024-09-30" },
    { guess_date, "Mar 2025", "2025-03" },
    { guess_date, "2025/3", "2025-03" },
    { guess_date, "03/2025", "2025-03" },
    { guess_date, "2024-13", NULL },
    { guess_date, "2024-13-01", NULL },
    { guess_date, "2024-01-32", NULL },
    { guess_date, "31/03/25", NULL }, /* which is the year? */
    { guess_date, "Q3 2024", NULL },
    { guess_date, "soon", NULL },
    { guess_date, "", NULL },
    { guess_date, "2024-2025", NULL },
    { guess_date, "1/2/3/2024", NULL },
    { guess_number, "60%", "60" },
    { guess_number, "60 per cent", "60" },
    { guess_number, "1,200", "1200" },
    { guess_number, "12,345,678", "12345678" },
    { guess_number, "-1.5%", "-1.5" },
    { guess_number, "1,20", NULL },
    { guess_number, "18w", NULL },
    { guess_number, "many", NULL },
    { guess_number, "1.2.3", NULL },
    { guess_number, "", NULL },
    { guess_number, "1234567890123456789012345678901234567890123", NULL },
    { guess_wait, "18 weeks", "18w" },
    { guess_wait, "18wk", "18w" },
    { guess_wait, "3 Months", "3m" },
    { guess_wait, "126-day", "126d" },
    { guess_wait, "18", NULL },
    { guess_wait, "weeks", NULL },
    { guess_wait, "18 fortnights", NULL },
};

START_TEST(a_mistyped_date_number_or_wait_is_guessed_when_it_can_be_one_thing_only)
{
    char out[GUESS_MAX] = "";
    bool is_guessed = rows[_i].guess(rows[_i].text, out);

    ck_assert_msg(is_guessed == (rows[_i].meant != NULL), "\"%s\": %s", rows[_i].text, out);
    if (is_guessed)
        ck_assert_str_eq(out, rows[_i].meant);
}
END_TEST

UNIT_MAIN("guess",
          UNIT_ROWS(a_mistyped_date_number_or_wait_is_guessed_when_it_can_be_one_thing_only, rows))
