/* Runs of months and marks of notes (declared in value.h). */
#include "parse/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKENS_MAX 6

enum token_kind {
    TOKEN_MONTH,
    TOKEN_YEAR,
    TOKEN_SHORT_YEAR,
    TOKEN_YEARS,
    TOKEN_QUARTER,
    TOKEN_DIGIT
};

struct token {
    enum token_kind kind;
    int number;
};

static int read_digits(const char *s, size_t len, struct token *out)
{
    static const enum token_kind kinds[] = {
        [1] = TOKEN_DIGIT, [2] = TOKEN_SHORT_YEAR, [4] = TOKEN_YEAR, [6] = TOKEN_YEARS
    };

    if (len != 1 && len != 2 && len != 4 && len != 6)
        return -EINVAL;
    *out = (struct token){ kinds[len], atoi(s) };
    return 0;
}

static int read_word(const char *s, size_t len, struct token *out)
{
    int month = len >= 3 ? date_month_of_name(s, len) : 0;

    if (month)
        *out = (struct token){ TOKEN_MONTH, month };
    else if ((len == 1 && tolower((unsigned char)*s) == 'q') ||
             (len == 7 && strncasecmp(s, "quarter", 7) == 0))
        *out = (struct token){ TOKEN_QUARTER, 0 };
    else
        return -EINVAL;
    return 0;
}

/* Words and numbers; everything else parts them, and so does "to". Returns how many, or -EINVAL. */
static int read_tokens(const char *s, size_t len, struct token out[TOKENS_MAX])
{
    char text[64];
    int count = 0;

    if (len >= sizeof text)
        return -EINVAL;
    memcpy(text, s, len);
    text[len] = '\0';
    for (const char *at = text; *at;) {
        size_t digits = strspn(at, "0123456789"), letters = 0;
        int r = 0;

        while (isalpha((unsigned char)at[letters]))
            letters++;
        if (digits + letters == 0) {
            at++;
            continue;
        }
        if (count == TOKENS_MAX)
            return -EINVAL;
        if (letters == 2 && strncasecmp(at, "to", 2) == 0)
            count--; /* taken back by the count below */
        else
            r = digits ? read_digits(at, digits, &out[count]) : read_word(at, letters, &out[count]);
        if (r < 0)
            return r;
        count++;
        at += digits + letters;
    }
    return count;
}

static bool are(const struct token *t, int count, const char *kinds)
{
    static const char letters[] = {
        [TOKEN_MONTH] = 'm', [TOKEN_YEAR] = 'y',    [TOKEN_SHORT_YEAR] = 's',
        [TOKEN_YEARS] = 'Y', [TOKEN_QUARTER] = 'q', [TOKEN_DIGIT] = 'd'
    };

    if ((size_t)count != strlen(kinds))
        return false;
    for (int i = 0; i < count; i++) {
        if (letters[t[i].kind] != kinds[i])
            return false;
    }
    return true;
}

static int months_span(int first_year, int first, int last_year, int last, struct date_span *out)
{
    struct date_span from, to;
    int months = (last_year - first_year) * 12 + last - first + 1;

    if (months < 1 || months > 12 || first_year < 1900 ||
        value_month_span(first_year, first, &from) < 0 ||
        value_month_span(last_year, last, &to) < 0)
        return -EINVAL;
    *out = (struct date_span){ from.start, to.end, GRAIN_MONTH };
    return 0;
}

/* Quarter n of the financial year that begins in April of year. */
static int quarter_span(int n, int year, int next, struct date_span *out)
{
    int first = n == 4 ? 1 : 1 + 3 * n, in = n == 4 ? year + 1 : year;

    if (n < 1 || n > 4 || next % 100 != (year + 1) % 100)
        return -EINVAL;
    return months_span(in, first, in, first + 2, out);
}

int value_months(const char *cell, struct date_span *out_span)
{
    struct token t[TOKENS_MAX];
    size_t len;
    const char *s = value_trim(cell, &len);
    int n = read_tokens(s, len, t);

    if (are(t, n, "mmy"))
        return months_span(t[2].number - (t[0].number > t[1].number), t[0].number, t[2].number,
                           t[1].number, out_span);
    if (are(t, n, "mymy"))
        return months_span(t[1].number, t[0].number, t[3].number, t[2].number, out_span);
    if (are(t, n, "qdys") || are(t, n, "qdyy"))
        return quarter_span(t[1].number, t[2].number, t[3].number, out_span);
    if (are(t, n, "ysqd") || are(t, n, "yyqd"))
        return quarter_span(t[3].number, t[0].number, t[1].number, out_span);
    if (are(t, n, "qdY"))
        return quarter_span(t[1].number, t[2].number / 100, t[2].number, out_span);
    if (are(t, n, "Yqd"))
        return quarter_span(t[2].number, t[0].number / 100, t[0].number, out_span);
    return -EINVAL;
}

/* ---- marks of notes ---- */

/* What may follow a year that it does not change: "3", "3,9", "r", "(p)", "[note 3]". */
static bool is_noted(const char *rest)
{
    size_t digits = strspn(rest, "0123456789");

    if (digits > 2 || (digits == 2 && !rest[2]))
        return false; /* 202403 is a month, 202425 another kind of year */
    rest += digits;
    if (strspn(rest, "0123456789,") == strlen(rest))
        return true;
    rest += strspn(rest, " ");
    return *rest == '(' || *rest == '[' || strcasecmp(rest, "r") == 0 || strcasecmp(rest, "p") == 0;
}

int value_group_date(const char *text, struct date_span *out_span)
{
    char year[5] = "";
    size_t len;
    const char *s = value_trim(text, &len);

    if (strspn(s, "0123456789") >= 4 && (memcmp(s, "19", 2) == 0 || memcmp(s, "20", 2) == 0)) {
        memcpy(year, s, 4);
        if (is_noted(s + 4))
            return value_date(year, out_span);
    }
    return value_date(text, out_span);
}

static bool is_mark(char c)
{
    return isdigit((unsigned char)c) || c == ',' || c == ' ';
}

void value_drop_notes(char *text)
{
    size_t len = strlen(text), from;
    bool is_prose = false;

    for (size_t i = 0; i < len; i++)
        is_prose |= islower((unsigned char)text[i]) || text[i] == ' ';
    if (!is_prose)
        return;
    char *bracket = strrchr(text, '[');

    if (bracket && text[len - 1] == ']' && strncasecmp(bracket, "[note", 5) == 0)
        len = (size_t)(bracket - text);
    while (len && text[len - 1] == ' ')
        len--;
    for (from = len; from && is_mark(text[from - 1]);)
        from--;
    /* Right after a letter: "decisions1,9", but not "aged 5" or "Ward 10". */
    if (from && from < len && (isalpha((unsigned char)text[from - 1]) || text[from - 1] == ')') &&
        isdigit((unsigned char)text[from]))
        len = from;
    text[len] = '\0';
}
