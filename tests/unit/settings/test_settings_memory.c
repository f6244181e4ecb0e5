/*
 * An organisation that is known stays known where memory is short: by another code its figure would
 * go to another series, and a mail would name nobody's trust.
 */
#include "base/diag.h"
#include "settings/settings.h"
#include "support/failing.h"
#include "support/unit.h"

START_TEST(an_organisation_is_found_without_memory)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    ck_assert_int_eq(
        settings_load("tests/data/settings/design/waitlistd.yaml", "config", &diags, &s), 0);
    failing_begin(FAILING_ALLOCATIONS, 1, 1, ENOMEM);
    const char *title = settings_org_title(s, "taj");
    const char *code = settings_org_code(s, " Black  Country ");
    const char *unknown = settings_org_code(s, "Somewhere Else NHS Trust");

    ck_assert_int_eq(failing_end(), 0); /* none was asked for */
    ck_assert_str_eq(title, "Black Country Healthcare");
    ck_assert_str_eq(code, "QUA");
    ck_assert_str_eq(unknown, "Somewhere Else NHS Trust");
    settings_free(s);
    diags_release(&diags);
}
END_TEST

UNIT_MAIN("settings_memory", UNIT_TEST(an_organisation_is_found_without_memory))
