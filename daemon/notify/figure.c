#include "notify/figure.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan.h"

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

/* Neither the part nor the rest may be so few that the share tells how many they are. */
static bool share_is_shown(const struct series_version *v)
{
    double all = v->denominator, part = known(v->numerator) ? v->numerator
                                        : known(all)        ? round(v->value * all / 100)
                                                            : NAN;

    if (known(all) && (all < PERCENT_DENOMINATOR_MIN || all - part < COUNT_SHOWN_MIN))
        return false;
    return !known(part) || part >= COUNT_SHOWN_MIN;
}

/* Of parts that are known, as everybody may know them. */
static bool share_of_rounded(const struct series_version *v, double *out_value)
{
    double part = round(v->numerator / COUNT_ROUNDED_TO),
           all = round(v->denominator / COUNT_ROUNDED_TO);

    if (!known(part) || !known(all) || all <= 0)
        return false;
    *out_value = round(100 * part / all);
    return true;
}

static bool is_enough(double people)
{
    return !known(people) || people >= AVERAGE_DENOMINATOR_MIN;
}

/* How many it counts: nobody. What is reckoned of some, as a queue's target, may be 0 too. */
static bool counts_nobody(const struct series_version *v)
{
    return v->value == 0 && (!known(v->numerator) || v->numerator == 0);
}

/* Which some may be told. */
static bool is_none(const struct series_version *v, struct figure_kind kind)
{
    return kind.profile == PROFILE_INTERNAL && kind.tells_none && kind.unit == UNIT_COUNT &&
           counts_nobody(v);
}

static bool controlled_value(const struct series_version *v, struct figure_kind kind,
                             double *out_value)
{
    switch (kind.unit) {
    case UNIT_COUNT:
    case UNIT_UNKNOWN:
        if (is_none(v, kind)) {
            *out_value = 0;
            return true;
        }
        /* One that is reckoned from so few, as a queue's target from its referrals, tells how many. */
        if (v->value < COUNT_SHOWN_MIN || (known(v->numerator) && v->numerator < COUNT_SHOWN_MIN))
            return false;
        *out_value = round(v->value / COUNT_ROUNDED_TO) * COUNT_ROUNDED_TO;
        return true;
    case UNIT_PERCENT:
        if (!share_is_shown(v))
            return false;
        if (kind.profile == PROFILE_PUBLIC)
            return share_of_rounded(v, out_value);
        break;
    case UNIT_DAYS:
    case UNIT_WEEKS:
    case UNIT_RATE:
        if (kind.is_longest || !is_enough(v->denominator) || !is_enough(v->numerator))
            return false;
        break;
    }
    *out_value = round(v->value);
    return true;
}

/* On which side of it a count lies tells of few. */
static bool is_few(double line)
{
    return line > 0 && line < COUNT_SHOWN_MIN;
}

bool figure_line_hidden(double line, struct figure_kind kind)
{
    return !kind.published && (kind.unit == UNIT_COUNT || kind.unit == UNIT_UNKNOWN) &&
           (line == 0 || is_few(line));
}

bool figure_veiled(const struct plan_measure *m, double line, struct figure_kind kind)
{
    if (kind.published || (kind.unit != UNIT_COUNT && kind.unit != UNIT_UNKNOWN))
        return false;
    return figure_line_hidden(line, kind) ||
           (m && m->tolerance > 0 &&
            ((m->polarity != POLARITY_HIGHER && is_few(line + m->tolerance)) ||
             (m->polarity != POLARITY_LOWER && is_few(line - m->tolerance)))) ||
           (m && m->has_clear && figure_line_hidden(m->clear, kind));
}

/* The outcome of some stops was not told, and that matters. */
static bool is_between(const struct series_version *v)
{
    return v && !v->gap && v->untold > 0 && isfinite(v->low) && v->low < v->high;
}

static bool is_number(const struct series_version *v)
{
    return v && v->marker == MARKER_NONE && !v->gap && !isnan(v->value) && !is_between(v);
}

bool figure_is_bounds(const struct series_version *v, struct figure_kind kind)
{
    if (!is_between(v) || kind.is_withheld)
        return false;
    return kind.published ||
           (kind.unit == UNIT_PERCENT ? share_is_shown(v) : v->high >= COUNT_SHOWN_MIN);
}

static const char *rounded(uint64_t people, struct figure_kind kind, char out[40])
{
    if (!kind.published && people < COUNT_SHOWN_MIN)
        return "fewer than 5";
    plain_number(kind.published ? (double)people
                                : round((double)people / COUNT_ROUNDED_TO) * COUNT_ROUNDED_TO,
                 out);
    return out;
}

const char *figure_untold(const struct series_version *v, struct figure_kind kind,
                          char out[FIGURE_MAX])
{
    char untold[40], stops[40];

    (void)snprintf(out, FIGURE_MAX, "%.20s of %.20s", rounded(v->untold, kind, untold),
                   rounded(v->stops, kind, stops));
    return out;
}

bool figure_bounds(const struct series_version *v, struct figure_kind kind, double *out_low,
                   double *out_high)
{
    double step = kind.published ? 0 : kind.unit == UNIT_PERCENT ? 1 : COUNT_ROUNDED_TO;

    if (!figure_is_bounds(v, kind))
        return false;
    *out_low = step > 0 ? floor(v->low / step) * step : v->low;
    *out_high = step > 0 ? ceil(v->high / step) * step : v->high;
    return true;
}

static void bounds_words(const struct series_version *v, struct figure_kind kind,
                         char out[FIGURE_MAX])
{
    double low = 0, high = 0;
    char from[40], to[FIGURE_MAX];

    (void)figure_bounds(v, kind, &low, &high);
    plain_number(low, from);
    (void)figure_amount(high, kind.unit, to);
    if (low > 0)
        (void)snprintf(out, FIGURE_MAX, "%.18s to %.20s", from, to);
    else
        (void)snprintf(out, FIGURE_MAX, "up to %.20s", to);
}

bool figure_shown(const struct series_version *v, struct figure_kind kind, double *out_value)
{
    if (!is_number(v) || kind.is_withheld)
        return false;
    if (!kind.published)
        return controlled_value(v, kind, out_value);
    *out_value = v->value;
    return true;
}

bool figure_is_band(const struct series_version *v, struct figure_kind kind)
{
    return is_number(v) && !kind.is_withheld && kind.is_longest && !kind.published &&
           is_enough(v->denominator);
}

/* The lines that are spoken of, in weeks: a wait of 18 weeks to the day is within them. */
static const int band_lines[] = { 4, 13, 18, 26, 52, 65, 78, 104 };
#define BAND_LINES (sizeof band_lines / sizeof band_lines[0])

/* How many lines it is over. */
static size_t band_of(double value, enum unit unit)
{
    double weeks = unit == UNIT_WEEKS ? value : value / 7;
    size_t at = 0;

    while (at < BAND_LINES && weeks > band_lines[at])
        at++;
    return at;
}

bool figure_band(const struct series_version *v, struct figure_kind kind, double *out_low,
                 double *out_high)
{
    if (!figure_is_band(v, kind))
        return false;
    size_t at = band_of(v->value, kind.unit);

    *out_low = at ? 7.0 * band_lines[at - 1] : 0;
    *out_high = at < BAND_LINES ? 7.0 * band_lines[at] : INFINITY;
    return true;
}

static void band_of_wait(double value, enum unit unit, char out[FIGURE_MAX])
{
    size_t at = band_of(value, unit);

    if (at == 0)
        (void)snprintf(out, FIGURE_MAX, "up to %d weeks", band_lines[0]);
    else if (at == BAND_LINES)
        (void)snprintf(out, FIGURE_MAX, "over %d weeks", band_lines[at - 1]);
    else
        (void)snprintf(out, FIGURE_MAX, "%d to %d weeks", band_lines[at - 1], band_lines[at]);
}

/* Why there is no number at all; NULL when there is one. */
static const char *absent(const struct series_version *v, struct figure_kind kind)
{
    if (!v)
        return "no figure";
    if (v->gap)
        return "not submitted";
    switch (v->marker) {
    case MARKER_SUPPRESSED: /* or what the publisher's own sign says */
        return kind.published && v->high == 4 &&
                       (kind.unit == UNIT_COUNT || kind.unit == UNIT_UNKNOWN)
                   ? "fewer than 5"
                   : "suppressed";
    case MARKER_NOT_SUBMITTED:
        return v->untold > 0 ? "not known" : "not submitted";
    case MARKER_NOT_APPLICABLE:
        return "not applicable";
    case MARKER_NONE:
        break;
    }
    return isnan(v->value) ? "no figure" : NULL;
}

bool figure_is_few_to_tell(const struct series_version *v, struct figure_kind kind)
{
    return is_number(v) && kind.profile == PROFILE_INTERNAL && !kind.is_withheld &&
           !kind.published && kind.unit == UNIT_COUNT && v->value < COUNT_SHOWN_MIN &&
           (v->value > 0 || (counts_nobody(v) && !kind.tells_none));
}

const char *message_figure(const struct series_version *v, struct figure_kind kind,
                           char out[FIGURE_MAX])
{
    const char *words = absent(v, kind);
    double value;

    if (figure_is_bounds(v, kind))
        bounds_words(v, kind, out);
    else if (is_between(v))
        (void)snprintf(out, FIGURE_MAX, "*");
    else if (words)
        (void)snprintf(out, FIGURE_MAX, "%s", words);
    else if (figure_is_band(v, kind))
        band_of_wait(v->value, kind.unit, out);
    else if (figure_shown(v, kind, &value))
        (void)figure_amount(value, kind.unit, out);
    else
        (void)snprintf(out, FIGURE_MAX, "%s",
                       figure_is_few_to_tell(v, kind) ? "fewer than 5" : "*");
    return out;
}
