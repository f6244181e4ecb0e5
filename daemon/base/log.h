/*
 * log - one event, one line, on standard error
 *
 * log_info("feed", "feed=%s rows=%zu", id, rows) prints "waitlistd: feed: feed=cyp4ww rows=19958".
 * Under systemd (JOURNAL_STREAM set) each line begins with its priority <N>. Control characters in
 * the text are escaped, so no input can forge a second line. No row content is ever given to it.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/** Messages above this level are dropped; INFO by default. */
void log_set_level(enum log_level level);
/** The level of "error", "warning", "info" or "debug"; INFO for anything else, or NULL. */
enum log_level log_level_of(const char *word);
void log_write(enum log_level level, const char *topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(topic, ...)   log_write(LOG_LEVEL_ERROR, topic, __VA_ARGS__)
#define log_warning(topic, ...) log_write(LOG_LEVEL_WARNING, topic, __VA_ARGS__)
#define log_info(topic, ...)    log_write(LOG_LEVEL_INFO, topic, __VA_ARGS__)
#define log_debug(topic, ...)   log_write(LOG_LEVEL_DEBUG, topic, __VA_ARGS__)

#endif
