#include "parse/shape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

/* A file of so many rows with the organisations first..first + count - 1. */
static struct file_shape shape(unsigned long rows, int first, int count)
{
    struct table organisations = TABLE_INIT;
    struct file_shape s;
    char code[16];

    for (int i = first; i < first + count; i++) {
        (void)snprintf(code, sizeof code, "R%05d", i);
        ck_assert_int_eq(table_set(&organisations, code, &s, NULL), 0);
    }
    ck_assert_int_eq(shape_of(rows, &organisations, &s), 0);
    table_release(&organisations, NULL);
    return s;
}

static const struct {
    const char *why;
    unsigned long rows_before, rows;
    int before, first, now; /* organisations 0..before-1, then first..first+now-1 */
    const char *words;      /* NULL: plausible */
} shapes[] = {
    { "the same", 100, 100, 10, 0, 10, NULL },
    { "a fifth of the rows is 80 % down", 100, 20, 10, 0, 10,
      "20 rows where the file before it had 100" },
    { "a row more is not", 100, 21, 10, 0, 10, NULL },
    { "five rows and then one", 5, 1, 1, 0, 1, "1 row where the file before it had 5" },
    { "growing is well", 20, 2000, 10, 0, 200, NULL },
    { "half of the organisations replaced", 100, 100, 10, 5, 10, NULL },
    { "more than half replaced", 100, 100, 10, 6, 10,
      "6 of the 10 organisations in the file before it are gone and 6 new" },
    { "most gone and few new: shrunk, not others", 100, 60, 10, 8, 4, NULL },
    { "four organisations are too few to ask", 100, 100, 4, 4, 4, NULL },
    { "five are enough", 100, 100, 5, 5, 5,
      "5 of the 5 organisations in the file before it are gone and 5 new" },
    { "many, all the same", 9000, 9000, 3000, 0, 3000, NULL },
    { "many, a third replaced", 9000, 9000, 3000, 1000, 3000, NULL },
};

START_TEST(a_file_is_held_when_most_rows_or_organisations_of_the_one_before_are_gone)
{
    struct file_shape before = shape(shapes[_i].rows_before, 0, shapes[_i].before);
    struct file_shape now = shape(shapes[_i].rows, shapes[_i].first, shapes[_i].now);
    char why[160] = "";
    bool held = shape_is_implausible(&before, &now, why);

    ck_assert_msg(held == (shapes[_i].words != NULL), "%s: %s", shapes[_i].why, why);
    if (held)
        ck_assert_str_eq(why, shapes[_i].words);
}
END_TEST

START_TEST(of_more_organisations_than_are_kept_the_share_replaced_is_estimated)
{
    struct file_shape before = shape(9000, 0, 3000), now = shape(9000, 2700, 3000);
    char why[160] = "";

    ck_assert(shape_is_implausible(&before, &now, why));
    ck_assert_msg(atoi(why) > 2200 && atoi(why) <= 3000, "%s", why); /* 2,700 are gone */
}
END_TEST

START_TEST(marks_go_to_text_and_back)
{
    struct file_shape s = shape(1000, 0, 200), back = s, empty = shape(0, 0, 0);
    char text[SHAPE_TEXT_MAX];

    shape_marks_text(&s, text);
    ck_assert_uint_eq(strlen(text), 8 * SHAPE_MARKS_MAX);
    memset(back.marks, 0, sizeof back.marks);
    ck_assert_int_eq(shape_marks_parse(text, &back), 0);
    ck_assert_mem_eq(&back, &s, sizeof s);
    shape_marks_text(&empty, text);
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(shape_marks_parse("0123456", &back), -EINVAL);
    ck_assert_int_eq(shape_marks_parse("0123456x", &back), -EINVAL);
}
END_TEST

UNIT_MAIN("shape",
          UNIT_ROWS(a_file_is_held_when_most_rows_or_organisations_of_the_one_before_are_gone,
                    shapes),
          UNIT_TEST(of_more_organisations_than_are_kept_the_share_replaced_is_estimated),
          UNIT_TEST(marks_go_to_text_and_back))
