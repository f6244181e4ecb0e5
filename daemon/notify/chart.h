/*
 * chart - the picture of a measure: its figures in time, with what they are held against
 *
 * Pure. What is drawn is what is told: figures as their audience may see them, at the height that the words
 * give, so that a reader of the pixels learns no more than a reader of the words; what is hidden leaves a
 * gap with a "*" at the foot. Either an XmR chart (means, process limits, marked points) or the plan's
 * milestones beside what came. The same drawing gives the same bytes under the same cairo: no time, no font
 * of the machine. Colours differ also by form (dots, squares, diamonds, dashes), on a light ground of its own.
 */
#ifndef NOTIFY_CHART_H
#define NOTIFY_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date.h"
#include "base/text.h"
#include "notify/figure.h"

#define CHART_FIGURES_MAX    24
#define CHART_MILESTONES_MAX 48
#define CHART_FIGURES_MIN    3   /* with a height, before a picture says more than the words */
#define CHART_WIDTH          520 /* CSS pixels; the picture has CHART_SCALE as many */
#define CHART_HEIGHT         280
#define CHART_SCALE          2

/** What a point of an XmR chart says. */
enum chart_mark { CHART_UNMARKED, CHART_WORSE, CHART_BETTER, CHART_CHANGED };

/** A figure as it is told. */
struct chart_figure {
    struct civil_date end;
    double value;     /* NAN: none that has a height */
    double low, high; /* a range stands for it; NAN: none; .high may be infinite */
    bool is_hidden;   /* "*" stands for it */
    bool begins;      /* a segment begins with it: no line comes from the one before */
    enum chart_mark mark;
    char words[FIGURE_MAX];
};

/** What a segment of an XmR chart rests on; NAN: not to be had. */
struct chart_limits {
    size_t first, n; /* of the figures */
    double mean, lower, upper;
};

struct chart_milestone {
    struct civil_date date;
    double value;
    bool is_milestone; /* else what was in force on that day */
};

struct chart_drawing {
    enum unit unit;
    struct chart_figure figures[CHART_FIGURES_MAX]; /* ascending by .end */
    size_t count;
    bool is_xmr;
    struct chart_limits limits[CHART_FIGURES_MAX]; /* of an XmR chart: ascending */
    size_t limit_count;
    struct chart_milestone milestones[CHART_MILESTONES_MAX]; /* ascending; else of the plan */
    size_t milestone_count;
    bool is_linear; /* straight between two milestones, else a step */
};

/** Whether it has enough to be drawn. */
bool chart_says_something(const struct chart_drawing *d);
/** Adds it as PNG. Returns 0, -ENODATA where it says nothing, or -ENOMEM, then with nothing added. */
int chart_png(const struct chart_drawing *d, struct text *out);
/** Adds the same in words, in whole sentences: each figure, and what they are held against. */
void chart_alt(const struct chart_drawing *d, struct text *out);

#endif
