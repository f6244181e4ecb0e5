/*
 * release_rows - the counts that figures of one family speak of, and a row of a system for each figure
 *
 * Pure, and of release_system.c alone. An atom is an unknown count: those of one quantity on the same days
 * (a plane), of one region (a value of each side: place, provider, cohort) and between two lines of waiting.
 * A vector is a sum of atoms and the bounds between which it lies.
 */
#ifndef NOTIFY_RELEASE_ROWS_H
#define NOTIFY_RELEASE_ROWS_H

#include <stddef.h>

#include "notify/release_system.h"

#define ATOMS_MOST   1500
#define VECTORS_MOST 1200
#define PLANES_MOST  24
#define LINES_MOST   40
#define VALUES_MOST  24 /* of one side */

enum quantity { OPEN, START, STOP, DONE, GONE, FIRST };

/* Counts of one kind on the same days, told apart by their waits. */
struct plane {
    enum quantity quantity;
    int start, end;
    int lines[LINES_MOST];    /* ascending */
    size_t line_count, first; /* first: of its atoms */
};

struct side {
    const char *name;
    const char *values[VALUES_MOST];
    size_t value_count;
};

struct vector {
    double *factors; /* one for each atom */
    double low, high;
};

struct vectors {
    struct vector *list;
    size_t count, room;
};

struct system {
    const struct statement *statements;
    size_t statement_count;
    struct plane planes[PLANES_MOST];
    size_t plane_count;
    struct side sides[CELL_SIDES_MAX];
    size_t side_count, regions, atoms;
    struct vectors rows, closed, linked, guarded;
    size_t *group; /* of each atom: those that no vector tells apart are one unknown */
    size_t group_count;
    int error;
};

/* What a figure is about: a count; of a share its part and its whole. */
struct subject {
    const struct plane *part_plane, *whole_plane, *less; /* less: taken away, or NULL */
    int over, upto;
    bool has_whole;
};

/** Planes, sides and atoms for the statements; more than ATOMS_MOST is the error -E2BIG. */
void planes_lay_out(struct system *s);
/** The plane of a quantity on these days, or NULL. */
struct plane *plane_of(struct system *s, enum quantity q, int start, int end);
/** That of a flow over the days of a cell, made where there is none; without room
 * another one, and .error says so. */
struct plane *flow_of(struct system *s, const struct release_cell *c, enum quantity q);
/** Which value of a side a region has: 0 is any other. */
size_t region_value(const struct system *s, size_t region, size_t side);
/** A vector of nothing, the vectors'; its factors, one for each atom, or NULL: no room, which .error says. */
double *vector_new(struct system *s, struct vectors *to, double low, double high);
/** Adds factor to those of a plane whom a cell (NULL: everybody) counts, of waits over one line and up to another, in days. */
void sum_add(const struct system *s, double *v, const struct plane *p, const struct release_cell *c,
             int over, int upto, double factor);
/** Likewise of whatever wait. */
void sum_add_all(const struct system *s, double *v, const struct plane *p,
                 const struct release_cell *c, double factor);
/** What the figure of a cell is about. */
struct subject subject_of(struct system *s, const struct release_cell *c);
/** The count that it is about, or the part of a share, lies between low and high. */
void row_of_part(struct system *s, const struct subject *u, const struct release_cell *c,
                 double low, double high);
/** Likewise the rest of a share. */
void row_of_rest(struct system *s, const struct subject *u, const struct release_cell *c,
                 double low, double high);
/** What a figure that was shown says of counts. */
void rows_of_shown(struct system *s, const struct subject *u, const struct statement *t);
/** What the news says of counts, of a figure that need not be shown. */
void rows_of_side(struct system *s, const struct subject *u, const struct statement *t);

#endif
