"""A measure that stays red: it goes further by the plan's ladder, its reminders come and go, and whoever was told is told the end."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, RECEIVER_SPOOL, measure, plan, run_tests, three, wait_for

OFFICER = "  - {id: officer, kind: spool, dir: ./officer}\n"


def instance(build, value, extra="", ladder="", forums="", forum=""):
    """Red in April; the lead reads ./spool, the accountable officer ./officer."""
    text = plan(measure(expect="{2024-04-30: 60, 2025-03-31: 60}") + ladder).replace(
        "lead: camhs-lead,", f"lead: camhs-lead, accountable: chief,{forum}").replace(
        "roles: {", forums + "roles: {chief: {receivers: [officer]}, ")
    w = Instance(build, plan_text=text, receivers=RECEIVER_SPOOL + OFFICER, extra=extra)
    w.put("april.csv", three(value))
    return w


def settled(w):
    w.ctl("measures")
    wait_for(lambda: not w.ctl("outbox", "ls"), "everything due to be delivered")


def news(w, folder="spool", rule="behind-plan"):
    """What was told there, in order."""
    events = w.events(folder)
    return [item["news"] for mail in w.mails(folder) for item in events[mail.delivery_id]["data"].get("items", [])
            if item["rule"] == rule]


def seen(w, day):
    """One day of the daemon, until all is delivered."""
    w.start(day)
    try:
        settled(w)
    finally:
        w.stop()


def test_two_data_periods_in_red_reach_the_accountable_officer_once_who_is_told_the_end_too(build):
    with instance(build, "30") as w:
        w.start("2024-05-20")
        settled(w)
        w.ctl("ack", "cyp-4w", "--why", "A second team begins in July", "--until", "2024-08-01")
        assert (news(w), news(w, "officer")) == (["new"], [])
        w.stop()
        w.put("may.csv", three("28", month="2024-05"))
        w.start("2024-06-20")
        w.kill()  # whatever it was doing
        w.start("2024-06-20")
        wait_for(lambda: w.measure()["period_end"] == "2024-05-31", "May to be judged")
        settled(w)
        assert (news(w), news(w, "officer")) == (["new", "escalated"], ["escalated"])
        text = w.mails("officer")[0].text
        assert "Escalated, behind plan" in text and "to chief (after 2 data periods in red)" in text, text
        assert "told as red since 20 May 2024" in text, text
        w.kill()
        w.start("2024-06-21")
        settled(w)
        w.ctl("rebuild")
        settled(w)
        assert (len(news(w)), len(news(w, "officer"))) == (2, 1), "once, whatever was lost"
        w.put("june.csv", three("80", month="2024-06"))
        wait_for(lambda: w.alert()["state"] == "RESOLVED", "the alert to end")
        settled(w)
        assert (news(w)[-1], news(w, "officer")[-1]) == ("cleared", "cleared")


def test_evidence_calls_a_reminder_one_and_says_to_whom_it_escalated(build):
    with instance(build, "30", extra="reminders: [1w, 14d]\n") as w:
        seen(w, "2024-05-20")
        seen(w, "2024-05-27")
        w.put("may.csv", three("28", month="2024-05"))
        seen(w, "2024-06-20")
        said = w.ctl_raw("evidence", "--measure", "cyp-4w", "--from", "2024-05-01", "--to", "2024-06-20", output="json")
        events = json.loads(said.stdout)["events"]
        of = {e["kind"]: e for e in events}
        assert [e["kind"] for e in events if e["rule"] == "behind-plan"] == ["alert", "reminder", "escalation"], events
        assert of["reminder"]["text"].startswith("still behind plan, red: "), of["reminder"]
        assert of["escalation"]["text"].startswith("escalated, behind plan, red: "), of["escalation"]
        assert sorted(of["escalation"]["recipient"].split(", ")) == ["officer", "spool"], of["escalation"]
        assert of["reminder"]["recipient"] is None and of["alert"]["recipient"] is None, of
        told = [e["text"] for e in events if e["recipient"] == "officer" and e["kind"] == "told"]
        assert told == ["A message became due (escalation)", "Delivered (escalation)"], told


def test_a_reminder_comes_after_days_without_news_and_waits_for_the_end_of_an_ack_and_of_a_silence(build):
    with instance(build, "30", extra="reminders: [1w, 14d]\n") as w:
        seen(w, "2024-05-20")
        seen(w, "2024-05-26")
        assert news(w) == ["new"]
        w.start("2024-05-27")
        settled(w)
        w.kill()
        w.start("2024-05-27T18:00")
        settled(w)
        assert news(w) == ["new", "reminder"], "once, also after kill -9"
        w.ctl("ack", "cyp-4w", "--why", "On holiday", "--until", "2024-06-11")
        w.stop()
        seen(w, "2024-06-10")
        seen(w, "2024-06-11")
        assert news(w) == ["new", "reminder"], "14 days are over, and it is acknowledged"
        w.start("2024-06-12")
        wait_for(lambda: news(w) == ["new", "reminder", "reminder"], "the reminder once the ack is over")
        w.ctl("silence", "add", "measure=cyp-4w", "--until", "2024-06-25", "--why", "The clinic moves")
        w.stop()
        seen(w, "2024-06-25")
        assert len(news(w)) == 3, "silenced"
        w.start("2024-06-26")
        wait_for(lambda: len(news(w)) == 4, "the reminder once the silence is over")


def test_a_silence_holds_no_escalation_back_and_an_ack_no_upgrade(build):
    with instance(build, "57", ladder="    escalate: [{working_days: 3, to: accountable}]\n") as w:
        w.start("2024-05-20")
        settled(w)
        assert (w.alert()["severity"], news(w)) == ("amber", ["new"])
        w.ctl("ack", "cyp-4w", "--why", "Known", "--until", "2024-08-01")
        w.put("may.csv", three("28", month="2024-05"))
        wait_for(lambda: news(w) == ["new", "worse"], "the upgrade to be told")
        w.ctl("silence", "add", "measure=cyp-4w", "--until", "2024-05-30", "--why", "The clinic moves")
        w.stop()
        seen(w, "2024-05-22")
        assert news(w, "officer") == [], "two working days"
        w.start("2024-05-23")
        wait_for(lambda: (news(w)[2:], news(w, "officer")) == (["escalated"], ["escalated"]), "the third")


def test_a_feed_that_stays_late_goes_further_on_the_day_that_its_first_message_names(build):
    with instance(build, "70") as w:
        w.put("may.csv", three("70", month="2024-05"))
        w.start("2024-08-15")  # the tenth working day after it lies behind a bank holiday
        wait_for(lambda: news(w, rule="feed-late") == ["new"], "the late feed to be told")
        text = w.mails()[-1].text
        assert "Escalation: from 30 August 2024 also to who is accountable for its measures: chief." in text, text
        w.kill()
        seen(w, "2024-08-29")
        assert news(w, "officer", "feed-late") == []
        w.start("2024-08-30")
        w.kill()
        w.start("2024-08-30")
        wait_for(lambda: news(w, "officer", "feed-late") == ["new"], "the officer to be told")
        text = w.mails("officer")[-1].text
        assert "Escalation: since 30 August 2024 also to who is accountable for its measures: chief." in text, text
        w.ctl("rebuild")
        settled(w)
        assert len(news(w, "officer", "feed-late")) == 1, "once"
        w.put("june.csv", three("70", month="2024-06"))
        w.put("july.csv", three("70", month="2024-07"))
        wait_for(lambda: news(w, "officer", "feed-late") == ["new", "cleared"], "the officer to be told that it came")


def notices(w, folder, kind):
    """Mails of such notices there, in order."""
    events = w.events(folder)
    return [m for m in w.mails(folder) if events[m.delivery_id]["data"].get("kind") == kind]


def test_a_forum_asks_the_lead_once_and_the_officer_hears_on_the_day_that_no_commentary_came(build):
    forums = """forums: {board: {title: SEND board, papers_working_days: 5, ask_working_days: 3, meets: [2024-06-06, 2024-07-04]}}
"""
    with instance(build, "30", forums=forums, forum=" forum: board,") as w:
        # Papers of 6 June are due on 30 May (27 May is a bank holiday), and asked for from 24 May on.
        seen(w, "2024-05-23")
        assert not notices(w, "spool", "forum-asks")
        w.start("2024-05-24")
        w.kill()
        w.start("2024-05-24")
        ask = wait_for(lambda: notices(w, "spool", "forum-asks"), "the lead to be asked")
        assert ask[0].subject == "Commentary by 30 May 2024: SEND board", ask[0].subject
        assert 'waitlistctl commentary cyp-4w --text "..."' in ask[0].text, ask[0].text
        w.kill()
        seen(w, "2024-05-29")
        assert not notices(w, "officer", "forum-misses")
        w.start("2024-05-30")
        missed = wait_for(lambda: notices(w, "officer", "forum-misses"), "the officer to be told")
        assert "Children helped within 4 weeks" in missed[0].text and "asked of: camhs-lead" in missed[0].text, missed[0].text
        w.kill()
        w.start("2024-05-31")
        settled(w)
        w.ctl("rebuild")
        settled(w)
        w.stop()
        assert (len(notices(w, "spool", "forum-asks")), len(notices(w, "officer", "forum-misses"))) == (1, 1), "once each"
        # Of the next meeting: papers by 27 June, asked for from 24 June on; it was answered.
        w.start("2024-06-24")
        wait_for(lambda: len(notices(w, "spool", "forum-asks")) == 2, "the next meeting's papers")
        w.ctl("commentary", "cyp-4w", "--text", "A second team begins in July")
        w.stop()
        seen(w, "2024-06-27")
        seen(w, "2024-07-04")
        assert len(notices(w, "officer", "forum-misses")) == 1, "one was given"


if __name__ == "__main__":
    run_tests(globals())
