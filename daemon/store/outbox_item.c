#include "store/outbox_item.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "store/json_read.h"

void outbox_item_free(struct outbox_item *i)
{
    if (!i)
        return;
    free(i->stream_id);
    free(i->delivery_id);
    free(i->receiver);
    free(i->recipient);
    free(i->subject);
    free(i->group);
    free(i->eml);
    free(i->json);
    free(i->tells);
    free(i->replaces);
    free(i->released);
    free(i);
}

/* ---- told ---- */

char *told_encode(const struct told *t)
{
    return json_print(json_pack("{s:I, s:i, s:b}", "ordinal", (json_int_t)t->ordinal, "severity",
                                (int)t->severity, "open", (int)t->open));
}

/* All three are there: a severity left out would be told as none, and a red one never again. */
static int read_told(const json_t *j, struct told *out)
{
    struct told told = { .open = json_is_true(json_object_get(j, "open")) };
    json_int_t ordinal = 0;

    if (!json_is_integer(json_object_get(j, "ordinal")) ||
        !json_is_integer(json_object_get(j, "severity")) ||
        !json_is_boolean(json_object_get(j, "open")) ||
        json_read_whole(j, "ordinal", 0, UINT32_MAX, &ordinal) < 0 ||
        json_read_severity(j, &told.severity) < 0)
        return -EBADMSG;
    told.ordinal = (unsigned)ordinal;
    *out = told;
    return 0;
}

int told_decode(const char *json, size_t len, struct told *out)
{
    json_t *j = json_parse(json, len, 0, NULL);
    int r = read_told(j, out);

    json_decref(j);
    return r;
}

/* ---- what it tells ---- */

json_t *tells_to_json(const struct tell *tells, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:i, s:b}", "episode", tells[i].episode,
                                              "ordinal", (json_int_t)tells[i].told.ordinal,
                                              "severity", (int)tells[i].told.severity, "open",
                                              (int)tells[i].told.open));
    return list;
}

int tells_of_json(const json_t *list, struct tell **out_tells, size_t *out_count)
{
    size_t count = json_array_size(list);
    struct tell *tells = calloc(count + 1, sizeof *tells);
    int r = !tells ? -ENOMEM : !list || json_is_null(list) || json_is_array(list) ? 0 : -EBADMSG;

    for (size_t i = 0; r == 0 && i < count; i++) {
        const json_t *j = json_array_get(list, i);
        const char *episode = json_string_value(json_object_get(j, "episode"));
        size_t len = episode ? strlen(episode) : 0;

        r = len > 0 && len < sizeof tells[i].episode ? read_told(j, &tells[i].told) : -EBADMSG;
        if (r == 0)
            memcpy(tells[i].episode, episode, len + 1);
    }
    if (r < 0) {
        free(tells);
        return r;
    }
    *out_tells = tells;
    *out_count = count;
    return 0;
}

/* ---- the frozen part ---- */

static int day_of_json(const json_t *j, struct civil_date *out_day)
{
    const char *text = json_string_value(j);

    return text ? date_parse_iso(text, strlen(text), out_day) : -EBADMSG;
}

json_t *outbox_item_json(const struct outbox_item *i)
{
    char day[DATE_TEXT_MAX];
    json_t *released = i->released ? json_parse(i->released, strlen(i->released), 0, NULL) : NULL;

    if (i->released && !released) /* else what its reader was shown would be forgotten */
        return NULL;
    return json_pack(
        "{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:i, s:I, s:o, s:s*, s:o*}", "delivery_id",
        i->delivery_id, "receiver", i->receiver, "recipient", i->recipient, "subject", i->subject,
        "group", i->group, "day", i->group ? date_format(i->day, day) : NULL, "eml", i->eml, "json",
        i->json, "severity", (int)i->severity, "composed", (json_int_t)i->composed.ms, "tells",
        tells_to_json(i->tells, i->tell_count), "replaces", i->replaces, "released", released);
}

char *outbox_item_encode(const struct outbox_item *i)
{
    return json_print(outbox_item_json(i));
}

static bool is_id(const char *s)
{
    return s && s[0] && strlen(s) < ALERT_ID_MAX;
}

/* Its texts; what it lacks is NULL. Returns 0 or -ENOMEM. */
static int read_texts(const json_t *j, struct outbox_item *i)
{
    const struct {
        const char *key;
        char **text;
    } rows[] = {
        { "delivery_id", &i->delivery_id },
        { "receiver", &i->receiver },
        { "recipient", &i->recipient },
        { "subject", &i->subject },
        { "eml", &i->eml },
        { "json", &i->json },
        { "group", &i->group },
        { "replaces", &i->replaces },
    };
    int r = 0;

    for (size_t n = 0; r == 0 && n < sizeof rows / sizeof rows[0]; n++)
        r = json_read_text(j, rows[n].key, rows[n].text);
    return r;
}

/* A message of before there was a ledger has none. */
static int read_released(const json_t *j, struct outbox_item *i)
{
    const json_t *released = json_object_get(j, "released");

    if (!released)
        return 0;
    i->released = json_is_object(released) ? json_text(released, JSON_COMPACT) : NULL;
    return i->released ? 0 : json_is_object(released) ? -ENOMEM : -EBADMSG;
}

static int read_item(const json_t *j, struct outbox_item *i)
{
    int r = read_texts(j, i);

    if (r == 0)
        r = tells_of_json(json_object_get(j, "tells"), &i->tells, &i->tell_count);
    if (r == 0)
        r = read_released(j, i);
    if (r == 0)
        r = json_read_severity(j, &i->severity);
    if (r == 0)
        r = json_read_time(j, "composed", &i->composed);
    if (r == 0 && i->group)
        r = day_of_json(json_object_get(j, "day"), &i->day);
    if (r == 0 && (!i->receiver || !i->recipient || !is_id(i->delivery_id)))
        r = -EBADMSG;
    return r;
}

int outbox_item_of_json(const json_t *j, struct outbox_item **out)
{
    struct outbox_item *i = j ? calloc(1, sizeof *i) : NULL;
    int r = i ? read_item(j, i) : j ? -ENOMEM : -EBADMSG;

    if (r < 0) {
        outbox_item_free(i);
        return r;
    }
    *out = i;
    return 0;
}

int outbox_item_decode(const char *json, size_t len, struct outbox_item **out)
{
    json_t *j = json_parse(json, len, 0, NULL);
    int r = outbox_item_of_json(j, out);

    json_decref(j);
    return r;
}

int outbox_item_outline(const struct outbox_item *i, struct outbox_item **out)
{
    struct outbox_item outline = *i;

    outline.eml = outline.json = NULL;
    return outbox_item_copy(&outline, out);
}

int outbox_item_copy(const struct outbox_item *i, struct outbox_item **out)
{
    AUTO(auto_free) char *json = outbox_item_encode(i);

    return json ? outbox_item_decode(json, strlen(json), out) : -ENOMEM;
}

/* ---- the record of its tries ---- */

bool outbox_next_replaced(const char **ids, char out[ALERT_ID_MAX])
{
    size_t len = *ids ? strcspn(*ids, " ") : 0;

    if (len == 0)
        return false;
    (void)snprintf(out, ALERT_ID_MAX, "%.*s", (int)len, *ids);
    *ids += len + ((*ids)[len] == ' ');
    return true;
}

void outbox_tries_copy(struct outbox_item *to, const struct outbox_item *from)
{
    to->tries = from->tries;
    to->last_cause = from->last_cause;
    to->last_at = from->last_at;
    to->next_at = from->next_at;
    to->unknown = from->unknown;
    memcpy(to->why, from->why, sizeof to->why);
    to->code = from->code;
}

char *outbox_tries_encode(const struct outbox_item *i)
{
    return json_print(json_pack(
        "{s:i, s:i, s:I, s:I, s:b, s:s, s:I}", "tries", (int)i->tries, "cause", (int)i->last_cause,
        "last_at_ms", (json_int_t)i->last_at.ms, "next_at_ms", (json_int_t)i->next_at.ms, "unknown",
        (int)i->unknown, "why", i->why, "code", (json_int_t)i->code));
}

int outbox_tries_decode(const char *json, size_t len, struct outbox_item *i)
{
    json_t *j = json_parse(json, len, 0, NULL);

    if (!j)
        return -errno;
    const char *why = json_string_value(json_object_get(j, "why"));
    struct outbox_item read = { .unknown = json_is_true(json_object_get(j, "unknown")) };
    json_int_t tries = 0, cause = 0, code = 0;
    bool is_good = why && json_read_whole(j, "tries", 0, RETRY_TRIES_MAX, &tries) == 0 &&
                   json_read_whole(j, "cause", RETRY_NONE, RETRY_UNKNOWN, &cause) == 0 &&
                   json_read_whole(j, "code", 0, 999, &code) == 0 &&
                   json_read_time(j, "last_at_ms", &read.last_at) == 0 &&
                   json_read_time(j, "next_at_ms", &read.next_at) == 0;

    if (is_good) {
        i->tries = (unsigned)tries;
        i->last_cause = (enum retry_cause)cause;
        i->code = (long)code;
        i->unknown = read.unknown;
        i->last_at = read.last_at;
        i->next_at = read.next_at;
        (void)snprintf(i->why, sizeof i->why, "%s", why);
    }
    json_decref(j);
    return is_good ? 0 : -EBADMSG;
}
