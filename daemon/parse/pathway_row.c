#include "parse/pathway_row.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse/value.h"

#define SECOND_PART_MAX 1000000000u /* of a version made of two numbers */

/* ---- life ---- */

static const struct pathway_layout *layout_of(const struct pathway_reader *r)
{
    return r->columns->layout->pathway;
}

/* One column whose cell can be taken as it stands. */
static bool is_plain(const struct bound_source *b)
{
    const struct source *s = b->source;

    return b->part_count == 1 && b->parts[0].count == 1 && !s->map_count && !s->capture &&
           !s->drop_notes;
}

/* The slots that a row is asked for; the others never say anything. */
static int mark_read(struct pathway_reader *r)
{
    const struct columns *c = r->columns;
    size_t *read = realloc(r->read, (c->slot_count + 1) * sizeof *read);

    if (!read)
        return -ENOMEM;
    r->read = read;
    r->read_count = 0;
    for (size_t i = 0; i < c->slot_count; i++) {
        const struct bound_slot *b = &c->slots[i];

        r->values[i].is_plain = is_plain(&b->from) && !r->format->absent.count;
        if (b->from.part_count || b->from.constant || b->slot->otherwise ||
            b->slot->source.required)
            r->read[r->read_count++] = i;
    }
    return 0;
}

int pathway_reader_rebind(struct pathway_reader *r, const struct columns *c)
{
    size_t n = c->header.count;
    struct column_tally *tally = realloc(r->tally, (n + 1) * sizeof *tally);

    if (!tally)
        return -ENOMEM;
    for (size_t i = r->tally_count; i < n; i++)
        tally[i] = (struct column_tally){ 0, 0 };
    r->tally = tally;
    r->tally_count = n;
    free(r->is_exempt);
    free(r->is_kept);
    r->is_exempt = calloc(n + 1, sizeof *r->is_exempt);
    r->is_kept = calloc(n + 1, sizeof *r->is_kept);
    struct slot_value *values = realloc(r->values, (c->slot_count + 1) * sizeof *values);

    if (values)
        r->values = values;
    if (!values || !r->is_exempt || !r->is_kept)
        return -ENOMEM;
    for (; r->value_count < c->slot_count; r->value_count++)
        values[r->value_count] = (struct slot_value){ .copy = TEXT_INIT, .date = DATE_NONE };
    r->columns = c;
    pathway_mark(r);
    return mark_read(r);
}

int pathway_reader_init(struct pathway_reader *r, const struct format *f, const struct columns *c,
                        const struct parser_options *options)
{
    *r = (struct pathway_reader){ .format = f,
                                  .columns = c,
                                  .options = *options,
                                  .clean = TEXT_INIT,
                                  .parts = TEXT_INIT,
                                  .person = TEXT_INIT };
    if (options->key) {
        r->digest = keyed_digest_new(options->key, options->key_len);
        if (!r->digest)
            return -ENOMEM;
    }
    assert(!options->leaves_people || (options->key && !options->previous_key));
    if (options->key && options->previous_key) {
        r->previous = keyed_digest_new(options->previous_key, options->key_len);
        if (!r->previous)
            return -ENOMEM;
    }
    return pathway_reader_rebind(r, c);
}

void pathway_reader_release(struct pathway_reader *r)
{
    for (size_t i = 0; i < r->value_count; i++)
        text_release(&r->values[i].copy);
    free(r->values);
    free(r->tally);
    free(r->is_exempt);
    free(r->is_kept);
    free(r->read);
    text_release(&r->clean);
    text_release(&r->parts);
    text_release(&r->person);
    keyed_digest_free(r->digest);
    keyed_digest_free(r->previous);
}

/* ---- the row as a whole ---- */

/* Returns whether anything is in the row; a fault if it does not fit under the header. */
static bool judge_shape(const struct pathway_reader *r, const struct csv_row *row,
                        struct row_fault *fault)
{
    const struct columns *c = r->columns;
    bool cut = !row->ended; /* a short last row without a line end may be half a row */
    bool any = false;

    for (size_t i = c->header.count; i < row->count; i++) {
        if (!value_is_blank(row->cells[i])) {
            *fault = (struct row_fault){ "extra-cells", NULL };
            return true;
        }
    }
    for (size_t i = 0; i < row->count && !any; i++)
        any = !value_is_blank(row->cells[i]);
    if (any && row->count < c->header.count && (cut || !c->layout->pad_short_rows))
        *fault = (struct row_fault){ "short-row", NULL };
    return any;
}

static void judge_utf8(struct pathway_reader *r, const struct csv_row *row, struct row_fault *fault)
{
    for (size_t i = 0; i < row->count; i++) {
        if (text_is_utf8(row->cells[i], row->lengths[i]))
            continue;
        if (i < r->columns->header.count && r->columns->use[i] == COLUMN_MAPPED) {
            *fault = (struct row_fault){ "bad-utf8", slots_column_said(r->columns, i) };
            return;
        }
        r->replaced_utf8++;
    }
}

/* ---- what the row says ---- */

static bool holds(const struct pathway_reader *r, const struct condition *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = r->values[list[i].slot].text;
        size_t k = 0;

        while (k < list[i].is.count && !text_same(list[i].is.items[k], text ? text : ""))
            k++;
        if (k == list[i].is.count)
            return false;
    }
    return true;
}

static const char *text_of(const struct pathway_reader *r, size_t slot)
{
    return slot == NO_SLOT ? NULL : r->values[slot].text;
}

/* The practice and the area come no further than this. */
static const char *place_of(const struct pathway_reader *r)
{
    const char *printed = text_of(r, FIELD_PLACE), *practice = text_of(r, FIELD_PRACTICE),
               *lsoa = text_of(r, FIELD_LSOA);

    if (r->options.place)
        return r->options.place(r->options.place_arg, printed, practice, lsoa);
    return printed ? printed : practice ? practice : lsoa;
}

static void fill_record(struct pathway_reader *r)
{
    const struct slot_value *v = r->values;
    struct pathway_record *rec = &r->record;

    rec->service = v[FIELD_SERVICE].text;
    rec->provider = v[FIELD_PROVIDER].text;
    rec->commissioner = v[FIELD_COMMISSIONER].text;
    rec->place = place_of(r);
    rec->stage = v[FIELD_STAGE].text;
    rec->exception = v[FIELD_EXCEPTION].text;
    rec->clock_start = v[FIELD_CLOCK_START].date;
    rec->stage_start = v[FIELD_STAGE_START].date;
    for (size_t i = 0; i < r->columns->cohort_count; i++) {
        const struct bound_cohort *c = &r->columns->cohort[i];

        if (v[c->slot].text)
            rec->cohort[rec->cohort_count++] = (struct cohort_value){ c->name, v[c->slot].text };
    }
}

/* A list counted on another day of the week counts for the Sunday before. */
static struct civil_date sunday_before(struct civil_date d)
{
    return date_add_days(d, -((date_weekday(d) + 1) % 7));
}

/* A clock cannot have stopped, nor anything have come of it, before it started: one of the two is wrong. */
static bool is_before_start(const struct pathway_reader *r, struct civil_date day)
{
    struct civil_date start = r->values[FIELD_CLOCK_START].date;

    return date_is_set(day) && date_is_set(start) && date_compare(day, start) < 0;
}

static void judge_snapshot(struct pathway_reader *r, struct row_fault *fault)
{
    const struct slot_value *v = r->values;
    struct civil_date census = v[FIELD_CENSUS].date, stop = v[FIELD_CLOCK_STOP].date;

    if (!date_is_set(census))
        census = r->options.census;
    r->record.census = census;
    if (!date_is_set(census))
        return;
    if (r->columns->slots[FIELD_CENSUS].slot->to_sunday && date_is_set(v[FIELD_CENSUS].date))
        r->record.census = sunday_before(census);
    if (date_compare(v[FIELD_CLOCK_START].date, census) > 0)
        *fault = (struct row_fault){ "future-date", pathway_column_of(r, FIELD_CLOCK_START) };
    else if (date_is_set(v[FIELD_STAGE_START].date) &&
             date_compare(v[FIELD_STAGE_START].date, census) > 0)
        *fault = (struct row_fault){ "future-date", pathway_column_of(r, FIELD_STAGE_START) };
    else if (is_before_start(r, stop))
        *fault = (struct row_fault){ "end-before-start", pathway_column_of(r, FIELD_CLOCK_STOP) };
    /* It is not waiting at this census: not of the list, and no fault. */
    if (!date_is_set(stop) || date_compare(stop, census) > 0)
        return;
    r->is_left_out |= !r->record.has_version;
    r->record.event = pathway_event_find("clock-stop");
    r->record.event_date = stop;
}

static bool lies_ahead(const struct pathway_reader *r, struct civil_date day)
{
    return date_is_set(r->options.received) && date_is_set(day) &&
           date_compare(day, r->options.received) > 0;
}

static void judge_events(struct pathway_reader *r, struct row_fault *fault)
{
    const struct pathway_layout *p = layout_of(r);

    r->record.census = r->values[FIELD_CENSUS].date;
    for (size_t i = 0; i < p->event_count && !fault->reason; i++) {
        const char *name = text_of(r, p->events[i].name),
                   *flag = text_of(r, p->events[i].retracted);

        if (name && !pathway_event_find(name))
            *fault = (struct row_fault){ "unknown-code", pathway_column_of(r, p->events[i].name) };
        else if (flag && !value_flag(flag, &(bool){ false }))
            *fault =
                (struct row_fault){ "unknown-code", pathway_column_of(r, p->events[i].retracted) };
        else if (lies_ahead(r, r->values[p->events[i].date].date) &&
                 holds(r, p->events[i].when, p->events[i].when_count))
            *fault = (struct row_fault){ "future-date", pathway_column_of(r, p->events[i].date) };
        else if (is_before_start(r, r->values[p->events[i].date].date) &&
                 holds(r, p->events[i].when, p->events[i].when_count))
            *fault =
                (struct row_fault){ "end-before-start", pathway_column_of(r, p->events[i].date) };
    }
}

/* "digits", or two numbers of which the first counts more. */
static int version_of(const struct bound_slot *b, const char *text, uint64_t *out)
{
    char first[PATHWAY_TEXT_MAX + 1];
    uint64_t high, low = 0;

    if (b->from.part_count < 2)
        return value_version(text, out);
    /* Digits, what joins them, digits. */
    size_t n = strspn(text, "0123456789"), gap = strcspn(text + n, "0123456789");

    memcpy(first, text, n);
    first[n] = '\0';
    if (value_version(first, &high) < 0 ||
        (text[n + gap] && value_version(text + n + gap, &low) < 0) || low >= SECOND_PART_MAX ||
        high >= UINT64_MAX / SECOND_PART_MAX)
        return -EINVAL;
    *out = high * SECOND_PART_MAX + low;
    return 0;
}

static void judge_version(struct pathway_reader *r, struct row_fault *fault)
{
    const char *text = r->values[FIELD_VERSION].text;

    r->record.has_version = text != NULL;
    if (text && version_of(&r->columns->slots[FIELD_VERSION], text, &r->record.version) < 0)
        *fault = (struct row_fault){ "bad-version", pathway_column_of(r, FIELD_VERSION) };
}

/* What the slots say, once each is sound. */
static void judge(struct pathway_reader *r, struct row_fault *fault)
{
    judge_version(r, fault);
    if (fault->reason)
        return;
    if (r->format->records == RECORDS_PATHWAY_SNAPSHOT)
        judge_snapshot(r, fault);
    else
        judge_events(r, fault);
}

static int read_and_judge(struct pathway_reader *r, const struct csv_row *row,
                          struct row_fault *fault)
{
    const struct pathway_layout *p = layout_of(r);
    struct row_fault slots = { NULL, NULL };

    if (pathway_slots_read(r, row, &slots) < 0)
        return -ENOMEM;
    r->is_left_out = !holds(r, p->only, p->only_count);
    if (r->is_left_out)
        return 0;
    *fault = slots;
    if (!fault->reason)
        judge(r, fault);
    if (fault->reason || r->is_left_out)
        return 0;
    fill_record(r);
    return pathway_person(r) < 0 || pathway_pseudonym(r) < 0 ? -ENOMEM : 0;
}

int pathway_row_read(struct pathway_reader *r, const struct csv_row *row,
                     enum row_verdict *out_verdict, const char **out_reason,
                     const char **out_column)
{
    struct row_fault fault = { NULL, NULL };

    *out_verdict = ROW_BLANK;
    if (!judge_shape(r, row, &fault))
        return 0;
    r->record =
        (struct pathway_record){ .census = DATE_NONE, .event_date = DATE_NONE, .line = row->line };
    r->next_event = 0;
    r->is_left_out = false;
    if (row->has_high && !fault.reason)
        judge_utf8(r, row, &fault);
    pathway_tally(r, row, &fault);
    if (!fault.reason && read_and_judge(r, row, &fault) < 0)
        return -ENOMEM;
    *out_verdict = fault.reason ? ROW_SET_ASIDE : ROW_ACCEPTED;
    *out_reason = fault.reason;
    *out_column = fault.column;
    return 0;
}

/* Whether the rule makes an event of this row. */
static bool is_event(struct pathway_reader *r, const struct event_rule *e)
{
    struct pathway_record *rec = &r->record;
    const char *name = text_of(r, e->name), *flag = text_of(r, e->retracted);
    bool is_true = holds(r, e->when, e->when_count);

    rec->retracted = false;
    if (flag)
        (void)value_flag(flag, &rec->retracted);
    rec->retracted |= !is_true;
    rec->event = name ? pathway_event_find(name) : NULL;
    rec->event_date = r->values[e->date].date;
    rec->reason = text_of(r, e->reason);
    if (!date_is_set(rec->event_date) && e->blank_on != NO_SLOT) {
        rec->event_date = r->values[e->blank_on].date;
        rec->retracted = true;
        rec->reason = NULL;
    }
    if (date_is_set(rec->event_date) && rec->event && strcmp(rec->event, "referral") == 0)
        rec->clock_start = rec->event_date;
    else
        rec->clock_start = r->values[FIELD_CLOCK_START].date;
    return rec->event && date_is_set(rec->event_date) && !lies_ahead(r, rec->event_date) &&
           (is_true || e->otherwise_retracted);
}

int pathway_row_next(struct pathway_reader *r, const struct pathway_record **out_record)
{
    const struct pathway_layout *p = layout_of(r);

    *out_record = &r->record;
    if (r->is_left_out)
        return 0;
    if (r->format->records == RECORDS_PATHWAY_SNAPSHOT)
        return r->next_event++ == 0;
    while (r->next_event < p->event_count) {
        const struct event_rule *e = &p->events[r->next_event++];

        if (is_event(r, e))
            return pathway_event_name(r, text_of(r, e->id)) < 0 ? -ENOMEM : 1;
    }
    return 0;
}
