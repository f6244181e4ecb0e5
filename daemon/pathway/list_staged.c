/*
 * list_staged - rows of a snapshot in the order of their keys, one a pathway
 *
 * Keys are keyed hashes, so their bytes are spread evenly: each byte in turn deals the rows into 256
 * heaps in place, until a heap is small. Time is linear in the rows for any keys, memory constant.
 */
#include "pathway/list_staged.h"

#include <stdlib.h>
#include <string.h>

#define HEAP_SMALL 24

static int row_compare(const struct staged_row *a, const struct staged_row *b)
{
    return memcmp(a->e.key, b->e.key, PSEUDONYM_BYTES);
}

static void sort_small(struct staged_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct staged_row r = rows[i];
        size_t k = i;

        for (; k > 0 && row_compare(&rows[k - 1], &r) > 0; k--)
            rows[k] = rows[k - 1];
        rows[k] = r;
    }
}

static void sort_from(struct staged_row *rows, size_t count, size_t byte)
{
    size_t starts[257] = { 0 }, at[256];

    if (count <= HEAP_SMALL) {
        sort_small(rows, count);
        return;
    }
    if (byte == PSEUDONYM_BYTES)
        return;
    for (size_t i = 0; i < count; i++)
        starts[rows[i].e.key[byte] + 1]++;
    for (size_t heap = 0; heap < 256; heap++)
        starts[heap + 1] += starts[heap];
    memcpy(at, starts, sizeof at);
    for (size_t heap = 0; heap < 256; heap++) {
        while (at[heap] < starts[heap + 1]) {
            struct staged_row r = rows[at[heap]];

            /* Puts it where it belongs and goes on with what lay there, until one belongs here. */
            while (r.e.key[byte] != heap) {
                struct staged_row *place = &rows[at[r.e.key[byte]]++];
                struct staged_row lay = *place;

                *place = r;
                r = lay;
            }
            rows[at[heap]++] = r;
        }
    }
    for (size_t heap = 0; heap < 256; heap++) {
        if (starts[heap + 1] - starts[heap] > 1)
            sort_from(rows + starts[heap], starts[heap + 1] - starts[heap], byte + 1);
    }
}

static bool stands_over(const struct staged *s, const struct staged_row *a,
                        const struct staged_row *b)
{
    if (a->version != b->version)
        return a->version > b->version;
    return (a->number < b->number) == (s->duplicates == LIST_FIRST_STANDS);
}

static int by_number(const void *number, const void *person)
{
    const uint32_t *x = number;
    const struct staged_person *y = person;

    return (*x > y->number) - (*x < y->number);
}

const uint8_t *staged_person(const struct staged *s, const struct staged_row *row)
{
    const struct staged_person *p =
        s->people_count ? bsearch(&row->number, s->people, s->people_count, sizeof *p, by_number)
                        : NULL;

    return p ? p->person : NULL;
}

uint64_t staged_settle(struct staged *s)
{
    size_t kept = 0;

    sort_from(s->rows, s->count, 0);
    for (size_t i = 0; i < s->count; i++) {
        struct staged_row *last = kept ? &s->rows[kept - 1] : NULL;

        if (!last || row_compare(last, &s->rows[i]) != 0)
            s->rows[kept++] = s->rows[i];
        else if (stands_over(s, &s->rows[i], last))
            *last = s->rows[i];
    }
    uint64_t dropped = s->count - kept;

    s->count = kept;
    return dropped;
}
