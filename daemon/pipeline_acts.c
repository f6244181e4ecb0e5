#include "pipeline_internal.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"

/*
 * What people do through waitlistctl. (1) An act is appended to the audit and synced before it has
 * any effect. (2) Its effect in memory comes from one function, called at the act and again at each
 * start, when the audit is read. (3) Effects on Redis follow from the state in memory, so that an
 * act whose Redis call was lost takes effect at the next start.
 */

static const char *text_of(const json_t *act, const char *key)
{
    return json_string_value(json_object_get(act, key));
}

/* ---- feed expect ---- */

static int check_feed_expect(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const char *feed = text_of(act, "feed"), *by = text_of(act, "by");
    struct feed_states states = { 0 };
    struct civil_date d;
    char date[DATE_TEXT_MAX];
    int r = -ENOENT;

    if (!feed || !pipeline_feed(p, feed)) {
        (void)snprintf(why, ACT_WHY_MAX, "no feed has this id");
        return -ENOENT;
    }
    if (!by || date_parse_iso(by, strlen(by), &d) < 0 || date_compare(d, pipeline_today(p)) < 0) {
        (void)snprintf(why, ACT_WHY_MAX, "--by wants a date, YYYY-MM-DD, not before today");
        return -EINVAL;
    }
    if (feed_states_of(p, &states) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < states.count; i++) {
        if (strcmp(states.list[i].id, feed) != 0)
            continue;
        r = date_is_set(states.list[i].due.awaited) ? 0 : -ENOENT;
        if (r == 0)
            r = json_object_set_new(act, "awaited",
                                    json_string(date_format(states.list[i].due.awaited, date))) < 0
                    ? -ENOMEM
                    : 0;
    }
    feed_states_release(&states);
    if (r == -ENOENT)
        (void)snprintf(why, ACT_WHY_MAX, "nothing is awaited from this feed");
    return r;
}

static int take_feed_expect(struct pipeline *p, const json_t *act)
{
    const char *feed = text_of(act, "feed"), *by = text_of(act, "by"),
               *awaited = text_of(act, "awaited");
    struct expected_file *e = malloc(sizeof *e);
    void *old = NULL;
    int r = e ? 0 : -ENOMEM;

    if (r == 0 && (!feed || !by || !awaited || date_parse_iso(by, strlen(by), &e->by) < 0 ||
                   date_parse_iso(awaited, strlen(awaited), &e->awaited) < 0))
        r = -EBADMSG;
    if (r == 0)
        r = table_set(&p->expected, feed, e, &old);
    if (r < 0)
        free(e);
    else
        free(old);
    p->need_evaluate = true;
    return r;
}

/* ---- rebuild ---- */

static int check_rebuild(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    char words[REBUILD_WORDS_MAX];

    (void)act;
    if (!store_is_ready(p->store)) {
        (void)snprintf(why, ACT_WHY_MAX, "Redis is away: %s", checks_redis_state(p));
        return -ENOTCONN;
    }
    if (rebuild_words(p, words)) {
        (void)snprintf(why, ACT_WHY_MAX, "it is under way: %s", words);
        return -EBUSY;
    }
    return 0;
}

static int take_rebuild(struct pipeline *p, const json_t *act)
{
    (void)act;
    p->rebuild_wanted = true;
    return 0;
}

/* ---- feed accept, refuse, purge ---- */

static int check_feed_accept(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    return decide_check(p, act, true, why);
}

static int check_feed_refuse(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    return decide_check(p, act, false, why);
}

static int take_feed_accept(struct pipeline *p, const json_t *act)
{
    return decide_take(p, act, true);
}

static int take_feed_refuse(struct pipeline *p, const json_t *act)
{
    return decide_take(p, act, false);
}

/* ---- all acts ---- */

static const struct act {
    const char *name;
    /* Whether it may be done now; may add to the record what its effect needs. */
    int (*check)(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
    int (*take)(struct pipeline *p, const json_t *act);
} acts[] = {
    { "feed-expect", check_feed_expect, take_feed_expect },
    { "outbox-retry", outbox_check_retry, outbox_take_retry },
    { "outbox-drop", outbox_check_drop, outbox_take_drop },
    { "rebuild", check_rebuild, take_rebuild },
    { "feed-accept", check_feed_accept, take_feed_accept },
    { "feed-refuse", check_feed_refuse, take_feed_refuse },
    { "spc-rebase", spc_check_rebase, spc_take_rebase },
    { "spc-unrebase", spc_check_unrebase, spc_take_unrebase },
    { "plan-go-live", golive_check, golive_take },
    { "feed-purge", decide_check_purge, decide_take_purge },
    { "plan-apply", plans_check_apply, plans_take },
    { "plan-approve", plans_check_approve, plans_take },
    { "plan-rollback", plans_check_rollback, plans_take },
    { "ack", workflow_check_ack, workflow_take_act },
    { "unack", workflow_check_unack, workflow_take_act },
    { "note", workflow_check_words, workflow_take_act },
    { "commentary", workflow_check_words, workflow_take_act },
    { "close", workflow_check_close, workflow_take_act },
    { "silence-add", workflow_check_silence, workflow_take_act },
    { "silence-end", workflow_check_silence_end, workflow_take_act },
};

static const struct act *act_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof acts / sizeof acts[0]; i++)
        if (strcmp(acts[i].name, name) == 0)
            return &acts[i];
    return NULL;
}

bool act_is_known(const char *name)
{
    return act_find(name) != NULL;
}

int act_take(struct pipeline *p, const json_t *record)
{
    const struct act *a = act_find(text_of(record, "act"));

    return a ? a->take(p, record) : 0; /* of a later version of this program: no effect here */
}

/* The peer by name where the system knows one, else by number. */
static json_t *who_of(const struct ctl_request *request)
{
    char space[4096];
    struct passwd entry, *found = NULL;

    if (getpwuid_r(ctl_request_uid(request), &entry, space, sizeof space, &found) == 0 && found)
        return json_string(found->pw_name);
    return json_sprintf("uid %lu", (unsigned long)ctl_request_uid(request));
}

json_t *act_record(const struct pipeline *p, const struct ctl_request *request)
{
    char at[WALL_TEXT_MAX];
    struct wall_time now = clock_wall(&p->clock);
    json_t *record = json_pack("{s:s, s:o, s:I, s:s, s:I}", "act", ctl_request_command(request),
                               "who", who_of(request), "uid", (json_int_t)ctl_request_uid(request),
                               "at", wall_format(now, at), "at_ms", (json_int_t)now.ms);
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)ctl_request_json(request), key, value)
    {
        if (record && strcmp(key, "command") != 0 && !json_object_get(record, key) &&
            json_object_set(record, key, value) < 0) {
            json_decref(record);
            record = NULL;
        }
    }
    return record;
}

void act_answer(struct pipeline *p, struct ctl_request *request)
{
    const struct act *a = act_find(ctl_request_command(request));
    char why[ACT_WHY_MAX] = "";
    json_t *record;
    int r;

    if (store_leader(p->store)) { /* it would count only once this one leads */
        ctl_fail(request, 1, "standby: %s leads: ask that one", store_leader(p->store));
        return;
    }
    record = act_record(p, request);
    r = record ? a->check(p, record, why) : -ENOMEM;
    if (r < 0) {
        ctl_fail(request, 1, "%s", why[0] ? why : strerror(-r));
        json_decref(record);
        return;
    }
    r = audit_append(p, json_incref(record));
    if (r < 0) {
        log_error("audit", "act=%s error=\"%s\": not done", a->name, strerror(-r));
        ctl_fail(request, 1, "not done: the audit journal cannot be written: %s", strerror(-r));
    } else {
        r = a->take(p, record);
        log_info("act", "act=%s who=%s", a->name, text_of(record, "who"));
        if (r < 0)
            ctl_fail(request, 1, "in the audit, but without effect until the next start: %s",
                     strerror(-r));
        else
            ctl_reply(request, json_incref(record));
        pipeline_wake(p);
    }
    json_decref(record);
}
