#include "notify/release_system.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "notify/narrow.h"

#define FEW             4
#define SHARE_PART_MIN  5 /* what is shown at all, as notify/figure.c has it */
#define SHARE_WHOLE_MIN 10
#define AVERAGE_MIN     8
#define ATOMS_MOST      1500
#define VECTORS_MOST    1200
#define PLANES_MOST     24
#define LINES_MOST      40
#define VALUES_MOST     24 /* of one side */

enum quantity { OPEN, START, STOP, DONE, GONE, FIRST };

/* Counts of one kind on the same days, told apart by their waits. */
struct plane {
    enum quantity quantity;
    int start, end;
    int lines[LINES_MOST];    /* ascending */
    size_t line_count, first; /* first: of its atoms */
};

struct side {
    const char *name;
    const char *values[VALUES_MOST];
    size_t value_count;
};

struct vector {
    double *factors; /* one for each atom */
    double low, high;
};

struct vectors {
    struct vector *list;
    size_t count, room;
};

struct system {
    const struct statement *statements;
    size_t statement_count;
    struct plane planes[PLANES_MOST];
    size_t plane_count;
    struct side sides[CELL_SIDES_MAX];
    size_t side_count, regions, atoms;
    struct vectors rows, closed, linked, guarded;
    size_t *group; /* of each atom: those that no vector tells apart are one unknown */
    size_t group_count;
    int error;
};

static void vectors_release(struct vectors *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->list[i].factors);
    free(v->list);
}

static void system_release(struct system *s)
{
    vectors_release(&s->rows);
    vectors_release(&s->closed);
    vectors_release(&s->linked);
    vectors_release(&s->guarded);
    free(s->group);
}

/* ---- planes, lines and sides ---- */

static struct plane *plane_of(struct system *s, enum quantity q, int start, int end)
{
    for (size_t i = 0; i < s->plane_count; i++)
        if (s->planes[i].quantity == q && s->planes[i].start == start && s->planes[i].end == end)
            return &s->planes[i];
    return NULL;
}

static struct plane *plane_add(struct system *s, enum quantity q, int start, int end)
{
    struct plane *p = plane_of(s, q, start, end);

    if (p)
        return p;
    if (s->plane_count == PLANES_MOST) {
        s->error = -E2BIG;
        return &s->planes[0];
    }
    p = &s->planes[s->plane_count++];
    *p = (struct plane){ .quantity = q, .start = start, .end = end };
    return p;
}

static void add_line(struct system *s, struct plane *p, double days)
{
    int line = (int)days;
    size_t at = 0;

    if (line <= 0 || line >= CELL_ENDLESS)
        return;
    while (at < p->line_count && p->lines[at] < line)
        at++;
    if (at < p->line_count && p->lines[at] == line)
        return;
    if (p->line_count == LINES_MOST) {
        s->error = -E2BIG;
        return;
    }
    memmove(p->lines + at + 1, p->lines + at, (p->line_count - at) * sizeof *p->lines);
    p->lines[at] = line;
    p->line_count++;
}

static struct plane *stock_of(struct system *s, const struct release_cell *c)
{
    return plane_add(s, OPEN, c->end.day, c->end.day);
}

static struct plane *flow_of(struct system *s, const struct release_cell *c, enum quantity q)
{
    return plane_add(s, q, c->start.day, c->end.day);
}

static bool is_longest(const struct release_cell *c)
{
    return c->metric.id == METRIC_LONGEST_WAIT;
}

static void add_planes(struct system *s, const struct statement *t)
{
    const struct release_cell *c = t->cell;
    const struct pathway_metric *m = &c->metric;
    struct plane *stock = c->is_stock ? stock_of(s, c) : NULL;

    if (!c->is_stock)
        for (enum quantity q = START; q <= FIRST; q++)
            (void)flow_of(s, c, q);
    if (m->id == METRIC_CLEARANCE_WEEKS)
        (void)stock_of(s, c);
    if (m->id == METRIC_COMPLETED_WITHIN)
        add_line(s, flow_of(s, c, DONE), release_days(m->wait));
    if (!stock)
        return;
    if (m->id == METRIC_OPEN_OVER || m->id == METRIC_OPEN_WITHIN)
        add_line(s, stock, release_days(m->wait));
    if (m->standard.count > 0)
        add_line(s, stock, release_days(m->standard));
    if (m->id == METRIC_BREACHING_WITHIN)
        add_line(s, stock, release_days(m->standard) - release_days(m->wait));
    if (is_longest(c) && t->kind == STATEMENT_SHOWN) {
        add_line(s, stock, t->low);
        add_line(s, stock, t->high);
    }
}

static void add_value(struct system *s, const struct cell_side *v)
{
    struct side *side = NULL;

    for (size_t i = 0; i < s->side_count; i++)
        if (strcmp(s->sides[i].name, v->name) == 0)
            side = &s->sides[i];
    if (!side && s->side_count < CELL_SIDES_MAX) {
        side = &s->sides[s->side_count++];
        *side = (struct side){ .name = v->name };
    }
    if (!side || side->value_count == VALUES_MOST) {
        s->error = -E2BIG;
        return;
    }
    for (size_t i = 0; i < side->value_count; i++)
        if (strcmp(side->values[i], v->value) == 0)
            return;
    side->values[side->value_count++] = v->value;
}

static void lay_out(struct system *s)
{
    for (size_t i = 0; i < s->statement_count; i++) {
        const struct release_cell *c = s->statements[i].cell;

        add_planes(s, &s->statements[i]);
        for (size_t k = 0; k < c->side_count; k++)
            add_value(s, &c->sides[k]);
    }
    s->regions = 1;
    for (size_t i = 0; i < s->side_count && s->regions < ATOMS_MOST; i++)
        s->regions *= s->sides[i].value_count + 1;
    for (size_t i = 0; i < s->plane_count; i++) {
        s->planes[i].first = s->atoms;
        s->atoms += s->regions * (s->planes[i].line_count + 1);
    }
    if (s->atoms > ATOMS_MOST)
        s->error = -E2BIG;
}

/* ---- sums of atoms ---- */

/* Which value of a side a region has: 0 is any other. */
static size_t region_value(const struct system *s, size_t region, size_t side)
{
    for (size_t i = 0; i < side; i++)
        region /= s->sides[i].value_count + 1;
    return region % (s->sides[side].value_count + 1);
}

static bool is_inside(const struct system *s, size_t region, const struct release_cell *c)
{
    for (size_t k = 0; c && k < c->side_count; k++)
        for (size_t i = 0; i < s->side_count; i++) {
            size_t value = region_value(s, region, i);

            if (strcmp(s->sides[i].name, c->sides[k].name) == 0 &&
                (value == 0 || strcmp(s->sides[i].values[value - 1], c->sides[k].value) != 0))
                return false;
        }
    return true;
}

/* Adds those of a plane whom a cell counts, of waits over one line and up to another. */
static void add_sum(const struct system *s, double *v, const struct plane *p,
                    const struct release_cell *c, int over, int upto, double factor)
{
    size_t bands = p->line_count + 1;

    for (size_t region = 0; region < s->regions; region++) {
        if (!is_inside(s, region, c))
            continue;
        for (size_t b = 0; b < bands; b++) {
            int from = b ? p->lines[b - 1] : 0, to = b < bands - 1 ? p->lines[b] : CELL_ENDLESS;

            if (from >= over && to <= upto)
                v[p->first + region * bands + b] += factor;
        }
    }
}

static void add_all(const struct system *s, double *v, const struct plane *p,
                    const struct release_cell *c, double factor)
{
    add_sum(s, v, p, c, 0, CELL_ENDLESS, factor);
}

/* A new vector of nothing; where there is no room, one that is thrown away. */
static double *vector_new(struct system *s, struct vectors *to, double low, double high)
{
    if (to->count == to->room && s->error == 0) {
        size_t room = to->room ? 2 * to->room : 16;
        struct vector *list =
            to->room < VECTORS_MOST ? realloc(to->list, room * sizeof *list) : NULL;

        s->error = list ? 0 : to->room < VECTORS_MOST ? -ENOMEM : -E2BIG;
        to->list = list ? list : to->list;
        to->room = list ? room : to->room;
    }
    double *factors = s->error == 0 ? calloc(s->atoms + 1, sizeof *factors) : NULL;

    if (!factors) {
        s->error = s->error ? s->error : -ENOMEM;
        return NULL;
    }
    to->list[to->count++] = (struct vector){ factors, low, high };
    return factors;
}

/* ---- a figure's rows ---- */

/* What a figure is about: a count; of a share its part and its whole. */
struct subject {
    const struct plane *part_plane, *whole_plane, *less; /* less: taken away, or NULL */
    int over, upto;
    bool has_whole;
};

static struct subject subject_of(struct system *s, const struct release_cell *c)
{
    const struct pathway_metric *m = &c->metric;
    struct subject u = { .upto = CELL_ENDLESS };

    u.part_plane = u.whole_plane = c->is_stock ? stock_of(s, c) : NULL;
    switch (m->id) {
    case METRIC_OPEN_OVER:
        u.over = release_days(m->wait);
        break;
    case METRIC_OPEN_WITHIN:
        u.upto = release_days(m->wait);
        break;
    case METRIC_BREACHING_WITHIN:
        u.over = release_days(m->standard) - release_days(m->wait);
        u.over = u.over > 0 ? u.over : 0;
        u.upto = release_days(m->standard);
        break;
    case METRIC_SHORTFALL:
        u.over = release_days(m->standard);
        break;
    case METRIC_COMPLETED_WITHIN:
        u.upto = release_days(m->wait);
        u.part_plane = u.whole_plane = flow_of(s, c, DONE);
        break;
    case METRIC_COMPLETED:
        u.part_plane = flow_of(s, c, DONE);
        break;
    case METRIC_FIRST_CONTACTS:
        u.part_plane = flow_of(s, c, FIRST);
        break;
    case METRIC_CLOCK_STOPS:
        u.part_plane = flow_of(s, c, STOP);
        break;
    case METRIC_REMOVALS_UNSEEN:
        u.part_plane = flow_of(s, c, GONE);
        break;
    case METRIC_NET_CHANGE:
        u.less = flow_of(s, c, STOP);
        u.part_plane = flow_of(s, c, START);
        break;
    case METRIC_LOAD:
    case METRIC_CLEARANCE_WEEKS:
        u.whole_plane = flow_of(s, c, STOP);
        u.part_plane = flow_of(s, c, START);
        break;
    default:
        if (!u.part_plane)
            u.part_plane = flow_of(s, c, START);
        break;
    }
    u.has_whole = m->unit == UNIT_PERCENT;
    return u;
}

static void add_part(const struct system *s, double *v, const struct subject *u,
                     const struct release_cell *c, double factor)
{
    add_sum(s, v, u->part_plane, c, u->over, u->upto, factor);
    if (u->less)
        add_all(s, v, u->less, c, -factor);
}

static void row_of_part(struct system *s, const struct subject *u, const struct release_cell *c,
                        double low, double high)
{
    double *v = vector_new(s, &s->rows, low, high);

    if (v)
        add_part(s, v, u, c, 1);
}

static void row_of_whole(struct system *s, const struct plane *p, const struct release_cell *c,
                         double low, double high)
{
    double *v = vector_new(s, &s->rows, low, high);

    if (v)
        add_all(s, v, p, c, 1);
}

static void row_of_rest(struct system *s, const struct subject *u, const struct release_cell *c,
                        double low, double high)
{
    double *v = vector_new(s, &s->rows, low, high);

    if (v) {
        add_all(s, v, u->whole_plane, c, 1);
        add_part(s, v, u, c, -1);
    }
}

/* The part is between two shares of the whole; off: both lie so far from what is shown. */
static void rows_of_ratio(struct system *s, const struct subject *u, const struct release_cell *c,
                          double low, double high, double scale, double off)
{
    double *most = vector_new(s, &s->rows, -INFINITY, off * (scale + high));
    double *least = vector_new(s, &s->rows, -off * (scale + low), INFINITY);

    if (!most || !least)
        return;
    add_part(s, most, u, c, scale);
    add_all(s, most, u->whole_plane, c, -high);
    add_part(s, least, u, c, scale);
    add_all(s, least, u->whole_plane, c, -low);
}

static void rows_of_share(struct system *s, const struct subject *u, const struct statement *t)
{
    row_of_whole(s, u->whole_plane, t->cell, SHARE_WHOLE_MIN, INFINITY);
    row_of_part(s, u, t->cell, SHARE_PART_MIN, INFINITY);
    row_of_rest(s, u, t->cell, SHARE_PART_MIN, INFINITY);
    rows_of_ratio(s, u, t->cell, t->low, t->high, 100, t->is_rounded ? 2 : 0);
}

static double percent_of(enum pathway_metric_id id)
{
    return id == METRIC_MEDIAN_WAIT ? 50 : id == METRIC_P90_WAIT ? 90 : 92;
}

/* Between order statistics at p(n - 1): a percentile over a line has more than (1 - p)(n - 1) beyond it, one
 * within it more than p(n - 1) up to it. */
static void rows_of_percentile(struct system *s, const struct plane *p, const struct statement *t)
{
    double days = t->cell->metric.unit == UNIT_WEEKS ? 7 : 1, per = percent_of(t->cell->metric.id);

    row_of_whole(s, p, t->cell, AVERAGE_MIN, INFINITY);
    for (size_t i = 0; i < p->line_count; i++) {
        bool is_over = t->low * days > p->lines[i], is_within = t->high * days <= p->lines[i];
        double beside = is_over ? 100 - per : per, *v = NULL;

        if (is_over || is_within)
            v = vector_new(s, &s->rows, 1 - beside, INFINITY);
        if (!v)
            continue;
        add_sum(s, v, p, t->cell, is_over ? p->lines[i] : 0, is_over ? CELL_ENDLESS : p->lines[i],
                100);
        add_all(s, v, p, t->cell, -beside);
    }
}

static void rows_of_longest(struct system *s, const struct plane *p, const struct statement *t)
{
    struct subject over = { .part_plane = p, .over = (int)t->low, .upto = CELL_ENDLESS };

    row_of_whole(s, p, t->cell, AVERAGE_MIN, INFINITY);
    row_of_part(s, &over, t->cell, 1, INFINITY);
    over.over = t->high < CELL_ENDLESS ? (int)t->high : CELL_ENDLESS;
    row_of_part(s, &over, t->cell, 0, 0);
}

/* The fewest who must go, s, so that of those who stay the share is within: p s >= over - (1 - p) open. */
static void rows_of_shortfall(struct system *s, const struct subject *u, const struct statement *t)
{
    double share = t->cell->metric.share;
    double *v = vector_new(s, &s->rows, share * (t->low - 1), share * t->high);

    if (!v)
        return;
    add_part(s, v, u, t->cell, 100);
    add_all(s, v, u->whole_plane, t->cell, share - 100);
}

/* So many weeks at so many more stops than starts. */
static void rows_of_clearance(struct system *s, const struct statement *t)
{
    const struct release_cell *c = t->cell;
    double weeks = (c->end.day - c->start.day + 1) / 7.0;
    bool never = isinf(t->low);
    double *most = vector_new(s, &s->rows, -INFINITY, 0);
    double *least = never ? NULL : vector_new(s, &s->rows, 0, INFINITY);

    if (!most || (!never && !least))
        return;
    if (never) {
        add_all(s, most, flow_of(s, c, STOP), c, 1);
        add_all(s, most, flow_of(s, c, START), c, -1);
        return;
    }
    add_all(s, most, stock_of(s, c), c, weeks);
    add_all(s, most, flow_of(s, c, STOP), c, -t->high);
    add_all(s, most, flow_of(s, c, START), c, t->high);
    add_all(s, least, stock_of(s, c), c, weeks);
    add_all(s, least, flow_of(s, c, STOP), c, -t->low);
    add_all(s, least, flow_of(s, c, START), c, t->low);
}

static void rows_of_shown(struct system *s, const struct subject *u, const struct statement *t)
{
    switch (t->cell->metric.id) {
    case METRIC_OPEN:
    case METRIC_OPEN_OVER:
    case METRIC_OPEN_WITHIN:
    case METRIC_BREACHING_WITHIN:
    case METRIC_COMPLETED_WITHIN:
    case METRIC_COMPLETED:
    case METRIC_REFERRALS:
    case METRIC_FIRST_CONTACTS:
    case METRIC_CLOCK_STOPS:
    case METRIC_REMOVALS_UNSEEN:
    case METRIC_NET_CHANGE:
    case METRIC_TARGET_QUEUE: /* as starts: notify/release.c */
        if (u->has_whole)
            rows_of_share(s, u, t);
        else
            row_of_part(s, u, t->cell, t->low, t->high);
        break;
    case METRIC_MEDIAN_WAIT:
    case METRIC_P90_WAIT:
    case METRIC_P92_WAIT:
        rows_of_percentile(s, u->part_plane, t);
        break;
    case METRIC_LONGEST_WAIT:
        rows_of_longest(s, u->part_plane, t);
        break;
    case METRIC_SHORTFALL:
        rows_of_shortfall(s, u, t);
        break;
    case METRIC_LOAD:
        rows_of_ratio(s, u, t->cell, t->low, t->high, 1, 0);
        break;
    case METRIC_CLEARANCE_WEEKS:
        rows_of_clearance(s, t);
        break;
    case METRIC_MEAN_WAIT: /* of sums of waits, not of counts */
    case METRIC_PRESSURE:
        row_of_whole(s, u->part_plane, t->cell, AVERAGE_MIN, INFINITY);
        break;
    case METRIC_RELIEF_CAPACITY: /* of starts and the list at once, to whole stops a week */
        break;
    }
}

/* ---- what is guarded ---- */

static void guard(struct system *s, const double *factors, double people)
{
    double *v = vector_new(s, &s->guarded, people, INFINITY);

    if (v)
        memcpy(v, factors, s->atoms * sizeof *v);
}

/* .low of what is guarded: how many they are, NAN: not known. .high: how many at most, as everybody knows. */
static void guard_statement(struct system *s, const struct subject *u, const struct statement *t)
{
    const struct release_cell *c = t->cell;
    double *part = vector_new(s, &s->guarded, t->part, t->kind == STATEMENT_FEW ? FEW : INFINITY);
    double *whole = vector_new(s, &s->guarded, u->whole_plane ? t->whole : NAN, INFINITY);

    if (!part || !whole)
        return;
    add_sum(s, part, u->part_plane, c, u->over, u->upto, 1);
    add_all(s, whole, u->whole_plane ? u->whole_plane : u->part_plane, c, 1);
}

/* Who came, stopped, was completed or removed on the same days, whether a figure speaks of them or not. */
static void guard_flows(struct system *s, const struct release_cell *c)
{
    for (enum quantity q = START; !c->is_stock && q <= GONE; q++) {
        double *v = vector_new(s, &s->guarded, NAN, INFINITY);

        if (v)
            add_all(s, v, flow_of(s, c, q), c, 1);
    }
}

/* What is left of one when another is taken away; false where the other is no part of it. */
static bool left_of(const struct system *s, const double *whole, const double *part, double *left)
{
    bool is_less = false, is_any = false;

    for (size_t i = 0; i < s->atoms; i++) {
        left[i] = whole[i] - part[i];
        if (left[i] < 0)
            return false;
        is_less |= left[i] > 0;
        is_any |= part[i] > 0;
    }
    return is_less && is_any;
}

static bool is_guarded(const struct system *s, const double *v)
{
    for (size_t i = 0; i < s->guarded.count; i++)
        if (memcmp(s->guarded.list[i].factors, v, s->atoms * sizeof *v) == 0)
            return true;
    return false;
}

/* Of one that is few itself a part is fewer: nothing more is told by that. */
static void guard_what_is_left(struct system *s)
{
    AUTO(auto_free) double *left = calloc(s->atoms + 1, sizeof *left);
    size_t count = s->guarded.count;

    for (size_t i = 0; left && i < count; i++)
        for (size_t k = 0; k < count && s->error == 0; k++)
            if (i != k && s->guarded.list[i].high > FEW &&
                left_of(s, s->guarded.list[i].factors, s->guarded.list[k].factors, left) &&
                !is_guarded(s, left))
                guard(s, left, s->guarded.list[i].low - s->guarded.list[k].low);
    if (!left)
        s->error = -ENOMEM;
}

static void drop_twins(struct system *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->guarded.count; i++) {
        struct vector *v = &s->guarded.list[i];
        bool is_twin = false;

        for (size_t k = 0; k < kept && !is_twin; k++) {
            struct vector *twin = &s->guarded.list[k];

            is_twin = memcmp(twin->factors, v->factors, s->atoms * sizeof(double)) == 0;
            if (is_twin)
                twin->high = fmin(twin->high, v->high);
            if (is_twin && isnan(twin->low)) /* another figure says how many */
                twin->low = v->low;
        }
        if (is_twin)
            free(s->guarded.list[i].factors);
        else
            s->guarded.list[kept++] = s->guarded.list[i];
    }
    s->guarded.count = kept;
}

/* ---- what one may suppose ---- */

/* Nobody is of another place, provider or cohort than those that are named, where two are. */
static void suppose_closed(struct system *s)
{
    double *v = vector_new(s, &s->closed, 0, 0);
    bool is_any = false;

    for (size_t p = 0; v && p < s->plane_count; p++) {
        size_t bands = s->planes[p].line_count + 1;

        for (size_t region = 0; region < s->regions; region++) {
            bool is_other = false;

            for (size_t i = 0; i < s->side_count; i++)
                is_other |= s->sides[i].value_count > 1 && region_value(s, region, i) == 0;
            for (size_t b = 0; is_other && b < bands; b++)
                v[s->planes[p].first + region * bands + b] = 1;
            is_any |= is_other;
        }
    }
    if (v && !is_any)
        free(s->closed.list[--s->closed.count].factors);
}

/* The list after is the list before, and starts, less stops; these are completed or removed. */
static void link_flow(struct system *s, const struct plane *stop, const struct release_cell *c)
{
    struct plane *before = plane_of(s, OPEN, stop->start - 1, stop->start - 1),
                 *after = plane_of(s, OPEN, stop->end, stop->end);
    double *stops = vector_new(s, &s->linked, 0, 0);

    if (!stops)
        return;
    add_all(s, stops, stop, c, 1);
    add_all(s, stops, plane_of(s, DONE, stop->start, stop->end), c, -1);
    add_all(s, stops, plane_of(s, GONE, stop->start, stop->end), c, -1);
    double *v = before && after ? vector_new(s, &s->linked, 0, 0) : NULL;

    if (!v)
        return;
    add_all(s, v, after, c, 1);
    add_all(s, v, before, c, -1);
    add_all(s, v, plane_of(s, START, stop->start, stop->end), c, -1);
    add_all(s, v, stop, c, 1);
}

static void suppose_linked(struct system *s)
{
    for (size_t p = 0; p < s->plane_count; p++)
        for (size_t i = 0; s->planes[p].quantity == STOP && i < s->statement_count; i++)
            link_flow(s, &s->planes[p], s->statements[i].cell);
}

/* ---- the unknowns ---- */

static bool are_alike(const struct vectors *v, size_t a, size_t b)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->list[i].factors[a] != v->list[i].factors[b])
            return false;
    return true;
}

/* An atom joins the first that every vector counts in the same way. */
static void group_atoms(struct system *s)
{
    AUTO(auto_free) size_t *first = calloc(s->atoms + 1, sizeof *first);

    s->group = calloc(s->atoms + 1, sizeof *s->group);
    if (!s->group || !first) {
        s->error = -ENOMEM;
        return;
    }
    for (size_t a = 0; a < s->atoms; a++) {
        size_t g = 0;

        while (g < s->group_count &&
               !(are_alike(&s->rows, first[g], a) && are_alike(&s->guarded, first[g], a) &&
                 are_alike(&s->closed, first[g], a) && are_alike(&s->linked, first[g], a)))
            g++;
        if (g == s->group_count)
            first[s->group_count++] = a;
        s->group[a] = g;
    }
}

static void grouped(const struct system *s, const double *factors, double *out)
{
    for (size_t a = 0; a < s->atoms; a++)
        out[s->group[a]] = factors[a];
}

static int add_rows(const struct system *s, const struct vectors *v, struct narrow *n, double *room)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < v->count; i++) {
        grouped(s, v->list[i].factors, room);
        r = narrow_add(n, room, v->list[i].low, v->list[i].high);
    }
    return r;
}

/* ---- the question ---- */

static bool keeps_all(const struct system *s, struct narrow *n, double *room)
{
    for (size_t i = 0; i < s->guarded.count; i++) {
        if (s->guarded.list[i].low > FEW) /* more: nobody is found by them */
            continue;
        grouped(s, s->guarded.list[i].factors, room);
        if (!narrow_keeps_few(n, room))
            return false;
    }
    return true;
}

/* Whatever one supposes; what cannot be is supposed by nobody. */
static int keeps_all_supposed(const struct system *s, struct narrow *n, double *room)
{
    size_t rows = narrow_rows(n);

    for (int supposed = 0; supposed < 4; supposed++) {
        const struct vectors *closed = supposed & 1 ? &s->closed : NULL,
                             *linked = supposed & 2 ? &s->linked : NULL;

        if ((closed && !closed->count) || (linked && !linked->count))
            continue;
        if ((closed && add_rows(s, closed, n, room) < 0) ||
            (linked && add_rows(s, linked, n, room) < 0))
            return -ENOMEM;
        enum narrow_answer is_possible = narrow_can(n, NULL, 0, 0);

        if (is_possible == NARROW_UNSETTLED ||
            (is_possible == NARROW_YES ? !keeps_all(s, n, room) : supposed == 0))
            return 0;
        narrow_cut(n, rows);
    }
    return 1;
}

static void add_statement(struct system *s, const struct statement *t)
{
    const struct subject u = subject_of(s, t->cell);

    if (t->kind == STATEMENT_SHOWN)
        rows_of_shown(s, &u, t);
    else if (t->kind == STATEMENT_FEW)
        row_of_part(s, &u, t->cell, 0, FEW);
    else if (t->kind == STATEMENT_REST)
        row_of_rest(s, &u, t->cell, 0, FEW);
    guard_statement(s, &u, t);
    guard_flows(s, t->cell);
}

/* Of a system that is laid out. */
static int ask(struct system *s)
{
    struct narrow *n = narrow_new(s->group_count);
    AUTO(auto_free) double *room = n ? calloc(s->group_count + 1, sizeof *room) : NULL;
    int r = room ? add_rows(s, &s->rows, n, room) : -ENOMEM;

    if (r == 0)
        r = keeps_all_supposed(s, n, room);
    if (n && narrow_lacked_memory(n))
        r = -ENOMEM;
    narrow_free(n);
    return r;
}

int release_is_safe(const struct statement *list, size_t count)
{
    AUTO(system_release) struct system s = { .statements = list, .statement_count = count };

    lay_out(&s);
    for (size_t i = 0; i < count && s.error == 0; i++)
        add_statement(&s, &list[i]);
    if (s.error == 0) {
        drop_twins(&s);
        guard_what_is_left(&s);
        suppose_closed(&s);
        suppose_linked(&s);
    }
    if (s.error == 0)
        group_atoms(&s);
    return s.error == 0 ? ask(&s) : s.error == -ENOMEM ? -ENOMEM : 0;
}

static bool touches(const struct release_cell *flow, const struct release_cell *stock)
{
    return flow->end.day == stock->end.day || flow->start.day - 1 == stock->end.day;
}

bool release_is_beside(const struct release_cell *a, const struct release_cell *b)
{
    if (strcmp(a->family, b->family) != 0)
        return false;
    if (a->is_stock && b->is_stock)
        return a->end.day == b->end.day;
    if (a->is_stock || b->is_stock)
        return touches(a->is_stock ? b : a, a->is_stock ? a : b);
    return a->start.day == b->start.day && a->end.day == b->end.day;
}
