/*
 * Pathways that go from provider to provider of one list, against where each of them was at each census.
 */
#include "metric/pathway_select.h"
#include "unit/pathway/list_history.h"

#define PARTS     3
#define PATHWAYS  24
#define CENSUSES  7
#define HISTORIES 100
#define NOWHERE   (-1)

/* Where each pathway is at each census, and the day its clock started. */
struct wanderers {
    int at[PATHWAYS][CENSUSES], start[PATHWAYS];
    struct civil_date census[CENSUSES];
};

/* Each comes at some census, goes on to another part at times, and at last leaves for good or stays. */
static void invent_wanderers(uint64_t *state, struct wanderers *out)
{
    struct civil_date first = date_of("2025-03-02");

    for (int c = 0; c < CENSUSES; c++)
        out->census[c] = date_add_days(first, 7 * c);
    for (int p = 0; p < PATHWAYS; p++) {
        int comes = pick(state, 4), place = pick(state, PARTS);

        out->start[p] = out->census[comes].day - pick(state, 60);
        for (int c = 0; c < CENSUSES; c++) {
            if (c > comes && one_in(state, 4))
                place = place == NOWHERE ? NOWHERE : (place + 1 + pick(state, 2)) % PARTS;
            if (c > comes && one_in(state, 10))
                place = NOWHERE;
            out->at[p][c] = c < comes ? NOWHERE : place;
        }
    }
}

static struct pathway_record row_of(int pathway, int start, struct civil_date census)
{
    struct pathway_record r = { .clock_start = { start },
                                .stage_start = DATE_NONE,
                                .census = census,
                                .event_date = DATE_NONE,
                                .service = "mental-health" };
    char name[16];

    (void)snprintf(name, sizeof name, "w%d", pathway);
    key_of(name, r.pathway);
    return r;
}

/* One part's rows of a census. wrong: some rows are left out, as a file that is sent again has them. */
static void tell_part(struct pathway_list *l, const struct wanderers *w, int part, int c,
                      bool wrong, uint64_t *state)
{
    struct list_change change = LIST_CHANGE_INIT;

    ck_assert_int_eq(list_snapshot_begin(l, w->census[c], date_of(RECEIVED), LIST_FIRST_STANDS), 0);
    for (int p = 0; p < PATHWAYS; p++) {
        struct pathway_record r = row_of(p, w->start[p], w->census[c]);

        if (w->at[p][c] == part && !(wrong && one_in(state, 3)))
            ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
    }
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
}

static void mark_all(struct pathway_list *parts[PARTS], struct civil_date census)
{
    for (int i = 0; i < PARTS; i++) {
        const struct pathway_list *others[PARTS];
        struct list_change change = LIST_CHANGE_INIT;
        size_t n = 0;

        for (int k = 0; k < PARTS; k++)
            if (k != i)
                others[n++] = parts[k];
        int r = list_mark_moved(parts[i], others, n, census, &change);

        ck_assert_int_ge(r, 0);
        ck_assert(change.rewrite == (r > 0));
        /* Said once, it is known. */
        ck_assert_int_eq(list_mark_moved(parts[i], others, n, census, &change), 0);
    }
}

/* Each census in files of one part or of more, in any order, some sent again, the lists loaded anew at times. */
static void tell_wanderers(const struct wanderers *w, struct pathway_list *parts[PARTS],
                           uint64_t *state)
{
    for (int i = 0; i < PARTS; i++)
        parts[i] = story_new("mental-health");
    for (int c = 0; c < CENSUSES; c++) {
        int order[PARTS] = { 0, 1, 2 };

        shuffle(state, order, PARTS);
        for (int i = 0; i < PARTS; i++) {
            if (one_in(state, 4)) {
                tell_part(parts[order[i]], w, order[i], c, true, state);
                mark_all(parts, w->census[c]);
            }
            tell_part(parts[order[i]], w, order[i], c, false, state);
            if (i == PARTS - 1 || one_in(state, 2))
                mark_all(parts, w->census[c]);
            if (one_in(state, 6))
                parts[order[i]] = restarted(parts[order[i]], "mental-health");
        }
    }
}

/* ---- what there is to count ---- */

static bool gone_from(const struct wanderers *w, int p, int part, int c)
{
    if (c == 0 || w->at[p][c - 1] == w->at[p][c])
        return false;
    for (int later = c; part != NOWHERE && later < CENSUSES; later++)
        if (w->at[p][later] == part)
            return false; /* it came back: the stop is taken back */
    return part == NOWHERE ? w->at[p][c] == NOWHERE && w->at[p][c - 1] != NOWHERE
                           : w->at[p][c - 1] == part;
}

/* part: NOWHERE: of the list as a whole. */
static int count_stops(const struct wanderers *w, int part, struct period days)
{
    int n = 0;

    for (int p = 0; p < PATHWAYS; p++)
        for (int c = 1; c < CENSUSES; c++)
            n += w->census[c].day >= days.start.day && w->census[c].day <= days.end.day &&
                 gone_from(w, p, part, c);
    return n;
}

static int count_starts(const struct wanderers *w, struct period days)
{
    int n = 0;

    for (int p = 0; p < PATHWAYS; p++)
        n += w->start[p] >= days.start.day && w->start[p] <= days.end.day;
    return n;
}

static int count_open(const struct wanderers *w, int upto)
{
    int n = 0;

    for (int p = 0; p < PATHWAYS; p++) {
        bool left = false;

        for (int c = 1; c <= upto; c++)
            left |= gone_from(w, p, NOWHERE, c);
        n += w->start[p] <= w->census[upto].day && !left;
    }
    return n;
}

static double figure_of(struct pathway_list *parts[PARTS], int part, enum pathway_metric_id id,
                        struct period days)
{
    const struct pathway_selection s = { .one_provider = part != NOWHERE };
    struct pathway_metric m = { .id = id, .unit = UNIT_COUNT };
    struct waits w = WAITS_INIT;
    struct metric_figure f;
    struct selection_found found = { 0 };

    for (int i = 0; i < PARTS; i++)
        if (part == NOWHERE || part == i)
            ck_assert_int_eq(
                selection_gather(&s, 0, list_tally(parts[i]), DATE_NONE, NULL, &w, &found), 0);
    ck_assert_int_eq(pathway_count(&m, &w, days, NULL, &f), 0);
    waits_release(&w);
    return f.high; /* nobody told the outcome of any */
}

static void figures_are(const struct wanderers *w, struct pathway_list *parts[PARTS])
{
    for (int c = 1; c < CENSUSES; c++) {
        struct period week = { date_add_days(w->census[c - 1], 1), w->census[c] };
        int starts = count_starts(w, week), stops = count_stops(w, NOWHERE, week);

        ck_assert_double_eq(figure_of(parts, NOWHERE, METRIC_OPEN, week), count_open(w, c));
        ck_assert_double_eq(figure_of(parts, NOWHERE, METRIC_REFERRALS, week), starts);
        ck_assert_double_eq(figure_of(parts, NOWHERE, METRIC_CLOCK_STOPS, week), stops);
        ck_assert_double_eq(figure_of(parts, NOWHERE, METRIC_COMPLETED, week), stops);
        ck_assert_double_eq(figure_of(parts, NOWHERE, METRIC_NET_CHANGE, week), starts - stops);
        for (int i = 0; i < PARTS; i++)
            ck_assert_double_eq(figure_of(parts, i, METRIC_CLOCK_STOPS, week),
                                count_stops(w, i, week));
    }
}

START_TEST(who_goes_to_another_provider_stops_there_and_waits_on_in_the_list)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        static struct wanderers w;
        struct pathway_list *parts[PARTS], *again[PARTS];
        uint64_t state = seed;
        char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

        invent_wanderers(&state, &w);
        tell_wanderers(&w, parts, &state);
        tell_wanderers(&w, again, &state);
        figures_are(&w, parts);
        for (int i = 0; i < PARTS; i++) {
            ck_assert_int_eq(list_digest(parts[i], a), 0);
            ck_assert_int_eq(list_digest(again[i], b), 0);
            ck_assert_msg(strcmp(a, b) == 0, "seed %lu: part %d by another order", seed, i);
            list_free(parts[i]);
            list_free(again[i]);
        }
    }
}
END_TEST

/* w0 is at the first part, then at the second one. */
static struct wanderers one_wanderer(void)
{
    struct wanderers w = { .census = { date_of("2025-03-02"), date_of("2025-03-09"),
                                       date_of("2025-03-16") } };

    for (int p = 1; p < PATHWAYS; p++)
        w.at[p][0] = w.at[p][1] = w.at[p][2] = NOWHERE;
    w.at[0][1] = w.at[0][2] = 1;
    w.start[0] = date_of("2025-01-06").day;
    return w;
}

START_TEST(a_census_that_is_sent_again_after_the_others_went_on_leaves_what_moved)
{
    struct pathway_list *parts[PARTS];
    struct wanderers w = one_wanderer();
    struct period march = { date_of("2025-03-01"), date_of("2025-03-31") };

    for (int i = 0; i < PARTS; i++)
        parts[i] = story_new("mental-health");
    for (int c = 0; c < 3; c++) {
        tell_part(parts[0], &w, 0, c < 2 ? c : 1, false, NULL);
        tell_part(parts[1], &w, 1, c, false, NULL);
        mark_all(parts, w.census[c < 2 ? c : 1]);
    }
    tell_part(parts[0], &w, 0, 1, false, NULL);
    mark_all(parts, w.census[1]);
    ck_assert_double_eq(figure_of(parts, NOWHERE, METRIC_CLOCK_STOPS, march), 0);
    ck_assert_double_eq(figure_of(parts, 0, METRIC_CLOCK_STOPS, march), 1);
    for (int i = 0; i < PARTS; i++)
        list_free(parts[i]);
}
END_TEST

/* What an event told of one that is gone stands, wherever it is now. */
START_TEST(a_stop_that_an_event_told_is_no_move)
{
    struct pathway_list *from = story_new("mental-health"), *to = story_new("mental-health");
    const struct pathway_list *others[] = { to };
    struct list_change change = LIST_CHANGE_INIT;
    struct wanderers w = one_wanderer();
    struct period march = { date_of("2025-03-01"), date_of("2025-03-31") };
    struct pathway_list *parts[PARTS] = { from, to, story_new("mental-health") };

    ck_assert_int_eq(tell(from, (struct told){ .pathway = "w0",
                                               .event = "first-contact",
                                               .date = "2025-02-05",
                                               .version = 1 }),
                     LIST_TAKEN);
    ck_assert_int_eq(list_events_end(from, &change), 0);
    for (int c = 0; c < 2; c++) {
        tell_part(from, &w, 0, c, false, NULL);
        tell_part(to, &w, 1, c, false, NULL);
    }
    ck_assert_int_eq(list_mark_moved(from, others, 1, w.census[1], &change), 1);
    ck_assert_double_eq(figure_of(parts, NOWHERE, METRIC_CLOCK_STOPS, march), 0);
    ck_assert_int_eq(tell(from, (struct told){ .pathway = "w0",
                                               .event = "removal",
                                               .date = "2025-03-05",
                                               .version = 1 }),
                     LIST_TAKEN);
    ck_assert_int_eq(list_events_end(from, &change), 0);
    ck_assert_double_eq(figure_of(parts, NOWHERE, METRIC_CLOCK_STOPS, march), 1);
    ck_assert_int_eq(list_mark_moved(from, others, 1, w.census[1], &change), 0);
    for (int i = 0; i < PARTS; i++)
        list_free(parts[i]);
}
END_TEST

UNIT_MAIN("list_moved",
          UNIT_TEST(who_goes_to_another_provider_stops_there_and_waits_on_in_the_list),
          UNIT_TEST(a_census_that_is_sent_again_after_the_others_went_on_leaves_what_moved),
          UNIT_TEST(a_stop_that_an_event_told_is_no_move))
