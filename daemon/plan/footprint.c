/*
 * footprint - found where a plan is read, with the settings' places and organisations at hand
 */
#include "plan/footprint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/plan_yaml.h"

const char *footprint_name(enum footprint kind)
{
    static const char *const names[] = {
        NULL, "place", "provider", "ICB", "England", "whole list"
    };

    return names[kind];
}

static struct footprint_of find(const struct footprint_source *source, const struct plan_measure *m)
{
    const struct list_measure *l = m->list;

    if (l && l->place)
        return source->place(source->arg, l->place);
    if (l && l->provider)
        return source->organisation(source->arg, l->provider);
    if (!l && m->select.org && !m->of_feed)
        return source->organisation(source->arg, m->select.org);
    if (l && l->list)
        return (struct footprint_of){ FOOTPRINT_LIST, l->list, l->list };
    return (struct footprint_of){ FOOTPRINT_UNKNOWN, NULL, NULL };
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* Whether a title has a name as words of its own; what names the organisation itself does not count. */
static bool names(const char *title, const char *name, const char *organisation)
{
    AUTO(auto_free) char *text = text_folded(title);
    AUTO(auto_free) char *word = text_folded(name);
    AUTO(auto_free) char *whole = organisation ? text_folded(organisation) : NULL;

    if (!text || !word || !*word)
        return false;
    for (char *at; whole && *whole && (at = strstr(text, whole));)
        memset(at, ' ', strlen(whole));
    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || !is_letter(at[-1])) && !is_letter(at[strlen(word)]))
            return true;
    return false;
}

static yaml_node *place_of(const struct measure_reading *reading)
{
    static const char *const keys[] = { "place", "org", "provider", "list" };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        yaml_node *at = yaml_get(reading->select, keys[i]);

        if (at)
            return at;
    }
    return reading->node;
}

static void complain(struct plan_reading *r, const struct measure_reading *reading,
                     const struct footprint_of *is, const struct footprint_of *own)
{
    const char *kind = footprint_name(is->kind), *title = reading->m.title;
    bool is_named =
        title && (names(title, own->title, is->title) || names(title, own->id, is->title));

    if (is_named)
        plan_complain(r, yaml_get(reading->node, "title"), PLAN_FOOTPRINT_NAMED,
                      "say whose figures they are, or select figures of the place",
                      "measure: the title names %s, and the figures are those of %s (%s)",
                      own->title, is->title, kind);
    else
        plan_complain(r, place_of(reading), PLAN_FOOTPRINT_WIDER,
                      "they are shown as theirs, never as the place's",
                      "measure: the figures are those of %s (%s), not of %s alone", is->title, kind,
                      own->title);
}

int plan_footprint_of_ref(struct plan_reading *r, struct figure_ref *ref, yaml_node *at)
{
    const struct footprint_source *source = r->footprints;
    struct footprint_of is, own = { FOOTPRINT_UNKNOWN, NULL, NULL };

    if (!source)
        return 0;
    is = source->organisation(source->arg, ref->select.org);
    if (is.kind == FOOTPRINT_UNKNOWN)
        return 0;
    ref->footprint = is.kind;
    ref->footprint_of = strdup(is.title);
    if (!ref->footprint_of)
        return -ENOMEM;
    if (r->plan->place)
        own = source->place(source->arg, r->plan->place);
    if (own.kind == FOOTPRINT_PLACE && (is.kind != FOOTPRINT_PLACE || strcmp(is.id, own.id) != 0) &&
        (names(ref->title, own.title, is.title) || names(ref->title, own.id, is.title)))
        plan_complain(r, at, PLAN_FOOTPRINT_NAMED, "say whose figure it is",
                      "the title names %s, and the figure is that of %s (%s)", own.title, is.title,
                      footprint_name(is.kind));
    return 0;
}

int plan_footprint(struct plan_reading *r, struct measure_reading *reading)
{
    const struct footprint_source *source = r->footprints;
    struct plan_measure *m = &reading->m;

    if (!source)
        return 0;
    struct footprint_of is = find(source, m), own = { FOOTPRINT_UNKNOWN, NULL, NULL };

    if (is.kind == FOOTPRINT_UNKNOWN)
        return 0;
    m->footprint = is.kind;
    m->footprint_of = strdup(is.title);
    if (!m->footprint_of)
        return -ENOMEM;
    if (r->plan->place)
        own = source->place(source->arg, r->plan->place);
    m->is_wider =
        own.kind == FOOTPRINT_PLACE && (is.kind != FOOTPRINT_PLACE || strcmp(is.id, own.id) != 0);
    if (m->is_wider)
        complain(r, reading, &is, &own);
    return 0;
}
