#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static enum log_level ceiling = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    ceiling = level;
}

enum log_level log_level_of(const char *word)
{
    static const struct {
        const char *word;
        enum log_level level;
    } words[] = { { "error", LOG_LEVEL_ERROR },
                  { "warning", LOG_LEVEL_WARNING },
                  { "info", LOG_LEVEL_INFO },
                  { "debug", LOG_LEVEL_DEBUG } };

    for (size_t i = 0; word && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].level;
    return LOG_LEVEL_INFO;
}

void log_write(enum log_level level, const char *topic, const char *format, ...)
{
    if (level > ceiling)
        return;
    struct text raw = TEXT_INIT, line = TEXT_INIT;
    va_list ap;

    va_start(ap, format);
    (void)text_vprintf(&raw, format, ap);
    va_end(ap);
    if (getenv("JOURNAL_STREAM"))
        (void)text_printf(&line, "<%d>%s: ", (int)level, topic);
    else
        (void)text_printf(&line, "waitlistd: %s%s: ",
                          level <= LOG_LEVEL_ERROR     ? "error: "
                          : level == LOG_LEVEL_WARNING ? "warning: "
                                                       : "",
                          topic);
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.buf[i];

        if (c < 0x20 || c == 0x7f)
            (void)text_printf(&line, "\\x%02x", c);
        else
            (void)text_putc(&line, (char)c);
    }
    (void)text_putc(&line, '\n');
    if (text_ok(&line) && write(STDERR_FILENO, line.buf, line.len) < 0) {
        /* nowhere left to say it */
    }
    text_release(&raw);
    text_release(&line);
}
