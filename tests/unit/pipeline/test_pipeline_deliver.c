/*
 * The queue of messages against what happens once in a thousand runs: answers of Redis that are late,
 * lost or refused, books loaded again while a message is under way, a sent journal that cannot be
 * written, no memory. Receivers that answer are in tests/live/test_deliver.py and the scenarios.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config.h"
#include "pipeline_internal.h"
#include "store/store_private.h"
#include "support/failing.h"
#include "support/folder.h"
#include "support/lone_pipeline.h"
#include "support/scripted_redis.h"
#include "support/unit.h"

#define DAY_MS  (24LL * 3600 * 1000)
#define OLD_MS  (121LL * 3600 * 1000) /* past the age of a dead letter */
#define GONE_AT "https://example.nhs.uk/gone"

/* ---- the receivers -------------------------------------------------------------------------- */

static struct {
    delivery_done *done;
    void *arg;
    char id[ALERT_ID_MAX];
    int begun, refused; /* refused: what the next one returns, and no callback comes */
} attempts;

struct deliverer *deliverer_new(struct http *http, const struct clock *clock)
{
    (void)http;
    (void)clock;
    return NULL;
}

void deliverer_free(struct deliverer *d)
{
    (void)d;
}

const char *delivery_outcome_name(enum delivery_outcome o)
{
    return o == DELIVERED ? "delivered" : "failed";
}

int deliver_try(struct deliverer *d, const struct receiver_setting *receiver,
                const struct delivery *delivery, delivery_done *done, void *arg)
{
    (void)d;
    (void)receiver;
    if (attempts.refused)
        return attempts.refused;
    attempts.done = done;
    attempts.arg = arg;
    (void)snprintf(attempts.id, sizeof attempts.id, "%s", delivery->delivery_id);
    attempts.begun++;
    return 0;
}

static void answer_attempt(enum delivery_outcome outcome, long code)
{
    const struct delivery_result result = { .outcome = outcome, .code = code, .text = "words" };
    delivery_done *done = attempts.done;

    if (!done)
        return;
    attempts.done = NULL;
    done(attempts.arg, &result);
}

/* ---- a pipeline with a queue ----------------------------------------------------------------- */

static struct pipeline p;
static struct config config;
static struct settings settings;
static struct receiver_setting receivers[4];
static char folder[FOLDER_MAX], hook_id[] = "hook", mail_id[] = "mail", spool_id[] = "spool",
                                gone_id[] = "gone", relay[] = "smtp://127.0.0.1:25",
                                url[] = "https://example.nhs.uk/x", gone_url[] = GONE_AT;

static void lead(void)
{
    p.store->ready = true;
    p.store->lease_until = INT64_MAX / 2;
}

static void setup(void)
{
    char path[FOLDER_MAX + 8];

    log_set_level(LOG_LEVEL_ERROR - 1);
    scripted_begin();
    scripted_say("FCALL", "+OK\r\n");
    memset(&attempts, 0, sizeof attempts);
    lone_pipeline_begin(&p);
    receivers[0] = (struct receiver_setting){ .id = hook_id, .kind = RECEIVER_WEBHOOK, .url = url };
    receivers[1] = (struct receiver_setting){
        .id = mail_id, .kind = RECEIVER_EMAIL, .smtp = relay, .rate = 1
    };
    receivers[2] = (struct receiver_setting){ .id = spool_id, .kind = RECEIVER_SPOOL };
    receivers[3] =
        (struct receiver_setting){ .id = gone_id, .kind = RECEIVER_WEBHOOK, .url = gone_url };
    settings = (struct settings){ .receivers = receivers, .receiver_count = 4 };
    config = (struct config){ .settings = &settings };
    p.config = &config;
    lead();
    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/sent", folder);
    ck_assert_int_eq(journal_open(path, sent_read, &p, &p.sent), 0);
}

static void teardown(void)
{
    lone_pipeline_end(&p);
    deliver_abort(&p);
    letters_release(&p);
    books_release(&p.books);
    table_release(&p.sent_ids, NULL);
    table_release(&p.sent_tells, free);
    table_release(&p.got_tells, free);
    pending_release(&p);
    table_release(&p.sent_days, free);
    table_release(&p.dropped, NULL);
    table_release(&p.hurried, NULL);
    table_release(&p.resting, free);
    table_release(&p.paces, pace_free);
    journal_close(p.sent);
    folder_end(folder);
}

static struct outbox_item *add(const char *id, const char *receiver)
{
    struct outbox_item *item = calloc(1, sizeof *item);

    ck_assert_ptr_nonnull(item);
    item->delivery_id = strdup(id);
    item->receiver = strdup(receiver);
    item->recipient = strdup("lead");
    item->stream_id = strdup("1-1");
    item->json = strdup("{}");
    item->tells = calloc(1, sizeof *item->tells);
    item->tell_count = 1;
    (void)snprintf(item->tells[0].episode, sizeof item->tells[0].episode, "e-%s", id);
    item->tells[0].told = (struct told){ 1, SEVERITY_RED, true };
    item->since = clock_mono(&p.clock);
    item->composed = clock_wall(&p.clock);
    ck_assert_int_eq(books_add_outbox(&p.books, item), 0);
    return item;
}

static int64_t now(void)
{
    return clock_mono(&p.clock).ms;
}

/* The message is under way to its receiver. */
static void begin(void)
{
    deliver_due(&p);
    scripted_answer_all();
    ck_assert_ptr_nonnull(attempts.done);
}

static const char *outcome(const char *id)
{
    const char *o = deliver_outcome(&p, id);

    return o ? o : "none";
}

/* ---- an attempt and its end ------------------------------------------------------------------ */

START_TEST(a_message_that_was_taken_is_journalled_and_then_gone)
{
    setup();
    (void)add("d1", "hook");
    begin();
    ck_assert(!deliver_receiver_is_free(&p, "hook") && deliver_receiver_is_free(&p, "mail"));
    deliver_due(&p); /* one at a time to a receiver */
    answer_attempt(DELIVERED, 200);
    ck_assert_str_eq(outcome("d1"), "delivered");
    ck_assert(scripted_asked("FCALL told") && p.books.outbox_count == 1);
    scripted_answer_all();
    ck_assert(p.books.outbox_count == 0 && table_count(&p.flying) == 0 && !p.stopping);
    teardown();
}
END_TEST

/* What the receiver said, when the books were loaded again while it was asked. */
static const struct {
    enum delivery_outcome outcome;
    const char *known;
} forgotten[] = { { DELIVERED, "delivered" }, { DELIVERY_REFUSED, "none" } };

START_TEST(an_attempt_that_ends_after_the_books_were_loaded_again_is_known_to_the_next_look)
{
    setup();
    struct outbox_item *item = add("d1", "hook");

    begin();
    books_remove_outbox(&p.books, item);
    answer_attempt(forgotten[_i].outcome, 500);
    ck_assert_uint_eq(table_count(&p.flying), 0);
    ck_assert_str_eq(outcome("d1"), forgotten[_i].known);
    (void)add("d1", "hook"); /* due in the books that were loaded */
    deliver_due(&p);
    ck_assert(scripted_asked(forgotten[_i].outcome == DELIVERED ? "FCALL told" : "FCALL attempt"));
    teardown();
}
END_TEST

START_TEST(an_outcome_that_redis_did_not_take_is_told_again_and_the_receiver_is_not_asked_again)
{
    for (int is_refused = 0; is_refused < 2; is_refused++) {
        setup();
        struct outbox_item *item = add("d1", "hook");

        begin();
        if (is_refused)
            scripted_refuse("FCALL told", -EBUSY);
        else
            scripted_fail("FCALL told", REDIS_OUTCOME_UNKNOWN);
        answer_attempt(DELIVERED, 200);
        scripted_answer_all();
        ck_assert(p.books.outbox_count == 1 && table_count(&p.flying) == 0);
        ck_assert(item->next_try.ms > now());
        size_t made = scripted.made;

        deliver_due(&p); /* not before its time */
        ck_assert_uint_eq(scripted.made, made);
        scripted_say("FCALL told", "+OK\r\n");
        item->next_try.ms = 0;
        deliver_due(&p);
        scripted_answer_all();
        ck_assert(p.books.outbox_count == 0 && attempts.begun == 1);
        teardown();
    }
}
END_TEST

START_TEST(an_outcome_told_of_books_that_are_gone_ends_the_attempt)
{
    setup();
    struct outbox_item *item = add("d1", "hook");

    begin();
    answer_attempt(DELIVERED, 200);
    books_remove_outbox(&p.books, item);
    scripted_answer_all();
    ck_assert(table_count(&p.flying) == 0 && !p.stopping);
    teardown();
}
END_TEST

START_TEST(a_refusal_is_counted_and_redis_hears_of_it)
{
    for (int how = 0; how < 3; how++) { /* Redis takes it; it does not; it cannot be asked */
        setup();
        struct outbox_item *item = add("d1", "hook");

        begin();
        if (how == 1)
            scripted_say("FCALL tried", "-ERR no\r\n");
        if (how == 2)
            scripted_refuse("FCALL tried", -EBUSY);
        answer_attempt(DELIVERY_REFUSED, 500);
        scripted_answer_all();
        ck_assert(item->tries == 1 && item->code == 500 && item->next_try.ms > now());
        ck_assert(item->tried && table_count(&p.flying) == 0 && p.books.outbox_count == 1);
        teardown();
    }
}
END_TEST

START_TEST(a_message_refused_for_good_is_a_dead_letter)
{
    setup();
    (void)add("d1", "hook");
    begin();
    answer_attempt(DELIVERY_REFUSED_FOR_GOOD, 410);
    ck_assert_str_eq(outcome("d1"), "dead");
    scripted_answer_all();
    ck_assert(p.books.outbox_count == 0 && table_has(&p.books.dead, "d1"));
    teardown();
}
END_TEST

START_TEST(a_message_that_cannot_be_journalled_as_given_up_stays_due)
{
    for (int is_old = 0; is_old < 2; is_old++) {
        setup();
        struct outbox_item *item = add("d1", "hook");

        begin();
        item->since.ms -= is_old ? OLD_MS : 0;
        failing_begin("pwrite", 1, 1, ENOSPC);
        answer_attempt(is_old ? DELIVERY_REFUSED : DELIVERY_REFUSED_FOR_GOOD, 410);
        ck_assert_int_eq(failing_end(), 1);
        ck_assert_str_eq(outcome("d1"), "none");
        ck_assert(scripted_asked("FCALL tried"));
        scripted_answer_all();
        ck_assert(p.books.outbox_count == 1 && item->next_try.ms > now() && !p.stopping);
        teardown();
    }
}
END_TEST

START_TEST(a_message_that_was_taken_and_cannot_be_journalled_ends_the_run)
{
    setup();
    (void)add("d1", "hook");
    begin();
    failing_begin("pwrite", 1, 1, ENOSPC);
    answer_attempt(DELIVERED, 200);
    ck_assert_int_eq(failing_end(), 1);
    ck_assert(p.stopping && p.exit_status == 1 && table_count(&p.flying) == 0);
    teardown();
}
END_TEST

/* ---- before an attempt ----------------------------------------------------------------------- */

START_TEST(no_attempt_begins_that_redis_does_not_know_of)
{
    setup();
    struct outbox_item *item = add("d1", "hook");

    scripted_refuse("FCALL attempt", -EBUSY);
    deliver_due(&p);
    ck_assert(item->next_try.ms > now() && table_count(&p.flying) == 0);
    item->next_try.ms = 0;
    scripted_fail("FCALL attempt", REDIS_OUTCOME_UNKNOWN);
    deliver_due(&p);
    scripted_answer_all();
    ck_assert(item->next_try.ms > now() && table_count(&p.flying) == 0);
    ck_assert_int_eq(attempts.begun, 0);
    teardown();
}
END_TEST

/* What is no longer so when Redis's answer comes. */
enum { BOOKS_GONE, STOPPING, LEASE_OVER, LOST_AND_OVER, LATE_CASES };

START_TEST(no_attempt_begins_on_an_answer_that_comes_too_late)
{
    for (int i = 0; i < LATE_CASES; i++) {
        setup();
        struct outbox_item *item = add("d1", "hook");

        if (i == LOST_AND_OVER)
            scripted_fail("FCALL attempt", REDIS_OUTCOME_UNKNOWN);
        deliver_due(&p);
        if (i == BOOKS_GONE)
            books_remove_outbox(&p.books, item);
        p.stopping = i == STOPPING;
        if (i >= LEASE_OVER)
            p.store->lease_until = 0;
        scripted_answer_all();
        ck_assert(attempts.begun == 0 && table_count(&p.flying) == 0);
        if (i >= LEASE_OVER)
            ck_assert_int_eq(item->next_try.ms, 0); /* the one that leads then tries it at once */
        teardown();
    }
}
END_TEST

START_TEST(nothing_begins_while_stopping_or_without_the_lease)
{
    setup();
    (void)add("d1", "hook");
    p.stopping = true;
    deliver_due(&p);
    p.stopping = false;
    p.store->ready = false;
    deliver_due(&p);
    ck_assert_uint_eq(scripted.made, 0);
    teardown();
}
END_TEST

static const struct {
    const char *receiver;
    int refused; /* by deliver_try() */
    bool is_given_up;
} offers[] = {
    { "unknown", 0, false },
    { "gone", 0, true },
    { "hook", -EINVAL, true },
    { "hook", -ENOMEM, false },
};

START_TEST(a_message_that_cannot_be_offered_fails_by_its_cause)
{
    setup();
    struct outbox_item *letter = add("d0", "gone");

    if (strcmp(offers[_i].receiver, "gone") == 0) { /* that endpoint answered 410 before */
        begin();
        answer_attempt(DELIVERY_REFUSED_FOR_GOOD, 410);
        scripted_answer_all();
    } else {
        books_remove_outbox(&p.books, letter);
    }
    struct outbox_item *item = add("d1", offers[_i].receiver);
    int begun = attempts.begun;

    attempts.refused = offers[_i].refused;
    deliver_due(&p);
    scripted_answer_all();
    ck_assert_int_eq(attempts.begun, begun);
    if (offers[_i].is_given_up)
        ck_assert_str_eq(outcome("d1"), "dead");
    else
        ck_assert(strcmp(outcome("d1"), "none") == 0 && item->tries == 0);
    teardown();
}
END_TEST

START_TEST(mails_leave_at_their_rate_and_what_has_an_outcome_does_not_wait_for_it)
{
    setup();
    (void)add("d1", "mail");
    (void)add("d2", "mail");
    (void)add("d3", "spool");
    deliver_due(&p);
    ck_assert_uint_eq(table_count(&p.flying), 2); /* one mail, and what is no mail */
    scripted_answer();
    answer_attempt(DELIVERED, 250);
    scripted_answer_all();
    deliver_due(&p);
    ck_assert(deliver_pending(&p) == 2 && !table_has(&p.flying, "d2"));
    ck_assert_int_eq(table_set(&p.sent_ids, "d2", (void *)(uintptr_t) "dropped", NULL), 0);
    deliver_due(&p);
    ck_assert(scripted_asked("FCALL told") && deliver_pending(&p) == 1);
    teardown();
}
END_TEST

START_TEST(the_message_that_waits_longest_goes_first)
{
    setup();
    struct outbox_item *first = add("d1", "hook"), *second = add("d2", "hook"),
                       *third = add("d3", "hook");

    first->last_try.ms = 30;
    second->last_try.ms = 10;
    third->last_try.ms = 20;
    begin();
    ck_assert_str_eq(attempts.id, "d2");
    teardown();
}
END_TEST

START_TEST(in_a_run_once_each_message_is_tried_once)
{
    setup();
    struct outbox_item *item = add("d1", "hook");

    p.options.once = true;
    ck_assert(!deliver_tried_all(&p));
    begin();
    ck_assert(!deliver_tried_all(&p));
    answer_attempt(DELIVERY_REFUSED, 500);
    scripted_answer_all();
    item->next_try.ms = 0;
    deliver_due(&p);
    ck_assert(attempts.begun == 1 && table_count(&p.flying) == 0 && deliver_tried_all(&p));
    p.letters_in_flight = 1;
    ck_assert(!deliver_tried_all(&p));
    teardown();
}
END_TEST

START_TEST(a_receiver_that_did_not_answer_is_not_asked_for_its_other_messages)
{
    setup();
    (void)add("d1", "hook");
    (void)add("d2", "hook");
    p.options.once = true;
    begin();
    answer_attempt(DELIVERY_CONNECTION_FAILED, 0);
    scripted_answer_all();
    deliver_due(&p);
    ck_assert(attempts.begun == 1 && !deliver_receiver_is_free(&p, "hook"));
    ck_assert(deliver_tried_all(&p));
    teardown();
}
END_TEST

/* ---- what people dropped --------------------------------------------------------------------- */

static char is_dropped[] = "";

START_TEST(what_a_person_dropped_is_journalled_before_redis_hears_of_it)
{
    setup();
    struct outbox_item *item = add("d1", "hook");

    (void)add("d2", "hook");
    (void)add("d3", "mail");
    begin();
    ck_assert(strcmp(attempts.id, "d1") != 0 || table_has(&p.flying, "d1"));
    ck_assert_int_eq(table_set(&p.dropped, "d1", is_dropped, NULL), 0);
    ck_assert_int_eq(table_set(&p.dropped, "d2", is_dropped, NULL), 0);
    ck_assert_int_eq(table_set(&p.dropped, "d4", is_dropped, NULL), 0);
    deliver_due(&p); /* d1 is under way: what becomes of it is known when it lands */
    ck_assert_str_eq(outcome("d1"), "none");
    ck_assert_str_eq(outcome("d2"), "dropped");
    ck_assert_str_eq(outcome("d3"), "none");
    size_t last = journal_last(p.sent);

    deliver_due(&p);
    ck_assert_uint_eq(journal_last(p.sent), last);
    (void)item;
    teardown();
}
END_TEST

START_TEST(a_drop_that_cannot_be_journalled_is_tried_again)
{
    setup();
    struct outbox_item *item = add("d1", "hook");

    ck_assert_int_eq(table_set(&p.dropped, "d1", is_dropped, NULL), 0);
    failing_begin("pwrite", 1, 1, ENOSPC);
    deliver_due(&p);
    ck_assert_int_eq(failing_end(), 1);
    ck_assert(item->next_try.ms > now() && attempts.begun == 0 && scripted.made == 0);
    deliver_due(&p);
    ck_assert_str_eq(outcome("d1"), "dropped");
    ck_assert(scripted_asked("FCALL told"));
    teardown();
}
END_TEST

/* ---- age ------------------------------------------------------------------------------------- */

static const struct {
    bool is_old, waits, is_flying, is_settled, is_tried, rests, has_why, given_up;
} ages[] = {
    { true, true, false, false, true, false, true, true },
    { true, true, false, false, false, true, false, true }, /* behind one that failed */
    { false, true, false, false, true, false, true, false },
    { true, false, false, false, true, false, true, false }, /* it is tried now */
    { true, true, true, false, true, false, true, false },
    { true, true, false, true, true, false, true, false },
    { true, true, false, false, false, false, false, false }, /* nobody was asked yet */
};

START_TEST(a_message_is_given_up_after_120_hours_in_which_it_or_its_receiver_was_tried)
{
    setup();
    struct outbox_item *item = add("d1", "hook"), *behind = add("d2", "hook");

    behind->next_try.ms = now() + DAY_MS; /* young: it stays whatever becomes of the other */
    if (ages[_i].is_flying)
        begin();
    if (ages[_i].is_settled)
        ck_assert_int_eq(table_set(&p.sent_ids, "d1", (void *)(uintptr_t) "delivered", NULL), 0);
    if (ages[_i].rests) {
        struct mono_time *until = malloc(sizeof *until);

        ck_assert(until && table_set(&p.resting, "hook", until, NULL) == 0);
        until->ms = now() + DAY_MS;
    }
    item->since.ms -= ages[_i].is_old ? OLD_MS : 0;
    item->next_try.ms = ages[_i].waits ? now() + DAY_MS : 0;
    item->tried = ages[_i].is_tried;
    if (ages[_i].has_why)
        (void)snprintf(item->why, sizeof item->why, "it was refused");
    deliver_due(&p);
    ck_assert_int_eq(strcmp(outcome("d1"), "dead") == 0, ages[_i].given_up);
    ck_assert_str_eq(outcome("d2"), "none");
    if (ages[_i].given_up) {
        ck_assert_str_eq(item->why,
                         ages[_i].has_why ? "it was refused" : "its receiver was away for 120 h");
        ck_assert(scripted_asked("FCALL told")); /* Redis hears of it at once */
    }
    teardown();
}
END_TEST

START_TEST(one_too_old_that_cannot_be_journalled_is_given_up_later)
{
    setup();
    struct outbox_item *item = add("d1", "hook");

    item->since.ms -= OLD_MS;
    item->next_try.ms = now() + DAY_MS;
    item->tried = true;
    failing_begin("pwrite", 1, 1, ENOSPC);
    deliver_due(&p);
    ck_assert_int_eq(failing_end(), 1);
    ck_assert_str_eq(outcome("d1"), "none");
    deliver_due(&p);
    ck_assert_str_eq(outcome("d1"), "dead");
    teardown();
}
END_TEST

static const struct {
    const char *why;
    int64_t last_s, next_s, hurried_s; /* from now; 0: none */
    enum retry_cause cause;
    bool was_flying, is_flying, once;
    bool waits, rests, unknown;
} adopted[] = {
    { "never tried", 0, 0, 0, RETRY_NONE, false, false, false, false, false, false },
    { "due since", -60, -1, 0, RETRY_REFUSED, false, false, false, false, false, false },
    { "not yet due", -60, 60, 0, RETRY_REFUSED, false, false, false, true, false, false },
    { "its receiver was away", -60, 60, 0, RETRY_CONNECTION, false, false, false, true, true,
      false },
    { "its relay refused us", -60, 60, 0, RETRY_LOGIN, false, false, false, true, true, false },
    { "a clock set back", -60, 999999, 0, RETRY_REFUSED, false, false, false, true, false, false },
    { "hurried since", -60, 60, -10, RETRY_REFUSED, false, false, false, false, false, false },
    { "hurried before", -60, 60, -90, RETRY_REFUSED, false, false, false, true, false, false },
    { "in a run once", -60, 60, 0, RETRY_REFUSED, false, false, true, false, false, false },
    { "a crash under way", 0, 0, 0, RETRY_NONE, true, false, false, false, false, true },
    { "loaded while under way", 0, 0, 0, RETRY_NONE, true, true, false, false, false, false },
};

START_TEST(what_was_known_of_a_message_before_the_load_holds_after_it)
{
    setup();
    struct outbox_item *item = add("d1", "hook");
    struct wall_time wall = clock_wall(&p.clock),
                     hurried = { wall.ms + adopted[_i].hurried_s * 1000 };

    if (adopted[_i].is_flying)
        begin();
    p.options.once = adopted[_i].once;
    item->composed.ms = wall.ms - 1000 * (_i == 0 ? -5 : 5); /* the first: in the future */
    item->was_flying = adopted[_i].was_flying;
    item->last_cause = adopted[_i].cause;
    item->last_at.ms = adopted[_i].last_s ? wall.ms + adopted[_i].last_s * 1000 : 0;
    item->next_at.ms = adopted[_i].next_s ? wall.ms + adopted[_i].next_s * 1000 : 0;
    item->next_try.ms = 0;
    if (adopted[_i].hurried_s)
        ck_assert_int_eq(table_set(&p.hurried, "d1", &hurried, NULL), 0);
    deliver_adopt(&p);
    int64_t wait = item->next_try.ms - now();

    ck_assert_msg((wait > 0) == adopted[_i].waits, "%s: %lld", adopted[_i].why, (long long)wait);
    ck_assert_int_le(wait, RETRY_LONGEST_S * 1000LL);
    ck_assert_int_eq(table_has(&p.resting, "hook"), adopted[_i].rests);
    ck_assert_int_eq(item->unknown, adopted[_i].unknown);
    ck_assert_int_le(item->since.ms, now());
    teardown();
}
END_TEST

/* Whom else a red message goes to that nobody took for 30 minutes. */
static const struct {
    int64_t age_ms;
    struct told told;
    bool is_settled, is_escalated;
} overdue[] = {
    { 31 * 60000, { 1, SEVERITY_RED, true }, false, true },
    { 29 * 60000, { 1, SEVERITY_RED, true }, false, false },
    { 31 * 60000, { 1, SEVERITY_AMBER, true }, false, false },
    { 31 * 60000, { 1, SEVERITY_RED, false }, false, false }, /* it has ended */
    { 31 * 60000, { 1, SEVERITY_RED, true }, true, false },
};

START_TEST(what_is_red_and_waits_for_30_minutes_is_told_to_others_too)
{
    struct table episodes = TABLE_INIT;

    setup();
    struct outbox_item *item = add("d1", "hook");

    free(item->tells);
    item->tells = calloc(3, sizeof *item->tells);
    item->tell_count = 3;
    (void)snprintf(item->tells[2].episode, sizeof item->tells[2].episode, "ended");
    item->tells[2].told = (struct told){ 1, SEVERITY_RED, false };
    (void)snprintf(item->tells[0].episode, sizeof item->tells[0].episode, "amber");
    item->tells[0].told = (struct told){ 1, SEVERITY_AMBER, true };
    (void)snprintf(item->tells[1].episode, sizeof item->tells[1].episode, "e-d1");
    item->tells[1].told = overdue[_i].told;
    item->since.ms -= overdue[_i].age_ms;
    if (overdue[_i].is_settled)
        ck_assert_int_eq(table_set(&p.sent_ids, "d1", (void *)(uintptr_t) "delivered", NULL), 0);
    p.loaded = false;
    deliver_tick(&p);
    ck_assert(!p.need_compose);
    p.loaded = true;
    deliver_tick(&p);
    ck_assert_int_eq(p.need_compose, overdue[_i].is_escalated);
    ck_assert_int_eq(deliver_escalated(&p, &episodes), 0);
    ck_assert_int_eq(table_has(&episodes, "e-d1"), overdue[_i].is_escalated);
    ck_assert(!table_has(&episodes, "amber") && !table_has(&episodes, "ended"));
    p.need_compose = false;
    deliver_tick(&p); /* said once */
    ck_assert(!p.need_compose);
    table_release(&episodes, NULL);
    teardown();
}
END_TEST

START_TEST(whom_it_is_told_to_without_memory_is_an_error_and_not_nobody)
{
    setup();
    add("d1", "hook")->since.ms -= DAY_MS;
    add("d2", "mail")->since.ms -= DAY_MS;
    for (long n = 1;; n++) {
        struct table episodes = TABLE_INIT;

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = deliver_escalated(&p, &episodes);
        bool failed = failing_end() > 0;

        ck_assert_int_eq(r, failed ? -ENOMEM : 0);
        ck_assert(failed || table_count(&episodes) == 2);
        table_release(&episodes, NULL);
        if (!failed)
            break;
    }
    teardown();
}
END_TEST

START_TEST(who_was_not_reached_is_known_from_letters_and_from_what_is_overdue)
{
    setup();
    struct outbox_item *item = add("d1", "hook");

    ck_assert(!deliver_is_unreached(&p, "hook", "lead", "e-d1")); /* not for 30 minutes */
    item->since.ms -= DAY_MS;
    ck_assert(deliver_is_unreached(&p, "hook", "lead", "e-d1"));
    ck_assert(!deliver_is_unreached(&p, "mail", "lead", "e-d1"));
    ck_assert(!deliver_is_unreached(&p, "hook", "other", "e-d1"));
    ck_assert(!deliver_is_unreached(&p, "hook", "lead", "e-d2"));
    item->since.ms += DAY_MS;
    begin();
    answer_attempt(DELIVERY_REFUSED_FOR_GOOD, 400);
    scripted_answer_all();
    ck_assert(deliver_is_unreached(&p, "hook", "lead", "e-d1"));
    ck_assert(!deliver_is_unreached(&p, "mail", "lead", "e-d1"));
    letter_find(&p, "d1")->is_due_again = true;
    ck_assert(!deliver_is_unreached(&p, "hook", "lead", "e-d1"));
    ck_assert_str_eq(outcome("d1"), "none");
    teardown();
}
END_TEST

/* ---- without memory --------------------------------------------------------------------------- */

/* A message that is refused the first time and taken, or refused for good, the second. */
static void live(enum delivery_outcome first, enum delivery_outcome second)
{
    deliver_due(&p);
    scripted_answer_all();
    answer_attempt(first, 500);
    scripted_answer_all();
    for (size_t i = 0; i < p.books.outbox_count; i++)
        p.books.outbox[i]->next_try.ms = 0;
    free(table_remove(&p.resting, "hook"));
    deliver_due(&p);
    scripted_answer_all();
    answer_attempt(second, 410);
    scripted_answer_all();
}

START_TEST(a_message_without_memory_stays_due_or_has_an_outcome_and_never_two)
{
    static const enum delivery_outcome firsts[] = { DELIVERY_REFUSED, DELIVERY_CONNECTION_FAILED },
                                       seconds[] = { DELIVERED, DELIVERY_REFUSED_FOR_GOOD };

    for (int way = 0; way < 4; way++) {
        for (long n = 1;; n++) {
            setup();
            (void)add("d1", "hook");
            failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
            live(firsts[way / 2], seconds[way % 2]);
            bool failed = failing_end() > 0;
            bool is_known = strcmp(outcome("d1"), "none") != 0;

            ck_assert_msg(p.books.outbox_count == 1 || is_known, "allocation %ld: it is lost", n);
            ck_assert_msg(journal_last(p.sent) <= 1, "allocation %ld: two outcomes", n);
            ck_assert_msg(p.stopping || is_known == (journal_last(p.sent) == 1),
                          "allocation %ld: known otherwise than it is journalled", n);
            ck_assert_msg(failed || (p.books.outbox_count == 0 && is_known && !p.stopping),
                          "whole");
            teardown();
            if (!failed)
                break;
        }
    }
}
END_TEST

UNIT_MAIN(
    "pipeline_deliver",
    UNIT_TEST(who_was_not_reached_is_known_from_letters_and_from_what_is_overdue),
    UNIT_TEST(a_message_that_was_taken_is_journalled_and_then_gone),
    UNIT_ROWS(an_attempt_that_ends_after_the_books_were_loaded_again_is_known_to_the_next_look,
              forgotten),
    UNIT_TEST(an_outcome_that_redis_did_not_take_is_told_again_and_the_receiver_is_not_asked_again),
    UNIT_TEST(an_outcome_told_of_books_that_are_gone_ends_the_attempt),
    UNIT_TEST(a_refusal_is_counted_and_redis_hears_of_it),
    UNIT_TEST(a_message_refused_for_good_is_a_dead_letter),
    UNIT_TEST(a_message_that_cannot_be_journalled_as_given_up_stays_due),
    UNIT_TEST(a_message_that_was_taken_and_cannot_be_journalled_ends_the_run),
    UNIT_TEST(no_attempt_begins_that_redis_does_not_know_of),
    UNIT_TEST(no_attempt_begins_on_an_answer_that_comes_too_late),
    UNIT_TEST(nothing_begins_while_stopping_or_without_the_lease),
    UNIT_ROWS(a_message_that_cannot_be_offered_fails_by_its_cause, offers),
    UNIT_TEST(mails_leave_at_their_rate_and_what_has_an_outcome_does_not_wait_for_it),
    UNIT_TEST(the_message_that_waits_longest_goes_first),
    UNIT_TEST(in_a_run_once_each_message_is_tried_once),
    UNIT_TEST(a_receiver_that_did_not_answer_is_not_asked_for_its_other_messages),
    UNIT_TEST(what_a_person_dropped_is_journalled_before_redis_hears_of_it),
    UNIT_TEST(a_drop_that_cannot_be_journalled_is_tried_again),
    UNIT_ROWS(a_message_is_given_up_after_120_hours_in_which_it_or_its_receiver_was_tried, ages),
    UNIT_TEST(one_too_old_that_cannot_be_journalled_is_given_up_later),
    UNIT_ROWS(what_was_known_of_a_message_before_the_load_holds_after_it, adopted),
    UNIT_ROWS(what_is_red_and_waits_for_30_minutes_is_told_to_others_too, overdue),
    UNIT_TEST(whom_it_is_told_to_without_memory_is_an_error_and_not_nobody),
    UNIT_TEST(a_message_without_memory_stays_due_or_has_an_outcome_and_never_two))
