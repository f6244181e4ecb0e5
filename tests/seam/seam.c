#include "seam.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RULES_MAX 8

enum { REDIS = 1, DURABLE = 2, FILES = 4, SOCKETS = 8, OTHER = 16 };

static const struct {
    const char *name;
    int groups;
} names[SEAM_NAMES] = {
    [SEAM_OPEN] = { "open", DURABLE | FILES },
    [SEAM_READ] = { "read", FILES },
    [SEAM_PREAD] = { "pread", FILES },
    [SEAM_WRITE] = { "write", DURABLE | FILES },
    [SEAM_PWRITE] = { "pwrite", DURABLE | FILES },
    [SEAM_FSYNC] = { "fsync", DURABLE | FILES },
    [SEAM_FDATASYNC] = { "fdatasync", DURABLE | FILES },
    [SEAM_SYNC_FILE_RANGE] = { "sync_file_range", DURABLE | FILES },
    [SEAM_FTRUNCATE] = { "ftruncate", DURABLE | FILES },
    [SEAM_RENAME] = { "rename", DURABLE | FILES },
    [SEAM_UNLINK] = { "unlink", DURABLE | FILES },
    [SEAM_MKDIR] = { "mkdir", DURABLE | FILES },
    [SEAM_LINK] = { "link", DURABLE | FILES },
    [SEAM_CLOSE] = { "close", FILES },
    [SEAM_SOCKET] = { "socket", SOCKETS },
    [SEAM_CONNECT] = { "connect", SOCKETS },
    [SEAM_ACCEPT] = { "accept", SOCKETS },
    [SEAM_SEND] = { "send", SOCKETS },
    [SEAM_RECV] = { "recv", SOCKETS },
    [SEAM_CLOCK] = { "clock", OTHER },
    [SEAM_REDIS_BEFORE] = { "redis-before", REDIS },
    [SEAM_REDIS_SENT] = { "redis-sent", REDIS },
    [SEAM_REDIS_REPLIED] = { "redis-replied", REDIS },
    [SEAM_REDIS_TAKEN] = { "redis-taken", REDIS },
    [SEAM_ALLOC] = { "alloc", OTHER },
};

static const struct {
    const char *name;
    int group;
} groups[] = {
    { "redis", REDIS }, { "durable", DURABLE }, { "file", FILES }, { "socket", SOCKETS }
};

enum action { KILL, FAIL, SHORT };

struct rule {
    enum action action;
    unsigned long names; /* a bit a name */
    uint64_t n;
    bool ever; /* and everything after */
    int error;
    char part[64]; /* of the path; "": any */
    size_t place;  /* of the program, for allocations; 0: any */
    atomic_uint_fast64_t seen;
};

struct record {
    char name[24];
    atomic_uint_fast64_t count;
};

static struct rule rules[RULES_MAX];
static size_t rule_count;
static struct record nowhere[SEAM_NAMES + RULES_MAX], *report = nowhere;
static const char *report_path;
static int trace = -1, stacks = -1;
static bool wants_paths; /* a rule looks at them */
static bool is_child;    /* of a fork: sees nothing, counts nothing */
static bool is_on;
static char *program; /* where it begins in memory */

/* ---- reading the rules --------------------------------------------------------------------- */

static unsigned long names_of(char *list)
{
    unsigned long bits = 0;
    char *rest = NULL;

    for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        bool is_known = false;

        for (size_t i = 0; i < SEAM_NAMES; i++) {
            int wanted = 0;

            for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
                if (strcmp(word, groups[g].name) == 0)
                    wanted = groups[g].group;
            if (names[i].groups & wanted || strcmp(word, names[i].name) == 0) {
                bits |= 1ul << i;
                is_known = true;
            }
        }
        if (!is_known)
            abort(); /* a name that nothing has would count nothing, and a test would pass */
    }
    return bits;
}

static void read_rule(const char *text)
{
    char action[8], list[256];
    struct rule *r = &rules[rule_count++];
    char ever = 0;
    int error = ENOMEM;
    unsigned long n;

    if (rule_count > RULES_MAX ||
        sscanf(text, "%7s %255s %lu%c %d", action, list, &n, &ever, &error) < 3)
        abort();
    r->action = strcmp(action, "kill") == 0 ? KILL : strcmp(action, "fail") == 0 ? FAIL : SHORT;
    r->names = names_of(list);
    r->n = n;
    r->ever = ever == '+';
    r->error = error;
    if (strchr(text, '@')) {
        if (snprintf(r->part, sizeof r->part, "%s", strchr(text, '@') + 1) >= (int)sizeof r->part)
            abort();
        r->place = strtoul(r->part, NULL, 16);
        wants_paths = true;
    }
}

static void read_rules(const char *text)
{
    char copy[1024];
    char *rest = NULL;

    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *rule = strtok_r(copy, ";", &rest); rule; rule = strtok_r(NULL, ";", &rest))
        read_rule(rule);
}

/* ---- a crash ------------------------------------------------------------------------------- */

static void say(int fd, const char *text)
{
    (void)!syscall(SYS_write, fd, text, strlen(text));
}

/* The frames of the callers, innermost first, into a file beside the report. */
static void note_frames(const char *ending, int number)
{
    void *frames[40];
    char path[PATH_MAX], line[512];
    int fd, n;

    (void)snprintf(path, sizeof path, "%s.%s", report_path, ending);
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    n = backtrace(frames, 40);
    for (int i = 0; i < n; i++) {
        Dl_info info = { 0 };

        (void)dladdr(frames[i], &info);
        (void)snprintf(line, sizeof line, "%d %s %s 0x%zx\n", number,
                       info.dli_fname ? info.dli_fname : "?", info.dli_sname ? info.dli_sname : "?",
                       (size_t)((char *)frames[i] - (char *)info.dli_fbase));
        say(fd, line);
    }
    (void)syscall(SYS_close, fd);
}

static void on_crash(int number)
{
    is_child = true; /* nothing below is a call of the program */
    note_frames("crash", number);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* ---- life ---------------------------------------------------------------------------------- */

static int open_log(const char *path)
{
    return path ? (int)syscall(SYS_openat, AT_FDCWD, path,
                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
                : -1;
}

static void in_child(void)
{
    is_child = true;
}

/* The program is the first of what is loaded. */
static int on_loaded(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    *(char **)arg = (char *)info->dlpi_addr;
    return 1;
}

static char *program_begin(void)
{
    char *begin = NULL;

    (void)dl_iterate_phdr(on_loaded, &begin);
    return begin;
}

__attribute__((constructor)) static void start(void)
{
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    const char *text = getenv("SEAM_RULES");
    void *frames[4];
    int fd;

    report_path = getenv("SEAM_REPORT");
    program = program_begin();
    (void)backtrace(frames, 4); /* loads what it needs now, not in the middle of an allocation */
    (void)pthread_atfork(NULL, NULL, in_child);
    if (report_path) {
        fd = (int)syscall(SYS_openat, AT_FDCWD, report_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
                          0600);
        void *shared = fd >= 0 && syscall(SYS_ftruncate, fd, sizeof nowhere) == 0
                           ? mmap(NULL, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                           : MAP_FAILED;

        if (shared == MAP_FAILED)
            abort();
        report = shared;
        (void)syscall(SYS_close, fd);
        for (size_t i = 0; !getenv("SEAM_SANITIZED") && i < sizeof crashes / sizeof crashes[0]; i++)
            (void)signal(crashes[i], on_crash);
    }
    for (size_t i = 0; i < SEAM_NAMES; i++)
        (void)snprintf(report[i].name, sizeof report[i].name, "%s", names[i].name);
    for (size_t i = 0; i < RULES_MAX; i++)
        (void)snprintf(report[SEAM_NAMES + i].name, sizeof report[i].name, "rule-%zu", i);
    trace = open_log(getenv("SEAM_TRACE"));
    stacks = open_log(getenv("SEAM_STACKS"));
    if (text)
        read_rules(text);
    is_on = true;
}

/* ---- counting ------------------------------------------------------------------------------ */

bool seam_is_traced(void)
{
    return is_on && !is_child && (trace >= 0 || wants_paths);
}

static void note(enum seam_name name, const char *first, const char *second)
{
    char line[2 * PATH_MAX + 64];

    (void)snprintf(line, sizeof line, "%s\t%s\t%s\n", names[name].name, first ? first : "",
                   second ? second : "");
    say(trace, line);
}

enum { DEPTH = 14, OURS = 3 }; /* frames that are looked at, and those of them in here */

/* Where in the program a frame goes on; 0: in a library. */
static size_t place_of(void *frame)
{
    Dl_info info = { 0 };

    return dladdr(frame, &info) && info.dli_fbase == program ? (size_t)((char *)frame - program)
                                                             : 0;
}

/* Whether what allocates now was called from there. */
static bool is_below(size_t place)
{
    static __thread bool is_inside;
    void *frames[DEPTH];
    bool found = false;

    if (is_inside)
        return false;
    is_inside = true;
    for (int i = 0, n = backtrace(frames, DEPTH); i < n; i++)
        found |= frames[i] == program + place;
    is_inside = false;
    return found;
}

/* The first allocation from a chain of callers is written down. */
static void note_stack(uint64_t number)
{
    enum { SLOTS = 1 << 16 };
    static atomic_uint_fast64_t seen[SLOTS];
    static __thread bool is_inside;
    void *frames[DEPTH];
    uint64_t hash = 14695981039346656037ull;
    char line[32 + DEPTH * 20];
    int n, len;

    if (is_inside)
        return;
    is_inside = true;
    n = backtrace(frames, DEPTH);
    for (int i = OURS; i < n; i++)
        hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211ull;
    for (uint64_t slot = hash % SLOTS;; slot = (slot + 1) % SLOTS) {
        uint_fast64_t before = 0;

        if (atomic_load(&seen[slot]) == hash)
            break;
        if (atomic_compare_exchange_strong(&seen[slot], &before, hash)) {
            len = snprintf(line, sizeof line, "%llu", (unsigned long long)number);
            for (int i = OURS; i < n; i++)
                if (place_of(frames[i]))
                    len += snprintf(line + len, sizeof line - (size_t)len, " 0x%zx",
                                    place_of(frames[i]));
            (void)snprintf(line + len, sizeof line - (size_t)len, "\n");
            say(stacks, line);
            break;
        }
    }
    is_inside = false;
}

static bool is_wanted(const struct rule *r, enum seam_name name, const char *first)
{
    if (!r->part[0])
        return true;
    return name == SEAM_ALLOC ? is_below(r->place) : first && strstr(first, r->part);
}

struct seam_verdict seam_hit(enum seam_name name, const char *first, const char *second)
{
    struct seam_verdict verdict = { 0 };
    uint64_t number;

    if (!is_on || is_child)
        return verdict;
    number = atomic_fetch_add(&report[name].count, 1) + 1;
    if (trace >= 0 && name != SEAM_ALLOC && name != SEAM_CLOCK)
        note(name, first, second);
    if (stacks >= 0 && name == SEAM_ALLOC)
        note_stack(number);
    for (size_t i = 0; i < rule_count; i++) {
        struct rule *r = &rules[i];

        if (!(r->names & 1ul << name) || !is_wanted(r, name, first))
            continue;
        uint64_t n = atomic_fetch_add(&r->seen, 1) + 1;

        if (r->ever ? n < r->n : n != r->n)
            continue;
        if (atomic_fetch_add(&report[SEAM_NAMES + i].count, 1) == 0 && name == SEAM_ALLOC &&
            report_path)
            note_frames("struck", 0);
        if (r->action == KILL) {
            (void)syscall(SYS_kill, (int)syscall(SYS_getpid), SIGKILL);
            for (;;)
                (void)pause();
        }
        if (r->action == FAIL)
            verdict.error = r->error;
        else
            verdict.is_short = true;
    }
    return verdict;
}
