"""Killed, and killed again while it recovers (P5): pairs of points by chance."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from canonical import Canonical
from sweep import SEED, chosen, strike_all
from waitlist import run_tests

PAIRS = 500


def test_killed_again_while_it_recovers_it_ends_as_if_undisturbed(build):
    with Canonical(build) as c:
        c.count()
        chance = random.Random(SEED)
        first = [(k, group, n) for group in ("redis", "durable") for k, n in c.points(group)]
        # A recovery has about as many calls as the step itself: some second points lie beyond its end.
        pairs = [(*chance.choice(first), chance.choice(("redis", "durable")), chance.randint(1, 120))
                 for _ in range(PAIRS)]

        def strike(k, group, n, second_group, second):
            return c.disturbed(k, [f"kill {group} {n}"], recovery=[f"kill {second_group} {second}"])
        strike_all("pairs", chosen(pairs), strike, PAIRS)


if __name__ == "__main__":
    run_tests(globals())
