/*
 * unit - the main of every unit test program
 *
 * A test file declares its cases and ends with UNIT_MAIN("module", test, ...); the process prints
 * check's own summary and exits 1 on a failure. Under sanitizers and valgrind set CK_FORK=no.
 */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include <check.h>
#include <stdlib.h>

/* Each entry is either a plain test or a loop test over rows of a table. */
struct unit_case {
    const TTest *test;
    int rows; /* 0: plain; else run for _i in 0..rows-1 */
};

#define UNIT_TEST(test)                                                                            \
    {                                                                                              \
        test, 0                                                                                    \
    }
#define UNIT_ROWS(test, array)                                                                     \
    {                                                                                              \
        test, (int)(sizeof(array) / sizeof((array)[0]))                                            \
    }

static inline int unit_run(const char *name, const struct unit_case *cases, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, getenv("WAITLIST_FULL") != NULL ? 1200 : 120);
    for (size_t i = 0; i < count; i++) {
        if (cases[i].rows > 0)
            tcase_add_loop_test(tcase, cases[i].test, 0, cases[i].rows);
        else
            tcase_add_test(tcase, cases[i].test);
    }
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(name, ...)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct unit_case cases[] = { __VA_ARGS__ };                                          \
        return unit_run(name, cases, sizeof cases / sizeof cases[0]);                              \
    }

#endif
