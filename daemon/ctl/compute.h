/*
 * compute - the computations of cmd_compute, one file each
 */
#ifndef CTL_COMPUTE_H
#define CTL_COMPUTE_H

#include <stddef.h>

#include <jansson.h>

#include "base/text.h"

/** One line of lists.jsonl or bands.jsonl. Returns the answer (new reference), or NULL with a
 * sentence in out_why, which never repeats content. */
json_t *compute_waits(const json_t *line, char out_why[128]);

/** A row of a CSV and its header; the header row itself comes first, with cells == header. Appends
 * what is printed for it. Returns 0, -ENOMEM, or -EINVAL with out_why. */
typedef int compute_row(void *state, const char *const *header, const char *const *cells,
                        size_t count, struct text *out, char out_why[128]);
compute_row compute_nhs_number;
compute_row compute_published;

#endif
