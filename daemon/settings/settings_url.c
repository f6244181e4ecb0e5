/*
 * settings_url - addresses of mail and web, checked before anybody connects to them
 */
#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "settings/settings_internal.h"

#define MAIL_MAX       254
#define MAIL_LOCAL_MAX 64
#define HOST_LABEL_MAX 63

/* Letters, digits and "-" in labels joined by single dots; no label empty or edged with "-". */
static bool host_ok(const char *host, size_t len)
{
    size_t label = 0;

    if (len == 0 || len > 253)
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (i == len || host[i] == '.') {
            if (label == 0 || label > HOST_LABEL_MAX || host[i - 1] == '-')
                return false;
            label = 0;
        } else if (isalnum((unsigned char)host[i]) || (host[i] == '-' && label > 0)) {
            label++;
        } else {
            return false;
        }
    }
    return true;
}

bool settings_host_ok(const char *host)
{
    return host_ok(host, strlen(host));
}

bool settings_mail_ok(const char *address)
{
    const char *at;
    size_t local;

    assert(address);
    at = strchr(address, '@');
    if (!at || at == address || strlen(address) > MAIL_MAX)
        return false;
    local = (size_t)(at - address);
    if (local > MAIL_LOCAL_MAX || address[0] == '.' || at[-1] == '.')
        return false;
    for (const char *s = address; s < at; s++) {
        if (!isalnum((unsigned char)*s) && !strchr("!#$%&'*+/=?^_`{|}~-.", *s))
            return false;
        if (s[0] == '.' && s[1] == '.')
            return false;
    }
    return host_ok(at + 1, strlen(at + 1));
}

static bool ipv4_private(uint32_t a)
{
    return a >> 24 == 127 || a >> 24 == 10 || a >> 24 == 0 || a >> 20 == 0xac1 ||
           a >> 16 == 0xc0a8 || a >> 16 == 0xa9fe || a >> 22 == 0x191;
}

static bool ipv6_private(const struct in6_addr *a)
{
    const unsigned char *b = a->s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(a))
        return ipv4_private((uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 |
                            b[15]);
    return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a) || (b[0] & 0xfe) == 0xfc ||
           (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

static int judge_host(struct settings_url *u, bool bracketed, const char **out_why)
{
    struct in_addr v4;
    struct in6_addr v6;
    const char *last = strrchr(u->host, '.');

    last = last ? last + 1 : u->host;
    if (bracketed) {
        if (inet_pton(AF_INET6, u->host, &v6) != 1)
            return *out_why = "has no valid address between the brackets", -EINVAL;
        u->is_address = true;
        u->is_private = ipv6_private(&v6);
    } else if (inet_pton(AF_INET, u->host, &v4) == 1) {
        u->is_address = true;
        u->is_private = ipv4_private(ntohl(v4.s_addr));
    } else if (!host_ok(u->host, strlen(u->host)) || isdigit((unsigned char)*last)) {
        /* A last label with a leading digit is an address in disguise (0x7f.1, 2130706433). */
        return *out_why = "has no valid host name", -EINVAL;
    } else {
        size_t len = strlen(u->host);

        u->is_private = strcasecmp(u->host, "localhost") == 0 ||
                        (len > 10 && strcasecmp(u->host + len - 10, ".localhost") == 0);
    }
    return 0;
}

static int read_authority(const char *s, size_t len, struct settings_url *u, const char **out_why)
{
    bool bracketed = len > 0 && s[0] == '[';
    const char *end = s + len, *host = s + bracketed;
    const char *host_end = memchr(host, bracketed ? ']' : ':', (size_t)(end - host));

    if (!host_end && bracketed)
        return *out_why = "has a bracket that is not closed", -EINVAL;
    if (!host_end)
        host_end = end;
    const char *port = host_end + bracketed;

    if ((size_t)(host_end - host) >= sizeof u->host)
        return *out_why = "has too long a host name", -EINVAL;
    memcpy(u->host, host, (size_t)(host_end - host));
    u->host[host_end - host] = '\0';
    if (port < end) {
        size_t digits = 0;

        if (*port != ':')
            return *out_why = "has no valid host name", -EINVAL;
        for (port++; port + digits < end && isdigit((unsigned char)port[digits]); digits++)
            u->port = digits < 6 ? u->port * 10 + (port[digits] - '0') : u->port;
        if (digits == 0 || digits > 5 || port + digits != end || u->port < 1 || u->port > 65535)
            return *out_why = "has no valid port (1 to 65535)", -EINVAL;
    }
    return judge_host(u, bracketed, out_why);
}

int settings_url_parse(const char *url, struct settings_url *out_url, const char **out_why)
{
    struct settings_url u = { .port = 0 };
    const char *colon;

    assert(url && out_url && out_why);
    colon = strstr(url, "://");
    if (!colon || colon == url || (size_t)(colon - url) >= sizeof u.scheme)
        return *out_why = "does not begin with a scheme such as https://", -EINVAL;
    for (const char *s = url; s < colon; s++)
        u.scheme[s - url] = (char)tolower((unsigned char)*s);
    *out_url = u;
    for (const char *s = url; *s; s++) {
        if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f || strchr("\\\"<>^`{|}", *s))
            return *out_why = "holds a blank or a character that must be escaped", -EINVAL;
    }
    const char *authority = colon + 3;
    size_t len = strcspn(authority, "/?#");

    if (memchr(authority, '@', len))
        return *out_why = "holds a user name or password, which belongs in a file", -EINVAL;
    if (len == 0)
        return *out_why = "has no host", -EINVAL;
    int r = read_authority(authority, len, &u, out_why);

    if (r < 0)
        return r;
    u.has_rest = authority[len] && strcmp(authority + len, "/") != 0;
    *out_url = u;
    return 0;
}
