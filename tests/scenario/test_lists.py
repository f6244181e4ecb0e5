"""Waiting lists: a file of pathways from its inbox to an alert, and back from the archive."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from waitlist import run_tests, wait_for

EARLIER = "2026-05-10"
START = "2026-01-05"  # on 2026-05-17 the first six of consecutive days are beyond 18 weeks
COMPLETED = lists.measure(id="seen", title="Seen within 18 weeks", metric="completed-within:18w", polarity="higher",
                          target="{at_least: 60}", more="    period: month\n")
OPEN = lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}")


def feed(i, id="weekly"):
    return [f for f in i.ctl("feeds") if f["id"] == id][0]


def parts(i, id="weekly"):
    return {p["provider"]: p for p in feed(i, id)["list"]["parts"]}


def taken(i, files, id="weekly", seconds=30):
    """Waits until so many files of a feed took effect and were judged."""
    wait_for(lambda: feed(i, id)["files"] == files, f"{files} files of {id}", seconds)


def values(i, id):
    return {h["period_end"]: h["versions"][-1]["value"] for h in i.ctl("measure", id)["history"]}


def test_a_snapshot_goes_from_its_file_to_an_alert(build):
    with lists.instance(build) as i:
        i.put("list.csv", lists.snapshot("2026-05-17", lists.starts(30, START)), feed="weekly")
        i.once("2026-05-18")
        i.start("2026-05-18")
        m = i.measure("over-18")
        assert m["value"] == 6 and m["rag"] == "red", m
        assert i.alert(measure="over-18")["severity"] == "red"
        assert [x for x in i.mails() if "over 18 weeks" in x.text], [x.subject for x in i.mails()]
        assert parts(i)["TAJ"]["pathways"] == 30 and parts(i)["TAJ"]["census"] == "2026-05-17"


def test_two_snapshots_give_starts_stops_and_a_figure_for_each_census(build):
    with lists.instance(build, plan_text=lists.plan(lists.measure(), OPEN)) as i:
        first, second = lists.starts(30, START), lists.starts(26, START)
        second.update(lists.starts(3, "2026-05-18", prefix="N"))
        i.put("1.csv", lists.snapshot("2026-05-17", first), feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", lists.snapshot("2026-05-24", second), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        assert "29 rows, 3 started, 4 stopped" in feed(i)["last_outcome"], feed(i)["last_outcome"]
        assert values(i, "open") == {"2026-05-17": 30, "2026-05-24": 29}, values(i, "open")
        assert values(i, "over-18") == {"2026-05-17": 6, "2026-05-24": 13}, values(i, "over-18")


def test_who_has_gone_on_since_was_counted_where_he_stood_at_an_earlier_census(build):
    """A stage, a place and an age band are as the newest snapshot says; earlier figures stand as they were counted."""
    header = "pathway_id,issuer,service,provider,commissioner,place,referral_date,stage,stage_start,census_date,age_band\n"

    def census(day, place, stage, since, band, count=30):
        return header + "".join(f"A{n},TAJ,mental-health,TAJ,QUA,{place},2026-01-{n + 1:02},{stage},{since},{day},{band}\n"
                                for n in range(count))

    measures = [lists.measure(id=id, title=id, metric=metric, select=select, target="{at_most: 1000}")
                for id, metric, select in (("stage", "open", ", stage: first-contact"),
                                           ("median", "median-wait", ", stage: first-contact"),
                                           ("north", "open", ", place: north"), ("band", "open", ", cohort: {age_band: 5-10}"))]
    with lists.instance(build, plan_text=lists.plan(*measures)) as i:
        i.put("1.csv", census("2026-05-17", "north", "first-contact", "2026-02-01", "5-10"), feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", census("2026-05-24", "south", "care-plan", "2026-05-20", "11-15"), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        for id, value in (("stage", 30), ("median", 105), ("north", 30), ("band", 30)):
            history = {h["period_end"]: [v["value"] for v in h["versions"]] for h in i.ctl("measure", id)["history"]}
            assert history["2026-05-17"] == [value], (id, history)
            assert history.get("2026-05-24", [0])[-1] in (0, None), (id, history)


def test_flows_of_a_stage_that_only_snapshots_name_are_not_submitted(build):
    header = "pathway_id,issuer,service,provider,commissioner,referral_date,stage,stage_start,census_date\n"

    def census(day, gone_on):
        return header + "".join(f"A{n},TAJ,mental-health,TAJ,QUA,2026-01-{n + 1:02},"
                                + ("care-plan,2026-04-10" if n < gone_on else "first-contact,2026-02-01") + f",{day}\n"
                                for n in range(30))

    flows = ("referrals", "clock-stops", "net-change", "load", "completed-within:18w", "completed")
    measures = [lists.measure(id=f"stage-{k}", title=metric, metric=metric, select=", stage: first-contact",
                              polarity="higher" if "completed" in metric else "lower",
                              target="{at_least: 1}" if "completed" in metric else "{at_most: 90}", more="    period: month\n") for k, metric in enumerate(flows)]
    for id, metric in (("contacts", "first-contacts"), ("whole", "referrals")):
        measures.append(lists.measure(id=id, title=id, metric=metric, polarity="higher", target="{at_least: 0}", more="    period: month\n"))
    with lists.instance(build, plan_text=lists.plan(*measures)) as i:
        i.put("1.csv", census("2026-03-31", 0), feed="weekly")
        i.once("2026-04-01")
        i.put("2.csv", census("2026-04-30", 10), feed="weekly")
        i.once("2026-05-01")
        i.start("2026-05-01")
        for id in [f"stage-{k}" for k in range(len(flows))] + ["contacts"]:
            last = {h["period_end"]: h["versions"][-1] for h in i.ctl("measure", id)["history"]}["2026-04-30"]
            assert last["value"] is None and last["marker"] == "not-submitted", (id, last)
        assert values(i, "whole")["2026-04-30"] == 0  # of the pathways themselves snapshots tell


def test_an_event_of_one_does_not_make_zeros_of_the_flows_of_a_stage(build):
    header = "pathway_id,issuer,service,provider,commissioner,referral_date,stage,stage_start,census_date\n"

    def census(day, gone_on):
        return header + "".join(f"A{n},TAJ,mental-health,TAJ,QUA,2026-01-{n + 1:02},"
                                + ("care-plan,2026-04-10" if n < gone_on else "first-contact,2026-02-01") + f",{day}\n"
                                for n in range(30))

    def seen(i):
        last = {h["period_end"]: h["versions"][-1] for h in i.ctl("measure", "seen")["history"]}["2026-04-30"]
        return last["value"], last["marker"]

    seen_by_stage = lists.measure(id="seen", metric="completed", select=", stage: first-contact", polarity="higher",
                                  target="{at_least: 6}", more="    period: month\n")
    with lists.instance(build, feeds=BOTH, plan_text=lists.plan(seen_by_stage)) as i:
        i.put("1.csv", census("2026-03-31", 0), feed="weekly")
        i.once("2026-04-01")
        i.put("2.csv", census("2026-04-30", 10), feed="weekly")
        i.put("1.csv", lists.events(("A0", "first-contact", "2026-04-10", 1)), feed="events")
        i.once("2026-05-01")
        assert i.look("2026-05-01", seen) == (None, "not-submitted")  # of nine others nobody tells when
        i.put("2.csv", lists.events(*((f"A{n}", "first-contact", "2026-04-10", 1) for n in range(1, 6))), feed="events")
        i.once("2026-05-01")
        assert i.look("2026-05-01", seen) == (6, None)


def test_events_go_into_a_list_and_later_ones_change_what_was_counted(build):
    plan = lists.plan(COMPLETED)
    with lists.instance(build, feeds=lists.EVENTS, plan_text=plan) as i:
        seen = [(f"A{n}", e, d, 1) for n in range(10) for e, d in
                (("referral", "2026-01-05"), ("first-contact", "2026-02-10" if n < 8 else "2026-06-30"))]
        i.put("1.csv", lists.events(*seen, *[(f"A{n}", e, "2026-02-10" if n < 8 else "2026-06-30", 1)
                                             for n in range(10) for e in ("outcome-baseline", "care-plan")],
                                    ("Z", "referral", "2026-07-02", 1)), feed="events")
        i.once("2026-07-03")
        i.put("2.csv", lists.events(("A0", "first-contact", "2026-02-10", 2, "", ""),
                                    ("A1", "care-plan", "2026-06-29", 2)), feed="events")
        i.once("2026-07-06")
        i.start("2026-07-06")
        history = values(i, "seen")
        assert parts(i, "events")["TAJ"]["facts"] == 41, parts(i, "events")
        assert history["2026-02-28"] == 100 and history["2026-06-30"] == 0, history
        versions = [h for h in i.ctl("measure", "seen")["history"] if h["period_end"] == "2026-02-28"][0]["versions"]
        assert [v["numerator"] for v in versions] == [8, 7], versions


def test_a_month_in_which_nothing_happened_is_counted_once_later_events_came(build):
    with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(COMPLETED)) as i:
        seen = [(f"A{n}", e, "2026-02-10", 1) for n in range(4) for e in ("first-contact", "outcome-baseline", "care-plan")]
        i.put("1.csv", lists.events(*[(f"A{n}", "referral", "2026-01-05", 1) for n in range(5)], *seen), feed="events")
        i.once("2026-03-01")
        i.put("2.csv", lists.events(("A9", "referral", "2026-05-02", 1)), feed="events")
        i.once("2026-05-03")
        assert {"2026-03-31", "2026-04-30"} <= set(i.look("2026-05-03", lambda x: values(x, "seen")))


def test_a_provider_s_part_is_replaced_without_touching_the_others(build):
    feeds = lists.SNAPSHOTS + lists.FEED.format(id="other", kind="snapshot", providers="[RXT]")
    plan = lists.plan(OPEN, lists.measure(id="taj", metric="open", select=", provider: TAJ", target="{at_most: 1000}"))
    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=plan) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(30, START)), feed="weekly")
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(10, START), provider="RXT"), feed="other")
        i.start("2026-05-25")
        taken(i, 1, "other")
        taken(i, 1)
        before = parts(i)
        assert i.measure("open")["value"] == 40 and i.measure("taj")["value"] == 30
        i.put("2.csv", lists.snapshot("2026-05-24", lists.starts(12, START), provider="RXT"), feed="other")
        taken(i, 2, "other")
        after = parts(i)
        assert after["TAJ"] == before["TAJ"] and after["RXT"]["pathways"] == 12, (before, after)
        # Who came and went at the other is known a week longer; the whole is known as far as both are.
        assert i.measure("open")["period_end"] == "2026-05-17" and i.measure("taj")["value"] == 30


def test_a_list_of_which_a_provider_sent_nothing_has_no_figure(build):
    with lists.instance(build, extra=lists.TWO, plan_text=lists.plan(OPEN)) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(30, START)), feed="weekly")
        i.once("2026-05-18")
        m = i.look("2026-05-18", lambda x: x.measure("open"))
        assert m["value"] is None and m["rag"] == "grey", m


def test_a_provider_that_no_feed_must_cover_and_falls_silent_is_a_gap_after_two_cadences(build):
    """The others keep coming, so no feed is late; the headline stands still, and must not look well."""
    only = lists.measure(id="rxt", title="Waiting at the other", metric="open", select=", provider: RXT", target="{at_most: 1000}")
    own = lists.measure(id="taj", title="Waiting here", metric="open", select=", provider: TAJ", target="{at_most: 1000}")
    with lists.instance(build, extra=lists.TWO, plan_text=lists.plan(OPEN, only, own)) as i:
        def census(day, *providers):
            text = "".join(lists.snapshot(day, lists.starts(30, START, prefix=p[0]), provider=p) for p in providers)
            header = text.split("\n", 1)[0] + "\n"
            i.put(f"{day}.csv", header + text.replace(header, ""), feed="weekly")

        census("2026-05-17", "TAJ", "RXT")
        i.once("2026-05-18")
        census("2026-05-24", "TAJ")
        i.once("2026-05-25")
        assert i.look("2026-05-25", lambda x: (x.alerts("coverage-gap"), x.measure("open")["held"])) == ([], False)
        census("2026-05-31", "TAJ")
        i.once("2026-06-01")
        i.start("2026-06-01")
        gap = i.alert("coverage-gap")
        assert gap["state"] == "FIRING" and "RXT is missing" in str(gap), gap
        assert i.measure("open")["held"] and i.measure("rxt")["held"] and not i.measure("taj")["held"], i.ctl("measures")
        assert [m for m in i.mails() if "RXT is missing" in m.text], [m.text for m in i.mails()]
        i.stop()
        i.start("2026-06-02")
        assert i.alert("coverage-gap")["state"] == "FIRING" and i.measure("open")["held"]
        census("2026-06-01", "TAJ", "RXT")
        wait_for(lambda: i.alert("coverage-gap")["state"] == "RESOLVED", "the end of the gap")
        assert not i.measure("open")["held"] and i.measure("open")["period_end"] == "2026-06-01"


def test_a_provider_of_events_is_a_gap_only_after_two_weeks_without_any(build):
    feeds = lists.EVENTS.replace("cadence: weekly", "cadence: daily")

    def told(provider, day, *days):
        return [(f"{provider}{d}", "referral", d, 1, "", "", provider) for d in (day, *days)]

    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(COMPLETED)) as i:
        i.put("1.csv", lists.events(*told("RXT", "2026-05-01"), *told("TAJ", "2026-05-01", "2026-05-14")), feed="events")
        i.once("2026-05-15")
        assert i.look("2026-05-15", lambda x: x.alerts("coverage-gap")) == []
        i.put("2.csv", lists.events(*told("TAJ", "2026-05-15")), feed="events")
        i.once("2026-05-16")
        i.start("2026-05-16")
        assert "RXT is missing" in str(i.alert("coverage-gap")) and i.measure("seen")["held"]


def test_a_provider_that_must_be_covered_is_said_to_be_missing_once(build):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ, RXT]")
    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(OPEN)) as i:
        text = lists.snapshot("2026-05-17", lists.starts(30, START))
        text += lists.snapshot("2026-05-17", lists.starts(30, START, prefix="B"), provider="RXT").split("\n", 1)[1]
        i.put("0.csv", text, feed="weekly")
        i.once("2026-05-18")
        for n, day in enumerate(("2026-05-24", "2026-05-31")):
            i.put(f"{n}.csv", lists.snapshot(day, lists.starts(30, START)), feed="weekly")
            i.once(f"2026-06-0{n + 1}")
        i.start("2026-06-02")
        assert [(g["provider"], g["period_end"]) for g in feed(i)["gaps"]] == [("RXT", "2026-05-24"), ("RXT", "2026-05-31")], feed(i)


def test_check_warns_of_a_list_whose_providers_no_feed_must_cover(build):
    warning = "list cyp: no feed must cover RXT: that nothing comes of them is said only two cadences later"
    for providers, is_said in (("[TAJ]", True), ("[TAJ, RXT]", False)):
        feeds = lists.FEED.format(id="weekly", kind="snapshot", providers=providers)
        with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(OPEN)) as i:
            result = i.run("--check")
            assert result.returncode == 0 and (warning in result.stderr) == is_said, result.stderr
    with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(COMPLETED)) as i:  # nobody may have an event
        assert "must cover" not in i.run("--check").stderr


def test_the_same_file_again_changes_nothing_and_another_of_the_census_replaces_it(build):
    with lists.instance(build, plan_text=lists.plan(OPEN)) as i:
        text = lists.snapshot("2026-05-17", lists.starts(30, START))
        i.put("1.csv", text, feed="weekly")
        i.start("2026-05-18")
        taken(i, 1)
        before = parts(i)["TAJ"]
        i.put("2.csv", text, feed="weekly")
        wait_for(lambda: feed(i)["last_outcome"].startswith("same as 2026-05-18"), "the duplicate")
        assert parts(i)["TAJ"] == before
        i.put("3.csv", lists.snapshot("2026-05-17", lists.starts(28, START)), feed="weekly")
        taken(i, 2)
        assert i.measure("open")["value"] == 28 and parts(i)["TAJ"]["pathways"] == 28, parts(i)


def test_a_correct_snapshot_sent_again_after_a_bad_one_of_its_census_stands_and_looks_no_fresher(build):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ, RXT]")
    good = lists.snapshot("2026-05-17", lists.starts(30, START))
    good += lists.snapshot("2026-05-17", lists.starts(10, START, prefix="B"), provider="RXT").split("\n", 1)[1]
    bad = lists.snapshot("2026-05-17", lists.starts(26, START))
    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(OPEN)) as i:
        i.put("1.csv", good, feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", bad, feed="weekly")
        i.once("2026-05-19")
        i.start("2026-05-25")
        before, i_bad = feed(i), i.measure("open")["value"]
        assert i_bad == 36 and parts(i)["TAJ"]["pathways"] == 26, (i_bad, before)
        i.put("3.csv", good, feed="weekly")
        wait_for(lambda: "sent before and superseded since" in feed(i)["last_outcome"], "the restatement back")
        after = feed(i)
        assert i.measure("open")["value"] == 40 and parts(i)["TAJ"]["pathways"] == 30, after
        assert [after[k] for k in ("files", "last_received", "newest_period_end")] == \
            [before[k] for k in ("files", "last_received", "newest_period_end")], (before, after)
        i.put("4.csv", good, feed="weekly")  # now it is what stands: a duplicate
        wait_for(lambda: feed(i)["last_outcome"].startswith("same as 2026-05-25"), "the duplicate")
        same = state(i)
        i.redis("FLUSHALL")
        wait_for(lambda: feed(i)["last_outcome"].startswith("same as") and state(i) == same, "the same after FLUSHALL", 40)


def test_one_census_a_week_covers_the_week_of_another_provider_whichever_its_day(build):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ, RXT]").replace("400d", "2d")
    rows = lists.starts(30, START)
    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(OPEN)) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", rows, provider="RXT"), feed="weekly")  # a Sunday
        i.once("2026-05-18")
        i.start("2026-05-18")
        assert [g["provider"] for g in feed(i)["gaps"]] == ["TAJ"], feed(i)
        i.put("2.csv", lists.snapshot("2026-05-15", rows), feed="weekly")  # the Friday before it
        taken(i, 2)
        assert feed(i)["gaps"] == [] and "2026-05-24" == feed(i)["awaited"], feed(i)
        i.stop()
        i.start("2026-05-25")
        i.put("3.csv", lists.snapshot("2026-05-22", rows), feed="weekly")
        taken(i, 3)
        assert [g["provider"] for g in feed(i)["gaps"]] == ["RXT"] and "2026-05-31" == feed(i)["awaited"], feed(i)
        i.put("4.csv", lists.snapshot("2026-05-24", rows, provider="RXT"), feed="weekly")
        taken(i, 4)
        assert feed(i)["gaps"] == [], feed(i)


def a_census_is_skipped(build, providers, gaps):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers=providers)
    feeds += lists.FEED.format(id="other", kind="snapshot", providers="[RXT]").replace("weekly", "monthly")
    stops, own = (lists.measure(id=id, title="Seen", metric="clock-stops", polarity="higher", target="{at_least: 1}",
                                select=select, more="    period: week\n")
                  for id, select in (("stops", ""), ("stops-taj", ", provider: TAJ")))
    taj, rxt = lists.starts(30, START), lists.starts(30, START, prefix="B")
    fewer = lambda rows, n: dict(list(rows.items())[n:])
    sent = (("05-03", rxt, taj), ("05-10", fewer(rxt, 1), None), ("05-17", fewer(rxt, 2), fewer(taj, 3)),
            ("05-24", fewer(rxt, 3), fewer(taj, 4)))
    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(OPEN, stops, own)) as i:
        for n, (day, of_rxt, of_taj) in enumerate(sent):
            i.put(f"{n}r.csv", lists.snapshot(f"2026-{day}", of_rxt, provider="RXT"), feed="weekly")
            i.once(f"2026-05-{int(day[3:]) + 1:02}")
            if of_taj:
                i.put(f"{n}t.csv", lists.snapshot(f"2026-{day}", of_taj), feed="weekly")
                i.once(f"2026-05-{int(day[3:]) + 1:02}")
        i.start("2026-05-25")
        assert [g["period_end"] for g in feed(i)["gaps"]] == gaps, feed(i)
        said = {m: {h["period_end"][5:]: (h["value"], h["marker"]) for h in i.ctl("measure", m)["history"]}
                for m in ("open", "stops", "stops-taj")}
        none = (None, "not-submitted")
        assert said["open"] == {"05-03": (60, None), "05-10": none, "05-17": (55, None), "05-24": (53, None)}, said
        assert said["stops"] == {"05-10": none, "05-17": none, "05-24": (2, None)}, said
        assert said["stops-taj"] == {"05-10": none, "05-17": none, "05-24": (1, None)}, said


def test_a_census_that_a_provider_skipped_leaves_no_figure_of_its_week_when_the_next_one_comes(build):
    a_census_is_skipped(build, "[TAJ, RXT]", ["2026-05-10"])


def test_a_census_that_a_provider_of_the_list_skipped_leaves_no_figure_though_the_feed_names_nobody(build):
    a_census_is_skipped(build, "[]", [])


def test_a_provider_of_whom_only_events_tell_skips_no_census_of_another(build):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[]") + lists.EVENTS
    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(OPEN)) as i:
        i.put("1.csv", lists.events(*((f"A{n}", "referral", "2026-04-30", 1) for n in range(8)),
                                    ("A8", "referral", "2026-05-12", 1)), feed="events")
        i.once("2026-05-13")
        for day in ("2026-05-03", "2026-05-10"):
            i.put(f"{day}.csv", lists.snapshot(day, lists.starts(30, START, prefix="B"), provider="RXT"), feed="weekly")
            i.once("2026-05-13")
        i.start("2026-05-13")
        said = {h["period_end"][5:]: h["value"] for h in i.ctl("measure", "open")["history"]}
        assert (said["05-03"], said["05-10"]) == (38, 38), said


def test_censuses_before_one_publication_date_are_of_one_period_whether_or_not_the_feed_names_providers(build):
    """Where the cadence is a list of dates: who counts on Monday has not skipped the Sunday of another."""
    for providers in ("[]", "[TAJ, RXT]"):
        feeds = lists.FEED.format(id="weekly", kind="snapshot", providers=providers).replace(
            "cadence: weekly", "cadence: [2026-05-13, 2026-05-20, 2026-05-27]")
        with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(OPEN)) as i:
            for provider, day in (("TAJ", "2026-05-10"), ("RXT", "2026-05-11"), ("TAJ", "2026-05-17"),
                                  ("TAJ", "2026-05-24"), ("RXT", "2026-05-25")):
                i.put(f"{provider}{day}.csv", lists.snapshot(day, lists.starts(30, START, prefix=provider), provider=provider),
                      feed="weekly")
                i.once(day)
            i.start("2026-05-25")
            said = {h["period_end"][5:]: (h["value"], h["marker"]) for h in i.ctl("measure", "open")["history"]}
            none = (None, "not-submitted")  # before RXT's first census; and it sent none for the publication of 20 May
            assert said == {"05-10": none, "05-11": (60, None), "05-17": none, "05-24": (60, None)}, (providers, said)
            assert [(g["provider"], g["period_end"]) for g in feed(i)["gaps"]] == (
                [("RXT", "2026-05-17")] if providers != "[]" else []), feed(i)["gaps"]


def test_a_provider_that_sends_once_a_month_skips_no_week_of_another(build):
    for of_taj, of_rxt in (("[TAJ]", "[RXT]"), ("[]", "[]")):
        feeds = lists.FEED.format(id="weekly", kind="snapshot", providers=of_taj)
        feeds += lists.FEED.format(id="monthly", kind="snapshot", providers=of_rxt).replace("weekly", "monthly")
        with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(OPEN)) as i:
            for feed_id, provider, day in (("monthly", "RXT", "2026-04-30"), ("weekly", "TAJ", "2026-05-03"),
                                           ("weekly", "TAJ", "2026-05-10"), ("weekly", "TAJ", "2026-05-31"),
                                           ("monthly", "RXT", "2026-05-31")):
                rows = lists.starts(30, START, prefix=provider)
                i.put(f"{day}.csv", lists.snapshot(day, rows, provider=provider), feed=feed_id)
                i.once(day)
            i.start("2026-06-01")
            said = {h["period_end"][5:]: h["value"] for h in i.ctl("measure", "open")["history"]}
            assert said == {"04-30": None, "05-03": 60, "05-10": 60, "05-31": 60}, said


def test_events_without_a_referral_are_counted_where_people_look(build):
    with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(OPEN)) as i:
        i.put("1.csv", lists.events(("A1", "referral", "2026-05-01", 1), ("A1", "first-contact", "2026-05-09", 1),
                                    ("A2", "first-contact", "2026-05-10", 1)), feed="events")
        i.start("2026-05-18")
        taken(i, 1, "events")
        assert parts(i, "events")["TAJ"]["without_referral"] == 1, parts(i, "events")
        assert "1 of the list have events and no referral" in feed(i, "events")["last_outcome"], feed(i, "events")
        i.put("2.csv", lists.events(("A2", "referral", "2026-05-02", 1)), feed="events")
        taken(i, 2, "events")
        assert parts(i, "events")["TAJ"]["without_referral"] == 0, parts(i, "events")
        assert "no referral" not in feed(i, "events")["last_outcome"], feed(i, "events")


def test_events_without_a_referral_end_no_alert_until_their_referrals_come(build):
    """A file of referrals that was lost would else make the list shorter, by the very data that show it."""
    few = lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 3}",
                        more="    period: day\n")
    with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(few)) as i:
        i.put("1.csv", lists.events(*[(f"A{n}", "referral", f"2026-05-0{n}", 1) for n in range(1, 6)],
                                    ("A1", "first-contact", "2026-05-10", 1)), feed="events")
        i.start("2026-05-18")
        taken(i, 1, "events")
        wait_for(lambda: [a for a in i.alerts(measure="open") if a["state"] == "FIRING"], "the alert")
        i.put("2.csv", lists.events(("A1", "removal", "2026-05-15", 1), ("A2", "removal", "2026-05-15", 1),
                                    ("B1", "first-contact", "2026-05-16", 1), ("B2", "first-contact", "2026-05-16", 1),
                                    ("B3", "first-contact", "2026-05-16", 1), ("B3", "removal", "2026-05-17", 1)),
              feed="events")
        taken(i, 2, "events")
        newest = i.ctl("measure", "open")
        assert (newest["value"], newest["low"], newest["high"]) == (3, 3, 5), newest
        alert = i.alert(measure="open")
        assert alert["state"] == "FIRING" and alert["held"], alert
        mails = len(i.mails())
        i.put("3.csv", lists.events(("B1", "referral", "2026-05-02", 1), ("B2", "referral", "2026-05-02", 1),
                                    ("B1", "removal", "2026-05-17", 1), ("B2", "removal", "2026-05-17", 1),
                                    ("B3", "referral", "2026-05-02", 1)), feed="events")
        taken(i, 3, "events")
        wait_for(lambda: i.alert(measure="open")["state"] == "RESOLVED", "the alert to end")
        newest = i.ctl("measure", "open")
        assert (newest["value"], newest["low"], newest["high"]) == (3, 3, 3), newest
        wait_for(lambda: len(i.mails()) == mails + 1, "one mail that it is over")


def test_a_snapshot_sent_again_stands_also_where_no_figure_changes_by_it(build):
    with lists.instance(build, plan_text=lists.plan(OPEN)) as i:
        good = lists.snapshot("2026-05-17", lists.starts(30, START))
        i.put("1.csv", good, feed="weekly")
        i.start("2026-05-18")
        taken(i, 1)
        first = parts(i)["TAJ"]["digest"]
        i.put("2.csv", good.replace("\nA7,", "\nZ7,"), feed="weekly")
        taken(i, 2)
        assert parts(i)["TAJ"]["digest"] != first and i.measure("open")["value"] == 30
        i.put("3.csv", good, feed="weekly")
        wait_for(lambda: "superseded since" in feed(i)["last_outcome"], "the restatement back")
        i.stop()
        i.start("2026-05-18")
        assert parts(i)["TAJ"]["digest"] == first


def test_a_snapshot_sent_again_after_a_later_census_stays_a_duplicate(build):
    with lists.instance(build, plan_text=lists.plan(OPEN)) as i:
        old = lists.snapshot("2026-05-17", lists.starts(30, START))
        i.put("1.csv", old, feed="weekly")
        i.start("2026-05-25")
        taken(i, 1)
        i.put("2.csv", lists.snapshot("2026-05-24", lists.starts(28, START)), feed="weekly")
        taken(i, 2)
        before = parts(i)
        i.put("3.csv", old, feed="weekly")
        wait_for(lambda: feed(i)["last_outcome"].startswith("same as"), "the duplicate")
        assert parts(i) == before and not feed(i)["waits"], feed(i)


def test_rows_of_others_and_of_other_services_are_left_out_and_counted(build):
    with lists.instance(build, plan_text=lists.plan(OPEN)) as i:
        text = lists.snapshot("2026-05-17", lists.starts(30, START))
        text += lists.snapshot("2026-05-17", lists.starts(4, START), provider="RXT").split("\n", 1)[1]
        text += lists.snapshot("2026-05-17", lists.starts(2, START, prefix="S")).split("\n", 1)[1].replace(
            "mental-health", "wheelchair")
        i.put("1.csv", text, feed="weekly")
        i.start("2026-05-18")
        taken(i, 1)
        assert "6 of services or providers that are not on this list" in feed(i)["last_outcome"]
        left_out = {"receipt": 1, "rows": 36, "set_aside": 0, "service": 2, "provider": 4}
        assert feed(i)["left_out"] == left_out, feed(i)
        assert i.measure("open")["value"] == 30


def state(i):
    """All that must come out the same: lists, figures with their versions, alerts."""
    return ({f["id"]: [{k: v for k, v in p.items() if k != "generation"} for p in f["list"]["parts"]]
             for f in i.ctl("feeds")},
            {m["id"]: i.ctl("measure", m["id"])["history"] for m in i.ctl("measures")}, i.ctl("alerts"))


def test_pathways_are_kept_for_the_months_that_the_settings_say_and_a_change_of_them_begins_from_the_archive(build):
    extra = lists.LISTS + "retention: {pathways: %dm}\n"
    with lists.instance(build, feeds=lists.EVENTS, extra=extra % 1) as i:
        i.put("1.csv", lists.events(("A1", "referral", "2026-01-05", 1), ("A1", "removal", "2026-01-26", 1),
                                    ("A2", "referral", "2026-03-02", 1)), feed="events")
        i.once("2026-03-03")
        i.put("2.csv", lists.events(("A1", "removal", "2026-01-19", 2)), feed="events")
        i.once("2026-03-04")
        assert "1 too-old" in i.look("2026-03-04", lambda i: feed(i, "events")["last_outcome"])
        with open(i.path("waitlistd.yaml"), encoding="utf-8") as f:
            text = f.read()
        i.write("waitlistd.yaml", text.replace("pathways: 1m", "pathways: 2m"))
        i.start("2026-03-05")
        wait_for(lambda: feed(i, "events")["files"] == 2 and "too-old" not in feed(i, "events")["last_outcome"],
                 "the correction to count")


def test_the_referrals_of_one_person_in_snapshots_are_one_spell_also_after_a_start_and_a_rebuild(build):
    plan = lists.plan(OPEN, lists.measure(id="stops", metric="clock-stops", more="    period: week\n"),
                      lists.measure(id="median", metric="median-wait"))
    people = {f"B{n}": f"PA{n}" for n in range(10)}
    second = lists.starts(10, "2026-04-06", prefix="B")

    def figures(i):
        return {id: list(values(i, id).values()) for id in ("open", "stops", "median")}

    with lists.instance(build, plan_text=plan) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", {**lists.starts(10, START), **second}, people=people), feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", lists.snapshot("2026-05-24", second, people=people), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        taken(i, 2)
        before = state(i)
        assert figures(i) == {"open": [10, 10], "stops": [0], "median": [127.5, 134.5]}, figures(i)
        i.stop()
        i.start("2026-05-25")
        assert state(i) == before
        i.ctl("rebuild")
        wait_for(lambda: i.ctl("status")["ready"] and feed(i)["files"] == 2 and state(i) == before,
                 "the same after a rebuild", 40)


def two_feeds(i):
    i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(300, EARLIER, step=-1)), feed="weekly")
    i.once("2026-05-18")
    i.put("1.csv", lists.events(("A3", "first-contact", "2026-05-19", 1), ("A4", "removal", "2026-05-20", 1),
                                ("X1", "referral", "2026-05-20", 1)), feed="events")
    i.once("2026-05-21")
    i.put("2.csv", lists.snapshot("2026-05-24", {**lists.starts(297, EARLIER, step=-1), "X1": "2026-05-20"}), feed="weekly")
    i.once("2026-05-25")
    i.put("2.csv", lists.events(("A5", "first-contact", "2026-05-25", 1), ("A3", "first-contact", "2026-05-18", 2)),
          feed="events")
    i.once("2026-05-26")


BOTH = lists.SNAPSHOTS + lists.EVENTS
PLAN = lists.plan(lists.measure(), OPEN, COMPLETED)


def test_an_emptied_redis_and_a_rebuild_reach_the_same_lists(build):
    with lists.instance(build, feeds=BOTH, plan_text=PLAN) as i:
        two_feeds(i)
        i.start("2026-05-26")
        before = state(i)
        assert before[0]["weekly"][0]["pathways"] == 301, before[0]
        mails = len(i.mails())
        i.redis("FLUSHALL")
        wait_for(lambda: feed(i)["files"] == 2 and feed(i, "events")["files"] == 2 and state(i) == before,
                 "the same after FLUSHALL", 40)
        i.ctl("rebuild")
        wait_for(lambda: state(i) == before, "the same after a rebuild", 40)
        assert len(i.mails()) == mails


def test_a_list_is_loaded_as_it_was_and_not_made_again(build):
    with lists.instance(build, feeds=BOTH, plan_text=PLAN) as i:
        two_feeds(i)
        i.start("2026-05-27")
        taken(i, 2, "events")
        i.put("3.csv", lists.events(("A6", "first-contact", "2026-05-26", 1), ("X2", "referral", "2026-05-26", 1)),
              feed="events")
        taken(i, 3, "events")
        before = state(i)
        assert before[0]["weekly"][0]["watermark"] == "2026-05-26", before[0]
        i.stop()
        i.start("2026-05-27")
        assert state(i) == before
        assert "is made from the archive" not in i.log().split("stopping")[-1], i.log()[-3000:]


def test_what_redis_lost_of_a_list_is_made_again_from_the_archive(build):
    for lost in (":cur", ":g2:1", ":g2:0"):
        with lists.instance(build, feeds=BOTH, plan_text=PLAN) as i:
            two_feeds(i)
            before = i.look("2026-05-26", state)
            i.start("2026-05-26")
            wait_for(lambda: i.ctl("status")["ready"], "its Redis to be up and read")
            name = "wl:{black-country}:list:cyp:TAJ" + lost
            wait_for(lambda: name in i.redis("--raw", "KEYS", "wl:{black-country}:list:*"), f"{name}, once Redis has loaded it")
            i.redis("DEL", name)
            i.stop()
            i.start("2026-05-26")
            wait_for(lambda: state(i) == before, f"the same without {lost}", 40)


def test_a_file_whose_kept_rows_are_spoilt_or_gone_waits_and_the_others_count(build):
    for feed_id, spoil in (("events", lambda path: os.truncate(path, os.path.getsize(path) - 9)), ("weekly", os.remove)):
        with lists.instance(build, feeds=BOTH, plan_text=PLAN) as i:
            two_feeds(i)
            with open(i.path("state", "journal", "received"), encoding="utf-8") as f:
                records = [json.loads(line.split(" ", 2)[2]) for line in f]
            archived = [r["archived"] for r in records if r["feed"] == feed_id][-1]
            spoil(i.path("state", "archive", archived[:2], archived))
            shutil.rmtree(i.path("state", "redis"))
            i.start("2026-05-26")
            wait_for(lambda: feed(i, feed_id)["waits"] and not feed(i, {"events": "weekly"}.get(feed_id, "events"))["waits"],
                     "the file that waits", 40)
            assert feed(i, feed_id)["waits"][0]["held"]
            wait_for(lambda: i.measure("open")["held"], "its measures to hold")
            assert parts(i)["TAJ"]["census"] == ("2026-05-24" if feed_id == "events" else "2026-05-17"), parts(i)


def archived(i, feed_id, n=-1):
    with open(i.path("state", "journal", "received"), encoding="utf-8") as f:
        records = [json.loads(line.split(" ", 2)[2]) for line in f]
    name = [r["archived"] for r in records if r["feed"] == feed_id][n]
    return i.path("state", "archive", name[:2], name)


def cut(path):
    os.truncate(path, os.path.getsize(path) - 9)


def change_a_date(path):
    """What still reads as rows, and says something else."""
    with open(path, "r+b") as f:
        text = f.read()
        at = text.rindex(b"2026-0")
        f.seek(at + 9)
        f.write(b"1" if text[at + 9:at + 10] != b"1" else b"2")


def in_the_way(path):
    """Opened, and never read: as of a disk that fails."""
    os.remove(path)
    os.mkdir(path)


def test_a_file_that_cannot_be_read_back_holds_its_list_with_one_alert_until_it_can(build):
    for feed_id, n, spoil in (("weekly", 0, cut), ("events", 0, cut), ("events", 0, change_a_date),
                              ("weekly", 0, change_a_date), ("weekly", -1, in_the_way)):
        with lists.instance(build, feeds=BOTH, plan_text=PLAN) as i:
            two_feeds(i)
            before = i.look("2026-05-27", state)
            path = archived(i, feed_id, n)
            shutil.copy(path, i.path("kept"))
            spoil(path)
            shutil.rmtree(i.path("state", "redis"))
            i.start("2026-05-27")
            wait_for(lambda: [w for w in feed(i, feed_id)["waits"] if "cannot be read back" in w["why"]], f"{spoil.__name__} {n}", 40)
            wait_for(lambda: i.measure("open")["held"], "its measures to hold")
            alert = wait_for(lambda: i.alerts("implausible-change"), "the alert")
            assert len(alert) == 1 and alert[0]["state"] == "FIRING", alert
            wait_for(lambda: [m for m in i.mails() if "cannot be read back" in m.text], "the mail to ops")
            assert i.log().count("the lists are loaded again") <= 1, i.log()[-2000:]
            os.rmdir(path) if os.path.isdir(path) else os.remove(path)
            shutil.copy(i.path("kept"), path)
            wait_for(lambda: not feed(i, feed_id)["waits"] and state(i)[:2] == before[:2], f"{spoil.__name__} {n} mended", 60)
            wait_for(lambda: i.alert("implausible-change")["state"] == "RESOLVED", "the end of the alert")
            assert not i.measure("open")["held"]
            assert len([m for m in i.mails() if "cannot be read back" in m.text and "is held" in m.subject]) <= 1


def test_the_first_events_of_a_list_that_cannot_be_read_back_are_not_tried_in_a_circle(build):
    with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(COMPLETED)) as i:
        i.put("1.csv", lists.events(("A", "referral", "2026-05-01", 1), ("B", "referral", "2026-05-02", 1)), feed="events")
        i.once("2026-05-03")
        path = archived(i, "events")
        shutil.copy(path, i.path("kept"))
        cut(path)
        shutil.rmtree(i.path("state", "redis"))
        i.start("2026-05-03")
        wait_for(lambda: feed(i, "events")["waits"] and i.alerts("implausible-change"), "the file that waits", 40)
        loads = i.log().count("the lists are loaded again")
        assert loads <= 1, loads
        shutil.copy(i.path("kept"), path)
        wait_for(lambda: not feed(i, "events")["waits"] and parts(i, "events")["TAJ"]["facts"] == 2, "it to be read again", 60)


def test_a_file_that_cannot_be_read_back_is_looked_at_again_after_a_start_too(build):
    with lists.instance(build, feeds=BOTH, plan_text=PLAN) as i:
        two_feeds(i)
        before = i.look("2026-05-27", state)
        path = archived(i, "weekly", 0)
        os.rename(path, i.path("kept"))
        shutil.rmtree(i.path("state", "redis"))
        i.once("2026-05-27")
        os.rename(i.path("kept"), path)
        i.start("2026-05-27")
        wait_for(lambda: not feed(i)["waits"] and state(i)[:2] == before[:2], "it to be read again", 60)


def test_generations_that_are_not_in_force_are_swept(build):
    with lists.instance(build, feeds=BOTH, plan_text=PLAN) as i:
        two_feeds(i)
        i.start("2026-05-26")
        generation = parts(i)["TAJ"]["generation"]
        i.redis("SET", f"wl:{{black-country}}:list:cyp:TAJ:g{generation + 1}:7", "left by a crash")
        i.stop()
        i.start("2026-05-26")
        i.measure("open")

        def kept():
            return {n.split(":")[5] for n in i.redis("--raw", "KEYS", "wl:{black-country}:list:*") if n[-4:] != ":cur"}
        wait_for(lambda: kept() <= {f"g{generation}", f"o{generation}"}, "one generation", 20)
        assert parts(i)["TAJ"]["generation"] == generation


def test_a_measure_that_a_plan_adds_is_counted_for_every_census_that_was_taken(build):
    with lists.instance(build, feeds=BOTH, plan_text=lists.plan(OPEN)) as i:
        two_feeds(i)
        i.write("plan.yaml", PLAN)
        i.start("2026-05-26")
        wait_for(lambda: i.measure("over-18")["value"] is not None, "the new measure", 30)
        assert set(values(i, "over-18")) == {"2026-05-17", "2026-05-24"}


def test_stops_whose_outcome_nobody_told_are_judged_by_bounds_and_never_shown_as_a_number(build):
    def of(id, metric, target, polarity):
        return lists.measure(id=id, title=id, metric=metric, polarity=polarity, target=target, more="    period: month\n")

    measures = (of("done", "completed", "{at_least: 30}", "higher"),
                of("unseen", "removals-unseen", "{at_most: 300}", "lower"),
                of("in-time", "completed-within:18w", "{at_least: 50}", "higher"))
    rows = {**lists.starts(30, "2026-01-01", prefix="L"), **lists.starts(30, "2026-06-01", prefix="B")}
    with lists.instance(build, feeds=lists.SNAPSHOTS, plan_text=lists.plan(*measures)) as i:
        for census, gone in (("2026-08-30", 0), ("2026-09-06", 20), ("2026-10-04", 20)):
            i.put(census + ".csv", lists.snapshot(census, dict(list(rows.items())[gone:])), feed="weekly")
            i.once(census, expect=None)
        i.start("2026-10-05")
        of_id = {m["id"]: m for m in i.ctl("measures")}
        assert {id: (m["value"], m["marker"]) for id, m in of_id.items()} == {
            id: (None, "not-submitted") for id in ("done", "unseen", "in-time")}, of_id
        assert [of_id[id]["rag"] for id in ("done", "unseen", "in-time")] == ["red", "grey", "grey"], of_id
        assert of_id["in-time"]["held"] and of_id["unseen"]["held"], "well within its bounds, and yet nobody told it"
        done = i.ctl("measure", "done")
        assert [done[k] for k in ("low", "high", "untold", "stops")] == [0, 20, 20, 20], done
        assert "Outcome not told for 20 of 20 stops" in i.ctl_raw("explain", "done", output="table").stdout
        assert [a["measure"] for a in i.alerts("behind-plan")] == ["done"], i.alerts()
        wait_for(lambda: i.mails(), "the mail")
        assert "done (up to 20), plan 30" in i.mails()[0].subject, i.mails()[0].subject
        assert "The outcome of 20 of 20 stops was not told." in " ".join(i.mails()[0].text.split()), i.mails()[0].text


def test_who_goes_to_another_provider_of_the_list_neither_stops_nor_starts_in_it(build):
    def of(id, metric, provider=""):
        return lists.measure(id=id, title=id, metric=metric, target="{at_most: 300}",
                             select=f", provider: {provider}" if provider else "")

    measures = (of("stops", "clock-stops"), of("net", "net-change"), of("open", "open"),
                of("left-rxt", "clock-stops", "RXT"), of("net-rxt", "net-change", "RXT"))
    feeds = "".join(lists.FEED.format(id=p, kind="snapshot", providers=f"[{p.upper()}]") for p in ("taj", "rxt"))
    here, there = lists.starts(40, "2026-02-01"), lists.starts(40, "2026-03-01", prefix="X")
    movers = dict(list(there.items())[:12])
    stay = dict(list(there.items())[12:-3])  # three leave for good
    with lists.instance(build, feeds=feeds, extra=lists.TWO, plan_text=lists.plan(*measures)) as i:
        for census, gone in (("2026-08-30", False), ("2026-09-06", True), ("2026-10-04", True)):
            # Who has them no more is heard of first.
            for feed_id, rows in (("rxt", stay if gone else there), ("taj", {**here, **movers} if gone else here)):
                text = lists.snapshot(census, rows, provider=feed_id.upper())
                i.put(census + ".csv", text.replace(f",{feed_id.upper()},P", ",NHS,P"), feed=feed_id)
                i.once(census, expect=None)
        i.start("2026-10-05")

        def figures():
            return {id: values(i, id)["2026-09-30"] for id in ("stops", "net", "left-rxt", "net-rxt")}
        wanted = {"stops": 3, "net": -3, "left-rxt": 15, "net-rxt": -15}
        assert figures() == wanted, figures()
        assert values(i, "open") == {"2026-08-30": 80, "2026-09-06": 77, "2026-10-04": 77}, values(i, "open")
        digests = [parts(i, id) for id in ("taj", "rxt")]
        i.stop()
        shutil.rmtree(i.path("state", "redis"))
        i.start("2026-10-05")
        wait_for(lambda: [m for m in i.ctl("measures") if m["id"] == "stops" and m["value"] == 3], "the figures", 40)
        assert figures() == wanted, figures()
        assert [{p: v["digest"] for p, v in d.items()} for d in digests] == [
            {p: v["digest"] for p, v in parts(i, id).items()} for id in ("taj", "rxt")]


if __name__ == "__main__":
    run_tests(globals())
