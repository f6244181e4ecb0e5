#include "pipeline_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"

#define READ_BYTES (64u << 10)

int quarantine_keep(struct pipeline *p, const char *sha256, int fd)
{
    AUTO(text_release) struct text folder = TEXT_INIT;
    AUTO(text_release) struct text path = TEXT_INIT;
    AUTO(auto_free) char *buffer = malloc(READ_BYTES);

    (void)text_printf(&folder, "%s/quarantine", p->config->settings->state);
    (void)text_printf(&path, "%s/%s", text_str(&folder), sha256);
    if (!buffer || !text_ok(&folder) || !text_ok(&path))
        return -ENOMEM;
    int r = folder_make(text_str(&folder));
    int out =
        r == 0 ? open(text_str(&path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)
               : -1;

    if (r == 0 && out < 0)
        r = -errno;
    if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
        r = -errno;
    while (r == 0) {
        ssize_t n = read(fd, buffer, READ_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            r = n < 0 ? -errno : 0;
            break;
        }
        r = file_write_all(out, buffer, (size_t)n);
    }
    if (r == 0)
        r = file_sync(out);
    if (out >= 0)
        close(out);
    return r == 0 ? folder_sync(text_str(&folder)) : r;
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
