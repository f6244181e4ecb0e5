/*
 * alert_key - the ids of DESIGN section 9
 *
 * H = the first 128 bits of SHA-256 over the parts, each preceded by its length as 4 bytes
 * big-endian, in 32 lower-case hex digits. Ids never contain the current time, a value, a severity
 * or the plan's version.
 */
#ifndef ALERT_ALERT_KEY_H
#define ALERT_ALERT_KEY_H

#include <stddef.h>

#include "plan/finding.h"

#define ALERT_ID_MAX 33

/** Returns 0 or -ENOMEM. A NULL part counts as "". */
int alert_hash(const char *const *parts, size_t count, char out_id[ALERT_ID_MAX]);
/** alert_id = H(instance, rule, dimensions): plan and first measure id; feed and provider; plan and
 * action; receiver. */
int alert_id_of(const char *instance, const struct finding *f, char out_id[ALERT_ID_MAX]);
/** episode_id = H(alert_id, opening data period): its last day, YYYY-MM-DD. */
int episode_id_of(const char *alert_id, struct civil_date opened, char out_id[ALERT_ID_MAX]);
/** notice_id = H(episode_id, transition ordinal in decimal). */
int notice_id_of(const char *episode_id, unsigned ordinal, char out_id[ALERT_ID_MAX]);
/** delivery_id = H(sorted notice ids, receiver, recipient). Sorts a copy. */
int delivery_id_of(const char *const *notice_ids, size_t count, const char *receiver,
                   const char *recipient, char out_id[ALERT_ID_MAX]);

#endif
