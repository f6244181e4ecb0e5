"""Measures of how a feed comes: its age, its coverage, the rows set aside."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from waitlist import Instance, mhsds, plan, run_tests, three, wait_for

TWO = ("  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww,\n"
       "     cadence: monthly, grace: 45d, providers: [TAJ, RXT], keep: [QUA, TAJ, England]}\n")
MEASURE = """\
  - id: feed
    title: {metric} of the four week feed
    metric: {metric}
    select: {{feed: {feed}}}
    target: {target}
    action: "1.1"
"""


def watching(metric, target, feed="cyp4ww"):
    return plan(MEASURE.format(metric=metric, target=target, feed=feed))


def full(month, value=6):
    return mhsds(month, {("England", "MRS08b"): 18, ("TAJ", "MRS08b"): value, ("RXT", "MRS08b"): 7})


def feed(w):
    m = w.measure("feed")
    return m["period_end"], m["value"], m["rag"]


def test_the_coverage_of_a_feed_is_the_share_of_its_providers_with_figures_of_the_period(build):
    with Instance(build, feeds=TWO, plan_text=watching("coverage", "{at_least: 100}")) as w:
        w.put("a.csv", full("2024-04"))
        w.once("2024-06-10")
        assert w.look("2024-06-10", feed) == ("2024-04-30", 100, "green")
        w.put("b.csv", three(6, "2024-05"))  # without RXT
        w.once("2024-07-10")
        m, a = w.look("2024-07-10", lambda w: (w.measure("feed"), w.alert()))
        assert (m["period_end"], m["value"], m["rag"]) == ("2024-05-31", 50, "red"), m
        assert (m["numerator"], m["denominator"], a["state"]) == (1, 2, "FIRING"), (m, a)
        told = len(w.mails())
        w.put("c.csv", full("2024-05", 8))
        w.once("2024-07-11")
        assert w.look("2024-07-11", feed) == ("2024-05-31", 100, "green")
        assert len(w.mails()) > told


def test_a_later_measure_of_coverage_knows_the_periods_that_came_before(build):
    with Instance(build, feeds=TWO) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", full("2024-05"))
        w.once("2024-07-10")
        w.write("plan.yaml", watching("coverage", "{at_least: 100}"))
        w.once("2024-07-11")
        history = w.look("2024-07-11", lambda w: w.ctl("measure", "feed")["history"])
        assert [(h["period_end"], h["value"]) for h in history] == [("2024-04-30", 50), ("2024-05-31", 100)], history


def test_the_rate_of_rows_set_aside_is_of_the_files_of_a_day_that_took_effect(build):
    orgs = {(f"X{i:02}", "MRS08b"): 5 for i in range(100)}
    with Instance(build, plan_text=watching("set-aside-rate", "{at_most: 0.2}")) as w:
        w.put("a.csv", mhsds("2024-04", {**orgs, ("TAJ", "MRS08b"): 6}))
        w.once("2024-06-10")
        assert w.look("2024-06-10", feed) == ("2024-06-10", 0, "green")
        w.put("b.csv", mhsds("2024-05", {**orgs, ("X00", "MRS08b"): "five", ("TAJ", "MRS08b"): 6}))
        w.once("2024-07-10")
        m = w.look("2024-07-10", lambda w: w.measure("feed"))
        assert (m["numerator"], m["denominator"], m["rag"]) == (1, 101, "red"), m
        w.put("c.csv", mhsds("2024-05", {**orgs, ("TAJ", "MRS08b"): 7}))  # mended on the same day
        w.once("2024-07-10")
        m = w.look("2024-07-10", lambda w: w.measure("feed"))
        assert (m["period_end"], m["numerator"], m["denominator"]) == ("2024-07-10", 1, 202), m
        w.put("d.csv", mhsds("2024-06", {**orgs, ("X00", "MRS08b"): "five", ("X01", "MRS08b"): "six",
                                         ("TAJ", "MRS08b"): 6}))
        w.once("2024-08-10")  # held: over 1 per cent
        assert w.look("2024-08-10", feed)[0] == "2024-07-10"
        w.look("2024-08-10", lambda w: w.ctl_raw("feed", "accept", "4", "--why", "known"))
        w.once("2024-08-10")
        m = w.look("2024-08-10", lambda w: w.measure("feed"))
        assert (m["period_end"], m["numerator"], m["denominator"]) == ("2024-08-10", 2, 101), m


def test_a_feed_ages_by_itself_and_only_a_file_with_something_new_makes_it_young(build):
    with Instance(build, plan_text=watching("feed-age", "{at_most: 30}")) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.once("2024-07-10")
        assert w.look("2024-07-10", lambda w: w.alerts("behind-plan")) == [], "30 days: not too old"
        w.put("again.csv", three(6))
        w.once("2024-07-11")
        a, words = w.look("2024-07-11", lambda w: (w.alert(), w.ctl_raw("explain", "feed").stdout))
        assert (a["state"], a["severity"]) == ("FIRING", "red"), a
        assert "Nothing new came since 2024-06-10: 31 days today" in words, words
        mail = [m for m in w.mails() if "feed-age" in m.text][-1]
        assert "31 days" in mail.text and "Nothing new came since" in mail.text, mail.text
        assert "nobody was seen" not in mail.text
        w.put("b.csv", three(7, "2024-05"))
        w.once("2024-07-12")
        assert w.look("2024-07-12", lambda w: w.alert()["state"]) == "RESOLVED"


def test_a_feed_of_a_list_has_the_same_figures_and_they_are_made_again_after_a_loss(build):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ, RXT]")
    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(MEASURE.format(
            metric="coverage", target="{at_least: 100}", feed="weekly"))) as w:
        w.put("a.csv", lists.snapshot("2026-02-01", {"1": "2025-12-01"}), feed="weekly")
        w.once("2026-02-02")
        assert w.look("2026-02-02", feed) == ("2026-02-01", 50, "red")
        assert any("50%" in mail.text for mail in w.mails()), "a share of two providers hides nobody"
        w.put("b.csv", lists.snapshot("2026-02-01", {"2": "2025-12-01"}, provider="RXT"), feed="weekly")
        w.once("2026-02-03")
        assert w.look("2026-02-03", feed) == ("2026-02-01", 100, "green")
        w.start("2026-02-03")
        w.redis("FLUSHALL")
        wait_for(lambda: w.ctl("feeds")[0]["files"] == 2 and
                 feed(w) == ("2026-02-01", 100, "green"), "the same after FLUSHALL", 40)


if __name__ == "__main__":
    run_tests(globals())
