#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/digest.h"

void fd_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

int file_sync(int fd)
{
    return fsync(fd) < 0 ? -ENOTRECOVERABLE : 0;
}

int file_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_write_all_at(int fd, const void *bytes, size_t len, off_t offset)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = pwrite(fd, at, len, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO;
        at += n;
        offset += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_read_rest(int fd, struct text *out_text)
{
    char piece[16384];

    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        int r;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        r = text_add(out_text, piece, (size_t)n);
        if (r < 0)
            return r;
    }
}

int file_read(const char *path, size_t max_bytes, struct text *out_text)
{
    AUTO(text_release) struct text read_so_far = TEXT_INIT;
    AUTO(fd_close) int fd = -1;
    struct stat st;
    int r;

    assert(path && out_text);
    /* O_NONBLOCK: a FIFO under this name must not hang the caller. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    read_so_far.max = max_bytes;
    r = file_read_rest(fd, &read_so_far);
    return r < 0 ? r : text_add(out_text, text_str(&read_so_far), read_so_far.len);
}

static int replace_at(int folder_fd, const char *temporary, const char *name, const void *bytes,
                      size_t len, mode_t mode)
{
    AUTO(fd_close) int fd = -1;
    int r;

    fd = openat(folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    r = file_write_all(fd, bytes, len);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && renameat(folder_fd, temporary, folder_fd, name) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlinkat(folder_fd, temporary, 0);
        return r;
    }
    return fsync(folder_fd) < 0 ? -errno : 0;
}

int file_replace_at(int folder_fd, const char *name, const void *bytes, size_t len, mode_t mode)
{
    AUTO(auto_free) char *temporary = NULL;
    unsigned char salt[6];
    int r;

    assert(folder_fd >= 0 && name && !strchr(name, '/'));
    r = random_bytes(salt, sizeof salt);
    if (r < 0)
        return r;
    if (asprintf(&temporary, ".%s.%02x%02x%02x%02x%02x%02x.tmp", name, salt[0], salt[1], salt[2],
                 salt[3], salt[4], salt[5]) < 0) {
        temporary = NULL; /* asprintf leaves it undefined */
        return -ENOMEM;
    }
    return replace_at(folder_fd, temporary, name, bytes, len, mode);
}

/* The folder part of a path, malloc'ed: "." for a bare name, "/" for a name in the root. */
static char *parent_of(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len == 0)
        return strdup(".");
    while (len > 1 && path[len - 1] == '/')
        len--;
    return strndup(path, len);
}

int file_replace(const char *path, const void *bytes, size_t len, mode_t mode)
{
    AUTO(auto_free) char *folder = parent_of(path);
    AUTO(fd_close) int fd = -1;
    const char *slash = strrchr(path, '/');

    if (!folder)
        return -ENOMEM;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return file_replace_at(fd, slash ? slash + 1 : path, bytes, len, mode);
}

int folder_sync(const char *path)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : file_sync(fd);
}

int folder_sync_parent(const char *path)
{
    AUTO(auto_free) char *folder = parent_of(path);

    return folder ? folder_sync(folder) : -ENOMEM;
}

static int make_one(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) == 0)
        return folder_sync_parent(path);
    if (errno != EEXIST && errno != EROFS && errno != EACCES && errno != EPERM)
        return -errno;
    /* A folder that is there already is fine, also above us where we may not write. */
    int r = -errno;

    if (stat(path, &st) < 0)
        return r == -EEXIST ? -errno : r;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int folder_make(const char *path)
{
    AUTO(auto_free) char *copy = NULL;

    assert(path);
    if (path[0] == '\0')
        return -EINVAL;
    copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    for (char *at = copy + 1; *at; at++) {
        int r;

        if (*at != '/' || at[-1] == '/')
            continue;
        *at = '\0';
        r = make_one(copy);
        *at = '/';
        if (r < 0)
            return r;
    }
    return make_one(copy);
}

char *path_join(const char *folder, const char *name)
{
    size_t len = strlen(folder);
    char *path = NULL;

    if (asprintf(&path, "%s%s%s", folder, len > 0 && folder[len - 1] == '/' ? "" : "/", name) < 0)
        return NULL;
    return path;
}
