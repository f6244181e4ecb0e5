/*
 * pipeline_evidence - what the files of an evidence pack share: pipeline_evidence.c whom it is about and what it
 * answers, _evidence_read what the audit and the files say of that, _evidence_sent what the sent journal does
 */
#ifndef PIPELINE_EVIDENCE_H
#define PIPELINE_EVIDENCE_H

#include "pipeline_internal.h"

struct evidence {
    struct pipeline *pipeline;
    struct civil_date from, to;
    bool is_exact;     /* else as a partner may see it: no figure of a waiting list */
    const char *alert; /* the one alert that it is about, or NULL: all of its measures and feeds */
    struct table plans, measures, feeds, actions; /* ids in scope */
    json_t *events, *sources, *versions;
    struct table dates;           /* on which a figure may have become another: YYYY-MM-DD */
    struct table episodes;        /* id -> json_t *, as the audit had it last; of alerts in scope */
    struct table due;             /* delivery id -> json_t *, the subject */
    struct table notices;         /* "episode|ordinal" -> json_t *, the event of that notice */
    struct table told;            /* recipients of messages about it */
    struct table digest_ids;      /* delivery ids of weekly digests */
    json_t *digests;              /* what became of them: record, words, sequence */
    struct table evaluated_dates; /* that the daemon lived: YYYY-MM-DD */
    struct civil_date evaluated;  /* the last of them */
    int error;
};

/** One more event of the time, when it is in range, with every key, null where nothing is said. Borrowed; NULL:
 * out of range, or .error. */
json_t *evidence_event(struct evidence *e, int64_t at_ms, const char *kind, const char *journal,
                       uint64_t record);
/** Sets a key of an event, which may be NULL. Takes value. */
void evidence_put(struct evidence *e, json_t *event, const char *key, json_t *value);
void evidence_say(struct evidence *e, json_t *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Figures may be others from this moment on. */
void evidence_date(struct evidence *e, int64_t at_ms);
/** Whether its figures are those of a waiting list, which only exact packs tell. id: of a measure, or NULL. */
bool evidence_withholds(const struct evidence *e, const char *measure);
/** Remembers which event a notice is: takes no reference of the caller's. */
void evidence_notice(struct evidence *e, const char *episode, int64_t ordinal, json_t *event);
int evidence_sent(void *arg, uint64_t sequence, const char *json, size_t len); /* journal_reader */
/** Weekly digests of whoever is told of it anywhere in the sent journal. After all of it was read. */
void evidence_digests(struct evidence *e);
/** Fills events, sources and versions. Returns 0 or -errno. */
int evidence_read(struct evidence *e);

#endif
