#include "pipeline_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"

/*
 * Files of the past, one a request of waitlistctl, which puts them in order. Each goes the way of every
 * file (archive, journal, quarantine), marked as history: a figure of it yields to one that came as it was
 * published, and none of it comes late. A file whose bytes were received before is not received again, so a
 * backfill that was ended, at whatever point and however, is asked for once more. (1) While one is under
 * way nothing is judged, so that nobody is told of what was true in between. (2) That ends with the last
 * file, some seconds after a client that went away, and after some minutes whatever comes: what is true
 * now is never held back for longer.
 */

#define IDLE_MS (10 * 1000)      /* between two files */
#define MOST_MS (10 * 60 * 1000) /* of all */

struct backfilled {
    struct pipeline *pipeline;
    struct ctl_request *request;
};

bool backfill_is_on(const struct pipeline *p)
{
    int64_t now = clock_mono(&p->clock).ms;

    return now < p->backfill_until.ms && now < p->backfill_most.ms;
}

static void go_on(struct pipeline *p)
{
    int64_t now = clock_mono(&p->clock).ms;

    if (now >= p->backfill_until.ms)
        p->backfill_most.ms = now + MOST_MS;
    p->backfill_until.ms = now + IDLE_MS;
}

/* ---- a file ---- */

static void on_taken(void *arg, const char *name, const struct take_report *report)
{
    static const char *const outcomes[] = {
        [RECEIPT_ACCEPTED] = "accepted", [RECEIPT_HELD] = "held", [RECEIPT_REFUSED] = "refused"
    };
    struct backfilled *b = arg;
    const struct receipt *r = report->receipt;
    bool is_known = report->result != TAKE_RECEIVED;
    const char *why = is_known ? NULL : r->outcome == RECEIPT_REFUSED ? report->refusal : r->why;
    json_t *answer =
        json_pack("{s:s, s:s*}", "outcome", is_known ? "known" : outcomes[r->outcome], "why", why);

    (void)name;
    go_on(b->pipeline);
    if (answer)
        ctl_reply(b->request, answer);
    else
        ctl_fail(b->request, 1, "out of memory");
    free(b);
}

static void on_left(void *arg, const char *name, int error)
{
    struct backfilled *b = arg;

    (void)name;
    ctl_fail(b->request, 1, "not taken: %s", error ? strerror(-error) : "no files are taken now");
    free(b);
}

static void on_go_on(void *arg)
{
    (void)arg; /* it is freed: the next file is another request */
}

static void offer(struct pipeline *p, struct ctl_request *request, const char *feed,
                  const char *path, int fd)
{
    static const struct take_source source = { on_taken, on_left, on_go_on };
    struct backfilled *b = malloc(sizeof *b);
    const char *name = strrchr(path, '/');

    if (!b) {
        ctl_fail(request, 1, "out of memory");
        return;
    }
    *b = (struct backfilled){ p, request };
    take_offer(p, &(struct take_offer){ .source = &source,
                                        .arg = b,
                                        .feed = feed,
                                        .name = name ? name + 1 : path,
                                        .fd = fd,
                                        .is_history = true });
}

/* ---- requests ---- */

static void end(struct pipeline *p, struct ctl_request *request)
{
    p->backfill_until.ms = 0;
    ctl_reply(request, json_object());
    pipeline_wake(p);
}

/* A descriptor of a regular file, or -1 after answering. */
static int open_file(struct ctl_request *request, const char *path)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    int kept = -1;

    if (fd < 0 || fstat(fd, &st) < 0)
        ctl_fail(request, 1, "the daemon cannot read it: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        ctl_fail(request, 1, "it is no regular file");
    else {
        kept = fd;
        fd = -1;
    }
    return kept;
}

void backfill_answer(struct pipeline *p, struct ctl_request *request)
{
    const json_t *asked = ctl_request_json(request);
    const char *feed = json_string_value(json_object_get(asked, "feed"));
    const char *path = json_string_value(json_object_get(asked, "path"));

    if (!path) {
        end(p, request);
        return;
    }
    if (store_leader(p->store))
        ctl_fail(request, 1, "standby: %s leads: ask that one", store_leader(p->store));
    else if (!feed || !pipeline_feed(p, feed))
        ctl_fail(request, 1, "no feed has this id");
    else if (!take_is_open(p))
        ctl_fail(request, 1, "no files are taken just now: ask once more later");
    else {
        AUTO(fd_close) int fd = open_file(request, path);

        if (fd < 0)
            return;
        go_on(p);
        offer(p, request, feed, path, fd);
    }
}
