/*
 * One whole row at a time (declared in csv.h): nearly all rows hold neither control characters nor a
 * line end in quotes, and lie in one portion. What is unusual goes the slow way, byte by byte, which
 * says what a row is; tests and a fuzz target hold both against each other.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "parse/csv.h"

#define CHUNK 64 /* bytes that are looked at together, a bit each */

/* What is found of a row: whether it holds control characters, bytes above 0x7F; its delimiters and quotes. */
#ifdef __SSE2__
struct looking {
    __m128i delimiter, control, high;
};

static void looking_begin(struct looking *k, char delimiter)
{
    k->delimiter = _mm_set1_epi8(delimiter);
    k->control = k->high = _mm_setzero_si128();
}

static uint64_t look(struct looking *k, const char *s)
{
    const __m128i quote = _mm_set1_epi8('"'), last_control = _mm_set1_epi8(' ' - 1);
    uint64_t marks = 0;

    for (int i = 0; i < CHUNK; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(s + i));
        __m128i special =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, k->delimiter), _mm_cmpeq_epi8(bytes, quote));

        k->high = _mm_or_si128(k->high, bytes);
        k->control =
            _mm_or_si128(k->control, _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
        marks |= (uint64_t)(unsigned)_mm_movemask_epi8(special) << i;
    }
    return marks;
}

static bool has_high(const struct looking *k)
{
    return _mm_movemask_epi8(k->high) != 0;
}

static bool has_control(const struct looking *k)
{
    return _mm_movemask_epi8(k->control) != 0;
}
#else
struct looking {
    char delimiter;
    unsigned char high;
    bool control;
};

static void looking_begin(struct looking *k, char delimiter)
{
    *k = (struct looking){ .delimiter = delimiter };
}

static uint64_t look(struct looking *k, const char *s)
{
    uint64_t marks = 0;

    for (int i = 0; i < CHUNK; i++) {
        k->high |= (unsigned char)s[i];
        k->control |= (unsigned char)s[i] < ' ';
        marks |= (uint64_t)(s[i] == k->delimiter || s[i] == '"') << i;
    }
    return marks;
}

static bool has_high(const struct looking *k)
{
    return k->high & 0x80;
}

static bool has_control(const struct looking *k)
{
    return k->control;
}
#endif

/* The marks from one on, each taken once. A delimiter stands behind the row, so there is always a next. */
struct marks {
    const uint64_t *chunk;
    uint64_t left; /* of this chunk */
    char *bytes;   /* of this chunk */
};

static inline struct marks marks_from(const struct csv *c, size_t at)
{
    const uint64_t *chunk = c->marks + at / CHUNK;

    return (struct marks){ chunk, *chunk >> (at % CHUNK) << (at % CHUNK),
                           c->whole + at / CHUNK * CHUNK };
}

static inline char *next_mark(struct marks *m)
{
    while (!m->left) {
        m->left = *++m->chunk;
        m->bytes += CHUNK;
    }
    char *at = m->bytes + __builtin_ctzll(m->left);

    m->left &= m->left - 1;
    return at;
}

static int make_room(struct csv *c, size_t len)
{
    size_t cap = (2 * len / CHUNK + 2) * CHUNK;

    if (c->whole_cap >= len + CHUNK)
        return 0;
    char *more = realloc(c->whole, cap);

    if (!more)
        return -ENOMEM;
    c->whole = more;
    uint64_t *marks = realloc(c->marks, cap / CHUNK * sizeof *marks);

    if (!marks)
        return -ENOMEM;
    c->marks = marks;
    c->whole_cap = cap;
    return 0;
}

/* Copies the row, with delimiters behind it to the end of a chunk (a tab is a control character: such files
 * go the slow way). Returns whether nothing in it needs the slow way, or -ENOMEM. */
static int copy_row(struct csv *c, const unsigned char *s, size_t len)
{
    struct looking k;

    if (make_room(c, len) < 0)
        return -ENOMEM;
    memcpy(c->whole, s, len);
    memset(c->whole + len, c->delimiter, CHUNK - len % CHUNK);
    looking_begin(&k, c->delimiter);
    for (size_t at = 0; at <= len; at += CHUNK)
        c->marks[at / CHUNK] = look(&k, c->whole + at);
    c->has_high = has_high(&k);
    return !has_control(&k);
}

/* A quoted cell, in place; cell stands behind the quote, end at the row's end. Returns what follows the
 * closing quote, NULL if there is none. */
static char *unquote(char *cell, const char *end, unsigned *out_len)
{
    char *to = cell, *from = cell;

    for (;;) {
        char *quote = from < end ? memchr(from, '"', (size_t)(end - from)) : NULL;

        if (!quote)
            return NULL;
        if (to != from)
            memmove(to, from, (size_t)(quote - from));
        to += quote - from;
        if (quote[1] != '"') {
            *out_len = (unsigned)(to - cell);
            return quote + 1;
        }
        *to++ = '"';
        from = quote + 2;
    }
}

/* Room for one more cell than count. Returns 1, 0 where there may be no more, or -ENOMEM. */
static int reserve_cell(struct csv *c, size_t count)
{
    if (count == PARSE_COLUMNS_MAX)
        return 0;
    c->count = count;
    return csv_reserve_cells(c) < 0 ? -ENOMEM : 1;
}

/* Splits the copied row. Returns how many cells, 0 for the slow way, or -ENOMEM. What is asked for each cell
 * stands in variables: writing a character may change whatever a pointer leads to. */
static long split(struct csv *c, size_t len)
{
    const char delimiter = c->delimiter;
    char *const end = c->whole + len;
    struct marks marks = marks_from(c, 0);
    const char **cells = c->cells;
    unsigned *lengths = c->lengths;
    size_t count = 0, cap = c->cap;
    char *cell = c->whole, *at = NULL;

    while (at != end) {
        at = next_mark(&marks);
        unsigned length = (unsigned)(at - cell);

        if (*at == '"') {
            if (length) /* inside a cell it is a character like others */
                continue;
            at = unquote(++cell, end, &length);
            if (!at || *at != delimiter)
                return 0;
            marks = marks_from(c, (size_t)(at - c->whole) + 1);
        }
        if (count == cap) {
            int r = reserve_cell(c, count);

            if (r <= 0)
                return r;
            cells = c->cells;
            lengths = c->lengths;
            cap = c->cap;
        }
        cells[count] = cell;
        lengths[count++] = length;
        cell[length] = '\0';
        cell = at + 1;
    }
    return (long)count;
}

size_t csv_take_whole(struct csv *c, const unsigned char *s, size_t len, int *out_r)
{
    const unsigned char *line_end = memchr(s, '\n', len);
    size_t bytes = line_end ? (size_t)(line_end - s) : 0;
    size_t row_len = bytes - (bytes && s[bytes - 1] == '\r');

    if (!line_end || row_len > PARSE_FIELD_MAX_BYTES || row_len > PARSE_ROW_MAX_BYTES / 2)
        return 0;
    long cells = copy_row(c, s, row_len);

    if (cells == 1)
        cells = split(c, row_len);
    if (cells > 0) {
        struct csv_row row = { c->cells, c->lengths, (size_t)cells, c->line, true, c->has_high };

        c->row_line = c->line++;
        *out_r = c->row(c->arg, &row);
        c->offset += bytes + 1;
        c->column = 1;
        c->at_line_end = true;
        c->after_cr = false;
    } else if (cells < 0) {
        *out_r = -ENOMEM;
    }
    c->count = 0;
    c->has_high = false;
    return cells > 0 ? bytes + 1 : 0;
}
