#include "pathway/list_elsewhere.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "parse/limits.h"
#include "pathway/list_internal.h"
#include "pathway/list_left_out.h"
#include "pathway/list_plausible.h"

void elsewhere_release(struct elsewhere *e)
{
    free(e->keys);
    *e = (struct elsewhere){ NULL, 0, 0 };
}

static uint8_t *key_at(const struct elsewhere *e, size_t i)
{
    return e->keys + i * PSEUDONYM_BYTES;
}

int elsewhere_note(struct elsewhere *e, const struct pathway_list *l,
                   const uint8_t key[PSEUDONYM_BYTES])
{
    if (!list_has_open(l, key, NULL))
        return 0;
    int r = list_grow(&e->keys, &e->cap, e->count, PSEUDONYM_BYTES);

    if (r == 0)
        memcpy(key_at(e, e->count++), key, PSEUDONYM_BYTES);
    return r;
}

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_BYTES);
}

/* Sorted, each once, and none that stopped since: a successor may have taken the part over. */
static void leave_open(struct elsewhere *e, const struct pathway_list *l)
{
    size_t kept = 0;

    if (e->count)
        qsort(e->keys, e->count, PSEUDONYM_BYTES, by_key);
    for (size_t i = 0; i < e->count; i++)
        if ((kept == 0 || by_key(key_at(e, kept - 1), key_at(e, i)) != 0) &&
            list_has_open(l, key_at(e, i), NULL))
            memmove(key_at(e, kept++), key_at(e, i), PSEUDONYM_BYTES);
    e->count = kept;
}

int elsewhere_settle(struct elsewhere *e, const struct pathway_list *l)
{
    struct civil_date start;
    const uint8_t *key;
    size_t kept = 0;

    if (e->count == 0)
        return 0;
    AUTO(auto_free) bool *has_row = calloc(e->count, sizeof *has_row);

    if (!has_row)
        return -ENOMEM;
    leave_open(e, l);
    for (size_t at = 0; list_staged_next(l, &at, &key, &start);) {
        const uint8_t *found = bsearch(key, e->keys, e->count, PSEUDONYM_BYTES, by_key);

        if (found)
            has_row[(size_t)(found - e->keys) / PSEUDONYM_BYTES] = true;
    }
    for (size_t i = 0; i < e->count; i++)
        if (!has_row[i])
            memmove(key_at(e, kept++), key_at(e, i), PSEUDONYM_BYTES);
    e->count = kept;
    return 0;
}

bool elsewhere_is_implausible(const struct elsewhere *e, const struct pathway_list *l,
                              const char *provider, struct text *why)
{
    uint64_t open = list_count_open(l);

    if ((double)e->count <= PARSE_SET_ASIDE_HOLD * (double)open)
        return false;
    people_share(why, e->count, open);
    (void)text_printf(
        why,
        " people who waited at %s come under a service or a provider that is " NOT_ON_THIS_LIST
        ", and would count as seen: is a code new, or a successor missing there?",
        provider);
    return true;
}

int elsewhere_keep(const struct elsewhere *e, struct pathway_list *l)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < e->count; i++)
        r = list_snapshot_still_open(l, key_at(e, i));
    return r;
}
