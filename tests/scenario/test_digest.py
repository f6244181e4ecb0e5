"""The digest of a week: the whole plan and the age of every feed, once a week and lead; counted at the relay."""
import datetime
import json
import email
import email.policy
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from faults import WallClock
from smtp_server import SmtpServer
from waitlist import FEED_CYP, Instance, ids_hash, measure, mhsds, plan, run_tests, wait_for

LEAD, OTHER = "lead.person@example.nhs.uk", "other.person@example.nhs.uk"
RECEIVERS = """\
  - {{id: mail, kind: email, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk, tls: "off"}}
  - {{id: fixed, kind: email, to: desk@example.nhs.uk, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk, tls: "off"}}
  - {{id: spool, kind: spool, dir: ./spool}}
"""
PEOPLE = f"""\
people:
  p1: {{name: Lead Person, mail: {LEAD}}}
  p2: {{name: Other Person, mail: {OTHER}}}
holders:
  camhs-lead: [{{person: p1, from: 2024-04-01, deputy: null}}]
"""
WEEKS = {"2024-06-10": "2024-W24", "2024-08-26": "2024-W35"}
FINE, AMBER, RED = 70, 17, 6  # against a line of 20 with a tolerance of 5


def at(text, year=2024):
    """A moment, local time in summer."""
    return datetime.datetime.fromisoformat(f"{year}-{text}:00+01:00").astimezone(datetime.timezone.utc)


class Lived:
    """A plan with one measure and one lead, on a clock that is moved; it began on Friday 7 June."""

    def __init__(self, build, grace="400d", smtp=None, mode="mode: live", feed=FEED_CYP, start="06-07T10:00"):
        self.smtp = smtp or SmtpServer()
        # Nobody holds the second role: its receiver has an address of its own.
        text = plan(measure(), receivers="mail").replace("roles: {", "roles: {desk: {receivers: [fixed]}, ")
        text = text.replace("measures:\n", '      - {id: "1.2", title: Another team, lead: desk, due: 2025-03}\nmeasures:\n')
        self.w = Instance(build, plan_text=text.replace("mode: live", mode), feeds=feed.replace("45d", grace),
                          receivers=RECEIVERS.format(port=self.smtp.port), extra="people: people.yaml\n")
        self.w.write("people.yaml", PEOPLE)
        self.clock = WallClock(self.w, at(start))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.w.close()
        self.smtp.close()

    def start(self):
        self.w.start(None, env={**self.clock.env(), "TZ": "Europe/London"})

    def put(self, value, month="2024-04"):
        self.w.put(f"{month}-{value}.csv", mhsds(month, {("England", "MRS08b"): "18.2", ("TAJ", "MRS08b"): value}))
        self.settled()

    def settled(self):
        wait_for(lambda: not self.w.inbox(), "the files to be taken")
        wait_for(lambda: not self.w.ctl("outbox", "ls"), "what is due to leave")

    def evaluated(self, day):
        """Today is judged, and what is due has left."""
        wait_for(lambda: self.w.ctl("status")["last_evaluation"] and self.w.ctl("status")["last_evaluation"][:10] == f"2024-{day}", "today to be judged")
        wait_for(lambda: not self.w.ctl("outbox", "ls"), "what is due to leave")

    def mails(self):
        """(recipient, mail) of the digests that the relay took, one a delivery id."""
        out = {}
        for _, to, raw, _ in self.smtp.mails:
            m = email.message_from_bytes(raw, policy=email.policy.default)
            if "digest" in m["Subject"]:
                assert m["Message-ID"] not in out, "twice"
                out[m["Message-ID"]] = (to[0].decode(), m)
        return list(out.values())

    def text(self, n=0):
        return self.mails()[n][1].get_body(("plain",)).get_content()


def test_a_lead_gets_the_whole_plan_and_every_feed_once_a_week_and_others_none(build):
    with Lived(build) as d:
        d.start()
        d.put(FINE)
        d.clock.set(at("06-10T07:00"))
        d.evaluated("06-10")
        assert not d.mails(), "not before eight, and none of the week in which it began"
        d.clock.set(at("06-10T08:00"))
        (to, mail), = wait_for(d.mails, "the digest")
        assert LEAD in to and mail["X-Waitlistd-Delivery"] == ids_hash(d.w.instance, "digest", LEAD, WEEKS["2024-06-10"]), mail
        assert mail["Subject"] == "Weekly digest: all clear, 1 on plan", mail["Subject"]
        text, html = d.text(), mail.get_body(("html",)).get_content()
        assert "All clear: 1 of 1 measure is on plan, by complete figures; 1 of 1 feed is in time" in text, text
        assert "Children helped within 4 weeks | 70% | 20% | on plan | 30 April 2024 | Lead Person | no" in text, text
        assert "cyp4ww | 30 April 2024 | 41 days |" in text and "| in time" in text, text
        assert "Children helped within 4 weeks" in html and "30 April 2024" in html, html
        d.clock.set(at("06-11T09:00"))
        d.evaluated("06-11")
        d.clock.set(at("06-16T23:00"))
        d.evaluated("06-16")
        d.clock.set(at("06-17T07:00"))
        d.evaluated("06-17")
        assert len(d.mails()) == 1, "one a week"
        d.clock.set(at("06-17T08:00"))
        wait_for(lambda: len(d.mails()) == 2, "that of the next week")


def test_evidence_says_that_a_digest_was_told(build):
    with Lived(build) as d:
        d.start()
        d.put(RED)
        d.clock.set(at("06-10T08:00"))
        wait_for(d.mails, "the digest")
        d.evaluated("06-10")
        said = d.w.ctl_raw("evidence", "--measure", "cyp-4w", "--from", "2024-06-01", "--to", "2024-06-10", output="json")
        id = ids_hash(d.w.instance, "digest", LEAD, WEEKS["2024-06-10"])
        told = [(e["text"], e["recipient"]) for e in json.loads(said.stdout)["events"] if e["delivery_id"] == id]
        assert told == [("A weekly digest became due", LEAD), ("Delivered", LEAD)], (told, said.stdout, said.stderr)


def test_what_is_behind_and_silenced_is_in_the_first_sentence(build):
    with Lived(build) as d:
        d.start()
        d.put(RED)
        d.w.ctl("silence", "add", "measure=cyp-4w", "--until", "2024-06-20", "--why", "The clinic moves")
        d.clock.set(at("06-10T08:00"))
        wait_for(d.mails, "the digest")
        assert d.mails()[0][1]["Subject"] == "Weekly digest: 1 of 1 behind plan"
        text = d.text()
        assert "0 of 1 measure is on plan, 1 behind plan; 0 of 1 feed is late; 1 alert is open, of which a silence hides 1." in text, text
        assert "| 6% | 20% | behind plan, red |" in text and "clear" not in text.lower(), text


def test_a_late_feed_is_never_all_clear(build):
    with Lived(build, grace="10d") as d:
        d.start()
        d.put(FINE)
        d.clock.set(at("06-17T08:00"))
        wait_for(lambda: d.smtp.mails, "the mail of the late feed")
        d.evaluated("06-17")
        d.clock.set(at("06-18T08:00"))
        wait_for(d.mails, "the digest")
        text = d.text()
        assert "0 of 1 measure is on plan, 1 held; 1 of 1 feed is late" in text and "LATE" in text, text
        assert "| held | 30 April 2024 | Lead Person | feed late" in text and "clear" not in text.lower(), text


def test_it_is_the_mail_of_its_day_and_waits_within_its_week_for_one_without_another(build):
    with Lived(build) as d:
        def mailed():
            """(day, what it begins with) of each mail."""
            got = [email.message_from_bytes(raw, policy=email.policy.default) for _, _, raw, _ in d.smtp.mails]
            return [(m["Date"].datetime.date().isoformat()[5:], m["Subject"].partition(":")[0]) for m in got]
        d.start()
        d.clock.set(at("06-09T12:00"))  # a Sunday
        d.put(AMBER)
        d.clock.set(at("06-10T07:00"))
        d.evaluated("06-10")
        d.clock.set(at("06-10T08:00"))
        wait_for(mailed, "the news of the weekend")
        d.evaluated("06-10")
        d.clock.set(at("06-11T08:00"))
        wait_for(lambda: len(mailed()) == 2, "the digest")
        d.put(FINE)
        d.clock.set(at("06-12T08:00"))
        expected = [("06-10", "Behind plan"), ("06-11", "Weekly digest"), ("06-12", "Corrected")]
        assert wait_for(lambda: len(mailed()) == 3 and mailed(), "what was corrected on the day of the digest") == expected, mailed()
        d.clock.set(at("06-20T20:00"))
        d.put(AMBER)
        d.clock.set(at("06-21T08:00"))  # a Friday
        wait_for(lambda: len(mailed()) == 4, "the news of that week")
        d.evaluated("06-21")
        d.clock.set(at("06-24T08:00"))
        wait_for(lambda: len(mailed()) == 5, "the digest of the next week")
        assert mailed()[3:] == [("06-21", "Behind plan"), ("06-24", "Weekly digest")], mailed()


def test_after_a_bank_holiday_it_comes_on_the_first_working_day(build):
    with Lived(build, start="08-22T10:00") as d:
        d.start()
        d.put(FINE)
        d.clock.set(at("08-26T12:00"))  # summer bank holiday
        d.evaluated("08-26")
        assert not d.mails()
        d.clock.set(at("08-27T08:00"))
        (_, mail), = wait_for(d.mails, "the first working moment")
        assert mail["X-Waitlistd-Delivery"] == ids_hash(d.w.instance, "digest", LEAD, WEEKS["2024-08-26"])


def test_a_kill_between_due_and_sent_an_emptied_redis_and_a_reload_leave_it_told_once(build):
    with Lived(build) as d:
        d.start()
        d.put(FINE)
        port = d.smtp.port
        d.smtp.close()
        d.clock.set(at("06-10T08:00"))
        id = wait_for(lambda: d.w.ctl("outbox", "ls"), "it to be due")[0]["id"]
        d.w.kill()
        shutil.rmtree(d.w.path("state", "redis"))
        d.smtp = SmtpServer(port=port)
        d.start()
        wait_for(lambda: d.mails() or (d.w.ctl("outbox", "ls") and d.w.ctl_raw("outbox", "retry", id) and None), "the digest")
        d.settled()
        d.w.signal(signal.SIGHUP)
        d.w.kill()
        shutil.rmtree(d.w.path("state", "redis"))
        d.clock.set(at("06-12T09:00"))
        d.start()
        d.evaluated("06-12")
        (_, mail), = d.mails()
        assert mail["X-Waitlistd-Delivery"] == id == ids_hash(d.w.instance, "digest", LEAD, WEEKS["2024-06-10"])


def test_it_can_be_another_day_or_none(build):
    with Lived(build) as d:
        text = open(d.w.path("waitlistd.yaml"), encoding="utf-8").read()
        for value, words in (('{on: someday}', "on"), ('{at: "8:00"}', "at is a time of day"), ("never", "off, or a day and a time")):
            d.w.write("waitlistd.yaml", text + f"digest: {value}\n")
            result = d.w.run("--check")
            assert result.returncode == 78 and words in result.stderr, (value, result.stderr)
        d.w.write("waitlistd.yaml", text + "digest: off\n")
        d.start()
        d.put(FINE)
        d.clock.set(at("06-12T09:00"))
        d.evaluated("06-12")
        assert not d.mails()
        d.w.write("waitlistd.yaml", text + 'digest: {on: wednesday, at: "09:30"}\n')
        d.w.signal(signal.SIGHUP)
        d.clock.set(at("06-12T09:30"))
        wait_for(d.mails, "the digest of the new day")
        d.settled()
        d.w.write("people.yaml", PEOPLE.replace("person: p1", "person: p2"))
        d.w.signal(signal.SIGHUP)
        wait_for(lambda: [to for _, to, _, _ in d.smtp.mails if OTHER in to[0].decode()], "how the plan stands")
        d.settled()
        d.clock.set(at("06-13T09:30"))
        wait_for(lambda: [to for to, _ in d.mails() if OTHER in to], "that of whoever has the role since")


def test_a_rehearsal_reaches_its_author_alone_also_after_its_end(build):
    with Lived(build, mode="mode: rehearsal, author: writer") as d:
        text = open(d.w.path("plan.yaml"), encoding="utf-8").read()
        d.w.write("plan.yaml", text.replace("roles: {", "roles: {writer: {receivers: [mail]}, "))
        d.w.write("people.yaml", PEOPLE + "  writer: [{person: p2, from: 2024-04-01, deputy: null}]\n")
        d.start()
        d.put(FINE)
        d.clock.set(at("06-10T08:00"))
        (to, mail), = wait_for(d.mails, "the digest")
        assert OTHER in to and mail["Subject"].startswith("Rehearsal: Weekly digest") and "(REHEARSAL: nobody acts on it yet)" in d.text(), mail
        d.w.stop()
        d.w.write("plan.yaml", open(d.w.path("plan.yaml"), encoding="utf-8").read().replace("to: 2025-03-31}", "to: 2024-06-14}", 1))
        d.start()
        d.clock.set(at("06-17T12:00"))
        wait_for(lambda: [m for _, _, m, _ in d.smtp.mails if b"Plan expired" in m], "the mail of that day")
        d.evaluated("06-17")
        d.clock.set(at("06-18T12:00"))
        to, mail = wait_for(lambda: d.mails()[1:], "the next")[0]
        assert OTHER in to and mail["Subject"] == "Rehearsal: Weekly digest: 1 of 1 on plan, 1 plan expired", mail["Subject"]


def test_a_plan_that_ended_stays_with_its_red_measure_and_an_overdue_action_and_is_not_all_clear(build):
    with Lived(build) as d:
        text = open(d.w.path("plan.yaml"), encoding="utf-8").read()
        d.w.write("plan.yaml", text.replace("to: 2025-03-31}", "to: 2024-06-09}", 1).replace("due: 2025-03}", "due: 2024-05}", 1))
        d.start()
        d.put(RED)
        d.clock.set(at("06-10T08:00"))
        wait_for(d.smtp.mails.copy, "what is overdue")
        d.evaluated("06-10")
        d.clock.set(at("06-11T08:00"))
        wait_for(d.mails, "the digest")
        assert d.mails()[0][1]["Subject"] == "Weekly digest: 1 of 1 behind plan, 1 plan expired"
        text = d.text()
        assert "1 behind plan; 1 plan has expired; 0 of 1 feed is late; 2 alerts are open, 1 action overdue." in text, text
        assert "(EXPIRED: its last day was 9 June 2024; judged against its last milestones)" in text and "| behind plan, red |" in text, text
        assert "Action 1.1: Second assessment team | dudley | overdue, amber | 31 May 2024 | Lead Person" in text and "clear" not in text.lower(), text
        d.clock.set(at("06-17T08:00"))
        d.evaluated("06-17")
        d.clock.set(at("06-18T08:00"))
        assert "EXPIRED" in wait_for(lambda: d.mails()[1:], "that of the next week")[0][1].get_body(("plain",)).get_content()


def test_a_feed_given_longer_by_hand_and_one_without_a_further_date_are_not_in_time(build):
    with Lived(build, grace="10d", start="06-12T10:00") as d:
        d.start()
        d.put(FINE)
        d.w.ctl("feed", "expect", "cyp4ww", "--by", "2024-12-31", "--why", "A new system")
        d.clock.set(at("06-17T08:00"))
        wait_for(d.smtp.mails.copy, "how it stands")
        d.evaluated("06-17")
        d.clock.set(at("06-18T08:00"))
        wait_for(d.mails, "the digest")
        assert d.mails()[0][1]["Subject"] == "Weekly digest: 1 of 1 on plan, 1 feed given longer"
        assert "| LATE by its calendar (10 June 2024), given until 31 December 2024 by hand" in d.text() and "clear" not in d.text().lower(), d.text()
    with Lived(build, feed=FEED_CYP.replace("monthly", "[2024-06-07]")) as d:
        d.start()
        d.put(FINE)
        assert not d.w.alerts("self-check"), "it came on its day"
        d.clock.set(at("06-10T08:00"))
        wait_for(lambda: [m for m in d.w.mails() if "Of cyp4ww nothing more is awaited" in m.text], "ops to be told")
        wait_for(d.mails, "the digest")
        assert d.mails()[0][1]["Subject"] == "Weekly digest: 1 of 1 on plan, 1 feed without a date"
        text = d.text()
        assert "0 of 1 feed is late, 1 without a further publication date; 1 alert is open, 1 of the monitor itself." in text, text
        assert "| 41 days | not known | no further publication date is known: it is never late" in text, text
        assert "A feed has no publication date left | the monitor itself | wrong, red | 10 June 2024 | ops" in text and "clear" not in text.lower(), text


def test_one_that_is_given_up_goes_to_fallback_and_ops_and_is_no_all_clear_for_others(build):
    with Lived(build, smtp=SmtpServer(replies={"RCPT": "550 5.1.1 no such user"})) as d:
        d.start()
        d.put(FINE)
        d.clock.set(at("06-10T08:00"))
        instead, = wait_for(lambda: [m for m in d.w.mails() if "This was for Lead Person, to whom it could not be delivered" in m.text], "the digest for ops")
        assert "1 alert is open, 1 of the monitor itself" in instead.text and "Messages to receiver mail were given up | the monitor itself | given up, red" in instead.text
        wait_for(lambda: [m for m in d.w.mails() if "and the digest of this week, go to fallback and ops instead" in m.text], "ops to be told")
        d.w.kill()
        shutil.rmtree(d.w.path("state", "redis"))
        d.clock.set(at("06-11T09:00"))
        d.start()
        wait_for(lambda: (d.w.ctl("status")["last_evaluation"] or "").startswith("2024-06-11"), "the day to be judged")
        assert len([m for m in d.w.mails() if "This was for Lead Person" in m.text]) == 1, "once"


def test_one_that_is_due_after_its_readers_hours_goes_when_they_begin_next(build):
    with Lived(build) as d:
        d.w.write("waitlistd.yaml", open(d.w.path("waitlistd.yaml"), encoding="utf-8").read() + 'digest: {on: friday, at: "18:30"}\n')
        d.start()
        d.put(FINE)
        d.clock.set(at("06-14T19:00"))
        d.evaluated("06-14")
        d.clock.set(at("06-15T10:00"))
        d.evaluated("06-15")
        assert not d.mails()
        d.clock.set(at("06-17T08:00"))
        (_, mail), = wait_for(d.mails, "the next working moment")
        assert mail["X-Waitlistd-Delivery"] == ids_hash(d.w.instance, "digest", LEAD, WEEKS["2024-06-10"])
        d.w.stop()
        d.clock.set(at("06-28T10:00"))  # before the next is due, that of the week before still is
        d.start()
        wait_for(lambda: d.mails()[1:], "that of the week before")
        assert d.mails()[1][1]["X-Waitlistd-Delivery"] == ids_hash(d.w.instance, "digest", LEAD, "2024-W25")


SHARE = lists.measure(id="within", title="Seen in time", metric="open-within:18w", polarity="higher", target="{at_least: 90}")
ALL = lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 500}")


def test_figures_that_no_alert_told_are_shown_as_their_reader_may_see_them_and_kept_in_the_ledger(build):
    """98 children of 100 wait for less than 18 weeks: that share would tell of the other two."""
    with SmtpServer() as smtp, lists.instance(build, plan_text=lists.plan(SHARE, ALL).replace("[spool]", "[mail]"),
                                              receivers=RECEIVERS.format(port=smtp.port), extra=lists.LISTS + "people: people.yaml\n") as w:
        w.write("people.yaml", PEOPLE)
        clock = WallClock(w, at("05-18T10:00", 2026))
        w.put("1.csv", lists.snapshot("2026-05-17", {f"A{n}": "2026-05-05" if n < 98 else "2025-12-01" for n in range(100)}), feed="weekly")
        w.start(None, env={**clock.env(), "TZ": "Europe/London"})
        wait_for(lambda: w.measure("open")["value"] == 100, "the list to be counted")

        def released():
            entries = w.redis("HGETALL", f"wl:{{{w.instance}}}:released")
            return dict(zip(entries[::2], map(json.loads, entries[1::2])))
        assert not smtp.mails and not released()
        clock.set(at("05-25T12:00", 2026))  # the spring bank holiday
        clock.set(at("05-26T09:00", 2026))
        wait_for(lambda: smtp.mails, "the digest")
        text = email.message_from_bytes(smtp.mails[0][2], policy=email.policy.default).get_body(("plain",)).get_content()
        assert "Seen in time | * | 90% |" in text and "Waiting | 100 | 500 |" in text and "98" not in text, text
        wait_for(lambda: not w.ctl("outbox", "ls"), "it to be taken")
        shown = released()
        assert [e["value"] for cell, e in shown.items() if cell.endswith("open period=census")] == [100], shown
        w.kill()
        shutil.rmtree(w.path("state", "redis"))
        w.start(None, env={**clock.env(), "TZ": "Europe/London"})
        wait_for(lambda: released() == shown, "what was shown to be known again")


if __name__ == "__main__":
    run_tests(globals())
