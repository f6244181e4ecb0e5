#include "ctl/ctl_protocol.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"

static bool is_member(gid_t group, const gid_t *memberships, size_t count)
{
    for (size_t i = 0; group != CTL_NO_GROUP && i < count; i++)
        if (memberships[i] == group)
            return true;
    return false;
}

enum ctl_right ctl_peer_right(uid_t peer, uid_t own, const gid_t *memberships, size_t count,
                              const struct ctl_groups *groups)
{
    if (peer == 0 || peer == own || is_member(groups->operators, memberships, count))
        return CTL_MAY_ACT;
    return is_member(groups->readers, memberships, count) ? CTL_MAY_ASK : CTL_MAY_NOTHING;
}

int ctl_request_parse(const char *line, size_t len, json_t **out_request, const char **out_why)
{
    assert(line && out_request && out_why);
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (len > CTL_REQUEST_MAX_BYTES) {
        *out_why = "the request is longer than 2 MiB";
        return -EINVAL;
    }
    json_error_t error;
    json_t *request = json_parse(line, len, JSON_REJECT_DUPLICATES, &error);

    if (!json_is_object(request)) {
        json_decref(request);
        *out_why = "a request is one JSON object on one line";
        return -EINVAL;
    }
    if (!json_is_string(json_object_get(request, "command"))) {
        json_decref(request);
        *out_why = "the request names no \"command\"";
        return -EINVAL;
    }
    *out_request = request;
    return 0;
}

/* Takes answer. jansson writes 17 significant digits, so every number reads back as it was. */
static char *line_of(json_t *answer)
{
    char *text = answer ? json_text(answer, JSON_COMPACT) : NULL;

    json_decref(answer);
    if (!text)
        return NULL;
    size_t len = strlen(text);
    char *line = realloc(text, len + 2);

    if (!line) {
        free(text);
        return NULL;
    }
    line[len] = '\n';
    line[len + 1] = '\0';
    return line;
}

char *ctl_answer_ok(json_t *result)
{
    return line_of(json_pack("{s:b, s:o}", "ok", 1, "result", result));
}

char *ctl_answer_fail(int exit_code, const char *error)
{
    json_t *answer = json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", exit_code, "error", error);

    if (!answer) /* the sentence was no UTF-8: a refusal is still a refusal */
        answer = json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", exit_code, "error", "refused");
    return line_of(answer);
}

int ctl_answer_parse(const char *line, size_t len, json_t **out_result, int *out_exit,
                     char **out_error)
{
    json_error_t error;
    json_t *answer = json_parse(line, len, 0, &error);
    const json_t *ok = json_object_get(answer, "ok");
    int r = -EPROTO;

    if (json_is_true(ok) && json_object_get(answer, "result")) {
        *out_result = json_incref(json_object_get(answer, "result"));
        r = 0;
    } else if (json_is_false(ok)) {
        const char *text = json_string_value(json_object_get(answer, "error"));
        json_int_t code = json_integer_value(json_object_get(answer, "exit"));
        char *copy = strdup(text ? text : "refused");

        if (copy) {
            *out_exit = code > 0 && code < 126 ? (int)code : CTL_FINDING;
            *out_error = copy;
            r = 1;
        }
    }
    json_decref(answer);
    return r;
}
