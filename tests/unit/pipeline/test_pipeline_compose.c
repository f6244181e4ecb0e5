/*
 * From alerts to messages in Redis: who is told of what, and that a message without memory, journal or
 * Redis is told whole later, never in half. Redis answers as it is told to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/log.h"
#include "config.h"
#include "pipeline_internal.h"
#include "store/store_private.h"
#include "support/failing.h"
#include "support/folder.h"
#include "support/lone_pipeline.h"
#include "support/scripted_redis.h"
#include "support/unit.h"

#define SETTINGS                                                                                   \
    "instance: t\nstate: ./state\nredis: {mode: embedded}\npeople: people.yaml\n"                  \
    "plans: [plan.yaml, rehearsed.yaml]\n"                                                         \
    "routes: {ops: [ops], governance: [ops], fallback: [last]}\nfeeds:\n"                          \
    "  - {id: f, kind: aggregate, format: mhsds, inbox: ./inbox, cadence: monthly, grace: 45d}\n"  \
    "  - {id: g, kind: aggregate, format: measures, inbox: ./inbox-g, cadence: monthly,\n"         \
    "     grace: 45d}\n"                                                                           \
    "receivers:\n  - {id: ops, kind: spool, dir: ./ops}\n"                                         \
    "  - {id: last, kind: spool, dir: ./last}\n"                                                   \
    "  - {id: hook, kind: webhook, url: \"https://example.nhs.uk/x\", secret_file: s}\n"           \
    "  - {id: mail, kind: email, hours: all, smtp: \"smtp://127.0.0.1:1\", from: "                 \
    "a@example.nhs.uk}\n"                                                                          \
    "  - {id: fixed, kind: email, hours: all, smtp: \"smtp://127.0.0.1:1\", from: "                \
    "a@example.nhs.uk,\n"                                                                          \
    "     to: b@example.nhs.uk}\n"
#define PEOPLE                                                                                     \
    "people:\n  p1: {name: One Person, mail: one@example.nhs.uk}\n"                                \
    "  p2: {name: Two Person, mail: two@example.nhs.uk}\n"                                         \
    "  p3: {name: Third Person, mail: writer@example.nhs.uk}\nholders:\n"                          \
    "  lead: [{person: p1, from: 2023-04-01, deputy: null}, {person: p2, from: 2023-04-01,\n"      \
    "         deputy: null}]\n"                                                                    \
    "  writer: [{person: p3, from: 2023-04-01, deputy: null}]\n"
#define PLAN                                                                                       \
    "plan: {id: %s, version: 1, place: p, mode: %s, author: writer,\n"                             \
    "       valid: {from: 2024-04-01, to: 2035-03-31}}\n"                                          \
    "roles:\n  lead: {receivers: [mail, hook]}\n  other: {receivers: [mail, ops]}\n"               \
    "  third: {receivers: [fixed]}\n  writer: {receivers: [mail, hook]}\n"                         \
    "priorities:\n  - id: \"1\"\n    title: t\n    actions:\n"                                     \
    "      - {id: \"1.1\", title: t, lead: lead, due: 2025-03}\nmeasures:\n"                       \
    "  - id: %s\n    title: t\n    metric: \"published:m\"\n"                                      \
    "    select: {feed: %s, org: TAJ, breakdown: Provider}\n    polarity: higher\n"                \
    "    target: {at_least: 60}\n    expect: {2024-04-30: 20}\n    action: \"1.1\"\n"

static struct pipeline p;
static char folder[FOLDER_MAX];

static void compose(void)
{
    compose_start(&p);
    scripted_answer_all();
}

static void setup(void)
{
    char path[FOLDER_MAX + 32], text[2048];

    log_set_level(LOG_LEVEL_ERROR - 1);
    (void)json_text(NULL, 0); /* what a text lacked before is no matter here */
    scripted_begin();
    scripted_say("FCALL", "$3\r\n1-1\r\n");
    lone_pipeline_begin(&p);
    folder_begin(folder);
    folder_put(folder, "waitlistd.yaml", SETTINGS);
    folder_put(folder, "people.yaml", PEOPLE);
    folder_put(folder, "s", "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n");
    (void)snprintf(text, sizeof text, PLAN, "d", "live", "a", "f");
    folder_put(folder, "plan.yaml", text);
    (void)snprintf(text, sizeof text, PLAN, "r", "rehearsal", "b", "g");
    folder_put(folder, "rehearsed.yaml", text);
    lone_pipeline_config(&p, folder);
    (void)snprintf(path, sizeof path, "%s/sent", folder);
    ck_assert_int_eq(journal_open(path, sent_read, &p, &p.sent), 0);
    (void)snprintf(path, sizeof path, "%s/audit", folder);
    ck_assert_int_eq(journal_open(path, audit_read, &p, &p.audit), 0);
    compose(); /* who hears of what is known from here on */
}

static void teardown(void)
{
    compose_abort(&p);
    lone_pipeline_end(&p);
    letters_release(&p);
    pending_release(&p);
    books_release(&p.books);
    table_release(&p.sent_ids, NULL);
    table_release(&p.sent_tells, free);
    table_release(&p.got_tells, free);
    table_release(&p.sent_days, free);
    table_release(&p.unheld, NULL);
    journal_close(p.sent);
    journal_close(p.audit);
    known_release(&p);
    config_free(p.config);
    folder_end(folder);
}

/* An alert that is red and open. */
static void add_alert(const char *id, const struct alert *like, enum alert_state state)
{
    struct alert a = ALERT_INIT;
    struct episode e = { .opened = { 19844 },
                         .folded = { 19844 },
                         .state = state,
                         .severity = SEVERITY_RED,
                         .ordinal = 1,
                         .news = NEWS_NEW,
                         .closed_on = DATE_NONE,
                         .period_end = { 19843 },
                         .reopened = DATE_NONE,
                         .told_period = DATE_NONE };
    struct alert one = *like;

    (void)snprintf(e.id, sizeof e.id, "%s%031d", id, 0);
    (void)snprintf(one.id, sizeof one.id, "%s%031d", id, 1);
    one.title = (char *)(uintptr_t) "A title";
    one.episodes = &e;
    one.episode_count = 1;
    ck_assert_int_eq(alert_copy(&one, &a), 0);
    ck_assert_int_eq(books_adopt_alert(&p.books, &a, 1), 0);
}

/* "receiver:recipient" of all that is due, in order of name. */
static const char *told(char out[1024])
{
    size_t n = p.books.outbox_count, len = 0;
    const char *last = "";

    out[0] = '\0';
    for (size_t k = 0; k < n; k++) {
        const struct outbox_item *next = NULL;

        for (size_t i = 0; i < n; i++) {
            const struct outbox_item *o = p.books.outbox[i];

            if (strcmp(o->recipient, last) > 0 &&
                (!next || strcmp(o->recipient, next->recipient) < 0))
                next = o;
        }
        if (!next)
            break;
        last = next->recipient;
        len += (size_t)snprintf(out + len, 1024 - len, "%s%s", len ? " " : "", last);
    }
    return out;
}

/* ---- who is told ---------------------------------------------------------------------------------- */

#define S(text) ((char *)(uintptr_t)(text))

static const struct {
    struct alert alert;
    const char *told;
} audiences[] = {
    { { .rule = RULE_BEHIND_PLAN,
        .plan = S("d"),
        .measure = S("a"),
        .feed = S("f"),
        .owner = S("lead") },
      "hook one@example.nhs.uk two@example.nhs.uk" },
    { { .rule = RULE_BEHIND_PLAN, .plan = S("d"), .measure = S("a"), .owner = S("third") },
      "b@example.nhs.uk" },
    { { .rule = RULE_BEHIND_PLAN, .plan = S("d"), .measure = S("a"), .owner = S("other") }, "ops" },
    { { .rule = RULE_BEHIND_PLAN, .plan = S("d"), .measure = S("a") }, "ops" },
    { { .rule = RULE_BEHIND_PLAN, .plan = S("d"), .measure = S("a"), .owner = S("gone") }, "ops" },
    { { .rule = RULE_BEHIND_PLAN, .plan = S("gone"), .measure = S("a"), .owner = S("lead") },
      "ops" },
    /* Of a plan in rehearsal: its author by mail, spools, and nobody else. */
    { { .rule = RULE_BEHIND_PLAN, .plan = S("r"), .measure = S("b"), .owner = S("other") },
      "ops writer@example.nhs.uk" },
    { { .rule = RULE_BEHIND_PLAN, .plan = S("r"), .measure = S("b"), .owner = S("lead") },
      "writer@example.nhs.uk" },
    { { .rule = RULE_ACTION_OVERDUE, .plan = S("r"), .action = S("1.1"), .owner = S("lead") },
      "writer@example.nhs.uk" },
    { { .rule = RULE_ACTION_OVERDUE,
        .plan = S("d"),
        .action = S("1.1"),
        .feed = S("f"),
        .owner = S("lead") },
      "hook one@example.nhs.uk two@example.nhs.uk" },
    { { .rule = RULE_BEHIND_PLAN,
        .plan = S("d"),
        .measure = S("a"),
        .feed = S("gone"),
        .owner = S("third") },
      "b@example.nhs.uk" },
    { { .rule = RULE_FEED_LATE, .feed = S("f") },
      "hook one@example.nhs.uk ops two@example.nhs.uk" },
    { { .rule = RULE_FEED_LATE, .feed = S("g") }, "ops" }, /* and not who a rehearsed plan names */
    { { .rule = RULE_FEED_LATE, .feed = S("gone") }, "ops" },
    { { .rule = RULE_SELF_CHECK }, "ops" },
    { { .rule = RULE_DEAD_LETTER, .receiver = S("last") }, "ops" },
    { { .rule = RULE_DEAD_LETTER, .receiver = S("ops") }, "last" },
    { { .rule = RULE_DEAD_LETTER, .receiver = S("hook") }, "last ops" },
};

START_TEST(an_alert_is_told_to_whom_it_concerns)
{
    char out[1024];

    setup();
    add_alert("a", &audiences[_i].alert, ALERT_FIRING);
    compose();
    ck_assert_str_eq(told(out), audiences[_i].told);
    ck_assert(!p.composing && !p.stopping && p.loaded);
    size_t made = scripted.made;

    p.need_compose = true;
    compose(); /* told once */
    ck_assert_uint_eq(scripted.made, made);
    teardown();
}
END_TEST

static const struct alert behind = {
    .rule = RULE_BEHIND_PLAN, .plan = S("d"), .measure = S("a"), .feed = S("f"), .owner = S("lead")
};
static const struct alert feed_late = { .rule = RULE_FEED_LATE, .feed = S("f") };

START_TEST(what_waits_too_long_goes_to_the_operators_too_and_names_each_once)
{
    char out[1024];

    setup();
    add_alert("a", &behind, ALERT_FIRING);
    compose();
    add_alert("b", &feed_late, ALERT_FIRING);
    for (size_t i = 0; i < p.books.outbox_count; i++)
        p.books.outbox[i]->since.ms -= 31 * 60000;
    compose();
    for (size_t i = 0; i < p.books.outbox_count; i++)
        p.books.outbox[i]->since.ms -= 31 * 60000;
    compose();
    ck_assert_str_eq(told(out), "hook last one@example.nhs.uk ops two@example.nhs.uk");
    teardown();
}
END_TEST

START_TEST(one_message_tells_two_alerts_and_names_each_other_reader_once)
{
    setup();
    add_alert("a", &behind, ALERT_FIRING);
    add_alert("c", &behind, ALERT_FIRING);
    compose();
    ck_assert_uint_eq(p.books.outbox_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct outbox_item *o = p.books.outbox[i];

        ck_assert_uint_eq(o->tell_count, 2);
        if (o->eml)
            ck_assert_ptr_null(strstr(o->eml, "hook, hook"));
    }
    teardown();
}
END_TEST

START_TEST(more_recipients_than_an_alert_may_have_are_said_and_the_rest_is_told)
{
    static const struct alert late = { .rule = RULE_FEED_LATE, .feed = S("gone") };
    enum { MANY = COMPOSER_RECIPIENTS_MAX + 6 };
    static char ids[MANY][24];
    static char *items[MANY];
    struct receiver_setting *own, many[MANY + 8];
    struct text_list ops;
    size_t own_count;

    setup();
    own = p.config->settings->receivers;
    own_count = p.config->settings->receiver_count;
    ops = p.config->settings->routes.ops;
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "spool-%d", i);
        items[i] = ids[i];
        many[i] = (struct receiver_setting){ .id = ids[i], .kind = RECEIVER_SPOOL };
    }
    ck_assert_uint_le(own_count, 8);
    memcpy(many + MANY, own, own_count * sizeof *own);
    p.config->settings->receivers = many;
    p.config->settings->receiver_count = MANY + own_count;
    p.config->settings->routes.ops = (struct text_list){ .items = items, .count = MANY };
    add_alert("a", &late, ALERT_FIRING);
    compose();
    ck_assert_uint_eq(p.books.outbox_count, COMPOSER_RECIPIENTS_MAX);
    p.config->settings->receivers = own;
    p.config->settings->receiver_count = own_count;
    p.config->settings->routes.ops = ops;
    teardown();
}
END_TEST

/* ---- what Redis and the disk say ---------------------------------------------------------------------- */

static void add_two(void)
{
    add_alert("a", &behind, ALERT_FIRING);
    add_alert("b", &feed_late, ALERT_FIRING);
}

START_TEST(a_message_that_redis_has_an_outcome_of_is_not_due_again)
{
    setup();
    scripted_say("FCALL", "+DUPLICATE\r\n");
    add_two();
    compose();
    ck_assert(p.books.outbox_count == 0 && !p.stopping && p.loaded);
    ck_assert_uint_eq(table_count(&p.pending), 0);
    ck_assert_uint_gt(table_count(&p.books.told), 0);
    teardown();
}
END_TEST

START_TEST(a_message_that_redis_does_not_take_is_composed_again)
{
    for (int is_refused = 0; is_refused < 2; is_refused++) {
        setup();
        if (is_refused)
            scripted_refuse("FCALL", -EBUSY);
        else
            scripted_fail("FCALL", REDIS_OUTCOME_UNKNOWN);
        add_two();
        compose();
        ck_assert(p.books.outbox_count == 0 && !p.loaded && !p.stopping);
        teardown();
    }
}
END_TEST

START_TEST(a_full_disk_stops_no_message_and_a_failed_sync_ends_the_run)
{
    setup();
    add_two();
    failing_begin("pwrite", 1, 1, ENOSPC);
    compose();
    ck_assert_int_ge(failing_end(), 1);
    ck_assert(p.books.outbox_count > 0 && p.disk_trouble[0] && p.journals_are_behind && p.loaded);
    teardown();
    setup();
    add_two();
    failing_begin("fdatasync", 1, 1, EIO);
    compose();
    ck_assert_int_eq(failing_end(), 1);
    ck_assert(p.books.outbox_count == 0 && p.stopping);
    teardown();
}
END_TEST

/* ---- without memory ------------------------------------------------------------------------------------- */

/* Whether all that Redis took is in the books, or will be loaded, and no message lacks a part. */
static void check_whole(long n, bool failed, size_t expected)
{
    ck_assert_msg(failed || p.books.outbox_count == expected, "allocation %ld", n);
    ck_assert_msg(p.books.outbox_count == expected || p.stopping || !p.loaded,
                  "allocation %ld: %zu of %zu due", n, p.books.outbox_count, expected);
    for (size_t i = 0; i < p.books.outbox_count; i++) {
        const struct outbox_item *o = p.books.outbox[i];

        ck_assert_msg(o->delivery_id && o->receiver && o->recipient && (o->eml || o->json) &&
                          o->tell_count > 0 && o->stream_id,
                      "allocation %ld: half a message", n);
    }
}

START_TEST(what_is_composed_without_memory_is_whole_or_composed_again)
{
    long all =
        getenv("WAITLIST_FULL") != NULL; /* else ever fewer of those that make the later messages */

    for (long n = 1;; n += all ? 1 : 1 + n / 40) {
        setup();
        add_two();
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        compose();
        bool failed = failing_end() > 0;

        check_whole(n, failed, 5);
        teardown();
        if (!failed)
            break;
    }
}
END_TEST

/* The messages of the books, taken out of them. */
static struct due_again *take_due(size_t *out_count)
{
    struct due_again *list = calloc(p.books.outbox_count + 1, sizeof *list);

    ck_assert_ptr_nonnull(list);
    *out_count = p.books.outbox_count;
    for (size_t i = 0; i < *out_count; i++)
        ck_assert_int_eq(outbox_item_copy(p.books.outbox[i], &list[i].item), 0);
    while (p.books.outbox_count)
        books_remove_outbox(&p.books, p.books.outbox[0]);
    return list;
}

START_TEST(what_was_due_before_is_due_again_as_it_was_frozen)
{
    for (long n = 1;; n++) {
        size_t count;

        setup();
        add_two();
        compose();
        struct due_again *list = take_due(&count);

        free(list[0].item->group); /* one of the time before there were groups */
        list[0].item->group = NULL;
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        compose_again(&p, list, count, 0);
        scripted_answer_all();
        bool failed = failing_end() > 0;

        check_whole(n, failed, count);
        teardown();
        if (!failed)
            break;
    }
}
END_TEST

START_TEST(what_was_told_later_stays_told_when_an_earlier_message_is_due_again)
{
    const struct told later = { 9, SEVERITY_RED, true };
    size_t count;
    const char *key;
    void *value;

    setup();
    add_two();
    compose();
    struct due_again *list = take_due(&count);

    for (size_t at = 0; table_next(&p.books.told, &at, &key, &value);)
        *(struct told *)value = later;
    for (size_t at = 0; table_next(&p.books.days, &at, &key, &value);)
        ((struct civil_date *)value)->day += 7;
    compose_again(&p, list, count, 0);
    scripted_answer_all();
    ck_assert_uint_eq(p.books.outbox_count, count);
    for (size_t at = 0; table_next(&p.books.told, &at, &key, &value);)
        ck_assert_uint_eq(((struct told *)value)->ordinal, 9);
    list = take_due(&count);
    table_release(&p.books.told, free); /* Redis lost that too */
    table_release(&p.books.days, free);
    compose_again(&p, list, count, 0);
    scripted_answer_all();
    ck_assert_uint_eq(p.books.outbox_count, count);
    ck_assert(table_count(&p.books.told) > 0 && table_count(&p.books.days) > 0);
    list = take_due(&count);
    compose_again(&p, list, count, -EIO); /* what could not be gathered whole is not put back */
    ck_assert(p.books.outbox_count == 0 && !p.loaded);
    teardown();
}
END_TEST

START_TEST(a_digest_takes_the_place_of_what_waited_whole_or_not_at_all)
{
    static char hook[] = "hook", group[] = "delivery";

    for (long n = 1;; n++) {
        setup();
        add_two();
        compose();
        struct outbox_item **replaced = calloc(3, sizeof *replaced);
        size_t count = 0, before = p.books.outbox_count;
        struct composed_item items[1];
        struct stored_alert *stored = NULL;
        void *value;

        for (size_t i = 0; i < before && count < 2; i++)
            if (strcmp(p.books.outbox[i]->receiver, hook) == 0)
                replaced[count++] = p.books.outbox[i];
        ck_assert_uint_eq(count, 2);
        replaced[0]->composed.ms -= 5000;
        replaced[0]->replaces = strdup("d0 d00"); /* itself a digest */
        for (size_t at = 0; table_next(&p.books.alerts, &at, NULL, &value);)
            stored = value;
        items[0] = (struct composed_item){ .alert = &stored->alert,
                                           .episode = &stored->alert.episodes[0],
                                           .news = NEWS_NEW };
        const struct composition c = { .receiver = hook,
                                       .recipient = hook,
                                       .group = group,
                                       .items = items,
                                       .item_count = 1,
                                       .backlog = { .messages = 2 } };

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        compose_digest(&p, &c, replaced, count);
        scripted_answer_all();
        bool failed = failing_end() > 0;

        ck_assert_msg(p.books.outbox_count == before - 1 || (failed && (p.stopping || !p.loaded)),
                      "allocation %ld: %zu due", n, p.books.outbox_count);
        teardown();
        if (!failed)
            break;
    }
}
END_TEST

UNIT_MAIN("pipeline_compose",
          UNIT_TEST(one_message_tells_two_alerts_and_names_each_other_reader_once),
          UNIT_ROWS(an_alert_is_told_to_whom_it_concerns, audiences),
          UNIT_TEST(what_waits_too_long_goes_to_the_operators_too_and_names_each_once),
          UNIT_TEST(more_recipients_than_an_alert_may_have_are_said_and_the_rest_is_told),
          UNIT_TEST(a_message_that_redis_has_an_outcome_of_is_not_due_again),
          UNIT_TEST(a_message_that_redis_does_not_take_is_composed_again),
          UNIT_TEST(a_full_disk_stops_no_message_and_a_failed_sync_ends_the_run),
          UNIT_TEST(what_is_composed_without_memory_is_whole_or_composed_again),
          UNIT_TEST(what_was_due_before_is_due_again_as_it_was_frozen),
          UNIT_TEST(what_was_told_later_stays_told_when_an_earlier_message_is_due_again),
          UNIT_TEST(a_digest_takes_the_place_of_what_waited_whole_or_not_at_all))
