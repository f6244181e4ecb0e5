#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"

/* ---- what the records mean, each read back at the start ---- */

static int read_epoch(struct pipeline *p, const json_t *record)
{
    (void)snprintf(p->epoch, sizeof p->epoch, "%s",
                   json_string_value(json_object_get(record, "epoch")));
    return 0;
}

static int read_evaluated(struct pipeline *p, const json_t *record)
{
    const char *date = json_string_value(json_object_get(record, "evaluated"));
    struct civil_date d;

    if (date_parse_iso(date, strlen(date), &d) < 0)
        return -EBADMSG;
    if (!date_is_set(p->evaluated_on) || date_compare(d, p->evaluated_on) > 0)
        p->evaluated_on = d;
    plan_ledger_judged(&p->plan_ledger);
    return 0;
}

static int read_plan(struct pipeline *p, const json_t *record)
{
    return json_is_string(json_object_get(record, "act"))
               ? 0 /* of a person: act_take() */
               : plan_ledger_take(&p->plan_ledger, record);
}

static int read_configured(struct pipeline *p, const json_t *record)
{
    const char *feed = json_string_value(json_object_get(record, "configured"));
    const char *on = json_string_value(json_object_get(record, "on"));
    struct civil_date *copy = malloc(sizeof *copy);
    void *old = NULL;
    int r = copy ? 0 : -ENOMEM;

    if (r == 0 && (!on || date_parse_iso(on, strlen(on), copy) < 0))
        r = -EBADMSG;
    if (r == 0)
        r = table_set(&p->configured, feed, copy, &old);
    if (r < 0)
        free(copy);
    else
        free(old);
    return r;
}

static int read_act(struct pipeline *p, const json_t *record)
{
    return act_take(p, record);
}

static int read_rebuilt(struct pipeline *p, const json_t *record)
{
    (void)record;
    p->rebuild_wanted = false; /* what a person asked for was done */
    p->gap[0] = '\0';          /* from now on the journals are what is known */
    return 0;
}

static int read_adopted(struct pipeline *p, const json_t *record)
{
    (void)p;
    (void)record; /* its alerts are read like those of any record */
    return 0;
}

static int read_taken_over(struct pipeline *p, const json_t *record)
{
    return takeover_read(p, record);
}

static int read_renamed(struct pipeline *p, const json_t *record)
{
    (void)p;
    (void)record; /* the receipt names the table */
    return 0;
}

static int read_purged(struct pipeline *p, const json_t *record)
{
    (void)p;
    (void)record; /* what went is gone */
    return 0;
}

static int read_planned(struct pipeline *p, const json_t *record)
{
    p->has_met = true;
    return golive_read(p, record);
}

static int read_known(struct pipeline *p, const json_t *record)
{
    p->has_met = true;
    return known_read(p, record);
}

/* A record is of the kind whose key it holds. */
static const struct {
    const char *key;
    int (*read)(struct pipeline *p, const json_t *record);
} kinds[] = {
    { "epoch", read_epoch },           /* the name of this state folder */
    { "evaluated", read_evaluated },   /* a local date evaluated, and what it changed */
    { "adopted", read_adopted },       /* what Redis knew and the audit did not */
    { "taken_over", read_taken_over }, /* the books of another state folder became ours */
    { "gap", witness_read },           /* a journal lacked what Redis knew of */
    { "rebuilt", read_rebuilt },       /* the keys were removed, as a person asked */
    { "purged", read_purged },         /* what was kept for a time, and how much of it went */
    { "renamed", read_renamed },       /* a file was read under two keys of pseudonyms */
    { "plan", read_plan },             /* a plan file was read first, or was edited */
    { "plan_told", read_plan },        /* owners were told of changes of a plan, or of its end */
    { "configured", read_configured }, /* when a feed was first configured */
    { "act", read_act },               /* what a person did */
    { "planned", read_planned },       /* a plan's file began, or ceased, to say rehearsal */
    { "forum_told", forum_read },      /* who was asked for commentaries, or told of none */
    { "review_told", review_read },    /* that the review of an internal profile is due, or was */
    { "known", read_known },           /* who came to hear of what of a plan */
};

static int read_alerts(struct pipeline *p, const json_t *alerts)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(alerts); i++)
        r = heal_note(p, json_array_get(alerts, i));
    return r;
}

/* ---- the chain ---- */

static int link_of(const char *json, size_t len, char out_link[SHA256_TEXT_MAX])
{
    return sha256_hex(json, len, out_link);
}

static void keep_link(struct pipeline *p, uint64_t sequence)
{
    memcpy(p->audit_links[sequence % AUDIT_LINKS], p->audit_link, sizeof p->audit_link);
}

int audit_read(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct pipeline *p = arg;
    json_t *record = json_parse(json, len, 0, NULL);
    const char *prev = json_string_value(json_object_get(record, "prev"));
    int64_t at = json_integer_value(json_object_get(record, "at_ms"));
    int r = json_is_object(record) ? 0 : -EBADMSG;

    if (r == 0 && (!prev || strcmp(prev, p->audit_link) != 0)) {
        log_error("audit",
                  "record=%llu does not follow from the record before it: the audit was changed",
                  (unsigned long long)sequence);
        r = -EBADMSG;
    }
    for (size_t i = 0; r == 0 && i < sizeof kinds / sizeof kinds[0]; i++)
        if (json_is_string(json_object_get(record, kinds[i].key)))
            r = kinds[i].read(p, record);
    if (r == 0)
        r = read_alerts(p, json_object_get(record, "alerts"));
    if (r == 0)
        r = link_of(json, len, p->audit_link);
    if (r == 0)
        keep_link(p, sequence);
    if (r == 0 && at > p->last_time.ms)
        p->last_time.ms = at;
    json_decref(record);
    return r;
}

static void journals_are_lost(struct pipeline *p)
{
    log_error("audit", "what the journals hold is known by the next start alone");
    pipeline_stop(p, 1);
}

/* Nobody may hear of it before audit_sync(). */
static int audit_write(struct pipeline *p, json_t *record)
{
    AUTO(auto_free) char *text = NULL;
    char link[SHA256_TEXT_MAX];
    uint64_t sequence;
    int r = record ? arrivals_sync(p) : -ENOMEM;

    if (r == 0 && json_object_set_new(record, "prev", json_string(p->audit_link)) < 0)
        r = -ENOMEM;
    if (r == 0)
        text = json_text(record, JSON_COMPACT);
    json_decref(record);
    if (r == 0)
        r = text ? link_of(text, strlen(text), link) : -ENOMEM;
    if (r == 0)
        r = journal_write(p->audit, text, strlen(text), &sequence);
    if (r == -ENOTRECOVERABLE)
        journals_are_lost(p);
    if (r == 0)
        (void)snprintf(p->audit_link, sizeof p->audit_link, "%s", link);
    if (r == 0)
        keep_link(p, sequence);
    return r;
}

int audit_sync(struct pipeline *p)
{
    int r = journal_sync(p->sent, p->audit);

    if (r < 0)
        journals_are_lost(p);
    return r;
}

int audit_append(struct pipeline *p, json_t *record)
{
    int r = audit_write(p, record);

    return r == 0 ? audit_sync(p) : r;
}

/* ---- what is written ---- */

int audit_ensure_epoch(struct pipeline *p)
{
    unsigned char raw[16];
    struct wall_time now = clock_wall(&p->clock);
    int r = p->epoch[0] ? 1 : random_bytes(raw, sizeof raw);

    if (r != 0)
        return r < 0 ? r : 0;
    for (size_t i = 0; i < sizeof raw; i++)
        (void)snprintf(p->epoch + 2 * i, 3, "%02x", raw[i]);
    return audit_append(p, json_pack("{s:s, s:I}", "epoch", p->epoch, "at_ms",
                                     p->options.at_given ? (json_int_t)0 : (json_int_t)now.ms));
}

static int write_alerts(struct pipeline *p, json_t *record, json_t *alerts)
{
    char at[WALL_TEXT_MAX];
    struct wall_time now = clock_wall(&p->clock);
    int r = record ? 0 : -ENOMEM;

    if (r == 0 && (json_object_set_new(record, "at", json_string(wall_format(now, at))) < 0 ||
                   json_object_set_new(record, "at_ms", json_integer((json_int_t)now.ms)) < 0 ||
                   (json_array_size(alerts) && json_object_set(record, "alerts", alerts) < 0)))
        r = -ENOMEM;
    if (r < 0)
        json_decref(record);
    else
        r = audit_write(p, record);
    return r == 0 ? pipeline_took_record(p, "audit", read_alerts(p, alerts)) : r;
}

int audit_alerts(struct pipeline *p, json_t *record, json_t *alerts)
{
    int r = write_alerts(p, record, alerts);

    return r == 0 ? audit_sync(p) : r;
}

int audit_evaluated(struct pipeline *p, struct civil_date today)
{
    char date[DATE_TEXT_MAX];
    bool is_new = !date_is_set(p->evaluated_on) || date_compare(p->evaluated_on, today) < 0;
    json_t *alerts = json_array();
    int r = alerts ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < p->change_count; i++) {
        const struct alert *a = &p->changes[i].next;
        const struct stored_alert *stored = table_get(&p->books.alerts, a->id);

        r = json_array_append_new(alerts, heal_entry(a, stored ? stored->revision + 1 : 1));
        r = r < 0 ? -ENOMEM : 0;
    }
    if (r == 0 && (is_new || p->change_count || plans_are_unjudged(p)))
        r = write_alerts(p, json_pack("{s:s}", "evaluated", date_format(today, date)), alerts);
    journal_sync_begin(p->audit);
    json_decref(alerts);
    if (r == 0 && is_new)
        p->evaluated_on = today;
    if (r == 0)
        plan_ledger_judged(&p->plan_ledger);
    return r;
}

int audit_configured(struct pipeline *p, const char *feed)
{
    struct wall_time now = clock_wall(&p->clock);
    char date[DATE_TEXT_MAX];
    struct civil_date *today = malloc(sizeof *today);
    int r = !today ? -ENOMEM
                   : audit_append(p, json_pack("{s:s, s:s, s:I}", "configured", feed, "on",
                                               date_format(pipeline_today(p), date), "at_ms",
                                               (json_int_t)now.ms));

    if (r == 0) {
        disk_is_well(p);
        *today = pipeline_today(p);
        r = pipeline_took_record(p, "audit", table_set(&p->configured, feed, today, NULL));
    }
    if (r < 0)
        free(today);
    if (disk_error_is_full(r)) {
        disk_is_full(p, "the audit journal cannot be written", r);
        r = 0;
    }
    return r;
}

/* ---- what is shown ---- */

/* Which alerts a record changed, as one text; the states themselves fill pages. */
static json_t *alert_ids(const json_t *alerts)
{
    AUTO(text_release) struct text ids = TEXT_INIT;

    for (size_t i = 0; i < json_array_size(alerts); i++) {
        const json_t *state = json_object_get(json_array_get(alerts, i), "state");
        const char *id = json_string_value(json_object_get(state, "id"));

        (void)text_printf(&ids, "%s%s", i ? " " : "", id ? id : "");
    }
    return text_ok(&ids) ? json_string(text_str(&ids)) : NULL;
}

static int list_record(void *arg, uint64_t sequence, const char *json, size_t len)
{
    json_t *list = arg, *record = json_parse(json, len, 0, NULL);
    const json_t *at_ms = json_object_get(record, "at_ms");
    struct wall_time time = { json_integer_value(at_ms) };
    json_t *shown = json_object();
    char at[WALL_TEXT_MAX];
    const char *key, *what = "";
    json_t *value;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (json_is_string(json_object_get(record, kinds[i].key)))
            what = kinds[i].key;
    int r = !record || !shown ? -ENOMEM : 0;

    if (r == 0)
        r = json_object_set_new(shown, "record", json_integer((json_int_t)sequence)) |
            json_object_set_new(shown, "at",
                                time.ms ? json_string(wall_format(time, at)) : json_null()) |
            json_object_set_new(shown, "what", json_string(what)) |
            json_object_set_new(shown, "who", json_null());
    json_object_foreach(record, key, value)
    {
        if (r == 0 && strcmp(key, "alerts") == 0)
            r = json_object_set_new(shown, key, alert_ids(value));
        else if (r == 0 && strcmp(key, "at_ms") != 0 && strcmp(key, "at") != 0)
            r = json_object_set(shown, key, value);
    }
    if (r == 0)
        r = json_array_append(list, shown);
    json_decref(shown);
    json_decref(record);
    return r ? -ENOMEM : 0;
}

json_t *audit_list(const struct pipeline *p)
{
    AUTO(auto_free) char *path = path_join(p->config->settings->state, "journal/audit");
    json_t *list = json_array();

    if (path && list && journal_walk(path, list_record, list) == 0)
        return list;
    json_decref(list);
    return NULL;
}
