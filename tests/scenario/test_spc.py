"""Control charts: special causes are told, charts begin anew by a named person alone."""
import csv
import io
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from waitlist import Instance, measure, plan, run_tests, wait_for

FEED = """\
  - {id: returns, kind: aggregate, format: measures, inbox: ./inbox/returns, cadence: monthly, grace: 400d}
"""
HEADER = "source,measure,org,period_start,period_end,value\n"
LAST = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
STEADY = [62, 60, 63, 61, 59, 62, 64, 60, 61, 63, 62, 60]


def month(i):
    """First and last day of the i-th month from January 2023 on (no leap year is reached)."""
    year, m = 2023 + i // 12, i % 12
    return f"{year}-{m + 1:02}-01", f"{year}-{m + 1:02}-{29 if (year, m) == (2024, 1) else LAST[m]}"


def returns(values):
    return HEADER + "".join("return,seen,RNA,{},{},{}\n".format(*month(i), v) for i, v in enumerate(values))


def charted(spc="on", target="{at_least: 20}"):
    return plan("  - id: seen\n    metric: \"published:seen\"\n    title: Seen in time\n    unit: percent\n"
                "    select: {feed: returns, org: RNA}\n    owner: camhs-lead\n    tolerance: 5\n"
                f"    target: {target}\n    spc: {spc}\n").replace("2024-04-01, to: 2025-03-31", "2023-01-01, to: 2025-12-31")


def special(w):
    return [a for a in w.ctl("alerts") if a["rule"] == "special-cause"]


def test_the_worked_example_raises_no_special_cause_though_it_fell_by_four_points(build):
    with Instance(build, plan_text=charted(), feeds=FEED) as w:
        w.put("a.csv", returns(STEADY + [58]), feed="returns")
        w.once("2024-02-20")
        w.start("2024-02-20")
        c = w.ctl("spc", "show", "seen")
        assert c["chart"] == "good" and c["variation"] == "common-cause" and c["mark"] is None, c
        assert not special(w)
        rows = list(csv.DictReader(io.StringIO(w.ctl_raw("spc", "show", "seen", output="csv").stdout)))
        assert [r["value"] for r in rows] == [str(v) for v in STEADY + [58]], rows
        assert "process limits" in "\n".join(w.ctl("explain", "seen")["lines"])
        assert w.ctl_raw("spc", "show", "nothing").returncode == 1


def test_a_special_cause_is_told_once_and_ends_only_by_a_figure(build):
    with Instance(build, plan_text=charted(), feeds=FEED) as w:
        w.put("a.csv", returns(STEADY), feed="returns")
        w.once("2024-01-20")
        assert not w.mails()
        w.put("b.csv", returns(STEADY + [50]), feed="returns")
        w.once("2024-02-20")
        mails = w.mails()
        assert len(mails) == 1 and mails[0].subject.startswith("Special cause: Seen in time 50%"), [m.subject for m in mails]
        assert "below the lower process limit" in mails[0].text and "no breach" in mails[0].text, mails[0].text
        w.put("c.csv", returns(STEADY + [50, "*"]), feed="returns")  # withheld: nobody knows that it is over
        w.once("2024-03-20")
        a = w.look("2024-03-20", special)
        assert len(a) == 1 and a[0]["state"] == "FIRING" and a[0]["held"], a
        assert len(w.mails()) == 1
        w.put("d.csv", returns(STEADY + [50, "*", 61]), feed="returns")
        w.once("2024-04-20")
        a = w.look("2024-04-20", special)
        assert len(a) == 1 and a[0]["state"] == "RESOLVED", a
        assert [m.subject for m in w.mails()][1:] == ["No longer a special cause: Seen in time 61%"], [m.subject for m in w.mails()]


def test_a_special_cause_does_not_end_while_the_feed_is_late(build):
    with Instance(build, plan_text=charted(), feeds=FEED.replace("400d", "45d")) as w:
        w.put("a.csv", returns(STEADY + [50]), feed="returns")
        w.once("2024-02-20")
        w.put("b.csv", returns(STEADY + [50, 61]), feed="returns")
        w.once("2024-06-20")  # March was due by the middle of May
        a = w.look("2024-06-20", special)
        assert len(a) == 1 and a[0]["state"] == "FIRING" and a[0]["held"], a


def test_a_named_person_rebases_and_the_audit_keeps_it_over_the_loss_of_redis(build):
    with Instance(build, plan_text=charted(), feeds=FEED) as w:
        w.put("a.csv", returns(STEADY + [v - 20 for v in STEADY]), feed="returns")
        w.once("2025-01-20")
        w.start("2025-01-20")
        wait_for(lambda: special(w), "a special cause")
        for wrong, said in ((("seen", "--at", "soon", "--why", "x"), "wants a date"), (("none", "--at", "2024-01-01", "--why", "x"), "no plan"),
                            (("seen", "--at", "2026-01-01", "--why", "x"), "not after today")):
            r = w.ctl_raw("spc", "rebase", *wrong)
            assert r.returncode == 1 and said in r.stderr, (wrong, r.stderr)
        assert w.ctl_raw("spc", "rebase", "seen", "--at", "2024-01-01").returncode == 2, "--why is a must"
        act = w.ctl("spc", "rebase", "seen", "--at", "2024-01-01", "--why", "the team was halved")
        assert act["who"], act

        def rebased():
            c = w.ctl("spc", "show", "seen")
            return c["breaks"] and c["mean"] < 50 and c
        c = wait_for(rebased, "a chart that begins anew")
        assert c["breaks"] == [{"at": "2024-01-01", "who": act["who"], "why": "the team was halved"}], c["breaks"]
        assert [p["segment"] for p in c["points"]] == [1] * 12 + [2] * 12
        wait_for(lambda: special(w)[0]["state"] == "RESOLVED", "its end")
        w.stop()
        shutil.rmtree(w.path("state", "redis"))
        w.start("2025-01-21")
        assert w.ctl("spc", "show", "seen")["breaks"] == c["breaks"]
        assert w.ctl_raw("spc", "rebase", "seen", "--at", "2024-01-01", "--why", "again").returncode == 1
        w.ctl("spc", "unrebase", "seen", "--at", "2024-01-01", "--why", "it was the wrong team")
        wait_for(lambda: w.ctl("spc", "show", "seen")["breaks"] == [], "the chart as it was")


def test_the_plan_says_which_limits_and_where_a_definition_changed(build):
    noisy = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
    for spc, upper in (("on", 4.60), ("{limits: unscreened}", 6.95), ("{limits: unscreened, rebase: {2023-06-01: phones count}}", None)):
        with Instance(build, plan_text=charted(spc), feeds=FEED) as w:
            w.put("a.csv", returns(noisy), feed="returns")
            w.once("2024-07-20")
            c = w.look("2024-07-20", lambda w: w.ctl("spc", "show", "seen"))
            if upper:
                assert abs(c["upper"] - upper) < 0.01, (spc, c["upper"])
            else:
                assert c["breaks"][0]["why"] == "phones count" and c["points"][5]["segment"] == 2, c["breaks"]


def test_a_rolling_measure_of_a_list_is_charted_by_its_single_periods(build):
    rolling = lists.measure(id="referrals", title="Referrals", metric="referrals", target="{at_most: 1000}",
                            more="    period: month\n    window: 3m\n    spc: on\n")
    with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(rolling)) as i:
        rows = [(f"A{m}-{n}", "referral", f"2026-{m:02}-{n + 2:02}", 1) for m in range(1, 7) for n in range(m)]
        i.put("e.csv", lists.events(("A0", "referral", "2026-01-01", 1), *rows, ("Z", "referral", "2026-07-01", 1)), feed="events")
        i.once("2026-07-02")
        c = i.look("2026-07-02", lambda i: i.ctl("spc", "show", "referrals"))
        assert [p["value"] for p in c["points"]][-4:] == [3, 4, 5, 6], c["points"]
        assert i.look("2026-07-02", lambda i: i.measure("referrals"))["value"] == 15


def test_what_is_published_rolling_only_is_refused_a_chart_and_a_stock_is_warned_of(build):
    text = plan(measure(expect="{2024-06-30: 20, 2025-03-31: 60}") + "    spc: on\n")
    with Instance(build, plan_text=text) as w:
        for command in ((os.path.join(build, "waitlistd"), "--config", w.path("waitlistd.yaml"), "--check"),
                        (os.path.join(build, "waitlistctl"), "plan", "check", w.path("plan.yaml"), "--settings", w.path("waitlistd.yaml"))):
            r = subprocess.run(command, capture_output=True, text=True)
            assert r.returncode == 78 and "MRS08b is published for rolling periods only" in r.stderr, (r.returncode, r.stderr)
        w.write("plan.yaml", text.replace("MRS08b", "MRS09b"))
        assert w.run("--check").returncode == 0
    with lists.instance(build, plan_text=lists.plan(lists.measure(more="    spc: on\n"))) as i:
        r = i.run("--check")
        assert r.returncode == 0 and "open-over is a stock" in r.stderr, r.stderr


run_tests(globals())
