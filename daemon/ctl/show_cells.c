#include "ctl/show_internal.h"

#include <stdint.h>
#include <string.h>

#include "base/auto.h"

const char *show_string(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "-";
}

void show_add_key(struct output_table *t, const json_t *o, const char *key)
{
    AUTO(text_release) struct text cell = TEXT_INIT;

    (void)output_cell(&cell, json_object_get(o, key));
    output_table_add_text(t, &cell, COLOUR_NONE);
}

void show_add_coloured(struct output_table *t, const json_t *o, const char *key)
{
    const char *word = show_string(o, key);

    output_table_add(t, word, output_colour_of(word));
}

void show_add_figure(struct output_table *t, const json_t *o, const char *key)
{
    AUTO(text_release) struct text cell = TEXT_INIT;
    const json_t *value = json_object_get(o, key), *marker = json_object_get(o, "marker");

    if (json_is_null(value) && strcmp(key, "value") == 0 && json_is_string(marker)) {
        show_add_key(t, o, "marker");
        return;
    }
    (void)output_cell(&cell, value);
    if (json_is_number(value) && strcmp(show_string(o, "unit"), "percent") == 0)
        (void)text_putc(&cell, '%');
    output_table_add_text(t, &cell, COLOUR_NONE);
}

int show_print(struct output_table *t, const struct view *v)
{
    int r = output_table_print(t, v->width, v->colour, v->out);

    output_table_release(t);
    return r;
}

void show_add_judged(struct output_table *t, const json_t *measure)
{
    show_add_key(t, measure, "id");
    show_add_key(t, measure, "title");
    show_add_figure(t, measure, "value");
    show_add_figure(t, measure, "expected");
    show_add_figure(t, measure, "target");
    show_add_coloured(t, measure, "rag");
}

void show_add_marks(struct output_table *t, const json_t *o)
{
    static const char *const marks[] = { "held", "restated", "rehearsal", "silenced" };
    AUTO(text_release) struct text words = TEXT_INIT;
    size_t notes = json_array_size(json_object_get(o, "notes"));

    for (size_t i = 0; i < COUNT(marks); i++)
        if (json_is_true(json_object_get(o, marks[i])))
            (void)text_printf(&words, "%s%s", words.len ? ", " : "", marks[i]);
    if (json_is_true(json_object_get(o, "acked")))
        (void)text_printf(&words, "%sacked by %s", words.len ? ", " : "",
                          show_string(json_object_get(o, "ack"), "who"));
    if (notes)
        (void)text_printf(&words, "%s%zu %s", words.len ? ", " : "", notes,
                          notes == 1 ? "note" : "notes");
    output_table_add_text(t, &words, COLOUR_NONE);
}

void show_add_beginning(struct output_table *t, const json_t *o, const char *key)
{
    char digits[ID_DIGITS + 1];

    (void)snprintf(digits, sizeof digits, "%s", show_string(o, key));
    output_table_add(t, digits, COLOUR_NONE);
}

void show_inline(struct text *out, const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    bool first = true;

    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            text_puts(out, first ? "" : ", ");
            output_escaped(out, key);
            text_putc(out, ' ');
            output_cell(out, member);
            first = false;
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, member)
        {
            text_puts(out, first ? "" : "; ");
            if (json_is_object(member))
                show_inline(out, member); /* one level: an object of a status holds scalars */
            else
                output_cell(out, member);
            first = false;
        }
    } else {
        output_cell(out, value);
        return;
    }
    if (first)
        text_puts(out, "none");
}

int show_keys(const json_t *object, const char *except, const struct view *v)
{
    size_t widest = 0;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value) if (strlen(key) > widest) widest =
        strlen(key);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (except && strcmp(key, except) == 0)
            continue;
        for (const char *c = key; *c; c++)
            text_putc(v->out, *c == '_' ? ' ' : *c < 0x20 ? '?' : *c);
        for (size_t pad = strlen(key); pad < widest + 2; pad++)
            text_putc(v->out, ' ');
        show_inline(v->out, value);
        text_putc(v->out, '\n');
    }
    return v->out->error;
}
