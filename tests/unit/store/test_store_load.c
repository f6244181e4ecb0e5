/*
 * The books read whole from Redis, or not at all: a figure, an alert or a message that Redis holds in a
 * form that cannot be read must not pass for one that was never there.
 */
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "store/store_private.h"
#include "support/failing.h"
#include "support/lone_store.h"
#include "support/scripted_redis.h"
#include "support/unit.h"

#define P "wl:{t}:" /* the prefix of the instance */

static const char *const receivers[] = { "mail", "hook" };
static struct event_base *base;
static struct store *store;
static struct books books;
static int done_count, done_result;

static void on_done(void *arg, int result)
{
    done_count += arg == &books;
    done_result = result;
}

/* ---- what Redis holds ---------------------------------------------------------------------- */

static char answers[24][2048]; /* of one test; each line borrows one */
static size_t answer_count;

/* An array of strings; one that begins with '*', ':' or '-' is an answer of its own. */
static const char *list(int n, ...)
{
    char *out = answers[answer_count++ % 24];
    int len = snprintf(out, 2048, "*%d\r\n", n);
    va_list ap;

    va_start(ap, n);
    for (int i = 0; i < n; i++) {
        const char *s = va_arg(ap, const char *);

        len += strchr("*:-", s[0])
                   ? snprintf(out + len, 2048 - (size_t)len, "%s", s)
                   : snprintf(out + len, 2048 - (size_t)len, "$%zu\r\n%s\r\n", strlen(s), s);
        ck_assert_int_lt(len, 2048);
    }
    va_end(ap);
    return out;
}

#define ITEM                                                                                       \
    "{\"delivery_id\":\"d1\",\"receiver\":\"mail\",\"recipient\":\"a@b\",\"severity\":2,"          \
    "\"composed\":1,\"tells\":[]}"
#define TRIES                                                                                      \
    "{\"tries\":3,\"cause\":0,\"last_at_ms\":1,\"next_at_ms\":2,\"unknown\":false,\"why\":\"w\","  \
    "\"code\":503}"
#define SERIES "{\"feed\":\"f\",\"measure\":\"m\",\"org\":\"TAJ\",\"unit\":\"count\"}"
#define PERIOD "2024-04-01/2024-04-30"

static char series_name[128], versions_key[160], version_text[512], alert_text[2048];

/* One of everything. */
static void hold_books(void)
{
    struct series_version v = { .value = 6, .low = 6, .high = 6, .receipt = 1 };
    struct alert a = { .rule = RULE_FEED_LATE };
    char *key = series_key("f", "m", NULL, "TAJ", NULL), *version = series_version_encode(&v);

    (void)snprintf(a.id, sizeof a.id, "%032d", 1);
    a.title = (char *)(uintptr_t) "late";
    a.feed = (char *)(uintptr_t) "f";
    char *alert = alert_encode(&a);

    ck_assert(key && version && alert);
    (void)snprintf(series_name, sizeof series_name, "%s", key);
    (void)snprintf(versions_key, sizeof versions_key, "XRANGE " P "series:%s:versions", key);
    (void)snprintf(version_text, sizeof version_text, "%s", version);
    (void)snprintf(alert_text, sizeof alert_text, "%s", alert);
    free(key);
    free(version);
    free(alert);
    scripted_say("HGETALL", "*0\r\n");
    scripted_say("HGETALL " P "ledger",
                 list(2, "f|a:b", "{\"received\":1,\"receipt\":1,\"feed\":\"f\"}"));
    scripted_say("HGETALL " P "feeds", list(2, "f", "{\"id\":\"f\",\"receipt\":1}"));
    scripted_say("HGETALL " P "series", list(2, series_name, SERIES));
    scripted_say(versions_key,
                 list(1, list(2, "1-1", list(4, "period", PERIOD, "version", version_text))));
    scripted_say("HLEN " P "series:", ":1\r\n");
    scripted_say("SMEMBERS " P "alerts", list(1, a.id));
    scripted_say("HGETALL " P "alert:", list(4, "state", alert_text, "revision", "7"));
    scripted_say("XRANGE " P "outbox", list(1, list(2, "5-1", list(2, "item", ITEM))));
    scripted_say("HGETALL " P "outbox:tries", list(4, "d1", TRIES, "gone", TRIES));
    scripted_say("HGETALL " P "outbox:flying", list(4, "mail", "d1", "hook", "gone"));
    scripted_say("HGETALL " P "dead", list(2, "d0", "{}"));
    scripted_say("HGETALL " P "meta", list(4, "epoch", "ab", "journals", "ab received 1"));
    scripted_say("HGETALL " P "told:mail",
                 list(4, "a@b|e1", "{\"ordinal\":1,\"severity\":2,\"open\":true}", "a@b|day|p/0",
                      "2024-06-10"));
}

static void setup(void)
{
    log_set_level(LOG_LEVEL_ERROR - 1);
    scripted_begin();
    answer_count = 0;
    done_count = 0;
    books = (struct books)BOOKS_INIT;
    base = event_base_new();
    ck_assert_ptr_nonnull(base);
    store = lone_store(base);
    hold_books();
}

static void teardown(void)
{
    store_free(store);
    event_base_free(base);
    books_release(&books);
}

/* Returns what the load ended with, wherever it said so. */
static int load(void)
{
    int r = store_load(store, receivers, 2, &books, on_done, &books);

    if (r < 0)
        return r;
    scripted_answer_all();
    return done_count == 1 ? done_result : INT_MAX;
}

static void check_books(void)
{
    const struct series *s = series_find(&books.series, series_name);
    const struct stored_alert *a;
    void *value = NULL;
    size_t at = 0;

    ck_assert_uint_eq(table_count(&books.ledger), 1);
    ck_assert_uint_eq(table_count(&books.feeds), 1);
    ck_assert(s && s->point_count == 1 && s->points[0].version_count == 1);
    ck_assert(table_next(&books.alerts, &at, NULL, &value));
    a = value;
    ck_assert_uint_eq(a->revision, 7);
    ck_assert_uint_eq(books.outbox_count, 1);
    ck_assert_str_eq(books.outbox[0]->stream_id, "5-1");
    ck_assert(books.outbox[0]->tries == 3 && books.outbox[0]->was_flying);
    ck_assert(table_has(&books.dead, "d0"));
    ck_assert_str_eq(books.journals, "ab received 1");
    ck_assert(table_has(&books.told, "mail|a@b|e1"));
    ck_assert(table_has(&books.days, "mail|a@b|day|p/0"));
}

START_TEST(the_books_are_read_whole)
{
    setup();
    ck_assert_int_eq(load(), 0);
    check_books();
    teardown();
}
END_TEST

/* ---- what cannot be read -------------------------------------------------------------------- */

#define ENTRY(fields) "*1\r\n*2\r\n$3\r\n1-1\r\n" fields

/* A command that begins so is answered so; "VERSIONS" stands for the versions of the one series. */
static const struct {
    const char *command, *answer;
} spoilt[] = {
    { "HGETALL " P "ledger", "$1\r\nx\r\n" },
    { "HGETALL " P "ledger", "*1\r\n$1\r\nx\r\n" },
    { "HGETALL " P "ledger", "*2\r\n:1\r\n$2\r\n{}\r\n" },
    { "HGETALL " P "ledger", "*2\r\n$1\r\nx\r\n:1\r\n" },
    { "HGETALL " P "ledger", "*2\r\n$1\r\nx\r\n$2\r\n[]\r\n" },
    { "HGETALL " P "feeds", "*2\r\n$1\r\nf\r\n$2\r\n{}\r\n" },
    { "HGETALL " P "series", "*2\r\n$1\r\nx\r\n$2\r\n{}\r\n" },
    { "HGETALL " P "series", "*2\r\n$1\r\nx\r\n$12\r\n{\"feed\":\"f\"}\r\n" },
    { "HGETALL " P "series", "*2\r\n$1\r\nx\r\n$26\r\n{\"feed\":\"f\",\"measure\":\"m\"}\r\n" },
    { "HGETALL " P "series",
      "*2\r\n$1\r\nx\r\n$38\r\n{\"feed\":\"f\",\"measure\":\"m\",\"org\":\"TAJ\"}\r\n" },
    { "VERSIONS", "$1\r\nx\r\n" },
    { "VERSIONS", "*0\r\n" }, /* somebody removed them */
    { "HLEN " P "series:", "$1\r\nx\r\n" },
    { "VERSIONS", "*1\r\n$1\r\nx\r\n" },
    { "VERSIONS", "*1\r\n*1\r\n$3\r\n1-1\r\n" },
    { "VERSIONS", "*1\r\n*2\r\n:1\r\n*0\r\n" },
    { "VERSIONS", "*1\r\n*2\r\n$3\r\n1-1\r\n$1\r\nx\r\n" },
    { "VERSIONS", ENTRY("*0\r\n") },
    { "VERSIONS", ENTRY("*2\r\n:1\r\n$1\r\nx\r\n") },
    { "VERSIONS", ENTRY("*2\r\n$6\r\nperiod\r\n:1\r\n") },
    { "VERSIONS", ENTRY("*2\r\n$6\r\nperiod\r\n$21\r\n2024-04-01/2024-04-30\r\n") },
    { "VERSIONS", ENTRY("*4\r\n$6\r\nperiod\r\n$1\r\nx\r\n$7\r\nversion\r\n$2\r\n{}\r\n") },
    { "VERSIONS",
      ENTRY(
          "*4\r\n$6\r\nperiod\r\n$21\r\n2024-04-0x/2024-04-30\r\n$7\r\nversion\r\n$2\r\n{}\r\n") },
    { "VERSIONS",
      ENTRY(
          "*4\r\n$6\r\nperiod\r\n$21\r\n2024-04-01/2024-04-3x\r\n$7\r\nversion\r\n$2\r\n{}\r\n") },
    { "VERSIONS",
      ENTRY(
          "*4\r\n$6\r\nperiod\r\n$21\r\n2024-04-01/2024-04-30\r\n$7\r\nversion\r\n$2\r\n{}\r\n") },
    { "SMEMBERS " P "alerts", "$1\r\nx\r\n" },
    { "SMEMBERS " P "alerts", "*1\r\n:1\r\n" },
    { "HGETALL " P "alert:", "$1\r\nx\r\n" },
    { "HGETALL " P "alert:", "*2\r\n$5\r\nstate\r\n$2\r\n{}\r\n" },
    { "HGETALL " P "alert:", "*4\r\n$5\r\nstate\r\n$2\r\n{}\r\n$8\r\nrevision\r\n$1\r\n7\r\n" },
    { "XRANGE " P "outbox", "$1\r\nx\r\n" },
    { "XRANGE " P "outbox", "*1\r\n$1\r\nx\r\n" },
    { "XRANGE " P "outbox", ENTRY("*0\r\n") },
    { "XRANGE " P "outbox", ENTRY("*2\r\n$4\r\nitem\r\n$2\r\n{}\r\n") },
    { "HGETALL " P "outbox:tries", "$1\r\nx\r\n" },
    { "HGETALL " P "outbox:flying", "$1\r\nx\r\n" },
    { "HGETALL " P "dead", "$1\r\nx\r\n" },
    { "HGETALL " P "told:mail", "*2\r\n$5\r\na|e|1\r\n$2\r\n{}\r\n" },
    { "HGETALL " P "told:mail", "*2\r\n$9\r\na|day|p/0\r\n$1\r\nx\r\n" },
};

START_TEST(what_is_not_as_we_write_it_ends_the_load)
{
    setup();
    scripted_say(strcmp(spoilt[_i].command, "VERSIONS") == 0 ? versions_key : spoilt[_i].command,
                 spoilt[_i].answer);
    int r = load();

    ck_assert_msg(r == -EBADMSG || r == -EINVAL, "%s: %d", spoilt[_i].command, r);
    teardown();
}
END_TEST

START_TEST(an_error_or_no_answer_to_one_question_ends_the_load)
{
    static const char *const commands[] = { "HGETALL " P "ledger",  "HGETALL " P "feeds",
                                            "HGETALL " P "series",  "XRANGE " P "outbox",
                                            "SMEMBERS " P "alerts", "HGETALL " P "alert:",
                                            "HGETALL " P "dead",    "HGETALL " P "told:hook",
                                            "HLEN " P "series:" };

    for (size_t i = 0; i < 2 * sizeof commands / sizeof commands[0]; i++) {
        setup();
        if (i % 2)
            scripted_say(commands[i / 2], "-WRONGTYPE Operation against a key\r\n");
        else
            scripted_fail(commands[i / 2], REDIS_OUTCOME_UNKNOWN);
        ck_assert_msg(load() == (i % 2 ? -EPROTOTYPE : -EIO), "%s", commands[i / 2]);
        if (i % 2) /* which key, and what would do */
            ck_assert_msg(
                strstr(store_words(store, -EPROTOTYPE), strchr(commands[i / 2], ' ') + 1) &&
                    strstr(store_words(store, -EPROTOTYPE), "waitlistctl rebuild"),
                "%s", store_words(store, -EPROTOTYPE));
        teardown();
    }
}
END_TEST

START_TEST(the_first_thing_that_went_wrong_is_the_one_that_is_said)
{
    setup();
    scripted_fail("HGETALL " P "ledger", REDIS_OUTCOME_UNKNOWN);
    scripted_say("HGETALL " P "told:mail", "$1\r\nx\r\n");
    ck_assert_int_eq(load(), -EIO);
    teardown();
}
END_TEST

START_TEST(a_record_of_tries_that_cannot_be_read_is_none_and_the_message_stays_due)
{
    setup();
    scripted_say("HGETALL " P "outbox:tries", "*2\r\n$2\r\nd1\r\n$2\r\n{}\r\n");
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(books.outbox_count, 1);
    ck_assert_uint_eq(books.outbox[0]->tries, 0);
    teardown();
}
END_TEST

START_TEST(a_question_that_could_not_be_asked_ends_the_load)
{
    setup();
    scripted_refuse("", -ENOTCONN);
    ck_assert_int_eq(load(), -ENOTCONN);
    ck_assert_int_eq(done_count, 0);
    teardown();

    setup();
    scripted_refuse("HGETALL " P "told:hook", -EBUSY);
    ck_assert_int_eq(load(), -EBUSY);
    teardown();

    setup(); /* asked for while another is being answered */
    scripted_refuse(versions_key, -EBUSY);
    ck_assert_int_eq(load(), -EBUSY);
    teardown();
}
END_TEST

START_TEST(a_series_of_a_unit_that_nobody_knows_is_read)
{
    setup();
    scripted_say("HGETALL " P "series", list(2, series_name,
                                             "{\"feed\":\"f\",\"measure\":\"m\",\"org\":"
                                             "\"TAJ\",\"unit\":\"furlongs\"}"));
    ck_assert_int_eq(load(), 0);
    ck_assert_int_eq(series_find(&books.series, series_name)->unit, UNIT_UNKNOWN);
    teardown();
}
END_TEST

START_TEST(a_store_that_is_closed_during_a_load_ends_it)
{
    setup();
    ck_assert_int_eq(store_load(store, receivers, 2, &books, on_done, &books), 0);
    ck_assert(scripted_answer());
    store_free(store);
    ck_assert(done_count == 1 && done_result == -EIO);
    store = NULL;
    teardown();
}
END_TEST

/* More series than are asked for at a time. */
START_TEST(all_series_are_read_however_many)
{
    enum { MANY = 1100 };
    AUTO(text_release) struct text answer = TEXT_INIT;

    setup();
    (void)text_printf(&answer, "*%d\r\n", 2 * MANY);
    for (int i = 0; i < MANY; i++) {
        char org[16], value[128];

        (void)snprintf(org, sizeof org, "R%04d", i);
        (void)snprintf(value, sizeof value, "{\"feed\":\"f\",\"measure\":\"m\",\"org\":\"%s\"}",
                       org);
        char *key = series_key("f", "m", NULL, org, NULL);

        (void)text_printf(&answer, "$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(key), key, strlen(value),
                          value);
        free(key);
    }
    scripted_say("HGETALL " P "series", text_str(&answer));
    scripted_say("XRANGE " P "series:",
                 list(1, list(2, "1-1", list(4, "period", PERIOD, "version", version_text))));
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(table_count(&books.series.by_key), MANY);
    void *value;

    for (size_t at = 0; table_next(&books.series.by_key, &at, NULL, &value);)
        ck_assert_uint_eq(((struct series *)value)->point_count, 1);
    teardown();
}
END_TEST

START_TEST(a_load_without_memory_fails_or_is_whole)
{
    for (int ever = 0; ever < 2; ever++) {
        bool failed = true;

        for (long n = 1; failed; n++) {
            setup();
            failing_begin(FAILING_ALLOCATIONS, n, ever ? LONG_MAX / 2 : 1, ENOMEM);
            int r = load();

            failed = failing_end() > 0;
            ck_assert_msg(r == 0 || failed, "allocation %ld: %d", n, r);
            if (r == 0)
                check_books();
            teardown();
        }
    }
}
END_TEST

UNIT_MAIN("store_load", UNIT_TEST(the_books_are_read_whole),
          UNIT_ROWS(what_is_not_as_we_write_it_ends_the_load, spoilt),
          UNIT_TEST(an_error_or_no_answer_to_one_question_ends_the_load),
          UNIT_TEST(the_first_thing_that_went_wrong_is_the_one_that_is_said),
          UNIT_TEST(a_record_of_tries_that_cannot_be_read_is_none_and_the_message_stays_due),
          UNIT_TEST(a_question_that_could_not_be_asked_ends_the_load),
          UNIT_TEST(a_series_of_a_unit_that_nobody_knows_is_read),
          UNIT_TEST(a_store_that_is_closed_during_a_load_ends_it),
          UNIT_TEST(all_series_are_read_however_many),
          UNIT_TEST(a_load_without_memory_fails_or_is_whole))
