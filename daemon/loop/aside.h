/*
 * aside - append-only files that the embedded server refuses to read
 *
 * A server that finds its files damaged says so in its log and ends, at every start. The archive and
 * the journals are the record, so the files are set aside under a dated name, whole, and the server
 * starts without any. They are kept until a person removes them. What cannot be read for now (a right
 * that is missing, a disk that fails) is no damage and stays. Moves are made while no server runs.
 */
#ifndef LOOP_ASIDE_H
#define LOOP_ASIDE_H

#include <stdbool.h>
#include <sys/types.h>

#define ASIDE_NAME_MAX 64

/** Whether the log of the server in this folder says so, from this byte on. */
bool aside_is_refused(int folder, off_t from);
/** Whether there may be files. */
bool aside_has_files(int folder);
/** Sets the files aside; out_name: in folder. Returns 0, -ENOENT when there are none, or -errno. */
int aside_move(int folder, char out_name[ASIDE_NAME_MAX]);
/** Whether files that were set aside lie there still; out_name: the newest of them, else "". */
bool aside_lies(int folder, char out_name[ASIDE_NAME_MAX]);

#endif
