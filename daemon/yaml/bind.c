#include "yaml/bind.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "yaml/bind_value.h"

#define KEYS_MAX 64
#define HINT_MAX 400

struct binding {
    const struct yaml *y;
    yaml_node *mapping;
    const char *what;
    const struct bind_key *keys;
    char *out;
    struct diags *diags;
    int result;
};

__attribute__((format(printf, 5, 6))) static void complain(struct binding *b, yaml_node *at,
                                                           const char *code, const char *hint,
                                                           const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    yaml_vcomplain(b->y, at, b->diags, DIAG_ERROR, code, hint, format, ap);
    va_end(ap);
    b->result = -EINVAL;
}

static void complain_value(struct binding *b, yaml_node *value, const struct bind_key *key,
                           const struct bind_problem *p)
{
    complain(b, value, BIND_CODE_VALUE, p->hint[0] ? p->hint : NULL, "%s: %s \"%.80s\" %s", b->what,
             key->key, yaml_text(value), p->text);
}

static void bind_scalar(struct binding *b, yaml_node *value, const struct bind_key *key)
{
    struct bind_problem p = { "", "" };

    if (yaml_kind(value) != YAML_SCALAR) {
        complain(b, value, BIND_CODE_NOT_ONE_VALUE, NULL, "%s: %s is one value, not a %s", b->what,
                 key->key, yaml_kind(value) == YAML_MAPPING ? "mapping" : "list");
        return;
    }
    int r = bind_value(key, yaml_text(value), b->out + key->offset, &p);

    if (r == -EINVAL)
        complain_value(b, value, key, &p);
    else if (r < 0)
        b->result = r;
}

static void bind_texts(struct binding *b, yaml_node *value, const struct bind_key *key)
{
    if (yaml_kind(value) == YAML_SCALAR) {
        bind_scalar(b, value, key);
        return;
    }
    if (yaml_kind(value) != YAML_SEQUENCE) {
        complain(b, value, BIND_CODE_NOT_A_LIST, NULL, "%s: %s is a list, not a mapping", b->what,
                 key->key);
        return;
    }
    for (size_t i = 0; i < yaml_count(value); i++) {
        yaml_node *item = yaml_item(value, i);

        if (yaml_kind(item) != YAML_SCALAR || yaml_is_nothing(item)) {
            complain(b, item, BIND_CODE_VALUE, NULL, "%s: %s has an item that is not text", b->what,
                     key->key);
            continue;
        }
        bind_scalar(b, item, key);
    }
}

static void complain_unknown(struct binding *b, yaml_node *key, yaml_node *value)
{
    const char *candidates[KEYS_MAX];
    struct text list = TEXT_INIT;
    size_t count = 0;
    bool split = yaml_is_flow(b->mapping) && yaml_kind(value) == YAML_SCALAR &&
                 !yaml_is_quoted(value) && yaml_text(value)[0] == '\0';

    (void)text_puts(&list, "keys here: ");
    for (; b->keys[count].key; count++) {
        candidates[count] = b->keys[count].key;
        (void)text_printf(&list, "%s%s", count ? ", " : "", candidates[count]);
    }
    const char *near = diag_nearest(yaml_text(key), candidates, count);

    if (split) {
        text_clear(&list);
        (void)text_puts(&list, "a comma split this text: quote it");
    } else if (near) {
        text_clear(&list);
        (void)text_printf(&list, "did you mean \"%s\"?", near);
    }
    complain(b, key, BIND_CODE_UNKNOWN_KEY, text_str(&list), "%s: unknown key \"%.80s\"", b->what,
             yaml_text(key));
    text_release(&list);
    b->result = -EINVAL;
}

static void bind_pair(struct binding *b, yaml_node *key, yaml_node *value, bool *seen)
{
    size_t i = 0;

    while (b->keys[i].key && strcmp(b->keys[i].key, yaml_text(key)) != 0)
        i++;
    if (!b->keys[i].key) {
        complain_unknown(b, key, value);
        return;
    }
    if (yaml_is_nothing(value)) {
        /* Left to the default, or to the complaint that it is missing. */
        if (b->keys[i].required)
            complain(b, key, BIND_CODE_MISSING_KEY, NULL, "%s: %s has no value", b->what,
                     b->keys[i].key);
        if (b->keys[i].required) {
            b->result = -EINVAL;
            seen[i] = true;
        }
        return;
    }
    seen[i] = true;
    if (b->keys[i].type == BIND_NODE)
        memcpy(b->out + b->keys[i].offset, &value, sizeof(value));
    else if (b->keys[i].type == BIND_TEXTS)
        bind_texts(b, value, &b->keys[i]);
    else
        bind_scalar(b, value, &b->keys[i]);
}

static void fill_default(struct binding *b, const struct bind_key *key)
{
    struct bind_problem p = { "", "" };
    char hint[HINT_MAX];
    int r;

    if (key->required) {
        (void)snprintf(hint, sizeof hint, "add \"%s: ...\": %s", key->key, key->meaning);
        complain(b, b->mapping, BIND_CODE_MISSING_KEY, hint, "%s: \"%s\" is missing", b->what,
                 key->key);
    } else if (key->fallback) {
        r = bind_value(key, key->fallback, b->out + key->offset, &p);
        assert(r != -EINVAL);
        if (r < 0)
            b->result = r;
    }
}

int bind_mapping(const struct yaml *y, yaml_node *mapping, const char *what,
                 const struct bind_key *keys, void *out, struct diags *diags)
{
    struct binding b = { y, mapping, what, keys, out, diags, 0 };
    bool seen[KEYS_MAX] = { false };

    assert(y && what && keys && out && diags);
    for (size_t i = 0; keys[i].key; i++) {
        assert(i < KEYS_MAX);
        /* Zero is a day in 1970; "no date" is not zero. */
        if (keys[i].type == BIND_DATE)
            memcpy(b.out + keys[i].offset, &DATE_NONE, sizeof(struct civil_date));
    }
    if (!yaml_is_nothing(mapping) && yaml_kind(mapping) != YAML_MAPPING) {
        complain(&b, mapping, BIND_CODE_NOT_A_MAPPING, "write it as \"key: value\" pairs",
                 "%s: this is not a mapping", what);
        return -EINVAL;
    }
    for (size_t i = 0; i < yaml_count(mapping) && yaml_kind(mapping) == YAML_MAPPING; i++) {
        yaml_node *key = NULL, *value = yaml_pair(mapping, i, &key);

        bind_pair(&b, key, value, seen);
    }
    for (size_t i = 0; keys[i].key; i++) {
        if (!seen[i])
            fill_default(&b, &keys[i]);
    }
    return b.result;
}

void bind_release(const struct bind_key *keys, void *out)
{
    for (; out && keys->key; keys++) {
        void *field = (char *)out + keys->offset;

        if (keys->type == BIND_TEXT || keys->type == BIND_ID || keys->type == BIND_ITEM) {
            free(*(char **)field);
            *(char **)field = NULL;
        } else if (keys->type == BIND_TEXTS) {
            text_list_release(field);
        }
    }
}
