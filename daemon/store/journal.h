/*
 * journal - append-only records that survive anything but their disk
 *
 * Invariants: (1) a record is synced before journal_append() returns 0, and one of journal_write() before
 * journal_sync() does; (2) only the last synced record, or what follows it, can be torn: cut short, or with
 * a sector of zeros; (3) a torn tail is cut at opening, damage
 * anywhere, also in the last record, is an error that names the offset; (4) replaying twice equals replaying once, since the reader is given the sequence number.
 * One line a record: 8 hex digits of CRC-32 over the rest, a blank, sequence number, a blank, one
 * JSON object without line ends. Files are 0600.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct journal;
/** Called for each record in order, at opening. Non-zero stops and is returned. */
typedef int journal_reader(void *arg, uint64_t sequence, const char *json, size_t len);

/** Opens or creates. Returns 0; -EBADMSG for damage inside (logged with its offset); -errno. */
int journal_open(const char *path, journal_reader *reader, void *arg, struct journal **out_journal);
/** Appends and syncs. Returns 0; -ENOTRECOVERABLE where nobody knows any more what stands on the disk
 * (a failed sync, a failed write that could not be taken back): then and ever after, until the file
 * is opened again; any other -errno: nothing was appended. */
int journal_append(struct journal *j, const char *json, size_t len, uint64_t *out_sequence);
/** Appends and does not sync: until journal_sync() nobody may be told of it. Returns as journal_append(). */
int journal_write(struct journal *j, const char *json, size_t len, uint64_t *out_sequence);
/** Begins to sync what journal_write() wrote, and does not wait for the disk: journal_sync() does. */
void journal_sync_begin(struct journal *j);
/** Syncs what journal_write() wrote, of two journals at the same time; either may be NULL or have nothing.
 * Returns 0; -ENOTRECOVERABLE as above, when either fails. */
int journal_sync(struct journal *j, struct journal *beside);
/** Reads a journal that may be open for appending meanwhile, up to its last whole record; changes
 * nothing. Returns as journal_open(). */
int journal_walk(const char *path, journal_reader *reader, void *arg);
/** Copies the records of one that may be open for appending meanwhile into a file of its own, which is replaced:
 * up to, and without, the first for which reader returns more than 0. Not synced. Returns 0, what less than 0
 * the reader returned, or as journal_walk(). */
int journal_copy(const char *from, const char *to, journal_reader *reader, void *arg);
/** Empties it, synced: the next record is the first. Returns 0, or -ENOTRECOVERABLE as above. */
int journal_clear(struct journal *j);
off_t journal_size(const struct journal *j);    /* bytes */
uint64_t journal_last(const struct journal *j); /* 0: empty */
void journal_close(struct journal *j);

#endif
