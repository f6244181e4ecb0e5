#include <errno.h>

#include "doctor/doctor_internal.h"

#include "support/unit.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static const struct {
    const char *why;
    uint64_t free_bytes, of_bytes;
    enum doctor_level level;
} rooms[] = {
    { "nothing", 0, 100 * GIB, DOCTOR_FAIL },
    { "under a hundredth of a large disk", 9 * GIB, 1000 * GIB, DOCTOR_FAIL },
    { "under 64 MiB of a small one", 63 * MIB, 200 * MIB, DOCTOR_FAIL },
    { "under a GiB and a fifth", 900 * MIB, 10 * GIB, DOCTOR_WARN },
    { "a small disk that is half empty", 400 * MIB, 800 * MIB, DOCTOR_OK },
    { "a GiB and more", 2 * GIB, 100 * GIB, DOCTOR_OK },
};

START_TEST(room_is_judged_by_what_is_left_and_by_its_share)
{
    ck_assert_msg(room_level(rooms[_i].free_bytes, rooms[_i].of_bytes) == rooms[_i].level, "%s",
                  rooms[_i].why);
}
END_TEST

static const struct {
    const char *word, *shell;
} words[] = {
    { "/etc/waitlistd/hook.secret", "/etc/waitlistd/hook.secret" },
    { "", "''" },
    { "a folder", "'a folder'" },
    { "$(reboot)", "'$(reboot)'" },
    { "it's", "'it'\\''s'" },
};

START_TEST(a_path_is_one_word_to_a_shell_whatever_is_in_it)
{
    char out[WORD_MAX];

    ck_assert_str_eq(shell_word(words[_i].word, out), words[_i].shell);
}
END_TEST

START_TEST(a_command_names_its_path_as_often_as_it_needs_it)
{
    char out[MEND_MAX];

    ck_assert_str_eq(mend_path("mv %s %s.aside", "/a b", out), "mv '/a b' '/a b'.aside");
}
END_TEST

static const struct {
    const char *why;
    int error;
    bool is_owner;
    mode_t mode;
    const char *mend;
} closed[] = {
    { "its own, not to be written", EACCES, true, 040500, "chmod u+rwx /a" },
    { "its own, not to be read", EACCES, true, 040300, "chmod u+rwx /a" },
    { "another's", EACCES, false, 040500, "chown waitlistd: /a" },
    { "its own, with all rights", EACCES, true, 040700, "chown waitlistd: /a" },
    { "a disk that was mounted for reading", EROFS, true, 040700,
      "mount -o remount,rw \"$(findmnt -no TARGET -T /a)\"" },
};

START_TEST(a_folder_that_cannot_be_used_is_mended_by_what_it_lacks)
{
    char out[MEND_MAX];

    ck_assert_str_eq(
        mend_path(folder_mend(closed[_i].error, closed[_i].is_owner, closed[_i].mode), "/a", out),
        closed[_i].mend);
}
END_TEST

UNIT_MAIN("doctor", UNIT_ROWS(a_folder_that_cannot_be_used_is_mended_by_what_it_lacks, closed),
          UNIT_ROWS(room_is_judged_by_what_is_left_and_by_its_share, rooms),
          UNIT_ROWS(a_path_is_one_word_to_a_shell_whatever_is_in_it, words),
          UNIT_TEST(a_command_names_its_path_as_often_as_it_needs_it))
