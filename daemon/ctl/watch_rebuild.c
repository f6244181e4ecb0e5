#include "ctl/watch_rebuild.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"
#include "ctl/ctl_socket.h"
#include "ctl/progress.h"

#define ASK_EVERY_MS 100

/* The status as JSON (new reference). Returns an exit code of waitlistctl. */
static int ask_status(const char *path, json_t **out_status)
{
    AUTO(auto_free) char *line = NULL, *error = NULL;
    json_t *request = json_pack("{s:s}", "command", "status");
    size_t len = 0;
    int code = CTL_FINDING;
    int r = request ? ctl_socket_ask(path, request, CTL_CLIENT_WAIT_S, &line, &len) : -1;

    json_decref(request);
    if (r < 0)
        return CTL_UNREACHABLE;
    r = ctl_answer_parse(line, len, out_status, &code, &error);
    return r == 0 ? CTL_OK : CTL_FINDING;
}

/* Shows where it is, when that is not what was shown before. */
static void show(const json_t *rebuild, bool terminal, struct text *shown)
{
    AUTO(text_release) struct text now = TEXT_INIT;
    const char *stage = json_string_value(json_object_get(rebuild, "stage"));
    json_int_t done = json_integer_value(json_object_get(rebuild, "done"));
    json_int_t total = json_integer_value(json_object_get(rebuild, "total"));

    (void)text_printf(&now, "%s", stage ? stage : "");
    if (total > 0)
        (void)text_printf(&now, ": %lld of %lld", (long long)done, (long long)total);
    if (strcmp(text_str(&now), text_str(shown)) == 0)
        return;
    text_clear(shown);
    (void)text_puts(shown, text_str(&now));
    if (terminal)
        progress_show(stage ? stage : "", done, total);
    else
        (void)fprintf(stderr, "waitlistctl: rebuilding: %s\n", text_str(&now));
}

int watch_rebuild(const char *path)
{
    const struct timespec pause = { 0, ASK_EVERY_MS * 1000000L };
    AUTO(text_release) struct text shown = TEXT_INIT;
    bool terminal = isatty(STDERR_FILENO);
    bool is_done = false;
    int code = CTL_OK;

    while (code == CTL_OK && !is_done) {
        json_t *status = NULL;

        code = ask_status(path, &status);
        const json_t *rebuild = json_object_get(status, "rebuild");

        is_done = code == CTL_OK && !json_is_object(rebuild);
        if (code == CTL_OK && !is_done)
            show(rebuild, terminal, &shown);
        json_decref(status);
        if (code == CTL_OK && !is_done)
            (void)nanosleep(&pause, NULL);
    }
    progress_end();
    if (code == CTL_OK)
        (void)fprintf(stderr, "waitlistctl: rebuilt\n");
    else
        (void)fprintf(stderr,
                      "waitlistctl: the daemon no longer answers on %s; it goes on with the "
                      "rebuild when it is back\n",
                      path);
    return code;
}
