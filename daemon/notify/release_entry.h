/*
 * release_entry - between which values the reader of a figure knows it to lie
 *
 * Pure, and of release.c alone: an entry of the ledger as a figure that is told makes it.
 */
#ifndef NOTIFY_RELEASE_ENTRY_H
#define NOTIFY_RELEASE_ENTRY_H

#include "notify/release.h"
#include "notify/release_side.h"

/** A number of people, whole. */
bool release_is_count(struct figure_kind kind);
/** What is projected by so many days is longer by them, where it is a wait; else 0: in its unit. */
double release_aged(int days, struct figure_kind kind);
/** Whether what is projected is a figure of the same people under another line, or none of counts. */
bool release_can_age(const struct plan_measure *m);
/** A number that is reckoned from a count stands for it: how much larger it is. */
double release_scale(const struct plan_measure *m, const struct series_version *v);
/** As it would be shown, with the side of the line that the news tells. */
struct release_entry release_entry_of(const struct release_figure *f, struct figure_kind kind);
/** Adds on which side of its figure's line its value lies. */
void release_entry_side(struct release_entry *e, const struct release_figure *f,
                        struct figure_kind kind);
/** Adds what .tells_none says of one that is shown: that it is 0, or not. */
void release_entry_none(struct release_entry *e, struct figure_kind kind);

#endif
