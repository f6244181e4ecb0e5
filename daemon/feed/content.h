/*
 * content - what a feed file says: its bytes, or those of the one data file in a zip
 *
 * The one way from a file to a parser, so that a check on the desk, the first look at a file and the
 * reading of an archived one see the same. At once, or block by block for who has a loop to turn.
 */
#ifndef FEED_CONTENT_H
#define FEED_CONTENT_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/text.h"
#include "parse/parser.h"

#define CONTENT_BLOCK (64u << 10) /* bytes read and parsed by a step */

struct content; /* a file being parsed */

/** What a file is that begins with these bytes and is no table, as a sentence, or NULL. A page to log in
 * at comes with 200 like the file that was asked for. */
const char *content_is_page(const char *head, size_t len);

/** Both are borrowed until content_free(). fd is a regular file; it is read from its start. Returns 0
 * or -errno. */
int content_new(int fd, struct parser *p, struct content **out_content);
/** From now on each block of a plain file is added to the digest, so that what is hashed is what was read: all are
 * once the last step is done. Before the first. Borrowed. Not for a zip. Returns 0 or -ENOMEM. */
int content_hash(struct content *c, struct digest *digest);
/** For another thread than that of the steps, while these go on: hashes a block that was read, if one waits for
 * it. Who nobody helps does it himself. Returns whether there was one. */
bool content_help(struct content *c);
/** Whether a file is a zip, of which content_hash() knows nothing: 1, 0 or -errno. */
int content_is_zipped(int fd);
/**
 * Pushes the next block, at the end ends the parse and sets *out_is_done; a zip that is none we open
 * is refused by the parser's own result. Returns 0 (also when refused), what the parser's sink
 * returned, -errno; not to be called again after other than 0.
 */
int content_step(struct content *c, bool *out_is_done);
/** The name of the file inside a zip, once a step was done; "" of any other. Borrowed. */
const char *content_member(const struct content *c);
void content_free(struct content *c); /* accepts NULL */

/**
 * All steps in one call. out_member (may be NULL) gets the name of the file inside a zip. Returns as
 * content_step().
 */
int content_parse(int fd, struct parser *p, struct text *out_member);

#endif
