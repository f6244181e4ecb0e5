#include "notify/surfaces.h"

#include <string.h>

/* What a client that drops <style> needs stands with each element; what depends on width and on light or dark,
 * in the style sheet. Contrast of words: at least 4.5 to 1 on every ground (WCAG 2.2, 1.4.3). */
#define CELL_STYLE "border:1px solid #8c979e;padding:6px 8px;text-align:left;vertical-align:top"
#define PAGE_STYLE                                                                                 \
    "max-width:776px;margin:0 auto;padding:16px 12px;"                                             \
    "font:16px/1.5 Arial,Helvetica,sans-serif;overflow-wrap:anywhere"

static const char style_sheet[] =
    ":root{color-scheme:light dark;supported-color-schemes:light dark}\n"
    "body{margin:0;padding:0;background:#fff;color:#212b32}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,.quote{background:#eef1f3}\n"
    "th,td{overflow-wrap:normal}\n"
    ".long{overflow-wrap:anywhere}\n"
    "@media (max-width:719px){\n"
    "thead{position:absolute;left:-9999px}\n"
    "table,tbody,tr,td{display:block;box-sizing:border-box;width:100%}\n"
    "tr{border:1px solid #8c979e;margin:0 0 12px;padding:4px 0}\n"
    "td{border:0 !important;padding:3px 10px !important}\n"
    "td:before{content:attr(data-label) \": \";font-weight:bold}\n"
    "td.none{display:none}\n"
    "td{overflow-wrap:anywhere}\n"
    "}\n"
    "@media (prefers-color-scheme:dark){\n"
    "body,.page{background:#14191d !important;color:#e8edee !important}\n"
    "th,.quote{background:#252d33 !important}\n"
    "th,td,tr,.quote{border-color:#6b7780 !important}\n"
    "}\n";

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

void surfaces_begin(struct surfaces *s, const char *title)
{
    (void)text_puts(&s->html,
                    "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>");
    surfaces_escape(&s->html, title);
    (void)text_printf(&s->html,
                      "</title>\n<style>\n%s</style></head>\n"
                      "<body><div class=\"page\" style=\"" PAGE_STYLE "\">\n",
                      style_sheet);
}

void surfaces_end(struct surfaces *s)
{
    (void)text_puts(&s->html, "</div></body></html>\n");
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

static void headline_of_html(struct surfaces *s, const char *tag, int size, const char *words)
{
    (void)text_printf(&s->html, "<%s style=\"font-size:%dpx;line-height:1.3;margin:18px 0 6px\">",
                      tag, size);
    surfaces_escape(&s->html, words);
    (void)text_printf(&s->html, "</%s>\n", tag);
}

static void headline(struct surfaces *s, const char *tag, int size, const char *words)
{
    (void)text_printf(&s->plain, "\n%s\n", words);
    headline_of_html(s, tag, size, words);
}

void surfaces_heading(struct surfaces *s, const char *words)
{
    headline(s, "h1", 22, words);
}

void surfaces_title(struct surfaces *s, const char *words)
{
    headline(s, "h2", 19, words);
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
    headline(s, "h2", 17, words);
}

void surfaces_picture_title(struct surfaces *s, const char *words)
{
    headline_of_html(s, "h2", 17, words);
}

void surfaces_quote(struct surfaces *s, const char *words)
{
    (void)text_puts(&s->html, "<div class=\"quote\" style=\"border-left:4px solid #8c979e;"
                              "padding:8px 12px;margin:8px 0;white-space:pre-wrap\">");
    surfaces_escape(&s->html, words);
    (void)text_puts(&s->html, "</div>\n");
    while (*words) {
        size_t n = strcspn(words, "\n");

        (void)text_printf(&s->plain, "%s%.*s\n", n ? "    " : "", (int)n, words);
        words += n + (words[n] == '\n');
    }
}

void surfaces_join(struct surfaces *to, const struct surfaces *from)
{
    (void)text_add(&to->plain, text_str(&from->plain), from->plain.len);
    (void)text_add(&to->html, text_str(&from->html), from->html.len);
    if (surfaces_error(from))
        to->plain.error = surfaces_error(from);
}

/* ---- tables ---- */

void surfaces_table(struct surfaces *s, const char *const *columns, size_t count, bool in_plain)
{
    s->columns = columns;
    (void)text_puts(&s->html, "<table role=\"table\" style=\"border-collapse:collapse;width:100%;"
                              "font-size:14px;line-height:1.4;margin-top:16px\">\n"
                              "<thead role=\"rowgroup\"><tr role=\"row\">");
    for (size_t i = 0; i < count; i++) {
        (void)text_puts(&s->html,
                        "<th role=\"columnheader\" scope=\"col\" style=\"" CELL_STYLE "\">");
        surfaces_escape(&s->html, columns[i]);
        (void)text_puts(&s->html, "</th>");
        if (in_plain)
            (void)text_printf(&s->plain, "%s%s", i > 0 ? " | " : "", columns[i]);
    }
    (void)text_puts(&s->html, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
    if (in_plain)
        (void)text_puts(&s->plain, "\n");
}

#define WORD_UNBROKEN 16 /* characters of a word that a column makes room for */

/* Of an empty cell, which a narrow window leaves out, and of one with a word that would be wider than a column. */
static const char *class_of(const char *cell)
{
    size_t longest = 0;

    for (const char *at = cell; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");

        longest = n > longest ? n : longest;
        at += n;
    }
    return !*cell ? " class=\"none\"" : longest > WORD_UNBROKEN ? " class=\"long\"" : "";
}

void surfaces_row(struct surfaces *s, const char *const *cells, size_t count, bool in_plain)
{
    (void)text_puts(&s->html, "<tr role=\"row\">");
    for (size_t i = 0; i < count; i++) {
        (void)text_printf(&s->html, "<td role=\"cell\"%s data-label=\"", class_of(cells[i]));
        surfaces_escape(&s->html, s->columns[i]);
        (void)text_puts(&s->html, "\" style=\"" CELL_STYLE "\">");
        surfaces_escape(&s->html, cells[i]);
        (void)text_puts(&s->html, "</td>");
        if (in_plain)
            (void)text_printf(&s->plain, "%s%s", i > 0 ? " | " : "", cells[i]);
    }
    (void)text_puts(&s->html, "</tr>\n");
    if (in_plain)
        (void)text_puts(&s->plain, "\n");
}

void surfaces_table_end(struct surfaces *s)
{
    s->columns = NULL;
    (void)text_puts(&s->html, "</tbody></table>\n");
}
