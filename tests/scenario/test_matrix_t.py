"""The fault matrix, time: each row of RELIABILITY section 4 under its name. Every row ends in the invariants of
tests/support/invariants.py."""
import datetime
import json
import os
import signal
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faults import WallClock, utc
from http_server import Answer
from invariants import watched
from waitlist import run_tests, wait_for

NOON = utc(2024, 6, 10, 11)  # 12:00 in London
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
LONDON = zoneinfo.ZoneInfo("Europe/London")


def evaluated(w):
    """The local dates in the audit journal, in order."""
    with open(w.path("state", "journal", "audit"), encoding="utf-8") as f:
        records = [json.loads(line.split(" ", 2)[2]) for line in f if line.endswith("\n")]
    return [r["evaluated"] for r in records if "evaluated" in r]


def days(w):
    """The same, a day on which alerts changed again and again once."""
    return [d for d, before in zip(evaluated(w), [None] + evaluated(w)) if d != before]


def ids(story):
    """Receiver and delivery id of every message about the measure."""
    return sorted((receiver, id) for receiver, deliveries in story.deliveries().items() for id, event in deliveries
                  if any(i["rule"] == "behind-plan" for i in event["data"].get("items", [])))


def jumped(build, to):
    """A red file is told, at first in vain; the wall clock jumps; it is told, a better file comes and is told."""
    with watched(build, answers=(Answer(503, {"Retry-After": "1"}), 200)) as story:
        clock = WallClock(story.w, NOON)
        story.put("a.csv", "2024-04", 6)
        story.w.start(None, env=clock.env())
        wait_for(lambda: story.hook.requests, "the first try")
        if to:
            clock.set(to)
        story.is_ready_again(health=2)  # a clock set back, or a year without files, is said
        tried = [r.headers["webhook-id"] for r in story.hook.requests]
        # A year on the feed is late too: what waited leaves with that as one digest, under an id of its own.
        is_digest = to is not None and to - NOON > DAY
        assert tried.count(tried[0]) == (1 if is_digest else 2), "once in vain, once taken"
        story.put("b.csv", "2024-04", 5)
        story.is_ready_again(health=2)
        assert story.told("hook") == [("2024-04-30", "FIRING")], "red stays red, nothing more to tell"
        alert = story.w.alert()
        story.check(health=2, repeats=1)
        return ids(story), alert["alert_id"], alert["episode_id"], len(story.w.mails()), days(story.w)


def test_T1_a_wall_clock_that_jumps_raises_no_storm_and_misses_nothing(build):
    plain = jumped(build, None)
    assert plain[4] == ["2024-06-10"]
    cases = ((NOON + HOUR, ["2024-06-10"]), (NOON - HOUR, ["2024-06-10"]),
             (NOON.replace(year=2025), ["2024-06-10", "2025-06-10"]), (utc(1970, 1, 1), ["2024-06-10"]))
    for to, dates in cases:
        found = jumped(build, to)
        assert found[1:3] == plain[1:3], f"{to}: ids come from the data's period, not from the clock"
        assert found[0] == plain[0] or to - NOON > DAY, f"{to}: a message that is no digest keeps its id"
        assert found[4] == dates, f"{to}: evaluated on {found[4]}"
        assert found[3] <= plain[3] + len(dates) * 3, f"{to}: a storm of {found[3]} mails"


def test_T2_each_local_day_is_evaluated_once_over_clock_changes_leap_day_and_year_end(build):
    spans = ((utc(2024, 2, 28, 12), 3), (utc(2024, 3, 30, 12), 2), (utc(2024, 10, 26, 12), 2), (utc(2024, 12, 30, 12), 3))
    for start, length in spans:
        with watched(build) as story:
            clock = WallClock(story.w, start)
            story.w.start(None, env=clock.env())
            moments = [start + datetime.timedelta(days=d, minutes=m) for d in range(length)
                       for m in (0, 659, 661, 719, 721, 750, 779, 781, 839, 841)]
            for now in moments:
                clock.set(now)
                local = now.astimezone(LONDON)
                wait_for(lambda local=local: story.w.ctl("status")["now"][:16] >= local.isoformat()[:16] and
                         story.w.ctl("status")["today"] == f"{local:%Y-%m-%d}" and
                         story.w.ctl("status")["now"][19:] == local.isoformat()[19:], f"{local} to be there")
                wait_for(lambda local=local: f"{local:%Y-%m-%d}" in evaluated(story.w), f"{local} to be evaluated")
            dates = evaluated(story.w)
            first, last = moments[0].astimezone(LONDON).date(), moments[-1].astimezone(LONDON).date()
            assert dates == [f"{first + datetime.timedelta(days=d)}" for d in range((last - first).days + 1)], dates


def test_T2_a_due_date_is_counted_in_local_days_over_clock_changes_and_leap_day(build):
    # The file of February is due 45 days after 29 February, over the change of the clocks.
    for at, late in (("2024-03-31T01:30", False), ("2024-04-14T23:59", False), ("2024-04-15T00:00", True)):
        with watched(build) as story:
            story.put("a.csv", "2024-01", 60)
            story.w.once("2024-02-29")
            found = story.w.look(at, lambda w: (wait_for(lambda: w.ctl("status")["ready"], "ready"), w.ctl("feeds"))[1][0])
            assert (found["awaited"], found["due"], found["late"]) == ("2024-02-29", "2024-04-14", late), (at, found)
    with watched(build) as story:
        assert story.w.run("--once", "--at", "2023-02-29").returncode == 2
        story.w.once("2024-10-27T01:30")  # there twice
        story.w.once("2024-12-31T23:59")
        story.w.once("2025-01-01T00:00")
        assert evaluated(story.w) == ["2024-10-27", "2024-12-31", "2025-01-01"]


def test_T3_a_pause_is_caught_up_by_one_evaluation_and_one_message(build):
    for pause, dates in ((2 * HOUR, ["2024-06-10"]), (60 * HOUR, ["2024-06-10", "2024-06-13"])):
        with watched(build) as story:
            clock = WallClock(story.w, NOON)
            story.put("a.csv", "2024-04", 25)
            story.w.start(None, env=clock.env())
            story.is_ready_again()
            story.w.signal(signal.SIGSTOP)
            clock.set(NOON + pause)
            story.put("b.csv", "2024-05", 6)
            story.w.signal(signal.SIGCONT)
            story.check()
            assert days(story.w) == dates, days(story.w)


if __name__ == "__main__":
    run_tests(globals())
