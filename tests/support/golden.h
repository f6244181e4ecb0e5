/*
 * golden - every kind of message, from fixed facts
 *
 * golden_mail() makes the whole mail of a kind; tests/unit/notify/test_golden.c compares what it says with
 * tests/data/golden, tests/live/test_mail_looks.py looks at it in a browser. The facts are a year of one
 * measure and what surrounds it; each kind changes of them what makes it that kind.
 */
#ifndef SUPPORT_GOLDEN_H
#define SUPPORT_GOLDEN_H

#include <stdbool.h>

/** The names of all kinds, NULL-terminated; each a file name. */
const char *const *golden_kinds(void);
/** The mail of a kind, malloc'ed. Aborts where it cannot be composed: that is a mistake of its facts. */
char *golden_mail(const char *kind);

#endif
