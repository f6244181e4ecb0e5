#include "ctl/plan_script.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/alert.h"
#include "base/auto.h"
#include "base/text.h"
#include "config.h"
#include "yaml/bind.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define WORDS    16 /* that the state of an alert is told in */
#define RAGS     (RAG_RED + 1)

struct reading {
    struct plan_script *s;
    struct diags *diags;
    const char *folder; /* of the file: what paths are relative to */
    const struct settings *settings;
    const struct plan *plan;
    int result;
};

struct script_raw {
    char *plan, *settings;
    struct civil_date start;
    yaml_node *steps;
};

static const struct bind_key script_keys[] = {
    { "plan", BIND_TEXT, BIND_FIELD(struct script_raw, plan), NULL, 0, 0, NULL, 1,
      "the plan to test; relative to this file" },
    { "settings", BIND_TEXT, BIND_FIELD(struct script_raw, settings), NULL, 0, 0, NULL, 1,
      "the settings whose feeds, people and receivers it is tested with" },
    { "start", BIND_DATE, BIND_FIELD(struct script_raw, start), NULL, 0, 0, NULL, 0,
      "the first date evaluated; that of the first step when left out" },
    { "steps", BIND_NODE, BIND_FIELD(struct script_raw, steps), NULL, 0, 0, NULL, 1,
      "dates, in order" },
    BIND_END,
};

struct step_raw {
    struct civil_date on;
    yaml_node *feeds, *expect;
};

static const struct bind_key step_keys[] = {
    { "on", BIND_DATE, BIND_FIELD(struct step_raw, on), NULL, 0, 0, NULL, 1, "the date" },
    { "feeds", BIND_NODE, BIND_FIELD(struct step_raw, feeds), NULL, 0, 0, NULL, 0,
      "files that come on it" },
    { "expect", BIND_NODE, BIND_FIELD(struct step_raw, expect), NULL, 0, 0, NULL, 0,
      "how things stand at its end" },
    BIND_END,
};

static const struct bind_key file_keys[] = {
    { "feed", BIND_ID, BIND_FIELD(struct script_file, feed), NULL, 0, 0, NULL, 1,
      "the feed's id in the settings" },
    { "file", BIND_TEXT, BIND_FIELD(struct script_file, path), NULL, 0, 0, NULL, 0,
      "the file; relative to this one" },
    { "text", BIND_TEXT, BIND_FIELD(struct script_file, text), NULL, 0, 0, NULL, 0,
      "or its bytes, here" },
    { "name", BIND_TEXT, BIND_FIELD(struct script_file, name), NULL, 0, 0, NULL, 0,
      "its name in the inbox, where that says an edition" },
    { "outcome", BIND_TEXT, BIND_FIELD(struct script_file, outcome), NULL, 0, 0, NULL, 0,
      "accepted (when left out), held or refused" },
    BIND_END,
};

struct expect_raw {
    yaml_node *measures, *alerts, *messages;
};

static const struct bind_key expect_keys[] = {
    { "measures", BIND_NODE, BIND_FIELD(struct expect_raw, measures), NULL, 0, 0, NULL, 0,
      "by id, how each stands" },
    { "alerts", BIND_NODE, BIND_FIELD(struct expect_raw, alerts), NULL, 0, 0, NULL, 0,
      "of any rule" },
    { "messages", BIND_NODE, BIND_FIELD(struct expect_raw, messages), NULL, 0, 0, NULL, 0,
      "all that were told since the step before, or none" },
    BIND_END,
};

#define STATE_KEY(name, meaning)                                                                   \
    {                                                                                              \
#name, BIND_TEXT, BIND_FIELD(struct script_state, name), NULL, 0, 0, NULL, 0, meaning      \
    }

static const struct bind_key measure_keys[] = {
    STATE_KEY(rag, "blue, green, amber, red or grey"),
    STATE_KEY(state, "as waitlistctl alerts has it, none where it has no alert"),
    STATE_KEY(severity, "amber, red or none"),
    STATE_KEY(held, "yes or no"),
    STATE_KEY(value, "the figure, or none"),
    BIND_END,
};

static const struct bind_key alert_keys[] = {
    { "rule", BIND_TEXT, BIND_FIELD(struct script_state, rule), NULL, 0, 0, NULL, 1,
      "such as feed-late" },
    STATE_KEY(measure, "of which measure"),
    STATE_KEY(feed, "of which feed"),
    STATE_KEY(provider, "of which provider"),
    STATE_KEY(action, "of which action"),
    STATE_KEY(state, "as waitlistctl alerts has it, none where none is open"),
    STATE_KEY(severity, "amber, red or none"),
    STATE_KEY(held, "yes or no"),
    BIND_END,
};

static const struct bind_key message_keys[] = {
    { "receiver", BIND_ID, BIND_FIELD(struct script_message, receiver), NULL, 0, 0, NULL, 1,
      "the receiver's id in the settings" },
    { "recipient", BIND_TEXT, BIND_FIELD(struct script_message, recipient), NULL, 0, 0, NULL, 0,
      "the address that a mail goes to" },
    { "subject", BIND_TEXT, BIND_FIELD(struct script_message, subject), NULL, 0, 0, NULL, 0,
      "a part of the subject" },
    BIND_END,
};

__attribute__((format(printf, 4, 5))) static void
complain(struct reading *rd, yaml_node *at, const char *hint, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    yaml_vcomplain(rd->s->yaml, at, rd->diags, DIAG_ERROR, BIND_CODE_VALUE, hint, format, ap);
    va_end(ap);
    rd->result = rd->result == -ENOMEM ? -ENOMEM : -EINVAL;
}

static void bind(struct reading *rd, yaml_node *node, const char *what, const struct bind_key *keys,
                 void *out)
{
    int r = bind_mapping(rd->s->yaml, node, what, keys, out, rd->diags);

    if (r < 0)
        rd->result = r == -ENOMEM ? r : rd->result == -ENOMEM ? -ENOMEM : -EINVAL;
}

static void resolve(struct reading *rd, char **path)
{
    AUTO(text_release) struct text t = TEXT_INIT;
    char *resolved;

    if (!*path || **path == '/')
        return;
    (void)text_printf(&t, "%s/%s", rd->folder, *path);
    resolved = text_take(&t);
    if (!resolved)
        rd->result = -ENOMEM;
    free(*path);
    *path = resolved;
}

/* An array for the items of a list; NULL and nothing to read where there are none. */
static void *items_of(struct reading *rd, yaml_node *list, const char *what, size_t size,
                      size_t *out_count)
{
    void *items;

    *out_count = 0;
    if (yaml_is_nothing(list))
        return NULL;
    if (yaml_kind(list) != YAML_SEQUENCE) {
        complain(rd, list, "each begins with \"- \"", "%s is a list", what);
        return NULL;
    }
    items = calloc(yaml_count(list) + 1, size);
    if (items)
        *out_count = yaml_count(list);
    else
        rd->result = -ENOMEM;
    return items;
}

/* ---- words that must be known ---- */

/* Whether text is one of the words; complains where it is not. */
static void check_word(struct reading *rd, yaml_node *node, const char *key, const char *text,
                       const char *const *words, size_t count)
{
    char hint[160];

    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return;
    if (!text)
        return;
    const char *near = diag_nearest(text, words, count);

    (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near ? near : words[0]);
    complain(rd, yaml_get(node, key), hint, "%s \"%.80s\" is not known here", key, text);
}

/* The words of alerts of a rule, and none. */
static size_t state_words(enum rule rule, const char *out[WORDS])
{
    const struct alert alert = { .rule = rule };
    size_t count = 0;

    out[count++] = "none";
    for (int state = 0; state < ALERT_STATES; state++) {
        const struct episode episode = { .state = (enum alert_state)state };

        out[count++] = alert_state_words(&alert, &episode);
    }
    return count;
}

static enum rule check_rule(struct reading *rd, const struct script_state *state)
{
    const char *names[RULES];
    int found = RULE_BEHIND_PLAN;

    for (int i = 0; i < RULES; i++) {
        names[i] = rule_name((enum rule)i);
        if (state->rule && strcmp(state->rule, names[i]) == 0)
            found = i;
    }
    check_word(rd, state->node, "rule", state->rule, names, RULES);
    return (enum rule)found;
}

static void check_state(struct reading *rd, const struct script_state *state, enum rule rule)
{
    static const char *const severities[] = { "none", "amber", "red" };
    static const char *const switches[] = { "yes", "no", "true", "false" };
    const char *words[WORDS] = { NULL }, *rags[RAGS];
    size_t word_count = state_words(rule, words);

    for (int i = 0; i < RAGS; i++)
        rags[i] = rag_name((enum rag)i);
    check_word(rd, state->node, "state", state->state, words, word_count);
    check_word(rd, state->node, "severity", state->severity, severities, COUNT(severities));
    check_word(rd, state->node, "held", state->held, switches, COUNT(switches));
    check_word(rd, state->node, "rag", state->rag, rags, RAGS);
    if (state->value && strcmp(state->value, "none") != 0) {
        char *end;

        (void)strtod(state->value, &end);
        if (*end || end == state->value)
            complain(rd, yaml_get(state->node, "value"), "a number, or none",
                     "value \"%.80s\" is no number", state->value);
    }
}

/* Ids of the settings or the plan, for a word that must be one of them. */
static void check_id(struct reading *rd, yaml_node *at, const char *what, const char *id,
                     const char *const *ids, size_t count)
{
    char hint[160] = "";

    for (size_t i = 0; i < count; i++)
        if (strcmp(id, ids[i]) == 0)
            return;
    const char *near = diag_nearest(id, ids, count);

    if (near)
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near);
    complain(rd, at, near ? hint : NULL, "there is no %s \"%.80s\"", what, id);
}

static void check_measure(struct reading *rd, yaml_node *at, const char *id)
{
    AUTO(auto_free) const char **ids = calloc(rd->plan->measure_count + 1, sizeof *ids);

    for (size_t i = 0; ids && id && i < rd->plan->measure_count; i++)
        ids[i] = rd->plan->measures[i].id;
    if (ids && id)
        check_id(rd, at, "measure", id, ids, rd->plan->measure_count);
}

static void check_feed(struct reading *rd, yaml_node *at, const char *id)
{
    AUTO(auto_free) const char **ids = calloc(rd->settings->feed_count + 1, sizeof *ids);

    for (size_t i = 0; ids && id && i < rd->settings->feed_count; i++)
        ids[i] = rd->settings->feeds[i].id;
    if (ids && id)
        check_id(rd, at, "feed", id, ids, rd->settings->feed_count);
}

static void check_receiver(struct reading *rd, yaml_node *at, const char *id)
{
    AUTO(auto_free) const char **ids = calloc(rd->settings->receiver_count + 1, sizeof *ids);

    for (size_t i = 0; ids && id && i < rd->settings->receiver_count; i++)
        ids[i] = rd->settings->receivers[i].id;
    if (ids && id)
        check_id(rd, at, "receiver", id, ids, rd->settings->receiver_count);
}

/* ---- a step ---- */

/* The name of its path, or one of its own. */
static char *name_of(const struct script_file *f, size_t index)
{
    const char *slash = f->path ? strrchr(f->path, '/') : NULL;
    char own[32];

    (void)snprintf(own, sizeof own, "file-%zu.csv", index + 1);
    return strdup(slash ? slash + 1 : own);
}

static void read_file(struct reading *rd, yaml_node *node, size_t index, struct script_file *out)
{
    static const char *const outcomes[] = { "accepted", "held", "refused" };

    out->node = node;
    bind(rd, node, "feeds", file_keys, out);
    check_word(rd, node, "outcome", out->outcome, outcomes, COUNT(outcomes));
    check_feed(rd, yaml_get(node, "feed"), out->feed);
    if (!out->path == !out->text)
        complain(rd, node, NULL, "feeds: a file has one of file: and text:");
    resolve(rd, &out->path);
    if (out->path && access(out->path, R_OK) < 0)
        complain(rd, yaml_get(node, "file"), NULL, "feeds: file: %s", strerror(errno));
    if (out->name && (!out->name[0] || out->name[0] == '.' || strchr(out->name, '/')))
        complain(rd, yaml_get(node, "name"), "for example may-v2.csv",
                 "feeds: name is one file's name");
    if (!out->name)
        out->name = name_of(out, index);
    if (!out->name)
        rd->result = -ENOMEM;
}

/* The second of one name would take the place of the first before anybody read that. */
static void check_names(struct reading *rd, const struct script_step *step)
{
    for (size_t i = 0; i < step->file_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct script_file *f = &step->files[i], *before = &step->files[k];

            if (f->feed && before->feed && f->name && before->name &&
                strcmp(f->feed, before->feed) == 0 && strcmp(f->name, before->name) == 0)
                complain(rd, f->node, "give one of them a name:",
                         "feeds: two files of one step are called \"%.80s\"", f->name);
        }
}

static void read_measures(struct reading *rd, yaml_node *node, struct script_step *step)
{
    if (yaml_is_nothing(node))
        return;
    if (yaml_kind(node) != YAML_MAPPING) {
        complain(rd, node, "for example cyp-4w: {rag: red}",
                 "measures is a mapping of a measure's id to how it stands");
        return;
    }
    step->measures = calloc(yaml_count(node) + 1, sizeof *step->measures);
    if (!step->measures) {
        rd->result = -ENOMEM;
        return;
    }
    step->measure_count = yaml_count(node);
    for (size_t i = 0; i < step->measure_count; i++) {
        struct script_state *m = &step->measures[i];
        yaml_node *key;

        m->node = yaml_pair(node, i, &key);
        bind(rd, m->node, "measures", measure_keys, m);
        m->measure = strdup(yaml_text(key));
        check_measure(rd, key, m->measure);
        check_state(rd, m, RULE_BEHIND_PLAN);
    }
}

static void read_alert(struct reading *rd, yaml_node *node, struct script_state *out)
{
    out->node = node;
    bind(rd, node, "alerts", alert_keys, out);
    check_measure(rd, yaml_get(node, "measure"), out->measure);
    check_feed(rd, yaml_get(node, "feed"), out->feed);
    if (out->action && !plan_action_find(rd->plan, out->action))
        complain(rd, yaml_get(node, "action"), NULL, "there is no action \"%.80s\"", out->action);
    check_state(rd, out, check_rule(rd, out));
}

static void read_messages(struct reading *rd, yaml_node *node, struct script_step *step)
{
    step->messages_node = node;
    if (yaml_kind(node) == YAML_SCALAR && strcmp(yaml_text(node), "none") == 0)
        return;
    step->messages = items_of(rd, node, "messages (or the word none)", sizeof *step->messages,
                              &step->message_count);
    for (size_t i = 0; i < step->message_count; i++) {
        struct script_message *m = &step->messages[i];

        m->node = yaml_item(node, i);
        bind(rd, m->node, "messages", message_keys, m);
        check_receiver(rd, yaml_get(m->node, "receiver"), m->receiver);
    }
}

static void read_expect(struct reading *rd, yaml_node *node, struct script_step *step)
{
    struct expect_raw raw = { NULL, NULL, NULL };

    bind(rd, node, "expect", expect_keys, &raw);
    read_measures(rd, raw.measures, step);
    step->alerts = items_of(rd, raw.alerts, "alerts", sizeof *step->alerts, &step->alert_count);
    for (size_t i = 0; i < step->alert_count; i++)
        read_alert(rd, yaml_item(raw.alerts, i), &step->alerts[i]);
    if (raw.messages)
        read_messages(rd, raw.messages, step);
    rd->s->expected += step->measure_count + step->alert_count + (raw.messages != NULL);
}

static void read_step(struct reading *rd, yaml_node *node, struct script_step *step,
                      struct civil_date after)
{
    struct step_raw raw = { .feeds = NULL };

    bind(rd, node, "steps", step_keys, &raw);
    step->on = raw.on;
    if (date_is_set(raw.on) && date_compare(raw.on, after) <= 0)
        complain(rd, yaml_get(node, "on"), "dates go forward, each is there once",
                 "steps: this date is not after the one before it");
    step->files = items_of(rd, raw.feeds, "feeds", sizeof *step->files, &step->file_count);
    for (size_t i = 0; i < step->file_count; i++)
        read_file(rd, yaml_item(raw.feeds, i), i, &step->files[i]);
    check_names(rd, step);
    rd->s->expected += step->file_count;
    if (!yaml_is_nothing(raw.expect))
        read_expect(rd, raw.expect, step);
}

/* ---- the whole ---- */

static void read_steps(struct reading *rd, yaml_node *list)
{
    struct plan_script *s = rd->s;
    struct civil_date before = date_is_set(s->start) ? date_add_days(s->start, -1) : s->start;

    s->steps = items_of(rd, list, "steps", sizeof *s->steps, &s->step_count);
    if (s->step_count == 0 && rd->result == 0)
        complain(rd, list, NULL, "steps: nothing is tested");
    for (size_t i = 0; i < s->step_count; i++) {
        read_step(rd, yaml_item(list, i), &s->steps[i], before);
        before = s->steps[i].on;
    }
    if (!date_is_set(s->start) && s->step_count)
        s->start = s->steps[0].on;
}

static int load_plan(struct reading *rd, const char *datadir, struct standards **standards,
                     struct plan **plan)
{
    int r = config_load_standards(datadir, rd->diags, standards);
    const struct plan_context context = { .standards = *standards };

    return r == 0 ? plan_load(rd->s->plan, &context, rd->diags, plan) : r;
}

static void check_with_plan(struct reading *rd, yaml_node *steps, const char *datadir)
{
    struct settings *settings = NULL;
    struct standards *standards = NULL;
    struct plan *plan = NULL;
    int r = settings_load(rd->s->settings, datadir, rd->diags, &settings);

    if (r == 0)
        r = load_plan(rd, datadir, &standards, &plan);
    if (r < 0) {
        rd->result = r == -ENOMEM ? -ENOMEM : -EINVAL;
    } else {
        rd->settings = settings;
        rd->plan = plan;
        read_steps(rd, steps);
    }
    plan_free(plan);
    standards_free(standards);
    settings_free(settings);
}

int plan_script_load(const char *path, const char *datadir, struct diags *diags,
                     struct plan_script *out)
{
    struct script_raw raw = { .start = DATE_NONE };
    AUTO(auto_free) char *real = realpath(path, NULL);
    AUTO(auto_free) char *folder = strdup(real ? real : path);
    struct reading rd = { .s = out, .diags = diags, .folder = folder };
    char *slash = folder ? strrchr(folder, '/') : NULL;

    *out = (struct plan_script){ .start = DATE_NONE };
    if (!folder)
        return -ENOMEM;
    if (slash)
        *slash = '\0';
    int r = yaml_load(path, diags, &out->yaml);

    if (r < 0)
        return r;
    bind(&rd, yaml_root(out->yaml), "plan test", script_keys, &raw);
    out->plan = raw.plan;
    out->settings = raw.settings;
    out->start = raw.start;
    resolve(&rd, &out->plan);
    resolve(&rd, &out->settings);
    if (rd.result == 0)
        check_with_plan(&rd, raw.steps, datadir);
    return rd.result;
}

static void state_release(struct script_state *s)
{
    bind_release(alert_keys, s);
    free(s->rag);
    free(s->value);
}

static void step_release(struct script_step *s)
{
    for (size_t i = 0; i < s->file_count; i++)
        bind_release(file_keys, &s->files[i]);
    for (size_t i = 0; i < s->measure_count; i++)
        state_release(&s->measures[i]);
    for (size_t i = 0; i < s->alert_count; i++)
        state_release(&s->alerts[i]);
    for (size_t i = 0; i < s->message_count; i++)
        bind_release(message_keys, &s->messages[i]);
    free(s->files);
    free(s->measures);
    free(s->alerts);
    free(s->messages);
}

void plan_script_release(struct plan_script *s)
{
    for (size_t i = 0; i < s->step_count; i++)
        step_release(&s->steps[i]);
    free(s->steps);
    free(s->plan);
    free(s->settings);
    yaml_free(s->yaml);
    *s = (struct plan_script){ .yaml = NULL };
}
