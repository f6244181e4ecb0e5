#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"

/*
 * What people see of the outbox and do to it. Each act is checked here, journalled by
 * pipeline_acts.c and takes effect here, at the act and at each start. It names a dead letter by the
 * number of its record, so that it never reaches a later one of the same message.
 */

#define ID_DIGITS_MIN 6 /* the beginning of an id, where it is of one message only */

/* ---- outbox ls ---- */

/* When it is tried next; .ms 0: now. */
static struct wall_time next_try(const struct pipeline *p, const struct outbox_item *item)
{
    const struct mono_time *rest = table_get(&p->resting, item->receiver);
    int64_t now = clock_mono(&p->clock).ms, at = item->next_try.ms;

    if (rest && rest->ms > at)
        at = rest->ms;
    return (struct wall_time){ at > now ? clock_wall(&p->clock).ms + at - now : 0 };
}

static json_t *time_or_null(struct wall_time t)
{
    char text[WALL_TEXT_MAX];

    return t.ms ? json_string(wall_format(t, text)) : json_null();
}

static json_t *row_of(const struct outbox_item *item, const char *state, const char *why,
                      unsigned tries, struct wall_time next)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:o, s:i, s:o, s:b, s:s?}", "id",
                     item->delivery_id, "state", state, "receiver", item->receiver, "recipient",
                     item->recipient, "subject", item->subject, "severity",
                     alert_severity_name(item->severity), "since", time_or_null(item->composed),
                     "tries", (int)tries, "next_try", time_or_null(next), "outcome_unknown",
                     (int)item->unknown, "why", why && *why ? why : NULL);
}

json_t *outbox_list(const struct pipeline *p)
{
    json_t *list = json_array();
    void *value;

    for (size_t at = 0; table_next(&p->letters, &at, NULL, &value);) {
        const struct letter *l = value;

        if (!l->is_due_again ||
            !books_outbox_item(&p->books, l->item->delivery_id)) /* Redis has still to hear */
            json_array_append_new(list,
                                  row_of(l->item, l->is_due_again ? "due" : "dead", l->why,
                                         l->is_due_again ? 0 : l->tries, (struct wall_time){ 0 }));
    }
    for (size_t i = 0; i < p->books.outbox_count; i++) {
        const struct outbox_item *item = p->books.outbox[i];
        struct wall_time next = next_try(p, item);

        if (deliver_outcome(p, item->delivery_id))
            continue; /* only Redis does not know yet */
        json_array_append_new(list, row_of(item,
                                           table_has(&p->flying, item->delivery_id) ? "under way"
                                           : next.ms                                ? "waiting"
                                                                                    : "due",
                                           item->why, item->tries, next));
    }
    return list;
}

/* ---- outbox retry, outbox drop ---- */

static bool is_meant(const char *id, const char *given)
{
    size_t len = strlen(given);

    return len >= ID_DIGITS_MIN && strncmp(id, given, len) == 0;
}

/* The one message that an id, or its beginning, names. */
static const char *message_named(const struct pipeline *p, const char *given, char why[ACT_WHY_MAX])
{
    const char *found = NULL, *id;
    void *value;
    size_t count = 0;

    for (size_t at = 0; table_next(&p->letters, &at, &id, &value);)
        if (!((const struct letter *)value)->is_due_again && is_meant(id, given)) {
            found = id;
            count++;
        }
    for (size_t i = 0; i < p->books.outbox_count; i++) {
        id = p->books.outbox[i]->delivery_id;
        if (is_meant(id, given) && !deliver_outcome(p, id)) {
            found = id;
            count++;
        }
    }
    if (count == 1)
        return found;
    (void)snprintf(why, ACT_WHY_MAX,
                   count ? "more than one message has an id that begins so"
                   : p->loaded
                       ? "no message that is due or dead has this id"
                       : "the books are not loaded yet: which messages are due is not known");
    return NULL;
}

int outbox_check_retry(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const char *given = json_string_value(json_object_get(act, "id"));
    const char *id = message_named(p, given ? given : "", why);
    const struct letter *l = id ? letter_find(p, id) : NULL;

    if (!id)
        return -ENOENT;
    if (l && !l->is_due_again &&
        json_object_set_new(act, "letter", json_integer((json_int_t)l->sequence)) < 0)
        return -ENOMEM;
    return json_object_set_new(act, "id", json_string(id)) < 0 ? -ENOMEM : 0;
}

int outbox_check_drop(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const char *reason = json_string_value(json_object_get(act, "why"));

    if (!reason || !*reason) {
        (void)snprintf(why, ACT_WHY_MAX, "--why wants the reason: nobody will be told of it");
        return -EINVAL;
    }
    return outbox_check_retry(p, act, why);
}

/* The dead letter that an act is about; NULL: none, or a later one. */
static struct letter *letter_of(const struct pipeline *p, const json_t *act, const char *id)
{
    struct letter *l = letter_find(p, id);
    json_int_t sequence = json_integer_value(json_object_get(act, "letter"));

    return l && (uint64_t)sequence == l->sequence ? l : NULL;
}

static int hurry(struct pipeline *p, const char *id, struct wall_time at)
{
    struct wall_time *when = malloc(sizeof *when);
    struct outbox_item *item = books_outbox_item(&p->books, id);
    void *old = NULL;

    if (!when)
        return -ENOMEM;
    *when = at;
    int r = table_set(&p->hurried, id, when, &old);

    free(r < 0 ? (void *)when : old);
    if (item) {
        item->next_try = (struct mono_time){ 0 };
        free(table_remove(&p->resting, item->receiver));
    }
    return r;
}

int outbox_take_retry(struct pipeline *p, const json_t *act)
{
    const char *id = json_string_value(json_object_get(act, "id"));
    const struct wall_time at = { json_integer_value(json_object_get(act, "at_ms")) };
    struct letter *l = id ? letter_of(p, act, id) : NULL;

    if (!id)
        return -EBADMSG;
    if (l) {
        l->is_due_again = true;
        l->decided_at = at;
        p->need_evaluate = true;
        free(table_remove(&p->resting, l->item->receiver));
        return 0;
    }
    return json_object_get(act, "letter") ? 0 : hurry(p, id, at);
}

int outbox_take_drop(struct pipeline *p, const json_t *act)
{
    const char *id = json_string_value(json_object_get(act, "id"));

    if (!id)
        return -EBADMSG;
    if (letter_of(p, act, id))
        letters_remove(p, id);
    else if (json_object_get(act, "letter"))
        return 0;
    return table_set(&p->dropped, id, p, NULL);
}
