/*
 * ctl_socket - reaching a unix socket by a path of any length, and asking one question
 *
 * A socket address holds 107 bytes; a state folder may lie deeper. So the folder is opened first
 * and the socket is named through /proc/self/fd. Blocking calls: for waitlistctl, not for the
 * loop (ctl_socket_connect to a listening unix socket returns at once).
 */
#ifndef CTL_CTL_SOCKET_H
#define CTL_CTL_SOCKET_H

#include <jansson.h>
#include <stddef.h>
#include <sys/un.h>

/**
 * Opens the folder that holds path and writes the address that names the socket through it.
 * The address is good while the descriptor is open.
 * Returns the descriptor (close-on-exec); -ENAMETOOLONG; -errno.
 */
int ctl_socket_address(const char *path, struct sockaddr_un *out_address);
/** Returns a connected descriptor (close-on-exec, non-blocking), or -errno. */
int ctl_socket_connect(const char *path);
/**
 * Sends request (borrowed) and reads the answer until its line end, at most timeout_s seconds.
 *
 * @out_line  malloc'ed, NUL-terminated; its length
 * Returns 0; -ETIMEDOUT; -EPROTO when the other end closes without an answer; -EFBIG; -errno.
 */
int ctl_socket_ask(const char *path, const json_t *request, int timeout_s, char **out_line,
                   size_t *out_len);

#endif
