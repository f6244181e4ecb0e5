#include "pipeline_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"
#include "doctor/doctor.h"

/*
 * `waitlistctl doctor`: what only the daemon knows of itself, and what a process of the same program finds that
 * it starts for this (--doctor): with the same user, sandbox and credentials, and apart from the loop, which no
 * name server and no dead disk may hold up. That process is given ANSWER_WITHIN_S; what hangs is killed, and
 * reaped whenever it is gone.
 */

#define ANSWER_WITHIN_S (DOCTOR_REACH_S + 10) /* less than a client waits */
#define REAP_EVERY_MS   100
#define OUTPUT_MAX      (1u << 20)

_Static_assert(ANSWER_WITHIN_S < CTL_CLIENT_WAIT_S, "a client would have gone");

struct doctoring {
    struct doctoring *next; /* answered, and not reaped yet */
    struct pipeline *pipeline;
    struct ctl_request *request; /* NULL: answered */
    pid_t pid;                   /* 0: reaped */
    int fd;
    struct event *readable, *late, *reap;
    struct text output;
};

/* ---- what the daemon knows ---- */

static int add(json_t *lines, enum doctor_level level, const char *check, const char *subject,
               const char *mend, const char *what)
{
    return json_array_append_new(lines, doctor_line(level, check, subject, mend, what)) < 0
               ? -ENOMEM
               : 0;
}

/* What mends each of its self-checks. */
static const struct {
    const char *id, *mend;
} mends[] = {
    { "archive", "rsync -a BACKUP/archive/ STATE/archive/ && systemctl reload waitlistd" },
    { "redis-files", "rm -r STATE/redis/aside-*" },
    { "journals", "waitlistctl rebuild --why \"journals as they are\"" },
    { "plan", "rsync -a BACKUP/archive/ STATE/archive/ && systemctl reload waitlistd" },
    { "daily-test", "waitlistctl outbox ls" },
    { "configuration", "waitlistd --check" },
};

static int add_self_checks(const struct pipeline *p, json_t *lines)
{
    struct self_check checks[CHECKS_MAX];
    char words[CHECKS_MAX][CHECK_WORDS_MAX];
    size_t count = checks_of(p, checks, words);
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        const char *mend = "waitlistctl status";

        if (strcmp(checks[i].id, "redis") == 0)
            continue; /* setting by setting, by the other process */
        for (size_t k = 0; k < sizeof mends / sizeof mends[0]; k++)
            if (strcmp(mends[k].id, checks[i].id) == 0)
                mend = mends[k].mend;
        r = add(lines, DOCTOR_FAIL, checks[i].id, checks[i].title, mend, checks[i].detail);
    }
    return r;
}

static int add_troubles(const struct pipeline *p, json_t *lines)
{
    const struct {
        const char *words, *check, *mend;
    } troubles[] = {
        { p->trouble, "redis", "journalctl -u waitlistd -n 50" },
        { p->disk_trouble, "disk", "df -h STATE" },
        { p->inbox_trouble, "inbox", "journalctl -u waitlistd -n 50" },
        { p->heartbeat.failed, "heartbeat", "waitlistctl status" },
        { pipeline_clock_is_back(p) ? "the clock is before the date last evaluated" : "", "clock",
          "timedatectl set-ntp true" },
        { letters_count(p) ? "messages were given up: nobody got them" : "", "outbox",
          "waitlistctl outbox ls" },
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof troubles / sizeof troubles[0]; i++)
        if (troubles[i].words[0])
            r = add(lines, DOCTOR_FAIL, troubles[i].check, "daemon", troubles[i].mend,
                    troubles[i].words);
    return r;
}

static int add_own(const struct pipeline *p, json_t *lines)
{
    char words[320], since[WALL_TEXT_MAX];
    int r;

    (void)snprintf(words, sizeof words, "version %s runs since %s as user %ld%s%s%s",
                   WAITLISTD_VERSION, wall_format(p->started, since), (long)geteuid(),
                   store_leader(p->store) ? ", as standby of " : "",
                   store_leader(p->store) ? store_leader(p->store) : "",
                   p->clock.is_set ? ", on a clock set by --at" : "");
    r = add(lines, DOCTOR_OK, "daemon", p->config->settings->instance, NULL, words);
    if (r == 0)
        r = add_troubles(p, lines);
    return r == 0 ? add_self_checks(p, lines) : r;
}

/* ---- the answer ---- */

static void doctoring_free(struct doctoring *c)
{
    struct doctoring **at = &c->pipeline->doctorings;
    struct event *const events[] = { c->readable, c->late, c->reap };

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (events[i])
            event_free(events[i]);
    fd_close(&c->fd);
    text_release(&c->output);
    while (*at && *at != c)
        at = &(*at)->next;
    if (*at)
        *at = c->next;
    free(c);
}

static json_t *lines_of(const struct doctoring *c, bool is_late)
{
    json_t *lines = json_array(), *found;
    int r = lines ? add_own(c->pipeline, lines) : -ENOMEM;

    found = json_parse(text_str(&c->output), c->output.len, 0, NULL);
    if (r == 0 && found)
        r = json_array_extend(lines, found) < 0 ? -ENOMEM : 0;
    else if (r == 0)
        r = add(lines, DOCTOR_FAIL, "doctor", "daemon", "systemctl restart waitlistd",
                is_late ? "what it looks at does not answer in time: a folder on a dead disk or "
                          "network hangs"
                        : "its process ended before it had looked at everything");
    json_decref(found);
    if (r == 0)
        return lines;
    json_decref(lines);
    return NULL;
}

static void answer(struct doctoring *c, bool is_late)
{
    json_t *lines = lines_of(c, is_late);
    json_t *report = lines ? doctor_report(lines) : NULL;

    if (report)
        ctl_reply(c->request, report);
    else
        ctl_fail(c->request, 1, "out of memory");
    c->request = NULL;
}

/* Waits for no process: one that hangs in a system call is gone when that returns. */
static void on_reap(evutil_socket_t fd, short what, void *arg)
{
    struct doctoring *c = arg;
    const struct timeval again = { .tv_usec = REAP_EVERY_MS * 1000 };

    (void)fd;
    (void)what;
    if (c->pid && waitpid(c->pid, NULL, WNOHANG) == 0 && event_add(c->reap, &again) == 0)
        return;
    doctoring_free(c);
}

static void end(struct doctoring *c, bool is_late)
{
    (void)event_del(c->readable);
    (void)event_del(c->late);
    answer(c, is_late);
    (void)kill(c->pid, SIGKILL); /* not reaped yet: the number is still its own */
    on_reap(-1, 0, c);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    end(arg, true);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct doctoring *c = arg;
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);

    (void)what;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0 && c->output.len + (size_t)n <= OUTPUT_MAX &&
        text_add(&c->output, bytes, (size_t)n) == 0)
        return;
    end(c, false);
}

/* ---- the process ---- */

/* Ours, also after an update put another in its place; its path serves under an emulator too. */
static const char *own_program(char out[PATH_MAX])
{
    static const char link[] = "/proc/self/exe";
    ssize_t n = readlink(link, out, PATH_MAX - 1);

    if (n < 0)
        return link;
    out[n] = '\0';
    return access(out, X_OK) == 0 ? out : link;
}

static int spawn(struct doctoring *c, int output)
{
    struct pipeline *p = c->pipeline;
    struct wall_time now = clock_wall(&p->clock);
    char program[] = "waitlistd", config_option[] = "--config", doctor[] = "--doctor",
         at_option[] = "--at", at[WALL_TEXT_MAX], path[PATH_MAX];
    AUTO(auto_free) char *config = strdup(p->options.config_path);
    char *const argv[] = { program, config_option, config, doctor, at_option, at, NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;

    (void)wall_format(now, at);
    at[strlen("YYYY-MM-DDThh:mm")] = '\0';
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int r = config ? -posix_spawn_file_actions_init(&files) : -ENOMEM;

    if (r < 0)
        return r;
    r = -posix_spawnattr_init(&attributes);
    if (r == 0) {
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setsigdefault(&attributes, &all);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        r = -posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
        if (r == 0)
            r = -posix_spawn(&c->pid, own_program(path), &files, &attributes, argv, environ);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return r;
}

static int begin(struct doctoring *c)
{
    const struct timeval within = { .tv_sec = ANSWER_WITHIN_S };
    int ends[2] = { -1, -1 };

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    c->fd = ends[0];
    (void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->readable = event_new(c->pipeline->base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
    c->late = event_new(c->pipeline->base, -1, 0, on_late, c);
    c->reap = event_new(c->pipeline->base, -1, 0, on_reap, c);
    int r = c->readable && c->late && c->reap ? spawn(c, ends[1]) : -ENOMEM;

    fd_close(&ends[1]);
    if (r == 0 && (event_add(c->readable, NULL) < 0 || event_add(c->late, &within) < 0)) {
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, 0);
        r = -ENOMEM;
    }
    return r;
}

void doctor_answer(struct pipeline *p, struct ctl_request *request)
{
    struct doctoring *c;

    if (p->doctorings && p->doctorings->request) {
        ctl_fail(request, 1, "it is being looked at already: ask again");
        return;
    }
    c = calloc(1, sizeof *c);
    if (!c) {
        ctl_fail(request, 1, "out of memory");
        return;
    }
    *c = (struct doctoring){
        .next = p->doctorings, .pipeline = p, .request = request, .fd = -1, .output = TEXT_INIT
    };
    p->doctorings = c;
    int r = begin(c);

    if (r == 0)
        return;
    ctl_fail(request, 1, "the process that looks cannot be started: %s", strerror(-r));
    doctoring_free(c);
}

void doctor_close(struct pipeline *p)
{
    while (p->doctorings) {
        struct doctoring *c = p->doctorings;

        if (c->request)
            ctl_fail(c->request, 1, "the daemon stops");
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, WNOHANG);
        doctoring_free(c);
    }
}
