#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"

#define REFUSED_FOR_MS 60000 /* who reloads may mend it before ops hear of it */

/* ---- reload ---- */

int spools_make(const struct settings *s)
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
        { "identity.key_file", was->identity.key_file, is->identity.key_file },
        { "identity.previous_key_file", was->identity.previous_key_file,
          is->identity.previous_key_file },
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
    if (old->lease.count != new->lease.count)
        return "redis.lease";
    if (was->http.is_on && !same_text(was->http.listen, is->http.listen))
        return "http.listen";
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

void pipeline_let_go(struct pipeline *p, bool of_books)
{
    apply_abort(p);
    packed_forget(p);
    judge_abort(p);
    compose_abort(p);
    heal_abort(p);
    judge_forget(p);
    if (of_books || p->batch.in_flight || p->batch.open || p->loading)
        pipeline_load_again(p, "reload");
    books_drop_lists(&p->books); /* they borrow from the configuration */
}

/* The new configuration comes into force. Takes it. */
static void adopt(struct pipeline *p, struct config *next)
{
    AUTO(auto_free) char *summary = config_summary(next);
    struct config *old = p->config;

    p->apply_from = 0; /* a feed may have come back */
    /* Told-state is loaded for the receivers there are: one that comes back has been told things. */
    pipeline_let_go(p, !same_receivers(old->settings, next->settings) ||
                           old->settings->list_count || next->settings->list_count);
    p->config = next;
    p->daily_tested = DATE_NONE; /* one that was added gets its test today */
    p->weekly.looked = DATE_NONE;
    golive_adopt(p);
    (void)setenv("TZ", next->settings->timezone, 1);
    tzset();
    log_set_level(log_level_of(next->settings->log_level));
    if (http_use_proxy(p->http, next->settings->proxy, next->settings->no_proxy.items,
                       next->settings->no_proxy.count) < 0)
        log_error("reload", "no memory for the proxy: what is posted goes without it");
    (void)spools_make(next->settings); /* says itself what it cannot make */
    ctl_allow(p);
    intake_close(p);
    if (intake_open(p) < 0)
        log_error("reload", "no memory for the inboxes");
    server_adopt(p);
    pull_close(p);
    if (pull_open(p) < 0)
        log_error("reload", "no memory for what is fetched");
    config_free(old);
    p->need_evaluate = true;
    log_info("reload", "%s", summary ? summary : "");
    intake_scan(p);
}

/* The last thing that may refuse a reload: an edited plan file is in the audit after it. */
static bool settle_plans(struct pipeline *p, struct config *next)
{
    struct diags diags = DIAGS_INIT;
    int r = plans_settle(p, next, &diags);

    if (diags.errors)
        diags_print(&diags, stderr);
    diags_release(&diags);
    if (r < 0)
        (void)snprintf(p->reload_error, sizeof p->reload_error,
                       "reload refused: the plan in force %s; the last good configuration stays in "
                       "force",
                       r == -EINVAL ? "does not go with the new settings" : "cannot be kept");
    return r == 0;
}

void pipeline_on_hangup(evutil_socket_t fd, short what, void *arg)
{
    struct pipeline *p = arg;
    struct diags diags = DIAGS_INIT;
    struct config *next = NULL;
    bool was_refused = p->reload_error[0] != '\0';

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
    else if (identity_open(p, next->settings) < 0) {
        (void)snprintf(p->reload_error, sizeof p->reload_error,
                       "reload refused: the key of the pseudonyms cannot be used; the last good "
                       "configuration stays in force");
        fixed = "identity";
    }
    if (r == 0 && !fixed && !settle_plans(p, next))
        fixed = "plans";
    if (r == 0 && !fixed) {
        p->reload_error[0] = '\0';
        adopt(p, next);
    } else {
        if (r == 0)
            config_free(next);
        if (!was_refused)
            p->reload_told_at.ms = clock_mono(&p->clock).ms + REFUSED_FOR_MS;
        log_error("reload", "%s", p->reload_error);
    }
    diags_release(&diags);
    (void)sd_tell_ready(p->reload_error[0] ? p->reload_error : NULL);
    pipeline_wake(p);
}
