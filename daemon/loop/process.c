#include "loop/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

static int64_t now_ms(void)
{
    struct clock real = CLOCK_REAL;

    return clock_mono(&real).ms;
}

/* ---- without pidfds ------------------------------------------------------------------------ */

#define LOOK_EVERY_MS 50
#define HANDLES_MAX   8

/* Which process a pipe stands for; a pidfd has no entry. Touched by the loop's thread only. */
static struct {
    int handle; /* + 1; 0: free */
    pid_t pid;
} pipes[HANDLES_MAX];

struct watch {
    pid_t pid;
    uint64_t ticks;
    int write_end;
};

/* Gone, another process by now, or a zombie that only waits to be reaped. */
static bool has_ended(pid_t pid, uint64_t ticks)
{
    AUTO(text_release) struct text stat = TEXT_INIT;
    uint64_t now = 0;
    char path[64];
    const char *at;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (process_start_time(pid, &now) < 0 || now != ticks || file_read(path, 4096, &stat) < 0)
        return true;
    at = strrchr(text_str(&stat), ')');
    return !at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X';
}

static void *look(void *arg)
{
    struct watch *w = arg;
    const struct timespec pause = { .tv_nsec = LOOK_EVERY_MS * 1000000L };

    while (!has_ended(w->pid, w->ticks))
        (void)nanosleep(&pause, NULL);
    (void)close(w->write_end);
    free(w);
    return NULL;
}

static void remember(int handle, pid_t pid)
{
    size_t free_slot = HANDLES_MAX;

    for (size_t i = 0; i < HANDLES_MAX; i++) {
        if (pipes[i].handle == handle + 1)
            pipes[i].handle = 0; /* the number of a handle closed since */
        if (pipes[i].handle == 0)
            free_slot = i;
    }
    if (pid > 0 && free_slot < HANDLES_MAX) {
        pipes[free_slot].handle = handle + 1;
        pipes[free_slot].pid = pid;
    }
}

static int open_by_looking(pid_t pid)
{
    struct watch *w = calloc(1, sizeof *w);
    int ends[2] = { -1, -1 };
    pthread_attr_t detached;
    sigset_t all, before;
    pthread_t thread;
    int r = w ? process_start_time(pid, &w->ticks) : -ENOMEM;

    if (r == 0 && pipe2(ends, O_CLOEXEC) < 0)
        r = -errno;
    if (r == 0) {
        w->pid = pid;
        w->write_end = ends[1];
        (void)pthread_attr_init(&detached);
        (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the loop */
        r = -pthread_create(&thread, &detached, look, w);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void)pthread_attr_destroy(&detached);
    }
    if (r < 0) {
        fd_close(&ends[0]);
        fd_close(&ends[1]);
        free(w);
        return r;
    }
    remember(ends[0], pid);
    return ends[0];
}

/* ---- handles ------------------------------------------------------------------------------- */

int process_open(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd < 0)
        return errno == ENOSYS || errno == EPERM ? open_by_looking(pid) : -errno;
    remember(fd, 0);
    return fd;
}

void process_signal(int process, int signal_number)
{
    for (size_t i = 0; i < HANDLES_MAX; i++)
        if (pipes[i].handle == process + 1) {
            (void)kill(pipes[i].pid, signal_number);
            return;
        }
    (void)syscall(SYS_pidfd_send_signal, process, signal_number, NULL, 0);
}

int process_start_time(pid_t pid, uint64_t *out_ticks)
{
    AUTO(text_release) struct text stat = TEXT_INIT;
    char path[64];
    const char *at;
    int r;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    r = file_read(path, 4096, &stat);
    if (r < 0)
        return r;
    at = strrchr(text_str(&stat), ')'); /* the name before it may hold anything */
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (!at || sscanf(at, " %" SCNu64, out_ticks) != 1)
        return -EINVAL;
    return 0;
}

bool process_works_in(pid_t pid, int folder)
{
    struct stat theirs, ours;
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%ld/cwd", (long)pid);
    return stat(path, &theirs) == 0 && fstat(folder, &ours) == 0 && theirs.st_dev == ours.st_dev &&
           theirs.st_ino == ours.st_ino;
}

bool process_wait(int process, int ms)
{
    struct pollfd ready = { .fd = process, .events = POLLIN };
    int64_t until = now_ms() + ms;
    int n;

    do {
        int64_t left = until - now_ms();

        n = poll(&ready, 1, left > 0 ? (int)left : 0);
    } while (n < 0 && errno == EINTR);
    return n > 0;
}
