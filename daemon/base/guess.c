#include "base/guess.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"

#define PARTS_MAX 3

/* ---- dates ---- */

struct part {
    int number; /* of digits; -1: a name */
    size_t len;
    int month; /* of a name, 1 to 12 */
};

/* Splits at everything that is neither digit nor letter. Returns how many, or 0 for what is no date. */
static size_t split(const char *text, struct part parts[PARTS_MAX])
{
    size_t count = 0;

    while (*text) {
        size_t len = strspn(text, "0123456789");
        struct part p = { len > 0 && len <= 4 ? atoi(text) : -1, len, 0 };

        if (len == 0) {
            char name[16] = "";

            while (isalpha((unsigned char)text[len]))
                len++;
            for (size_t i = 0; i < len && i + 1 < sizeof name; i++)
                name[i] = (char)tolower((unsigned char)text[i]);
            p.month = date_month_of_name(name, strlen(name));
        }
        if (len > 0 && (count == PARTS_MAX || (p.number < 0 && p.month == 0)))
            return 0;
        if (len > 0)
            parts[count++] = p;
        text += len ? len : 1;
    }
    return count;
}

static int month_of(const struct part *p)
{
    return p->month ? p->month : p->len <= 2 ? p->number : 0;
}

bool guess_date(const char *text, char out[GUESS_MAX])
{
    struct part parts[PARTS_MAX];
    size_t count = split(text, parts);
    bool year_first = count > 0 && parts[0].len == 4,
         year_last = count > 1 && parts[count - 1].len == 4;
    struct civil_date first;
    char date[DATE_TEXT_MAX];

    if (count < 2 || year_first == year_last)
        return false;
    const struct part *year = year_first ? &parts[0] : &parts[count - 1];
    const struct part *month = count == 2 ? (year_first ? &parts[1] : &parts[0]) : &parts[1];

    if (date_from_ymd(year->number, month_of(month), 1, &first) < 0)
        return false;
    if (count == 2) {
        (void)snprintf(out, GUESS_MAX, "%.7s", date_format(first, date));
        return true;
    }
    const struct part *day = year_first ? &parts[2] : &parts[0];

    if (day->number < 1 || day->number > 31 || day->len > 2)
        return false;
    /* The 31st of a month of 30 days is its last. */
    struct civil_date d = date_add_days(first, day->number - 1), last = date_month_end(first);

    (void)snprintf(out, GUESS_MAX, "%s", date_format(date_compare(d, last) > 0 ? last : d, date));
    return true;
}

/* ---- numbers, waits ---- */

bool guess_number(const char *text, char out[GUESS_MAX])
{
    static const char *const ends[] = { "", "%", "percent", "per cent", "pp" };
    size_t len = 0;

    for (; *text && (isdigit((unsigned char)*text) || strchr(",.-", *text)); text++) {
        /* A comma before three digits groups thousands. */
        if (*text == ',' && strspn(text + 1, "0123456789") != 3)
            return false;
        if (*text != ',' && len + 1 < GUESS_MAX)
            out[len++] = *text;
    }
    out[len] = '\0';
    while (*text == ' ')
        text++;
    char *end;

    (void)strtod(out, &end);
    if (len == 0 || len + 1 >= GUESS_MAX || *end)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (strcasecmp(text, ends[i]) == 0)
            return true;
    return false;
}

bool guess_wait(const char *text, char out[GUESS_MAX])
{
    static const struct {
        const char *word;
        char unit;
    } words[] = {
        { "d", 'd' },  { "day", 'd' }, { "days", 'd' },  { "w", 'w' },
        { "wk", 'w' }, { "wks", 'w' }, { "week", 'w' },  { "weeks", 'w' },
        { "m", 'm' },  { "mth", 'm' }, { "month", 'm' }, { "months", 'm' },
    };
    size_t len = strspn(text, "0123456789");
    const char *word = text + len + strspn(text + len, " -");

    for (size_t i = 0; len > 0 && len < 5 && i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(word, words[i].word) != 0)
            continue;
        (void)snprintf(out, GUESS_MAX, "%.*s%c", (int)len, text, words[i].unit);
        return true;
    }
    return false;
}
