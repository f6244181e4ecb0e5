#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static int port_of(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long port = digits && digits <= 5 && !text[digits] ? strtol(text, NULL, 10) : -1;

    return port >= 0 && port <= 65535 ? (int)port : -EINVAL;
}

int address_parse(const char *text, struct sockaddr_storage *out_address)
{
    const char *colon = strrchr(text, ':');
    int port = colon ? port_of(colon + 1) : -EINVAL;
    char host[INET6_ADDRSTRLEN + 2];
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

    if (port < 0 || (size_t)(colon - text) >= sizeof host)
        return -EINVAL;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    size_t len = strlen(host);

    *out_address = (struct sockaddr_storage){ 0 };
    in.sin_port = in6.sin6_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        memcpy(out_address, &in, sizeof in);
        return sizeof in;
    }
    if (len < 2 || host[0] != '[' || host[len - 1] != ']')
        return -EINVAL;
    host[len - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &in6.sin6_addr) != 1)
        return -EINVAL;
    memcpy(out_address, &in6, sizeof in6);
    return sizeof in6;
}

bool address_is_loopback(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

bool address_is_numeric(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}
