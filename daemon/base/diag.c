#include "base/diag.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <ctype.h>

#include "base/text.h"

/* Bytes of the control character that s begins with: 0 for none, 2 for one of U+0080 to U+009F. */
static size_t control_at(const char *s, size_t len)
{
    unsigned char first = (unsigned char)s[0], second = len > 1 ? (unsigned char)s[1] : 0;

    if (first < 0x20 || first == 0x7f)
        return 1;
    return first == 0xc2 && second >= 0x80 && second < 0xa0 ? 2 : 0;
}

/*
 * A copy that forges no second message and steers no terminal: control characters as \xNN, or in an
 * excerpt, whose columns count and which keeps its tabs, as '?'. NULL without memory.
 */
static char *printable(const char *s, size_t len, bool is_excerpt)
{
    struct text t = TEXT_INIT;

    (void)text_puts(&t, "");
    for (size_t i = 0, n; i < len; i += n) {
        size_t control = control_at(s + i, len - i);

        n = control ? control : 1;
        if (control == 0 || (is_excerpt && s[i] == '\t'))
            (void)text_putc(&t, s[i]);
        else if (is_excerpt)
            (void)text_putc(&t, '?');
        else
            for (size_t k = 0; k < n; k++)
                (void)text_printf(&t, "\\x%02x", (unsigned char)s[i + k]);
    }
    return text_take(&t);
}

void diag_vadd(struct diags *d, enum diag_level level, const char *code,
               const struct diag_place *place, const char *hint, const char *format, va_list ap)
{
    if (level == DIAG_ERROR)
        d->errors++;
    else if (level == DIAG_WARNING)
        d->warnings++;
    if (d->count >= DIAGS_MAX)
        return;
    if (d->count == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 8;
        struct diag *list = realloc(d->list, cap * sizeof *list);

        if (!list)
            return;
        d->list = list;
        d->cap = cap;
    }
    struct text t = TEXT_INIT;
    struct diag g = { .level = level, .code = code };

    (void)text_vprintf(&t, format, ap);
    g.text = text_ok(&t) ? printable(text_str(&t), t.len, false) : NULL;
    text_release(&t);
    if (!g.text)
        return;
    if (place) {
        g.line = place->line;
        g.column = place->column;
        g.length = place->length;
        g.file = place->file ? strdup(place->file) : NULL;
        g.excerpt = place->excerpt ? printable(place->excerpt, place->excerpt_len, true) : NULL;
    }
    g.hint = hint ? printable(hint, strlen(hint), false) : NULL;
    d->list[d->count++] = g;
}

void diag_add(struct diags *d, enum diag_level level, const struct diag_place *place,
              const char *hint, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    diag_vadd(d, level, NULL, place, hint, format, ap);
    va_end(ap);
}

static void print_excerpt(const struct diag *g, FILE *to)
{
    fprintf(to, "%5u | %s\n      | ", g->line, g->excerpt);
    /* Columns count characters: copy tabs, skip UTF-8 continuation bytes. */
    const char *s = g->excerpt;
    unsigned column = 1;

    for (; *s && column < g->column; s++) {
        if ((*s & 0xc0) == 0x80)
            continue;
        fputc(*s == '\t' ? '\t' : ' ', to);
        column++;
    }
    fputc('^', to);
    for (unsigned i = 1; i < g->length && i < 200; i++)
        fputc('~', to);
    fputc('\n', to);
}

const char *diag_level_name(enum diag_level level)
{
    static const char *const words[] = { "error", "warning", "note" };

    return words[level];
}

static void print_one(const struct diag *g, FILE *to)
{
    if (g->file)
        fprintf(to, "%s:", g->file);
    if (g->line)
        fprintf(to, "%u:", g->line);
    if (g->line && g->column)
        fprintf(to, "%u:", g->column);
    fprintf(to, "%s%s: %s\n", g->file || g->line ? " " : "", diag_level_name(g->level), g->text);
    if (g->excerpt && g->line)
        print_excerpt(g, to);
    if (g->hint)
        fprintf(to, "      hint: %s\n", g->hint);
}

static int by_place(const void *a, const void *b)
{
    const struct diag *const *x = a, *const *y = b;
    int r = strcmp((*x)->file ? (*x)->file : "", (*y)->file ? (*y)->file : "");

    if (r == 0 && (*x)->line != (*y)->line)
        r = (*x)->line < (*y)->line ? -1 : 1;
    if (r == 0 && (*x)->column != (*y)->column)
        r = (*x)->column < (*y)->column ? -1 : 1;
    return r ? r : (*x < *y ? -1 : *x > *y);
}

const struct diag **diags_in_order(const struct diags *d)
{
    const struct diag **order = d->count ? malloc(d->count * sizeof *order) : NULL;

    for (size_t i = 0; order && i < d->count; i++)
        order[i] = &d->list[i];
    if (order)
        qsort(order, d->count, sizeof *order, by_place);
    return order;
}

void diags_print(const struct diags *d, FILE *to)
{
    const struct diag **order = diags_in_order(d);

    for (size_t i = 0; i < d->count; i++)
        print_one(order ? order[i] : &d->list[i], to);
    if (d->errors + d->warnings > DIAGS_MAX)
        fprintf(to, "... and more: %zu errors, %zu warnings in all\n", d->errors, d->warnings);
    free(order);
}

void diags_release(struct diags *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->list[i].file);
        free(d->list[i].text);
        free(d->list[i].hint);
        free(d->list[i].excerpt);
    }
    free(d->list);
    *d = (struct diags)DIAGS_INIT;
}

#define WORD_MAX 64

static unsigned distance(const char *a, size_t la, const char *b, size_t lb)
{
    unsigned row[3][WORD_MAX + 1];

    for (size_t j = 0; j <= lb; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3];

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            unsigned best = last[j - 1] + (ca != cb);

            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                tolower((unsigned char)a[i - 2]) == cb && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[la % 3][lb];
}

const char *diag_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t len = strlen(word);
    unsigned best_distance = ~0u;

    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = candidates[i] ? strlen(candidates[i]) : 0;

        if (other == 0 || other > WORD_MAX)
            continue;
        size_t longer = len > other ? len : other;
        unsigned allowed = longer < 3 ? 1 : (unsigned)(longer / 3);
        unsigned d = distance(word, len, candidates[i], other);

        if (d <= allowed && d < best_distance) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}
