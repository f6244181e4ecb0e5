/*
 * The same pathways, persons and events under another key: as if it had always been that key.
 */
#include "pathway/list_rename.h"

#include "unit/pathway/list_story.h"

/* Names are told apart by a letter: what "old" is called becomes "new". */
static void name_of(const char *letter, const char *name, uint8_t out[PSEUDONYM_BYTES])
{
    char text[32];

    (void)snprintf(text, sizeof text, "%s-%s", letter, name);
    key_of(text, out);
}

struct step {
    const char *event, *pathway, *person, *id,
        *date; /* event NULL: a row of a census on .date's Sunday */
    uint64_t version;
};

static const struct step events[] = {
    { "referral", "A", "p", NULL, "2025-01-06", 1 },
    { "first-contact", "A", "p", "c1", "2025-01-13", 1 },
    { "first-contact", "A", "p", "c2", "2025-01-20", 1 },
    { "outcome-baseline", "A", "p", NULL, "2025-01-20", 1 },
    { "referral", "B", "p", NULL, "2025-01-22", 1 }, /* within five days: one spell */
    { "referral", "C", "q", NULL, "2025-02-03", 1 },
};
static const char *const open_ones[] = { "B", "C", "D", "E" };
static const char *const all_names[] = { "A", "B", "C", "D", "E", "p", "q", "c1", "c2" };
#define COUNT(x) (sizeof(x) / sizeof(x)[0])

static void report(struct pathway_list *l, const char *letter, const struct step *s,
                   struct list_change *change)
{
    struct told told = {
        .pathway = s->pathway, .event = s->event, .date = s->date, .version = s->version
    };
    struct pathway_record r = record_of(&told);
    char hex[2 * PSEUDONYM_BYTES + 1];
    uint8_t id[PSEUDONYM_BYTES];

    name_of(letter, s->pathway, r.pathway);
    name_of(letter, s->person, r.person);
    r.has_person = true;
    if (s->id) {
        name_of(letter, s->id, id);
        digest_hex(id, sizeof id, hex);
        r.event_id = hex;
    }
    ck_assert_int_ge(list_event(l, &r, date_of(RECEIVED), change), 0);
}

static void take_census(struct pathway_list *l, const char *letter, const char *census)
{
    struct list_change change = LIST_CHANGE_INIT;

    ck_assert_int_eq(list_snapshot_begin(l, date_of(census), date_of(RECEIVED), LIST_FIRST_STANDS),
                     0);
    for (size_t i = 0; i < COUNT(open_ones); i++) {
        struct pathway_record r = { .clock_start = date_of("2025-01-22"),
                                    .stage_start = DATE_NONE,
                                    .census = DATE_NONE,
                                    .event_date = DATE_NONE };

        name_of(letter, open_ones[i], r.pathway);
        ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
    }
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    ck_assert_uint_eq(change.stopped, 0);
}

static struct pathway_list *list_under(const char *letter)
{
    struct pathway_list *l = story_new("mental-health");
    struct list_change change = LIST_CHANGE_INIT;

    for (size_t i = 0; i < COUNT(events); i++)
        report(l, letter, &events[i], &change);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    take_census(l, letter, "2025-02-09");
    take_census(l, letter, "2025-02-16");
    return l;
}

static size_t renames(struct renamed *list)
{
    for (size_t i = 0; i < COUNT(all_names); i++) {
        name_of("old", all_names[i], list[i].before);
        name_of("new", all_names[i], list[i].now);
        list[COUNT(all_names) + i] = list[i]; /* as rows say it again and again */
    }
    return renamed_settle(list, 2 * COUNT(all_names));
}

static void check_same(struct pathway_list *a, struct pathway_list *b)
{
    char x[SHA256_TEXT_MAX], y[SHA256_TEXT_MAX];

    ck_assert_int_eq(list_digest(a, x), 0);
    ck_assert_int_eq(list_digest(b, y), 0);
    ck_assert_str_eq(x, y);
}

START_TEST(a_renamed_list_is_as_if_it_had_always_had_that_key)
{
    struct pathway_list *l = list_under("old"), *m = list_under("new");
    struct renamed list[2 * COUNT(all_names)];
    struct list_change change = LIST_CHANGE_INIT, other = LIST_CHANGE_INIT;
    size_t count = renames(list), done = 0;

    ck_assert_uint_eq(count, COUNT(all_names));
    ck_assert_int_eq(list_rename(l, list, count, &done), 0);
    ck_assert_uint_ge(done, 7);
    check_same(l, m);
    /* What comes under the new key finds its pathway, its person and its occurrence. */
    const struct step more[] = { { "first-contact", "A", "p", "c1", "2025-01-14", 2 },
                                 { "care-plan", "A", "p", NULL, "2025-01-21", 1 },
                                 { "referral", "F", "q", NULL, "2025-02-04", 1 } };

    for (size_t i = 0; i < COUNT(more); i++) {
        report(l, "new", &more[i], &change);
        report(m, "new", &more[i], &other);
    }
    ck_assert_int_eq(list_events_end(l, &change), 0);
    ck_assert_int_eq(list_events_end(m, &other), 0);
    take_census(l, "new", "2025-02-23");
    take_census(m, "new", "2025-02-23");
    check_same(l, m);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(a_second_time_or_a_stranger_renames_nobody)
{
    struct pathway_list *l = list_under("old"), *m = list_under("old");
    struct renamed list[2 * COUNT(all_names)], strangers[2] = { 0 };
    size_t count = renames(list), done = 7;

    ck_assert_int_eq(list_rename(l, strangers, renamed_settle(strangers, 2), &done), 0);
    ck_assert_uint_eq(done, 0);
    check_same(l, m);
    ck_assert_int_eq(list_rename(l, list, count, &done), 0);
    ck_assert_int_eq(list_rename(l, list, count, &done), 0);
    ck_assert_uint_eq(done, 0);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(who_is_known_under_both_keys_stays_two)
{
    struct pathway_list *l = list_under("old");
    struct list_change change = LIST_CHANGE_INIT;
    struct renamed list[2 * COUNT(all_names)];
    size_t count = renames(list), done = 0;
    struct list_counts before, after;

    report(l, "new", &events[5], &change);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    list_counts(l, &before);
    ck_assert_int_eq(list_rename(l, list, count, &done), 0);
    list_counts(l, &after);
    ck_assert_uint_eq(before.pathways, after.pathways);
    ck_assert_uint_eq(before.facts, after.facts);
    list_free(l);
}
END_TEST

UNIT_MAIN("list_rename", UNIT_TEST(a_renamed_list_is_as_if_it_had_always_had_that_key),
          UNIT_TEST(a_second_time_or_a_stranger_renames_nobody),
          UNIT_TEST(who_is_known_under_both_keys_stays_two))
