/*
 * watch_words - whether what can be watched is what somebody asks for in plain words
 *
 * Pure. Texts are compared as words, without case or punctuation; a word asked for is found where a word begins
 * with it, or where another name of the same thing stands: CAMHS is children's mental health, ND is
 * neurodevelopmental.
 */
#ifndef PLAN_WATCH_WORDS_H
#define PLAN_WATCH_WORDS_H

#include <stdbool.h>

/** Whether each word asked for is among the words that describe it. False without memory. */
bool watch_words_match(const char *described, const char *asked);

#endif
