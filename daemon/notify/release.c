#include "notify/release.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "notify/narrow.h"
#include "notify/release_entry.h"
#include "notify/release_system.h"

#define MOVED_MIN 5 /* DESIGN section 10: re-rendered only then */
#define FEW_BELOW 5
#define BESIDE_MOST                                                                                \
    24 /* what gives way does so too where more than so many figures are to be weighed */

/* An entry, or a figure of the findings, that may stand beside another. */
struct known_cell {
    char *key;
    struct release_cell cell;
    struct release_entry entry;
    bool is_new; /* of this message */
};

struct release {
    struct known_cell *list;
    size_t count, room;
    const struct finding_set *findings;
    int error;
};

static void known_cell_release(struct known_cell *k)
{
    free(k->key);
    release_cell_free(&k->cell);
}

void release_free(struct release *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        known_cell_release(&r->list[i]);
    free(r->list);
    free(r);
}

/* Takes the key. Returns what is kept, or NULL with r->error. */
static struct known_cell *add_known(struct release *r, char *key, const struct release_entry *e)
{
    struct known_cell k = { .key = key, .entry = *e };

    if (key && r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 16;
        struct known_cell *list = realloc(r->list, room * sizeof *list);

        r->list = list ? list : r->list;
        r->room = list ? room : r->room;
    }
    bool has_room = key && r->count < r->room;

    if (!has_room || (key[0] != '=' && release_cell_parse(key, &k.cell) == -ENOMEM)) {
        r->error = -ENOMEM;
        free(key);
        return NULL;
    }
    r->list[r->count] = k; /* no figure of a list has no cell: nothing is added up with it */
    return &r->list[r->count++];
}

int release_open(const struct table *entries, const char *receiver,
                 const struct finding_set *findings, struct release **out_release)
{
    struct release *r = calloc(1, sizeof *r);
    size_t len = strlen(receiver);
    const char *name;
    void *value;

    if (!r)
        return -ENOMEM;
    r->findings = findings;
    for (size_t at = 0; r->error == 0 && table_next(entries, &at, &name, &value);)
        if (strncmp(name, receiver, len) == 0 && name[len] == '|')
            (void)add_known(r, strdup(name + len + 1), value);
    int error = r->error;

    if (error < 0)
        release_free(r);
    else
        *out_release = r;
    return error;
}

/* ---- beside what ---- */

struct beside {
    struct statement *list;
    size_t count, room;
    size_t sides; /* of these: told by the news alone */
};

static int add_statement(struct beside *b, const struct statement *s)
{
    if (b->count == b->room) {
        size_t room = b->room ? 2 * b->room : 32;
        struct statement *list = realloc(b->list, room * sizeof *list);

        if (!list)
            return -ENOMEM;
        b->list = list;
        b->room = room;
    }
    b->list[b->count++] = *s;
    b->sides += s->kind == STATEMENT_SIDE;
    return 0;
}

/* Of which list, and as whom. */
struct asking {
    const char *list;
    enum profile profile;
    bool yields;
    size_t steps; /* notify/narrow.h */
};

/* Beside the figure itself, or a flow that is beside it. */
static bool is_beside_any(const struct beside *b, size_t anchors, const struct release_cell *c)
{
    for (size_t i = 0; i < anchors; i++)
        if (release_is_beside(b->list[i].cell, c))
            return true;
    return false;
}

/* The exact counts that a figure is about, as metric/pathway_count.c gives them beside it. */
static void counts_of(struct statement *s, double value, double numerator, double denominator)
{
    const struct pathway_metric *m = &s->cell->metric;

    switch (m->id) {
    case METRIC_OPEN:
    case METRIC_COMPLETED:
    case METRIC_REFERRALS:
    case METRIC_FIRST_CONTACTS:
    case METRIC_CLOCK_STOPS:
    case METRIC_REMOVALS_UNSEEN:
        s->part = s->whole = value;
        break;
    case METRIC_BREACHING_WITHIN:
        s->part = value;
        s->whole = denominator;
        break;
    case METRIC_OPEN_OVER:
    case METRIC_OPEN_WITHIN:
    case METRIC_COMPLETED_WITHIN:
    case METRIC_SHORTFALL:
        s->part = numerator;
        s->whole = denominator;
        break;
    case METRIC_MEDIAN_WAIT:
    case METRIC_P90_WAIT:
    case METRIC_P92_WAIT:
    case METRIC_MEAN_WAIT:
    case METRIC_LONGEST_WAIT:
    case METRIC_PRESSURE:
        s->part = s->whole = denominator;
        break;
    case METRIC_TARGET_QUEUE:
    case METRIC_RELIEF_CAPACITY:
    case METRIC_CLEARANCE_WEEKS:
    case METRIC_LOAD:
        s->part = numerator;
        break;
    case METRIC_NET_CHANGE:
        break;
    }
}

static bool is_few(double people)
{
    return people < FEW_BELOW;
}

/* What is hidden of few: of those whom the figure counts, or counted as it does of others. */
static bool is_spoken_of(const struct statement *s, const struct release_cell *asked)
{
    return is_few(s->part) &&
           (release_is_of_same(s->cell, asked) ||
            (s->cell->metric.id == asked->metric.id &&
             release_days(s->cell->metric.wait) == release_days(asked->metric.wait)));
}

/* The news tells it, whether the figure is shown or not. */
static int add_side(struct beside *b, const struct release_cell *cell, double low, double high)
{
    const struct statement side = { cell, STATEMENT_SIDE, low, high, false, NAN, NAN };

    return isfinite(low) || isfinite(high) ? add_statement(b, &side) : 0;
}

/* Restated since over a line: who reads the news knows that it is no figure of what is so now. */
static bool is_overtaken(const struct beside *b, const struct statement *told)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct statement *s = &b->list[i];

        if (s->kind == STATEMENT_SIDE && release_is_same_figure(s->cell, told->cell) &&
            (told->low > s->high || told->high < s->low))
            return true;
    }
    return false;
}

static int add_entry(const struct known_cell *k, struct beside *b)
{
    const struct release_entry *e = &k->entry;
    struct statement s = { &k->cell, STATEMENT_SHOWN, e->low, e->high, false, NAN, NAN };
    int error = 0;

    counts_of(&s, e->value, e->numerator, e->denominator);
    if (is_overtaken(b, &s))
        return 0;
    if (!e->is_shown) {
        s.kind = STATEMENT_KNOWN;
        error = add_side(b, &k->cell, e->low, e->high);
    }
    if (error == 0 && (e->is_shown || is_spoken_of(&s, b->list[0].cell)))
        error = add_statement(b, &s);
    return error;
}

static int add_entries(const struct release *r, const char *but, size_t anchors, bool flows,
                       struct beside *b)
{
    int error = 0;

    for (size_t i = 0; error == 0 && i < r->count; i++) {
        const struct known_cell *k = &r->list[i];

        if (k->cell.family && k->cell.is_stock != flows && strcmp(k->key, but) != 0 &&
            is_beside_any(b, anchors, &k->cell))
            error = add_entry(k, b);
    }
    return error;
}

/* A figure that is known to be hidden because it is small: so nobody has to guess that. */
static enum statement_kind kind_of(const struct pathway_metric *m, const struct series_version *v)
{
    if (v->marker != MARKER_NONE || v->gap || isnan(v->value))
        return STATEMENT_KNOWN;
    if (m->unit == UNIT_PERCENT || m->id == METRIC_SHORTFALL || m->id == METRIC_TARGET_QUEUE)
        return is_few(v->numerator)                                               ? STATEMENT_FEW
               : m->unit == UNIT_PERCENT && is_few(v->denominator - v->numerator) ? STATEMENT_REST
                                                                                  : STATEMENT_KNOWN;
    return m->unit == UNIT_COUNT && m->id != METRIC_NET_CHANGE && is_few(v->value)
               ? STATEMENT_FEW
               : STATEMENT_KNOWN;
}

static struct known_cell *find(const struct release *r, const char *key)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->list[i].key, key) == 0)
            return &r->list[i];
    return NULL;
}

/* Behind its line, so that it is told now or soon: what gives way stands beside it. */
static bool is_to_be_told(const struct release *r, const struct period_judgement *j,
                          const char *key)
{
    return (j->event == PERIOD_AMBER || j->event == PERIOD_RED) && !find(r, key);
}

/* A figure as the findings have it: of a period, or projected beyond its data. */
struct fact {
    const struct finding *f;
    const struct period_judgement *j;
    const struct series_version *version;
    struct civil_date start, end;
    int aged;
};

static struct figure_kind kind_of_fact(const struct fact *fact, const struct release_cell *cell,
                                       enum profile profile)
{
    return (struct figure_kind){ .unit = cell->metric.unit,
                                 .is_longest = measure_is_longest(fact->f->measure),
                                 .profile = profile,
                                 .tells_none = fact->f->measure->tells_none };
}

/* What a measure's figure would say if it were told. */
static void as_if_told(const struct fact *fact, enum profile profile, struct statement *s)
{
    const struct figure_kind kind = kind_of_fact(fact, s->cell, profile);
    struct release_figure own = { fact->f->measure, fact->start,   fact->end, 0,
                                  fact->version,    fact->j->line, false };

    if (figure_line_hidden(own.line, kind))
        own.line = NAN;
    const struct release_entry told = release_entry_of(&own, kind);

    if (!told.is_shown)
        return;
    s->kind = STATEMENT_SHOWN;
    s->low = told.low;
    s->high = told.high;
    s->is_rounded = profile == PROFILE_PUBLIC && kind.unit == UNIT_PERCENT;
}

/* On which side of its lines it is known to be. */
static int add_its_side(const struct fact *fact, const struct release_cell *cell,
                        enum profile profile, struct beside *b)
{
    const struct figure_kind kind = kind_of_fact(fact, cell, profile);
    double scale = release_scale(fact->f->measure, fact->version),
           aged = release_aged(fact->aged, kind);
    const struct side_range side = side_of_judged(fact->f, fact->j, fact->version->value, kind,
                                                  release_is_count(kind) && scale == 1);

    if (isnan(fact->version->value) || fact->version->marker != MARKER_NONE || fact->version->gap)
        return 0;
    if (kind.is_longest && kind.unit == UNIT_WEEKS) /* of which the system has days */
        scale = 1.0 / 7;
    return add_side(b, cell, (side.low - aged) / scale, (side.high - aged) / scale);
}

/* Takes the cell, which *to becomes. */
static int add_fact(const struct release *r, const struct asking *asking, const struct fact *fact,
                    const char *key, struct release_cell *cell, struct beside *b,
                    struct release_cell **to)
{
    struct statement s = { NULL, kind_of(&cell->metric, fact->version), 0, 0, false, NAN, NAN };

    if (!(*to = malloc(sizeof **to)))
        return -ENOMEM;
    **to = *cell;
    *cell = (struct release_cell){ 0 };
    s.cell = *to;
    counts_of(&s, fact->version->value, fact->version->numerator, fact->version->denominator);
    if (asking->yields && s.kind == STATEMENT_KNOWN && fact->aged == 0 &&
        is_to_be_told(r, fact->j, key))
        as_if_told(fact, asking->profile, &s);
    int error = add_statement(b, &s);

    return error < 0 ? error : add_its_side(fact, *to, asking->profile, b);
}

/* Takes its cell into facts where it stands beside what is asked. */
static int look_at_fact(const struct release *r, const struct asking *asking,
                        const struct fact *fact, size_t anchors, bool flows, struct beside *b,
                        struct release_cell **facts, size_t *fact_count)
{
    AUTO(auto_free) char *key = release_key(fact->f->measure, fact->start, fact->end, fact->aged);
    AUTO(release_cell_free) struct release_cell cell = { 0 };
    int error = key ? release_cell_parse(key, &cell) : -ENOMEM;

    if (error < 0 || cell.is_stock == flows || !is_beside_any(b, anchors, &cell))
        return error;
    return add_fact(r, asking, fact, key, &cell, b, &facts[(*fact_count)++]);
}

/* What the findings know of a list around some days; takes its cells into facts. */
static int add_facts(const struct release *r, const struct asking *asking, size_t anchors,
                     bool flows, struct beside *b, struct release_cell **facts, size_t *fact_count)
{
    int error = 0;

    for (size_t i = 0; r->findings && i < r->findings->count; i++) {
        const struct finding *f = &r->findings->list[i];
        const struct ageing *a = &f->ageing;

        if (f->rule != RULE_BEHIND_PLAN || !f->measure->list ||
            strcmp(f->measure->list->list, asking->list) != 0)
            continue;
        for (size_t k = 0; error == 0 && k < f->history_count; k++) {
            const struct period_judgement *j = &f->history[k];
            const struct fact of_period = { f, j, j->version, j->start, j->end, 0 };

            if (j->version)
                error = look_at_fact(r, asking, &of_period, anchors, flows, b, facts, fact_count);
        }
        const struct fact projected = { f,
                                        &a->judged,
                                        &a->version,
                                        a->data_date,
                                        a->data_date,
                                        a->judged.end.day - a->data_date.day };
        bool is_projected = a->state == AGEING_FINE || a->state == AGEING_BEHIND;

        if (error == 0 && is_projected && projected.aged > 0 && release_can_age(f->measure))
            error = look_at_fact(r, asking, &projected, anchors, flows, b, facts, fact_count);
    }
    return error;
}

static size_t facts_most(const struct release *r)
{
    size_t most = 1;

    for (size_t i = 0; r->findings && i < r->findings->count; i++)
        most += r->findings->list[i].history_count + 1; /* and what is projected */
    return 2 * most;
}

/* Flows first, then what is beside them too. */
static bool is_safe(struct release *r, const char *key, const struct statement *own,
                    const struct asking *asking)
{
    struct beside b = { 0 };
    AUTO(auto_free)
    struct release_cell **facts = calloc(facts_most(r), sizeof(struct release_cell *));
    size_t fact_count = 0;
    int error = facts ? add_statement(&b, own) : -ENOMEM;

    for (int flows = 1; error == 0 && flows >= 0; flows--) {
        size_t anchors = b.count;

        error = add_facts(r, asking, anchors, flows, &b, facts, &fact_count);
        if (error == 0)
            error = add_entries(r, key, anchors, flows, &b);
    }
    bool is_too_much = asking->yields && b.count - b.sides > BESIDE_MOST;
    int safe = error < 0     ? error
               : is_too_much ? 0
                             : release_is_safe(b.list, b.count, asking->steps);

    for (size_t i = 0; facts && i < fact_count; i++) {
        release_cell_free(facts[i]);
        free(facts[i]);
    }
    free(b.list);
    if (safe < 0)
        r->error = safe;
    return safe > 0;
}

/* ---- the answer ---- */

static bool is_near(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) < MOVED_MIN;
}

/* Its parts where they are known: a share of few moves much. */
static bool has_moved(const struct release_entry *e, const struct series_version *v)
{
    bool by_parts = !isnan(e->numerator) && !isnan(v->numerator) && !isnan(e->denominator) &&
                    !isnan(v->denominator);

    if (isinf(e->value) || isinf(v->value))
        return e->value != v->value;
    if (by_parts)
        return !is_near(e->numerator, v->numerator) || !is_near(e->denominator, v->denominator);
    return !is_near(e->value, v->value);
}

static bool has_crossed(const struct release_entry *e, const struct release_figure *f)
{
    return !isnan(f->line) && side_differs(f->measure, e->value, f->version->value, f->line);
}

static bool answer(const struct known_cell *k, struct series_version *out)
{
    out->value = k->entry.value;
    out->numerator = k->entry.numerator;
    out->denominator = k->entry.denominator;
    return k->entry.is_shown;
}

static bool is_safe_to_tell(struct release *r, const struct known_cell *k,
                            const struct release_figure *f, enum profile profile,
                            const struct statement *own)
{
    if (!f->measure->list)
        return true;
    const struct asking asking = { f->measure->list->list, profile, f->yields,
                                   isnan(f->line) ? NARROW_STEPS_FEW : NARROW_STEPS };

    return k->cell.family && (f->aged == 0 || release_can_age(f->measure)) &&
           is_safe(r, k->key, own, &asking);
}

/* A figure that is rendered, for the first time or anew: beside all the others or not at all. */
static void settle(struct release *r, struct known_cell *k, const struct release_figure *f,
                   struct figure_kind kind)
{
    struct release_entry told = release_entry_of(f, kind);
    struct statement own = { &k->cell,
                             STATEMENT_SHOWN,
                             told.low,
                             told.high,
                             kind.profile == PROFILE_PUBLIC && kind.unit == UNIT_PERCENT,
                             NAN,
                             NAN };

    if (k->cell.family)
        counts_of(&own, told.value, told.numerator, told.denominator);

    if (told.is_shown && !is_safe_to_tell(r, k, f, kind.profile, &own)) {
        told.is_shown = false;
        told.low = -INFINITY;
        told.high = INFINITY;
        if (!kind.is_longest)
            release_entry_side(&told, f, kind);
    }
    k->entry = told;
    k->is_new = true;
}

/* What was told before says less of it than the news does now. */
static bool is_told_more(const struct release_entry *e, const struct release_figure *f,
                         struct figure_kind kind)
{
    struct release_entry told = *e;

    if (kind.is_longest || release_scale(f->measure, f->version) != 1)
        return false;
    release_entry_side(&told, f, kind);
    release_entry_none(&told, kind);
    return told.low > e->low || told.high < e->high;
}

/* The news says so whether or not the figure stays: that is kept, and beside it the figure is asked for anew; so is
 * what another measure of it says, of which the plan lets 0 be told. */
static void tell_more(struct release *r, struct known_cell *k, const struct release_figure *f,
                      struct figure_kind kind)
{
    struct statement own = { &k->cell, STATEMENT_SHOWN, 0, 0, false, NAN, NAN };

    release_entry_side(&k->entry, f, kind);
    k->is_new = true;
    if (!k->entry.is_shown)
        return;
    struct release_entry told = k->entry;

    release_entry_none(&told, kind);
    own.low = told.low;
    own.high = told.high;
    own.is_rounded = kind.profile == PROFILE_PUBLIC && kind.unit == UNIT_PERCENT;
    if (k->cell.family)
        counts_of(&own, k->entry.value, k->entry.numerator, k->entry.denominator);
    told.is_shown = is_safe_to_tell(r, k, f, kind.profile, &own);
    if (told.is_shown)
        k->entry = told;
    else
        k->entry.is_shown = false;
}

bool release_ask(struct release *r, const struct release_figure *f, struct figure_kind kind,
                 struct series_version *out_version)
{
    const struct series_version *v = f->version;

    *out_version = *v;
    if (!r || kind.published || v->marker != MARKER_NONE || v->gap || isnan(v->value))
        return true;
    char *key = release_key(f->measure, f->start, f->end, f->aged);
    struct known_cell *k = key ? find(r, key) : NULL;
    const struct release_entry none = { NAN, NAN, NAN, -INFINITY, INFINITY, false };
    bool is_there = k != NULL;

    if (is_there)
        free(key);
    else
        k = add_known(r, key, &none);
    if (!k)
        return false;
    if (!is_there || (!k->is_new && (has_moved(&k->entry, v) || has_crossed(&k->entry, f))))
        settle(r, k, f, kind);
    else if (is_told_more(&k->entry, f, kind))
        tell_more(r, k, f, kind);
    return answer(k, out_version);
}

json_t *release_added(const struct release *r, int *out_error)
{
    json_t *added = NULL;

    *out_error = r ? r->error : 0;
    for (size_t i = 0; r && i < r->count; i++) {
        if (!r->list[i].is_new)
            continue;
        if (!added)
            added = json_object();
        if (json_object_set_new(added, r->list[i].key, release_entry_json(&r->list[i].entry)) < 0)
            *out_error = -ENOMEM;
    }
    return added;
}
