#include "ctl/ctl_socket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

int ctl_socket_address(const char *path, struct sockaddr_un *out_address)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    AUTO(auto_free)
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");

    if (!folder)
        return -ENOMEM;
    if (!*name)
        return -EINVAL;
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    memset(out_address, 0, sizeof *out_address);
    out_address->sun_family = AF_UNIX;
    int n = snprintf(out_address->sun_path, sizeof out_address->sun_path, "/proc/self/fd/%d/%s", fd,
                     name);

    if (n < 0 || (size_t)n >= sizeof out_address->sun_path) {
        close(fd);
        return -ENAMETOOLONG;
    }
    return fd;
}

int ctl_socket_connect(const char *path)
{
    struct sockaddr_un address;
    AUTO(close_fd) int folder = ctl_socket_address(path, &address);

    if (folder < 0)
        return folder;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int r = -errno;

        close(fd);
        return r;
    }
    return fd;
}

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000L + t.tv_nsec / 1000000L;
}

/* Waits until the descriptor is ready; deadline in now_ms(). Returns 0, -ETIMEDOUT or -errno. */
static int await(int fd, short events, long deadline)
{
    for (;;) {
        long left = deadline - now_ms();
        struct pollfd p = { .fd = fd, .events = events };

        if (left <= 0)
            return -ETIMEDOUT;
        int n = poll(&p, 1, (int)left);

        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static int send_all(int fd, const char *bytes, size_t len, long deadline)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        int r = await(fd, POLLOUT, deadline);

        if (r < 0)
            return r;
    }
    return 0;
}

static int read_line(int fd, struct text *line, long deadline)
{
    char part[16384];

    for (;;) {
        ssize_t n = recv(fd, part, sizeof part, 0);

        if (n > 0) {
            const char *end = memchr(part, '\n', (size_t)n);
            int r = text_add(line, part, end ? (size_t)(end - part) : (size_t)n);

            if (r < 0 || end)
                return r;
            continue;
        }
        if (n == 0)
            return -EPROTO;
        if (errno != EAGAIN && errno != EINTR)
            return errno == ECONNRESET ? -EPROTO : -errno;
        int r = await(fd, POLLIN, deadline);

        if (r < 0)
            return r;
    }
}

int ctl_socket_ask(const char *path, const json_t *request, int timeout_s, char **out_line,
                   size_t *out_len)
{
    AUTO(text_release) struct text line = TEXT_INIT;
    AUTO(auto_free) char *text = json_text(request, JSON_COMPACT);
    long deadline = now_ms() + timeout_s * 1000L;
    int r;

    assert(out_line && out_len);
    if (!text)
        return -ENOMEM;
    AUTO(close_fd) int fd = ctl_socket_connect(path);

    if (fd < 0)
        return fd;
    line.max = CTL_ANSWER_MAX_BYTES;
    r = send_all(fd, text, strlen(text), deadline);
    if (r == 0)
        r = send_all(fd, "\n", 1, deadline);
    /* A server that refuses (too many clients, another user) says so and closes before it has read
     * the request: its sentence can still be read. */
    if (r == 0 || r == -EPIPE || r == -ECONNRESET)
        r = read_line(fd, &line, deadline);
    if (r < 0)
        return r;
    *out_len = line.len;
    *out_line = text_take(&line);
    if (!*out_line)
        *out_line = strdup("");
    return *out_line ? 0 : -ENOMEM;
}
