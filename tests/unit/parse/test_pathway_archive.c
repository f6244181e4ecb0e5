#include "parse/pathway_archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "parse/parser.h"
#include "support/unit.h"
#include "unit/parse/record_line.h"

static int keep(void *arg, const void *bytes, size_t len)
{
    return text_add(arg, bytes, len);
}

struct both {
    struct text told;
    struct pathway_writer writer;
};

static int tell_and_write(void *arg, const struct pathway_record *r)
{
    struct both *b = arg;

    ck_assert_int_eq(record_line(&b->told, r), 0);
    return pathway_writer_add(&b->writer, r);
}

/* Parses a file, tells its records and writes its archive. */
static void parse(const char *format, const char *bytes, struct both *b, struct text *archive)
{
    static const char *const folders[] = { "config/formats" };
    static const unsigned char key[32] = { 1, 2, 3 };
    struct parser_options options = {
        .key = key, .key_len = sizeof key, .census = DATE_NONE, .received = DATE_NONE
    };
    struct diags d = DIAGS_INIT;
    struct format_set *set = NULL;

    ck_assert_int_eq(format_set_load(folders, 1, &d, &set), 0);
    struct parser *p = parser_new(format_set_find(set, format), "t",
                                  (struct parse_sink){ .pathway = tell_and_write, .arg = b });

    b->told = (struct text)TEXT_INIT;
    pathway_writer_init(&b->writer, keep, archive);
    ck_assert_int_eq(parser_configure(p, &options), 0);
    ck_assert_int_eq(parser_push(p, bytes, strlen(bytes)), 0);
    ck_assert_int_eq(parser_finish(p), 0);
    ck_assert_int_eq(pathway_writer_end(&b->writer), 0);
    ck_assert(!parser_result(p)->refused);
    pathway_writer_release(&b->writer);
    parser_free(p);
    format_set_free(set);
    diags_release(&d);
}

/* Words of 64 bytes, the longest there are; their days, as 2024-09-16 and 2023-04-23, lie 512 apart. */
#define TIMES_8(c)  c c c c c c c c
#define TIMES_64(c) TIMES_8(TIMES_8(c))
#define PLAIN       TIMES_64("x")
#define COMMAS      TIMES_64(",")
#define DOUBLED     TIMES_64("\"\"")
#define LINE_ENDS   TIMES_64("\n")
#define SEMICOLONS  TIMES_64(";")
#define BACKSLASHES TIMES_64("\\")

static const struct {
    const char *format, *bytes;
} files[] = {
    { "pathway-snapshot",
      "pathway_id,issuer,person_id,service,provider,commissioner,place,referral_date,stage,"
      "stage_start,exception,census_date,age_band,cohort_a=b,cohort_c;d\\,remark\n"
      "P1,RNA,X1,nd,RNA,QUA,\"Dudley, \"\"north\"\"\",2024-09-16,triage,2024-10-01,tom,2025-03-02,"
      "5-10,\"x=y;z, \"\"q\"\"\",\\,CANARY\n"
      "\"P\r\n2\",RNA,,nd,RNA,,\"a\nb\",1999-09-16,,,,2025-03-02,,,,CANARY\n"
      "bad,RNA,,nd,RNA,,,never,,,,2025-03-02,,,,CANARY\n" },
    { "pathway-snapshot",
      "pathway_id,issuer,service,provider,commissioner,place,stage,referral_date,census_date,"
      "cohort_a,cohort_b\n"
      "P1,RNA,nd,RNA,," PLAIN ",\"" COMMAS "\",2024-09-16,2025-03-02," SEMICOLONS "," PLAIN "\n"
      "P2,RNA,nd,RNA,,\"" DOUBLED "\",,2023-04-23,2025-03-02,,\"" LINE_ENDS "\"\n"
      "P3,RNA,nd,RNA,,,,2024-09-16,2025-03-02," PLAIN "," BACKSLASHES "\n" },
    { "pathway-events",
      "pathway_id,issuer,service,provider,commissioner,event,event_id,event_date,version,"
      "retracted,reason,nhs,cohort_x\n"
      "P1,RNA,nd,RNA,,referral,,2024-09-16,18446744073709551615,,,CANARY,=1\n"
      "P1,RNA,nd,RNA,,first-contact,CANARY,2024-09-16,0,true,late,,\n"
      "P1,RNA,nd,RNA,,clock-stop,,2024-09-16,,,,,\n" },
    { "pathway-snapshot", "pathway_id,issuer,service,provider,commissioner,referral_date,"
                          "census_date\n" },
};

START_TEST(what_is_read_back_equals_what_was_parsed)
{
    struct text archive = TEXT_INIT;
    struct both b;

    parse(files[_i].format, files[_i].bytes, &b, &archive);
    for (size_t portion = 1; portion <= archive.len; portion += 37) {
        struct text told = TEXT_INIT;
        struct pathway_archive *a = pathway_archive_new(record_line, &told);

        for (size_t i = 0; i < archive.len; i += portion)
            ck_assert_int_eq(
                pathway_archive_push(a, archive.buf + i,
                                     portion < archive.len - i ? portion : archive.len - i),
                0);
        ck_assert_int_eq(pathway_archive_finish(a), 0);
        ck_assert_str_eq(text_str(&told), text_str(&b.told));
        pathway_archive_free(a);
        text_release(&told);
    }
    ck_assert_ptr_null(strstr(text_str(&archive), "CANARY"));
    ck_assert_ptr_null(strstr(text_str(&archive), "P1"));
    text_release(&archive);
    text_release(&b.told);
}
END_TEST

START_TEST(a_cut_or_changed_archive_is_damaged)
{
    struct text archive = TEXT_INIT, told = TEXT_INIT;
    struct both b;

    parse(files[0].format, files[0].bytes, &b, &archive);
    for (size_t len = 0; len < archive.len; len++) {
        bool row_end = len && archive.buf[len - 1] == '\n' && memchr(archive.buf, '\n', len);
        struct pathway_archive *a = pathway_archive_new(record_line, &told);
        int r = pathway_archive_push(a, archive.buf, len);

        if (r == 0)
            r = pathway_archive_finish(a);
        /* A cut behind a row, or inside a quoted cell behind its line end: the first is a shorter
         * archive, which its hash tells apart. */
        ck_assert_msg(r == -EBADMSG || (row_end && r == 0), "cut at %zu: %d", len, r);
        pathway_archive_free(a);
    }
    archive.buf[0] = 'P';
    struct pathway_archive *a = pathway_archive_new(record_line, &told);

    ck_assert_int_eq(pathway_archive_push(a, archive.buf, archive.len), -EBADMSG);
    pathway_archive_free(a);
    text_release(&archive);
    text_release(&told);
    text_release(&b.told);
}
END_TEST

UNIT_MAIN("pathway_archive", UNIT_ROWS(what_is_read_back_equals_what_was_parsed, files),
          UNIT_TEST(a_cut_or_changed_archive_is_damaged))
