#include "notify/release.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/date_of.h"
#include "support/failing.h"
#include "support/unit.h"

/* A list measure as its text names it: "open-over:126d place=dudley". */
struct made {
    struct plan_measure m;
    struct list_measure l;
    char metric[64], text[128], provider[16];
};

static char list_id[] = "cyp";

static const struct plan_measure *make(struct made *to, const char *text, const char *provider)
{
    *to = (struct made){ .l.list = list_id };
    (void)snprintf(to->metric, sizeof to->metric, "%.*s", (int)strcspn(text, " "), text);
    (void)snprintf(to->text, sizeof to->text, "%s", text);
    (void)snprintf(to->provider, sizeof to->provider, "%s", provider);
    ck_assert_int_eq(pathway_metric_parse(to->metric, &to->l.metric), METRIC_FINE);
    to->l.text = to->text;
    to->l.provider = *provider ? to->provider : NULL;
    to->m.list = &to->l;
    to->m.polarity = POLARITY_LOWER;
    return &to->m;
}

/* One figure that a message tells. */
struct telling {
    const char *text, *provider;
    double value, numerator, denominator;
    const char *figure; /* as it is shown */
};

/* Tells it on a ledger; returns what its reader sees. */
static const char *tell_beside(struct table *entries, const char *receiver,
                               const struct finding_set *findings, const struct telling *t,
                               double line, char out[FIGURE_MAX])
{
    struct made made;
    const struct series_version v = { .value = t->value,
                                      .numerator = t->numerator,
                                      .denominator = t->denominator };
    const struct release_figure f = { make(&made, t->text, t->provider),
                                      date_of("2026-01-04"),
                                      date_of("2026-01-04"),
                                      0,
                                      &v,
                                      line,
                                      false };
    struct figure_kind kind = { .unit = made.l.metric.unit,
                                .is_longest = made.l.metric.id == METRIC_LONGEST_WAIT };
    struct series_version shown;
    struct release *r = NULL;
    const char *cell;
    json_t *entry, *added;
    int error;

    ck_assert_int_eq(release_open(entries, receiver, findings, &r), 0);
    kind.is_withheld = !release_ask(r, &f, kind, &shown);
    (void)message_figure(&shown, kind, out);
    added = release_added(r, &error);
    ck_assert_int_eq(error, 0);
    json_object_foreach(added, cell, entry)
    {
        struct release_entry e;

        ck_assert_int_eq(release_entry_of_json(entry, &e), 0);
        ck_assert_int_eq(release_keep(entries, receiver, cell, &e), 0);
    }
    json_decref(added);
    release_free(r);
    return out;
}

static const char *tell(struct table *entries, const char *receiver, const struct telling *t,
                        double line, char out[FIGURE_MAX])
{
    return tell_beside(entries, receiver, NULL, t, line, out);
}

#define OPEN(v)  v, NAN, NAN
#define TELLINGS 5

static const struct {
    const char *why;
    struct telling list[TELLINGS];
} beside[] = {
    { "a total and a part, the rest of which is 0 to 2",
      { { "open", "", OPEN(6), "5" }, { "open place=dudley", "", OPEN(5), "*" } } },
    { "the same, the other way round",
      { { "open place=dudley", "", OPEN(5), "5" }, { "open", "", OPEN(6), "*" } } },
    { "a total and a part, the rest of which may be few or not",
      { { "open", "", OPEN(11), "10" }, { "open place=dudley", "", OPEN(6), "5" } } },
    { "two lists of one provider each, and both",
      { { "open", "", OPEN(12), "10" },
        { "open", "TAJ", OPEN(11), "10" },
        { "open", "RXT", OPEN(1), "*" } } },
    { "who waits longer is a part of who waits",
      { { "open", "", OPEN(7), "5" }, { "open-over:126d", "", 6, 6, 7, "*" } } },
    { "a share and the list tell the rest",
      { { "open-within:126d", "", 87.5, 35, 40, "88%" }, { "open", "", OPEN(40), "40" } } },
    { "a share, a list and who waits longest",
      { { "open", "", OPEN(40), "40" },
        { "open-over:126d", "", 7, 7, 40, "5" },
        { "open-over:364d", "", 6, 6, 40, "*" } } },
    { "a percentile over the line leaves few no choice",
      { { "open", "", OPEN(40), "40" },
        { "p92-wait", "", 130, NAN, 40, "130 days" },
        { "open-over:126d", "", 4, 4, 40, "*" } } },
    { "starts and stops of days that touch no census",
      { { "referrals period=week", "", OPEN(7), "5" },
        { "clock-stops period=week", "", OPEN(6), "5" } } },
    { "stops are completed or removed",
      { { "clock-stops period=week", "", OPEN(6), "5" },
        { "completed period=week", "", OPEN(5), "*" } } },
    { "another clock is another family",
      { { "open", "", OPEN(6), "5" }, { "open stage=assessment", "", OPEN(5), "5" } } },
};

START_TEST(a_figure_is_told_beside_others_or_withheld)
{
    struct table entries = TABLE_INIT;
    char out[FIGURE_MAX];

    for (size_t i = 0; i < TELLINGS && beside[_i].list[i].text; i++) {
        const struct telling *t = &beside[_i].list[i];

        ck_assert_msg(strcmp(tell(&entries, "hook", t, NAN, out), t->figure) == 0, "%s: %s: %s",
                      beside[_i].why, t->text, out);
    }
    table_release(&entries, free);
}
END_TEST

#define KNOWN 3

/* What nobody was told, and is known to be few: a reader may take its "*" for that. */
static const struct {
    const char *why;
    struct telling known[KNOWN], list[KNOWN];
} few[] = {
    { "six at least are left for two places of at most four each",
      { { "open place=sandwell", "", OPEN(3), NULL }, { "open place=walsall", "", OPEN(3), NULL } },
      { { "open", "", OPEN(18), "20" }, { "open place=dudley", "", OPEN(12), "*" } } },
    { "one at least is left for them",
      { { "open place=sandwell", "", OPEN(1), NULL }, { "open place=walsall", "", OPEN(1), NULL } },
      { { "open", "", OPEN(18), "20" }, { "open place=dudley", "", OPEN(16), "15" } } },
    { "of 40 more than three wait longer than a percentile over the line",
      { { "open-over:126d", "", 4, 4, 40, NULL } },
      { { "open", "", OPEN(40), "40" }, { "p92-wait", "", 130, NAN, 40, "*" } } },
    { "of 40 any number waits longer than a median within the line",
      { { "open-over:126d", "", 4, 4, 40, NULL } },
      { { "open", "", OPEN(40), "40" }, { "median-wait", "", 100, NAN, 40, "100 days" } } },
    { "of the longest wait the band alone",
      { { "open-over:364d", "", 4, 4, 40, NULL } },
      { { "open", "", OPEN(40), "40" }, { "longest-wait", "", 400, 1, 40, "52 to 65 weeks" } } },
    { "of who will be over the line soon few are yet",
      { { "open-over:126d", "", 3, 3, 100, NULL } },
      { { "open-over:126d", "", 3, 3, 100, "*" }, { "open-over:116d", "", 13, 13, 100, "15" } } },
};

START_TEST(a_figure_is_withheld_that_tells_of_those_who_are_known_to_be_few)
{
    struct table entries = TABLE_INIT;
    struct made made[KNOWN];
    struct series_version versions[KNOWN];
    struct period_judgement judged[KNOWN];
    struct finding findings[KNOWN];
    struct finding_set set = { .list = findings };
    char out[FIGURE_MAX];

    for (; set.count < KNOWN && few[_i].known[set.count].text; set.count++) {
        const struct telling *t = &few[_i].known[set.count];

        versions[set.count] = (struct series_version){ .value = t->value,
                                                       .numerator = t->numerator,
                                                       .denominator = t->denominator };
        judged[set.count] = (struct period_judgement){ .start = date_of("2026-01-04"),
                                                       .end = date_of("2026-01-04"),
                                                       .version = &versions[set.count] };
        findings[set.count] =
            (struct finding){ .rule = RULE_BEHIND_PLAN,
                              .measure = make(&made[set.count], t->text, t->provider),
                              .history = &judged[set.count],
                              .history_count = 1 };
    }
    for (size_t i = 0; i < KNOWN && few[_i].list[i].text; i++) {
        const struct telling *t = &few[_i].list[i];

        ck_assert_msg(strcmp(tell_beside(&entries, "hook", &set, t, NAN, out), t->figure) == 0,
                      "%s: %s: %s", few[_i].why, t->text, out);
    }
    table_release(&entries, free);
}
END_TEST

/* A measure whose figure nobody was told, and of which news, or none, says how it stands. */
static const struct {
    const char *why, *text;
    double value, numerator, denominator, line, tolerance;
    int polarity;
    enum period_event event;
    struct telling told;
} sides[] = {
    { "behind 5: of 5 to 7 one at most is left",
      "open place=dudley",
      OPEN(6),
      5,
      0,
      POLARITY_LOWER,
      PERIOD_RED,
      { "open", "", OPEN(7), "*" } },
    { "nobody knows",
      "open place=dudley",
      OPEN(6),
      5,
      0,
      POLARITY_LOWER,
      PERIOD_UNKNOWN,
      { "open", "", OPEN(7), "5" } },
    { "not behind 5, of which there is no news: of 8 to 12 three at least are left",
      "open place=dudley",
      OPEN(5),
      5,
      0,
      POLARITY_LOWER,
      PERIOD_CLEAR,
      { "open", "", OPEN(9), "*" } },
    { "behind 8, and not beyond its tolerance of 2: of 13 to 17 three at least are left",
      "open place=dudley",
      OPEN(10),
      8,
      2,
      POLARITY_LOWER,
      PERIOD_AMBER,
      { "open", "", OPEN(14), "*" } },
    { "behind 8 by whatever: of 13 to 17 anything is left",
      "open place=dudley",
      OPEN(10),
      8,
      0,
      POLARITY_LOWER,
      PERIOD_RED,
      { "open", "", OPEN(14), "15" } },
    { "at 18, which more is better than: of 18 to 22 four at most are left",
      "open place=dudley",
      OPEN(18),
      18,
      0,
      POLARITY_HIGHER,
      PERIOD_CLEAR,
      { "open", "", OPEN(21), "20" } },
    { "at 19 likewise: three at most",
      "open place=dudley",
      OPEN(19),
      19,
      0,
      POLARITY_HIGHER,
      PERIOD_CLEAR,
      { "open", "", OPEN(21), "*" } },
    { "a line that is hidden: one at least, which rules out no one",
      "open place=dudley",
      OPEN(3),
      2,
      0,
      POLARITY_LOWER,
      PERIOD_RED,
      { "open", "", OPEN(18), "20" } },
    { "a line of 3 that is hidden, not that 4 alone are behind it",
      "open place=dudley",
      OPEN(4),
      3,
      0,
      POLARITY_LOWER,
      PERIOD_RED,
      { "open", "", OPEN(6), "5" } },
    { "a share of 90 in a hundred at least: of 18 to 22 two at most wait longer",
      "open-within:126d",
      95,
      19,
      20,
      90,
      0,
      POLARITY_HIGHER,
      PERIOD_CLEAR,
      { "open", "", OPEN(20), "*" } },
    { "of 80 in a hundred at least: four",
      "open-within:126d",
      95,
      19,
      20,
      80,
      0,
      POLARITY_HIGHER,
      PERIOD_CLEAR,
      { "open", "", OPEN(20), "20" } },
    { "nobody longer than 364 days",
      "longest-wait",
      300,
      1,
      20,
      364,
      0,
      POLARITY_LOWER,
      PERIOD_CLEAR,
      { "open", "", OPEN(20), "20" } },
};

START_TEST(a_figure_is_withheld_that_tells_of_few_beside_what_the_news_says_of_others)
{
    struct table entries = TABLE_INIT;
    struct made made;
    const struct series_version v = { .value = sides[_i].value,
                                      .numerator = sides[_i].numerator,
                                      .denominator = sides[_i].denominator };
    struct period_judgement judged = { .start = date_of("2026-01-04"),
                                       .end = date_of("2026-01-04"),
                                       .version = &v,
                                       .event = sides[_i].event,
                                       .line = sides[_i].line };
    struct finding finding = { .rule = RULE_BEHIND_PLAN, .history = &judged, .history_count = 1 };
    const struct finding_set set = { .list = &finding, .count = 1 };
    char out[FIGURE_MAX];

    finding.measure = make(&made, sides[_i].text, "");
    made.m.polarity = sides[_i].polarity;
    made.m.tolerance = sides[_i].tolerance;
    ck_assert_msg(strcmp(tell_beside(&entries, "hook", &set, &sides[_i].told, NAN, out),
                         sides[_i].told.figure) == 0,
                  "%s: %s", sides[_i].why, out);
    table_release(&entries, free);
}
END_TEST

/* Of four at most, less than 55 in a hundred: that two at most are within is told by the news, whatever is shown. */
START_TEST(what_the_news_alone_tells_of_few_hides_no_figure)
{
    struct table entries = TABLE_INIT;
    struct made all, share;
    const struct series_version three = { .value = 3, .numerator = NAN, .denominator = NAN },
                                one = { .value = 33, .numerator = 1, .denominator = 3 };
    struct period_judgement judged[] = { { .version = &three },
                                         { .version = &one, .event = PERIOD_RED, .line = 55 } };
    struct finding findings[] = {
        { .measure = make(&all, "open place=dudley", "") },
        { .measure = make(&share, "open-within:126d place=dudley", "") },
    };
    const struct finding_set set = { .list = findings, .count = 2 };
    const struct telling other = { "open place=sandwell", "", OPEN(12), "10" };
    char out[FIGURE_MAX];

    share.m.polarity = POLARITY_HIGHER;
    for (size_t i = 0; i < 2; i++) {
        judged[i].start = judged[i].end = date_of("2026-01-04");
        findings[i].rule = RULE_BEHIND_PLAN;
        findings[i].history = &judged[i];
        findings[i].history_count = 1;
    }
    ck_assert_str_eq(tell_beside(&entries, "hook", &set, &other, NAN, out), other.figure);
    table_release(&entries, free);
}
END_TEST

/* It was told while it was not behind; since a new file it is, and so it is no figure of what is so now. */
START_TEST(a_figure_that_news_has_overtaken_hides_no_other)
{
    struct table entries = TABLE_INIT;
    struct made made;
    const struct series_version v = { .value = 43, .numerator = NAN, .denominator = NAN };
    struct period_judgement judged = { .start = date_of("2026-01-04"),
                                       .end = date_of("2026-01-04"),
                                       .version = &v,
                                       .event = PERIOD_RED,
                                       .line = 42 };
    struct finding finding = { .rule = RULE_BEHIND_PLAN, .history = &judged, .history_count = 1 };
    const struct finding_set set = { .list = &finding, .count = 1 };
    const struct telling before = { "open", "", OPEN(41), "40" },
                         beside_it = { "open place=dudley", "", OPEN(20), "20" };
    char out[FIGURE_MAX];

    finding.measure = make(&made, "open", "");
    ck_assert_str_eq(tell(&entries, "hook", &before, 42, out), before.figure);
    ck_assert_str_eq(tell_beside(&entries, "hook", &set, &beside_it, NAN, out), beside_it.figure);
    table_release(&entries, free);
}
END_TEST

START_TEST(what_another_audience_was_shown_is_nothing_to_this_one)
{
    struct table entries = TABLE_INIT;
    const struct telling total = { "open", "", OPEN(6), "5" },
                         part = { "open place=dudley", "", OPEN(5), "5" };
    char out[FIGURE_MAX];

    ck_assert_str_eq(tell(&entries, "hook", &total, NAN, out), "5");
    ck_assert_str_eq(tell(&entries, "hooks", &part, NAN, out), "5");
    ck_assert_str_eq(tell(&entries, "hook", &part, NAN, out), "*");
    table_release(&entries, free);
}
END_TEST

static const struct {
    const char *why, *text;
    double before[3], after[3], line;
    const char *first, *second;
} frozen[] = {
    { "moved by 1", "open", { 12, NAN, NAN }, { 13, NAN, NAN }, NAN, "10", "10" },
    { "moved by 4", "open", { 12, NAN, NAN }, { 16, NAN, NAN }, NAN, "10", "10" },
    { "moved by 5", "open", { 12, NAN, NAN }, { 17, NAN, NAN }, NAN, "10", "15" },
    { "hidden, moved by 1", "open", { 4, NAN, NAN }, { 5, NAN, NAN }, NAN, "*", "*" },
    { "shown, moved by 1", "open", { 5, NAN, NAN }, { 4, NAN, NAN }, NAN, "5", "5" },
    { "moved over the line", "open", { 12, NAN, NAN }, { 13, NAN, NAN }, 12, "10", "15" },
    { "a share of which 3 moved",
      "open-within:126d",
      { 60, 12, 20 },
      { 75, 15, 20 },
      NAN,
      "60%",
      "60%" },
    { "a share of which 5 moved",
      "open-within:126d",
      { 50, 20, 40 },
      { 62.5, 25, 40 },
      NAN,
      "50%",
      "63%" },
    { "days", "median-wait", { 50, NAN, 40 }, { 54, NAN, 41 }, NAN, "50 days", "50 days" },
};

START_TEST(a_figure_of_a_period_is_rendered_anew_only_when_it_moved_by_five_or_over_the_line)
{
    struct table entries = TABLE_INIT;
    const double *a = frozen[_i].before, *b = frozen[_i].after;
    const struct telling before = { frozen[_i].text, "", a[0], a[1], a[2], NULL },
                         after = { frozen[_i].text, "", b[0], b[1], b[2], NULL };
    char out[FIGURE_MAX];

    ck_assert_msg(strcmp(tell(&entries, "hook", &before, frozen[_i].line, out), frozen[_i].first) ==
                      0,
                  "%s: %s", frozen[_i].why, out);
    ck_assert_msg(strcmp(tell(&entries, "hook", &after, frozen[_i].line, out), frozen[_i].second) ==
                      0,
                  "%s: %s", frozen[_i].why, out);
    table_release(&entries, free);
}
END_TEST

START_TEST(the_ledger_grows_by_figures_of_periods_and_not_by_messages)
{
    const struct telling again[] = { { "open", "", OPEN(40), "40" },
                                     { "open", "", OPEN(43), "40" },
                                     { "open", "", OPEN(60), "60" } };
    struct table entries = TABLE_INIT;
    char out[FIGURE_MAX];

    for (int message = 0; message < 100; message++)
        for (size_t i = 0; i < sizeof again / sizeof again[0]; i++)
            (void)tell(&entries, "hook", &again[i], NAN, out);
    ck_assert_uint_eq(table_count(&entries), 1);
    table_release(&entries, free);
}
END_TEST

START_TEST(an_entry_comes_back_from_json_as_it_was_and_nothing_else_does)
{
    const struct release_entry e = { 12, NAN, 40, 10, INFINITY, true };
    struct release_entry back;
    json_t *j = release_entry_json(&e);

    ck_assert_int_eq(release_entry_of_json(j, &back), 0);
    ck_assert(back.value == 12 && isnan(back.numerator) && back.denominator == 40);
    ck_assert(back.low == 10 && back.high == INFINITY && back.is_shown);
    ck_assert_int_eq(json_object_del(j, "shown"), 0);
    ck_assert_int_eq(release_entry_of_json(j, &back), -EBADMSG);
    ck_assert_int_eq(release_entry_of_json(NULL, &back), -EBADMSG);
    json_decref(j);
}
END_TEST

/* Opens the ledger and asks for two figures, of which allocation n fails. Returns 0, or -ENOMEM where one of the
 * steps said so. */
static int ask_twice(const struct table *entries, long n)
{
    static const struct series_version v[] = {
        { .value = 30, .numerator = NAN, .denominator = NAN },
        { .value = 31, .numerator = NAN, .denominator = NAN }
    };
    const struct civil_date day = date_of("2026-01-11");
    struct made made[2];
    const struct release_figure f[] = {
        { make(&made[0], "open", ""), day, day, 0, &v[0], NAN, false },
        { make(&made[1], "open place=dudley", ""), day, day, 0, &v[1], NAN, false }
    };
    struct series_version shown;
    struct release *r = NULL;
    json_t *added = NULL;

    failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
    int error = release_open(entries, "hook", NULL, &r);

    for (int i = 0; error == 0 && i < 2; i++)
        (void)release_ask(r, &f[i], (struct figure_kind){ .unit = UNIT_COUNT }, &shown);
    if (error == 0)
        added = release_added(r, &error);
    (void)failing_end();
    ck_assert(error != 0 || json_object_size(added) == 2);
    json_decref(added);
    release_free(r);
    return error;
}

START_TEST(a_ledger_without_memory_says_so_at_each_of_its_allocations)
{
    const struct telling before = { "open", "", OPEN(40), NULL };
    struct table entries = TABLE_INIT;
    char out[FIGURE_MAX];
    long failed = 1;

    (void)tell(&entries, "hook", &before, NAN, out);
    for (long n = 1; failed > 0; n++) {
        int r = ask_twice(&entries, n);

        failed = failing.failed;
        ck_assert_msg(failed ? r == -ENOMEM : r == 0, "allocation %ld: %d", n, r);
    }
    table_release(&entries, free);
}
END_TEST

/* Told to an internal audience on a ledger, of a measure that tells 0 or of one that does not. */
static const char *tell_internal(struct table *entries, const struct telling *t, bool tells_none,
                                 double line, char out[FIGURE_MAX])
{
    struct made made;
    const struct series_version v = { .value = t->value,
                                      .numerator = t->numerator,
                                      .denominator = t->denominator };
    const struct civil_date day = date_of("2026-01-04");
    const struct release_figure f = {
        make(&made, t->text, t->provider), day, day, 0, &v, line, false
    };
    struct figure_kind kind = { .unit = UNIT_COUNT,
                                .profile = PROFILE_INTERNAL,
                                .tells_none = tells_none };
    struct series_version shown;
    struct release *r = NULL;
    struct release_entry e;
    const char *cell;
    json_t *entry, *added;
    int error;

    ck_assert_int_eq(release_open(entries, "board", NULL, &r), 0);
    kind.is_withheld = !release_ask(r, &f, kind, &shown);
    (void)message_figure(&shown, kind, out);
    added = release_added(r, &error);
    ck_assert_int_eq(error, 0);
    json_object_foreach(added, cell, entry)
    {
        ck_assert_int_eq(release_entry_of_json(entry, &e), 0);
        ck_assert_int_eq(release_keep(entries, "board", cell, &e), 0);
    }
    json_decref(added);
    release_free(r);
    return out;
}

static const struct {
    double value;
    bool tells_none[2]; /* one message after the other */
    const char *figures[2];
    double low, high; /* between which the reader of both knows it to lie */
} none_rows[] = {
    { 0, { false, false }, { "fewer than 5", "fewer than 5" }, 0, 4 },
    { 3, { false, false }, { "fewer than 5", "fewer than 5" }, 0, 4 },
    { 0, { true, true }, { "0", "0" }, 0, 0 },
    { 3, { true, true }, { "fewer than 5", "fewer than 5" }, 1, 4 },
    { 0, { false, true }, { "fewer than 5", "0" }, 0, 0 },
    { 3, { false, true }, { "fewer than 5", "fewer than 5" }, 1, 4 },
    { 0, { true, false }, { "0", "fewer than 5" }, 0, 0 },
};

START_TEST(the_ledger_knows_whether_fewer_than_5_may_be_0)
{
    const struct telling t = { "open", "", none_rows[_i].value, NAN, NAN, NULL };
    struct table entries = TABLE_INIT;
    char out[FIGURE_MAX];

    for (int i = 0; i < 2; i++)
        ck_assert_str_eq(tell_internal(&entries, &t, none_rows[_i].tells_none[i], NAN, out),
                         none_rows[_i].figures[i]);
    const char *cell;
    void *entry;
    size_t at = 0;

    ck_assert(table_next(&entries, &at, &cell, &entry));
    const struct release_entry *e = entry;

    ck_assert(e->is_shown);
    ck_assert_double_eq(e->low, none_rows[_i].low);
    ck_assert_double_eq(e->high, none_rows[_i].high);
    table_release(&entries, free);
}
END_TEST

/* Nine wait at three providers, five of them at the first: that nobody waits at the second tells of the third. */
START_TEST(none_is_withheld_where_it_tells_how_few_wait_elsewhere)
{
    const struct telling all = { "open", "", OPEN(9), NULL },
                         first = { "open", "TAJ", OPEN(5), NULL },
                         second = { "open", "RXT", OPEN(0), NULL },
                         third = { "open", "RYK", OPEN(4), NULL };
    struct table entries = TABLE_INIT, alone = TABLE_INIT;
    char out[FIGURE_MAX];

    (void)tell_internal(&entries, &all, false, 9, out);
    (void)tell_internal(&entries, &first, false, 5, out);
    (void)tell_internal(&entries, &third, false, NAN, out);
    ck_assert_str_eq(tell_internal(&entries, &second, false, NAN, out), "fewer than 5");
    ck_assert_str_eq(tell_internal(&entries, &second, true, NAN, out), "*");
    const struct release_entry *e = table_get(&entries, "board|cyp|RXT|2026-01-04|2026-01-04|open");

    ck_assert_ptr_nonnull(e); /* it stays what the first message made known */
    ck_assert(!e->is_shown && e->low == 0 && e->high == 4);
    ck_assert_str_eq(tell_internal(&alone, &all, false, 9, out), "10");
    ck_assert_str_eq(tell_internal(&alone, &second, true, NAN, out), "0");
    table_release(&alone, free);
    table_release(&entries, free);
}
END_TEST

UNIT_MAIN(
    "release", UNIT_TEST(none_is_withheld_where_it_tells_how_few_wait_elsewhere),
    UNIT_ROWS(the_ledger_knows_whether_fewer_than_5_may_be_0, none_rows),
    UNIT_TEST(a_ledger_without_memory_says_so_at_each_of_its_allocations),
    UNIT_ROWS(a_figure_is_told_beside_others_or_withheld, beside),
    UNIT_ROWS(a_figure_is_withheld_that_tells_of_those_who_are_known_to_be_few, few),
    UNIT_ROWS(a_figure_is_withheld_that_tells_of_few_beside_what_the_news_says_of_others, sides),
    UNIT_TEST(what_the_news_alone_tells_of_few_hides_no_figure),
    UNIT_TEST(a_figure_that_news_has_overtaken_hides_no_other),
    UNIT_TEST(what_another_audience_was_shown_is_nothing_to_this_one),
    UNIT_ROWS(a_figure_of_a_period_is_rendered_anew_only_when_it_moved_by_five_or_over_the_line,
              frozen),
    UNIT_TEST(the_ledger_grows_by_figures_of_periods_and_not_by_messages),
    UNIT_TEST(an_entry_comes_back_from_json_as_it_was_and_nothing_else_does))
