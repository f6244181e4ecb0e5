"""narrowing - what somebody who lays all messages side by side can find out of a waiting list

An attacker of our own, who shares no code with the daemon: the people of each census are unknown whole
numbers, one for each place and each band of waits, and so are those who joined and left since the census before it; what a
message says of a figure is a constraint on their sums, a percentage and a percentile too. An exact solver (Z3) then says which values a count can
still have. Whoever reads "*" is even told whether it stands for fewer than 5.
"""
import re

import z3

FEW = (1, 2, 3, 4)
LINES = (98, 126, 336, 364, 400, 728)  # days: 18, 52 and 104 weeks, what is 4 weeks from passing the first two, a line of the longest wait
BANDS = LINES + (10 ** 6,)  # a band is named by the longest wait in it
DAYS = {"over18": 126, "over52": 364, "over104": 728}
COUNTED = {  # over how long a wait, and up to which
    "open": (0, 10 ** 6), "within": (0, 126), "over18": (126, 10 ** 6), "over52": (364, 10 ** 6), "over104": (728, 10 ** 6),
    "between": (126, 364), "soon18": (98, 126), "soon52": (336, 364),
}
FLOWS = ("joined", "left")
PERCENT = {"median": 50, "p92": 92}


class Census:
    """All that is known of one census, and, where there is one before it, of who came and went between them."""

    def __init__(self, places, before=None):
        self.places = places
        self.day = "now" if before else "before"
        self.counts = {(p, b): z3.Int(f"{self.day} {p} {b}") for p in places for b in BANDS + FLOWS}
        self.solver = before.solver if before else z3.Solver()
        for c in self.counts.values():
            self.solver.add(c >= 0)
        for p in places if before else ():
            self.solver.add(self.count("open", p) == before.count("open", p) + self.count("joined", p) - self.count("left", p))

    def sum(self, place, bands):
        """place None: of all."""
        return z3.Sum([self.counts[p, b] for p in self.places for b in bands if place in (None, p)])

    def count(self, of, place):
        """of: of COUNTED, or of FLOWS."""
        if of in FLOWS:
            return self.sum(place, (of,))
        over, upto = COUNTED[of]
        return self.sum(place, [b for b in BANDS if over < b <= upto])

    def between(self, x, low, high):
        self.solver.add(x >= low, x <= high)

    # ---- what figures say --------------------------------------------------------------------------
    def figure(self, of, place, text, line=None, is_few=False):
        """of: as in count(); "share" (within 18 weeks, of all), "median", "p92", "longest". is_few: "*" stands for
        fewer than 5, or nobody; "1 to 4": "fewer than 5" where nobody would be told as 0. line: of which text says on which side it lies."""
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
        elif text in ("0", "1 to 4"):
            self.between(x, int(text[0]), int(text[-1]))
        elif number:
            shown = int(number[1].replace(",", ""))
            self.between(x, max(5, shown - 2), shown + 2)
        elif text == "fewer than 5" or (text == "*" and is_few):
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

    def shortfall(self, place, text, line):
        """So many of those over 18 weeks must go that the share of the rest within them is the line's."""
        if not text.isdigit():
            return
        over, all = self.count("over18", place), self.count("open", place)
        least, most = max(5, int(text) - 2), int(text) + 2
        self.solver.add(line * (least - 1) < 100 * over - (100 - line) * all, 100 * over - (100 - line) * all <= line * most)

    def side(self, of, place, line, is_behind):
        """What the news says, or its silence: behind the plan's line or not. Of a share that is under it, of all others over it."""
        if of == "share":
            part, whole = 100 * self.count("within", place), line * self.count("open", place)
            return self.solver.add(part < whole if is_behind else part >= whole)
        if of not in PERCENT and of != "longest":
            x = self.count(of, place)
            return self.solver.add(x > line if is_behind else x <= line)
        whole = self.count("open", place)
        for days in LINES:
            over = self.sum(place, [b for b in BANDS if b > days])
            if is_behind and days <= line:
                self.solver.add(over >= 1 if of == "longest" else 100 * over > (100 - PERCENT[of]) * (whole - 1))
            elif not is_behind and days >= line:
                self.solver.add(over == 0 if of == "longest" else 100 * (whole - over) > PERCENT[of] * (whole - 1))
        return None

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
