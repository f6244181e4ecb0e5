#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "doctor/doctor_internal.h"

/* ---- lines ---- */

json_t *doctor_line(enum doctor_level level, const char *check, const char *subject,
                    const char *mend, const char *what)
{
    static const char *const levels[] = { "ok", "warn", "fail" };

    return json_pack("{s:s, s:s, s:s, s:s, s:s?}", "level", levels[level], "check", check,
                     "subject", subject, "what", what, "mend", mend);
}

void say(struct doctor *d, enum doctor_level level, const char *check, const char *subject,
         const char *mend, const char *format, ...)
{
    AUTO(text_release) struct text what = TEXT_INIT;
    va_list args;

    va_start(args, format);
    (void)text_vprintf(&what, format, args);
    va_end(args);
    if (!text_ok(&what) || json_array_append_new(d->lines, doctor_line(level, check, subject, mend,
                                                                       text_str(&what))) < 0)
        d->has_failed = true;
}

json_t *doctor_report(json_t *lines)
{
    size_t i, ok = 0, warn = 0, fail = 0;
    json_t *line;

    json_array_foreach(lines, i, line)
    {
        const char *level = json_string_value(json_object_get(line, "level"));

        ok += level && strcmp(level, "ok") == 0;
        warn += level && strcmp(level, "warn") == 0;
        fail += level && strcmp(level, "fail") == 0;
    }
    return json_pack("{s:o, s:I, s:I, s:I}", "checks", lines, "ok", (json_int_t)ok, "warn",
                     (json_int_t)warn, "fail", (json_int_t)fail);
}

/* ---- commands that mend ---- */

const char *shell_word(const char *word, char out[WORD_MAX])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./@:+=,-";
    size_t n = 0;

    if (*word && word[strspn(word, plain)] == '\0' && strlen(word) < WORD_MAX)
        return strcpy(out, word);
    out[n++] = '\'';
    for (const char *c = word; *c && n + 6 < WORD_MAX; c++) {
        if (*c == '\'') {
            memcpy(out + n, "'\\''", 4);
            n += 4;
        } else {
            out[n++] = *c;
        }
    }
    out[n++] = '\'';
    out[n] = '\0';
    return out;
}

const char *mend_path(const char *format, const char *path, char out[MEND_MAX])
{
    char word[WORD_MAX];
    size_t n = 0;

    (void)shell_word(path, word);
    out[0] = '\0';
    for (const char *at; n < MEND_MAX && (at = strstr(format, "%s")); format = at + 2)
        n += (size_t)snprintf(out + n, MEND_MAX - n, "%.*s%s", (int)(at - format), format, word);
    if (n < MEND_MAX)
        (void)snprintf(out + n, MEND_MAX - n, "%s", format);
    return out;
}

const char *mend_settings(const struct doctor *d, unsigned line, char out[MEND_MAX])
{
    char word[WORD_MAX], place[24] = "";

    if (line)
        (void)snprintf(place, sizeof place, "+%u ", line);
    (void)shell_word(d->path, word);
    (void)snprintf(
        out, MEND_MAX,
        "editor %s%s && waitlistd --config %s --check && systemctl reload-or-restart waitlistd",
        place, word, word);
    return out;
}

/* ---- settings and plans ---- */

static void say_error(struct doctor *d, const struct diag *g)
{
    char mend[MEND_MAX], word[WORD_MAX];

    (void)snprintf(mend, sizeof mend, "editor +%u %s", g->line,
                   shell_word(g->file ? g->file : d->path, word));
    say(d, DOCTOR_FAIL, "settings", g->file ? g->file : d->path, mend, "line %u: %s%s%s", g->line,
        g->text, g->hint ? "; " : "", g->hint ? g->hint : "");
}

/* Each error; warnings are mostly for who writes a plan, and would hide the rest. */
static void say_found(struct doctor *d, const struct diags *found)
{
    AUTO(auto_free) const struct diag **list = diags_in_order(found);
    char mend[MEND_MAX];

    for (size_t i = 0; list && i < found->count; i++)
        if (list[i]->level == DIAG_ERROR)
            say_error(d, list[i]);
    if (found->warnings)
        say(d, DOCTOR_WARN, "settings", d->path,
            mend_path("waitlistd --config %s --check", d->path, mend),
            "%zu warning%s about settings and plans", found->warnings,
            found->warnings == 1 ? "" : "s");
}

static int load_settings(struct doctor *d, struct settings **out)
{
    AUTO(diags_release) struct diags found = DIAGS_INIT;
    char mend[MEND_MAX];
    int r = settings_load(d->path, d->question->datadir, &found, out);

    if (r < 0) {
        say_found(d, &found);
        if (found.count == 0)
            say(d, DOCTOR_FAIL, "settings", d->path, mend_settings(d, 0, mend),
                "cannot be read: %s", strerror(-r));
    }
    return r;
}

static struct config *load_all(struct doctor *d)
{
    AUTO(diags_release) struct diags found = DIAGS_INIT;
    struct config *c = NULL;
    AUTO(auto_free) char *summary = NULL;
    int r = config_load(d->path, d->question->datadir, &found, &c);

    say_found(d, &found);
    if (r < 0)
        return NULL;
    summary = config_summary(c);
    say(d, DOCTOR_OK, "settings", d->path, NULL, "good: %s", summary ? summary : "");
    return c;
}

/* ---- all of it ---- */

int doctor_look(const struct doctor_question *q, json_t **out_lines, bool *out_is_unreadable,
                bool *out_is_hanging)
{
    struct doctor d = {
        .question = q, .path = q->config, .today = q->today, .lines = json_array()
    };
    const struct clock machine = CLOCK_REAL;
    struct settings *s = NULL;

    *out_lines = d.lines;
    *out_is_hanging = false;
    if (!d.lines)
        return -ENOMEM;
    *out_is_unreadable = load_settings(&d, &s) < 0;
    look_at_credentials(&d);
    if (s) {
        if (setenv("TZ", s->timezone, 1) < 0)
            d.has_failed = true;
        tzset();
        if (!date_is_set(d.today))
            d.today = clock_today(&machine);
        struct config *c = load_all(&d);

        look_at_folders(&d, s);
        look_at_clock(&d, s, time(NULL));
        look_at_redis(&d, s);
        look_at_calendar(&d, s, c);
        *out_is_hanging = look_at_servers(&d, s, c);
        config_free(c);
        settings_free(s);
    }
    return d.has_failed ? -ENOMEM : 0;
}
