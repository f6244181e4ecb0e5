/*
 * release - what an audience was shown, and what it may be shown beside that
 *
 * Pure. The audience is a receiver: whoever its messages go to may lay them side by side. Its ledger has
 * an entry for each figure of a period that one of its messages told or hid: the exact value then, and
 * between which values its reader knows it to lie. (1) Frozen: the figure of a period is rendered
 * anew only when its exact value, or a part of its share, moved by 5 or more, or it came to lie on the other side
 * of the plan's line, which the news says. (2) Withheld: a figure that would, with all that the ledger has and
 * with what everybody can add up (notify/release_system.h), leave a count of 1 to 4 fewer values than these, is
 * hidden like a small one. Figures of published feeds are not controlled.
 *
 * No alert is ever kept back for what it discloses, and each tells on which side of its lines a figure lies, also
 * where that is hidden; of whatever there is no news silence tells it, and the digest all of it. So that is taken as
 * known, of every judged measure, of each period and of what is projected of it, before any figure is asked for
 * (notify/release_side.h), whether it was told yet or is told to another. It follows that the order in which
 * messages are composed, and what is told later of data that are there, makes nothing known that was not weighed:
 * a figure tells no more of few than the news does that all of these days will have. What the news alone tells of
 * few, by the lines that a plan has, no ledger can take back, and figures are not withheld for it. Not foreseen is
 * news of data yet to come about days that older figures are of: of starts and stops since a census that was told,
 * and of a file that says otherwise of it.
 * Of a measure that is veiled (figure_veiled()) the sides of its other lines are not weighed: an escalation or a
 * reminder tells that it is red, and so worse than a line which no message names.
 *
 * Nothing of it is ever dropped: who keeps old mails has them for ever, and a period of any age may be restated
 * and told anew beside them. What bounds it is that it has one entry for each figure of a period, however many
 * messages tell it: measured at 635 entries (95 kB) of a receiver in a year of 13 measures of a weekly list, so
 * some 150 kB a year of 20.
 * Source: DESIGN section 10; DOMAIN section 5.
 */
#ifndef NOTIFY_RELEASE_H
#define NOTIFY_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/table.h"
#include "notify/figure.h"
#include "plan/finding.h"

/** What is known to whom it was shown. */
struct release_entry {
    double value, numerator, denominator; /* exact, as it was when it was rendered; NAN: none */
    double low, high;                     /* in its unit; infinite: nothing */
    bool is_shown;                        /* else "*" stood for it */
};

/** A figure as it comes to be told. */
struct release_figure {
    const struct plan_measure *measure;
    struct civil_date start, end;
    int aged; /* days for which it is projected beyond .end, of which its data are */
    const struct series_version *version;
    double line; /* of which the news says on which side it lies; NAN: of none */
    bool
        yields; /* told beside the figures of measures: not where one that is behind could not be told then */
};

/** The ledger as one message meets it. */
struct release;

/** entries: "receiver|cell" -> struct release_entry *, of all receivers; findings: of whom it is known that
 * they are few; both borrowed. Returns 0 or -ENOMEM. */
int release_open(const struct table *entries, const char *receiver,
                 const struct finding_set *findings, struct release **out_release);
void release_free(struct release *r);
/** Whether a figure may be shown as far as others are concerned; the same answer each time that a message
 * asks. *out_version: what to show in its place, as frozen. r NULL: it may. */
bool release_ask(struct release *r, const struct release_figure *f, struct figure_kind kind,
                 struct series_version *out_version);
/** What the message adds: {cell: entry}; NULL: nothing. -ENOMEM in *out_error where it was not all kept. New
 * reference. */
json_t *release_added(const struct release *r, int *out_error);

/** An entry as JSON, and back: 0 or -EBADMSG. */
json_t *release_entry_json(const struct release_entry *e);
int release_entry_of_json(const json_t *j, struct release_entry *out_entry);
/** Keeps an entry (a copy) under "receiver|cell". Returns 0 or -ENOMEM. */
int release_keep(struct table *entries, const char *receiver, const char *cell,
                 const struct release_entry *e);

#endif
