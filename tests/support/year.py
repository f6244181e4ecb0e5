"""year - a year of feeds of four places, made from a seed, and what was known of it on each day

    year = Year(seed); year.settings(...), year.plans, year.arrivals[day] -> [(feed, file name, text)]

April 2024 to March 2025, the year of the plan that is shipped (config/plan.yaml), which each of the four
places has with its own lists added: children's mental health, neurodevelopmental assessment and wheelchairs,
by a snapshot a week; monthly published figures; what councils report each quarter. Files come late, never,
incomplete, suppressed, broken, twice, corrected. Nobody in them exists. The same seed gives the same bytes.

Year.known(day) says what a reader of everything that had arrived by then would know: of each measure the
newest figure, the line of its period, and whether its feed is late. Year.milestones() says which were missed
in truth. Neither shares code with the daemon.
"""
import datetime
import math
import os
import random
import re

from waitlist import ROOT, mhsds

DAY, WEEK = datetime.timedelta(days=1), datetime.timedelta(weeks=1)
FIRST, LAST = datetime.date(2024, 4, 1), datetime.date(2025, 3, 31)
HISTORY = 12  # weeks of snapshots before the plan begins
PLACES = {"dudley": "E08000027", "sandwell": "E08000028", "walsall": "E08000030", "wolverhampton": "E08000031"}
MILESTONES = (datetime.date(2024, 6, 30), datetime.date(2024, 9, 30), datetime.date(2024, 12, 31), LAST)
STEPS = (0.96, 0.89, 0.82, 0.75)  # of where a list begins
TOLERANCE = 6
SHIPPED = ("cyp-4w", "cyp-52w", "ehc-quality", "local-offer", "parents-involved")  # measures of config/plan.yaml


class List:
    def __init__(self, id, title, service, provider, lead, grace):
        self.id, self.title, self.service, self.provider, self.lead, self.grace = id, title, service, provider, lead, grace


LISTS = (List("cyp-mh", "mental health support", "mental-health", "TAJ", "camhs-lead", 3),
         List("nd", "autism and ADHD assessment", "neurodevelopmental", "RYK", "nd-lead", 4),
         List("wheelchairs", "wheelchairs", "wheelchair", "RNA", "wheelchair-lead", 5))
SNAPSHOT = "pathway_id,issuer,person_id,service,provider,commissioner,place,referral_date,census_date\n"
MEASURES = "source,measure,org,period_start,period_end,value,secondary,denominator\n"


def poisson(rng, mean):
    n, p, limit = 0, rng.random(), math.exp(-mean)
    while p > limit:
        n, p = n + 1, p * rng.random()
    return n


def sunday(day):
    """The last one on or before a day."""
    return day - DAY * ((day.weekday() + 1) % 7)


def month_end(day):
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


class Pathway:
    def __init__(self, id, start):
        self.id, self.start, self.end = id, start, None


class Queue:
    """Who waits for one service in one place. Regimes of 9 to 18 weeks: the list falls, stands, grows."""

    def __init__(self, rng, prefix, begin, until):
        self.all, self.begin = [], begin
        self.referred = rng.uniform(5, 7)
        waiting = [self._come(prefix, begin - DAY * rng.randrange(1, 330)) for _ in range(rng.randrange(110, 150))]
        trend, left, monday = -1.0, rng.randrange(9, 18), begin
        while monday <= until:
            if left == 0:
                trend, left = rng.choice((-2.2, -1.6, -0.4, 0.5)), rng.randrange(9, 18)
            left -= 1
            waiting += [self._come(prefix, monday + DAY * rng.randrange(5)) for _ in range(poisson(rng, self.referred))]
            waiting.sort(key=lambda p: (p.start, p.id))
            for _ in range(min(len(waiting), poisson(rng, self.referred - trend))):
                day = monday + DAY * rng.randrange(5)
                seen = waiting[min(len(waiting) - 1, int(rng.expovariate(1 / 12)))]
                if seen.start <= day:
                    waiting.remove(seen)
                    seen.end = day
            monday += WEEK

    def _come(self, prefix, day):
        self.all.append(Pathway(f"{prefix}{len(self.all)}", day))
        return self.all[-1]

    def open(self, day):
        """At the end of a day."""
        return [p for p in self.all if p.start <= day and (p.end is None or p.end > day)]


class Figure:
    """One figure as it came: of which period, when, what; None: suppressed or not submitted."""

    def __init__(self, came, period_end, value):
        self.came, self.period_end, self.value = came, period_end, value


class Measure:
    """A measure of one plan: the lines that it is judged by, its feed, and each figure as it came."""

    def __init__(self, place, id, title, feed, lower, expect, target=None, by=None, tolerance=5, linear=False, lines_for=1):
        self.place, self.id, self.title, self.feed, self.lower = place, f"{place}-{id}", title, feed, lower
        self.expect, self.target, self.by, self.tolerance, self.linear = expect, target, by, tolerance, linear
        self.periods_behind, self.figures, self.truth = lines_for, [], {}

    def line(self, day):
        """None: nothing is due yet."""
        if not self.expect:
            return self.target
        before = [d for d in self.expect if d <= day]
        if not before:
            return None
        a = max(before)
        after = [d for d in self.expect if d > day]
        if not self.linear or not after:
            return self.expect[a]
        b = min(after)
        return self.expect[a] + (self.expect[b] - self.expect[a]) * ((day - a).days / (b - a).days)

    def is_worse(self, value, line):
        return value > line if self.lower else value < line

    def figures_by(self, day):
        """The newest figure of each period that had come by then, newest period last."""
        newest = {}
        for f in self.figures:
            if f.came <= day:
                newest[f.period_end] = f
        return [newest[end] for end in sorted(newest)]


class Feed:
    """What is due when: the ends of its periods, and how many days after."""

    def __init__(self, id, ends, grace):
        self.id, self.ends, self.grace, self.came = id, ends, grace, []  # came: (day, end of the newest period)

    def is_late(self, day, until):
        """On a day, by what came up to another."""
        newest = max((end for came, end in self.came if came <= until), default=datetime.date.min)
        due = [end for end in self.ends if end > newest and end >= FIRST - 5 * WEEK]
        return bool(due) and due[0] + DAY * self.grace < day


class Year:
    def __init__(self, seed):
        self.seed, self.rng = seed, random.Random(f"year {seed}")
        self.arrivals, self.refusals, self.measures, self.feeds = {}, [], {}, {}
        self.begin = sunday(FIRST) - WEEK * HISTORY + DAY
        self._lists()
        self._published()
        self._reported()

    def _bring(self, day, feed, name, text):
        self.arrivals.setdefault(day, []).append((feed, name, text))

    def _add(self, measure):
        self.measures[measure.id] = measure
        return measure

    # ---- waiting lists -----------------------------------------------------------------------------
    def _lists(self):
        for of in LISTS:
            queues = {place: Queue(self.rng, f"{of.id}-{place[:2]}-", self.begin - WEEK, LAST + WEEK) for place in PLACES}
            for place, queue in queues.items():
                level = len(queue.open(FIRST))
                expect = {day: int(level * step) for day, step in zip(MILESTONES, STEPS)}
                m = self._add(Measure(place, of.id, f"Waiting for {of.title}, {place.title()}", f"{of.id}-weekly", True,
                                      {FIRST: int(level * 1.05), **expect}, tolerance=TOLERANCE))
                m.truth = {day: len(queue.open(day)) for day in expect}
            self._weekly(of, queues)

    def _weekly(self, of, queues):
        rng, feed = self.rng, f"{of.id}-weekly"
        censuses = [sunday(FIRST) - WEEK * n for n in range(HISTORY, 0, -1)]
        censuses += [sunday(FIRST) + WEEK * n for n in range(53)]
        self.feeds[feed] = Feed(feed, censuses, of.grace)
        odd = rng.sample(range(HISTORY + 2, len(censuses) - 2, 2), 16)  # no two of them side by side
        late, missing, broken, corrected, twice, slow = odd[:4], odd[4:5], odd[5:7], odd[7:10], odd[10:13], odd[13:]
        for n, census in enumerate(censuses):
            came = census + DAY
            rows = {place: queue.open(census) for place, queue in queues.items()}
            if n in missing:
                continue
            if n in late:
                came += DAY * rng.choice((5, 6))
            if n in slow:  # it comes when the one after it is overdue already, which comes days later
                came += DAY * 11
            if n - 1 in slow:
                came += DAY * 6
            if n in broken:  # held: most of it is gone; a person refuses it, and the whole comes days later
                self._snapshot(of, feed, came, census, {p: r[:8] for p, r in rows.items()}, "-part")
                self.refusals.append((came + DAY, feed))
                came += DAY * 2
            if n in corrected:  # a team's rows were left out, and come with a second file for the same day
                short = {p: [x for x in r if rng.random() > 0.03] for p, r in rows.items()}
                self._take(of, feed, came, census, short)
                came += DAY * rng.choice((1, 2, 3))
            self._take(of, feed, came, census, rows, "-again" if n in corrected else "")
            if n in twice:
                self._snapshot(of, feed, came + DAY * 2, census, rows, "-copy")

    def _snapshot(self, of, feed, came, census, rows, name=""):
        lines = [f"{p.id},{of.provider},P{p.id},{of.service},{of.provider},QUA,{place},{p.start},{census}\n"
                 for place in PLACES for p in rows[place]]
        self._bring(came, feed, f"{census}{name}.csv", SNAPSHOT + "".join(lines))

    def _take(self, of, feed, came, census, rows, name=""):
        self._snapshot(of, feed, came, census, rows, name)
        self.feeds[feed].came.append((came, census))
        for place in PLACES:
            self.measures[f"{place}-{of.id}"].figures.append(Figure(came, census, len(rows[place])))

    # ---- published figures -------------------------------------------------------------------------
    def _published(self):
        rng = self.rng
        ends = [month_end(datetime.date(2024 + (m - 1) // 12, (m - 1) % 12 + 1, 1)) for m in range(2, 14)]
        self.feeds["cyp4ww"] = Feed("cyp4ww", ends, 45)
        for n, place in enumerate(PLACES, 1):  # the lines of config/plan.yaml; a title may not name the place
            self._add(Measure(place, "cyp-4w", f"Children helped within 4 weeks, plan {n}", "cyp4ww", False,
                              {datetime.date(2024, 6, 30): 20, datetime.date(2024, 9, 30): 40, LAST: 60}))
            self._add(Measure(place, "cyp-52w", f"Children waiting over 52 weeks, plan {n}", "cyp4ww", True,
                              {datetime.date(2024, 4, 30): 4600, datetime.date(2024, 12, 31): 4200, LAST: 4000},
                              tolerance=100, lines_for=2))
        late, suppressed, missing, restated = rng.sample(range(2, len(ends) - 1), 4)
        share, over = rng.uniform(18, 24), rng.uniform(4450, 4550)
        for n, end in enumerate(ends):
            came = end + DAY * rng.randrange(39, 44)
            share, over = share + rng.uniform(0, 4.5), over - rng.uniform(-20, 80)
            values = {"MRS08b": round(share), "MRS09e": round(over / 5) * 5}
            if n == late:
                came += 3 * WEEK
            first = {k: "*" for k in values} if n == suppressed else dict(values)
            if n == restated:
                first = {"MRS08b": values["MRS08b"] + 9, "MRS09e": values["MRS09e"] - 300}
            self._month(end, came, first if n != missing else None)
            if n in (suppressed, restated, missing):
                self._month(end, came + WEEK * 2, values, "Final")

    def _month(self, end, came, values, status="Performance"):
        whole = {("England", "MRS08b"): "18.2", ("QUA", "MRS08b"): "15", ("England", "MRS09e"): "240000", ("QUA", "MRS09e"): "5200"}
        for name, value in (values or {}).items():
            whole["TAJ", name] = value
        month = f"{end.year}-{end.month:02}"
        self._bring(came, "cyp4ww", f"{month}-{status}.csv", mhsds(month, whole, status=status))
        if values:
            self.feeds["cyp4ww"].came.append((came, end))
        for place in PLACES:
            for id, name in (("cyp-4w", "MRS08b"), ("cyp-52w", "MRS09e")):
                value = (values or {}).get(name)
                self.measures[f"{place}-{id}"].figures.append(Figure(came, end, value if isinstance(value, int) else None))
                if isinstance(value, int):
                    self.measures[f"{place}-{id}"].truth[end] = value

    # ---- what councils report ----------------------------------------------------------------------
    def _reported(self):
        rng = self.rng
        ends = [datetime.date(2024, 3, 31), *MILESTONES[:3]]
        self.feeds["reported"] = Feed("reported", ends, 42)
        state = {}
        for place in PLACES:
            self._add(Measure(place, "ehc-quality", f"EHC plans that the audit found good or better, {place.title()}", "reported",
                              False, {datetime.date(2024, 6, 30): 40, datetime.date(2024, 12, 31): 55, LAST: 70}, linear=True))
            self._add(Measure(place, "local-offer", f"Local Offer pages brought up to date within 12 months, {place.title()}",
                              "reported", False, {}, target=85))
            self._add(Measure(place, "parents-involved", f"Parents and carers who say that they were listened to, {place.title()}",
                              "reported", False, {}, target=60, by=LAST, tolerance=0))
            state[place] = [rng.uniform(36, 48), rng.uniform(55, 80), rng.uniform(50, 66)]
        late = rng.randrange(1, 4)
        for n, end in enumerate(ends):
            came, rows = end + DAY * rng.randrange(25, 40) + (2 * WEEK if n == late else 0 * DAY), []
            start = (end - 80 * DAY).replace(day=1)
            for place, code in PLACES.items():
                state[place] = [min(96, s + rng.uniform(-2, top)) for s, top in zip(state[place], (14, 9, 6))]
                ids = ("ehc-quality", "local-offer") + (("parents-involved",) if n % 2 else ())
                names = {"ehc-quality": "ehc_audited_good", "local-offer": "local_offer_current", "parents-involved": "parents_listened_to"}
                for id in ids:
                    value = round(state[place][("ehc-quality", "local-offer", "parents-involved").index(id)])
                    rows.append(f"return,{names[id]},{code},{start},{end},{value},{'2' if id == 'parents-involved' else ''},80\n")
                    self.measures[f"{place}-{id}"].figures.append(Figure(came, end, value))
                    self.measures[f"{place}-{id}"].truth[end] = value
            self._bring(came, "reported", f"{end}.csv", MEASURES + "".join(rows))
            self.feeds["reported"].came.append((came, end))

    # ---- settings and plans ------------------------------------------------------------------------
    def plan(self, place):
        """config/plan.yaml for a place, and its lists as a third priority."""
        with open(os.path.join(ROOT, "config", "plan.yaml"), encoding="utf-8") as f:
            text = f.read()
        text = text[:text.index("  # A waiting list of waitlistd.yaml")]
        for mine in SHIPPED:
            m = self.measures[f"{place}-{mine}"]
            text = re.sub(rf"(?m)^  - id: {mine}\b.*\n((?:    #.*\n|    was:.*\n)*)    title:.*\n",
                          rf'  - id: {m.id}\n\1    title: "{m.title}"\n', text)
        text = text.replace("guard: [cyp-4w]", f"guard: [{place}-cyp-4w]").replace("was: [cyp", f"was: [{place}-cyp")
        text = text.replace("  id: dudley", f"  id: {place}").replace("place: dudley", f"place: {place}")
        text = text.replace("E08000027", PLACES[place]).replace("receivers: [spool]", "receivers: [mail, hook]")
        for role in ("ehc-lead", "participation-lead", "sro"):
            text = text.replace(role, f"{role}-{place}")
        leads = "".join(f"  {role_of(of, place)}: {{receivers: [mail, hook]}}\n" for of in LISTS if of.lead != "camhs-lead")
        text = text.replace("roles:\n", "roles:\n" + leads)
        actions = "".join(f'      - {{id: "3.{n}", title: "More clinics: {of.title}", lead: {role_of(of, place)}, due: ongoing}}\n'
                          for n, of in enumerate(LISTS, 1))
        text = text.replace("\nmeasures:\n", f'  - id: "3"\n    title: Fewer children wait\n    actions:\n{actions}\nmeasures:\n')
        return text + "".join(self._list_measure(place, n, of) for n, of in enumerate(LISTS, 1))

    def _list_measure(self, place, n, of):
        m = self.measures[f"{place}-{of.id}"]
        expect = ", ".join(f"{day}: {line}" for day, line in m.expect.items())
        return (f'  - id: {m.id}\n    title: "{m.title}"\n    metric: open\n    select: {{list: {of.id}, place: {place}}}\n'
                f"    target: {{at_most: {m.expect[LAST]}}}\n    tolerance: {TOLERANCE}\n    expect: {{{expect}}}\n"
                f'    forecast: {{chance: 65}}\n    action: "3.{n}"\n')

    def settings(self, receivers):
        feeds = "".join(f"  - {{id: {of.id}-weekly, kind: snapshot, into: {of.id}, format: pathway-snapshot, inbox: ./inbox/{of.id}-weekly,\n"
                        f"     cadence: weekly, grace: {of.grace}d, providers: [{of.provider}]}}\n" for of in LISTS)
        lists = "".join(f"  - {{id: {of.id}, title: {of.title}, service: {of.service}, providers: [{of.provider}]}}\n" for of in LISTS)
        return ("instance: black-country\nstate: ./state\nredis: {mode: embedded}\npeople: people.yaml\nplaces: places.yaml\n"
                f"plans: [{', '.join(f'{p}.yaml' for p in PLACES)}]\n"
                "routes: {ops: [ops], governance: [ops], fallback: [ops]}\n"
                f"lists:\n{lists}feeds:\n{feeds}"
                "  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww, cadence: monthly, grace: 45d,\n"
                f"     from: {FIRST - DAY * 35}, providers: [TAJ], keep: [QUA, TAJ, England]}}\n"
                "  - {id: reported, kind: aggregate, format: measures, inbox: ./inbox/reported, cadence: quarterly, grace: 6w,\n"
                f"     from: {FIRST - DAY * 5}}}\nreceivers:\n{receivers}")

    def people(self):
        """One lead for a provider's figures in all places, one person a council and role."""
        roles = ["camhs-lead", "nd-lead", "wheelchair-lead"] + [f"{r}-{p}" for p in PLACES for r in ("ehc-lead", "participation-lead", "sro")]
        return ("people:\n" + "".join(f"  {r}: {{name: {r.title()}, mail: {r}@example.nhs.uk}}\n" for r in roles) +
                "holders:\n" + "".join(f"  {r}: [{{person: {r}, from: 2023-01-01, deputy: null}}]\n" for r in roles))

    # ---- what is true ------------------------------------------------------------------------------
    def known(self, day, id, came):
        """("behind" | "fine" | "unknown" | "not due", the figure) on a day, by all that came up to another."""
        m = self.measures[id]
        figures = m.figures_by(came)
        if not figures or figures[-1].value is None or self.feeds[m.feed].is_late(day, came):
            return "unknown", figures[-1] if figures else None
        line = m.line(figures[-1].period_end)
        if line is None:
            return "not due", figures[-1]
        return "behind" if m.is_worse(figures[-1].value, line) else "fine", figures[-1]

    def milestones(self):
        """(measure, milestone's day, whether it was missed in truth); a figure that four plans share counts once."""
        out = []
        for id, m in self.measures.items():
            if m.feed == "cyp4ww" and m.place != "dudley":
                continue
            for day in [d for d in (m.expect or ({m.by: m.target} if m.by else {})) if FIRST < d <= LAST]:
                value = m.truth.get(day)
                if value is not None:
                    out.append((id, day, m.is_worse(value, m.expect.get(day, m.target))))
        return out


def role_of(of, place):
    return of.lead
