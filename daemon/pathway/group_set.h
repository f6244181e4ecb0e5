/*
 * group_set - who waits for what, by number
 *
 * A group is kept as the numbers of its words, and each word once: lists have as many groups as
 * combinations that occur, hundreds of thousands, of a few hundred words. Pure; owns the words.
 */
#ifndef PATHWAY_GROUP_SET_H
#define PATHWAY_GROUP_SET_H

#include "base/table.h"
#include "pathway/tally.h"

/** Then come name and value of each cohort. */
enum { GROUP_SERVICE, GROUP_COMMISSIONER, GROUP_PLACE, GROUP_STAGE, GROUP_PLAIN };
#define GROUP_WORDS (GROUP_PLAIN + 2 * COHORT_MAX)

#define GROUP_RECENT 512

struct group_slot {
    uint32_t at; /* where in .numbers the group begins, + 1; 0 empty */
    uint32_t hash;
};

struct group_set {
    struct table by_text; /* word → number */
    const char **words;   /* the table's keys; number - 1 */
    size_t word_count, word_cap;
    uint32_t found
        [GROUP_RECENT]; /* words found before, by a few of their bytes: most rows repeat them */
    uint32_t *numbers;  /* of group after group: its head, then its words; 0: NULL */
    size_t number_count, number_cap;
    uint32_t *at; /* where in .numbers each group begins */
    size_t count, cap;
    struct group_slot *slots;
    size_t slot_count;
    uint64_t keys
        [GROUP_WORDS]; /* of the hash of a group, by the place of a word; once there are slots */
};

void group_set_release(struct group_set *s);
/** The number of a group, from 0 on, made when new. Returns 0, -ENOMEM, or -EFBIG at GROUPS_MAX. */
int group_set_number(struct group_set *s, const struct group *group, uint32_t *out_id);
/** Its words are borrowed for as long as the set. */
struct group group_set_at(const struct group_set *s, uint32_t id);
/** The words of a group in one order; *out_cohorts: how many cohorts. NULL, as word 0, for none. */
const uint32_t *group_set_words(const struct group_set *s, uint32_t id, size_t *out_cohorts);
/** Whether two groups are of one service and stage. */
bool group_set_same_sense(const struct group_set *s, uint32_t a, uint32_t b);
/** Whether the place of a group is known. */
bool group_set_has_place(const struct group_set *s, uint32_t id);
/** The number of a word, from 1 on, made when new; 0 for NULL. Returns 0 or -ENOMEM. */
int group_set_word_number(struct group_set *s, const char *text, uint32_t *out_number);
/** A word by its number; NULL for 0. */
const char *group_set_word(const struct group_set *s, uint32_t number);

#endif
