#include "base/diag.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

START_TEST(a_message_says_where_underlines_the_text_and_hints)
{
    struct diags d = DIAGS_INIT;
    const char *line = "  breach: 18w";
    const struct diag_place place = { "plan.yaml", 14, 11, 3, line, strlen(line) };
    char *out = NULL;
    size_t len = 0;

    diag_add(&d, DIAG_ERROR, &place, "for example \"126d\"", "threshold \"%s\" is in weeks", "18w");
    FILE *f = open_memstream(&out, &len);

    diags_print(&d, f);
    fclose(f);
    ck_assert_str_eq(out, "plan.yaml:14:11: error: threshold \"18w\" is in weeks\n"
                          "   14 |   breach: 18w\n"
                          "      |           ^~~\n"
                          "      hint: for example \"126d\"\n");
    free(out);
    diags_release(&d);
}
END_TEST

START_TEST(messages_are_counted_past_the_limit_and_printed_by_place)
{
    struct diags d = DIAGS_INIT;
    char *out = NULL;
    size_t len = 0;

    for (unsigned i = 0; i < DIAGS_MAX + 20; i++) {
        const struct diag_place place = { .file = "x", .line = 1000 - i };

        diag_add(&d, i % 2 ? DIAG_WARNING : DIAG_ERROR, &place, NULL, "message %u", i);
    }
    ck_assert_uint_eq(d.count, DIAGS_MAX);
    ck_assert_uint_eq(d.errors, (DIAGS_MAX + 20) / 2);
    FILE *f = open_memstream(&out, &len);

    diags_print(&d, f);
    fclose(f);
    ck_assert_ptr_nonnull(strstr(out, "and more: 60 errors, 60 warnings"));
    ck_assert(strncmp(out, "x:901:", 6) == 0);
    free(out);
    diags_release(&d);
}
END_TEST

START_TEST(what_was_found_forges_no_message_and_steers_no_terminal)
{
    struct diags d = DIAGS_INIT;
    const char *line = "a: \033[2Jx\ty\xc2\x9b";
    const struct diag_place place = { "plan.yaml", 1, 4, 1, line, strlen(line) };
    char *out = NULL;
    size_t len = 0;

    diag_add(&d, DIAG_ERROR, &place, "not \r", "unknown \"%s\"",
             "x\nplan.yaml: error: \x7f\xc2\x9b");
    FILE *f = open_memstream(&out, &len);

    diags_print(&d, f);
    fclose(f);
    ck_assert_str_eq(out,
                     "plan.yaml:1:4: error: unknown \"x\\x0aplan.yaml: error: \\x7f\\xc2\\x9b\"\n"
                     "    1 | a: ?[2Jx\ty?\n"
                     "      |    ^\n"
                     "      hint: not \\x0d\n");
    free(out);
    diags_release(&d);
}
END_TEST

static const struct {
    const char *word, *nearest;
} near_rows[] = {
    { "recievers", "receivers" },
    { "toleranc", "tolerance" },
    { "graec", "grace" },
    { "xyz", NULL },
    { "", NULL },
    { "Receivers", "receivers" },
};

START_TEST(did_you_mean_finds_the_nearest_word_or_none)
{
    static const char *const words[] = { "receivers", "tolerance", "grace", "for" };
    const char *found = diag_nearest(near_rows[_i].word, words, 4);

    if (near_rows[_i].nearest)
        ck_assert_str_eq(found, near_rows[_i].nearest);
    else
        ck_assert_ptr_null(found);
}
END_TEST

UNIT_MAIN("diag", UNIT_TEST(a_message_says_where_underlines_the_text_and_hints),
          UNIT_TEST(messages_are_counted_past_the_limit_and_printed_by_place),
          UNIT_TEST(what_was_found_forges_no_message_and_steers_no_terminal),
          UNIT_ROWS(did_you_mean_finds_the_nearest_word_or_none, near_rows))
