#include "pipeline_apply_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "feed/content.h"
#include "parse/parser.h"
#include "parse/value.h"

#define FUTURE_DAYS 31 /* how far ahead of its receipt a figure may lie: clocks and --at differ */

/* malloc'ed, or NULL without memory. Folded: editions print one service in several cases. */
static char *parts_key(const char *parent, const char *measure, const char *secondary,
                       struct civil_date start, struct civil_date end)
{
    struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s|%s|%d|%d", parent, measure, secondary ? secondary : "",
                      start.day, end.day);
    char *s = text_take(&key);

    if (s)
        text_fold(s);
    return s;
}

/* The organisations of which more than their figures matters: asked once a record, so kept by code. */
static int find_concerned(struct apply *a)
{
    const struct settings *s = a->pipeline->config->settings;
    static char none[] = "";
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->feed->providers.count; i++)
        r = table_set(&a->concerned, settings_org_code(s, a->feed->providers.items[i]), none, NULL);
    for (size_t i = 0; r == 0 && i < s->organisation_count; i++)
        if (s->organisations[i].parent)
            r = table_set(&a->concerned, s->organisations[i].code, s->organisations[i].parent,
                          NULL);
    return r;
}

static int note_parts(struct apply *a, const struct record *r, const char *parent)
{
    AUTO(auto_free)
    char *key = parts_key(parent, r->measure, r->secondary, r->period_start, r->period_end);
    struct parts *parts = key ? table_get(&a->parts, key) : NULL;

    if (key && !parts) {
        parts = calloc(1, sizeof *parts);
        if (parts && table_set(&a->parts, key, parts, NULL) < 0) {
            free(parts);
            parts = NULL;
        }
    }
    if (!parts)
        return -ENOMEM;
    parts->blank += r->marker == MARKER_NOT_SUBMITTED;
    parts->figures += r->marker == MARKER_SUPPRESSED || (r->marker == MARKER_NONE && r->value != 0);
    return 0;
}

static int note_period(struct apply *a, const struct record *r)
{
    char key[48], end[24];

    if (date_compare(r->period_start, a->last_start) == 0 &&
        date_compare(r->period_end, a->last_end) == 0)
        return 0;
    (void)snprintf(key, sizeof key, "%d|%d", r->period_start.day, r->period_end.day);
    if (r->marker == MARKER_NOT_SUBMITTED)
        return table_has(&a->periods, key) ? 0 : table_set(&a->periods, key, NULL, NULL);
    if (!date_is_set(a->newest) || date_compare(r->period_end, a->newest) > 0)
        a->newest = r->period_end;
    (void)snprintf(end, sizeof end, "%d", r->period_end.day);
    int result = table_set(&a->periods, key, a, NULL);

    if (result == 0)
        result = table_set(&a->ends, end, a, NULL);
    a->last_start = r->period_start;
    a->last_end = r->period_end;
    return result;
}

static int note_present(struct apply *a, const struct record *r, const char *code)
{
    AUTO(text_release) struct text present = TEXT_INIT;

    if (r->marker == MARKER_NOT_SUBMITTED)
        return 0;
    (void)text_printf(&present, "%s|%d", code, r->period_end.day);
    return text_ok(&present) ? table_set(&a->present, text_str(&present), a, NULL) : -ENOMEM;
}

/* Numbers as numbers, dates as dates, else as text; a blank, which is NULL, ranks lowest. */
static int rank_compare(const char *a, const char *b)
{
    double x, y;
    bool percent;
    struct date_span s, t;

    if (!a || !b)
        return (a != NULL) - (b != NULL);
    if (value_number(a, &x, &percent) == 0 && value_number(b, &y, &percent) == 0)
        return x < y ? -1 : x > y;
    if (value_date(a, &s) == 0 && value_date(b, &t) == 0)
        return date_compare(s.end, t.end);
    return strcmp(a, b);
}

static int add_cell(struct apply *a, const struct record *r, const char *code)
{
    struct series *series = series_open(&a->pipeline->books.series, a->feed->id, r, code);
    const struct series_version figure = { .value = r->value,
                                           .low = r->low,
                                           .high = r->high,
                                           .numerator = r->numerator,
                                           .denominator = r->denominator,
                                           .marker = r->marker,
                                           .status = r->status,
                                           .edition = a->file->edition };

    return series ? apply_add_cell(a, series, r->period_start, r->period_end, &figure, r->rank)
                  : -ENOMEM;
}

int apply_add_cell(struct apply *a, struct series *series, struct civil_date start,
                   struct civil_date end, const struct series_version *figure, const char *rank)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%d|%d", series->key, start.day, end.day);
    if (!text_ok(&key))
        return -ENOMEM;
    struct cell cell = { .series = series, .start = start, .end = end, .version = *figure };

    cell.version.receipt = a->pipeline->receipt_base + a->file->sequence;
    cell.version.as_of = a->file->at;
    if (a->file->is_history)
        cell.version.history = a->into ? HISTORY_COUNT : HISTORY_FIGURE;
    (void)snprintf(cell.version.source, sizeof cell.version.source, "%.16s", a->file->sha256);
    size_t position = (size_t)(uintptr_t)table_get(&a->cell_index, text_str(&key));

    if (position) { /* a repeated key: the last stands unless the mapping says the first */
        struct cell *before = &a->cells[position - 1];

        if (!a->keeps_first && rank_compare(rank, before->rank) >= 0) {
            cell.rank = rank ? strdup(rank) : NULL;
            if (rank && !cell.rank)
                return -ENOMEM;
            free(before->rank);
            *before = cell;
        }
        return 0;
    }
    if (a->cell_count == a->cell_cap) {
        size_t cap = a->cell_cap ? a->cell_cap * 2 : 256;
        struct cell *cells = realloc(a->cells, cap * sizeof *cells);

        if (!cells)
            return -ENOMEM;
        a->cells = cells;
        a->cell_cap = cap;
    }
    cell.rank = rank ? strdup(rank) : NULL;
    if (rank && !cell.rank)
        return -ENOMEM;
    a->cells[a->cell_count++] = cell;
    return table_set(&a->cell_index, text_str(&key), (void *)(uintptr_t)a->cell_count, NULL);
}

/*
 * Not over on the day of receipt, give or take a month: no figure can be known of it. A whole year
 * (a stock by academic year) is published once it has begun.
 */
bool apply_lies_ahead(const struct record *r, struct civil_date received)
{
    int length = r->period_end.day - r->period_start.day;
    bool year = length >= 360 && length <= 372;

    return (year ? r->period_start.day : r->period_end.day) > received.day + FUTURE_DAYS;
}

/* The code to use. Rows of one organisation come together, so the last answer is kept. */
static const char *code_of(struct apply *a, const struct record *r)
{
    const struct settings *s = a->pipeline->config->settings;
    const char *name = r->org_name ? r->org_name : "";

    if (strcmp(text_str(&a->last_org), r->org) != 0 || strcmp(text_str(&a->last_name), name) != 0) {
        const char *code = settings_org_code(s, r->org);

        if (strcmp(code, r->org) == 0 && r->org_name && !table_has(&a->kept, code)) {
            const char *by_name = settings_org_code(s, r->org_name);

            if (table_has(&a->kept, by_name))
                code = by_name;
        }
        text_clear(&a->last_org);
        text_clear(&a->last_name);
        text_clear(&a->last_code);
        (void)text_puts(&a->last_org, r->org);
        (void)text_puts(&a->last_name, name);
        (void)text_puts(&a->last_code, code);
    }
    return text_str(&a->last_code);
}

static int on_record(void *arg, const struct record *r)
{
    struct apply *a = arg;

    if (apply_lies_ahead(
            r, a->received)) { /* blank months ahead are usual; a figure of one is a slip */
        a->future += r->marker == MARKER_NONE || r->marker == MARKER_SUPPRESSED;
        return 0;
    }
    const char *code = code_of(a, r);

    if (!text_ok(&a->last_org) || !text_ok(&a->last_name) || !text_ok(&a->last_code))
        return -ENOMEM;
    const char *parent = table_get(&a->concerned, code);
    int result = note_period(a, r);

    if (result == 0 && parent)
        result = note_present(a, r, code);
    if (result == 0 && parent && *parent)
        result = note_parts(a, r, parent);
    if (result == 0 && (a->feed->keep.count == 0 || table_has(&a->kept, code)))
        result = add_cell(a, r, code);
    return result;
}

int apply_read_begin(struct apply *a, const struct format *format)
{
    a->parser =
        parser_new(format, a->file->name, (struct parse_sink){ .record = on_record, .arg = a });
    a->fd = archive_read(a->pipeline->archive, receipt_archived(a->file));
    int r = !a->parser ? -ENOMEM : a->fd < 0 ? a->fd : find_concerned(a);

    a->is_partial = format_is_partial(format);
    a->keeps_first = strcmp(format_duplicate(format), "first") == 0;
    return r == 0 ? content_new(a->fd, a->parser, &a->content) : r;
}

int apply_read(struct apply *a, bool *out_is_done)
{
    int r = 0;

    *out_is_done = false;
    for (size_t done = 0; r == 0 && done < PORTION_BYTES && !*out_is_done; done += CONTENT_BLOCK)
        r = content_step(a->content, out_is_done);
    if (r < 0 || !*out_is_done)
        return r;
    const struct parse_result *result = parser_result(a->parser);

    a->covers = result->covers_providers;
    (void)snprintf(a->part, sizeof a->part, "%s", result->part);
    /* Accepted at receipt by the mapping of then: where that is not kept, today's may refuse. What it
     * was held for, a person accepted. */
    return result->refused || (result->held && !a->receipt->decides) ? -EBADMSG : 0;
}

void apply_read_end(struct apply *a)
{
    content_free(a->content);
    parser_free(a->parser);
    fd_close(&a->fd);
    format_free(a->kept_format);
    a->content = NULL;
    a->parser = NULL;
    a->kept_format = NULL;
}

/*
 * A period after the newest figure of the file, of which it holds no figure at all, is not published
 * yet (a year's blank months to come): nothing is said of it.
 */
static bool period_is_published(const struct apply *a, const struct cell *c)
{
    if (!date_is_set(a->newest) || date_compare(c->end, a->newest) <= 0)
        return true;

    char key[48];

    (void)snprintf(key, sizeof key, "%d|%d", c->start.day, c->end.day);
    return table_get(&a->periods, key) != NULL;
}

/*
 * A total of 0 of which no part is above 0 and some part is blank is no figure but a gap (DESIGN
 * section 5). A part that prints 0 beside blank ones does not make the total known.
 */
static int mark_gaps(struct apply *a)
{
    for (size_t i = 0; i < a->cell_count; i++) {
        struct cell *c = &a->cells[i];

        if (c->version.marker != MARKER_NONE || c->version.value != 0)
            continue;
        AUTO(auto_free)
        char *key =
            parts_key(c->series->org, c->series->measure, c->series->secondary, c->start, c->end);

        if (!key)
            return -ENOMEM;
        const struct parts *parts = table_get(&a->parts, key);

        if (!parts || parts->blank == 0 || parts->figures > 0)
            continue;
        c->version.gap = true;
        c->version.marker = MARKER_NOT_SUBMITTED;
    }
    return 0;
}

int apply_find_changes(struct apply *a)
{
    int r = mark_gaps(a);

    if (r < 0)
        return r;
    a->changes = calloc(a->cell_count + 1, sizeof *a->changes);
    if (!a->changes)
        return -ENOMEM;
    for (size_t i = 0; i < a->cell_count; i++) {
        struct cell *c = &a->cells[i];

        c->outcome = SERIES_SAME;
        if (!a->into && i < a->said_count && !period_is_published(a, c))
            continue;
        c->outcome = series_judge(c->series, c->start, c->end, &c->version);
        enum series_outcome effect = series_effect(c->series, c->start, c->end, &c->version);

        a->changed += effect != SERIES_SAME;
        a->restated |= effect == SERIES_RESTATED;
        a->says_anew |= effect != SERIES_SAME && effect != SERIES_SUPERSEDED;
        if (c->outcome == SERIES_SAME)
            continue;
        a->changes[a->change_count++] =
            (struct series_change){ c->series, c->start, c->end, &c->version,
                                    c->outcome != SERIES_SUPERSEDED };
    }
    return 0;
}
