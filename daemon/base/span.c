#include "base/span.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_COUNT_MAX 1000000000L

int span_parse(const char *text, struct span *out_span)
{
    static const struct {
        const char *unit;
        enum span_unit counted_in;
        long each;
    } units[] = {
        { "d", SPAN_DAYS, 1 },       { "wd", SPAN_WORKING_DAYS, 1 }, { "w", SPAN_WEEKS, 1 },
        { "m", SPAN_MONTHS, 1 },     { "s", SPAN_SECONDS, 1 },       { "min", SPAN_SECONDS, 60 },
        { "h", SPAN_SECONDS, 3600 },
    };
    char *end;
    long count;

    assert(text && out_span);
    if (!isdigit((unsigned char)text[0]))
        return -EINVAL;
    errno = 0;
    count = strtol(text, &end, 10);
    if (errno || count > SPAN_COUNT_MAX)
        return -EINVAL;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (count > SPAN_COUNT_MAX / units[i].each)
            return -EINVAL;
        *out_span = (struct span){ count * units[i].each, units[i].counted_in };
        return 0;
    }
    return -EINVAL;
}
