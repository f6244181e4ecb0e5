/*
 * yaml - a configuration file: refused with a located message, or accepted, and then, written out in
 * another style, accepted again and the same
 *
 * Input: the file.
 */
#include "yaml/yaml.h"

#include <errno.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/yaml_print.h"

static void check_printed(const struct yaml *y)
{
    struct diags diags = DIAGS_INIT;
    struct text printed = TEXT_INIT;
    struct yaml *again = NULL;

    yaml_print(yaml_root(y), &printed);
    int r = yaml_parse("printed", text_str(&printed), printed.len, &diags, &again);

    FUZZ_CHECK(r == 0, "written out it is refused: %s\n%s", fuzz_messages(&diags),
               text_str(&printed));
    FUZZ_CHECK(yaml_equal(yaml_root(y), yaml_root(again)), "written out it is another:\n%s",
               text_str(&printed));
    yaml_free(again);
    text_release(&printed);
    diags_release(&diags);
}

void fuzz_one(const char *bytes, size_t len)
{
    struct diags diags = DIAGS_INIT;
    struct yaml *y = NULL;
    int r = yaml_parse("input", bytes, len, &diags, &y);

    if (r == 0) {
        FUZZ_CHECK(diags.errors == 0, "accepted with an error");
        check_printed(y);
    } else {
        FUZZ_CHECK(r == -EINVAL && !y, "refused with %d", r);
        fuzz_check_refusal(&diags);
        bool is_utf16 = len >= 2 && (unsigned char)bytes[0] >= 0xFE; /* of the whole file */

        FUZZ_CHECK(diags.list[0].line > 0 || is_utf16, "refused without a line: %s",
                   diags.list[0].text);
    }
    yaml_free(y);
    diags_release(&diags);
}
