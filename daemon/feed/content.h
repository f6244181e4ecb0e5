/*
 * content - what a feed file says: its bytes, or those of the one data file in a zip
 *
 * The one way from a file to a parser, so that a check on the desk, the first look at a file and the
 * reading of an archived one see the same.
 */
#ifndef FEED_CONTENT_H
#define FEED_CONTENT_H

#include "base/text.h"
#include "parse/parser.h"

/**
 * Pushes the whole file from its start and ends the parse; a zip that is none we open is refused
 * by the parser's own result. fd is a regular file, borrowed. out_member (may be NULL) gets the name
 * of the file inside a zip. Returns 0 (also when refused), what the parser's sink returned, -errno.
 */
int content_parse(int fd, struct parser *p, struct text *out_member);

#endif
