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
                   error ? strerror(-error) : "");
    log_error("pipeline", "%s; tried again in %.1f s", p->trouble, (double)p->retry_wait_ms / 1000);
    const struct timeval in = { p->retry_wait_ms / 1000, p->retry_wait_ms % 1000 * 1000 };

    (void)event_add(p->retry, &in); /* without it the tick comes, within a second of its time */
}

void pipeline_all_is_well(struct pipeline *p)
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
        pipeline_abandon(p);
        pipeline_try_later(p, "a change could not be stored", p->batch_error);
        store_reset(p->store, "a change was not taken: the books are loaded again");
    } else {
        finish(p);
    }
    pipeline_wake(p);
}

/* Adds the calls of a paced batch, as many as may be in flight. */
static void add_more(struct pipeline *p)
{
    bool is_left = true;

    while (is_left && !p->batch.failed && p->batch.in_flight < IN_FLIGHT_MOST)
        is_left = p->batch.more(p);
    if (is_left && !p->batch.failed)
        return; /* the next answer brings the next calls */
    p->batch.more = NULL;
    batch_end(p);
}

void batch_run(struct pipeline *p, bool (*more)(struct pipeline *p),
               void (*finish)(struct pipeline *p))
{
    batch_begin(p, finish);
    p->batch.more = more;
    add_more(p);
}

void batch_forget(struct pipeline *p)
{
    p->batch.finish = NULL;
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
    if (p->batch.more && (p->batch.failed || p->batch.in_flight <= IN_FLIGHT_MOST / 2))
        add_more(p);
    else
        batch_settle(p);
}

void batch_add(struct pipeline *p, int r)
{
    if (r < 0)
        batch_fail(p, r);
    else
        p->batch.in_flight++;
}

void batch_end(struct pipeline *p)
{
    p->batch.open = false;
    batch_settle(p);
}
