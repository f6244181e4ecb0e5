/*
 * aof - the tail of the embedded server's append-only file, before the server reads it
 *
 * Redis 7.0 cuts a torn file at the last whole command also inside a transaction: the MULTI without
 * its EXEC stays, what is appended later becomes part of it, and at the load after next the half
 * takes effect after all (an entry twice, a message due that was sent). So the file is cut here
 * first, to the last whole transaction. Bytes of zero at the end, as a power cut leaves them, go too.
 * Anything else that is no command is left for the server to refuse. Called while no server runs.
 */
#ifndef LOOP_AOF_H
#define LOOP_AOF_H

/** folder: the server's. Returns 0, also when there is no such file yet; -errno. */
int aof_mend(int folder);

#endif
