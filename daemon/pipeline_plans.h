/*
 * pipeline_plans - plans change: see the map in pipeline_internal.h
 */
#ifndef PIPELINE_PLANS_H
#define PIPELINE_PLANS_H

#include "pipeline_state.h"
#include "plan/plan_ledger.h"

/* ---- pipeline_plans.c ---- */
/**
 * Makes the plans of a configuration that was just read those that are in force, and has the audit say
 * which plan files were read first or were edited. While the audit cannot be written an edited file does
 * not count. Returns 0; -EINVAL with messages: a plan in force does not go with these settings; -errno.
 */
int plans_settle(struct pipeline *p, struct config *config, struct diags *diags);
/** Tries again what plans_settle could not do for want of room. */
void plans_tick(struct pipeline *p);
/** A version of a plan, as it would stand under this configuration: in rehearsal or live. Returns as
 * config_parse_plan(). */
int plans_parse(const struct pipeline *p, const struct config *config, const char *name,
                const char *text, size_t len, struct diags *diags, struct plan **out_plan);
/** The bytes of a version, from the archive. Returns 0 or -errno. */
int plans_bytes(struct pipeline *p, const char *digest, struct text *out_bytes);
/** The plan of an id in the configuration; .plan_count: none. */
size_t plans_index(const struct config *c, const char *id);
int plans_check_apply(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int plans_check_approve(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int plans_check_rollback(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
/** Of each of these acts. */
int plans_take(struct pipeline *p, const json_t *act);

/* ---- pipeline_plan_effect.c ---- */
/** What a version changes, each with the roles that it concerns (new reference, or NULL). */
json_t *plans_changes(const struct plan *before, const struct plan *after);
/** Which alerts it would open, end or turn, and which measures another colour, were it in force today in
 * the place of the i-th plan (new reference, or NULL). Null while nothing was evaluated. */
json_t *plans_effect(struct pipeline *p, size_t i, const struct plan *after);
/** For `plan diff NEW`: takes no act. Answers. */
void plans_answer_diff(struct pipeline *p, struct ctl_request *request);
/** Whether a plan changed and nothing was evaluated since. */
bool plans_are_unjudged(const struct pipeline *p);
/** Marks findings that a change of the plan may have brought about. */
void plans_mark_findings(const struct pipeline *p, struct finding_set *findings);
/** What is known of a plan's versions, added to what `plan show` says of it. Returns 0 or -ENOMEM. */
int plans_report(const struct pipeline *p, json_t *list);

/* ---- pipeline_plan_tell.c ---- */
/** Makes the next notices due: of a change that owners were not told of, of a plan's end. Returns true while a
 * batch is under way for it. */
bool plans_tell(struct pipeline *p);

#endif
