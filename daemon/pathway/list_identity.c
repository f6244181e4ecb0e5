#include "pathway/list_identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_BYTES); /* the key comes first */
}

static int by_start(const void *a, const void *b)
{
    const struct keyed_start *x = a, *y = b;

    return date_compare(x->start, y->start);
}

static void sort(struct keyed_start *list, size_t count,
                 int (*compare)(const void *a, const void *b))
{
    if (count)
        qsort(list, count, sizeof *list, compare);
}

/* Leaves one of each key. Returns how many. */
static size_t once_each(struct keyed_start *list, size_t count)
{
    size_t kept = 0;

    sort(list, count, by_key);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || by_key(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

/* Moves what only one side has to its beginning. Both are by key, each once. */
static void drop_common(struct keyed_start *a, size_t *a_count, struct keyed_start *b,
                        size_t *b_count)
{
    size_t i = 0, k = 0, a_kept = 0, b_kept = 0;

    while (i < *a_count || k < *b_count) {
        int c = i == *a_count ? 1 : k == *b_count ? -1 : by_key(&a[i], &b[k]);

        if (c < 0)
            a[a_kept++] = a[i];
        else if (c > 0)
            b[b_kept++] = b[k];
        i += c <= 0;
        k += c >= 0;
    }
    *a_count = a_kept;
    *b_count = b_kept;
}

/* How many clock starts of one side the other has as well, each counted as often as both have it. */
static uint64_t count_alike(struct keyed_start *a, size_t a_count, struct keyed_start *b,
                            size_t b_count)
{
    uint64_t alike = 0;

    sort(a, a_count, by_start);
    sort(b, b_count, by_start);
    for (size_t i = 0, k = 0; i < a_count && k < b_count;) {
        int c = by_start(&a[i], &b[k]);

        alike += c == 0 && date_is_set(a[i].start);
        i += c <= 0;
        k += c >= 0;
    }
    return alike;
}

bool keys_are_others(struct keyed_start *before, size_t before_count, struct keyed_start *after,
                     size_t after_count, struct rekeying *out_counts)
{
    size_t open = once_each(before, before_count), came = once_each(after, after_count);

    *out_counts = (struct rekeying){ .open = open };
    drop_common(before, &open, after, &came);
    out_counts->gone = open;
    out_counts->alike = count_alike(before, open, after, came);
    return out_counts->open >= REKEYED_LEAST && out_counts->gone * 2 > out_counts->open &&
           out_counts->alike * 2 > out_counts->gone;
}

/* Three of four who were open are there again, as nearly always: no need to look closer. A key that came twice
 * counts twice here; where keys are others, next to none is known. */
static bool most_are_there(const struct pathway_list *l, size_t open)
{
    const uint8_t *key;
    struct civil_date start;
    size_t known = 0;

    for (size_t at = 0; list_staged_next(l, &at, &key, &start);)
        known += list_has(l, key);
    return known * 4 >= open * 3;
}

static void put(struct keyed_start *to, const uint8_t *key, struct civil_date start)
{
    memcpy(to->key, key, PSEUDONYM_BYTES);
    to->start = start;
}

int list_is_rekeyed(const struct pathway_list *l, struct rekeying *out_counts)
{
    size_t open = (size_t)list_count_open(l), rows = 0, n = 0;
    struct civil_date start, stop;
    const uint8_t *key;

    *out_counts = (struct rekeying){ .open = open };
    if (open < REKEYED_LEAST || most_are_there(l, open))
        return 0;
    for (size_t at = 0; list_staged_next(l, &at, &key, &start);)
        rows++;
    AUTO(auto_free) struct keyed_start *before = calloc(open, sizeof *before);
    AUTO(auto_free) struct keyed_start *after = calloc(rows + 1, sizeof *after);

    if (!before || !after)
        return -ENOMEM;
    for (size_t at = 0; list_next(l, &at, &key, &start, &stop);)
        if (!date_is_set(stop))
            put(&before[n++], key, start);
    n = 0;
    for (size_t at = 0; list_staged_next(l, &at, &key, &start);)
        put(&after[n++], key, start);
    return keys_are_others(before, open, after, rows, out_counts);
}
