#include "parse/record.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const marker_names[] = { NULL, "suppressed", "not-submitted", "not-applicable" };
static const char *const publication_names[] = { NULL, "provisional", "final" };
static const char *const unit_names[] = { NULL, "count", "percent", "days", "weeks", "rate" };

/* Index of a word in a list whose entry 0 has no name; 0 if it is none. */
static size_t index_of(const char *const *names, size_t count, const char *text)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
    }
    return 0;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *marker_name(enum marker m)
{
    return (size_t)m < COUNT(marker_names) ? marker_names[m] : NULL;
}

int marker_parse(const char *text, enum marker *out_marker)
{
    size_t i = index_of(marker_names, COUNT(marker_names), text);

    if (!i)
        return -EINVAL;
    *out_marker = (enum marker)i;
    return 0;
}

const char *publication_name(enum publication_status s)
{
    return (size_t)s < COUNT(publication_names) ? publication_names[s] : NULL;
}

const char *unit_name(enum unit u)
{
    return (size_t)u < COUNT(unit_names) ? unit_names[u] : NULL;
}

int unit_parse(const char *text, enum unit *out_unit)
{
    size_t i = index_of(unit_names, COUNT(unit_names), text);

    if (!i)
        return -EINVAL;
    *out_unit = (enum unit)i;
    return 0;
}
