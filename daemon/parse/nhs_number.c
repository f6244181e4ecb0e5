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

    return nhs_number_passes_mod_11(text, len) && find_digits(text, len, digits) &&
           memcmp(digits, digits + 1, DIGITS - 1) != 0;
}
