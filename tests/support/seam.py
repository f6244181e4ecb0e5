"""seam - counts the calls of a waitlistd or waitlistctl, and kills it or fails one at the n-th

    seam = Seam(build, w.folder, rules=["kill redis 17"])
    result = w.run("--once", "--at", day, env=seam.env())       # or subprocess.run([...], env=…)
    seam.counts()["redis"], seam.struck(), seam.crash(), seam.trace()

The preload lies in tests/seam (seam.h has the rules' language) and is compiled into the build folder
when it is older than its sources. The environment reaches only the program started with it: the
embedded redis-server is born with a clean one.
"""
import fcntl
import glob
import os
import struct
import subprocess

from waitlist import ROOT, skip

GROUPS = {
    "redis": ("redis-before", "redis-sent", "redis-replied", "redis-taken"),
    "durable": ("open", "write", "pwrite", "fsync", "fdatasync", "sync_file_range", "ftruncate",
                "rename", "unlink", "mkdir", "link"),
    "file": ("open", "read", "pread", "write", "pwrite", "fsync", "fdatasync", "sync_file_range", "ftruncate", "rename", "unlink",
             "mkdir", "link", "close"),
    "sockets": ("socket", "connect", "accept", "send", "recv"),
}
RECORD = struct.Struct("24sQ")


def is_sanitized():
    return bool(os.environ.get("WAITLIST_SANITIZED"))


def library(build):
    """The path of the preload, built if need be; several test programs may ask at once."""
    folder = os.path.join(ROOT, "tests", "seam")
    sources = sorted(glob.glob(os.path.join(folder, "*.[ch]")))
    out = os.path.join(os.path.abspath(build), "seam.so")
    with open(out + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(out) or os.path.getmtime(out) < max(os.path.getmtime(s) for s in sources):
            subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-g", "-fPIC",
                            "-shared", "-o", out + ".new", *[s for s in sources if s.endswith(".c")], "-ldl"],
                           check=True)
            os.rename(out + ".new", out)
    return out


def preload(build):
    """What LD_PRELOAD holds; the sanitizer's library has to come first."""
    if os.environ.get("WAITLIST_WRAPPER"):
        skip("a preload stands in the way of valgrind's own")
    libraries = [library(build)]
    if is_sanitized():
        asan = subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
        if not os.path.isabs(asan):
            skip("the sanitizer's library, which has to be preloaded first, is not found")
        libraries.insert(0, os.path.realpath(asan))
    return ":".join(libraries)


def named(frames):
    """Our own functions of a chain of callers, innermost first, as text; the offsets where nothing can name them."""
    ours = [(library, offset) for _, library, _, offset in frames if os.path.basename(library).startswith("waitlist")]
    if not ours:
        return "no function of ours"
    try:
        lines = subprocess.run(["addr2line", "-s", "-f", "-e", ours[0][0], *[hex(int(at, 16) - 1) for _, at in ours]],
                               capture_output=True, text=True, check=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        return " < ".join(at for _, at in ours)
    return " < ".join(f"{name} ({line})" for name, line in zip(lines[::2], lines[1::2]))


class Seam:
    """One run of one program. rules: see tests/seam/seam.h."""

    def __init__(self, build, folder, rules=(), trace=False, stacks=False):
        self.preload, self.rules = preload(build), list(rules)
        base = os.path.join(folder, "seam")
        self.report, self.trace_path, self.stacks_path = base + ".report", base + ".trace", base + ".stacks"
        self.wants_trace, self.wants_stacks = trace, stacks
        for path in (self.report, self.trace_path, self.stacks_path, self.report + ".crash", self.report + ".struck"):
            if os.path.exists(path):
                os.unlink(path)

    def env(self):
        env = {"LD_PRELOAD": self.preload, "SEAM_REPORT": self.report, "SEAM_RULES": ";".join(self.rules)}
        if self.wants_trace:
            env["SEAM_TRACE"] = self.trace_path
        if self.wants_stacks:
            env["SEAM_STACKS"] = self.stacks_path
        if is_sanitized():
            env["SEAM_SANITIZED"] = "1"
        return env

    def _records(self):
        with open(self.report, "rb") as f:
            return {name.split(b"\0")[0].decode(): n for name, n in RECORD.iter_unpack(f.read())}

    def counts(self):
        """Calls by name and by group."""
        c = self._records()
        return {**c, **{group: sum(c[n] for n in names) for group, names in GROUPS.items()}}

    def struck(self, rule=0):
        """How often a rule struck."""
        return self._records()[f"rule-{rule}"]

    def crash(self, kind="crash"):
        """Frames of a crash as (signal, library, function, offset), innermost first; [] without one."""
        if not os.path.exists(f"{self.report}.{kind}"):
            return []
        with open(f"{self.report}.{kind}", encoding="utf-8") as f:
            return [tuple(line.split()) for line in f]

    def struck_at(self):
        """Frames of the first allocation that a rule struck; see named()."""
        return self.crash("struck")

    def trace(self):
        """(name, first path or command, second path) of every call, in order."""
        with open(self.trace_path, encoding="utf-8") as f:
            return [tuple(line.rstrip("\n").split("\t")) for line in f]

    def stacks(self):
        """The numbers of the allocations that were the first from their chain of callers."""
        return sorted(self.chains())

    def chains(self):
        """The same, each with the places in the program to which its callers return, innermost first."""
        with open(self.stacks_path, encoding="ascii") as f:
            return {int(number): places for number, *places in map(str.split, f)}
