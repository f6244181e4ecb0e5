#include "notify/release_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHARE_PART_MIN  5 /* what is shown at all, as notify/figure.c has it */
#define SHARE_WHOLE_MIN 10
#define AVERAGE_MIN     8

/* ---- planes, lines and sides ---- */

struct plane *plane_of(struct system *s, enum quantity q, int start, int end)
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
    size_t at = 0;

    if (!(days >= 1 && days < CELL_ENDLESS)) /* also of no upper bound, which is no int */
        return;
    int line = (int)days;

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

struct plane *flow_of(struct system *s, const struct release_cell *c, enum quantity q)
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
    if (is_longest(c) && (t->kind == STATEMENT_SHOWN || t->kind == STATEMENT_SIDE)) {
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

void planes_lay_out(struct system *s)
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

size_t region_value(const struct system *s, size_t region, size_t side)
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

void sum_add(const struct system *s, double *v, const struct plane *p, const struct release_cell *c,
             int over, int upto, double factor)
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

void sum_add_all(const struct system *s, double *v, const struct plane *p,
                 const struct release_cell *c, double factor)
{
    sum_add(s, v, p, c, 0, CELL_ENDLESS, factor);
}

double *vector_new(struct system *s, struct vectors *to, double low, double high)
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

struct subject subject_of(struct system *s, const struct release_cell *c)
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
    sum_add(s, v, u->part_plane, c, u->over, u->upto, factor);
    if (u->less)
        sum_add_all(s, v, u->less, c, -factor);
}

void row_of_part(struct system *s, const struct subject *u, const struct release_cell *c,
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
        sum_add_all(s, v, p, c, 1);
}

void row_of_rest(struct system *s, const struct subject *u, const struct release_cell *c,
                 double low, double high)
{
    double *v = vector_new(s, &s->rows, low, high);

    if (v) {
        sum_add_all(s, v, u->whole_plane, c, 1);
        add_part(s, v, u, c, -1);
    }
}

/* The part is between two shares of the whole; off: both lie so far from what is shown. */
static void rows_of_ratio(struct system *s, const struct subject *u, const struct release_cell *c,
                          double low, double high, double scale, double off)
{
    double *most = isfinite(high) ? vector_new(s, &s->rows, -INFINITY, off * (scale + high)) : NULL;
    double *least = isfinite(low) ? vector_new(s, &s->rows, -off * (scale + low), INFINITY) : NULL;

    if (most) {
        add_part(s, most, u, c, scale);
        sum_add_all(s, most, u->whole_plane, c, -high);
    }
    if (least) {
        add_part(s, least, u, c, scale);
        sum_add_all(s, least, u->whole_plane, c, -low);
    }
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

    for (size_t i = 0; i < p->line_count; i++) {
        bool is_over = t->low * days > p->lines[i], is_within = t->high * days <= p->lines[i];
        double beside = is_over ? 100 - per : per, *v = NULL;

        if (is_over || is_within)
            v = vector_new(s, &s->rows, 1 - beside, INFINITY);
        if (!v)
            continue;
        sum_add(s, v, p, t->cell, is_over ? p->lines[i] : 0, is_over ? CELL_ENDLESS : p->lines[i],
                100);
        sum_add_all(s, v, p, t->cell, -beside);
    }
}

static void rows_of_longest(struct system *s, const struct plane *p, const struct statement *t)
{
    struct subject over = { .part_plane = p,
                            .over = t->low > 0 ? (int)t->low : 0,
                            .upto = CELL_ENDLESS };

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
    sum_add_all(s, v, u->whole_plane, t->cell, share - 100);
}

/* What the news alone says of it: never is over any line. */
static void rows_of_clearance_side(struct system *s, const struct statement *t)
{
    const struct release_cell *c = t->cell;
    double weeks = (c->end.day - c->start.day + 1) / 7.0;
    const struct {
        double line, least, most;
    } sides[] = { { t->low, 0, INFINITY }, { t->high, -INFINITY, 0 } };

    for (size_t i = 0; i < 2; i++) {
        double *v =
            isfinite(sides[i].line) ? vector_new(s, &s->rows, sides[i].least, sides[i].most) : NULL;

        if (!v)
            continue;
        sum_add_all(s, v, stock_of(s, c), c, weeks);
        sum_add_all(s, v, flow_of(s, c, STOP), c, -sides[i].line);
        sum_add_all(s, v, flow_of(s, c, START), c, sides[i].line);
    }
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
        sum_add_all(s, most, flow_of(s, c, STOP), c, 1);
        sum_add_all(s, most, flow_of(s, c, START), c, -1);
        return;
    }
    sum_add_all(s, most, stock_of(s, c), c, weeks);
    sum_add_all(s, most, flow_of(s, c, STOP), c, -t->high);
    sum_add_all(s, most, flow_of(s, c, START), c, t->high);
    sum_add_all(s, least, stock_of(s, c), c, weeks);
    sum_add_all(s, least, flow_of(s, c, STOP), c, -t->low);
    sum_add_all(s, least, flow_of(s, c, START), c, t->low);
}

void rows_of_shown(struct system *s, const struct subject *u, const struct statement *t)
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
        row_of_whole(s, u->part_plane, t->cell, AVERAGE_MIN, INFINITY);
        rows_of_percentile(s, u->part_plane, t);
        break;
    case METRIC_LONGEST_WAIT:
        row_of_whole(s, u->part_plane, t->cell, AVERAGE_MIN, INFINITY);
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

void rows_of_side(struct system *s, const struct subject *u, const struct statement *t)
{
    switch (t->cell->metric.id) {
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
        rows_of_clearance_side(s, t);
        break;
    case METRIC_MEAN_WAIT: /* as where they are shown: they say nothing of counts */
    case METRIC_PRESSURE:
    case METRIC_RELIEF_CAPACITY:
        break;
    default:
        if (u->has_whole)
            rows_of_ratio(s, u, t->cell, t->low, t->high, 100, 0);
        else
            row_of_part(s, u, t->cell, t->low, t->high);
        break;
    }
}
