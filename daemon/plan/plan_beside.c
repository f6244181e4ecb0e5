/*
 * plan_beside - what a measure of plan.yaml says beside its line
 *
 * Its baseline, the figures of others that it is judged by or printed beside, what guards it, and
 * how long a survey stands.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/plan_yaml.h"

/* ---- baseline ---- */

struct baseline_reading {
    yaml_node *date;
    double value;
    char *note;
};

static const struct bind_key baseline_keys[] = {
    { "date", BIND_NODE, BIND_FIELD(struct baseline_reading, date), NULL, 0, 0, NULL, 1,
      "the day, or the month, that it is of" },
    { "value", BIND_NUMBER, BIND_FIELD(struct baseline_reading, value), NULL, 0, 0, NULL, 0,
      "the figure; that of the period which ends on the date when left out" },
    { "note", BIND_TEXT, BIND_FIELD(struct baseline_reading, note), NULL, 0, 0, NULL, 0,
      "what is to be known of it" },
    BIND_END,
};

int plan_baseline(struct plan_reading *r, struct measure_reading *reading)
{
    struct baseline_reading b = { NULL, 0, NULL };
    struct plan_baseline *out = &reading->m.baseline;
    int bound;

    out->date = DATE_NONE;
    if (yaml_is_nothing(reading->baseline))
        return 0;
    bound = bind_mapping(r->y, reading->baseline, "baseline", baseline_keys, &b, r->diags);
    out->note = b.note;
    out->has_value = !yaml_is_nothing(yaml_get(reading->baseline, "value")) && bound == 0;
    out->value = b.value;
    if (b.date && (!yaml_text(b.date) || plan_day_or_month(yaml_text(b.date), &out->date) < 0))
        plan_not_a_date(r, b.date, "baseline: date", "for example 2024-03-31 or 2024-03");
    return bound == -ENOMEM ? bound : 0;
}

/* ---- the figures of others ---- */

struct ref_reading {
    struct figure_select select;
    char *title, *metric;
    yaml_node *period;
    double value;
};

#define REF(field) BIND_FIELD(struct ref_reading, field)

static const struct bind_key comparator_keys[] = {
    { "title", BIND_TEXT, REF(title), NULL, 0, 0, NULL, 0,
      "how messages call it; needed with a value, else the organisation" },
    { "org", BIND_TEXT, REF(select.org), NULL, 0, 0, NULL, 0, "whose figure, by code or name" },
    { "feed", BIND_ID, REF(select.feed), NULL, 0, 0, NULL, 0, "the measure's own when left out" },
    { "metric", BIND_TEXT, REF(metric), NULL, 0, 0, NULL, 0,
      "\"published:MEASURE\"; the measure's own when left out" },
    { "breakdown", BIND_TEXT, REF(select.breakdown), NULL, 0, 0, NULL, 0,
      "as the publisher prints it" },
    { "secondary", BIND_TEXT, REF(select.secondary), NULL, 0, 0, NULL, 0, "the second breakdown" },
    { "period", BIND_NODE, REF(period), NULL, 0, 0, NULL, 0,
      "of a comparator: frozen at the period that ends on this day or month; the newest when left "
      "out" },
    { "value", BIND_NUMBER, REF(value), NULL, 0, 0, NULL, 0,
      "of a comparator: the figure itself, where no feed brings it" },
    BIND_END,
};

/* The measure's own where the reference leaves it out. Returns 0 or -ENOMEM. */
static int borrow(char **field, const char *own)
{
    if (*field || !own)
        return 0;
    *field = strdup(own);
    return *field ? 0 : -ENOMEM;
}

/* "published:X" to X. Returns 0, -EINVAL (said) or -ENOMEM. */
static int read_published(struct plan_reading *r, yaml_node *at, const char *metric, char **out)
{
    static const char prefix[] = "published:";

    if (strncmp(metric, prefix, sizeof prefix - 1) != 0 || !metric[sizeof prefix - 1]) {
        plan_complain(r, at, PLAN_BAD_COMPARISON, "for example \"published:MRS08b\"",
                      "only a published figure can be compared with");
        return -EINVAL;
    }
    *out = strdup(metric + sizeof prefix - 1);
    if (!*out)
        return -ENOMEM;
    text_single_space(*out);
    return 0;
}

/* Figures of a list are nobody's published ones. */
static bool is_of_list(const struct plan_reading *r, const struct figure_ref *ref)
{
    const struct plan_context *c = r->context;

    return c && c->list_behind &&
           c->list_behind(c->list_behind_arg, ref->select.feed, ref->published);
}

/* Makes the reference; *out stays NULL after what was said. Returns 0 or -ENOMEM. */
static int make_ref(struct plan_reading *r, struct measure_reading *reading, yaml_node *at,
                    struct ref_reading *from, struct figure_ref **out)
{
    const struct plan_measure *m = &reading->m;
    struct figure_ref *ref = calloc(1, sizeof *ref);
    int result = ref ? 0 : -ENOMEM;

    if (!ref)
        return result;
    ref->select = from->select;
    ref->title = from->title;
    ref->frozen = DATE_NONE;
    memset(&from->select, 0, sizeof from->select);
    from->title = NULL;
    if (from->metric)
        result = read_published(r, yaml_get(at, "metric"), from->metric, &ref->published);
    else
        result = borrow(&ref->published, m->published);
    /* Of another measure, the breakdowns are its own as well. */
    if (result == 0 && !from->metric)
        result = borrow(&ref->select.secondary, m->select.secondary);
    if (result == 0)
        result = borrow(&ref->select.feed, m->select.feed);
    if (result == 0 && (!ref->published || !ref->select.feed || !ref->select.org)) {
        plan_complain(r, at, PLAN_BAD_COMPARISON,
                      "for example {feed: ID, metric: \"published:MRS08b\", org: England}",
                      "a comparison needs %s",
                      !ref->select.org    ? "an organisation"
                      : !ref->select.feed ? "a feed"
                                          : "a published metric");
        result = -EINVAL;
    }
    if (result == 0 && is_of_list(r, ref)) {
        plan_complain(r, at, PLAN_BAD_COMPARISON, "compare with a feed of published figures",
                      "feed \"%s\" publishes no figures: it writes into a list", ref->select.feed);
        result = -EINVAL;
    }
    if (result == 0 && !m->list && text_same(ref->select.org, m->select.org) &&
        text_same(ref->published, m->published)) {
        plan_complain(r, yaml_get(at, "org"), PLAN_BAD_COMPARISON,
                      "name an organisation of a wider footprint, such as England",
                      "the measure would be compared with itself");
        result = -EINVAL;
    }
    if (result == 0)
        plan_check_reference(r, &r->feeds, "feed", ref->select.feed, yaml_get(at, "feed"));
    if (result == 0)
        result = borrow(&ref->title, ref->select.org);
    if (result == 0)
        result = plan_footprint_of_ref(r, ref, yaml_get(at, "org"));
    if (result == 0)
        *out = ref;
    else
        figure_ref_free(ref);
    return result == -ENOMEM ? result : 0;
}

static void ref_reading_release(struct ref_reading *from)
{
    bind_release(comparator_keys, from);
}

int plan_comparator(struct plan_reading *r, struct measure_reading *reading, yaml_node *at)
{
    AUTO(ref_reading_release) struct ref_reading from = { .value = NAN };
    struct plan_measure *m = &reading->m;
    struct civil_date frozen = DATE_NONE;
    int result = bind_mapping(r->y, at, "comparator", comparator_keys, &from, r->diags);

    if (result < 0) {
        reading->target_is_bad = true;
        return result == -ENOMEM ? result : 0;
    }
    if (from.period &&
        (!yaml_text(from.period) || plan_day_or_month(yaml_text(from.period), &frozen) < 0)) {
        plan_not_a_date(r, from.period, "comparator: period", "for example 2024-03-31 or 2024-03");
        reading->target_is_bad = true;
        return 0;
    }
    if (!yaml_is_nothing(yaml_get(at, "value"))) {
        if (!from.title) {
            plan_complain(r, at, PLAN_BAD_COMPARISON, "for example title: England 2021/22",
                          "comparator: whose figure it is, and of when, is not said");
            reading->target_is_bad = true;
            return 0;
        }
        m->has_target = true;
        m->target = from.value;
        m->rule.comparator_title = from.title;
        from.title = NULL;
        return 0;
    }
    result = make_ref(r, reading, at, &from, &m->rule.comparator);
    if (result == 0 && m->rule.comparator)
        m->rule.comparator->frozen = frozen;
    reading->target_is_bad |= m->rule.comparator == NULL;
    return result;
}

int plan_compare(struct plan_reading *r, struct measure_reading *reading)
{
    AUTO(ref_reading_release) struct ref_reading from = { .value = NAN };
    yaml_node *at = reading->compare;
    int result;

    if (yaml_is_nothing(at))
        return 0;
    result = bind_mapping(r->y, at, "compare", comparator_keys, &from, r->diags);
    if (result < 0)
        return result == -ENOMEM ? result : 0;
    for (size_t i = 0; i < 2; i++) {
        static const char *const keys[] = { "period", "value" };
        yaml_node *key = yaml_get(at, keys[i]);

        if (!yaml_is_nothing(key))
            plan_complain(r, key, PLAN_KEY_OF_NO_USE, "leave it out",
                          "compare: the newest published figure is printed; %s is of a comparator",
                          keys[i]);
    }
    return make_ref(r, reading, at, &from, &reading->m.compare);
}

/* ---- survey ---- */

struct survey_reading {
    yaml_node *every;
    char *wording;
};

static const struct bind_key survey_keys[] = {
    { "every", BIND_NODE, BIND_FIELD(struct survey_reading, every), NULL, 0, 0, NULL, 1,
      "a wave stands for so long (6m) after its end, and then nothing is known" },
    { "wording", BIND_TEXT, BIND_FIELD(struct survey_reading, wording), NULL, 0, 0, NULL, 0,
      "the version of the question, which the feed gives as the second breakdown: answers to "
      "another are another series" },
    BIND_END,
};

int plan_survey(struct plan_reading *r, struct measure_reading *reading)
{
    struct survey_reading s = { NULL, NULL };
    struct plan_measure *m = &reading->m;
    int bound;

    if (yaml_is_nothing(reading->survey))
        return 0;
    bound = bind_mapping(r->y, reading->survey, "survey", survey_keys, &s, r->diags);
    m->survey.wording = s.wording;
    if (bound == -ENOMEM)
        return bound;
    if (s.every &&
        (!yaml_text(s.every) || metric_wait_parse(yaml_text(s.every), &m->survey.every) < 0))
        plan_complain(r, s.every, PLAN_BAD_WAIT, "for example 6m, 26w or 365d",
                      "survey: every is no length of time");
    if (m->list)
        plan_complain(r, reading->survey, PLAN_KEY_OF_NO_USE, "leave it out",
                      "measure: a waiting list is no survey");
    else if (m->min_n <= 0)
        plan_complain(r, reading->survey, PLAN_SURVEY_WITHOUT_N, "add for example \"min_n: 30\"",
                      "survey: the answers of a few would be judged as those of all");
    if (s.wording && m->select.secondary && !text_same(s.wording, m->select.secondary))
        plan_complain(r, yaml_get(reading->survey, "wording"), PLAN_BAD_COMPARISON,
                      "leave secondary out of select",
                      "survey: another wording than the series that is selected");
    return s.wording ? borrow(&m->select.secondary, s.wording) : 0;
}

/* ---- guards ---- */

static void check_guard(struct plan_reading *r, const struct plan_ids *ids,
                        const struct plan_measure *m, const char *guard, yaml_node *at)
{
    if (m->id && strcmp(guard, m->id) == 0)
        plan_complain(r, at, PLAN_BAD_GUARD, "name the measure that could pay for its progress",
                      "measure: it guards itself");
    else
        plan_check_reference(r, ids, "measure", guard, at);
}

/* After all were read: a guard may stand below what it guards. */
int plan_check_guards(struct plan_reading *r, yaml_node *measures)
{
    const struct plan *p = r->plan;
    struct plan_ids ids = { calloc(p->measure_count + 1, sizeof *ids.list), 0 };

    if (!ids.list)
        return -ENOMEM;
    for (size_t i = 0; i < p->measure_count; i++)
        if (p->measures[i].id)
            ids.list[ids.count++] = p->measures[i].id;
    for (size_t i = 0; i < p->measure_count; i++) {
        const struct plan_measure *m = &p->measures[i];
        yaml_node *guard = yaml_get(yaml_item(measures, i), "guard");

        for (size_t k = 0; k < m->guards.count; k++)
            check_guard(r, &ids, m, m->guards.items[k],
                        yaml_kind(guard) == YAML_SEQUENCE ? yaml_item(guard, k) : guard);
    }
    free(ids.list);
    return 0;
}
