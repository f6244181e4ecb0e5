#include "base/hours.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define DAYS_LOOKED_AT 366
#define MINUTES_OF_DAY (24 * 60)

/* "hh:mm" at s; also 24:00. Returns minutes, or -1. */
static int read_minute(const char *s)
{
    int minute;

    if (strspn(s, "0123456789") != 2 || s[2] != ':' || strspn(s + 3, "0123456789") != 2 ||
        s[3] > '5')
        return -1;
    minute = ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[3] - '0') * 10 + s[4] - '0';
    return minute <= MINUTES_OF_DAY ? minute : -1;
}

int hours_parse(const char *text, struct hours *out)
{
    struct hours h = { .is_set = true };

    assert(text && out);
    if (strcmp(text, "all") == 0) {
        h.is_always = true;
        *out = h;
        return 0;
    }
    if (strlen(text) != strlen(HOURS_OF_LEADS) || text[5] != '-')
        return -EINVAL;
    h.from = read_minute(text);
    h.to = read_minute(text + 6);
    if (h.from < 0 || h.to < 0 || h.from >= h.to)
        return -EINVAL;
    *out = h;
    return 0;
}

bool hours_allow(const struct hours *h, struct moment now, const struct workdays *w)
{
    return h->is_always ||
           (now.minute >= h->from && now.minute < h->to && workdays_is_working(w, now.date));
}

bool hours_begin(const struct hours *h, struct moment now, const struct workdays *w,
                 struct moment *out)
{
    for (int i = 0; !h->is_always && i < DAYS_LOOKED_AT; i++) {
        struct civil_date day = date_add_days(now.date, i);

        if ((i == 0 && now.minute >= h->from) || !workdays_is_working(w, day))
            continue;
        *out = (struct moment){ day, h->from };
        return true;
    }
    return false;
}

bool hours_ended(const struct hours *h, struct moment now, const struct workdays *w,
                 struct moment *out)
{
    for (int i = 0; !h->is_always && i < DAYS_LOOKED_AT; i++) {
        struct civil_date day = date_add_days(now.date, -i);

        if ((i == 0 && now.minute < h->to) || !workdays_is_working(w, day))
            continue;
        *out = (struct moment){ day, h->to };
        return true;
    }
    return false;
}
