/*
 * json_text - JSON values to text and back, whole or not at all
 *
 * The library does not look at every failure of its own: when memory runs out a printed text may lack a
 * word, a string that is read its end, and an object of ours a member that could not be added. Such a
 * text in a journal would end every start after it. So each allocation of the library is watched, and
 * nothing is given out in whose making one failed. The only folder-wide exception to "base needs only
 * the C library". One thread uses JSON.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/** The value as text, malloc'ed. NULL when it is NULL, or when memory ran out since the last text was
 * asked for: then the value itself may lack something. */
char *json_text(const json_t *value, size_t flags);
/** Whether memory ran out since the last text was asked for: what was made since may lack something. */
bool json_lacks(void);
/** As json_loadb(); NULL with errno EBADMSG, or ENOMEM when memory ran out. */
json_t *json_parse(const char *bytes, size_t len, size_t flags, json_error_t *out_error);

#endif
