#include "ctl/cmd_feed_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/feed_input.h"
#include "ctl/output.h"
#include "ctl/record_print.h"
#include "feed/content.h"
#include "parse/format.h"
#include "parse/parser.h"

#define SET_ASIDE_SHOWN 20
#define KEY_MIN_BYTES   16
#define KEY_MAX_BYTES   1024

static const char usage[] =
    "usage: waitlistctl feed parse FILE --format FORMAT [--formats DIR]...\n"
    "                              [--key FILE] [-o ndjson|json|csv|table] [--summary]\n";

struct request {
    const char *file, *format;
    const char *folders[FEED_FOLDERS_MAX + 1]; /* the shipped ones first */
    size_t folder_count;
    enum output_kind kind;
    bool summary;
    const char *key_file;
    unsigned char key[KEY_MAX_BYTES];
    size_t key_len;
};

/* ---- arguments ---- */

static int usage_error(const char *format, const char *what)
{
    fputs("waitlistctl: ", stderr);
    if (strcmp(format, "unknown") == 0)
        fprintf(stderr, "feed parse: unknown option \"%s\"\n", what);
    else
        fprintf(stderr, "feed parse: %s%s\n", format, what);
    fputs(usage, stderr);
    return 2;
}

/* The value of an option written as "--name value" or "--name=value"; NULL if arg is another. */
static const char *option_value(const char *name, int argc, char **argv, int *at, bool *out_is)
{
    const char *arg = argv[*at];
    size_t len = strlen(name);

    *out_is = strncmp(arg, name, len) == 0 && (arg[len] == '\0' || arg[len] == '=');
    if (!*out_is)
        return NULL;
    if (arg[len] == '=')
        return arg + len + 1;
    return *at + 1 < argc ? argv[++*at] : NULL;
}

/* Takes one argument. Returns 0 or the exit code 2. */
static int read_argument(struct request *q, int argc, char **argv, int *at)
{
    static const char *const names[] = { "--format", "--formats", "--key", "-o", "--output" };
    const char *arg = argv[*at];
    bool is = false;

    if (strcmp(arg, "--summary") == 0) {
        q->summary = true;
        return 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = option_value(names[i], argc, argv, at, &is);

        if (!is)
            continue;
        if (!value)
            return usage_error("a value is missing after ", names[i]);
        if (i == 0) {
            q->format = value;
        } else if (i == 1) {
            if (q->folder_count > FEED_FOLDERS_MAX)
                return usage_error("too many --formats", "");
            q->folders[q->folder_count++] = value;
        } else if (i == 2) {
            q->key_file = value;
        } else if (output_kind_parse(value, &q->kind) < 0) {
            return usage_error("-o is ndjson, json, csv or table, not ", value);
        }
        return 0;
    }
    if (arg[0] == '-' && arg[1])
        return usage_error("unknown", arg);
    if (q->file)
        return usage_error("one FILE at a time; a second is ", arg);
    q->file = arg;
    return 0;
}

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
        return usage_error("--key: a key is a file of 16 to 1023 bytes", "");
    q->key_len = (size_t)n;
    return 0;
}

/* ---- talk ---- */

struct talk {
    const char *name; /* of the file, escaped */
    unsigned long set_aside;
    bool no_month;  /* a row had no period although no column gives it */
    bool is_zipped; /* the archive proves its end */
};

static void say_set_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    struct talk *t = arg;
    AUTO(text_release) struct text name = TEXT_INIT;

    t->no_month |= !column && strcmp(reason, "no-period") == 0;
    if (++t->set_aside > SET_ASIDE_SHOWN)
        return;
    fprintf(stderr, "%s:%lu: row set aside: %s", t->name, line, reason);
    if (column && output_escaped(&name, column) == 0)
        fprintf(stderr, ", column \"%.120s\"", text_str(&name));
    fputc('\n', stderr);
}

static void say_result(const struct talk *t, const struct parse_result *r)
{
    if (t->set_aside > SET_ASIDE_SHOWN)
        fprintf(stderr, "%s: and %lu more rows set aside\n", t->name,
                t->set_aside - SET_ASIDE_SHOWN);
    if (r->replaced_utf8)
        fprintf(stderr, "%s: %lu descriptive or unused cells hold invalid UTF-8\n", t->name,
                r->replaced_utf8);
    if (t->no_month)
        fprintf(stderr,
                "%s: no line above the header names a month; add it to line 1, for example "
                "\", February 2023\", and drop the file again\n",
                t->name);
    if (r->held && strcmp(r->held, "header-only") == 0)
        fprintf(stderr, "%s: would be held: a header and no rows\n", t->name);
    else if (r->held)
        fprintf(stderr, "%s: would be held: %lu of %lu rows set aside\n", t->name,
                r->rows - r->accepted, r->rows);
    if (!r->ends_with_newline && !t->is_zipped)
        fprintf(stderr,
                "%s: the last line has no line end: without other proof of its end the file "
                "would be held\n",
                t->name);
}

/* ---- the two passes ---- */

static int on_record(void *arg, const struct record *record)
{
    return record_print(arg, record);
}

static int on_pathway(void *arg, const struct pathway_record *record)
{
    return pathway_print(arg, record);
}

/* One pass over the input. Returns 0 with *out_parser to read, or an exit code said on stderr. */
static int pass(int fd, const struct request *q, const struct format *f, const char *name,
                struct parse_sink sink, struct parser **out_parser, struct text *out_member)
{
    struct parser_options options = { .key = q->key, .key_len = q->key_len, .census = DATE_NONE };
    struct parser *p = parser_new(f, name, sink);
    int r = p ? parser_configure(p, &options) : -ENOMEM;

    if (r == 0)
        r = content_parse(fd, p, out_member);

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

static int parse_file(const struct request *q, const struct format *f, const char *name)
{
    AUTO(fd_close) int fd = feed_input_open(q->file);
    AUTO(text_release) struct text member = TEXT_INIT;
    struct talk talk = { .name = name };
    struct parser *first = NULL, *second = NULL;

    if (fd < 0) {
        fprintf(stderr, "%s: error: %s\n", name, strerror(-fd));
        return 1;
    }
    int r = pass(fd, q, f, name, (struct parse_sink){ .set_aside = say_set_aside, .arg = &talk },
                 &first, &member);

    talk.is_zipped = member.len > 0;
    if (r == 0)
        say_result(&talk, parser_result(first));
    if (r == 0 && q->summary) {
        r = summary_print(format_id(f), parser_result(first), stdout) < 0;
    } else if (r == 0) {
        struct record_printer printer;

        record_printer_init(&printer, q->kind, f, stdout);
        r = pass(fd, q, f, name,
                 (struct parse_sink){ .record = on_record, .pathway = on_pathway, .arg = &printer },
                 &second, NULL);
        if (record_printer_end(&printer) < 0 && r == 0) {
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
    struct request q = { .kind = OUTPUT_NDJSON, .folder_count = 1 };
    int r;

    for (int i = 1; i < argc; i++) {
        r = read_argument(&q, argc, argv, &i);
        if (r)
            return r;
    }
    if (!q.file)
        return usage_error("FILE is missing", "");
    if (!q.format)
        return usage_error("--format is missing", "");
    r = read_key(&q);
    if (r)
        return r;
    if (output_escaped(&name, q.file) < 0)
        return 1;
    r = feed_format_open("feed parse", datadir, q.folders, q.folder_count, q.format, &set, &f);
    if (r == 0)
        r = parse_file(&q, f, text_str(&name));
    format_set_free(set);
    return r;
}
