"""What turns after it was told: opening again, flapping, corrections, a breach that is discovered late."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, measure, plan, run_tests, three

LEVEL = plan(measure(expect="{2024-04-30: 20}", target="{at_least: 20, by: 2025-03}"))


def news(w):
    """(news, state) of every item told, in the order of the messages; a plan's end is no item."""
    told = []
    for event in sorted(w.events().values(), key=lambda e: e["time"]):
        told += [(item["news"], item["state"]) for item in event["data"].get("items", [])
                 if item["rule"] == "behind-plan"]
    return told


def month(w, figure, period, at, **more):
    w.put(f"{period}-{at}.csv", three(figure, period, **more))
    w.once(at)


def test_behind_again_in_the_next_month_is_the_same_episode_told_again(build):
    with Instance(build, plan_text=LEVEL) as w:
        month(w, 6, "2024-04", "2024-06-10")
        first = w.look("2024-06-10", lambda w: w.alert())
        month(w, 45, "2024-05", "2024-07-10")
        month(w, 7, "2024-06", "2024-08-10")
        again = w.look("2024-08-10", lambda w: w.alert())
        assert (again["state"], again["since"], again["episode_id"]) == (
            "FIRING", "2024-04-30", first["episode_id"]), again
        assert [n for n, _ in news(w)] == ["new", "cleared", "new"], news(w)
        assert "behind again from 30 June 2024" in " ".join(w.mails()[-1].text.split()), w.mails()[-1].text


def test_a_plan_may_make_each_opening_a_new_episode(build):
    text = plan(measure(expect="{2024-04-30: 20}", target="{at_least: 20, by: 2025-03}") + "    reopen_within: 0\n")
    with Instance(build, plan_text=text) as w:
        month(w, 6, "2024-04", "2024-06-10")
        month(w, 45, "2024-05", "2024-07-10")
        month(w, 7, "2024-06", "2024-08-10")
        states = w.look("2024-08-10", lambda w: [(a["state"], a["since"]) for a in w.alerts("behind-plan")])
        assert ("FIRING", "2024-06-30") in states, states


def test_a_flapping_alert_is_told_once_and_its_end_when_it_is_steady(build):
    with Instance(build, plan_text=LEVEL, extra="reminders: []\n") as w:
        months = [("2024-04", "2024-06-10"), ("2024-05", "2024-07-10"), ("2024-06", "2024-08-10"),
                  ("2024-07", "2024-09-10"), ("2024-08", "2024-10-10"), ("2024-09", "2024-11-10"),
                  ("2024-10", "2024-12-10"), ("2024-11", "2025-01-10"), ("2024-12", "2025-02-10"),
                  ("2025-01", "2025-03-10")]
        for figure, (period, at) in zip([6, 45, 6, 45, 6, 45, 6], months):
            month(w, figure, period, at)
        assert [n for n, _ in news(w)] == ["new", "cleared", "new", "cleared", "new"], news(w)
        assert "better news waits until its figures have been steady for 3" in " ".join(w.mails()[-1].text.split())
        # alerts waits for the first evaluation, and so for Redis
        entries = w.look(months[6][1], lambda w: w.alerts() and w.redis("XRANGE", "wl:{black-country}:audit", "-", "+"))
        assert any('"flapping":true' in line for line in entries), "the damping is in the audit"
        for figure, (period, at) in zip([45, 45, 45], months[7:]):
            month(w, figure, period, at)
        assert [n for n, _ in news(w)][5:] == ["cleared"], news(w)


def test_a_told_figure_that_is_restated_by_more_than_the_tolerance_is_corrected_once(build):
    with Instance(build, plan_text=LEVEL) as w:
        month(w, 2, "2024-04", "2024-06-10")
        month(w, 6, "2024-04", "2024-06-12", status="Final")
        assert [n for n, _ in news(w)] == ["new"], "4 points are within the tolerance of 5"
        month(w, 12, "2024-04", "2024-06-14", status="Final")
        assert news(w) == [("new", "FIRING"), ("corrected", "FIRING")], news(w)
        mail = w.mails()[-1]
        assert mail.subject.startswith("Corrected, behind plan:") and "12%" in mail.subject, mail.subject
        w.once("2024-06-15")
        assert len(w.mails()) == 2


def test_a_restated_older_month_is_told_as_discovered_late_with_its_dates(build):
    with Instance(build, plan_text=LEVEL) as w:
        month(w, 30, "2024-04", "2024-06-10")
        month(w, 31, "2024-05", "2024-07-10")
        assert news(w) == []
        month(w, 4, "2024-04", "2024-08-01", status="Final")
        assert news(w) == [("discovered-late", "RESOLVED")], news(w)
        mail, text = w.mails()[-1], " ".join(w.mails()[-1].text.split())
        assert mail.subject.startswith("Was behind plan:") and "4%" in mail.subject, mail.subject
        assert "30 April 2024" in text and "ended with the period to 31 May 2024" in text, text
        w.once("2024-08-02")
        assert len(w.mails()) == 1, "told once"
        month(w, 29, "2024-04", "2024-08-05", status="Final")
        assert news(w)[1:] == [("corrected", "RETRACTED")], news(w)


def test_an_older_month_that_arrives_after_a_newer_one_is_not_missed(build):
    with Instance(build, plan_text=LEVEL) as w:
        month(w, 31, "2024-05", "2024-07-10")
        month(w, 4, "2024-04", "2024-07-20")
        assert news(w) == [("discovered-late", "RESOLVED")], news(w)


def test_a_breach_of_one_delivery_that_a_later_file_makes_longer_is_told(build):
    """What came together is history; the month that a file adds weeks later is news, before it and after it."""
    for later, figures in (("2024-04", (None, 4, 31, 32)), ("2024-06", (31, 4, 32, 33))):
        with Instance(build, plan_text=LEVEL) as w:
            for period, figure in zip(("2024-04", "2024-05", "2024-06", "2024-07"), figures):
                if figure is not None:
                    w.put(f"{period}.csv", three(figure, period))
            w.once("2024-09-10")
            assert news(w) == []
            month(w, 5, later, "2024-09-20", status="Final")
            assert news(w) == [("discovered-late", "RESOLVED")], (later, news(w))
            text = " ".join(w.mails()[-1].text.split())
            assert text.count("5% for") == 1, text
            assert ("it began with the period to 30 April 2024" in text) == (later == "2024-04"), text
            w.once("2024-09-21")
            assert len(w.mails()) == 1, "told once"


def test_back_on_plan_that_a_restatement_takes_back_is_told(build):
    with Instance(build, plan_text=LEVEL) as w:
        month(w, 4, "2024-04", "2024-06-10")
        month(w, 31, "2024-05", "2024-07-10")
        month(w, 32, "2024-06", "2024-08-10")
        assert [n for n, _ in news(w)] == ["new", "cleared"], news(w)
        month(w, 5, "2024-05", "2024-08-20", status="Final")
        assert [n for n, _ in news(w)][2:] == ["discovered-late"], news(w)
        text = " ".join(w.mails()[-1].text.split())
        assert "5% for" in text and "ended with the period to 30 June 2024" in text, text


def test_the_end_of_an_alert_that_began_anew_is_told_with_the_figure_that_ended_it(build):
    """Both come at once, after a hold: back on plan in May, behind again in July."""
    with Instance(build, plan_text=LEVEL) as w:
        month(w, 4, "2024-04", "2024-06-10")
        for figure, period in ((45, "2024-05"), (44, "2024-06"), (5, "2024-07")):
            w.put(f"{period}.csv", three(figure, period))
        w.once("2024-09-10")
        assert sorted(n for n, _ in news(w)) == ["cleared", "new", "new"], news(w)
        text = " ".join(w.mails()[-1].text.split())
        ended = text[text.index("Back on plan: "):]
        assert "What: 45% for" in ended and "to 31 May 2024. Since: 30 April 2024" in ended, text


def test_the_months_of_one_delivery_are_history_in_any_order(build):
    with Instance(build, plan_text=LEVEL) as w:
        w.put("a.csv", three(31, "2024-05"))
        w.put("b.csv", three(4, "2024-04"))
        w.once("2024-07-10")
        assert news(w) == []


def test_an_alert_told_as_ended_is_corrected_when_a_restatement_shows_it_never_was(build):
    with Instance(build, plan_text=LEVEL) as w:
        month(w, 6, "2024-04", "2024-06-10")
        month(w, 45, "2024-05", "2024-07-10")
        month(w, 40, "2024-04", "2024-08-01", status="Final")
        assert [n for n, _ in news(w)] == ["new", "cleared", "corrected"], news(w)
        assert w.look("2024-08-01", lambda w: w.alert())["state"] == "RETRACTED"


run_tests(globals())
