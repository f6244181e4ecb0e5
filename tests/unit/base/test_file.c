#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "support/folder.h"
#include "support/unit.h"

START_TEST(a_replaced_file_is_whole_and_leaves_no_other)
{
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16];
    AUTO(text_release) struct text text = TEXT_INIT;
    struct stat st;

    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/name", folder);
    ck_assert_int_eq(file_replace(path, "first", 5, 0600), 0);
    ck_assert_int_eq(file_replace(path, "second", 6, 0600), 0);
    ck_assert_int_eq(file_read(path, 6, &text), 0);
    ck_assert_str_eq(text_str(&text), "second");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing else is in it */
}
END_TEST

START_TEST(a_file_is_read_up_to_its_ceiling_and_never_in_part)
{
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16];
    AUTO(text_release) struct text text = TEXT_INIT;

    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/name", folder);
    ck_assert_int_eq(file_read(path, 10, &text), -ENOENT);
    ck_assert_int_eq(file_replace(path, "0123456789", 10, 0600), 0);
    ck_assert_int_eq(file_read(path, 9, &text), -EFBIG);
    ck_assert_uint_eq(text.len, 0);
    ck_assert_int_eq(file_read(path, 10, &text), 0);
    ck_assert_uint_eq(text.len, 10);
    ck_assert_int_eq(file_read(folder, 10, &text), -EINVAL);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(file_read(path, 10, &text), -EINVAL);
    folder_end(folder);
}
END_TEST

static const struct {
    const char *below;
    int result;
} folders[] = {
    { "/a", 0 }, { "/a/b/c", 0 },       { "/a//b/", 0 },         { "/a/./b", 0 },
    { "", 0 },   { "/file", -ENOTDIR }, { "/file/a", -ENOTDIR },
};

START_TEST(a_folder_is_made_with_those_above_it)
{
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16];
    struct stat st;

    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/file", folder);
    ck_assert_int_eq(file_replace(path, "", 0, 0600), 0);
    (void)snprintf(path, sizeof path, "%s%s", folder, folders[_i].below);
    for (int again = 0; again < 2; again++)
        ck_assert_msg(folder_make(path) == folders[_i].result, "%s", path);
    if (folders[_i].result == 0) {
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0700);
    }
    folder_end(folder);
}
END_TEST

START_TEST(paths_join_with_one_slash)
{
    static const struct {
        const char *folder, *name, *path;
    } rows[] = {
        { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "/", "b", "/b" }, { ".", "b", "./b" }
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(auto_free) char *path = path_join(rows[i].folder, rows[i].name);

        ck_assert_str_eq(path, rows[i].path);
    }
}
END_TEST

START_TEST(a_short_path_has_a_parent_to_sync)
{
    ck_assert_int_eq(folder_make(""), -EINVAL);
    ck_assert_int_eq(folder_sync("."), 0);
    ck_assert_int_eq(folder_sync_parent("name"), 0);
    ck_assert_int_eq(folder_sync_parent("/tmp"), 0);
    ck_assert_int_eq(folder_sync("/no/such/folder"), -ENOENT);
}
END_TEST

UNIT_MAIN("file", UNIT_TEST(a_replaced_file_is_whole_and_leaves_no_other),
          UNIT_TEST(a_file_is_read_up_to_its_ceiling_and_never_in_part),
          UNIT_ROWS(a_folder_is_made_with_those_above_it, folders),
          UNIT_TEST(paths_join_with_one_slash), UNIT_TEST(a_short_path_has_a_parent_to_sync))
