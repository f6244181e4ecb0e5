#include "pipeline_take_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/seal.h"
#include "pathway/list_rename.h"
#include "store/pathway_key.h"

/*
 * A change of the key of pseudonyms. While the key before is configured as well, each file is read with both;
 * what its pseudonyms were becomes a table of its own, <state>/renamed/DIGEST, sealed under the new key.
 * Applying the file renames with it what its list knows. Invariants: (1) a table is durable before the
 * receipt that names it; (2) each table opens under today's key: a change of the key seals those of before
 * anew, so that the key before may then go; (3) nothing of a table is ever logged or shown.
 */

#define SEAL_LABEL "renamed pathways"
#define TABLE_MAX  ((size_t)1 << 30)

static char *table_path(const struct pipeline *p, const char *digest)
{
    AUTO(auto_free) char *folder = path_join(p->config->settings->state, "renamed");

    return folder ? path_join(folder, digest) : NULL;
}

static int keep_table(struct pipeline *p, const char *digest, const void *bytes, size_t len)
{
    AUTO(auto_free) char *folder = path_join(p->config->settings->state, "renamed");
    AUTO(auto_free) char *path = table_path(p, digest);
    AUTO(auto_free) unsigned char *sealed = NULL;
    size_t sealed_len = 0;
    int r = folder && path ? folder_make(folder) : -ENOMEM;

    if (r == 0)
        r = seal_bytes(pathway_key_bytes(p->pathway_key), SEAL_LABEL, bytes, len, &sealed,
                       &sealed_len);
    return r == 0 ? file_replace(path, sealed, sealed_len, 0600) : r;
}

int renamed_copy(const struct pipeline *p, const char *state, const char *digest)
{
    AUTO(text_release) struct text bytes = TEXT_INIT;
    AUTO(auto_free) char *from_folder = path_join(state, "renamed");
    AUTO(auto_free) char *to_folder = path_join(p->config->settings->state, "renamed");
    AUTO(auto_free) char *from = from_folder ? path_join(from_folder, digest) : NULL;
    AUTO(auto_free) char *to = table_path(p, digest);
    int r = from && to_folder && to ? folder_make(to_folder) : -ENOMEM;

    bytes.max = TABLE_MAX;
    if (r == 0)
        r = file_read(from, TABLE_MAX, &bytes);
    if (r == 0)
        r = file_replace(to, text_str(&bytes), bytes.len, 0600);
    return r == -ENOENT ? 0 : r;
}

/* ---- while a file is taken ---- */

int renamed_note(void *arg, const uint8_t before[PSEUDONYM_BYTES],
                 const uint8_t now[PSEUDONYM_BYTES])
{
    struct taking *t = arg;

    if (t->renamed_count == t->renamed_cap) {
        size_t cap = t->renamed_cap ? t->renamed_cap * 2 : 256;
        struct renamed *grown = reallocarray(t->renamed, cap, sizeof *grown);

        if (!grown)
            return -ENOMEM;
        t->renamed = grown;
        t->renamed_cap = cap;
    }
    struct renamed *r = &t->renamed[t->renamed_count++];

    memcpy(r->before, before, PSEUDONYM_BYTES);
    memcpy(r->now, now, PSEUDONYM_BYTES);
    return 0;
}

int renamed_keep(struct taking *t)
{
    struct pipeline *p = t->pipeline;
    char digest[SHA256_TEXT_MAX];

    if (t->renamed_count == 0)
        return 0;
    t->renamed_count = renamed_settle(t->renamed, t->renamed_count);
    size_t len = t->renamed_count * sizeof *t->renamed;
    int r = sha256_hex(t->renamed, len, digest);

    if (r == 0)
        r = keep_table(p, digest, t->renamed, len);
    if (r == 0)
        r = audit_append(p, json_pack("{s:s, s:s, s:I, s:I}", "renamed", digest, "feed", t->feed,
                                      "names", (json_int_t)t->renamed_count, "at_ms",
                                      (json_int_t)pipeline_wall(p).ms));
    if (r < 0)
        return r;
    t->receipt.renamed = strdup(digest);
    return t->receipt.renamed ? 0 : -ENOMEM;
}

/* ---- while it is applied ---- */

/* Opens a sealed table under either key. */
static int unseal(const struct pipeline *p, const char *path, unsigned char **out, size_t *out_len,
                  bool *out_is_old)
{
    AUTO(text_release) struct text sealed = TEXT_INIT;

    sealed.max = TABLE_MAX;
    int r = file_read(path, TABLE_MAX, &sealed);

    *out_is_old = false;
    if (r == 0)
        r = seal_open(pathway_key_bytes(p->pathway_key), SEAL_LABEL, sealed.buf, sealed.len, out,
                      out_len);
    if (r == -EBADMSG && p->previous_key) {
        r = seal_open(pathway_key_bytes(p->previous_key), SEAL_LABEL, sealed.buf, sealed.len, out,
                      out_len);
        *out_is_old = r == 0;
    }
    return r;
}

int renamed_load(const struct pipeline *p, const char *digest, struct renamed **out,
                 size_t *out_count)
{
    AUTO(auto_free) char *path = table_path(p, digest);
    unsigned char *bytes = NULL;
    size_t len = 0;
    bool is_old;
    int r = path ? unseal(p, path, &bytes, &len, &is_old) : -ENOMEM;

    if (r < 0)
        return r;
    *out = (struct renamed *)(void *)bytes;
    *out_count = len / sizeof **out;
    return 0;
}

/* ---- at the start ---- */

static int seal_anew(struct pipeline *p, const char *digest)
{
    AUTO(auto_free) char *path = table_path(p, digest);
    AUTO(auto_free) unsigned char *bytes = NULL;
    size_t len = 0;
    bool is_old = false;
    int r = path ? unseal(p, path, &bytes, &len, &is_old) : -ENOMEM;

    return r == 0 && is_old ? keep_table(p, digest, bytes, len) : r;
}

int renamed_open(struct pipeline *p)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->receipts.count; i++)
        if (p->receipts.list[i]->renamed)
            r = seal_anew(p, p->receipts.list[i]->renamed);
    return r;
}
