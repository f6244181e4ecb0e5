#include "pipeline_apply_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

/*
 * What is in force of a feed's sets follows from its accepted receipts, in their order, and from nothing
 * else: so a rebuild comes to the same. Invariants: (1) a receipt reads files only where it makes a
 * submission whole, or adds to one in force; (2) then the rows of the submission that it replaces are
 * taken back, all tables of the new one are read, and whoever else may have said something of the same says
 * it again: the provider's submissions of earlier periods, since of later ones each stands over it, and
 * feeds of events into the list; (3) all in one commit, since it is one receipt.
 */

/* ---- what came ---- */

/* Adds the accepted files of the receipts before one, but for one file. */
static int add_before(const struct pipeline *p, const struct feed_setting *feed, uint64_t before,
                      const struct receipt *but, struct submissions *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->receipts.count; i++) {
        const struct receipt *step = p->receipts.list[i];
        const struct receipt *file = receipt_file(p, step);

        if (step->sequence < before && step->outcome == RECEIPT_ACCEPTED && file != but &&
            file->set && strcmp(step->feed, feed->id) == 0)
            r = submissions_add(out, file->set, wall_date(file->at));
    }
    return r;
}

static void begin(const struct pipeline *p, const struct feed_setting *feed,
                  struct submissions *out)
{
    const char *const *tables = NULL;
    const struct format *format = format_set_find(p->config->formats, feed->format);
    size_t n = format ? format_set_tables(format, &tables) : 0;

    submissions_init(out, tables, n);
}

int submissions_of(const struct pipeline *p, const struct feed_setting *feed, uint64_t upto,
                   struct submissions *out)
{
    begin(p, feed, out);
    int r = add_before(p, feed, upto + 1, NULL, out);

    submissions_settle(out);
    return r;
}

bool submission_waits(const struct submissions *s, const struct submission *of)
{
    if (of->is_whole)
        return false;
    for (size_t i = 0; i < s->count; i++) {
        const struct submission *other = s->list[i];

        if (strcmp(other->provider, of->provider) != 0)
            continue;
        if (!date_is_set(of->period) && date_is_set(other->period) && other->version == of->version)
            return false; /* its tables are of that one */
        if (other->is_in_force && other->version > of->version &&
            date_compare(other->period, of->period) == 0)
            return false;
    }
    return true;
}

int submission_words(const struct pipeline *p, const struct submissions *s,
                     const struct submission *of, struct text *out)
{
    char period[DATE_TEXT_MAX];

    (void)text_puts(out, "set incomplete: ");
    if (submission_lacks(s, of, out) < 0)
        return -ENOMEM;
    (void)text_printf(out, " (%s", settings_org_code(p->config->settings, of->provider));
    if (date_is_set(of->period))
        (void)text_printf(out, ", period to %s", date_format(of->period, period));
    (void)text_putc(out, ')');
    return text_ok(out) ? 0 : -ENOMEM;
}

/* ---- what a receipt changes ---- */

static const struct submission *in_force(const struct submissions *s, const struct submission *of)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i]->is_in_force && strcmp(s->list[i]->provider, of->provider) == 0 &&
            date_compare(s->list[i]->period, of->period) == 0)
            return s->list[i];
    return NULL;
}

/* One that was not in force before: it begins, and another may end. */
static int note_begun(const struct submissions *before, const struct submission *of,
                      struct readings *out)
{
    const struct submission *old = in_force(before, of);
    int r = submission_note(of, &out->begun);

    if (!date_is_set(out->newest) || date_compare(of->period, out->newest) > 0)
        out->newest = of->period;
    return r == 0 && old ? submission_note(old, &out->replaced) : r;
}

/* A provider's other submissions may have said what is taken back: it stands as they said it. */
static int note_restated(const struct submissions *before, const struct submissions *after,
                         struct readings *out)
{
    int r = 0;

    for (size_t i = 0; i < before->count; i++) {
        const struct submission *old = before->list[i];

        if (!old->is_in_force || !table_has(&out->replaced, old->key))
            continue;
        for (size_t k = 0; r == 0 && k < after->count; k++) {
            const struct submission *other = after->list[k];

            if (other->is_in_force && date_compare(other->period, old->period) < 0 &&
                strcmp(other->provider, old->provider) == 0 && !table_has(&out->begun, other->key))
                r = submission_note(other, &out->restated);
        }
    }
    return r;
}

static bool is_of_file(const struct submission *s, const struct receipt *file)
{
    struct table keys = TABLE_INIT;
    bool is = submission_note(s, &keys) < 0 || submissions_in(file->set, &keys);

    table_release(&keys, NULL);
    return is;
}

static int compare(const struct pipeline *p, const struct submissions *before,
                   const struct submissions *after, const struct receipt *file,
                   struct readings *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < after->count; i++) {
        const struct submission *now = after->list[i];
        const struct submission *was = table_get(&before->by_key, now->key);
        bool is_new = now->is_in_force && !(was && was->is_in_force);

        if (is_new)
            r = note_begun(before, now, out);
        else if (!is_of_file(now, file))
            continue;
        else if (now->is_in_force)
            r = submission_note(now, &out->added);
        else if (submission_waits(after, now)) {
            (void)text_puts(&out->words, out->words.len ? "; " : "");
            r = submission_words(p, after, now, &out->words);
        }
    }
    return r == 0 ? note_restated(before, after, out) : r;
}

/* ---- which files ---- */

static int add_reading(struct readings *out, struct reading reading)
{
    struct reading *grown = realloc(out->list, (out->count + 1) * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    out->list = grown;
    out->list[out->count++] = reading;
    return 0;
}

/* The files that have rows of these submissions (how.only; NULL: all files), the same rows once. */
static int add_files(const struct pipeline *p, const struct feed_setting *feed, uint64_t upto,
                     struct reading how, struct readings *out)
{
    struct table seen = TABLE_INIT;
    int r = 0;

    if (how.only && table_count(how.only) == 0)
        return 0;
    for (size_t i = 0; r == 0 && i < p->receipts.count; i++) {
        const struct receipt *step = p->receipts.list[i];

        how.file = receipt_file(p, step);
        if (step->sequence > upto || step->outcome != RECEIPT_ACCEPTED ||
            strcmp(step->feed, feed->id) != 0 || table_has(&seen, receipt_archived(how.file)) ||
            (how.only && (!how.file->set || !submissions_in(how.file->set, how.only))))
            continue;
        r = table_set(&seen, receipt_archived(how.file), out, NULL);
        if (r == 0)
            r = add_reading(out, how);
    }
    table_release(&seen, NULL);
    return r;
}

/* What feeds of events said of the list so far: a set may have stood over it. */
static int add_events(const struct pipeline *p, const struct feed_setting *feed,
                      struct readings *out)
{
    const struct settings *s = p->config->settings;
    int r = 0;

    for (size_t i = 0; r == 0 && table_count(&out->replaced) && i < s->feed_count; i++) {
        const struct feed_setting *f = &s->feeds[i];
        const struct feed_book *b = table_get(&p->books.feeds, f->id);

        if (f->kind == FEED_EVENTS && b && strcmp(f->into, feed->into) == 0)
            r = add_files(p, f, b->receipt, (struct reading){ .is_again = true }, out);
    }
    return r;
}

int readings_find(const struct pipeline *p, const struct feed_setting *feed,
                  const struct receipt *step, const struct receipt *file, struct readings *out)
{
    *out = (struct readings){ .newest = DATE_NONE, .words = TEXT_INIT };
    if (feed->kind != FEED_SET)
        return add_reading(out, (struct reading){ .file = file });
    if (!file->set) /* a table that tells nothing, or of when the feed was of another kind */
        return 0;
    AUTO(submissions_release) struct submissions before = { 0 };
    AUTO(submissions_release) struct submissions after = { 0 };

    begin(p, feed, &before);
    begin(p, feed, &after);
    int r = add_before(p, feed, step->sequence, file, &before);

    if (r == 0)
        r = add_before(p, feed, step->sequence + 1, NULL, &after);
    submissions_settle(&before);
    submissions_settle(&after);
    if (r == 0)
        r = compare(p, &before, &after, file, out);
    const struct reading taken_back = { .only = &out->replaced, .takes_back = true };
    const struct reading begun = { .only = &out->begun };
    const struct reading restated = { .only = &out->restated, .is_again = true };

    if (r == 0)
        r = add_files(p, feed, step->sequence, taken_back, out);
    if (r == 0)
        r = add_files(p, feed, step->sequence, begun, out);
    if (r == 0 && table_count(&out->added))
        r = add_reading(out, (struct reading){ .file = file, .only = &out->added });
    if (r == 0)
        r = add_files(p, feed, step->sequence, restated, out);
    return r == 0 ? add_events(p, feed, out) : r;
}

int reading_has(const struct reading *r, const struct pathway_record *row, uint64_t *out_version)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    *out_version = row->version;
    if (!r->only)
        return 1;
    int result = submission_key(row, &key);

    if (result == 0)
        return submission_has(r->only, text_str(&key), row, out_version);
    return result == -ENOENT ? 0 : result;
}

void readings_release(struct readings *r)
{
    free(r->list);
    table_release(&r->replaced, NULL);
    table_release(&r->begun, NULL);
    table_release(&r->added, NULL);
    table_release(&r->restated, NULL);
    text_release(&r->words);
}
