#include "base/helper.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "support/unit.h"

#define PORTIONS 1000

/* What was done, and by whom. */
struct work {
    int done[PORTIONS]; /* how often; each by one thread alone */
    pthread_t by[PORTIONS];
    atomic_size_t begun; /* so many */
    size_t fails_from;   /* portions from this one on fail, each with its number */
    atomic_bool is_held; /* portion 0 ends once another thread did portion 1 */
};

static int do_one(void *arg, size_t portion)
{
    struct work *w = arg;

    w->begun++;
    w->done[portion]++;
    w->by[portion] = pthread_self();
    if (portion == 1)
        w->is_held = false;
    while (portion == 0 && w->is_held)
        sched_yield();
    return portion >= w->fails_from ? -(int)portion : 0;
}

static void check_each_once(const struct work *w, size_t count)
{
    for (size_t i = 0; i < PORTIONS; i++)
        ck_assert_int_eq(w->done[i], i < count);
}

static struct helper *begun(void)
{
    struct helper *h = helper_new();

    ck_assert_ptr_nonnull(h);
    return h;
}

static const size_t counts[] = { 0, 1, 2, 3, 64, PORTIONS };

START_TEST(each_portion_is_done_once)
{
    struct helper *h = begun();

    for (int round = 0; round < 200; round++) {
        struct work w = { .fails_from = PORTIONS };

        ck_assert_int_eq(helper_share(h, counts[_i], do_one, &w), 0);
        check_each_once(&w, counts[_i]);
    }
    helper_free(h);
}
END_TEST

START_TEST(without_a_helper_all_is_done_by_who_asks)
{
    struct work w = { .fails_from = PORTIONS };

    ck_assert_int_eq(helper_share(NULL, PORTIONS, do_one, &w), 0);
    check_each_once(&w, PORTIONS);
    for (size_t i = 0; i < PORTIONS; i++)
        ck_assert(pthread_equal(w.by[i], pthread_self()));
    helper_free(NULL);
}
END_TEST

START_TEST(two_threads_work_at_once)
{
    struct helper *h = begun();
    struct work w = { .fails_from = PORTIONS, .is_held = true };

    ck_assert_int_eq(helper_share(h, 2, do_one, &w), 0);
    ck_assert(!pthread_equal(w.by[0], w.by[1]));
    helper_free(h);
}
END_TEST

START_TEST(the_first_that_fails_is_told_and_no_later_one_begun)
{
    struct helper *h = begun();

    for (int round = 0; round < 200; round++) {
        struct work w = { .fails_from = 500 };

        ck_assert_int_eq(helper_share(round % 10 ? h : NULL, PORTIONS, do_one, &w), -500);
        for (size_t i = 0; i < 500; i++)
            ck_assert_int_eq(w.done[i], 1);
        ck_assert_uint_le(w.begun, 502); /* each thread had one at hand */
    }
    helper_free(h);
}
END_TEST

/* Two portions that are begun both before either goes on; one of them ends long after the other. */
struct pair {
    atomic_size_t begun, ended;
    size_t last; /* the one that ends last */
    bool fails;  /* each does, with -1 - its number */
    bool is_done[2];
};

static int do_in_turn(void *arg, size_t portion)
{
    struct pair *p = arg;

    p->begun++;
    while (p->begun < 2 || (portion == p->last && p->ended == 0))
        sched_yield();
    if (portion == p->last)
        (void)usleep(20000); /* the other one was told of meanwhile */
    p->is_done[portion] = true;
    p->ended++;
    return p->fails ? -1 - (int)portion : 0;
}

static const size_t lasts[] = { 0, 1 };

START_TEST(the_last_portion_is_waited_for)
{
    struct helper *h = begun();

    for (int round = 0; round < 4; round++) {
        struct pair p = { .last = lasts[_i] };

        ck_assert_int_eq(helper_share(h, 2, do_in_turn, &p), 0);
        ck_assert(p.is_done[0] && p.is_done[1]);
    }
    helper_free(h);
}
END_TEST

START_TEST(of_two_that_fail_the_first_by_number_is_told_whichever_came_first)
{
    struct helper *h = begun();
    struct pair p = { .last = lasts[_i], .fails = true };

    ck_assert_int_eq(helper_share(h, 2, do_in_turn, &p), -1);
    helper_free(h);
}
END_TEST

static int note_signals(void *arg, size_t portion)
{
    struct work *w = arg;
    sigset_t blocked;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    w->done[portion] = sigismember(&blocked, SIGTERM);
    return do_one(arg, portion);
}

START_TEST(signals_stay_with_who_asks)
{
    struct helper *h = begun();
    struct work w = { .fails_from = PORTIONS, .is_held = true };

    ck_assert_int_eq(helper_share(h, 2, note_signals, &w), 0);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(w.done[i], pthread_equal(w.by[i], pthread_self()) ? 1 : 2);
    helper_free(h);
}
END_TEST

UNIT_MAIN("helper", UNIT_ROWS(each_portion_is_done_once, counts),
          UNIT_TEST(without_a_helper_all_is_done_by_who_asks), UNIT_TEST(two_threads_work_at_once),
          UNIT_TEST(the_first_that_fails_is_told_and_no_later_one_begun),
          UNIT_ROWS(the_last_portion_is_waited_for, lasts),
          UNIT_ROWS(of_two_that_fail_the_first_by_number_is_told_whichever_came_first, lasts),
          UNIT_TEST(signals_stay_with_who_asks))
