/*
 * doctor_internal - what the files of the doctor share; nobody else includes it
 */
#ifndef DOCTOR_DOCTOR_INTERNAL_H
#define DOCTOR_DOCTOR_INTERNAL_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "config.h"
#include "doctor/doctor.h"

#define WORD_MAX 1200 /* of a path as a shell takes it */
#define MEND_MAX 3000

struct doctor {
    const struct doctor_question *question;
    const char *path; /* of the settings file */
    struct civil_date today;
    json_t *lines;
    bool has_failed; /* memory */
};

/** One line; mend: made by mend_*() or NULL. */
void say(struct doctor *d, enum doctor_level level, const char *check, const char *subject,
         const char *mend, const char *format, ...) __attribute__((format(printf, 6, 7)));

/** A word as a shell takes it: quoted where it must be. Returns out. */
const char *shell_word(const char *word, char out[WORD_MAX]);
/** The settings are changed, checked and read again. Returns out. */
const char *mend_settings(const struct doctor *d, unsigned line, char out[MEND_MAX]);
/** A command about one path: each %s of format is it. Returns out. */
const char *mend_path(const char *format, const char *path, char out[MEND_MAX]);

/* ---- doctor_credentials.c ---- */
/** Each file that the settings name as a secret or a certificate, also where they cannot be taken. */
void look_at_credentials(struct doctor *d);

/* ---- doctor_folders.c ---- */
void look_at_folders(struct doctor *d, const struct settings *s);
/** The command that makes a folder usable which is not: error is what faccessat() said. %s is its path. */
const char *folder_mend(int error, bool is_owner, mode_t mode);
/** How full a disk is: of_bytes as the file system counts, what ordinary users have. */
enum doctor_level room_level(uint64_t free_bytes, uint64_t of_bytes);
/** Files of the daemon that are of later than now. */
void look_at_clock(struct doctor *d, const struct settings *s, time_t now);

/* ---- doctor_redis.c ---- */
void look_at_redis(struct doctor *d, const struct settings *s);

/* ---- doctor_calendar.c ---- */
/** c NULL: the plans cannot be taken. */
void look_at_calendar(struct doctor *d, const struct settings *s, const struct config *c);

/* ---- doctor_reach.c ---- */
/** Every server that the daemon speaks to, at once. Returns whether a thread has not ended. */
bool look_at_servers(struct doctor *d, const struct settings *s, const struct config *c);

#endif
