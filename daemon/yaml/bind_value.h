/*
 * bind_value - one scalar's text to one field; for bind.c only
 *
 * The one place that knows how each bind_type is written, for values and defaults alike.
 */
#ifndef YAML_BIND_VALUE_H
#define YAML_BIND_VALUE_H

#include "yaml/bind.h"

/* What is wrong with a value, in words that follow the value: "is not a date". */
struct bind_problem {
    char text[160];
    char hint[200];
};

/** Reads text as key->type into field; a BIND_TEXTS field grows by one item, a BIND_NODE field
 * stays. Returns 0, -EINVAL with *out_problem set, or -ENOMEM; the field is left alone on failure.
 */
int bind_value(const struct bind_key *key, const char *text, void *field,
               struct bind_problem *out_problem);

#endif
