/*
 * config - settings, formats and plans as one checked whole
 *
 * What --check checks and a reload swaps: either everything is good, or nothing of it is used. All
 * semantic errors of all files are reported in one pass.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "base/diag.h"
#include "parse/format.h"
#include "pathway/service.h"
#include "plan/plan.h"
#include "settings/settings.h"
#include "simulation.h"

struct config {
    struct settings *settings;
    struct format_set *formats;
    struct services *services;             /* services.yaml of the data folder */
    struct standards *standards;           /* standards.yaml of it */
    char services_digest[SHA256_TEXT_MAX]; /* of these bytes */
    struct plan **plans;                   /* in force */
    size_t plan_count;
    char *
        live_state; /* of a simulation: the state folder of the instance it stands for; else NULL */
    struct plan **unapplied; /* by plan: its file, where that is not in force; else NULL */
};

/** What plans may refer to, by settings and services; borrows from both. Release it also half made. */
struct plan_names {
    const char **feeds, **receivers;
    struct plan_list *lists;
    struct footprint_source footprints;
    const struct standards *standards; /* NULL: not known */
    struct plan_holders holders;       /* .gap NULL: the settings name no people */
    const struct settings *settings;
    const struct format_set *formats; /* NULL: not known */
};
/** Returns 0 or -ENOMEM. */
int plan_names_make(const struct settings *s, const struct services *services,
                    struct plan_names *out_names);
struct plan_context plan_names_context(const struct plan_names *n);
void plan_names_release(struct plan_names *n);
/** The formats that settings can use: those of a data folder and their own folders. Returns 0, -EINVAL with
 * messages, -ENOMEM. */
int config_load_formats(const struct settings *s, const char *datadir, struct diags *diags,
                        struct format_set **out_formats);
/** services.yaml of a data folder. Returns 0; -EINVAL with messages; -ENOMEM. */
int config_load_services(const char *datadir, struct diags *diags, struct services **out_services);

/** standards.yaml of it, the same. */
int config_load_standards(const char *datadir, struct diags *diags,
                          struct standards **out_standards);

/** datadir: the installed or build-tree data folder. Returns 0 (diags may hold warnings) or -EINVAL
 * with errors. */
int config_load(const char *path, const char *datadir, struct diags *diags,
                struct config **out_config);
/** The same for a simulation. */
int config_load_simulated(const char *path, const char *datadir,
                          const struct simulation_options *simulation, struct diags *diags,
                          struct config **out_config);
/** A version of a plan from its bytes, read as its file would be; it may take the place of the plan that
 * has its id. path: how messages, and the plan, name it. Returns 0; -EINVAL with messages; -ENOMEM. */
int config_parse_plan(const struct config *c, const char *path, const char *text, size_t len,
                      struct diags *diags, struct plan **out_plan);
/** It comes into force in the place of the i-th, which it frees or, when that is the file's, keeps as
 * unapplied. Takes it. */
void config_put_plan(struct config *c, size_t i, struct plan *plan);
/** Whom a test of a receiver goes to: its own address, else the first who holds a role that uses it on a
 * day. NULL: nobody. Borrowed. */
const char *config_recipient(const struct config *c, const struct receiver_setting *r,
                             struct civil_date on);
void config_free(struct config *c);
/** "settings x, 2 plans (18 measures), 3 feeds, 4 receivers": for --check and the log. malloc'ed or
 * NULL. */
char *config_summary(const struct config *c);

#endif
