/*
 * evidence_pack - an evidence pack as files: a page, a table, JSON, the plans, the sources, a manifest
 *
 * Writes no file itself: hands out their names and bytes. The page opens from the disk, asks for nothing else, and every
 * text of it is escaped. The manifest is what sha256sum -c reads.
 */
#ifndef CTL_EVIDENCE_PACK_H
#define CTL_EVIDENCE_PACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/** The pack as a page of its own. Each returns 0 or -errno. */
int evidence_html(const json_t *pack, struct text *out);
/** For people: how each measure stood, and what happened. width: of the terminal, 0 = unlimited. */
int evidence_table(const json_t *pack, size_t width, bool colour, struct text *out);
/** The name of a plan's version in the pack; malloc'ed, or NULL. */
char *evidence_plan_name(const json_t *version);
/** Calls with each file, the manifest last; what that returns, when it is not 0, ends it and is returned. */
typedef int evidence_file(void *arg, const char *name, const char *bytes, size_t len);
int evidence_files(const json_t *pack, evidence_file *file, void *arg);

#endif
