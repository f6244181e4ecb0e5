#include "notify/review_notice.h"

#include <errno.h>

#include "notify/wording.h"

#define SUBJECT_MAX 60 /* DESIGN section 10 */

const char *review_stage(const struct receiver_setting *r, struct civil_date today)
{
    if (r->profile != PROFILE_INTERNAL)
        return NULL;
    if (date_compare(r->review_by, today) < 0)
        return "over";
    return date_compare(r->review_by, date_add_days(today, REVIEW_SOON_DAYS)) <= 0 ? "soon" : NULL;
}

int review_words(const struct receiver_setting *r, struct civil_date today,
                 struct text *out_subject, struct text *out_body)
{
    bool is_over = date_compare(r->review_by, today) < 0;
    char date[WORDING_DATE_MAX];

    (void)text_printf(out_subject, "Profile internal %s %s: ", is_over ? "ended" : "ends",
                      wording_date(r->review_by, date));
    wording_clean(out_subject, r->id, 60, 5);
    wording_shorten(out_subject, SUBJECT_MAX);
    (void)text_puts(out_body, "Receiver ");
    wording_clean(out_body, r->id, 60, 5);
    (void)text_puts(out_body, " is shown figures by profile internal: a count under 5 as \"fewer "
                              "than 5\", and 0 as 0 where the plan says so. Approved by ");
    wording_clean(out_body, r->approved_by, 100, 12);
    (void)text_puts(out_body, "; basis: ");
    wording_clean(out_body, r->basis, 200, 30);
    if (is_over)
        (void)text_printf(out_body,
                          ".\n\nIts last day was %s. Since then its figures are shown as to "
                          "partners: a count under 5 as \"*\".",
                          date);
    else
        (void)text_printf(out_body,
                          ".\n\nIts last day is %s. From the next on its figures are shown as to "
                          "partners: a count under 5 as \"*\".",
                          date);
    (void)text_puts(out_body,
                    "\n\nWhat to do: have it reviewed; where it still holds, give the receiver "
                    "another review_by in the settings, else profile: partner.\n\nFor service "
                    "oversight; not for deciding any child's care.\n");
    return text_ok(out_subject) && text_ok(out_body) ? 0 : -ENOMEM;
}
