/*
 * yaml_read - libfyaml's events to nodes
 *
 * Events, not libfyaml's own document: an event names the token it came from, so every node gets
 * its place; anchors, aliases and tags are seen before anything is resolved; and nothing recurses.
 * The first syntax error ends the parse; what we refuse ourselves is reported and the parse goes
 * on, so that one pass reports it all.
 */
#include <assert.h>
#include <errno.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "yaml/yaml_node.h"

struct reader {
    struct yaml *y;
    struct diags *diags;
    struct yaml_node *open[YAML_DEPTH_MAX]; /* the collections not yet ended, outermost first */
    size_t depth;
    struct yaml_span last; /* of the newest node that had a place */
    size_t documents;
    int error; /* ends the parse: -EINVAL (said) or -ENOMEM */
    bool refused;
};

static void keep_quiet(struct fy_diag *diag, void *user, const char *buf, size_t len)
{
    (void)diag;
    (void)user;
    (void)buf;
    (void)len;
}

/* ---- nodes ---- */

static struct yaml_node *node_new(struct reader *r, enum yaml_kind kind)
{
    struct yaml_node *n;

    if (r->y->node_count >= YAML_NODES_MAX) {
        yaml_complain_at(r->y, &r->last, r->diags, DIAG_ERROR, NULL, "more than %d values",
                         YAML_NODES_MAX);
        r->error = -EINVAL;
        return NULL;
    }
    n = calloc(1, sizeof *n);
    if (!n) {
        r->error = -ENOMEM;
        return NULL;
    }
    n->kind = kind;
    n->older = r->y->newest;
    r->y->newest = n;
    r->y->node_count++;
    return n;
}

static bool wants_key(const struct yaml_node *mapping)
{
    return mapping->kind == YAML_MAPPING && mapping->child_count % 2 == 0;
}

/* A value left out is shown at its key. */
static struct yaml_span place_of_nothing(const struct reader *r)
{
    const struct yaml_node *parent = r->depth ? r->open[r->depth - 1] : NULL;

    if (parent && parent->kind == YAML_MAPPING && parent->child_count % 2 == 1)
        return parent->children[parent->child_count - 1]->at;
    return r->last;
}

static void place(struct reader *r, struct yaml_node *n, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
    const char *source = r->y->source;

    if (!start || !end) {
        n->at = place_of_nothing(r);
        return;
    }
    n->at = (struct yaml_span){ (uint32_t)start->line + 1, (uint32_t)start->column + 1,
                                (uint32_t)start->input_pos, (uint32_t)end->input_pos };
    /* libfyaml's marks leave the quotes out. */
    if (n->quoted && n->at.start > 0 && n->at.column > 1 &&
        (source[n->at.start - 1] == '"' || source[n->at.start - 1] == '\'')) {
        n->at.start--;
        n->at.column--;
        n->at.end++;
    }
    r->last = n->at;
}

/* Hangs a node into the innermost open collection. */
static int attach(struct reader *r, struct yaml_node *n)
{
    struct yaml_node *parent = r->depth ? r->open[r->depth - 1] : NULL;

    if (!parent) {
        r->y->root = n;
        return 0;
    }
    if (parent->child_count == parent->child_cap) {
        size_t cap = parent->child_cap ? parent->child_cap * 2 : 4;
        struct yaml_node **children = realloc(parent->children, cap * sizeof(*children));

        if (!children)
            return -ENOMEM;
        parent->children = children;
        parent->child_cap = cap;
    }
    parent->children[parent->child_count++] = n;
    return 0;
}

static void refuse(struct reader *r, const struct yaml_span *at, const char *hint, const char *what)
{
    yaml_complain_at(r->y, at, r->diags, DIAG_ERROR, hint, "%s", what);
    r->refused = true;
}

static void refuse_decorations(struct reader *r, const struct yaml_node *n, struct fy_event *event)
{
    if (fy_event_get_anchor_token(event))
        refuse(r, &n->at, "write the value out where it is used",
               "anchors (&name) are not used here");
    if (fy_event_get_tag_token(event))
        refuse(r, &n->at, "put text in quotes instead", "tags (!type) are not used here");
}

/*
 * libfyaml 0.7.12 gives a block of text ("|", ">") whose sign stands on an indented line of its own
 * with its end cut off, or with bytes of foreign memory in its place. The event begins on the line
 * below the sign.
 */
static bool is_misread_block(const struct reader *r, struct fy_event *event, size_t *out_sign)
{
    enum fy_scalar_style style = fy_scalar_token_get_style(event->scalar.value);
    const struct fy_mark *mark = fy_event_start_mark(event);
    const char *source = r->y->source;
    size_t start, at;

    if ((style != FYSS_LITERAL && style != FYSS_FOLDED) || !mark)
        return false;
    start = mark->input_pos < r->y->source_len ? mark->input_pos : r->y->source_len;
    while (start > 0 && strchr("\r\n", source[start - 1]))
        start--;
    while (start > 0 && !strchr("\r\n", source[start - 1]))
        start--;
    if (start == 0 && strncmp(source, "\xef\xbb\xbf", 3) == 0)
        start = 3;
    at = start + strspn(source + start, " ");
    *out_sign = at;
    return at > start && (source[at] == '|' || source[at] == '>');
}

/* ---- one event each ---- */

static void on_scalar(struct reader *r, struct fy_event *event)
{
    struct yaml_node *n = node_new(r, YAML_SCALAR);
    size_t len = 0;

    if (!n)
        return;
    enum fy_scalar_style style = fy_scalar_token_get_style(event->scalar.value);
    const char *text = fy_token_get_text(event->scalar.value, &len);

    size_t sign = 0;
    bool is_misread = is_misread_block(r, event, &sign);

    n->quoted = style != FYSS_PLAIN && style != FYSS_ANY;
    if (is_misread)
        len = 0;
    n->text = strndup(text ? text : "", len);
    place(r, n, event);
    if (is_misread) {
        struct yaml_span at = yaml_span_at(r->y, sign);

        refuse(r, &at, "put its sign at the end of the line above",
               "a block of text whose sign stands on a line of its own");
    }
    if (!n->text || attach(r, n) < 0) {
        r->error = -ENOMEM;
        return;
    }
    refuse_decorations(r, n, event);
    if (strlen(n->text) < len)
        refuse(r, &n->at, NULL, "a NUL character in a text");
    const struct yaml_node *parent = r->depth ? r->open[r->depth - 1] : NULL;
    bool is_key = parent && parent->kind == YAML_MAPPING && parent->child_count % 2 == 1;

    if (is_key && !n->quoted && strcmp(n->text, "<<") == 0)
        refuse(r, &n->at, "write the keys out", "merge keys (<<) are not used here");
}

static void on_alias(struct reader *r, struct fy_event *event)
{
    struct yaml_node *n = node_new(r, YAML_SCALAR);

    if (!n)
        return;
    n->text = strdup("");
    n->alias = true;
    place(r, n, event);
    if (!n->text || attach(r, n) < 0) {
        r->error = -ENOMEM;
        return;
    }
    refuse(r, &n->at, "write the value out where it is used", "aliases (*name) are not used here");
}

static void on_start(struct reader *r, struct fy_event *event, enum yaml_kind kind)
{
    struct yaml_node *n = node_new(r, kind);

    if (!n)
        return;
    n->flow = fy_event_get_node_style(event) == FYNS_FLOW;
    place(r, n, event);
    refuse_decorations(r, n, event);
    if (r->depth > 0 && wants_key(r->open[r->depth - 1])) {
        refuse(r, &n->at, "put the key in quotes if it begins with [ or {", "a key must be text");
        r->error = -EINVAL;
        return;
    }
    if (r->depth == YAML_DEPTH_MAX) {
        yaml_complain_at(r->y, &n->at, r->diags, DIAG_ERROR, NULL, "nested deeper than %d levels",
                         YAML_DEPTH_MAX);
        r->error = -EINVAL;
        return;
    }
    if (attach(r, n) < 0) {
        r->error = -ENOMEM;
        return;
    }
    r->open[r->depth++] = n;
}

static void check_duplicates(struct reader *r, const struct yaml_node *mapping)
{
    struct table seen = TABLE_INIT;

    for (size_t i = 0; i + 1 < mapping->child_count && !r->error; i += 2) {
        struct yaml_node *key = mapping->children[i];
        const struct yaml_node *first = table_get(&seen, key->text);

        if (first) {
            yaml_complain_at(r->y, &key->at, r->diags, DIAG_ERROR, "leave one of them out",
                             "the key \"%s\" is given twice; first at line %u, column %u",
                             key->text, first->at.line, first->at.column);
            r->refused = true;
        } else if (!key->alias && table_set(&seen, key->text, key, NULL) < 0) {
            r->error = -ENOMEM;
        }
    }
    table_release(&seen, NULL);
}

static void on_end(struct reader *r)
{
    assert(r->depth > 0);
    struct yaml_node *n = r->open[--r->depth];

    if (n->kind == YAML_MAPPING)
        check_duplicates(r, n);
}

static void on_document(struct reader *r, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);

    if (++r->documents < 2)
        return;
    struct yaml_span at = mark ? yaml_span_of(r->y, mark->line + 1, mark->column + 1) : r->last;

    refuse(r, &at, NULL, "a second document (---): one file holds one");
    r->error = -EINVAL;
}

static void on_event(struct reader *r, struct fy_event *event)
{
    switch (event->type) {
    case FYET_SCALAR:
        on_scalar(r, event);
        break;
    case FYET_ALIAS:
        on_alias(r, event);
        break;
    case FYET_MAPPING_START:
        on_start(r, event, YAML_MAPPING);
        break;
    case FYET_SEQUENCE_START:
        on_start(r, event, YAML_SEQUENCE);
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        on_end(r);
        break;
    case FYET_DOCUMENT_START:
        on_document(r, event);
        break;
    default:
        break;
    }
}

/* ---- syntax errors ---- */

/* Where the innermost bracket still open began, when that is not on the line of the error. */
static const struct yaml_node *open_bracket(const struct reader *r, unsigned error_line)
{
    for (size_t i = r->depth; i > 0; i--) {
        if (r->open[i - 1]->flow && r->open[i - 1]->at.line < error_line)
            return r->open[i - 1];
    }
    return NULL;
}

static void complain_syntax(struct reader *r, struct fy_diag *fy)
{
    void *iterator = NULL;
    const struct fy_diag_error *e = fy_diag_errors_iterate(fy, &iterator);
    struct yaml_span at = r->last;
    const char *message = e && e->msg ? e->msg : "this is not YAML";
    char hint[120];
    const char *given = NULL;

    if (e && e->line > 0)
        at = yaml_span_of(r->y, e->line, e->column > 0 ? e->column : 1);
    const struct yaml_node *bracket = open_bracket(r, at.line);

    if (strstr(message, "tab ")) {
        given = "indent with spaces";
    } else if (bracket) {
        (void)snprintf(hint, sizeof hint, "a bracket opened at line %u, column %u is still open",
                       bracket->at.line, bracket->at.column);
        given = hint;
    } else if (strstr(message, "plain scalar cannot start") ||
               strstr(message, "nested block mapping")) {
        given = "put the text in quotes";
    }
    yaml_complain_at(r->y, &at, r->diags, DIAG_ERROR, given, "%s", message);
}

int yaml_read(struct yaml *y, struct diags *diags)
{
    struct reader r = { .y = y, .diags = diags, .last = { 1, 1, 0, 1 } };
    struct fy_diag_cfg diag_cfg;
    struct fy_diag *fy;
    struct fy_event *event = NULL;

    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = keep_quiet;
    diag_cfg.colorize = false;
    fy = fy_diag_create(&diag_cfg);
    if (!fy)
        return -ENOMEM;
    fy_diag_set_collect_errors(fy, true);

    struct fy_parse_cfg cfg = { .search_path = "",
                                .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE,
                                .diag = fy };
    struct fy_parser *parser = fy_parser_create(&cfg);

    /* libfyaml 0.7.12 reads past the end of a literal block that stops without a line end: lend
     * one. */
    size_t len = y->source_len;

    if (len > 0 && y->source[len - 1] != '\n')
        len++;
    if (!parser || fy_parser_set_string(parser, y->source, len) != 0)
        r.error = -ENOMEM;
    while (r.error == 0 && (event = fy_parser_parse(parser)) != NULL) {
        on_event(&r, event);
        fy_parser_event_free(parser, event);
    }
    if (r.error == 0 && (fy_parser_get_stream_error(parser) || fy_diag_got_error(fy))) {
        complain_syntax(&r, fy);
        r.error = -EINVAL;
    }
    /* fy_parser_destroy may be called with NULL; the diagnostics live until both have let go. */
    fy_parser_destroy(parser);
    fy_diag_destroy(fy);
    if (r.error == 0 && r.refused)
        r.error = -EINVAL;
    return r.error;
}
