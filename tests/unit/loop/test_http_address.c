#include "loop/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "support/unit.h"

static const struct {
    const char *address;
    bool is_public;
} addresses[] = {
    { "8.8.8.8", true },
    { "0.0.0.0", false },
    { "10.255.255.255", false },
    { "9.255.255.255", true },
    { "11.0.0.0", true },
    { "100.64.0.1", false },
    { "100.63.255.255", true },
    { "100.128.0.0", true },
    { "127.0.0.1", false },
    { "128.0.0.1", true },
    { "169.254.169.254", false },
    { "172.15.255.255", true },
    { "172.16.0.1", false },
    { "172.31.255.255", false },
    { "172.32.0.0", true },
    { "192.168.1.1", false },
    { "192.169.0.1", true },
    { "198.18.0.1", false },
    { "224.0.0.1", false },
    { "255.255.255.255", false },
    { "::", false },
    { "::1", false },
    { "fe80::1", false },
    { "fc00::1", false },
    { "fdff::1", false },
    { "ff02::1", false },
    { "::ffff:127.0.0.1", false },
    { "::ffff:8.8.8.8", true },
    { "64:ff9b::10.0.0.1", false },
    { "64:ff9b::8.8.8.8", true },
    { "2002:7f00:1::1", false },
    { "2002:808:808::1", true },
    { "2001:0:1::1", false },
    { "2001:db8::1", false },
    { "2a00:1450::1", true },
    { "::127.0.0.1", false },
};

START_TEST(inside_addresses_are_known_in_every_form)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    const char *text = addresses[_i].address;
    bool got;

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        got = http_address_is_public((struct sockaddr *)&in, sizeof in);
    } else {
        ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        got = http_address_is_public((struct sockaddr *)&in6, sizeof in6);
    }
    ck_assert_msg(got == addresses[_i].is_public, "%s", text);
}
END_TEST

START_TEST(another_family_or_a_cut_address_is_not_public)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct sockaddr_in in = { .sin_family = AF_INET };

    ck_assert(!http_address_is_public((struct sockaddr *)&un, sizeof un));
    (void)inet_pton(AF_INET, "8.8.8.8", &in.sin_addr);
    ck_assert(!http_address_is_public((struct sockaddr *)&in, 4));
}
END_TEST

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

static const struct {
    const char *text;
    long seconds;
} waits[] = {
    { "7", 7 },
    { " 7 \r\n", 7 },
    { "0", 1 },
    { "3600", 3600 },
    { "3601", 3600 },
    { "1000000000000", 3600 },
    { "99999999999999999999999999999999999999999999", 3600 },
    { "Sun, 06 Nov 1994 08:50:37 GMT", 60 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 1 },
    { "Sun, 06 Nov 1983 08:49:37 GMT", 1 },
    { "Sun, 06 Nov 2094 08:49:37 GMT", 3600 },
    { "", 0 },
    { "-1", 0 },
    { "+7", 0 },
    { "1e12", 0 },
    { "7.5", 0 },
    { "5 minutes", 0 },
    { "soon", 0 },
    { "Sun, 99 Foo 1994 08:49:37 GMT", 0 },
    { "tomorrow and tomorrow GMT", 0 },
};

START_TEST(retry_after_is_seconds_or_a_date_and_nothing_else)
{
    ck_assert_msg(http_retry_after(waits[_i].text, NOW) == waits[_i].seconds, "\"%s\" is %ld",
                  waits[_i].text, http_retry_after(waits[_i].text, NOW));
}
END_TEST

UNIT_MAIN("http_address", UNIT_ROWS(inside_addresses_are_known_in_every_form, addresses),
          UNIT_TEST(another_family_or_a_cut_address_is_not_public),
          UNIT_ROWS(retry_after_is_seconds_or_a_date_and_nothing_else, waits))
