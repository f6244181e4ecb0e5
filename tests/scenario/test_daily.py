"""The test of each day: once, by the way of the alerts, and a finding where it is not taken."""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from hook import Hook, HOOK_RECEIVER, SECRET
from smtp_server import SmtpServer
from waitlist import Instance, ids_hash, plan, run_tests, wait_for

MAIL = '  - {{id: mail, kind: email, hours: all, to: lead@example.nhs.uk, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk, tls: "off"}}\n'
FEED = "  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww, cadence: monthly, grace: 400d, keep: [TAJ]}\n"


def instance(build, hook, mail="", receivers="[hook]", at=""):
    w = Instance(build, plan_text=plan(receivers="spool"), feeds=FEED, receivers=HOOK_RECEIVER.format(port=hook.port) + mail,
                 extra=f"daily_test: {{receivers: {receivers}{at}}}\n")
    w.write("hook.secret", SECRET + "\n")
    return w


def evaluated(w):
    wait_for(lambda: w.ctl("status")["last_evaluation"], "an evaluation")
    wait_for(lambda: not w.ctl("outbox", "ls"), "nothing to be due")


def test_each_receiver_gets_one_test_a_day_from_its_time_on_whatever_restarts(build):
    with Hook() as hook, SmtpServer() as smtp, instance(build, hook, MAIL.format(port=smtp.port), "[hook, mail]") as w:
        w.start("2024-09-10T07:00")
        evaluated(w)
        w.stop()
        assert not hook.requests and not smtp.mails, "not before half past seven"
        for at in ("2024-09-10T07:30", "2024-09-10T12:00", "2024-09-11T23:00"):
            w.start(at)
            wait_for(lambda: hook.requests and smtp.mails, "the test of the day")
            evaluated(w)
            w.stop()
        days = ("2024-09-10", "2024-09-11")
        assert [r.headers["webhook-id"] for r in hook.requests] == [ids_hash(w.instance, "test", d, "hook", "hook") for d in days]
        event = json.loads(hook.requests[0].body)
        assert event["type"] == "uk.waitlistd.notice.v1" and event["data"]["kind"] == "daily-test" and event["data"]["severity"] is None, event
        assert len(smtp.mails) == 2, [m[1] for m in smtp.mails]
        text = smtp.mails[0][2].decode().replace("=\r\n", "").replace("\r\n", " ")
        assert "Subject: Daily test: messages of the monitor reach you" in text and "One comes each day from 07:30 on." in text, text
        assert not w.mails(), "nobody else is told of it"
        w.once("2024-09-12")
        assert len(hook.requests) == 2, "not of a single run"


def test_a_receiver_that_is_added_gets_its_test_of_the_day_and_the_others_no_second(build):
    with Hook() as hook, SmtpServer() as smtp, instance(build, hook, MAIL.format(port=smtp.port)) as w:
        w.start("2024-09-10T12:00")
        wait_for(lambda: hook.requests, "the test of the day")
        text = open(w.path("waitlistd.yaml"), encoding="utf-8").read()
        w.write("waitlistd.yaml", text.replace("receivers: [hook]}", "receivers: [hook, mail]}"))
        w.signal(signal.SIGHUP)
        wait_for(lambda: smtp.mails, "the test of the receiver that was added")
        wait_for(lambda: not w.ctl("outbox", "ls"), "nothing to be due")
        assert len(hook.requests) == 1, [r.headers["webhook-id"] for r in hook.requests]


def test_a_test_that_is_not_taken_for_half_an_hour_is_told_to_ops_until_it_is(build):
    with Hook((503,)) as hook, instance(build, hook, at=', at: "08:00"') as w:
        w.start("2024-09-10T08:00")
        wait_for(lambda: [o for o in w.ctl("outbox", "ls") if o["receiver"] == "hook" and hook.requests], "the test to be refused")
        # Some of its seconds, each of which looks at this.
        wait_for(lambda: w.ctl("status")["now"] >= "2024-09-10T08:00:03", "the clock to go on")
        assert not w.alerts("self-check"), "half an hour is not over"
        w.stop()
        w.start("2024-09-10T08:45")
        wait_for(lambda: [a for a in w.alerts("self-check") if a["state"] == "FIRING"], "the daemon to say so of itself")
        mail = wait_for(lambda: [m for m in w.mails() if "test of the day" in m.text], "ops to be told")[0]
        assert "hook since 2024-09-10T08:00" in mail.text, mail.text
        result = w.ctl_raw("doctor")
        line = [c for c in json.loads(result.stdout)["checks"] if c["check"] == "daily-test"]
        assert result.returncode == 1 and line[0]["mend"] == "waitlistctl outbox ls" and "hook since" in line[0]["what"], result.stdout
        hook.answers[:] = [200]
        w.ctl("outbox", "retry", hook.requests[0].headers["webhook-id"])
        wait_for(lambda: not [a for a in w.alerts("self-check") if a["state"] == "FIRING"], "it to be over")
        assert {r.headers["webhook-id"] for r in hook.requests} == {ids_hash(w.instance, "test", "2024-09-10", "hook", "hook")}


def test_what_no_day_has_or_no_receiver_is_called_is_refused(build):
    with Instance(build, plan_text=plan(receivers="spool")) as w:
        text = open(w.path("waitlistd.yaml"), encoding="utf-8").read()
        for value, words in (('{receivers: [spool], at: "24:00"}', "at is a time of day"), ('{receivers: [spool], at: "7:30"}', "at is a time of day"),
                             ('{receivers: [spool], at: "12:60"}', "at is a time of day"), ("{receivers: [spol]}", 'receiver "spol" is no receiver'),
                             ('{at: "07:30"}', "names no receivers")):
            w.write("waitlistd.yaml", text + f"daily_test: {value}\n")
            result = w.run("--check")
            assert result.returncode == 78 and words in result.stderr, (value, result.stderr)
        w.write("waitlistd.yaml", text + 'daily_test: {receivers: [spool], at: "23:59"}\n')
        assert w.run("--check").returncode == 0


if __name__ == "__main__":
    run_tests(globals())
