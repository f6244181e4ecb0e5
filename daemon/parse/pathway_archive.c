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

/* Where the texts and days of a record stand; the other columns are read and written one by one. */
enum archive_kind { OF_OTHER, OF_TEXT, OF_DAY };

#define TEXT(name) #name, OF_TEXT, offsetof(struct pathway_record, name)
#define DAY(name)  #name, OF_DAY, offsetof(struct pathway_record, name)

static const struct {
    const char *name;
    enum archive_kind kind;
    size_t offset;
} columns[AT_COUNT] = {
    [AT_PATHWAY] = { "pathway", OF_OTHER, 0 },
    [AT_PERSON] = { "person", OF_OTHER, 0 },
    [AT_SERVICE] = { TEXT(service) },
    [AT_PROVIDER] = { TEXT(provider) },
    [AT_COMMISSIONER] = { TEXT(commissioner) },
    [AT_PLACE] = { TEXT(place) },
    [AT_STAGE] = { TEXT(stage) },
    [AT_EXCEPTION] = { TEXT(exception) },
    [AT_CLOCK_START] = { DAY(clock_start) },
    [AT_STAGE_START] = { DAY(stage_start) },
    [AT_CENSUS] = { DAY(census) },
    [AT_EVENT] = { "event", OF_OTHER, 0 },
    [AT_EVENT_ID] = { TEXT(event_id) },
    [AT_EVENT_DATE] = { DAY(event_date) },
    [AT_VERSION] = { "version", OF_OTHER, 0 },
    [AT_RETRACTED] = { "retracted", OF_OTHER, 0 },
    [AT_REASON] = { TEXT(reason) },
    [AT_COHORT] = { "cohort", OF_OTHER, 0 },
    [AT_LINE] = { "line", OF_OTHER, 0 },
};

/* ---- writing ---- */

void pathway_writer_init(struct pathway_writer *w, int (*put)(void *, const void *, size_t),
                         void *arg)
{
    *w = (struct pathway_writer){ put, arg, TEXT_INIT, TEXT_INIT, { { .day = DATE_NONE } } };
    for (size_t i = 0; i < ARCHIVE_DAYS; i++)
        w->days[i].day = DATE_NONE;
    for (size_t i = 0; i < AT_COUNT; i++)
        (void)text_printf(&w->pending, "%s%s", i ? "," : "", columns[i].name);
    (void)text_putc(&w->pending, '\n');
}

/*
 * A row is written from a place on that has room for all of it, where no word is longer than most are; a longer
 * one makes its own. Each returns where the next byte goes.
 */
#define WORD_USUAL PATHWAY_TEXT_MAX
#define ROW_ROOM   ((size_t)(AT_COUNT + 2 * COHORT_MAX) * (2 * WORD_USUAL + 3))

/* Room for a word of so many bytes, and all that follows, from a place on; that place where there is no
 * memory, and then w->pending says so. */
static char *find_room(struct pathway_writer *w, char *to, size_t len)
{
    text_grown(&w->pending, to);
    char *room = text_room(&w->pending, len + ROW_ROOM);

    return room ? room : to;
}

static char *put_bytes(char *to, const void *bytes, size_t len)
{
    memcpy(to, bytes, len);
    return to + len;
}

/* Characters for which a cell is quoted, and before which a word of a cohort has a backslash. */
enum { FOR_CELLS = 1, FOR_WORDS = 2 };
static const uint8_t special[256] = {
    [','] = FOR_CELLS,  ['"'] = FOR_CELLS, ['\r'] = FOR_CELLS, ['\n'] = FOR_CELLS,
    ['\\'] = FOR_WORDS, [';'] = FOR_WORDS, ['='] = FOR_WORDS,
};

/* Copies a word, which ends where it is as long as most; *seen: what is special in it. Returns its length. */
static inline size_t copy_word(char *to, const char *s, unsigned *seen)
{
    size_t n = 0;

    for (; n < WORD_USUAL && s[n]; n++) {
        *seen |= special[(unsigned char)s[n]];
        to[n] = s[n];
    }
    return n;
}

/* Of any length, quoted where it must be. */
static char *put_unusual(struct pathway_writer *w, char *to, const char *s)
{
    bool is_quoted = s[strcspn(s, ",\"\r\n")];

    to = find_room(w, to, 2 * strlen(s) + 2);
    if (!text_ok(&w->pending))
        return to;
    if (is_quoted)
        *to++ = '"';
    for (; *s; s++) {
        if (*s == '"')
            *to++ = '"';
        *to++ = *s;
    }
    if (is_quoted)
        *to++ = '"';
    return to;
}

static char *put_text(struct pathway_writer *w, char *to, const char *s)
{
    unsigned seen = 0;
    size_t len = copy_word(to, s, &seen);

    return s[len] || seen & FOR_CELLS ? put_unusual(w, to, s) : to + len;
}

/* "name=value;name=value", with a backslash before what would end a word. */
static void add_word(struct text *t, const char *s)
{
    for (; *s; s++) {
        if (special[(unsigned char)*s] & FOR_WORDS)
            (void)text_putc(t, '\\');
        (void)text_putc(t, *s);
    }
}

static char *put_unusual_cohort(struct pathway_writer *w, char *to, const struct pathway_record *r)
{
    struct text *t = &w->scratch;

    text_clear(t);
    for (size_t i = 0; i < r->cohort_count; i++) {
        if (i)
            (void)text_putc(t, ';');
        add_word(t, r->cohort[i].name);
        (void)text_putc(t, '=');
        add_word(t, r->cohort[i].value);
    }
    return put_unusual(w, to, text_str(t));
}

static char *put_cohort(struct pathway_writer *w, char *to, const struct pathway_record *r)
{
    char *at = to;
    unsigned seen = 0;

    for (size_t i = 0; i < r->cohort_count; i++) {
        const struct cohort_value *c = &r->cohort[i];

        if (i)
            *at++ = ';';
        size_t name = copy_word(at, c->name, &seen);

        at += name;
        *at++ = '=';
        size_t value = copy_word(at, c->value, &seen);

        at += value;
        if (seen || c->name[name] || c->value[value])
            return put_unusual_cohort(w, to, r);
    }
    return at;
}

static char *put_pseudonym(char *to, const uint8_t pseudonym[PSEUDONYM_BYTES])
{
    digest_hex(pseudonym, PSEUDONYM_BYTES, to);
    return to + 2 * PSEUDONYM_BYTES;
}

static char *put_day(struct pathway_writer *w, char *to, struct civil_date day)
{
    struct archive_day *known = &w->days[(unsigned)day.day % ARCHIVE_DAYS];

    if (!date_is_set(day))
        return to;
    if (date_compare(known->day, day) != 0) {
        known->day = day;
        (void)date_format(day, known->text);
    }
    return put_bytes(to, known->text, strlen(known->text));
}

/* A column that is no text and no day. */
static char *put_other(struct pathway_writer *w, char *to, enum archive_column column,
                       const struct pathway_record *r)
{
    switch (column) {
    case AT_PATHWAY:
        return put_pseudonym(to, r->pathway);
    case AT_PERSON:
        return r->has_person ? put_pseudonym(to, r->person) : to;
    case AT_EVENT:
        return r->event ? put_bytes(to, r->event, strlen(r->event)) : to;
    case AT_VERSION:
        return r->has_version ? to + text_digits(r->version, to) : to;
    case AT_RETRACTED:
        return r->retracted ? put_bytes(to, "1", 1) : to;
    case AT_COHORT:
        return put_cohort(w, to, r);
    case AT_LINE:
        return to + text_digits(r->line, to);
    default:
        return to;
    }
}

static char *put_column(struct pathway_writer *w, char *to, enum archive_column column,
                        const struct pathway_record *r)
{
    const void *at = (const char *)r + columns[column].offset;
    const char *text;

    switch (columns[column].kind) {
    case OF_TEXT:
        text = *(const char *const *)at;
        return text ? put_text(w, to, text) : to;
    case OF_DAY:
        return put_day(w, to, *(const struct civil_date *)at);
    default:
        return put_other(w, to, column, r);
    }
}

int pathway_writer_add(struct pathway_writer *w, const struct pathway_record *r)
{
    char *to = text_room(&w->pending, ROW_ROOM);

    assert(!r->key && !r->person_parts); /* made under a key: what it was made of is not kept */
    for (enum archive_column i = 0; to && i < AT_COUNT; i++) {
        if (i > 0)
            *to++ = ',';
        to = put_column(w, to, i, r);
    }
    if (to) {
        *to++ = '\n';
        text_grown(&w->pending, to);
    }
    return w->pending.len < PENDING_BYTES && text_ok(&w->pending) && text_ok(&w->scratch)
               ? 0
               : pathway_writer_end(w);
}

int pathway_writer_end(struct pathway_writer *w)
{
    if (!text_ok(&w->pending) || !text_ok(&w->scratch))
        return -ENOMEM;
    int r = w->pending.len ? w->put(w->arg, w->pending.buf, w->pending.len) : 0;

    text_clear(&w->pending);
    return r;
}

void pathway_writer_release(struct pathway_writer *w)
{
    text_release(&w->pending);
    text_release(&w->scratch);
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
    for (size_t i = 0; i < AT_COUNT; i++) {
        void *to = (char *)r + columns[i].offset;

        if (columns[i].kind == OF_TEXT)
            *(const char **)to = c[i][0] ? c[i] : NULL;
        else if (columns[i].kind == OF_DAY)
            good &= read_day(c[i], to);
    }
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
            if (strcmp(row->cells[i], columns[i].name) != 0)
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
