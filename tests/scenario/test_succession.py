"""An organisation that goes on as another: nobody is seen by that, nobody is new, nobody counts twice."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from waitlist import Instance, measure, plan, run_tests, three, wait_for

START = "2026-01-05"
OPEN = lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}")
LIST = "lists:\n  - {id: cyp, service: mental-health, providers: [OLD, NEW]}\norganisations: orgs.yaml\n"
ORGS = """\
organisations:
  - {code: OLD, title: Old Trust, to: LAST, succeeded_by: NEW}
  - {code: NEW, title: New Trust}
"""


def feed(i, id="weekly"):
    return [f for f in i.ctl("feeds") if f["id"] == id][0]


def parts(i):
    return {p["provider"]: p for p in feed(i)["list"]["parts"]}


def values(i, id):
    return {h["period_end"]: h["versions"][-1]["value"] for h in i.ctl("measure", id)["history"]}


def instance(build):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[OLD]")
    i = lists.instance(build, feeds=feeds, extra=LIST, plan_text=lists.plan(OPEN))
    i.write("orgs.yaml", ORGS.replace("LAST", "2026-05-20"))
    return i


def snapshot(census, rows, provider):
    return lists.snapshot(census, rows, provider=provider).replace(f",{provider},P", ",OLD,P")  # the issuer stays


def mixed(census, *parts):
    """Rows of several providers, in this order."""
    files = [snapshot(census, dict(rows), provider).split("\n", 1) for rows, provider in parts]
    return files[0][0] + "\n" + "".join(rows for _, rows in files)


def test_a_list_goes_on_under_the_successor_with_neither_start_nor_stop(build):
    with instance(build) as i:
        i.put("1.csv", snapshot("2026-05-17", lists.starts(30, START), "OLD"), feed="weekly")
        i.once("2026-05-18")
        i.start("2026-05-18")
        assert i.measure("open")["value"] == 30, "its successor is not awaited yet"
        i.stop()
        i.put("2.csv", snapshot("2026-05-24", lists.starts(29, START), "NEW"), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        assert "29 rows, 1 stopped" in feed(i)["last_outcome"], feed(i)["last_outcome"]
        assert parts(i)["OLD"]["pathways"] == 0 and parts(i)["NEW"]["pathways"] == 30, parts(i)
        assert values(i, "open") == {"2026-05-17": 30, "2026-05-24": 29}, values(i, "open")
        assert feed(i)["gaps"] == [], "the successor is covered, and the other is not missed"
        before = (parts(i), values(i, "open"))
        i.stop()
        i.start("2026-05-25")
        wait_for(lambda: (parts(i), values(i, "open")) == before, "the same after a start")
        i.ctl("rebuild")
        wait_for(lambda: feed(i)["files"] == 2 and parts(i)["NEW"]["digest"] == before[0]["NEW"]["digest"] and
                 values(i, "open") == before[1], "the same after a rebuild", 40)
        assert "made again from the archive" not in i.log()


def test_rows_of_other_codes_around_the_successors_first_mean_the_same_from_memory_and_from_the_archive(build):
    """Whose pathways they would be changes with that row: each is looked for where they were when it came."""
    starts = lists.starts(100, START)
    first, *rest, last = list(starts.items())
    others = {"Z1": START, "Z2": START}  # that some come under another code is nothing new
    with instance(build) as i:
        i.put("1.csv", mixed("2026-05-17", (starts, "OLD"), (others, "RZZ")), feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", mixed("2026-05-24", ([first], "RZZ"), (rest, "NEW"), ([last], "RZZ")), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        assert values(i, "open") == {"2026-05-17": 100, "2026-05-24": 99}, feed(i)
        before = (parts(i), values(i, "open"))
        i.ctl("rebuild")
        wait_for(lambda: feed(i)["files"] == 2 and parts(i)["NEW"]["digest"] == before[0]["NEW"]["digest"] and
                 values(i, "open") == before[1], "the same after a rebuild", 40)


def test_pathways_that_both_report_hold_the_measures(build):
    with instance(build) as i:
        i.put("1.csv", snapshot("2026-05-17", lists.starts(30, START), "OLD"), feed="weekly")
        i.once("2026-05-18")
        both = snapshot("2026-05-24", lists.starts(30, START), "OLD")
        both += snapshot("2026-05-24", lists.starts(12, START), "NEW").split("\n", 1)[1]
        i.put("2.csv", both, feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        assert "counted twice" in i.ctl("measure", "open")["holds"], i.ctl("measure", "open")
        why = [g["why"] for g in feed(i)["gaps"] if g["why"]]
        assert why and "both have some of the same pathways" in why[0], feed(i)["gaps"]


def test_a_successor_that_sends_nothing_is_missed(build):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[OLD, RXT]")
    extra = LIST.replace("[OLD, NEW]", "[OLD, NEW, RXT]")
    with lists.instance(build, feeds=feeds, extra=extra, plan_text=lists.plan(OPEN)) as i:
        i.write("orgs.yaml", ORGS.replace("LAST", "2026-05-20"))
        i.put("1.csv", lists.snapshot("2026-05-24", lists.starts(30, START), provider="RXT"), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        assert [g["provider"] for g in feed(i)["gaps"]] == ["NEW"], feed(i)["gaps"]


if __name__ == "__main__":
    run_tests(globals())
