#include "parse/layout.h"

#include <assert.h>
#include <string.h>
#include <stdlib.h>

#include "base/text.h"
#include "parse/pathway_layout.h"

const char *const role_names[ROLE_COUNT] = {
    [ROLE_MEASURE] = "measure",     [ROLE_MEASURE_NAME] = "measure_name",
    [ROLE_BREAKDOWN] = "breakdown", [ROLE_ORG] = "org",
    [ROLE_ORG_NAME] = "org_name",   [ROLE_SECONDARY] = "secondary",
    [ROLE_STATUS] = "status",       [ROLE_UNIT] = "unit",
    [ROLE_NUMERATOR] = "numerator", [ROLE_DENOMINATOR] = "denominator",
    [ROLE_NOTE] = "note",           [ROLE_RANK] = "rank",
};

void source_release(struct source *s)
{
    for (size_t i = 0; i < s->part_count; i++)
        names_release(&s->parts[i]);
    free(s->parts);
    free(s->separator);
    free(s->text);
    maps_free(s->map, s->map_count);
    names_release(&s->null_for_org);
}

static void code_rule_release(struct code_rule *rule)
{
    names_release(&rule->like);
    for (size_t i = 0; i < rule->count; i++)
        free(rule->words[i].word);
    free(rule->words);
}

void layout_release(struct layout *layout)
{
    free(layout->id);
    for (size_t i = 0; i < layout->required_count; i++)
        names_release(&layout->required[i]);
    free(layout->required);
    names_release(&layout->without);
    names_release(&layout->like);
    names_release(&layout->banner);
    names_release(&layout->value_columns);
    names_release(&layout->value_like);
    names_release(&layout->ignore);
    free(layout->qualifier);
    for (size_t i = 0; i < layout->code_count; i++)
        code_rule_release(&layout->codes[i]);
    free(layout->codes);
    for (size_t i = 0; i < layout->blank_count; i++) {
        names_release(&layout->blanks[i].column);
        names_release(&layout->blanks[i].is);
        names_release(&layout->blanks[i].like);
    }
    free(layout->blanks);
    for (size_t i = 0; i < ROLE_COUNT; i++)
        source_release(&layout->roles[i]);
    source_release(&layout->period.start);
    source_release(&layout->period.end);
    source_release(&layout->period.identifier);
    names_release(&layout->period.banner);
    names_release(&layout->footnotes);
    pathway_layout_free(layout->pathway);
}

/* ---- sources ---- */

static void load_parts(struct load *l, yaml_node *list, struct source *s)
{
    s->parts = load_alloc(l, yaml_count(list), sizeof *s->parts);
    for (size_t i = 0; s->parts && i < yaml_count(list); i++)
        load_names(l, yaml_item(list, i), "join", false, &s->parts[s->part_count++]);
}

static void load_columns(struct load *l, yaml_node *node, struct source *s)
{
    s->parts = load_alloc(l, 1, sizeof *s->parts);
    if (s->parts) {
        s->part_count = 1;
        load_names(l, node, "columns", false, &s->parts[0]);
    }
    s->kind = SOURCE_COLUMNS;
}

static struct capture *find_capture(struct load *l, yaml_node *node)
{
    for (size_t i = 0; yaml_text(node) && i < l->format->capture_count; i++) {
        if (strcmp(l->format->captures[i].name, yaml_text(node)) == 0)
            return &l->format->captures[i];
    }
    yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, "captures are declared under \"captures\"",
                  "no capture \"%s\"", yaml_text(node) ? yaml_text(node) : "");
    return NULL;
}

static void load_from(struct load *l, yaml_node *mapping, yaml_node *from, struct source *s)
{
    const char *text = yaml_text(from);

    if (text && strcmp(text, "header") == 0)
        s->kind = SOURCE_HEADER;
    else if (text && strcmp(text, "group") == 0)
        s->kind = SOURCE_GROUP;
    else if (text && strcmp(text, "banner") == 0)
        s->kind = SOURCE_BANNER;
    else
        yaml_complain(l->yaml, from, l->diags, DIAG_ERROR, NULL,
                      "\"from\" is header, group or banner");
    if (s->kind == SOURCE_BANNER && !yaml_get(mapping, "capture"))
        yaml_complain(l->yaml, from, l->diags, DIAG_ERROR, NULL,
                      "\"from: banner\" needs a \"capture\"");
}

const char *const source_keys[] = { "column",        "columns",      "join", "separator",
                                    "before_values", "text",         "from", "capture",
                                    "drop_notes",    "only_mapped",  "map",  "carry",
                                    "required",      "null_for_org", NULL };

void source_load(struct load *l, yaml_node *node, const char *const *keys, struct source *s)
{
    if (!node)
        return;
    if (yaml_kind(node) != YAML_MAPPING) {
        load_columns(l, node, s);
        return;
    }
    load_known_keys(l, node, "source", keys);
    yaml_node *columns = yaml_get(node, "columns"), *from = yaml_get(node, "from"),
              *text = yaml_get(node, "text"), *join = yaml_get(node, "join"),
              *separator = yaml_get(node, "separator");

    if (!columns)
        columns = yaml_get(node, "column");
    if (!!columns + !!from + !!text + !!join > 1)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "give one of column, columns, join, text, from");
    s->before_values = load_count(l, yaml_get(node, "before_values"), 0, 1, 16);
    if (yaml_get(node, "capture"))
        s->capture = find_capture(l, yaml_get(node, "capture"));
    if (columns)
        load_columns(l, columns, s);
    else if (join)
        load_parts(l, join, s);
    else if (from)
        load_from(l, node, from, s);
    else if (text)
        s->text = load_copy(l, yaml_text(text) ? yaml_text(text) : "");
    else if (!s->before_values)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "nothing says where this comes from: column, columns, join, text, from or "
                      "before_values");
    if (join || (s->kind == SOURCE_NONE && s->before_values))
        s->kind = SOURCE_COLUMNS;
    if (text)
        s->kind = SOURCE_TEXT;
    s->separator = load_copy(l, yaml_text(separator) ? yaml_text(separator) : " / ");
    load_map(l, yaml_get(node, "map"), &s->map, &s->map_count);
    load_names(l, yaml_get(node, "null_for_org"), "null_for_org", false, &s->null_for_org);
    s->carry = load_flag(l, yaml_get(node, "carry"), false);
    s->required = load_flag(l, yaml_get(node, "required"), false);
    s->drop_notes = load_flag(l, yaml_get(node, "drop_notes"), false);
    s->only_mapped = load_flag(l, yaml_get(node, "only_mapped"), false);
    if (s->only_mapped && !s->map_count)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "\"only_mapped\" needs a \"map\"");
}

/* ---- the parts of a layout ---- */

static void load_header(struct load *l, yaml_node *node, struct layout *out)
{
    static const char *const keys[] = { "columns", "like",    "at_least", "dates",
                                        "without", "grouped", NULL };

    if (yaml_kind(node) != YAML_MAPPING) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "layout \"%s\" needs \"header\": how its header row is recognised",
                      out->id ? out->id : "");
        return;
    }
    load_known_keys(l, node, "header", keys);
    yaml_node *columns = yaml_get(node, "columns");
    size_t n = yaml_count(columns);

    if (columns && yaml_kind(columns) != YAML_SEQUENCE)
        yaml_complain(l->yaml, columns, l->diags, DIAG_ERROR, NULL, "\"columns\" is a list");
    else if (n)
        out->required = load_alloc(l, n, sizeof *out->required);
    for (size_t i = 0; out->required && i < n; i++)
        load_names(l, yaml_item(columns, i), "columns", false,
                   &out->required[out->required_count++]);
    load_names(l, yaml_get(node, "like"), "like", false, &out->like);
    load_names(l, yaml_get(node, "without"), "without", false, &out->without);
    out->like_at_least = load_count(l, yaml_get(node, "at_least"), out->like.count ? 1 : 0, 1, 100);
    out->dates_at_least = load_count(l, yaml_get(node, "dates"), 0, 1, 100);
    out->groups = load_flag(l, yaml_get(node, "grouped"), false);
    if (!out->required_count && !out->like.count && !out->dates_at_least)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "a header test needs columns, like or dates");
}

static void load_code_words(struct load *l, yaml_node *mapping, struct code_rule *rule)
{
    rule->words = load_alloc(l, yaml_count(mapping), sizeof *rule->words);
    for (size_t i = 0; rule->words && i < yaml_count(mapping); i++) {
        yaml_node *key = NULL, *number = yaml_pair(mapping, i, &key);
        char *word = load_copy(l, yaml_text(key) ? yaml_text(key) : "");

        if (!word)
            return;
        text_fold(word);
        rule->words[rule->count++] = (struct code_word){ word, load_number(l, number) };
    }
}

/* Which texts stand for which numbers, by column. */
static void load_codes(struct load *l, yaml_node *list, struct layout *out)
{
    static const char *const keys[] = { "like", "give", NULL };

    out->codes = load_alloc(l, yaml_count(list), sizeof *out->codes);
    for (size_t i = 0; out->codes && i < yaml_count(list); i++) {
        yaml_node *item = yaml_item(list, i);
        struct code_rule *rule = &out->codes[out->code_count++];

        load_known_keys(l, item, "code rule", keys);
        load_names(l, yaml_get(item, "like"), "like", false, &rule->like);
        load_code_words(l, yaml_get(item, "give"), rule);
        if (!rule->like.count || !rule->count)
            yaml_complain(l->yaml, item, l->diags, DIAG_ERROR,
                          "for example {like: [state], give: {open: 1, shut: 0}}",
                          "a code rule needs \"like\" and \"give\"");
    }
}

/* What a blank means where the kind of the row leaves it blank. */
static void load_blanks(struct load *l, yaml_node *list, struct layout *out)
{
    static const char *const keys[] = { "column", "is", "like", "marker", NULL };

    if (yaml_count(list) > BLANK_RULES_MAX) {
        yaml_complain(l->yaml, list, l->diags, DIAG_ERROR, NULL, "at most %d rules of blanks",
                      BLANK_RULES_MAX);
        return;
    }
    out->blanks = load_alloc(l, yaml_count(list), sizeof *out->blanks);
    for (size_t i = 0; out->blanks && i < yaml_count(list); i++) {
        yaml_node *item = yaml_item(list, i);
        const char *marker = yaml_text(yaml_get(item, "marker"));
        struct blank_rule *rule = &out->blanks[out->blank_count++];

        load_known_keys(l, item, "rule of blanks", keys);
        load_names(l, yaml_get(item, "column"), "column", false, &rule->column);
        load_names(l, yaml_get(item, "is"), "is", false, &rule->is);
        load_names(l, yaml_get(item, "like"), "like", false, &rule->like);
        if (!rule->column.count || !rule->is.count || !marker ||
            marker_parse(marker, &rule->marker) < 0)
            yaml_complain(l->yaml, item, l->diags, DIAG_ERROR,
                          "for example {column: Kind, is: [a], like: [Total], marker: "
                          "not-applicable}",
                          "a rule of blanks needs \"column\", \"is\" and a \"marker\"");
    }
}

static void load_values(struct load *l, yaml_node *node, struct layout *out)
{
    static const char *const keys[] = { "column", "columns",   "like",  "dates",  "rest",
                                        "ignore", "qualifier", "codes", "blanks", NULL };

    if (yaml_kind(node) != YAML_MAPPING) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "layout \"%s\" needs \"values\": which columns hold figures",
                      out->id ? out->id : "");
        return;
    }
    load_known_keys(l, node, "values", keys);
    yaml_node *columns = yaml_get(node, "columns"), *qualifier = yaml_get(node, "qualifier");

    if (!columns)
        columns = yaml_get(node, "column");
    load_names(l, columns, "columns", false, &out->value_columns);
    load_names(l, yaml_get(node, "like"), "like", false, &out->value_like);
    load_names(l, yaml_get(node, "ignore"), "ignore", false, &out->ignore);
    bool dates = load_flag(l, yaml_get(node, "dates"), false),
         rest = load_flag(l, yaml_get(node, "rest"), false);

    if (!!columns + (out->value_like.count > 0) + dates + rest != 1)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "\"values\" takes one of column, columns, like, dates, rest");
    out->values = columns ? VALUES_COLUMN : dates ? VALUES_DATES : rest ? VALUES_REST : VALUES_LIKE;
    if (qualifier && yaml_text(qualifier)) {
        if (!strstr(yaml_text(qualifier), "{}"))
            yaml_complain(l->yaml, qualifier, l->diags, DIAG_ERROR, "for example \"{}QF\"",
                          "a qualifier is a column name with {} for the value's column");
        out->qualifier = load_copy(l, yaml_text(qualifier));
    }
    load_codes(l, yaml_get(node, "codes"), out);
    load_blanks(l, yaml_get(node, "blanks"), out);
}

static void load_period(struct load *l, yaml_node *node, struct layout *out)
{
    static const char *const keys[] = { "start",      "end",  "single", "time",
                                        "identifier", "from", "in",     NULL };
    struct period_source *p = &out->period;

    if (yaml_kind(node) != YAML_MAPPING) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "layout \"%s\" needs \"period\"",
                      out->id ? out->id : "");
        return;
    }
    load_known_keys(l, node, "period", keys);
    yaml_node *from = yaml_get(node, "from");
    const char *text = yaml_text(from);

    if (text && strcmp(text, "header") == 0) {
        p->rule = PERIOD_HEADER;
    } else if (text && strcmp(text, "group") == 0) {
        p->rule = PERIOD_GROUP;
    } else if (text && strcmp(text, "banner") == 0) {
        p->rule = PERIOD_BANNER;
        load_names(l, yaml_get(node, "in"), "in", false, &p->banner);
    } else if (yaml_get(node, "time")) {
        p->rule = PERIOD_TIME;
        source_load(l, yaml_get(node, "time"), source_keys, &p->start);
        source_load(l, yaml_get(node, "identifier"), source_keys, &p->identifier);
    } else if (yaml_get(node, "single")) {
        p->rule = PERIOD_SINGLE;
        source_load(l, yaml_get(node, "single"), source_keys, &p->start);
    } else if (yaml_get(node, "start") && yaml_get(node, "end")) {
        p->rule = PERIOD_DATES;
        source_load(l, yaml_get(node, "start"), source_keys, &p->start);
        source_load(l, yaml_get(node, "end"), source_keys, &p->end);
    } else {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "\"period\" is start and end, single, time and identifier, from: header, "
                      "from: group or from: banner");
    }
    if (p->rule == PERIOD_GROUP && !out->groups)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "\"from: group\" needs \"grouped: true\" in the header");
}

static void load_footnotes(struct load *l, yaml_node *node, struct layout *out)
{
    if (!node)
        return;
    const char *text = yaml_text(node);

    if (text && !yaml_is_quoted(node) && (text_same(text, "true") || text_same(text, "false"))) {
        out->has_footnotes = text_same(text, "true");
        return;
    }
    out->has_footnotes = true;
    load_names(l, node, "footnotes", false, &out->footnotes);
}

static void load_short_rows(struct load *l, yaml_node *node, struct layout *out)
{
    const char *text = yaml_text(node);

    if (text && strcmp(text, "pad") != 0 && strcmp(text, "set-aside") != 0)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "\"short_rows\" is pad or set-aside");
    out->pad_short_rows = text && strcmp(text, "pad") == 0;
}

/* What a layout of figures has beside the keys of every layout. */
static void load_figures(struct load *l, yaml_node *node, struct layout *out)
{
    static const char *const keys[] = {
        "id",        "banner",     "header",           "values",    "period",
        "footnotes", "short_rows", "covers_providers", "measure",   "measure_name",
        "breakdown", "org",        "org_name",         "secondary", "status",
        "unit",      "numerator",  "denominator",      "note",      NULL
    };

    load_known_keys(l, node, "layout", keys);
    load_values(l, yaml_get(node, "values"), out);
    load_period(l, yaml_get(node, "period"), out);
    load_footnotes(l, yaml_get(node, "footnotes"), out);
    for (size_t i = 0; i < ROLE_COUNT; i++)
        source_load(l, yaml_get(node, role_names[i]), source_keys, &out->roles[i]);
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if ((i == ROLE_MEASURE || i == ROLE_ORG) && out->roles[i].kind == SOURCE_NONE)
            yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "layout \"%s\" needs \"%s\"",
                          out->id ? out->id : "", role_names[i]);
    }
}

static void load_layout(struct load *l, yaml_node *node, struct layout *out)
{
    if (yaml_kind(node) != YAML_MAPPING) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "a layout is a mapping");
        return;
    }
    const char *id = yaml_text(yaml_get(node, "id"));

    if (!id || !*id)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "a layout needs an \"id\"");
    out->id = load_copy(l, id ? id : "");
    load_names(l, yaml_get(node, "banner"), "banner", false, &out->banner);
    load_header(l, yaml_get(node, "header"), out);
    load_short_rows(l, yaml_get(node, "short_rows"), out);
    out->covers_providers = load_flag(l, yaml_get(node, "covers_providers"), false);
    if (l->format->records == RECORDS_AGGREGATE)
        load_figures(l, node, out);
    else
        pathway_layout_load(l, node, out);
}

void layouts_load(struct load *l, yaml_node *list)
{
    size_t n = yaml_count(list);

    assert(l && l->format);
    if (yaml_kind(list) != YAML_SEQUENCE || n == 0) {
        yaml_complain(l->yaml, list, l->diags, DIAG_ERROR, NULL,
                      "a format needs \"layouts\": a list of at least one");
        return;
    }
    l->format->layouts = load_alloc(l, n, sizeof *l->format->layouts);
    for (size_t i = 0; l->format->layouts && i < n; i++)
        load_layout(l, yaml_item(list, i), &l->format->layouts[l->format->layout_count++]);
}
