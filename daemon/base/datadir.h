/*
 * datadir - where the shipped formats, organisations and standards lie
 *
 * A program of a build tree uses the config/ folder of its own tree, so that a newcomer sees his
 * changes at once; an installed program uses the installed folder. Follows /proc/self/exe, never
 * the working directory.
 */
#ifndef BASE_DATADIR_H
#define BASE_DATADIR_H

/** The folder that holds formats/. Static storage; never NULL. It may be absent: loading says so.
 */
const char *datadir_find(void);

#endif
