#include "feed/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/content.h"
#include "support/folder.h"
#include "support/unit.h"

static size_t names_in(const char *folder)
{
    char command[128];
    FILE *f;
    size_t lines = 0;

    (void)snprintf(command, sizeof command, "ls -A %s", folder);
    f = popen(command, "r");
    for (int c; (c = fgetc(f)) != EOF;)
        lines += c == '\n';
    (void)pclose(f);
    return lines;
}

static const struct {
    uint64_t bytes;
    const char *lies_in;
} expected[] = {
    { 0, "/" }, { 6, "/memfd:" }, { SPOOL_SMALL, "/memfd:" }, { SPOOL_SMALL + 1, "/" }
};

static bool lies_in(int fd, const char *folder, const char *memory)
{
    char link[64], to[128] = "";

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ck_assert_int_gt(readlink(link, to, sizeof to - 1), 0);
    return strcmp(memory, "/") == 0 ? strncmp(to, folder, strlen(folder)) == 0
                                    : strncmp(to, memory, strlen(memory)) == 0;
}

START_TEST(what_is_added_is_counted_hashed_and_read_back)
{
    char folder[FOLDER_MAX], sha[SHA256_TEXT_MAX], wanted[SHA256_TEXT_MAX], back[16] = "";
    struct spool *s = NULL;
    size_t len;

    folder_begin(folder);
    ck_assert_int_eq(spool_new(folder, expected[_i].bytes, &s), 0);
    ck_assert_int_eq(spool_add(s, "abc", 3, 6), 0);
    ck_assert_int_eq(spool_add(s, "defg", 4, 6), -EMSGSIZE);
    ck_assert_int_eq(spool_add(s, "def", 3, 6), 0);
    ck_assert_uint_eq(spool_bytes(s), 6);
    ck_assert(strncmp(spool_head(s, &len), "abcdef", 6) == 0 && len == 6);
    int fd = spool_end(s, sha);

    ck_assert_msg(lies_in(fd, folder, expected[_i].lies_in), "of %d bytes",
                  (int)expected[_i].bytes);
    ck_assert(fd >= 0 && read(fd, back, sizeof back) == 6 && memcmp(back, "abcdef", 6) == 0);
    ck_assert_int_eq(sha256_hex("abcdef", 6, wanted), 0);
    ck_assert_str_eq(sha, wanted);
    ck_assert_msg(names_in(folder) == 0, "it has no name, so a crash leaves nothing");
    spool_free(s);
    folder_end(folder);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_said)
{
    struct spool *s = NULL;

    ck_assert_int_lt(spool_new("/dev/null/x", 0, &s), 0);
    ck_assert_ptr_null(s);
}
END_TEST

static const struct {
    const char *bytes;
    bool is_page;
} heads[] = {
    { "<!DOCTYPE html>", true },
    { "\xef\xbb\xbf\r\n <html>", true },
    { "<?xml version=\"1.0\"?>", true },
    { "a,b\n<1,2\n", false },
    { "\"<\",b\n", false },
    { "", false },
    { " \n", false },
};

START_TEST(a_page_is_known_by_how_it_begins)
{
    ck_assert((content_is_page(heads[_i].bytes, strlen(heads[_i].bytes)) != NULL) ==
              heads[_i].is_page);
}
END_TEST

UNIT_MAIN("spool", UNIT_ROWS(what_is_added_is_counted_hashed_and_read_back, expected),
          UNIT_TEST(a_folder_that_cannot_be_made_is_said),
          UNIT_ROWS(a_page_is_known_by_how_it_begins, heads))
