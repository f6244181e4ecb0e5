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
#include "plan/plan.h"
#include "settings/settings.h"

struct config {
    struct settings *settings;
    struct format_set *formats;
    struct plan **plans;
    size_t plan_count;
};

/** datadir: the installed or build-tree data folder. Returns 0 (diags may hold warnings) or -EINVAL
 * with errors. */
int config_load(const char *path, const char *datadir, struct diags *diags,
                struct config **out_config);
void config_free(struct config *c);
/** "settings x, 2 plans (18 measures), 3 feeds, 4 receivers": for --check and the log. malloc'ed or
 * NULL. */
char *config_summary(const struct config *c);

#endif
