/*
 * Whether more of a file is left out of its list than of the files before it.
 */
#include "pathway/list_left_out.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define FILES_MOST 400

/* Files before: so many, of so many rows each, of which so many are left out for their service; the last of them
 * as it is, then this one. */
static const struct {
    const char *why;
    bool is_whole;
    int count;
    unsigned long rows, of, last_rows, last_of, now_rows, now_of;
    bool held;
} files[] = {
    { "nothing is known of before", true, 0, 0, 0, 0, 0, 87, 30, false },
    { "new where none was", true, 1, 60, 0, 60, 0, 87, 30, true },
    { "one of a hundred", true, 1, 100, 0, 100, 0, 100, 1, false },
    { "one of ninety-nine", true, 1, 100, 0, 100, 0, 99, 1, true },
    { "the same from the first file on", true, 10, 100, 40, 100, 40, 100, 40, false },
    { "a little more of many", true, 10, 100, 40, 100, 40, 100, 44, false },
    { "much more of many", true, 10, 100, 40, 100, 40, 100, 60, true },
    { "fewer", true, 10, 100, 40, 100, 40, 100, 20, false },
    { "a share that creeps is more than the least", true, 10, 1000, 0, 1000, 9, 1000, 12, true },
    { "a file without rows is none before", true, 1, 0, 0, 0, 0, 87, 30, false },
    { "events: nothing is known of before", false, 0, 0, 0, 0, 0, 30, 20, false },
    { "events: new where none was", false, 1, 40, 0, 40, 0, 40, 12, true },
    { "events: four tell nothing", false, 1, 40, 0, 40, 0, 4, 4, false },
    { "events: five do", false, 1, 40, 0, 40, 0, 5, 5, true },
    { "events of one row each: the fifth", false, 40, 1, 0, 4, 4, 1, 1, true },
    { "events of one row each: the fourth", false, 40, 1, 0, 3, 3, 1, 1, false },
    { "events of one row each: this one is not", false, 40, 1, 0, 5, 5, 1, 0, false },
    { "events: the usual mixture, by chance more", false, 200, 10, 4, 10, 4, 10, 9, false },
    { "events: the usual mixture, and much more", false, 200, 10, 4, 10, 4, 60, 55, true },
    { "events: a stray row now and then", false, 300, 100, 0, 1500, 4, 100, 1, false },
};

static size_t lay_out(int i, struct left_out *all)
{
    size_t n = 0;

    all[n++] = (struct left_out){ files[i].now_rows, { files[i].now_of } };
    if (files[i].count > 0)
        all[n++] = (struct left_out){ files[i].last_rows, { files[i].last_of } };
    while (n <= (size_t)files[i].count)
        all[n++] = (struct left_out){ files[i].rows, { files[i].of } };
    return n;
}

START_TEST(a_file_of_which_more_is_left_out_than_of_those_before_is_implausible)
{
    struct left_out all[FILES_MOST];
    struct text why = TEXT_INIT;
    size_t n = lay_out(_i, all);

    ck_assert_msg(left_out_is_implausible(all, n, files[_i].is_whole, &why) == files[_i].held,
                  "%s: %s", files[_i].why, text_str(&why));
    ck_assert_int_eq(why.len > 0, files[_i].held);
    text_release(&why);
}
END_TEST

START_TEST(each_column_counts_for_itself)
{
    const struct left_out all[] = { { 100, { 0, 30 } }, { 100, { 30, 0 } } };
    struct text why = TEXT_INIT;

    ck_assert(left_out_is_implausible(all, 2, true, &why));
    ck_assert_msg(strncmp(text_str(&why),
                          "some of the rows come under a provider (column provider) "
                          "that is not on this list, ",
                          83) == 0,
                  "%s", text_str(&why));
    text_release(&why);
}
END_TEST

START_TEST(the_words_of_files_of_events_are_of_those_that_were_compared)
{
    const struct left_out all[] = { { 1, { 1, 0 } }, { 6, { 4, 0 } }, { 80, { 0, 0 } } };
    const struct left_out few[] = { { 40, { 2, 0 } }, { 80, { 0, 0 } } };
    struct text why = TEXT_INIT;

    ck_assert(left_out_is_implausible(all, 3, false, &why));
    ck_assert_msg(strncmp(text_str(&why), "some of the rows of the newest files", 36) == 0, "%s",
                  text_str(&why));
    text_clear(&why);
    ck_assert(left_out_is_implausible(few, 2, true, &why));
    ck_assert_msg(strncmp(text_str(&why), "some of the rows come", 21) == 0, "%s", text_str(&why));
    text_release(&why);
}
END_TEST

UNIT_MAIN("list_left_out",
          UNIT_ROWS(a_file_of_which_more_is_left_out_than_of_those_before_is_implausible, files),
          UNIT_TEST(each_column_counts_for_itself),
          UNIT_TEST(the_words_of_files_of_events_are_of_those_that_were_compared))
