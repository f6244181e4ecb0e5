#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "parse/parser.h"
#include "parse/value.h"

/*
 * Applying a receipt. Invariants: (1) the archived bytes are parsed, never the inbox file again;
 * (2) cells reach Redis in slices, each judged against what is stored, so a slice applied twice
 * adds nothing; (3) the ledger entry comes after all slices took effect; (4) the feed's book counts
 * the receipts applied, so that a crash at any point repeats the receipt and changes nothing twice;
 * (5) applying all receipts again, in order, gives the same series and the same book.
 */

/* One cell that the file says, and what judging it against the series found. */
struct cell {
    struct series *series;
    struct civil_date start, end;
    struct series_version version;
    enum series_outcome outcome;
    char *rank; /* `duplicate: by COLUMN`: of rows with one key the highest stands; NULL: none */
};

/* What the organisations under a total sent: for a published 0 over blank parts. */
struct parts {
    unsigned blank, figures; /* figures: above 0, or withheld */
};

struct apply {
    struct pipeline *pipeline;
    const struct receipt *receipt;
    const struct feed_setting *feed;
    struct feed_book *book; /* as it will be */
    struct cell *cells;
    size_t cell_count, cell_cap;
    struct table cell_index; /* "series|start|end" -> position + 1 */
    struct table kept;       /* organisation codes that become series */
    struct table periods;    /* "start|end" -> self when some cell holds a figure, else NULL */
    struct table ends;       /* "end" -> self: periods of which the file holds figures */
    struct table present;    /* "organisation|end" -> self: it sent a figure for that period */
    struct table parts;      /* "parent|measure|secondary|start|end" -> struct parts * */
    struct table concerned;  /* provider, or organisation with a parent: code -> its parent or "" */
    struct text last_org, last_name, last_code; /* as printed, and the code they mean */
    struct civil_date last_start, last_end;     /* of the record before, when noted with a figure */
    struct series_change *changes;
    size_t change_count;
    struct civil_date newest, received; /* newest period with a figure; local date of receipt */
    unsigned long future;               /* cells of periods that lie ahead: left out */
    uint64_t expected;                  /* the newest receipt applied before this one */
    char part[96];                      /* which table and band of the edition this is */
    bool restated, covers, keeps_first;
};

#define FUTURE_DAYS 31 /* how far ahead of its receipt a figure may lie: clocks and --at differ */

static void apply_free(struct apply *a)
{
    if (!a)
        return;
    feed_book_free(a->book);
    table_release(&a->cell_index, NULL);
    table_release(&a->kept, NULL);
    table_release(&a->periods, NULL);
    table_release(&a->ends, NULL);
    table_release(&a->present, NULL);
    table_release(&a->parts, free);
    table_release(&a->concerned, NULL);
    text_release(&a->last_org);
    text_release(&a->last_name);
    text_release(&a->last_code);
    for (size_t i = 0; i < a->cell_count; i++)
        free(a->cells[i].rank);
    free(a->cells);
    free(a->changes);
    free(a);
}

void apply_abort(struct pipeline *p)
{
    apply_free(p->apply);
    p->apply = NULL;
}

const struct receipt *apply_next(const struct pipeline *p)
{
    for (size_t i = 0; i < p->receipts.count; i++) {
        const struct receipt *r = p->receipts.list[i];
        const struct feed_book *b = table_get(&p->books.feeds, r->feed);

        if ((!b || b->receipt < r->sequence) && pipeline_feed(p, r->feed))
            return r; /* the oldest first: the list is in order of receipt */
    }
    return NULL;
}

static int keep(struct apply *a, const char *org)
{
    return table_set(&a->kept, settings_org_code(a->pipeline->config->settings, org), a, NULL);
}

/* keep: of the feed, and whatever a plan selects from it; nothing named: everything. */
static int find_kept(struct apply *a)
{
    const struct config *c = a->pipeline->config;
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->feed->keep.count; i++)
        r = keep(a, a->feed->keep.items[i]);
    if (a->feed->keep.count == 0)
        return r;
    for (size_t i = 0; i < c->plan_count; i++)
        for (size_t j = 0; r == 0 && j < c->plans[i]->measure_count; j++) {
            const struct plan_measure *m = &c->plans[i]->measures[j];

            if (m->select.feed && strcmp(m->select.feed, a->feed->id) == 0 && m->select.org)
                r = keep(a, m->select.org);
        }
    return r;
}

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

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The organisations that become series, as one text: sorted codes, or "*". */
static char *kept_words(const struct table *kept, bool all)
{
    const char **codes = calloc(table_count(kept) + 1, sizeof *codes);
    struct text t = TEXT_INIT;
    const char *code;
    size_t n = 0;

    if (!codes)
        return NULL;
    for (size_t at = 0; table_next(kept, &at, &code, NULL);)
        codes[n++] = code;
    if (n)
        qsort(codes, n, sizeof *codes, by_text);
    if (all)
        (void)text_putc(&t, '*');
    for (size_t i = 0; !all && i < n; i++)
        (void)text_printf(&t, "%s%s", i ? " " : "", codes[i]);
    free(codes);
    return text_take(&t);
}

static int set_kept(struct apply *a)
{
    int r = find_kept(a);
    char *words = r == 0 ? kept_words(&a->kept, a->feed->keep.count == 0) : NULL;

    if (!words)
        return r < 0 ? r : -ENOMEM;
    free(a->book->kept);
    a->book->kept = words;
    return 0;
}

/* Whether what is kept today goes beyond what was kept when the book was last written. */
static bool keeps_more(const char *before, const char *now)
{
    if (!before || strcmp(before, "*") == 0 || strcmp(before, now) == 0)
        return false;
    if (strcmp(now, "*") == 0)
        return true;
    for (const char *at = now; *at;) {
        size_t n = strcspn(at, " ");
        bool found = false;

        for (const char *b = before; *b && !found; b += strcspn(b, " "), b += *b == ' ')
            found = strcspn(b, " ") == n && strncmp(b, at, n) == 0;
        if (!found)
            return true;
        at += n;
        at += *at == ' ';
    }
    return false;
}

int apply_backfill(struct pipeline *p)
{
    const struct settings *s = p->config->settings;

    for (size_t i = 0; i < s->feed_count; i++) {
        struct feed_book *b = table_get(&p->books.feeds, s->feeds[i].id);
        struct apply a = { .pipeline = p, .feed = &s->feeds[i] };
        int r = b && b->kept ? find_kept(&a) : -ENOENT;
        AUTO(auto_free) char *now = r == 0 ? kept_words(&a.kept, a.feed->keep.count == 0) : NULL;

        table_release(&a.kept, NULL);
        if (r == -ENOENT)
            continue;
        if (!now)
            return -ENOMEM;
        if (!keeps_more(b->kept, now))
            continue;
        log_info("apply", "feed=%s keeps more than before: its archived files are applied again",
                 b->id);
        struct feed_book *fresh = feed_book_fresh(b->id, b->receipt);

        if (!fresh)
            return -ENOMEM;
        void *old = NULL;

        if (table_set(&p->books.feeds, s->feeds[i].id, fresh, &old) < 0) {
            feed_book_free(fresh);
            return -ENOMEM;
        }
        feed_book_free(old);
    }
    return 0;
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

/* Numbers as numbers, dates as dates, else as text; a blank ranks lowest. */
static int rank_compare(const char *a, const char *b)
{
    double x, y;
    bool percent;
    struct date_span s, t;

    if (!a || !b || value_is_blank(a) || value_is_blank(b))
        return (a && !value_is_blank(a)) - (b && !value_is_blank(b));
    if (value_number(a, &x, &percent) == 0 && value_number(b, &y, &percent) == 0)
        return x < y ? -1 : x > y;
    if (value_date(a, &s) == 0 && value_date(b, &t) == 0)
        return date_compare(s.end, t.end);
    return strcmp(a, b);
}

static int add_cell(struct apply *a, const struct record *r, const char *code)
{
    struct series *series = series_open(&a->pipeline->books.series, a->feed->id, r, code);
    AUTO(text_release) struct text key = TEXT_INIT;

    if (!series)
        return -ENOMEM;
    (void)text_printf(&key, "%s|%d|%d", series->key, r->period_start.day, r->period_end.day);
    if (!text_ok(&key))
        return -ENOMEM;
    struct cell cell = { .series = series, .start = r->period_start, .end = r->period_end };

    cell.version = (struct series_version){ .value = r->value,
                                            .low = r->low,
                                            .high = r->high,
                                            .numerator = r->numerator,
                                            .denominator = r->denominator,
                                            .marker = r->marker,
                                            .status = r->status,
                                            .edition = a->receipt->edition,
                                            .receipt = a->receipt->sequence,
                                            .as_of = a->receipt->at };
    (void)snprintf(cell.version.source, sizeof cell.version.source, "%.16s", a->receipt->sha256);
    size_t position = (size_t)(uintptr_t)table_get(&a->cell_index, text_str(&key));

    if (position) { /* a repeated key: the last stands unless the mapping says the first */
        struct cell *before = &a->cells[position - 1];

        if (!a->keeps_first && rank_compare(r->rank, before->rank) >= 0) {
            cell.rank = r->rank ? strdup(r->rank) : NULL;
            if (r->rank && !cell.rank)
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
    cell.rank = r->rank ? strdup(r->rank) : NULL;
    if (r->rank && !cell.rank)
        return -ENOMEM;
    a->cells[a->cell_count++] = cell;
    return table_set(&a->cell_index, text_str(&key), (void *)(uintptr_t)a->cell_count, NULL);
}

/*
 * Not over on the day of receipt, give or take a month: no figure can be known of it. A whole year
 * (a stock by academic year) is published once it has begun.
 */
static bool lies_ahead(const struct apply *a, const struct record *r)
{
    int length = r->period_end.day - r->period_start.day;
    bool year = length >= 360 && length <= 372;

    return (year ? r->period_start.day : r->period_end.day) > a->received.day + FUTURE_DAYS;
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

    if (lies_ahead(a, r)) { /* blank months ahead are usual; a figure of one is a slip */
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

static int parse_archived(struct apply *a, const struct format *format)
{
    struct pipeline *p = a->pipeline;
    struct parser *parser =
        parser_new(format, a->receipt->name, (struct parse_sink){ on_record, NULL, a });
    int fd = archive_read(p->archive, a->receipt->sha256);
    char buffer[32768];
    int r = !parser ? -ENOMEM : fd < 0 ? fd : 0;

    while (r == 0) {
        ssize_t n = read(fd, buffer, sizeof buffer);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            r = n < 0 ? -errno : 0;
            break;
        }
        r = parser_push(parser, buffer, (size_t)n);
    }
    if (r == 0)
        r = parser_finish(parser);
    if (r == 0) {
        const struct parse_result *result = parser_result(parser);

        /* Accepted at receipt under this very mapping, or under an older one: then it may be
         * refused now. */
        if (result->refused || result->held)
            r = -EBADMSG;
        a->covers = result->covers_providers;
        (void)snprintf(a->part, sizeof a->part, "%s", result->part);
    }
    if (fd >= 0)
        close(fd);
    parser_free(parser);
    return r;
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

static int find_changes(struct apply *a)
{
    a->changes = calloc(a->cell_count + 1, sizeof *a->changes);
    if (!a->changes)
        return -ENOMEM;
    for (size_t i = 0; i < a->cell_count; i++) {
        struct cell *c = &a->cells[i];

        c->outcome = SERIES_SAME;
        if (!period_is_published(a, c))
            continue;
        c->outcome = series_judge(c->series, c->start, c->end, &c->version);
        if (c->outcome == SERIES_SAME)
            continue;
        a->restated |= c->outcome == SERIES_RESTATED;
        a->changes[a->change_count++] =
            (struct series_change){ c->series, c->start, c->end, &c->version,
                                    c->outcome != SERIES_SUPERSEDED };
    }
    return 0;
}

static int set_words(char **field, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int set_words(char **field, const char *format, ...)
{
    struct text t = TEXT_INIT;
    va_list ap;

    va_start(ap, format);
    (void)text_vprintf(&t, format, ap);
    va_end(ap);
    char *words = text_take(&t);

    if (!words)
        return -ENOMEM;
    free(*field);
    *field = words;
    return 0;
}

/* Whether this figure is the one that a measure looks at. */
static bool is_figure_of(const struct apply *a, const struct plan_measure *m,
                         const struct series *series)
{
    const struct settings *s = a->pipeline->config->settings;

    return text_same(m->published, series->measure) &&
           strcmp(settings_org_code(s, m->select.org), series->org) == 0 &&
           (!m->select.secondary || !series->secondary ||
            text_same(m->select.secondary, series->secondary)) &&
           (!m->select.breakdown || !series->breakdown ||
            text_same(m->select.breakdown, series->breakdown));
}

/* Whether an earlier file brought this figure for the period, or for a newer one. */
static bool is_known(const struct apply *a, const struct plan_measure *m)
{
    void *value;

    for (size_t at = 0; table_next(&a->pipeline->books.series.by_key, &at, NULL, &value);) {
        const struct series *s = value;

        if (s->point_count && strcmp(s->feed, a->feed->id) == 0 && is_figure_of(a, m, s) &&
            date_compare(s->points[s->point_count - 1].period_end, a->newest) >= 0)
            return true;
    }
    return false;
}

/* Whether a plan looks at this figure: of the others nobody is told. */
static bool is_watched(const struct apply *a, const struct cell *c)
{
    const struct config *config = a->pipeline->config;

    for (size_t i = 0; i < config->plan_count; i++)
        for (size_t j = 0; j < config->plans[i]->measure_count; j++) {
            const struct plan_measure *m = &config->plans[i]->measures[j];

            if (m->select.feed && strcmp(m->select.feed, a->feed->id) == 0 &&
                is_figure_of(a, m, c->series))
                return true;
        }
    return false;
}

/* A watched figure that this table brought before and brings no more: its series must not stand
   still unsaid. */
static int find_absent(struct apply *a)
{
    const struct config *config = a->pipeline->config;
    int r = 0;

    for (size_t i = 0; i < config->plan_count; i++)
        for (size_t j = 0; r == 0 && j < config->plans[i]->measure_count; j++) {
            const struct plan_measure *m = &config->plans[i]->measures[j];
            const char *part = table_get(&a->book->seen, m->id);
            bool found = false;

            if (!m->select.feed || strcmp(m->select.feed, a->feed->id) != 0)
                continue;
            for (size_t k = 0; k < a->cell_count && !found; k++)
                found = date_compare(a->cells[k].end, a->newest) == 0 &&
                        is_figure_of(a, m, a->cells[k].series);
            if (found)
                r = feed_book_saw(a->book, m->id, a->part);
            else if (part && strcmp(part, a->part) == 0 && !is_known(a, m))
                r = feed_book_absent(a->book, settings_org_code(config->settings, m->select.org),
                                     a->part, m->published, a->newest);
        }
    return r;
}

/* Which providers that the feed must cover are missing, for each period of the file. */
static int find_missing(struct apply *a)
{
    struct feed_book *b = a->book;
    const char *end;
    int r = 0;

    for (size_t at = 0; r == 0 && table_next(&a->ends, &at, &end, NULL);) {
        struct civil_date period_end = { (int32_t)strtol(end, NULL, 10) };

        for (size_t i = 0; r == 0 && i < a->feed->providers.count; i++) {
            const char *code =
                settings_org_code(a->pipeline->config->settings, a->feed->providers.items[i]);
            AUTO(text_release) struct text key = TEXT_INIT;

            (void)text_printf(&key, "%s|%s", code, end);
            if (!text_ok(&key))
                return -ENOMEM;
            bool missing = !table_has(&a->present, text_str(&key));

            if (missing && date_compare(period_end, a->newest) == 0)
                log_warning("apply", "feed=%s provider=%s missing from \"%s\"", b->id, code,
                            a->receipt->name);
            r = feed_book_gap(b, code, a->part, NULL, period_end, missing);
        }
    }
    return r;
}

/* The feed's book after this file: age, coverage, words. */
static int update_book(struct apply *a)
{
    struct feed_book *b = a->book;
    AUTO(text_release) struct text words = TEXT_INIT;
    int r = 0;

    b->files++;
    b->last_received = a->receipt->at;
    if (date_is_set(a->newest) &&
        (!date_is_set(b->newest_period_end) || date_compare(a->newest, b->newest_period_end) > 0))
        b->newest_period_end = a->newest;
    feed_book_supersede(b, a->part);
    if (a->covers)
        r = find_missing(a);
    if (r == 0 && date_is_set(a->newest))
        r = feed_book_part(b, a->part, a->newest);
    if (date_is_set(a->newest))
        feed_book_clear_totals(b, a->part, a->newest);
    for (size_t i = 0; r == 0 && i < a->cell_count; i++)
        if (a->cells[i].version.gap && is_watched(a, &a->cells[i]))
            r = feed_book_gap(b, a->cells[i].series->org, a->part, a->cells[i].series->measure,
                              a->cells[i].end, true);
    if (r == 0 && date_is_set(a->newest))
        r = find_absent(a);
    (void)text_printf(&words, "accepted: %zu of %zu kept figures changed%s", a->change_count,
                      a->cell_count, a->restated ? ", some restated" : "");
    if (a->future)
        (void)text_printf(&words, "; %lu figures of periods that lie ahead left out", a->future);
    if (r == 0)
        r = set_words(&b->last_outcome, "%s", text_str(&words));
    return r;
}

static void finish_feed(struct pipeline *p)
{
    struct apply *a = p->apply;
    void *old = NULL;

    judge_forget(p); /* findings borrow from books and series */
    if (table_set(&p->books.feeds, a->book->id, a->book, &old) < 0) {
        pipeline_stop(p, 1);
        return;
    }
    a->book = NULL;
    feed_book_free(old);
    p->need_evaluate = true;
    apply_abort(p);
}

static char *key_of(const struct receipt *r)
{
    return ledger_key(r->feed, r->sha256, r->format_digest);
}

static void finish_ledger(struct pipeline *p)
{
    struct apply *a = p->apply;
    AUTO(auto_free) char *key = key_of(a->receipt);

    if (!key ||
        books_add_ledger(&p->books, key, a->feed->id, a->receipt->at, a->receipt->sequence) < 0) {
        pipeline_stop(p, 1);
        return;
    }
    if (a->receipt->outcome == RECEIPT_ACCEPTED)
        log_info("apply", "feed=%s file=\"%s\" figures=%zu changed=%zu restated=%s", a->feed->id,
                 a->receipt->name, a->cell_count, a->change_count, a->restated ? "yes" : "no");
    finish_feed(p);
}

static void send_ledger(struct pipeline *p)
{
    struct apply *a = p->apply;
    AUTO(auto_free) char *key = key_of(a->receipt);
    const struct ledger_entry entry = { a->receipt->at, a->receipt->sequence, a->feed->id };

    batch_begin(p, finish_ledger);
    batch_add(p, key ? store_commit_feed(p->store, a->book, a->expected, key, &entry, batch_done, p)
                     : -ENOMEM);
    batch_end(p);
}

static void finish_slices(struct pipeline *p)
{
    struct apply *a = p->apply;

    judge_forget(p);
    for (size_t i = 0; i < a->cell_count; i++) {
        struct cell *c = &a->cells[i];

        if (c->outcome != SERIES_SAME &&
            series_offer(c->series, c->start, c->end, &c->version) < 0) {
            pipeline_stop(p, 1);
            return;
        }
    }
    send_ledger(p);
}

static void send_slices(struct pipeline *p)
{
    struct apply *a = p->apply;

    batch_begin(p, finish_slices);
    for (size_t i = 0; i < a->change_count; i += STORE_SLICE_MAX) {
        size_t n = a->change_count - i < STORE_SLICE_MAX ? a->change_count - i : STORE_SLICE_MAX;

        batch_add(p, store_commit_series(p->store, a->changes + i, n, batch_done, p));
    }
    batch_end(p);
}

static void send_book(struct pipeline *p)
{
    struct apply *a = p->apply;

    batch_begin(p, finish_feed);
    batch_add(p, store_commit_feed(p->store, a->book, a->expected, NULL, NULL, batch_done, p));
    batch_end(p);
}

/* ---- the kinds of receipt ---- */

static int wait_for_person(struct apply *a, const char *what, bool held)
{
    const struct receipt *r = a->receipt;
    AUTO(text_release) struct text why = TEXT_INIT;

    (void)text_printf(&why, "%s %s: %s", r->name, what, r->why);
    int result = text_ok(&why) ? feed_book_wait(a->book, text_str(&why), r->part, held, a->received)
                               : -ENOMEM;

    if (result == 0)
        result = set_words(&a->book->last_outcome, "%s: %s", held ? "held" : "refused", r->why);
    return result;
}

/* Never refreshes the feed's age: a stuck export stays late. */
static int apply_duplicate(struct apply *a, const struct ledger_entry *known)
{
    char date[DATE_TEXT_MAX];

    (void)date_format(wall_date(known->received), date);
    log_info("apply", "feed=%s file=\"%s\" duplicate of %s", a->feed->id, a->receipt->name, date);
    return set_words(&a->book->last_outcome, "same as %s: nothing changed", date);
}

static int apply_accepted(struct apply *a, const struct format *format)
{
    int r = find_concerned(a);

    a->keeps_first = strcmp(format_duplicate(format), "first") == 0;
    if (r == 0)
        r = parse_archived(a, format);
    if (r == 0)
        r = mark_gaps(a);
    if (r == 0)
        r = find_changes(a);
    if (r == 0)
        r = update_book(a);
    return r;
}

static int start(struct apply *a)
{
    struct pipeline *p = a->pipeline;
    const struct receipt *r = a->receipt;
    const struct format *format = format_set_find(p->config->formats, a->feed->format);
    const struct feed_book *book = table_get(&p->books.feeds, r->feed);
    AUTO(auto_free) char *key = key_of(r);
    const struct ledger_entry *known = key ? table_get(&p->books.ledger, key) : NULL;
    int result = !format || !key || !book ? -ENOMEM : feed_book_copy(book, &a->book);

    if (result < 0)
        return result;
    a->expected = book->stored;
    a->book->stored = r->sequence;
    a->book->receipt = r->sequence;
    a->book->last_outcome_at = r->at;
    result = set_kept(a);
    if (result < 0)
        return result;
    if (r->outcome == RECEIPT_REFUSED) {
        result = wait_for_person(a, "was refused", false);
        if (result == 0)
            send_book(p);
        return result;
    }
    if (known && known->receipt != r->sequence) { /* its own entry: applied again after a loss */
        result = apply_duplicate(a, known);
        if (result == 0)
            send_book(p);
        return result;
    }
    if (r->outcome == RECEIPT_HELD) {
        result = wait_for_person(a, "is held", true);
        if (result == 0)
            send_ledger(p);
        return result;
    }
    result = apply_accepted(a, format);
    if (result == -EBADMSG || result == -ENOENT) {
        log_error("apply", "feed=%s file=\"%s\": %s", a->feed->id, r->name,
                  result == -ENOENT ? "the archive lacks it" : "today's mapping does not read it");
        AUTO(text_release) struct text why = TEXT_INIT;

        (void)text_printf(&why, "%s %s", r->name,
                          result == -ENOENT ? "is missing from the archive"
                                            : "cannot be read by today's mapping");
        result = text_ok(&why) ? feed_book_wait(a->book, text_str(&why), NULL, true, a->received)
                               : -ENOMEM;
        if (result == 0)
            send_book(p);
        return result;
    }
    if (result == 0)
        send_slices(p);
    return result;
}

void apply_start(struct pipeline *p, const struct receipt *r)
{
    struct apply *a = calloc(1, sizeof *a);
    int result = a ? 0 : -ENOMEM;

    if (a) {
        *a = (struct apply){
            .pipeline = p,
            .receipt = r,
            .feed = pipeline_feed(p, r->feed),
            .received = wall_date(r->at),
            .newest = DATE_NONE,
            .last_org = TEXT_INIT,
            .last_name = TEXT_INIT,
            .last_code = TEXT_INIT,
            .last_start = DATE_NONE,
            .last_end = DATE_NONE,
        };
        p->apply = a;
        result = start(a);
    }
    if (result < 0) {
        log_error("apply", "feed=%s file=\"%s\" error=\"%s\"", r->feed, r->name, strerror(-result));
        pipeline_stop(p, 1); /* the receipt is durable: the next start takes it up again */
    }
}
