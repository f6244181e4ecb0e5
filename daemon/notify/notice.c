#include "notify/notice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/text.h"
#include "notify/alerts_json.h"
#include "notify/card_json.h"
#include "notify/mime.h"
#include "notify/wording.h"

/* A wall time as people read it: "10 June 2024, 12:05". */
static void moment(struct wall_time t, struct text *out)
{
    char date[WORDING_DATE_MAX], stamp[WALL_TEXT_MAX];

    /* RFC 3339 in local time: hours and minutes stand at a fixed place. */
    (void)text_printf(out, "%s, %.5s", wording_date(wall_date(t), date),
                      wall_format(t, stamp) + 11);
}

static const char *subject_of(const struct notice *n)
{
    if (n->subject)
        return n->subject;
    if (n->kind == NOTICE_DIGEST)
        return "Weekly digest";
    if (n->kind == NOTICE_TEST)
        return "Test: messages of the monitor reach you";
    if (n->kind == NOTICE_DAILY_TEST)
        return "Daily test: messages of the monitor reach you";
    if (n->kind == NOTICE_HEARTBEAT)
        return "The monitor is at work";
    return n->kind == NOTICE_REDIS_UNUSABLE ? "Monitoring stands still: Redis is unusable"
                                            : "Monitoring goes on: Redis is usable again";
}

static int test_body(const struct notice *n, struct text *out)
{
    (void)text_puts(out,
                    "This is a test: nothing is wrong, and nothing is asked of you.\n\nInstance ");
    wording_clean(out, n->instance, 60, 5);
    (void)text_puts(out, " sent it on ");
    moment(n->now, out);
    (void)text_puts(out, " through receiver ");
    wording_clean(out, n->receiver, 60, 5);
    (void)text_puts(out, ", as it sends its alerts");
    if (n->kind == NOTICE_DAILY_TEST) {
        (void)text_puts(out, ". One comes each day from ");
        wording_clean(out, n->why, 10, 1);
        (void)text_puts(out, " on.\n\nWhat to do: nothing. On a day without it alerts would not "
                             "reach you either: tell those who run the monitor.\n");
    } else {
        (void)text_puts(out, "; ");
        wording_clean(out, n->why, 60, 6);
        (void)text_puts(out, " asked for it.\n");
    }
    return text_puts(out, "\nFor service oversight; not for deciding any child's care.\n");
}

static int body_of(const struct notice *n, struct text *out)
{
    if (n->body)
        return text_puts(out, n->body);
    if (n->kind == NOTICE_TEST || n->kind == NOTICE_DAILY_TEST)
        return test_body(n, out);
    if (n->kind == NOTICE_HEARTBEAT)
        return text_puts(out, "");
    AUTO(text_release) struct text since = TEXT_INIT;

    moment(n->since, &since);
    (void)text_puts(out, "Instance ");
    wording_clean(out, n->instance, 60, 5);
    if (n->kind == NOTICE_REDIS_UNUSABLE) {
        (void)text_printf(out, ": Redis cannot be used since %s", text_str(&since));
        if (*n->why) {
            (void)text_puts(out, " (");
            wording_clean(out, n->why, 160, 25);
            (void)text_puts(out, ")");
        }
        (void)text_puts(
            out, ".\n\nUntil it can, no feed is judged and no alert is raised or told: that "
                 "nothing is heard does not mean that all is well. Files stay in the inboxes "
                 "or the archive, and are judged when Redis is back.\n\nWhat to do: "
                 "\"waitlistctl status\" and the log of waitlistd say what is wrong. This "
                 "message came without Redis; a reminder follows each day.\n");
    } else {
        (void)text_printf(out,
                          ": Redis is usable again; it was not since %s.\n\nThe files that came "
                          "meanwhile are judged now, and what they show is told.\n",
                          text_str(&since));
    }
    (void)text_puts(out, "\nFor service oversight; not for deciding any child's care.\n");
    return text_ok(out) && text_ok(&since) ? 0 : -ENOMEM;
}

static char *mail_of(const struct notice *n, const char *body)
{
    AUTO(text_release) struct text out = TEXT_INIT;
    char domain[64], id[ALERT_ID_MAX + 80], date[64], sender[96], boundary[ALERT_ID_MAX + 16];

    mime_domain(n->instance, domain);
    (void)snprintf(id, sizeof id, "<%s@%s>", n->delivery_id, domain);
    (void)snprintf(sender, sizeof sender, "waitlistd@%s", domain);
    mime_header_mailbox(&out, "From", "waitlistd", n->from ? n->from : sender);
    AUTO(text_release) struct text name = TEXT_INIT;

    wording_clean(&name, n->recipient_name, 100, 20);
    if (mime_address_ok(n->recipient))
        mime_header_mailbox(&out, "To", text_str(&name), n->recipient);
    else
        mime_header_group(&out, "To", n->recipient);
    mime_header_text(&out, "Subject", subject_of(n));
    mime_header(&out, "Date", mime_date(n->now, date));
    mime_header(&out, "Message-ID", id);
    mime_header(&out, "Auto-Submitted", "auto-generated");
    mime_header(&out, "X-Waitlistd-Delivery", n->delivery_id);
    mime_header(&out, "MIME-Version", "1.0");
    if (n->html) {
        (void)snprintf(boundary, sizeof boundary, "=_waitlistd_%s", n->delivery_id);
        (void)text_printf(&out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
                          boundary);
        mime_part(&out, boundary, "text/plain", body);
        mime_part(&out, boundary, "text/html", n->html);
        (void)text_printf(&out, "--%s--\r\n", boundary);
    } else {
        (void)text_puts(&out, "Content-Type: text/plain; charset=utf-8\r\n"
                              "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
        mime_quoted_printable(&out, body);
    }
    return text_ok(&name) ? text_take(&out) : NULL;
}

static char *event_of(const struct notice *n, const char *body)
{
    AUTO(text_release) struct text source = TEXT_INIT;
    static const struct {
        const char *kind, *subject; /* subject NULL: the plan */
    } kinds[] = {
        [NOTICE_REDIS_UNUSABLE] = { "redis-unusable", "redis" },
        [NOTICE_REDIS_USABLE] = { "redis-usable", "redis" },
        [NOTICE_PLAN_CHANGED] = { "plan-changed", NULL },
        [NOTICE_PLAN_ENDS] = { "plan-ends", NULL },
        [NOTICE_FORUM_ASKS] = { "forum-asks", NULL },
        [NOTICE_FORUM_MISSES] = { "forum-misses", NULL },
        [NOTICE_REVIEW] = { "review", "settings" },
        [NOTICE_DIGEST] = { "digest", "digest" },
        [NOTICE_TEST] = { "test", "test" },
        [NOTICE_DAILY_TEST] = { "daily-test", "test" },
        [NOTICE_HEARTBEAT] = { "heartbeat", "heartbeat" },
    };
    const char *subject = kinds[n->kind].subject;
    bool down = n->kind == NOTICE_REDIS_UNUSABLE;
    char now[WALL_TEXT_MAX], since[WALL_TEXT_MAX];

    (void)text_printf(&source, "/waitlistd/%s", n->instance);
    json_t *j = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s?, s:s, s:s, s:s}}",
        "specversion", "1.0", "id", n->delivery_id, "source", text_str(&source), "type",
        "uk.waitlistd.notice.v1", "time", wall_format_utc(n->now, now), "datacontenttype",
        "application/json", "subject", subject ? subject : n->plan, "data", "instance", n->instance,
        "receiver", n->receiver, "kind", kinds[n->kind].kind, "severity", down ? "red" : NULL,
        "since", wall_format_utc(n->since, since), "text", subject_of(n), "detail", body);
    char *text = j && text_ok(&source) ? json_text(j, JSON_COMPACT) : NULL;

    json_decref(j);
    return text;
}

static char *alerts_of(const struct notice *n)
{
    static const struct {
        const char *name;
        long lasts_s;
    } kinds[] = {
        [NOTICE_REDIS_UNUSABLE] = { "redis-unusable", 2 * 86400 }, /* said again each day */
        [NOTICE_REDIS_USABLE] = { "redis-unusable", 0 },
        [NOTICE_PLAN_CHANGED] = { "plan-changed", 86400 },
        [NOTICE_PLAN_ENDS] = { "plan-ends", 86400 },
        [NOTICE_FORUM_ASKS] = { "forum-asks", 86400 },
        [NOTICE_FORUM_MISSES] = { "forum-misses", 86400 },
        [NOTICE_REVIEW] = { "review", 86400 },
        [NOTICE_DIGEST] = { "digest", 86400 },
        [NOTICE_TEST] = { "test", 300 },
        [NOTICE_DAILY_TEST] = { "daily-test", 300 },
        [NOTICE_HEARTBEAT] = { "heartbeat", 300 },
    };
    const bool is_red =
        n->kind == NOTICE_REDIS_UNUSABLE || n->kind == NOTICE_REDIS_USABLE; /* one and the same */

    return alerts_json_of_notice(n->instance, kinds[n->kind].name, is_red ? "red" : NULL, n->plan,
                                 subject_of(n), n->since, kinds[n->kind].lasts_s);
}

static char *data_of(const struct notice *n, const char *body)
{
    switch (n->form) {
    case FORM_CARD:
        return card_json_of_notice(subject_of(n), body);
    case FORM_ALERTS:
        return alerts_of(n);
    case FORM_EVENT:
        break;
    }
    return event_of(n, body);
}

static bool address_ok(const char *s)
{
    if (strchr(s, '@') && !strchr(s, '/'))
        return mime_address_ok(s);
    for (const char *c = s; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return *s;
}

int notice_compose(const struct notice *n, bool want_eml, bool want_json,
                   struct message *out_message)
{
    AUTO(message_release) struct message m = { .severity = SEVERITY_NONE };
    AUTO(text_release) struct text body = TEXT_INIT;

    if (!address_ok(n->recipient) || (n->from && !mime_address_ok(n->from)))
        return -EINVAL;
    if (body_of(n, &body) < 0)
        return -ENOMEM;
    (void)snprintf(m.delivery_id, sizeof m.delivery_id, "%s", n->delivery_id);
    m.severity = n->kind == NOTICE_REDIS_UNUSABLE ? SEVERITY_RED : SEVERITY_NONE;
    m.subject = strdup(subject_of(n));
    if (want_eml)
        m.eml = mail_of(n, text_str(&body));
    if (want_json)
        m.json = data_of(n, text_str(&body));
    if (!m.subject || (want_eml && !m.eml) || (want_json && !m.json))
        return -ENOMEM;
    *out_message = m;
    m = (struct message){ .severity = SEVERITY_NONE };
    return 0;
}
