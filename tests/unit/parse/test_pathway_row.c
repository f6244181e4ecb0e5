#include "parse/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "support/unit.h"

static struct format_set *load_formats(void)
{
    static const char *const folders[] = { "config/formats", "tests/data/formats" };
    struct diags d = DIAGS_INIT;
    struct format_set *set = NULL;
    int r = format_set_load(folders, 2, &d, &set);

    diags_print(&d, stderr);
    ck_assert_int_eq(r, 0);
    diags_release(&d);
    return set;
}

static void add_word(struct text *to, const char *name, const char *word)
{
    if (word && *word)
        (void)text_printf(to, " %s=%s", name, word);
}

/* The parts of a key as "RNA/P1", a pseudonym as its first 8 hex digits. */
static void add_key(struct text *to, const struct pathway_record *r)
{
    char hex[2 * PSEUDONYM_BYTES + 1];

    if (!r->key) {
        digest_hex(r->pathway, sizeof r->pathway, hex);
        (void)text_printf(to, "%.8s", hex);
        return;
    }
    for (size_t i = 0; i < r->key_len;) {
        size_t len = (unsigned char)r->key[i + 2] * 256u + (unsigned char)r->key[i + 3];

        if (i)
            (void)text_putc(to, '/');
        (void)text_add(to, r->key + i + 4, len);
        i += 4 + len;
    }
}

/* A record as "RNA/P1 service=... start=...\n": what is absent is left out. */
static int write_pathway(void *arg, const struct pathway_record *r)
{
    struct text *to = arg;
    char date[DATE_TEXT_MAX];

    add_key(to, r);
    if (r->has_person) {
        char hex[2 * PSEUDONYM_BYTES + 1];

        digest_hex(r->person, sizeof r->person, hex);
        (void)text_printf(to, " person=%.8s", hex);
    }
    add_word(to, "service", r->service);
    add_word(to, "provider", r->provider);
    add_word(to, "commissioner", r->commissioner);
    add_word(to, "place", r->place);
    add_word(to, "stage", r->stage);
    add_word(to, "exception", r->exception);
    add_word(to, "start", date_format(r->clock_start, date));
    add_word(to, "stage-start", date_format(r->stage_start, date));
    add_word(to, "census", date_format(r->census, date));
    add_word(to, "event", r->event);
    add_word(to, "id", r->event_id);
    add_word(to, "date", date_format(r->event_date, date));
    if (r->has_version)
        (void)text_printf(to, " version=%llu", (unsigned long long)r->version);
    if (r->retracted)
        (void)text_puts(to, " retracted");
    add_word(to, "reason", r->reason);
    for (size_t i = 0; i < r->cohort_count; i++)
        (void)text_printf(to, " %s:%s", r->cohort[i].name, r->cohort[i].value);
    return text_putc(to, '\n');
}

static void write_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    (void)text_printf(arg, "%lu: %s %s\n", line, reason, column ? column : "-");
}

static const struct parser_options no_key = { .identifiers = IDENTIFIERS_REFUSE,
                                              .census = { INT32_MIN },
                                              .received = { INT32_MIN } };

/* The caller frees the parser. */
static struct parser *run(const struct format *f, const struct parser_options *options,
                          const char *bytes, size_t len, size_t portion, struct text *out)
{
    struct parser *p = parser_new(
        f, "t.csv",
        (struct parse_sink){ .pathway = write_pathway, .set_aside = write_aside, .arg = out });

    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(parser_configure(p, options), 0);
    for (size_t i = 0; i < len; i += portion)
        ck_assert_int_eq(parser_push(p, bytes + i, portion < len - i ? portion : len - i), 0);
    ck_assert_int_eq(parser_finish(p), 0);
    return p;
}

#define SNAPSHOT                                                                                   \
    "pathway_id,issuer,person_id,service,provider,commissioner,place,referral_date,stage,"         \
    "stage_start,exception,census_date,age_band,cohort_tier,remark\n"
#define EVENTS                                                                                     \
    "pathway_id,issuer,service,provider,commissioner,event,event_id,event_date,version,"           \
    "retracted,reason\n"

static const struct {
    const char *why, *format, *bytes, *want;
} samples[] = {
    { "a row of a list; what is blank is absent; an undeclared column is dropped",
      "pathway-snapshot",
      SNAPSHOT "P1,RNA,X1,nd,RNA,QUA,Dudley,2024-09-16,assessment,01/10/2024,tom,2025-03-02,5-10,3,"
               "hello\n"
               "P2, RNA ,,nd,RNA,,,16/09/2024,,,,02/03/2025,,,\n",
      "RNA/P1 service=nd provider=RNA commissioner=QUA place=Dudley stage=assessment exception=tom "
      "start=2024-09-16 stage-start=2024-10-01 census=2025-03-02 age_band:5-10 tier:3\n"
      "RNA/P2 service=nd provider=RNA start=2024-09-16 census=2025-03-02\n" },
    { "each fault of a row has its reason and column", "pathway-snapshot",
      SNAPSHOT ",RNA,,nd,RNA,,,2024-09-16,,,,2025-03-02,,,\n"
               "P1,,,nd,RNA,,,2024-09-16,,,,2025-03-02,,,\n"
               "P1,RNA,,,RNA,,,2024-09-16,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,,,,2024-09-16,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA,,,,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA,,,31/02/2024,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA,,,2025-03-03,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA,,,2024-09-16,,2025-03-03,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA,,,2024-09,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA,,,9999-12-31,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA,,,2024-09-16,,,,,,,\n"
               "P1,RNA,,nd,RNA,,Dud\xA0ley,2024-09-16,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA,,01234567890123456789012345678901234567890123456789012345678901234,"
               "2024-09-16,,,,2025-03-02,,,\n"
               "P1,RNA,,nd,RNA\n"
               "P1,RNA,,nd,RNA,,,2024-09-16,,,,2025-03-02,,,,more\n",
      "2: missing-key pathway_id\n3: missing-key issuer\n4: missing-key service\n"
      "5: missing-key provider\n6: missing-date referral_date\n7: bad-date referral_date\n"
      "8: future-date referral_date\n9: future-date stage_start\n10: bad-date referral_date\n"
      "11: bad-date referral_date\n12: missing-date census_date\n13: bad-utf8 place\n"
      "14: length place\n15: short-row -\n16: extra-cells -\n" },
    { "events: a referral's date is its clock start; versions are numbers or days and times",
      "pathway-events",
      EVENTS "P1,RNA,nd,RNA,QUA,Referral,,2024-09-16,1,,\n"
             "P1,RNA,nd,RNA,QUA,first contact,C1,2024-10-01,2024-10-02T06:10:00Z,no,seen\n"
             "P1,RNA,nd,RNA,QUA,first_contact,C1,2024-10-01,03/10/2024 06:10,TRUE,\n"
             "P1,RNA,nd,RNA,QUA,clock-stop,,2024-10-01,20241003,,\n"
             "P1,RNA,nd,RNA,QUA,clock-stop,,2024-10-01,,,\n",
      "RNA/P1 service=nd provider=RNA commissioner=QUA start=2024-09-16 event=referral "
      "date=2024-09-16 version=1\n"
      "RNA/P1 service=nd provider=RNA commissioner=QUA event=first-contact id=C1 date=2024-10-01 "
      "version=20241002071000 reason=seen\n"
      "RNA/P1 service=nd provider=RNA commissioner=QUA event=first-contact id=C1 date=2024-10-01 "
      "version=20241003061000 retracted\n"
      "RNA/P1 service=nd provider=RNA commissioner=QUA event=clock-stop date=2024-10-01 "
      "version=20241003\n"
      "RNA/P1 service=nd provider=RNA commissioner=QUA event=clock-stop date=2024-10-01\n" },
    { "events: each fault has its reason and column", "pathway-events",
      EVENTS "P1,RNA,nd,RNA,QUA,seen,,2024-09-16,1,,\n"
             "P1,RNA,nd,RNA,QUA,,,2024-09-16,1,,\n"
             "P1,RNA,nd,RNA,QUA,referral,,,1,,\n"
             "P1,RNA,nd,RNA,QUA,referral,,2024-13-01,1,,\n"
             "P1,RNA,nd,RNA,QUA,referral,,2024-09-16,v2,,\n"
             "P1,RNA,nd,RNA,QUA,referral,,2024-09-16,99999999999999999999,,\n"
             "P1,RNA,nd,RNA,QUA,referral,,2024-09-16,1,perhaps,\n",
      "2: unknown-code event\n3: missing-key event\n4: missing-date event_date\n"
      "5: bad-date event_date\n6: bad-version version\n7: bad-version version\n"
      "8: unknown-code retracted\n" },
    { "objects, one a line: members are columns in any order, later ones join, an inner object is "
      "the "
      "cohort's",
      "pathway-snapshot",
      "\xEF\xBB\xBF{\"issuer\": \"RNA\", \"pathway_id\": 17, \"service\": \"nd\", \"provider\": "
      "\"RNA\", "
      "\"commissioner\": null, \"referral_date\": \"2024-09-16\", \"census_date\": \"2025-03-02\", "
      "\"notes\": [\"a\", {\"b\": 1}]}\r\n\n"
      "{\"pathway_id\": \"P\\u00332\", \"census_date\": \"2025-03-02\", \"issuer\": \"RNA\", "
      "\"place\": "
      "\"D\u00fcd\", \"service\": \"nd\", \"provider\": \"RNA\", \"cohort\": {\"tier\": 3}, "
      "\"referral_date\": \"2024-09-16\"}\n"
      "{\"pathway_id\": \"P3\", \"issuer\": \"RNA\", \"service\": \"nd\n"
      "{\"pathway_id\": \"P4\", \"pathway_id\": \"P5\"}\n"
      "once more\n"
      "{\"pathway_id\": \"P6\", \"issuer\": \"RNA\", \"service\": \"nd\", \"provider\": \"RNA\", "
      "\"referral_date\": \"2024-09-16\", \"census_date\": \"2025-03-02\", \"stage\": true}",
      "RNA/17 service=nd provider=RNA start=2024-09-16 census=2025-03-02\n"
      "RNA/P32 service=nd provider=RNA place=D\u00fcd start=2024-09-16 census=2025-03-02 tier:3\n"
      "4: bad-json -\n5: bad-json -\n6: bad-json -\n"
      "RNA/P6 service=nd provider=RNA stage=true start=2024-09-16 census=2025-03-02\n" },
    { "objects, each of which may leave out what may be blank, the first one too",
      "pathway-snapshot",
      "{\"pathway_id\": \"P1\", \"issuer\": \"RNA\", \"service\": \"nd\", \"provider\": \"RNA\", "
      "\"referral_date\": \"2024-09-16\", \"census_date\": \"2025-03-02\"}\n"
      "{\"pathway_id\": \"P2\", \"issuer\": \"RNA\", \"service\": \"nd\", \"provider\": \"RNA\", "
      "\"commissioner\": \"QUA\", \"referral_date\": \"2024-09-16\", \"census_date\": "
      "\"2025-03-02\"}\n",
      "RNA/P1 service=nd provider=RNA start=2024-09-16 census=2025-03-02\n"
      "RNA/P2 service=nd provider=RNA commissioner=QUA start=2024-09-16 census=2025-03-02\n" },
    { "and of events as well", "pathway-events",
      "{\"pathway_id\": \"P1\", \"issuer\": \"RNA\", \"service\": \"nd\", \"provider\": \"RNA\", "
      "\"event\": \"referral\", \"event_date\": \"2024-09-16\", \"version\": 1}\n",
      "RNA/P1 service=nd provider=RNA start=2024-09-16 event=referral date=2024-09-16 "
      "version=1\n" },
    { "a week that ends on another day counts for the Sunday before, and judges by its own day",
      "wlmds-open",
      "Week_Ending_Date,Waiting_List_Type,PATIENT_PATHWAY_IDENTIFIER,"
      "ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER,"
      "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER,ACTIVITY_TREATMENT_FUNCTION_CODE,"
      "REFERRAL_TO_TREATMENT_PERIOD_START_DATE,REFERRAL_TO_TREATMENT_PERIOD_END_DATE\n"
      "05/03/2025,,X1,RNA,RNA,290,2025-03-04,\n02/03/2025,,X1,RNA,RNA,290,2025-03-02,9999-12-31\n",
      "RNA/X1/2025-03-04 service=290 provider=RNA start=2025-03-04 census=2025-03-02\n"
      "RNA/X1/2025-03-02 service=290 provider=RNA start=2025-03-02 census=2025-03-02\n" },
    { "an end before its beginning sets a row aside, rather than say that it is not of the list",
      "wlmds-open",
      "Week_Ending_Date,Waiting_List_Type,PATIENT_PATHWAY_IDENTIFIER,"
      "ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER,"
      "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER,ACTIVITY_TREATMENT_FUNCTION_CODE,"
      "REFERRAL_TO_TREATMENT_PERIOD_START_DATE,REFERRAL_TO_TREATMENT_PERIOD_END_DATE\n"
      "02/03/2025,,X1,RNA,RNA,290,2025-01-02,2025-01-01\n"
      "02/03/2025,,X2,RNA,RNA,290,2025-01-02,1900-01-01\n"
      "02/03/2025,,X3,RNA,RNA,290,2025-01-02,2025-01-02\n",
      "2: end-before-start REFERRAL_TO_TREATMENT_PERIOD_END_DATE\n"
      "3: bad-date REFERRAL_TO_TREATMENT_PERIOD_END_DATE\n" },
    { "so does a stop before its start", "wlmds-stops",
      "Week_Ending_Date,PATIENT_PATHWAY_IDENTIFIER,"
      "ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER,"
      "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER,ACTIVITY_TREATMENT_FUNCTION_CODE,"
      "REFERRAL_TO_TREATMENT_PERIOD_START_DATE,REFERRAL_TO_TREATMENT_PERIOD_END_DATE,"
      "Completed_Type\n"
      "02/03/2025,X1,RNA,RNA,290,2025-03-01,2025-02-28,\n",
      "2: end-before-start REFERRAL_TO_TREATMENT_PERIOD_END_DATE\n" },
    { "an array of objects, over as many lines as it likes", "pathway-events",
      " [\n{\"pathway_id\": \"P1\", \"issuer\": \"RNA\", \"service\": \"nd\", \"provider\": "
      "\"RNA\",\n"
      "\"commissioner\": \"\", \"event\": \"referral\", \"event_date\": \"2024-09-16\", "
      "\"version\": 7,\n"
      "\"retracted\": false},\n{\"pathway_id\": \"P1]}\\\"\", \"issuer\": \"RNA\", \"service\": "
      "\"nd\", "
      "\"provider\": \"RNA\", \"event\": \"removal\", \"event_date\": \"2024-09-17\"}]\n",
      "RNA/P1 service=nd provider=RNA start=2024-09-16 event=referral date=2024-09-16 version=7\n"
      "RNA/P1]}\" service=nd provider=RNA event=removal date=2024-09-17\n" },
};

START_TEST(a_row_says_what_its_columns_say)
{
    struct format_set *set = load_formats();
    const struct format *f = format_set_find(set, samples[_i].format);
    size_t len = strlen(samples[_i].bytes);

    for (size_t portion = 1; portion <= len; portion = portion < 8 ? portion + 1 : len) {
        struct text out = TEXT_INIT;
        struct parser *p = run(f, &no_key, samples[_i].bytes, len, portion, &out);

        ck_assert_msg(!parser_result(p)->refused, "%s: %s", samples[_i].why,
                      parser_result(p)->refusal);
        ck_assert_msg(strcmp(text_str(&out), samples[_i].want) == 0,
                      "%s (portions of %zu):\n%s\nnot\n%s", samples[_i].why, portion,
                      text_str(&out), samples[_i].want);
        parser_free(p);
        text_release(&out);
        if (portion == len)
            break;
    }
    format_set_free(set);
}
END_TEST

/* Key 00 01 .. 1f; parts "pathway", "RNA", "P1", each after its length in 4 bytes. */
START_TEST(a_pseudonym_is_128_bits_of_hmac_over_the_parts_with_their_lengths)
{
    static const char parts[] = "\0\0\0\7pathway\0\0\0\3RNA\0\0\0\2P1";
    static const char person[] = "\0\0\0\6person\0\0\0\2X1";
    struct format_set *set = load_formats();
    struct text out = TEXT_INIT, want = TEXT_INIT;
    unsigned char key[32], mac[SHA256_BYTES], person_mac[SHA256_BYTES];
    struct parser_options options = no_key;
    const char *bytes = SNAPSHOT "P1,RNA,X1,nd,RNA,,,2024-09-16,,,,2025-03-02,,,\n";

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (unsigned char)i;
    options.key = key;
    options.key_len = sizeof key;
    struct parser *p =
        run(format_set_find(set, "pathway-snapshot"), &options, bytes, strlen(bytes), 100, &out);

    ck_assert_int_eq(hmac_sha256(key, sizeof key, parts, sizeof parts - 1, mac), 0);
    ck_assert_int_eq(hmac_sha256(key, sizeof key, person, sizeof person - 1, person_mac), 0);
    (void)text_printf(&want, "%02x%02x%02x%02x person=%02x%02x%02x%02x ", mac[0], mac[1], mac[2],
                      mac[3], person_mac[0], person_mac[1], person_mac[2], person_mac[3]);
    ck_assert_msg(strncmp(text_str(&out), text_str(&want), want.len) == 0, "%s", text_str(&out));
    ck_assert_msg(strncmp(text_str(&out), "86469812", 8) == 0, "%s", text_str(&out));
    parser_free(p);
    text_release(&out);
    text_release(&want);
    format_set_free(set);
}
END_TEST

#define OBJECT                                                                                     \
    "{\"pathway_id\":1,\"issuer\":2,\"service\":3,\"provider\":4,\"commissioner\":5,"              \
    "\"referral_date\":\"2024-09-16\",\"census_date\":\"2025-03-02\"}"

#define HEADER "pathway_id,issuer,service,provider,commissioner,referral_date,census_date"

static const struct {
    const char *why, *bytes, *reason;
    unsigned long line, column;
} broken[] = {
    { "no header: a column is missing in the first object", "{\"pathway_id\": 1}\n", "header", 1,
      1 },
    { "an object without the referral's date",
      "{\"pathway_id\":1,\"issuer\":2,\"service\":3,\"provider\":4,\"commissioner\":5,"
      "\"census_date\":\"2025-03-02\"}\n",
      "header", 1, 1 },
    { "a table without a column that may be blank",
      "pathway_id,issuer,service,provider,referral_date,census_date\n", "header", 1, 1 },
    { "an array that is never closed", "[" OBJECT ",\n" OBJECT, "json", 2, 126 },
    { "an array with something else in it", "[{\"a\" 1}]", "json", 1, 2 },
    { "text between the objects of an array", "[" OBJECT "\n x]", "json", 2, 2 },
    { "a mapped column twice, however it is written", HEADER ",REFERRAL_DATE\n", "header", 1, 1 },
    { "no line is an object", "{\"pathway_id\": \n\n", "header", 1, 1 },
};

START_TEST(what_is_no_list_of_rows_is_refused_with_its_place)
{
    struct format_set *set = load_formats();
    size_t len = strlen(broken[_i].bytes);

    for (size_t portion = 1; portion <= len; portion++) {
        struct text out = TEXT_INIT;
        struct parser *p = run(format_set_find(set, "pathway-snapshot"), &no_key, broken[_i].bytes,
                               len, portion, &out);
        const struct parse_result *r = parser_result(p);

        ck_assert_msg(r->refused, "%s", broken[_i].why);
        ck_assert_msg(strcmp(r->refusal_reason, broken[_i].reason) == 0 &&
                          r->refusal_line == broken[_i].line &&
                          r->refusal_column == broken[_i].column,
                      "%s: %s at %lu:%lu", broken[_i].why, r->refusal_reason, r->refusal_line,
                      r->refusal_column);
        parser_free(p);
        text_release(&out);
    }
    format_set_free(set);
}
END_TEST

/* ---- identifiers ---- */

/* A small generator of its own, so that every machine makes the same files. */
static uint64_t next(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    uint64_t z = *state;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* An NHS number from the range that is given to nobody. */
static void test_number(uint64_t *state, char out[11])
{
    for (;;) {
        int sum = 0;

        (void)snprintf(out, 11, "999%06u0", (unsigned)(next(state) % 1000000));
        for (int i = 0; i < 9; i++)
            sum += (out[i] - '0') * (10 - i);
        if (sum % 11 == 1)
            continue;
        out[9] = (char)('0' + (11 - sum % 11) % 11);
        return;
    }
}

START_TEST(a_thousand_files_of_ten_digit_local_numbers_are_no_incident)
{
    struct format_set *set = load_formats();
    unsigned long rows = 0, hits = 0;

    for (uint64_t seed = 1; seed <= 1000; seed++) {
        uint64_t state = seed;
        struct text bytes = TEXT_INIT, out = TEXT_INIT;
        unsigned count = 20 + (unsigned)(next(&state) % 60);

        (void)text_puts(&bytes, SNAPSHOT);
        for (unsigned i = 0; i < count; i++)
            (void)text_printf(&bytes, "%010llu,RNA,,nd,RNA,,,2024-09-16,,,,2025-03-02,,,%010llu\n",
                              (unsigned long long)(next(&state) % 10000000000u),
                              (unsigned long long)(next(&state) % 10000000000u));
        struct parser *p = run(format_set_find(set, "pathway-snapshot"), &no_key, bytes.buf,
                               bytes.len, 4096, &out);
        const struct parse_result *r = parser_result(p);

        ck_assert_msg(!r->refused, "seed %llu: %s", (unsigned long long)seed, r->refusal);
        ck_assert_uint_eq(r->rows, count);
        rows += r->rows;
        hits += r->chance_hits;
        parser_free(p);
        text_release(&bytes);
        text_release(&out);
    }
    /* About one in eleven passes the check, so the counting did look. */
    ck_assert_msg(hits * 13 > rows && hits * 9 < rows, "%lu of %lu", hits, rows);
    format_set_free(set);
}
END_TEST

static const struct {
    const char *why;
    unsigned rows, numbers; /* rows in all, of them with an NHS number */
    int column;             /* 0: pathway_id, 1: remark, a dropped column */
    const char *refused;    /* the column named, or NULL */
    const char *count;
    unsigned set_aside;
    unsigned chance;
} incidents[] = {
    { "a mapped column of NHS numbers", 40, 40, 0, "column \"pathway_id\"", "10 to 99", 40, 0 },
    { "a dropped column of NHS numbers", 400, 400, 1, "column 15", "100 to 999", 0, 400 },
    { "half is enough", 40, 20, 1, "column 15", "10 to 99", 0, 20 },
    { "less than half is chance", 41, 20, 1, NULL, NULL, 0, 20 },
    { "fewer than twenty values prove nothing", 19, 19, 1, NULL, NULL, 0, 19 },
    { "twenty do", 20, 20, 1, "column 15", "10 to 99", 0, 20 },
    { "a lone one in a mapped column sets its row aside", 200, 1, 0, NULL, NULL, 1, 0 },
    { "a lone one in a dropped column is counted, and the row kept", 200, 1, 1, NULL, NULL, 0, 1 },
};

START_TEST(a_column_of_nhs_numbers_is_an_incident)
{
    struct format_set *set = load_formats();
    struct text bytes = TEXT_INIT, out = TEXT_INIT;
    uint64_t state = 4;
    char number[11];

    (void)text_puts(&bytes, SNAPSHOT);
    for (unsigned i = 0; i < incidents[_i].rows; i++) {
        bool is = i < incidents[_i].numbers, dropped = incidents[_i].column == 1;

        test_number(&state, number);
        (void)text_printf(&bytes, "%s,RNA,,nd,RNA,,,2024-09-16,,,,2025-03-02,,,%s\n",
                          is && !dropped ? number : "P7", dropped ? is ? number : "x" : "");
    }
    struct parser *p =
        run(format_set_find(set, "pathway-snapshot"), &no_key, bytes.buf, bytes.len, 1000, &out);
    const struct parse_result *r = parser_result(p);

    ck_assert_msg(r->refused == (incidents[_i].refused != NULL), "%s", incidents[_i].why);
    if (r->refused) {
        ck_assert_str_eq(r->refusal_reason, "identifiers");
        ck_assert_str_eq(r->identifiers[0].column, incidents[_i].refused);
        ck_assert_str_eq(r->identifiers[0].count, incidents[_i].count);
        ck_assert_int_eq(r->identifiers[0].is_mapped, incidents[_i].column == 0);
        ck_assert_msg(strstr(r->refusal, incidents[_i].refused) && !strstr(r->refusal, number),
                      "%s: %s", incidents[_i].why, r->refusal);
    }
    ck_assert_uint_eq(r->identifier_columns, r->refused);
    ck_assert_msg(r->rows - r->accepted == incidents[_i].set_aside, "%s: %lu set aside",
                  incidents[_i].why, r->rows - r->accepted);
    ck_assert_msg(r->chance_hits == incidents[_i].chance, "%s: %lu by chance", incidents[_i].why,
                  r->chance_hits);
    ck_assert_msg(!strstr(text_str(&out), "999"), "%s", text_str(&out));
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_set_free(set);
}
END_TEST

static const char local_format[] =
    "format: local\nrecords: pathway-snapshot\nlocal_id: [Hospital number]\nkey: [pathway_id]\n"
    "layouts:\n"
    "  - id: list\n"
    "    header: {columns: [Hospital number, Referred]}\n"
    "    pathway_id: Hospital number\n"
    "    provider: {text: RNA}\n"
    "    clock_start: Referred\n";

START_TEST(a_column_declared_as_local_numbers_is_neither_incident_nor_fault)
{
    struct diags d = DIAGS_INIT;
    struct format *f = NULL;
    struct text bytes = TEXT_INIT, out = TEXT_INIT;
    uint64_t state = 9;
    char number[11];

    ck_assert_int_eq(format_parse("local.yaml", local_format, strlen(local_format), &d, &f), 0);
    (void)text_puts(&bytes, "hospital  number,Referred\n");
    for (int i = 0; i < 50; i++) {
        test_number(&state, number);
        (void)text_printf(&bytes, "%s,2024-09-16\n", number);
    }
    struct parser *p = run(f, &no_key, bytes.buf, bytes.len, 99, &out);

    ck_assert(!parser_result(p)->refused);
    ck_assert_uint_eq(parser_result(p)->accepted, 50);
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_free(f);
    diags_release(&d);
}
END_TEST

static const char stop_format[] = "format: stop\nrecords: pathway-snapshot\nkey: [pathway_id]\n"
                                  "layouts:\n"
                                  "  - id: list\n"
                                  "    header: {columns: [Path, Referred, Ended, Census]}\n"
                                  "    pathway_id: Path\n"
                                  "    provider: {text: RNA}\n"
                                  "    clock_start: Referred\n"
                                  "    clock_stop: {column: Ended, open_ended: true}\n"
                                  "    census: Census\n";

START_TEST(a_row_that_stopped_by_its_census_is_not_of_the_list_and_no_fault)
{
    struct diags d = DIAGS_INIT;
    struct format *f = NULL;
    struct text out = TEXT_INIT;
    static const char bytes[] = "Path,Referred,Ended,Census\n"
                                "A,2025-01-06,2025-03-01,2025-03-02\n"
                                "B,2025-01-06,2025-03-02,2025-03-02\n"
                                "C,2025-01-06,2025-03-03,2025-03-02\n"
                                "D,2025-01-06,9999-12-31,2025-03-02\n";

    ck_assert_int_eq(format_parse("stop.yaml", stop_format, strlen(stop_format), &d, &f), 0);
    struct parser *p = run(f, &no_key, bytes, sizeof bytes - 1, 99, &out);

    ck_assert_str_eq(text_str(&out), "C provider=RNA start=2025-01-06 census=2025-03-02\n"
                                     "D provider=RNA start=2025-01-06 census=2025-03-02\n");
    ck_assert_uint_eq(parser_result(p)->rows, parser_result(p)->accepted);
    parser_free(p);
    text_release(&out);
    format_free(f);
    diags_release(&d);
}
END_TEST

START_TEST(a_row_with_a_version_that_stopped_by_its_census_takes_the_place_of_an_older_one)
{
    struct diags d = DIAGS_INIT;
    struct format *f = NULL;
    struct text out = TEXT_INIT, yaml = TEXT_INIT;
    static const char bytes[] = "Path,Referred,Ended,Census,Number\n"
                                "A,2025-01-06,,2025-03-02,1\n"
                                "A,2025-01-06,2025-03-01,2025-03-02,2\n"
                                "B,2025-01-06,2025-03-01,2025-03-02,\n";

    (void)text_printf(&yaml, "%s    version: Number\n", stop_format);
    ck_assert_int_eq(format_parse("stop.yaml", text_str(&yaml), yaml.len, &d, &f), 0);
    struct parser *p = run(f, &no_key, bytes, sizeof bytes - 1, 99, &out);

    ck_assert_str_eq(text_str(&out),
                     "A provider=RNA start=2025-01-06 census=2025-03-02 version=1\n"
                     "A provider=RNA start=2025-01-06 census=2025-03-02 event=clock-stop "
                     "date=2025-03-01 version=2\n");
    ck_assert(!date_is_set(parser_result(p)->first_event));
    parser_free(p);
    text_release(&out);
    text_release(&yaml);
    format_free(f);
    diags_release(&d);
}
END_TEST

START_TEST(digits_that_are_all_the_same_are_no_nhs_number)
{
    struct format_set *set = load_formats();
    struct text bytes = TEXT_INIT, out = TEXT_INIT;

    (void)text_puts(&bytes, SNAPSHOT);
    for (int i = 0; i < 30; i++)
        (void)text_puts(&bytes, "1111111111,RNA,,nd,RNA,,,2024-09-16,,,,2025-03-02,,,4444444444\n");
    struct parser *p =
        run(format_set_find(set, "pathway-snapshot"), &no_key, bytes.buf, bytes.len, 1000, &out);

    ck_assert(!parser_result(p)->refused);
    ck_assert_uint_eq(parser_result(p)->accepted, 30);
    ck_assert_uint_eq(parser_result(p)->chance_hits, 0);
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_set_free(set);
}
END_TEST

/* 999 000 0042 is an NHS number that is given to nobody. */
static const struct {
    const char *why, *text;
    bool is;
} texts[] = {
    { "alone", "9990000042", true },
    { "in words", "seen as 9990000042 by the team", true },
    { "next to letters", "NHS9990000042x", true },
    { "three, three and four", "call 999 000 0042", true },
    { "with hyphens", "(999-000-0042)", true },
    { "with more than one separator", "999 - 000 - 0042", true },
    { "with full stops", "999.000.0042", true },
    { "with slashes", "999/000/0042", true },
    { "with underscores", "ref_999_000_0042_b", true },
    { "with blanks that do not break",
      "no. 999\xc2\xa0"
      "000\xc2\xa0"
      "0042",
      true },
    { "with dashes",
      "999\xe2\x80\x93"
      "000\xe2\x80\x93"
      "0042",
      true },
    { "after another number", "12 3456 999 000 0042", true },
    { "eleven digits", "ref 99900000421", false },
    { "of another number's groups", "1999 000 0042", false },
    { "a wrong check digit", "ref 9990000043", false },
    { "other groups", "ref 99 9000 0042", false },
    { "ten equal digits", "ref 1111111111", false },
    { "a day and an hour", "2026-05-17 10:30", false },
};

static const struct {
    const char *format, *header, *row; /* @: the text */
} kept[] = {
    { "pathway-snapshot", "service", "P1,RNA,@,RNA,QUA,2024-09-16,2025-03-02" },
    { "pathway-snapshot", "provider", "P1,RNA,nd,@,QUA,2024-09-16,2025-03-02" },
    { "pathway-snapshot", "commissioner", "P1,RNA,nd,RNA,@,2024-09-16,2025-03-02" },
    { "pathway-snapshot", "place", "P1,RNA,nd,RNA,QUA,2024-09-16,2025-03-02,@" },
    { "pathway-snapshot", "practice", "P1,RNA,nd,RNA,QUA,2024-09-16,2025-03-02,@" },
    { "pathway-snapshot", "lsoa", "P1,RNA,nd,RNA,QUA,2024-09-16,2025-03-02,@" },
    { "pathway-snapshot", "stage", "P1,RNA,nd,RNA,QUA,2024-09-16,2025-03-02,@" },
    { "pathway-snapshot", "exception", "P1,RNA,nd,RNA,QUA,2024-09-16,2025-03-02,@" },
    { "pathway-snapshot", "need", "P1,RNA,nd,RNA,QUA,2024-09-16,2025-03-02,@" },
    { "pathway-snapshot", "cohort_team", "P1,RNA,nd,RNA,QUA,2024-09-16,2025-03-02,@" },
    { "pathway-events", "reason", "P1,RNA,nd,RNA,QUA,referral,2024-09-16,1,@" },
    { "pathway-events", "exception", "P1,RNA,nd,RNA,QUA,referral,2024-09-16,1,@" },
};

START_TEST(a_text_that_is_kept_holds_no_nhs_number)
{
    struct format_set *set = load_formats();
    bool is_list = strcmp(kept[_i].format, "pathway-snapshot") == 0;
    const char *columns = is_list ? "pathway_id,issuer,service,provider,commissioner,referral_date,"
                                    "census_date"
                                  : "pathway_id,issuer,service,provider,commissioner,event,"
                                    "event_date,version";
    const char *at = strchr(kept[_i].row, '@');
    char want[64];

    /* What only a pattern finds has a name of the sender's. */
    (void)snprintf(want, sizeof want, "2: identifier %s\n",
                   strcmp(kept[_i].header, "cohort_team") ? kept[_i].header : "cohort_{}");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct text bytes = TEXT_INIT, out = TEXT_INIT;

        (void)text_printf(&bytes, "%s%s%s\n%.*s%s%s\n", columns,
                          strstr(columns, kept[_i].header) ? "" : ",",
                          strstr(columns, kept[_i].header) ? "" : kept[_i].header,
                          (int)(at - kept[_i].row), kept[_i].row, texts[i].text, at + 1);
        struct parser *p =
            run(format_set_find(set, kept[_i].format), &no_key, bytes.buf, bytes.len, 1000, &out);

        ck_assert_msg(texts[i].is == (strcmp(text_str(&out), want) == 0), "%s, %s: %s",
                      kept[_i].header, texts[i].why, text_str(&out));
        ck_assert_uint_eq(parser_result(p)->accepted, !texts[i].is);
        parser_free(p);
        text_release(&bytes);
        text_release(&out);
    }
    format_set_free(set);
}
END_TEST

START_TEST(a_cohort_whose_name_holds_an_nhs_number_is_no_cohort)
{
    static const char list[] = "pathway_id,issuer,service,provider,commissioner,referral_date,"
                               "census_date,cohort_999 000 0042,cohort_tier\n"
                               "P1,RNA,nd,RNA,,2024-09-16,2025-03-02,yes,3\n";
    struct format_set *set = load_formats();
    struct text out = TEXT_INIT;
    struct parser *p =
        run(format_set_find(set, "pathway-snapshot"), &no_key, list, sizeof list - 1, 1000, &out);

    ck_assert_str_eq(text_str(&out),
                     "RNA/P1 service=nd provider=RNA start=2024-09-16 census=2025-03-02 tier:3\n");
    parser_free(p);
    text_release(&out);
    format_set_free(set);
}
END_TEST

START_TEST(a_kept_column_with_an_nhs_number_in_half_of_its_texts_is_an_incident)
{
    struct format_set *set = load_formats();
    struct text bytes = TEXT_INIT, out = TEXT_INIT;
    uint64_t state = 5;
    char number[11];

    (void)text_puts(&bytes, EVENTS);
    for (int i = 0; i < 30; i++) {
        test_number(&state, number);
        (void)text_printf(&bytes, "P1,RNA,nd,RNA,QUA,referral,,2024-09-16,1,,%s %s\n",
                          i % 2 ? "seen" : "letter to", i % 2 ? "" : number);
    }
    struct parser *p =
        run(format_set_find(set, "pathway-events"), &no_key, bytes.buf, bytes.len, 1000, &out);

    ck_assert_str_eq(parser_result(p)->refusal_reason, "identifiers");
    ck_assert_str_eq(parser_result(p)->identifiers[0].column, "column \"reason\"");
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_set_free(set);
}
END_TEST

static const struct {
    const char *header, *called;
} headers[] = {
    { "seen <here>", "column 8" },       { "Ada 9990000123", "column 8" },
    { "Ada Lovelace", "column 8" },      { "cohort_ada", "column 8" },
    { "nhs number of Ada", "column 8" }, { "NHS Number", "column \"NHS Number\"" },
    { "nhs_no", "column \"nhs_no\"" },   { "Person_ID", "column \"Person_ID\"" },
};

START_TEST(a_header_is_repeated_only_where_the_mapping_or_everybody_calls_a_column_so)
{
    struct format_set *set = load_formats();
    struct text bytes = TEXT_INIT, out = TEXT_INIT;
    uint64_t state = 5;
    char number[11];

    (void)text_printf(&bytes,
                      "pathway_id,issuer,service,provider,commissioner,referral_date,"
                      "census_date,%s\n",
                      headers[_i].header);
    for (int i = 0; i < 30; i++) {
        test_number(&state, number);
        (void)text_printf(&bytes, "P1,RNA,nd,RNA,,2024-09-16,2025-03-02,%s\n", number);
    }
    struct parser *p =
        run(format_set_find(set, "pathway-snapshot"), &no_key, bytes.buf, bytes.len, 1000, &out);

    ck_assert_str_eq(parser_result(p)->identifiers[0].column, headers[_i].called);
    ck_assert_ptr_nonnull(strstr(parser_result(p)->refusal, headers[_i].called));
    if (strcmp(headers[_i].called, "column 8") == 0)
        ck_assert_ptr_null(strstr(parser_result(p)->refusal, headers[_i].header));
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_set_free(set);
}
END_TEST

#define PTL "PATHWAY_ID,NHS_NUMBER,PROVIDER,COMMISSIONER,TFC,CLOCK_START,AGE\n"

/* The list that the measurements use: each rejection, and each edge that is none. */
static const struct {
    const char *row, *want;
} ptl[] = {
    { "P1,9990000018,RAB,QAB,100,16/02/2026,0", "P1 service=100 provider=RAB commissioner=QAB "
                                                "start=2026-02-16 census=2026-02-16 age:0-17\n" },
    { "P1,9999999999,RABCDE,QAB,100,2026-02-16,17",
      "P1 service=100 provider=RABCDE commissioner=QAB start=2026-02-16 census=2026-02-16 "
      "age:0-17\n" },
    { "12345678901234567890,9990000018,RAB,QAB,100,2025-01-01,120",
      "12345678901234567890 service=100 provider=RAB commissioner=QAB start=2025-01-01 "
      "census=2026-02-16 age:80+\n" },
    { ",9990000018,RAB,QAB,100,2026-02-16,0", "2: missing-key PATHWAY_ID\n" },
    { "123456789012345678901,9990000018,RAB,QAB,100,2026-02-16,0", "2: length PATHWAY_ID\n" },
    { "P1,9990000019,RAB,QAB,100,2026-02-16,0", "2: nhs-number NHS_NUMBER\n" },
    { "P1,,RAB,QAB,100,2026-02-16,0", "2: missing-key NHS_NUMBER\n" },
    { "P1,999 000 0018,RAB,QAB,100,2026-02-16,0", "2: length NHS_NUMBER\n" },
    { "P1,9990000018,RA,QAB,100,2026-02-16,0", "2: length PROVIDER\n" },
    { "P1,9990000018,RAB,QABCDEF,100,2026-02-16,0", "2: length COMMISSIONER\n" },
    { "P1,9990000018,RAB,QAB,1000,2026-02-16,0", "2: length TFC\n" },
    { "P1,9990000018,RAB,QAB,100,2026-02-17,0", "2: future-date CLOCK_START\n" },
    { "P1,9990000018,RAB,QAB,100,31/02/2025,0", "2: bad-date CLOCK_START\n" },
    { "P1,9990000018,RAB,QAB,100,,0", "2: missing-date CLOCK_START\n" },
    { "P1,9990000018,RAB,QAB,100,1900-01-01,0", "2: bad-date CLOCK_START\n" },
    { "P1,9990000018,RAB,QAB,100,01/01/1970,0", "2: bad-date CLOCK_START\n" },
    { "P1,9990000018,RAB,QAB,100,1970-01-02,0", "P1 service=100 provider=RAB commissioner=QAB "
                                                "start=1970-01-02 census=2026-02-16 age:0-17\n" },
    { "P1,9990000018,RAB,QAB,100,2026-02-16,121", "2: range AGE\n" },
    { "P1,9990000018,RAB,QAB,100,2026-02-16,", "2: missing-key AGE\n" },
    { "P1,9990000018,RAB,QAB,100,2026-02-16,x", "2: bad-number AGE\n" },
};

START_TEST(a_list_is_checked_by_the_rules_of_its_mapping)
{
    struct format_set *set = load_formats();
    struct parser_options options = { .identifiers = IDENTIFIERS_NOTE, .received = DATE_NONE };
    struct text bytes = TEXT_INIT, out = TEXT_INIT;

    ck_assert_int_eq(date_from_ymd(2026, 2, 16, &options.census), 0);
    (void)text_printf(&bytes, "%s%s\n", PTL, ptl[_i].row);
    struct parser *p =
        run(format_set_find(set, "ptl-bench"), &options, bytes.buf, bytes.len, 999, &out);

    ck_assert_msg(strcmp(text_str(&out), ptl[_i].want) == 0, "%s: %s", ptl[_i].row, text_str(&out));
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_set_free(set);
}
END_TEST

START_TEST(who_only_counts_is_told_of_identifiers_and_goes_on)
{
    struct format_set *set = load_formats();
    struct parser_options options = { .identifiers = IDENTIFIERS_NOTE,
                                      .census = DATE_NONE,
                                      .received = DATE_NONE };
    struct text bytes = TEXT_INIT, out = TEXT_INIT;
    uint64_t state = 3;
    char number[11];

    (void)text_puts(&bytes, PTL);
    for (int i = 0; i < 40; i++) {
        test_number(&state, number);
        (void)text_printf(&bytes, "P%d,%s,RAB,QAB,100,2026-02-16,50\n", i, number);
    }
    struct parser *p =
        run(format_set_find(set, "ptl-bench"), &options, bytes.buf, bytes.len, 999, &out);
    const struct parse_result *r = parser_result(p);

    ck_assert(!r->refused);
    ck_assert_uint_eq(r->accepted, 40);
    ck_assert_uint_eq(r->identifier_columns, 1);
    ck_assert_str_eq(r->identifiers[0].column, "column \"NHS_NUMBER\"");
    parser_free(p);
    text_release(&bytes);
    text_release(&out);
    format_set_free(set);
}
END_TEST

/* A place for whatever is known of the row. */
static const char *place_of(void *arg, const char *printed, const char *practice, const char *lsoa)
{
    *(int *)arg += 1;
    return printed && strcmp(printed, "Dudley") == 0     ? "dudley"
           : practice && strcmp(practice, "M87001") == 0 ? "sandwell"
           : lsoa && strcmp(lsoa, "E01009999") == 0      ? "walsall"
                                                         : NULL;
}

START_TEST(practice_and_area_tell_the_place_and_are_in_no_record)
{
    struct format_set *set = load_formats();
    struct text out = TEXT_INIT;
    const char *bytes = "pathway_id,issuer,service,provider,commissioner,referral_date,census_date,"
                        "place,practice,lsoa\n"
                        "P1,RNA,nd,RNA,,2024-09-16,2025-03-02,Dudley,M87001,\n"
                        "P2,RNA,nd,RNA,,2024-09-16,2025-03-02,,M87001,E01009999\n"
                        "P3,RNA,nd,RNA,,2024-09-16,2025-03-02,Elsewhere,M00000,E01009999\n"
                        "P4,RNA,nd,RNA,,2024-09-16,2025-03-02,Elsewhere,M00000,E01000000\n";
    struct parser_options options = no_key;
    int asked = 0;

    options.place = place_of;
    options.place_arg = &asked;
    struct parser *p =
        run(format_set_find(set, "pathway-snapshot"), &options, bytes, strlen(bytes), 1000, &out);

    ck_assert_uint_eq(parser_result(p)->accepted, 4);
    ck_assert_int_eq(asked, 4);
    ck_assert_msg(strstr(text_str(&out), "RNA/P1 service=nd provider=RNA place=dudley "), "%s",
                  text_str(&out));
    ck_assert_ptr_nonnull(strstr(text_str(&out), "RNA/P2 service=nd provider=RNA place=sandwell "));
    ck_assert_ptr_nonnull(strstr(text_str(&out), "RNA/P3 service=nd provider=RNA place=walsall "));
    ck_assert_ptr_nonnull(strstr(text_str(&out), "RNA/P4 service=nd provider=RNA start="));
    ck_assert_ptr_null(strstr(text_str(&out), "M87001"));
    ck_assert_ptr_null(strstr(text_str(&out), "E0100"));
    parser_free(p);
    text_release(&out);
    format_set_free(set);
}
END_TEST

START_TEST(a_mapping_says_which_tables_make_a_set_whole)
{
    struct format_set *set = load_formats();
    const char *const *tables = NULL;

    ck_assert_uint_eq(format_set_tables(format_set_find(set, "mhsds-record"), &tables), 3);
    ck_assert_str_eq(tables[0], "referral");
    ck_assert_str_eq(tables[1], "clock");
    ck_assert_str_eq(tables[2], "contact");
    ck_assert_uint_eq(format_set_tables(format_set_find(set, "pathway-snapshot"), &tables), 0);
    format_set_free(set);
}
END_TEST

START_TEST(more_than_eight_cohort_columns_are_refused)
{
    struct format_set *set = load_formats();
    struct text out = TEXT_INIT;
    const char *bytes = "pathway_id,issuer,service,provider,commissioner,referral_date,census_date,"
                        "age_band,cohort_a,cohort_b,cohort_c,cohort_d,cohort_e,cohort_f,cohort_g,"
                        "cohort_h\nP1,RNA,nd,RNA,,2024-09-16,2025-03-02,,,,,,,,,\n";
    struct parser *p =
        run(format_set_find(set, "pathway-snapshot"), &no_key, bytes, strlen(bytes), 1000, &out);

    ck_assert_str_eq(parser_result(p)->refusal_reason, "columns");
    ck_assert_uint_eq(parser_result(p)->refusal_line, 1);
    parser_free(p);
    text_release(&out);
    format_set_free(set);
}
END_TEST

UNIT_MAIN(
    "pathway_row", UNIT_ROWS(a_row_says_what_its_columns_say, samples),
    UNIT_ROWS(what_is_no_list_of_rows_is_refused_with_its_place, broken),
    UNIT_TEST(a_pseudonym_is_128_bits_of_hmac_over_the_parts_with_their_lengths),
    UNIT_TEST(a_thousand_files_of_ten_digit_local_numbers_are_no_incident),
    UNIT_ROWS(a_column_of_nhs_numbers_is_an_incident, incidents),
    UNIT_TEST(a_column_declared_as_local_numbers_is_neither_incident_nor_fault),
    UNIT_TEST(a_row_that_stopped_by_its_census_is_not_of_the_list_and_no_fault),
    UNIT_TEST(a_row_with_a_version_that_stopped_by_its_census_takes_the_place_of_an_older_one),
    UNIT_TEST(digits_that_are_all_the_same_are_no_nhs_number),
    UNIT_ROWS(a_header_is_repeated_only_where_the_mapping_or_everybody_calls_a_column_so, headers),
    UNIT_ROWS(a_list_is_checked_by_the_rules_of_its_mapping, ptl),
    UNIT_ROWS(a_text_that_is_kept_holds_no_nhs_number, kept),
    UNIT_TEST(a_cohort_whose_name_holds_an_nhs_number_is_no_cohort),
    UNIT_TEST(a_kept_column_with_an_nhs_number_in_half_of_its_texts_is_an_incident),
    UNIT_TEST(who_only_counts_is_told_of_identifiers_and_goes_on),
    UNIT_TEST(practice_and_area_tell_the_place_and_are_in_no_record),
    UNIT_TEST(a_mapping_says_which_tables_make_a_set_whole),
    UNIT_TEST(more_than_eight_cohort_columns_are_refused))
