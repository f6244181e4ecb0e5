#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "support/failing.h"
#include "support/folder.h"
#include "support/unit.h"

static const char *const three[] = {
    "{\"feed\":\"cyp4ww\",\"rows\":19958}",
    "{\"feed\":\"chs\"}",
    "{\"feed\":\"sen2\",\"note\":\"\\u00e9\"}",
};

struct seen {
    size_t count;
    uint64_t last;
    int answer; /* what the reader returns at its second record */
};

/* Each record is the one that was written under its number. */
static int read_record(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct seen *seen = arg;

    seen->count++;
    seen->last = sequence;
    ck_assert_uint_eq(sequence, seen->count);
    if (sequence <= 3)
        ck_assert_msg(len == strlen(three[sequence - 1]) &&
                          memcmp(json, three[sequence - 1], len) == 0,
                      "record %d reads back otherwise", (int)sequence);
    return seen->count == 2 ? seen->answer : 0;
}

static int open_it(const char *path, struct seen *out_seen, struct journal **out_journal)
{
    *out_seen = (struct seen){ .answer = out_seen->answer };
    return journal_open(path, read_record, out_seen, out_journal);
}

static void put(const char *path, const char *bytes, size_t len)
{
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(file_write_all(fd, bytes, len), 0);
}

static void write_three(const char *path)
{
    struct seen seen = { 0 };
    struct journal *j = NULL;
    uint64_t sequence = 0;

    ck_assert_int_eq(open_it(path, &seen, &j), 0);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(journal_append(j, three[i], strlen(three[i]), &sequence), 0);
        ck_assert_uint_eq(sequence, i + 1);
    }
    journal_close(j);
}

/* One test's folder, with the bytes of a file of three records. */
struct ground {
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16];
    struct text whole;
};

static void ground_begin(struct ground *g)
{
    g->whole = (struct text)TEXT_INIT;
    folder_begin(g->folder);
    (void)snprintf(g->path, sizeof g->path, "%s/received", g->folder);
    write_three(g->path);
    ck_assert_int_eq(file_read(g->path, 1 << 20, &g->whole), 0);
}

static void ground_end(struct ground *g)
{
    text_release(&g->whole);
    folder_end(g->folder);
}

START_TEST(records_read_back_in_order_with_their_numbers)
{
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;
    struct stat st;

    ground_begin(&g);
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    ck_assert_uint_eq(seen.count, 3);
    ck_assert_uint_eq(journal_last(j), 3);
    journal_close(j);
    ck_assert_int_eq(stat(g.path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ground_end(&g);
}
END_TEST

START_TEST(the_line_is_checksum_sequence_and_json)
{
    /* The checksum was computed by another program over what follows its blank. */
    static const char first[] = "b2b9b7bd 1 {\"feed\":\"cyp4ww\",\"rows\":19958}\n";
    struct ground g;

    ground_begin(&g);
    ck_assert_msg(strncmp(text_str(&g.whole), first, sizeof first - 1) == 0, "%s",
                  text_str(&g.whole));
    ground_end(&g);
}
END_TEST

/* Invariants 2 and 3: whatever a crash leaves of the last record, what was synced before it stands.
 */
START_TEST(a_cut_at_any_byte_costs_only_the_record_it_cuts)
{
    struct ground g;

    ground_begin(&g);
    for (size_t cut = 0; cut <= g.whole.len; cut++) {
        struct seen seen = { 0 };
        struct journal *j = NULL;
        size_t whole_records = 0, whole_bytes = 0;
        uint64_t sequence = 0;
        struct stat st;

        for (size_t i = 0; i < cut; i++) {
            if (g.whole.buf[i] == '\n') {
                whole_records++;
                whole_bytes = i + 1;
            }
        }
        put(g.path, g.whole.buf, cut);
        ck_assert_msg(open_it(g.path, &seen, &j) == 0, "cut at %zu", cut);
        ck_assert_msg(seen.count == whole_records, "cut at %zu: %zu records", cut, seen.count);
        /* The tail is gone, so the next record stands on a line of its own. */
        ck_assert_int_eq(stat(g.path, &st), 0);
        ck_assert_uint_eq((size_t)st.st_size, whole_bytes);
        ck_assert_int_eq(journal_append(j, three[whole_records % 3],
                                        strlen(three[whole_records % 3]), &sequence),
                         0);
        ck_assert_uint_eq(sequence, whole_records + 1);
        journal_close(j);
        ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
        ck_assert_uint_eq(seen.count, whole_records + 1);
        journal_close(j);
    }
    ground_end(&g);
}
END_TEST

/* Row F20. A line with its end was told as written, the last one too. */
START_TEST(a_flipped_bit_anywhere_is_found_also_in_the_last_record)
{
    struct ground g;

    ground_begin(&g);
    for (size_t bit = 0; bit < g.whole.len * 8; bit++) {
        struct seen seen = { 0 };
        struct journal *j = NULL;
        char *bytes = g.whole.buf;

        bytes[bit / 8] ^= (char)(1 << bit % 8);
        put(g.path, bytes, g.whole.len);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        ck_assert_msg(open_it(g.path, &seen, &j) == -EBADMSG, "bit %zu of byte %zu: %zu records",
                      bit % 8, bit / 8, seen.count);
    }
    ground_end(&g);
}
END_TEST

/* A machine that dies may have a later sector of one record on its disk and an earlier one not. */
START_TEST(a_sector_that_was_never_written_costs_the_last_record_and_no_other)
{
    struct ground g;
    char json[2000];
    uint64_t sequence = 0;

    ground_begin(&g);
    memset(json, 'x', sizeof json);
    for (size_t records = 4; records <= 5; records++) {
        struct journal *j = NULL;

        ck_assert_int_eq(journal_open(g.path, NULL, NULL, &j), 0);
        ck_assert_int_eq(journal_append(j, json, sizeof json, &sequence), 0);
        journal_close(j);
    }
    text_clear(&g.whole);
    ck_assert_int_eq(file_read(g.path, 1 << 20, &g.whole), 0);
    size_t first_end =
        (size_t)((char *)memchr(strstr(g.whole.buf, "xxx"), '\n', 2100) - g.whole.buf);

    for (size_t sector = 512; sector + 512 < g.whole.len; sector += 512) {
        struct journal *j = NULL;
        AUTO(auto_free) char *bytes = malloc(g.whole.len);

        if (sector <= first_end && first_end < sector + 512)
            continue; /* with the line end of the fourth: nothing tells them from one record */

        ck_assert_ptr_nonnull(bytes);
        memcpy(bytes, g.whole.buf, g.whole.len);
        memset(bytes + sector, 0, 512);
        put(g.path, bytes, g.whole.len);
        int r = journal_open(g.path, NULL, NULL, &j);

        if (sector > first_end)
            ck_assert_msg(r == 0 && journal_last(j) == 4, "sector %zu: %d", sector, r);
        else
            ck_assert_msg(r == -EBADMSG, "sector %zu: %d", sector, r);
        journal_close(r == 0 ? j : NULL);
    }
    ground_end(&g);
}
END_TEST

static const struct {
    const char *why, *bytes;
} damages[] = {
    { "an empty line inside", "\n@1@\n" },
    { "a sequence that begins at 2", "@2@\n" },
    { "a sequence told twice", "@1@\n@1@\n" },
    { "a number left out", "@1@\n@3@\n" },
    { "a record with junk in place of its line end", "@1@\n@2@#" },
    { "capitals in the checksum", "@A@\n@1@\n" },
    { "a checksum alone", "@1@\nb2b9b7bd\n" },
    { "less than a checksum", "@1@\nb2b9\n" },
    /* Each checksum, by another program, is that of what follows it. */
    { "a number alone", "4f5344cd 12\n" },
    { "no number", "a3a6bf43 {}\n" },
    { "a sign below the digits in place of a number", "05a394be /2 {}\n" },
    { "a number without its blank", "@1@\nc3fb7b62 2x{}\n" },
    { "a number of twenty digits", "58d0532f 11111111111111111111 {}\n" },
};

/* "@N@" is record N of `three`, "@A@" the first with its checksum in capitals. */
static void expand(const struct ground *g, const char *pattern, struct text *out_bytes)
{
    for (const char *at = pattern; *at; at++) {
        const char *line = text_str(&g->whole);

        if (*at != '@') {
            (void)text_putc(out_bytes, *at);
            continue;
        }
        for (char n = '1'; n < at[1] && at[1] != 'A'; n++)
            line = strchr(line, '\n') + 1;
        size_t start = out_bytes->len;

        (void)text_add(out_bytes, line, (size_t)(strchr(line, '\n') - line));
        for (size_t i = start; at[1] == 'A' && i < start + 8; i++)
            out_bytes->buf[i] =
                (char)(out_bytes->buf[i] >= 'a' ? out_bytes->buf[i] - 32 : out_bytes->buf[i]);
        at += 2;
    }
}

START_TEST(damage_inside_is_an_error_and_the_file_is_left_alone)
{
    AUTO(text_release) struct text bytes = TEXT_INIT, after = TEXT_INIT;
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;

    ground_begin(&g);
    expand(&g, damages[_i].bytes, &bytes);
    put(g.path, bytes.buf, bytes.len);
    ck_assert_msg(open_it(g.path, &seen, &j) == -EBADMSG, "%s", damages[_i].why);
    ck_assert_ptr_null(j);
    ck_assert_int_eq(file_read(g.path, 1 << 20, &after), 0);
    ck_assert_uint_eq(after.len, bytes.len);
    ground_end(&g);
}
END_TEST

START_TEST(a_reader_that_refuses_stops_the_opening)
{
    struct ground g;
    struct journal *j = NULL;

    ground_begin(&g);
    for (int answer = -5; answer <= 5; answer += 2) {
        struct seen seen = { .answer = answer };

        ck_assert_int_eq(open_it(g.path, &seen, &j), answer);
        ck_assert_uint_eq(seen.count, 2);
        ck_assert_ptr_null(j);
    }
    ground_end(&g);
}
END_TEST

static const struct {
    const char *why, *json;
    size_t len;
    int result;
} refusals[] = {
    { "nothing", "", 0, -EINVAL },
    { "a line end inside", "{\"a\":\n1}", 8, -EINVAL },
    { "more than 16 MiB", NULL, (16u << 20) + 1, -EFBIG },
    { "exactly 16 MiB", NULL, 16u << 20, 0 },
};

START_TEST(a_record_is_one_line_of_at_most_16_mib)
{
    AUTO(auto_free) char *long_one = NULL;
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;
    const char *json = refusals[_i].json;

    ground_begin(&g);
    if (!json) {
        long_one = malloc(refusals[_i].len);
        ck_assert_ptr_nonnull(long_one);
        json = memset(long_one, 'x', refusals[_i].len);
    }
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    ck_assert_msg(journal_append(j, json, refusals[_i].len, NULL) == refusals[_i].result, "%s",
                  refusals[_i].why);
    journal_close(j);
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    ck_assert_uint_eq(seen.count, refusals[_i].result == 0 ? 4 : 3);
    journal_close(j);
    ground_end(&g);
}
END_TEST

START_TEST(many_records_cross_the_reading_buffer)
{
    char json[5001], folder[FOLDER_MAX], path[FOLDER_MAX + 16];
    struct seen seen = { .count = 0 };
    struct journal *j = NULL;
    int r = 0;

    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/audit", folder);
    write_three(path);
    ck_assert_int_eq(open_it(path, &seen, &j), 0);
    memset(json, 'y', sizeof json);
    for (size_t i = 3; i < 100 && r == 0; i++)
        r = journal_append(j, json, 1 + (i * 997) % 5000, NULL);
    ck_assert_int_eq(r, 0);
    journal_close(j);
    ck_assert_int_eq(open_it(path, &seen, &j), 0);
    ck_assert_uint_eq(seen.count, 100);
    journal_close(j);
    folder_end(folder);
}
END_TEST

START_TEST(one_journal_has_one_writer)
{
    struct ground g;
    struct seen seen = { 0 };
    struct journal *first = NULL, *second = NULL;

    ground_begin(&g);
    ck_assert_int_eq(open_it(g.path, &seen, &first), 0);
    ck_assert_int_eq(open_it(g.path, &seen, &second), -EBUSY);
    journal_close(first);
    ck_assert_int_eq(open_it(g.path, &seen, &second), 0);
    journal_close(second);
    ground_end(&g);
}
END_TEST

/* A full disk, by a limit on the file's size: the record is not told as written, and none is torn.
 */
START_TEST(an_append_that_does_not_fit_leaves_the_synced_records)
{
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;
    struct rlimit before, small;

    ground_begin(&g);
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = g.whole.len + 5;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    int r = journal_append(j, three[0], strlen(three[0]), NULL);

    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(r, -EFBIG);
    ck_assert_uint_eq(journal_last(j), 3);
    ck_assert_int_eq(journal_append(j, three[0], strlen(three[0]), NULL), 0);
    journal_close(j);
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    ck_assert_uint_eq(seen.count, 4);
    journal_close(j);
    ground_end(&g);
}
END_TEST

START_TEST(a_journal_is_a_regular_file)
{
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16], other[FOLDER_MAX + 16];
    struct seen seen = { 0 };
    struct journal *j = NULL;

    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/sent", folder);
    (void)snprintf(other, sizeof other, "%s/other", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(open_it(path, &seen, &j), -EINVAL);
    ck_assert_int_eq(unlink(path), 0);
    put(other, "", 0);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_int_eq(open_it(path, &seen, &j), -ELOOP);
    ck_assert_int_eq(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/none/sent", folder);
    ck_assert_int_eq(open_it(path, &seen, &j), -ENOENT);
    ck_assert_ptr_null(j);
    folder_end(folder);
}
END_TEST

/* The prefix of a cut record whose bytes so far happen to have the checksum that the record was to have. */
START_TEST(a_cut_record_is_whole_only_with_its_number_and_blank)
{
    static const char tail[] = "1ad5be0d 2 {\"fe"; /* the checksum of "2" */
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;
    AUTO(text_release) struct text bytes = TEXT_INIT;

    ground_begin(&g);
    expand(&g, "@1@\n", &bytes);
    (void)text_puts(&bytes, tail);
    put(g.path, bytes.buf, bytes.len);
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    ck_assert_uint_eq(seen.count, 1);
    journal_close(j);
    ground_end(&g);
}
END_TEST

/* What lacks_sector() takes for a sector never written is more than one flipped byte. */
START_TEST(a_zero_that_stands_alone_in_its_sector_is_damage)
{
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16], json[513 - 11];
    AUTO(text_release) struct text bytes = TEXT_INIT;
    struct journal *j = NULL;

    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/received", folder);
    memset(json, 'x', sizeof json);
    ck_assert_int_eq(journal_open(path, NULL, NULL, &j), 0);
    ck_assert_int_eq(journal_append(j, json, sizeof json, NULL), 0);
    journal_close(j);
    ck_assert_int_eq(file_read(path, 1 << 20, &bytes), 0);
    ck_assert_uint_eq(bytes.len, 514); /* the last byte of the record begins the second sector */
    bytes.buf[512] = '\0';
    put(path, bytes.buf, bytes.len);
    ck_assert_int_eq(journal_open(path, NULL, NULL, &j), -EBADMSG);
    folder_end(folder);
}
END_TEST

START_TEST(a_line_longer_than_any_record_is_damage_and_not_read_to_its_end)
{
    const size_t len = 40u << 20;
    AUTO(auto_free) char *bytes = malloc(len);
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'x', len);
    ground_begin(&g);
    put(g.path, bytes, len);
    failing_begin("pread", 10, 1000, EIO); /* its buffer doubles: 9 readings reach 32 MiB */
    ck_assert_int_eq(open_it(g.path, &seen, &j), -EBADMSG);
    (void)failing_end();
    ground_end(&g);
}
END_TEST

START_TEST(walking_reads_up_to_an_append_under_way_and_leaves_it)
{
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;
    struct stat st;

    ground_begin(&g);
    ck_assert_int_eq(truncate(g.path, (off_t)g.whole.len - 2), 0);
    ck_assert_int_eq(journal_open(g.path, NULL, NULL, &j), 0); /* its writer cuts the tail */
    ck_assert_int_eq(journal_append(j, three[2], strlen(three[2]), NULL), 0);
    ck_assert_int_eq(truncate(g.path, (off_t)g.whole.len - 2), 0);
    ck_assert_int_eq(journal_walk(g.path, read_record, &seen), 0);
    ck_assert_uint_eq(seen.count, 2);
    ck_assert_int_eq(stat(g.path, &st), 0);
    ck_assert_uint_eq((size_t)st.st_size, g.whole.len - 2);
    journal_close(j);
    ck_assert_int_eq(unlink(g.path), 0);
    ck_assert_int_eq(journal_walk(g.path, read_record, &seen), -ENOENT);
    journal_close(NULL);
    ground_end(&g);
}
END_TEST

/* What is opened: nothing yet, three records, the third of them cut, or bytes of it changed. */
enum stand { NEW, WHOLE, CUT, CHANGED };

static const struct {
    const char *why, *calls;
    long nth;
    int error;
    enum stand stand;
    int result;
} openings[] = {
    { "the new file's sync", "fsync", 1, EIO, NEW, -EIO },
    { "its folder's sync", "fsync", 2, EIO, NEW, -ENOTRECOVERABLE },
    { "what kind of file it is", "fstat", 1, EIO, WHOLE, -EIO },
    { "the lock, for another reason than a holder", "flock", 1, ENOLCK, WHOLE, -ENOLCK },
    { "reading", "pread", 1, EIO, WHOLE, -EIO },
    { "reading on", "pread", 2, EIO, WHOLE, -EIO },
    { "reading, interrupted", "pread", 1, EINTR, WHOLE, 0 },
    { "reading whether anything follows a bad line", "pread", 2, EIO, CHANGED, -EIO },
    { "cutting the tail", "ftruncate", 1, EIO, CUT, -EIO },
    { "the sync of the cut", "fsync", 1, EIO, CUT, -EIO },
    { "memory for the journal", FAILING_ALLOCATIONS, 1, ENOMEM, WHOLE, -ENOMEM },
    { "memory for reading", FAILING_ALLOCATIONS, 2, ENOMEM, WHOLE, -ENOMEM },
};

START_TEST(a_call_that_fails_while_opening_costs_no_synced_record)
{
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;
    enum stand stand = openings[_i].stand;

    log_set_level(LOG_LEVEL_ERROR);
    ground_begin(&g);
    if (stand == NEW)
        ck_assert_int_eq(unlink(g.path), 0);
    if (stand == CUT)
        ck_assert_int_eq(truncate(g.path, (off_t)g.whole.len - 2), 0);
    if (stand == CHANGED)
        g.whole.buf[g.whole.len - 3] ^= 1;
    if (stand == CHANGED)
        put(g.path, g.whole.buf, g.whole.len);
    failing_begin(openings[_i].calls, openings[_i].nth, 1, openings[_i].error);
    int r = open_it(g.path, &seen, &j);

    if (failing_end() == 0)
        ck_assert_msg(openings[_i].error == ENOMEM, "%s: no such call", openings[_i].why);
    else
        ck_assert_msg(r == openings[_i].result, "%s: %d", openings[_i].why, r);
    journal_close(j);
    j = NULL;
    r = open_it(g.path, &seen, &j);
    ck_assert_int_eq(r, stand == CHANGED ? -EBADMSG : 0);
    ck_assert_uint_eq(seen.count, stand == NEW ? 0 : stand == WHOLE ? 3 : 2);
    journal_close(j);
    ground_end(&g);
}
END_TEST

static const struct {
    const char *why, *calls;
    long first, times;
    int error, result;
    bool for_ever; /* until it is opened again */
    size_t after;  /* records that the next opening finds */
} appends[] = {
    { "a full disk", "pwrite", 1, 1, ENOSPC, -ENOSPC, false, 3 },
    { "a write that cannot be taken back", "pwrite ftruncate", 1, 2, EIO, -ENOTRECOVERABLE, true,
      3 },
    /* The bytes are in the file: whether on the disk nobody knows, so it was not told as written. */
    { "the sync", "fdatasync", 1, 1, EIO, -ENOTRECOVERABLE, true, 4 },
    { "memory for number and record", FAILING_ALLOCATIONS, 1, 1, ENOMEM, -ENOMEM, false, 3 },
    { "memory for the line", FAILING_ALLOCATIONS, 2, 1, ENOMEM, -ENOMEM, false, 3 },
};

START_TEST(a_call_that_fails_while_appending_is_told_and_tears_nothing)
{
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;
    uint64_t sequence = 77;

    ground_begin(&g);
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    failing_begin(appends[_i].calls, appends[_i].first, appends[_i].times, appends[_i].error);
    int r = journal_append(j, three[0], strlen(three[0]), &sequence);

    if (failing_end() == appends[_i].times) {
        ck_assert_msg(r == appends[_i].result, "%s: %d", appends[_i].why, r);
        ck_assert_uint_eq(sequence, 77);
        ck_assert_uint_eq(journal_last(j), 3);
        r = journal_append(j, three[0], strlen(three[0]), &sequence);
        ck_assert_msg(r == (appends[_i].for_ever ? -ENOTRECOVERABLE : 0), "%s: then %d",
                      appends[_i].why, r);
        journal_close(j);
        ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
        ck_assert_uint_eq(seen.count, appends[_i].for_ever ? appends[_i].after : 4);
    } else {
        ck_assert_msg(appends[_i].error == ENOMEM, "%s: no such call", appends[_i].why);
    }
    journal_close(j);
    ground_end(&g);
}
END_TEST

static const struct {
    const char *why;
    bool is_written, is_written_beside;
    long failing, syncs;
    int result;
} syncs[] = {
    { "nothing is due", false, false, 0, 0, 0 },
    { "one is due", true, false, 0, 1, 0 },
    { "the other is due", false, true, 0, 1, 0 },
    { "both are due", true, true, 0, 2, 0 },
    { "the one fails", true, false, 1, 1, -ENOTRECOVERABLE },
    { "the other fails", false, true, 1, 1, -ENOTRECOVERABLE },
    { "the first of both fails", true, true, 1, 2, -ENOTRECOVERABLE },
    { "the second of both fails", true, true, 2, 2, -ENOTRECOVERABLE },
};

START_TEST(what_two_journals_wrote_is_synced_once_and_together_or_told)
{
    struct ground g, beside;
    struct seen seen = { 0 };
    struct journal *j = NULL, *k = NULL;
    uint64_t sequence = 77;

    ground_begin(&g);
    ground_begin(&beside);
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    ck_assert_int_eq(open_it(beside.path, &seen, &k), 0);
    /* A call past the last: all are counted, and none fails that should not. */
    failing_begin("fdatasync", syncs[_i].failing ? syncs[_i].failing : 9, 1, EIO);
    for (size_t n = 0; n < 2 && syncs[_i].is_written; n++) /* two records, one sync */
        ck_assert_int_eq(journal_write(j, three[0], strlen(three[0]), &sequence), 0);
    if (syncs[_i].is_written_beside)
        ck_assert_int_eq(journal_write(k, three[0], strlen(three[0]), &sequence), 0);
    ck_assert_int_eq(failing.seen, 0);
    ck_assert_msg(journal_sync(j, k) == syncs[_i].result, "%s", syncs[_i].why);
    ck_assert_msg(failing.seen == syncs[_i].syncs, "%s: %d", syncs[_i].why, (int)failing.seen);
    if (syncs[_i].result == 0) { /* once */
        ck_assert_int_eq(journal_sync(j, k), 0);
        ck_assert_int_eq(failing.seen, syncs[_i].syncs);
        ck_assert_uint_eq(journal_last(j), syncs[_i].is_written ? 5 : 3);
    }
    ck_assert_int_eq(failing_end(), syncs[_i].failing ? 1 : 0);
    journal_close(j);
    journal_close(k);
    ground_end(&g);
    ground_end(&beside);
}
END_TEST

static const struct {
    const char *why;
    bool is_written_since, is_failing;
    int written_since, result;
    long syncs;
} begun[] = {
    { "what was begun is not synced again", false, false, 0, 0, 1 },
    { "what was written since is", true, false, 0, 0, 2 },
    { "what was begun fails", false, true, 0, -ENOTRECOVERABLE, 1 },
    { "nothing more goes into it then", true, true, -ENOTRECOVERABLE, -ENOTRECOVERABLE, 1 },
};

START_TEST(a_sync_that_was_begun_is_waited_for_before_anything_rests_on_it)
{
    struct ground g;
    struct seen seen = { 0 };
    struct journal *j = NULL;
    uint64_t sequence = 77;

    ground_begin(&g);
    ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
    failing_begin("fdatasync", begun[_i].is_failing ? 1 : 9, 1, EIO);
    ck_assert_int_eq(journal_write(j, three[0], strlen(three[0]), NULL), 0);
    journal_sync_begin(j);
    journal_sync_begin(j); /* once */
    if (begun[_i].is_written_since)
        ck_assert_int_eq(journal_write(j, three[0], strlen(three[0]), &sequence),
                         begun[_i].written_since);
    ck_assert_msg(journal_sync(j, NULL) == begun[_i].result, "%s", begun[_i].why);
    ck_assert_msg(failing.seen == begun[_i].syncs, "%s: %d", begun[_i].why, (int)failing.seen);
    if (begun[_i].result == 0) { /* by the thread that is there */
        ck_assert_int_eq(journal_write(j, three[0], strlen(three[0]), NULL), 0);
        journal_sync_begin(j);
        ck_assert_int_eq(journal_sync(j, NULL), 0);
        ck_assert_int_eq(failing.seen, begun[_i].syncs + 1);
    }
    ck_assert_int_eq(failing_end(), begun[_i].is_failing ? 1 : 0);
    journal_close(j);
    ground_end(&g);
}
END_TEST

START_TEST(a_journal_that_was_emptied_begins_anew_or_takes_nothing_more)
{
    static const char *const calls[] = { NULL, "ftruncate", "fsync" };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct ground g;
        struct seen seen = { 0 };
        struct journal *j = NULL;
        uint64_t sequence = 77;

        ground_begin(&g);
        ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
        ck_assert_int_eq(journal_size(j), (off_t)g.whole.len);
        if (calls[i])
            failing_begin(calls[i], 1, 1, EIO);
        int r = journal_clear(j);

        ck_assert(!calls[i] || failing_end() == 1);
        ck_assert_int_eq(r, calls[i] ? -ENOTRECOVERABLE : 0);
        r = journal_append(j, three[0], strlen(three[0]), &sequence);
        ck_assert_int_eq(r, calls[i] ? -ENOTRECOVERABLE : 0);
        ck_assert_uint_eq(sequence, calls[i] ? 77 : 1);
        journal_close(j);
        ck_assert_int_eq(open_it(g.path, &seen, &j), 0);
        ck_assert(calls[i] || (seen.count == 1 && journal_size(j) > 0));
        journal_close(j);
        ground_end(&g);
    }
}
END_TEST

/* Stops before its third record. */
static int refuse_third(void *arg, uint64_t sequence, const char *json, size_t len)
{
    (void)json;
    (void)len;
    return sequence == 3 ? 1 : (sequence == 1 ? *(int *)arg : 0);
}

START_TEST(a_copy_ends_before_the_first_record_that_is_not_wanted)
{
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16], copy[FOLDER_MAX + 16];
    struct seen seen = { 0 };
    struct journal *j = NULL;
    int answer = 0;

    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/journal", folder);
    (void)snprintf(copy, sizeof copy, "%s/copy", folder);
    write_three(path);
    put(copy, "old", 3);
    ck_assert_int_eq(journal_copy(path, copy, refuse_third, &answer), 0);
    ck_assert_int_eq(open_it(copy, &seen, &j), 0);
    ck_assert_uint_eq(seen.count, 2);
    journal_close(j);
    answer = -ENOMEM;
    ck_assert_int_eq(journal_copy(path, copy, refuse_third, &answer), -ENOMEM);
    (void)snprintf(path, sizeof path, "%s/none", folder);
    ck_assert_int_eq(journal_copy(path, copy, refuse_third, &answer), -ENOENT);
    folder_end(folder);
}
END_TEST

UNIT_MAIN("journal", UNIT_TEST(records_read_back_in_order_with_their_numbers),
          UNIT_TEST(the_line_is_checksum_sequence_and_json),
          UNIT_TEST(a_copy_ends_before_the_first_record_that_is_not_wanted),
          UNIT_TEST(a_journal_that_was_emptied_begins_anew_or_takes_nothing_more),
          UNIT_TEST(a_cut_at_any_byte_costs_only_the_record_it_cuts),
          UNIT_TEST(a_flipped_bit_anywhere_is_found_also_in_the_last_record),
          UNIT_TEST(a_sector_that_was_never_written_costs_the_last_record_and_no_other),
          UNIT_ROWS(damage_inside_is_an_error_and_the_file_is_left_alone, damages),
          UNIT_TEST(a_reader_that_refuses_stops_the_opening),
          UNIT_ROWS(a_record_is_one_line_of_at_most_16_mib, refusals),
          UNIT_TEST(many_records_cross_the_reading_buffer), UNIT_TEST(one_journal_has_one_writer),
          UNIT_TEST(an_append_that_does_not_fit_leaves_the_synced_records),
          UNIT_TEST(a_journal_is_a_regular_file),
          UNIT_TEST(a_cut_record_is_whole_only_with_its_number_and_blank),
          UNIT_TEST(a_zero_that_stands_alone_in_its_sector_is_damage),
          UNIT_TEST(a_line_longer_than_any_record_is_damage_and_not_read_to_its_end),
          UNIT_TEST(walking_reads_up_to_an_append_under_way_and_leaves_it),
          UNIT_ROWS(a_call_that_fails_while_opening_costs_no_synced_record, openings),
          UNIT_ROWS(a_call_that_fails_while_appending_is_told_and_tears_nothing, appends),
          UNIT_ROWS(what_two_journals_wrote_is_synced_once_and_together_or_told, syncs),
          UNIT_ROWS(a_sync_that_was_begun_is_waited_for_before_anything_rests_on_it, begun))
