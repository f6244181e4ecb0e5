"""Each place of the durable core that asks for memory gets none, once (P7); the next run reaches the undisturbed digest.

The sweep of the daemon strikes at some of 3,000 chains of callers; here every place of the commit, the audit, the
composer and the queue to which an allocation returns is one point, struck where a run comes to it first. The full mode
strikes at all of them, else at a tenth.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from canonical import Canonical
from seam import is_sanitized
from sweep import chosen, strike_all
from waitlist import run_tests, skip

CORE = ("/daemon/pipeline_apply", "/daemon/pipeline_audit", "/daemon/pipeline_compose", "/daemon/pipeline_message",
        "/daemon/pipeline_recipients", "/daemon/pipeline_deliver")


def places_of_core(c, chains):
    """Those of the places that lie in the core, in order of their first allocation."""
    places = {place: n for n, chain in sorted(chains.items(), reverse=True) for place in chain}
    named = subprocess.run(["addr2line", "-e", os.path.join(c.w.build, "waitlistd"),
                            *[hex(int(p, 16) - 1) for p in places]], capture_output=True, text=True, check=True)
    lines = dict(zip(places, named.stdout.splitlines()))
    return [p for p in sorted(places, key=places.get) if any(part in lines[p] for part in CORE)]


def test_each_place_of_the_core_that_gets_no_memory_is_mended_by_the_next_run(build):
    if is_sanitized():
        skip("the sanitizer's allocator stands before ours")
    with Canonical(build) as c:
        c.count()
        struck, points = set(), []
        for k in range(len(c.steps)):
            c.restore(k)
            c.fill(k)
            c.run_step(k, stacks=True)
            points += [(k, p) for p in places_of_core(c, c.seam.chains()) if p not in struck]
            struck.update(p for _, p in points)
        assert len(points) > 100, len(points)
        hit = strike_all("places of the core that ask for memory", chosen(points), lambda k, place: c.failed(
            k, [f"fail alloc 1 @{place}"], to=k, ends=(0, 1, 78, -9), patience=5, is_killed=True), len(points))
        assert hit >= len(chosen(points)) * 9 // 10, "a place is where it was found"


if __name__ == "__main__":
    run_tests(globals())
