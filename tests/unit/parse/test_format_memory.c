/*
 * Each allocation of loading a mapping failing once, from where its document is read (libfyaml itself may
 * crash): it is refused, or it is whole.
 */
#include <errno.h>
#include <limits.h>

#include "parse/format.h"
#include "support/failing.h"
#include "support/unit.h"
#include "yaml/yaml.h"

static const char *const mappings[] = { "config/formats/actions.yaml",
                                        "config/formats/wheelchair.yaml" };

/* How many allocations reading the document takes. */
static long of_document(const char *path)
{
    struct diags diags = DIAGS_INIT;
    struct yaml *y = NULL;

    failing_begin(FAILING_ALLOCATIONS, LONG_MAX - 1, 1, ENOMEM);
    ck_assert_int_eq(yaml_load(path, &diags, &y), 0);
    ck_assert_int_eq(failing_end(), 0);
    yaml_free(y);
    diags_release(&diags);
    return failing.seen;
}

START_TEST(a_mapping_is_loaded_whole_or_not_at_all)
{
    bool has_failed = true;

    (void)of_document(mappings[_i]); /* what the library keeps */
    for (long n = of_document(mappings[_i]) + 1; has_failed; n++) {
        struct diags diags = DIAGS_INIT;
        struct format *f = NULL;

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = format_load(mappings[_i], &diags, &f);

        has_failed = failing_end() > 0;
        ck_assert_msg((r == 0) == (f != NULL), "allocation %ld: %d", n, r);
        ck_assert_msg(r < 0 || !has_failed, "allocation %ld: loaded without it", n);
        format_free(f);
        diags_release(&diags);
    }
}
END_TEST

UNIT_MAIN("format_memory", UNIT_ROWS(a_mapping_is_loaded_whole_or_not_at_all, mappings))
