"""What people look up: how far each measure is from its plan, what can be watched, how a measure is defined."""
import csv
import io
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
import waitlist
from waitlist import run_tests

BOTH = lists.EVENTS + waitlist.FEED_CYP
GAP_KEYS = """plan id title unit value period_end rag held holds measurable why_not expected behind_by next_date next to_next
    target target_by pace_needed pace_lately data_date by demand_a_week stops_a_week seen_a_week needed_a_week extra_a_week load
    may_wait keeps_a_week takes""".split()


def flow(weeks=20, until="2026-06-28", starts=5, seen=1):
    """Each week so many join, and fewer are seen, in turn."""
    import datetime
    end, rows, waiting = datetime.date.fromisoformat(until), [], []
    for week in range(weeks):
        first = end - datetime.timedelta(days=7 * (weeks - week) - 1)
        for n in range(starts):
            waiting.append(f"W{week}-{n}")
            rows.append((waiting[-1], "referral", str(first + datetime.timedelta(days=n)), 1))
        for _ in range(seen):
            rows.append((waiting.pop(0), "clock-stop", str(first + datetime.timedelta(days=4)), 1))
    rows.append(("LAST", "referral", until, 1))
    return lists.events(*rows)


def test_plan_gap_says_what_it_takes_and_names_what_cannot_be_measured(build):
    plan = lists.plan(lists.measure(id="size", metric="open", target="{at_most: 90, by: 2026-09-30}"),
                      waitlist.measure(id="published", expect="{2026-04-30: 20, 2027-03-31: 60}"))
    with lists.instance(build, feeds=BOTH, plan_text=plan) as i:
        i.put("e.csv", flow(), feed="events")
        i.start("2026-06-29")
        rows = {g["id"]: g for g in i.ctl("plan", "gap")}
        size, published = rows["size"], rows["published"]
        assert list(size) == list(published) == GAP_KEYS, (list(size), GAP_KEYS)
        # 64 waited at the end of May, 81 now; as 66 joined in 13 weeks 68.2 more will until then: 59.2 of them must go in 13.4 weeks.
        assert size["value"] == 64 and size["behind_by"] == -26 and size["next_date"] == size["by"] == "2026-09-30", size
        assert (size["stops_a_week"], size["needed_a_week"], size["extra_a_week"]) == (1, 4.5, 3.5), size
        assert "4.5 a week until 30 September 2026, 3.5 more than of late" in size["takes"], size
        assert not published["measurable"] and published["held"] and published["value"] is None, published
        assert published["why_not"] and published["next"] == 60 and published["takes"] == "not measurable", published
        table = i.ctl_raw("plan", "gap", output="table").stdout
        assert f"not measurable: published: {published['why_not']}" in table and "WHAT IT TAKES" in table, table
        assert [r["id"] for r in csv.DictReader(io.StringIO(i.ctl_raw("plan", "gap", output="csv").stdout))] == list(rows)
        assert [json.loads(line)["id"] for line in i.ctl_raw("plan", "gap", output="ndjson").stdout.splitlines()] == list(rows)
        assert len(i.ctl("plan", "gap", "dudley")) == 2 and i.ctl_raw("plan", "gap", "other").returncode == 1


run_tests(globals())
