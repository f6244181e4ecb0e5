/*
 * settings_http - `http:`, where this daemon is spoken to over HTTP, and how much of it
 */
#include <errno.h>

#include "base/address.h"
#include "settings/settings_internal.h"

#define DEADLINE_MAX_S 3600

#define FIELD(name) BIND_FIELD(struct http_setting, name)

const struct bind_key http_keys[] = {
    { "listen", BIND_TEXT, FIELD(listen), "127.0.0.1:8710", 0, 0, NULL, 0,
      "numeric address and port; another than loopback is in clear: put a proxy with TLS before "
      "it" },
    { "connections", BIND_INTEGER, FIELD(connections), "64", 1, 4096, NULL, 0,
      "at most so many at once" },
    { "per_address", BIND_INTEGER, FIELD(per_address), "8", 1, 4096, NULL, 0,
      "at most so many of them from one address" },
    { "proxies", BIND_TEXTS, FIELD(proxies), NULL, 0, 0, NULL, 0,
      "numeric addresses that speak for others, so that per_address does not count them" },
    { "deadline", BIND_DURATION, FIELD(deadline), "30s", 0, 0, NULL, 0,
      "how long a request may take to come, and its answer to be read; 1s to 60min" },
    BIND_END,
};

static int check_listen(const struct reading *rd, yaml_node *mapping)
{
    struct sockaddr_storage address;

    if (!rd->s->http.listen)
        return 0;
    if (address_parse(rd->s->http.listen, &address) < 0)
        return COMPLAIN(rd, yaml_get(mapping, "listen"), "for example 127.0.0.1:8710 or [::1]:8710",
                        "http: listen is no numeric address and port");
    if (!address_is_loopback(&address))
        yaml_complain(rd->y, yaml_get(mapping, "listen"), rd->diags, DIAG_WARNING,
                      "listen on loopback, behind a proxy with TLS",
                      "http: what is pushed here, tokens with it, comes in clear");
    return 0;
}

int settings_read_http(const struct reading *rd, yaml_node *mapping)
{
    struct http_setting *http = &rd->s->http;
    int r = bind_mapping(rd->y, mapping, "http", http_keys, http, rd->diags);

    http->is_on = !yaml_is_nothing(mapping);
    if (r < 0)
        return r;
    r = check_listen(rd, mapping);
    if (http->deadline.unit != SPAN_SECONDS || http->deadline.count < 1 ||
        http->deadline.count > DEADLINE_MAX_S)
        r = COMPLAIN(rd, yaml_get(mapping, "deadline"), "for example 30s",
                     "http: deadline is from 1s to 60min");
    for (size_t i = 0; i < http->proxies.count; i++)
        if (!address_is_numeric(http->proxies.items[i]))
            r = COMPLAIN(rd, yaml_get(mapping, "proxies"), "for example 10.0.0.2",
                         "http: proxies lists something that is no numeric address");
    for (size_t i = 0; i < rd->s->feed_count; i++)
        http->is_on |= rd->s->feeds[i].transport == TRANSPORT_PUSH;
    return r;
}
