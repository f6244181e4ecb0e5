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

/* ---- failures that may last ---- */

/* The books are loaded again, at first soon, then ever less often: what fails for ever must not
 * keep the machine busy, nor fill the log. error: -errno, or 0 when it is not known. */
static void try_later(struct pipeline *p, const char *what, int error)
{
    p->retry_wait_ms = p->retry_wait_ms == 0                  ? RETRY_FIRST_MS
                       : p->retry_wait_ms < RETRY_LAST_MS / 2 ? p->retry_wait_ms * 2
                                                              : RETRY_LAST_MS;
    p->retry_at.ms = clock_mono(&p->clock).ms + p->retry_wait_ms;
    (void)snprintf(p->trouble, sizeof p->trouble, "%s%s%s", what, error ? ": " : "",
                   error ? strerror(-error) : "");
    log_error("pipeline", "%s; tried again in %.1f s", p->trouble, (double)p->retry_wait_ms / 1000);
    const struct timeval in = { p->retry_wait_ms / 1000, p->retry_wait_ms % 1000 * 1000 };

    (void)event_add(p->retry, &in); /* without it the tick comes, within a second of its time */
}

/* All work is done. A batch that finished proves less: one may succeed and the next fail, for ever. */
static void all_is_well(struct pipeline *p)
{
    p->trouble[0] = '\0';
    p->retry_wait_ms = 0;
}

/* ---- batches of Redis calls ---- */

void batch_begin(struct pipeline *p, void (*finish)(struct pipeline *p))
{
    p->batch = (struct batch){ .open = true, .finish = finish };
    p->batch_error = 0;
}

static void note_failure(struct pipeline *p, int error)
{
    p->batch.failed = true;
    if (p->batch_error == 0)
        p->batch_error = error;
}

static void abandon(struct pipeline *p)
{
    judge_abort(p);
    compose_abort(p);
    apply_abort(p);
    p->loaded = false;
    p->need_evaluate = true;
}

static void batch_settle(struct pipeline *p)
{
    void (*finish)(struct pipeline *) = p->batch.finish;
    bool failed = p->batch.failed;

    if (p->batch.open || p->batch.in_flight || !finish)
        return;
    p->batch.finish = NULL;
    if (failed) {
        abandon(p);
        try_later(p, "a change could not be stored", p->batch_error);
        store_reset(p->store, "a change was not taken: the books are loaded again");
    } else {
        finish(p);
    }
    pipeline_wake(p);
}

void batch_done(void *arg, int result)
{
    struct pipeline *p = arg;

    p->batch.in_flight--;
    if (result < 0 && result != -EEXIST)
        note_failure(p, result);
    batch_settle(p);
}

void batch_add(struct pipeline *p, int r)
{
    if (r < 0)
        note_failure(p, r);
    else
        p->batch.in_flight++;
}

void batch_end(struct pipeline *p)
{
    p->batch.open = false;
    batch_settle(p);
}

/* ---- Redis comes and goes ---- */

static void on_loaded(void *arg, int result)
{
    struct pipeline *p = arg;

    p->loading = false;
    if (p->is_load_stale) { /* a reload came between */
        p->is_load_stale = false;
        books_release(&p->books);
        pipeline_wake(p);
        return;
    }
    if (result < 0) {
        books_release(&p->books);
        try_later(p, "the books could not be loaded", result);
        store_reset(p->store, "the books could not be loaded");
        return;
    }
    /* What was told and Redis lost, and what a plan asks for that was not kept before. */
    if (sent_merge(p) < 0 || apply_backfill(p) < 0) {
        pipeline_stop(p, 1);
        return;
    }
    p->loaded = true;
    p->need_evaluate = true;
    pipeline_wake(p);
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
        try_later(p, "the books could not be loaded", r);
}

/* What is in memory, or on its way there, is not what this configuration needs. */
static void load_again(struct pipeline *p, const char *why)
{
    p->batch.finish = NULL; /* what is in flight belongs to the old configuration */
    p->is_load_stale = p->loading;
    p->loaded = false;
    store_reset(p->store, why);
}

static void on_store_ready(void *arg)
{
    struct pipeline *p = arg;

    log_info("redis", "connected");
    pipeline_wake(p);
}

static void on_store_lost(void *arg, const char *why)
{
    struct pipeline *p = arg;

    if (p->stopping)
        return;
    log_warning("redis", "lost: %s", why);
    if (!p->batch.in_flight && !p->batch.open)
        abandon(p);
    else
        p->batch.failed = true;
    pipeline_wake(p);
}

/* When a feed was first configured: its first period is awaited from then. A disk that is full for
 * now says so in STATUS= and stops nothing; returns any other failure. */
static int journal_configured(struct pipeline *p, const char *feed)
{
    struct wall_time now = clock_wall(&p->clock);
    char date[DATE_TEXT_MAX];
    struct civil_date *today = malloc(sizeof *today);
    json_t *j = json_pack("{s:s, s:s, s:I}", "configured", feed, "on",
                          date_format(pipeline_today(p), date), "at_ms", (json_int_t)now.ms);
    AUTO(auto_free) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    uint64_t sequence;
    int r = text && today ? journal_append(p->audit, text, strlen(text), &sequence) : -ENOMEM;

    json_decref(j);
    if (r == 0) {
        disk_is_well(p);
        *today = pipeline_today(p);
        r = table_set(&p->configured, feed, today, NULL);
    }
    if (r < 0)
        free(today);
    if (disk_error_is_full(r)) {
        disk_is_full(p, "the audit journal cannot be written", r);
        r = 0;
    }
    return r;
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
            r = journal_configured(p, s->feeds[i].id);
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

/* One thing at a time; returns false when nothing is left to start. */
static bool advance_once(struct pipeline *p)
{
    const struct receipt *next;

    if (p->stopping || !store_is_ready(p->store) || p->loading || p->batch.in_flight ||
        p->batch.open)
        return false;
    if (!p->loaded) {
        if (clock_mono(&p->clock).ms >= p->retry_at.ms)
            start_loading(p);
        return false;
    }
    if (ensure_feeds(p) < 0) {
        pipeline_stop(p, 1);
        return false;
    }
    next = apply_next(p);
    if (next) {
        apply_start(p, next);
        return true;
    }
    if (!is_of_today(p))
        p->need_evaluate = true;
    if (p->need_evaluate) {
        judge_start(p);
        return is_of_today(p); /* else its batch is in flight, or failed: never asked in a circle */
    }
    if (p->need_compose) {
        compose_start(p);
        return true;
    }
    deliver_due(p);
    return false;
}

void pipeline_advance(struct pipeline *p)
{
    char line[256];

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
    bool idle = p->loaded && !p->batch.in_flight && !p->need_evaluate && !p->need_compose &&
                date_is_set(p->findings_of) && !apply_next(p);

    if (idle) {
        all_is_well(p);
        say_evaluated(p);
    }
    ctl_settle_waiting(p);
    pipeline_status_line(p, line);
    (void)sd_tell_status("%s", line);
    if (p->options.once && idle && deliver_tried_all(p))
        pipeline_stop(p, deliver_pending(p) || p->disk_trouble[0] || p->inbox_trouble[0] ? 1 : 0);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    pipeline_advance(arg);
}

void pipeline_wake(struct pipeline *p)
{
    event_active(p->wake, EV_TIMEOUT, 0);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct pipeline *p = arg;

    (void)fd;
    (void)what;
    if (p->options.once && !p->loaded &&
        clock_wall(&p->clock).ms - p->started.ms > (int64_t)ONCE_REDIS_WAIT_S * 1000) {
        log_error("redis", "not usable within %d s: %s", ONCE_REDIS_WAIT_S,
                  p->trouble[0] ? p->trouble : store_state(p->store));
        pipeline_stop(p, 1);
        return;
    }
    watch_clock(p);
    intake_tick(p);
    pipeline_advance(p); /* which evaluates again after midnight */
}

void pipeline_stop(struct pipeline *p, int exit_status)
{
    if (p->stopping)
        return;
    p->stopping = true;
    p->exit_status = exit_status;
    (void)event_base_loopexit(p->base, NULL);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    struct pipeline *p = arg;

    (void)fd;
    (void)what;
    log_info("main", "stopping");
    (void)sd_tell_stopping("stopping");
    pipeline_stop(p, 0);
}

/* ---- reload ---- */

static int make_spools(const struct settings *s)
{
    for (size_t i = 0; i < s->receiver_count; i++) {
        int r = s->receivers[i].kind == RECEIVER_SPOOL ? folder_make(s->receivers[i].dir) : 0;

        if (r < 0) {
            log_error("main", "receiver=%s dir=\"%s\" error=\"%s\"", s->receivers[i].id,
                      s->receivers[i].dir, strerror(-r));
            return r;
        }
    }
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The first key of the new settings that a running daemon cannot follow, or NULL. */
static const char *fixed_key(const struct settings *was, const struct settings *is)
{
    const struct redis_setting *old = &was->redis, *new = &is->redis;
    const struct {
        const char *key, *was, *is;
    } texts[] = {
        { "instance", was->instance, is->instance },
        { "state", was->state, is->state },
        { "control", was->control, is->control },
        { "redis.server_binary", old->server_binary, new->server_binary },
        { "redis.socket", old->socket, new->socket },
        { "redis.host", old->host, new->host },
        { "redis.user", old->user, new->user },
        { "redis.password_file", old->password_file, new->password_file },
    };

    if (old->mode != new->mode)
        return "redis.mode";
    if (old->port != new->port)
        return "redis.port";
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!same_text(texts[i].was, texts[i].is))
            return texts[i].key;
    return NULL;
}

static bool same_receivers(const struct settings *a, const struct settings *b)
{
    if (a->receiver_count != b->receiver_count)
        return false;
    for (size_t i = 0; i < a->receiver_count; i++)
        if (!settings_receiver(b, a->receivers[i].id))
            return false;
    return true;
}

/* The new configuration comes into force. Takes it. */
static void adopt(struct pipeline *p, struct config *next)
{
    AUTO(auto_free) char *summary = config_summary(next);
    struct config *old = p->config;

    apply_abort(p);
    judge_abort(p);
    compose_abort(p);
    judge_forget(p);
    /* Told-state is loaded for the receivers there are: one that comes back has been told things. */
    if (p->batch.in_flight || p->batch.open || p->loading ||
        !same_receivers(old->settings, next->settings))
        load_again(p, "reload");
    p->config = next;
    (void)setenv("TZ", next->settings->timezone, 1);
    tzset();
    log_set_level(log_level_of(next->settings->log_level));
    (void)make_spools(next->settings); /* says itself what it cannot make */
    intake_close(p);
    if (intake_open(p) < 0)
        log_error("reload", "no memory for the inboxes");
    config_free(old);
    p->need_evaluate = true;
    log_info("reload", "%s", summary ? summary : "");
    intake_scan(p);
}

static void on_hangup(evutil_socket_t fd, short what, void *arg)
{
    struct pipeline *p = arg;
    struct diags diags = DIAGS_INIT;
    struct config *next = NULL;

    (void)fd;
    (void)what;
    (void)sd_tell_reloading();
    int r = config_load(p->options.config_path, p->options.datadir, &diags, &next);

    if (diags.count)
        diags_print(&diags, stderr);
    const char *fixed = r == 0 ? fixed_key(p->config->settings, next->settings) : NULL;

    if (r < 0)
        (void)snprintf(p->reload_error, sizeof p->reload_error,
                       "reload refused (%zu errors), the last good configuration stays in force",
                       diags.errors);
    else if (fixed)
        (void)snprintf(p->reload_error, sizeof p->reload_error,
                       "reload refused: %s changes only with a restart; the last good "
                       "configuration stays in force",
                       fixed);
    if (r == 0 && !fixed) {
        p->reload_error[0] = '\0';
        adopt(p, next);
    } else {
        if (r == 0)
            config_free(next);
        log_error("reload", "%s", p->reload_error);
    }
    diags_release(&diags);
    (void)sd_tell_ready(p->reload_error[0] ? p->reload_error : NULL);
    pipeline_wake(p);
}

/* ---- opening ---- */

static int audit_read(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct pipeline *p = arg;
    json_t *j = json_loadb(json, len, 0, NULL);
    const char *date = json_string_value(json_object_get(j, "evaluated"));
    const char *feed = json_string_value(json_object_get(j, "configured"));
    const char *on = json_string_value(json_object_get(j, "on"));
    const char *epoch = json_string_value(json_object_get(j, "epoch"));
    int64_t at = json_integer_value(json_object_get(j, "at_ms"));
    struct civil_date d;
    int r = j ? 0 : -EBADMSG;

    (void)sequence;
    if (epoch)
        (void)snprintf(p->epoch, sizeof p->epoch, "%s", epoch);
    if (at > p->last_time.ms)
        p->last_time.ms = at;
    if (date && date_parse_iso(date, strlen(date), &d) == 0 &&
        (!date_is_set(p->evaluated_on) || date_compare(d, p->evaluated_on) > 0))
        p->evaluated_on = d;
    if (feed && on && date_parse_iso(on, strlen(on), &d) == 0) {
        struct civil_date *copy = malloc(sizeof *copy);
        void *old = NULL;

        if (!copy || table_set(&p->configured, feed, copy, &old) < 0) {
            free(copy);
            r = -ENOMEM;
        } else {
            *copy = d;
            free(old);
        }
    }
    json_decref(j);
    return r;
}

/* The name of this state folder, drawn once: what Redis holds under another name is not ours. */
static int ensure_epoch(struct pipeline *p)
{
    unsigned char raw[16];
    struct wall_time now = clock_wall(&p->clock);
    uint64_t sequence;
    int r = p->epoch[0] ? 1 : random_bytes(raw, sizeof raw);

    if (r != 0)
        return r < 0 ? r : 0;
    for (size_t i = 0; i < sizeof raw; i++)
        (void)snprintf(p->epoch + 2 * i, 3, "%02x", raw[i]);
    json_t *j = json_pack("{s:s, s:I}", "epoch", p->epoch, "at_ms",
                          p->options.at_given ? (json_int_t)0 : (json_int_t)now.ms);
    AUTO(auto_free) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

    r = text ? journal_append(p->audit, text, strlen(text), &sequence) : -ENOMEM;
    json_decref(j);
    return r;
}

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
    if (r == 0)
        r = journal_open(received, receipt_read, p, &p->received);
    if (r == 0)
        r = journal_open(sent, sent_read, p, &p->sent);
    if (r == 0)
        r = journal_open(audit, audit_read, p, &p->audit);
    if (r == 0)
        r = ensure_epoch(p);
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

    if (!p->options.at_given)
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
        int result = embedded_redis_start(p->base, p->config->settings->state,
                                          r->server_binary ? r->server_binary : "redis-server",
                                          &p->redis_server);

        if (result < 0)
            return result;
        address = (struct redis_address){ .socket = embedded_redis_socket(p->redis_server) };
    } else if (r->password_file) {
        AUTO(text_release) struct text password = TEXT_INIT;
        int result = file_read(r->password_file, 4096, &password);

        if (result < 0) {
            log_error("redis", "password_file error=\"%s\"", strerror(-result));
            return result;
        }
        while (password.len &&
               (password.buf[password.len - 1] == '\n' || password.buf[password.len - 1] == '\r'))
            password.buf[--password.len] = '\0';
        p->redis_password = strdup(text_str(&password));
        address.password = p->redis_password;
    }
    errno = ENOMEM;
    p->store = store_new(p->base, &address, p->config->settings->instance, p->epoch,
                         (struct store_events){ on_store_ready, on_store_lost, p });
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

    p->tick = event_new(p->base, -1, EV_PERSIST, on_tick, p);
    p->wake = event_new(p->base, -1, 0, on_wake, p);
    /* libevent puts these back when the events are freed: a second signal must not cut the end short. */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    p->on_term = evsignal_new(p->base, SIGTERM, on_signal, p);
    p->on_int = evsignal_new(p->base, SIGINT, on_signal, p);
    p->on_hup = evsignal_new(p->base, SIGHUP, on_hangup, p);
    p->retry = event_new(p->base, -1, 0, on_wake, p);
    if (!p->retry || !p->tick || !p->wake || !p->on_term || !p->on_int || !p->on_hup ||
        event_add(p->tick, &tick) < 0 || event_add(p->on_term, NULL) < 0 ||
        event_add(p->on_int, NULL) < 0 || event_add(p->on_hup, NULL) < 0)
        return -ENOMEM;
    return 0;
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
    p->lock_fd = -1;
    p->evaluated_on = DATE_NONE;
    p->findings_of = DATE_NONE;
    p->books = (struct books)BOOKS_INIT;
    int r = open_state(p);
    int status = r == 0 ? set_clock(p) : 0;

    p->started = clock_wall(&p->clock);
    if (r == 0 && status == 0)
        r = open_events(p);
    if (r == 0 && status == 0)
        r = make_spools(config->settings);
    if (r == 0 && status == 0)
        r = intake_open(p);
    if (r == 0 && status == 0)
        r = open_redis(p);
    if (r == 0 && status == 0) {
        p->http = http_new(base);
        p->deliverer = p->http ? deliverer_new(p->http, &p->clock) : NULL;
        r = p->deliverer ? 0 : -ENOMEM;
    }
    if (r == 0 && status == 0) {
        r = ctl_server_open(base, config->settings->control, ctl_answer, p, &p->ctl);
        if (r < 0)
            log_error("control", "socket=\"%s\" error=\"%s\"", config->settings->control,
                      strerror(-r));
    }
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

int pipeline_run(struct pipeline *p)
{
    AUTO(auto_free) char *summary = config_summary(p->config);

    log_info("main", "%s", summary ? summary : "");
    (void)sd_tell_ready("started");
    watch_clock(p);
    intake_scan(p);
    pipeline_wake(p);
    (void)event_base_dispatch(p->base);
    return p->exit_status;
}

void pipeline_close(struct pipeline *p)
{
    if (!p)
        return;
    p->stopping = true;
    p->batch.finish = NULL;
    sd_watchdog_stop(p->watchdog);
    if (p->findings_of.day != DATE_NONE.day || p->waiting_count)
        ctl_settle_waiting(p);
    free(p->waiting);
    ctl_server_close(p->ctl);
    intake_close(p);
    deliverer_free(p->deliverer);
    http_free(p->http);
    apply_abort(p);
    judge_abort(p);
    compose_abort(p);
    judge_forget(p);
    p->batch.in_flight = 0;
    store_free(p->store); /* ends what is in flight, the marks of attempts among it */
    deliver_abort(p);
    embedded_redis_stop(p->redis_server);
    free(p->redis_password);
    books_release(&p->books);
    table_release(&p->now_shown, free);
    table_release(&p->resting, free);
    table_release(&p->waiting_files, waiting_file_free);
    table_release(&p->sent_ids, NULL);
    table_release(&p->sent_tells, free);
    table_release(&p->ordinals, free);
    table_release(&p->configured, free);
    receipt_list_release(&p->receipts);
    journal_close(p->received);
    journal_close(p->sent);
    journal_close(p->audit);
    archive_close(p->archive);
    struct event *events[] = { p->tick, p->wake, p->on_term, p->on_int, p->on_hup, p->retry };

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (events[i])
            event_free(events[i]);
    if (p->lock_fd >= 0)
        close(p->lock_fd);
    config_free(p->config);
    free(p);
}
