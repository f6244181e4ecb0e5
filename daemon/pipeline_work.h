/*
 * pipeline_work - the order of work, Redis made good, what people do and ask: see the map in
 * pipeline_internal.h
 */
#ifndef PIPELINE_WORK_H
#define PIPELINE_WORK_H

#include "pipeline_state.h"

/* ---- pipeline.c ---- */
/** Whether the clock shows a date before the last one evaluated. */
bool pipeline_clock_is_back(const struct pipeline *p);
/** Goes on with whatever is due next; safe to call from any callback. */
void pipeline_advance(struct pipeline *p);
/** Begins to apply the oldest receipt that Redis lacks, where nothing else comes first, while the disk syncs it: what is
 * sent of it waits for that. */
void pipeline_apply_ahead(struct pipeline *p);
/** Schedules pipeline_advance from the loop. */
void pipeline_wake(struct pipeline *p);
void pipeline_stop(struct pipeline *p, int exit_status);
/** A record stands in a journal, and taking it in gave r, which is given back. A failure ends the run:
 * going on would write the record a second time. */
int pipeline_took_record(struct pipeline *p, const char *journal, int r);
/** The later of the clock's date and the date last evaluated: the daemon's day never goes back,
 * whatever the clock does. */
struct civil_date pipeline_today(const struct pipeline *p);
/** When a file was received: the clock's time, or the start of pipeline_today() while the clock is
 * back, lest every figure of it lie ahead of its receipt. */
struct wall_time pipeline_wall(const struct pipeline *p);
const struct feed_setting *pipeline_feed(const struct pipeline *p, const char *id);
/** What is in memory, or on its way there, is not what this configuration needs. */
void pipeline_load_again(struct pipeline *p, const char *why);
/* The loop's and the store's callbacks. */
void pipeline_store_ready(void *arg);
void pipeline_store_lost(void *arg, const char *why);
void pipeline_store_standby(void *arg);
void pipeline_on_tick(evutil_socket_t fd, short what, void *arg);
void pipeline_on_wake(evutil_socket_t fd, short what, void *arg);
void pipeline_on_signal(evutil_socket_t fd, short what, void *arg);

/* ---- pipeline_reload.c ---- */
/** SIGHUP: reads settings and plans; the last good ones stay in force when these are refused. */
void pipeline_on_hangup(evutil_socket_t fd, short what, void *arg);
/** Work under way is dropped, with all that borrows from the configuration, before a part of that changes.
 * of_books: they are loaded again in any case. */
void pipeline_let_go(struct pipeline *p, bool of_books);
/** Makes the folders of the spool receivers; logs what it cannot make. Returns 0 or -errno. */
int spools_make(const struct settings *s);

/* ---- pipeline_batch.c ---- */
void batch_begin(struct pipeline *p, void (*finish)(struct pipeline *p));
/** The same for any number of calls: more() is asked for one after the other, never with more than a
 * few thousand in flight, and the batch ends by itself when there are none left. */
void batch_run(struct pipeline *p, bool (*more)(struct pipeline *p),
               void (*finish)(struct pipeline *p));
/** The same for large calls: never with more than so many in flight. */
void batch_run_few(struct pipeline *p, size_t most, bool (*more)(struct pipeline *p),
                   void (*finish)(struct pipeline *p));
/** For more(): it added none, since the next call is not ready yet; batch_go_on() follows once it is. */
void batch_rest(struct pipeline *p);
/** More may be added, or the batch failed meanwhile. The batch may have ended when it returns. */
void batch_go_on(struct pipeline *p);
/** What is in flight belongs to nobody any more: no callback of this batch has an effect. */
void batch_forget(struct pipeline *p);
/** store_done for every call of a batch; pass the pipeline as argument. */
void batch_done(void *arg, int result);
/** Counts a call just made: r is its return value. */
void batch_add(struct pipeline *p, int r);
/** It cannot be made whole: r is -errno. */
void batch_fail(struct pipeline *p, int r);
/** The books hold what the open batch changes already: the next batch joins it, and finishes for both. */
void batch_ahead(struct pipeline *p);
/** No more calls: those made leave, and finish runs at once when none is in flight. */
void batch_end(struct pipeline *p);
/** Drops the work under way: the books are loaded again. */
void pipeline_abandon(struct pipeline *p);
/** The books are loaded again, at first soon, then ever less often: what fails for ever must not
 * keep the machine busy, nor fill the log. error: -errno, or 0 when it is not known. */
void pipeline_try_later(struct pipeline *p, const char *what, int error);
/** Redis took no change for want of room, and none is tried again yet. */
bool pipeline_changes_rest(const struct pipeline *p);
/** All work is done. A batch that finished proves less: one may succeed and the next fail, for
 * ever. */
void pipeline_all_is_well(struct pipeline *p);

/* ---- pipeline_audit.c ---- */
/* The audit journal. Each record names in "prev" the SHA-256 of the record before it, so that a
 * record changed, removed or moved is found when it is read. */
int audit_read(void *arg, uint64_t sequence, const char *json, size_t len); /* journal_reader */
/** Appends and syncs. Takes record (NULL: -ENOMEM). Returns 0 or -errno. */
int audit_append(struct pipeline *p, json_t *record);
/** What audit_evaluated() and sent_due_begin() wrote is on the disk when it returns 0; else the run ends. Before
 * any effect of it leaves: batch_end() sees to that. */
int audit_sync(struct pipeline *p);
/** The name of this state folder, drawn once: what Redis holds under another name is not ours. */
int audit_ensure_epoch(struct pipeline *p);
/** An evaluation about to be stored: its local date, and every alert that it changes with the
 * revision it will have (p->changes). Nothing when the date is there and no alert changed. It
 * is not synced yet: the disk does that while its messages are composed. Returns 0 or -errno. */
int audit_evaluated(struct pipeline *p, struct civil_date today);
/** Appends a record about alerts: entries of heal_entry(). Takes record, borrows alerts. */
int audit_alerts(struct pipeline *p, json_t *record, json_t *alerts);
/** When a feed was first configured: its first period is awaited from then. A disk that is full for
 * now says so in STATUS= and stops nothing; returns any other failure. */
int audit_configured(struct pipeline *p, const char *feed);

/** Every record, the oldest first, as waitlistctl shows it (new reference, or NULL). */
json_t *audit_list(const struct pipeline *p);

/* ---- pipeline_heal.c ---- */
/** After a load, before anything is told: Redis as the journals know it. */
void heal_start(struct pipeline *p);
void heal_abort(struct pipeline *p);
void heal_release(struct pipeline *p);
/** The newest state of an alert, as the audit has it. Returns 0 or -errno. */
int heal_note(struct pipeline *p, const json_t *entry);
/** An alert as the audit keeps it (new reference, or NULL). */
json_t *heal_entry(const struct alert *a, unsigned long revision);
/** What Redis knows of alerts and the audit does not. Returns 0 or -errno. */
int heal_audit(struct pipeline *p);

/* ---- pipeline_rebuild.c ---- */
#define REBUILD_WORDS_MAX 64
/** Begins what a person asked for; true while keys are being removed. */
bool rebuild_start(struct pipeline *p);
/** The books were loaded: how many receipts are to be applied. */
void rebuild_loaded(struct pipeline *p);
/** One more receipt was applied. */
void rebuild_applied(struct pipeline *p);
/** All work is done. */
void rebuild_settled(struct pipeline *p);
/** How far it is, for STATUS=; false and "" when nothing is being rebuilt. */
bool rebuild_words(const struct pipeline *p, char out_words[REBUILD_WORDS_MAX]);
/** The same for waitlistctl (new reference): stage, done, total; or null. */
json_t *rebuild_report(const struct pipeline *p);

/* ---- pipeline_witness.c ---- */
/** How far the journals reach now. */
struct reach witness_reach(const struct pipeline *p);
/** After a load: whether a journal lacks what Redis knows of. What is found is journalled and said.
 * Returns 0 or -errno. */
int witness_compare(struct pipeline *p);
/** A gap as the audit has it. */
int witness_read(struct pipeline *p, const json_t *record);
/** Tells Redis how far the journals reach, where that is news. Stops no other work. */
void witness_tell(struct pipeline *p);

/* ---- pipeline_takeover.c ---- */
#define FEED_ID_MAX 128
/** The books just loaded are another state folder's: makes them ours. */
void takeover_start(struct pipeline *p);
/** What Redis knows to be told, and the sent journal not, into the sent journal. Returns 0 or -errno. */
int takeover_told(struct pipeline *p);
/** A takeover as the audit has it. Returns 0 or -errno. */
int takeover_read(struct pipeline *p, const json_t *record);
/** How many files of a feed (NULL: of all) a daemon before us had and we never received;
 * *out_lost: the figures of some of them are no longer in Redis either. */
size_t takeover_lacks(const struct pipeline *p, const char *feed, bool *out_lost);

/* ---- pipeline_lease.c ---- */
#define LEASE_HOLDER_MAX 160
#define LEASE_NAME_MAX   256
/** Reads the newest fence number. Returns 0 or -errno. */
int lease_open(struct pipeline *p);
/** store_events.fence: keeps it before it is used. */
int lease_fence(void *arg, uint64_t number);
/** Who we are to other daemons on the same Redis, and for people. Returns 0 or -errno. */
int lease_holder(const struct pipeline *p, char out_holder[LEASE_HOLDER_MAX],
                 char out_name[LEASE_NAME_MAX]);
/** The last thing of a clean stop: another daemon leads at once. Turns the loop for at most 1 s. */
void lease_release(struct pipeline *p);

/* ---- pipeline_acts.c ---- */
/** Whether a command of waitlistctl is an act. */
bool act_is_known(const char *name);
/** Checks, journals and does it, and answers. */
void act_answer(struct pipeline *p, struct ctl_request *request);
/** The request without its command, then act, who (by name and number) and when, for the audit; NULL without
 * memory. */
json_t *act_record(const struct pipeline *p, const struct ctl_request *request);
/** The effect of an act read back from the audit. Returns 0 or -errno. */
int act_take(struct pipeline *p, const json_t *record);

/* ---- pipeline_workflow.c ---- */
/* Acts of people on alerts: rows of the table in pipeline_acts.c. Each names an alert by the beginning of
 * its id, or by its measure where one alert of that is open. */
int workflow_check_ack(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int workflow_check_unack(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int workflow_check_words(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int workflow_check_close(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int workflow_check_silence(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
/** Whether there is each thing that a silence names. Returns 0, -ENOENT (said) or -ENOMEM. */
int silence_check_names(const struct pipeline *p, const struct match *m, char why[ACT_WHY_MAX]);
int workflow_check_silence_end(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int workflow_take_act(struct pipeline *p, const json_t *act);
/** Adds to a report of alerts, or to explain, what people said. Takes it and gives it back; NULL without
 * memory. */
json_t *workflow_add_to_alerts(const struct pipeline *p, json_t *alerts);
json_t *workflow_add_to_explain(const struct pipeline *p, json_t *explain);
/** Silences that stand, and those that ended in the last 30 days (new reference, or NULL). */
json_t *workflow_silences(const struct pipeline *p);
/** Answers with the alerts that a silence would be about now. */
void workflow_answer_preview(struct pipeline *p, struct ctl_request *request);

/* ---- pipeline_simulate.c ---- */
/** Where --simulate asks for it. Returns 0 or -errno. */
int simulate_open(struct pipeline *p);
void simulate_close(struct pipeline *p);
/** The command "simulate": its date begins, what is received on it is taken, and once everything that
 * follows is done it is answered. */
void simulate_answer(struct pipeline *p, struct ctl_request *request);
/** Whether no date was given yet: nothing is evaluated before. */
bool simulate_waits(const struct pipeline *p);
/** All work that was begun is done. */
void simulate_settle(struct pipeline *p);
/** A receiver took this message. */
void simulate_note(struct pipeline *p, const struct outbox_item *message);

/* ---- pipeline_history.c ---- */
struct history;
/** Reads what the instance received and what people did to its feeds and charts, and changes nothing of it.
 * Returns 0 or -errno. */
int history_open(struct pipeline *p, const char *state, struct history **out_history);
/** What came, or was done, up to this date and was not given yet comes now. Returns 0 or -errno. */
int history_receive(struct pipeline *p, struct history *h, struct civil_date date);
void history_free(struct history *h);

/* ---- pipeline_past.c ---- */
/** The instance's journals up to the end of the date of options.at become those of this simulation, and the clock
 * stands still there. Returns 0 or an exit status: 1 nothing is known of it, 2 it is in the future; said. */
int past_open(struct pipeline *p);
/** What its archive holds is read from there. Returns 0 or -errno. */
int past_lay_under(struct pipeline *p);
/** The journals were read: says where files of theirs are kept no more. */
void past_say_lost(struct pipeline *p);

/* ---- pipeline_evidence.c ---- */
/** Of a simulation of the past: what happened to a measure, an alert, or all measures of a place between two dates,
 * and by which files and plans. Answers. */
void evidence_answer(struct pipeline *p, struct ctl_request *request);

/* ---- pipeline_decide.c ---- */
/** What a person decided on a file that waits; its effect is a receipt. */
struct decision {
    bool accept;
    char *why;
    struct wall_time at;
};
/** Adds to the act the receipt that "file" (a number or a file's name) means. */
int decide_check(struct pipeline *p, json_t *act, bool accept, char why[ACT_WHY_MAX]);
int decide_check_purge(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int decide_take(struct pipeline *p, const json_t *act, bool accept);
int decide_take_purge(struct pipeline *p, const json_t *act);
/** Journals a receipt for each decision that has none, and for each file that was held only when it was to take
 * effect. A full disk says so in STATUS= and stops
 * nothing; returns any other failure. */
int decide_pending(struct pipeline *p);
void decision_free(void *value);

/* ---- pipeline_pending.c ---- */
/** A message that became due, as the sent journal has it. Takes it. Returns 0 or -ENOMEM. */
int pending_add(struct pipeline *p, struct outbox_item *item);
/** It has an outcome. */
void pending_settle(struct pipeline *p, const char *delivery_id);
/** Or NULL. */
struct outbox_item *pending_item(const struct pipeline *p, const char *delivery_id);
/** What is known of its tries, for the case that Redis loses it. */
void pending_tried(struct pipeline *p, const struct outbox_item *item);
/** Makes due again what Redis lost, some of it; false when it lacks nothing. */
bool pending_heal(struct pipeline *p);
/** What Redis holds as due and the sent journal does not. Returns 0 or -errno. */
int pending_journal(struct pipeline *p);
void pending_release(struct pipeline *p);

/* ---- pipeline_ctl.c ---- */
void ctl_answer(void *arg, struct ctl_request *request); /* ctl_handle */
void ctl_settle_waiting(struct pipeline *p);
/** Lets the groups of the settings use the control socket; a group that there is not, nobody. */
void ctl_allow(struct pipeline *p);
/** The alerts as a table on standard output (the demo). */
void ctl_print_alerts(struct pipeline *p);

/* ---- pipeline_status.c ---- */
#define STATUS_LINE_MAX 256
/** As Nagios has it: 0 ok, 1 warning, 2 critical. */
int pipeline_health(const struct pipeline *p);
/** One line for STATUS= and `waitlistctl status`. */
void pipeline_status_line(const struct pipeline *p, char out_line[STATUS_LINE_MAX]);
/** What `waitlistctl status` and `health` show (new reference, or NULL). */
json_t *status_report(const struct pipeline *p);
json_t *health_report(const struct pipeline *p);

#endif
