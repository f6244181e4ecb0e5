/*
 * settings_daily - what comes by the calendar: `daily_test:`, a message a day that proves the way to a
 * receiver; `digest:`, the whole plan once a week
 */
#include <errno.h>
#include <string.h>

#include "settings/settings_internal.h"

#define FIELD(name) BIND_FIELD(struct daily_test_setting, name)

const struct bind_key daily_test_keys[] = {
    { "receivers", BIND_TEXTS, FIELD(receivers), NULL, 0, 0, NULL, 0,
      "who gets it, each as alerts are delivered there" },
    { "at", BIND_TEXT, FIELD(at), "07:30", 0, 0, NULL, 0, "from when on, local time, hh:mm" },
    BIND_END,
};

static bool is_time(const char *s)
{
    return strlen(s) == 5 && strspn(s, "0123456789") == 2 && s[2] == ':' &&
           strspn(s + 3, "0123456789") == 2 && strncmp(s, "24", 2) < 0 && s[3] < '6';
}

int settings_read_daily_test(const struct reading *rd, yaml_node *mapping)
{
    struct daily_test_setting *t = &rd->s->daily_test;
    int r = bind_mapping(rd->y, mapping, "daily_test", daily_test_keys, t, rd->diags);

    if (r < 0 || yaml_is_nothing(mapping))
        return r;
    if (t->receivers.count == 0)
        r = COMPLAIN(rd, mapping, "receivers: [mail]", "daily_test: names no receivers");
    if (!is_time(t->at))
        r = COMPLAIN(rd, yaml_get(mapping, "at"), "for example \"07:30\"",
                     "daily_test: at is a time of day, from 00:00 to 23:59");
    for (size_t i = 0; i < t->receivers.count; i++)
        if (!settings_receiver(rd->s, t->receivers.items[i]))
            r = COMPLAIN(rd, yaml_get(mapping, "receivers"),
                         "receivers are declared under receivers:",
                         "daily_test: receiver \"%s\" is no receiver", t->receivers.items[i]);
    return r;
}

/* ---- `digest:` ---- */

#undef FIELD
#define FIELD(name) BIND_FIELD(struct digest_setting, name)

static const char *const weekdays[] = { "monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday",    NULL };

const struct bind_key digest_keys[] = {
    { "on", BIND_CHOICE, FIELD(on), "monday", 0, 0, weekdays, 0,
      "the day of the week, monday to sunday; it goes within its reader's hours, then or on "
      "the first day without other mail" },
    { "at", BIND_TEXT, FIELD(at), "08:00", 0, 0, NULL, 0, "from when on, local time, hh:mm" },
    BIND_END,
};

int settings_read_digest(const struct reading *rd, yaml_node *node)
{
    struct digest_setting *d = &rd->s->digest;
    const char *word =
        yaml_is_nothing(node) || yaml_kind(node) == YAML_MAPPING ? NULL : yaml_text(node);

    if (word && strcmp(word, "off") == 0) {
        d->is_off = true;
        return 0;
    }
    if (word)
        return COMPLAIN(rd, node, "digest: {on: monday, at: \"08:00\"}",
                        "digest: off, or a day and a time");
    int r = bind_mapping(rd->y, node, "digest", digest_keys, d, rd->diags);

    if (r == 0 && !is_time(d->at))
        r = COMPLAIN(rd, yaml_is_nothing(node) ? node : yaml_get(node, "at"),
                     "for example \"08:00\"", "digest: at is a time of day, from 00:00 to 23:59");
    return r;
}
