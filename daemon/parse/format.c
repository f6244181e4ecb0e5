#include "parse/format.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/date.h"
#include "base/text.h"
#include "parse/pathway_layout.h"
#include "parse/value.h"

#define HEADER_WITHIN_DEFAULT 50
#define HEADER_WITHIN_MAX     1000

static const char *const pathway_keys[] = { "format",        "title",   "records",   "delimiter",
                                            "header_within", "edition", "key",       "local_id",
                                            "set",           "absent",  "duplicate", "partial",
                                            "captures",      "layouts", NULL };
static const char *const top_keys[] = {
    "records",  "format",    "title",         "published", "partial",    "delimiter", "edition",
    "key",      "duplicate", "header_within", "markers",   "qualifiers", "status",    "suppressed",
    "rounding", "units",     "unit",          "years",     "captures",   "layouts",   "rolling",
    NULL
};

/* ---- markers, units, rounding ---- */

static void add_marker(struct load *l, yaml_node *word, enum marker marker,
                       struct marker_word **list, size_t *count)
{
    const char *text = yaml_text(word);

    if (!text) {
        yaml_complain(l->yaml, word, l->diags, DIAG_ERROR, NULL, "a marker is a text");
        return;
    }
    struct marker_word *more = realloc(*list, (*count + 1) * sizeof **list);

    if (!more) {
        l->error = -ENOMEM;
        return;
    }
    *list = more;
    char *copy = load_copy(l, text);

    if (!copy)
        return;
    text_fold(copy);
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(more[i].word, copy) == 0)
            yaml_complain(l->yaml, word, l->diags, DIAG_ERROR, NULL,
                          "\"%s\" is listed as a marker twice", copy);
    }
    more[(*count)++] = (struct marker_word){ copy, marker };
}

static void load_markers(struct load *l, yaml_node *mapping, struct marker_word **list,
                         size_t *count)
{
    for (size_t i = 0; i < yaml_count(mapping); i++) {
        yaml_node *key = NULL, *words = yaml_pair(mapping, i, &key);
        enum marker marker = MARKER_NONE;

        if (!yaml_text(key) || marker_parse(yaml_text(key), &marker) < 0) {
            yaml_complain(l->yaml, key, l->diags, DIAG_ERROR, NULL,
                          "a marker is suppressed, not-submitted or not-applicable");
            continue;
        }
        if (yaml_kind(words) != YAML_SEQUENCE)
            add_marker(l, words, marker, list, count);
        for (size_t k = 0; yaml_kind(words) == YAML_SEQUENCE && k < yaml_count(words); k++)
            add_marker(l, yaml_item(words, k), marker, list, count);
    }
}

static enum unit load_unit(struct load *l, yaml_node *node)
{
    enum unit unit = UNIT_UNKNOWN;

    if (node && (!yaml_text(node) || unit_parse(yaml_text(node), &unit) < 0))
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "a unit is count, percent, days, weeks or rate");
    return unit;
}

static void load_units(struct load *l, yaml_node *list, struct format *f)
{
    static const char *const keys[] = { "like", "unit", NULL };

    f->units = load_alloc(l, yaml_count(list), sizeof *f->units);
    for (size_t i = 0; f->units && i < yaml_count(list); i++) {
        yaml_node *item = yaml_item(list, i);
        const char *like = yaml_text(yaml_get(item, "like"));

        load_known_keys(l, item, "unit rule", keys);
        if (!like)
            yaml_complain(l->yaml, item, l->diags, DIAG_ERROR, NULL, "a unit rule needs \"like\"");
        f->units[f->unit_count].like = load_copy(l, like ? like : "");
        f->units[f->unit_count++].unit = load_unit(l, yaml_get(item, "unit"));
    }
}

static void load_suppressed(struct load *l, yaml_node *mapping, struct format *f)
{
    for (size_t i = 0; i < yaml_count(mapping); i++) {
        yaml_node *key = NULL, *bounds = yaml_pair(mapping, i, &key);
        enum unit unit = load_unit(l, key);

        if (yaml_kind(bounds) != YAML_SEQUENCE || yaml_count(bounds) != 2) {
            yaml_complain(l->yaml, bounds, l->diags, DIAG_ERROR, "for example count: [0, 4]",
                          "bounds are two numbers");
            continue;
        }
        f->suppressed[unit].is_set = true;
        f->suppressed[unit].low = load_number(l, yaml_item(bounds, 0));
        f->suppressed[unit].high = load_number(l, yaml_item(bounds, 1));
        if (!(f->suppressed[unit].low <= f->suppressed[unit].high))
            yaml_complain(l->yaml, bounds, l->diags, DIAG_ERROR, NULL,
                          "the lower bound comes first");
    }
}

static void load_rounding(struct load *l, yaml_node *list, struct format *f)
{
    static const char *const keys[] = { "breakdown", "count", "percent", "days",
                                        "weeks",     "rate",  NULL };

    f->rounding = load_alloc(l, yaml_count(list), sizeof *f->rounding);
    for (size_t i = 0; f->rounding && i < yaml_count(list); i++) {
        yaml_node *item = yaml_item(list, i);
        struct rounding_rule *rule = &f->rounding[f->rounding_count++];

        load_known_keys(l, item, "rounding rule", keys);
        load_names(l, yaml_get(item, "breakdown"), "breakdown", false, &rule->breakdown);
        for (int u = UNIT_UNKNOWN; u <= UNIT_RATE; u++) {
            yaml_node *width =
                unit_name((enum unit)u) ? yaml_get(item, unit_name((enum unit)u)) : NULL;

            rule->half_width[u] = width ? load_number(l, width) : NAN;
        }
    }
}

/* ---- captures, years, status ---- */

static void load_replace(struct load *l, yaml_node *mapping, struct pattern_rule *rule)
{
    size_t n = yaml_count(mapping);

    rule->from = load_alloc(l, n, sizeof *rule->from);
    rule->to = load_alloc(l, n, sizeof *rule->to);
    for (size_t i = 0; rule->from && rule->to && i < n; i++) {
        yaml_node *key = NULL, *value = yaml_pair(mapping, i, &key);

        rule->from[i] = load_copy(l, yaml_text(key) ? yaml_text(key) : "");
        rule->to[i] = load_copy(l, yaml_text(value) ? yaml_text(value) : "");
        rule->replacements++;
    }
}

static void load_captures(struct load *l, yaml_node *mapping, struct format *f)
{
    static const char *const keys[] = { "like", "give", "replace", NULL };

    f->captures = load_alloc(l, yaml_count(mapping), sizeof *f->captures);
    for (size_t i = 0; f->captures && i < yaml_count(mapping); i++) {
        yaml_node *key = NULL, *rules = yaml_pair(mapping, i, &key);
        struct capture *c = &f->captures[f->capture_count++];

        c->name = load_copy(l, yaml_text(key) ? yaml_text(key) : "");
        c->rules = load_alloc(l, yaml_count(rules), sizeof *c->rules);
        for (size_t k = 0; c->rules && k < yaml_count(rules); k++) {
            yaml_node *item = yaml_item(rules, k);
            const char *like = yaml_text(yaml_get(item, "like"));
            const char *give = yaml_text(yaml_get(item, "give"));

            load_known_keys(l, item, "capture rule", keys);
            if (!like || !pattern_is_formed(like))
                yaml_complain(l->yaml, item, l->diags, DIAG_ERROR, NULL,
                              "a capture rule needs \"like\" with at most one {}");
            c->rules[c->count].like = load_copy(l, like ? like : "");
            c->rules[c->count].give = give ? load_copy(l, give) : NULL;
            load_replace(l, yaml_get(item, "replace"), &c->rules[c->count]);
            c->count++;
        }
    }
}

static void load_years(struct load *l, yaml_node *mapping, struct format *f)
{
    f->years = load_alloc(l, yaml_count(mapping), sizeof *f->years);
    for (size_t i = 0; f->years && i < yaml_count(mapping); i++) {
        yaml_node *key = NULL, *month = yaml_pair(mapping, i, &key);
        const char *name = yaml_text(month);
        int first = name ? date_month_of_name(name, strlen(name)) : 0;

        if (!first)
            yaml_complain(l->yaml, month, l->diags, DIAG_ERROR, "for example September",
                          "a kind of year gives the month it begins in");
        struct year_kind *y = &f->years[f->year_count++];

        y->identifier = load_copy(l, yaml_text(key) ? yaml_text(key) : "");
        if (y->identifier)
            text_fold(y->identifier);
        y->first_month = first ? first : 1;
    }
}

static void check_status(struct load *l, yaml_node *mapping)
{
    for (size_t i = 0; i < yaml_count(mapping); i++) {
        yaml_node *value = yaml_pair(mapping, i, NULL);
        const char *text = yaml_text(value);

        if (!text || yaml_is_nothing(value) ||
            (*text && strcmp(text, "final") != 0 && strcmp(text, "provisional") != 0))
            yaml_complain(l->yaml, value, l->diags, DIAG_ERROR, NULL,
                          "a status is final, provisional or \"\"");
    }
}

static void load_delimiter(struct load *l, yaml_node *node, struct format *f)
{
    const char *text = yaml_text(node);

    f->delimiter = ',';
    if (!text)
        return;
    if (strcmp(text, "tab") == 0)
        f->delimiter = '\t';
    else if (strlen(text) == 1 && strchr(",;|", text[0]))
        f->delimiter = text[0];
    else
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "a delimiter is \",\", \";\", \"|\" or tab");
}

static void load_records(struct load *l, yaml_node *node, struct format *f)
{
    static const char *const kinds[] = { [RECORDS_AGGREGATE] = "aggregate",
                                         [RECORDS_PATHWAY_SNAPSHOT] = "pathway-snapshot",
                                         [RECORDS_PATHWAY_EVENTS] = "pathway-events" };
    const char *text = node ? yaml_text(node) : kinds[RECORDS_AGGREGATE];
    size_t i = 0, n = sizeof kinds / sizeof kinds[0];

    while (i < n && (!text || strcmp(kinds[i], text) != 0))
        i++;
    if (i == n)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "\"records\" is aggregate, pathway-snapshot or pathway-events");
    else
        f->records = (enum record_kind)i;
}

static void load_duplicate(struct load *l, yaml_node *node, struct format *f)
{
    const char *text = yaml_text(node);

    bool is_pathway = f->records != RECORDS_AGGREGATE;

    if (text && strcmp(text, "first") != 0 && strcmp(text, "last") != 0 &&
        (is_pathway ? strcmp(text, "by version") != 0 : strncmp(text, "by ", 3) != 0))
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "\"duplicate\" is first, last or by %s", is_pathway ? "version" : "COLUMN");
    f->duplicate = load_copy(l, text ? text : "last");
}

/* "by COLUMN": that column ranks the rows of every layout that does not say its own. */
static void rank_layouts(struct load *l, struct format *f)
{
    if (!f->duplicate || strncmp(f->duplicate, "by ", 3) != 0 || f->records != RECORDS_AGGREGATE)
        return;
    for (size_t i = 0; i < f->layout_count; i++) {
        struct source *s = &f->layouts[i].roles[ROLE_RANK];

        if (s->kind != SOURCE_NONE)
            continue;
        s->parts = calloc(1, sizeof *s->parts);
        char **names = s->parts ? calloc(1, sizeof *names) : NULL;

        if (!names) {
            l->error = -ENOMEM;
            return;
        }
        names[0] = load_copy(l, f->duplicate + 3);
        s->parts[0].items = names;
        s->parts[0].count = names[0] != NULL;
        s->part_count = 1;
        s->kind = SOURCE_COLUMNS;
    }
}

static void load_format(struct load *l, yaml_node *root)
{
    struct format *f = l->format;
    const char *id = yaml_text(yaml_get(root, "format")),
               *title = yaml_text(yaml_get(root, "title"));

    if (yaml_kind(root) != YAML_MAPPING) {
        yaml_complain(l->yaml, root, l->diags, DIAG_ERROR, NULL,
                      "a mapping file is a mapping with \"format\" and \"layouts\"");
        return;
    }
    load_records(l, yaml_get(root, "records"), f);
    load_known_keys(l, root, "format", f->records == RECORDS_AGGREGATE ? top_keys : pathway_keys);
    if (!id || !*id || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(id) ||
        strlen(id) > 64)
        yaml_complain(l->yaml, yaml_get(root, "format"), l->diags, DIAG_ERROR, NULL,
                      "\"format\" is the id: small letters, digits and '-', at most 64");
    f->id = load_copy(l, id ? id : "");
    f->title = load_copy(l, title ? title : f->id ? f->id : "");
    f->published = load_flag(l, yaml_get(root, "published"), false);
    f->partial = load_flag(l, yaml_get(root, "partial"), false);
    f->header_within =
        load_count(l, yaml_get(root, "header_within"), HEADER_WITHIN_DEFAULT, 1, HEADER_WITHIN_MAX);
    f->unit = load_unit(l, yaml_get(root, "unit"));
    load_delimiter(l, yaml_get(root, "delimiter"), f);
    load_names(l, yaml_get(root, "edition"), "edition", false, &f->edition);
    load_names(l, yaml_get(root, "rolling"), "rolling", false, &f->rolling);
    if (f->records == RECORDS_AGGREGATE)
        load_names(l, yaml_get(root, "key"), "key", false, &f->key);
    else
        pathway_key_load(l, yaml_get(root, "key"), f);
    load_names(l, yaml_get(root, "local_id"), "local_id", false, &f->local_id);
    load_names(l, yaml_get(root, "absent"), "absent", false, &f->absent);
    load_duplicate(l, yaml_get(root, "duplicate"), f);
    load_markers(l, yaml_get(root, "markers"), &f->markers, &f->marker_count);
    load_markers(l, yaml_get(root, "qualifiers"), &f->qualifiers, &f->qualifier_count);
    check_status(l, yaml_get(root, "status"));
    load_map(l, yaml_get(root, "status"), &f->status, &f->status_count);
    load_suppressed(l, yaml_get(root, "suppressed"), f);
    load_rounding(l, yaml_get(root, "rounding"), f);
    load_units(l, yaml_get(root, "units"), f);
    load_years(l, yaml_get(root, "years"), f);
    load_captures(l, yaml_get(root, "captures"), f);
    if (l->error < 0)
        return; /* what layouts refer to is not whole */
    layouts_load(l, yaml_get(root, "layouts"));
    if (l->error < 0)
        return;
    pathway_set_load(l, yaml_get(root, "set"), f);
    rank_layouts(l, f);
}

static int keep_source(const struct yaml *yaml, struct format *f)
{
    const char *source = yaml_source(yaml, &f->source_len);

    f->source = malloc(f->source_len + 1);
    if (!f->source)
        return -ENOMEM;
    memcpy(f->source, source, f->source_len);
    return sha256_hex(source, f->source_len, f->digest);
}

/* Takes the document. */
static int format_of(struct yaml *yaml, struct diags *diags, struct format **out_format)
{
    size_t errors = diags->errors;
    struct format *f = calloc(1, sizeof *f);
    struct load l = { yaml, diags, f, f ? 0 : -ENOMEM };

    if (f) {
        l.error = keep_source(yaml, f);
        load_format(&l, yaml_root(yaml));
    }
    yaml_free(yaml);
    if (l.error || diags->errors > errors) {
        format_free(f);
        return l.error ? l.error : -EINVAL;
    }
    *out_format = f;
    return 0;
}

int format_load(const char *path, struct diags *diags, struct format **out_format)
{
    struct yaml *yaml = NULL;

    assert(path && diags && out_format);
    int r = yaml_load(path, diags, &yaml);

    return r < 0 ? r : format_of(yaml, diags, out_format);
}

int format_parse(const char *name, const char *bytes, size_t len, struct diags *diags,
                 struct format **out_format)
{
    struct yaml *yaml = NULL;

    assert(name && bytes && diags && out_format);
    int r = yaml_parse(name, bytes, len, diags, &yaml);

    return r < 0 ? r : format_of(yaml, diags, out_format);
}

void format_free(struct format *f)
{
    if (!f)
        return;
    free(f->id);
    free(f->title);
    free(f->source);
    free(f->duplicate);
    names_release(&f->edition);
    names_release(&f->rolling);
    names_release(&f->key);
    names_release(&f->local_id);
    names_release(&f->absent);
    names_release(&f->set_tables);
    for (size_t i = 0; i < f->marker_count; i++)
        free(f->markers[i].word);
    free(f->markers);
    for (size_t i = 0; i < f->qualifier_count; i++)
        free(f->qualifiers[i].word);
    free(f->qualifiers);
    maps_free(f->status, f->status_count);
    for (size_t i = 0; i < f->rounding_count; i++)
        names_release(&f->rounding[i].breakdown);
    free(f->rounding);
    for (size_t i = 0; i < f->unit_count; i++)
        free(f->units[i].like);
    free(f->units);
    for (size_t i = 0; i < f->year_count; i++)
        free(f->years[i].identifier);
    free(f->years);
    for (size_t i = 0; i < f->capture_count; i++) {
        free(f->captures[i].name);
        pattern_rules_free(f->captures[i].rules, f->captures[i].count);
    }
    free(f->captures);
    for (size_t i = 0; i < f->layout_count; i++)
        layout_release(&f->layouts[i]);
    free(f->layouts);
    free(f);
}

enum record_kind format_records(const struct format *f)
{
    return f->records;
}

size_t format_set_tables(const struct format *f, const char *const **out_layouts)
{
    *out_layouts = (const char *const *)f->set_tables.items;
    return f->set_tables.count;
}

const char *format_id(const struct format *f)
{
    return f->id;
}

const char *format_title(const struct format *f)
{
    return f->title;
}

const char *format_digest(const struct format *f)
{
    return f->digest;
}

const char *format_source(const struct format *f, size_t *out_len)
{
    *out_len = f->source_len;
    return f->source;
}

int format_is_published(const struct format *f)
{
    return f->published;
}

int format_is_rolling(const struct format *f, const char *measure)
{
    for (size_t i = 0; i < f->rolling.count; i++)
        if (text_same(f->rolling.items[i], measure))
            return 1;
    return 0;
}

int format_is_partial(const struct format *f)
{
    return f->partial;
}

const char *format_duplicate(const struct format *f)
{
    return f->duplicate;
}

int format_maps_version(const struct format *f)
{
    for (size_t i = 0; i < f->layout_count; i++) {
        const struct pathway_layout *p = f->layouts[i].pathway;

        if (p && p->slots[FIELD_VERSION].source.kind != SOURCE_NONE)
            return 1;
    }
    return 0;
}

int format_edition(const struct format *f, const char *file_name)
{
    char digits[PATTERN_TEXT_MAX];

    for (size_t i = 0; i < f->edition.count; i++) {
        if (!pattern_find(f->edition.items[i], file_name, true, digits))
            continue;
        if (!strstr(f->edition.items[i], "{}"))
            return 1;
        if (strlen(digits) < 9)
            return atoi(digits);
    }
    return 0;
}
