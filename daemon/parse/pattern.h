/*
 * pattern - texts in which one place is to be found
 *
 * "number waiting over {} weeks*" matches a text (case and blanks folded, dashes alike) and yields
 * what stands at {}; '*' and '?' are as in a glob. Pure, bounded: texts beyond 512 bytes are not
 * looked at further.
 */
#ifndef PARSE_PATTERN_H
#define PARSE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_TEXT_MAX 512

/** One rule: a pattern, the text it gives (in which {} is what was found), and replacements in
 * that. */
struct pattern_rule {
    char *like;
    char *give; /* NULL: "{}" */
    char **from, **to;
    size_t replacements;
};

/** Whether pattern has at most one {}. */
bool pattern_is_formed(const char *pattern);
/** Matches and copies what stands at {} ("" if there is none), trimmed. digits: only digits may
 * stand there. */
bool pattern_find(const char *pattern, const char *text, bool digits, char out[PATTERN_TEXT_MAX]);
/** The first rule that matches gives the text. Returns whether one did. */
bool pattern_apply(const struct pattern_rule *rules, size_t count, const char *text,
                   char out[PATTERN_TEXT_MAX]);
void pattern_rules_free(struct pattern_rule *rules, size_t count);

#endif
