/*
 * mail - a message as a mail: headers, plain text, HTML and its picture
 *
 * Pure. multipart/alternative of the plain text, which is complete in itself, and the HTML; where there is a
 * picture, the HTML and it are a multipart/related of their own, and nothing is fetched from anywhere.
 */
#ifndef NOTIFY_MAIL_H
#define NOTIFY_MAIL_H

#include "base/text.h"
#include "notify/message.h"

/** What a mail is made of; all borrowed. */
struct mail_words {
    const struct message_context *context;
    const struct message_item *const *items; /* ordered as they are told */
    const char *delivery_id, *subject;
};

/** The chart of the first item that has one. */
struct mail_picture {
    struct text png, alt;
    size_t item; /* its index */
};

/** Draws it; with an empty .png where there is nothing to draw. Returns 0, or -ENOMEM: a mail goes without it. */
int mail_picture(const struct mail_words *words, struct mail_picture *out_picture);
void mail_picture_release(struct mail_picture *p);
/** The whole mail; CRLF. NULL without memory. */
char *mail_of(const struct mail_words *words, const struct mail_picture *picture);

#endif
