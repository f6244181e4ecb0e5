/*
 * A receipt applied from its archived bytes: which row of a key stands, what counts as missing, what a
 * decision changes, and each allocation failing once. Redis answers as it is told to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "config.h"
#include "pipeline_apply_internal.h"
#include "pipeline_internal.h"
#include "store/store_private.h"
#include "support/failing.h"
#include "support/folder.h"
#include "support/lone_pipeline.h"
#include "support/scripted_redis.h"
#include "support/unit.h"

#define FORMAT                                                                                     \
    "format: rows\ntitle: Rows made by hand\npublished: false\n%s"                                 \
    "key: [measure, org, secondary, period_start, period_end]\n"                                   \
    "markers: {suppressed: [\"*\"], not-submitted: [\"\"]}\n"                                      \
    "layouts:\n  - id: rows\n"                                                                     \
    "    header: {columns: [Measure, Org, Name, Start, End, Value, Version, Band]}\n"              \
    "    values: {column: Value}\n    period: {start: Start, end: End}\n    measure: Measure\n"    \
    "    org: Org\n    org_name: Name\n    secondary: {column: Band, null_for_org: false}\n"       \
    "    covers_providers: true\n%s"
#define SETTINGS                                                                                   \
    "instance: t\nstate: ./state\nredis: {mode: embedded}\nformats: [formats]\n"                   \
    "plans: [plan.yaml]\nroutes: {ops: [spool], governance: [spool], fallback: [spool]}\n"         \
    "organisations: orgs.yaml\n"                                                                   \
    "feeds:\n"                                                                                     \
    "  - {id: f, kind: aggregate, format: rows, inbox: ./inbox, cadence: monthly, grace: 45d,\n"   \
    "     providers: [TAJ, RNA, X99, L99], keep: [QUA, TAJ, RNA]}\n"                               \
    "  - {id: g, kind: aggregate, format: rows, inbox: ./inbox-g, cadence: monthly, grace: 45d}\n" \
    "receivers:\n  - {id: spool, kind: spool, dir: ./spool}\n"
#define PLAN                                                                                       \
    "plan: {id: d, version: 1, place: p, mode: live, valid: {from: 2024-04-01, to: 2025-03-31}}\n" \
    "roles: {lead: {receivers: [spool]}}\npriorities:\n  - id: \"1\"\n    title: t\n"              \
    "    actions:\n      - {id: \"1.1\", title: t, lead: lead, due: 2025-03}\nmeasures:\n%s"
#define MEASURE(id, select)                                                                        \
    "  - id: " id "\n    title: t\n    metric: \"published:m\"\n    select: {" select "}\n"        \
    "    polarity: higher\n    target: {at_least: 60}\n    expect: {2024-04-30: 20}\n"             \
    "    action: \"1.1\"\n"

#define SURVEY "    min_n: 30\n    survey: {every: 6m}\n"
/* Judged by another's figure of feed f, its own being of feed g. */
#define COMPARED(id, org)                                                                          \
    "  - id: " id "\n    title: t\n    metric: \"published:m\"\n    select: {feed: g, org: TAJ}\n" \
    "    polarity: higher\n    target: {comparator: {feed: f, org: " org "}}\n"                    \
    "    action: \"1.1\"\n"

static struct pipeline p;
static struct receipt *newest;
static char folder[FOLDER_MAX];

/* more: of the mapping; layout: of its layout; measures: of the plan. */
static void setup_format(const char *more, const char *layout, const char *measures)
{
    char path[FOLDER_MAX + 32], text[8192];

    log_set_level(LOG_LEVEL_ERROR - 1);
    (void)json_text(NULL, 0); /* what a text lacked before is no matter here */
    scripted_begin();
    scripted_say("FCALL", "+OK\r\n");
    lone_pipeline_begin(&p);
    folder_begin(folder);
    (void)snprintf(path, sizeof path, "%s/formats", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    (void)snprintf(text, sizeof text, FORMAT, more, layout);
    folder_put(folder, "formats/rows.yaml", text);
    (void)snprintf(text, sizeof text, PLAN, measures);
    folder_put(folder, "plan.yaml", text);
    folder_put(folder, "orgs.yaml",
               "organisations:\n  - {code: TAJ, title: One Trust, parent: QUA}\n"
               "  - {code: RNA, title: Two Trust, parent: QUA}\n"
               "  - {code: L99, title: Later Trust, from: 2130-01-01}\n"
               "  - {code: QUA, title: The ICB}\n");
    folder_put(folder, "waitlistd.yaml", SETTINGS);
    lone_pipeline_config(&p, folder);
    (void)snprintf(path, sizeof path, "%s/archive", folder);
    ck_assert_int_eq(archive_open(path, &p.archive), 0);
    p.apply_turn = event_new(p.base, -1, 0, apply_on_turn, &p);
    ck_assert_ptr_nonnull(p.apply_turn);
}

static void setup(const char *more, const char *measures)
{
    setup_format(more, "", measures);
}

static void teardown(void)
{
    apply_abort(&p);
    event_free(p.apply_turn);
    lone_pipeline_end(&p);
    books_release(&p.books);
    receipt_list_release(&p.receipts);
    archive_close(p.archive);
    config_free(p.config);
    folder_end(folder);
}

/* ---- receipts --------------------------------------------------------------------------------- */

static void archive(const char *content, char out_sha[SHA256_TEXT_MAX])
{
    struct archive_file *file = NULL;

    ck_assert_int_eq(archive_begin(p.archive, &file), 0);
    ck_assert_int_eq(archive_write(file, content, strlen(content)), 0);
    ck_assert_int_eq(archive_commit(file, out_sha), 0);
}

static struct receipt *receive(const char *feed, const char *content, enum receipt_outcome outcome)
{
    struct receipt **list = realloc(p.receipts.list, (p.receipts.count + 1) * sizeof *list);
    struct receipt *r = calloc(1, sizeof *r);
    char sha[SHA256_TEXT_MAX];

    ck_assert(list && r && books_feed(&p.books, feed));
    (void)snprintf(sha, sizeof sha, "%064d", 0);
    if (content)
        archive(content, sha);
    r->sequence = p.receipts.count + 1;
    r->outcome = outcome;
    r->feed = strdup(feed);
    r->name = strdup("a.csv");
    r->sha256 = strdup(sha);
    r->format_digest = strdup(format_digest(format_set_find(p.config->formats, "rows")));
    r->why = strdup("because");
    r->part = strdup("rows");
    r->at.ms = 1718013600000 + (int64_t)r->sequence * 1000; /* 2024-06-10 */
    r->newest = DATE_NONE;
    list[p.receipts.count] = r;
    p.receipts.list = list;
    p.receipts.count++;
    return newest = r;
}

static struct receipt *decide(const struct receipt *on, enum receipt_outcome outcome)
{
    struct receipt *r = receive(on->feed, NULL, outcome);

    r->decides = on->sequence;
    return r;
}

/* Whether it was applied: its books stand. */
static bool apply(const struct receipt *r)
{
    apply_start(&p, r);
    while ((p.apply || p.batch.in_flight) && !p.stopping && p.loaded) {
        (void)event_base_loop(p.base, EVLOOP_NONBLOCK);
        scripted_answer_all();
    }
    const struct feed_book *b = table_get(&p.books.feeds, r->feed);

    return p.loaded && b && b->receipt == r->sequence;
}

static void take(const char *content)
{
    ck_assert(apply(receive("f", content, RECEIPT_ACCEPTED)));
}

#define HEADER "Measure,Org,Name,Start,End,Value,Version,Band\n"
#define APRIL  "2024-04-01,2024-04-30"
#define MAY    "2024-05-01,2024-05-31"

static const struct series *series_of(const char *org, const char *band)
{
    char *key = series_key("f", "m", NULL, org, band);
    const struct series *s = series_find(&p.books.series, key);

    free(key);
    return s;
}

/* The value in force of a period, or -1. */
static double value_of(const char *org, const char *band, int32_t end)
{
    const struct series *s = series_of(org, band);

    for (size_t i = 0; s && i < s->point_count; i++)
        if (s->points[i].period_end.day == end)
            return s->points[i].versions[s->points[i].version_count - 1].value;
    return -1;
}

#define APRIL_END 19843
#define MAY_END   19874

static const struct feed_book *book(void)
{
    return table_get(&p.books.feeds, "f");
}

static bool has_gap(const char *provider, const char *measure, int32_t end)
{
    for (size_t i = 0; i < book()->gap_count; i++) {
        const struct feed_gap *g = &book()->gaps[i];

        if (strcmp(g->provider, provider) == 0 && !g->measure == !measure &&
            (!measure || strcmp(g->measure, measure) == 0) && g->period_end.day == end)
            return true;
    }
    return false;
}

/* ---- which row stands --------------------------------------------------------------------------- */

/* Two rows of one key, 1 and 2; which of them stands. */
static const struct {
    const char *first, *second;
    int stands;
} ranks[] = {
    { "10", "9", 1 },
    { "9", "10", 2 },
    { "9", "9", 2 },
    { "9%", "10", 2 },
    { "2024-04-30", "2024-05-31", 2 },
    { "2024-05-31", "2024-04-30", 1 },
    { "final", "draft", 1 },
    { "draft", "final", 2 },
    { "", "1", 2 },
    { "1", "", 1 },
    { "", "", 2 },
    { "7", "draft", 2 },
    { "2024-04-30", "draft", 2 },
    { "draft", "7", 1 },
    { "draft", "2024-04-30", 1 },
};

START_TEST(of_a_key_that_a_file_repeats_the_row_ranked_highest_stands)
{
    char content[512];

    setup("duplicate: by Version\n", MEASURE("a", "feed: f, org: TAJ"));
    (void)snprintf(content, sizeof content,
                   HEADER "m,TAJ,x," APRIL ",1,%s,\nm,RNA,x," APRIL ",7,,\nm,TAJ,x," APRIL
                          ",2,%s,\n",
                   ranks[_i].first, ranks[_i].second);
    take(content);
    ck_assert_msg(value_of("TAJ", NULL, APRIL_END) == ranks[_i].stands, "%s, %s", ranks[_i].first,
                  ranks[_i].second);
    teardown();
}
END_TEST

START_TEST(a_mapping_may_let_the_first_or_the_last_row_of_a_key_stand)
{
    static const char content[] =
        HEADER "m,TAJ,x," APRIL ",1,9,\nm,RNA,x," APRIL ",7,,\nm,TAJ,x," APRIL ",2,1,\n";

    setup("duplicate: first\n", MEASURE("a", "feed: f, org: TAJ"));
    take(content);
    ck_assert(value_of("TAJ", NULL, APRIL_END) == 1);
    teardown();
    setup("duplicate: last\n", MEASURE("a", "feed: f, org: TAJ"));
    take(content);
    ck_assert(value_of("TAJ", NULL, APRIL_END) == 2);
    teardown();
}
END_TEST

START_TEST(an_organisation_is_known_by_its_code_or_else_by_its_name)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    take(HEADER "m,X1,One Trust," APRIL ",1,,\nm,X1,Two Trust," APRIL ",2,,\n"
                "m,X1,Somebody," APRIL ",3,,\nm,X2,," APRIL ",4,,\nm,QUA,One Trust," APRIL
                ",5,,\n");
    ck_assert(value_of("TAJ", NULL, APRIL_END) == 1 && value_of("RNA", NULL, APRIL_END) == 2);
    ck_assert(value_of("QUA", NULL, APRIL_END) == 5 && !series_of("X1", NULL));
    teardown();
}
END_TEST

START_TEST(a_figure_of_a_period_that_lies_ahead_is_left_out_and_said)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    take(HEADER "m,TAJ,x," APRIL ",1,,\nm,RNA,x," APRIL ",1,,\n"
                "m,TAJ,x,2024-12-01,2024-12-31,9,,\nm,RNA,x,2024-12-01,2024-12-31,*,,\n"
                "m,QUA,x,2024-12-01,2024-12-31,,,\n"
                "m,TAJ,x,2024-06-01,2025-05-31,4,,\n" /* a year that has begun */
                "m,TAJ,x,2024-06-01,2025-12-31,4,,\n");
    ck_assert(value_of("TAJ", NULL, APRIL_END) == 1 && value_of("TAJ", NULL, 20088) == -1);
    ck_assert_ptr_nonnull(strstr(book()->last_outcome, "3 figures of periods that lie ahead"));
    teardown();
}
END_TEST

START_TEST(periods_that_begin_on_one_day_and_blank_ones_after_the_newest_are_told_apart)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    take(HEADER "m,TAJ,x," APRIL ",1,,\nm,TAJ,x,2024-04-01,2024-05-31,3,,\nm,TAJ,x," MAY ",2,,\n"
                "m,RNA,x," MAY ",2,,\nm,RNA,x," APRIL ",2,,\nm,RNA,x,2024-06-01,2024-06-30,,,\n"
                "m,TAJ,x,2024-06-01,2024-06-30,,,\n");
    ck_assert_uint_eq(series_of("TAJ", NULL)->point_count, 3);
    ck_assert_int_eq(book()->newest_period_end.day, MAY_END);
    teardown();
}
END_TEST

START_TEST(a_file_of_blanks_alone_has_no_newest_period)
{
    setup("partial: true\n", MEASURE("a", "feed: f, org: TAJ"));
    take(HEADER "m,TAJ,x," APRIL ",,,\nm,RNA,x," APRIL ",,,\n");
    ck_assert(!date_is_set(book()->newest_period_end));
    take(HEADER "m,TAJ,x," APRIL ",1,,\n");
    ck_assert(book()->newest_period_end.day == APRIL_END && book()->part_count == 0);
    teardown();
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    take(HEADER "m,TAJ,x," APRIL ",,,\nm,RNA,x," APRIL ",,,\n");
    ck_assert(!date_is_set(book()->newest_period_end));
    teardown();
}
END_TEST

/* ---- what is missing ----------------------------------------------------------------------------- */

START_TEST(a_provider_is_missing_from_each_period_that_lacks_it)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    take(HEADER "m,TAJ,x," APRIL ",1,,\nm,TAJ,x," MAY ",2,,\nm,RNA,x," MAY ",2,,\n");
    ck_assert(has_gap("RNA", NULL, APRIL_END) && !has_gap("RNA", NULL, MAY_END));
    ck_assert(!has_gap("TAJ", NULL, APRIL_END));
    ck_assert(!has_gap("L99", NULL, APRIL_END)); /* not before its first day */
    teardown();
}
END_TEST

/* Which figure a plan looks at; whether it is missed when its row is gone from the next file. */
static const struct {
    const char *measures;
    const char *band, *later; /* of the rows of the first file, and of the second */
    bool is_absent;
} watches[] = {
    { MEASURE("a", "feed: f, org: TAJ"), "", "", false },
    { MEASURE("a", "feed: f, org: TAJ, secondary: low"), "low", "high", true },
    { MEASURE("a", "feed: f, org: TAJ, secondary: low"), "", "", false }, /* it has no bands */
    { MEASURE("a", "feed: f, org: TAJ, secondary: low"), "high", "high", false },
    { MEASURE("a", "feed: f, org: TAJ, breakdown: England"), "", "", false },
    { MEASURE("a", "feed: g, org: TAJ, secondary: low"), "low", "high", false },
    { MEASURE("a", "feed: f, org: RNA, secondary: low"), "low", "high", true },
    { MEASURE("a", "feed: f, org: TAJ, breakdown: low"), "low", "high", false }, /* no breakdowns */
    /* a survey: between two waves nothing is missing */
    { MEASURE("a", "feed: f, org: TAJ, secondary: low") SURVEY, "low", "high", false },
};

START_TEST(a_watched_figure_that_its_table_no_longer_brings_is_absent)
{
    char content[512];

    setup("", watches[_i].measures);
    for (int month = 0; month < 2; month++) {
        const char *period = month ? MAY : APRIL,
                   *band = month ? watches[_i].later : watches[_i].band;

        (void)snprintf(content, sizeof content,
                       HEADER "m,TAJ,x,%s,1,,%s\nm,RNA,x,%s,2,,%s\nm,QUA,x,%s,0,,%s\n", period,
                       band, period, band, period, band);
        take(content);
    }
    ck_assert_int_eq(has_gap("TAJ", "m", MAY_END) || has_gap("RNA", "m", MAY_END),
                     watches[_i].is_absent);
    teardown();
}
END_TEST

START_TEST(a_watched_figure_of_another_breakdown_is_another)
{
    setup_format("", "    breakdown: Version\n", MEASURE("a", "feed: f, org: TAJ, breakdown: low"));
    take(HEADER "m,TAJ,x," APRIL ",1,low,\nm,TAJ,x," APRIL ",1,high,\n");
    ck_assert(!has_gap("TAJ", "m", APRIL_END));
    take(HEADER "m,TAJ,x," MAY ",1,high,\n");
    ck_assert(has_gap("TAJ", "m", MAY_END));
    teardown();
    setup_format("", "    breakdown: Version\n", MEASURE("a", "feed: f, org: QUA, breakdown: low"));
    take(HEADER "m,QUA,x," APRIL ",0,low,\nm,QUA,x," APRIL ",0,high,\nm,TAJ,x," APRIL ",,low,\n");
    ck_assert(has_gap("QUA", "m", APRIL_END));
    teardown();
}
END_TEST

START_TEST(what_a_measure_is_compared_with_is_kept_though_keep_leaves_it_out)
{
    setup("", MEASURE("a", "feed: f, org: TAJ") "    compare: {org: X1}\n" COMPARED("b", "X2")
                  MEASURE("c", "feed: f, org: TAJ") "    compare: {feed: g, org: X3}\n");
    take(HEADER "m,TAJ,x," APRIL ",1,,\nm,X1,x," APRIL ",2,,\nm,X2,x," APRIL ",3,,\n"
                "m,X3,x," APRIL ",4,,\n");
    ck_assert_double_eq(value_of("X1", NULL, APRIL_END), 2);
    ck_assert_double_eq(value_of("X2", NULL, APRIL_END), 3);
    ck_assert_ptr_null(series_of("X3", NULL)); /* of another feed */
    teardown();
}
END_TEST

START_TEST(a_feed_without_keep_keeps_every_organisation)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    ck_assert(apply(receive("g", HEADER "m,X9,x," APRIL ",1,,\n", RECEIPT_ACCEPTED)));
    char *key = series_key("g", "m", NULL, "X9", NULL);

    ck_assert_ptr_nonnull(series_find(&p.books.series, key));
    free(key);
    teardown();
}
END_TEST

START_TEST(a_total_of_0_over_blanks_is_a_gap_where_a_plan_looks_at_it)
{
    for (int is_watched = 0; is_watched < 2; is_watched++) {
        setup("",
              is_watched ? MEASURE("a", "feed: f, org: QUA") : MEASURE("a", "feed: g, org: QUA"));
        take(HEADER "m,QUA,x," APRIL ",0,,\nm,TAJ,x," APRIL ",,,\nm,RNA,x," APRIL ",0,,\n");
        ck_assert_int_eq(has_gap("QUA", "m", APRIL_END), is_watched);
        take(HEADER "m,QUA,x," APRIL ",0,,\nm,TAJ,x," APRIL ",,,\nm,RNA,x," APRIL ",3,,\n");
        ck_assert(!has_gap("QUA", "m", APRIL_END));
        teardown();
    }
}
END_TEST

/* ---- decisions ------------------------------------------------------------------------------------ */

START_TEST(a_file_accepted_late_says_nothing_of_what_a_later_one_said)
{
    static const char held[] =
        HEADER "m,QUA,x," APRIL ",0,,\nm,TAJ,x," APRIL ",,,\nm,TAJ,x," MAY ",5,,\n";

    for (int later = 0; later < 3; later++) { /* none came after; one before; one after */
        setup("", MEASURE("a", "feed: f, org: QUA"));
        if (later == 1)
            take(HEADER "m,QUA,x," APRIL ",4,,\nm,TAJ,x," APRIL ",4,,\nm,RNA,x," APRIL ",4,,\n");
        struct receipt *r = receive("f", held, RECEIPT_HELD);

        ck_assert(apply(r) && feed_book_holds_file(book()));
        if (later == 2)
            take(HEADER "m,QUA,x," APRIL ",4,,\nm,TAJ,x," APRIL ",4,,\nm,RNA,x," APRIL ",4,,\n");
        ck_assert(apply(decide(r, RECEIPT_ACCEPTED)));
        ck_assert(!feed_book_holds_file(book()));
        ck_assert_int_eq(has_gap("RNA", NULL, APRIL_END), later != 2);
        ck_assert_int_eq(has_gap("QUA", "m", APRIL_END), later != 2);
        ck_assert(value_of("TAJ", NULL, MAY_END) == 5);
        teardown();
    }
}
END_TEST

START_TEST(a_file_that_a_person_refused_is_decided_and_one_refused_at_receipt_waits)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    struct receipt *held = receive("f", HEADER "m,TAJ,x," APRIL ",1,,\n", RECEIPT_HELD);

    ck_assert(apply(held) && apply(decide(held, RECEIPT_REFUSED)));
    ck_assert(!feed_book_newest_wait(book()) && !series_of("TAJ", NULL));
    ck_assert(apply(receive("f", "x", RECEIPT_REFUSED)));
    ck_assert(feed_book_newest_wait(book()) && !feed_book_holds_file(book()));
    teardown();
}
END_TEST

/* Bytes that cannot be applied: they wait for a person, and change nothing. */
static const struct {
    const char *content; /* NULL: the archive lacks it */
    const char *says;
} unread[] = {
    { NULL, "is missing from the archive" },
    { "no,table\n", "cannot be read by its mapping" },
    { HEADER "m,TAJ,x," APRIL ",one,,\n", "cannot be read by its mapping" }, /* held today */
};

START_TEST(an_accepted_file_that_cannot_be_applied_waits_for_a_person)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    ck_assert(apply(receive("f", unread[_i].content, RECEIPT_ACCEPTED)));
    const struct waiting_receipt *w = feed_book_newest_wait(book());

    ck_assert(w && w->held && strstr(w->why, unread[_i].says));
    ck_assert(!p.stopping && !series_of("TAJ", NULL));
    teardown();
}
END_TEST

START_TEST(the_same_file_again_changes_nothing_and_its_own_entry_is_no_other)
{
    static const char content[] = HEADER "m,TAJ,x," APRIL ",1,,\nm,RNA,x," APRIL ",1,,\n";

    setup("", MEASURE("a", "feed: f, org: TAJ"));
    take(content);
    struct receipt *first = newest;

    take(content);
    ck_assert_int_eq(strncmp(book()->last_outcome, "same as ", 8), 0);
    ck_assert_uint_eq(book()->files, 1);
    ck_assert(apply(first)); /* once more, after a loss */
    ck_assert_int_eq(strncmp(book()->last_outcome, "accepted", 8), 0);
    teardown();
}
END_TEST

/* Of bytes that are in the ledger under another receipt. */
START_TEST(bytes_of_another_receipt_are_the_same_again_unless_theirs_came_once_more_later)
{
    static const char first[] = HEADER "m,TAJ,x," APRIL ",1,,\nm,RNA,x," APRIL ",1,,\n",
                      other[] = HEADER "m,TAJ,x," APRIL ",2,,\nm,RNA,x," APRIL ",1,,\n";
    struct receipt *one, *two, *again;

    setup("", MEASURE("a", "feed: f, org: TAJ"));
    one = receive("f", first, RECEIPT_ACCEPTED);
    two = receive("f", first, RECEIPT_ACCEPTED);
    again = receive("f", other, RECEIPT_ACCEPTED);
    AUTO(auto_free) char *key = ledger_key("f", one->sha256, one->format_digest);

    ck_assert_int_eq(books_add_ledger(&p.books, key, "f", one->at, two->sequence), 0);
    ck_assert(apply(one)); /* from the beginning: the entry is of the same bytes, received later */
    ck_assert_int_eq(strncmp(book()->last_outcome, "accepted", 8), 0);
    const uint64_t others[] = { again->sequence, 99, one->sequence };

    /* The entry is of other bytes; of a receipt that a daemon before us had; of one before it. */
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_int_eq(books_add_ledger(&p.books, key, "f", one->at, others[i]), 0);
        ck_assert(apply(i == 2 ? two : one) || i == 2);
        ck_assert_int_eq(strncmp(book()->last_outcome, "same as", 7), 0);
    }
    /* Not the first of its bytes: the entry's receipt came later, and it is no new beginning. */
    struct receipt *three = receive("f", first, RECEIPT_ACCEPTED);

    ck_assert_int_eq(books_add_ledger(&p.books, key, "f", one->at, three->sequence), 0);
    ck_assert(apply(two));
    ck_assert_int_eq(strncmp(book()->last_outcome, "same as", 7), 0);
    teardown();
}
END_TEST

START_TEST(a_large_file_is_read_a_portion_in_a_turn)
{
    AUTO(text_release) struct text content = TEXT_INIT;

    setup("", MEASURE("a", "feed: f, org: TAJ"));
    (void)text_puts(&content, HEADER);
    for (int i = 0; i < 30000; i++)
        (void)text_printf(&content, "m,TAJ,a name of some length," APRIL ",%d,,band-%d\n", i,
                          i % 1500);
    ck_assert(text_ok(&content));
    take(text_str(&content));
    ck_assert(value_of("TAJ", "band-3", APRIL_END) == 28503);
    teardown();
}
END_TEST

START_TEST(a_portion_that_memory_has_no_room_for_ends_the_run)
{
    AUTO(text_release) struct text content = TEXT_INIT;

    setup("", MEASURE("a", "feed: f, org: TAJ"));
    (void)text_puts(&content, HEADER);
    for (int i = 0; i < 30000; i++)
        (void)text_printf(&content, "m,TAJ,a name of some length," APRIL ",%d,,band-%d\n", i, i);
    ck_assert(text_ok(&content));
    apply_start(&p, receive("f", text_str(&content), RECEIPT_ACCEPTED));
    ck_assert(p.apply && !p.stopping);
    failing_begin(FAILING_ALLOCATIONS, 1, 1, ENOMEM);
    (void)event_base_loop(p.base, EVLOOP_NONBLOCK);
    bool failed = failing_end() > 0;

    ck_assert(p.stopping == failed && book()->receipt == 0);
    teardown();
}
END_TEST

START_TEST(rows_for_which_a_file_was_held_are_left_out_when_a_person_accepts_it)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    struct receipt *held =
        receive("f", HEADER "m,TAJ,x," APRIL ",1,,\nm,RNA,x," APRIL ",one,,\n", RECEIPT_HELD);

    ck_assert(apply(held) && apply(decide(held, RECEIPT_ACCEPTED)));
    ck_assert(value_of("TAJ", NULL, APRIL_END) == 1 && !series_of("RNA", NULL));
    teardown();
}
END_TEST

START_TEST(receipts_are_due_in_order_and_not_of_a_feed_that_is_not_configured)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    struct receipt *gone = receive("gone", "x", RECEIPT_ACCEPTED),
                   *first = receive("f", "x", RECEIPT_REFUSED),
                   *second = receive("f", "x", RECEIPT_REFUSED);

    ck_assert(!receipt_is_due(&p, gone) && apply_next(&p) == first);
    ck_assert(apply(first) && apply_next(&p) == second);
    ck_assert(apply(second));
    ck_assert_ptr_null(apply_next(&p));
    struct receipt *bookless = receive("g", "x", RECEIPT_REFUSED);

    feed_book_free(table_remove(&p.books.feeds, "g"));
    ck_assert(apply_next(&p) == bookless && !apply(bookless) && p.stopping);
    teardown();
}
END_TEST

/* ---- what is kept ---------------------------------------------------------------------------------- */

static const struct {
    const char *before; /* NULL: no file yet */
    bool is_fresh;      /* of feed f, which keeps QUA, RNA and TAJ */
} keeps[] = {
    { NULL, false },     { "*", false },         { "QUA RNA TAJ", false },    { "QUA RNA", true },
    { "RNA TAJ", true }, { "QUA RN TAJ", true }, { "QUA RNA TAJ X1", false }, { "", true },
};

START_TEST(a_feed_that_keeps_more_than_before_is_applied_again)
{
    setup("", MEASURE("a", "feed: f, org: TAJ"));
    struct feed_book *b = books_feed(&p.books, "f");

    b->receipt = b->stored = 9;
    b->kept = keeps[_i].before ? strdup(keeps[_i].before) : NULL;
    ck_assert_int_eq(apply_backfill(&p), 0);
    ck_assert_uint_eq(book()->receipt, keeps[_i].is_fresh ? 0 : 9);
    ck_assert_uint_eq(book()->stored, 9);
    teardown();
}
END_TEST

START_TEST(a_feed_that_keeps_everything_now_is_applied_again)
{
    setup("", MEASURE("a", "feed: f, org: TAJ") MEASURE("b", "feed: g, org: TAJ"));
    struct feed_book *b = books_feed(&p.books, "g");

    b->receipt = 9;
    b->kept = strdup("TAJ");
    ck_assert_int_eq(apply_backfill(&p), 0);
    ck_assert_uint_eq(((struct feed_book *)table_get(&p.books.feeds, "g"))->receipt, 0);
    teardown();
}
END_TEST

START_TEST(a_backfill_without_memory_fails_or_is_whole)
{
    for (long n = 1;; n++) {
        setup("", MEASURE("a", "feed: f, org: TAJ"));
        struct feed_book *b = books_feed(&p.books, "f");

        b->receipt = 9;
        b->kept = strdup("TAJ");
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = apply_backfill(&p);
        bool failed = failing_end() > 0;

        ck_assert_int_eq(r, failed ? -ENOMEM : 0);
        ck_assert_uint_eq(book()->receipt, failed ? 9 : 0);
        teardown();
        if (!failed)
            break;
    }
}
END_TEST

/* ---- without memory, without Redis ------------------------------------------------------------------ */

/* RNA sends blanks alone, X99 is in no system's total. */
static const char april_file[] = HEADER "m,TAJ,x," APRIL ",1,9,\nm,X99,x," APRIL
                                        ",2,9,\nm,QUA,x," APRIL ",0,9,\nm,TAJ,x," APRIL ",3,8,\n"
                                        "m,TAJ,x," APRIL ",4,10,\nm,X1,Two Trust," APRIL
                                        ",,1,b\nm,TAJ,x,2024-12-01,2024-12-31,9,,\n";

enum kind {
    FILE_TAKEN,
    FILE_UNREAD,
    FILE_HELD,
    FILE_REFUSED,
    FILE_TWICE,
    DECIDED,
    DECIDED_AGAINST,
    KINDS
};

/* The receipts that come before, applied; the one to apply. */
static struct receipt *prepare(enum kind kind)
{
    switch (kind) {
    case FILE_UNREAD:
        return receive("f", NULL, RECEIPT_ACCEPTED);
    case FILE_HELD:
        return receive("f", april_file, RECEIPT_HELD);
    case FILE_REFUSED:
        return receive("f", "x", RECEIPT_REFUSED);
    case FILE_TWICE:
        take(april_file);
        return receive("f", april_file, RECEIPT_ACCEPTED);
    case DECIDED:
    case DECIDED_AGAINST:
        ck_assert(apply(receive("f", april_file, RECEIPT_HELD)));
        return decide(newest, kind == DECIDED ? RECEIPT_ACCEPTED : RECEIPT_REFUSED);
    default:
        return receive("f", april_file, RECEIPT_ACCEPTED);
    }
}

static void setup_kind(void)
{
    setup("duplicate: by Version\n",
          MEASURE("a", "feed: f, org: QUA") MEASURE("b", "feed: f, org: TAJ")
              MEASURE("c", "feed: f, org: RNA, secondary: low"));
}

static char *shown(void)
{
    return feed_book_encode(book());
}

START_TEST(a_receipt_without_memory_is_applied_whole_or_stays_due)
{
    setup_kind();
    ck_assert(apply(prepare((enum kind)_i)));
    char *whole = shown();
    double value = value_of("TAJ", NULL, APRIL_END);
    size_t gaps = book()->gap_count;

    teardown();
    for (long n = 1;; n++) {
        setup_kind();
        const struct receipt *r = prepare((enum kind)_i);
        size_t made = scripted.made;

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        bool is_applied = apply(r);
        bool failed = failing_end() > 0;

        ck_assert_msg(is_applied || failed, "allocation %ld", n);
        ck_assert_msg(is_applied || p.stopping || !p.loaded, "allocation %ld: it hangs", n);
        if (is_applied) {
            char *now = shown();

            ck_assert_msg(strcmp(now, whole) == 0, "allocation %ld: %s", n, now);
            ck_assert(value_of("TAJ", NULL, APRIL_END) == value && book()->gap_count == gaps);
            ck_assert(scripted.made > made);
            free(now);
        }
        teardown();
        if (!failed)
            break;
    }
    free(whole);
}
END_TEST

START_TEST(the_books_go_ahead_of_a_redis_that_has_not_answered_and_end_with_one_that_refuses)
{
    for (int refuses = 0; refuses < 2; refuses++) {
        setup_kind();
        const struct receipt *r = prepare(FILE_TAKEN);

        if (refuses)
            scripted_say("FCALL commit_feed", "-ERR no\r\n");
        apply_start(&p, r);
        while (p.apply) {
            (void)event_base_loop(p.base, EVLOOP_NONBLOCK);
            if (p.apply)
                (void)scripted_answer(); /* to the slices before the feed's own call */
        }
        ck_assert(p.batch.in_flight == 1 && p.batch.is_ahead && p.need_evaluate);
        ck_assert(book()->receipt == r->sequence && value_of("TAJ", NULL, APRIL_END) == 4);
        scripted_answer_all();
        ck_assert(!p.batch.in_flight && !p.batch.is_ahead && p.loaded == !refuses);
        teardown();
    }
}
END_TEST

/* It came when the mapping had another title: that one reads it. */
static struct receipt *receive_by_earlier_mapping(const char *content)
{
    struct receipt *r = receive("f", content, RECEIPT_ACCEPTED);
    char text[2048], digest[SHA256_TEXT_MAX];

    (void)snprintf(text, sizeof text, FORMAT, "duplicate: by Version\n", "");
    memcpy(strstr(text, "Rows"), "Once", 4);
    archive(text, digest);
    free(r->format_digest);
    r->format_digest = strdup(digest);
    return r;
}

START_TEST(a_mapping_that_cannot_be_opened_now_is_not_replaced_by_todays)
{
    setup_kind();
    const struct receipt *r = receive_by_earlier_mapping(april_file);

    failing_begin("openat", 1, 1, EMFILE);
    bool is_applied = apply(r);

    ck_assert_int_eq(failing_end(), 1);
    ck_assert(!is_applied && p.stopping);
    teardown();
    setup_kind();
    ck_assert(apply(receive_by_earlier_mapping(april_file)));
    ck_assert(value_of("TAJ", NULL, APRIL_END) == 4);
    teardown();
}
END_TEST

START_TEST(a_receipt_that_redis_does_not_take_stays_due)
{
    for (int i = 0; i < 3; i++) {
        setup_kind();
        if (i == 0)
            scripted_refuse("FCALL commit_", -EBUSY);
        else if (i == 1)
            scripted_fail("FCALL commit_", REDIS_OUTCOME_UNKNOWN);
        else
            scripted_say("FCALL commit_feed", "-ERR no\r\n");
        ck_assert(!apply(prepare(FILE_TAKEN)));
        ck_assert(!p.loaded && !p.stopping);
        teardown();
    }
}
END_TEST

UNIT_MAIN(
    "pipeline_apply",
    UNIT_TEST(bytes_of_another_receipt_are_the_same_again_unless_theirs_came_once_more_later),
    UNIT_ROWS(of_a_key_that_a_file_repeats_the_row_ranked_highest_stands, ranks),
    UNIT_TEST(a_mapping_may_let_the_first_or_the_last_row_of_a_key_stand),
    UNIT_TEST(an_organisation_is_known_by_its_code_or_else_by_its_name),
    UNIT_TEST(a_figure_of_a_period_that_lies_ahead_is_left_out_and_said),
    UNIT_TEST(periods_that_begin_on_one_day_and_blank_ones_after_the_newest_are_told_apart),
    UNIT_TEST(a_file_of_blanks_alone_has_no_newest_period),
    UNIT_TEST(a_provider_is_missing_from_each_period_that_lacks_it),
    UNIT_ROWS(a_watched_figure_that_its_table_no_longer_brings_is_absent, watches),
    UNIT_TEST(a_total_of_0_over_blanks_is_a_gap_where_a_plan_looks_at_it),
    UNIT_TEST(a_file_accepted_late_says_nothing_of_what_a_later_one_said),
    UNIT_TEST(a_file_that_a_person_refused_is_decided_and_one_refused_at_receipt_waits),
    UNIT_ROWS(an_accepted_file_that_cannot_be_applied_waits_for_a_person, unread),
    UNIT_TEST(the_same_file_again_changes_nothing_and_its_own_entry_is_no_other),
    UNIT_TEST(a_watched_figure_of_another_breakdown_is_another),
    UNIT_TEST(what_a_measure_is_compared_with_is_kept_though_keep_leaves_it_out),
    UNIT_TEST(a_feed_without_keep_keeps_every_organisation),
    UNIT_TEST(a_portion_that_memory_has_no_room_for_ends_the_run),
    UNIT_TEST(rows_for_which_a_file_was_held_are_left_out_when_a_person_accepts_it),
    UNIT_TEST(the_books_go_ahead_of_a_redis_that_has_not_answered_and_end_with_one_that_refuses),
    UNIT_TEST(a_large_file_is_read_a_portion_in_a_turn),
    UNIT_TEST(receipts_are_due_in_order_and_not_of_a_feed_that_is_not_configured),
    UNIT_ROWS(a_feed_that_keeps_more_than_before_is_applied_again, keeps),
    UNIT_TEST(a_feed_that_keeps_everything_now_is_applied_again),
    UNIT_TEST(a_backfill_without_memory_fails_or_is_whole),
    { a_receipt_without_memory_is_applied_whole_or_stays_due, KINDS },
    UNIT_TEST(a_mapping_that_cannot_be_opened_now_is_not_replaced_by_todays),
    UNIT_TEST(a_receipt_that_redis_does_not_take_stays_due))
