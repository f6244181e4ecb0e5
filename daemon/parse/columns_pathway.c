/* The slots of a pathway layout, bound to the header of one file (declared in columns.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "parse/columns.h"
#include "parse/nhs_number.h"

/* What is asked of a cohort column that is found by pattern. */
static const struct slot by_pattern = { .source = { .kind = SOURCE_COLUMNS },
                                        .kind = SLOT_TEXT,
                                        .min_length = 1,
                                        .max_length = PATHWAY_TEXT_MAX };

static bool has_cohort(const struct columns *c, const char *name)
{
    for (size_t i = 0; i < c->cohort_count; i++) {
        if (strcmp(c->cohort[i].name, name) == 0)
            return true;
    }
    return false;
}

static int add_cohort(struct columns *c, const char *name, size_t slot)
{
    if (has_cohort(c, name))
        return 0;
    if (c->cohort_count == COHORT_MAX)
        return -E2BIG;
    char *copy = strdup(name);

    if (!copy)
        return -ENOMEM;
    c->cohort[c->cohort_count++] = (struct bound_cohort){ copy, slot };
    return 0;
}

static int add_by_pattern(struct columns *c, size_t at, const char *name)
{
    struct bound_slot *b = &c->slots[c->slot_count++];

    b->slot = &by_pattern;
    b->from.source = &by_pattern.source;
    b->from.parts = calloc(1, sizeof *b->from.parts);
    if (!b->from.parts)
        return -ENOMEM;
    b->from.parts[0].at = malloc(sizeof *b->from.parts[0].at);
    if (!b->from.parts[0].at)
        return -ENOMEM;
    b->from.part_count = b->from.parts[0].count = 1;
    b->from.parts[0].at[0] = at;
    columns_claim(c, at, COLUMN_MAPPED);
    return add_cohort(c, name, c->slot_count - 1);
}

static int bind_patterns(struct columns *c)
{
    const struct names *like = &c->layout->pathway->cohort_like;
    char name[PATTERN_TEXT_MAX];
    int r = 0;

    for (size_t i = 0; i < c->header.count && r == 0; i++) {
        for (size_t k = 0; k < like->count && c->use[i] == COLUMN_DROPPED && r == 0; k++) {
            if (!pattern_find(like->items[k], c->header.names[i], false, name) || !name[0] ||
                strlen(name) > PATHWAY_TEXT_MAX ||
                nhs_number_is_within(name, strlen(name))) /* a name is kept */
                continue;
            text_fold(name);
            if (!has_cohort(c, name))
                r = add_by_pattern(c, i, name);
        }
    }
    return r;
}

static int by_name(const void *a, const void *b)
{
    const struct bound_cohort *x = a, *y = b;

    return strcmp(x->name, y->name);
}

int slots_bind(struct columns *c, const struct banner *banner)
{
    const struct pathway_layout *p = c->layout->pathway;
    int r = 0;

    c->slots = calloc(p->slot_count + COHORT_MAX + 1, sizeof *c->slots);
    if (!c->slots)
        return -ENOMEM;
    for (; c->slot_count < p->slot_count && r == 0; c->slot_count++) {
        struct bound_slot *b = &c->slots[c->slot_count];

        b->slot = &p->slots[c->slot_count];
        r = source_bind(c, &b->slot->source, COLUMN_MAPPED, &b->from);
        if (r == 0)
            r = source_bind_constant(&b->from, banner);
    }
    for (size_t i = 0; i < p->cohort_count && r == 0; i++) {
        if (c->slots[p->first_cohort + i].from.part_count)
            r = add_cohort(c, p->cohort_names[i], p->first_cohort + i);
    }
    if (r == 0)
        r = bind_patterns(c);
    if (r == 0 && c->cohort_count)
        qsort(c->cohort, c->cohort_count, sizeof c->cohort[0], by_name);
    return r;
}

const char *slots_lack(const struct columns *c)
{
    for (size_t i = 0; i < c->slot_count; i++) {
        const struct bound_slot *b = &c->slots[i];
        const struct source *s = b->from.source;

        if (s->required && s->kind == SOURCE_COLUMNS && b->from.part_count == 0)
            return s->parts[0].items[0];
    }
    return NULL;
}

static bool reads(const struct slot *s, const struct names *names)
{
    for (size_t i = 0; i < s->source.part_count; i++) {
        for (size_t k = 0; k < s->source.parts[i].count; k++) {
            for (size_t n = 0; n < names->count; n++) {
                if (text_same(s->source.parts[i].items[k], names->items[n]))
                    return true;
            }
        }
    }
    return false;
}

bool slots_may_be_blank(const struct pathway_layout *p, const struct names *names)
{
    static const enum pathway_field about[] = { FIELD_PERSON_ID, FIELD_COMMISSIONER, FIELD_PLACE,
                                                FIELD_PRACTICE,  FIELD_LSOA,         FIELD_STAGE,
                                                FIELD_EXCEPTION, FIELD_STAGE_START };
    bool any = false;

    for (size_t i = 0; i < p->slot_count; i++) {
        bool is_about = i >= p->first_cohort && i < p->first_cohort + p->cohort_count;

        if (!reads(&p->slots[i], names))
            continue;
        for (size_t k = 0; k < sizeof about / sizeof about[0] && !is_about; k++)
            is_about = i == about[k];
        if (!is_about || p->slots[i].source.required)
            return false;
        any = true;
    }
    return any;
}

const char *slots_column_said(const struct columns *c, size_t at)
{
    for (size_t i = c->layout->pathway->slot_count; i < c->slot_count; i++) {
        if (c->slots[i].from.parts[0].at[0] == at)
            return c->layout->pathway->cohort_like.items[0];
    }
    return c->header.names[at];
}

void slots_release(struct columns *c)
{
    for (size_t i = 0; i < c->slot_count; i++)
        bound_source_release(&c->slots[i].from);
    free(c->slots);
    for (size_t i = 0; i < c->cohort_count; i++)
        free(c->cohort[i].name);
}
