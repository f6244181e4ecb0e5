/*
 * inbox - a watched folder: complete regular files, oldest first
 *
 * inotify (moved-to, close-write) plus a slow rescan (30 s). A file is offered once its end is
 * proven: renamed in, named by a control file (NAME.ctl or NAME.ok beside it), or found at start
 * (or by scan_now) with a newline as its last byte, or the end record of a zip there. A file written in
 * place is offered when it ends so and has been still for 30 s. Without proof it stays and is reported as
 * waiting. Never follows links; only regular files with one link; names that begin with '.' or '-',
 * are not UTF-8, hold a control character, or end in .tmp, .part, .ctl, .ok are skipped and
 * counted. Opens are descriptor-relative (F14, F15 of RELIABILITY).
 *
 * Renamed in is proof whatever the last byte is. A control file is proof when it changed no earlier
 * than the file it names, so one left from an older delivery proves nothing. An empty file counts
 * as found only when it was renamed in, is named by a control file, or is 30 s old. A file is never
 * removed unless it is the one that was offered, unchanged. One that was taken and cannot be removed
 * is not offered again while it stays what it is; each rescan tries to remove it.
 */
#ifndef FEED_INBOX_H
#define FEED_INBOX_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct inbox;

/** A file is complete. fd is open for reading at offset 0 and borrowed for the call. The receiver
 * calls inbox_taken() (unlinks it) once it is durable, or inbox_leave() to be offered it again at the
 * next rescan: at once, or later and then inbox_go_on(). No other file is offered before. */
typedef void inbox_offer(void *arg, struct inbox *inbox, const char *name, int fd);
/** A file waits without proof of its end, said once per name. */
typedef void inbox_waiting(void *arg, struct inbox *inbox, const char *name, const char *why);

/** Makes the folder if it is missing. base NULL: no watching, only inbox_scan_now(). Returns 0 or
 * -errno. */
int inbox_open(struct event_base *base, const char *folder, inbox_offer *offer,
               inbox_waiting *waiting, void *arg, struct inbox **out_inbox);
/** Offers every complete file now, in order of modification time, then name; trusts files that end
 * with a newline (start, --once). */
int inbox_scan_now(struct inbox *i);
/** Returns 0; -ESTALE when the file changed or was replaced since it was offered: it stays and is
 * offered again; -errno when it cannot be removed: it stays, is not offered again, and the rescans
 * go on trying without a word. */
int inbox_taken(struct inbox *i, const char *name);
/** Offered again at the next rescan. Until one of the two is called a file is not offered again. */
void inbox_leave(struct inbox *i, const char *name);
/** After an answer that came later than the offer: offers what waits since, in its order. */
void inbox_go_on(struct inbox *i);
/** The next rescan comes at once, from the loop: what was left is offered again. */
void inbox_look_again(struct inbox *i);
const char *inbox_folder(const struct inbox *i);
/** Names passed over by the last scan: their form, links, and what is no regular file (folders are
 * not counted). */
size_t inbox_skipped(const struct inbox *i);
/** Allowed from inside an offer; accepts NULL. */
void inbox_close(struct inbox *i);

/** For tests: other periods than 30 s for the rescan and for "has been still". */
void inbox_set_periods(struct inbox *i, int rescan_ms, int still_ms);

#endif
