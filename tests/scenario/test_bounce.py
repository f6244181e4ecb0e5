"""Mail that bounces: what is refused for good moves to the deputy, and ops hear of it by the same relay."""
import email
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from smtp_server import SmtpServer
from waitlist import Instance, plan, run_tests, three

LEAD, DEPUTY, OPS = "lead@example.nhs.uk", "deputy@example.nhs.uk", "ops@example.nhs.uk"
MAIL = ('  - {{id: mail, kind: email, hours: all, to: ops@example.nhs.uk, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk, '
        'tls: "off"{more}}}\n')
PEOPLE = f"""\
people:
  p1: {{name: First Lead, mail: {LEAD}}}
  p2: {{name: Second Lead, mail: {DEPUTY}}}
holders:
  camhs-lead: [{{person: p1, from: 2024-04-01, deputy: p2}}]
"""
ROUTES = "{ops: [mail], governance: [mail], fallback: [mail]}"


def mailing(build, smtp, more="", people=PEOPLE):
    w = Instance(build, plan_text=plan(receivers="mail"), receivers=MAIL.format(port=smtp.port, more=more), routes=ROUTES)
    w.write("people.yaml", people)
    with open(w.path("waitlistd.yaml"), "a") as f:
        f.write("people: people.yaml\n")
    w.put("1.csv", three(6, "2024-04"))
    return w


def subjects(smtp, to):
    return [email.message_from_bytes(mail, policy=email.policy.default)["Subject"]
            for _, recipients, mail, _ in smtp.mails if to.encode() in recipients[0]]


def bounce(code, *addresses):
    return lambda line: f"{code} no" if any(a.encode() in line for a in addresses) else "250 ok"


def test_what_a_holders_mailbox_refuses_for_good_goes_to_the_deputy_and_ops_are_told_by_the_same_relay(build):
    with SmtpServer({"RCPT": bounce("550 5.1.1", LEAD)}) as smtp, mailing(build, smtp) as w:
        w.once("2024-06-10")
        assert subjects(smtp, LEAD) == []
        told = subjects(smtp, DEPUTY)
        assert len(told) == 1 and "behind plan" in told[0].lower(), told
        assert sorted("not delivered" in s.lower() or "dead" in s.lower() or "given up" in s.lower() for s in subjects(smtp, OPS)) == [False, True], \
            subjects(smtp, OPS)
        w.once("2024-06-10T18:00")
        assert len(subjects(smtp, DEPUTY)) == 1 and len(subjects(smtp, OPS)) == 2, "each once"
        # Whoever was told that it began is told that it ended, the deputy as well.
        w.put("2.csv", three(45, "2024-05"))
        w.once("2024-07-10")
        assert len(subjects(smtp, DEPUTY)) == 2 and subjects(smtp, LEAD) == [], subjects(smtp, DEPUTY)


def test_the_deputy_is_told_no_more_once_the_holders_mailbox_takes_mail(build):
    with SmtpServer({"RCPT": bounce("550 5.1.1", LEAD)}) as smtp, mailing(build, smtp) as w:
        w.once("2024-06-10")
        smtp.replies["RCPT"] = "250 ok"
        w.put("2.csv", three(45, "2024-05"))
        w.once("2024-07-10")  # the holder's mailbox is asked each time: this one is taken
        before = len(subjects(smtp, DEPUTY))
        w.put("3.csv", three(5, "2024-06"))
        w.once("2024-08-10")
        w.once("2024-08-11")
        assert len(subjects(smtp, LEAD)) >= 1 and len(subjects(smtp, DEPUTY)) == before, (subjects(smtp, LEAD), subjects(smtp, DEPUTY))


def test_a_refusal_that_may_pass_moves_nothing(build):
    with SmtpServer({"RCPT": bounce("450 4.2.1", LEAD)}) as smtp, mailing(build, smtp) as w:
        w.once("2024-06-10", expect=1)
        assert subjects(smtp, DEPUTY) == [] and subjects(smtp, OPS) == []
        for hour in range(13, 21):
            w.run("--once", "--at", f"2024-06-10T{hour}:00")
        assert subjects(smtp, DEPUTY) == [] and len(subjects(smtp, OPS)) == 2, "given up after eight: ops hear of it"


def test_an_address_outside_the_domains_is_asked_of_no_relay_and_its_message_goes_to_the_deputy(build):
    people = PEOPLE.replace(LEAD, "lead@example.org")
    with SmtpServer() as smtp, mailing(build, smtp, more=", domains: [nhs.uk]", people=people) as w:
        check = w.run("--check")
        assert check.returncode == 0 and "mail may not write to p1" in check.stderr, check.stderr
        w.once("2024-06-10")
        assert not any(b"example.org" in line for _, line in smtp.dialogue if line.startswith(b"RCPT"))
        assert len(subjects(smtp, DEPUTY)) == 1 and len(subjects(smtp, OPS)) == 2, (subjects(smtp, DEPUTY), subjects(smtp, OPS))


def test_a_deputy_who_bounces_too_ends_with_ops(build):
    with SmtpServer({"RCPT": bounce("550 5.1.1", LEAD, DEPUTY, OPS)}) as smtp, mailing(build, smtp) as w:
        for hour in (12, 14, 16, 18, 20):
            w.run("--once", "--at", f"2024-06-10T{hour}:00")
        asked = [line for _, line in smtp.dialogue if line.startswith(b"RCPT")]
        assert not smtp.mails and len(asked) <= 6, asked
        for hour in (12, 14, 16, 18, 20):
            w.run("--once", "--at", f"2024-06-11T{hour}:00")
        assert len([line for _, line in smtp.dialogue if line.startswith(b"RCPT")]) == len(asked), "they tell each other for ever"


if __name__ == "__main__":
    run_tests(globals())
