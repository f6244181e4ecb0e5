#include "ctl/cmd_plan_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/datadir.h"
#include "base/diag.h"
#include "config.h"
#include "ctl/ctl_protocol.h"

static const char usage[] = "usage: waitlistctl plan check FILE [--settings FILE]\n";

struct arguments {
    const char *file, *settings;
};

/* Returns false after saying what is wrong with the call. */
static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    static const char option[] = "--settings";
    size_t len = strlen(option);
    bool only_files = false;

    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];

        if (!only_files && strcmp(word, "--") == 0) {
            only_files = true;
        } else if (!only_files && strcmp(word, option) == 0 && i + 1 < argc) {
            a->settings = argv[++i];
        } else if (!only_files && strncmp(word, option, len) == 0 && word[len] == '=') {
            a->settings = word + len + 1;
        } else if (!only_files && word[0] == '-' && word[1]) {
            fprintf(stderr, "waitlistctl: plan check: %s: %s\n", word,
                    strcmp(word, option) == 0 ? "wants a file" : "no such option");
            return false;
        } else if (a->file) {
            fprintf(stderr, "waitlistctl: plan check: one plan at a time: %s\n", word);
            return false;
        } else {
            a->file = word;
        }
    }
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

int cmd_plan_check(int argc, char **argv)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(settings_release) struct settings *settings = NULL;
    AUTO(services_release) struct services *services = NULL;
    AUTO(plan_release) struct plan *plan = NULL;
    AUTO(plan_names_release) struct plan_names names = { 0 };
    struct plan_context context = { .feeds = NULL };
    struct arguments a = { NULL, NULL };
    int r = 0;

    if (!read_arguments(argc, argv, &a)) {
        fputs(usage, stderr);
        return CTL_USAGE;
    }
    if (a.settings) {
        r = settings_load(a.settings, datadir_find(), &diags, &settings);
        if (r == 0)
            r = config_load_services(datadir_find(), &diags, &services);
        if (r == 0)
            r = plan_names_make(settings, services, &names);
        if (r == 0)
            context = plan_names_context(&names);
    }
    /* Also after bad settings: whoever mends both wants to see both. */
    int loaded = plan_load(a.file, &context, &diags, &plan);

    diags_print(&diags, stderr);
    if ((r < 0 || loaded < 0) && diags.errors == 0)
        fprintf(stderr, "waitlistctl: plan check: %s\n", strerror(r < 0 ? -r : -loaded));
    print_summary(a.file, plan, &diags, r == 0);
    return r == 0 && loaded == 0 ? CTL_OK : CTL_CONFIG;
}
