#include "notify/wording.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "plan/evaluate.h"
#include "plan/control_chart.h"

/* ---- strings from outside ---------------------------------------------------------------- */

/* Length of the valid UTF-8 character at s, 0 if none begins there. Sets its code point. */
static size_t character_at(const char *s, unsigned *out_code)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t n = u[0] < 0x80   ? 1
               : u[0] < 0xc2 ? 0
               : u[0] < 0xe0 ? 2
               : u[0] < 0xf0 ? 3
               : u[0] < 0xf5 ? 4
                             : 0;
    unsigned code = n == 1 ? u[0] : u[0] & (0x7fu >> n);

    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        code = (code << 6) | (u[i] & 0x3f);
    }
    if ((n == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
        (n == 4 && (code < 0x10000 || code > 0x10ffff)))
        return 0;
    *out_code = code;
    return n;
}

/* Control, line and direction characters: they could forge a line or turn a sentence round. */
static bool unprintable(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff || code == 0xfffe || code == 0xffff;
}

void wording_clean(struct text *out, const char *s, size_t max_characters, size_t max_words)
{
    size_t characters = 0, words = 0, word_start = out->len, begin = out->len;
    bool in_word = false, wanted = false; /* wanted: a blank before the next word */

    for (s = s ? s : ""; *s;) {
        unsigned code = 0;
        size_t n = character_at(s, &code);
        bool blank = n > 0 && (code == ' ' || code == 0xa0 || unprintable(code));

        if (blank) {
            wanted = out->len > begin;
            in_word = false;
            s += n;
            continue;
        }
        if (!in_word) {
            if (words == max_words)
                break;
            words++;
            in_word = true;
            word_start = out->len;
            if (wanted) {
                (void)text_putc(out, ' ');
                characters++;
            }
            wanted = false;
        }
        if (characters >= max_characters)
            break;
        if (n > 0)
            (void)text_add(out, s, n);
        else
            (void)text_puts(out, "\xef\xbf\xbd");
        characters++;
        s += n > 0 ? n : 1;
    }
    if (!*s || !text_ok(out))
        return;
    /* Cut: back to the last whole word, unless there is only one. */
    if (in_word && word_start > begin) {
        out->len = word_start;
        out->buf[out->len] = '\0';
    }
    (void)text_puts(out, "...");
}

size_t wording_characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

size_t wording_words(const char *s)
{
    size_t words = 0;
    bool in_word = false;

    for (; *s; s++) {
        bool blank = *s == ' ' || *s == '\n' || *s == '\t' || *s == '\r';

        words += !blank && !in_word;
        in_word = !blank;
    }
    return words;
}

const char *wording_date(struct civil_date d, char out[WORDING_DATE_MAX])
{
    int year, month, day;

    out[0] = '\0';
    if (!date_is_set(d))
        return out;
    date_to_ymd(d, &year, &month, &day);
    (void)snprintf(out, WORDING_DATE_MAX, "%d %s %d", day, date_month_name(month, false), year);
    return out;
}

/* ---- the figure that is told ------------------------------------------------------------- */

static const struct period_judgement *newest(const struct finding *f)
{
    return f && f->history_count > 0 ? &f->history[f->history_count - 1] : NULL;
}

/* The newest period that has a number, or bounds: an alert that is held still says what it stands on. */
static const struct period_judgement *newest_with_number(const struct finding *f)
{
    static const struct figure_kind any = { .unit = UNIT_UNKNOWN, .published = true };

    for (size_t i = f ? f->history_count : 0; i-- > 0;) {
        double value;

        if (figure_shown(f->history[i].version, any, &value) ||
            figure_is_bounds(f->history[i].version, any))
            return &f->history[i];
    }
    return newest(f);
}

/* What was published of this period before, where it reads otherwise: the newest such. */
static void view_of_earlier(struct item_view *v, const struct series *s)
{
    for (size_t i = 0; s && i < s->point_count; i++) {
        const struct series_point *point = &s->points[i];

        if (date_compare(point->period_end, v->end) != 0 ||
            date_compare(point->period_start, v->start) != 0)
            continue;
        for (size_t j = point->version_count; j-- > 0;) {
            const struct series_version *was = &point->versions[j];
            char words[sizeof v->earlier];

            if (was == v->version || was->receipt > v->version->receipt)
                continue;
            (void)message_figure(was, v->kind, words);
            if (strcmp(words, v->figure) != 0) {
                memcpy(v->earlier, words, sizeof words);
                return;
            }
        }
    }
}

/* The period that the news is about; DATE_NONE: the newest. */
static struct civil_date told_period(const struct message_item *item)
{
    const struct episode *e = item->episode;

    switch (item->news) {
    case NEWS_DISCOVERED:
        return date_is_set(e->told_period) ? e->told_period : e->opened;
    case NEWS_CORRECTED:
        return episode_is_open(e) ? e->told_period : e->folded;
    case NEWS_CLEARED: /* behind again since: what cleared it is not the newest */
        return strcmp(e->id, alert_current(item->alert)->id) != 0 ? e->period_end : DATE_NONE;
    default:
        return DATE_NONE;
    }
}

/* What was corrected, discovered or cleared before a newer episode, else the newest. */
static const struct period_judgement *told_of(const struct message_item *item)
{
    const struct finding *f = item->finding;
    struct civil_date about = told_period(item);

    for (size_t i = 0; i < f->history_count && date_is_set(about); i++)
        if (date_compare(f->history[i].end, about) == 0)
            return &f->history[i];
    return newest_with_number(f);
}

/* What may be shown of a figure of a period beside all that the audience was shown: it, as it was frozen, or
 * nothing (out_kind). line: of which the news says on which side it is; NAN. */
static const struct series_version *released(const struct item_view *v, struct period period,
                                             int aged, double line,
                                             const struct series_version *version,
                                             struct series_version *room,
                                             struct figure_kind *out_kind)
{
    const struct release_figure f = { v->measure, period.start, period.end, aged, version, line };

    *out_kind = v->kind;
    out_kind->is_withheld = false; /* another figure of it may be, which is nothing to this one */
    if (!version || !v->measure || !v->context->release)
        return version;
    out_kind->is_withheld = !release_ask(v->context->release, &f, *out_kind, room);
    return room;
}

/* The line that news of it speaks of. */
static double line_told(const struct item_view *v)
{
    return v->item->alert->rule == RULE_BEHIND_PLAN && !figure_line_hidden(v->line, v->kind)
               ? v->line
               : NAN;
}

/* The figure as its audience may see it. Where its rounding hides on which side of the line it lies,
 * which the news says anyhow, the line is named instead: "30, where the plan has 30" is no news. */
static void view_figure(struct item_view *v, struct period period, int aged,
                        const struct series_version *version)
{
    char line[FIGURE_MAX];
    double shown, real;
    struct series_version room;
    const struct series_version *told =
        released(v, period, aged, line_told(v), version, &room, &v->kind);

    v->has_value = figure_shown(told, v->kind, &v->value);
    v->is_band = figure_is_band(told, v->kind);
    (void)message_figure(told, v->kind, v->figure);
    if (!v->has_value || isnan(v->line) || v->kind.published || isinf(version->value))
        return;
    shown = v->value - v->line;
    real = version->value - v->line;
    v->is_beside_line = (shown == 0) != (real == 0) || shown * real < 0;
    if (v->is_beside_line)
        (void)snprintf(v->figure, sizeof v->figure, "%s %s",
                       real > 0   ? "just over"
                       : real < 0 ? "just under"
                                  : "about",
                       figure_amount(v->line, v->kind.unit, line));
}

static void view_of_finding(struct item_view *v, const struct finding *f)
{
    const struct period_judgement *judged = told_of(v->item), *last = newest(f);

    v->holds = f->holds;
    v->line = f->line;
    if (!judged) {
        (void)snprintf(v->figure, sizeof v->figure, "no figure");
        return;
    }
    v->version = judged->version;
    v->start = judged->start;
    v->end = judged->end;
    v->line = judged->line;
    v->restated = judged->restated;
    if (v->list && v->measure->list->window.count > 0)
        v->window_start =
            period_window((struct period){ v->start, v->end }, v->measure->list->window).start;
    view_figure(v, (struct period){ v->start, v->end }, 0, v->version);
    if (v->restated && v->version && (v->kind.published || !v->context->release))
        view_of_earlier(v, f->series);
    if (last != judged) {
        struct series_version room;
        struct figure_kind kind;
        const struct series_version *told = released(v, (struct period){ last->start, last->end },
                                                     0, NAN, last->version, &room, &kind);

        v->newest_end = last->end;
        (void)message_figure(told, kind, v->newest_figure);
    }
}

/* The figure that its chart marks; of one that is over, the newest that the chart has. */
static void view_of_chart(struct item_view *v, const struct finding *f)
{
    const struct control_chart *c = f->chart;

    if (c == NULL || c->state != CHART_GOOD)
        return;
    v->version = c->points[c->n - 1].version;
    v->start = c->points[c->n - 1].start;
    v->end = c->points[c->n - 1].end;
    view_figure(v, (struct period){ v->start, v->end }, 0, v->version);
}

/* What rests on ageing alone shows what is projected, which no period has. */
static void view_of_projection(struct item_view *v, const struct ageing *a)
{
    v->version = NULL;
    v->start = v->end = v->newest_end = DATE_NONE;
    v->restated = false;
    v->line = a->judged.line;
    v->projected_from = a->data_date;
    view_figure(v, (struct period){ a->data_date, a->data_date },
                a->judged.end.day - a->data_date.day, &a->version);
}

/* The rule has ended: what the episode remembers, which is not how many the figure rests on, nor, where its
 * measure left the plan, what it is a number of. */
static void view_of_episode(struct item_view *v, const struct episode *e)
{
    struct series_version told = {
        .value = e->value, .low = e->value, .high = e->value, .numerator = NAN, .denominator = NAN
    };
    bool is_known = v->kind.unit != UNIT_UNKNOWN;

    v->line = is_known ? e->line : NAN;
    v->end = e->period_end;
    v->restated = e->restated;
    if (is_known && (v->kind.published ||
                     (v->kind.unit == UNIT_COUNT && (!v->measure || measure_is_stock(v->measure)))))
        view_figure(v, (struct period){ v->end, v->end }, 0, &told);
    else
        (void)snprintf(v->figure, sizeof v->figure, "not shown");
}

static const char *given(const char *a, const char *b)
{
    return a && *a ? a : b && *b ? b : NULL;
}

void item_view(const struct message_context *context, const struct message_item *item,
               struct item_view *out_view)
{
    const struct finding *f = item->finding;
    const struct alert *a = item->alert;
    struct item_view v = { .context = context,
                           .item = item,
                           .line = NAN,
                           .start = DATE_NONE,
                           .end = DATE_NONE,
                           .window_start = DATE_NONE,
                           .newest_end = DATE_NONE,
                           .projected_from = DATE_NONE };

    assert(a && item->episode);
    v.measure = f ? f->measure : NULL;
    if (!v.measure && context->plan && a->measure)
        v.measure = plan_measure_find(context->plan, a->measure);
    v.action = f ? f->action : NULL;
    if (!v.action && context->plan && a->action)
        v.action = plan_action_find(context->plan, a->action);
    v.title = given(f ? f->title : NULL, a->title);
    if (!v.title)
        v.title = given(a->measure, a->feed) ? given(a->measure, a->feed) : rule_name(a->rule);
    v.owner = given(f ? f->owner : NULL, a->owner);
    v.feed = given(f ? f->feed : NULL, a->feed);
    if (!v.feed && v.measure)
        v.feed = v.measure->select.feed;
    v.list = v.measure && v.measure->list ? v.measure->list->list : NULL;
    v.held = item->episode->held || (f && f->holds != 0);
    if (a->rule == RULE_BEHIND_PLAN || a->rule == RULE_SPECIAL_CAUSE) {
        v.org = given(f && f->series ? f->series->org : NULL,
                      v.measure ? measure_org(v.measure) : NULL);
        if (v.list && !v.measure->list->provider)
            v.org = NULL; /* everybody on the list */
        v.kind.unit = f ? finding_unit(f) : v.measure ? v.measure->unit : UNIT_UNKNOWN;
        /* Figures of files are nobody's: as little to hide as what is published. */
        v.kind.published = (v.measure && v.measure->of_feed) ||
                           (v.feed && context->feed_is_published &&
                            context->feed_is_published(context->feed_is_published_arg, v.feed));
        v.kind.is_longest = v.measure && measure_is_longest(v.measure);
        v.kind.profile = context->profile;
        if (f && a->rule == RULE_SPECIAL_CAUSE)
            view_of_chart(&v, f);
        else if (f)
            view_of_finding(&v, f);
        else
            view_of_episode(&v, item->episode);
        if (f && item->episode->early && episode_is_active(item->episode) &&
            f->ageing.state == AGEING_BEHIND)
            view_of_projection(&v, &f->ageing);
        v.is_veiled = figure_veiled(v.measure, v.line, v.kind);
        if (figure_line_hidden(v.line, v.kind))
            (void)snprintf(v.line_text, sizeof v.line_text, FIGURE_LINE_HIDDEN);
        else if (!isnan(v.line))
            (void)figure_amount(v.line, v.kind.unit, v.line_text);
    } else if (a->rule == RULE_COVERAGE_GAP) {
        v.org = given(f ? f->provider : NULL, a->provider);
    }
    *out_view = v;
}

/* ---- words ------------------------------------------------------------------------------- */

static bool is_degree(enum alert_news news)
{
    return news == NEWS_WORSE || news == NEWS_BETTER;
}

enum alert_news wording_news_told(const struct item_view *v)
{
    return v->is_veiled && is_degree(v->item->news) ? NEWS_REMINDER : v->item->news;
}

enum alert_severity wording_severity_told(const struct item_view *v)
{
    enum alert_severity severity = v->item->episode->severity;

    return v->is_veiled && severity == SEVERITY_AMBER ? SEVERITY_RED : severity;
}

const char *wording_severity(const struct item_view *v)
{
    return v->is_veiled || !episode_is_open(v->item->episode)
               ? NULL
               : alert_severity_name(v->item->episode->severity);
}

const char *wording_news(enum alert_news news)
{
    static const char *const words[] = {
        [NEWS_NONE] = "Unchanged",
        [NEWS_WATCHING] = "Watching",
        [NEWS_NEW] = "New",
        [NEWS_WORSE] = "Worse",
        [NEWS_BETTER] = "Better",
        [NEWS_CLEARED] = "Cleared",
        [NEWS_CORRECTED] = "Corrected",
        [NEWS_WITHDRAWN] = "Withdrawn",
        [NEWS_DISCOVERED] = "Discovered late",
        [NEWS_FLAPPING] = "Flapping",
        [NEWS_STEADY] = "Steady",
        [NEWS_REMINDER] = "Still so",
    };

    assert((size_t)news < sizeof words / sizeof words[0]);
    return words[news];
}

bool wording_is_incident(const struct message_item *item)
{
    const struct alert *a = item->alert;

    return a->rule == RULE_IMPLAUSIBLE_CHANGE && a->provider &&
           strcmp(a->provider, FEED_INCIDENT) == 0;
}

bool wording_projection_over(const struct message_item *item)
{
    return item->news == NEWS_WITHDRAWN && item->episode->early && item->finding != NULL &&
           item->finding->ageing.state == AGEING_OVER;
}

const char *wording_state(const struct item_view *v)
{
    /* per rule: as long as it is open, once it has ended, where it is said again each day */
    static const struct state_words {
        const char *open, *ended, *again;
    } of_rules[] = {
        [RULE_BEHIND_PLAN] = { "Behind plan", "Back on plan", NULL },
        [RULE_FEED_LATE] = { "Feed late", "Feed no longer late", "Feed still late" },
        [RULE_COVERAGE_GAP] = { "Data incomplete", "Data complete again", "Data still incomplete" },
        [RULE_IMPLAUSIBLE_CHANGE] = { "File not taken", "File no longer waits",
                                      "File still not taken" },
        [RULE_ACTION_OVERDUE] = { "Overdue", "No longer overdue", NULL },
        [RULE_FORECAST] = { "Forecast", "Forecast no longer so", NULL },
        [RULE_SPECIAL_CAUSE] = { "Special cause", "No longer a special cause", NULL },
        [RULE_DEAD_LETTER] = { "Given up", "Delivered again", NULL },
        [RULE_SELF_CHECK] = { "The monitor needs help", "The monitor is well again", NULL },
        [RULE_GUARD] = { "Masking", "No longer masking", NULL },
    };
    static const struct state_words of_incident = { "NHS numbers in a file", "Incident closed",
                                                    "Incident still open" };
    const struct message_item *item = v->item;
    enum rule rule = item->alert->rule;
    const struct episode *e = item->episode;

    assert((size_t)rule < sizeof of_rules / sizeof of_rules[0]);

    const struct state_words *words = wording_is_incident(item) ? &of_incident : &of_rules[rule];

    if (e->early && episode_is_active(e))
        return e->state == ALERT_EARLY ? "Early warning" : "Behind plan, projected";
    switch (wording_news_told(v)) {
    case NEWS_CLEARED:
        return e->early ? "Warning not borne out" : words->ended;
    case NEWS_CORRECTED:
        return episode_is_open(item->episode) ? "Corrected, behind plan" : "Corrected";
    case NEWS_DISCOVERED:
        return "Was behind plan";
    case NEWS_FLAPPING:
        return "To and fro, behind plan";
    case NEWS_STEADY:
        return "Steady, behind plan";
    case NEWS_WITHDRAWN:
        if (wording_projection_over(item))
            return "No longer projected";
        return item->episode->by_person ? "Closed"
               : item->finding != NULL  ? "Plan changed"
                                        : "No longer watched";
    case NEWS_REMINDER:
        return words->again ? words->again : words->open;
    case NEWS_WORSE:
        return rule == RULE_BEHIND_PLAN ? "Worse, behind plan" : words->open;
    case NEWS_BETTER:
        if (rule == RULE_BEHIND_PLAN)
            return item->episode->state == ALERT_RECOVERING ? "Recovering" : "Better, behind plan";
        return words->open;
    case NEWS_NONE:
    case NEWS_WATCHING:
    case NEWS_NEW:
        break;
    }
    if (rule == RULE_BEHIND_PLAN && item->episode->state == ALERT_RECOVERING)
        return "Recovering";
    return words->open;
}

void wording_shorten(struct text *t, size_t max)
{
    size_t end = 0, seen = 0, at;

    if (!text_ok(t) || wording_characters(text_str(t)) <= max)
        return;
    for (at = 0; at < t->len; at++) {
        bool starts = ((unsigned char)t->buf[at] & 0xc0) != 0x80;

        if (starts && seen == max)
            break;
        seen += starts;
        if (starts && t->buf[at] == ' ')
            end = at;
    }
    if (at < t->len && t->buf[at] == ' ')
        end = at;
    t->len = end > 0 ? end : at;
    while (t->len > 0 && strchr(" ,;:-(&/", t->buf[t->len - 1]))
        t->len--;
    t->buf[t->len] = '\0';
}

static const char *feed_named(const struct item_view *v)
{
    const struct message_context *c = v->context;
    const char *title = c->feed_title ? c->feed_title(c->names_arg, v->feed) : NULL;

    return title && *title ? title : v->feed;
}

void wording_title(const struct item_view *v, struct text *out)
{
    bool says_late = v->item->alert->rule == RULE_FEED_LATE && v->feed;

    wording_clean(out, says_late ? feed_named(v) : v->title, 150, 18);
}

/* A number, or a word that wants another: "Waiting over 52" of "Waiting over 52 weeks for a diagnosis". */
static bool is_dangling(const char *word, size_t len)
{
    static const char *const words[] = { "a",    "an", "and",    "at",   "by", "for",
                                         "from", "in", "of",     "on",   "or", "per",
                                         "over", "to", "within", "with", "the" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0)
            return true;
    return len > 0 && strspn(word, "0123456789.") >= len;
}

/* As wording_shorten(); what is left does not end with half of something. */
static void shorten_title(struct text *title, size_t max)
{
    if (!text_ok(title) || wording_characters(text_str(title)) <= max)
        return;
    wording_shorten(title, max);
    for (char *last;
         (last = strrchr(title->buf, ' ')) && is_dangling(last + 1, strlen(last + 1));) {
        title->len = (size_t)(last - title->buf);
        title->buf[title->len] = '\0';
    }
}

/* What stands behind the title: " 5%, plan 20%". */
static void subject_tail(const struct item_view *v, struct text *out)
{
    enum rule rule = v->item->alert->rule;
    char date[WORDING_DATE_MAX];

    if ((rule == RULE_BEHIND_PLAN || (rule == RULE_SPECIAL_CAUSE && *v->figure)) &&
        v->item->news != NEWS_WITHDRAWN) {
        bool is_figure = v->has_value || v->is_band || !*v->figure || *v->figure == '*';

        (void)text_printf(out, is_figure ? " %s" : " (%s)", v->figure);
        if (*v->line_text)
            (void)text_printf(out, ", plan %s", v->line_text);
    } else if (rule == RULE_ACTION_OVERDUE && v->action && date_is_set(v->action->due) &&
               v->item->news != NEWS_CLEARED) {
        (void)text_printf(out, ", due %s", wording_date(v->action->due, date));
    }
}

size_t wording_subject_room(const struct item_view *v, const char *lead, size_t max)
{
    AUTO(text_release) struct text tail = TEXT_INIT;
    size_t fixed;

    subject_tail(v, &tail);
    fixed = strlen(lead) + 2 + wording_characters(text_str(&tail));
    return tail.len > 0 && fixed < max ? max - fixed : 0;
}

void wording_subject(const struct item_view *v, const char *lead, size_t max, struct text *out)
{
    AUTO(text_release) struct text title = TEXT_INIT;
    AUTO(text_release) struct text tail = TEXT_INIT;
    const char *state = lead ? lead : wording_state(v);
    enum rule rule = v->item->alert->rule;
    size_t fixed;

    subject_tail(v, &tail);
    fixed = strlen(state) + 2 + wording_characters(text_str(&tail));
    /* A feed's own sentence would lose its verb when shortened: its title says which one it is. */
    bool of_feed = !rule_is_of_measure(rule) && rule != RULE_ACTION_OVERDUE;
    const char *receiver = v->item->alert->receiver;

    if (receiver)
        (void)text_puts(&title, "messages to receiver ");
    wording_clean(&title,
                  receiver             ? receiver
                  : of_feed && v->feed ? feed_named(v)
                                       : v->title,
                  1000, 1000);
    if (rule == RULE_COVERAGE_GAP && v->org) {
        (void)text_puts(&title, " without ");
        wording_clean(&title, v->context->org_title(v->context->org_title_arg, v->org), 1000, 1000);
    }
    shorten_title(&title, fixed < max ? max - fixed : 0);

    AUTO(text_release) struct text whole = TEXT_INIT;

    (void)text_printf(&whole, "%s: %s%s", state, text_str(&title), text_str(&tail));
    wording_shorten(&whole, max);
    (void)text_puts(out, text_str(&whole));
    if (!text_ok(&whole) || !text_ok(&title) || !text_ok(&tail))
        out->error = -ENOMEM;
}
