"""sweep - which points of a canonical run a test strikes at, and what it says of them

WAITLIST_FULL=1 strikes at every point; without it at a tenth, chosen by a fixed seed; with sanitizers, which look at
what the plain build passed already, at a fortieth.
"""
import errno
import os
import random
import time

from canonical import Canonical
from seam import GROUPS

SEED = 20241122
SHOWN = 8  # failures told in full


def is_full():
    return os.environ.get("WAITLIST_FULL") == "1"


def chosen(points, share=10, least=1):
    """All of them, or every share-th by chance, in order."""
    points = list(points)
    if is_full() or len(points) <= least:
        return points
    count = max(least, len(points) // (share * (4 if os.environ.get("WAITLIST_SANITIZED") else 1)))
    return sorted(random.Random(SEED).sample(points, count))


def strike_all(what, points, strike, total):
    """Calls strike(*point) for each; strike returns whether the point was hit. Every failure is kept to the end."""
    began, hit, wrong = time.monotonic(), 0, []
    for point in points:
        try:
            hit += bool(strike(*point))
        except AssertionError as failure:
            wrong.append((point, str(failure)))
    print(f"      points hit: {what} {hit} of {len(points)} ({total} in all), "
          f"{len(wrong)} wrong, {time.monotonic() - began:.0f} s", flush=True)
    told = "\n".join(f"{point}: {why[:1500]}" for point, why in wrong[:SHOWN])
    assert not wrong, f"{len(wrong)} of {len(points)} {what} points end otherwise:\n{told}"
    return hit


def fail_at_every(build, what, names, action="fail", share=20):
    """One canonical run for each call of these names: that call fails with `what` (an errno's name), or is short.
    No crash; the end is the undisturbed one."""
    number = f" {getattr(errno, what)}" if action == "fail" else ""
    with Canonical(build) as c:
        c.count()
        calls = [n for name in names.split(",") for n in GROUPS.get(name, (name,))]
        points = [(k, n) for k, step in enumerate(c.steps)
                  for n in range(1, sum(step.counts[call] for call in calls) + 1)]
        strike_all(what, chosen(points, share), lambda k, n: c.failed(k, [f"{action} {names} {n}{number}"]),
                   len(points))
