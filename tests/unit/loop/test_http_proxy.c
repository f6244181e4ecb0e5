/*
 * Which hosts are reached without the proxy.
 */
#include "loop/http_private.h"
#include "support/unit.h"

static const struct {
    const char *url, *except;
    bool is_proxied;
} rows[] = {
    { "https://receiver.example/x", "receiver.example", false },
    { "https://RECEIVER.example:8443/x", "receiver.Example", false },
    { "https://a.b.receiver.example/", "receiver.example", false },
    { "https://receiver.example/", ".receiver.example", false },
    { "https://receiver.example/", "example", false },
    { "https://notreceiver.example/", "receiver.example", true },
    { "https://receiver.example.org/", "receiver.example", true },
    { "https://receiver.example/", "a.receiver.example", true },
    { "https://receiver.example/", "", true },
    { "https://example.org/receiver.example", "receiver.example", true },
    { "https://192.0.2.1/", "192.0.2.1", false },
    { "https://192.0.2.10/", "192.0.2.1", true },
    { "https://[2001:db8::1]:443/", "2001:db8::1", false },
    { "http://localhost:1/", "x", false },
    { "http://127.1.2.3/", "x", false },
    { "http://[::1]/", "x", false },
};

START_TEST(a_host_that_is_named_or_below_one_or_this_one_is_reached_without_the_proxy)
{
    struct http h = { .proxy = NULL };
    char *except[] = { (char *)(uintptr_t)rows[_i].except };

    ck_assert(!http_is_proxied(&h, rows[_i].url));
    ck_assert_int_eq(http_use_proxy(&h, "http://proxy.example:3128", except, 1), 0);
    ck_assert_msg(http_is_proxied(&h, rows[_i].url) == rows[_i].is_proxied, "%s, %s", rows[_i].url,
                  rows[_i].except);
    ck_assert_int_eq(http_use_proxy(&h, NULL, NULL, 0), 0);
    ck_assert(!http_is_proxied(&h, rows[_i].url));
}
END_TEST

UNIT_MAIN("http_proxy",
          UNIT_ROWS(a_host_that_is_named_or_below_one_or_this_one_is_reached_without_the_proxy,
                    rows))
