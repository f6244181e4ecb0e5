#include "feed/inbox_private.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"

#define RESCAN_MS 30000
#define STILL_MS  30000
#define WATCHED   (IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

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
    r = inbox_walk(i, trusts_newline, &found);
    int offered = inbox_offer_all(i, &found);

    r = r < 0 ? r : offered;
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
        s = inbox_sighting(i, notice->name); /* without memory the rescan finds it */
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
    (void)inbox_consider(i, name, false, out_candidates);
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
    (void)inbox_offer_all(i, &found); /* without memory the rescan finds them */
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
    candidates_release(&i->queue);
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

    i->awaits_answer = false;
    if (!s || !s->is_offered)
        return -ENOENT;
    r = inbox_remove_if_same(i, name, s);
    if (r == 0) {
        inbox_forget(i, name);
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

    i->awaits_answer = false;
    if (!s)
        return;
    s->is_offered = false;
    s->is_left = true;
}

void inbox_go_on(struct inbox *i)
{
    i->depth++;
    inbox_offer_next(i);
    if (--i->depth == 0 && i->is_closed)
        release(i);
}

void inbox_look_again(struct inbox *i)
{
    if (i->rescan)
        event_active(i->rescan, EV_TIMEOUT, 0);
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
