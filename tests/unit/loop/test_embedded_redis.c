/* The daemon's own redis-server, and the adapter against a real one. Needs redis-server in PATH. */
#include "loop/embedded_redis.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "loop/redis.h"
#include "support/folder.h"
#include "support/loop.h"
#include "support/unit.h"

#define PATH_ROOM 512

struct ground {
    char folder[FOLDER_MAX], state[PATH_ROOM];
    struct event_base *base;
    struct embedded_redis *server;
    struct redis *redis;
    int ready, lost;
    enum redis_error error;
    char answer[64];
    int answers;
};

static void on_ready(void *arg)
{
    ((struct ground *)arg)->ready++;
}

static void on_lost(void *arg, const char *why)
{
    (void)why;
    ((struct ground *)arg)->lost++;
}

static bool is_ready(void *arg)
{
    struct ground *g = arg;

    return g->redis && redis_is_ready(g->redis);
}

static bool is_ready_again(void *arg)
{
    return ((struct ground *)arg)->ready >= 2;
}

static bool was_answered(void *arg)
{
    return ((struct ground *)arg)->answers > 0;
}

static void on_answer(void *arg, enum redis_error error, const redisReply *reply)
{
    struct ground *g = arg;

    g->answers++;
    g->error = error;
    g->answer[0] = '\0';
    if (reply && reply->type != REDIS_REPLY_NIL && reply->str)
        (void)snprintf(g->answer, sizeof g->answer, "%s", reply->str);
    else if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
             reply->element[1]->str)
        (void)snprintf(g->answer, sizeof g->answer, "%s", reply->element[1]->str);
}

/* One command and its answer as text; up to three words. */
static const char *ask(struct ground *g, const char *a, const char *b, const char *c)
{
    const char *argv[] = { a, b, c };
    size_t lengths[] = { strlen(a), b ? strlen(b) : 0, c ? strlen(c) : 0 };

    g->answers = 0;
    ck_assert_int_eq(
        redis_call(g->redis, 1 + (b != NULL) + (c != NULL), argv, lengths, 0, on_answer, g), 0);
    ck_assert(loop_until(g->base, was_answered, g));
    return g->answer;
}

static void ground_begin(struct ground *g, const char *below)
{
    memset(g, 0, sizeof *g);
    (void)signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_LEVEL_ERROR);
    folder_begin(g->folder);
    (void)snprintf(g->state, sizeof g->state, "%s%s", g->folder, below);
    g->base = event_base_new();
    ck_assert_ptr_nonnull(g->base);
}

static void ground_start(struct ground *g)
{
    ck_assert_int_eq(embedded_redis_start(g->base, g->state, "redis-server", true, &g->server), 0);
}

static void ground_connect(struct ground *g)
{
    struct redis_address address = { .socket = embedded_redis_socket(g->server) };

    g->redis = redis_new(g->base, &address, (struct redis_events){ on_ready, on_lost, g });
    ck_assert_ptr_nonnull(g->redis);
    ck_assert(loop_until(g->base, is_ready, g));
}

static void ground_stop(struct ground *g)
{
    redis_free(g->redis);
    g->redis = NULL;
    embedded_redis_stop(g->server);
    g->server = NULL;
}

static void ground_end(struct ground *g)
{
    ground_stop(g);
    event_base_free(g->base);
    folder_end(g->folder);
}

static const struct {
    const char *setting, *value;
} settings[] = {
    { "appendonly", "yes" },
    { "appendfsync", "always" },
    { "no-appendfsync-on-rewrite", "no" },
    { "maxmemory-policy", "noeviction" },
    { "save", "" },
    { "port", "0" },
};

START_TEST(the_server_is_durable_and_has_no_port)
{
    struct ground g;
    char path[PATH_ROOM + 32];
    struct stat st;

    ground_begin(&g, "/state");
    ground_start(&g);
    ground_connect(&g);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        ck_assert_str_eq(ask(&g, "CONFIG", "GET", settings[i].setting), settings[i].value);
    (void)snprintf(path, sizeof path, "%s/redis", g.state);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);
    (void)snprintf(path, sizeof path, "%s/redis/redis.sock", g.state);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 077, 0);
    (void)snprintf(path, sizeof path, "%s/redis/redis.conf", g.state);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ground_end(&g);
}
END_TEST

START_TEST(a_killed_server_is_started_again_with_its_data)
{
    struct ground g;
    pid_t first;

    ground_begin(&g, "/state");
    ground_start(&g);
    ground_connect(&g);
    first = embedded_redis_pid(g.server);
    ck_assert_str_eq(ask(&g, "SET", "k", "v"), "OK");
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    ck_assert(loop_until(g.base, is_ready_again, &g));
    ck_assert_int_eq(g.lost, 1);
    ck_assert_int_ne(embedded_redis_pid(g.server), first);
    ck_assert_str_eq(ask(&g, "GET", "k", NULL), "v");
    ground_end(&g);
}
END_TEST

/* A path longer than the 107 bytes that a socket's address can hold. */
START_TEST(a_deep_state_folder_works)
{
    static const char below[] =
        "/0123456789abcdefghijklmnopqrstuvwxyz/0123456789abcdefghijklmnopqrstuvwxyz"
        "/0123456789abcdefghijklmnopqrstuvwxyz/0123456789abcdefghijklmnopqrstuvwxyz/state";
    struct ground g;

    ground_begin(&g, below);
    ck_assert_uint_gt(strlen(g.state), 150);
    ground_start(&g);
    ground_connect(&g);
    ck_assert_str_eq(ask(&g, "PING", NULL, NULL), "PONG");
    ground_end(&g);
}
END_TEST

START_TEST(stopping_ends_the_server_and_keeps_the_data)
{
    struct ground g;
    pid_t first;

    ground_begin(&g, "/state");
    ground_start(&g);
    ground_connect(&g);
    ck_assert_str_eq(ask(&g, "SET", "k", "kept"), "OK");
    first = embedded_redis_pid(g.server);
    ground_stop(&g);
    ck_assert_int_eq(kill(first, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
    ground_start(&g);
    ground_connect(&g);
    ck_assert_str_eq(ask(&g, "GET", "k", NULL), "kept");
    ground_end(&g);
}
END_TEST

static void read_pid_file(struct ground *g, char line[256])
{
    struct text text = TEXT_INIT;
    char path[PATH_ROOM + 32];

    (void)snprintf(path, sizeof path, "%s/redis/redis.pid", g->state);
    ck_assert_int_eq(file_read(path, 255, &text), 0);
    (void)snprintf(line, 256, "%s", text_str(&text));
    text_release(&text);
}

static unsigned long long start_time_of(pid_t pid)
{
    struct text text = TEXT_INIT;
    char path[64];
    const char *at;
    unsigned long long ticks;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    ck_assert_int_eq(file_read(path, 4096, &text), 0);
    at = strrchr(text_str(&text), ')');
    for (int field = 2; field < 22; field++)
        at = strchr(at + 1, ' ');
    ticks = strtoull(at, NULL, 10);
    text_release(&text);
    return ticks;
}

/* A process in the server's folder: a server, as one that outlived its daemon, or any other. */
static pid_t start_by_hand(struct ground *g, bool is_server)
{
    char path[PATH_ROOM + 32];
    int ends[2];
    char byte;

    (void)snprintf(path, sizeof path, "%s/redis", g->state);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chdir(path) == 0)
            (void)execlp(is_server ? "redis-server" : "sleep", is_server ? "redis-server" : "sleep",
                         is_server ? "redis.conf" : "1000", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0); /* the program has begun */
    (void)close(ends[0]);
    return pid;
}

static void write_pid_file(struct ground *g, pid_t pid, unsigned long long ticks,
                           const char *digest)
{
    char path[PATH_ROOM + 32], line[256];

    (void)snprintf(path, sizeof path, "%s/redis/redis.pid", g->state);
    (void)snprintf(line, sizeof line, "%ld %llu %s\n", (long)pid, ticks, digest);
    ck_assert_int_eq(file_replace(path, line, strlen(line), 0600), 0);
}

enum whose { ADOPTED, REPLACED, LEFT_ALONE };

static const struct {
    const char *why;
    long ticks_off;
    const char *digest; /* NULL: the right one */
    enum whose whose;
} survivors[] = {
    { "same process and configuration", 0, NULL, ADOPTED },
    { "another configuration", 0, "0123", REPLACED },
    { "a pid given anew to another process", 1, NULL, LEFT_ALONE },
};

START_TEST(a_server_that_outlived_its_daemon_is_adopted_or_replaced)
{
    struct ground g;
    char line[256], digest[128];
    pid_t by_hand;

    ground_begin(&g, "/state");
    ground_start(&g);
    read_pid_file(&g, line);
    ck_assert_int_eq(sscanf(line, "%*s %*s %127s", digest), 1);
    ground_stop(&g);
    by_hand = start_by_hand(&g, survivors[_i].whose != LEFT_ALONE);
    write_pid_file(&g, by_hand,
                   start_time_of(by_hand) + (unsigned long long)survivors[_i].ticks_off,
                   survivors[_i].digest ? survivors[_i].digest : digest);
    ground_start(&g);
    ck_assert_msg((embedded_redis_pid(g.server) == by_hand) == (survivors[_i].whose == ADOPTED),
                  "%s", survivors[_i].why);
    ground_connect(&g);
    ck_assert_str_eq(ask(&g, "PING", NULL, NULL), "PONG");
    if (survivors[_i].whose == ADOPTED) {
        /* Watched like one of our own: its death brings a new one. */
        ck_assert_int_eq(kill(by_hand, SIGKILL), 0);
        ck_assert(loop_until(g.base, is_ready_again, &g));
        ck_assert_int_ne(embedded_redis_pid(g.server), by_hand);
    } else {
        ck_assert_int_eq(waitpid(by_hand, NULL, WNOHANG),
                         survivors[_i].whose == REPLACED ? by_hand : 0);
        (void)kill(by_hand, SIGKILL);
    }
    if (survivors[_i].whose != REPLACED)
        ck_assert_int_eq(waitpid(by_hand, NULL, 0), by_hand);
    ground_end(&g);
}
END_TEST

START_TEST(a_process_of_another_folder_is_never_taken_for_ours)
{
    struct ground g;

    ground_begin(&g, "/state");
    ground_start(&g);
    ground_stop(&g);
    write_pid_file(&g, getpid(), start_time_of(getpid()), "0123");
    ground_start(&g); /* would have ended this test */
    ck_assert_int_ne(embedded_redis_pid(g.server), getpid());
    ground_end(&g);
}
END_TEST

START_TEST(it_dies_with_its_daemon)
{
    struct ground g;
    int ends[2];
    pid_t daemon, server = 0;

    ground_begin(&g, "/state");
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    daemon = fork();
    ck_assert_int_ge(daemon, 0);
    if (daemon == 0) {
        if (event_reinit(g.base) == 0 &&
            embedded_redis_start(g.base, g.state, "redis-server", true, &g.server) == 0)
            server = embedded_redis_pid(g.server);
        if (write(ends[1], &server, sizeof server) > 0)
            (void)pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ends[0], &server, sizeof server), sizeof server);
    ck_assert_int_gt(server, 1);
    ck_assert_int_eq(kill(server, SIGSTOP), 0); /* one that takes its time to end */
    ck_assert_int_eq(kill(daemon, SIGKILL), 0);
    ck_assert_int_eq(waitpid(daemon, NULL, 0), daemon);
    pid_t helper = fork();

    ck_assert_int_ge(helper, 0);
    if (helper == 0) { /* while the next one starts, which waits for longer */
        (void)poll(NULL, 0, 1000);
        _exit(kill(server, SIGCONT));
    }
    /* A daemon that follows at once waits for its end: one that it took over would vanish under it. */
    ground_start(&g);
    ck_assert_int_ne(embedded_redis_pid(g.server), server);
    ck_assert_int_eq(waitpid(helper, NULL, 0), helper);
    ground_connect(&g);
    ck_assert_str_eq(ask(&g, "PING", NULL, NULL), "PONG");
    (void)close(ends[0]);
    (void)close(ends[1]);
    ground_end(&g);
}
END_TEST

START_TEST(one_folder_has_one_daemon)
{
    struct ground g;
    struct embedded_redis *second = NULL;

    ground_begin(&g, "/state");
    ground_start(&g);
    log_set_level(LOG_LEVEL_ERROR - 1);
    ck_assert_int_eq(embedded_redis_start(g.base, g.state, "redis-server", true, &second), -EBUSY);
    ck_assert_ptr_null(second);
    ground_end(&g);
}
END_TEST

START_TEST(a_missing_program_is_told_and_leaves_nothing_running)
{
    static const char *const missing[] = { "no-such-redis-server", "/no/such/redis-server" };
    struct ground g;

    ground_begin(&g, "/state");
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(embedded_redis_start(g.base, g.state, missing[i], true, &g.server),
                         -ENOENT);
    ck_assert_ptr_null(g.server);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    ground_end(&g);
}
END_TEST

START_TEST(a_server_that_stops_answering_is_noticed)
{
    struct ground g;
    pid_t pid;

    ground_begin(&g, "/state");
    ground_start(&g);
    ground_connect(&g);
    pid = embedded_redis_pid(g.server);
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    static const char *const argv[] = { "PING" };
    static const size_t lengths[] = { 4 };

    ck_assert_int_eq(redis_call(g.redis, 1, argv, lengths, 200, on_answer, &g), 0);
    ck_assert(loop_until(g.base, was_answered, &g));
    ck_assert_int_eq(g.error, REDIS_OUTCOME_UNKNOWN);
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
    ck_assert(loop_until(g.base, is_ready_again, &g));
    ground_end(&g);
}
END_TEST

UNIT_MAIN("embedded_redis", UNIT_TEST(the_server_is_durable_and_has_no_port),
          UNIT_TEST(a_killed_server_is_started_again_with_its_data),
          UNIT_TEST(a_deep_state_folder_works),
          UNIT_TEST(stopping_ends_the_server_and_keeps_the_data),
          UNIT_ROWS(a_server_that_outlived_its_daemon_is_adopted_or_replaced, survivors),
          UNIT_TEST(a_process_of_another_folder_is_never_taken_for_ours),
          UNIT_TEST(it_dies_with_its_daemon), UNIT_TEST(one_folder_has_one_daemon),
          UNIT_TEST(a_missing_program_is_told_and_leaves_nothing_running),
          UNIT_TEST(a_server_that_stops_answering_is_noticed))
