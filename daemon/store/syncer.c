#include "store/syncer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum state { IDLE, WANTED, UNDER_WAY, DONE };

/* Everything but the thread itself is read and changed under the lock alone. */
struct syncer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wanted, done;
    enum state state;
    int fd, result;
    bool is_over;
};

int syncer_now(int fd)
{
    return fdatasync(fd) < 0 ? -errno : 0;
}

static void *run(void *arg)
{
    struct syncer *s = arg;

    (void)pthread_mutex_lock(&s->lock);
    while (!s->is_over) {
        if (s->state != WANTED) {
            (void)pthread_cond_wait(&s->wanted, &s->lock);
            continue;
        }
        s->state = UNDER_WAY;
        (void)pthread_mutex_unlock(&s->lock);
        int r = syncer_now(s->fd);

        (void)pthread_mutex_lock(&s->lock);
        s->result = r;
        s->state = DONE;
        (void)pthread_cond_signal(&s->done);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static struct syncer *syncer_new(void)
{
    struct syncer *s = calloc(1, sizeof *s);
    sigset_t all, before;

    if (!s)
        return NULL;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->wanted, NULL);
    (void)pthread_cond_init(&s->done, NULL);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the loop */
    int r = pthread_create(&s->thread, NULL, run, s);

    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r == 0)
        return s;
    free(s);
    return NULL;
}

bool syncer_begin(struct syncer **s, int fd)
{
    struct syncer *one = *s ? *s : syncer_new();

    *s = one;
    if (!one)
        return false;
    (void)pthread_mutex_lock(&one->lock);
    one->fd = fd;
    one->state = WANTED;
    (void)pthread_cond_signal(&one->wanted);
    (void)pthread_mutex_unlock(&one->lock);
    return true;
}

int syncer_end(struct syncer *s)
{
    (void)pthread_mutex_lock(&s->lock);
    bool is_mine = s->state == WANTED;

    while (s->state == UNDER_WAY)
        (void)pthread_cond_wait(&s->done, &s->lock);
    int r = s->result;

    s->state = IDLE;
    (void)pthread_mutex_unlock(&s->lock);
    return is_mine ? syncer_now(s->fd) : r;
}

void syncer_free(struct syncer *s)
{
    if (!s)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->is_over = true;
    (void)pthread_cond_signal(&s->wanted);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->wanted);
    (void)pthread_cond_destroy(&s->done);
    free(s);
}
