#include "loop/sd.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/unit.h"

/* A fake service manager: an abstract datagram socket whose messages are read back. */
static int manager_open(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    socklen_t len = sizeof(sa_family_t); /* an address without a name: the kernel gives one */
    char name[sizeof a.sun_path + 8];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, len), 0);
    len = sizeof a;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    snprintf(name, sizeof name, "@%.*s", (int)(len - sizeof(sa_family_t) - 1), a.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static const char *manager_heard(int fd)
{
    static char text[2048];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

START_TEST(ready_carries_its_status)
{
    int fd = manager_open();

    ck_assert_int_eq(sd_tell_ready("watching 3 feeds"), 1);
    ck_assert_str_eq(manager_heard(fd), "READY=1\nSTATUS=watching 3 feeds");
    ck_assert_int_eq(sd_tell_ready(NULL), 1);
    ck_assert_str_eq(manager_heard(fd), "READY=1");
    close(fd);
}
END_TEST

START_TEST(the_same_status_is_told_once)
{
    int fd = manager_open();

    ck_assert_int_eq(sd_tell_status("Redis %s", "away"), 1);
    ck_assert_str_eq(manager_heard(fd), "STATUS=Redis away");
    ck_assert_int_eq(sd_tell_status("Redis %s", "away"), 0);
    ck_assert_str_eq(manager_heard(fd), "");
    ck_assert_int_eq(sd_tell_status("Redis %s", "ready"), 1);
    ck_assert_str_eq(manager_heard(fd), "STATUS=Redis ready");
    close(fd);
}
END_TEST

START_TEST(no_status_can_forge_another_assignment)
{
    int fd = manager_open();

    ck_assert_int_eq(sd_tell_status("a\nWATCHDOG=trigger\r\x1b[2J"), 1);
    ck_assert_str_eq(manager_heard(fd), "STATUS=a WATCHDOG=trigger  [2J");
    close(fd);
}
END_TEST

START_TEST(a_reload_carries_the_monotonic_time)
{
    int fd = manager_open();
    uint64_t usec = 0;

    ck_assert_int_eq(sd_tell_reloading(), 1);
    const char *heard = manager_heard(fd);

    ck_assert_msg(sscanf(heard, "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &usec) == 1, "%s", heard);
    ck_assert_msg(usec > 0, "%s", heard);
    close(fd);
}
END_TEST

START_TEST(stopping_and_more_time_are_told)
{
    int fd = manager_open();

    ck_assert_int_eq(sd_tell_extend(30), 1);
    ck_assert_str_eq(manager_heard(fd), "EXTEND_TIMEOUT_USEC=30000000");
    ck_assert_int_eq(sd_tell_stopping("finishing 2 deliveries"), 1);
    ck_assert_str_eq(manager_heard(fd), "STOPPING=1\nSTATUS=finishing 2 deliveries");
    close(fd);
}
END_TEST

START_TEST(nothing_happens_without_a_service_manager)
{
    unsetenv("NOTIFY_SOCKET");
    ck_assert_int_eq(sd_tell_ready("x"), 0);
    ck_assert_int_eq(sd_tell_reloading(), 0);
    ck_assert_int_eq(sd_tell_extend(1), 0);
}
END_TEST

struct worker {
    int asked, pings_wanted;
    bool is_well;
    struct event_base *base;
};

static bool ask_worker(void *arg)
{
    struct worker *w = arg;

    if (++w->asked >= w->pings_wanted)
        event_base_loopbreak(w->base);
    return w->is_well;
}

static struct sd_watchdog *watchdog_of(struct worker *w, const char *usec)
{
    struct sd_watchdog *watchdog = NULL;

    setenv("WATCHDOG_USEC", usec, 1);
    unsetenv("WATCHDOG_PID");
    w->base = event_base_new();
    ck_assert_ptr_nonnull(w->base);
    ck_assert_int_eq(sd_watchdog_start(w->base, ask_worker, w, &watchdog), 0);
    return watchdog;
}

START_TEST(the_watchdog_is_fed_from_the_loop_at_half_of_its_interval)
{
    struct worker w = { .pings_wanted = 3, .is_well = true };
    int fd = manager_open(), pings = 0;
    struct sd_watchdog *watchdog = watchdog_of(&w, "40000");

    ck_assert_uint_eq(sd_watchdog_interval_us(watchdog), 20000);
    event_base_dispatch(w.base);
    while (strcmp(manager_heard(fd), "WATCHDOG=1") == 0)
        pings++;
    ck_assert_int_eq(pings, 3);
    sd_watchdog_stop(watchdog);
    event_base_free(w.base);
    close(fd);
}
END_TEST

START_TEST(a_worker_past_its_deadline_withholds_the_ping)
{
    struct worker w = { .pings_wanted = 3, .is_well = false };
    int fd = manager_open();
    struct sd_watchdog *watchdog = watchdog_of(&w, "40000");

    event_base_dispatch(w.base);
    ck_assert_int_eq(w.asked, 3);
    ck_assert_str_eq(manager_heard(fd), "");
    sd_watchdog_stop(watchdog);
    event_base_free(w.base);
    close(fd);
}
END_TEST

static const struct {
    const char *why, *usec, *pid;
    int result;
} environments[] = {
    { "no watchdog asked for", NULL, NULL, 0 },
    { "it is meant for another process", "30000000", "1", 0 },
    { "no number", "soon", NULL, -EINVAL },
    { "zero", "0", NULL, -EINVAL },
};

START_TEST(no_watchdog_is_started_where_none_is_asked_for)
{
    struct event_base *base = event_base_new();
    struct sd_watchdog *watchdog = NULL;

    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if (environments[_i].usec)
        setenv("WATCHDOG_USEC", environments[_i].usec, 1);
    if (environments[_i].pid)
        setenv("WATCHDOG_PID", environments[_i].pid, 1);
    ck_assert_msg(sd_watchdog_start(base, NULL, NULL, &watchdog) == environments[_i].result, "%s",
                  environments[_i].why);
    ck_assert_ptr_null(watchdog);
    ck_assert_uint_eq(sd_watchdog_interval_us(watchdog), 0);
    sd_watchdog_stop(watchdog);
    event_base_free(base);
}
END_TEST

UNIT_MAIN("sd", UNIT_TEST(ready_carries_its_status), UNIT_TEST(the_same_status_is_told_once),
          UNIT_TEST(no_status_can_forge_another_assignment),
          UNIT_TEST(a_reload_carries_the_monotonic_time),
          UNIT_TEST(stopping_and_more_time_are_told),
          UNIT_TEST(nothing_happens_without_a_service_manager),
          UNIT_TEST(the_watchdog_is_fed_from_the_loop_at_half_of_its_interval),
          UNIT_TEST(a_worker_past_its_deadline_withholds_the_ping),
          UNIT_ROWS(no_watchdog_is_started_where_none_is_asked_for, environments))
