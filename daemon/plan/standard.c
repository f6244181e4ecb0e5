#include "plan/standard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

static const char *const kinds[] = { "national", "law", "guidance", NULL };
static const enum line_of kind_of[] = { LINE_OF_STANDARD, LINE_OF_LAW, LINE_OF_GUIDANCE };
static const char *const confidences[] = { "verified", "secondary", "unverified", NULL };

struct file_raw {
    yaml_node *standards, *none;
};

static const struct bind_key file_keys[] = {
    { "standards", BIND_NODE, BIND_FIELD(struct file_raw, standards), NULL, 0, 0, NULL, 1,
      "national and statutory lines, a list" },
    { "none", BIND_NODE, BIND_FIELD(struct file_raw, none), NULL, 0, 0, NULL, 0,
      "what has no standard: a list of {words, why}" },
    BIND_END,
};

struct standard_raw {
    struct standard s;
    int kind;
    yaml_node *lines;
};

#define STANDARD(name) BIND_FIELD(struct standard_raw, name)

static const struct bind_key standard_keys[] = {
    { "id", BIND_ID, STANDARD(s.id), NULL, 0, 0, NULL, 1, "as measures name it" },
    { "title", BIND_TEXT, STANDARD(s.title), NULL, 0, 0, NULL, 1, "as messages call it" },
    { "kind", BIND_CHOICE, STANDARD(kind), NULL, 0, 0, kinds, 1,
      "law: an act or regulations say it; national: a standard of NHS England or the government; "
      "guidance: advice, which nobody is held to" },
    { "definition", BIND_TEXT, STANDARD(s.definition), NULL, 0, 0, NULL, 1,
      "what is counted, and from when to when" },
    { "source", BIND_TEXT, STANDARD(s.source), NULL, 0, 0, NULL, 1, "where it is written" },
    { "confidence", BIND_CHOICE, STANDARD(s.confidence), NULL, 0, 0, confidences, 1,
      "verified: read in the source itself; secondary: in what others say of it; unverified: "
      "correct it here when you know" },
    { "note", BIND_TEXT, STANDARD(s.note), NULL, 0, 0, NULL, 0, "what else one should know" },
    { "wait", BIND_DURATION, STANDARD(s.wait), NULL, 0, 0, NULL, 0,
      "the longest wait it allows: 18w, 126d or 3m (calendar months)" },
    { "services", BIND_TEXTS, STANDARD(s.services), NULL, 0, 0, NULL, 0,
      "services.yaml ids that it is for; any when left out" },
    { "lines", BIND_NODE, STANDARD(lines), NULL, 0, 0, NULL, 0,
      "what is asked: a list of {from: DATE, at_least or at_most: NUMBER}, each until the next" },
    BIND_END,
};

struct line_raw {
    struct civil_date from;
    double at_least, at_most;
};

static const struct bind_key standard_line_keys[] = {
    { "from", BIND_DATE, BIND_FIELD(struct line_raw, from), NULL, 0, 0, NULL, 1, "the first day" },
    { "at_least", BIND_NUMBER, BIND_FIELD(struct line_raw, at_least), NULL, 0, 0, NULL, 0,
      "met by this figure or a higher one" },
    { "at_most", BIND_NUMBER, BIND_FIELD(struct line_raw, at_most), NULL, 0, 0, NULL, 0,
      "met by this figure or a lower one" },
    BIND_END,
};

static const struct bind_key none_keys[] = {
    { "words", BIND_TEXTS, BIND_FIELD(struct standard_none, words), NULL, 0, 0, NULL, 1,
      "a measure that is called so, or whose feed, list or metric is, has no standard" },
    { "why", BIND_TEXT, BIND_FIELD(struct standard_none, why), NULL, 0, 0, NULL, 1,
      "said where a plan claims one" },
    BIND_END,
};

struct reading {
    const struct yaml *y;
    struct diags *diags;
    struct standards *s;
};

static void complain(const struct reading *rd, yaml_node *at, const char *hint, const char *what)
{
    yaml_complain(rd->y, at, rd->diags, DIAG_ERROR, hint, "%s", what);
}

/* A list, or nothing; *out_count: of its items. */
static int list_of(const struct reading *rd, yaml_node *list, const char *what, size_t *out_count)
{
    *out_count = 0;
    if (yaml_is_nothing(list))
        return 0;
    if (yaml_kind(list) != YAML_SEQUENCE) {
        complain(rd, list, "begin each with \"- \"", what);
        return -EINVAL;
    }
    *out_count = yaml_count(list);
    return 0;
}

static int read_line(const struct reading *rd, yaml_node *node, struct standard *s)
{
    struct line_raw raw = { DATE_NONE, 0, 0 };
    struct standard_line *last = s->line_count ? &s->lines[s->line_count - 1] : NULL;
    int r = bind_mapping(rd->y, node, "line", standard_line_keys, &raw, rd->diags);
    bool is_floor = !yaml_is_nothing(yaml_get(node, "at_least"));

    if (r < 0)
        return r;
    if (is_floor == !yaml_is_nothing(yaml_get(node, "at_most"))) {
        complain(rd, node, "write {from: DATE, at_least: 92}", "line: one figure is wanted");
        return -EINVAL;
    }
    if (last && (date_compare(raw.from, last->from) <= 0 || is_floor != last->is_floor)) {
        complain(rd, node, NULL, "line: lines are of one side, and the oldest comes first");
        return -EINVAL;
    }
    s->lines[s->line_count++] =
        (struct standard_line){ raw.from, is_floor, is_floor ? raw.at_least : raw.at_most };
    return 0;
}

static int read_standard(const struct reading *rd, yaml_node *node)
{
    struct standard_raw raw = { .lines = NULL };
    struct standard *slot = &rd->s->list[rd->s->count++];
    size_t lines = 0;
    int r = bind_mapping(rd->y, node, "standard", standard_keys, &raw, rd->diags);
    bool is_twice = raw.s.id && standard_find(rd->s, raw.s.id);

    *slot = raw.s;
    slot->kind = (int)kind_of[raw.kind];
    if (is_twice) {
        complain(rd, yaml_get(node, "id"), NULL, "standard: its id is given twice");
        r = r < 0 ? r : -EINVAL;
    }
    if (r == 0)
        r = list_of(rd, raw.lines, "lines: this is not a list", &lines);
    slot->lines = calloc(lines + 1, sizeof *slot->lines);
    if (!slot->lines)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < lines; i++)
        r = read_line(rd, yaml_item(raw.lines, i), slot);
    if (r == 0 && lines == 0 && slot->wait.count == 0) {
        complain(rd, node, "add \"wait: 18w\" or \"lines:\"", "standard: it asks for nothing");
        r = -EINVAL;
    }
    return r;
}

static int read_file(const struct reading *rd)
{
    struct file_raw raw = { NULL, NULL };
    size_t count = 0, none = 0;
    int r = bind_mapping(rd->y, yaml_root(rd->y), "standards.yaml", file_keys, &raw, rd->diags);

    if (r == 0)
        r = list_of(rd, raw.standards, "standards: this is not a list", &count);
    if (r == 0)
        r = list_of(rd, raw.none, "none: this is not a list", &none);
    rd->s->list = calloc(count + 1, sizeof *rd->s->list);
    rd->s->none = calloc(none + 1, sizeof *rd->s->none);
    if (!rd->s->list || !rd->s->none)
        return -ENOMEM;
    for (size_t i = 0; r != -ENOMEM && i < count; i++) {
        int one = read_standard(rd, yaml_item(raw.standards, i));

        r = r < 0 && one != -ENOMEM ? r : one;
    }
    for (size_t i = 0; r != -ENOMEM && i < none; i++) {
        struct standard_none *n = &rd->s->none[rd->s->none_count++];
        int one = bind_mapping(rd->y, yaml_item(raw.none, i), "none", none_keys, n, rd->diags);

        r = r < 0 && one != -ENOMEM ? r : one;
    }
    return r;
}

int standards_load(const char *path, struct diags *diags, struct standards **out_standards)
{
    struct yaml *y = NULL;
    struct standards *s = calloc(1, sizeof *s);
    int r = s ? yaml_load(path, diags, &y) : -ENOMEM;

    if (r == 0)
        r = read_file(&(struct reading){ y, diags, s });
    yaml_free(y);
    if (r < 0)
        standards_free(s);
    else
        *out_standards = s;
    return r == -ENOMEM || r == 0 ? r : -EINVAL;
}

void standards_free(struct standards *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->list && i < s->count; i++) {
        struct standard_raw raw = { .s = s->list[i] };

        bind_release(standard_keys, &raw);
        free(s->list[i].lines);
    }
    for (size_t i = 0; s->none && i < s->none_count; i++)
        bind_release(none_keys, &s->none[i]);
    free(s->list);
    free(s->none);
    free(s);
}

const struct standard *standard_find(const struct standards *s, const char *id)
{
    assert(s && id);
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i].id && strcmp(s->list[i].id, id) == 0)
            return &s->list[i];
    return NULL;
}

const char *standard_none_of(const struct standards *s, const char *text)
{
    AUTO(auto_free) char *folded = text ? text_folded(text) : NULL;

    for (size_t i = 0; folded && i < s->none_count; i++)
        for (size_t k = 0; k < s->none[i].words.count; k++) {
            AUTO(auto_free) char *word = text_folded(s->none[i].words.items[k]);

            if (word && *word && strstr(folded, word))
                return s->none[i].why;
        }
    return NULL;
}

const char *line_of_name(enum line_of kind)
{
    static const char *const names[] = { "plan", "national standard", "law", "guidance" };

    assert((size_t)kind < sizeof names / sizeof names[0]);
    return names[kind];
}

const char *confidence_name(enum standard_confidence c)
{
    return confidences[c];
}
