#include "ctl/ctl_server.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"
#include "ctl/ctl_socket.h"

/*
 * A client owns its connection; a request is owned by whoever must answer it. Each knows the other
 * until one of them ends:
 *
 *   client  READING ──line──► WAITING ──answer──► WRITING ──flushed──► freed
 *   request                   made     answer: freed
 *
 * A client that goes away while WAITING clears request->client; the answer then goes nowhere.
 */
enum phase { READING, WAITING, WRITING };

struct client {
    struct ctl_server *server;
    struct client *next, *previous;
    struct bufferevent *stream;
    struct event *deadline; /* absolute: a timeout of the stream would start anew at each byte */
    struct ctl_request *request;
    uid_t uid;
    enum ctl_right right;
    enum phase phase;
};

struct ctl_request {
    struct client *client; /* NULL: gone */
    json_t *json;
    uid_t uid;
    enum ctl_right right;
};

struct ctl_server {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *accept_again; /* after a pause, when descriptors had run out */
    char *path;
    dev_t device; /* of the socket file that we made */
    ino_t inode;
    ctl_handle *handle;
    void *arg;
    struct ctl_groups groups;
    struct client *clients;
    size_t client_count;
    struct timeval limit; /* for the request to arrive, and for the answer to be taken */
};

#define DESCRIPTORS_RESERVED 8 /* for files, Redis and deliveries */

static const struct timeval accept_pause = { .tv_sec = 1 };

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static void client_free(struct client *c)
{
    if (c->request)
        c->request->client = NULL;
    if (c->previous)
        c->previous->next = c->next;
    else
        c->server->clients = c->next;
    if (c->next)
        c->next->previous = c->previous;
    c->server->client_count--;
    if (c->deadline)
        event_free(c->deadline);
    if (c->stream)
        bufferevent_free(c->stream);
    free(c);
}

/* Frees the client itself where even the answer cannot be written. line may be NULL: no memory. */
static void client_answer(struct client *c, const char *line)
{
    c->phase = WRITING;
    bufferevent_disable(c->stream, EV_READ);
    if (!line || event_add(c->deadline, &c->server->limit) < 0 ||
        bufferevent_write(c->stream, line, strlen(line)) < 0)
        client_free(c);
}

static void client_refuse(struct client *c, const char *why)
{
    AUTO(auto_free) char *line = ctl_answer_fail(CTL_FINDING, why);

    client_answer(c, line);
}

/* ---- requests ---------------------------------------------------------------------------------
 */

const char *ctl_request_command(const struct ctl_request *r)
{
    return json_string_value(json_object_get(r->json, "command"));
}

const json_t *ctl_request_json(const struct ctl_request *r)
{
    return r->json;
}

uid_t ctl_request_uid(const struct ctl_request *r)
{
    return r->uid;
}

bool ctl_request_may_act(const struct ctl_request *r)
{
    return r->right == CTL_MAY_ACT;
}

static void request_end(struct ctl_request *r, const char *line)
{
    if (r->client) {
        r->client->request = NULL;
        client_answer(r->client, line);
    }
    json_decref(r->json);
    free(r);
}

void ctl_reply(struct ctl_request *r, json_t *result)
{
    AUTO(auto_free) char *line = NULL;

    assert(r);
    line = result ? ctl_answer_ok(result) : ctl_answer_fail(CTL_FINDING, "out of memory");
    request_end(r, line);
}

void ctl_fail(struct ctl_request *r, int exit_code, const char *format, ...)
{
    AUTO(text_release) struct text error = TEXT_INIT;
    AUTO(auto_free) char *line = NULL;
    va_list ap;

    assert(r);
    va_start(ap, format);
    (void)text_vprintf(&error, format, ap);
    va_end(ap);
    line = ctl_answer_fail(exit_code, text_str(&error));
    request_end(r, line);
}

/* ---- clients ----------------------------------------------------------------------------------
 */

static void take_request(struct client *c, const char *line, size_t len)
{
    struct ctl_request *r = calloc(1, sizeof *r);
    const char *why = NULL;

    if (!r) {
        client_free(c);
        return;
    }
    if (ctl_request_parse(line, len, &r->json, &why) < 0) {
        free(r);
        client_refuse(c, why);
        return;
    }
    r->client = c;
    r->uid = c->uid;
    r->right = c->right;
    c->request = r;
    c->phase = WAITING;
    event_del(c->deadline);
    /* Reading goes on, to learn that the client has gone; what it sends is thrown away. */
    c->server->handle(c->server->arg, r);
}

static void on_read(struct bufferevent *stream, void *arg)
{
    struct client *c = arg;
    struct evbuffer *in = bufferevent_get_input(stream);
    size_t line_end_len = 0;

    if (c->phase != READING) {
        evbuffer_drain(in, evbuffer_get_length(in));
        return;
    }
    struct evbuffer_ptr end = evbuffer_search_eol(in, NULL, &line_end_len, EVBUFFER_EOL_LF);
    size_t have = end.pos >= 0 ? (size_t)end.pos : evbuffer_get_length(in);

    if (have > CTL_REQUEST_MAX_BYTES) {
        client_refuse(c, "the request is longer than 2 MiB");
        return;
    }
    if (end.pos < 0)
        return;
    AUTO(auto_free) char *line = malloc(have + 1);

    if (!line || (have > 0 && evbuffer_remove(in, line, have) != (int)have)) {
        client_free(c);
        return;
    }
    line[have] = '\0';
    evbuffer_drain(in, evbuffer_get_length(in));
    take_request(c, line, have);
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct client *c = arg;

    if (c->phase == WRITING && evbuffer_get_length(bufferevent_get_output(stream)) == 0)
        client_free(c);
}

/* The other end has closed both directions, not only said that it has no more to send. */
static bool has_gone(struct client *c)
{
    struct pollfd p = { .fd = bufferevent_getfd(c->stream) };

    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
    struct client *c = arg;

    if (what & BEV_EVENT_ERROR || has_gone(c)) {
        client_free(c);
    } else if (what & BEV_EVENT_EOF) {
        bufferevent_disable(stream, EV_READ);
        if (c->phase == READING)
            client_refuse(c, "the request has no line end");
    }
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;

    (void)fd;
    (void)what;
    if (c->phase == READING)
        client_refuse(c, "the request did not arrive in time (10 s)");
    else
        client_free(c);
}

/* Says why and closes; what does not fit into the socket's buffer is not worth waiting for. */
static void turn_away(evutil_socket_t fd, const char *why)
{
    AUTO(auto_free) char *line = ctl_answer_fail(CTL_FINDING, why);

    if (line && send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        /* it has gone already */
    }
    evutil_closesocket(fd);
}

/* The kernel gives the lowest free number: this one shows how many are left. */
static bool is_of_reserve(evutil_socket_t fd)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           (rlim_t)fd + DESCRIPTORS_RESERVED >= limit.rlim_cur;
}

/* The groups of the peer's process, its own first; malloc'ed. NULL without memory. */
static gid_t *groups_of(evutil_socket_t fd, gid_t own, size_t *out_count)
{
    gid_t *list = NULL;
    socklen_t size = 0;

    /* An old kernel knows of no groups: then the first alone. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) < 0 && errno != ERANGE)
        size = 0;
    list = malloc(sizeof *list + size);
    if (!list)
        return NULL;
    list[0] = own;
    if (size && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list + 1, &size) < 0)
        size = 0;
    *out_count = 1 + size / sizeof *list;
    return list;
}

/* *out_uid is set where the kernel says who it is. */
static enum ctl_right right_of(const struct ctl_server *s, evutil_socket_t fd, uid_t *out_uid)
{
    struct ucred peer = { .uid = (uid_t)-1 };
    socklen_t peer_len = sizeof peer;
    AUTO(auto_free) gid_t *groups = NULL;
    size_t count = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) < 0)
        return CTL_MAY_NOTHING;
    *out_uid = peer.uid;
    groups = groups_of(fd, peer.gid, &count);
    return ctl_peer_right(peer.uid, geteuid(), groups, groups ? count : 0, &s->groups);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int len, void *arg)
{
    struct ctl_server *s = arg;
    uid_t uid = (uid_t)-1;
    enum ctl_right right = right_of(s, fd, &uid);

    (void)listener;
    (void)address;
    (void)len;
    if (right == CTL_MAY_NOTHING) {
        log_warning("control", "refused uid=%ld", (long)uid);
        turn_away(fd, "only root and the daemon's own user, and members of the groups under "
                      "control:, may ask");
        return;
    }
    if (s->client_count >= CTL_CLIENTS_MAX || is_of_reserve(fd)) {
        turn_away(fd, "too many clients");
        return;
    }
    struct client *c = calloc(1, sizeof *c);

    if (!c) {
        evutil_closesocket(fd);
        return;
    }
    c->server = s;
    c->uid = uid;
    c->right = right;
    c->next = s->clients;
    if (c->next)
        c->next->previous = c;
    s->clients = c;
    s->client_count++;
    c->stream = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!c->stream)
        evutil_closesocket(fd);
    c->deadline = evtimer_new(s->base, on_deadline, c);
    if (!c->stream || !c->deadline || event_add(c->deadline, &c->server->limit) < 0) {
        client_free(c);
        return;
    }
    bufferevent_setcb(c->stream, on_read, on_written, on_event, c);
    /* One byte more than a request may have and its line end: enough to know that it is too long.
     */
    bufferevent_setwatermark(c->stream, EV_READ, 0, CTL_REQUEST_MAX_BYTES + 2);
    if (bufferevent_enable(c->stream, EV_READ | EV_WRITE) < 0)
        client_free(c);
}

/* Out of descriptors: the waiting client stays readable, so accepting at once again would spin. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct ctl_server *s = arg;

    log_warning("control", "accept error=%s", evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    if (event_add(s->accept_again, &accept_pause) == 0)
        (void)evconnlistener_disable(listener);
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_server *s = arg;

    (void)fd;
    (void)what;
    (void)evconnlistener_enable(s->listener);
}

/* ---- the socket file --------------------------------------------------------------------------
 */

/* Removes a socket that nobody answers on. Returns 0 when the path is free. */
static int clear_stale(const char *path, int folder, const char *name)
{
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    int fd = ctl_socket_connect(path);

    if (fd >= 0) {
        close(fd);
        return -EADDRINUSE;
    }
    if (fd == -EAGAIN) /* listening, but its queue is full */
        return -EADDRINUSE;
    if (fd != -ECONNREFUSED && fd != -ENOENT)
        return fd;
    return unlinkat(folder, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* Binds and notes which file was made. Returns the bound descriptor or -errno. */
static int bind_socket(struct ctl_server *s)
{
    struct sockaddr_un address;
    const char *slash = strrchr(s->path, '/'), *name = slash ? slash + 1 : s->path;
    AUTO(close_fd) int folder = ctl_socket_address(s->path, &address);
    struct stat st;
    int fd, r;

    if (folder < 0)
        return folder;
    r = clear_stale(s->path, folder, name);
    if (r < 0)
        return r;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    /* Nobody can connect before listen(), so the mode is in force before the first client. */
    if (fchmodat(folder, name, 0600, 0) < 0 ||
        fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        r = -errno;
        (void)unlinkat(folder, name, 0);
        close(fd);
        return r;
    }
    s->device = st.st_dev;
    s->inode = st.st_ino;
    return fd;
}

/* Only our own: another daemon may have replaced it after ours was removed by hand. */
static void unlink_own(const struct ctl_server *s)
{
    struct stat st;

    if (s->inode && lstat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode)
        (void)unlink(s->path);
}

int ctl_server_open(struct event_base *base, const char *path, ctl_handle *handle, void *arg,
                    struct ctl_server **out_server)
{
    struct ctl_server *s = calloc(1, sizeof *s);
    int fd, r = -ENOMEM;

    assert(base && path && handle && out_server);
    if (!s)
        return -ENOMEM;
    s->base = base;
    s->limit.tv_sec = CTL_REQUEST_S;
    s->groups = (struct ctl_groups){ CTL_NO_GROUP, CTL_NO_GROUP };
    s->handle = handle;
    s->arg = arg;
    s->path = strdup(path);
    s->accept_again = evtimer_new(base, on_accept_again, s);
    if (!s->path || !s->accept_again)
        goto fail;
    fd = bind_socket(s);
    if (fd < 0) {
        r = fd;
        goto fail;
    }
    /* Our backlog is the cap too: who waits there is answered or turned away in one turn. */
    s->listener = evconnlistener_new(
        base, on_connection, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, CTL_CLIENTS_MAX, fd);
    if (!s->listener) {
        close(fd);
        goto fail;
    }
    evconnlistener_set_error_cb(s->listener, on_accept_error);
    *out_server = s;
    return 0;
fail:
    ctl_server_close(s);
    return r;
}

int ctl_server_allow(struct ctl_server *s, const struct ctl_groups *groups)
{
    bool is_private = groups->operators == CTL_NO_GROUP && groups->readers == CTL_NO_GROUP;
    struct stat st;

    s->groups = *groups;
    /* Two groups cannot own one file: who connects is told by the kernel, and turned away here. */
    if (lstat(s->path, &st) < 0 || st.st_dev != s->device || st.st_ino != s->inode)
        return -ENOENT;
    return chmod(s->path, is_private ? 0600 : 0666) < 0 ? -errno : 0;
}

void ctl_server_set_limit_ms(struct ctl_server *s, int limit_ms)
{
    s->limit.tv_sec = limit_ms / 1000;
    s->limit.tv_usec = limit_ms % 1000 * 1000;
}

void ctl_server_close(struct ctl_server *s)
{
    if (!s)
        return;
    if (s->accept_again)
        event_free(s->accept_again);
    if (s->listener)
        evconnlistener_free(s->listener);
    while (s->clients)
        client_free(s->clients);
    unlink_own(s);
    free(s->path);
    free(s);
}
