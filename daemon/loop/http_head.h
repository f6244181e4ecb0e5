/*
 * http_head - the raw head of an HTTP request, judged byte by byte before anything else reads it
 *
 * Pure. What two readers could understand differently is refused (RELIABILITY H2): a bare line feed,
 * a NUL, a folded line, a name that is no token, two lengths, a length that is not digits alone, a
 * length beside a coding, a coding other than exactly "chunked", no Host or two. Allocates nothing.
 * Source: RFC 9112, sections 2 to 6, at its strictest.
 */
#ifndef LOOP_HTTP_HEAD_H
#define LOOP_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_HEAD_MAX_BYTES   8192 /* the request line, all fields, and the empty line */
#define HTTP_TARGET_MAX_BYTES 1024
#define HTTP_FIELDS_MAX       64

struct http_field {
    const char *name, *value; /* the value without blanks around it */
};

/** A request as its head says it; texts are borrowed from the bytes that were read. */
struct http_head {
    const char *method, *target; /* the target begins with "/" */
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t field_count;
    bool has_length, is_chunked; /* at most one of them */
    uint64_t length;             /* bytes of the body; only with has_length */
    bool wants_continue;         /* "Expect: 100-continue" */
    const char *why;             /* of a refusal: what is wrong, a constant text */
};

/**
 * How many bytes the head has, its empty line included; 0 while that is not known yet; -EBADMSG as
 * soon as no head can begin so (a bare CR or LF, a NUL or another control character).
 */
ssize_t http_head_end(const char *bytes, size_t len);
/**
 * Reads a head of which http_head_end() gave the length. Puts NULs into bytes, and borrows them.
 * Returns 0, or the status to answer with (400, 411) and why in out_head->why; nothing else of
 * *out_head is then of use.
 */
int http_head_read(char *bytes, size_t len, struct http_head *out_head);
/** The value of the first field of this name (any case), or NULL. */
const char *http_head_field(const struct http_head *h, const char *name);
/** How many fields have this name (any case). */
size_t http_head_count(const struct http_head *h, const char *name);

#endif
