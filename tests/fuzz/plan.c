/*
 * plan - plan.yaml: refused with located messages, or accepted, and then, written out in another
 * style, accepted again and the same to the digest of each measure; what refers finds what it means
 *
 * Input: the plan.
 */
#include "plan/plan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/yaml_print.h"

static const char *const feeds[] = { "cyp4ww", "chs", NULL };
static const char *const receivers[] = { "spool", "hook", NULL };
static const struct plan_context context = { .feeds = feeds, .receivers = receivers };

static void check_measure(const struct plan *p, const struct plan_measure *m)
{
    FUZZ_CHECK(plan_measure_find(p, m->id) == m, "a measure is not found");
    FUZZ_CHECK(measure_figure(m) && measure_source(m) && measure_org(m), "a measure of nothing");
    FUZZ_CHECK(!m->action || plan_action_find(p, m->action), "a measure of no action");
    FUZZ_CHECK(!m->owner || plan_role_find(p, m->owner), "a measure of no role");
    FUZZ_CHECK(m->priority == 0 || m->priority < p->priority_count, "a measure of no priority");
    FUZZ_CHECK(m->for_periods >= 1 && m->clear_for >= 1, "told before it happens");
    FUZZ_CHECK(isfinite(m->tolerance) && m->tolerance >= 0 && isfinite(m->min_n) && m->min_n >= 0,
               "a tolerance that is none");
    FUZZ_CHECK(m->has_target || m->expect_count, "nothing is expected of it");
    for (size_t i = 0; i < m->expect_count; i++)
        FUZZ_CHECK(isfinite(m->expect[i].value) &&
                       (i == 0 || date_compare(m->expect[i - 1].date, m->expect[i].date) < 0),
                   "milestones out of order");
    FUZZ_CHECK(strlen(m->digest) == SHA256_TEXT_MAX - 1, "no digest");
}

static void check_sound(const struct plan *p)
{
    FUZZ_CHECK(p->id && p->id[0] && p->place && p->title, "a plan without a name");
    FUZZ_CHECK(!date_is_set(p->valid_from) || !date_is_set(p->valid_to) ||
                   date_compare(p->valid_from, p->valid_to) <= 0,
               "a plan that ends before it begins");
    for (size_t i = 0; i < p->action_count; i++) {
        FUZZ_CHECK(plan_action_find(p, p->actions[i].id) == &p->actions[i],
                   "an action is not found");
        FUZZ_CHECK(plan_role_find(p, p->actions[i].lead), "an action without a lead");
        FUZZ_CHECK(p->actions[i].priority < p->priority_count, "an action of no priority");
    }
    for (size_t i = 0; i < p->measure_count; i++)
        check_measure(p, &p->measures[i]);
}

static char *tell(const struct plan *p)
{
    struct text out = TEXT_INIT;

    (void)text_printf(&out, "%s %s %s %ld %d %d %d %d\n", p->id, p->place, p->title, p->version,
                      p->mode, p->valid_from.day, p->valid_to.day, p->illustrative);
    for (size_t i = 0; i < p->role_count; i++) {
        (void)text_printf(&out, "role %s", p->roles[i].id);
        for (size_t k = 0; k < p->roles[i].receivers.count; k++)
            (void)text_printf(&out, " %s", p->roles[i].receivers.items[k]);
    }
    for (size_t i = 0; i < p->priority_count; i++)
        (void)text_printf(&out, "\npriority %s %s", p->priorities[i].id, p->priorities[i].title);
    for (size_t i = 0; i < p->action_count; i++) {
        const struct plan_action *a = &p->actions[i];

        (void)text_printf(&out, "\naction %s %s %s %s %d %d %zu", a->id, a->title, a->lead,
                          a->accountable ? a->accountable : "", a->due.day, a->status, a->priority);
    }
    for (size_t i = 0; i < p->measure_count; i++) {
        const struct plan_measure *m = &p->measures[i];

        (void)text_printf(&out, "\nmeasure %s %s %s %s %s %s %zu", m->id, m->first_id, m->title,
                          m->digest, m->action ? m->action : "", m->owner ? m->owner : "",
                          m->priority);
        for (size_t k = 0; k < m->expect_count; k++)
            (void)text_printf(&out, " %d=%a%s", m->expect[k].date.day, m->expect[k].value,
                              m->expect[k].note ? m->expect[k].note : "");
    }
    FUZZ_CHECK(text_ok(&out), "no memory");
    return text_take(&out);
}

static void check_printed(const struct plan *p, const char *path)
{
    struct diags diags = DIAGS_INIT;
    struct text printed = TEXT_INIT;
    struct yaml *y = NULL;
    struct plan *again = NULL;

    FUZZ_CHECK(yaml_load(path, &diags, &y) == 0, "a plan that is no YAML");
    yaml_print(yaml_root(y), &printed);
    const char *copy = fuzz_file("printed.yaml", text_str(&printed), printed.len);

    FUZZ_CHECK(plan_load(copy, &context, &diags, &again) == 0, "written out it is refused: %s",
               fuzz_messages(&diags));
    char *said = tell(p), *said_again = tell(again);

    FUZZ_CHECK(strcmp(said, said_again) == 0, "written out it is another:\n%s\n%s", said,
               said_again);
    free(said);
    free(said_again);
    plan_free(again);
    yaml_free(y);
    text_release(&printed);
    diags_release(&diags);
}

void fuzz_one(const char *bytes, size_t len)
{
    struct diags diags = DIAGS_INIT;
    struct plan *p = NULL;
    const char *path = fuzz_file("plan.yaml", bytes, len);
    int r = plan_load(path, &context, &diags, &p);

    if (r == 0) {
        FUZZ_CHECK(diags.errors == 0, "accepted with an error");
        check_sound(p);
        check_printed(p, path);
    } else {
        FUZZ_CHECK(r == -EINVAL && !p, "refused with %d", r);
        fuzz_check_refusal(&diags);
    }
    plan_free(p);
    diags_release(&diags);
}
