#include "feed/submissions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define NUMBER_BITS 48 /* a date and time as digits has 45 */
#define PERIODS     UINT16_MAX

static int put_key(struct text *out, const char *provider, struct civil_date period,
                   uint64_t version)
{
    char date[DATE_TEXT_MAX] = "";

    if (date_is_set(period))
        (void)date_format(period, date);
    (void)text_printf(out, "%s|%s|%" PRIu64, provider, date, version);
    return text_ok(out) ? 0 : -ENOMEM;
}

int submission_key(const struct pathway_record *row, struct text *out_key)
{
    if (!row->provider || !row->has_version || row->version == 0 || row->version >> NUMBER_BITS ||
        strpbrk(row->provider, "|\r\n") ||
        (date_is_set(row->census) && (row->census.day < 0 || row->census.day >= PERIODS)))
        return -ENOENT;
    return put_key(out_key, row->provider, row->census, row->version);
}

/* The latest of the periods that have the key, as a number above 0. */
static int note(struct table *keys, const char *key, struct civil_date period)
{
    uintptr_t mark = date_is_set(period) ? (uintptr_t)period.day + 1 : 1;

    if ((uintptr_t)table_get(keys, key) >= mark)
        return 0;
    return table_set(keys, key, (void *)mark, NULL);
}

int submission_note(const struct submission *s, struct table *keys)
{
    AUTO(text_release) struct text without = TEXT_INIT;
    int r = put_key(&without, s->provider, DATE_NONE, s->version);

    if (r == 0)
        r = note(keys, s->key, s->period);
    return r == 0 ? note(keys, text_str(&without), s->period) : r;
}

bool submission_has(const struct table *keys, const char *key, const struct pathway_record *row,
                    uint64_t *out_version)
{
    uintptr_t mark = (uintptr_t)table_get(keys, key);

    *out_version = (uint64_t)mark << NUMBER_BITS | row->version;
    return mark != 0;
}

/* ---- the text of a file ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *submissions_text(const char *table, const struct table *keys)
{
    AUTO(auto_free) const char **sorted = calloc(table_count(keys) + 1, sizeof *sorted);
    struct text t = TEXT_INIT;
    const char *key;
    size_t n = 0;

    if (!sorted)
        return NULL;
    for (size_t at = 0; table_next(keys, &at, &key, NULL);)
        sorted[n++] = key;
    qsort(sorted, n, sizeof *sorted, by_text);
    (void)text_puts(&t, table);
    for (size_t i = 0; i < n; i++)
        (void)text_printf(&t, "\n%s", sorted[i]);
    return text_take(&t);
}

/* The next line from *at on, malloc'ed; NULL after the last, or without memory. */
static char *next_line(const char **at)
{
    size_t len = strcspn(*at, "\n");
    char *line = **at ? strndup(*at, len) : NULL;

    *at += len + ((*at)[len] == '\n');
    return line;
}

bool submissions_in(const char *text, const struct table *keys)
{
    const char *at = text + strcspn(text, "\n");
    bool found = false;

    at += *at == '\n';
    while (!found && *at) {
        AUTO(auto_free) char *line = next_line(&at);

        found =
            !line || table_has(keys, line); /* without memory: it is read, and its rows chosen */
    }
    return found;
}

/* ---- what came ---- */

void submissions_init(struct submissions *s, const char *const *tables, size_t table_count)
{
    *s = (struct submissions){ .tables = tables, .table_count = table_count, .by_key = TABLE_INIT };
}

static void submission_free(struct submission *s)
{
    if (!s)
        return;
    free(s->key);
    free(s->provider);
    free(s);
}

void submissions_release(struct submissions *s)
{
    for (size_t i = 0; i < s->count; i++)
        submission_free(s->list[i]);
    free(s->list);
    table_release(&s->by_key, NULL);
    *s = (struct submissions){ 0 };
}

/* NULL where the key cannot be read, or without memory. */
static struct submission *submission_of(const char *key)
{
    const char *period = strchr(key, '|');
    const char *number = period ? strchr(period + 1, '|') : NULL;
    struct submission *s = number ? calloc(1, sizeof *s) : NULL;

    if (!s)
        return NULL;
    s->period = s->received = DATE_NONE;
    s->version = strtoull(number + 1, NULL, 10);
    s->key = strdup(key);
    s->provider = strndup(key, (size_t)(period - key));
    bool is_read = number == period + 1 ||
                   date_parse_iso(period + 1, (size_t)(number - period) - 1, &s->period) == 0;

    if (s->key && s->provider && is_read)
        return s;
    submission_free(s);
    return NULL;
}

static int place(struct submissions *s, const char *key, struct submission **out)
{
    *out = table_get(&s->by_key, key);
    if (*out)
        return 0;
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        struct submission **grown = realloc(s->list, cap * sizeof(struct submission *));

        if (!grown)
            return -ENOMEM;
        s->list = grown;
        s->cap = cap;
    }
    struct submission *fresh = submission_of(key);

    if (!fresh || table_set(&s->by_key, key, fresh, NULL) < 0) {
        submission_free(fresh);
        return -ENOMEM;
    }
    *out = s->list[s->count++] = fresh;
    return 0;
}

static void came(struct submission *of, unsigned bit, struct civil_date received)
{
    of->tables |= bit;
    if (!date_is_set(of->received) || date_compare(received, of->received) > 0)
        of->received = received;
}

int submissions_add(struct submissions *s, const char *text, struct civil_date received)
{
    const char *at = text;
    AUTO(auto_free) char *table = next_line(&at);
    unsigned bit = 0;
    int r = 0;

    if (!table)
        return *text ? -ENOMEM : 0;
    for (size_t i = 0; i < s->table_count; i++)
        if (strcmp(s->tables[i], table) == 0)
            bit = 1u << i;
    if (!bit)
        return 0;
    for (size_t i = 0; !*at && i < s->count; i++)
        came(s->list[i], bit, received);
    while (r == 0 && *at) {
        AUTO(auto_free) char *key = next_line(&at);
        struct submission *of = NULL;

        r = key ? place(s, key, &of) : -ENOMEM;
        if (r == 0)
            came(of, bit, received);
    }
    return r;
}

/* ---- what follows ---- */

static int by_number(const void *a, const void *b)
{
    const struct submission *x = *(struct submission *const *)a,
                            *y = *(struct submission *const *)b;
    int c = strcmp(x->provider, y->provider);

    if (c == 0)
        c = date_compare(x->period, y->period);
    if (c == 0)
        c = x->version < y->version ? -1 : x->version > y->version;
    return c;
}

/* Tables that name no period are of every submission of their number. */
static void join(struct submissions *s, const struct submission *without)
{
    for (size_t i = 0; i < s->count; i++) {
        struct submission *of = s->list[i];

        if (date_is_set(of->period) && of->version == without->version &&
            strcmp(of->provider, without->provider) == 0)
            came(of, without->tables, without->received);
    }
}

void submissions_settle(struct submissions *s)
{
    struct submission *before = NULL;

    if (s->count)
        qsort(s->list, s->count, sizeof *s->list, by_number);
    for (size_t i = 0; i < s->count; i++)
        if (!date_is_set(s->list[i]->period))
            join(s, s->list[i]);
    for (size_t i = 0; i < s->count; i++) {
        struct submission *of = s->list[i];

        of->is_whole = date_is_set(of->period) && of->tables == (1u << s->table_count) - 1;
        if (!of->is_whole)
            continue;
        of->is_in_force = true;
        if (before && strcmp(before->provider, of->provider) == 0 &&
            date_compare(before->period, of->period) == 0)
            before->is_in_force = false;
        before = of;
    }
}

int submission_lacks(const struct submissions *s, const struct submission *of, struct text *out)
{
    size_t left = 0, named = 0;

    for (size_t i = 0; i < s->table_count; i++)
        left += !(of->tables & 1u << i);
    for (size_t i = 0; i < s->table_count; i++) {
        if (of->tables & 1u << i)
            continue;
        named++;
        (void)text_printf(out, "%s%s",
                          named == 1      ? ""
                          : named == left ? " and "
                                          : ", ",
                          s->tables[i]);
    }
    (void)text_puts(out, left == 0   ? "no table names the period"
                         : left == 1 ? " is missing"
                                     : " are missing");
    return text_ok(out) ? 0 : -ENOMEM;
}
