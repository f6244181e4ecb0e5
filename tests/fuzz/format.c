/*
 * format - a mapping file: refused with located messages, or accepted, and then, written out in
 * another style, accepted again and reading a delimited file the same way
 *
 * Input: the mapping file; after a line "====" the delimited file.
 */
#include "parse/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/parse_run.h"
#include "fuzz/support/yaml_print.h"

#define PORTION 7

static struct format *load_printed(const char *path)
{
    struct diags diags = DIAGS_INIT;
    struct text printed = TEXT_INIT;
    struct yaml *y = NULL;
    struct format *f = NULL;

    FUZZ_CHECK(yaml_load(path, &diags, &y) == 0, "a format that is no YAML");
    yaml_print(yaml_root(y), &printed);
    const char *again = fuzz_file("printed.yaml", text_str(&printed), printed.len);

    FUZZ_CHECK(format_load(again, &diags, &f) == 0, "written out it is refused: %s\n%s",
               fuzz_messages(&diags), text_str(&printed));
    yaml_free(y);
    text_release(&printed);
    diags_release(&diags);
    return f;
}

static void check_accepted(const struct format *f, const char *path, const char *data, size_t len)
{
    struct format *again = load_printed(path);
    char *records = parse_run(f, data, len, PORTION);
    char *records_again = parse_run(again, data, len, PORTION);

    FUZZ_CHECK(format_id(f) && format_id(f)[0], "a format without an id");
    FUZZ_CHECK(strlen(format_digest(f)) == SHA256_TEXT_MAX - 1, "a format without a digest");
    FUZZ_CHECK(strcmp(format_id(f), format_id(again)) == 0 &&
                   strcmp(format_title(f), format_title(again)) == 0 &&
                   strcmp(format_duplicate(f), format_duplicate(again)) == 0 &&
                   format_is_published(f) == format_is_published(again) &&
                   format_edition(f, "a_v2.csv") == format_edition(again, "a_v2.csv"),
               "written out it is another format");
    FUZZ_CHECK(strcmp(records, records_again) == 0,
               "written out it reads otherwise:\n%s-- written out:\n%s", records, records_again);
    free(records);
    free(records_again);
    format_free(again);
}

void fuzz_one(const char *bytes, size_t len)
{
    struct diags diags = DIAGS_INIT;
    struct format *f = NULL;
    const char *mapping;
    size_t mapping_len = fuzz_part(&bytes, &len, &mapping);
    const char *path = fuzz_file("format.yaml", mapping, mapping_len);
    int r = format_load(path, &diags, &f);

    if (r == 0) {
        FUZZ_CHECK(diags.errors == 0, "accepted with an error");
        check_accepted(f, path, bytes, len);
    } else {
        FUZZ_CHECK(r == -EINVAL && !f, "refused with %d", r);
        fuzz_check_refusal(&diags);
    }
    format_free(f);
    diags_release(&diags);
}
