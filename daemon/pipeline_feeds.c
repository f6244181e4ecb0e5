#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"
#include "pipeline_apply_set.h"

struct feed_schedule feed_schedule_of(const struct settings *settings, const struct feed_setting *f)
{
    static const enum due_cadence cadences[] = {
        [CADENCE_DATES] = DUE_DATES,         [CADENCE_DAILY] = DUE_DAILY,
        [CADENCE_WEEKLY] = DUE_WEEKLY,       [CADENCE_MONTHLY] = DUE_MONTHLY,
        [CADENCE_QUARTERLY] = DUE_QUARTERLY, [CADENCE_YEARLY] = DUE_YEARLY,
    };
    struct feed_schedule s = { .cadence = cadences[f->cadence],
                               .dates = f->publication_dates,
                               .date_count = f->publication_date_count,
                               .workdays = &settings->workdays };

    s.grace_is_working_days = f->grace.unit == SPAN_WORKING_DAYS;
    s.grace_days = (int)(f->grace.unit == SPAN_WEEKS ? f->grace.count * 7 : f->grace.count);
    return s;
}

/* Files that held identifiers, of which the newest is named. Returns 0 or -ENOMEM. */
static int incidents_of(const struct feed_book *b, struct feed_state *state, char **out_words)
{
    const struct waiting_receipt *newest = NULL;
    struct text words = TEXT_INIT;
    size_t count = 0;

    for (size_t i = 0; b && i < b->wait_count; i++)
        if (b->waits[i].incident) {
            newest = &b->waits[i];
            count++;
        }
    if (!newest)
        return 0;
    if (count > 1)
        (void)text_printf(&words, "%zu files, the newest: ", count);
    (void)text_puts(&words, newest->why);
    state->incident_mark = newest->receipt;
    state->incident_since = newest->since;
    *out_words = text_take(&words);
    state->incident_why = *out_words;
    return *out_words ? 0 : -ENOMEM;
}

/* What else waits for a person: held and refused files, and one in the inbox without proof of its end.
 * Returns 0 or -ENOMEM. */
static int waits_of(const struct pipeline *p, const struct feed_book *b, struct feed_state *state,
                    char **out_words)
{
    const struct waiting_file *file = table_get(&p->waiting_files, state->id);
    const struct waiting_receipt *newest = b ? feed_book_newest_wait(b) : NULL;
    struct text words = TEXT_INIT;

    state->file_is_held = b && feed_book_holds_file(b);
    state->waiting_since = newest ? newest->since : DATE_NONE;
    state->waiting_mark = (newest ? newest->receipt * 2 : 0) + (file != NULL);
    if (!newest) {
        state->held_file_why =
            file && (!file->path || access(file->path, F_OK) == 0) ? file->words : NULL;
        return 0;
    }
    size_t count = feed_book_waits(b);

    if (count > 1)
        (void)text_printf(&words, "%zu files, the newest: ", count);
    (void)text_puts(&words, newest->why);
    *out_words = text_take(&words);
    state->held_file_why = *out_words;
    return *out_words ? 0 : -ENOMEM;
}

/* Whose gaps are spoken of. A set may be incomplete of any provider of its list. */
static const struct text_list *providers_of(const struct settings *s, const struct feed_setting *f)
{
    return f->kind == FEED_SET && f->providers.count == 0 ? &settings_list(s, f->into)->providers
                                                          : &f->providers;
}

static int gaps_of(const struct pipeline *p, const struct feed_setting *f,
                   const struct feed_book *b, struct feed_state *state, struct coverage_gap **out)
{
    *out = calloc(b->gap_count + 1, sizeof **out);
    if (!*out)
        return -ENOMEM;
    for (size_t j = 0; j < b->gap_count; j++) {
        if (b->gaps[j].flaw == FLAW_PLACES && !places_matter(p, f))
            continue;
        (*out)[state->gap_count++] = (struct coverage_gap){
            .provider = b->gaps[j].provider,
            .period_end = b->gaps[j].period_end,
            .measure = b->gaps[j].measure,
            .absent = b->gaps[j].absent,
            .flaw = b->gaps[j].flaw,
            .words = b->gaps[j].words,
            .superseded = feed_book_has_newer(b, b->gaps[j].part, b->gaps[j].period_end),
        };
    }
    state->gaps = *out;
    return 0;
}

/* ---- sets ---- */

/* For as long as the states; NULL without memory. Takes the text. */
static const char *keep_text(struct feed_states *states, char *text)
{
    char **grown = realloc(states->texts, (states->text_count + 1) * sizeof *grown);

    if (grown)
        states->texts = grown;
    if (!grown || !text) {
        free(text);
        return NULL;
    }
    return states->texts[states->text_count++] = text;
}

/* Of a set the other tables, and other providers, may come on the same day, and until the period is due. */
static bool is_overdue(const struct pipeline *p, const struct feed_setting *f,
                       struct civil_date period, struct civil_date received)
{
    struct civil_date today = pipeline_today(p);
    struct feed_schedule schedule = feed_schedule_of(p->config->settings, f);
    struct civil_date due = DATE_NONE;

    if (schedule.cadence != DUE_DATES && date_is_set(period))
        due = feed_due(&schedule, DATE_NONE, date_add_days(period, -1), DATE_NONE).due;
    return date_compare(today, received) > 0 && (!date_is_set(due) || date_compare(today, due) > 0);
}

/* A set of which tables are missing: for people at once, as a gap once it is overdue. */
static int incomplete_of(const struct pipeline *p, const struct feed_setting *f,
                         const struct submissions *all, const struct submission *s,
                         struct feed_states *states, struct feed_state *state,
                         struct coverage_gap *gap, struct text *words)
{
    struct text own = TEXT_INIT;
    const char *why = submission_words(p, all, s, &own) == 0 ? keep_text(states, text_take(&own))
                                                             : (text_release(&own), NULL);
    const char *provider =
        keep_text(states, strdup(settings_org_code(p->config->settings, s->provider)));

    if (!why || !provider)
        return -ENOMEM;
    (void)text_printf(words, "%s%s", words->len ? "; " : "", why);
    if (!is_overdue(p, f, s->period, s->received))
        return text_ok(words) ? 0 : -ENOMEM;
    *gap = (struct coverage_gap){ .provider = provider,
                                  .period_end = date_is_set(s->period) ? s->period : s->received,
                                  .flaw = FLAW_SET,
                                  .words = why };
    state->gap_count++;
    return text_ok(words) ? 0 : -ENOMEM;
}

/* A provider that must be covered, of which nothing came for the newest period in force. What another
 * sends again for that period gives it no new day. */
static bool is_absent(const struct pipeline *p, const struct feed_setting *f,
                      const struct feed_book *b, const struct submissions *all,
                      const char *provider)
{
    const struct settings *s = p->config->settings;
    struct civil_date first = wall_date(b->last_received);

    if (!date_is_set(b->newest_period_end))
        return false;
    for (size_t i = 0; i < all->count; i++) {
        const struct submission *one = all->list[i];

        if (date_compare(one->period, b->newest_period_end) != 0)
            continue;
        if (strcmp(settings_org_code(s, one->provider), provider) == 0)
            return false; /* in force, or said to be incomplete */
        if (date_compare(one->received, first) < 0)
            first = one->received;
    }
    return is_overdue(p, f, b->newest_period_end, first);
}

static int sets_of(const struct pipeline *p, const struct feed_setting *f,
                   const struct feed_book *b, struct feed_states *states, struct feed_state *state,
                   struct coverage_gap **gaps)
{
    AUTO(submissions_release) struct submissions all = { 0 };
    AUTO(text_release) struct text words = TEXT_INIT;
    int r = submissions_of(p, f, b->receipt, &all);
    struct coverage_gap *grown =
        realloc(*gaps, (state->gap_count + all.count + f->providers.count + 1) * sizeof *grown);

    if (r < 0 || !grown)
        return -ENOMEM;
    *gaps = grown;
    state->gaps = grown;
    for (size_t i = 0; r == 0 && i < all.count; i++)
        if (submission_waits(&all, all.list[i]))
            r = incomplete_of(p, f, &all, all.list[i], states, state, &grown[state->gap_count],
                              &words);
    for (size_t i = 0; r == 0 && i < f->providers.count; i++)
        if (is_absent(p, f, b, &all, state->providers[i]))
            grown[state->gap_count++] = (struct coverage_gap){ .provider = state->providers[i],
                                                               .period_end = b->newest_period_end };
    if (r == 0 && words.len) {
        state->incomplete = keep_text(states, text_take(&words));
        r = state->incomplete ? 0 : -ENOMEM;
    }
    return r;
}

/* What is awaited of it by its calendar. */
static struct feed_due due_of(const struct pipeline *p, const struct feed_setting *f)
{
    const struct feed_book *b = table_get(&p->books.feeds, f->id);
    const struct civil_date *configured = table_get(&p->configured, f->id);
    struct feed_schedule schedule = feed_schedule_of(p->config->settings, f);
    struct civil_date reference = date_is_set(f->from) ? f->from
                                  : configured         ? *configured
                                                       : pipeline_today(p);

    return feed_due(&schedule, b ? b->newest_period_end : DATE_NONE, reference,
                    b && b->last_received.ms ? wall_date(b->last_received) : DATE_NONE);
}

bool feed_is_unawaited(const struct pipeline *p, const struct feed_setting *f)
{
    size_t n = f->publication_date_count;

    return f->cadence == CADENCE_DATES &&
           (n == 0 || date_compare(f->publication_dates[n - 1], pipeline_today(p)) < 0) &&
           !date_is_set(due_of(p, f).due);
}

int feed_states_of(const struct pipeline *p, struct feed_states *out)
{
    const struct settings *s = p->config->settings;
    struct civil_date today = pipeline_today(p);

    out->count = 0;
    out->list = calloc(s->feed_count + 1, sizeof *out->list);
    out->gaps = calloc(s->feed_count + 1, sizeof *out->gaps);
    out->providers = calloc(s->feed_count + 1, sizeof *out->providers);
    out->words = calloc(s->feed_count + 1, sizeof *out->words);
    out->incidents = calloc(s->feed_count + 1, sizeof *out->incidents);
    if (!out->list || !out->gaps || !out->providers || !out->words || !out->incidents) {
        feed_states_release(out);
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_setting *f = &s->feeds[i];
        const struct feed_book *b = table_get(&p->books.feeds, f->id);
        struct feed_state *state = &out->list[out->count++];

        state->id = f->id;
        state->list = f->into;
        state->title = f->title ? f->title : f->id;
        state->newest_period_end = b ? b->newest_period_end : DATE_NONE;
        state->due = due_of(p, f);
        const struct expected_file *e = table_get(&p->expected, f->id);

        /* Moves a due time, silences nothing: of the file then awaited only. */
        state->due_unmoved = state->due.due;
        state->is_moved = e && date_is_set(state->due.due) &&
                          date_compare(e->awaited, state->due.awaited) == 0 &&
                          date_compare(e->by, state->due.due) > 0;
        if (state->is_moved)
            state->due.due = e->by;
        state->late = date_is_set(state->due.due) && date_compare(today, state->due.due) > 0;
        if (waits_of(p, b, state, &out->words[i]) < 0 ||
            incidents_of(b, state, &out->incidents[i]) < 0) {
            feed_states_release(out);
            return -ENOMEM;
        }
        bool is_lost;

        (void)takeover_lacks(p, f->id, &is_lost);
        if (is_lost) { /* what stands is older than what was known */
            state->held_file_why = "files that another daemon took are neither in this archive nor "
                                   "in Redis: put them into the inbox";
            state->file_is_held = true;
            state->waiting_mark += 2;
        }
        const struct text_list *providers = providers_of(s, f);

        out->providers[i] = calloc(providers->count + 1, sizeof **out->providers);
        if (!out->providers[i]) {
            feed_states_release(out);
            return -ENOMEM;
        }
        for (size_t j = 0; j < providers->count; j++)
            out->providers[i][j] = settings_org_code(s, providers->items[j]);
        state->providers = out->providers[i];
        state->provider_count = providers->count;
        if (b && (gaps_of(p, f, b, state, &out->gaps[i]) < 0 ||
                  (f->kind == FEED_SET && sets_of(p, f, b, out, state, &out->gaps[i]) < 0) ||
                  (f->into && silent_gaps(p, f, state, &out->gaps[i]) < 0))) {
            feed_states_release(out);
            return -ENOMEM;
        }
    }
    return 0;
}

void feed_states_release(struct feed_states *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->gaps)
            free(s->gaps[i]);
        if (s->providers)
            free(s->providers[i]);
        if (s->words)
            free(s->words[i]);
        if (s->incidents)
            free(s->incidents[i]);
    }
    for (size_t i = 0; i < s->text_count; i++)
        free(s->texts[i]);
    free(s->texts);
    free(s->words);
    free(s->incidents);
    free(s->gaps);
    free(s->providers);
    free(s->list);
    *s = (struct feed_states){ 0 };
}
