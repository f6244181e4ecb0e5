#include "pipeline_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*
 * What the daemon watches about itself, each a finding of the rule self-check. (1) Redis's settings,
 * at every connection and each minute (RELIABILITY section 2): one that is wrong may lose what was
 * acknowledged. (2) Files that only a daemon before us had (pipeline_takeover.c). (3) Damaged files of
 * the embedded server, set aside (loop/aside.h), for as long as they lie there. (4) A reload that was
 * refused a minute ago and not mended since (row P10): the old thresholds stand in force, which nobody
 * may have meant. (5) A journal that lacks what Redis knows of (pipeline_witness.c), until a person has
 * Redis rebuilt. (6) An applied plan that the archive has no more (pipeline_plans.c).
 * (7) A test of the day that no receiver took (pipeline_daily.c). (8) A list of bank holidays that ends
 * within months, or has ended: working days would be counted through holidays. (9) A feed of which all publication
 * dates are past and came: nothing more is awaited, so that it would never be late.
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

static bool is_reload_told(const struct pipeline *p)
{
    return p->reload_error[0] && clock_mono(&p->clock).ms >= p->reload_told_at.ms;
}

void checks_tick(struct pipeline *p)
{
    int64_t now = clock_mono(&p->clock).ms;
    bool is_told = is_reload_told(p);

    if (is_told != p->is_reload_told)
        p->need_evaluate = true;
    p->is_reload_told = is_told;
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

struct check_list {
    struct self_check *out;
    char (*words)[CHECK_WORDS_MAX];
    size_t count;
};

__attribute__((format(printf, 4, 5))) static void add(struct check_list *l, const char *id,
                                                      const char *title, const char *format, ...)
{
    char *words = l->words[l->count];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, CHECK_WORDS_MAX, format, args);
    va_end(args);
    l->out[l->count++] = (struct self_check){ .id = id, .title = title, .detail = words };
}

static void add_calendar(struct check_list *l, const struct pipeline *p)
{
    const struct workdays *w = &p->config->settings->workdays;
    enum workdays_state state = workdays_state(w, pipeline_today(p));
    char until[DATE_TEXT_MAX];

    if (state != WORKDAYS_KNOWN)
        add(l, "bank-holidays",
            state == WORKDAYS_ENDED ? "The list of bank holidays has ended"
                                    : "The list of bank holidays ends soon",
            "It is known until %s. After it bank holidays are counted as working days, so that "
            "what is "
            "due in working days is due too early. Bring the next years by a newer version, or "
            "name a "
            "longer list under bank_holidays: in the settings, and reload",
            date_format(w->until, until));
}

/* Once for all of them: which, for as long as one is so. */
static void add_unawaited(struct check_list *l, const struct pipeline *p)
{
    const struct settings *s = p->config->settings;
    char names[CHECK_WORDS_MAX / 2] = "";
    size_t count = 0, len = 0;

    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_setting *f = &s->feeds[i];

        if (!feed_is_unawaited(p, f))
            continue;
        if (count++ > 0 && len < sizeof names)
            len += (size_t)snprintf(names + len, sizeof names - len, ", ");
        if (len < sizeof names)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s", f->id);
    }
    if (count > 0)
        add(l, "publication-dates", "A feed has no publication date left",
            "Of %s nothing more is awaited, so that it is never called late, however old its data. "
            "Add the coming dates to its cadence: in the settings, and reload",
            names);
}

size_t checks_of(const struct pipeline *p, struct self_check out_checks[CHECKS_MAX],
                 char words[CHECKS_MAX][CHECK_WORDS_MAX])
{
    struct check_list l = { out_checks, words, 0 };
    bool is_lost;
    size_t lacks = takeover_lacks(p, NULL, &is_lost);

    if (p->redis_wrong[0])
        add(&l, "redis", "Redis is set up so that it may lose data",
            "%s. What was acknowledged may be lost", p->redis_wrong);
    if (lacks)
        add(&l, "archive", "Files are missing from the archive",
            "%zu file%s that another daemon took %s not in this archive: Redis alone holds the "
            "figures",
            lacks, lacks == 1 ? "" : "s", lacks == 1 ? "is" : "are");
    if (p->aside[0])
        add(&l, "redis-files", "Redis's files were damaged",
            "Redis could not read its files, so they were set aside as redis/%s and all was "
            "rebuilt "
            "from the archive and the journals: nothing is lost. Look after the disk, then remove "
            "that folder",
            p->aside);
    if (p->gap[0])
        add(&l, "journals", "A journal was cut or changed",
            "%s. Bring the journals back from the copy; then, or to go on with them as they are, "
            "\"waitlistctl rebuild\" makes Redis follow them",
            p->gap);
    if (p->plan_trouble[0])
        add(&l, "plan", "A plan that was applied cannot be read",
            "%s. Bring the archive back from the copy and reload, or apply the plan again",
            p->plan_trouble);
    if (p->daily_late[0])
        add(&l, "daily-test", "A test of the day was not taken",
            "Receivers: %s. Alerts do not reach them either: \"waitlistctl outbox ls\" says why",
            p->daily_late);
    if (is_reload_told(p))
        add(&l, "configuration", "A change of the configuration was refused",
            "%s. \"waitlistd --check\" names each error; mend them and reload", p->reload_error);
    add_calendar(&l, p);
    add_unawaited(&l, p);
    return l.count;
}
