#include "ctl/cmd_compute.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/text.h"
#include "ctl/compute.h"
#include "ctl/ctl_protocol.h"
#include "ctl/option.h"
#include "parse/csv.h"

static const char usage[] =
    "usage: waitlistctl compute waits|rtt-published|nhs-numbers|rules FILE\n"
    "       waitlistctl compute spc [--engine plotthedots|qicharts2] FILE\n"
    "       waitlistctl compute queue --function NAME FILE\n";

/* Of one name, the row whose option has the value given; without an option, the first. */
static const struct computation {
    const char *name;
    json_t *(*line)(const json_t *line, char why[128]); /* JSON lines, or */
    compute_row *row;                                   /* CSV */
    const char *option, *value;
    const char *odd; /* said of a row with more or fewer cells than the header; NULL: no line */
} computations[] = {
    { "waits", compute_waits, NULL, NULL, NULL, NULL },
    { "rtt-published", NULL, compute_published, NULL, NULL, NULL },
    { "nhs-numbers", NULL, compute_nhs_number, NULL, NULL, "invalid\n" },
    { "rules", compute_rules, NULL, NULL, NULL, NULL },
    { "spc", compute_spc, NULL, NULL, NULL, NULL },
    { "spc", compute_spc, NULL, "--engine", "plotthedots", NULL },
    { "spc", compute_i_chart, NULL, "--engine", "qicharts2", NULL },
    { "queue", NULL, compute_queue, "--function", "calc_queue_load", NULL },
    { "queue", NULL, compute_queue, "--function", "calc_target_mean_wait", NULL },
    { "queue", NULL, compute_queue, "--function", "calc_target_queue_size", NULL },
    { "queue", NULL, compute_queue, "--function", "calc_target_capacity", NULL },
    { "queue", NULL, compute_queue, "--function", "calc_relief_capacity", NULL },
    { "queue", NULL, compute_queue, "--function", "calc_waiting_list_pressure", NULL },
};

json_t *compute_number(double value)
{
    return !isfinite(value)                              ? json_null()
           : fabs(value) < 1e15 && value == trunc(value) ? json_integer((json_int_t)value)
                                                         : json_real(value);
}

static int complain_of(const char *file, unsigned long line, const char *why)
{
    (void)fprintf(stderr, "%s:%lu: %s\n", file, line, why);
    return CTL_FINDING;
}

/* ---- JSON lines ---- */

static int run_lines(const struct computation *c, FILE *f, const char *file)
{
    AUTO(auto_free) char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int code = CTL_OK;

    for (unsigned long n = 1; (len = getline(&line, &room, f)) > 0; n++) {
        json_t *in = json_parse(line, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
        char why[128] = "out of memory";
        json_t *out = json_is_object(in) ? c->line(in, why) : NULL;
        AUTO(auto_free) char *text = json_text(out, JSON_COMPACT);

        if (!json_is_object(in))
            (void)snprintf(why, sizeof why, "no JSON object");
        if (out && (!text || puts(text) == EOF))
            code = complain_of(file, n, "cannot print");
        if (!out && strspn(line, " \t\r\n") < (size_t)len)
            code = complain_of(file, n, why);
        json_decref(out);
        json_decref(in);
    }
    return code;
}

/* ---- CSV ---- */

struct table_run {
    const struct computation *computation;
    const char *file;
    char **header;
    size_t count;
    struct text out;
    int code;
};

static int take_header(struct table_run *run, const struct csv_row *row)
{
    run->header = calloc(row->count, sizeof *run->header);
    if (!run->header)
        return -ENOMEM;
    for (run->count = 0; run->count < row->count; run->count++) {
        run->header[run->count] = strdup(row->cells[run->count]);
        if (!run->header[run->count])
            return -ENOMEM;
    }
    return 0;
}

static int on_row(void *arg, const struct csv_row *row)
{
    struct table_run *run = arg;
    char why[128] = "out of memory";
    bool is_header = !run->header;
    int r = is_header ? take_header(run, row) : 0;

    if (r < 0)
        return r;
    if (row->count == 1 && row->cells[0][0] == '\0' && run->count > 1)
        return 0;
    const char *const *header = (const char *const *)run->header;

    text_clear(&run->out);
    if (row->count != run->count) {
        run->code =
            complain_of(run->file, row->line, "the row has not as many cells as the header");
        return run->computation->odd && fputs(run->computation->odd, stdout) == EOF ? -EIO : 0;
    }
    r = run->computation->row(run->computation->value, header, is_header ? header : row->cells,
                              row->count, &run->out, why);
    if (r == 0 && fputs(text_str(&run->out), stdout) == EOF)
        r = -EIO;
    if (r == -EINVAL) {
        run->code = complain_of(run->file, row->line, why);
        return is_header ? 1 : 0;
    }
    return r;
}

static int run_table(const struct computation *c, FILE *f, const char *file)
{
    struct table_run run = { .computation = c, .file = file, .out = TEXT_INIT };
    struct csv csv;
    char piece[65536];
    size_t n;
    int r = 0;

    csv_init(&csv, ',', on_row, &run);
    while (r == 0 && (n = fread(piece, 1, sizeof piece, f)) > 0)
        r = csv_push(&csv, piece, n);
    if (r == 0)
        r = csv_finish(&csv);
    if (r < 0)
        run.code = complain_of(file, 0, strerror(-r));
    if (csv.refusal.reason)
        run.code = complain_of(file, csv.refusal.line, csv.refusal.sentence);
    csv_release(&csv);
    for (size_t i = 0; i < run.count; i++)
        free(run.header[i]);
    free(run.header);
    text_release(&run.out);
    return run.code;
}

/* ---- the command ---- */

/* The words after "compute": a name, a file and at most one option, "--option value" or
 * "--option=value", before or after the file. */
struct words {
    const char *name, *file, *option, *value;
    size_t option_len;
};

static bool read_words(int argc, char **argv, struct words *out)
{
    *out = (struct words){ .name = argc > 1 ? argv[1] : NULL };
    for (int i = 2; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');

        if (strncmp(argv[i], "--", 2) != 0) {
            if (out->file)
                return false;
            out->file = argv[i];
            continue;
        }
        if (out->option || (!equals && i + 1 == argc))
            return false;
        out->option = argv[i];
        out->option_len = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        out->value = equals ? equals + 1 : argv[++i];
    }
    return out->name && out->file;
}

static const struct computation *find_computation(const struct words *w)
{
    for (size_t i = 0; i < sizeof computations / sizeof computations[0]; i++) {
        const struct computation *c = &computations[i];

        if (strcmp(c->name, w->name) != 0 || !c->option != !w->option)
            continue;
        if (!w->option ||
            (strlen(c->option) == w->option_len &&
             strncmp(c->option, w->option, w->option_len) == 0 && strcmp(c->value, w->value) == 0))
            return c;
    }
    return NULL;
}

int cmd_compute(int argc, char **argv)
{
    struct words w;

    if (option_help(argc, argv, usage))
        return 0;

    const struct computation *c = read_words(argc, argv, &w) ? find_computation(&w) : NULL;

    if (!c) {
        (void)fputs(usage, stderr);
        return CTL_USAGE;
    }
    bool is_stdin = strcmp(w.file, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(w.file, "re");

    if (!f) {
        (void)fprintf(stderr, "waitlistctl: %s: %s\n", w.file, strerror(errno));
        return CTL_USAGE;
    }
    int code = c->line ? run_lines(c, f, w.file) : run_table(c, f, w.file);

    if (ferror(f))
        code = complain_of(w.file, 0, "cannot be read to its end");
    if (!is_stdin)
        (void)fclose(f);
    if (fflush(stdout) != 0)
        code = CTL_FINDING;
    return code;
}
