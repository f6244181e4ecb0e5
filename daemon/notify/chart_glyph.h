/*
 * chart_glyph - letters as outlines, so that a picture needs no font of the machine
 *
 * Pure data. Digits, letters and the signs that charts use; outlines of DejaVu Sans.
 */
#ifndef NOTIFY_CHART_GLYPH_H
#define NOTIFY_CHART_GLYPH_H

#define GLYPH_EM 256 /* units of an em */

struct chart_glyph {
    char letter;
    int advance; /* to the next one */
    const char
        *path; /* "Mx y", "Lx y", "Qcx cy x y" without blanks between; y upwards, 0 on the line */
};

/** The outline of a letter; one that it has not is a blank. */
const struct chart_glyph *chart_glyph(char letter);

#endif
