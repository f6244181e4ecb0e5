/*
 * Each allocation of composing failing once: no message, or the whole one; never one that lost a word.
 */
#include <errno.h>
#include <stdlib.h>

#include "support/failing.h"
#include "support/message_fixture.h"
#include "support/unit.h"

static const enum message_form forms[] = { FORM_EVENT, FORM_CARD, FORM_ALERTS };

START_TEST(composing_that_lost_a_word_gives_no_message)
{
    struct message_fixture f;
    struct message whole = { .severity = SEVERITY_NONE };
    bool has_failed = true;

    fixture_init(&f);
    f.context.form = forms[_i];
    f.org_title = "Black Country Healthcare";
    f.context.recipient_name = "Zo\xc3\xab Lead"; /* encoded */
    ck_assert_int_eq(message_compose(&f.context, true, true, &whole), 0);
    for (long n = 1; has_failed; n++) {
        struct message m = { .severity = SEVERITY_NONE };

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = message_compose(&f.context, true, true, &m);

        has_failed = failing_end() > 0;
        if (r == 0) {
            ck_assert_msg(strcmp(m.subject, whole.subject) == 0, "allocation %ld: a subject", n);
            ck_assert_msg(strcmp(m.eml, whole.eml) == 0, "allocation %ld: another mail", n);
            ck_assert_msg(strcmp(m.json, whole.json) == 0, "allocation %ld: another event", n);
        } else {
            ck_assert_int_eq(r, -ENOMEM);
        }
        message_release(&m);
    }
    message_release(&whole);
}
END_TEST

UNIT_MAIN("message_memory", UNIT_ROWS(composing_that_lost_a_word_gives_no_message, forms))
