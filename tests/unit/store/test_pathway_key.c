#include "store/pathway_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "support/folder.h"
#include "support/unit.h"

struct ground {
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16];
};

static void ground_begin(struct ground *g)
{
    folder_begin(g->folder);
    (void)snprintf(g->path, sizeof g->path, "%s/key", g->folder);
}

START_TEST(a_key_is_made_once_for_its_owner_alone_and_read_ever_after)
{
    struct ground g;
    struct pathway_key *made = NULL, *read = NULL;
    struct stat st;

    ground_begin(&g);
    ck_assert_int_eq(pathway_key_open(g.path, true, &made), 0);
    ck_assert_int_eq(stat(g.path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(st.st_size, PATHWAY_KEY_BYTES);
    ck_assert_int_eq(pathway_key_open(g.path, true, &read), 0);
    ck_assert_mem_eq(pathway_key_bytes(made), pathway_key_bytes(read), PATHWAY_KEY_BYTES);
    pathway_key_close(made);
    pathway_key_close(read);
    folder_end(g.folder);
}
END_TEST

START_TEST(a_key_that_is_missing_is_not_made_unless_it_may_be)
{
    struct ground g;
    struct pathway_key *key = NULL;

    ground_begin(&g);
    ck_assert_int_eq(pathway_key_open(g.path, false, &key), -ENOENT);
    ck_assert_ptr_null(key);
    folder_end(g.folder);
}
END_TEST

static const struct {
    const char *why, *bytes;
    mode_t mode;
    int result;
} files[] = {
    { "32 bytes", "0123456789abcdef0123456789abcdef", 0600, 0 },
    { "its group may read it, as systemd's credentials", "0123456789abcdef0123456789abcdef", 0640,
      0 },
    { "others may read it", "0123456789abcdef0123456789abcdef", 0604, -EACCES },
    { "a line end too many", "0123456789abcdef0123456789abcdef\n", 0600, -EINVAL },
    { "too short", "0123456789abcdef0123456789abcde", 0600, -EINVAL },
    { "empty", "", 0600, -EINVAL },
};

START_TEST(a_key_is_32_bytes_that_nobody_else_reads)
{
    struct ground g;
    struct pathway_key *key = NULL;

    ground_begin(&g);
    ck_assert_int_eq(file_replace(g.path, files[_i].bytes, strlen(files[_i].bytes), files[_i].mode),
                     0);
    ck_assert_int_eq(chmod(g.path, files[_i].mode), 0);
    int r = pathway_key_open(g.path, true, &key);

    ck_assert_msg(r == files[_i].result, "%s: %d", files[_i].why, r);
    if (r == 0)
        ck_assert_mem_eq(pathway_key_bytes(key), files[_i].bytes, PATHWAY_KEY_BYTES);
    pathway_key_close(key);
    folder_end(g.folder);
}
END_TEST

UNIT_MAIN("pathway_key", UNIT_TEST(a_key_is_made_once_for_its_owner_alone_and_read_ever_after),
          UNIT_TEST(a_key_that_is_missing_is_not_made_unless_it_may_be),
          UNIT_ROWS(a_key_is_32_bytes_that_nobody_else_reads, files))
