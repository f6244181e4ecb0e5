/*
 * parser - a delimited file, read by one of the shipped formats: the same records in any portions,
 * counts that add up, sound records, a refusal with its place
 *
 * Input: a line with the format's id (or anything: then its first byte chooses), a byte for the size
 * of the portions, then the file.
 */
#include "parse/parser.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/parse_run.h"

static struct format_set *formats;

static void formats_free(void)
{
    format_set_free(formats);
}

static const struct format *format_named(const char *name, size_t len)
{
    const char *const *ids = format_set_ids(formats);
    size_t count = 0, chosen = len ? (unsigned char)name[0] : 0;

    for (; ids[count]; count++)
        if (strlen(ids[count]) == len && memcmp(ids[count], name, len) == 0)
            return format_set_find(formats, ids[count]);
    return format_set_find(formats, ids[chosen % count]);
}

void fuzz_one(const char *bytes, size_t len)
{
    static const char *const folders[] = { "config/formats" };
    struct diags diags = DIAGS_INIT;

    if (!formats) {
        FUZZ_CHECK(format_set_load(folders, 1, &diags, &formats) == 0, "config/formats: %s",
                   fuzz_messages(&diags));
        (void)atexit(formats_free);
        diags_release(&diags);
    }
    const char *end = len ? memchr(bytes, '\n', len) : NULL;
    size_t name = end ? (size_t)(end - bytes) : 0;
    const struct format *f = format_named(bytes, name);

    if (end) {
        bytes += name + 1;
        len -= name + 1;
    }
    size_t portion = fuzz_byte(&bytes, &len) + 1u;

    free(parse_run(f, bytes, len, portion));
}
