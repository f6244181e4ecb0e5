#include "parse/nhs_number.h"

#include <string.h>

#define DIGITS  10
#define MODULUS 11

/* The ten digits of a text, blanks and hyphens apart. Returns whether there are ten and no more. */
static bool find_digits(const char *text, size_t len, char out[DIGITS])
{
    size_t digits = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == ' ' || text[i] == '-')
            continue;
        if (text[i] < '0' || text[i] > '9' || digits == DIGITS)
            return false;
        out[digits++] = text[i];
    }
    return digits == DIGITS;
}

/* Weights 10 to 2, and 1 for the check digit: a whole sum divisible by 11. The sum of the sums so far
 * counts the first digit ten times and the last once. */
static bool has_right_sum(const char digits[DIGITS])
{
    unsigned sum = 0, sums = 0;

    for (size_t i = 0; i < DIGITS; i++) {
        unsigned digit = (unsigned)digits[i] - '0';

        if (digit > 9)
            return false;
        sum += digit;
        sums += sum;
    }
    return sums % MODULUS == 0;
}

bool nhs_number_passes_mod_11(const char *text, size_t len)
{
    char digits[DIGITS];

    if (len == DIGITS && has_right_sum(text))
        return true;
    return len > DIGITS && find_digits(text, len, digits) && has_right_sum(digits);
}

bool nhs_number_is_valid(const char *text, size_t len)
{
    char digits[DIGITS];

    if (len < DIGITS)
        return false;
    if (len > DIGITS) {
        if (!find_digits(text, len, digits))
            return false;
        text = digits;
    }
    return has_right_sum(text) && memcmp(text, text + 1, DIGITS - 1) != 0;
}

static size_t digits_at(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

/* Bytes of the separators here: blanks, hyphens, full stops, strokes, and the wider ones of typesetting. */
static size_t separators_at(const char *text, size_t len)
{
    static const char *const wide[] = { "\xc2\xa0",     "\xe2\x80\x90", "\xe2\x80\x91",
                                        "\xe2\x80\x92", "\xe2\x80\x93", "\xe2\x80\x94",
                                        "\xe2\x80\xaf", "\xe2\x88\x92" };
    size_t n = 0, before;

    do {
        before = n;
        if (n < len && strchr(" -._/\t", text[n]) && text[n])
            n++;
        for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
            size_t size = strlen(wide[i]);

            if (len - n >= size && memcmp(text + n, wide[i], size) == 0)
                n += size;
        }
    } while (n > before);
    return n;
}

/* Whether a number in its three groups begins with these three digits. */
static bool is_in_groups(const char *text, size_t len)
{
    static const size_t groups[] = { 3, 3, 4 };
    char digits[DIGITS];
    size_t at = 0, have = 0;

    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        size_t gap = i > 0 ? separators_at(text + at, len - at) : 0;

        if (i > 0 && gap == 0)
            return false;
        at += gap;
        if (digits_at(text + at, len - at) != groups[i])
            return false;
        memcpy(digits + have, text + at, groups[i]);
        at += groups[i];
        have += groups[i];
    }
    return nhs_number_is_valid(digits, DIGITS);
}

bool nhs_number_is_within(const char *text, size_t len)
{
    for (size_t at = 0; len >= DIGITS && at <= len - DIGITS;) {
        size_t digits = digits_at(text + at, len - at);

        if ((digits == DIGITS && nhs_number_is_valid(text + at, DIGITS)) ||
            (digits == 3 && is_in_groups(text + at, len - at)))
            return true;
        at += digits > 0 ? digits : 1;
    }
    return false;
}
