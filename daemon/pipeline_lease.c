#include "pipeline_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

/*
 * The newest fence number ever used from this state folder, in a small file of its own. It is written
 * in place, so that a full disk does not keep a daemon from leading; what cannot be read counts as 0:
 * a token's nonce still sets it apart.
 */

#define NUMBER_TEXT "%020" PRIu64 "\n"
#define NUMBER_LEN  21

int lease_open(struct pipeline *p)
{
    AUTO(auto_free) char *path = path_join(p->config->settings->state, "fence");
    AUTO(text_release) struct text text = TEXT_INIT;
    char *end = NULL;

    if (!path)
        return -ENOMEM;
    p->fence_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (p->fence_fd < 0)
        return -errno;
    int r = file_read_rest(p->fence_fd, &text);

    if (r < 0)
        return r;
    if (text.len == 0)
        return folder_sync_parent(path);
    p->fence_number = strtoull(text.buf, &end, 10);
    if (text.len != NUMBER_LEN || *end != '\n') {
        log_warning("lease", "file=%s cannot be read: the number in Redis alone counts", path);
        p->fence_number = 0;
    }
    return 0;
}

int lease_fence(void *arg, uint64_t number)
{
    struct pipeline *p = arg;
    char text[NUMBER_LEN + 1];
    int len = snprintf(text, sizeof text, NUMBER_TEXT, number);
    int r = file_write_all_at(p->fence_fd, text, (size_t)len, 0);

    if (r == 0)
        r = file_sync(p->fence_fd);
    if (r == 0)
        p->fence_number = number;
    else if (disk_error_is_full(r))
        disk_is_full(p, "the fence number cannot be kept", r);
    return r;
}

/* This state folder on this machine: a copy of the folder has another lock file. */
int lease_holder(const struct pipeline *p, char out_holder[LEASE_HOLDER_MAX],
                 char out_name[LEASE_NAME_MAX])
{
    char host[64] = "";
    struct stat st;

    if (fstat(p->lock_fd, &st) < 0)
        return -errno;
    (void)gethostname(host, sizeof host - 1);
    for (char *c = host; *c; c++)
        if (*c <= ' ')
            *c = '-';
    (void)snprintf(out_holder, LEASE_HOLDER_MAX, "%s/%s/%jx-%jx", p->epoch, host,
                   (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    (void)snprintf(out_name, LEASE_NAME_MAX, "%s:%s", host, p->config->settings->state);
    return 0;
}

/* ---- at the end ---- */

static void on_released(void *arg, int result)
{
    struct pipeline *p = arg;

    (void)result; /* a lease that could not be given back ends by itself */
    (void)event_base_loopbreak(p->base);
}

void lease_release(struct pipeline *p)
{
    const struct timeval patience = { 1, 0 };

    if (store_release(p->store, on_released, p) < 0)
        return;
    (void)event_base_loopexit(p->base, &patience);
    (void)event_base_dispatch(p->base);
}
