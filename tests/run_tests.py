"""Runs groups of tests and adds up their counts.

    tests/run_tests.py [--build DIR] [--jobs N] [--counts FILE] [--timeout S] GROUP...

GROUP: unit (programs DIR/tests/unit/*/test_*), corpus (programs DIR/tests/fuzz/*, each over its kept
corpus), scenario (tests/scenario/test_*.py), live (tests/live/test_*.py and test_*.sh), seeded
(tests/run_seeded.py). Every program is given the build folder. Its count is
read from check's "100%: Checks: N, Failures: F, Errors: E", or from a last line "N passed, N failed, N
skipped". A program that gives no count, ends badly or takes too long is a failure, and so is a group
without any test. What each said lies in DIR/test-logs. When scenario and live tests ran, the fault
matrix of RELIABILITY section 4 follows: a test belongs to the row that its name begins with
(test_P6_…: "ok    P6 …"). Then what failed, in short. Last line: the total; --counts writes it to a
file too, and what failed below it. Exit 0, or 1 on any failure.

WAITLIST_AGAIN=1, for build servers, whose machines stand still at times: what failed runs once more,
alone, at the end. What passes then is counted as passed and named as unsteady, with why it failed first.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHECK_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)\s*$", re.M)
COUNT_LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped\s*$", re.M)
ROW_LINE = re.compile(r"^(ok  |FAIL|skip)  ([A-Z]\d+) (.*?)(?: \(([\d.]+) s\))?$", re.M)
MATRIX = {"P": 16, "R": 20, "M": 12, "W": 12, "H": 9, "F": 21, "T": 3, "S": 10}
# Rows, or ranges of them, whose surface is not built yet.
LATER = {
    "R17": "with failover",
    "H8": "with the page",
    "S1-S8": "with the surfaces they are about",
    "S10": "with the surfaces they are about",
}

# Begun first, so that nobody waits for them at the end.
LONGEST = ("test_matrix_r.py", "test_redis_server.py", "test_pipeline_apply", "test_midnight.py", "test_matrix_w.py",
           "test_sweep_alloc_daemon.py", "test_matrix_f.py", "test_sweep_errors.py", "test_sweep_calls.py",
           "test_pipeline_compose", "test_lease.py", "test_matrix_p.py")


def programs(group, build):
    if group == "seeded":
        return [[sys.executable, os.path.join(ROOT, "tests", "run_seeded.py"), "--build", build]]
    compiled = {"unit": ("unit", "*", "test_*"), "corpus": ("fuzz", "*")}
    if group in compiled:
        # "valgrind ...": the scenario tests put it before the daemon, here it goes before the program.
        wrapper = os.environ.get("WAITLIST_WRAPPER", "").split()
        found = glob.glob(os.path.join(build, "tests", *compiled[group]))
        return [wrapper + [p] for p in sorted(found)
                if os.path.isfile(p) and os.access(p, os.X_OK) and not os.path.splitext(p)[1]]
    found = glob.glob(os.path.join(ROOT, "tests", group, "test_*.py"))
    shell = glob.glob(os.path.join(ROOT, "tests", group, "test_*.sh"))
    return [[sys.executable, p, build] for p in sorted(found)] + [["bash", p, build] for p in sorted(shell)]


def counts_of(output, code):
    """(passed, failed, skipped); a bad end without a counted failure counts as one."""
    passed = failed = skipped = 0
    lines = 0
    for checks, failures, errors in CHECK_LINE.findall(output):
        passed += int(checks) - int(failures) - int(errors)
        failed += int(failures) + int(errors)
        lines += 1
    if lines == 0:
        found = COUNT_LINE.findall(output)
        if found:  # only the last line: a test may print another program's
            passed, failed, skipped = map(int, found[-1])
            lines = 1
    if (lines == 0 or code != 0) and failed == 0:
        failed = 1
    return passed, failed, skipped


def run(argv, build, timeout):
    program = next((a for a in argv if os.path.join("tests", "") in a), argv[0])
    name = os.path.relpath(program, build if program.startswith(build + os.sep) else ROOT)
    started = time.monotonic()
    # A group of its own, so that what a test left behind ends with it, and nothing else does.
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output = process.communicate(timeout=timeout)[0].decode(errors="replace")
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output = process.communicate()[0].decode(errors="replace") + f"\nended after {timeout:g} s\n"
        code = -signal.SIGKILL
    log = os.path.join(build, "test-logs", name.replace(os.sep, "-") + ".log")
    with open(log, "w", encoding="utf-8") as f:
        f.write(output)
    return name, code, counts_of(output, code), time.monotonic() - started, output


# ---- the fault matrix ------------------------------------------------------------------------------
def rows_of(text):
    """"H1-H9": every row of the range."""
    first, _, last = text.partition("-")
    return [f"{first[0]}{n}" for n in range(int(first[1:]), int((last or first)[1:]) + 1)]


def rows_said(output):
    """(row, outcome, seconds, what is said after a skip's colon) of each test that names a row."""
    return [(row, outcome.strip(), float(seconds or 0), words.partition(": ")[2] if outcome == "skip" else "")
            for outcome, row, words, seconds in ROW_LINE.findall(output)]


def print_matrix(said):
    later = {row: why for text, why in LATER.items() for row in rows_of(text)}
    print(f"\n{'row':<5} {'passed':>7} {'s':>7}  of the fault matrix")
    for row in (f"{letter}{n}" for letter, last in MATRIX.items() for n in range(1, last + 1)):
        tests = [t for t in said if t[0] == row]
        passed = sum(t[1] == "ok" for t in tests)
        remarks = ["FAILED"] if any(t[1] == "FAIL" for t in tests) else []
        remarks += ["skipped: " + t[3] for t in tests if t[1] == "skip"]
        if not tests:
            remarks = [f"later: {later[row]}" if row in later else "missing"]
        print(f"{row:<5} {f'{passed}/{len(tests)}' if tests else '-':>7} {sum(t[2] for t in tests):>7.1f}  "
              f"{'; '.join(remarks)}".rstrip())


def failures_said(output):
    """Of each failed test its name and why, or the end of what a program said that named none."""
    said, lines = [], output.splitlines()
    for i, line in enumerate(lines):
        if line.startswith("FAIL"):
            rest = lines[i + 1:]
            end = next((n for n, r in enumerate(rest) if re.match(r"(ok|FAIL|skip)  |\d+ passed, ", r)), len(rest))
            said += [line] + (rest[:end][-3:] if rest and rest[0].startswith("Traceback") else rest[:end][:4])
        elif re.search(r":\d+:[FE]:", line):
            said.append(line)
    return [line[:300] for line in said or lines[-5:]]


def main():
    parser = argparse.ArgumentParser(description="runs groups of tests and adds up their counts")
    parser.add_argument("groups", nargs="+", choices=("unit", "corpus", "scenario", "live", "seeded"))
    parser.add_argument("--build", default=os.environ.get("WAITLIST_BUILD", os.path.join(ROOT, "build")))
    parser.add_argument("--jobs", "-j", type=int, default=1)
    parser.add_argument("--counts", help="file for the total line")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for each program")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    os.makedirs(os.path.join(build, "test-logs"), exist_ok=True)
    todo, table, said, failures, unsteady = [], [], [], [], []

    def took(group, job):
        name, code, counts, seconds, output = job
        table.append((group, name, *counts, seconds))
        said.extend(rows_said(output))
        print(f"{'ok  ' if counts[1] == 0 else 'FAIL'}  {name} ({seconds:.1f} s)", flush=True)
        if counts[1]:
            failures.extend([name] + ["  " + line for line in failures_said(output)])
            print(f"      exit {code}; the end of what it said:", flush=True)
            print("".join(f"      {line}\n" for line in output.splitlines()[-60:]), end="", flush=True)

    for group in options.groups:
        found = programs(group, build)
        if not found:
            print(f"FAIL  {group}: there is no test in this group", flush=True)
            table.append((group, "(none)", 0, 1, 0, 0.0))
        todo += [(group, argv) for argv in found]
    todo.sort(key=lambda t: not any(os.path.basename(a) in LONGEST for a in t[1]))
    again = []
    # The seeded bugs build and run the suite by themselves: after everything else.
    for is_seeded in (False, True):
        with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
            jobs = {pool.submit(run, argv, build, options.timeout): (group, argv)
                    for group, argv in todo if (group == "seeded") == is_seeded}
            for job in concurrent.futures.as_completed(jobs):
                group, argv = jobs[job]
                if job.result()[2][1] and not is_seeded and os.environ.get("WAITLIST_AGAIN"):
                    again.append((group, argv, failures_said(job.result()[4])))
                    print(f"again {job.result()[0]}: it failed, and runs once more at the end", flush=True)
                else:
                    took(group, job.result())
    for group, argv, why in again:
        job = run(argv, build, options.timeout)
        took(group, job)
        if job[2][1] == 0:
            unsteady += [job[0]] + ["  " + line for line in why]

    print(f"\n{'group':<9} {'program':<44} {'passed':>6} {'failed':>6} {'skipped':>7} {'s':>7}")
    for group, name, passed, failed, skipped, seconds in sorted(table):
        print(f"{group:<9} {name:<44} {passed:>6} {failed:>6} {skipped:>7} {seconds:>7.1f}")
    if {"scenario", "live"} <= set(options.groups):
        print_matrix(said)
    totals = [sum(row[2 + n] for row in table) for n in range(3)]
    total = "{} passed, {} failed, {} skipped".format(*totals)
    if unsteady:
        print("\nunsteady, passed when run again:\n" + "\n".join(unsteady))
    if failures:
        print("\nfailed:\n" + "\n".join(failures))
    if options.counts:
        with open(options.counts, "w", encoding="utf-8") as f:
            f.write("\n".join([total] + failures + (["unsteady, passed when run again:"] if unsteady else []) + unsteady)
                    + "\n")
    print(total)
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
