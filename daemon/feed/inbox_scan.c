#include "feed/inbox_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/file.h"

static int64_t now_ms(void)
{
    struct clock real = CLOCK_REAL;

    return clock_mono(&real).ms;
}

/* ---- sightings ----------------------------------------------------------------------------- */

struct sighting *inbox_sighting(struct inbox *i, const char *name)
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

void inbox_forget(struct inbox *i, const char *name)
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
int inbox_remove_if_same(struct inbox *i, const char *name, struct sighting *s)
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
    int r = inbox_remove_if_same(i, name, s);

    if (r == 0)
        inbox_forget(i, name);
    else
        s->is_left = true;
}

int inbox_consider(struct inbox *i, const char *name, bool trusts_newline,
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
        s = table_get(&i->sightings, name);
        if (s && !s->is_offered) /* its receiver has yet to answer */
            inbox_forget(i, name);
        return 0;
    }
    if (why && S_ISDIR(st.st_mode))
        return 0;
    s = inbox_sighting(i, name);
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
    /* What was proven stays proven while the file is what it was. */
    if (s->is_queued && inbox_same_content(&s->st, &st))
        return 0;
    s->is_queued = false;
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

    if (!s || !s->is_queued)
        return; /* gone, or changed, while it waited */
    s->is_queued = false;
    fd = inbox_open_plain(i->folder, name, &st, &why);
    if (fd < 0 || s->is_offered || s->is_left)
        return;
    if (!inbox_same_content(&s->st, &st)) {
        sighting_look(s, &st, now_ms()); /* changed since it was judged: judged again later */
        wake_when_still(i);
        return;
    }
    s->is_offered = true;
    i->awaits_answer = true;
    i->offer(i->arg, i, name, fd);
}

void candidates_release(struct candidates *c)
{
    for (size_t n = 0; n < c->count; n++)
        free(c->list[n].name);
    free(c->list);
    *c = (struct candidates){ 0 };
}

void inbox_offer_next(struct inbox *i)
{
    if (i->is_offering)
        return;
    i->is_offering = true;
    while (i->next < i->queue.count && !i->awaits_answer && !i->is_closed)
        offer_one(i, i->queue.list[i->next++].name);
    i->is_offering = false;
    if (i->next == i->queue.count) {
        candidates_release(&i->queue);
        i->next = 0;
    }
}

int inbox_offer_all(struct inbox *i, struct candidates *c)
{
    int r = 0;

    if (c->count > 1)
        qsort(c->list, c->count, sizeof *c->list, compare_candidates);
    for (size_t n = 0; r == 0 && n < c->count; n++) {
        struct sighting *s = table_get(&i->sightings, c->list[n].name);

        r = s ? add_candidate(&i->queue, c->list[n].name, c->list[n].modified) : 0;
        if (s && r == 0)
            s->is_queued = true;
    }
    inbox_offer_next(i);
    return r;
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
            inbox_forget(i, name);
    }
}

int inbox_walk(struct inbox *i, bool trusts_newline, struct candidates *out_candidates)
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
        r = inbox_consider(i, entry->d_name, trusts_newline, out_candidates);
        i->skipped += r == 1;
    }
    if (r >= 0)
        r = -errno;
    (void)closedir(entries);
    if (r == 0)
        forget_the_gone(i);
    return r;
}
