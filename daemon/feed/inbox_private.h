/*
 * inbox_private - what the files of an inbox share
 *
 * inbox.c: opening, watching, the public face. inbox_scan.c: which names are complete files, and
 * offering them in order. inbox_file.c: one file.
 */
#ifndef FEED_INBOX_PRIVATE_H
#define FEED_INBOX_PRIVATE_H

#include <event2/event.h>

#include "base/table.h"
#include "feed/inbox.h"
#include "feed/inbox_file.h"

#define TAKEN_PREFIX ".taken-" /* one that is being removed */

/* A file whose end is proven, to be offered in order. */
struct candidate {
    char *name;
    struct timespec modified;
};

struct candidates {
    struct candidate *list;
    size_t count, cap;
};

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
    struct candidates queue; /* to be offered, from .next on */
    size_t next;
    bool awaits_answer; /* one is offered and neither taken nor left */
    bool is_offering;
    unsigned scan;
    int rescan_ms, still_ms;
    unsigned depth; /* our frames on the stack: inbox_close() may come from inside an offer */
    bool is_closed;
};

/** What is known of a name; made when missing. NULL without memory. */
struct sighting *inbox_sighting(struct inbox *i, const char *name);
void inbox_forget(struct inbox *i, const char *name);
/** Adds the name to the candidates if its end is proven. Returns 0, 1 for a name passed over,
 * -ENOMEM. */
int inbox_consider(struct inbox *i, const char *name, bool trusts_newline,
                   struct candidates *out_candidates);
/** Considers every name in the folder. Returns 0 or -errno. */
int inbox_walk(struct inbox *i, bool trusts_newline, struct candidates *out_candidates);
/** After those that wait, in order of modification time, then name: takes them and offers until one
 * has no answer. An offer may close the inbox. Returns 0 or -ENOMEM. */
int inbox_offer_all(struct inbox *i, struct candidates *c);
/** Goes on with what waits, unless an answer is awaited. */
void inbox_offer_next(struct inbox *i);
/** Removes what was offered, if it still is what it was: 0, -ESTALE, -errno. */
int inbox_remove_if_same(struct inbox *i, const char *name, struct sighting *s);
void candidates_release(struct candidates *c);

#endif
