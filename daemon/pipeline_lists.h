/*
 * pipeline_lists - waiting lists: see the map in pipeline_internal.h
 */
#ifndef PIPELINE_LISTS_H
#define PIPELINE_LISTS_H

#include "pipeline_state.h"

/* ---- pipeline_lists.c ---- */
/** After the rest of the books: every part of every list. done always comes, perhaps before this
 * returns. */
void lists_load(struct pipeline *p, void (*done)(struct pipeline *p, int result));
/** Lists that Redis does not have whole, or that were counted by other rules, are to be made again from
 * the archive. Returns 0 or -ENOMEM. */
int lists_check(struct pipeline *p);
/** Of which era a list is. */
uint64_t lists_era(const struct pipeline *p, const struct list_setting *list);
/** A part becomes empty. Returns 0 or -ENOMEM. */
int lists_new_state(const struct pipeline *p, const struct list_setting *list,
                    struct stored_list *part);
/** How a list stands, for waitlistctl (new reference, or NULL). */
json_t *lists_report(const struct pipeline *p, const char *id);
/** Goes on with sweeping; true while it is under way: nothing is staged meanwhile. */
bool lists_sweep(struct pipeline *p);

/* ---- pipeline_place.c ---- */
/** The place that a row's own words mean, for struct parser_options; arg: the settings. */
const char *place_of_words(void *arg, const char *printed, const char *practice, const char *lsoa);
/** Of how many who are open on a provider's part the place is not known; *out_open: of how many. */
uint64_t places_unknown(const struct stored_list *part, uint64_t *out_open);
/** Notes in the book of a feed whether of too many of a part the place is not known. period_end: of what the
 * feed brought; upto: of events. Returns 0 or -ENOMEM. */
int places_judge(const struct stored_list *part, struct civil_date period_end, bool upto,
                 struct feed_book *book);
/** Whether a plan counts a place of the list that a feed writes. */
bool places_matter(const struct pipeline *p, const struct feed_setting *f);

/* ---- pipeline_succession.c ---- */
/** Of which organisation of the list a part takes over the pathways with a snapshot of this census; NULL: of
 * none, as when it has pathways of its own. */
const char *succession_from(const struct pipeline *p, const struct list_setting *list,
                            const struct stored_list *part, struct civil_date census);
/** What one part has becomes the other's, and it has nothing. Returns 0 or -ENOMEM. */
int succession_move(struct pipeline *p, const struct list_setting *list, struct stored_list *from,
                    struct stored_list *to);
/** Whether a part has nothing because another organisation, that was before or came after it, has it. */
bool succession_stands_in(const struct pipeline *p, const struct list_setting *list,
                          const struct stored_list *part);
/** Notes in the book of a feed whether two organisations, of which one took over from the other, both have
 * the same pathways. Returns 0 or -ENOMEM. */
int succession_judge(const struct pipeline *p, const struct list_setting *list,
                     const struct stored_list *part, struct civil_date on, struct feed_book *book);

/* ---- pipeline_unread.c ---- */
/** Returns 0 or -ENOMEM. */
int unread_open(struct pipeline *p);
void unread_close(struct pipeline *p); /* also of one that was never opened */
/** A step of the received journal could not be applied to its list, for want of its bytes. 0 or -ENOMEM. */
int unread_note(struct pipeline *p, uint64_t receipt, int error);
/** With which error a step could not be read since the start; 0: none. */
int unread_error(const struct pipeline *p, uint64_t receipt);
/** Whether a list is to be made anew, since a file can be read again; asked once. */
bool unread_takes_mended(struct pipeline *p, const char *list);
/** Each second. */
void unread_tick(struct pipeline *p);

/* ---- pipeline_silent.c ---- */
/** How many cadences have gone by without data of a part that is known (feed_silent_cadences): of the feeds that
 * bring it the one that was silent for the shortest. */
int silent_cadences(const struct pipeline *p, const struct list_setting *list,
                    const struct stored_list *part, struct civil_date today);
/** Whether a part known by censuses lacks that of the day's period which another part of the list has;
 * a period is of the cadence of the snapshots that may bring the part, whether or not they must cover it. */
bool silent_skipped(const struct pipeline *p, const struct list_setting *list,
                    const struct stored_list *part, struct civil_date day);
/** Adds the providers of the feed's list that are two cadences behind what else it brought, and of which no gap
 * is known. Grows *gaps, which are the state's. Returns 0 or -ENOMEM. */
int silent_gaps(const struct pipeline *p, const struct feed_setting *f, struct feed_state *state,
                struct coverage_gap **gaps);

/* ---- pipeline_measures.c ---- */
/** To which day a part is known: its census, else the newest event; DATE_NONE: nothing is. */
struct civil_date list_known_upto(const struct pathway_list *state);
/** By which rules, and for which measures, a list is counted today; malloc'ed, or NULL. */
char *lists_rules(const struct pipeline *p, const struct list_setting *list);
/** For struct ageing_source: the stocks of lists as they are, without a command to Redis. NULL without
 * memory. */
struct measures_ageing *measures_ageing_new(const struct pipeline *p);
/** And the ages of feeds. */
int measures_ageing_data(void *arg, const struct plan_measure *m, struct civil_date *out_data_date,
                         int *out_silent);
int measures_ageing_figure(void *arg, const struct plan_measure *m, struct civil_date day,
                           struct series_version *out);
/** What a list measure counts, for its outlook; arg: struct measures_ageing. */
int measures_look(void *arg, const struct plan_measure *m, struct outlook_look *out_look);
/** What m, which is of no plan, counts of the waits that a measure of one counts, over some days that are
 * known. arg: struct measures_ageing. Returns 0; -ENODATA where these are not known, -ENOMEM or another
 * -errno. */
int measures_beside(void *arg, const struct plan_measure *of, const struct plan_measure *m,
                    struct period days, struct series_version *out_version);
/** The newest complete periods, at most PERIODS_LOOKED_AT, of a list measure, as a series would have them. */
struct measures_recent {
    struct series_point points[PERIODS_LOOKED_AT];
    struct series_version versions[PERIODS_LOOKED_AT];
    size_t count;
};
/** Counts them of a measure, of a plan or not. Returns 0; -ENODATA, -ENOMEM or another -errno where nothing is
 * known. *out_recent points into itself. */
int measures_recent(struct measures_ageing *a, const struct plan_measure *m,
                    struct measures_recent *out_recent);
void measures_ageing_free(struct measures_ageing *a); /* accepts NULL */

/* ---- pipeline_feed_figures.c ---- */
/** Of a measure of a feed's age: the day since which nothing new came, and the figure of a day. Each returns
 * 0, or -ENODATA where no file came yet. */
int feed_age_since(const struct pipeline *p, const struct plan_measure *m,
                   struct civil_date *out_since);
int feed_age_figure(const struct pipeline *p, const struct plan_measure *m, struct civil_date day,
                    struct series_version *out);

#endif
