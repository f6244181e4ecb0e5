/* The texts of a row: columns joined or coalesced, mapped, carried down (declared in rows.h). */
#include "parse/rows.h"

#include <errno.h>
#include <string.h>

const char *row_cell(const struct csv_row *row, size_t at)
{
    return at < row->count ? row->cells[at] : "";
}

const struct word_map *word_find(const struct word_map *map, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (text_same(map[i].from, text))
            return &map[i];
    }
    return NULL;
}

/* Leaves in clean what the cell holds for this source: without notes, or what a capture finds. */
static int find_in_cell(const struct source *s, struct text *clean)
{
    char found[PATTERN_TEXT_MAX];

    if (s->drop_notes && clean->len) {
        value_drop_notes(clean->buf);
        clean->len = strlen(clean->buf);
    }
    if (!s->capture)
        return 0;
    bool is_found = pattern_apply(s->capture->rules, s->capture->count, text_str(clean), found);

    text_clear(clean);
    return is_found ? text_puts(clean, found) : 0;
}

static bool is_absent(const struct names *absent, const char *text)
{
    for (size_t i = 0; i < absent->count; i++) {
        if (text_same(absent->items[i], text))
            return true;
    }
    return false;
}

/* Adds the first cell of a part that says something. Returns 1 if there was one, 0, or -ENOMEM. */
static int add_part(const struct bound_part *part, const struct source *s,
                    const struct names *absent, const struct csv_row *row, struct text *clean,
                    struct text *to, bool *unknown)
{
    for (size_t i = 0; i < part->count; i++) {
        size_t len;
        const char *cell = value_trim(row_cell(row, part->at[i]), &len);

        if (len == 0)
            continue;
        text_clear(clean);
        long replaced =
            row->has_high ? value_add_utf8(clean, cell, len) : text_add(clean, cell, len);

        if (replaced < 0)
            return -ENOMEM;
        if (absent->count && is_absent(absent, text_str(clean)))
            continue;
        if (find_in_cell(s, clean) < 0)
            return -ENOMEM;
        const struct word_map *word = word_find(s->map, s->map_count, text_str(clean));

        if ((word && !word->to) || clean->len == 0)
            continue;
        *unknown |= s->only_mapped && !word;
        return text_puts(to, word ? word->to : text_str(clean)) < 0 ? -ENOMEM : 1;
    }
    return 0;
}

int source_text(const struct bound_source *b, const struct names *absent, const struct csv_row *row,
                struct text *clean, struct text *to, bool *unknown)
{
    bool any = false;

    text_clear(to);
    for (size_t p = 0; p < b->part_count; p++) {
        size_t before = to->len;

        if (any && text_puts(to, b->source->separator ? b->source->separator : " / ") < 0)
            return -ENOMEM;
        int added = add_part(&b->parts[p], b->source, absent, row, clean, to, unknown);

        if (added < 0)
            return added;
        if (!added && to->buf) { /* take the separator back */
            to->len = before;
            to->buf[before] = '\0';
        }
        any |= added == 1;
    }
    return any;
}

static int read_columns(struct row_reader *r, size_t i, const struct csv_row *row)
{
    static const struct names nothing = { NULL, 0 };
    struct text *to = &r->texts[i];
    int any = source_text(&r->columns->sources[i], &nothing, row, &r->clean, to, &r->unknown[i]);

    if (any < 0)
        return any;
    if (any && i == ROLE_MEASURE && to->buf)
        to->len = strlen(value_single_space(to->buf, to->buf, to->len + 1));
    r->has[i] = any;
    return 0;
}

static int carry(struct row_reader *r, size_t i)
{
    struct text *last = &r->carried[i];

    if (r->has[i]) {
        text_clear(last);
        r->has_carried[i] = true;
        return text_puts(last, text_str(&r->texts[i]));
    }
    if (!r->has_carried[i])
        return 0;
    text_clear(&r->texts[i]);
    r->has[i] = true;
    return text_puts(&r->texts[i], text_str(last));
}

static bool names_this_org(const struct row_reader *r, const struct names *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if ((r->has[ROLE_ORG] && text_same(list->items[i], text_str(&r->texts[ROLE_ORG]))) ||
            (r->has[ROLE_ORG_NAME] &&
             text_same(list->items[i], text_str(&r->texts[ROLE_ORG_NAME]))))
            return true;
    }
    return false;
}

int row_texts(struct row_reader *r, const struct csv_row *row)
{
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        const struct bound_source *b = &r->columns->sources[i];
        int e = 0;

        r->has[i] = r->unknown[i] = false;
        if (b->source->kind == SOURCE_COLUMNS) {
            e = read_columns(r, i, row);
        } else if (b->constant) {
            text_clear(&r->texts[i]);
            e = text_puts(&r->texts[i], b->constant);
            r->has[i] = true;
        }
        if (e == 0 && b->source->carry)
            e = carry(r, i);
        if (e < 0)
            return -ENOMEM;
    }
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        if (names_this_org(r, &r->columns->sources[i].source->null_for_org))
            r->has[i] = false;
    }
    return 0;
}
