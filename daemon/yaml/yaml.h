/*
 * yaml - text to a document whose every node knows its line and column (libfyaml)
 *
 * Pure but for reading the named file. Syntax errors (the first ends the parse) and semantic
 * errors are reported in the one format of diag. Scalars are always taken from their text, never
 * as numbers, so "1.10" and "0E1" stay ids. Anchors, aliases, merge keys and tags are refused;
 * duplicate keys are errors.
 */
#ifndef YAML_YAML_H
#define YAML_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

struct yaml;                              /* a loaded document; owns all nodes and texts */
typedef const struct yaml_node yaml_node; /* opaque; NULL is "no node" and is accepted everywhere */

enum yaml_kind { YAML_NONE, YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

/** Returns 0; -EINVAL with a located message; -errno (said in diags) when unreadable. name in
 * messages = path. */
int yaml_load(const char *path, struct diags *diags, struct yaml **out_yaml);
/** The same from memory; name is used in messages. */
int yaml_parse(const char *name, const char *text, size_t len, struct diags *diags,
               struct yaml **out_yaml);
void yaml_free(struct yaml *y);
/** The name that messages give. */
const char *yaml_name(const struct yaml *y);
/** The bytes of the document as read. */
const char *yaml_source(const struct yaml *y, size_t *out_len);

yaml_node *yaml_root(const struct yaml *y); /* NULL for an empty document */
enum yaml_kind yaml_kind(yaml_node *n);
/** The scalar's text, NUL-terminated, owned by the document; NULL if not a scalar. An empty value
 * is "". */
const char *yaml_text(yaml_node *n);
/** Whether the scalar was written in quotes. */
bool yaml_is_quoted(yaml_node *n);
/** Whether nothing is written there: no node, or an unquoted empty value, "~" or "null". */
bool yaml_is_nothing(yaml_node *n);
/** Whether the collection was written with braces or brackets. */
bool yaml_is_flow(yaml_node *n);
/** The line the node begins on, 1-based; 0 for no node. */
unsigned yaml_line(yaml_node *n);
/** Entries of a sequence or pairs of a mapping. */
size_t yaml_count(yaml_node *n);
yaml_node *yaml_item(yaml_node *sequence, size_t index);
/** Pair by position, in file order; key is a scalar node. */
yaml_node *yaml_pair(yaml_node *mapping, size_t index, yaml_node **out_key);
/** Value of a key, or NULL. */
yaml_node *yaml_get(yaml_node *mapping, const char *key);

/** A message at a node: its place, the line, the node's text underlined. n NULL: at the document's
 * start. hint may be NULL. */
void yaml_complain(const struct yaml *y, yaml_node *n, struct diags *diags, enum diag_level level,
                   const char *hint, const char *format, ...) __attribute__((format(printf, 6, 7)));

/** The same with the code of the rule, static text. */
void yaml_vcomplain(const struct yaml *y, yaml_node *n, struct diags *diags, enum diag_level level,
                    const char *code, const char *hint, const char *format, va_list ap);

/** Codes of what is wrong with a file as such. */
#define YAML_CODE_UNREADABLE "unreadable"
#define YAML_CODE_SYNTAX     "yaml"

#endif
