"""Killed anywhere while files of pathways go into a list: the lists, figures and messages end as if undisturbed.

A snapshot, events that make an overlay, and a second snapshot that closes some; each kept under its pseudonyms.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from canonical import Canonical
from sweep import chosen, strike_all
from waitlist import run_tests

FIRST = lists.starts(700, "2026-05-16", step=0) | lists.starts(60, "2026-05-10", step=-3, prefix="B")
SECOND = {k: v for k, v in FIRST.items() if k not in ("A1", "A2", "B5")} | {"X1": "2026-05-19"}
STEPS = (
    ("2026-05-18", {"weekly": {"1.csv": lists.snapshot("2026-05-17", FIRST)}}),
    ("2026-05-21", {"events": {"1.csv": lists.events(("A1", "first-contact", "2026-05-19", 1, "e1"),
                                                     ("X1", "referral", "2026-05-19", 1, "e2"),
                                                     ("B5", "removal", "2026-05-20", 1, "e3"))}}),
    ("2026-05-25", {"weekly": {"2.csv": lists.snapshot("2026-05-24", SECOND)},
                    "events": {"2.csv": lists.events(("A2", "first-contact", "2026-05-22", 1, "e4"))}}),
)
PLAN = lists.plan(lists.measure(target="{at_most: 12}"),
                  lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}"))


def test_killed_at_any_boundary_of_redis_or_the_disk_the_lists_end_as_if_undisturbed(build):
    with Canonical(build, steps=STEPS, feeds=lists.SNAPSHOTS + lists.EVENTS, plan_text=PLAN,
                   extra="identity: {key_file: pathway.key}\n" + lists.LISTS) as c:
        c.w.write("pathway.key", bytes(range(32)))
        os.chmod(c.w.path("pathway.key"), 0o600)
        c.count()
        assert c.told, "somebody is told of the list"
        for group in ("redis", "durable"):
            points = c.points(group)
            strike_all(f"{group} of a list", chosen(points, 15), lambda k, n: c.disturbed(k, [f"kill {group} {n}"]),
                       len(points))


if __name__ == "__main__":
    run_tests(globals())
