/*
 * forum_notice - what is told before a forum meets: which commentaries it asks for, and which are missing
 *
 * Pure wording, of measures' titles and dates alone: no figure is in it.
 */
#ifndef NOTIFY_FORUM_NOTICE_H
#define NOTIFY_FORUM_NOTICE_H

#include "alert/forum_due.h"
#include "base/text.h"

/** Of the items that concern one reader, by position; at most 60 characters of subject. Returns 0 or
 * -ENOMEM. */
int forum_words(const struct forum_due *due, const bool *concerns, struct text *out_subject,
                struct text *out_body);

#endif
