/*
 * ctl_protocol - what goes over the control socket
 *
 * Pure: bytes to JSON and back, for both ends. A request is one line with one JSON object; the
 * answer is one line too:
 *
 *     {"command": "measure", "id": "cyp-4w"}
 *     {"ok": true, "result": {...}}        or   {"ok": false, "exit": 1, "error": "..."}
 *
 * Commands: status, health, feeds, measures, measure (id), alerts, explain (id), plan-show
 * (id, optional). The result of health is {"code": 0-3, "text": one line, ...}; an unknown id is
 * answered with a null result.
 */
#ifndef CTL_CTL_PROTOCOL_H
#define CTL_CTL_PROTOCOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CTL_REQUEST_MAX_BYTES (2u << 20) /* a plan, as JSON */
#define CTL_ANSWER_MAX_BYTES  (64u << 20)
#define CTL_CLIENTS_MAX       100
#define CTL_REQUEST_S         10 /* for the request to arrive, and again for the answer to be read */
#define CTL_CLIENT_WAIT_S     40 /* what is shown may wait for the first evaluation */

#define CTL_PAST_WAIT_S 600 /* a simulation of the past first applies every file */

/* Exit codes of waitlistctl (DESIGN section 12). */
enum ctl_exit { CTL_OK = 0, CTL_FINDING = 1, CTL_USAGE = 2, CTL_UNREACHABLE = 3, CTL_CONFIG = 78 };

/** Groups of the system whose members may use the socket too; CTL_NO_GROUP: none. */
#define CTL_NO_GROUP ((gid_t)-1)
struct ctl_groups {
    gid_t operators, readers;
};
enum ctl_right { CTL_MAY_NOTHING, CTL_MAY_ASK, CTL_MAY_ACT };
/** What a peer may do. Root, and the user that the daemon runs as, may act. memberships: of the peer's process. */
enum ctl_right ctl_peer_right(uid_t peer, uid_t own, const gid_t *memberships, size_t count,
                              const struct ctl_groups *groups);

/**
 * Reads a request, its line end removed or not.
 *
 * @out_request  a new reference
 * @out_why      set on failure: static text for the client
 * Returns 0 or -EINVAL.
 */
int ctl_request_parse(const char *line, size_t len, json_t **out_request, const char **out_why);

/** One line with its '\n', malloc'ed; NULL without memory. Takes result. */
char *ctl_answer_ok(json_t *result);
char *ctl_answer_fail(int exit_code, const char *error);

/**
 * Reads an answer on the client's side.
 *
 * @out_result  a new reference, when the answer is ok
 * @out_exit    else the exit code, and
 * @out_error   the malloc'ed sentence
 * Returns 0 for ok, 1 for a refusal, -EPROTO for anything else.
 */
int ctl_answer_parse(const char *line, size_t len, json_t **out_result, int *out_exit,
                     char **out_error);

#endif
