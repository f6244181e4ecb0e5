#include "feed/inbox.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/table.h"
#include "feed/inbox_file.h"

#define RESCAN_MS    30000
#define STILL_MS     30000
#define WATCHED      (IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)
#define TAKEN_PREFIX ".taken-"

struct inbox {
    struct event_base *base; /* NULL: not watched */
    char *path;
    int folder, watch; /* watch: inotify, or -1 */
    struct event *noticed, *rescan, *still;
    inbox_offer *offer;
    inbox_waiting *waiting;
    void *arg;
    struct table sightings; /* by name, struct sighting */
    size_t skipped;
    unsigned scan;
    int rescan_ms, still_ms;
    unsigned depth; /* our frames on the stack: inbox_close() may come from inside an offer */
    bool is_closed;
};

/* A file whose end is proven, to be offered in order. */
struct candidate {
    char *name;
    struct timespec modified;
};

struct candidates {
    struct candidate *list;
    size_t count, cap;
};

static int64_t now_ms(void)
{
    struct clock real = CLOCK_REAL;

    return clock_mono(&real).ms;
}

/* ---- sightings ----------------------------------------------------------------------------- */

static struct sighting *sighting_of(struct inbox *i, const char *name)
{
    struct sighting *s = table_get(&i->sightings, name);

    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (s && table_set(&i->sightings, name, s, NULL) < 0) {
        free(s);
        s = NULL;
    }
    return s;
}

static void forget(struct inbox *i, const char *name)
{
    free(table_remove(&i->sightings, name));
}

static void say_waiting(struct inbox *i, struct sighting *s, const char *name, const char *why)
{
    if (s->is_said || i->is_closed)
        return;
    s->is_said = true;
    if (i->waiting)
        i->waiting(i->arg, i, name, why);
}

/* ---- looking at one name ------------------------------------------------------------------- */

static void wake_when_still(struct inbox *i)
{
    struct timeval in = { .tv_sec = i->still_ms / 1000,
                          .tv_usec = (i->still_ms % 1000) * 1000 + 20000 };

    if (in.tv_usec >= 1000000) {
        in.tv_sec++;
        in.tv_usec -= 1000000;
    }
    /* Without memory for it the rescan comes later and does the same. */
    if (i->still && !event_pending(i->still, EV_TIMEOUT, NULL))
        (void)event_add(i->still, &in);
}

static int add_candidate(struct candidates *c, const char *name, struct timespec modified)
{
    if (c->count == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 16;
        struct candidate *grown = realloc(c->list, cap * sizeof *grown);

        if (!grown)
            return -ENOMEM;
        c->list = grown;
        c->cap = cap;
    }
    c->list[c->count].name = strdup(name);
    if (!c->list[c->count].name)
        return -ENOMEM;
    c->list[c->count++].modified = modified;
    return 0;
}

/*
 * A sender may put a new file under the name at any moment. The name is first moved aside, so that
 * what is looked at is what is removed; anything else is moved back.
 */
static int remove_if_same(struct inbox *i, const char *name, struct sighting *s)
{
    char aside[sizeof TAKEN_PREFIX + NAME_MAX];
    struct stat st;
    int r = -ESTALE;

    (void)snprintf(aside, sizeof aside, TAKEN_PREFIX "%s", name);
    if (strlen(aside) >
        NAME_MAX) /* no room for the detour: the moment between the two calls remains */
        (void)snprintf(aside, sizeof aside, "%s", name);
    if (fstatat(i->folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!inbox_same_content(&st, &s->st))
        return -ESTALE;
    /* Control files first: one that outlived its file would vouch for the next of that name. */
    inbox_remove_control_files(i->folder, name);
    if (strcmp(aside, name) != 0 && renameat(i->folder, name, i->folder, aside) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fstatat(i->folder, aside, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (inbox_same_content(&st, &s->st)) {
        if (unlinkat(i->folder, aside, 0) == 0)
            return 0;
        r = -errno;
    }
    if (strcmp(aside, name) != 0) {
        s->put_back = st;
        (void)renameat2(i->folder, aside, i->folder, name, RENAME_NOREPLACE);
    }
    return r;
}

/* Its receiver has it already and could not have it removed: tried again, without a word. */
static void remove_received(struct inbox *i, const char *name, struct sighting *s)
{
    int r = remove_if_same(i, name, s);

    if (r == 0)
        forget(i, name);
    else
        s->is_left = true;
}

/* Adds the name to the candidates if its end is proven. Returns 0, 1 for a name passed over,
 * -ENOMEM. */
static int consider(struct inbox *i, const char *name, bool trusts_newline,
                    struct candidates *out_candidates)
{
    AUTO(fd_close) int fd = -1;
    const char *why = NULL;
    struct sighting *s;
    struct stat st;
    int r;

    if (!inbox_name_is_sound(name))
        return 1;
    fd = r = inbox_open_plain(i->folder, name, &st, &why);
    if (r == -ENOENT) {
        forget(i, name);
        return 0;
    }
    if (why && S_ISDIR(st.st_mode))
        return 0;
    s = sighting_of(i, name);
    if (!s)
        return -ENOMEM;
    s->scan = i->scan;
    if (r == -EAGAIN) {
        wake_when_still(i);
        return 0;
    }
    if (why || r < 0) {
        say_waiting(i, s, name, why ? why : strerror(-r));
        return why ? 1 : 0;
    }
    /* An offered one keeps the stat of its offer: inbox_taken() compares with that. */
    if (s->is_offered)
        return 0;
    sighting_look(s, &st, now_ms());
    if (s->is_left)
        return 0;
    if (inbox_same_content(&s->received, &st)) {
        remove_received(i, name, s);
        return 0;
    }
    struct proof_rules rules = { now_ms(), i->still_ms, trusts_newline };

    if (sighting_is_complete(s, i->folder, name, fd, &rules, &why))
        return add_candidate(out_candidates, name, st.st_mtim);
    if (why)
        say_waiting(i, s, name, why);
    else
        wake_when_still(i);
    return 0;
}

/* ---- offering ------------------------------------------------------------------------------ */

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->modified.tv_sec != y->modified.tv_sec)
        return x->modified.tv_sec < y->modified.tv_sec ? -1 : 1;
    if (x->modified.tv_nsec != y->modified.tv_nsec)
        return x->modified.tv_nsec < y->modified.tv_nsec ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void offer_one(struct inbox *i, const char *name)
{
    AUTO(fd_close) int fd = -1;
    struct sighting *s = table_get(&i->sightings, name);
    const char *why = NULL;
    struct stat st;

    fd = inbox_open_plain(i->folder, name, &st, &why);
    if (!s || fd < 0 || s->is_offered || s->is_left)
        return;
    if (!inbox_same_content(&s->st, &st)) {
        sighting_look(s, &st, now_ms()); /* changed since it was judged: judged again later */
        wake_when_still(i);
        return;
    }
    s->is_offered = true;
    i->offer(i->arg, i, name, fd);
}

static void candidates_release(struct candidates *c)
{
    for (size_t n = 0; n < c->count; n++)
        free(c->list[n].name);
    free(c->list);
    *c = (struct candidates){ 0 };
}

static void offer_all(struct inbox *i, struct candidates *c)
{
    if (c->count > 1)
        qsort(c->list, c->count, sizeof *c->list, compare_candidates);
    for (size_t n = 0; n < c->count && !i->is_closed; n++)
        offer_one(i, c->list[n].name);
}

/* ---- scanning ------------------------------------------------------------------------------ */

static void forget_the_gone(struct inbox *i)
{
    size_t position = 0;
    const char *name;
    void *value;

    while (table_next(&i->sightings, &position, &name, &value)) {
        struct sighting *s = value;

        /* An offered one is kept until its receiver answers. */
        if (s->scan != i->scan && !s->is_offered)
            forget(i, name);
    }
}

static int walk(struct inbox *i, bool trusts_newline, struct candidates *out_candidates)
{
    int fd = openat(i->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int r = 0;

    if (!entries) {
        r = -errno;
        fd_close(&fd);
        return r;
    }
    i->scan++;
    i->skipped = 0;
    for (errno = 0; r >= 0 && (entry = readdir(entries)); errno = 0) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        r = consider(i, entry->d_name, trusts_newline, out_candidates);
        i->skipped += r == 1;
    }
    if (r >= 0)
        r = -errno;
    (void)closedir(entries);
    if (r == 0)
        forget_the_gone(i);
    return r;
}

static void release(struct inbox *i);

static int scan(struct inbox *i, bool trusts_newline)
{
    AUTO(candidates_release) struct candidates found = { 0 };
    size_t position = 0;
    const char *name;
    void *value;
    int r;

    while (table_next(&i->sightings, &position, &name, &value))
        ((struct sighting *)value)->is_left = false;
    i->depth++;
    r = walk(i, trusts_newline, &found);
    offer_all(i, &found);
    if (--i->depth == 0 && i->is_closed)
        release(i);
    return r;
}

int inbox_scan_now(struct inbox *i)
{
    assert(i);
    return scan(i, true);
}

/* ---- watching ------------------------------------------------------------------------------ */

/* What a notice says about the file under its name. */
static void mark(struct inbox *i, const struct inotify_event *notice)
{
    struct sighting *s;
    struct stat st;

    if (notice->len == 0 || !inbox_name_is_sound(notice->name))
        return;
    if (notice->mask & (IN_MOVED_FROM | IN_DELETE)) {
        s = table_get(&i->sightings, notice->name);
        /* What comes under this name next is another file, even where it gets the same inode. */
        if (s) {
            s->moved_in = (struct stat){ 0 };
            s->is_said = false;
            if (notice->mask & IN_DELETE) /* our own renaming to and fro is no such end */
                s->received = (struct stat){ 0 };
        }
    } else if (notice->mask & IN_MOVED_TO) {
        s = sighting_of(i, notice->name); /* without memory the rescan finds it */
        if (s && fstatat(i->folder, notice->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            if (!inbox_same_file(&st, &s->put_back)) {
                s->moved_in = st;
                s->is_left = false;
            }
            s->put_back = (struct stat){ 0 };
        }
    }
}

static void consider_noticed(struct inbox *i, const struct inotify_event *notice,
                             struct candidates *out_candidates)
{
    char name[NAME_MAX + 1];

    if (notice->len == 0)
        return;
    inbox_name_of_control(notice->name, name);
    for (size_t n = 0; n < out_candidates->count; n++) {
        if (strcmp(out_candidates->list[n].name, name) == 0)
            return;
    }
    (void)consider(i, name, false, out_candidates);
}

static void on_noticed(evutil_socket_t fd, short what, void *arg)
{
    AUTO(candidates_release) struct candidates found = { 0 };
    union {
        struct inotify_event align;
        char bytes[16384];
    } room;
    struct inbox *i = arg;
    ssize_t n = read(fd, room.bytes, sizeof room.bytes);
    bool has_lost = false;

    (void)what;
    i->depth++;
    /* First all marks, then the verdicts: a later notice may take back what an earlier one said. */
    for (int pass = 0; pass < 2; pass++) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *notice = (const void *)(room.bytes + at);

            has_lost |= (notice->mask & IN_Q_OVERFLOW) != 0;
            if (pass == 0)
                mark(i, notice);
            else
                consider_noticed(i, notice, &found);
            at += (ssize_t)(sizeof *notice + notice->len);
        }
    }
    offer_all(i, &found);
    if (has_lost && !i->is_closed)
        (void)scan(i, false);
    if (--i->depth == 0 && i->is_closed)
        release(i);
}

static void stop_watching(struct inbox *i)
{
    if (i->noticed)
        event_free(i->noticed);
    i->noticed = NULL;
    fd_close(&i->watch);
}

static int start_watching(struct inbox *i)
{
    char path[32];

    i->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (i->watch < 0)
        return -errno;
    /* The folder that is open, not whatever its path means by now. */
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", i->folder);
    if (inotify_add_watch(i->watch, path, WATCHED) < 0)
        return -errno;
    i->noticed = event_new(i->base, i->watch, EV_READ | EV_PERSIST, on_noticed, i);
    return i->noticed && event_add(i->noticed, NULL) == 0 ? 0 : -ENOMEM;
}

/* Puts back what a crash left between the two steps of taking: its receiver knows the content. */
static void put_back_taken(struct inbox *i)
{
    int fd = openat(i->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!entries) {
        fd_close(&fd);
        return;
    }
    while ((entry = readdir(entries))) {
        const char *name = entry->d_name;

        if (strncmp(name, TAKEN_PREFIX, strlen(TAKEN_PREFIX)) == 0)
            (void)renameat2(i->folder, name, i->folder, name + strlen(TAKEN_PREFIX),
                            RENAME_NOREPLACE);
    }
    (void)closedir(entries);
}

static int open_folder(struct inbox *i)
{
    int r = folder_make(i->path);

    if (r < 0)
        return r;
    i->folder = open(i->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (i->folder < 0)
        return -errno;
    put_back_taken(i);
    return i->base ? start_watching(i) : 0;
}

/* Somebody may have moved the folder away and made a new one: the path is what was configured. */
static void follow_path(struct inbox *i)
{
    struct stat named, opened;
    int r;

    if (i->folder >= 0 && i->watch >= 0 && stat(i->path, &named) == 0 &&
        fstat(i->folder, &opened) == 0 && inbox_same_file(&named, &opened))
        return;
    stop_watching(i);
    fd_close(&i->folder);
    r = open_folder(i);
    if (r < 0)
        log_error("inbox", "folder=%s error=\"%s\"", i->path, strerror(-r));
    else
        log_warning("inbox", "folder=%s replaced: watched anew", i->path);
}

static void set_rescan(struct inbox *i)
{
    struct timeval in = { .tv_sec = i->rescan_ms / 1000, .tv_usec = (i->rescan_ms % 1000) * 1000 };

    if (i->rescan && event_add(i->rescan, &in) < 0)
        abort(); /* nobody would look again, and nobody would know */
}

static void on_rescan(evutil_socket_t fd, short what, void *arg)
{
    struct inbox *i = arg;

    (void)fd;
    (void)what;
    set_rescan(i);
    follow_path(i);
    if (i->folder >= 0)
        (void)scan(i, false); /* the last use of i: an offer may close it */
}

static void on_still(evutil_socket_t fd, short what, void *arg)
{
    struct inbox *i = arg;

    (void)fd;
    (void)what;
    if (i->folder >= 0)
        (void)scan(i, false);
}

/* ---- the public face ----------------------------------------------------------------------- */

static void release(struct inbox *i)
{
    stop_watching(i);
    if (i->rescan)
        event_free(i->rescan);
    if (i->still)
        event_free(i->still);
    fd_close(&i->folder);
    table_release(&i->sightings, free);
    free(i->path);
    free(i);
}

int inbox_open(struct event_base *base, const char *folder, inbox_offer *offer,
               inbox_waiting *waiting, void *arg, struct inbox **out_inbox)
{
    struct inbox *i = calloc(1, sizeof *i);
    int r;

    assert(folder && offer && out_inbox);
    if (!i)
        return -ENOMEM;
    *i = (struct inbox){
        .base = base,
        .folder = -1,
        .watch = -1,
        .offer = offer,
        .waiting = waiting,
        .arg = arg,
        .sightings = TABLE_INIT,
        .rescan_ms = RESCAN_MS,
        .still_ms = STILL_MS,
    };
    i->path = strdup(folder);
    i->rescan = base ? evtimer_new(base, on_rescan, i) : NULL;
    i->still = base ? evtimer_new(base, on_still, i) : NULL;
    r = i->path && (!base || (i->rescan && i->still)) ? open_folder(i) : -ENOMEM;
    if (r < 0) {
        release(i);
        return r;
    }
    set_rescan(i);
    *out_inbox = i;
    return 0;
}

int inbox_taken(struct inbox *i, const char *name)
{
    struct sighting *s = table_get(&i->sightings, name);
    int r;

    if (!s || !s->is_offered)
        return -ENOENT;
    r = remove_if_same(i, name, s);
    if (r == 0) {
        forget(i, name);
        return 0;
    }
    if (r != -ESTALE)
        s->received = s->st;
    inbox_leave(i, name);
    return r;
}

void inbox_leave(struct inbox *i, const char *name)
{
    struct sighting *s = table_get(&i->sightings, name);

    if (!s)
        return;
    s->is_offered = false;
    s->is_left = true;
}

const char *inbox_folder(const struct inbox *i)
{
    return i->path;
}

size_t inbox_skipped(const struct inbox *i)
{
    return i->skipped;
}

void inbox_close(struct inbox *i)
{
    if (!i)
        return;
    i->is_closed = true;
    if (i->depth == 0)
        release(i);
}

void inbox_set_periods(struct inbox *i, int rescan_ms, int still_ms)
{
    i->rescan_ms = rescan_ms;
    i->still_ms = still_ms;
    set_rescan(i);
}
