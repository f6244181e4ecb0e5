/*
 * submissions - which tables of a data set came, of which provider, period and submission
 *
 * A format of sets (format_set_tables) has a file for each of several tables, which only together say who
 * waits. What came is kept as one text for each file: its table, then a line for each submission that has
 * rows in it. From these texts alone follows which submissions are whole, and which of them are in force:
 * of one provider and period the whole one with the highest number. What two in force say of one event: the
 * later period stands, since an earlier month is submitted again after the next one was and knows less.
 * Pure. Source: DESIGN section 5, "Kinds"; FEEDS section 2.4.
 */
#ifndef FEED_SUBMISSIONS_H
#define FEED_SUBMISSIONS_H

#include "base/date.h"
#include "base/table.h"
#include "base/text.h"
#include "parse/pathway_record.h"

#define SUBMISSIONS_IN_FILE 1000 /* more are no submissions: the wrong column is mapped */

struct submission {
    char *key, *provider; /* as the rows print it */
    struct civil_date period;
    uint64_t version;           /* the number of the submission */
    unsigned tables;            /* a bit for each that came, in the order of the format */
    struct civil_date received; /* the newest of them */
    bool is_whole, is_in_force;
};

struct submissions {
    const char *const *tables; /* borrowed */
    size_t table_count;
    struct submission **list; /* by provider, period and number once settled */
    size_t count, cap;
    struct table by_key;
};

/** Writes "provider|period|number" of a row, without the period where the row names none. Returns 0;
 * -ENOENT where the row says no submission, or none that can be ranked; -ENOMEM. */
int submission_key(const struct pathway_record *row, struct text *out_key);
/** Adds the key, and the one that rows without a period have, to a table. Returns 0 or -ENOMEM. */
int submission_note(const struct submission *s, struct table *keys);
/** Whether the row, of that key, is of one of these submissions. *out_version: what its facts have as
 * version in place of the number alone: the period, then the number. */
bool submission_has(const struct table *keys, const char *key, const struct pathway_record *row,
                    uint64_t *out_version);
/** The text of a file: keys are its submissions. malloc'ed, or NULL. */
char *submissions_text(const char *table, const struct table *keys);
/** Whether a file has rows of one of these. */
bool submissions_in(const char *text, const struct table *keys);

void submissions_init(struct submissions *s, const char *const *tables, size_t table_count);
/** Adds a file. One without rows, which a person accepted, stands for its table in every submission that
 * came before it. Returns 0 or -ENOMEM. */
int submissions_add(struct submissions *s, const char *text, struct civil_date received);
/** After the last file: orders them, and says which are whole and in force. */
void submissions_settle(struct submissions *s);
/** "clock is missing", "clock and contact are missing", "no table names the period". -ENOMEM or 0. */
int submission_lacks(const struct submissions *s, const struct submission *of, struct text *out);
void submissions_release(struct submissions *s);

#endif
