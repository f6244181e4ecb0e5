#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define RETRY_FIRST_MS 500
#define RETRY_LAST_MS  60000
#define IN_FLIGHT_MOST 2000 /* of a paced batch: the connection takes 10,000 */

/* ---- failures that may last ---- */

void pipeline_try_later(struct pipeline *p, const char *what, int error)
{
    p->retry_wait_ms = p->retry_wait_ms == 0                  ? RETRY_FIRST_MS
                       : p->retry_wait_ms < RETRY_LAST_MS / 2 ? p->retry_wait_ms * 2
                                                              : RETRY_LAST_MS;
    p->retry_at.ms = clock_mono(&p->clock).ms + p->retry_wait_ms;
    (void)snprintf(p->trouble, sizeof p->trouble, "%s%s%s", what, error ? ": " : "",
                   error ? store_words(p->store, error) : "");
    log_error("pipeline", "%s; tried again in %.1f s", p->trouble, (double)p->retry_wait_ms / 1000);
    const struct timeval in = { p->retry_wait_ms / 1000, p->retry_wait_ms % 1000 * 1000 };

    (void)event_add(p->retry, &in); /* without it the tick comes, within a second of its time */
}

/* The wait is that before the next change: what is due is loaded soon, and leaves meanwhile. */
static void rest_while_full(struct pipeline *p)
{
    const struct timeval soon = { 0, RETRY_FIRST_MS * 1000L };

    p->is_full = true;
    p->change_at = p->retry_at;
    p->retry_at.ms = clock_mono(&p->clock).ms + RETRY_FIRST_MS;
    (void)event_add(p->retry, &soon);
}

bool pipeline_changes_rest(const struct pipeline *p)
{
    return p->is_full && clock_mono(&p->clock).ms < p->change_at.ms;
}

/* Redis took a change. */
static void note_room(struct pipeline *p)
{
    if (!p->is_full)
        return;
    p->is_full = false;
    intake_look_again(p); /* files were held meanwhile */
}

void pipeline_all_is_well(struct pipeline *p)
{
    note_room(p);
    p->trouble[0] = '\0';
    p->retry_wait_ms = 0;
}

/* ---- batches of Redis calls ---- */

void batch_begin(struct pipeline *p, void (*finish)(struct pipeline *p))
{
    const struct batch before = p->batch;

    p->batch = (struct batch){ .open = true, .finish = finish };
    if (before.is_ahead) { /* both take effect, or the books are loaded again */
        p->batch.in_flight = before.in_flight;
        p->batch.failed = before.failed;
        p->batch.has_calls = before.has_calls;
    }
    if (!p->batch.failed)
        p->batch_error = 0;
}

static void adopted_before(struct pipeline *p)
{
    (void)p;
}

void batch_ahead(struct pipeline *p)
{
    p->batch.is_ahead = true;
    p->batch.finish = adopted_before;
}

void batch_fail(struct pipeline *p, int error)
{
    p->batch.failed = true;
    if (p->batch_error == 0)
        p->batch_error = error;
}

void pipeline_abandon(struct pipeline *p)
{
    heal_abort(p);
    judge_abort(p);
    compose_abort(p);
    apply_abort(p);
    packed_forget(p);
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
    p->batch.is_ahead = false;
    if (failed) {
        pipeline_abandon(p);
        pipeline_try_later(p, "a change could not be stored", p->batch_error);
        if (p->batch_error == -ENOSPC)
            rest_while_full(p);
        store_reset(p->store, "a change was not taken: the books are loaded again");
    } else {
        if (p->batch.has_calls)
            note_room(p);
        finish(p);
    }
    pipeline_wake(p);
}

/* The next calls leave once what they rest on is on the disk. Else none of them does: the run ends, and
 * the next one knows what stands there. */
static bool may_leave(struct pipeline *p)
{
    int r = p->batch.has_calls ? arrivals_sync(p) : 0;

    if (r == 0)
        r = audit_sync(p);
    if (r < 0) {
        batch_fail(p, r);
        store_reset(p->store, "a journal cannot be written");
    }
    return r == 0;
}

/* Adds the calls of a paced batch, as many as may be in flight. */
static void add_more(struct pipeline *p)
{
    bool is_left = true;

    p->batch.rests = false;
    while (is_left && !p->batch.rests && !p->batch.failed && p->batch.in_flight < p->batch.most)
        is_left = p->batch.more(p);
    if (is_left && !p->batch.failed && may_leave(p))
        return; /* the next answer brings the next calls, or who made the batch rest */
    p->batch.more = NULL;
    batch_end(p);
}

void batch_run_few(struct pipeline *p, size_t most, bool (*more)(struct pipeline *p),
                   void (*finish)(struct pipeline *p))
{
    batch_begin(p, finish);
    p->batch.most = most;
    p->batch.more = more;
    add_more(p);
}

void batch_run(struct pipeline *p, bool (*more)(struct pipeline *p),
               void (*finish)(struct pipeline *p))
{
    batch_run_few(p, IN_FLIGHT_MOST, more, finish);
}

void batch_rest(struct pipeline *p)
{
    p->batch.rests = true;
}

void batch_go_on(struct pipeline *p)
{
    if (p->batch.more && (p->batch.failed || p->batch.in_flight < p->batch.most))
        add_more(p);
}

void batch_forget(struct pipeline *p)
{
    p->batch.finish = NULL;
    p->batch.is_ahead = false;
    if (p->batch.more) {
        p->batch.more = NULL;
        p->batch.open = false;
    }
}

void batch_done(void *arg, int result)
{
    struct pipeline *p = arg;

    p->batch.in_flight--;
    if (result < 0 && result != -EEXIST)
        batch_fail(p, result);
    if (p->batch.more && (p->batch.failed || p->batch.in_flight <= p->batch.most / 2))
        add_more(p);
    else
        batch_settle(p);
}

void batch_add(struct pipeline *p, int r)
{
    p->batch.has_calls = true;
    if (r < 0)
        batch_fail(p, r);
    else
        p->batch.in_flight++;
}

void batch_end(struct pipeline *p)
{
    p->batch.open = false;
    if (may_leave(p))
        store_flush(p->store);
    batch_settle(p);
}
