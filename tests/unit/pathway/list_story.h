/*
 * list_story - a pathway list told in few words, and its counts as text
 *
 * Keys are made of names by SHA-256, so they are spread as keyed hashes are. Header only.
 */
#ifndef UNIT_PATHWAY_LIST_STORY_H
#define UNIT_PATHWAY_LIST_STORY_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pathway/pathway_list.h"
#include "support/date_of.h"
#include "support/unit.h"

#define RECEIVED "2030-01-01" /* a day after everything told, unless a test is about that day */

static inline void key_of(const char *name, uint8_t out_key[PSEUDONYM_BYTES])
{
    char hex[SHA256_TEXT_MAX];
    unsigned byte;

    ck_assert_int_eq(sha256_hex(name, strlen(name), hex), 0);
    for (size_t i = 0; i < PSEUDONYM_BYTES; i++) {
        ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out_key[i] = (uint8_t)byte;
    }
}

static inline struct services *story_services(void)
{
    static struct services *services; /* of the process: lists borrow it */
    struct diags diags = DIAGS_INIT;

    if (!services)
        ck_assert_int_eq(services_load("config/services.yaml", &diags, &services), 0);
    diags_release(&diags);
    return services;
}

static inline struct pathway_list *story_new(const char *service)
{
    struct pathway_list *l = list_new(story_services(), service);

    ck_assert_ptr_nonnull(l);
    return l;
}

/* One event. Fields that a test is not about are left out. */
struct told {
    const char *pathway, *event, *date;
    uint64_t version;
    const char *person, *id, *reason, *exception, *service, *commissioner, *place, *clock_start;
    bool retracted;
    struct cohort_value cohort[COHORT_MAX];
};

static inline struct pathway_record record_of(const struct told *t)
{
    struct pathway_record r = { .event = pathway_event_find(t->event),
                                .event_id = t->id,
                                .event_date = date_of(t->date),
                                .version = t->version,
                                .has_version = true,
                                .retracted = t->retracted,
                                .reason = t->reason,
                                .exception = t->exception,
                                .service = t->service,
                                .commissioner = t->commissioner,
                                .place = t->place,
                                .clock_start = date_of(t->clock_start),
                                .stage_start = DATE_NONE,
                                .census = DATE_NONE,
                                .has_person = t->person != NULL };

    for (size_t i = 0; i < COHORT_MAX && t->cohort[i].name; i++)
        r.cohort[r.cohort_count++] = t->cohort[i];
    key_of(t->pathway, r.pathway);
    if (t->person)
        key_of(t->person, r.person);
    return r;
}

static inline int tell_change(struct pathway_list *l, struct told t, struct list_change *change)
{
    struct pathway_record r = record_of(&t);

    return list_event(l, &r, date_of(RECEIVED), change);
}

#define TOLD(pathway_, event_, date_, version_, ...)                                               \
    ((struct told){                                                                                \
        .pathway = pathway_, .event = event_, .date = date_, .version = version_, __VA_ARGS__ })
#define TELL(l, ...) tell(l, TOLD(__VA_ARGS__, ))
static inline int tell(struct pathway_list *l, struct told t)
{
    struct list_change change = LIST_CHANGE_INIT;

    return tell_change(l, t, &change);
}

/* One row of a snapshot. */
struct row {
    const char *pathway, *start, *stage, *stage_start, *exception, *person;
};

static inline struct list_change census_rows(struct pathway_list *l, const char *census,
                                             const struct row *rows, size_t count)
{
    struct list_change change = LIST_CHANGE_INIT;

    ck_assert_int_eq(list_snapshot_begin(l, date_of(census), date_of(RECEIVED), LIST_FIRST_STANDS),
                     0);
    for (size_t i = 0; i < count; i++) {
        struct pathway_record r = { .clock_start = date_of(rows[i].start),
                                    .stage = rows[i].stage,
                                    .stage_start = date_of(rows[i].stage_start),
                                    .exception = rows[i].exception,
                                    .census = date_of(census),
                                    .has_person = rows[i].person != NULL };

        key_of(rows[i].pathway, r.pathway);
        if (rows[i].person)
            key_of(rows[i].person, r.person);
        ck_assert_int_ge(list_snapshot_row(l, &r), 0);
    }
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    return change;
}

#define ROW(...) ROW_OF(__VA_ARGS__, )
#define ROW_OF(pathway_, start_, ...)                                                              \
    {                                                                                              \
        .pathway = pathway_, .start = start_, __VA_ARGS__                                          \
    }
#define CENSUS(l, date, ...)                                                                       \
    census_rows(l, date, (struct row[]){ __VA_ARGS__ },                                            \
                sizeof((struct row[]){ __VA_ARGS__ }) / sizeof(struct row))
#define CENSUS_OF_NOBODY(l, date) census_rows(l, date, NULL, 0)

static inline int line_compare(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static inline char *cell_line(const struct tally *t, const struct tally_cell *c)
{
    const struct group g = tally_group_at(t, c->group);
    const struct service *s = service_of(story_services(), g.service);
    const char *clock = c->clock == TALLY_STAGE ? g.stage : s->clocks[c->clock].id;
    const char *exception = service_exception_name(s, c->exception);
    char start[DATE_TEXT_MAX], stop[DATE_TEXT_MAX];
    struct text line = TEXT_INIT;

    (void)text_printf(&line, "%s %s %s%s%s", clock, date_format(tally_date(c->start), start),
                      date_format(tally_date(c->stop), stop), c->stop ? " " : "",
                      pathway_outcome_name(c->outcome));
    if (exception)
        (void)text_printf(&line, " %s", exception);
    if (g.place)
        (void)text_printf(&line, " in %s", g.place);
    if (g.commissioner)
        (void)text_printf(&line, " for %s", g.commissioner);
    for (size_t i = 0; i < g.cohort_count; i++)
        (void)text_printf(&line, " %s=%s", g.cohort[i].name, g.cohort[i].value);
    char *taken = text_take(&line);

    ck_assert_ptr_nonnull(taken);
    return taken;
}

/* Every clock on a line of its own, sorted: "pathway 2025-01-06 2025-02-01 completed". malloc'ed. */
static inline char *counts_text(const struct pathway_list *l)
{
    const struct tally *t = list_tally(l);
    size_t n = 0, k = 0;
    struct text all = TEXT_INIT;
    struct tally_cell cell;
    uint64_t count;

    for (size_t at = 0; tally_next(t, &at, &cell, &count);)
        n += count;
    char **lines = calloc(n + 1, sizeof *lines);

    ck_assert_ptr_nonnull(lines);
    for (size_t at = 0; tally_next(t, &at, &cell, &count);) {
        for (; count > 0; count--)
            lines[k++] = cell_line(t, &cell);
    }
    if (n)
        qsort(lines, n, sizeof *lines, line_compare);
    for (size_t i = 0; i < n; i++) {
        (void)text_printf(&all, "%s\n", lines[i]);
        free(lines[i]);
    }
    free(lines);
    char *text = text_take(&all);

    return text ? text : strdup("");
}

/* expected: those lines. */
#define CHECK_COUNTS(l, expected)                                                                  \
    do {                                                                                           \
        char *counts_ = counts_text(l);                                                            \
                                                                                                   \
        ck_assert_str_eq(counts_, expected);                                                       \
        free(counts_);                                                                             \
    } while (0)

static inline struct list_counts counts_of(const struct pathway_list *l)
{
    struct list_counts c;

    list_counts(l, &c);
    return c;
}

/* How many wait longer than this many days at a census, by the pathway's own clock. */
static inline uint64_t open_over(const struct pathway_list *l, const char *census, int days)
{
    struct tally_cell c;
    uint64_t count, sum = 0;
    int day = date_of(census).day;

    for (size_t at = 0; tally_next(list_tally(l), &at, &c, &count);) {
        if (c.clock == 0 && c.start <= day && (!c.stop || c.stop > day) && day - c.start > days)
            sum += count;
    }
    return sum;
}

#endif
