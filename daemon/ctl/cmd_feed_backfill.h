/*
 * cmd_feed_backfill - waitlistctl feed backfill DIR [--feed ID] [-o table|json|ndjson|csv]
 *
 * History for the running daemon: the files of a folder, the one with the oldest newest period first,
 * whatever they are called, one request each. Reads them to find their periods, and changes none. The
 * daemon opens each by its path. To be ended at any point and run again: it knows what it has.
 */
#ifndef CTL_CMD_FEED_BACKFILL_H
#define CTL_CMD_FEED_BACKFILL_H

/** argv[0] is the command's own word. config: the settings of the daemon; socket: its control socket, NULL:
 * as those say. Returns the exit code: 0; 1 when a file was held, refused or not taken; 2; 3; 78. */
int cmd_feed_backfill(int argc, char **argv, const char *config, const char *socket);

#endif
