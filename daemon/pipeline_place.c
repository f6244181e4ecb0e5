#include "pipeline_internal.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "pathway/group_set.h"
#include "pathway/list_plausible.h"

/* To which place those on a waiting list belong, and what follows where that is not known. */

#define UNKNOWN_MOST_PCT 2 /* of those who wait; DESIGN section 5 */

const char *place_of_words(void *arg, const char *printed, const char *practice, const char *lsoa)
{
    const struct settings *s = arg;

    if (s->place_count == 0) /* nobody says what the words mean: they are taken as they stand */
        return printed;
    const struct place *place = settings_place(s, printed, practice, lsoa);

    return place ? place->id : NULL;
}

/* Open at the date to which the part is known. */
static bool is_open(const struct tally_cell *cell, uint16_t day)
{
    return cell->clock == 0 && cell->start <= day && (cell->stop == TALLY_OPEN || cell->stop > day);
}

uint64_t places_unknown(const struct stored_list *part, uint64_t *out_open)
{
    const struct tally *t = list_tally(part->state);
    struct civil_date upto = list_known_upto(part->state);
    uint64_t count, unknown = 0;
    struct tally_cell cell;

    *out_open = 0;
    if (!tally_holds_day(upto))
        return 0;
    for (size_t at = 0; tally_next(t, &at, &cell, &count);) {
        if (!is_open(&cell, (uint16_t)upto.day))
            continue;
        *out_open += count;
        if (!group_set_has_place(tally_groups(t), cell.group))
            unknown += count;
    }
    return unknown;
}

int places_judge(const struct stored_list *part, struct civil_date period_end, bool upto,
                 struct feed_book *book)
{
    AUTO(text_release) struct text words = TEXT_INIT;
    uint64_t open, unknown = places_unknown(part, &open);

    if (unknown * 100 <= open * UNKNOWN_MOST_PCT)
        return feed_book_flaw(book, part->provider, FLAW_PLACES, period_end, upto, NULL);
    (void)text_puts(&words, "the place of ");
    people_share(&words, unknown, open);
    (void)text_printf(&words,
                      " people who wait at %s is not known: over %d %%, "
                      "so the figures of single places may be too low and hold",
                      part->provider, UNKNOWN_MOST_PCT);
    return !text_ok(&words) ? -ENOMEM
                            : feed_book_flaw(book, part->provider, FLAW_PLACES, period_end, upto,
                                             text_str(&words));
}

bool places_matter(const struct pipeline *p, const struct feed_setting *f)
{
    for (size_t i = 0; f->into && i < p->config->plan_count; i++)
        for (size_t k = 0; k < p->config->plans[i]->measure_count; k++) {
            const struct list_measure *l = p->config->plans[i]->measures[k].list;

            if (l && l->place && strcmp(l->list, f->into) == 0)
                return true;
        }
    return false;
}
