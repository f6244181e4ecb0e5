#include "fuzz/support/fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define SEPARATOR "===="

static char folder[64];

/* libfyaml 0.7.12 leaks a kilobyte where some flow mappings end in an error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml.so\n";
}

static long cpu_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    log_set_level((enum log_level)0); /* what it says is not looked at */
    long started = cpu_ms();

    fuzz_one((const char *)bytes, len);
    long used = cpu_ms() - started;

    /* Under valgrind everything is some 30 times slower, which says nothing about the input. */
    FUZZ_CHECK(used <= FUZZ_CPU_MS || getenv("WAITLIST_WRAPPER"), "the input took %ld ms", used);
    return 0;
}

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list ap;

    (void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    va_start(ap, format);
    (void)vfprintf(stderr, format, ap);
    va_end(ap);
    (void)fputc('\n', stderr);
    abort();
}

unsigned char fuzz_byte(const char **bytes, size_t *len)
{
    if (*len == 0)
        return 0;
    (*len)--;
    return (unsigned char)*(*bytes)++;
}

size_t fuzz_part(const char **bytes, size_t *len, const char **out_part)
{
    size_t n = strlen(SEPARATOR), at = 0;

    *out_part = *bytes;
    for (; at < *len; at++) {
        bool line_start = at == 0 || (*bytes)[at - 1] == '\n';

        if (line_start && *len - at > n && memcmp(*bytes + at, SEPARATOR "\n", n + 1) == 0) {
            *bytes += at + n + 1;
            *len -= at + n + 1;
            return at;
        }
    }
    *bytes += *len;
    *len = 0;
    return at;
}

/* ---- files ---- */

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
    (void)st;
    (void)what;
    (void)at;
    return remove(path);
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void)
{
    const char *above = getenv("TMPDIR");

    if (folder[0])
        return folder;
    if (!above)
        above = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder, sizeof folder, "%.40s/waitlistd-fuzz-XXXXXX", above);
    FUZZ_CHECK(mkdtemp(folder), "no folder can be made in %s", above);
    (void)atexit(remove_folder);
    return folder;
}

const char *fuzz_file(const char *name, const void *bytes, size_t len)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_CHECK(fd >= 0 && file_write_all(fd, bytes, len) == 0, "%s cannot be written", path);
    fd_close(&fd);
    return path;
}

/* ---- messages ---- */

static bool is_one_line(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    return true;
}

void fuzz_check_refusal(const struct diags *diags)
{
    FUZZ_CHECK(diags->errors > 0 && diags->count > 0, "refused without a message");
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *d = &diags->list[i];

        FUZZ_CHECK(d->file && d->file[0], "a message without a file");
        FUZZ_CHECK(d->text && d->text[0], "a message without a sentence");
        FUZZ_CHECK(is_one_line(d->text), "a sentence of more than one line: %s", d->text);
        FUZZ_CHECK(!d->hint || is_one_line(d->hint), "a hint of more than one line: %s", d->hint);
        FUZZ_CHECK(!d->line || d->column, "a line without a column: %s", d->text);
        FUZZ_CHECK(!d->excerpt || !strpbrk(d->excerpt, "\n\r\033"), "an excerpt that is no line");
    }
}

char *fuzz_messages(const struct diags *diags)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    FUZZ_CHECK(to, "no memory");
    diags_print(diags, to);
    (void)fclose(to);
    return text;
}
