/*
 * Each allocation of composing failing once: no message, or the whole one; never one that lost a word.
 *
 * The program's own realloc, by which texts grow, fails on demand; under a sanitizer or valgrind, which
 * bring their own, only the composing itself is tried.
 */
#include <errno.h>
#include <stdlib.h>

#include "support/message_fixture.h"
#include "support/unit.h"

static long fail_in; /* allocations until one fails; 0: none does */
static bool has_failed;

#if !defined(__SANITIZE_ADDRESS__)
void *__libc_realloc(void *p, size_t size);

void *realloc(void *p, size_t size)
{
    if (fail_in > 0 && --fail_in == 0) {
        has_failed = true;
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(p, size);
}
#endif

START_TEST(composing_that_lost_a_word_gives_no_message)
{
    struct message_fixture f;
    struct message whole = { .severity = SEVERITY_NONE };

    fixture_init(&f);
    ck_assert_int_eq(message_compose(&f.context, true, true, &whole), 0);
    for (long n = 1;; n++) {
        struct message m = { .severity = SEVERITY_NONE };

        has_failed = false;
        fail_in = n;
        int r = message_compose(&f.context, true, true, &m);

        fail_in = 0;
        if (r == 0) {
            ck_assert_msg(strcmp(m.eml, whole.eml) == 0, "allocation %ld: another mail", n);
            ck_assert_msg(strcmp(m.json, whole.json) == 0, "allocation %ld: another event", n);
        } else {
            ck_assert_int_eq(r, -ENOMEM);
        }
        message_release(&m);
        if (!has_failed)
            break;
    }
    message_release(&whole);
}
END_TEST

UNIT_MAIN("message_memory", UNIT_TEST(composing_that_lost_a_word_gives_no_message))
