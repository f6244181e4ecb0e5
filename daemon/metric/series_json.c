/*
 * series_json - one version of a period as a line of JSON, for the store
 *
 * The half of series.h that knows JSON. Doubles are written with 17 digits and read back exactly;
 * JSON has neither NaN nor infinity, so "none" is null and the ends of an unbounded interval are
 * the texts "inf" and "-inf".
 */
#include "metric/series.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "base/json_text.h"

#define DOUBLE_DIGITS 17 /* enough for any double to read back as itself */

static void release_json(json_t **j)
{
    json_decref(*j);
}

static json_t *number_json(double value)
{
    if (isnan(value))
        return json_null();
    if (isinf(value))
        return json_string(value > 0 ? "inf" : "-inf");
    return json_real(value);
}

static json_t *word_json(const char *word)
{
    return word ? json_string(word) : json_null();
}

char *series_version_encode(const struct series_version *v)
{
    AUTO(release_json) json_t *j = json_object();
    int r = 0;

    assert(v && memchr(v->source, '\0', sizeof v->source));
    if (!j)
        return NULL;
    r |= json_object_set_new(j, "value", number_json(v->value));
    r |= json_object_set_new(j, "low", number_json(v->low));
    r |= json_object_set_new(j, "high", number_json(v->high));
    r |= json_object_set_new(j, "numerator", number_json(v->numerator));
    r |= json_object_set_new(j, "denominator", number_json(v->denominator));
    r |= json_object_set_new(j, "marker", word_json(marker_name(v->marker)));
    if (v->untold) {
        r |= json_object_set_new(j, "untold", json_integer((json_int_t)v->untold));
        r |= json_object_set_new(j, "stops", json_integer((json_int_t)v->stops));
    }
    r |= json_object_set_new(j, "status", word_json(publication_name(v->status)));
    r |= json_object_set_new(j, "edition", json_integer(v->edition));
    r |= json_object_set_new(j, "receipt", json_integer((json_int_t)v->receipt));
    r |= json_object_set_new(j, "as_of", json_integer(v->as_of.ms));
    r |= json_object_set_new(j, "source", json_string(v->source));
    r |= json_object_set_new(j, "gap", json_boolean(v->gap));
    if (v->history != HISTORY_NONE)
        r |= json_object_set_new(j, "history", json_integer(v->history));
    if (r != 0)
        return NULL;
    return json_text(j, JSON_COMPACT | JSON_REAL_PRECISION(DOUBLE_DIGITS));
}

static int read_number(const json_t *j, const char *key, double *out)
{
    const json_t *value = json_object_get(j, key);
    const char *word = json_string_value(value);

    if (json_is_null(value))
        *out = NAN;
    else if (json_is_number(value))
        *out = json_number_value(value);
    else if (word && strcmp(word, "inf") == 0)
        *out = INFINITY;
    else if (word && strcmp(word, "-inf") == 0)
        *out = -INFINITY;
    else
        return -EINVAL;
    return 0;
}

static int read_integer(const json_t *j, const char *key, json_int_t min, json_int_t max,
                        json_int_t *out)
{
    const json_t *value = json_object_get(j, key);

    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        return -EINVAL;
    *out = json_integer_value(value);
    return 0;
}

/* Only a figure that rests on stops which nobody explained says of how many. */
static int read_untold(const json_t *j, struct series_version *v)
{
    json_int_t untold = 0, stops = 0;

    if (!json_object_get(j, "untold"))
        return 0;
    if (read_integer(j, "untold", 1, INT64_MAX, &untold) < 0 ||
        read_integer(j, "stops", untold, INT64_MAX, &stops) < 0)
        return -EINVAL;
    v->untold = (uint64_t)untold;
    v->stops = (uint64_t)stops;
    return 0;
}

static int read_marker(const json_t *value, enum marker *out)
{
    *out = MARKER_NONE;
    if (json_is_null(value))
        return 0;
    return json_is_string(value) ? marker_parse(json_string_value(value), out) : -EINVAL;
}

static int read_status(const json_t *value, enum publication_status *out)
{
    static const enum publication_status named[] = { PUBLICATION_PROVISIONAL, PUBLICATION_FINAL };

    *out = PUBLICATION_NONE;
    if (json_is_null(value))
        return 0;
    for (size_t i = 0; json_is_string(value) && i < sizeof named / sizeof named[0]; i++) {
        if (strcmp(json_string_value(value), publication_name(named[i])) == 0) {
            *out = named[i];
            return 0;
        }
    }
    return -EINVAL;
}

/* A figure that is no number would be behind no line: neither too high nor too low. Only "never"
 * (a list that does not clear) is beyond every number, and then its whole interval is. */
static bool is_sound(const struct series_version *v)
{
    return v->marker != MARKER_NONE ||
           ((isfinite(v->value) || (v->value > 0 && v->low == v->value)) && v->low <= v->value &&
            v->value <= v->high);
}

int series_version_decode(const char *json, size_t len, struct series_version *out_version)
{
    AUTO(release_json) json_t *j = json_parse(json, len, JSON_REJECT_DUPLICATES, NULL);
    struct series_version v = { .value = NAN };
    const json_t *history = json_object_get(j, "history"); /* NULL: none */
    json_int_t edition = 0, receipt = 0, as_of = 0, kind = HISTORY_NONE;
    const char *source = json_string_value(json_object_get(j, "source"));
    const json_t *gap = json_object_get(j, "gap");

    assert(out_version);
    if (!json_is_object(j) || read_number(j, "value", &v.value) < 0 ||
        read_number(j, "low", &v.low) < 0 || read_number(j, "high", &v.high) < 0 ||
        read_number(j, "numerator", &v.numerator) < 0 ||
        read_number(j, "denominator", &v.denominator) < 0 ||
        read_marker(json_object_get(j, "marker"), &v.marker) < 0 || read_untold(j, &v) < 0 ||
        read_status(json_object_get(j, "status"), &v.status) < 0 ||
        read_integer(j, "edition", 0, INT32_MAX, &edition) < 0 ||
        read_integer(j, "receipt", 0, INT64_MAX, &receipt) < 0 ||
        read_integer(j, "as_of", INT64_MIN, INT64_MAX, &as_of) < 0)
        return -EINVAL;
    if (!source || strlen(source) >= sizeof v.source || !json_is_boolean(gap) || !is_sound(&v))
        return -EINVAL;
    if (history && read_integer(j, "history", HISTORY_NONE, HISTORY_COUNT, &kind) < 0)
        return -EINVAL;
    v.history = (enum history_kind)kind;
    v.edition = (int)edition;
    v.receipt = (uint64_t)receipt;
    v.as_of.ms = as_of;
    memcpy(v.source, source, strlen(source) + 1);
    v.gap = json_is_true(gap);
    *out_version = v;
    return 0;
}
