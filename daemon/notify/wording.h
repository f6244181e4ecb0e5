/*
 * wording - what is said of one alert, in parts
 *
 * Pure. Turns a message_item into short sentences, each bounded in words, that the body, the
 * subject and the JSON share: so that no two of them say different things. Every string from
 * outside passes wording_clean(): one line, valid UTF-8, no control or direction characters.
 */
#ifndef NOTIFY_WORDING_H
#define NOTIFY_WORDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "notify/figure.h"
#include "notify/message.h"

#define WORDING_DATE_MAX 32
#define FIGURE_SAID_MAX  (FIGURE_MAX + 16)

/** What an item is about and the figure that it tells. Borrows from the item and its context. */
struct item_view {
    const struct message_context *context;
    const struct message_item *item;
    const struct plan_measure *measure;     /* or NULL */
    const struct plan_action *action;       /* or NULL */
    const char *title, *org, *owner, *feed; /* org: code, or NULL; owner: role, or NULL */
    const char *list;                       /* that a list measure counts; else NULL */
    struct figure_kind kind;
    bool has_value;
    double value;                 /* as shown: rounded where the audience needs it */
    bool is_band;                 /* a range of values stands for it */
    bool is_beside_line;          /* rounding would put it on the line, or on its other side */
    char figure[FIGURE_SAID_MAX]; /* "5%", "*", "just over 30"; "" for rules without a figure */
    double line;                  /* NAN: none */
    char line_text[FIGURE_MAX];   /* "": none; "under 5" */
    bool is_veiled;               /* how bad it is would tell how few */
    struct civil_date start, end; /* data period of the figure; DATE_NONE: none */
    struct civil_date
        window_start; /* first day of the rolling window that ends with it; DATE_NONE */
    const struct series_version *version; /* or NULL */
    struct civil_date
        newest_end; /* a newer period without a number; DATE_NONE: the figure is the newest */
    char newest_figure[FIGURE_MAX];
    char earlier[FIGURE_MAX];         /* "" or what was published of the period before */
    struct civil_date projected_from; /* the figure is projected from data of this day; DATE_NONE */
    bool held, restated;
    unsigned holds;
};

void item_view(const struct message_context *context, const struct message_item *item,
               struct item_view *out_view);

/** Adds s as one clean line of at most so many characters and words; "..." where it was cut. NULL
 * is "". */
void wording_clean(struct text *out, const char *s, size_t max_characters, size_t max_words);
/** Characters of a UTF-8 text. */
size_t wording_characters(const char *s);
/** Cuts at the end of a word so that at most max characters stay, without dangling punctuation. */
void wording_shorten(struct text *t, size_t max);
/** Words, as counted between blanks. */
size_t wording_words(const char *s);
/** "30 June 2024"; "" for no date. */
const char *wording_date(struct civil_date d, char out[WORDING_DATE_MAX]);

/** "Behind plan", "Back on plan", "Feed late", ... */
const char *wording_state(const struct item_view *v);
/** "New", "Worse", "Better", "Cleared", "Corrected", "Withdrawn", "Unchanged". */
const char *wording_news(enum alert_news news);
/** The news, without whether it is worse or better where that would tell of few. */
enum alert_news wording_news_told(const struct item_view *v);
/** The severity as data have it: red, whichever it is, where that would tell of few. */
enum alert_severity wording_severity_told(const struct item_view *v);
/** "amber" or "red" of what is open; NULL: none, or it would tell of few. */
const char *wording_severity(const struct item_view *v);

/** A file of a feed held identifiers. */
bool wording_is_incident(const struct message_item *item);
/** It says what may come: a forecast, a special cause, what rests on ageing alone. Told after what is behind. */
bool wording_is_warning(const struct message_item *item);
/** An early warning that ended because nothing is projected any more. */
bool wording_projection_over(const struct message_item *item);

/** The feed that it is about: its title where it has one, else its id; NULL: none. */
const char *wording_feed(const struct item_view *v);

/** One line for the subject: at most max characters; the title is shortened, the figures are not.
 * lead: what stands before it, "3 measures behind plan"; NULL: its state. */
void wording_subject(const struct item_view *v, const char *lead, size_t max, struct text *out);
/** What it is about, to stand behind wording_state(): of a late feed its name alone. */
void wording_title(const struct item_view *v, struct text *out);
/** How many characters of the title such a subject has room for; 0 where it would have no figure. */
size_t wording_subject_room(const struct item_view *v, const char *lead, size_t max);

/** When it began and, for one that came and went while its message waited, when it ended. */
void wording_span(const struct item_view *v, struct text *out);

/** Each adds one sentence or nothing. */
void wording_what(const struct item_view *v, struct text *out);
/** Whether of a data period that ends on a day the tolerance no longer counts, for the last date of the plan has come. */
bool wording_is_past_last_date(const struct plan_measure *m, struct civil_date end);
void wording_period(const struct item_view *v, struct text *out);
void wording_since(const struct item_view *v, struct text *out);
void wording_who(const struct item_view *v, struct text *out);
void wording_clears(const struct item_view *v, struct text *out);
/** Of one that a person closed: whether its newest figure is behind all the same; who said so, or NULL; and all
 * of it in words. */
bool wording_stands_behind(const struct item_view *v);
const struct said *wording_closed_by(const struct item_view *v);
void wording_closed(const struct item_view *v, struct text *out);
/** To whom it went further because it stays red, and since when. */
void wording_escalated(const struct item_view *v, struct text *out);
void wording_sure(const struct item_view *v, struct text *out);
/** That the plan has expired, or that it was changed, where this owes to it. */
void wording_plan(const struct item_view *v, struct text *out);
/** What its reader can do: a new sentence's beginning in lower case, without its end. */
void wording_next(const struct item_view *v, struct text *out);
/** Who acknowledged it, as it stands: NULL: nobody. */
const struct ack *wording_ack_of(const struct item_view *v);
void wording_ack(const struct item_view *v, struct text *out);
/** Whose figures they are, where they are not those of the plan's place alone. */
void wording_footprint(const struct item_view *v, struct text *out);

#endif
