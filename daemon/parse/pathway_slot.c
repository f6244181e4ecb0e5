#include "parse/pathway_row.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "parse/nhs_number.h"
#include "parse/value.h"

const char *pathway_column_of(const struct pathway_reader *r, size_t slot)
{
    const struct bound_source *b = &r->columns->slots[slot].from;

    if (b->part_count && b->parts[0].count)
        return slots_column_said(r->columns, b->parts[0].at[0]);
    return slot < FIELD_COUNT ? pathway_field_names[slot] : NULL;
}

static int copy_text(struct slot_value *v, const char *text, size_t len)
{
    text_clear(&v->copy);
    if (text_add(&v->copy, text, len) < 0)
        return -ENOMEM;
    v->text = text_str(&v->copy);
    v->len = len;
    return 0;
}

static int read_slot(struct pathway_reader *r, const struct bound_slot *b, struct slot_value *v,
                     const struct csv_row *row)
{
    v->text = NULL;
    v->len = 0;
    v->unknown = false;
    if (b->from.constant) {
        v->text = b->from.constant;
        v->len = strlen(v->text);
        return 0;
    }
    if (!b->from.part_count)
        return 0;
    if (v->is_plain && !row->has_high) {
        size_t at = b->from.parts[0].at[0], len = at < row->count ? row->lengths[at] : 0;
        const char *cell = len ? row->cells[at] : "";

        if (len && cell[0] > ' ' && cell[len - 1] > ' ') {
            v->text = cell;
            v->len = len;
            return 0;
        }
        cell = value_trim(cell, &len);
        return len ? copy_text(v, cell, len) : 0;
    }
    int any = source_text(&b->from, &r->format->absent, row, &r->clean, &v->copy, &v->unknown);

    if (any < 0)
        return any;
    if (any) {
        v->text = text_str(&v->copy);
        v->len = v->copy.len;
    }
    return 0;
}

static void read_otherwise(const struct slot *s, struct slot_value *v)
{
    if (v->text && !v->unknown)
        return;
    v->text = s->otherwise;
    v->len = strlen(v->text);
    v->unknown = false;
}

static int cut_code(const struct slot *s, struct slot_value *v)
{
    for (size_t i = 0; v->text && i < s->cut_count; i++) {
        if (text_like(s->cuts[i].like, v->text) && v->len > (size_t)s->cuts[i].length) {
            struct text cut = TEXT_INIT;
            int r = text_add(&cut, v->text, (size_t)s->cuts[i].length);

            text_release(&v->copy);
            v->copy = cut;
            v->text = text_str(&v->copy);
            v->len = v->copy.len;
            return r;
        }
    }
    return 0;
}

/* An age: a few digits. */
static bool small_number(const struct slot_value *v, double *out)
{
    unsigned number = 0;

    for (size_t i = 0; i < v->len; i++) {
        unsigned digit = (unsigned)v->text[i] - '0';

        if (digit > 9 || i == 6)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return v->len > 0;
}

static const char *judge_number(const struct slot *s, struct slot_value *v)
{
    double number = 0;

    if (!small_number(v, &number) && value_number(v->text, &number, NULL) < 0)
        return "bad-number";
    if (s->has_range && !(number >= s->low && number <= s->high))
        return "range";
    for (size_t i = 0; i < s->band_count; i++) {
        if (number >= (double)s->bands[i].from &&
            (s->bands[i].to == LONG_MAX || number < (double)s->bands[i].to + 1)) {
            v->text = s->bands[i].name;
            v->len = strlen(v->text);
            return NULL;
        }
    }
    return s->band_count ? "range" : NULL;
}

#define DAY_OPEN  2932532 /* 9999-01-01 */
#define DAY_FIRST 1       /* 1970-01-02: an earlier one stands for no date, as 1900-01-01 does */

static const char *judge_date(const struct slot *s, struct slot_value *v)
{
    if (value_day(v->text, v->len, &v->date) < 0 || v->date.day < DAY_FIRST)
        return "bad-date";
    if (v->date.day < DAY_OPEN)
        return NULL;
    v->date = DATE_NONE;
    v->text = NULL;
    return s->open_ended ? NULL : "bad-date";
}

/* The reason why a slot's text will not do, or NULL. */
static const char *judge_slot(const struct slot *s, struct slot_value *v)
{
    v->date = DATE_NONE;
    if (!v->text)
        return !s->source.required ? NULL : s->kind == SLOT_DATE ? "missing-date" : "missing-key";
    if (v->unknown)
        return "unknown-code";
    if (s->kind == SLOT_DATE)
        return judge_date(s, v);
    if (s->kind == SLOT_NUMBER)
        return judge_number(s, v);
    if (v->len < (size_t)s->min_length || v->len > (size_t)s->max_length)
        return "length";
    if (!s->is_nhs_number)
        return NULL;
    return (s->takes_equal_digits ? nhs_number_passes_mod_11(v->text, v->len)
                                  : nhs_number_is_valid(v->text, v->len))
               ? NULL
               : "nhs-number";
}

int pathway_slots_read(struct pathway_reader *r, const struct csv_row *row, struct row_fault *fault)
{
    for (size_t k = 0; k < r->read_count; k++) {
        size_t i = r->read[k];
        const struct bound_slot *b = &r->columns->slots[i];
        struct slot_value *v = &r->values[i];
        int e = read_slot(r, b, v, row);

        if (e == 0 && b->slot->otherwise)
            read_otherwise(b->slot, v);
        if (e == 0 && b->slot->cut_count)
            e = cut_code(b->slot, v);
        if (e < 0)
            return -ENOMEM;
        const char *reason = judge_slot(b->slot, v);

        if (reason && !fault->reason)
            *fault = (struct row_fault){ reason, pathway_column_of(r, i) };
    }
    return 0;
}
