#include "yaml/yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "yaml/yaml_node.h"

/* ---- places in the source ---- */

static bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}

/* The bounds of the line that holds this byte, without its end. */
static void line_around(const struct yaml *y, size_t offset, size_t *out_start, size_t *out_end)
{
    size_t start = offset < y->source_len ? offset : y->source_len;
    size_t end = start;

    while (start > 0 && !ends_line(y->source[start - 1]))
        start--;
    while (end < y->source_len && !ends_line(y->source[end]))
        end++;
    *out_start = start;
    *out_end = end;
}

static size_t characters(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += (s[i] & 0xc0) != 0x80;
    return n;
}

struct yaml_span yaml_span_of(const struct yaml *y, int line, int column)
{
    size_t i = 0;
    int at_line = 1, at_column = 1;

    while (i < y->source_len && at_line < line) {
        char c = y->source[i++];

        if (c == '\r' && i < y->source_len && y->source[i] == '\n')
            i++;
        at_line += ends_line(c);
    }
    while (i < y->source_len && at_column < column && !ends_line(y->source[i])) {
        i++;
        at_column += i == y->source_len || (y->source[i] & 0xc0) != 0x80;
    }
    return (struct yaml_span){ (uint32_t)(line < 1 ? 1 : line), (uint32_t)(column < 1 ? 1 : column),
                               (uint32_t)i, (uint32_t)(i + 1) };
}

struct yaml_span yaml_span_at(const struct yaml *y, size_t offset)
{
    struct yaml_span at = { 1, 1, (uint32_t)offset, (uint32_t)offset + 1 };
    size_t start, end;

    assert(offset <= y->source_len);
    line_around(y, offset, &start, &end);
    for (size_t i = 0; i < start; i++)
        at.line += y->source[i] == '\n' || (y->source[i] == '\r' && y->source[i + 1] != '\n');
    at.column = (uint32_t)characters(y->source + start, offset - start) + 1;
    return at;
}

static void complain(const struct yaml *y, const struct yaml_span *at, struct diags *diags,
                     enum diag_level level, const char *code, const char *hint, const char *format,
                     va_list ap)
{
    struct diag_place place = { .file = y->name };

    if (at) {
        size_t start, end, first = at->start < y->source_len ? at->start : y->source_len;

        line_around(y, first, &start, &end);
        size_t last = at->end < end ? at->end : end;
        size_t length = last > first ? characters(y->source + first, last - first) : 1;

        place.line = at->line;
        place.column = at->column;
        place.length = (unsigned)length;
        /* A byte order mark is not part of the first line. */
        if (start == 0 && end >= 3 && memcmp(y->source, "\xef\xbb\xbf", 3) == 0)
            start = 3;
        place.excerpt = y->source + start;
        place.excerpt_len = end - start;
        /* A NUL or broken UTF-8 must not reach the terminal. */
        if (memchr(place.excerpt, '\0', place.excerpt_len) ||
            !text_is_utf8(place.excerpt, place.excerpt_len) || place.excerpt_len > 400)
            place.excerpt = NULL;
    }
    diag_vadd(diags, level, code, &place, hint, format, ap);
}

void yaml_complain_at(const struct yaml *y, const struct yaml_span *at, struct diags *diags,
                      enum diag_level level, const char *hint, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    complain(y, at, diags, level, YAML_CODE_SYNTAX, hint, format, ap);
    va_end(ap);
}

void yaml_complain(const struct yaml *y, yaml_node *n, struct diags *diags, enum diag_level level,
                   const char *hint, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    yaml_vcomplain(y, n, diags, level, NULL, hint, format, ap);
    va_end(ap);
}

void yaml_vcomplain(const struct yaml *y, yaml_node *n, struct diags *diags, enum diag_level level,
                    const char *code, const char *hint, const char *format, va_list ap)
{
    static const struct yaml_span start = { 1, 1, 0, 1 };

    assert(y && diags);
    complain(y, n ? &n->at : &start, diags, level, code, hint, format, ap);
}

/* ---- loading ---- */

__attribute__((format(printf, 4, 5))) static void
complain_file(const char *name, struct diags *diags, const char *hint, const char *format, ...)
{
    struct diag_place place = { .file = name };
    va_list ap;

    va_start(ap, format);
    diag_vadd(diags, DIAG_ERROR, YAML_CODE_UNREADABLE, &place, hint, format, ap);
    va_end(ap);
}

static int read_file(const char *path, struct diags *diags, struct text *out_text)
{
    int r = file_read(path, YAML_FILE_MAX_BYTES, out_text);

    if (r == -EFBIG)
        complain_file(path, diags, NULL, "is larger than 4 MiB");
    else if (r == -EINVAL)
        complain_file(path, diags, NULL, "is not a file");
    else if (r < 0)
        complain_file(path, diags, NULL, "cannot be read: %s", strerror(-r));
    return r;
}

int yaml_load(const char *path, struct diags *diags, struct yaml **out_yaml)
{
    struct text content = TEXT_INIT;
    int r;

    assert(path && diags && out_yaml);
    r = read_file(path, diags, &content);
    if (r == 0)
        r = yaml_parse(path, text_str(&content), content.len, diags, out_yaml);
    text_release(&content);
    return r;
}

/* What no YAML file may hold; libfyaml is only given clean text. */
static int check_bytes(const struct yaml *y, struct diags *diags)
{
    const char *s = y->source, *nul;
    size_t bad = 0, len = y->source_len;

    if (len >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0)) {
        complain_file(y->name, diags, "save it as UTF-8", "is written in UTF-16");
        return -EINVAL;
    }
    nul = memchr(s, '\0', len);
    if (nul) {
        struct yaml_span at = yaml_span_at(y, (size_t)(nul - s));

        yaml_complain_at(y, &at, diags, DIAG_ERROR, "is it a text file?", "a NUL byte");
        return -EINVAL;
    }
    if (text_is_utf8(s, len))
        return 0;
    while (bad < len) {
        unsigned char lead = (unsigned char)s[bad];
        size_t n = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

        if (n > len - bad || !text_is_utf8(s + bad, n))
            break;
        bad += n;
    }
    struct yaml_span at = yaml_span_at(y, bad);

    yaml_complain_at(y, &at, diags, DIAG_ERROR, "save it as UTF-8", "a byte that is not UTF-8");
    return -EINVAL;
}

int yaml_parse(const char *name, const char *text, size_t len, struct diags *diags,
               struct yaml **out_yaml)
{
    struct yaml *y;
    int r = -ENOMEM;

    assert(name && text && diags && out_yaml);
    if (len > YAML_FILE_MAX_BYTES) {
        complain_file(name, diags, NULL, "is larger than 4 MiB");
        return -EFBIG;
    }
    y = calloc(1, sizeof *y);
    if (!y)
        return -ENOMEM;
    y->name = strdup(name);
    y->source = malloc(len + 2);
    if (y->name && y->source) {
        memcpy(y->source, text, len);
        /* A line end to lend to the parser, see yaml_read. */
        y->source[len] = '\n';
        y->source[len + 1] = '\0';
        y->source_len = len;
        r = check_bytes(y, diags);
        if (r == 0)
            r = yaml_read(y, diags);
    }
    if (r == -ENOMEM)
        complain_file(name, diags, NULL, "cannot be read: %s", strerror(ENOMEM));
    if (r < 0) {
        yaml_free(y);
        return r;
    }
    *out_yaml = y;
    return 0;
}

void yaml_free(struct yaml *y)
{
    if (!y)
        return;
    for (struct yaml_node *n = y->newest, *older; n; n = older) {
        older = n->older;
        free(n->text);
        free(n->children);
        free(n);
    }
    free(y->name);
    free(y->source);
    free(y);
}

/* ---- looking ---- */

const char *yaml_source(const struct yaml *y, size_t *out_len)
{
    *out_len = y->source_len;
    return y->source;
}

const char *yaml_name(const struct yaml *y)
{
    return y->name;
}

yaml_node *yaml_root(const struct yaml *y)
{
    return y ? y->root : NULL;
}

enum yaml_kind yaml_kind(yaml_node *n)
{
    return n ? n->kind : YAML_NONE;
}

const char *yaml_text(yaml_node *n)
{
    return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

bool yaml_is_quoted(yaml_node *n)
{
    return n && n->quoted;
}

bool yaml_is_flow(yaml_node *n)
{
    return n && n->flow;
}

bool yaml_is_nothing(yaml_node *n)
{
    if (!n)
        return true;
    return n->kind == YAML_SCALAR && !n->quoted &&
           (!n->text[0] || strcmp(n->text, "~") == 0 || strcasecmp(n->text, "null") == 0);
}

unsigned yaml_line(yaml_node *n)
{
    return n ? n->at.line : 0;
}

size_t yaml_count(yaml_node *n)
{
    if (!n)
        return 0;
    return n->kind == YAML_MAPPING ? n->child_count / 2 : n->child_count;
}

yaml_node *yaml_item(yaml_node *sequence, size_t index)
{
    if (yaml_kind(sequence) != YAML_SEQUENCE || index >= sequence->child_count)
        return NULL;
    return sequence->children[index];
}

yaml_node *yaml_pair(yaml_node *mapping, size_t index, yaml_node **out_key)
{
    if (yaml_kind(mapping) != YAML_MAPPING || index >= mapping->child_count / 2)
        return NULL;
    if (out_key)
        *out_key = mapping->children[index * 2];
    return mapping->children[index * 2 + 1];
}

yaml_node *yaml_get(yaml_node *mapping, const char *key)
{
    for (size_t i = 0; i < yaml_count(mapping) && mapping->kind == YAML_MAPPING; i++) {
        if (strcmp(mapping->children[i * 2]->text, key) == 0)
            return mapping->children[i * 2 + 1];
    }
    return NULL;
}
