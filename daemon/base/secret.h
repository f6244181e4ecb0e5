/*
 * secret - files that hold one or two secrets: the one in force and, in rotation, the one before it
 *
 * One secret a line. What is read is wiped before it is freed; no byte of it goes into a message. A
 * secret of Standard Webhooks is "whsec_" and base64 of at least 24 bytes (RELIABILITY section 5).
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_FILE_MAX_BYTES 4096
#define SECRETS_MAX           2
#define SECRET_KEY_BYTES_MIN  24

/** Reads a secret file into malloc'ed text; the caller wipes it. Returns 0 or -errno. */
int secret_file_read(const char *path, char **out_text);
/** Overwrites and frees; accepts NULL. */
void secret_wipe(char *secret);
/** The same for AUTO(). */
void secret_release(char **secret);
/** for (const char *at = text; secret_next(&at, &word, &len); ) ... */
bool secret_next(const char **at, const char **out_word, size_t *out_len);
/** The key of a "whsec_..." word, malloc'ed: wipe and free it. Returns 0, -EINVAL or -ENOMEM. */
int secret_key(const char *word, size_t len, unsigned char **out_key, size_t *out_len);

#endif
