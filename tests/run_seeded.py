"""Seeds bugs one at a time and lets the suite find them.

    tests/run_seeded.py [--build DIR] [--jobs N] [--counts FILE] [--timeout S] [ID...]

Copies the tree to a temporary folder, one copy a job, with what DIR holds built already; the tree itself
is never written to. In a copy, for each bug of tests/seeded/bugs.py: the edits, a make of what its tests
need, the tests, and the edits taken back. A bug is caught when one of its named tests fails, or hangs.
Each of these tests has to pass without a bug first. An edit whose old text is not there exactly once, of
any bug of the list, and a bug that does not build, are failures: the list may not rot. Survivors are
printed.

WAITLIST_FULL=1 seeds every bug; without it a tenth, chosen by a fixed seed; IDs choose. A table follows:
bug, source, what caught it. Last line: N passed (caught), N failed, N skipped; --counts writes it too.
"""
import argparse
import collections
import concurrent.futures
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "seeded"))

from bugs import BUGS, EQUIVALENT, LATER

SEED = 20241122
PATIENCE = float(os.environ.get("WAITLIST_PATIENCE", "1"))
PROGRAMS = ["build/waitlistd", "build/waitlistctl"]
# Of a build folder: what other targets, runs and tests left there.
NOT_COPIED = ("san", "cov", "fuzz", "run", "test-logs")

# To make and tests: what an outer make says; a test over many points finds a bug by a tenth of them.
NOT_PASSED_ON = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD", "WAITLIST_FULL")

Outcome = collections.namedtuple("Outcome", "bug verdict by")  # verdict: caught, SURVIVED, FAIL


class Copy:
    """One copy of the tree, with its own build."""

    def __init__(self, folder, build):
        self.folder = folder
        self.process, self.is_stopped = None, False  # what runs in it
        shutil.copytree(ROOT, folder, symlinks=True, ignore=lambda where, names:
                        [n for n in names if where == ROOT and n in (".git", "build") or n == "__pycache__"])
        if os.path.isdir(build):  # times kept, so that make finds nothing to do
            shutil.copytree(build, self.path("build"), symlinks=True, ignore=lambda where, names:
                            [n for n in names if where == build and (n in NOT_COPIED or n.endswith(".log"))])

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run(self, argv, timeout=None):
        """(what it said, its exit code or None after the timeout); its processes end with it."""
        if self.is_stopped:
            raise RuntimeError("interrupted")
        env = {k: v for k, v in os.environ.items() if k not in NOT_PASSED_ON}
        process = self.process = subprocess.Popen(
            argv, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True)
        try:
            return process.communicate(timeout=timeout)[0], process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.communicate()[0], None

    def stop(self):
        """Ends what runs in it; nothing more will."""
        self.is_stopped = True
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def make(self, tests, jobs=1):
        """Builds what these tests need. Returns what make said where it failed, or None."""
        needed = {f"build/tests/{program}" for program, _ in tests if program.startswith("unit/")}
        if any(program.startswith("live/") for program, _ in tests):  # which drive small programs of their own
            needed |= {f"build/tests/live/{name[:-2]}" for name in os.listdir(self.path("tests", "live"))
                       if name.endswith(".c")}
        said, code = self.run(["make", "--no-print-directory", f"-j{jobs}", "BUILD=build", *PROGRAMS, *sorted(needed)])
        return None if code == 0 else said

    def test(self, program, name, timeout):
        """("passed", "failed", "skipped" or "hung", what was said)."""
        if program.startswith("unit/"):
            said, code = self.run([self.path("build", "tests", program)], timeout)
            failed = re.search(rf":[FE]:[^:]*:{re.escape(name)}:", said)
        else:
            said, code = self.run([sys.executable, self.path("tests", program + ".py"), self.path("build"), name],
                                  timeout)
            failed = f"FAIL  {name.replace('_', ' ')}\n" in said
            if f"skip  {name.replace('_', ' ')}" in said:
                return "skipped", said
            if code is not None and not failed and f"ok    {name.replace('_', ' ')} (" not in said:
                return "unknown by this name", said
        if code is None:
            return "hung", said
        # A daemon that asserts may take a test program down with it: that is no pass either.
        return "failed" if failed or (code != 0 and "passed, " not in said and "Checks:" not in said) else "passed", said


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return f.read()


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)


def edited(folder, bug):
    """The bug's files: (path -> text, path -> text with the bug). ValueError where an old text is not there once."""
    try:
        whole = {file: read(os.path.join(folder, file)) for file, _, _ in bug.edits}
    except FileNotFoundError as why:
        raise ValueError(str(why)) from why
    broken = dict(whole)
    for file, old, new in bug.edits:
        found = broken[file].count(old)
        if found != 1:
            raise ValueError(f"the old text is there {found} times in {file}: {old!r}")
        broken[file] = broken[file].replace(old, new)
    return whole, broken


def seed(copy, bug, timeouts):
    """Makes one bug, asks its tests, takes it back."""
    whole, broken = edited(copy.folder, bug)
    try:
        for file, text in broken.items():
            write(copy.path(file), text)
        said = copy.make(bug.tests)
        if said is not None:
            return Outcome(bug, "FAIL", "does not build:\n" + "\n".join(said.splitlines()[-15:]))
        for program, name in bug.tests:
            verdict, _ = copy.test(program, name, timeouts[program, name])
            if verdict in ("failed", "hung"):
                return Outcome(bug, "caught", f"{program} {name}" + (" (hung)" if verdict == "hung" else ""))
        return Outcome(bug, "SURVIVED", "; ".join(" ".join(t) for t in bug.tests))
    finally:
        for file, text in whole.items():
            write(copy.path(file), text)


def outdated():
    """Bugs of the whole list whose old text has moved; it is asked for also where a tenth is seeded."""
    for bug in BUGS:
        try:
            edited(ROOT, bug)
        except ValueError as why:
            print(f"FAIL      {bug.id} ({why})", flush=True)
            yield Outcome(bug, "FAIL", str(why))


def baseline(copy, program, name, timeout):
    """(verdict, seconds, what was said) of a test without any bug."""
    began = time.monotonic()
    verdict, said = copy.test(program, name, timeout)
    return verdict, time.monotonic() - began, said


def chosen(ids):
    """The bugs to seed."""
    unknown = set(ids) - {b.id for b in BUGS}
    if unknown:
        sys.exit(f"no such bug: {' '.join(sorted(unknown))}")
    if ids:
        return [b for b in BUGS if b.id in ids]
    if os.environ.get("WAITLIST_FULL") == "1":
        return list(BUGS)
    tenth = random.Random(SEED).sample(range(len(BUGS)), len(BUGS) // 10)
    return [BUGS[i] for i in sorted(tenth)]


def each(copies, work, items):
    """work(copy, item) for every item, each copy doing one at a time. Yields (item, result) as they end."""
    free = queue.Queue()
    for copy in copies:
        free.put(copy)

    def one(item):
        copy = free.get()
        try:
            return work(copy, item)
        finally:
            free.put(copy)

    with concurrent.futures.ThreadPoolExecutor(len(copies)) as pool:
        jobs = {pool.submit(one, item): item for item in items}
        try:
            for job in concurrent.futures.as_completed(jobs):
                yield jobs[job], job.result()
        except BaseException:  # interrupted: nothing may go on by itself
            pool.shutdown(wait=False, cancel_futures=True)
            for copy in copies:
                copy.stop()
            raise


def seed_all(copies, bugs, longest):
    """The outcome of each bug."""
    tests = sorted({t for b in bugs for t in b.tests})
    said = copies[0].make(tests, len(copies))
    if said is not None:
        sys.exit("the copy does not build:\n" + "\n".join(said.splitlines()[-30:]))
    for copy in copies[1:]:
        shutil.copytree(copies[0].path("build"), copy.path("build"), symlinks=True, dirs_exist_ok=True)

    timeouts, unfit = {}, {}
    for test, (verdict, seconds, said) in each(copies, lambda c, t: baseline(c, *t, longest), tests):
        timeouts[test] = min(longest, 60 * PATIENCE + 5 * seconds)
        if verdict != "passed":
            unfit[test] = verdict
            print(f"{'skip' if verdict == 'skipped' else 'FAIL'}  without a bug, {' '.join(test)}: {verdict}", flush=True)
            print("".join(f"      {line}\n" for line in said.splitlines()[-20:]), end="", flush=True)

    outcomes = []
    fit = [b for b in bugs if not any(t in unfit for t in b.tests)]
    for b in bugs:
        bad = [t for t in b.tests if t in unfit]
        if bad:
            verdict = "skip" if all(unfit[t] == "skipped" for t in bad) else "FAIL"
            outcomes.append(Outcome(b, verdict, f"without the bug, {' '.join(bad[0])}: {unfit[bad[0]]}"))
    for b, outcome in each(copies, lambda c, b: seed(c, b, timeouts), fit):
        outcomes.append(outcome)
        print(f"{outcome.verdict:<8}  {b.id} ({outcome.by})", flush=True)
    return outcomes


def main():
    parser = argparse.ArgumentParser(description="seeds bugs one at a time and lets the suite find them")
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--jobs", "-j", type=int, default=2)
    parser.add_argument("--counts", help="file for the total line")
    parser.add_argument("--timeout", type=float, default=500, help="seconds for one test at most")
    options = parser.parse_args()
    outcomes = list(outdated())
    bugs = [b for b in chosen(options.ids) if b not in [o.bug for o in outcomes]]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()

    with tempfile.TemporaryDirectory(prefix="waitlist-seeded-") as folder:
        copies = [Copy(os.path.join(folder, str(n)), os.path.abspath(options.build))
                  for n in range(max(1, min(options.jobs, len(bugs))))]
        outcomes += seed_all(copies, bugs, options.timeout * PATIENCE)

    print(f"\n{'bug':<26} {'source':<12} caught by")
    for o in sorted(outcomes, key=lambda o: BUGS.index(o.bug)):
        print(f"{o.bug.id:<26} {o.bug.source:<12} {o.by if o.verdict == 'caught' else o.verdict}")
    for what, why in LATER.items():
        print(f"later: {what}: {why}")
    for what, why in EQUIVALENT.items():
        print(f"equivalent: {what}: {why}")
    counts = collections.Counter(o.verdict for o in outcomes)
    total = (f"{counts['caught']} passed, {counts['SURVIVED'] + counts['FAIL']} failed, "
             f"{counts['skip']} skipped")
    print(f"{len(bugs)} of {len(BUGS)} seeded, {time.monotonic() - began:.0f} s")
    if options.counts:
        write(options.counts, total + "\n")
    print(total)
    return 1 if counts["SURVIVED"] + counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
