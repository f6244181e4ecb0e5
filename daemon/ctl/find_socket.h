/*
 * find_socket - the control socket of the daemon that runs by a settings file
 *
 * Only `control:` and `state:` matter for that, so a daemon that kept its last good settings after
 * a bad edit can still be asked.
 */
#ifndef CTL_FIND_SOCKET_H
#define CTL_FIND_SOCKET_H

#include "base/diag.h"

/**
 * @out_path  malloc'ed
 * Returns 0; -EINVAL with messages when the file is missing, no YAML, or without either key and
 * otherwise wrong.
 */
int find_socket(const char *config, const char *datadir, struct diags *diags, char **out_path);
/** Whether the whole settings file is right: 0, or -EINVAL with messages. */
int find_socket_check(const char *config, const char *datadir, struct diags *diags);

#endif
