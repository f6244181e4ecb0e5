"""Killed anywhere while files of pathways go into a list: the lists, figures and messages end as if undisturbed.

A snapshot, events that make an overlay, and a second snapshot that closes some; each kept under its pseudonyms.
"""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from canonical import Canonical
from seam import Seam
from sweep import chosen, strike_all
from waitlist import run_tests, wait_for

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


def keep(i, months):
    with open(i.path("waitlistd.yaml"), encoding="utf-8") as f:
        text = f.read()
    i.write("waitlistd.yaml", re.sub(r"pathways: \d+m", f"pathways: {months}m", text))


def kept(i):
    """Of each provider, how many pathways are known, and the digest of all that is."""
    (feed,) = i.ctl("feeds")
    return {part["provider"]: (part["pathways"], part["digest"]) for part in feed["list"]["parts"]}


def test_killed_while_a_list_is_made_anew_no_part_of_before_stands_in_it_as_new(build):
    """At each provider somebody left in February and is forgotten in April, and known again once that is kept longer."""
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[]")
    with lists.instance(build, feeds=feeds, extra=lists.TWO + "retention: {pathways: 1m}\n") as i:
        for census, left in (("2026-01-18", ()), ("2026-02-15", ("A1",)), ("2026-04-19", ("A1",))):
            day = census[:-2] + str(int(census[-2:]) + 1)
            for provider in ("TAJ", "RXT"):
                waiting = {k: v for k, v in lists.starts(4, "2026-01-05").items() if k not in left}
                i.put(f"{provider}{census}.csv", lists.snapshot(census, waiting, provider=provider), feed="weekly")
                i.once(day)
        assert {pathways for pathways, _ in i.look("2026-04-20", kept).values()} == {3}, "who left is forgotten"
        keep(i, 15)
        before = i.path("before")
        shutil.copytree(i.path("state"), before)
        counting = Seam(build, i.folder, trace=True)
        i.once("2026-04-20", env=counting.env())
        expected = i.look("2026-04-20", kept)
        assert {pathways for pathways, _ in expected.values()} == {4}, expected

        def killed(n):
            shutil.rmtree(i.path("state"))
            shutil.copytree(before, i.path("state"))
            seam = Seam(build, i.folder, rules=[f"kill redis-replied {n}"])
            i.run("--once", "--at", "2026-04-20", env=seam.env())
            i.once("2026-04-20")
            found = i.look("2026-04-20", kept)
            assert found == expected, (n, found, expected)
            return seam.struck()

        calls = [command for name, command, _ in counting.trace() if name == "redis-replied"]
        points = [(n,) for n, command in enumerate(calls, 1) if "commit_list" in command]
        first = next(n for n, command in enumerate(calls, 1) if "commit_list" in command)
        points = [(n,) for n in range(first, len(calls) + 1)]
        strike_all("redis of a list made anew", points, killed, len(points))


def test_a_list_of_events_made_anew_is_laid_over_nothing_of_before(build):
    """A file is lost from the archive: what it said is not in the list any more, nor in what Redis has of it."""
    with lists.instance(build, feeds=lists.EVENTS, extra=lists.LISTS + "retention: {pathways: 15m}\n") as i:
        for n, day in (("A", "2026-01-06"), ("B", "2026-01-07")):
            i.put(f"{n}.csv", lists.events(*[(f"{n}{k}", "referral", "2026-01-05", 1) for k in range(6)]),
                  feed="events")
            i.once(day)
        with open(i.path("state", "journal", "received"), encoding="utf-8") as f:
            lost = re.findall('"archived":"([0-9a-f]*)"', f.read())[1]
        os.unlink(i.path("state", "archive", lost[:2], lost))
        keep(i, 14)
        i.start("2026-01-07")
        wait_for(lambda: kept(i).get("TAJ", (0,))[0] == 6, "the list to be made anew, without the file")
        made = kept(i)
        i.stop()
        i.start("2026-01-07")
        wait_for(lambda: kept(i) == made, "the same list")
        i.stop()
        assert "what Redis holds cannot be read" not in i.log(), "it was loaded, and not made once more"


if __name__ == "__main__":
    run_tests(globals())
