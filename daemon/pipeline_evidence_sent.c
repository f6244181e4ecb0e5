#include "pipeline_evidence.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "ctl/report_json.h"
#include "outbox/weekly.h"

/* What the sent journal says of whom a pack is about: which messages, of what, to whom, and weekly digests. */

static const char *text_of(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

static int64_t time_of(const json_t *record)
{
    return json_integer_value(json_object_get(record, "at_ms"));
}

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

/* ---- what a message tells ---- */

static int notice_key(const char *episode, json_int_t ordinal, struct text *out)
{
    return text_printf(out, "%s|%lld", episode, (long long)ordinal);
}

void evidence_notice(struct evidence *e, const char *episode, int64_t ordinal, json_t *event)
{
    AUTO(text_release) struct text key = TEXT_INIT;
    void *old = NULL;

    (void)notice_key(episode, ordinal, &key);
    if (!text_ok(&key) || table_set(&e->notices, text_str(&key), json_incref(event), &old) < 0) {
        json_decref(event);
        e->error = -ENOMEM;
    }
    json_decref(old);
}

/* The event of the notice that it tells; NULL: out of range, or not the newest one then. */
static json_t *notice_of(const struct evidence *e, const json_t *tell)
{
    AUTO(text_release) struct text key = TEXT_INIT;
    const char *episode = text_of(tell, "episode");

    if (!episode)
        return NULL;
    (void)notice_key(episode, json_integer_value(json_object_get(tell, "ordinal")), &key);
    return text_ok(&key) ? table_get(&e->notices, text_str(&key)) : NULL;
}

static const char *kind_told(const struct evidence *e, const json_t *message)
{
    const json_t *tell;
    size_t i;

    json_array_foreach(json_object_get(message, "tells"), i, tell)
    {
        const char *kind = text_of(notice_of(e, tell), "kind");

        if (kind && (strcmp(kind, "escalation") == 0 || strcmp(kind, "reminder") == 0))
            return kind;
    }
    return NULL;
}

/* To whom it went further is said where it did. */
static void note_escalated(struct evidence *e, const json_t *message)
{
    const char *recipient = text_of(message, "recipient");
    const json_t *tell;
    size_t i;

    json_array_foreach(json_object_get(message, "tells"), i, tell)
    {
        json_t *event = notice_of(e, tell);
        const char *so_far = text_of(event, "recipient");

        if (!event || !recipient || strcmp(or_nothing(text_of(event, "kind")), "escalation") != 0)
            continue;
        evidence_put(e, event, "recipient",
                     json_sprintf("%s%s%s", or_nothing(so_far), so_far ? ", " : "", recipient));
    }
}

static bool tells_of(const struct evidence *e, const json_t *message)
{
    const json_t *tell;
    size_t i;

    json_array_foreach(json_object_get(message, "tells"), i, tell)
    {
        const char *episode = text_of(tell, "episode");

        if (episode && table_has(&e->episodes, episode))
            return true;
    }
    return false;
}

static void on_message(struct evidence *e, const json_t *record, bool is_digest, const char *words,
                       uint64_t sequence)
{
    const char *id = text_of(record, "delivery_id");
    const char *subject = e->is_exact && id ? json_string_value(table_get(&e->due, id)) : NULL;

    const char *told = kind_told(e, record), *recipient = text_of(record, "recipient");

    if (!is_digest && !tells_of(e, record))
        return;
    if (!is_digest && recipient && table_set(&e->told, recipient, e, NULL) < 0)
        e->error = -ENOMEM;
    json_t *event = evidence_event(e, time_of(record), "told", "sent", sequence);
    const json_t *first = json_array_get(json_object_get(record, "tells"), 0);

    evidence_put(e, event, "delivery_id", report_text(id));
    evidence_put(e, event, "episode_id", report_text(text_of(first, "episode")));
    evidence_put(e, event, "receiver", report_text(text_of(record, "receiver")));
    evidence_put(e, event, "recipient", report_text(text_of(record, "recipient")));
    evidence_put(e, event, "accepted_by", report_text(text_of(record, "accepted_by")));
    evidence_put(e, event, "answer", report_text(text_of(record, "answer")));
    evidence_say(e, event, "%s%s%s%s%s%s%s%s", words, told ? " (" : "", or_nothing(told),
                 told ? ")" : "", subject ? ": " : "", or_nothing(subject),
                 text_of(record, "why") ? ": " : "", or_nothing(text_of(record, "why")));
}

/* ---- weekly digests, which tell of no episode ---- */

static bool is_of_week(const struct evidence *e, const json_t *message, struct civil_date monday)
{
    const char *id = text_of(message, "delivery_id"), *recipient = text_of(message, "recipient");
    char digest[ALERT_ID_MAX];

    return id && recipient && weekly_id(e->pipeline, monday, recipient, digest) == 0 &&
           strcmp(id, digest) == 0;
}

/* Its id says what it is: of the week in which it became due, or of the one before. */
static bool is_digest_due(const struct evidence *e, const json_t *message)
{
    struct civil_date on = wall_date((struct wall_time){ time_of(message) });
    struct civil_date monday = date_add_days(on, -date_weekday(on));

    return json_array_size(json_object_get(message, "tells")) == 0 &&
           (is_of_week(e, message, monday) || is_of_week(e, message, date_add_days(monday, -7)));
}

static void keep_digest(struct evidence *e, json_t *record, const char *words, uint64_t sequence)
{
    if (json_array_append_new(e->digests, json_pack("{s:O, s:s, s:I}", "record", record, "words",
                                                    words, "sequence", (json_int_t)sequence)) < 0)
        e->error = -ENOMEM;
}

void evidence_digests(struct evidence *e)
{
    const json_t *kept;
    size_t i;

    json_array_foreach(e->digests, i, kept)
    {
        const json_t *record = json_object_get(kept, "record");

        if (table_has(&e->told, text_of(record, "recipient")))
            on_message(e, record, true, text_of(kept, "words"),
                       (uint64_t)json_integer_value(json_object_get(kept, "sequence")));
    }
}

/* ---- the journal ---- */

static const char *outcome_words(const char *outcome)
{
    return !outcome                          ? "Delivered"
           : strcmp(outcome, "dead") == 0    ? "Given up"
           : strcmp(outcome, "dropped") == 0 ? "Dropped by a person"
                                             : "Told by another daemon";
}

static void on_due(struct evidence *e, json_t *message, uint64_t sequence)
{
    const char *id = text_of(message, "delivery_id");
    bool is_digest = is_digest_due(e, message);
    void *old = NULL;

    if (!id || table_set(&e->due, id, json_incref(json_object_get(message, "subject")), &old) < 0 ||
        (is_digest && table_set(&e->digest_ids, id, e, NULL) < 0))
        e->error = -ENOMEM;
    json_decref(old);
    if (is_digest) {
        keep_digest(e, message, "A weekly digest became due", sequence);
        return;
    }
    on_message(e, message, false, "A message became due", sequence);
    note_escalated(e, message);
}

int evidence_sent(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct evidence *e = arg;
    json_t *record = json_parse(json, len, 0, NULL), *message;
    const char *id = text_of(record, "delivery_id");
    const char *words = outcome_words(text_of(record, "outcome"));
    size_t i;

    if (!record)
        return -ENOMEM;
    json_array_foreach(json_object_get(record, "due"), i, message)
    {
        if (json_object_set(message, "at_ms", json_object_get(record, "at_ms")) < 0)
            e->error = -ENOMEM;
        on_due(e, message, sequence);
    }
    if (id && table_has(&e->digest_ids, id))
        keep_digest(e, record, words, sequence);
    else if (id)
        on_message(e, record, false, words, sequence);
    json_decref(record);
    return e->error;
}
