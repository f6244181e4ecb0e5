"""Killed at every Redis boundary (P1, P2, P3): before a command, after it is sent, after its reply.

Wherever the daemon dies, the next starts end with the archive, the journals, the books and the messages
of the run that nobody disturbed.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from canonical import Canonical
from sweep import chosen, is_full, strike_all
from waitlist import run_tests

LEAST = 300  # boundaries of the canonical run


def test_killed_at_any_redis_boundary_it_ends_as_if_undisturbed(build):
    with Canonical(build) as c:
        c.count()
        points = c.points("redis")
        assert len(points) >= LEAST, f"the canonical run has only {len(points)} Redis boundaries"
        some = chosen(points)
        hit = strike_all("redis", some, lambda k, n: c.disturbed(k, [f"kill redis {n}"]), len(points))
        assert hit >= (LEAST if is_full() else len(some) * 9 // 10), f"only {hit} of {len(some)} were hit"


if __name__ == "__main__":
    run_tests(globals())
