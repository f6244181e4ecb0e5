#include "ctl/feed_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/text.h"

#define READ_BYTES      65536
#define STDIN_MAX_BYTES (256u << 20)

/* A pipe can be read once and the parse is done twice: its bytes go to a file in memory. */
static int hold_all(int from)
{
    static char buf[READ_BYTES];
    AUTO(fd_close) int held = memfd_create("feed", MFD_CLOEXEC);
    size_t total = 0;

    if (held < 0)
        return -errno;
    for (;;) {
        ssize_t n = read(from, buf, sizeof buf);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        total += (size_t)n;
        int r = total > STDIN_MAX_BYTES ? -EFBIG : file_write_all(held, buf, (size_t)n);

        if (r < 0)
            return r;
    }
    int fd = held;

    held = -1;
    return fd;
}

int feed_input_open(const char *file)
{
    AUTO(fd_close)
    int fd = strcmp(file, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                    : open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return hold_all(fd);
    int opened = fd;

    fd = -1;
    return opened;
}

static int unknown_format(const char *command, const struct format_set *set, const char *id)
{
    const char *const *ids = format_set_ids(set);
    size_t n = 0;

    while (ids[n])
        n++;
    const char *near = diag_nearest(id, ids, n);

    fprintf(stderr, "waitlistctl: %s: no format \"%s\"", command, id);
    if (near)
        fprintf(stderr, "; did you mean \"%s\"?", near);
    fputs("\nformats:", stderr);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, " %s", ids[i]);
    fputc('\n', stderr);
    return 2;
}

int feed_format_open(const char *command, const char *datadir, const char **folders,
                     size_t folder_count, const char *id, struct format_set **out_set,
                     const struct format **out_format)
{
    AUTO(text_release) struct text shipped = TEXT_INIT;
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    int r;

    if (text_printf(&shipped, "%s/formats", datadir) < 0)
        return 1;
    folders[0] = text_str(&shipped);
    r = format_set_load(folders, folder_count, &diags, out_set);
    folders[0] = NULL;
    diags_print(&diags, stderr);
    if (r < 0)
        return 78;
    *out_format = format_set_find(*out_set, id);
    return *out_format ? 0 : unknown_format(command, *out_set, id);
}
