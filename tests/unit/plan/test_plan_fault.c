#include "plan/plan_fault.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"
#include "support/unit.h"

START_TEST(every_fault_has_a_code_of_its_own_and_says_what_it_means)
{
    for (int i = 0; i < PLAN_FAULTS; i++) {
        const struct plan_fault_def *def = plan_fault_of((enum plan_fault)i);

        ck_assert_msg(def->code && def->meaning, "fault %d", i);
        ck_assert_msg(strspn(def->code, "abcdefghijklmnopqrstuvwxyz-") == strlen(def->code), "%s",
                      def->code);
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(def->code, plan_fault_of((enum plan_fault)k)->code);
    }
}
END_TEST

/* As a man page writes it: with its hyphens escaped. */
static void add_escaped(struct text *t, const char *s)
{
    for (; *s; s++)
        (void)text_printf(t, *s == '-' ? "\\%c" : "%c", *s);
}

START_TEST(every_fault_is_in_the_man_page_with_its_severity_and_meaning)
{
    AUTO(text_release) struct text page = TEXT_INIT;

    ck_assert_int_eq(file_read("daemon/man/plan.yaml.5", 1 << 20, &page), 0);
    for (int i = 0; i < PLAN_FAULTS; i++) {
        const struct plan_fault_def *def = plan_fault_of((enum plan_fault)i);
        AUTO(text_release) struct text entry = TEXT_INIT;

        (void)text_puts(&entry, ".B ");
        add_escaped(&entry, def->code);
        (void)text_printf(&entry, " \\fR(%s)\n", diag_level_name(def->level));
        add_escaped(&entry, def->meaning);
        (void)text_puts(&entry, ".\n");
        /* The sentence begins with a capital letter. */
        char *meaning = strchr(entry.buf, '\n') + 1;

        if (*meaning >= 'a' && *meaning <= 'z')
            *meaning = (char)(*meaning - 'a' + 'A');
        ck_assert_msg(strstr(text_str(&page), text_str(&entry)) != NULL, "not in the page:\n%s",
                      text_str(&entry));
    }
}
END_TEST

UNIT_MAIN("plan_fault", UNIT_TEST(every_fault_has_a_code_of_its_own_and_says_what_it_means),
          UNIT_TEST(every_fault_is_in_the_man_page_with_its_severity_and_meaning))
