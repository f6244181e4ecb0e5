/*
 * shape - the size of a file and whose rows it holds, to compare it with the one before
 *
 * Pure. What may poison a whole file without a single bad row: most of its rows are missing, or its
 * organisations are others than before (DESIGN section 5, "Held"). Organisations are kept as marks:
 * up to SHAPE_MARKS_MAX of them exactly, above that the smallest of their hashes, which estimate
 * how many two files have in common.
 */
#ifndef PARSE_SHAPE_H
#define PARSE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"

#define SHAPE_MARKS_MAX 128
#define SHAPE_TEXT_MAX  (8 * SHAPE_MARKS_MAX + 1)

struct file_shape {
    unsigned long rows;          /* data rows, those set aside among them */
    unsigned long organisations; /* different ones in accepted rows */
    uint32_t marks[SHAPE_MARKS_MAX];
    size_t mark_count;
};

/** Takes the organisations of a file: codes as keys. Returns 0 or -ENOMEM. */
int shape_of(unsigned long rows, const struct table *organisations, struct file_shape *out_shape);
/** Whether it has at most HOLD_ROWS_LEFT of the rows of the file before it. */
bool shape_is_shrunk(const struct file_shape *before, const struct file_shape *now);
/** Whether a file must be held because of the one before it; then says why in words. */
bool shape_is_implausible(const struct file_shape *before, const struct file_shape *now,
                          char out_why[160]);

/** The marks as hexadecimal text, and back: 0, or -EINVAL. */
void shape_marks_text(const struct file_shape *shape, char out_text[SHAPE_TEXT_MAX]);
int shape_marks_parse(const char *text, struct file_shape *shape);

#endif
