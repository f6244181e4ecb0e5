"""instances - a daemon with an embedded Redis and one list, on the generated file; what it says of itself"""
import json
import os
import shutil
import socket
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from lists import MEASURE, PLAN
from measured import cpu_seconds, memory_kib
from waitlist import Instance, wait_for

FIRST, SECOND = "ABCDEFGHJKLMNPQRTVWXY", "ABCDEFGHJK0123456789"
PROVIDERS = sorted({f"R{FIRST[i % 21]}{SECOND[i // 7 % 20]}" for i in range(140)})  # as ptl_gen.c names them
LONGEST_S = 600  # what is measured may take so long
SNAPSHOT_FEED = """\
  - {{id: weekly, kind: snapshot, into: cyp, format: ptl-accepted, inbox: ./inbox/weekly, cadence: weekly,
     grace: 400d, providers: [{providers}]}}
"""


def measures(*more):
    """How many wait, how many beyond 18 weeks, and the median, of the list and of a provider."""
    texts = [MEASURE.format(id=id, title=id, metric=metric, select=select, polarity="lower",
                            target="{at_most: 100000000}", more="")
             for id, metric, select in (("open", "open", ""), ("over-18", "open-over:18w", ""),
                                        ("median", "median-wait", ""),
                                        ("longest", "longest-wait", ""), ("one", "open", f", provider: {PROVIDERS[0]}"),
                                        *more)]
    return PLAN.format(measures="".join(texts))


class Daemon(Instance):
    """An Instance whose folder lies beside the generated files, so that a file reaches its inbox by a rename."""

    def __init__(self, build, **options):
        tempfile.tempdir, before = os.path.join(build, "bench"), tempfile.tempdir
        try:
            super().__init__(build, **options)
        finally:
            tempfile.tempdir = before

    def ask(self, command, **more):
        """One question on the control socket, with no process in between."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("state", "control.sock"))
            s.sendall(json.dumps({"command": command, **more}).encode() + b"\n")
            heard = b""
            while chunk := s.recv(1 << 16):
                heard += chunk
        answer = json.loads(heard)
        assert answer["ok"], answer
        return answer["result"]

    def value(self, measure):
        return self.ask("measure", id=measure)["value"]

    def offer(self, source, feed="weekly"):
        """Copies a file beside the inbox, renames it into it, and returns the moment of the rename."""
        shutil.copy(source, self.path("offered.csv"))
        began = time.monotonic()
        os.rename(self.path("offered.csv"), self.path("inbox", feed, "list.csv"))
        return began

    def outcome(self, feed="weekly"):
        return next(f for f in self.ask("feeds") if f["id"] == feed)["last_outcome"] or ""

    def pids(self):
        return {"daemon": self.process.pid, "redis": self.redis_pid()}

    def used(self):
        """Seconds of both processes, and the sum of their peaks."""
        pids = self.pids().values()
        return sum(map(cpu_seconds, pids)), sum(memory_kib(p, "VmHWM") for p in pids)

    def settled(self):
        """Of both processes now."""
        return sum(memory_kib(p, "VmRSS") for p in self.pids().values())

    def redis_info(self, section):
        return dict(line.split(":", 1) for line in self.redis("INFO", section) if ":" in line)

    def redis_bytes(self):
        """used_memory once it has settled: no rewrite, no clients' buffers in between."""
        before = now = -1

        def has_settled():
            nonlocal before, now
            before, now = now, int(self.redis_info("memory")["used_memory"])
            return abs(now - before) < 4096 and self.redis_info("persistence")["aof_rewrite_in_progress"] == "0"

        wait_for(has_settled, "the memory of Redis to settle")
        return now

    def redis_calls(self):
        """How often each command was called so far."""
        return {name[len("cmdstat_"):]: int(words.split("calls=")[1].split(",")[0])
                for name, words in self.redis_info("commandstats").items() if name.startswith("cmdstat_")}

    def wait_redis_idle(self):
        """Until nothing was asked of Redis between two looks."""
        before = calls = {}

        def is_idle():
            nonlocal before, calls
            before, calls = calls, {k: n for k, n in self.redis_calls().items() if k != "info"}
            return before == calls

        wait_for(is_idle, "Redis to be idle", LONGEST_S)

    def wait_idle(self):
        """Until nothing is due either."""
        self.wait_redis_idle()
        wait_for(lambda: self.ask("status")["messages_due"] == 0, "the daemon to be idle", LONGEST_S)
        self.wait_redis_idle()


def snapshot_daemon(build, more=()):
    """Knows the list of the generated file; nothing came yet."""
    d = Daemon(build, feeds=SNAPSHOT_FEED.format(providers=", ".join(PROVIDERS)), plan_text=measures(*more),
               extra="formats: [formats]\nlists:\n"
                     f"  - {{id: cyp, service: neurodevelopmental, providers: [{', '.join(PROVIDERS)}]}}\n")
    os.makedirs(d.path("formats"))
    os.makedirs(d.path("inbox", "weekly"))
    shutil.copy(os.path.join(HERE, "accepted.yaml"), d.path("formats", "ptl-accepted.yaml"))
    return d
