#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/plan.h"
#include "support/plan_text.h"
#include "support/unit.h"

static char *of_mh[] = { (char[]){ "TAJ" }, (char[]){ "RXK" } };
static char *of_chairs[] = { (char[]){ "RYK" } };
static const struct text_list mh_providers = { of_mh, 2 }, chair_providers = { of_chairs, 1 };

static void services_release(struct services **s)
{
    services_free(*s);
}

/* One measure of these lines, of a plan beside a snapshot-fed list, an event-fed one and one of a
 * service that is not declared. */
static int load_measure(const char *lines, struct diags *diags, struct plan **out)
{
    AUTO(services_release) struct services *services = NULL;
    AUTO(text_release) struct text t = TEXT_INIT;

    ck_assert_int_eq(services_load("config/services.yaml", diags, &services), 0);
    const struct plan_list lists[] = {
        { "cyp-mh", service_of(services, "mental-health"), &mh_providers, true },
        { "chairs", service_of(services, "wheelchair"), &chair_providers, false },
        { "other", service_of(services, "650"), &chair_providers, true },
        { NULL, NULL, NULL, false },
    };
    const struct plan_context context = { .lists = lists };

    (void)text_printf(&t,
                      "plan: {id: p}\nroles: {lead: {receivers: [spool]}}\nmeasures:\n"
                      "  - id: m\n    owner: lead\n%s",
                      lines);
    return plan_text_load(text_str(&t), &context, diags, out);
}

#define SELECT_MH "    select: {list: cyp-mh}\n"

static const struct {
    const char *lines, *source, *figure, *org;
    enum unit unit;
    int polarity;
} loads[] = {
    { "    metric: open-over:18w\n" SELECT_MH "    target: {at_most: 0}\n", "cyp-mh",
      "open-over:126d period=census", "all", UNIT_COUNT, POLARITY_LOWER },
    { "    metric: \" open-over:126d \"\n    select: {list: cyp-mh, provider: TAJ}\n"
      "    expect: {2025-03: 10}\n",
      "cyp-mh", "open-over:126d period=census", "TAJ", UNIT_COUNT, POLARITY_LOWER },
    { "    metric: open-within:18w\n    select: {list: chairs, place: \"West End\", "
      "commissioner: QUA}\n    expect: {2025-03: 92}\n",
      "chairs", "open-within:126d place=west%20end commissioner=qua period=month", "all",
      UNIT_PERCENT, POLARITY_HIGHER },
    { "    metric: completed-within:28d\n    select: {list: cyp-mh, exceptions: without, "
      "cohort: {age_band: 0-17}}\n    window: 12m\n    target: {at_least: 60}\n",
      "cyp-mh",
      "completed-within:28d cohort.age_band=0-17 exceptions=without period=month window=12m", "all",
      UNIT_PERCENT, POLARITY_HIGHER },
    { "    metric: median-wait\n    select: {list: cyp-mh, stage: first-contact}\n"
      "    period: week\n    unit: weeks\n    method: band-linear\n    target: {at_most: 4}\n",
      "cyp-mh", "median-wait method=band-linear unit=weeks stage=first-contact period=week", "all",
      UNIT_WEEKS, POLARITY_LOWER },
    { "    metric: p92-wait\n    select: {list: cyp-mh, stage: \"first-contact..care-plan\"}\n"
      "    target: {at_most: 126}\n",
      "cyp-mh", "p92-wait stage=first-contact..care-plan period=census", "all", UNIT_DAYS,
      POLARITY_LOWER },
    { "    metric: breaching-within:4w\n" SELECT_MH "    standard: 18w\n    target: {at_most: 5}\n",
      "cyp-mh", "breaching-within:28d standard=126d period=census", "all", UNIT_COUNT,
      POLARITY_LOWER },
    { "    metric: shortfall\n" SELECT_MH "    standard: 3m\n    share: 95\n"
      "    target: {at_most: 5}\n",
      "cyp-mh", "shortfall standard=3m share=95 period=census", "all", UNIT_COUNT, POLARITY_LOWER },
    { "    metric: first-contacts\n" SELECT_MH "    target: {at_least: 5}\n", "cyp-mh",
      "first-contacts period=month", "all", UNIT_COUNT, POLARITY_HIGHER },
    { "    metric: referrals\n    select: {list: chairs}\n    period: quarter\n"
      "    target: {at_most: 100}\n",
      "chairs", "referrals period=quarter", "all", UNIT_COUNT, POLARITY_LOWER },
    { "    metric: open\n    select: {list: other, stage: Triage}\n    target: {at_most: 9}\n",
      "other", "open stage=triage period=census", "all", UNIT_COUNT, POLARITY_LOWER },
};

START_TEST(a_list_measure_is_named_by_all_that_decides_its_figure)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;
    int r = load_measure(loads[_i].lines, &diags, &p);

    ck_assert_msg(r == 0 && diags.count == 0, "%s%s", loads[_i].lines,
                  diags.count ? diags.list[0].text : "");
    const struct plan_measure *m = &p->measures[0];

    ck_assert_ptr_null(m->published);
    ck_assert_str_eq(measure_source(m), loads[_i].source);
    ck_assert_str_eq(measure_figure(m), loads[_i].figure);
    ck_assert_str_eq(measure_org(m), loads[_i].org);
    ck_assert_int_eq(m->unit, loads[_i].unit);
    ck_assert_int_eq(m->polarity, loads[_i].polarity);
    ck_assert(!m->list->act_on_projected);
}
END_TEST

#define OPEN  "    metric: open\n"
#define MOST  "    target: {at_most: 5}\n"
#define LEAST "    target: {at_least: 5}\n"

static const struct {
    const char *lines;
    unsigned line;
    enum diag_level level;
    const char *says, *hint;
} faults[] = {
    { "    metric: open-ovr:18w\n" SELECT_MH MOST, 6, DIAG_ERROR,
      "metric \"open-ovr:18w\" is not known", "did you mean \"open-over:18w\"?" },
    { "    metric: open-over\n" SELECT_MH MOST, 6, DIAG_ERROR, "open-over names no wait", "18w" },
    { "    metric: open-over:18\n" SELECT_MH MOST, 6, DIAG_ERROR, "\"18\" is no wait", "126d" },
    { "    metric: open-over:10wd\n" SELECT_MH MOST, 6, DIAG_ERROR, "\"10wd\" is no wait", "3m" },
    { "    metric: median-wait:18w\n" SELECT_MH MOST, 6, DIAG_ERROR, "takes no wait", NULL },
    { "    metric: breaching-within:1m\n" SELECT_MH "    standard: 18w\n" MOST, 6, DIAG_ERROR,
      "looks ahead in days", "28d" },
    { OPEN "    select: {list: cyp-nh}\n" MOST, 7, DIAG_ERROR, "no such list: \"cyp-nh\"",
      "did you mean \"cyp-mh\"?" },
    { OPEN "    select: {list: cyp-mh, feed: cyp-mh}\n" MOST, 7, DIAG_ERROR, "unknown key \"feed\"",
      NULL },
    { OPEN "    select: {provider: TAJ}\n" MOST, 7, DIAG_ERROR, "\"list\" is missing", NULL },
    { OPEN "    select: {list: cyp-mh, provider: RYK}\n" MOST, 7, DIAG_ERROR,
      "no such provider of the list: \"RYK\"", "RXK" },
    { OPEN "    select: {list: cyp-mh, stage: diagnosis}\n" MOST, 7, DIAG_ERROR,
      "service mental-health has no stage \"diagnosis\"",
      "it has: first-contact, baseline, care-plan" },
    { OPEN "    select: {list: cyp-mh, cohort: young}\n" MOST, 7, DIAG_ERROR,
      "cohort is not a mapping", "{age_band: 0-17}" },
    { OPEN "    select: {list: cyp-mh, cohort: {age_band: }}\n" MOST, 7, DIAG_ERROR,
      "cohort \"age_band\" has no value", NULL },
    { OPEN "    select: {list: cyp-mh, cohort: {agebnd: 0-17}}\n" MOST, 7, DIAG_WARNING,
      "cohort \"agebnd\" is none that service mental-health names", "column" },
    { OPEN "    select: {list: cyp-mh, exceptions: none}\n" MOST, 7, DIAG_ERROR, "none of: with",
      NULL },
    { "    metric: first-contacts\n    select: {list: chairs}\n" LEAST, 6, DIAG_ERROR,
      "has no stage that ends with a first contact", "completed" },
    { "    metric: first-contacts\n    select: {list: cyp-mh, stage: baseline}\n" LEAST, 7,
      DIAG_ERROR, "counts the stage that ends with one", "leave it out" },
    { "    metric: referrals\n" SELECT_MH "    period: census\n" MOST, 8, DIAG_ERROR,
      "a census is one day", "month" },
    { OPEN "    select: {list: chairs}\n    period: census\n" MOST, 8, DIAG_ERROR,
      "no feed brings snapshots of list chairs", NULL },
    { OPEN SELECT_MH "    window: 12m\n" MOST, 8, DIAG_ERROR, "window: a stock is counted", NULL },
    { "    metric: referrals\n" SELECT_MH "    window: year\n" MOST, 8, DIAG_ERROR,
      "window \"year\" is no wait", NULL },
    { OPEN SELECT_MH "    standard: 18w\n" MOST, 8, DIAG_ERROR, "standard: this metric", NULL },
    { "    metric: shortfall\n" SELECT_MH MOST, 4, DIAG_ERROR,
      "needs the longest wait that is allowed", "standard: 18w" },
    { "    metric: shortfall\n" SELECT_MH "    standard: soon\n" MOST, 8, DIAG_ERROR,
      "standard \"soon\" is no wait", NULL },
    { OPEN SELECT_MH "    share: 92\n" MOST, 8, DIAG_ERROR, "share: this metric", NULL },
    { OPEN SELECT_MH "    method: linear\n" MOST, 8, DIAG_ERROR, "no percentile", NULL },
    { OPEN SELECT_MH "    unit: days\n" MOST, 8, DIAG_ERROR, "open is in count", NULL },
    { "    metric: referrals\n" SELECT_MH "    act_on: projected\n" MOST, 8, DIAG_ERROR,
      "does not age", NULL },
    { "    metric: median-wait\n" SELECT_MH "    tell_none: true\n" MOST, 8, DIAG_ERROR,
      "tell_none: this metric counts no people", "leave it out" },
    { "    metric: open-within:18w\n" SELECT_MH MOST, 8, DIAG_WARNING,
      "open-within is better when it is higher", "at_least" },
    { "    metric: published:X\n    select: {feed: f, org: A}\n    act_on: projected\n" MOST, 8,
      DIAG_ERROR, "act_on: it is for metrics of a list", NULL },
};

START_TEST(what_a_list_measure_cannot_mean_is_located_and_explained)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;
    int r = load_measure(faults[_i].lines, &diags, &p);

    ck_assert_msg(diags.count == 1, "%s%zu messages, %s", faults[_i].lines, diags.count,
                  diags.count ? diags.list[0].text : "");
    const struct diag *d = &diags.list[0];

    ck_assert_msg(strstr(d->text, faults[_i].says) != NULL, "%s", d->text);
    ck_assert_msg(d->line == faults[_i].line && d->column > 0, "%s: at %u:%u", d->text, d->line,
                  d->column);
    ck_assert_int_eq(d->level, faults[_i].level);
    if (faults[_i].hint)
        ck_assert_msg(d->hint && strstr(d->hint, faults[_i].hint), "%s: %s", d->text, d->hint);
    ck_assert((r == 0) == (d->level == DIAG_WARNING));
}
END_TEST

START_TEST(acting_on_projections_is_asked_for_and_changes_the_digest)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL, *q = NULL;

    ck_assert_int_eq(load_measure(OPEN SELECT_MH MOST, &diags, &p), 0);
    ck_assert_int_eq(load_measure(OPEN SELECT_MH "    act_on: projected\n" MOST, &diags, &q), 0);
    ck_assert(q->measures[0].list->act_on_projected);
    ck_assert_str_eq(measure_figure(&p->measures[0]), measure_figure(&q->measures[0]));
    ck_assert_str_ne(p->measures[0].digest, q->measures[0].digest);
}
END_TEST

UNIT_MAIN("plan_list", UNIT_ROWS(a_list_measure_is_named_by_all_that_decides_its_figure, loads),
          UNIT_ROWS(what_a_list_measure_cannot_mean_is_located_and_explained, faults),
          UNIT_TEST(acting_on_projections_is_asked_for_and_changes_the_digest))
