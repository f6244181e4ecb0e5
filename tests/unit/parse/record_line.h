/*
 * record_line - every field of a pathway record as one line of text, so that two lists of records can be compared
 *
 * Header only.
 */
#ifndef UNIT_PARSE_RECORD_LINE_H
#define UNIT_PARSE_RECORD_LINE_H

#include "base/text.h"
#include "parse/pathway_record.h"

/** For a sink of records; arg: the struct text that gets the line. */
static inline int record_line(void *arg, const struct pathway_record *r)
{
    struct text *to = arg;
    const char *words[] = { r->service, r->provider,  r->commissioner, r->place,   r->stage,
                            r->reason,  r->exception, r->event,        r->event_id };

    for (size_t i = 0; i < PSEUDONYM_BYTES; i++)
        (void)text_printf(to, "%02x%02x", r->pathway[i], r->person[i]);
    (void)text_printf(to, " %d %d %d %d %d %d %llu %d %lu", r->has_person, r->clock_start.day,
                      r->stage_start.day, r->census.day, r->event_date.day, r->has_version,
                      (unsigned long long)r->version, r->retracted, r->line);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        (void)text_printf(to, "|%s%s", words[i] ? "=" : "", words[i] ? words[i] : "");
    for (size_t i = 0; i < r->cohort_count; i++)
        (void)text_printf(to, "|%s:%s", r->cohort[i].name, r->cohort[i].value);
    return text_putc(to, '\n');
}

#endif
