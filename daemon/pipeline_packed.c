#include "pipeline_internal.h"

#include <string.h>

#include "pathway/packed_rows.h"

/*
 * The rows of the snapshot that was taken in last, until it is applied. They go by the name that the archive has
 * for their bytes: whatever came between, these are the rows of that file, or there are none. Where there are none
 * the archive is read.
 */

void packed_keep(struct pipeline *p, struct packed_rows *rows, const struct receipt *file)
{
    packed_forget(p);
    if (file->outcome != RECEIPT_ACCEPTED) { /* a person decides, some day */
        packed_rows_free(rows);
        return;
    }
    p->packed = rows;
    (void)memccpy(p->packed_of, receipt_archived(file), '\0', sizeof p->packed_of);
}

struct packed_rows *packed_take(struct pipeline *p, const struct receipt *file)
{
    struct packed_rows *rows = p->packed;

    if (!rows || strcmp(p->packed_of, receipt_archived(file)) != 0)
        return NULL;
    p->packed = NULL;
    return rows;
}

void packed_forget(struct pipeline *p)
{
    packed_rows_free(p->packed);
    p->packed = NULL;
}
