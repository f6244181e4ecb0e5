#include "parse/pathway_row.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "parse/nhs_number.h"
#include "parse/value.h"

/* ---- pseudonyms ---- */

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

/* The parts of its person's key go with the record. */
static void leave_person(struct pathway_reader *r)
{
    const struct text parts = r->parts;

    r->parts = r->person;
    r->person = parts;
    r->record.person_parts = parts.buf;
    r->record.person_len = parts.len;
}

int parser_name_person(struct keyed_digest *key, struct pathway_record *record)
{
    unsigned char mac[SHA256_BYTES];

    if (!record->person_parts)
        return 0;
    int e = keyed_digest_of(key, record->person_parts, record->person_len, mac);

    if (e == 0)
        memcpy(record->person, mac, PSEUDONYM_BYTES);
    record->person_parts = NULL;
    record->person_len = 0;
    return e;
}

int pathway_person(struct pathway_reader *r)
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
    if (e == 0 && r->options.leaves_people) {
        leave_person(r);
        return 0;
    }
    return e == 0 ? digest_parts(r, r->record.person) : e;
}

/* The parts of the key stay in r->parts. */
int pathway_pseudonym(struct pathway_reader *r)
{
    int e = 0;

    text_clear(&r->parts);
    if (r->digest)
        e = begin_parts(r, "pathway");
    for (size_t i = 0; i < r->format->key_field_count && e == 0; i++) {
        size_t field = r->format->key_fields[i];

        if (field != FIELD_REFERRAL_ID || r->values[field].text)
            e = add_key_field(r, field);
    }
    if (e < 0 || r->digest)
        return e < 0 ? e : digest_parts(r, r->record.pathway);
    r->record.key = r->parts.buf;
    r->record.key_len = r->parts.len;
    return 0;
}

int pathway_event_name(struct pathway_reader *r, const char *id)
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

/* ---- NHS numbers ---- */

/* By the format, or by what the feed's settings add. */
static bool is_local_id(const struct pathway_reader *r, const char *column)
{
    for (size_t i = 0; i < r->format->local_id.count; i++)
        if (text_same(column, r->format->local_id.items[i]))
            return true;
    for (size_t i = 0; i < r->options.local_id_count; i++)
        if (text_same(column, r->options.local_id[i]))
            return true;
    return false;
}

static void mark_exempt(struct pathway_reader *r)
{
    const struct columns *c = r->columns;

    for (size_t i = 0; i < c->header.count; i++)
        r->is_exempt[i] = is_local_id(r, c->header.names[i]);
    for (size_t i = 0; i < c->slot_count; i++) {
        const struct bound_source *b = &c->slots[i].from;

        if (!c->slots[i].slot->is_nhs_number || r->options.identifiers != IDENTIFIERS_NOTE)
            continue;
        for (size_t k = 0; b->part_count && k < b->parts[0].count; k++)
            r->is_exempt[b->parts[0].at[k]] = true;
    }
}

static void mark_columns(const struct bound_source *b, bool *marks)
{
    for (size_t i = 0; i < b->part_count; i++)
        for (size_t k = 0; k < b->parts[i].count; k++)
            marks[b->parts[i].at[k]] = true;
}

static void mark_kept(struct pathway_reader *r)
{
    static const enum pathway_field fields[] = {
        FIELD_SERVICE,  FIELD_PROVIDER, FIELD_COMMISSIONER, FIELD_PLACE,
        FIELD_PRACTICE, FIELD_LSOA,     FIELD_STAGE,        FIELD_EXCEPTION,
    };
    const struct columns *c = r->columns;
    const struct pathway_layout *p = c->layout->pathway;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        mark_columns(&c->slots[fields[i]].from, r->is_kept);
    for (size_t i = 0; i < c->cohort_count; i++)
        mark_columns(&c->slots[c->cohort[i].slot].from, r->is_kept);
    for (size_t i = 0; i < p->event_count; i++)
        if (p->events[i].reason != NO_SLOT)
            mark_columns(&c->slots[p->events[i].reason].from, r->is_kept);
}

void pathway_mark(struct pathway_reader *r)
{
    mark_exempt(r);
    mark_kept(r);
}

/* Quickly past words and days, which are most. */
static bool is_number(const char *cell, size_t len)
{
    return cell[0] <= '9' && (len > 10 || (cell[2] >= '0' && cell[4] >= '0')) &&
           nhs_number_is_valid(cell, len);
}

void pathway_tally(struct pathway_reader *r, const struct csv_row *row, struct row_fault *fault)
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
        if (len < 10 ||
            !(is_number(cell, len) || (r->is_kept[i] && nhs_number_is_within(cell, len))))
            continue;
        tally[i].hits++;
        if (r->is_exempt[i])
            continue;
        if (r->columns->use[i] == COLUMN_DROPPED)
            r->chance_hits++;
        else if (!fault->reason)
            *fault = (struct row_fault){ "identifier", slots_column_said(r->columns, i) };
    }
}

#define VALUES_MIN 20 /* of a column that may be one of NHS numbers */

static const char *band_of(unsigned long count)
{
    return count < 100     ? "10 to 99"
           : count < 1000  ? "100 to 999"
           : count < 10000 ? "1,000 to 9,999"
                           : "10,000 or more";
}

/* As systems head a column by which NHS numbers come; compared without case, blanks, "_", "-" and ".". */
static const char *const well_known[] = {
    "nhsnumber",
    "nhsno",
    "nhsnum",
    "newnhsno",
    "newnhsnumber",
    "patientnhsno",
    "patientnhsnumber",
    "personnhsnumber",
    "nhsnumberpatient",
    "nhsid",
    "name",
    "patientname",
    "patientid",
    "patient",
    "id",
};

static bool is_well_known(const char *name)
{
    char folded[24];
    size_t len = 0;

    for (; *name && len + 1 < sizeof folded; name++) {
        if (!strchr(" _-.", *name))
            folded[len++] = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
    }
    folded[len] = '\0';
    for (size_t i = 0; !*name && i < sizeof well_known / sizeof well_known[0]; i++) {
        if (strcmp(folded, well_known[i]) == 0)
            return true;
    }
    return false;
}

/* A header is the sender's text and may hold anything: repeated is what the mapping itself names, or what is
 * known for a name of a column. */
static void name_column(const struct columns *c, size_t at, char *out, size_t size)
{
    const char *name = c->header.names[at];
    bool is_named = c->use[at] == COLUMN_MAPPED && slots_column_said(c, at) == name;

    if (is_named || is_well_known(name))
        (void)snprintf(out, size, "column \"%.40s\"", name);
    else
        (void)snprintf(out, size, "column %zu", at + 1);
}

void pathway_identifiers(const struct pathway_reader *r, struct parse_result *out)
{
    out->chance_hits = r->chance_hits;
    for (size_t i = 0; i < r->tally_count; i++) {
        const struct column_tally *t = &r->tally[i];
        const char *name = r->columns->header.names[i];

        if (is_local_id(r, name) || t->values < VALUES_MIN || t->hits * 2 < t->values ||
            out->identifier_columns == IDENTIFIER_COLUMNS_MAX)
            continue;
        struct identifier_column *c = &out->identifiers[out->identifier_columns++];

        name_column(r->columns, i, c->column, sizeof c->column);
        c->count = band_of(t->hits);
        c->is_mapped = r->columns->use[i] == COLUMN_MAPPED;
    }
}
