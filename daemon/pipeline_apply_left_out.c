#include "pipeline_apply_list_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

/*
 * Whether more of a file is left out of its list than of those before it. Compared is what was counted as each
 * came, by the settings of that day: so a list that is made anew, or of which somebody changed the providers,
 * holds no file that was in force. A hold for codes that a person accepted is the first of a new row of files.
 */

#define FILES_MOST 2000 /* that are compared with */

/* What of the list a file is of: the code of its part; "": of several providers, or of none of the list. */
static const char *provider_of(const struct apply *a, const struct receipt *r)
{
    const struct text_list *providers = &a->into->list->providers;
    const char *part = r->part ? r->part : "";
    size_t table = r->set ? strcspn(r->set, "\n") : 0; /* of a set before the code */

    if (table > 0 && strlen(part) > table)
        part += table + 1;
    for (size_t i = 0; i < providers->count; i++)
        if (strcmp(providers->items[i], part) == 0)
            return part;
    return "";
}

static bool is_of_table(const struct receipt *a, const struct receipt *b)
{
    size_t len = a->set ? strcspn(a->set, "\n") : 0;

    return !a->set || !b->set ||
           (len == strcspn(b->set, "\n") && strncmp(a->set, b->set, len) == 0);
}

/* The same part; or, loosely, one that may be of it. */
static bool is_comparable(const struct apply *a, const struct receipt *file, bool is_loose)
{
    const char *one = provider_of(a, a->file), *other = provider_of(a, file);

    return file->knows_left_out && file->shape && is_of_table(a->file, file) &&
           (strcmp(one, other) == 0 || (is_loose && (!*one || !*other)));
}

static struct left_out counts_of(const struct receipt *file)
{
    struct left_out counts = file->left_out;

    counts.rows = file->shape->rows - file->set_aside;
    return counts;
}

static bool is_accepted_hold(const struct receipt *step, const struct receipt *file)
{
    return step != file && file->why && strstr(file->why, NOT_ON_THIS_LIST);
}

/* Those in force before this step, the newest first; returns how many, with the file itself. */
static size_t find_files(const struct apply *a, bool is_loose, struct left_out *out)
{
    const struct pipeline *p = a->pipeline;
    size_t n = 0;

    out[n++] = counts_of(a->file);
    for (size_t i = p->receipts.count; i-- > 0 && n < FILES_MOST;) {
        const struct receipt *step = p->receipts.list[i];

        if (step->sequence >= a->receipt->sequence || strcmp(step->feed, a->feed->id) != 0 ||
            !receipt_is_in_force(p, step))
            continue;
        const struct receipt *file = receipt_file(p, step);

        if (file == a->file || !is_comparable(a, file, is_loose))
            continue;
        out[n++] = counts_of(file);
        if (is_accepted_hold(step, file))
            break;
    }
    return n;
}

int apply_check_left_out(struct apply *a)
{
    const struct receipt *file = a->file;
    unsigned long left_out = 0;

    for (size_t c = 0; c < LEFT_OUT_COLUMNS; c++)
        left_out += file->left_out.of[c];
    if (a->receipt->decides || left_out == 0 || !file->shape)
        return 0;
    AUTO(auto_free) struct left_out *files = calloc(FILES_MOST, sizeof *files);

    if (!files)
        return -ENOMEM;
    size_t n = find_files(a, false, files);

    if (n == 1)
        n = find_files(a, true, files);
    bool is_whole = a->feed->kind != FEED_EVENTS;

    if (!left_out_is_implausible(files, n, is_whole, &a->into->why))
        return 0;
    return text_ok(&a->into->why) ? 1 : -ENOMEM;
}
