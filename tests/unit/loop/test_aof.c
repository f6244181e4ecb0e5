#include "loop/aof.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "support/folder.h"
#include "support/unit.h"

#define SET   "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nv\r\nv2\r\n"
#define MULTI "*1\r\n$5\r\nMULTI\r\n"
#define EXEC  "*1\r\n$4\r\nEXEC\r\n"
#define NAME  "appendonlydir/appendonly.aof.2.incr.aof"

static const char manifest[] = "file appendonly.aof.1.base.rdb seq 1 type b\n"
                               "file appendonly.aof.1.incr.aof seq 1 type h\n"
                               "file appendonly.aof.2.incr.aof seq 2 type i\n";

static void put(int folder, const char *name, const char *bytes, size_t len)
{
    AUTO(fd_close)
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(file_write_all(fd, bytes, len), 0);
}

/* The size that is left of these bytes. */
static size_t mended(const char *bytes, size_t len)
{
    char path[FOLDER_MAX];
    AUTO(fd_close) int folder = -1;
    struct stat st;

    folder_begin(path);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(mkdirat(folder, "appendonlydir", 0700), 0);
    put(folder, "appendonlydir/appendonly.aof.manifest", manifest, sizeof manifest - 1);
    put(folder, NAME, bytes, len);
    ck_assert_int_eq(aof_mend(folder), 0);
    ck_assert_int_eq(fstatat(folder, NAME, &st, 0), 0);
    folder_end(path);
    return (size_t)st.st_size;
}

static const struct {
    const char *why, *bytes;
} rows[] = {
    { "empty", "" },
    { "whole", SET MULTI SET SET EXEC },
    { "an annotation", "#TS:1700000000\r\n" SET },
    { "what is no command is left to the server", SET "what\r\n" },
    { "also before a torn end", SET "what\r\n" MULTI },
    { "a count without digits", "*\r\n" SET },
};

START_TEST(what_is_whole_or_no_command_is_left_as_it_is)
{
    ck_assert_msg(mended(rows[_i].bytes, strlen(rows[_i].bytes)) == strlen(rows[_i].bytes), "%s",
                  rows[_i].why);
}
END_TEST

START_TEST(cut_at_any_byte_the_last_whole_transaction_is_the_end)
{
    static const char all[] = SET MULTI SET SET EXEC SET;
    static const size_t ends[] = { 0, sizeof SET - 1,
                                   3 * (sizeof SET - 1) + sizeof MULTI - 1 + sizeof EXEC - 1,
                                   sizeof all - 1 };

    for (size_t len = 0; len < sizeof all; len++) {
        size_t whole = 0;

        for (size_t i = 0; i < 4; i++)
            whole = ends[i] <= len ? ends[i] : whole;
        ck_assert_msg(mended(all, len) == whole, "cut at %zu", len);
    }
}
END_TEST

START_TEST(zeros_at_the_end_are_cut)
{
    char bytes[sizeof SET - 1 + 600] = SET;

    memset(bytes + sizeof SET - 1, 0, 600);
    ck_assert_uint_eq(mended(bytes, sizeof bytes), sizeof SET - 1);
    ck_assert_uint_eq(mended(bytes, sizeof SET - 1 + 3), sizeof SET - 1);
}
END_TEST

START_TEST(a_folder_without_such_a_file_is_fine)
{
    char path[FOLDER_MAX];
    AUTO(fd_close) int folder = -1;

    folder_begin(path);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(aof_mend(folder), 0);
    folder_end(path);
}
END_TEST

UNIT_MAIN("aof", UNIT_ROWS(what_is_whole_or_no_command_is_left_as_it_is, rows),
          UNIT_TEST(cut_at_any_byte_the_last_whole_transaction_is_the_end),
          UNIT_TEST(zeros_at_the_end_are_cut), UNIT_TEST(a_folder_without_such_a_file_is_fine))
