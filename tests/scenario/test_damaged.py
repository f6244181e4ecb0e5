"""The embedded Redis cannot read its files: set aside and rebuilt from archive and journals, or said in plain words."""
import glob
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, run_tests, three, wait_for

DAY = "2024-06-10"


def part(w, kind):
    path, = glob.glob(w.path("state", "redis", "appendonlydir", f"*{kind}*"))
    return path


def spoil(path, at, what):
    """at: a place, or the bytes that stand there, looked for from the middle on."""
    with open(path, "r+b") as f:
        whole = f.read()
        f.seek(at if isinstance(at, int) else whole.index(at, len(whole) // 2))
        f.write(what)


DAMAGES = {
    "bytes in the middle of the append-only file": lambda w: spoil(part(w, "incr"), b"\r\n*", b"\xff" * 40),
    "the first byte of the append-only file": lambda w: spoil(part(w, "incr"), 0, b"x"),
    "the append-only file gone": lambda w: os.unlink(part(w, "incr")),
    "the base file gone": lambda w: os.unlink(part(w, "base")),
    "bytes in the base file": lambda w: spoil(part(w, "base"), 44, b"\xff" * 10),
    "the head of the base file": lambda w: spoil(part(w, "base"), 0, b"xxx"),
    "the base file cut": lambda w: os.truncate(part(w, "base"), os.path.getsize(part(w, "base")) // 2),
    "a manifest of something else": lambda w: spoil(part(w, "manifest"), 0, b"garbage\n"),
    "an empty manifest": lambda w: os.truncate(part(w, "manifest"), 0),
}


def aside(w):
    return sorted(os.path.basename(p) for p in glob.glob(w.path("state", "redis", "appendonlydir.damaged-*")))


def stand(w):
    return [(a["alert_id"], a["episode_id"], a["state"]) for a in w.alerts("behind-plan")]


def of_measure(w):
    return [(m.delivery_id, m.subject) for m in w.mails() if "monitor" not in m.subject]


def test_damaged_files_of_redis_are_set_aside_and_the_same_alerts_stand_and_nobody_is_told_twice(build):
    for what, damage in DAMAGES.items():
        with Instance(build) as w:
            w.put("a.csv", three(6))
            w.once(DAY)
            before, alert = of_measure(w), w.look(DAY, stand)
            assert len(before) == 1 and alert, what
            damage(w)
            w.start("2024-06-11")
            assert stand(w) == alert, what
            name, = aside(w)
            health = w.ctl_raw("health", output="table")
            assert health.returncode == 1 and "damaged" in health.stdout and name in health.stdout, f"{what}: {health}"
            assert "damaged" in w.ctl("status")["status"]
            assert name in w.log() and "nothing is lost" in w.log(), what
            wait_for(lambda: len(w.mails()) == 2, f"{what}: ops to be told")
            assert name in w.mails()[-1].text and "nothing is lost" in w.mails()[-1].text, w.mails()[-1].text
            w.put("b.csv", three(70, "2024-05"))
            wait_for(lambda: [s for _, _, s in stand(w)] == ["RESOLVED"], f"{what}: the next file to count")
            wait_for(lambda: len(of_measure(w)) == 2, f"{what}: its end to be told")
            assert of_measure(w)[0] == before[0] and "Back on plan" in of_measure(w)[1][1], what


def test_the_end_of_damaged_files_is_told_once_a_person_has_removed_them(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once(DAY)
        DAMAGES["the base file gone"](w)
        w.once("2024-06-11")
        name, = aside(w)
        assert w.look("2024-06-11", lambda w: w.alert("self-check"))["state"] == "FIRING"
        shutil.rmtree(w.path("state", "redis", name))
        w.once("2024-06-12")
        assert w.look("2024-06-12", lambda w: w.alert("self-check"))["state"] == "RESOLVED"
        assert "well again" in w.mails()[-1].subject, w.mails()[-1].subject


def test_files_damaged_twice_within_an_hour_are_left_to_a_person_and_said(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start(DAY)
        wait_for(w.mails, "the mail")
        for n in (1, 2):
            server = wait_for(w.redis_pid, "the embedded Redis")
            DAMAGES["the first byte of the append-only file"](w)
            os.kill(server, signal.SIGKILL)
            if n == 1:
                wait_for(lambda: aside(w) and w.alerts("self-check"), "the first to be set aside")
                wait_for(lambda: time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) not in aside(w)[0], "a name of its own")
        health = wait_for(lambda: (h := w.ctl_raw("health", output="table")).returncode == 2 and "move state/redis/appendonlydir away" in h.stdout and h,
                          "health to say what to do", 30)
        assert "rebuilt from the archive and the journals" in health.stdout, health.stdout
        assert len(aside(w)) == 1 and "move state/redis/appendonlydir away" in w.ctl("status")["status"]
        os.rename(w.path("state", "redis", "appendonlydir"), w.path("away"))
        wait_for(lambda: w.ctl_raw("health").returncode == 1, "it to go on without a restart", 40)
        assert [s for _, _, s in stand(w)] == ["FIRING"] and len(of_measure(w)) == 1


def test_damaged_files_that_hold_what_the_journals_do_not_are_left_where_they_are_and_said(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once(DAY)
        shutil.rmtree(w.path("state", "journal"))
        DAMAGES["the base file gone"](w)
        w.start("2024-06-11")
        health = wait_for(lambda: (h := w.ctl_raw("health", output="table")).returncode == 2 and "damaged" in h.stdout and h,
                          "health to say so", 30)
        assert "the journals do not hold all of it" in health.stdout and not aside(w), health.stdout


if __name__ == "__main__":
    run_tests(globals())
