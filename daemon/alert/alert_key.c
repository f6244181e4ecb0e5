#include "alert/alert_key.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/text.h"

int alert_hash(const char *const *parts, size_t count, char out_id[ALERT_ID_MAX])
{
    AUTO(text_release) struct text t = TEXT_INIT;
    char hex[SHA256_TEXT_MAX];
    int r;

    for (size_t i = 0; i < count; i++) {
        const char *part = parts[i] != NULL ? parts[i] : "";
        uint32_t len = (uint32_t)strlen(part);
        const unsigned char prefix[4] = { (unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                          (unsigned char)(len >> 8), (unsigned char)len };

        text_add(&t, prefix, sizeof prefix);
        text_add(&t, part, len);
    }
    if (!text_ok(&t))
        return -ENOMEM;
    r = sha256_hex(text_str(&t), t.len, hex);
    if (r < 0)
        return r;
    memcpy(out_id, hex, ALERT_ID_MAX - 1);
    out_id[ALERT_ID_MAX - 1] = '\0';
    return 0;
}

int alert_id_of(const char *instance, const struct finding *f, char out_id[ALERT_ID_MAX])
{
    const char *parts[] = { instance, rule_name(f->rule), NULL, NULL };

    switch (f->rule) {
    case RULE_BEHIND_PLAN:
    case RULE_GUARD:
    case RULE_SPECIAL_CAUSE:
    case RULE_FORECAST:
        assert(f->plan != NULL && f->measure != NULL);
        parts[2] = f->plan->id;
        parts[3] = f->measure->first_id != NULL ? f->measure->first_id : f->measure->id;
        break;
    case RULE_ACTION_OVERDUE:
        assert(f->plan != NULL && f->action != NULL);
        parts[2] = f->plan->id;
        parts[3] = f->action->id;
        break;
    case RULE_FEED_LATE:
    case RULE_COVERAGE_GAP:
    case RULE_IMPLAUSIBLE_CHANGE:
        assert(f->feed != NULL);
        parts[2] = f->feed;
        parts[3] = f->provider;
        break;
    case RULE_DEAD_LETTER:
        assert(f->receiver != NULL);
        parts[2] = f->receiver;
        return alert_hash(parts, 3, out_id);
    case RULE_SELF_CHECK:
        assert(f->provider != NULL);
        parts[2] = f->provider;
        return alert_hash(parts, 3, out_id);
    }
    return alert_hash(parts, sizeof parts / sizeof parts[0], out_id);
}

int episode_id_of(const char *alert_id, struct civil_date opened, char out_id[ALERT_ID_MAX])
{
    char date[DATE_TEXT_MAX];
    const char *const parts[] = { alert_id, date_format(opened, date) };

    return alert_hash(parts, 2, out_id);
}

int notice_id_of(const char *episode_id, unsigned ordinal, char out_id[ALERT_ID_MAX])
{
    char number[16];
    const char *const parts[] = { episode_id, number };

    snprintf(number, sizeof number, "%u", ordinal);
    return alert_hash(parts, 2, out_id);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int delivery_id_of(const char *const *notice_ids, size_t count, const char *receiver,
                   const char *recipient, char out_id[ALERT_ID_MAX])
{
    AUTO(auto_free) const char **parts = malloc((count + 2) * sizeof *parts);

    if (parts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        parts[i] = notice_ids[i];
    qsort(parts, count, sizeof *parts, compare_ids);
    parts[count] = receiver;
    parts[count + 1] = recipient;
    return alert_hash(parts, count + 2, out_id);
}
