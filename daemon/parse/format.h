/*
 * format - a mapping file: how a delimited file becomes records, as data
 *
 * One YAML file per format (config/formats/ID.yaml; feed-formats(5) describes every key). Loading
 * checks it whole and reports located messages. A loaded format is read-only and may be shared.
 * No format is known to the code by name.
 */
#ifndef PARSE_FORMAT_H
#define PARSE_FORMAT_H

#include "base/diag.h"
#include "base/digest.h"

struct format;

/** Loads one mapping file. Returns 0; -EINVAL with messages in diags; -errno when unreadable (said
 * in diags). */
int format_load(const char *path, struct diags *diags, struct format **out_format);
/** The same from bytes; name is used in messages. */
int format_parse(const char *name, const char *bytes, size_t len, struct diags *diags,
                 struct format **out_format);
void format_free(struct format *f);

/** What its rows become. */
enum record_kind { RECORDS_AGGREGATE, RECORDS_PATHWAY_SNAPSHOT, RECORDS_PATHWAY_EVENTS };
enum record_kind format_records(const struct format *f);

#define SET_TABLES_MAX 16
/** The layouts (parse_result.layout) of which a whole set has one file each; 0: files stand alone. The
 * files of one set agree in provider, version (the submission) and census (the period's end) of their
 * records. Borrowed. */
size_t format_set_tables(const struct format *f, const char *const **out_layouts);

const char *format_id(const struct format *f);
const char *format_title(const struct format *f);
/** SHA-256 of the mapping file's bytes: with the raw file's hash, the key of the ledger. */
const char *format_digest(const struct format *f);
/** Those bytes; borrowed. */
const char *format_source(const struct format *f, size_t *out_len);
/** Whether its figures are published already (the publisher applied disclosure control). */
int format_is_published(const struct format *f);
/** Whether a measure is published for rolling periods only, which overlap. */
int format_is_rolling(const struct format *f, const char *measure);
/** Whether a file may hold only what changed: a small one after a large one is no sign of a fault. */
int format_is_partial(const struct format *f);
/** Which of several rows with one key stands: "first", "last" or "by COLUMN". */
const char *format_duplicate(const struct format *f);
/** Whether rows of a pathway format may tell a version: the higher one then stands, whatever comes first. */
int format_maps_version(const struct format *f);
/** N of a file called ..._vN, as the format's "edition" patterns say; 1 for a pattern without number; 0:
 * none. */
int format_edition(const struct format *f, const char *file_name);

/** All *.yaml of several folders; a later folder's format of the same id replaces an earlier one.
 */
struct format_set;
/** Returns 0 or -EINVAL with messages; a folder that does not exist is an error message. */
int format_set_load(const char *const *folders, size_t count, struct diags *diags,
                    struct format_set **out_set);
const struct format *format_set_find(const struct format_set *s, const char *id);
/** The ids, for "did you mean" and usage texts; borrowed, NULL-terminated. */
const char *const *format_set_ids(const struct format_set *s);
void format_set_free(struct format_set *s);

#endif
