/*
 * The file, socket and clock calls of the C library, each counted under one name: its older, its
 * 64-bit, its at- and its checked forms are the same call. A descriptor is a file or a socket by
 * what it is; pipes, event descriptors, /dev and /proc are neither and not counted.
 */
#include "seam.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { NEITHER, REGULAR, SOCKET };

static enum kind kind_of(int fd)
{
    int saved = errno;
    struct stat st;
    enum kind k = NEITHER;

    if (fd > STDERR_FILENO && fstat(fd, &st) == 0)
        k = S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? REGULAR
            : S_ISSOCK(st.st_mode)                     ? SOCKET
                                                       : NEITHER;
    errno = saved;
    return k;
}

static const char *path_of(int fd, char out[PATH_MAX])
{
    int saved = errno;
    char link[40];
    ssize_t n;

    if (!seam_is_traced())
        return "";
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, out, PATH_MAX - 1);
    out[n > 0 ? n : 0] = '\0';
    errno = saved;
    return out;
}

static const char *path_at(int folder, const char *name, char out[PATH_MAX])
{
    char base[PATH_MAX] = "";

    if (!seam_is_traced())
        return "";
    if (folder != AT_FDCWD && name[0] != '/')
        (void)path_of(folder, base);
    (void)snprintf(out, PATH_MAX, "%.2000s%s%.2000s", base, base[0] ? "/" : "", name);
    return out;
}

#define FAIL_OR(verdict, call)                                                                     \
    if ((verdict).error) {                                                                         \
        errno = (verdict).error;                                                                   \
        return -1;                                                                                 \
    }                                                                                              \
    return (call)

/* ---- open ---------------------------------------------------------------------------------- */

static bool is_counted(const char *path)
{
    return strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/dev/", 5) != 0 &&
           strncmp(path, "/sys/", 5) != 0;
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    SEAM_REAL(openat, int, int, const char *, int, ...);
    char traced[PATH_MAX];
    struct seam_verdict v = { 0 };

    if (is_counted(path))
        v = seam_hit(SEAM_OPEN, path_at(folder, path, traced), NULL);
    FAIL_OR(v, real(folder, path, flags, mode));
}

#define MODE_OF(flags, mode)                                                                       \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                       \
        va_list ap;                                                                                \
        va_start(ap, flags);                                                                       \
        mode = va_arg(ap, mode_t);                                                                 \
        va_end(ap);                                                                                \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return open_at(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return open_at(folder, path, flags, mode);
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder, const char *path, int flags);
int __openat_2(int folder, const char *path, int flags)
{
    return open_at(folder, path, flags, 0);
}

int __openat64_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags)
{
    return open_at(folder, path, flags, 0);
}

int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* ---- reading and writing ------------------------------------------------------------------- */

/* Counts a call on a descriptor; `*len` becomes what a short call may do. The trace tells its length. */
static struct seam_verdict hit_fd(int fd, enum seam_name file, enum seam_name sock, size_t *len)
{
    enum kind k = kind_of(fd);
    char path[PATH_MAX], length[24] = "";
    struct seam_verdict v = { 0 };

    if (len)
        (void)snprintf(length, sizeof length, "%zu", *len);
    if (k != NEITHER)
        v = seam_hit(k == REGULAR ? file : sock, k == REGULAR ? path_of(fd, path) : "", length);
    if (v.is_short && len && *len > 1)
        *len = file == SEAM_READ || file == SEAM_PREAD ? 1 : *len / 2;
    return v;
}

ssize_t read(int fd, void *bytes, size_t len)
{
    SEAM_REAL(read, ssize_t, int, void *, size_t);
    struct seam_verdict v = hit_fd(fd, SEAM_READ, SEAM_RECV, &len);

    FAIL_OR(v, real(fd, bytes, len));
}

ssize_t __read_chk(int fd, void *bytes, size_t len, size_t size);
ssize_t __read_chk(int fd, void *bytes, size_t len, size_t size)
{
    (void)size;
    return read(fd, bytes, len);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t offset)
{
    SEAM_REAL(pread64, ssize_t, int, void *, size_t, off64_t);
    struct seam_verdict v = hit_fd(fd, SEAM_PREAD, SEAM_RECV, &len);

    FAIL_OR(v, real(fd, bytes, len, offset));
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
    return pread64(fd, bytes, len, offset);
}

ssize_t __pread64_chk(int fd, void *bytes, size_t len, off64_t offset, size_t size);
ssize_t __pread64_chk(int fd, void *bytes, size_t len, off64_t offset, size_t size)
{
    (void)size;
    return pread64(fd, bytes, len, offset);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    SEAM_REAL(write, ssize_t, int, const void *, size_t);
    size_t wanted = len;
    struct seam_verdict v = hit_fd(fd, SEAM_WRITE, SEAM_SEND, &len);
    ssize_t n;

    if (v.error) {
        errno = v.error;
        return -1;
    }
    n = real(fd, bytes, len);
    seam_redis_wrote(fd, n == (ssize_t)wanted);
    return n;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    SEAM_REAL(pwrite64, ssize_t, int, const void *, size_t, off64_t);
    struct seam_verdict v = hit_fd(fd, SEAM_PWRITE, SEAM_SEND, &len);

    FAIL_OR(v, real(fd, bytes, len, offset));
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return pwrite64(fd, bytes, len, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    SEAM_REAL(writev, ssize_t, int, const struct iovec *, int);
    struct seam_verdict v = hit_fd(fd, SEAM_WRITE, SEAM_SEND, NULL);

    FAIL_OR(v, real(fd, pieces, count));
}

ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    SEAM_REAL(readv, ssize_t, int, const struct iovec *, int);
    struct seam_verdict v = hit_fd(fd, SEAM_READ, SEAM_RECV, NULL);

    FAIL_OR(v, real(fd, pieces, count));
}

/* ---- what makes durable -------------------------------------------------------------------- */

int fsync(int fd)
{
    SEAM_REAL(fsync, int, int);
    struct seam_verdict v = hit_fd(fd, SEAM_FSYNC, SEAM_FSYNC, NULL);

    FAIL_OR(v, real(fd));
}

int fdatasync(int fd)
{
    SEAM_REAL(fdatasync, int, int);
    struct seam_verdict v = hit_fd(fd, SEAM_FDATASYNC, SEAM_FDATASYNC, NULL);

    FAIL_OR(v, real(fd));
}

int sync_file_range(int fd, off64_t offset, off64_t len, unsigned flags)
{
    SEAM_REAL(sync_file_range, int, int, off64_t, off64_t, unsigned);
    struct seam_verdict v = hit_fd(fd, SEAM_SYNC_FILE_RANGE, SEAM_SYNC_FILE_RANGE, NULL);

    FAIL_OR(v, real(fd, offset, len, flags));
}

int ftruncate64(int fd, off64_t len)
{
    SEAM_REAL(ftruncate64, int, int, off64_t);
    struct seam_verdict v = hit_fd(fd, SEAM_FTRUNCATE, SEAM_FTRUNCATE, NULL);

    FAIL_OR(v, real(fd, len));
}

int ftruncate(int fd, off_t len)
{
    return ftruncate64(fd, len);
}

/* The descriptor is gone whatever the answer. */
int close(int fd)
{
    SEAM_REAL(close, int, int);
    struct seam_verdict v = { 0 };
    char path[PATH_MAX];
    int r;

    if (kind_of(fd) == REGULAR)
        v = seam_hit(SEAM_CLOSE, path_of(fd, path), NULL);
    r = real(fd);
    if (v.error) {
        errno = v.error;
        r = -1;
    }
    return r;
}

/* ---- names --------------------------------------------------------------------------------- */

int unlinkat(int folder, const char *name, int flags)
{
    SEAM_REAL(unlinkat, int, int, const char *, int);
    char path[PATH_MAX];
    struct seam_verdict v = seam_hit(SEAM_UNLINK, path_at(folder, name, path), NULL);

    FAIL_OR(v, real(folder, name, flags));
}

int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int renameat2(int from, const char *name, int to, const char *other, unsigned flags)
{
    SEAM_REAL(renameat2, int, int, const char *, int, const char *, unsigned);
    char first[PATH_MAX], second[PATH_MAX];
    struct seam_verdict v =
        seam_hit(SEAM_RENAME, path_at(from, name, first), path_at(to, other, second));

    FAIL_OR(v, real(from, name, to, other, flags));
}

int renameat(int from, const char *name, int to, const char *other)
{
    return renameat2(from, name, to, other, 0);
}

int rename(const char *name, const char *other)
{
    return renameat2(AT_FDCWD, name, AT_FDCWD, other, 0);
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    SEAM_REAL(mkdirat, int, int, const char *, mode_t);
    char path[PATH_MAX];
    struct seam_verdict v = seam_hit(SEAM_MKDIR, path_at(folder, name, path), NULL);

    FAIL_OR(v, real(folder, name, mode));
}

int mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}

int linkat(int from, const char *name, int to, const char *other, int flags)
{
    SEAM_REAL(linkat, int, int, const char *, int, const char *, int);
    char first[PATH_MAX], second[PATH_MAX];
    struct seam_verdict v =
        seam_hit(SEAM_LINK, path_at(from, name, first), path_at(to, other, second));

    FAIL_OR(v, real(from, name, to, other, flags));
}

int link(const char *name, const char *other)
{
    return linkat(AT_FDCWD, name, AT_FDCWD, other, 0);
}

/* ---- sockets ------------------------------------------------------------------------------- */

int socket(int domain, int type, int protocol)
{
    SEAM_REAL(socket, int, int, int, int);
    struct seam_verdict v = seam_hit(SEAM_SOCKET, NULL, NULL);

    FAIL_OR(v, real(domain, type, protocol));
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    SEAM_REAL(connect, int, int, const struct sockaddr *, socklen_t);
    struct seam_verdict v = seam_hit(SEAM_CONNECT, NULL, NULL);

    FAIL_OR(v, real(fd, address, len));
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    SEAM_REAL(accept4, int, int, struct sockaddr *, socklen_t *, int);
    struct seam_verdict v = seam_hit(SEAM_ACCEPT, NULL, NULL);

    FAIL_OR(v, real(fd, address, len, flags));
}

int accept(int fd, struct sockaddr *address, socklen_t *len)
{
    return accept4(fd, address, len, 0);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    SEAM_REAL(send, ssize_t, int, const void *, size_t, int);
    struct seam_verdict v = hit_fd(fd, SEAM_SEND, SEAM_SEND, &len);

    FAIL_OR(v, real(fd, bytes, len, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    SEAM_REAL(sendmsg, ssize_t, int, const struct msghdr *, int);
    struct seam_verdict v = hit_fd(fd, SEAM_SEND, SEAM_SEND, NULL);

    FAIL_OR(v, real(fd, message, flags));
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    SEAM_REAL(recv, ssize_t, int, void *, size_t, int);
    size_t wanted = len;
    struct seam_verdict v = hit_fd(fd, SEAM_RECV, SEAM_RECV, &len);

    if (v.is_short && wanted > 1)
        len = 1;
    FAIL_OR(v, real(fd, bytes, len, flags));
}

ssize_t __recv_chk(int fd, void *bytes, size_t len, size_t size, int flags);
ssize_t __recv_chk(int fd, void *bytes, size_t len, size_t size, int flags)
{
    (void)size;
    return recv(fd, bytes, len, flags);
}

/* ---- time ---------------------------------------------------------------------------------- */

int clock_gettime(clockid_t id, struct timespec *out)
{
    SEAM_REAL(clock_gettime, int, clockid_t, struct timespec *);
    struct seam_verdict v = seam_hit(SEAM_CLOCK, NULL, NULL);

    FAIL_OR(v, real(id, out));
}
