/*
 * date_of - a date as a test writes it down
 *
 * Header only.
 */
#ifndef SUPPORT_DATE_OF_H
#define SUPPORT_DATE_OF_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"

/** "2024-06-30"; NULL and "" are DATE_NONE. Another text ends the program: its callers are not all tests of check. */
static inline struct civil_date date_of(const char *text)
{
    struct civil_date d = DATE_NONE;

    if (text && *text && date_parse_iso(text, strlen(text), &d) != 0) {
        fprintf(stderr, "not a date: %s\n", text);
        abort();
    }
    return d;
}

#endif
