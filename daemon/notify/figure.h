/*
 * figure - a number as an audience may see it
 *
 * Pure. The one place where messages decide whether a figure is shown, rounded or hidden. Figures
 * of published feeds are shown as published; others under the profile of their audience (DESIGN section
 * 10). To a partner a count under 5 is "*", else the nearest 5; a percentage is whole, and only where its
 * denominator, when known, is at least 10 and both its numerator and the rest, when known, at least
 * 5: 98% of 100 would tell of the other two. The longest wait is a band, over at least 8; anything
 * else is whole, and only over at least 8, when known. A count that is hidden is not told by its
 * line either: "over 3" of one that is under 5 is 4. A figure that rests on stops whose outcome nobody
 * told is shown as its bounds, rounded outwards; a lower bound under 5 is not. An internal audience sees
 * a count of 0 to 4 as "fewer than 5"; where the plan says so of its measure (`tell_none`) 0 as 0, so that "fewer
 * than 5" is 1 to 4. To the public a percentage is that of its parts
 * as they are rounded, so that it tells no more than they do (DOMAIN section 5), and hidden where these
 * are not known.
 */
#ifndef NOTIFY_FIGURE_H
#define NOTIFY_FIGURE_H

#include <stdbool.h>

#include "metric/series.h"
#include "settings/settings.h"

#define FIGURE_MAX         48
#define FIGURE_LINE_HIDDEN "under 5"

struct plan_measure;

/** What decides how a figure is shown, apart from the figure. */
struct figure_kind {
    enum unit unit;
    bool published;
    bool is_longest; /* the longest wait: that of one person, however many wait */
    enum profile profile;
    bool tells_none;  /* the plan lets an internal audience know that it is 0 */
    bool is_withheld; /* beside others it would tell how few (notify/release.h): hidden */
};

/** Sets the number that may be shown. False: there is none, it is hidden, or a band stands for it;
 * message_figure() has the words. */
bool figure_shown(const struct series_version *v, struct figure_kind kind, double *out_value);
/** A figure as an audience may see it: "23%", "1,145", "57 days", "52 to 65 weeks", "fewer than 5",
 * "not submitted", "suppressed", "up to 20", "*". Returns out. */
const char *message_figure(const struct series_version *v, struct figure_kind kind,
                           char out[FIGURE_MAX]);
/** Whether that is its bounds, as outcomes were not told: "10 to 25", "up to 20"; and of how many of how
 * many, as an audience may see it: "10 of 50", "fewer than 5 of 30". */
bool figure_is_bounds(const struct series_version *v, struct figure_kind kind);
const char *figure_untold(const struct series_version *v, struct figure_kind kind,
                          char out[FIGURE_MAX]);
/** Whether that is a band: the longest wait; and between which days, as the band has it. */
bool figure_is_band(const struct series_version *v, struct figure_kind kind);
bool figure_band(const struct series_version *v, struct figure_kind kind, double *out_low,
                 double *out_high);
/** The bounds as they are told; false: it is none. */
bool figure_bounds(const struct series_version *v, struct figure_kind kind, double *out_low,
                   double *out_high);
/** Whether it is told as "fewer than 5", to an internal audience: with .tells_none it is not 0. */
bool figure_is_few_to_tell(const struct series_version *v, struct figure_kind kind);
/** Whether a line is itself told only as FIGURE_LINE_HIDDEN: that of a count of people, under 5. */
bool figure_line_hidden(double line, struct figure_kind kind);
/** Whether amber or red, worse or better would narrow a hidden count: the line, the line with its
 * tolerance or the clear line is under 5. m: or NULL. */
bool figure_veiled(const struct plan_measure *m, double line, struct figure_kind kind);
/** "23%", "1,145", "57 days". */
const char *figure_amount(double value, enum unit unit, char out[FIGURE_MAX]);
/** A difference: "5 percentage points", "200", "1 day". */
const char *figure_difference(double difference, enum unit unit, char out[FIGURE_MAX + 32]);

#endif
