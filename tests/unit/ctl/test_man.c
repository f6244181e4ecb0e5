/*
 * The man pages follow the tables of keys: read as text, since a page is the contract of a program
 * and drifts silently. Runs with the repository root as working directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/unit.h"

static char *file_text(const char *path)
{
    struct text t = TEXT_INIT;
    char part[4096];
    size_t n;
    FILE *f = fopen(path, "r");

    ck_assert_msg(f != NULL, "%s", path);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        text_add(&t, part, n);
    fclose(f);
    return text_take(&t);
}

/* Whether the page has an entry or a section of that name: ".B key", ".BR", ".SH key". */
static bool page_has(const char *page, const char *key)
{
    size_t len = strlen(key);

    for (const char *at = page; (at = strstr(at, key)) != NULL; at += len) {
        const char *line = at;

        while (line > page && line[-1] != '\n')
            line--;
        char before = at == page ? '\n' : at[-1], after = at[len];

        if ((strncmp(line, ".B", 2) == 0 || strncmp(line, ".S", 2) == 0) && strchr(" \"", before) &&
            strchr(" ,\n\"", after))
            return true;
    }
    return false;
}

static const struct {
    const char *source, *page;
    int at_least; /* keys found: a table that moved elsewhere must not pass by being empty */
} tables[] = {
    { "daemon/settings/settings.c", "daemon/man/waitlistd.yaml.5", 10 },
    { "daemon/settings/settings_feed.c", "daemon/man/waitlistd.yaml.5", 8 },
    { "daemon/settings/settings_control.c", "daemon/man/waitlistd.yaml.5", 3 },
    { "daemon/settings/settings_http.c", "daemon/man/waitlistd.yaml.5", 5 },
    { "daemon/settings/settings_list.c", "daemon/man/waitlistd.yaml.5", 5 },
    { "daemon/settings/settings_receiver.c", "daemon/man/waitlistd.yaml.5", 8 },
    { "daemon/settings/settings_redis.c", "daemon/man/waitlistd.yaml.5", 4 },
    { "daemon/settings/settings_people.c", "daemon/man/waitlistd.yaml.5", 6 },
    { "daemon/settings/settings_organisation.c", "daemon/man/waitlistd.yaml.5", 5 },
    { "daemon/plan/plan_yaml.c", "daemon/man/plan.yaml.5", 15 },
    { "daemon/plan/plan_measure.c", "daemon/man/plan.yaml.5", 15 },
    { "daemon/plan/plan_forecast.c", "daemon/man/plan.yaml.5", 3 },
    { "daemon/plan/plan_spc.c", "daemon/man/plan.yaml.5", 4 },
    { "daemon/plan/plan_target.c", "daemon/man/plan.yaml.5", 13 },
    { "daemon/plan/plan_beside.c", "daemon/man/plan.yaml.5", 13 },
    { "daemon/plan/plan_list.c", "daemon/man/plan.yaml.5", 7 },
    { "daemon/plan/plan_forum.c", "daemon/man/plan.yaml.5", 13 },
    { "daemon/plan/plan_escalate.c", "daemon/man/plan.yaml.5", 3 },
    { "daemon/settings/settings_calendar.c", "daemon/man/waitlistd.yaml.5", 2 },
    { "daemon/plan/standard.c", "daemon/man/standards.yaml.5", 15 },
    { "daemon/ctl/plan_script.c", "daemon/man/waitlistctl.1", 18 },
    { "daemon/pathway/service_yaml.c", "daemon/man/services.yaml.5", 20 },
};

START_TEST(every_key_of_a_table_is_in_its_man_page)
{
    char *source = file_text(tables[_i].source), *page = file_text(tables[_i].page);
    int found = 0;

    for (char *at = source; (at = strstr(at, "{ \"")) != NULL;) {
        char *key = at + 3, *end = strchr(key, '"');

        at = key;
        if (!end || strncmp(end, "\", BIND_", 8) != 0)
            continue;
        *end = '\0';
        ck_assert_msg(page_has(page, key), "%s: no entry for \"%s\"", tables[_i].page, key);
        found++;
        at = end + 1;
    }
    ck_assert_msg(found >= tables[_i].at_least, "%s: only %d keys found", tables[_i].source, found);
    free(source);
    free(page);
}
END_TEST

START_TEST(every_option_and_command_of_the_usage_is_in_a_man_page)
{
    static const char *const words[] = {
        "status",    "health",       "feeds",        "measures",  "measure",    "alerts",
        "explain",   "plan show",    "plan check",   "plan diff", "feed parse", "backtest",
        "plan test", "\\-\\-config", "\\-\\-socket", "\\-o",
    };
    static const char *const options[] = { "\\-\\-config", "\\-\\-once", "\\-\\-at", "\\-\\-check",
                                           "\\-\\-simulate" };
    char *client = file_text("daemon/man/waitlistctl.1"),
         *daemon = file_text("daemon/man/waitlistd.8");

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(page_has(client, words[i]), "waitlistctl.1: %s", words[i]);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        ck_assert_msg(page_has(daemon, options[i]), "waitlistd.8: %s", options[i]);
    free(client);
    free(daemon);
}
END_TEST

UNIT_MAIN("man", UNIT_ROWS(every_key_of_a_table_is_in_its_man_page, tables),
          UNIT_TEST(every_option_and_command_of_the_usage_is_in_a_man_page))
