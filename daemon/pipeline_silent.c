#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A provider's part of a waiting list that nothing comes of any more. What is counted of the whole list stands
 * still with it, and no feed that brings the others is late: so it is a gap of theirs.
 */

#define SILENT_CADENCES 2  /* as long as a list is projected (DESIGN section 9) */
#define SILENT_DAYS     14 /* of events: a small provider may have none for some days */

static bool must_cover(const struct pipeline *p, const struct feed_setting *f, const char *provider)
{
    const struct settings *s = p->config->settings;
    struct civil_date today = pipeline_today(p);

    for (size_t i = 0; i < f->providers.count; i++)
        if (strcmp(settings_org_on(s, settings_org_code(s, f->providers.items[i]), today),
                   settings_org_on(s, provider, today)) == 0)
            return true;
    return false;
}

static bool writes(const struct feed_setting *f, const struct list_setting *list)
{
    return f->into && strcmp(f->into, list->id) == 0;
}

/* Feeds that must cover it, or name nobody, bring a provider's part; where there are none, any may. */
static bool brings(const struct pipeline *p, const struct list_setting *list,
                   const struct feed_setting *f, const char *provider)
{
    const struct settings *s = p->config->settings;
    bool any = false;

    if (!writes(f, list))
        return false;
    if (f->providers.count == 0 || must_cover(p, f, provider))
        return true;
    for (size_t i = 0; i < s->feed_count && !any; i++)
        any = writes(&s->feeds[i], list) &&
              (s->feeds[i].providers.count == 0 || must_cover(p, &s->feeds[i], provider));
    return !any;
}

int silent_cadences(const struct pipeline *p, const struct list_setting *list,
                    const struct stored_list *part, struct civil_date today)
{
    const struct settings *s = p->config->settings;
    int least = SILENT_CADENCES_COUNTED;

    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_setting *f = &s->feeds[i];
        const struct feed_book *b = table_get(&p->books.feeds, f->id);

        if (!brings(p, list, f, part->provider))
            continue;
        struct feed_schedule schedule = feed_schedule_of(p->config->settings, f);
        struct civil_date received =
            b && b->last_received.ms ? wall_date(b->last_received) : DATE_NONE;
        int silent = feed_silent_cadences(&schedule, list_known_upto(part->state), received, today);

        least = silent < least ? silent : least;
    }
    return least;
}

/* By how many cadences a part is behind what else the feed brought; 0 for a feed that brought nothing. */
static int behind(const struct pipeline *p, const struct feed_setting *f,
                  const struct stored_list *part)
{
    const struct feed_book *b = table_get(&p->books.feeds, f->id);
    struct civil_date known = list_known_upto(part->state);
    struct feed_schedule schedule = feed_schedule_of(p->config->settings, f);

    if (!b || !date_is_set(b->newest_period_end))
        return 0;
    if (f->kind == FEED_EVENTS && b->newest_period_end.day - known.day < SILENT_DAYS)
        return 0;
    return feed_silent_cadences(&schedule, known, known, date_add_days(b->newest_period_end, 1));
}

/* Whether the feed is the one that says that a part is no longer brought: the part is behind all that may bring
 * it, and this is the first of them. */
static bool speaks(const struct pipeline *p, const struct list_setting *list,
                   const struct feed_setting *f, const struct stored_list *part)
{
    const struct settings *s = p->config->settings;
    const struct feed_setting *first = NULL;

    for (size_t i = 0; i < s->feed_count; i++) {
        if (!brings(p, list, &s->feeds[i], part->provider))
            continue;
        if (behind(p, &s->feeds[i], part) < SILENT_CADENCES)
            return false;
        first = first ? first : &s->feeds[i];
    }
    return first == f;
}

/* ---- a census that was skipped ---- */

static bool has_census(const struct stored_list *part, const struct feed_schedule *schedule,
                       struct civil_date end)
{
    for (size_t i = part->census_count; i-- > 0;) {
        int order = date_compare(feed_period_end(schedule, part->censuses[i]), end);

        if (order <= 0) /* they ascend */
            return order == 0;
    }
    return false;
}

static bool others_have_census(const struct pipeline *p, const struct list_setting *list,
                               const struct stored_list *part, const struct feed_schedule *schedule,
                               struct civil_date end)
{
    for (size_t i = 0; i < list->providers.count; i++) {
        const struct stored_list *other = books_list(&p->books, list->id, list->providers.items[i]);

        if (other && other != part && has_census(other, schedule, end))
            return true;
    }
    return false;
}

bool silent_skipped(const struct pipeline *p, const struct list_setting *list,
                    const struct stored_list *part, struct civil_date day)
{
    const struct settings *s = p->config->settings;
    bool is_skipped = false;

    if (part->census_count == 0) /* events tell of it */
        return false;
    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_setting *f = &s->feeds[i];

        if (f->kind != FEED_SNAPSHOT || !brings(p, list, f, part->provider))
            continue;
        const struct feed_schedule schedule = feed_schedule_of(s, f);
        struct civil_date end = feed_period_end(&schedule, day);

        if (has_census(part, &schedule, end))
            return false;
        is_skipped |= others_have_census(p, list, part, &schedule, end);
    }
    return is_skipped;
}

/* ---- gaps ---- */

static bool is_said(const struct feed_state *state, const char *provider)
{
    for (size_t i = 0; i < state->gap_count; i++)
        if (state->gaps[i].flaw == FLAW_NONE && !state->gaps[i].measure &&
            !state->gaps[i].superseded && strcmp(state->gaps[i].provider, provider) == 0)
            return true;
    return false;
}

int silent_gaps(const struct pipeline *p, const struct feed_setting *f, struct feed_state *state,
                struct coverage_gap **gaps)
{
    const struct settings *s = p->config->settings;
    const struct list_setting *list = settings_list(s, f->into);
    struct feed_schedule schedule = feed_schedule_of(p->config->settings, f);
    struct coverage_gap *grown =
        realloc(*gaps, (state->gap_count + list->providers.count + 1) * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    state->gaps = *gaps = grown;
    for (size_t i = 0; i < list->providers.count; i++) {
        const struct stored_list *part = books_list(&p->books, list->id, list->providers.items[i]);
        struct civil_date known = part ? list_known_upto(part->state) : DATE_NONE;

        if (!date_is_set(known) || !speaks(p, list, f, part))
            continue;
        const char *provider = settings_org_on(s, part->provider, pipeline_today(p));

        if (!is_said(state, provider))
            grown[state->gap_count++] = (struct coverage_gap){
                .provider = provider,
                .period_end = feed_due(&schedule, known, DATE_NONE, known).awaited,
            };
    }
    return 0;
}
