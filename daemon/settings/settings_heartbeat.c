/*
 * settings_heartbeat - `heartbeat:`, the sign of life for a monitor outside
 */
#include <errno.h>
#include <string.h>

#include "settings/settings_internal.h"

#define FIELD(name) BIND_FIELD(struct heartbeat_setting, name)

#define EVERY_MAX_S 86400

const struct bind_key heartbeat_keys[] = {
    { "url", BIND_TEXT, FIELD(url), NULL, 0, 0, NULL, 0,
      "an address that is asked for (GET); it may hold the key of the monitor" },
    { "receiver", BIND_TEXT, FIELD(receiver), NULL, 0, 0, NULL, 0,
      "in place of url: a webhook receiver that gets a signed event" },
    { "every", BIND_DURATION, FIELD(every), "5min", 0, 0, NULL, 0,
      "how often; 1s to 24h, and the monitor is to wait for longer" },
    { "allow_private", BIND_BOOL, FIELD(allow_private), "false", 0, 0, NULL, 0,
      "url: loopback and private addresses, and plain http to them" },
    { "ca_file", BIND_TEXT, FIELD(ca_file), NULL, 0, 0, NULL, 0,
      "url: certificates of authorities to trust in place of the system's" },
    BIND_END,
};

static int check_receiver(const struct reading *rd, yaml_node *mapping)
{
    const struct heartbeat_setting *h = &rd->s->heartbeat;
    const struct receiver_setting *r = settings_receiver(rd->s, h->receiver);

    if (!r)
        return COMPLAIN(rd, yaml_get(mapping, "receiver"),
                        "receivers are declared under receivers:",
                        "heartbeat: receiver \"%s\" is no receiver", h->receiver);
    if (r->kind != RECEIVER_WEBHOOK)
        return COMPLAIN(rd, yaml_get(mapping, "receiver"), "url: asks for any address",
                        "heartbeat: receiver \"%s\" is no webhook", h->receiver);
    return 0;
}

int settings_read_heartbeat(const struct reading *rd, yaml_node *mapping)
{
    struct heartbeat_setting *h = &rd->s->heartbeat;
    int r = bind_mapping(rd->y, mapping, "heartbeat", heartbeat_keys, h, rd->diags);

    if (r < 0 || yaml_is_nothing(mapping))
        return r;
    if (!h->url == !h->receiver)
        r = COMPLAIN(rd, mapping, "url: https://monitor.example/key",
                     "heartbeat: needs either url or receiver");
    if (h->every.unit != SPAN_SECONDS || h->every.count < 1 || h->every.count > EVERY_MAX_S)
        r = COMPLAIN(rd, yaml_get(mapping, "every"), "for example 5min",
                     "heartbeat: every is from 1s to 24h");
    r = settings_worse(
        r, settings_check_url(rd, yaml_get(mapping, "url"), "heartbeat", h->url, h->allow_private));
    r = settings_worse(r, settings_resolve(rd->folder, &h->ca_file));
    r = settings_worse(r, settings_require_file(rd, yaml_get(mapping, "ca_file"),
                                                "heartbeat: ca_file", h->ca_file));
    return r < 0 || !h->receiver ? r : check_receiver(rd, mapping);
}
