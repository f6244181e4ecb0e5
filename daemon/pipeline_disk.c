#include "pipeline_internal.h"

#include <stdio.h>
#include <string.h>

#include <errno.h>

#include "base/log.h"

#define DISK_WAIT_FIRST_MS 1000
#define DISK_WAIT_LAST_MS  60000
#define RESCAN_MS          31000 /* by then an inbox has offered again what was left */

bool disk_error_is_full(int error)
{
    return error == -ENOSPC || error == -EDQUOT || error == -EFBIG;
}

bool disk_rests(const struct pipeline *p)
{
    return p->disk_trouble[0] && clock_mono(&p->clock).ms < p->disk_retry_at.ms;
}

void disk_is_full(struct pipeline *p, const char *what, int error)
{
    bool is_known = p->disk_trouble[0] != '\0';

    p->disk_wait_ms = !is_known                                 ? DISK_WAIT_FIRST_MS
                      : p->disk_wait_ms < DISK_WAIT_LAST_MS / 2 ? p->disk_wait_ms * 2
                                                                : DISK_WAIT_LAST_MS;
    p->disk_retry_at.ms = clock_mono(&p->clock).ms + p->disk_wait_ms;
    (void)snprintf(p->disk_trouble, sizeof p->disk_trouble, "%s: %s", what, strerror(-error));
    if (!is_known)
        log_error("disk", "%s; tried again until there is room", p->disk_trouble);
}

void disk_is_well(struct pipeline *p)
{
    if (p->disk_trouble[0])
        log_info("disk", "there is room again");
    p->disk_trouble[0] = '\0';
}

void disk_tick(struct pipeline *p)
{
    if (p->disk_trouble[0] && clock_mono(&p->clock).ms > p->disk_retry_at.ms + RESCAN_MS)
        disk_is_well(p);
}
