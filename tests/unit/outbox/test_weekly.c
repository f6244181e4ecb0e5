#include "outbox/weekly.h"

#include "support/date_of.h"
#include "support/unit.h"

/* 10 June 2024 is a Monday. */
static const struct {
    int on;
    const char *at, *date;
    int minute;
    const char *first, *week; /* "": none is due */
} rows[] = {
    { 0, "08:00", "2024-06-10", 8 * 60 - 1, "2024-06-03", "" },
    { 0, "08:00", "2024-06-10", 8 * 60 - 1, "2024-06-01", "2024-06-03" }, /* up to the next */
    { 0, "08:00", "2024-06-10", 8 * 60, "2024-06-01", "2024-06-10" },
    { 0, "08:00", "2024-06-11", 0, "2024-06-01", "2024-06-10" },
    { 0, "08:00", "2024-06-16", 1439, "2024-06-01", "2024-06-10" }, /* up to Sunday's end */
    { 0, "08:00", "2024-06-17", 479, "2024-06-01", "2024-06-10" },  /* and to its time */
    { 0, "08:00", "2024-06-17", 480, "2024-06-01", "2024-06-17" },
    { 4, "18:30", "2024-06-14", 1110, "2024-06-01", "2024-06-10" },
    { 4, "18:30", "2024-06-17", 480, "2024-06-01", "2024-06-10" }, /* after hours: on Monday */
    { 4, "18:30", "2024-06-21", 1109, "2024-06-01", "2024-06-10" },
    { 4, "18:30", "2024-06-21", 1110, "2024-06-01", "2024-06-17" },
    { 2, "09:30", "2024-06-11", 1439, "2024-05-01", "2024-06-03" }, /* up to the next */
    { 2, "09:30", "2024-06-11", 1439, "2024-06-03", "" },
    { 6, "08:00", "2024-06-16", 480, "2024-06-01", "2024-06-10" }, /* Sunday's goes on Monday */
    { 6, "08:00", "2024-06-17", 480, "2024-06-01", "2024-06-10" },
    { 2, "09:30", "2024-06-12", 569, "2024-06-01", "2024-06-03" },
    { 2, "09:30", "2024-06-12", 570, "2024-06-01", "2024-06-10" },
    { 0, "08:00", "2024-06-12", 600, "2024-06-10", "" }, /* the instance began in that week */
    { 0, "08:00", "2024-06-12", 600, "2024-06-09", "2024-06-10" },
    { 0, "08:00", "2024-06-12", 600, "", "" }, /* it has no feed */
};

START_TEST(a_digest_is_due_from_its_day_and_time_up_to_those_of_the_next_week)
{
    const struct moment now = { date_of(rows[_i].date), rows[_i].minute };
    struct civil_date first = *rows[_i].first ? date_of(rows[_i].first) : DATE_NONE;
    struct civil_date week = weekly_due(rows[_i].on, rows[_i].at, now, first);

    ck_assert_int_eq(week.day, (*rows[_i].week ? date_of(rows[_i].week) : DATE_NONE).day);
}
END_TEST

static const struct {
    const char *monday, *name;
} names[] = {
    { "2024-06-10", "2024-W24" }, { "2024-12-30", "2025-W01" }, { "2020-12-28", "2020-W53" },
    { "2024-01-01", "2024-W01" }, { "2026-12-28", "2026-W53" },
};

START_TEST(a_week_is_called_as_iso_8601_has_it)
{
    char name[WEEKLY_NAME_MAX];

    ck_assert_str_eq(weekly_name(date_of(names[_i].monday), name), names[_i].name);
}
END_TEST

UNIT_MAIN("weekly",
          UNIT_ROWS(a_digest_is_due_from_its_day_and_time_up_to_those_of_the_next_week, rows),
          UNIT_ROWS(a_week_is_called_as_iso_8601_has_it, names))
