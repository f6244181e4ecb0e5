#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "alert/forum_due.h"
#include "base/auto.h"
#include "base/log.h"
#include "notify/forum_notice.h"
#include "notify/notice.h"

/*
 * Commentaries that a forum asks for, and those that it misses (alert/forum_due.h). (1) One notice for each
 * who is concerned, of all that is due of one meeting; ops where nobody has the role. (2) Its delivery id
 * follows from what it tells of and to whom: a crash on the way leaves it told once, and what came to be
 * red meanwhile is told all the same. It waits for the hours of whom it is for; a request that has time, for a day on
 * which no mail of alerts went to them. (3) It is in the sent journal before the audit says that it was told.
 */

void forum_release(struct pipeline *p)
{
    table_release(&p->asked, free);
}

/* ---- the record ---- */

static int remember(struct pipeline *p, const char *key, struct civil_date day)
{
    struct civil_date *kept = table_get(&p->asked, key);

    if (kept)
        return 0;
    kept = malloc(sizeof *kept);
    if (!kept)
        return -ENOMEM;
    *kept = day;
    int r = table_set(&p->asked, key, kept, NULL);

    if (r < 0)
        free(kept);
    return r;
}

static const char *text_of(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

static int day_of(const json_t *record, const char *key, struct civil_date *out)
{
    const char *text = text_of(record, key);

    return text && date_parse_iso(text, strlen(text), out) == 0 ? 0 : -EBADMSG;
}

int forum_read(struct pipeline *p, const json_t *record)
{
    const char *plan = text_of(record, "forum_told"), *forum = text_of(record, "forum"),
               *news = text_of(record, "news");
    const json_t *episodes = json_object_get(record, "episodes");
    struct civil_date meeting, on;
    char key[FORUM_KEY_MAX];

    if (!plan || !forum || !news || day_of(record, "meeting", &meeting) < 0 ||
        day_of(record, "on", &on) < 0)
        return -EBADMSG;
    enum forum_news told =
        strcmp(news, forum_news_name(FORUM_MISSES)) == 0 ? FORUM_MISSES : FORUM_ASKS;
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(episodes); i++) {
        const char *episode = json_string_value(json_array_get(episodes, i));

        r = episode && forum_key(plan, forum, meeting, told, episode, key) == 0
                ? remember(p, key, on)
                : -EBADMSG;
    }
    return r;
}

static json_t *marker_of(const struct pipeline *p, const struct forum_due *due)
{
    char meeting[DATE_TEXT_MAX], on[DATE_TEXT_MAX];
    json_t *episodes = json_array();

    for (size_t i = 0; episodes && i < due->count; i++)
        if (json_array_append_new(episodes, json_string(due->items[i].episode->id)) < 0) {
            json_decref(episodes);
            return NULL;
        }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "forum_told", due->plan->id, "forum",
                     due->forum->id, "meeting", date_format(due->meeting->on, meeting), "news",
                     forum_news_name(due->news), "on", date_format(pipeline_today(p), on),
                     "episodes", episodes, "at_ms", (json_int_t)clock_wall(&p->clock).ms);
}

/* ---- who is told of which ---- */

struct forum_reader {
    struct composer_recipient to;
    bool *concerns; /* of the items, by position */
};

struct forum_readers {
    struct forum_reader list[COMPOSER_RECIPIENTS_MAX];
    size_t count;
};

static void forum_readers_release(struct forum_readers *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->list[i].concerns);
}

/* NULL: no memory, or one too many. */
static struct forum_reader *reader_of(struct forum_readers *all,
                                      const struct composer_recipient *to, size_t items)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].to.receiver, to->receiver) == 0 &&
            strcmp(all->list[i].to.recipient, to->recipient) == 0)
            return &all->list[i];
    if (all->count == COMPOSER_RECIPIENTS_MAX)
        return NULL;
    bool *concerns = calloc(items, sizeof *concerns);

    if (!concerns)
        return NULL;
    all->list[all->count] = (struct forum_reader){ *to, concerns };
    return &all->list[all->count++];
}

static int find_readers(const struct pipeline *p, const struct forum_due *due,
                        struct forum_readers *all)
{
    for (size_t i = 0; i < due->count; i++) {
        struct composer_recipient to[COMPOSER_RECIPIENTS_MAX];
        size_t n = role_recipients(p, due->plan, due->items[i].roles, to, COMPOSER_RECIPIENTS_MAX);

        for (size_t k = 0; k < n; k++) {
            struct forum_reader *r = reader_of(all, &to[k], due->count);

            if (!r && all->count < COMPOSER_RECIPIENTS_MAX)
                return -ENOMEM;
            if (r)
                r->concerns[i] = true;
            else
                log_error("forum", "plan=%s: more than %d recipients, one left out", due->plan->id,
                          COMPOSER_RECIPIENTS_MAX);
        }
    }
    return 0;
}

/* H(instance, what, plan, forum, meeting, receiver, recipient, episodes) */
static int id_of(const struct pipeline *p, const struct forum_due *due,
                 const struct forum_reader *reader, char out[ALERT_ID_MAX])
{
    char meeting[DATE_TEXT_MAX];
    AUTO(text_release) struct text episodes = TEXT_INIT;

    for (size_t i = 0; i < due->count; i++)
        if (reader->concerns[i])
            (void)text_printf(&episodes, "%s ", due->items[i].episode->id);
    if (!text_ok(&episodes))
        return -ENOMEM;
    const char *const parts[] = { p->config->settings->instance,
                                  due->news == FORUM_ASKS ? "forum-asks" : "forum-misses",
                                  due->plan->id,
                                  due->forum->id,
                                  date_format(due->meeting->on, meeting),
                                  reader->to.receiver,
                                  reader->to.recipient,
                                  text_str(&episodes) };

    return alert_hash(parts, sizeof parts / sizeof parts[0], out);
}

static int add_notice(struct pipeline *p, const struct forum_due *due,
                      const struct forum_reader *reader, struct due_again *list, size_t *count)
{
    AUTO(text_release) struct text subject = TEXT_INIT, body = TEXT_INIT;
    char id[ALERT_ID_MAX];
    int r = id_of(p, due, reader, id);

    if (r < 0 || freeze_is_known(p, id))
        return r;
    r = forum_words(due, reader->concerns, &subject, &body);
    if (r < 0)
        return r;
    const struct notice notice = { .kind = due->news == FORUM_ASKS ? NOTICE_FORUM_ASKS
                                                                   : NOTICE_FORUM_MISSES,
                                   .delivery_id = id,
                                   .why = "",
                                   .plan = due->plan->id,
                                   .subject = text_str(&subject),
                                   .body = text_str(&body) };

    r = freeze_notice(p, &notice, &reader->to, &list[*count].item);
    if (r == -EINVAL) {
        log_error("forum", "receiver=%s its address is refused", reader->to.receiver);
        return 0;
    }
    *count += list[*count].item != NULL;
    return r;
}

/* ---- what is due ---- */

static bool waits(struct pipeline *p, const struct forum_readers *all)
{
    struct wall_time opens_at = { 0 };

    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].to.opens_at.ms > opens_at.ms)
            opens_at = all->list[i].to.opens_at;
    return freeze_waits(p, &p->forum_notices_at, opens_at);
}

static bool day_is_spent(const struct pipeline *p, const struct forum_readers *all)
{
    bool spent = false;

    for (size_t i = 0; i < all->count; i++)
        spent |= freeze_day_is_spent(p, &all->list[i].to);
    return spent;
}

static bool tell(struct pipeline *p, const struct forum_due *due, bool is_pressing)
{
    AUTO(forum_readers_release) struct forum_readers all = { .count = 0 };
    struct due_again *list = calloc(COMPOSER_RECIPIENTS_MAX, sizeof *list);
    size_t count = 0;
    int r = list ? find_readers(p, due, &all) : -ENOMEM;

    if (r == 0 && (waits(p, &all) || (!is_pressing && day_is_spent(p, &all)))) {
        free(list);
        return false;
    }
    for (size_t i = 0; r == 0 && i < all.count; i++)
        r = add_notice(p, due, &all.list[i], list, &count);
    log_info("forum", "plan=%s forum=%s %s commentaries on %zu measures", due->plan->id,
             due->forum->id, forum_news_name(due->news), due->count);
    return freeze_make_due(p, list, count, marker_of(p, due), forum_read, r);
}

/* The next of one plan. Returns 1: a batch is under way, 0: nothing is due, or not now. */
static int tell_next_of(struct pipeline *p, const struct plan *plan, bool is_pressing)
{
    AUTO(auto_free)
    const struct alert **alerts = calloc(table_count(&p->books.alerts) + 1, sizeof *alerts);
    AUTO(forum_due_release) struct forum_due due = { 0 };
    size_t n = 0;
    void *value;

    for (size_t at = 0; alerts && table_next(&p->books.alerts, &at, NULL, &value);)
        alerts[n++] = &((struct stored_alert *)value)->alert;
    const struct forum_input in = { .plan = plan,
                                    .alerts = alerts,
                                    .alert_count = n,
                                    .workflow = &p->workflow,
                                    .asked = &p->asked,
                                    .workdays = &p->config->settings->workdays,
                                    .today = pipeline_today(p),
                                    .is_pressing = is_pressing };

    if (!alerts || forum_due_next(&in, &due) < 0) {
        log_error("forum", "error=\"%s\": told later", strerror(ENOMEM));
        return 0;
    }
    return due.count ? tell(p, &due, is_pressing) : 0;
}

static bool tell_next(struct pipeline *p, bool is_pressing)
{
    if (freeze_is_waiting(p, &p->forum_notices_at))
        return false;
    for (size_t i = 0; i < p->config->plan_count && !disk_rests(p); i++) {
        const struct plan *plan = p->config->plans[i];

        if (plan->mode == PLAN_LIVE && plan->forum_count && tell_next_of(p, plan, is_pressing))
            return true;
    }
    return false;
}

bool forum_tell(struct pipeline *p)
{
    /* Of what was judged today: yesterday's red may be over. */
    if (p->need_evaluate || p->findings_of.day != pipeline_today(p).day)
        return false;
    return tell_next(p, true) || (!p->need_compose && tell_next(p, false));
}
