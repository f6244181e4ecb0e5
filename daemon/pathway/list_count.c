/*
 * list_count - what is counted of a pathway under the snapshots, and moving counts
 *
 *     census before     last census
 *          P                 C
 *     open at P         open at C       stops by C disagree; later ones count
 *     open at P         gone            a stop after P, up to C, gives date and outcome; else C, unknown
 *     in neither                        facts count, unless they say open at C
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

static bool open_at(const struct tally_cell *c, uint16_t day)
{
    return c->start <= day && (c->stop == TALLY_OPEN || c->stop > day);
}

void evented_flag(struct pathway_list *l, uint32_t pathway, bool disagrees, bool no_start)
{
    struct evented *e = &l->evented[pathway];

    if (l->looks_back)
        return;
    l->disagreeing += disagrees;
    l->disagreeing -= (e->flags & EVENTED_DISAGREES) != 0;
    l->without_start += no_start;
    l->without_start -= (e->flags & EVENTED_NO_START) != 0;
    e->flags &= (uint8_t) ~(EVENTED_DISAGREES | EVENTED_NO_START);
    e->flags |= (uint8_t)((disagrees ? EVENTED_DISAGREES : 0) | (no_start ? EVENTED_NO_START : 0));
}

bool cells_under_census(const struct service *service, uint16_t census, uint16_t reopened,
                        struct cells *cells, size_t from)
{
    bool own_dropped = false;
    size_t kept = from;

    if (!census || reopened > census)
        return false;
    for (size_t i = from; i < cells->count; i++)
        own_dropped |= cells->list[i].clock == 0 && open_at(&cells->list[i], census);
    if (!own_dropped)
        return false;
    /* Not on the list: no clock of it runs at the census, or after it. One that begins anew each time
     * keeps those that had stopped. */
    for (size_t i = from; service->clocks[0].kind == CLOCK_EACH && i < cells->count; i++) {
        if (cells->list[i].stop != TALLY_OPEN && cells->list[i].stop <= census)
            cells->list[kept++] = cells->list[i];
    }
    cells->count = kept;
    return true;
}

/* ---- known from snapshots ---- */

uint8_t listed_gone_as(const struct listed *e)
{
    return listed_is_moved(e) ? OUTCOME_MOVED : OUTCOME_UNKNOWN;
}

/* Since when the clock of the stage runs that the snapshot names: a stage that begins with the pathway has
 * its start where no other is told. 0: it names none, or nobody told. */
static uint16_t stage_began(const struct pathway_list *l, const struct listed *e)
{
    const struct group_sense *sense = &l->senses[listed_group(e)];

    if (e->stage_start || sense->stage_clock == TALLY_STAGE)
        return e->stage_start;
    return sense->service->clocks[sense->stage_clock].from & sense->service->clocks[0].from
               ? e->start
               : 0;
}

/* The events of a service that have not happened to who is at this stage: what would end it, and what only
 * follows from that. */
static uint32_t still_to_come(const struct service *s, uint8_t stage)
{
    uint32_t ahead = s->clocks[stage].to, before;

    do {
        before = ahead;
        for (size_t i = 1; i < s->clock_count; i++)
            if ((s->clocks[i].from & ~ahead) == 0)
                ahead |= s->clocks[i].to;
    } while (ahead != before);
    return ahead;
}

/* Whether a clock that began with the pathway runs for who is at the stage: a child who waits for the first
 * contact waits for the start of the assessment as well. */
static bool runs_beside(const struct service *s, uint8_t stage, size_t clock)
{
    const struct clock_rule *c = &s->clocks[clock];

    return clock != stage && c->kind == CLOCK_FIRST && !c->beyond && !s->clocks[stage].beyond &&
           !s->clocks[stage].latest && (c->from & s->clocks[0].from) &&
           (c->to & ~still_to_come(s, stage)) == 0;
}

/* The clock of a stage, as it is while the pathway's own is `own`. completed: the day an event completed the
 * stage; 0 none. */
static int stage_cell(uint8_t clock, uint16_t start, const struct tally_cell *own,
                      uint16_t completed, struct cells *out_cells)
{
    struct tally_cell c = *own;

    c.clock = clock;
    c.start = start;
    if (completed && (own->stop == TALLY_OPEN || completed <= own->stop)) {
        c.stop = completed;
        c.outcome = OUTCOME_COMPLETED;
    } else if (own->outcome == OUTCOME_COMPLETED) {
        c.outcome = OUTCOME_UNKNOWN;
    }
    if (c.stop != TALLY_OPEN && c.start > c.stop)
        return 0;
    return cells_add(out_cells, &c);
}

int listed_cells(const struct pathway_list *l, const struct listing *v, const struct listed *e,
                 struct cells *out_cells)
{
    const struct tally_cell own = { .group = listed_group(e),
                                    .start = e->start,
                                    .stop = e->stop,
                                    .outcome = e->stop ? listed_gone_as(e) : OUTCOME_OPEN,
                                    .exception = e->state >> 4 };

    if (own.stop && own.start > own.stop)
        return 0;
    int r = cells_add(out_cells, &own);

    if (r == 0)
        r = past_cells(l, v, e, out_cells);
    uint8_t stage = l->senses[own.group].stage_clock;
    const struct service *s = l->senses[own.group].service;

    if (r == 0 && stage_began(l, e))
        r = stage_cell(stage, stage_began(l, e), &own, 0, out_cells);
    for (size_t i = 1; r == 0 && stage != TALLY_STAGE && i < s->clock_count; i++)
        if (runs_beside(s, stage, i))
            r = stage_cell((uint8_t)i, own.start, &own, 0, out_cells);
    return r;
}

static bool has_facts(const struct pathway_list *l, const struct listed *e)
{
    uint32_t known = l->evented_count ? evented_find(l, e->key) : NONE;

    return known != NONE && l->evented[known].facts != NONE;
}

/* Whether its row names the stage, or an event tells of it. */
static bool is_stage_told(const struct pathway_list *l, const struct listed *e)
{
    return (l->senses[listed_group(e)].stage_clock != TALLY_STAGE && stage_began(l, e)) ||
           has_facts(l, e);
}

void list_stage_untold(const struct pathway_list *l, uint64_t *counts)
{
    const struct listing *v = &l->listing;

    memset(counts, 0, tally_group_count(l->tally) * sizeof *counts);
    for (size_t i = 0; i < v->count; i++) {
        const struct listed *e = &v->entries[i];

        if (!e->stop && l->senses[listed_group(e)].service->clock_count > 1 &&
            !is_stage_told(l, e) && listed_stands(l, e))
            counts[listed_group(e)]++;
    }
}

uint64_t list_ended_untold(const struct pathway_list *l, int clock)
{
    const struct listing *v = &l->listing;
    uint64_t count = 0;

    for (size_t i = 0; i < v->count; i++) {
        const struct listed *e = &v->entries[i];
        const struct group_sense *sense = &l->senses[listed_group(e)];
        const struct service *s = sense->service;

        if ((size_t)clock >= s->clock_count || has_facts(l, e))
            continue;
        count += e->stop || sense->stage_clock == TALLY_STAGE ||
                 (s->clocks[clock].to & ~still_to_come(s, sense->stage_clock)) != 0;
    }
    return count;
}

/* ---- known from both ---- */

static uint16_t census_before(const struct listing *v, uint16_t census)
{
    uint16_t before = 0;

    for (size_t i = 0; i < v->census_count && v->censuses[i] < census; i++)
        before = v->censuses[i];
    return before;
}

/* Whether the facts alone would say otherwise of the days that the snapshot speaks of. start: what they
 * say of the clock start; 0 nothing. A clock that begins anew each time is not compared. */
static int facts_disagree(struct pathway_list *l, const struct under *u, uint16_t start,
                          struct cells *scratch, bool *out_disagrees)
{
    struct clock_frame frame = u->frame;
    size_t from = scratch->count;

    *out_disagrees = false;
    if (frame.service->clocks[0].kind != CLOCK_FIRST)
        return 0;
    frame.open_at = 0;
    int r = clocks_of(&l->lives, &frame, scratch);

    if (r == 0 && scratch->count > from) {
        uint16_t stop = scratch->list[from].stop;

        *out_disagrees = (start && start != u->e->start) || (stop && stop <= u->said) ||
                         (u->gone && stop > u->gone);
    }
    scratch->count = from;
    return r;
}

/* The snapshot's clock start takes the place of what events say of it; of a clock that begins anew,
 * what they say of the time up to the census. */
static int put_start(struct pathway_list *l, const struct under *u)
{
    const struct clock_rule *own = &u->frame.service->clocks[0];
    bool each = own->kind == CLOCK_EACH;
    uint32_t taken = each ? own->from | own->to : own->from;
    size_t kept = 0;
    int event = 0;

    while (!(own->from & EVENT_BIT(event)))
        event++;
    for (size_t i = 0; i < l->lives.count; i++) {
        const struct live *f = &l->lives.list[i];

        if (!(taken & EVENT_BIT(f->event)) || (each && f->date > u->said))
            l->lives.list[kept++] = *f;
    }
    l->lives.count = kept;
    int r = lives_put(&l->lives, &(struct live){ .date = u->e->start,
                                                 .event = (uint8_t)event,
                                                 .exception = u->e->state >> 4 });
    lives_sort(&l->lives);
    return r;
}

/* The cells, with the stop that the snapshot demands where the facts give none that fits. */
static int clocks_under(struct pathway_list *l, const struct under *u, struct cells *out_cells)
{
    const struct ending gone = { u->gone, listed_gone_as(u->e), EXCEPTION_NONE };
    struct clock_frame frame = u->frame;
    size_t from = out_cells->count;
    int r = clocks_of(&l->lives, &frame, out_cells);

    if (r < 0 || !u->gone || out_cells->count == from)
        return r;
    bool open = false;

    for (size_t i = from; i < out_cells->count; i++)
        open |= out_cells->list[i].clock == 0 && open_at(&out_cells->list[i], u->gone);
    if (!open)
        return 0;
    out_cells->count = from;
    frame.ending = &gone;
    return clocks_of(&l->lives, &frame, out_cells);
}

/* A snapshot does not say which of the stages that begin with the pathway are over. They are counted
 * where an event ended them, or where it names the stage: one that nothing is known of is not waiting. */
static void drop_unknown_stages(const struct service *s, struct cells *cells, size_t from)
{
    size_t kept = from;

    for (size_t i = from; i < cells->count; i++) {
        const struct tally_cell *c = &cells->list[i];

        if (c->clock == 0 || c->outcome == OUTCOME_COMPLETED ||
            !(s->clocks[c->clock].from & s->clocks[0].from))
            cells->list[kept++] = *c;
    }
    cells->count = kept;
}

/* The day on which an event that came after the census completed the clock; 0: none. */
static uint16_t completed_since(const struct pathway_list *l, const struct clock_rule *clock,
                                uint16_t said)
{
    for (size_t i = 0; i < l->lives.count; i++) {
        const struct live *f = &l->lives.list[i];

        if ((clock->to & EVENT_BIT(f->event)) && f->date > said)
            return f->date;
    }
    return 0;
}

/* The stage that the snapshot names, and those that run beside it, stand for all that would run then. */
static int put_stage(struct pathway_list *l, const struct under *u, struct cells *cells,
                     size_t from)
{
    const struct service *s = u->frame.service;
    const struct tally_cell own = cells->list[from];
    uint8_t stage = l->senses[own.group].stage_clock;
    size_t kept = from + 1;

    for (size_t i = from + 1; i < cells->count; i++) {
        const struct tally_cell *c = &cells->list[i];
        bool replaced =
            (c->clock == stage || (stage != TALLY_STAGE && runs_beside(s, stage, c->clock))) &&
            c->start <= u->said;

        if (c->clock != 0 && !s->clocks[c->clock].beyond)
            replaced |= open_at(c, u->said);
        if (!replaced)
            cells->list[kept++] = *c;
    }
    cells->count = kept;
    if (stage == TALLY_STAGE)
        return stage_cell(stage, stage_began(l, u->e), &own, 0, cells);
    int r = stage_cell(stage, stage_began(l, u->e), &own,
                       completed_since(l, &s->clocks[stage], u->said), cells);

    for (size_t i = 1; r == 0 && i < s->clock_count; i++)
        if (runs_beside(s, stage, i))
            r = stage_cell((uint8_t)i, own.start, &own, completed_since(l, &s->clocks[i], u->said),
                           cells);
    return r;
}

int under_read(struct pathway_list *l, const struct listing *v, const struct listed *e,
               uint32_t pathway, struct cells *scratch, struct under *out_under,
               bool *out_disagrees)
{
    uint32_t group = listed_group(e);
    struct under *u = out_under;

    *u = (struct under){
        .v = v,
        .e = e,
        .frame = { .service = l->senses[group].service, .reasons = &l->reasons, .group = group },
        .said = listing_census(v)
    };
    *out_disagrees = false;
    l->lives.count = 0;
    int r = pathway == NONE ? 0 : lives_add(l, pathway, u->frame.service, &l->lives);

    lives_sort(&l->lives);
    if (e->stop && lives_reopened(&l->lives) <= u->said) {
        u->gone = e->stop;
        u->said = census_before(v, e->stop);
    }
    u->frame.open_at = u->said;
    uint16_t start = lives_start(&l->lives, u->frame.service);

    if (r == 0)
        r = put_start(l, u);
    if (r == 0 && pathway != NONE)
        r = facts_disagree(l, u, start, scratch, out_disagrees);
    return r;
}

int under_stages(struct pathway_list *l, const struct under *u, struct cells *cells, size_t from)
{
    drop_unknown_stages(u->frame.service, cells, from);
    return stage_began(l, u->e) && cells->count > from ? put_stage(l, u, cells, from) : 0;
}

static int cells_under(struct pathway_list *l, const struct listing *v, const struct listed *e,
                       uint32_t pathway, struct cells *out_cells)
{
    struct under u;
    size_t from = out_cells->count;
    bool disagrees = false;
    int r = under_read(l, v, e, pathway, out_cells, &u, &disagrees);

    if (r == 0)
        r = clocks_under(l, &u, out_cells);
    if (r == 0)
        r = under_stages(l, &u, out_cells, from);
    if (r == 0)
        r = past_cells(l, v, e, out_cells);
    evented_flag(l, pathway, disagrees, false);
    return r;
}

/* ---- any pathway ---- */

int unlisted_cells(struct pathway_list *l, const struct listing *v, uint32_t pathway,
                   struct cells *out_cells, bool *out_disagrees)
{
    const struct evented *p = &l->evented[pathway];
    const struct clock_frame frame = { .service = l->senses[p->group].service,
                                       .reasons = &l->reasons,
                                       .group = p->group };
    size_t from = out_cells->count;

    l->lives.count = 0;
    int r = lives_add(l, pathway, frame.service, &l->lives);

    lives_sort(&l->lives);
    if (r == 0)
        r = clocks_of(&l->lives, &frame, out_cells);
    *out_disagrees = r == 0 && cells_under_census(frame.service, listing_census(v),
                                                  lives_reopened(&l->lives), out_cells, from);
    return r;
}

int evented_cells(struct pathway_list *l, const struct listing *v, uint32_t pathway,
                  struct cells *out_cells)
{
    const struct evented *p = &l->evented[pathway];
    const struct listed *e = listing_find(v, p->key);
    bool disagrees;

    if (p->facts == NONE) { /* a new one, or all of it was taken back */
        evented_flag(l, pathway, false, false);
        return e ? listed_cells(l, v, e, out_cells) : 0;
    }
    if (e)
        return cells_under(l, v, e, pathway, out_cells);
    int r = unlisted_cells(l, v, pathway, out_cells, &disagrees);
    const struct service *service = l->senses[p->group].service;
    bool no_start = !lives_start(&l->lives, service);

    evented_flag(l, pathway, disagrees, no_start);
    /* A census says who is on the list, and a table that names no service may speak of another list. */
    if (r < 0 || !no_start || listing_census(v) || (p->flags & EVENTED_UNSAID))
        return r;
    return clocks_unreferred(
        &l->lives,
        &(struct clock_frame){ .service = service, .reasons = &l->reasons, .group = p->group },
        out_cells);
}

int alone_cells(struct pathway_list *l, const struct listing *v, const uint8_t *key,
                struct cells *out_cells)
{
    uint32_t at = l->evented_count ? evented_find(l, key) : NONE;

    if (at != NONE)
        return evented_cells(l, v, at, out_cells);
    const struct listed *e = listing_find(v, key);

    return e ? listed_cells(l, v, e, out_cells) : 0;
}

int person_cells(struct pathway_list *l, const struct listing *v, const uint8_t *person,
                 struct cells *out_cells)
{
    struct person_walk w = { .v = v, .person = person };
    const uint8_t *key;
    int r = 0;

    if (person_reports(l, v, person) <= SPELL_PATHWAYS_MAX)
        return spells_of(l, v, person, out_cells, NULL, NULL);
    while (r == 0 && (key = person_next(l, &w)))
        r = alone_cells(l, v, key, out_cells);
    return r;
}

/* ---- moving counts ---- */

static int cell_compare(const void *a, const void *b)
{
    const struct tally_cell *x = a, *y = b;

    if (x->clock != y->clock)
        return x->clock - y->clock;
    if (x->start != y->start)
        return x->start - y->start;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->exception != y->exception)
        return x->exception - y->exception;
    if (x->stop != y->stop)
        return x->stop - y->stop;
    return x->outcome - y->outcome;
}

static void saw_change(struct list_change *change, uint16_t day)
{
    if (!date_is_set(change->from) || day < change->from.day)
        change->from = tally_date(day);
}

/* The first day on which the two differ. */
static uint16_t differ_from(const struct tally_cell *a, const struct tally_cell *b,
                            uint16_t regrouped)
{
    uint16_t x = a->stop ? a->stop : UINT16_MAX, y = b->stop ? b->stop : UINT16_MAX;
    uint16_t day = x < y ? x : y;

    if (a->group != b->group || a->exception != b->exception) {
        if (!regrouped)
            return a->start;
        if (regrouped < day)
            day = regrouped;
    }
    return day == UINT16_MAX || day < a->start ? a->start : day;
}

int list_settle(struct pathway_list *l, uint16_t regrouped, struct list_change *change)
{
    const struct cells *was = &l->was, *is = &l->is;
    size_t i = 0, k = 0;
    int r = 0;

    if (was->count > 1)
        qsort(was->list, was->count, sizeof *was->list, cell_compare);
    if (is->count > 1)
        qsort(is->list, is->count, sizeof *is->list, cell_compare);
    while (r == 0 && (i < was->count || k < is->count)) {
        const struct tally_cell *a = &was->list[i], *b = &is->list[k];
        int c = i == was->count ? 1 : k == is->count ? -1 : cell_compare(a, b);

        if (c == 0) {
            i++;
            k++;
            continue;
        }
        bool paired =
            i < was->count && k < is->count && a->clock == b->clock && a->start == b->start;

        saw_change(change, paired ? differ_from(a, b, regrouped) : c < 0 ? a->start : b->start);
        if (paired || c < 0) {
            r = tally_move(l->tally, a, -1);
            i++;
        }
        if (r == 0 && (paired || c > 0)) {
            r = tally_move(l->tally, b, 1);
            k++;
        }
    }
    l->was.count = l->is.count = 0;
    return r;
}
