#include "ctl/cmd_plan_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/datadir.h"
#include "base/diag.h"
#include "config.h"
#include "ctl/cmd_plan_live.h"
#include "ctl/ctl_protocol.h"
#include "ctl/diag_json.h"
#include "ctl/option.h"
#include "ctl/output.h"
#include "parse/format.h"

static const char usage[] = "usage: waitlistctl [--config FILE | --socket PATH] plan check FILE "
                            "[--settings FILE | --live]\n"
                            "                   [-o table|json|ndjson|csv]\n";

struct arguments {
    const char *file, *settings, *output;
    bool live;
    enum output_kind kind;
};

/* The value of an option, in the same word or the next one; NULL: it is another word. *out_missing: it is
 * this one, and has none. */
static const char *value_of(const char *name, int argc, char **argv, int *at, bool *out_missing)
{
    const char *word = argv[*at];
    size_t len = strlen(name);

    if (strncmp(word, name, len) != 0 || (word[len] && word[len] != '='))
        return NULL;
    if (word[len] == '=')
        return word + len + 1;
    *out_missing = *at + 1 >= argc;
    return *out_missing ? NULL : argv[++*at];
}

static bool refuse(const char *word, const char *why)
{
    fprintf(stderr, "waitlistctl: plan check: %s: %s\n", word, why);
    return false;
}

/* Takes the word at *at, and its value. Returns false after saying what is wrong with it. */
static bool read_argument(int argc, char **argv, int *at, struct arguments *a)
{
    const struct {
        const char *name;
        const char **field;
    } options[] = { { "--settings", &a->settings },
                    { "-o", &a->output },
                    { "--output", &a->output } };
    const char *word = argv[*at];
    bool missing = false;

    if (strcmp(word, "--live") == 0)
        return a->live = true;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *value = value_of(options[i].name, argc, argv, at, &missing);

        if (value)
            *options[i].field = value;
        if (missing)
            return refuse(word, "wants a value");
        if (value)
            return true;
    }
    if (word[0] == '-' && word[1])
        return refuse(word, "no such option");
    if (a->file)
        return refuse(word, "one plan at a time");
    a->file = word;
    return true;
}

/* Returns false after saying what is wrong with the call. */
static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    bool only_files = false;

    for (int i = 1; i < argc; i++) {
        if (!only_files && strcmp(argv[i], "--") == 0)
            only_files = true;
        else if (only_files && a->file)
            return refuse(argv[i], "one plan at a time");
        else if (only_files)
            a->file = argv[i];
        else if (!read_argument(argc, argv, &i, a))
            return false;
    }
    if (a->output && output_kind_parse(a->output, &a->kind) < 0)
        return refuse(a->output, "-o is table, json, ndjson or csv");
    if (a->live && a->settings)
        return refuse("--settings", "the daemon that --live asks has its own");
    if (!a->file)
        fprintf(stderr, "waitlistctl: plan check: which plan?\n");
    return a->file != NULL;
}

static void settings_release(struct settings **s)
{
    settings_free(*s);
}

static void services_release(struct services **s)
{
    services_free(*s);
}

static void formats_release(struct format_set **s)
{
    format_set_free(*s);
}

static void standards_release(struct standards **s)
{
    standards_free(*s);
}

static void plan_release(struct plan **p)
{
    plan_free(*p);
}

static void print_count(const char *before, size_t count, const char *one, const char *many)
{
    printf("%s%zu %s", before, count, count == 1 ? one : many);
}

static void print_summary(const char *file, const struct plan *p, const struct diags *d,
                          bool settings_taken)
{
    if (p) {
        printf("%s: plan %s version %ld, %s%s: ", file, p->id, p->version,
               p->mode == PLAN_LIVE ? "live" : "rehearsal",
               p->illustrative ? ", illustrative" : "");
        print_count("", p->priority_count, "priority", "priorities");
        print_count(", ", p->action_count, "action", "actions");
        print_count(", ", p->measure_count, "measure", "measures");
        print_count("; ", d->warnings, "warning", "warnings");
        if (!settings_taken)
            printf("; not checked against the settings, which cannot be taken");
    } else {
        printf("%s: not taken: ", file);
        print_count("", d->errors, "error", "errors");
        print_count(", ", d->warnings, "warning", "warnings");
    }
    putchar('\n');
}

/* Returns 0 or -errno. */
static int print_found(const struct diags *d, enum output_kind kind)
{
    AUTO(text_release) struct text t = TEXT_INIT;
    json_t *found = diag_json(d);
    int r = found ? 0 : -ENOMEM;

    if (found && kind == OUTPUT_JSON)
        r = output_json(&t, found, true);
    else if (found)
        r = kind == OUTPUT_NDJSON ? output_ndjson(&t, found) : output_csv(&t, found);
    if (r == 0 && kind == OUTPUT_JSON)
        r = text_putc(&t, '\n');
    json_decref(found);
    if (r == 0 && (fwrite(text_str(&t), 1, t.len, stdout) != t.len || fflush(stdout) != 0))
        r = -EIO;
    return r;
}

int cmd_plan_check(int argc, char **argv, const char *config, const char *socket)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(settings_release) struct settings *settings = NULL;
    AUTO(services_release) struct services *services = NULL;
    AUTO(standards_release) struct standards *standards = NULL;
    AUTO(formats_release) struct format_set *formats = NULL;
    AUTO(plan_release) struct plan *plan = NULL;
    AUTO(plan_names_release) struct plan_names names = { 0 };
    struct plan_context context = { .feeds = NULL };
    struct arguments a = { .kind = OUTPUT_TABLE };
    int r = 0;

    if (option_help(argc, argv, usage))
        return 0;
    if (!read_arguments(argc, argv, &a)) {
        fputs(usage, stderr);
        return CTL_USAGE;
    }
    if (a.live)
        return plan_check_live(a.file, config, socket, a.kind);
    if (a.settings) {
        r = settings_load(a.settings, datadir_find(), &diags, &settings);
        if (r == 0)
            r = config_load_services(datadir_find(), &diags, &services);
        if (r == 0)
            r = config_load_formats(settings, datadir_find(), &diags, &formats);
        if (r == 0)
            r = plan_names_make(settings, services, &names);
        names.formats = formats;
        if (r == 0)
            context = plan_names_context(&names);
    }
    int known = config_load_standards(datadir_find(), &diags, &standards);

    r = r < 0 ? r : known;
    context.standards = standards;
    /* Also after bad settings: whoever mends both wants to see both. */
    int loaded = plan_load(a.file, &context, &diags, &plan);

    if (a.kind == OUTPUT_TABLE)
        diags_print(&diags, stderr);
    if ((r < 0 || loaded < 0) && diags.errors == 0)
        fprintf(stderr, "waitlistctl: plan check: %s\n", strerror(r < 0 ? -r : -loaded));
    if (a.kind == OUTPUT_TABLE)
        print_summary(a.file, plan, &diags, r == 0);
    int printed = a.kind == OUTPUT_TABLE ? 0 : print_found(&diags, a.kind);

    if (printed < 0) {
        fprintf(stderr, "waitlistctl: plan check: %s\n", strerror(-printed));
        return CTL_CONFIG;
    }
    return r == 0 && loaded == 0 ? CTL_OK : CTL_CONFIG;
}
