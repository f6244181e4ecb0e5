#include "plan/watch_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define NAMES_MAX 9

/* Each row: names of one thing, as plans, feeds and people call it. Folded, words between blanks. */
static const char *const same_thing[][NAMES_MAX] = {
    { "camhs", "cyp mental health", "cypmh", "mental health" },
    { "asd", "asc", "autistic", "nd", "neurodevelopmental", "neurodiversity" },
    { "ehc", "ehcp", "ehcna", "education health and care" },
    { "salt", "slt", "speech and language", "speech therapy" },
    { "ot", "occupational therapy" },
    { "paediatric", "pediatric" },
    { "demand", "referral", "clocks that started" },
    { "seen", "completed", "first contact", "contact" },
    { "backlog", "list size", "waiting", "open pathways" },
    { "long", "longest", "over", "longer" },
    { "tribunal", "appeal" },
    { "icb", "integrated care board" },
};
#define THINGS (sizeof same_thing / sizeof same_thing[0])

/* Lower case, what is no letter or digit a blank, a blank before and after. NULL without memory. */
static char *words_of(const char *text)
{
    size_t len = strlen(text), at = 0;
    char *words = malloc(len + 3);

    if (!words)
        return NULL;
    words[at++] = ' ';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\'')
            continue; /* children's */
        c = isalnum(c) || c >= 0x80 ? (unsigned char)tolower(c) : ' ';
        if (c != ' ' || words[at - 1] != ' ')
            words[at++] = (char)c;
    }
    if (words[at - 1] != ' ')
        words[at++] = ' ';
    words[at] = '\0';
    return words;
}

/* Whether a word, or several, begin there; a short one has to be whole: "nd" is no beginning of "ndis". */
static bool stands_in(const char *words, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = words; (at = strstr(at, name)); at++)
        if (at[-1] == ' ' && (len > 3 || at[len] == ' '))
            return true;
    return false;
}

/* Whether the word asks for the thing, alone or as one of several that name it: "mental health". */
static bool names(const char *name, const char *asked, const char *all)
{
    return strcmp(name, asked) == 0 ||
           (strchr(name, ' ') && strstr(name, asked) && stands_in(all, name));
}

static bool is_meant(const char *words, const char *asked, const char *all)
{
    if (stands_in(words, asked))
        return true;
    for (size_t i = 0; i < THINGS; i++) {
        bool named = false;

        for (size_t k = 0; k < NAMES_MAX && same_thing[i][k]; k++)
            named |= names(same_thing[i][k], asked, all);
        for (size_t k = 0; named && k < NAMES_MAX && same_thing[i][k]; k++)
            if (stands_in(words, same_thing[i][k]))
                return true;
    }
    return false;
}

/* "referrals" asks for what "referral" does. */
static bool is_meant_or_one_of_it(const char *words, char *asked, const char *all)
{
    size_t len = strlen(asked);

    if (is_meant(words, asked, all))
        return true;
    if (len < 4 || asked[len - 1] != 's')
        return false;
    asked[len - 1] = '\0';
    return is_meant(words, asked, all);
}

bool watch_words_match(const char *described, const char *asked)
{
    AUTO(auto_free) char *words = words_of(described);
    AUTO(auto_free) char *wanted = words_of(asked), *all = words_of(asked);
    char *rest = NULL;

    if (!words || !wanted || !all)
        return false;
    for (char *word = strtok_r(wanted, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (!is_meant_or_one_of_it(words, word, all))
            return false;
    return true;
}
