"""Under a service manager: readiness, status, watchdog, reload and end, read from a fake notify socket."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from waitlist import Instance, PATIENCE_S, ROOT, measure, plan, run_tests, skip, three, wait_for

UNIT = os.path.join(ROOT, "systemd", "waitlistd.service")


class Notify:
    """The service manager's end of NOTIFY_SOCKET; .lines is everything said so far."""

    def __init__(self, w):
        self.path = w.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.lines = []

    def until(self, start, seconds=20):
        """Waits for a line that begins with start, said after the last one waited for."""
        deadline = time.monotonic() + seconds * PATIENCE_S
        while True:
            for n, line in enumerate(self.lines):
                if line.startswith(start):
                    self.lines = self.lines[n + 1:]
                    return line
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                self.lines += self.socket.recv(65536).decode().splitlines()
            except socket.timeout:
                raise AssertionError(f"no {start} within {seconds} s; said: {self.lines}") from None


def test_it_says_when_it_is_ready_what_it_does_and_when_it_ends(build):
    with Instance(build) as w:
        notify = Notify(w)
        w.put("a.csv", three(6))
        w.start("2024-06-10", env={"NOTIFY_SOCKET": notify.path})
        notify.until("READY=1")
        w.measure()
        assert len(notify.until("STATUS=")) > len("STATUS="), "a status in words"
        w.signal(signal.SIGTERM)
        notify.until("STOPPING=1")
        assert w.stop() == 0


def test_it_feeds_the_watchdog_before_it_bites(build):
    with Instance(build) as w:
        notify = Notify(w)
        # WATCHDOG_PID is left out: the variable then concerns whoever reads it.
        w.start("2024-06-10", env={"NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "1000000"})
        notify.until("READY=1")
        notify.until("WATCHDOG=1", 10)
        first = time.monotonic()
        notify.until("WATCHDOG=1", 10)
        assert time.monotonic() - first < 1.0 * PATIENCE_S, "twice within a period"


def test_a_reload_is_announced_with_its_time_and_ends_ready(build):
    with Instance(build) as w:
        notify = Notify(w)
        w.start("2024-06-10", env={"NOTIFY_SOCKET": notify.path})
        notify.until("READY=1")
        w.signal(signal.SIGHUP)
        notify.until("RELOADING=1")
        assert int(notify.until("MONOTONIC_USEC=").split("=")[1]) > 0
        notify.until("READY=1")


def test_a_redis_that_is_not_there_does_not_delay_readiness_and_is_said(build):
    with Instance(build) as w:
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            text = f.read()
        w.write("waitlistd.yaml", text.replace("{mode: embedded}", "{mode: server, socket: ./no-such.sock}"))
        notify = Notify(w)
        w.start("2024-06-10", ready=False, env={"NOTIFY_SOCKET": notify.path})
        notify.until("READY=1", 30)
        deadline = time.monotonic() + 20 * PATIENCE_S
        while "edis" not in notify.until("STATUS="):
            assert time.monotonic() < deadline
        assert w.process.poll() is None, "healing is its business, not a reason to die"


def test_the_unit_is_sandboxed_and_valid(build):
    if not shutil.which("systemd-analyze"):
        skip("systemd-analyze is not installed")
    r = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=11", UNIT],
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stdout[-400:] + r.stderr
    with Instance(build) as w:
        with open(UNIT, encoding="utf-8") as f:
            text = f.read()
        copy = w.write("waitlistd.service", text.replace("/usr/bin/waitlistd", os.path.join(w.build, "waitlistd")))
        r = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=60)
        assert r.returncode == 0 and "waitlistd.service" not in r.stderr, r.stderr


def test_a_refused_reload_is_said_wherever_one_looks_until_a_good_one(build):
    with Instance(build) as w:
        notify = Notify(w)
        w.put("a.csv", three(25))
        w.start("2024-06-10", env={"NOTIFY_SOCKET": notify.path})
        w.measure()
        good = w.write("plan.good", plan())
        w.write("plan.yaml", plan(measure(target="{at_leest: 60}")))
        w.signal(signal.SIGHUP)
        notify.until("RELOADING=1")
        notify.until("READY=1")
        assert notify.lines and notify.lines[0].startswith("STATUS=reload refused"), notify.lines
        assert "last good" in str(w.ctl("status")), w.ctl("status")
        health = w.ctl_raw("health")
        assert health.returncode == 1 and "last good" in health.stdout, (health.returncode, health.stdout)
        os.rename(good, w.path("plan.yaml"))
        w.signal(signal.SIGHUP)
        notify.until("RELOADING=1")
        notify.until("READY=1")
        assert "last good" not in str(w.ctl("status")) and w.ctl_raw("health").returncode == 0


def test_the_status_line_goes_on_saying_that_a_reload_was_refused(build):
    with Instance(build) as w:
        notify = Notify(w)
        w.put("a.csv", three(25))
        w.start("2024-06-10", env={"NOTIFY_SOCKET": notify.path})
        w.measure()
        w.write("plan.yaml", plan(measure(target="{at_leest: 60}")))
        w.signal(signal.SIGHUP)
        notify.until("STATUS=reload refused")
        w.put("b.csv", three(6, "2024-05"))  # the next thing that it does
        wait_for(lambda: w.measure()["value"] == 6, "the next file")
        assert "last good" in notify.until("STATUS="), "said beside what it does"


if __name__ == "__main__":
    run_tests(globals())
