#include "ctl/ctl_protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static const struct {
    const char *why, *line;
    size_t len; /* 0: of the text */
    int result;
} requests[] = {
    { "an object with a command", "{\"command\":\"status\"}\n", 0, 0 },
    { "a carriage return before the line end", "{\"command\":\"status\"}\r\n", 0, 0 },
    { "more members are left to the handler", "{\"command\":\"measure\",\"id\":\"1.10\"}", 0, 0 },
    { "nothing", "", 0, -EINVAL },
    { "no JSON", "status", 0, -EINVAL },
    { "an array", "[\"status\"]", 0, -EINVAL },
    { "no command", "{\"id\":\"x\"}", 0, -EINVAL },
    { "a command that is no text", "{\"command\":7}", 0, -EINVAL },
    { "cut", "{\"command\":\"sta", 0, -EINVAL },
    { "two objects", "{\"command\":\"status\"}{}", 0, -EINVAL },
    { "a key given twice", "{\"command\":\"status\",\"command\":\"health\"}", 0, -EINVAL },
    { "a NUL inside", "{\"command\":\"st\0tus\"}", 21, -EINVAL },
    { "invalid UTF-8", "{\"command\":\"\xff\"}", 0, -EINVAL },
};

START_TEST(a_request_is_one_object_with_a_command)
{
    json_t *request = NULL;
    const char *why = NULL, *line = requests[_i].line;
    size_t len = requests[_i].len ? requests[_i].len : strlen(line);
    int r = ctl_request_parse(line, len, &request, &why);

    ck_assert_msg(r == requests[_i].result, "%s: %d", requests[_i].why, r);
    ck_assert_msg((r == 0) == (request != NULL) && (r == 0) == (why == NULL), "%s",
                  requests[_i].why);
    json_decref(request);
}
END_TEST

START_TEST(a_request_of_64_KiB_passes_and_one_byte_more_does_not)
{
    size_t limit = CTL_REQUEST_MAX_BYTES;
    char *line = malloc(limit + 2);
    json_t *request = NULL;
    const char *why = NULL;

    ck_assert_ptr_nonnull(line);
    memset(line, ' ', limit + 1);
    memcpy(line, "{\"command\":\"status\"}", 20);
    line[limit] = '\n';
    ck_assert_int_eq(ctl_request_parse(line, limit + 1, &request, &why), 0);
    json_decref(request);
    line[limit] = ' ';
    line[limit + 1] = '\n';
    ck_assert_int_eq(ctl_request_parse(line, limit + 2, &request, &why), -EINVAL);
    free(line);
}
END_TEST

START_TEST(answers_read_back_as_they_were_given)
{
    json_t *result = NULL, *given = json_pack("{s:f, s:s}", "value", 0.1, "title", "a\nb");
    char *line = ctl_answer_ok(json_incref(given)), *error = NULL;
    int code = 0;

    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    ck_assert_int_eq(ctl_answer_parse(line, strlen(line), &result, &code, &error), 0);
    ck_assert(json_equal(result, given));
    json_decref(result);
    json_decref(given);
    free(line);
    line = ctl_answer_fail(78, "the plan is wrong");
    ck_assert_int_eq(ctl_answer_parse(line, strlen(line), &result, &code, &error), 1);
    ck_assert_int_eq(code, 78);
    ck_assert_str_eq(error, "the plan is wrong");
    free(error);
    free(line);
    line = ctl_answer_fail(1, "bad \xff text");
    ck_assert_int_eq(ctl_answer_parse(line, strlen(line), &result, &code, &error), 1);
    ck_assert_str_eq(error, "refused");
    free(error);
    free(line);
}
END_TEST

static const struct {
    const char *line;
    int result, exit;
} answers[] = {
    { "{\"ok\":true,\"result\":null}", 0, 0 },
    { "{\"ok\":true}", -EPROTO, 0 },
    { "{\"ok\":1,\"result\":1}", -EPROTO, 0 },
    { "[]", -EPROTO, 0 },
    { "HTTP/1.1 200 OK", -EPROTO, 0 },
    { "", -EPROTO, 0 },
    { "{\"ok\":false}", 1, CTL_FINDING },
    { "{\"ok\":false,\"exit\":0,\"error\":\"x\"}", 1,
      CTL_FINDING }, /* a refusal is never success */
    { "{\"ok\":false,\"exit\":4096,\"error\":\"x\"}", 1, CTL_FINDING },
    { "{\"ok\":false,\"exit\":2,\"error\":\"x\"}", 1, CTL_USAGE },
};

START_TEST(an_answer_is_a_result_or_a_refusal_or_not_ours)
{
    json_t *result = NULL;
    char *error = NULL;
    int code = 0;
    int r = ctl_answer_parse(answers[_i].line, strlen(answers[_i].line), &result, &code, &error);

    ck_assert_msg(r == answers[_i].result, "%s: %d", answers[_i].line, r);
    ck_assert_msg(code == answers[_i].exit, "%s: exit %d", answers[_i].line, code);
    json_decref(result);
    free(error);
}
END_TEST

/* Of a daemon run as 998; its operators are group 10, its readers 20 where .groups. */
static const struct {
    const char *why;
    uid_t peer;
    gid_t memberships[3];
    size_t count;
    bool groups;
    enum ctl_right right;
} peers[] = {
    { "root", 0, { 0 }, 1, false, CTL_MAY_ACT },
    { "the daemon's own user", 998, { 998 }, 1, false, CTL_MAY_ACT },
    { "anybody else", 1000, { 1000 }, 1, false, CTL_MAY_NOTHING },
    { "nobody, as is every peer under PrivateUsers=", 65534, { 65534 }, 1, false, CTL_MAY_NOTHING },
    { "nothing known of it", (uid_t)-1, { (gid_t)-1 }, 1, false, CTL_MAY_NOTHING },
    { "an operator", 1000, { 1000, 10 }, 2, true, CTL_MAY_ACT },
    { "a reader", 1000, { 1000, 20 }, 2, true, CTL_MAY_ASK },
    { "both", 1000, { 1000, 20, 10 }, 3, true, CTL_MAY_ACT },
    { "by the group of its process alone", 1000, { 20 }, 1, true, CTL_MAY_ASK },
    { "neither", 1000, { 1000, 30 }, 2, true, CTL_MAY_NOTHING },
    { "without a group known", 1000, { 0 }, 0, true, CTL_MAY_NOTHING },
    { "root in no group", 0, { 0 }, 1, true, CTL_MAY_ACT },
};

START_TEST(who_may_ask_and_who_may_act)
{
    struct ctl_groups groups = { CTL_NO_GROUP, CTL_NO_GROUP };

    if (peers[_i].groups)
        groups = (struct ctl_groups){ .operators = 10, .readers = 20 };
    ck_assert_msg(ctl_peer_right(peers[_i].peer, 998, peers[_i].memberships, peers[_i].count,
                                 &groups) == peers[_i].right,
                  "%s", peers[_i].why);
}
END_TEST

UNIT_MAIN("ctl_protocol", UNIT_ROWS(a_request_is_one_object_with_a_command, requests),
          UNIT_TEST(a_request_of_64_KiB_passes_and_one_byte_more_does_not),
          UNIT_TEST(answers_read_back_as_they_were_given),
          UNIT_ROWS(an_answer_is_a_result_or_a_refusal_or_not_ours, answers),
          UNIT_ROWS(who_may_ask_and_who_may_act, peers))
