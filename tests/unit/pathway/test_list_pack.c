/*
 * A list packed for the store and loaded again: the same, or refused.
 */
#include "pathway/list_internal.h"
#include "support/failing.h"
#include "unit/pathway/list_story.h"

static const char service[] = "mental-health";

static struct pathway_list *sample(void)
{
    struct pathway_list *l = story_new(service);
    struct list_change change = LIST_CHANGE_INIT;

    TELL(l, "O", "referral", "2023-01-09", 1, .person = "P", .place = "north");
    TELL(l, "O", "removal", "2023-03-06", 1, .person = "P", .place = "north");
    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-01-13"),
           ROW("C", "2025-01-20", .stage = "first-contact", .stage_start = "2025-02-03"));
    CENSUS(l, "2025-03-09", ROW("B", "2025-01-13"), ROW("C", "2025-01-20"));
    CENSUS(l, "2025-03-16", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"), ROW("D", "2025-03-10"));
    TELL(l, "A", "first-contact", "2025-03-17", 20250317120000, .id = "c1", .exception = "holiday");
    TELL(l, "E", "referral", "2025-03-17", 20250317120000, .person = "P", .place = "south");
    TELL(l, "E", "removal", "2025-03-18", 7, .person = "P", .reason = "moved", .retracted = true);
    TELL(l, "F", "referral", "2025-03-18", 0, .person = "P");
    TELL(l, "F", "referral", "2025-03-18", 3, .service = "neurodevelopmental", .place = "east",
         .cohort = { { "age_band", "0-4" }, { "need", "high" } });
    TELL(l, "F", "first-contact", "2025-03-18", 5, .commissioner = "26A",
         .cohort = { { "need", "low" } });
    TELL(l, "F", "first-contact", "2025-03-18", 9, .service = "mental-health");
    TELL(l, "G", "care-plan", "2025-03-18", 1);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    ck_assert_uint_eq(counts_of(l).forgotten, 1);
    return l;
}

/* All of a list packed: the book, what is only counted, and four buckets. */
#define PARTS 6
struct packed {
    struct text parts[PARTS];
};

static void packed_release(struct packed *p)
{
    for (int i = 0; i < PARTS; i++)
        text_release(&p->parts[i]);
}

static int pack_all(struct pathway_list *l, struct packed *out_packed)
{
    size_t pathways;
    int r;

    for (int i = 0; i < PARTS; i++)
        out_packed->parts[i] = (struct text)TEXT_INIT;
    r = list_pack_book(l, &out_packed->parts[0]);
    if (r == 0)
        r = list_pack_counted(l, &out_packed->parts[1]);
    for (uint32_t b = 0; r == 0 && b < 4; b++)
        r = list_pack(l, b, 2, &out_packed->parts[2 + b], &pathways);
    return r;
}

/* Returns what the first call that fails does; *out_list is to be freed. */
static int unpack_all(const struct packed *p, struct pathway_list **out_list)
{
    struct pathway_list *l = list_new(story_services(), service);
    int r;

    *out_list = l;
    if (!l)
        return -ENOMEM;
    r = list_unpack_book(l, p->parts[0].buf, p->parts[0].len);
    if (r == 0)
        r = list_unpack_counted(l, p->parts[1].buf, p->parts[1].len);
    for (int b = PARTS; r == 0 && b-- > 2;) {
        if (p->parts[b].len)
            r = list_unpack(l, p->parts[b].buf, p->parts[b].len);
    }
    return r == 0 ? list_loaded(l) : r;
}

static void check_same(struct pathway_list *l, struct pathway_list *m)
{
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX], *x = counts_text(l), *y = counts_text(m);
    struct list_counts c = counts_of(l), d = counts_of(m);

    ck_assert_int_eq(list_digest(l, a), 0);
    ck_assert_int_eq(list_digest(m, b), 0);
    ck_assert_str_eq(a, b);
    ck_assert_str_eq(x, y);
    ck_assert_mem_eq(&c, &d, sizeof c);
    free(x);
    free(y);
}

START_TEST(a_packed_list_loads_as_the_same)
{
    struct pathway_list *l = sample(), *m;
    struct packed p, q;

    ck_assert_int_eq(pack_all(l, &p), 0);
    ck_assert_int_eq(unpack_all(&p, &m), 0);
    check_same(l, m);
    ck_assert_int_eq(pack_all(m, &q), 0);
    for (int i = 0; i < PARTS; i++) {
        ck_assert_uint_eq(p.parts[i].len, q.parts[i].len);
        if (p.parts[i].len)
            ck_assert_mem_eq(p.parts[i].buf, q.parts[i].buf, p.parts[i].len);
    }
    /* It goes on as the other does: the census again, and an event that a purged pathway gets. */
    CENSUS(l, "2025-03-16", ROW("A", "2025-01-06"), ROW("C", "2025-01-20"));
    CENSUS(m, "2025-03-16", ROW("A", "2025-01-06"), ROW("C", "2025-01-20"));
    ck_assert_int_eq(TELL(l, "O", "referral", "2023-01-09", 2), LIST_TOO_OLD);
    ck_assert_int_eq(TELL(m, "O", "referral", "2023-01-09", 2), LIST_TOO_OLD);
    check_same(l, m);
    packed_release(&p);
    packed_release(&q);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(what_events_touched_since_is_laid_over_the_buckets)
{
    struct pathway_list *l = sample(), *m = list_new(story_services(), service);
    struct packed p;
    struct text t = TEXT_INIT;
    const uint8_t *key;

    ck_assert_int_eq(pack_all(l, &p), 0);
    list_touched_clear(l);
    TELL(l, "E", "first-contact", "2025-03-20", 1, .person = "Q");
    TELL(l, "E", "referral", "2025-03-17", 20250318120000, .person = "Q");
    TELL(l, "H", "referral", "2025-03-20", 1, .person = "Q");
    text_clear(&p.parts[0]);
    ck_assert_int_eq(list_pack_book(l, &p.parts[0]), 0);
    ck_assert_int_eq(list_unpack_book(m, p.parts[0].buf, p.parts[0].len), 0);
    ck_assert_int_eq(list_unpack_counted(m, p.parts[1].buf, p.parts[1].len), 0);
    for (int b = 2; b < PARTS; b++) {
        if (p.parts[b].len)
            ck_assert_int_eq(list_unpack(m, p.parts[b].buf, p.parts[b].len), 0);
    }
    for (size_t at = 0; list_touched_next(l, &at, &key);) {
        text_clear(&t);
        ck_assert_int_eq(list_pack_pathway(l, key, &t), 0);
        ck_assert_int_eq(list_unpack_pathway(m, t.buf, t.len), 0);
    }
    ck_assert_int_eq(list_loaded(m), 0);
    check_same(l, m);
    text_release(&t);
    packed_release(&p);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(a_missing_part_is_refused)
{
    struct pathway_list *l = sample(), *m;
    struct packed p;
    size_t refused = 0, buckets = 0;

    ck_assert_int_eq(pack_all(l, &p), 0);
    for (int i = 2; i < PARTS; i++) {
        struct packed without = p;

        buckets += p.parts[i].len > 0;
        without.parts[i].len = 0;
        refused += p.parts[i].len && unpack_all(&without, &m) == -EBADMSG;
        if (p.parts[i].len)
            list_free(m);
    }
    ck_assert_uint_gt(buckets, 1);
    ck_assert_uint_eq(refused, buckets);
    packed_release(&p);
    list_free(l);
}
END_TEST

START_TEST(cut_or_flipped_packed_bytes_are_refused)
{
    struct pathway_list *l = sample(), *m;
    struct packed p;

    ck_assert_int_eq(pack_all(l, &p), 0);
    for (int i = 0; i < PARTS; i++) {
        struct packed spoilt = p;

        for (size_t at = 0; at < p.parts[i].len; at++) {
            p.parts[i].buf[at] = (char)(p.parts[i].buf[at] ^ (1 << (at % 8)));
            ck_assert_msg(unpack_all(&p, &m) == -EBADMSG, "part %d, byte %zu flipped", i, at);
            list_free(m);
            p.parts[i].buf[at] = (char)(p.parts[i].buf[at] ^ (1 << (at % 8)));
            spoilt.parts[i].len = at;
            if (at > 0 || i < 2) {
                ck_assert_msg(unpack_all(&spoilt, &m) == -EBADMSG, "part %d, cut at %zu", i, at);
                list_free(m);
            }
        }
    }
    packed_release(&p);
    list_free(l);
}
END_TEST

START_TEST(a_part_in_another_ones_place_is_refused)
{
    struct pathway_list *l = sample(), *m = list_new(story_services(), service);
    struct packed p;
    int bucket = 2;

    ck_assert_int_eq(pack_all(l, &p), 0);
    while (!p.parts[bucket].len)
        bucket++;
    ck_assert_int_eq(list_unpack_book(m, p.parts[1].buf, p.parts[1].len), -EBADMSG);
    ck_assert_int_eq(list_unpack_book(m, p.parts[0].buf, p.parts[0].len), 0);
    ck_assert_int_eq(list_unpack(m, p.parts[1].buf, p.parts[1].len), -EBADMSG);
    ck_assert_int_eq(list_unpack_counted(m, p.parts[bucket].buf, p.parts[bucket].len), -EBADMSG);
    ck_assert_int_eq(list_unpack_pathway(m, p.parts[bucket].buf, p.parts[bucket].len), -EBADMSG);
    ck_assert_int_eq(list_unpack(m, p.parts[bucket].buf, p.parts[bucket].len), 0);
    if (list_unpack(m, p.parts[bucket].buf, p.parts[bucket].len) == 0) /* the same twice */
        ck_assert_int_eq(list_loaded(m), -EBADMSG);
    packed_release(&p);
    list_free(l);
    list_free(m);
}
END_TEST

static const struct {
    const char *why, bytes[8];
    size_t len;
    int result;
} sealed[] = {
    { "nothing counted, nothing forgotten", { 'C', PACKED_VERSION, 0, 0 }, 4, 0 },
    { "another part", { 'K', PACKED_VERSION, 0, 0 }, 4, -EBADMSG },
    { "another version", { 'C', PACKED_VERSION + 1, 0, 0 }, 4, -EBADMSG },
    { "more than that", { 'C', PACKED_VERSION, 0, 0, 0 }, 5, -EBADMSG },
    { "less than that", { 'C', PACKED_VERSION, 0 }, 3, -EBADMSG },
    { "a number not as it is written", { 'C', PACKED_VERSION, (char)0x80, 0, 0 }, 5, -EBADMSG },
};

START_TEST(a_right_check_sum_over_something_else_is_refused)
{
    struct pathway_list *l = story_new(service);
    struct text t = TEXT_INIT;

    (void)text_add(&t, sealed[_i].bytes, sealed[_i].len);
    ck_assert_int_eq(bytes_seal(&t, 0, PACKED_SEAL), 0);
    ck_assert_msg(list_unpack_counted(l, t.buf, t.len) == sealed[_i].result, "%s", sealed[_i].why);
    text_release(&t);
    list_free(l);
}
END_TEST

START_TEST(each_word_of_the_groups_is_written_once)
{
    struct pathway_list *l = story_new(service), *m = list_new(story_services(), service);
    struct text book = TEXT_INIT, again = TEXT_INIT;
    uint32_t id;

    for (int i = 0; i < 1000; i++) {
        char place[16], need[16];
        const struct group g = { .service = "a service with a long name",
                                 .place = place,
                                 .cohort = { { "a cohort with a long name", need } },
                                 .cohort_count = 1 };

        (void)snprintf(place, sizeof place, "place %d", i % 40);
        (void)snprintf(need, sizeof need, "need %d", i / 40);
        ck_assert_int_eq(tally_group(l->tally, &g, &id), 0);
    }
    ck_assert_int_eq(list_pack_book(l, &book), 0);
    ck_assert_uint_lt(book.len, 9000); /* 7 numbers a group, and 67 words */
    ck_assert_int_eq(list_unpack_book(m, book.buf, book.len), 0);
    ck_assert_str_eq(tally_group_at(m->tally, 999).cohort[0].value, "need 24");
    ck_assert_int_eq(list_pack_book(m, &again), 0);
    ck_assert_uint_eq(again.len, book.len);
    ck_assert_mem_eq(again.buf, book.buf, book.len);
    text_release(&book);
    text_release(&again);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(a_pathway_of_snapshots_takes_26_bytes_and_one_of_events_about_100)
{
    struct pathway_list *l = story_new("RNA"), *m = story_new(service);
    static struct row rows[20000];
    static char names[20000][16];
    struct text t = TEXT_INIT;
    size_t bytes = 0, pathways, sum = 0;

    for (int i = 0; i < 20000; i++) {
        snprintf(names[i], sizeof names[i], "%d", i);
        rows[i] = (struct row){ .pathway = names[i], .start = "2025-01-06" };
    }
    (void)census_rows(l, "2025-03-02", rows, 20000);
    (void)census_rows(l, "2025-03-09", rows, 20000);
    unsigned bits = list_bucket_bits(l);

    for (uint32_t b = 0; b < 1u << bits; b++) {
        text_clear(&t);
        ck_assert_int_eq(list_pack(l, b, bits, &t, &pathways), 0);
        ck_assert_uint_le(pathways, 2 * LIST_BUCKET_PATHWAYS);
        bytes += t.len;
        sum += pathways;
    }
    ck_assert_uint_eq(sum, 20000);
    ck_assert_msg(bytes <= 20000 * 26.1, "%zu bytes", bytes);
    for (int i = 0; i < 500; i++) { /* a referral, two contacts and an outcome each */
        TELL(m, names[i], "referral", "2025-01-06", 20250106120000, .person = names[i]);
        TELL(m, names[i], "first-contact", "2025-01-20", 20250121093000, .person = names[i],
             .id = "c1");
        TELL(m, names[i], "first-contact", "2025-02-03", 20250204093000, .person = names[i],
             .id = "c2");
        TELL(m, names[i], "outcome-baseline", "2025-02-03", 20250204093000, .person = names[i]);
    }
    text_clear(&t);
    ck_assert_int_eq(list_pack(m, 0, 0, &t, &pathways), 0);
    ck_assert_uint_eq(pathways, 500);
    ck_assert_msg(t.len <= 500 * 105, "%zu bytes", t.len);
    text_release(&t);
    list_free(l);
    list_free(m);
}
END_TEST

/* ---- memory ---- */

START_TEST(no_allocation_is_made_for_each_pathway)
{
    struct pathway_list *l = story_new("RNA");
    struct list_change change = LIST_CHANGE_INIT;
    struct civil_date start = date_of("2025-01-06"), late = date_of("2025-03-02");
    struct pathway_record r = { .clock_start = start, .stage_start = DATE_NONE };
    int taken = 0;

    failing_begin(FAILING_ALLOCATIONS, 1000000000, 1, ENOMEM); /* counts, and none fails */
    taken += list_snapshot_begin(l, late, late, LIST_FIRST_STANDS);
    for (uint32_t i = 0; i < 20000; i++) {
        memcpy(r.pathway, &(uint32_t){ i * 2654435761u }, 4);
        taken += list_snapshot_row(l, &r);
    }
    taken += list_snapshot_end(l, &change);
    r.event = "clock-stop";
    r.event_date = late;
    for (uint32_t i = 0; i < 20000; i++) {
        memcpy(r.pathway, &(uint32_t){ i * 2654435761u + 1 }, 4);
        taken += list_event(l, &r, late, &change);
    }
    long allocations = failing.seen;

    (void)failing_end();
    ck_assert_int_eq(taken, 0); /* LIST_TAKEN, each */
    ck_assert_msg(allocations < 200, "%ld allocations", allocations);
    list_free(l);
}
END_TEST

/* No assertion in here: those need memory of their own. */
static int live_through(struct civil_date early, struct civil_date late,
                        char out_digest[SHA256_TEXT_MAX])
{
    struct pathway_list *l = list_new(story_services(), service);
    struct list_change change = LIST_CHANGE_INIT;
    struct packed p = { { TEXT_INIT, TEXT_INIT, TEXT_INIT, TEXT_INIT, TEXT_INIT, TEXT_INIT } };
    struct pathway_list *m = NULL;
    int r = l ? 0 : -ENOMEM;

    for (int census = 0; r == 0 && census < 2; census++) {
        r = list_snapshot_begin(l, census ? late : early, late, LIST_FIRST_STANDS);
        for (int i = census; r == 0 && i < 3; i++) {
            struct pathway_record row = { .clock_start = early, .stage_start = DATE_NONE };

            row.pathway[0] = (uint8_t)i;
            r = list_snapshot_row(l, &row);
        }
        if (r == 0)
            r = list_snapshot_end(l, &change);
    }
    for (int i = 0; r == 0 && i < 4; i++) {
        struct pathway_record e = { .event = i % 2 ? "first-contact" : "referral",
                                    .event_date = i < 2 ? early : late,
                                    .clock_start = DATE_NONE,
                                    .stage_start = DATE_NONE,
                                    .reason = "moved",
                                    .exception = "holiday",
                                    .has_person = true };

        e.pathway[0] = (uint8_t)(i < 2 ? 77 : 1);
        r = list_event(l, &e, late, &change);
        r = r > 0 ? 0 : r;
    }
    if (r == 0)
        r = list_events_end(l, &change);
    if (r == 0)
        r = pack_all(l, &p);
    if (r == 0)
        r = unpack_all(&p, &m);
    if (r == 0)
        r = list_digest(m, out_digest);
    packed_release(&p);
    list_free(m);
    list_free(l);
    return r;
}

START_TEST(without_memory_each_call_says_so_or_gets_along_without)
{
    struct civil_date early = date_of("2023-03-06"), late = date_of("2025-03-10");
    char first[SHA256_TEXT_MAX], digest[SHA256_TEXT_MAX];
    long failed = 1;

    (void)story_services();
    ck_assert_int_eq(live_through(early, late, first), 0); /* libraries have what they keep */
    for (long n = 1; failed; n++) {
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = live_through(early, late, digest);

        failed = failing_end();
        /* A packed text whose sum could not be taken cannot be trusted. */
        ck_assert_msg(r == -ENOMEM || r == 0 || (failed && r == -EBADMSG), "allocation %ld: %d", n,
                      r);
        ck_assert_msg(r < 0 || strcmp(digest, first) == 0, "allocation %ld: another state", n);
    }
}
END_TEST

UNIT_MAIN("list_pack", UNIT_TEST(a_packed_list_loads_as_the_same),
          UNIT_TEST(what_events_touched_since_is_laid_over_the_buckets),
          UNIT_TEST(a_missing_part_is_refused), UNIT_TEST(cut_or_flipped_packed_bytes_are_refused),
          UNIT_TEST(a_part_in_another_ones_place_is_refused),
          UNIT_TEST(each_word_of_the_groups_is_written_once),
          UNIT_ROWS(a_right_check_sum_over_something_else_is_refused, sealed),
          UNIT_TEST(a_pathway_of_snapshots_takes_26_bytes_and_one_of_events_about_100),
          UNIT_TEST(no_allocation_is_made_for_each_pathway),
          UNIT_TEST(without_memory_each_call_says_so_or_gets_along_without))
