#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "notify/notice.h"

/*
 * The test of each day: a message through the way of the alerts, frozen, journalled, tried and given up as they
 * are, so that a way that broke is found before it is needed. (1) Its id follows from the date and from whom it
 * is for, so that a day has one of each, whatever restarts. (2) One that is not taken within LATE_MS is a finding
 * of the daemon about itself, until it is or is given up, which has a finding of its own.
 */

#define LATE_MS        (30LL * 60 * 1000)
#define DAYS_LOOKED_AT 6 /* a message is given up after 120 h */

/* H(instance, "test", date, receiver, recipient) */
static int id_of(const struct pipeline *p, struct civil_date day, const char *receiver,
                 const char *recipient, char out[ALERT_ID_MAX])
{
    char date[DATE_TEXT_MAX];
    const char *const parts[] = { p->config->settings->instance, "test", date_format(day, date),
                                  receiver, recipient };

    return alert_hash(parts, sizeof parts / sizeof parts[0], out);
}

/* Its time has come, on a day that the clock does not show for the second time. */
static bool is_time(const struct pipeline *p)
{
    const struct daily_test_setting *t = &p->config->settings->daily_test;
    char now[WALL_TEXT_MAX];

    return t->receivers.count > 0 && !p->options.once && !p->simulation &&
           date_compare(p->daily_tested, pipeline_today(p)) != 0 && !pipeline_clock_is_back(p) &&
           strncmp(wall_format(clock_wall(&p->clock), now) + strlen("YYYY-MM-DDT"), t->at,
                   strlen("hh:mm")) >= 0;
}

/* That of one receiver, unless this day has it. Returns 0 or -errno. */
static int add_one(struct pipeline *p, const char *receiver, struct due_again *list, size_t *count)
{
    const struct settings *s = p->config->settings;
    const struct receiver_setting *r = settings_receiver(s, receiver);
    const char *recipient = config_recipient(p->config, r, pipeline_today(p));
    char id[ALERT_ID_MAX];

    if (!recipient) {
        log_warning("daily",
                    "receiver=%s has no to:, and nobody holds a role that uses it: no test",
                    receiver);
        return 0;
    }
    const struct composer_recipient to = { .receiver = receiver, .recipient = recipient };
    const struct notice notice = { .kind = NOTICE_DAILY_TEST,
                                   .delivery_id = id,
                                   .why = s->daily_test.at };
    int result = id_of(p, pipeline_today(p), receiver, recipient, id);

    if (result < 0 || freeze_is_known(p, id))
        return result;
    result = freeze_notice(p, &notice, &to, &list[*count].item);
    if (result == -EINVAL) {
        log_error("daily", "receiver=%s its address is refused", receiver);
        return 0;
    }
    *count += list[*count].item != NULL;
    return result;
}

bool daily_tell(struct pipeline *p)
{
    const struct text_list *receivers = &p->config->settings->daily_test.receivers;
    struct due_again *list;
    size_t count = 0;
    int r;

    if (!is_time(p) || disk_rests(p))
        return false;
    list = calloc(receivers->count + 1, sizeof *list);
    r = list ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < receivers->count; i++)
        r = add_one(p, receivers->items[i], list, &count);

    bool is_under_way = freeze_make_due(p, list, count, NULL, NULL, r);

    if (is_under_way || (r == 0 && count == 0))
        p->daily_tested = pipeline_today(p);
    return is_under_way;
}

/* ---- what did not arrive ---- */

/* Since when the oldest undelivered one is due; .ms 0: none is late. */
static struct wall_time late_since(const struct pipeline *p, const char *receiver)
{
    const struct receiver_setting *r = settings_receiver(p->config->settings, receiver);
    const char *recipient = config_recipient(p->config, r, pipeline_today(p));
    int64_t now = clock_wall(&p->clock).ms;
    struct wall_time since = { 0 };
    char id[ALERT_ID_MAX];

    for (int i = 0; recipient && i < DAYS_LOOKED_AT; i++) {
        struct civil_date day = date_add_days(pipeline_today(p), -i);
        const struct outbox_item *item =
            id_of(p, day, receiver, recipient, id) == 0 ? pending_item(p, id) : NULL;

        if (item && now - item->composed.ms >= LATE_MS)
            since = item->composed;
    }
    return since;
}

void daily_tick(struct pipeline *p)
{
    const struct text_list *receivers = &p->config->settings->daily_test.receivers;
    char late[sizeof p->daily_late] = "", at[WALL_TEXT_MAX];
    size_t len = 0;

    for (size_t i = 0; i < receivers->count && len < sizeof late; i++) {
        struct wall_time since = late_since(p, receivers->items[i]);

        if (since.ms)
            len += (size_t)snprintf(late + len, sizeof late - len, "%s%s since %s", len ? ", " : "",
                                    receivers->items[i], wall_format(since, at));
    }
    if (strcmp(late, p->daily_late) == 0)
        return;
    memcpy(p->daily_late, late, sizeof late);
    p->need_evaluate = true;
    pipeline_wake(p);
}
