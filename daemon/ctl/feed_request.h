/*
 * feed_request - what the offline feed commands are asked, and what they say on stderr while they read
 *
 * Texts of a request are borrowed from the command line.
 */
#ifndef CTL_FEED_REQUEST_H
#define CTL_FEED_REQUEST_H

#include <stddef.h>

#include "ctl/feed_input.h"

struct feed_request {
    const char *command, *usage; /* "feed parse"; the lines that say how it is called */
    const char *file, *format;
    const char *folders[FEED_FOLDERS_MAX + 1]; /* of formats; the first is for the shipped ones */
    size_t folder_count;
};

/** An option of one command; take() gets its value, "" of one that has none, and returns 0 or says a usage
 * error and returns its exit code. */
struct feed_option {
    const char *name;
    bool is_alone;
    int (*take)(void *arg, const char *value);
};

/** FILE, --format, --formats and the command's own options, whose names end with one of NULL. Returns 0, or
 * the exit code 2, said. */
int feed_request_read(struct feed_request *q, int argc, char **argv, const struct feed_option *own,
                      void *arg);
/** Says what is wrong with which word, and the usage. Returns the exit code 2. */
int feed_usage_error(const struct feed_request *q, const char *what, const char *word);

#define LEFT_OUT_AS_REPEATED "repeated-pathway" /* another row of its pathway stands */

/** Rows that do not count: the first ones are shown, the others counted. */
struct set_aside {
    const char *file; /* its name, escaped */
    const char
        *what; /* "set aside" of a fault; "left out" of a sound row for which another stands */
    unsigned long count;
};
/** For a parse_sink. */
void set_aside_say(struct set_aside *s, unsigned long line, const char *column, const char *reason);
/** After the last row. */
void set_aside_end(const struct set_aside *s);

#endif
