/* The sentences of report_explain.h. */
#include "ctl/report_explain.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/report_spc.h"
#include "ctl/report_json.h"
#include "plan/target_words.h"

int explain_say(json_t *lines, const char *format, ...)
{
    AUTO(text_release) struct text line = TEXT_INIT;
    va_list ap;

    va_start(ap, format);
    (void)text_vprintf(&line, format, ap);
    va_end(ap);
    if (!text_ok(&line))
        return -1;
    return json_array_append_new(lines, report_text(text_str(&line)));
}

const char *explain_event_words(enum period_event event)
{
    static const char *const words[] = {
        [PERIOD_UNKNOWN] = "no usable figure",
        [PERIOD_NOT_DUE] = "not due",
        [PERIOD_CLEAR] = "clear",
        [PERIOD_BETWEEN] = "between",
        [PERIOD_AMBER] = "amber",
        [PERIOD_RED] = "red",
        [PERIOD_PROJECTED] = "projected behind",
        [PERIOD_PROJECTION_OVER] = "no longer projected",
    };

    return (size_t)event < sizeof words / sizeof words[0] ? words[event] : "?";
}

static const char *unit_sign(const struct finding *f)
{
    enum unit u = finding_unit(f);

    return u == UNIT_PERCENT ? "%" : u == UNIT_DAYS ? " days" : u == UNIT_WEEKS ? " weeks" : "";
}

/* The outcome of some stops was not told: its bounds are what is known. */
static bool is_between(const struct series_version *v)
{
    return v && v->untold && isfinite(v->low) && v->low < v->high;
}

/* "5%", "10 to 12", or "suppressed", or "no figure". */
static const char *figure(const struct finding *f, const struct series_version *v, char out[64])
{
    char number[32], other[32];

    if (!v || (v->marker == MARKER_NONE && isnan(v->value)))
        return "no figure";
    if (is_between(v)) {
        snprintf(out, 64, "%s to %s%s", text_number(v->low, number), text_number(v->high, other),
                 unit_sign(f));
        return out;
    }
    if (v->marker == MARKER_NONE && isinf(v->value))
        return "never";
    if (v->marker != MARKER_NONE)
        return marker_name(v->marker);
    snprintf(out, 64, "%s%s", text_number(v->value, number), unit_sign(f));
    return out;
}

static const char *figure_of(const struct finding *f, double value, char out[64])
{
    char number[32];

    if (!isfinite(value))
        return "none";
    snprintf(out, 64, "%s%s", text_number(value, number), unit_sign(f));
    return out;
}

/* A difference of percentages is in percentage points. */
static const char *difference_of(const struct finding *f, double value, char out[64])
{
    char number[32];

    if (strcmp(unit_sign(f), "%") != 0)
        return figure_of(f, value, out);
    snprintf(out, 64, "%s percentage point%s", text_number(value, number), value == 1 ? "" : "s");
    return out;
}

/* How far the printed value is on the wrong side of the line; 0 or less: it is not behind. */
static double behind_by(const struct finding *f, const struct period_judgement *p)
{
    double value = p->version ? p->version->value : NAN;

    return measure_behind_by(f->measure, value, p->line);
}

/* Differences carry the noise of binary fractions: 60 - 54.9 is shown as 5.1. */
static double tidy(double value)
{
    return round(value * 1e9) / 1e9;
}

/* An interval on both sides of the line says neither. */
static const char *met_words(const struct period_judgement *p, const struct standard_line *line)
{
    const struct series_version *v = p->version;
    double low = v ? v->low : NAN, high = v ? v->high : NAN;

    if (!v || v->gap || isnan(low) || isnan(high))
        low = high = v && !v->gap && v->marker == MARKER_NONE ? v->value : NAN;
    if (isnan(low))
        return "there is no newest figure to hold against it";
    if (line->is_floor ? low >= line->value : high <= line->value)
        return "the newest figure meets it";
    if (line->is_floor ? high < line->value : low > line->value)
        return "the newest figure misses it";
    return "the newest figure is too near it to tell";
}

/* Whose line it is, and what the standard that is named asks of the newest figure. */
static int say_standard(json_t *lines, const struct finding *f)
{
    const struct plan_measure *m = f->measure;
    const struct period_judgement *p = f->history_count ? &f->history[f->history_count - 1] : NULL;
    const struct standard_line *line = p ? measure_standard_on(m, p->end) : NULL;
    const char *whose = line_of_name(measure_line_of(m));
    char a[64], from[DATE_TEXT_MAX];
    int r =
        explain_say(lines, "A miss is one of the %s%s%s%s.", whose, m->standard.is_line ? " (" : "",
                    m->standard.is_line ? m->standard.title : "",
                    m->standard.is_line ? "), since the plan has no line of its own" : "");

    if (!m->standard.id || m->standard.is_line)
        return r;
    if (!line)
        return r |
               explain_say(
                   lines, "Beside it the measure is under the %s (%s), which asks for nothing yet.",
                   line_of_name((enum line_of)m->standard.kind), m->standard.title);
    return r |
           explain_say(lines, "Beside it the measure is under the %s (%s): at %s %s since %s; %s.",
                       line_of_name((enum line_of)m->standard.kind), m->standard.title,
                       line->is_floor ? "least" : "most", figure_of(f, line->value, a),
                       date_format(line->from, from), met_words(p, line));
}

/* The promise itself, where the figure of the rule does not say it. */
static int say_target(json_t *lines, const struct finding *f)
{
    AUTO(text_release) struct text words = TEXT_INIT;

    if (f->measure->rule.kind == TARGET_NONE || f->measure->rule.kind == TARGET_THRESHOLD)
        return 0;
    if (target_words(f->measure, finding_unit(f), &words) < 0)
        return -1;
    return explain_say(lines, "What the plan promises: %s.", text_str(&words));
}

static int say_rule_of_measure(json_t *lines, const struct finding *f)
{
    const struct plan_measure *m = f->measure;
    char a[64], b[64], c[64];
    static const char *const sides[] = { "at least ", "at most ", "close to " };
    int r = 0;

    if (m->list)
        r |= explain_say(lines, "Watched: %s of list %s, provider %s: %s (%s).", m->list->text,
                         m->list->list, measure_org(m),
                         metric_def_of(m->list->metric.id)->definition, measure_method(m));
    else if (m->of_feed)
        r |= explain_say(lines, "Watched: %s of feed %s (%s).", m->published, m->select.feed,
                         m->of_feed->definition);
    else
        r |= explain_say(
            lines, "Watched: published %s, feed %s, organisation %s%s%s%s%s.", m->published,
            m->select.feed, m->select.org, m->select.breakdown ? ", breakdown " : "",
            m->select.breakdown ? m->select.breakdown : "", m->select.secondary ? ", " : "",
            m->select.secondary ? m->select.secondary : "");
    r |= explain_say(
        lines,
        "Rule: %s is better; target %s%s; tolerance %s%s%s; fires after %ld "
        "data period%s behind, resolves after %ld clear.",
        polarity_name((enum polarity)m->polarity), isnan(f->target) ? "" : sides[m->polarity],
        isnan(f->target) ? "none" : figure_of(f, f->target, a), difference_of(f, m->tolerance, b),
        m->has_clear ? "; clear line " : "", m->has_clear ? figure_of(f, m->clear, c) : "",
        m->for_periods, m->for_periods == 1 ? "" : "s", m->clear_for);
    return r | say_target(lines, f) | say_standard(lines, f);
}

/* Why it is no plain number, and where the true one lies. */
static int say_bounds(json_t *lines, const struct finding *f, const struct series_version *v)
{
    char a[64], b[64];

    if (v && v->untold)
        return explain_say(lines, "Outcome not told for %llu of %llu stops%s.",
                           (unsigned long long)v->untold, (unsigned long long)v->stops,
                           is_between(v) ? ": each may or may not be one of those counted"
                           : v->marker == MARKER_NONE ? ": the figure is the same whatever it was"
                                                      : ", and none is known to be a completion");
    if (v && v->marker == MARKER_NONE && v->low != v->high)
        return explain_say(
            lines, "The figure is rounded or bounded: the true value lies between %s and %s.",
            figure_of(f, v->low, a), figure_of(f, v->high, b));
    return 0;
}

static int say_newest(json_t *lines, const struct finding *f, const struct period_judgement *p)
{
    const struct series_version *v = p->version;
    char start[DATE_TEXT_MAX], end[DATE_TEXT_MAX], a[64], b[64];
    int r = 0;

    r |= explain_say(lines, "Newest data period: %s to %s, %s%s%s; the plan's line for it is %s.",
                     date_format(p->start, start), date_format(p->end, end), figure(f, v, a),
                     v && publication_name(v->status) ? ", " : "",
                     v && publication_name(v->status) ? publication_name(v->status) : "",
                     isfinite(p->line) ? figure_of(f, p->line, b) : "not set yet");
    r |= say_bounds(lines, f, v);
    if (p->restated)
        r |= explain_say(
            lines, "It is a restatement: an earlier file said something else of this period.");
    if (v && v->marker == MARKER_NONE && !is_between(v) && isfinite(v->value) &&
        isfinite(p->line) && (p->event == PERIOD_AMBER || p->event == PERIOD_RED)) {
        struct civil_date last = measure_last_date(f->measure);
        double by = tidy(behind_by(f, p));

        if (p->event == PERIOD_AMBER)
            r |= explain_say(lines,
                             "Judged amber: worse than the line by %s, within the tolerance of %s.",
                             difference_of(f, by, a), difference_of(f, f->measure->tolerance, b));
        else if (by > f->measure->tolerance)
            r |= explain_say(
                lines, "Judged red: worse than the line by %s, more than the tolerance of %s.",
                difference_of(f, by, a), difference_of(f, f->measure->tolerance, b));
        else
            r |= explain_say(lines,
                             "Judged red: worse than the line by %s, and the last date of the "
                             "plan (%s) has come without it being met.",
                             difference_of(f, by, a),
                             date_is_set(last) ? date_format(last, end) : "the target's");
    } else {
        r |= explain_say(lines, "Judged %s: %s.", rag_name(p->rag),
                         p->event == PERIOD_UNKNOWN   ? "there is no usable figure to judge"
                         : p->event == PERIOD_NOT_DUE ? "the first milestone is still to come"
                         : p->event == PERIOD_BETWEEN ? "not behind, but short of the clear line"
                         : p->event == PERIOD_AMBER || p->event == PERIOD_RED
                             ? is_between(v) ? "wherever it lies between its bounds, it is worse "
                                               "than the line"
                               : v && v->marker == MARKER_NONE
                                   ? "it is worse than every line"
                                   : "whatever the hidden figure is, it is worse than the line"
                         : p->rag == RAG_BLUE ? "the target itself is met"
                                              : "at or better than the line");
    }
    return r;
}

/* What time alone does to the newest data. */
static int say_ageing(json_t *lines, const struct finding *f)
{
    const struct ageing *a = &f->ageing;
    char data[DATE_TEXT_MAX], since[DATE_TEXT_MAX], value[64], line[64];

    if (a->state == AGEING_NONE)
        return 0;
    if (a->state == AGEING_OVER)
        return explain_say(lines,
                           "No longer projected: %d cadences have gone by without data since %s.",
                           PROJECTED_CADENCES, date_format(a->data_date, data));
    return explain_say(
        lines, "%s %s%s: %s today, where the plan's line is %s: %s%s.",
        f->measure->of_feed ? "Nothing new came since" : "Projected from data of",
        date_format(a->data_date, data), f->measure->of_feed ? "" : ", if nobody was seen since",
        figure(f, &a->version, value),
        isfinite(a->judged.line) ? figure_of(f, a->judged.line, line) : "not set yet",
        a->state == AGEING_FINE ? "not behind" : "behind since ",
        a->state == AGEING_FINE ? "" : date_format(a->since, since));
}

int explain_judgement(json_t *lines, const struct finding *f)
{
    const struct period_judgement *p = finding_newest(f);
    char holds[HOLD_WORDS_MAX], date[DATE_TEXT_MAX];
    int r = 0;

    if (f->measure && f->rule == RULE_BEHIND_PLAN) {
        r |= say_rule_of_measure(lines, f);
        if (p)
            r |= say_newest(lines, f, p);
        r |= say_ageing(lines, f);
        if (f->missing_why)
            r |= explain_say(lines, "No figure: %s.", f->missing_why);
        else if (!p)
            r |= explain_say(lines, "No data period is judged yet.");
    } else if (f->rule == RULE_SPECIAL_CAUSE) {
        r |= explain_chart(lines, f);
    } else if (p) {
        r |= explain_say(lines, "True now, for %s.", date_format(p->end, date));
    } else {
        r |= explain_say(lines, "Not true now.");
    }
    if (f->joined_org)
        r |= explain_say(lines,
                         "Figures up to %s are those of %s, from which it took over: a break.",
                         date_format(f->joined_until, date), f->joined_org);
    if (f->detail && *f->detail)
        r |= explain_say(lines, "%c%s.", toupper((unsigned char)f->detail[0]), f->detail + 1);
    else if (f->action && f->rule == RULE_ACTION_OVERDUE)
        r |= explain_say(lines, "Action %s was due on %s and is not complete.", f->action->id,
                         date_format(f->action->due, date));
    if (f->holds)
        r |= explain_say(lines, "Held: %s. A hold blocks every move to better and none to worse.",
                         hold_words(f->holds, holds));
    if (f->plan_expired)
        r |= explain_say(lines, "The plan has expired; it is watched until another supersedes it.");
    return r;
}

/* ---- why no other row applied ---- */

/* Why nothing is known of the side on which the figure lies. */
static const char *unknown_why(const struct period_judgement *p)
{
    if (p->event == PERIOD_NOT_DUE)
        return "nothing is due before the first milestone";
    if (p->holds & HOLD_GAP)
        return "the published total rests on parts that nobody submitted";
    if (p->holds & HOLD_NO_VALUE)
        return "there is no figure that shows it";
    if (p->holds & HOLD_INDETERMINATE)
        return "the true value may lie on either side of the line";
    return "no usable figure shows it";
}

/* Why the newest period was not judged `event`. */
static void not_event(struct text *out, const struct finding *f, const struct period_judgement *p,
                      enum period_event event)
{
    const struct plan_measure *m = f->measure;
    char value[64], line[64], other[64];
    const char *v = figure(f, p->version, value), *l = figure_of(f, p->line, line);
    int is_behind = p->event == PERIOD_AMBER || p->event == PERIOD_RED;
    int is_known = p->event != PERIOD_UNKNOWN && p->event != PERIOD_NOT_DUE;

    if (event == PERIOD_UNKNOWN)
        (void)text_puts(out, p->event == PERIOD_NOT_DUE ? "the first milestone is still to come"
                                                        : "the figure is usable");
    else if (event == PERIOD_NOT_DUE)
        (void)text_puts(out, isfinite(p->line) ? "the plan has a line for this period"
                                               : "the period is judged without a milestone");
    else if (!is_known)
        (void)text_puts(out, unknown_why(p));
    else if (is_behind && (event == PERIOD_CLEAR || event == PERIOD_BETWEEN))
        (void)text_printf(out, "%s is worse than the line %s", v, l);
    else if (event == PERIOD_CLEAR)
        (void)text_printf(out, "%s is short of the clear line %s", v,
                          figure_of(f, m->has_clear ? m->clear : p->line, other));
    else if (event == PERIOD_BETWEEN)
        (void)text_printf(out, "%s is past the clear line", v);
    else if (!is_behind)
        (void)text_printf(out, "%s is not behind the line %s", v, l);
    else if (event == PERIOD_RED)
        (void)text_printf(out,
                          "%s is within the tolerance of %s, and the last date of the plan is "
                          "still to come",
                          v, difference_of(f, m->tolerance, other));
    else
        (void)text_puts(out, tidy(behind_by(f, p)) > m->tolerance
                                 ? "it is behind by more than the tolerance"
                                 : "the last date of the plan has come");
}

/* Why this row did not apply: its event, its hold, or both. */
static void not_row(struct text *out, const struct finding *f, const struct period_judgement *p,
                    const struct alert_step *last, const struct transition *row)
{
    char holds[HOLD_WORDS_MAX];

    if (row->event != last->event)
        not_event(out, f, p, row->event);
    if (row->event != last->event && row->held != last->held)
        (void)text_puts(out, "; ");
    if (row->held == last->held)
        return;
    if (last->held)
        (void)text_printf(out, "a hold stands (%s)", hold_words(p->holds, holds));
    else
        (void)text_puts(out, "no hold stands");
}

/* The sentence for people; only of rows that differ in one thing, and that would change anything.
 */
static int say_not(json_t *lines, const struct alert_step *last, const struct transition *row,
                   const char *why_not)
{
    if (row->event != last->event)
        return row->held == last->held
                   ? explain_say(lines, "Not \"%s\" (%s -> %s): %s.",
                                 explain_event_words(row->event), alert_state_name(row->from),
                                 alert_state_name(row->to), why_not)
                   : 0;
    if (alert_transition(last->from, last->event, last->held)->to == row->to)
        return 0;
    if (last->held)
        return explain_say(lines, "Not %s -> %s: %s; without it: %s.", alert_state_name(row->from),
                           alert_state_name(row->to), why_not, row->why);
    return explain_say(lines, "No hold stood; with one: %s.", row->why);
}

int explain_others(json_t *others, json_t *lines, const struct finding *f,
                   const struct alert_step *last)
{
    const struct period_judgement *p = finding_newest(f);
    size_t count = 0;
    const struct transition *rows = alert_transitions(&count);
    int r = 0;

    if (!p || !f->measure || f->rule != RULE_BEHIND_PLAN)
        return 0;
    for (size_t i = 0; i < count && r == 0; i++) {
        AUTO(text_release) struct text why_not = TEXT_INIT;

        bool of_period = rows[i].event <= PERIOD_RED; /* the others are no judgement of it */

        if (rows[i].from != last->from || !of_period ||
            (rows[i].event == last->event && rows[i].held == last->held))
            continue;
        not_row(&why_not, f, p, last, &rows[i]);
        if (!text_ok(&why_not))
            return -1;
        json_t *o = json_object();

        r |= explain_row(o, rows[i].from, rows[i].event, rows[i].held, rows[i].to, rows[i].why);
        r |= report_put(o, "why_not", report_text(text_str(&why_not)));
        r |= json_array_append_new(others, o);
        r |= say_not(lines, last, &rows[i], text_str(&why_not));
    }
    return r;
}

int explain_row(json_t *o, enum alert_state from, enum period_event event, bool held,
                enum alert_state to, const char *why)
{
    int r = 0;

    r |= report_put(o, "from", report_text(alert_state_name(from)));
    r |= report_put(o, "event", report_text(explain_event_words(event)));
    r |= report_put(o, "hold", json_boolean(held));
    r |= report_put(o, "to", report_text(alert_state_name(to)));
    r |= report_put(o, "why", report_text(why));
    return r;
}
