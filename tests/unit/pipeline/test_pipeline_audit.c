/*
 * The audit: which records are refused when it is read, and that none is written, or taken in, that
 * lacks a word.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json_text.h"
#include "base/log.h"
#include "config.h"
#include "pipeline_internal.h"
#include "support/failing.h"
#include "support/folder.h"
#include "support/unit.h"

static struct pipeline p;
static struct config config;
static struct settings settings;
static char folder[FOLDER_MAX];
static const struct civil_date monday = { 19884 }; /* 2024-06-10 */

static void free_journalled(void *value)
{
    struct journalled_alert *a = value;

    json_decref(a->state);
    free(a);
}

/* What they make at their first use may not fail: one of them never recovers from that. */
static void keep_what_libraries_keep(void)
{
    char hex[SHA256_TEXT_MAX], at[WALL_TEXT_MAX], byte;

    ck_assert_int_eq(sha256_hex("", 0, hex), 0);
    ck_assert_int_eq(random_bytes(&byte, 1), 0);
    (void)wall_format((struct wall_time){ 0 }, at);
}

static void setup(void)
{
    char path[FOLDER_MAX + 32];

    log_set_level(LOG_LEVEL_ERROR - 1);
    keep_what_libraries_keep();
    memset(&p, 0, sizeof p);
    folder_begin(folder);
    settings = (struct settings){ .state = folder };
    config = (struct config){ .settings = &settings };
    p.config = &config;
    p.base = event_base_new();
    p.evaluated_on = DATE_NONE;
    (void)snprintf(path, sizeof path, "%s/journal", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/journal/audit", folder);
    ck_assert_int_eq(journal_open(path, audit_read, &p, &p.audit), 0);
}

static void teardown(void)
{
    table_release(&p.configured, free);
    table_release(&p.lacks, NULL);
    table_release(&p.journalled, free_journalled);
    table_release(&p.expected, free);
    for (size_t i = 0; i < p.change_count; i++)
        alert_change_release(&p.changes[i]);
    free(p.changes);
    books_release(&p.books);
    journal_close(p.audit);
    event_base_free(p.base);
    folder_end(folder);
}

static int read_text(const char *json)
{
    return audit_read(&p, 1, json, strlen(json));
}

/* ---- read ------------------------------------------------------------------------------------- */

static const char *const refused[] = {
    "",
    "{",
    "[]",
    "{}", /* no link to the record before it */
    "{\"prev\":1}",
    "{\"prev\":\"ab\"}",
    "{\"prev\":\"\",\"evaluated\":\"yesterday\"}",
    "{\"prev\":\"\",\"configured\":\"f\"}",
    "{\"prev\":\"\",\"configured\":\"f\",\"on\":\"yesterday\"}",
    "{\"prev\":\"\",\"taken_over\":\"a\",\"lacks\":[1]}",
    "{\"prev\":\"\",\"evaluated\":\"2024-06-10\",\"alerts\":[{}]}",
    "{\"prev\":\"\",\"alerts\":[{\"revision\":0,\"state\":{\"id\":\"a\"}},"
    "{\"revision\":1,\"state\":{\"id\":\"a\"}}]}",
};

START_TEST(a_record_that_no_version_of_ours_wrote_ends_the_start)
{
    setup();
    ck_assert_int_eq(read_text(refused[_i]), -EBADMSG);
    ck_assert_str_eq(p.audit_link, "");
    teardown();
}
END_TEST

#define ONE_ALERT ",\"alerts\":[{\"revision\":3,\"state\":{\"id\":\"a\"}}]}"

static const char *const good[] = {
    "{\"prev\":\"\",\"epoch\":\"00112233445566778899aabbccddeeff\",\"at_ms\":5}",
    "{\"prev\":\"\",\"evaluated\":\"2024-06-10\",\"at_ms\":7" ONE_ALERT,
    "{\"prev\":\"\",\"adopted\":\"alerts\"" ONE_ALERT,
    "{\"prev\":\"\",\"taken_over\":\"a\",\"base\":4,\"lacks\":[\"f|a:b\"]}",
    "{\"prev\":\"\",\"rebuilt\":\"keys\"}",
    "{\"prev\":\"\",\"purged\":\"quarantine\"}",
    "{\"prev\":\"\",\"configured\":\"f\",\"on\":\"2024-06-10\"}",
    "{\"prev\":\"\",\"act\":\"of a later version\"}",
    "{\"prev\":\"\",\"later\":1}",
    "{\"prev\":\"\",\"evaluated\":1}", /* none of ours either */
};

START_TEST(a_record_is_read_whole_or_the_start_ends)
{
    for (long n = 1;; n++) {
        setup();
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = read_text(good[_i]);
        bool failed = failing_end() > 0;

        ck_assert_msg(r == 0 || failed, "allocation %ld: %d", n, r);
        ck_assert_int_eq(p.audit_link[0] != '\0', r == 0);
        teardown();
        if (!failed)
            break;
    }
}
END_TEST

START_TEST(the_newest_date_and_time_of_any_record_count)
{
    setup();
    ck_assert_int_eq(read_text(good[1]), 0);
    ck_assert_int_eq(date_compare(p.evaluated_on, monday), 0);
    p.audit_link[0] = '\0';
    ck_assert_int_eq(read_text("{\"prev\":\"\",\"evaluated\":\"2024-06-09\",\"at_ms\":6}"), 0);
    ck_assert_int_eq(date_compare(p.evaluated_on, monday), 0);
    ck_assert_int_eq(p.last_time.ms, 7);
    p.audit_link[0] = '\0';
    ck_assert_int_eq(read_text("{\"prev\":\"\",\"evaluated\":\"2024-06-11\",\"at_ms\":8}"), 0);
    ck_assert_int_eq(p.evaluated_on.day, monday.day + 1);
    ck_assert_int_eq(p.last_time.ms, 8);
    teardown();
}
END_TEST

/* ---- written ----------------------------------------------------------------------------------- */

static void add_change(void)
{
    static char title[] = "late";
    struct alert a = { .rule = RULE_FEED_LATE, .title = title };

    (void)snprintf(a.id, sizeof a.id, "a");
    p.changes = calloc(1, sizeof *p.changes);
    ck_assert_ptr_nonnull(p.changes);
    ck_assert_int_eq(alert_copy(&a, &p.changes[0].next), 0);
    p.change_count = 1;
}

static int write_epoch(void)
{
    return audit_ensure_epoch(&p);
}

static int write_evaluated(void)
{
    int r = audit_evaluated(&p, monday);

    return r == 0 ? audit_sync(&p) : r;
}

static int write_evaluated_with_a_change(void)
{
    if (!p.changes) {
        const char *calls = failing.calls;

        failing.calls = NULL;
        add_change();
        failing.calls = calls;
    }
    return write_evaluated();
}

static int write_configured(void)
{
    return audit_configured(&p, "f");
}

static int write_nothing(void) /* its maker had no memory for it */
{
    return audit_append(&p, NULL) == -ENOMEM && audit_alerts(&p, NULL, NULL) == -ENOMEM ? 0 : -1;
}

static const struct {
    int (*write)(void);
    bool leaves_a_full_disk_for_later;
} writers[] = {
    { write_epoch, false },
    { write_evaluated, false },
    { write_evaluated_with_a_change, false },
    { write_configured, true },
};

static int no_record(void *arg, uint64_t sequence, const char *json, size_t len)
{
    (void)sequence;
    (void)json;
    (void)len;
    ++*(int *)arg;
    return 0;
}

static int records_on_disk(void)
{
    char path[FOLDER_MAX + 32];
    int count = 0;

    (void)snprintf(path, sizeof path, "%s/journal/audit", folder);
    ck_assert_int_eq(journal_walk(path, no_record, &count), 0);
    return count;
}

/* A record that stands on the disk and could not be taken in ends the run; nothing else does. */
START_TEST(a_record_without_memory_is_not_written_or_ends_the_run)
{
    for (long n = 1;; n++) {
        setup();
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        int r = writers[_i].write();
        bool failed = failing_end() > 0;

        ck_assert_msg(r == 0 || failed, "allocation %ld: %d", n, r);
        ck_assert_msg(records_on_disk() == (r == 0 || p.stopping), "allocation %ld", n);
        if (r == 0) /* its link is what the next one has to follow */
            ck_assert_uint_eq(strlen(p.audit_link), SHA256_TEXT_MAX - 1);
        teardown();
        if (!failed)
            break;
    }
}
END_TEST

START_TEST(a_record_that_the_disk_does_not_take_is_not_written)
{
    setup();
    failing_begin("pwrite", 1, 1, ENOSPC);
    int r = writers[_i].write();

    ck_assert_int_eq(failing_end(), 1);
    ck_assert_int_eq(r, writers[_i].leaves_a_full_disk_for_later ? 0 : -ENOSPC);
    ck_assert(records_on_disk() == 0 && !p.stopping && p.audit_link[0] == '\0');
    ck_assert_int_eq(p.disk_trouble[0] != '\0', writers[_i].leaves_a_full_disk_for_later);
    ck_assert(!date_is_set(p.evaluated_on) && table_count(&p.configured) == 0);
    teardown();
}
END_TEST

START_TEST(a_record_of_which_nobody_knows_whether_it_stands_ends_the_run)
{
    setup();
    failing_begin("fdatasync", 1, 1, EIO);
    int r = writers[_i].write();

    ck_assert_int_eq(failing_end(), 1);
    ck_assert(r == -ENOTRECOVERABLE && p.stopping && p.exit_status == 1);
    teardown();
}
END_TEST

START_TEST(an_evaluation_waits_for_its_sync_and_a_later_record_brings_it)
{
    setup();
    failing_begin("fdatasync", 1, 9, EIO);
    ck_assert_int_eq(audit_evaluated(&p, monday), 0);
    ck_assert_int_eq(failing_end(), 0);
    ck_assert_int_eq(write_epoch(), 0);
    failing_begin("fdatasync", 1, 9, EIO);
    ck_assert_int_eq(audit_sync(&p), 0);
    ck_assert_int_eq(failing_end(), 0);
    ck_assert_int_eq(records_on_disk(), 2);
    teardown();
}
END_TEST

START_TEST(a_date_is_written_once_and_again_with_each_change)
{
    setup();
    ck_assert_int_eq(write_nothing(), 0);
    ck_assert_int_eq(write_evaluated(), 0);
    ck_assert_int_eq(write_evaluated(), 0);
    ck_assert_int_eq(records_on_disk(), 1);
    ck_assert_int_eq(write_evaluated_with_a_change(), 0);
    ck_assert_int_eq(records_on_disk(), 2);
    ck_assert(table_has(&p.journalled, "a"));
    ck_assert_int_eq(write_epoch(), 0);
    ck_assert_int_eq(write_epoch(), 0); /* for ever */
    ck_assert_int_eq(records_on_disk(), 3);
    teardown();
}
END_TEST

START_TEST(the_epoch_of_a_set_clock_has_no_time)
{
    for (int is_set = 0; is_set < 2; is_set++) {
        setup();
        p.options.at_given = is_set;
        ck_assert_int_eq(write_epoch(), 0);
        json_t *list = audit_list(&p);

        ck_assert_int_eq(json_is_null(json_object_get(json_array_get(list, 0), "at")), is_set);
        json_decref(list);
        teardown();
    }
}
END_TEST

/* ---- shown -------------------------------------------------------------------------------------- */

START_TEST(the_list_is_whole_or_none)
{
    setup();
    ck_assert_int_eq(write_epoch(), 0);
    ck_assert_int_eq(write_evaluated_with_a_change(), 0);
    json_t *two = json_pack("[{s:i, s:{s:s}}, {s:i, s:{s:s}}]", "revision", 1, "state", "id", "b",
                            "revision", 1, "state", "id", "c");

    ck_assert_int_eq(audit_alerts(&p, json_pack("{s:s}", "adopted", "alerts"), two), 0);
    json_decref(two);
    ck_assert_int_eq(
        audit_append(&p, json_pack("{s:i, s:[{s:{}}]}", "rebuilt", 1, "alerts", "state")), 0);
    char *whole = NULL;

    for (long n = 1;; n++) {
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        json_t *list = audit_list(&p);
        bool failed = failing_end() > 0, lacks = json_lacks();
        char *text = json_text(list, JSON_COMPACT);

        ck_assert_msg(failed || list, "allocation %ld", n);
        if (!failed)
            whole = text;
        else if (list && !lacks)
            ck_assert_msg(text && strstr(text, "\"b c\""), "allocation %ld: %s", n, text);
        if (failed)
            free(text);
        json_decref(list);
        if (!failed)
            break;
    }
    ck_assert_ptr_nonnull(strstr(whole, "\"what\":\"adopted\""));
    ck_assert_ptr_nonnull(strstr(whole, "\"alerts\":\"b c\""));
    free(whole);
    teardown();
}
END_TEST

START_TEST(a_list_of_an_audit_that_cannot_be_read_is_none)
{
    setup();
    settings.state = (char *)(uintptr_t) "/nonexistent";
    ck_assert_ptr_null(audit_list(&p));
    teardown();
}
END_TEST

UNIT_MAIN("pipeline_audit",
          UNIT_ROWS(a_record_that_no_version_of_ours_wrote_ends_the_start, refused),
          UNIT_ROWS(a_record_is_read_whole_or_the_start_ends, good),
          UNIT_TEST(the_newest_date_and_time_of_any_record_count),
          UNIT_ROWS(a_record_without_memory_is_not_written_or_ends_the_run, writers),
          UNIT_ROWS(a_record_that_the_disk_does_not_take_is_not_written, writers),
          UNIT_ROWS(a_record_of_which_nobody_knows_whether_it_stands_ends_the_run, writers),
          UNIT_TEST(an_evaluation_waits_for_its_sync_and_a_later_record_brings_it),
          UNIT_TEST(a_date_is_written_once_and_again_with_each_change),
          UNIT_TEST(the_epoch_of_a_set_clock_has_no_time), UNIT_TEST(the_list_is_whole_or_none),
          UNIT_TEST(a_list_of_an_audit_that_cannot_be_read_is_none))
