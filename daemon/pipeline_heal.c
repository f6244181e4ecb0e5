#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/log.h"

/*
 * Redis as the journals say it was. Every state of an alert is in the audit, synced, with its
 * revision, before Redis hears of it; so the newest there is the state, whatever became of Redis:
 * emptied, an older copy, cut short, another one. Told-state is in the sent journal, receipts in
 * the received one. (1) An alert of which Redis holds an older revision, or none, is put back as it
 * was: opened and closed on the same dates, with the same ordinals, also episodes that time alone
 * opened or closed. (2) One of which Redis holds a newer revision (the audit's disk was full) is
 * written into the audit. (3) What was due and is in Redis no more is due again (pipeline_pending.c).
 * (4) Nothing is told before all are done.
 */

#define HEAL_SLICE   1000 /* alerts put back at a time */
#define RETOLD_SLICE 300  /* told-state of so many: one call stays below 5 ms */

static void journalled_free(void *value)
{
    struct journalled_alert *j = value;

    if (!j)
        return;
    json_decref(j->state);
    free(j);
}

void heal_release(struct pipeline *p)
{
    table_release(&p->journalled, journalled_free);
}

int heal_note(struct pipeline *p, const json_t *entry)
{
    json_t *state = json_object_get(entry, "state");
    const char *id = json_string_value(json_object_get(state, "id"));
    json_int_t revision = json_integer_value(json_object_get(entry, "revision"));
    struct journalled_alert *j = id && revision > 0 ? table_get(&p->journalled, id) : NULL;

    if (!id || revision <= 0)
        return -EBADMSG;
    if (!j) {
        j = calloc(1, sizeof *j);
        if (!j || table_set(&p->journalled, id, j, NULL) < 0) {
            free(j);
            return -ENOMEM;
        }
    }
    if ((unsigned long)revision < j->revision)
        return 0;
    json_decref(j->state);
    j->state = json_incref(state);
    j->revision = (unsigned long)revision;
    return 0;
}

json_t *heal_entry(const struct alert *a, unsigned long revision)
{
    /* Not by way of text: what reads it drops a byte of a long word where memory is short. */
    return json_pack("{s:I, s:o}", "revision", (json_int_t)revision, "state", alert_json(a));
}

/* ---- Redis is ahead ---- */

int heal_audit(struct pipeline *p)
{
    json_t *alerts = json_array();
    const char *id;
    void *value;
    int r = alerts ? 0 : -ENOMEM;

    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, &id, &value);) {
        const struct stored_alert *stored = value;
        const struct journalled_alert *j = table_get(&p->journalled, id);

        if (!j || j->revision < stored->revision)
            r = json_array_append_new(alerts, heal_entry(&stored->alert, stored->revision)) < 0
                    ? -ENOMEM
                    : 0;
    }
    if (r == 0 && json_array_size(alerts) > 0)
        r = audit_alerts(p, json_pack("{s:s}", "adopted", "alerts"), alerts);
    json_decref(alerts);
    return r;
}

/* ---- Redis is behind ---- */

struct healing {
    struct alert alert;
    unsigned long revision;
};

void heal_abort(struct pipeline *p)
{
    for (size_t i = 0; i < p->healing_count; i++)
        alert_release(&p->healing[i].alert);
    free(p->healing);
    p->healing = NULL;
    p->healing_count = 0;
}

static void finish_healing(struct pipeline *p)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->healing_count; i++)
        r = books_adopt_alert(&p->books, &p->healing[i].alert, p->healing[i].revision);
    log_info("heal", "alerts=%zu put back as the audit knows them", p->healing_count);
    heal_abort(p);
    if (r < 0)
        pipeline_stop(p, 1);
}

static bool is_behind(const struct pipeline *p, const char *id, const struct journalled_alert *j)
{
    const struct stored_alert *stored = table_get(&p->books.alerts, id);

    return !stored || stored->revision < j->revision;
}

static int put_back(struct pipeline *p, const char *id, const struct journalled_alert *j)
{
    static const char why[] = "{\"put_back\":\"as the audit journal knows it\"}";
    const struct stored_alert *stored = table_get(&p->books.alerts, id);
    struct healing *h = &p->healing[p->healing_count];
    AUTO(auto_free) char *text = json_text(j->state, JSON_COMPACT);
    int r = text ? alert_decode(text, strlen(text), &h->alert) : -ENOMEM;

    if (r < 0)
        return r;
    h->revision = j->revision;
    p->healing_count++;
    batch_add(p, store_transition(p->store, &h->alert, stored ? stored->revision : 0, h->revision,
                                  why, batch_done, p));
    return 0;
}

/* One slice; false when Redis lacks nothing. */
static bool heal_alerts(struct pipeline *p)
{
    const char *id;
    void *value;
    bool found = false;
    int r = 0;

    for (size_t at = 0; !found && table_next(&p->journalled, &at, &id, &value);)
        found = is_behind(p, id, value);
    if (!found)
        return false;
    p->healing = calloc(HEAL_SLICE, sizeof *p->healing);
    batch_begin(p, finish_healing);
    if (!p->healing)
        r = -ENOMEM;
    for (size_t at = 0;
         r == 0 && p->healing_count < HEAL_SLICE && table_next(&p->journalled, &at, &id, &value);)
        if (is_behind(p, id, value))
            r = put_back(p, id, value);
    if (r < 0)
        batch_fail(p, r);
    batch_end(p);
    return true;
}

/* ---- told-state ---- */

/* Whether Redis knows less of it than the sent journal. */
static bool told_is_behind(const struct pipeline *p, const char *key, const struct told *sent)
{
    const struct told *kept = table_get(&p->books.told, key);

    return !kept || kept->ordinal < sent->ordinal;
}

static bool day_is_behind(const struct pipeline *p, const char *key, struct civil_date sent)
{
    const struct civil_date *kept = table_get(&p->books.days, key);

    return !kept || date_compare(*kept, sent) < 0;
}

/* Entries on their way to Redis, and then into the books. */
struct retelling {
    char *words[3 * RETOLD_SLICE]; /* receiver, field, value */
    size_t count;
};

static int add_word(struct retelling *r, size_t at, const char *word, size_t len)
{
    r->words[at] = strndup(word, len);
    return r->words[at] ? 0 : -ENOMEM;
}

/* key: "receiver|field". Takes value. */
static int add_entry(const struct pipeline *p, struct retelling *r, const char *key, char *value)
{
    size_t len = strcspn(key, "|"), at = 3 * r->count;
    char receiver[128];

    if (value && len < sizeof receiver && key[len]) {
        (void)snprintf(receiver, sizeof receiver, "%.*s", (int)len, key);
        if (!settings_receiver(p->config->settings, receiver)) { /* its told-state is not loaded */
            free(value);
            return 0;
        }
        if (add_word(r, at, key, len) == 0 &&
            add_word(r, at + 1, key + len + 1, strlen(key + len + 1)) == 0) {
            r->words[at + 2] = value;
            r->count++;
            return 0;
        }
    }
    free(value);
    return -ENOMEM;
}

static void retelling_free(struct retelling *r)
{
    for (size_t i = 0; r && i < sizeof r->words / sizeof r->words[0]; i++)
        free(r->words[i]);
    free(r);
}

static int find_untold(struct pipeline *p, struct retelling *out)
{
    const char *key;
    void *value;
    char day[DATE_TEXT_MAX];
    int r = 0;

    for (size_t at = 0;
         r == 0 && out->count < RETOLD_SLICE && table_next(&p->sent_tells, &at, &key, &value);)
        if (told_is_behind(p, key, value)) {
            r = add_entry(p, out, key, told_encode(value));
            if (r == 0)
                r = told_keep(&p->books.told, key, value);
        }
    for (size_t at = 0;
         r == 0 && out->count < RETOLD_SLICE && table_next(&p->sent_days, &at, &key, &value);)
        if (day_is_behind(p, key, *(struct civil_date *)value)) {
            r = add_entry(p, out, key, strdup(date_format(*(struct civil_date *)value, day)));
            if (r == 0)
                r = day_keep(&p->books.days, key, *(struct civil_date *)value);
        }
    while (r == 0 && out->count < RETOLD_SLICE) {
        AUTO(auto_free) char *lacking = NULL;
        char *entry = NULL;

        r = released_lacking(p, &lacking, &entry);
        if (r <= 0)
            break;
        r = add_entry(p, out, lacking, entry);
    }
    return r;
}

static void finish_retelling(struct pipeline *p)
{
    (void)p; /* the books hold it already; had Redis not taken it, they were loaded again */
}

/* One slice; false when Redis lacks nothing. */
static bool heal_told(struct pipeline *p)
{
    struct retelling *retelling = calloc(1, sizeof *retelling);
    int r = retelling ? find_untold(p, retelling) : -ENOMEM;
    bool found = r < 0 || retelling->count > 0;

    if (found) {
        batch_begin(p, finish_retelling);
        if (r == 0)
            batch_add(p, store_retold(p->store, (const char *const *)retelling->words,
                                      retelling->count, batch_done, p));
        else
            batch_fail(p, r);
        batch_end(p);
    }
    retelling_free(retelling);
    return found;
}

void heal_start(struct pipeline *p)
{
    if (heal_alerts(p) || heal_told(p) || pending_heal(p))
        return;
    const char *full = "the audit journal cannot be written";
    int r = heal_audit(p);

    if (r == 0) {
        full = "the sent journal cannot be written";
        r = pending_journal(p);
    }
    p->need_heal = false;
    p->journals_are_behind = disk_error_is_full(r);
    if (p->journals_are_behind)
        disk_is_full(p, full, r);
    else if (r < 0)
        pipeline_stop(p, 1);
}
