/*
 * deliver_private - what the files of the deliver module share; nobody else includes it
 */
#ifndef NOTIFY_DELIVER_PRIVATE_H
#define NOTIFY_DELIVER_PRIVATE_H

#include "base/secret.h"
#include "base/text.h"
#include "notify/deliver.h"

/** Writes <folder>/<id>.json, then .eml, each whole and durable. Returns 0 or -errno. */
int spool_write(const char *folder, const struct delivery *delivery);

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
