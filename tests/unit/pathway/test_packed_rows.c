/*
 * Rows of a snapshot in memory, beside the same rows as the archive gives them back.
 */
#include "pathway/packed_rows.h"

#include "base/helper.h"
#include "base/table.h"
#include "parse/pathway_archive.h"
#include "pathway/list_staged.h"
#include "support/failing.h"
#include "unit/parse/record_line.h"
#include "unit/pathway/list_history.h"

#define ROWS   5000
#define PLENTY ((size_t)64 << 20)

/* ---- invented rows ---- */

/* One of so many texts, some of which the archive quotes; none, or without a letter, at times. */
static const char *word(uint64_t *state, int of)
{
    static const char *const odd[] = { "Dudley, \"north\"", "a\nb", "x=y;z\\", " ", "\r\n" };
    static char plain[400][8];
    int n = pick(state, of);

    if (one_in(state, 5))
        return one_in(state, 2) ? NULL : "";
    if (one_in(state, 7))
        return odd[pick(state, sizeof odd / sizeof odd[0])];
    (void)snprintf(plain[n], sizeof plain[n], "W%d", n);
    return plain[n];
}

static struct civil_date day(uint64_t *state)
{
    return one_in(state, 3) ? DATE_NONE : date_add_days(date_of("2025-03-02"), -pick(state, 3000));
}

static struct pathway_record invent_row(uint64_t *state, int places)
{
    static const char *const cohorts[COHORT_MAX] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    struct pathway_record r = { .has_person = one_in(state, 2),
                                .has_version = one_in(state, 2),
                                .retracted = one_in(state, 9),
                                .service = word(state, 2),
                                .provider = word(state, 9),
                                .commissioner = word(state, 3),
                                .place = word(state, places),
                                .stage = word(state, 3),
                                .exception = word(state, 2),
                                .reason = word(state, 2),
                                .event = one_in(state, 9) ? "clock-stop" : NULL,
                                .event_id = word(state, 4),
                                .clock_start = day(state),
                                .stage_start = day(state),
                                .census = day(state),
                                .event_date = day(state),
                                .line = (unsigned long)pick(state, 1000000) };

    for (size_t i = 0; i < PSEUDONYM_BYTES; i++) {
        r.pathway[i] = (uint8_t)next_random(state);
        r.person[i] = r.has_person ? (uint8_t)next_random(state) : 0;
    }
    r.version = r.has_version ? next_random(state) : 0;
    for (size_t i = 0; i < COHORT_MAX && one_in(state, 2); i++) {
        const char *value = word(state, 2);

        r.cohort[r.cohort_count++] =
            (struct cohort_value){ cohorts[i], value && *value ? value : "V" };
    }
    return r;
}

/* As rows mostly are: the line after, and the same census. */
static struct pathway_record invent_next(uint64_t *state, int places, struct pathway_record *before)
{
    struct pathway_record r = invent_row(state, places);

    if (one_in(state, 2))
        r.line = before->line + 1;
    if (one_in(state, 2))
        r.census = before->census;
    *before = r;
    return r;
}

/* ---- both ways ---- */

static int keep(void *arg, const void *bytes, size_t len)
{
    return text_add(arg, bytes, len);
}

/* The rows that a seed invents, through the archive, to record. */
static void by_archive(uint64_t seed, int places,
                       int (*record)(void *, const struct pathway_record *), void *arg)
{
    struct pathway_record before = { .census = DATE_NONE };
    struct text archive = TEXT_INIT;
    struct pathway_writer w;
    struct pathway_archive *a = pathway_archive_new(record, arg);

    pathway_writer_init(&w, keep, &archive);
    for (int i = 0; i < ROWS; i++) {
        struct pathway_record r = invent_next(&seed, places, &before);

        ck_assert_int_eq(pathway_writer_add(&w, &r), 0);
    }
    ck_assert_int_eq(pathway_writer_end(&w), 0);
    ck_assert_int_eq(pathway_archive_push(a, archive.buf, archive.len), 0);
    ck_assert_int_eq(pathway_archive_finish(a), 0);
    pathway_archive_free(a);
    pathway_writer_release(&w);
    text_release(&archive);
}

/* So many lanes: of each row by its first byte. */
static struct packed_rows *pack(uint64_t seed, int places, size_t lanes)
{
    struct pathway_record before = { .census = DATE_NONE };
    struct packed_rows *p = packed_rows_new(lanes, PLENTY);

    for (int i = 0; i < ROWS; i++) {
        struct pathway_record r = invent_next(&seed, places, &before);

        ck_assert_int_eq(packed_rows_add(p, r.pathway[0] % lanes, &r), 0);
    }
    return p;
}

/* The same rows, packed, to record; so many at once. */
static void by_packed(uint64_t seed, int places, size_t portion,
                      int (*record)(void *, const struct pathway_record *), void *arg)
{
    struct packed_rows *p = pack(seed, places, 1);
    struct pathway_record *rows = calloc(portion, sizeof *rows);
    size_t turns = 0, taken = 0, n = portion;

    for (; n == portion; turns++) {
        n = packed_rows_take(p, 0, portion, rows);
        taken += n;
        for (size_t i = 0; i < n; i++) {
            ck_assert_uint_gt(rows[i].group, 0);
            packed_rows_group(p, &rows[i]);
            ck_assert_int_eq(record(arg, &rows[i]), 0);
        }
    }
    ck_assert_uint_eq(turns, ROWS / portion + 1);
    ck_assert_uint_eq(taken, ROWS);
    free(rows);
    packed_rows_free(p);
}

START_TEST(a_packed_row_is_equal_to_what_the_archive_gives_back)
{
    static const size_t portions[] = { 1, 7, 4096, ROWS + 1 };

    for (size_t i = 0; i < sizeof portions / sizeof portions[0]; i++) {
        struct text read = TEXT_INIT, taken = TEXT_INIT;

        by_archive(i, 40, record_line, &read);
        by_packed(i, 40, portions[i], record_line, &taken);
        ck_assert_uint_gt(read.len, ROWS);
        ck_assert(strcmp(text_str(&read), text_str(&taken)) == 0);
        text_release(&read);
        text_release(&taken);
    }
}
END_TEST

#define LANES 7

START_TEST(each_lane_has_its_rows_in_their_order_whichever_is_taken_first)
{
    struct text alone[LANES], taken = TEXT_INIT;
    struct pathway_record before = { .census = DATE_NONE }, rows[10];
    struct packed_rows *p = pack(5, 40, LANES);
    struct packed_first first[LANES] = { { 0, DATE_NONE } };
    uint64_t seed = 5;

    for (size_t lane = 0; lane < LANES; lane++)
        alone[lane] = (struct text)TEXT_INIT;
    for (int i = 0; i < ROWS; i++) {
        struct pathway_record r = invent_next(&seed, 40, &before);
        size_t lane = r.pathway[0] % LANES;

        ck_assert_int_eq(text_add(&alone[lane], r.pathway, PSEUDONYM_BYTES), 0);
        if (!r.event && !first[lane].line)
            first[lane] = (struct packed_first){ r.line + 1, r.census };
    }
    ck_assert_uint_eq(packed_rows_lanes(p), LANES);
    for (size_t lane = LANES; lane-- > 0;) {
        size_t n = 10;

        ck_assert_uint_eq(packed_rows_first(p, lane).line, first[lane].line);
        ck_assert_int_eq(date_compare(packed_rows_first(p, lane).census, first[lane].census), 0);
        taken.len = 0;
        while (n == 10) {
            n = packed_rows_take(p, lane, 10, rows);
            for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(text_add(&taken, rows[i].pathway, PSEUDONYM_BYTES), 0);
        }
        ck_assert_uint_eq(taken.len, alone[lane].len);
        ck_assert_mem_eq(taken.buf, alone[lane].buf, taken.len);
        text_release(&alone[lane]);
    }
    text_release(&taken);
    packed_rows_free(p);
}
END_TEST

/* ---- groups ---- */

struct seen {
    struct table by_words; /* group as text -> its number */
    size_t rows;
};

static int note_group(void *arg, const struct pathway_record *r)
{
    struct seen *s = arg;
    struct pathway_record alone = { .service = r->service,
                                    .commissioner = r->commissioner,
                                    .place = r->place,
                                    .stage = r->stage,
                                    .cohort_count = r->cohort_count };
    struct text line = TEXT_INIT;

    memcpy(alone.cohort, r->cohort, sizeof alone.cohort);
    ck_assert_uint_gt(r->group, 0);
    ck_assert_int_eq(record_line(&line, &alone), 0);
    uintptr_t known = (uintptr_t)table_get(&s->by_words, text_str(&line));

    if (!known)
        ck_assert_int_eq(
            table_set(&s->by_words, text_str(&line), (void *)(uintptr_t)r->group, NULL), 0);
    /* Numbers are given in the order of the rows, so a new group has the next. */
    ck_assert_uint_eq(r->group, known ? known : table_count(&s->by_words));
    text_release(&line);
    s->rows++;
    return 0;
}

START_TEST(rows_of_one_group_have_one_number_and_those_of_another_another)
{
    struct seen s = { TABLE_INIT, 0 };

    by_packed(3, 5, 100, note_group, &s);
    ck_assert_uint_eq(s.rows, ROWS);
    ck_assert_uint_gt(table_count(&s.by_words), 100);
    ck_assert_uint_lt(table_count(&s.by_words), ROWS);
    table_release(&s.by_words, NULL);
}
END_TEST

/* ---- into a list ---- */

static int into_list(void *arg, const struct pathway_record *r)
{
    int verdict = list_snapshot_row(arg, r);

    return verdict < 0 ? verdict : 0;
}

/* All that a store would hold of the list. */
static void pack_list(struct pathway_list *l, struct text *out)
{
    size_t pathways;

    ck_assert_int_eq(list_pack_book(l, out), 0);
    ck_assert_int_eq(list_pack_counted(l, out), 0);
    ck_assert_int_eq(list_pack(l, 0, 0, out, &pathways), 0);
    ck_assert_uint_gt(pathways, 100);
}

static struct pathway_list *begun(void)
{
    struct pathway_list *l = story_new("RNA");

    ck_assert_int_eq(
        list_snapshot_begin(l, date_of("2025-03-02"), date_of(RECEIVED), LIST_FIRST_STANDS), 0);
    return l;
}

static void ended(struct pathway_list *l, char out_digest[SHA256_TEXT_MAX], struct text *out_book)
{
    struct list_change change = LIST_CHANGE_INIT;

    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    ck_assert_int_eq(list_digest(l, out_digest), 0);
    pack_list(l, out_book);
    list_free(l);
}

/* Few groups, and more than a list keeps numbers for. */
static const int places_of[] = { 1, 40, 400 };

START_TEST(a_list_is_the_same_from_packed_rows_and_from_the_archive)
{
    struct pathway_list *read = begun(), *taken = begun();
    struct text read_book = TEXT_INIT, taken_book = TEXT_INIT;
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

    by_archive(11, places_of[_i], into_list, read);
    by_packed(11, places_of[_i], 512, into_list, taken);
    ended(read, a, &read_book);
    ended(taken, b, &taken_book);
    ck_assert_str_eq(a, b);
    ck_assert_uint_gt(read_book.len, 100);
    ck_assert_uint_eq(read_book.len, taken_book.len);
    ck_assert_mem_eq(read_book.buf, taken_book.buf, read_book.len);
    text_release(&read_book);
    text_release(&taken_book);
}
END_TEST

#define LISTS 8

/* Lists, and the packed rows that they take: each row is of one of them. */
struct taking {
    struct pathway_list *lists[LISTS];
    struct list_change changes[LISTS];
    struct packed_rows *packed;
    size_t rows[LISTS];
};

#define PORTION 100

static int take_own(void *arg, size_t at)
{
    struct taking *t = arg;
    struct pathway_record rows[PORTION];

    t->rows[at] = packed_rows_take(t->packed, at, PORTION, rows);
    for (size_t i = 0; i < t->rows[at]; i++) {
        if (!list_snapshot_knows(t->lists[at], &rows[i]))
            packed_rows_group(t->packed, &rows[i]);
        if (list_snapshot_row(t->lists[at], &rows[i]) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int end_own(void *arg, size_t at)
{
    struct taking *t = arg;

    return list_snapshot_end(t->lists[at], &t->changes[at]);
}

/* What all lists come to, as text. */
static void take_all(struct helper *helper, struct text *out)
{
    struct taking t = { .packed = pack(21, 400, LISTS) };
    size_t taken = 0, turn;

    for (size_t i = 0; i < LISTS; i++) {
        t.lists[i] = begun();
        t.changes[i] = (struct list_change)LIST_CHANGE_INIT;
    }
    do {
        turn = taken;
        ck_assert_int_eq(helper_share(helper, LISTS, take_own, &t), 0);
        for (size_t i = 0; i < LISTS; i++)
            taken += t.rows[i];
    } while (taken > turn);
    ck_assert_uint_eq(taken, ROWS);
    ck_assert_int_eq(helper_share(helper, LISTS, end_own, &t), 0);
    for (size_t i = 0; i < LISTS; i++) {
        pack_list(t.lists[i], out);
        ck_assert_int_eq(text_printf(out, "%llu\n", (unsigned long long)t.changes[i].duplicates),
                         0);
        list_free(t.lists[i]);
    }
    packed_rows_free(t.packed);
}

START_TEST(lists_that_take_rows_at_once_come_to_the_same)
{
    struct helper *helper = helper_new();
    struct text alone = TEXT_INIT, shared = TEXT_INIT;

    ck_assert_ptr_nonnull(helper);
    take_all(NULL, &alone);
    take_all(helper, &shared);
    ck_assert_uint_eq(alone.len, shared.len);
    ck_assert_mem_eq(alone.buf, shared.buf, alone.len);
    helper_free(helper);
    text_release(&alone);
    text_release(&shared);
}
END_TEST

START_TEST(a_group_beyond_those_whose_numbers_are_kept_is_found_by_its_words)
{
    struct pathway_list *l = begun();
    struct list_change change = LIST_CHANGE_INIT;
    struct pathway_record row = { .clock_start = date_of("2025-01-06"), .group = 1u << 20 };

    row.stage_start = row.census = row.event_date = DATE_NONE;
    ck_assert_int_eq(list_snapshot_row(l, &row), LIST_TAKEN);
    ck_assert_uint_eq(l->staged->group_cap, 0); /* no room for a million numbers */
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n");
    list_free(l);
}
END_TEST

/* ---- bounds ---- */

START_TEST(more_rows_than_may_be_kept_are_an_error)
{
    struct packed_rows *p = packed_rows_new(1, (size_t)300 << 10);
    uint64_t seed = 1;
    int r = 0, added = 0;

    for (; r == 0 && added < ROWS; added++) {
        struct pathway_record row = invent_row(&seed, 40);

        r = packed_rows_add(p, 0, &row);
    }
    ck_assert_int_eq(r, -EFBIG);
    ck_assert_int_gt(added, 300);
    packed_rows_free(p);
}
END_TEST

START_TEST(words_count_as_memory_too)
{
    struct packed_rows *p = packed_rows_new(1, (size_t)300 << 10);
    int r = 0, added = 0;

    for (; r == 0 && added < ROWS; added++) {
        char code[16];
        struct pathway_record row = { .provider = code };

        (void)snprintf(code, sizeof code, "P%d", added);
        r = packed_rows_add(p, 0, &row);
    }
    ck_assert_int_eq(r, -EFBIG);
    ck_assert_int_lt(added, ROWS);
    packed_rows_free(p);
}
END_TEST

START_TEST(without_memory_a_row_is_an_error)
{
    uint64_t seed = 2;
    struct pathway_record row = invent_row(&seed, 3);

    for (long n = 1;; n++) {
        struct packed_rows *p = packed_rows_new(1, PLENTY);

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = packed_rows_add(p, 0, &row);
        long failed = failing_end();

        ck_assert_int_eq(r, failed ? -ENOMEM : 0);
        packed_rows_free(p);
        if (!failed)
            break;
    }
}
END_TEST

UNIT_MAIN("packed_rows", UNIT_TEST(a_packed_row_is_equal_to_what_the_archive_gives_back),
          UNIT_TEST(each_lane_has_its_rows_in_their_order_whichever_is_taken_first),
          UNIT_TEST(rows_of_one_group_have_one_number_and_those_of_another_another),
          UNIT_ROWS(a_list_is_the_same_from_packed_rows_and_from_the_archive, places_of),
          UNIT_TEST(lists_that_take_rows_at_once_come_to_the_same),
          UNIT_TEST(a_group_beyond_those_whose_numbers_are_kept_is_found_by_its_words),
          UNIT_TEST(more_rows_than_may_be_kept_are_an_error), UNIT_TEST(words_count_as_memory_too),
          UNIT_TEST(without_memory_a_row_is_an_error))
