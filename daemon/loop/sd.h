/*
 * sd - telling systemd how the service fares
 *
 * A thin edge over libsystemd's notification protocol. Does nothing, and costs nothing, when the
 * process was not started by systemd (no NOTIFY_SOCKET). Status texts are one line: control
 * characters become blanks, so no text can forge another assignment. No status names a person.
 */
#ifndef LOOP_SD_H
#define LOOP_SD_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct sd_watchdog;

/* Each returns 1 when told, 0 when nobody listens, -errno when telling failed. */

/** Settings and plans are loaded, the control socket listens. status may be NULL. */
int sd_tell_ready(const char *status);
/** STATUS=, shown by `systemctl status`. The same text again is not sent again. */
int sd_tell_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** A reload begins; sd_tell_ready ends it. Carries MONOTONIC_USEC, which newer versions require. */
int sd_tell_reloading(void);
int sd_tell_stopping(const char *status);
/** The start or stop in progress may take this many seconds more, counted from now. */
int sd_tell_extend(unsigned seconds);

/**
 * Pings at half of the interval that systemd asks for, from a timer of the loop: so a ping proves
 * that the loop turns. is_well is asked first (NULL: always well) and withholds the ping when a
 * worker has missed its own deadline.
 *
 * @out_watchdog  NULL when systemd asks for no watchdog
 * Returns 0; -ENOMEM; -EINVAL when the environment's values make no sense.
 */
int sd_watchdog_start(struct event_base *base, bool (*is_well)(void *arg), void *arg,
                      struct sd_watchdog **out_watchdog);
/** The time between two pings in microseconds; 0 for NULL. */
uint64_t sd_watchdog_interval_us(const struct sd_watchdog *w);
void sd_watchdog_stop(struct sd_watchdog *w);

#endif
