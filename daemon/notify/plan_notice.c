#include "notify/plan_notice.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "notify/wording.h"
#include "plan/plan_ledger.h"

#define SUBJECT_MAX 60
#define LINES_MAX   25 /* of changes; the rest is counted */

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static bool is_of_plan(const json_t *change, const char *what)
{
    const char *subject = text_of(change, "subject"), *of = text_of(change, "what");

    return subject && of && strcmp(subject, "plan") == 0 && strcmp(of, what) == 0;
}

bool plan_change_is_for_all(const json_t *change)
{
    static const char *const all[] = { "mode", "valid from", PLAN_END_MOVED };
    bool is_for_all = false;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        is_for_all |= is_of_plan(change, all[i]);
    return is_for_all;
}

enum mode_change plan_mode_change(const json_t *record)
{
    size_t i;
    json_t *change;

    json_array_foreach(json_object_get(record, "changes"), i, change)
    {
        const char *after = text_of(change, "after");

        if (is_of_plan(change, "mode") && after)
            return strcmp(after, "live") == 0 ? MODE_TO_LIVE : MODE_TO_REHEARSAL;
    }
    return MODE_STAYS;
}

static bool is_for(const json_t *change, const json_t *roles)
{
    size_t i, k;
    json_t *of, *mine;

    if (plan_change_is_for_all(change))
        return true;
    json_array_foreach(json_object_get(change, "roles"), i, of)
    {
        json_array_foreach(roles, k, mine)
        {
            if (json_equal(of, mine))
                return true;
        }
    }
    return false;
}

/* What changes nothing in how a measure or an action is judged, nor whose it is: no news by itself. */
static bool is_of_words(const json_t *change)
{
    static const char *const words[] = {
        "id",           "title",     "status",         "forum",
        "weakness",     "judgement", "judgement date", "action",
        "priority",     "was",       "delivery date",  "delivery note",
        "baseline note"
    };
    const char *what = text_of(change, "what");

    for (size_t i = 0; what && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(what, words[i]) == 0)
            return true;
    return what && strncmp(what, "note on ", strlen("note on ")) == 0;
}

/* In which part of the message a change stands. */
enum part { PART_SOFTER, PART_HARDER, PART_OWNER, PART_OTHER, PARTS };

static enum part part_of(const json_t *change)
{
    const char *effect = text_of(change, "effect"), *kind = text_of(change, "change");

    if (effect)
        return strcmp(effect, "softer") == 0 ? PART_SOFTER : PART_HARDER;
    return kind && strcmp(kind, "owner") == 0 ? PART_OWNER : PART_OTHER;
}

/* "- Children helped within 4 weeks (cyp-4w): line on 2024-04-30: 10 (before: 20)" */
static void say_change(const json_t *change, struct text *out)
{
    const char *title = text_of(change, "title"), *before = text_of(change, "before"),
               *after = text_of(change, "after"), *kind = text_of(change, "change");

    (void)text_puts(out, "- ");
    wording_clean(out, title ? title : text_of(change, "subject"), 80, 12);
    (void)text_puts(out, " (");
    wording_clean(out, text_of(change, "id"), 60, 4);
    (void)text_puts(out, "): ");
    if (kind && (strcmp(kind, "removed") == 0 || strcmp(kind, "added") == 0)) {
        (void)text_puts(out, strcmp(kind, "added") == 0 ? "new\n" : "left out of the plan\n");
        return;
    }
    wording_clean(out, text_of(change, "what"), 60, 8);
    if (before || after) {
        (void)text_puts(out, ": ");
        wording_clean(out, after ? after : "none", 80, 12);
        (void)text_puts(out, " (before: ");
        wording_clean(out, before ? before : "none", 80, 12);
        (void)text_putc(out, ')');
    }
    (void)text_putc(out, '\n');
}

static void say_part(const json_t *changes, const json_t *roles, enum part part, size_t *lines,
                     struct text *out)
{
    static const char *const titles[] = { "Softer:", "Harder:", "Owner:", "Also changed:" };
    bool begun = false;
    size_t i;
    json_t *change;

    json_array_foreach(changes, i, change)
    {
        if (part_of(change) != part || !is_for(change, roles))
            continue;
        if (++*lines > LINES_MAX)
            continue;
        if (!begun)
            (void)text_printf(out, "\n%s\n", titles[part]);
        begun = true;
        say_change(change, out);
    }
}

static void name_plan(const struct plan *plan, struct text *out)
{
    wording_clean(out, plan->title, 80, 12);
    if (plan->illustrative)
        (void)text_puts(out, " (ILLUSTRATIVE: invented)");
}

static void begin_subject(const struct plan *plan, const char *what, struct text *out)
{
    (void)text_printf(out, "%s%s: ", plan->mode == PLAN_REHEARSAL ? "Rehearsal: " : "", what);
    wording_clean(out, plan->title, 30, 5);
}

static void end_subject(struct text *out)
{
    if (wording_characters(text_str(out)) > SUBJECT_MAX)
        wording_shorten(out, SUBJECT_MAX);
}

static void say_who(const json_t *record, struct text *out)
{
    const char *who = text_of(record, "who"), *second = text_of(record, "approved_by"),
               *reason = text_of(record, "reason");

    if (!who) {
        (void)text_puts(out, "Its file was edited; nobody gave a reason.\n");
        return;
    }
    (void)text_puts(out, "By ");
    wording_clean(out, who, 60, 6);
    if (second) {
        (void)text_puts(out, ", approved by ");
        wording_clean(out, second, 60, 6);
    }
    (void)text_puts(out, ": ");
    wording_clean(out, reason, 300, 50);
    (void)text_putc(out, '\n');
}

int plan_changed_words(const struct plan *plan, const json_t *record, const json_t *roles,
                       struct text *out_subject, struct text *out_body)
{
    const json_t *changes = json_object_get(record, "changes");
    const char *act = text_of(record, "act"), *at = text_of(record, "at");
    bool back = act && strcmp(act, "plan-rollback") == 0;
    bool is_quiet = plan_mode_change(record) == MODE_TO_REHEARSAL;
    char date[WORDING_DATE_MAX];
    struct civil_date on = DATE_NONE;
    size_t count[PARTS] = { 0 }, lines = 0, news = 0, i;
    json_t *change;

    json_array_foreach(changes, i, change)
    {
        if (!is_for(change, roles))
            continue;
        count[part_of(change)]++;
        news += !is_of_words(change);
    }
    if (news == 0)
        return 0;
    if (at && strlen(at) >= 10)
        (void)date_parse_iso(at, 10, &on);
    begin_subject(plan,
                  is_quiet ? "Plan in rehearsal"
                  : back   ? "Plan rolled back"
                           : "Plan changed",
                  out_subject);
    if (count[PART_SOFTER])
        (void)text_printf(out_subject, ", %zu softer", count[PART_SOFTER]);
    if (count[PART_HARDER])
        (void)text_printf(out_subject, ", %zu harder", count[PART_HARDER]);
    end_subject(out_subject);
    name_plan(plan, out_body);
    (void)text_printf(out_body, ": version %lld is in force since %s%s.\n",
                      (long long)json_integer_value(json_object_get(record, "version")),
                      wording_date(on, date), back ? ", the version before" : "");
    say_who(record, out_body);
    if (is_quiet)
        (void)text_puts(out_body,
                        "\nFrom now on it is in rehearsal: what is behind it is told to its "
                        "author alone, not to you, until it is live again.\n");
    for (int part = PART_SOFTER; part < PARTS; part++)
        say_part(changes, roles, (enum part)part, &lines, out_body);
    if (lines > LINES_MAX)
        (void)text_printf(out_body, "\nand %zu more: \"waitlistctl audit\"\n", lines - LINES_MAX);
    (void)text_puts(out_body,
                    "\nAlerts that open or end because of it follow as always, and say that the "
                    "plan changed. \"waitlistctl plan show\" lists every softening, for "
                    "ever.\n\nFor service oversight; not for deciding any child's care.\n");
    return text_ok(out_subject) && text_ok(out_body) ? (int)news : -ENOMEM;
}

int plan_ends_words(const struct plan *plan, struct civil_date today, struct text *out_subject,
                    struct text *out_body)
{
    char date[WORDING_DATE_MAX];
    int left = plan->valid_to.day - today.day;

    (void)wording_date(plan->valid_to, date);
    begin_subject(plan, left < 0 ? "Plan expired" : "Plan ends", out_subject);
    (void)text_printf(out_subject, ", %s", date);
    end_subject(out_subject);
    name_plan(plan, out_body);
    if (left < 0)
        (void)text_printf(out_body, " expired: its last day was %s.\n\nIts measures are", date);
    else
        (void)text_printf(out_body, " ends on %s, in %d day%s.\n\nFrom then on its measures are",
                          date, left, left == 1 ? "" : "s");
    (void)text_puts(
        out_body,
        " still watched, against their last milestones, and what is told of them says that "
        "the plan has expired, until another version is in force.\n\nWhat to do: agree the "
        "next version, then \"waitlistctl plan diff FILE\" and \"waitlistctl plan apply "
        "FILE\".\n\nFor service oversight; not for deciding any child's care.\n");
    return text_ok(out_subject) && text_ok(out_body) ? 0 : -ENOMEM;
}
