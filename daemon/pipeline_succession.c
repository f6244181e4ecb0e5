#include "pipeline_internal.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "pathway/list_plausible.h"

/* An organisation of a waiting list goes on as another (organisations.yaml): nobody was seen by that, nobody
 * is new, and nobody may count twice. */

/* Part of the list that this one took over from, or that took over from it; NULL: none is on the list. */
static const struct stored_list *other_of(const struct pipeline *p, const struct list_setting *list,
                                          const struct stored_list *part, struct civil_date on)
{
    const struct settings *s = p->config->settings;

    for (size_t i = 0; i < list->providers.count; i++) {
        const char *code = list->providers.items[i];
        const char *next = settings_org_on(s, code, on);
        bool is_pair = strcmp(code, next) != 0 &&
                       (strcmp(next, part->provider) == 0 || strcmp(code, part->provider) == 0);

        if (is_pair)
            return books_list(&p->books, list->id, strcmp(code, part->provider) == 0 ? next : code);
    }
    return NULL;
}

const char *succession_from(const struct pipeline *p, const struct list_setting *list,
                            const struct stored_list *part, struct civil_date census)
{
    const struct stored_list *other = other_of(p, list, part, census);

    if (!other || date_is_set(list_known_upto(part->state)) ||
        !date_is_set(list_known_upto(other->state)) ||
        strcmp(settings_org_on(p->config->settings, other->provider, census), part->provider) != 0)
        return NULL;
    return other->provider;
}

int succession_move(struct pipeline *p, const struct list_setting *list, struct stored_list *from,
                    struct stored_list *to)
{
    struct stored_list was = *to;

    to->state = from->state;
    to->first_event = from->first_event;
    to->set_aside = from->set_aside;
    to->censuses = from->censuses;
    to->census_count = from->census_count;
    from->state = was.state;
    from->censuses = was.censuses;
    return lists_new_state(p, list, from);
}

bool succession_stands_in(const struct pipeline *p, const struct list_setting *list,
                          const struct stored_list *part)
{
    const struct civil_date ever = { INT32_MAX };

    if (date_is_set(list_known_upto(part->state))) /* asked of every part for every measure */
        return false;
    const struct stored_list *other = other_of(p, list, part, ever);

    return other && date_is_set(list_known_upto(other->state));
}

/* How many are open in both. */
static uint64_t count_common(const struct stored_list *a, const struct stored_list *b)
{
    struct civil_date start, stop;
    const uint8_t *key;
    uint64_t common = 0;

    for (size_t at = 0; list_next(a->state, &at, &key, &start, &stop);)
        common += !date_is_set(stop) && list_has_open(b->state, key, NULL);
    return common;
}

int succession_judge(const struct pipeline *p, const struct list_setting *list,
                     const struct stored_list *part, struct civil_date on, struct feed_book *book)
{
    const struct stored_list *other = other_of(p, list, part, on);
    uint64_t common = other ? count_common(part, other) : 0;
    AUTO(text_release) struct text words = TEXT_INIT;

    if (common == 0)
        return feed_book_flaw(book, part->provider, FLAW_TWICE, on, false, NULL);
    (void)text_printf(
        &words,
        "%s and %s, of which one took over from the other, both have some of the same "
        "pathways: they are counted twice until one of the two no longer sends them",
        part->provider, other->provider);
    return text_ok(&words)
               ? feed_book_flaw(book, part->provider, FLAW_TWICE, on, false, text_str(&words))
               : -ENOMEM;
}
