#include "store/json_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"

int json_read_date(const json_t *object, const char *key, struct civil_date *out)
{
    const json_t *j = json_object_get(object, key);
    const char *s = json_string_value(j);

    *out = DATE_NONE;
    if (!j || json_is_null(j))
        return 0;
    return s && date_parse_iso(s, strlen(s), out) == 0 ? 0 : -EBADMSG;
}

int json_read_whole(const json_t *object, const char *key, json_int_t min, json_int_t max,
                    json_int_t *out)
{
    const json_t *j = json_object_get(object, key);

    *out = json_integer_value(j);
    if (!j || json_is_null(j)) {
        *out = min > 0 ? min : 0;
        return 0;
    }
    return json_is_integer(j) && *out >= min && *out <= max ? 0 : -EBADMSG;
}

int json_read_count(const json_t *object, const char *key, uint64_t *out)
{
    json_int_t n = 0;
    int r = json_read_whole(object, key, 0, INT64_MAX, &n);

    *out = (uint64_t)n;
    return r;
}

int json_read_time(const json_t *object, const char *key, struct wall_time *out)
{
    json_int_t ms = 0;
    int r = json_read_whole(object, key, INT64_MIN, INT64_MAX, &ms);

    out->ms = ms;
    return r;
}

int json_read_severity(const json_t *object, enum alert_severity *out)
{
    json_int_t n = 0;
    int r = json_read_whole(object, "severity", SEVERITY_NONE, SEVERITY_RED, &n);

    *out = (enum alert_severity)n;
    return r;
}

int json_read_text(const json_t *object, const char *key, char **out)
{
    const char *s = json_string_value(json_object_get(object, key));

    *out = s ? strdup(s) : NULL;
    return s && !*out ? -ENOMEM : 0;
}

char *json_print(json_t *j)
{
    char *s = j ? json_text(j, JSON_COMPACT) : NULL;

    json_decref(j);
    return s;
}
