#include "parse/columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- the header row ---- */

static void header_release(struct header *h)
{
    for (size_t i = 0; i < h->count; i++)
        free(h->names[i]);
    for (size_t i = 0; h->groups && i < h->count; i++)
        free(h->groups[i]);
    free(h->names);
    free(h->groups);
    *h = (struct header){ .names = NULL };
}

static int header_read(const struct csv_row *row, struct header *out)
{
    size_t count = row->count;

    while (count && value_is_blank(row->cells[count - 1]))
        count--;
    *out = (struct header){ .names = NULL };
    if (count == 0)
        return 0;
    out->names = calloc(count, sizeof *out->names);
    if (!out->names)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct text clean = TEXT_INIT;
        long replaced = value_add_utf8(&clean, row->cells[i], strlen(row->cells[i]));
        char *name = text_take(&clean);

        if (replaced < 0 || !name) {
            free(name);
            return -ENOMEM;
        }
        out->replaced_utf8 += replaced;
        out->names[out->count++] = value_single_space(name, name, strlen(name) + 1);
    }
    return 0;
}

/* A column that the header leaves blank is called by the line above it; the others are grouped by
 * what stands there, or left of there. */
static int header_group(struct header *h, const struct names *above)
{
    size_t count = above->count;
    const char *group = "";

    while (count && !above->items[count - 1][0])
        count--;
    if (count > h->count) {
        char **more = realloc(h->names, count * sizeof *more);

        if (!more)
            return -ENOMEM;
        h->names = more;
        for (; h->count < count; h->count++) {
            h->names[h->count] = strdup("");
            if (!h->names[h->count])
                return -ENOMEM;
        }
    }
    h->groups = calloc(h->count + 1, sizeof *h->groups);
    for (size_t i = 0; h->groups && i < h->count; i++) {
        bool is_named = i < count && above->items[i][0];

        group = is_named ? above->items[i] : group;
        h->groups[i] = strdup(group);
        if (is_named && !h->names[i][0]) {
            free(h->names[i]);
            h->names[i] = strdup(group);
        }
        if (!h->groups[i] || !h->names[i])
            return -ENOMEM;
    }
    return h->groups ? 0 : -ENOMEM;
}

static long find_name(const struct header *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++) {
        if (text_same(h->names[i], name))
            return (long)i;
    }
    return -1;
}

static bool has_any(const struct header *h, const struct names *aliases)
{
    for (size_t i = 0; i < aliases->count; i++) {
        if (find_name(h, aliases->items[i]) >= 0)
            return true;
    }
    return false;
}

/* A column headed by a date is of the month in which that day lies. */
static bool is_header_date(const char *name, struct date_span *out_span)
{
    if (value_date(name, out_span) < 0 || out_span->grain == GRAIN_YEAR)
        return false;
    out_span->start = date_month_start(out_span->start);
    out_span->end = date_month_end(out_span->start);
    return true;
}

static void note_miss(struct near_miss *near, const struct layout *l, const char *column,
                      size_t found, unsigned long line)
{
    if (near->layout && found <= near->found)
        return;
    *near = (struct near_miss){ l, column, found, line };
}

/* Whether a row of names passes the header test of a layout. */
static bool is_header_of(const struct layout *l, const struct header *h, enum name_row kind,
                         const struct banner *banner, unsigned long line, struct near_miss *near)
{
    size_t found = 0, likes = 0, dates = 0;
    const char *lacks = NULL;

    for (size_t i = 0; i < l->required_count; i++) {
        if (has_any(h, &l->required[i]))
            found++;
        else if (!lacks && !(kind == NAMES_OF_MEMBERS && l->pathway &&
                             slots_may_be_blank(l->pathway, &l->required[i])))
            lacks = l->required[i].items[0];
    }
    for (size_t i = 0; i < h->count; i++) {
        struct date_span span;

        likes += l->like.count && names_like(&l->like, h->names[i]);
        dates += l->dates_at_least && is_header_date(h->names[i], &span);
    }
    if (lacks) {
        if (found)
            note_miss(near, l, lacks, found, line);
        return false;
    }
    for (size_t i = 0; i < l->without.count; i++) {
        if (find_name(h, l->without.items[i]) >= 0)
            return false;
    }
    return likes >= (size_t)l->like_at_least && dates >= (size_t)l->dates_at_least &&
           banner_like(banner, &l->banner);
}

/* ---- binding ---- */

void columns_claim(struct columns *c, size_t at, enum column_use use)
{
    if (use > c->use[at])
        c->use[at] = use;
}

static int add_column(struct bound_part *part, size_t at)
{
    size_t *more = realloc(part->at, (part->count + 1) * sizeof *more);

    if (!more)
        return -ENOMEM;
    part->at = more;
    part->at[part->count++] = at;
    return 0;
}

static int bind_part(struct columns *c, const struct names *names, enum column_use use,
                     struct bound_source *out)
{
    struct bound_part part = { NULL, 0 };

    for (size_t i = 0; i < names->count; i++) {
        long at = find_name(&c->header, names->items[i]);

        if (at < 0)
            continue;
        /* A repeated name is claimed wholly, so that its copy is not taken for a figure. */
        for (size_t k = (size_t)at; k < c->header.count; k++) {
            if (text_same(c->header.names[k], names->items[i]))
                columns_claim(c, k, use);
        }
        if (add_column(&part, (size_t)at) < 0) {
            free(part.at);
            return -ENOMEM;
        }
    }
    if (part.count)
        out->parts[out->part_count++] = part;
    return 0;
}

static bool is_descriptive(size_t role)
{
    return role == ROLE_ORG_NAME || role == ROLE_MEASURE_NAME || role == ROLE_NOTE ||
           role == ROLE_RANK;
}

int source_bind(struct columns *c, const struct source *s, enum column_use use,
                struct bound_source *out)
{
    int r = 0;

    out->source = s;
    out->parts = calloc(s->part_count + 1, sizeof *out->parts);
    if (!out->parts)
        return -ENOMEM;
    for (size_t i = 0; i < s->part_count && r == 0; i++)
        r = bind_part(c, &s->parts[i], use, out);
    return r;
}

void bound_source_release(struct bound_source *b)
{
    for (size_t k = 0; k < b->part_count; k++)
        free(b->parts[k].at);
    free(b->parts);
    free(b->constant);
}

/* A label column without a name stands before_values places left of the first value. */
static int bind_unnamed(struct columns *c, size_t role, size_t first_value)
{
    struct bound_source *b = &c->sources[role];
    size_t back = b->source ? (size_t)b->source->before_values : 0;

    if (!back || b->part_count || back > first_value)
        return 0;
    size_t at = first_value - back;

    if (c->header.names[at][0] || c->use[at] != COLUMN_DROPPED)
        return 0;
    columns_claim(c, at, COLUMN_MAPPED);
    if (add_column(&b->parts[0], at) < 0)
        return -ENOMEM;
    b->part_count = 1;
    return 0;
}

static const struct source *source_of(const struct layout *l, size_t role)
{
    switch (role) {
    case BOUND_START:
        return &l->period.start;
    case BOUND_END:
        return &l->period.end;
    case BOUND_IDENTIFIER:
        return &l->period.identifier;
    default:
        return &l->roles[role];
    }
}

int source_bind_constant(struct bound_source *b, const struct banner *banner)
{
    const struct source *s = b->source;
    char found[PATTERN_TEXT_MAX];

    if (s->kind == SOURCE_TEXT) {
        b->constant = strdup(s->text);
        return b->constant ? 0 : -ENOMEM;
    }
    for (size_t i = 0; s->kind == SOURCE_BANNER && s->capture && i < banner->texts.count; i++) {
        if (!pattern_apply(s->capture->rules, s->capture->count, banner->texts.items[i], found))
            continue;
        b->constant = strdup(found);
        return b->constant ? 0 : -ENOMEM;
    }
    return 0;
}

static bool is_named(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (text_same(names->items[i], name))
            return true;
    }
    return false;
}

/* Whether a column is some value's qualifier. */
static bool is_qualifier(const struct columns *c, const char *name)
{
    char base[PATTERN_TEXT_MAX];

    return c->layout->qualifier && pattern_find(c->layout->qualifier, name, false, base) &&
           find_name(&c->header, base) >= 0;
}

static bool is_value(const struct columns *c, size_t at, struct date_span *out_span)
{
    const struct layout *l = c->layout;
    const char *name = c->header.names[at];

    if (!name[0] || c->use[at] != COLUMN_DROPPED || names_like(&l->ignore, name) ||
        is_qualifier(c, name))
        return false;
    /* A column that only the line above names is no figure; one under a group that is no date has
     * no period, and no row of it passes. */
    if (l->period.rule == PERIOD_GROUP && value_group_date(c->header.groups[at], out_span) < 0 &&
        strcmp(c->header.groups[at], name) == 0)
        return false;
    switch (l->values) {
    case VALUES_COLUMN:
        return is_named(&l->value_columns, name);
    case VALUES_LIKE:
        return names_like(&l->value_like, name);
    case VALUES_DATES:
        return is_header_date(name, out_span);
    case VALUES_REST:
        return true;
    }
    return false;
}

static long find_qualifier(const struct columns *c, const char *name)
{
    char base[PATTERN_TEXT_MAX];

    for (size_t i = 0; c->layout->qualifier && i < c->header.count; i++) {
        if (pattern_find(c->layout->qualifier, c->header.names[i], false, base) &&
            text_same(base, name))
            return (long)i;
    }
    return -1;
}

static enum unit unit_of_name(const struct format *f, const char *name)
{
    for (size_t i = 0; i < f->unit_count; i++) {
        if (text_like(f->units[i].like, name))
            return f->units[i].unit;
    }
    return UNIT_UNKNOWN;
}

static const struct code_rule *codes_of(const struct layout *l, const char *name)
{
    for (size_t i = 0; i < l->code_count; i++) {
        if (names_like(&l->codes[i].like, name))
            return &l->codes[i];
    }
    return NULL;
}

static unsigned blanks_of(const struct layout *l, const char *name)
{
    unsigned bits = 0;

    for (size_t i = 0; i < l->blank_count; i++) {
        if (l->blanks[i].like.count == 0 || names_like(&l->blanks[i].like, name))
            bits |= 1u << i;
    }
    return bits;
}

static int bind_blanks(struct columns *c)
{
    const struct layout *l = c->layout;

    c->blank_columns = calloc(l->blank_count + 1, sizeof *c->blank_columns);
    if (!c->blank_columns)
        return -ENOMEM;
    for (size_t i = 0; i < l->blank_count; i++) {
        const struct names *aliases = &l->blanks[i].column;

        c->blank_columns[i] = -1;
        for (size_t k = 0; k < aliases->count && c->blank_columns[i] < 0; k++)
            c->blank_columns[i] = find_name(&c->header, aliases->items[k]);
    }
    return 0;
}

/* What a value's column says for a role, or NULL. found is room for it. */
static const char *text_over(const struct columns *c, size_t at, const struct source *s,
                             char found[PATTERN_TEXT_MAX])
{
    char text[PATTERN_TEXT_MAX];
    const char *name = s->kind == SOURCE_GROUP ? c->header.groups[at] : c->header.names[at];

    (void)value_single_space(name, text, sizeof text);
    if (s->drop_notes)
        value_drop_notes(text);
    if (s->capture)
        return pattern_apply(s->capture->rules, s->capture->count, text, found) ? found : NULL;
    memcpy(found, text, sizeof text);
    return found;
}

static int add_value(struct columns *c, const struct format *f, size_t at, struct date_span span)
{
    struct value_column v = { .at = at, .name = c->header.names[at], .qualifier = -1 };
    char found[PATTERN_TEXT_MAX];

    v.period = span;
    v.unit = unit_of_name(f, v.name);
    v.qualifier = find_qualifier(c, v.name);
    v.codes = codes_of(c->layout, v.name);
    v.blanks = blanks_of(c->layout, v.name);
    c->use[at] = COLUMN_MAPPED;
    c->values[c->value_count++] = v;
    for (size_t r = 0; r < ROLE_COUNT; r++) {
        const struct source *s = &c->layout->roles[r];

        if (s->kind != SOURCE_HEADER && (s->kind != SOURCE_GROUP || !c->header.groups))
            continue;
        const char *text = text_over(c, at, s, found);
        char *copy = text ? strdup(text) : NULL;

        if (!text)
            continue;
        if (!copy)
            return -ENOMEM;
        c->values[c->value_count - 1].texts[r] = copy;
    }
    return 0;
}

static int bind_values(struct columns *c, const struct format *f)
{
    int r = 0;

    c->values = calloc(c->header.count + 1, sizeof *c->values);
    if (!c->values)
        return -ENOMEM;
    for (size_t i = 0; i < c->header.count && r == 0; i++) {
        struct date_span span = { DATE_NONE, DATE_NONE, GRAIN_DAY };

        if (!is_value(c, i, &span))
            continue;
        r = add_value(c, f, i, span);
        if (c->layout->values == VALUES_COLUMN)
            break;
    }
    return r;
}

static void bind_period(struct columns *c, const struct banner *banner)
{
    const struct names *in = &c->layout->period.banner;

    for (size_t i = 0; i < banner->texts.count && !c->has_period; i++) {
        if (in->count == 0 || names_like(in, banner->texts.items[i]))
            c->has_period = value_find_month(banner->texts.items[i], &c->period) == 0;
    }
}

/* The name of a part that the file must have and has not, or NULL. */
static const char *lacking(const struct columns *c)
{
    static const size_t must[] = { ROLE_MEASURE, ROLE_ORG, BOUND_START, BOUND_END,
                                   BOUND_IDENTIFIER };

    if (c->value_count == 0)
        return "value";
    for (size_t i = 0; i < sizeof must / sizeof must[0]; i++) {
        const struct bound_source *b = &c->sources[must[i]];

        if (b->source->kind == SOURCE_COLUMNS && b->part_count == 0) {
            if (b->source->part_count && b->source->parts[0].count)
                return b->source->parts[0].items[0];
            return must[i] < ROLE_COUNT ? role_names[must[i]] : "period";
        }
    }
    return NULL;
}

/* The columns of a layout of figures. */
static int bind_figures(struct columns *c, const struct format *f, const struct banner *banner)
{
    int r = 0;

    for (size_t i = 0; i < BOUND_COUNT && r == 0; i++)
        r = source_bind(c, source_of(c->layout, i),
                        is_descriptive(i) ? COLUMN_DESCRIPTIVE : COLUMN_MAPPED, &c->sources[i]);
    if (r == 0)
        r = bind_blanks(c);
    if (r == 0)
        r = bind_values(c, f);
    for (size_t i = 0; i < BOUND_COUNT && r == 0; i++) {
        if (c->value_count)
            r = bind_unnamed(c, i, c->values[0].at);
        if (r == 0)
            r = source_bind_constant(&c->sources[i], banner);
    }
    if (r == 0 && c->layout->period.rule == PERIOD_BANNER)
        bind_period(c, banner);
    return r;
}

static int bind(struct columns *c, const struct format *f, const struct banner *banner)
{
    c->use = calloc(c->header.count + 1, sizeof *c->use);
    if (!c->use)
        return -ENOMEM;
    return c->layout->pathway ? slots_bind(c, banner) : bind_figures(c, f, banner);
}

int columns_bind(const struct format *f, const struct csv_row *row, enum name_row kind,
                 const struct banner *banner, struct columns *out_columns, struct near_miss *near)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < f->layout_count; i++) {
        struct header h;

        r = header_read(row, &h);
        if (r == 0 && h.count && f->layouts[i].groups)
            r = header_group(&h, &banner->above);
        if (r < 0 || h.count == 0 ||
            !is_header_of(&f->layouts[i], &h, kind, banner, row->line, near)) {
            header_release(&h);
            continue;
        }
        struct columns c = { .layout = &f->layouts[i], .header = h };

        r = bind(&c, f, banner);
        const char *lacks = r < 0 ? NULL : c.layout->pathway ? slots_lack(&c) : lacking(&c);

        if (r == 0 && !lacks) {
            *out_columns = c;
            return 1;
        }
        if (lacks)
            note_miss(near, &f->layouts[i], lacks, h.count, row->line);
        columns_release(&c);
    }
    return r;
}

void columns_release(struct columns *c)
{
    for (size_t i = 0; i < c->value_count; i++) {
        for (size_t k = 0; k < ROLE_COUNT; k++)
            free(c->values[i].texts[k]);
    }
    free(c->values);
    for (size_t i = 0; i < BOUND_COUNT; i++)
        bound_source_release(&c->sources[i]);
    slots_release(c);
    free(c->use);
    free(c->blank_columns);
    header_release(&c->header);
    *c = (struct columns){ .layout = NULL };
}
