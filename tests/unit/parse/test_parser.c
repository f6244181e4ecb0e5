#include "parse/parser.h"

#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/unit.h"

static struct format_set *load_formats(void)
{
    static const char *const folders[] = { "config/formats", "tests/data/formats" };
    struct diags d = DIAGS_INIT;
    struct format_set *set = NULL;

    ck_assert_int_eq(format_set_load(folders, 2, &d, &set), 0);
    diags_release(&d);
    return set;
}

/* A record as "measure|breakdown|org|secondary|start|end|value or marker|status\n". */
static int write_record(void *arg, const struct record *r)
{
    char start[DATE_TEXT_MAX], end[DATE_TEXT_MAX], number[32];
    const char *status = publication_name(r->status);

    return text_printf(arg, "%s|%s|%s|%s|%s|%s|%s|%s\n", r->measure,
                       r->breakdown ? r->breakdown : "-", r->org, r->secondary ? r->secondary : "-",
                       date_format(r->period_start, start), date_format(r->period_end, end),
                       r->marker ? marker_name(r->marker) : text_number(r->value, number),
                       status ? status : "-");
}

static void write_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    (void)text_printf(arg, "%lu: %s %s\n", line, reason, column ? column : "-");
}

/* Parses in portions; the caller frees the parser. */
static struct parser *run(const struct format *f, const char *bytes, size_t len, size_t portion,
                          struct text *out)
{
    struct parser *p = parser_new(
        f, "t.csv",
        (struct parse_sink){ .record = write_record, .set_aside = write_aside, .arg = out });

    ck_assert_ptr_nonnull(p);
    for (size_t i = 0; i < len; i += portion)
        ck_assert_int_eq(parser_push(p, bytes + i, portion < len - i ? portion : len - i), 0);
    ck_assert_int_eq(parser_finish(p), 0);
    return p;
}

static const char mhsds_header[] =
    "REPORTING_PERIOD_START,REPORTING_PERIOD_END,STATUS,BREAKDOWN,PRIMARY_LEVEL,"
    "PRIMARY_LEVEL_DESCRIPTION,SECONDARY_LEVEL,SECONDARY_LEVEL_DESCRIPTION,MEASURE_ID,MEASURE_NAME,"
    "MEASURE_VALUE\n";

#define MHSDS_ROW(start, end, status, org, value)                                                  \
    start "," end "," status ",Provider," org ",\"A, B\",NONE,NONE,M1,Number of x," value "\n"
#define SEN2_HEADER                                                                                \
    "time_period,time_identifier,geographic_level,country_code,region_code,la_name,new_la_code,"
#define PARKING                                                                                    \
    "Bays on level 2 by street, March 2024\n\nStreet;Sort;State;Cars;Cars flag;Share of "          \
    "vans;Remark 1\n"

static const struct {
    const char *why, *format, *head, *rows, *want;
} samples[] = {
    { "dates in every form the series has used", "mhsds", mhsds_header,
      MHSDS_ROW("2023-04-01", "30/04/2023", "Performance ", "TAJ", "15")
          MHSDS_ROW("1/4/2023", "30-04-2023", "Final", "TAJ", "*")
              MHSDS_ROW("01/04/23", "30/04/23", "PROVISIONAL", "TAJ", ""),
      "M1|Provider|TAJ|-|2023-04-01|2023-04-30|15|provisional\n"
      "M1|Provider|TAJ|-|2023-04-01|2023-04-30|suppressed|final\n"
      "M1|Provider|TAJ|-|2023-04-01|2023-04-30|suppressed|provisional\n" },
    { "each fault has its reason and column", "mhsds", mhsds_header,
      MHSDS_ROW("31/02/2024", "31/03/2024", "Final", "TAJ",
                "1") MHSDS_ROW("01/04/2024", "31/03/2024", "Final", "TAJ",
                               "1") MHSDS_ROW("", "31/03/2024", "Final", "TAJ", "1")
          MHSDS_ROW("01/03/2024", "", "Final", "TAJ", "1") MHSDS_ROW("01/03/2024", "31/03/2024",
                                                                     "Draft", "TAJ", "1")
              MHSDS_ROW("01/03/2024", "31/03/2024", "Final", " ", "1")
                  MHSDS_ROW("01/03/2024", "31/03/2024", "Final", "TAJ", "5 or so") MHSDS_ROW(
                      "01/03/2024", "31/03/2024", "Final", "T\xA0J",
                      "1") "01/03/2024,31/03/2024\n"
                           "01/03/2024,31/03/2024,Final,Provider,TAJ,A,NONE,NONE,M1,N,1,surplus\n",
      "2: bad-date REPORTING_PERIOD_START\n3: period-order REPORTING_PERIOD_END\n"
      "4: no-period REPORTING_PERIOD_START\n5: no-period REPORTING_PERIOD_END\n"
      "6: unknown-code STATUS\n7: missing-key PRIMARY_LEVEL\n8: bad-number MEASURE_VALUE\n"
      "9: bad-utf8 PRIMARY_LEVEL\n10: short-row -\n11: extra-cells -\n" },
    { "a period that cannot be is a bad date", "mhsds", mhsds_header,
      MHSDS_ROW("01/03/2024", "9999-12-31", "Final", "TAJ", "1")
          MHSDS_ROW("01/03/2024", "31/05/2204", "Final", "TAJ", "1"),
      "2: bad-date REPORTING_PERIOD_END\n3: bad-date REPORTING_PERIOD_END\n" },
    { "every level has its own code, every kind of year its own days", "sen2",
      SEN2_HEADER "Plans_pc\n",
      "2024,Calendar year,National,E92000001,,,,1\n"
      "202425,Academic year,Regional,E92000001,E12000005,,z,z\n"
      "202425,Financial year,Local authority,E92000001,E12000005,Dudley,E08000027,\"1,528\"\n"
      "2024,January,Local authority,E92000001,E12000005,Dudley,E08000027,0.50%\n"
      "202426,Academic year,National,E92000001,,,,1\n"
      "2024,Week 3,National,E92000001,,,,1\n",
      "Plans_pc|-|E92000001|-|2024-01-01|2024-12-31|1|-\n"
      "Plans_pc|-|E12000005|-|2024-09-01|2025-08-31|not-applicable|-\n"
      "Plans_pc|-|E08000027|-|2024-04-01|2025-03-31|1528|-\n"
      "Plans_pc|-|E08000027|-|2024-01-01|2024-01-31|0.5|-\n"
      "6: bad-date time_period\n7: unknown-code time_identifier\n" },
    { "a bad cell sets aside the whole wide row; a repeated header is two measures", "sen2",
      SEN2_HEADER "breakdown,a,a,breakdown_topic\n",
      "2024,Calendar year,National,E92000001,,,,Male,1,x,Sex\n"
      "2024,Calendar year,National,E92000001,,,,Male,1,n/k,Sex\n",
      "a|Sex / Male|E92000001|-|2024-01-01|2024-12-31|1|-\n"
      "a|Sex / Male|E92000001|-|2024-01-01|2024-12-31|not-submitted|-\n3: bad-number a\n" },
    { "a qualifier is no measure and changes nothing", "scotland-camhs",
      "HB,Month,Waiting,WaitingQF\n", "S1,202503,7,u\nS1,202503,,z\n",
      "Waiting|-|S1|-|2025-03-01|2025-03-31|7|-\n"
      "Waiting|-|S1|-|2025-03-01|2025-03-31|not-submitted|-\n" },
    { "where the mapping says so a qualifier explains a blank and changes no figure", "qualified",
      "Board,Month,Waiting,WaitingQF\n",
      "S1,202503,7,c\nS1,202503,,c\nS1,202503,,d z\nS1,202503,,:\nS1,202503,,\nS1,202513,1,\n",
      "Waiting|-|S1|-|2025-03-01|2025-03-31|7|-\n"
      "Waiting|-|S1|-|2025-03-01|2025-03-31|suppressed|-\n"
      "Waiting|-|S1|-|2025-03-01|2025-03-31|not-applicable|-\n"
      "Waiting|-|S1|-|2025-03-01|2025-03-31|not-submitted|-\n"
      "Waiting|-|S1|-|2025-03-01|2025-03-31|not-submitted|-\n7: bad-date Month\n" },
    { "a band never seen before, a type carried down, notes after the table", "chs-sitrep",
      ",\"Number waiting >52-104 weeks (365-728 days) by service, March 2025\",,\n,Blanks are "
      "gaps,,\n,,,\n"
      ",,,(A)  Audiology,(CYP) Audiology,Total\n",
      ",,England,1,2,3\n,Region,Midlands,0,,*\n,,LONDON,,,\n,Provider,A,1,,\n,,,,,\n"
      ",A note under the table,,,,\n,,Source: returns,,,\n",
      "(A) Audiology|-|England|>52-104|2025-03-01|2025-03-31|1|-\n"
      "(CYP) Audiology|-|England|>52-104|2025-03-01|2025-03-31|2|-\n"
      "Total|-|England|>52-104|2025-03-01|2025-03-31|3|-\n"
      "(A) Audiology|Region|Midlands|>52-104|2025-03-01|2025-03-31|0|-\n"
      "(CYP) Audiology|Region|Midlands|>52-104|2025-03-01|2025-03-31|not-submitted|-\n"
      "Total|Region|Midlands|>52-104|2025-03-01|2025-03-31|suppressed|-\n"
      "(A) Audiology|Region|LONDON|>52-104|2025-03-01|2025-03-31|not-submitted|-\n"
      "(CYP) Audiology|Region|LONDON|>52-104|2025-03-01|2025-03-31|not-submitted|-\n"
      "Total|Region|LONDON|>52-104|2025-03-01|2025-03-31|not-submitted|-\n"
      "(A) Audiology|Provider|A|>52-104|2025-03-01|2025-03-31|1|-\n"
      "(CYP) Audiology|Provider|A|>52-104|2025-03-01|2025-03-31|not-submitted|-\n"
      "Total|Provider|A|>52-104|2025-03-01|2025-03-31|not-submitted|-\n" },
    { "over 104 weeks; a code stands before a name", "chs-sitrep",
      "\"Number waiting over 104 weeks (over 728 days) by service, April 2025\"\n"
      "Organisation Type,Organisation Code,Organisation Name,(A) X,(CYP) Y\n",
      "National,,England,1,2\nICB,QUA,NHS BLACK COUNTRY,3,4\n",
      "(A) X|-|England|>104|2025-04-01|2025-04-30|1|-\n"
      "(CYP) Y|-|England|>104|2025-04-01|2025-04-30|2|-\n"
      "(A) X|ICB|QUA|>104|2025-04-01|2025-04-30|3|-\n"
      "(CYP) Y|ICB|QUA|>104|2025-04-01|2025-04-30|4|-\n" },
    { "a banner without a month sets every row aside", "chs-sitrep",
      "Total waiting list by service\n,,(A) X,(CYP) Y\n", ",England,1,2\n", "3: no-period -\n" },
    { "a banner without a band too", "chs-sitrep",
      "\"Waits by service, May 2025\"\n,,(A) X,(CYP) Y\n", ",England,1,2\n",
      "3: missing-key secondary\n" },
    { "two forms of date in one file", "adhd",
      "REPORTING_PERIOD_START_DATE,REPORTING_PERIOD_END_DATE,BREAKDOWN,PRIMARY_LEVEL,"
      "PRIMARY_LEVEL_DESCRIPTION,INDICATOR_ID,VALUE\n",
      "2025-09-01,2025-09-30,Age Group,0 to 4,0 to 4,ADHD003,1940\n"
      "03/09/2025,30/09/2025,ICB,QUA,NHS BLACK COUNTRY,ADHD008a,*\n"
      "2025-09-01,2025-09-30,Age Group,0 to 4,0 to 4,ADHD004,0\n",
      "ADHD003|Age Group|0 to 4|-|2025-09-01|2025-09-30|1940|-\n"
      "ADHD008a|ICB|QUA|-|2025-09-03|2025-09-30|suppressed|-\n"
      "ADHD004|Age Group|0 to 4|-|2025-09-01|2025-09-30|0|-\n" },
    { "latest data are neither final nor provisional; columns move", "autism",
      "METRIC_VALUE,METRIC,METRIC_NAME,BREAKDOWN,PRIMARY_LEVEL,PRIMARY_LEVEL_DESCRIPTION,STATUS,"
      "REPORTING_PERIOD_END,REPORTING_PERIOD_START\n",
      "1459,ASD16f,\"Number of patients per 100,000 of the population\",Gender,1,Male,Latest "
      "Available "
      "Data,30/04/2026,01/04/2026\n"
      "*,ASD16,Number of patients,ICB,QUA,B,Final,30/04/2026,01/04/2026\n"
      "1,ASD16,Number of patients,ICB,QUA,B,Draft,30/04/2026,01/04/2026\n",
      "ASD16f|Gender|1|-|2026-04-01|2026-04-30|1459|-\n"
      "ASD16|ICB|QUA|-|2026-04-01|2026-04-30|suppressed|final\n4: unknown-code STATUS\n" },
    { "the line above the header groups its columns; headings, notes and their marks",
      "sen2-tribunals",
      "\"Appeal rate table1,2\",,,,,\n,,,,,\nLocal Authority,LA code,2023,,2024,\n"
      ",,Appeals registered4,SEND Tribunal Appeal Rate2,Appeals registered4,\"Appeal Rate1,9\"\n",
      "WEST MIDLANDS,,,,,  \nDudley,332, - ,0.00%,\"1,012\",1.50%\nPoole5,, .. ,..,  ,~\n"
      "\"England Total4,9\",,7,1%,8,2%\n,,,,,\nSources:,Appeals - the system,,,,\n1. A note,,,,,\n"
      "~ Suppressed,,,,,\n",
      "Appeals registered|-|332|-|2023-01-01|2023-12-31|not-submitted|-\n"
      "SEND Tribunal Appeal Rate|-|332|-|2023-01-01|2023-12-31|0|-\n"
      "Appeals registered|-|332|-|2024-01-01|2024-12-31|1012|-\n"
      "Appeal Rate|-|332|-|2024-01-01|2024-12-31|1.5|-\n"
      "Appeals registered|-|Poole|-|2023-01-01|2023-12-31|not-submitted|-\n"
      "SEND Tribunal Appeal Rate|-|Poole|-|2023-01-01|2023-12-31|not-submitted|-\n"
      "Appeals registered|-|Poole|-|2024-01-01|2024-12-31|not-submitted|-\n"
      "Appeal Rate|-|Poole|-|2024-01-01|2024-12-31|suppressed|-\n"
      "Appeals registered|-|England|-|2023-01-01|2023-12-31|7|-\n"
      "SEND Tribunal Appeal Rate|-|England|-|2023-01-01|2023-12-31|1|-\n"
      "Appeals registered|-|England|-|2024-01-01|2024-12-31|8|-\n"
      "Appeal Rate|-|England|-|2024-01-01|2024-12-31|2|-\n" },
    { "a figure under a group that is no date has no period", "sen2-tribunals",
      "Region,Local Authority,LA code,2023r,Year 2024\n,,,Appeals registered,Appeals registered\n",
      "West Midlands,Dudley,332,1,2\n", "3: no-period Appeals registered\n" },
    { "lines of a return, long, in days", "wheelchair",
      "Value,Line,Group,Org,Period_Start,Period_End,Note\n",
      "0,Line 3a,Children,QUA,01/04/2024,2024-06-30,typed\n,3B,adults,QUA,01/04/2024,30/06/2024,\n"
      "1,9a,adults,QUA,01/04/2024,30/06/2024,\n1,1a,pets,QUA,01/04/2024,30/06/2024,\n",
      "3a|children|QUA|-|2024-04-01|2024-06-30|0|-\n"
      "3b|adults|QUA|-|2024-04-01|2024-06-30|not-submitted|-\n"
      "4: unknown-code Line\n5: unknown-code Group\n" },
    { "lines of a return, side by side, in quarters", "wheelchair",
      "Organisation code,Question,Adults,Children,Quarter\n",
      "QUA,Q1a,120,*,Q1 2024/25\nQUA,5,1,z,January-March 2025\nQUA,5e,1,2,Q1 2024\n",
      "1a|adults|QUA|-|2024-04-01|2024-06-30|120|-\n"
      "1a|children|QUA|-|2024-04-01|2024-06-30|suppressed|-\n"
      "5|adults|QUA|-|2025-01-01|2025-03-31|1|-\n"
      "5|children|QUA|-|2025-01-01|2025-03-31|not-applicable|-\n4: bad-date Quarter\n" },
    { "texts that stand for numbers; grey is no state; ids stay texts", "actions",
      "plan,action,status,rag,date,note\n",
      "dudley,1.10,In progress,Amber,31/05/2024,\"late, but moving\"\n"
      "dudley,1.1,Complete,blue,May 2024,\ndudley,1.2,,grey,2024-05-31,\n"
      "dudley,1.3,going well,red,2024-05-31,\ndudley,1.4,2,red,2024-05-31,\n"
      "dudley,,complete,red,2024-05-31,\n",
      "action-status|-|dudley|1.10|2024-05-31|2024-05-31|1|-\n"
      "action-rag|-|dudley|1.10|2024-05-31|2024-05-31|3|-\n"
      "action-status|-|dudley|1.1|2024-05-01|2024-05-31|2|-\n"
      "action-rag|-|dudley|1.1|2024-05-01|2024-05-31|1|-\n"
      "action-status|-|dudley|1.2|2024-05-31|2024-05-31|not-submitted|-\n"
      "action-rag|-|dudley|1.2|2024-05-31|2024-05-31|not-submitted|-\n"
      "5: unknown-code status\n6: unknown-code status\n7: missing-key action\n" },
    { "the canonical columns in another order and case", "measures",
      "Value,PERIOD_END,period_start,Org, MEASURE ,source,Breakdown,Unit\n",
      "3.25,2025-03-31,2025-03-01,TAJ,waiting,local,ICB,days\n"
      "-,2025-03-31,2025-03-01,TAJ,waiting,local,,days\n"
      "1,2025-03-31,2025-03-01,TAJ,waiting,local,,litres\n",
      "waiting|ICB|TAJ|-|2025-03-01|2025-03-31|3.25|-\n"
      "waiting|-|TAJ|-|2025-03-01|2025-03-31|not-submitted|-\n4: unknown-code Unit\n" },
    { "a format that is data only", "parking", PARKING,
      "The Mall;Open;checked;12;;40%;fine\n;;estimate;1;;2;\nHigh "
      "St;;estimate;(s);;n/a;\n?;Open;;1;;1;\n"
      "High St;Open;;;z;--;\nNote: one lone label;;;;;;\n",
      "Cars|Open|MALL|2|2024-03-01|2024-03-31|12|final\n"
      "Share of vans|Open|MALL|2|2024-03-01|2024-03-31|40|final\n"
      "5: missing-key Street\n"
      "Cars|Open|High St|2|2024-03-01|2024-03-31|suppressed|provisional\n"
      "Share of vans|Open|High St|2|2024-03-01|2024-03-31|not-submitted|provisional\n"
      "7: missing-key Street\n"
      "Cars|Open|High St|2|2024-03-01|2024-03-31|not-applicable|-\n"
      "Share of vans|Open|High St|2|2024-03-01|2024-03-31|not-applicable|-\n" },
    { "its second layout: months as columns, short rows filled", "parking",
      "Town;Apr-23;01/05/2023;2023\n", "A;1;2\nB;3\n",
      "bays|-|A|-|2023-04-01|2023-04-30|1|-\nbays|-|A|-|2023-05-01|2023-05-31|2|-\n"
      "bays|-|B|-|2023-04-01|2023-04-30|3|-\nbays|-|B|-|2023-05-01|2023-05-31|not-submitted|-\n" },
};

START_TEST(a_file_becomes_records_at_every_split_point)
{
    struct format_set *set = load_formats();
    const struct format *f = format_set_find(set, samples[_i].format);
    struct text bytes = TEXT_INIT;

    (void)text_printf(&bytes, "%s%s", samples[_i].head, samples[_i].rows);
    for (size_t portion = 1; portion <= bytes.len;
         portion = portion < 90 ? portion + 1 : portion * 2) {
        struct text out = TEXT_INIT;
        struct parser *p = run(f, bytes.buf, bytes.len, portion, &out);
        const struct parse_result *r = parser_result(p);
        unsigned long aside = 0;

        ck_assert_msg(!r->refused, "%s: %s", samples[_i].why, r->refusal);
        ck_assert_msg(strcmp(text_str(&out), samples[_i].want) == 0, "%s, portion %zu:\n%s",
                      samples[_i].why, portion, text_str(&out));
        for (size_t k = 0; k < r->set_aside_kinds; k++)
            aside += r->set_aside[k].count;
        ck_assert_uint_eq(r->rows, r->accepted + aside);
        ck_assert(r->ends_with_newline);
        parser_free(p);
        text_release(&out);
    }
    text_release(&bytes);
    format_set_free(set);
}
END_TEST

/* Cut anywhere, a file is refused, or shows that its end is open, or lost whole lines only. */
START_TEST(a_cut_loses_nothing_silently)
{
    struct format_set *set = load_formats();
    const struct format *f = format_set_find(set, samples[_i].format);
    struct text bytes = TEXT_INIT;

    (void)text_printf(&bytes, "%s%s", samples[_i].head, samples[_i].rows);
    for (size_t len = 0; len < bytes.len; len++) {
        struct text out = TEXT_INIT;
        struct parser *p = run(f, bytes.buf, len, len ? len : 1, &out);
        const struct parse_result *r = parser_result(p);

        if (!r->refused && r->ends_with_newline)
            ck_assert_msg(strncmp(text_str(&out), samples[_i].want, out.len) == 0 &&
                              bytes.buf[len - 1] == '\n',
                          "%s cut at %zu:\n%s", samples[_i].why, len, text_str(&out));
        if (r->refused)
            ck_assert_ptr_nonnull(r->refusal_reason);
        parser_free(p);
        text_release(&out);
    }
    text_release(&bytes);
    format_set_free(set);
}
END_TEST

static const struct {
    const char *why, *format, *bytes;
    size_t len; /* 0: its string length */
    const char *reason, *says;
} refused[] = {
    { "nothing", "mhsds", "", 0, "empty", "t.csv:1:1: error: this file is empty" },
    { "blank lines only", "mhsds", "\n , \n", 0, "empty", "empty" },
    { "another header", "mhsds", "a,b\n1,2\n", 0, "header", "no" },
    { "one column short", "scotland-camhs", "HB,HBName\nS1,x\n", 0, "header",
      "t.csv:1:1: error: this is no header of format \"scotland-camhs\": layout \"monthly\" lacks "
      "column \"Month\"" },
    { "a file of another format", "mhsds", "HB,Month,X\nS1,202503,1\n", 0, "header", "header" },
    { "NUL after the header", "scotland-camhs", "HB,Month,X\nS1,\0,1\n", 18, "nul",
      "t.csv:2:4: error:" },
    { "open quote", "scotland-camhs", "HB,Month,X\nS1,\"202503,1\n", 0, "open-quote",
      "t.csv:2:4: error:" },
    { "a workbook", "mhsds", "PK\3\4--------------------------xl/workbook.xml", 45, "workbook",
      "save this sheet as CSV into that folder" },
    { "no value column", "scotland-camhs", "HB,Month\nS1,202503\n", 0, "header", "value" },
};

START_TEST(a_refusal_is_one_located_sentence)
{
    struct format_set *set = load_formats();
    size_t len = refused[_i].len ? refused[_i].len : strlen(refused[_i].bytes);
    struct text out = TEXT_INIT;
    struct parser *p =
        run(format_set_find(set, refused[_i].format), refused[_i].bytes, len, len ? len : 1, &out);
    const struct parse_result *r = parser_result(p);
    char text[512];

    ck_assert_msg(r->refused, "%s", refused[_i].why);
    ck_assert_msg(strcmp(r->refusal_reason, refused[_i].reason) == 0, "%s: %s", refused[_i].why,
                  r->refusal_reason);
    ck_assert_msg(strstr(parser_refusal(p, text), refused[_i].says) != NULL, "%s: %s",
                  refused[_i].why, text);
    ck_assert_ptr_null(strchr(text, '\n'));
    ck_assert_uint_eq(r->records, 0);
    parser_free(p);
    text_release(&out);
    format_set_free(set);
}
END_TEST

START_TEST(a_million_rows_without_header_are_given_up_early)
{
    struct format_set *set = load_formats();
    struct parser *p = parser_new(format_set_find(set, "mhsds"), "t.csv", (struct parse_sink){ 0 });
    size_t pushed = 0;

    while (!parser_result(p)->refused && pushed < 1000000) {
        ck_assert_int_eq(parser_push(p, "1,2,3\n", 6), 0);
        pushed++;
    }
    ck_assert_uint_lt(pushed, 100);
    parser_free(p);
    format_set_free(set);
}
END_TEST

static const struct {
    const char *why;
    int good, bad;
    const char *held;
} shares[] = {
    { "a header and no rows", 0, 0, "header-only" },
    { "one in a hundred is taken", 99, 1, NULL },
    { "one in ninety-nine is held", 98, 1, "set-aside" },
    { "all good", 3, 0, NULL },
};

START_TEST(over_one_in_a_hundred_set_aside_holds_the_file)
{
    struct format_set *set = load_formats();
    struct text bytes = TEXT_INIT, out = TEXT_INIT;

    (void)text_puts(&bytes, "HB,Month,X\n");
    for (int i = 0; i < shares[_i].good; i++)
        (void)text_puts(&bytes, "S1,202503,1\n");
    for (int i = 0; i < shares[_i].bad; i++)
        (void)text_puts(&bytes, "S1,202503,?\n");
    struct parser *p = run(format_set_find(set, "scotland-camhs"), bytes.buf, bytes.len, 100, &out);
    const char *held = parser_result(p)->held;

    ck_assert_msg(shares[_i].held ? held && strcmp(held, shares[_i].held) == 0 : !held, "%s: %s",
                  shares[_i].why, held ? held : "accepted");
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_set_free(set);
}
END_TEST

static const struct {
    const char *format, *breakdown, *name, *value;
    enum unit unit;
    double low, high;
} bounds[] = {
    { "mhsds", "England", "Number of x", "1234", UNIT_COUNT, 1234, 1234 },
    { "mhsds", "Provider", "Number of x", "15", UNIT_COUNT, 12.5, 17.5 },
    { "mhsds", "Provider", "Number of x", "0", UNIT_COUNT, 0, 2.5 },
    { "mhsds", "Provider", "Proportion of x", "100", UNIT_PERCENT, 99.5, 100 },
    { "mhsds", "Provider", "Median time (days) for x", "40", UNIT_DAYS, 40, 40 },
    { "mhsds", "Provider", "Number of x", "*", UNIT_COUNT, -INFINITY, INFINITY },
    { "mhsds", "England", "Something new", "7", UNIT_UNKNOWN, 7, 7 },
};

static int keep_bounds(void *arg, const struct record *r)
{
    double *to = arg;

    to[0] = r->low;
    to[1] = r->high;
    to[2] = r->unit;
    return 0;
}

START_TEST(a_rounded_figure_stands_for_an_interval)
{
    struct format_set *set = load_formats();
    double got[3] = { NAN, NAN, NAN };
    struct parser *p = parser_new(format_set_find(set, bounds[_i].format), "t.csv",
                                  (struct parse_sink){ .record = keep_bounds, .arg = got });
    struct text bytes = TEXT_INIT;

    (void)text_printf(&bytes, "%s01/03/2024,31/03/2024,Final,%s,X,X,NONE,NONE,M,%s,%s\n",
                      mhsds_header, bounds[_i].breakdown, bounds[_i].name, bounds[_i].value);
    ck_assert_int_eq(parser_push(p, bytes.buf, bytes.len), 0);
    ck_assert_int_eq(parser_finish(p), 0);
    ck_assert_msg(got[0] == bounds[_i].low && got[1] == bounds[_i].high, "%s: %g to %g",
                  bounds[_i].name, got[0], got[1]);
    ck_assert_int_eq((int)got[2], (int)bounds[_i].unit);
    parser_free(p);
    text_release(&bytes);
    format_set_free(set);
}
END_TEST

static int stop_at_third(void *arg, const struct record *r)
{
    (void)r;
    return ++*(int *)arg == 3 ? -ECANCELED : 0;
}

START_TEST(the_sink_can_stop_the_parse)
{
    struct format_set *set = load_formats();
    int records = 0;
    struct parser *p = parser_new(format_set_find(set, "scotland-camhs"), "t.csv",
                                  (struct parse_sink){ .record = stop_at_third, .arg = &records });
    static const char bytes[] = "HB,Month,X,Y,Z,Z2\nS1,202503,1,2,3,4\nS1,202504,1,2,3,4\n"
                                "S1,202504,1,2,3,4\nS1,202504,1,2,3,4\n";

    ck_assert_int_eq(parser_push(p, bytes, sizeof bytes - 1), -ECANCELED);
    ck_assert_int_eq(parser_finish(p), -ECANCELED);
    ck_assert_int_eq(records, 3);
    parser_free(p);
    format_set_free(set);
}
END_TEST

START_TEST(what_is_described_may_hold_bad_bytes)
{
    struct format_set *set = load_formats();
    struct text bytes = TEXT_INIT, out = TEXT_INIT;

    (void)text_printf(&bytes,
                      "%s01/03/2024,31/03/2024,Final,ICB,QUA,Black\xA0"
                      "Country,NONE,\xFF,M,N,1\n",
                      mhsds_header);
    struct parser *p = run(format_set_find(set, "mhsds"), bytes.buf, bytes.len, 7, &out);

    ck_assert_uint_eq(parser_result(p)->accepted, 1);
    ck_assert_uint_eq(parser_result(p)->replaced_utf8, 2);
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_set_free(set);
}
END_TEST

/* ---- the published files ---- */

static const struct {
    const char *glob, *format;
    int files;
    bool accepted;
} published[] = {
    { "tests/data/published/mhsds-4ww/*.csv", "mhsds", 3, true },
    { "tests/data/published/chs-sitrep/chs_*.csv", "chs-sitrep", 55, true },
    { "tests/data/published/sen2/20*.csv", "sen2", 3, true },
    { "tests/data/published/scotland-camhs/camhs-*.csv", "scotland-camhs", 3, true },
    { "tests/data/published/chs-sitrep/la_*.csv", NULL, 1, false },
    { "tests/data/published/scotland-camhs/*_l*.csv", NULL, 2, false },
    { "tests/data/published/sen2-tribunals/*.csv", "sen2-tribunals", 1, true },
    { "tests/data/published/autism-stats/*.csv", "autism", 1, true },
    { "tests/data/published/rtt-full-csv/*.csv", "rtt-full", 1, true },
};

static void read_file(const char *path, struct text *out)
{
    char buf[65536];
    FILE *from = fopen(path, "rb");

    ck_assert_msg(from != NULL, "%s", path);
    for (size_t n; (n = fread(buf, 1, sizeof buf, from)) > 0;)
        ck_assert_int_eq(text_add(out, buf, n), 0);
    fclose(from);
}

static void check_published(const struct format *f, const char *path, bool accepted)
{
    struct text bytes = TEXT_INIT, out = TEXT_INIT;

    read_file(path, &bytes);
    struct parser *p = run(f, bytes.buf, bytes.len, 4096, &out);
    const struct parse_result *r = parser_result(p);
    bool no_month = strstr(path, "2023-04_table_3") || strstr(path, "2023-04_table_4");

    ck_assert_msg(r->refused == !accepted, "%s by %s: %s", path, format_id(f), r->refusal);
    if (accepted && no_month) {
        ck_assert_msg(r->set_aside_kinds == 1 && r->set_aside[0].count == r->rows, "%s", path);
        ck_assert_str_eq(r->set_aside[0].reason, "no-period");
        ck_assert_str_eq(r->held, "set-aside");
    } else if (accepted) {
        ck_assert_msg(r->rows == r->accepted && !r->held && r->rows >= 40, "%s: %lu of %lu", path,
                      r->accepted, r->rows);
        ck_assert_uint_ge(r->records, r->rows);
        ck_assert_uint_ge(r->period_count, 1);
    }
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
}

START_TEST(every_published_file_is_taken_or_refused)
{
    struct format_set *set = load_formats();
    glob_t found;

    ck_assert_int_eq(glob(published[_i].glob, 0, NULL, &found), 0);
    ck_assert_int_eq((int)found.gl_pathc, published[_i].files);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (published[_i].format)
            check_published(format_set_find(set, published[_i].format), found.gl_pathv[i], true);
        for (size_t k = 0; format_set_ids(set)[k]; k++) {
            const char *id = format_set_ids(set)[k];

            if (!published[_i].format || strcmp(id, published[_i].format) != 0)
                check_published(format_set_find(set, id), found.gl_pathv[i], false);
        }
    }
    globfree(&found);
    format_set_free(set);
}
END_TEST

START_TEST(a_layout_says_its_part_and_whether_providers_are_covered)
{
    struct format_set *set = load_formats();
    static const char dir[] = "tests/data/published/chs-sitrep/chs_published_2023-11_table_";
    static const struct {
        const char *table, *part;
        bool covers;
    } tables[] = { { "1", "table-1", false },
                   { "2", "table-2", false },
                   { "3", "table-3", false },
                   { "4", "table-4/total", true },
                   { "4g", "table-4/>52", true } };

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct text bytes = TEXT_INIT, out = TEXT_INIT, path = TEXT_INIT;

        (void)text_printf(&path, "%s%s.csv", dir, tables[i].table);
        read_file(text_str(&path), &bytes);
        struct parser *p = run(format_set_find(set, "chs-sitrep"), bytes.buf, bytes.len, 999, &out);

        ck_assert_str_eq(parser_result(p)->part, tables[i].part);
        ck_assert_int_eq(parser_result(p)->covers_providers, tables[i].covers);
        parser_free(p);
        text_release(&bytes);
        text_release(&out);
        text_release(&path);
    }
    format_set_free(set);
}
END_TEST

UNIT_MAIN("parser", UNIT_ROWS(a_file_becomes_records_at_every_split_point, samples),
          UNIT_ROWS(a_cut_loses_nothing_silently, samples),
          UNIT_ROWS(a_refusal_is_one_located_sentence, refused),
          UNIT_TEST(a_million_rows_without_header_are_given_up_early),
          UNIT_ROWS(over_one_in_a_hundred_set_aside_holds_the_file, shares),
          UNIT_ROWS(a_rounded_figure_stands_for_an_interval, bounds),
          UNIT_TEST(the_sink_can_stop_the_parse), UNIT_TEST(what_is_described_may_hold_bad_bytes),
          UNIT_ROWS(every_published_file_is_taken_or_refused, published),
          UNIT_TEST(a_layout_says_its_part_and_whether_providers_are_covered))
