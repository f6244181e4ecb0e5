/*
 * option - a command line's options that have a value
 */
#ifndef CTL_OPTION_H
#define CTL_OPTION_H

#include <stdbool.h>

/** Takes the option's value, given as "--name VALUE" or "--name=VALUE". Returns whether argv[*at] is that
 * option; then *at is its last word and *out_value borrows from argv, NULL when it is missing. */
bool option_value(int argc, char **argv, int *at, const char *name, const char **out_value);

/** Whether --help is among the words behind the command; then its usage is printed on standard output. */
bool option_help(int argc, char **argv, const char *usage);

#endif
