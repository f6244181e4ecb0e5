#include "ctl/ctl_server.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/ctl_protocol.h"
#include "ctl/ctl_socket.h"
#include "support/unit.h"

#define TURNS_MAX 20000

struct daemon {
    char folder[512], path[600];
    struct event_base *base;
    struct ctl_server *server;
    struct ctl_request *kept[CTL_CLIENTS_MAX + 1];
    size_t kept_count;
    bool defers;
};

static void on_request(void *arg, struct ctl_request *r)
{
    struct daemon *d = arg;

    if (d->defers) {
        ck_assert_uint_lt(d->kept_count, CTL_CLIENTS_MAX + 1);
        d->kept[d->kept_count++] = r;
        return;
    }
    if (strcmp(ctl_request_command(r), "fail") == 0) {
        ctl_fail(r, 78, "no %s", "plan");
        return;
    }
    ctl_reply(
        r, json_pack("{s:s, s:i}", "echo", ctl_request_command(r), "uid", (int)ctl_request_uid(r)));
}

static void daemon_start(struct daemon *d, int depth)
{
    memset(d, 0, sizeof *d);
    log_set_level(LOG_LEVEL_ERROR);
    snprintf(d->folder, sizeof d->folder, "/tmp/ctl-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(d->folder));
    for (int i = 0; i < depth; i++) {
        strcat(d->folder, "/a-folder-with-a-long-name");
        ck_assert_int_eq(mkdir(d->folder, 0700), 0);
    }
    snprintf(d->path, sizeof d->path, "%s/control.sock", d->folder);
    d->base = event_base_new();
    ck_assert_int_eq(ctl_server_open(d->base, d->path, on_request, d, &d->server), 0);
}

static void daemon_stop(struct daemon *d)
{
    ctl_server_close(d->server);
    event_base_free(d->base);
    ck_assert_msg(access(d->path, F_OK) < 0, "the socket file is left behind");
    while (strlen(d->folder) > 5 && rmdir(d->folder) == 0)
        *strrchr(d->folder, '/') = '\0';
}

static int client_open(const struct daemon *d, const char *bytes)
{
    int fd = ctl_socket_connect(d->path);

    ck_assert_msg(fd >= 0, "connect: %d", fd);
    if (bytes)
        ck_assert_int_eq(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
    return fd;
}

static void turn(struct daemon *d)
{
    event_base_loop(d->base, EVLOOP_NONBLOCK);
}

/* Turns the loop until the other end has closed; returns what it had said, and closes. */
static const char *client_answer(struct daemon *d, int fd)
{
    static char text[4096];
    size_t len = 0;

    for (int i = 0; i < TURNS_MAX; i++) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        turn(d);
        if (poll(&p, 1, 1) <= 0)
            continue;
        ssize_t n = recv(fd, text + len, sizeof text - 1 - len, MSG_DONTWAIT);

        if (n > 0) {
            len += (size_t)n;
            continue;
        }
        text[len] = '\0';
        close(fd);
        return text;
    }
    ck_abort_msg("the server never closed");
    return "";
}

static void turn_until_kept(struct daemon *d, size_t count)
{
    for (int i = 0; i < TURNS_MAX && d->kept_count < count; i++)
        turn(d);
    ck_assert_uint_eq(d->kept_count, count);
}

#define HAS(answer, part)                                                                          \
    do {                                                                                           \
        const char *has_answer = (answer);                                                         \
        ck_assert_msg(strstr(has_answer, part) != NULL, "no %s in %s", part, has_answer);          \
    } while (0)

START_TEST(a_line_is_answered_and_the_connection_closed)
{
    struct daemon d;
    struct stat st;
    char uid[32];

    daemon_start(&d, 0);
    ck_assert_int_eq(stat(d.path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    snprintf(uid, sizeof uid, "\"uid\":%d", (int)geteuid());
    HAS(client_answer(&d, client_open(&d, "{\"command\":\"status\"}\n")), "\"echo\":\"status\"");
    HAS(client_answer(&d, client_open(&d, "{\"command\":\"status\"}\n")), uid);
    HAS(client_answer(&d, client_open(&d, "{\"command\":\"fail\"}\n")),
        "\"ok\":false,\"exit\":78,\"error\":\"no plan\"");
    daemon_stop(&d);
}
END_TEST

START_TEST(a_state_folder_may_lie_deep)
{
    struct daemon d;

    daemon_start(&d, 8);
    ck_assert_uint_gt(strlen(d.path), 200);
    HAS(client_answer(&d, client_open(&d, "{\"command\":\"status\"}\n")), "\"ok\":true");
    daemon_stop(&d);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
    struct daemon d;
    const char *line = "{\"command\":\"status\"}\n";

    daemon_start(&d, 0);
    int fd = client_open(&d, NULL);

    for (const char *c = line; *c; c++) {
        ck_assert_int_eq(send(fd, c, 1, MSG_NOSIGNAL), 1);
        turn(&d);
    }
    HAS(client_answer(&d, fd), "\"ok\":true");
    daemon_stop(&d);
}
END_TEST

START_TEST(a_giant_line_is_refused_before_it_is_read_whole)
{
    struct daemon d;
    static char part[4096];

    daemon_start(&d, 0);
    memset(part, 'x', sizeof part);
    int fd = client_open(&d, NULL);
    size_t sent = 0;

    for (int i = 0; i < TURNS_MAX; i++) {
        ssize_t n = send(fd, part, sizeof part, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno != EAGAIN)
            break;
        sent += n > 0 ? (size_t)n : 0;
        turn(&d);
    }
    ck_assert_uint_lt(sent, 2 * CTL_REQUEST_MAX_BYTES);
    HAS(client_answer(&d, fd), "longer than 2 MiB");
    daemon_stop(&d);
}
END_TEST

static const struct {
    const char *why, *bytes, *answer;
} bad_requests[] = {
    { "no JSON", "status\n", "one JSON object" },
    { "an empty line", "\n", "one JSON object" },
    { "no command", "{}\n", "names no" },
};

START_TEST(what_is_no_request_is_refused)
{
    struct daemon d;

    daemon_start(&d, 0);
    HAS(client_answer(&d, client_open(&d, bad_requests[_i].bytes)), bad_requests[_i].answer);
    daemon_stop(&d);
}
END_TEST

START_TEST(half_a_line_is_refused_when_its_time_is_over)
{
    struct daemon d;

    daemon_start(&d, 0);
    ctl_server_set_limit_ms(d.server, 20);
    HAS(client_answer(&d, client_open(&d, "{\"command\":")), "did not arrive in time");
    HAS(client_answer(&d, client_open(&d, NULL)), "did not arrive in time");
    daemon_stop(&d);
}
END_TEST

START_TEST(a_half_closed_client_still_gets_its_answer)
{
    struct daemon d;

    daemon_start(&d, 0);
    d.defers = true;
    int fd = client_open(&d, "{\"command\":\"status\"}\n"), cut = client_open(&d, "{\"command\"");

    shutdown(fd, SHUT_WR);
    shutdown(cut, SHUT_WR);
    turn_until_kept(&d, 1);
    HAS(client_answer(&d, cut), "no line end");
    ctl_reply(d.kept[0], json_true());
    HAS(client_answer(&d, fd), "\"result\":true");
    daemon_stop(&d);
}
END_TEST

START_TEST(a_request_outlives_its_client)
{
    struct daemon d;

    daemon_start(&d, 0);
    d.defers = true;
    int gone = client_open(&d, "{\"command\":\"a\"}\n"),
        stays = client_open(&d, "{\"command\":\"b\"}\n");

    turn_until_kept(&d, 2);
    close(gone);
    for (int i = 0; i < 10; i++)
        turn(&d);
    for (int i = 0; i < 2; i++) {
        ck_assert_str_ne(ctl_request_command(d.kept[i]), "");
        ck_assert(json_is_object(ctl_request_json(d.kept[i])));
        ctl_reply(d.kept[i], json_integer(7));
    }
    HAS(client_answer(&d, stays), "\"result\":7");
    daemon_stop(&d);
}
END_TEST

START_TEST(a_request_outlives_the_server)
{
    struct daemon d;

    daemon_start(&d, 0);
    d.defers = true;
    int fd = client_open(&d, "{\"command\":\"a\"}\n");

    turn_until_kept(&d, 1);
    daemon_stop(&d);
    ctl_reply(d.kept[0], json_integer(7));
    close(fd);
}
END_TEST

START_TEST(the_client_after_the_hundredth_is_turned_away_and_the_others_are_served)
{
    struct daemon d;
    int fds[CTL_CLIENTS_MAX];

    daemon_start(&d, 0);
    d.defers = true;
    for (size_t i = 0; i < CTL_CLIENTS_MAX; i++) {
        fds[i] = client_open(&d, "{\"command\":\"a\"}\n");
        turn_until_kept(&d, i + 1);
    }
    HAS(client_answer(&d, client_open(&d, "{\"command\":\"b\"}\n")), "too many clients");
    ck_assert_uint_eq(d.kept_count, CTL_CLIENTS_MAX);
    ctl_reply(d.kept[0], json_true());
    HAS(client_answer(&d, fds[0]), "\"ok\":true");
    d.defers = false;
    HAS(client_answer(&d, client_open(&d, "{\"command\":\"c\"}\n")), "\"echo\":\"c\"");
    for (size_t i = 1; i < CTL_CLIENTS_MAX; i++) {
        ctl_reply(d.kept[i], json_true());
        HAS(client_answer(&d, fds[i]), "\"ok\":true");
    }
    daemon_stop(&d);
}
END_TEST

START_TEST(an_answer_that_nobody_reads_is_given_up)
{
    struct daemon d;

    daemon_start(&d, 0);
    d.defers = true;
    ctl_server_set_limit_ms(d.server, 30);
    int fd = client_open(&d, "{\"command\":\"a\"}\n");
    size_t big = 4 << 20;
    char *text = malloc(big + 1);

    ck_assert_ptr_nonnull(text);
    turn_until_kept(&d, 1);
    memset(text, 'x', big);
    text[big] = '\0';
    ctl_reply(d.kept[0], json_string(text));
    free(text);
    /* The loop ends when nothing but the listener is left; a ceiling in turns would hide a leak. */
    struct pollfd p = { .fd = fd };

    for (int i = 0; i < TURNS_MAX && !(p.revents & POLLHUP); i++) {
        turn(&d);
        poll(&p, 1, 1);
    }
    ck_assert_msg(p.revents & POLLHUP, "the server still waits");
    close(fd);
    daemon_stop(&d);
}
END_TEST

START_TEST(a_stale_socket_is_replaced_and_a_live_one_is_not)
{
    struct daemon d;
    struct ctl_server *second = NULL;
    struct sockaddr_un address;

    daemon_start(&d, 0);
    ck_assert_int_eq(ctl_server_open(d.base, d.path, on_request, &d, &second), -EADDRINUSE);
    ck_assert_int_eq(access(d.path, F_OK), 0);
    daemon_stop(&d);

    daemon_start(&d, 0);
    ctl_server_close(d.server);
    int folder = ctl_socket_address(d.path, &address);
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
    close(dead);
    close(folder);
    ck_assert_int_eq(ctl_server_open(d.base, d.path, on_request, &d, &d.server), 0);
    HAS(client_answer(&d, client_open(&d, "{\"command\":\"status\"}\n")), "\"ok\":true");
    daemon_stop(&d);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
    struct daemon d;

    daemon_start(&d, 0);
    ctl_server_close(d.server);
    d.server = NULL;
    int fd = open(d.path, O_CREAT | O_WRONLY, 0600);

    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(ctl_server_open(d.base, d.path, on_request, &d, &d.server), -EEXIST);
    ck_assert_int_eq(unlink(d.path), 0);
    daemon_stop(&d);
}
END_TEST

/* Needs root to become another user; without it the rule itself is proven in test_ctl_protocol. */
START_TEST(another_user_is_refused_even_where_the_file_lets_him_in)
{
    struct daemon d;
    int status = 0, answer[2];
    char heard[512] = "";

    if (geteuid() != 0)
        return;
    daemon_start(&d, 0);
    ck_assert_int_eq(chmod(d.folder, 0755), 0);
    ck_assert_int_eq(chmod(d.path, 0666), 0);
    ck_assert_int_eq(pipe(answer), 0);
    pid_t child = fork();

    if (child == 0) {
        int fd = setuid(65534) == 0 ? ctl_socket_connect(d.path) : -1;
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ssize_t n = fd >= 0 && poll(&p, 1, 5000) > 0 ? recv(fd, heard, sizeof heard, 0) : 0;

        _exit(n > 0 && write(answer[1], heard, (size_t)n) == n ? 0 : 1);
    }
    for (int i = 0; i < TURNS_MAX && waitpid(child, &status, WNOHANG) == 0; i++) {
        turn(&d);
        poll(NULL, 0, 1);
    }
    close(answer[1]);
    ck_assert_int_gt(read(answer[0], heard, sizeof heard - 1), 0);
    HAS(heard, "only root and the daemon's own user");
    close(answer[0]);
    daemon_stop(&d);
}
END_TEST

UNIT_MAIN("ctl_server", UNIT_TEST(a_line_is_answered_and_the_connection_closed),
          UNIT_TEST(a_state_folder_may_lie_deep), UNIT_TEST(a_request_may_come_byte_by_byte),
          UNIT_TEST(a_giant_line_is_refused_before_it_is_read_whole),
          UNIT_ROWS(what_is_no_request_is_refused, bad_requests),
          UNIT_TEST(half_a_line_is_refused_when_its_time_is_over),
          UNIT_TEST(a_half_closed_client_still_gets_its_answer),
          UNIT_TEST(a_request_outlives_its_client), UNIT_TEST(a_request_outlives_the_server),
          UNIT_TEST(the_client_after_the_hundredth_is_turned_away_and_the_others_are_served),
          UNIT_TEST(an_answer_that_nobody_reads_is_given_up),
          UNIT_TEST(a_stale_socket_is_replaced_and_a_live_one_is_not),
          UNIT_TEST(a_file_that_is_no_socket_is_left_alone),
          UNIT_TEST(another_user_is_refused_even_where_the_file_lets_him_in))
