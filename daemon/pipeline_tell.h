/*
 * pipeline_tell - it is judged, and people are told: see the map in pipeline_internal.h
 */
#ifndef PIPELINE_TELL_H
#define PIPELINE_TELL_H

#include "notify/notice.h"
#include "pipeline_state.h"

/* ---- pipeline_checks.c ---- */
#define CHECKS_MAX      9
#define CHECK_WORDS_MAX 400
/** Each second, and at once after a connection: looks at Redis's settings when it is time. */
void checks_tick(struct pipeline *p);
void checks_connected(struct pipeline *p);
/** How Redis is, in words; of one that cannot start, what a person must do. */
const char *checks_redis_state(const struct pipeline *p);
/** What is wrong with the daemon itself, for evaluation; words holds the texts. Returns the number. */
size_t checks_of(const struct pipeline *p, struct self_check out_checks[CHECKS_MAX],
                 char words[CHECKS_MAX][CHECK_WORDS_MAX]);

/* ---- pipeline_judge.c ---- */
void judge_start(struct pipeline *p);
void judge_abort(struct pipeline *p);
/** What an evaluation of today by these plans would find and change; nothing is written or adopted.
 * Release findings and changes also after a failure. Returns 0 or -ENOMEM. */
int judge_as_if(struct pipeline *p, const struct plan *const *plans, size_t plan_count,
                struct finding_set *out_findings, struct alert_change **out_changes,
                size_t *out_count);
/** Forgets findings (they borrow from the plan) before the configuration changes. */
void judge_forget(struct pipeline *p);

/* ---- pipeline_now.c ---- */
/** now:<measure> of a finding, where it changed: adds to the open batch. Returns 0 or -ENOMEM. */
int show_now(struct pipeline *p, const struct finding *f);
/** Whether a feed brings published figures: shown as they are. */
bool now_is_published(const struct pipeline *p, const char *feed);
/** A measure that left the plan leaves now: too. */
void hide_gone(struct pipeline *p);

/* ---- pipeline_recipients.c ---- */
/** The recipients of routes fallback and ops; returns their number. Borrows from the settings. */
size_t operators_of(const struct pipeline *p, struct composer_recipient *out, size_t max);
/** Those of a role of a plan, of one in rehearsal its author and spools; route ops where there is nobody
 * else, or no role. Likewise. */
size_t role_recipients(const struct pipeline *p, const struct plan *plan, const char *role,
                       struct composer_recipient *out, size_t max);

/* ---- pipeline_golive.c ---- */
/** Says in each plan of the configuration whether it is in rehearsal. */
void golive_adopt(struct pipeline *p);
/** The same of one version of a plan, in force or not. */
void golive_adopt_plan(const struct pipeline *p, struct plan *plan);
/** The same, once the audit has what the files say. A full disk says so itself. Returns 0 or -errno. */
int golive_note(struct pipeline *p);
/** What a file said, as the audit has it. Returns 0 or -ENOMEM. */
int golive_read(struct pipeline *p, const json_t *record);
int golive_check(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int golive_take(struct pipeline *p, const json_t *act);

/* ---- pipeline_known.c ---- */
/** Who came to hear of what, as the audit has it. Returns 0 or -errno. */
int known_read(struct pipeline *p, const json_t *record);
/** The plan is new to everyone. */
void known_forget(struct pipeline *p, const char *plan);
void known_release(struct pipeline *p);

/* ---- pipeline_compose.c ---- */
/** Alerts to messages due; a failure fails the batch. */
void compose_start(struct pipeline *p);
/** Each second: what waited for people's hours is due when they begin. */
void compose_tick(struct pipeline *p);
/** The same in a batch that is open: which messages (returns 0 or -errno); the next of them, journalled
 * and sent (returns whether some are left); Redis took them. */
int compose_prepare(struct pipeline *p);
bool compose_more(struct pipeline *p);
void compose_finish(struct pipeline *p);
void compose_abort(struct pipeline *p);
/** A digest that takes the place of messages of the books, in a batch. Takes the list replaced. */
void compose_digest(struct pipeline *p, const struct composition *composition,
                    struct outbox_item **replaced, size_t count);
/** Messages that Redis lost become due again as they were frozen; takes the items. replaced: of each
 * digest, the messages of the books that it stands for; ended by NULL; takes the lists. r: an error so
 * far, which fails the batch. */
struct due_again {
    struct outbox_item *item;
    struct outbox_item **replaced; /* or NULL */
    size_t replaced_count;
    bool is_first; /* it was not due before: what it shows is new too */
};
void compose_again(struct pipeline *p, struct due_again *list, size_t count, int r);

/* ---- pipeline_deliver.c ---- */
/** Starts an attempt for every receiver that is free and has something due. */
void deliver_due(struct pipeline *p);
/** Redis hears of the attempt in the same turn as of the message, which is being made due: it begins
 * once Redis has both and the message is in the books. Nothing where the receiver is not free, or has
 * other messages due. */
void deliver_with(struct pipeline *p, const struct outbox_item *item);
/** What became of a message, as the sent journal says: "delivered", "dead", "dropped"; NULL: due. */
const char *deliver_outcome(const struct pipeline *p, const char *delivery_id);
/** Messages that are due now and not delivered. */
size_t deliver_pending(const struct pipeline *p);
/** Whether every message was tried in this run (--once). */
bool deliver_tried_all(const struct pipeline *p);
/** What came out of Redis meets this process: times on its clock. Call after a load. */
void deliver_adopt(struct pipeline *p);
/** The same for one message that is about to be in the books. */
void deliver_adopt_item(struct pipeline *p, struct outbox_item *item);
/** Each second: what waits for too long is told elsewhere too. */
void deliver_tick(struct pipeline *p);
/** Episodes whose message was given up, or is red and undelivered for 30 minutes: fallback and ops
 *  are told of them too. Returns 0 or -ENOMEM. */
int deliver_escalated(struct pipeline *p, struct table *out_episodes);
/** Whether such a message, of this episode for this recipient, was given up or waits for too long. */
bool deliver_is_unreached(const struct pipeline *p, const char *receiver, const char *recipient,
                          const char *episode);
/** Attempts that will never call back: at the end. */
void deliver_abort(struct pipeline *p);
/** What an attempt that did not deliver means for the next one. */
enum retry_cause deliver_cause(enum delivery_outcome outcome);
#define MARK_AGAIN_MS 30000 /* an outcome that Redis did not take is told to it again */

/** Whether an attempt may begin there now: configured or not, it neither rests nor is busy. */
bool deliver_receiver_is_free(const struct pipeline *p, const char *receiver);

/* ---- pipeline_digest.c ---- */
/** What waited for one recipient of a receiver that was away becomes one message. Returns whether a
 *  batch was started. */
bool digest_start(struct pipeline *p);

/* ---- pipeline_outbox.c ---- */
/** Messages due and dead, as waitlistctl shows them (new reference, or NULL). */
json_t *outbox_list(const struct pipeline *p);
/* Acts of people: rows of the table in pipeline_acts.c. */
int outbox_check_retry(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int outbox_check_drop(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int outbox_take_retry(struct pipeline *p, const json_t *act);
int outbox_take_drop(struct pipeline *p, const json_t *act);

/* ---- pipeline_resend.c ---- */
/** A receiver took these data: what fires there from now on. Returns 0 or -errno. */
int resend_note(struct pipeline *p, const char *receiver, const char *alerts);
/** Call each second. */
void resend_tick(struct pipeline *p);
/** Whether it is under way there: nothing else is sent meanwhile. */
bool resend_is_flying(const struct pipeline *p, const char *receiver);
void resend_release(struct pipeline *p);

/* ---- pipeline_heartbeat.c ---- */
/** Each second: a sign of life to the monitor outside, when it is due and all is well. */
void heartbeat_tick(struct pipeline *p);
/** When the last was taken, why none is given now (new reference): null where none is asked for. */
json_t *heartbeat_report(const struct pipeline *p);

/* ---- pipeline_render.c ---- */
/** Answers with the message that a receiver would get of one alert now. */
void render_answer(struct pipeline *p, struct ctl_request *request);

/* ---- pipeline_notify.c ---- */
/** Sends a test to a receiver and answers once it was taken or not. */
void notify_test_answer(struct pipeline *p, struct ctl_request *request);
/** At the end: whoever still waits for such an answer hears so. */
void notify_close(struct pipeline *p);
#define NOTIFY_SERVER_MAX 160
/** Who takes a receiver's messages: no path, which may be a secret; of a spool its folder. */
void notify_server(const struct receiver_setting *r, char out[NOTIFY_SERVER_MAX]);

/* ---- pipeline_freeze.c ---- */
/** A notice about to become due: words has kind, delivery id and what it says. A lead's is the mail of their day, for
 * which what does not turn red waits (outbox/timing.h). Returns 0, -ENOMEM, or
 * -EINVAL for an address that is refused; the item is also there after -ENOMEM, or NULL. */
int freeze_notice(struct pipeline *p, const struct notice *words,
                  const struct composer_recipient *to, struct outbox_item **out_item);
/** Whether a lead was written to today: what has time waits for another day. */
bool freeze_day_is_spent(const struct pipeline *p, const struct composer_recipient *to);
/** Whether it is due, or had an outcome. */
bool freeze_is_known(const struct pipeline *p, const char *id);

/** Of those of one kind (until: .plan_notices_at or .forum_notices_at): whether they wait for the hours of whom they
 * are for. Together, until the last of them may be written to, as it stood when the wait began. freeze_waits() is asked
 * once these are known: opens_at is of the last, .ms 0: all may be told now. */
bool freeze_is_waiting(const struct pipeline *p, const struct wall_time *until);
bool freeze_waits(const struct pipeline *p, struct wall_time *until, struct wall_time opens_at);

/** Notices into the sent journal; then a record, the marker, in the audit that all were told, which take()
 * takes (NULL: none, their ids say it); then Redis hears of them: what it lacks is put back from the journal. Takes
 * list and marker; r: what failed before. Returns whether a batch is under way. */
bool freeze_make_due(struct pipeline *p, struct due_again *list, size_t count, json_t *marker,
                     int (*take)(struct pipeline *p, const json_t *marker), int r);

/* ---- pipeline_forum.c ---- */
/** Commentaries that are asked for before a meeting's papers are due, and that are missed then, become
 * due. Returns true while a batch is under way for it. */
bool forum_tell(struct pipeline *p);
/** A record of the audit: what was asked for, or missed. Returns 0, -EBADMSG or -ENOMEM. */
int forum_read(struct pipeline *p, const json_t *record);
void forum_release(struct pipeline *p);

/* ---- pipeline_review.c ---- */
/** Internal profiles whose review is due soon, or was: told once each. Returns true while a batch is under way. */
bool review_tell(struct pipeline *p);
/** A record of the audit: what was told. Returns 0, -EBADMSG or -ENOMEM. */
int review_read(struct pipeline *p, const json_t *record);
void review_release(struct pipeline *p);

/* ---- pipeline_weekly.c ---- */
/** The next digest of this week becomes due, once its reader's hours have begun. Returns whether a batch is
 * under way. */
bool weekly_tell(struct pipeline *p);
/** H(instance, "digest", recipient, week): of its Monday. Returns 0 or -ENOMEM. */
int weekly_id(const struct pipeline *p, struct civil_date week, const char *recipient,
              char out[ALERT_ID_MAX]);

/* ---- pipeline_daily.c ---- */
/** The tests of this day become due, once. Returns whether a batch is under way. */
bool daily_tell(struct pipeline *p);
/** Each second: which of them are late. */
void daily_tick(struct pipeline *p);

/* ---- pipeline_doctor.c ---- */
/** Whether what the daemon rests on is as it must be; answers once all was looked at, in bounded time. */
void doctor_answer(struct pipeline *p, struct ctl_request *request);
/** At the end: whoever still waits for such an answer hears so. */
void doctor_close(struct pipeline *p);

/* ---- pipeline_forecast.c ---- */
/** The outlook of a list measure as waitlistctl shows it (new reference, or NULL). */
json_t *forecast_report(const struct pipeline *p, const char *id);

/* ---- pipeline_series.c ---- */
/** How many of the last PERIODS_LOOKED_AT periods of a measure's series, of a plan or not, could be judged;
 * -errno where nothing is known. */
int series_judged(const struct pipeline *p, const struct plan_measure *m);
/** What can be watched and is called so, each with a measure to paste into a plan. NULL without memory. */
json_t *series_find_report(struct pipeline *p, const char *asked);
/** A plan checked with the settings and the data of this daemon: as `plan check` gives it. NULL without memory. */
json_t *plan_check_report(struct pipeline *p, const char *name, const char *text);

/* ---- pipeline_about.c ---- */
/** A measure with its definition, provenance and every version. json_null when unknown; NULL without memory. */
json_t *about_report(const struct pipeline *p, const char *id);

/* ---- pipeline_gap.c ---- */
/** How far each measure is from its plan; plan "": of every plan. NULL without memory. */
json_t *gap_report(const struct pipeline *p, const char *plan);

/* ---- pipeline_spc.c ---- */
/** Where people had the chart of a measure begin anew, for evaluation; arg: the pipeline. Borrowed. */
size_t spc_breaks(void *arg, const struct plan *plan, const struct plan_measure *m,
                  const struct chart_break **out_breaks);
/** The chart as waitlistctl shows it (new reference, or NULL). */
json_t *spc_report(const struct pipeline *p, const char *id);
void spc_release(struct pipeline *p);
/* Acts of people: rows of the table in pipeline_acts.c. */
int spc_check_rebase(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int spc_check_unrebase(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int spc_take_rebase(struct pipeline *p, const json_t *act);
int spc_take_unrebase(struct pipeline *p, const json_t *act);

/* ---- pipeline_released.c ---- */
/** What a message shows of figures, or another daemon's did, as the sent journal says: {cell: entry}. Returns 0
 * or -errno. */
int released_note(struct pipeline *p, const char *receiver, const json_t *released);
/** The next entry that Redis lacks: "receiver|released|cell" and its value, both malloc'ed; the books have
 * it then. Returns 1, 0 when there is none, -ENOMEM. */
int released_lacking(struct pipeline *p, char **out_key, char **out_value);
/** What another daemon showed goes into our own sent journal. Returns 0 or -errno. */
int released_adopt(struct pipeline *p);
void released_release(struct pipeline *p);

/* ---- pipeline_sent.c ---- */
/** What another daemon told, into our own sent journal: an array of sent_entry(). Takes it (NULL:
 * -ENOMEM). Returns 0 or -errno. */
int sent_elsewhere(struct pipeline *p, json_t *list);
/** New reference, or NULL. */
json_t *sent_entry(const char *delivery_id, const char *receiver, const char *recipient,
                   const struct tell *tells, size_t count);
int sent_read(void *arg, uint64_t sequence, const char *json, size_t len); /* journal_reader */
/** Messages about to become due, as they are frozen, so that the loss of Redis loses none of them;
 * nothing for those that it has. Returns 0 or -errno. */
int sent_due(struct pipeline *p, struct outbox_item *const *items, size_t count);
/** The same, and the disk syncs it meanwhile: audit_sync() before anybody hears of it. */
int sent_due_begin(struct pipeline *p, struct outbox_item *const *items, size_t count);
/** What became of a message: appended, synced, remembered; of a delivered one which server took it and what that
 * answered. Returns 0 or -errno. */
int sent_delivered(struct pipeline *p, const struct outbox_item *item,
                   const struct delivery_result *result);
/** address: as letter_address() has it. */
int sent_dead(struct pipeline *p, const struct outbox_item *item, const char *address);
int sent_dropped(struct pipeline *p, const struct outbox_item *item);
/** Any other record. Takes it (NULL: -ENOMEM). */
int sent_append(struct pipeline *p, json_t *record);

/* ---- pipeline_direct.c ---- */
/** Each second: when Redis is unusable for too long, ops and fallback are told without it. */
void direct_tick(struct pipeline *p);
/** A record of the sent journal about an outage. Returns 0 or -EBADMSG. */
int direct_note(struct pipeline *p, const json_t *record);
/** Call when no attempt will call back any more. */
void direct_release(struct pipeline *p);

/* ---- pipeline_letters.c ---- */
struct letter *letter_find(const struct pipeline *p, const char *delivery_id); /* or NULL */
/** A record of the sent journal: given up. Returns 0, -EBADMSG or -ENOMEM. */
int letters_add(struct pipeline *p, const json_t *record, uint64_t sequence);
void letters_remove(struct pipeline *p, const char *delivery_id);
/** A receiver took a message, perhaps one that had been given up. */
void letters_delivered(struct pipeline *p, const char *delivery_id, const char *receiver,
                       const char *recipient);
/** Messages given up that no person decided upon. */
size_t letters_count(const struct pipeline *p);
/** Digest of where its receiver is, "" for other than webhooks. Returns 0 or -errno. */
int letter_address(const struct pipeline *p, const struct outbox_item *item,
                   char out[SHA256_TEXT_MAX]);
/** Whether a message for this recipient was refused for good, a person has not decided upon it, and none
 *  has been taken since. */
bool letters_bounced(const struct pipeline *p, const char *receiver, const char *recipient);
/** Whether this address answered 410 (gone): nothing is posted there until a person decides upon
 *  that letter, or the address changes. */
bool letters_receiver_is_off(const struct pipeline *p, const struct receiver_setting *r);
/** Adds their episodes. Returns 0 or -ENOMEM. */
int letters_escalated(const struct pipeline *p, struct table *out_episodes);
struct receiver_states {
    struct receiver_state *list;
    size_t count;
};
/** Receivers with dead letters, for evaluation; borrows. Returns 0 or -ENOMEM. */
int receiver_states_of(const struct pipeline *p, struct receiver_states *out_states);
void receiver_states_release(struct receiver_states *s);
/** Tells Redis of what people decided, and of letters that it lost. Call when the books are loaded. */
void letters_settle(struct pipeline *p);
void letters_release(struct pipeline *p);

#endif
