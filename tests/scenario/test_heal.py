"""Redis lost, emptied or foreign; coverage kept apart by table and period; what lies ahead; back-fill."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import FEED_CYP, RECEIVER_SPOOL, Instance, measure, mhsds, plan, run_tests, three, wait_for

MEASURES_HEADER = "source,measure,org,period_start,period_end,value\n"
FEED_LOCAL = """\
  - {id: local, kind: aggregate, format: measures, inbox: ./inbox/local,
     cadence: monthly, grace: 45d, providers: [TAJ], keep: [TAJ, RNA]}
"""
LOCAL = measure(published="Waits", feed="local").replace("breakdown: Provider, ", "")


def told(w):
    """(delivery id, subject) of every mail, in order."""
    return [(m.delivery_id, m.subject) for m in w.mails()]


def history(w, id="cyp-4w"):
    return [(p["period_end"], p["value"]) for p in w.ctl("measure", id)["history"]]


def a_year(w):
    """Behind in April, worse in May, on plan in June."""
    for month, value, day in (("2024-04", 17, "2024-06-10"), ("2024-05", 5, "2024-07-10")):
        w.put(month + ".csv", three(value, month))
        w.once(day)


def test_redis_lost_between_two_runs_comes_back_the_same_and_tells_nothing_twice(build):
    with Instance(build) as w:
        a_year(w)
        before, alert = told(w), w.look("2024-07-10", lambda w: w.alert())
        shutil.rmtree(w.path("state", "redis"))
        w.once("2024-07-11")
        assert told(w) == before
        assert w.look("2024-07-11", lambda w: (w.alert(), history(w))) == (alert, [("2024-04-30", 17), ("2024-05-31", 5)])


def test_redis_lost_and_a_better_file_in_the_same_run_still_tells_the_end(build):
    with Instance(build) as plain, Instance(build) as w:
        for i in (plain, w):
            a_year(i)
        shutil.rmtree(w.path("state", "redis"))
        for i in (plain, w):
            i.put("june.csv", three(70, "2024-06"))
            i.once("2024-08-10")
        assert "Back on plan" in told(plain)[-1][1]
        assert [d for d, _ in told(w)] == [d for d, _ in told(plain)], "the same messages under the same ids"
        states = [i.look("2024-08-11", lambda i: i.alert()["state"]) for i in (plain, w)]
        assert states == ["RESOLVED", "RESOLVED"], states


def test_a_worsening_after_a_loss_never_takes_the_number_of_a_notice_that_was_sent(build):
    with Instance(build) as w:
        a_year(w)
        shutil.rmtree(w.path("state", "redis"))
        w.once("2024-07-12")
        w.put("june.csv", three(70, "2024-06"))
        w.once("2024-08-10")
        assert "Back on plan" in told(w)[-1][1] and len(told(w)) == len(set(d for d, _ in told(w)))


def test_redis_emptied_while_running_is_rebuilt_before_the_next_file_counts(build):
    with Instance(build) as w:
        w.start("2024-08-10")
        for month, value in (("2024-04", 17), ("2024-05", 5)):
            w.put(month + ".csv", three(value, month))
            wait_for(lambda m=month: w.measure()["period_end"] and w.measure()["period_end"].startswith(m), month)
        wait_for(w.mails, "the first mail")
        w.redis("FLUSHALL")
        w.put("june.csv", three(4, "2024-06"))
        wait_for(lambda: w.measure()["period_end"] == "2024-06-30", "June")
        assert history(w) == [("2024-04-30", 17), ("2024-05-31", 5), ("2024-06-30", 4)]
        ids = [d for d, _ in told(w)]
        assert len(ids) == len(set(ids)), ids


def test_the_books_of_a_state_folder_that_was_lost_are_taken_over_as_they_stand(build):
    with Instance(build) as w:
        w.put("a.csv", three(17))
        w.once("2024-06-10")
        before = told(w)
        for name in ("journal", "archive"):
            shutil.rmtree(w.path("state", name))
        w.put("b.csv", three(18, "2024-05"))
        w.start("2024-07-10")
        wait_for(lambda: w.measure()["value"] == 18, "the new file to count beside the old one")
        assert history(w) == [("2024-04-30", 17), ("2024-05-31", 18)]
        wait_for(lambda: len(told(w)) > len(before), "ops to be told of the file that is missing")
        assert [s for _, s in told(w)] == [s for _, s in before] + [
            "The monitor needs help: Files are missing from the archive"], told(w)
        assert "1 file that another daemon took is not in this archive" in w.ctl("status")["status"]
        assert w.ctl_raw("health").returncode == 1
        assert w.redis("HLEN", "wl:{black-country}:ledger") == ["2"]


def test_every_file_that_waited_for_a_person_waits_on_after_a_takeover(build):
    with Instance(build) as w:
        w.put("a.csv", three(17))
        w.once("2024-06-10")
        for n, name in enumerate(("b.csv", "b.csv", "c.csv")):
            w.put(name, three(18, "2024-05").split("\n", 1)[0] + "\n" * (n + 1))
            w.once("2024-07-10")
        before = w.look("2024-07-10", lambda w: w.ctl("feeds")[0]["waits"])
        assert len(before) == 3 and f"feed accept {before[0]['receipt']} " in before[0]["why"], before
        shutil.copytree(w.path("state", "journal"), w.path("kept"))
        shutil.rmtree(w.path("state", "journal"))
        for _ in range(2):  # what was taken over is read back from Redis
            waits = w.look("2024-07-10", lambda w: w.ctl("feeds")[0]["waits"])
            assert len(waits) == 3 and all("feed accept" not in x["why"] for x in waits), waits
            assert [x["why"].split(";")[0] for x in waits] == [x["why"].split(";")[0] for x in before], waits
        shutil.rmtree(w.path("state", "journal"))
        shutil.copytree(w.path("kept"), w.path("state", "journal"))  # the first folder leads again
        waits = w.look("2024-07-10", lambda w: w.ctl("feeds")[0]["waits"])
        assert [(x["receipt"], x["why"]) for x in waits] == [(x["receipt"], x["why"]) for x in before], waits


def test_a_file_dropped_into_the_wrong_inbox_first_still_counts_in_the_right_one(build):
    other = FEED_CYP.replace("cyp4ww", "other")
    with Instance(build, feeds=FEED_CYP + other) as w:
        w.put("a.csv", three(17), feed="other")
        w.once("2024-06-10")
        w.put("a.csv", three(17), feed="cyp4ww")
        w.once("2024-06-11")
        assert w.look("2024-06-11", lambda w: w.measure()["value"]) == 17


def test_a_provider_missing_from_the_newest_period_is_seen_though_older_ones_have_it(build):
    rows = "".join(f"s,Waits,{org},2024-0{m}-01,2024-0{m}-{d},70\n" for org, months in (("TAJ", (4,)), ("RNA", (4, 5)))
                   for m, d in ((4, 30), (5, 31)) if m in months)
    with Instance(build, plan_text=plan(LOCAL), feeds=FEED_LOCAL) as w:
        w.put("a.csv", MEASURES_HEADER + rows, feed="local")
        w.once("2024-06-10")
        gap, m = w.look("2024-06-10", lambda w: (w.alert("coverage-gap"), w.measure()))
        assert gap["since"] == "2024-05-31" and m["held"], (gap, m)


def test_a_watched_figure_that_its_table_no_longer_brings_holds_and_is_told(build):
    with Instance(build) as w:
        w.put("a.csv", three(30))
        w.once("2024-06-10")
        w.put("b.csv", mhsds("2024-05", {("England", "MRS08b"): 18, ("TAJ", "MRS09e"): 40}))
        w.once("2024-07-10")
        gap, m = w.look("2024-07-10", lambda w: (w.alert("coverage-gap"), w.measure()))
        assert m["held"] and m["value"] == 30 and m["period_end"] == "2024-04-30", m
        assert "MRS08b" in gap["title"], gap
        w.put("c.csv", three(31, "2024-05"))
        w.once("2024-07-11")
        assert not w.look("2024-07-11", lambda w: w.measure())["held"]


def test_another_table_does_not_mend_the_gap_of_the_first(build):
    feed = """\
  - {id: chs, kind: aggregate, format: chs-sitrep, inbox: ./inbox/chs,
     cadence: monthly, grace: 400d, providers: [TAJ], keep: [TAJ, RNA, England]}
"""
    def table(banner, month, *rows):
        return (f'"{banner}, {month} 2024"\nBlanks indicate no organisation submitted for the service line.\n'
                "Organisation Type,Organisation Code,Organisation Name,(A) Audiology,(CYP) Audiology\n"
                "National,,England,5,6\n" + "".join(rows))
    taj, rna = "Provider,TAJ,BLACK COUNTRY HEALTHCARE,1,2\n", "Provider,RNA,THE DUDLEY GROUP,1,2\n"
    total, band = "Total waiting list by service", "Number waiting 0-1 weeks (0-7 days) by service"
    local = measure(published="(CYP) Audiology", feed="chs", polarity="lower", target="{at_most: 9}",
                    expect="{2024-04-30: 9}").replace("org: TAJ", "org: TAJ, secondary: total")
    with Instance(build, plan_text=plan(local), feeds=feed) as w:
        w.put("4.csv", table(total, "July", rna), feed="chs")
        w.once("2024-09-10")
        assert w.look("2024-09-10", lambda w: w.alert("coverage-gap")["state"]) == "FIRING"
        w.put("4a.csv", table(band, "August", taj, rna), feed="chs")
        w.once("2024-10-10")
        assert w.look("2024-10-10", lambda w: w.alert("coverage-gap")["state"]) == "FIRING"
        w.put("4b.csv", table(total, "August", taj, rna), feed="chs")
        w.once("2024-10-11")
        assert w.look("2024-10-11", lambda w: w.alert("coverage-gap")["state"]) == "RESOLVED"


def test_a_figure_of_a_period_that_lies_ahead_is_left_out_and_silences_nothing(build):
    with Instance(build) as w:
        w.put("a.csv", three(10, "2024-05"))
        w.once("2024-07-10")
        w.put("b.csv", three(99, "2025-05"))
        w.once("2024-07-11")
        m, feed = w.look("2024-07-11", lambda w: (w.measure(), w.ctl("feeds")[0]))
        assert (m["value"], m["rag"]) == (10, "red"), m
        assert feed["newest_period_end"] == "2024-05-31" and "lie ahead" in feed["last_outcome"], feed


def test_every_refused_file_is_told_also_on_the_same_day(build):
    with Instance(build) as w:
        w.put("a.csv", "this,is,nothing\n1,2,3\n")
        w.once("2024-07-10")
        first = len(w.mails())
        w.put("b.csv", "neither,is,this\n1,2,3\n")
        w.once("2024-07-10")
        assert first == 1 and len(w.mails()) == 2, told(w)
        assert "b.csv" in w.mails()[-1].text


def test_what_a_plan_asks_for_later_is_filled_from_the_archive(build):
    with Instance(build) as w:
        for month, value in (("2024-04", 30), ("2024-05", 31)):
            w.put(month + ".csv", mhsds(month, {("TAJ", "MRS08b"): value, ("RNA", "MRS08b"): value + 5}))
            w.once("2024-07-10")
        w.write("plan.yaml", plan(measure() + measure(id="other", org="RNA")))
        w.once("2024-07-11")
        assert w.look("2024-07-11", lambda w: history(w, "other")) == [("2024-04-30", 35), ("2024-05-31", 36)]
        feed = w.look("2024-07-11", lambda w: w.ctl("feeds")[0])
        assert feed["files"] == 2, feed


def test_a_plan_in_rehearsal_reaches_spools_only(build):
    hook = '  - {id: hook, kind: webhook, url: "http://127.0.0.1:9/x", secret_file: hook.secret, allow_private: true}\n'
    text = plan(receivers="spool, hook").replace("mode: live", "mode: rehearsal")
    with Instance(build, plan_text=text, receivers=RECEIVER_SPOOL + hook) as w:
        w.write("hook.secret", "whsec_" + "QUFB" * 8 + "\n")
        w.put("a.csv", three(5))
        w.once("2024-06-10")  # 0: nothing waits for the hook
        assert len(w.mails()) == 1


def test_two_plans_may_not_share_a_measure_id(build):
    with Instance(build) as w:
        w.write("second.yaml", plan(id="walsall"))
        w.write("waitlistd.yaml", open(w.path("waitlistd.yaml")).read().replace("[plan.yaml]", "[plan.yaml, second.yaml]"))
        result = w.run("--check")
        assert result.returncode == 78 and "cyp-4w" in result.stderr, result.stderr


if __name__ == "__main__":
    run_tests(globals())
