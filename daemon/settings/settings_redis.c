/*
 * settings_redis - `redis:`, which server keeps the rolling metrics
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "settings/settings_internal.h"

#define DAY_S 86400

static const char *const modes[] = { "embedded", "server", "sentinel", "cluster", NULL };

#define FIELD(name) BIND_FIELD(struct redis_setting, name)

const struct bind_key redis_keys[] = {
    { "mode", BIND_CHOICE, FIELD(mode), "embedded", 0, 0, modes, 0,
      "embedded: the daemon runs its own redis-server below state; server: one that others run" },
    { "server_binary", BIND_TEXT, FIELD(server_binary), "redis-server", 0, 0, NULL, 0,
      "embedded: the program, looked up on PATH unless it is a path" },
    { "socket", BIND_TEXT, FIELD(socket), NULL, 0, 0, NULL, 0,
      "server: its unix socket; in place of host" },
    { "host", BIND_TEXT, FIELD(host), NULL, 0, 0, NULL, 0,
      "server: its numeric address, or localhost" },
    { "port", BIND_INTEGER, FIELD(port), "6379", 1, 65535, NULL, 0, "server: its port" },
    { "user", BIND_TEXT, FIELD(user), NULL, 0, 0, NULL, 0, "server: the ACL user to log in as" },
    { "password_file", BIND_TEXT, FIELD(password_file), NULL, 0, 0, NULL, 0,
      "server: the file that holds its password" },
    { "lease", BIND_DURATION, FIELD(lease), "15s", 0, 0, NULL, 0,
      "server: of the daemons on one Redis one leads; another takes over when it was silent for so "
      "long; at least 1s" },
    { "notice_after", BIND_DURATION, FIELD(notice_after), "5min", 0, 0, NULL, 0,
      "unusable for so long, ops and fallback are told without it; seconds to 24 hours" },
    BIND_END,
};

static int check_embedded(const struct reading *rd, yaml_node *mapping)
{
    static const char *const of_server[] = { "socket", "host",          "port",
                                             "user",   "password_file", "lease" };
    int r = 0;

    for (size_t i = 0; i < sizeof of_server / sizeof of_server[0]; i++) {
        if (!yaml_is_nothing(yaml_get(mapping, of_server[i])))
            r = COMPLAIN(rd, yaml_get(mapping, of_server[i]), "mode: server",
                         "redis: %s is not for mode embedded", of_server[i]);
    }
    return r;
}

static int check_server(const struct reading *rd, yaml_node *mapping)
{
    const struct redis_setting *redis = &rd->s->redis;
    int r = 0;

    if (!redis->socket == !redis->host)
        r = COMPLAIN(rd, mapping, "socket: /run/redis/redis.sock, or host: 127.0.0.1",
                     "redis: mode server needs either socket or host");
    /* A name would be looked up inside the loop, which stands still until a resolver answers. */
    if (redis->host && strcasecmp(redis->host, "localhost") != 0 &&
        !address_is_numeric(redis->host))
        r = COMPLAIN(rd, yaml_get(mapping, "host"), "give a numeric address, such as 127.0.0.1",
                     "redis: host %s is not a numeric address", redis->host);
    if (!yaml_is_nothing(yaml_get(mapping, "server_binary")))
        r = COMPLAIN(rd, yaml_get(mapping, "server_binary"), NULL,
                     "redis: server_binary is for mode embedded");
    if (redis->user && !redis->password_file)
        r = COMPLAIN(rd, yaml_get(mapping, "user"), NULL, "redis: user needs password_file");
    if (redis->lease.unit != SPAN_SECONDS || redis->lease.count < 1 || redis->lease.count > 3600)
        r = COMPLAIN(rd, yaml_get(mapping, "lease"), "15s",
                     "redis: lease wants seconds or minutes, from 1s to 60min");
    return settings_worse(r, settings_require_file(rd, yaml_get(mapping, "password_file"),
                                                   "redis: password_file", redis->password_file));
}

int settings_read_redis(const struct reading *rd, yaml_node *mapping)
{
    struct redis_setting *redis = &rd->s->redis;
    int r = bind_mapping(rd->y, mapping, "redis", redis_keys, redis, rd->diags);

    if (r < 0)
        return r;
    if (redis->notice_after.unit != SPAN_SECONDS || redis->notice_after.count < 1 ||
        redis->notice_after.count > DAY_S)
        return COMPLAIN(rd, yaml_get(mapping, "notice_after"), "for example 5min",
                        "redis: notice_after is from 1s to 24h");
    if (redis->mode > REDIS_SERVER)
        return COMPLAIN(rd, yaml_get(mapping, "mode"), "modes built so far: embedded, server",
                        "redis: mode %s is not built yet", modes[redis->mode]);
    r = settings_resolve(rd->folder, &redis->socket);
    r = settings_worse(r, settings_resolve(rd->folder, &redis->password_file));
    /* A name without a slash is looked up on PATH. */
    if (redis->server_binary && strchr(redis->server_binary, '/'))
        r = settings_worse(r, settings_resolve(rd->folder, &redis->server_binary));
    if (r < 0)
        return r;
    return redis->mode == REDIS_EMBEDDED ? check_embedded(rd, mapping) : check_server(rd, mapping);
}
