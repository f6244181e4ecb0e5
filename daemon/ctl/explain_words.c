/* The sentences of report_explain.h. */
#include "ctl/report_explain.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/report_json.h"

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
    };

    return (size_t)event < sizeof words / sizeof words[0] ? words[event] : "?";
}

static const char *unit_sign(const struct finding *f)
{
    enum unit u = f->measure ? f->measure->unit : UNIT_UNKNOWN;

    if (u == UNIT_UNKNOWN && f->series)
        u = f->series->unit;
    return u == UNIT_PERCENT ? "%" : u == UNIT_DAYS ? " days" : u == UNIT_WEEKS ? " weeks" : "";
}

/* "5%", or "suppressed", or "no figure". */
static const char *figure(const struct finding *f, const struct series_version *v, char out[64])
{
    char number[32];

    if (!v || (v->marker == MARKER_NONE && !isfinite(v->value)))
        return "no figure";
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

    return f->measure->polarity == POLARITY_HIGHER ? p->line - value : value - p->line;
}

/* Differences carry the noise of binary fractions: 60 - 54.9 is shown as 5.1. */
static double tidy(double value)
{
    return round(value * 1e9) / 1e9;
}

/* After it, whatever is behind is red. */
static struct civil_date last_date(const struct plan_measure *m)
{
    if (m->expect_count)
        return m->expect[m->expect_count - 1].date;
    return m->target_by;
}

static int say_rule_of_measure(json_t *lines, const struct finding *f)
{
    const struct plan_measure *m = f->measure;
    char a[64], b[64], c[64];
    int higher = m->polarity == POLARITY_HIGHER;
    int r = 0;

    r |=
        explain_say(lines, "Watched: published %s, feed %s, organisation %s%s%s%s%s.", m->published,
                    m->select.feed, m->select.org, m->select.breakdown ? ", breakdown " : "",
                    m->select.breakdown ? m->select.breakdown : "", m->select.secondary ? ", " : "",
                    m->select.secondary ? m->select.secondary : "");
    r |= explain_say(
        lines,
        "Rule: %s is better; target %s%s; tolerance %s%s%s; fires after %ld "
        "data period%s behind, resolves after %ld clear.",
        higher ? "higher" : "lower", m->has_target ? higher ? "at least " : "at most " : "",
        m->has_target ? figure_of(f, m->target, a) : "none", difference_of(f, m->tolerance, b),
        m->has_clear ? "; clear line " : "", m->has_clear ? figure_of(f, m->clear, c) : "",
        m->for_periods, m->for_periods == 1 ? "" : "s", m->clear_for);
    return r;
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
    if (v && v->marker == MARKER_NONE && v->low != v->high)
        r |= explain_say(lines,
                         "The figure is rounded or bounded: the true value lies between %s and %s.",
                         figure_of(f, v->low, a), figure_of(f, v->high, b));
    if (p->restated)
        r |= explain_say(
            lines, "It is a restatement: an earlier file said something else of this period.");
    if (v && v->marker == MARKER_NONE && isfinite(p->line) &&
        (p->event == PERIOD_AMBER || p->event == PERIOD_RED)) {
        struct civil_date last = last_date(f->measure);
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
                             ? "whatever the hidden figure is, it is worse than the line"
                         : p->rag == RAG_BLUE ? "the target itself is met"
                                              : "at or better than the line");
    }
    return r;
}

int explain_judgement(json_t *lines, const struct finding *f)
{
    const struct period_judgement *p = report_newest(f);
    char holds[160], date[DATE_TEXT_MAX];
    int r = 0;

    if (f->measure && f->rule == RULE_BEHIND_PLAN) {
        r |= say_rule_of_measure(lines, f);
        if (p)
            r |= say_newest(lines, f, p);
        if (f->missing_why)
            r |= explain_say(lines, "No figure: %s.", f->missing_why);
        else if (!p)
            r |= explain_say(lines, "No data period is judged yet.");
    } else if (p) {
        r |= explain_say(lines, "True now, for %s.", date_format(p->end, date));
    } else {
        r |= explain_say(lines, "Not true now.");
    }
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

/* Why the newest period was not judged `event`. */
static int say_not_event(json_t *lines, const struct finding *f, const struct period_judgement *p,
                         const struct transition *row, const char *arrow)
{
    const struct plan_measure *m = f->measure;
    char value[64], line[64], other[64];
    const char *v = figure(f, p->version, value), *l = figure_of(f, p->line, line);
    const char *word = explain_event_words(row->event);
    int is_behind = p->event == PERIOD_AMBER || p->event == PERIOD_RED;
    int is_known = p->event != PERIOD_UNKNOWN && p->event != PERIOD_NOT_DUE;

    if (row->event == PERIOD_UNKNOWN)
        return explain_say(lines, "Not \"%s\" (%s): %s.", word, arrow,
                           p->event == PERIOD_NOT_DUE ? "the first milestone is still to come"
                                                      : "the figure is usable");
    if (row->event == PERIOD_NOT_DUE)
        return explain_say(lines, "Not \"%s\" (%s): %s.", word, arrow,
                           isfinite(p->line) ? "the plan has a line for this period"
                                             : "the period is judged without a milestone");
    if (!is_known)
        return explain_say(lines, "Not \"%s\" (%s): %s.", word, arrow,
                           p->event == PERIOD_NOT_DUE ? "nothing is due before the first milestone"
                                                      : "no usable figure shows it");
    if (row->event == PERIOD_CLEAR || (row->event == PERIOD_BETWEEN && is_behind))
        return is_behind
                   ? explain_say(lines, "Not \"%s\" (%s): %s is worse than the line %s.", word,
                                 arrow, v, l)
                   : explain_say(lines, "Not \"%s\" (%s): %s is short of the clear line %s.", word,
                                 arrow, v, figure_of(f, m->has_clear ? m->clear : p->line, other));
    if (row->event == PERIOD_BETWEEN)
        return explain_say(lines, "Not \"%s\" (%s): %s is past the clear line.", word, arrow, v);
    if (!is_behind)
        return explain_say(lines, "Not \"%s\" (%s): %s is not behind the line %s.", word, arrow, v,
                           l);
    if (row->event == PERIOD_RED)
        return explain_say(lines,
                           "Not \"red\" (%s): %s is within the tolerance of %s, and the last date "
                           "of the plan is still to come.",
                           arrow, v, difference_of(f, m->tolerance, other));
    return explain_say(lines, "Not \"amber\" (%s): %s.", arrow,
                       tidy(behind_by(f, p)) > m->tolerance
                           ? "it is behind by more than the tolerance"
                           : "the last date of the plan has come");
}

/* The row that differs from the one that applied only by the hold, where that changes the outcome.
 */
static int say_hold(json_t *lines, const struct transition *applied, const struct transition *other)
{
    if (applied->to == other->to)
        return 0;
    if (applied->held)
        return explain_say(lines, "Not %s -> %s: a hold stands; without it: %s.",
                           alert_state_name(other->from), alert_state_name(other->to), other->why);
    return explain_say(lines, "No hold stood; with one: %s.", other->why);
}

int explain_why_not(json_t *lines, const struct finding *f, const struct alert_step *last)
{
    const struct period_judgement *p = report_newest(f);
    size_t count = 0;
    const struct transition *rows = alert_transitions(&count), *applied = NULL;
    char arrow[96];
    int r = 0;

    if (!p || !f->measure || f->rule != RULE_BEHIND_PLAN)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (rows[i].from == last->from && rows[i].event == last->event &&
            rows[i].held == last->held)
            applied = &rows[i];
    for (size_t i = 0; applied && i < count; i++) {
        const struct transition *row = &rows[i];

        if (row->from != last->from || row == applied)
            continue;
        if (row->event == last->event) {
            r |= say_hold(lines, applied, row);
        } else if (row->held == last->held) {
            snprintf(arrow, sizeof arrow, "%s -> %s", alert_state_name(row->from),
                     alert_state_name(row->to));
            r |= say_not_event(lines, f, p, row, arrow);
        }
    }
    return r;
}
