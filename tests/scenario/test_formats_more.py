"""The formats beside the monthly ones: what is blank by nature, restated, written in words or groups."""
import csv
import io
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from waitlist import Instance, ROOT, measure, plan, run_tests

PUBLISHED = os.path.join(ROOT, "tests", "data", "published")
RTT = "rtt-full-csv/20241130-RTT-November-2024-RBD.11J-11X-13Q.csv"
AUTISM = "autism-stats/AutismStats_Apr2026_England.excerpt.csv"
TRIBUNALS = "sen2-tribunals/SEND Tribunals and appeal rate 2014-2024.csv"


def published(name):
    with open(os.path.join(PUBLISHED, name), encoding="utf-8-sig", newline="") as f:
        return list(csv.reader(f))


def written(rows, **more):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", **more).writerows(rows)
    return out.getvalue()


def parse(build, path, fmt, *more):
    r = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", path, "--format", fmt,
                        "--formats", os.path.join(ROOT, "config", "formats"), *(more or ("-o", "ndjson"))],
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr
    return [json.loads(line) for line in r.stdout.splitlines()]


def cell(records, **wanted):
    found = [(r["value"], r["marker"]) for r in records if all(r[k] == v for k, v in wanted.items())]
    assert len(found) == 1, (wanted, found)
    return found[0]


def feed(id, fmt, **more):
    words = {"providers": "[]", "keep": "[]", **more}
    return (f"  - {{id: {id}, kind: aggregate, format: {fmt}, inbox: ./inbox/{id}, cadence: monthly, grace: 45d,\n"
            f"     providers: {words['providers']}, keep: {words['keep']}}}\n")


def watch(**more):
    """One measure; the words of select may hold a secondary level."""
    text = measure(**{"expect": "{2024-04-30: 75, 2025-03-31: 92}", "title": "A list", **more})
    return plan(text.replace("breakdown: ~, ", ""))


def test_a_blank_is_not_applicable_only_where_its_part_leaves_it_blank(build):
    rows = published(RTT)
    head = rows[0]
    at = {p: next(i for i, r in enumerate(rows) if r[9] == p and r[11] == "C_999" and r[7] == "11J")
          for p in ("Part_1A", "Part_2", "Part_3")}
    band = head.index("Gt 18 To 19 Weeks SUM 1")
    for part in ("Part_1A", "Part_2"):
        rows[at[part]][band] = ""  # a figure that belongs there
    rows[at["Part_1A"]][head.index("Total")] = ""
    rows[at["Part_3"]][head.index("Total All")] = " "
    with Instance(build) as w:
        got = parse(build, w.write("a.csv", written(rows)), "rtt-full")
    one = {"org": "RBD", "secondary": "C_999"}
    assert cell(got, measure=head[band], breakdown="Part_1A / 11J", **one) == (None, "not-submitted")
    assert cell(got, measure=head[band], breakdown="Part_2 / 11J", **one) == (None, "not-submitted")
    assert cell(got, measure=head[band], breakdown="Part_3 / 11J", **one) == (None, "not-applicable")
    assert cell(got, measure="Total", breakdown="Part_1A / 11J", **one) == (None, "not-submitted")
    assert cell(got, measure="Total", breakdown="Part_2 / 11J", **one) == (None, "not-applicable")
    assert cell(got, measure="Total All", breakdown="Part_3 / 11J", **one) == (None, "not-submitted")
    # The total of all functions is a row of its own beside its parts, never added to them.
    parts = [r["value"] for r in got if r["measure"] == "Total All" and r["breakdown"] == "Part_2 / 11J" and
             r["secondary"] != "C_999"]
    assert sum(parts) == cell(got, measure="Total All", breakdown="Part_2 / 11J", **one)[0], parts


def test_columns_move_banners_come_and_bands_go_and_the_cells_stay(build):
    rows = published(RTT)
    want = {tuple(r[k] for k in ("measure", "breakdown", "org", "secondary", "period_start", "period_end")):
            (r["value"], r["marker"]) for r in parse(build, os.path.join(PUBLISHED, RTT), "rtt-full")}
    order = list(reversed(range(len(rows[0]))))
    moved = [[r[i] for i in order] for r in rows]
    moved[0] = [h.upper() for h in moved[0]]
    for r in moved[1:]:
        r[-1] = "RTT-NOVEMBER-2024"
    # 2016/17: three lines before the header, bands to 52 weeks only.
    old = [[c for i, c in enumerate(r) if not 13 + 52 <= i < 13 + 104] for r in rows]
    old[0][13 + 52] = "Gt 52 Weeks SUM 1"
    with Instance(build) as w:
        got = parse(build, w.write("moved.csv", b"\xef\xbb\xbf" + written(moved, quoting=csv.QUOTE_ALL).replace(
            "\n", "\r\n").encode()), "rtt-full")
        fewer = parse(build, w.write("old.csv", "Consultant-led RTT,,,\n,,,\nNovember 2024,,,\n" + written(old)),
                      "rtt-full")
    again = {(next(k for k in (x[0] for x in want) if k.upper() == r["measure"]), r["breakdown"], r["org"],
              r["secondary"], r["period_start"], r["period_end"]): (r["value"], r["marker"]) for r in got}
    assert again == want
    assert len(fewer) == 179 * (52 + 1 + 3), len(fewer)
    assert {(r["period_start"], r["period_end"]) for r in fewer} == {("2024-11-01", "2024-11-30")}


def test_a_later_release_restates_an_earlier_one(build):
    rows = published(AUTISM)
    later = [list(r) for r in rows]
    row = next(r for r in later if r[4] == "10 to 17" and r[8] == "ASD16")
    assert row[-1] == "78025"
    row[-1] = "78100"
    with Instance(build, feeds=feed("autism", "autism", keep="['10 to 17']"), plan_text=watch(
            feed="autism", published="ASD16", org="10 to 17", breakdown="Age Group", polarity="lower",
            target="{at_most: 70000}", expect="{2024-04-30: 80000, 2026-05-31: 70000}")) as w:
        w.put("AutismStats_Apr2026_England_v1.csv", written(rows), feed="autism")
        w.once("2026-06-20")
        assert w.look("2026-06-20", lambda w: w.measure())["value"] == 78025
        w.put("AutismStats_Apr2026_England_v2.csv", written(later), feed="autism")
        w.once("2026-08-20")
        m = w.look("2026-08-20", lambda w: w.measure())
        assert m["value"] == 78100, m
        w.put("again.csv", written(rows), feed="autism")  # the publisher goes back to the first
        w.once("2026-08-21")
        m = w.look("2026-08-21", lambda w: w.measure())
        assert m["value"] == 78025, m
        row[-1] = "78200"  # v1 of the next release is newer than v2 of this one
        w.put("AutismStats_Jul2026_Sep2026_England_v1.csv", written(later), feed="autism")
        w.once("2026-11-20")
        m = w.look("2026-11-20", lambda w: w.measure())
        assert m["value"] == 78200, m


def test_a_table_made_for_reading_is_watched_by_council_and_year(build):
    with Instance(build, feeds=feed("appeals", "sen2-tribunals", keep="[332]").replace("monthly", "yearly"),
                  plan_text=watch(feed="appeals", published="SEND Tribunal Appeal Rate", org="\"332\"", breakdown="~",
                                  polarity="lower", target="{at_most: 2}", expect="{2024-04-30: 2, 2025-03-31: 2}")) as w:
        with open(os.path.join(PUBLISHED, TRIBUNALS), "rb") as f:
            w.put("appeals.csv", f.read(), feed="appeals")
        w.start("2025-06-20")
        m = w.measure()
        row = next(r for r in published(TRIBUNALS) if r[1] == "332")
        assert (m["value"], m["unit"]) == (float(row[34].rstrip("%")), "percent"), (m, row[32:35])


ACTIONS = """\
plan,action,status,rag,date,note
dudley,1.1,In progress,amber,30/04/2024,"late, but moving"
dudley,1.10,complete,blue,30/04/2024,
dudley,2.1,not started,grey,30/04/2024,
"""


def test_the_state_of_an_action_is_a_series_of_its_plan(build):
    select = {"feed": "actions", "org": "dudley", "breakdown": "~"}
    text = measure(id="rag-1", title="Action 1.1", published="action-rag", polarity="lower",
                   target="{at_most: 2}", expect="{2024-04-30: 2, 2025-03-31: 2}", **select)
    text = text.replace("breakdown: ~, ", 'secondary: "1.1", ')
    other = measure(id="status-10", title="Action 1.10", published="action-status", target="{at_least: 2}",
                    expect="{2024-04-30: 2, 2025-03-31: 2}", **select).replace("breakdown: ~, ", 'secondary: "1.10", ')
    grey = measure(id="rag-2", title="Action 2.1", published="action-rag", polarity="lower", target="{at_most: 2}",
                   expect="{2024-04-30: 2, 2025-03-31: 2}", **select).replace("breakdown: ~, ", 'secondary: "2.1", ')
    with Instance(build, feeds=feed("actions", "actions"), plan_text=plan(text + other + grey)) as w:
        w.put("april.csv", ACTIONS, feed="actions")
        w.start("2024-05-20")
        assert w.measure("rag-1")["value"] == 3
        assert w.measure("status-10")["value"] == 2
        m = w.measure("rag-2")  # no state is no good state
        assert (m["value"], m["rag"]) == (None, "grey"), m


def test_an_update_of_one_action_after_a_file_of_many_is_no_fault(build):
    many = "".join(f"dudley,3.{n},in progress,green,30/04/2024,\n" for n in range(8))
    with Instance(build, feeds=feed("actions", "actions"), plan_text=plan(measure(
            id="rag-1", title="Action 1.1", feed="actions", published="action-rag", org="dudley", breakdown="~",
            polarity="lower", target="{at_most: 2}", expect="{2024-04-30: 2, 2025-03-31: 2}"
            ).replace("breakdown: ~, ", 'secondary: "1.1", ') + measure(
            id="rag-10", title="Action 1.10", feed="actions", published="action-rag", org="dudley", breakdown="~",
            polarity="lower", target="{at_most: 2}", expect="{2024-04-30: 2, 2025-03-31: 2}"
            ).replace("breakdown: ~, ", 'secondary: "1.10", '))) as w:
        w.put("april.csv", ACTIONS + many, feed="actions")
        w.once("2024-05-20")
        w.put("may.csv", ACTIONS.splitlines()[0] + "\ndudley,1.1,in progress,red,31/05/2024,\n", feed="actions")
        w.once("2024-06-20")
        one, ten, alerts = w.look("2024-06-20", lambda w: (w.measure("rag-1"), w.measure("rag-10"), w.ctl("alerts")))
        assert (one["value"], ten["value"], ten["held"]) == (4, 1, False), (one, ten)
        assert [a["rule"] for a in alerts if a["rule"] in ("coverage-gap", "implausible-change")] == [], alerts


def test_the_lines_of_a_quarterly_return_are_watched_by_age_group(build):
    with Instance(build, feeds=feed("wheels", "wheelchair", providers="[QUA]").replace("monthly", "quarterly"),
                  plan_text=watch(feed="wheels", published="3b", org="QUA", breakdown="children", polarity="lower",
                                  target="{at_most: 5}", expect="{2024-04-30: 5, 2025-03-31: 5}")) as w:
        w.put("q1.csv", "org,line,adults,children,quarter\nQUA,3a,60,30,Q1 2024/25\nQUA,3b,9,12,Q1 2024/25\n",
              feed="wheels")
        w.start("2024-08-20")
        m = w.measure()
        assert (m["value"], m["rag"]) == (12, "red"), m


if __name__ == "__main__":
    run_tests(globals())
