"""The thin chain: an mhsds file in an inbox becomes a series, a finding and a mail in the spool."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import FEED_CYP, Instance, mhsds, measure, plan, run_tests, three


def test_a_file_in_the_inbox_becomes_one_mail_in_the_spool(build):
    with Instance(build) as w:
        w.put("anything.csv", three(6))
        w.once("2024-06-10")
        assert w.inbox() == [], f"a taken file is unlinked; left: {w.inbox()}"
        mails = w.mails()
        assert len(mails) == 1, f"{len(mails)} mails"
        mail = mails[0]
        assert list(w.events()) == [mail.delivery_id], "one .json beside the .eml, under the same name"
        assert "6%" in mail.subject and "20%" in mail.subject, mail.subject
        assert len(mail.subject) <= 60, mail.subject
        assert mail.message["Message-ID"] == f"<{mail.delivery_id}@black-country>", mail.message["Message-ID"]
        for part, text in (("text", mail.text), ("html", mail.html)):
            assert "6%" in text and "20%" in text, f"the {part} part names value and line"
        assert "Second assessment team" in mail.text, "what is being done about it"
        assert "camhs-lead" in mail.text or "Camhs-lead" in mail.text, "who owns it"
        assert "Dudley" not in mail.subject, "a Black Country figure is never called Dudley's"


def test_the_alert_and_the_measure_say_the_same_over_the_control_socket(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        m, a = w.measure(), w.alert()
        assert (m["value"], m["rag"], m["period_end"]) == (6, "red", "2024-04-30"), m
        assert (m["target"], m["expected"], m["unit"], m["held"]) == (60, 20, "percent", False), m
        assert m["period_start"] == "2024-02-01", "three-month measures keep their own period"
        assert (a["state"], a["severity"], a["since"]) == ("FIRING", "red", "2024-04-30"), a
        assert (a["value"], a["threshold"], a["action"], a["owner"]) == (6, 20, "1.1", "camhs-lead"), a


def test_the_same_file_under_another_name_changes_and_tells_nothing(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        before = w.look("2024-06-10", lambda w: w.measure())
        told = sorted(m.delivery_id for m in w.mails())
        w.put("quite another name.csv", three(6))
        w.once("2024-06-11")
        assert w.inbox() == [], "a duplicate is taken too"
        after = w.look("2024-06-11", lambda w: w.measure())
        assert after == before, f"{before}\n{after}"
        assert sorted(m.delivery_id for m in w.mails()) == told


def test_the_same_file_again_does_not_refresh_the_age_of_its_feed(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", three(6))
        w.once("2024-08-01")  # the period to 31 May was due by 15 July
        late = w.look("2024-08-01", lambda w: w.alerts("feed-late"))
        assert len(late) == 1 and late[0]["state"] == "FIRING", late


def test_evaluating_again_tells_nothing_again(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        told = [m.delivery_id for m in w.mails()]
        for day in ("2024-06-10", "2024-06-10T15:00", "2024-06-11"):
            w.once(day)
            assert [m.delivery_id for m in w.mails()] == told, f"{day} told something again"


def test_a_restated_file_makes_a_new_version_and_is_called_restated(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("a.csv", three(8))
        w.once("2024-06-11")

        def look(w):
            return w.measure(), w.ctl("measure", "cyp-4w"), w.alert()
        m, whole, a = w.look("2024-06-11", look)
        assert (m["value"], m["restated"], m["status"]) == (8, True, "restated"), m
        text = str(whole)
        assert "6" in text and "8" in text, "every version is kept"
        assert a["state"] == "FIRING" and a["value"] == 8, a


def test_a_restatement_that_shows_it_never_was_is_told_as_corrected(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("a.csv", three(66))
        w.once("2024-06-11")
        a = w.look("2024-06-11", lambda w: w.alert())
        assert a["state"] == "RETRACTED" and a["restated"], a
        assert any("orrect" in m.subject + m.text for m in w.mails()[1:]), [m.subject for m in w.mails()]


def test_a_final_figure_outranks_a_provisional_one_that_arrives_later(build):
    with Instance(build) as w:
        w.put("a.csv", three(10, status="Final"))
        w.once("2024-06-10")
        w.put("b.csv", three(12, status="Performance"))
        w.once("2024-06-11")
        m = w.look("2024-06-11", lambda w: w.measure())
        assert (m["value"], m["status"]) == (10, "final"), m


def test_an_older_edition_that_arrives_late_is_recorded_but_not_current(build):
    with Instance(build) as w:
        w.put("july.csv", three(7, "2024-07"))
        w.once("2024-09-10")
        w.put("april.csv", three(30, "2024-04"))
        w.once("2024-09-11")
        m, whole = w.look("2024-09-11", lambda w: (w.measure(), w.ctl("measure", "cyp-4w")))
        assert (m["value"], m["period_end"]) == (7, "2024-07-31"), m
        assert "2024-04-30" in str(whole), "the older period is in the history"


def test_only_organisations_under_keep_become_series(build):
    with Instance(build) as w:
        w.put("a.csv", mhsds("2024-04", {("TAJ", "MRS08b"): 6, ("RRE", "MRS08b"): 9, ("QUA", "MRS08b"): 8}))
        w.start("2024-06-10")
        w.measure()
        keys = [k.lower() for k in w.redis("--scan", "--pattern", "*series:*")]
        assert any("taj" in k for k in keys), keys
        assert not any("rre" in k for k in keys), keys


def test_the_rolling_metric_stands_in_redis_for_other_readers(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        w.measure()
        now = w.now_hash("cyp-4w")
        for key in ("value", "unit", "as_of", "period", "status", "method", "rag", "target", "expected"):
            assert key in now, f"{key} is missing from {now}"
        assert now["rag"] == "red" and now["value"].rstrip("%") == "6", now


def test_once_does_not_exit_0_when_a_message_due_now_was_not_delivered(build):
    secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    with Instance(build, plan_text=plan(receivers="hook"), receivers=(
            "  - {id: spool, kind: spool, dir: ./spool}\n"
            "  - {id: hook, kind: webhook, url: \"http://127.0.0.1:9/x\", secret_file: hook.secret, allow_private: true}\n"
            )) as w:
        w.write("hook.secret", secret + "\n")
        w.put("a.csv", three(6))
        w.once("2024-06-10", expect=1)


def test_an_earlier_date_than_the_last_evaluated_is_a_usage_error(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        result = w.once("2024-06-09", expect=2)
        assert "2024-06-10" in result.stderr, f"says which date stands: {result.stderr}"
        assert w.run("--once", "--at", "yesterday").returncode == 2
        w.once("2024-06-10")


def test_coming_back_on_plan_is_told_to_whoever_was_told_it_began(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", three(45, "2024-05"))
        w.once("2024-07-10")
        a = w.look("2024-07-10", lambda w: w.alert())
        assert a["state"] == "RESOLVED", a
        w.once("2024-07-11")
        assert len(w.mails()) == 2, [m.subject for m in w.mails()]
        assert "45%" in w.mails()[1].text


def test_two_periods_confirm_where_the_plan_asks_for_two(build):
    with Instance(build, plan_text=plan(measure(for_periods=2))) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        assert w.look("2024-06-10", lambda w: w.alert())["state"] == "PENDING"
        w.once("2024-06-12")  # another evaluation is not another data period
        assert w.look("2024-06-12", lambda w: w.alert())["state"] == "PENDING"
        assert w.mails() == []
        w.put("b.csv", three(5, "2024-05"))
        w.once("2024-07-10")
        a = w.look("2024-07-10", lambda w: w.alert())
        assert (a["state"], a["since"]) == ("FIRING", "2024-04-30"), a
        assert len(w.mails()) == 1


def test_the_same_file_again_is_called_the_same_and_refreshes_nothing(build):
    # By publication dates the age of a feed is the day of its last file, and only a new file counts.
    feeds = ("  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww, providers: [TAJ],\n"
             "     cadence: [2024-06-10, 2024-07-10, 2024-12-10], grace: 5d, keep: [QUA, TAJ, England]}\n")
    with Instance(build, feeds=feeds) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        before = w.look("2024-06-10", lambda w: w.ctl("feeds")[0])
        w.put("b.csv", three(6))
        w.once("2024-07-10")
        after = w.look("2024-07-10", lambda w: w.ctl("feeds")[0])
        assert "same as 2024-06-10" in after["last_outcome"], after
        for key in ("last_received", "files", "newest_period_end", "awaited", "due"):
            assert after[key] == before[key], (key, before, after)
        w.once("2024-07-16")  # the publication of 10 July was due by the 15th
        late = w.look("2024-07-16", lambda w: w.alerts("feed-late"))
        assert len(late) == 1 and late[0]["state"] == "FIRING", late


def test_a_publisher_that_goes_back_to_an_earlier_file_is_followed_and_the_feed_looks_no_fresher(build):
    feeds = ("  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww, providers: [TAJ],\n"
             "     cadence: [2024-06-10, 2024-07-10, 2024-12-10], grace: 5d, keep: [QUA, TAJ, England]}\n")

    def seen(w):
        history = [(p["period_end"], v["value"], v["current"]) for p in w.ctl("measure", "cyp-4w")["history"]
                   for v in p["versions"]]
        feed = w.ctl("feeds")[0]
        return history, {k: feed[k] for k in ("last_received", "files", "newest_period_end", "awaited", "due")}, \
            feed["last_outcome"]

    with Instance(build, feeds=feeds) as w:
        for name, value in (("a.csv", 6), ("b.csv", 25)):
            w.put(name, three(value))
            w.once("2024-06-10")
        _, before, _ = w.look("2024-06-10", seen)
        w.put("c.csv", three(6))  # the bytes of the first
        w.once("2024-07-11")
        history, after, words = w.look("2024-07-11", seen)
        assert history == [("2024-04-30", 6, False), ("2024-04-30", 25, False), ("2024-04-30", 6, True)], history
        assert "superseded since" in words and "restated" in words, words
        assert after == before, (before, after)
        assert w.look("2024-07-11", lambda w: w.alert())["state"] == "FIRING"
        w.put("d.csv", three(6))  # and once more: it is in force now
        w.once("2024-07-11")
        again, _, words = w.look("2024-07-11", seen)
        assert again == history and words.startswith("same as 2024-07-11"), words
        w.put("e.csv", three(25))  # and back
        w.once("2024-07-11")
        history, after, _ = w.look("2024-07-11", seen)
        assert history[-1] == ("2024-04-30", 25, True) and len(history) == 4 and after == before, history
        shutil.rmtree(w.path("state", "redis"))
        assert w.look("2024-07-11", seen)[:2] == (history, before), "the journals say the same"


def test_a_feed_applied_again_goes_the_same_way_forth_and_back(build):
    def both(value):
        return mhsds("2024-04", {("England", "MRS08b"): value, ("TAJ", "MRS08b"): value})

    def versions(w, org):
        name, = [n for n in w.redis("HKEYS", "wl:{black-country}:series") if org in n]
        return w.redis("XLEN", f"wl:{{black-country}}:series:{name}:versions")

    with Instance(build, feeds=FEED_CYP.replace("[QUA, TAJ, England]", "[TAJ]")) as w:
        for name, value in (("a.csv", 6), ("b.csv", 25), ("c.csv", 6)):
            w.put(name, both(value))
            w.once("2024-06-10")
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            text = f.read()
        w.write("waitlistd.yaml", text.replace("keep: [TAJ]", "keep: [TAJ, England]"))
        w.once("2024-06-10")
        seen = w.look("2024-06-10", lambda w: (versions(w, "taj"), versions(w, "england"), w.ctl("feeds")[0]["files"]))
        assert seen == (["3"], ["3"], 2), seen


def test_bytes_that_say_what_stands_are_a_duplicate_also_when_other_periods_came_since(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", three(5, "2024-05"))
        w.once("2024-07-10")
        w.put("c.csv", three(6))
        w.once("2024-07-11")
        feed = w.look("2024-07-11", lambda w: w.ctl("feeds")[0])
        assert feed["last_outcome"].startswith("same as 2024-06-10") and feed["files"] == 2, feed
        assert feed["last_received"].startswith("2024-07-10"), feed


def test_an_earlier_edition_of_a_period_that_arrives_later_is_kept_but_not_current(build):
    with Instance(build) as w:
        w.put("MHSDS Data_4WW_AprPerf_2024_v2.csv", three(12))
        w.once("2024-06-10")
        w.put("MHSDS Data_4WW_AprPerf_2024_v1.csv", three(6))
        w.once("2024-06-11")
        m, whole = w.look("2024-06-11", lambda w: (w.measure(), w.ctl("measure", "cyp-4w")))
        assert (m["value"], m["restated"]) == (12, False), m
        versions = whole["history"][-1]["versions"]
        assert sorted((v["value"], v["edition"], v["current"]) for v in versions) == [(6, 1, False), (12, 2, True)], versions


def test_what_a_plan_selects_becomes_a_series_though_keep_leaves_it_out(build):
    with Instance(build, feeds=FEED_CYP.replace("keep: [QUA, TAJ, England]", "keep: [QUA]")) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        m = w.look("2024-06-10", lambda w: w.measure())
        assert (m["value"], m["rag"]) == (6, "red"), m


def test_on_the_date_last_evaluated_time_runs_on_from_the_later_of_the_two(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10T15:00")
        now = w.look("2024-06-10T09:00", lambda w: w.ctl("status")["now"])
        assert "2024-06-10T15:00" <= now < "2024-06-10T15:30", now
        now = w.look("2024-06-10T16:00", lambda w: w.ctl("status")["now"])
        assert "2024-06-10T16:00" <= now < "2024-06-10T16:30", now
        now = w.look("2024-06-11", lambda w: w.ctl("status")["now"])
        assert "2024-06-11T12:00" <= now < "2024-06-11T12:30", f"a date alone is its noon: {now}"


def test_of_a_key_that_a_file_repeats_the_last_row_stands(build):
    with Instance(build) as w:
        w.put("a.csv", three(6) + three(9).splitlines()[-1] + "\n")
        w.once("2024-06-10")
        m, whole = w.look("2024-06-10", lambda w: (w.measure(), w.ctl("measure", "cyp-4w")))
        assert (m["value"], m["restated"]) == (9, False), m
        assert len(whole["history"][-1]["versions"]) == 1, "one file is one edition"


def test_what_other_readers_see_of_unpublished_figures_is_for_partners(build):
    feeds = ("  - {id: own, kind: aggregate, format: measures, inbox: ./inbox/own, cadence: monthly, grace: 45d,\n"
             "     providers: [TAJ]}\n")
    row = "trust,waiting,TAJ,2024-{0}-01,2024-{0}-30,{1},,,,count\n"
    header = "source,measure,org,period_start,period_end,value,breakdown,secondary,status,unit\n"
    watched = measure(feed="own", published="waiting", breakdown="~", polarity="lower", target="{at_most: 100}",
                      expect="{2024-04-30: 100}").replace("breakdown: ~, ", "")
    with Instance(build, feeds=feeds, plan_text=plan(watched)) as w:
        for name, month, value, seen in (("a", "04", 3, "*"), ("b", "06", 52, "50")):
            w.put(name + ".csv", header + row.format(month, value), feed="own")
            w.start("2024-07-10")
            assert w.measure()["value"] == value, "the control socket is exact"
            assert w.now_hash("cyp-4w")["value"] == seen, w.now_hash("cyp-4w")
            w.stop()


def test_the_rolling_metric_never_shows_a_number_where_there_is_none(build):
    with Instance(build) as w:
        for name, value, month, shown, marker in (("a", "*", "2024-04", "*", "suppressed"), ("b", "-", "2024-05", "", "not-submitted"),
                                                  ("c", "6", "2024-06", "6", None)):
            w.put(name + ".csv", three(value, month))
            w.start("2024-08-10")
            w.measure()
            now = w.now_hash("cyp-4w")
            assert (now["value"], now.get("marker")) == (shown, marker), (value, now)
            w.stop()


def test_a_second_daemon_on_the_same_state_says_so_and_touches_nothing(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        w.measure()
        second = w.run("--once", "--at", "2024-06-11")
        assert second.returncode == 1 and "another waitlistd" in second.stderr, second.stderr
        assert w.ctl("status")["today"] == "2024-06-10" and w.measure()["value"] == 6


def test_a_measure_taken_out_of_the_plan_is_told_as_withdrawn_once(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.write("plan.yaml", plan(measure(id="another", org="QUA", breakdown="\"ICB of GP Practice or Residence\"",
                                          target="{at_least: 1}", expect="{2024-04-30: 1}"), version=2))
        w.once("2024-06-11")
        a = w.look("2024-06-11", lambda w: w.alert("behind-plan", "cyp-4w"))
        assert a["state"] == "WITHDRAWN", a
        told = [m.subject for m in w.mails()]
        assert len(told) == 3 and told[1] == "Plan changed: dudley, 1 softer" and told[2].startswith("No longer watched"), told
        last = w.mails()[2].text
        assert "What: not shown." in last and "6%" not in last and "How sure" not in last, last
        assert (a["value"], a["threshold"]) == (6, 20), "the control socket is exact"
        w.once("2024-06-12")
        assert len(w.mails()) == 3


if __name__ == "__main__":
    run_tests(globals())
