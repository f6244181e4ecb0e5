/*
 * address - a numeric address and a port, as text
 *
 * Pure: no name is looked up. "127.0.0.1:8710", "[::1]:8710"; port 0 asks for a free one.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/** Returns the length of the address, or -EINVAL. */
int address_parse(const char *text, struct sockaddr_storage *out_address);
bool address_is_loopback(const struct sockaddr_storage *address);
/** Whether the text is a numeric address, without a port. */
bool address_is_numeric(const char *text);

#endif
