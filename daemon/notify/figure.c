#include "notify/figure.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "notify/message.h"

#define COUNT_SHOWN_MIN         5 /* DESIGN section 10, partner */
#define COUNT_ROUNDED_TO        5
#define PERCENT_DENOMINATOR_MIN 10
#define AVERAGE_DENOMINATOR_MIN 8 /* "percentiles need n >= 8" */

static bool known(double value)
{
    return !isnan(value);
}

/* As a person writes it: no noise of binary fractions, thousands set apart. */
static void plain_number(double value, char out[40])
{
    char digits[32];
    size_t whole, at = 0, n;

    if (fabs(value) < 1e9)
        value = round(value * 1e6) / 1e6;
    (void)text_number(value, digits);
    n = strlen(digits);
    whole = strspn(digits, "-0123456789");
    if (strpbrk(digits, "einf")) /* no plain digits: as it is */
        whole = 0;
    for (size_t i = 0; i < n && at < 38; i++) {
        size_t left = whole > i ? whole - i : 0;

        if (left > 0 && left % 3 == 0 && i > 0 && digits[i - 1] != '-')
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

static const char *with_unit(double value, enum unit unit, const char *percent,
                             const char *percents, char *out, size_t size)
{
    char number[40];
    bool one = fabs(value) == 1;
    const char *after = "";

    if (isinf(value)) { /* weeks until a list clears that does not */
        (void)snprintf(out, size, "never");
        return out;
    }
    plain_number(value, number);
    switch (unit) {
    case UNIT_PERCENT:
        after = one ? percent : percents;
        break;
    case UNIT_DAYS:
        after = one ? " day" : " days";
        break;
    case UNIT_WEEKS:
        after = one ? " week" : " weeks";
        break;
    case UNIT_UNKNOWN:
    case UNIT_COUNT:
    case UNIT_RATE:
        break;
    }
    (void)snprintf(out, size, "%s%s", number, after);
    return out;
}

const char *figure_amount(double value, enum unit unit, char out[FIGURE_MAX])
{
    return with_unit(value, unit, "%", "%", out, FIGURE_MAX);
}

const char *figure_difference(double difference, enum unit unit, char out[FIGURE_MAX + 32])
{
    return with_unit(difference, unit, " percentage point", " percentage points", out,
                     FIGURE_MAX + 32);
}

static bool partner_value(const struct series_version *v, enum unit unit, double *out_value)
{
    switch (unit) {
    case UNIT_COUNT:
    case UNIT_UNKNOWN:
        if (v->value < COUNT_SHOWN_MIN)
            return false;
        *out_value = round(v->value / COUNT_ROUNDED_TO) * COUNT_ROUNDED_TO;
        return true;
    case UNIT_PERCENT:
        if (known(v->denominator) && v->denominator < PERCENT_DENOMINATOR_MIN)
            return false;
        if (known(v->numerator) && v->numerator < COUNT_SHOWN_MIN)
            return false;
        break;
    case UNIT_DAYS:
    case UNIT_WEEKS:
    case UNIT_RATE:
        if (known(v->denominator) && v->denominator < AVERAGE_DENOMINATOR_MIN)
            return false;
        /* The longest wait rests on few, however long the list. */
        if (known(v->numerator) && v->numerator < AVERAGE_DENOMINATOR_MIN)
            return false;
        break;
    }
    *out_value = round(v->value);
    return true;
}

bool figure_shown(const struct series_version *v, enum unit unit, bool published, double *out_value)
{
    if (!v || v->marker != MARKER_NONE || v->gap || isnan(v->value))
        return false;
    if (!published)
        return partner_value(v, unit, out_value);
    *out_value = v->value;
    return true;
}

/* Why there is no number at all; NULL when there is one. */
static const char *absent(const struct series_version *v)
{
    if (!v)
        return "no figure";
    if (v->gap)
        return "not submitted";
    switch (v->marker) {
    case MARKER_SUPPRESSED:
        return "suppressed";
    case MARKER_NOT_SUBMITTED:
        return "not submitted";
    case MARKER_NOT_APPLICABLE:
        return "not applicable";
    case MARKER_NONE:
        break;
    }
    return isnan(v->value) ? "no figure" : NULL;
}

const char *message_figure(const struct series_version *v, enum unit unit, bool published,
                           char out[FIGURE_MAX])
{
    const char *words = absent(v);
    double value;

    if (!words && !published)
        return disclose_partner(v, unit, out);
    if (v && v->marker == MARKER_SUPPRESSED && !v->gap && published && v->high == 4 &&
        (unit == UNIT_COUNT || unit == UNIT_UNKNOWN))
        words = "fewer than 5"; /* what the publisher's own sign says */
    if (words)
        (void)snprintf(out, FIGURE_MAX, "%s", words);
    else if (figure_shown(v, unit, true, &value))
        (void)figure_amount(value, unit, out);
    return out;
}

const char *disclose_partner(const struct series_version *v, enum unit unit, char out[FIGURE_MAX])
{
    const char *words = absent(v);
    double value;

    if (words)
        (void)snprintf(out, FIGURE_MAX, "%s", words);
    else if (figure_shown(v, unit, false, &value))
        (void)figure_amount(value, unit, out);
    else
        (void)snprintf(out, FIGURE_MAX, "*");
    return out;
}
