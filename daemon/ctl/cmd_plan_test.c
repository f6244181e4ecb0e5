#include "ctl/cmd_plan_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/datadir.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"
#include "ctl/diag_json.h"
#include "ctl/option.h"
#include "ctl/output.h"
#include "ctl/plan_script.h"
#include "ctl/plan_script_judge.h"
#include "ctl/progress.h"
#include "ctl/simulator.h"

#define FILE_MAX_BYTES (1u << 30)

static const char usage[] = "usage: waitlistctl plan test FILE [-o table|json|ndjson|csv]\n";

struct arguments {
    const char *file;
    enum output_kind kind;
};

static bool refuse(const char *word, const char *why)
{
    fprintf(stderr, "waitlistctl: plan test: %s: %s\n", word, why);
    return false;
}

/* Returns false after saying what is wrong with the call. */
static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    const char *kind = NULL;

    for (int i = 1; i < argc; i++) {
        if (option_value(argc, argv, &i, "-o", &kind) ||
            option_value(argc, argv, &i, "--output", &kind)) {
            if (!kind || output_kind_parse(kind, &a->kind) < 0)
                return refuse("-o", "is table, json, ndjson or csv");
        } else if (argv[i][0] == '-' && argv[i][1]) {
            return refuse(argv[i], "no such option");
        } else if (a->file) {
            return refuse(argv[i], "one file at a time");
        } else {
            a->file = argv[i];
        }
    }
    return a->file || refuse("FILE", "which file?");
}

/* ---- the test ---- */

struct test {
    struct plan_script script;
    struct simulator simulator;
    struct diags *diags;
    json_t *messages; /* since the step before */
    size_t differences;
};

static int offer(struct test *t, struct script_step *step)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < step->file_count; i++) {
        struct script_file *f = &step->files[i];
        AUTO(text_release) struct text bytes = { .max = FILE_MAX_BYTES };

        r = f->text ? text_puts(&bytes, f->text) : file_read(f->path, FILE_MAX_BYTES, &bytes);
        if (r == 0)
            r = sha256_hex(text_str(&bytes), bytes.len, f->digest);
        if (r == 0)
            r = simulator_offer(&t->simulator, f->feed, f->name, text_str(&bytes), bytes.len);
        if (r < 0)
            fprintf(stderr, "waitlistctl: plan test: %s: %s\n", f->path ? f->path : f->name,
                    strerror(-r));
    }
    return r < 0 ? CTL_FINDING : CTL_OK;
}

/* A date, with the step that is of it or NULL. Returns an exit status. */
static int run_date(struct test *t, struct civil_date date, struct script_step *step)
{
    json_t *stands = NULL;
    int code = step ? offer(t, step) : CTL_OK;

    if (code == CTL_OK)
        code = simulator_step(&t->simulator, date, step != NULL, &stands);
    if (code == CTL_OK && json_array_extend(t->messages, json_object_get(stands, "messages")) < 0)
        code = CTL_FINDING;
    if (code == CTL_OK && step) {
        t->differences += plan_script_judge(&t->script, step, stands, t->messages, t->diags);
        (void)json_array_clear(t->messages);
    }
    json_decref(stands);
    return code;
}

static int run(struct test *t)
{
    const struct plan_script *s = &t->script;
    const struct simulator_options o = { .config = s->settings,
                                         .plan = s->plan,
                                         .first = s->start };
    struct civil_date last = s->steps[s->step_count - 1].on, date = s->start;
    size_t next = 0;
    int code = simulator_start(&t->simulator, &o);

    for (; code == CTL_OK && date_compare(date, last) <= 0; date = date_add_days(date, 1)) {
        bool is_step = date_compare(date, s->steps[next].on) == 0;

        progress_show(s->plan, date.day - s->start.day + 1, last.day - s->start.day + 1);
        code = run_date(t, date, is_step ? &s->steps[next] : NULL);
        next += is_step;
    }
    progress_end();
    if (code == CTL_OK && t->differences)
        code = CTL_FINDING;
    return code;
}

/* ---- what came of it ---- */

static int print_json(const struct diags *d, enum output_kind kind)
{
    AUTO(text_release) struct text out = TEXT_INIT;
    json_t *found = diag_json(d);
    int r = !found                  ? -ENOMEM
            : kind == OUTPUT_JSON   ? output_json(&out, found, true)
            : kind == OUTPUT_NDJSON ? output_ndjson(&out, found)
                                    : output_csv(&out, found);

    json_decref(found);
    if (r == 0 && kind == OUTPUT_JSON)
        r = text_putc(&out, '\n');
    if (r == 0 && (fwrite(text_str(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0))
        r = -EIO;
    return r;
}

static int print(const struct test *t, const struct arguments *a, int code)
{
    const struct plan_script *s = &t->script;

    if (a->kind != OUTPUT_TABLE) {
        int r = print_json(t->diags, a->kind);

        if (r < 0)
            fprintf(stderr, "waitlistctl: plan test: %s\n", strerror(-r));
        return r < 0 && code == CTL_OK ? CTL_FINDING : code;
    }
    diags_print(t->diags, stderr);
    if (code == CTL_OK)
        printf("%s: as expected: %zu steps, %zu expectations\n", a->file, s->step_count,
               s->expected);
    else if (t->differences)
        printf("%s: %zu of %zu expectations differ\n", a->file, t->differences, s->expected);
    return code;
}

static void test_release(struct test *t)
{
    simulator_end(&t->simulator);
    plan_script_release(&t->script);
    json_decref(t->messages);
}

int cmd_plan_test(int argc, char **argv)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(test_release)
    struct test t = { .simulator = SIMULATOR_INIT, .diags = &diags, .messages = json_array() };
    struct arguments a = { .kind = OUTPUT_TABLE };

    if (option_help(argc, argv, usage))
        return CTL_OK;
    if (!read_arguments(argc, argv, &a)) {
        fputs(usage, stderr);
        return CTL_USAGE;
    }
    if (plan_script_load(a.file, datadir_find(), &diags, &t.script) < 0 || !t.messages)
        return print(&t, &a, CTL_CONFIG);
    /* Warnings about plan and settings are plan check's. */
    diags_release(&diags);
    diags = (struct diags)DIAGS_INIT;
    return print(&t, &a, run(&t));
}
