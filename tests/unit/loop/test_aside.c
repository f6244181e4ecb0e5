#include "loop/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "support/folder.h"
#include "support/unit.h"

#define FILES "appendonlydir"

static int open_folder(char path[FOLDER_MAX])
{
    folder_begin(path);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    ck_assert_int_ge(folder, 0);
    return folder;
}

static void put(int folder, const char *name, const char *text)
{
    AUTO(fd_close)
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(file_write_all(fd, text, strlen(text)), 0);
}

static const struct {
    const char *why, *log;
    bool is_refused;
} logs[] = {
    { "a server that ended well", "1:M * Redis is now ready to exit, bye bye...\n", false },
    { "a file that may not be read now",
      "1:M # Can't open the append-only file x: Permission denied\n", false },
    { "a disk that fails", "1:M # Unrecoverable error reading the append only file x: I/O error\n",
      false },
    { "what is no command", "1:M # Bad file format reading the append only file x: make a backup\n",
      true },
    { "a file that is missing",
      "1:M # Unable to obtain the AOF file x length. stat: No such file or directory\n", true },
    { "an empty manifest", "1:M # Found an empty AOF manifest\n", true },
};

START_TEST(only_damage_that_the_server_names_counts)
{
    char path[FOLDER_MAX];
    AUTO(fd_close) int folder = open_folder(path);

    put(folder, "redis.log", logs[_i].log);
    ck_assert_msg(aside_is_refused(folder, 0) == logs[_i].is_refused, "%s", logs[_i].why);
    ck_assert_msg(!aside_is_refused(folder, (off_t)strlen(logs[_i].log)), "%s: of an earlier life",
                  logs[_i].why);
    folder_end(path);
}
END_TEST

START_TEST(a_server_without_a_log_refused_nothing)
{
    char path[FOLDER_MAX];
    AUTO(fd_close) int folder = open_folder(path);

    ck_assert(!aside_is_refused(folder, 0));
    folder_end(path);
}
END_TEST

START_TEST(files_set_aside_are_whole_and_lie_there_until_they_are_removed)
{
    char path[FOLDER_MAX], name[ASIDE_NAME_MAX], found[ASIDE_NAME_MAX];
    AUTO(fd_close) int folder = open_folder(path);
    struct stat st;

    ck_assert(!aside_has_files(folder) && !aside_lies(folder, found));
    ck_assert_str_eq(found, "");
    ck_assert_int_eq(aside_move(folder, name), -ENOENT);
    ck_assert_int_eq(mkdirat(folder, FILES, 0700), 0);
    put(folder, FILES "/kept", "text");
    ck_assert(aside_has_files(folder));
    ck_assert_int_eq(aside_move(folder, name), 0);
    ck_assert(!aside_has_files(folder) && aside_lies(folder, found));
    ck_assert_str_eq(found, name);
    AUTO(fd_close) int moved = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    ck_assert_int_eq(fstatat(moved, "kept", &st, 0), 0);
    ck_assert_int_eq(unlinkat(moved, "kept", 0), 0);
    ck_assert_int_eq(unlinkat(folder, name, AT_REMOVEDIR), 0);
    ck_assert(!aside_lies(folder, found));
    folder_end(path);
}
END_TEST

START_TEST(files_set_aside_before_are_never_replaced_and_the_newest_is_named)
{
    char path[FOLDER_MAX], found[ASIDE_NAME_MAX];
    AUTO(fd_close) int folder = open_folder(path);

    ck_assert_int_eq(mkdirat(folder, FILES ".damaged-20250101T000000Z", 0700), 0);
    ck_assert_int_eq(mkdirat(folder, FILES ".damaged-20260101T000000Z", 0700), 0);
    ck_assert_int_eq(mkdirat(folder, FILES ".damaged-20250601T000000Z", 0700), 0);
    ck_assert(aside_lies(folder, found));
    ck_assert_str_eq(found, FILES ".damaged-20260101T000000Z");
    folder_end(path);
}
END_TEST

UNIT_MAIN("aside", UNIT_ROWS(only_damage_that_the_server_names_counts, logs),
          UNIT_TEST(a_server_without_a_log_refused_nothing),
          UNIT_TEST(files_set_aside_are_whole_and_lie_there_until_they_are_removed),
          UNIT_TEST(files_set_aside_before_are_never_replaced_and_the_newest_is_named))
