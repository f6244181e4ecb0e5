/*
 * standard - lines that a plan does not set itself: national standards, and the law
 *
 * A read-only value made of standards.yaml (standards.yaml(5) lists every key): each with its dates,
 * definition, source, and how sure the file is of it. What has no standard is named there too, with
 * why, so that no measure of it is ever called national. Source: DESIGN section 8, DOMAIN section 2.
 */
#ifndef PLAN_STANDARD_H
#define PLAN_STANDARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date.h"
#include "base/diag.h"
#include "base/span.h"
#include "yaml/bind.h"

/** Whose line a miss is of. */
enum line_of { LINE_OF_PLAN, LINE_OF_STANDARD, LINE_OF_LAW, LINE_OF_GUIDANCE };

enum standard_confidence { CONFIDENCE_VERIFIED, CONFIDENCE_SECONDARY, CONFIDENCE_UNVERIFIED };

/** What is asked from a day on, until the next line. */
struct standard_line {
    struct civil_date from;
    bool is_floor; /* at_least, else at_most */
    double value;
};

struct standard {
    char *id, *title, *definition, *source, *note; /* note may be NULL */
    int kind;                                      /* enum line_of, never LINE_OF_PLAN */
    int confidence;                                /* enum standard_confidence */
    struct span wait;                              /* the longest wait it allows; count 0: none */
    struct text_list services;                     /* that it is for; none: any */
    struct standard_line *lines;                   /* ascending by date, all of one side */
    size_t line_count;
};

/** Words of what has no standard, and why not. */
struct standard_none {
    struct text_list words;
    char *why;
};

struct standards {
    struct standard *list;
    size_t count;
    struct standard_none *none;
    size_t none_count;
};

/** Returns 0; -EINVAL with every error in diags; -ENOMEM. */
int standards_load(const char *path, struct diags *diags, struct standards **out_standards);
void standards_free(struct standards *s);
const struct standard *standard_find(const struct standards *s, const char *id);
/** Why what is called so has no standard; NULL: it may have one. Words are compared folded. */
const char *standard_none_of(const struct standards *s, const char *text);
/** "plan", "national standard", "law", "guidance". */
const char *line_of_name(enum line_of kind);
/** "verified", "secondary", "unverified". */
const char *confidence_name(enum standard_confidence c);

#endif
