/*
 * command - the words of one Redis command, as it is built
 */
#ifndef STORE_COMMAND_H
#define STORE_COMMAND_H

#include <stddef.h>

struct command {
    const char **argv; /* borrowed, but for those in .owned */
    size_t *lengths;
    size_t count, cap;
    char **owned; /* texts made for it */
    size_t owned_count, owned_cap;
    int error; /* 0, or -ENOMEM: then it is not whole and must not be sent */
};

/** Adds a word, borrowed until command_release(); NULL: an empty one. */
void command_add(struct command *c, const char *word);
void command_add_len(struct command *c, const char *word, size_t len);
/** Adds a word that the command owns; NULL counts as out of memory. */
void command_add_owned(struct command *c, char *word);
void command_add_printf(struct command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void command_release(struct command *c);

#endif
