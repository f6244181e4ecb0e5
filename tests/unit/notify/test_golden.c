/*
 * What each kind of message says, as the files of tests/data/golden have it. "make golden" writes them anew from
 * what is said now; look at the difference before it is committed. GOLDEN_TO names a folder: then the whole
 * mails are written there (NAME.eml), for tests/live/test_mail_looks.py, and nothing is compared.
 */
#include "support/golden.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"
#include "notify/body.h"
#include "notify/wording.h"
#include "support/unit.h"

#define FOLDER      "tests/data/golden"
#define SUBJECT_MAX 60

/* ---- a mail read back ---- */

static int hex(char c)
{
    return c >= 'A' ? c - 'A' + 10 : c - '0';
}

/* The quoted-printable part of a type up to the next boundary; "" where the mail has none. */
static struct text part_of(const char *eml, const char *type)
{
    struct text out = TEXT_INIT;
    char head[64];
    const char *at;

    (void)snprintf(head, sizeof head, "Content-Type: %s;", type);
    at = strstr(eml, head);
    at = at ? strstr(at, "\r\n\r\n") : NULL;
    for (at = at ? at + 4 : ""; *at && strncmp(at, "\r\n--=_", 6) != 0; at++) {
        if (*at == '\r')
            continue;
        if (*at == '=' && at[1] == '\r') { /* a line that goes on */
            at += 2;
        } else if (*at == '=') {
            (void)text_putc(&out, (char)(hex(at[1]) * 16 + hex(at[2])));
            at += 2;
        } else {
            (void)text_putc(&out, *at);
        }
    }
    return out;
}

/* An unfolded header of plain ASCII. */
static void header_of(const char *eml, const char *name, struct text *out)
{
    const char *at = strstr(eml, name);

    ck_assert_ptr_nonnull(at);
    for (at += strlen(name); strncmp(at, "\r\n", 2) != 0 || at[2] == ' '; at++)
        if (*at != '\r' && *at != '\n')
            (void)text_putc(out, *at);
}

/* The subject, and the plain text. */
static struct text words_of(const char *eml)
{
    struct text out = TEXT_INIT;
    AUTO(text_release) struct text plain = part_of(eml, "text/plain");

    (void)text_puts(&out, "Subject: ");
    header_of(eml, "\r\nSubject: ", &out);
    (void)text_printf(&out, "\n\n%s", text_str(&plain));
    return out;
}

/* ---- compared ---- */

static void compare(const char *kind, const char *ending, const struct text *now)
{
    AUTO(text_release) struct text kept = TEXT_INIT;
    char path[128];
    char bytes[4096];
    size_t n;

    (void)snprintf(path, sizeof path, FOLDER "/%s.%s", kind, ending);
    FILE *f = fopen(path, getenv("GOLDEN_WRITE") ? "wb" : "rb");

    ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
    if (getenv("GOLDEN_WRITE")) {
        ck_assert_uint_eq(fwrite(text_str(now), 1, now->len, f), now->len);
        ck_assert_int_eq(fclose(f), 0);
        return;
    }
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
        (void)text_add(&kept, bytes, n);
    (void)fclose(f);
    ck_assert_msg(strcmp(text_str(&kept), text_str(now)) == 0,
                  "%s has other words than are said now (\"make golden\" writes them):\n%s", path,
                  text_str(now));
}

static void write_whole(const char *kind, const char *eml)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s.eml", getenv("GOLDEN_TO"), kind);
    FILE *f = fopen(path, "wb");

    ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
    ck_assert_int_ge(fputs(eml, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

/* What stands before its tables. */
static void check_length(const char *kind, const char *words)
{
    const char *tables = strstr(words, "\n\n\n"), *body = strstr(words, "\n\n");
    AUTO(text_release) struct text prose = TEXT_INIT;

    ck_assert_ptr_nonnull(body);
    (void)text_add(&prose, body, tables ? (size_t)(tables - body) : strlen(body));
    ck_assert_msg(wording_words(text_str(&prose)) <= BODY_WORDS_MAX, "%s: %zu words", kind,
                  wording_words(text_str(&prose)));
}

START_TEST(every_kind_of_message_says_what_its_golden_file_says)
{
    for (const char *const *kind = golden_kinds(); *kind; kind++) {
        AUTO(auto_free) char *eml = golden_mail(*kind);
        AUTO(text_release) struct text words = words_of(eml);
        AUTO(text_release) struct text html = part_of(eml, "text/html");
        AUTO(text_release) struct text subject = TEXT_INIT;

        if (getenv("GOLDEN_TO")) {
            write_whole(*kind, eml);
            continue;
        }
        compare(*kind, "txt", &words);
        if (html.len)
            compare(*kind, "html", &html);
        check_length(*kind, text_str(&words));
        header_of(eml, "\r\nSubject: ", &subject);
        ck_assert_msg(wording_characters(text_str(&subject)) <= SUBJECT_MAX, "%s: \"%s\"", *kind,
                      text_str(&subject));
        ck_assert_msg(strstr(text_str(&html), "http") == NULL, "%s: something is fetched", *kind);
    }
}
END_TEST

static bool is_kind(const char *name)
{
    for (const char *const *kind = golden_kinds(); *kind; kind++)
        if (strncmp(name, *kind, strlen(*kind)) == 0 && name[strlen(*kind)] == '.')
            return true;
    return false;
}

START_TEST(no_golden_file_is_of_a_kind_that_is_no_more)
{
    DIR *d = opendir(FOLDER);

    ck_assert_ptr_nonnull(d);
    for (const struct dirent *e; (e = readdir(d));)
        ck_assert_msg(*e->d_name == '.' || is_kind(e->d_name), "%s", e->d_name);
    (void)closedir(d);
}
END_TEST

UNIT_MAIN("golden", UNIT_TEST(no_golden_file_is_of_a_kind_that_is_no_more),
          UNIT_TEST(every_kind_of_message_says_what_its_golden_file_says))
