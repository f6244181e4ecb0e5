"""narrowing - what somebody who lays all messages side by side can find out of a waiting list

An attacker of our own, who shares no code with the daemon: the people of each census are unknown whole
numbers, one for each place and each band of waits; what a message says of a figure is a constraint on
their sums, a percentage and a percentile too. An exact solver (Z3) then says which values a count can
still have. Whoever reads "*" is even told whether it stands for fewer than 5.
"""
import re

import z3

FEW = (1, 2, 3, 4)
BANDS = ("within", "over18", "over52")  # up to 18 weeks, over them up to 52, over 52
DAYS = {"over18": 126, "over52": 364}
PERCENT = {"median": 50, "p92": 92}


class Census:
    """All that is known of one census."""

    def __init__(self, places):
        self.places = places
        self.counts = {(p, b): z3.Int(f"{p} {b}") for p in places for b in BANDS}
        self.solver = z3.Solver()
        for c in self.counts.values():
            self.solver.add(c >= 0)

    def sum(self, place, bands):
        """place None: of all."""
        return z3.Sum([self.counts[p, b] for p in self.places for b in bands if place in (None, p)])

    def count(self, of, place):
        """of: "open", "within", "over18" (all over 18 weeks), "over52", "between" (18 and 52)."""
        return self.sum(place, {"open": BANDS, "within": BANDS[:1], "over18": BANDS[1:], "over52": BANDS[2:],
                                "between": BANDS[1:2]}[of])

    def between(self, x, low, high):
        self.solver.add(x >= low, x <= high)

    # ---- what figures say --------------------------------------------------------------------------
    def figure(self, of, place, text, line=None, is_few=False):
        """of: as in count(); "share" (within 18 weeks, of all), "median", "p92", "longest". is_few: "*" stands for
        fewer than 5. line: of which text says on which side it lies."""
        side = re.match(r"just (over|under) ([\d,.]+)", text)
        number = re.fullmatch(r"(?:about )?([\d,]+)(%| days?| weeks?)?", text)
        if of == "longest":
            return self.longest(text)
        if of == "share":
            return self.share(place, text, side, number)
        if of in PERCENT:
            return number and self.percentile(of, place, int(number[1].replace(",", "")), text)
        x = self.count(of, place)
        if side:
            near = int(side[2].replace(",", ""))
            # It rounds to the line, or to its other side.
            self.between(x, *((near + 1, near // 5 * 5 + 2) if side[1] == "over" else (-(-near // 5) * 5 - 2, near - 1)))
            self.solver.add(x >= 5)
        elif text.startswith("about"):
            self.solver.add(x == int(number[1].replace(",", "")))
        elif number:
            shown = int(number[1].replace(",", ""))
            self.between(x, max(5, shown - 2), shown + 2)
        elif text == "*" and is_few:
            self.between(x, 0, 4)
        return None

    def share(self, place, text, side, number):
        part, whole = self.count("within", place), self.count("open", place)
        if side or number:  # what is shown at all
            self.solver.add(whole >= 10, part >= 5, whole - part >= 5)
        if side:
            near = int(side[2])
            low, high = (2 * near, 2 * near + 1) if side[1] == "over" else (2 * near - 1, 2 * near)
        elif number:
            low, high = 2 * int(number[1]) - 1, 2 * int(number[1]) + 1
        else:
            return
        self.solver.add(200 * part >= low * whole, 200 * part <= high * whole)

    def percentile(self, of, place, days, text):
        whole = self.count("open", place)
        self.solver.add(whole >= 8)
        for band, line in DAYS.items():
            over = self.count(band, place)
            per = PERCENT[of]
            if "days" in text and days - 0.5 > line:  # type 7, between order statistics at p(n - 1)
                self.solver.add(100 * over > (100 - per) * (whole - 1))
            elif "days" in text and days + 0.5 <= line:
                self.solver.add(100 * (whole - over) > per * (whole - 1))

    def longest(self, text):
        band = re.fullmatch(r"(\d+) to (\d+) weeks", text) or re.fullmatch(r"(over|up to) (\d+) weeks", text)
        if not band:
            return
        self.solver.add(self.count("open", None) >= 8)
        low = int(band[1]) * 7 if band[1].isdigit() else int(band[2]) * 7 if band[1] == "over" else 0
        high = int(band[2]) * 7 if band[1] != "over" else 10 ** 6
        for of, line in DAYS.items():
            if low >= line:
                self.solver.add(self.count(of, None) >= 1)
            if high <= line:
                self.solver.add(self.count(of, None) == 0)

    def line(self, of, place, line, is_behind):
        """What the news says: behind the plan's line, which is a number of people, or not."""
        x = self.count(of, place)
        self.solver.add(x > line if is_behind else x <= line)

    # ---- what follows ------------------------------------------------------------------------------
    def can(self, x, value):
        self.solver.push()
        self.solver.add(x == value)
        answer = self.solver.check()
        self.solver.pop()
        assert answer != z3.unknown
        return answer == z3.sat

    def narrowed(self, x):
        """Which of 1 to 4 it can still be, where that is not all of them; else None."""
        left = [v for v in FEW if self.can(x, v)]
        return None if len(left) == len(FEW) else left
