#include "ctl/cmd_backtest.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/backtest.h"
#include "ctl/ctl_protocol.h"
#include "ctl/option.h"
#include "ctl/progress.h"
#include "ctl/simulator.h"
#include "ctl/terminal.h"

#define FEED_FILE_MAX_BYTES (1u << 30)

static const char usage[] =
    "usage: waitlistctl [--config FILE] backtest PLAN --from DATE --to DATE [--feeds DIR]\n"
    "                   [-o table|json|ndjson|csv]\n";

struct arguments {
    const char *config, *plan, *from_text, *to_text, *feeds;
    struct civil_date from, to;
    enum output_kind kind;
};

static bool refuse(const char *word, const char *why)
{
    fprintf(stderr, "waitlistctl: backtest: %s: %s\n", word, why);
    return false;
}

/* Returns false after saying what is wrong with the word at *at. */
static bool read_argument(int argc, char **argv, int *at, struct arguments *a)
{
    const char *output = NULL, *value = NULL, *word = argv[*at];
    const struct {
        const char *name;
        const char **field;
    } options[] = { { "--config", &a->config }, { "--from", &a->from_text },
                    { "--to", &a->to_text },    { "--feeds", &a->feeds },
                    { "-o", &output },          { "--output", &output } };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (!option_value(argc, argv, at, options[i].name, &value))
            continue;
        if (!value)
            return refuse(word, "wants a value");
        *options[i].field = value;
        return !output || output_kind_parse(output, &a->kind) == 0 ||
               refuse(output, "-o is table, json, ndjson or csv");
    }
    if (word[0] == '-' && word[1])
        return refuse(word, "no such option");
    if (a->plan)
        return refuse(word, "one plan at a time");
    a->plan = word;
    return true;
}

static bool read_date(const char *option, const char *text, struct civil_date *out)
{
    if (!text || date_parse_iso(text, strlen(text), out) < 0)
        return refuse(option, "wants a date, YYYY-MM-DD");
    return true;
}

static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    for (int i = 1; i < argc; i++)
        if (!read_argument(argc, argv, &i, a))
            return false;
    if (!a->plan)
        return refuse("PLAN", "which plan?");
    return read_date("--from", a->from_text, &a->from) && read_date("--to", a->to_text, &a->to) &&
           (date_compare(a->from, a->to) <= 0 || refuse("--to", "is before --from"));
}

/* ---- a folder of feeds ---- */

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void names_free(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static int offer_file(struct simulator *s, const char *folder, const char *feed, const char *name)
{
    AUTO(text_release) struct text bytes = { .max = FEED_FILE_MAX_BYTES };
    AUTO(auto_free) char *path = path_join(folder, name);
    int r = path ? file_read(path, FEED_FILE_MAX_BYTES, &bytes) : -ENOMEM;

    if (r < 0) {
        fprintf(stderr, "waitlistctl: backtest: %s: %s\n", path ? path : name, strerror(-r));
        return r;
    }
    r = simulator_offer(s, feed, name, text_str(&bytes), bytes.len);
    if (r == -ENOENT)
        fprintf(stderr, "waitlistctl: backtest: %s: no feed of the settings is called \"%s\"\n",
                folder, feed);
    return r;
}

/* DIR/DATE/FEED/: its files in the order of their names. */
static int offer_feed(struct simulator *s, const char *folder, const char *feed)
{
    AUTO(auto_free) char *path = path_join(folder, feed);
    struct dirent **names;
    int count = path ? scandir(path, &names, is_visible, alphasort) : -1;
    int r = 0;

    if (count < 0) {
        r = path ? -errno : -ENOMEM;
        fprintf(stderr, "waitlistctl: backtest: %s: %s\n", path ? path : feed, strerror(-r));
        return r;
    }
    for (int i = 0; r == 0 && i < count; i++)
        r = offer_file(s, path, feed, names[i]->d_name);
    names_free(names, count);
    return r;
}

static int offer_date(struct simulator *s, const char *feeds, const char *date)
{
    AUTO(auto_free) char *path = path_join(feeds, date);
    struct dirent **names;
    int count = path ? scandir(path, &names, is_visible, alphasort) : -1;
    int r = 0;

    for (int i = 0; r == 0 && i < count; i++)
        r = offer_feed(s, path, names[i]->d_name);
    if (count >= 0)
        names_free(names, count);
    return r;
}

/* The dates of a folder, ascending. */
struct dated {
    struct dirent **names;
    int count, next;
};

static bool read_dates(const char *feeds, struct dated *d)
{
    struct civil_date date;

    d->count = scandir(feeds, &d->names, is_visible, alphasort);
    if (d->count < 0) {
        d->count = 0;
        return refuse(feeds, strerror(errno));
    }
    for (int i = 0; i < d->count; i++)
        if (date_parse_iso(d->names[i]->d_name, strlen(d->names[i]->d_name), &date) < 0)
            return refuse(d->names[i]->d_name,
                          "the folder of feeds holds a folder for each date of receipt, "
                          "YYYY-MM-DD, and in it one for each feed");
    return true;
}

/* What was received up to this date and not offered yet. */
static int offer_until(struct simulator *s, const char *feeds, struct dated *d,
                       struct civil_date date)
{
    char today[DATE_TEXT_MAX];
    int r = 0;

    (void)date_format(date, today);
    for (; r == 0 && d->next < d->count && strcmp(d->names[d->next]->d_name, today) <= 0; d->next++)
        r = offer_date(s, feeds, d->names[d->next]->d_name);
    return r;
}

/* ---- the test ---- */

/* Each date from the day before the first on. Returns an exit status. */
static int run(struct simulator *s, const struct arguments *a, struct dated *dated,
               struct backtest *b)
{
    struct civil_date date = date_add_days(a->from, -1);
    int code = CTL_OK, r = 0;

    for (; code == CTL_OK && r == 0 && date_compare(date, a->to) <= 0;
         date = date_add_days(date, 1)) {
        json_t *brought = NULL;

        progress_show(a->plan, date.day - a->from.day + 1, a->to.day - a->from.day + 1);
        r = offer_until(s, a->feeds, dated, date);
        if (r == 0)
            code = simulator_step(s, date, date_compare(date, a->to) == 0, &brought);
        if (r == 0 && code == CTL_OK)
            r = backtest_add(b, date, brought);
        json_decref(brought);
    }
    progress_end();
    if (r == -ENOMEM)
        fputs("waitlistctl: backtest: out of memory\n", stderr);
    return r < 0 ? CTL_FINDING : code;
}

static int print(struct backtest *b, enum output_kind kind)
{
    AUTO(text_release) struct text out = TEXT_INIT;
    json_t *report = backtest_report(b);
    int r = report ? backtest_print(report, kind, terminal_width(), terminal_wants_colour(), &out)
                   : -ENOMEM;

    json_decref(report);
    if (r == 0)
        r = out.error;
    if (r == 0 && (fwrite(text_str(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0))
        r = -EIO;
    if (r < 0)
        fprintf(stderr, "waitlistctl: backtest: %s\n", strerror(-r));
    return r < 0 ? CTL_FINDING : CTL_OK;
}

int cmd_backtest(int argc, char **argv, const char *config, enum output_kind kind)
{
    AUTO(simulator_end) struct simulator s = SIMULATOR_INIT;
    AUTO(backtest_release) struct backtest b = { .rules = NULL };
    struct arguments a = { .config = config, .kind = kind };
    struct dated dated = { NULL, 0, 0 };
    int code = CTL_USAGE;

    if (option_help(argc, argv, usage))
        return CTL_OK;
    if (!read_arguments(argc, argv, &a)) {
        fputs(usage, stderr);
        return CTL_USAGE;
    }
    AUTO(auto_free) char *plan = realpath(a.plan, NULL);

    if (!plan) {
        fprintf(stderr, "waitlistctl: backtest: %s: %s\n", a.plan, strerror(errno));
        return CTL_CONFIG;
    }
    if (!a.feeds || read_dates(a.feeds, &dated)) {
        const struct simulator_options o = { .config = a.config,
                                             .plan = plan,
                                             .is_live = true,
                                             .has_history = !a.feeds,
                                             .first = date_add_days(a.from, -1) };

        code = backtest_init(&b, a.from, a.to) == 0 ? simulator_start(&s, &o) : CTL_FINDING;
        if (code == CTL_OK)
            code = run(&s, &a, &dated, &b);
        if (code == CTL_OK)
            code = print(&b, a.kind);
    }
    names_free(dated.names, dated.count);
    return code;
}
