#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"

/*
 * Dead letters: messages given up after eight refusals, a permanent one, or 120 h. They are known
 * from the sent journal, what people decided of them from the audit; `dead` in Redis is a copy for
 * readers and for a daemon that takes over, a HASH by delivery id (not the STREAM of DESIGN section
 * 13), since a letter leaves it again when a person decides.
 */

static void letter_free(void *value)
{
    struct letter *l = value;

    if (!l)
        return;
    outbox_item_free(l->item);
    free(l->record);
    free(l);
}

void letters_release(struct pipeline *p)
{
    table_release(&p->letters, letter_free);
}

struct letter *letter_find(const struct pipeline *p, const char *delivery_id)
{
    return table_get(&p->letters, delivery_id);
}

void letters_remove(struct pipeline *p, const char *delivery_id)
{
    letter_free(table_remove(&p->letters, delivery_id));
    p->need_evaluate = true;
}

int letters_add(struct pipeline *p, const json_t *record, uint64_t sequence)
{
    const char *frozen = json_string_value(json_object_get(record, "item"));
    const char *why = json_string_value(json_object_get(record, "why"));
    const char *address = json_string_value(json_object_get(record, "address"));
    struct letter *l = calloc(1, sizeof *l);
    void *old = NULL;
    int r = !l ? -ENOMEM : frozen && why ? 0 : -EBADMSG;

    if (r == 0)
        r = outbox_item_decode(frozen, strlen(frozen), &l->item);
    if (r == 0) {
        l->record = json_text(record, JSON_COMPACT);
        r = l->record ? 0 : -ENOMEM;
    }
    if (r == 0) {
        l->sequence = sequence;
        l->at.ms = json_integer_value(json_object_get(record, "at_ms"));
        l->code = (long)json_integer_value(json_object_get(record, "code"));
        l->is_permanent = json_is_true(json_object_get(record, "permanent"));
        l->tries = (unsigned)json_integer_value(json_object_get(record, "tries"));
        (void)snprintf(l->why, sizeof l->why, "%s", why);
        (void)snprintf(l->address, sizeof l->address, "%s", address ? address : "");
        r = table_set(&p->letters, l->item->delivery_id, l, &old);
    }
    if (r < 0)
        letter_free(l);
    else
        letter_free(old);
    p->need_evaluate = true;
    p->weekly.looked = DATE_NONE; /* a digest that was given up goes elsewhere */
    return r;
}

/* The receiver takes what is for this recipient again: what was given up before is no alert. */
void letters_delivered(struct pipeline *p, const char *delivery_id, const char *receiver,
                       const char *recipient)
{
    void *value;

    for (size_t at = 0; table_next(&p->letters, &at, NULL, &value);) {
        struct letter *l = value;

        if (l->is_answered || strcmp(l->item->receiver, receiver) != 0 ||
            strcmp(l->item->recipient, recipient) != 0)
            continue;
        l->is_answered = true;
        p->need_evaluate = true;
    }
    if (letter_find(p, delivery_id))
        letters_remove(p, delivery_id);
}

bool letters_bounced(const struct pipeline *p, const char *receiver, const char *recipient)
{
    void *value;

    for (size_t at = 0; table_next(&p->letters, &at, NULL, &value);) {
        const struct letter *l = value;

        if (!l->is_due_again && !l->is_answered && l->is_permanent &&
            strcmp(l->item->receiver, receiver) == 0 && strcmp(l->item->recipient, recipient) == 0)
            return true;
    }
    return false;
}

/* ---- a receiver that is gone ---- */

#define GONE 410 /* HTTP: the endpoint is gone, and wants no more */

static int address_of(const struct receiver_setting *r, char out[SHA256_TEXT_MAX])
{
    out[0] = '\0';
    return r && r->url ? sha256_hex(r->url, strlen(r->url), out) : 0;
}

int letter_address(const struct pipeline *p, const struct outbox_item *item,
                   char out[SHA256_TEXT_MAX])
{
    return address_of(settings_receiver(p->config->settings, item->receiver), out);
}

bool letters_receiver_is_off(const struct pipeline *p, const struct receiver_setting *r)
{
    char address[SHA256_TEXT_MAX];
    void *value;

    if (!r->url || address_of(r, address) < 0)
        return false;
    for (size_t at = 0; table_next(&p->letters, &at, NULL, &value);) {
        const struct letter *l = value;

        if (l->code == GONE && !l->is_due_again && strcmp(l->item->receiver, r->id) == 0 &&
            strcmp(l->address, address) == 0)
            return true;
    }
    return false;
}

/* ---- what is judged and told of them ---- */

size_t letters_count(const struct pipeline *p)
{
    size_t count = 0;
    void *value;

    for (size_t at = 0; table_next(&p->letters, &at, NULL, &value);)
        count += !((const struct letter *)value)->is_due_again;
    return count;
}

/* Whether it tells of nothing but dead letters: such a letter makes no alert worse, or two
 * receivers that refuse everything would tell each other of it for ever. */
static bool tells_of_letters_alone(const struct pipeline *p, const struct outbox_item *item)
{
    void *value;

    for (size_t i = 0; i < item->tell_count; i++) {
        bool is_letter = false;

        for (size_t at = 0; !is_letter && table_next(&p->books.alerts, &at, NULL, &value);) {
            const struct alert *a = &((const struct stored_alert *)value)->alert;

            for (size_t k = 0; a->rule == RULE_DEAD_LETTER && k < a->episode_count; k++)
                is_letter |= strcmp(a->episodes[k].id, item->tells[i].episode) == 0;
        }
        if (!is_letter)
            return false;
    }
    return item->tell_count > 0; /* a notice tells of no alert */
}

static struct receiver_state *state_of(struct receiver_states *s, const char *receiver)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->list[i].id, receiver) == 0)
            return &s->list[i];
    struct receiver_state *state = &s->list[s->count++];

    *state = (struct receiver_state){ .id = receiver, .since = DATE_NONE };
    return state;
}

int receiver_states_of(const struct pipeline *p, struct receiver_states *out)
{
    uint64_t newest = 0;
    void *value;

    *out =
        (struct receiver_states){ .list = calloc(table_count(&p->letters) + 1, sizeof *out->list) };
    if (!out->list)
        return -ENOMEM;
    for (size_t at = 0; table_next(&p->letters, &at, NULL, &value);) {
        const struct letter *l = value;

        if (l->is_due_again || l->is_answered)
            continue;
        struct receiver_state *s = state_of(out, l->item->receiver);
        struct civil_date on = wall_date(l->at);

        s->count += !tells_of_letters_alone(p, l->item);
        if (!date_is_set(s->since) || date_compare(on, s->since) < 0)
            s->since = on;
        if (!s->why || l->sequence > newest) {
            s->why = l->why;
            s->subject = l->item->subject;
            newest = l->sequence;
        }
    }
    return 0;
}

void receiver_states_release(struct receiver_states *s)
{
    free(s->list);
    *s = (struct receiver_states){ 0 };
}

int letters_escalated(const struct pipeline *p, struct table *out_episodes)
{
    void *value;
    int r = 0;

    for (size_t at = 0; table_next(&p->letters, &at, NULL, &value);) {
        const struct letter *l = value;

        for (size_t i = 0; r == 0 && !l->is_due_again && i < l->item->tell_count; i++)
            r = table_set(out_episodes, l->item->tells[i].episode, value, NULL);
    }
    return r;
}

/* ---- Redis follows ---- */

struct letter_call {
    struct pipeline *pipeline;
    struct outbox_item *item; /* due again: adopted when Redis took it */
    char delivery_id[ALERT_ID_MAX];
    bool is_dropped, is_copied;
};

static void call_free(struct letter_call *c)
{
    outbox_item_free(c->item);
    free(c);
}

static void on_letter(void *arg, int result)
{
    struct letter_call *c = arg;
    struct pipeline *p = c->pipeline;
    int r = 0;

    p->letters_in_flight--;
    if (result < 0) {
        log_warning("deliver", "delivery=%s a decision was not taken by Redis", c->delivery_id);
        p->letters_at.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
    } else if (c->is_dropped) {
        free(table_remove(&p->books.dead, c->delivery_id));
    } else if (c->is_copied) {
        r = books_note_dead(&p->books, c->delivery_id, "");
    } else if (c->item->stream_id && p->loaded) {
        free(table_remove(&p->books.dead, c->delivery_id));
        c->item->since = clock_mono(&p->clock);
        r = books_add_outbox(&p->books, c->item);
        c->item = NULL;
    }
    if (r < 0)
        pipeline_stop(p, 1);
    call_free(c);
    pipeline_wake(p);
}

static struct letter_call *call_new(struct pipeline *p, const char *delivery_id)
{
    struct letter_call *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->pipeline = p;
    (void)snprintf(c->delivery_id, sizeof c->delivery_id, "%s", delivery_id);
    return c;
}

static int due_again(struct pipeline *p, const struct letter *l)
{
    struct letter_call *c = call_new(p, l->item->delivery_id);
    int r = c ? outbox_item_copy(l->item, &c->item) : -ENOMEM;

    if (r == 0) {
        c->item->composed = l->decided_at; /* fresh tries, and 120 h from the decision */
        r = store_letter(p->store, c->item, false, on_letter, c);
    }
    if (r < 0 && c)
        call_free(c);
    return r;
}

static int forget_copy(struct pipeline *p, const char *delivery_id)
{
    struct letter_call *c = call_new(p, delivery_id);
    char none[] = "";
    struct outbox_item item = { .delivery_id = c ? c->delivery_id : none, .receiver = none };
    int r = c ? 0 : -ENOMEM;

    if (r == 0) {
        c->is_dropped = true;
        r = store_letter(p->store, &item, true, on_letter, c);
    }
    if (r < 0 && c)
        call_free(c);
    return r;
}

static int copy_again(struct pipeline *p, const struct letter *l)
{
    struct letter_call *c = call_new(p, l->item->delivery_id);
    char nowhere[] = "0-1";
    struct outbox_item item = *l->item;
    int r = c ? 0 : -ENOMEM;

    item.stream_id = nowhere;
    if (r == 0) {
        c->is_copied = true;
        r = store_told(p->store, &item, "dead", l->record, on_letter, c);
    }
    if (r < 0 && c)
        call_free(c);
    return r;
}

/* A letter of another daemon, whose books these were: its record goes into our journal. */
static int adopt(struct pipeline *p, const char *entry)
{
    json_t *record = json_parse(entry, strlen(entry), 0, NULL);
    const char *id = json_string_value(json_object_get(record, "delivery_id"));

    log_info("deliver", "delivery=%s dead letter adopted from Redis", id ? id : "-");
    return sent_append(p, record);
}

/* Between calls only: each looks at what the last ones left. */
void letters_settle(struct pipeline *p)
{
    const char *id;
    void *value;
    int r = 0;

    if (p->letters_in_flight || clock_mono(&p->clock).ms < p->letters_at.ms)
        return;
    for (size_t at = 0; r == 0 && table_next(&p->letters, &at, &id, &value);) {
        const struct letter *l = value;

        if (books_outbox_item(&p->books, id))
            continue;
        if (l->is_due_again)
            r = due_again(p, l);
        else if (!table_has(&p->books.dead, id))
            r = copy_again(p, l);
        else
            continue;
        p->letters_in_flight += r == 0;
    }
    for (size_t at = 0; r == 0 && table_next(&p->books.dead, &at, &id, &value);) {
        if (letter_find(p, id))
            continue;
        if (!table_has(&p->sent_ids, id) && !table_has(&p->dropped, id)) {
            r = adopt(p, value);
            continue;
        }
        r = forget_copy(p, id);
        p->letters_in_flight += r == 0;
    }
    if (r < 0)
        p->letters_at.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
}
