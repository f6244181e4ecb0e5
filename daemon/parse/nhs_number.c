#include "parse/nhs_number.h"

#define DIGITS  10
#define MODULUS 11

static bool passes(const char *text, size_t len, bool *out_all_same)
{
    int sum = 0, first = -1, digits = 0;
    bool all_same = true;

    for (size_t i = 0; i < len; i++) {
        int digit = text[i] - '0';

        if (text[i] == ' ' || text[i] == '-')
            continue;
        if (digit < 0 || digit > 9 || digits == DIGITS)
            return false;
        if (first < 0)
            first = digit;
        all_same &= digit == first;
        /* Weights 10 to 2, and 1 for the check digit: a whole sum divisible by 11. */
        sum += digit * (DIGITS - digits);
        digits++;
    }
    *out_all_same = all_same;
    return digits == DIGITS && sum % MODULUS == 0;
}

bool nhs_number_passes_mod_11(const char *text, size_t len)
{
    bool all_same;

    return passes(text, len, &all_same);
}

bool nhs_number_is_valid(const char *text, size_t len)
{
    bool all_same;

    return passes(text, len, &all_same) && !all_same;
}
