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

UNIT_MAIN("doctor", UNIT_ROWS(room_is_judged_by_what_is_left_and_by_its_share, rooms),
          UNIT_ROWS(a_path_is_one_word_to_a_shell_whatever_is_in_it, words),
          UNIT_TEST(a_command_names_its_path_as_often_as_it_needs_it))
