#include "store/archive.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

/*
 * Invariants: (1) a file under its hash is whole and synced, and so is its name; (2) a crash leaves
 * at most files named tmp-..., which the next opening removes. The order that makes it so: write,
 * fsync, rename, fsync of the folder.
 */

#define TEMPORARY_PREFIX "tmp-"
#define TEMPORARY_MAX    32
#define PLACE_MAX        (SHA256_TEXT_MAX + 3) /* "ab/" and the hash */
#define BACK_BYTES       (4 << 20)             /* sent to the disk at a time */

#define PARTS 256 /* folders: the first byte of the hash */

struct archive {
    int folder;
    int beneath;                   /* another daemon's, that is read only; -1: none */
    bool is_synced[PARTS];         /* the folder's name is known to be on the disk */
    struct archive_file *deferred; /* the oldest first */
};

struct archive_file {
    struct archive *archive;
    struct digest *digest;
    int fd;
    off_t size, sent, kept; /* sent: on its way to the disk; kept: known to be there */
    int error;              /* the first failed write: nothing may be kept after it */
    char temporary[TEMPORARY_MAX];
    bool is_small;                /* in .small, and not on the disk */
    struct text small;            /* its bytes so far */
    struct archive_file *next;    /* deferred after it */
    char sha256[SHA256_TEXT_MAX]; /* of a deferred one */
};

static bool is_temporary(const char *name)
{
    return strncmp(name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) == 0;
}

/* Whether the entry is the folder of a first byte: its number, or -1. */
static int part_of(const char *name)
{
    static const char digits[] = "0123456789abcdef";
    const char *high = *name ? strchr(digits, name[0]) : NULL;
    const char *low = high && name[1] ? strchr(digits, name[1]) : NULL;

    return low && !name[2] ? (int)((high - digits) * 16 + (low - digits)) : -1;
}

/* Removes leftovers, and notes which folders are there: one sync is enough for their names, which a crash
 * may have left without. */
static int look_through(struct archive *a)
{
    int fd = openat(a->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    size_t removed = 0;
    bool is_any = false;

    if (!entries) {
        int r = -errno;

        fd_close(&fd);
        return r;
    }
    while ((entry = readdir(entries))) {
        int part = part_of(entry->d_name);

        if (is_temporary(entry->d_name) && unlinkat(a->folder, entry->d_name, 0) == 0)
            removed++;
        if (part >= 0)
            a->is_synced[part] = is_any = true;
    }
    (void)closedir(entries);
    if (removed > 0)
        log_info("archive", "leftovers=%zu removed", removed);
    return is_any ? file_sync(a->folder) : 0;
}

int archive_open(const char *folder, struct archive **out_archive)
{
    struct archive *a = calloc(1, sizeof *a);
    int r;

    assert(folder && out_archive);
    if (!a)
        return -ENOMEM;
    a->folder = a->beneath = -1;
    r = folder_make(folder);
    if (r == 0) {
        a->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = a->folder < 0 ? -errno : look_through(a);
    }
    if (r < 0) {
        archive_close(a);
        return r;
    }
    *out_archive = a;
    return 0;
}

int archive_open_reading(const char *folder, struct archive **out_archive)
{
    struct archive *a = calloc(1, sizeof *a);

    assert(folder && out_archive);
    if (!a)
        return -ENOMEM;
    a->beneath = -1;
    a->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (a->folder < 0) {
        int r = -errno;

        archive_close(a);
        return r;
    }
    *out_archive = a;
    return 0;
}

int archive_lay_over(struct archive *a, const char *folder)
{
    assert(a && folder && a->beneath < 0);
    a->beneath = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return a->beneath < 0 ? -errno : 0;
}

void archive_close(struct archive *a)
{
    if (!a)
        return;
    while (a->deferred) {
        struct archive_file *f = a->deferred;

        a->deferred = f->next;
        archive_abort(f);
    }
    fd_close(&a->beneath);
    fd_close(&a->folder);
    free(a);
}

static int open_temporary(struct archive_file *f)
{
    unsigned long long salt;
    int r = random_bytes(&salt, sizeof salt);

    if (r < 0)
        return r;
    (void)snprintf(f->temporary, sizeof f->temporary, TEMPORARY_PREFIX "%016llx", salt);
    f->fd = openat(f->archive->folder, f->temporary,
                   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return f->fd < 0 ? -errno : 0;
}

static int begin(struct archive *a, bool is_small, struct archive_file **out_file)
{
    struct archive_file *f = calloc(1, sizeof *f);

    assert(a && out_file);
    if (!f)
        return -ENOMEM;
    f->archive = a;
    f->fd = -1;
    f->is_small = is_small;
    f->small = (struct text)TEXT_INIT;
    f->digest = digest_new();
    int r = !f->digest ? -ENOMEM : is_small ? 0 : open_temporary(f);

    if (r < 0) {
        archive_abort(f);
        return r;
    }
    *out_file = f;
    return 0;
}

int archive_begin(struct archive *a, struct archive_file **out_file)
{
    return begin(a, false, out_file);
}

int archive_begin_small(struct archive *a, struct archive_file **out_file)
{
    return begin(a, true, out_file);
}

/* From memory onto the disk; its bytes stay in memory where that fails. */
static int put_down(struct archive_file *f)
{
    int r = f->is_small ? open_temporary(f) : 0;

    if (r == 0 && f->is_small)
        r = file_write_all(f->fd, text_str(&f->small), f->small.len);
    if (r == 0) {
        f->is_small = false;
    } else if (f->fd >= 0) {
        (void)unlinkat(f->archive->folder, f->temporary, 0);
        fd_close(&f->fd);
    }
    return r;
}

static int write_on(struct archive_file *f, const void *bytes, size_t len)
{
    if (f->is_small && f->small.len + len <= ARCHIVE_SMALL)
        return text_add(&f->small, bytes, len);
    int r = put_down(f);

    return r == 0 ? file_write_all(f->fd, bytes, len) : r;
}

/* What was written last is sent to the disk, and what was sent before that waited for: neither the sync at the
 * end nor memory has more than twice as much to wait for. Only that sync makes it durable. */
static int send_back(struct archive_file *f)
{
    int r = sync_file_range(f->fd, f->sent, f->size - f->sent, SYNC_FILE_RANGE_WRITE);

    if (r == 0 && f->sent > f->kept)
        r = sync_file_range(f->fd, f->kept, f->sent - f->kept,
                            SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                SYNC_FILE_RANGE_WAIT_AFTER);
    f->kept = f->sent;
    f->sent = f->size;
    if (r == 0)
        return 0;
    /* A file system that cannot do it; else nobody knows what reached the disk, and a sync says it no more. */
    return errno == EINVAL || errno == ENOSYS || errno == ESPIPE ? file_sync(f->fd)
                                                                 : -ENOTRECOVERABLE;
}

int archive_write(struct archive_file *f, const void *bytes, size_t len)
{
    assert(f && (bytes || len == 0));
    if (f->error == 0)
        f->error = write_on(f, bytes, len);
    if (f->error == 0) {
        digest_add(f->digest, bytes, len);
        f->size += (off_t)len;
    }
    if (f->error == 0 && !f->is_small && f->size - f->sent >= BACK_BYTES)
        f->error = send_back(f);
    return f->error;
}

int archive_descriptor(const struct archive_file *f)
{
    return f->fd;
}

/* The folder for this hash, made and synced where missing. */
static int open_part(struct archive *a, const char *sha256, int *out_fd)
{
    const char part[3] = { sha256[0], sha256[1], '\0' };
    bool *is_synced = &a->is_synced[strtoul(part, NULL, 16)];
    int fd;

    if (mkdirat(a->folder, part, 0700) == 0)
        *is_synced = false;
    else if (errno != EEXIST)
        return -errno;
    int r = *is_synced ? 0 : file_sync(a->folder);

    if (r < 0)
        return r;
    *is_synced = true;
    fd = openat(a->folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *out_fd = fd;
    return 0;
}

/* Whether the content stands already. A file of another size was spoilt by the disk and is
 * replaced. */
static bool is_kept(const struct archive_file *f, int part, const char *sha256)
{
    struct stat st;

    if (fstatat(part, sha256, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (S_ISREG(st.st_mode) && st.st_size == f->size)
        return true;
    log_warning("archive", "sha256=%s kept with another size: replaced", sha256);
    return false;
}

static int keep(struct archive_file *f, const char *sha256)
{
    AUTO(fd_close) int part = -1;
    int r = put_down(f);

    if (r == 0)
        r = open_part(f->archive, sha256, &part);
    if (r < 0)
        return r;
    if (is_kept(f, part, sha256)) {
        (void)unlinkat(f->archive->folder, f->temporary, 0);
    } else {
        r = file_sync(f->fd);
        if (r == 0 && renameat(f->archive->folder, f->temporary, part, sha256) < 0)
            r = -errno;
        if (r < 0)
            return r;
    }
    f->temporary[0] = '\0';
    /* For the kept one too: its name may have come from a run that died before this line. */
    return file_sync(part);
}

int archive_commit(struct archive_file *f, char out_sha256[SHA256_TEXT_MAX])
{
    char sha256[SHA256_TEXT_MAX];
    int r = f->error;

    if (r == 0) {
        digest_end(f->digest, sha256);
        f->digest = NULL;
        r = keep(f, sha256);
    }
    if (r == 0)
        memcpy(out_sha256, sha256, sizeof sha256);
    archive_abort(f); /* nothing is left to remove after a success */
    return r;
}

int archive_defer(struct archive_file *f, char out_sha256[SHA256_TEXT_MAX])
{
    struct archive_file **end = &f->archive->deferred;

    if (!f->is_small || f->error < 0)
        return archive_commit(f, out_sha256);
    digest_end(f->digest, f->sha256);
    f->digest = NULL;
    memcpy(out_sha256, f->sha256, sizeof f->sha256);
    while (*end)
        end = &(*end)->next;
    *end = f;
    return 0;
}

static const struct archive_file *find_deferred(const struct archive *a, const char *sha256)
{
    const struct archive_file *f = a->deferred;

    while (f && strcmp(f->sha256, sha256) != 0)
        f = f->next;
    return f;
}

const char *archive_deferred(const struct archive *a, const char *sha256, size_t *out_len)
{
    const struct archive_file *f = find_deferred(a, sha256);

    if (!f)
        return NULL;
    *out_len = f->small.len;
    return text_str(&f->small);
}

/* Nothing of a failed try is used again: a second sync may succeed without the bytes. */
static void take_back(struct archive_file *f)
{
    if (f->fd >= 0 && f->temporary[0])
        (void)unlinkat(f->archive->folder, f->temporary, 0);
    fd_close(&f->fd);
    f->is_small = true;
}

int archive_settle(struct archive *a)
{
    while (a->deferred) {
        struct archive_file *f = a->deferred;
        int r = keep(f, f->sha256);

        if (r < 0) {
            take_back(f);
            return r;
        }
        a->deferred = f->next;
        archive_abort(f);
    }
    return 0;
}

int archive_divert(struct archive_file *f, const char *folder, const char *name)
{
    AUTO(fd_close) int to = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = to < 0 ? -errno : f->error;

    if (r == 0)
        r = file_sync(f->fd);
    if (r == 0 && renameat(f->archive->folder, f->temporary, to, name) < 0)
        r = -errno;
    if (r == 0) {
        f->temporary[0] = '\0';
        r = file_sync(to);
    }
    archive_abort(f);
    return r;
}

void archive_abort(struct archive_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0 && f->temporary[0])
        (void)unlinkat(f->archive->folder, f->temporary, 0);
    fd_close(&f->fd);
    digest_free(f->digest);
    text_release(&f->small);
    free(f);
}

/* The hash may come from a journal or a person: it must not name another file. */
static bool is_hash(const char *sha256)
{
    return strlen(sha256) == SHA256_TEXT_MAX - 1 &&
           strspn(sha256, "0123456789abcdef") == SHA256_TEXT_MAX - 1;
}

int archive_erase(struct archive *a, const char *sha256)
{
    AUTO(fd_close) int part = -1;
    char name[3];

    assert(a && sha256);
    if (!is_hash(sha256))
        return -EINVAL;
    int r = archive_settle(a);

    if (r < 0)
        return r;
    (void)snprintf(name, sizeof name, "%.2s", sha256);
    part = openat(a->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (part < 0 || unlinkat(part, sha256, 0) < 0)
        return errno == ENOENT ? 1 : -errno;
    return file_sync(part);
}

/* A descriptor of bytes in memory, at their start, or -errno. */
static int read_deferred(const struct archive_file *f)
{
    int fd = memfd_create("deferred", MFD_CLOEXEC), r = fd < 0 ? -errno : 0;

    if (r == 0)
        r = file_write_all(fd, text_str(&f->small), f->small.len);
    if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
        r = -errno;
    if (r < 0)
        fd_close(&fd);
    return r < 0 ? r : fd;
}

int archive_read(struct archive *a, const char *sha256)
{
    char place[PLACE_MAX];
    int fd;

    assert(a && sha256);
    if (!is_hash(sha256))
        return -EINVAL;
    const struct archive_file *f = find_deferred(a, sha256);

    if (f)
        return read_deferred(f);
    (void)snprintf(place, sizeof place, "%.2s/%s", sha256, sha256);
    fd = openat(a->folder, place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && a->beneath >= 0)
        fd = openat(a->beneath, place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int archive_keep(struct archive *a, const void *bytes, size_t len, char out_sha256[SHA256_TEXT_MAX])
{
    struct archive_file *file = NULL;
    int r = archive_begin(a, &file);

    if (r < 0)
        return r;
    r = archive_write(file, bytes, len);
    if (r == 0)
        return archive_commit(file, out_sha256);
    archive_abort(file);
    return r;
}
