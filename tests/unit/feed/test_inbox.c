#include "feed/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "support/folder.h"
#include "support/loop.h"
#include "support/unit.h"

#define PATH_ROOM 512
#define SEEN_MAX  32

enum answer { TAKE, LEAVE, KEEP, CLOSE };

struct ground {
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16];
    struct event_base *base;
    struct inbox *inbox;
    enum answer answer;
    char names[SEEN_MAX][64], bytes[SEEN_MAX][64];
    size_t count, wanted;
    char waiting[64], why[128];
    size_t waits;
    int taken; /* what inbox_taken() returned last */
    void (*before_taken)(struct ground *g);
};

static void on_offer(void *arg, struct inbox *inbox, const char *name, int fd)
{
    struct ground *g = arg;
    ssize_t n;

    ck_assert_uint_lt(g->count, SEEN_MAX);
    (void)snprintf(g->names[g->count], 64, "%s", name);
    n = read(fd, g->bytes[g->count], 63);
    ck_assert_int_ge(n, 0);
    g->bytes[g->count++][n] = '\0';
    if (g->before_taken)
        g->before_taken(g);
    if (g->answer == TAKE)
        g->taken = inbox_taken(inbox, name);
    else if (g->answer == LEAVE)
        inbox_leave(inbox, name);
    else if (g->answer == CLOSE) {
        inbox_close(inbox);
        g->inbox = NULL;
    }
}

static void on_waiting(void *arg, struct inbox *inbox, const char *name, const char *why)
{
    struct ground *g = arg;

    (void)inbox;
    g->waits++;
    (void)snprintf(g->waiting, sizeof g->waiting, "%s", name);
    (void)snprintf(g->why, sizeof g->why, "%s", why);
}

static const char *at(struct ground *g, const char *name)
{
    static char path[PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/%s", g->path, name);
    return path;
}

static void write_here(const char *path, const char *bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_msg(fd >= 0, "%s", path);
    ck_assert_int_eq(file_write_all(fd, bytes, strlen(bytes)), 0);
    fd_close(&fd);
}

static void write_in_place(struct ground *g, const char *name, const char *bytes)
{
    write_here(at(g, name), bytes);
}

static void rename_in(struct ground *g, const char *name, const char *bytes)
{
    char outside[FOLDER_MAX + 16];

    (void)snprintf(outside, sizeof outside, "%s/outside", g->folder);
    write_here(outside, bytes);
    ck_assert_int_eq(rename(outside, at(g, name)), 0);
}

static bool exists(struct ground *g, const char *name)
{
    struct stat st;

    return lstat(at(g, name), &st) == 0;
}

static void ground_begin(struct ground *g, bool is_watched)
{
    memset(g, 0, sizeof *g);
    g->taken = 1;
    log_set_level(LOG_LEVEL_ERROR);
    folder_begin(g->folder);
    (void)snprintf(g->path, sizeof g->path, "%s/in/box", g->folder);
    g->base = event_base_new();
    ck_assert_int_eq(
        inbox_open(is_watched ? g->base : NULL, g->path, on_offer, on_waiting, g, &g->inbox), 0);
    /* Long enough that only a test that asks for it sees a rescan. */
    if (is_watched)
        inbox_set_periods(g->inbox, 3600000, 3600000);
}

static void ground_end(struct ground *g)
{
    inbox_close(g->inbox);
    event_base_free(g->base);
    folder_end(g->folder);
}

static bool were_offered(void *arg)
{
    struct ground *g = arg;

    return g->count >= g->wanted;
}

static bool was_waiting(void *arg)
{
    return ((struct ground *)arg)->waits > 0;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static bool offered(struct ground *g, size_t wanted)
{
    g->wanted = wanted;
    return loop_until(g->base, were_offered, g);
}

/* Lets whatever is due happen: every notice that stands in the queue is read in one turn. */
static void settle(struct ground *g)
{
    (void)loop_until_for(g->base, never, NULL, 60);
}

/* ---- at start and by --once ---------------------------------------------------------------- */

static const struct {
    const char *why, *name, *bytes;
    size_t offers, waits, skipped;
} found[] = {
    { "a whole file", "april.csv", "a,b\n1,2\n", 1, 0, 0 },
    { "no final line end", "april.csv", "a,b\n1,2", 0, 1, 0 },
    { "spaces and letters of other languages", "Sept 2024 \xc3\xa9t\xc3\xa9.csv", "a\n", 1, 0, 0 },
    { "a hidden name", ".april.csv", "a\n", 0, 0, 1 },
    { "a leading dash", "-rf", "a\n", 0, 0, 1 },
    { "a line end in the name", "a\nb.csv", "a\n", 0, 0, 1 },
    { "an escape in the name", "a\x1b[2J.csv", "a\n", 0, 0, 1 },
    { "a C1 control in the name", "a\xc2\x9b.csv", "a\n", 0, 0, 1 },
    { "a name that is not UTF-8", "a\xff.csv", "a\n", 0, 0, 1 },
    { "temporary", "april.csv.tmp", "a\n", 0, 0, 1 },
    { "in part", "april.csv.part", "a\n", 0, 0, 1 },
    { "a control file alone", "april.csv.ok", "a\n", 0, 0, 1 },
    { "another control file alone", "april.csv.ctl", "a\n", 0, 0, 1 },
    { "empty and new", "april.csv", "", 0, 0, 0 },
};

START_TEST(a_file_found_at_start_counts_when_its_last_byte_is_a_line_end)
{
    struct ground g;

    ground_begin(&g, false);
    write_in_place(&g, found[_i].name, found[_i].bytes);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_msg(g.count == found[_i].offers, "%s: %zu offers", found[_i].why, g.count);
    ck_assert_msg(g.waits == found[_i].waits, "%s: %zu waits", found[_i].why, g.waits);
    ck_assert_msg(inbox_skipped(g.inbox) == found[_i].skipped, "%s: %zu skipped", found[_i].why,
                  inbox_skipped(g.inbox));
    ck_assert_int_eq(exists(&g, found[_i].name), found[_i].offers == 0);
    if (found[_i].offers) {
        ck_assert_str_eq(g.names[0], found[_i].name);
        ck_assert_str_eq(g.bytes[0], found[_i].bytes);
        ck_assert_int_eq(g.taken, 0);
    }
    ground_end(&g);
}
END_TEST

static void set_age(struct ground *g, const char *name, int seconds)
{
    struct timespec now, times[2];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec -= seconds;
    times[0] = times[1] = now;
    ck_assert_int_eq(utimensat(AT_FDCWD, at(g, name), times, 0), 0);
}

START_TEST(an_old_empty_file_is_offered_so_that_it_can_be_refused)
{
    struct ground g;

    ground_begin(&g, false);
    write_in_place(&g, "empty.csv", "");
    set_age(&g, "empty.csv", 31);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 1);
    ground_end(&g);
}
END_TEST

START_TEST(files_are_offered_oldest_first_and_then_by_name)
{
    static const char *const order[] = { "d.csv", "b.csv", "c.csv", "a.csv" };
    struct ground g;
    struct timespec same[2] = { { 1700000000, 5 }, { 1700000000, 5 } };

    ground_begin(&g, false);
    for (size_t i = 0; i < 4; i++)
        write_in_place(&g, order[i], "x\n");
    set_age(&g, "d.csv", 100000000);
    ck_assert_int_eq(utimensat(AT_FDCWD, at(&g, "b.csv"), same, 0), 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, at(&g, "c.csv"), same, 0), 0);
    set_age(&g, "d.csv", 200000000);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(g.names[i], order[i]);
    ground_end(&g);
}
END_TEST

/* F15: each would be a way to read, or to hang on, something that is no file of the inbox. */
START_TEST(links_and_special_files_are_never_opened)
{
    struct ground g;
    char outside[FOLDER_MAX + 16], alone[FOLDER_MAX + 16];

    ground_begin(&g, true);
    (void)snprintf(outside, sizeof outside, "%s/secret", g.folder);
    (void)snprintf(alone, sizeof alone, "%s/alone", g.folder); /* only its link gives it away */
    write_here(outside, "secret\n");
    write_here(alone, "secret\n");
    ck_assert_int_eq(symlink(alone, at(&g, "symbolic.csv")), 0);
    ck_assert_int_eq(link(outside, at(&g, "hard.csv")), 0);
    ck_assert_int_eq(mkfifo(at(&g, "fifo.csv"), 0600), 0);
    ck_assert_int_eq(mkdir(at(&g, "folder.csv"), 0700), 0);
    ck_assert_int_eq(symlink("nowhere", at(&g, "dangling.csv")), 0);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    settle(&g);
    ck_assert_uint_eq(g.count, 0);
    ck_assert_uint_eq(inbox_skipped(g.inbox), 4);
    ck_assert_uint_eq(g.waits, 4);
    ck_assert_int_eq(unlink(at(&g, "hard.csv")), 0);
    ground_end(&g);
}
END_TEST

/* The library's, around which the next test swaps the name: a file for the look, a link for the open. */
static struct ground *swapped;

static void put_there(struct ground *g, bool is_link)
{
    char beside[FOLDER_MAX + 16], alone[FOLDER_MAX + 16];

    (void)snprintf(beside, sizeof beside, "%s/beside", g->folder);
    (void)snprintf(alone, sizeof alone, "%s/alone", g->folder);
    if (is_link)
        ck_assert_int_eq(symlink(alone, beside), 0);
    else
        write_here(beside, "good\n");
    ck_assert_int_eq(rename(beside, at(g, "april.csv")), 0);
}

int fstatat(int folder, const char *restrict name, struct stat *restrict out, int flags)
{
    bool swaps = swapped && strcmp(name, "april.csv") == 0;

    if (swaps)
        put_there(swapped, false);
    int r = (int)syscall(SYS_newfstatat, folder, name, out, flags);

    if (swaps)
        put_there(swapped, true);
    return r;
}

/* F15 */
START_TEST(a_link_swapped_in_between_look_and_open_is_not_followed)
{
    struct ground g;
    char alone[FOLDER_MAX + 16];

    ground_begin(&g, false);
    (void)snprintf(alone, sizeof alone, "%s/alone", g.folder);
    write_here(alone, "secret\n");
    write_in_place(&g, "april.csv", "good\n");
    swapped = &g;
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    swapped = NULL;
    ck_assert_uint_eq(g.count, 0);
    ground_end(&g);
}
END_TEST

START_TEST(an_unreadable_file_is_told_and_kept)
{
    struct ground g;

    ground_begin(&g, false);
    write_in_place(&g, "april.csv", "a\n");
    ck_assert_int_eq(chmod(at(&g, "april.csv"), 0), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chmod(g.folder, 0755), 0);
        (void)snprintf(g.why, sizeof g.why, "%s/in", g.folder);
        ck_assert_int_eq(chmod(g.why, 0755), 0);
        ck_assert_int_eq(chmod(g.path, 0755), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    int r = inbox_scan_now(g.inbox);

    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(r, 0);
    ck_assert_uint_eq(g.count, 0);
    ck_assert_str_eq(g.waiting, "april.csv");
    ck_assert_str_eq(g.why, strerror(EACCES));
    ck_assert_int_eq(chmod(at(&g, "april.csv"), 0600), 0);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 1);
    ground_end(&g);
}
END_TEST

/* ---- watched ------------------------------------------------------------------------------- */

static const char *const contents[] = { "a,b\n1,2\n", "a,b\n1,2", "" };

START_TEST(a_file_renamed_in_is_complete_at_once_whatever_its_last_byte)
{
    struct ground g;

    ground_begin(&g, true);
    rename_in(&g, "april.csv", contents[_i]);
    ck_assert(offered(&g, 1));
    ck_assert_str_eq(g.bytes[0], contents[_i]);
    ck_assert_int_eq(g.taken, 0);
    ck_assert(!exists(&g, "april.csv"));
    ck_assert_uint_eq(g.waits, 0);
    /* The next file of that name is a file of its own. */
    write_in_place(&g, "april.csv", "again");
    settle(&g);
    ck_assert_uint_eq(g.count, 1);
    rename_in(&g, "april.csv", "third\n");
    ck_assert(offered(&g, 2));
    ck_assert_str_eq(g.bytes[1], "third\n");
    ground_end(&g);
}
END_TEST

START_TEST(a_renamed_temporary_file_is_a_file_renamed_in)
{
    struct ground g;
    char from[PATH_ROOM];

    ground_begin(&g, true);
    write_in_place(&g, "april.csv.part", "a,b");
    (void)snprintf(from, sizeof from, "%s", at(&g, "april.csv.part"));
    settle(&g);
    ck_assert_uint_eq(g.count, 0);
    ck_assert_int_eq(rename(from, at(&g, "april.csv")), 0);
    ck_assert(offered(&g, 1));
    ground_end(&g);
}
END_TEST

START_TEST(a_file_written_in_place_waits_until_it_is_still)
{
    struct ground g;
    int fd;

    ground_begin(&g, true);
    inbox_set_periods(g.inbox, 3600000, 400);
    fd = open(at(&g, "april.csv"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(file_write_all(fd, "a,b\n", 4), 0);
    (void)close(fd);
    long long began = loop_now_ms();

    settle(&g);
    ck_assert_uint_eq(g.count, 0);
    ck_assert(offered(&g, 1));
    ck_assert_int_ge(loop_now_ms() - began, 400);
    ck_assert_str_eq(g.bytes[0], "a,b\n");
    ground_end(&g);
}
END_TEST

START_TEST(a_growing_file_is_not_taken_early)
{
    struct ground g;
    int fd;

    ground_begin(&g, true);
    inbox_set_periods(g.inbox, 50, 600);
    fd = open(at(&g, "april.csv"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; i < 15; i++) { /* longer in all than the time it must be still */
        ck_assert_int_eq(file_write_all(fd, "1\n", 2), 0);
        settle(&g);
        ck_assert_uint_eq(g.count, 0);
    }
    (void)close(fd);
    ck_assert(offered(&g, 1));
    ck_assert_str_eq(g.bytes[0], "1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n");
    ground_end(&g);
}
END_TEST

START_TEST(a_file_without_a_final_line_end_waits_and_is_told_once)
{
    struct ground g;

    ground_begin(&g, true);
    inbox_set_periods(g.inbox, 30, 100);
    write_in_place(&g, "april.csv", "a,b");
    ck_assert(loop_until(g.base, was_waiting, &g));
    settle(&g);
    ck_assert_uint_eq(g.waits, 1);
    ck_assert_str_eq(g.waiting, "april.csv");
    ck_assert_uint_eq(g.count, 0);
    ck_assert(exists(&g, "april.csv"));
    ground_end(&g);
}
END_TEST

static const char *const controls[] = { "april.csv.ok", "april.csv.ctl" };

START_TEST(a_control_file_proves_the_end_and_goes_with_its_file)
{
    struct ground g;

    ground_begin(&g, true);
    write_in_place(&g, "april.csv", "a,b");
    settle(&g);
    ck_assert_uint_eq(g.count, 0);
    write_in_place(&g, controls[_i], "");
    ck_assert(offered(&g, 1));
    ck_assert_str_eq(g.bytes[0], "a,b");
    ck_assert(!exists(&g, "april.csv"));
    ck_assert(!exists(&g, controls[_i]));
    /* Found at start as well. */
    write_in_place(&g, "april.csv", "c,d");
    write_in_place(&g, controls[_i], "");
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 2);
    ground_end(&g);
}
END_TEST

START_TEST(a_control_file_left_from_before_proves_nothing)
{
    struct ground g;
    struct stat control, file;

    ground_begin(&g, false);
    write_in_place(&g, "april.csv.ok", "");
    do { /* the clock of the file system ticks slowly */
        write_in_place(&g, "april.csv", "a,b");
        ck_assert_int_eq(stat(at(&g, "april.csv.ok"), &control), 0);
        ck_assert_int_eq(stat(at(&g, "april.csv"), &file), 0);
    } while (control.st_ctim.tv_sec == file.st_ctim.tv_sec &&
             control.st_ctim.tv_nsec == file.st_ctim.tv_nsec);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 0);
    ck_assert_uint_eq(g.waits, 1);
    ground_end(&g);
}
END_TEST

START_TEST(a_file_left_is_offered_again_at_the_next_rescan_only)
{
    struct ground g;

    ground_begin(&g, true);
    g.answer = LEAVE;
    rename_in(&g, "april.csv", "a");
    ck_assert(offered(&g, 1));
    settle(&g);
    ck_assert_uint_eq(g.count, 1);
    inbox_set_periods(g.inbox, 30, 3600000);
    g.answer = TAKE;
    ck_assert(offered(&g, 2));
    ck_assert(!exists(&g, "april.csv"));
    ground_end(&g);
}
END_TEST

START_TEST(a_file_is_not_offered_again_while_its_receiver_works)
{
    struct ground g;

    ground_begin(&g, true);
    g.answer = KEEP;
    inbox_set_periods(g.inbox, 20, 20);
    rename_in(&g, "april.csv", "a\n");
    ck_assert(offered(&g, 1));
    settle(&g);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 1);
    ck_assert_int_eq(inbox_taken(g.inbox, "april.csv"), 0);
    ck_assert(!exists(&g, "april.csv"));
    ck_assert_int_eq(inbox_taken(g.inbox, "april.csv"), -ENOENT);
    ground_end(&g);
}
END_TEST

START_TEST(a_file_is_offered_only_after_the_answer_to_the_one_before)
{
    struct ground g;

    ground_begin(&g, true);
    g.answer = KEEP;
    write_in_place(&g, "a.csv", "a\n");
    write_in_place(&g, "b.csv", "b\n");
    write_in_place(&g, "c.csv", "c\n");
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    settle(&g);
    inbox_go_on(g.inbox);
    ck_assert_uint_eq(g.count, 1);
    ck_assert_int_eq(inbox_taken(g.inbox, "a.csv"), 0);
    inbox_go_on(g.inbox); /* the proof of the scan holds, though no rescan would give it */
    ck_assert_uint_eq(g.count, 2);
    inbox_leave(g.inbox, "b.csv");
    g.answer = TAKE;
    inbox_go_on(g.inbox);
    ck_assert_uint_eq(g.count, 3);
    ck_assert_str_eq(g.names[1], "b.csv");
    ck_assert_str_eq(g.names[2], "c.csv");
    ground_end(&g);
}
END_TEST

START_TEST(a_file_that_changes_while_it_waits_is_not_offered_on_its_old_proof)
{
    struct ground g;

    ground_begin(&g, true);
    g.answer = KEEP;
    write_in_place(&g, "a.csv", "a\n");
    write_in_place(&g, "b.csv", "b\n");
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 1);
    write_in_place(&g, "b.csv", "b\nhalf");
    settle(&g); /* seen, by notice */
    ck_assert_int_eq(inbox_taken(g.inbox, "a.csv"), 0);
    inbox_go_on(g.inbox);
    ck_assert_uint_eq(g.count, 1);
    ground_end(&g);
}
END_TEST

START_TEST(a_file_that_goes_while_its_receiver_works_stops_no_other)
{
    struct ground g;

    ground_begin(&g, true);
    g.answer = KEEP;
    rename_in(&g, "april.csv", "a\n");
    ck_assert(offered(&g, 1));
    rename_in(&g, "may.csv", "b\n");
    ck_assert_int_eq(unlink(at(&g, "april.csv")), 0);
    settle(&g);
    ck_assert_uint_eq(g.count, 1);
    ck_assert_int_eq(inbox_taken(g.inbox, "april.csv"), 0);
    inbox_go_on(g.inbox);
    ck_assert(offered(&g, 2));
    ground_end(&g);
}
END_TEST

static void replace_it(struct ground *g)
{
    g->before_taken = NULL;
    rename_in(g, "april.csv", "the new one");
}

static void append_to_it(struct ground *g)
{
    int fd = open(at(g, "april.csv"), O_WRONLY | O_APPEND | O_CLOEXEC);

    g->before_taken = NULL;
    ck_assert_int_eq(file_write_all(fd, "more\n", 5), 0);
    (void)close(fd);
}

static void rewrite_it(struct ground *g)
{
    g->before_taken = NULL;
    write_in_place(g, "april.csv", "the new one\n");
}

static void rewrite_it_with_control(struct ground *g)
{
    g->before_taken = NULL;
    write_in_place(g, "april.csv", "the new one");
    write_in_place(g, "april.csv.ok", "");
}

static void remove_it(struct ground *g)
{
    g->before_taken = NULL;
    ck_assert_int_eq(unlink(at(g, "april.csv")), 0);
}

static const struct {
    const char *why;
    void (*change)(struct ground *);
    int taken;
    const char *then; /* offered next; NULL: nothing */
} changes[] = {
    { "replaced by a rename", replace_it, -ESTALE, "the new one" },
    { "appended to", append_to_it, -ESTALE, "a\nmore\n" },
    { "written anew", rewrite_it, -ESTALE, "the new one\n" },
    { "written anew, with its control file", rewrite_it_with_control, -ESTALE, "the new one" },
    { "removed by another", remove_it, 0, NULL },
};

/* F4, F16: what the receiver has not read is never removed. */
START_TEST(a_file_that_changed_since_its_offer_stays_and_is_offered_again)
{
    struct ground g;

    ground_begin(&g, true);
    inbox_set_periods(g.inbox, 50, 100);
    g.before_taken = changes[_i].change;
    rename_in(&g, "april.csv", "a\n");
    ck_assert(offered(&g, 1));
    ck_assert_msg(g.taken == changes[_i].taken, "%s: %d", changes[_i].why, g.taken);
    if (changes[_i].then) {
        ck_assert_msg(offered(&g, 2), "%s", changes[_i].why);
        ck_assert_str_eq(g.bytes[1], changes[_i].then);
        ck_assert_int_eq(g.taken, 0);
    }
    settle(&g);
    ck_assert_uint_eq(g.count, changes[_i].then ? 2 : 1);
    ck_assert(!exists(&g, "april.csv"));
    ground_end(&g);
}
END_TEST

START_TEST(a_file_replaced_while_its_receiver_works_is_not_removed)
{
    struct ground g;

    ground_begin(&g, true);
    inbox_set_periods(g.inbox, 20, 20);
    g.answer = KEEP;
    rename_in(&g, "april.csv", "a\n");
    ck_assert(offered(&g, 1));
    rename_in(&g, "april.csv", "b");
    settle(&g); /* the new one has been seen, by notice and by rescan */
    ck_assert_uint_eq(g.count, 1);
    ck_assert_int_eq(inbox_taken(g.inbox, "april.csv"), -ESTALE);
    g.answer = TAKE;
    ck_assert(offered(&g, 2));
    ck_assert_str_eq(g.bytes[1], "b");
    ground_end(&g);
}
END_TEST

/* File systems give a freed inode to the next file at once. */
/* Whoever runs the tests, and be it root, may not change the folder until the lock is opened. */
static void lock_folder(struct ground *g, bool is_locked)
{
    if (!is_locked && getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(g->path, is_locked ? 0555 : 0755), 0);
    if (is_locked && getuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
}

/* A read-only mount, a sticky folder: what was taken is not offered for ever. */
START_TEST(a_file_that_cannot_be_removed_is_offered_once_and_goes_when_it_can)
{
    struct ground g;

    ground_begin(&g, false);
    write_in_place(&g, "april.csv", "a\n");
    ck_assert_int_eq(chmod(at(&g, "april.csv"), 0644), 0);
    lock_folder(&g, true);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    lock_folder(&g, false);
    ck_assert_uint_eq(g.count, 1);
    ck_assert_int_eq(g.taken, -EACCES);
    ck_assert(exists(&g, "april.csv"));
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 1);
    ck_assert(!exists(&g, "april.csv"));
    ground_end(&g);
}
END_TEST

START_TEST(another_file_under_the_name_of_one_that_could_not_be_removed_is_offered)
{
    struct ground g;

    ground_begin(&g, false);
    write_in_place(&g, "april.csv", "a\n");
    ck_assert_int_eq(chmod(at(&g, "april.csv"), 0644), 0);
    lock_folder(&g, true);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    lock_folder(&g, false);
    append_to_it(&g);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 2);
    ck_assert_str_eq(g.bytes[1], "a\nmore\n");
    ck_assert(!exists(&g, "april.csv"));
    ground_end(&g);
}
END_TEST

START_TEST(the_proof_of_a_removed_file_does_not_pass_to_the_next_of_its_name)
{
    struct ground g;

    ground_begin(&g, true);
    g.answer = LEAVE;
    for (int i = 0; i < 20; i++) {
        rename_in(&g, "april.csv", "a");
        ck_assert(offered(&g, (size_t)i + 1));
        ck_assert_int_eq(unlink(at(&g, "april.csv")), 0);
        write_in_place(&g, "april.csv", "half");
        settle(&g);
        ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
        ck_assert_uint_eq(g.count, (size_t)i + 1);
        ck_assert_int_eq(unlink(at(&g, "april.csv")), 0);
        settle(&g);
    }
    ground_end(&g);
}
END_TEST

START_TEST(what_a_crash_left_half_taken_comes_back)
{
    struct ground g;

    ground_begin(&g, true);
    write_in_place(&g, ".taken-april.csv", "a\n");
    inbox_close(g.inbox);
    ck_assert_int_eq(inbox_open(g.base, g.path, on_offer, on_waiting, &g, &g.inbox), 0);
    ck_assert_int_eq(inbox_scan_now(g.inbox), 0);
    ck_assert_uint_eq(g.count, 1);
    ck_assert_str_eq(g.names[0], "april.csv");
    ground_end(&g);
}
END_TEST

START_TEST(the_inbox_may_be_closed_from_inside_an_offer)
{
    struct ground g;

    for (int by_scan = 0; by_scan < 2; by_scan++) {
        ground_begin(&g, true);
        g.answer = CLOSE;
        rename_in(&g, "april.csv", "a\n");
        rename_in(&g, "may.csv", "a\n");
        if (by_scan)
            (void)inbox_scan_now(g.inbox);
        else
            ck_assert(offered(&g, 1));
        ck_assert_uint_eq(g.count, 1);
        ck_assert_ptr_null(g.inbox);
        ground_end(&g);
    }
}
END_TEST

START_TEST(a_folder_made_anew_is_watched_anew)
{
    struct ground g;
    char aside[FOLDER_MAX + 16];

    ground_begin(&g, true);
    (void)snprintf(aside, sizeof aside, "%s/aside", g.folder);
    ck_assert_int_eq(rename(g.path, aside), 0);
    inbox_set_periods(g.inbox, 30, 3600000);
    while (!exists(&g, ""))
        (void)event_base_loop(g.base, EVLOOP_ONCE);
    rename_in(&g, "april.csv", "a");
    ck_assert(offered(&g, 1));
    ck_assert_str_eq(g.bytes[0], "a");
    ground_end(&g);
}
END_TEST

START_TEST(many_files_at_once_are_all_offered)
{
    struct ground g;
    char name[32];

    ground_begin(&g, true);
    g.answer = LEAVE;
    for (int i = 0; i < SEEN_MAX; i++) {
        (void)snprintf(name, sizeof name, "%02d.csv", i);
        rename_in(&g, name, "a");
    }
    ck_assert(offered(&g, SEEN_MAX));
    ground_end(&g);
}
END_TEST

UNIT_MAIN("inbox", UNIT_ROWS(a_file_found_at_start_counts_when_its_last_byte_is_a_line_end, found),
          UNIT_TEST(an_old_empty_file_is_offered_so_that_it_can_be_refused),
          UNIT_TEST(files_are_offered_oldest_first_and_then_by_name),
          UNIT_TEST(a_file_is_offered_only_after_the_answer_to_the_one_before),
          UNIT_TEST(a_file_that_changes_while_it_waits_is_not_offered_on_its_old_proof),
          UNIT_TEST(a_file_that_goes_while_its_receiver_works_stops_no_other),
          UNIT_TEST(links_and_special_files_are_never_opened),
          UNIT_TEST(a_link_swapped_in_between_look_and_open_is_not_followed),
          UNIT_TEST(an_unreadable_file_is_told_and_kept),
          UNIT_ROWS(a_file_renamed_in_is_complete_at_once_whatever_its_last_byte, contents),
          UNIT_TEST(a_renamed_temporary_file_is_a_file_renamed_in),
          UNIT_TEST(a_file_written_in_place_waits_until_it_is_still),
          UNIT_TEST(a_growing_file_is_not_taken_early),
          UNIT_TEST(a_file_without_a_final_line_end_waits_and_is_told_once),
          UNIT_ROWS(a_control_file_proves_the_end_and_goes_with_its_file, controls),
          UNIT_TEST(a_control_file_left_from_before_proves_nothing),
          UNIT_TEST(a_file_left_is_offered_again_at_the_next_rescan_only),
          UNIT_TEST(a_file_is_not_offered_again_while_its_receiver_works),
          UNIT_ROWS(a_file_that_changed_since_its_offer_stays_and_is_offered_again, changes),
          UNIT_TEST(a_file_replaced_while_its_receiver_works_is_not_removed),
          UNIT_TEST(a_file_that_cannot_be_removed_is_offered_once_and_goes_when_it_can),
          UNIT_TEST(another_file_under_the_name_of_one_that_could_not_be_removed_is_offered),
          UNIT_TEST(the_proof_of_a_removed_file_does_not_pass_to_the_next_of_its_name),
          UNIT_TEST(what_a_crash_left_half_taken_comes_back),
          UNIT_TEST(the_inbox_may_be_closed_from_inside_an_offer),
          UNIT_TEST(a_folder_made_anew_is_watched_anew),
          UNIT_TEST(many_files_at_once_are_all_offered))
