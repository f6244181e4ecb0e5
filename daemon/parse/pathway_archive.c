#include "parse/pathway_archive.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "parse/csv.h"
#include "parse/value.h"

#define PENDING_BYTES 65536 /* put at once */

enum archive_column {
    AT_PATHWAY,
    AT_PERSON,
    AT_SERVICE,
    AT_PROVIDER,
    AT_COMMISSIONER,
    AT_PLACE,
    AT_STAGE,
    AT_EXCEPTION,
    AT_CLOCK_START,
    AT_STAGE_START,
    AT_CENSUS,
    AT_EVENT,
    AT_EVENT_ID,
    AT_EVENT_DATE,
    AT_VERSION,
    AT_RETRACTED,
    AT_REASON,
    AT_COHORT,
    AT_LINE,
    AT_COUNT,
};

static const char *const names[AT_COUNT] = {
    "pathway",   "person",      "service",     "provider", "commissioner", "place",    "stage",
    "exception", "clock_start", "stage_start", "census",   "event",        "event_id", "event_date",
    "version",   "retracted",   "reason",      "cohort",   "line",
};

/* Where the texts and days of a record stand, by column; the other columns are read one by one. */
static const struct {
    enum archive_column column;
    size_t offset;
} texts[] = {
    { AT_SERVICE, offsetof(struct pathway_record, service) },
    { AT_PROVIDER, offsetof(struct pathway_record, provider) },
    { AT_COMMISSIONER, offsetof(struct pathway_record, commissioner) },
    { AT_PLACE, offsetof(struct pathway_record, place) },
    { AT_STAGE, offsetof(struct pathway_record, stage) },
    { AT_EXCEPTION, offsetof(struct pathway_record, exception) },
    { AT_EVENT_ID, offsetof(struct pathway_record, event_id) },
    { AT_REASON, offsetof(struct pathway_record, reason) },
}, days[] = {
    { AT_CLOCK_START, offsetof(struct pathway_record, clock_start) },
    { AT_STAGE_START, offsetof(struct pathway_record, stage_start) },
    { AT_CENSUS, offsetof(struct pathway_record, census) },
    { AT_EVENT_DATE, offsetof(struct pathway_record, event_date) },
};

#define TEXTS (sizeof texts / sizeof texts[0])
#define DAYS  (sizeof days / sizeof days[0])

/* ---- writing ---- */

void pathway_writer_init(struct pathway_writer *w, int (*put)(void *, const void *, size_t),
                         void *arg)
{
    *w = (struct pathway_writer){ put, arg, TEXT_INIT, TEXT_INIT, 0 };
    for (size_t i = 0; i < AT_COUNT; i++)
        (void)text_printf(&w->pending, "%s%s", i ? "," : "", names[i]);
    (void)text_putc(&w->pending, '\n');
}

/* The commas since the cell before, of which those between were empty. */
static struct text *begin_cell(struct pathway_writer *w)
{
    static const char commas[] = ",,,,,,,,,,,,,,,,,,";

    _Static_assert(sizeof commas == AT_COUNT, "one fewer than columns, and a NUL");
    (void)text_add(&w->pending, commas, w->owed);
    w->owed = 0;
    return &w->pending;
}

static void add_cell(struct pathway_writer *w, const char *s)
{
    struct text *t = begin_cell(w);
    size_t plain = strcspn(s, ",\"\r\n");

    if (!s[plain]) {
        (void)text_add(t, s, plain);
        return;
    }
    (void)text_putc(t, '"');
    for (; *s; s++) {
        if (*s == '"')
            (void)text_putc(t, '"');
        (void)text_putc(t, *s);
    }
    (void)text_putc(t, '"');
}

/* "name=value;name=value", with a backslash before what would end a word. */
static void add_word(struct text *t, const char *s)
{
    for (; *s; s++) {
        if (*s == '\\' || *s == ';' || *s == '=')
            (void)text_putc(t, '\\');
        (void)text_putc(t, *s);
    }
}

static void add_cohort(struct pathway_writer *w, const struct pathway_record *r)
{
    struct text *t = &w->cohort;

    if (r->cohort_count == 0)
        return;
    text_clear(t);
    for (size_t i = 0; i < r->cohort_count; i++) {
        if (i)
            (void)text_putc(t, ';');
        add_word(t, r->cohort[i].name);
        (void)text_putc(t, '=');
        add_word(t, r->cohort[i].value);
    }
    add_cell(w, text_str(t));
}

static void add_pseudonym(struct pathway_writer *w, const uint8_t pseudonym[PSEUDONYM_BYTES])
{
    char hex[2 * PSEUDONYM_BYTES + 1];

    digest_hex(pseudonym, PSEUDONYM_BYTES, hex);
    (void)text_add(begin_cell(w), hex, sizeof hex - 1);
}

static void add_day(struct pathway_writer *w, struct civil_date day)
{
    char text[DATE_TEXT_MAX];

    if (date_is_set(day))
        (void)text_puts(begin_cell(w), date_format(day, text));
}

/* A column that is no text. */
static void add_other(struct pathway_writer *w, enum archive_column column,
                      const struct pathway_record *r)
{
    switch (column) {
    case AT_PATHWAY:
        add_pseudonym(w, r->pathway);
        break;
    case AT_PERSON:
        if (r->has_person)
            add_pseudonym(w, r->person);
        break;
    case AT_EVENT:
        if (r->event)
            (void)text_puts(begin_cell(w), r->event);
        break;
    case AT_VERSION:
        if (r->has_version)
            (void)text_put_number(begin_cell(w), r->version);
        break;
    case AT_RETRACTED:
        if (r->retracted)
            (void)text_putc(begin_cell(w), '1');
        break;
    case AT_COHORT:
        add_cohort(w, r);
        break;
    case AT_LINE:
        (void)text_put_number(begin_cell(w), r->line);
        break;
    default:
        break;
    }
}

int pathway_writer_add(struct pathway_writer *w, const struct pathway_record *r)
{
    const char *cells[AT_COUNT] = { NULL };
    const struct civil_date *dates[AT_COUNT] = { NULL };
    struct text *t = &w->pending;

    assert(!r->key); /* made under a key: what it was made of is not kept */
    for (size_t i = 0; i < TEXTS; i++)
        cells[texts[i].column] = *(const char *const *)((const char *)r + texts[i].offset);
    for (size_t i = 0; i < DAYS; i++)
        dates[days[i].column] = (const struct civil_date *)((const char *)r + days[i].offset);
    for (enum archive_column i = 0; i < AT_COUNT; i++) {
        w->owed += i > 0;
        if (cells[i])
            add_cell(w, cells[i]);
        else if (dates[i])
            add_day(w, *dates[i]);
        else
            add_other(w, i, r);
    }
    (void)text_putc(begin_cell(w), '\n');
    return t->len < PENDING_BYTES && text_ok(t) && text_ok(&w->cohort) ? 0 : pathway_writer_end(w);
}

int pathway_writer_end(struct pathway_writer *w)
{
    if (!text_ok(&w->pending) || !text_ok(&w->cohort))
        return -ENOMEM;
    int r = w->pending.len ? w->put(w->arg, w->pending.buf, w->pending.len) : 0;

    text_clear(&w->pending);
    return r;
}

void pathway_writer_release(struct pathway_writer *w)
{
    text_release(&w->pending);
    text_release(&w->cohort);
}

/* ---- reading ---- */

struct pathway_archive {
    struct csv csv;
    int (*record)(void *arg, const struct pathway_record *record);
    void *arg;
    bool has_header;
    struct text cohort; /* of the row: names and values, each ended by a NUL */
};

/* A digit's value + 1; 0: no digit. Without a branch for each: digits of a hash are foretold by nothing. */
static const uint8_t hex_digits[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static bool read_pseudonym(const char *cell, size_t len, uint8_t out[PSEUDONYM_BYTES])
{
    const unsigned char *c = (const unsigned char *)cell;
    bool good = len == 2 * (size_t)PSEUDONYM_BYTES;

    for (size_t i = 0; good && i < PSEUDONYM_BYTES; i++) {
        unsigned high = hex_digits[c[2 * i]], low = hex_digits[c[2 * i + 1]];

        good = high && low;
        out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return good;
}

/* Copies a word of the cohort up to an end; *at stands behind it. */
static int read_word(const char **at, char end, struct text *to)
{
    const char *s = *at;
    int r = 0;

    for (; *s && *s != end && r == 0; s++) {
        s += *s == '\\' && s[1];
        r = text_putc(to, *s);
    }
    *at = *s ? s + 1 : s;
    return r == 0 && text_putc(to, '\0') == 0 ? 0 : -ENOMEM;
}

static int read_cohort(struct pathway_archive *a, const char *cell, struct pathway_record *r)
{
    size_t words[2 * COHORT_MAX], count = 0;

    text_clear(&a->cohort);
    while (*cell) {
        if (count == 2 * COHORT_MAX)
            return -EBADMSG;
        words[count] = a->cohort.len;
        if (read_word(&cell, count % 2 ? ';' : '=', &a->cohort) < 0)
            return -ENOMEM;
        count++;
    }
    if (count % 2)
        return -EBADMSG;
    for (size_t i = 0; i < count; i += 2)
        r->cohort[r->cohort_count++] =
            (struct cohort_value){ a->cohort.buf + words[i], a->cohort.buf + words[i + 1] };
    return 0;
}

static bool read_day(const char *cell, struct civil_date *out)
{
    *out = DATE_NONE;
    return !*cell || date_parse_iso(cell, strlen(cell), out) == 0;
}

static int read_row(struct pathway_archive *a, const struct csv_row *row, struct pathway_record *r)
{
    const char *const *c = row->cells;
    uint64_t line = 0;
    bool good = read_pseudonym(c[AT_PATHWAY], row->lengths[AT_PATHWAY], r->pathway);

    r->has_person = c[AT_PERSON][0] != '\0';
    good &= !r->has_person || read_pseudonym(c[AT_PERSON], row->lengths[AT_PERSON], r->person);
    r->event = c[AT_EVENT][0] ? pathway_event_find(c[AT_EVENT]) : NULL;
    good &= !c[AT_EVENT][0] || r->event;
    r->has_version = c[AT_VERSION][0] != '\0';
    good &= !r->has_version || value_version(c[AT_VERSION], &r->version) == 0;
    r->retracted = c[AT_RETRACTED][0] != '\0';
    good &= value_version(c[AT_LINE], &line) == 0;
    r->line = (unsigned long)line;
    for (size_t i = 0; i < TEXTS; i++) {
        const char *s = c[texts[i].column];

        *(const char **)((char *)r + texts[i].offset) = *s ? s : NULL;
    }
    for (size_t i = 0; i < DAYS; i++)
        good &= read_day(c[days[i].column], (struct civil_date *)((char *)r + days[i].offset));
    return good ? read_cohort(a, c[AT_COHORT], r) : -EBADMSG;
}

static int on_row(void *arg, const struct csv_row *row)
{
    struct pathway_archive *a = arg;
    struct pathway_record r = { .has_person = false };

    if (row->count != AT_COUNT || !row->ended)
        return -EBADMSG;
    if (!a->has_header) {
        for (size_t i = 0; i < AT_COUNT; i++) {
            if (strcmp(row->cells[i], names[i]) != 0)
                return -EBADMSG;
        }
        a->has_header = true;
        return 0;
    }
    int e = read_row(a, row, &r);

    return e < 0 ? e : a->record(a->arg, &r);
}

struct pathway_archive *pathway_archive_new(int (*record)(void *, const struct pathway_record *),
                                            void *arg)
{
    struct pathway_archive *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    a->record = record;
    a->arg = arg;
    a->cohort = (struct text)TEXT_INIT;
    csv_init(&a->csv, ',', on_row, a);
    return a;
}

int pathway_archive_push(struct pathway_archive *a, const void *bytes, size_t len)
{
    int r = csv_push(&a->csv, bytes, len);

    return r == 0 && a->csv.refusal.reason ? -EBADMSG : r;
}

int pathway_archive_finish(struct pathway_archive *a)
{
    int r = csv_finish(&a->csv);

    if (r == 0 && (a->csv.refusal.reason || !a->has_header))
        return -EBADMSG;
    return r;
}

void pathway_archive_free(struct pathway_archive *a)
{
    if (!a)
        return;
    csv_release(&a->csv);
    text_release(&a->cohort);
    free(a);
}
