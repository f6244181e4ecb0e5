"""A year of messages to one audience, and what an attacker who has them all finds out: of no count of 1 to 4 which it is."""
import datetime
import json
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from narrowing import Census
from waitlist import run_tests, wait_for

FULL = os.environ.get("WAITLIST_FULL")
PLACES = ("dudley", "sandwell", "walsall", "wolverhampton")
SETTING = "places:\n" + "".join(f"  - {{id: {p}, title: {p.title()}}}\n" for p in PLACES)
HEADER = "pathway_id,issuer,person_id,service,provider,commissioner,place,referral_date,census_date"
FIRST = datetime.date(2026, 1, 4)
# Measure: what it counts, of which place, the plan's line. Wolverhampton has none of its own: it is what is left.
MEASURES = {
    "all": ("open", None, 32), "d": ("open", "dudley", 13), "s": ("open", "sandwell", 9), "w": ("open", "walsall", 6),
    "over": ("over18", None, 14), "over-d": ("over18", "dudley", 7), "over-s": ("over18", "sandwell", 5),
    "long": ("over52", None, 6), "share": ("share", None, 55), "share-d": ("share", "dudley", 50),
    "median": ("median", None, 120), "p92": ("p92", None, 364), "longest": ("longest", None, 400),
}
METRICS = {"open": "open", "over18": "open-over:18w", "over52": "open-over:52w", "share": "open-within:18w",
           "median": "median-wait", "p92": "p92-wait", "longest": "longest-wait"}


def plan():
    return lists.plan(*(lists.measure(
        id=id, title=f"Measure {id}", metric=METRICS[of], select=f", place: {place}" if place else "",
        polarity="higher" if of == "share" else "lower",
        target="{%s: %d}" % ("at_least" if of == "share" else "at_most", line))
        for id, (of, place, line) in MEASURES.items()))


class Year:
    """People who come, wait and go: (place, day of referral) of each who waits, by id."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.open, self.next = {}, 0
        for place, most in zip(PLACES, (15, 10, 7, 4)):
            for _ in range(most):
                self.come(place, FIRST)

    def come(self, place, day):
        wait = self.random.choice((20, 60, 100, 130, 200, 300, 380, 500)) + self.random.randrange(20)
        self.open[f"A{self.next}"] = (place, day - datetime.timedelta(days=wait))
        self.next += 1

    def week(self, day):
        for id in list(self.open):
            if self.random.random() < 0.12:
                place, _ = self.open.pop(id)
                if self.random.random() < 0.97:
                    self.come(place, day)
        for place in PLACES:
            if self.random.random() < 0.3:
                self.come(place, day)
            elif self.random.random() < 0.4:
                mine = [id for id, (p, _) in self.open.items() if p == place]
                if mine:
                    del self.open[self.random.choice(mine)]

    def file(self, day):
        return "\n".join([HEADER] + [f"{id},TAJ,P{id},mental-health,TAJ,QUA,{place},{start},{day}"
                                     for id, (place, start) in self.open.items()]) + "\n"

    def count(self, of, place, day):
        waits = [(day - start).days for p, start in self.open.values() if place in (None, p)]
        over = {"over18": 126, "over52": 364}
        return sum(of == "open" or (of == "within" and w <= 126) or (of == "between" and 126 < w <= 364) or
                   (of in over and w > over[of]) for w in waits)


def truth_of(year, day):
    return {(of, place): year.count(of, place, day)
            for of in ("open", "within", "over18", "over52", "between") for place in (None,) + PLACES}


def items_told(w):
    """Every figure of every message: of the events, and the mails say no other."""
    events = w.events()
    for mail in w.mails():
        for item in events[mail.delivery_id]["data"]["items"]:
            assert item["figure"] in mail.text, (item["figure"], mail.text)
            yield item


def attack(told, truth):
    """told: (measure, figure, behind or not or None). Counts of 1 to 4 of which fewer values are left."""
    census = Census(PLACES)
    for (of, place, _) in MEASURES.values():  # he is told which are fewer than 5
        if (of, place) in truth and truth[of, place] < 5:
            census.between(census.count(of, place), 0, 4)
    for measure, figure, is_behind in told:
        of, place, line = MEASURES[measure]
        census.figure(of, place, figure)
        if is_behind is not None and (of, place) in truth:
            census.line(of, place, line, is_behind)
    assert str(census.solver.check()) == "sat", ("what was told contradicts itself", told, truth)
    found = []
    for (of, place), few in truth.items():
        if not 1 <= few <= 4 or (of == "between" and truth["over18", place] < 5):
            continue  # of few a part is fewer: that tells no more
        left = census.narrowed(census.count(of, place))
        if left is not None:
            found.append((of, place, few, left))
    return found


def rounded(of, place, truth):
    """As each figure would be shown if nobody looked at the others."""
    if of == "share":
        part, whole = truth["within", place], truth["open", place]
        return f"{round(100 * part / whole)}%" if whole >= 10 and part >= 5 and whole - part >= 5 else "*"
    return "*" if truth[of, place] < 5 else str(5 * int(truth[of, place] / 5 + 0.5))


def run_year(w, weeks, seed):
    """Returns the truth of each census."""
    year, truths = Year(seed), {}
    for week in range(weeks):
        day = FIRST + datetime.timedelta(days=7 * week)
        w.put(f"{week}.csv", year.file(day), feed="weekly")
        w.once(f"{day + datetime.timedelta(days=1)}T10:00")
        truths[str(day)] = truth_of(year, day)
        year.week(day)
    return truths


def test_nobody_finds_out_from_a_year_of_messages_which_of_one_to_four_a_count_is(build):
    weeks = 52 if FULL else 16
    with lists.instance(build, plan_text=plan(), extra=lists.LISTS + "places: places.yaml\n") as w:
        w.write("places.yaml", SETTING)
        truths = run_year(w, weeks, seed=4)
        told = {day: [] for day in truths}
        for item in items_told(w):
            if item["rule"] == "behind-plan" and item["period_end"] in told:
                is_behind = {"new": True, "worse": True, "cleared": False}.get(item["news"])
                told[item["period_end"]].append((item["measure"], item["figure"], is_behind))
        shown = sum(figure != "*" for items in told.values() for _, figure, _ in items)
        found = {day: attack(told[day], truths[day]) for day in truths}
        hidden = sum(map(len, told.values())) - shown
        assert 2 * shown >= weeks and shown > 2 * hidden, (shown, told)  # to hide everything is no way out
        assert not any(found.values()), [(day, found[day], told[day]) for day in found if found[day]]


def test_the_attacker_finds_counts_where_each_figure_is_rounded_by_itself(_build):
    year, found = Year(4), []
    for week in range(16):
        day = FIRST + datetime.timedelta(days=7 * week)
        truth = truth_of(year, day)
        found += attack([(id, rounded(of, place, truth), None) for id, (of, place, _) in MEASURES.items()
                         if of in ("open", "over18", "over52", "share")], truth)
        year.week(day)
    assert found, "an attacker who finds nothing proves nothing"


TWO_PLAN = lists.plan(lists.measure(id="t", title="Waiting at one", metric="open", select=", provider: TAJ", target="{at_most: 5}"),
                      lists.measure(id="both", title="Waiting at both", metric="open", target="{at_most: 6}"))
TWO_FEEDS = (lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ]") +
             lists.FEED.format(id="other", kind="snapshot", providers="[RXT]"))


def figures(w):
    return {item["measure"]: item["figure"] for item in items_told(w)}


def told_of_both(build, between):
    """Six wait at one provider, which is told; then a file says that one waits at the other: seven."""
    with lists.instance(build, feeds=TWO_FEEDS, plan_text=TWO_PLAN, extra=lists.TWO) as w:
        w.put("1.csv", lists.snapshot("2026-05-17", lists.starts(6, "2026-05-01")), feed="weekly")
        w.start("2026-05-18T10:00")
        wait_for(lambda: "t" in figures(w), "the first message")
        between(w)
        w.put("2.csv", lists.snapshot("2026-05-17", lists.starts(1, "2026-05-01", prefix="B"), provider="RXT"), feed="other")
        wait_for(lambda: "both" in figures(w), "the second message")
        return figures(w)


def killed(w):
    w.kill()
    w.start("2026-05-18T10:05")


def killed_and_redis_lost(w):
    w.kill()
    shutil.rmtree(w.path("state", "redis"))
    w.start("2026-05-18T10:05")


def rebuilt(w):
    assert w.ctl_raw("rebuild").returncode == 0


def test_what_was_shown_is_remembered_through_a_kill_the_loss_of_redis_and_a_rebuild(build):
    for between in (lambda w: None, killed, killed_and_redis_lost, rebuilt):
        told = told_of_both(build, between)
        assert told == {"t": "just over 5", "both": "*"}, (between, told)


def test_what_was_shown_is_in_redis_for_the_daemon_alone_and_in_its_journal_before(build):
    def look(w):
        released = w.redis("HGETALL", f"wl:{{{w.instance}}}:released")
        assert released[0] == "spool|cyp|TAJ|2026-05-17|2026-05-17|open period=census", released
        assert json.loads(released[1])["value"] == 6 and json.loads(released[1])["shown"], released
        with open(w.path("state", "journal", "sent"), "rb") as f:
            assert b'"released":{"cyp|TAJ|2026-05-17|2026-05-17|open period=census"' in f.read()
    told_of_both(build, look)


if __name__ == "__main__":
    run_tests(globals())
