"""The nine shapes that real plans have (tests/data/plans/shapes): every period's colour, as worked out by hand."""
import csv
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import RECEIVER_SPOOL, ROOT, Instance, run_tests, wait_for

SHAPES = os.path.join(ROOT, "tests", "data", "plans", "shapes")
FEED = "  - {{id: {}, kind: aggregate, format: {}, inbox: ./inbox/{}, cadence: {}, grace: 4000d}}\n"
FEEDS = "".join(FEED.format(id, format, id, cadence) for id, format, cadence in (
    ("scorecard", "measures", "monthly"), ("quarterly", "measures", "quarterly"), ("updates", "actions", "monthly")))
RECEIVERS = RECEIVER_SPOOL + "  - {id: partner, kind: spool, dir: ./partner}\n"
ROW = "source,measure,org,period_start,period_end,value\n"


def of_shape(name, kind):
    with open(os.path.join(SHAPES, f"{name}.{kind}"), encoding="utf-8") as f:
        return f.read()


def shape(build, name):
    return Instance(build, plan_text=of_shape(name, "yaml"), feeds=FEEDS, receivers=RECEIVERS)


def put(w, name, kind="series", feed="scorecard"):
    w.put(f"{name}.{kind}.csv", of_shape(name, f"{kind}.csv"), feed=feed)


def expected(name):
    """Of each measure, and each "action ID": {date: (line, colour)}."""
    out = {}
    for row in csv.DictReader(of_shape(name, "rag.csv").splitlines()[1:]):
        out.setdefault(row["of"], {})[row["on"]] = (row["line"], row["rag"])
    return out


def check_measures(w, name):
    """Each period of each measure, and no other, has the colour and the line expected."""
    want = {of: rows for of, rows in expected(name).items() if not of.startswith("action ")}
    assert sorted(want) == sorted(m["id"] for m in w.ctl("measures")), sorted(want)
    for of, rows in want.items():
        got = {p["period_end"]: p for p in w.ctl("measure", of)["history"]}
        colours = {on: p["rag"] for on, p in got.items()}
        assert colours == {on: rag for on, (_, rag) in rows.items()}, (of, colours)
        for on, (line, _) in rows.items():
            found = got[on]["expected"]
            assert (found is None) == (line == ""), (of, on, found)
            assert found is None or abs(found - float(line)) < 1e-9, (of, on, found)


def put_until(w, name, kind, feed, day):
    """What the shape's file had said by a day, as that day's file."""
    header, *rows = [r for r in csv.reader(of_shape(name, f"{kind}.csv").splitlines()) if not r[0].startswith("#")]
    dated = header.index("period_end" if "period_end" in header else "date")
    known = [r for r in rows if r[dated] <= day]
    if known:
        w.put(f"{kind}-{day}.csv", "".join(",".join(r) + "\n" for r in (header, *known)), feed=feed)


def check_actions(w, name, last=lambda: None):
    """Day by day each action's delivery, whether it is overdue, and apart from that how its measure stands."""
    want = expected(name)
    of_action = {of.removeprefix("action "): want.pop(of) for of in list(want) if of.startswith("action ")}
    (measure, periods), = want.items()
    days_asked = sorted({day for days in of_action.values() for day in days})
    for day in days_asked:
        w.start(day)
        put_until(w, name, "series", "scorecard", day)
        put_until(w, name, "actions", "updates", day)
        figure = periods[max(on for on in periods if on <= day)][1]
        asked = {id: (days[day][1], days[day][0] == "overdue") for id, days in of_action.items()}
        wait_for(lambda: asked == {a["id"]: (a["delivery"] and a["delivery"]["rag"], a["overdue"])
                                   for p in w.ctl("plan", "show") for q in p["priorities"] for a in q["actions"]} and
                 figure == w.measure(measure)["rag"], f"{asked} and {figure} on {day}")
        if day == days_asked[-1]:
            check_measures(w, name)
            last()
        w.stop()


def lint(w):
    """The codes of what plan check says of the plan, by itself."""
    said = subprocess.run([os.path.join(w.build, "waitlistctl"), "plan", "check", w.path("plan.yaml"), "-o", "json"],
                          capture_output=True, text=True, check=True)
    return [d["code"] for d in json.loads(said.stdout)]


def judged(build, name, at):
    """The shape's series is judged on a day; its table must hold, and lint finds what it returns."""
    with shape(build, name) as w:
        put(w, name)
        w.once(at)
        w.look(at, lambda w: check_measures(w, name))
        return lint(w)


def test_shape_A_of_Devon_milestones_may_be_of_any_dates_and_worse_than_the_baseline(build):
    assert judged(build, "a-devon-kpi-table", "2024-12-20") == ["baseline-implausible"]


def test_shape_B_of_Devon_an_action_with_two_leads_and_a_month_is_reported_apart_from_its_figure(build):
    name = "b-devon-actions"
    with shape(build, name) as w:
        check_actions(w, name, last=lambda: wait_for(
            lambda: all(any("A guide written with families" in m.text and
                            "icb-lead and council-lead" in " ".join(m.text.split()) for m in w.mails(folder))
                        for folder in ("spool", "partner")), "both leads to be told that 1.10 is overdue"))
        assert lint(w) == []


def test_shape_C_of_Worcestershire_nobody_beyond_a_wait_and_a_list_less_by_a_share_of_its_baseline(build):
    assert judged(build, "c-worcestershire-cohort", "2025-10-20") == []


def test_shape_D_of_Lancashire_a_straight_line_between_milestones_and_a_list_that_grows_no_more(build):
    assert judged(build, "d-lancashire-priorities", "2026-01-20") == []


def test_shape_E_of_Sefton_quarters_are_judged_by_validated_figures_once_these_are_there(build):
    name = "e-sefton-quarters"
    with shape(build, name) as w:
        put(w, name, feed="quarterly")
        w.once("2020-04-20")
        put(w, name, "validated", feed="quarterly")
        w.once("2020-05-20")
        w.look("2020-05-20", lambda w: check_measures(w, name))
        assert lint(w) == []


def test_shape_F_of_objectives_a_benchmark_is_the_newest_of_its_day_or_frozen_at_its_edition(build):
    assert judged(build, "f-benchmarked-objectives", "2018-10-20") == []


def test_shape_G_of_Stockport_a_colour_only_where_there_is_a_benchmark_and_one_report_of_a_red(build):
    name = "g-stockport-scorecard"
    with shape(build, name) as w:
        put(w, name)
        w.once("2024-04-20")
        mail, = w.mails()
        assert "Assessed in time" in mail.subject and "Appeals" not in mail.subject, mail.subject
        w.put("again.csv", of_shape(name, "series.csv") + "card,Other,Stockport,2024-03-01,2024-03-31,1\n", feed="scorecard")
        w.once("2024-04-21")
        assert len(w.mails()) == 1, [m.subject for m in w.mails()]
        w.look("2024-04-21", lambda w: check_measures(w, name))
        assert lint(w) == []


def test_shape_H_of_Kent_high_is_good_or_low_or_close_to_a_figure_over_whatever_periods(build):
    assert judged(build, "h-kent-polarity", "2025-02-20") == []


def test_shape_I_of_Kingston_a_red_action_is_not_a_red_figure_nor_a_blue_one_a_good_figure(build):
    name = "i-kingston-delivery"
    with shape(build, name) as w:
        check_actions(w, name)
        assert lint(w) == []


RENAMED = """\
plan: {{id: renaming, version: {version}, place: anywhere, valid: {{from: 2024-04-01, to: 2025-03-31}}}}
roles: {{lead: {{receivers: [spool]}}}}
priorities: [{{id: "1", title: Shorter waits}}]
measures:
  - {{id: {id}, title: Seen in time, metric: "published:Seen", select: {{feed: scorecard, org: RNA}}, unit: percent,
     target: {{at_least: 60}}, owner: lead, priority: "1"{was}}}
"""


def test_a_renamed_measure_keeps_its_history_its_alert_and_what_was_told(build):
    def renamed(version, id, was=""):
        w.write("plan.yaml", RENAMED.format(version=version, id=id, was=was))

    def stands(w):
        measure, = w.ctl("measures")
        alert = w.alert()
        history = [(p["period_end"], p["value"], p["rag"]) for p in w.ctl("measure", measure["id"])["history"]]
        return {k: alert[k] for k in ("alert_id", "episode_id", "state")}, history

    with shape(build, "g-stockport-scorecard") as w:
        renamed(1, "first")
        w.put("a.csv", ROW + "r,Seen,RNA,2024-04-01,2024-04-30,70\nr,Seen,RNA,2024-05-01,2024-05-31,50\n", feed="scorecard")
        w.once("2024-06-20")
        before = w.look("2024-06-20", stands)
        assert before[0]["state"] == "FIRING" and len(before[1]) == 2 and len(w.mails()) == 1, before
        renamed(2, "second", ", was: [first]")
        w.once("2024-06-21")
        renamed(3, "third", ", was: [first, second]")
        w.once("2024-06-22")
        after = w.look("2024-06-22", stands)
        assert after == before, (before, after)
        assert len(w.mails()) == 1, [m.subject for m in w.mails()]  # neither told again nor an all-clear
        w.put("b.csv", ROW + "r,Seen,RNA,2024-06-01,2024-06-30,65\n", feed="scorecard")
        w.once("2024-07-20")
        ended = w.look("2024-07-20", stands)
        assert ended[0] == {**before[0], "state": "RESOLVED"} and len(ended[1]) == 3, ended
        assert len(w.mails()) == 2, [m.subject for m in w.mails()]


if __name__ == "__main__":
    run_tests(globals())
