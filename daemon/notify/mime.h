/*
 * mime - the mechanics of a mail: headers, encoded words, quoted-printable
 *
 * Pure, by hand, because a message is frozen: the same facts must give the same bytes. Whatever
 * text comes in, a header stays one header and a body cannot end the mail: control characters
 * become spaces in headers, and bodies are encoded whole. Lines end in CRLF and have at most 76
 * characters.
 */
#ifndef NOTIFY_MIME_H
#define NOTIFY_MIME_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/text.h"

/** "Name: value" for a value of our own making (ids, dates): asserted to be printable ASCII. */
void mime_header(struct text *out, const char *name, const char *value);
/** The same for free text: RFC 2047 encoded words where it is not plain ASCII; folded. */
void mime_header_text(struct text *out, const char *name, const char *value);
/** "Name: "Display" <address>"; display may be NULL; the address was accepted by mime_address_ok().
 */
void mime_header_mailbox(struct text *out, const char *name, const char *display,
                         const char *address);
/** "Name: Display:;", the group without members: for a folder, which has no address. */
void mime_header_group(struct text *out, const char *name, const char *display);
/** UTF-8 text, lines ended by LF, as quoted-printable with CRLF. */
void mime_quoted_printable(struct text *out, const char *s);

/** The instance as the right side of a Message-ID. */
void mime_domain(const char *instance, char out[64]);
/** A time as the Date header wants it, in UTC. Returns out. */
const char *mime_date(struct wall_time now, char out[64]);

/**
 * Whether an address may stand in SMTP and in a header: printable ASCII, one "@" with something on
 * both sides, no blank, angle bracket, quote, comma, colon, semicolon, backslash or parenthesis; at
 * most 254 bytes.
 */
bool mime_address_ok(const char *address);
/** A text as a part of a multipart: its boundary line, headers and body. */
void mime_part(struct text *out, const char *boundary, const char *type, const char *body);

#endif
