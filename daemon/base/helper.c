#include "base/helper.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

/* What is shared at the moment: portions from `next` on wait for a thread. */
struct shared {
    int (*work)(void *arg, size_t portion);
    void *arg;
    size_t next, count;
    size_t failed; /* the first that failed; count: none */
    int result;    /* of that one */
};

struct helper {
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t begun; /* there is work, or no more will come */
    pthread_cond_t done;  /* the thread rests */
    struct shared shared;
    bool is_working, is_ended;
};

/* Under the lock. */
static void note_failure(struct shared *s, size_t portion, int result)
{
    if (portion < s->failed) {
        s->failed = portion;
        s->result = result;
    }
    s->next = s->count;
}

/* Does portions until none waits. Called and left with the lock held. */
static void do_portions(struct helper *h)
{
    struct shared *s = &h->shared;

    while (s->next < s->count) {
        size_t portion = s->next++;

        (void)pthread_mutex_unlock(&h->lock);
        int result = s->work(s->arg, portion);

        (void)pthread_mutex_lock(&h->lock);
        if (result != 0)
            note_failure(s, portion, result);
    }
}

static void *run(void *arg)
{
    struct helper *h = arg;

    (void)pthread_mutex_lock(&h->lock);
    while (!h->is_ended) {
        if (h->shared.next == h->shared.count) {
            (void)pthread_cond_wait(&h->begun, &h->lock);
            continue;
        }
        h->is_working = true;
        do_portions(h);
        h->is_working = false;
        (void)pthread_cond_signal(&h->done);
    }
    (void)pthread_mutex_unlock(&h->lock);
    return NULL;
}

static int start(struct helper *h)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the loop */
    int r = pthread_create(&h->thread, NULL, run, h);

    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

static void destroy(struct helper *h)
{
    (void)pthread_cond_destroy(&h->done);
    (void)pthread_cond_destroy(&h->begun);
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
}

struct helper *helper_new(void)
{
    struct helper *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)pthread_cond_init(&h->begun, NULL);
    (void)pthread_cond_init(&h->done, NULL);
    if (start(h) == 0)
        return h;
    destroy(h);
    return NULL;
}

static int do_alone(size_t count, int (*work)(void *arg, size_t portion), void *arg)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = work(arg, i);
    return r;
}

int helper_share(struct helper *helper, size_t count, int (*work)(void *arg, size_t portion),
                 void *arg)
{
    struct helper *h = helper;

    if (!h || count < 2)
        return do_alone(count, work, arg);
    (void)pthread_mutex_lock(&h->lock);
    h->shared = (struct shared){ work, arg, 0, count, count, 0 };
    (void)pthread_cond_signal(&h->begun);
    do_portions(h);
    while (h->is_working)
        (void)pthread_cond_wait(&h->done, &h->lock);
    int result = h->shared.result;

    (void)pthread_mutex_unlock(&h->lock);
    return result;
}

void helper_free(struct helper *helper)
{
    struct helper *h = helper;

    if (!h)
        return;
    (void)pthread_mutex_lock(&h->lock);
    h->is_ended = true;
    (void)pthread_cond_signal(&h->begun);
    (void)pthread_mutex_unlock(&h->lock);
    (void)pthread_join(h->thread, NULL);
    destroy(h);
}
