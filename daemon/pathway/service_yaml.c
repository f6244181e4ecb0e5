/*
 * service_yaml - services.yaml to services; every complaint at its place
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "parse/pathway_record.h"
#include "pathway/service_internal.h"

/* What is read before its events are known by number. */
struct clock_raw {
    struct clock_rule rule;
    struct text_list from, to;
    int stop; /* 0 the first of `to`, 1 the latest of all */
    yaml_node *ends;
};
struct end_raw {
    struct clock_end end;
    char *event;
};
struct only_raw {
    struct event_only only;
    char *event;
};
struct service_raw {
    struct service service;
    struct span spell_gap;
    yaml_node *clock, *stages, *ends, *only;
};
struct file_raw {
    yaml_node *services;
};

static const char *const stops[] = { "first", "latest", NULL };
static const char *const starts[] = { "first", "each", "paired", NULL };
static const char *const end_outcomes[] = { "stopped", "removed", "transferred", "excluded", NULL };
static const int end_outcome_of[] = { OUTCOME_STOPPED, OUTCOME_REMOVED, OUTCOME_TRANSFERRED,
                                      OUTCOME_EXCLUDED };

#define CLOCK(name)   BIND_FIELD(struct clock_raw, name)
#define END(name)     BIND_FIELD(struct end_raw, name)
#define ONLY(name)    BIND_FIELD(struct only_raw, name)
#define SERVICE(name) BIND_FIELD(struct service_raw, name)

static const struct bind_key file_keys[] = {
    { "services", BIND_NODE, BIND_FIELD(struct file_raw, services), NULL, 0, 0, NULL, 1,
      "the list" },
    BIND_END,
};
static const struct bind_key service_keys[] = {
    { "id", BIND_ID, SERVICE(service.id), NULL, 0, 0, NULL, 1, "as feeds and plans name it" },
    { "title", BIND_TEXT, SERVICE(service.title), NULL, 0, 0, NULL, 1, "its name in reports" },
    { "source", BIND_TEXT, SERVICE(service.source), NULL, 0, 0, NULL, 1,
      "where the rule is written" },
    { "spell_gap", BIND_DURATION, SERVICE(spell_gap), NULL, 0, 0, NULL, 0,
      "referrals of one person at one provider that are this close are one spell" },
    { "clock", BIND_NODE, SERVICE(clock), NULL, 0, 0, NULL, 1, "the clock of the pathway" },
    { "stages", BIND_NODE, SERVICE(stages), NULL, 0, 0, NULL, 0, "clocks of parts of the pathway" },
    { "ends", BIND_NODE, SERVICE(ends), NULL, 0, 0, NULL, 0,
      "events that end it without what it waits for; removal and transfer always do" },
    { "only", BIND_NODE, SERVICE(only), NULL, 0, 0, NULL, 0,
      "of events that give a reason, those that its sources count" },
    { "exceptions", BIND_TEXTS, SERVICE(service.exceptions), NULL, 0, 0, NULL, 0,
      "codes that excuse a late wait; its clock runs on" },
    { "cohorts", BIND_TEXTS, SERVICE(service.cohorts), NULL, 0, 0, NULL, 0,
      "columns that tell its people apart" },
    BIND_END,
};
static const struct bind_key clock_keys[] = {
    { "id", BIND_ID, CLOCK(rule.id), NULL, 0, 0, NULL, 0, "as a plan's stage names it" },
    { "title", BIND_TEXT, CLOCK(rule.title), NULL, 0, 0, NULL, 0, "its name in reports" },
    { "source", BIND_TEXT, CLOCK(rule.source), NULL, 0, 0, NULL, 0, "where its line is written" },
    { "from", BIND_TEXTS, CLOCK(from), NULL, 0, 0, NULL, 1, "events that start it" },
    { "to", BIND_TEXTS, CLOCK(to), NULL, 0, 0, NULL, 1, "events that stop it" },
    { "stop", BIND_CHOICE, CLOCK(stop), "first", 0, 0, stops, 0,
      "first: any of `to`; latest: all of them, the latest counts" },
    { "starts", BIND_CHOICE, CLOCK(rule.kind), "first", 0, 0, starts, 0,
      "first: one clock; each: every start event begins it anew; paired: one for each event_id" },
    { "beyond", BIND_BOOL, CLOCK(rule.beyond), "no", 0, 0, NULL, 0,
      "whether it may run when the pathway's own clock has stopped" },
    { "line", BIND_TEXT, CLOCK(rule.line), NULL, 0, 0, NULL, 0,
      "the longest wait that its source allows or counts" },
    { "ends", BIND_NODE, CLOCK(ends), NULL, 0, 0, NULL, 0, "as of the service, for it alone" },
    BIND_END,
};
static const struct bind_key end_keys[] = {
    { "event", BIND_TEXT, END(event), NULL, 0, 0, NULL, 1, "the event" },
    { "reason", BIND_TEXTS, END(end.reasons), NULL, 0, 0, NULL, 0,
      "only with one of these reasons" },
    { "outcome", BIND_CHOICE, END(end.outcome), NULL, 0, 0, end_outcomes, 1,
      "excluded: it leaves the denominator" },
    BIND_END,
};
static const struct bind_key only_keys[] = {
    { "event", BIND_TEXT, ONLY(event), NULL, 0, 0, NULL, 1, "the event" },
    { "reason", BIND_TEXTS, ONLY(only.reasons), NULL, 0, 0, NULL, 1,
      "one that gives another reason does not count; one that gives none does" },
    BIND_END,
};

struct reading {
    const struct yaml *y;
    struct diags *diags;
};

#define COMPLAIN(rd, node, hint, ...)                                                              \
    (yaml_complain((rd)->y, node, (rd)->diags, DIAG_ERROR, hint, __VA_ARGS__), -EINVAL)

static int worse(int a, int b)
{
    if (a == -ENOMEM || b == -ENOMEM)
        return -ENOMEM;
    return a < 0 ? a : b;
}

static void ends_release(struct clock_end *ends, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_list_release(&ends[i].reasons);
    free(ends);
}

static void clock_release(struct clock_rule *c)
{
    free(c->id);
    free(c->title);
    free(c->source);
    free(c->line);
    ends_release(c->ends, c->end_count);
}

static void service_release(struct service *s)
{
    for (size_t i = 0; i < s->clock_count; i++)
        clock_release(&s->clocks[i]);
    free(s->clocks);
    ends_release(s->ends, s->end_count);
    for (size_t i = 0; i < s->only_count; i++)
        text_list_release(&s->only[i].reasons);
    free(s->only);
    text_list_release(&s->exceptions);
    text_list_release(&s->cohorts);
    free(s->id);
    free(s->title);
    free(s->source);
}

void services_free(struct services *s)
{
    for (size_t i = 0; s && i < s->count; i++)
        service_release(&s->list[i]);
    if (s)
        free(s->list);
    free(s);
}

static int event_at(const struct reading *rd, yaml_node *at, const char *name, int *out_event)
{
    int event = pathway_event_of(name);

    if (event < 0) {
        const char *near = diag_nearest(name, pathway_event_names, EVENT_COUNT);

        return COMPLAIN(rd, at, near ? near : "pathway-events in feed-formats(5) lists them",
                        "\"%s\" is no event", name);
    }
    *out_event = event;
    return 0;
}

static int events_at(const struct reading *rd, yaml_node *at, const struct text_list *names,
                     uint32_t *out_bits)
{
    int r = 0, event = 0;

    for (size_t i = 0; i < names->count; i++) {
        int e = event_at(rd, at, names->items[i], &event);

        r = worse(r, e);
        if (e == 0)
            *out_bits |= EVENT_BIT(event);
    }
    return r;
}

/* Room for what the sequence holds and `more`, zeroed; NULL without memory. */
static void *room(yaml_node *sequence, size_t more, size_t size)
{
    return calloc(yaml_count(sequence) + more, size);
}

static int read_end(const struct reading *rd, yaml_node *mapping, struct clock_end *out_end)
{
    struct end_raw raw = { .event = NULL };
    int r = bind_mapping(rd->y, mapping, "end", end_keys, &raw, rd->diags);

    if (r == 0)
        r = event_at(rd, yaml_get(mapping, "event"), raw.event, &raw.end.event);
    free(raw.event);
    if (r == 0)
        raw.end.outcome = end_outcome_of[raw.end.outcome];
    *out_end = raw.end;
    return r;
}

/* with_common: those of every service, after its own. */
static int read_ends(const struct reading *rd, yaml_node *sequence, bool with_common,
                     struct clock_end **out_ends, size_t *out_count)
{
    static const struct clock_end common[] = {
        { EVENT_REMOVAL, { NULL, 0 }, OUTCOME_REMOVED },
        { EVENT_TRANSFER, { NULL, 0 }, OUTCOME_TRANSFERRED },
    };
    const size_t common_count = sizeof common / sizeof common[0];
    int r = 0;

    if (sequence && yaml_kind(sequence) != YAML_SEQUENCE)
        return COMPLAIN(rd, sequence, "each begins with \"- event:\"", "ends is a list");
    *out_ends = room(sequence, common_count, sizeof **out_ends);
    if (!*out_ends)
        return -ENOMEM;
    for (size_t i = 0; i < yaml_count(sequence); i++)
        r = worse(r, read_end(rd, yaml_item(sequence, i), &(*out_ends)[(*out_count)++]));
    for (size_t i = 0; with_common && i < common_count; i++)
        (*out_ends)[(*out_count)++] = common[i];
    return r;
}

static int read_only(const struct reading *rd, yaml_node *mapping, struct event_only *out_only)
{
    struct only_raw raw = { .event = NULL };
    int r = bind_mapping(rd->y, mapping, "only", only_keys, &raw, rd->diags);

    if (r == 0)
        r = event_at(rd, yaml_get(mapping, "event"), raw.event, &raw.only.event);
    free(raw.event);
    *out_only = raw.only;
    return r;
}

static int read_onlies(const struct reading *rd, yaml_node *sequence, struct service *s)
{
    int r = 0;

    if (sequence && yaml_kind(sequence) != YAML_SEQUENCE)
        return COMPLAIN(rd, sequence, "each begins with \"- event:\"", "only is a list");
    s->only = room(sequence, 1, sizeof *s->only);
    if (!s->only)
        return -ENOMEM;
    for (size_t i = 0; i < yaml_count(sequence); i++)
        r = worse(r, read_only(rd, yaml_item(sequence, i), &s->only[s->only_count++]));
    return r;
}

/* The sense of one clock, once its events are known. */
static int check_clock(const struct reading *rd, yaml_node *mapping, const struct clock_raw *raw,
                       bool is_stage)
{
    const struct clock_rule *c = &raw->rule;
    struct span line;
    int r = 0;

    if (is_stage && !c->id)
        r = COMPLAIN(rd, mapping, NULL, "a stage has an id");
    if (!is_stage && (c->id || c->beyond))
        r = COMPLAIN(rd, mapping, NULL, "the pathway's own clock has neither id nor beyond");
    if (c->line && span_parse(c->line, &line) < 0)
        r = COMPLAIN(rd, yaml_get(mapping, "line"), "for example 18w, 126d or 3m",
                     "\"%s\" is no wait", c->line);
    if (c->kind != CLOCK_FIRST && c->latest)
        r = COMPLAIN(rd, yaml_get(mapping, "stop"), NULL,
                     "only a clock that starts once stops with the latest of its events");
    if (c->kind != CLOCK_EACH && (c->from & c->to))
        r = COMPLAIN(rd, yaml_get(mapping, "to"), "with \"starts: each\" it begins anew",
                     "an event both starts and stops the clock");
    return r;
}

static int read_clock(const struct reading *rd, yaml_node *mapping, bool is_stage,
                      struct clock_rule *out_clock)
{
    struct clock_raw raw = { .stop = 0 };
    int r = bind_mapping(rd->y, mapping, is_stage ? "stage" : "clock", clock_keys, &raw, rd->diags);

    raw.rule.latest = raw.stop == 1;
    if (r == 0) {
        r = events_at(rd, yaml_get(mapping, "from"), &raw.from, &raw.rule.from);
        r = worse(r, events_at(rd, yaml_get(mapping, "to"), &raw.to, &raw.rule.to));
    }
    if (r == 0)
        r = check_clock(rd, mapping, &raw, is_stage);
    if (r == 0)
        r = read_ends(rd, raw.ends, false, &raw.rule.ends, &raw.rule.end_count);
    if (r == 0 && !is_stage && !(raw.rule.id = strdup(PATHWAY_CLOCK)))
        r = -ENOMEM;
    text_list_release(&raw.from);
    text_list_release(&raw.to);
    *out_clock = raw.rule;
    return r;
}

static int read_clocks(const struct reading *rd, const struct service_raw *raw, struct service *s)
{
    yaml_node *stages = raw->stages;

    if (stages && yaml_kind(stages) != YAML_SEQUENCE)
        return COMPLAIN(rd, stages, "each begins with \"- id:\"", "stages is a list");
    if (yaml_count(stages) >= CLOCKS_MAX)
        return COMPLAIN(rd, stages, NULL, "a service has %d stages at most", CLOCKS_MAX - 1);
    s->clocks = room(stages, 1, sizeof *s->clocks);
    if (!s->clocks)
        return -ENOMEM;
    int r = read_clock(rd, raw->clock, false, &s->clocks[s->clock_count++]);

    for (size_t i = 0; i < yaml_count(stages) && r != -ENOMEM; i++) {
        struct clock_rule *c = &s->clocks[s->clock_count];
        int e = read_clock(rd, yaml_item(stages, i), true, c);

        if (r == 0 && e == 0 && service_clock(s, c->id) >= 0)
            e = COMPLAIN(rd, yaml_get(yaml_item(stages, i), "id"), NULL,
                         "the stage \"%s\" is given twice", c->id);
        s->clock_count++;
        r = worse(r, e);
    }
    return r;
}

static int read_service(const struct reading *rd, yaml_node *mapping, struct services *all)
{
    struct service_raw raw = { .service.spell_gap_days = -1 };
    struct service *s = &raw.service;
    int r = bind_mapping(rd->y, mapping, "service", service_keys, &raw, rd->diags);

    if (r == 0 && service_is_declared(service_of(all, s->id)))
        r = COMPLAIN(rd, yaml_get(mapping, "id"), NULL, "the service \"%s\" is given twice", s->id);
    if (r == 0 && yaml_get(mapping, "spell_gap")) {
        if (raw.spell_gap.unit != SPAN_DAYS || raw.spell_gap.count < 0 || raw.spell_gap.count > 366)
            r = COMPLAIN(rd, yaml_get(mapping, "spell_gap"), "for example 5d",
                         "spell_gap is a number of days");
        s->spell_gap_days = raw.spell_gap.count;
    }
    if (r == 0 && s->exceptions.count > EXCEPTIONS_MAX)
        r = COMPLAIN(rd, yaml_get(mapping, "exceptions"), NULL,
                     "a service has %d exceptions at most", EXCEPTIONS_MAX);
    if (r == 0)
        r = read_ends(rd, raw.ends, true, &s->ends, &s->end_count);
    if (r == 0)
        r = read_onlies(rd, raw.only, s);
    if (r == 0)
        r = read_clocks(rd, &raw, s);
    if (r < 0)
        service_release(s);
    else
        all->list[all->count++] = *s;
    return r;
}

static int read_file(const struct yaml *y, struct diags *diags, struct services **out_services)
{
    const struct reading rd = { y, diags };
    struct file_raw raw = { NULL };
    struct services *s = calloc(1, sizeof *s);
    int r = s ? bind_mapping(y, yaml_root(y), "services.yaml", file_keys, &raw, diags) : -ENOMEM;

    if (r == 0 && yaml_kind(raw.services) != YAML_SEQUENCE)
        r = COMPLAIN(&rd, raw.services, "each begins with \"- id:\"", "services is a list");
    if (r == 0 && !(s->list = room(raw.services, 1, sizeof *s->list)))
        r = -ENOMEM;
    for (size_t i = 0; (r == 0 || r == -EINVAL) && s->list && i < yaml_count(raw.services); i++)
        r = worse(r, read_service(&rd, yaml_item(raw.services, i), s));
    if (r < 0) {
        services_free(s);
        return r;
    }
    *out_services = s;
    return 0;
}

int services_load(const char *path, struct diags *diags, struct services **out_services)
{
    struct yaml *y = NULL;
    int r = yaml_load(path, diags, &y);

    if (r == 0)
        r = read_file(y, diags, out_services);
    yaml_free(y);
    return r == -ENOMEM || r == 0 ? r : -EINVAL;
}

int services_parse(const char *name, const char *text, size_t len, struct diags *diags,
                   struct services **out_services)
{
    struct yaml *y = NULL;
    int r = yaml_parse(name, text, len, diags, &y);

    if (r == 0)
        r = read_file(y, diags, out_services);
    yaml_free(y);
    return r;
}
