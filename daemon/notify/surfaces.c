#include "notify/surfaces.h"

#define CELL_STYLE "border:1px solid #aeb7bd;padding:4px 8px;text-align:left;vertical-align:top"

void surfaces_release(struct surfaces *s)
{
    text_release(&s->plain);
    text_release(&s->html);
}

int surfaces_error(const struct surfaces *s)
{
    return s->plain.error ? s->plain.error : s->html.error;
}

void surfaces_escape(struct text *out, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '&':
            (void)text_puts(out, "&amp;");
            break;
        case '<':
            (void)text_puts(out, "&lt;");
            break;
        case '>':
            (void)text_puts(out, "&gt;");
            break;
        case '"':
            (void)text_puts(out, "&quot;");
            break;
        case '\'':
            (void)text_puts(out, "&#39;");
            break;
        default:
            (void)text_putc(out, *s);
        }
    }
}

void surfaces_say(struct surfaces *s, const char *label, const char *words)
{
    if (!*words)
        return;
    (void)text_printf(&s->plain, "%s%s%s\n", label, *label ? ": " : "", words);
    (void)text_puts(&s->html, "<p style=\"margin:4px 0\">");
    if (*label)
        (void)text_printf(&s->html, "<b>%s:</b> ", label);
    surfaces_escape(&s->html, words);
    (void)text_puts(&s->html, "</p>\n");
}

void surfaces_title(struct surfaces *s, const char *words)
{
    (void)text_printf(&s->plain, "\n%s\n", words);
    (void)text_puts(&s->html, "<h2 style=\"font-size:18px;margin:16px 0 4px\">");
    surfaces_escape(&s->html, words);
    (void)text_puts(&s->html, "</h2>\n");
}

void surfaces_picture(struct surfaces *s, const char *cid, const char *alt, int width)
{
    (void)text_printf(&s->html,
                      "<p style=\"margin:12px 0\"><img src=\"cid:%s\" width=\"%d\" "
                      "style=\"display:block;width:100%%;max-width:%dpx;height:auto\" alt=\"",
                      cid, width, width);
    surfaces_escape(&s->html, alt);
    (void)text_puts(&s->html, "\"></p>\n");
}

void surfaces_space(struct surfaces *s)
{
    (void)text_puts(&s->plain, "\n");
    (void)text_puts(&s->html, "<div style=\"height:12px\"></div>\n");
}

void surfaces_caption(struct surfaces *s, const char *words)
{
    (void)text_printf(&s->plain, "\n%s\n", words);
    (void)text_puts(&s->html, "<h3 style=\"font-size:16px;margin:16px 0 4px\">");
    surfaces_escape(&s->html, words);
    (void)text_puts(&s->html, "</h3>\n");
}

void surfaces_join(struct surfaces *to, const struct surfaces *from)
{
    (void)text_add(&to->plain, text_str(&from->plain), from->plain.len);
    (void)text_add(&to->html, text_str(&from->html), from->html.len);
    if (surfaces_error(from))
        to->plain.error = surfaces_error(from);
}

/* ---- tables ---- */

static void cells(struct surfaces *s, const char *const *list, size_t count, const char *tag,
                  bool in_plain)
{
    (void)text_puts(&s->html, "<tr>");
    for (size_t i = 0; i < count; i++) {
        (void)text_printf(&s->html, "<%s style=\"" CELL_STYLE "\">", tag);
        surfaces_escape(&s->html, list[i]);
        (void)text_printf(&s->html, "</%.2s>", tag);
        if (in_plain)
            (void)text_printf(&s->plain, "%s%s", i > 0 ? " | " : "", list[i]);
    }
    (void)text_puts(&s->html, "</tr>\n");
    if (in_plain)
        (void)text_puts(&s->plain, "\n");
}

void surfaces_table(struct surfaces *s, const char *const *columns, size_t count, bool in_plain)
{
    (void)text_puts(&s->html,
                    "<table style=\"border-collapse:collapse;font-size:14px;margin-top:16px\">\n");
    cells(s, columns, count, "th scope=\"col\"", in_plain);
}

void surfaces_row(struct surfaces *s, const char *const *list, size_t count, bool in_plain)
{
    cells(s, list, count, "td", in_plain);
}

void surfaces_table_end(struct surfaces *s)
{
    (void)text_puts(&s->html, "</table>\n");
}
