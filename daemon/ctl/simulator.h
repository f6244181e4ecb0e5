/*
 * simulator - a private waitlistd that is given one date after another
 *
 * Starts the waitlistd beside this program with --simulate in a temporary folder (0700), offers files to its
 * inboxes, tells it each date and reads what the date brought. It reads the settings and, where asked,
 * journals and archive of an instance, and changes nothing of them. The child ends with us; the folder is
 * removed at the end. Blocking calls, for waitlistctl.
 */
#ifndef CTL_SIMULATOR_H
#define CTL_SIMULATOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/date.h"

struct simulator {
    char *folder, *socket;
    pid_t pid; /* 0: none runs */
    long offered;
};
#define SIMULATOR_INIT                                                                             \
    {                                                                                              \
        NULL, NULL, 0, 0                                                                           \
    }

struct simulator_options {
    const char *config; /* settings */
    const char *plan;   /* NULL: those of the settings */
    bool is_live, has_history;
    bool
        is_past; /* the instance at the end of .first, as its journals have it: asked, not stepped */
    struct civil_date first; /* the first date that will be given */
};

/** Says on standard error what fails. Returns an exit status of waitlistctl: 0, 1, 78. End it in any case. */
int simulator_start(struct simulator *s, const struct simulator_options *o);
/** A file for a feed's inbox, received with the next date; in the order of the calls. Returns 0 or -errno. */
int simulator_offer(struct simulator *s, const char *feed, const char *name, const void *bytes,
                    size_t len);
/** The date begins: its files are received, it is evaluated, its messages are told. all: also measures, and
 * every alert. Says what fails; returns as simulator_start(). out_result: a new reference. */
int simulator_step(struct simulator *s, struct civil_date date, bool all, json_t **out_result);
/** What one of the past answers to a request, which is borrowed. Says what fails. Returns the exit status of
 * waitlistctl that the answer has, or as simulator_start(). out_result: a new reference. */
int simulator_ask(struct simulator *s, json_t *request, json_t **out_result);
/** Stops the child and removes the folder. */
void simulator_end(struct simulator *s);

#endif
