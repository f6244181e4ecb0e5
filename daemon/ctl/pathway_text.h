/*
 * pathway_text - one pathway record as JSON, CSV or a line of a table
 *
 * Keys and their order are a contract (waitlistctl(1)): pathway, service, stage, provider,
 * commissioner, place, cohort, clock_start, event, event_date, version, reason; absent is null. An event
 * that is taken back has retracted beside them. Persons are not printed.
 */
#ifndef CTL_PATHWAY_TEXT_H
#define CTL_PATHWAY_TEXT_H

#include "base/text.h"
#include "parse/pathway_record.h"

extern const char pathway_csv_header[], pathway_table_header[];

/** Each adds to a text, whose own mark says whether it failed. */
void pathway_text_json(struct text *t, const struct pathway_record *r); /* no line end */
void pathway_text_csv(struct text *t, const struct pathway_record *r);
void pathway_text_table(struct text *t, const struct pathway_record *r);

/** A JSON string, or null for NULL; cells may hold any valid UTF-8. */
void record_text_json(struct text *t, const char *s);
/** A CSV cell; one that a spreadsheet would calculate gets an apostrophe. */
void record_text_csv(struct text *t, const char *s);

#endif
