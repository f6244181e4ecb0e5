/*
 * pathway_record - one row of a waiting list, or one event in the life of a pathway
 *
 * What every pathway format becomes (`records: pathway-snapshot` or `pathway-events` in its mapping
 * file). Nobody is named: a pathway and a person are pseudonyms under the instance's key, and the
 * identifiers they were made of never leave the parser, but for .person_parts. Strings are borrowed from
 * the parser for the length of the sink call and are NUL-terminated; NULL means "the row does not say".
 * Source: DESIGN section 5, "Canonical columns" and "Identity".
 */
#ifndef PARSE_PATHWAY_RECORD_H
#define PARSE_PATHWAY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"

#define PSEUDONYM_BYTES  16
#define COHORT_MAX       8
#define PATHWAY_TEXT_MAX 64 /* bytes of any text of a record; a longer one sets its row aside */

struct cohort_value {
    const char *name, *value;
};

struct pathway_record {
    /** The first 128 bits of HMAC-SHA-256(key, parts), every part preceded by its length as 4 bytes
     * big-endian; the first part is the label "pathway" or "person", then come the key columns
     * (default: issuer, pathway id). */
    uint8_t pathway[PSEUDONYM_BYTES], person[PSEUDONYM_BYTES];
    bool has_person;
    /** Only when the parser was given no key: the parts of the pathway's key as they would be hashed.
     * For counting in memory; never to be stored or shown. */
    const char *key;
    size_t key_len;
    /** Only where the parser leaves_people: the parts of the person's key, which parser_name_person() makes .person
     * of, at once by who takes the record. Never to be stored or shown; NULL afterwards. */
    const char *person_parts;
    size_t person_len;

    /** A record of events that has no service, commissioner, place or cohort comes from a table that does
     * not hold them: it says nothing of them, rather than that there are none. */
    const char *service, *provider, *commissioner, *place, *stage, *exception, *reason;

    /** Of events the clock start is a referral's own date, or what the row says; the census is the end of
     * the period in which the row was submitted, where the format has one. */
    struct civil_date clock_start, stage_start, census; /* DATE_NONE: absent */

    /** One of pathway_event_names. NULL in a snapshot, but for the clock-stop of a row with a version whose clock
     * stopped by the census: it is not of the list, and an older row of its pathway is not either. */
    const char *event;
    const char *event_id; /* under a key its pseudonym in 32 hex digits; tells occurrences apart */
    struct civil_date event_date;
    uint64_t version; /* the higher one stands: of rows of a snapshot and of reports of one event */
    bool has_version, retracted;

    unsigned long line; /* 1-based physical line of its row in the file */

    /** Of packed rows (pathway/packed_rows.h), from 1 on: rows of one file that have the same service,
     * commissioner, place, stage and cohort have the same number. 0: nobody compared them. */
    uint32_t group;

    size_t cohort_count;
    struct cohort_value cohort[COHORT_MAX]; /* sorted by name; without those the row leaves blank */
};
/** Of a record, what says something: the rest is cohorts that it has not. */
#define PATHWAY_RECORD_BYTES(r)                                                                    \
    (offsetof(struct pathway_record, cohort) + (r)->cohort_count * sizeof *(r)->cohort)

/** The events of DESIGN section 5, NULL-terminated. */
extern const char *const pathway_event_names[];
/** The name as listed for a text (case folded; blanks and '_' are '-'), or NULL. */
const char *pathway_event_find(const char *text);

#endif
