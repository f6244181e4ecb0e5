"""What lasts: clocks that go back, failures that do not pass, files that cannot go, reloads that cannot be."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import re
import signal
import socket
import subprocess
import threading
import time

from waitlist import Instance, FEED_CYP, PATIENCE_S, RECEIVER_SPOOL, plan, run_tests, skip, three, wait_for

NOBODY = 65534


def start_as(w, *options, **more):
    """Starts the daemon as Instance.start() does, with other options or as another user."""
    assert w.process is None
    with open(w.log_path, "ab") as log:
        w.process = subprocess.Popen(w._argv(*options), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     cwd=w.folder, **more)
    wait_for(w._answers, "the control socket to answer", 30)


def status(w):
    return w.ctl("status")["status"]


def health(w):
    """waitlistctl health: its exit status and words."""
    r = w.ctl_raw("health", output="table")
    return r.returncode, r.stdout + r.stderr


def replace(w, *pairs, name="waitlistd.yaml"):
    """Edits the settings in place: each pair is what stands there and what comes instead."""
    with open(w.path(name), encoding="utf-8") as f:
        text = f.read()
    for old, new in pairs:
        assert old in text, f"{old} is not in {name}"
        text = text.replace(old, new)
    w.write(name, text)


def reload(w):
    """SIGHUP, and waits until it was taken or refused."""
    said = len(re.findall("reload: ", w.log()))
    w.signal(signal.SIGHUP)
    wait_for(lambda: len(re.findall("reload: ", w.log())) > said, "the reload")


def receipts(w):
    with open(w.path("state", "journal", "received"), encoding="utf-8") as f:
        return len(f.readlines())


def lines_in(w, seconds):
    """How many lines the log grows by; the rate is what is asked, so this does wait."""
    before = w.log().count("\n")
    time.sleep(seconds)
    return w.log().count("\n") - before


def processor_s(w):
    """Seconds of processor time that the daemon has used."""
    with open(f"/proc/{w.process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---- the clock ---------------------------------------------------------------------------------

def test_a_start_whose_clock_is_before_the_last_evaluation_goes_on_from_that_date_and_says_so(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2094-06-10")  # years before which this machine's clock is
        start_as(w)
        assert w.measure()["value"] == 6
        assert w.ctl("status")["today"] == "2094-06-10"
        assert "the clock is before 2094-06-10, the date last evaluated" in status(w), status(w)
        w.put("b.csv", three(4, "2024-05"))
        wait_for(lambda: w.measure()["value"] == 4, "a file to be judged as of that date")
        assert w.log().count("the clock is before 2094-06-10") == 1, "said once in the log"
        used = processor_s(w)
        time.sleep(1)
        assert processor_s(w) - used < 0.5 * PATIENCE_S, "it turns in a circle"
        assert w.stop() == 0


def test_a_clock_that_steps_back_over_midnight_while_it_runs_leaves_the_day_as_it_was(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10T00:30")
        assert w.measure()["value"] == 6
        replace(w, ("plans:", "timezone: America/New_York\nplans:"))  # there it is still the 9th
        reload(w)
        assert w.ctl("status")["now"].startswith("2024-06-09T19:3"), w.ctl("status")["now"]
        w.put("b.csv", three(4, "2024-05"))
        wait_for(lambda: w.measure()["value"] == 4, "the next file to be judged")
        assert w.ctl("status")["today"] == "2024-06-10"
        wait_for(lambda: "the clock is before 2024-06-10" in status(w), "the status to say so")
        assert health(w)[0] == 1, health(w)
        replace(w, ("timezone: America/New_York\n", ""))
        reload(w)
        wait_for(lambda: "the clock is before" not in status(w), "the status to say so no longer")
        assert w.stop() == 0


# ---- failures that last ------------------------------------------------------------------------

def test_books_that_cannot_be_loaded_are_tried_ever_less_often_and_the_reason_is_said(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        w.measure()
        feeds = f"wl:{{{w.instance}}}:feeds"
        w.redis("RENAME", feeds, feeds + "-aside")
        w.redis("SET", feeds, "no hash")
        w.stop()
        w.start("2024-06-10")
        assert lines_in(w, 3) < 30, w.log()[-3000:]
        wait_for(lambda: "could not be loaded" in status(w), "the reason in the status")
        assert "Redis is away" not in status(w), status(w)
        code, said = health(w)
        assert code == 2 and "could not be loaded" in said, (code, said)
        w.redis("RENAME", feeds + "-aside", feeds)
        wait_for(lambda: "could not be" not in status(w), "it to recover", 40)
        assert w.measure()["value"] == 6
        assert w.stop() == 0


def test_a_change_that_is_never_taken_neither_fills_the_log_nor_stops_the_answers(build):
    with Instance(build) as w:
        w.start("2024-06-10")
        w.ctl("measures")
        alerts = f"wl:{{{w.instance}}}:alerts"
        w.redis("DEL", alerts)
        w.redis("SET", alerts, "no set")
        w.put("a.csv", three(6))  # an alert is to be stored
        wait_for(lambda: "WRONGTYPE" in w.log(), "the failure to be noticed")
        assert lines_in(w, 3) < 30, w.log()[-3000:]
        assert w.ctl_raw("status").returncode == 0
        assert health(w)[0] == 2, health(w)
        started = time.monotonic()
        assert w.stop() == 0
        assert time.monotonic() - started < 10 * PATIENCE_S


class Grudging(threading.Thread):
    """A Redis that greets everybody and refuses whatever it is then asked."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    @staticmethod
    def serve(client):
        with client:
            while True:
                try:
                    data = client.recv(65536)
                    if not data:
                        return
                    if data.startswith(b"*1\r\n$4\r\nPING"):
                        client.sendall(b"+PONG\r\n")
                    elif data.startswith(b"*"):
                        client.sendall(b"-ERR no\r\n")
                except OSError:
                    return

    def close(self):
        self.listener.close()


def test_a_redis_that_greets_and_refuses_all_else_is_not_connected_ten_times_a_second(build):
    server = Grudging()
    try:
        with Instance(build) as w:
            replace(w, ("{mode: embedded}", f"{{mode: server, host: localhost, port: {server.port}}}"))
            w.start("2024-06-10")
            wait_for(lambda: server.connections > 0, "the first connection")
            time.sleep(3)
            assert server.connections < 12, f"{server.connections} connections in 3 s"
            assert w.ctl_raw("status").returncode == 0
            assert w.stop() == 0
    finally:
        server.close()


def test_a_full_disk_leaves_the_file_where_it_is_and_is_said_until_there_is_room(build):
    if os.getuid() != 0:
        skip("only root can mount a small disk")
    with Instance(build) as w:
        archive = w.path("state", "archive")
        os.makedirs(archive)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", archive],
                          capture_output=True, check=False).returncode != 0:
            skip("no file system can be mounted here")
        try:
            w.start("2024-06-10")
            w.put("a.csv", three(6) + "".join(three(7).splitlines(True)[1:]) * 300)
            wait_for(lambda: "not taken" in status(w), "the status to say so")
            assert w.inbox() == ["a.csv"] and receipts(w) == 0
            code, said = health(w)
            assert code == 2 and "No space left" in said, (code, said)
            assert w.process.poll() is None
            assert w.stop() == 0
            assert w.run("--once", "--at", "2024-06-10T14:00").returncode == 1, "--once says it too"
        finally:
            w.stop()
            subprocess.run(["umount", archive], check=True)
        w.once("2024-06-10T15:00")
        assert w.inbox() == [] and receipts(w) == 1


# ---- files and folders -------------------------------------------------------------------------

def scan_now(w):
    """Makes the inbox be looked through: more notices than its queue holds, so that it must."""
    inbox = w.path("inbox", "cyp4ww")
    mode = os.stat(inbox).st_mode
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as f:
        queue = int(f.read())
    if queue > 100_000:
        skip(f"the queue of notices holds {queue}")
    w.signal(signal.SIGSTOP)
    try:
        os.chmod(inbox, 0o755)
        for n in range(queue + 200):
            with open(os.path.join(inbox, f"{n % 2}.tmp"), "w", encoding="ascii"):
                pass
    finally:
        os.chmod(inbox, mode & 0o777)
        w.signal(signal.SIGCONT)
    w.ctl("status")


def give_away(folder):
    """Everything below a folder to a user whom its modes concern, as they do not concern root."""
    for inside, _, names in os.walk(folder):
        for path in (inside, *(os.path.join(inside, n) for n in names)):
            os.chown(path, NOBODY, NOBODY)


def test_a_file_that_cannot_be_removed_is_received_once(build):
    with Instance(build) as w:
        inbox = w.path("inbox", "cyp4ww")
        os.makedirs(inbox)
        user = {}
        if os.getuid() == 0:
            give_away(w.folder)
            user = {"user": NOBODY, "group": NOBODY}
        try:
            start_as(w, "--at", "2024-06-10", **user)
        except PermissionError:
            skip("another user cannot run the programs here")
        w.ctl("measures")
        w.signal(signal.SIGSTOP)
        w.put("a.csv", three(6))
        os.chmod(w.path("inbox", "cyp4ww", "a.csv"), 0o644)
        os.chmod(inbox, 0o555)
        w.signal(signal.SIGCONT)
        try:
            wait_for(lambda: w.measure()["value"] == 6, "the file to be judged")
            for _ in range(2):
                scan_now(w)
                assert w.measure()["value"] == 6
            assert w.inbox().count("a.csv") == 1
            assert receipts(w) == 1, f"journalled {receipts(w)} times"
            assert w.log().count("cannot be removed") == 1, "said once"
            os.chmod(inbox, 0o755)
            scan_now(w)
            wait_for(lambda: "a.csv" not in w.inbox(), "it to go when it can")
            assert receipts(w) == 1
        finally:
            os.chmod(inbox, 0o755)


def test_several_files_that_wait_are_all_told(build):
    with Instance(build) as w:
        folder = w.path("inbox", "cyp4ww")
        os.makedirs(folder)
        for name in ("a.csv", "b.csv", "c.csv"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(three(6).rstrip("\n"))
        w.start("2024-06-10")
        feed = w.ctl("feeds")[0]
        assert "3 files wait in the inbox" in feed["held_file"], feed
        assert all(name in feed["held_file"] for name in ("a.csv", "b.csv", "c.csv")), feed
        os.unlink(os.path.join(folder, "a.csv"))
        wait_for(lambda: "2 files wait" in (w.ctl("feeds")[0]["held_file"] or ""), "one fewer")
        os.unlink(os.path.join(folder, "b.csv"))
        wait_for(lambda: (w.ctl("feeds")[0]["held_file"] or "").startswith("c.csv waits"), "the last")
        os.unlink(os.path.join(folder, "c.csv"))
        wait_for(lambda: not w.ctl("feeds")[0]["held_file"], "none")


def test_an_inbox_that_cannot_be_opened_stops_neither_the_start_nor_the_other_feeds(build):
    feeds = FEED_CYP + FEED_CYP.replace("cyp4ww", "second")
    with Instance(build, feeds=feeds) as w:
        w.write("inbox/second", "a file where the folder should be")
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        assert w.measure()["value"] == 6
        assert "inbox of feed second cannot be opened" in status(w), status(w)
        assert health(w)[0] == 2, health(w)
        reload(w)
        w.put("b.csv", three(4, "2024-05"))
        wait_for(lambda: w.measure()["value"] == 4, "the other feed to go on after a reload")
        os.unlink(w.path("inbox", "second"))
        w.put("c.csv", three(5), feed="second")
        wait_for(lambda: w.inbox("second") == [], "the mended inbox to be opened", 35)
        assert "cannot be opened" not in status(w), status(w)
        assert w.log().count("inbox opened") == 1
        assert w.stop() == 0


def test_a_run_once_with_an_inbox_it_cannot_open_does_the_rest_and_exits_with_1(build):
    feeds = FEED_CYP + FEED_CYP.replace("cyp4ww", "second")
    with Instance(build, feeds=feeds) as w:
        w.write("inbox/second", "a file where the folder should be")
        w.put("a.csv", three(6))
        w.once("2024-06-10", expect=1)
        assert len(w.mails()) == 1 and w.inbox() == []


# ---- settings and reload -----------------------------------------------------------------------

WITH_OTHER = (("receivers:\n", "receivers:\n  - {id: other, kind: spool, dir: ./other}\n"),)
PLAN_WITH_OTHER = (("[spool]", "[spool, other]"),)


def told_of_an_alert_that_ended_while_it_was_away(w):
    """Leaves two receivers told of an alert, and one of them away while the alert ends."""
    w.put("a.csv", three(6))
    w.once("2024-06-10")
    assert len(w.mails("other")) == 1
    replace(w, *((new, old) for old, new in WITH_OTHER))
    replace(w, *((new, old) for old, new in PLAN_WITH_OTHER), name="plan.yaml")
    w.put("b.csv", three(70, "2024-05"))
    w.once("2024-07-10")
    assert len(w.mails()) == 2 and len(w.mails("other")) == 1


def told_of_alerts(w, receiver):
    """Mails of alerts: that the plan has a receiver more is told too."""
    return [m for m in w.mails(receiver) if not m.subject.startswith("Plan changed")]


def two_receivers(build):
    return Instance(build, plan_text=plan(receivers="spool, other"),
                    receivers="  - {id: other, kind: spool, dir: ./other}\n" + RECEIVER_SPOOL)


def test_a_receiver_that_comes_back_by_a_reload_is_known_to_have_been_told(build):
    with two_receivers(build) as w:
        told_of_an_alert_that_ended_while_it_was_away(w)
        w.start("2024-07-11")
        assert w.measure()["value"] == 70
        replace(w, *WITH_OTHER)
        replace(w, *PLAN_WITH_OTHER, name="plan.yaml")
        reload(w)
        wait_for(lambda: len(told_of_alerts(w, "other")) == 2, "the one that was told of the alert to hear its end")
        assert w.stop() == 0


def test_a_reload_while_the_books_are_being_loaded_loads_them_again(build):
    with two_receivers(build) as w:
        told_of_an_alert_that_ended_while_it_was_away(w)
        w.start("2024-07-11")
        w.ctl("measures")
        ledger = f"wl:{{{w.instance}}}:ledger"  # made long, so that the reload falls into its loading
        w.redis("EVAL", "local v = redis.call('HVALS', KEYS[1])[1] "
                "for i = 1, 400000 do redis.call('HSET', KEYS[1], 'x' .. i, v) end", "1", ledger)
        w.stop()
        before = w.log().count("redis: connected")
        w.start("2024-07-11", ready=False)
        deadline = time.monotonic() + 60 * PATIENCE_S
        while w.log().count("redis: connected") == before and time.monotonic() < deadline:
            time.sleep(0.001)
        replace(w, *WITH_OTHER)
        replace(w, *PLAN_WITH_OTHER, name="plan.yaml")
        reload(w)
        wait_for(lambda: len(told_of_alerts(w, "other")) == 2, "what only the told-state of the new receiver tells", 60)
        assert "could not be loaded" not in w.log(), w.log()[-2000:]
        assert w.stop() == 0


def test_a_redis_host_given_by_name_is_refused_at_its_place(build):
    for host, code in (("redis.example.nhs.uk", 78), ("localhost", 0), ("127.0.0.1", 0), ("'::1'", 0)):
        with Instance(build) as w:
            replace(w, ("{mode: embedded}", f"{{mode: server, host: {host}, port: 6379}}"))
            r = w.run("--check")
            assert r.returncode == code, f"{host}: {r.returncode}: {r.stderr}"
            if code:
                assert re.search(r"waitlistd\.yaml:\d+:\d+: error: .*redis\.example", r.stderr), r.stderr
                assert "give a numeric address" in r.stderr, r.stderr


def test_an_address_that_cannot_be_used_is_not_called_a_lack_of_memory(build):
    with Instance(build) as w:
        replace(w, ("{mode: embedded}", "{mode: server, socket: ./" + "s" * 120 + "}"))
        r = w.run("--once", "--at", "2024-06-10")
        assert r.returncode == 1 and "allocate memory" not in r.stderr, r.stderr
        assert "socket path" in r.stderr, r.stderr


def test_a_reload_follows_log_level_and_time_zone(build):
    with Instance(build) as w:
        w.start("2024-06-10T20:30")
        w.ctl("measures")
        replace(w, ("plans:", "timezone: Asia/Tokyo\nlog_level: error\nplans:"))
        w.signal(signal.SIGHUP)
        wait_for(lambda: w.ctl("status")["today"] == "2024-06-11", "the day of the new zone")
        assert w.ctl("status")["now"].endswith("+09:00"), w.ctl("status")
        w.put("a.csv", three(6))
        wait_for(lambda: w.inbox() == [], "the file to be taken")
        assert w.measure()["value"] == 6
        assert "a.csv" not in w.log(), "information is not logged at level error"


def test_what_a_reload_cannot_change_is_refused_by_the_name_of_its_key(build):
    changes = {
        "instance": ("instance: black-country", "instance: another"),
        "state": ("state: ./state", "state: ./elsewhere\ncontrol: ./state/control.sock"),
        "control": ("plans:", "control: ./other.sock\nplans:"),
        "redis.mode": ("{mode: embedded}", "{mode: server, host: 127.0.0.1}"),
        "redis.server_binary": ("{mode: embedded}", "{mode: embedded, server_binary: /usr/bin/redis-server}"),
    }
    with Instance(build) as w:
        good = open(w.path("waitlistd.yaml"), encoding="utf-8").read()
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        for key, pair in changes.items():
            w.write("waitlistd.yaml", good)
            replace(w, pair)
            said = len(w.log())
            reload(w)
            new = [line for line in w.log()[said:].splitlines() if "reload" in line]
            assert len(new) == 1 and f"{key} changes only with a restart" in new[0], (key, new)
            w.write("waitlistd.yaml", good)  # the client finds the socket by the settings
            assert f"{key} changes only with a restart" in w.ctl("status")["reload_refused"], key
        assert w.measure()["value"] == 6
        reload(w)
        assert w.ctl("status")["reload_refused"] is None
    server = {"redis.port": "port: 2", "redis.host": "host: '::1'", "redis.user": "user: u, password_file: pw"}
    with Instance(build) as w:
        w.write("pw", "x\n")
        replace(w, ("{mode: embedded}", "{mode: server, host: 127.0.0.1, port: 1}"))
        good = open(w.path("waitlistd.yaml"), encoding="utf-8").read()
        w.start("2024-06-10")
        for key, change in server.items():
            w.write("waitlistd.yaml", good)
            name = change.split(":")[0]
            replace(w, ({"port": "port: 1", "host": "host: 127.0.0.1", "user": "port: 1"}[name],
                        change if name != "user" else "port: 1, " + change))
            reload(w)
            assert f"{key} changes only with a restart" in w.ctl("status")["reload_refused"], (key, w.log()[-500:])


def test_a_reload_asked_for_during_the_start_does_not_end_it(build):
    if os.environ.get("WAITLIST_WRAPPER"):
        skip("under a wrapper the process is the wrapper until the program begins")
    with Instance(build) as w:
        w.put("a.csv", three(6))
        # Many settings to read make the moment before the handlers exist long enough to meet.
        feeds = "".join(FEED_CYP.replace("cyp4ww", f"f{n}") for n in range(400))
        replace(w, ("feeds:\n", "feeds:\n" + feeds))
        seen = 0
        for _ in range(40):  # a quick machine may pass the moment between two looks: then once more
            with open(w.log_path, "ab") as log:
                w.process = subprocess.Popen(w._argv("--at", "2024-06-10"), stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log, cwd=w.folder, preexec_fn=hear_hangup)
            if hangup_is_ignored_before_handled(w.process.pid):
                seen += 1
                w.signal(signal.SIGHUP)
            wait_for(w._answers, "the control socket to answer", 60)
            assert w.stop() == 0
            if seen == 2:
                return
        raise AssertionError("SIGHUP was deadly until it was handled")


def hear_hangup():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever the tests were started under


def hangup_is_ignored_before_handled(pid):
    """Looks without a pause until SIGHUP is ignored (True) or handled."""
    while True:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            masks = dict(line.split(":", 1) for line in f if line.startswith("Sig"))
        if int(masks["SigCgt"], 16) & 1:
            return False
        if int(masks["SigIgn"], 16) & 1:
            return True


if __name__ == "__main__":
    run_tests(globals())
