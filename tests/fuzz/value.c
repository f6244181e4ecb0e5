/*
 * value - what one cell or header says: a number read prints and reads back as itself, a date is a
 * day, month or year of the calendar and its days read back; a pattern finds a part of its text; a
 * Retry-After is at most an hour; a date from ISO text prints as that text
 *
 * Input: a text; after a line "====" a second one (a pattern).
 */
#include "parse/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "loop/http_address.h"
#include "parse/pattern.h"
#include "yaml/bind.h"

#define NOW 1700000000

static void check_number(const char *text)
{
    double number = NAN, again = NAN;
    bool percent = false;
    char printed[32];

    if (value_number(text, &number, &percent) < 0)
        return;
    FUZZ_CHECK(isfinite(number), "read as a number: %s", text);
    (void)text_number(number, printed);
    FUZZ_CHECK(value_number(printed, &again, NULL) == 0, "%s is printed as %s, no number", text,
               printed);
    FUZZ_CHECK(again == number, "%s is printed as %s, another number", text, printed);
}

static void check_span(const char *text, const struct date_span *s)
{
    char start[DATE_TEXT_MAX];
    struct date_span again;
    int days = s->end.day - s->start.day;

    FUZZ_CHECK(s->grain == GRAIN_DAY     ? days == 0
               : s->grain == GRAIN_MONTH ? days >= 27 && days <= 30
                                         : days == 364 || days == 365,
               "%s is %d days", text, days + 1);
    (void)date_format(s->start, start);
    FUZZ_CHECK(strlen(start) == DATE_TEXT_MAX - 1, "%s begins on %s", text, start);
    FUZZ_CHECK(value_date(start, &again) == 0 && again.start.day == s->start.day &&
                   again.grain == GRAIN_DAY,
               "%s begins on %s, which is another day", text, start);
}

static void check_dates(const char *text, size_t len)
{
    struct date_span span;
    struct civil_date day;
    char printed[DATE_TEXT_MAX];

    if (value_date(text, &span) == 0)
        check_span(text, &span);
    if (value_find_month(text, &span) == 0)
        check_span(text, &span);
    if (value_year_from(text, 4, &span) == 0)
        check_span(text, &span);
    if (date_parse_iso(text, len, &day) == 0)
        FUZZ_CHECK(strcmp(date_format(day, printed), text) == 0, "%s prints as %s", text, printed);
}

static void check_utf8(const char *text, size_t len)
{
    struct text clean = TEXT_INIT;
    long replaced = value_add_utf8(&clean, text, len);

    FUZZ_CHECK(replaced >= 0 && text_is_utf8(text_str(&clean), clean.len), "still no UTF-8");
    FUZZ_CHECK((replaced == 0) == text_is_utf8(text, len), "%ld bytes replaced", replaced);
    text_release(&clean);
}

static void check_pattern(const char *pattern, const char *text)
{
    char found[PATTERN_TEXT_MAX], one[PATTERN_TEXT_MAX];

    if (pattern_is_formed(pattern) && pattern_find(pattern, text, false, found)) {
        FUZZ_CHECK(strlen(found) < sizeof found, "found more than fits");
        if (pattern_find(pattern, text, true, one))
            FUZZ_CHECK(strspn(one, "0123456789") == strlen(one), "digits: %s", one);
    }
    /* A glob means the same twice over. */
    FUZZ_CHECK(text_like("*", text), "* does not match");
    FUZZ_CHECK(!text_like(pattern, text) || strpbrk(pattern, "*?") ||
                   strlen(pattern) == strlen(text),
               "a pattern without wild cards matches another length");
}

static void check_folding(const char *text)
{
    char *once = text_folded(text), *twice = once ? text_folded(once) : NULL;

    FUZZ_CHECK(once && twice && strcmp(once, twice) == 0, "folded twice it is another");
    FUZZ_CHECK(text_same(text, once), "it is not the same as itself folded");
    free(once);
    free(twice);
}

void fuzz_one(const char *bytes, size_t len)
{
    const char *part;
    size_t n = fuzz_part(&bytes, &len, &part);
    char *text = strndup(part, n), *pattern = strndup(bytes, len);

    FUZZ_CHECK(text && pattern, "no memory");
    check_number(text);
    check_dates(text, strlen(text));
    check_utf8(part, n);
    check_pattern(pattern, text);
    check_folding(text);
    long wait = http_retry_after(text, NOW);

    FUZZ_CHECK(wait >= 0 && wait <= RETRY_AFTER_MAX_S, "a wait of %ld s", wait);
    free(text);
    free(pattern);
}
