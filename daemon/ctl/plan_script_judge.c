#include "ctl/plan_script_judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

#define SAME_WITHIN 1e-9 /* figures of a file and of the script are the same decimal */
#define SHOWN_MAX   3    /* messages named in one difference */

struct judging {
    const struct plan_script *s;
    const struct script_step *step;
    struct diags *diags;
    char date[DATE_TEXT_MAX];
};

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

__attribute__((format(printf, 3, 4))) static void differ(struct judging *j, yaml_node *at,
                                                         const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    yaml_vcomplain(j->s->yaml, at, j->diags, DIAG_ERROR, PLAN_SCRIPT_DIFFERS, NULL, format, ap);
    va_end(ap);
}

__attribute__((format(printf, 3, 4))) static void warn(struct judging *j, yaml_node *at,
                                                       const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    yaml_vcomplain(j->s->yaml, at, j->diags, DIAG_WARNING, PLAN_SCRIPT_SET_ASIDE, NULL, format, ap);
    va_end(ap);
}

/* ---- files ---- */

/* What became of a file, each of those that came for one alone; NULL: it did not come. */
static const json_t *take_file(const struct script_file *f, const json_t *files, bool *is_taken)
{
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);

        if (is_taken[i] || strcmp(f->feed, text_of(file, "feed")) != 0 ||
            strcmp(f->digest, text_of(file, "sha256")) != 0)
            continue;
        is_taken[i] = true;
        return file;
    }
    return NULL;
}

static bool judge_file(struct judging *j, const struct script_file *f, const json_t *file)
{
    const char *wanted = f->outcome ? f->outcome : "accepted";
    const char *found = file ? text_of(file, "outcome") : "not taken";
    const char *why = text_of(file, "why");
    json_int_t set_aside = json_integer_value(json_object_get(file, "set_aside"));

    if (set_aside)
        warn(j, f->node, "%s: %s: %s: rows that cannot be read: %" JSON_INTEGER_FORMAT, j->date,
             f->feed, f->name, set_aside);
    if (strcmp(wanted, found) == 0)
        return true;
    differ(j, f->outcome ? yaml_get(f->node, "outcome") : f->node,
           "%s: %s: %s: expected %s, found %s%s%s", j->date, f->feed, f->name, wanted, found,
           *why ? ": " : "", why);
    return false;
}

/* A file that did not come, or was not taken as meant, makes what follows from it mean nothing. */
static size_t judge_files(struct judging *j, const json_t *files)
{
    const struct script_step *step = j->step;
    AUTO(auto_free) bool *is_taken = calloc(json_array_size(files) + 1, sizeof *is_taken);
    size_t differences = 0;

    for (size_t i = 0; i < step->file_count; i++) {
        const struct script_file *f = &step->files[i];

        differences += !judge_file(j, f, is_taken ? take_file(f, files, is_taken) : NULL);
    }
    return differences;
}

/* ---- states ---- */

static bool names(const char *wanted, const json_t *o, const char *key)
{
    return !wanted || strcmp(wanted, text_of(o, key)) == 0;
}

static bool is_meant(const struct script_state *w, const json_t *alert)
{
    return names(w->rule, alert, "rule") && names(w->measure, alert, "measure") &&
           names(w->feed, alert, "feed") && names(w->provider, alert, "provider") &&
           names(w->action, alert, "action");
}

/* An open alert before one that ended: it is how things stand. */
static const json_t *alert_of(const struct script_state *w, const json_t *alerts)
{
    const json_t *found = NULL;

    for (size_t i = 0; i < json_array_size(alerts); i++) {
        const json_t *alert = json_array_get(alerts, i);

        if (is_meant(w, alert) && (!found || json_is_true(json_object_get(alert, "open"))))
            found = alert;
    }
    return found;
}

/* What a key of the script is to be compared with. */
static const char *found_state(const struct script_state *w, const json_t *alert)
{
    bool is_open = json_is_true(json_object_get(alert, "open"));

    /* "none" holds also of what ended: nothing is open. */
    return !alert || (!is_open && w->state && strcmp(w->state, "none") == 0)
               ? "none"
               : text_of(alert, "state");
}

static const char *found_severity(const json_t *alert)
{
    const char *severity = text_of(alert, "severity");

    return json_is_true(json_object_get(alert, "open")) && *severity ? severity : "none";
}

static bool compare(struct judging *j, const struct script_state *w, const char *what,
                    const char *key, const char *wanted, const char *found)
{
    if (!wanted || strcmp(wanted, found) == 0)
        return true;
    differ(j, yaml_get(w->node, key), "%s: %s: %s: expected %s, found %s", j->date, what, key,
           wanted, found);
    return false;
}

static bool compare_held(struct judging *j, const struct script_state *w, const char *what,
                         const json_t *of)
{
    bool is_held = json_is_true(json_object_get(of, "held"));
    bool wanted = w->held && (strcmp(w->held, "yes") == 0 || strcmp(w->held, "true") == 0);

    return !w->held || wanted == is_held ||
           compare(j, w, what, "held", wanted ? "yes" : "no", is_held ? "yes" : "no");
}

static bool compare_value(struct judging *j, const struct script_state *w, const char *what,
                          const json_t *measure)
{
    const json_t *value = json_object_get(measure, "value");
    const char *marker = text_of(measure, "marker");
    char found[64];

    if (!w->value)
        return true;
    if (!json_is_number(value)) {
        (void)snprintf(found, sizeof found, "none%s%.40s%s", *marker ? " (" : "", marker,
                       *marker ? ")" : "");
        return strcmp(w->value, "none") == 0 || compare(j, w, what, "value", w->value, found);
    }
    double is = json_number_value(value);

    (void)snprintf(found, sizeof found, "%.15g", is);
    return (strcmp(w->value, "none") != 0 && fabs(strtod(w->value, NULL) - is) <= SAME_WITHIN) ||
           compare(j, w, what, "value", w->value, found);
}

static bool judge_measure(struct judging *j, const struct script_state *w, const json_t *stands)
{
    const struct script_state of = { .rule = (char *)(uintptr_t) "behind-plan",
                                     .measure = w->measure };
    const json_t *list = json_object_get(stands, "measures"), *measure = NULL;
    const json_t *alert = alert_of(&of, json_object_get(stands, "alerts"));
    bool met;

    for (size_t i = 0; !measure && i < json_array_size(list); i++)
        if (names(w->measure, json_array_get(list, i), "id"))
            measure = json_array_get(list, i);
    met = compare(j, w, w->measure, "rag", w->rag, text_of(measure, "rag"));
    met &= compare(j, w, w->measure, "state", w->state, found_state(w, alert));
    met &= compare(j, w, w->measure, "severity", w->severity, found_severity(alert));
    met &= compare_held(j, w, w->measure, measure);
    return compare_value(j, w, w->measure, measure) && met;
}

static bool judge_alert(struct judging *j, const struct script_state *w, const json_t *stands)
{
    const json_t *alert = alert_of(w, json_object_get(stands, "alerts"));
    bool is_open = json_is_true(json_object_get(alert, "open"));
    bool met = compare(j, w, w->rule, "state", w->state, found_state(w, alert));

    /* Without a state an open one is meant. */
    if (!w->state && !is_open) {
        differ(j, w->node, "%s: %s: expected an open alert, found none", j->date, w->rule);
        return false;
    }
    met &= compare(j, w, w->rule, "severity", w->severity, found_severity(alert));
    return compare_held(j, w, w->rule, alert) && met;
}

/* ---- messages ---- */

static bool is_wanted(const struct script_message *w, const json_t *message)
{
    return names(w->receiver, message, "receiver") && names(w->recipient, message, "recipient") &&
           (!w->subject || strstr(text_of(message, "subject"), w->subject));
}

/* Those that no expectation has taken, the first of them by their subjects. */
static void list_left(const json_t *messages, const bool *is_taken, struct text *out)
{
    size_t left = 0;

    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *m = json_array_get(messages, i);

        if (is_taken[i])
            continue;
        if (left++ < SHOWN_MAX)
            (void)text_printf(out, "%sto %s \"%s\"", left > 1 ? ", " : "", text_of(m, "receiver"),
                              text_of(m, "subject"));
    }
    if (left > SHOWN_MAX)
        (void)text_printf(out, " and %zu more", left - SHOWN_MAX);
    if (left == 0)
        (void)text_puts(out, "none");
}

static bool take(const struct script_message *w, const json_t *messages, bool *is_taken)
{
    for (size_t i = 0; i < json_array_size(messages); i++)
        if (!is_taken[i] && is_wanted(w, json_array_get(messages, i))) {
            is_taken[i] = true;
            return true;
        }
    return false;
}

static bool judge_messages(struct judging *j, const json_t *messages)
{
    const struct script_step *step = j->step;
    size_t count = json_array_size(messages), taken = 0, missing = 0;
    AUTO(auto_free) bool *is_taken = calloc(count + 1, sizeof *is_taken);
    AUTO(auto_free) bool *is_met = calloc(step->message_count + 1, sizeof *is_met);
    AUTO(text_release) struct text left = TEXT_INIT;

    if (!is_taken || !is_met) {
        differ(j, step->messages_node, "%s: out of memory", j->date);
        return false;
    }
    for (size_t i = 0; i < step->message_count; i++) {
        is_met[i] = take(&step->messages[i], messages, is_taken);
        taken += is_met[i];
    }
    list_left(messages, is_taken, &left);
    for (size_t i = 0; i < step->message_count; i++) {
        const struct script_message *w = &step->messages[i];

        if (is_met[i])
            continue;
        missing++;
        differ(j, w->node, "%s: expected a message to %s%s%s%s, found %s", j->date, w->receiver,
               w->subject ? " with \"" : "", w->subject ? w->subject : "",
               w->subject ? "\" in its subject" : "", text_str(&left));
    }
    if (!missing && taken < count)
        differ(j, step->messages_node, "%s: expected %s, found %s", j->date,
               step->message_count ? "no other message" : "no message", text_str(&left));
    return !missing && taken == count;
}

size_t plan_script_judge(const struct plan_script *s, const struct script_step *step,
                         const json_t *stands, const json_t *messages, struct diags *diags)
{
    struct judging j = { .s = s, .step = step, .diags = diags };
    size_t differences = 0;

    (void)date_format(step->on, j.date);
    differences += judge_files(&j, json_object_get(stands, "files"));
    for (size_t i = 0; i < step->measure_count; i++)
        differences += !judge_measure(&j, &step->measures[i], stands);
    for (size_t i = 0; i < step->alert_count; i++)
        differences += !judge_alert(&j, &step->alerts[i], stands);
    if (step->messages_node)
        differences += !judge_messages(&j, messages);
    return differences;
}
