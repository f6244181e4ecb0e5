/*
 * A file that is read, hashed and made into rows by two threads, beside the same bytes given to one parser at once.
 */
#include "feed/content.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feed/relay.h"
#include "support/unit.h"
#include "unit/parse/record_line.h"

/* ---- files ---- */

#define HEADER                                                                                     \
    "pathway_id,issuer,service,provider,commissioner,place,referral_date,census_date,age_band,"    \
    "remark\n"
#define MARK "\xef\xbb\xbf"

static void add_row(struct text *to, int n)
{
    (void)text_printf(to, "P%d,RNA,nd,RNA,QUA,Dudley,2024-09-%02d,2025-03-02,5-10,%0900d\n", n,
                      1 + n % 28, n);
}

#define END(text) text, sizeof(text) - 1

/* What stands where one block ends and the next begins, and what the file ends with. */
static const struct {
    const char *why, *head, *middle, *end;
    size_t end_len;
} files[] = {
    { "quoted line ends", HEADER,
      "Q1,RNA,nd,RNA,QUA,\"Dud\nley\r\n\"\"x\"\"\",2024-09-16,2025-03-02,5-10,\"a\n\nb\"\n",
      END("") },
    { "ends of CR and LF", HEADER, "Q1,RNA,nd,RNA,QUA,Dudley,2024-09-16,2025-03-02,5-10,\r\n\r\n",
      END("") },
    { "bytes that make one character, and one that is none", MARK HEADER,
      "Q1,RNA,nd,RNA,QUA,\xe2\x82\xac\xc3\xa9,2024-09-16,2025-03-02,5-10,\n"
      "Q2,RNA,nd,RNA,QUA,\xe2\x82,2024-09-16,2025-03-02,5-10,\n",
      END("") },
    { "rows that are set aside", HEADER,
      "Q1,RNA,nd,RNA,QUA,,never,2025-03-02,,\nQ2,,nd,RNA\n,RNA,nd,RNA,QUA,,2024-09-16,2025-03-02,,"
      "\n",
      END("") },
    { "a quote that is never closed", HEADER, "Q1,RNA,nd,RNA,QUA,\"Dudley,2024-09-16\n", END("") },
    { "a last row without an end", HEADER, "",
      END("Q1,RNA,nd,RNA,QUA,,2024-09-16,2025-03-02,5-10,x") },
    { "blank lines at the end", HEADER, "\n", END("\n\r\n\n") },
    { "a byte that no text has", HEADER, "Q1,RNA,nd", END("Q2,RNA\0nd") },
    { "no header", "a,b,c\n", "\n", END("") },
};

/* Rows up to `upto` bytes, the last of them filled up. */
static void fill(struct text *to, size_t upto, int *n)
{
    while (to->len + 1200 < upto)
        add_row(to, (*n)++);
    (void)text_puts(to, "F,RNA,nd,RNA,QUA,,2024-09-16,2025-03-02,5-10,");
    while (to->len + 1 < upto)
        (void)text_putc(to, 'x');
    (void)text_putc(to, '\n');
}

/* A file whose second block begins so many bytes into what is special about it. */
static void make_file(int which, size_t into, struct text *to)
{
    int n = 1;

    (void)text_puts(to, files[which].head);
    fill(to, CONTENT_BLOCK - into, &n);
    (void)text_puts(to, files[which].middle);
    fill(to, 2 * (size_t)CONTENT_BLOCK - 700, &n);
    (void)text_add(to, files[which].end, files[which].end_len);
}

/* ---- both ways ---- */

struct hearing {
    struct text rows, aside;
    struct keyed_digest *people;
    struct relay *relay; /* NULL: this thread hears of the rows as they are made */
    char said[512];      /* what else is known of the file */
    char sha[SHA256_TEXT_MAX];
};

static int hear_row(void *arg, const struct pathway_record *row)
{
    struct hearing *h = arg;

    return h->relay ? relay_put(h->relay, row) : record_line(&h->rows, row);
}

static int name_person(void *arg, struct pathway_record *row)
{
    return parser_name_person(((struct hearing *)arg)->people, row);
}

static int take_row(void *arg, const struct pathway_record *row)
{
    struct hearing *h = arg;

    return record_line(&h->rows, row);
}

static void hear_aside(void *arg, unsigned long line, const char *column, const char *reason)
{
    struct hearing *h = arg;

    (void)text_printf(&h->aside, "%lu: %s %s\n", line, reason, column ? column : "-");
}

#define KEY "a key for tests"

static struct parser *begin(const struct format *f, struct hearing *h, bool leaves_people)
{
    const struct parser_options options = { .key = KEY,
                                            .key_len = strlen(KEY),
                                            .leaves_people = leaves_people,
                                            .census = DATE_NONE,
                                            .received = DATE_NONE };

    *h = (struct hearing){ .rows = TEXT_INIT, .aside = TEXT_INIT };
    struct parser *p = parser_new(
        f, "t.csv", (struct parse_sink){ .pathway = hear_row, .set_aside = hear_aside, .arg = h });

    ck_assert_int_eq(parser_configure(p, &options), 0);
    return p;
}

static void end(struct parser *p, struct hearing *h)
{
    const struct parse_result *r = parser_result(p);

    (void)snprintf(h->said, sizeof h->said, "%s at %lu:%lu (%lu), rows %lu of %lu, held %s, %lu",
                   r->refused ? r->refusal : "accepted", r->refusal_line, r->refusal_column,
                   r->refusal_offset, r->accepted, r->rows, r->held ? r->held : "no",
                   r->replaced_utf8);
    parser_free(p);
}

static void hear_at_once(const struct format *f, const struct text *bytes, struct hearing *h)
{
    struct parser *p = begin(f, h, false);

    ck_assert_int_eq(parser_push(p, bytes->buf, bytes->len), 0);
    ck_assert_int_eq(parser_finish(p), 0);
    end(p, h);
    ck_assert_int_eq(sha256_hex(bytes->buf, bytes->len, h->sha), 0);
}

static int file_of(const struct text *bytes)
{
    int fd = memfd_create("t", MFD_CLOEXEC);

    ck_assert_int_eq(write(fd, bytes->buf, bytes->len), (ssize_t)bytes->len);
    return fd;
}

static int step(void *arg, bool *out_is_done)
{
    return content_step(arg, out_is_done);
}

static bool help(void *arg)
{
    return content_help(arg);
}

static void hear_by_two(const struct format *f, const struct text *bytes, struct hearing *h)
{
    int fd = file_of(bytes);
    struct content *c = NULL;
    struct parser *p = begin(f, h, true);
    struct digest *digest = digest_new();
    bool is_done = false;

    ck_assert_int_eq(content_new(fd, p, &c), 0);
    ck_assert_int_eq(content_hash(c, digest), 0);
    h->relay = relay_new(step, c);
    h->people = keyed_digest_new(KEY, strlen(KEY));
    relay_help(h->relay, help);
    relay_finish(h->relay, name_person);
    while (!is_done)
        ck_assert_int_eq(relay_take(h->relay, take_row, h, &is_done), 0);
    relay_free(h->relay);
    keyed_digest_free(h->people);
    content_free(c);
    digest_end(digest, h->sha);
    end(p, h);
    (void)close(fd);
}

static void compare(struct hearing *a, struct hearing *b, bool is_whole)
{
    ck_assert(strcmp(text_str(&a->rows), text_str(&b->rows)) == 0);
    ck_assert_str_eq(text_str(&a->aside), text_str(&b->aside));
    ck_assert_str_eq(a->said, b->said);
    if (is_whole)
        ck_assert_str_eq(a->sha, b->sha);
    for (struct hearing *h = a;; h = b) {
        text_release(&h->rows);
        text_release(&h->aside);
        if (h == b)
            break;
    }
}

static struct format_set *load_formats(void)
{
    static const char *const folders[] = { "config/formats" };
    struct diags d = DIAGS_INIT;
    struct format_set *set = NULL;

    ck_assert_int_eq(format_set_load(folders, 1, &d, &set), 0);
    diags_release(&d);
    return set;
}

START_TEST(a_file_says_the_same_by_two_threads_wherever_a_block_ends)
{
    struct format_set *set = load_formats();
    const struct format *f = format_set_find(set, "pathway-snapshot");

    for (size_t into = 0; into <= strlen(files[_i].middle); into++) {
        struct text bytes = TEXT_INIT;
        struct hearing once, two;

        make_file(_i, into, &bytes);
        hear_at_once(f, &bytes, &once);
        hear_by_two(f, &bytes, &two);
        ck_assert_msg(_i == 8 || once.rows.len > 5000, "%s: %s", files[_i].why, once.said);
        /* What follows a refusal is not read. */
        compare(&once, &two, strncmp(once.said, "accepted", 8) == 0);
        text_release(&bytes);
    }
    format_set_free(set);
}
END_TEST

START_TEST(a_file_of_few_bytes_says_the_same_by_two_threads)
{
    static const char *const small[] = { "", "\n", MARK, HEADER, HEADER "P1,RNA\n" };
    struct format_set *set = load_formats();
    const struct format *f = format_set_find(set, "pathway-snapshot");

    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        struct text bytes = TEXT_INIT;
        struct hearing once, two;

        ck_assert_int_eq(text_puts(&bytes, small[i]), 0);
        hear_at_once(f, &bytes, &once);
        hear_by_two(f, &bytes, &two);
        compare(&once, &two, true);
        text_release(&bytes);
    }
    format_set_free(set);
}
END_TEST

START_TEST(a_row_longer_than_a_block_is_whole)
{
    struct format_set *set = load_formats();
    struct text bytes = TEXT_INIT;
    struct hearing once, two;
    int n = 1;

    (void)text_puts(&bytes, HEADER);
    add_row(&bytes, n++);
    fill(&bytes, 5 * (size_t)CONTENT_BLOCK, &n);
    (void)text_puts(&bytes, "L,RNA,nd,RNA,QUA,,2024-09-16,2025-03-02,5-10,");
    for (size_t i = 0; i < 3 * (size_t)CONTENT_BLOCK; i++)
        (void)text_putc(&bytes, 'y');
    (void)text_putc(&bytes, '\n');
    hear_at_once(format_set_find(set, "pathway-snapshot"), &bytes, &once);
    hear_by_two(format_set_find(set, "pathway-snapshot"), &bytes, &two);
    compare(&once, &two, true);
    text_release(&bytes);
    format_set_free(set);
}
END_TEST

static const char *const people[] = { "M1", "", "M22",
                                      "a person of more letters than one block of a hash has" };

START_TEST(a_person_has_one_pseudonym_whichever_thread_makes_it)
{
    struct format_set *set = load_formats();
    const struct format *f = format_set_find(set, "pathway-snapshot");
    struct text bytes = TEXT_INIT;
    struct hearing once, two;

    (void)text_puts(&bytes, "pathway_id,issuer,person_id,service,provider,commissioner,"
                            "referral_date,census_date\n");
    for (int n = 0; n < 5000; n++)
        (void)text_printf(&bytes, "P%d,RNA,%s,nd,RNA,QUA,2024-09-16,2025-03-02\n", n,
                          people[n % 4]);
    hear_at_once(f, &bytes, &once);
    hear_by_two(f, &bytes, &two);
    ck_assert_msg(strstr(once.said, "rows 5000 of 5000"), "%s %.300s", once.said,
                  text_str(&once.aside));
    compare(&once, &two, true);
    text_release(&bytes);
    format_set_free(set);
}
END_TEST

/* ---- hashing ---- */

#define BLOCKS 21 /* more than may wait */

static void make_blocks(struct text *to)
{
    int n = 1;

    (void)text_puts(to, HEADER);
    fill(to, (size_t)CONTENT_BLOCK * BLOCKS - 100, &n);
}

/* helps: how often help is asked for after each step. Returns how often there was something to hash. */
static size_t hash_file(size_t helps, char out_sha[SHA256_TEXT_MAX], char out_want[SHA256_TEXT_MAX])
{
    struct format_set *set = load_formats();
    struct text bytes = TEXT_INIT;
    struct hearing h;
    struct content *c = NULL;
    struct digest *digest = digest_new();
    size_t helped = 0;

    make_blocks(&bytes);
    ck_assert_int_eq(sha256_hex(bytes.buf, bytes.len, out_want), 0);
    int fd = file_of(&bytes);
    struct parser *p = begin(format_set_find(set, "pathway-snapshot"), &h, false);

    ck_assert_int_eq(content_new(fd, p, &c), 0);
    ck_assert(!content_help(c)); /* nobody asks for a hash */
    ck_assert_int_eq(content_hash(c, digest), 0);
    for (bool is_done = false; !is_done;) {
        ck_assert_int_eq(content_step(c, &is_done), 0);
        for (size_t i = 0; i < helps; i++)
            helped += content_help(c);
    }
    ck_assert(!content_help(c));
    content_free(c);
    digest_end(digest, out_sha);
    end(p, &h);
    (void)close(fd);
    text_release(&h.rows);
    text_release(&h.aside);
    text_release(&bytes);
    format_set_free(set);
    return helped;
}

static const size_t helpings[] = { 0, 1, 2 };

START_TEST(a_file_is_hashed_whole_whoever_does_it)
{
    char sha[SHA256_TEXT_MAX], want[SHA256_TEXT_MAX];
    size_t helped = hash_file(helpings[_i], sha, want);

    ck_assert_str_eq(sha, want);
    ck_assert_uint_eq(helped, _i > 0 ? BLOCKS : 0);
}
END_TEST

UNIT_MAIN("content", UNIT_ROWS(a_file_says_the_same_by_two_threads_wherever_a_block_ends, files),
          UNIT_TEST(a_file_of_few_bytes_says_the_same_by_two_threads),
          UNIT_TEST(a_row_longer_than_a_block_is_whole),
          UNIT_TEST(a_person_has_one_pseudonym_whichever_thread_makes_it),
          UNIT_ROWS(a_file_is_hashed_whole_whoever_does_it, helpings))
