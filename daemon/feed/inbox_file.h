/*
 * inbox_file - one file of an inbox: is its name sound, is it what it was, is its end proven
 *
 * Looks at one name below an open folder, never follows a link, never blocks, keeps nothing open
 * that it does not return. inbox.c decides when to look and what to do. Times are monotonic ms.
 */
#ifndef FEED_INBOX_FILE_H
#define FEED_INBOX_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* What is known of one name. A change of inode, size or time makes it another file. */
struct sighting {
    struct stat st;       /* of the file last seen */
    int64_t still_since;  /* monotonic ms */
    struct stat moved_in; /* what was renamed in under the name; st_ino 0: nothing */
    struct stat put_back; /* what we ourselves renamed to the name: that proves nothing */
    struct stat received; /* what its receiver has, and could not be removed; st_ino 0: nothing */
    bool is_queued;       /* its end was proven and it is unchanged: to be offered */
    bool is_offered;      /* neither taken nor left yet */
    bool is_left;         /* not before the next rescan */
    bool is_said;         /* reported as waiting */
    unsigned scan;        /* the last scan that found it */
};

struct proof_rules {
    int64_t now_ms;
    int still_ms;        /* how long "still" is */
    bool trusts_newline; /* at start and by --once: a last line with its end is enough */
};

/** A name an inbox takes: see inbox.h for what it passes over. */
bool inbox_name_is_sound(const char *name);
/** NAME of "NAME.ok" or "NAME.ctl", else the name itself. */
void inbox_name_of_control(const char *name, char out_name[NAME_MAX + 1]);

bool inbox_same_file(const struct stat *a, const struct stat *b);
/** The same file, of the same size and modification time. */
bool inbox_same_content(const struct stat *a, const struct stat *b);

/**
 * Opens a regular file with one link for reading. Returns the descriptor; -errno; -EAGAIN if it
 * was swapped meanwhile. *out_why is set where the name is no such file, in words.
 */
int inbox_open_plain(int folder, const char *name, struct stat *out_st, const char **out_why);
/** Removes NAME.ctl and NAME.ok. */
void inbox_remove_control_files(int folder, const char *name);

/** Brings a sighting up to date with what the name means now. */
void sighting_look(struct sighting *s, const struct stat *st, int64_t now_ms);
/** Whether the end is proven; sets *out_why where it waits for something that time does not bring.
 */
bool sighting_is_complete(const struct sighting *s, int folder, const char *name, int fd,
                          const struct proof_rules *rules, const char **out_why);

#endif
