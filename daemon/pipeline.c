#include "pipeline_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define TICK_S            1
#define ONCE_REDIS_WAIT_S 60
#define RETRY_FIRST_MS    500
#define RETRY_LAST_MS     60000

/* ---- the day ---- */

bool pipeline_clock_is_back(const struct pipeline *p)
{
    return date_is_set(p->evaluated_on) &&
           date_compare(clock_today(&p->clock), p->evaluated_on) < 0;
}

struct civil_date pipeline_today(const struct pipeline *p)
{
    return pipeline_clock_is_back(p) ? p->evaluated_on : clock_today(&p->clock);
}

struct wall_time pipeline_wall(const struct pipeline *p)
{
    return pipeline_clock_is_back(p) ? wall_of_date(p->evaluated_on) : clock_wall(&p->clock);
}

/* Said once each time, not each second. */
static void watch_clock(struct pipeline *p)
{
    bool is_back = pipeline_clock_is_back(p);
    char date[DATE_TEXT_MAX];

    if (is_back && !p->said_clock_back)
        log_warning("clock",
                    "the clock is before %s, the date last evaluated; that stays the date of today",
                    date_format(p->evaluated_on, date));
    p->said_clock_back = is_back;
}

static bool is_of_today(const struct pipeline *p)
{
    return date_is_set(p->findings_of) && date_compare(p->findings_of, pipeline_today(p)) == 0;
}

const struct feed_setting *pipeline_feed(const struct pipeline *p, const char *id)
{
    return settings_feed(p->config->settings, id);
}

/* ---- Redis comes and goes ---- */

/* Whether what was loaded is of no use: nothing, or for another configuration. */
static bool is_load_vain(struct pipeline *p, int result)
{
    if (p->stopping)
        return true;
    if (p->is_load_stale) { /* a reload came between */
        p->is_load_stale = p->loading = false;
        books_release(&p->books);
        pipeline_wake(p);
        return true;
    }
    if (result == 0)
        return false;
    p->loading = false;
    books_release(&p->books);
    pipeline_try_later(p, "the books could not be loaded", result);
    store_reset(p->store, "the books could not be loaded");
    return true;
}

static void on_lists_loaded(struct pipeline *p, int result)
{
    if (is_load_vain(p, result))
        return;
    p->loading = false;
    /* What a plan asks for that was not kept before, and lists that are not whole. */
    if (apply_backfill(p) < 0 || lists_check(p) < 0) {
        pipeline_stop(p, 1);
        return;
    }
    deliver_adopt(p);
    rebuild_loaded(p);
    p->loaded = true;
    p->need_takeover = store_other_epoch(p->store) != NULL;
    if (witness_compare(p) < 0) {
        pipeline_stop(p, 1);
        return;
    }
    p->need_heal = true;
    p->need_evaluate = true;
    pipeline_wake(p);
}

static void on_loaded(void *arg, int result)
{
    struct pipeline *p = arg;

    if (is_load_vain(p, result))
        return;
    lists_load(p, on_lists_loaded);
}

static void start_loading(struct pipeline *p)
{
    const struct settings *s = p->config->settings;
    AUTO(auto_free) const char **receivers = calloc(s->receiver_count + 1, sizeof *receivers);
    int r = receivers ? 0 : -ENOMEM;

    for (size_t i = 0; receivers && i < s->receiver_count; i++)
        receivers[i] = s->receivers[i].id;
    judge_forget(p); /* findings borrow from the series */
    books_release(&p->books);
    table_release(&p->now_shown, free);
    if (r == 0)
        r = store_load(p->store, receivers, s->receiver_count, &p->books, on_loaded, p);
    if (r == 0)
        p->loading = true;
    else
        pipeline_try_later(p, "the books could not be loaded", r);
}

void pipeline_load_again(struct pipeline *p, const char *why)
{
    batch_forget(p); /* what is in flight belongs to the old configuration */
    p->is_load_stale = p->loading;
    p->loaded = false;
    store_reset(p->store, why);
}

void pipeline_store_ready(void *arg)
{
    struct pipeline *p = arg;

    log_info("redis", "connected");
    checks_connected(p);
    intake_look_again(p); /* files may have been held while it was full */
    pipeline_wake(p);
}

void pipeline_store_lost(void *arg, const char *why)
{
    struct pipeline *p = arg;

    if (p->stopping)
        return;
    log_warning("redis", "lost: %s", why);
    if (!p->batch.in_flight && !p->batch.open)
        pipeline_abandon(p);
    else
        p->batch.failed = true;
    pipeline_wake(p);
}

/* Another daemon leads, or no longer: what failed before because of it is over. */
void pipeline_store_standby(void *arg)
{
    struct pipeline *p = arg;
    const char *leader = store_leader(p->store);

    if (leader)
        log_info("redis", "standby: \"%s\" leads", leader);
    pipeline_all_is_well(p);
    pipeline_wake(p);
}

/* Every configured feed has a book, so that receipts can be counted. */
static int ensure_feeds(struct pipeline *p)
{
    const struct settings *s = p->config->settings;
    int r = 0;

    for (size_t i = 0; r == 0 && i < s->feed_count; i++) {
        if (!books_feed(&p->books, s->feeds[i].id))
            r = -ENOMEM;
        else if (!table_has(&p->configured, s->feeds[i].id) && !disk_rests(p))
            r = audit_configured(p, s->feeds[i].id);
    }
    if (r < 0)
        log_error("main", "feeds=\"%s\": the next start replays the journals", strerror(-r));
    return r;
}

/* ---- the order of work ---- */

static void say_evaluated(struct pipeline *p)
{
    const char *banner = p->config->settings->demo_banner;

    if (p->said_evaluated || !date_is_set(p->findings_of))
        return;
    p->said_evaluated = true;
    if (!banner)
        return;
    (void)printf("\n%s\n\n", banner);
    ctl_print_alerts(p);
    for (size_t i = 0; i < p->config->settings->receiver_count; i++)
        if (p->config->settings->receivers[i].kind == RECEIVER_SPOOL)
            (void)printf("\nThe messages lie in %s\n", p->config->settings->receivers[i].dir);
    if (!p->options.once)
        (void)printf(
            "Ask it:  build/waitlistctl --config %s alerts | measures | explain MEASURE | feeds\n"
            "Ctrl-C ends it.\n",
            p->options.config_path);
    (void)fflush(stdout);
}

/* Whether Redis is as it must be, and no date is tried out. */
static bool is_as_usual(const struct pipeline *p)
{
    return !p->simulation && !p->rebuild_wanted && !p->need_takeover && !p->need_heal &&
           !p->need_sweep;
}

/* Whether nothing comes between a file that Redis is being given and its evaluation. */
static bool judges_ahead(const struct pipeline *p)
{
    return is_as_usual(p) && p->batch.is_ahead && !p->batch.failed && p->need_evaluate &&
           date_is_set(p->evaluated_on) && date_compare(p->evaluated_on, pipeline_today(p)) == 0 &&
           !apply_next(p) && !take_is_busy(p) && !backfill_is_on(p) &&
           !(p->options.once && pull_is_busy(p));
}

void pipeline_apply_ahead(struct pipeline *p)
{
    bool may = is_as_usual(p) && p->loaded && store_is_ready(p->store) && !p->stopping &&
               !p->advancing && !p->apply && !p->batch.open && !p->batch.in_flight &&
               !pipeline_changes_rest(p);
    const struct receipt *next = may ? apply_next(p) : NULL;

    if (next)
        apply_start(p, next);
}

/* One thing at a time; returns false when nothing is left to start. */
static bool advance_once(struct pipeline *p)
{
    const struct receipt *next;

    if (p->stopping || !store_is_ready(p->store) || p->loading || p->batch.open)
        return false;
    if (p->batch.in_flight) {
        if (judges_ahead(p))
            judge_start(p);
        return false;
    }
    if (rebuild_start(p))
        return false;
    if (!p->loaded) {
        if (clock_mono(&p->clock).ms >= p->retry_at.ms)
            start_loading(p);
        return false;
    }
    if (p->apply) { /* its file is being read: nothing else may touch the books */
        if (is_of_today(p) && !p->need_evaluate && !p->need_compose)
            deliver_due(p);
        return false;
    }
    if (pipeline_changes_rest(p)) {
        if (!p->need_takeover)
            deliver_due(p);
        return false;
    }
    if (ensure_feeds(p) < 0 || decide_pending(p) < 0) {
        pipeline_stop(p, 1);
        return false;
    }
    if (p->simulation && simulate_waits(p))
        return false;
    if (p->need_takeover) {
        takeover_start(p);
        return false;
    }
    if (p->need_heal) {
        heal_start(p);
        return !p->need_heal;
    }
    if (lists_sweep(p))
        return false;
    next = apply_next(p);
    if (next) {
        apply_start(p, next);
        return true;
    }
    compose_tick(p); /* hours that began since the last second */
    if (plans_tell(p) || daily_tell(p) || forum_tell(p) || review_tell(p))
        return true;
    if (!is_of_today(p))
        p->need_evaluate = true;
    /* What lay in the inboxes when a day began is judged with it: else its feed were late for a
     * moment. */
    if (p->need_evaluate && !is_of_today(p) &&
        (take_is_busy(p) || (p->options.once && pull_is_busy(p))))
        return false;
    if (p->need_evaluate && backfill_is_on(p)) { /* what is true once all of it came is told */
        deliver_due(p);
        return false;
    }
    if (p->need_evaluate) {
        judge_start(p);
        return is_of_today(p); /* else its batch is in flight, or failed: never asked in a circle */
    }
    if (p->need_compose) {
        compose_start(p);
        return true;
    }
    if (weekly_tell(p) || digest_start(p))
        return true;
    deliver_due(p);
    if (!table_count(&p->flying)) { /* first what is on its way to people */
        arrivals_idle(p);
        witness_tell(p);
    }
    retention_step(p);
    return false;
}

void pipeline_advance(struct pipeline *p)
{
    char line[STATUS_LINE_MAX];

    if (p->advancing) {
        p->again = true;
        return;
    }
    p->advancing = true;
    do {
        p->again = false;
        while (advance_once(p))
            ;
    } while (p->again);
    p->advancing = false;
    if (p->stopping)
        return;
    bool idle = p->loaded && !p->need_takeover && !p->need_heal && !p->batch.in_flight &&
                !p->need_evaluate && !p->need_compose && date_is_set(p->findings_of) &&
                !apply_next(p);

    if (idle) {
        pipeline_all_is_well(p);
        rebuild_settled(p);
        say_evaluated(p);
    }
    if (p->simulation && idle)
        simulate_settle(p);
    ctl_settle_waiting(p);
    pipeline_status_line(p, line);
    (void)sd_tell_status("%s", line);
    if (p->options.once && idle && deliver_tried_all(p) && retention_is_done(p) &&
        !p->is_witnessing)
        pipeline_stop(p, deliver_pending(p) || p->disk_trouble[0] || p->inbox_trouble[0] ||
                                 p->intake_failed
                             ? 1
                             : 0);
}

void pipeline_on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    pipeline_advance(arg);
}

void pipeline_wake(struct pipeline *p)
{
    event_active(p->wake, EV_TIMEOUT, 0);
}

void pipeline_on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct pipeline *p = arg;

    (void)fd;
    (void)what;
    if (p->options.once && (!p->loaded || p->is_full) &&
        clock_mono(&p->clock).ms - p->opened.ms > (int64_t)ONCE_REDIS_WAIT_S * 1000) {
        log_error("redis", "not usable within %d s: %s", ONCE_REDIS_WAIT_S,
                  p->trouble[0] ? p->trouble : checks_redis_state(p));
        pipeline_stop(p, 1);
        return;
    }
    if (p->journals_are_behind && !disk_rests(p))
        p->need_heal = true;
    watch_clock(p);
    checks_tick(p);
    intake_tick(p);
    pull_tick(p);
    unread_tick(p);
    deliver_tick(p);
    compose_tick(p);
    direct_tick(p);
    plans_tick(p);
    arrivals_tick(p);
    if (!disk_rests(p))
        retention_incidents(p);
    pipeline_advance(p); /* which evaluates again after midnight */
    heartbeat_tick(p);
    resend_tick(p);
    daily_tick(p);
}

void pipeline_stop(struct pipeline *p, int exit_status)
{
    if (p->stopping)
        return;
    p->stopping = true;
    p->exit_status = exit_status;
    (void)event_base_loopexit(p->base, NULL);
}

int pipeline_took_record(struct pipeline *p, const char *journal, int r)
{
    if (r < 0) {
        log_error(journal, "a record is written and not taken in: the next start reads it");
        pipeline_stop(p, 1);
    }
    return r;
}

void pipeline_on_signal(evutil_socket_t fd, short what, void *arg)
{
    struct pipeline *p = arg;

    (void)fd;
    (void)what;
    log_info("main", "stopping");
    (void)sd_tell_stopping("stopping");
    pipeline_stop(p, 0);
}

int pipeline_run(struct pipeline *p)
{
    AUTO(auto_free) char *summary = config_summary(p->config);

    log_info("main", "%s", summary ? summary : "");
    (void)sd_tell_ready("started");
    watch_clock(p);
    intake_scan(p);
    pull_tick(p);
    pipeline_wake(p);
    (void)event_base_dispatch(p->base);
    lease_release(p);
    return p->exit_status;
}
