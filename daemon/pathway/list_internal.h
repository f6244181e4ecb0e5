/*
 * list_internal - what the modules of a pathway list share
 *
 *   list.c            making, asking, names
 *   list_fact.c       the registers of facts and whose they are (rule 1)
 *   list_group.c      what events say of who waits for what (rule 1)
 *   list_clock.c      facts of one pathway or spell to the cells of its clocks
 *   list_spell.c      the spells of one person (rule 5)
 *   list_past.c       clocks that began anew from one census to another
 *   list_person.c     whose pathways are: what snapshots and events say of it
 *   list_count.c      a pathway's cells under a snapshot (rules 2, 3); moving counts by -old +new
 *   list_snapshot.c   a census takes the place of the one before (rules 3, 4)
 *   list_event.c      one event
 *   list_purge.c      what is then only counted (rule 6)
 *   list_pack.c, list_unpack.c, list_unpack_book.c, list_loaded.c, list_bytes.c   packed, and back
 *   list_staged.c     rows of a snapshot, sorted
 *   list_ended.c      rows of a snapshot that older ones of their pathways give way to
 *   list_digest.c     the state as one SHA-256
 *   list_rename.c     the same under another key of pseudonyms
 *   list_identity.c   whether rows are the pathways of before under other keys
 *   list_elsewhere.c  pathways that a snapshot names under codes that are not of the list
 *   list_moved.c      pathways that went to another provider of the list (rule 7)
 *   list_plausible.c  whether a part of a snapshot may be believed
 */
#ifndef PATHWAY_LIST_INTERNAL_H
#define PATHWAY_LIST_INTERNAL_H

#include "base/table.h"
#include "pathway/group_set.h"
#include "pathway/pathway_list.h"

/* ---- a pathway as the snapshots say: 26 bytes, in memory and packed ---- */

struct listed {
    uint8_t key[PSEUDONYM_BYTES];
    uint16_t start, stage_start; /* stage_start 0: the snapshot names no stage, or no date for it */
    uint16_t stop;               /* the census it was gone from; 0: open at the last one */
    uint8_t group[3];
    uint8_t state; /* exception << 4 | LISTED_... */
};
_Static_assert(sizeof(struct listed) == 26, "what is packed and promised");

#define LISTED_OPEN  0
#define LISTED_GONE  1
#define LISTED_NEW   2 /* open, and in no census before the last one */
#define LISTED_MOVED 3 /* gone, and another provider of the list has it */
#define LISTED_MASK  15

static inline bool listed_is_moved(const struct listed *e)
{
    return (e->state & LISTED_MASK) == LISTED_MOVED;
}

static inline uint32_t listed_group(const struct listed *e)
{
    return (uint32_t)e->group[0] | (uint32_t)e->group[1] << 8 | (uint32_t)e->group[2] << 16;
}

/* Whose a pathway is, of a service that forms spells, where a row said it: beside the entries, so that a list
 * of another service costs nothing by it. */
struct listed_person {
    uint8_t key[PSEUDONYM_BYTES], person[PSEUDONYM_BYTES];
};

/* A clock that ended as it began anew: what a census after it showed. By key and stop. */
struct listed_past {
    uint8_t key[PSEUDONYM_BYTES];
    uint16_t start, stop, census;
};

/** What the snapshots say: one value that a new census replaces. */
struct listing {
    struct listed *entries; /* by key */
    size_t count;
    struct listed
        *before; /* by key: what pathways were that the last census brought back (rule 4) */
    size_t before_count;
    uint16_t *censuses; /* ascending */
    size_t census_count;
    struct listed_person *people; /* by key; of entries */
    size_t people_count;
    uint32_t *by_person;                 /* positions in people, by person and key */
    struct listed_person *people_before; /* by key: whose the last census found them, where it said
                                            another; person of zeros: nobody's */
    size_t people_before_count;
    struct listed_past *pasts; /* of entries */
    size_t past_count;
};

static inline uint16_t listing_census(const struct listing *v)
{
    return v->census_count ? v->censuses[v->census_count - 1] : 0;
}
/** The pathway of a key, or NULL. */
const struct listed *listing_find(const struct listing *v, const uint8_t *key);
/** For bsearch(), of a key. */
int listed_by_key(const void *key, const void *listed);
/** The position of the first entry that is not below the key's leading bits. */
size_t listed_lower(const struct listed *entries, size_t count, uint32_t bucket, unsigned bits);
void listing_release(struct listing *v);

/* ---- a pathway as events say ---- */

#define FACT_RETRACTED  0x80
#define FACT_EVENT_MASK 0x1f
#define NONE            UINT32_MAX

struct fact {
    uint64_t version;
    uint64_t occurrence : 48, reason : 16; /* reason: 0 none, else its number + 1 */
    uint32_t next;                         /* of its pathway, by event and occurrence; NONE */
    uint16_t date;
    uint8_t event;     /* | FACT_RETRACTED */
    uint8_t exception; /* as reason */
};
_Static_assert(sizeof(struct fact) == 24, "about 100 bytes a pathway");

struct evented {
    uint8_t key[PSEUDONYM_BYTES];
    uint64_t group_version, person_version;
    uint32_t
        group : 24; /* its service, commissioner, place and cohort: the last that was said of each */
    uint32_t flags : 8; /* EVENTED_... */
    uint32_t facts;     /* the first; NONE */
    uint32_t person;    /* in persons; NONE: not said, or its service forms no spells */
    uint32_t next;      /* the next pathway of that person; NONE */
    uint32_t older;     /* what of the group older versions than group_version said; NONE */
};
_Static_assert(sizeof(struct evented) == 56, "about 100 bytes a pathway");
#define NO_GROUP          GROUPS_MAX
#define EVENTED_TOUCHED   1
#define EVENTED_DISAGREES 2
#define EVENTED_NO_START  4
#define EVENTED_LEAVES    8  /* for the length of a purge */
#define EVENTED_UNSAID    16 /* its service: the list's stands in the group */

/** What one older version was the last to say of a pathway; the chain goes on to versions below. */
struct older {
    uint64_t version;
    uint32_t next; /* NONE */
    uint32_t
        dimensions; /* bits: DIMENSION_..., positions of the group's cohort from DIMENSION_COHORT on */
};

struct person_of {
    uint8_t key[PSEUDONYM_BYTES];
    uint32_t first, count; /* pathways */
};
/* More pathways than this under one person pseudonym are no person but a placeholder: each is counted by
 * itself, so that no event costs more than a bounded number of them. */
#define SPELL_PATHWAYS_MAX 64

/** Positions of an array whose elements begin with their key. Keys are keyed hashes already. */
struct key_index {
    uint32_t *slots; /* position + 1; 0 empty */
    size_t slot_count;
};
uint32_t key_index_find(const struct key_index *x, const void *array, size_t size,
                        const uint8_t *key);
/** Room for count elements; those of the array are put in anew where it has to grow. 0 or -ENOMEM. */
int key_index_reserve(struct key_index *x, const void *array, size_t size, size_t count,
                      size_t room);
void key_index_put(struct key_index *x, const uint8_t *key, uint32_t position);

/** Texts by number, in the order they came. */
struct codes {
    struct table by_text; /* → number + 1 */
    const char **texts;   /* the table's keys */
    size_t count, cap;
};
#define REASONS_MAX         4096
#define EXCEPTION_CODES_MAX 250
/** *out_number: 0 for NULL or blank, else the number + 1. 0, -ENOMEM, or -EFBIG past max. */
int codes_number(struct codes *c, const char *text, size_t max, uint32_t *out_number);
/** NULL for 0. */
const char *codes_text(const struct codes *c, uint32_t number);

/* ---- cells of a pathway, before they are counted ---- */

struct cells {
    struct tally_cell *list;
    size_t count, cap;
};
int cells_add(struct cells *c, const struct tally_cell *cell);

/** A live fact as clocks are made of it. */
struct live {
    uint16_t date;
    uint8_t event, exception; /* exception: of the service */
    uint32_t reason;          /* number of codes */
    uint64_t occurrence;
};
struct lives {
    struct live *list;
    size_t count, cap;
};

struct group_sense {
    const struct service *service;
    uint8_t stage_clock; /* of its stage; TALLY_STAGE where the service has none of that name */
};

struct staged; /* list_snapshot.c */

struct pathway_list {
    const struct services *services;
    char *service;
    struct tally *tally;   /* all */
    struct tally *counted; /* what of it belongs to purged pathways; has no groups of its own */
    struct group_sense *senses;
    size_t sense_count, sense_cap;
    struct codes reasons, exceptions;

    struct listing listing;
    struct staged *staged; /* between begin and end */

    struct evented *evented;
    size_t evented_count, evented_cap;
    struct key_index evented_index;
    struct fact *facts;
    size_t fact_count, fact_cap;
    struct person_of *persons;
    size_t person_count, person_cap;
    struct key_index person_index;
    struct older *olders;
    size_t older_count, older_cap;
    uint32_t older_free; /* the first of those that are free; 0 none */
    uint32_t *order;     /* evented by key; valid while order_count == evented_count */
    size_t order_count;
    uint32_t *touched;
    size_t touched_count, touched_cap;
    bool has_holes; /* registers were taken back: to be closed at the end of the file */

    uint64_t *forgotten; /* ascending: the first 64 bits of the keys of purged pathways (rule 6) */
    size_t forgotten_count;
    uint16_t watermark;    /* the latest event date or census; 0 none */
    uint16_t purged_month; /* the first day of the month of the last purge */
    unsigned kept_months;  /* rule 6 */
    uint64_t too_old;
    uint64_t disagreeing, without_start;

    struct {
        uint64_t listed, before, people, people_before, pasts, evented, facts;
    } expected; /* by the book, while it is loaded */

    struct cells was, is; /* scratch: the cells of what changes, before and after */
    struct lives lives;   /* scratch */
    struct lives members; /* scratch: of all pathways of one person */
    bool looks_back;      /* cells are made of what was: flags stay as they are */
};

/* ---- list.c ---- */

/** Makes the last of *array room for one more of size bytes; doubles. Returns 0 or -ENOMEM. */
int list_grow(void *array_pointer, size_t *cap, size_t count, size_t size);
/** The group of a row of a snapshot. Returns 0, -ENOMEM or -EFBIG. */
int list_group(struct pathway_list *l, const struct pathway_record *r, uint32_t *out_group);
/** The senses of groups made since, after a load. */
int list_senses(struct pathway_list *l);
/** Exchanges what events say, between a list and one half made; frees it of the latter. */
void list_swap_evented(struct pathway_list *a, struct pathway_list *b);
void list_release_evented(struct pathway_list *l);
/** Whether the day is one that can be kept and not after received. */
bool list_day_ok(struct civil_date day, struct civil_date received);
void list_saw_day(struct pathway_list *l, uint16_t day);

/* ---- list_fact.c ---- */

uint32_t evented_find(const struct pathway_list *l, const uint8_t *key);
/** Adds one without facts. Returns 0 or -ENOMEM. */
int evented_add(struct pathway_list *l, const uint8_t *key, uint32_t *out_position);
/** The register's place in the chain of a pathway: where a fact of that key is, or belongs. */
uint32_t *fact_place(struct pathway_list *l, uint32_t pathway, uint8_t event, uint64_t occurrence);
/** Above 0 where a's value stands over b's. */
int fact_compare(const struct pathway_list *l, const struct fact *a, const struct fact *b);
/** Adds a register; there is none of that key. next is set. Returns 0 or -ENOMEM. */
int fact_add(struct pathway_list *l, uint32_t pathway, const struct fact *fact);
/** An order of groups by what they say. */
int group_compare(const struct tally *t, uint32_t a, uint32_t b);
/** The person of a key, made when new. Returns 0 or -ENOMEM. */
int person_place(struct pathway_list *l, const uint8_t *key, uint32_t *out_person);
void evented_set_person(struct pathway_list *l, uint32_t pathway, uint32_t person);
void evented_leave_person(struct pathway_list *l, uint32_t pathway);
/** Moves those that do not leave into new arrays, their facts and persons with them. 0 or -ENOMEM. */
int evented_compact(struct pathway_list *l);
int evented_touch(struct pathway_list *l, uint32_t pathway);
/** evented by key. Returns 0 or -ENOMEM. */
int evented_order(struct pathway_list *l);

/* ---- list_group.c ---- */

enum { DIMENSION_SERVICE, DIMENSION_COMMISSIONER, DIMENSION_PLACE, DIMENSION_COHORT };
#define DIMENSIONS_MAX (DIMENSION_COHORT + COHORT_MAX)

struct dimension {
    const char *name, *value; /* name: of a cohort value. value NULL: nobody said it */
    uint64_t version;
};
/** Texts are borrowed from the list's groups and from records. */
struct dimensions {
    struct dimension list[DIMENSIONS_MAX]; /* from DIMENSION_COHORT on by name */
    size_t count;
};
/** Nothing said where pathway is NONE. */
void dimensions_of(const struct pathway_list *l, uint32_t pathway,
                   struct dimensions *out_dimensions);
/** Those that have a value, as bits. */
uint32_t dimensions_said(const struct dimensions *d);
/** Whether something that the record says stands, and is now in d. */
bool dimensions_take(struct dimensions *d, const struct pathway_record *r, uint64_t version);
/** Whether something stands as the record says it, and is now taken out of d. */
bool dimensions_drop(struct dimensions *d, const struct pathway_record *r, uint64_t version);
/** As list_group(). */
int dimensions_group(struct pathway_list *l, const struct dimensions *d, uint32_t *out_group);
/** group: theirs. Returns 0 or -ENOMEM. */
int dimensions_put(struct pathway_list *l, uint32_t pathway, const struct dimensions *d,
                   uint32_t group);
/** In place of those of a pathway; versions descend. Returns 0 or -ENOMEM. */
int olders_set(struct pathway_list *l, uint32_t pathway, const struct older *olders, size_t count);
size_t olders_of(const struct pathway_list *l, const struct evented *e,
                 struct older out_olders[DIMENSIONS_MAX]);

/* ---- list_clock.c ---- */

/** How a pathway ended without what it waits for; date 0: it did not. */
struct ending {
    uint16_t date;
    uint8_t outcome, exception;
};

/** What clocks are made with beside the facts. */
struct clock_frame {
    const struct service *service;
    const struct codes *reasons;
    uint32_t group;
    uint16_t open_at; /* it ran on that day, whatever facts say: stops of its own clock and
                                    ends by then do not count; 0: no such day */
    const struct ending *ending; /* of a spell; NULL: from the facts */
};

/** Adds the pathway's live facts that the service counts. Returns 0 or -ENOMEM. */
int lives_add(const struct pathway_list *l, uint32_t pathway, const struct service *service,
              struct lives *out_lives);
int lives_put(struct lives *v, const struct live *live);
/** By date and the rest: the order that the others need. */
void lives_sort(struct lives *v);
/** The date of the first start event of the pathway's own clock; 0 none. */
uint16_t lives_start(const struct lives *v, const struct service *service);
/** The day of the last reopening; 0 none. */
uint16_t lives_reopened(const struct lives *v);
/** The first end of the pathway from its start on, and after frame.open_at. */
struct ending lives_ending(const struct lives *v, const struct clock_frame *f, uint16_t start);
/** Adds the cells of every clock, the pathway's own first; none without a start. 0 or -ENOMEM. */
int clocks_of(const struct lives *v, const struct clock_frame *f, struct cells *out_cells);
/** Adds the cell of TALLY_UNREFERRED, of facts without a start. 0 or -ENOMEM. */
int clocks_unreferred(const struct lives *v, const struct clock_frame *f, struct cells *out_cells);

/* ---- list_spell.c ---- */

/** One spell: the keys of its pathways, and its cells in out_cells from cells_from on. */
typedef int spell_fn(void *arg, const uint8_t *const *keys, size_t count, const struct cells *cells,
                     size_t cells_from);
/** The spells of one person in the listing: adds their cells; each is given to on_spell (may be NULL).
 * Pathways without a start, and those that the census contradicts, come each by itself. Sets their flags. */
int spells_of(struct pathway_list *l, const struct listing *v, const uint8_t *person,
              struct cells *out_cells, spell_fn *on_spell, void *arg);
/** Whether what the snapshot says of the stage of an open entry is what is counted: of several of one spell it
 * is the first. */
bool listed_stands(const struct pathway_list *l, const struct listed *e);

/* ---- list_past.c ---- */

/** The position of the first of a key, or past the last. */
size_t listing_past_lower(const struct listing *v, const uint8_t *key);
/** Adds those of the clocks of an entry that began anew. Returns 0 or -ENOMEM. */
int past_cells(const struct pathway_list *l, const struct listing *v, const struct listed *e,
               struct cells *out_cells);
/** Those of a listing that was made of l's and the staged rows. Returns 0 or -ENOMEM. */
int listing_take_pasts(const struct pathway_list *l, struct listing *fresh);
/** Those that stopped before the horizon are then only counted; of entries that are gone, none is left. */
int listing_purge_pasts(struct pathway_list *l, uint16_t horizon, bool *out_any);

/* ---- list_person.c ---- */

/** Whose the pathway is: as the listing says, else as events say; NULL: nobody said it. */
const uint8_t *person_of_pathway(const struct pathway_list *l, const struct listing *v,
                                 const uint8_t *key);
/** How many reports tell of pathways of the person: one that rows and events know counts twice. */
size_t person_reports(const struct pathway_list *l, const struct listing *v, const uint8_t *person);
bool person_is_known(const struct pathway_list *l, const uint8_t *person);
/** for (struct person_walk w = { .v = v, .person = person }; (key = person_next(l, &w));) each of its pathways
 * once. */
struct person_walk {
    const struct listing *v;
    const uint8_t *person;
    size_t at, end; /* in by_person */
    uint32_t next;  /* in evented */
    bool begun;
};
const uint8_t *person_next(const struct pathway_list *l, struct person_walk *w);
/** Each person of one of two listings, or of events, once; stops at what is below 0, and returns it. */
typedef int person_fn(struct pathway_list *l, const uint8_t *person, void *arg);
int each_person(struct pathway_list *l, const struct listing *a, const struct listing *b,
                person_fn *fn, void *arg);
/** The people of a listing that was made of l's and the staged rows. Returns 0 or -ENOMEM. */
int listing_take_people(const struct pathway_list *l, struct listing *fresh);
/** by_person, for the people that there are. Returns 0 or -ENOMEM. */
int listing_index_people(struct listing *v);
/** Those whose entry is gone go. Returns 0 or -ENOMEM. */
int listing_drop_people(struct listing *v);
/** Of a sorted array, or NULL. */
const struct listed_person *people_find(const struct listed_person *people, size_t count,
                                        const uint8_t *key);

/* ---- list_count.c ---- */

/** Keeps the flags of a pathway, and how many have them. */
void evented_flag(struct pathway_list *l, uint32_t pathway, bool disagrees, bool no_start);

/** What became of one that a census has no more: enum pathway_outcome. */
uint8_t listed_gone_as(const struct listed *e);

/** One pathway under the snapshot that knows it. */
struct under {
    const struct listing *v;
    const struct listed *e;
    struct clock_frame frame;
    uint16_t said; /* the day on which the snapshot last said that it was open */
    uint16_t gone; /* the census it was gone from; 0: it is open, or was reopened since */
};
/** Reads it into l->lives, with the snapshot's clock start. pathway: position in evented, or NONE. scratch is
 * as it was. *out_disagrees: its facts alone would say otherwise of the days that the snapshot speaks of. */
int under_read(struct pathway_list *l, const struct listing *v, const struct listed *e,
               uint32_t pathway, struct cells *scratch, struct under *out_under,
               bool *out_disagrees);
/** Of cells made of l->lives: the stages are those that the snapshot knows of. Returns 0 or -ENOMEM. */
int under_stages(struct pathway_list *l, const struct under *u, struct cells *cells, size_t from);

/** Adds the cells of a pathway that only snapshots know. */
int listed_cells(const struct pathway_list *l, const struct listing *v, const struct listed *e,
                 struct cells *out_cells);
/** Those of one with facts, counted by itself. Sets its flags. */
int evented_cells(struct pathway_list *l, const struct listing *v, uint32_t pathway,
                  struct cells *out_cells);
/** Those of one that no snapshot of the listing knows. Sets no flags. */
int unlisted_cells(struct pathway_list *l, const struct listing *v, uint32_t pathway,
                   struct cells *out_cells, bool *out_disagrees);
/** Those of any pathway by itself. */
int alone_cells(struct pathway_list *l, const struct listing *v, const uint8_t *key,
                struct cells *out_cells);
/** Without a snapshot's entry: drops what the census contradicts. Returns whether it did. */
bool cells_under_census(const struct service *service, uint16_t census, uint16_t reopened,
                        struct cells *cells, size_t from);
/** Those of all pathways of a person: in spells, or each by itself where there are too many. */
int person_cells(struct pathway_list *l, const struct listing *v, const uint8_t *person,
                 struct cells *out_cells);
/** Moves l->was to l->is. regrouped: the day from which a mere change of group counts; 0: its start. */
int list_settle(struct pathway_list *l, uint16_t regrouped, struct list_change *change);

/* ---- list_event.c ---- */

/** What tells apart several events of one kind; 0: they are not told apart. */
uint64_t fact_occurrence(const char *event_id);

/* ---- list_purge.c ---- */

/** If a month began since the last purge. */
int list_purge_if_due(struct pathway_list *l, struct list_change *change);
bool list_forgot(const struct pathway_list *l, const uint8_t *key);

/* ---- list_bytes.c ---- */

void bytes_u16(struct text *t, uint16_t value);
void bytes_u64(struct text *t, uint64_t value);
/** Seven bits a byte, the lowest first. */
void bytes_varint(struct text *t, uint64_t value);
/** Any text or NULL, told apart. */
void bytes_text(struct text *t, const char *text);
/** A check sum of `len` bytes over what was added since `from`. Returns 0 or -ENOMEM. */
int bytes_seal(struct text *t, size_t from, size_t len);

/** Reads what those wrote. A number that is not there, or not as they write it, is 0 and makes it bad. */
struct bytes {
    const uint8_t *at, *end;
    bool bad;
};
/** Takes the check sum off. False where it is not the bytes'; -ENOMEM counts as that too. */
bool bytes_open(struct bytes *b, const void *bytes, size_t len, size_t seal_len);
uint8_t bytes_take(struct bytes *b);
uint16_t bytes_take_u16(struct bytes *b);
uint64_t bytes_take_u64(struct bytes *b);
uint64_t bytes_take_varint(struct bytes *b);
/** A count of things that take a byte each at least: never more than what is left. */
size_t bytes_take_count(struct bytes *b);
void bytes_take_raw(struct bytes *b, void *out, size_t len);
/** Into out; returns it, or NULL where there is none. */
const char *bytes_take_text(struct bytes *b, char out[PATHWAY_TEXT_MAX + 1]);

/** Begins to read one packed text: of this tag and our version, under its seal. */
bool packed_open(struct bytes *b, const void *bytes, size_t len, size_t seal, char tag);
/** r where it is an error; else -EBADMSG unless the whole of it was read and all of it made sense. */
int packed_closed(const struct bytes *b, int r);
bool packed_is_day(uint16_t day);

#define PACKED_VERSION        4
#define PACKED_SEAL           8
#define PACKED_SEAL_PATHWAY   4
#define PACKED_BOOK           'B'
#define PACKED_COUNTED        'C'
#define PACKED_BUCKET         'K'
#define PACKED_PATHWAY        'P'
#define PACKED_HAS_PERSON     1 /* of a pathway's count of facts, which stands above them */
#define PACKED_UNSAID         2 /* EVENTED_UNSAID */
#define PACKED_HAS_OLDER      4
#define PACKED_COUNT_SHIFT    3
#define PACKED_HAS_CODES      0x20 /* of a fact's first byte: reason and exception follow */
#define PACKED_HAS_OCCURRENCE 0x40

#endif
