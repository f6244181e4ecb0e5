"""small_year - a year of weekly lists and monthly statistics, and what the daemon said on twelve dates of it

Some come late, one is missing, one is restated, one is held; the plan gets a second version, people act. Everything is
generated; each month's date is lived through by a daemon of its own on a set clock, which is asked before it ends.
"""
import datetime
import hashlib

import lists
from waitlist import FEED_CYP, Instance, measure, mhsds

MONTHS = [f"{2026 + (month > 12)}-{(month - 1) % 12 + 1:02}" for month in range(4, 16)]  # 2026-04 to 2027-03
DATES = [f"{month}-17" for month in MONTHS]
WEEKLY = """\
  - {id: weekly, kind: snapshot, into: cyp, format: pathway-snapshot, inbox: ./inbox/weekly, cadence: weekly, grace: 14d, providers: [TAJ]}
"""
HARD_TEXT = "</td><script>alert('1')</script> & \"quoted\", a, b"
LATE, MISSING, RESTATED, NO_LIST = 3, 5, 7, 8  # of the months: statistics two months late, never sent, sent twice; no list
PLAN = """\
plan: {{id: dudley, version: {version}, place: dudley, mode: live, valid: {{from: 2026-04-01, to: 2027-12-31}}}}
roles: {{camhs-lead: {{receivers: [spool]}}}}
priorities:
  - id: "1"
    title: Children wait less time for help
    actions:
      - {{id: "1.1", title: Second assessment team, lead: camhs-lead, due: 2027-09}}
measures:
"""


def plan_text(version, target):
    return (PLAN.format(version=version) +
            measure(title="\"=1+1 children helped within 4 weeks\"", target=f"{{at_least: {target}}}", expect="{2026-04-30: 40, 2027-03-31: %d}" % target) +
            lists.measure(target="{at_most: 10}"))


def values(at):
    return 30 + 7 * ((at * 5) % 6)


def statistics(at, value=None, **more):
    value = values(at) if value is None else value
    return mhsds(MONTHS[at], {("England", "MRS08b"): "18.2", ("QUA", "MRS08b"): "7", ("TAJ", "MRS08b"): str(value)}, **more)


def census(at, week):
    return str(datetime.date.fromisoformat(DATES[at]) - datetime.timedelta(days=1 + 7 * week))


def people(at, week):
    """Those who wait at a census: some join, the oldest leave now and then."""
    day = datetime.date.fromisoformat(census(at, week))
    first = (day - datetime.date(2026, 4, 1)).days // 9
    return {f"A{i}": str(datetime.date(2025, 9, 1) + datetime.timedelta(days=9 * i)) for i in range(first, first + 22 + at % 4)}


class SmallYear:
    """questions: of waitlistctl; .answers: date -> question -> the answer of that day."""

    def __init__(self, build, questions):
        self.w = Instance(build, plan_text=plan_text(1, 60), feeds=FEED_CYP + WEEKLY, extra=lists.LISTS)
        self.questions, self.answers, self.offered = questions, {}, {"cyp4ww": [], "weekly": []}

    def __enter__(self):
        self.w.__enter__()
        try:
            for at in range(len(DATES)):
                self.live(at)
        except BaseException:
            self.w.close()
            raise
        return self

    def __exit__(self, *how):
        return self.w.__exit__(*how)

    def put(self, name, content, feed="cyp4ww"):
        self.offered[feed].append(hashlib.sha256(content.encode()).hexdigest())
        self.w.put(name, content, feed=feed)

    def offer(self, at):
        if at >= 2 and at - 2 not in (LATE, MISSING):
            self.put(f"{MONTHS[at - 2]}.csv", statistics(at - 2))
        if at == LATE + 4:
            self.put("late.csv", statistics(LATE))
        if at == RESTATED + 3:
            self.put("again.csv", statistics(RESTATED, values(RESTATED) + 11, status="Final"))
        if at == 6:
            self.put("header.csv", statistics(4).splitlines()[0] + "\n")  # held: it has nothing but its header
        for week in (2, 0):
            if at != NO_LIST:
                self.put(f"{census(at, week)}.csv", lists.snapshot(census(at, week), people(at, week)), feed="weekly")

    def live(self, at):
        w = self.w
        self.offer(at)
        w.start(DATES[at])
        w.ctl("measures")
        self.act(at)
        self.answers[DATES[at]] = {q: w.ctl(*q.split()) for q in self.questions}
        assert w.stop() == 0, w.log()[-2000:]

    def act(self, at):
        """What people do on that date."""
        w, until = self.w, str(datetime.date.fromisoformat(DATES[at]) + datetime.timedelta(days=10))
        if at == 3:
            w.ctl("silence", "add", "measure=over-18", "--until", until, "--why", "The list is being moved")
        if at == 4:
            w.ctl("plan", "apply", w.write("second.yaml", plan_text(2, 70)), "--reason", "Harder from now on")
        if at == 6:
            w.ctl("feed", "expect", "cyp4ww", "--by", until, "--why", "They told us")
        behind = [a for a in w.alerts("behind-plan") if a["state"] == "FIRING"]
        if behind and at in (2, 7, 9):
            w.ctl("ack", behind[0]["alert_id"], "--why", f"We know, in month {at}", "--until", until)
            w.ctl("note", behind[0]["alert_id"], "--text", f"{HARD_TEXT}, month {at}")
            w.ctl("commentary", behind[0]["alert_id"], "--text", f"We expect more, month {at}")
