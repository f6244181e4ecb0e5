#include "notify/deliver_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

/*
 * (1) A file under its final name is whole and on disk. (2) The mail appears after the JSON, so a
 * reader that waits for the .eml finds both. (3) Writing the same delivery again gives the same
 * two files. What a crash leaves is a name that begins with a dot; the next try writes over it.
 */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* Each missing part of the path, 0700, and its name durable in its parent. */
static int make_folders(const char *folder)
{
    AUTO(auto_free) char *path = strdup(folder);

    if (!path)
        return -ENOMEM;
    for (char *at = path + 1; path[0]; at++) {
        char kept = *at;

        if (kept != '/' && kept != '\0')
            continue;
        *at = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return -errno;
        *at = kept;
        if (kept == '\0')
            break;
    }
    return 0;
}

static int sync_parent(int folder_fd)
{
    AUTO(close_fd) int fd = openat(folder_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    /* A parent that we may enter but not read cannot be synced; the folder then stands there
     * already. */
    return fd >= 0 && fsync(fd) < 0 ? -errno : 0;
}

static int open_folder(const char *folder, int *out_fd)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = 0;

    if (fd < 0 && errno == ENOENT) {
        r = make_folders(folder);
        if (r < 0)
            return r;
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            r = sync_parent(fd);
    }
    if (fd < 0)
        return -errno;
    *out_fd = fd;
    return r;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static int write_file(int folder, const char *id, const char *suffix, const char *bytes, size_t len)
{
    char name[96], temporary[104];
    AUTO(close_fd) int fd = -1;
    int r;

    (void)snprintf(name, sizeof name, "%s%s", id, suffix);
    (void)snprintf(temporary, sizeof temporary, ".%s.part", name);
    (void)unlinkat(folder, temporary,
                   0); /* of an earlier crash, or planted: never written through */
    fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = write_all(fd, bytes, len);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && renameat(folder, temporary, folder, name) < 0)
        r = -errno;
    if (r < 0)
        (void)unlinkat(folder, temporary, 0);
    return r;
}

/* The id becomes a file name. */
static bool id_ok(const char *id)
{
    size_t n = strspn(id, "0123456789abcdef");

    return n > 0 && n <= 64 && id[n] == '\0';
}

int spool_write(const char *folder, const struct delivery *d)
{
    AUTO(close_fd) int fd = -1;
    int r;

    if (!id_ok(d->delivery_id) || !d->eml || !d->json)
        return -EINVAL;
    r = open_folder(folder, &fd);
    if (r == 0)
        r = write_file(fd, d->delivery_id, ".json", d->json, d->json_len);
    if (r == 0)
        r = write_file(fd, d->delivery_id, ".eml", d->eml, d->eml_len);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    return r;
}
