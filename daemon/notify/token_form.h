/*
 * token_form - how an access token is asked for and read (RFC 6749, 4.4: client credentials)
 *
 * Pure. The secret and the token are in the caller's hands: it wipes the form and the reply.
 */
#ifndef NOTIFY_TOKEN_FORM_H
#define NOTIFY_TOKEN_FORM_H

#include <stddef.h>

#include "base/text.h"

/** The body of the question, application/x-www-form-urlencoded. scope may be NULL. */
void token_form_write(struct text *out, const char *client_id, const char *scope,
                      const char *secret);
/** The token of a reply, the caller's (secret_wipe()); NULL where there is none that a login could
 * carry, or no memory. out_lasts_s: as the reply says, else a few minutes. */
char *token_form_read(const char *reply, size_t len, long long *out_lasts_s);

#endif
