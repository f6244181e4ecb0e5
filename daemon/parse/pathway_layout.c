#include "parse/pathway_layout.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SLOTS_MAX 128

const char *const pathway_field_names[FIELD_COUNT] = {
    [FIELD_PATHWAY_ID] = "pathway_id",
    [FIELD_ISSUER] = "issuer",
    [FIELD_REFERRAL_ID] = "referral_id",
    [FIELD_PERSON_ID] = "person_id",
    [FIELD_PERSON_ISSUER] = "person_issuer",
    [FIELD_SERVICE] = "service",
    [FIELD_PROVIDER] = "provider",
    [FIELD_COMMISSIONER] = "commissioner",
    [FIELD_PLACE] = "place",
    [FIELD_PRACTICE] = "practice",
    [FIELD_LSOA] = "lsoa",
    [FIELD_STAGE] = "stage",
    [FIELD_EXCEPTION] = "exception",
    [FIELD_CLOCK_START] = "clock_start",
    [FIELD_STAGE_START] = "stage_start",
    [FIELD_CLOCK_STOP] = "clock_stop",
    [FIELD_CENSUS] = "census",
    [FIELD_VERSION] = "version",
};

static void slot_release(struct slot *s)
{
    source_release(&s->source);
    for (size_t i = 0; i < s->band_count; i++)
        free(s->bands[i].name);
    free(s->bands);
    for (size_t i = 0; i < s->cut_count; i++)
        free(s->cuts[i].like);
    free(s->cuts);
    free(s->otherwise);
}

static void conditions_free(struct condition *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        names_release(&list[i].is);
    free(list);
}

void pathway_layout_free(struct pathway_layout *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->slot_count; i++)
        slot_release(&p->slots[i]);
    free(p->slots);
    for (size_t i = 0; i < p->cohort_count; i++)
        free(p->cohort_names[i]);
    names_release(&p->cohort_like);
    for (size_t i = 0; i < p->event_count; i++)
        conditions_free(p->events[i].when, p->events[i].when_count);
    free(p->events);
    conditions_free(p->only, p->only_count);
    free(p);
}

/* ---- one slot ---- */

/* "0-17", "80+" */
static bool band_parse(const char *text, struct age_band *out)
{
    char *end = NULL;

    out->from = strtol(text, &end, 10);
    if (end == text || out->from < 0)
        return false;
    if (strcmp(end, "+") == 0) {
        out->to = LONG_MAX;
        return true;
    }
    const char *second = end + 1;

    if (*end != '-')
        return false;
    out->to = strtol(second, &end, 10);
    return end != second && *end == '\0' && out->to >= out->from;
}

static void load_bands(struct load *l, yaml_node *list, struct slot *s)
{
    s->bands = load_alloc(l, yaml_count(list), sizeof *s->bands);
    for (size_t i = 0; s->bands && i < yaml_count(list); i++) {
        const char *text = yaml_text(yaml_item(list, i));
        struct age_band *band = &s->bands[i];

        band->name = load_copy(l, text ? text : "");
        s->band_count++;
        if (!text || !band_parse(text, band))
            yaml_complain(l->yaml, yaml_item(list, i), l->diags, DIAG_ERROR, NULL,
                          "a band is as 0-17 or 80+");
    }
    s->kind = SLOT_NUMBER;
}

static void load_pair(struct load *l, yaml_node *pair, double *low, double *high)
{
    bool is_pair = yaml_kind(pair) == YAML_SEQUENCE && yaml_count(pair) == 2;

    if (is_pair) {
        *low = load_number(l, yaml_item(pair, 0));
        *high = load_number(l, yaml_item(pair, 1));
    }
    if (!is_pair || !(*low <= *high))
        yaml_complain(l->yaml, pair, l->diags, DIAG_ERROR, NULL,
                      "this is two numbers, the lower first");
}

static void load_cuts(struct load *l, yaml_node *list, struct slot *s)
{
    static const char *const keys[] = { "like", "to", NULL };

    s->cuts = load_alloc(l, yaml_count(list), sizeof *s->cuts);
    for (size_t i = 0; s->cuts && i < yaml_count(list); i++) {
        yaml_node *item = yaml_item(list, i);
        const char *like = yaml_text(yaml_get(item, "like"));

        load_known_keys(l, item, "cut", keys);
        if (!like || !yaml_get(item, "to"))
            yaml_complain(l->yaml, item, l->diags, DIAG_ERROR, "for example {like: R????, to: 3}",
                          "a cut needs \"like\" and \"to\"");
        s->cuts[s->cut_count].like = load_copy(l, like ? like : "");
        s->cuts[s->cut_count++].length =
            load_count(l, yaml_get(item, "to"), 1, 1, PATHWAY_TEXT_MAX);
    }
}

static void load_rules(struct load *l, yaml_node *node, struct slot *s)
{
    yaml_node *check = yaml_get(node, "check"), *length = yaml_get(node, "length"),
              *range = yaml_get(node, "range"), *back = yaml_get(node, "back_to"),
              *otherwise = yaml_get(node, "otherwise");
    double low = 1, high = PATHWAY_TEXT_MAX;

    if (check) {
        const char *name = yaml_text(check) ? yaml_text(check) : "";

        s->takes_equal_digits = strcmp(name, "mod-11") == 0;
        s->is_nhs_number = s->takes_equal_digits || strcmp(name, "nhs-number") == 0;
        if (!s->is_nhs_number)
            yaml_complain(l->yaml, check, l->diags, DIAG_ERROR, NULL,
                          "\"check\" is nhs-number or mod-11");
    }
    if (length)
        load_pair(l, length, &low, &high);
    if (length && !(low >= 1 && low <= high && high <= PATHWAY_TEXT_MAX)) {
        yaml_complain(l->yaml, length, l->diags, DIAG_ERROR, NULL, "a length is 1 to %d",
                      PATHWAY_TEXT_MAX);
        return;
    }
    s->min_length = (long)low;
    s->max_length = (long)high;
    s->has_range = range != NULL;
    if (range) {
        load_pair(l, range, &s->low, &s->high);
        s->kind = SLOT_NUMBER;
    }
    if (yaml_get(node, "bands"))
        load_bands(l, yaml_get(node, "bands"), s);
    load_cuts(l, yaml_get(node, "cut"), s);
    s->to_sunday = back && yaml_text(back) && text_same(yaml_text(back), "sunday");
    if (back && !s->to_sunday)
        yaml_complain(l->yaml, back, l->diags, DIAG_ERROR, NULL, "\"back_to\" is sunday");
    if (otherwise) {
        s->otherwise = load_copy(l, yaml_text(otherwise) ? yaml_text(otherwise) : "");
        s->source.only_mapped = s->source.map_count > 0;
    }
    s->open_ended = load_flag(l, yaml_get(node, "open_ended"), false);
}

/* Reads a slot; node NULL leaves it empty. Returns its number. */
static size_t load_slot(struct load *l, struct pathway_layout *p, yaml_node *node,
                        enum slot_kind kind)
{
    static const char *const keys[] = {
        "column",     "columns", "join",        "separator", "text",     "from",       "capture",
        "drop_notes", "map",     "only_mapped", "carry",     "required", "otherwise",  "length",
        "range",      "bands",   "check",       "cut",       "back_to",  "open_ended", NULL
    };

    if (p->slot_count == p->slot_cap) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "a layout reads at most %d places of a row", SLOTS_MAX);
        return 0;
    }
    struct slot *s = &p->slots[p->slot_count];

    s->kind = kind;
    s->min_length = 1;
    s->max_length = PATHWAY_TEXT_MAX;
    source_load(l, node, keys, &s->source);
    if (yaml_kind(node) == YAML_MAPPING)
        load_rules(l, node, s);
    if (s->source.kind == SOURCE_HEADER || s->source.kind == SOURCE_GROUP)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                      "only figures come from the header");
    return p->slot_count++;
}

static size_t load_optional(struct load *l, struct pathway_layout *p, yaml_node *node)
{
    return node ? load_slot(l, p, node, SLOT_TEXT) : NO_SLOT;
}

/* ---- conditions, events, cohort ---- */

static void load_conditions(struct load *l, struct pathway_layout *p, yaml_node *list,
                            struct condition **out, size_t *out_count)
{
    static const char *const keys[] = { "column", "is", NULL };

    *out = load_alloc(l, yaml_count(list), sizeof **out);
    for (size_t i = 0; *out && i < yaml_count(list); i++) {
        yaml_node *item = yaml_item(list, i), *column = yaml_get(item, "column");
        struct condition *c = &(*out)[(*out_count)++];

        load_known_keys(l, item, "condition", keys);
        load_names(l, yaml_get(item, "is"), "is", true, &c->is);
        if (!column || !c->is.count)
            yaml_complain(l->yaml, item, l->diags, DIAG_ERROR,
                          "for example {column: Status, is: [a, b]}",
                          "a condition needs \"column\" and \"is\"");
        c->slot = load_slot(l, p, column, SLOT_TEXT);
        p->slots[c->slot].max_length = LONG_MAX; /* any other text is another one */
    }
}

/* A constant event must be one of those there are. */
static void check_event(struct load *l, yaml_node *node, const struct source *s)
{
    if (!node)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "an event needs \"event\"");
    /* Without memory there is no text, and the load has failed. */
    if (s->kind == SOURCE_TEXT && s->text && !pathway_event_find(s->text))
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "there is no event \"%s\"",
                      s->text);
    for (size_t i = 0; i < s->map_count; i++) {
        if (s->map[i].to && !pathway_event_find(s->map[i].to))
            yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "there is no event \"%s\"",
                          s->map[i].to);
    }
}

static void load_event(struct load *l, struct pathway_layout *p, yaml_node *node,
                       struct event_rule *e)
{
    static const char *const keys[] = { "event",     "date", "event_id",  "reason",
                                        "retracted", "when", "otherwise", "blank_retracts_on",
                                        NULL };
    const char *otherwise = yaml_text(yaml_get(node, "otherwise"));

    load_known_keys(l, node, "event", keys);
    e->name = load_slot(l, p, yaml_get(node, "event"), SLOT_TEXT);
    check_event(l, yaml_get(node, "event"), &p->slots[e->name].source);
    if (!yaml_get(node, "date"))
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "an event needs \"date\"");
    e->date = load_slot(l, p, yaml_get(node, "date"), SLOT_DATE);
    e->id = load_optional(l, p, yaml_get(node, "event_id"));
    e->reason = load_optional(l, p, yaml_get(node, "reason"));
    e->retracted = load_optional(l, p, yaml_get(node, "retracted"));
    e->blank_on = NO_SLOT;
    if (yaml_get(node, "blank_retracts_on"))
        e->blank_on = load_slot(l, p, yaml_get(node, "blank_retracts_on"), SLOT_DATE);
    load_conditions(l, p, yaml_get(node, "when"), &e->when, &e->when_count);
    e->otherwise_retracted = otherwise && strcmp(otherwise, "retracted") == 0;
    if (otherwise && (!e->otherwise_retracted || !e->when_count))
        yaml_complain(l->yaml, yaml_get(node, "otherwise"), l->diags, DIAG_ERROR, NULL,
                      "\"otherwise\" is retracted, and needs \"when\"");
}

static void load_events(struct load *l, struct pathway_layout *p, yaml_node *node, yaml_node *list)
{
    size_t n = yaml_count(list);

    if (l->format->records == RECORDS_PATHWAY_SNAPSHOT) {
        if (list)
            yaml_complain(l->yaml, list, l->diags, DIAG_ERROR, NULL, "a snapshot has no events");
        return;
    }
    if (yaml_kind(list) != YAML_SEQUENCE)
        yaml_complain(l->yaml, list ? list : node, l->diags, DIAG_ERROR, NULL,
                      "a layout of events needs \"events\": a list; [] where a table tells none");
    p->events = load_alloc(l, n, sizeof *p->events);
    for (size_t i = 0; p->events && i < n; i++)
        load_event(l, p, yaml_item(list, i), &p->events[p->event_count++]);
}

static int by_name(const void *a, const void *b)
{
    yaml_node *const *x = a, *const *y = b;

    return strcmp(yaml_text(*x), yaml_text(*y));
}

/* In the order of their names, which is the order of a record's cohort. */
static void load_cohort(struct load *l, struct pathway_layout *p, yaml_node *mapping)
{
    yaml_node *keys[COHORT_MAX];
    size_t n = 0;

    p->first_cohort = p->slot_count;
    for (size_t i = 0; i < yaml_count(mapping); i++) {
        yaml_node *key = NULL, *value = yaml_pair(mapping, i, &key);

        if (yaml_text(key) && strcmp(yaml_text(key), "like") == 0)
            load_names(l, value, "like", false, &p->cohort_like);
        else if (n == COHORT_MAX || !yaml_text(key) || !*yaml_text(key))
            yaml_complain(l->yaml, key, l->diags, DIAG_ERROR, NULL,
                          "a cohort has at most %d named columns", COHORT_MAX);
        else
            keys[n++] = key;
    }
    if (n)
        qsort(keys, n, sizeof keys[0], by_name);
    for (size_t i = 0; i < n; i++) {
        (void)load_slot(l, p, yaml_get(mapping, yaml_text(keys[i])), SLOT_TEXT);
        p->cohort_names[p->cohort_count++] = load_copy(l, yaml_text(keys[i]));
    }
}

/* ---- the layout ---- */

static enum slot_kind kind_of(size_t field)
{
    switch (field) {
    case FIELD_CLOCK_START:
    case FIELD_STAGE_START:
    case FIELD_CLOCK_STOP:
    case FIELD_CENSUS:
        return SLOT_DATE;
    case FIELD_VERSION:
        return SLOT_VERSION;
    default:
        return SLOT_TEXT;
    }
}

static void check_key(struct load *l, yaml_node *node, const struct layout *out)
{
    for (size_t i = 0; i < l->format->key_field_count; i++) {
        size_t field = l->format->key_fields[i];
        struct source *s = &out->pathway->slots[field].source;

        if (s->kind == SOURCE_NONE)
            yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "layout \"%s\" needs \"%s\"",
                          out->id ? out->id : "", pathway_field_names[field]);
        s->required = field != FIELD_REFERRAL_ID; /* without it a row is of no pathway */
    }
}

void pathway_layout_load(struct load *l, yaml_node *node, struct layout *out)
{
    static const char *const keys[] = {
        "id",         "banner",       "header",      "short_rows",    "covers_providers",
        "pathway_id", "issuer",       "person_id",   "person_issuer", "service",
        "provider",   "commissioner", "place",       "practice",      "lsoa",
        "stage",      "exception",    "clock_start", "stage_start",   "clock_stop",
        "census",     "version",      "cohort",      "events",        "only",
        "checks",     "referral_id",  NULL
    };
    struct pathway_layout *p = out->pathway = load_alloc(l, 1, sizeof *p);

    if (!p)
        return;
    load_known_keys(l, node, "layout", keys);
    p->slots = load_alloc(l, SLOTS_MAX, sizeof *p->slots);
    if (!p->slots)
        return;
    p->slot_cap = SLOTS_MAX;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        (void)load_slot(l, p, yaml_get(node, pathway_field_names[i]), kind_of(i));
    load_cohort(l, p, yaml_get(node, "cohort"));
    load_events(l, p, node, yaml_get(node, "events"));
    load_conditions(l, p, yaml_get(node, "only"), &p->only, &p->only_count);
    yaml_node *checks = yaml_get(node, "checks");

    for (size_t i = 0; i < yaml_count(checks); i++)
        (void)load_slot(l, p, yaml_item(checks, i), SLOT_TEXT);
    check_key(l, node, out);
    if (l->format->records == RECORDS_PATHWAY_SNAPSHOT) {
        if (p->slots[FIELD_CLOCK_START].source.kind == SOURCE_NONE)
            yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL,
                          "layout \"%s\" needs \"clock_start\"", out->id ? out->id : "");
        p->slots[FIELD_CLOCK_START].source.required = true;
        p->slots[FIELD_CENSUS].source.required = p->slots[FIELD_CENSUS].source.kind != SOURCE_NONE;
    }
}

void pathway_key_load(struct load *l, yaml_node *node, struct format *f)
{
    static const size_t usual[] = { FIELD_ISSUER, FIELD_PATHWAY_ID };
    size_t n = yaml_count(node), most = sizeof f->key_fields / sizeof f->key_fields[0];

    if (!node) {
        memcpy(f->key_fields, usual, sizeof usual);
        f->key_field_count = sizeof usual / sizeof usual[0];
        return;
    }
    if (yaml_kind(node) != YAML_SEQUENCE || n == 0 || n > most) {
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, NULL, "\"key\" is a list of fields");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = yaml_text(yaml_item(node, i));
        size_t k = 0;

        while (k < FIELD_COUNT && (!text || strcmp(text, pathway_field_names[k]) != 0))
            k++;
        if (k == FIELD_COUNT)
            yaml_complain(l->yaml, yaml_item(node, i), l->diags, DIAG_ERROR, NULL,
                          "a key is made of the layout's fields; \"%s\" is none", text ? text : "");
        else
            f->key_fields[f->key_field_count++] = k;
    }
}

void pathway_set_load(struct load *l, yaml_node *node, struct format *f)
{
    static const char *const keys[] = { "tables", NULL };
    yaml_node *tables = yaml_get(node, "tables");

    if (!node)
        return;
    load_known_keys(l, node, "set", keys);
    load_names(l, tables, "tables", false, &f->set_tables);
    if (!f->set_tables.count)
        yaml_complain(l->yaml, node, l->diags, DIAG_ERROR, "for example set: {tables: [a, b]}",
                      "a set needs \"tables\"");
    if (f->set_tables.count > SET_TABLES_MAX)
        yaml_complain(l->yaml, tables, l->diags, DIAG_ERROR, NULL, "a set has at most %d tables",
                      SET_TABLES_MAX);
    for (size_t i = 0; i < f->set_tables.count; i++) {
        bool known = false;

        for (size_t k = 0; k < f->layout_count; k++)
            known |= strcmp(f->layouts[k].id, f->set_tables.items[i]) == 0;
        if (!known)
            yaml_complain(l->yaml, tables, l->diags, DIAG_ERROR, NULL, "there is no layout \"%s\"",
                          f->set_tables.items[i]);
    }
}
