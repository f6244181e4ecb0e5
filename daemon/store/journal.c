#include "store/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "store/syncer.h"

#define RECORD_MAX_BYTES (16u << 20) /* JSON of one record */
#define PREFIX_MAX_BYTES 32          /* checksum, blank, sequence of up to 20 digits, blank */
#define LINE_MAX_BYTES   (RECORD_MAX_BYTES + PREFIX_MAX_BYTES)
#define CRC_TEXT_BYTES   8
#define READ_BYTES       (64u << 10)
#define SECTOR_BYTES     512 /* what a disk writes whole or not at all */

struct journal {
    int fd;
    uint64_t last, synced; /* records written, and those that are synced */
    off_t end;             /* of the last record written */
    bool is_broken;        /* what is on the disk is no longer known: replay before trusting it */
    bool is_syncing;       /* the records up to .syncing, by .syncer */
    uint64_t syncing;
    struct syncer *syncer;
};

/* CRC-32 of IEEE 802.3, as zlib has it. */
static uint32_t crc32_on(uint32_t crc, const char *bytes, size_t len)
{
    return (uint32_t)crc32_z(crc, (const Bytef *)bytes, len);
}

/* Exactly eight lower-case hex digits, so that no flipped bit gives the same number. */
static bool parse_crc(const char *text, size_t len, uint32_t *out_crc)
{
    uint32_t crc = 0;

    if (len < CRC_TEXT_BYTES)
        return false;
    for (size_t i = 0; i < CRC_TEXT_BYTES; i++) {
        char c = text[i];

        if (c >= '0' && c <= '9')
            crc = crc << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            crc = crc << 4 | (uint32_t)(c - 'a' + 10);
        else
            return false;
    }
    *out_crc = crc;
    return true;
}

struct record {
    uint64_t sequence;
    const char *json;
    size_t len;
};

/* A line without its line end. False: its checksum or shape is wrong. */
static bool parse_line(const char *line, size_t len, struct record *out_record)
{
    uint32_t crc;
    uint64_t sequence = 0;
    size_t at = CRC_TEXT_BYTES + 1, digits = 0;

    if (!parse_crc(line, len, &crc) || len <= at || line[CRC_TEXT_BYTES] != ' ')
        return false;
    if (crc32_on(0, line + at, len - at) != crc)
        return false;
    for (; at < len && line[at] >= '0' && line[at] <= '9' && digits < 19; at++, digits++)
        sequence = sequence * 10 + (uint64_t)(line[at] - '0');
    if (digits == 0 || at >= len || line[at] != ' ')
        return false;
    *out_record = (struct record){ sequence, line + at + 1, len - at - 1 };
    return true;
}

/*
 * Whether bad bytes begin with a whole record that lacks only its line end. An append cut short
 * ends with the cut, so bytes after a whole record mean that a line end was changed: damage.
 */
static bool holds_whole_record(const char *bytes, size_t len)
{
    uint32_t wanted, crc = 0;

    if (!parse_crc(bytes, len, &wanted) || len <= CRC_TEXT_BYTES)
        return false;
    for (size_t i = CRC_TEXT_BYTES + 1; i + 1 < len; i++) {
        struct record record;

        crc = crc32_on(crc, bytes + i, 1);
        if (crc == wanted && parse_line(bytes, i + 1, &record))
            return true;
    }
    return false;
}

/*
 * Whether a line with its line end was never written whole. One write of one record leaves a prefix
 * of it when the process dies; only when the machine does may a later sector be on the disk and an
 * earlier one not: then that one holds zeros. No record holds them, and no single flipped bit makes
 * two beside each other. Any other line with its end was synced, and told as written: damage.
 */
static bool lacks_sector(const char *line, size_t len, off_t offset)
{
    for (size_t at = 0; at < len;) {
        size_t in_sector = SECTOR_BYTES - (size_t)((offset + (off_t)at) % SECTOR_BYTES);
        size_t n = in_sector < len - at ? in_sector : len - at, zeros = 0;

        while (zeros < n && line[at + zeros] == '\0')
            zeros++;
        if (n > 1 && zeros == n)
            return true;
        at += n;
    }
    return false;
}

/* The file read in pieces: never more in memory than one line and one piece. */
struct reading {
    struct journal *journal;
    const char *path;
    journal_reader *reader;
    void *arg;
    char *buf;
    size_t len, cap;
    off_t offset;      /* in the file, of buf[0] */
    bool is_cut;       /* a torn tail was found and removed: nothing follows */
    bool is_only_read; /* the tail may be an append under way: left as it is */
};

static int damaged(const struct reading *reading, off_t offset, const char *what)
{
    log_error("journal", "file=%s offset=%jd damaged: %s", reading->path, (intmax_t)offset, what);
    return -EBADMSG;
}

/* More bytes into the buffer. Returns their number, 0 at the end of the file, or -errno. */
static ssize_t read_more(struct reading *reading)
{
    if (reading->cap - reading->len < READ_BYTES) {
        size_t cap = reading->cap == 0 ? 2 * READ_BYTES : 2 * reading->cap;
        char *grown = realloc(reading->buf, cap);

        if (!grown)
            return -ENOMEM;
        reading->buf = grown;
        reading->cap = cap;
    }
    for (;;) {
        ssize_t n = pread(reading->journal->fd, reading->buf + reading->len,
                          reading->cap - reading->len, reading->offset + (off_t)reading->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        reading->len += (size_t)n;
        return n;
    }
}

/* Whether any byte follows the first `used` of the buffer: 1, 0 or -errno. */
static int has_more(struct reading *reading, size_t used)
{
    ssize_t n = 1;

    if (reading->len == used)
        n = read_more(reading);
    return n < 0 ? (int)n : n > 0;
}

static int cut_tail(struct reading *reading, off_t offset, size_t len)
{
    if (reading->is_only_read) {
        reading->is_cut = true;
        return 0;
    }
    if (holds_whole_record(reading->buf + (offset - reading->offset), len))
        return damaged(reading, offset, "a whole record without its line end");
    log_warning("journal", "file=%s offset=%jd bytes=%zu torn tail cut", reading->path,
                (intmax_t)offset, len);
    if (ftruncate(reading->journal->fd, offset) < 0 || fsync(reading->journal->fd) < 0)
        return -errno;
    reading->is_cut = true;
    return 0;
}

/* Hands on every whole line in the buffer. Returns 0, -errno, or what the reader returned. */
static int read_lines(struct reading *reading)
{
    struct journal *j = reading->journal;
    size_t start = 0;
    int r = 0;

    while (r == 0) {
        char *end = memchr(reading->buf + start, '\n', reading->len - start);
        struct record record;

        if (!end)
            break;
        size_t len = (size_t)(end - (reading->buf + start));
        off_t offset = reading->offset + (off_t)start;

        if (!parse_line(reading->buf + start, len, &record)) {
            bool unwritten = lacks_sector(reading->buf + start, len, offset);

            r = has_more(reading, start + len + 1); /* may move the buffer */
            if (r > 0 || (r == 0 && !unwritten))
                return damaged(reading, offset, "checksum does not match");
            return r < 0 ? r : cut_tail(reading, offset, len + 1);
        }
        if (record.sequence != j->last + 1)
            return damaged(reading, offset, "sequence number is not the next");
        start += len + 1;
        j->last = record.sequence;
        j->end = reading->offset + (off_t)start;
        if (reading->reader)
            r = reading->reader(reading->arg, record.sequence, record.json, record.len);
    }
    memmove(reading->buf, reading->buf + start, reading->len - start);
    reading->len -= start;
    reading->offset += (off_t)start;
    return r;
}

static int replay(struct journal *j, const char *path, bool is_only_read, journal_reader *reader,
                  void *arg)
{
    struct reading reading = {
        .journal = j, .path = path, .reader = reader, .arg = arg, .is_only_read = is_only_read
    };
    ssize_t n;
    int r = 0;

    while (r == 0 && !reading.is_cut && (n = read_more(&reading)) != 0) {
        if (n < 0) {
            r = (int)n;
            break;
        }
        r = read_lines(&reading);
        if (r == 0 && !reading.is_cut && reading.len > LINE_MAX_BYTES)
            r = damaged(&reading, reading.offset, "a line is longer than any record");
    }
    if (r == 0 && !reading.is_cut && reading.len > 0)
        r = cut_tail(&reading, reading.offset, reading.len);
    free(reading.buf);
    return r;
}

static int open_file(struct journal *j, const char *path)
{
    struct stat st;

    j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
    if (j->fd < 0 || fstat(j->fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    /* Two writers would break every invariant. */
    if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    if (st.st_size > 0)
        return 0;
    /* New, or left by a crash between its creation and these two lines. */
    if (fsync(j->fd) < 0)
        return -errno;
    return folder_sync_parent(path);
}

int journal_open(const char *path, journal_reader *reader, void *arg, struct journal **out_journal)
{
    struct journal *j = calloc(1, sizeof *j);
    int r;

    assert(path && out_journal);
    if (!j)
        return -ENOMEM;
    r = open_file(j, path);
    if (r == 0)
        r = replay(j, path, false, reader, arg);
    if (r != 0) {
        journal_close(j);
        return r;
    }
    j->synced = j->last;
    *out_journal = j;
    return 0;
}

int journal_walk(const char *path, journal_reader *reader, void *arg)
{
    struct journal j = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) };
    int r = j.fd < 0 ? -errno : replay(&j, path, true, reader, arg);

    fd_close(&j.fd);
    return r;
}

/* A record as it stands in a file. Returns 0 or -errno. */
static int line_of(uint64_t sequence, const char *json, size_t len, struct text *out_line)
{
    AUTO(text_release) struct text rest = TEXT_INIT;

    (void)text_printf(&rest, "%" PRIu64 " ", sequence);
    (void)text_add(&rest, json, len);
    if (!text_ok(&rest))
        return rest.error;
    (void)text_printf(out_line, "%08" PRIx32 " ", crc32_on(0, rest.buf, rest.len));
    (void)text_add(out_line, rest.buf, rest.len);
    (void)text_putc(out_line, '\n');
    return text_ok(out_line) ? 0 : out_line->error;
}

struct copying {
    int fd;
    journal_reader *reader;
    void *arg;
    bool is_over;
};

static int copy_record(void *arg, uint64_t sequence, const char *json, size_t len)
{
    AUTO(text_release) struct text line = TEXT_INIT;
    struct copying *c = arg;
    int r = c->is_over ? 1 : c->reader(c->arg, sequence, json, len);

    if (r != 0) {
        c->is_over = r > 0;
        return r;
    }
    r = line_of(sequence, json, len, &line);
    return r < 0 ? r : file_write_all(c->fd, line.buf, line.len);
}

int journal_copy(const char *from, const char *to, journal_reader *reader, void *arg)
{
    AUTO(fd_close)
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct copying c = { fd, reader, arg, false };

    assert(reader);
    if (fd < 0)
        return -errno;
    int r = journal_walk(from, copy_record, &c);

    return c.is_over ? 0 : r;
}

/* The records up to `last` were synced, or nobody knows. */
static void note_synced(struct journal *j, uint64_t last, int r)
{
    if (r == 0) {
        j->synced = last;
        return;
    }
    j->is_broken = true; /* never tried again: a second sync may succeed without the bytes */
    j->last = j->synced;
}

static bool is_unsynced(const struct journal *j)
{
    return j && !j->is_broken && j->synced != j->last;
}

void journal_sync_begin(struct journal *j)
{
    if (!is_unsynced(j) || j->is_syncing)
        return;
    j->syncing = j->last;
    j->is_syncing = syncer_begin(&j->syncer, j->fd);
}

/* Waits for what was begun. */
static void sync_end(struct journal *j)
{
    if (!j || !j->is_syncing)
        return;
    j->is_syncing = false;
    note_synced(j, j->syncing, syncer_end(j->syncer));
}

static void sync_one(struct journal *j)
{
    sync_end(j);
    if (is_unsynced(j))
        note_synced(j, j->last, syncer_now(j->fd));
}

int journal_write(struct journal *j, const char *json, size_t len, uint64_t *out_sequence)
{
    AUTO(text_release) struct text line = TEXT_INIT;
    int r;

    assert(j && json);
    if (len == 0 || memchr(json, '\n', len))
        return -EINVAL;
    if (len > RECORD_MAX_BYTES)
        return -EFBIG;
    sync_end(j); /* where that failed nothing more goes into it */
    if (j->is_broken)
        return -ENOTRECOVERABLE;
    r = line_of(j->last + 1, json, len, &line);
    if (r < 0)
        return r;
    r = file_write_all_at(j->fd, line.buf, line.len, j->end);
    if (r < 0) {
        /* Back to the last record; where even that fails, only a replay tells what stands. */
        j->is_broken = ftruncate(j->fd, j->end) < 0;
        return j->is_broken ? -ENOTRECOVERABLE : r;
    }
    j->end += (off_t)line.len;
    j->last++;
    if (out_sequence)
        *out_sequence = j->last;
    return 0;
}

int journal_sync(struct journal *j, struct journal *beside)
{
    if (is_unsynced(j) &&
        is_unsynced(beside)) /* syncs that wait for each other's disk writes cost one */
        journal_sync_begin(beside);
    sync_one(j);
    sync_one(beside);
    return (j && j->is_broken) || (beside && beside->is_broken) ? -ENOTRECOVERABLE : 0;
}

int journal_append(struct journal *j, const char *json, size_t len, uint64_t *out_sequence)
{
    uint64_t sequence;
    int r = journal_write(j, json, len, &sequence);

    if (r == 0)
        r = journal_sync(j, NULL);
    if (r == 0 && out_sequence)
        *out_sequence = sequence;
    return r;
}

int journal_clear(struct journal *j)
{
    if (journal_sync(j, NULL) < 0)
        return -ENOTRECOVERABLE;
    /* A record written before this is on the disk would stand before the rest of the old ones. */
    if (ftruncate(j->fd, 0) < 0 || fsync(j->fd) < 0) {
        j->is_broken = true;
        return -ENOTRECOVERABLE;
    }
    j->end = 0;
    j->last = j->synced = 0;
    return 0;
}

off_t journal_size(const struct journal *j)
{
    return j->end;
}

uint64_t journal_last(const struct journal *j)
{
    return j->last;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    sync_end(j);
    syncer_free(j->syncer);
    fd_close(&j->fd);
    free(j);
}
