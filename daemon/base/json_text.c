#include "base/json_text.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

static _Thread_local bool memory_ran_out; /* since the last text was asked for */

static void *watched_malloc(size_t size)
{
    void *p = malloc(size);

    memory_ran_out |= !p;
    return p;
}

__attribute__((constructor)) static void watch(void)
{
    json_set_alloc_funcs(watched_malloc, free);
}

/*
 * Compact text, as json_dumps() prints it, without its looking for circles, which takes most of its time: nothing here
 * holds itself. What is not looked at is printed by the library.
 */

#define NUMBER_MAX 64 /* characters of a real number, with a precision that it has */

static int print_string(struct text *t, const char *s, size_t len)
{
    static const char letters[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
    };
    size_t from = 0;

    (void)text_putc(t, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        (void)text_add(t, s + from, i - from);
        from = i + 1;
        if (c < ' ' && !letters[c])
            (void)text_printf(t, "\\u%04X", c);
        else
            (void)text_printf(t, "\\%c", c < ' ' ? letters[c] : c);
    }
    (void)text_add(t, s + from, len - from);
    return text_putc(t, '"');
}

static int print_value(struct text *t, const json_t *value, size_t flags);

static int print_object(struct text *t, json_t *value, size_t flags)
{
    const char *key;
    json_t *member;
    char mark = '{';
    int r = 0;

    json_object_foreach(value, key, member)
    {
        (void)text_putc(t, mark);
        (void)print_string(t, key, strlen(key));
        (void)text_putc(t, ':');
        r = print_value(t, member, flags);
        if (r < 0)
            return r;
        mark = ',';
    }
    return text_puts(t, mark == '{' ? "{}" : "}");
}

static int print_array(struct text *t, const json_t *value, size_t flags)
{
    (void)text_putc(t, '[');
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            (void)text_putc(t, ',');
        int r = print_value(t, json_array_get(value, i), flags);

        if (r < 0)
            return r;
    }
    return text_putc(t, ']');
}

static int print_real(struct text *t, const json_t *value, size_t flags)
{
    char number[NUMBER_MAX];
    size_t len = json_dumpb(value, number, sizeof number, flags | JSON_ENCODE_ANY);

    return len > 0 && len <= sizeof number ? text_add(t, number, len) : -EINVAL;
}

static int print_value(struct text *t, const json_t *value, size_t flags)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return print_object(t, (json_t *)(uintptr_t)value, flags);
    case JSON_ARRAY:
        return print_array(t, value, flags);
    case JSON_STRING:
        return print_string(t, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        return text_printf(t, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return print_real(t, value, flags);
    case JSON_TRUE:
        return text_puts(t, "true");
    case JSON_FALSE:
        return text_puts(t, "false");
    case JSON_NULL:
        return text_puts(t, "null");
    }
    return -EINVAL;
}

/* malloc'ed, or NULL. */
static char *print(const json_t *value, size_t flags)
{
    size_t rest = flags & ~(size_t)JSON_COMPACT & ~JSON_REAL_PRECISION(0x1f);
    bool is_ours =
        flags & JSON_COMPACT && rest == 0 && (json_is_object(value) || json_is_array(value));
    AUTO(text_release) struct text t = TEXT_INIT;

    t.max = SIZE_MAX / 2;
    if (!is_ours)
        return json_dumps(value, flags);
    return print_value(&t, value, flags) == 0 && text_ok(&t) ? text_take(&t) : NULL;
}

char *json_text(const json_t *value, size_t flags)
{
    char *text = value ? print(value, flags) : NULL;

    if (memory_ran_out) {
        free(text);
        text = NULL;
    }
    memory_ran_out = false;
    return text;
}

bool json_lacks(void)
{
    return memory_ran_out;
}

json_t *json_parse(const char *bytes, size_t len, size_t flags, json_error_t *out_error)
{
    bool before = memory_ran_out;

    memory_ran_out = false;
    json_t *value = json_loadb(bytes, len, flags, out_error);

    if (memory_ran_out) {
        json_decref(value);
        value = NULL;
    }
    if (!value)
        errno = memory_ran_out ? ENOMEM : EBADMSG;
    memory_ran_out = before;
    return value;
}
