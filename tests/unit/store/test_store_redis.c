/*
 * What the store makes of Redis's answers to a change, and that no change is sent that lacks a word.
 */
#include "store/store_redis.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/store_private.h"
#include "support/failing.h"
#include "support/lone_store.h"
#include "support/scripted_redis.h"
#include "support/unit.h"

static struct event_base *base;
static struct store *store;
static int done_count, done_result;

static void on_done(void *arg, int result)
{
    (void)arg;
    done_count++;
    done_result = result;
}

static void setup(void)
{
    log_set_level(LOG_LEVEL_ERROR - 1);
    scripted_begin();
    done_count = 0;
    done_result = 1;
    base = event_base_new();
    ck_assert_ptr_nonnull(base);
    store = lone_store(base);
}

static void teardown(void)
{
    store_free(store);
    event_base_free(base);
}

/* ---- every change --------------------------------------------------------------------------- */

static char text[] = "x", id[] = "d1", receiver[] = "mail", stream[] = "5-1";
static struct outbox_item item = { .delivery_id = id, .receiver = receiver, .recipient = text };
static struct outbox_item replaced = { .delivery_id = text, .stream_id = stream };
static const char *const words[] = { "a", "b", "c" };

static int commit_series(void)
{
    const struct series s = { .key = text, .feed = text, .measure = text, .org = text };
    const struct series_version v = { .marker = MARKER_SUPPRESSED };
    const struct series_change changes[] = { { &s, { 19000 }, { 19030 }, &v, true },
                                             { &s, { 19031 }, { 19060 }, &v, false } };

    return store_commit_series(store, changes, 2, on_done, NULL);
}

static int commit_file(void)
{
    struct feed_book book = { .id = text, .newest_period_end = DATE_NONE };
    const struct ledger_entry entry = { { 1 }, 1, text };

    return store_commit_feed(store, &book, 0, "f|a:b", &entry, on_done, NULL);
}

static int commit_book(void)
{
    struct feed_book book = { .id = text, .newest_period_end = DATE_NONE };

    return store_commit_feed(store, &book, 0, NULL, NULL, on_done, NULL);
}

static int transition(void)
{
    struct episode list[2] = { { .ordinal = 1, .state = ALERT_RESOLVED },
                               { .ordinal = 2, .state = ALERT_FIRING } };
    const struct alert a = { .rule = RULE_FEED_LATE, .episodes = list, .episode_count = 2 };

    return store_transition(store, &a, 0, 1, "{}", on_done, NULL);
}

static int transition_to_cleared(void)
{
    struct episode one = { .ordinal = 1, .state = ALERT_RESOLVED };
    const struct alert a = { .rule = RULE_FEED_LATE, .episodes = &one, .episode_count = 1 };

    return store_transition(store, &a, 1, 2, "{}", on_done, NULL);
}

static int transition_without_episode(void)
{
    const struct alert a = { .rule = RULE_FEED_LATE };

    return store_transition(store, &a, 0, 1, "{}", on_done, NULL);
}

static int enqueue(void)
{
    return store_enqueue(store, &item, words, words, 2, on_done, NULL);
}

static int digest(void)
{
    struct outbox_item *const list[] = { &replaced };

    return store_digest(store, &item, list, 1, words, words, 1, on_done, NULL);
}

static int retold(void)
{
    return store_retold(store, words, 1, on_done, NULL);
}

static int attempt(void)
{
    return store_attempt(store, id, receiver, on_done, NULL);
}

static int tried(void)
{
    return store_tried(store, &item, on_done, NULL);
}

static int told(void)
{
    return store_told(store, &item, "dead", "{}", on_done, NULL);
}

static int letter_again(void)
{
    return store_letter(store, &item, false, on_done, NULL);
}

static int letter_dropped(void)
{
    return store_letter(store, &item, true, on_done, NULL);
}

static int now(void)
{
    return store_now(store, "m", words, words, 2, on_done, NULL);
}

static int take_over(void)
{
    const struct feed_book book = { .id = text, .newest_period_end = DATE_NONE };
    const struct feed_book *const books[] = { &book };

    return store_take_over(store, books, 1, on_done, NULL);
}

/* ends: how the command's words end when it is whole. */
static const struct {
    int (*send)(void);
    const char *function, *ends;
} changes[] = {
    { commit_series, "commit_series", " 0" },
    { commit_file, "commit_feed", "}" },
    { commit_book, "commit_feed", " 0 " },
    { transition, "transition", " 0 " },
    { transition_to_cleared, "transition", " 0 " },
    { transition_without_episode, "transition", " 0 {}" },
    { enqueue, "enqueue", " 2 a a b b" },
    { digest, "digest", " 1 5-1 x 1 a a" },
    { retold, "retold", " a b c" },
    { attempt, "attempt", " d1 mail" },
    { tried, "tried", "}" },
    { told, "told", " d1 mail dead {}" },
    { letter_again, "letter", "}" },
    { letter_dropped, "letter", " d1 mail " },
    { now, "now", " m a a b b" },
    { take_over, "take_over", "}" },
};

START_TEST(a_change_without_memory_is_not_sent_and_with_it_is_whole)
{
    bool failed = true;

    for (long n = 1; failed; n++) {
        setup();
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = changes[_i].send();

        failed = failing_end() > 0;
        ck_assert_msg(r == (failed ? -ENOMEM : 0), "%s: allocation %ld: %d", changes[_i].function,
                      n, r);
        ck_assert_uint_eq(scripted.made, failed ? 0 : 1);
        if (r == 0) {
            const char *sent = scripted.calls[0].words, *ends = changes[_i].ends;
            char starts[64];

            (void)snprintf(starts, sizeof starts, "FCALL %s 1 wl:{t}: epoch ",
                           changes[_i].function);
            ck_assert_msg(strncmp(sent, starts, strlen(starts)) == 0, "%s", sent);
            ck_assert_msg(strcmp(sent + strlen(sent) - strlen(ends), ends) == 0, "%s", sent);
        }
        teardown();
    }
}
END_TEST

START_TEST(a_change_that_cannot_be_sent_says_so_at_once)
{
    setup();
    scripted_refuse("FCALL", -EBUSY);
    ck_assert_int_eq(changes[_i].send(), -EBUSY);
    ck_assert_int_eq(done_count, 0);
    teardown();
}
END_TEST

/* ---- the answers ---------------------------------------------------------------------------- */

static const struct {
    const char *answer; /* NULL: none came */
    enum redis_error error;
    int result;
    bool is_lease_lost;
    const char *stream_id;
} answers[] = {
    { "+OK\r\n", REDIS_OK_REPLY, 0, false, NULL },
    { ":1\r\n", REDIS_OK_REPLY, 0, false, NULL },
    { "+DUPLICATE\r\n", REDIS_OK_REPLY, -EEXIST, false, NULL },
    { "$3\r\n7-1\r\n", REDIS_OK_REPLY, 0, false, "7-1" },
    { "-ERR STALE the feed was changed\r\n", REDIS_OK_REPLY, -ESTALE, true, NULL },
    { "-ERR FENCED another daemon leads\r\n", REDIS_OK_REPLY, -ESTALE, true, NULL },
    { "-OOM command not allowed\r\n", REDIS_OK_REPLY, -ENOSPC, false, NULL },
    { "-MISCONF no snapshot\r\n", REDIS_OK_REPLY, -ENOSPC, false, NULL },
    { "-OOMPH\r\n", REDIS_OK_REPLY, -EIO, false, NULL },
    { "-WRONGTYPE the kind of value script: enqueue, on @user\r\n", REDIS_OK_REPLY, -EPROTOTYPE,
      false, NULL },
    { "-WRONGTYPE the kind of value\r\n", REDIS_OK_REPLY, -EPROTOTYPE, false, NULL },
    { NULL, REDIS_NOT_SENT, -ENOTCONN, false, NULL },
    { NULL, REDIS_OUTCOME_UNKNOWN, -EIO, false, NULL },
};

START_TEST(an_answer_says_whether_the_change_took_effect_and_who_leads)
{
    setup();
    if (answers[_i].answer)
        scripted_say("FCALL", answers[_i].answer);
    else
        scripted_fail("FCALL", answers[_i].error);
    ck_assert_int_eq(enqueue(), 0);
    scripted_answer_all();
    ck_assert_int_eq(done_count, 1);
    ck_assert_int_eq(done_result, answers[_i].result);
    ck_assert_int_eq(scripted.reset[0] != '\0', answers[_i].is_lease_lost);
    ck_assert_int_eq(item.stream_id != NULL, answers[_i].stream_id != NULL);
    if (item.stream_id)
        ck_assert_str_eq(item.stream_id, answers[_i].stream_id);
    free(item.stream_id);
    item.stream_id = NULL;
    teardown();
}
END_TEST

START_TEST(a_text_that_nobody_asked_for_is_no_error)
{
    setup();
    scripted_say("FCALL", "$3\r\n7-1\r\n");
    ck_assert_int_eq(attempt(), 0);
    scripted_answer_all();
    ck_assert(done_count == 1 && done_result == 0);
    teardown();
}
END_TEST

START_TEST(a_stream_id_that_memory_has_no_room_for_fails_the_change)
{
    setup();
    scripted_say("FCALL", "$3\r\n7-1\r\n");
    ck_assert_int_eq(enqueue(), 0);
    failing_begin(FAILING_ALLOCATIONS, 1, 1, ENOMEM);
    scripted_answer_all();
    long failed = failing_end();

    ck_assert_int_eq(done_result, failed ? -ENOMEM : 0);
    free(item.stream_id);
    item.stream_id = NULL;
    teardown();
}
END_TEST

START_TEST(what_went_wrong_is_said_in_words)
{
    setup();
    ck_assert_str_eq(store_words(store, -EPROTOTYPE), strerror(EPROTOTYPE));
    scripted_say("FCALL", "-WRONGTYPE Operation against a key script: now, on @user\r\n");
    ck_assert_int_eq(attempt(), 0);
    scripted_answer_all();
    ck_assert_int_eq(done_result, -EPROTOTYPE);
    ck_assert_ptr_nonnull(strstr(store_words(store, -EPROTOTYPE), "a key that now changes"));
    ck_assert_str_eq(store_words(store, -EBUSY), strerror(EBUSY));
    teardown();
}
END_TEST

UNIT_MAIN("store_redis", UNIT_TEST(what_went_wrong_is_said_in_words),
          UNIT_ROWS(a_change_without_memory_is_not_sent_and_with_it_is_whole, changes),
          UNIT_ROWS(a_change_that_cannot_be_sent_says_so_at_once, changes),
          UNIT_ROWS(an_answer_says_whether_the_change_took_effect_and_who_leads, answers),
          UNIT_TEST(a_text_that_nobody_asked_for_is_no_error),
          UNIT_TEST(a_stream_id_that_memory_has_no_room_for_fails_the_change))
