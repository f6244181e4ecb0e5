#include "pipeline_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

/* How the daemon is, in one line and for waitlistctl: what ops must know, the worst first. */

/* Cut where it is full. */
__attribute__((format(printf, 2, 3))) static void say(char line[STATUS_LINE_MAX],
                                                      const char *format, ...)
{
    size_t n = strlen(line);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line + n, STATUS_LINE_MAX - n, format, args);
    va_end(args);
}

/* What stands; where nobody knows, not that nothing is red. */
static void say_counts(const struct pipeline *p, char line[STATUS_LINE_MAX])
{
    size_t late = 0, red = 0, amber = 0;
    void *value;

    if (!p->loaded && !date_is_set(p->findings_of)) {
        say(line, "alerts and messages due are not known yet");
        return;
    }
    for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((struct stored_alert *)value)->alert;
        const struct episode *e = alert_current(a);

        if (!e || !episode_is_active(e))
            continue;
        red += e->severity == SEVERITY_RED;
        amber += e->severity == SEVERITY_AMBER;
        late += a->rule == RULE_FEED_LATE;
    }
    say(line, "%zu red, %zu amber, %zu feeds late, %zu messages due", red, amber, late,
        deliver_pending(p));
    if (letters_count(p))
        say(line, ", %zu given up", letters_count(p));
}

/* How far the work is, when it does not stand still. */
static void say_state(const struct pipeline *p, char line[STATUS_LINE_MAX])
{
    /* While a failure rests, the connection is down because of it: not what is to be known. */
    bool rests = p->trouble[0] && clock_mono(&p->clock).ms < p->retry_at.ms;
    char words[REBUILD_WORDS_MAX];

    if (rebuild_words(p, words))
        say(line, "%s; ", words);
    if (p->stopping)
        say(line, "stopping; ");
    else if (rests)
        say(line, "waiting to try again: ");
    else if (!store_is_ready(p->store))
        say(line, "Redis is away: %s; ", checks_redis_state(p));
    else if (!p->loaded)
        say(line, "loading: ");
    else if (!date_is_set(p->findings_of))
        say(line, "first evaluation under way: ");
}

void pipeline_status_line(const struct pipeline *p, char out_line[STATUS_LINE_MAX])
{
    const char *held =
        p->is_full || store_is_full(p->store) ? "Redis is full: files are held in the inboxes" : "";
    const char *const troubles[] = { p->trouble, p->disk_trouble, p->inbox_trouble, held,
                                     p->reload_error };
    char date[DATE_TEXT_MAX];
    bool is_lost;
    size_t lacks = takeover_lacks(p, NULL, &is_lost);

    out_line[0] = '\0';
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
        if (troubles[i][0])
            say(out_line, "%s; ", troubles[i]);
    if (pipeline_clock_is_back(p))
        say(out_line, "the clock is before %s, the date last evaluated; ",
            date_format(p->evaluated_on, date));
    if (lacks)
        say(out_line, "%zu file%s that another daemon took %s not in this archive; ", lacks,
            lacks == 1 ? "" : "s", lacks == 1 ? "is" : "are");
    if (p->redis_wrong[0])
        say(out_line, "Redis may lose data: %.120s; ", p->redis_wrong);
    if (p->gap[0])
        say(out_line, "%.120s; ", p->gap);
    if (p->aside[0])
        say(out_line, "Redis's files were damaged: rebuilt, the old ones lie in redis/%s; ",
            p->aside);
    if (store_leader(p->store)) { /* of alerts it knows nothing, and need not */
        say(out_line, "standby: %s leads", store_leader(p->store));
        return;
    }
    say_state(p, out_line);
    say_counts(p, out_line);
}

/* "dudley v2 (rehearsal), expired, version 3 waits for a second person" */
static json_t *plan_words(const struct pipeline *p, size_t i)
{
    const struct plan *plan = p->config->plans[i];
    struct civil_date today = pipeline_today(p);
    const struct plan_book *b = plan_book_find(&p->plan_ledger, plan->id);
    const json_t *waits = plan_book_pending(b, today);
    bool expired = date_is_set(plan->valid_to) && date_compare(today, plan->valid_to) > 0;
    char more[80] = "";

    if (waits)
        (void)snprintf(more, sizeof more, ", version %lld waits for a second person",
                       (long long)json_integer_value(json_object_get(waits, "version")));
    return json_sprintf(
        "%s v%ld%s%s%s%s%s", plan->id, plan->version, plan->illustrative ? " (illustrative)" : "",
        plan->mode == PLAN_REHEARSAL ? " (rehearsal)" : "", expired ? ", expired" : "",
        p->config->unapplied[i] ? ", its file differs" : "", more);
}

json_t *status_report(const struct pipeline *p)
{
    char line[STATUS_LINE_MAX], at[WALL_TEXT_MAX], since[WALL_TEXT_MAX], today[DATE_TEXT_MAX],
        when[WALL_TEXT_MAX];
    json_t *plans = json_array();

    pipeline_status_line(p, line);
    for (size_t i = 0; plans && i < p->config->plan_count; i++)
        json_array_append_new(plans, plan_words(p, i));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:b, s:i, s:i, s:i, s:i, s:o, s:o, s:s?, s:s?, "
        "s:s?, s:s?, s:o}",
        "instance", p->config->settings->instance, "version", WAITLISTD_VERSION, "status", line,
        "now", wall_format(clock_wall(&p->clock), at), "today",
        date_format(pipeline_today(p), today), "running_since", wall_format(p->started, since),
        "clock_set", p->clock.is_set, "redis", checks_redis_state(p), "ready",
        (int)(p->loaded && date_is_set(p->findings_of)), "feeds",
        (int)p->config->settings->feed_count, "messages_due", (int)deliver_pending(p),
        "messages_waiting_for_tomorrow", (int)p->waiting_groups, "messages_waiting_for_hours",
        (int)p->shut_groups, "plans", plans, "rebuild", rebuild_report(p), "standby_of",
        store_leader(p->store), "last_evaluation",
        p->evaluated_at.ms ? wall_format(p->evaluated_at, when) : NULL, "reload_refused",
        p->reload_error[0] ? p->reload_error : NULL, "demo", p->config->settings->demo_banner,
        "heartbeat", heartbeat_report(p));
}

int pipeline_health(const struct pipeline *p)
{
    bool is_lost;
    int code = 0;

    for (size_t i = 0; i < p->books.outbox_count; i++)
        if (p->books.outbox[i]->severity == SEVERITY_RED && p->books.outbox[i]->last_at.ms)
            code = 2; /* tried in vain */
    if (letters_count(p))
        code = 2;
    if ((p->reload_error[0] || pipeline_clock_is_back(p)) && code < 1)
        code = 1;
    if ((p->redis_wrong[0] || p->aside[0] || p->gap[0] || deliver_pending(p) ||
         takeover_lacks(p, NULL, &is_lost)) &&
        code < 1)
        code = 1;
    if (p->trouble[0] || p->disk_trouble[0] || p->inbox_trouble[0])
        code = 2;
    if (store_leader(p->store))
        return code; /* well, as a standby */
    if (!p->loaded || !store_is_ready(p->store))
        code = 2;
    /* While it is evaluated again, what was found of the day stands. */
    else if (date_compare(p->findings_of, pipeline_today(p)) != 0 &&
             (!p->evaluated_at.ms || date_compare(p->evaluating, pipeline_today(p)) != 0))
        code = 2;
    return code;
}

json_t *health_report(const struct pipeline *p)
{
    char line[STATUS_LINE_MAX];

    pipeline_status_line(p, line);
    return json_pack("{s:i, s:s}", "code", pipeline_health(p), "text", line);
}
