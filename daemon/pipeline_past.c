#include "pipeline_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"

/*
 * What an instance knew at the end of a local date: `waitlistctl ... --known DATE`. A simulation begins with its
 * journals up to that moment and makes of them what a start after any loss makes (pipeline_heal.c): files take
 * effect in their order, the acts of people and the states of alerts are those of the audit, and one evaluation is
 * made of that date. (1) The instance may run meanwhile, and nothing of it is changed: its journals are copied,
 * its archive is read. (2) No record of a later time is seen, whatever it is about. (3) A date that the instance
 * did not evaluate was judged by nobody: what stands is what was known on the last one before it.
 */

struct past {
    struct civil_date wanted, first,
        known;              /* asked for; evaluated first; the last evaluated up to it */
    struct civil_date last; /* evaluated at all */
    struct wall_time end;   /* of what is seen */
};

/* Its last millisecond. */
static struct wall_time end_of(struct civil_date date)
{
    return (struct wall_time){ wall_of_date(date_add_days(date, 1)).ms - 1 };
}

/* ---- which dates it knows ---- */

static int read_evaluated(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct past *past = arg;
    json_t *record = json_parse(json, len, 0, NULL);
    const char *text = json_string_value(json_object_get(record, "evaluated"));
    json_int_t at = json_integer_value(json_object_get(record, "at_ms"));
    struct civil_date date;
    int r = record ? 0 : -ENOMEM;

    (void)sequence;
    if (text && date_parse_iso(text, strlen(text), &date) == 0) {
        if (!date_is_set(past->first))
            past->first = date;
        past->last = date;
        if (date_compare(date, past->wanted) <= 0 && at <= end_of(past->wanted).ms)
            past->known = date;
    }
    json_decref(record);
    return r;
}

/* Said where a person reads it, which the log of a simulation is not. */
#define say(...) (void)fprintf(stderr, "waitlistd: --known " __VA_ARGS__)

/* Returns 0 or an exit status, after saying which dates there are. */
static int check_date(const struct past *past)
{
    char wanted[DATE_TEXT_MAX], first[DATE_TEXT_MAX], known[DATE_TEXT_MAX];
    struct clock real = CLOCK_REAL;

    (void)date_format(past->wanted, wanted);
    if (!date_is_set(past->first)) {
        say("%s: this instance has evaluated nothing yet\n", wanted);
        return 1;
    }
    (void)date_format(past->first, first);
    if (date_compare(past->wanted, past->last) > 0 &&
        date_compare(past->wanted, clock_today(&real)) > 0) {
        say("%s: is in the future: the last date evaluated is %s\n", wanted,
            date_format(past->last, known));
        return 2;
    }
    if (!date_is_set(past->known)) {
        say("%s: nothing was known yet: what is known begins with %s\n", wanted, first);
        return 1;
    }
    if (date_compare(past->known, past->wanted) < 0)
        say("%s: was not evaluated: this is what was known on %s, the last date before it that "
            "was\n",
            wanted, date_format(past->known, known));
    return 0;
}

/* ---- its journals up to then ---- */

/* Returns more than 0 for a record of a later time. A record without a time is of that of the one before it. */
static int is_later(void *arg, uint64_t sequence, const char *json, size_t len)
{
    const struct past *past = arg;
    json_t *record = json_parse(json, len, 0, NULL), *inner = NULL;
    const char *receipt = json_string_value(json_object_get(record, "receipt"));

    (void)sequence;
    if (!record)
        return -ENOMEM;
    if (receipt) /* of the journal of arrivals, which has it as text */
        inner = json_parse(receipt, strlen(receipt), 0, NULL);
    json_int_t at = json_integer_value(json_object_get(inner ? inner : record, "at_ms"));

    json_decref(inner);
    json_decref(record);
    return at > past->end.ms;
}

static int copy_journal(const char *from, const char *to, const char *name, struct past *past)
{
    AUTO(auto_free) char *source = path_join(from, name), *target = path_join(to, name);
    int r = source && target ? journal_copy(source, target, is_later, past) : -ENOMEM;

    if (r == -ENOENT)
        return 0;
    if (r < 0)
        log_error("past", "journal=%s error=\"%s\"", name, strerror(-r));
    return r;
}

/* Arrivals before what they become: the instance settles them meanwhile. */
static int copy_journals(struct pipeline *p, struct past *past)
{
    static const char *const names[] = { "arrivals", "received", "sent", "audit" };
    AUTO(auto_free) char *from = path_join(p->config->live_state, "journal");
    AUTO(auto_free) char *to = path_join(p->config->settings->state, "journal");
    int r = from && to ? folder_make(to) : -ENOMEM;

    for (size_t i = 0; r == 0 && i < sizeof names / sizeof names[0]; i++)
        r = copy_journal(from, to, names[i], past);
    return r;
}

static int copy_renamed(struct pipeline *p)
{
    AUTO(auto_free) char *path = path_join(p->config->live_state, "renamed");
    DIR *folder = path ? opendir(path) : NULL;
    const struct dirent *entry;
    int r = path ? 0 : -ENOMEM;

    while (r == 0 && folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            r = renamed_copy(p, p->config->live_state, entry->d_name);
    if (folder)
        (void)closedir(folder);
    return r;
}

int past_open(struct pipeline *p)
{
    struct past past = { wall_date(p->options.at), DATE_NONE, DATE_NONE, DATE_NONE, { 0 } };
    const char *state = p->config->live_state;
    AUTO(auto_free) char *audit = path_join(state, "journal/audit");
    int r = audit ? journal_walk(audit, read_evaluated, &past) : -ENOMEM;

    if (r < 0 && r != -ENOENT) {
        say("the journals in %s cannot be read: %s%s\n", state, strerror(-r),
            r == -EACCES ? ": ask as root, or as the user that the daemon runs as" : "");
        return 1;
    }
    int status = check_date(&past);

    if (status != 0)
        return status;
    past.end = end_of(past.known);
    clock_stop(&p->clock, past.end);
    r = copy_journals(p, &past);
    if (r == 0)
        r = copy_renamed(p);
    if (r < 0)
        say("the journals in %s cannot be copied: %s\n", state, strerror(-r));
    return r < 0 ? 1 : 0;
}

int past_lay_under(struct pipeline *p)
{
    AUTO(auto_free) char *archive = path_join(p->config->live_state, "archive");
    int r = archive ? archive_lay_over(p->archive, archive) : -ENOMEM;

    return r == -ENOENT ? 0 : r; /* nothing was ever received */
}

void past_say_lost(struct pipeline *p)
{
    char known[DATE_TEXT_MAX];
    size_t lost = 0;

    for (size_t i = 0; i < p->receipts.count; i++) {
        const struct receipt *r = p->receipts.list[i];
        AUTO(fd_close) int fd = -1;

        if (r->decides || r->outcome == RECEIPT_REFUSED)
            continue;
        fd = archive_read(p->archive, receipt_archived(r));
        lost += fd < 0;
    }
    if (lost > 0)
        say("%s: %zu files that had come by then are kept no more: what rested on them is held or "
            "missing here\n",
            date_format(pipeline_today(p), known), lost);
}
