/*
 * plan_forum - who answers for the plan: its approval, its forums, what an action is to put right,
 * and whether each role is held
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/plan_yaml.h"

#define HINT_MAX            160
#define PAPERS_DAYS_MAX     60
#define PAPERS_WORKDAYS_MAX 40

/* ---- approval: ---- */

static const struct bind_key approval_keys[] = {
    { "reference", BIND_TEXT, BIND_FIELD(struct plan_approval, reference), NULL, 0, 0, NULL, 1,
      "where it was agreed: a minute, a decision, a letter" },
    { "by", BIND_TEXT, BIND_FIELD(struct plan_approval, by), NULL, 0, 0, NULL, 0,
      "the body that agreed it, not a person" },
    { "date", BIND_DATE, BIND_FIELD(struct plan_approval, date), NULL, 0, 0, NULL, 0, "when" },
    BIND_END,
};

int plan_read_approval(struct plan_reading *r, yaml_node *node)
{
    struct plan_approval *a = &r->plan->approval;

    a->date = DATE_NONE;
    if (yaml_is_nothing(node))
        return 0;
    return bind_mapping(r->y, node, "approval", approval_keys, a, r->diags) == -ENOMEM ? -ENOMEM
                                                                                       : 0;
}

/* ---- forums: ---- */

struct forum_reading {
    struct plan_forum f;
    long papers_days;
    yaml_node *meets;
};

static const struct bind_key forum_keys[] = {
    { "title", BIND_TEXT, BIND_FIELD(struct forum_reading, f.title), NULL, 0, 0, NULL, 1,
      "its name, such as SEND Improvement Board" },
    { "papers_days", BIND_INTEGER, BIND_FIELD(struct forum_reading, papers_days), "7", 0,
      PAPERS_DAYS_MAX, NULL, 0, "papers are due so many days before a meeting that says no day" },
    { "papers_working_days", BIND_INTEGER, BIND_FIELD(struct forum_reading, f.papers_working_days),
      NULL, 1, PAPERS_WORKDAYS_MAX, NULL, 0, "the same in working days, in place of papers_days" },
    { "ask_working_days", BIND_INTEGER, BIND_FIELD(struct forum_reading, f.ask_working_days), "5",
      0, PAPERS_WORKDAYS_MAX, NULL, 0,
      "leads of red measures are asked for a commentary so many working days before papers are "
      "due; "
      "0: "
      "nobody is" },
    { "meets", BIND_NODE, BIND_FIELD(struct forum_reading, meets), NULL, 0, 0, NULL, 0,
      "its meetings: a list of dates, or of {on: DATE, papers: DATE}" },
    BIND_END,
};

static const struct bind_key meeting_keys[] = {
    { "on", BIND_DATE, BIND_FIELD(struct plan_meeting, on), NULL, 0, 0, NULL, 1, "the day" },
    { "papers", BIND_DATE, BIND_FIELD(struct plan_meeting, papers), NULL, 0, 0, NULL, 0,
      "the last day on which its papers are taken" },
    BIND_END,
};

/* Returns 0 or -ENOMEM; *out_ok: it is one. */
static int read_meeting(struct plan_reading *r, yaml_node *node, long papers_days,
                        struct plan_meeting *out, bool *out_ok)
{
    const char *text = yaml_text(node);
    int bound = 0;

    *out = (struct plan_meeting){ DATE_NONE, DATE_NONE, false };
    if (text && date_parse_iso(text, strlen(text), &out->on) < 0)
        plan_not_a_date(r, node, "forum: meets:", "for example 2024-06-20");
    else if (!text)
        bound = bind_mapping(r->y, node, "meeting", meeting_keys, out, r->diags);
    *out_ok = bound == 0 && date_is_set(out->on);
    if (!*out_ok)
        return bound == -ENOMEM ? bound : 0;
    plan_check_validity(r, "a meeting", out->on, text ? node : yaml_get(node, "on"));
    out->papers_are_said = date_is_set(out->papers);
    if (!out->papers_are_said)
        out->papers = date_add_days(out->on, (int)-papers_days);
    if (date_compare(out->papers, out->on) > 0)
        plan_complain(r, yaml_get(node, "papers"), PLAN_PAPERS_AFTER_MEETING,
                      "papers are due before the meeting, or on its day",
                      "meeting: its papers are due after it");
    return 0;
}

static int by_day(const void *a, const void *b)
{
    return date_compare(((const struct plan_meeting *)a)->on, ((const struct plan_meeting *)b)->on);
}

static int read_meetings(struct plan_reading *r, struct forum_reading *reading)
{
    struct plan_forum *f = &reading->f;
    size_t count = plan_is_list(r, "meets", reading->meets) ? yaml_count(reading->meets) : 0;

    f->meetings = calloc(count + 1, sizeof *f->meetings);
    if (!f->meetings)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        bool ok;

        if (read_meeting(r, yaml_item(reading->meets, i), reading->papers_days,
                         &f->meetings[f->meeting_count], &ok) < 0)
            return -ENOMEM;
        f->meeting_count += ok;
    }
    qsort(f->meetings, f->meeting_count, sizeof *f->meetings, by_day);
    return 0;
}

static int read_forum(struct plan_reading *r, yaml_node *key, yaml_node *mapping)
{
    struct forum_reading reading = { .meets = NULL };
    struct plan_forum *slot = &r->plan->forums[r->plan->forum_count++];
    int bound = bind_mapping(r->y, mapping, "forum", forum_keys, &reading, r->diags);

    reading.f.id = strdup(yaml_text(key));
    if (bound != -ENOMEM)
        bound = reading.f.id ? read_meetings(r, &reading) : -ENOMEM;
    *slot = reading.f;
    if (bound == 0)
        (void)plan_check_id(r, "forum", slot->id, key);
    return bound;
}

int plan_read_forums(struct plan_reading *r, yaml_node *forums)
{
    struct plan *p = r->plan;
    size_t count = yaml_is_nothing(forums) ? 0 : yaml_count(forums);
    int result = 0;

    if (!yaml_is_nothing(forums) && yaml_kind(forums) != YAML_MAPPING) {
        plan_complain(r, forums, PLAN_NOT_A_MAPPING, "for example \"board: {title: SEND board}\"",
                      "forums: this is not a mapping of forums by id");
        count = 0;
    }
    p->forums = calloc(count + 1, sizeof *p->forums);
    r->forums.list = calloc(count + 1, sizeof *r->forums.list);
    if (!p->forums || !r->forums.list)
        return -ENOMEM;
    for (size_t i = 0; result == 0 && i < count; i++) {
        yaml_node *key = NULL, *mapping = yaml_pair(forums, i, &key);

        result = read_forum(r, key, mapping);
        if (result == 0)
            r->forums.list[r->forums.count++] = p->forums[i].id;
    }
    return result;
}

const struct plan_forum *plan_forum_find(const struct plan *p, const char *id)
{
    for (size_t i = 0; i < p->forum_count; i++)
        if (p->forums[i].id && strcmp(p->forums[i].id, id) == 0)
            return &p->forums[i];
    return NULL;
}

const struct plan_meeting *plan_forum_next(const struct plan_forum *f, struct civil_date today)
{
    for (size_t i = 0; i < f->meeting_count; i++)
        if (date_compare(f->meetings[i].on, today) >= 0)
            return &f->meetings[i];
    return NULL;
}

struct civil_date plan_meeting_papers(const struct plan_forum *f, const struct plan_meeting *m,
                                      const struct workdays *workdays)
{
    return f->papers_working_days && !m->papers_are_said
               ? workdays_before(workdays, m->on, (int)f->papers_working_days)
               : m->papers;
}

void plan_forum_release(struct plan_forum *f)
{
    free(f->id);
    free(f->title);
    free(f->meetings);
}

/* ---- weakness: and delivery: of an action ---- */

static const struct bind_key weakness_keys[] = {
    { "id", BIND_ITEM, BIND_FIELD(struct plan_weakness, id), NULL, 0, 0, NULL, 1,
      "as the statement of action or the inspection numbers it" },
    { "judgement", BIND_TEXT, BIND_FIELD(struct plan_weakness, judgement), NULL, 0, 0, NULL, 0,
      "what was last judged of it, such as: insufficient progress" },
    { "date", BIND_DATE, BIND_FIELD(struct plan_weakness, date), NULL, 0, 0, NULL, 0,
      "when that was judged" },
    BIND_END,
};

/* In the order of enum rag. */
static const char *const delivery_words[] = { "grey", "blue", "green", "amber", "red", NULL };

struct delivery_reading {
    int rag;
    struct civil_date date;
    char *note;
};

static const struct bind_key delivery_keys[] = {
    { "rag", BIND_CHOICE, BIND_FIELD(struct delivery_reading, rag), NULL, 0, 0, delivery_words, 1,
      "how its lead sees the work go; it is not how the measures stand" },
    { "date", BIND_DATE, BIND_FIELD(struct delivery_reading, date), NULL, 0, 0, NULL, 0,
      "when that was said" },
    { "note", BIND_TEXT, BIND_FIELD(struct delivery_reading, note), NULL, 0, 0, NULL, 0, "why" },
    BIND_END,
};

int plan_read_weakness(struct plan_reading *r, yaml_node *node, struct plan_weakness *out)
{
    out->date = DATE_NONE;
    if (yaml_is_nothing(node))
        return 0;
    return bind_mapping(r->y, node, "weakness", weakness_keys, out, r->diags) == -ENOMEM ? -ENOMEM
                                                                                         : 0;
}

int plan_read_delivery(struct plan_reading *r, yaml_node *node, struct plan_delivery *out)
{
    struct delivery_reading reading = { -1, DATE_NONE, NULL };
    int bound = 0;

    if (!yaml_is_nothing(node))
        bound = bind_mapping(r->y, node, "delivery", delivery_keys, &reading, r->diags);
    *out = (struct plan_delivery){ .is_said = reading.rag >= 0,
                                   .rag = reading.rag >= 0 ? (enum rag)reading.rag : RAG_GREY,
                                   .date = reading.date,
                                   .note = reading.note };
    return bound == -ENOMEM ? bound : 0;
}

/* ---- who holds the roles ---- */

void plan_check_holders(struct plan_reading *r, const char *role, yaml_node *key)
{
    const struct plan_holders *h = r->context ? r->context->holders : NULL;
    struct civil_date from, to;
    char a[DATE_TEXT_MAX], b[DATE_TEXT_MAX];

    if (!h)
        return;
    switch (h->gap(h->arg, role, r->plan->valid_from, r->plan->valid_to, &from, &to)) {
    case ROLE_HELD:
        break;
    case ROLE_NOT_HELD:
        plan_complain(r, key, PLAN_ROLE_NOT_HELD, "say in people.yaml, under holders, who holds it",
                      "role \"%s\": nobody holds it", role);
        break;
    case ROLE_GAP:
        plan_complain(r, key, PLAN_ROLE_GAP, "say in people.yaml, under holders, who holds it then",
                      "role \"%s\": nobody holds it from %s%s%s", role, date_format(from, a),
                      date_is_set(to) ? " to " : " on", date_format(to, b));
    }
}
