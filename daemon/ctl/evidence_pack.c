#include "ctl/evidence_pack.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/digest.h"
#include "ctl/output.h"
#include "ctl/show_internal.h"
#include "notify/surfaces.h"

struct column {
    const char *title, *key;
};

static const struct column figure_columns[] = {
    { "Known on", "known" },
    { "Id", "id" },
    { "Title", "title" },
    { "Plan", "plan" },
    { "Version", "plan_version" },
    { "Data to", "period_end" },
    { "Value", "value" },
    { "Unit", "unit" },
    { "Line", "line" },
    { "RAG", "rag" },
    { "Held", "held" },
    { "Status", "status" },
};
static const struct column event_columns[] = {
    { "When", "at" },
    { "What", "kind" },
    { "In words", "text" },
    { "Measure", "measure" },
    { "Feed", "feed" },
    { "Data to", "period_end" },
    { "Value", "value" },
    { "Line", "line" },
    { "Told", "recipient" },
    { "By", "receiver" },
    { "Accepted by", "accepted_by" },
    { "Answer", "answer" },
    { "Who", "who" },
    { "Record", "record" },
};
static const struct column source_columns[] = {
    { "Feed", "feed" },         { "File", "name" },       { "SHA-256", "sha256" },
    { "Received", "received" }, { "Outcome", "outcome" },
};
static const struct column plan_columns[] = {
    { "Plan", "plan" },
    { "Version", "version" },
    { "In force since", "since" },
    { "SHA-256", "digest" },
};

/* ---- the page ---- */

/* No colour alone says anything; light and dark as the reader has it; narrow screens scroll the tables alone. */
static const char style[] =
    "body{font:16px/1.5 Arial,sans-serif;color:#212b32;background:#fff;margin:0 auto;padding:16px;"
    "max-width:90rem}"
    "h1{font-size:1.75rem}h2{font-size:1.375rem;margin-top:2rem}"
    ".t{overflow-x:auto}.t:focus{outline:3px solid #ffeb3b;outline-offset:2px}"
    "table{border-collapse:collapse;font-size:.875rem;min-width:100%}"
    "caption{text-align:left;padding:4px 0}"
    "th,td{border:1px solid #aeb7bd;padding:4px 8px;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere;min-width:4rem}"
    "th{background:#f0f4f5}"
    "@media(prefers-color-scheme:dark){body{color:#f0f4f5;background:#121619}"
    "th{background:#2b3338}th,td{border-color:#5a656c}}"
    "@media print{.t{overflow:visible}}";

static void add_cell(struct text *out, const json_t *value)
{
    AUTO(text_release) struct text cell = TEXT_INIT;

    if (!json_is_null(value) && value)
        (void)output_cell(&cell, value);
    (void)text_puts(out, "<td>");
    surfaces_escape(out, text_str(&cell));
    (void)text_puts(out, "</td>");
}

static void add_table(struct text *out, const char *title, const char *id, const char *none,
                      const struct column *columns, size_t count, const json_t *rows)
{
    const json_t *row;
    size_t i;

    (void)text_printf(out, "<h2 id=\"%s\">%s</h2>\n", id, title);
    if (json_array_size(rows) == 0) {
        (void)text_printf(out, "<p>%s</p>\n", none);
        return;
    }
    (void)text_printf(out,
                      "<div class=\"t\" tabindex=\"0\" role=\"region\" aria-labelledby=\"%s\">"
                      "<table>\n<thead><tr>",
                      id);
    for (size_t k = 0; k < count; k++)
        (void)text_printf(out, "<th scope=\"col\">%s</th>", columns[k].title);
    (void)text_puts(out, "</tr></thead>\n<tbody>\n");
    json_array_foreach(rows, i, row)
    {
        (void)text_puts(out, "<tr>");
        for (size_t k = 0; k < count; k++)
            add_cell(out, json_object_get(row, columns[k].key));
        (void)text_puts(out, "</tr>\n");
    }
    (void)text_puts(out, "</tbody></table></div>\n");
}

static void add_escaped(struct text *out, const char *before, const json_t *pack, const char *key,
                        const char *after)
{
    (void)text_puts(out, before);
    surfaces_escape(out, show_string(pack, key));
    (void)text_puts(out, after);
}

/* What it is about: the key that the command had. */
static const char *subject_of(const json_t *pack)
{
    static const char *const keys[] = { "measure", "alert", "place" };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (json_object_get(pack, keys[i]))
            return keys[i];
    return "measure";
}

int evidence_html(const json_t *pack, struct text *out)
{
    const char *subject = subject_of(pack);
    const bool is_exact = strcmp(show_string(pack, "profile"), "exact") == 0;

    add_escaped(out,
                "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">"
                "<title>Evidence: ",
                pack, subject, "</title>\n<style>");
    (void)text_printf(out, "%s</style></head>\n<body><main>\n", style);
    (void)text_printf(out, "<h1>Evidence: %s ", subject);
    add_escaped(out, "", pack, subject, "</h1>\n");
    add_escaped(out, "<p>What was known when, and who acted, from ", pack, "from", " to ");
    add_escaped(out, "", pack, "to", ", by the journals of waitlistd ");
    add_escaped(out, "", pack, "instance", ". ");
    (void)text_puts(
        out, is_exact
                 ? "Figures are exact: not for publication."
                 : "Figures of waiting lists are not in this pack, their colours are; published "
                   "figures are as they were published.");
    (void)text_puts(out, " For service oversight; not for deciding any child&#39;s care.</p>\n"
                         "<p>Whether this folder is as it was made: "
                         "<code>sha256sum -c manifest.sha256</code></p>\n");
    add_table(out, "How it stood", "figures", "No measure is part of this.", figure_columns,
              COUNT(figure_columns), json_object_get(pack, "figures"));
    add_table(out, "What happened", "events", "Nothing happened in this time.", event_columns,
              COUNT(event_columns), json_object_get(pack, "events"));
    add_table(out, "Plans", "plans", "No plan is part of this.", plan_columns, COUNT(plan_columns),
              json_object_get(pack, "plans"));
    add_table(out, "Files received until then", "sources", "No file was received.", source_columns,
              COUNT(source_columns), json_object_get(pack, "sources"));
    (void)text_puts(out, "</main></body></html>\n");
    return out->error;
}

/* ---- on a terminal ---- */

static int print_rows(const json_t *rows, const struct column *columns, const bool *is_wide,
                      size_t count, const struct view *v)
{
    struct output_column titles[16];
    struct output_table t;
    const json_t *row;
    size_t i;

    for (size_t k = 0; k < count; k++)
        titles[k] = (struct output_column){ columns[k].title, false, is_wide[k] ? 24 : 0 };
    output_table_init(&t, titles, count);
    json_array_foreach(rows, i, row) for (size_t k = 0; k < count; k++)
        show_add_key(&t, row, columns[k].key);
    return show_print(&t, v);
}

int evidence_table(const json_t *pack, size_t width, bool colour, struct text *out)
{
    static const struct column figures[] = { { "KNOWN", "known" },
                                             { "MEASURE", "id" },
                                             { "VALUE", "value" },
                                             { "LINE", "line" },
                                             { "RAG", "rag" },
                                             { "HELD", "held" },
                                             { "DATA TO", "period_end" },
                                             { "VERSION", "plan_version" } };
    static const struct column events[] = { { "WHEN", "at" },
                                            { "WHAT", "kind" },
                                            { "IN WORDS", "text" },
                                            { "TOLD", "recipient" },
                                            { "WHO", "who" } };
    static const bool figures_wide[COUNT(figures)] = { false },
                      events_wide[] = { false, false, true, false, false };
    const struct view v = { width, colour, out };
    int r = print_rows(json_object_get(pack, "figures"), figures, figures_wide, COUNT(figures), &v);

    (void)text_putc(out, '\n');
    return r < 0 ? r
                 : print_rows(json_object_get(pack, "events"), events, events_wide, COUNT(events),
                              &v);
}

/* ---- files ---- */

char *evidence_plan_name(const json_t *version)
{
    AUTO(text_release) struct text name = TEXT_INIT;

    (void)text_printf(&name, "plan-%.60s-%lld-%.8s.yaml", show_string(version, "plan"),
                      (long long)json_integer_value(json_object_get(version, "version")),
                      show_string(version, "digest"));
    for (char *c = name.buf; c && *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            *c = '_';
    return text_take(&name);
}

/* Hands a file out, and has the manifest know it. */
struct packing {
    evidence_file *file;
    void *arg;
    struct text manifest;
};

static int hand_out(struct packing *p, const char *name, const char *bytes, size_t len)
{
    char sha[SHA256_TEXT_MAX];
    int r = sha256_hex(bytes, len, sha);

    if (r == 0)
        r = p->file(p->arg, name, bytes, len);
    return r == 0 ? text_printf(&p->manifest, "%s  %s\n", sha, name) : r;
}

static int hand_out_text(struct packing *p, const char *name, const struct text *t, int r)
{
    if (r == 0)
        r = t->error;
    return r == 0 ? hand_out(p, name, text_str(t), t->len) : r;
}

/* The plans' own bytes are files beside it. */
static json_t *without_texts(const json_t *pack)
{
    json_t *copy = json_deep_copy(pack), *version;
    size_t i;

    json_array_foreach(json_object_get(copy, "plans"), i, version)
    {
        AUTO(auto_free) char *name = evidence_plan_name(version);

        if (!name || json_object_del(version, "text") < 0 ||
            json_object_set_new(version, "file", json_string(name)) < 0) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy;
}

static int hand_out_plans(struct packing *p, const json_t *pack)
{
    const json_t *version;
    size_t i;
    int r = 0;

    json_array_foreach(json_object_get(pack, "plans"), i, version)
    {
        AUTO(auto_free) char *name = evidence_plan_name(version);
        const json_t *text = json_object_get(version, "text");

        if (r == 0 && !name)
            r = -ENOMEM;
        if (r == 0 && json_is_string(text))
            r = hand_out(p, name, json_string_value(text), json_string_length(text));
    }
    return r;
}

static int hand_out_all(struct packing *p, const json_t *pack, const json_t *plain)
{
    static const struct {
        const char *name, *key;
    } tables[] = { { "events.csv", "events" },
                   { "figures.csv", "figures" },
                   { "sources.csv", "sources" } };
    AUTO(text_release) struct text json = TEXT_INIT;
    AUTO(text_release) struct text page = TEXT_INIT;
    int r = output_json(&json, plain, true);

    (void)text_putc(&json, '\n');
    r = hand_out_text(p, "evidence.json", &json, r);
    if (r == 0)
        r = hand_out_text(p, "evidence.html", &page, evidence_html(plain, &page));
    for (size_t i = 0; r == 0 && i < sizeof tables / sizeof tables[0]; i++) {
        AUTO(text_release) struct text table = TEXT_INIT;

        r = hand_out_text(p, tables[i].name, &table,
                          output_csv(&table, json_object_get(plain, tables[i].key)));
    }
    return r == 0 ? hand_out_plans(p, pack) : r;
}

int evidence_files(const json_t *pack, evidence_file *file, void *arg)
{
    struct packing p = { file, arg, TEXT_INIT };
    json_t *plain = without_texts(pack);
    int r = plain ? hand_out_all(&p, pack, plain) : -ENOMEM;

    if (r == 0)
        r = text_ok(&p.manifest)
                ? file(arg, "manifest.sha256", text_str(&p.manifest), p.manifest.len)
                : p.manifest.error;
    json_decref(plain);
    text_release(&p.manifest);
    return r;
}
