/*
 * embedded_redis - the daemon's own redis-server
 *
 * Starts redis-server on a unix socket under STATE/redis (append-only, appendfsync always,
 * noeviction, no TCP port, no RDB save), watches it, restarts it with back-off when it dies. It
 * dies with its parent (PR_SET_PDEATHSIG), or, where it outlived it, is adopted at the next start
 * by pid file and configuration digest; one with another configuration is stopped first and
 * started anew. Files that the server refuses because they are damaged are set aside (loop/aside.h)
 * where the record is elsewhere, and it starts without any. The socket is reached by a short path
 * through /proc/self/fd, so a deep state folder works.
 */
#ifndef LOOP_EMBEDDED_REDIS_H
#define LOOP_EMBEDDED_REDIS_H

#include <stdbool.h>
#include <sys/types.h>

#include "loop/aside.h"

struct event_base;
struct embedded_redis;

/** Starts or adopts. binary: "redis-server" or a path. may_start_afresh: all that it holds is known
 * elsewhere too, so damaged files may be set aside (as they may when it begins without any). Returns 0 or -errno with one log line. */
int embedded_redis_start(struct event_base *base, const char *state_folder, const char *binary,
                         bool may_start_afresh, struct embedded_redis **out_server);
/** Path to connect to; valid while the server value lives. */
const char *embedded_redis_socket(const struct embedded_redis *s);
/** What a person must do so that it starts, or "". */
const char *embedded_redis_trouble(const struct embedded_redis *s);
/** Whether damaged files lie there that were set aside; out_name: the newest, else "". */
bool embedded_redis_aside(const struct embedded_redis *s, char out_name[ASIDE_NAME_MAX]);
pid_t embedded_redis_pid(const struct embedded_redis *s);
/** Asks it to end (SIGTERM), waits up to 5 s, then SIGKILL. */
void embedded_redis_stop(struct embedded_redis *s);

#endif
