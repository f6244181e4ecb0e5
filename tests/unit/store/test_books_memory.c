/*
 * Each allocation of the books failing once: refused, what stood before stands, and with room again the
 * same call is taken.
 */
#include "store/books.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/command.h"
#include "support/failing.h"
#include "support/unit.h"

#define KEPT 40 /* entries before, so that a table grows meanwhile */

static struct books books;
static const struct told told = { 2, SEVERITY_RED, true };

static int add_ledger(int i)
{
    char key[32];

    (void)snprintf(key, sizeof key, "feed|%d", i);
    return books_add_ledger(&books, key, "feed", (struct wall_time){ i }, (uint64_t)i);
}

static size_t ledger_count(void)
{
    return table_count(&books.ledger);
}

static int replace_ledger(int i)
{
    (void)i;
    return add_ledger(0);
}

static int add_feed(int i)
{
    char id[32];

    (void)snprintf(id, sizeof id, "feed-%d", i);
    return books_feed(&books, id) ? 0 : -ENOMEM;
}

static int find_feed(int i)
{
    (void)i;
    return add_feed(0);
}

static size_t feed_count(void)
{
    return table_count(&books.feeds);
}

static int add_alert(int i)
{
    struct alert alert = { .episode_count = 1, .episodes = malloc(sizeof *alert.episodes) };
    struct episode *episodes = alert.episodes;
    int r = -ENOMEM;

    if (episodes) {
        *episodes = (struct episode){ .ordinal = 1 };
        (void)snprintf(alert.id, sizeof alert.id, "a%d", i);
        r = books_adopt_alert(&books, &alert, 7);
        ck_assert_ptr_eq(alert.episodes, r == 0 ? NULL : episodes); /* taken only with a 0 */
    }
    free(alert.episodes);
    return r;
}

static int replace_alert(int i)
{
    (void)i;
    return add_alert(0);
}

static size_t alert_count(void)
{
    return table_count(&books.alerts);
}

static int keep_told(int i)
{
    char key[32];

    (void)snprintf(key, sizeof key, "mail|lead|e%d", i);
    return told_keep(&books.told, key, &told);
}

static size_t told_count(void)
{
    return table_count(&books.told);
}

static int keep_day(int i)
{
    char key[32];

    (void)snprintf(key, sizeof key, "mail|lead|day|p/%d", i);
    return day_keep(&books.days, key, (struct civil_date){ i });
}

static size_t day_count(void)
{
    return table_count(&books.days);
}

static int note_dead(int i)
{
    char id[32];

    (void)snprintf(id, sizeof id, "d%d", i);
    return books_note_dead(&books, id, "{}");
}

static size_t dead_count(void)
{
    return table_count(&books.dead);
}

static int add_list(int i)
{
    char provider[32];

    (void)snprintf(provider, sizeof provider, "R%d", i);
    return books_add_list(&books, "cyp", provider) ? 0 : -ENOMEM;
}

static int find_list(int i)
{
    (void)i;
    return add_list(0);
}

static size_t list_count(void)
{
    return table_count(&books.lists);
}

static int add_outbox(int i)
{
    struct outbox_item *item = calloc(1, sizeof *item);

    if (!item)
        return -ENOMEM;
    if (asprintf(&item->delivery_id, "d%d", i) < 0) {
        item->delivery_id = NULL;
        outbox_item_free(item);
        return -ENOMEM;
    }
    return books_add_outbox(&books, item);
}

static size_t outbox_count(void)
{
    return books.outbox_count;
}

static const struct {
    const char *why;
    int (*add)(int i);
    size_t (*count)(void);
    size_t added;
} entries[] = {
    { "a ledger entry", add_ledger, ledger_count, 1 },
    { "a ledger entry that stands", replace_ledger, ledger_count, 0 },
    { "a feed's book", add_feed, feed_count, 1 },
    { "a feed's book that stands", find_feed, feed_count, 0 },
    { "an alert that stands", replace_alert, alert_count, 0 },
    { "an alert", add_alert, alert_count, 1 },
    { "what was told", keep_told, told_count, 1 },
    { "the day's message", keep_day, day_count, 1 },
    { "a dead letter", note_dead, dead_count, 1 },
    { "a list", add_list, list_count, 1 },
    { "a list that stands", find_list, list_count, 0 },
    { "a message", add_outbox, outbox_count, 1 },
};

START_TEST(an_entry_without_memory_is_refused_and_what_stood_stands)
{
    books = (struct books)BOOKS_INIT;
    for (int i = 0; i < KEPT; i++)
        ck_assert_int_eq(entries[_i].add(i), 0);
    for (int i = KEPT; i < 2 * KEPT; i++) {
        size_t before = entries[_i].count();
        long n = 0;

        for (int r = -ENOMEM; r != 0;) {
            failing_begin(FAILING_ALLOCATIONS, ++n, 1, ENOMEM);
            r = entries[_i].add(i);
            bool failed = failing_end() > 0;

            ck_assert_msg(r == 0 || (failed && r == -ENOMEM), "%s: allocation %ld: %d",
                          entries[_i].why, n, r);
            ck_assert_uint_eq(entries[_i].count(), before + (r == 0 ? entries[_i].added : 0));
        }
    }
    books_release(&books);
}
END_TEST

START_TEST(the_censuses_of_a_list_are_as_many_as_are_kept_the_newest_of_them)
{
    struct stored_list *l;

    books = (struct books)BOOKS_INIT;
    l = books_add_list(&books, "cyp", "TAJ");
    ck_assert_ptr_nonnull(l);
    failing_begin(FAILING_ALLOCATIONS, 1, 1, ENOMEM);
    int r = stored_list_census(l, (struct civil_date){ 1000 });

    ck_assert_int_eq(r, failing_end() ? -ENOMEM : 0);
    for (int i = 0; i < STORED_CENSUSES_MAX + 5; i++)
        ck_assert_int_eq(stored_list_census(l, (struct civil_date){ 1000 + i }), 0);
    ck_assert_uint_eq(l->census_count, STORED_CENSUSES_MAX);
    ck_assert_int_eq(l->censuses[0].day, 1005);
    ck_assert_int_eq(stored_list_census(l, (struct civil_date){ 3 }), 0); /* older than any kept */
    ck_assert_int_eq(stored_list_census(l, (struct civil_date){ 1007 }), 0);
    ck_assert_uint_eq(l->census_count, STORED_CENSUSES_MAX);
    ck_assert_int_eq(l->censuses[0].day, 1005);
    for (long n = 1;; n++) {
        struct text words = TEXT_INIT;
        struct stored_list back = { 0 };

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        r = stored_list_censuses(l, &words);
        if (r == 0)
            r = stored_list_censuses_parse(&back, text_str(&words), words.len);
        bool failed = failing_end() > 0;

        ck_assert_msg((r == 0) == !failed, "allocation %ld: %d", n, r);
        ck_assert(r != 0 || back.census_count == STORED_CENSUSES_MAX);
        free(back.censuses);
        text_release(&words);
        if (!failed)
            break;
    }
    books_release(&books);
}
END_TEST

START_TEST(a_ledger_entry_without_memory_is_no_entry_and_with_it_the_same)
{
    char feed[] = "chs";
    const struct ledger_entry e = { { 1726830000123 }, 17, feed };
    bool failed = true;

    free(ledger_entry_encode(&e)); /* what the library keeps may not fail */
    for (long n = 1; failed; n++) {
        struct ledger_entry *back = NULL;

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        char *key = ledger_key("chs", "ab", "cd"), *json = key ? ledger_entry_encode(&e) : NULL;
        int r = json ? ledger_entry_decode(json, strlen(json), &back) : -ENOMEM;

        failed = failing_end() > 0;
        ck_assert_msg((r == 0) == !failed, "allocation %ld: %d", n, r);
        if (r == 0) {
            ck_assert_str_eq(key, "chs|ab:cd");
            ck_assert_str_eq(back->feed, "chs");
            ck_assert_uint_eq(back->receipt, 17);
            ck_assert_int_eq(back->received.ms, e.received.ms);
            free(back->feed);
        }
        ck_assert(r == 0 || !back);
        free(back);
        free(json);
        free(key);
    }
}
END_TEST

START_TEST(a_command_that_lacks_a_word_says_so_and_is_not_sent)
{
    bool failed = true;

    for (long n = 1; failed; n++) {
        struct command c = { 0 };

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        for (int i = 0; i < KEPT; i++) {
            command_add(&c, i % 2 ? "word" : NULL);
            command_add_printf(&c, "%d", i);
        }
        failed = failing_end() > 0;
        ck_assert_int_eq(c.error, failed ? -ENOMEM : 0);
        if (!failed) {
            ck_assert_uint_eq(c.count, 2 * KEPT);
            ck_assert(c.lengths[0] == 0 && c.lengths[2] == 4);
            ck_assert_str_eq(c.argv[3], "1");
        }
        command_release(&c);
    }
}
END_TEST

START_TEST(a_message_that_is_not_in_the_outbox_takes_no_other_with_it)
{
    struct outbox_item *items[3], other = { .severity = SEVERITY_RED };

    books = (struct books)BOOKS_INIT;
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_nonnull(items[i] = calloc(1, sizeof *items[i]));
        ck_assert_ptr_nonnull(items[i]->delivery_id = strdup((const char *[]){ "a", "b", "c" }[i]));
        ck_assert_int_eq(books_add_outbox(&books, items[i]), 0);
    }
    ck_assert(books_outbox_item(&books, "b") == items[1]);
    books_remove_outbox(&books, &other);
    ck_assert_uint_eq(books.outbox_count, 3);
    books_remove_outbox(&books, items[1]);
    ck_assert_uint_eq(books.outbox_count, 2);
    ck_assert(books.outbox[0] == items[0] && books.outbox[1] == items[2]);
    ck_assert(!books_outbox_item(&books, "b") && books_outbox_item(&books, "c") == items[2]);
    books_release(&books);
}
END_TEST

START_TEST(what_was_told_later_is_not_unsaid_by_what_was_told_before)
{
    struct table t = TABLE_INIT;
    const struct told first = { 1, SEVERITY_RED, true }, second = { 2, SEVERITY_AMBER, false };
    const struct told third = { 3, SEVERITY_RED, true };

    ck_assert_int_eq(told_keep(&t, "k", &second), 0);
    ck_assert_int_eq(told_keep(&t, "k", &first), 0);
    ck_assert_uint_eq(((struct told *)table_get(&t, "k"))->ordinal, 2);
    ck_assert_int_eq(told_keep(&t, "k", &third), 0);
    ck_assert_uint_eq(((struct told *)table_get(&t, "k"))->ordinal, 3);
    table_release(&t, free);
}
END_TEST

START_TEST(a_message_without_memory_is_no_message_and_never_one_without_its_bytes)
{
    struct tell tells[] = { { "e1", { 1, SEVERITY_RED, true } },
                            { "e2", { 2, SEVERITY_AMBER, false } } };
    char words[][32] = { "d",  "mail", "a@example.nhs.uk", "a subject", "Subject: x",
                         "{}", "p/0",  "{\"=cell\": 1}" };
    const struct outbox_item item = { .delivery_id = words[0],
                                      .receiver = words[1],
                                      .recipient = words[2],
                                      .subject = words[3],
                                      .eml = words[4],
                                      .json = words[5],
                                      .group = words[6],
                                      .released = words[7],
                                      .day = { 20000 },
                                      .tells = tells,
                                      .tell_count = 2 };
    char *whole = outbox_item_encode(&item);
    bool failed = true;

    for (long n = 1; failed; n++) {
        struct outbox_item *copy = NULL;

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = outbox_item_copy(&item, &copy);

        failed = failing_end() > 0;
        ck_assert_msg((r == 0) == !failed, "allocation %ld: %d", n, r);
        if (r == 0) {
            char *again = outbox_item_encode(copy);

            ck_assert_str_eq(whole, again);
            free(again);
        }
        outbox_item_free(r == 0 ? copy : NULL);
    }
    ck_assert(strstr(whole, "=cell"));
    failed = true;
    for (long n = 1; failed; n++) {
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        char *text = outbox_item_encode(&item);

        failed = failing_end() > 0;
        ck_assert_msg(text ? strcmp(text, whole) == 0 : failed, "allocation %ld: %s", n, text);
        free(text);
    }
    free(whole);
}
END_TEST

UNIT_MAIN("books_memory",
          UNIT_TEST(the_censuses_of_a_list_are_as_many_as_are_kept_the_newest_of_them),
          UNIT_ROWS(an_entry_without_memory_is_refused_and_what_stood_stands, entries),
          UNIT_TEST(a_ledger_entry_without_memory_is_no_entry_and_with_it_the_same),
          UNIT_TEST(a_message_without_memory_is_no_message_and_never_one_without_its_bytes),
          UNIT_TEST(a_command_that_lacks_a_word_says_so_and_is_not_sent),
          UNIT_TEST(a_message_that_is_not_in_the_outbox_takes_no_other_with_it),
          UNIT_TEST(what_was_told_later_is_not_unsaid_by_what_was_told_before))
