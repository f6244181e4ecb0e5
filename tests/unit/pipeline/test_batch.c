/*
 * Batches of Redis calls: what a step of the pipeline does once all of them took effect, or none counts.
 * The calls are answered here; the store is a real one whose server is not there.
 */
#include "pipeline_internal.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "base/log.h"
#include "support/lone_pipeline.h"
#include "support/unit.h"

#define PACED 5000 /* calls, of which at most 2,000 are in flight */

static struct pipeline p;
static int finished, added;

static void on_finish(struct pipeline *pipeline)
{
    ck_assert_ptr_eq(pipeline, &p);
    finished++;
}

static void setup(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    finished = added = 0;
    lone_pipeline_begin(&p);
}

static void teardown(void)
{
    lone_pipeline_end(&p);
}

START_TEST(what_follows_comes_once_and_after_the_last_answer)
{
    setup();
    batch_begin(&p, on_finish);
    batch_add(&p, 0);
    batch_add(&p, 0);
    batch_done(&p, 0); /* answered while calls are being added */
    batch_end(&p);
    ck_assert_int_eq(finished, 0);
    batch_done(&p, -EEXIST); /* the same was there already */
    ck_assert_int_eq(finished, 1);
    batch_begin(&p, on_finish); /* nothing to call */
    batch_end(&p);
    ck_assert_int_eq(finished, 2);
    teardown();
}
END_TEST

static const struct {
    const char *why;
    int sent, answers[2], error; /* sent: what the second call says, which is not sent then */
} failures[] = {
    { "a call that was not sent", -ENOTCONN, { 0, 0 }, -ENOTCONN },
    { "an answer", 0, { -EIO, 0 }, -EIO },
    { "two answers: the first is told", 0, { -ESTALE, -EIO }, -ESTALE },
    { "a call that was not sent, and an answer", -ENOMEM, { -EIO, 0 }, -ENOMEM },
};

START_TEST(a_batch_of_which_one_call_failed_is_not_followed_and_the_books_are_loaded_again)
{
    setup();
    p.loaded = true;
    batch_begin(&p, on_finish);
    batch_add(&p, 0);
    batch_add(&p, failures[_i].sent);
    batch_end(&p);
    ck_assert(p.loaded); /* an answer is still to come: what it changes is not known before */
    batch_done(&p, failures[_i].answers[0]);
    if (failures[_i].sent == 0)
        batch_done(&p, failures[_i].answers[1]);
    ck_assert_int_eq(finished, 0);
    ck_assert_msg(p.batch_error == failures[_i].error, "%s: %d", failures[_i].why, p.batch_error);
    ck_assert(!p.loaded && p.need_evaluate);
    ck_assert_ptr_nonnull(strstr(p.trouble, store_words(p.store, failures[_i].error)));
    ck_assert(event_pending(p.retry, EV_TIMEOUT, NULL));
    teardown();
}
END_TEST

static bool add_one(struct pipeline *pipeline)
{
    batch_add(pipeline, 0);
    return ++added < PACED;
}

START_TEST(a_paced_batch_never_has_more_than_2000_calls_in_flight)
{
    setup();
    batch_run(&p, add_one, on_finish);
    ck_assert_int_eq(added, 2000);
    for (int answered = 0; answered < PACED; answered++) {
        ck_assert_int_eq(finished, 0);
        ck_assert_int_le(added - answered, 2000);
        batch_done(&p, 0);
    }
    ck_assert_int_eq(added, PACED);
    ck_assert_int_eq(finished, 1);
    teardown();
}
END_TEST

START_TEST(a_paced_batch_of_which_a_call_failed_adds_no_more)
{
    setup();
    batch_run(&p, add_one, on_finish);
    batch_done(&p, -EIO);
    for (int i = 1; i < 2000; i++)
        batch_done(&p, 0);
    ck_assert_int_eq(added, 2000);
    ck_assert_int_eq(finished, 0);
    ck_assert(!p.loaded && p.batch.in_flight == 0);
    teardown();
}
END_TEST

static bool add_one_unsent(struct pipeline *pipeline)
{
    batch_add(pipeline, ++added < 3 ? 0 : -ENOMEM);
    return true;
}

START_TEST(a_paced_call_that_is_not_sent_ends_the_batch)
{
    setup();
    batch_run(&p, add_one_unsent, on_finish);
    ck_assert_int_eq(added, 3);
    batch_done(&p, 0);
    batch_done(&p, 0);
    ck_assert_int_eq(finished, 0);
    ck_assert_int_eq(p.batch_error, -ENOMEM);
    teardown();
}
END_TEST

START_TEST(a_batch_that_is_forgotten_is_not_followed_when_its_answers_come)
{
    setup();
    batch_run(&p, add_one, on_finish);
    batch_forget(&p);
    for (int i = 0; i < 2000; i++)
        batch_done(&p, i == 0 ? -EIO : 0);
    ck_assert_int_eq(added, 2000);
    ck_assert_int_eq(finished, 0);
    batch_begin(&p, on_finish);
    batch_add(&p, 0);
    batch_end(&p);
    batch_forget(&p);
    batch_done(&p, 0);
    ck_assert_int_eq(finished, 0);
    teardown();
}
END_TEST

START_TEST(a_full_redis_is_loaded_again_soon_and_given_no_change_for_ever_longer)
{
    setup();
    for (int64_t wait_ms = 500; wait_ms < 5000; wait_ms *= 2) {
        int64_t before = clock_mono(&p.clock).ms;

        batch_begin(&p, on_finish);
        batch_add(&p, 0);
        batch_end(&p);
        batch_done(&p, -ENOSPC);
        ck_assert(p.is_full && pipeline_changes_rest(&p));
        ck_assert_int_ge(p.change_at.ms, before + wait_ms);
        ck_assert_int_le(p.retry_at.ms, clock_mono(&p.clock).ms + 500);
    }
    batch_begin(&p, on_finish); /* nothing to call: that says nothing of room */
    batch_end(&p);
    ck_assert(p.is_full);
    batch_begin(&p, on_finish);
    batch_add(&p, 0);
    batch_end(&p);
    batch_done(&p, 0);
    ck_assert(!p.is_full && !pipeline_changes_rest(&p));
    teardown();
}
END_TEST

START_TEST(what_fails_is_tried_again_after_twice_as_long_up_to_a_minute)
{
    setup();
    for (int64_t wait_ms = 500; wait_ms < 200000; wait_ms *= 2) {
        pipeline_try_later(&p, "what", wait_ms > 500 ? -EIO : 0);
        ck_assert_int_eq(p.retry_wait_ms, wait_ms > 60000 ? 60000 : wait_ms);
        ck_assert_int_ge(p.retry_at.ms, p.retry_wait_ms);
        ck_assert_str_eq(p.trouble,
                         wait_ms > 500 ? "what: Redis refused it, or gave no answer" : "what");
    }
    pipeline_all_is_well(&p);
    ck_assert_str_eq(p.trouble, "");
    pipeline_try_later(&p, "what", -EIO);
    ck_assert_int_eq(p.retry_wait_ms, 500);
    teardown();
}
END_TEST

START_TEST(changes_rest_while_redis_is_full_and_until_their_time)
{
    setup();
    ck_assert(!pipeline_changes_rest(&p));
    p.is_full = true;
    ck_assert(!pipeline_changes_rest(&p));
    p.change_at.ms = clock_mono(&p.clock).ms + 60000;
    ck_assert(pipeline_changes_rest(&p));
    p.is_full = false;
    ck_assert(!pipeline_changes_rest(&p));
    teardown();
}
END_TEST

UNIT_MAIN("batch", UNIT_TEST(what_follows_comes_once_and_after_the_last_answer),
          UNIT_ROWS(a_batch_of_which_one_call_failed_is_not_followed_and_the_books_are_loaded_again,
                    failures),
          UNIT_TEST(a_paced_batch_never_has_more_than_2000_calls_in_flight),
          UNIT_TEST(a_paced_batch_of_which_a_call_failed_adds_no_more),
          UNIT_TEST(a_paced_call_that_is_not_sent_ends_the_batch),
          UNIT_TEST(a_batch_that_is_forgotten_is_not_followed_when_its_answers_come),
          UNIT_TEST(changes_rest_while_redis_is_full_and_until_their_time),
          UNIT_TEST(a_full_redis_is_loaded_again_soon_and_given_no_change_for_ever_longer),
          UNIT_TEST(what_fails_is_tried_again_after_twice_as_long_up_to_a_minute))
