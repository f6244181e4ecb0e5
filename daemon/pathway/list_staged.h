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

struct staged {
    uint16_t census;
    struct civil_date received;
    enum list_duplicates duplicates;
    struct staged_row *rows;
    size_t count, cap;
    uint64_t verdicts[LIST_VERDICTS];
};

/** Sorts the rows by key and leaves one of each pathway. Returns how many were dropped. */
uint64_t staged_settle(struct staged *s);

#endif
