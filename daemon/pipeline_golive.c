#include "pipeline_plans.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline_internal.h"

/*
 * Whether a plan is in rehearsal. The file says so, until a person lets the plan go live: that act is in
 * the audit before it counts and is read from there at each start, so the file need not change. The mode
 * of the file counts when it changes: live, and it is live; back to rehearsal, and it is in rehearsal
 * again, whatever was done before. So the newest mode of each file is in the audit too, from the first
 * rehearsal on.
 */

/* Bits, kept as the value of a table. */
#define MODE_SEEN         1u /* the audit has the file's mode */
#define MODE_OF_REHEARSAL 2u /* which was this */
#define MODE_ACTED        4u /* a person let it go live since */

static unsigned mode_of(const struct pipeline *p, const char *plan)
{
    return (unsigned)(uintptr_t)table_get(&p->modes, plan);
}

static int set_mode(struct pipeline *p, const char *plan, unsigned mode)
{
    return table_set(&p->modes, plan, (void *)(uintptr_t)mode, NULL);
}

void golive_adopt_plan(const struct pipeline *p, struct plan *plan)
{
    const unsigned acted = MODE_OF_REHEARSAL | MODE_ACTED;

    plan->mode = (mode_of(p, plan->id) & acted) == acted ? PLAN_LIVE : plan->written_mode;
}

void golive_adopt(struct pipeline *p)
{
    for (size_t i = 0; i < p->config->plan_count; i++)
        golive_adopt_plan(p, p->config->plans[i]);
}

/* ---- the mode of the file ---- */

int golive_read(struct pipeline *p, const json_t *record)
{
    const char *plan = json_string_value(json_object_get(record, "planned"));
    bool rehearses = json_is_true(json_object_get(record, "rehearsal"));

    int r = plan_ledger_take(&p->plan_ledger, record);

    if (rehearses)
        known_forget(p, plan);
    return r < 0 ? r : set_mode(p, plan, MODE_SEEN | (rehearses ? MODE_OF_REHEARSAL : 0));
}

static int note_file(struct pipeline *p, const struct plan *plan)
{
    unsigned mode = mode_of(p, plan->id);
    bool rehearses = plan->written_mode == PLAN_REHEARSAL;
    struct wall_time now = clock_wall(&p->clock);

    if (rehearses == ((mode & MODE_OF_REHEARSAL) != 0))
        return 0;
    json_t *record =
        json_pack("{s:s, s:b, s:I, s:I}", "planned", plan->id, "rehearsal", (int)rehearses,
                  "version", (json_int_t)plan->version, "at_ms", (json_int_t)now.ms);
    int r = record ? audit_append(p, json_incref(record)) : -ENOMEM;

    if (r == 0) {
        log_info("plan", "plan=%s mode=%s", plan->id, rehearses ? "rehearsal" : "live");
        r = pipeline_took_record(p, "audit", golive_read(p, record));
    }
    json_decref(record);
    return r;
}

int golive_note(struct pipeline *p)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->config->plan_count; i++)
        r = note_file(p, p->config->plans[i]);
    golive_adopt(p);
    if (!disk_error_is_full(r))
        return r;
    disk_is_full(p, "the audit journal cannot be written", r);
    return 0;
}

/* ---- the act ---- */

/* The plan of this id; "" or NULL: the only one in rehearsal. */
static const struct plan *find_plan(const struct pipeline *p, const char *id, size_t *out_hits)
{
    const struct plan *found = NULL;

    *out_hits = 0;
    for (size_t i = 0; i < p->config->plan_count; i++) {
        const struct plan *plan = p->config->plans[i];

        if (id && id[0] ? strcmp(plan->id, id) != 0 : plan->mode != PLAN_REHEARSAL)
            continue;
        found = plan;
        ++*out_hits;
    }
    return found;
}

int golive_check(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const char *id = json_string_value(json_object_get(act, "plan"));
    bool is_named = id && id[0];
    size_t hits;
    const struct plan *plan = find_plan(p, id, &hits);

    if (hits != 1) {
        (void)snprintf(why, ACT_WHY_MAX, "%s",
                       is_named ? "no plan has this id"
                       : hits   ? "several plans are in rehearsal: name one"
                                : "no plan is in rehearsal");
        return -ENOENT;
    }
    if (plan->mode == PLAN_LIVE) {
        (void)snprintf(why, ACT_WHY_MAX, "the plan is live");
        return -EALREADY;
    }
    int r = golive_note(p); /* the act counts after what the file says */

    if (r < 0)
        return r;
    return json_object_set_new(act, "plan", json_string(plan->id)) |
                   json_object_set_new(act, "version", json_integer(plan->version))
               ? -ENOMEM
               : 0;
}

int golive_take(struct pipeline *p, const json_t *act)
{
    const char *plan = json_string_value(json_object_get(act, "plan"));
    int r = plan ? set_mode(p, plan, mode_of(p, plan) | MODE_ACTED) : -EBADMSG;

    if (r == 0)
        r = plan_ledger_take(&p->plan_ledger, act);
    if (p->config)
        golive_adopt(p);
    p->need_evaluate = true;
    return r;
}
