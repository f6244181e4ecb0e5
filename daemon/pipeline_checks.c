#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*
 * What the daemon watches about itself, each a finding of the rule self-check. (1) Redis's settings,
 * at every connection and each minute (RELIABILITY section 2): one that is wrong may lose what was
 * acknowledged. (2) Files that only a daemon before us had (pipeline_takeover.c). (3) Damaged files of
 * the embedded server, set aside (loop/aside.h), for as long as they lie there.
 */

#define SETTINGS_EVERY_MS 60000

static void on_settings(void *arg, int result, const char *wrong)
{
    struct pipeline *p = arg;

    p->is_checking_redis = false;
    if (result < 0 || strcmp(p->redis_wrong, wrong) == 0)
        return;
    (void)snprintf(p->redis_wrong, sizeof p->redis_wrong, "%s", wrong);
    if (wrong[0])
        log_warning("redis", "its settings may lose what was acknowledged: %s", wrong);
    else
        log_info("redis", "its settings are right again");
    p->need_evaluate = true;
    pipeline_wake(p);
}

static void look_aside(struct pipeline *p)
{
    char name[ASIDE_NAME_MAX] = "";

    if (p->redis_server)
        (void)embedded_redis_aside(p->redis_server, name);
    if (strcmp(name, p->aside) == 0)
        return;
    memcpy(p->aside, name, sizeof name);
    p->need_evaluate = true;
    pipeline_wake(p);
}

const char *checks_redis_state(const struct pipeline *p)
{
    const char *trouble = p->redis_server ? embedded_redis_trouble(p->redis_server) : "";

    return trouble[0] && !store_is_ready(p->store) ? trouble : store_state(p->store);
}

void checks_tick(struct pipeline *p)
{
    int64_t now = clock_mono(&p->clock).ms;

    if (!store_is_ready(p->store) || p->is_checking_redis || now < p->redis_check_at.ms)
        return;
    p->redis_check_at.ms = now + SETTINGS_EVERY_MS;
    look_aside(p);
    p->is_checking_redis = store_check_settings(p->store, on_settings, p) == 0;
}

void checks_connected(struct pipeline *p)
{
    p->is_checking_redis = false;
    p->redis_check_at.ms = 0;
    checks_tick(p);
}

size_t checks_of(const struct pipeline *p, struct self_check out_checks[CHECKS_MAX],
                 char words[CHECKS_MAX][CHECK_WORDS_MAX])
{
    bool is_lost;
    size_t n = 0, lacks = takeover_lacks(p, NULL, &is_lost);

    if (p->redis_wrong[0]) {
        (void)snprintf(words[n], CHECK_WORDS_MAX, "%s. What was acknowledged may be lost",
                       p->redis_wrong);
        out_checks[n] = (struct self_check){ .id = "redis",
                                             .title = "Redis is set up so that it may lose data",
                                             .detail = words[n] };
        n++;
    }
    if (lacks) {
        (void)snprintf(words[n], CHECK_WORDS_MAX,
                       "%zu files that another daemon took are not in this archive: Redis alone "
                       "holds their figures",
                       lacks);
        out_checks[n] = (struct self_check){ .id = "archive",
                                             .title = "Files are missing from the archive",
                                             .detail = words[n] };
        n++;
    }
    if (p->aside[0]) {
        (void)snprintf(words[n], CHECK_WORDS_MAX,
                       "Redis could not read its files, so they were set aside as redis/%s and all "
                       "was rebuilt from the archive and the journals: nothing is lost. Look after "
                       "the disk, then remove that folder",
                       p->aside);
        out_checks[n] = (struct self_check){ .id = "redis-files",
                                             .title = "Redis's files were damaged",
                                             .detail = words[n] };
        n++;
    }
    return n;
}
