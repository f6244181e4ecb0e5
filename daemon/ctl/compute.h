/*
 * compute - the computations of cmd_compute, one file each
 */
#ifndef CTL_COMPUTE_H
#define CTL_COMPUTE_H

#include <stddef.h>

#include <jansson.h>

#include "base/text.h"

/** One line of lists.jsonl or bands.jsonl. Returns the answer (new reference), or NULL with a
 * sentence in out_why, which never repeats content; without memory it is left as it was. */
json_t *compute_waits(const json_t *line, char out_why[128]);
/** The same of cases.jsonl, rules.jsonl and (compute_i_chart) qicharts2.jsonl. Where the package that
 * made those fails, the result is {"error":true}. */
json_t *compute_spc(const json_t *line, char out_why[128]);
json_t *compute_rules(const json_t *line, char out_why[128]);
json_t *compute_i_chart(const json_t *line, char out_why[128]);

/** A row of a CSV and its header; the header row itself comes first, with cells == header. Appends
 * what is printed for it. what: the value of the computation's option, or NULL. Returns 0, -ENOMEM, or
 * -EINVAL with out_why. */
typedef int compute_row(const char *what, const char *const *header, const char *const *cells,
                        size_t count, struct text *out, char out_why[128]);
compute_row compute_nhs_number;
compute_row compute_published;
compute_row compute_queue;

/* ---- what they share ---- */

/** Whole numbers without a decimal point; NAN and infinity, which JSON lacks, as null. */
json_t *compute_number(double value);
/** The column of a name, or count. */
size_t compute_column(const char *const *header, size_t count, const char *name);
/** A cell as CSV has it, in quotes where it needs them. Returns 0 or -ENOMEM. */
int compute_put_cell(struct text *out, const char *cell);

#endif
