/*
 * records - the records of the three journals as JSON: refused, or read to something sound; a receipt
 * read is written and reads back the same; what was sent, read twice, changes nothing; and an audit
 * record changed after another was chained to it is found
 *
 * Input: a letter for the journal (r received, s sent, a audit), then one record a line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "pipeline_internal.h"

#define RECORDS_MAX 12

static struct pipeline *pipeline_new_empty(void)
{
    struct pipeline *p = calloc(1, sizeof *p);

    FUZZ_CHECK(p, "no memory");
    p->evaluated_on = p->findings_of = DATE_NONE;
    p->lock_fd = -1;
    return p;
}

/* ---- received ---- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Takes the newest receipt out of the list, writes it and reads it back. */
static void check_receipt(struct pipeline *p)
{
    const char *path = fuzz_file("received", "", 0);
    struct pipeline *writer = pipeline_new_empty(), *reader = pipeline_new_empty();
    struct receipt *taken = p->receipts.list[--p->receipts.count];

    FUZZ_CHECK(journal_open(path, NULL, NULL, &writer->received) == 0 &&
                   archive_open(fuzz_folder(), &writer->archive) == 0 &&
                   arrivals_open(writer, fuzz_folder()) == 0,
               "no journal");
    FUZZ_CHECK(receipt_append(writer, taken) == 0 && writer->receipts.count == 1,
               "a receipt that cannot be written");
    free(taken);
    arrivals_close(writer);
    journal_close(writer->received);
    writer->received = NULL;
    FUZZ_CHECK(journal_open(path, receipt_read, reader, &reader->received) == 0 &&
                   reader->receipts.count == 1,
               "a receipt that cannot be read back");
    const struct receipt *r = writer->receipts.list[0], *back = reader->receipts.list[0];

    FUZZ_CHECK(back->outcome == r->outcome && back->at.ms == r->at.ms &&
                   back->edition == r->edition && same_text(back->feed, r->feed) &&
                   same_text(back->name, r->name) && same_text(back->sha256, r->sha256) &&
                   same_text(back->format_digest, r->format_digest) &&
                   same_text(back->why, r->why) && same_text(back->part, r->part) &&
                   same_text(back->file, r->file) && !back->shape == !r->shape,
               "a receipt that reads back otherwise");
    pipeline_close(writer);
    pipeline_close(reader);
}

static void read_received(struct pipeline *p, uint64_t sequence, const char *json, size_t len)
{
    size_t before = p->receipts.count;
    int r = receipt_read(p, sequence, json, len);

    FUZZ_CHECK(r == 0 || r == -EBADMSG, "refused with %d", r);
    FUZZ_CHECK(p->receipts.count == before + (r == 0), "%zu receipts more",
               p->receipts.count - before);
    if (r < 0)
        return;
    const struct receipt *last = p->receipts.list[before];

    FUZZ_CHECK(last->sequence == sequence && last->feed && last->name && last->sha256 &&
                   last->format_digest,
               "a receipt without its parts");
    FUZZ_CHECK(last->edition >= 0, "an edition of %d", last->edition);
    if (!last->decides) /* others may point at a decision */
        check_receipt(p);
}

/* ---- sent ---- */

static void read_sent(struct pipeline *p, uint64_t sequence, const char *json, size_t len)
{
    int r = sent_read(p, sequence, json, len);

    FUZZ_CHECK(r == 0 || r == -EBADMSG || r == -EINVAL, "refused with %d", r);
    if (r < 0)
        return;
    size_t ids = table_count(&p->sent_ids), tells = table_count(&p->sent_tells),
           due = table_count(&p->pending);

    FUZZ_CHECK(ids + due > 0 || memmem(json, len, "\"due\"", 5) ||
                   memmem(json, len, "\"elsewhere\"", 11) || memmem(json, len, "\"direct\"", 8),
               "sent without an id");
    FUZZ_CHECK(sent_read(p, sequence, json, len) == 0 && table_count(&p->sent_ids) == ids &&
                   table_count(&p->sent_tells) == tells && table_count(&p->pending) == due,
               "read twice it is more");
}

/* ---- audit ---- */

struct lines {
    char *list[RECORDS_MAX];
    size_t count;
};

static int keep_line(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct lines *l = arg;

    (void)sequence;
    l->list[l->count] = strndup(json, len);
    FUZZ_CHECK(l->list[l->count++], "no memory");
    return 0;
}

/* The records with one byte more in the first: the second no longer follows from it. */
static void check_changed(const struct lines *l)
{
    struct pipeline *p = pipeline_new_empty();
    struct text changed = TEXT_INIT;

    FUZZ_CHECK(text_printf(&changed, " %s", l->list[0]) == 0, "no memory");
    FUZZ_CHECK(audit_read(p, 1, changed.buf, changed.len) == 0, "white space matters");
    FUZZ_CHECK(audit_read(p, 2, l->list[1], strlen(l->list[1])) == -EBADMSG,
               "a record changed is not found");
    text_release(&changed);
    pipeline_close(p);
}

static void check_audit(const char *path, const char *link)
{
    struct pipeline *p = pipeline_new_empty();
    struct lines lines = { .count = 0 };
    struct journal *j = NULL;
    int r = journal_open(path, audit_read, p, &p->audit);

    FUZZ_CHECK(r == 0 || r == -EBADMSG || r == -EINVAL, "refused with %d", r);
    if (r == 0) {
        FUZZ_CHECK(strcmp(p->audit_link, link) == 0, "the chain ends elsewhere");
        journal_close(p->audit);
        p->audit = NULL;
        FUZZ_CHECK(journal_open(path, keep_line, &lines, &j) == 0, "read once only");
        journal_close(j);
        if (lines.count > 1)
            check_changed(&lines);
    }
    for (size_t i = 0; i < lines.count; i++)
        free(lines.list[i]);
    pipeline_close(p);
}

static void write_audit(struct pipeline *p, const char *json, size_t len)
{
    json_t *record = json_loadb(json, len, 0, NULL);

    if (json_is_object(record) && journal_last(p->audit) < RECORDS_MAX)
        FUZZ_CHECK(audit_append(p, record) == 0, "a record that cannot be written");
    else
        json_decref(record);
}

/* ---- all ---- */

void fuzz_one(const char *bytes, size_t len)
{
    char letter = (char)fuzz_byte(&bytes, &len);
    struct pipeline *p = pipeline_new_empty();
    const char *path = fuzz_file("audit", "", 0);

    if (letter == 'a')
        FUZZ_CHECK(journal_open(path, NULL, NULL, &p->audit) == 0, "no journal");
    for (uint64_t sequence = 1; len > 0; sequence++) {
        const char *end = memchr(bytes, '\n', len);
        size_t n = end ? (size_t)(end - bytes) : len;

        if (letter == 'r')
            read_received(p, sequence, bytes, n);
        else if (letter == 's')
            read_sent(p, sequence, bytes, n);
        else if (letter == 'a')
            write_audit(p, bytes, n);
        n += end != NULL;
        bytes += n;
        len -= n;
    }
    if (letter == 'a') {
        journal_close(p->audit);
        p->audit = NULL;
        check_audit(path, p->audit_link);
    }
    pipeline_close(p);
}
