/*
 * review_notice - what is said of an internal profile whose review is due, or was
 *
 * Pure wording. An internal profile (notify/figure.h) ends on its review_by; from the next day its receiver is
 * shown figures as partners are (settings_receiver.c). Source: DESIGN section 10.
 */
#ifndef NOTIFY_REVIEW_NOTICE_H
#define NOTIFY_REVIEW_NOTICE_H

#include "base/date.h"
#include "base/text.h"
#include "settings/settings.h"

#define REVIEW_SOON_DAYS 30

/** "soon" up to and on its last day, "over" after it; NULL: nothing is to be said of it today. */
const char *review_stage(const struct receiver_setting *r, struct civil_date today);
/** At most 60 characters of subject. Returns 0 or -ENOMEM. */
int review_words(const struct receiver_setting *r, struct civil_date today,
                 struct text *out_subject, struct text *out_body);

#endif
