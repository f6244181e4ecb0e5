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
#include "metric/standing.h"
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

static void say_set_aside(struct talk *t, unsigned long line, const char *column,
                          const char *reason)
{
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

/* ---- the rows of a list: each pathway once, as the daemon counts it ---- */

/* Of a snapshot; else standing is NULL, and each record counts. */
struct listed_rows {
    struct standing *standing;
    bool *is_listed; /* by the row's number in the file: it stands, and has not ended */
    size_t count, room;
    unsigned long listed_count;
    struct set_aside left_out;
};

static int listed_rows_init(struct listed_rows *l, const struct format *f, const char *name)
{
    bool is_list = format_records(f) == RECORDS_PATHWAY_SNAPSHOT;

    *l = (struct listed_rows){ .left_out = { .file = name, .what = "left out" } };
    l->standing = is_list ? standing_new(standing_rule_of(f)) : NULL;
    return is_list && !l->standing ? -ENOMEM : 0;
}

static void listed_rows_release(struct listed_rows *l)
{
    standing_free(l->standing);
    free(l->is_listed);
}

static int listed_rows_grow(struct listed_rows *l)
{
    size_t room = l->room ? l->room * 2 : 1024;
    bool *grown =
        l->count < l->room ? l->is_listed : reallocarray(l->is_listed, room, sizeof *grown);

    if (!grown || l->count >= UINT32_MAX)
        return grown ? -EFBIG : -ENOMEM;
    l->room = l->count < l->room ? l->room : room;
    l->is_listed = grown;
    return 0;
}

/* In the first pass. */
static int note_listed(struct listed_rows *l, const struct pathway_record *record)
{
    struct standing_row now = { (uint32_t)l->count, (uint32_t)record->line }, other;
    uint64_t version = record->has_version ? record->version : 0;
    int r = record->line > UINT32_MAX ? -EFBIG : listed_rows_grow(l);

    if (r == 0)
        r = standing_add(l->standing, record->pathway, PSEUDONYM_BYTES, version, now, &other);
    if (r < 0)
        return r;
    if (r == STANDING_OVER) {
        l->listed_count -= l->is_listed[other.number];
        l->is_listed[other.number] = false;
    }
    l->is_listed[l->count] = r != STANDING_OUT && !record->event;
    l->listed_count += l->is_listed[l->count++];
    if (r != STANDING_ALONE)
        set_aside_say(&l->left_out, r == STANDING_OVER ? other.line : record->line, NULL,
                      LEFT_OUT_AS_REPEATED);
    return 0;
}

/* ---- the two passes ---- */

struct reading {
    struct talk talk;
    struct listed_rows listed;
};

static void on_set_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    say_set_aside(&((struct reading *)arg)->talk, line, column, reason);
}

static int on_noted(void *arg, const struct pathway_record *record)
{
    struct listed_rows *l = &((struct reading *)arg)->listed;

    return l->standing ? note_listed(l, record) : 0;
}

struct printing {
    struct record_printer printer;
    const struct listed_rows *listed;
    size_t at; /* the row's number */
};

static int on_record(void *arg, const struct record *record)
{
    return record_print(&((struct printing *)arg)->printer, record);
}

/* A row of a snapshot that has ended, or for which another stands, is not of the list. */
static int on_pathway(void *arg, const struct pathway_record *record)
{
    struct printing *p = arg;
    const struct listed_rows *l = p->listed;

    return !l->standing || l->is_listed[p->at++] ? pathway_print(&p->printer, record) : 0;
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

static int print_records(int fd, const struct request *q, const struct format *f, const char *name,
                         const struct listed_rows *listed)
{
    struct printing p = { .listed = listed };
    struct parser *parser = NULL;

    record_printer_init(&p.printer, q->kind, f, stdout);
    int r = pass(fd, q, f, name,
                 (struct parse_sink){ .record = on_record, .pathway = on_pathway, .arg = &p },
                 &parser, NULL);

    parser_free(parser);
    if (record_printer_end(&p.printer) < 0 && r == 0) {
        fputs("waitlistctl: standard output cannot be written\n", stderr);
        r = 1;
    }
    return r;
}

static int summarise(const struct format *f, const struct parse_result *result,
                     const struct listed_rows *l)
{
    const struct list_summary list = { l->listed_count, l->left_out.count };

    return summary_print(format_id(f), result, l->standing ? &list : NULL, stdout);
}

static int parse_file(const struct request *q, const struct format *f, const char *name)
{
    AUTO(fd_close) int fd = feed_input_open(q->feed.file);
    AUTO(text_release) struct text member = TEXT_INIT;
    struct reading reading = { .talk.set_aside = { .file = name, .what = "set aside" } };
    struct parser *parser = NULL;
    int r = fd < 0 ? fd : listed_rows_init(&reading.listed, f, name);

    if (r < 0) {
        fprintf(stderr, "%s: error: %s\n", name, strerror(-r));
        return 1;
    }
    r = pass(fd, q, f, name,
             (struct parse_sink){ .pathway = on_noted, .set_aside = on_set_aside, .arg = &reading },
             &parser, &member);
    reading.talk.is_zipped = member.len > 0;
    if (r == 0) {
        set_aside_end(&reading.listed.left_out);
        say_result(&reading.talk, parser_result(parser));
        say_ahead(q, name, parser_result(parser));
    }
    if (r == 0 && q->summary)
        r = summarise(f, parser_result(parser), &reading.listed) < 0;
    else if (r == 0)
        r = print_records(fd, q, f, name, &reading.listed);
    parser_free(parser);
    listed_rows_release(&reading.listed);
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
