#include "notify/release_system.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "notify/narrow.h"
#include "notify/release_rows.h"

#define FEW 4

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
    sum_add(s, part, u->part_plane, c, u->over, u->upto, 1);
    sum_add_all(s, whole, u->whole_plane ? u->whole_plane : u->part_plane, c, 1);
}

/* Who came, stopped, was completed or removed on the same days, whether a figure speaks of them or not. */
static void guard_flows(struct system *s, const struct release_cell *c)
{
    for (enum quantity q = START; !c->is_stock && q <= GONE; q++) {
        double *v = vector_new(s, &s->guarded, NAN, INFINITY);

        if (v)
            sum_add_all(s, v, flow_of(s, c, q), c, 1);
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

static const struct vector *guarded(const struct system *s, const double *v)
{
    for (size_t i = 0; i < s->guarded.count; i++)
        if (memcmp(s->guarded.list[i].factors, v, s->atoms * sizeof *v) == 0)
            return &s->guarded.list[i];
    return NULL;
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
                !guarded(s, left))
                guard(s, left, s->guarded.list[i].low - s->guarded.list[k].low);
    if (!left)
        s->error = -ENOMEM;
}

/* Only those of one value of a side; 0: those of none that is named. */
static void only(const struct system *s, const double *all, size_t side, size_t value, double *out)
{
    for (size_t p = 0; p < s->plane_count; p++) {
        size_t bands = s->planes[p].line_count + 1;

        for (size_t region = 0; region < s->regions; region++)
            for (size_t b = 0; b < bands; b++) {
                size_t atom = s->planes[p].first + region * bands + b;

                out[atom] = region_value(s, region, side) == value ? all[atom] : 0;
            }
    }
}

/* What is left of a sum when all its parts that one side names are taken away, where figures speak of each. */
static void guard_rest(struct system *s, size_t of, size_t side, double *room)
{
    double left = s->guarded.list[of].low;

    for (size_t value = 1; value <= s->sides[side].value_count; value++) {
        only(s, s->guarded.list[of].factors, side, value, room);
        const struct vector *part = guarded(s, room);

        if (!part || part == &s->guarded.list[of])
            return;
        left -= part->low;
    }
    only(s, s->guarded.list[of].factors, side, 0, room);
    if (!guarded(s, room))
        guard(s, room, left);
}

static void guard_rests(struct system *s)
{
    AUTO(auto_free) double *room = calloc(s->atoms + 1, sizeof *room);
    size_t count = s->guarded.count;

    for (size_t i = 0; room && i < count; i++)
        for (size_t side = 0; side < s->side_count && s->error == 0; side++)
            if (s->sides[side].value_count > 1 && s->guarded.list[i].high > FEW)
                guard_rest(s, i, side, room);
    if (!room)
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
    sum_add_all(s, stops, stop, c, 1);
    sum_add_all(s, stops, plane_of(s, DONE, stop->start, stop->end), c, -1);
    sum_add_all(s, stops, plane_of(s, GONE, stop->start, stop->end), c, -1);
    double *v = before && after ? vector_new(s, &s->linked, 0, 0) : NULL;

    if (!v)
        return;
    sum_add_all(s, v, after, c, 1);
    sum_add_all(s, v, before, c, -1);
    sum_add_all(s, v, plane_of(s, START, stop->start, stop->end), c, -1);
    sum_add_all(s, v, stop, c, 1);
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

static int add_rows(const struct system *s, const struct vectors *v, size_t count, struct narrow *n,
                    double *room)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        grouped(s, v->list[i].factors, room);
        r = narrow_add(n, room, v->list[i].low, v->list[i].high);
    }
    return r;
}

/* ---- the question ---- */

/* What is known of all that is told, and of the news alone. */
struct question {
    struct narrow *all, *news;
    double *room;
};

/* What the news says by itself it says whatever is shown: no figure may tell more. */
static bool keeps_few(const struct question *q)
{
    if (narrow_keeps_few(q->all, q->room))
        return true;
    for (int few = 1; few <= FEW; few++)
        if (narrow_can(q->news, q->room, few, few) != NARROW_NO &&
            narrow_can(q->all, q->room, few, few) != NARROW_YES)
            return false;
    return true;
}

static bool keeps_all(const struct system *s, const struct question *q)
{
    for (size_t i = 0; i < s->guarded.count; i++) {
        if (s->guarded.list[i].low > FEW) /* more: nobody is found by them */
            continue;
        grouped(s, s->guarded.list[i].factors, q->room);
        if (!keeps_few(q))
            return false;
    }
    return true;
}

static int suppose(const struct system *s, const struct vectors *v, const struct question *q)
{
    int r = v ? add_rows(s, v, v->count, q->all, q->room) : 0;

    return r == 0 && v ? add_rows(s, v, v->count, q->news, q->room) : r;
}

/* Whatever one supposes; what cannot be is supposed by nobody. */
static int keeps_all_supposed(const struct system *s, const struct question *q)
{
    size_t rows = narrow_rows(q->all), news_rows = narrow_rows(q->news);

    for (int supposed = 0; supposed < 4; supposed++) {
        const struct vectors *closed = supposed & 1 ? &s->closed : NULL,
                             *linked = supposed & 2 ? &s->linked : NULL;

        if ((closed && !closed->count) || (linked && !linked->count))
            continue;
        if (suppose(s, closed, q) < 0 || suppose(s, linked, q) < 0)
            return -ENOMEM;
        enum narrow_answer is_possible = narrow_can(q->all, NULL, 0, 0);

        if (is_possible == NARROW_UNSETTLED ||
            (is_possible == NARROW_YES ? !keeps_all(s, q) : supposed == 0))
            return 0;
        narrow_cut(q->all, rows);
        narrow_cut(q->news, news_rows);
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
    else if (t->kind == STATEMENT_SIDE)
        rows_of_side(s, &u, t);
    if (t->kind == STATEMENT_SIDE) /* whom it is about another statement says */
        return;
    guard_statement(s, &u, t);
    guard_flows(s, t->cell);
}

/* Of a system that is laid out; the first rows are those of the news alone. */
static int ask(struct system *s, size_t news_rows, size_t steps)
{
    struct question q = { narrow_new(s->group_count, steps), narrow_new(s->group_count, steps),
                          calloc(s->group_count + 1, sizeof *q.room) };
    int r =
        q.all && q.news && q.room ? add_rows(s, &s->rows, s->rows.count, q.all, q.room) : -ENOMEM;

    if (r == 0)
        r = add_rows(s, &s->rows, news_rows, q.news, q.room);
    if (r == 0)
        r = keeps_all_supposed(s, &q);
    if (r >= 0 && (narrow_lacked_memory(q.all) || narrow_lacked_memory(q.news)))
        r = -ENOMEM;
    narrow_free(q.all);
    narrow_free(q.news);
    free(q.room);
    return r;
}

/* The figures that are shown, or all that is said beside them. */
static void add_statements(struct system *s, bool shown)
{
    for (size_t i = 0; i < s->statement_count && s->error == 0; i++)
        if ((s->statements[i].kind == STATEMENT_SHOWN) == shown)
            add_statement(s, &s->statements[i]);
}

int release_is_safe(const struct statement *list, size_t count, size_t steps)
{
    AUTO(system_release) struct system s = { .statements = list, .statement_count = count };

    planes_lay_out(&s);
    add_statements(&s, false);
    size_t news_rows = s.rows.count;

    add_statements(&s, true);
    if (s.error == 0) {
        drop_twins(&s);
        guard_what_is_left(&s);
        guard_rests(&s);
        suppose_closed(&s);
        suppose_linked(&s);
    }
    if (s.error == 0)
        group_atoms(&s);
    return s.error == 0 ? ask(&s, news_rows, steps) : s.error == -ENOMEM ? -ENOMEM : 0;
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
