/*
 * settings_calendar - bank-holidays.yaml: which days are no working days although they are no weekend
 *
 * The shipped list, or the one that `bank_holidays:` names in its place. A list says until when it holds,
 * so that its end is told before it comes.
 */
#include <errno.h>
#include <string.h>

#include "settings/settings_internal.h"

struct calendar_raw {
    struct civil_date until;
    yaml_node *days;
};

#define FIELD(name) BIND_FIELD(struct calendar_raw, name)

const struct bind_key calendar_keys[] = {
    { "until", BIND_DATE, FIELD(until), NULL, 0, 0, NULL, 1,
      "the last day of which the list knows" },
    { "days", BIND_NODE, FIELD(days), NULL, 0, 0, NULL, 0, "the bank holidays, \"date: name\"" },
    BIND_END,
};

static int read_day(const struct reading *rd, yaml_node *key, struct civil_date until)
{
    const char *text = yaml_text(key);
    struct civil_date day;

    if (!text || date_parse_iso(text, strlen(text), &day) < 0)
        return COMPLAIN(rd, key, "for example 2026-12-25: Christmas Day",
                        "bank holidays: this is not a date");
    if (date_compare(day, until) > 0)
        return COMPLAIN(rd, key, "until: is the last day of the last year that is listed whole",
                        "bank holidays: this day is after until:");
    int r = workdays_add(&rd->s->workdays, day);

    return r == -EEXIST ? 0 : r; /* the document has no key twice */
}

static int read_days(const struct reading *rd, const struct calendar_raw *raw)
{
    int r = 0;

    rd->s->workdays.until = raw->until;
    if (yaml_is_nothing(raw->days))
        return 0;
    if (yaml_kind(raw->days) != YAML_MAPPING)
        return COMPLAIN(rd, raw->days, "for example 2026-12-25: Christmas Day",
                        "bank holidays: days is a mapping of dates to names");
    for (size_t i = 0; i < yaml_count(raw->days) && r != -ENOMEM; i++) {
        yaml_node *key = NULL;

        (void)yaml_pair(raw->days, i, &key);
        r = settings_worse(r, read_day(rd, key, raw->until));
    }
    return r;
}

int settings_read_calendar(const char *path, struct diags *diags, struct settings *s)
{
    struct yaml *y = NULL;
    struct calendar_raw raw = { DATE_NONE, NULL };
    int r = yaml_load(path, diags, &y);

    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    const struct reading rd = { y, s->folder, diags, s };

    r = bind_mapping(y, yaml_root(y), "bank holidays", calendar_keys, &raw, diags);
    if (r == 0)
        r = read_days(&rd, &raw);
    yaml_free(y);
    return r;
}
