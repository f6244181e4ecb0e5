#include "ctl/progress.h"

#include <stdio.h>
#include <unistd.h>

#define BAR_WIDTH 30

void progress_show(const char *what, long long done, long long total)
{
    int full = total > 0 ? (int)(done * BAR_WIDTH / total) : 0;

    if (!isatty(STDERR_FILENO))
        return;
    (void)fprintf(stderr, "\r[");
    for (int i = 0; i < BAR_WIDTH; i++)
        (void)fputc(i < full ? '#' : '.', stderr);
    (void)fprintf(stderr, "] %s", what);
    if (total > 0)
        (void)fprintf(stderr, " %lld/%lld", done, total);
    (void)fprintf(stderr, "\033[K");
    (void)fflush(stderr);
}

void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r\033[K");
}
