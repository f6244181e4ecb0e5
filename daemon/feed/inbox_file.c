#include "feed/inbox_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "feed/zipped.h"

static bool ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static bool is_control_name(const char *name)
{
    return ends_in(name, ".ctl") || ends_in(name, ".ok");
}

bool inbox_name_is_sound(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || name[0] == '.' || name[0] == '-' || strchr(name, '/'))
        return false;
    if (!text_is_utf8(name, len))
        return false;
    for (const unsigned char *at = (const unsigned char *)name; *at; at++) {
        /* C0, DEL, and C1 as UTF-8 writes it */
        if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
            return false;
    }
    return !ends_in(name, ".tmp") && !ends_in(name, ".part") && !is_control_name(name);
}

void inbox_name_of_control(const char *name, char out_name[NAME_MAX + 1])
{
    size_t len = strlen(name);

    if (is_control_name(name))
        len -= ends_in(name, ".ok") ? 3 : 4;
    (void)snprintf(out_name, NAME_MAX + 1, "%.*s", (int)len, name);
}

bool inbox_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool inbox_same_content(const struct stat *a, const struct stat *b)
{
    return inbox_same_file(a, b) && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void sighting_look(struct sighting *s, const struct stat *st, int64_t now_ms)
{
    if (!inbox_same_file(&s->st, st) && s->st.st_ino != 0) {
        *s = (struct sighting){
            .scan = s->scan, .is_left = s->is_left, .moved_in = s->moved_in, .put_back = s->put_back
        }; /* .received as well is of the file that is gone */
    }
    if (!inbox_same_content(&s->st, st))
        s->still_since = now_ms;
    s->st = *st;
}

static bool is_no_earlier(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec >= b.tv_nsec);
}

/* Change time, which nobody can set: a control file left over from an earlier delivery is older. */
static bool has_control_file(int folder, const char *name, const struct stat *file)
{
    static const char *const suffixes[] = { ".ctl", ".ok" };
    char control[NAME_MAX + 8];
    struct stat st;

    for (size_t n = 0; n < 2; n++) {
        (void)snprintf(control, sizeof control, "%s%s", name, suffixes[n]);
        if (fstatat(folder, control, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            is_no_earlier(st.st_ctim, file->st_ctim))
            return true;
    }
    return false;
}

void inbox_remove_control_files(int folder, const char *name)
{
    char control[NAME_MAX + 8];

    (void)snprintf(control, sizeof control, "%s.ctl", name);
    (void)unlinkat(folder, control, 0);
    (void)snprintf(control, sizeof control, "%s.ok", name);
    (void)unlinkat(folder, control, 0);
}

/* A line end as the last byte, or the end record of a zip archive. Returns 1, 0 or -errno. */
static int has_end(int fd, off_t size, bool *out_is_zip)
{
    char head[4], last;
    ssize_t n = pread(fd, head, sizeof head, 0);

    if (n < 0)
        return -errno;
    *out_is_zip = zipped_is(head, (size_t)n);
    if (*out_is_zip)
        return zipped_has_end(fd, size);
    n = pread(fd, &last, 1, size - 1);
    return n < 0 ? -errno : n == 1 && last == '\n';
}

bool sighting_is_complete(const struct sighting *s, int folder, const char *name, int fd,
                          const struct proof_rules *rules, const char **out_why)
{
    bool is_still = rules->now_ms - s->still_since >= rules->still_ms;
    bool trusts_newline = rules->trusts_newline, is_zip = false;
    int ended;

    if (inbox_same_file(&s->moved_in, &s->st) || has_control_file(folder, name, &s->st))
        return true;
    if (s->st.st_size == 0) {
        /* Just made by somebody who is about to write, or truly empty: time tells. */
        return is_still ||
               (trusts_newline && time(NULL) - s->st.st_mtime >= rules->still_ms / 1000);
    }
    ended = has_end(fd, s->st.st_size, &is_zip);
    if (ended < 0) {
        *out_why = strerror(-ended);
        return false;
    }
    if (ended == 0 && (trusts_newline || is_still))
        *out_why = is_zip ? "the end of this zip archive is not there yet; rename it in, or put a "
                            "control file beside it"
                          : "its last line has no line end; rename it in, or put a control file "
                            "beside it";
    return ended == 1 && (trusts_newline || is_still);
}

int inbox_open_plain(int folder, const char *name, struct stat *out_st, const char **out_why)
{
    struct stat st;
    int fd;

    /* First by name, since opening a device may do things; then again by descriptor (F15). */
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (S_ISLNK(st.st_mode))
        *out_why = "is a symbolic link";
    else if (!S_ISREG(st.st_mode))
        *out_why = "is not a regular file";
    else if (st.st_nlink != 1)
        *out_why = "has a second name (hard link)";
    *out_st = st;
    if (*out_why)
        return -ELOOP;
    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
        close(fd);
        return -EAGAIN; /* swapped in between: the next look sees what it is now */
    }
    *out_st = st;
    return fd;
}
