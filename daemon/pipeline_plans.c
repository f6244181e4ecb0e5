#include "pipeline_plans.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "pipeline_internal.h"

/*
 * Which version of each plan is in force. (1) The plan file rules until a person applies a plan of its
 * id; from then on what was applied rules, and an edit of the file is a proposal. Where the settings ask
 * for a second person an edit is one from the start. (2) A version comes into force by a record of the
 * audit, synced; its bytes are in the archive before. So it is in force after every restart, and no edit
 * makes a plan softer without a record that says so. (3) What follows from it, in memory and in Redis,
 * is made of that record.
 */

#define PLAN_MAX_BYTES (4u << 20)
#define DIGEST_TYPED   8 /* digits of a digest that name a version to a person */
#define PLAN_NAME_MAX  160

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

size_t plans_index(const struct config *c, const char *id)
{
    size_t i = 0;

    while (i < c->plan_count && (!id || strcmp(c->plans[i]->id, id) != 0))
        i++;
    return i;
}

int plans_bytes(struct pipeline *p, const char *digest, struct text *out)
{
    AUTO(fd_close) int fd = archive_read(p->archive, digest);
    char sha[SHA256_TEXT_MAX] = "";

    out->max = PLAN_MAX_BYTES;
    if (fd < 0)
        return fd;
    int r = file_read_rest(fd, out);

    if (r == 0)
        r = sha256_hex(text_str(out), out->len, sha);
    return r == 0 && strcmp(sha, digest) != 0 ? -EBADMSG : r;
}

int plans_parse(const struct pipeline *p, const struct config *config, const char *name,
                const char *text, size_t len, struct diags *diags, struct plan **out_plan)
{
    int r = config_parse_plan(config, name, text, len, diags, out_plan);

    if (r == 0)
        golive_adopt_plan(p, *out_plan);
    return r;
}

/* A version from the archive. Returns as config_parse_plan(), or as plans_bytes(). */
static int parse_kept(struct pipeline *p, const struct config *config, const json_t *record,
                      struct diags *diags, struct plan **out_plan)
{
    AUTO(text_release) struct text bytes = TEXT_INIT;
    char name[PLAN_NAME_MAX];
    int r = plans_bytes(p, text_of(record, "digest"), &bytes);

    (void)snprintf(name, sizeof name, "plan %s version %lld", text_of(record, "plan"),
                   (long long)json_integer_value(json_object_get(record, "version")));
    return r < 0 ? r : plans_parse(p, config, name, text_str(&bytes), bytes.len, diags, out_plan);
}

/* ---- plan files ---- */

/* Returns 0, 1: not for want of room, or -errno. */
static int journal_file(struct pipeline *p, const struct plan *file, json_t *changes)
{
    char sha[SHA256_TEXT_MAX], at[WALL_TEXT_MAX];
    struct wall_time now = clock_wall(&p->clock);
    int r = archive_keep(p->archive, file->source, file->source_len, sha);
    json_t *record = json_pack("{s:s, s:s, s:I, s:s, s:s, s:I}", "plan", file->id, "digest",
                               file->source_digest, "version", (json_int_t)file->version, "file",
                               file->path, "at", wall_format(now, at), "at_ms", (json_int_t)now.ms);

    if (r == 0 && (!record || (changes && json_object_set(record, "changes", changes) < 0)))
        r = -ENOMEM;
    if (r == 0)
        r = audit_append(p, json_incref(record));
    if (r == 0)
        r = pipeline_took_record(p, "audit", plan_ledger_take(&p->plan_ledger, record));
    json_decref(record);
    if (!disk_error_is_full(r))
        return r;
    disk_is_full(p, "a plan cannot be kept", r);
    p->plans_are_behind = true;
    return 1;
}

/* An edit of the file that rules. Returns as journal_file(). */
static int take_edit(struct pipeline *p, const struct config *config, const struct plan *file,
                     const struct plan_book *b)
{
    struct diags diags = DIAGS_INIT;
    struct plan *before = NULL;
    json_t *changes = NULL;
    int r = parse_kept(p, config, b->in_force, &diags, &before);

    diags_release(&diags);
    if (r == -ENOMEM)
        return r;
    if (before)
        changes = plans_changes(before, file);
    if (before && !changes)
        r = -ENOMEM;
    else
        r = journal_file(p, file, changes);
    if (r == 0)
        log_info("plan", "plan=%s version=%ld the edited file is in force: %zu changes%s", file->id,
                 file->version, json_array_size(changes),
                 before ? "" : "; the version before cannot be read, so they are not known");
    json_decref(changes);
    plan_free(before);
    return r;
}

/* What is in force stays so, whatever the file says. Returns 0, -EINVAL with messages, or -ENOMEM. */
static int keep_in_force(struct pipeline *p, struct config *config, size_t i,
                         const struct plan_book *b, struct diags *diags)
{
    struct plan *kept = NULL;
    const char *id = config->plans[i]->id;
    int r = parse_kept(p, config, b->in_force, diags, &kept);

    if (r == 0) {
        config_put_plan(config, i, kept);
        log_warning("plan",
                    "plan=%s version=%ld is in force, not its file %s, which differs: waitlistctl "
                    "plan diff FILE, plan apply FILE",
                    id, kept->version, config->unapplied[i]->path);
    } else if (r != -EINVAL && r != -ENOMEM) {
        log_error("plan",
                  "plan=%s error=\"%s\": the version in force cannot be read: its file %s "
                  "is used",
                  id, strerror(-r), config->plans[i]->path);
        (void)snprintf(p->plan_trouble, sizeof p->plan_trouble,
                       "The version of plan %.60s that was applied cannot be read (%s): its file "
                       "is used, which may be another version",
                       id, strerror(-r));
        r = 0;
    }
    return r;
}

static int settle_one(struct pipeline *p, struct config *config, size_t i, struct diags *diags)
{
    const struct plan *file = config->plans[i];
    const struct plan_book *b = plan_book_find(&p->plan_ledger, file->id);
    const char *in_force = plan_book_digest(b);
    int r = 1;

    golive_adopt_plan(p, config->plans[i]);
    if (!in_force) {
        r = journal_file(p, file, NULL);
        return r < 0 ? r : 0;
    }
    if (strcmp(in_force, file->source_digest) == 0)
        return 0;
    if (!b->is_applied && config->settings->approval == APPROVAL_ONE)
        r = take_edit(p, config, file, b);
    return r > 0 ? keep_in_force(p, config, i, b, diags) : r;
}

int plans_settle(struct pipeline *p, struct config *config, struct diags *diags)
{
    int r = 0;

    p->plan_trouble[0] = '\0';
    p->plans_are_behind = false;
    for (size_t i = 0; r == 0 && i < config->plan_count; i++)
        r = settle_one(p, config, i, diags);
    return r;
}

void plans_tick(struct pipeline *p)
{
    if (p->plans_are_behind && !disk_rests(p))
        pipeline_on_hangup(-1, 0, p);
}

/* ---- acts ---- */

/* The first thing wrong with a plan, for a person. */
static void say_faults(const struct diags *diags, char why[ACT_WHY_MAX])
{
    AUTO(auto_free) const struct diag **list = diags_in_order(diags);

    for (size_t i = 0; list && i < diags->count; i++)
        if (list[i]->level == DIAG_ERROR) {
            (void)snprintf(why, ACT_WHY_MAX, "%s:%u:%u: %s%s%s; errors: %zu", list[i]->file,
                           list[i]->line, list[i]->column, list[i]->text, list[i]->hint ? "; " : "",
                           list[i]->hint ? list[i]->hint : "", diags->errors);
            return;
        }
}

static int check_reason(const json_t *act, char why[ACT_WHY_MAX])
{
    const char *reason = text_of(act, "reason");

    if (reason && reason[0])
        return 0;
    (void)snprintf(why, ACT_WHY_MAX, "--reason wants a reason");
    return -EINVAL;
}

/* Which version it is, what that changes, and what it would do today. */
static int describe(struct pipeline *p, json_t *act, size_t i, const struct plan *plan)
{
    const struct plan *now = p->config->plans[i];
    bool second = p->config->settings->approval == APPROVAL_SECOND;
    json_t *changes = plans_changes(now, plan), *effect = plans_effect(p, i, plan);
    int r = changes && effect ? 0 : -1;

    r |= json_object_set_new(act, "plan", json_string(plan->id));
    r |= json_object_set_new(act, "digest", json_string(plan->source_digest));
    r |= json_object_set_new(act, "version", json_integer(plan->version));
    r |= json_object_set_new(act, "version_before", json_integer(now->version));
    r |= json_object_set_new(act, "second", json_boolean(second));
    r |= json_object_set(act, "changes", changes);
    r |= json_object_set(act, "effect", effect);
    json_decref(changes);
    json_decref(effect);
    return r ? -ENOMEM : 0;
}

/* Whether a version may take the place of what is in force. */
static int check_version(const struct pipeline *p, size_t i, const struct plan *plan,
                         char why[ACT_WHY_MAX])
{
    const struct plan *now = p->config->plans[i];
    const struct plan_book *b = plan_book_find(&p->plan_ledger, plan->id);
    const json_t *pending = plan_book_pending(b, pipeline_today(p));
    const char *waits = pending ? text_of(pending, "digest") : NULL;

    if (strcmp(now->source_digest, plan->source_digest) == 0)
        (void)snprintf(why, ACT_WHY_MAX, "this plan is in force already");
    else if (waits && strcmp(waits, plan->source_digest) == 0)
        (void)snprintf(why, ACT_WHY_MAX,
                       "this plan waits for a second person already: waitlistctl plan approve %s",
                       plan->id);
    else if (plan->version <= now->version)
        (void)snprintf(why, ACT_WHY_MAX,
                       "its version is %ld, and version %ld is in force: count it up, so that each "
                       "is told from the others",
                       plan->version, now->version);
    else
        return 0;
    return -EEXIST;
}

int plans_check_apply(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    json_t *text = json_incref(json_object_get(act, "text"));
    const char *file = text_of(act, "file");
    struct diags diags = DIAGS_INIT;
    struct plan *plan = NULL;
    char sha[SHA256_TEXT_MAX];
    int r = check_reason(act, why);

    if (r == 0)
        r = golive_note(p); /* this version is compared with one of which that is known */
    (void)json_object_del(act, "text"); /* the archive keeps it, not the audit */
    if (r == 0 && (!json_is_string(text) || !file)) {
        (void)snprintf(why, ACT_WHY_MAX, "a plan file is wanted");
        r = -EINVAL;
    }
    if (r == 0)
        r = plans_parse(p, p->config, file, json_string_value(text), json_string_length(text),
                        &diags, &plan);
    if (r == -EINVAL && !why[0])
        say_faults(&diags, why);
    diags_release(&diags);
    size_t i = r == 0 ? plans_index(p->config, plan->id) : 0;

    if (r == 0 && i == p->config->plan_count) {
        (void)snprintf(
            why, ACT_WHY_MAX,
            "no plan in force has the id \"%.64s\": a new plan is named in the settings, "
            "under plans:",
            plan->id);
        r = -ENOENT;
    }
    if (r == 0)
        r = check_version(p, i, plan, why);
    if (r == 0)
        r = archive_keep(p->archive, plan->source, plan->source_len, sha);
    if (r == 0)
        r = describe(p, act, i, plan);
    plan_free(plan);
    json_decref(text);
    return r;
}

/* The plan that an act names; the only one when it names none. */
static int named_plan(const struct pipeline *p, const json_t *act, size_t *out_i,
                      char why[ACT_WHY_MAX])
{
    const char *id = text_of(act, "id");

    *out_i = !id && p->config->plan_count == 1 ? 0 : plans_index(p->config, id);
    if (*out_i < p->config->plan_count)
        return 0;
    (void)snprintf(why, ACT_WHY_MAX, id ? "no plan in force has this id" : "say which plan");
    return -ENOENT;
}

int plans_check_rollback(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    struct diags diags = DIAGS_INIT;
    struct plan *plan = NULL;
    size_t i = 0;
    int r = check_reason(act, why);

    if (r == 0)
        r = named_plan(p, act, &i, why);
    const json_t *before =
        r == 0 ? plan_book_before(plan_book_find(&p->plan_ledger, p->config->plans[i]->id)) : NULL;

    if (r == 0 && !before) {
        (void)snprintf(why, ACT_WHY_MAX, "no version was in force before this one");
        r = -ENOENT;
    }
    if (r == 0)
        r = parse_kept(p, p->config, before, &diags, &plan);
    if (r == -EINVAL && !why[0])
        say_faults(&diags, why);
    if (r == 0)
        r = describe(p, act, i, plan);
    diags_release(&diags);
    plan_free(plan);
    return r;
}

/* The plan of which a version waits that the words name: its id, or the first digits of the digest. */
static const json_t *find_pending(const struct pipeline *p, const char *id, size_t *out_i)
{
    for (*out_i = 0; id && *out_i < p->config->plan_count; ++*out_i) {
        const struct plan_book *b = plan_book_find(&p->plan_ledger, p->config->plans[*out_i]->id);
        const json_t *pending = plan_book_pending(b, pipeline_today(p));

        if (pending && (strcmp(id, p->config->plans[*out_i]->id) == 0 ||
                        (strlen(id) >= DIGEST_TYPED &&
                         strncmp(id, text_of(pending, "digest"), strlen(id)) == 0)))
            return pending;
    }
    return NULL;
}

int plans_check_approve(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    struct diags diags = DIAGS_INIT;
    struct plan *plan = NULL;
    size_t i;
    const json_t *pending = find_pending(p, text_of(act, "id"), &i);
    int r;

    if (!pending) {
        (void)snprintf(why, ACT_WHY_MAX, "nothing of this name waits for a second person");
        return -ENOENT;
    }
    if (json_equal(json_object_get(pending, "uid"), json_object_get(act, "uid"))) {
        (void)snprintf(why, ACT_WHY_MAX, "%s applied it: a second person approves it",
                       text_of(pending, "who"));
        return -EPERM;
    }
    r = parse_kept(p, p->config, pending, &diags, &plan); /* the settings may be others by now */
    if (r == -EINVAL)
        say_faults(&diags, why);
    diags_release(&diags);
    json_t *effect = r == 0 ? plans_effect(p, i, plan) : NULL;

    if (r == 0)
        r = json_object_set_new(act, "plan", json_string(plan->id)) |
                    json_object_set(act, "digest", json_object_get(pending, "digest")) |
                    json_object_set(act, "version", json_object_get(pending, "version")) |
                    json_object_set(act, "effect", effect)
                ? -ENOMEM
                : 0;
    json_decref(effect);
    plan_free(plan);
    return r;
}

/* What the ledger says is in force comes into force, in a daemon that runs. */
static int enforce(struct pipeline *p, const char *id)
{
    const struct plan_book *b = plan_book_find(&p->plan_ledger, id);
    const char *digest = plan_book_digest(b);
    size_t i = plans_index(p->config, id);
    struct diags diags = DIAGS_INIT;
    struct plan *plan = NULL;
    int r;

    if (i == p->config->plan_count || !digest ||
        strcmp(p->config->plans[i]->source_digest, digest) == 0)
        return 0;
    r = parse_kept(p, p->config, b->in_force, &diags, &plan);
    diags_release(&diags);
    if (r < 0)
        return r;
    pipeline_let_go(p, true);
    config_put_plan(p->config, i, plan);
    p->need_evaluate = true;
    log_info("plan", "plan=%s version=%ld is in force", plan->id, plan->version);
    return 0;
}

int plans_take(struct pipeline *p, const json_t *act)
{
    int r = plan_ledger_take(&p->plan_ledger, act);

    if (r == 0 && p->store) /* at the start the plans are settled once all records are read */
        r = enforce(p, text_of(act, "plan"));
    if (r < 0)
        p->plans_are_behind = true;
    return r;
}
