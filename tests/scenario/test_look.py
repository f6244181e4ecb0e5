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

BOTH = lists.EVENTS + waitlist.FEED_CYP.replace("id: cyp4ww,", "id: cyp4ww, title: Mental health waits,")
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
        forecast = i.ctl("forecast", "published")
        assert forecast["words"] == ("it has no forecast: of a figure that comes from others nobody's wait is known, "
                                     "as it is of a list"), forecast
        assert (forecast["data_date"], forecast["line"], forecast["days"], forecast["milestones"]) == (None, None, [], []), forecast
        assert i.ctl_raw("forecast", "published", output="table").stdout == f"published: {forecast['words']}\n"
        assert i.ctl_raw("forecast", "nobody").returncode == 1, "what the plan has not is not known"
        table = i.ctl_raw("plan", "gap", output="table").stdout
        assert f"not measurable: published: {published['why_not']}" in table and "WHAT IT TAKES" in table, table
        assert [r["id"] for r in csv.DictReader(io.StringIO(i.ctl_raw("plan", "gap", output="csv").stdout))] == list(rows)
        assert [json.loads(line)["id"] for line in i.ctl_raw("plan", "gap", output="ndjson").stdout.splitlines()] == list(rows)
        assert len(i.ctl("plan", "gap", "dudley")) == 2 and i.ctl_raw("plan", "gap", "other").returncode == 1


SERIES_KEYS = """source kind title metric org breakdown secondary stage value marker period_end judged periods warning snippet""".split()
TWO_YEARS = [f"{y}-{m:02}" for y in (2024, 2025) for m in range(1, 13)]


def months(i, gone=()):
    """A year and a half of published figures; of some months the figure is withheld."""
    i.put("m.csv", waitlist.mhsds(TWO_YEARS[:18], {m: {
        ("TAJ", "MRS08b"): "*" if m in gone else "43", ("England", "MRS09e"): "5"} for m in TWO_YEARS[:18]}))


def checked(i, snippet):
    """What `plan check` says of a plan with this measure, offline and by the daemon."""
    i.write("mine.yaml", "plan: {id: mine, version: 1, place: dudley}\nmeasures:\n" + snippet)
    for option in (("--settings", i.path("waitlistd.yaml")), ("--live",)):
        result = i.ctl_raw("plan", "check", i.path("mine.yaml"), *option)
        assert result.returncode == 0, (snippet, result.stdout, result.stderr)
    return {d["code"]: d for d in json.loads(result.stdout)}


def test_series_find_offers_what_is_asked_for_in_plain_words_and_each_snippet_passes_plan_check(build):
    plan = lists.plan(waitlist.measure(expect="{2026-04-30: 20, 2027-03-31: 60}"))
    with lists.instance(build, feeds=BOTH, plan_text=plan) as i:
        i.put("e.csv", flow(), feed="events")
        months(i, gone=TWO_YEARS[12:16])
        i.start("2026-06-29")
        found = i.ctl("series", "find", "CAMHS")
        assert found and all(list(f) == SERIES_KEYS and f["periods"] == 12 for f in found), found[:1]
        kinds = {f["kind"] for f in found}
        assert kinds == {"published", "list"} and len({f["snippet"] for f in found}) == len(found), kinds
        for f in found:
            said = checked(i, f["snippet"])
            few = f["judged"] < 9
            assert ("few-periods" in said) == few and ("periods-judged" in said) != few, (f, said)
            assert f"{f['judged']} of the last 12" in said["few-periods" if few else "periods-judged"]["message"], (f, said)
            assert (f["warning"] is not None) == few, f
        one = {f["metric"]: f for f in found if f["kind"] == "published"}
        assert one["MRS08b"]["judged"] == 8 and one["MRS09e"]["judged"] == 12 and one["MRS09e"]["value"] == 5, one
        metrics = [f["metric"] for f in found if f["kind"] == "list" and not f["stage"]]
        assert len(metrics) == len(set(metrics)) == 22, metrics  # the whole catalogue
        size = [f for f in found if f["kind"] == "list" and f["metric"] == "open" and not f["stage"]]
        assert len(size) == 1 and size[0]["judged"] == 4, size  # complete months since the first event
        assert (size[0]["value"], size[0]["period_end"]) == (64, "2026-05-31"), size  # as the plan counts it
        assert "target: {at_most: 64}   # the newest figure, of 2026-05-31" in size[0]["snippet"], size
        # Fewer words find more; another name of the thing is the same; what nobody brings is not offered.
        assert [f["snippet"] for f in i.ctl("series", "find", "camhs", "MRS09e")] == [one["MRS09e"]["snippet"]]
        assert [f["snippet"] for f in i.ctl("series", "find", "mental health MRS09e")] == [one["MRS09e"]["snippet"]]
        assert i.ctl_raw("series", "find", "wheelchair").returncode == 1
        table = i.ctl_raw("series", "find", "MRS08b", output="table").stdout
        assert "8 of 12" in table and "only 8 of the last 12 periods could be judged" in table and "    metric: \"published:MRS08b\"" in table, table


def test_a_series_that_a_plan_had_counted_of_a_list_is_not_offered_as_published_and_not_taken_into_a_plan(build):
    """It would stay as it was counted last, whatever comes."""
    feeds = lists.FEED.format(id="cyp", kind="snapshot", providers="[TAJ]")  # called as the list is, as its series are
    with lists.instance(build, feeds=feeds, plan_text=lists.plan(lists.measure(id="size", metric="open", target="{at_most: 60}"))) as i:
        i.put("c.csv", lists.snapshot("2026-06-28", lists.starts(15, "2026-01-05")), feed="cyp")
        i.start("2026-06-29")
        waitlist.wait_for(lambda: i.measure("size")["value"] == 15, "the list to be counted")
        found = i.ctl("series", "find", "open")
        assert found and {f["kind"] for f in found} == {"list"}, [f["snippet"] for f in found if f["kind"] != "list"]
        frozen = lists.plan("  - id: size\n    title: Waiting\n    metric: \"published:open period=census\"\n"
                            "    select: {feed: cyp, org: all}\n    polarity: lower\n    target: {at_most: 60}\n    action: \"1.1\"\n")
        i.write("mine.yaml", frozen)
        for words in (("check", i.path("mine.yaml"), "--settings", i.path("waitlistd.yaml")), ("check", i.path("mine.yaml"), "--live"),
                      ("apply", i.path("mine.yaml"), "--reason", "x")):
            result = i.ctl_raw("plan", *words)
            said = result.stdout + result.stderr
            assert result.returncode != 0 and 'feed "cyp" publishes no figures' in said.replace('\\"', '"'), (words, said)
        assert i.measure("size")["value"] == 15


def censuses(i, skipped=()):
    """Lists at the ends of fifteen months, some of which nobody sent; each month one more waits."""
    waiting = lists.starts(15, "2023-01-02")
    for n, month in enumerate(TWO_YEARS[:15]):
        last = {"01": 31, "03": 31, "05": 31, "07": 31, "08": 31, "10": 31, "12": 31, "02": 29 if month < "2025" else 28}.get(month[5:], 30)
        if month not in skipped:
            i.put(f"{month}.csv", lists.snapshot(f"{month}-{last}", dict(list(waiting.items())[:n + 1])), feed="weekly")


def test_what_a_list_never_told_is_offered_without_a_figure_and_is_grey_whatever_its_target(build):
    plan = lists.plan(lists.measure(id="unseen", title="Seen in time", metric="open-within:18w", select=", stage: care-plan", polarity="higher",
                                    target="{at_least: 0}"))
    feeds = lists.SNAPSHOTS.replace("cadence: weekly", "cadence: monthly")
    with lists.instance(build, feeds=feeds, plan_text=plan.replace("from: 2026-01-01", "from: 2024-01-01")) as i:
        censuses(i, skipped=("2024-06", "2024-09", "2024-10", "2024-12"))
        i.start("2025-04-02")
        waitlist.wait_for(lambda: not i.inbox("weekly") and i.measure("unseen")["period_end"] == "2025-03-31", "the lists to be counted")
        found = {(f["metric"], f["stage"]): f for f in i.ctl("series", "find", "cyp")}
        size, unseen = found["open", None], found["open-within", "care-plan"]
        assert (size["value"], size["period_end"], size["judged"]) == (15, "2025-03-31", 8), size  # of the last twelve months
        assert size["warning"] == "only 8 of the last 12 periods could be judged" and "{at_most: 15}" in size["snippet"], size
        assert (unseen["value"], unseen["marker"], unseen["judged"]) == (None, "not-submitted", 0), unseen
        assert unseen["warning"] == "nothing is known of it yet" and "{at_least: 0}   # no figure is known yet" in unseen["snippet"], unseen
        m = i.measure("unseen")
        assert (m["rag"], m["value"], m["marker"], m["held"]) == ("grey", None, "not-submitted", True), m
        assert checked(i, unseen["snippet"])["few-periods"]["message"] == "measure: 0 of the last 12 periods of its series could be judged"
        table = i.ctl_raw("series", "find", "cyp", "open", output="table").stdout
        assert "8 of 12" in table and "not-submitted" in table and "nothing is known of it yet" in table, table



LOCAL = "  - {id: local, title: Wheelchair returns, kind: aggregate, format: measures, inbox: ./inbox/local, cadence: monthly, grace: 45d}\n"
CHAIRS = """\
  - id: chairs
    title: Wheelchairs in time
    metric: "published:Chairs"
    select: {feed: local, org: TAJ}
    polarity: higher
    unit: percent
    baseline: {date: 2024-03-31}
    target: {increase_by: 5}
    standard: wheelchair-18w
    spc: on
    action: "1.1"
"""
STEADY = [62, 60, 63, 61, 59, 62, 64, 60, 61, 63, 62, 60]  # DOMAIN 3.2


def returns(values, note=""):
    return "source,measure,org,period_start,period_end,value,status\n" + "".join(
        f"me{note},Chairs,TAJ,{m}-01,{m}-{31 if m[5:] in ('01', '03', '05', '07', '08', '10', '12') else 29 if m[5:] == '02' else 30},{v},final\n"
        for m, v in zip(TWO_YEARS, values))


def test_a_measure_says_what_it_is_where_its_figure_comes_from_and_what_its_chart_marks(build):
    import hashlib
    first, second = returns(STEADY + [51]), returns(STEADY + [50], "2")
    with waitlist.Instance(build, feeds=LOCAL, plan_text=waitlist.plan(CHAIRS).replace("to: 2025-03-31", "to: 2025-12-31")) as i:
        i.put("a.csv", first, feed="local")
        i.once("2025-02-10")
        i.put("b.csv", second, feed="local")
        i.start("2025-02-11")
        m = waitlist.wait_for(lambda: [m for m in [i.ctl("measure", "chairs")] if m["value"] == 50], "the restated figure")[0]
        assert m["definition"] == "Chairs, as published in feed local TAJ" and m["counted"] is None, m["definition"]
        assert m["promise"] == "5 percentage points more than the baseline of 31 March 2024", m["promise"]
        assert m["target"] == 68 and (m["judged"], m["periods"]) == (12, 12), m
        assert m["standard"]["id"] == "wheelchair-18w" and m["standard"]["confidence"] in ("verified", "secondary", "unverified"), m
        assert m["standard"]["source"] and m["standard"]["definition"], m["standard"]
        digest = hashlib.sha256(second.encode()).hexdigest()
        assert m["provenance"] == {"feed": "local", "feed_title": "Wheelchair returns", "file": "b.csv", "sha256": digest,
                                   "archived": digest, "receipt": 2, "received": m["as_of"]}, m["provenance"]
        versions = m["history"][-1]["versions"]
        assert [(v["value"], v["receipt"], v["current"]) for v in versions] == [(51, 1, False), (50, 2, True)], versions
        assert [v["source"] for v in versions] == [hashlib.sha256(f.encode()).hexdigest()[:16] for f in (first, second)], versions
        chart = m["chart"]
        assert chart["rule"] == "a figure below the lower process limit" and chart["limits"] == "screened" and not chart["trial"], chart
        assert chart["lower"] < chart["mean"] < chart["upper"], chart
        table = i.ctl_raw("measure", "chairs", output="table").stdout
        assert "definition" in table and "5 percentage points more than the baseline of 31 March 2024" in table, table
        explained = "\n".join(i.ctl("explain", "chairs")["lines"])
        assert "What the plan promises: 5 percentage points more than the baseline of 31 March 2024." in explained, explained
        said = " ".join(" ".join(mail.text.split()) for mail in i.mails())
        assert "The plan promises: 5 percentage points more than the baseline of 31 March 2024." in said, said
        assert "A figure below the lower process limit" in said and "by chance alone it lies between" in said, said


def test_a_measure_of_a_list_says_what_is_counted_out_of_what(build):
    with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(lists.measure(id="share", metric="open-within:18w", polarity="higher",
                                                                                      target="{at_least: 92}"))) as i:
        i.put("e.csv", flow(), feed="events")
        i.start("2026-06-29")
        m = i.ctl("measure", "share")
        assert (m["counted"], m["out_of"]) == ("open pathways that have waited no longer",
                                               "pathways whose clock runs at the end of the day"), m
        assert "of list cyp, provider all" in m["definition"] and m["promise"] == "at least 92 %", m
        assert m["standard"] is None and m["chart"] is None and m["judged"] == 4 and m["provenance"]["feed"] == "cyp", m


run_tests(globals())
