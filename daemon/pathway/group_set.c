#include "pathway/group_set.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_LEAST   64
#define NUMBERS_LEAST 256

void group_set_release(struct group_set *s)
{
    table_release(&s->by_text, NULL);
    free(s->words);
    free(s->numbers);
    free(s->at);
    free(s->slots);
}

/* Room for more elements of size bytes; doubles. Returns 0 or -ENOMEM. */
static int make_room(void *array_pointer, size_t *cap, size_t count, size_t more, size_t size)
{
    void *array;

    if (count + more <= *cap)
        return 0;
    size_t room = *cap ? *cap * 2 : NUMBERS_LEAST;

    memcpy(&array, array_pointer, sizeof array);
    array = reallocarray(array, room, size);
    if (!array)
        return -ENOMEM;
    memcpy(array_pointer, &array, sizeof array);
    *cap = room;
    return 0;
}

/* ---- words ---- */

const char *group_set_word(const struct group_set *s, uint32_t number)
{
    return number ? s->words[number - 1] : NULL;
}

/* Where a word may have been found before, by its first letters and its last: no hash, only cheap. */
static size_t recent_of(const char *text)
{
    enum { FIRST = 8 };
    size_t at = 0, n = 0;

    for (; n < FIRST && text[n]; n++)
        at = at * 31 + (unsigned char)text[n];
    if (text[n])
        at = at * 31 + (unsigned char)text[strlen(text) - 1];
    return at % GROUP_RECENT;
}

/* As strcmp() == 0, in place: words are short. */
static inline bool same_word(const char *a, const char *b)
{
    while (*a == *b && *a) {
        a++;
        b++;
    }
    return *a == *b;
}

int group_set_word_number(struct group_set *s, const char *text, uint32_t *out_number)
{
    *out_number = 0;
    if (!text)
        return 0;
    size_t recent = recent_of(text);
    uint32_t last = s->found[recent];

    if (!last || !same_word(s->words[last - 1], text)) {
        last = (uint32_t)(uintptr_t)table_get(&s->by_text, text);
        if (!last) {
            int r = make_room(&s->words, &s->word_cap, s->word_count, 1, sizeof *s->words);

            if (r == 0)
                r = table_set(&s->by_text, text, (void *)(uintptr_t)(s->word_count + 1), NULL);
            if (r < 0)
                return r;
            /* Nothing is ever removed, so the last entry is the new one; its key stays. */
            s->words[s->word_count++] = s->by_text.entries[s->by_text.used - 1].key;
            last = (uint32_t)s->word_count;
        }
        s->found[recent] = last;
    }
    *out_number = last;
    return 0;
}

/* ---- groups ---- */

/* The head of a group: its number above, how many cohorts it has below. A group is found by its words in two
 * steps, each of them a line of memory that is seldom at hand: its slot, then its numbers. */
#define HEAD_BITS    8
#define HEAD_COHORTS ((1u << HEAD_BITS) - 1)
_Static_assert(GROUPS_MAX <= UINT32_MAX >> HEAD_BITS && COHORT_MAX <= HEAD_COHORTS, "a head");

static size_t cohorts_of(const uint32_t *numbers)
{
    return numbers[0] & HEAD_COHORTS;
}

/* How many numbers are kept of a group. */
static size_t size_of(size_t cohorts)
{
    return 1 + GROUP_PLAIN + 2 * cohorts;
}

static int read_group(struct group_set *s, const struct group *g, uint32_t out[1 + GROUP_WORDS])
{
    const char *const plain[GROUP_PLAIN] = { g->service, g->commissioner, g->place, g->stage };
    int r = 0;

    out[0] = (uint32_t)g->cohort_count;
    for (size_t i = 0; i < GROUP_PLAIN && r == 0; i++)
        r = group_set_word_number(s, plain[i], &out[1 + i]);
    for (size_t i = 0; i < g->cohort_count && r == 0; i++) {
        size_t place = GROUP_PLAIN + 2 * i;

        r = group_set_word_number(s, g->cohort[i].name, &out[1 + place]);
        if (r == 0)
            r = group_set_word_number(s, g->cohort[i].value, &out[2 + place]);
    }
    return r;
}

/* Multiply-shift (Dietzfelbinger): each word times a key of its place, summed; of the sum the upper half. The
 * keys are drawn once per process, so that a sender cannot choose groups that meet. */
static uint32_t hash_of(const struct group_set *s, const uint32_t *words, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += s->keys[i] * words[i];
    return (uint32_t)(sum >> 32);
}

static void draw_keys(struct group_set *s)
{
    for (size_t i = 0; i < GROUP_WORDS; i++)
        s->keys[i] = table_hash(&i, sizeof i);
}

/* The hash of a group's words, and its slot or the empty one where it would stand. */
static struct group_slot *slot_of(const struct group_set *s, const uint32_t *numbers,
                                  uint32_t *out_hash)
{
    size_t cohorts = cohorts_of(numbers), mask = s->slot_count - 1;
    size_t words = size_of(cohorts) - 1; /* tells the cohorts */
    uint32_t hash = hash_of(s, numbers + 1, words);

    *out_hash = hash;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct group_slot *slot = &s->slots[i];

        if (!slot->at)
            return slot;
        if (slot->hash != hash)
            continue;
        const uint32_t *kept = s->numbers + slot->at - 1;

        if (cohorts_of(kept) == cohorts &&
            memcmp(kept + 1, numbers + 1, words * sizeof *numbers) == 0)
            return slot;
    }
}

static int grow_slots(struct group_set *s)
{
    if (s->slot_count && (s->count + 1) * 2 <= s->slot_count)
        return 0;
    size_t count = s->slot_count ? s->slot_count * 2 : SLOTS_LEAST, mask = count - 1;
    struct group_slot *slots = calloc(count, sizeof *slots);

    if (!slots)
        return -ENOMEM;
    if (!s->slot_count)
        draw_keys(s);
    for (size_t i = 0; i < s->slot_count; i++) {
        size_t to = s->slots[i].hash & mask;

        if (!s->slots[i].at)
            continue;
        while (slots[to].at)
            to = (to + 1) & mask;
        slots[to] = s->slots[i];
    }
    free(s->slots);
    s->slots = slots;
    s->slot_count = count;
    return 0;
}

int group_set_number(struct group_set *s, const struct group *group, uint32_t *out_id)
{
    uint32_t numbers[1 + GROUP_WORDS], hash;

    assert(s && group && group->cohort_count <= COHORT_MAX);
    int r = read_group(s, group, numbers);

    if (r == 0)
        r = grow_slots(s);
    if (r < 0)
        return r;
    struct group_slot *slot = slot_of(s, numbers, &hash);
    size_t size = size_of(group->cohort_count);

    if (!slot->at) {
        if (s->count == GROUPS_MAX)
            return -EFBIG;
        r = make_room(&s->numbers, &s->number_cap, s->number_count, size, sizeof *s->numbers);
        if (r == 0)
            r = make_room(&s->at, &s->cap, s->count, 1, sizeof *s->at);
        if (r < 0)
            return r;
        memcpy(s->numbers + s->number_count, numbers, size * sizeof *numbers);
        s->numbers[s->number_count] |= (uint32_t)s->count << HEAD_BITS;
        s->at[s->count++] = (uint32_t)s->number_count;
        *slot = (struct group_slot){ (uint32_t)s->number_count + 1, hash };
        s->number_count += size;
    }
    *out_id = s->numbers[slot->at - 1] >> HEAD_BITS;
    return 0;
}

const uint32_t *group_set_words(const struct group_set *s, uint32_t id, size_t *out_cohorts)
{
    assert(id < s->count);
    const uint32_t *kept = s->numbers + s->at[id];

    *out_cohorts = cohorts_of(kept);
    return kept + 1;
}

bool group_set_same_sense(const struct group_set *s, uint32_t a, uint32_t b)
{
    size_t cohorts;
    const uint32_t *x = group_set_words(s, a, &cohorts), *y = group_set_words(s, b, &cohorts);

    return x[GROUP_SERVICE] == y[GROUP_SERVICE] && x[GROUP_STAGE] == y[GROUP_STAGE];
}

bool group_set_has_place(const struct group_set *s, uint32_t id)
{
    size_t cohorts;

    return group_set_words(s, id, &cohorts)[GROUP_PLACE] != 0;
}

struct group group_set_at(const struct group_set *s, uint32_t id)
{
    size_t cohorts;
    const uint32_t *w = group_set_words(s, id, &cohorts);
    struct group g = { .service = group_set_word(s, w[GROUP_SERVICE]),
                       .commissioner = group_set_word(s, w[GROUP_COMMISSIONER]),
                       .place = group_set_word(s, w[GROUP_PLACE]),
                       .stage = group_set_word(s, w[GROUP_STAGE]),
                       .cohort_count = cohorts };

    for (size_t i = 0; i < cohorts; i++)
        g.cohort[i] = (struct cohort_value){ group_set_word(s, w[GROUP_PLAIN + 2 * i]),
                                             group_set_word(s, w[GROUP_PLAIN + 2 * i + 1]) };
    return g;
}
