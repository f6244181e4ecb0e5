#include "pipeline_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"

/*
 * What is kept only for a time: once on each local date, after its evaluation, in portions, so that
 * the loop goes on. The raw bytes of refused files go when their time is over; Redis forgets the ids
 * of finished messages, which the sent journal has. One audit record says what goes, before it goes.
 * What is in force, waits for a person, or is due, is never touched.
 */

#define ERASED_AT_ONCE 50 /* files: one turn of the loop stays short */

struct retention {
    char **names; /* in the quarantine, whose time is over */
    size_t count, next;
    bool sweeping;
};

static void retention_free(struct retention *r)
{
    for (size_t i = 0; r && i < r->count; i++)
        free(r->names[i]);
    if (r)
        free(r->names);
    free(r);
}

void retention_abort(struct pipeline *p)
{
    retention_free(p->retention);
    p->retention = NULL;
}

bool retention_is_done(const struct pipeline *p)
{
    return date_is_set(p->purged_on) && date_compare(p->purged_on, pipeline_today(p)) == 0;
}

static void finish(struct pipeline *p)
{
    p->purged_on = pipeline_today(p);
    retention_abort(p);
}

/* ---- whose time is over ---- */

/* A time of days ends with the date, at its beginning; one of hours to the second. */
static bool is_over(const struct pipeline *p, struct wall_time since, struct span kept)
{
    struct civil_date end = wall_date(since);

    switch (kept.unit) {
    case SPAN_SECONDS:
        return since.ms + (int64_t)kept.count * 1000 <= clock_wall(&p->clock).ms;
    case SPAN_DAYS:
        end = date_add_days(end, (int)kept.count);
        break;
    case SPAN_WEEKS:
        end = date_add_days(end, (int)kept.count * 7);
        break;
    case SPAN_WORKING_DAYS:
        end = workdays_after(&p->config->settings->workdays, end, (int)kept.count);
        break;
    case SPAN_MONTHS:
        end = date_add_months(end, (int)kept.count);
        break;
    }
    return date_compare(end, pipeline_today(p)) <= 0;
}

/* When these bytes were last refused; .ms 0: no receipt speaks of them. */
static struct wall_time refused_at(const struct pipeline *p, const char *sha256)
{
    for (size_t i = p->receipts.count; i-- > 0;) {
        const struct receipt *r = p->receipts.list[i];

        if (r->outcome == RECEIPT_REFUSED && !r->decides && strcmp(r->sha256, sha256) == 0)
            return r->at;
    }
    return (struct wall_time){ 0 };
}

/* Without a receipt (a crash came between): since it was written. */
static int add_if_over(struct pipeline *p, int folder, const char *name)
{
    struct retention *r = p->retention;
    struct wall_time since = refused_at(p, name);
    struct stat st;

    if (since.ms == 0) {
        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return errno == ENOENT ? 0 : -errno;
        since.ms = (int64_t)st.st_mtim.tv_sec * 1000;
    }
    if (!is_over(p, since, p->config->settings->retention.quarantine))
        return 0;
    char **names = realloc(r->names, (r->count + 1) * sizeof *names);

    if (!names)
        return -ENOMEM;
    r->names = names;
    names[r->count] = strdup(name);
    return names[r->count] ? (r->count++, 0) : -ENOMEM;
}

static int list_quarantine(struct pipeline *p)
{
    AUTO(auto_free) char *path = path_join(p->config->settings->state, "quarantine");
    DIR *folder = path ? opendir(path) : NULL;
    const struct dirent *entry;
    int r = 0;

    if (!folder)
        return !path ? -ENOMEM : errno == ENOENT ? 0 : -errno;
    while (r == 0 && (entry = readdir(folder)))
        if (strlen(entry->d_name) == SHA256_TEXT_MAX - 1)
            r = add_if_over(p, dirfd(folder), entry->d_name);
    (void)closedir(folder);
    return r;
}

/* ---- incidents: not by the day ---- */

static int erase_incident(struct pipeline *p, struct receipt *r)
{
    AUTO(auto_free) char *folder = path_join(p->config->settings->state, "quarantine");
    AUTO(auto_free) char *path = folder ? path_join(folder, r->sha256) : NULL;
    char date[DATE_TEXT_MAX], at[WALL_TEXT_MAX];
    struct wall_time now = clock_wall(&p->clock);
    struct stat st;
    int result = path ? 0 : -ENOMEM;

    if (result == 0 && lstat(path, &st) == 0)
        result =
            audit_append(p, json_pack("{s:s, s:I, s:I, s:s, s:I}", "purged",
                                      date_format(pipeline_today(p), date), "incident",
                                      (json_int_t)r->sequence, "quarantine", (json_int_t)1, "at",
                                      wall_format(now, at), "at_ms", (json_int_t)now.ms));
    if (result == 0)
        result = quarantine_erase(p, r->sha256);
    if (result == 0)
        log_info("retention", "feed=%s receipt=%llu raw bytes that held identifiers are erased",
                 r->feed, (unsigned long long)r->sequence);
    return result < 0 ? result : 0;
}

void retention_incidents(struct pipeline *p)
{
    struct span kept = p->config->settings->retention.incidents;
    int r = 0;

    if (kept.unit == SPAN_DAYS) /* to the second, not to a midnight */
        kept = (struct span){ kept.count * 86400, SPAN_SECONDS };
    for (size_t i = 0; r == 0 && i < p->receipts.count; i++) {
        struct receipt *receipt = p->receipts.list[i];

        if (!(receipt->incident || receipt->has_identifiers) || receipt->is_erased ||
            !is_over(p, receipt->at, kept))
            continue;
        r = erase_incident(p, receipt);
        receipt->is_erased = r == 0;
    }
    if (disk_error_is_full(r))
        disk_is_full(p, "the audit journal cannot be written", r);
    else if (r < 0)
        log_error("retention", "raw bytes that hold identifiers: %s", strerror(-r));
}

/* ---- the run ---- */

static int say_so(struct pipeline *p)
{
    char date[DATE_TEXT_MAX], at[WALL_TEXT_MAX];
    struct wall_time now = clock_wall(&p->clock);

    if (p->retention->count == 0)
        return 0;
    return audit_append(p, json_pack("{s:s, s:I, s:s, s:I}", "purged",
                                     date_format(pipeline_today(p), date), "quarantine",
                                     (json_int_t)p->retention->count, "at", wall_format(now, at),
                                     "at_ms", (json_int_t)now.ms));
}

static int begin(struct pipeline *p)
{
    p->retention = calloc(1, sizeof *p->retention);
    int r = p->retention ? list_quarantine(p) : -ENOMEM;

    return r == 0 ? say_so(p) : r;
}

static void on_swept(void *arg, int result)
{
    struct pipeline *p = arg;

    if (result < 0 && !p->stopping)
        log_warning("retention", "finished messages: %s; again tomorrow", strerror(-result));
    finish(p);
    pipeline_wake(p);
}

/* A failure is said and tried again on the next date: what is kept too long loses nothing. */
static void fail(struct pipeline *p, int error)
{
    if (disk_error_is_full(error))
        disk_is_full(p, "the audit journal cannot be written", error);
    else
        log_error("retention", "error=\"%s\": again tomorrow", strerror(-error));
    finish(p);
}

void retention_step(struct pipeline *p)
{
    int r = 0;

    if (retention_is_done(p) || (p->retention && p->retention->sweeping))
        return;
    if (!p->retention) {
        retention_incidents(p);
        r = begin(p);
    }
    for (int n = 0; r >= 0 && n < ERASED_AT_ONCE && p->retention->next < p->retention->count; n++)
        r = quarantine_erase(p, p->retention->names[p->retention->next++]);
    if (r < 0) {
        fail(p, r);
        return;
    }
    if (p->retention->next < p->retention->count) {
        pipeline_wake(p);
        return;
    }
    if (p->retention->count)
        log_info("retention", "quarantine=%zu files erased", p->retention->count);
    p->retention->sweeping = true;
    r = store_sweep(p->store, on_swept, p);
    if (r < 0)
        fail(p, r);
}
