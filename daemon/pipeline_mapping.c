#include "pipeline_internal.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/log.h"

/*
 * Which mapping reads a receipt. Invariant: the mapping file that a receipt names by its digest is in
 * the archive before the receipt is in the journal, so that applying all receipts again gives the same
 * series whatever the mapping files say by then. A mended mapping counts for what is sent after it (the
 * ledger's key holds the digest: the same file sent again is taken again).
 */

#define MAPPING_MAX_BYTES (1u << 20)

int mapping_keep(struct pipeline *p, const struct format *format)
{
    char sha[SHA256_TEXT_MAX];
    size_t len = 0;
    const char *source = format_source(format, &len);

    if (table_has(&p->mappings, format_digest(format)))
        return 0;
    int r = archive_keep(p->archive, source, len, sha);

    return r < 0 ? r : table_set(&p->mappings, sha, p, NULL);
}

/* Loads a kept mapping. Returns 0; -ENOENT: it is not kept; -EBADMSG: not what was kept, or this
 * version of the program does not read it; -errno. */
static int load_kept(struct pipeline *p, const char *digest, struct format **out_format)
{
    AUTO(text_release) struct text bytes = { .max = MAPPING_MAX_BYTES };
    AUTO(fd_close) int fd = archive_read(p->archive, digest);
    struct diags diags = DIAGS_INIT;

    if (fd < 0)
        return fd == -EINVAL ? -ENOENT : fd;
    int r = file_read_rest(fd, &bytes);

    if (r == 0)
        r = format_parse(digest, text_str(&bytes), bytes.len, &diags, out_format);
    diags_release(&diags);
    if (r == 0 && strcmp(format_digest(*out_format), digest) != 0) {
        format_free(*out_format);
        *out_format = NULL;
        r = -EBADMSG;
    }
    return r == -EINVAL || r == -EFBIG ? -EBADMSG : r;
}

int mapping_of(struct pipeline *p, const struct receipt *r, const struct format **out_format,
               struct format **out_owned)
{
    const struct feed_setting *feed = pipeline_feed(p, r->feed);

    *out_owned = NULL;
    *out_format = feed ? format_set_find(p->config->formats, feed->format) : NULL;
    if (*out_format && strcmp(format_digest(*out_format), r->format_digest) == 0)
        return 0;
    int result = load_kept(p, r->format_digest, out_owned);

    if (result == 0) {
        *out_format = *out_owned;
        return 0;
    }
    if (result == -ENOMEM || result == -EMFILE || result == -ENFILE || !*out_format)
        return result; /* it can be read later */
    log_warning("apply", "feed=%s file=\"%s\": its mapping %.12s %s; it is read by today's",
                r->feed, r->name, r->format_digest,
                result == -ENOENT ? "is not kept" : "cannot be read");
    return 0;
}
