/*
 * http_body - the bytes of a request's body, as its head announces them: by length, or in chunks
 *
 * Pure. Says when the body is whole; until then its end is not proven. Chunks are read at their
 * strictest: no extension, no trailer, no bare line feed. Allocates nothing.
 * Source: RFC 9112, sections 6 and 7.1.
 */
#ifndef LOOP_HTTP_BODY_H
#define LOOP_HTTP_BODY_H

#include "loop/http_head.h"

enum http_body_state {
    HTTP_BODY_SIZE,     /* the digits of a chunk's size */
    HTTP_BODY_SIZE_LF,  /* the line feed after them */
    HTTP_BODY_CONTENT,  /* .left bytes of content */
    HTTP_BODY_AFTER_CR, /* behind a chunk's content */
    HTTP_BODY_AFTER_LF,
    HTTP_BODY_LAST_CR, /* behind the last chunk */
    HTTP_BODY_LAST_LF,
    HTTP_BODY_WHOLE,
};

struct http_body {
    enum http_body_state state;
    bool is_chunked;
    uint64_t left;
    unsigned digits; /* of the size being read */
};

struct http_body http_body_of(const struct http_head *h);
bool http_body_is_whole(const struct http_body *b);
/**
 * Reads on. Returns how many of the bytes it took (0 only once the body is whole, or for no bytes);
 * -EBADMSG when they are no chunks. *out_content and *out_len: the part of what it took that is
 * content, perhaps none.
 */
ssize_t http_body_read(struct http_body *b, const char *bytes, size_t len, const char **out_content,
                       size_t *out_len);

#endif
