"""Runs the fuzz targets for a while each and adds up what they did.

    tests/run_fuzz.py [--build DIR] [--seconds S] [--jobs N] [--seed N] [--counts FILE] [TARGET...]

Every program DIR/tests/fuzz/NAME (built with FUZZ=1) starts from its kept corpus, tests/fuzz/corpus/NAME,
which it does not change, and from what earlier runs found, DIR/corpus/NAME. It fails on a crash, a
sanitizer's report, a property that does not hold, a leak, more than 1 s of processor time or 256 MB for
one input. The input that did it is written to DIR/findings/NAME-... and named; once mended, it is copied
into the kept corpus. Prints a line a target with its executions; the last line is "N passed, N failed, N
skipped". Exit 0, or 1 on any failure.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MEMORY_MB = 256
HANG_S = 60  # of wall time, for one input: the 1 s of processor time is counted by the target itself
# The longest input worth making: enough for every branch, short enough to be fast.
MAX_LEN = {
    "csv": 600,
    "ctl": 300,
    "format": 3000,
    "http": 300,
    "journal": 700,
    "parser": 900,
    "pathways": 500,
    "plan": 3000,
    "records": 1200,
    "redis": 200,
    "request": 500,
    "settings": 3000,
    "smtp": 250,
    "stored": 1000,
    "value": 120,
    "yaml": 500,
    "zip": 600,
}


def targets(build):
    found = glob.glob(os.path.join(build, "tests", "fuzz", "*"))
    return sorted(os.path.basename(p) for p in found
                  if os.path.isfile(p) and os.access(p, os.X_OK) and not os.path.splitext(p)[1])


def environment(scratch):
    return dict(os.environ, TMPDIR=scratch, TZ="Europe/London",
                # A large quarantine of freed memory would count as the target's.
                ASAN_OPTIONS="quarantine_size_mb=8:malloc_context_size=12:handle_abort=1",
                LSAN_OPTIONS="print_suppressions=0", UBSAN_OPTIONS="print_stacktrace=1")


def told(said):
    """What it said of its end: without its progress and the input as numbers."""
    lines = [line for line in said.splitlines() if not re.match(r"#\d+\t|INFO:|\s*0x[0-9a-f]{1,2},", line)]
    return [line[:200] for line in lines if line.strip()][:24]


def fuzz(name, build, options):
    """(name, executions, problem or None)"""
    if name not in MAX_LEN:
        return name, 0, "tests/run_fuzz.py knows no longest input for it"
    kept = os.path.join(ROOT, "tests", "fuzz", "corpus", name)
    found = os.path.join(build, "corpus", name)
    prefix = os.path.join(build, "findings", name + "-")
    os.makedirs(found, exist_ok=True)
    if not os.path.isdir(kept) or not os.listdir(kept):
        return name, 0, "no kept corpus"
    before = set(glob.glob(prefix + "*"))
    scratch = tempfile.mkdtemp(prefix="waitlistd-fuzz-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    argv = [os.path.join(build, "tests", "fuzz", name), found, kept, f"-max_total_time={options.seconds}",
            f"-max_len={MAX_LEN[name]}", f"-timeout={HANG_S}", f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={prefix}", f"-seed={options.seed}", "-print_final_stats=1", "-reload=0"]
    words = os.path.join(ROOT, "tests", "fuzz", name + ".dict")
    if os.path.exists(words):
        argv.append("-dict=" + words)
    log = os.path.join(build, "logs", name + ".log")
    try:
        with open(log, "wb") as out:
            code = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                  env=environment(scratch), timeout=options.seconds + 4 * HANG_S).returncode
    except subprocess.TimeoutExpired:
        code = "none: it did not end in time"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    with open(log, encoding="utf-8", errors="replace") as f:
        said = f.read()
    stat = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
    progress = re.findall(r"^#(\d+)\s", said, re.M)
    executions = int(stat[-1]) if stat else int(progress[-1]) if progress else 0
    new = sorted(set(glob.glob(prefix + "*")) - before)
    problem = None
    if code != 0 or new:
        files = ", ".join(os.path.relpath(p, ROOT) for p in new) or "none written"
        problem = f"exit {code}; input: {files}; {os.path.relpath(log, ROOT)} ends:\n" + "".join(
            f"      {line}\n" for line in told(said))
    elif executions == 0:
        problem = "nothing was executed"
    return name, executions, problem


def main():
    parser = argparse.ArgumentParser(description="runs the fuzz targets")
    parser.add_argument("only", nargs="*", metavar="TARGET", help="without any: all")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "fuzz"))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", "-j", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the random choices; 0: another each time")
    parser.add_argument("--counts", help="file for the total line")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    names = options.only or targets(build)
    for folder in ("findings", "logs"):
        os.makedirs(os.path.join(build, folder), exist_ok=True)

    failed = total = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for job in [pool.submit(fuzz, name, build, options) for name in names]:
            name, executions, problem = job.result()
            failed += problem is not None
            total += executions
            print(f"{'FAIL' if problem else 'ok  '}  {name:<16} {executions:>12} executions", flush=True)
            if problem:
                print("      " + problem, flush=True)
    line = f"{len(names) - failed} passed, {failed} failed, 0 skipped"
    if not names:
        line = "0 passed, 1 failed, 0 skipped"
    print(f"{total} executions in all")
    if options.counts:
        with open(options.counts, "w", encoding="ascii") as f:
            f.write(line + "\n")
    print(line)
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
