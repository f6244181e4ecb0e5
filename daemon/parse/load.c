/* The small readers that format.c and layout.c share (declared in layout.h). */
#include "parse/layout.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "parse/value.h"

char *load_copy(struct load *l, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        l->error = -ENOMEM;
    return copy;
}

void *load_alloc(struct load *l, size_t count, size_t size)
{
    if (count == 0)
        return NULL;
    void *p = calloc(count, size);

    if (!p)
        l->error = -ENOMEM;
    return p;
}

void names_release(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->items[i]);
    free(n->items);
    *n = (struct names){ NULL, 0 };
}

void maps_free(struct word_map *map, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(map[i].from);
        free(map[i].to);
    }
    free(map);
}

void load_known_keys(struct load *l, yaml_node *mapping, const char *what, const char *const *keys)
{
    size_t n = 0;

    if (yaml_kind(mapping) != YAML_MAPPING) {
        yaml_complain(l->yaml, mapping, l->diags, DIAG_ERROR, NULL, "a %s is a mapping", what);
        return;
    }
    while (keys[n])
        n++;
    for (size_t i = 0; i < yaml_count(mapping); i++) {
        yaml_node *key = NULL;
        bool known = false;

        (void)yaml_pair(mapping, i, &key);
        const char *text = yaml_text(key);

        for (size_t k = 0; text && k < n && !known; k++)
            known = strcmp(keys[k], text) == 0;
        if (known)
            continue;
        const char *near = text ? diag_nearest(text, keys, n) : NULL;
        char hint[128] = "";

        if (near)
            (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near);
        yaml_complain(l->yaml, key, l->diags, DIAG_ERROR, near ? hint : NULL,
                      "unknown key \"%s\" in a %s", text ? text : "", what);
    }
}

static void add_name(struct load *l, yaml_node *node, const char *what, bool fold,
                     struct names *out)
{
    const char *text = yaml_text(node);

    if (!text) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "\"%s\" takes texts", what);
        return;
    }
    char *copy = load_copy(l, text);

    if (!copy)
        return;
    if (fold)
        text_fold(copy);
    out->items[out->count++] = copy;
}

void load_names(struct load *l, yaml_node *node, const char *what, bool fold, struct names *out)
{
    if (!node)
        return;
    bool list = yaml_kind(node) == YAML_SEQUENCE;
    size_t n = list ? yaml_count(node) : 1;

    out->items = load_alloc(l, n, sizeof *out->items);
    for (size_t i = 0; out->items && i < n; i++)
        add_name(l, list ? yaml_item(node, i) : node, what, fold, out);
}

bool load_flag(struct load *l, yaml_node *node, bool fallback)
{
    const char *text = yaml_text(node);

    if (!node)
        return fallback;
    if (text && (text_same(text, "true") || text_same(text, "yes")))
        return true;
    if (!text || (!text_same(text, "false") && !text_same(text, "no")))
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "this is true or false");
    return false;
}

long load_count(struct load *l, yaml_node *node, long fallback, long least, long most)
{
    const char *text = yaml_text(node);
    char *end = NULL;

    if (!node)
        return fallback;
    long v = text ? strtol(text, &end, 10) : 0;

    if (!text || end == text || *end || v < least || v > most) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "this is a whole number from %ld to %ld", least, most);
        return fallback;
    }
    return v;
}

double load_number(struct load *l, yaml_node *node)
{
    double v = NAN;

    if (!yaml_text(node) || value_number(yaml_text(node), &v, NULL) < 0)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "this is no number");
    return v;
}

void load_map(struct load *l, yaml_node *node, struct word_map **out_map, size_t *out_count)
{
    if (!node)
        return;
    if (yaml_kind(node) != YAML_MAPPING) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "this is a mapping of texts");
        return;
    }
    struct word_map *map = load_alloc(l, yaml_count(node), sizeof *map);

    *out_map = map;
    for (size_t i = 0; map && i < yaml_count(node); i++) {
        yaml_node *key = NULL, *value = yaml_pair(node, i, &key);
        const char *to = yaml_text(value);

        if (!to)
            yaml_complain(l->yaml, value ? value : key, l->diags, DIAG_ERROR, NULL,
                          "this is a text; \"\" means no value");
        map[i].from = load_copy(l, yaml_text(key) ? yaml_text(key) : "");
        if (map[i].from)
            text_fold(map[i].from);
        bool none = to && !yaml_is_quoted(value) && (!strcmp(to, "null") || !strcmp(to, "~"));

        map[i].to = to && *to && !none ? load_copy(l, to) : NULL;
        (*out_count)++;
    }
}
