"""Forecasts: who passes a line if nobody is seen is exact; a milestone likely to be missed is told in time."""
import csv
import datetime
import io
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from waitlist import run_tests

DAY = datetime.timedelta(days=1)


def day(text):
    return datetime.date.fromisoformat(text)


def over(target="{at_most: 1000}", forecast="on", metric="open-over:18w", **more):
    return lists.measure(id="over", title="Waiting over 18 weeks", metric=metric, target=target,
                         more=f"    forecast: {forecast}\n", **more)


def growing(weeks=20, until="2026-06-28", starts=5, seen=1):
    """Events of a list into which more come each week than leave it; the last day is known to hold something."""
    end, rows, waiting = day(until), [], []
    for week in range(weeks):
        first = end - DAY * (7 * (weeks - week) - 1)
        for n in range(starts):
            waiting.append(f"W{week}-{n}")
            rows.append((waiting[-1], "referral", str(first + DAY * (n % 5)), 1))
        for _ in range(min(seen, len(waiting))):
            rows.append((waiting.pop(0), "clock-stop", str(first + DAY * 4), 1))
    rows.append(("LAST", "referral", until, 1))
    return lists.events(*rows)


def forecasts(i):
    return [a for a in i.ctl("alerts") if a["rule"] == "forecast"]


def test_the_exact_part_is_what_is_counted_when_the_days_have_passed_and_nobody_was_seen(build):
    rows = lists.starts(60, "2025-12-01", step=3)
    rows |= {f"second-{k}": v for k, v in lists.starts(20, "2025-12-01", step=9).items()}  # on some days two
    with lists.instance(build, plan_text=lists.plan(over())) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", {k: v for k, v in rows.items() if v <= "2026-05-17"}), feed="weekly")
        i.once("2026-05-18")
        said = i.look("2026-05-18", lambda i: i.ctl("forecast", "over"))
        assert said["data_date"] == "2026-05-17" and said["line"] == "18w", said
        days = {d["day"]: d for d in said["days"]}
        table = i.look("2026-05-18", lambda i: list(csv.DictReader(io.StringIO(i.ctl_raw("forecast", "over", output="csv").stdout))))
        assert [r["day"] for r in table] == sorted(days), table
        for n, census in enumerate(("2026-05-24", "2026-06-06", "2026-06-28"), 2):  # the same people, all still there
            i.put(f"{n}.csv", lists.snapshot(census, {k: v for k, v in rows.items() if v <= "2026-05-17"}), feed="weekly")
            i.once(str(day(census) + DAY))
            value = i.look(str(day(census) + DAY), lambda i: i.measure("over")["value"])
            assert value == days[census]["over"], (census, value, days[census])
        assert sum(d["crossing"] for d in days.values()) == days[max(days)]["over"] - days["2026-05-18"]["over"] + days["2026-05-18"]["crossing"]
        assert {d["crossing"] for d in days.values()} == {0, 1, 2} and days["2026-06-06"]["crossing"] > 0


def test_a_milestone_that_will_be_missed_is_told_before_its_day_and_withdrawn_by_data_alone(build):
    plan = lists.plan(over(metric="open", target="{at_most: 90, by: 2026-09-30}"))
    with lists.instance(build, feeds=lists.EVENTS, plan_text=plan) as i:
        i.put("e.csv", growing(), feed="events")
        i.once("2026-06-29")
        a, f = i.look("2026-06-29", lambda i: (forecasts(i), i.ctl("forecast", "over")))
        assert len(a) == 1 and a[0]["state"] == "FIRING" and a[0]["severity"] == "amber", a
        m = f["milestones"][0]
        assert m["date"] == "2026-09-30" and m["chance"] < 50 and m["p10"] <= m["p50"] <= m["p90"], m
        assert f == i.look("2026-06-29", lambda i: i.ctl("forecast", "over")), "the same data give the same forecast"
        mails = [m for m in i.mails() if "30 September 2026 will be missed" in m.text]
        assert len(mails) == 1, [m.text for m in i.mails()]
        i.once("2026-06-30")
        assert len([m for m in i.mails() if "will be missed" in m.text]) == 1, "told once"
        # Half of them are seen: it is no longer likely.
        i.put("f.csv", lists.events(*[(f"W{w}-{n}", "clock-stop", "2026-07-03", 1) for w in range(4, 19) for n in range(5)],
                                    ("LAST2", "referral", "2026-07-05", 1)), feed="events")
        i.once("2026-07-06")
        a = i.look("2026-07-06", forecasts)
        assert len(a) == 1 and a[0]["state"] == "RESOLVED", a


def test_more_than_so_many_who_will_pass_a_line_are_told_and_no_number_of_them(build):
    rows = lists.starts(30, "2026-01-20")
    for at_most, told in ((27, True), (28, False)):
        with lists.instance(build, plan_text=lists.plan(over(forecast=f"{{within: 28d, at_most: {at_most}}}"))) as i:
            i.put("1.csv", lists.snapshot("2026-05-24", rows), feed="weekly")  # the first passes 18 weeks on 2026-05-27
            i.once("2026-05-26")
            a = i.look("2026-05-26", forecasts)
            assert bool(a) == told, (at_most, a)
            if told:
                mail = [m for m in i.mails() if m.subject.startswith("Forecast: ")][0]
                assert "more than 27 will pass 18 weeks within 28 days, if nobody is seen" in mail.text.lower(), mail.text


def test_without_data_nothing_that_was_forecast_is_called_better(build):
    plan = lists.plan(over(metric="open", target="{at_most: 90, by: 2026-09-30}"))
    feeds = lists.EVENTS.replace("grace: 400d", "grace: 5d")
    with lists.instance(build, feeds=feeds, plan_text=plan) as i:
        i.put("e.csv", growing(), feed="events")
        i.once("2026-06-29")
        assert i.look("2026-06-29", forecasts)[0]["state"] == "FIRING"
        i.once("2026-09-15")  # the feed is silent for weeks
        a = i.look("2026-09-15", forecasts)
        assert a[0]["state"] == "FIRING" and a[0]["held"], a


def test_a_forecast_does_not_end_while_the_feed_is_late(build):
    plan = lists.plan(over(metric="open", target="{at_most: 90, by: 2026-09-30}"))
    with lists.instance(build, feeds=lists.EVENTS.replace("grace: 400d", "grace: 2d"), plan_text=plan) as i:
        i.put("e.csv", growing(), feed="events")
        i.once("2026-06-29")
        i.put("f.csv", lists.events(*[(f"W{w}-{n}", "clock-stop", "2026-07-03", 1) for w in range(4, 19) for n in range(5)],
                                    ("LAST2", "referral", "2026-07-05", 1)), feed="events")
        i.once("2026-07-16")  # data to 12 July were due by the 14th
        a = i.look("2026-07-16", forecasts)
        assert a[0]["state"] == "FIRING" and a[0]["held"], a


run_tests(globals())
