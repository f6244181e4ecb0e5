/*
 * json_read - the values of the books out of JSON and into it
 *
 * Pure. What is left out, or null, is none; what is there must be of its kind and in its range,
 * since half a truth about what came and what was told would hide a feed or an alert.
 */
#ifndef STORE_JSON_READ_H
#define STORE_JSON_READ_H

#include <jansson.h>

#include "alert/alert.h"
#include "base/clock.h"
#include "base/date.h"

/* Each returns 0 or -EBADMSG. */
int json_read_date(const json_t *object, const char *key, struct civil_date *out);
int json_read_whole(const json_t *object, const char *key, json_int_t min, json_int_t max,
                    json_int_t *out);
int json_read_count(const json_t *object, const char *key, uint64_t *out);
int json_read_time(const json_t *object, const char *key, struct wall_time *out);
int json_read_severity(const json_t *object, enum alert_severity *out);
/** A string's malloc'ed copy; NULL for anything else. Returns 0 or -ENOMEM: what was there is never
 * taken for what was left out. */
int json_read_text(const json_t *object, const char *key, char **out);
/** Prints compactly and releases; malloc'ed, or NULL. Takes j (NULL: NULL). */
char *json_print(json_t *j);

#endif
