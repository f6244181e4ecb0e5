/*
 * plan_list - measures of plan.yaml that count a waiting list
 *
 * What metric:, select: and the keys beside them say of a list measure, checked against the catalogue
 * (metric/pathway_metric.h) and, where the plan is read with its settings, against the lists and the
 * stages of their services. Everything that decides the figure ends in one canonical text, which
 * names the measure's series.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/guess.h"
#include "base/text.h"
#include "plan/plan_yaml.h"

#define HINT_MAX   160
#define WAIT_FORMS "a wait is written 18w, 126d or 3m (calendar months)"

/* ---- metric ---- */

static void complain_of_parameter(struct plan_reading *r, const struct measure_reading *reading,
                                  enum metric_problem problem)
{
    yaml_node *at = yaml_get(reading->node, "metric");
    const char *text = reading->metric;
    int len = (int)strcspn(text, ":");
    char meant[GUESS_MAX], hint[HINT_MAX] = WAIT_FORMS;

    switch (problem) {
    case METRIC_NO_PARAMETER:
        plan_complain(r, at, PLAN_BAD_WAIT, WAIT_FORMS, "measure: metric %.*s names no wait", len,
                      text);
        break;
    case METRIC_ONE_TOO_MANY:
        (void)snprintf(hint, sizeof hint, "did you mean \"%.*s\"?", len, text);
        plan_complain(r, at, PLAN_BAD_WAIT, hint, "measure: metric %.*s takes no wait", len, text);
        break;
    case METRIC_NOT_IN_DAYS:
        plan_complain(r, at, PLAN_BAD_WAIT, "for example 28d or 4w",
                      "measure: metric %.*s looks ahead in days or weeks", len, text);
        break;
    default:
        if (guess_wait(text + len + 1, meant))
            (void)snprintf(hint, sizeof hint, "did you mean \"%.*s:%s\"?", len, text, meant);
        plan_complain(r, at, PLAN_BAD_WAIT, hint, "measure: metric: \"%.40s\" is no wait",
                      text + len + 1);
    }
}

int plan_list_metric(struct plan_reading *r, struct measure_reading *reading, bool *out_is_one)
{
    struct pathway_metric metric;
    enum metric_problem problem = pathway_metric_parse(reading->metric, &metric);
    struct list_measure *l;

    *out_is_one = problem != METRIC_UNKNOWN;
    if (problem == METRIC_UNKNOWN)
        return 0;
    l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    if (problem == METRIC_FINE)
        l->metric = metric;
    else
        complain_of_parameter(r, reading, problem);
    reading->metric_is_good = problem == METRIC_FINE;
    reading->m.list = l;
    return 0;
}

size_t plan_list_metric_names(const char **out, size_t room)
{
    size_t count = 0;

    for (; count < PATHWAY_METRICS && count < room; count++)
        out[count] = metric_def_of((enum pathway_metric_id)count)->id;
    return count;
}

/* ---- select ---- */

struct list_select {
    struct list_measure l;
    yaml_node *cohort;
    int exceptions;
};

#define SELECT(field) BIND_FIELD(struct list_select, field)

static const char *const exception_words[] = { "with", "without", NULL };

static const struct bind_key list_select_keys[] = {
    { "list", BIND_ID, SELECT(l.list), NULL, 0, 0, NULL, 1, "a list of the settings, by its id" },
    { "provider", BIND_TEXT, SELECT(l.provider), NULL, 0, 0, NULL, 0,
      "one provider of the list, by its code; all of them when left out" },
    { "place", BIND_TEXT, SELECT(l.place), NULL, 0, 0, NULL, 0,
      "people of one place; of all when left out" },
    { "commissioner", BIND_TEXT, SELECT(l.commissioner), NULL, 0, 0, NULL, 0,
      "whom one commissioner pays for, by its code" },
    { "stage", BIND_TEXT, SELECT(l.stage), NULL, 0, 0, NULL, 0,
      "the clock of a stage of the service, by its id or as \"referral..first-contact\"; the "
      "pathway's own when left out" },
    { "cohort", BIND_NODE, SELECT(cohort), NULL, 0, 0, NULL, 0,
      "whom to count, by the feed's cohort columns: {age_band: 0-17}" },
    { "exceptions", BIND_CHOICE, SELECT(exceptions), "with", 0, 0, exception_words, 0,
      "without: waits that an exception of the service excuses are left out, of the whole as "
      "well" },
    BIND_END,
};

static const struct plan_list *list_known(const struct plan_reading *r, const char *id)
{
    for (size_t i = 0; r->lists && r->lists[i].id; i++)
        if (strcmp(r->lists[i].id, id) == 0)
            return &r->lists[i];
    return NULL;
}

static int check_list(struct plan_reading *r, const struct list_measure *l, yaml_node *at)
{
    struct plan_ids ids = { NULL, 0 };
    size_t count = 0;

    if (!r->lists || !l->list)
        return 0;
    while (r->lists[count].id)
        count++;
    ids.list = calloc(count + 1, sizeof *ids.list);
    if (!ids.list)
        return -ENOMEM;
    for (; ids.count < count; ids.count++)
        ids.list[ids.count] = r->lists[ids.count].id;
    plan_check_reference(r, &ids, "list", l->list, at);
    free(ids.list);
    return 0;
}

static int check_provider(struct plan_reading *r, const struct plan_list *list,
                          const char *provider, yaml_node *at)
{
    struct plan_ids ids = { calloc(list->providers->count + 1, sizeof *ids.list), 0 };

    if (!ids.list)
        return -ENOMEM;
    for (; ids.count < list->providers->count; ids.count++)
        ids.list[ids.count] = list->providers->items[ids.count];
    plan_check_reference(r, &ids, "provider of the list", provider, at);
    free(ids.list);
    return 0;
}

static int check_stage(struct plan_reading *r, const struct service *service,
                       const struct list_measure *l, yaml_node *at)
{
    AUTO(text_release) struct text hint = TEXT_INIT;

    if (!service_is_declared(service) || service_clock(service, l->stage) >= 0)
        return 0;
    const char **known = calloc(service->clock_count, sizeof *known), *near;

    for (size_t i = 1; known && i < service->clock_count; i++)
        known[i - 1] = service->clocks[i].id;
    near = known ? diag_nearest(l->stage, known, service->clock_count - 1) : NULL;
    free(known);
    if (near)
        (void)text_printf(&hint, "did you mean \"%s\"? ", near);
    (void)text_puts(&hint, service->clock_count > 1 ? "it has: " : "it has none");
    for (size_t i = 1; i < service->clock_count; i++)
        (void)text_printf(&hint, "%s%s", i > 1 ? ", " : "", service->clocks[i].id);
    plan_complain(r, at, PLAN_NO_SUCH_STAGE, text_str(&hint), "service %s has no stage \"%.80s\"",
                  service->id, l->stage);
    return text_ok(&hint) ? 0 : -ENOMEM;
}

static void check_first_contacts(struct plan_reading *r, const struct service *service,
                                 const struct measure_reading *reading)
{
    const struct pathway_selection selection = { .stage = NULL };

    if (selection_clock(service, &selection, METRIC_FIRST_CONTACTS) < 0)
        plan_complain(r, yaml_get(reading->node, "metric"), PLAN_NO_SUCH_STAGE,
                      "\"completed\" counts the pathways that were completed",
                      "measure: service %s has no stage that ends with a first contact",
                      service->id);
}

static void check_cohort(struct plan_reading *r, const struct service *service,
                         const struct list_measure *l, yaml_node *mapping)
{
    for (size_t i = 0; service->cohorts.count && i < l->cohort_count; i++) {
        yaml_node *key = NULL;

        (void)yaml_pair(mapping, i, &key);
        if (!text_list_has(&service->cohorts, l->cohort[i].name))
            plan_complain(r, key, PLAN_UNKNOWN_COHORT,
                          "a figure is given only when a feed has brought such a column",
                          "select: cohort \"%.40s\" is none that service %s names",
                          l->cohort[i].name, service->id);
    }
}

static int compare_cohort(const void *a, const void *b)
{
    return strcmp(((const struct plan_cohort *)a)->name, ((const struct plan_cohort *)b)->name);
}

static int read_cohort(struct plan_reading *r, struct list_measure *l, yaml_node *mapping)
{
    size_t count = yaml_count(mapping);

    if (yaml_is_nothing(mapping))
        return 0;
    if (yaml_kind(mapping) != YAML_MAPPING || count > COHORT_MAX) {
        plan_complain(r, mapping, PLAN_BAD_COHORT, "for example {age_band: 0-17}",
                      "select: cohort is not a mapping of at most %d columns to values",
                      COHORT_MAX);
        return 0;
    }
    l->cohort = calloc(count + 1, sizeof *l->cohort);
    if (!l->cohort)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        yaml_node *key = NULL, *value = yaml_pair(mapping, i, &key);

        if (yaml_kind(value) != YAML_SCALAR || !yaml_text(value)[0]) {
            plan_complain(r, key, PLAN_BAD_COHORT, "for example {age_band: 0-17}",
                          "select: cohort \"%.40s\" has no value", yaml_text(key));
            continue;
        }
        l->cohort[l->cohort_count] =
            (struct plan_cohort){ strdup(yaml_text(key)), strdup(yaml_text(value)) };
        if (!l->cohort[l->cohort_count].name || !l->cohort[l->cohort_count].value) {
            l->cohort_count++;
            return -ENOMEM;
        }
        l->cohort_count++;
    }
    return 0;
}

static int check_select(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct list_measure *l = reading->m.list;
    yaml_node *select = reading->select;
    const struct plan_list *known = l->list ? list_known(r, l->list) : NULL;
    int result = check_list(r, l, yaml_get(select, "list"));

    if (l->stage && reading->metric_is_good && l->metric.id == METRIC_FIRST_CONTACTS)
        plan_complain(r, yaml_get(select, "stage"), PLAN_KEY_OF_NO_USE, "leave it out",
                      "measure: first-contacts counts the stage that ends with one");
    if (!known || result < 0)
        return result;
    if (l->provider)
        result = check_provider(r, known, l->provider, yaml_get(select, "provider"));
    if (result == 0 && l->stage)
        result = check_stage(r, known->service, l, yaml_get(select, "stage"));
    if (reading->metric_is_good && l->metric.id == METRIC_FIRST_CONTACTS)
        check_first_contacts(r, known->service, reading);
    check_cohort(r, known->service, l, yaml_get(select, "cohort"));
    return result;
}

int plan_list_select(struct plan_reading *r, struct measure_reading *reading)
{
    struct list_select s = { .cohort = NULL };
    struct list_measure *l = reading->m.list;
    int result;

    if (!reading->select)
        return 0; /* said to be missing */
    s.l = *l;
    result = bind_mapping(r->y, reading->select, "select", list_select_keys, &s, r->diags);
    *l = s.l; /* its texts too, also after an error */
    l->without_exceptions = s.exceptions == 1;
    if (result != -ENOMEM)
        result = read_cohort(r, l, s.cohort);
    if (result == 0)
        result = check_select(r, reading);
    if (l->cohort_count > 1)
        qsort(l->cohort, l->cohort_count, sizeof *l->cohort, compare_cohort);
    return result;
}

/* ---- period, window, standard, share, method, unit, act_on ---- */

static bool read_wait(struct plan_reading *r, yaml_node *at, const char *key, struct span *out)
{
    const char *text = yaml_text(at);

    if (text && metric_wait_parse(text, out) == 0)
        return true;
    char meant[GUESS_MAX], hint[HINT_MAX] = WAIT_FORMS;

    if (text && guess_wait(text, meant))
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", meant);
    plan_complain(r, at, PLAN_BAD_WAIT, hint, "measure: %s \"%.40s\" is no wait", key,
                  text ? text : "");
    return false;
}

/* A key that the metric has no use for: it would be taken to mean something. */
static void refuse_key(struct plan_reading *r, yaml_node *at, const char *key, const char *why)
{
    if (!yaml_is_nothing(at))
        plan_complain(r, at, PLAN_KEY_OF_NO_USE, "leave it out", "measure: %s: %s", key, why);
}

static void read_window(struct plan_reading *r, struct measure_reading *reading,
                        const struct metric_def *def)
{
    struct list_measure *l = reading->m.list;
    yaml_node *window = yaml_get(reading->node, "window");
    const struct plan_list *known = l->list ? list_known(r, l->list) : NULL;
    bool stock = def->kind == METRIC_STOCK;

    if (reading->period >= 0)
        l->period = (enum period_kind)reading->period;
    else
        l->period = stock && (!known || known->by_snapshot) ? PERIOD_CENSUS : PERIOD_MONTH;
    if (!stock && l->period == PERIOD_CENSUS)
        plan_complain(r, yaml_get(reading->node, "period"), PLAN_WRONG_PERIOD,
                      "did you mean \"month\"? day, week, quarter and year are others",
                      "measure: %s is counted over a period, and a census is one day", def->id);
    if (known && stock && l->period == PERIOD_CENSUS && !known->by_snapshot)
        plan_complain(r, yaml_get(reading->node, "period"), PLAN_WRONG_PERIOD,
                      "did you mean \"month\"? day, week, quarter and year are others",
                      "measure: no feed brings snapshots of list %s", l->list);
    if (stock)
        refuse_key(r, window, "window", "a stock is counted at the end of one day");
    else if (!yaml_is_nothing(window))
        (void)read_wait(r, window, "window", &l->window);
}

static void read_standard(struct plan_reading *r, struct measure_reading *reading,
                          const struct metric_def *def)
{
    yaml_node *standard = yaml_get(reading->node, "standard");
    yaml_node *share = yaml_get(reading->node, "share");
    struct pathway_metric *metric = &reading->m.list->metric;
    bool is_named = plan_standard_is_named(reading);

    if (is_named && !(def->takes & TAKES_STANDARD))
        ; /* said of it, and maybe its line */
    else if (is_named && reading->m.standard.wait.count)
        metric->standard = reading->m.standard.wait;
    else if (!(def->takes & TAKES_STANDARD))
        refuse_key(r, standard, "standard", "this metric has no use for one");
    else if (yaml_is_nothing(standard) || reading->m.standard.id)
        plan_complain(r, reading->node, PLAN_NO_STANDARD, "for example \"standard: 18w\"",
                      "measure: %s needs the longest wait that is allowed", def->id);
    else
        (void)read_wait(r, standard, "standard", &metric->standard);
    if (!(def->takes & TAKES_SHARE))
        refuse_key(r, share, "share", "this metric has no use for one");
    else if (!yaml_is_nothing(share))
        metric->share = reading->share;
}

static void read_unit(struct plan_reading *r, struct measure_reading *reading,
                      const struct metric_def *def)
{
    struct plan_measure *m = &reading->m;
    bool other = def->other_unit != UNIT_UNKNOWN;
    char hint[HINT_MAX];

    (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", unit_name(def->unit));
    if (m->unit != UNIT_UNKNOWN && m->unit != def->unit && m->unit != def->other_unit)
        plan_complain(r, yaml_get(reading->node, "unit"), PLAN_WRONG_UNIT, hint,
                      "measure: %s is in %s%s%s", def->id, unit_name(def->unit),
                      other ? " or " : "", other ? unit_name(def->other_unit) : "");
    if (m->unit == UNIT_UNKNOWN)
        m->unit = def->unit;
    m->list->metric.unit = m->unit;
}

void plan_list_settle(struct plan_reading *r, struct measure_reading *reading)
{
    struct list_measure *l = reading->m.list;

    assert(l && reading->metric_is_good);
    const struct metric_def *def = metric_def_of(l->metric.id);

    read_window(r, reading, def);
    read_standard(r, reading, def);
    read_unit(r, reading, def);
    if (reading->method >= 0)
        l->metric.method = (enum wait_method)reading->method;
    if (!(def->takes & TAKES_METHOD))
        refuse_key(r, yaml_get(reading->node, "method"), "method", "this metric is no percentile");
    l->act_on_projected = reading->act_on == 1;
    if (l->act_on_projected && def->kind == METRIC_FLOW)
        plan_complain(r, yaml_get(reading->node, "act_on"), PLAN_KEY_OF_NO_USE,
                      "leave it out, or watch a stock",
                      "measure: %s does not age: without data nothing is known of it", def->id);
    if (l->metric.unit != UNIT_COUNT)
        refuse_key(r, yaml_get(reading->node, "tell_none"), "tell_none",
                   "this metric counts no people");
}

enum metric_better plan_list_better(const struct measure_reading *reading)
{
    if (reading->m.of_feed)
        return reading->m.of_feed->better;
    return reading->metric_is_good ? metric_def_of(reading->m.list->metric.id)->better
                                   : BETTER_UNSAID;
}

static const char *const published_why = "it is for metrics of a list";

void plan_list_refuse(struct plan_reading *r, const struct measure_reading *reading)
{
    static const char *const keys[] = {
        "period", "window", "standard", "share", "method", "act_on"
    };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], "standard") != 0 || !plan_standard_is_named(reading))
            refuse_key(r, yaml_get(reading->node, keys[i]), keys[i], published_why);
}

/* ---- the canonical text ---- */

/* Folded, and no blank or '=' in a value, so that the text can be read in one way only. */
static int add_part(struct text *t, const char *key, const char *value)
{
    AUTO(auto_free) char *folded = value ? text_folded(value) : NULL;

    if (!value)
        return 0;
    if (!folded)
        return -ENOMEM;
    (void)text_printf(t, " %s=", key);
    for (const char *c = folded; *c; c++)
        (void)(strchr(" =%", *c) ? text_printf(t, "%%%02x", (unsigned)(unsigned char)*c)
                                 : text_putc(t, *c));
    return text_ok(t) ? 0 : -ENOMEM;
}

int list_measure_name(struct list_measure *l)
{
    AUTO(text_release) struct text t = TEXT_INIT;
    char metric[METRIC_TEXT_MAX], window[32];
    static const char *const units[] = {
        [SPAN_DAYS] = "d", [SPAN_WEEKS] = "w", [SPAN_MONTHS] = "m"
    };
    int r = text_puts(&t, pathway_metric_text(&l->metric, metric));

    r |= add_part(&t, "stage", l->stage);
    r |= add_part(&t, "place", l->place);
    r |= add_part(&t, "commissioner", l->commissioner);
    for (size_t i = 0; i < l->cohort_count; i++) {
        AUTO(text_release) struct text key = TEXT_INIT;

        (void)text_printf(&key, "cohort.%s", l->cohort[i].name);
        r |= add_part(&t, text_str(&key), l->cohort[i].value);
    }
    r |= add_part(&t, "exceptions", l->without_exceptions ? "without" : NULL);
    r |= add_part(&t, "period", period_kind_name(l->period));
    if (l->window.count > 0) {
        (void)snprintf(window, sizeof window, "%ld%s", l->window.count, units[l->window.unit]);
        r |= add_part(&t, "window", window);
    }
    free(l->text);
    l->text = text_take(&t);
    return r == 0 && l->text ? 0 : -ENOMEM;
}

bool list_measure_is_text(const char *measure)
{
    return strstr(measure, " period=") != NULL;
}

void list_measure_free(struct list_measure *l)
{
    if (!l)
        return;
    free(l->list);
    free(l->provider);
    free(l->place);
    free(l->commissioner);
    free(l->stage);
    for (size_t i = 0; i < l->cohort_count; i++) {
        free(l->cohort[i].name);
        free(l->cohort[i].value);
    }
    free(l->cohort);
    free(l->text);
    free(l);
}

static char *copied(const char *text, bool *failed)
{
    char *copy = text ? strdup(text) : NULL;

    *failed |= text && !copy;
    return copy;
}

struct list_measure *plan_list_single(const struct list_measure *l)
{
    struct list_measure *one = calloc(1, sizeof *one);
    bool failed = false;

    if (!one)
        return NULL;
    *one = *l;
    one->window = (struct span){ 0, SPAN_DAYS };
    one->list = copied(l->list, &failed);
    one->provider = copied(l->provider, &failed);
    one->place = copied(l->place, &failed);
    one->commissioner = copied(l->commissioner, &failed);
    one->stage = copied(l->stage, &failed);
    one->text = NULL;
    one->cohort = calloc(l->cohort_count + 1, sizeof *one->cohort);
    one->cohort_count = one->cohort ? l->cohort_count : 0;
    for (size_t i = 0; i < one->cohort_count; i++)
        one->cohort[i] = (struct plan_cohort){ copied(l->cohort[i].name, &failed),
                                               copied(l->cohort[i].value, &failed) };
    if (!failed && one->cohort)
        return one;
    list_measure_free(one);
    return NULL;
}

void list_measure_selection(const struct list_measure *l, struct cohort_value cohort[COHORT_MAX],
                            struct pathway_selection *out)
{
    assert(l->cohort_count <= COHORT_MAX);
    for (size_t i = 0; i < l->cohort_count; i++)
        cohort[i] = (struct cohort_value){ l->cohort[i].name, l->cohort[i].value };
    *out = (struct pathway_selection){
        .place = l->place,
        .commissioner = l->commissioner,
        .stage = l->stage,
        .cohort = cohort,
        .cohort_count = l->cohort_count,
        .without_exceptions = l->without_exceptions,
        .one_provider = l->provider != NULL,
    };
}
