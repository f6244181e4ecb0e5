/*
 * settings_calendar - which days are no working days although they are no weekend, and after which days
 * what stays red is said again
 *
 * The shipped list, or the one that `bank_holidays:` names in its place. A list says until when it holds,
 * so that its end is told before it comes.
 */
#include <errno.h>
#include <stdlib.h>
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

/* ---- `reminders:` ---- */

#define REMINDERS_MAX   8
#define REMIND_DAYS_MAX 365

/* Returns the days, or 0: said. */
static int read_reminder(const struct reading *rd, yaml_node *node)
{
    const char *text = yaml_text(node);
    struct span span;

    if (text && span_parse(text, &span) == 0 &&
        (span.unit == SPAN_DAYS || span.unit == SPAN_WEEKS)) {
        long days =
            span.unit == SPAN_WEEKS && span.count <= REMIND_DAYS_MAX ? span.count * 7 : span.count;

        if (days >= 1 && days <= REMIND_DAYS_MAX)
            return (int)days;
    }
    (void)COMPLAIN(rd, node, "for example [14d, 28d, 56d]",
                   "reminders: a length in days or weeks, 1 to %d days", REMIND_DAYS_MAX);
    return 0;
}

int settings_read_reminders(const struct reading *rd, yaml_node *sequence)
{
    static const int usual[] = { 14, 28, 56 };
    struct settings *s = rd->s;
    bool is_said = !yaml_is_nothing(sequence);
    size_t count = is_said ? yaml_count(sequence) : sizeof usual / sizeof usual[0];
    int r = 0;

    if (is_said && (yaml_kind(sequence) != YAML_SEQUENCE || count > REMINDERS_MAX))
        return COMPLAIN(rd, sequence, "for example [14d, 28d, 56d]",
                        "reminders: a list of at most %d lengths of time", REMINDERS_MAX);
    s->remind_days = calloc(count + 1, sizeof *s->remind_days);
    if (!s->remind_days)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        s->remind_days[i] = is_said ? read_reminder(rd, yaml_item(sequence, i)) : usual[i];
        if (s->remind_days[i] == 0)
            r = -EINVAL;
    }
    s->remind_count = count;
    return r;
}
