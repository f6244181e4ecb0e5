/*
 * footprint - whose figures a measure shows, and whether they are the plan's own place's
 *
 * Black Country figures are never called Dudley's: a figure of a wider footprint is a warning in the plan, and
 * an error where its title names the plan's place. Source: DESIGN section 5, "Organisations and places".
 */
#ifndef PLAN_FOOTPRINT_H
#define PLAN_FOOTPRINT_H

#include <stdbool.h>

enum footprint {
    FOOTPRINT_UNKNOWN,  /* nobody says */
    FOOTPRINT_PLACE,    /* a place alone, or an organisation that serves it alone */
    FOOTPRINT_PROVIDER, /* all that an organisation does, wherever its patients live */
    FOOTPRINT_ICB,      /* a system in whose totals others are counted */
    FOOTPRINT_ENGLAND,
    FOOTPRINT_LIST, /* all who are on a waiting list, wherever they live */
};

/** Of an organisation or a place; the texts are borrowed. */
struct footprint_of {
    enum footprint kind;
    const char *id;    /* of a place; else the organisation's code */
    const char *title; /* as people call it */
};

/** What a plan's places and organisations mean; borrowed for the length of plan_load(). */
struct footprint_source {
    /** The place by id or any name; NULL kind: FOOTPRINT_UNKNOWN. */
    struct footprint_of (*place)(void *arg, const char *printed);
    /** An organisation as it is printed. */
    struct footprint_of (*organisation)(void *arg, const char *printed);
    void *arg;
    bool has_places; /* places are declared: then a plan is for one of them */
};

/** "place", "provider", "ICB", "England", "whole list"; NULL for unknown. */
const char *footprint_name(enum footprint kind);

#endif
