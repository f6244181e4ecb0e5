#include "alert/workflow.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"

static const char *const match_names[MATCH_KEYS] = {
    [MATCH_ALERT] = "alert",       [MATCH_PLAN] = "plan", [MATCH_MEASURE] = "measure",
    [MATCH_FEED] = "feed",         [MATCH_RULE] = "rule", [MATCH_ACTION] = "action",
    [MATCH_PROVIDER] = "provider",
};

/* ---- whom a silence is about ---- */

const char *match_key_name(enum match_key key)
{
    return match_names[key];
}

void match_release(struct match *m)
{
    for (size_t i = 0; i < MATCH_KEYS; i++)
        free(m->of[i]);
    *m = (struct match){ 0 };
}

static bool is_silenceable(enum rule rule)
{
    return rule != RULE_SELF_CHECK && rule != RULE_DEAD_LETTER;
}

/* Of an alert, what a word is compared with; NULL: it has no such thing. */
static const char *matched_text(const struct alert *a, size_t key)
{
    const char *const texts[MATCH_KEYS] = {
        [MATCH_ALERT] = a->id,
        [MATCH_PLAN] = a->plan,
        [MATCH_MEASURE] = a->measure,
        [MATCH_FEED] = a->feed,
        [MATCH_RULE] = rule_name(a->rule),
        [MATCH_ACTION] = a->action,
        [MATCH_PROVIDER] = a->provider,
    };

    return texts[key];
}

bool match_fits(const struct match *m, const struct alert *a)
{
    for (size_t i = 0; i < MATCH_KEYS; i++) {
        const char *text = m->of[i] ? matched_text(a, i) : NULL;

        if (!m->of[i])
            continue;
        if (!text || (i == MATCH_ALERT ? strncmp(text, m->of[i], strlen(m->of[i]))
                                       : strcmp(text, m->of[i])) != 0)
            return false;
    }
    return is_silenceable(a->rule);
}

static bool is_id_beginning(const char *text)
{
    size_t len = strlen(text);

    return len >= WORKFLOW_ID_DIGITS_MIN && len < ALERT_ID_MAX &&
           strspn(text, "0123456789abcdef") == len;
}

static bool is_rule(const char *text)
{
    for (int r = 0; r < RULES; r++)
        if (strcmp(rule_name((enum rule)r), text) == 0)
            return is_silenceable((enum rule)r);
    return false;
}

/* One word, "key=value". Returns 0, -EINVAL (said) or -ENOMEM. */
static int match_word(struct match *m, char *word, char why[WORKFLOW_WHY_MAX])
{
    char *value = strchr(word, '=');
    size_t key = 0;

    if (value)
        *value++ = '\0';
    while (key < MATCH_KEYS && strcmp(match_names[key], word) != 0)
        key++;
    if (key == MATCH_KEYS || !value || !*value)
        (void)snprintf(why, WORKFLOW_WHY_MAX,
                       "whom it is about wants words as measure=ID: alert, "
                       "plan, measure, feed, provider, rule, action");
    else if (m->of[key])
        (void)snprintf(why, WORKFLOW_WHY_MAX, "%s= is given twice", match_names[key]);
    else if (key == MATCH_ALERT && !is_id_beginning(value))
        (void)snprintf(why, WORKFLOW_WHY_MAX, "alert= wants %d or more digits of an alert's id",
                       WORKFLOW_ID_DIGITS_MIN);
    else if (key == MATCH_RULE && !is_rule(value))
        (void)snprintf(why, WORKFLOW_WHY_MAX,
                       "rule= wants a rule's name as alerts shows it; what "
                       "the daemon says of itself cannot be silenced");
    else
        return (m->of[key] = strdup(value)) ? 0 : -ENOMEM;
    return -EINVAL;
}

int match_parse(const char *words, struct match *out, char why[WORKFLOW_WHY_MAX])
{
    AUTO(auto_free) char *copy = strdup(words);
    struct match m = { 0 };
    size_t count = 0;
    int r = copy ? 0 : -ENOMEM;
    char *rest = copy, *word;

    why[0] = '\0';
    while (r == 0 && (word = strsep(&rest, " ")) != NULL)
        if (*word) {
            r = match_word(&m, word, why);
            count++;
        }
    if (r == 0 && count == 0) {
        (void)snprintf(why, WORKFLOW_WHY_MAX, "whom is it about? for example measure=ID");
        r = -EINVAL;
    }
    if (r < 0)
        match_release(&m);
    else
        *out = m;
    return r;
}

/* ---- what the records hold ---- */

static const char *text_of(const json_t *act, const char *key)
{
    return json_string_value(json_object_get(act, key));
}

static int day_of(const json_t *act, const char *key, struct civil_date *out)
{
    const char *text = text_of(act, key);

    return text && date_parse_iso(text, strlen(text), out) == 0 ? 0 : -EBADMSG;
}

/* Sets *to to a copy. Returns 0, -EBADMSG without a text, or -ENOMEM. */
static int copy_of(const json_t *act, const char *key, char **to)
{
    const char *text = text_of(act, key);

    *to = text ? strdup(text) : NULL;
    return *to ? 0 : text ? -ENOMEM : -EBADMSG;
}

/* ---- of one episode ---- */

static void ack_release(struct ack *a)
{
    free(a->who);
    free(a->why);
    *a = (struct ack){ 0 };
}

static void said_free(void *value)
{
    struct said *s = value;

    ack_release(&s->ack);
    for (size_t i = 0; i < s->note_count; i++) {
        free(s->notes[i].who);
        free(s->notes[i].text);
    }
    free(s->notes);
    free(s->closed_by);
    free(s->closed_why);
    free(s);
}

/* The episode that an act is about; made when missing. */
static int said_make(struct workflow *w, const json_t *act, struct said **out)
{
    const char *episode = text_of(act, "episode"), *alert = text_of(act, "alert");

    if (!episode || !alert || strlen(alert) >= sizeof(*out)->alert)
        return -EBADMSG;
    *out = table_get(&w->said, episode);
    if (*out)
        return 0;
    struct said *s = calloc(1, sizeof *s);

    if (!s || table_set(&w->said, episode, s, NULL) < 0) {
        free(s);
        return -ENOMEM;
    }
    memcpy(s->alert, alert, strlen(alert) + 1);
    *out = s;
    return 0;
}

static int take_ack(struct workflow *w, const json_t *act)
{
    struct ack a = { .severity = SEVERITY_RED };
    const char *severity = text_of(act, "severity");
    struct said *s;
    int r = said_make(w, act, &s);

    if (severity && strcmp(severity, alert_severity_name(SEVERITY_AMBER)) == 0)
        a.severity = SEVERITY_AMBER;
    if (r == 0)
        r = day_of(act, "on", &a.on);
    if (r == 0)
        r = day_of(act, "until", &a.until);
    if (r == 0)
        r = copy_of(act, "why", &a.why);
    if (r == 0)
        r = copy_of(act, "who", &a.who);
    if (r < 0) {
        ack_release(&a);
        return r;
    }
    ack_release(&s->ack);
    s->ack = a;
    return 0;
}

static int take_unack(struct workflow *w, const json_t *act)
{
    struct said *s;
    int r = said_make(w, act, &s);

    if (r == 0)
        ack_release(&s->ack);
    return r;
}

static int take_words(struct workflow *w, const json_t *act, bool is_commentary)
{
    struct note n = { .is_commentary = is_commentary };
    struct note *grown = NULL;
    struct said *s;
    int r = said_make(w, act, &s);

    n.at.ms = json_integer_value(json_object_get(act, "at_ms"));
    if (r == 0)
        r = copy_of(act, "text", &n.text);
    if (r == 0)
        r = copy_of(act, "who", &n.who);
    if (r == 0)
        grown = reallocarray(s->notes, s->note_count + 1, sizeof *grown);
    if (!grown) {
        free(n.text);
        free(n.who);
        return r ? r : -ENOMEM;
    }
    s->notes = grown;
    s->notes[s->note_count++] = n;
    return 0;
}

static int take_note(struct workflow *w, const json_t *act)
{
    return take_words(w, act, false);
}

static int take_commentary(struct workflow *w, const json_t *act)
{
    return take_words(w, act, true);
}

static int take_close(struct workflow *w, const json_t *act)
{
    char *who = NULL, *why = NULL;
    struct said *s;
    int r = said_make(w, act, &s);

    if (r == 0)
        r = copy_of(act, "who", &who);
    if (r == 0)
        r = copy_of(act, "why", &why);
    if (r < 0) {
        free(who);
        free(why);
        return r;
    }
    free(s->closed_by);
    free(s->closed_why);
    s->closed_by = who;
    s->closed_why = why;
    return 0;
}

/* ---- silences ---- */

static void silence_release(struct silence *s)
{
    match_release(&s->match);
    free(s->words);
    free(s->author);
    free(s->reason);
    free(s->approved_by);
    free(s->ended_by);
}

static int read_silence(const json_t *act, struct silence *s)
{
    char why[WORKFLOW_WHY_MAX];
    int r = copy_of(act, "match", &s->words);

    s->number = (long)json_integer_value(json_object_get(act, "silence"));
    s->ended = DATE_NONE;
    if (r == 0)
        r = match_parse(s->words, &s->match, why);
    if (r == 0)
        r = day_of(act, "on", &s->from);
    if (r == 0)
        r = day_of(act, "until", &s->until);
    if (r == 0)
        r = copy_of(act, "who", &s->author);
    if (r == 0)
        r = copy_of(act, "why", &s->reason);
    if (r == 0 && text_of(act, "approved_by"))
        r = copy_of(act, "approved_by", &s->approved_by);
    return r == -EINVAL ? -EBADMSG : r;
}

static int take_silence(struct workflow *w, const json_t *act)
{
    struct silence s = { 0 };
    struct silence *grown = NULL;
    int r = read_silence(act, &s);

    if (r == 0)
        grown = reallocarray(w->silences, w->silence_count + 1, sizeof *grown);
    if (!grown) {
        silence_release(&s);
        return r ? r : -ENOMEM;
    }
    w->silences = grown;
    w->silences[w->silence_count++] = s;
    return 0;
}

static struct silence *find_silence(const struct workflow *w, long number)
{
    for (size_t i = 0; i < w->silence_count; i++)
        if (w->silences[i].number == number)
            return &w->silences[i];
    return NULL;
}

static int take_silence_end(struct workflow *w, const json_t *act)
{
    struct silence *s = find_silence(w, (long)json_integer_value(json_object_get(act, "silence")));
    struct civil_date on;
    char *who = NULL;
    int r = s ? day_of(act, "on", &on) : -EBADMSG;

    if (r == 0)
        r = copy_of(act, "who", &who);
    if (r < 0)
        return r;
    free(s->ended_by);
    s->ended_by = who;
    s->ended = on;
    return 0;
}

/* ---- the fold ---- */

int workflow_take(struct workflow *w, const json_t *act)
{
    static const struct {
        const char *act;
        int (*take)(struct workflow *w, const json_t *act);
    } rows[] = {
        { "ack", take_ack },
        { "unack", take_unack },
        { "note", take_note },
        { "commentary", take_commentary },
        { "close", take_close },
        { "silence-add", take_silence },
        { "silence-end", take_silence_end },
    };
    const char *name = text_of(act, "act");

    for (size_t i = 0; name && i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].act, name) == 0)
            return rows[i].take(w, act);
    return -EBADMSG;
}

void workflow_release(struct workflow *w)
{
    table_release(&w->said, said_free);
    for (size_t i = 0; i < w->silence_count; i++)
        silence_release(&w->silences[i]);
    free(w->silences);
    *w = (struct workflow)WORKFLOW_INIT;
}

/* ---- what follows from it ---- */

const struct said *workflow_of(const struct workflow *w, const char *episode)
{
    return table_get(&w->said, episode);
}

bool workflow_is_acked(const struct workflow *w, const struct episode *e, struct civil_date today)
{
    const struct said *s = workflow_of(w, e->id);

    return s && s->ack.who && date_compare(today, s->ack.until) <= 0 &&
           e->severity <= s->ack.severity;
}

bool workflow_closes(const struct workflow *w, const struct episode *e)
{
    const struct said *s = workflow_of(w, e->id);

    return s && s->closed_by && !e->by_person;
}

const struct silence *workflow_silence(const struct workflow *w, long number)
{
    return find_silence(w, number);
}

bool silence_is_active(const struct silence *s, struct civil_date today)
{
    return !s->ended_by && date_compare(today, s->until) <= 0;
}

const struct silence *workflow_silenced(const struct workflow *w, const struct alert *a,
                                        struct civil_date today)
{
    const struct silence *found = NULL;

    for (size_t i = 0; i < w->silence_count; i++) {
        const struct silence *s = &w->silences[i];

        if (silence_is_active(s, today) && match_fits(&s->match, a) &&
            (!found || date_compare(found->until, s->until) < 0))
            found = s;
    }
    return found;
}

bool workflow_withholds(const struct workflow *w, const struct alert *a, const struct episode *e,
                        enum alert_news news, struct civil_date today)
{
    if (news == NEWS_REMINDER && workflow_is_acked(w, e, today))
        return true;
    return (news == NEWS_REMINDER || news == NEWS_NEW) && workflow_silenced(w, a, today);
}
