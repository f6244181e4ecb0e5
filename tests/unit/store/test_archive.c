#include "store/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "support/failing.h"
#include "support/folder.h"
#include "support/unit.h"

struct ground {
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16];
    struct archive *archive;
};

static void ground_begin(struct ground *g)
{
    log_set_level(LOG_LEVEL_ERROR);
    folder_begin(g->folder);
    (void)snprintf(g->path, sizeof g->path, "%s/state/archive", g->folder);
    ck_assert_int_eq(archive_open(g->path, &g->archive), 0);
}

static void ground_end(struct ground *g)
{
    archive_close(g->archive);
    folder_end(g->folder);
}

static int keep(struct ground *g, const char *bytes, size_t piece, char out_sha256[SHA256_TEXT_MAX])
{
    struct archive_file *f = NULL;
    size_t len = strlen(bytes);

    ck_assert_int_eq(archive_begin(g->archive, &f), 0);
    for (size_t at = 0; at < len; at += piece)
        ck_assert_int_eq(archive_write(f, bytes + at, len - at < piece ? len - at : piece), 0);
    return archive_commit(f, out_sha256);
}

static size_t temporaries(struct ground *g)
{
    DIR *entries = opendir(g->path);
    struct dirent *entry;
    size_t count = 0;

    ck_assert_ptr_nonnull(entries);
    while ((entry = readdir(entries)))
        count += strncmp(entry->d_name, "tmp-", 4) == 0;
    (void)closedir(entries);
    return count;
}

static void check_kept(struct ground *g, const char *sha256, const char *bytes)
{
    AUTO(text_release) struct text text = TEXT_INIT;
    AUTO(fd_close) int fd = archive_read(g->archive, sha256);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(file_read_rest(fd, &text), 0);
    ck_assert_str_eq(text_str(&text), bytes);
}

static const struct {
    const char *bytes;
    size_t piece;
    const char *sha256; /* by another program */
} contents[] = {
    { "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
};

START_TEST(a_file_is_kept_under_the_hash_of_its_content)
{
    struct ground g;
    char sha256[SHA256_TEXT_MAX] = "", path[256];
    struct stat st;

    ground_begin(&g);
    ck_assert_int_eq(keep(&g, contents[_i].bytes, contents[_i].piece, sha256), 0);
    ck_assert_str_eq(sha256, contents[_i].sha256);
    check_kept(&g, sha256, contents[_i].bytes);
    (void)snprintf(path, sizeof path, "%s/%.2s/%s", g.path, sha256, sha256);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(g.path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);
    ck_assert_uint_eq(temporaries(&g), 0);
    ground_end(&g);
}
END_TEST

START_TEST(keeping_the_same_content_twice_changes_nothing)
{
    struct ground g;
    char first[SHA256_TEXT_MAX] = "", second[SHA256_TEXT_MAX] = "", path[256];
    struct stat before, after;

    ground_begin(&g);
    ck_assert_int_eq(keep(&g, "a,b\n1,2\n", 3, first), 0);
    (void)snprintf(path, sizeof path, "%s/%.2s/%s", g.path, first, first);
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert_int_eq(keep(&g, "a,b\n1,2\n", 8, second), 0);
    ck_assert_str_eq(first, second);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_uint_eq(temporaries(&g), 0);
    ground_end(&g);
}
END_TEST

START_TEST(a_kept_file_that_the_disk_cut_is_replaced_by_the_whole_one)
{
    struct ground g;
    char sha256[SHA256_TEXT_MAX] = "", path[256];

    ground_begin(&g);
    ck_assert_int_eq(keep(&g, "a,b\n1,2\n", 3, sha256), 0);
    (void)snprintf(path, sizeof path, "%s/%.2s/%s", g.path, sha256, sha256);
    ck_assert_int_eq(truncate(path, 3), 0);
    log_set_level(LOG_LEVEL_ERROR);
    ck_assert_int_eq(keep(&g, "a,b\n1,2\n", 3, sha256), 0);
    check_kept(&g, sha256, "a,b\n1,2\n");
    ground_end(&g);
}
END_TEST

START_TEST(a_file_given_up_leaves_nothing)
{
    struct ground g;
    struct archive_file *f = NULL;

    ground_begin(&g);
    ck_assert_int_eq(archive_begin(g.archive, &f), 0);
    ck_assert_int_eq(archive_write(f, "a", 1), 0);
    ck_assert_uint_eq(temporaries(&g), 1);
    archive_abort(f);
    ck_assert_uint_eq(temporaries(&g), 0);
    archive_abort(NULL);
    ground_end(&g);
}
END_TEST

START_TEST(a_file_diverted_replaces_what_is_there_and_leaves_nothing_in_the_archive)
{
    struct ground g;
    struct archive_file *f = NULL;
    char path[FOLDER_MAX + 16], bytes[8] = "";

    ground_begin(&g);
    (void)snprintf(path, sizeof path, "%s/name", g.folder);
    for (int turn = 0; turn < 2; turn++) {
        ck_assert_int_eq(archive_begin(g.archive, &f), 0);
        ck_assert_int_eq(archive_write(f, turn ? "new" : "older", turn ? 3 : 5), 0);
        ck_assert_int_eq(archive_divert(f, g.folder, "name"), 0);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(read(fd, bytes, sizeof bytes), 3);
    ck_assert_str_eq(bytes, "new");
    (void)close(fd);
    ck_assert_int_eq(archive_begin(g.archive, &f), 0);
    ck_assert_int_eq(archive_divert(f, path, "name"), -ENOTDIR);
    ck_assert_uint_eq(temporaries(&g), 0);
    ground_end(&g);
}
END_TEST

START_TEST(leftovers_of_a_crash_are_removed_at_opening_and_kept_files_stay)
{
    struct ground g;
    struct archive_file *f = NULL;
    char sha256[SHA256_TEXT_MAX] = "", path[256];

    ground_begin(&g);
    ck_assert_int_eq(keep(&g, "kept", 4, sha256), 0);
    (void)snprintf(path, sizeof path, "%s/tmp-0123456789abcdef", g.path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    archive_close(g.archive);
    ck_assert_int_eq(archive_open(g.path, &g.archive), 0);
    ck_assert_uint_eq(temporaries(&g), 0);
    check_kept(&g, sha256, "kept");
    ck_assert_int_eq(archive_begin(g.archive, &f), 0);
    archive_abort(f);
    ground_end(&g);
}
END_TEST

/* A full disk, by a limit on the file's size: nothing is kept of a file that was not written whole.
 */
START_TEST(after_a_failed_write_nothing_can_be_kept)
{
    struct ground g;
    struct archive_file *f = NULL;
    struct rlimit before, small;
    char sha256[SHA256_TEXT_MAX] = "untouched";

    ground_begin(&g);
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4;
    ck_assert_int_eq(archive_begin(g.archive, &f), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    int r = archive_write(f, "0123456789", 10);

    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(r, -EFBIG);
    ck_assert_int_eq(archive_write(f, "x", 1), -EFBIG);
    ck_assert_int_eq(archive_commit(f, sha256), -EFBIG);
    ck_assert_str_eq(sha256, "untouched");
    ck_assert_uint_eq(temporaries(&g), 0);
    ground_end(&g);
}
END_TEST

static const struct {
    const char *sha256;
    int result;
} readings[] = {
    { "", -EINVAL },
    { "../../../../etc/passwd", -EINVAL },
    { "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a", -EINVAL },
    { "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", -EINVAL },
    { "../816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", -EINVAL },
    { "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", -ENOENT },
};

START_TEST(only_a_hash_names_a_file)
{
    struct ground g;

    ground_begin(&g);
    ck_assert_msg(archive_read(g.archive, readings[_i].sha256) == readings[_i].result, "%s",
                  readings[_i].sha256);
    ground_end(&g);
}
END_TEST

START_TEST(a_file_in_the_way_of_the_folder_is_an_error)
{
    struct ground g;
    struct archive *other = NULL;
    char path[FOLDER_MAX + 32];

    ground_begin(&g);
    (void)snprintf(path, sizeof path, "%s/file", g.folder);
    ck_assert_int_eq(file_replace(path, "x", 1, 0600), 0);
    ck_assert_int_eq(archive_open(path, &other), -ENOTDIR);
    (void)snprintf(path, sizeof path, "%s/file/archive", g.folder);
    ck_assert_int_eq(archive_open(path, &other), -ENOTDIR);
    ck_assert_ptr_null(other);
    ground_end(&g);
}
END_TEST

/* The undisturbed content of the tests below, and its place. */
#define CONTENT "a,b\n1,2\n"

static void place_of(struct ground *g, const char *sha256, char path[256])
{
    (void)snprintf(path, 256, "%s/%.2s/%s", g->path, sha256, sha256);
}

static const struct {
    const char *why, *calls;
    long nth;
    int error, result; /* result 0: it is opened all the same */
} openings[] = {
    { "memory for the archive", FAILING_ALLOCATIONS, 1, ENOMEM, -ENOMEM },
    { "memory for the list of leftovers", FAILING_ALLOCATIONS, 2, ENOMEM, -ENOMEM },
    { "opening its folder", "open", 1, EMFILE, -EMFILE },
    { "opening it once more for its list", "openat", 1, EMFILE, -EMFILE },
    { "removing a leftover", "unlinkat", 1, EIO, 0 },
    { "syncing the names of its folders", "fsync", 1, EIO, -ENOTRECOVERABLE },
};

START_TEST(a_call_that_fails_while_opening_is_told_and_kept_files_stay)
{
    struct ground g;
    struct archive *other = NULL;
    char sha256[SHA256_TEXT_MAX] = "", path[256];

    ground_begin(&g);
    ck_assert_int_eq(keep(&g, CONTENT, 3, sha256), 0);
    (void)snprintf(path, sizeof path, "%s/tmp-0123456789abcdef", g.path);
    ck_assert_int_eq(file_replace(path, "x", 1, 0600), 0);
    failing_begin(openings[_i].calls, openings[_i].nth, 1, openings[_i].error);
    int r = archive_open(g.path, &other);

    if (failing_end() == 0)
        ck_assert_msg(openings[_i].error == ENOMEM, "%s: no such call", openings[_i].why);
    else
        ck_assert_msg(r == openings[_i].result, "%s: %d", openings[_i].why, r);
    archive_close(other);
    ck_assert_int_eq(archive_open(g.path, &other), 0);
    archive_close(other);
    archive_close(NULL);
    ck_assert_uint_eq(temporaries(&g), 0);
    check_kept(&g, sha256, CONTENT);
    ground_end(&g);
}
END_TEST

static const struct {
    const char *why, *calls;
    long nth;
    int error, result;
} keepings[] = {
    { "memory for the file", FAILING_ALLOCATIONS, 1, ENOMEM, -ENOMEM },
    { "memory for its hash", FAILING_ALLOCATIONS, 2, ENOMEM, -ENOMEM },
    { "the temporary file", "openat", 1, ENOSPC, -ENOSPC },
    { "the folder of its hash", "mkdirat", 1, ENOSPC, -ENOSPC },
    { "opening that folder", "openat", 2, EMFILE, -EMFILE },
    { "the sync of that folder's name", "fsync", 1, EIO, -ENOTRECOVERABLE },
    { "the sync of the bytes", "fsync", 2, EIO, -ENOTRECOVERABLE },
    { "the name", "renameat", 1, EIO, -EIO },
    { "the sync of the name", "fsync", 3, EIO, -ENOTRECOVERABLE },
};

START_TEST(a_call_that_fails_while_keeping_is_told_and_no_half_file_is_kept)
{
    struct ground g;
    struct archive_file *f = NULL;
    char sha256[SHA256_TEXT_MAX] = "untouched";

    ground_begin(&g);
    failing_begin(keepings[_i].calls, keepings[_i].nth, 1, keepings[_i].error);
    int r = archive_begin(g.archive, &f);

    if (r == 0)
        r = archive_write(f, CONTENT, strlen(CONTENT));
    if (r == 0)
        r = archive_commit(f, sha256);
    if (failing_end() == 0) {
        ck_assert_msg(keepings[_i].error == ENOMEM, "%s: no such call", keepings[_i].why);
    } else {
        ck_assert_msg(r == keepings[_i].result, "%s: %d", keepings[_i].why, r);
        ck_assert_str_eq(sha256, "untouched");
    }
    ck_assert_uint_eq(temporaries(&g), 0);
    ck_assert_int_eq(keep(&g, CONTENT, 3, sha256), 0); /* as the next look at the inbox does */
    check_kept(&g, sha256, CONTENT);
    ground_end(&g);
}
END_TEST

START_TEST(a_link_in_the_place_of_a_kept_file_is_replaced_by_the_file)
{
    struct ground g;
    char sha256[SHA256_TEXT_MAX] = "", path[256];
    struct stat st;

    ground_begin(&g);
    ck_assert_int_eq(keep(&g, CONTENT, 3, sha256), 0);
    place_of(&g, sha256, path);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("12345678", path), 0); /* as long as the content */
    ck_assert_int_eq(keep(&g, CONTENT, 3, sha256), 0);
    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert(S_ISREG(st.st_mode));
    check_kept(&g, sha256, CONTENT);
    ground_end(&g);
}
END_TEST

START_TEST(a_file_is_erased_once_and_no_other_with_it)
{
    static const char absent[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    struct ground g;
    char erased[SHA256_TEXT_MAX] = "", other[SHA256_TEXT_MAX] = "";

    ground_begin(&g);
    ck_assert_int_eq(keep(&g, CONTENT, 3, erased), 0);
    ck_assert_int_eq(keep(&g, "other", 3, other), 0);
    ck_assert_int_eq(archive_erase(g.archive, "../../file"), -EINVAL);
    ck_assert_int_eq(archive_erase(g.archive, absent), 1);
    failing_begin("unlinkat", 1, 1, EIO);
    int r = archive_erase(g.archive, erased);

    ck_assert_int_eq(failing_end(), 1);
    ck_assert_int_eq(r, -EIO);
    check_kept(&g, erased, CONTENT);
    ck_assert_int_eq(archive_erase(g.archive, erased), 0);
    ck_assert_int_eq(archive_read(g.archive, erased), -ENOENT);
    ck_assert_int_eq(archive_erase(g.archive, erased), 1); /* its folder stands */
    check_kept(&g, other, "other");
    ground_end(&g);
}
END_TEST

static const struct {
    const char *why, *calls;
    long first, times;
    int error;
    size_t fine; /* pieces of 4 MiB that are written before it fails */
} backs[] = {
    { "the first piece on its way", "sync_file_range", 1, 1, EIO, 0 },
    { "the second one", "sync_file_range", 2, 1, EIO, 1 },
    { "the first, waited for", "sync_file_range", 3, 1, EIO, 1 },
    { "a file system that only syncs, and fails", "sync_file_range fsync", 1, 2, EINVAL, 0 },
};

START_TEST(a_large_file_goes_to_the_disk_while_it_is_written_and_a_failure_keeps_nothing)
{
    const size_t len = 4u << 20;
    AUTO(auto_free) char *bytes = calloc(1, len);
    struct ground g;
    struct archive_file *f = NULL;
    char sha256[SHA256_TEXT_MAX] = "untouched";

    ck_assert_ptr_nonnull(bytes);
    ground_begin(&g);
    ck_assert_int_eq(archive_begin(g.archive, &f), 0);
    failing_begin(backs[_i].calls, backs[_i].first, backs[_i].times, backs[_i].error);
    for (size_t i = 0; i < backs[_i].fine; i++)
        ck_assert_int_eq(archive_write(f, bytes, len), 0);
    ck_assert_int_eq(archive_write(f, bytes, len - 1), 0);
    ck_assert_msg(archive_write(f, bytes, 1) == -ENOTRECOVERABLE, "%s", backs[_i].why);
    ck_assert_int_eq(failing_end(), backs[_i].times);
    ck_assert_int_eq(archive_write(f, bytes, 1), -ENOTRECOVERABLE);
    ck_assert_int_eq(archive_commit(f, sha256), -ENOTRECOVERABLE);
    ck_assert_str_eq(sha256, "untouched");
    ck_assert_uint_eq(temporaries(&g), 0);
    ground_end(&g);
}
END_TEST

START_TEST(a_large_file_is_kept_also_where_only_whole_files_are_synced)
{
    const size_t len = 4u << 20;
    AUTO(auto_free) char *bytes = calloc(1, len);
    struct ground g;
    struct archive_file *f = NULL;
    char sha256[SHA256_TEXT_MAX] = "";

    ck_assert_ptr_nonnull(bytes);
    ground_begin(&g);
    ck_assert_int_eq(archive_begin(g.archive, &f), 0);
    failing_begin("sync_file_range", 1, 9, ENOSYS);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(archive_write(f, bytes, len), 0);
    ck_assert_int_eq(failing_end(), 3);
    ck_assert_int_eq(archive_commit(f, sha256), 0);
    int fd = archive_read(g.archive, sha256);

    ck_assert(fd >= 0 && lseek(fd, 0, SEEK_END) == 3 * (off_t)len);
    (void)close(fd);
    ground_end(&g);
}
END_TEST

/* How many syncs it takes. */
static size_t syncs_of_keeping(struct ground *g, const char *bytes)
{
    char sha256[SHA256_TEXT_MAX] = "";

    failing_begin("fsync", 100, 1, EIO); /* none: only counted */
    ck_assert_int_eq(keep(g, bytes, 3, sha256), 0);
    (void)failing_end();
    check_kept(g, sha256, bytes);
    return (size_t)failing.seen;
}

START_TEST(the_name_of_a_folder_is_synced_once_and_again_when_it_was_made_anew)
{
    struct ground g;
    char sha256[SHA256_TEXT_MAX] = "", path[FOLDER_MAX + 96];

    ground_begin(&g);
    ck_assert_uint_eq(syncs_of_keeping(&g, CONTENT), 3);
    ck_assert_int_eq(keep(&g, CONTENT, 3, sha256), 0);
    ck_assert_int_eq(archive_erase(g.archive, sha256), 0);
    ck_assert_uint_eq(syncs_of_keeping(&g, CONTENT), 2);
    ck_assert_int_eq(archive_erase(g.archive, sha256), 0);
    (void)snprintf(path, sizeof path, "%s/%.2s", g.path, sha256);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_uint_eq(syncs_of_keeping(&g, CONTENT), 3);
    ck_assert_int_eq(archive_erase(g.archive, sha256), 0);
    archive_close(g.archive); /* a run that died may have made the folder and not synced it */
    failing_begin("fsync", 100, 1, EIO); /* none: only counted */
    ck_assert_int_eq(archive_open(g.path, &g.archive), 0);
    (void)failing_end();
    ck_assert_int_eq(failing.seen, 1); /* so opening syncs the names of all that are there */
    ck_assert_uint_eq(syncs_of_keeping(&g, CONTENT), 2);
    ground_end(&g);
}
END_TEST

START_TEST(a_file_that_cannot_be_diverted_leaves_what_was_there)
{
    static const char *const calls[] = { "fsync", "renameat" };
    struct ground g;
    struct archive_file *f = NULL;
    char path[FOLDER_MAX + 16];

    ground_begin(&g);
    (void)snprintf(path, sizeof path, "%s/name", g.folder);
    ck_assert_int_eq(file_replace(path, "older", 5, 0600), 0);
    for (size_t i = 0; i < 2; i++) {
        AUTO(text_release) struct text stands = TEXT_INIT;

        ck_assert_int_eq(archive_begin(g.archive, &f), 0);
        ck_assert_int_eq(archive_write(f, "new", 3), 0);
        failing_begin(calls[i], 1, 1, EIO);
        int r = archive_divert(f, g.folder, "name");

        ck_assert_int_eq(failing_end(), 1);
        ck_assert_msg(r < 0, "%s", calls[i]);
        ck_assert_uint_eq(temporaries(&g), 0);
        ck_assert_int_eq(file_read(path, 100, &stands), 0);
        ck_assert_str_eq(text_str(&stands), "older");
    }
    ground_end(&g);
}
END_TEST

static void defer(struct ground *g, const char *bytes, char out_sha256[SHA256_TEXT_MAX])
{
    struct archive_file *f = NULL;

    ck_assert_int_eq(archive_begin_small(g->archive, &f), 0);
    ck_assert_int_eq(archive_write(f, bytes, strlen(bytes)), 0);
    ck_assert_int_eq(archive_defer(f, out_sha256), 0);
}

static bool is_on_disk(struct ground *g, const char *sha256)
{
    char path[FOLDER_MAX + 128];

    (void)snprintf(path, sizeof path, "%s/%.2s/%s", g->path, sha256, sha256);
    return access(path, F_OK) == 0;
}

START_TEST(a_deferred_file_is_read_as_any_other_and_comes_on_the_disk_when_it_is_settled)
{
    struct ground g;
    char sha256[SHA256_TEXT_MAX];
    size_t len = 0;

    ground_begin(&g);
    defer(&g, "abc", sha256);
    ck_assert_str_eq(sha256, contents[1].sha256);
    check_kept(&g, sha256, "abc");
    ck_assert_str_eq(archive_deferred(g.archive, sha256, &len), "abc");
    ck_assert_uint_eq(len, 3);
    ck_assert(!is_on_disk(&g, sha256));
    ck_assert_int_eq(archive_settle(g.archive), 0);
    ck_assert(is_on_disk(&g, sha256) && !archive_deferred(g.archive, sha256, &len));
    check_kept(&g, sha256, "abc");
    defer(&g, "abc", sha256); /* it came again */
    ck_assert_int_eq(archive_erase(g.archive, sha256), 0);
    ck_assert_int_eq(archive_read(g.archive, sha256), -ENOENT);
    ground_end(&g);
}
END_TEST

START_TEST(a_file_that_is_not_small_is_on_the_disk_at_once)
{
    AUTO(auto_free) char *bytes = calloc(1, ARCHIVE_SMALL + 2);
    struct ground g;
    char sha256[SHA256_TEXT_MAX];

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'x', ARCHIVE_SMALL + 1);
    ground_begin(&g);
    defer(&g, bytes, sha256);
    ck_assert(is_on_disk(&g, sha256));
    check_kept(&g, sha256, bytes);
    ground_end(&g);
}
END_TEST

START_TEST(a_call_that_fails_while_settling_leaves_the_file_deferred)
{
    static const char *const calls[] = { "openat", "fsync", "renameat" };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct ground g;
        char sha256[SHA256_TEXT_MAX];

        ground_begin(&g);
        defer(&g, "abc", sha256);
        failing_begin(calls[i], 1, 1, EIO);
        int r = archive_settle(g.archive);

        ck_assert_msg(failing_end() == 1 && r < 0, "%s: %d", calls[i], r);
        ck_assert_uint_eq(temporaries(&g), 0);
        check_kept(&g, sha256, "abc");
        ck_assert_int_eq(archive_settle(g.archive), 0);
        ck_assert(is_on_disk(&g, sha256));
        ground_end(&g);
    }
}
END_TEST

START_TEST(an_archive_laid_over_another_reads_its_files_and_writes_its_own)
{
    struct ground below, above;
    char old[SHA256_TEXT_MAX], new[SHA256_TEXT_MAX];

    ground_begin(&below);
    ground_begin(&above);
    ck_assert_int_eq(keep(&below, "of before", 4, old), 0);
    ck_assert_int_eq(archive_read(above.archive, old), -ENOENT);
    ck_assert_int_eq(archive_lay_over(above.archive, below.path), 0);
    check_kept(&above, old, "of before");
    ck_assert_int_eq(keep(&above, "of now", 4, new), 0);
    check_kept(&above, new, "of now");
    ck_assert(!is_on_disk(&below, new));
    ck_assert_int_eq(archive_erase(above.archive, old), 1);
    check_kept(&below, old, "of before");
    ground_end(&above);
    ck_assert_int_eq(archive_open(below.path, &above.archive), 0);
    ck_assert_int_eq(archive_lay_over(above.archive, "/nonexistent"), -ENOENT);
    archive_close(above.archive);
    ground_end(&below);
}
END_TEST

UNIT_MAIN("archive", UNIT_ROWS(a_file_is_kept_under_the_hash_of_its_content, contents),
          UNIT_TEST(keeping_the_same_content_twice_changes_nothing),
          UNIT_TEST(an_archive_laid_over_another_reads_its_files_and_writes_its_own),
          UNIT_TEST(a_kept_file_that_the_disk_cut_is_replaced_by_the_whole_one),
          UNIT_TEST(a_file_given_up_leaves_nothing),
          UNIT_TEST(a_deferred_file_is_read_as_any_other_and_comes_on_the_disk_when_it_is_settled),
          UNIT_TEST(a_file_that_is_not_small_is_on_the_disk_at_once),
          UNIT_TEST(a_call_that_fails_while_settling_leaves_the_file_deferred),
          UNIT_TEST(a_file_diverted_replaces_what_is_there_and_leaves_nothing_in_the_archive),
          UNIT_TEST(leftovers_of_a_crash_are_removed_at_opening_and_kept_files_stay),
          UNIT_TEST(after_a_failed_write_nothing_can_be_kept),
          UNIT_ROWS(only_a_hash_names_a_file, readings),
          UNIT_TEST(a_file_in_the_way_of_the_folder_is_an_error),
          UNIT_ROWS(a_call_that_fails_while_opening_is_told_and_kept_files_stay, openings),
          UNIT_ROWS(a_call_that_fails_while_keeping_is_told_and_no_half_file_is_kept, keepings),
          UNIT_TEST(a_link_in_the_place_of_a_kept_file_is_replaced_by_the_file),
          UNIT_TEST(a_file_is_erased_once_and_no_other_with_it),
          UNIT_ROWS(a_large_file_goes_to_the_disk_while_it_is_written_and_a_failure_keeps_nothing,
                    backs),
          UNIT_TEST(a_large_file_is_kept_also_where_only_whole_files_are_synced),
          UNIT_TEST(the_name_of_a_folder_is_synced_once_and_again_when_it_was_made_anew),
          UNIT_TEST(a_file_that_cannot_be_diverted_leaves_what_was_there))
