/*
 * ctl - the control socket: whatever a client sends, in whatever portions, it gets one line, which
 * the client's side reads, and the same one; a request accepted prints and parses back the same. An
 * answer of any bytes is read or refused, and what is read has its parts
 *
 * Input: a byte for the size of the portions, then what the client sends; the same bytes are also
 * read as an answer.
 */
#include "ctl/ctl_protocol.h"

#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/ctl_server.h"
#include "ctl/ctl_socket.h"
#include "fuzz/support/fuzz.h"

static struct event_base *base;
static struct ctl_server *server;

static void stop(void)
{
    ctl_server_close(server);
    event_base_free(base);
}

/* Says the request back, so that the answer shows what was understood. */
static void on_request(void *arg, struct ctl_request *r)
{
    (void)arg;
    FUZZ_CHECK(ctl_request_command(r) && json_is_object(ctl_request_json(r)), "no request");
    if (strcmp(ctl_request_command(r), "fail") == 0)
        ctl_fail(r, CTL_CONFIG, "no %s", ctl_request_command(r));
    else
        ctl_reply(r, json_deep_copy(ctl_request_json(r)));
}

static void start(void)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/control.sock", fuzz_folder());
    base = event_base_new();
    FUZZ_CHECK(base && ctl_server_open(base, path, on_request, NULL, &server) == 0, "no server");
    (void)atexit(stop);
}

/* Turns the loop until the server has closed; what it said is added to out. */
static void take_answer(int fd, struct text *out)
{
    char bytes[4096];

    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

        if (n == 0)
            return;
        if (n > 0)
            (void)text_add(out, bytes, (size_t)n);
        else
            (void)event_base_loop(base, EVLOOP_NONBLOCK);
    }
}

static char *ask(const char *bytes, size_t len, size_t portion)
{
    char path[128];
    struct text answer = TEXT_INIT;

    (void)snprintf(path, sizeof path, "%s/control.sock", fuzz_folder());
    int fd = ctl_socket_connect(path);

    FUZZ_CHECK(fd >= 0, "no connection: %d", fd);
    for (size_t at = 0; at < len; at += portion) {
        size_t n = portion < len - at ? portion : len - at;

        if (send(fd, bytes + at, n, MSG_NOSIGNAL) < 0)
            break; /* it has answered already */
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
    }
    (void)shutdown(fd, SHUT_WR);
    take_answer(fd, &answer);
    (void)close(fd);
    (void)text_puts(&answer, "");
    FUZZ_CHECK(text_ok(&answer), "no memory");
    return text_take(&answer);
}

static void check_answer_line(const char *line)
{
    json_t *result = NULL;
    char *error = NULL;
    int exit_code = 0;
    const char *end = strchr(line, '\n');

    FUZZ_CHECK(end && end[1] == '\0', "the answer is not one line: %s", line);
    int r = ctl_answer_parse(line, strlen(line), &result, &exit_code, &error);

    FUZZ_CHECK(r == 0 ? result != NULL : r == 1 && error && exit_code > 0, "the answer is none: %s",
               line);
    json_decref(result);
    free(error);
}

static void check_request(const char *bytes, size_t len)
{
    const char *end = memchr(bytes, '\n', len), *why = NULL;
    json_t *request = NULL, *again = NULL;

    if (ctl_request_parse(bytes, end ? (size_t)(end - bytes) : len, &request, &why) < 0) {
        FUZZ_CHECK(why && why[0] && !request, "refused without a word");
        return;
    }
    char *line = json_dumps(request, JSON_COMPACT);

    FUZZ_CHECK(line && ctl_request_parse(line, strlen(line), &again, &why) == 0,
               "written out it is refused: %s", why);
    FUZZ_CHECK(json_equal(request, again), "written out it is another: %s", line);
    json_decref(request);
    json_decref(again);
    free(line);
}

static void check_answer(const char *bytes, size_t len)
{
    json_t *result = NULL;
    char *error = NULL;
    int exit_code = 0, r = ctl_answer_parse(bytes, len, &result, &exit_code, &error);

    FUZZ_CHECK(r != 0 || result, "read without a result");
    FUZZ_CHECK(r != 1 || (error && exit_code > 0 && exit_code < 126),
               "a refusal without its parts");
    FUZZ_CHECK(r >= 0 || (!result && !error), "refused with parts");
    json_decref(result);
    free(error);
}

void fuzz_one(const char *bytes, size_t len)
{
    size_t portion = fuzz_byte(&bytes, &len) + 1u;

    if (!server)
        start();
    check_request(bytes, len);
    check_answer(bytes, len);
    char *whole = ask(bytes, len, len ? len : 1), *parts = ask(bytes, len, portion);

    check_answer_line(whole);
    FUZZ_CHECK(strcmp(whole, parts) == 0, "in portions of %zu it answers otherwise:\n%s%s", portion,
               whole, parts);
    free(whole);
    free(parts);
}
