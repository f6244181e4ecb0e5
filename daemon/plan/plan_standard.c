/*
 * plan_standard - the standard that a measure names
 *
 * `standard:` is a wait, for metrics that judge by one, or the id of a line in standards.yaml: then
 * the measure is said to be under it, a metric that needs a wait has its wait, and a measure without
 * a line of its own is judged by the standard's, as it changes with its dates.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/guess.h"
#include "plan/plan_yaml.h"

#define HINT_MAX 160

void measure_standard_release(struct measure_standard *s)
{
    free(s->id);
    free(s->title);
    free(s->lines);
    *s = (struct measure_standard){ 0 };
}

static bool is_wait(yaml_node *at)
{
    struct span wait;

    return yaml_text(at) && metric_wait_parse(yaml_text(at), &wait) == 0;
}

bool plan_standard_is_named(const struct measure_reading *reading)
{
    return !yaml_is_nothing(reading->standard) && !is_wait(reading->standard);
}

/* ---- what has no standard ---- */

static const char *none_of(const struct standards *known, const struct plan_measure *m)
{
    const struct list_measure *l = m->list;
    const char *names[] = { m->id,
                            m->title,
                            m->published,
                            m->select.feed,
                            m->select.breakdown,
                            m->select.secondary,
                            l ? l->list : NULL };
    const char *why = NULL;

    for (size_t i = 0; !why && i < sizeof names / sizeof names[0]; i++)
        why = standard_none_of(known, names[i]);
    for (size_t i = 0; !why && l && i < l->cohort_count; i++)
        why = standard_none_of(known, l->cohort[i].value);
    return why;
}

static const struct service *service_of_list(const struct plan_reading *r, const char *list)
{
    for (const struct plan_list *l = r->lists; l && list && l->id; l++)
        if (strcmp(l->id, list) == 0)
            return l->service;
    return NULL;
}

static void check_fits(struct plan_reading *r, const struct measure_reading *reading,
                       const struct standards *known, const struct standard *s)
{
    const char *why = none_of(known, &reading->m);
    const struct service *service =
        service_of_list(r, reading->m.list ? reading->m.list->list : NULL);

    if (why)
        plan_complain(r, reading->standard, PLAN_HAS_NO_STANDARD, "leave it out",
                      "measure: it has no national standard: %s", why);
    else if (service && s->services.count && !text_list_has(&s->services, service->id))
        plan_complain(r, reading->standard, PLAN_STANDARD_OF_ANOTHER,
                      "leave it out, or name that of this service",
                      "measure: standard %s is not for service %s", s->id, service->id);
}

/* ---- naming one ---- */

static int refuse_unknown(struct plan_reading *r, const struct standards *known, yaml_node *at)
{
    const char *text = yaml_text(at);
    struct plan_ids ids = { calloc(known->count + 1, sizeof *ids.list), 0 };
    char meant[GUESS_MAX], hint[HINT_MAX];

    if (!ids.list)
        return -ENOMEM;
    for (; ids.count < known->count; ids.count++)
        ids.list[ids.count] = known->list[ids.count].id;
    if (text && guess_wait(text, meant)) {
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", meant);
        plan_complain(r, at, PLAN_BAD_WAIT, hint, "measure: standard \"%.40s\" is no wait", text);
    } else {
        plan_check_reference(r, &ids, "standard", text ? text : "", at);
    }
    free(ids.list);
    return 0;
}

/* The lines become milestones: each holds from its date to the next. */
static int take_lines(struct measure_reading *reading, const struct standard *s)
{
    struct plan_measure *m = &reading->m;

    m->expect = calloc(s->line_count, sizeof *m->expect);
    reading->expect_values = calloc(s->line_count, sizeof *reading->expect_values);
    if (!m->expect || !reading->expect_values)
        return -ENOMEM;
    for (; m->expect_count < s->line_count; m->expect_count++) {
        m->expect[m->expect_count] = (struct milestone){ s->lines[m->expect_count].from,
                                                         s->lines[m->expect_count].value, NULL };
        reading->expect_values[m->expect_count] = reading->standard;
    }
    if (reading->polarity < 0)
        reading->polarity = s->lines[0].is_floor ? POLARITY_HIGHER : POLARITY_LOWER;
    m->standard.is_line = true;
    return 0;
}

static int copy(struct measure_standard *to, const struct standard *s)
{
    to->id = strdup(s->id);
    to->title = strdup(s->title);
    to->lines = calloc(s->line_count + 1, sizeof *to->lines);
    if (!to->id || !to->title || !to->lines)
        return -ENOMEM;
    memcpy(to->lines, s->lines, s->line_count * sizeof *to->lines);
    to->line_count = s->line_count;
    to->kind = s->kind;
    to->wait = s->wait;
    return 0;
}

int plan_standard_read(struct plan_reading *r, struct measure_reading *reading)
{
    const struct standards *known = r->context ? r->context->standards : NULL;
    const struct standard *s;
    const char *text = yaml_text(reading->standard);

    if (!known || !plan_standard_is_named(reading))
        return 0;
    s = text ? standard_find(known, text) : NULL;
    if (!s)
        return refuse_unknown(r, known, reading->standard);
    if (copy(&reading->m.standard, s) < 0)
        return -ENOMEM;
    check_fits(r, reading, known, s);
    if (!reading->target && !reading->expect && s->line_count > 0)
        return take_lines(reading, s);
    return 0;
}

/* ---- whose line it is ---- */

enum line_of measure_line_of(const struct plan_measure *m)
{
    if (m->standard.is_line)
        return (enum line_of)m->standard.kind;
    return m->rule.law ? LINE_OF_LAW : LINE_OF_PLAN;
}

const struct standard_line *measure_standard_on(const struct plan_measure *m, struct civil_date on)
{
    const struct standard_line *line = NULL;

    for (size_t i = 0; i < m->standard.line_count; i++)
        if (date_compare(m->standard.lines[i].from, on) <= 0)
            line = &m->standard.lines[i];
    return line;
}
