"""year_attack - what the mails of a generated year (support/year.py) leave of the counts of its waiting lists

    lists = Lists(year); lists.read(mails); lists.found()

The lists are read from the files that came; what is told, from the mails alone (support/read_figures.py), the
digests too. A census of which two files say different things is left out: what was told of it before the second
holds no more. The solver knows of each measure on which side of its line it is.
"""
import collections
import csv
import io

from narrowing import COUNTED, FLOWS, Census
from read_figures import figures_of
from year import DAY, FIRST, LISTS, PLACES, datetime

NET = "Net change (of these two as rounded)"  # of what is shown of two of them, and so no more
OF = {"": "open", "Over 18 weeks": "over18", "Over 52 weeks": "over52", "Over 104 weeks": "over104", "Joined (clocks started)": "joined",
      "Left (clocks stopped)": "left", "Median wait (percentile of open waits, linear)": "median",
      "92nd percentile wait (percentile of open waits, linear)": "p92", NET: None}
# What is fewer than 5 because what it is a part of is: nothing more is known of it.
PARTS = (("between", "over18"), ("over52", "over18"), ("over104", "over52"), ("over104", "over18"), ("soon52", "over18"))


class Lists:
    def __init__(self, year):
        self.year, self.people, self.unclear = year, {}, set()  # (list, census) -> {id: (place, start)}
        for arrivals in year.arrivals.values():
            for feed, _, text in arrivals:
                if feed.endswith("-weekly"):
                    self._take(feed.removesuffix("-weekly"), list(csv.DictReader(io.StringIO(text))))
        self.told = collections.defaultdict(set)  # (list, census) -> (of, place, figure)
        self.measures = {m.title: (m, of.id) for of in LISTS for m in year.measures.values() if m.feed == f"{of.id}-weekly"}

    def _take(self, of, rows):
        census = datetime.date.fromisoformat(rows[0]["census_date"])
        people = {r["pathway_id"]: (r["place"], datetime.date.fromisoformat(r["referral_date"])) for r in rows}
        if self.people.setdefault((of, census), people) != people:
            self.unclear.add((of, census))

    def read(self, mails):
        for mail in mails:
            for told in figures_of(mail.text, self.measures):
                measure, of = self.measures[told.title]
                if OF[told.label] is None:
                    continue
                before = told.start - DAY if OF[told.label] in FLOWS else self.before(of, told.day)
                if (of, told.day) in self.people and before == self.before(of, told.day):
                    self.told[of, told.day].add((OF[told.label], measure.place, told.figure))

    def before(self, of, census):
        """The census before; None: none, or one that is unclear."""
        last = max((day for list, day in self.people if list == of and day < census), default=None)
        return None if (of, last) in self.unclear else last

    # ---- what is true ------------------------------------------------------------------------------
    def counts(self, of, census, before):
        now, was = self.people[of, census], self.people.get((of, before), {})
        out = {}
        for place in (None, *PLACES):
            waits = [(census - start).days for p, start in now.values() if place in (None, p)]
            for name, (over, upto) in COUNTED.items():
                out[name, place] = sum(over < w <= upto or (over == 0 and w == 0) for w in waits)
            if before:
                out["joined", place] = sum(place in (None, now[id][0]) for id in set(now) - set(was))
                out["left", place] = sum(place in (None, was[id][0]) for id in set(was) - set(now))
        return out

    def sides(self, of, census, counts):
        """(place, line, is behind) by the plans of the places."""
        for measure, list in self.measures.values():
            line = measure.line(census)
            if list == of and line is not None:
                yield measure.place, line, counts["open", measure.place] > line

    # ---- what follows ------------------------------------------------------------------------------
    def _take_census(self, census, of, day, with_figures):
        counts = self.counts(of, day, None)
        for place, line, is_behind in self.sides(of, day, counts):
            census.side("open", place, line, is_behind)
        for kind, place, figure in sorted(self.told[of, day]) if with_figures else ():
            if kind not in FLOWS or census.day == "now":
                census.figure(kind, place, figure)

    def known(self, of, day, with_figures=True):
        before = self.before(of, day)
        first = Census(tuple(PLACES))
        census = Census(tuple(PLACES), first) if before else first
        if before:
            self._take_census(first, of, before, with_figures)
        self._take_census(census, of, day, with_figures)
        assert str(census.solver.check()) == "sat", ("what was told contradicts itself", of, day, self.told[of, day], self.told[of, before])
        return census

    def attacked(self):
        """(list, census) of which something beside the list's size is told."""
        out = []
        for of in sorted({list for list, _ in self.told}):
            days = sorted(day for list, day in self.told if list == of and day >= FIRST and (list, day) not in self.unclear and
                          any(kind != "open" for kind, _, _ in self.told[list, day]))
            out += [(of, day) for day in days]
        return out

    def found(self, of, day):
        """Counts of 1 to 4 of a census of which what was told leaves fewer values than the news alone does."""
        counts, out, census, news = self.counts(of, day, self.before(of, day)), [], self.known(of, day), None
        for (kind, place), few in counts.items():
            if not 1 <= few <= 4 or any(kind == part and counts[whole, place] < 5 for part, whole in PARTS):
                continue
            left = census.narrowed(census.count(kind, place))
            if left is not None:
                news = news or self.known(of, day, with_figures=False)
                if left != news.narrowed(news.count(kind, place)):
                    out.append((kind, place, few, left))
        return out
