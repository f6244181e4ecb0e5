/*
 * zip - a zip archive of any bytes: opened or refused the same way twice, never more bytes than the
 * ceilings, and a parser that sees nothing else than what was read
 *
 * Input: the bytes of the archive.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/content.h"
#include "feed/zipped.h"
#include "fuzz/support/fuzz.h"

static struct format_set *formats;

static void formats_free(void)
{
    format_set_free(formats);
}

static void check_sentence(const struct zipped_refusal *why)
{
    FUZZ_CHECK(strcmp(why->reason, "zip") == 0 || strcmp(why->reason, "workbook") == 0,
               "refused for \"%s\"", why->reason);
    FUZZ_CHECK(why->sentence[0] && !strpbrk(why->sentence, "\r\n"), "\"%s\"", why->sentence);
}

/* The whole data file. Returns 0 or -EBADMSG with *out_why. */
static int read_all(int fd, size_t packed, struct text *out, struct zipped_refusal *out_why)
{
    char buffer[4096];
    struct zipped *z = NULL;
    ssize_t n = zipped_open(fd, &z, out_why);

    if (n == 0) {
        FUZZ_CHECK(zipped_name(z)[0] && !strchr(zipped_name(z), '/'), "a name \"%s\"",
                   zipped_name(z));
        while ((n = zipped_read(z, buffer, sizeof buffer, out_why)) > 0)
            FUZZ_CHECK(text_add(out, buffer, (size_t)n) == 0, "no memory");
        FUZZ_CHECK(out->len <= ZIPPED_RATIO_FREE || out->len <= (packed + 1) * ZIPPED_RATIO_MAX,
                   "%zu bytes of %zu", out->len, packed);
    }
    zipped_close(z);
    FUZZ_CHECK(n == 0 || n == -EBADMSG, "%s", strerror((int)-n));
    if (n < 0)
        check_sentence(out_why);
    return (int)n;
}

/* What content_parse() finds in the archive is what a parser finds in the bytes read. */
static void check_parse(int fd, const struct text *bytes, int outcome,
                        const struct zipped_refusal *why)
{
    const struct format *f = format_set_find(formats, "measures");
    struct parser *p = parser_new(f, "a.zip", (struct parse_sink){ 0 });
    struct parser *plain = parser_new(f, "a.zip", (struct parse_sink){ 0 });

    FUZZ_CHECK(p && plain && content_parse(fd, p, NULL) == 0, "no memory");
    FUZZ_CHECK(parser_push(plain, text_str(bytes), bytes->len) == 0 && parser_finish(plain) == 0,
               "no memory");
    const struct parse_result *a = parser_result(p), *b = parser_result(plain);

    if (outcome < 0 && !a->refused)
        FUZZ_CHECK(false, "refused when read, not when parsed: %s", why->sentence);
    if (outcome == 0)
        FUZZ_CHECK(a->refused == b->refused && a->records == b->records &&
                       strcmp(a->refusal, b->refusal) == 0,
                   "\"%s\" and \"%s\"", a->refusal, b->refusal);
    parser_free(p);
    parser_free(plain);
}

void fuzz_one(const char *bytes, size_t len)
{
    static const char *const folders[] = { "config/formats" };
    struct diags diags = DIAGS_INIT;
    struct zipped_refusal why[2];
    struct text found[2] = { TEXT_INIT, TEXT_INIT };

    if (!formats) {
        FUZZ_CHECK(format_set_load(folders, 1, &diags, &formats) == 0, "config/formats: %s",
                   fuzz_messages(&diags));
        (void)atexit(formats_free);
        diags_release(&diags);
    }
    if (!zipped_is(bytes, len))
        return;
    int fd = open(fuzz_file("archive.zip", bytes, len), O_RDONLY | O_CLOEXEC);

    FUZZ_CHECK(fd >= 0, "%s", strerror(errno));
    int first = read_all(fd, len, &found[0], &why[0]),
        second = read_all(fd, len, &found[1], &why[1]);

    FUZZ_CHECK(first == second && found[0].len == found[1].len &&
                   memcmp(text_str(&found[0]), text_str(&found[1]), found[0].len) == 0,
               "read twice");
    FUZZ_CHECK(first == 0 || strcmp(why[0].sentence, why[1].sentence) == 0, "\"%s\" and \"%s\"",
               why[0].sentence, why[1].sentence);
    if (first == 0)
        FUZZ_CHECK(zipped_has_end(fd, (off_t)len), "opened without an end");
    check_parse(fd, &found[0], first, &why[0]);
    text_release(&found[0]);
    text_release(&found[1]);
    close(fd);
}
