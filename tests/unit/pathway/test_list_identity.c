/*
 * Whether people came again under other keys.
 */
#include "pathway/list_identity.h"

#include "unit/pathway/list_story.h"

/* `before` open with keys "b0", ... ; the first `same` of them again, then `others` with new keys whose clocks
 * start `shift` days later than those of the ones that are gone, then `fresh` with clocks of their own. */
static const struct {
    const char *why;
    int before, same, others, shift, fresh;
    bool rekeyed;
} rows[] = {
    { "all keys are others", 20, 0, 20, 0, 0, true },
    { "some were seen, some are new", 20, 0, 14, 0, 6, true },
    { "more than half", 20, 8, 12, 0, 0, true },
    { "half of them", 20, 10, 10, 0, 0, true },
    { "a fifth of all", 25, 20, 5, 0, 0, true },
    { "of those gone a fifth, whose clocks ran for long", 100, 75, 5, 0, 20, true },
    { "of those gone less than a fifth", 100, 74, 5, 0, 20, false },
    { "of those gone a fifth, whose clocks had just begun", 236, 211, 5, 0, 20, false },
    { "a list emptied", 20, 0, 0, 0, 0, false },
    { "most were seen, and as many came with clocks of their own", 20, 2, 0, 0, 18, false },
    { "the clocks are others'", 20, 0, 20, 400, 0, false },
    { "only half of those gone have their like", 20, 0, 10, 0, 0, true },
    { "an ordinary week", 20, 18, 1, 0, 2, false },
    { "too few to tell", 4, 0, 4, 0, 0, false },
    { "just enough", 5, 0, 5, 0, 0, true },
};

static struct pathway_record row_of(const char *letter, int n, int start)
{
    struct pathway_record r = { .clock_start = { start },
                                .stage_start = DATE_NONE,
                                .census = DATE_NONE,
                                .event_date = DATE_NONE,
                                .provider = "TAJ",
                                .service = "mental-health" };
    char name[16];

    (void)snprintf(name, sizeof name, "%s%d", letter, n);
    key_of(name, r.pathway);
    return r;
}

static void add(struct pathway_list *l, const char *letter, int n, int start)
{
    struct pathway_record r = row_of(letter, n, start);

    ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
}

START_TEST(people_under_other_keys_have_the_clock_starts_of_those_who_are_gone)
{
    struct pathway_list *l = story_new("mental-health");
    struct civil_date received = date_of(RECEIVED);
    struct list_change change = LIST_CHANGE_INIT;
    struct rekeying counts;
    int base = date_of("2025-01-06").day;

    ck_assert_int_eq(list_snapshot_begin(l, date_of("2025-05-04"), received, LIST_FIRST_STANDS), 0);
    for (int i = 0; i < rows[_i].before; i++)
        add(l, "b", i, base + i / 2);                 /* two a day */
    ck_assert_int_eq(list_is_rekeyed(l, &counts), 0); /* nobody was there before */
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    ck_assert_int_eq(list_snapshot_begin(l, date_of("2026-08-11"), received, LIST_FIRST_STANDS), 0);
    for (int i = 0; i < rows[_i].same; i++)
        add(l, "b", i, base + i / 2);
    for (int i = 0; i < rows[_i].others; i++)
        add(l, "o", i, base + (rows[_i].same + i) / 2 + rows[_i].shift);
    for (int i = 0; i < rows[_i].fresh; i++)
        add(l, "f", i, base + 125 + i);
    ck_assert_msg(list_is_rekeyed(l, &counts) == rows[_i].rekeyed,
                  "%s: %lu open, %lu gone, %lu alike", rows[_i].why, counts.open, counts.gone,
                  counts.alike);
    list_free(l);
}
END_TEST

START_TEST(a_key_counts_once_and_an_unknown_start_is_like_no_other)
{
    struct keyed_start before[6], after[12];
    struct rekeying counts;

    for (int i = 0; i < 6; i++) {
        struct pathway_record b = row_of("b", i, 20000 + i), o = row_of("o", i, 20000 + i);

        memcpy(before[i].key, b.pathway, PSEUDONYM_BYTES);
        before[i].start = b.clock_start;
        memcpy(after[i].key, o.pathway, PSEUDONYM_BYTES);
        after[i].start = o.clock_start;
        after[6 + i] = after[i]; /* each row twice */
    }
    counts = (struct rekeying){ .open = 6, .census = { 20010 } };
    ck_assert(keys_are_others(before, 6, after, 12, &counts));
    ck_assert_uint_eq(counts.gone, 6);
    ck_assert_uint_eq(counts.came, 6);
    ck_assert_uint_eq(counts.ran, 6);
    ck_assert_uint_eq(counts.alike, 6);
    ck_assert_uint_eq(counts.aged, 0);
    counts = (struct rekeying){ .open = 30, .census = { 20010 } }; /* a fifth of all */
    ck_assert(keys_are_others(before, 6, after, 12, &counts));
    counts = (struct rekeying){ .open = 31, .census = { 20010 } };
    ck_assert(!keys_are_others(before, 6, after, 12, &counts));
    counts =
        (struct rekeying){ .open = 31, .census = { 20033 } }; /* with clocks that ran for long */
    ck_assert(keys_are_others(before, 6, after, 12, &counts));
    ck_assert_uint_eq(counts.aged, 6);
    for (int i = 0; i < 6; i++)
        before[i].start = after[i].start = DATE_NONE;
    counts = (struct rekeying){ .open = 6, .census = { 20010 } };
    ck_assert(!keys_are_others(before, 6, after, 6, &counts));
    ck_assert_uint_eq(counts.alike, 0);
    counts = (struct rekeying){ .open = 6, .census = { 20010 } };
    ck_assert(!keys_are_others(before, 0, after, 6, &counts));
    counts = (struct rekeying){ .open = 6, .census = { 20010 } };
    ck_assert(!keys_are_others(before, 6, after, 0, &counts));
}
END_TEST

UNIT_MAIN("list_identity",
          UNIT_ROWS(people_under_other_keys_have_the_clock_starts_of_those_who_are_gone, rows),
          UNIT_TEST(a_key_counts_once_and_an_unknown_start_is_like_no_other))
