/*
 * Connecting and the lease against answers that a real server gives once in a thousand runs, or never.
 * Two daemons on a real one are in tests/live/test_lease.py.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "store/store_private.h"
#include "support/failing.h"
#include "support/scripted_redis.h"
#include "support/unit.h"

#include "waitlistd_lua.h"

#define LEASE_MS 30000
#define LEADS    "*4\r\n$5\r\nleads\r\n$5\r\nepoch\r\n$1\r\n0\r\n$0\r\n\r\n"

static struct event_base *base;
static struct store *store;
static int readies, losses, standbys, fence_result, releases, released;
static uint64_t fence_number;

static void on_ready_event(void *arg)
{
    (void)arg;
    readies++;
}

static void on_lost_event(void *arg, const char *why)
{
    (void)arg;
    (void)why;
    losses++;
}

static void on_standby_event(void *arg)
{
    (void)arg;
    standbys++;
}

static int keep_fence(void *arg, uint64_t number)
{
    (void)arg;
    fence_number = number;
    return fence_result;
}

static void on_released(void *arg, int result)
{
    (void)arg;
    releases++;
    released = result;
}

static struct store *open_store(int64_t lease_ms)
{
    const struct redis_address address = { .socket = "/nonexistent/redis.sock" };
    const struct store_identity identity = { "t", "epoch", "holder", "name", lease_ms, 7 };

    return store_new(base, &address, &identity,
                     (struct store_events){ .ready = on_ready_event,
                                            .lost = on_lost_event,
                                            .standby = on_standby_event,
                                            .fence = keep_fence });
}

static void setup(int64_t lease_ms)
{
    log_set_level(LOG_LEVEL_ERROR - 1);
    scripted_begin();
    readies = losses = standbys = fence_result = releases = 0;
    released = 1;
    base = event_base_new();
    store = open_store(lease_ms);
    ck_assert(base && store);
    scripted_say("FUNCTION", "$9\r\nwaitlistd\r\n");
    scripted_say("GET", "$-1\r\n");
    scripted_say("FCALL claim", LEADS);
    scripted_say("FCALL", "+OK\r\n");
    scripted_say("FCALL claim", LEADS);
}

static void teardown(void)
{
    store_free(store);
    event_base_free(base);
}

static void connected(void)
{
    scripted.connection.is_ready = true;
    scripted.reset[0] = '\0';
    scripted.connection.events.ready(scripted.connection.events.arg);
    scripted_answer_all();
}

/* The connection ends as it does in loop/redis.c. */
static void disconnected(void)
{
    scripted.connection.is_ready = false;
    scripted.connection.events.lost(scripted.connection.events.arg, "gone");
}

static bool is_timed(void)
{
    return event_pending(store->timer, EV_TIMEOUT, NULL);
}

static void let_time_pass(void)
{
    (void)event_del(store->timer);
    event_active(store->timer, EV_TIMEOUT, 0);
    (void)event_base_loop(base, EVLOOP_NONBLOCK);
}

/* ---- to the lead ---------------------------------------------------------------------------- */

START_TEST(a_daemon_that_nobody_leads_leads)
{
    for (int64_t lease = 0; lease <= LEASE_MS; lease += LEASE_MS) {
        setup(lease);
        ck_assert(!store_is_ready(store) && !store_may_send(store));
        ck_assert_str_eq(store_led_before(store), "");
        connected();
        ck_assert(readies == 1 && standbys == 0 && store_is_ready(store) && is_timed());
        ck_assert(store_may_send(store));
        ck_assert_uint_eq(fence_number, 8);
        ck_assert_ptr_null(store_leader(store));
        ck_assert_ptr_null(store_other_epoch(store));
        ck_assert_str_eq(store_led_before(store), "");
        ck_assert_str_eq(store_state(store), "ready");
        scripted.is_full = true;
        ck_assert(store_is_full(store));
        disconnected();
        ck_assert(losses == 1 && !store_is_ready(store) && !is_timed());
        teardown();
    }
}
END_TEST

/* Of the questions on the way to the lead one is answered so. */
static const struct {
    const char *command, *answer; /* answer NULL: see error, refused */
    enum redis_error error;
    int refused;
    const char *reset; /* why the connection is given up; "": it ends by itself */
} hurdles[] = {
    { "GET wl:{t}:lease", "-ERR no\r\n", 0, 0, "the lease could not be read" },
    { "GET wl:{t}:lease", NULL, REDIS_OUTCOME_UNKNOWN, 0, "" },
    { "GET wl:{t}:lease", NULL, 0, -ENOTCONN, "the lease could not be asked for" },
    { "FUNCTION", "-ERR no\r\n", 0, 0, "the function library was refused" },
    { "FUNCTION", "-OOM no\r\n", 0, 0, "the function library was refused" },
    { "FUNCTION LOAD", "-OOM no\r\n", 0, 0, "the function library was refused" }, /* another one */
    { "FUNCTION", NULL, REDIS_OUTCOME_UNKNOWN, 0, "" },
    { "FUNCTION", NULL, 0, -ENOTCONN, "the function library could not be sent" },
    { "GET wl:{t}:fence", "-ERR no\r\n", 0, 0, "the fence could not be read" },
    { "GET wl:{t}:fence", NULL, REDIS_OUTCOME_UNKNOWN, 0, "" },
    { "GET wl:{t}:fence", NULL, 0, -ENOTCONN, "the fence could not be asked for" },
    { "FCALL claim", "-ERR no\r\n", 0, 0, "the instance could not be claimed" },
    { "FCALL claim", NULL, REDIS_OUTCOME_UNKNOWN, 0, "" },
    { "FCALL claim", NULL, REDIS_NOT_SENT, 0, "" },
    { "FCALL claim", NULL, 0, -ENOTCONN, "the lease could not be asked for" },
    { "FCALL claim", "+OK\r\n", 0, 0, "the instance could not be claimed" },
    { "FCALL claim", "*0\r\n", 0, 0, "the instance could not be claimed" },
    { "FCALL claim", "*2\r\n$4\r\nheld\r\n:1\r\n", 0, 0, "the instance could not be claimed" },
    { "FCALL claim", "*2\r\n$4\r\nwhat\r\n$1\r\nx\r\n", 0, 0, "the instance could not be claimed" },
    { "FCALL claim", "*4\r\n:1\r\n$5\r\nepoch\r\n$1\r\n0\r\n$0\r\n\r\n", 0, 0,
      "the instance could not be claimed" },
};

/* A full Redis: it takes no library; what it answers to the question which it has. */
static const struct {
    const char *before; /* the library; NULL: no answer, see refused */
    int refused;
    const char *reset;
} full[] = {
    { "", 0, "" },
    { "*1\r\n*4\r\n$7\r\nengines\r\n*0\r\n$12\r\nlibrary_code\r\n", 0, "" },
    { NULL, 0, "" },
    { NULL, -ENOTCONN, "the function library could not be asked for" },
};

START_TEST(a_full_redis_that_has_our_library_already_is_led)
{
    AUTO(text_release) struct text answer = TEXT_INIT;
    bool leads = full[_i].before != NULL;

    setup(LEASE_MS);
    if (leads)
        (void)text_printf(&answer, "%s$%zu\r\n%s\r\n", full[_i].before, sizeof waitlistd_lua - 1,
                          waitlistd_lua);
    scripted_say("FUNCTION LOAD", "-OOM no\r\n");
    if (leads)
        scripted_say("FUNCTION LIST", text_str(&answer));
    else if (full[_i].refused)
        scripted_refuse("FUNCTION LIST", full[_i].refused);
    else
        scripted_fail("FUNCTION LIST", REDIS_OUTCOME_UNKNOWN);
    connected();
    ck_assert_str_eq(scripted.reset, full[_i].reset);
    ck_assert_int_eq(readies, leads);
    teardown();
}
END_TEST

START_TEST(a_full_redis_that_holds_another_library_or_none_is_not_led)
{
    AUTO(text_release) struct text other = TEXT_INIT; /* as long as ours, and another */

    (void)text_printf(&other, "*1\r\n$%zu\r\n?%s\r\n", sizeof waitlistd_lua - 1, waitlistd_lua + 1);
    const char *const answers[] = { text_str(&other), "*1\r\n:1\r\n", "*0\r\n", "-ERR no\r\n" };

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        setup(LEASE_MS);
        scripted_say("FUNCTION LOAD", "-OOM no\r\n");
        scripted_say("FUNCTION LIST", answers[i]);
        connected();
        ck_assert_str_eq(scripted.reset, "the function library was refused");
        ck_assert_int_eq(readies, 0);
        teardown();
    }
}
END_TEST

START_TEST(what_stands_in_the_way_to_the_lead_ends_the_connection)
{
    setup(LEASE_MS);
    if (hurdles[_i].answer)
        scripted_say(hurdles[_i].command, hurdles[_i].answer);
    else if (hurdles[_i].refused)
        scripted_refuse(hurdles[_i].command, hurdles[_i].refused);
    else
        scripted_fail(hurdles[_i].command, hurdles[_i].error);
    connected();
    ck_assert_str_eq(scripted.reset, hurdles[_i].reset);
    ck_assert(readies == 0 && !store_is_ready(store) && !is_timed());
    teardown();
}
END_TEST

START_TEST(a_fence_number_is_above_the_one_in_redis_and_our_own_and_kept_before_it_is_used)
{
    setup(LEASE_MS);
    scripted_say("GET wl:{t}:fence", "$2\r\n41\r\n");
    connected();
    ck_assert_uint_eq(fence_number, 42);
    ck_assert_int_eq(strncmp(store->token, "42:", 3), 0);
    disconnected();
    scripted_say("GET wl:{t}:fence", "$1\r\n5\r\n");
    connected();
    ck_assert_uint_eq(fence_number, 43);
    disconnected();
    fence_result = -ENOSPC; /* it cannot be kept: not used */
    size_t made = scripted.made;

    connected();
    ck_assert_str_eq(scripted.reset, "the lease could not be asked for");
    ck_assert(readies == 2 && scripted.made == made + 3);
    ck_assert_uint_eq(store->number, 43);
    teardown();
}
END_TEST

START_TEST(a_number_that_another_took_meanwhile_is_asked_for_again)
{
    setup(LEASE_MS);
    scripted_say("FCALL claim", "*2\r\n$6\r\nbehind\r\n$1\r\n9\r\n");
    scripted.connection.events.ready(scripted.connection.events.arg);
    while (!scripted_asked("FCALL claim"))
        ck_assert(scripted_answer());
    scripted_say("FCALL claim", LEADS);
    scripted_answer_all();
    ck_assert_int_eq(readies, 1);
    ck_assert_uint_eq(fence_number, 9); /* 8 was not used */
    teardown();
}
END_TEST

START_TEST(the_books_of_another_state_folder_are_named_until_they_are_taken_over)
{
    setup(LEASE_MS);
    scripted_say("FCALL claim", "*4\r\n$5\r\nleads\r\n$5\r\nother\r\n$1\r\n0\r\n$4\r\nthat\r\n");
    connected();
    ck_assert_int_eq(readies, 1);
    ck_assert_str_eq(store_other_epoch(store), "other");
    ck_assert_str_eq(store_led_before(store), "that");
    store_taken_over(store);
    ck_assert_ptr_null(store_other_epoch(store));
    teardown();
}
END_TEST

#define DROPPING "*4\r\n$5\r\nleads\r\n$5\r\nepoch\r\n$1\r\n1\r\n$0\r\n\r\n"

START_TEST(a_removal_that_was_cut_off_is_ended_before_we_are_ready)
{
    setup(LEASE_MS);
    scripted_say("FCALL claim", DROPPING);
    scripted_say("SCAN", "*2\r\n$1\r\n0\r\n*0\r\n");
    connected();
    ck_assert(readies == 1 && scripted_asked("FCALL drop_end"));
    teardown();

    setup(LEASE_MS);
    scripted_say("FCALL claim", DROPPING);
    scripted_say("FCALL drop_begin", "-ERR no\r\n");
    connected();
    ck_assert(readies == 0);
    ck_assert_str_eq(scripted.reset, "the removal of the keys could not be ended");
    teardown();

    setup(LEASE_MS);
    scripted_say("FCALL claim", DROPPING);
    scripted_refuse("FCALL drop_begin", -EBUSY);
    connected();
    ck_assert(readies == 0);
    ck_assert_str_eq(scripted.reset, "the removal of the keys could not go on");
    teardown();
}
END_TEST

/* ---- another leads -------------------------------------------------------------------------- */

static const struct {
    const char *lease; /* what the key holds */
    const char *leader;
} leases[] = {
    { "$13\r\nanother a.b/c\r\n", "a.b/c" }, { "$9\r\nnoblanks!\r\n", "noblanks!" },
    { "$6\r\nholder\r\n", "holder" },        /* ours has a name, too */
    { "$13\r\nholder2 a.b/c\r\n", "a.b/c" }, /* begins as ours does */
    { "$12\r\nholler a.b/c\r\n", "a.b/c" },  /* is as long */
};

START_TEST(while_another_holds_the_lease_nothing_is_written)
{
    setup(LEASE_MS);
    scripted_say("GET wl:{t}:lease", leases[_i].lease);
    scripted_say("PTTL", ":1000\r\n");
    connected();
    ck_assert(readies == 0 && standbys == 1 && is_timed() && !store_may_send(store));
    ck_assert_str_eq(store_leader(store), leases[_i].leader);
    ck_assert_str_eq(store_state(store), "another daemon leads");
    for (size_t i = 0; i < scripted.made; i++)
        ck_assert(strncmp(scripted.calls[i].words, "GET ", 4) == 0 ||
                  strncmp(scripted.calls[i].words, "PTTL ", 5) == 0);
    let_time_pass(); /* the same leads: nobody is told again */
    scripted_answer_all();
    ck_assert(standbys == 1 && is_timed());
    scripted.connection.is_ready = false;
    ck_assert_ptr_null(store_leader(store));
    ck_assert_str_eq(store_state(store), "connecting");
    let_time_pass(); /* not connected: no question */
    ck_assert(!is_timed());
    teardown();
}
END_TEST

START_TEST(our_own_lease_of_an_earlier_run_is_no_other)
{
    setup(LEASE_MS);
    scripted_say("GET wl:{t}:lease", "$11\r\nholder name\r\n");
    connected();
    ck_assert(readies == 1 && standbys == 0);
    teardown();
}
END_TEST

START_TEST(another_one_that_leads_is_told_of_and_also_that_none_leads_any_more)
{
    setup(LEASE_MS);
    scripted_say("GET wl:{t}:lease", "$5\r\nx one\r\n");
    scripted_say("PTTL", ":1000\r\n");
    connected();
    scripted_say("GET wl:{t}:lease", "$5\r\nx two\r\n"); /* as long a name */
    let_time_pass();
    scripted_answer_all();
    ck_assert_int_eq(standbys, 2);
    ck_assert_str_eq(store_leader(store), "two");
    scripted_say("GET wl:{t}:lease", "$7\r\nx three\r\n");
    let_time_pass();
    scripted_answer_all();
    ck_assert_int_eq(standbys, 3);
    scripted_say("GET wl:{t}:lease", "$-1\r\n");
    scripted_say("GET wl:{t}:fence", "$1\r\n5\r\n");
    let_time_pass();
    scripted_answer_all();
    ck_assert(standbys == 4 && readies == 1);
    ck_assert_ptr_null(store_leader(store));
    teardown();
}
END_TEST

START_TEST(a_claim_that_finds_another_leading_stands_by)
{
    setup(LEASE_MS);
    scripted_say("FCALL claim", "*2\r\n$4\r\nheld\r\n$5\r\nx one\r\n");
    scripted_say("PTTL", ":1000\r\n");
    connected();
    ck_assert(readies == 0 && standbys == 1 && is_timed());
    teardown();
}
END_TEST

static const struct {
    const char *answer; /* NULL: see error, refused */
    enum redis_error error;
    int refused;
    const char *reset;
    bool is_timed, leads;
} times_left[] = {
    { ":1000\r\n", 0, 0, "", true, false },
    { ":30000\r\n", 0, 0, "", true, false },
    { "$1\r\nx\r\n", 0, 0, "", true, false },
    { ":-1\r\n", 0, 0, "", true, true }, /* without an end: nobody's */
    { "-ERR no\r\n", 0, 0, "the lease could not be read", false, false },
    { NULL, REDIS_OUTCOME_UNKNOWN, 0, "", false, false },
    { NULL, 0, -EBUSY, "the lease could not be asked for", false, false },
};

START_TEST(the_end_of_anothers_lease_is_waited_for)
{
    setup(LEASE_MS);
    scripted_say("GET wl:{t}:lease", "$5\r\nx one\r\n");
    scripted_say("GET wl:{t}:fence", "$1\r\n5\r\n");
    if (times_left[_i].answer)
        scripted_say("PTTL", times_left[_i].answer);
    else if (times_left[_i].refused)
        scripted_refuse("PTTL", times_left[_i].refused);
    else
        scripted_fail("PTTL", times_left[_i].error);
    connected();
    ck_assert_str_eq(scripted.reset, times_left[_i].reset);
    ck_assert_int_eq(is_timed(), times_left[_i].is_timed);
    ck_assert_int_eq(readies, times_left[_i].leads);
    teardown();
}
END_TEST

START_TEST(a_redis_emptied_under_another_is_left_to_that_one_first_and_once)
{
    setup(LEASE_MS);
    scripted_say("GET wl:{t}:lease", "$5\r\nx one\r\n");
    scripted_say("PTTL", ":1000\r\n");
    connected();
    scripted_say("GET wl:{t}:lease", "$-1\r\n");
    let_time_pass();
    scripted_answer_all();
    ck_assert(readies == 0 && is_timed() && !scripted_asked("FCALL claim"));
    let_time_pass();
    scripted_answer_all();
    ck_assert_int_eq(readies, 1);
    teardown();
}
END_TEST

/* ---- holding it ----------------------------------------------------------------------------- */

static const struct {
    const char *answer;
    bool is_lost;
} extensions[] = {
    { "+OK\r\n", false },
    { "-ERR FENCED another daemon leads\r\n", true },
    { "-ERR STALE emptied\r\n", true },
    { "-ERR busy\r\n", false },
    { NULL, false },
};

START_TEST(the_lease_is_extended_in_time_and_given_up_when_another_has_it)
{
    for (int64_t lease = 0; lease <= LEASE_MS; lease += LEASE_MS) {
        setup(lease);
        connected();
        if (extensions[_i].answer)
            scripted_say("FCALL", extensions[_i].answer);
        else
            scripted_fail("FCALL", REDIS_OUTCOME_UNKNOWN);
        let_time_pass();
        ck_assert(scripted_asked(lease ? "FCALL extend" : "FCALL confirm"));
        size_t made = scripted.made;

        let_time_pass(); /* one is under way: no second */
        ck_assert_uint_eq(scripted.made, made);
        ck_assert(is_timed());
        scripted_answer_all();
        ck_assert_int_eq(store_is_ready(store), !extensions[_i].is_lost);
        ck_assert_int_eq(scripted.reset[0] != '\0', extensions[_i].is_lost);
        teardown();
    }
}
END_TEST

START_TEST(an_extension_that_cannot_be_sent_is_asked_for_again)
{
    setup(LEASE_MS);
    connected();
    scripted_refuse("FCALL extend", -EBUSY);
    let_time_pass();
    ck_assert(store_is_ready(store) && is_timed() && !store->is_extending);
    scripted_say("FCALL extend", "+OK\r\n");
    let_time_pass();
    ck_assert(scripted_asked("FCALL extend"));
    teardown();
}
END_TEST

START_TEST(nothing_is_sent_out_near_the_end_of_a_lease)
{
    setup(LEASE_MS);
    connected();
    ck_assert(store_may_send(store));
    store->lease_until -= LEASE_MS - LEASE_MS / 4;
    ck_assert(!store_may_send(store));
    teardown();
}
END_TEST

static const struct {
    int64_t lease_ms;
    bool is_connected;
    const char *answer; /* NULL: the call is refused */
    int result;         /* of store_release() */
    int released;       /* of its callback; 1: none comes */
} ends[] = {
    { LEASE_MS, true, "+OK\r\n", 0, 0 },  { LEASE_MS, true, "-ERR no\r\n", 0, -EIO },
    { LEASE_MS, true, NULL, -EBUSY, 1 },  { LEASE_MS, false, "+OK\r\n", -ENOTCONN, 1 },
    { 0, true, "+OK\r\n", -ENOTCONN, 1 }, /* a server of our own has no lease */
};

START_TEST(a_clean_stop_gives_the_lease_back)
{
    setup(ends[_i].lease_ms);
    if (ends[_i].is_connected)
        connected();
    if (ends[_i].answer)
        scripted_say("FCALL release", ends[_i].answer);
    else
        scripted_refuse("FCALL release", -EBUSY);
    ck_assert_int_eq(store_release(store, on_released, NULL), ends[_i].result);
    scripted_answer_all();
    ck_assert_int_eq(releases, ends[_i].released != 1);
    ck_assert_int_eq(released, ends[_i].released);
    teardown();
}
END_TEST

START_TEST(a_reset_ends_the_lead)
{
    setup(LEASE_MS);
    connected();
    store_reset(store, "because");
    ck_assert(!store_is_ready(store));
    ck_assert_str_eq(scripted.reset, "because");
    teardown();
}
END_TEST

/* ---- without memory, or without ears --------------------------------------------------------- */

START_TEST(nobody_has_to_listen)
{
    const struct redis_address address = { .socket = "/nonexistent/redis.sock" };
    const struct store_identity identity = { "t", "epoch", "holder", "name", LEASE_MS, 7 };

    setup(LEASE_MS);
    store_free(store);
    store = store_new(base, &address, &identity, (struct store_events){ .fence = keep_fence });
    ck_assert_ptr_nonnull(store);
    scripted_say("GET wl:{t}:lease", "$5\r\nx one\r\n");
    scripted_say("PTTL", ":-1\r\n");
    scripted_say("GET wl:{t}:fence", "$1\r\n5\r\n");
    connected();
    ck_assert(store_is_ready(store));
    disconnected();
    ck_assert(!store_is_ready(store) && readies + losses + standbys == 0);
    store_free(NULL);
    teardown();
}
END_TEST

START_TEST(an_address_that_is_none_says_so)
{
    const struct redis_address address = { .socket = NULL };
    const struct store_identity identity = { "t", "epoch", "holder", "name", 0, 7 };

    base = event_base_new();
    scripted_begin();
    ck_assert_ptr_null(
        store_new(base, &address, &identity, (struct store_events){ .fence = keep_fence }));
    ck_assert_int_eq(errno, EINVAL);
    event_base_free(base);
}
END_TEST

/* From the start over standing by to the lead, and back. */
static void live_once(void)
{
    scripted_say("GET wl:{t}:lease", "$5\r\nx one\r\n");
    scripted_say("PTTL", ":1000\r\n");
    connected();
    scripted_say("GET wl:{t}:lease", "$-1\r\n");
    scripted_say("GET wl:{t}:fence", "$1\r\n5\r\n");
    let_time_pass();
    scripted_answer_all();
    if (!store_is_ready(store))
        return;
    let_time_pass();
    scripted_answer_all();
    (void)store_release(store, on_released, NULL);
    scripted_answer_all();
}

START_TEST(without_memory_a_connection_is_given_up_and_the_next_one_leads)
{
    bool failed = true;

    for (long n = 1; failed; n++) {
        setup(LEASE_MS);
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        live_once();
        failed = failing_end() > 0;
        ck_assert_msg(store_is_ready(store) || scripted.reset[0], "allocation %ld", n);
        ck_assert(releases || failed);
        disconnected();
        scripted_say("GET wl:{t}:lease", "$-1\r\n");
        connected();
        ck_assert_msg(store_is_ready(store), "allocation %ld: %s", n, scripted.reset);
        teardown();
    }
}
END_TEST

START_TEST(a_store_without_memory_is_none)
{
    struct store *opened = NULL;

    base = event_base_new();
    for (long n = 1; !opened; n++) {
        scripted_begin();
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        opened = open_store(LEASE_MS);
        int error = errno;
        bool failed = failing_end() > 0;

        ck_assert_msg(opened ? !failed : failed && error == ENOMEM, "allocation %ld", n);
    }
    store_free(opened);
    event_base_free(base);
}
END_TEST

UNIT_MAIN(
    "store_connect", UNIT_TEST(a_full_redis_that_holds_another_library_or_none_is_not_led),
    UNIT_TEST(a_daemon_that_nobody_leads_leads),
    UNIT_ROWS(a_full_redis_that_has_our_library_already_is_led, full),
    UNIT_ROWS(what_stands_in_the_way_to_the_lead_ends_the_connection, hurdles),
    UNIT_TEST(a_fence_number_is_above_the_one_in_redis_and_our_own_and_kept_before_it_is_used),
    UNIT_TEST(a_number_that_another_took_meanwhile_is_asked_for_again),
    UNIT_TEST(the_books_of_another_state_folder_are_named_until_they_are_taken_over),
    UNIT_TEST(a_removal_that_was_cut_off_is_ended_before_we_are_ready),
    UNIT_ROWS(while_another_holds_the_lease_nothing_is_written, leases),
    UNIT_TEST(our_own_lease_of_an_earlier_run_is_no_other),
    UNIT_TEST(another_one_that_leads_is_told_of_and_also_that_none_leads_any_more),
    UNIT_TEST(a_claim_that_finds_another_leading_stands_by),
    UNIT_ROWS(the_end_of_anothers_lease_is_waited_for, times_left),
    UNIT_TEST(a_redis_emptied_under_another_is_left_to_that_one_first_and_once),
    UNIT_ROWS(the_lease_is_extended_in_time_and_given_up_when_another_has_it, extensions),
    UNIT_TEST(an_extension_that_cannot_be_sent_is_asked_for_again),
    UNIT_TEST(nothing_is_sent_out_near_the_end_of_a_lease),
    UNIT_ROWS(a_clean_stop_gives_the_lease_back, ends), UNIT_TEST(a_reset_ends_the_lead),
    UNIT_TEST(nobody_has_to_listen), UNIT_TEST(an_address_that_is_none_says_so),
    UNIT_TEST(without_memory_a_connection_is_given_up_and_the_next_one_leads),
    UNIT_TEST(a_store_without_memory_is_none))
