#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"

static const char *const outcome_words[] = { "accepted", "held", "refused" };

void receipt_release(struct receipt *r)
{
    free(r->feed);
    free(r->name);
    free(r->sha256);
    free(r->format_digest);
    free(r->why);
    free(r->part);
    free(r->file);
}

void receipt_list_release(struct receipt_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        receipt_release(l->list[i]);
        free(l->list[i]);
    }
    free(l->list);
    *l = (struct receipt_list){ 0 };
}

/* Takes the receipt. */
static int receipt_list_add(struct receipt_list *l, struct receipt *r)
{
    struct receipt *kept = malloc(sizeof *kept);

    if (kept && l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        struct receipt **list = realloc(l->list, cap * sizeof *list);

        if (list) {
            l->list = list;
            l->cap = cap;
        }
    }
    if (!kept || l->count == l->cap) {
        free(kept);
        receipt_release(r);
        return -ENOMEM;
    }
    *kept = *r;
    l->list[l->count++] = kept;
    return 0;
}

static char *dup_string(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? strdup(s) : NULL;
}

static void note_time(struct pipeline *p, struct wall_time at)
{
    if (at.ms > p->last_time.ms)
        p->last_time = at;
}

int receipt_read(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct pipeline *p = arg;
    json_t *j = json_loadb(json, len, 0, NULL);
    const char *outcome = json_string_value(json_object_get(j, "outcome"));
    struct receipt r = { .sequence = sequence };
    int result = -EBADMSG;

    for (int i = 0; outcome && i < 3; i++)
        if (strcmp(outcome, outcome_words[i]) == 0) {
            r.outcome = (enum receipt_outcome)i;
            result = 0;
        }
    r.feed = dup_string(j, "feed");
    r.name = dup_string(j, "name");
    r.sha256 = dup_string(j, "sha256");
    r.format_digest = dup_string(j, "format_digest");
    r.why = dup_string(j, "why");
    r.part = dup_string(j, "part");
    r.file = dup_string(j, "file");
    r.at.ms = json_integer_value(json_object_get(j, "at_ms"));
    r.edition = (int)json_integer_value(json_object_get(j, "edition"));
    json_decref(j);
    if (!r.feed || !r.name || !r.sha256 || !r.format_digest)
        result = -EBADMSG;
    if (result < 0) {
        receipt_release(&r);
        return result;
    }
    note_time(p, r.at);
    return receipt_list_add(&p->receipts, &r);
}

bool receipt_is_known(const struct pipeline *p, const struct receipt *r)
{
    for (size_t i = p->receipts.count; i-- > 0;) {
        const struct receipt *known = p->receipts.list[i];

        if (known->file && r->file && strcmp(known->file, r->file) == 0 &&
            strcmp(known->feed, r->feed) == 0 && strcmp(known->name, r->name) == 0 &&
            strcmp(known->sha256, r->sha256) == 0)
            return true;
    }
    return false;
}

int receipt_append(struct pipeline *p, struct receipt *r)
{
    char at[WALL_TEXT_MAX];
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:s?, s:s, s:I, s:i, s:s*}", "outcome",
                          outcome_words[r->outcome], "feed", r->feed, "name", r->name, "sha256",
                          r->sha256, "format_digest", r->format_digest, "part", r->part, "why",
                          r->why, "at", wall_format(r->at, at), "at_ms", (json_int_t)r->at.ms,
                          "edition", r->edition, "file", r->file);
    AUTO(auto_free) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    int result = text ? journal_append(p->received, text, strlen(text), &r->sequence) : -ENOMEM;

    json_decref(j);
    if (result < 0) {
        receipt_release(r);
        return result;
    }
    note_time(p, r->at);
    return receipt_list_add(&p->receipts, r);
}
