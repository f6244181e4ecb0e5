#include "ctl/simulator.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"
#include "ctl/ctl_socket.h"
#include "ctl/output.h"

#define START_S       60  /* until its control socket is there */
#define STEP_S        300 /* one date; some thousand files may come with the first */
#define END_S         20
#define LOOK_EVERY_MS 5
#define LOG_SHOWN     4000 /* bytes of its log, where it ended by itself */
#define DAY_S         86400 /* before now: offered files are old enough, and each is older than the next */

/* The child that a signal to us is handed on to; its end ends what waits for its answer. */
static volatile sig_atomic_t child;

static void hand_on(int number)
{
    (void)number;
    if (child > 0)
        (void)kill((pid_t)child, SIGTERM);
}

static void pause_ms(long ms)
{
    const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

    (void)nanosleep(&t, NULL);
}

static char *path_in(const struct simulator *s, const char *name)
{
    return path_join(s->folder, name);
}

/* ---- starting ---- */

static int make_folder(struct simulator *s)
{
    const char *parent = getenv("TMPDIR");
    AUTO(auto_free) char *absolute = realpath(parent && *parent ? parent : "/tmp", NULL);
    char *folder = absolute ? path_join(absolute, "waitlist-simulation-XXXXXX") : NULL;

    if (!folder)
        return absolute ? -ENOMEM : -errno;
    if (!mkdtemp(folder)) {
        int r = -errno;

        free(folder);
        return r;
    }
    s->folder = folder;
    s->socket = path_in(s, "control.sock");
    return s->socket ? 0 : -ENOMEM;
}

/* The waitlistd of the folder that this program is in. */
static char *program_path(void)
{
    char own[4096];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    char *slash;

    if (n < 0)
        return NULL;
    own[n] = '\0';
    slash = strrchr(own, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return path_join(own, "waitlistd");
}

/* In the child. A service manager's sockets and watchdog are not for it. */
static void run_child(const char *program, char *const *arguments, int log, pid_t parent)
{
    static const char *const unset[] = { "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
                                         "WATCHDOG_USEC", "WATCHDOG_PID" };

    for (size_t i = 0; i < sizeof unset / sizeof unset[0]; i++)
        (void)unsetenv(unset[i]);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent || dup2(log, 1) < 0 ||
        dup2(log, 2) < 0)
        _exit(126);
    (void)execv(program, arguments);
    _exit(127);
}

static int spawn(struct simulator *s, const struct simulator_options *o)
{
    char date[DATE_TEXT_MAX];
    AUTO(auto_free) char *program = program_path();
    AUTO(auto_free) char *log_path = path_in(s, "log");
    AUTO(fd_close)
    int log = log_path ? open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    const char *arguments[16] = {
        program, "--config", o->config, "--simulate", s->folder, "--at", date_format(o->first, date)
    };
    size_t n = 7;
    pid_t parent = getpid();

    if (!program || log < 0)
        return -EIO;
    if (o->plan) {
        arguments[n++] = "--plan";
        arguments[n++] = o->plan;
    }
    if (o->is_live)
        arguments[n++] = "--live";
    if (o->has_history)
        arguments[n++] = "--history";
    if (o->is_past)
        arguments[n++] = "--known";
    (void)signal(SIGINT, hand_on);
    (void)signal(SIGTERM, hand_on);
    s->pid = fork();
    if (s->pid == 0)
        run_child(program, (char *const *)(uintptr_t)arguments, log, parent);
    if (s->pid < 0) {
        s->pid = 0;
        return -errno;
    }
    child = s->pid;
    return 0;
}

/* Whether it has ended; *out_status: its exit status, 1 where a signal ended it. */
static bool has_ended(struct simulator *s, int *out_status)
{
    int status;

    if (s->pid == 0 || waitpid(s->pid, &status, WNOHANG) != s->pid)
        return false;
    s->pid = 0;
    child = 0;
    *out_status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    return true;
}

/* What it said of itself: of a configuration all that is wrong, else the end of its log. */
static void show_log(const struct simulator *s)
{
    AUTO(text_release) struct text log = TEXT_INIT;
    AUTO(auto_free) char *path = path_in(s, "log");

    if (!path || file_read(path, TEXT_MAX_BYTES, &log) < 0)
        return;
    size_t from = log.len > LOG_SHOWN ? log.len - LOG_SHOWN : 0;

    (void)fputs(text_str(&log) + from, stderr);
}

/* What it said to a person, beside its log. Returns whether there is any. */
static bool tell_said(const struct simulator *s)
{
    static const char mark[] = "waitlistd: --known ";
    AUTO(text_release) struct text log = TEXT_INIT;
    AUTO(auto_free) char *path = path_in(s, "log");
    bool is_any = false;

    if (!path || file_read(path, TEXT_MAX_BYTES, &log) < 0)
        return false;
    for (const char *line = text_str(&log); *line;
         line += strcspn(line, "\n"), line += *line != 0) {
        if (strncmp(line, mark, sizeof mark - 1) != 0)
            continue;
        (void)fprintf(stderr, "waitlistctl: %.*s\n", (int)strcspn(line + sizeof mark - 1, "\n"),
                      line + sizeof mark - 1);
        is_any = true;
    }
    return is_any;
}

/* Of a status that it ended with at its start. */
static int say_end(const struct simulator *s, const struct simulator_options *o, int status)
{
    if (o->is_past && tell_said(s))
        return status;
    show_log(s);
    if (status != CTL_CONFIG)
        (void)fprintf(stderr, "waitlistctl: the simulation ended with %d\n", status);
    return status == CTL_CONFIG ? CTL_CONFIG : CTL_FINDING;
}

/* It is there no more, or does not answer. Returns the exit status. */
static int failed(struct simulator *s, const char *why)
{
    int status = 1;

    for (int waited = 0; waited < 500 && s->pid && !has_ended(s, &status); waited += LOOK_EVERY_MS)
        pause_ms(LOOK_EVERY_MS);
    show_log(s);
    (void)fprintf(stderr, "waitlistctl: the simulation %s\n", why);
    return s->pid == 0 && status == CTL_CONFIG ? CTL_CONFIG : CTL_FINDING;
}

int simulator_start(struct simulator *s, const struct simulator_options *o)
{
    int status = 0;
    int r = make_folder(s);

    if (r == 0)
        r = spawn(s, o);
    if (r < 0) {
        (void)fprintf(stderr, "waitlistctl: the simulation cannot be started: %s\n", strerror(-r));
        return CTL_FINDING;
    }
    for (long waited = 0; waited < START_S * 1000L; waited += LOOK_EVERY_MS) {
        int fd = ctl_socket_connect(s->socket);

        if (fd >= 0) {
            fd_close(&fd);
            if (o->is_past)
                (void)tell_said(s);
            return CTL_OK;
        }
        if (has_ended(s, &status))
            return say_end(s, o, status);
        pause_ms(LOOK_EVERY_MS);
    }
    return failed(s, "did not start");
}

/* ---- its dates ---- */

int simulator_offer(struct simulator *s, const char *feed, const char *name, const void *bytes,
                    size_t len)
{
    const struct timespec age = { time(NULL) - DAY_S + ++s->offered, 0 };
    const struct timespec times[2] = { age, age };
    AUTO(auto_free) char *beside = path_in(s, "offered");
    AUTO(auto_free) char *inboxes = path_in(s, "inbox");
    AUTO(auto_free) char *inbox = inboxes ? path_join(inboxes, feed) : NULL;
    AUTO(auto_free) char *path = inbox ? path_join(inbox, name) : NULL;

    if (!beside || !path)
        return -ENOMEM;
    AUTO(fd_close) int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : file_write_all(fd, bytes, len);

    if (r == 0 && futimens(fd, times) < 0)
        r = -errno;
    if (r == 0 && rename(beside, path) < 0)
        r = -errno;
    return r;
}

int simulator_step(struct simulator *s, struct civil_date date, bool all, json_t **out_result)
{
    char text[DATE_TEXT_MAX];
    AUTO(auto_free) char *line = NULL, *error = NULL;
    json_t *request = json_pack("{s:s, s:s, s:b}", "command", "simulate", "date",
                                date_format(date, text), "all", all);
    size_t len = 0;
    int code;
    int r = request ? ctl_socket_ask(s->socket, request, STEP_S, &line, &len) : -ENOMEM;

    json_decref(request);
    if (r == 0)
        r = ctl_answer_parse(line, len, out_result, &code, &error);
    if (r == 0)
        return CTL_OK;
    return failed(s, error ? error : "was ended");
}

int simulator_ask(struct simulator *s, json_t *request, json_t **out_result)
{
    AUTO(auto_free) char *line = NULL, *error = NULL;
    size_t len = 0;
    int code = CTL_FINDING;
    int r = ctl_socket_ask(s->socket, request, CTL_PAST_WAIT_S, &line, &len);

    if (r == 0)
        r = ctl_answer_parse(line, len, out_result, &code, &error);
    if (r < 0)
        return failed(s, "was ended");
    if (r > 0) {
        AUTO(text_release) struct text escaped = TEXT_INIT;

        (void)output_escaped(&escaped, error);
        (void)fprintf(stderr, "waitlistctl: %s\n", text_str(&escaped));
    }
    return r > 0 ? code : CTL_OK;
}

/* ---- the end ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st;
    (void)flag;
    (void)at;
    (void)remove(path);
    return 0;
}

void simulator_end(struct simulator *s)
{
    int status;

    if (s->pid) {
        (void)kill(s->pid, SIGTERM);
        for (long waited = 0; s->pid && waited < END_S * 1000L; waited += LOOK_EVERY_MS)
            if (!has_ended(s, &status))
                pause_ms(LOOK_EVERY_MS);
    }
    if (s->pid) {
        (void)kill(s->pid, SIGKILL);
        (void)waitpid(s->pid, &status, 0);
        s->pid = 0;
        child = 0;
    }
    if (s->folder)
        (void)nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    free(s->folder);
    free(s->socket);
    *s = (struct simulator)SIMULATOR_INIT;
}
