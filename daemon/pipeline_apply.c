#include "pipeline_apply_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "pathway/packed_rows.h"

/*
 * Applying a receipt. Invariants: (1) the archived bytes are parsed (of a snapshot, rows that went into memory
 * as they went there will do), a portion in a turn of the loop, and nothing else of the books changes meanwhile;
 * never the inbox file again;
 * (2) cells reach Redis in slices, each judged against what is stored, so a slice applied twice
 * adds nothing; (3) the ledger entry comes after all slices took effect; (4) the feed's book counts
 * the receipts applied, so that a crash at any point repeats the receipt and changes nothing twice;
 * (5) applying all receipts again, in order, gives the same series and the same book.
 */

static void apply_free(struct apply *a)
{
    if (!a)
        return;
    apply_list_free(a->into); /* a thread of its own may read the file */
    apply_read_end(a);
    feed_book_free(a->book);
    table_release(&a->cell_index, NULL);
    table_release(&a->kept, NULL);
    table_release(&a->periods, NULL);
    table_release(&a->ends, NULL);
    table_release(&a->present, NULL);
    table_release(&a->parts, free);
    table_release(&a->concerned, NULL);
    text_release(&a->last_org);
    text_release(&a->last_name);
    text_release(&a->last_code);
    for (size_t i = 0; i < a->cell_count; i++)
        free(a->cells[i].rank);
    free(a->cells);
    free(a->changes);
    free(a);
}

void apply_abort(struct pipeline *p)
{
    if (p->apply_turn)
        (void)event_del(p->apply_turn);
    apply_free(p->apply);
    p->apply = NULL;
}

bool receipt_is_due(const struct pipeline *p, const struct receipt *r)
{
    const struct feed_book *b = table_get(&p->books.feeds, r->feed);

    return (!b || b->receipt < r->sequence) && pipeline_feed(p, r->feed);
}

const struct receipt *apply_next(const struct pipeline *p)
{
    for (size_t i = p->apply_from; i < p->receipts.count; i++)
        if (receipt_is_due(p, p->receipts.list[i]))
            return p->receipts.list[i]; /* the oldest first: the list is in order of receipt */
    return NULL;
}

static void finish_feed(struct pipeline *p)
{
    struct apply *a = p->apply;
    void *old = NULL;

    judge_forget(p); /* findings borrow from books and series */
    if (table_set(&p->books.feeds, a->book->id, a->book, &old) < 0) {
        pipeline_stop(p, 1);
        return;
    }
    a->book = NULL;
    feed_book_free(old);
    p->need_evaluate = true;
    rebuild_applied(p);
    packed_rows_free(packed_take(p, a->file)); /* it did not want them: it said what stands */
    bool is_spoilt = a->is_spoilt;

    apply_abort(p);
    if (is_spoilt) /* rows of a file that cannot be read to its end are in the list in memory */
        pipeline_load_again(p, "a file could not be read: the lists are loaded again");
}

static char *key_of(const struct receipt *r)
{
    return ledger_key(r->feed, r->sha256, r->format_digest);
}

/* The cells, which Redis has, into the series in memory. Returns 0 or -ENOMEM. */
static int adopt_cells(struct apply *a)
{
    int r = 0;

    judge_forget(a->pipeline); /* findings borrow from books and series */
    for (size_t i = 0; r == 0 && i < a->cell_count; i++) {
        struct cell *c = &a->cells[i];

        if (c->outcome != SERIES_SAME && series_offer(c->series, c->start, c->end, &c->version) < 0)
            r = -ENOMEM;
    }
    return r;
}

static void finish_ledger(struct pipeline *p)
{
    struct apply *a = p->apply;
    AUTO(auto_free) char *key = key_of(a->file);

    if (!key || adopt_cells(a) < 0 ||
        books_add_ledger(&p->books, key, a->feed->id, a->file->at, a->file->sequence) < 0) {
        pipeline_stop(p, 1);
        return;
    }
    if (a->into)
        apply_list_adopt(a);
    if (a->receipt->outcome == RECEIPT_ACCEPTED)
        log_info("apply", "feed=%s file=\"%s\" figures=%zu changed=%zu restated=%s", a->feed->id,
                 a->file->name, a->cell_count, a->changed, a->restated ? "yes" : "no");
    finish_feed(p);
}

/* The last call of a file that counts: the books go ahead, so that what follows from it is judged and
 * journalled while Redis takes and syncs it. */
static void send_ledger(struct pipeline *p)
{
    struct apply *a = p->apply;
    AUTO(auto_free) char *key = key_of(a->file);
    const struct ledger_entry entry = { a->file->at, a->file->sequence, a->feed->id };
    bool goes_ahead = a->counts;

    batch_begin(p, finish_ledger);
    batch_add(p, !key      ? -ENOMEM
                 : a->into ? apply_list_send(a, key, &entry)
                           : store_commit_feed(p->store, a->book, a->expected, key, &entry,
                                               batch_done, p));
    if (goes_ahead && !p->batch.failed) {
        batch_ahead(p);
        finish_ledger(p);
    }
    batch_end(p);
}

void apply_send_slices(struct apply *a)
{
    struct pipeline *p = a->pipeline;
    size_t last = a->into ? (a->change_count + STORE_SLICE_MAX - 1) % STORE_SLICE_MAX + 1 : 0;

    a->sliced = a->change_count > last ? a->change_count - last : 0;
    batch_begin(p, send_ledger);
    for (size_t i = 0; i < a->sliced; i += STORE_SLICE_MAX) {
        size_t n = a->sliced - i < STORE_SLICE_MAX ? a->sliced - i : STORE_SLICE_MAX;

        batch_add(p, store_commit_series(p->store, a->changes + i, n, batch_done, p));
    }
    batch_end(p);
}

static void send_book(struct pipeline *p)
{
    struct apply *a = p->apply;

    batch_begin(p, finish_feed);
    batch_add(p, store_commit_feed(p->store, a->book, a->expected, NULL, NULL, batch_done, p));
    batch_end(p);
}

/* ---- the kinds of receipt ---- */

static int add_wait(struct apply *a, const char *part, bool held, bool unread, const char *words)
{
    const struct waiting_receipt w = {
        .receipt = a->file->sequence,
        .why = (char *)(uintptr_t)words,
        .part = (char *)(uintptr_t)part,
        .held = held,
        .unread = unread,
        .incident = a->file->incident,
        .since = a->received,
        .newest = a->file->newest,
    };

    return feed_book_wait(a->book, &w);
}

#define IS_HELD "is held"
#define DECIDE  "; decide with waitlistctl feed accept"

int apply_waiting_words(const struct receipt *r, struct text *out)
{
    unsigned long long n = r->sequence;
    bool held = r->outcome == RECEIPT_HELD;

    (void)text_printf(out, "file %s %s: %s", r->name, held ? IS_HELD : "was refused", r->why);
    if (r->incident)
        (void)text_printf(out,
                          "; its raw bytes are erased within a day, at once by waitlistctl feed "
                          "purge %llu --why TEXT",
                          n);
    if (held)
        (void)text_printf(out, DECIDE " %llu --why TEXT, or feed refuse %llu --why TEXT", n, n);
    return text_ok(out) ? 0 : -ENOMEM;
}

char *apply_held_why(const char *words)
{
    const char *from = strstr(words, IS_HELD ": ");
    const char *end = strstr(words, DECIDE);

    from = from ? from + strlen(IS_HELD ": ") : words;
    return end && end > from ? strndup(from, (size_t)(end - from)) : strdup(from);
}

static int wait_for_person(struct apply *a)
{
    const struct receipt *r = a->file;
    bool held = r->outcome == RECEIPT_HELD;
    AUTO(text_release) struct text words = TEXT_INIT;
    int result = apply_waiting_words(r, &words);

    if (result == 0)
        result = add_wait(a, r->part, held, false, text_str(&words));
    if (result == 0)
        result =
            apply_set_words(&a->book->last_outcome, "%s: %s", held ? "held" : "refused", r->why);
    return result;
}

/* The archive has not the bytes that it had, or not the file: nothing else of the daemon is wrong. */
static bool is_unreadable(int error)
{
    return error == -EBADMSG || error == -ENOENT || error == -EIO || error == -EACCES ||
           error == -EPERM || error == -EISDIR;
}

/* An accepted file that cannot be applied after all. Of a list it is read again by itself, since later files do
 * not say what it said. */
static int wait_unread(struct apply *a, int error)
{
    bool is_of_list = a->feed->into;
    const char *why = error == -ENOENT ? "is missing from the archive"
                      : is_of_list     ? "cannot be read back from the archive"
                                       : "cannot be read by its mapping";
    unsigned long long n = a->file->sequence;
    AUTO(text_release) struct text words = TEXT_INIT;

    log_error("apply", "feed=%s file=\"%s\" %s", a->feed->id, a->file->name, why);
    (void)text_printf(&words, "file %s %s; ", a->file->name, why);
    if (is_of_list)
        (void)text_printf(&words,
                          "its list is made anew once it can be read, or goes on without it after "
                          "waitlistctl feed refuse %llu --why TEXT",
                          n);
    else
        (void)text_printf(&words,
                          "once that is mended, waitlistctl feed accept %llu --why TEXT, else feed "
                          "refuse %llu --why TEXT",
                          n, n);
    int r = is_of_list ? unread_note(a->pipeline, a->receipt->sequence, error) : 0;

    if (r < 0 || !text_ok(&words))
        return -ENOMEM;
    return add_wait(a, NULL, true, is_of_list, text_str(&words));
}

/* A file that was accepted when it came, and would count people as seen, or as new, who are not. */
static int wait_held(struct apply *a)
{
    struct receipt held = *a->file;
    AUTO(text_release) struct text words = TEXT_INIT;
    AUTO(auto_free) char *why = strdup(apply_list_why(a));

    held.outcome = RECEIPT_HELD;
    held.why = why;
    int r = why ? apply_waiting_words(&held, &words) : -ENOMEM;

    if (r == 0)
        r = add_wait(a, held.part, true, false, text_str(&words));
    if (r == 0)
        r = apply_set_words(&a->book->last_outcome, "held: %s", why);
    if (r < 0)
        return r;
    log_warning("apply", "feed=%s file=\"%s\" held: %s", a->feed->id, held.name, why);
    a->is_spoilt = apply_list_is_ahead(a);
    apply_list_free(a->into);
    a->into = NULL;
    send_ledger(a->pipeline);
    return 0;
}

/* Never refreshes the feed's age: a stuck export stays late. */
static int apply_duplicate(struct apply *a)
{
    AUTO(auto_free) char *key = key_of(a->file);
    const struct ledger_entry *known = key ? table_get(&a->pipeline->books.ledger, key) : NULL;
    char date[DATE_TEXT_MAX];

    if (!known)
        return -ENOMEM;

    (void)date_format(wall_date(known->received), date);
    log_info("apply", "feed=%s file=\"%s\" duplicate of %s", a->feed->id, a->receipt->name, date);
    int r = apply_set_words(&a->book->last_outcome, "same as %s: nothing changed", date);

    if (r == 0)
        send_book(a->pipeline);
    return r;
}

/* The file, or what is wrong with it, goes to Redis. */
static int commit_file(struct apply *a, int result)
{
    apply_read_end(a);
    if (result == -EKEYREJECTED)
        return wait_held(a);
    if (result == 0 && a->into && !apply_list_is_idle(a))
        result = measures_find(a);
    if (result == 0)
        result = feed_figures_find(a);
    if (result == 0)
        result = apply_find_changes(a);
    if (result == 0 && a->is_again && !a->into && !a->says_anew)
        return apply_duplicate(a);
    if (result == 0)
        result = a->into ? apply_list_book(a) : apply_update_book(a);
    if (is_unreadable(result)) {
        a->is_spoilt = a->into && apply_list_is_ahead(a);
        if (a->into)
            apply_list_forget(a);
        result = wait_unread(a, result);
        if (result == 0)
            send_book(a->pipeline);
        return result;
    }
    a->counts = result == 0;
    if (result == 0 && a->into)
        result = apply_list_commit(a);
    else if (result == 0)
        apply_send_slices(a);
    return result;
}

/* One portion; the loop turns before the next. */
static int read_on(struct apply *a)
{
    const struct timeval now = { 0, 0 };
    bool is_done = false;
    int r = a->into ? apply_list_read(a, &is_done) : apply_read(a, &is_done);

    if (r < 0 || is_done)
        return commit_file(a, r);
    return event_add(a->pipeline->apply_turn, &now) < 0 ? -ENOMEM : 0;
}

/* A file takes effect: now, or because a person accepted it. */
static int take_effect(struct apply *a)
{
    const struct format *format = NULL;
    int r;

    if (a->feed->into) {
        r = unread_error(a->pipeline, a->receipt->sequence);
        if (r == 0)
            r = apply_list_begin(a);
    } else {
        r = mapping_of(a->pipeline, a->file, &format, &a->kept_format);
        if (r == 0)
            r = apply_read_begin(a, format);
    }
    return r < 0 ? commit_file(a, r) : read_on(a);
}

static int apply_decision(struct apply *a)
{
    const struct receipt *r = a->receipt;
    int result;

    if (receipt_is_hold(r)) { /* its file's own step says so */
        send_book(a->pipeline);
        return 0;
    }
    log_info("apply", "feed=%s file=\"%s\" %s by a person", a->feed->id, a->file->name,
             r->outcome == RECEIPT_ACCEPTED ? "accepted" : "refused");
    feed_book_decided(a->book, r->decides);
    if (r->outcome == RECEIPT_ACCEPTED)
        return take_effect(a);
    result = apply_set_words(&a->book->last_outcome, "%s: refused by a person", a->file->name);
    if (result == 0)
        send_book(a->pipeline);
    return result;
}

/* Whether the ledger has these bytes from another receipt. */
static bool was_here(const struct apply *a, const struct ledger_entry *known)
{
    const struct receipt *r = a->receipt;
    const struct receipt *entry = known ? receipt_find(a->pipeline, known->receipt) : NULL;

    if (!known || known->receipt == r->sequence) /* its own entry: applied again after a loss */
        return false;
    /* Or that of bytes that came once more later: a feed is applied again from its beginning. */
    return !(entry && entry->sequence > r->sequence && strcmp(entry->sha256, r->sha256) == 0 &&
             receipt_is_first(a->pipeline, r));
}

/* The last file received counts, whichever came before; one that says what stands is a duplicate. */
static int apply_file(struct apply *a)
{
    struct pipeline *p = a->pipeline;
    const struct receipt *r = a->receipt;
    AUTO(auto_free) char *key = key_of(r);
    const struct ledger_entry *known = key ? table_get(&p->books.ledger, key) : NULL;
    int result = key ? 0 : -ENOMEM;

    if (result < 0)
        return result;
    if (r->outcome == RECEIPT_REFUSED) {
        result = wait_for_person(a);
        if (result == 0)
            send_book(p);
        return result;
    }
    bool was_known = was_here(a, known);

    a->is_again = known && receipt_is_superseded(p, r);
    if (was_known && !a->is_again)
        return apply_duplicate(a);
    if (r->outcome == RECEIPT_HELD) {
        result = wait_for_person(a);
        if (result == 0)
            send_ledger(p);
        return result;
    }
    return take_effect(a);
}

static int start(struct apply *a)
{
    struct pipeline *p = a->pipeline;
    const struct receipt *r = a->receipt;
    const struct feed_book *book = table_get(&p->books.feeds, r->feed);
    int result = !book ? -ENOMEM : feed_book_copy(book, &a->book);

    if (result < 0)
        return result;
    a->expected = book->stored;
    a->book->stored = r->sequence;
    a->book->receipt = r->sequence;
    if (!receipt_is_hold(r))
        a->book->last_outcome_at = r->at;
    result = apply_set_kept(a);
    if (result < 0)
        return result;
    return r->decides ? apply_decision(a) : apply_file(a);
}

/* The receipt is durable: the next start takes it up again. */
static void give_up(struct pipeline *p, const struct receipt *r, int error)
{
    log_error("apply", "feed=%s file=\"%s\" error=\"%s\"", r->feed, r->name, strerror(-error));
    pipeline_stop(p, 1);
}

void apply_start(struct pipeline *p, const struct receipt *r)
{
    struct apply *a = calloc(1, sizeof *a);
    int result = a ? 0 : -ENOMEM;

    if (a) {
        *a = (struct apply){
            .pipeline = p,
            .receipt = r,
            .file = receipt_file(p, r),
            .feed = pipeline_feed(p, r->feed),
            .received = wall_date(receipt_file(p, r)->at),
            .newest = DATE_NONE,
            .fd = -1,
            .last_org = TEXT_INIT,
            .last_name = TEXT_INIT,
            .last_code = TEXT_INIT,
            .last_start = DATE_NONE,
            .last_end = DATE_NONE,
        };
        p->apply = a;
        result = start(a);
    }
    if (result < 0)
        give_up(p, r, result);
}

void apply_on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct pipeline *p = arg;
    const struct receipt *r = p->apply->receipt;

    (void)fd;
    (void)what;
    if (apply_list_is_staged(p->apply)) {
        apply_list_stage(p->apply);
        return;
    }
    int result = read_on(p->apply);

    if (result < 0)
        give_up(p, r, result);
}
