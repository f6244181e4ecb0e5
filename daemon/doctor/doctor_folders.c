#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "doctor/doctor_internal.h"

/* Folders that the daemon reads and writes, how much room their disk has, and whether time ran back. */

#define ROOM_LEAST  (64ull << 20) /* below it a full disk is near whatever its size */
#define ROOM_LITTLE (1ull << 30)
#define AHEAD_S     60
#define YEAR_LEAST  2025 /* before this program was written */

/* ---- one folder ---- */

static const char *kind_of(mode_t mode)
{
    return S_ISREG(mode) ? "a file" : S_ISSOCK(mode) ? "a socket" : "something else";
}

const char *folder_mend(int error, bool is_owner, mode_t mode)
{
    if (error == EROFS)
        return "mount -o remount,rw \"$(findmnt -no TARGET -T %s)\"";
    return is_owner && (mode & S_IRWXU) != S_IRWXU ? "chmod u+rwx %s" : "chown waitlistd: %s";
}

/* Returns whether it can be used. */
static bool look_at_folder(struct doctor *d, const char *what, const char *path, bool is_private)
{
    struct stat st;
    char mend[MEND_MAX];

    if (stat(path, &st) < 0) {
        int error = errno;

        if (error == ENOENT && !d->question->is_running)
            say(d, DOCTOR_OK, "folder", path, NULL, "%s: is made at the start", what);
        else
            say(d, DOCTOR_FAIL, "folder", path, mend_path("install -d -m 700 %s", path, mend),
                "%s: %s", what, strerror(error));
        return false;
    }
    if (!S_ISDIR(st.st_mode)) {
        say(d, DOCTOR_FAIL, "folder", path,
            mend_path("mv %s %s.aside && systemctl restart waitlistd", path, mend),
            "%s: %s is in its place", what, kind_of(st.st_mode));
        return false;
    }
    if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) < 0) {
        int error = errno;

        say(d, DOCTOR_FAIL, "folder", path,
            mend_path(folder_mend(error, st.st_uid == geteuid(), st.st_mode), path, mend),
            "%s: cannot be written: %s", what, strerror(error));
        return false;
    }
    if (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
        say(d, DOCTOR_FAIL, "folder", path, mend_path("chmod o-w %s", path, mend),
            "%s: everybody may put files into it (mode %03o)", what, (unsigned)st.st_mode & 0777);
    else if (is_private && st.st_mode & 077)
        say(d, DOCTOR_WARN, "folder", path, mend_path("chmod 700 %s", path, mend),
            "%s: others may look into it (mode %03o)", what, (unsigned)st.st_mode & 0777);
    else
        say(d, DOCTOR_OK, "folder", path, NULL, "%s: can be read and written", what);
    return true;
}

/* Files that wait and cannot be taken. */
static void look_into_inbox(struct doctor *d, const char *path)
{
    DIR *folder = opendir(path);
    size_t unreadable = 0, links = 0;
    char mend[MEND_MAX];

    if (!folder)
        return;
    for (struct dirent *e; (e = readdir(folder));) {
        struct stat st;

        if (e->d_name[0] == '.' || fstatat(dirfd(folder), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        links += S_ISLNK(st.st_mode);
        unreadable +=
            S_ISREG(st.st_mode) && faccessat(dirfd(folder), e->d_name, R_OK, AT_EACCESS) < 0;
    }
    (void)closedir(folder);
    if (unreadable)
        say(d, DOCTOR_FAIL, "inbox", path, mend_path("chmod -R u+rwX,g+rwX %s", path, mend),
            "%zu file%s in it may not be read", unreadable, unreadable == 1 ? "" : "s");
    if (links)
        say(d, DOCTOR_WARN, "inbox", path,
            mend_path("find %s -maxdepth 1 -type l -delete", path, mend),
            "%zu link%s in it: links are not followed, so nobody takes that file", links,
            links == 1 ? "" : "s");
}

/* ---- room ---- */

enum doctor_level room_level(uint64_t free_bytes, uint64_t of_bytes)
{
    if (free_bytes < ROOM_LEAST || free_bytes < of_bytes / 100)
        return DOCTOR_FAIL;
    return free_bytes < ROOM_LITTLE && free_bytes < of_bytes / 5 ? DOCTOR_WARN : DOCTOR_OK;
}

static void look_at_room(struct doctor *d, const char *path)
{
    struct statvfs v;
    char mend[MEND_MAX];

    if (statvfs(path, &v) < 0)
        return;
    uint64_t room = (uint64_t)v.f_bavail * v.f_frsize, of = (uint64_t)v.f_blocks * v.f_frsize;
    enum doctor_level level = room_level(room, of);

    if (v.f_files && v.f_favail < v.f_files / 100 && level != DOCTOR_FAIL)
        say(d, DOCTOR_FAIL, "disk", path,
            mend_path("du --inodes -x %s | sort -n | tail", path, mend),
            "%llu more files may be made there, of %llu", (unsigned long long)v.f_favail,
            (unsigned long long)v.f_files);
    else
        say(d, level, "disk", path,
            level == DOCTOR_OK ? NULL
                               : mend_path("du -xh --max-depth=2 %s | sort -h | tail", path, mend),
            "%llu MiB are free, of %llu", (unsigned long long)(room >> 20),
            (unsigned long long)(of >> 20));
}

void look_at_folders(struct doctor *d, const struct settings *s)
{
    static const char *const parts[] = { "journal", "archive" };

    if (look_at_folder(d, "state", s->state, true)) {
        look_at_room(d, s->state);
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            AUTO(auto_free) char *path = path_join(s->state, parts[i]);

            if (path && (d->question->is_running || access(path, F_OK) == 0))
                (void)look_at_folder(d, parts[i], path, false);
        }
    }
    for (size_t i = 0; i < s->feed_count; i++)
        if (s->feeds[i].transport == TRANSPORT_INBOX && s->feeds[i].inbox &&
            look_at_folder(d, "inbox", s->feeds[i].inbox, false))
            look_into_inbox(d, s->feeds[i].inbox);
    for (size_t i = 0; i < s->receiver_count; i++)
        if (s->receivers[i].kind == RECEIVER_SPOOL &&
            look_at_folder(d, "spool", s->receivers[i].dir, false))
            look_at_room(d, s->receivers[i].dir);
}

/* ---- time ---- */

static time_t newest_in(const char *folder, char out_name[NAME_MAX + 1])
{
    DIR *open = opendir(folder);
    time_t newest = 0;

    out_name[0] = '\0';
    for (struct dirent *e; open && (e = readdir(open));) {
        struct stat st;

        if (fstatat(dirfd(open), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            st.st_mtime > newest) {
            newest = st.st_mtime;
            (void)snprintf(out_name, NAME_MAX + 1, "%s", e->d_name);
        }
    }
    if (open)
        (void)closedir(open);
    return newest;
}

void look_at_clock(struct doctor *d, const struct settings *s, time_t now)
{
    AUTO(auto_free) char *journals = path_join(s->state, "journal");
    char name[NAME_MAX + 1];
    struct tm t;
    time_t newest = journals ? newest_in(journals, name) : 0;

    if (!localtime_r(&now, &t) || t.tm_year + 1900 < YEAR_LEAST)
        say(d, DOCTOR_FAIL, "clock", "machine", "timedatectl set-ntp true",
            "the machine's clock shows the year %d", t.tm_year + 1900);
    else if (newest > now + AHEAD_S)
        say(d, DOCTOR_FAIL, "clock", "machine", "timedatectl set-ntp true",
            "journal %s was written %lld seconds after now: the clock was set back, or was wrong "
            "then",
            name, (long long)(newest - now));
    else
        say(d, DOCTOR_OK, "clock", "machine", NULL, "not before any file of the daemon; %s",
            s->timezone);
}
