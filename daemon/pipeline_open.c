#include "pipeline_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define TICK_S      1
#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h */

static int open_state(struct pipeline *p)
{
    const char *state = p->config->settings->state;
    AUTO(auto_free) char *lock = path_join(state, "lock");
    AUTO(auto_free) char *journals = path_join(state, "journal");
    AUTO(auto_free) char *archive = path_join(state, "archive");
    AUTO(auto_free) char *received = path_join(state, "journal/received");
    AUTO(auto_free) char *sent = path_join(state, "journal/sent");
    AUTO(auto_free) char *audit = path_join(state, "journal/audit");

    if (!lock || !journals || !archive || !received || !sent || !audit)
        return -ENOMEM;
    int r = folder_make(journals);

    if (r == 0) {
        p->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        r = p->lock_fd < 0 ? -errno : 0;
    }
    if (r == 0 && flock(p->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        log_error("main", "another waitlistd runs on %s", state);
        return -EBUSY;
    }
    if (r == 0)
        r = archive_open(archive, &p->archive);
    if (r == 0 && p->options.is_past)
        r = past_lay_under(p);
    if (r == 0)
        r = journal_open(received, receipt_read, p, &p->received);
    if (r == 0)
        r = arrivals_open(p, journals);
    if (r == 0)
        r = journal_open(sent, sent_read, p, &p->sent);
    if (r == 0)
        r = journal_open(audit, audit_read, p, &p->audit);
    golive_adopt(p);
    p->is_new = p->epoch[0] == '\0';
    if (r == 0)
        p->reach = witness_reach(p);
    if (r == 0)
        r = audit_ensure_epoch(p);
    if (r == 0)
        r = lease_open(p);
    if (r < 0)
        log_error("main", "state=\"%s\" error=\"%s\"", state, strerror(-r));
    return r;
}

/* --at: an earlier date than the one last evaluated is a usage error; on that date the later time
 * counts. */
static int set_clock(struct pipeline *p)
{
    char date[DATE_TEXT_MAX];
    struct wall_time at = p->options.at;

    if (!p->options.at_given || p->options.is_past)
        return 0;
    if (date_is_set(p->evaluated_on) && date_compare(wall_date(at), p->evaluated_on) < 0) {
        (void)fprintf(stderr,
                      "waitlistd: --at is before %s, the date last evaluated with this state\n",
                      date_format(p->evaluated_on, date));
        return 2;
    }
    if (date_is_set(p->evaluated_on) && date_compare(wall_date(at), p->evaluated_on) == 0 &&
        p->last_time.ms > at.ms)
        at = p->last_time;
    if (p->options.is_simulated)
        clock_stop(&p->clock, at);
    else
        clock_set(&p->clock, at);
    return 0;
}

static int open_redis(struct pipeline *p)
{
    const struct redis_setting *r = &p->config->settings->redis;
    struct redis_address address = {
        .socket = r->socket, .host = r->host, .port = (int)r->port, .user = r->user
    };

    if (r->mode == REDIS_EMBEDDED) {
        bool is_lost;
        bool holds_all = !p->is_new && takeover_lacks(p, NULL, &is_lost) == 0;
        int started = embedded_redis_start(p->base, p->config->settings->state,
                                           r->server_binary ? r->server_binary : "redis-server",
                                           holds_all, &p->redis_server);

        if (started < 0)
            return started;
        address = (struct redis_address){ .socket = embedded_redis_socket(p->redis_server) };
    } else if (r->password_file) {
        AUTO(text_release) struct text password = TEXT_INIT;
        int got = file_read(r->password_file, 4096, &password);

        if (got < 0) {
            log_error("redis", "password_file error=\"%s\"", strerror(-got));
            return got;
        }
        while (password.len &&
               (password.buf[password.len - 1] == '\n' || password.buf[password.len - 1] == '\r'))
            password.buf[--password.len] = '\0';
        p->redis_password = strdup(text_str(&password));
        address.password = p->redis_password;
    }
    errno = ENOMEM;
    char holder[LEASE_HOLDER_MAX], name[LEASE_NAME_MAX];
    const struct store_identity identity = {
        .instance = p->config->settings->instance,
        .epoch = p->epoch,
        .holder = holder,
        .name = name,
        .lease_ms = r->mode == REDIS_EMBEDDED ? 0 : (int64_t)r->lease.count * 1000,
        .last_number = p->fence_number,
    };
    int result = lease_holder(p, holder, name);

    if (result < 0)
        return result;
    p->store = store_new(p->base, &address, &identity,
                         (struct store_events){ pipeline_store_ready, pipeline_store_lost,
                                                pipeline_store_standby, lease_fence, p });
    if (p->store)
        return 0;
    int error = errno;

    if (error == EINVAL)
        log_error("redis",
                  "address=\"%s\" is neither a socket path of at most 107 bytes nor a "
                  "numeric address",
                  address.socket ? address.socket : address.host);
    return -error;
}

static bool is_well(void *arg)
{
    (void)arg; /* the loop turns; a missing Redis or receiver is a known state, said in STATUS= */
    return true;
}

static int open_events(struct pipeline *p)
{
    const struct timeval tick = { TICK_S, 0 };

    p->tick = event_new(p->base, -1, EV_PERSIST, pipeline_on_tick, p);
    p->wake = event_new(p->base, -1, 0, pipeline_on_wake, p);
    p->take_turn = event_new(p->base, -1, 0, take_on_turn, p);
    p->apply_turn = event_new(p->base, -1, 0, apply_on_turn, p);
    /* libevent puts these back when the events are freed: a second signal must not cut the end short. */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    p->on_term = evsignal_new(p->base, SIGTERM, pipeline_on_signal, p);
    p->on_int = evsignal_new(p->base, SIGINT, pipeline_on_signal, p);
    p->on_hup = evsignal_new(p->base, SIGHUP, pipeline_on_hangup, p);
    p->retry = event_new(p->base, -1, 0, pipeline_on_wake, p);
    if (!p->retry || !p->tick || !p->wake || !p->take_turn || !p->apply_turn || !p->on_term ||
        !p->on_int || !p->on_hup || event_add(p->tick, &tick) < 0 ||
        event_add(p->on_term, NULL) < 0 || event_add(p->on_int, NULL) < 0 ||
        event_add(p->on_hup, NULL) < 0)
        return -ENOMEM;
    return 0;
}

/* Returns 0 or an exit status: a plan in force that does not go with the settings is their fault. */
static int settle_plans(struct pipeline *p)
{
    struct diags diags = DIAGS_INIT;
    int r = plans_settle(p, p->config, &diags);

    if (r < 0) {
        diags_print(&diags, stderr);
        log_error("plan", "cannot start: %s",
                  r == -EINVAL ? "what is in force does not go with the settings" : strerror(-r));
    }
    diags_release(&diags);
    return r == 0 ? 0 : r == -EINVAL ? EXIT_CONFIG : 1;
}

int pipeline_open(struct event_base *base, struct config *config,
                  const struct pipeline_options *options, struct pipeline **out)
{
    struct pipeline *p = calloc(1, sizeof *p);

    if (!p) {
        config_free(config);
        return 1;
    }
    p->base = base;
    p->config = config;
    p->options = *options;
    p->lock_fd = p->fence_fd = -1;
    p->evaluated_on = DATE_NONE;
    p->findings_of = DATE_NONE;
    p->purged_on = DATE_NONE;
    p->books = (struct books)BOOKS_INIT;
    p->forecasts = forecast_kept_new(); /* without memory none are kept */
    int status = p->options.is_past ? past_open(p) : 0;
    int r = status == 0 ? open_state(p) : 0;

    if (r == 0 && status == 0)
        status = set_clock(p);

    p->started = clock_wall(&p->clock);
    p->opened = clock_mono(&p->clock);
    if (r == 0 && status == 0)
        status = settle_plans(p);
    if (r == 0 && status == 0)
        r = open_events(p);
    if (r == 0 && status == 0)
        r = simulate_open(p);
    if (r == 0 && status == 0)
        r = spools_make(config->settings);
    if (r == 0 && status == 0)
        r = identity_open(p, config->settings);
    if (r == 0 && status == 0)
        r = intake_open(p);
    if (r == 0 && status == 0)
        r = open_redis(p);
    if (r == 0 && status == 0) {
        p->http = http_new(base);
        p->deliverer = p->http ? deliverer_new(p->http, &p->clock) : NULL;
        r = p->deliverer ? 0 : -ENOMEM;
        if (r == 0)
            r = http_use_proxy(p->http, p->config->settings->proxy,
                               p->config->settings->no_proxy.items,
                               p->config->settings->no_proxy.count);
        if (r == 0 && p->simulation)
            deliverer_mute(p->deliverer);
    }
    if (r == 0 && status == 0) {
        r = ctl_server_open(base, config->settings->control, ctl_answer, p, &p->ctl);
        if (r < 0)
            log_error("control", "socket=\"%s\" error=\"%s\"", config->settings->control,
                      strerror(-r));
        else
            ctl_allow(p);
    }
    if (r == 0 && status == 0)
        r = server_open(p);
    if (r == 0 && status == 0)
        r = pull_open(p);
    if (r == 0 && status == 0)
        r = unread_open(p);
    if (r == 0 && status == 0)
        r = sd_watchdog_start(base, is_well, p, &p->watchdog);
    if (r < 0 || status) {
        if (r < 0)
            log_error("main", "cannot start: %s", strerror(-r));
        pipeline_close(p);
        return status ? status : 1;
    }
    *out = p;
    return 0;
}

void pipeline_close(struct pipeline *p)
{
    if (!p)
        return;
    p->stopping = true;
    batch_forget(p);
    sd_watchdog_stop(p->watchdog);
    if (p->findings_of.day != DATE_NONE.day || p->waiting_count)
        ctl_settle_waiting(p);
    free(p->waiting);
    notify_close(p);
    doctor_close(p);
    ctl_server_close(p->ctl);
    intake_close(p);
    server_close(p);
    pull_close(p);
    unread_close(p);
    deliverer_free(p->deliverer);
    http_free(p->http);
    apply_abort(p);
    packed_forget(p);
    heal_abort(p);
    judge_abort(p);
    compose_abort(p);
    judge_forget(p);
    forecast_kept_free(p->forecasts);
    simulate_close(p);
    p->batch.in_flight = 0;
    store_free(p->store); /* ends what is in flight, the marks of attempts among it */
    deliver_abort(p);
    retention_abort(p);
    embedded_redis_stop(p->redis_server);
    free(p->redis_password);
    books_release(&p->books);
    table_release(&p->now_shown, free);
    table_release(&p->resting, free);
    table_release(&p->waiting_files, waiting_file_free);
    table_release(&p->sent_ids, NULL);
    table_release(&p->unheld, NULL);
    table_release(&p->sent_tells, free);
    table_release(&p->sent_days, free);
    released_release(p);
    heal_release(p);
    table_release(&p->lacks, NULL);
    table_release(&p->got_tells, free);
    pending_release(p);
    table_release(&p->dropped, NULL);
    table_release(&p->hurried, free);
    table_release(&p->paces, pace_free);
    letters_release(p);
    direct_release(p);
    resend_release(p);
    table_release(&p->configured, free);
    table_release(&p->expected, free);
    spc_release(p);
    workflow_release(&p->workflow);
    plan_ledger_release(&p->plan_ledger);
    known_release(p);
    forum_release(p);
    review_release(p);
    table_release(&p->modes, NULL);
    table_release(&p->decisions, decision_free);
    arrivals_close(p);
    receipt_list_release(&p->receipts);
    journal_close(p->received);
    journal_close(p->sent);
    journal_close(p->audit);
    archive_close(p->archive);
    identity_close(p);
    table_release(&p->mappings, NULL);
    struct event *events[] = { p->tick,    p->wake,   p->take_turn, p->apply_turn,
                               p->on_term, p->on_int, p->on_hup,    p->retry };

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (events[i])
            event_free(events[i]);
    fd_close(&p->fence_fd);
    if (p->lock_fd >= 0)
        close(p->lock_fd);
    config_free(p->config);
    free(p);
}
