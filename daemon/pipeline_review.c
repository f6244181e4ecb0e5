#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "notify/notice.h"
#include "notify/review_notice.h"

/*
 * Internal profiles whose review is due within days, or was. (1) Ops and fallback hear of each once before its
 * last day and once after it, and so does whoever is accountable in a live plan and is told by that receiver.
 * (2) A review_by that moved is told anew. (3) It is in the sent journal before the audit says that it was told.
 */

void review_release(struct pipeline *p)
{
    table_release(&p->reviewed, free);
}

/* "receiver|2026-06-30|soon" */
static char *key_of(const char *receiver, const char *review_by, const char *stage)
{
    struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s|%s", receiver, review_by, stage);
    return text_take(&key);
}

int review_read(struct pipeline *p, const json_t *record)
{
    const char *receiver = json_string_value(json_object_get(record, "review_told")),
               *review_by = json_string_value(json_object_get(record, "review_by")),
               *stage = json_string_value(json_object_get(record, "stage"));

    if (!receiver || !review_by || !stage)
        return -EBADMSG;
    AUTO(auto_free) char *key = key_of(receiver, review_by, stage);
    AUTO(auto_free) char *kept = strdup(stage);
    void *old = NULL;

    if (!key || !kept || table_set(&p->reviewed, key, kept, &old) < 0)
        return -ENOMEM;
    kept = NULL; /* the table's */
    free(old);
    return 0;
}

struct review_readers {
    struct composer_recipient list[COMPOSER_RECIPIENTS_MAX];
    size_t count;
};

static void add_reader(struct review_readers *all, const struct composer_recipient *to)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].receiver, to->receiver) == 0 &&
            strcmp(all->list[i].recipient, to->recipient) == 0)
            return;
    if (all->count < COMPOSER_RECIPIENTS_MAX)
        all->list[all->count++] = *to;
    else
        log_error("review", "more than %d recipients, one left out", COMPOSER_RECIPIENTS_MAX);
}

/* Whoever is accountable in the plan, and is told by this receiver. */
static void add_accountable(const struct pipeline *p, const struct plan *plan, const char *receiver,
                            struct review_readers *all)
{
    for (size_t i = 0; i < plan->action_count; i++) {
        struct composer_recipient to[COMPOSER_RECIPIENTS_MAX];
        const char *role = plan->actions[i].accountable;
        size_t n = role ? role_recipients(p, plan, role, to, COMPOSER_RECIPIENTS_MAX) : 0;

        for (size_t k = 0; k < n; k++)
            if (strcmp(to[k].receiver, receiver) == 0)
                add_reader(all, &to[k]);
    }
}

static void find_readers(const struct pipeline *p, const struct receiver_setting *r,
                         struct review_readers *all)
{
    struct composer_recipient to[COMPOSER_RECIPIENTS_MAX];
    size_t n = operators_of(p, to, COMPOSER_RECIPIENTS_MAX);

    for (size_t i = 0; i < n; i++)
        add_reader(all, &to[i]);
    for (size_t i = 0; i < p->config->plan_count; i++)
        if (p->config->plans[i]->mode == PLAN_LIVE)
            add_accountable(p, p->config->plans[i], r->id, all);
}

/* H(instance, "review", receiver of profile internal, review_by, stage, receiver, recipient) */
static int add_notice(struct pipeline *p, const struct receiver_setting *r, const char *stage,
                      const struct composer_recipient *to, struct due_again *list, size_t *count)
{
    AUTO(text_release) struct text subject = TEXT_INIT, body = TEXT_INIT;
    char id[ALERT_ID_MAX], review_by[DATE_TEXT_MAX];
    const char *const parts[] = { p->config->settings->instance,
                                  "review",
                                  r->id,
                                  date_format(r->review_by, review_by),
                                  stage,
                                  to->receiver,
                                  to->recipient };
    int error = alert_hash(parts, sizeof parts / sizeof parts[0], id);

    if (error < 0 || freeze_is_known(p, id))
        return error;
    error = review_words(r, pipeline_today(p), &subject, &body);
    if (error < 0)
        return error;
    const struct notice notice = { .kind = NOTICE_REVIEW,
                                   .delivery_id = id,
                                   .why = "",
                                   .subject = text_str(&subject),
                                   .body = text_str(&body) };

    error = freeze_notice(p, &notice, to, &list[*count].item);
    if (error == -EINVAL) {
        log_error("review", "receiver=%s its address is refused", to->receiver);
        return 0;
    }
    *count += list[*count].item != NULL;
    return error;
}

static bool tell(struct pipeline *p, const struct receiver_setting *r, const char *stage)
{
    struct review_readers all = { .count = 0 };
    struct due_again *list = calloc(COMPOSER_RECIPIENTS_MAX, sizeof *list);
    char review_by[DATE_TEXT_MAX];
    size_t count = 0;
    int error = list ? 0 : -ENOMEM;

    find_readers(p, r, &all);
    for (size_t i = 0; error == 0 && i < all.count; i++)
        error = add_notice(p, r, stage, &all.list[i], list, &count);
    log_info("review", "receiver=%s profile=internal review_by=%s: %s", r->id,
             date_format(r->review_by, review_by), stage);
    return freeze_make_due(p, list, count,
                           json_pack("{s:s, s:s, s:s, s:I}", "review_told", r->id, "review_by",
                                     review_by, "stage", stage, "at_ms",
                                     (json_int_t)clock_wall(&p->clock).ms),
                           review_read, error);
}

bool review_tell(struct pipeline *p)
{
    const struct settings *s = p->config->settings;

    for (size_t i = 0; i < s->receiver_count && !p->simulation && !disk_rests(p); i++) {
        const struct receiver_setting *r = &s->receivers[i];
        const char *stage = review_stage(r, pipeline_today(p));
        char review_by[DATE_TEXT_MAX];
        AUTO(auto_free)
        char *key = stage ? key_of(r->id, date_format(r->review_by, review_by), stage) : NULL;

        if (key && !table_has(&p->reviewed, key) && tell(p, r, stage))
            return true;
    }
    return false;
}
