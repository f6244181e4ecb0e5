"""What a receiver would get, looked at; and tests that say whether a receiver can be reached at all."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from hook import Hook, HOOK_RECEIVER, SECRET, signature
from smtp_server import SmtpServer
from waitlist import Instance, measure, mhsds, plan, run_tests, wait_for

MAIL = """\
  - {{id: mail, kind: email, hours: all, to: lead@example.nhs.uk, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk, tls: "off"}}
"""
FEED = """\
  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww, cadence: monthly, grace: 400d, keep: [TAJ, RXT]}
"""
TWO = plan("".join(measure(id=id, title=f"Helped in 4 weeks at {org}", org=org, expect="{2024-06-30: 50, 2025-03-31: 60}", tolerance=5)
                   for id, org in (("first", "TAJ"), ("second", "RXT"))), receivers="spool, hook, mail")


def instance(build, hook, smtp):
    w = Instance(build, plan_text=TWO, feeds=FEED, receivers=HOOK_RECEIVER.format(port=hook.port) + MAIL.format(port=smtp.port) + "  - {id: board, kind: spool, dir: ./board}\n",
                 routes="{ops: [spool], governance: [spool], fallback: [spool]}")
    w.write("hook.secret", SECRET + "\n")
    return w


def month(name, taj, rxt):
    return mhsds(name, {("TAJ", "MRS08b"): taj, ("RXT", "MRS08b"): rxt})


def timeless(eml):
    return re.sub(r"^Date: .*$", "", eml, flags=re.M).replace("\r\n", "\n")


def untimed(event):
    return {k: v for k, v in json.loads(event).items() if k != "time"}


def rendered(w, alert, receiver):
    rows = w.ctl("render", alert, "--receiver", receiver)
    assert [(r["receiver"], list(r)) for r in rows] == [
        (receiver, ["alert_id", "receiver", "recipient", "delivery_id", "subject", "told", "eml", "event"])], rows
    return rows[0]


def everything(w, hook, smtp):
    """What would show that something was told or recorded."""
    return (w.ctl("audit"), w.ctl("outbox", "ls"), len(w.mails()), len(hook.requests), len(smtp.mails),
            sorted(w.redis("HGETALL", f"wl:{{{w.instance}}}:told:mail")))


def test_render_shows_the_bytes_that_a_receiver_gets_and_tells_and_records_nothing(build):
    with Hook() as hook, SmtpServer() as smtp, instance(build, hook, smtp) as w:
        w.put("1.csv", month("2024-06", 30, 70))
        w.start("2024-09-10")
        wait_for(lambda: hook.requests and smtp.mails and w.mails() and not w.ctl("outbox", "ls"), "the first to be told")
        id = w.alert(measure="first")["alert_id"]
        before = everything(w, hook, smtp)
        mail, event = rendered(w, id, "mail"), rendered(w, id, "hook")
        assert mail["told"] and event["told"] and mail["recipient"] == "lead@example.nhs.uk" and mail["event"] is None, mail
        assert timeless(mail["eml"]) == timeless(smtp.mails[0][2].decode()), "as the relay was given it"
        assert untimed(event["event"]) == untimed(hook.requests[0].body) and event["eml"] is None, event
        assert event["delivery_id"] == hook.requests[0].headers["webhook-id"]
        plain = w.ctl_raw("render", id[:8], "--receiver", "mail", output="table").stdout
        assert timeless(plain) == timeless(mail["eml"]), plain
        assert everything(w, hook, smtp) == before, "only looked at"
        # What waits for tomorrow's mail is news to it today.
        w.put("2.csv", month("2024-07", 30, 47))
        wait_for(lambda: [a for a in w.alerts(measure="second") if a["state"] == "FIRING"], "the second to be behind plan")
        wait_for(lambda: len(hook.requests) == 2 and not w.ctl("outbox", "ls"), "the webhook, which waits for no day, to be told")
        second = rendered(w, "second", "mail")
        assert not second["told"] and "RXT" in second["subject"] and "47%" in second["subject"], second["subject"]
        assert len(smtp.mails) == 1 and rendered(w, "second", "hook")["told"]
        for words, alert, receiver in (("no receiver has this id", id, "nobody"), ("no alert, or more than one", "0" * 8, "mail"),
                                       ("receiver board is not told of it: spool, hook, mail", id, "board")):
            result = w.ctl_raw("render", alert, "--receiver", receiver)
            assert result.returncode == 1 and words in result.stderr, result.stderr
        assert w.ctl_raw("render", id).returncode == 2, "it wants --receiver"


def tested(w, receiver, code=0):
    result = w.ctl_raw("notify", "test", receiver)
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    return json.loads(result.stdout) if code == 0 else result.stderr


def acts(w):
    return [r for r in w.ctl("audit") if r.get("act") == "notify-test"]


def test_a_test_goes_the_way_of_alerts_and_says_which_server_took_it(build):
    with Hook() as hook, SmtpServer() as smtp, instance(build, hook, smtp) as w:
        w.start("2024-09-10")
        said = tested(w, "mail")
        assert (said["recipient"], said["accepted_by"]) == ("lead@example.nhs.uk", f"smtp://127.0.0.1:{smtp.port}"), said
        content = smtp.mails[0][2].decode()
        assert "Subject: Test: " in content and "nothing is wrong" in content and said["delivery_id"] in content, content
        said = tested(w, "hook")
        event = json.loads(hook.requests[0].body)
        assert said["accepted_by"] == f"http://127.0.0.1:{hook.port}" and said["code"] == 200, "no path: it may be a key"
        assert signature(SECRET, hook.requests[0]) in hook.requests[0].headers["webhook-signature"].split(" ")
        assert event["data"]["kind"] == "test" and event["data"]["severity"] is None and event["subject"] == "test", event
        assert event["id"] == said["delivery_id"] and event["type"] == "uk.waitlistd.notice.v1", event
        tested(w, "spool")
        assert [m.subject for m in w.mails()] == ["Test: messages of the monitor reach you"], w.mails()
        line = w.ctl_raw("notify", "test", "mail", output="table").stdout
        assert re.fullmatch(rf"test [0-9a-f]{{8}} to lead@example.nhs.uk: accepted by smtp://127.0.0.1:{smtp.port} \(.*\)\n", line), line
        assert [r["receiver"] for r in acts(w)] == ["mail", "hook", "spool", "mail"] and all(r["who"] for r in acts(w)), acts(w)
        assert len({r["delivery_id"] for r in acts(w)}) == 4, "no two are alike"
        assert w.ctl("outbox", "ls") == [] and w.alerts() == []


def test_a_test_that_is_not_taken_says_why_and_is_in_the_audit_all_the_same(build):
    with Hook(answers=(503, 410)) as hook, SmtpServer(replies={"RCPT": "550 no such person"}) as smtp, instance(build, hook, smtp) as w:
        w.start("2024-09-10")
        said = tested(w, "mail", 1)
        assert f"not accepted by smtp://127.0.0.1:{smtp.port} for lead@example.nhs.uk" in said and "550" in said, said
        assert "503" in tested(w, "hook", 1) and "410" in tested(w, "hook", 1)
        assert "no receiver has this id" in tested(w, "nobody", 1)
        os.rename(w.path("hook.secret"), w.path("elsewhere"))
        assert "secret file" in tested(w, "hook", 1)
        smtp.close()
        assert f"not accepted by smtp://127.0.0.1:{smtp.port}" in tested(w, "mail", 1)
        assert [r["receiver"] for r in acts(w)] == ["mail", "hook", "hook", "hook", "mail"], acts(w)
        assert w.ctl("outbox", "ls") == [] and w.alerts() == [], "a test given up is no dead letter"
        os.rename(w.path("elsewhere"), w.path("hook.secret"))
        w.stop()
        w.start("2024-09-10")
        w.ctl("measures")
        assert len(hook.requests) == 2 and len(acts(w)) == 5, "an act of the audit is not done again"


if __name__ == "__main__":
    run_tests(globals())
