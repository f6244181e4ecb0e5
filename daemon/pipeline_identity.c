#include "pipeline_internal.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "store/pathway_key.h"

/* What a feed of pathways needs before its first file is read: the key of the pseudonyms, and a place for
 * raw bytes that is not the archive. */

static bool has_pathways(const struct settings *s)
{
    for (size_t i = 0; i < s->feed_count; i++)
        if (s->feeds[i].into)
            return true;
    return false;
}

/* Whether rows under a key lie in the archive: then another key would rename everybody. */
static bool has_pseudonyms(const struct pipeline *p)
{
    for (size_t i = 0; i < p->receipts.count; i++)
        if (p->receipts.list[i]->archived)
            return true;
    return false;
}

static int open_key(const char *path, bool may_make, struct pathway_key **out)
{
    int r = pathway_key_open(path, may_make, out);

    if (r < 0)
        log_error("identity", "key_file=\"%s\" %s", path,
                  r == -EINVAL   ? "is not 32 bytes"
                  : r == -EACCES ? "may be read by others: chmod 0600"
                  : r == -ENOENT ? "is gone, and pathways are archived under it: put it back"
                                 : strerror(-r));
    return r;
}

/* Both keys, where there is one before. */
static int open_keys(struct pipeline *p, const struct settings *s)
{
    const char *before = s->identity.previous_key_file;
    bool may_make = before || !has_pseudonyms(p);
    int r = before ? open_key(before, false, &p->previous_key) : 0;

    if (r == 0)
        r = open_key(s->identity.key_file, may_make, &p->pathway_key);
    if (r == 0 && before &&
        bytes_same(pathway_key_bytes(p->previous_key), pathway_key_bytes(p->pathway_key),
                   PATHWAY_KEY_BYTES)) {
        log_error("identity", "key_file and previous_key_file hold the same key: the new one is of "
                              "32 bytes of its own");
        r = -EINVAL;
    }
    if (r < 0)
        return r;
    r = renamed_open(p);
    if (r < 0)
        log_error("identity", "tables of renamed pathways: %s",
                  r == -EBADMSG ? "one does not open under this key: name the key before it as "
                                  "previous_key_file"
                                : strerror(-r));
    return r;
}

int identity_open(struct pipeline *p, const struct settings *s)
{
    int r = 0;

    if (!has_pathways(s))
        return 0;
    if (!p->pathway_key)
        r = open_keys(p, s);
    if (r == 0 && !p->raw) {
        AUTO(auto_free) char *folder = path_join(s->state, "quarantine");

        r = folder ? archive_open(folder, &p->raw) : -ENOMEM;
        if (r < 0)
            log_error("identity", "quarantine error=\"%s\"", strerror(-r));
    }
    return r;
}

void identity_close(struct pipeline *p)
{
    pathway_key_close(p->pathway_key);
    archive_close(p->raw);
    pathway_key_close(p->previous_key);
    p->pathway_key = p->previous_key = NULL;
    p->raw = NULL;
}
