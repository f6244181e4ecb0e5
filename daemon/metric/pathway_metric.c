#include "metric/pathway_metric.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define DAYS_A_WEEK       7
#define DAYS_A_MONTH_MOST 31

#define STOCK METRIC_STOCK
#define FLOW  METRIC_FLOW
#define NONE  PARAMETER_NONE
#define WAIT  PARAMETER_WAIT
#define DAYS  PARAMETER_DAYS
#define COUNT UNIT_COUNT
#define SHARE UNIT_PERCENT
#define NO    UNIT_UNKNOWN

#define PERCENTILE_OF_OPEN "percentile of open waits"
#define COUNTED            "counted"
#define QUEUEING           "queueing"

static const struct metric_def catalogue[PATHWAY_METRICS] = {
    /* id, kind, parameter, unit, other unit, better, takes, method, definition */
    [METRIC_OPEN] = { "open", STOCK, NONE, COUNT, NO, BETTER_LOWER, 0, COUNTED,
                      "pathways whose clock runs at the end of the day" },
    [METRIC_OPEN_OVER] = { "open-over", STOCK, WAIT, COUNT, SHARE, BETTER_LOWER, 0, COUNTED,
                           "open pathways that have waited longer" },
    [METRIC_OPEN_WITHIN] = { "open-within", STOCK, WAIT, SHARE, COUNT, BETTER_HIGHER, 0, COUNTED,
                             "open pathways that have waited no longer, of all open ones" },
    [METRIC_MEDIAN_WAIT] = { "median-wait", STOCK, NONE, UNIT_DAYS, UNIT_WEEKS, BETTER_LOWER,
                             TAKES_METHOD, PERCENTILE_OF_OPEN,
                             "the wait that half of the open pathways do not exceed" },
    [METRIC_P90_WAIT] = { "p90-wait", STOCK, NONE, UNIT_DAYS, UNIT_WEEKS, BETTER_LOWER,
                          TAKES_METHOD, PERCENTILE_OF_OPEN,
                          "the wait that 90 per cent of the open pathways do not exceed" },
    [METRIC_P92_WAIT] = { "p92-wait", STOCK, NONE, UNIT_DAYS, UNIT_WEEKS, BETTER_LOWER,
                          TAKES_METHOD, PERCENTILE_OF_OPEN,
                          "the wait that 92 per cent of the open pathways do not exceed" },
    [METRIC_MEAN_WAIT] = { "mean-wait", STOCK, NONE, UNIT_DAYS, UNIT_WEEKS, BETTER_LOWER, 0,
                           "mean of open waits", "the mean wait of the open pathways" },
    [METRIC_LONGEST_WAIT] = { "longest-wait", STOCK, NONE, UNIT_DAYS, UNIT_WEEKS, BETTER_LOWER, 0,
                              "longest of open waits", "the longest wait of an open pathway" },
    [METRIC_COMPLETED_WITHIN] = { "completed-within", FLOW, WAIT, SHARE, COUNT, BETTER_HIGHER, 0,
                                  COUNTED,
                                  "pathways completed in the period after no longer a wait, of all "
                                  "completed in it" },
    [METRIC_COMPLETED] = { "completed", FLOW, NONE, COUNT, NO, BETTER_HIGHER, 0, COUNTED,
                           "pathways completed in the period" },
    [METRIC_REFERRALS] = { "referrals", FLOW, NONE, COUNT, NO, BETTER_UNSAID, 0, COUNTED,
                           "clocks that started in the period" },
    [METRIC_FIRST_CONTACTS] = { "first-contacts", FLOW, NONE, COUNT, NO, BETTER_HIGHER, 0, COUNTED,
                                "pathways whose first contact was in the period" },
    [METRIC_CLOCK_STOPS] = { "clock-stops", FLOW, NONE, COUNT, NO, BETTER_HIGHER, 0, COUNTED,
                             "clocks that stopped in the period, for whatever reason" },
    [METRIC_REMOVALS_UNSEEN] = { "removals-unseen", FLOW, NONE, COUNT, NO, BETTER_LOWER, 0, COUNTED,
                                 "pathways that left the list in the period without being seen" },
    [METRIC_NET_CHANGE] = { "net-change", FLOW, NONE, COUNT, NO, BETTER_LOWER, 0, COUNTED,
                            "clocks started less clocks stopped in the period" },
    [METRIC_BREACHING_WITHIN] = { "breaching-within", STOCK, DAYS, COUNT, NO, BETTER_LOWER,
                                  TAKES_STANDARD, COUNTED,
                                  "open pathways within the standard that will be over it after so "
                                  "many days, if nobody is seen" },
    [METRIC_CLEARANCE_WEEKS] = { "clearance-weeks", FLOW, NONE, UNIT_WEEKS, NO, BETTER_LOWER, 0,
                                 QUEUEING,
                                 "weeks until nobody waits, at the period's starts and stops" },
    [METRIC_LOAD] = { "load", FLOW, NONE, UNIT_RATE, NO, BETTER_LOWER, 0, QUEUEING,
                      "clocks started over clocks stopped in the period; 1 or more: it grows" },
    [METRIC_TARGET_QUEUE] = { "target-queue", FLOW, NONE, COUNT, NO, BETTER_UNSAID,
                              TAKES_STANDARD | TAKES_SHARE, QUEUEING,
                              "how many may wait if the share is to wait no longer than the "
                              "standard, at the period's starts" },
    [METRIC_RELIEF_CAPACITY] = { "relief-capacity", FLOW, NONE, UNIT_RATE, NO, BETTER_LOWER,
                                 TAKES_STANDARD | TAKES_SHARE, QUEUEING,
                                 "stops a week that bring the list to its target size in 26 "
                                 "weeks" },
    [METRIC_PRESSURE] = { "pressure", STOCK, NONE, UNIT_RATE, NO, BETTER_LOWER, TAKES_STANDARD,
                          QUEUEING,
                          "twice the mean wait over the standard; above 1 it is likely missed" },
    [METRIC_SHORTFALL] = { "shortfall", STOCK, NONE, COUNT, NO, BETTER_LOWER,
                           TAKES_STANDARD | TAKES_SHARE, COUNTED,
                           "pathways over the standard that must go so that the share of the list "
                           "is within it" },
};

const struct metric_def *metric_def_of(enum pathway_metric_id id)
{
    assert((size_t)id < PATHWAY_METRICS);
    return &catalogue[id];
}

int metric_wait_parse(const char *text, struct span *out_wait)
{
    struct span s;
    long each;

    if (span_parse(text, &s) < 0)
        return -EINVAL;
    switch (s.unit) {
    case SPAN_DAYS:
        each = 1;
        break;
    case SPAN_WEEKS:
        each = DAYS_A_WEEK;
        break;
    case SPAN_MONTHS:
        each = DAYS_A_MONTH_MOST;
        break;
    default:
        return -EINVAL;
    }
    if (s.count < 1 || s.count > METRIC_WAIT_MAX_DAYS / each)
        return -EINVAL;
    *out_wait = s;
    return 0;
}

static enum metric_problem read_parameter(const struct metric_def *def, const char *text,
                                          struct span *out)
{
    bool given = text != NULL && text[0] != '\0';
    char days[24] = "";

    if (def->parameter == PARAMETER_NONE)
        return text != NULL ? METRIC_ONE_TOO_MANY : METRIC_FINE;
    if (!given)
        return METRIC_NO_PARAMETER;
    if (def->parameter == PARAMETER_DAYS && text[strspn(text, "0123456789")] == '\0')
        (void)snprintf(days, sizeof days, "%.20sd", text); /* a number is one of days */
    if (metric_wait_parse(days[0] ? days : text, out) < 0)
        return METRIC_NO_SPAN;
    return def->parameter == PARAMETER_DAYS && out->unit == SPAN_MONTHS ? METRIC_NOT_IN_DAYS
                                                                        : METRIC_FINE;
}

enum metric_problem pathway_metric_parse(const char *text, struct pathway_metric *out_metric)
{
    const char *colon;
    size_t len;

    assert(text != NULL && out_metric != NULL);
    colon = strchr(text, ':');
    len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    for (int i = 0; i < PATHWAY_METRICS; i++) {
        const struct metric_def *def = &catalogue[i];
        struct pathway_metric m = { .id = (enum pathway_metric_id)i,
                                    .share = METRIC_SHARE_DEFAULT,
                                    .unit = def->unit };
        enum metric_problem problem;

        if (strlen(def->id) != len || strncmp(def->id, text, len) != 0)
            continue;
        problem = read_parameter(def, colon != NULL ? colon + 1 : NULL, &m.wait);
        if (problem == METRIC_FINE)
            *out_metric = m;
        return problem;
    }
    return METRIC_UNKNOWN;
}

const char *wait_method_name(enum wait_method method)
{
    static const char *const names[] = {
        [METHOD_LINEAR] = "linear",
        [METHOD_NEAREST_RANK] = "nearest-rank",
        [METHOD_BAND_LINEAR] = "band-linear",
    };

    assert((size_t)method < sizeof names / sizeof names[0]);
    return names[method];
}

/* "18w" and "126d" are one wait; a month is none of days. */
static const char *span_text(struct span s, char out[24])
{
    bool months = s.unit == SPAN_MONTHS;

    (void)snprintf(out, 24, "%ld%s", s.unit == SPAN_WEEKS ? s.count * DAYS_A_WEEK : s.count,
                   months ? "m" : "d");
    return out;
}

const char *pathway_metric_text(const struct pathway_metric *m, char out[METRIC_TEXT_MAX])
{
    const struct metric_def *def = metric_def_of(m->id);
    char span[24], number[32];
    int len = snprintf(out, METRIC_TEXT_MAX, "%s%s%s", def->id, m->wait.count > 0 ? ":" : "",
                       m->wait.count > 0 ? span_text(m->wait, span) : "");

    if (def->takes & TAKES_STANDARD)
        len += snprintf(out + len, METRIC_TEXT_MAX - (size_t)len, " standard=%s",
                        span_text(m->standard, span));
    if ((def->takes & TAKES_SHARE) && m->share != METRIC_SHARE_DEFAULT)
        len += snprintf(out + len, METRIC_TEXT_MAX - (size_t)len, " share=%s",
                        text_number(m->share, number));
    if ((def->takes & TAKES_METHOD) && m->method != METHOD_LINEAR)
        len += snprintf(out + len, METRIC_TEXT_MAX - (size_t)len, " method=%s",
                        wait_method_name(m->method));
    if (m->unit != def->unit)
        len += snprintf(out + len, METRIC_TEXT_MAX - (size_t)len, " unit=%s", unit_name(m->unit));
    assert(len > 0 && len < METRIC_TEXT_MAX);
    return out;
}
