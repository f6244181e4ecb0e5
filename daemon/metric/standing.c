#include "metric/standing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "metric/key_set.h"

struct standing {
    bool last, may_be_replaced;
    struct key_set *keys;
};

/* What is kept with a key where a later row may take its row's place. */
struct place {
    struct standing_row row;
    uint64_t version;
};

struct standing_rule standing_rule_of(const struct format *f)
{
    return (struct standing_rule){ .last = text_same(format_duplicate(f), "last"),
                                   .versions = format_maps_version(f) };
}

struct standing *standing_new(struct standing_rule rule)
{
    struct standing *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->last = rule.last;
    s->may_be_replaced = rule.last || rule.versions;
    s->keys = key_set_new(s->may_be_replaced ? sizeof(struct place) : 0);
    if (!s->keys) {
        standing_free(s);
        return NULL;
    }
    return s;
}

void standing_free(struct standing *s)
{
    if (s)
        key_set_free(s->keys);
    free(s);
}

static bool stands_over(const struct standing *s, uint64_t version, const struct place *before)
{
    return version > before->version || (version == before->version && s->last);
}

int standing_add(struct standing *s, const void *key, size_t len, uint64_t version,
                 struct standing_row row, struct standing_row *out_other)
{
    unsigned char *payload;
    struct place now = { row, version }, before;

    assert(s && key && out_other);
    int r = key_set_add(s->keys, key, len, &payload);

    if (r < 0)
        return r;
    if (!s->may_be_replaced)
        return r == 0 ? STANDING_OUT : STANDING_ALONE;
    memcpy(&before, payload, sizeof before);
    if (r == 0 && !stands_over(s, version, &before))
        return STANDING_OUT;
    memcpy(payload, &now, sizeof now);
    if (r != 0)
        return STANDING_ALONE;
    *out_other = before.row;
    return STANDING_OVER;
}
