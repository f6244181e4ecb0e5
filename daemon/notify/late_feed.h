/*
 * late_feed - what the message of a late feed has for whoever goes after it
 *
 * Pure wording. Which measures rest on it and whose they are, whom to ask, when it is said again, to whom
 * it goes further and when, and a text that can be sent on as it is. Each adds nothing to an item that is no feed which is late now.
 */
#ifndef NOTIFY_LATE_FEED_H
#define NOTIFY_LATE_FEED_H

#include "notify/wording.h"

/** The measures that are held for it, by title and owner; at most LATE_FEED_NAMED of them by name. */
#define LATE_FEED_NAMED 8
void late_feed_held(const struct item_view *v, struct text *out);
/** Whom to ask, as the settings have it. */
void late_feed_ask(const struct item_view *v, struct text *out);
/** When it is said again, and to whom it goes. */
void late_feed_again(const struct item_view *v, struct text *out);
/** To whom it goes further, and when. */
void late_feed_further(const struct item_view *v, struct text *out);
/** A text to send, lines ended by LF. */
void late_feed_text(const struct item_view *v, struct text *out);

#endif
