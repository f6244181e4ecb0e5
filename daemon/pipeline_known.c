#include "pipeline_compose_internal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"

/*
 * What of each live plan each recipient knows of, and what he is owed. Whoever comes to hear of a plan, or
 * of a measure or action of it, is told once how that stands, a baseline, and of changes from then on. (1)
 * That it is owed is in the audit before a message is made, and that it was told is in the sent journal
 * with the message, under the plan's baseline id: so neither a crash between nor a Redis that lost
 * everything makes a second one, or none. (2) What stood in the plans when the audit began to keep this is
 * known: its news was told as it came. (3) What stands behind by history that feed backfill brought is no
 * news: it is told as a baseline too. (4) A plan put back into rehearsal is new to everyone when it goes
 * live again.
 */

/* What a recipient knows of a plan. */
struct known {
    struct table since; /* measure, or "action ID" -> ordinal + 1 of the baseline that told of it */
    unsigned ordinal;   /* of the newest baseline that is owed, or told; 0: none */
    unsigned first;     /* of the newest by which the whole plan was new; 0: none */
};

/* Somebody who hears of a plan now, and of what. */
struct hearer {
    struct composer_recipient who;
    const char **subjects; /* of the plan's, by position; NULL where he does not hear of it */
};

struct hearers {
    const struct plan *plan;
    char **subjects; /* first ids of the measures, then "action ID" */
    size_t subject_count;
    struct hearer *list;
    size_t count, cap;
};

static void known_free(void *value)
{
    struct known *k = value;

    table_release(&k->since, NULL);
    free(k);
}

void known_release(struct pipeline *p)
{
    table_release(&p->known, known_free);
}

void known_forget(struct pipeline *p, const char *plan)
{
    size_t len = strlen(plan);
    const char *key;
    void *value;

    for (size_t at = 0; table_next(&p->known, &at, &key, &value);)
        if (strncmp(key, plan, len) == 0 && key[len] == '|')
            table_release(&((struct known *)value)->since, NULL);
}

/* *out: NULL where he knows nothing of it. Returns 0 or -ENOMEM, which must not pass for that. */
static int known_of(const struct pipeline *p, const char *plan, const char *receiver,
                    const char *recipient, struct known **out)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s|%s", plan, receiver, recipient);
    if (!text_ok(&key))
        return -ENOMEM;
    *out = table_get(&p->known, text_str(&key));
    return 0;
}

static int known_of_hearer(const struct pipeline *p, const struct plan *plan,
                           const struct composer_recipient *who, struct known **out)
{
    return known_of(p, plan->id, who->receiver, who->recipient, out);
}

/* ---- the records ---- */

static struct known *known_make(struct pipeline *p, const char *plan, const char *receiver,
                                const char *recipient)
{
    struct known *k = NULL;
    AUTO(text_release) struct text key = TEXT_INIT;

    if (known_of(p, plan, receiver, recipient, &k) < 0 || k)
        return k;
    k = calloc(1, sizeof *k);
    (void)text_printf(&key, "%s|%s|%s", plan, receiver, recipient);
    if (k && text_ok(&key) && table_set(&p->known, text_str(&key), k, NULL) == 0)
        return k;
    free(k);
    return NULL;
}

static int read_one(struct pipeline *p, const char *plan, const json_t *one)
{
    const char *receiver = json_string_value(json_object_get(one, "receiver"));
    const char *recipient = json_string_value(json_object_get(one, "recipient"));
    json_int_t ordinal = json_integer_value(json_object_get(one, "ordinal"));
    const json_t *subjects = json_object_get(one, "subjects");

    if (!receiver || !recipient || ordinal < 0 || ordinal > INT32_MAX)
        return -EBADMSG;
    struct known *k = known_make(p, plan, receiver, recipient);
    int r = k ? 0 : -ENOMEM;

    if (r == 0 && (unsigned)ordinal > k->ordinal)
        k->ordinal = (unsigned)ordinal;
    if (r == 0 && json_is_true(json_object_get(one, "first")))
        k->first = (unsigned)ordinal;
    for (size_t i = 0; r == 0 && i < json_array_size(subjects); i++) {
        const char *id = json_string_value(json_array_get(subjects, i));

        r = id ? table_set(&k->since, id, (void *)(uintptr_t)(ordinal + 1), NULL) : -EBADMSG;
    }
    return r;
}

int known_read(struct pipeline *p, const json_t *record)
{
    const char *plan = json_string_value(json_object_get(record, "known"));
    const json_t *to = json_object_get(record, "to");
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(to); i++)
        r = read_one(p, plan, json_array_get(to, i));
    return r;
}

/* ---- who hears of what ---- */

static void hearers_release(struct hearers *h)
{
    for (size_t i = 0; i < h->count; i++)
        free(h->list[i].subjects);
    for (size_t i = 0; h->subjects && i < h->subject_count; i++)
        free(h->subjects[i]);
    free(h->subjects);
    free(h->list);
}

static struct hearer *hearer_of(struct hearers *h, const struct composer_recipient *who)
{
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->list[i].who.receiver, who->receiver) == 0 &&
            strcmp(h->list[i].who.recipient, who->recipient) == 0)
            return &h->list[i];
    if (h->count == h->cap) {
        size_t cap = h->cap ? h->cap * 2 : 8;
        struct hearer *list = reallocarray(h->list, cap, sizeof *list);

        if (!list)
            return NULL;
        h->list = list;
        h->cap = cap;
    }
    struct hearer new = { *who, calloc(h->subject_count, sizeof *new.subjects) };

    if (!new.subjects)
        return NULL;
    h->list[h->count] = new;
    return &h->list[h->count++];
}

static int add_subject(const struct pipeline *p, struct hearers *h, size_t position,
                       const struct alert *like)
{
    struct composer_recipient who[COMPOSER_RECIPIENTS_MAX];
    size_t n = compose_recipients((void *)(uintptr_t)p, like, who, COMPOSER_RECIPIENTS_MAX);

    for (size_t i = 0; i < n; i++) {
        struct hearer *one = hearer_of(h, &who[i]);

        if (!one)
            return -ENOMEM;
        one->subjects[position] = h->subjects[position];
    }
    return 0;
}

/* Whoever would be told of an alert of any measure or action of the plan. */
static int find_hearers(const struct pipeline *p, const struct plan *plan, struct hearers *h)
{
    int r = 0;

    *h =
        (struct hearers){ .plan = plan, .subject_count = plan->measure_count + plan->action_count };
    h->subjects = calloc(h->subject_count + 1, sizeof *h->subjects);
    for (size_t i = 0; h->subjects && i < h->subject_count; i++) {
        const struct plan_measure *m = i < plan->measure_count ? &plan->measures[i] : NULL;
        const struct plan_action *a = m ? NULL : &plan->actions[i - plan->measure_count];
        const struct alert like = { .rule = m ? RULE_BEHIND_PLAN : RULE_ACTION_OVERDUE,
                                    .plan = plan->id,
                                    .measure = m ? m->id : NULL,
                                    .action = a ? a->id : NULL,
                                    .owner = m ? m->owner : a->lead };
        struct text id = TEXT_INIT;

        (void)text_printf(&id, "%s%s", m ? "" : "action ", m ? m->first_id : a->id);
        h->subjects[i] = text_take(&id);
        r = h->subjects[i] ? r : -ENOMEM;
        if (r == 0)
            r = add_subject(p, h, i, &like);
    }
    return h->subjects ? r : -ENOMEM;
}

/* What an alert of a plan is about, as the records name it. */
static int subject_of(const struct plan *plan, const struct alert *a, struct text *out)
{
    const struct plan_measure *m = a->measure ? plan_measure_find(plan, a->measure) : NULL;

    if (a->measure)
        return text_puts(out, m ? m->first_id : a->measure);
    return text_printf(out, "action %s", a->action ? a->action : "");
}

/* ---- what is owed ---- */

/* What he was told of an episode, or of a baseline, or will be by a message due; NULL: nothing. Returns 0
 * or -ENOMEM. */
static int told_of(const struct pipeline *p, const struct composer_recipient *who, const char *id,
                   const struct told **out)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s|%s", who->receiver, who->recipient, id);
    if (!text_ok(&key))
        return -ENOMEM;
    *out = table_get(&p->books.told, text_str(&key));
    return 0;
}

static size_t position_of(const struct hearers *h, const char *subject)
{
    size_t i = 0;

    while (i < h->subject_count && strcmp(h->subjects[i], subject) != 0)
        i++;
    return i;
}

/* Whether the newest figure by which a measure stands was brought by feed backfill. */
static bool is_history(const struct pipeline *p, const struct plan *plan, const struct alert *a)
{
    for (size_t i = 0; a->measure && i < p->findings.count; i++) {
        const struct finding *f = &p->findings.list[i];
        const struct period_judgement *newest =
            f->history_count ? &f->history[f->history_count - 1] : NULL;

        if (f->rule == RULE_BEHIND_PLAN && f->plan == plan &&
            strcmp(f->measure->id, a->measure) == 0)
            return newest && newest->version && newest->version->history != HISTORY_NONE;
    }
    return false;
}

/* Whether an alert says that something of what is new to him (fresh, by position) stands behind, and he
 * was not told. Returns 1, 0 or -ENOMEM. */
static int is_news(const struct pipeline *p, const struct hearers *h, const struct hearer *one,
                   const bool *fresh, const struct alert *a)
{
    const struct episode *e = alert_current(a);
    const struct told *told = NULL;
    AUTO(text_release) struct text subject = TEXT_INIT;

    if (!a->plan || strcmp(a->plan, h->plan->id) != 0 || !e || !episode_is_active(e))
        return 0;
    if (subject_of(h->plan, a, &subject) < 0 || told_of(p, &one->who, e->id, &told) < 0)
        return -ENOMEM;
    if (told)
        return 0;
    size_t i = position_of(h, text_str(&subject));

    return i < h->subject_count && one->subjects[i] && (fresh[i] || is_history(p, h->plan, a));
}

static int has_news(const struct pipeline *p, const struct hearers *h, const struct hearer *one,
                    const bool *fresh)
{
    void *value;
    int r = 0;

    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, NULL, &value);)
        r = is_news(p, h, one, fresh, &((const struct stored_alert *)value)->alert);
    return r;
}

/* The ids of what is new to him, and where they stand. NULL without memory. */
static json_t *fresh_subjects(const struct hearers *h, const struct hearer *one,
                              const struct known *k, bool *fresh)
{
    json_t *subjects = json_array();
    int r = 0;

    for (size_t i = 0; subjects && i < h->subject_count; i++) {
        fresh[i] = one->subjects[i] && (!k || !table_has(&k->since, one->subjects[i]));
        if (fresh[i])
            r |= json_array_append_new(subjects, json_string(one->subjects[i]));
    }
    if (r == 0)
        return subjects;
    json_decref(subjects);
    return NULL;
}

/* Adds to the record what is new to him; nothing where nothing is. Returns 0 or -ENOMEM. */
static int note_hearer(const struct pipeline *p, const struct hearers *h, const struct hearer *one,
                       json_t *to)
{
    AUTO(auto_free) bool *fresh = calloc(h->subject_count + 1, sizeof *fresh);
    struct known *k = NULL;

    if (!fresh || known_of_hearer(p, h->plan, &one->who, &k) < 0)
        return -ENOMEM;
    bool is_first = !k || table_count(&k->since) == 0;
    json_t *subjects = fresh_subjects(h, one, k, fresh);
    size_t count = json_array_size(subjects);
    int is_owed = !p->has_met ? 0 : is_first ? count > 0 : has_news(p, h, one, fresh);

    if (!subjects || is_owed < 0 || (count == 0 && !is_owed)) {
        json_decref(subjects);
        return !subjects || is_owed < 0 ? -ENOMEM : 0;
    }
    json_t *entry = json_pack("{s:s, s:s, s:I, s:b, s:o}", "receiver", one->who.receiver,
                              "recipient", one->who.recipient, "ordinal",
                              (json_int_t)(is_owed ? (k ? k->ordinal : 0) + 1 : 0), "first",
                              (int)(is_owed && is_first), "subjects", subjects);

    return json_array_append_new(to, entry) < 0 ? -ENOMEM : 0;
}

/* What is new to whom goes into the audit. Returns 0 or -errno. */
static int note_plan(struct pipeline *p, const struct hearers *h)
{
    struct wall_time now = clock_wall(&p->clock);
    json_t *to = json_array();
    int r = to ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < h->count; i++)
        r = note_hearer(p, h, &h->list[i], to);
    if (r < 0 || json_array_size(to) == 0) {
        json_decref(to);
        return r;
    }
    json_t *record =
        json_pack("{s:s, s:o, s:I}", "known", h->plan->id, "to", to, "at_ms", (json_int_t)now.ms);

    r = record ? audit_append(p, json_incref(record)) : -ENOMEM;
    if (r == 0)
        r = pipeline_took_record(p, "audit", known_read(p, record));
    json_decref(record);
    return r;
}

int known_is_new(void *arg, const struct composer_baseline *b, const struct alert *alert,
                 bool is_untold)
{
    const struct pipeline *p = arg;
    struct known *k = NULL;
    AUTO(text_release) struct text subject = TEXT_INIT;

    if (known_of_hearer(p, b->plan, &b->who, &k) < 0 || subject_of(b->plan, alert, &subject) < 0)
        return -ENOMEM;
    if (k && (uintptr_t)table_get(&k->since, text_str(&subject)) > b->told + 1)
        return 1;
    return is_untold && is_history(p, b->plan, alert);
}

static bool is_unknown(const struct pipeline *p, const struct plan *plan,
                       const struct plan_measure *m)
{
    for (size_t i = 0; i < p->findings.count; i++) {
        const struct finding *f = &p->findings.list[i];

        if (f->rule == RULE_BEHIND_PLAN && f->plan == plan && f->measure == m)
            return f->rag == RAG_GREY;
    }
    return true;
}

static int count_measures(struct pipeline *p, const struct hearers *h, const struct hearer *one,
                          struct composer_baseline *b)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < h->plan->measure_count; i++) {
        const struct plan_measure *m = &h->plan->measures[i];
        const struct alert like = { .plan = h->plan->id, .measure = m->id };

        r = one->subjects[i] ? known_is_new(p, b, &like, true) : 0;
        b->measures += r > 0;
        b->unknown += r > 0 && is_unknown(p, h->plan, m);
    }
    return r < 0 ? r : 0;
}

/* The baseline that is owed to him, if one is. Returns 0 or -ENOMEM. */
static int add_owed(struct pipeline *p, const struct hearers *h, const struct hearer *one,
                    const char *id, struct baselines *out)
{
    const struct told *told = NULL;
    struct known *k = NULL;

    if (known_of_hearer(p, h->plan, &one->who, &k) < 0 || told_of(p, &one->who, id, &told) < 0)
        return -ENOMEM;
    if (!k || k->ordinal <= (told ? told->ordinal : 0))
        return 0;
    struct composer_baseline b = {
        .plan = h->plan, .who = one->who, .ordinal = k->ordinal, .told = told ? told->ordinal : 0
    };
    struct composer_baseline *list = reallocarray(out->list, out->count + 1, sizeof *out->list);

    if (!list)
        return -ENOMEM;
    out->list = list;
    b.is_first = k->first > b.told;
    memcpy(b.id, id, sizeof b.id);
    int r = count_measures(p, h, one, &b);

    if (r == 0)
        list[out->count++] = b;
    return r;
}

static int settle_plan(struct pipeline *p, const struct plan *plan, struct baselines *out)
{
    const char *const parts[] = { p->config->settings->instance, "baseline", plan->id };
    char id[ALERT_ID_MAX];
    struct hearers h = { 0 };
    int r = find_hearers(p, plan, &h);

    if (r == 0)
        r = note_plan(p, &h);
    if (disk_error_is_full(r)) { /* told as news, until it can be written down */
        disk_is_full(p, "the audit journal cannot be written", r);
        r = 0;
    }
    if (r == 0)
        r = alert_hash(parts, 3, id);
    for (size_t i = 0; r == 0 && i < h.count; i++)
        r = add_owed(p, &h, &h.list[i], id, out);
    hearers_release(&h);
    return r;
}

int known_settle(struct pipeline *p, struct baselines *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->config->plan_count; i++)
        if (p->config->plans[i]->mode == PLAN_LIVE)
            r = settle_plan(p, p->config->plans[i], out);
    p->has_met |= r == 0;
    return r;
}
