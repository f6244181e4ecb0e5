#include "loop/aof.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define MANIFEST_MAX_BYTES (64u << 10)
#define HEAD_MAX_BYTES     32 /* "*12345678901\r\n" */
#define WORD_MAX_BYTES     8  /* of the first word, all that tells MULTI and EXEC from others */

static void file_close(FILE **f)
{
    if (*f)
        (void)fclose(*f);
}

/* The file that grows: the last of type i in the manifest. Empty text: none yet. */
static int find_growing(int folder, struct text *out_path)
{
    AUTO(text_release) struct text manifest = TEXT_INIT;
    AUTO(fd_close)
    int fd = openat(folder, "appendonlydir/appendonly.aof.manifest",
                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char name[NAME_MAX + 1], type;
    int r;

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    manifest.max = MANIFEST_MAX_BYTES;
    r = file_read_rest(fd, &manifest);
    for (const char *line = text_str(&manifest); r == 0 && *line;) {
        if (sscanf(line, "file %255s seq %*u type %c", name, &type) == 2 && type == 'i' &&
            !strchr(name, '/')) {
            text_clear(out_path);
            r = text_printf(out_path, "appendonlydir/%s", name);
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return r;
}

enum read { WHOLE, TORN, NO_COMMAND };

/* "*3\r\n": the mark and the number after it. */
static enum read read_head(FILE *f, char mark, long *out_number)
{
    char line[HEAD_MAX_BYTES], *end;

    if (!fgets(line, sizeof line, f) || !strchr(line, '\n'))
        return feof(f) ? TORN : NO_COMMAND;
    *out_number = strtol(line + 1, &end, 10);
    return line[0] == mark && end > line + 1 && strcmp(end, "\r\n") == 0 && *out_number >= 0
               ? WHOLE
               : NO_COMMAND;
}

static enum read read_word(FILE *f, off_t size, char out_word[WORD_MAX_BYTES + 1])
{
    char end[2];
    long len;
    enum read r = read_head(f, '$', &len);

    if (r != WHOLE)
        return r;
    size_t kept = len <= WORD_MAX_BYTES ? (size_t)len : WORD_MAX_BYTES;

    if (len > size - ftello(f) || fread(out_word, 1, kept, f) != kept ||
        fseeko(f, len - (off_t)kept, SEEK_CUR) < 0 || fread(end, 1, 2, f) != 2)
        return TORN;
    out_word[kept] = '\0';
    return memcmp(end, "\r\n", 2) == 0 ? WHOLE : NO_COMMAND;
}

/* One command; out_word is its first word. An annotation ("#TS:…") is a command without words. */
static enum read read_command(FILE *f, off_t size, char out_word[WORD_MAX_BYTES + 1])
{
    char other[WORD_MAX_BYTES + 1];
    long words = 0;
    int first = getc(f);
    enum read r;

    out_word[0] = '\0';
    if (first == '#') {
        while (first != EOF && first != '\n')
            first = getc(f);
        return first == EOF ? TORN : WHOLE;
    }
    if (first == EOF)
        return TORN;
    (void)ungetc(first, f);
    r = read_head(f, '*', &words);
    for (long i = 0; r == WHOLE && i < words; i++)
        r = read_word(f, size, i == 0 ? out_word : other);
    return r;
}

static bool is_zero_from(FILE *f, off_t at)
{
    int c = 0;

    if (fseeko(f, at, SEEK_SET) < 0)
        return false;
    while (c == 0)
        c = getc(f);
    return c == EOF;
}

/* Where the last whole transaction ends; -1: the file holds what is no command. */
static off_t find_end(FILE *f, off_t size)
{
    char word[WORD_MAX_BYTES + 1];
    bool is_open = false; /* a MULTI without its EXEC */
    off_t whole = 0, at = 0;
    enum read r;

    while ((r = read_command(f, size, word)) == WHOLE) {
        at = ftello(f);
        if (strcasecmp(word, "MULTI") == 0)
            is_open = true;
        else if (strcasecmp(word, "EXEC") == 0)
            is_open = false;
        if (!is_open)
            whole = at;
    }
    return r == TORN || is_zero_from(f, at) ? whole : -1;
}

int aof_mend(int folder)
{
    AUTO(text_release) struct text path = TEXT_INIT;
    AUTO(file_close) FILE *f = NULL;
    struct stat st;
    int fd, r = find_growing(folder, &path);

    if (r < 0 || path.len == 0)
        return r;
    fd = openat(folder, text_str(&path), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    f = fd < 0 ? NULL : fdopen(fd, "r+");
    if (!f) {
        r = errno == ENOENT ? 0 : -errno;
        fd_close(&fd);
        return r;
    }
    if (fstat(fd, &st) < 0)
        return -errno;
    off_t end = find_end(f, st.st_size);

    if (end < 0 || end == st.st_size)
        return 0;
    log_warning("redis", "file=%s bytes=%jd torn tail cut before the server reads it",
                text_str(&path), (intmax_t)(st.st_size - end));
    if (ftruncate(fd, end) < 0)
        return -errno;
    return file_sync(fd);
}
