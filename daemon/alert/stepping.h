/*
 * stepping - one alert on its way through alert_step()
 *
 * The alert as it will be, and what is to be told. Private to alert/. An episode is named by its
 * index while the step lasts; the order is made at the end.
 */
#ifndef ALERT_STEPPING_H
#define ALERT_STEPPING_H

#include "alert/alert.h"
#include "alert/fold.h"

struct stepping {
    const struct alert *stored; /* NULL: nothing yet */
    const struct finding *f;
    struct civil_date today;
    bool held_now; /* a hold of now blocks movement to better, whatever the periods say */
    struct alert next;
    size_t cap; /* room in next.episodes */
    struct fold_episode *folds;
    size_t fold_count;
    struct fold_episode
        *continued; /* the fold from within the stored open episode; NULL: not needed */
    size_t continued_count;

    enum alert_news news, ended_news;
    char news_of[ALERT_ID_MAX], ended_of[ALERT_ID_MAX]; /* episode ids */
    const char *why;
    bool came_late; /* some figure did, after that of a newer period */
    bool judged;    /* .newest is set: the row of the newest period */
    struct alert_step newest;
};

#define NO_EPISODE SIZE_MAX

struct episode *stepping_episode(struct stepping *s, size_t index);
/** The open one, or NO_EPISODE. */
size_t stepping_open(struct stepping *s);
size_t stepping_append(struct stepping *s, const struct episode *e);
/** Counts a told transition; NEWS_WATCHING is not told. */
void stepping_tell(struct stepping *s, size_t index, enum alert_news news, const char *why);
/** Ends an episode; told only if its beginning was. */
void stepping_close(struct stepping *s, size_t index, enum alert_state state, enum alert_news news,
                    const char *why);
/** A new opening, or one that a restatement brings back under its own id. */
void stepping_begin(struct stepping *s, size_t index, const struct fold_episode *x);
/** An open episode goes on as the fold says, unless a hold or the want of confirmation keeps it. */
void stepping_advance(struct stepping *s, size_t index, const struct fold_episode *x);
/** Opened and closed in periods that were told as fine, or not yet told of. */
void stepping_discover(struct stepping *s, size_t index, const struct fold_episode *x);
/** Nothing moves, because a hold stands. */
void stepping_keep(struct stepping *s, size_t index, const char *why);
/** Takes over what the fold knows of the figures. */
void stepping_adopt(struct stepping *s, size_t index, const struct fold_episode *x);

/** The stored episode that begins where the fold's does, or NO_EPISODE. */
size_t stepping_same_opening(struct stepping *s, const struct fold_episode *x);

/** Remembers the figure of the notice that was just told. */
void corrections_note(struct stepping *s, size_t index);
/**
 * Tells once that a told figure was restated: to another severity, to the other side of a line, or
 * by more than the measure's tolerance (ALERT_CORRECTION_STEP without one). For an open episode
 * that was told and has no other news.
 */
void corrections_tell(struct stepping *s, size_t index);
/** Whether a figure that came since the episode ended shows that it never was. */
bool corrections_disprove(const struct stepping *s, const struct episode *e);
/** Tells once that an open episode that was told began earlier than told, where a figure that came
 * late says so. before: as stored. */
bool corrections_tell_earlier(struct stepping *s, size_t index, const struct episode *before);
/** What makes an episode of the fold, opened and closed, news: a period behind whose figure came
 * after that of a newer one, and that is before or after those in which `known` (stored, closed;
 * NULL: none) was behind. NULL: nothing. */
const struct period_judgement *corrections_discover(const struct stepping *s,
                                                    const struct fold_episode *x,
                                                    const struct episode *known);
/** Tells that episode as discovered late, with the figure of that period. */
void corrections_tell_discovered(struct stepping *s, size_t index, const struct fold_episode *x,
                                 const struct period_judgement *late);

/** Whether the measure's rule changed since the alert was judged. */
bool stepping_by_another_rule(const struct stepping *s);
/** What data make of an open episode that ageing opened: a breach, or its end. now_open: what is open by
 * the data alone, or NULL. */
void step_early(struct stepping *s, size_t index, const struct fold_episode *now_open);
/** What time alone does to the newest data. After all that data say. Returns 0 or -ENOMEM. */
int step_ageing(struct stepping *s);

/** What is told again because time passes: how it escalates, and reminders. After all else. */
void step_insist(struct stepping *s, const struct insistence *how);

/** A measure: the fold compared with what is stored. Returns 0 or -ENOMEM. */
int step_series(struct stepping *s);

#endif
