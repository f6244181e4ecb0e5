"""What of a waiting list may not be believed though each of its rows can be read."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from waitlist import run_tests, wait_for

START = "2026-01-05"
PLAN = lists.plan(lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 400}"))
DAILY_GRACE = lists.EVENTS.replace("400d", "3d")


def feed(i, id):
    return [f for f in i.ctl("feeds") if f["id"] == id][0]


def referrals(count, provider="TAJ", prefix="A"):
    return [(f"{prefix}{n}", "referral", START, 1, "", "", provider) for n in range(count)]


def test_an_event_dated_years_ahead_is_set_aside_and_its_feed_is_late_when_it_falls_silent(build):
    with lists.instance(build, feeds=DAILY_GRACE, plan_text=PLAN) as i:
        i.put("1.csv", lists.events(*referrals(150)), feed="events")
        i.once("2026-01-06")
        i.put("2.csv", lists.events(*[(f"A{n}", "equipment", "2036-02-03" if n == 3 else "2026-02-03", 1)
                                      for n in range(120)]), feed="events")
        i.once("2026-02-04")
        f = i.look("2026-02-04", lambda w: feed(w, "events"))
        assert f["newest_period_end"] == "2026-02-03" and not f["waits"], f
        assert "119 rows, 1 set aside;" in f["last_outcome"], f["last_outcome"]
        i.once("2026-03-04")
        assert i.look("2026-03-04", lambda w: [a["state"] for a in w.alerts("feed-late")]) == ["FIRING"]


def test_a_file_with_over_1_per_cent_of_its_events_ahead_is_held_and_no_provider_is_missing_by_it(build):
    feeds = DAILY_GRACE.replace("[]", "[TAJ, RXT]")
    both = referrals(20) + referrals(20, "RXT", "B")
    with lists.instance(build, feeds=feeds, plan_text=PLAN, extra=lists.TWO) as i:
        i.put("1.csv", lists.events(*both), feed="events")
        i.once("2026-01-06")
        i.put("2.csv", lists.events(("A1", "equipment", "2036-01-12", 1), ("A2", "equipment", "2026-01-12", 1),
                                    ("B1", "equipment", "2026-01-12", 1, "", "", "RXT")), feed="events")
        i.start("2026-01-13")
        wait_for(lambda: feed(i, "events")["waits"], "what is held")
        held = feed(i, "events")["waits"][0]
        assert "some of the rows would be set aside (mostly future-date)" in held["why"], held
        i.ctl("feed", "accept", str(held["receipt"]), "--why", "one year was mistyped")
        wait_for(lambda: feed(i, "events")["files"] == 2, "it to be accepted")
        f = feed(i, "events")
        assert f["newest_period_end"] == "2026-01-12" and not f["gaps"], f


def test_a_held_file_of_events_waits_for_a_person_whatever_comes_later(build):
    with lists.instance(build, feeds=DAILY_GRACE, plan_text=PLAN) as i:
        i.put("1.csv", lists.events(*referrals(20)), feed="events")
        i.once("2026-01-06")
        i.put("2.csv", lists.events(("A1", "equipment", "2036-01-12", 1), ("A2", "equipment", "2026-01-12", 1)),
              feed="events")
        i.once("2026-01-13")
        i.put("3.csv", lists.events(("A3", "equipment", "2026-01-18", 1)), feed="events")
        i.start("2026-01-19")
        wait_for(lambda: feed(i, "events")["files"] == 2, "the later file")
        held = feed(i, "events")["waits"]
        assert len(held) == 1 and feed(i, "events")["list"]["parts"][0]["facts"] == 21, feed(i, "events")
        i.ctl("feed", "accept", str(held[0]["receipt"]), "--why", "one year was mistyped")
        wait_for(lambda: feed(i, "events")["list"]["parts"][0]["facts"] == 22, "the fact that it brings")


def restarted(build, count, of, shift):
    """Whether a census is held in which so many clocks start later than they did, each by another number of days."""
    before = lists.starts(of, START)
    after = {k: "2026-05-04" if n < count else v for n, (k, v) in enumerate(before.items())}
    with lists.instance(build, plan_text=PLAN) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", after if shift < 0 else before), feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", lists.snapshot("2026-05-24", before if shift < 0 else after), feed="weekly")
        i.once("2026-05-25")
        return i.look("2026-05-25", lambda w: [x["why"] for x in feed(w, "weekly")["waits"]])


def test_clocks_that_begin_again_later_in_bulk_hold_the_file_whatever_the_numbers_of_days(build):
    why = restarted(build, 20, 60, 1)
    assert why and "the clocks of some of the people who waited at TAJ before now start later" in why[0], why


def test_a_few_clocks_that_begin_again_and_many_that_began_earlier_hold_nothing(build):
    assert not restarted(build, 12, 60, 1)
    assert not restarted(build, 4, 6, 1)
    assert not restarted(build, 20, 60, -1)


def test_a_column_that_comes_blank_or_not_at_all_makes_no_figure_better(build):
    """Who waits waits on: a stage, a cohort or a commissioner that rows leave out is not one that nobody is of."""
    wanted = {"stage": ", stage: first-contact", "cohort": ", cohort: {need: high}", "commissioner": ", commissioner: QUA"}
    plan = lists.plan(*[lists.measure(id=n, title=n, metric="open", select=s, target="{at_most: 10}")
                        for n, s in wanted.items()])
    header = lists.SNAPSHOT_COLUMNS[:-1] + ("need", "stage")
    with lists.instance(build, plan_text=plan) as i:
        def send(census, name, told=40, of=40):
            rows = lists.snapshot(census, lists.starts(of, START), header=header, name=name).split("\n")
            blank = [r.replace(",QUA,", ",,").replace(name, ",") for r in rows[1 + told:]]
            i.put(f"{census}.csv", "\n".join(rows[:1 + told] + blank), feed="weekly")
            i.once(census)
            i.start(census)
            found = {n: (i.measure(n)["value"], i.measure(n)["rag"], i.alert(measure=n)["state"]) for n in wanted}
            i.stop()
            return found

        assert set(send("2026-03-01", "high,first-contact").values()) == {(40, "red", "FIRING")}
        few = send("2026-03-08", "high,first-contact", told=35)
        assert set(few.values()) == {(35, "red", "FIRING")}, few
        less = send("2026-03-15", "high,first-contact", told=15)
        assert set(less.values()) == {(None, "red", "FIRING")}, f"15 to 40 is over 10 anyhow: {less}"
        none = send("2026-03-22", "high,first-contact", told=0)
        assert set(none.values()) == {(None, "grey", "FIRING")}, none
        strange = send("2026-03-29", "other,Triage")
        assert strange["stage"] == (None, "grey", "FIRING"), "a stage that the service does not declare"
        assert strange["cohort"][0] == 0, "another cohort is told"
        near = send("2026-04-05", "high,first-contact", told=8, of=12)
        assert {f[:2] for f in near.values()} == {(8, "grey")}, f"8 to 12, where 10 are wanted: {near}"


if __name__ == "__main__":
    run_tests(globals())
