/*
 * bind - one table of keys says what a mapping may hold
 *
 * A settings section is a struct and a table; the table drives reading, checking, "did you mean",
 * the generated sample and the man page. Reports every error it finds and goes on.
 */
#ifndef YAML_BIND_H
#define YAML_BIND_H

#include <stddef.h>

#include "base/span.h"
#include "yaml/yaml.h"

enum bind_type {
    BIND_TEXT,     /* char *: copied; released by bind_release */
    BIND_ID,       /* char *: letters, digits, '-', '_', '.', up to 64; copied */
    BIND_ITEM,     /* char *: as BIND_ID, and '/': an item of a plan, "3.1.4/5/6"; copied */
    BIND_BOOL,     /* bool: true, false, yes, no, on, off */
    BIND_INTEGER,  /* long, between min and max */
    BIND_NUMBER,   /* double, between min and max */
    BIND_DATE,     /* struct civil_date: YYYY-MM-DD; DATE_NONE when left out */
    BIND_DURATION, /* struct span: 45d, 10wd, 18w, 3m (calendar months), 15min, 30s, 12h */
    BIND_TEXTS,    /* struct text_list: a sequence of scalars, or one scalar */
    BIND_CHOICE,   /* int: index into .choices (NULL-terminated) */
    BIND_NODE,     /* yaml_node *: any value; the caller reads it (borrowed from the document) */
};

/** Codes of what is wrong with a mapping. */
#define BIND_CODE_UNKNOWN_KEY   "unknown-key"
#define BIND_CODE_MISSING_KEY   "missing-key"
#define BIND_CODE_VALUE         "bad-value"
#define BIND_CODE_NOT_ONE_VALUE "not-one-value"
#define BIND_CODE_NOT_A_LIST    "not-a-list"
#define BIND_CODE_NOT_A_MAPPING "not-a-mapping"

struct text_list {
    char **items;
    size_t count;
};

struct bind_key {
    const char *key;
    enum bind_type type;
    size_t offset;        /* of the field in the struct */
    const char *fallback; /* default as it would be written, or NULL: left zero */
    double min, max;      /* BIND_INTEGER, BIND_NUMBER; both 0: unbounded */
    const char *const *choices;
    int required;
    const char *meaning; /* one line: what it is and why to change it */
};

#define BIND_FIELD(type, field) offsetof(type, field)
#define BIND_END                                                                                   \
    {                                                                                              \
        NULL, BIND_TEXT, 0, NULL, 0, 0, NULL, 0, NULL                                              \
    }

/** Reads mapping into *out (which the caller zeroed). what names it in messages ("feed",
 * "receiver"). Fills defaults; a key without a value (empty, ~, null) counts as left out. Unknown
 * keys are errors with "did you mean". Returns 0, -EINVAL (said in diags) or -ENOMEM; *out is to be
 * released either way. */
int bind_mapping(const struct yaml *y, yaml_node *mapping, const char *what,
                 const struct bind_key *keys, void *out, struct diags *diags);
/** Frees what BIND_TEXT, BIND_ID, BIND_ITEM and BIND_TEXTS copied. */
void bind_release(const struct bind_key *keys, void *out);

void text_list_release(struct text_list *l);
bool text_list_has(const struct text_list *l, const char *item); /* folded comparison */

#endif
