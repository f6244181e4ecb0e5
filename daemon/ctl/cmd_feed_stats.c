#include "ctl/cmd_feed_stats.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/date.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/feed_request.h"
#include "ctl/option.h"
#include "ctl/output.h"
#include "feed/content.h"
#include "metric/list_stats.h"
#include "parse/parser.h"

static const char usage[] =
    "usage: waitlistctl feed stats FILE --format FORMAT --census DATE [--formats DIR]...\n"
    "                              [--percentile nearest|linear] [-o csv]\n";

struct request {
    struct feed_request feed;
    struct civil_date census;
    enum percentile_method method;
};

/* ---- arguments ---- */

static int take_census(void *arg, const char *value)
{
    struct request *q = arg;

    return date_parse_iso(value, strlen(value), &q->census) < 0
               ? feed_usage_error(&q->feed, "--census is a date such as 2026-02-16, not ", value)
               : 0;
}

static int take_percentile(void *arg, const char *value)
{
    struct request *q = arg;

    if (strcmp(value, "nearest") != 0 && strcmp(value, "linear") != 0)
        return feed_usage_error(&q->feed, "--percentile is nearest or linear, not ", value);
    q->method = strcmp(value, "linear") == 0 ? PERCENTILE_LINEAR : PERCENTILE_NEAREST;
    return 0;
}

static int take_output(void *arg, const char *value)
{
    struct request *q = arg;

    return strcmp(value, "csv") != 0 ? feed_usage_error(&q->feed, "-o is csv, not ", value) : 0;
}

static const struct feed_option options[] = {
    { "--census", false, take_census },
    { "--percentile", false, take_percentile },
    { "-o", false, take_output },
    { "--output", false, take_output },
    { NULL, false, NULL },
};

/* ---- rows ---- */

struct counting {
    struct list_stats *stats;
    struct set_aside set_aside, left_out;
};

static int on_pathway(void *arg, const struct pathway_record *record)
{
    struct counting *c = arg;
    unsigned long left_out;
    int r = list_stats_add(c->stats, record, &left_out);

    if (r == 0 && left_out)
        set_aside_say(&c->left_out, left_out, NULL, LEFT_OUT_AS_REPEATED);
    return r;
}

static void on_set_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    set_aside_say(&((struct counting *)arg)->set_aside, line, column, reason);
}

/* Says what a person should know of a file that was counted. */
static void say_result(const struct counting *c, const struct parse_result *r,
                       struct civil_date census)
{
    const char *name = c->set_aside.file;
    bool several = date_compare(r->first_census, r->last_census) != 0;
    char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX], counted[DATE_TEXT_MAX];

    set_aside_end(&c->set_aside);
    set_aside_end(&c->left_out);
    for (size_t i = 0; i < r->identifier_columns; i++)
        fprintf(stderr,
                "%s: %s holds NHS numbers (%s of its values): the daemon would refuse "
                "this file\n",
                name, r->identifiers[i].column, r->identifiers[i].count);
    if (date_is_set(r->first_census) &&
        (date_compare(r->first_census, census) != 0 || date_compare(r->last_census, census) != 0))
        fprintf(
            stderr,
            "%s: warning: the file says who waited on %s%s%s, and is counted as of %s: who came "
            "or went between is not in it\n",
            name, date_format(r->first_census, first), several ? " to " : "",
            several ? date_format(r->last_census, last) : "", date_format(census, counted));
    fprintf(stderr,
            "%s: %lu rows, %lu set aside, %llu of a pathway that has another row, %llu with a "
            "clock that "
            "starts after the census\n",
            name, r->rows, r->rows - r->accepted,
            (unsigned long long)list_stats_duplicates(c->stats),
            (unsigned long long)list_stats_out_of_range(c->stats));
}

/* ---- lines ---- */

struct printing {
    FILE *to;
    struct text line;
};

/* A percentile lies at a hundredth between two whole days: without the noise of binary fractions. */
static const char *days_text(double days, char out[32])
{
    return text_number(round(days * 100) / 100, out);
}

static int print_line(void *arg, const struct list_stats_line *l)
{
    struct printing *p = arg;
    const char *const texts[] = { l->service, l->provider, l->commissioner, l->age_band };
    const uint64_t counts[] = { l->open, l->over_13_weeks, l->over_18_weeks, l->over_52_weeks };
    const double days[] = { l->p50, l->p92, l->longest };
    char number[32];

    text_clear(&p->line);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        output_csv_cell(&p->line, texts[i]);
        (void)text_putc(&p->line, ',');
    }
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        (void)text_put_number(&p->line, counts[i]);
        (void)text_putc(&p->line, ',');
    }
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        (void)text_puts(&p->line, days_text(days[i], number));
        (void)text_putc(&p->line, i + 1 < sizeof days / sizeof days[0] ? ',' : '\n');
    }
    if (!text_ok(&p->line))
        return -ENOMEM;
    return fwrite(p->line.buf, 1, p->line.len, p->to) < p->line.len ? EIO : 0;
}

static int print_table(struct list_stats *stats)
{
    struct printing p = { stdout, TEXT_INIT };
    int r = list_stats_lines(stats, print_line, &p);

    text_release(&p.line);
    if (r == 0 && fflush(stdout) != 0)
        r = EIO;
    if (r != 0)
        fprintf(stderr, "waitlistctl: %s\n",
                r < 0 ? strerror(-r) : "standard output cannot be written");
    return r != 0;
}

/* ---- the command ---- */

/* Returns 0 when everything was read and accepted; else 1, said on stderr. */
static int count_file(const struct request *q, const struct format *f, struct counting *c)
{
    const struct parser_options how = { .identifiers = IDENTIFIERS_NOTE,
                                        .census = q->census,
                                        .received = DATE_NONE };
    const struct parse_sink sink = { .pathway = on_pathway, .set_aside = on_set_aside, .arg = c };
    AUTO(fd_close) int fd = feed_input_open(q->feed.file);
    struct parser *p = fd >= 0 ? parser_new(f, c->set_aside.file, sink) : NULL;
    char refusal[512];
    int r = fd < 0 ? fd : p ? parser_configure(p, &how) : -ENOMEM;

    if (r == 0)
        r = content_parse(fd, p, NULL);
    if (r < 0)
        fprintf(stderr, "%s: error: %s\n", c->set_aside.file, strerror(-r));
    else if (parser_result(p)->refused)
        fprintf(stderr, "%s\n", parser_refusal(p, refusal));
    else
        say_result(c, parser_result(p), q->census);
    r = r < 0 || parser_result(p)->refused;
    parser_free(p);
    return r;
}

static int stats_of(const struct request *q, const struct format *f)
{
    AUTO(text_release) struct text name = TEXT_INIT;
    struct counting c = { .set_aside.what = "set aside", .left_out.what = "left out" };
    int r;

    if (format_records(f) != RECORDS_PATHWAY_SNAPSHOT)
        return feed_usage_error(&q->feed, "not a list of open pathways: format ", q->feed.format);
    c.stats = list_stats_new(q->census, standing_rule_of(f), q->method);
    if (!c.stats || output_escaped(&name, q->feed.file) < 0) {
        list_stats_free(c.stats);
        return 1;
    }
    c.set_aside.file = c.left_out.file = text_str(&name);
    r = count_file(q, f, &c);
    if (r == 0)
        r = print_table(c.stats);
    list_stats_free(c.stats);
    return r;
}

int cmd_feed_stats(int argc, char **argv, const char *datadir)
{
    struct request q = { .feed = { .command = "feed stats", .usage = usage },
                         .census = DATE_NONE,
                         .method = PERCENTILE_NEAREST };
    struct format_set *set = NULL;
    const struct format *f = NULL;

    if (option_help(argc, argv, usage))
        return 0;

    int r = feed_request_read(&q.feed, argc, argv, options, &q);

    if (r)
        return r;
    if (!date_is_set(q.census))
        return feed_usage_error(&q.feed, "--census is missing", "");
    r = feed_format_open(q.feed.command, datadir, q.feed.folders, q.feed.folder_count,
                         q.feed.format, &set, &f);
    if (r == 0)
        r = stats_of(&q, f);
    format_set_free(set);
    return r;
}
