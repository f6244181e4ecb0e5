#include "ctl/cmd_evidence.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"
#include "ctl/evidence_pack.h"
#include "ctl/option.h"
#include "ctl/progress.h"
#include "ctl/show.h"
#include "ctl/show_internal.h"
#include "ctl/simulator.h"
#include "ctl/terminal.h"

static const char usage[] =
    "usage: waitlistctl [--config FILE] evidence --measure ID|--alert ID|--place CODE\n"
    "                   --from DATE --to DATE [--profile partner|exact] [--out DIR]\n"
    "                   [-o table|json|ndjson|csv]\n";

struct arguments {
    const char *config, *measure, *alert, *place, *from_text, *to_text, *profile, *out;
    struct civil_date from, to;
    enum output_kind kind;
};

static bool refuse(const char *word, const char *why)
{
    AUTO(text_release) struct text escaped = TEXT_INIT;

    (void)output_escaped(&escaped, word);
    fprintf(stderr, "waitlistctl: evidence: %s: %s\n", text_str(&escaped), why);
    return false;
}

/* Returns false after saying what is wrong with the word at *at. */
static bool read_argument(int argc, char **argv, int *at, struct arguments *a)
{
    const char *output = NULL, *value = NULL, *word = argv[*at];
    const struct {
        const char *name;
        const char **field;
    } options[] = {
        { "--config", &a->config },   { "--measure", &a->measure }, { "--alert", &a->alert },
        { "--place", &a->place },     { "--from", &a->from_text },  { "--to", &a->to_text },
        { "--profile", &a->profile }, { "--out", &a->out },         { "-o", &output },
        { "--output", &output }
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (!option_value(argc, argv, at, options[i].name, &value))
            continue;
        if (!value || !*value)
            return refuse(word, "wants a value");
        *options[i].field = value;
        return !output || output_kind_parse(output, &a->kind) == 0 ||
               refuse(output, "-o is table, json, ndjson or csv");
    }
    return refuse(word, "no such option");
}

static bool read_date(const char *option, const char *text, struct civil_date *out)
{
    return (text && date_parse_iso(text, strlen(text), out) == 0) ||
           refuse(option, "wants a date, YYYY-MM-DD");
}

static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    for (int i = 1; i < argc; i++)
        if (!read_argument(argc, argv, &i, a))
            return false;
    if (!!a->measure + !!a->alert + !!a->place != 1)
        return refuse("evidence", "wants one of --measure, --alert and --place");
    if (strcmp(a->profile, "partner") != 0 && strcmp(a->profile, "exact") != 0)
        return refuse(a->profile, "--profile is partner or exact");
    return read_date("--from", a->from_text, &a->from) && read_date("--to", a->to_text, &a->to) &&
           (date_compare(a->from, a->to) <= 0 || refuse("--to", "is before --from"));
}

/* ---- asking ---- */

static int ask(const struct arguments *a, struct civil_date known, json_t *request, json_t **out)
{
    AUTO(simulator_end) struct simulator s = SIMULATOR_INIT;
    const struct simulator_options o = { .config = a->config, .is_past = true, .first = known };
    int code = request ? simulator_start(&s, &o) : CTL_FINDING;

    if (code == CTL_OK)
        code = simulator_ask(&s, request, out);
    json_decref(request);
    return code;
}

/* Whom the figures are of: of an alert its measure. */
static json_t *figures_request(const struct arguments *a, const json_t *pack)
{
    const json_t *measures = json_object_get(pack, "measures");
    const char *of = a->place ? a->place : json_string_value(json_array_get(measures, 0));

    return json_pack("{s:s, s:s, s:s}", "command", "evidence-figures", "profile", a->profile,
                     a->place ? "place" : "measure", of ? of : "");
}

static bool is_news(const json_t *before, const json_t *now)
{
    static const char *const said[] = { "value", "marker", "period_end", "rag",
                                        "held",  "line",   "status",     "plan_version" };

    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if (!before || !json_equal(json_object_get(before, said[i]), json_object_get(now, said[i])))
            return true;
    return false;
}

static const json_t *find_figure(const json_t *figures, const char *id)
{
    const json_t *figure;
    size_t i;

    json_array_foreach(figures, i, figure)
    {
        const char *have = json_string_value(json_object_get(figure, "id"));

        if (have && strcmp(have, id) == 0)
            return figure;
    }
    return NULL;
}

static int add_figures(json_t *list, const char *date, const json_t *before, const json_t *now)
{
    json_t *figure;
    size_t i;

    json_array_foreach(now, i, figure)
    {
        const char *id = json_string_value(json_object_get(figure, "id"));
        json_t *row = json_pack("{s:s}", "known", date);

        if (!id || !row || json_object_update(row, figure) < 0) {
            json_decref(row);
            return -ENOMEM;
        }
        if (!is_news(find_figure(before, id), figure))
            json_decref(row);
        else if (json_array_append_new(list, row) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The dates of the pack, ascending; malloc'ed, borrowed. */
static const char **dates_of(const json_t *pack, size_t *out_count)
{
    const json_t *list = json_object_get(pack, "dates");
    const char **dates = calloc(json_array_size(list) + 1, sizeof *dates);
    size_t n = 0;

    for (size_t i = 0; dates && i < json_array_size(list); i++)
        dates[n++] = json_string_value(json_array_get(list, i));
    if (dates)
        qsort(dates, n, sizeof *dates, by_text);
    *out_count = n;
    return dates;
}

/* How the measures stood on each date, where that was news. Returns an exit status. */
static int ask_figures(const struct arguments *a, json_t *pack)
{
    json_t *list = json_array(), *before = NULL;
    size_t count = 0;
    AUTO(auto_free) const char **dates = dates_of(pack, &count);
    int code = list && dates ? CTL_OK : CTL_FINDING, r = 0;

    if (json_array_size(json_object_get(pack, "measures")) == 0)
        count = 0;
    for (size_t i = 0; code == CTL_OK && r == 0 && i < count; i++) {
        json_t *now = NULL;
        struct civil_date on;

        if (date_parse_iso(dates[i], strlen(dates[i]), &on) < 0)
            continue;
        progress_show("evidence", (long long)i + 1, (long long)count);
        code = ask(a, on, figures_request(a, pack), &now);
        if (code == CTL_OK)
            r = add_figures(list, dates[i], before, now);
        json_decref(before);
        before = now;
    }
    progress_end();
    json_decref(before);
    if (r == 0 && code == CTL_OK)
        r = json_object_set(pack, "figures", list);
    json_decref(list);
    return code != CTL_OK ? code : r == 0 ? CTL_OK : CTL_FINDING;
}

/* ---- in order ---- */

struct ordered {
    json_int_t at;
    size_t place;
    json_t *event;
};

static int by_time(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* What an alert's state is called is said before its title. */
static int word_state(json_t *event)
{
    const char *state = show_string(event, "state"), *rule = show_string(event, "rule");
    const char *severity = json_string_value(json_object_get(event, "severity"));
    const char *kind = show_string(event, "kind");
    bool is_again = strcmp(kind, "reminder") == 0, is_further = strcmp(kind, "escalation") == 0;
    bool is_alert = is_again || is_further || strcmp(kind, "alert") == 0;
    AUTO(text_release) struct text words = TEXT_INIT;

    if (!json_is_string(json_object_get(event, "state")))
        return 0;
    (void)text_printf(&words, "%s%s%s%s: %s",
                      is_again     ? "still "
                      : is_further ? "escalated, "
                                   : "",
                      show_state_words(rule, state), is_alert && severity ? ", " : "",
                      is_alert && severity ? severity : "", show_string(event, "text"));
    return json_object_set_new(event, "text", json_string(text_str(&words)));
}

/* By time; what happened at one moment stays in the order of the journals: audit, messages, files. */
static int put_in_order(json_t *pack)
{
    json_t *events = json_object_get(pack, "events"), *sorted = json_array();
    size_t n = json_array_size(events);
    AUTO(auto_free) struct ordered *list = calloc(n + 1, sizeof *list);
    int r = list && sorted ? 0 : -1;

    for (size_t i = 0; r == 0 && i < n; i++) {
        json_t *event = json_array_get(events, i);

        list[i] = (struct ordered){ json_integer_value(json_object_get(event, "at_ms")), i, event };
        r = json_object_del(event, "at_ms") | word_state(event);
    }
    if (r == 0)
        qsort(list, n, sizeof *list, by_time);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = json_array_append(sorted, list[i].event);
    if (r == 0)
        r = json_object_set(pack, "events", sorted);
    json_decref(sorted);
    (void)json_object_del(pack, "dates");
    return r == 0 ? 0 : -ENOMEM;
}

/* ---- what is made of it ---- */

static int write_file(void *arg, const char *name, const char *bytes, size_t len)
{
    AUTO(auto_free) char *path = path_join(arg, name);

    return path ? file_replace(path, bytes, len, 0600) : -ENOMEM;
}

/* Old files beside new ones would belong to no manifest. */
static int check_empty(const char *folder)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    int r = entries ? 0 : -errno;

    while (entries && (entry = readdir(entries)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            r = -ENOTEMPTY;
    if (entries)
        (void)closedir(entries);
    return r;
}

static int make_folder(const char *folder)
{
    int r = folder_make(folder);

    return r == 0 ? check_empty(folder) : r;
}

static int print(const json_t *pack, enum output_kind kind)
{
    AUTO(text_release) struct text out = TEXT_INIT;
    const json_t *events = json_object_get(pack, "events");
    int r = 0;

    if (kind == OUTPUT_JSON) {
        r = output_json(&out, pack, true);
        (void)text_putc(&out, '\n');
    } else if (kind == OUTPUT_NDJSON) {
        r = output_ndjson(&out, events);
    } else if (kind == OUTPUT_CSV) {
        r = output_csv(&out, events);
    } else {
        r = evidence_table(pack, terminal_width(), terminal_wants_colour(), &out);
    }
    if (r == 0)
        r = out.error;
    if (r == 0 && (fwrite(text_str(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0))
        r = -EIO;
    return r;
}

static int conclude(const struct arguments *a, const json_t *pack)
{
    int r =
        a->out ? evidence_files(pack, write_file, (void *)(uintptr_t)a->out) : print(pack, a->kind);

    if (r < 0)
        fprintf(stderr, "waitlistctl: evidence: %s%s%s\n", a->out ? a->out : "", a->out ? ": " : "",
                strerror(-r));
    else if (a->out)
        fprintf(stderr, "waitlistctl: %s: to verify it: cd there, sha256sum -c manifest.sha256\n",
                a->out);
    return r < 0 ? CTL_FINDING : CTL_OK;
}

int cmd_evidence(int argc, char **argv, const char *config, enum output_kind kind)
{
    struct arguments a = { .config = config, .kind = kind, .profile = "partner" };
    json_t *pack = NULL;
    int r;

    if (option_help(argc, argv, usage))
        return CTL_OK;
    if (!read_arguments(argc, argv, &a)) {
        fputs(usage, stderr);
        return CTL_USAGE;
    }
    if (a.out && (r = make_folder(a.out)) < 0) {
        fprintf(stderr, "waitlistctl: evidence: %s: %s\n", a.out, strerror(-r));
        return CTL_FINDING;
    }
    const char *of = a.measure ? a.measure : a.alert ? a.alert : a.place;
    const char *key = a.measure ? "measure" : a.alert ? "alert" : "place";
    int code = ask(&a, a.to,
                   json_pack("{s:s, s:s, s:s, s:s, s:s}", "command", "evidence", key, of, "from",
                             a.from_text, "to", a.to_text, "profile", a.profile),
                   &pack);

    if (code == CTL_OK && json_is_null(pack)) {
        (void)refuse(of, "nothing is known of it");
        code = CTL_FINDING;
    }
    if (code == CTL_OK)
        code = ask_figures(&a, pack);
    if (code == CTL_OK &&
        (json_object_set_new(pack, key, json_string(of)) < 0 || put_in_order(pack) < 0))
        code = CTL_FINDING;
    if (code == CTL_OK)
        code = conclude(&a, pack);
    json_decref(pack);
    return code;
}
