/*
 * list_event - one event into its register, and the counts it moves
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "pathway/list_internal.h"

/* What one record says, by numbers. */
struct said {
    struct fact fact, start; /* start: the referral it reports beside its own event */
    bool has_start, has_person;
    struct dimensions dimensions; /* of the pathway, once the record has said its own */
    uint32_t group;               /* theirs */
    bool grouped;                 /* something of it stands */
};

/* The first 48 bits of a keyed hash would do; an event_id is any text, so it is hashed here (FNV-1a,
 * folded). Two ids of one event of one pathway that fall together: once in 2^48. 0 stands for none. */
uint64_t fact_occurrence(const char *event_id)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    if (!event_id || !*event_id)
        return 0;
    for (; *event_id; event_id++)
        h = (h ^ (unsigned char)*event_id) * UINT64_C(0x100000001b3);
    h = (h ^ (h >> 48)) & UINT64_C(0xffffffffffff);
    return h ? h : 1;
}

static int numbers_of(struct pathway_list *l, const struct pathway_record *r, struct said *out_said)
{
    uint32_t reason = 0, exception = 0;
    int e = codes_number(&l->reasons, r->reason, REASONS_MAX, &reason);

    if (e == 0)
        e = codes_number(&l->exceptions, r->exception, EXCEPTION_CODES_MAX, &exception);
    out_said->fact.reason = reason;
    out_said->fact.exception = (uint8_t)exception;
    return e;
}

/* Whether it may belong to a spell. Who says no service: of one that another record tells. */
static bool may_be_in_spell(const struct pathway_list *l, const struct pathway_record *r)
{
    const char *service = r->service ? r->service : l->service;
    bool any = false;

    if (service)
        return service_of(l->services, service)->spell_gap_days >= 0;
    for (size_t i = 0; l->services && i < services_count(l->services); i++)
        any |= services_at(l->services, i)->spell_gap_days >= 0;
    return any;
}

/* Returns an enum list_verdict, or -ENOMEM. */
static int understand(struct pathway_list *l, const struct pathway_record *r,
                      struct civil_date received, struct said *out_said)
{
    int event = r->event ? pathway_event_of(r->event) : -ENOENT;
    bool referral = event == EVENT_REFERRAL;
    struct civil_date date =
        referral && date_is_set(r->clock_start) ? r->clock_start : r->event_date;

    if (event < 0)
        return LIST_UNKNOWN_EVENT;
    if (!list_day_ok(date, received) ||
        (date_is_set(r->clock_start) && !list_day_ok(r->clock_start, received)))
        return LIST_OUT_OF_RANGE;
    if (list_forgot(l, r->pathway) && !list_has(l, r->pathway))
        return LIST_TOO_OLD;
    *out_said = (struct said){
        .fact = { .version = r->has_version ? r->version : 0,
                  .occurrence = fact_occurrence(r->event_id),
                  .next = NONE,
                  .date = (uint16_t)date.day,
                  .event = (uint8_t)(event | (r->retracted ? FACT_RETRACTED : 0)) },
    };
    int e = numbers_of(l, r, out_said);

    if (e < 0)
        return e == -EFBIG ? LIST_TOO_MANY_CODES : e;
    out_said->has_start = !referral && date_is_set(r->clock_start);
    if (out_said->has_start)
        out_said->start = (struct fact){ .version = out_said->fact.version,
                                         .next = NONE,
                                         .date = (uint16_t)r->clock_start.day,
                                         .event = EVENT_REFERRAL };
    out_said->has_person = r->has_person && may_be_in_spell(l, r);
    return LIST_TAKEN;
}

/* What it says of who waits for what. Returns as understand(). */
static int understand_group(struct pathway_list *l, uint32_t pathway,
                            const struct pathway_record *r, struct said *said)
{
    dimensions_of(l, pathway, &said->dimensions);
    said->grouped = dimensions_take(&said->dimensions, r, said->fact.version) || pathway == NONE;
    int e = said->grouped ? dimensions_group(l, &said->dimensions, &said->group) : 0;

    return e == 0 ? LIST_TAKEN : e == -EFBIG ? LIST_TOO_MANY_CODES : e;
}

/* ---- registers ---- */

/* LIST_TAKEN where the fact would stand; else LIST_SAME or LIST_OLDER. */
static int weigh(struct pathway_list *l, uint32_t pathway, const struct fact *f)
{
    uint32_t at = *fact_place(l, pathway, f->event & FACT_EVENT_MASK, f->occurrence);

    if (at == NONE || (l->facts[at].event & FACT_EVENT_MASK) != (f->event & FACT_EVENT_MASK) ||
        l->facts[at].occurrence != f->occurrence)
        return LIST_TAKEN;
    int c = fact_compare(l, f, &l->facts[at]);

    return c > 0 ? LIST_TAKEN : c == 0 ? LIST_SAME : LIST_OLDER;
}

static int put_fact(struct pathway_list *l, uint32_t pathway, const struct fact *f)
{
    uint32_t at = *fact_place(l, pathway, f->event & FACT_EVENT_MASK, f->occurrence);

    if (at == NONE || (l->facts[at].event & FACT_EVENT_MASK) != (f->event & FACT_EVENT_MASK) ||
        l->facts[at].occurrence != f->occurrence)
        return fact_add(l, pathway, f);
    uint32_t next = l->facts[at].next;

    l->facts[at] = *f;
    l->facts[at].next = next;
    return 0;
}

static bool person_stands(const struct pathway_list *l, const struct evented *e,
                          const struct said *s, const uint8_t *person)
{
    if (!s->has_person)
        return false;
    if (e->person == NONE || s->fact.version != e->person_version)
        return e->person == NONE || s->fact.version > e->person_version;
    return memcmp(person, l->persons[e->person].key, PSEUDONYM_BYTES) > 0;
}

/* What of the record stands over what is known. */
struct stands {
    int fact; /* enum list_verdict */
    bool start, person;
};

static struct stands weigh_all(struct pathway_list *l, uint32_t pathway, const struct said *s,
                               const uint8_t *person)
{
    const struct evented *e = &l->evented[pathway];
    struct stands w = {
        .fact = weigh(l, pathway, &s->fact),
        .start = s->has_start && weigh(l, pathway, &s->start) == LIST_TAKEN,
        .person = person_stands(l, e, s, person),
    };

    return w;
}

static int put_all(struct pathway_list *l, uint32_t pathway, const struct said *s,
                   const struct stands *w, uint32_t person)
{
    int r = s->grouped ? dimensions_put(l, pathway, &s->dimensions, s->group) : 0;

    if (w->person) {
        l->evented[pathway].person_version = s->fact.version;
        evented_set_person(l, pathway, person);
    }
    if (r == 0 && w->fact == LIST_TAKEN)
        r = put_fact(l, pathway, &s->fact);
    if (r == 0 && w->start)
        r = put_fact(l, pathway, &s->start);
    return r == 0 ? evented_touch(l, pathway) : r;
}

/* ---- counts ---- */

/* Whose counts the event may move: the pathway's, and with it the spells of the person it is of and of
 * the one it comes to (NONE: it is then nobody's). Of a person with too many pathways for spells it is the
 * pathway's alone, but for the step over that number. */
struct around {
    uint32_t pathway;
    size_t count;
    uint8_t persons[3][PSEUDONYM_BYTES];
};

static void put_around(const struct pathway_list *l, struct around *a, const uint8_t *person)
{
    if (!person || person_reports(l, &l->listing, person) > SPELL_PATHWAYS_MAX + 1)
        return;
    for (size_t i = 0; i < a->count; i++)
        if (memcmp(a->persons[i], person, PSEUDONYM_BYTES) == 0)
            return;
    memcpy(a->persons[a->count++], person, PSEUDONYM_BYTES);
}

/* comes_to: whose it is then, by events; NULL: nobody's. */
static struct around around_of(const struct pathway_list *l, uint32_t pathway, bool moves,
                               const uint8_t *comes_to)
{
    const struct evented *e = &l->evented[pathway];
    struct around a = { .pathway = pathway };

    put_around(l, &a, person_of_pathway(l, &l->listing, e->key));
    put_around(l, &a, e->person == NONE ? NULL : l->persons[e->person].key);
    if (moves)
        put_around(l, &a, comes_to);
    return a;
}

static int cells_around(struct pathway_list *l, const struct around *a, struct cells *out_cells)
{
    const uint8_t *own = person_of_pathway(l, &l->listing, l->evented[a->pathway].key);
    bool with_person = false;
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->count; i++) {
        with_person |= own && memcmp(a->persons[i], own, PSEUDONYM_BYTES) == 0;
        r = person_cells(l, &l->listing, a->persons[i], out_cells);
    }
    return r < 0 || with_person ? r : evented_cells(l, &l->listing, a->pathway, out_cells);
}

static int take(struct pathway_list *l, uint32_t pathway, const struct said *s,
                const struct stands *w, const uint8_t *person, struct list_change *change)
{
    uint32_t comes_to = NONE;
    int r = w->person ? person_place(l, person, &comes_to) : 0;

    if (r < 0)
        return r;
    const struct around a = around_of(l, pathway, w->person, person);

    r = cells_around(l, &a, &l->was);
    if (r == 0)
        r = put_all(l, pathway, s, w, comes_to);
    if (r == 0)
        r = cells_around(l, &a, &l->is);
    return r == 0 ? list_settle(l, 0, change) : r;
}

static int event_verdict(struct pathway_list *l, const struct pathway_record *event,
                         struct civil_date received, struct list_change *change)
{
    struct said s;
    int verdict = understand(l, event, received, &s);

    if (verdict != LIST_TAKEN)
        return verdict;
    uint32_t pathway = evented_find(l, event->pathway);

    verdict = understand_group(l, pathway, event, &s);
    if (verdict != LIST_TAKEN)
        return verdict;
    int r = pathway == NONE ? evented_add(l, event->pathway, &pathway) : 0;

    if (r < 0)
        return r;
    list_saw_day(l, s.fact.date);
    const struct stands w = weigh_all(l, pathway, &s, event->person);

    if (w.fact != LIST_TAKEN && !w.start && !s.grouped && !w.person)
        return w.fact;
    r = take(l, pathway, &s, &w, event->person, change);
    return r < 0 ? r : LIST_TAKEN;
}

int list_event(struct pathway_list *l, const struct pathway_record *event,
               struct civil_date received, struct list_change *change)
{
    assert(l && event && change && !l->staged);
    int verdict = event_verdict(l, event, received, change);

    if (verdict < 0)
        return verdict;
    if (verdict == LIST_TOO_OLD)
        l->too_old++;
    change->verdicts[verdict]++;
    return verdict;
}

/* ---- taking back ---- */

static void drop_fact(struct pathway_list *l, uint32_t pathway, const struct fact *f)
{
    uint32_t *at = fact_place(l, pathway, f->event & FACT_EVENT_MASK, f->occurrence);

    *at = l->facts[*at].next;
    l->has_holes = true;
}

/* Of each register what stands as the record said it; weigh_all() finds what would stand over it. */
static struct stands weigh_said(struct pathway_list *l, uint32_t pathway, const struct said *s,
                                const uint8_t *person)
{
    const struct evented *e = &l->evented[pathway];
    struct stands w = {
        .fact = weigh(l, pathway, &s->fact),
        .start = s->has_start && weigh(l, pathway, &s->start) == LIST_SAME,
        .person = s->has_person && e->person != NONE && e->person_version == s->fact.version &&
                  memcmp(person, l->persons[e->person].key, PSEUDONYM_BYTES) == 0,
    };

    return w;
}

static int drop_all(struct pathway_list *l, uint32_t pathway, const struct said *s,
                    const struct stands *w)
{
    int r = s->grouped ? dimensions_put(l, pathway, &s->dimensions, s->group) : 0;

    if (w->person)
        evented_leave_person(l, pathway);
    if (w->fact == LIST_SAME)
        drop_fact(l, pathway, &s->fact);
    if (w->start)
        drop_fact(l, pathway, &s->start);
    return r == 0 ? evented_touch(l, pathway) : r;
}

/* Returns as understand(). */
static int understand_back(struct pathway_list *l, const struct pathway_record *r,
                           struct civil_date received, struct said *out_said, uint32_t *out_pathway)
{
    int verdict = understand(l, r, received, out_said);

    *out_pathway = verdict == LIST_TAKEN ? evented_find(l, r->pathway) : NONE;
    if (*out_pathway == NONE)
        return verdict;
    dimensions_of(l, *out_pathway, &out_said->dimensions);
    out_said->grouped = dimensions_drop(&out_said->dimensions, r, out_said->fact.version);
    int e = out_said->grouped ? dimensions_group(l, &out_said->dimensions, &out_said->group) : 0;

    return e == -EFBIG ? LIST_TOO_MANY_CODES : e < 0 ? e : LIST_TAKEN;
}

int list_take_back(struct pathway_list *l, const struct pathway_record *event,
                   struct civil_date received, struct list_change *change)
{
    assert(l && event && change && !l->staged);
    struct said s;
    uint32_t pathway;
    int r = understand_back(l, event, received, &s, &pathway);

    if (r != LIST_TAKEN || pathway == NONE)
        return r < 0 ? r : 0;
    const struct stands w = weigh_said(l, pathway, &s, event->person);

    if (w.fact != LIST_SAME && !w.start && !s.grouped && !w.person)
        return 0;
    const struct around a = around_of(l, pathway, w.person, NULL);

    r = cells_around(l, &a, &l->was);
    if (r == 0)
        r = drop_all(l, pathway, &s, &w);
    if (r == 0)
        r = cells_around(l, &a, &l->is);
    return r == 0 ? list_settle(l, 0, change) : r;
}

/* Pathways of which nothing is left go, and registers that are no longer in a chain. */
static int close_holes(struct pathway_list *l, struct list_change *change)
{
    for (uint32_t i = 0; i < l->evented_count; i++)
        if (l->evented[i].facts == NONE)
            l->evented[i].flags |= EVENTED_LEAVES;
    change->rewrite = true;
    l->has_holes = false;
    return evented_compact(l);
}

void list_reaches(struct pathway_list *l, struct civil_date day)
{
    list_saw_day(l, (uint16_t)day.day);
}

int list_events_end(struct pathway_list *l, struct list_change *change)
{
    int r = l->has_holes ? close_holes(l, change) : 0;

    return r == 0 ? list_purge_if_due(l, change) : r;
}
