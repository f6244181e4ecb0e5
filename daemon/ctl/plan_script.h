/*
 * plan_script - the file of waitlistctl plan test: feeds by date, and what is expected of each date
 *
 * Reads and checks the file as the other YAML files are: every error of a pass with its place. The nodes of
 * what is expected stay with it, so that a difference is told at the word that it contradicts.
 * waitlistctl(1) lists the keys.
 */
#ifndef CTL_PLAN_SCRIPT_H
#define CTL_PLAN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "plan/plan.h"
#include "settings/settings.h"
#include "yaml/yaml.h"

/** A file that comes on a date. */
struct script_file {
    char *feed, *name;            /* name: under which it lies in the inbox */
    char *path;                   /* absolute; or NULL, then */
    char *text;                   /* its bytes */
    char *outcome;                /* what is to become of it, as written; NULL: accepted */
    char digest[SHA256_TEXT_MAX]; /* of the bytes that were offered */
    yaml_node *node;              /* the mapping */
};

/** What is expected of a measure, or of an alert. Each text is as written; NULL: not asked. */
struct script_state {
    char *rule, *measure, *feed, *provider, *action; /* of which; a measure has .measure alone */
    char *state, *severity, *held, *rag, *value;
    yaml_node *node; /* the mapping */
};

struct script_message {
    char *receiver, *recipient, *subject; /* subject: a part of it */
    yaml_node *node;
};

struct script_step {
    struct civil_date on;
    struct script_file *files;
    size_t file_count;
    struct script_state *measures, *alerts;
    size_t measure_count, alert_count;
    struct script_message *messages;
    size_t message_count;
    yaml_node *messages_node; /* NULL: they are not asked */
};

struct plan_script {
    struct yaml *yaml;
    char *plan, *settings;   /* absolute paths */
    struct civil_date start; /* the first date */
    struct script_step *steps;
    size_t step_count;
    size_t expected; /* how many files, states, and lists of messages */
};

/** datadir: for settings and plan, by which ids are checked. Returns 0; -EINVAL with messages; -ENOMEM. The
 * script is to be released either way. */
int plan_script_load(const char *path, const char *datadir, struct diags *diags,
                     struct plan_script *out_script);
void plan_script_release(struct plan_script *s);

#endif
