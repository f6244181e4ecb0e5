#include "ctl/cmd_compute.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/compute.h"
#include "ctl/ctl_protocol.h"
#include "parse/csv.h"

static const char usage[] = "usage: waitlistctl compute waits|rtt-published|nhs-numbers FILE\n";

static const struct computation {
    const char *name;
    json_t *(*line)(const json_t *line, char why[128]); /* JSON lines, or */
    compute_row *row;                                   /* CSV */
} computations[] = {
    { "waits", compute_waits, NULL },
    { "rtt-published", NULL, compute_published },
    { "nhs-numbers", NULL, compute_nhs_number },
};

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
        json_t *in = json_loadb(line, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
        char why[128] = "no JSON object";
        json_t *out = json_is_object(in) ? c->line(in, why) : NULL;

        if (out && (json_dumpf(out, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF))
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
        return 0;
    }
    r = run->computation->row(NULL, header, is_header ? header : row->cells, row->count, &run->out,
                              why);
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

int cmd_compute(int argc, char **argv)
{
    const struct computation *c = NULL;

    for (size_t i = 0; argc == 3 && i < sizeof computations / sizeof computations[0]; i++)
        if (strcmp(computations[i].name, argv[1]) == 0)
            c = &computations[i];
    if (!c) {
        (void)fputs(usage, stderr);
        return CTL_USAGE;
    }
    bool is_stdin = strcmp(argv[2], "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(argv[2], "re");

    if (!f) {
        (void)fprintf(stderr, "waitlistctl: %s: %s\n", argv[2], strerror(errno));
        return CTL_USAGE;
    }
    int code = c->line ? run_lines(c, f, argv[2]) : run_table(c, f, argv[2]);

    if (ferror(f))
        code = complain_of(argv[2], 0, "cannot be read to its end");
    if (!is_stdin)
        (void)fclose(f);
    if (fflush(stdout) != 0)
        code = CTL_FINDING;
    return code;
}
