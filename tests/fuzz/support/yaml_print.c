#include "fuzz/support/yaml_print.h"

#include <string.h>

static bool is_word(const char *s)
{
    return *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                     strlen(s);
}

/* The code point of a well-formed sequence, which *text steps over. */
static unsigned code_point(const unsigned char **text)
{
    const unsigned char *s = *text;
    int more = *s >= 0xF0 ? 3 : *s >= 0xE0 ? 2 : *s >= 0xC0 ? 1 : 0;
    unsigned code = more == 0 ? *s : *s & (0x3Fu >> more);

    for (s++; more > 0 && *s; more--, s++)
        code = code << 6 | (*s & 0x3F);
    *text = s;
    return code;
}

static void print_quoted(const char *s, struct text *out)
{
    (void)text_putc(out, '"');
    for (const unsigned char *c = (const unsigned char *)s; *c;) {
        unsigned code = code_point(&c);

        if (code >= ' ' && code < 0x7F && code != '"' && code != '\\')
            (void)text_putc(out, (char)code);
        else
            (void)text_printf(out, "\\U%08X", code);
    }
    (void)text_putc(out, '"');
}

static void print_text(yaml_node *n, struct text *out)
{
    if (yaml_is_nothing(n))
        (void)text_putc(out, '~');
    else if (!yaml_is_quoted(n) && is_word(yaml_text(n)))
        (void)text_puts(out, yaml_text(n));
    else
        print_quoted(yaml_text(n), out);
}

void yaml_print(yaml_node *n, struct text *out)
{
    switch (yaml_kind(n)) {
    case YAML_NONE:
        break;
    case YAML_SCALAR:
        print_text(n, out);
        break;
    case YAML_SEQUENCE:
        (void)text_puts(out, "[\n");
        for (size_t i = 0; i < yaml_count(n); i++) {
            yaml_print(yaml_item(n, i), out);
            (void)text_puts(out, ",\n");
        }
        (void)text_puts(out, "]");
        break;
    case YAML_MAPPING:
        (void)text_puts(out, "{\n");
        for (size_t i = 0; i < yaml_count(n); i++) {
            yaml_node *key = NULL, *value = yaml_pair(n, i, &key);

            (void)text_puts(out, "? "); /* a key of any length */
            print_quoted(yaml_text(key), out);
            (void)text_puts(out, "\n: ");
            yaml_print(value, out);
            (void)text_puts(out, ",\n");
        }
        (void)text_puts(out, "}");
        break;
    }
}

bool yaml_equal(yaml_node *a, yaml_node *b)
{
    if (yaml_kind(a) != yaml_kind(b) || yaml_is_nothing(a) != yaml_is_nothing(b))
        return false;
    if (yaml_is_nothing(a))
        return true;
    if (yaml_kind(a) == YAML_SCALAR)
        return strcmp(yaml_text(a), yaml_text(b)) == 0;
    if (yaml_count(a) != yaml_count(b))
        return false;
    for (size_t i = 0; i < yaml_count(a); i++) {
        yaml_node *key_a = NULL, *key_b = NULL;

        if (yaml_kind(a) == YAML_SEQUENCE) {
            if (!yaml_equal(yaml_item(a, i), yaml_item(b, i)))
                return false;
        } else if (!yaml_equal(yaml_pair(a, i, &key_a), yaml_pair(b, i, &key_b)) ||
                   strcmp(yaml_text(key_a), yaml_text(key_b)) != 0) {
            return false;
        }
    }
    return true;
}
