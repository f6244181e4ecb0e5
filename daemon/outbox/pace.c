#include "outbox/pace.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* The newest beginnings, in a ring; .begun counts all that ever were. */
struct pace {
    struct mono_time at[PACE_RATE_MAX];
    unsigned long begun;
};

bool pace_allows(const struct table *paces, const char *receiver, unsigned rate,
                 struct mono_time now)
{
    const struct pace *p = table_get(paces, receiver);

    assert(rate >= 1 && rate <= PACE_RATE_MAX);
    if (!p || p->begun < rate)
        return true;
    return now.ms - p->at[(p->begun - rate) % PACE_RATE_MAX].ms >= PACE_WINDOW_MS;
}

int pace_note(struct table *paces, const char *receiver, struct mono_time now)
{
    struct pace *p = table_get(paces, receiver);

    if (!p) {
        p = calloc(1, sizeof *p);
        if (!p || table_set(paces, receiver, p, NULL) < 0) {
            free(p);
            return -ENOMEM;
        }
    }
    p->at[p->begun++ % PACE_RATE_MAX] = now;
    return 0;
}

void pace_free(void *pace)
{
    free(pace);
}
