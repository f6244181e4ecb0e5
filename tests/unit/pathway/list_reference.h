/*
 * list_reference - a slow reference of a pathway list: keeps every fact and every census in a plain list
 * and recounts from nothing
 *
 * Written from the rules (pathway_list.h), not from the code: it sorts nothing, keeps no registers and
 * moves no counts. Only what a service is made of is shared. Header only.
 */
#ifndef UNIT_PATHWAY_LIST_REFERENCE_H
#define UNIT_PATHWAY_LIST_REFERENCE_H

#include "unit/pathway/list_reference_clocks.h"

/* ---- under the censuses ---- */

static inline int ref_last_census(const struct reference *ref)
{
    return ref->census_count ? ref->censuses[ref->census_count - 1].date : 0;
}

static inline bool ref_open_at(const struct ref_cell *c, int day)
{
    return c->start <= day && c->stop > day;
}

/* The last census a pathway is on; -1: none. */
static inline int ref_seen(const struct reference *ref, int pathway)
{
    int seen = -1;

    for (int i = 0; i < ref->census_count; i++) {
        if (ref->censuses[i].start[pathway])
            seen = i;
    }
    return seen;
}

/* Rule 2 for what no census knows. ended: the day its referrals had ended. Returns whether it was
 * contradicted. */
static inline bool ref_contradicted(const struct ref_clocks *k, int ended, int from)
{
    int census = ref_last_census(k->ref);
    bool bad = false;

    if (!census || ended <= census || ref_reopened(k->v, k->n) > census)
        return false;
    for (int i = from; i < k->out->count; i++)
        bad |= k->out->list[i].clock == 0 && ref_open_at(&k->out->list[i], census);
    if (bad)
        k->out->count = from;
    return bad;
}

/* What a census knows, and events beside it: the facts with the start that the census says, until when it
 * was said to be open, and the census it was gone from (0: none). Returns the number of facts. */
static inline int ref_listed(const struct reference *ref, int pathway, struct ref_live *out,
                             int *out_said, int *out_gone)
{
    struct ref_live v[REF_FACTS];
    int n = ref_lives(ref, pathway, v), m = 0, seen = ref_seen(ref, pathway);

    *out_said = ref->censuses[seen].date;
    *out_gone = 0;
    if (seen + 1 < ref->census_count && ref_reopened(v, n) <= ref_last_census(ref))
        *out_gone = ref->censuses[seen + 1].date;
    else
        *out_said = ref_last_census(ref);
    for (int i = 0; i < n; i++) {
        if (!ref_in(ref->service->clocks[0].from, v[i].event))
            out[m++] = v[i];
    }
    out[m++] = (struct ref_live){ EVENT_REFERRAL, ref->censuses[seen].start[pathway], 0, "", "" };
    return m;
}

/* Nothing is known of a stage that began with the pathway and that no event ended. */
static inline void ref_drop_stages(const struct reference *ref, struct ref_cells *out, int from)
{
    for (int i = from; i < out->count; i++) {
        const struct ref_cell *c = &out->list[i];

        if (c->clock > 0 && c->outcome != OUTCOME_COMPLETED &&
            ref_in(ref->service->clocks[c->clock].from, EVENT_REFERRAL))
            out->list[i--] = out->list[--out->count];
    }
}

/* Rules 2 and 3 for what a census knows. */
static inline void ref_under(const struct reference *ref, int pathway, struct ref_cells *out)
{
    struct ref_live w[REF_FACTS];
    int said, gone, m = ref_listed(ref, pathway, w, &said, &gone), from = out->count;
    struct ref_clocks k = {
        ref, w,   m, said,       { REF_NEVER, 0, 0 }, { .service = ref->service->id },
        0,   out, 0, { 0, 0, 0 }
    };

    k.ending = ref_ending(ref, w, m, w[m - 1].date, said);
    ref_all_clocks(&k);
    if (gone && out->count > from && ref_open_at(&out->list[from], gone)) {
        out->count = from;
        k.ending = (struct ref_end){ gone, OUTCOME_UNKNOWN, 0 };
        ref_all_clocks(&k);
    }
    ref_drop_stages(ref, out, from);
}

/* Returns whether a census contradicts it. */
static inline bool ref_alone(const struct reference *ref, int pathway, struct ref_cells *out)
{
    struct ref_live v[REF_FACTS];
    int n = ref_lives(ref, pathway, v), from = out->count;
    struct ref_clocks k = { ref, v,   n, 0,          { REF_NEVER, 0, 0 }, ref_group(ref, pathway),
                            0,   out, 0, { 0, 0, 0 } };

    k.ending = ref_ending(ref, v, n, ref_first(v, n, ref->service->clocks[0].from, 0, NULL), 0);
    ref_all_clocks(&k);
    return ref_contradicted(&k, REF_NEVER, from);
}

/* ---- spells: whatever touches belongs together ---- */

/* Whose a pathway is: as the last census that says it, else as events say. -1: nobody's. */
static inline int ref_whose(const struct reference *ref, int pathway)
{
    if (ref->service->spell_gap_days < 0)
        return -1;
    for (int i = ref->census_count - 1; i >= 0; i--) {
        const struct ref_census *c = &ref->censuses[i];

        if (c->start[pathway] && c->person[pathway] >= 0)
            return c->person[pathway];
    }
    return ref_person(ref, pathway);
}

struct ref_member {
    int pathway, start;
    struct ref_end end;
    int spell;
    bool seen, open; /* by a census; by the last one */
    int said;
};

/* False: it has no start, or it moves no count, as the census that names its person does not know it. */
static inline bool ref_member_of(const struct reference *ref, int pathway, bool named,
                                 struct ref_member *out)
{
    static struct ref_cells scratch;
    struct ref_live v[REF_FACTS];
    int n, gone = 0;

    *out = (struct ref_member){ .pathway = pathway, .seen = ref_seen(ref, pathway) >= 0 };
    if (out->seen) {
        n = ref_listed(ref, pathway, v, &out->said, &gone);
        out->start = v[n - 1].date;
        out->open = ref_seen(ref, pathway) == ref->census_count - 1;
        out->end = ref_ending(ref, v, n, out->start, out->said);
        if (gone && out->end.day > gone)
            out->end = (struct ref_end){ gone, OUTCOME_UNKNOWN, 0 };
        return true;
    }
    n = ref_lives(ref, pathway, v);
    out->start = ref_first(v, n, ref->service->clocks[0].from, 0, NULL);
    out->end = ref_ending(ref, v, n, out->start, 0);
    scratch.count = 0;
    return out->start != REF_NEVER && !(named && ref_alone(ref, pathway, &scratch));
}

/* The first by start and key, of those that `is` says; NULL none. */
static inline const struct ref_member *ref_first_member(const struct ref_member *m, int count,
                                                        int spell, bool seen, bool open)
{
    const struct ref_member *first = NULL;
    uint8_t key[PSEUDONYM_BYTES], best[PSEUDONYM_BYTES];
    char name[16];

    for (int i = 0; i < count; i++) {
        if (m[i].spell != spell || (seen && !m[i].seen) || (open && !m[i].open))
            continue;
        snprintf(name, sizeof name, "%d", m[i].pathway);
        key_of(name, key);
        if (!first || m[i].start < first->start ||
            (m[i].start == first->start && memcmp(key, best, sizeof key) < 0)) {
            first = &m[i];
            memcpy(best, key, sizeof key);
        }
    }
    return first;
}

static inline void ref_one_spell(const struct reference *ref, const struct ref_member *m, int count,
                                 int spell, struct ref_cells *out, int *disagreeing)
{
    static struct ref_live v[REF_PATHWAYS * REF_FACTS];
    int n = 0, from = out->count, members = 0, gap = (int)ref->service->spell_gap_days;
    int open_at = 0, said, gone;
    const struct ref_member *first = ref_first_member(m, count, spell, false, false);
    const struct ref_member *seen = ref_first_member(m, count, spell, true, false);
    struct ref_end end = { 0, OUTCOME_OPEN, 0 };

    if (!first)
        return;
    for (int i = 0; i < count; i++) {
        if (m[i].spell != spell)
            continue;
        members++;
        n += m[i].seen ? ref_listed(ref, m[i].pathway, v + n, &said, &gone)
                       : ref_lives(ref, m[i].pathway, v + n);
        if (m[i].seen && m[i].said > open_at)
            open_at = m[i].said;
        if (m[i].end.day > end.day || (m[i].end.day == end.day && m[i].end.outcome < end.outcome))
            end = m[i].end;
    }
    int ended = end.day;

    if (end.day != REF_NEVER) {
        end.day += seen ? 0 : gap; /* a census decides who is open at it */
        if (end.outcome == OUTCOME_REMOVED_UNSEEN &&
            ref_first(v, n, EVENT_BIT(EVENT_FIRST_CONTACT), 0, NULL) <= end.day)
            end.outcome = OUTCOME_REMOVED;
    }
    struct ref_clocks k = { ref, v,   n, open_at,    end, { .service = ref->service->id },
                            0,   out, 0, { 0, 0, 0 } };

    if (!seen)
        k.group = ref_group(ref, first->pathway);
    ref_all_clocks(&k);
    if (seen)
        ref_drop_stages(ref, out, from);
    else if (ref_contradicted(&k, ended, from))
        *disagreeing += members;
}

static inline void ref_spells(const struct reference *ref, int person, struct ref_cells *out,
                              int *disagreeing)
{
    struct ref_member m[REF_PATHWAYS];
    int count = 0, gap = (int)ref->service->spell_gap_days;
    bool changed = true, named = false;

    for (int p = 0; p < REF_PATHWAYS; p++)
        named |= ref_whose(ref, p) == person && ref_seen(ref, p) >= 0;
    for (int p = 0; p < REF_PATHWAYS; p++) {
        if (ref_whose(ref, p) == person && ref_member_of(ref, p, named, &m[count])) {
            m[count].spell = count;
            count++;
        }
    }
    while (changed) {
        changed = false;
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < count; k++) {
                if (m[i].start <= m[k].end.day + gap && m[k].start <= m[i].end.day + gap &&
                    m[i].spell < m[k].spell) {
                    m[k].spell = m[i].spell;
                    changed = true;
                }
            }
        }
    }
    for (int spell = 0; spell < count; spell++)
        ref_one_spell(ref, m, count, spell, out, disagreeing);
}

/* ---- the whole ---- */

static inline char *ref_line(const struct ref_cell *c)
{
    struct tally *t = tally_new();
    uint32_t group = 0;
    struct tally_cell cell = { .start = (uint16_t)c->start,
                               .stop = c->stop == REF_NEVER ? TALLY_OPEN : (uint16_t)c->stop,
                               .clock = (uint8_t)c->clock,
                               .outcome = (uint8_t)c->outcome,
                               .exception = (uint8_t)c->exception };

    ck_assert_int_eq(tally_group(t, &c->group, &group), 0);
    cell.group = group;
    char *line = cell_line(t, &cell);

    tally_free(t);
    return line;
}

static inline void ref_count(const struct reference *ref, struct ref_cells *out_cells,
                             int *out_disagreeing)
{
    bool done[64] = { false };

    out_cells->count = 0;
    *out_disagreeing = 0;
    for (int p = 0; p < REF_PATHWAYS; p++) {
        int person = ref_whose(ref, p);

        if (person < 0 && ref_seen(ref, p) >= 0)
            ref_under(ref, p, out_cells);
        else if (person < 0)
            *out_disagreeing += ref_alone(ref, p, out_cells);
        else if (!done[person]) {
            done[person] = true;
            ref_spells(ref, person, out_cells, out_disagreeing);
        }
    }
}

/* Every cell on a line, sorted, as counts_text() of the list has them. malloc'ed. */
static inline char *ref_counts_text(const struct reference *ref, int *out_disagreeing)
{
    static struct ref_cells cells;
    char *lines[REF_PATHWAYS * 40];
    struct text all = TEXT_INIT;

    ref_count(ref, &cells, out_disagreeing);
    for (int i = 0; i < cells.count; i++)
        lines[i] = ref_line(&cells.list[i]);
    qsort(lines, (size_t)cells.count, sizeof *lines, line_compare);
    for (int i = 0; i < cells.count; i++) {
        (void)text_printf(&all, "%s\n", lines[i]);
        free(lines[i]);
    }
    char *text = text_take(&all);

    return text ? text : strdup("");
}

#endif
