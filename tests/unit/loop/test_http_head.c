#include "loop/http_head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/http_body.h"
#include "support/unit.h"

#define POST "POST /v1/feeds/f HTTP/1.1\r\nHost: h\r\n"

static const struct {
    const char *why, *head;
    int status;
} heads[] = {
    { "by length", POST "Content-Length: 5\r\n\r\n", 0 },
    { "in chunks", POST "transfer-encoding: Chunked\r\n\r\n", 0 },
    { "a length of nothing", POST "Content-Length: 0\r\n\r\n", 0 },
    { "a get", "GET / HTTP/1.1\r\nhOST: h\r\n\r\n", 0 },
    { "an older get", "GET / HTTP/1.0\r\nHost: h\r\n\r\n", 0 },
    { "a get that says it has no body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
      0 },
    { "no end is announced", POST "\r\n", 411 },
    { "equal lengths", POST "Content-Length: 5\r\ncontent-length: 5\r\n\r\n", 400 },
    { "a list of lengths", POST "Content-Length: 5, 5\r\n\r\n", 400 },
    { "a signed length", POST "Content-Length: +5\r\n\r\n", 400 },
    { "a length below zero", POST "Content-Length: -5\r\n\r\n", 400 },
    { "an empty length", POST "Content-Length: \r\n\r\n", 400 },
    { "15 digits", POST "Content-Length: 999999999999999\r\n\r\n", 0 },
    { "16 digits", POST "Content-Length: 1000000000000000\r\n\r\n", 400 },
    { "a blank before the colon", POST "Content-Length : 5\r\n\r\n", 400 },
    { "a length and chunks", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { "another coding", POST "Transfer-Encoding: gzip\r\n\r\n", 400 },
    { "a list of codings", POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 400 },
    { "codings twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      400 },
    { "chunks before they were invented",
      "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { "no Host", "GET / HTTP/1.1\r\n\r\n", 400 },
    { "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
    { "an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
    { "a folded line", "GET / HTTP/1.1\r\nHost: h\r\n X: y\r\n\r\n", 400 },
    { "a line without a colon", "GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400 },
    { "a field without a name", "GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n", 400 },
    { "a trailer", POST "Content-Length: 5\r\nTrailer: X\r\n\r\n", 400 },
    { "an upgrade", "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n", 400 },
    { "what is expected", POST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", 0 },
    { "something else expected", POST "Content-Length: 5\r\nExpect: x\r\n\r\n", 400 },
    { "a body where none belongs", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n", 400 },
    { "a body of a look at the head", "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n",
      400 },
    { "chunks where none belong", "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
      400 },
    { "a body of a method that somebody else refuses",
      "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n", 0 },
    { "two lengths of such a method",
      "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400 },
    { "a version to come", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 400 },
    { "a version of before", "GET /\r\nHost: h\r\n\r\n", 400 },
    { "an absolute target", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "an asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "a target with a blank", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "a target beyond ASCII", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "two blanks", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "a method that is none", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
};

START_TEST(a_head_is_taken_or_refused_with_words)
{
    char *bytes = strdup(heads[_i].head);
    size_t len = strlen(bytes);
    struct http_head h;

    ck_assert_msg(http_head_end(bytes, len) == (ssize_t)len, "%s: no end", heads[_i].why);
    int status = http_head_read(bytes, len, &h);

    ck_assert_msg(status == heads[_i].status, "%s: %d, %s", heads[_i].why, status,
                  h.why ? h.why : "taken");
    ck_assert_msg((status == 0) == !h.why, "%s", heads[_i].why);
    free(bytes);
}
END_TEST

START_TEST(a_taken_head_says_what_stands_there)
{
    char bytes[] = POST "Content-Length: 12\r\nX-Y:  a b  \r\nx-y: c\r\n\r\n";
    struct http_head h;

    ck_assert_int_eq(http_head_read(bytes, sizeof bytes - 1, &h), 0);
    ck_assert_str_eq(h.method, "POST");
    ck_assert_str_eq(h.target, "/v1/feeds/f");
    ck_assert(h.has_length && !h.is_chunked && !h.wants_continue);
    ck_assert_uint_eq(h.length, 12);
    ck_assert_str_eq(http_head_field(&h, "x-Y"), "a b");
    ck_assert_uint_eq(http_head_count(&h, "X-Y"), 2);
    ck_assert_ptr_null(http_head_field(&h, "Z"));
}
END_TEST

static const struct {
    const char *bytes;
    size_t len;
} never[] = {
    { "GET / HTTP/1.1\nHost: h\n\n", 15 },
    { "GET / HTTP/1.1\rHost", 16 },
    { "GET /\0", 6 },
    { "\r\n", 2 },
    { "GET /\tx", 6 },
    { "\x16\x03\x01", 1 },
};

START_TEST(a_byte_that_no_head_has_is_found_at_once)
{
    ck_assert_int_eq(http_head_end(never[_i].bytes, never[_i].len), -EBADMSG);
    ck_assert_int_eq(http_head_end(never[_i].bytes, never[_i].len - 1), 0);
}
END_TEST

START_TEST(too_many_fields_and_too_long_a_target_are_refused)
{
    char bytes[HTTP_HEAD_MAX_BYTES];
    struct http_head h;

    for (int fields = HTTP_FIELDS_MAX; fields <= HTTP_FIELDS_MAX + 1; fields++) {
        int n = snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: h\r\n");

        for (int i = 1; i < fields; i++)
            n += snprintf(bytes + n, sizeof bytes - (size_t)n, "X-%d: y\r\n", i);
        n += snprintf(bytes + n, sizeof bytes - (size_t)n, "\r\n");
        ck_assert_int_eq(http_head_read(bytes, (size_t)n, &h), fields > HTTP_FIELDS_MAX ? 400 : 0);
    }
    for (int len = HTTP_TARGET_MAX_BYTES; len <= HTTP_TARGET_MAX_BYTES + 1; len++) {
        int n = snprintf(bytes, sizeof bytes, "GET /%0*d HTTP/1.1\r\nHost: h\r\n\r\n", len - 1, 0);

        ck_assert_int_eq(http_head_read(bytes, (size_t)n, &h),
                         len > HTTP_TARGET_MAX_BYTES ? 400 : 0);
    }
}
END_TEST

/* ---- bodies ---- */

static const struct {
    const char *why, *chunks, *content;
    int result; /* of reading it: 0 whole, 1 not yet, -EBADMSG */
} bodies[] = {
    { "one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc", 0 },
    { "two, in capitals and with a zero before", "0A\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n",
      "0123456789x", 0 },
    { "none", "0\r\n\r\n", "", 0 },
    { "several zeros", "000\r\n\r\n", "", 0 },
    { "cut in a size", "3", "", 1 },
    { "cut in a chunk", "3\r\nab", "ab", 1 },
    { "cut behind a chunk", "3\r\nabc\r\n", "abc", 1 },
    { "cut in the last line", "0\r\n\r", "", 1 },
    { "no size", "\r\nabc", "", -EBADMSG },
    { "a size in nine digits", "000000003\r\nabc\r\n", "", -EBADMSG },
    { "a signed size", "+3\r\nabc\r\n", "", -EBADMSG },
    { "an extension", "3;a\r\nabc\r\n", "", -EBADMSG },
    { "a blank", "3 \r\nabc\r\n", "", -EBADMSG },
    { "a bare line feed", "3\nabc\r\n", "", -EBADMSG },
    { "a chunk longer than its size", "3\r\nabcd\r\n", "abc", -EBADMSG },
    { "a trailer", "0\r\nX: y\r\n\r\n", "", -EBADMSG },
};

/* In portions of this size. */
static int read_body(const char *chunks, size_t portion, char *out, size_t *out_len)
{
    const struct http_head h = { .is_chunked = true };
    struct http_body b = http_body_of(&h);
    size_t len = strlen(chunks), at = 0;

    *out_len = 0;
    while (at < len && !http_body_is_whole(&b)) {
        size_t n = len - at < portion ? len - at : portion, content_len;
        const char *content;
        ssize_t taken = http_body_read(&b, chunks + at, n, &content, &content_len);

        if (taken < 0)
            return (int)taken;
        memcpy(out + *out_len, content, content_len);
        *out_len += content_len;
        at += (size_t)taken;
    }
    return http_body_is_whole(&b) ? 0 : 1;
}

START_TEST(chunks_are_whole_or_cut_or_none_in_any_portions)
{
    char content[64];
    size_t len;

    for (size_t portion = 1; portion <= strlen(bodies[_i].chunks); portion++) {
        int r = read_body(bodies[_i].chunks, portion, content, &len);

        ck_assert_msg(r == bodies[_i].result, "%s: %d", bodies[_i].why, r);
        ck_assert_msg(len == strlen(bodies[_i].content) &&
                          memcmp(content, bodies[_i].content, len) == 0,
                      "%s: %.*s", bodies[_i].why, (int)len, content);
    }
}
END_TEST

START_TEST(a_length_takes_so_many_bytes_and_no_more)
{
    const struct http_head h = { .has_length = true, .length = 5 };
    struct http_body b = http_body_of(&h);
    const char *content;
    size_t len;

    ck_assert_int_eq(http_body_read(&b, "abc", 3, &content, &len), 3);
    ck_assert(len == 3 && !http_body_is_whole(&b));
    ck_assert_int_eq(http_body_read(&b, "defgh", 5, &content, &len), 2);
    ck_assert(len == 2 && http_body_is_whole(&b));
    ck_assert_int_eq(http_body_read(&b, "fgh", 3, &content, &len), 0);
}
END_TEST

UNIT_MAIN("http_head", UNIT_ROWS(a_head_is_taken_or_refused_with_words, heads),
          UNIT_TEST(a_taken_head_says_what_stands_there),
          UNIT_ROWS(a_byte_that_no_head_has_is_found_at_once, never),
          UNIT_TEST(too_many_fields_and_too_long_a_target_are_refused),
          UNIT_ROWS(chunks_are_whole_or_cut_or_none_in_any_portions, bodies),
          UNIT_TEST(a_length_takes_so_many_bytes_and_no_more))
