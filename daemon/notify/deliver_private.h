/*
 * deliver_private - what the files of the deliver module share; nobody else includes it
 */
#ifndef NOTIFY_DELIVER_PRIVATE_H
#define NOTIFY_DELIVER_PRIVATE_H

#include "base/text.h"
#include "notify/deliver.h"

#define SECRET_FILE_MAX_BYTES 4096
#define SECRETS_MAX           2  /* the one in force and the older one, in rotation */
#define SECRET_KEY_BYTES_MIN  24 /* RELIABILITY section 5 */

/** Writes <folder>/<id>.json, then .eml, each whole and durable. Returns 0 or -errno. */
int spool_write(const char *folder, const struct delivery *delivery);

/** Reads a small secret file into malloc'ed text; the caller wipes it. Returns 0 or -errno. */
int secret_file_read(const char *path, char **out_text);
/** Overwrites and frees. */
void secret_wipe(char *secret);

/**
 * The value of webhook-signature: one "v1,..." a secret, separated by a blank. secrets: the file's
 * text, a whsec_ secret a line. Returns 0; -EINVAL for a file that holds no proper secret.
 */
int webhook_sign(const char *secrets, const char *id, const char *timestamp, const void *body,
                 size_t body_len, struct text *out_signature);
/** The outcome of a POST. */
struct delivery_result webhook_judge(const struct http_result *r);
/** The outcome of an SMTP submission. */
struct delivery_result email_judge(const struct http_result *r);

#endif
