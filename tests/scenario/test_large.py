"""A large file: read a portion in a turn of the loop, so that people are answered meanwhile and every end is clean.

Where a test has to meet the daemon in the middle of a file, the daemon is halted and looked at first.
"""
import errno
import glob
import json
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from seam import Seam
from waitlist import Instance, run_tests, three, wait_for

SIZE = (20 if os.environ.get("WAITLIST_SANITIZED") or os.environ.get("WAITLIST_WRAPPER") else 60) * 1000000
ANSWERS = 5


def put_large(w, taj, name="large.csv", month="2024-04"):
    """A file of the 4WW shape with one figure that is watched, renamed into the inbox."""
    text = three(taj, month)
    row = text.splitlines()[1]
    block = "".join(row.replace("England", f"X{n:05}") + "\n" for n in range(10000))
    path = w.path(name)
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
        for _ in range(SIZE // len(block) + 1):
            f.write(block)
    os.makedirs(w.path("inbox", "cyp4ww"), exist_ok=True)
    os.rename(path, w.path("inbox", "cyp4ww", name))


def temporaries(w):
    return [n for n in os.listdir(w.path("state", "archive")) if n.startswith("tmp-")]


def receipts(w):
    try:
        with open(w.path("state", "journal", "received"), encoding="utf-8") as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def reads_archive(w):
    """Whether an archived file is open: while it is applied."""
    for fd in glob.glob(f"/proc/{w.process.pid}/fd/*"):
        try:
            if re.search(r"/archive/../[0-9a-f]{64}$", os.readlink(fd)):
                return True
        except FileNotFoundError:
            pass
    return False


def applied(w):
    return w.log().count(" figures=")


def ask(w):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with s:
        s.connect(w.path("state", "control.sock"))
        s.sendall(b'{"command": "status"}\n')
        answer = b""
        while part := s.recv(65536):
            answer += part
    return json.loads(answer)


def halted_while(w, is_so, begun):
    """Halts the daemon in the middle of something; False when that was over before."""
    while not begun():
        assert w.process.poll() is None, w.log()[-2000:]
        time.sleep(0.001)
    w.signal(signal.SIGSTOP)
    wait_for(lambda: open(f"/proc/{w.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[0] == "T",
             "the daemon to halt")
    return is_so()


def halted_in_taking(w):
    """Puts large files until the daemon is halted while it reads one."""
    for n in range(20):
        known = len(receipts(w))
        put_large(w, 6 + n, f"large-{n}.csv")
        if halted_while(w, lambda: len(receipts(w)) == known and temporaries(w),
                        lambda: temporaries(w) or len(receipts(w)) > known):
            return n, known
        w.signal(signal.SIGCONT)
        wait_for(lambda: not w.inbox(), "the file to go", 120)
    raise AssertionError("each file was taken before it was looked at")


def halted_in_applying(w):
    """The same for a file that is received and not applied."""
    for n in range(20):
        known, before = len(receipts(w)), applied(w)
        put_large(w, 6 + n, f"large-{n}.csv")
        if halted_while(w, lambda: applied(w) == before, lambda: len(receipts(w)) > known):
            return n, before
        w.signal(signal.SIGCONT)
        wait_for(lambda: applied(w) > before, "the file to be applied", 120)
    raise AssertionError("each file was applied before it was looked at")


def test_questions_are_answered_while_a_large_file_is_taken_and_while_it_is_applied(build):
    with Instance(build) as w:
        w.start("2024-06-10")
        put_large(w, 6)
        taking = applying = 0
        while not applied(w):
            is_taken, is_applied = bool(temporaries(w)), reads_archive(w)
            assert "status" in json.dumps(ask(w))
            taking += is_taken and bool(temporaries(w))
            applying += is_applied and reads_archive(w)
        assert taking >= ANSWERS and applying >= ANSWERS, (taking, applying)
        wait_for(lambda: w.measure()["value"] == 6, "its figure")
        assert len(receipts(w)) == 1 and not temporaries(w)


def test_a_stop_in_the_middle_of_a_file_leaves_it_in_the_inbox_and_no_temporary(build):
    with Instance(build) as w:
        w.start("2024-06-10")
        n, known = halted_in_taking(w)
        w.signal(signal.SIGTERM)
        w.signal(signal.SIGCONT)
        assert w.stop() == 0
        assert w.inbox() == [f"large-{n}.csv"] and len(receipts(w)) == known and not temporaries(w)
        w.once("2024-06-11")  # which waits for it
        assert not w.inbox() and len(receipts(w)) == known + 1
        assert w.look("2024-06-11", lambda w: w.measure()["value"]) == 6 + n


def test_a_day_is_judged_with_the_large_file_that_lay_there_when_it_began(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        put_large(w, 7, month="2024-05")
        w.once("2024-07-16")  # without it the feed is late from this day on
        assert w.look("2024-07-16", lambda w: (w.alerts("feed-late"), w.measure()["value"])) == ([], 7)
        assert w.log().count("rule=feed-late") == 0 and not [m for m in w.mails() if "late" in m.subject.lower()]


def test_what_lies_there_beside_a_large_file_is_taken_after_it_in_its_order(build):
    with Instance(build) as w:
        put_large(w, 6, "z.csv")
        for n, name in enumerate(("y.csv", "x.csv"), 1):
            w.put(name, three(6 + n))
        for n, name in enumerate(("z.csv", "y.csv", "x.csv")):
            os.utime(w.path("inbox", "cyp4ww", name), (1700000000 + n, 1700000000 + n))
        w.once("2024-06-10")
        assert [json.loads(line.split(" ", 2)[2])["name"] for line in receipts(w)] == ["z.csv", "y.csv", "x.csv"]
        assert not w.inbox()


def test_a_reload_in_the_middle_of_a_file_begins_it_anew(build):
    with Instance(build) as w:
        w.start("2024-06-10")
        n, known = halted_in_taking(w)
        w.signal(signal.SIGHUP)
        w.signal(signal.SIGCONT)
        wait_for(lambda: w.measure()["value"] == 6 + n, "its figure", 120)
        assert "reload: " in w.log() and len(receipts(w)) == known + 1 and not temporaries(w) and not w.inbox()


def test_a_reload_or_a_lost_redis_while_a_file_is_applied_applies_it_anew(build):
    for disturb in (lambda w: w.signal(signal.SIGHUP), lambda w: os.kill(w.redis_pid(), signal.SIGKILL)):
        with Instance(build) as w:
            w.start("2024-06-10")
            n, before = halted_in_applying(w)
            disturb(w)
            w.signal(signal.SIGCONT)
            wait_for(lambda: applied(w) > before and w.measure()["value"] == 6 + n, "its figure", 120)
            assert applied(w) == before + 1, w.log()


def test_a_large_file_is_synced_as_it_grows_and_a_sync_that_fails_leaves_it(build):
    with Instance(build) as w:
        put_large(w, 6)
        trace = Seam(build, w.folder, trace=True)
        w.once("2024-06-10", env=trace.env())
        syncs = [c[0] for c in trace.trace() if c[0] in ("fsync", "sync_file_range") and "/archive/tmp-" in c[1]]
        assert syncs.count("sync_file_range") >= SIZE // (8 << 20) and syncs[-1] == "fsync", syncs
    for call in ("sync_file_range 3", "sync_file_range 4", "fsync 1"):
        with Instance(build) as w:
            put_large(w, 6)
            fail = Seam(build, w.folder, [f"fail {call} {errno.EIO} @/archive/tmp-"])
            assert w.run("--once", "--at", "2024-06-10", env=fail.env()).returncode == 1 and fail.struck(), call
            assert w.inbox() == ["large.csv"] and not receipts(w) and not temporaries(w), call
            w.once("2024-06-11")
            assert w.look("2024-06-11", lambda w: w.measure()["value"]) == 6, call


if __name__ == "__main__":
    run_tests(globals())
