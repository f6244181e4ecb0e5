"""Waits age with no new data: one process lives through midnights on a moved clock, two of them clock changes."""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from faults import WallClock, utc
from waitlist import run_tests, wait_for

ONE_DAY = datetime.timedelta(days=1)
# The fourth pathway is beyond 18 weeks (126 days) on 30 March, the day after the clocks went forward.
SPRING = {"S0": "2025-11-20", "S1": "2025-11-21", "S2": "2025-11-22", "S3": "2025-11-23", "S4": "2025-11-25",
          "S5": "2026-03-01"}
AUTUMN = {"T0": "2026-06-18", "T1": "2026-06-19", "T2": "2026-06-20", "T3": "2026-06-21", "T4": "2026-10-01"}
# Many who have just begun to wait: a command for each pathway would show.
SPRING.update({f"U{n}": "2026-03-20" for n in range(200)})
AUTUMN.update({f"V{n}": "2026-10-15" for n in range(200)})
PLAN = lists.plan(lists.measure(target="{at_most: 3}"),
                  lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}"),
                  lists.measure(id="soon", title="Breaching soon", metric="breaching-within:28d", target="{at_most: 9}",
                                more="    standard: 18w\n"),
                  lists.measure(id="longest", title="Longest", metric="longest-wait", target="{at_most: 400}"))
FEEDS = lists.SNAPSHOTS.replace("cadence: weekly", "cadence: monthly")


def waits(starts, day):
    return [(day - datetime.date.fromisoformat(s)).days for s in starts.values()]


def expected(starts, day):
    """Counted from nothing."""
    w = waits(starts, day)
    return {"over-18": sum(d > 126 for d in w), "open": len(w), "longest": max(w),
            "soon": sum(d <= 126 < d + 28 for d in w)}


def live_through(i, clock, midnight, starts):
    """From two seconds before a London midnight (UTC given) until the new day was judged. Returns that day."""
    clock.set(midnight - datetime.timedelta(seconds=2))
    before = i.ctl("status")["today"]
    day = datetime.date.fromisoformat(before) + ONE_DAY
    commands = int([line for line in i.redis("INFO", "commandstats") if "cmdstat_fcall" in line][0].split("calls=")[1].split(",")[0])
    wait_for(lambda: i.ctl("status")["today"] == str(day), f"midnight before {day}")
    wait_for(lambda: i.ctl("measure", "open")["projected"], "its evaluation")
    figures = {m: i.ctl("measure", m)["projected"]["value"] for m in expected(starts, day)}
    assert figures == expected(starts, day), (day, figures, expected(starts, day))
    after = int([line for line in i.redis("INFO", "commandstats") if "cmdstat_fcall" in line][0].split("calls=")[1].split(",")[0])
    assert after - commands < 40 < len(starts), f"{after - commands} calls to Redis for one midnight"
    return day


def test_four_midnights_in_one_process_two_of_them_clock_changes(build):
    with lists.instance(build, feeds=FEEDS, plan_text=PLAN) as i:
        clock = WallClock(i, utc(2026, 3, 28, 20))
        i.put("1.csv", lists.snapshot("2026-03-25", SPRING), feed="weekly")
        i.start(None, env=clock.env())
        wait_for(lambda: i.measure("over-18")["value"] == 0, "the census of 25 March")
        # 29 March has 23 hours: its midnights are 0:00 GMT and 23:00 UTC.
        live_through(i, clock, utc(2026, 3, 29), SPRING)
        assert not i.alerts("behind-plan")
        live_through(i, clock, utc(2026, 3, 29, 23), SPRING)
        a = i.alert(measure="over-18")
        assert a["state"] == "EARLY" and a["severity"] == "amber" and a["since"] == "2026-03-30", a
        told = wait_for(lambda: [m for m in i.mails() if "Projected from data of 25 March 2026" in " ".join(m.text.split())],
                        "the early warning")
        assert "if nobody was seen since" in " ".join(told[0].text.split())
        # A census in October ends it: nobody of March is left. 25 October has 25 hours.
        clock.set(utc(2026, 10, 24, 20))
        i.put("2.csv", lists.snapshot("2026-10-20", AUTUMN), feed="weekly")
        wait_for(lambda: i.measure("over-18")["period_end"] == "2026-10-20" and i.ctl("status")["today"] == "2026-10-24",
                 "the census of October")
        live_through(i, clock, utc(2026, 10, 24, 23), AUTUMN)
        live_through(i, clock, utc(2026, 10, 26), AUTUMN)
        a = i.alert(measure="over-18")
        assert a["state"] == "EARLY", a
        assert i.ctl("measure", "over-18")["projected"]["behind_since"] == "2026-10-26"
        better = len([m for m in i.mails() if "Back on plan" in m.subject])
        # Two cadences without data: the projection ends, and nothing is called better.
        clock.set(utc(2026, 12, 22, 12))
        wait_for(lambda: i.ctl("measure", "over-18")["projected"] is None, "the end of the projection")
        assert i.alert(measure="over-18")["state"] == "WITHDRAWN", i.alerts()
        i.ctl("status")
        assert len([m for m in i.mails() if "Back on plan" in m.subject]) == better, [m.subject for m in i.mails()]


if __name__ == "__main__":
    run_tests(globals())
