#include "pathway/list_plausible.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "parse/limits.h"

/* ---- words ---- */

/* These words go to people by mail, beside figures of the same list, and the release ledger does not weigh them
 * (notify/release.h): a file is held before anybody knows who will read of it. So they have no number at all. A
 * number of a file that is not taken would be one of the list as soon as a person accepts it, and one of those who
 * waited before is one of the list in force: each could be added up with what was released. What is left tells
 * which part of a number that is not said, in fifths: never of fewer than PEOPLE_LEAST, nor of a rest of so few. */
#define PEOPLE_LEAST 5

static const struct {
    double upto; /* of the whole */
    const char *words;
} parts[] = { { 0.4, "some" }, { 0.6, "about half" }, { 0.8, "most" }, { 1, "nearly all" } };

static const char *part_words(uint64_t part, uint64_t whole)
{
    size_t at = 0;

    if (part == whole)
        return "all";
    if (whole < 2 * PEOPLE_LEAST || part < PEOPLE_LEAST)
        return "some";
    if (whole - part < PEOPLE_LEAST)
        return "nearly all";
    while ((double)part > parts[at].upto * (double)whole)
        at++;
    return parts[at].words;
}

void people_share(struct text *out, uint64_t part, uint64_t whole)
{
    (void)text_printf(out, "%s of the", part_words(part, whole));
}

void people_of_those(struct text *out, uint64_t part, uint64_t whole)
{
    (void)text_printf(out, "%s of those", part_words(part, whole));
}

/* ---- one day for all ---- */

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

/* ---- all by the same number of days, or later ---- */

static int by_number(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The number that comes most often of a list that is then sorted, and how often. */
static size_t most_frequent(int32_t *list, size_t count, int32_t *out_number)
{
    size_t most = 0, run = 0;

    if (count)
        qsort(list, count, sizeof *list, by_number);
    for (size_t i = 0; i < count; i++) {
        run = i > 0 && list[i] == list[i - 1] ? run + 1 : 1;
        if (run > most) {
            most = run;
            *out_number = list[i];
        }
    }
    return most;
}

static bool is_many(uint64_t moved, uint64_t known)
{
    return moved >= SHIFTED_LEAST && (double)moved > HOLD_SHIFTED * (double)known;
}

int list_is_shifted(const struct pathway_list *l, struct shift *out)
{
    AUTO(auto_free) int32_t *days = NULL;
    struct civil_date start, before;
    size_t count = 0, room = 0;
    const uint8_t *key;

    *out = (struct shift){ 0 };
    for (size_t at = 0; list_staged_next(l, &at, &key, &start);) {
        if (!date_is_set(start) || !list_has_open(l, key, &before) || !date_is_set(before))
            continue;
        out->known++;
        if (start.day == before.day || (start.day > list_census(l).day && list_begins_anew(l, key)))
            continue;
        if (count == room) {
            size_t more = room ? 2 * room : 256;
            int32_t *grown = reallocarray(days, more, sizeof *days);

            if (!grown)
                return -ENOMEM;
            days = grown;
            room = more;
        }
        out->later += start.day > before.day;
        days[count++] = start.day - before.day;
    }
    out->moved = most_frequent(days, count, &out->days);
    return is_many(out->moved, out->known) || is_many(out->later, out->known);
}

static void say_shift(struct text *why, const struct shift *shift, const char *provider)
{
    bool is_one = is_many(shift->moved, shift->known);

    (void)text_puts(why, "the clocks of ");
    people_share(why, is_one ? shift->moved : shift->later, shift->known);
    if (is_one)
        (void)text_printf(why,
                          " people who waited at %s before now start %d day%s %s, all by the same",
                          provider, abs(shift->days), abs(shift->days) == 1 ? "" : "s",
                          shift->days < 0 ? "earlier" : "later");
    else
        (void)text_printf(why, " people who waited at %s before now start later", provider);
}

/* ---- other people ---- */

/* Who is seen makes room for people whose clocks began since: others, who waited already, are of another
 * team, or are the same in another system. In the census in force nobody can have been seen since. */
static bool are_others(const struct rekeying *counts)
{
    uint64_t stay = counts->open - counts->gone;

    if (counts->is_again)
        return counts->gone >= GONE_LEAST &&
               (double)counts->gone >= HOLD_GONE_AGAIN * (double)counts->open;
    return counts->gone >= GONE_LEAST && (double)stay <= HOLD_ROWS_LEFT * (double)counts->open &&
           counts->ran >= GONE_LEAST &&
           (double)counts->ran >= HOLD_STRANGERS * (double)(stay + counts->came);
}

static void say_others(struct text *why, const struct rekeying *counts, const char *provider)
{
    char date[DATE_TEXT_MAX];

    people_share(why, counts->gone, counts->open);
    if (counts->is_again)
        (void)text_printf(
            why, " people who waited at %s are gone from another file of the same census, %s",
            provider, date_format(counts->census, date));
    else
        (void)text_printf(why,
                          " people who waited at %s are gone, and others who waited by %s came "
                          "unknown",
                          provider, date_format(counts->census, date));
}

/* ---- altogether ---- */

int list_is_implausible(const struct pathway_list *l, const char *provider, unsigned long rows,
                        const struct rekeying *counts, struct text *why)
{
    uint64_t open = list_count_open(l);
    char date[DATE_TEXT_MAX];
    struct civil_date start;
    struct shift shift;

    if (open >= SHRUNK_LEAST && (double)rows <= HOLD_ROWS_LEFT * (double)open) {
        (void)text_printf(why, "rows of %s for at most %.0f%% of the people who waited before",
                          provider, 100 * HOLD_ROWS_LEFT);
        return 1;
    }
    if (are_others(counts)) {
        say_others(why, counts, provider);
        return 1;
    }
    if (rows >= HOLD_ONE_START_ROWS && is_one_start(l, &start)) {
        (void)text_printf(why, "all clocks of %s start on one day, %s", provider,
                          date_format(start, date));
        return 1;
    }
    int r = list_is_shifted(l, &shift);

    if (r <= 0)
        return r;
    say_shift(why, &shift, provider);
    return 1;
}
