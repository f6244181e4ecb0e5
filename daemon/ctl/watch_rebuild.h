/*
 * watch_rebuild - waits for the daemon to end a rebuild, and shows how far it is
 *
 * Asks for the status again and again. A bar on standard error where that is a terminal; otherwise a
 * line each time something changed. Ctrl-C ends the watching, not the rebuild.
 */
#ifndef CTL_WATCH_REBUILD_H
#define CTL_WATCH_REBUILD_H

/** Returns CTL_OK once it is done, CTL_FINDING when what answers is no daemon of ours,
 * CTL_UNREACHABLE when it no longer answers (said on standard error). */
int watch_rebuild(const char *socket_path);

#endif
