#include "ctl/cmd_feed_backfill.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/datadir.h"
#include "base/file.h"
#include "base/text.h"
#include "config.h"
#include "ctl/ctl_protocol.h"
#include "ctl/ctl_socket.h"
#include "ctl/feed_input.h"
#include "ctl/find_socket.h"
#include "ctl/option.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "feed/content.h"
#include "parse/parser.h"

#define FILE_WAIT_S 600 /* for the daemon to take one */

static const char usage[] = "usage: waitlistctl feed backfill DIR [--feed ID] [-o table|json]\n";

/* A file of history. */
struct past {
    char *path, *feed;
    struct civil_date newest; /* end of its newest period; DATE_NONE: it has none */
};

enum outcome { ACCEPTED, KNOWN, HELD, REFUSED, OUTCOMES };
static const char *const outcome_words[OUTCOMES] = { "accepted", "known", "held", "refused" };

struct backfill {
    const char *folder, *feed;
    enum output_kind kind;
    char *socket;
    struct settings *settings;
    struct format_set *formats;
    struct past *list;
    size_t count;
    size_t outcomes[OUTCOMES];
};

static int usage_error(const char *what, const char *word)
{
    (void)fprintf(stderr, "waitlistctl: feed backfill: %s%s\n%s", what, word, usage);
    return CTL_USAGE;
}

static int read_arguments(struct backfill *b, int argc, char **argv)
{
    const char *value = NULL;

    for (int i = 1; i < argc; i++) {
        if (option_value(argc, argv, &i, "--feed", &value)) {
            b->feed = value;
            if (!value)
                return usage_error("--feed wants a feed", "");
        } else if (option_value(argc, argv, &i, "-o", &value)) {
            if (!value || output_kind_parse(value, &b->kind) < 0)
                return usage_error("-o is table or json, not ", value ? value : "");
        } else if (argv[i][0] == '-' || b->folder) {
            return usage_error("not understood: ", argv[i]);
        } else {
            b->folder = argv[i];
        }
    }
    return b->folder ? 0 : usage_error("which folder?", "");
}

/* ---- the files ---- */

static int add_file(struct backfill *b, const char *path, const char *feed)
{
    struct past *list = reallocarray(b->list, b->count + 1, sizeof *list);
    char real[PATH_MAX];

    if (!list)
        return -ENOMEM;
    b->list = list;
    if (!realpath(path, real))
        return -errno;
    list[b->count] = (struct past){ strdup(real), strdup(feed), DATE_NONE };
    b->count++;
    return list[b->count - 1].path && list[b->count - 1].feed ? 0 : -ENOMEM;
}

/* The regular files of a folder; those that begin with a dot are being written. */
static int find_files(struct backfill *b, const char *folder, const char *feed)
{
    DIR *d = opendir(folder);
    struct stat st;
    int r = d ? 0 : -errno;

    for (struct dirent *e; r == 0 && (e = readdir(d));) {
        AUTO(auto_free) char *path = path_join(folder, e->d_name);

        if (!path)
            r = -ENOMEM;
        else if (e->d_name[0] != '.' && stat(path, &st) == 0 && S_ISREG(st.st_mode))
            r = add_file(b, path, feed);
    }
    if (d)
        (void)closedir(d);
    return r;
}

/* Folders called as the feeds are. */
static int find_folders(struct backfill *b)
{
    const struct settings *s = b->settings;
    int r = 0;

    for (size_t i = 0; r == 0 && i < s->feed_count; i++) {
        AUTO(auto_free) char *folder = path_join(b->folder, s->feeds[i].id);

        r = folder ? find_files(b, folder, s->feeds[i].id) : -ENOMEM;
        r = r == -ENOENT || r == -ENOTDIR ? 0 : r;
    }
    return r;
}

/* Nothing found is no history taken. Returns an exit code. */
static int say_none(const struct backfill *b)
{
    if (!b->feed && b->settings->feed_count > 1)
        return usage_error("of which feed? --feed ID, or a folder of each feed in ", b->folder);
    (void)fprintf(stderr, "waitlistctl: feed backfill: no files in %s%s\n", b->folder,
                  b->feed ? "" : ", nor in a folder there called as the feed is");
    return CTL_FINDING;
}

/* Without --feed: of the only feed, or folders called as the feeds are. Returns 0 or an exit code, said. */
static int find_all(struct backfill *b)
{
    const struct settings *s = b->settings;
    int r = 0;

    if (b->feed && !settings_feed(s, b->feed))
        return usage_error("the settings have no feed ", b->feed);
    if (b->feed || s->feed_count == 1)
        r = find_files(b, b->folder, b->feed ? b->feed : s->feeds[0].id);
    if (r == 0 && !b->feed)
        r = find_folders(b);
    if (r == 0)
        return b->count ? 0 : say_none(b);
    (void)fprintf(stderr, "waitlistctl: %s: %s\n", b->folder, strerror(-r));
    return CTL_FINDING;
}

/* ---- their order ---- */

static struct civil_date later_of(struct civil_date a, struct civil_date b)
{
    return !date_is_set(a) || (date_is_set(b) && date_compare(b, a) > 0) ? b : a;
}

/* Of one that cannot be read nothing is known: the daemon says what is wrong with it. Returns 0 or
 * -ENOMEM. */
static int find_newest(const struct backfill *b, struct past *past)
{
    static const unsigned char key[32]; /* of pseudonyms that nobody sees */
    const struct feed_setting *feed = settings_feed(b->settings, past->feed);
    const struct format *format = format_set_find(b->formats, feed->format);
    const struct parser_options how = {
        .key = key, .key_len = sizeof key, .census = DATE_NONE, .received = DATE_NONE
    };
    AUTO(fd_close) int fd = feed_input_open(past->path);
    struct parser *p =
        format ? parser_new(format, past->path, (struct parse_sink){ .arg = NULL }) : NULL;
    int r = p ? parser_configure(p, &how) : -ENOMEM;

    if (r == 0 && fd >= 0 && content_parse(fd, p, NULL) == 0 && !parser_result(p)->refused) {
        const struct parse_result *result = parser_result(p);
        struct civil_date end;

        past->newest = later_of(result->last_census, result->last_event);
        for (size_t i = 0; i < result->period_count; i++) {
            const char *slash = strchr(result->periods[i], '/');

            if (slash && date_parse_iso(slash + 1, strlen(slash + 1), &end) == 0)
                past->newest = later_of(past->newest, end);
        }
    }
    parser_free(p);
    return r;
}

/* What has no period last; of one period by name, so that a v2 follows its v1. */
static int by_period(const void *a, const void *b)
{
    const struct past *x = a, *y = b;

    if (date_is_set(x->newest) != date_is_set(y->newest))
        return date_is_set(x->newest) ? -1 : 1;
    int order = date_is_set(x->newest) ? date_compare(x->newest, y->newest) : 0;

    return order ? order : strcmp(x->path, y->path);
}

static int put_in_order(struct backfill *b)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < b->count; i++) {
        progress_show("read", (long long)i, (long long)b->count);
        r = find_newest(b, &b->list[i]);
    }
    if (b->count)
        qsort(b->list, b->count, sizeof *b->list, by_period);
    return r;
}

/* ---- the daemon takes them ---- */

/* Returns 0 with the answer, or an exit code, said. */
static int ask(const struct backfill *b, json_t *request, json_t **out_answer)
{
    AUTO(auto_free) char *line = NULL, *error = NULL;
    AUTO(text_release) struct text escaped = TEXT_INIT;
    size_t len = 0;
    int code = CTL_FINDING;
    int r = request ? ctl_socket_ask(b->socket, request, FILE_WAIT_S, &line, &len) : -ENOMEM;

    json_decref(request);
    if (r == 0)
        r = ctl_answer_parse(line, len, out_answer, &code, &error);
    if (r == 0)
        return 0;
    progress_end();
    if (r > 0) {
        (void)output_escaped(&escaped, error);
        (void)fprintf(stderr, "waitlistctl: %s\n", text_str(&escaped));
        return code;
    }
    (void)fprintf(stderr, "waitlistctl: no answer from the daemon on %s: %s\n", b->socket,
                  strerror(-r));
    return CTL_UNREACHABLE;
}

static void say_outcome(const struct past *past, const char *outcome, const char *why)
{
    AUTO(text_release) struct text words = TEXT_INIT;

    (void)output_escaped(&words, past->path);
    (void)text_printf(&words, ": %s: ", outcome);
    (void)output_escaped(&words, why ? why : "");
    progress_end();
    (void)fprintf(stderr, "waitlistctl: %s\n", text_str(&words));
}

static int send_file(struct backfill *b, const struct past *past)
{
    json_t *answer = NULL;
    int code = ask(b,
                   json_pack("{s:s, s:s, s:s}", "command", "feed-backfill", "feed", past->feed,
                             "path", past->path),
                   &answer);
    const char *outcome = json_string_value(json_object_get(answer, "outcome"));

    for (size_t i = 0; code == 0 && outcome && i < OUTCOMES; i++)
        b->outcomes[i] += strcmp(outcome, outcome_words[i]) == 0;
    if (code == 0 && outcome && (strcmp(outcome, "held") == 0 || strcmp(outcome, "refused") == 0))
        say_outcome(past, outcome, json_string_value(json_object_get(answer, "why")));
    json_decref(answer);
    return code;
}

static int send_all(struct backfill *b)
{
    json_t *answer = NULL;
    int code = 0;

    for (size_t i = 0; code == 0 && i < b->count; i++) {
        progress_show("taken", (long long)i, (long long)b->count);
        code = send_file(b, &b->list[i]);
    }
    int ended = ask(b, json_pack("{s:s}", "command", "feed-backfill"), &answer);

    json_decref(answer);
    progress_end();
    return code ? code : ended;
}

/* ---- the whole ---- */

static void print_summary(const struct backfill *b)
{
    if (b->kind == OUTPUT_TABLE)
        (void)printf("%zu files: %zu accepted, %zu known before, %zu held, %zu refused\n", b->count,
                     b->outcomes[ACCEPTED], b->outcomes[KNOWN], b->outcomes[HELD],
                     b->outcomes[REFUSED]);
    else
        (void)printf(
            "{\"files\":%zu,\"accepted\":%zu,\"known\":%zu,\"held\":%zu,\"refused\":%zu}\n",
            b->count, b->outcomes[ACCEPTED], b->outcomes[KNOWN], b->outcomes[HELD],
            b->outcomes[REFUSED]);
}

static int read_settings(struct backfill *b, const char *config, const char *socket)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    int r = settings_load(config, datadir_find(), &diags, &b->settings);

    if (r == 0)
        r = config_load_formats(b->settings, datadir_find(), &diags, &b->formats);
    if (r == 0 && socket)
        b->socket = strdup(socket);
    else if (r == 0)
        r = find_socket(config, datadir_find(), &diags, &b->socket);
    if (r == 0 && b->socket)
        return 0;
    diags_print(&diags, stderr);
    return CTL_CONFIG;
}

static void backfill_release(struct backfill *b)
{
    for (size_t i = 0; i < b->count; i++) {
        free(b->list[i].path);
        free(b->list[i].feed);
    }
    free(b->list);
    free(b->socket);
    format_set_free(b->formats);
    settings_free(b->settings);
}

int cmd_feed_backfill(int argc, char **argv, const char *config, const char *socket)
{
    struct backfill b = { .kind = OUTPUT_TABLE };

    if (option_help(argc, argv, usage))
        return 0;
    int code = read_arguments(&b, argc, argv);

    if (code == 0)
        code = read_settings(&b, config, socket);
    if (code == 0)
        code = find_all(&b);
    if (code == 0 && put_in_order(&b) < 0)
        code = CTL_FINDING;
    if (code == 0)
        code = send_all(&b);
    if (code == 0) {
        print_summary(&b);
        code = b.outcomes[HELD] || b.outcomes[REFUSED] ? CTL_FINDING : CTL_OK;
    }
    backfill_release(&b);
    return code;
}
