/*
 * cmd_feed_parse - waitlistctl feed parse FILE --format F [--formats DIR]... [-o KIND] [--summary]
 *
 * Offline: reads a delimited file by a format as the daemon would and prints its records. The file
 * is read twice, so that nothing is printed of a file that is refused. No daemon, no store.
 */
#ifndef CTL_CMD_FEED_PARSE_H
#define CTL_CMD_FEED_PARSE_H

/**
 * argv[0] is the command's own word ("parse"), its arguments follow; datadir holds formats/. FILE
 * "-" is standard input. Data goes to standard output, talk to standard error. Returns the exit
 * code: 0 accepted (also if the file would be held), 1 refused or unreadable, 2 usage, 78 when a
 * mapping file cannot be taken.
 */
int cmd_feed_parse(int argc, char **argv, const char *datadir);

#endif
