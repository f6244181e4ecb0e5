"""The fault matrix, process and machine: each row of RELIABILITY section 4 under its name. Every row ends in the
invariants of tests/support/invariants.py. The whole sets of P1 to P5 are swept by test_sweep_*.py."""
import contextlib
import hashlib
import os
import random
import re
import resource
import select
import shutil
import signal
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faults import SEED, fast, some
from hook import HOOK_RECEIVER
from http_server import Answer
from invariants import DAY, watched
from redis import Server
from resp_proxy import RespProxy, Spoil
from seam import Seam, is_sanitized
from waitlist import ROOT, measure, plan, run_tests, skip, wait_for


def undisturbed(build, names):
    """Calls by name of one run that takes a file, raises an alert and tells it."""
    with watched(build) as story:
        story.put("a.csv", "2024-04", 6)
        seam = Seam(build, story.w.folder)
        story.w.once(DAY, env=seam.env())
        counts = seam.counts()
        return sum(counts[name] for name in names.split(","))


def killed_at(build, names, picks, again=None):
    """The same run, killed at the n-th such call, and once more while it recovers; then left in peace."""
    for n in picks:
        with watched(build) as story:
            story.put("a.csv", "2024-04", 6)
            for kill in [n] + ([again] if again else []):
                seam = Seam(build, story.w.folder, rules=[f"kill {names} {kill}"])
                ended = story.w.run("--once", "--at", DAY, env=seam.env())
                assert ended.returncode == -signal.SIGKILL and seam.struck() == 1, (names, n, ended.stderr)
                server = story.w.redis_pid()
                if server:
                    wait_for(lambda: story.w.redis_pid() is None, "the embedded Redis to end with its parent")
            story.check(repeats=2 if again else 1)
            leftover = [name for folder in ("state/archive", "state/journal", "spool")
                        for _, _, names_there in os.walk(story.w.path(folder)) for name in names_there
                        if name.startswith("tmp-") or name.endswith(".part")]
            assert not leftover, f"half files are swept at the start: {leftover}"


def test_P1_killed_before_a_redis_command_is_sent_it_does_it_again(build):
    killed_at(build, "redis-before", some(range(1, undisturbed(build, "redis-before") + 1)))


def test_P2_killed_before_the_reply_it_finds_what_was_done_by_its_id(build):
    killed_at(build, "redis-sent", some(range(1, undisturbed(build, "redis-sent") + 1)))


def test_P2_killed_while_the_reply_is_held_back_it_applies_the_file_once(build):
    for match in (b"commit_feed", b"transition", b"enqueue", b"told"):
        with Server() as server, RespProxy(server.socket) as proxy, watched(build, proxy) as story:
            story.server = server
            proxy.set(to_daemon=Spoil(hold=True, match=match))
            story.put("a.csv", "2024-04", 6)
            story.w.start(DAY)
            wait_for(lambda m=match: any(m in word for c in proxy.commands for word in c), f"{match} to be sent")
            story.w.kill()
            proxy.clear()
            story.check()
            receipts = {r["sha256"] for r in story.received()}
            assert len(receipts) == 1 and server.say("HLEN", "wl:{black-country}:ledger") == "1"


def test_P3_killed_after_the_reply_it_does_nothing_twice(build):
    killed_at(build, "redis-taken", some(range(1, undisturbed(build, "redis-taken") + 1)))


def test_P4_killed_at_a_file_call_no_half_file_has_a_final_name(build):
    calls = "open,write,fsync,fdatasync,rename,unlink,mkdir"
    killed_at(build, calls, some(range(1, undisturbed(build, calls) + 1), share=0.05))


def test_P5_killed_again_while_it_recovers_it_recovers_all_the_same(build):
    calls = "open,write,fsync,fdatasync,rename,unlink,mkdir,redis-before,redis-sent"
    count = undisturbed(build, calls)
    chance = random.Random(SEED)
    for _ in some(range(50)):
        killed_at(build, calls, [chance.randrange(count // 2, count)], again=chance.randrange(1, count // 3))


# ---- P6: what a disk may hold after a power cut --------------------------------------------------------
class File:
    def __init__(self, durable=b""):
        self.now, self.durable = durable, durable


class Disk:
    """The names and bytes of one folder as the kernel shows them, and as a power cut may leave them.

    A file's bytes are safe after its fsync, a name after the fsync of its folder. What is not safe may be
    there, be gone, or (bytes) be cut at a sector of 512.
    """

    def __init__(self, final):
        """final: path -> bytes at the end of the run, also of files since renamed; writes only append."""
        self.final = final
        self.now, self.durable = {}, {}  # path -> File
        self.folders, self.made = {"."}, set()  # made: folders whose own names are not safe yet

    def put(self, path, content):
        self.now[path] = self.durable[path] = File(content)
        self.folders.add(os.path.dirname(path))

    def call(self, name, first, second):
        if name == "open" and first in self.final:
            self.now.setdefault(first, File())
        elif name == "mkdir" and first not in self.folders:
            self.folders.add(first)
            self.made.add(first)
        elif name in ("write", "pwrite"):
            f = self.now.setdefault(first, File())
            f.now = self.final[first][:len(f.now) + int(second)]
        elif name in ("fsync", "fdatasync") and first in self.now:
            self.now[first].durable = self.now[first].now
        elif name == "fsync":  # a folder: every name in it
            self.made -= {f for f in self.made if (os.path.dirname(f) or ".") == first}
            for path in {p for p in (*self.now, *self.durable) if os.path.dirname(p) == first}:
                if path in self.now:
                    self.durable[path] = self.now[path]
                else:
                    self.durable.pop(path, None)
        elif name == "rename" and first in self.now:
            self.now[second] = self.now.pop(first)
        elif name == "unlink":
            self.now.pop(first, None)

    def after_a_cut(self, kind, chance):
        """path -> bytes. "strict": only what is safe, but what left an inbox has left; "eager": every name is
        there, with its safe bytes; "torn": the same, and unsafe bytes up to a sector."""
        if kind == "strict":
            gone = {p for p in self.durable if p.startswith("inbox/") and p not in self.now}
            return {p: f.durable for p, f in self.durable.items()
                    if p not in gone and not any(p.startswith(folder + "/") for folder in self.made)}
        out = {}
        for path, f in self.now.items():
            tail = f.now[len(f.durable):] if f.now.startswith(f.durable) else b""
            cut = chance.randrange(0, len(tail) // 512 + 1) * 512 if kind == "torn" else 0
            out[path] = f.durable + tail[:cut]
        return out


def recorded(story, seam):
    """The calls of a run on files of the instance, in order, as paths from its folder on."""
    folder = os.path.realpath(story.w.folder) + "/"
    out = []
    for name, first, second in seam.trace():
        first, second = (p.replace(folder, "").replace(story.w.folder + "/", "").removeprefix("./")
                         for p in (first, second))
        first = "." if first == story.w.folder else first
        if (first == "." or first.startswith(("state", "spool", "inbox/"))) and not first.startswith("state/redis") \
                and name in ("open", "write", "pwrite", "fsync", "fdatasync", "mkdir", "rename", "unlink"):
            out.append((name, first, second))
    return out


def contents(story, calls):
    """path -> its bytes at the end, also under the names that it had before."""
    end = {}
    for at, _, names in os.walk(story.w.folder):
        for name in names:
            path = os.path.relpath(os.path.join(at, name), story.w.folder)
            if path.startswith(("state/archive", "state/journal", "state/fence", "spool")):
                with open(os.path.join(story.w.folder, path), "rb") as f:
                    end[path] = f.read()
    for name, first, second in reversed(calls):
        if name == "rename" and second in end:
            end.setdefault(first, end[second])
    return end


def check_cut(left, inbox, wanted, prefix):
    """A final name is a whole file; what left the inbox is archived and journalled."""
    archive = {os.path.basename(p): data for p, data in left.items() if re.match(r"state/archive/../", p)}
    for sha, data in archive.items():
        assert hashlib.sha256(data).hexdigest() == sha, f"prefix {prefix}: archive file {sha[:12]} is not whole"
    journal = left.get("state/journal/received", b"")
    for path, content in inbox.items():
        sha = hashlib.sha256(content).hexdigest()
        if path not in left:
            assert sha in archive, f"prefix {prefix}: {path} is gone from the inbox and not archived"
            lines = [line for line in journal.split(b"\n")[:-1] if sha.encode() in line]
            assert lines, f"prefix {prefix}: {path} is gone from the inbox and not in the journal"
    sent = left.get("state/journal/sent", b"").split(b"\n")[:-1]
    for line in (line for line in sent if b'"due"' not in line):
        mail = "spool/" + re.search(rb'"delivery_id":"(\w+)"', line).group(1).decode() + ".eml"
        if b'"receiver":"spool"' in line:
            assert left.get(mail) == wanted[mail], f"prefix {prefix}: {mail} is journalled as sent and not whole"


def restore(story, left):
    for folder in ("state", "spool", "inbox"):
        shutil.rmtree(story.w.path(folder), ignore_errors=True)
    for path, data in left.items():
        os.chmod(story.w.write(path, data), 0o600)


def test_P6_power_cut_leaves_the_archive_whole_at_each_prefix(build):
    chance = random.Random(SEED)
    with watched(build) as story:
        story.put("a.csv", "2024-04", 6)
        story.put("b.csv", "2024-05", 5)
        inbox = {}
        for name in story.w.inbox():
            with open(story.w.path("inbox", "cyp4ww", name), "rb") as f:
                inbox["inbox/cyp4ww/" + name] = f.read()
        seam = Seam(build, story.w.folder, trace=True)
        story.w.once(DAY, env=seam.env())
        calls = recorded(story, seam)
        end = contents(story, calls)
        assert len(calls) > 30, calls
        disk = Disk(end)
        for path, content in inbox.items():
            disk.put(path, content)
        cuts = []
        for prefix, call in enumerate(calls, 1):
            disk.call(*call)
            for kind in ("strict", "eager", "torn"):
                left = disk.after_a_cut(kind, chance)
                check_cut(left, inbox, end, prefix)
                cuts.append((prefix, kind, left))
        assert all(disk.now[path].now == data for path, data in end.items() if path in disk.now), "the record is whole"
        told = [("2024-04-30", "FIRING")]
        for prefix, kind, left in some(cuts, share=0.03):
            before = len(story.hook.requests)
            restore(story, left)
            # Each start may know nothing of those before it, nor of the message that lay in Redis.
            story.check(told=told, repeats=before, frozen=False)
            assert len(story.hook.requests) <= before + 1, f"prefix {prefix}, {kind}: told twice in one life"
            story.w.stop()


# ---- the others ----------------------------------------------------------------------------------------
def test_P7_an_allocation_that_fails_refuses_its_job_or_ends_the_process_and_the_next_start_goes_on(build):
    with watched(build) as story:
        story.put("a.csv", "2024-04", 6)
        seam = Seam(build, story.w.folder)
        story.w.once(DAY, env=seam.env())
        count = seam.counts()["alloc"]
    if is_sanitized():
        skip("a sanitizer's allocations are its own")
    for n in some(range(1, count, max(1, count // 60)), share=0.05):
        with watched(build) as story:
            story.put("a.csv", "2024-04", 6)
            seam = Seam(build, story.w.folder, rules=[f"fail alloc {n}"])
            ended = story.w.run("--once", "--at", DAY, env=seam.env())
            frames = seam.crash()
            assert ended.returncode >= 0 or any("hiredis" in f[1] for f in frames[:4]), (n, ended.returncode, frames)
            wait_for(lambda: story.w.redis_pid() is None, "the embedded Redis to end with its parent")
            story.check(repeats=1)


def allocations_before(build, command):
    """How many allocations one run makes until its n-th Redis command is sent."""
    with watched(build) as story:
        story.put("a.csv", "2024-04", 6)
        seam = Seam(build, story.w.folder, rules=[f"kill redis-before {command}"])
        story.w.run("--once", "--at", DAY, env=seam.env())
        return seam.counts()["alloc"]


def test_P7_a_redis_command_that_the_library_forgets_for_want_of_memory_ends_as_unknown(build):
    if is_sanitized():
        skip("a sanitizer's allocations are its own")
    with watched(build) as story:
        seam = Seam(build, story.w.folder, trace=True)
        story.w.once(DAY, env=seam.env())
        sent = [first for name, first, _ in seam.trace() if name == "redis-before"]
        load = next(n for n, command in enumerate(sent, 1) if command.startswith("HGETALL"))
    # Each allocation of one command of a load: formatting it, noting its callback, reading its reply. Two runs are
    # compared, and a tick more in one of them shifts its numbers: then once more.
    for _ in range(10):
        command = range(allocations_before(build, load) + 1, allocations_before(build, load + 1) + 1)
        if len(command) >= 5:
            break
    assert len(command) >= 5, "it is formatted, its callback noted, its reply read"
    for n in some(command, least=4):
        with watched(build) as story:
            story.put("a.csv", "2024-04", 6)
            seam = Seam(build, story.w.folder, rules=[f"fail alloc {n}"])
            story.w.run("--once", "--at", DAY, env=seam.env(), timeout=30)  # it does not wait for ever
            wait_for(lambda: story.w.redis_pid() is None, "the embedded Redis to end with its parent")
            story.check(repeats=1)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_P8_out_of_descriptors_it_turns_callers_away_and_the_outbox_drains(build):
    if os.environ.get("WAITLIST_WRAPPER"):
        skip("the wrapper needs descriptors of its own")
    with watched(build) as story:
        story.w.start(DAY)
        pid = story.w.process.pid
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (32, 32))
        callers, refused = [], 0
        try:
            while refused < 3:
                held = descriptors(pid)
                s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                callers.append(s)
                s.connect(story.w.path("state", "control.sock"))
                wait_for(lambda s=s, held=held: select.select([s], [], [], 0)[0] or descriptors(pid) > held,
                         "the caller to be let in or turned away")
                refused += bool(select.select([s], [], [], 0)[0])
            assert len(callers) >= 5 and b"too many" in s.recv(200), len(callers)
            story.put("a.csv", "2024-04", 6)
            wait_for(lambda: story.told("hook") and story.told("spool"), "the outbox to drain", 8)
        finally:
            for s in callers:
                s.close()
        story.check()


def test_P9_asked_to_end_in_the_middle_of_work_it_ends_within_twenty_seconds_and_goes_on_later(build):
    for match in (b"commit_series", b"transition", b"enqueue", b"told"):
        with Server() as server, RespProxy(server.socket) as proxy, watched(build, proxy) as story:
            story.server = server
            proxy.set(to_daemon=Spoil(hold=True, match=match))
            story.put("a.csv", "2024-04", 6)
            story.w.start(DAY)
            wait_for(lambda m=match: any(m in word for c in proxy.commands for word in c), f"{match} to be sent")
            assert story.w.stop() == 0, f"at {match}"
            proxy.clear()
            story.check(repeats=1)


def test_P9_asked_to_end_while_a_receiver_hangs_it_parks_the_message(build):
    with watched(build, answers=(Answer(200, before=600), 200)) as story:
        story.put("a.csv", "2024-04", 6)
        story.w.start(DAY)
        wait_for(lambda: story.hook.requests, "the message to be under way")
        assert story.w.stop() == 0
        story.check(repeats=1)


def test_P10_a_reload_with_a_bad_plan_keeps_the_old_one_and_says_so(build):
    with watched(build) as story:
        story.w.start(DAY)
        good = plan(receivers="spool, hook")
        story.w.write("plan.yaml", plan(measure(target="{at_leest: 1}"), receivers="spool, hook"))
        story.w.signal(signal.SIGHUP)
        wait_for(lambda: story.w.ctl("status")["reload_refused"], "the refusal to be said")
        wait_for(lambda: story.w.ctl_raw("health").returncode == 1, "health to warn")
        story.put("a.csv", "2024-04", 6)
        story.is_ready_again(health=1)
        assert story.told("hook") == [("2024-04-30", "FIRING")], "the old thresholds fire"
        story.w.write("plan.yaml", good)
        story.w.signal(signal.SIGHUP)
        story.check()


def test_P10_a_refused_reload_that_nobody_mends_reaches_ops_by_mail_and_its_mending_too(build):
    with watched(build) as story:
        story.w.start(DAY, env=fast(20))
        good = plan(receivers="spool, hook")
        story.w.write("plan.yaml", plan(measure(target="{at_leest: 1}"), receivers="spool, hook"))
        story.w.signal(signal.SIGHUP)
        mail = wait_for(story.w.mails, "ops to be told", 90)[0]
        assert "refused" in mail.text and "last good configuration stays in force" in mail.text, mail.text
        assert "waitlistd --check" in mail.text and "monitor needs help" in mail.subject, mail.subject
        story.w.write("plan.yaml", good)
        story.w.signal(signal.SIGHUP)
        wait_for(lambda: story.w.alert("self-check")["state"] == "RESOLVED", "its end")
        wait_for(lambda: len(story.w.mails()) == 2, "its end to be told")
        assert "well again" in story.w.mails()[-1].subject


class Rude:
    """Takes each connection and resets it at the first bytes."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.met = self.listener.getsockname()[1], 0

    def meet(self):
        s, _ = self.listener.accept()
        s.recv(1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.close()
        self.met += 1


def test_P11_a_peer_that_closes_while_it_is_written_to_ends_nothing(build):
    rude = Rude()
    with watched(build, receivers=HOOK_RECEIVER.format(port=rude.port)) as story:
        story.hook = None
        story.put("a.csv", "2024-04", 6)
        story.w.start(DAY)
        rude.meet()
        for _ in range(3):  # callers that go before their answer is written
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.connect(story.w.path("state", "control.sock"))
            s.sendall(b'{"command":"measures"}\n')
            s.close()
        story.w.ctl("status")
        server = story.w.redis_pid()
        os.kill(server, signal.SIGKILL)
        wait_for(lambda: story.w.redis_pid() not in (None, server), "another redis-server")
        assert story.w.process.poll() is None
        wait_for(lambda: story.told("spool"), "the spool to be told")
        wait_for(lambda: story.w.ctl("status")["ready"], "the daemon to be ready")
        story.took_effect_once()
        story.nobody_is_named()
        rude.listener.close()


def test_P12_a_loop_that_is_stuck_no_longer_feeds_the_watchdog_and_a_restart_goes_on(build):
    with watched(build, answers=(Answer(200, before=600), 200)) as story:
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(story.w.path("notify"))
        manager.settimeout(30)
        story.put("a.csv", "2024-04", 6)
        story.w.start(DAY, env={"NOTIFY_SOCKET": story.w.path("notify"), "WATCHDOG_USEC": "500000"})
        while b"WATCHDOG=1" not in manager.recv(65536):
            pass
        wait_for(lambda: story.hook.requests, "the message to be under way")
        story.w.signal(signal.SIGSTOP)
        manager.settimeout(2)  # four periods: what the service manager waits for is one
        with contextlib.suppress(socket.timeout):
            while True:
                manager.recv(65536)
        story.w.signal(signal.SIGABRT)
        story.w.signal(signal.SIGCONT)
        assert story.w.process.wait(20) == -signal.SIGABRT
        story.w.kill()
        manager.close()
        story.check(repeats=1)


def test_P13_fifty_starts_that_fail_lose_nothing_and_are_never_the_last(build):
    with open(os.path.join(ROOT, "systemd", "waitlistd.service"), encoding="utf-8") as f:
        unit = dict(line.strip().split("=", 1) for line in f if "=" in line and not line.startswith("#"))
    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("always", "0") and "RestartPreventExitStatus" not in unit
    with watched(build) as story:
        with open(story.w.path("plan.yaml"), encoding="utf-8") as f:
            good = f.read()
        story.w.write("plan.yaml", good.replace("at_least", "at_leest"))
        story.put("a.csv", "2024-04", 6)
        for _ in some(range(50)):
            assert story.w.run("--at", DAY).returncode == 78
        assert story.w.inbox() == ["a.csv"]
        story.w.write("plan.yaml", good)
        story.check()


if __name__ == "__main__":
    run_tests(globals())
