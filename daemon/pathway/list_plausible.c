#include "pathway/list_plausible.h"

#include <inttypes.h>

#include "parse/limits.h"

static uint64_t count_open(const struct pathway_list *l)
{
    const uint8_t *key;
    struct civil_date start, stop;
    uint64_t open = 0;

    for (size_t at = 0; list_next(l, &at, &key, &start, &stop);)
        open += !date_is_set(stop);
    return open;
}

static bool is_one_start(const struct pathway_list *l, struct civil_date *out_start)
{
    const uint8_t *key;
    struct civil_date start;
    size_t n = 0;

    for (size_t at = 0; list_staged_next(l, &at, &key, &start); n++)
        if (n == 0)
            *out_start = start;
        else if (date_compare(start, *out_start) != 0)
            return false;
    return n > 0;
}

bool list_is_implausible(const struct pathway_list *l, const char *provider, unsigned long rows,
                         struct text *why)
{
    uint64_t open = count_open(l);
    struct civil_date start;
    char date[DATE_TEXT_MAX];

    if (open >= SHRUNK_LEAST && (double)rows <= HOLD_ROWS_LEFT * (double)open) {
        (void)text_printf(why, "%lu row%s of %s, where %" PRIu64 " waited before", rows,
                          rows == 1 ? "" : "s", provider, open);
        return true;
    }
    if (rows >= HOLD_ONE_START_ROWS && is_one_start(l, &start)) {
        (void)text_printf(why, "all %lu clocks of %s start on one day, %s", rows, provider,
                          date_format(start, date));
        return true;
    }
    return false;
}
