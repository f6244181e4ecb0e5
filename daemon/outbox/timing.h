/*
 * timing - when what is due for a recipient may go
 *
 * Pure policy. What is due outside a person's hours waits until they begin: it is not frozen before, so that
 * it says how things stand when it goes. Within them at most one mail a day goes to a lead, unless something
 * turned red: that goes at once, and takes along what waited. Nothing is dropped. Machines are told
 * everything at once. Source: DESIGN section 9, "Workflow" and "Grouping".
 */
#ifndef OUTBOX_TIMING_H
#define OUTBOX_TIMING_H

#include <stdbool.h>

enum timing {
    TIMING_NOW,
    TIMING_HOURS,    /* when the recipient's hours begin */
    TIMING_TOMORROW, /* with the message of another day */
};

/** What is due for one recipient in one message. */
struct due {
    bool is_shut;      /* it is outside the hours of its recipient */
    bool is_at_once;   /* it waits for no day's message: a machine's, or told once in any case */
    bool turned_red;   /* something in it did */
    bool day_is_spent; /* the day's message has gone out */
};

enum timing timing_of(const struct due *d);

#endif
