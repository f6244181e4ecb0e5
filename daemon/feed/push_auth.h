/*
 * push_auth - whether a post comes from one who may push into a feed
 *
 * By a bearer token, or by a signature of Standard Webhooks over the raw bytes (RELIABILITY section 5:
 * two secrets in rotation, 300 s of tolerance). Secrets are read at use and wiped; whatever is compared
 * takes the same time wherever it differs; nothing of what was presented is kept or said.
 */
#ifndef FEED_PUSH_AUTH_H
#define FEED_PUSH_AUTH_H

#include "base/clock.h"
#include "loop/http_head.h"

#define PUSH_TOLERANCE_S 300

struct push_auth;

/**
 * What the head alone can tell. Files may be NULL. Returns 0, and the body is to be given to
 * push_auth_add(); -EACCES with *out_why, a constant text; -ENOMEM, or -errno where the files cannot
 * be read.
 */
int push_auth_new(const char *token_file, const char *secret_file, const struct http_head *head,
                  struct wall_time now, struct push_auth **out_auth, const char **out_why);
void push_auth_add(struct push_auth *a, const void *bytes, size_t len);
/** After the last byte. Returns 0, -EACCES with *out_why, or -ENOMEM. */
int push_auth_end(struct push_auth *a, const char **out_why);
void push_auth_free(struct push_auth *a); /* accepts NULL */

#endif
