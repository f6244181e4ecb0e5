"""Delivery: webhook with a verified signature, mail over SMTP, ids recomputed from their parts."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import json
import socket
import time

from waitlist import Instance, Mail, ids_hash, measure, plan, run_tests, skip, three, wait_for, RECEIVER_SPOOL
from hook import Hook, HOOK_RECEIVER, KeepingHook, SECRET, signature

try:
    from aiosmtpd.controller import Controller
except ImportError:
    Controller = None


def test_a_webhook_is_signed_by_standard_webhooks_and_carries_a_cloudevent(build):
    with Hook() as hook, Instance(build, plan_text=plan(receivers="hook"),
                                  receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
        w.write("hook.secret", SECRET + "\n")
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        assert len(hook.requests) == 1, len(hook.requests)
        r = hook.requests[0]
        assert signature(SECRET, r) in r.headers["webhook-signature"].split(" "), r.headers
        assert abs(int(r.headers["webhook-timestamp"]) - time.time()) < 86400 * 3650, r.headers["webhook-timestamp"]
        assert r.headers["content-type"].startswith("application/cloudevents+json"), r.headers["content-type"]
        event = json.loads(r.body)
        assert event["specversion"] == "1.0" and event["id"] == r.headers["webhook-id"], event
        for key in ("source", "type", "time", "datacontenttype", "data"):
            assert event.get(key), f"{key} is missing"
        assert len(event["data"]["items"]) == 1, event["data"]
        assert SECRET[len("whsec_"):] not in r.body.decode() and SECRET not in w.log()


def messages_inside(build, count, ahead=True, **hook):
    """Whether each of so many messages was delivered (0) to one receiver, and of which connection each came. ahead: another
    connection is waited for before each but the first."""
    with KeepingHook(**hook) as hook, Instance(build, plan_text=plan(receivers="hook"),
                                               receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
        w.write("hook.secret", SECRET + "\n")
        w.start("2024-06-10T12:00")
        answers = []
        for n in range(count):
            if n and ahead:
                wait_for(lambda: hook.connections == hook.taken[-1] + 1, "a connection that is opened ahead")
            wait_for(lambda: set(hook.greets) & set(range(hook.connections + 1)) <= set(hook.closed), "an end of what spoke")
            answers.append(w.ctl_raw("notify", "test", "hook").returncode)
        return answers, hook.taken


def test_each_message_to_a_receiver_inside_has_a_connection_of_its_own_which_was_opened_ahead(build):
    assert messages_inside(build, 3) == ([0, 0, 0], [1, 2, 3])


def test_a_second_answer_to_one_message_is_never_taken_for_that_to_the_next(build):
    good, refusal = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    # Together with the first, unasked, and at the moment at which the next message comes where the first came.
    assert messages_inside(build, 2, says={1: good * 2, 2: refusal}) == ([0, 1], [1, 2])
    assert messages_inside(build, 2, greets={2: good}, says={3: refusal}) == ([0, 1], [1, 3])
    assert messages_inside(build, 2, says={2: refusal}) == ([0, 1], [1, 2])


def test_a_connection_opened_ahead_that_ends_without_a_word_costs_the_message_nothing(build):
    assert messages_inside(build, 2, says={2: None}) == ([0, 0], [1, 2, 3])
    assert messages_inside(build, 2, ends=[2]) == ([0, 0], [1, 3])


def test_no_connection_is_opened_ahead_to_a_server_that_keeps_none(build):
    # The second is one of its own: that it ended without a word is the message's matter.
    for head in (b"HTTP/1.1 200 OK\r\nConnection: Close", b"HTTP/1.0 200 OK"):
        assert messages_inside(build, 2, ahead=False, head=head, says={2: None}) == ([0, 1], [1, 2]), head


def test_a_webhook_that_was_away_gets_the_same_id_and_bytes_later(build):
    with Hook(answers=(503, 200)) as hook, Instance(build, plan_text=plan(receivers="hook"),
                                                    receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
        w.write("hook.secret", SECRET + "\n")
        w.put("a.csv", three(6))
        w.once("2024-06-10", expect=1)
        w.once("2024-06-10T14:00")
        assert len(hook.requests) == 2, len(hook.requests)
        first, second = hook.requests
        assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
        assert signature(SECRET, second) in second.headers["webhook-signature"].split(" ")
        w.once("2024-06-10T15:00")
        assert len(hook.requests) == 2, "told once, then silent"


class Inbox:
    def __init__(self):
        self.mails, self.server = [], None

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return "250 taken"

    def __enter__(self):
        if Controller is None:
            skip("python3-aiosmtpd is not installed")
        with socket.socket() as s:  # aiosmtpd wants to be told a free port
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop()


MAIL_RECEIVER = RECEIVER_SPOOL.replace("{", "{{").replace("}", "}}") + """\
  - {{id: mail, kind: email, hours: all, to: lead@example.nhs.uk, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk, tls: "off"}}
"""
PEOPLE = """\
people:
  p1: {name: Name Surname, mail: name.surname@example.nhs.uk}
  p2: {name: Other Person, mail: other.person@example.nhs.uk}
holders:
  camhs-lead: [{person: p1, from: 2024-04-01, to: 2024-06-30, deputy: null}, {person: p2, from: 2024-07-01, deputy: null}]
"""


def mail_of(w, content):
    return Mail(w.write("mail.eml", content))


def test_a_mail_goes_to_the_fixed_address_when_nobody_holds_the_role(build):
    with Inbox() as smtp, Instance(build, plan_text=plan(receivers="mail"),
                                   receivers=MAIL_RECEIVER.format(port=smtp.port)) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        assert [to for to, _ in smtp.mails] == [["lead@example.nhs.uk"]], smtp.mails
        mail = mail_of(w, smtp.mails[0][1])
        assert "6%" in mail.text and "6%" in mail.html and mail.message.get_content_type() == "multipart/alternative"
        assert mail.message["From"] and "monitor@example.nhs.uk" in str(mail.message["From"])
        assert "lead@example.nhs.uk" in str(mail.message["To"]) and mail.message["Date"]
        words = mail.text.split("\n\n\n")[0].split()
        assert len(words) <= 350, f"{len(words)} words"


def test_a_mail_goes_to_whoever_holds_the_role_on_that_day(build):
    with Inbox() as smtp, Instance(build, plan_text=plan(receivers="mail"), extra="people: people.yaml\n",
                                   receivers=MAIL_RECEIVER.format(port=smtp.port)) as w:
        w.write("people.yaml", PEOPLE)
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.once("2024-07-02")  # the role has passed on: the new holder hears what is open
        to = [r for rcpt, _ in smtp.mails for r in rcpt]
        assert to == ["name.surname@example.nhs.uk", "other.person@example.nhs.uk"], to
        w.put("b.csv", three(45, "2024-05"))
        w.once("2024-07-10")  # whoever was told that it began is told that it ended
        w.once("2024-07-11")
        to = [r for rcpt, _ in smtp.mails for r in rcpt]
        assert sorted(to[2:]) == ["name.surname@example.nhs.uk", "other.person@example.nhs.uk"], to


def test_a_mail_relay_that_is_away_spends_nothing_and_the_mail_comes_later_under_its_id(build):
    with Inbox() as smtp:
        port = smtp.port
    with Instance(build, plan_text=plan(receivers="mail"), receivers=MAIL_RECEIVER.format(port=port)) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10", expect=1)
        again = Inbox()
        again.server = Controller(again, hostname="127.0.0.1", port=port)
        again.server.start()
        try:
            w.once("2024-06-10T14:00")
        finally:
            again.server.stop()
        assert len(again.mails) == 1, len(again.mails)


def test_every_id_can_be_recomputed_from_its_parts(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        a = w.look("2024-06-10", lambda w: w.alert())
        assert a["alert_id"] == ids_hash("black-country", "behind-plan", "dudley", "cyp-4w"), a
        assert a["episode_id"] == ids_hash(a["alert_id"], "2024-04-30"), a
        (delivery, event), = w.events().items()
        items = event["data"]["items"]
        assert [i["alert_id"] for i in items] == [a["alert_id"]]
        assert items[0]["notice_id"] == ids_hash(a["episode_id"], "1"), items
        assert event["id"] == delivery
        recipients = (w.path("spool"), "spool", "./spool", "")
        assert delivery in {ids_hash(items[0]["notice_id"], "spool", r) for r in recipients}, delivery


def test_ids_do_not_depend_on_value_severity_or_plan_version(build):
    seen = set()
    for value, version in ((17, 1), (3, 1), (17, 2)):
        with Instance(build, plan_text=plan(version=version)) as w:
            w.put("a.csv", three(value))
            w.once("2024-06-10")
            a = w.look("2024-06-10", lambda w: w.alert())
            seen.add((a["alert_id"], a["episode_id"]))
    assert len(seen) == 1, seen


def test_a_measure_renamed_with_was_keeps_its_alert(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        before = w.look("2024-06-10", lambda w: w.alert())
        w.write("plan.yaml", plan(measure(id="helped-4w") + "    was: [cyp-4w]\n", version=2))
        w.once("2024-06-11")
        after = w.look("2024-06-11", lambda w: w.alert())
        assert (after["alert_id"], after["episode_id"]) == (before["alert_id"], before["episode_id"])
        assert len(w.mails()) == 1, "a new name is not news"


def test_a_hostile_title_breaks_neither_headers_nor_html(build):
    title = '"A <b>bold</b> & ☃ measure"'
    with Instance(build, plan_text=plan(measure(title=title))) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        mail, = w.mails()
        assert "<b>bold</b>" not in mail.html and "&lt;b&gt;" in mail.html
        assert "☃" in mail.text and not mail.message.defects, mail.message.defects
        assert all(len(line) <= 998 for line in mail.bytes.split(b"\r\n"))


def test_where_nobody_can_be_written_to_the_fallback_is(build):
    receivers = RECEIVER_SPOOL + ("  - {id: mail, kind: email, hours: all, smtp: \"smtp://127.0.0.1:9\", from: monitor@example.nhs.uk,\n"
                                  "     tls: \"off\"}\n")
    with Instance(build, plan_text=plan(receivers="mail"), receivers=receivers, extra="people: people.yaml\n",
                  routes="{ops: [mail], governance: [spool], fallback: [spool]}") as w:
        w.write("people.yaml", "people:\n  p1: {name: A B, mail: a.b@example.nhs.uk}\n"
                               "holders:\n  camhs-lead: [{person: p1, from: 2024-04-01, to: 2024-05-31}]\n")
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        assert len(w.mails()) == 1 and "6%" in w.mails()[0].text, [m.subject for m in w.mails()]


def test_a_receiver_that_is_away_is_asked_once_not_once_a_message(build):
    with Hook(answers=(503,)) as hook, Instance(
            build, plan_text=plan(receivers="hook"), receivers=HOOK_RECEIVER.format(port=hook.port),
            routes="{ops: [hook], governance: [hook], fallback: [spool]}") as w:
        w.write("hook.secret", SECRET + "\n")
        w.put("a.csv", three(6))
        w.start("2024-07-16")  # the measure is behind, and the feed is late: two messages
        w.measure()
        wait_for(lambda: w.ctl("status")["messages_due"] == 2 and hook.requests, "two messages and a try")
        w.put("b.csv", three("*"))  # something to do, after which all that is due is looked at again
        wait_for(lambda: w.inbox() == [], "the next file")
        w.measure()
        assert len(hook.requests) == 1, [r.headers["webhook-id"] for r in hook.requests]


if __name__ == "__main__":
    run_tests(globals())
