/*
 * bind_value - one scalar's text to one field
 */
#include "yaml/bind_value.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "base/guess.h"
#include "base/text.h"

#define ID_MAX    64
#define SPAN_HINT "for example 45d, 10wd (working days), 18w, 3m (months), 15min, 12h or 30s"

__attribute__((format(printf, 2, 3))) static int wrong(struct bind_problem *p, const char *format,
                                                       ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(p->text, sizeof p->text, format, ap);
    va_end(ap);
    return -EINVAL;
}

static void hint(struct bind_problem *p, const char *text)
{
    (void)snprintf(p->hint, sizeof p->hint, "%s", text);
}

/* "did you mean" what a guess makes of the text; else the example, which may be NULL. */
static void hint_guess(struct bind_problem *p, bool (*guess)(const char *, char[GUESS_MAX]),
                       const char *text, const char *example)
{
    char meant[GUESS_MAX];

    if (guess(text, meant) && strcmp(meant, text) != 0)
        (void)snprintf(p->hint, sizeof p->hint, "did you mean \"%s\"?", meant);
    else if (example)
        hint(p, example);
}

static int copy_text(const char *text, char **out_text)
{
    char *copy = strdup(text);

    if (!copy)
        return -ENOMEM;
    free(*out_text);
    *out_text = copy;
    return 0;
}

static int read_text(const struct bind_key *key, const char *text, void *field,
                     struct bind_problem *p)
{
    for (const char *s = text; *s; s++) {
        if (((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t') || *s == 0x7f)
            return wrong(p, "holds a control character");
    }
    if (key->required && text[strspn(text, " \t\n")] == '\0')
        return wrong(p, "is blank");
    return copy_text(text, field);
}

#define ID_SIGNS   "-_."
#define ITEM_SIGNS "-_./"

static bool is_of_id(char c, const char *signs)
{
    return isalnum((unsigned char)c) || strchr(signs, c);
}

static void hint_id(struct bind_problem *p, const char *text)
{
    char meant[ID_MAX + 1];
    size_t len = 0;

    for (; len < ID_MAX && text[len]; len++)
        meant[len] = (char)(is_of_id(text[len], ID_SIGNS) ? text[len] : '-');
    meant[len] = '\0';
    (void)snprintf(p->hint, sizeof p->hint,
                   "letters, digits, \"-\", \"_\" and \".\" make an id; did you mean \"%s\"?",
                   meant);
}

static int read_id(const char *text, const char *signs, void *field, struct bind_problem *p)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (!is_of_id(text[i], signs)) {
            hint_id(p, text);
            return wrong(p, "is not an id");
        }
    }
    if (len == 0 || len > ID_MAX)
        return wrong(p, "is not an id of 1 to %d characters", ID_MAX);
    return copy_text(text, field);
}

static int read_bool(const char *text, bool *field, struct bind_problem *p)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *field = i % 2 == 1;
            return 0;
        }
    }
    hint(p, "write true or false");
    return wrong(p, "is neither true nor false");
}

static int check_range(const struct bind_key *key, double value, struct bind_problem *p)
{
    char min[32], max[32];

    if ((key->min == 0 && key->max == 0) || (value >= key->min && value <= key->max))
        return 0;
    (void)snprintf(p->hint, sizeof p->hint, "did you mean \"%s\"?",
                   text_number(value < key->min ? key->min : key->max, max));
    return wrong(p, "is not between %s and %s", text_number(key->min, min),
                 text_number(key->max, max));
}

/* YAML 1.1 reads 010 as 8, YAML 1.2 as 10. */
static bool is_led_by_zero(const char *text)
{
    text += *text == '-' || *text == '+';
    return text[0] == '0' && text[1];
}

static int read_integer(const struct bind_key *key, const char *text, long *field,
                        struct bind_problem *p)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || *end || end == text || isspace((unsigned char)text[0])) {
        hint_guess(p, guess_number, text, "digits only, for example 2");
        return wrong(p, "is not a whole number");
    }
    if (is_led_by_zero(text)) {
        (void)snprintf(p->hint, sizeof p->hint, "did you mean \"%ld\"?", value);
        return wrong(p, "begins with 0, as octal numbers do");
    }
    int r = check_range(key, (double)value, p);

    if (r == 0)
        *field = value;
    return r;
}

static int read_number(const struct bind_key *key, const char *text, double *field,
                       struct bind_problem *p)
{
    char *end;
    double value;

    /* strtod would also take "inf", "nan" and hexadecimal. */
    value = strtod(text, &end);
    if (strspn(text, "+-.0123456789eE") != strlen(text) || *end || end == text ||
        !isfinite(value)) {
        hint_guess(p, guess_number, text,
                   "a number alone, in the unit of what it is compared with");
        return wrong(p, "is not a number");
    }
    int r = check_range(key, value, p);

    if (r == 0)
        *field = value;
    return r;
}

static int read_choice(const struct bind_key *key, const char *text, int *field,
                       struct bind_problem *p)
{
    struct text list = TEXT_INIT;
    size_t count = 0;

    for (; key->choices[count]; count++) {
        if (strcmp(text, key->choices[count]) == 0) {
            text_release(&list);
            *field = (int)count;
            return 0;
        }
        (void)text_printf(&list, "%s%s", count ? ", " : "", key->choices[count]);
    }
    const char *near = diag_nearest(text, key->choices, count);

    if (near)
        (void)snprintf(p->hint, sizeof p->hint, "did you mean \"%s\"?", near);
    (void)wrong(p, "is none of: %s", text_str(&list));
    text_release(&list);
    return -EINVAL;
}

static int read_date(const char *text, struct civil_date *field, struct bind_problem *p)
{
    if (date_parse_iso(text, strlen(text), field) == 0)
        return 0;
    hint_guess(p, guess_date, text, "for example 2025-03-31");
    return wrong(p, "is not a date (YYYY-MM-DD)");
}

static int read_span(const char *text, struct span *field, struct bind_problem *p)
{
    if (span_parse(text, field) == 0)
        return 0;
    hint(p, SPAN_HINT);
    return wrong(p, "is not a length of time");
}

static int list_add(struct text_list *l, const char *item)
{
    char **items = realloc(l->items, (l->count + 1) * sizeof(*items));

    if (!items)
        return -ENOMEM;
    l->items = items;
    items[l->count] = strdup(item);
    if (!items[l->count])
        return -ENOMEM;
    l->count++;
    return 0;
}

int bind_value(const struct bind_key *key, const char *text, void *field, struct bind_problem *p)
{
    switch (key->type) {
    case BIND_TEXT:
        return read_text(key, text, field, p);
    case BIND_ID:
        return read_id(text, ID_SIGNS, field, p);
    case BIND_ITEM:
        return read_id(text, ITEM_SIGNS, field, p);
    case BIND_BOOL:
        return read_bool(text, field, p);
    case BIND_INTEGER:
        return read_integer(key, text, field, p);
    case BIND_NUMBER:
        return read_number(key, text, field, p);
    case BIND_DATE:
        return read_date(text, field, p);
    case BIND_DURATION:
        return read_span(text, field, p);
    case BIND_CHOICE:
        return read_choice(key, text, field, p);
    case BIND_TEXTS:
        return list_add(field, text);
    case BIND_NODE:
        break;
    }
    return 0;
}

/* ---- lists of texts ---- */

void text_list_release(struct text_list *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct text_list){ NULL, 0 };
}

bool text_list_has(const struct text_list *l, const char *item)
{
    for (size_t i = 0; i < l->count; i++) {
        if (text_same(l->items[i], item))
            return true;
    }
    return false;
}
