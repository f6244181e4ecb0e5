#include "ctl/report_json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Above 2^53 a double no longer holds every whole number. */
#define EXACT_INTEGER_MAX 9007199254740992.0

json_t *report_number(double value)
{
    if (!isfinite(value))
        return json_null();
    if (value == trunc(value) && fabs(value) <= EXACT_INTEGER_MAX)
        return json_integer((json_int_t)value);
    return json_real(value);
}

json_t *report_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *s = json_string(text);

    return s ? s : json_string("?");
}

json_t *report_date(struct civil_date date)
{
    char text[DATE_TEXT_MAX];

    return date_is_set(date) ? json_string(date_format(date, text)) : json_null();
}

json_t *report_time(struct wall_time w)
{
    char text[WALL_TEXT_MAX];

    return w.ms ? json_string(wall_format(w, text)) : json_null();
}

json_t *report_value(const struct series_version *v)
{
    return v && v->marker == MARKER_NONE ? report_number(v->value) : json_null();
}

json_t *report_marker(const struct series_version *v)
{
    if (!v)
        return json_null();
    return report_text(v->marker == MARKER_NONE && isinf(v->value) ? "never"
                                                                   : marker_name(v->marker));
}

int report_put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0 ? 0 : -ENOMEM;
}

const char *report_status(const struct series_version *v, int restated)
{
    if (v && restated && v->status != PUBLICATION_FINAL)
        return "restated";
    if (v && v->status == PUBLICATION_NONE)
        return "final"; /* nobody says that it will change; a mail says that it is not stated */
    return publication_name(v ? v->status : PUBLICATION_PROVISIONAL);
}
