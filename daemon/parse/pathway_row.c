#include "parse/pathway_row.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/nhs_number.h"
#include "parse/value.h"

#define SECOND_PART_MAX 1000000000u /* of a version made of two numbers */

struct fault {
    const char *reason, *column;
};

/* ---- life ---- */

static const struct pathway_layout *layout_of(const struct pathway_reader *r)
{
    return r->columns->layout->pathway;
}

/* Columns where a chance hit is no fault: declared local numbers, and NHS numbers that are asked for
 * by who only counts. */
static void mark_exempt(struct pathway_reader *r)
{
    const struct columns *c = r->columns;

    for (size_t i = 0; i < c->header.count; i++) {
        for (size_t k = 0; k < r->format->local_id.count; k++)
            r->is_exempt[i] |= text_same(c->header.names[i], r->format->local_id.items[k]);
    }
    for (size_t i = 0; i < c->slot_count; i++) {
        const struct bound_source *b = &c->slots[i].from;

        if (!c->slots[i].slot->is_nhs_number || r->options.identifiers != IDENTIFIERS_NOTE)
            continue;
        for (size_t k = 0; b->part_count && k < b->parts[0].count; k++)
            r->is_exempt[b->parts[0].at[k]] = true;
    }
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
    r->is_exempt = calloc(n + 1, sizeof *r->is_exempt);
    struct slot_value *values = realloc(r->values, (c->slot_count + 1) * sizeof *values);

    if (values)
        r->values = values;
    if (!values || !r->is_exempt)
        return -ENOMEM;
    for (; r->value_count < c->slot_count; r->value_count++)
        values[r->value_count] = (struct slot_value){ .copy = TEXT_INIT, .date = DATE_NONE };
    r->columns = c;
    mark_exempt(r);
    return mark_read(r);
}

int pathway_reader_init(struct pathway_reader *r, const struct format *f, const struct columns *c,
                        const struct parser_options *options)
{
    *r = (struct pathway_reader){
        .format = f, .columns = c, .options = *options, .clean = TEXT_INIT, .parts = TEXT_INIT
    };
    if (options->key) {
        r->digest = keyed_digest_new(options->key, options->key_len);
        if (!r->digest)
            return -ENOMEM;
    }
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
    free(r->read);
    text_release(&r->clean);
    text_release(&r->parts);
    keyed_digest_free(r->digest);
    keyed_digest_free(r->previous);
}

/* ---- the row as a whole ---- */

static const char *column_of(const struct pathway_reader *r, size_t slot)
{
    const struct bound_source *b = &r->columns->slots[slot].from;

    if (b->part_count && b->parts[0].count)
        return r->columns->header.names[b->parts[0].at[0]];
    return slot < FIELD_COUNT ? pathway_field_names[slot] : NULL;
}

/* Returns whether anything is in the row; a fault if it does not fit under the header. */
static bool judge_shape(const struct pathway_reader *r, const struct csv_row *row,
                        struct fault *fault)
{
    const struct columns *c = r->columns;
    bool cut = !row->ended; /* a short last row without a line end may be half a row */
    bool any = false;

    for (size_t i = c->header.count; i < row->count; i++) {
        if (!value_is_blank(row->cells[i])) {
            *fault = (struct fault){ "extra-cells", NULL };
            return true;
        }
    }
    for (size_t i = 0; i < row->count && !any; i++)
        any = !value_is_blank(row->cells[i]);
    if (any && row->count < c->header.count && (cut || !c->layout->pad_short_rows))
        *fault = (struct fault){ "short-row", NULL };
    return any;
}

static void judge_utf8(struct pathway_reader *r, const struct csv_row *row, struct fault *fault)
{
    for (size_t i = 0; i < row->count; i++) {
        if (text_is_utf8(row->cells[i], row->lengths[i]))
            continue;
        if (i < r->columns->header.count && r->columns->use[i] == COLUMN_MAPPED) {
            *fault = (struct fault){ "bad-utf8", r->columns->header.names[i] };
            return;
        }
        r->replaced_utf8++;
    }
}

/* Counts every column's values and NHS numbers; one in a mapped column sets the row aside. */
static void tally_identifiers(struct pathway_reader *r, const struct csv_row *row,
                              struct fault *fault)
{
    size_t n = row->count < r->tally_count ? row->count : r->tally_count;
    const char *const *cells = row->cells;
    const unsigned *lengths = row->lengths;
    struct column_tally *tally = r->tally;

    for (size_t i = 0; i < n; i++) {
        const char *cell = cells[i];
        size_t len = lengths[i];

        if (len == 0 || (cell[0] == ' ' && value_is_blank(cell)))
            continue;
        tally[i].values++;
        /* Quickly past words and days, which are most. */
        if (len < 10 || cell[0] > '9' || (len == 10 && (cell[2] < '0' || cell[4] < '0')) ||
            !nhs_number_is_valid(cell, len))
            continue;
        tally[i].hits++;
        if (r->is_exempt[i])
            continue;
        if (r->columns->use[i] == COLUMN_DROPPED)
            r->chance_hits++;
        else if (!fault->reason)
            *fault = (struct fault){ "identifier", r->columns->header.names[i] };
    }
}

/* ---- slots ---- */

static int copy_text(struct slot_value *v, const char *text, size_t len)
{
    text_clear(&v->copy);
    if (text_add(&v->copy, text, len) < 0)
        return -ENOMEM;
    v->text = text_str(&v->copy);
    v->len = len;
    return 0;
}

static int read_slot(struct pathway_reader *r, const struct bound_slot *b, struct slot_value *v,
                     const struct csv_row *row)
{
    v->text = NULL;
    v->len = 0;
    v->unknown = false;
    if (b->from.constant) {
        v->text = b->from.constant;
        v->len = strlen(v->text);
        return 0;
    }
    if (!b->from.part_count)
        return 0;
    if (v->is_plain && !row->has_high) {
        size_t at = b->from.parts[0].at[0], len = at < row->count ? row->lengths[at] : 0;
        const char *cell = len ? row->cells[at] : "";

        if (len && cell[0] > ' ' && cell[len - 1] > ' ') {
            v->text = cell;
            v->len = len;
            return 0;
        }
        cell = value_trim(cell, &len);
        return len ? copy_text(v, cell, len) : 0;
    }
    int any = source_text(&b->from, &r->format->absent, row, &r->clean, &v->copy, &v->unknown);

    if (any < 0)
        return any;
    if (any) {
        v->text = text_str(&v->copy);
        v->len = v->copy.len;
    }
    return 0;
}

static void read_otherwise(const struct slot *s, struct slot_value *v)
{
    if (v->text && !v->unknown)
        return;
    v->text = s->otherwise;
    v->len = strlen(v->text);
    v->unknown = false;
}

static int cut_code(const struct slot *s, struct slot_value *v)
{
    for (size_t i = 0; v->text && i < s->cut_count; i++) {
        if (text_like(s->cuts[i].like, v->text) && v->len > (size_t)s->cuts[i].length) {
            struct text cut = TEXT_INIT;
            int r = text_add(&cut, v->text, (size_t)s->cuts[i].length);

            text_release(&v->copy);
            v->copy = cut;
            v->text = text_str(&v->copy);
            v->len = v->copy.len;
            return r;
        }
    }
    return 0;
}

/* An age: a few digits. */
static bool small_number(const struct slot_value *v, double *out)
{
    unsigned number = 0;

    for (size_t i = 0; i < v->len; i++) {
        unsigned digit = (unsigned)v->text[i] - '0';

        if (digit > 9 || i == 6)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return v->len > 0;
}

static const char *judge_number(const struct slot *s, struct slot_value *v)
{
    double number = 0;

    if (!small_number(v, &number) && value_number(v->text, &number, NULL) < 0)
        return "bad-number";
    if (s->has_range && !(number >= s->low && number <= s->high))
        return "range";
    for (size_t i = 0; i < s->band_count; i++) {
        if (number >= (double)s->bands[i].from &&
            (s->bands[i].to == LONG_MAX || number < (double)s->bands[i].to + 1)) {
            v->text = s->bands[i].name;
            v->len = strlen(v->text);
            return NULL;
        }
    }
    return s->band_count ? "range" : NULL;
}

#define DAY_OPEN 2932532 /* 9999-01-01 */

static const char *judge_date(const struct slot *s, struct slot_value *v)
{
    if (value_day(v->text, v->len, &v->date) < 0)
        return "bad-date";
    if (v->date.day < DAY_OPEN)
        return NULL;
    v->date = DATE_NONE;
    v->text = NULL;
    return s->open_ended ? NULL : "bad-date";
}

/* The reason why a slot's text will not do, or NULL. */
static const char *judge_slot(const struct slot *s, struct slot_value *v)
{
    v->date = DATE_NONE;
    if (!v->text)
        return !s->source.required ? NULL : s->kind == SLOT_DATE ? "missing-date" : "missing-key";
    if (v->unknown)
        return "unknown-code";
    if (s->kind == SLOT_DATE)
        return judge_date(s, v);
    if (s->kind == SLOT_NUMBER)
        return judge_number(s, v);
    if (v->len < (size_t)s->min_length || v->len > (size_t)s->max_length)
        return "length";
    if (!s->is_nhs_number)
        return NULL;
    return (s->takes_equal_digits ? nhs_number_passes_mod_11(v->text, v->len)
                                  : nhs_number_is_valid(v->text, v->len))
               ? NULL
               : "nhs-number";
}

static int read_slots(struct pathway_reader *r, const struct csv_row *row, struct fault *fault)
{
    for (size_t k = 0; k < r->read_count; k++) {
        size_t i = r->read[k];
        const struct bound_slot *b = &r->columns->slots[i];
        struct slot_value *v = &r->values[i];
        int e = read_slot(r, b, v, row);

        if (e == 0 && b->slot->otherwise)
            read_otherwise(b->slot, v);
        if (e == 0 && b->slot->cut_count)
            e = cut_code(b->slot, v);
        if (e < 0)
            return -ENOMEM;
        const char *reason = judge_slot(b->slot, v);

        if (reason && !fault->reason)
            *fault = (struct fault){ reason, column_of(r, i) };
    }
    return 0;
}

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

/* ---- what the row says ---- */

static const char *text_of(const struct pathway_reader *r, size_t slot)
{
    return slot == NO_SLOT ? NULL : r->values[slot].text;
}

static int add_key_part(struct text *to, const char *text, size_t len)
{
    unsigned char size[4] = { (unsigned char)(len >> 24), (unsigned char)(len >> 16),
                              (unsigned char)(len >> 8), (unsigned char)len };

    return text_add(to, size, sizeof size) < 0 || text_add(to, text, len) < 0 ? -ENOMEM : 0;
}

static int add_key_field(struct pathway_reader *r, size_t field)
{
    const struct slot_value *v = &r->values[field];
    char date[DATE_TEXT_MAX];

    if (date_is_set(v->date)) {
        (void)date_format(v->date, date);
        return add_key_part(&r->parts, date, strlen(date));
    }
    return add_key_part(&r->parts, v->text, v->len);
}

static int digest_parts(struct pathway_reader *r, uint8_t out[PSEUDONYM_BYTES])
{
    unsigned char mac[SHA256_BYTES];
    int e = keyed_digest_of(r->digest, r->parts.buf, r->parts.len, mac);

    if (e == 0)
        memcpy(out, mac, PSEUDONYM_BYTES);
    if (e == 0 && r->previous)
        e = keyed_digest_of(r->previous, r->parts.buf, r->parts.len, mac);
    if (e == 0 && r->previous)
        e = r->options.renamed(r->options.renamed_arg, mac, out);
    return e;
}

static int begin_parts(struct pathway_reader *r, const char *label)
{
    text_clear(&r->parts);
    return add_key_part(&r->parts, label, strlen(label));
}

static int make_person(struct pathway_reader *r)
{
    static const size_t fields[] = { FIELD_PERSON_ISSUER, FIELD_PERSON_ID };
    int e = 0;

    r->record.has_person = r->digest && r->values[FIELD_PERSON_ID].text;
    if (!r->record.has_person)
        return 0;
    e = begin_parts(r, "person");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0] && e == 0; i++) {
        if (r->values[fields[i]].text)
            e = add_key_field(r, fields[i]);
    }
    return e == 0 ? digest_parts(r, r->record.person) : e;
}

/* The parts of the key stay in r->parts. */
static int make_pathway(struct pathway_reader *r)
{
    int e = 0;

    text_clear(&r->parts);
    if (r->digest)
        e = begin_parts(r, "pathway");
    for (size_t i = 0; i < r->format->key_field_count && e == 0; i++)
        e = add_key_field(r, r->format->key_fields[i]);
    if (e < 0 || r->digest)
        return e < 0 ? e : digest_parts(r, r->record.pathway);
    r->record.key = r->parts.buf;
    r->record.key_len = r->parts.len;
    return 0;
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

static void judge_snapshot(struct pathway_reader *r, struct fault *fault)
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
        *fault = (struct fault){ "future-date", column_of(r, FIELD_CLOCK_START) };
    else if (date_is_set(v[FIELD_STAGE_START].date) &&
             date_compare(v[FIELD_STAGE_START].date, census) > 0)
        *fault = (struct fault){ "future-date", column_of(r, FIELD_STAGE_START) };
    /* It is not waiting at this census: not of the list, and no fault. */
    r->is_left_out |= date_is_set(stop) && date_compare(stop, census) <= 0;
}

static void judge_events(struct pathway_reader *r, struct fault *fault)
{
    const struct pathway_layout *p = layout_of(r);

    r->record.census = r->values[FIELD_CENSUS].date;
    for (size_t i = 0; i < p->event_count && !fault->reason; i++) {
        const char *name = text_of(r, p->events[i].name),
                   *flag = text_of(r, p->events[i].retracted);

        if (name && !pathway_event_find(name))
            *fault = (struct fault){ "unknown-code", column_of(r, p->events[i].name) };
        else if (flag && !value_flag(flag, &(bool){ false }))
            *fault = (struct fault){ "unknown-code", column_of(r, p->events[i].retracted) };
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

static void judge_version(struct pathway_reader *r, struct fault *fault)
{
    const char *text = r->values[FIELD_VERSION].text;

    r->record.has_version = text != NULL;
    if (text && version_of(&r->columns->slots[FIELD_VERSION], text, &r->record.version) < 0)
        *fault = (struct fault){ "bad-version", column_of(r, FIELD_VERSION) };
}

/* What the slots say, once each is sound. */
static void judge(struct pathway_reader *r, struct fault *fault)
{
    judge_version(r, fault);
    if (fault->reason)
        return;
    if (r->format->records == RECORDS_PATHWAY_SNAPSHOT)
        judge_snapshot(r, fault);
    else
        judge_events(r, fault);
}

static int read_and_judge(struct pathway_reader *r, const struct csv_row *row, struct fault *fault)
{
    const struct pathway_layout *p = layout_of(r);
    struct fault slots = { NULL, NULL };

    if (read_slots(r, row, &slots) < 0)
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
    return make_person(r) < 0 || make_pathway(r) < 0 ? -ENOMEM : 0;
}

int pathway_row_read(struct pathway_reader *r, const struct csv_row *row,
                     enum row_verdict *out_verdict, const char **out_reason,
                     const char **out_column)
{
    struct fault fault = { NULL, NULL };

    *out_verdict = ROW_BLANK;
    if (!judge_shape(r, row, &fault))
        return 0;
    r->record =
        (struct pathway_record){ .census = DATE_NONE, .event_date = DATE_NONE, .line = row->line };
    r->next_event = 0;
    r->is_left_out = false;
    if (row->has_high && !fault.reason)
        judge_utf8(r, row, &fault);
    tally_identifiers(r, row, &fault);
    if (!fault.reason && read_and_judge(r, row, &fault) < 0)
        return -ENOMEM;
    *out_verdict = fault.reason ? ROW_SET_ASIDE : ROW_ACCEPTED;
    *out_reason = fault.reason;
    *out_column = fault.column;
    return 0;
}

/* Under a key an event's own id is a pseudonym as well: it may be a local number. */
static int name_event(struct pathway_reader *r, const char *id)
{
    uint8_t mac[PSEUDONYM_BYTES];

    r->record.event_id = id;
    if (!id || !r->digest)
        return 0;
    if (begin_parts(r, "event") < 0 || add_key_part(&r->parts, id, strlen(id)) < 0 ||
        digest_parts(r, mac) < 0)
        return -ENOMEM;
    digest_hex(mac, sizeof mac, r->event_id);
    r->record.event_id = r->event_id;
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
    return rec->event && date_is_set(rec->event_date) && (is_true || e->otherwise_retracted);
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
            return name_event(r, text_of(r, e->id)) < 0 ? -ENOMEM : 1;
    }
    return 0;
}

/* ---- the file as a whole ---- */

#define VALUES_MIN 20 /* of a column that may be one of NHS numbers */

static const char *band_of(unsigned long count)
{
    return count < 100     ? "10 to 99"
           : count < 1000  ? "100 to 999"
           : count < 10000 ? "1,000 to 9,999"
                           : "10,000 or more";
}

/* A header may be anything: only a plain name is repeated. */
static void name_column(const char *name, size_t at, char *out, size_t size)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ()";
    size_t len = strlen(name), digits = 0;

    for (size_t i = 0; i < len; i++)
        digits += name[i] >= '0' && name[i] <= '9';
    if (len && len < size && strspn(name, plain) == len && digits < 6)
        memcpy(out, name, len + 1);
    else
        (void)snprintf(out, size, "column %zu", at + 1);
}

void pathway_identifiers(const struct pathway_reader *r, struct parse_result *out)
{
    out->chance_hits = r->chance_hits;
    for (size_t i = 0; i < r->tally_count; i++) {
        const struct column_tally *t = &r->tally[i];
        const char *name = r->columns->header.names[i];
        bool is_local = false;

        for (size_t k = 0; k < r->format->local_id.count; k++)
            is_local |= text_same(name, r->format->local_id.items[k]);
        if (is_local || t->values < VALUES_MIN || t->hits * 2 < t->values ||
            out->identifier_columns == IDENTIFIER_COLUMNS_MAX)
            continue;
        struct identifier_column *c = &out->identifiers[out->identifier_columns++];

        name_column(name, i, c->column, sizeof c->column);
        c->count = band_of(t->hits);
        c->is_mapped = r->columns->use[i] == COLUMN_MAPPED;
    }
}
