/*
 * feed_input - the file and the format that an offline feed command names
 */
#ifndef CTL_FEED_INPUT_H
#define CTL_FEED_INPUT_H

#include <stddef.h>

#include "parse/format.h"

#define FEED_FOLDERS_MAX 16 /* of formats, beside the shipped one */

/** A descriptor of a regular file, or of one in memory ("-": standard input; a pipe), that can be read
 * twice; -errno. */
int feed_input_open(const char *file);
/**
 * Loads the formats of folders[0], set here to those shipped in datadir, and the others, and finds one.
 * command: in messages, "feed parse". Returns 0, or the exit code after saying on stderr what is wrong: 1,
 * 2 (no such format), 78. *out_set is to be freed either way; it may stay NULL.
 */
int feed_format_open(const char *command, const char *datadir, const char **folders,
                     size_t folder_count, const char *id, struct format_set **out_set,
                     const struct format **out_format);

#endif
