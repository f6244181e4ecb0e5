"""Killed at every file call that changes something (P4): open, write, fsync, rename, unlink, mkdir.

The same with the daemon's own Redis server, whose settings and pid file are written too.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from canonical import Canonical
from sweep import chosen, is_full, strike_all
from waitlist import run_tests

LEAST = 200  # file calls of the canonical run


def test_killed_at_any_file_call_it_ends_as_if_undisturbed(build):
    with Canonical(build) as c:
        c.count()
        points = c.points("durable")
        assert len(points) >= LEAST, f"the canonical run has only {len(points)} file calls"
        some = chosen(points)
        hit = strike_all("files", some, lambda k, n: c.disturbed(k, [f"kill durable {n}"]), len(points))
        assert hit >= (LEAST if is_full() else len(some) * 9 // 10), f"only {hit} of {len(some)} were hit"


def test_killed_at_any_file_call_with_its_own_redis_it_ends_as_if_undisturbed(build):
    with Canonical(build, embedded=True) as c:
        c.count()
        last = len(c.steps) - 1
        points = [(k, n) for k, n in c.points("durable") if k == last]
        strike_all("files with the embedded Redis", chosen(points),
                   lambda k, n: c.disturbed(k, [f"kill durable {n}"]), len(points))


if __name__ == "__main__":
    run_tests(globals())
