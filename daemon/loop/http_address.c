#include "loop/http_address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

struct block4 {
    uint32_t network;
    int bits;
};

#define IP4(a, b, c, d) (((uint32_t)(a) << 24) | ((uint32_t)(b) << 16) | ((c) << 8) | (d))

/* IANA special-purpose registry: everything that is not globally reachable. */
static const struct block4 inside4[] = {
    { IP4(0, 0, 0, 0), 8 },     { IP4(10, 0, 0, 0), 8 },      { IP4(100, 64, 0, 0), 10 },
    { IP4(127, 0, 0, 0), 8 },   { IP4(169, 254, 0, 0), 16 },  { IP4(172, 16, 0, 0), 12 },
    { IP4(192, 0, 0, 0), 24 },  { IP4(192, 0, 2, 0), 24 },    { IP4(192, 168, 0, 0), 16 },
    { IP4(198, 18, 0, 0), 15 }, { IP4(198, 51, 100, 0), 24 }, { IP4(203, 0, 113, 0), 24 },
    { IP4(224, 0, 0, 0), 4 },   { IP4(240, 0, 0, 0), 4 },
};

static bool public4(uint32_t address)
{
    for (size_t i = 0; i < sizeof inside4 / sizeof inside4[0]; i++) {
        uint32_t mask = ~(uint32_t)0 << (32 - inside4[i].bits);

        if ((address & mask) == inside4[i].network)
            return false;
    }
    return true;
}

static uint32_t word_at(const unsigned char *bytes)
{
    return IP4(bytes[0], (uint32_t)bytes[1], (uint32_t)bytes[2], (uint32_t)bytes[3]);
}

static bool public6(const unsigned char a[16])
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    static const unsigned char nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

    if (memcmp(a, mapped, sizeof mapped) == 0 || memcmp(a, nat64, sizeof nat64) == 0)
        return public4(word_at(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 carries an IPv4 address */
        return public4(word_at(a + 2));
    if (a[0] == 0x20 && a[1] == 0x01 &&
        (a[2] & 0xfe) == 0) /* 2001::/23: Teredo and other protocols */
        return false;
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) /* documentation */
        return false;
    /* Global unicast is 2000::/3; ::, ::1, fc00::/7, fe80::/10 and ff00::/8 all lie outside. */
    return (a[0] & 0xe0) == 0x20;
}

bool http_address_is_public(const struct sockaddr *address, size_t len)
{
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof in);
        return public4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof in6);
        return public6(in6.sin6_addr.s6_addr);
    }
    return false;
}

static long clamp(double seconds)
{
    if (seconds < RETRY_AFTER_MIN_S)
        return RETRY_AFTER_MIN_S;
    return seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : (long)seconds;
}

long http_retry_after(const char *value, time_t now)
{
    size_t len, digits;
    time_t at;

    value += strspn(value, " \t");
    len = strcspn(value, "\r\n");
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    digits = strspn(value, "0123456789");
    if (len > 0 && digits == len) {
        double seconds = 0;

        for (size_t i = 0; i < digits && seconds <= RETRY_AFTER_MAX_S; i++)
            seconds = seconds * 10 + (value[i] - '0');
        return clamp(seconds);
    }
    /* curl_getdate() also takes words that are no HTTP date; those end in GMT and begin with a day.
     */
    if (len < 20 || len > 40 || memcmp(value + len - 3, "GMT", 3) != 0 ||
        !strchr("MTWFS", value[0]))
        return 0;
    at = curl_getdate(value, NULL);
    return at == (time_t)-1 ? 0 : clamp(difftime(at, now));
}
