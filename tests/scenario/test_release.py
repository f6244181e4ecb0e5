"""A year of messages to one audience, and what an attacker who has them all finds out: of no count of 1 to 4 which it is."""
import datetime
import email
import email.policy
import json
import os
import random
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from faults import WallClock, utc
from narrowing import COUNTED, Census
from read_figures import figures_of
from smtp_server import SmtpServer
from waitlist import run_tests, wait_for

FULL = os.environ.get("WAITLIST_FULL")
PLACES = ("dudley", "sandwell", "walsall", "wolverhampton")
SETTING = "places:\n" + "".join(f"  - {{id: {p}, title: {p.title()}}}\n" for p in PLACES)
HEADER = "pathway_id,issuer,person_id,service,provider,commissioner,place,referral_date,census_date"
FIRST = datetime.date(2026, 1, 4)
# Measure: what it counts, of which place, the plan's line. Wolverhampton has none of its own: it is what is left.
MEASURES = {
    "long": ("over52", None, 12), "all": ("open", None, 46), "d": ("open", "dudley", 20), "s": ("open", "sandwell", 14), "w": ("open", "walsall", 6),
    "over": ("over18", None, 23), "over-d": ("over18", "dudley", 11), "over-s": ("over18", "sandwell", 6),
    "share": ("share", None, 55), "share-d": ("share", "dudley", 50),
    "median": ("median", None, 120), "p92": ("p92", None, 364), "longest": ("longest", None, 400),
}
METRICS = {"open": "open", "over18": "open-over:18w", "over52": "open-over:52w", "share": "open-within:18w",
           "median": "median-wait", "p92": "p92-wait", "longest": "longest-wait"}


def line_of(id, times):
    of, _, line = MEASURES[id]
    return line * times if of in ("open", "over18", "over52") else line


def plan(times, ids, salt, more=""):
    """As many priorities as let each measure be among the first of a message, which has all of it. salt: before the measures' ids,
    by which messages are composed in another order."""
    measures = [lists.measure(
        id=salt + id, title=f"Measure {id}", metric=METRICS[of], select=f", place: {place}" if place else "",
        polarity="higher" if of == "share" else "lower",
        target="{%s: %d}" % ("at_least" if of == "share" else "at_most", line_of(id, times))).replace('"1.1"', f'"{n % 4 + 1}.1"') +
        (more if of in COUNTED else "")
        for n, (id, (of, place, _)) in enumerate((id, MEASURES[id]) for id in ids)]
    text = lists.plan(*measures)
    first, last = text.index("  - id: \"1\""), text.index("measures:\n")
    one = text[first:last]
    return text[:first] + "".join(one.replace('"1"', f'"{n}"').replace('"1.1"', f'"{n}.1"') for n in range(1, 5)) + text[last:]


class Year:
    """People who come, wait and go: (place, day of referral) of each who waits, by id."""

    def __init__(self, seed, times=1):
        self.random = random.Random(seed)
        self.open, self.next = {}, 0
        for place, most in zip(PLACES, (22, 14, 7, 4)):
            for _ in range(most * times):
                self.come(place, FIRST)

    def come(self, place, day):
        wait = self.random.choice((20, 60, 100, 130, 200, 345, 380, 500, 740)) + self.random.randrange(20)
        self.open[f"A{self.next}"] = (place, day - datetime.timedelta(days=wait))
        self.next += 1

    def join(self, place, day):
        """Somebody whose clock starts between this census and the next."""
        self.open[f"A{self.next}"] = (place, day + datetime.timedelta(days=1 + self.random.randrange(7)))
        self.next += 1

    def week(self, day):
        """What happens until the next census: what it shows is what was, less who left, and who joined."""
        before = set(self.open)
        for id in list(self.open):
            place, start = self.open[id]
            if self.random.random() < (0.18 if (day - start).days < 126 else 0.08):
                del self.open[id]
                if self.random.random() < 0.97:
                    self.join(place, day)
        for place in PLACES:
            if self.random.random() < 0.4:
                self.join(place, day)
            elif self.random.random() < 0.4:
                mine = [id for id, (p, _) in self.open.items() if p == place and id in before]
                if mine:
                    self.open.pop(self.random.choice(mine))

    def file(self, day):
        return "\n".join([HEADER] + [f"{id},TAJ,P{id},mental-health,TAJ,QUA,{place},{start},{day}"
                                     for id, (place, start) in self.open.items()]) + "\n"

    def waits(self, place, day):
        return sorted((day - start).days for p, start in self.open.values() if place in (None, p))

    def is_behind(self, of, place, line, day):
        """As the plan's line has it; of nobody nothing is said."""
        if of in COUNTED:
            return self.count(of, place, day) > line
        waits = self.waits(place, day)
        if not waits:
            return None
        if of == "share":
            return 100 * sum(wait <= 126 for wait in waits) < line * len(waits)
        at = (len(waits) - 1) * {"median": 50, "p92": 92, "longest": 100}[of]
        return waits[at // 100] * (100 - at % 100) + waits[-(-at // 100)] * (at % 100) > 100 * line

    def count(self, of, place, day):
        over, upto = COUNTED[of]
        return sum(over < (day - start).days <= upto or (over == 0 and start == day)
                   for p, start in self.open.values() if place in (None, p))


def truth_of(year, day):
    return {(of, place): year.count(of, place, day) for of in COUNTED for place in (None,) + PLACES}


def flows_of(before, year):
    """Of the lists of two censuses, one after the other."""
    of_place = lambda ids, all, place: sum(place in (None, all[id][0]) for id in ids)
    return {(of, place): of_place(ids, all, place) for place in (None,) + PLACES
            for of, ids, all in (("joined", set(year) - set(before), year), ("left", set(before) - set(year), before))}


def items_told(w):
    """Every figure of every message: of the events, and the mails say no other."""
    events = w.events()
    for mail in w.mails():
        said = 0
        for item in events[mail.delivery_id]["data"]["items"]:
            assert item["figure"] in mail.text, (item["figure"], mail.text)
            for beside in item["figures"]:
                assert f"{beside['label']} | {beside['figure']} | " in mail.text, (beside, mail.text)
            said += len(item["figures"])
            yield item
        rows = [line for line in mail.text.splitlines() if re.fullmatch(r"[^|]+ \| [^|]+ \| \d+ \w+ \d{4}( to [^|]+)?", line)]
        assert len(rows) == said, (rows, said)


BESIDE = {"numerator": "within", "denominator": "open", "open": "open", "over-18w": "over18", "over-52w": "over52",
          "over-104w": "over104", "median": "median", "p92": "p92", "joined": "joined", "left": "left",
          "shortfall": "shortfall"}  # net is that of what is shown of the other two
KINDS = {"own", "history", "soon18", "soon52", "net"} | set(BESIDE.values())


def figures_told(w, times, salt=""):
    """(day, kind, of, place, figure, line) of all that the messages have."""
    for item in items_told(w):
        if item["rule"] != "behind-plan":
            continue
        id = item["measure"].removeprefix(salt)
        of, place, _ = MEASURES[id]
        line = line_of(id, times)
        yield item["period_end"], "own", of, place, item["figure"], line
        for point in item["history"]:
            yield point["period_end"], "history", of, place, point["figure"], line
        for beside in item["figures"]:
            key = beside["key"]
            kind = "net" if key == "net" else ("soon52" if of == "over52" else "soon18") if key == "breaching" else BESIDE[key]
            yield beside["period_end"], kind, kind, place, beside["figure"], line


class Day:
    """A census: what is true, and what of it is told."""

    def __init__(self, counts=(), sides=(), told=()):
        self.counts = dict(counts)  # (of, place): how many
        self.sides = list(sides)    # (of, place, line, is behind it)
        self.told = list(told)      # as figures_told() has it, without its day


def take(census, day, ids, with_figures):
    """He is told which are fewer than 5, of measures, and of each on which side of its line it is: of whatever is behind plan there is
    news, and silence says of the others that they are not."""
    for of, place, _ in (MEASURES[id] for id in ids):
        if day.counts.get((of, place), 5) < 5:
            census.between(census.count(of, place), 0, 4)
    for side in day.sides:
        census.side(*side)
    for kind, of, place, figure, line in day.told if with_figures else ():
        if kind == "shortfall":
            census.shortfall(place, figure, line)
        elif kind != "net":
            census.figure(of, place, figure)


def known(day, before, ids, with_figures=True):
    """All of a census, and of the one before it, where there is one."""
    first = Census(PLACES)
    census = Census(PLACES, first) if before else first
    if before:
        take(first, before, ids, with_figures)
    take(census, day, ids, with_figures)
    assert str(census.solver.check()) == "sat", ("what was told contradicts itself", day.told, day.counts)
    return census


def attack(day, before=None, ids=tuple(MEASURES)):
    """Counts of 1 to 4 of a census, or between two, of which the figures leave fewer values than the news does alone."""
    truth, census, news_alone = day.counts, known(day, before, ids), None
    found = []
    for (of, place), few in truth.items():
        if not 1 <= few <= 4 or any(of == part and truth[whole, place] < 5 for part, whole in PARTS):
            continue  # of few a part is fewer: that tells no more
        left = census.narrowed(census.count(of, place))
        if left is None:
            continue
        news_alone = news_alone or known(day, before, ids, with_figures=False)
        if left != news_alone.narrowed(news_alone.count(of, place)):
            found.append((of, place, few, left))
    return found


PARTS = (("between", "over18"), ("soon52", "over18"), ("over104", "over52"), ("over104", "over18"), ("soon18", "within"),
         ("soon18", "open"), ("soon52", "open"))


def rounded(of, place, truth):
    """As each figure would be shown if nobody looked at the others."""
    if of == "share":
        part, whole = truth["within", place], truth["open", place]
        return f"{round(100 * part / whole)}%" if whole >= 10 and part >= 5 and whole - part >= 5 else "*"
    return "*" if truth[of, place] < 5 else str(5 * int(truth[of, place] / 5 + 0.5))


def run_year(w, weeks, seed, times, ids):
    """Returns each census, of which nothing is told yet, by its day."""
    year, days, before = Year(seed, times), {}, None
    for week in range(weeks):
        day = FIRST + datetime.timedelta(days=7 * week)
        w.put(f"{week}.csv", year.file(day), feed="weekly")
        w.once(f"{day + datetime.timedelta(days=1)}T10:00")
        sides = [(of, place, line_of(id, times), year.is_behind(of, place, line_of(id, times), day)) for id, (of, place, _) in
                 ((id, MEASURES[id]) for id in ids)]
        days[str(day)] = Day(truth_of(year, day) | (flows_of(before, year.open) if before else {}), (s for s in sides if s[3] is not None))
        before = dict(year.open)
        year.week(day)
    return days


INTERNAL = ("  - {id: spool, kind: spool, dir: ./spool, profile: internal, approved_by: Ada Example, basis: agreement 7,"
            " review_by: 2027-12-31}\n")


def told_in_a_year(build, weeks, times, ids=tuple(MEASURES), seed=4, salt="", tells_none=False):
    """What is told, of which nobody finds out more than he may; times: so many as in a small list. tells_none: to an internal
    audience, of which the plan lets 0 be told."""
    internal = {"receivers": INTERNAL} if tells_none else {}
    with lists.instance(build, plan_text=plan(times, ids, salt, "    tell_none: true\n" if tells_none else ""),
                        extra=lists.LISTS + "places: places.yaml\n", **internal) as w:
        w.write("places.yaml", SETTING)
        days = run_year(w, weeks, seed, times, ids)
        for day, kind, of, place, figure, line in figures_told(w, times, salt):
            if tells_none and kind in ("own", "history") and figure == "fewer than 5":
                figure = "1 to 4"
            if day in days:  # else it is projected
                days[day].told.append((kind, of, place, figure, line))
    found = {day: attack(days[day], days.get(last), ids) for last, day in zip([None] + list(days), days)}
    assert not any(found.values()), [(day, found[day], days[day].told) for day in found if found[day]]
    return [what for day in days.values() for what in day.told]


def test_nobody_finds_out_from_a_year_of_messages_which_of_one_to_four_a_count_is(build):
    weeks = 52 if FULL else 16
    told = told_in_a_year(build, weeks, 1)
    own = [figure for kind, _, _, figure, *_ in told if kind == "own"]
    assert 2 * len([f for f in own if f != "*"]) >= weeks and own.count("*") * 2 < len(own), own  # to hide everything is no way out
    told += told_in_a_year(build, weeks // 2, 6, ("share", "long"))
    for kind in KINDS:  # a year in which nothing of a kind is shown proves nothing of it
        assert any(what[0] == kind and (what[3] != "*" or kind == "soon52") for what in told), (kind, [what for what in told if what[0] == kind])


MAIL = """\
  - {{id: spool, kind: email, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk, tls: "off", rate: 600}}
"""
PEOPLE = """\
people: {p1: {name: Lead Person, mail: lead.person@example.nhs.uk}}
holders: {camhs-lead: [{person: p1, from: 2025-01-01, deputy: null}]}
"""
LABELS = {"": "own", "On the list": "open", "Over 18 weeks": "over18", "Over 52 weeks": "over52", "Over 104 weeks": "over104",
          "Joined (clocks started)": "joined", "Left (clocks stopped)": "left"}  # what the solver has of the others it has of the events


class Lived:
    """A daemon on a clock that is moved, whose lead gets mails, and a digest each week."""

    def __init__(self, w, smtp):
        self.w, self.smtp, self.file = w, smtp, None
        self.clock = WallClock(w, utc(FIRST.year, FIRST.month, FIRST.day, 10))
        w.start(None, env=self.clock.env())

    def put(self, name, text, feed):
        self.file = (name, text, feed)  # comes on its day

    def live(self, at):
        self.clock.set(at)
        wait_for(lambda: (self.w.ctl("status")["last_evaluation"] or "")[:10] == str(at.date()), f"{at} to be judged")
        wait_for(lambda: not self.w.ctl("outbox", "ls"), "what is due to leave")

    def once(self, at):
        """The day of the census' file, whose news are its mail, and those after it until one has the digest."""
        first, day = datetime.datetime.fromisoformat(at + "+00:00"), datetime.timedelta(days=1)
        due = (first.date() - FIRST).days // 7  # none of the first week
        self.live(first)
        name, text, feed = self.file
        self.w.put(name, text, feed=feed)
        wait_for(lambda: not self.w.inbox(feed), "the file to be taken")
        wait_for(lambda: not self.w.ctl("outbox", "ls"), "what is due to leave")
        for n in range(1, 5):
            if n == 1 or self.digests() < due:
                self.live(first + n * day)
        wait_for(lambda: self.digests() >= due, f"the digest of {at}")

    def texts(self):
        for _, _, raw, _ in self.smtp.mails:
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            yield str(mail["Subject"]), mail.get_body(("plain",)).get_content()

    def digests(self):
        return sum("Weekly digest" in subject for subject, _ in self.texts())


def test_nobody_finds_out_more_from_the_digests_of_each_week_beside_the_mails(build):
    smtp, ids, weeks, seed = SmtpServer(), tuple(MEASURES), 26 if FULL else 4, 4
    with lists.instance(build, plan_text=plan(1, ids, ""), extra=lists.LISTS + "places: places.yaml\npeople: people.yaml\n",
                        receivers=MAIL.format(port=smtp.port)) as w:
        w.write("places.yaml", SETTING)
        w.write("people.yaml", PEOPLE)
        lived = Lived(w, smtp)
        days, of_digests = run_year(lived, weeks, seed, 1, ids), 0
        titles = {f"Measure {id}": id for id in ids}
        for subject, text in lived.texts():
            for told in figures_of(text, titles):
                of, place, _ = MEASURES[titles[told.title]]
                kind = LABELS.get(told.label)
                if kind and str(told.day) in days:
                    days[str(told.day)].told.append((kind, of if kind == "own" else kind, place, told.figure, None))
                    of_digests += kind == "own" and "Weekly digest" in subject and told.figure != "*"
    smtp.close()
    assert of_digests > 3 * weeks, of_digests  # to hide everything is no way out
    found = {day: attack(days[day], days.get(last), ids) for last, day in zip([None] + list(days), days)}
    assert not any(found.values()), [(day, found[day], days[day].told) for day in found if found[day]]


def test_nobody_finds_out_more_in_whatever_order_the_messages_of_a_day_are_composed(build):
    for seed in range(5, 9 if FULL else 7):  # of each the news of what came last once told what a figure before it was
        for salt in ("b4-", "a6-", "b7-"):
            told_in_a_year(build, 6 if FULL else 1, 1, seed=seed, salt=salt)


def test_an_internal_audience_that_is_told_0_finds_out_no_more_of_one_to_four(build):
    told = told_in_a_year(build, 26 if FULL else 5, 1, ids=("over-s", "long", "over-d"), seed=5, tells_none=True)
    assert any(figure == "fewer than 5" for _, _, _, figure, _ in told), told


def figures_of_few(build, receiver, more):
    """Seven who wait over 18 weeks, then nobody; seven again, then three: what the ends are told as."""
    with lists.instance(build, plan_text=lists.plan(lists.measure(target="{at_most: 5}", more=more)), receivers=receiver) as w:
        for week, long in enumerate((7, 0, 7, 3)):
            day = datetime.date(2026, 5, 10) + datetime.timedelta(days=7 * week)
            rows = lists.starts(long, "2025-09-01") | lists.starts(20, "2026-04-20", prefix="B")
            w.put(f"{week}.csv", lists.snapshot(str(day), rows), feed="weekly")
            w.once(f"{day + datetime.timedelta(days=1)}T10:00")
        return [item["figure"] for item in items_told(w) if item["news"] == "cleared"]


def test_nobody_is_told_as_0_only_to_an_internal_audience_and_only_where_the_plan_says_so(build):
    none, few = "    tell_none: true\n", "fewer than 5"
    for receiver, without, told in ((INTERNAL, few, "0"), (INTERNAL.replace("internal", "partner").split(", approved")[0] + "}\n", "*", "*"),
                                    (INTERNAL.replace("internal", "public").split(", approved")[0] + "}\n", "*", "*")):
        assert figures_of_few(build, receiver, "") == [without, without], receiver
        assert figures_of_few(build, receiver, none) == [told, without], receiver


def test_the_attacker_finds_counts_where_each_figure_is_rounded_by_itself(_build):
    year, found = Year(4), []
    for week in range(16):
        day = FIRST + datetime.timedelta(days=7 * week)
        truth = truth_of(year, day)
        found += attack(Day(truth, told=[("own", of, place, rounded(of, place, truth), line) for of, place, line in MEASURES.values()
                                         if of in ("open", "over18", "over52", "share")]))
        year.week(day)
    assert found, "an attacker who finds nothing proves nothing"


TWO_PLAN = lists.plan(lists.measure(id="t", title="Waiting at one", metric="open", select=", provider: TAJ", target="{at_most: 5}"),
                      lists.measure(id="both", title="Waiting at both", metric="open", target="{at_most: 6}"))
TWO_FEEDS = (lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ]") +
             lists.FEED.format(id="other", kind="snapshot", providers="[RXT]"))


def test_the_points_before_are_asked_for_like_the_figure_itself(build):
    counts = ((5, 1), (5, 5), (9, 5))  # of each provider; nothing is told of the first day until others are behind
    with lists.instance(build, feeds=TWO_FEEDS, plan_text=TWO_PLAN, extra=lists.TWO) as w:
        for week, (one, other) in enumerate(counts):
            day = datetime.date(2026, 5, 10) + datetime.timedelta(days=7 * week)
            w.put(f"{week}a.csv", lists.snapshot(str(day), lists.starts(one, "2026-05-01")), feed="weekly")
            w.put(f"{week}b.csv", lists.snapshot(str(day), lists.starts(other, "2026-05-01", prefix="B"), provider="RXT"), feed="other")
            w.once(f"{day + datetime.timedelta(days=1)}T10:00")
        before = {item["measure"]: item["history"][0]["figure"] for item in items_told(w)}
        assert before == {"both": "5", "t": "*"}, before  # six, of whom five are there: one is elsewhere


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
        entries = dict(zip(released[::2], map(json.loads, released[1::2])))
        own = entries["spool|cyp|TAJ|2026-05-17|2026-05-17|open period=census"]
        assert own["value"] == 6 and own["shown"], released
        with open(w.path("state", "journal", "sent"), "rb") as f:
            sent = f.read()
        assert b'"released":{' in sent and b'"cyp|TAJ|2026-05-17|2026-05-17|open period=census":{"value":6' in sent, sent
    told_of_both(build, look)


if __name__ == "__main__":
    run_tests(globals())
