#include "parse/format.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/unit.h"

static const char *const shipped[] = { "config/formats" };

START_TEST(every_shipped_format_loads)
{
    static const struct {
        const char *id;
        bool published;
    } ids[] = { { "actions", false },       { "adhd", true },           { "autism", true },
                { "chs-sitrep", true },     { "measures", false },      { "mhsds", true },
                { "rtt-full", true },       { "scotland-camhs", true }, { "sen2", true },
                { "sen2-tribunals", true }, { "wheelchair", false } };
    struct diags d = DIAGS_INIT;
    struct format_set *set = NULL;

    ck_assert_int_eq(format_set_load(shipped, 1, &d, &set), 0);
    ck_assert_uint_eq(d.count, 0);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct format *f = format_set_find(set, ids[i].id);

        ck_assert_msg(f != NULL, "%s", ids[i].id);
        ck_assert_str_eq(format_id(f), ids[i].id);
        ck_assert_uint_eq(strlen(format_digest(f)), 64);
        ck_assert_int_eq(format_is_published(f), ids[i].published);
        ck_assert_str_eq(format_duplicate(f), "last");
    }
    ck_assert_ptr_null(format_set_find(set, "no-such"));
    format_set_free(set);
    diags_release(&d);
}
END_TEST

START_TEST(a_format_of_a_later_folder_joins_or_replaces)
{
    static const char *const folders[] = { "config/formats", "tests/data/formats",
                                           "config/formats" };
    struct diags d = DIAGS_INIT;
    struct format_set *set = NULL;
    size_t n = 0;

    ck_assert_int_eq(format_set_load(folders, 3, &d, &set), 0);
    ck_assert_ptr_nonnull(format_set_find(set, "parking"));
    ck_assert_ptr_nonnull(format_set_find(set, "mhsds"));
    while (format_set_ids(set)[n])
        n++;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++)
            ck_assert_str_ne(format_set_ids(set)[i], format_set_ids(set)[k]);
    }
    format_set_free(set);
    diags_release(&d);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_an_error)
{
    static const char *const folders[] = { "tests/data/no-such-folder" };
    struct diags d = DIAGS_INIT;
    struct format_set *set = NULL;

    ck_assert_int_eq(format_set_load(folders, 1, &d, &set), -EINVAL);
    ck_assert_uint_eq(d.errors, 1);
    diags_release(&d);
}
END_TEST

static const struct {
    const char *format, *file;
    int edition;
} editions[] = {
    { "mhsds", "MHSDS Data_4WW_AprPerf_2024_v2.csv", 2 },
    { "mhsds", "MHSDS%20Data_4WW_AprPerf_2024_V12.trimmed.csv", 12 },
    { "mhsds", "MHSDS Data_AprPrf_2021.csv", 0 },
    { "mhsds", "MHSDS Data_vX.csv", 0 },
    { "sen2", "timeliness_v3.csv", 0 },
    { "rtt-full", "20241130-RTT-November-2024-full-extract.csv", 0 },
    { "rtt-full", "20241130-RTT-NOVEMBER-2024-full-extract-REVISED.zip", 1 },
    { "rtt-full", "20241130-RTT-November-2024-full-extract-revised-2.csv", 2 },
    { "autism", "AutismStats_Apr2026_Jun2026_England_v2.csv", 0 },
};

START_TEST(the_edition_is_read_from_the_file_name)
{
    struct diags d = DIAGS_INIT;
    struct format_set *set = NULL;

    ck_assert_int_eq(format_set_load(shipped, 1, &d, &set), 0);
    ck_assert_int_eq(format_edition(format_set_find(set, editions[_i].format), editions[_i].file),
                     editions[_i].edition);
    format_set_free(set);
    diags_release(&d);
}
END_TEST

#define LAYOUT                                                                                     \
    "layouts: [{id: a, header: {columns: [x]}, values: {column: v}, period: {single: p}, "         \
    "measure: m, org: o}]\n"

static const struct {
    const char *why, *text;
    unsigned line; /* of the first message; 0: loads */
    const char *says;
} documents[] = {
    { "the smallest format", "format: a\n" LAYOUT, 0, NULL },
    { "unknown key with a hint", "format: a\nlayuots: []\n" LAYOUT, 2, "layuots" },
    { "no layouts", "format: a\n", 1, "layouts" },
    { "bad id", "format: A b\n" LAYOUT, 1, "id" },
    { "marker of no meaning", "format: a\nmarkers: {hidden: [x]}\n" LAYOUT, 2, "suppressed" },
    { "marker twice", "format: a\nmarkers:\n  suppressed: [x]\n  not-submitted: [X]\n" LAYOUT, 4,
      "twice" },
    { "unit", "format: a\nunit: litres\n" LAYOUT, 2, "unit" },
    { "bounds", "format: a\nsuppressed: {count: [4, 0]}\n" LAYOUT, 2, "lower" },
    { "status", "format: a\nstatus: {Done: ready}\n" LAYOUT, 2, "final" },
    { "a status left out", "format: a\nstatus: {Done: }\n" LAYOUT, 2, "final" },
    { "year", "format: a\nyears: {School year: Octember}\n" LAYOUT, 2, "month" },
    { "delimiter", "format: a\ndelimiter: \"::\"\n" LAYOUT, 2, "delimiter" },
    { "duplicate", "format: a\nduplicate: newest\n" LAYOUT, 2, "duplicate" },
    { "unknown capture",
      "format: a\nlayouts:\n  - {id: a, header: {columns: [x]}, values: {column: v}, period: "
      "{single: p},\n"
      "     measure: m, org: {from: banner, capture: band}}\n",
      4, "no capture" },
    { "no org",
      "format: a\nlayouts:\n  - {id: a, header: {columns: [x]}, values: {column: v}, period: "
      "{single: p},\n"
      "     measure: m}\n",
      3, "org" },
    { "codes without words",
      "format: a\nlayouts:\n  - {id: a, header: {columns: [x]}, period: {single: p}, measure: m, "
      "org: o,\n"
      "     values: {column: v, codes: [{like: [v]}]}}\n",
      4, "\"give\"" },
    { "a code that is no number",
      "format: a\nlayouts:\n  - {id: a, header: {columns: [x]}, period: {single: p}, measure: m, "
      "org: o,\n"
      "     values: {column: v, codes: [{like: [v], give: {open: yes}}]}}\n",
      4, "no number" },
    { "blanks without a marker",
      "format: a\nlayouts:\n  - {id: a, header: {columns: [x]}, period: {single: p}, measure: m, "
      "org: o,\n"
      "     values: {column: v, blanks: [{column: k, is: [a]}]}}\n",
      4, "marker" },
    { "a map that is asked for and missing",
      "format: a\nlayouts:\n  - {id: a, header: {columns: [x]}, values: {column: v}, period: "
      "{single: p},\n"
      "     measure: m, org: {column: o, only_mapped: true}}\n",
      4, "map" },
    { "a group without a line for it",
      "format: a\nlayouts:\n  - {id: a, header: {columns: [x]}, values: {column: v}, measure: m, "
      "org: o,\n"
      "     period: {from: group}}\n",
      4, "grouped" },
    { "two ways to find values",
      "format: a\nlayouts:\n  - {id: a, header: {columns: [x]}, period: {single: p}, measure: m, "
      "org: o,\n"
      "     values: {column: v, rest: true}}\n",
      4, "one of" },
};

START_TEST(a_mapping_file_is_checked_with_places)
{
    char path[FOLDER_MAX];
    struct diags d = DIAGS_INIT;
    struct format *f = NULL;

    file_begin(path, documents[_i].text);
    int r = format_load(path, &d, &f);

    file_end(path);
    ck_assert_msg((r == 0) == (documents[_i].line == 0), "%s: %d", documents[_i].why, r);
    if (r < 0) {
        ck_assert_uint_ge(d.errors, 1);
        ck_assert_msg(d.list[0].line == documents[_i].line, "%s: line %u: %s", documents[_i].why,
                      d.list[0].line, d.list[0].text);
        ck_assert_msg(strstr(d.list[0].text, documents[_i].says) != NULL, "%s: %s",
                      documents[_i].why, d.list[0].text);
    }
    format_free(f);
    diags_release(&d);
}
END_TEST

UNIT_MAIN("format", UNIT_TEST(every_shipped_format_loads),
          UNIT_TEST(a_format_of_a_later_folder_joins_or_replaces),
          UNIT_TEST(a_folder_that_is_missing_is_an_error),
          UNIT_ROWS(the_edition_is_read_from_the_file_name, editions),
          UNIT_ROWS(a_mapping_file_is_checked_with_places, documents))
