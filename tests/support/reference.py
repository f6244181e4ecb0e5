"""reference - which alerts must exist, derived plainly and slowly from the archived feeds

Knows neither the table of transitions nor the fold: it reads the archive and the received journal
of an instance (canonical `measures` files), takes the figure in force of each period by its rank
(Final before others, then the order of receipt), and walks each measure's periods once, counting
`for` and `clear_for` by hand. What it derives is compared with what the recipients were told
(RELIABILITY section 1, I2).
"""
import csv
import datetime
import json
import os

LATE_MS = 60 * 60 * 1000  # figures that come closer together are one delivery


class Figure:
    def __init__(self, value, final, receipt, at_ms):
        self.value, self.final, self.receipt, self.at_ms = value, final, receipt, at_ms


class Breach:
    """From its first period behind to the one that ended it (None: open)."""

    def __init__(self, opened):
        self.opened = self.last_behind = opened
        self.behind, self.confirmed, self.clear, self.severity, self.ended = 0, False, 0, None, None


def read_archive(state):
    """measure -> period end -> its figures in order of receipt."""
    figures = {}
    with open(os.path.join(state, "journal", "received"), encoding="utf-8") as journal:
        for line in journal:
            _, number, entry = line.split(" ", 2)
            receipt = json.loads(entry)
            if receipt["outcome"] != "accepted":
                continue
            digest = receipt["sha256"]
            with open(os.path.join(state, "archive", digest[:2], digest), encoding="utf-8", newline="") as f:
                for row in csv.DictReader(f):
                    value = float(row["value"]) if row["value"] not in ("*", "") else None
                    end = datetime.date.fromisoformat(row["period_end"])
                    figures.setdefault(row["measure"], {}).setdefault(end, []).append(
                        Figure(value, row["status"] == "Final", int(number), receipt["at_ms"]))
    return figures


def in_force(figures):
    return max(figures, key=lambda f: (f.final, f.receipt))


def judge(rule, value):
    """red, amber, between, clear; None: nothing is known."""
    if value is None:
        return None
    sign = 1 if rule["polarity"] == "higher" else -1
    if sign * (value - rule["target"]) >= 0:
        return "clear" if sign * (value - rule.get("clear", rule["target"])) >= 0 else "between"
    return "amber" if sign * (rule["target"] - value) <= rule["tolerance"] else "red"


def breaches_of(rule, periods):
    """Every breach by the figures in force, oldest first; the newest may be open or not confirmed."""
    found, now = [], None
    for end in sorted(periods):
        event = judge(rule, in_force(periods[end]).value)
        if event is None:
            continue
        if event in ("red", "amber"):
            now = now or Breach(end)
            now.behind, now.clear, now.last_behind, now.severity = now.behind + 1, 0, end, event
            now.confirmed = now.confirmed or now.behind >= rule["for"]
        elif now and not now.confirmed:
            now = None  # one crossing, and back
        elif now and event == "between":
            now.clear = 0
        elif now:
            now.clear += 1
            if now.clear == rule["clear_for"]:
                now.ended = end
                found.append(now)
                now = None
    return found + [now] if now else found


def came_late(periods, breach):
    """Whether a figure of the breach came after that of a newer period."""
    for end in periods:
        figure = in_force(periods[end])
        # A later edition that says the same is not when it became known.
        known = min(f.at_ms for f in periods[end] if f.value == figure.value)
        if breach.opened <= end <= breach.last_behind and any(
                newer > end and periods[newer][0].at_ms + LATE_MS <= known for newer in periods):
            return True
    return False


def newest_is_behind(rule, periods):
    known = [judge(rule, in_force(periods[end]).value) for end in sorted(periods)]
    known = [event for event in known if event]
    return bool(known) and known[-1] in ("red", "amber")
