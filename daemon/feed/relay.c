#include "feed/relay.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"

/*
 * Batches go round: made - taken of them are full and the loop's, the others the thread's, which fills
 * that of number `made`. Both counts, and who waits, are changed under the lock alone.
 */

#define BATCHES     192
#define BATCH_ROWS  64
#define BATCH_TEXTS ((size_t)8 << 10) /* bytes; more where one row needs more */
#define TURN_ROWS   2048              /* taken in one turn of the loop */
#define WAIT_MS     2
/* Full ones that the loop is woken for, and free ones that the thread is: fewer would be a switch a batch. */
#define WORTHWHILE (BATCHES / 8)

struct batch {
    struct pathway_record records[BATCH_ROWS];
    size_t count;
    char *texts; /* of the records, each ended by a NUL */
    size_t used, size;
};

struct relay {
    int (*make)(void *arg, bool *out_is_done);
    bool (*help)(void *arg);                                 /* for the loop; NULL: it waits */
    int (*finish)(void *arg, struct pathway_record *record); /* the same; NULL: nothing */
    void *arg;
    struct batch *batches[BATCHES]; /* each by itself: large blocks leave holes in the heap */
    pthread_t thread;
    bool is_running; /* for the loop: to be joined */
    int ready;       /* an eventfd: counts up when the loop waits and something is to be taken */
    pthread_mutex_t lock;
    pthread_cond_t room; /* a batch was taken, or nobody takes any more */
    size_t made, taken;
    bool is_awaited, is_ended, is_cancelled;
    int result; /* of the maker, once it ended */
};

static void batch_free(struct batch *b)
{
    if (b)
        free(b->texts);
    free(b);
}

static struct batch *batch_new(void)
{
    struct batch *b = malloc(sizeof *b);
    char *texts = malloc(BATCH_TEXTS);

    if (b && texts) {
        b->texts = texts;
        b->size = BATCH_TEXTS;
        b->count = b->used = 0;
        return b;
    }
    free(texts);
    free(b);
    return NULL;
}

/* ---- the thread ---- */

/* Under the lock. */
static void say_ready(struct relay *r)
{
    const uint64_t one = 1;

    if (!r->is_awaited || (r->made - r->taken < WORTHWHILE && !r->is_ended))
        return;
    r->is_awaited = false;
    /* It cannot fail below 2^64; the loop looks again after a while all the same. */
    if (write(r->ready, &one, sizeof one) < 0)
        return;
}

/* Gives the batch at hand to the loop and waits for room. Returns 0 or -ECANCELED. */
static int hand_over(struct relay *r)
{
    (void)pthread_mutex_lock(&r->lock);
    r->made++;
    say_ready(r);
    while (r->made - r->taken == BATCHES && !r->is_cancelled)
        (void)pthread_cond_wait(&r->room, &r->lock);
    bool is_cancelled = r->is_cancelled;

    (void)pthread_mutex_unlock(&r->lock);
    struct batch *next = r->batches[r->made % BATCHES];

    if (is_cancelled)
        return -ECANCELED;
    next->count = next->used = 0;
    return 0;
}

/* A copy of a text in the batch, in its place. False: there is no room. */
static bool keep_text(struct batch *b, const char **text)
{
    char *to = b->texts + b->used;
    const char *end = *text ? memccpy(to, *text, '\0', b->size - b->used) : to;

    if (!end)
        return false;
    b->used += (size_t)(end - to);
    *text = *text ? to : NULL;
    return true;
}

/* The same of bytes. */
static bool keep_bytes(struct batch *b, const char **bytes, size_t len)
{
    char *to = b->texts + b->used;

    if (!*bytes)
        return true;
    if (len > b->size - b->used)
        return false;
    memcpy(to, *bytes, len);
    b->used += len;
    *bytes = to;
    return true;
}

/* False: there is no room for its texts. */
static bool keep_record(struct batch *b, const struct pathway_record *record)
{
    struct pathway_record *r = &b->records[b->count];
    const char **const texts[] = { &r->service, &r->provider,  &r->commissioner, &r->place,
                                   &r->stage,   &r->exception, &r->reason,       &r->event_id };
    size_t used = b->used;
    bool fits = true;

    memcpy(r, record, PATHWAY_RECORD_BYTES(record));
    for (size_t i = 0; fits && i < sizeof texts / sizeof texts[0]; i++)
        fits = keep_text(b, texts[i]);
    for (size_t i = 0; fits && i < r->cohort_count; i++)
        fits = keep_text(b, &r->cohort[i].name) && keep_text(b, &r->cohort[i].value);
    fits = fits && keep_bytes(b, &r->person_parts, r->person_len);
    if (!fits)
        b->used = used;
    b->count += fits;
    return fits;
}

/* Of a batch without rows. */
static int double_texts(struct batch *b)
{
    char *texts = b->size <= SIZE_MAX / 2 ? realloc(b->texts, b->size * 2) : NULL;

    if (!texts)
        return -ENOMEM;
    b->texts = texts;
    b->size *= 2;
    return 0;
}

int relay_put(struct relay *r, const struct pathway_record *record)
{
    struct batch *b = r->batches[r->made % BATCHES]; /* `made` is changed by this thread alone */
    int e = 0;

    assert(!record->key);
    while (e == 0 && !keep_record(b, record)) {
        e = b->count > 0 ? hand_over(r) : double_texts(b);
        b = r->batches[r->made % BATCHES];
    }
    return e == 0 && b->count == BATCH_ROWS ? hand_over(r) : e;
}

static bool is_cancelled(struct relay *r)
{
    (void)pthread_mutex_lock(&r->lock);
    bool is = r->is_cancelled;

    (void)pthread_mutex_unlock(&r->lock);
    return is;
}

static void *run(void *arg)
{
    struct relay *r = arg;
    bool is_done = false;
    int e = 0;

    while (e == 0 && !is_done)
        e = is_cancelled(r) ? -ECANCELED : r->make(r->arg, &is_done);
    if (e != -ECANCELED && r->batches[r->made % BATCHES]->count > 0)
        (void)hand_over(r);
    (void)pthread_mutex_lock(&r->lock);
    r->result = e;
    r->is_ended = true;
    say_ready(r);
    (void)pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* ---- the loop ---- */

struct relay *relay_new(int (*make)(void *arg, bool *out_is_done), void *arg)
{
    struct relay *r = calloc(1, sizeof *r);
    bool is_whole = r;

    if (!r)
        return NULL;
    r->make = make;
    r->arg = arg;
    r->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->room, NULL);
    for (size_t i = 0; i < BATCHES; i++) {
        r->batches[i] = batch_new();
        is_whole &= r->batches[i] != NULL;
    }
    if (is_whole && r->ready >= 0)
        return r;
    relay_free(r);
    return NULL;
}

static int start(struct relay *r)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the loop */
    int e = -pthread_create(&r->thread, NULL, run, r);

    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    r->is_running = e == 0;
    return e;
}

void relay_help(struct relay *r, bool (*help)(void *arg))
{
    r->help = help;
}

/* Whether a batch is full; where none is and rows may come, the loop can ask to be woken. */
static bool look(struct relay *r, bool awaits, bool *out_is_ended)
{
    (void)pthread_mutex_lock(&r->lock);
    bool is_full = r->made != r->taken;

    *out_is_ended = r->is_ended;
    r->is_awaited = awaits && !is_full && !r->is_ended;
    (void)pthread_mutex_unlock(&r->lock);
    return is_full;
}

/* The same; helps, or else waits for a while, where none is. */
static bool find_batch(struct relay *r, bool *out_is_ended)
{
    struct pollfd ready = { .fd = r->ready, .events = POLLIN };
    uint64_t count;

    bool is_full = look(r, false, out_is_ended);

    if (is_full || *out_is_ended)
        return is_full;
    if (r->help && r->help(r->arg))
        return look(r, false, out_is_ended);
    is_full = look(r, true, out_is_ended);
    if (is_full || *out_is_ended)
        return is_full;
    if (poll(&ready, 1, WAIT_MS) > 0 && read(r->ready, &count, sizeof count) < 0)
        return false; /* somebody looked before: no harm */
    return look(r, false, out_is_ended);
}

void relay_finish(struct relay *r, int (*finish)(void *arg, struct pathway_record *record))
{
    r->finish = finish;
}

static int take_batch(struct relay *r, int (*record)(void *, const struct pathway_record *),
                      void *arg, size_t *rows)
{
    struct batch *b = r->batches[r->taken % BATCHES]; /* changed by the loop alone */
    int e = 0;

    for (size_t i = 0; e == 0 && i < b->count; i++) {
        e = r->finish ? r->finish(arg, &b->records[i]) : 0;
        if (e == 0)
            e = record(arg, &b->records[i]);
    }
    *rows += b->count;
    (void)pthread_mutex_lock(&r->lock);
    r->taken++;
    if (r->made - r->taken == BATCHES - WORTHWHILE)
        (void)pthread_cond_signal(&r->room);
    (void)pthread_mutex_unlock(&r->lock);
    return e;
}

static void join(struct relay *r)
{
    if (r->is_running)
        (void)pthread_join(r->thread, NULL);
    r->is_running = false;
}

int relay_take(struct relay *r, int (*record)(void *arg, const struct pathway_record *record),
               void *arg, bool *out_is_done)
{
    bool is_ended = false, is_full = true;
    size_t rows = 0;
    int e = r->is_running ? 0 : start(r);

    *out_is_done = false;
    while (e == 0 && is_full && rows < TURN_ROWS) {
        is_full = find_batch(r, &is_ended);
        if (is_full)
            e = take_batch(r, record, arg, &rows);
    }
    if (e < 0 || is_full || !is_ended)
        return e;
    join(r);
    *out_is_done = r->result == 0;
    return r->result;
}

void relay_free(struct relay *r)
{
    if (!r)
        return;
    (void)pthread_mutex_lock(&r->lock);
    r->is_cancelled = true;
    (void)pthread_cond_signal(&r->room);
    (void)pthread_mutex_unlock(&r->lock);
    join(r);
    for (size_t i = 0; i < BATCHES; i++)
        batch_free(r->batches[i]);
    (void)pthread_cond_destroy(&r->room);
    (void)pthread_mutex_destroy(&r->lock);
    fd_close(&r->ready);
    free(r);
}
