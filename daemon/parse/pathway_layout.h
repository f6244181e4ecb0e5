/*
 * pathway_layout - what a mapping file of pathways says, as the engine holds it
 *
 * A layout of a pathway format reads places of a row, here called slots: each a source as in every
 * format (layout.h) with the rules its text must keep. The named fields come first, then the cohort,
 * the parts of events, the conditions and the checks. Private to parse/; owned by the layout.
 */
#ifndef PARSE_PATHWAY_LAYOUT_H
#define PARSE_PATHWAY_LAYOUT_H

#include "parse/layout.h"
#include "parse/pathway_record.h"

enum pathway_field {
    FIELD_PATHWAY_ID,
    FIELD_ISSUER,
    FIELD_REFERRAL_ID, /* in no record; of a key the one part that a row may lack */
    FIELD_PERSON_ID,
    FIELD_PERSON_ISSUER,
    FIELD_SERVICE,
    FIELD_PROVIDER,
    FIELD_COMMISSIONER,
    FIELD_PLACE,
    FIELD_PRACTICE, /* with FIELD_LSOA: tell the place, and are in no record */
    FIELD_LSOA,
    FIELD_STAGE,
    FIELD_EXCEPTION,
    FIELD_CLOCK_START,
    FIELD_STAGE_START,
    FIELD_CLOCK_STOP,
    FIELD_CENSUS,
    FIELD_VERSION,
    FIELD_COUNT,
};

extern const char *const pathway_field_names[FIELD_COUNT];

struct age_band {
    long from, to; /* whole years, both included; to LONG_MAX: open */
    char *name;
};

enum slot_kind { SLOT_TEXT, SLOT_DATE, SLOT_VERSION, SLOT_NUMBER };

struct cut_rule {
    char *like; /* a code that fits is cut to its first characters */
    long length;
};

/** One place of a row and what its text must be. */
struct slot {
    struct source source;
    enum slot_kind kind;
    bool is_nhs_number;          /* it must be one */
    bool takes_equal_digits;     /* of which ten equal digits are one too: check: mod-11 */
    long min_length, max_length; /* characters */
    bool has_range;
    double low, high;
    struct age_band *bands;
    size_t band_count;
    struct cut_rule *cuts;
    size_t cut_count;
    bool to_sunday;  /* a census on another day counts for the Sunday before */
    bool open_ended; /* a day of the year 9999 is no date */
    char *otherwise; /* instead of a blank, and of a text that the map does not know; or NULL */
};

/** Whether a slot holds one of some texts; "" is a blank. */
struct condition {
    size_t slot;
    struct names is;
};

struct event_rule {
    size_t name, date;            /* slots */
    size_t id, reason, retracted; /* or NO_SLOT */
    size_t blank_on; /* or NO_SLOT: a blank date takes the event back, as of this one's day */
    struct condition *when; /* all must hold; */
    size_t when_count;
    bool otherwise_retracted; /* if not, the event is taken back rather than left out */
};

#define NO_SLOT ((size_t)-1)

struct pathway_layout {
    struct slot *slots; /* the first FIELD_COUNT are the named fields */
    size_t slot_count, slot_cap;
    char *cohort_names[COHORT_MAX]; /* of slots first_cohort, ... */
    size_t first_cohort, cohort_count;
    struct names cohort_like; /* other columns of the cohort: {} is the name */
    struct event_rule *events;
    size_t event_count;
    struct condition *only; /* a row for which one does not hold is left out */
    size_t only_count;
};

/** Reads a layout's keys but those of every layout. Errors are said in l->diags. */
void pathway_layout_load(struct load *l, yaml_node *node, struct layout *out);
void pathway_layout_free(struct pathway_layout *p);
/** Reads the format's key: names of fields, kept in f->key_fields. */
void pathway_key_load(struct load *l, yaml_node *node, struct format *f);
/** Reads which layouts make a set whole; once the layouts are loaded. */
void pathway_set_load(struct load *l, yaml_node *node, struct format *f);

#endif
