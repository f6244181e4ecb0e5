/*
 * ctl_server - the unix control socket
 *
 * One request per connection: a line with one JSON object {"command": "...", ...}, at most 2 MiB,
 * within 10 s; one JSON object back, then close. Answers may be deferred. At most 100 clients;
 * more are refused, and so is whoever would take one of the last descriptors, which files, Redis and
 * deliveries need. The peer's uid and groups are taken from the socket (SO_PEERCRED, SO_PEERGROUPS), as they
 * were when it connected: root and the daemon's own user may ask and act, and so may members of a group. The path is reached through /proc/self/fd, so a deep state folder works.
 */
#ifndef CTL_CTL_SERVER_H
#define CTL_CTL_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct ctl_groups;
struct event_base;
struct ctl_server;
struct ctl_request; /* lives until answered, also when its client has gone */

typedef void ctl_handle(void *arg, struct ctl_request *request);

/** Listens; replaces a stale socket file. Mode 0600. Returns 0 or -errno (-EADDRINUSE: another
 * daemon answers there). */
int ctl_server_open(struct event_base *base, const char *path, ctl_handle *handle, void *arg,
                    struct ctl_server **out_server);
/** Requests not answered yet stay valid; their answers go nowhere. Removes its own socket file. */
void ctl_server_close(struct ctl_server *s);
/** Whose members may use it too; without a group the file is its owner's alone. Returns 0 or -errno. */
int ctl_server_allow(struct ctl_server *s, const struct ctl_groups *groups);
/** The 10 s of each client that connects from now on, for a test that cannot wait so long. */
void ctl_server_set_limit_ms(struct ctl_server *s, int limit_ms);

const char *ctl_request_command(const struct ctl_request *r);
const json_t *ctl_request_json(const struct ctl_request *r);
uid_t ctl_request_uid(const struct ctl_request *r);
/** Else the peer may only ask. */
bool ctl_request_may_act(const struct ctl_request *r);
/** {"ok": true, "result": RESULT}; takes result. Ends the request. */
void ctl_reply(struct ctl_request *r, json_t *result);
/** {"ok": false, "exit": EXIT, "error": TEXT}. Ends the request. */
void ctl_fail(struct ctl_request *r, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
