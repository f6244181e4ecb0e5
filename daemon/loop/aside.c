#include "loop/aside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#define FILES         "appendonlydir"
#define PREFIX        FILES ".damaged-"
#define LOG_MAX_BYTES (1u << 20) /* of one life; more was no life that ended while it read */

/* What redis-server 7.0 says last before it ends because of them (aof.c, rdb.c). */
static const char *const refusals[] = {
    "Bad file format reading the append only file",
    "Unexpected end of file reading the append only file",
    "length. stat: No such file or directory", /* a file that the manifest names is missing */
    "Internal error in RDB",
    "Short read or OOM loading DB",
    "Wrong signature trying to load DB from file",
    "Found an empty AOF manifest",
    "Reading the manifest file, at line",
};

bool aside_is_refused(int folder, off_t from)
{
    AUTO(text_release) struct text said = TEXT_INIT;
    AUTO(fd_close)
    int fd = openat(folder, "redis.log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    said.max = LOG_MAX_BYTES;
    if (fd < 0 || lseek(fd, from, SEEK_SET) < 0 || file_read_rest(fd, &said) < 0)
        return false;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (strstr(text_str(&said), refusals[i]))
            return true;
    return false;
}

bool aside_has_files(int folder)
{
    return faccessat(folder, FILES, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

int aside_move(int folder, char out_name[ASIDE_NAME_MAX])
{
    struct clock real = CLOCK_REAL;
    time_t now = (time_t)(clock_wall(&real).ms / 1000);
    char name[ASIDE_NAME_MAX];
    struct tm utc;

    if (!gmtime_r(&now, &utc) || strftime(name, sizeof name, PREFIX "%Y%m%dT%H%M%SZ", &utc) == 0)
        return -EOVERFLOW;
    /* A folder of this name that holds anything is never replaced: -ENOTEMPTY. */
    if (renameat(folder, FILES, folder, name) < 0)
        return -errno;
    memcpy(out_name, name, sizeof name);
    return file_sync(folder);
}

bool aside_lies(int folder, char out_name[ASIDE_NAME_MAX])
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    out_name[0] = '\0';
    if (!dir) {
        fd_close(&fd);
        return false;
    }
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0 && strlen(e->d_name) < ASIDE_NAME_MAX &&
            strcmp(e->d_name, out_name) > 0)
            memcpy(out_name, e->d_name, strlen(e->d_name) + 1);
    (void)closedir(dir);
    return out_name[0] != '\0';
}
