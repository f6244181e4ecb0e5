"""Random months, restatements and late files: what a plain reference derives from the archive is what was told."""
import datetime
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import reference
from waitlist import Instance, plan, run_tests

HEADER = "source,measure,org,period_start,period_end,value,status\n"
MEASURES = 10  # of one instance, each with a feed of its own: each is a scenario
FEEDS = "".join("  - {id: f%d, kind: aggregate, format: measures, inbox: ./inbox/f%d, cadence: monthly, grace: 900d}\n"
                % (n, n) for n in range(MEASURES))
EVENINGS = 8
FIRST = datetime.date(2025, 7, 1)  # after every month that may be drawn; the plan of the tests begins in April 2024
VALUES = (70, 66, 62, 60, 58, 55, 52, 45)


def draw_rules(rng):
    rules = {}
    for n in range(MEASURES):
        higher = rng.random() < 0.5
        rules[f"m{n}"] = {"polarity": "higher" if higher else "lower", "target": 60, "tolerance": 5,
                          "for": rng.choice((1, 1, 2)), "clear_for": rng.choice((1, 1, 2)),
                          "reopen_within": rng.choice((0, 1, 2)), "steady_for": rng.choice((0, 0, 3)),
                          **({"clear": 65 if higher else 55} if rng.random() < 0.4 else {})}
    return rules


def plan_of(rules):
    measures = ""
    for id, rule in rules.items():
        keys = {k: v for k, v in rule.items() if k != "target"}
        keys["target"] = "{%s: %d}" % ("at_least" if rule["polarity"] == "higher" else "at_most", rule["target"])
        measures += (f"  - id: {id}\n    metric: \"published:{id}\"\n    select: {{feed: f{id[1:]}, org: RNA}}\n"
                     "    owner: camhs-lead\n" + "".join(f"    {k}: {v}\n" for k, v in keys.items()))
    return plan(measures)


def first_of(month):
    return datetime.date(2024 + (month + 3) // 12, (month + 3) % 12 + 1, 1)


def draw_files(rng, newest):
    """measure -> file of one evening; newest: measure -> months told so far. A figure is never restated to a marker."""
    files = {}
    for id in newest:
        rows = []
        for month in {newest[id] if rng.random() < 0.75 or newest[id] == 0 else rng.randrange(newest[id])
                      for _ in range(rng.choice((0, 1, 1, 1)))}:
            is_new = month == newest[id]
            if is_new:
                newest[id] += 1 + (rng.random() < 0.15)  # a month may be left out, and come later
            start, end = first_of(month), first_of(month + 1) - datetime.timedelta(days=1)
            value = "*" if is_new and rng.random() < 0.08 else rng.choice(VALUES)
            status = "Final" if rng.random() < 0.3 else "Provisional"
            rows.append(f"r,{id},RNA,{start},{end},{value},{status}\n")
        if rows:
            files[id] = HEADER + "".join(rows)
    return files


class Reader:
    """What one who reads every message believes."""

    def __init__(self, ids):
        self.open = {id: None for id in ids}       # severity, or None
        self.told = {id: [] for id in ids}         # (since, period) of every notice
        self.seen = set()
        self.damped = {id: False for id in ids}

    def read(self, w):
        fresh = {k: v for k, v in w.events().items() if k not in self.seen}
        self.seen |= set(fresh)
        for event in sorted(fresh.values(), key=lambda e: e["time"]):
            # That a plan ends is an event of another type, of no alert.
            items = [i for i in event["data"].get("items", ()) if i["rule"] == "behind-plan"]
            # What ended first, then what began: both may be of one measure.
            for item in sorted(items, key=lambda i: i["state"] in ("FIRING", "RECOVERING")):
                is_open = item["state"] in ("FIRING", "RECOVERING")
                self.open[item["measure"]] = item["severity"] if is_open else None
                self.told[item["measure"]].append((datetime.date.fromisoformat(item["since"]),
                                                   datetime.date.fromisoformat(item["period_end"])))


def compare(w, rules, reader, where):
    """Both ways: what must be told is told, and what is told is so."""
    archive, derived = reference.read_archive(w.path("state")), 0
    for id, periods in archive.items():
        rule, believed = rules[id], reader.open[id]
        breaches = reference.breaches_of(rule, periods)
        current = breaches[-1] if breaches and not breaches[-1].ended else None
        about = f"{where} {id} {rule} {[(str(e), reference.in_force(f).value) for e, f in sorted(periods.items())]}"
        derived += sum(b.confirmed for b in breaches)
        if current and current.confirmed and reference.newest_is_behind(rule, periods):
            assert believed, f"behind plan since {current.opened}, and not told: {about}"
            assert believed == "red" or current.severity == "amber", f"red, told as {believed}: {about}"
            if not rule["steady_for"]:
                assert believed == current.severity, f"{current.severity}, told as {believed}: {about}"
        if believed and not rule["steady_for"]:
            assert current, f"told as behind plan, and it is not: {about}"
        for breach in breaches:
            if breach.ended and reference.came_late(periods, breach):
                assert any(min(since, period) <= breach.last_behind and period >= breach.opened
                           for since, period in reader.told[id]), f"discovered late, not told: {about}"
    return derived


def live(build, seed):
    rng = random.Random(seed)
    rules = draw_rules(rng)
    newest, reader, derived = {id: 0 for id in rules}, Reader(rules), 0
    with Instance(build, plan_text=plan_of(rules), feeds=FEEDS) as w:
        for evening in range(EVENINGS):
            for id, content in draw_files(rng, newest).items():
                w.put(f"{evening}.csv", content, feed=f"f{id[1:]}")
            w.once(str(FIRST + datetime.timedelta(days=evening)))
            reader.read(w)
            derived = compare(w, rules, reader, f"seed {seed}, evening {evening},")
    return derived, sum(map(len, reader.told.values()))


def batch(build, seeds):
    derived = told = 0
    for seed in seeds:
        a, b = live(build, seed)
        derived, told = derived + a, told + b
    assert derived >= 5 * len(seeds) and told >= 10 * len(seeds), (derived, told)
    print(f"      {MEASURES * len(seeds)} measures: {derived} breaches at the end, {told} notices")


def test_the_alerts_of_a_plain_reference_are_those_that_were_told_seeds_1_and_2(build):
    batch(build, (1, 2))


def test_the_alerts_of_a_plain_reference_are_those_that_were_told_seeds_3_and_4(build):
    batch(build, (3, 4))


def test_the_alerts_of_a_plain_reference_are_those_that_were_told_seeds_5_and_6(build):
    batch(build, (5, 6))


run_tests(globals())
