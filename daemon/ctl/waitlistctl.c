/*
 * waitlistctl - asks the running daemon, and does offline what needs none
 *
 * Reads its options, asks one question over the control socket, prints the answer. Data goes to
 * standard output, talk to standard error. Exit: 0 ok, 1 finding or refusal, 2 usage, 3 daemon
 * unreachable, 78 configuration; health answers with the codes of a Nagios check.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/datadir.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/text.h"
#include "ctl/cmd_backtest.h"
#include "ctl/cmd_compute.h"
#include "ctl/cmd_doctor.h"
#include "ctl/cmd_evidence.h"
#include "ctl/cmd_feed_backfill.h"
#include "ctl/cmd_feed_parse.h"
#include "ctl/cmd_feed_stats.h"
#include "ctl/cmd_plan_check.h"
#include "ctl/cmd_plan_diff.h"
#include "ctl/cmd_plan_test.h"
#include "ctl/ctl_protocol.h"
#include "ctl/ctl_socket.h"
#include "ctl/find_socket.h"
#include "ctl/option.h"
#include "ctl/output.h"
#include "ctl/show.h"
#include "ctl/simulator.h"
#include "ctl/terminal.h"
#include "ctl/watch_rebuild.h"

#define DEFAULT_CONFIG "/etc/waitlistd/waitlistd.yaml"
#define WORDS_MAX      64
#define HEALTH_UNKNOWN 3 /* what a Nagios check answers when it could not look */
#define COUNT(a)       (sizeof(a) / sizeof(a)[0])

static const char usage[] =
    "usage: waitlistctl [--config FILE | --socket PATH] [-o table|json|ndjson|csv] COMMAND\n"
    "\n"
    "Of the running daemon:\n"
    "  status                 what runs, on what data, what is due\n"
    "  health                 one line and a Nagios code: 0 ok, 1 warning, 2 critical, 3 unknown\n"
    "  doctor                 folders, credentials, servers, Redis, clock, calendar: each with "
    "what "
    "mends it;\n"
    "                         without a daemon as far as that goes\n"
    "  feeds                  each feed: newest data, when the next file is due\n"
    "  measures               each measure: value, plan, target, RAG\n"
    "  measure ID             one measure with every period and version\n"
    "  alerts                 open alerts, and those closed in the last 30 days\n"
    "  explain ALERT|MEASURE  why an alert fires, or does not, and what people said of it\n"
    "  ack ALERT --why TEXT [--until DATE]\n"
    "                         you deal with it: no reminders until DATE (14 days), all else is "
    "told\n"
    "  unack ALERT [--why TEXT]\n"
    "                         takes that back\n"
    "  note ALERT --text TEXT what was found out, for those who work on it\n"
    "  commentary ALERT --text TEXT\n"
    "                         what its lead says of it\n"
    "  close ALERT --why TEXT ends it; the next data period that is behind opens it anew\n"
    "  silence add WORD... --until DATE --why TEXT [--approved-by NAME]\n"
    "                         nothing new is told of what fits every WORD: measure=ID, plan=ID, "
    "feed=ID,\n"
    "                         provider=CODE, rule=NAME, action=ID, alert=ID; 14 days at most, 90 "
    "by an\n"
    "                         accountable officer\n"
    "  silence preview WORD... the open alerts that this would be about\n"
    "  silence ls             silences, also those of the last 30 days\n"
    "  silence end NUMBER [--why TEXT]\n"
    "  plan show [PLAN]       priorities, actions and measures\n"
    "  plan go-live [PLAN] [--reason TEXT]\n"
    "                         ends its rehearsal: each receiver gets one message on how it stands\n"
    "  plan gap [PLAN]        how far each measure is from its plan, and what it takes\n"
    "  plan diff FILE         what FILE changes against the plan in force, what is softer first; "
    "and\n"
    "                         which alerts would open, end or turn, were it in force today\n"
    "  plan apply FILE --reason TEXT\n"
    "                         FILE comes into force, or waits for a second person\n"
    "  plan approve PLAN      that second person: what waits comes into force\n"
    "  plan rollback [PLAN] --reason TEXT\n"
    "                         back to the version before\n"
    "  series find TEXT       what can be watched and is called so, with a measure to paste\n"
    "  forecast MEASURE       who passes its wait on each coming day if nobody is seen; "
    "milestones\n"
    "  spc show MEASURE       its control chart: points, limits, marks; -o csv: a row a point\n"
    "  spc rebase MEASURE --at DATE --why TEXT\n"
    "                         its chart begins anew with the period that ends on or after DATE\n"
    "  spc unrebase MEASURE --at DATE --why TEXT\n"
    "                         takes that back\n"
    "  audit                  what people did, and the dates evaluated\n"
    "  feed expect FEED --by DATE [--why TEXT]\n"
    "                         the awaited file is not late before DATE\n"
    "  feed backfill DIR [--feed ID]\n"
    "                         history, the oldest period first; nobody is told of what was\n"
    "  feed accept RECEIPT|FILE --why TEXT\n"
    "                         a held file takes effect\n"
    "  feed refuse RECEIPT|FILE --why TEXT\n"
    "                         a held file is set aside for good\n"
    "  feed purge RECEIPT|FILE --why TEXT\n"
    "                         erases the bytes of a file that was held or refused\n"
    "  outbox ls              messages that are due, wait or were given up\n"
    "  outbox retry ID [--why TEXT]\n"
    "                         due now; one given up begins again with eight tries\n"
    "  outbox drop ID --why TEXT\n"
    "                         given up by you: its recipient is not told\n"
    "  render ALERT --receiver R\n"
    "                         the message that R would get of it now; nothing is sent\n"
    "  notify test R          a test through receiver R; says which server took it, or why not\n"
    "  evidence --measure ID|--alert ID|--place CODE --from DATE --to DATE [--profile "
    "partner|exact] [--out DIR]\n"
    "                         what was known when, and who acted; as a folder that sha256sum "
    "verifies\n"
    "  rebuild [--why TEXT]   empties Redis and fills it from archive and journals\n"
    "\n"
    "Offline:\n"
    "  plan check FILE [--settings FILE | --live]\n"
    "                         --live: by the running daemon, with its settings and data\n"
    "  plan diff OLD NEW      the same of two files, without alerts\n"
    "  plan test FILE         scripted feeds, and the states and messages expected of each date\n"
    "  backtest PLAN --from DATE --to DATE [--feeds DIR]\n"
    "                         what a plan would have said of what was received, rule by rule\n"
    "  compute waits|rtt-published|nhs-numbers|rules FILE\n"
    "  compute spc [--engine plotthedots|qicharts2] FILE\n"
    "  compute queue --function NAME FILE\n"
    "  feed parse FILE --format F [--formats DIR] [--key FILE] [-o KIND] [--summary]\n"
    "  feed stats FILE --format F --census DATE [--percentile nearest|linear] [-o csv]\n"
    "\n"
    "  --config FILE   settings of the daemon to ask (default " DEFAULT_CONFIG ")\n"
    "  --socket PATH   its control socket\n"
    "  --known DATE    what feeds, measures, measure, alerts, explain, forecast, silence ls, spc "
    "show,\n"
    "                  plan show, plan gap, outbox ls, series find and audit said at the end of "
    "that date\n"
    "  -o KIND         how the answer is printed (default table)\n"
    "  --help, --version\n";

/* Options of single commands: each goes into the request under its name. */
static const char *const named_options[] = { "why",   "by",   "at",          "reason", "receiver",
                                             "until", "text", "approved-by", "known" };
/* A record of the audit has the time of the act under "at"; NULL: not for the daemon. */
static const char *const named_keys[] = { "why",   "by",   "at_date",     "reason", "receiver",
                                          "until", "text", "approved_by", NULL };
#define NAMED_KNOWN 8 /* its place among them */

struct options {
    const char *config, *socket;
    enum output_kind kind;
    bool kind_given;
    const char *named[COUNT(named_options)]; /* values, or NULL */
};

/* One row for each command; the words are as typed. */
struct command {
    const char *first, *second; /* second NULL: one word */
    const char *request;        /* command of the protocol; NULL: not built yet */
    int arguments_min, arguments_max;
};

/* Commands that take more than an id. */
static const struct detail {
    const char *request;
    const char *key;   /* of the argument in the request, which is "id" otherwise */
    const char *named; /* named options, each between blanks; '!' before one that must be given */
} details[] = {
    { "feed-expect", "feed", " !by why " },
    { "rebuild", "id", " why " },
    { "feed-accept", "file", " !why " },
    { "feed-refuse", "file", " !why " },
    { "feed-purge", "file", " !why " },
    { "outbox-retry", "id", " why " },
    { "outbox-drop", "id", " !why " },
    { "spc-rebase", "measure", " !at !why " },
    { "spc-unrebase", "measure", " !at !why " },
    { "plan-apply", "file", " !reason " },
    { "plan-diff", "file", "" },
    { "plan-rollback", "id", " !reason " },
    { "plan-approve", "id", " reason " },
    { "plan-go-live", "plan", " reason " },
    { "render", "id", " !receiver " },
    { "notify-test", "receiver", "" },
    { "ack", "id", " !why until " },
    { "unack", "id", " why " },
    { "note", "id", " !text " },
    { "commentary", "id", " !text " },
    { "close", "id", " !why " },
    { "silence-add", "match", " !why !until approved-by " },
    { "silence-preview", "match", "" },
    { "silence-end", "id", " why " },
    { "feeds", "id", " known " },
    { "measures", "id", " known " },
    { "measure", "id", " known " },
    { "alerts", "id", " known " },
    { "explain", "id", " known " },
    { "forecast", "id", " known " },
    { "silence-ls", "id", " known " },
    { "spc-show", "id", " known " },
    { "plan-show", "id", " known " },
    { "plan-gap", "id", " known " },
    { "outbox-ls", "id", " known " },
    { "series-find", "id", " known " },
    { "audit", "id", " known " },
};

static const struct command commands[] = {
    { "status", NULL, "status", 0, 0 },
    { "health", NULL, "health", 0, 0 },
    { "doctor", NULL, "doctor", 0, 0 },
    { "feeds", NULL, "feeds", 0, 0 },
    { "measures", NULL, "measures", 0, 0 },
    { "measure", NULL, "measure", 1, 1 },
    { "alerts", NULL, "alerts", 0, 0 },
    { "explain", NULL, "explain", 1, 1 },
    { "ack", NULL, "ack", 1, 1 },
    { "unack", NULL, "unack", 1, 1 },
    { "note", NULL, "note", 1, 1 },
    { "commentary", NULL, "commentary", 1, 1 },
    { "close", NULL, "close", 1, 1 },
    { "silence", "add", "silence-add", 1, WORDS_MAX },
    { "silence", "ls", "silence-ls", 0, 0 },
    { "silence", "preview", "silence-preview", 1, WORDS_MAX },
    { "silence", "end", "silence-end", 1, 1 },
    { "plan", "show", "plan-show", 0, 1 },
    { "plan", "gap", "plan-gap", 0, 1 },
    { "plan", "diff", "plan-diff", 1, 2 }, /* two files: offline */
    { "plan", "apply", "plan-apply", 1, 1 },
    { "plan", "approve", "plan-approve", 1, 1 },
    { "plan", "rollback", "plan-rollback", 0, 1 },
    { "series", "find", "series-find", 1, WORDS_MAX },
    { "plan", "go-live", "plan-go-live", 0, 1 },
    { "audit", NULL, "audit", 0, 0 },
    { "feed", "expect", "feed-expect", 1, 1 },
    { "rebuild", NULL, "rebuild", 0, 0 },
    { "feed", "accept", "feed-accept", 1, 1 },
    { "feed", "refuse", "feed-refuse", 1, 1 },
    { "feed", "purge", "feed-purge", 1, 1 },
    { "outbox", "ls", "outbox-ls", 0, 0 },
    { "outbox", "retry", "outbox-retry", 1, 1 },
    { "outbox", "drop", "outbox-drop", 1, 1 },
    { "forecast", NULL, "forecast", 1, 1 },
    { "render", NULL, "render", 1, 1 },
    { "notify", "test", "notify-test", 1, 1 },
    { "spc", "show", "spc-show", 1, 1 },
    { "spc", "rebase", "spc-rebase", 1, 1 },
    { "spc", "unrebase", "spc-unrebase", 1, 1 },
    /* Named by the design, brought by later work. */
    { "replay", NULL, NULL, 0, 0 },
    { "report", NULL, NULL, 0, 0 },
    /* Offline: run by main itself, here for "did you mean". */
    { "plan", "check", NULL, 0, 0 },
    { "plan", "test", NULL, 0, 0 },
    { "feed", "parse", NULL, 0, 0 },
    { "feed", "stats", NULL, 0, 0 },
    { "feed", "backfill", NULL, 0, 0 },
    { "compute", NULL, NULL, 0, 0 },
    { "backtest", NULL, NULL, 0, 0 },
    { "evidence", NULL, NULL, 0, 0 },
};

static int complain(const char *format, const char *subject, const char *nearest)
{
    fputs("waitlistctl: ", stderr);
    AUTO(text_release) struct text escaped = TEXT_INIT;

    (void)output_escaped(&escaped, subject);
    fprintf(stderr, "%s %s", format, text_str(&escaped));
    if (nearest)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    fputs("\ntry: waitlistctl --help\n", stderr);
    return CTL_USAGE;
}

/* ---- the command line -------------------------------------------------------------------------
 */

/* An option of single commands. */
static bool take_named(int argc, char **argv, int *at, struct options *o, const char **out_value)
{
    char option[32];

    for (size_t i = 0; i < COUNT(named_options); i++) {
        (void)snprintf(option, sizeof option, "--%s", named_options[i]);
        if (option_value(argc, argv, at, option, out_value)) {
            o->named[i] = *out_value;
            return true;
        }
    }
    return false;
}

/*
 * Takes the option at argv[*at], if it is one of ours.
 * Returns 1 taken, 0 not an option of ours, -1 a usage error (said).
 */
static int take_option(int argc, char **argv, int *at, struct options *o)
{
    const char *value = NULL, *name = argv[*at];

    if (option_value(argc, argv, at, "--config", &value)) {
        o->config = value;
    } else if (option_value(argc, argv, at, "--socket", &value)) {
        o->socket = value;
    } else if (option_value(argc, argv, at, "-o", &value) ||
               option_value(argc, argv, at, "--output", &value)) {
        if (value && output_kind_parse(value, &o->kind) < 0) {
            static const char *const kinds[] = { "table", "json", "ndjson", "csv" };

            complain("unknown kind of output:", value, diag_nearest(value, kinds, COUNT(kinds)));
            return -1;
        }
        o->kind_given = true;
    } else if (!take_named(argc, argv, at, o, &value)) {
        return 0;
    }
    if (!value) {
        complain("an option wants a value:", name, NULL);
        return -1;
    }
    return 1;
}

static const struct command *find_command(char **words, int count, int *out_used)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        const struct command *c = &commands[i];

        if (strcmp(words[0], c->first) != 0)
            continue;
        if (!c->second) {
            *out_used = 1;
            return c;
        }
        if (count > 1 && strcmp(words[1], c->second) == 0) {
            *out_used = 2;
            return c;
        }
    }
    return NULL;
}

static int unknown_command(char **words, int count)
{
    const char *candidates[COUNT(commands)];
    size_t n = 0, seconds = 0;

    for (size_t i = 0; i < COUNT(commands); i++)
        if (commands[i].second && strcmp(words[0], commands[i].first) == 0)
            candidates[seconds++] = commands[i].second;
    if (seconds > 0 && count > 1)
        return complain("unknown command:", words[1], diag_nearest(words[1], candidates, seconds));
    if (seconds > 0)
        return complain("this command wants a second word:", words[0], NULL);
    for (size_t i = 0; i < COUNT(commands); i++)
        candidates[n++] = commands[i].first;
    return complain("unknown command:", words[0], diag_nearest(words[0], candidates, n));
}

/* ---- printing ---------------------------------------------------------------------------------
 */

/* CSV keeps every byte for a program; on a terminal control characters are shown, not obeyed. */
static int tame_lines(struct text *out)
{
    AUTO(text_release) struct text tame = TEXT_INIT;
    char *line = out->buf, *end;

    for (; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        (void)output_escaped(&tame, line);
        (void)text_putc(&tame, '\n');
    }
    text_clear(out);
    return text_add(out, text_str(&tame), tame.len);
}

static int print_result(const char *command, const json_t *result, enum output_kind kind)
{
    AUTO(text_release) struct text out = TEXT_INIT;
    bool terminal = isatty(STDOUT_FILENO);
    int r = 0;

    if (kind == OUTPUT_JSON) {
        r = output_json(&out, result, true);
        text_putc(&out, '\n');
    } else if (kind == OUTPUT_NDJSON) {
        r = output_ndjson(&out, result);
    } else if (kind == OUTPUT_CSV) {
        r = output_csv(&out, result);
    } else {
        r = show_result(command, result, terminal_width(), terminal_wants_colour(), &out);
    }
    if (r == 0)
        r = json_lacks() ? -ENOMEM : out.error;
    if (r == 0 && terminal && kind == OUTPUT_CSV)
        r = tame_lines(&out);
    if (r == 0 && out.len > 0 && fwrite(out.buf, 1, out.len, stdout) != out.len)
        r = -EIO;
    if (r == 0 && fflush(stdout) != 0)
        r = -EIO;
    if (r < 0)
        fprintf(stderr, "waitlistctl: cannot print: %s\n", strerror(-r));
    return r;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

/* Not reached: broken settings explain more than a missing socket does. */
static int unreachable(const char *path, const struct options *o, int error, bool is_health)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    int code = CTL_UNREACHABLE;

    if (!o->socket && !is_health && find_socket_check(o->config, datadir_find(), &diags) < 0) {
        diags_print(&diags, stderr);
        code = CTL_CONFIG;
    }
    if (is_health)
        printf("WAITLISTD UNKNOWN - the daemon does not answer on %s\n", path);
    const char *why = error == -ENOENT || error == -ECONNREFUSED
                          ? "it does not run, or by other settings"
                      : error == -EACCES ? "permission denied; ask as root or as the daemon's user"
                      : error == -EPROTO ? "it closed the connection without an answer"
                                         : strerror(-error);

    fprintf(stderr, "waitlistctl: no answer from the daemon on %s: %s\n", path, why);
    return code;
}

static const struct detail *detail_of(const struct command *c)
{
    static const struct detail none = { NULL, "id", "" };

    for (size_t i = 0; i < COUNT(details); i++)
        if (strcmp(details[i].request, c->request) == 0)
            return &details[i];
    return &none;
}

/* Whether the command takes the named option; *out_must: it must be given. */
static bool takes_named(const struct command *c, const char *name, bool *out_must)
{
    const char *named = detail_of(c)->named;
    char word[32];

    (void)snprintf(word, sizeof word, "!%s ", name);
    *out_must = strstr(named, word) != NULL;
    (void)snprintf(word, sizeof word, " %s ", name);
    return *out_must || strstr(named, word);
}

/* Returns 0, or CTL_USAGE after saying what is wrong. */
static int check_named(const struct command *c, const struct options *o)
{
    char option[32];

    for (size_t i = 0; i < COUNT(named_options); i++) {
        bool must, takes = takes_named(c, named_options[i], &must);

        (void)snprintf(option, sizeof option, "--%s", named_options[i]);
        if (o->named[i] && !takes)
            return complain("this command does not take", option, NULL);
        if (must && (!o->named[i] || !*o->named[i]))
            return complain("this command wants", option, NULL);
    }
    return 0;
}

/* A plan goes to the daemon as it is: that may not be able to read the file. */
static bool sends_text(const struct command *c)
{
    return strcmp(c->request, "plan-apply") == 0 || strcmp(c->request, "plan-diff") == 0;
}

/* json_string refuses what is no UTF-8: such an id names nothing. text: of a file, or NULL. */
static json_t *request_of(const struct command *c, char **arguments, int count,
                          const struct options *o, const struct text *text)
{
    json_t *request = json_pack("{s:s}", "command", c->request);
    int r = request ? 0 : -1;

    AUTO(text_release) struct text all = TEXT_INIT;

    for (int i = 0; i < count; i++) /* several words are one text: only find takes any */
        text_printf(&all, "%s%s", i ? " " : "", arguments[i]);
    if (r == 0 && count > 0)
        r = text_ok(&all)
                ? json_object_set_new(request, detail_of(c)->key, json_string(text_str(&all)))
                : -1;
    for (size_t i = 0; r == 0 && i < COUNT(named_options); i++)
        if (o->named[i] && named_keys[i])
            r = json_object_set_new(request, named_keys[i], json_string(o->named[i]));
    if (r == 0 && text)
        r = json_object_set_new(request, "text", json_stringn(text_str(text), text->len));
    if (r == 0)
        return request;
    json_decref(request);
    return NULL;
}

/* A chart is rows of points to whoever wants rows, a forecast rows of days, a new plan rows of changes. */
static const json_t *rows_of(const struct command *c, const json_t *result, enum output_kind kind)
{
    static const struct {
        const char *request, *key;
    } rows[] = { { "spc-show", "points" },
                 { "forecast", "days" },
                 { "plan-diff", "changes" },
                 { "doctor", "checks" } };

    for (size_t i = 0; i < COUNT(rows); i++)
        if ((kind == OUTPUT_CSV || kind == OUTPUT_NDJSON) &&
            strcmp(c->request, rows[i].request) == 0)
            return json_object_get(result, rows[i].key);
    return result;
}

/* `plan show ID`: the daemon answers with every plan. */
static void keep_only(json_t *list, const char *id)
{
    for (size_t i = json_array_size(list); i-- > 0;) {
        const char *have = json_string_value(json_object_get(json_array_get(list, i), "id"));

        if (!have || strcmp(have, id) != 0)
            json_array_remove(list, i);
    }
}

static int finish(const struct command *c, const json_t *result, char **arguments, int count,
                  const struct options *o)
{
    if (json_is_null(result) ||
        (count > 0 && json_is_array(result) && json_array_size(result) == 0 &&
         strcmp(c->request, "silence-preview") != 0)) {
        AUTO(text_release) struct text id = TEXT_INIT;

        (void)output_escaped(&id, count > 0 ? arguments[0] : "");
        fprintf(stderr, "waitlistctl: nothing known of \"%s\"\n", text_str(&id));
        return CTL_FINDING;
    }
    if (print_result(c->request, rows_of(c, result, o->kind), o->kind) < 0)
        return CTL_FINDING;
    if (strcmp(c->request, "doctor") == 0)
        return json_integer_value(json_object_get(result, "fail")) ? CTL_FINDING : CTL_OK;
    if (strcmp(c->request, "health") != 0)
        return CTL_OK;
    json_int_t code = json_integer_value(json_object_get(result, "code"));

    return code >= 0 && code <= HEALTH_UNKNOWN ? (int)code : HEALTH_UNKNOWN;
}

/* Prints what was answered. Returns the exit status. */
static int conclude(const struct command *c, const char *path, json_t *result, char **arguments,
                    int count, const struct options *o)
{
    int code = CTL_OK;

    if (count > 0 && strcmp(c->request, "plan-show") == 0)
        keep_only(result, arguments[0]);
    if (strcmp(c->request, "rebuild") == 0)
        code = watch_rebuild(path);
    return code == CTL_OK ? finish(c, result, arguments, count, o) : code;
}

/* --known: a simulation of that date answers, not the daemon. */
static int ask_past(const struct command *c, char **arguments, int count, const struct options *o)
{
    AUTO(simulator_end) struct simulator s = SIMULATOR_INIT;
    const char *date = o->named[NAMED_KNOWN];
    struct simulator_options past = { .config = o->config, .is_past = true };
    json_t *result = NULL;

    if (date_parse_iso(date, strlen(date), &past.first) < 0)
        return complain("--known wants a date, YYYY-MM-DD, not", date, NULL);
    if (o->socket)
        return complain("--known wants --config, not --socket", o->socket, NULL);
    json_t *request = request_of(c, arguments, count, o, NULL);

    if (!request)
        return complain("the argument is not valid UTF-8:", arguments[0], NULL);
    int code = simulator_start(&s, &past);

    if (code == CTL_OK)
        code = simulator_ask(&s, request, &result);
    if (code == CTL_OK)
        code = conclude(c, NULL, result, arguments, count, o);
    json_decref(request);
    json_decref(result);
    return code;
}

/* The doctor has much to say also where no daemon does. */
static int doctor_offline(const struct command *c, const char *why, const struct options *o)
{
    json_t *report = NULL;
    bool is_hanging = false;
    int code = cmd_doctor(o->config, why, &report, &is_hanging);

    if (!report) {
        fputs("waitlistctl: out of memory\n", stderr);
        return CTL_FINDING;
    }
    (void)print_result(c->request, rows_of(c, report, o->kind), o->kind);
    if (is_hanging)
        _exit(code);
    json_decref(report);
    return code;
}

static int ask(const struct command *c, char **arguments, int count, const struct options *o)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(auto_free) char *path = NULL, *line = NULL, *error = NULL;
    AUTO(text_release) struct text file = TEXT_INIT;
    bool is_health = strcmp(c->request, "health") == 0;
    json_t *result = NULL, *request;
    size_t len = 0;
    int code = CTL_FINDING, r;

    if (o->socket) {
        path = strdup(o->socket);
    } else if (find_socket(o->config, datadir_find(), &diags, &path) < 0) {
        if (strcmp(c->request, "doctor") == 0)
            return doctor_offline(c, "which daemon is not known", o);
        diags_print(&diags, stderr);
        if (is_health)
            printf("WAITLISTD UNKNOWN - the settings cannot be read\n");
        return is_health ? HEALTH_UNKNOWN : CTL_CONFIG;
    }
    if (sends_text(c) && (r = file_read(arguments[0], CTL_REQUEST_MAX_BYTES / 2, &file)) < 0) {
        fprintf(stderr, "waitlistctl: %s: %s\n", arguments[0], strerror(-r));
        return CTL_CONFIG;
    }
    request = request_of(c, arguments, count, o, sends_text(c) ? &file : NULL);
    if (!path || !request) {
        fputs("waitlistctl: the argument is not valid UTF-8\n", stderr);
        json_decref(request);
        return CTL_USAGE;
    }
    r = ctl_socket_ask(path, request, CTL_CLIENT_WAIT_S, &line, &len);
    json_decref(request);
    if (r < 0 && strcmp(c->request, "doctor") == 0 && !o->socket)
        return doctor_offline(
            c, r == -EACCES ? "it may not be asked by this user" : "it does not answer", o);
    if (r < 0)
        return unreachable(path, o, r, is_health);
    r = ctl_answer_parse(line, len, &result, &code, &error);
    if (r < 0) {
        fprintf(stderr, "waitlistctl: what answers on %s is not waitlistd\n", path);
        return CTL_UNREACHABLE;
    }
    if (r > 0) {
        AUTO(text_release) struct text escaped = TEXT_INIT;

        (void)output_escaped(&escaped, error);
        if (is_health)
            printf("WAITLISTD UNKNOWN - %s\n", text_str(&escaped));
        fprintf(stderr, "waitlistctl: %s\n", text_str(&escaped));
        return is_health ? HEALTH_UNKNOWN : code;
    }
    code = conclude(c, path, result, arguments, count, o);
    json_decref(result);
    return code;
}

/* ---- start ------------------------------------------------------------------------------------
 */

typedef int offline_command(int argc, char **argv, const struct options *o);

static int plan_check(int argc, char **argv, const struct options *o)
{
    return cmd_plan_check(argc, argv, o->config ? o->config : DEFAULT_CONFIG, o->socket);
}

static int plan_diff(int argc, char **argv, const struct options *o)
{
    (void)o;
    return cmd_plan_diff(argc, argv);
}

static int plan_test(int argc, char **argv, const struct options *o)
{
    (void)o;
    return cmd_plan_test(argc, argv);
}

static int feed_stats(int argc, char **argv, const struct options *o)
{
    (void)o;
    return cmd_feed_stats(argc, argv, datadir_find());
}

static int feed_parse(int argc, char **argv, const struct options *o)
{
    (void)o;
    return cmd_feed_parse(argc, argv, datadir_find());
}

/* Of the running daemon, but with options of its own. */
static int feed_backfill(int argc, char **argv, const struct options *o)
{
    return cmd_feed_backfill(argc, argv, o->config ? o->config : DEFAULT_CONFIG, o->socket);
}

static const struct offline {
    const char *first, *second;
    offline_command *run;
} offlines[] = {
    { "plan", "check", plan_check },       { "plan", "test", plan_test },
    { "feed", "parse", feed_parse },       { "feed", "stats", feed_stats },
    { "feed", "backfill", feed_backfill },
};

/* Or NULL. */
static const struct offline *find_offline(char **words)
{
    for (size_t i = 0; i < COUNT(offlines); i++)
        if (strcmp(words[0], offlines[i].first) == 0 && strcmp(words[1], offlines[i].second) == 0)
            return &offlines[i];
    return NULL;
}

/* The offline commands read their own options; a global -o given before them is handed on. */
static int offline(offline_command *run, int argc, char **argv, const struct options *o)
{
    char *rest[WORDS_MAX + 3];
    char kind_option[] = "-o";
    AUTO(auto_free) char *kind = strdup(output_kind_name(o->kind));
    int count = 0;

    for (; count < argc && count < WORDS_MAX; count++)
        rest[count] = argv[count];
    if (count < argc)
        return complain("too many arguments after", argv[0], NULL);
    if (o->kind_given && kind) {
        rest[count++] = kind_option;
        rest[count++] = kind;
    }
    rest[count] = NULL;
    return run(count, rest, o);
}

int main(int argc, char **argv)
{
    struct options o = { .kind = OUTPUT_TABLE };
    char *words[WORDS_MAX];
    int count = 0, used = 0, taken;
    bool only_words = false;

    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
            continue;
        }
        if (!only_words && argv[i][0] == '-' && argv[i][1]) {
            if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
                fputs(usage, stdout);
                return CTL_OK;
            }
            if (strcmp(argv[i], "--version") == 0) {
                puts("waitlistctl " WAITLISTD_VERSION);
                return CTL_OK;
            }
            taken = take_option(argc, argv, &i, &o);
            if (taken < 0)
                return CTL_USAGE;
            if (taken == 0)
                return complain("unknown option:", argv[i], NULL);
            continue;
        }
        if (count == WORDS_MAX)
            return complain("too many arguments:", argv[i], NULL);
        words[count++] = argv[i];
        if (count == 1 && strcmp(words[0], "compute") == 0)
            return cmd_compute(argc - i, argv + i);
        if (count == 1 && strcmp(words[0], "backtest") == 0)
            return cmd_backtest(argc - i, argv + i, o.config ? o.config : DEFAULT_CONFIG, o.kind);
        if (count == 1 && strcmp(words[0], "evidence") == 0)
            return cmd_evidence(argc - i, argv + i, o.config ? o.config : DEFAULT_CONFIG, o.kind);
        const struct offline *without = count == 2 ? find_offline(words) : NULL;

        if (without)
            return offline(without->run, argc - i, argv + i, &o);
    }
    if (count == 0) {
        fputs(usage, stderr);
        return CTL_USAGE;
    }
    if (o.config && o.socket)
        return complain("give one of --config and --socket, not both:", o.socket, NULL);
    if (!o.config)
        o.config = DEFAULT_CONFIG;
    const struct command *c = find_command(words, count, &used);

    if (!c)
        return unknown_command(words, count);
    if (!c->request)
        return complain("not built yet:", c->second ? c->second : c->first, NULL);
    if (count - used < c->arguments_min)
        return complain("an argument is missing after", words[count - 1], NULL);
    if (count - used > c->arguments_max)
        return complain("too many arguments:", words[used + c->arguments_max], NULL);
    if (check_named(c, &o) != 0)
        return CTL_USAGE;
    if (c->request && strcmp(c->request, "plan-diff") == 0 && count - used == 2)
        return offline(plan_diff, count - 1, words + 1, &o); /* of two files: no daemon is needed */
    return o.named[NAMED_KNOWN] ? ask_past(c, words + used, count - used, &o)
                                : ask(c, words + used, count - used, &o);
}
