#include "feed/relay.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "support/unit.h"

#define ROWS 20000 /* more than go round at once */
#define LONG 70000 /* bytes: more than a batch has for its texts */

/* Makes rows, a hundred a step, and is asked what became of them. */
struct maker {
    struct relay *relay;
    unsigned long made, rows;
    int ends_with; /* in place of its end */
    int put;       /* what relay_put() said last */
    bool is_long;
};

/* Texts lie where the next row's will. */
static int make_one(struct maker *m)
{
    static _Thread_local char service[24], value[LONG];
    struct pathway_record r = { .service = service, .line = ++m->made, .cohort_count = 1 };

    (void)snprintf(service, sizeof service, "s%lu", m->made);
    (void)snprintf(value, sizeof value, "v%lu", m->made);
    if (m->is_long && m->made % 1000 == 0) {
        memset(value, 'x', sizeof value - 1);
        value[sizeof value - 1] = '\0';
    }
    r.cohort[0] = (struct cohort_value){ "age", value };
    m->put = relay_put(m->relay, &r);
    memset(service, '?', sizeof service - 1);
    return m->put;
}

static int make(void *arg, bool *out_is_done)
{
    struct maker *m = arg;
    int r = 0;

    for (int i = 0; r == 0 && i < 100 && m->made < m->rows; i++)
        r = make_one(m);
    *out_is_done = m->made == m->rows && !m->ends_with;
    return r == 0 && m->made == m->rows ? m->ends_with : r;
}

/* Counts the rows; each has to be the next. */
struct taker {
    unsigned long taken, most; /* most: then it says so */
    bool is_long;
};

static int take(void *arg, const struct pathway_record *row)
{
    struct taker *t = arg;
    char service[24], value[24];

    (void)snprintf(service, sizeof service, "s%lu", ++t->taken);
    (void)snprintf(value, sizeof value, "v%lu", t->taken);
    ck_assert_uint_eq(row->line, t->taken);
    ck_assert_str_eq(row->service, service);
    ck_assert_ptr_null(row->provider);
    ck_assert_uint_eq(row->cohort_count, 1);
    ck_assert_str_eq(row->cohort[0].name, "age");
    if (t->is_long && t->taken % 1000 == 0)
        ck_assert_uint_eq(strlen(row->cohort[0].value), LONG - 1);
    else
        ck_assert_str_eq(row->cohort[0].value, value);
    return t->taken == t->most ? -ENOSPC : 0;
}

static int take_all(struct maker *m, struct taker *t)
{
    bool is_done = false;
    int r = 0;

    m->relay = relay_new(make, m);
    ck_assert_ptr_nonnull(m->relay);
    while (r == 0 && !is_done)
        r = relay_take(m->relay, take, t, &is_done);
    ck_assert(is_done == (r == 0));
    return r;
}

START_TEST(rows_come_in_order_with_texts_of_their_own)
{
    struct maker m = { .rows = ROWS };
    struct taker t = { 0 };

    ck_assert_int_eq(take_all(&m, &t), 0);
    ck_assert_uint_eq(t.taken, ROWS);
    relay_free(m.relay);
}
END_TEST

START_TEST(a_row_may_be_longer_than_a_batch)
{
    struct maker m = { .rows = ROWS, .is_long = true };
    struct taker t = { .is_long = true };

    ck_assert_int_eq(take_all(&m, &t), 0);
    ck_assert_uint_eq(t.taken, ROWS);
    relay_free(m.relay);
}
END_TEST

START_TEST(no_rows_are_an_end_too)
{
    struct maker m = { .rows = 0 };
    struct taker t = { 0 };

    ck_assert_int_eq(take_all(&m, &t), 0);
    ck_assert_uint_eq(t.taken, 0);
    relay_free(m.relay);
}
END_TEST

START_TEST(a_failure_of_the_maker_comes_after_its_last_row)
{
    struct maker m = { .rows = ROWS + 50, .ends_with = -EIO };
    struct taker t = { 0 };

    ck_assert_int_eq(take_all(&m, &t), -EIO);
    ck_assert_uint_eq(t.taken, ROWS + 50);
    relay_free(m.relay);
}
END_TEST

START_TEST(who_takes_no_more_ends_the_thread_where_it_waits_for_room)
{
    struct maker m = { .rows = 50 * ROWS };
    struct taker t = { .most = 300 };

    ck_assert_int_eq(take_all(&m, &t), -ENOSPC);
    ck_assert_uint_eq(t.taken, 300);
    relay_free(m.relay);
    ck_assert_uint_lt(m.made, 50 * ROWS);
}
END_TEST

/* A maker that makes no row is stopped too. */
static int make_nothing(void *arg, bool *out_is_done)
{
    atomic_ulong *steps = arg;

    (*steps)++;
    *out_is_done = false;
    return 0;
}

START_TEST(a_thread_that_makes_no_row_ends_with_its_step)
{
    atomic_ulong steps = 0;
    bool is_done = false;
    struct relay *r = relay_new(make_nothing, &steps);

    while (steps == 0)
        ck_assert(relay_take(r, take, NULL, &is_done) == 0 && !is_done);
    relay_free(r);
    unsigned long then = steps;

    ck_assert_msg(steps == then, "it works on after its end");
}
END_TEST

START_TEST(one_that_was_never_begun_is_freed)
{
    struct maker m = { .rows = ROWS };

    relay_free(NULL);
    relay_free(relay_new(make, &m));
    ck_assert_uint_eq(m.made, 0);
}
END_TEST

UNIT_MAIN("relay", UNIT_TEST(rows_come_in_order_with_texts_of_their_own),
          UNIT_TEST(a_row_may_be_longer_than_a_batch), UNIT_TEST(no_rows_are_an_end_too),
          UNIT_TEST(a_failure_of_the_maker_comes_after_its_last_row),
          UNIT_TEST(who_takes_no_more_ends_the_thread_where_it_waits_for_room),
          UNIT_TEST(a_thread_that_makes_no_row_ends_with_its_step),
          UNIT_TEST(one_that_was_never_begun_is_freed))
