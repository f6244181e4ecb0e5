#include "ctl/feed_request.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/option.h"
#include "ctl/output.h"

#define SET_ASIDE_SHOWN 20

int feed_usage_error(const struct feed_request *q, const char *what, const char *word)
{
    AUTO(text_release) struct text escaped = TEXT_INIT;

    (void)output_escaped(&escaped, word);
    fprintf(stderr, "waitlistctl: %s: %s%s\n%s", q->command, what, text_str(&escaped), q->usage);
    return 2;
}

static int take_folder(struct feed_request *q, const char *folder)
{
    if (q->folder_count > FEED_FOLDERS_MAX)
        return feed_usage_error(q, "too many --formats", "");
    q->folders[q->folder_count++] = folder;
    return 0;
}

static int take_file(struct feed_request *q, const char *file)
{
    if (file[0] == '-' && file[1])
        return feed_usage_error(q, "unknown option ", file);
    if (q->file)
        return feed_usage_error(q, "one FILE at a time; a second is ", file);
    q->file = file;
    return 0;
}

/* Takes one argument, and its value. */
static int take(struct feed_request *q, int argc, char **argv, int *at,
                const struct feed_option *own, void *arg)
{
    const char *word = argv[*at], *value = NULL;

    if (option_value(argc, argv, at, "--format", &q->format))
        return q->format ? 0 : feed_usage_error(q, "a value is missing after ", word);
    if (option_value(argc, argv, at, "--formats", &value))
        return value ? take_folder(q, value)
                     : feed_usage_error(q, "a value is missing after ", word);
    for (; own->name; own++) {
        if (own->is_alone && strcmp(word, own->name) == 0)
            return own->take(arg, "");
        if (!own->is_alone && option_value(argc, argv, at, own->name, &value))
            return value ? own->take(arg, value)
                         : feed_usage_error(q, "a value is missing after ", word);
    }
    return take_file(q, word);
}

int feed_request_read(struct feed_request *q, int argc, char **argv, const struct feed_option *own,
                      void *arg)
{
    int r = 0;

    q->folder_count = 1;
    for (int i = 1; i < argc && r == 0; i++)
        r = take(q, argc, argv, &i, own, arg);
    if (r)
        return r;
    if (!q->file)
        return feed_usage_error(q, "FILE is missing", "");
    return q->format ? 0 : feed_usage_error(q, "--format is missing", "");
}

void set_aside_say(struct set_aside *s, unsigned long line, const char *column, const char *reason)
{
    AUTO(text_release) struct text name = TEXT_INIT;

    if (++s->count > SET_ASIDE_SHOWN)
        return;
    fprintf(stderr, "%s:%lu: row %s: %s", s->file, line, s->what, reason);
    if (column && output_escaped(&name, column) == 0)
        fprintf(stderr, ", column \"%.120s\"", text_str(&name));
    fputc('\n', stderr);
}

void set_aside_end(const struct set_aside *s)
{
    if (s->count > SET_ASIDE_SHOWN)
        fprintf(stderr, "%s: and %lu more rows %s\n", s->file, s->count - SET_ASIDE_SHOWN, s->what);
}
