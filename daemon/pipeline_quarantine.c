#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"

int quarantine_keep(struct pipeline *p, const char *sha256, struct archive_file *file)
{
    AUTO(auto_free) char *folder = path_join(p->config->settings->state, "quarantine");
    int r = folder ? folder_make(folder) : -ENOMEM;

    if (r == 0)
        return archive_divert(file, folder, sha256);
    archive_abort(file);
    return r;
}

int quarantine_erase(struct pipeline *p, const char *sha256)
{
    AUTO(auto_free) char *folder = path_join(p->config->settings->state, "quarantine");
    AUTO(auto_free) char *path = folder ? path_join(folder, sha256) : NULL;

    if (!path)
        return -ENOMEM;
    if (strspn(sha256, "0123456789abcdef") != strlen(sha256))
        return -EINVAL;
    if (unlink(path) < 0)
        return errno == ENOENT ? 1 : -errno;
    return folder_sync(folder);
}
