/*
 * date_of - a date as a test writes it down
 *
 * Header only.
 */
#ifndef SUPPORT_DATE_OF_H
#define SUPPORT_DATE_OF_H

#include <check.h>
#include <string.h>

#include "base/date.h"

/** "2024-06-30"; NULL and "" are DATE_NONE. Another text fails the test. */
static inline struct civil_date date_of(const char *text)
{
    struct civil_date d = DATE_NONE;

    if (text && *text)
        ck_assert_msg(date_parse_iso(text, strlen(text), &d) == 0, "%s", text);
    return d;
}

#endif
