#include "pathway/list_left_out.h"

#include <math.h>

#include "parse/limits.h"
#include "pathway/list_plausible.h"

/* Standard deviations. From one snapshot to the next most rows stay; events are drawn anew, and looked at often. */
#define CHANCE_WHOLE  2.0
#define CHANCE_EVENTS 4.0

static const char *const column_names[] = {
    [LEFT_OUT_SERVICE] = "service", [LEFT_OUT_PROVIDER] = "provider"
};

static bool is_more(unsigned long left_out, unsigned long rows, double share, double chance)
{
    double n = (double)rows;

    return (double)left_out >
           n * share + n * PARSE_SET_ASIDE_HOLD + chance * sqrt(n * share * (1 - share));
}

/* Whether it is more than the least of those before. */
static bool is_more_than_least(const struct left_out *files, size_t count,
                               enum left_out_column column)
{
    double least = 1;
    bool is_known = false;

    for (size_t i = 1; i < count; i++) {
        if (files[i].rows == 0)
            continue;
        double share = (double)files[i].of[column] / (double)files[i].rows;

        least = share < least ? share : least;
        is_known = true;
    }
    return is_known && is_more(files[0].of[column], files[0].rows, least, CHANCE_WHOLE);
}

/* Whether the newest, with some of those before it, has more than all before those; *out_sum: together. */
static bool is_more_than_before(const struct left_out *files, size_t count,
                                enum left_out_column column, struct left_out *out_sum)
{
    struct left_out all = { 0 }, *sum = out_sum;

    *sum = (struct left_out){ 0 };
    for (size_t i = 0; i < count; i++) {
        all.rows += files[i].rows;
        all.of[column] += files[i].of[column];
    }
    for (size_t i = 0; i < count; i++) {
        sum->rows += files[i].rows;
        sum->of[column] += files[i].of[column];
        unsigned long before = all.rows - sum->rows;

        if (before == 0)
            return false;
        double share = (double)(all.of[column] - sum->of[column]) / (double)before;

        if (files[i].of[column] > 0 && sum->of[column] >= LEFT_OUT_LEAST &&
            is_more(sum->of[column], sum->rows, share, CHANCE_EVENTS))
            return true;
    }
    return false;
}

static void say(struct text *why, const struct left_out *sum, enum left_out_column column,
                bool is_whole)
{
    people_share(why, sum->of[column], sum->rows);
    (void)text_printf(why,
                      " rows%s come under a %s (column %s) that is " NOT_ON_THIS_LIST
                      ", more than in the files before, and are not counted. Name a new code in "
                      "the feed's mapping and send the file again, or among the list's providers "
                      "and accept it; accepted as it is, these rows are left out",
                      is_whole ? "" : " of the newest files", column_names[column],
                      column_names[column]);
}

bool left_out_is_implausible(const struct left_out *files, size_t count, bool is_whole,
                             struct text *why)
{
    for (int c = 0; c < LEFT_OUT_COLUMNS; c++) {
        enum left_out_column column = (enum left_out_column)c;
        struct left_out sum = files[0];

        if (files[0].of[column] == 0 ||
            !(is_whole ? is_more_than_least(files, count, column)
                       : is_more_than_before(files, count, column, &sum)))
            continue;
        say(why, &sum, column, is_whole);
        return true;
    }
    return false;
}
