#include "plan/plan_ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void book_free(void *value)
{
    struct plan_book *b = value;

    json_decref(b->in_force);
    json_decref(b->before);
    json_decref(b->pending);
    json_decref(b->softened);
    json_decref(b->untold);
    json_decref(b->unjudged);
    free(b);
}

/* Made when it is missing; NULL without memory. */
static struct plan_book *book_of(struct table *ledger, const char *plan)
{
    struct plan_book *b = table_get(ledger, plan);

    if (b)
        return b;
    b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->before = json_array();
    b->softened = json_array();
    b->untold = json_array();
    b->unjudged = json_array();
    b->expiry_of = DATE_NONE;
    if (b->before && b->softened && b->untold && b->unjudged &&
        table_set(ledger, plan, b, NULL) == 0)
        return b;
    book_free(b);
    return NULL;
}

/* ---- what is softer stays known ---- */

static int note_softened(struct plan_book *b, const json_t *record, const json_t *change)
{
    static const char *const of_record[] = { "at", "who", "reason", "version", "approved_by" };
    json_t *entry = json_copy((json_t *)change);
    int r = entry ? json_object_del(entry, "effect") : -1;

    for (size_t i = 0; r == 0 && i < sizeof of_record / sizeof of_record[0]; i++) {
        json_t *value = json_object_get(record, of_record[i]);

        r = value ? json_object_set(entry, of_record[i], value)
                  : json_object_set_new(entry, of_record[i], json_null());
    }
    if (r == 0)
        return json_array_append_new(b->softened, entry) < 0 ? -ENOMEM : 0;
    json_decref(entry);
    return -ENOMEM;
}

static int note_changes(struct plan_book *b, const json_t *record)
{
    const json_t *changes = json_object_get(record, "changes");
    size_t i;
    json_t *change;
    int r = 0;

    if (json_array_size(changes) == 0)
        return 0;
    json_array_foreach(changes, i, change)
    {
        const char *effect = text_of(change, "effect"), *what = text_of(change, "what");

        if (what && strcmp(what, PLAN_END_MOVED) == 0) { /* what was told was of another end */
            b->expiry_of = DATE_NONE;
            b->ends_moved++;
        }
        if (r == 0 && effect && strcmp(effect, "softer") == 0)
            r = note_softened(b, record, change);
    }
    b->changes++;
    if (r == 0)
        r = json_array_append(b->untold, (json_t *)record) |
                    json_array_append(b->unjudged, (json_t *)record)
                ? -ENOMEM
                : 0;
    return r;
}

/* ---- what comes into force ---- */

static bool is_same_plan(const json_t *a, const json_t *b)
{
    const char *x = text_of(a, "digest"), *y = text_of(b, "digest");

    return x && y && strcmp(x, y) == 0;
}

/* The version in force joins those before it; a rollback takes the newest of these away again. */
static int set_in_force(struct plan_book *b, const json_t *record)
{
    const char *act = text_of(record, "act");
    size_t count = json_array_size(b->before);
    int r = 0;

    if (act && strcmp(act, "plan-rollback") == 0) {
        if (count > 0)
            r = json_array_remove(b->before, count - 1);
    } else if (b->in_force && !is_same_plan(b->in_force, record)) {
        r = json_array_append(b->before, b->in_force);
    }
    if (r < 0)
        return -ENOMEM;
    json_decref(b->in_force);
    b->in_force = json_incref((json_t *)record);
    json_decref(b->pending); /* it was compared with what is no longer in force */
    b->pending = NULL;
    b->is_applied |= act != NULL;
    return note_changes(b, record);
}

static int take_act(struct plan_book *b, const json_t *record)
{
    if (!json_is_true(json_object_get(record, "second")))
        return set_in_force(b, record);
    json_decref(b->pending);
    b->pending = json_incref((json_t *)record);
    return 0;
}

static int take_approval(struct plan_book *b, const json_t *record)
{
    json_t *approved;
    int r;

    if (!b->pending || !is_same_plan(b->pending, record))
        return -EBADMSG;
    approved = json_copy(b->pending);
    r = approved ? json_object_set(approved, "approved_by", json_object_get(record, "who")) |
                       json_object_set(approved, "approved_at", json_object_get(record, "at"))
                 : -1;
    r = r ? -ENOMEM : set_in_force(b, approved);
    json_decref(approved);
    return r;
}

/* ---- what owners were told ---- */

static int take_told(struct plan_book *b, const json_t *record)
{
    const char *expiry = text_of(record, "expiry");
    long change = (long)json_integer_value(json_object_get(record, "change"));

    if (expiry) {
        b->expiry_days = (int)json_integer_value(json_object_get(record, "days"));
        return date_parse_iso(expiry, strlen(expiry), &b->expiry_of) < 0 ? -EBADMSG : 0;
    }
    for (; b->told < change && json_array_size(b->untold) > 0; b->told++)
        json_array_remove(b->untold, 0);
    return 0;
}

/* ---- the fold ---- */

/* Owners hear of a plan from then on: also that it ends. */
static void take_going_live(struct table *ledger, const json_t *record)
{
    const char *act = text_of(record, "act"), *planned = text_of(record, "planned");
    bool is_live = planned ? !json_is_true(json_object_get(record, "rehearsal"))
                           : act && strcmp(act, "plan-go-live") == 0;
    const char *plan = planned ? planned : text_of(record, "plan");
    struct plan_book *b = is_live && plan ? table_get(ledger, plan) : NULL;

    if (b)
        b->expiry_of = DATE_NONE;
}

int plan_ledger_take(struct table *ledger, const json_t *record)
{
    const char *act = text_of(record, "act"), *told = text_of(record, "plan_told");
    const char *plan = told ? told : text_of(record, "plan");
    bool is_of_file = plan && !told && !act;
    bool is_act = act && (strcmp(act, "plan-apply") == 0 || strcmp(act, "plan-rollback") == 0);
    bool is_approval = act && strcmp(act, "plan-approve") == 0;

    take_going_live(ledger, record);
    if (!told && !is_of_file && !is_act && !is_approval)
        return 0;
    struct plan_book *b = plan ? book_of(ledger, plan) : NULL;

    if (!plan || (!told && !text_of(record, "digest")))
        return -EBADMSG;
    if (!b)
        return -ENOMEM;
    if (told)
        return take_told(b, record);
    if (is_approval)
        return take_approval(b, record);
    return is_act ? take_act(b, record) : set_in_force(b, record);
}

void plan_ledger_judged(struct table *ledger)
{
    void *value;

    for (size_t at = 0; table_next(ledger, &at, NULL, &value);)
        json_array_clear(((struct plan_book *)value)->unjudged);
}

void plan_ledger_release(struct table *ledger)
{
    table_release(ledger, book_free);
}

const struct plan_book *plan_book_find(const struct table *ledger, const char *plan)
{
    return table_get(ledger, plan);
}

const char *plan_book_digest(const struct plan_book *b)
{
    return b ? text_of(b->in_force, "digest") : NULL;
}

/* The local date of a record. */
static struct civil_date day_of(const json_t *record)
{
    const char *at = text_of(record, "at");
    struct civil_date day;

    return at && strlen(at) >= 10 && date_parse_iso(at, 10, &day) == 0 ? day : DATE_NONE;
}

struct civil_date plan_book_pending_until(const struct plan_book *b)
{
    struct civil_date day = b && b->pending ? day_of(b->pending) : DATE_NONE;

    return date_is_set(day) ? date_add_days(day, PLAN_PENDING_DAYS) : DATE_NONE;
}

int plan_book_expiry_due(const struct plan_book *b, struct civil_date valid_to,
                         struct civil_date today)
{
    static const int before[] = { 7, 30, 90 };
    int left, days = -1;

    if (!b || !date_is_set(valid_to))
        return -1;
    left = valid_to.day - today.day;
    for (size_t i = 0; days < 0 && i < sizeof before / sizeof before[0]; i++)
        if (left <= before[i])
            days = left < 0 ? 0 : before[i];
    if (days < 0)
        return -1;
    bool is_told = date_is_set(b->expiry_of) && date_compare(b->expiry_of, valid_to) == 0 &&
                   b->expiry_days <= days;

    return is_told ? -1 : days;
}

const json_t *plan_book_pending(const struct plan_book *b, struct civil_date today)
{
    struct civil_date until = plan_book_pending_until(b);

    return date_is_set(until) && date_compare(today, until) <= 0 ? b->pending : NULL;
}

const json_t *plan_book_before(const struct plan_book *b)
{
    size_t count = b ? json_array_size(b->before) : 0;

    return count ? json_array_get(b->before, count - 1) : NULL;
}

const json_t *plan_book_unjudged(const struct plan_book *b, const char *id)
{
    const json_t *newest = NULL;
    size_t i, k;
    json_t *record, *change;

    if (!b || !id)
        return NULL;
    json_array_foreach(b->unjudged, i, record)
    {
        json_array_foreach(json_object_get(record, "changes"), k, change)
        {
            const char *of = text_of(change, "id");

            if (of && strcmp(of, id) == 0)
                newest = record;
        }
    }
    return newest;
}
