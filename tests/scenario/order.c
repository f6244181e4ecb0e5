/*
 * order - a preload that writes down, in order, what a program makes durable and what it removes
 *
 * One line a call into the file named by ORDER_LOG: the call's name and the path, for a renaming
 * both. Built by the test that uses it; no part of any program.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void path_of(int fd, char out[PATH_MAX])
{
    char link[40];
    ssize_t n;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, out, PATH_MAX - 1);
    out[n > 0 ? n : 0] = '\0';
}

static void note(const char *call, const char *first, const char *second)
{
    const char *log = getenv("ORDER_LOG");
    char line[2 * PATH_MAX + 32];
    int fd = log ? open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd < 0)
        return;
    (void)snprintf(line, sizeof line, "%s\t%s\t%s\n", call, first, second);
    if (write(fd, line, strlen(line)) < 0)
        abort();
    (void)close(fd);
}

static void at(int folder, const char *name, char out[PATH_MAX])
{
    char base[PATH_MAX] = "";

    if (folder != AT_FDCWD && name[0] != '/')
        path_of(folder, base);
    (void)snprintf(out, PATH_MAX, "%.2000s%s%.2000s", base, base[0] ? "/" : "", name);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    char path[PATH_MAX];

    path_of(fd, path);
    note("fsync", path, "");
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    char path[PATH_MAX];

    path_of(fd, path);
    note("fdatasync", path, "");
    return real(fd);
}

int unlinkat(int folder, const char *name, int flags)
{
    int (*real)(int, const char *, int) =
        (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");
    char path[PATH_MAX];

    at(folder, name, path);
    note("unlink", path, "");
    return real(folder, name, flags);
}

int renameat(int from, const char *name, int to, const char *other)
{
    int (*real)(int, const char *, int, const char *) =
        (int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat");
    char first[PATH_MAX], second[PATH_MAX];

    at(from, name, first);
    at(to, other, second);
    note("rename", first, second);
    return real(from, name, to, other);
}
