#include "notify/mail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/digest.h"
#include "notify/body.h"
#include "notify/chart_item.h"
#include "notify/mime.h"
#include "notify/wording.h"

#define REFERENCES_MAX 10 /* episodes named in the thread headers */
#define BASE64_LINE    76 /* RFC 2045 6.8 */

/* ---- the picture ---- */

int mail_picture(const struct mail_words *w, struct mail_picture *out)
{
    int r = -ENODATA;

    *out = (struct mail_picture){ TEXT_INIT, TEXT_INIT, 0 };
    for (size_t i = 0; r == -ENODATA && i < w->context->item_count; i++) {
        struct chart_drawing drawing;
        struct item_view v;

        item_view(w->context, w->items[i], &v);
        chart_of_item(&v, &drawing);
        r = chart_png(&drawing, &out->png);
        if (r == 0)
            chart_alt(&drawing, &out->alt);
        out->item = i;
    }
    if (r == 0 && !text_ok(&out->alt))
        r = -ENOMEM;
    if (r < 0)
        mail_picture_release(out);
    return r == -ENODATA ? 0 : r;
}

void mail_picture_release(struct mail_picture *p)
{
    text_release(&p->png);
    text_release(&p->alt);
}

/* ---- parts ---- */

/* Messages of one episode form one thread. */
static void thread_headers(struct text *out, const struct mail_words *w, const char *domain)
{
    const struct message_context *c = w->context;
    size_t count = c->item_count;

    (void)text_printf(out, "In-Reply-To: <%s@%s>\r\nReferences:",
                      count ? w->items[0]->episode->id : c->baseline->thread, domain);
    if (!count)
        (void)text_printf(out, " <%s@%s>", c->baseline->thread, domain);
    for (size_t i = 0; i < count && i < REFERENCES_MAX; i++)
        (void)text_printf(out, "%s<%s@%s>", i > 0 ? "\r\n " : " ", w->items[i]->episode->id,
                          domain);
    (void)text_puts(out, "\r\n");
}

/* "=_" is never quoted-printable, and '_' not base64. */
struct boundary {
    char text[ALERT_ID_MAX + 40];
};

static struct boundary boundary_of(const struct mail_words *w, const char *kind)
{
    struct boundary b;

    (void)snprintf(b.text, sizeof b.text, "=_waitlistd_%s%s", kind, w->delivery_id);
    return b;
}

static void begin_multipart(struct text *out, const char *kind, const struct boundary *b)
{
    (void)text_printf(out, "Content-Type: multipart/%s;\r\n boundary=\"%s\"\r\n\r\n", kind,
                      b->text);
}

static void picture_part(struct text *out, const struct boundary *b, const char *cid,
                         const struct mail_picture *p)
{
    AUTO(auto_free) char *encoded = base64_encode(p->png.buf, p->png.len);

    (void)text_printf(out,
                      "--%s\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
                      "Content-ID: <%s>\r\n"
                      "Content-Disposition: inline; filename=\"chart.png\"\r\n\r\n",
                      b->text, cid);
    for (const char *at = encoded; at && *at; at += strnlen(at, BASE64_LINE))
        (void)text_printf(out, "%.*s\r\n", BASE64_LINE, at);
    if (!encoded)
        out->error = -ENOMEM;
}

/* The HTML alone, or with its picture. */
static void html_part(struct text *out, const struct mail_words *w, const struct boundary *outer,
                      const char *html, const char *cid, const struct mail_picture *p)
{
    struct boundary inner = boundary_of(w, "related_");

    if (p->png.len == 0) {
        mime_part(out, outer->text, "text/html", html);
        return;
    }
    (void)text_printf(out, "--%s\r\n", outer->text);
    begin_multipart(out, "related; type=\"text/html\"", &inner);
    mime_part(out, inner.text, "text/html", html);
    picture_part(out, &inner, cid, p);
    (void)text_printf(out, "--%s--\r\n", inner.text);
}

/* ---- the mail ---- */

static void headers(struct text *out, const struct mail_words *w, const char *domain)
{
    AUTO(text_release) struct text whom = TEXT_INIT;
    const struct message_context *c = w->context;
    bool has_address = mime_address_ok(c->recipient);
    char id[ALERT_ID_MAX + 80], date[64], sender[96];

    (void)snprintf(id, sizeof id, "<%s@%s>", w->delivery_id, domain);
    (void)snprintf(sender, sizeof sender, "waitlistd@%s", domain);
    mime_header_mailbox(out, "From", "waitlistd", c->from ? c->from : sender);
    wording_clean(&whom, has_address ? c->recipient_name : c->recipient, 100, 20);
    if (has_address)
        mime_header_mailbox(out, "To", text_str(&whom), c->recipient);
    else
        mime_header_group(out, "To", text_str(&whom));
    mime_header_text(out, "Subject", w->subject);
    mime_header(out, "Date", mime_date(c->now, date));
    mime_header(out, "Message-ID", id);
    thread_headers(out, w, domain);
    mime_header(out, "Auto-Submitted", "auto-generated");
    mime_header(out, "X-Waitlistd-Delivery", w->delivery_id);
    mime_header(out, "MIME-Version", "1.0");
    if (!text_ok(&whom))
        out->error = -ENOMEM;
}

char *mail_of(const struct mail_words *w, const struct mail_picture *picture)
{
    const struct message_context *c = w->context;
    AUTO(text_release) struct text plain = TEXT_INIT;
    AUTO(text_release) struct text html = TEXT_INIT;
    AUTO(text_release) struct text heading = TEXT_INIT;
    AUTO(text_release) struct text out = TEXT_INIT;
    struct boundary boundary = boundary_of(w, "");
    char domain[64], cid[ALERT_ID_MAX + 80];

    mime_domain(c->instance, domain);
    (void)snprintf(cid, sizeof cid, "chart.%s@%s", w->delivery_id, domain);
    message_heading(c, &heading);

    const struct body_chart chart = { cid, text_str(&picture->alt), picture->item };

    body_write(c, w->items, c->item_count,
               c->item_count > 1 || c->baseline ? text_str(&heading) : w->subject,
               picture->png.len ? &chart : NULL, &plain, &html);
    headers(&out, w, domain);
    begin_multipart(&out, "alternative", &boundary);
    mime_part(&out, boundary.text, "text/plain", text_str(&plain));
    html_part(&out, w, &boundary, text_str(&html), cid, picture);
    (void)text_printf(&out, "--%s--\r\n", boundary.text);
    if (!text_ok(&plain) || !text_ok(&html) || !text_ok(&heading))
        return NULL;
    return text_take(&out);
}
