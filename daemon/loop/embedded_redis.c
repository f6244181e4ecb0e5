#include "loop/embedded_redis.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/aof.h"
#include "loop/process.h"

#define STOP_MS          5000
#define RESTART_FIRST_MS 100
#define RESTART_LAST_MS  5000
#define STEADY_MS        10000 /* after so long a life the back-off begins anew */
#define LOG_MAX_BYTES    (4 << 20)
#define SOCKET_PATH_MAX  64
#define ROOM_LEAST_BYTES (64u << 10)
#define ASIDE_EVERY_MS   3600000 /* damaged again so soon: its disk is to blame, a person must look */

/*
 * DESIGN section 4 and RELIABILITY section 2: only what the daemon relies on; all else is the
 * server's default. Its digest is part of the pid file, so a change here replaces a running server.
 */
static const char configuration[] = "# written by waitlistd at each start; changes here are lost\n"
                                    "port 0\n"
                                    "unixsocket redis.sock\n"
                                    "unixsocketperm 700\n"
                                    "daemonize no\n"
                                    "supervised no\n"
                                    "databases 1\n"
                                    "dir .\n"
                                    "logfile redis.log\n"
                                    "loglevel notice\n"
                                    "save \"\"\n"
                                    "appendonly yes\n"
                                    "appendfsync always\n"
                                    "no-appendfsync-on-rewrite no\n"
                                    "aof-load-truncated yes\n"
                                    "maxmemory-policy noeviction\n";

struct embedded_redis {
    struct event_base *base;
    char *binary;
    char digest[SHA256_TEXT_MAX];
    char socket[SOCKET_PATH_MAX];
    int folder;  /* STATE/redis, locked: one daemon a folder */
    int process; /* pidfd, or -1: none runs */
    pid_t pid;
    bool is_child; /* false: adopted, so not ours to reap */
    int64_t started_ms;
    int64_t restart_ms;
    bool may_start_afresh;
    int64_t aside_ms; /* when files were last set aside; 0: never */
    off_t log_from;   /* where the log of this life begins */
    const char *trouble;
    struct event *ended, *restart;
};

static int64_t now_ms(void)
{
    struct clock real = CLOCK_REAL;

    return clock_mono(&real).ms;
}

/* ---- processes ----------------------------------------------------------------------------- */

static void end_process(int process)
{
    process_signal(process, SIGTERM);
    if (process_wait(process, STOP_MS))
        return;
    log_warning("redis", "embedded server did not end in %d s: killed", STOP_MS / 1000);
    process_signal(process, SIGKILL);
    (void)process_wait(process, STOP_MS);
}

/* ---- pid file ------------------------------------------------------------------------------ */

static int write_pid_file(struct embedded_redis *s)
{
    AUTO(text_release) struct text line = TEXT_INIT;
    uint64_t ticks = 0;
    int r = process_start_time(s->pid, &ticks);

    if (r < 0)
        return r;
    r = text_printf(&line, "%ld %" PRIu64 " %s\n", (long)s->pid, ticks, s->digest);
    return r < 0 ? r : file_replace_at(s->folder, "redis.pid", line.buf, line.len, 0600);
}

struct survivor {
    int process; /* pidfd, or -1: none */
    pid_t pid;
    bool is_same; /* started with this configuration */
};

/* The server that an earlier daemon left behind, if it still runs. */
static struct survivor find_survivor(const struct embedded_redis *s)
{
    AUTO(text_release) struct text line = TEXT_INIT;
    AUTO(fd_close)
    int file = openat(s->folder, "redis.pid", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    AUTO(fd_close) int process = -1;
    struct survivor found = { .process = -1 };
    char digest[SHA256_TEXT_MAX];
    uint64_t ticks, actual;
    long pid;

    line.max = 256;
    if (file < 0 || file_read_rest(file, &line) < 0 ||
        sscanf(text_str(&line), "%ld %" SCNu64 " %64s", &pid, &ticks, digest) != 3 || pid <= 1)
        return found;
    /* Held first and checked then: a pid that is given anew in between fails the check. */
    process = process_open((pid_t)pid);
    if (process < 0 || process_wait(process, 0) || process_start_time((pid_t)pid, &actual) < 0 ||
        actual != ticks || !process_works_in((pid_t)pid, s->folder))
        return found;
    found = (struct survivor){ process, (pid_t)pid, strcmp(digest, s->digest) == 0 };
    process = -1;
    return found;
}

/* ---- starting ------------------------------------------------------------------------------ */

struct child_setup {
    const char *binary;
    int folder, lock, log, report;
    pid_t parent;
    char *const *environment;
};

/* In the child, between fork and exec: nothing here allocates or locks. */
static void run_child(const struct child_setup *setup)
{
    char *const argv[] = { (char *)(uintptr_t)setup->binary, (char *)(uintptr_t) "redis.conf",
                           NULL };
    sigset_t none;
    int null, error;

    (void)setsid(); /* Ctrl-C is for the daemon, which then ends us in its own order */
    for (int i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)umask(077);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        goto failed;
    if (getppid() != setup->parent)
        _exit(0); /* it died before the line above could see it */
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(setup->log, 2) < 0)
        goto failed;
    /* Descriptors of libraries that forgot close-on-exec; older kernels lack the call. */
    (void)syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
    if (fcntl(setup->lock, F_SETFD, 0) == 0 && fchdir(setup->folder) == 0)
        (void)execvpe(setup->binary, argv, setup->environment);
failed:
    error = errno;
    if (write(setup->report, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

/* Returns 0 once the program runs, or the error that kept it from running. */
static int read_report(int report)
{
    int error = 0;
    ssize_t n;

    do
        n = read(report, &error, sizeof error);
    while (n < 0 && errno == EINTR);
    return n == sizeof error ? -error : 0;
}

static void keep_log_small(int folder)
{
    struct stat st;

    if (fstatat(folder, "redis.log", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > LOG_MAX_BYTES)
        (void)renameat(folder, "redis.log", folder, "redis.log.1");
}

/* PATH and nothing else: no notify socket, no listening descriptors, no credentials folder. */
static char *search_path(void)
{
    const char *path = getenv("PATH");
    char *setting = NULL;

    if (asprintf(&setting, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin") < 0)
        return NULL;
    return setting;
}

/*
 * A lock that the server inherits and holds to its end, however it ends and whoever started it:
 * two servers on one append-only file would spoil it. Returns the descriptor or -errno.
 */
static int lock_data(const struct embedded_redis *s, int wait_ms)
{
    int fd = openat(s->folder, "redis.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int64_t until = now_ms() + wait_ms;

    if (fd < 0)
        return -errno;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK || now_ms() >= until) {
            int r = errno == EWOULDBLOCK ? -EBUSY : -errno;

            close(fd);
            return r;
        }
        (void)poll(NULL, 0, 20);
    }
    return fd;
}

static int spawn(struct embedded_redis *s, int wait_ms)
{
    AUTO(auto_free) char *path = search_path();
    AUTO(fd_close) int lock = lock_data(s, wait_ms);
    AUTO(fd_close) int log = -1;
    AUTO(fd_close) int report_read = -1;
    AUTO(fd_close) int report_write = -1;
    char *environment[] = { path, NULL };
    int ends[2], r;

    if (!path)
        return -ENOMEM;
    if (lock < 0)
        return lock;
    r = aof_mend(s->folder); /* one that cannot be mended is the server's to refuse */
    if (r < 0)
        log_warning("redis", "the append-only file could not be looked at: %s", strerror(-r));
    keep_log_small(s->folder);
    log = openat(s->folder, "redis.log",
                 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (log < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    report_read = ends[0];
    report_write = ends[1];
    s->log_from = lseek(log, 0, SEEK_END);
    struct child_setup setup = { s->binary,    s->folder, lock,       log,
                                 report_write, getpid(),  environment };
    pid_t pid = fork();

    if (pid < 0)
        return -errno;
    if (pid == 0)
        run_child(&setup);
    fd_close(&report_write);
    r = read_report(report_read);
    if (r == 0)
        r = s->process = process_open(pid);
    if (r < 0) {
        s->process = -1;
        (void)kill(pid, SIGKILL); /* a child not yet reaped: the pid is still its own */
        (void)waitpid(pid, NULL, 0);
        return r;
    }
    s->pid = pid;
    s->is_child = true;
    s->started_ms = now_ms();
    r = write_pid_file(s);
    if (r < 0)
        log_warning("redis", "file=redis.pid error=\"%s\" a later start cannot adopt the server",
                    strerror(-r));
    return 0;
}

/* ---- watching ------------------------------------------------------------------------------ */

static void set_restart(struct embedded_redis *s)
{
    struct timeval in = { .tv_sec = s->restart_ms / 1000,
                          .tv_usec = (s->restart_ms % 1000) * 1000 };

    if (event_add(s->restart, &in) < 0)
        abort(); /* without memory for a timer nobody would ever start it again */
    s->restart_ms = s->restart_ms * 2 < RESTART_LAST_MS ? s->restart_ms * 2 : RESTART_LAST_MS;
}

static void forget_process(struct embedded_redis *s, int *out_status)
{
    if (s->ended)
        event_free(s->ended);
    s->ended = NULL;
    *out_status = -1;
    if (s->is_child)
        (void)waitpid(s->pid, out_status, 0);
    fd_close(&s->process);
    s->pid = 0;
}

static bool has_no_room(int folder)
{
    struct statvfs disk;

    return fstatvfs(folder, &disk) == 0 && disk.f_bavail * disk.f_frsize < ROOM_LEAST_BYTES;
}

/* It ended because it cannot read its files: they go aside, or a person must decide. */
static void look_at_files(struct embedded_redis *s)
{
    char name[ASIDE_NAME_MAX];

    if (!aside_is_refused(s->folder, s->log_from))
        return;
    if (!s->may_start_afresh) {
        s->trouble =
            "its files are damaged, and the journals do not hold all of it: bring state/redis "
            "back from a copy, or move state/redis/appendonlydir away to go on without";
        log_error("redis", "%s", s->trouble);
        return;
    }
    bool is_early = s->aside_ms && now_ms() - s->aside_ms < ASIDE_EVERY_MS;
    int r = is_early ? -EAGAIN : aside_move(s->folder, name);

    if (r == 0) {
        s->aside_ms = now_ms();
        s->restart_ms = RESTART_FIRST_MS;
        log_error(
            "redis",
            "folder=redis/%s damaged files set aside; all is rebuilt from the archive and the "
            "journals, nothing is lost",
            name);
        return;
    }
    s->trouble =
        "its files are damaged: look after the disk, then move state/redis/appendonlydir away; "
        "all is rebuilt from the archive and the journals";
    log_error("redis", "%s (%s)", s->trouble,
              is_early ? "damaged twice within an hour" : strerror(-r));
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
    struct embedded_redis *s = arg;
    pid_t pid = s->pid;
    bool was_child = s->is_child;
    int status;

    (void)fd;
    (void)what;
    forget_process(s, &status);
    if (now_ms() - s->started_ms >= STEADY_MS)
        s->restart_ms = RESTART_FIRST_MS;
    log_error("redis",
              "pid=%ld embedded server ended (%s %d), see redis.log; started again in %" PRId64
              " ms",
              (long)pid,
              !was_child            ? "adopted,"
              : WIFSIGNALED(status) ? "signal"
                                    : "exit status",
              !was_child            ? 0
              : WIFSIGNALED(status) ? WTERMSIG(status)
                                    : WEXITSTATUS(status),
              s->restart_ms);
    s->trouble = "";
    if (was_child && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE) {
        if (has_no_room(s->folder))
            s->trouble = "the disk of the state folder is full: make room, it starts by itself";
        else
            look_at_files(s);
    }
    set_restart(s);
}

static int watch(struct embedded_redis *s)
{
    s->ended = event_new(s->base, s->process, EV_READ, on_ended, s);
    return s->ended && event_add(s->ended, NULL) == 0 ? 0 : -ENOMEM;
}

static int start_and_watch(struct embedded_redis *s, int wait_ms)
{
    int r = spawn(s, wait_ms);
    int status;

    if (r < 0)
        return r;
    r = watch(s);
    if (r < 0) {
        end_process(s->process);
        forget_process(s, &status);
    }
    return r;
}

static void on_restart(evutil_socket_t fd, short what, void *arg)
{
    struct embedded_redis *s = arg;
    int r = start_and_watch(s, 0);

    (void)fd;
    (void)what;
    if (r == 0) {
        log_info("redis", "pid=%ld embedded server started again", (long)s->pid);
        return;
    }
    log_error("redis", "error=\"%s\" embedded server not started; tried again in %" PRId64 " ms",
              strerror(-r), s->restart_ms);
    set_restart(s);
}

/* ---- the public face ----------------------------------------------------------------------- */

static int open_folder(struct embedded_redis *s, const char *state_folder)
{
    AUTO(auto_free) char *path = path_join(state_folder, "redis");
    int r;

    if (!path)
        return -ENOMEM;
    r = folder_make(path);
    if (r < 0)
        return r;
    s->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->folder < 0)
        return -errno;
    if (flock(s->folder, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    (void)snprintf(s->socket, sizeof s->socket, "/proc/self/fd/%d/redis.sock", s->folder);
    return 0;
}

static int adopt_or_start(struct embedded_redis *s)
{
    struct survivor survivor = find_survivor(s);

    /* Its daemon died, so it was told to end as well: only one that does not is worth keeping. */
    if (survivor.process >= 0 && survivor.is_same && process_wait(survivor.process, STOP_MS))
        fd_close(&survivor.process);
    if (survivor.process >= 0 && survivor.is_same) {
        s->process = survivor.process;
        s->pid = survivor.pid;
        s->is_child = false;
        s->started_ms = now_ms();
        log_info("redis", "pid=%ld embedded server adopted", (long)s->pid);
        return watch(s);
    }
    if (survivor.process >= 0) {
        log_info("redis", "pid=%ld embedded server has another configuration: ended",
                 (long)survivor.pid);
        end_process(survivor.process);
        fd_close(&survivor.process);
    }
    return start_and_watch(s, STOP_MS); /* the time an orphan may take to end */
}

static void release(struct embedded_redis *s)
{
    if (s->ended)
        event_free(s->ended);
    if (s->restart)
        event_free(s->restart);
    fd_close(&s->process);
    fd_close(&s->folder);
    free(s->binary);
    free(s);
}

/* The binary belongs to the digest: another server program is another configuration. */
static int digest_of(const char *binary, char out_digest[SHA256_TEXT_MAX])
{
    AUTO(text_release) struct text all = TEXT_INIT;

    (void)text_puts(&all, binary);
    (void)text_putc(&all, '\n');
    (void)text_puts(&all, configuration);
    return text_ok(&all) ? sha256_hex(all.buf, all.len, out_digest) : all.error;
}

/* Left as it is where it says the same: a full disk is no reason not to start. */
static int write_configuration(const struct embedded_redis *s)
{
    AUTO(text_release) struct text kept = TEXT_INIT;
    AUTO(fd_close)
    int file = openat(s->folder, "redis.conf", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    kept.max = sizeof configuration;
    if (file >= 0 && file_read_rest(file, &kept) == 0 &&
        strcmp(text_str(&kept), configuration) == 0)
        return 0;
    return file_replace_at(s->folder, "redis.conf", configuration, strlen(configuration), 0600);
}

static int start(struct embedded_redis *s, const char *state_folder, const char *binary)
{
    int r;

    /* The server runs in another folder than we do, and under the name that was given: a link may lead to a
     * program that goes by its name in what it does. */
    s->binary = strchr(binary, '/') && *binary != '/' ? realpath(binary, NULL) : strdup(binary);
    if (!s->binary && errno != ENOMEM)
        return -errno;
    s->restart = evtimer_new(s->base, on_restart, s);
    if (!s->binary || !s->restart)
        return -ENOMEM;
    r = open_folder(s, state_folder);
    /* With no files there yet, all that it will ever hold comes from us. */
    if (r == 0)
        s->may_start_afresh |= !aside_has_files(s->folder);
    if (r == 0)
        r = digest_of(binary, s->digest);
    if (r == 0)
        r = write_configuration(s);
    return r == 0 ? adopt_or_start(s) : r;
}

int embedded_redis_start(struct event_base *base, const char *state_folder, const char *binary,
                         bool may_start_afresh, struct embedded_redis **out_server)
{
    struct embedded_redis *s = calloc(1, sizeof *s);
    int r;

    assert(base && state_folder && binary && out_server);
    if (!s)
        return -ENOMEM;
    s->base = base;
    s->folder = s->process = -1;
    s->restart_ms = RESTART_FIRST_MS;
    s->may_start_afresh = may_start_afresh;
    s->trouble = "";
    r = start(s, state_folder, binary);
    if (r == 0) {
        *out_server = s;
        return 0;
    }
    if (r == -ENOENT)
        log_error("redis", "binary=%s not found: install the package redis-server", binary);
    else if (r == -EBUSY)
        log_error("redis", "folder=%s/redis in use by another daemon", state_folder);
    else
        log_error("redis", "folder=%s/redis embedded server not started: %s", state_folder,
                  strerror(-r));
    release(s);
    return r;
}

const char *embedded_redis_socket(const struct embedded_redis *s)
{
    return s->socket;
}

const char *embedded_redis_trouble(const struct embedded_redis *s)
{
    return s->trouble;
}

bool embedded_redis_aside(const struct embedded_redis *s, char out_name[ASIDE_NAME_MAX])
{
    return aside_lies(s->folder, out_name);
}

pid_t embedded_redis_pid(const struct embedded_redis *s)
{
    return s->pid;
}

void embedded_redis_stop(struct embedded_redis *s)
{
    int status;

    if (!s)
        return;
    if (s->process >= 0) {
        end_process(s->process);
        forget_process(s, &status);
        (void)unlinkat(s->folder, "redis.pid", 0);
    }
    release(s);
}
