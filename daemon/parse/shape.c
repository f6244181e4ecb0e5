#include "parse/shape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/limits.h"

#define FNV_BASIS 2166136261u /* FNV-1a, 32 bits: the same in every process, as a journal needs */
#define FNV_PRIME 16777619u

static uint32_t mark_of(const char *organisation)
{
    uint32_t h = FNV_BASIS;

    for (; *organisation; organisation++) {
        unsigned char c = (unsigned char)*organisation;

        h = (h ^ (c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c)) * FNV_PRIME;
    }
    return h;
}

static int by_mark(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

int shape_of(unsigned long rows, const struct table *organisations, struct file_shape *out)
{
    uint32_t *marks = calloc(table_count(organisations) + 1, sizeof *marks);
    const char *organisation;
    size_t n = 0, kept = 0;

    if (!marks)
        return -ENOMEM;
    for (size_t at = 0; table_next(organisations, &at, &organisation, NULL);)
        marks[n++] = mark_of(organisation);
    qsort(marks, n, sizeof *marks, by_mark);
    *out = (struct file_shape){ .rows = rows, .organisations = n };
    for (size_t i = 0; i < n && kept < SHAPE_MARKS_MAX; i++)
        if (kept == 0 || out->marks[kept - 1] != marks[i])
            out->marks[kept++] = marks[i];
    out->mark_count = kept;
    free(marks);
    return 0;
}

/* How many organisations two files have in common: counted, or estimated from the smallest marks. */
static double in_common(const struct file_shape *a, const struct file_shape *b)
{
    bool is_exact = a->organisations <= SHAPE_MARKS_MAX && b->organisations <= SHAPE_MARKS_MAX;
    size_t i = 0, j = 0, seen = 0, both = 0;

    while ((i < a->mark_count || j < b->mark_count) && (is_exact || seen < SHAPE_MARKS_MAX)) {
        bool from_a = j == b->mark_count || (i < a->mark_count && a->marks[i] <= b->marks[j]);
        bool from_b = i == a->mark_count || (j < b->mark_count && b->marks[j] <= a->marks[i]);

        both += from_a && from_b;
        seen++;
        i += from_a;
        j += from_b;
    }
    double share = seen ? (double)both / (double)seen : 0; /* of the union */

    return is_exact ? (double)both
                    : share * (double)(a->organisations + b->organisations) / (1 + share);
}

bool shape_is_shrunk(const struct file_shape *before, const struct file_shape *now)
{
    return (double)now->rows <= HOLD_ROWS_LEFT * (double)before->rows;
}

bool shape_is_implausible(const struct file_shape *before, const struct file_shape *now,
                          char out_why[160])
{
    double common = in_common(before, now);
    double gone = (double)before->organisations - common;
    double fresh = (double)now->organisations - common;

    if (shape_is_shrunk(before, now)) {
        (void)snprintf(out_why, 160, "%lu row%s where the file before it had %lu", now->rows,
                       now->rows == 1 ? "" : "s", before->rows);
        return true;
    }
    if (before->organisations >= HOLD_ORGANISATIONS_MIN &&
        gone > HOLD_ORGANISATIONS_GONE * (double)before->organisations &&
        fresh >= HOLD_ORGANISATIONS_NEW * gone) {
        (void)snprintf(out_why, 160,
                       "%.0f of the %lu organisations in the file before it are gone and %.0f new",
                       gone, before->organisations, fresh);
        return true;
    }
    return false;
}

void shape_marks_text(const struct file_shape *shape, char out[SHAPE_TEXT_MAX])
{
    out[0] = '\0';
    for (size_t i = 0; i < shape->mark_count; i++)
        (void)snprintf(out + 8 * i, 9, "%08x", (unsigned)shape->marks[i]);
}

int shape_marks_parse(const char *text, struct file_shape *shape)
{
    size_t len = strlen(text);

    if (len % 8 != 0 || len > 8 * SHAPE_MARKS_MAX || strspn(text, "0123456789abcdef") != len)
        return -EINVAL;
    for (shape->mark_count = 0; shape->mark_count < len / 8; shape->mark_count++) {
        char mark[9];

        (void)snprintf(mark, sizeof mark, "%.8s", text + 8 * shape->mark_count);
        shape->marks[shape->mark_count] = (uint32_t)strtoul(mark, NULL, 16);
    }
    return 0;
}
