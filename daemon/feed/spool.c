#include "feed/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"

#define HEAD_BYTES 512

struct spool {
    int fd;
    uint64_t bytes;
    struct digest *digest;
    char head[HEAD_BYTES];
};

/* A file system without nameless files is given a name for a moment. */
static int open_nameless(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd < 0 ? -errno : fd;
    AUTO(auto_free) char *path = path_join(folder, "spool-XXXXXX");

    if (!path)
        return -ENOMEM;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    (void)unlink(path);
    return fd;
}

/* The folder is made when it is missing: each request would else look at every folder above it. */
static int open_in(const char *folder)
{
    int fd = open_nameless(folder);

    if (fd != -ENOENT)
        return fd;
    int r = folder_make(folder);

    return r < 0 ? r : open_nameless(folder);
}

/* A file of a disk waits for what else the disk is writing down. */
static int open_for(const char *folder, uint64_t bytes)
{
    int fd = bytes > 0 && bytes <= SPOOL_SMALL ? memfd_create("spool", MFD_CLOEXEC) : -1;

    return fd >= 0 ? fd : open_in(folder);
}

int spool_new(const char *folder, uint64_t bytes, struct spool **out_spool)
{
    struct spool *s = calloc(1, sizeof *s);
    int r = -ENOMEM;

    if (s)
        r = s->fd = open_for(folder, bytes);
    if (r >= 0 && !(s->digest = digest_new()))
        r = -ENOMEM;
    if (r < 0) {
        spool_free(s);
        return r;
    }
    *out_spool = s;
    return 0;
}

int spool_add(struct spool *s, const void *bytes, size_t len, uint64_t max_bytes)
{
    if (len > max_bytes || s->bytes > max_bytes - len)
        return -EMSGSIZE;
    int r = file_write_all(s->fd, bytes, len);

    if (r < 0)
        return r;
    if (s->bytes < HEAD_BYTES)
        memcpy(s->head + s->bytes, bytes,
               len < HEAD_BYTES - s->bytes ? len : (size_t)(HEAD_BYTES - s->bytes));
    s->bytes += len;
    digest_add(s->digest, bytes, len);
    return 0;
}

uint64_t spool_bytes(const struct spool *s)
{
    return s->bytes;
}

const char *spool_head(const struct spool *s, size_t *out_len)
{
    *out_len = s->bytes < HEAD_BYTES ? (size_t)s->bytes : HEAD_BYTES;
    return s->head;
}

int spool_end(struct spool *s, char out_sha256[SHA256_TEXT_MAX])
{
    if (lseek(s->fd, 0, SEEK_SET) < 0)
        return -errno;
    digest_end(s->digest, out_sha256);
    s->digest = NULL;
    return s->fd;
}

void spool_free(struct spool *s)
{
    if (!s)
        return;
    fd_close(&s->fd);
    digest_free(s->digest);
    free(s);
}
