/*
 * list_staged - rows of a snapshot between its beginning and its end; for list_snapshot.c
 */
#ifndef PATHWAY_LIST_STAGED_H
#define PATHWAY_LIST_STAGED_H

#include "pathway/list_internal.h"

/* A row: what it says, and which of several rows of one pathway stands. */
struct staged_row {
    struct listed e;
    uint32_t number;
    uint64_t version;
};

/* Whose the pathway of a row is, of a service that forms spells. */
struct staged_person {
    uint32_t number; /* of the row */
    uint8_t person[PSEUDONYM_BYTES];
};

struct staged {
    uint16_t census;
    struct civil_date received;
    enum list_duplicates duplicates;
    struct staged_row *rows;
    size_t count, cap;
    struct staged_person *people; /* by number */
    size_t people_count, people_cap;
    uint64_t verdicts[LIST_VERDICTS];
    uint32_t *
        groups; /* of the list, + 1, by the number that the file's rows give them; 0: not yet looked up */
    size_t group_cap;
};

/** Sorts the rows by key and leaves one of each pathway. Returns how many were dropped. */
uint64_t staged_settle(struct staged *s);
/** Whose the pathway of this row is; NULL: it does not say. */
const uint8_t *staged_person(const struct staged *s, const struct staged_row *row);

#endif
