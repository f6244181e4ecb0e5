#include "ctl/cmd_plan_live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/datadir.h"
#include "base/diag.h"
#include "base/file.h"
#include "ctl/ctl_protocol.h"
#include "ctl/ctl_socket.h"
#include "ctl/find_socket.h"

#define PLAN_MAX_BYTES (CTL_REQUEST_MAX_BYTES / 2) /* quoted as JSON it grows */

static int refuse(const char *what, const char *why)
{
    fprintf(stderr, "waitlistctl: plan check: %s: %s\n", what, why);
    return CTL_CONFIG;
}

/* The daemon's answer, or NULL after saying why there is none; *out_code is then the exit code. */
static json_t *ask(const char *path, const json_t *request, int *out_code)
{
    AUTO(auto_free) char *line = NULL, *error = NULL;
    json_t *result = NULL;
    size_t len = 0;

    *out_code = CTL_UNREACHABLE;
    if (ctl_socket_ask(path, request, CTL_CLIENT_WAIT_S, &line, &len) < 0) {
        (void)refuse(path, "the daemon does not answer");
        return NULL;
    }
    int r = ctl_answer_parse(line, len, &result, out_code, &error);

    if (r == 0)
        return result;
    *out_code = r < 0 ? CTL_UNREACHABLE : *out_code;
    AUTO(text_release) struct text escaped = TEXT_INIT;

    (void)output_escaped(&escaped, error ? error : "what answers is not waitlistd");
    (void)refuse(path, text_str(&escaped));
    return NULL;
}

static bool has_errors(const json_t *found)
{
    for (size_t i = 0; i < json_array_size(found); i++) {
        const char *severity =
            json_string_value(json_object_get(json_array_get(found, i), "severity"));

        if (severity && strcmp(severity, "error") == 0)
            return true;
    }
    return false;
}

static void add_line(struct text *t, const json_t *d)
{
    const char *hint = json_string_value(json_object_get(d, "hint"));

    (void)output_cell(t, json_object_get(d, "file"));
    text_printf(t, ":%lld:%lld: ", json_integer_value(json_object_get(d, "line")),
                json_integer_value(json_object_get(d, "column")));
    (void)output_cell(t, json_object_get(d, "severity"));
    text_puts(t, ": ");
    (void)output_cell(t, json_object_get(d, "message"));
    if (hint) {
        text_puts(t, " (");
        (void)output_escaped(t, hint);
        text_putc(t, ')');
    }
    text_putc(t, '\n');
}

static int print_found(const json_t *found, enum output_kind kind)
{
    AUTO(text_release) struct text t = TEXT_INIT;

    if (kind == OUTPUT_JSON) {
        (void)output_json(&t, found, true);
        text_putc(&t, '\n');
    } else if (kind == OUTPUT_NDJSON) {
        (void)output_ndjson(&t, found);
    } else if (kind == OUTPUT_CSV) {
        (void)output_csv(&t, found);
    } else {
        for (size_t i = 0; i < json_array_size(found); i++)
            add_line(&t, json_array_get(found, i));
        if (json_array_size(found) == 0)
            text_puts(&t, "nothing to say\n");
    }
    bool good = text_ok(&t) && fwrite(text_str(&t), 1, t.len, stdout) == t.len;

    if (!good || fflush(stdout) != 0)
        return refuse("output", "cannot be written");
    return has_errors(found) ? CTL_CONFIG : CTL_OK;
}

int plan_check_live(const char *file, const char *config, const char *socket, enum output_kind kind)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(text_release) struct text plan = TEXT_INIT;
    AUTO(auto_free) char *path = socket ? strdup(socket) : NULL;

    if (file_read(file, PLAN_MAX_BYTES, &plan) < 0)
        return refuse(file, "cannot be read, or is too large");
    if (!socket && find_socket(config, datadir_find(), &diags, &path) < 0) {
        diags_print(&diags, stderr);
        return CTL_CONFIG;
    }
    json_t *request =
        json_pack("{s:s,s:s,s:s}", "command", "plan-check", "id", file, "text", text_str(&plan));
    int code = CTL_CONFIG;
    json_t *found = request && path ? ask(path, request, &code) : NULL;

    if (!request)
        code = refuse(file, "is not valid UTF-8");
    json_decref(request);
    if (found)
        code = print_found(found, kind);
    json_decref(found);
    return code;
}
