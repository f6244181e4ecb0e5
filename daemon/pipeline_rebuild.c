#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"

/*
 * A person asked for it: every key of the instance is removed, then Redis is filled from the archive
 * and the journals as after any loss (pipeline_heal.c). (1) The act stands in the audit until a
 * record says that the keys are gone: a crash between repeats it. (2) Messages that were due stay as
 * they were frozen, under their ids: the sent journal has them (pipeline_pending.c). (3) Meanwhile questions are answered with "rebuilding" and how far it is.
 */

enum rebuild_stage { REBUILD_NONE, REBUILD_DROPPING, REBUILD_REPLAYING };

/* ---- the act ---- */

static void on_dropped(void *arg, int result)
{
    struct pipeline *p = arg;

    p->rebuild = REBUILD_NONE;
    if (p->stopping)
        return;
    if (result < 0) {
        pipeline_try_later(p, "the keys could not be removed", result);
        store_reset(p->store, "the keys could not be removed");
        return;
    }
    p->rebuild = REBUILD_REPLAYING;
    p->rebuild_wanted = false;
    p->gap[0] = '\0';
    int r = audit_alerts(p, json_pack("{s:s}", "rebuilt", "keys removed"), NULL);

    if (disk_error_is_full(r))
        disk_is_full(p, "the audit journal cannot be written", r);
    else if (r < 0)
        pipeline_stop(p, 1);
    pipeline_wake(p);
}

bool rebuild_start(struct pipeline *p)
{
    if (p->rebuild == REBUILD_DROPPING)
        return true;
    if (!p->rebuild_wanted)
        return false;
    pipeline_abandon(p);
    judge_forget(p);
    books_release(&p->books);
    log_info("rebuild", "removing the keys of the instance");
    p->rebuild = REBUILD_DROPPING;
    int r = store_drop(p->store, on_dropped, p);

    if (r < 0)
        on_dropped(p, r);
    return true;
}

/* ---- how far it is ---- */

void rebuild_loaded(struct pipeline *p)
{
    p->replay_done = p->replay_total = 0;
    p->apply_from = 0;
    p->loaded_upto = p->receipts.count ? p->receipts.list[p->receipts.count - 1]->sequence : 0;
    for (size_t i = 0; i < p->receipts.count; i++)
        p->replay_total += receipt_is_due(p, p->receipts.list[i]);
}

void rebuild_applied(struct pipeline *p)
{
    p->replay_done++;
    while (p->apply_from < p->receipts.count && !receipt_is_due(p, p->receipts.list[p->apply_from]))
        p->apply_from++;
}

void rebuild_settled(struct pipeline *p)
{
    if (p->rebuild == REBUILD_REPLAYING)
        log_info("rebuild", "done: files=%zu alerts=%zu", p->replay_done,
                 table_count(&p->books.alerts));
    p->rebuild = REBUILD_NONE;
    p->replay_total = 0;
}

static const char *stage_of(const struct pipeline *p)
{
    if (p->rebuild == REBUILD_DROPPING || p->rebuild_wanted)
        return "removing keys";
    if (p->loaded && p->replay_total > 0 && p->replay_done < p->replay_total)
        return "applying files";
    return p->rebuild == REBUILD_REPLAYING ? "judging" : NULL;
}

bool rebuild_words(const struct pipeline *p, char out_words[REBUILD_WORDS_MAX])
{
    const char *stage = stage_of(p);

    out_words[0] = '\0';
    if (!stage)
        return false;
    (void)snprintf(out_words, REBUILD_WORDS_MAX, "rebuilding: %s", stage);
    if (strcmp(stage, "applying files") == 0)
        (void)snprintf(out_words, REBUILD_WORDS_MAX, "rebuilding: %zu of %zu files applied",
                       p->replay_done, p->replay_total);
    return true;
}

json_t *rebuild_report(const struct pipeline *p)
{
    const char *stage = stage_of(p);

    return !stage ? json_null()
                  : json_pack("{s:s, s:i, s:i}", "stage", stage, "done", (int)p->replay_done,
                              "total", (int)p->replay_total);
}
