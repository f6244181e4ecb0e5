/*
 * settings_proxy - `proxy:` and `no_proxy:`, how what is posted and fetched leaves this network
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "settings/settings_internal.h"

static bool is_host_or_address(const char *text)
{
    struct in6_addr any;

    return settings_host_ok(text) || inet_pton(AF_INET6, text, &any) == 1;
}

int settings_check_proxy(const struct reading *rd, yaml_node *root)
{
    const struct settings *s = rd->s;
    struct settings_url u = { .port = 0 };
    const char *why = NULL;
    int r = 0;

    for (size_t i = 0; i < s->no_proxy.count; i++)
        if (!is_host_or_address(s->no_proxy.items[i]))
            r = COMPLAIN(rd, yaml_get(root, "no_proxy"), "for example [example.nhs.uk, 10.1.2.3]",
                         "no_proxy: \"%s\" is no host, domain or address", s->no_proxy.items[i]);
    if (!s->proxy)
        return r;
    if (settings_url_parse(s->proxy, &u, &why) < 0)
        return COMPLAIN(rd, yaml_get(root, "proxy"), "http://host:port", "proxy: the url %s", why);
    if (strcmp(u.scheme, "http") != 0)
        return COMPLAIN(rd, yaml_get(root, "proxy"), "http://host:port",
                        "proxy: scheme %s:// is not spoken to a proxy", u.scheme);
    if (u.has_rest || !u.port)
        return COMPLAIN(rd, yaml_get(root, "proxy"), "http://host:port",
                        "proxy: a host and a port and nothing else");
    return r;
}
