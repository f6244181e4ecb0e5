/*
 * Whether a part of a snapshot may be believed: clocks that all moved, people under codes that are not of the
 * list, and how many they are in words.
 */
#include "pathway/list_elsewhere.h"
#include "pathway/list_plausible.h"

#include "unit/pathway/list_story.h"

static struct pathway_record row_of(int n, int start)
{
    struct pathway_record r = { .clock_start = { start },
                                .stage_start = DATE_NONE,
                                .census = DATE_NONE,
                                .event_date = DATE_NONE,
                                .provider = "TAJ",
                                .service = "mental-health" };
    char name[16];

    (void)snprintf(name, sizeof name, "p%d", n);
    key_of(name, r.pathway);
    return r;
}

static void add(struct pathway_list *l, int n, int start)
{
    struct pathway_record r = row_of(n, start);

    ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
}

static void begin(struct pathway_list *l, const char *census)
{
    ck_assert_int_eq(list_snapshot_begin(l, date_of(census), date_of(RECEIVED), LIST_FIRST_STANDS),
                     0);
}

/* So many pathways, whose clocks start on days of their own. */
static struct pathway_list *list_with(int count)
{
    struct pathway_list *l = story_new("mental-health");
    struct list_change change = LIST_CHANGE_INIT;

    begin(l, "2025-05-04");
    for (int n = 0; n < count; n++)
        add(l, n, date_of("2025-01-06").day + n);
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    return l;
}

/* Of `before` the first `moved` moved by `days`, the next `other` each by a number of its own,
 * later; below 0: earlier. */
static const struct {
    const char *why;
    int before, moved, days, other;
    bool shifted;
} shifts[] = {
    { "a whole file", 40, 40, 1, 0, true },
    { "to earlier", 40, 40, -31, 0, true },
    { "one of several systems", 40, 9, 7, 0, true },
    { "a fifth is no large share", 40, 8, 7, 0, false },
    { "nobody moved", 40, 40, 0, 0, false },
    { "each was put right by itself, and waits longer", 40, 0, 0, -30, false },
    { "each began again by itself", 40, 0, 0, 30, true },
    { "a fifth of them did", 40, 0, 0, 8, false },
    { "few did", 10, 0, 0, 4, false },
    { "few", 10, 4, 1, 0, false },
    { "just enough", 10, 5, 1, 0, true },
};

START_TEST(clocks_that_moved_by_one_number_of_days_or_later_are_implausible)
{
    struct pathway_list *l = list_with(shifts[_i].before);
    struct shift shift;

    begin(l, "2025-05-11");
    for (int n = 0; n < shifts[_i].before; n++)
        add(l, n,
            date_of("2025-01-06").day + n +
                (n < shifts[_i].moved ? shifts[_i].days
                 : n < shifts[_i].moved + abs(shifts[_i].other)
                     ? (shifts[_i].other < 0 ? -n - 1 : n + 1)
                     : 0));
    add(l, 500, date_of("2025-05-06").day); /* somebody new */
    ck_assert_msg(list_is_shifted(l, &shift) == shifts[_i].shifted, "%s", shifts[_i].why);
    if (shifts[_i].shifted && shifts[_i].moved)
        ck_assert_int_eq(shift.days, shifts[_i].days);
    ck_assert_uint_eq(shift.known, (unsigned)shifts[_i].before);
    list_free(l);
}
END_TEST

static void add_page(struct pathway_list *l, const char *service, int n, int start)
{
    struct pathway_record r = row_of(n, start);

    r.service = service;
    ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
}

/* Pages of which `reviewed` were on `day`, and before on days of their own. */
static const struct {
    const char *why, *service, *day;
    int reviewed;
    bool shifted;
} reviews[] = {
    { "reviewed since the census before", "local-offer", "2025-05-05", 30, false },
    { "known at the census before", "local-offer", "2025-05-04", 30, true },
    { "a clock that does not begin anew", "mental-health", "2025-05-05", 30, true },
};

START_TEST(reviews_begin_the_clocks_of_pages_anew_and_hold_no_file)
{
    struct pathway_list *l = story_new(reviews[_i].service);
    struct list_change change = LIST_CHANGE_INIT;
    struct shift shift;

    begin(l, "2025-05-04");
    for (int n = 0; n < 40; n++)
        add_page(l, reviews[_i].service, n, date_of("2025-01-06").day + n);
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    begin(l, "2025-05-11");
    for (int n = 0; n < 40; n++)
        add_page(l, reviews[_i].service, n,
                 n < reviews[_i].reviewed ? date_of(reviews[_i].day).day
                                          : date_of("2025-01-06").day + n);
    ck_assert_msg(list_is_shifted(l, &shift) == reviews[_i].shifted, "%s", reviews[_i].why);
    list_free(l);
}
END_TEST

/* Of `before` the first `same` again, and new keys: `waited` whose clocks ran at the census before, and `began`
 * whose clocks began since. */
static const struct {
    const char *why;
    int before, same, waited, began;
    const char *census;
    bool held;
    const char *words;
} others_came[] = {
    { "another team", 100, 0, 100, 0, "2025-05-11", true,
      "all of the people who waited at TAJ are gone, and others who waited by 2025-05-04 came "
      "unknown" },
    { "as few again as a list that shrank", 40, 8, 32, 0, "2025-05-11", true,
      "most of the people who waited at TAJ are gone, and others who waited by 2025-05-04 came "
      "unknown" },
    { "a few more", 40, 9, 31, 0, "2025-05-11", false, "" },
    { "all seen, others began", 40, 0, 0, 40, "2025-05-11", false, "" },
    { "all seen, and of those who began some were entered late", 40, 0, 7, 33, "2025-05-11", false,
      "" },
    { "too many were", 40, 0, 8, 32, "2025-05-11", true,
      "all of the people who waited at TAJ are gone, and others who waited by 2025-05-04 came "
      "unknown" },
    { "the other half of one census", 40, 0, 40, 0, "2025-05-04", true,
      "all of the people who waited at TAJ are gone from another file of the same census, "
      "2025-05-04" },
    { "of one census a fifth", 40, 32, 0, 0, "2025-05-04", true,
      "some of the people who waited at TAJ are gone from another file of the same census, "
      "2025-05-04" },
    { "of one census fewer, put right", 40, 33, 0, 0, "2025-05-04", false, "" },
    { "of one census fewer than 5", 10, 6, 0, 0, "2025-05-04", false, "" },
    { "of the next one, seen", 40, 30, 0, 0, "2025-05-11", false, "" },
};

START_TEST(a_file_that_lacks_those_who_waited_and_has_others_is_implausible_also_of_one_census)
{
    struct pathway_list *l = list_with(others_came[_i].before);
    struct text why = TEXT_INIT;
    struct rekeying counts;
    unsigned long rows = 0;

    begin(l, others_came[_i].census);
    for (int n = 0; n < others_came[_i].same; n++, rows++)
        add(l, n, date_of("2025-01-06").day + n);
    for (int n = 0; n < others_came[_i].waited; n++, rows++)
        add(l, 1000 + n, date_of("2024-01-01").day + n);
    for (int n = 0; n < others_came[_i].began; n++, rows++)
        add(l, 2000 + n, date_of("2025-05-05").day + n % 7);
    ck_assert_int_eq(list_is_rekeyed(l, &counts), 0);
    ck_assert_msg(list_is_implausible(l, "TAJ", rows, &counts, &why) == others_came[_i].held, "%s",
                  others_came[_i].why);
    ck_assert_str_eq(text_str(&why), others_came[_i].words);
    text_release(&why);
    list_free(l);
}
END_TEST

/* Of 200 some are named under other codes alone, some under both. */
static const struct {
    const char *why;
    int elsewhere, both;
    bool held;
    const char *words;
} others[] = {
    { "none", 0, 0, false, "" },
    { "1 per cent", 2, 0, false, "" },
    { "more", 3, 0, true, "some of the people who waited at TAJ come under" },
    { "many", 20, 0, true, "some of the people who waited at TAJ come under" },
    { "they have rows of their own", 0, 20, false, "" },
};

START_TEST(people_under_codes_that_are_not_of_the_list_are_implausible_but_for_a_few_that_stay)
{
    struct pathway_list *l = list_with(200);
    struct elsewhere e = { 0 };
    struct text why = TEXT_INIT;
    struct list_change change = LIST_CHANGE_INIT;
    int away = others[_i].elsewhere;

    begin(l, "2025-05-11");
    for (int twice = 0; twice < 2; twice++)
        for (int n = 0; n < away + others[_i].both; n++)
            ck_assert_int_eq(elsewhere_note(&e, l, row_of(n, 0).pathway), 0);
    ck_assert_int_eq(elsewhere_note(&e, l, row_of(900, 0).pathway), 0); /* of nobody on the list */
    for (int n = away; n < 200; n++)
        add(l, n, date_of("2025-01-06").day + n);
    ck_assert_int_eq(elsewhere_settle(&e, l), 0);
    ck_assert_msg(elsewhere_is_implausible(&e, l, "TAJ", &why) == others[_i].held, "%s",
                  others[_i].why);
    ck_assert_msg(strncmp(text_str(&why), others[_i].words, strlen(others[_i].words)) == 0, "%s",
                  text_str(&why));
    ck_assert_int_eq(elsewhere_keep(&e, l), 0);
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    ck_assert_uint_eq(change.stopped, 0);
    ck_assert_uint_eq(change.verdicts[LIST_ELSEWHERE], (unsigned)away);
    ck_assert_uint_eq(list_count_open(l), 200);
    text_release(&why);
    elsewhere_release(&e);
    list_free(l);
}
END_TEST

static const struct {
    unsigned part, whole;
    const char *words;
} shares[] = {
    { 1, 40, "some of the" },        { 4, 40, "some of the" },
    { 5, 40, "some of the" },        { 16, 40, "some of the" },
    { 17, 40, "about half of the" }, { 24, 40, "about half of the" },
    { 25, 40, "most of the" },       { 32, 40, "most of the" },
    { 33, 40, "nearly all of the" }, { 36, 40, "nearly all of the" },
    { 7, 11, "nearly all of the" },  { 6, 11, "about half of the" },
    { 40, 40, "all of the" },        { 8, 9, "some of the" },
    { 2, 4, "some of the" },         { 2, 2, "all of the" },
};

START_TEST(no_words_give_a_number_of_people_or_tell_parts_under_5_apart)
{
    struct text words = TEXT_INIT;

    people_share(&words, shares[_i].part, shares[_i].whole);
    ck_assert_str_eq(text_str(&words), shares[_i].words);
    text_release(&words);
}
END_TEST

static const struct {
    unsigned part, whole;
    const char *words;
} of_those[] = {
    { 30, 30, "all of those" },
    { 28, 30, "nearly all of those" },
    { 15, 30, "about half of those" },
    { 3, 30, "some of those" },
};

START_TEST(of_those_who_are_gone_no_number_is_told_either)
{
    struct text words = TEXT_INIT;

    people_of_those(&words, of_those[_i].part, of_those[_i].whole);
    ck_assert_str_eq(text_str(&words), of_those[_i].words);
    text_release(&words);
}
END_TEST

UNIT_MAIN(
    "list_plausible",
    UNIT_ROWS(clocks_that_moved_by_one_number_of_days_or_later_are_implausible, shifts),
    UNIT_ROWS(reviews_begin_the_clocks_of_pages_anew_and_hold_no_file, reviews),
    UNIT_ROWS(a_file_that_lacks_those_who_waited_and_has_others_is_implausible_also_of_one_census,
              others_came),
    UNIT_ROWS(people_under_codes_that_are_not_of_the_list_are_implausible_but_for_a_few_that_stay,
              others),
    UNIT_ROWS(no_words_give_a_number_of_people_or_tell_parts_under_5_apart, shares),
    UNIT_ROWS(of_those_who_are_gone_no_number_is_told_either, of_those))
