#include "store/books.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/date_of.h"
#include "support/unit.h"

/* part NULL: it was refused, and its table is not known. */
static int waits(struct feed_book *book, uint64_t receipt, const char *why, const char *part,
                 int32_t newest)
{
    const struct waiting_receipt w = {
        .receipt = receipt,
        .why = (char *)(uintptr_t)why,
        .part = (char *)(uintptr_t)part,
        .held = part != NULL,
        .since = { 19844 },
        .newest = { newest },
    };

    return feed_book_wait(book, &w);
}

START_TEST(a_feeds_book_goes_to_json_and_back)
{
    struct books b = BOOKS_INIT;
    struct feed_book *book = books_feed(&b, "cyp4ww"), *back = NULL;

    book->newest_period_end = (struct civil_date){ 19843 };
    book->last_received.ms = 1726830000123;
    book->files = 3;
    book->receipt = 17;
    ck_assert_int_eq(waits(book, 16, "x \"is\" held\n", "table-4/total", 19843), 0);
    ck_assert_int_eq(waits(book, 17, "y was refused", NULL, DATE_NONE.day), 0);
    ck_assert_int_eq(feed_book_part(book, "table-4/total", book->newest_period_end), 0);
    ck_assert_int_eq(feed_book_saw(book, "cyp-4w", "table-4/total"), 0);
    ck_assert_int_eq(
        feed_book_absent(book, "QUA", "table-4/total", "MRS02", book->newest_period_end), 0);
    ck_assert_int_eq(feed_book_gap(book, "TAJ", "-@main", "MRS01", book->newest_period_end, true),
                     0);
    char *json = feed_book_encode(book);

    ck_assert_int_eq(feed_book_decode(json, strlen(json), &back), 0);
    char *again = feed_book_encode(back);

    ck_assert_str_eq(json, again);
    ck_assert_uint_eq(back->gap_count, 2);
    ck_assert(back->gaps[0].absent && !back->gaps[1].absent);
    ck_assert_uint_eq(back->wait_count, 2);
    ck_assert(back->waits[0].held && !back->waits[1].held);
    ck_assert_uint_eq(back->receipt, 17);
    ck_assert_uint_eq(back->stored, 17);
    free(json);
    free(again);
    feed_book_free(back);
    books_release(&b);
}
END_TEST

START_TEST(a_gap_is_opened_once_and_closed_by_its_own_part_only)
{
    struct books b = BOOKS_INIT;
    struct feed_book *book = books_feed(&b, "chs");
    struct civil_date end = { 19400 };

    ck_assert_int_eq(feed_book_gap(book, "TAJ", "total", NULL, end, true), 0);
    ck_assert_int_eq(feed_book_gap(book, "TAJ", "total", NULL, end, true), 0);
    ck_assert_uint_eq(book->gap_count, 1);
    ck_assert_int_eq(feed_book_gap(book, "TAJ", ">52", NULL, end, false), 0);
    ck_assert_uint_eq(book->gap_count, 1);
    ck_assert_int_eq(feed_book_gap(book, "TAJ", "total", NULL, end, false), 0);
    ck_assert_uint_eq(book->gap_count, 0);
    books_release(&b);
}
END_TEST

START_TEST(a_held_file_goes_on_waiting_until_one_of_its_own_table_takes_its_place)
{
    struct books b = BOOKS_INIT;
    struct feed_book *book = books_feed(&b, "chs");
    const struct civil_date june = { 19400 }, july = { 19431 };

    ck_assert_int_eq(waits(book, 5, "a is held", "table-4/>52", june.day), 0);
    ck_assert_int_eq(waits(book, 6, "b was refused", NULL, DATE_NONE.day), 0);
    feed_book_supersede(book, 7, "table-2", july);
    ck_assert(book->wait_count == 1 && feed_book_holds_file(book));
    ck_assert_str_eq(feed_book_newest_wait(book)->why, "a is held");
    feed_book_supersede(book, 4, "table-4/>52", july); /* received before it */
    ck_assert_uint_eq(book->wait_count, 1);
    feed_book_supersede(book, 8, "table-4/>52", (struct civil_date){ june.day - 30 });
    ck_assert_uint_eq(book->wait_count, 1); /* reaches less far: it says nothing of that month */
    feed_book_supersede(book, 9, "table-4/>52", june);
    ck_assert(book->wait_count == 0 && !feed_book_holds_file(book));
    ck_assert_ptr_null(feed_book_newest_wait(book));
    books_release(&b);
}
END_TEST

START_TEST(a_decision_ends_the_wait_of_its_own_file_only)
{
    struct books b = BOOKS_INIT;
    struct feed_book *book = books_feed(&b, "chs");

    ck_assert_int_eq(waits(book, 6, "b is held", "t", 19400), 0);
    ck_assert_int_eq(waits(book, 5, "a is held", "t", 19400), 0); /* applied late */
    ck_assert_int_eq(waits(book, 6, "b is held again", "t", 19400), 0);
    ck_assert_uint_eq(book->wait_count, 2);
    ck_assert_str_eq(feed_book_newest_wait(book)->why, "b is held again");
    feed_book_decided(book, 6);
    ck_assert_uint_eq(feed_book_newest_wait(book)->receipt, 5);
    feed_book_decided(book, 4);
    ck_assert_uint_eq(book->wait_count, 1);
    books_release(&b);
}
END_TEST

START_TEST(files_that_only_another_daemon_had_wait_each_for_itself)
{
    struct books b = BOOKS_INIT;
    struct feed_book *book = books_feed(&b, "chs"), *back = NULL;

    ck_assert_int_eq(waits(book, WAITING_UNKNOWN, "a is held", "t", 19400), 0);
    ck_assert_int_eq(waits(book, WAITING_UNKNOWN, "b is held", "t", 19400), 0);
    ck_assert_int_eq(waits(book, 3, "c is held", "t", 19400), 0);
    char *json = feed_book_encode(book);

    ck_assert_int_eq(feed_book_decode(json, strlen(json), &back), 0);
    ck_assert_uint_eq(back->wait_count, 3);
    ck_assert_str_eq(back->waits[0].why, "a is held");
    ck_assert_str_eq(back->waits[1].why, "b is held");
    free(json);
    feed_book_free(back);
    books_release(&b);
}
END_TEST

START_TEST(a_table_without_a_newer_period_supersedes_nothing)
{
    struct books b = BOOKS_INIT;
    struct feed_book *book = books_feed(&b, "chs");

    ck_assert_int_eq(feed_book_part(book, "table-4", (struct civil_date){ 19400 }), 0);
    ck_assert_int_eq(feed_book_part(book, "table-4", (struct civil_date){ 19300 }), 0);
    ck_assert(feed_book_has_newer(book, "table-4", (struct civil_date){ 19399 }));
    ck_assert(!feed_book_has_newer(book, "table-4", (struct civil_date){ 19400 }));
    ck_assert(!feed_book_has_newer(book, "table-4a", (struct civil_date){ 1 }));
    books_release(&b);
}
END_TEST

START_TEST(a_contradicted_total_is_apart_from_a_missing_provider)
{
    struct books b = BOOKS_INIT;
    struct feed_book *book = books_feed(&b, "chs");
    struct civil_date end = { 19400 };

    ck_assert_int_eq(feed_book_gap(book, "QUA", "total", "Wheelchair", end, true), 0);
    ck_assert_int_eq(feed_book_gap(book, "QUA", "total", NULL, end, true), 0);
    ck_assert_uint_eq(book->gap_count, 2);
    feed_book_clear_totals(book, "total", end);
    ck_assert_uint_eq(book->gap_count, 1);
    ck_assert_ptr_null(book->gaps[0].measure);
    books_release(&b);
}
END_TEST

START_TEST(the_censuses_of_a_list_are_kept_in_order_each_once_and_come_back_from_their_text)
{
    static const char *const damaged[] = { "2026-05-1", "2026-05-17,2026-05-24", "2026-13-01",
                                           "2026-05-17  2026-05-24" };
    struct books b = BOOKS_INIT;
    struct stored_list *l = books_add_list(&b, "cyp", "TAJ"),
                       *again = books_add_list(&b, "cyp", "RXT");
    struct text t = TEXT_INIT;

    ck_assert(l && again && books_list(&b, "cyp", "TAJ") == l);
    ck_assert_str_eq(l->provider, "TAJ");
    ck_assert_int_eq(stored_list_census(l, date_of("2026-05-24")), 0);
    ck_assert_int_eq(stored_list_census(l, date_of("2026-05-17")), 0);
    ck_assert_int_eq(stored_list_census(l, date_of("2026-05-24")), 0);
    ck_assert_int_eq(stored_list_censuses(l, &t), 0);
    ck_assert_str_eq(text_str(&t), "2026-05-17 2026-05-24");
    ck_assert_int_eq(stored_list_censuses_parse(again, text_str(&t), t.len), 0);
    ck_assert_uint_eq(again->census_count, 2);
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++)
        ck_assert_int_eq(stored_list_censuses_parse(again, damaged[i], strlen(damaged[i])),
                         -EBADMSG);
    for (int day = 0; day < STORED_CENSUSES_MAX + 5; day++)
        ck_assert_int_eq(stored_list_census(l, date_add_days(date_of("2026-05-24"), day)), 0);
    ck_assert_uint_eq(l->census_count, STORED_CENSUSES_MAX);
    ck_assert_int_eq(date_compare(l->censuses[STORED_CENSUSES_MAX - 1],
                                  date_add_days(date_of("2026-05-24"), STORED_CENSUSES_MAX + 4)),
                     0);
    text_release(&t);
    books_release(&b);
}
END_TEST

START_TEST(the_digest_of_a_list_is_computed_once_for_what_is_in_force)
{
    const struct pathway_record row = { .event = "referral",
                                        .event_date = date_of("2026-05-17"),
                                        .clock_start = DATE_NONE,
                                        .stage_start = DATE_NONE,
                                        .census = DATE_NONE,
                                        .service = "mental-health",
                                        .provider = "TAJ" };
    struct list_change change = LIST_CHANGE_INIT;
    struct services *services = NULL;
    struct diags diags = DIAGS_INIT;
    struct books b = BOOKS_INIT;
    char empty[SHA256_TEXT_MAX], on_its_way[SHA256_TEXT_MAX], found[SHA256_TEXT_MAX];

    ck_assert_int_eq(services_load("config/services.yaml", &diags, &services), 0);
    struct stored_list *l = books_add_list(&b, "cyp", "TAJ");

    l->state = list_new(services, "mental-health");
    ck_assert_int_eq(stored_list_digest(l, false, empty), 0);
    ck_assert_int_eq(list_event(l->state, &row, date_of("2026-05-18"), &change), LIST_TAKEN);
    ck_assert_int_eq(list_events_end(l->state, &change), 0);
    ck_assert_int_eq(stored_list_digest(l, false, on_its_way), 0);
    ck_assert_str_ne(on_its_way, empty);
    list_free(l->state);
    l->state = list_new(services, "mental-health");
    ck_assert_int_eq(stored_list_digest(l, true, found), 0);
    ck_assert_str_eq(found, empty); /* what was on its way was not kept */
    ck_assert_int_eq(list_event(l->state, &row, date_of("2026-05-18"), &change), LIST_TAKEN);
    ck_assert_int_eq(list_events_end(l->state, &change), 0);
    ck_assert_int_eq(stored_list_digest(l, false, found), 0);
    ck_assert_str_eq(found, empty); /* computed once */
    stored_list_changed(l);
    ck_assert_int_eq(stored_list_digest(l, true, found), 0);
    ck_assert_str_eq(found, on_its_way);
    books_release(&b);
    services_free(services);
    diags_release(&diags);
}
END_TEST

START_TEST(a_frozen_message_comes_back_byte_for_byte)
{
    struct outbox_item item = { .delivery_id = (char *)"d",
                                .receiver = (char *)"r",
                                .recipient = (char *)"a@b",
                                .eml = (char *)"Subject: x\r\n\r\n\xc3\xa9\r\n",
                                .severity = SEVERITY_RED,
                                .composed = { 1726830000123 } };
    struct outbox_item *back = NULL;
    char *json = outbox_item_encode(&item);

    ck_assert_int_eq(outbox_item_decode(json, strlen(json), &back), 0);
    ck_assert_str_eq(back->eml, item.eml);
    ck_assert_ptr_null(back->json);
    ck_assert_int_eq(back->severity, SEVERITY_RED);
    ck_assert_int_eq(back->composed.ms, item.composed.ms);
    free(json);
    outbox_item_free(back);
}
END_TEST

static int decode_told(const char *json)
{
    struct told told;

    return told_decode(json, strlen(json), &told);
}

static int decode_book(const char *json)
{
    struct feed_book *book = NULL;
    int r = feed_book_decode(json, strlen(json), &book);

    feed_book_free(book);
    return r;
}

static int decode_ledger(const char *json)
{
    struct ledger_entry *entry = NULL;
    int r = ledger_entry_decode(json, strlen(json), &entry);

    if (r == 0)
        free(entry->feed);
    free(entry);
    return r;
}

static int decode_tries(const char *json)
{
    struct outbox_item item = { 0 };
    int r = outbox_tries_decode(json, strlen(json), &item);

    if (r < 0)
        ck_assert(item.tries == 0 && item.next_at.ms == 0 && !item.unknown); /* left as it was */
    return r;
}

static int decode_message(const char *json)
{
    struct outbox_item *item = NULL;
    int r = outbox_item_decode(json, strlen(json), &item);

    outbox_item_free(item);
    return r;
}

START_TEST(damaged_json_is_refused)
{
    struct feed_book *book = NULL;
    struct outbox_item *item = NULL;
    struct ledger_entry *entry = NULL;
    struct told told;

    ck_assert_int_lt(feed_book_decode("{", 1, &book), 0);
    ck_assert_int_lt(feed_book_decode("{}", 2, &book), 0);
    ck_assert_int_lt(outbox_item_decode("{\"delivery_id\":\"x\"}", 19, &item), 0);
    ck_assert_int_lt(ledger_entry_decode("[]", 2, &entry), 0);
    ck_assert_int_lt(told_decode("nope", 4, &told), 0);
}
END_TEST

/* Each would hide a feed or an alert, or tell the wrong one. */
static const struct {
    const char *why, *json;
    int (*decode)(const char *json);
} wrong[] = {
    { "a severity beyond red is never outdone", "{\"ordinal\":1,\"severity\":7,\"open\":true}",
      decode_told },
    { "a severity left out", "{\"ordinal\":1,\"open\":true}", decode_told },
    { "an ordinal that does not fit", "{\"ordinal\":5000000000,\"severity\":1,\"open\":true}",
      decode_told },
    { "open as a number", "{\"ordinal\":1,\"severity\":1,\"open\":1}", decode_told },
    { "a list", "[]", decode_told },
    { "a receipt below 0 is after every other", "{\"id\":\"f\",\"receipt\":-1}", decode_book },
    { "no day of the calendar", "{\"id\":\"f\",\"newest_period_end\":\"2024-02-30\"}",
      decode_book },
    { "a part whose newest is no date", "{\"id\":\"f\",\"parts\":{\"t\":5}}", decode_book },
    { "a part that is no text", "{\"id\":\"f\",\"seen\":{\"m\":5}}", decode_book },
    { "no id", "{\"id\":\"\"}", decode_book },
    { "a ledger receipt below 0", "{\"feed\":\"f\",\"receipt\":-2}", decode_ledger },
    { "a message that tells of nothing",
      "{\"delivery_id\":\"x\",\"receiver\":\"r\",\"recipient\":\"\",\"tells\":[{}]}",
      decode_message },
    { "a message's severity",
      "{\"delivery_id\":\"x\",\"receiver\":\"r\",\"recipient\":\"\",\"severity\":9}",
      decode_message },
    { "an id that would be cut",
      "{\"delivery_id\":\"0123456789012345678901234567890123456789\",\"receiver\":\"r\","
      "\"recipient\":\"\"}",
      decode_message },
    { "a message that is no JSON", "{", decode_message },
    { "a message that tells of no list",
      "{\"delivery_id\":\"x\",\"receiver\":\"r\",\"recipient\":\"\",\"tells\":{}}",
      decode_message },
    { "a message that tells of an episode as nothing",
      "{\"delivery_id\":\"x\",\"receiver\":\"r\",\"recipient\":\"\",\"tells\":[{\"episode\":\"e\"}]"
      "}",
      decode_message },
    { "a message that tells of an id that would be cut",
      "{\"delivery_id\":\"x\",\"receiver\":\"r\",\"recipient\":\"\",\"tells\":[{\"episode\":"
      "\"0123456789012345678901234567890123456789\",\"ordinal\":1,\"severity\":1,\"open\":true}]}",
      decode_message },
    { "a day's message without its day",
      "{\"delivery_id\":\"x\",\"receiver\":\"r\",\"recipient\":\"\",\"group\":\"p/0\"}",
      decode_message },
    { "a message composed at no time",
      "{\"delivery_id\":\"x\",\"receiver\":\"r\",\"recipient\":\"\",\"composed\":\"now\"}",
      decode_message },
    { "a message without its id", "{\"receiver\":\"r\",\"recipient\":\"\"}", decode_message },
    { "a message with an empty id", "{\"delivery_id\":\"\",\"receiver\":\"r\",\"recipient\":\"\"}",
      decode_message },
    { "a message to no receiver", "{\"delivery_id\":\"x\",\"recipient\":\"\"}", decode_message },
    { "a message to no recipient", "{\"delivery_id\":\"x\",\"receiver\":\"r\"}", decode_message },
    { "tries without why", "{\"tries\":1}", decode_tries },
    { "more tries than there are", "{\"why\":\"\",\"tries\":9}", decode_tries },
    { "tries below 0", "{\"why\":\"\",\"tries\":-1}", decode_tries },
    { "tries as a text", "{\"why\":\"\",\"tries\":\"1\"}", decode_tries },
    { "a cause of the future", "{\"why\":\"\",\"cause\":6}", decode_tries },
    { "a code of no protocol", "{\"why\":\"\",\"code\":1000}", decode_tries },
    { "a last try at no time", "{\"why\":\"\",\"last_at_ms\":\"x\"}", decode_tries },
    { "a next try at no time", "{\"why\":\"\",\"next_at_ms\":true}", decode_tries },
    { "an ordinal as a text", "{\"ordinal\":\"1\",\"severity\":1,\"open\":true}", decode_told },
    { "a severity as a text", "{\"ordinal\":1,\"severity\":\"1\",\"open\":true}", decode_told },
    { "open left out", "{\"ordinal\":1,\"severity\":1}", decode_told },
    { "an ordinal left out", "{\"severity\":1,\"open\":true}", decode_told },
};

START_TEST(what_a_record_of_tries_leaves_out_is_nothing_yet)
{
    static const char json[] = "{\"why\":\"\",\"tries\":null,\"unknown\":false}";
    struct outbox_item item = { .tries = 7, .unknown = true };

    ck_assert_int_eq(outbox_tries_decode(json, strlen(json), &item), 0);
    ck_assert(item.tries == 0 && !item.unknown && item.last_cause == RETRY_NONE);
}
END_TEST

START_TEST(the_record_of_its_tries_comes_back)
{
    const struct outbox_item item = { .tries = 3,
                                      .last_cause = RETRY_REFUSED,
                                      .last_at = { 1726830000123 },
                                      .next_at = { 1726830060000 },
                                      .unknown = true,
                                      .why = "451 later",
                                      .code = 451 };
    struct outbox_item back = { .tries = 7 };
    char *json = outbox_tries_encode(&item);

    ck_assert_int_eq(outbox_tries_decode(json, strlen(json), &back), 0);
    ck_assert_uint_eq(back.tries, 3);
    ck_assert(back.last_cause == RETRY_REFUSED && back.unknown && back.code == 451);
    ck_assert_int_eq(back.last_at.ms, item.last_at.ms);
    ck_assert_int_eq(back.next_at.ms, item.next_at.ms);
    ck_assert_str_eq(back.why, "451 later");
    free(json);
}
END_TEST

START_TEST(what_is_out_of_its_range_is_refused)
{
    ck_assert_msg(wrong[_i].decode(wrong[_i].json) == -EBADMSG, "%s: accepted", wrong[_i].why);
}
END_TEST

START_TEST(a_gap_that_stands_twice_keeps_what_it_was)
{
    static const char json[] = "{\"id\":\"f\",\"gaps\":["
                               "{\"provider\":\"X\",\"part\":\"t\",\"measure\":\"m\",\"absent\":"
                               "true,\"period_end\":\"2024-06-30\"},"
                               "{\"provider\":\"Y\",\"part\":\"t\",\"measure\":\"m\",\"absent\":"
                               "false,\"period_end\":\"2024-06-30\"},"
                               "{\"provider\":\"X\",\"part\":\"t\",\"measure\":\"m\",\"absent\":"
                               "true,\"period_end\":\"2024-06-30\"}]}";
    struct feed_book *b = NULL;

    ck_assert_int_eq(feed_book_decode(json, strlen(json), &b), 0);
    ck_assert_uint_eq(b->gap_count, 2);
    ck_assert(b->gaps[0].absent && !b->gaps[1].absent);
    feed_book_free(b);
}
END_TEST

UNIT_MAIN(
    "books", UNIT_TEST(a_feeds_book_goes_to_json_and_back),
    UNIT_TEST(a_gap_is_opened_once_and_closed_by_its_own_part_only),
    UNIT_TEST(a_held_file_goes_on_waiting_until_one_of_its_own_table_takes_its_place),
    UNIT_TEST(a_decision_ends_the_wait_of_its_own_file_only),
    UNIT_TEST(files_that_only_another_daemon_had_wait_each_for_itself),
    UNIT_TEST(a_table_without_a_newer_period_supersedes_nothing),
    UNIT_TEST(a_contradicted_total_is_apart_from_a_missing_provider),
    UNIT_TEST(the_censuses_of_a_list_are_kept_in_order_each_once_and_come_back_from_their_text),
    UNIT_TEST(the_digest_of_a_list_is_computed_once_for_what_is_in_force),
    UNIT_TEST(a_frozen_message_comes_back_byte_for_byte), UNIT_TEST(damaged_json_is_refused),
    UNIT_ROWS(what_is_out_of_its_range_is_refused, wrong),
    UNIT_TEST(the_record_of_its_tries_comes_back),
    UNIT_TEST(what_a_record_of_tries_leaves_out_is_nothing_yet),
    UNIT_TEST(a_gap_that_stands_twice_keeps_what_it_was))
