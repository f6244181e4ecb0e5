/*
 * pathways - a waiting list packed in Redis: whatever its bytes, refused, or accepted and packed again to
 * the same; and whatever events say, their order does not matter and the packed state is the state
 *
 * Input: a letter (the table below), then the bytes without their check sum, which is put on here, for
 * no input would come by it; or for 'E' six bytes an event.
 */
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "pathway/list_internal.h"

static const char yaml[] =
    "services:\n"
    "- id: spells\n"
    "  title: S\n"
    "  source: S\n"
    "  spell_gap: 5d\n"
    "  clock: {from: referral, to: [first-contact, care-plan], stop: latest}\n"
    "  stages:\n"
    "  - {id: contact, from: referral, to: first-contact}\n"
    "  - {id: review, from: care-plan, to: review-meeting, starts: each, beyond: yes}\n"
    "  - {id: advice, from: advice-requested, to: advice-received, starts: paired}\n"
    "  exceptions: [late]\n";

static const struct services *services(void)
{
    static struct services *s;
    struct diags diags = DIAGS_INIT;

    if (!s)
        FUZZ_CHECK(services_parse("services.yaml", yaml, sizeof yaml - 1, &diags, &s) == 0, "yaml");
    diags_release(&diags);
    return s;
}

static struct pathway_list *empty(void)
{
    struct pathway_list *l = list_new(services(), "spells");

    FUZZ_CHECK(l, "no list");
    return l;
}

/* What an event of six bytes says. */
static void take_event(struct pathway_list *l, const uint8_t *b)
{
    static const char *const texts[] = { NULL, "a", "b", "late" };
    struct list_change change = LIST_CHANGE_INIT;
    struct pathway_record r = {
        .event = pathway_event_names[b[1] % EVENT_COUNT],
        .event_date = { 20000 + b[2] },
        .clock_start = b[5] & 0x40 ? (struct civil_date){ 20000 + b[2] / 2 } : DATE_NONE,
        .stage_start = DATE_NONE,
        .version = b[3],
        .has_version = true,
        .retracted = (b[0] & 0x80) != 0,
        .has_person = (b[4] & 0x80) == 0,
        .event_id = texts[b[4] & 3],
        .reason = texts[b[4] >> 2 & 3],
        .exception = texts[b[4] >> 4 & 3],
        .place = texts[b[5] & 3],
        .commissioner = texts[b[5] >> 2 & 3],
        .service = b[5] & 0x80 ? "spells" : NULL,
    };
    const char *cohort = texts[b[5] >> 4 & 3];

    if (cohort)
        r.cohort[r.cohort_count++] = (struct cohort_value){ b[0] & 0x40 ? "need" : "age", cohort };

    memset(r.pathway, b[0] & 7, sizeof r.pathway);
    memset(r.person, 100 + (b[0] >> 3 & 3), sizeof r.person);
    FUZZ_CHECK(list_event(l, &r, (struct civil_date){ 30000 }, &change) >= 0, "event");
}

/* A list that has names, censuses and pathways for the packed bytes to speak of. */
static struct pathway_list *sample(void)
{
    static const uint8_t events[][6] = {
        { 1, EVENT_REFERRAL, 3, 1, 0x16, 1 },        { 2, EVENT_REFERRAL, 9, 1, 0, 2 },
        { 10, EVENT_FIRST_CONTACT, 60, 2, 0x39, 0 }, { 10, EVENT_REFERRAL, 2, 1, 0, 0xa5 },
        { 74, EVENT_CARE_PLAN, 70, 4, 0, 0x20 },
    };
    struct list_change change = LIST_CHANGE_INIT;
    struct pathway_list *l = empty();

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        take_event(l, events[i]);
    for (int census = 0; census < 3; census++) {
        FUZZ_CHECK(list_snapshot_begin(l, (struct civil_date){ 20050 + 7 * census },
                                       (struct civil_date){ 30000 }, LIST_FIRST_STANDS) == 0,
                   "begin");
        for (int i = 0; i < 4; i++) {
            struct pathway_record r = { .clock_start = { 20010 + i }, .stage_start = DATE_NONE };

            memset(r.pathway, i + 2, sizeof r.pathway);
            memset(r.person, 100 + i / 2, sizeof r.person);
            r.has_person = i != census;
            if (census == 0 || i != census)
                FUZZ_CHECK(list_snapshot_row(l, &r) == LIST_TAKEN, "row");
        }
        FUZZ_CHECK(list_snapshot_end(l, &change) == 0, "end");
    }
    return l;
}

/* With the names and censuses of the sample, and nothing else. */
static struct pathway_list *with_book(void)
{
    static struct text book = TEXT_INIT; /* of the process */
    struct pathway_list *l = empty();

    if (!book.len) {
        struct pathway_list *from = sample();

        FUZZ_CHECK(list_pack_book(from, &book) == 0, "book");
        list_free(from);
    }
    FUZZ_CHECK(list_unpack_book(l, book.buf, book.len) == 0, "book");
    return l;
}

static bool loads(struct pathway_list *l)
{
    /* The book does not speak of these pathways: its counts are those found. */
    l->expected.listed = l->listing.count;
    l->expected.before = l->listing.before_count;
    l->expected.people = l->listing.people_count;
    l->expected.people_before = l->listing.people_before_count;
    l->expected.pasts = l->listing.past_count;
    l->expected.evented = l->evented_count;
    l->expected.facts = l->fact_count;
    return list_loaded(l) == 0;
}

static void check_again(const struct text *given, const struct text *again)
{
    FUZZ_CHECK(given->len == again->len && memcmp(given->buf, again->buf, given->len) == 0,
               "packed again in %zu bytes, not the same %zu", again->len, given->len);
}

static void bucket(const struct text *given, struct text *again)
{
    struct pathway_list *l = with_book();
    size_t pathways;

    if (list_unpack(l, given->buf, given->len) == 0 && loads(l)) {
        FUZZ_CHECK(list_pack(l, 0, 0, again, &pathways) == 0 && pathways > 0, "pack");
        check_again(given, again);
    }
    list_free(l);
}

static void pathway(const struct text *given, struct text *again)
{
    struct pathway_list *l = with_book();

    if (list_unpack_pathway(l, given->buf, given->len) == 0) {
        uint8_t key[PSEUDONYM_BYTES];

        memcpy(key, l->evented[0].key, sizeof key);
        FUZZ_CHECK(list_pack_pathway(l, key, again) == 0, "pack");
        check_again(given, again);
        FUZZ_CHECK(loads(l), "one pathway does not load");
    }
    list_free(l);
}

static void counted(const struct text *given, struct text *again)
{
    struct pathway_list *l = with_book(), *m = with_book();

    if (list_unpack_counted(l, given->buf, given->len) == 0) {
        FUZZ_CHECK(list_pack_counted(l, again) == 0, "pack");
        FUZZ_CHECK(list_unpack_counted(m, again->buf, again->len) == 0, "packed again: refused");
        FUZZ_CHECK(tally_count(l->counted) == tally_count(m->counted), "other cells");
    }
    list_free(l);
    list_free(m);
}

static void book(const struct text *given, struct text *again)
{
    struct pathway_list *l = empty();

    if (list_unpack_book(l, given->buf, given->len) == 0) {
        /* Its counts are of pathways that this list does not have. */
        uint64_t listed = l->expected.listed, evented = l->expected.evented;

        FUZZ_CHECK(list_pack_book(l, again) == 0, "pack");
        if (!listed && !evented && !l->expected.before && !l->expected.facts &&
            !l->expected.people && !l->expected.people_before && !l->expected.pasts)
            check_again(given, again);
    }
    list_free(l);
}

static void check_digests(struct pathway_list *l, struct pathway_list *m, const char *why)
{
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

    FUZZ_CHECK(list_digest(l, a) == 0 && list_digest(m, b) == 0, "digest");
    FUZZ_CHECK(strcmp(a, b) == 0, "another state %s", why);
    FUZZ_CHECK(tally_count(l->tally) == tally_count(m->tally), "other counts %s", why);
}

static void events(const char *bytes, size_t len)
{
    struct pathway_list *l = sample(), *m = sample(), *again = empty();
    struct text t = TEXT_INIT;
    size_t count = len / 6, pathways;

    for (size_t i = 0; i < count; i++) {
        take_event(l, (const uint8_t *)bytes + 6 * i);
        take_event(m, (const uint8_t *)bytes + 6 * (count - 1 - i));
    }
    check_digests(l, m, "in another order");
    FUZZ_CHECK(list_pack_book(l, &t) == 0 && list_unpack_book(again, t.buf, t.len) == 0, "book");
    text_clear(&t);
    FUZZ_CHECK(list_pack(l, 0, 0, &t, &pathways) == 0 && list_unpack(again, t.buf, t.len) == 0,
               "bucket");
    FUZZ_CHECK(list_loaded(again) == 0, "loaded");
    check_digests(l, again, "after packing");
    text_release(&t);
    list_free(l);
    list_free(m);
    list_free(again);
}

static const struct {
    char letter;
    size_t seal;
    void (*check)(const struct text *given, struct text *again);
} kinds[] = {
    { 'K', PACKED_SEAL, bucket },
    { 'P', PACKED_SEAL_PATHWAY, pathway },
    { 'C', PACKED_SEAL, counted },
    { 'B', PACKED_SEAL, book },
};

void fuzz_one(const char *bytes, size_t len)
{
    char letter = (char)fuzz_byte(&bytes, &len);

    if (letter == 'E')
        events(bytes, len);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct text given = TEXT_INIT, again = TEXT_INIT;

        if (kinds[i].letter != letter)
            continue;
        (void)text_add(&given, bytes, len);
        FUZZ_CHECK(bytes_seal(&given, 0, kinds[i].seal) == 0, "seal");
        kinds[i].check(&given, &again);
        text_release(&given);
        text_release(&again);
    }
}
