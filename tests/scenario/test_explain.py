"""explain: the row of the table that applied, why every other did not, also for what did not alert."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, plan, run_tests, three

FEED = """\
  - {id: returns, kind: aggregate, format: measures, inbox: ./inbox/returns, cadence: monthly, grace: 45d}
"""
HEADER = "source,measure,org,period_start,period_end,value,numerator,denominator\n"
EVENTS = {"clear", "between", "amber", "red", "not due", "no usable figure"}


def measure(id, **more):
    keys = {"expect": "{2024-04-30: 60, 2025-03-31: 60}", "target": "{at_least: 60, by: 2025-03}", "tolerance": 5, **more}
    return (f"  - id: {id}\n    metric: \"published:{id}\"\n    select: {{feed: returns, org: RNA}}\n    owner: camhs-lead\n" +
            "".join(f"    {k}: {v}\n" for k, v in keys.items()))


def returns(month, last, **figures):
    """One file; a figure is a value, or (value, denominator)."""
    lines = [HEADER]
    for id, figure in figures.items():
        value, n = figure if isinstance(figure, tuple) else (figure, "")
        lines.append(f"return,{id},RNA,2024-{month:02}-01,2024-{month:02}-{last},{value},,{n}\n")
    return "".join(lines)


def explained(answer, event, hold, from_, to):
    """Checks the row and that each other row of that state says why it did not apply."""
    row = answer["row"]
    assert (row["event"], row["hold"], row["from"], row["to"]) == (event, hold, from_, to), row
    assert len(row["why"]) > 10, row
    others = {(o["event"], o["hold"]): o for o in answer["others"]}
    wanted = {(e, h) for e in EVENTS for h in (True, False)} - {(event, hold)}
    assert set(others) == wanted, set(others) ^ wanted
    assert all(o["from"] == from_ and len(o["why_not"]) > 5 and len(o["why"]) > 10 for o in others.values()), others
    return row, others


def test_every_measure_says_why_it_stands_where_it_stands(build):
    measures = [measure("red"), measure("amber"), measure("green"), measure("withheld"),
                measure("later", expect="{2024-12-31: 60}"), measure("small", min_n=20), measure("watched", **{"for": 2}),
                measure("between", clear=70), measure("recovering", clear_for=2), measure("ended"), measure("nothing")]
    with Instance(build, plan_text=plan("".join(measures)), feeds=FEED) as w:
        both = dict(red=30, amber=57, green=61, withheld="*", later=3, watched=50)
        w.put("a.csv", returns(4, 30, small=(10, 90), between=20, recovering=20, ended=20, **dict(both, watched=62)),
              feed="returns")
        w.once("2024-05-20")
        w.put("b.csv", returns(5, 31, small=(90, 4), between=65, recovering=65, ended=65, **both), feed="returns")
        w.once("2024-06-20")

        def ask(w):
            return {id: w.ctl("explain", id) for id in ("red", "amber", "green", "withheld", "later", "small", "watched",
                                                        "between", "recovering", "ended", "nothing")}
        e = w.look("2024-06-20", ask)
        explained(e["red"], "red", False, "FIRING", "FIRING")
        explained(e["amber"], "amber", False, "FIRING", "FIRING")
        row, others = explained(e["green"], "clear", False, "INACTIVE", "INACTIVE")
        assert "not behind the line" in row["why"] and "not behind" in others["red", False]["why_not"], (row, others)
        row, others = explained(e["withheld"], "no usable figure", True, "INACTIVE", "INACTIVE")
        assert "no figure that shows it" in others["clear", True]["why_not"], others
        explained(e["later"], "not due", False, "INACTIVE", "INACTIVE")
        row, others = explained(e["small"], "clear", True, "FIRING", "FIRING")
        assert "hold blocks" in row["why"] and "numbers too small" in others["clear", False]["why_not"], others
        row, _ = explained(e["watched"], "red", False, "INACTIVE", "PENDING")
        assert (row["counted"], row["needed"]) == (1, 2) and e["watched"]["state"] == "PENDING", row
        assert "Counted: 1 of 2 data periods behind." in e["watched"]["lines"]
        explained(e["between"], "between", False, "FIRING", "FIRING")
        row, _ = explained(e["recovering"], "clear", False, "FIRING", "RECOVERING")
        assert (row["counted"], row["needed"]) == (1, 2), row
        explained(e["ended"], "clear", False, "FIRING", "RESOLVED")
        assert e["nothing"]["row"] is None and e["nothing"]["others"] == [] and e["nothing"]["steps"] == []
        assert any("No figure" in line for line in e["nothing"]["lines"]), e["nothing"]["lines"]
        assert [len(e[id]["steps"]) for id in ("red", "green", "nothing")] == [2, 2, 0]


def test_a_hold_of_today_is_said_beside_the_row(build):
    with Instance(build, plan_text=plan(measure("red")), feeds=FEED) as w:
        w.put("a.csv", returns(4, 30, red=30), feed="returns")
        w.once("2024-05-20")
        w.put("b.csv", returns(5, 31, red=80), feed="returns")
        w.once("2024-10-01")  # June was due by the middle of August
        e = w.look("2024-10-01", lambda w: w.ctl("explain", "red"))
        explained(e, "clear", False, "FIRING", "RESOLVED")
        assert e["state"] == "FIRING" and "a hold blocks" in e["kept"], e
        assert any(line.startswith("It is FIRING all the same") for line in e["lines"]), e["lines"]


def test_a_line_inside_the_rounding_is_explained(build):
    text = plan("""\
  - id: cyp-4w
    metric: "published:MRS08b"
    select: {feed: cyp4ww, breakdown: Provider, org: TAJ}
    target: {at_least: 20.2}
    owner: camhs-lead
""")
    with Instance(build, plan_text=text) as w:
        w.put("a.csv", three(20))
        w.once("2024-06-10")
        e = w.look("2024-06-10", lambda w: w.ctl("explain", "cyp-4w"))
        _, others = explained(e, "no usable figure", True, "INACTIVE", "INACTIVE")
        assert "either side of the line" in others["red", True]["why_not"], others


def test_a_withdrawn_and_a_corrected_alert_say_so_in_their_row(build):
    with Instance(build, plan_text=plan(measure("red")), feeds=FEED) as w:
        w.put("a.csv", returns(4, 30, red=30), feed="returns")
        w.once("2024-05-20")
        w.put("b.csv", returns(4, 30, red=70), feed="returns")
        w.once("2024-05-21")
        e = w.look("2024-05-21", lambda w: w.ctl("explain", "red"))
        explained(e, "clear", False, "INACTIVE", "RETRACTED")
        assert e["state"] == "RETRACTED", e
        w.put("c.csv", returns(5, 31, red=71), feed="returns")
        w.once("2024-06-20")
        row, _ = explained(w.look("2024-06-20", lambda w: w.ctl("explain", "red")), "clear", False, "RETRACTED", "RETRACTED")
        assert "not behind" in row["why"], row


run_tests(globals())
