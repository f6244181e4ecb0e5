/*
 * Each allocation of reading the books failing once: an error, or all that was there. A message without
 * its group, or a feed without what it kept, would read as one that never had it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/books.h"
#include "support/failing.h"
#include "support/unit.h"

static bool last_failed; /* an allocation, of the last that was read */

/* Reads; prints again what was read, or leaves NULL. Returns what reading gave. */
static int read_message(const char *json, char **out_again)
{
    struct outbox_item *item = NULL;
    int r = outbox_item_decode(json, strlen(json), &item);

    last_failed = failing_end() > 0;
    *out_again = r == 0 ? outbox_item_encode(item) : NULL;
    outbox_item_free(item);
    return r;
}

static int read_feed(const char *json, char **out_again)
{
    struct feed_book *book = NULL;
    int r = feed_book_decode(json, strlen(json), &book);

    last_failed = failing_end() > 0;
    *out_again = r == 0 ? feed_book_encode(book) : NULL;
    feed_book_free(book);
    return r;
}

static const struct {
    int (*read)(const char *json, char **out_again);
    const char *json;
} rows[] = {
    { read_message,
      "{\"delivery_id\":\"d\",\"receiver\":\"r\",\"recipient\":\"a@b\",\"subject\":\"s\","
      "\"group\":\"p/0\",\"day\":\"2024-06-10\",\"eml\":\"Subject: x\",\"json\":\"{}\","
      "\"severity\":2,\"composed\":1726830000123,"
      "\"tells\":[{\"episode\":\"e\",\"ordinal\":1,\"severity\":2,\"open\":true}]}" },
    { read_feed,
      "{\"id\":\"f\",\"newest_period_end\":\"2024-04-30\",\"last_received\":1,"
      "\"files\":1,\"receipt\":2,\"gaps\":[{\"provider\":\"TAJ\",\"part\":\"t\","
      "\"measure\":\"m\",\"absent\":true,\"flaw\":0,\"words\":null,\"period_end\":\"2024-04-30\"}]"
      ","
      "\"parts\":{\"t\":\"2024-04-30\"},\"seen\":{\"m\":\"t\"},\"kept\":\"TAJ\",\"era\":3,"
      "\"waits\":[{\"receipt\":2,\"why\":\"w\",\"part\":\"t\",\"held\":true,\"incident\":true,"
      "\"unread\":true,"
      "\"since\":\"2024-05-01\",\"newest\":\"2024-04-30\"}],"
      "\"last_outcome\":\"accepted\",\"last_outcome_at\":1}" },
};

START_TEST(books_are_read_whole_or_not_at_all)
{
    last_failed = true;
    for (long n = 1; last_failed; n++) {
        char *again = NULL;

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = rows[_i].read(rows[_i].json, &again);

        if (r == 0)
            ck_assert_str_eq(again, rows[_i].json);
        else
            ck_assert(last_failed);
        free(again);
    }
}
END_TEST

UNIT_MAIN("books_read", UNIT_ROWS(books_are_read_whole_or_not_at_all, rows))
