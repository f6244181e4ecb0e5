#include "ctl/cmd_plan_diff.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/datadir.h"
#include "config.h"
#include "ctl/ctl_protocol.h"
#include "ctl/output.h"
#include "ctl/report_diff.h"
#include "ctl/show_internal.h"
#include "plan/plan_diff.h"

static const char usage[] = "usage: waitlistctl plan diff OLD NEW [-o table|json|ndjson|csv]\n";

struct arguments {
    const char *files[2];
    size_t count;
    enum output_kind kind;
};

static bool refuse(const char *word, const char *why)
{
    fprintf(stderr, "waitlistctl: plan diff: %s: %s\n", word, why);
    return false;
}

/* Returns false after saying what is wrong with the call. */
static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    for (int i = 1; i < argc; i++) {
        bool is_output = strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0;

        if (is_output && (i + 1 == argc || output_kind_parse(argv[++i], &a->kind) < 0))
            return refuse(argv[i], "-o is table, json, ndjson or csv");
        if (is_output)
            continue;
        if (argv[i][0] == '-' && argv[i][1])
            return refuse(argv[i], "no such option");
        if (a->count == 2)
            return refuse(argv[i], "two plans are compared");
        a->files[a->count++] = argv[i];
    }
    if (a->count < 2)
        fprintf(stderr, "waitlistctl: plan diff: the old plan and the new one are wanted\n");
    return a->count == 2;
}

static int write_changes(const struct plan_changes *changes, enum output_kind kind,
                         struct text *out)
{
    json_t *list;
    int r;

    list = report_changes(changes);
    if (!list)
        return -ENOMEM;
    if (kind == OUTPUT_TABLE)
        r = show_changes(list, &(struct view){ 0, false, out });
    else if (kind == OUTPUT_JSON)
        r = output_json(out, list, true);
    else
        r = kind == OUTPUT_NDJSON ? output_ndjson(out, list) : output_csv(out, list);
    json_decref(list);
    return r < 0 || kind != OUTPUT_JSON ? r : text_putc(out, '\n');
}

static void standards_release(struct standards **s)
{
    standards_free(*s);
}

static void plan_release(struct plan **p)
{
    plan_free(*p);
}

int cmd_plan_diff(int argc, char **argv)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(standards_release) struct standards *standards = NULL;
    AUTO(plan_release) struct plan *before = NULL;
    AUTO(plan_release) struct plan *after = NULL;
    AUTO(plan_changes_release) struct plan_changes changes = { 0 };
    AUTO(text_release) struct text out = TEXT_INIT;
    struct arguments a = { .kind = OUTPUT_TABLE };
    int r;

    if (!read_arguments(argc, argv, &a)) {
        fputs(usage, stderr);
        return CTL_USAGE;
    }
    r = config_load_standards(datadir_find(), &diags, &standards);
    const struct plan_context context = { .standards = standards };

    if (r == 0)
        r = plan_load(a.files[0], &context, &diags, &before);
    /* Also after a bad old one: whoever mends both wants to see both. */
    int second = plan_load(a.files[1], &context, &diags, &after);

    r = r < 0 ? r : second;
    if (diags.errors)
        diags_print(&diags, stderr);
    if (r == 0)
        r = plan_diff(before, after, &changes);
    if (r == 0)
        r = write_changes(&changes, a.kind, &out);
    if (r == 0 && (fwrite(text_str(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0))
        r = -EIO;
    if (r < 0 && diags.errors == 0)
        fprintf(stderr, "waitlistctl: plan diff: %s\n", strerror(-r));
    return r == 0 ? CTL_OK : CTL_CONFIG;
}
