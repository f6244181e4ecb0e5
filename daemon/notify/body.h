/*
 * body - the text of a mail, twice: plain and HTML
 *
 * Pure. At most 350 words come before any table; the table follows two blank lines in the plain
 * text. Both say the same, and the plain text is complete in itself.
 */
#ifndef NOTIFY_BODY_H
#define NOTIFY_BODY_H

#include "base/text.h"
#include "notify/message.h"

#define BODY_WORDS_MAX 350

/** A picture that stands with an item in the HTML. */
struct body_chart {
    const char *cid, *alt;
    size_t item; /* its index */
};

/** chart: or NULL. items: ordered as they are told. Lines end in LF. A failed text says so itself (text_ok). */
void body_write(const struct message_context *context, const struct message_item *const *items,
                size_t item_count, const char *heading, const struct body_chart *chart,
                struct text *out_plain, struct text *out_html);

#endif
