/*
 * http_address - which addresses a webhook may reach, and how long a server asks us to wait
 *
 * Pure. The address is judged at connect, after name resolution, so a name that resolves to an
 * inside address is refused like the address itself. Allocates nothing.
 */
#ifndef LOOP_HTTP_ADDRESS_H
#define LOOP_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct sockaddr;

#define RETRY_AFTER_MIN_S 1
#define RETRY_AFTER_MAX_S 3600

/**
 * Whether the address is on the public internet: not loopback, link-local, private, shared,
 * multicast or reserved, nor such an IPv4 address inside an IPv6 one. Other families are not.
 */
bool http_address_is_public(const struct sockaddr *address, size_t len);

/**
 * Reads the value of a Retry-After header: whole seconds, or an HTTP date. Returns 1 to 3600; 0
 * for anything else. A date in the past, and 0 seconds, mean the least wait.
 */
long http_retry_after(const char *value, time_t now);

#endif
