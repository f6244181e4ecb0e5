"""Missing data never looks like improvement: holds, late feeds, coverage gaps, and what still speaks."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, measure, mhsds, plan, run_tests, three, RECEIVER_SPOOL

CHS_FEED = """\
  - {id: chs, kind: aggregate, format: chs-sitrep, inbox: ./inbox/chs, cadence: monthly, grace: 60d,
     providers: [TAJ, RNA, RL4], keep: [England, QUA, TAJ, RNA, RL4]}
"""
CHS_HEADER = ("Organisation Type,Organisation Code,Organisation Name,(A) Audiology,(A) Podiatry,(CYP) Audiology,"
              "(CYP) Community paediatric service,\"(CYP) Wheelchair, orthotics, prosthetics and equipment\"\r\n")


def chs(month, wheelchairs):
    """Table 4 in the newest layout; wheelchairs: total and the three providers' cells."""
    total, taj, rna, rl4 = wheelchairs
    return (f"\"Total waiting list by service, {month}\",,,,,,,\r\n"
            "Blanks indicate no organisation submitted for the service line.,,,,,,,\r\n" + CHS_HEADER +
            "National,,England,18835,10,20,78181,2129\r\n"
            f"ICB,QUA,BLACK COUNTRY,1276,1,8,1512,{total}\r\n"
            f"Provider,TAJ,BLACK COUNTRY HEALTHCARE NHS FOUNDATION TRUST,,,,,{taj}\r\n"
            f"Provider,RNA,THE DUDLEY GROUP NHS FOUNDATION TRUST,1,1,3,,{rna}\r\n"
            f"Provider,RL4,THE ROYAL WOLVERHAMPTON NHS TRUST,574,,5,1512,{rl4}\r\n")


CHS_PLAN = plan(measure(id="wheelchairs", title="Children waiting for wheelchairs, Black Country ICB", feed="chs",
                        published="(CYP) Wheelchair, orthotics, prosthetics and equipment", breakdown="ICB",
                        org="QUA, secondary: total", polarity="lower", target="{at_most: 10}",
                        expect="{2024-03-31: 20, 2025-03-31: 10}"))


def test_a_provider_missing_from_a_new_edition_holds_its_measures_and_speaks(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        told = len(w.mails())
        w.put("b.csv", mhsds("2024-05", {("England", "MRS08b"): 19, ("QUA", "MRS08b"): 70}))
        w.once("2024-07-10")
        m, a, gap = w.look("2024-07-10", lambda w: (w.measure(), w.alert(), w.alerts("coverage-gap")))
        assert m["held"] is True, m
        assert (a["state"], a["held"]) == ("FIRING", True), a
        assert len(gap) == 1 and gap[0]["measure"] is None, gap
        assert len(w.mails()) > told, "the coverage notice reaches a person within one evaluation"
        assert any("TAJ" in m.text or "Black Country Healthcare" in m.text for m in w.mails()[told:])


def test_a_provider_that_no_plan_watches_is_missed_all_the_same(build):
    feeds = ("  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww,\n"
             "     cadence: monthly, grace: 45d, providers: [TAJ, RXT], keep: [QUA, TAJ, England]}\n")
    with Instance(build, feeds=feeds) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        gap = w.look("2024-06-10", lambda w: w.alerts("coverage-gap"))
        assert len(gap) == 1 and gap[0]["state"] == "FIRING", gap
        assert any("RXT is missing" in m.text for m in w.mails()), [m.text for m in w.mails()]


def test_a_feed_past_its_due_time_holds_its_measures_and_speaks(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        told = len(w.mails())
        w.once("2024-07-15")  # 31 May + 45 days: in time on the due day itself
        assert w.look("2024-07-15", lambda w: w.alerts("feed-late")) == []
        w.once("2024-07-16")
        m, a, late = w.look("2024-07-16", lambda w: (w.measure(), w.alert(), w.alerts("feed-late")))
        assert m["held"] is True and m["value"] == 6, m
        assert (a["state"], a["held"]) == ("FIRING", True), a
        assert len(late) == 1 and late[0]["state"] == "FIRING", late
        assert len(w.mails()) > told


def test_a_feed_that_never_sent_a_file_becomes_late_by_its_from_date(build):
    feeds = ("  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww, from: 2024-04-10,\n"
             "     cadence: monthly, grace: 45d, providers: [TAJ], keep: [QUA, TAJ, England]}\n")
    with Instance(build, feeds=feeds) as w:
        w.once("2024-06-14")
        assert w.look("2024-06-14", lambda w: w.alerts("feed-late")) == []
        w.once("2024-06-15")  # 30 April + 45 days = 14 June
        late, m = w.look("2024-06-15", lambda w: (w.alerts("feed-late"), w.measure()))
        assert len(late) == 1, late
        assert (m["rag"], m["value"]) == ("grey", None), m


def test_a_worsening_that_arrives_while_the_feed_is_late_is_still_told(build):
    with Instance(build) as w:
        w.put("a.csv", three(17))  # amber: 3 below 20, tolerance 5
        w.once("2024-06-10")
        w.once("2024-06-11")
        w.put("b.csv", three(3, "2024-05"))
        w.once("2024-09-02")  # the period to 30 June was due by 14 August
        a, late = w.look("2024-09-02", lambda w: (w.alert(), w.alerts("feed-late")))
        assert late and late[0]["state"] == "FIRING", late
        assert (a["state"], a["severity"], a["value"]) == ("FIRING", "red", 3), a
        assert any("3%" in m.subject + m.text for m in w.mails()), [m.subject for m in w.mails()]


def test_a_suppressed_newest_figure_is_grey_and_resolves_nothing(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", three("*", "2024-05"))
        w.once("2024-07-10")
        m, a = w.look("2024-07-10", lambda w: (w.measure(), w.alert()))
        assert (m["value"], m["marker"], m["rag"], m["held"]) == (None, "suppressed", "grey", True), m
        assert (a["state"], a["held"]) == ("FIRING", True), a


def test_a_line_inside_the_rounding_is_indeterminate_and_judged_neither_way(build):
    # Published below England to whole percents: 20 may be 19.5 or 20.5.
    with Instance(build, plan_text=plan(measure(expect="{2024-04-30: 20.2, 2025-03-31: 60}"))) as w:
        w.put("a.csv", three(20))
        w.once("2024-06-10")
        m, alerts = w.look("2024-06-10", lambda w: (w.measure(), w.alerts("behind-plan")))
        assert (m["rag"], m["held"], m["value"]) == ("grey", True, 20), m
        assert alerts == [], alerts


def test_before_the_first_milestone_nothing_is_due_and_nothing_alerts(build):
    with Instance(build, plan_text=plan(measure(expect="{2024-12-31: 40, 2025-03-31: 60}"))) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        m, alerts = w.look("2024-06-10", lambda w: (w.measure(), w.alerts("behind-plan")))
        assert m["rag"] == "grey" and m["expected"] is None and alerts == [], (m, alerts)


def test_a_total_of_0_over_providers_that_all_left_it_blank_is_a_gap_not_a_zero(build):
    with Instance(build, plan_text=CHS_PLAN, feeds=CHS_FEED) as w:
        w.put("a.csv", chs("April 2024", (0, "", "", "")), feed="chs")
        w.once("2024-06-10")
        m, alerts = w.look("2024-06-10", lambda w: (w.measure("wheelchairs"), w.ctl("alerts")))
        assert m["value"] is None and m["rag"] == "grey" and m["held"], m
        assert any(a["rule"] == "coverage-gap" for a in alerts), alerts


def test_a_total_of_0_that_providers_did_submit_is_a_zero(build):
    with Instance(build, plan_text=CHS_PLAN, feeds=CHS_FEED) as w:
        w.put("a.csv", chs("April 2024", (0, 0, 0, 0)), feed="chs")
        w.once("2024-06-10")
        m = w.look("2024-06-10", lambda w: w.measure("wheelchairs"))
        assert (m["value"], m["rag"], m["held"]) == (0, "blue", False), m


def test_a_gap_after_a_bad_month_does_not_clear_the_alert(build):
    with Instance(build, plan_text=CHS_PLAN, feeds=CHS_FEED) as w:
        w.put("a.csv", chs("April 2024", (55, 20, 30, 5)), feed="chs")
        w.once("2024-06-10")
        w.put("b.csv", chs("May 2024", (0, "", "", "")), feed="chs")
        w.once("2024-07-10")
        a = w.look("2024-07-10", lambda w: w.alert("behind-plan"))
        assert (a["state"], a["held"]) == ("FIRING", True), a


def test_two_ambers_make_at_most_one_mail_a_day_and_neither_is_forgotten(build):
    two = measure() + measure(id="cyp-52w", title="Waiting over 52 weeks", published="MRS09e", polarity="lower",
                              target="{at_most: 100}", tolerance=100, expect="{2024-04-30: 200, 2025-03-31: 100}")
    with Instance(build, plan_text=plan(two), receivers=RECEIVER_SPOOL) as w:
        w.put("a.csv", three(17))
        w.once("2024-06-10")
        w.put("b.csv", three(250, name="MRS09e"))
        w.once("2024-06-10T15:00")
        assert len(w.mails()) <= 1, [m.subject for m in w.mails()]
        w.once("2024-06-11T12:00")
        assert len(w.mails()) <= 2, [m.subject for m in w.mails()]
        told = "\n".join(m.text for m in w.mails())
        assert "17%" in told and "250" in told, told


def test_a_red_is_sent_at_once_whatever_was_sent_that_day(build):
    two = measure() + measure(id="cyp-52w", title="Waiting over 52 weeks", published="MRS09e", polarity="lower",
                              target="{at_most: 100}", tolerance=10, expect="{2024-04-30: 200, 2025-03-31: 100}")
    with Instance(build, plan_text=plan(two)) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", three(250, name="MRS09e"))
        w.once("2024-06-10T12:05")
        assert len(w.mails()) == 2, [m.subject for m in w.mails()]


def test_an_overdue_action_alerts_its_lead(build):
    with Instance(build, plan_text=plan(due="2024-05")) as w:
        w.put("a.csv", three(30))
        w.once("2024-05-31")
        assert w.look("2024-05-31", lambda w: w.alerts("action-overdue")) == [], "a month means its last day"
        w.once("2024-06-01")
        a = w.look("2024-06-01", lambda w: w.alert("action-overdue"))
        assert (a["state"], a["action"], a["owner"], a["measure"]) == ("FIRING", "1.1", "camhs-lead", None), a


def test_a_provider_that_left_every_cell_blank_is_missing(build):
    with Instance(build, plan_text=CHS_PLAN, feeds=CHS_FEED) as w:
        w.put("a.csv", chs("April 2024", (35, "", 30, 5)), feed="chs")
        w.once("2024-06-10")
        m, gap = w.look("2024-06-10", lambda w: (w.measure("wheelchairs"), w.alerts("coverage-gap")))
        assert m["value"] == 35 and m["held"] is True, m
        assert len(gap) == 1 and "TAJ" in gap[0]["title"], gap


def test_a_total_of_0_is_no_gap_where_some_provider_says_otherwise(build):
    with Instance(build, plan_text=CHS_PLAN, feeds=CHS_FEED.replace("TAJ, RNA, RL4], keep", "RNA, RL4], keep")) as w:
        w.put("a.csv", chs("April 2024", (0, "", 3, "")), feed="chs")
        w.once("2024-06-10")
        m, gap = w.look("2024-06-10", lambda w: (w.measure("wheelchairs"), w.alerts("coverage-gap")))
        assert (m["value"], m["held"]) == (0, False) and gap == [], (m, gap)


def test_while_a_file_waits_for_a_decision_its_measures_hold_and_nothing_resolves(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", three(45, "2024-05"))
        w.put("c.csv", three(99, "2024-05").replace(",7\n", ",seven\n"))  # held: a third of its rows set aside
        w.once("2024-07-10")
        m, a = w.look("2024-07-10", lambda w: (w.measure(), w.alert()))
        assert (m["value"], m["held"]) == (45, True), m
        assert (a["state"], a["held"]) == ("FIRING", True), a


def test_a_total_of_0_over_a_0_and_blanks_is_still_a_gap(build):
    feeds = CHS_FEED.replace("TAJ, RNA, RL4], keep", "RNA, RL4], keep")
    with Instance(build, plan_text=CHS_PLAN, feeds=feeds) as w:
        w.put("a.csv", chs("April 2024", (0, "", 0, "")), feed="chs")
        w.once("2024-06-10")
        m, gap = w.look("2024-06-10", lambda w: (w.measure("wheelchairs"), w.alerts("coverage-gap")))
        assert m["value"] is None and m["rag"] == "grey" and m["held"] and len(gap) == 1, (m, gap)


def test_a_late_feed_is_told_to_ops_and_to_whoever_waits_for_it(build):
    two = RECEIVER_SPOOL + "  - {id: lead, kind: spool, dir: ./lead}\n"
    with Instance(build, plan_text=plan(receivers="lead"), receivers=two, extra="reminders: []\n") as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        assert w.mails() == [] and len(w.mails("lead")) == 1, "the owner is told, ops have nothing to do"
        w.once("2024-07-16")
        assert len(w.mails()) == 1 and "late" in w.mails()[0].subject + w.mails()[0].text, w.mails()
        assert len(w.mails("lead")) == 2 and "late" in w.mails("lead")[1].subject + w.mails("lead")[1].text


def test_a_period_for_which_a_file_holds_no_figure_at_all_is_not_published_yet(build):
    with Instance(build) as w:
        nothing = {("England", "MRS08b"): "-", ("QUA", "MRS08b"): "-", ("TAJ", "MRS08b"): "-"}
        w.put("a.csv", mhsds(["2024-04", "2024-05"], {"2024-04": {("England", "MRS08b"): 18, ("QUA", "MRS08b"): 7,
                                                                  ("TAJ", "MRS08b"): 6}, "2024-05": nothing}))
        w.once("2024-06-20")
        m, feed = w.look("2024-06-20", lambda w: (w.measure(), w.ctl("feeds")[0]))
        assert (m["value"], m["period_end"], m["rag"], m["held"]) == (6, "2024-04-30", "red", False), m
        assert (feed["newest_period_end"], feed["awaited"]) == ("2024-04-30", "2024-05-31"), feed


CHS_TWO = CHS_FEED.replace("TAJ, RNA, RL4], keep", "RNA, RL4], keep")


def test_the_month_is_that_of_the_banner_and_of_no_other_line_above_the_header(build):
    with Instance(build, plan_text=CHS_PLAN, feeds=CHS_TWO) as w:
        w.put("a.csv", "Published 11 July 2024 (revised August 2024),,,,,,,\r\n" + chs("April 2024", (35, 2, 30, 3)), feed="chs")
        w.once("2024-07-15")
        m = w.look("2024-07-15", lambda w: w.measure("wheelchairs"))
        assert (m["value"], m["period_start"], m["period_end"]) == (35, "2024-04-01", "2024-04-30"), m


def test_a_total_that_was_a_gap_is_a_figure_again_when_the_file_is_mended(build):
    with Instance(build, plan_text=CHS_PLAN, feeds=CHS_TWO) as w:
        w.put("a.csv", chs("April 2024", (0, "", "", "")), feed="chs")
        w.once("2024-06-10")
        assert w.look("2024-06-10", lambda w: w.alert("coverage-gap"))["state"] == "FIRING"
        told = len(w.mails())
        w.put("b.csv", chs("April 2024", (35, 2, 30, 3)), feed="chs")
        w.once("2024-06-11")
        m, gap = w.look("2024-06-11", lambda w: (w.measure("wheelchairs"), w.alert("coverage-gap")))
        assert (m["value"], m["held"], gap["state"]) == (35, False, "RESOLVED"), (m, gap)
        assert len(w.mails()) > told, "whoever was told of the gap is told its end"


def test_a_gap_in_a_figure_that_no_plan_watches_is_told_to_nobody(build):
    watched = CHS_PLAN.replace("(CYP) Wheelchair, orthotics, prosthetics and equipment", "(A) Podiatry")
    with Instance(build, plan_text=watched, feeds=CHS_TWO) as w:
        w.put("a.csv", chs("April 2024", (0, "", "", "")), feed="chs")
        w.once("2024-06-10")
        m, gap = w.look("2024-06-10", lambda w: (w.measure("wheelchairs"), w.alerts("coverage-gap")))
        assert m["value"] == 1 and not m["held"] and gap == [], (m, gap)


def test_a_grace_in_working_days_leaves_out_the_week_end(build):
    feeds = ("  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww,\n"
             "     cadence: monthly, grace: 6wd, providers: [TAJ], keep: [QUA, TAJ, England]}\n")
    with Instance(build, feeds=feeds) as w:
        w.put("a.csv", three(6))
        w.once("2024-05-10")
        w.once("2024-06-10")  # Friday 31 May and six working days
        assert w.look("2024-06-10", lambda w: w.alerts("feed-late")) == []
        w.once("2024-06-11")
        assert len(w.look("2024-06-11", lambda w: w.alerts("feed-late"))) == 1


def test_a_feed_without_from_and_without_a_file_becomes_late_by_the_day_it_was_configured(build):
    with Instance(build) as w:
        w.once("2024-06-10")
        w.once("2024-08-14")  # 30 June + 45 days
        assert w.look("2024-08-14", lambda w: w.alerts("feed-late")) == []
        w.once("2024-08-15")
        late = w.look("2024-08-15", lambda w: w.alerts("feed-late"))
        assert len(late) == 1 and late[0]["since"] == "2024-06-30", late


if __name__ == "__main__":
    run_tests(globals())
