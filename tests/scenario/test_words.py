"""What people read: who was told and who was not, whose it is, and words that fit what they stand for."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from smtp_server import SmtpServer
from waitlist import FEED_CYP, RECEIVER_SPOOL, Instance, Mail, measure, mhsds, plan, run_tests, three, wait_for

MAIL = ("  - {{id: mail, kind: email, hours: all, smtp: \"smtp://127.0.0.1:{port}\", from: monitor@example.nhs.uk, tls: \"off\"}}\n")
PEOPLE = """\
people:
  p1: {name: Ada Example, mail: gone@example.nhs.uk}
  p2: {name: Ben Example, mail: ben@example.nhs.uk}
holders:
  camhs-lead: [{person: p1, from: 2024-04-01}, {person: p2, from: 2024-04-01}]
"""


def text(mail):
    return " ".join(mail.text.split())


def test_the_copy_for_the_fallback_names_who_was_told_and_who_was_not_by_their_names(build):
    def gone(line):
        return "550 5.1.1 no such user" if b"gone@" in line else "250 ok"

    with SmtpServer(replies={"RCPT": gone}) as smtp, Instance(
            build, plan_text=plan(receivers="mail"), extra="people: people.yaml\n",
            receivers=MAIL.format(port=smtp.port) + RECEIVER_SPOOL) as w:
        w.write("people.yaml", PEOPLE)
        w.put("a.csv", three(6))
        w.run("--once", "--at", "2024-06-10")
        w.run("--once", "--at", "2024-06-10T13:00")
        copy, = [m for m in w.mails() if "Children helped" in m.subject]
        assert "Also told: Ben Example (camhs-lead, by mail) Not" in text(copy), copy.text
        assert "Not reached: Ada Example (camhs-lead, by mail); their message was given up or waits" in text(copy), copy.text
        assert "Who: Ada Example (camhs-lead);" in text(copy), copy.text
        lead = Mail(w.write("lead.eml", smtp.mails[0][2]))
        assert "Also told: Ada Example (camhs-lead, by mail)" in text(lead), lead.text
        w.look("2024-06-10T14:00", lambda w: None)
        table = w.look("2024-06-10T14:00", lambda w: w.ctl_raw("alerts", output="table").stdout)
        letter, = [line for line in table.splitlines() if "given up" in line]
        assert letter.startswith("given up") and "behind plan" not in letter, table


def test_a_feed_is_named_by_its_title_and_is_not_late_rather_than_arrived_when_a_person_moved_its_day(build):
    with Instance(build, feeds=FEED_CYP.replace("{id: cyp4ww,", "{id: cyp4ww, title: Four week waits, contact: the desk of the publisher,")) as w:
        w.put("a.csv", three(70))
        w.once("2024-06-10")
        w.start("2024-08-20")
        wait_for(lambda: w.alerts("feed-late"), "the feed to be late")
        late = wait_for(w.mails, "ops to be told")[-1]
        assert late.subject == "Feed late: Four week waits", late.subject
        said = text(late)
        assert "Held: 1 measure is without a current figure: Children helped within 4 weeks (camhs-lead)." in said, said
        assert "Ask: the desk of the publisher." in said and 'of "Four week waits" we have: nothing received' in said, said
        w.ctl("feed", "expect", "cyp4ww", "--by", "2024-09-10")
        wait_for(lambda: w.alert("feed-late")["state"] == "RESOLVED", "its end")
        end = wait_for(lambda: [m for m in w.mails() if m.subject.startswith("Feed no longer late")], "its end to be told")[0]
        assert "a person gave it until 10 September 2024" in text(end) and "file has come," not in text(end), text(end)
        table = w.ctl_raw("alerts", output="table").stdout
        assert "not late" in table and "arrived" not in table, table


def test_a_mail_says_where_the_publisher_does_not_say_whether_a_figure_is_final(build):
    feed = "  - {id: local, kind: aggregate, format: measures, inbox: ./inbox/local, cadence: monthly, grace: 45d}\n"
    with Instance(build, feeds=feed, plan_text=plan(measure(published="Waits", feed="local").replace("breakdown: Provider, ", ""))) as w:
        header = "source,measure,org,period_start,period_end,value,status\n"
        w.put("a.csv", header + "me,Waits,TAJ,2024-04-01,2024-04-30,5,\n", feed="local")
        w.start("2024-05-10")
        wait_for(lambda: w.measure()["value"] == 5 and w.mails(), "the figure and its mail")
        assert w.measure()["status"] == "final", "one of the words that readers of measures know"
        assert "provisional or final: not stated" in w.mails()[0].text, w.mails()[0].text


def test_one_alert_that_had_no_room_in_the_body_is_called_one_and_a_cut_subject_shows_it(build):
    count = 4
    measures = "".join(measure(id=f"m{n}", title=f"Children helped by the team of the place numbered {n} " + "within four weeks of it " * 3,
                               org=f"R{n:05}") for n in range(count))
    feed = FEED_CYP.replace("keep: [QUA, TAJ, England]", "keep: all")
    for more in range(1, count):
        with Instance(build, plan_text=plan(measures=measures).replace("Children wait less time for help",
                                                                       "Children wait far less time for all kinds of help"), feeds=feed) as w:
            w.put("a.csv", mhsds("2024-04", {(f"R{n:05}", "MRS08b"): 3 if n <= more else 70 for n in range(count)} | {("TAJ", "MRS08b"): 70}))
            w.once("2024-06-10")
            mail, = [m for m in w.mails() if "measures behind plan" in m.subject]
            assert mail.subject.endswith("...") and len(mail.subject) <= 60, mail.subject
            assert "The other 1 " not in mail.text
            if "The other one is in the table below: " in text(mail):
                return
    raise AssertionError("no mail left out just one")


def test_two_checks_of_the_monitor_are_not_called_alerts_of_feeds(build):
    with Instance(build) as w:
        w.put("a.csv", three(70))
        w.once("2024-06-10")
        w.put("b.csv", three(70, "2024-05"))
        w.once("2024-07-10")
        with open(w.path("state", "journal", "received"), "rb") as f:
            first = f.read().splitlines(keepends=True)[0]
        w.write("state/journal/received", first)
        w.once("2024-07-11")
        assert w.mails()[-1].subject == "2 checks of the monitor: black-country", w.mails()[-1].subject


if __name__ == "__main__":
    run_tests(globals())
