/*
 * surfaces - the same words as plain text and as HTML
 *
 * Pure. What is added is added to both, so that no surface says more than the other. All that is said is
 * escaped for the HTML. A failed add shows in surfaces_error().
 *
 * The HTML is one document without script or anything to be fetched: light and dark by the reader's choice, from
 * 320 CSS pixels on without scrolling sideways. In a narrow window each row of a table stands as a block of
 * lines, each with its column's name.
 */
#ifndef NOTIFY_SURFACES_H
#define NOTIFY_SURFACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct surfaces {
    struct text plain, html;
    const char *const *columns; /* of the table that is being written */
};

#define SURFACES_INIT                                                                              \
    {                                                                                              \
        TEXT_INIT, TEXT_INIT, NULL                                                                 \
    }

void surfaces_release(struct surfaces *s);
/** 0, -ENOMEM or -EFBIG: the first failure. */
int surfaces_error(const struct surfaces *s);

/** The HTML's head and what opens its body; and what closes it. The plain text has neither. */
void surfaces_begin(struct surfaces *s, const char *title);
void surfaces_end(struct surfaces *s);

/** To the HTML alone. */
void surfaces_escape(struct text *html, const char *s);
/** A paragraph; label "" for none. Nothing where words is "". */
void surfaces_say(struct surfaces *s, const char *label, const char *words);
/** What the whole is about; once. */
void surfaces_heading(struct surfaces *s, const char *words);
void surfaces_title(struct surfaces *s, const char *words);
/** A smaller one, above a table. */
void surfaces_caption(struct surfaces *s, const char *words);
/** Above a picture: like it, to the HTML alone. */
void surfaces_picture_title(struct surfaces *s, const char *words);
/** A picture of the mail, to the HTML alone: the plain text has its figures. width in CSS pixels; it shrinks
 * with its window. */
void surfaces_picture(struct surfaces *s, const char *cid, const char *alt, int width);
void surfaces_space(struct surfaces *s);
/** Adds what another one has. */
void surfaces_join(struct surfaces *to, const struct surfaces *from);

/** A text to be sent on as it is, lines ended by LF. */
void surfaces_quote(struct surfaces *s, const char *words);

/** A table: its header, its rows, its end. in_plain: the plain text has it too, a line a row. columns are
 * borrowed up to the end. */
void surfaces_table(struct surfaces *s, const char *const *columns, size_t count, bool in_plain);
void surfaces_row(struct surfaces *s, const char *const *cells, size_t count, bool in_plain);
void surfaces_table_end(struct surfaces *s);

#endif
