/*
 * yaml_node - how a loaded document lies in memory; shared by yaml.c and yaml_read.c only
 *
 * Every node remembers the bytes it was written with, so that a message can underline them. All
 * nodes hang on one chain of the document and die with it.
 */
#ifndef YAML_YAML_NODE_H
#define YAML_YAML_NODE_H

#include <stdint.h>

#include "yaml/yaml.h"

#define YAML_FILE_MAX_BYTES (4u << 20)
#define YAML_DEPTH_MAX      32
#define YAML_NODES_MAX      400000

/** A stretch of the source: 1-based line and column (in characters), and byte offsets. */
struct yaml_span {
    uint32_t line, column, start, end;
};

struct yaml_node {
    enum yaml_kind kind;
    bool quoted; /* a scalar in quotes or a literal block */
    bool flow;   /* a collection written with braces or brackets */
    bool alias;  /* an alias, already complained about */
    struct yaml_span at;
    char *text;
    struct yaml_node **children; /* a sequence's items; a mapping's key, value, key, value */
    size_t child_count, child_cap;
    struct yaml_node *older; /* the chain of all nodes */
};

struct yaml {
    char *name;
    char *source;
    size_t source_len;
    struct yaml_node *root;
    struct yaml_node *newest; /* of the chain */
    size_t node_count;
};

/** Fills y->root from y->source. Returns 0, -ENOMEM, or -EINVAL with messages. */
int yaml_read(struct yaml *y, struct diags *diags);

/** A message at a stretch of the source; at NULL: the file only. */
void yaml_complain_at(const struct yaml *y, const struct yaml_span *at, struct diags *diags,
                      enum diag_level level, const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/** The stretch of length 1 at a 1-based line and column, as libfyaml reports them. */
struct yaml_span yaml_span_of(const struct yaml *y, int line, int column);
/** The stretch of length 1 at a byte. */
struct yaml_span yaml_span_at(const struct yaml *y, size_t offset);

#endif
