/*
 * cmd_feed_stats - waitlistctl feed stats FILE --format F --census DATE [--percentile nearest|linear]
 *
 * Offline: counts a list of open pathways by service, provider, commissioner and age band, with the
 * parser and the arithmetic of the daemon, and prints the table as CSV without a header. Nothing is
 * pseudonymised or kept. One pass; nothing is printed of a file that is refused.
 */
#ifndef CTL_CMD_FEED_STATS_H
#define CTL_CMD_FEED_STATS_H

/** As cmd_feed_parse(); argv[0] is "stats". Returns the exit code: 0 counted, 1 refused or unreadable, 2
 * usage, 78 when a mapping file cannot be taken. */
int cmd_feed_stats(int argc, char **argv, const char *datadir);

#endif
