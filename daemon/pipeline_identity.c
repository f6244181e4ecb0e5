#include "pipeline_internal.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
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

static int open_key(struct pipeline *p, const char *path)
{
    bool may_make = !has_pseudonyms(p);
    int r = pathway_key_open(path, may_make, &p->pathway_key);

    if (r < 0)
        log_error("identity", "key_file=\"%s\" %s", path,
                  r == -EINVAL   ? "is not 32 bytes"
                  : r == -EACCES ? "may be read by others: chmod 0600"
                  : r == -ENOENT ? "is gone, and pathways are archived under it: put it back"
                                 : strerror(-r));
    return r;
}

int identity_open(struct pipeline *p, const struct settings *s)
{
    int r = 0;

    if (!has_pathways(s))
        return 0;
    if (!p->pathway_key)
        r = open_key(p, s->identity.key_file);
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
    p->pathway_key = NULL;
    p->raw = NULL;
}
