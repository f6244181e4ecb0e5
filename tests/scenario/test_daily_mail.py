"""When mail goes to a lead: one a day of all plans, at once what turned red, within working hours; counted at the relay."""
import datetime
import email
import email.policy
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from faults import WallClock
from smtp_server import SmtpServer
from waitlist import FEED_CYP, Instance, measure, mhsds, plan, run_tests, stays, three, wait_for

LEAD = "lead.person@example.nhs.uk"
RECEIVERS = """\
  - {{id: mail, kind: email, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk, tls: "off"}}
  - {{id: spool, kind: spool, dir: ./spool}}
"""
PEOPLE = f"""\
people:
  p1: {{name: Lead Person, mail: {LEAD}}}
holders:
  camhs-lead: [{{person: p1, from: 2024-04-01, deputy: null}}]
"""
AMBER, RED, FINE = 17, 6, 70  # against a line of 20 with a tolerance of 5
TWO_PRIORITIES = plan(measure() + measure(id="second", title="Others helped", org="RYK").replace('action: "1.1"', 'action: "2.1"'),
                      receivers="mail").replace("measures:\n", """\
  - id: "2"
    title: Another priority
    actions:
      - {id: "2.1", title: Another team, lead: camhs-lead, due: 2025-03}
measures:
""")


def at(text):
    """A moment of June 2024, local time: "7T19:00" is a Friday evening."""
    day, time = text.split("T")
    return datetime.datetime.fromisoformat(f"2024-06-{int(day):02}T{time}:00+01:00").astimezone(datetime.timezone.utc)


class Lived:
    """A plan of two priorities with one lead, on a clock that is moved; nothing is behind."""

    def __init__(self, build):
        self.smtp = SmtpServer()
        self.w = Instance(build, plan_text=TWO_PRIORITIES, feeds=FEED_CYP.replace("45d", "400d").replace("TAJ", "TAJ, RYK"),
                          receivers=RECEIVERS.format(port=self.smtp.port), extra="people: people.yaml\ndigest: off\n")
        self.w.write("people.yaml", PEOPLE)
        self.clock = WallClock(self.w, at("3T10:00"))
        self.put(FINE, FINE)
        self.start()
        self.settled()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.w.close()
        self.smtp.close()

    def start(self):
        self.w.start(None, env={**self.clock.env(), "TZ": "Europe/London"})

    def put(self, first, second):
        """How both measures stand: a newer edition of the same month each time."""
        self.edition = getattr(self, "edition", 0) + 1
        self.w.put(f"e{self.edition}.csv", mhsds("2024-04", {("England", "MRS08b"): "18.2", ("TAJ", "MRS08b"): first, ("RYK", "MRS08b"): second}))

    def settled(self):
        """All that came is judged, and what is due has left."""
        wait_for(lambda: not self.w.inbox(), "the files to be taken")
        wait_for(lambda: not self.w.ctl("outbox", "ls"), "what is due to leave")

    def comes(self, moment, first, second):
        self.clock.set(at(moment))
        self.put(first, second)
        self.settled()

    def waiting(self):
        s = self.w.ctl("status")
        return s["messages_waiting_for_tomorrow"], s["messages_waiting_for_hours"]

    def mails(self):
        """What the relay took, as text; no delivery came twice."""
        got = [email.message_from_bytes(raw, policy=email.policy.default) for _, _, raw, _ in self.smtp.mails]
        ids = [m["Message-ID"] for m in got]
        assert len(ids) == len(set(ids)), ids
        return [m["Subject"] + "\n" + m.get_body(("plain",)).get_content() for m in got]


def test_both_priorities_are_one_mail_a_day_and_what_turned_red_goes_at_once(build):
    with Lived(build) as d:
        d.comes("4T10:00", AMBER, FINE)
        wait_for(lambda: len(d.mails()) == 1, "the mail of the day")
        d.comes("4T12:00", AMBER, AMBER)
        assert len(d.mails()) == 1 and d.waiting() == (1, 0), (d.mails(), d.waiting())
        d.clock.set(at("5T09:00"))
        wait_for(lambda: len(d.mails()) == 2, "the mail of the next day")
        assert "Others helped" in d.mails()[1], d.mails()[1]
        d.comes("5T11:00", RED, AMBER)
        wait_for(lambda: len(d.mails()) == 3, "what turned red, on the same day")
        d.comes("5T12:00", RED, FINE)
        assert len(d.mails()) == 3 and d.waiting() == (1, 0), (d.mails(), d.waiting())


def test_what_turned_red_out_of_hours_waits_for_the_working_day_and_is_told_once_after_a_kill_and_an_emptied_redis(build):
    with Lived(build) as d:
        d.comes("7T19:00", RED, AMBER)  # Friday evening
        d.w.alert(measure="cyp-4w")
        assert d.mails() == [] and d.waiting() == (0, 1), (d.mails(), d.waiting())
        d.w.kill()
        shutil.rmtree(d.w.path("state", "redis"))
        d.clock.set(at("8T12:00"))
        d.start()
        d.w.alert(measure="cyp-4w")
        assert d.mails() == [] and d.waiting() == (0, 1), (d.mails(), d.waiting())
        d.clock.set(at("10T07:59"))
        d.w.alert(measure="cyp-4w")
        d.clock.set(at("10T08:00"))
        mail, = wait_for(d.mails, "the first working moment")
        assert "Others helped" in mail and "Children helped within 4 weeks" in mail, mail


def test_what_turned_red_in_the_night_and_was_over_by_the_morning_is_told_with_both_dates(build):
    with Lived(build) as d:
        d.comes("4T20:00", RED, FINE)
        d.clock.set(at("4T22:00"))
        d.w.put("may.csv", mhsds("2024-05", {("England", "MRS08b"): "18.2", ("TAJ", "MRS08b"): FINE, ("RYK", "MRS08b"): FINE}))
        d.settled()
        assert d.mails() == [] and d.waiting() == (0, 1), (d.mails(), d.waiting())
        d.clock.set(at("5T08:00"))
        mail, = wait_for(d.mails, "the morning's mail")
        assert "Back on plan: Children helped" in mail, mail


def test_what_a_forum_asks_and_that_a_plan_ends_waits_for_working_hours_and_the_request_for_a_day_of_its_own(build):
    with Lived(build) as d:
        text = TWO_PRIORITIES.replace("version: 1", "version: 2").replace("to: 2025-03-31", "to: 2024-07-25").replace(
            "lead: camhs-lead, due", "lead: camhs-lead, forum: board, due").replace(
            "roles:", "forums: {board: {title: SEND board, papers_days: 7, ask_working_days: 5, meets: [2024-06-22]}}\nroles:")
        d.w.write("plan.yaml", text)
        d.clock.set(at("7T20:00"))
        d.w.signal(signal.SIGHUP)  # the forum's papers are due on the 15th: a commentary is asked for from the 10th on
        wait_for(lambda: d.w.ctl("plan", "show")[0]["version"] == 2, "the new version")
        d.comes("7T21:00", RED, FINE)
        d.clock.set(at("10T07:59"))
        stays(lambda: not d.mails(), "nobody is written to in the night")
        d.w.kill()
        d.start()
        d.w.alert(measure="cyp-4w")
        stays(lambda: not d.mails(), "nor after a kill")
        d.clock.set(at("10T08:00"))
        subjects = wait_for(lambda: len(d.mails()) >= 3 and d.mails(), "the morning's mails")
        assert sorted(s.split(":")[0] for s in subjects) == ["Behind plan", "Plan changed", "Plan ends"], subjects
        d.settled()
        d.clock.set(at("11T07:59"))
        d.comes("11T07:59", RED, AMBER)
        assert len(d.mails()) == 3, "what has time waits for a day on which no other mail goes"
        d.clock.set(at("11T08:00"))
        wait_for(lambda: len(d.mails()) >= 4, "what the forum asks")
        d.settled()
        assert d.mails()[3:] == [m for m in d.mails() if m.startswith("Commentary by 15 June 2024")], "and what is not red waits for it"
        d.clock.set(at("12T08:00"))
        wait_for(lambda: len(d.mails()) == 5 and "Others helped" in d.mails()[4], "that, on the day after")


def test_the_log_says_that_a_role_reaches_nobody_once_for_each_time_that_it_comes_about(build):
    nobody, somebody = PEOPLE.replace("deputy: null", "to: 2024-05-31"), PEOPLE
    with Instance(build, plan_text=plan(measure(), receivers="mail"), receivers=RECEIVERS.format(port=9),
                  extra="people: people.yaml\ndigest: off\n") as w:
        w.write("people.yaml", nobody)
        w.start("2024-08-12")

        def said(month):
            """How often, once a file of a month was judged."""
            w.put(f"{month}.csv", three(RED, month=month))
            wait_for(lambda: w.measure()["period_end"][:7] == month, f"{month} to be judged")
            return w.log().count("nobody holds the role")

        assert [said("2024-03"), said("2024-04")] == [1, 1]
        for people, month, times in ((somebody, "2024-05", 1), (nobody, "2024-06", 2)):
            w.write("people.yaml", people)
            w.signal(signal.SIGHUP)
            wait_for(lambda: w.log().count(" reload: ") == 1 + (people == nobody), "the people to be read")
            assert said(month) == times, month


if __name__ == "__main__":
    run_tests(globals())
