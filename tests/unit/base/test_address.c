#include "base/address.h"

#include <errno.h>

#include "support/unit.h"

static const struct {
    const char *text;
    int family; /* 0: none */
    bool is_loopback;
} addresses[] = {
    { "127.0.0.1:8710", AF_INET, true },
    { "127.255.0.1:0", AF_INET, true },
    { "0.0.0.0:65535", AF_INET, false },
    { "[::1]:8710", AF_INET6, true },
    { "[fe80::1]:80", AF_INET6, false },
    { "127.0.0.1", 0, false },
    { "127.0.0.1:", 0, false },
    { "127.0.0.1:65536", 0, false },
    { "127.0.0.1:+1", 0, false },
    { "127.0.0.1:000080", 0, false },
    { "::1:80", 0, false },
    { "[::1:80", 0, false },
    { "localhost:80", 0, false },
    { ":80", 0, false },
    { "", 0, false },
};

START_TEST(an_address_and_port_are_numeric_or_none)
{
    struct sockaddr_storage a;
    int len = address_parse(addresses[_i].text, &a);

    if (addresses[_i].family == 0) {
        ck_assert_msg(len == -EINVAL, "%s", addresses[_i].text);
        return;
    }
    ck_assert_msg(len > 0 && a.ss_family == addresses[_i].family, "%s", addresses[_i].text);
    ck_assert(address_is_loopback(&a) == addresses[_i].is_loopback);
}
END_TEST

START_TEST(an_address_alone_has_no_port)
{
    ck_assert(address_is_numeric("127.0.0.1") && address_is_numeric("::1"));
    ck_assert(!address_is_numeric("127.0.0.1:80") && !address_is_numeric("localhost") &&
              !address_is_numeric(""));
}
END_TEST

UNIT_MAIN("address", UNIT_ROWS(an_address_and_port_are_numeric_or_none, addresses),
          UNIT_TEST(an_address_alone_has_no_port))
