/*
 * Each allocation of the alert machine failing once: refused with -ENOMEM, nothing changed.
 *
 * The program's own malloc fails on demand; under a sanitizer or valgrind, which bring their own, only
 * the calls themselves are made.
 */
#include <errno.h>
#include <stdint.h>

#include "unit/alert/story.h"

static long fail_in; /* allocations until one fails; 0: none does */
static bool has_failed;

#if !defined(__SANITIZE_ADDRESS__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static bool fails_now(void)
{
    if (fail_in == 0 || --fail_in > 0)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails_now() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
    return fails_now() ? NULL : __libc_realloc(p, size);
}
#endif

/* Whether the malloc that is called is ours. */
static bool is_counting(void)
{
    void *volatile p;

    fail_in = 1;
    p = malloc(1);
    fail_in = 0;
    free(p);
    return p == NULL;
}

static struct periods story;
static struct alert stored;
static char *encoded;
static struct civil_date today;

static int do_step(void)
{
    struct alert_change c = ALERT_CHANGE_INIT;
    int r = alert_step("bc", &stored, &story.finding, NULL, today, NOW(5), &c);

    alert_change_release(&c);
    return r;
}

static int do_first_step(void)
{
    struct alert_change c = ALERT_CHANGE_INIT;
    int r = alert_step("bc", NULL, &story.finding, NULL, today, NOW(5), &c);

    alert_change_release(&c);
    return r;
}

/* Its opening is withheld since: folded on from itself. */
static int do_doubtful_step(void)
{
    struct alert_change c = ALERT_CHANGE_INIT;
    struct finding f = story.finding;
    struct period_judgement list[3] = { story.list[0], story.list[1], story.list[2] };

    list[1].event = PERIOD_UNKNOWN;
    f.history = list;
    int r = alert_step("bc", &stored, &f, NULL, today, NOW(5), &c);

    alert_change_release(&c);
    return r;
}

static int do_end(void)
{
    struct alert_change c = ALERT_CHANGE_INIT;
    int r = alert_end(&stored, today, NOW(5), &c);

    alert_change_release(&c);
    return r;
}

static int do_fold(void)
{
    struct episode *list = NULL;
    size_t count = 0;
    int r = alert_fold(stored.id, &stored, &story.finding, &list, &count, NULL, NULL);

    free(list);
    return r;
}

static int do_copy(void)
{
    struct alert copy = ALERT_INIT;
    int r = alert_copy(&stored, &copy);

    alert_release(&copy);
    return r;
}

static int do_encode(void)
{
    char *s = alert_encode(&stored);
    bool was_written = s != NULL;

    free(s);
    return was_written ? 0 : -ENOMEM;
}

static int do_decode(void)
{
    struct alert a = ALERT_INIT;
    int r = alert_decode(encoded, strlen(encoded), &a);

    alert_release(&a);
    /* The parser itself does not tell want of memory from a fault of the text. */
    return r == -EINVAL && has_failed ? -ENOMEM : r;
}

static int do_delivery_id(void)
{
    const char *const notices[] = { "b", "a" };
    char id[ALERT_ID_MAX];

    return delivery_id_of(notices, 2, "mail", "lead@example.nhs.uk", id);
}

static const struct {
    const char *what;
    int (*act)(void);
    long at_least; /* allocations */
} acts[] = {
    { "a step", do_step, 10 },
    { "the first step", do_first_step, 8 },
    { "a step of one in doubt", do_doubtful_step, 10 },
    { "the end of a rule", do_end, 5 },
    { "the fold", do_fold, 3 },
    { "a copy", do_copy, 5 },
    { "encoding", do_encode, 10 },
    { "decoding", do_decode, 10 },
    { "a delivery id", do_delivery_id, 1 },
};

START_TEST(each_allocation_that_fails_is_refused_and_changes_nothing)
{
    struct alert_change c;
    char *before, *after;
    bool counting = is_counting();
    long n = 1;

    periods_init(&story, 1, 1, "CR");
    ck_assert_int_eq(step(NULL, &story.finding, 0, &c), 0);
    adopt(&stored, &c);
    periods_set(&story, "CA*A");
    encoded = alert_encode(&stored);
    today = month_end(9);
    before = alert_encode(&stored);
    for (;; n++) {
        fail_in = counting ? n : 0;
        has_failed = false;
        int r = acts[_i].act();

        fail_in = 0;
        if (!has_failed) {
            ck_assert_int_eq(r, 0);
            break;
        }
        /* A library may try again, or do without: then it was done, and rightly. */
        ck_assert_msg(r == -ENOMEM || r == 0, "%s, allocation %ld: %d", acts[_i].what, n, r);
    }
    ck_assert_msg(!counting || n > acts[_i].at_least, "%s: %ld allocations", acts[_i].what, n - 1);
    after = alert_encode(&stored);
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
    free(encoded);
    alert_release(&stored);
}
END_TEST

UNIT_MAIN("alert_memory",
          UNIT_ROWS(each_allocation_that_fails_is_refused_and_changes_nothing, acts))
