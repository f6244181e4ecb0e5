#include "metric/list_stats.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "pathway/group_set.h"
#include "pathway/wait.h"

#define WAIT_MAX      UINT16_MAX
#define NO_GROUP      UINT32_MAX
#define COUNTING_FROM 512 /* waits of a group from which counting them by day beats sorting */

struct list_stats {
    struct civil_date census;
    enum percentile_method method;
    struct standing *standing;
    struct group_set groups;
    uint32_t *group; /* of each row */
    uint16_t *wait;  /* days */
    size_t count, room;
    uint64_t duplicates, out_of_range;
};

struct list_stats *list_stats_new(struct civil_date census, struct standing_rule rule,
                                  enum percentile_method method)
{
    struct list_stats *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->census = census;
    s->method = method;
    s->standing = standing_new(rule);
    if (s->standing == NULL) {
        list_stats_free(s);
        return NULL;
    }
    return s;
}

void list_stats_free(struct list_stats *s)
{
    if (s == NULL)
        return;
    standing_free(s->standing);
    group_set_release(&s->groups);
    free(s->group);
    free(s->wait);
    free(s);
}

uint64_t list_stats_duplicates(const struct list_stats *s)
{
    return s->duplicates;
}

uint64_t list_stats_out_of_range(const struct list_stats *s)
{
    return s->out_of_range;
}

/* ---- rows ---- */

static const char *age_band(const struct pathway_record *row)
{
    static const char *const names[] = { "age_band", "age" };

    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        for (size_t i = 0; i < row->cohort_count; i++)
            if (text_same(row->cohort[i].name, names[n]))
                return row->cohort[i].value;
    return NULL;
}

/* A text without a letter says nothing. */
static const char *said(const char *text)
{
    return text != NULL && *text ? text : NULL;
}

/* Where the columns of the table stand among the words of a group, in the order in which lines are sorted. */
enum { COLUMN_SERVICE, COLUMN_PROVIDER, COLUMN_COMMISSIONER, COLUMN_AGE_BAND, COLUMNS };
static const size_t column_words[COLUMNS] = { [COLUMN_SERVICE] = GROUP_SERVICE,
                                              [COLUMN_PROVIDER] = GROUP_PLACE,
                                              [COLUMN_COMMISSIONER] = GROUP_COMMISSIONER,
                                              [COLUMN_AGE_BAND] = GROUP_STAGE };

static int group_of(struct list_stats *s, const struct pathway_record *row, uint32_t *out_group)
{
    struct group g;

    g.service = said(row->service);
    g.place = said(row->provider);
    g.commissioner = said(row->commissioner);
    g.stage = said(age_band(row));
    g.cohort_count = 0;
    return group_set_number(&s->groups, &g, out_group);
}

static int make_room(struct list_stats *s)
{
    size_t room = s->room + s->room / 2 + 1024;
    uint32_t *group;
    uint16_t *wait;

    if (s->count < s->room)
        return 0;
    if (s->count >= UINT32_MAX)
        return -EFBIG;
    group = realloc(s->group, room * sizeof *group);
    if (group == NULL)
        return -ENOMEM;
    s->group = group;
    wait = realloc(s->wait, room * sizeof *wait);
    if (wait == NULL)
        return -ENOMEM;
    s->wait = wait;
    s->room = room;
    return 0;
}

/* Where the row goes, or *out_at == s->count + 1 where another one stands. */
static int find_row(struct list_stats *s, const struct pathway_record *row, size_t *out_at,
                    unsigned long *out_left_out)
{
    struct standing_row now = { (uint32_t)s->count, (uint32_t)row->line }, other;
    uint64_t version = row->has_version ? row->version : 0;
    int r = row->line > UINT32_MAX
                ? -EFBIG
                : standing_add(s->standing, row->key, row->key_len, version, now, &other);

    if (r < 0)
        return r;
    s->duplicates += r != STANDING_ALONE;
    *out_at = s->count;
    if (r == STANDING_OVER) {
        *out_at = other.number;
        *out_left_out = other.line;
    } else if (r == STANDING_OUT) {
        *out_at = s->count + 1;
        *out_left_out = row->line;
    }
    return 0;
}

int list_stats_add(struct list_stats *s, const struct pathway_record *row,
                   unsigned long *out_left_out)
{
    uint32_t group = NO_GROUP;
    size_t at = 0;
    int days, r;

    assert(s != NULL && row != NULL && row->key != NULL);
    *out_left_out = 0;
    days = date_is_set(row->clock_start) ? wait_days(row->clock_start, s->census) : -ERANGE;
    if (days < 0 || days > WAIT_MAX) {
        s->out_of_range++;
        return 0;
    }
    r = make_room(s);
    if (r == 0 && !row->event) /* else it ended: nobody waits where it takes an older one's place */
        r = group_of(s, row, &group);
    if (r == 0)
        r = find_row(s, row, &at, out_left_out);
    if (r < 0 || at > s->count)
        return r;
    s->group[at] = group;
    s->wait[at] = (uint16_t)days;
    s->count += at == s->count;
    return 0;
}

/* ---- lines ---- */

struct ranked_word {
    const char *text;
    uint32_t number;
};

static int compare_words(const void *a, const void *b)
{
    return strcmp(((const struct ranked_word *)a)->text, ((const struct ranked_word *)b)->text);
}

/* Of each word, by its number, how many come before it; none at all comes first. */
static size_t *rank_words(const struct group_set *groups)
{
    size_t n = groups->word_count;
    AUTO(auto_free) struct ranked_word *words = calloc(n + 1, sizeof *words);
    size_t *ranks = words != NULL ? calloc(n + 1, sizeof *ranks) : NULL;

    if (ranks == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        words[i] = (struct ranked_word){ groups->words[i], (uint32_t)i + 1 };
    qsort(words, n, sizeof *words, compare_words);
    for (size_t i = 0; i < n; i++)
        ranks[words[i].number] = i + 1;
    return ranks;
}

/* Deals groups out by the rank of one word; those of equal rank keep their order. at: room for a number more
 * than there are ranks. */
static void deal(const struct group_set *groups, size_t word, const size_t *ranks, size_t *at,
                 const uint32_t *from, uint32_t *to)
{
    size_t cohorts;

    memset(at, 0, (groups->word_count + 2) * sizeof *at);
    for (size_t i = 0; i < groups->count; i++)
        at[ranks[group_set_words(groups, from[i], &cohorts)[word]] + 1]++;
    for (size_t rank = 0; rank <= groups->word_count; rank++)
        at[rank + 1] += at[rank];
    for (size_t i = 0; i < groups->count; i++)
        to[at[ranks[group_set_words(groups, from[i], &cohorts)[word]]]++] = from[i];
}

/* The groups by their texts: by the last column first, so that the first decides. */
static uint32_t *sorted_groups(const struct group_set *groups)
{
    AUTO(auto_free) size_t *ranks = rank_words(groups);
    AUTO(auto_free) size_t *at = malloc((groups->word_count + 2) * sizeof *at);
    AUTO(auto_free) uint32_t *other = malloc((groups->count + 1) * sizeof *other);
    uint32_t *list = malloc((groups->count + 1) * sizeof *list);

    _Static_assert(COLUMNS % 2 == 0, "the list comes back to where it was");
    if (ranks == NULL || at == NULL || other == NULL || list == NULL) {
        free(list);
        return NULL;
    }
    for (size_t i = 0; i < groups->count; i++)
        list[i] = (uint32_t)i;
    for (size_t column = COLUMNS; column > 0; column -= 2) {
        deal(groups, column_words[column - 1], ranks, at, list, other);
        deal(groups, column_words[column - 2], ranks, at, other, list);
    }
    return list;
}

/* The waits group by group. ends: one past the last of each, by group; then ends[g - 1] is its first. */
static uint16_t *by_group(const struct list_stats *s, size_t groups, size_t *ends)
{
    uint16_t *waits = malloc((s->count + 1) * sizeof *waits);
    size_t total = 0;

    if (waits == NULL)
        return NULL;
    for (size_t i = 0; i < s->count; i++)
        if (s->group[i] != NO_GROUP)
            ends[s->group[i]]++;
    for (size_t g = 0; g < groups; g++) {
        size_t n = ends[g];

        ends[g] = total;
        total += n;
    }
    for (size_t i = 0; i < s->count; i++)
        if (s->group[i] != NO_GROUP)
            waits[ends[s->group[i]]++] = s->wait[i];
    return waits;
}

struct histogram {
    int *days;               /* room for COUNTING_FROM */
    struct wait_count *list; /* room for every wait there is */
    uint64_t *by_day;
};

/* Days ascending, each once. */
static size_t fill_histogram(const struct histogram *h, const uint16_t *waits, size_t n)
{
    size_t kept = 0;

    if (n < COUNTING_FROM) {
        for (size_t i = 0; i < n; i++)
            h->days[i] = waits[i];
        return wait_histogram(h->days, n, h->list);
    }
    memset(h->by_day, 0, (WAIT_MAX + 1) * sizeof *h->by_day);
    for (size_t i = 0; i < n; i++)
        h->by_day[waits[i]]++;
    for (int d = 0; d <= WAIT_MAX; d++)
        if (h->by_day[d] > 0)
            h->list[kept++] = (struct wait_count){ d, h->by_day[d] };
    return kept;
}

static struct list_stats_line line_of(const struct list_stats *s, const struct histogram *h,
                                      size_t n)
{
    return (struct list_stats_line){
        .open = wait_total(h->list, n),
        .over_13_weeks = wait_over(h->list, n, 13 * WAIT_DAYS_A_WEEK),
        .over_18_weeks = wait_over(h->list, n, 18 * WAIT_DAYS_A_WEEK),
        .over_52_weeks = wait_over(h->list, n, 52 * WAIT_DAYS_A_WEEK),
        .p50 = wait_percentile(h->list, n, 50, s->method),
        .p92 = wait_percentile(h->list, n, 92, s->method),
        .longest = h->list[n - 1].days,
    };
}

static const char *column_text(const struct group_set *groups, const uint32_t *words, size_t column)
{
    const char *text = group_set_word(groups, words[column_words[column]]);

    return text != NULL ? text : "";
}

static void name_columns(const struct group_set *groups, uint32_t group,
                         struct list_stats_line *line)
{
    size_t cohorts;
    const uint32_t *words = group_set_words(groups, group, &cohorts);

    line->service = column_text(groups, words, COLUMN_SERVICE);
    line->provider = column_text(groups, words, COLUMN_PROVIDER);
    line->commissioner = column_text(groups, words, COLUMN_COMMISSIONER);
    line->age_band = column_text(groups, words, COLUMN_AGE_BAND);
}

int list_stats_lines(struct list_stats *s,
                     int (*line)(void *arg, const struct list_stats_line *line), void *arg)
{
    size_t groups = s->groups.count;
    AUTO(auto_free) uint32_t *sorted = sorted_groups(&s->groups);
    AUTO(auto_free) size_t *ends = calloc(groups + 1, sizeof *ends);
    AUTO(auto_free) uint16_t *waits = ends != NULL ? by_group(s, groups, ends) : NULL;
    AUTO(auto_free) int *days = malloc(COUNTING_FROM * sizeof *days);
    AUTO(auto_free) struct wait_count *list = malloc((WAIT_MAX + 1) * sizeof *list);
    AUTO(auto_free) uint64_t *by_day = malloc((WAIT_MAX + 1) * sizeof *by_day);
    const struct histogram h = { days, list, by_day };
    int r = 0;

    if (sorted == NULL || ends == NULL || waits == NULL || days == NULL || list == NULL ||
        by_day == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < groups && r == 0; i++) {
        size_t g = sorted[i], first = g > 0 ? ends[g - 1] : 0;
        struct list_stats_line one;

        if (ends[g] == first) /* a later row took the place of its last */
            continue;
        one = line_of(s, &h, fill_histogram(&h, waits + first, ends[g] - first));
        name_columns(&s->groups, sorted[i], &one);
        r = line(arg, &one);
    }
    return r;
}
