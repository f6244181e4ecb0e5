#include "ctl/cmd_feed_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/feed_request.h"
#include "ctl/option.h"
#include "ctl/output.h"
#include "ctl/record_print.h"
#include "feed/content.h"
#include "parse/format.h"
#include "parse/parser.h"

#define KEY_MIN_BYTES 16
#define KEY_MAX_BYTES 1024

static const char usage[] =
    "usage: waitlistctl feed parse FILE --format FORMAT [--formats DIR]...\n"
    "                              [--key FILE] [--received DATE] [--summary]\n"
    "                              [-o ndjson|json|csv|table]\n";

struct request {
    struct feed_request feed;
    enum output_kind kind;
    bool summary;
    const char *key_file;
    unsigned char key[KEY_MAX_BYTES];
    size_t key_len;
    struct civil_date received; /* the day on which the file came */
};

/* ---- arguments ---- */

static int take_summary(void *arg, const char *value)
{
    (void)value;
    ((struct request *)arg)->summary = true;
    return 0;
}

static int take_key(void *arg, const char *value)
{
    ((struct request *)arg)->key_file = value;
    return 0;
}

static int take_output(void *arg, const char *value)
{
    struct request *q = arg;

    return output_kind_parse(value, &q->kind) < 0
               ? feed_usage_error(&q->feed, "-o is ndjson, json, csv or table, not ", value)
               : 0;
}

static int take_received(void *arg, const char *value)
{
    struct request *q = arg;

    return date_parse_iso(value, strlen(value), &q->received) < 0
               ? feed_usage_error(&q->feed, "--received is a date such as 2026-02-16, not ", value)
               : 0;
}

static const struct feed_option options[] = {
    { "--summary", true, take_summary },    { "--key", false, take_key },
    { "--received", false, take_received }, { "-o", false, take_output },
    { "--output", false, take_output },     { NULL, false, NULL },
};

/* ---- the key ---- */

/* Known to everybody (waitlistctl(1)): pseudonyms made with it hide nothing. */
static void use_test_key(struct request *q)
{
    q->key_len = 32;
    for (size_t i = 0; i < q->key_len; i++)
        q->key[i] = (unsigned char)i;
}

/* Returns 0 or the exit code, said on stderr. */
static int read_key(struct request *q)
{
    AUTO(fd_close) int fd = q->key_file ? open(q->key_file, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, q->key, sizeof q->key);

    if (!q->key_file) {
        use_test_key(q);
        return 0;
    }
    if (n < 0) {
        fprintf(stderr, "waitlistctl: --key: %s\n", strerror(errno));
        return 2;
    }
    if (n < KEY_MIN_BYTES || n == KEY_MAX_BYTES)
        return feed_usage_error(&q->feed, "--key: a key is a file of 16 to 1023 bytes", "");
    q->key_len = (size_t)n;
    return 0;
}

/* ---- talk ---- */

struct talk {
    struct set_aside set_aside;
    bool no_month;  /* a row had no period although no column gives it */
    bool is_zipped; /* the archive proves its end */
};

static void say_set_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    struct talk *t = arg;

    t->no_month |= !column && strcmp(reason, "no-period") == 0;
    set_aside_say(&t->set_aside, line, column, reason);
}

static void say_result(const struct talk *t, const struct parse_result *r)
{
    const char *name = t->set_aside.file;

    set_aside_end(&t->set_aside);
    if (r->replaced_utf8)
        fprintf(stderr, "%s: %lu descriptive or unused cells hold invalid UTF-8\n", name,
                r->replaced_utf8);
    if (t->no_month)
        fprintf(stderr,
                "%s: no line above the header names a month; add it to line 1, for example "
                "\", February 2023\", and drop the file again\n",
                name);
    if (r->held && strcmp(r->held, "header-only") == 0)
        fprintf(stderr, "%s: would be held: a header and no rows\n", name);
    else if (r->held)
        fprintf(stderr, "%s: would be held: %lu of %lu rows set aside\n", name,
                r->rows - r->accepted, r->rows);
    if (!r->ends_with_newline && !t->is_zipped)
        fprintf(stderr,
                "%s: the last line has no line end: without other proof of its end the file "
                "would be held\n",
                name);
}

/* ---- the two passes ---- */

struct printing {
    struct record_printer printer;
    bool is_snapshot;
};

static int on_record(void *arg, const struct record *record)
{
    return record_print(&((struct printing *)arg)->printer, record);
}

/* A row of a snapshot that has ended is not of the list. */
static int on_pathway(void *arg, const struct pathway_record *record)
{
    struct printing *p = arg;

    return p->is_snapshot && record->event ? 0 : pathway_print(&p->printer, record);
}

/* One pass over the input. Returns 0 with *out_parser to read, or an exit code said on stderr. */
static int pass(int fd, const struct request *q, const struct format *f, const char *name,
                struct parse_sink sink, struct parser **out_parser, struct text *out_member)
{
    struct parser_options how = {
        .key = q->key, .key_len = q->key_len, .census = DATE_NONE, .received = q->received
    };
    struct parser *p = parser_new(f, name, sink);
    int r = p ? parser_configure(p, &how) : -ENOMEM;

    if (r == 0)
        r = content_parse(fd, p, out_member);
    if (r == 0)
        parser_judge_census(p);
    if (r < 0) {
        fprintf(stderr, "%s: error: %s\n", name, strerror(-r));
    } else if (r > 0) {
        fprintf(stderr, "waitlistctl: standard output: %s\n", strerror(r));
    } else if (parser_result(p)->refused) {
        const struct parse_result *res = parser_result(p);

        fprintf(stderr, "%s:%lu:%lu: error: %s (byte %lu)\n", name, res->refusal_line,
                res->refusal_column, res->refusal, res->refusal_offset);
        r = 1;
    }
    if (r != 0) {
        parser_free(p);
        return 1;
    }
    *out_parser = p;
    return 0;
}

/* Nobody said when the file came: this machine's clock may be wrong, so it refuses nothing. */
static void say_ahead(const struct request *q, const char *name, const struct parse_result *res)
{
    char date[DATE_TEXT_MAX];

    if (!date_is_set(q->received) && date_is_set(res->last_census) &&
        date_compare(res->last_census, clock_today(&CLOCK_REAL)) > 0)
        fprintf(stderr, "%s: warning: its census, %s, is after today: until then it is refused\n",
                name, date_format(res->last_census, date));
}

static int parse_file(const struct request *q, const struct format *f, const char *name)
{
    AUTO(fd_close) int fd = feed_input_open(q->feed.file);
    AUTO(text_release) struct text member = TEXT_INIT;
    struct talk talk = { .set_aside = { .file = name } };
    struct parser *first = NULL, *second = NULL;

    if (fd < 0) {
        fprintf(stderr, "%s: error: %s\n", name, strerror(-fd));
        return 1;
    }
    int r = pass(fd, q, f, name, (struct parse_sink){ .set_aside = say_set_aside, .arg = &talk },
                 &first, &member);

    talk.is_zipped = member.len > 0;
    if (r == 0) {
        say_result(&talk, parser_result(first));
        say_ahead(q, name, parser_result(first));
    }
    if (r == 0 && q->summary) {
        r = summary_print(format_id(f), parser_result(first), stdout) < 0;
    } else if (r == 0) {
        struct printing p = { .is_snapshot = format_records(f) == RECORDS_PATHWAY_SNAPSHOT };

        record_printer_init(&p.printer, q->kind, f, stdout);
        r = pass(fd, q, f, name,
                 (struct parse_sink){ .record = on_record, .pathway = on_pathway, .arg = &p },
                 &second, NULL);
        if (record_printer_end(&p.printer) < 0 && r == 0) {
            fputs("waitlistctl: standard output cannot be written\n", stderr);
            r = 1;
        }
    }
    parser_free(first);
    parser_free(second);
    return r;
}

int cmd_feed_parse(int argc, char **argv, const char *datadir)
{
    AUTO(text_release) struct text name = TEXT_INIT;
    struct format_set *set = NULL;
    const struct format *f = NULL;
    struct request q = { .feed = { .command = "feed parse", .usage = usage },
                         .kind = OUTPUT_NDJSON,
                         .received = DATE_NONE };

    if (option_help(argc, argv, usage))
        return 0;

    int r = feed_request_read(&q.feed, argc, argv, options, &q);

    if (r)
        return r;
    r = read_key(&q);
    if (r)
        return r;
    if (output_escaped(&name, q.feed.file) < 0)
        return 1;
    r = feed_format_open(q.feed.command, datadir, q.feed.folders, q.feed.folder_count,
                         q.feed.format, &set, &f);
    if (r == 0)
        r = parse_file(&q, f, text_str(&name));
    format_set_free(set);
    return r;
}
