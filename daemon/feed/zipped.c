#include "feed/zipped.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/auto.h"
#include "parse/csv.h"

/* The end record: signature, 16 bytes of numbers, the length of the comment, the comment. */
#define END_BYTES       22
#define END_COMMENT_MAX 65535
#define END_SIGNATURE   "PK\x05\x06"

struct zipped {
    zip_t *archive;
    zip_file_t *file;
    char name[256];
    uint64_t packed, read; /* bytes */
};

static int refuse(struct zipped_refusal *r, const char *sentence)
{
    r->reason = "zip";
    (void)snprintf(r->sentence, sizeof r->sentence, "%s", sentence);
    return -EBADMSG;
}

bool zipped_is(const void *head, size_t len)
{
    return len >= 4 && (memcmp(head, "PK\x03\x04", 4) == 0 || memcmp(head, END_SIGNATURE, 4) == 0 ||
                        memcmp(head, "PK\x07\x08", 4) == 0);
}

/* ---- the end of the archive ---- */

struct end_record {
    uint32_t list_bytes, list_at; /* of the list of entries */
    off_t at;
};

static uint32_t number_at(const unsigned char *bytes, size_t count)
{
    uint32_t n = 0;

    while (count--)
        n = n << 8 | bytes[count];
    return n;
}

static ssize_t read_at(int fd, void *bytes, size_t len, off_t at)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(fd, (char *)bytes + done, len - done, at + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : (ssize_t)done;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

/* Finds the last end record. Returns 0; 1 if there is one that is not where the file ends; -ENOENT;
 * -errno. */
static int find_end(int fd, off_t size, struct end_record *out)
{
    size_t len = size < END_BYTES + END_COMMENT_MAX ? (size_t)size : END_BYTES + END_COMMENT_MAX;
    AUTO(auto_free) unsigned char *tail = malloc(len + 1);
    ssize_t n = tail ? read_at(fd, tail, len, size - (off_t)len) : -ENOMEM;

    if (n < 0 || (size_t)n < len)
        return n < 0 ? (int)n : -ENOENT;
    for (size_t i = len; i >= END_BYTES; i--) {
        const unsigned char *at = tail + i - END_BYTES;

        if (memcmp(at, END_SIGNATURE, 4) != 0)
            continue;
        *out = (struct end_record){ number_at(at + 12, 4), number_at(at + 16, 4),
                                    size - (off_t)len + (off_t)(i - END_BYTES) };
        return i + number_at(at + 20, 2) == len ? 0 : 1;
    }
    return -ENOENT;
}

bool zipped_has_end(int fd, off_t size)
{
    struct end_record end;

    return find_end(fd, size, &end) == 0;
}

/* What libzip would believe: nothing stands around the archive, and its list is of a sane size. */
static int check_end(int fd, struct zipped_refusal *out_refusal)
{
    struct end_record end;
    struct stat st;
    int r = fstat(fd, &st) < 0 ? -errno : find_end(fd, st.st_size, &end);

    if (r == -ENOENT)
        return refuse(out_refusal, "this zip archive is cut: its end is missing; send it again");
    if (r > 0)
        return refuse(out_refusal, "bytes follow the end of this zip archive; make it anew");
    if (r < 0)
        return r;
    if (end.list_bytes == UINT32_MAX || end.list_at == UINT32_MAX)
        return refuse(out_refusal,
                      "this zip archive is in the form for more than 4 GB; put the data "
                      "file into the folder as it is");
    if (end.list_bytes > ZIPPED_LIST_MAX)
        return refuse(out_refusal,
                      "this zip archive lists too many files; one data file is opened");
    if ((off_t)end.list_at + (off_t)end.list_bytes != end.at)
        return refuse(out_refusal, "bytes that this zip archive does not list stand in it; make it "
                                   "anew");
    return 0;
}

/* ---- its entries ---- */

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

static bool is_data(const char *name)
{
    const char *base = base_of(name);

    return *base && strncmp(name, "__MACOSX/", 9) != 0 && strncmp(base, "._", 2) != 0 &&
           strcmp(base, ".DS_Store") != 0;
}

/* Office Open XML and OpenDocument are zip archives too. */
static bool is_workbook(zip_t *archive)
{
    return zip_name_locate(archive, "[Content_Types].xml", 0) >= 0 ||
           zip_name_locate(archive, "mimetype", 0) >= 0;
}

static int find_data(zip_t *archive, uint64_t *out_index, struct zipped_refusal *out_refusal)
{
    zip_int64_t entries = zip_get_num_entries(archive, 0);
    size_t found = 0;

    if (is_workbook(archive)) {
        (void)refuse(out_refusal, CSV_WORKBOOK_SENTENCE);
        out_refusal->reason = "workbook";
        return -EBADMSG;
    }
    for (zip_int64_t i = 0; i < entries; i++) {
        const char *name = zip_get_name(archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);

        if (!name || !is_data(name))
            continue;
        found++;
        *out_index = (uint64_t)i;
    }
    if (found == 1)
        return 0;
    if (found == 0)
        return refuse(out_refusal, "this zip archive holds no data file");
    (void)refuse(out_refusal, "");
    (void)snprintf(
        out_refusal->sentence, sizeof out_refusal->sentence,
        "this zip archive holds %zu files and one is opened; put each into the folder by "
        "itself",
        found);
    return -EBADMSG;
}

static int refuse_large(struct zipped_refusal *out_refusal)
{
    (void)refuse(out_refusal, "");
    (void)snprintf(out_refusal->sentence, sizeof out_refusal->sentence,
                   "the file in this zip archive is larger than %u MB unpacked; put it into the "
                   "folder as it is",
                   ZIPPED_BYTES_MAX >> 20);
    return -EBADMSG;
}

/* Of what the archive says of the file first, then of what comes. */
static int check_growth(uint64_t packed, uint64_t unpacked, struct zipped_refusal *out_refusal)
{
    if (unpacked > ZIPPED_BYTES_MAX)
        return refuse_large(out_refusal);
    if (unpacked <= ZIPPED_RATIO_FREE || unpacked / ZIPPED_RATIO_MAX <= packed)
        return 0;
    (void)refuse(out_refusal, "");
    (void)snprintf(
        out_refusal->sentence, sizeof out_refusal->sentence,
        "the file in this zip archive grows more than %d times when unpacked, as no table "
        "does",
        ZIPPED_RATIO_MAX);
    return -EBADMSG;
}

/* ---- opening ---- */

/* libzip's error: the system's, or a fault of the archive, in a sentence. */
static int error_of(const zip_error_t *e, struct zipped_refusal *out_refusal)
{
    switch (zip_error_code_zip(e)) {
    case ZIP_ER_MEMORY:
        return -ENOMEM;
    case ZIP_ER_OPEN:
    case ZIP_ER_READ:
    case ZIP_ER_SEEK:
    case ZIP_ER_TELL:
        return zip_error_code_system(e) > 0 ? -zip_error_code_system(e) : -EIO;
    case ZIP_ER_COMPNOTSUPP:
        return refuse(out_refusal,
                      "this zip archive is packed by a method that is not read here; use "
                      "the usual one (deflate)");
    case ZIP_ER_NOPASSWD:
    case ZIP_ER_WRONGPASSWD:
    case ZIP_ER_ENCRNOTSUPP:
        return refuse(out_refusal, "this zip archive is encrypted; send it without a password");
    default:
        return refuse(out_refusal, "this zip archive is damaged; send it again");
    }
}

static int open_archive(struct zipped *z, int fd, struct zipped_refusal *out_refusal)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), code = 0;

    if (copy < 0 || lseek(copy, 0, SEEK_SET) < 0) {
        int r = -errno;

        if (copy >= 0)
            close(copy);
        return r;
    }
    z->archive = zip_fdopen(copy, ZIP_CHECKCONS, &code);
    if (z->archive)
        return 0;
    zip_error_t e;

    zip_error_init_with_code(&e, code);
    int r = error_of(&e, out_refusal);

    zip_error_fini(&e);
    close(copy);
    return r;
}

static int open_file(struct zipped *z, struct zipped_refusal *out_refusal)
{
    const zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    uint64_t index = 0;
    zip_stat_t st;
    int r = find_data(z->archive, &index, out_refusal);

    if (r < 0)
        return r;
    if (zip_stat_index(z->archive, index, ZIP_FL_ENC_RAW, &st) < 0)
        return error_of(zip_get_error(z->archive), out_refusal);
    if ((st.valid & wanted) != wanted)
        return refuse(out_refusal, "this zip archive does not say what it holds; make it anew");
    if (st.encryption_method != ZIP_EM_NONE)
        return refuse(out_refusal, "this zip archive is encrypted; send it without a password");
    r = check_growth(st.comp_size, st.size, out_refusal);
    if (r < 0)
        return r;
    z->packed = st.comp_size;
    (void)snprintf(z->name, sizeof z->name, "%s", base_of(st.name));
    z->file = zip_fopen_index(z->archive, index, 0);
    return z->file ? 0 : error_of(zip_get_error(z->archive), out_refusal);
}

int zipped_open(int fd, struct zipped **out_zipped, struct zipped_refusal *out_refusal)
{
    struct zipped *z = calloc(1, sizeof *z);

    assert(out_zipped && out_refusal);
    if (!z)
        return -ENOMEM;
    int r = check_end(fd, out_refusal);

    if (r == 0)
        r = open_archive(z, fd, out_refusal);
    if (r == 0)
        r = open_file(z, out_refusal);
    if (r < 0) {
        zipped_close(z);
        return r;
    }
    *out_zipped = z;
    return 0;
}

const char *zipped_name(const struct zipped *z)
{
    return z->name;
}

ssize_t zipped_read(struct zipped *z, void *bytes, size_t size, struct zipped_refusal *out_refusal)
{
    zip_int64_t n = zip_fread(z->file, bytes, size);

    if (n < 0)
        return error_of(zip_file_get_error(z->file), out_refusal);
    z->read += (uint64_t)n;
    int r = check_growth(z->packed, z->read, out_refusal);

    return r < 0 ? r : (ssize_t)n;
}

void zipped_close(struct zipped *z)
{
    if (!z)
        return;
    if (z->file)
        (void)zip_fclose(z->file);
    if (z->archive)
        zip_discard(z->archive);
    free(z);
}
