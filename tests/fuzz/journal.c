/*
 * journal - a journal of any bytes: replaying gives the same records twice; what it gives is what
 * lies there; one flipped bit is found or cuts the last record only; a cut at any byte loses only
 * what was not whole; and what was opened takes another record
 *
 * Input: a byte for the mode, two bytes for a place, then the journal's bytes as they are (mode even)
 * or one record a line, appended through journal_append() (mode odd).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fuzz/support/fuzz.h"
#include "store/journal.h"

#define NAME "journal"

struct records {
    struct text text; /* every record with its number and length */
    uint64_t count;
};

static int on_record(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct records *r = arg;

    FUZZ_CHECK(sequence == r->count + 1, "record %llu follows record %llu",
               (unsigned long long)sequence, (unsigned long long)r->count);
    FUZZ_CHECK(!memchr(json, '\n', len), "a line end inside a record");
    r->count = sequence;
    (void)text_printf(&r->text, "%llu %zu ", (unsigned long long)sequence, len);
    (void)text_add(&r->text, json, len);
    return text_putc(&r->text, '\n');
}

/* Opens and replays; the journal stays open when 0. */
static int replay(const char *path, struct records *out, struct journal **out_journal)
{
    *out = (struct records){ TEXT_INIT, 0 };
    return journal_open(path, on_record, out, out_journal);
}

static bool begins_with(const struct text *whole, const struct text *start)
{
    return start->len <= whole->len &&
           (start->len == 0 || memcmp(whole->buf, start->buf, start->len) == 0);
}

/* Whatever is there: opened twice it gives the same, and takes one more record. */
static void check_bytes(const char *path, struct records *out_first)
{
    struct records again = { TEXT_INIT, 0 }, longer = { TEXT_INIT, 0 };
    struct journal *j = NULL;
    uint64_t sequence = 0;
    int r = replay(path, out_first, &j);

    if (r < 0) {
        FUZZ_CHECK(r == -EBADMSG, "refused with %s", strerror(-r));
        FUZZ_CHECK(replay(path, &again, &j) == r, "refused once only");
        text_release(&again.text);
        return;
    }
    FUZZ_CHECK(journal_last(j) == out_first->count, "the last number is another");
    journal_close(j);
    FUZZ_CHECK(replay(path, &again, &j) == 0, "opened once only");
    FUZZ_CHECK(again.text.len == out_first->text.len && begins_with(&again.text, &out_first->text),
               "a second replay gives other records");
    FUZZ_CHECK(journal_append(j, "{}", 2, &sequence) == 0 && sequence == again.count + 1,
               "no further record can be added");
    journal_close(j);
    FUZZ_CHECK(replay(path, &longer, &j) == 0 && longer.count == again.count + 1 &&
                   begins_with(&longer.text, &again.text),
               "the record added does not read back");
    journal_close(j);
    text_release(&again.text);
    text_release(&longer.text);
}

/* A good journal with one bit flipped or its end cut: nothing else than its first records, and all
 * but the last of them where no error says otherwise. */
static void check_damaged(const char *path, const struct records *all, uint64_t least)
{
    struct records found;
    struct journal *j = NULL;
    int r = replay(path, &found, &j);

    FUZZ_CHECK(r == 0 || r == -EBADMSG, "refused with %s", strerror(-r));
    FUZZ_CHECK(begins_with(&all->text, &found.text), "a record that was never written");
    FUZZ_CHECK(r < 0 || found.count >= least, "%llu of %llu records, and no error",
               (unsigned long long)found.count, (unsigned long long)all->count);
    if (r == 0)
        journal_close(j);
    text_release(&found.text);
}

static void add_lines(struct journal *j, const char *bytes, size_t len, uint64_t *out_count)
{
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        size_t n = end ? (size_t)(end - bytes) : len;
        uint64_t sequence = 0;

        if (n > 0) {
            FUZZ_CHECK(journal_append(j, bytes, n, &sequence) == 0, "a record of %zu bytes", n);
            FUZZ_CHECK(sequence == ++*out_count, "another number than the next");
        }
        n += end != NULL;
        bytes += n;
        len -= n;
    }
}

/* Records that end at or before a byte. */
static uint64_t whole_before(const struct text *file, size_t at)
{
    uint64_t count = 0;

    for (size_t i = 0; i < at; i++)
        count += file->buf[i] == '\n';
    return count;
}

static void check_written(const char *path, size_t place, unsigned bit)
{
    struct text file = TEXT_INIT;
    struct records all;
    struct journal *j = NULL;

    FUZZ_CHECK(replay(path, &all, &j) == 0, "what was appended cannot be read");
    journal_close(j);
    FUZZ_CHECK(file_read(path, TEXT_MAX_BYTES, &file) == 0, "it cannot be read");
    if (file.len > 0) {
        place %= file.len;
        (void)fuzz_file(NAME, file.buf, place); /* cut: as a crash does */
        check_damaged(path, &all, whole_before(&file, place));
        file.buf[place] = (char)(file.buf[place] ^ 1 << bit);
        (void)fuzz_file(NAME, file.buf, file.len);
        check_damaged(path, &all, all.count - 1);
    }
    text_release(&file);
    text_release(&all.text);
}

void fuzz_one(const char *bytes, size_t len)
{
    unsigned mode = fuzz_byte(&bytes, &len);
    size_t place = fuzz_byte(&bytes, &len);
    struct records first = { TEXT_INIT, 0 };

    place = place << 8 | fuzz_byte(&bytes, &len);
    if (mode % 2 == 0) {
        check_bytes(fuzz_file(NAME, bytes, len), &first);
    } else {
        const char *path = fuzz_file(NAME, "", 0);
        struct journal *j = NULL;
        uint64_t count = 0;

        FUZZ_CHECK(journal_open(path, NULL, NULL, &j) == 0, "an empty journal");
        add_lines(j, bytes, len, &count);
        journal_close(j);
        check_written(path, place, mode >> 1 & 7);
    }
    text_release(&first.text);
}
