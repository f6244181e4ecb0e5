"""Allocations of the daemon fail once, and for ever after (P7); the next run reaches the undisturbed digest.

A run has some 27,000 allocations from some 3,000 chains of callers; the first from each chain is one point: what
comes later runs through the same lines. Struck at one by one they would take hours, so the full mode
takes so many a scenario, by a fixed seed; else a few. Around the records of the journals every allocation is a point.
hiredis ends the process when memory runs out, and other libraries may hang in theirs: both count as a kill.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from canonical import STEPS, Canonical
from seam import is_sanitized
from sweep import SEED, is_full, strike_all
from waitlist import run_tests, skip

POINTS, FEW = 100, 4  # of a scenario, in each mode
REFUSED = (("2024-06-10", {**STEPS[0][1], "local": {"bad.csv": b"\x1f\x8b no table\n", "april.csv":
                                                    STEPS[0][1]["local"]["april.csv"]}}),)


def sweep(c, k, what, before=lambda: None):
    if is_sanitized():
        skip("the sanitizer's allocator stands before ours")
    restore = c.restore

    def restore_and(at):
        restore(at)
        before()
    c.restore = restore_and
    try:
        c.restore(k)
        c.fill(k)
        c.run_step(k, stacks=True)
        chains = c.seam.stacks()
        points = [(n, ever) for ever in ("", "+") for n in chains]
        some = sorted(random.Random(SEED).sample(points, min(len(points), 2 * (POINTS if is_full() else FEW))))
        strike_all(f"allocations in {what}", some,
                   lambda n, ever: c.failed(k, [f"fail alloc {n}{ever}"], to=k, ends=(0, 1, 78, -9), patience=5,
                                            is_killed=True), len(points))
    finally:
        c.restore = restore


def test_a_daemon_that_runs_out_of_memory_ends_or_goes_on_and_the_next_run_mends_it(build):
    with Canonical(build) as c:
        c.count()
        for k, what in enumerate(("the raise", "the restatement", "the correction", "worse months", "the resolve")):
            sweep(c, k, what)


def allocations_after_each_record(c, k):
    """(journal, how many allocations step k has made) when a record is about to be synced."""
    c.restore(k)
    c.fill(k)
    c.run_step(k, trace=True)
    synced = [os.path.basename(path) for name, path, _ in c.seam.trace() if name == "fdatasync"]
    out = []
    for n, journal in enumerate(synced, 1):
        c.restore(k)
        c.fill(k)
        c.run_step(k, [f"kill fdatasync {n}"])
        out.append((journal, c.seam.counts()["alloc"]))
    return out


def test_a_record_that_is_written_and_not_taken_in_is_not_written_twice(build):
    if is_sanitized():
        skip("the sanitizer's allocator stands before ours")
    with Canonical(build) as c:
        c.count()
        k = 2
        records = allocations_after_each_record(c, k)
        assert {"received", "audit", "sent"} <= {journal for journal, _ in records}
        if not is_full():
            records = [next(r for r in records if r[0] == journal) for journal in ("received", "audit")]
        points = [(journal, n) for journal, at in records for n in range(at - 3, at + 7)]  # a run has a few more or less
        strike_all("allocations around the records of the correction", points,
                   lambda journal, n: c.failed(k, [f"fail alloc {n}"], to=k, ends=(0, 1, 78, -9), patience=5,
                                               is_killed=True), len(points))


def test_running_out_of_memory_while_the_books_are_rebuilt_is_mended_by_the_next_run(build):
    with Canonical(build) as c:
        c.count()
        sweep(c, len(c.steps) - 1, "the rebuild of an emptied Redis", lambda: c.client.call("FLUSHALL"))


def test_running_out_of_memory_while_a_file_is_refused_is_mended_by_the_next_run(build):
    with Canonical(build, steps=REFUSED) as c:
        c.count()
        sweep(c, 0, "a refusal")


def test_running_out_of_memory_with_its_own_redis_is_mended_by_the_next_run(build):
    with Canonical(build, embedded=True) as c:
        c.count()
        sweep(c, len(c.steps) - 1, "a run with the embedded Redis")


if __name__ == "__main__":
    run_tests(globals())
