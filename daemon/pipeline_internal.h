/*
 * pipeline_internal - what the files of the pipeline share
 *
 * pipeline_state.h: what they hold; _work.h, _files.h, _lists.h, _tell.h,
 * _plans.h: what each does for the others.
 *
 * The order of work   pipeline.c; opening, closing: _open; SIGHUP: _reload; Redis calls that belong
 *                     together, what fails and is tried again: _batch
 * A file comes        _intake the inboxes, _http and _push what is posted, _pull what is fetched,
 *                     _backfill what is of the past, _take a file to a receipt, _take_pathway without its identifiers, _identity the
 *                     key of the pseudonyms, _renamed when that changes, _receipts the received journal,
 *                     _arrivals a small file and its receipt in one sync, _packed its rows until it counts,
 *                     _waiting files without proof of their end, _disk a full disk, _quarantine raw
 *                     bytes of refused files, _retention what is kept for a time
 * A receipt counts    _apply, with _apply_read, _apply_kept, _apply_book; _mapping which mapping
 *                     reads it; _feeds how each feed stands; _feed_figures what plans count of that
 * It is judged        _judge books to findings and alerts, _now the hashes now:<measure>, _checks
 *                     what may be wrong with the daemon itself
 * People are told     _golive which plans are in rehearsal, _known what each recipient knows of a plan;
 *                     _compose alerts to messages, with _recipients, _message, _released what each
 *                     shows; _deliver messages to receivers, _sent the sent journal, _pending what is due as that journal knows
 *                     it, _digest what waited, as one message, _letters messages given up, _direct
 *                     what is told without Redis; _render what one would be told, _notify a test,
 *                     _heartbeat that all is well, _resend what fires at an Alertmanager; made due
 *                     without an alert, by _freeze: _daily a test each day, _weekly the digest of each
 *                     week, _forum commentaries that papers want, _review a profile near its last day;
 *                     _doctor whether all is as it must be
 * Waiting lists       _lists what Redis has of them; _apply_list a file into one, with _apply_stage,
 *                     _apply_rows, _apply_left_out, _apply_listbook; _apply_set which tables of a set, _measures what is counted
 *                     of them, _place where those on them live, _silent who sends nothing any
 *                     more, _unread files that cannot be read back, _succession an organisation that
 *                     takes over from another
 * Plans change        _plans which version is in force, _plan_effect what another one would change,
 *                     _plan_tell who is told of that, and that a plan ends
 * Redis is made good  _heal as the journals know it, _rebuild the same on command, _lease the fence
 *                     number, _takeover the books of a daemon before us, _witness whether a
 *                     journal lost its end
 * People act and ask  _audit the audit journal, _acts what they do, _workflow what they say of alerts,
 *                     _decide accept, refuse, purge, _spc where charts begin anew, _forecast how a
 *                     measure will stand, _gap how far it is from its plan, _series what can be
 *                     watched, _about what a measure is, _outbox messages due, _ctl answers to
 *                     waitlistctl, _status how the daemon is, _silence whether there is what a silence names
 * It is tried out     _simulate one date after another, told by waitlistctl, _history what an instance
 *                     received, again; _past the instance at the end of a date, _evidence what
 *                     happened until then, with _evidence_read and _evidence_sent
 */
#ifndef PIPELINE_INTERNAL_H
#define PIPELINE_INTERNAL_H

#include "pipeline_files.h"
#include "pipeline_lists.h"
#include "pipeline_plans.h"
#include "pipeline_state.h"
#include "pipeline_tell.h"
#include "pipeline_work.h"

#endif
