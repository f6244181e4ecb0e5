#include "notify/card_json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "notify/wording.h"

#define BODY_CHARACTERS_MAX 6000 /* of a notice */

static void json_release(json_t **j)
{
    json_decref(*j);
}

/* NULL anywhere means no memory: jansson then refuses the new reference, and the whole fails. */
static json_t *run(const char *words, const char *weight, const char *colour)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "type", "TextRun", "text", words, "weight", weight,
                     "color", colour);
}

static json_t *line_of(json_t *first, json_t *second)
{
    json_t *runs = json_array();
    int failed = json_array_append_new(runs, first);

    if (second)
        failed |= json_array_append_new(runs, second);
    if (failed) {
        json_decref(runs);
        return NULL;
    }
    return json_pack("{s:s, s:o}", "type", "RichTextBlock", "inlines", runs);
}

static json_t *said(const char *label, const char *words)
{
    AUTO(text_release) struct text t = TEXT_INIT;

    if (text_printf(&t, "%s: ", label) < 0)
        return NULL;
    return line_of(run(text_str(&t), "bolder", "default"), run(words, "default", "default"));
}

static json_t *plain(const char *words)
{
    return line_of(run(words, "default", "default"), NULL);
}

/* ---- one alert ---- */

static const char *colour_of(const struct item_view *v)
{
    enum alert_severity severity = wording_severity_told(v);

    if (!episode_is_active(v->item->episode))
        return "good";
    return severity == SEVERITY_RED ? "attention" : "warning";
}

static json_t *item_object(const struct item_view *v)
{
    static const struct {
        const char *label;
        void (*add)(const struct item_view *, struct text *);
    } parts[] = {
        { "What", wording_what },     { "Since", wording_since },
        { "Who", wording_who },       { "What clears it", wording_clears },
        { "How sure", wording_sure },
    };
    AUTO(text_release) struct text words = TEXT_INIT;
    json_t *lines = json_array();
    int failed = 0;

    (void)text_printf(&words, "%s: ", wording_state(v));
    wording_title(v, &words);
    failed |=
        json_array_append_new(lines, line_of(run(text_str(&words), "bolder", colour_of(v)), NULL));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        text_clear(&words);
        parts[i].add(v, &words);
        if (*text_str(&words))
            failed |= json_array_append_new(lines, said(parts[i].label, text_str(&words)));
    }
    if (failed || !text_ok(&words)) {
        json_decref(lines);
        return NULL;
    }
    return json_pack("{s:s, s:b, s:o}", "type", "Container", "separator", 1, "items", lines);
}

/* ---- the card ---- */

static json_t *body_new(const char *subject)
{
    json_t *body = json_array();

    if (json_array_append_new(body, line_of(run(subject, "bolder", "default"), NULL)) == 0)
        return body;
    json_decref(body);
    return NULL;
}

/* Takes the body. */
static char *card_text(json_t *body, const char *subject)
{
    AUTO(json_release)
    json_t *card =
        json_pack("{s:s, s:[{s:s, s:{s:s, s:s, s:s, s:s, s:o}}]}", "type", "message", "attachments",
                  "contentType", "application/vnd.microsoft.card.adaptive", "content", "$schema",
                  "http://adaptivecards.io/schemas/adaptive-card.json", "type", "AdaptiveCard",
                  "version", "1.4", "fallbackText", subject, "body", body);

    return json_text(card, JSON_COMPACT);
}

static size_t size_of(const json_t *j)
{
    return json_dumpb(j, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* What stands below the items. */
static int add_end(json_t *body, const struct message_context *c, size_t omitted)
{
    AUTO(text_release) struct text words = TEXT_INIT;

    if (omitted)
        (void)text_printf(&words, "%zu more are in the mails and in waitlistctl alerts. ", omitted);
    if (c->unchanged)
        (void)text_printf(&words, "%zu other alert%s of this group: unchanged, still open. ",
                          c->unchanged, c->unchanged == 1 ? "" : "s");
    if (message_is_rehearsal(c))
        (void)text_puts(&words, "A rehearsal: nobody acts on it yet. ");
    if (c->is_illustrative || (c->plan && c->plan->illustrative))
        (void)text_puts(&words, "Illustrative: not an adopted plan. ");
    if (c->also_told && *c->also_told) {
        (void)text_puts(&words, "Also told: ");
        wording_clean(&words, c->also_told, 300, 60);
        (void)text_puts(&words, ". ");
    }
    (void)text_puts(&words, "For service oversight; not for deciding any child's care.");
    return text_ok(&words) ? json_array_append_new(body, plain(text_str(&words))) : -1;
}

char *card_json(const struct message_context *c, const struct message_item *const *items,
                size_t item_count, const char *subject)
{
    json_t *body = body_new(subject);
    size_t size = size_of(body) + 1500, told = 0; /* what stands around and below the items */
    int failed = !body;

    for (; !failed && told < item_count; told++) {
        struct item_view v;

        item_view(c, items[told], &v);
        json_t *o = item_object(&v);

        size += size_of(o) + 1;
        if (o && size >= CARD_MAX_BYTES) {
            json_decref(o);
            break;
        }
        failed = json_array_append_new(body, o);
    }
    if (failed || add_end(body, c, item_count - told) < 0) {
        json_decref(body);
        return NULL;
    }
    return card_text(body, subject);
}

char *card_json_of_notice(const char *subject, const char *words)
{
    AUTO(text_release) struct text paragraph = TEXT_INIT;
    json_t *body = body_new(subject);
    int failed = !body;

    for (const char *at = words; !failed && *at;) {
        size_t len = strcspn(at, "\n");

        text_clear(&paragraph);
        (void)text_printf(&paragraph, "%.*s",
                          (int)(len < BODY_CHARACTERS_MAX ? len : BODY_CHARACTERS_MAX), at);
        if (len)
            failed = !text_ok(&paragraph) ||
                     json_array_append_new(body, plain(text_str(&paragraph))) < 0;
        at += len + (at[len] == '\n');
    }
    if (failed) {
        json_decref(body);
        return NULL;
    }
    return card_text(body, subject);
}
