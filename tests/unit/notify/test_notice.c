#include "notify/notice.h"

#include <string.h>

#include <jansson.h>

#include "support/unit.h"

static const enum message_form forms[] = { FORM_EVENT, FORM_CARD, FORM_ALERTS };

/* A form that leaves a kind out would send nothing of it, without a word. */
START_TEST(every_kind_of_notice_has_its_mail_and_its_data_in_each_form)
{
    for (int kind = 0; kind <= NOTICE_HEARTBEAT; kind++) {
        const struct notice n = { .kind = (enum notice_kind)kind,
                                  .instance = "bc",
                                  .receiver = "r",
                                  .recipient = "lead@example.nhs.uk",
                                  .delivery_id = "0123456789abcdef0123456789abcdef",
                                  .why = "07:30",
                                  .since = { 1700000000000 },
                                  .now = { 1700000000000 },
                                  .form = forms[_i],
                                  .plan = "dudley" };
        struct message m = { .severity = SEVERITY_NONE };

        ck_assert_msg(notice_compose(&n, true, true, &m) == 0, "kind %d", kind);
        ck_assert_ptr_nonnull(m.eml);
        json_t *data = json_loads(m.json, 0, NULL);

        ck_assert_msg(data != NULL, "kind %d: %s", kind, m.json);
        json_decref(data);
        message_release(&m);
    }
}
END_TEST

UNIT_MAIN("notice", UNIT_ROWS(every_kind_of_notice_has_its_mail_and_its_data_in_each_form, forms))
