"""The direct notice: when Redis is unusable, ops and fallback hear of it without Redis, once an outage, and its end."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import socket

from http_server import Answer, HttpServer
from hook import HOOK_RECEIVER, SECRET
from waitlist import Instance, plan, run_tests, wait_for, RECEIVER_SPOOL

HOLDERS = RECEIVER_SPOOL + "  - {id: ops, kind: spool, dir: ./ops}\n  - {id: last, kind: spool, dir: ./last}\n"
ROUTES = "{ops: [ops], governance: [spool], fallback: [last]}"
SETTINGS = """\
instance: black-country
state: ./state
redis: {{mode: server, host: 127.0.0.1, port: {port}, notice_after: 1s}}
plans: [plan.yaml]
routes: {routes}
feeds:
  - {{id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww,
     cadence: monthly, grace: 45d, providers: [TAJ], keep: [QUA, TAJ, England]}}
receivers:
{receivers}"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def alone(build, port, receivers=HOLDERS, routes=ROUTES):
    return Instance(build, settings=SETTINGS.format(port=port, routes=routes, receivers=receivers))


def kinds(w, folder):
    """What the notices of a folder say, in order of name of their files' time."""
    return [m.subject for m in w.mails(folder) if "Redis" in m.subject]


UNUSABLE, USABLE = "Monitoring stands still: Redis is unusable", "Monitoring goes on: Redis is usable again"


def test_an_unusable_redis_is_told_to_ops_and_fallback_without_redis_once(build):
    with alone(build, free_port()) as w:
        w.start("2024-06-10")
        wait_for(lambda: kinds(w, "ops") and kinds(w, "last"), "the direct notice")
        mail, = w.mails("ops")
        assert mail.subject == UNUSABLE and "10 June 2024" in mail.text, mail.text
        assert w.mails("spool") == [], "no owner is told of it"
        event = w.events("ops")[mail.delivery_id]
        assert event["type"] == "uk.waitlistd.notice.v1" and event["data"]["kind"] == "redis-unusable", event
        w.kill()
        w.start("2024-06-10T12:30")  # the same outage
        wait_for(lambda: "unusable" in w.log() and w.ctl("status"), "the daemon to be up")
        w.stop()
        w.start("2024-06-11T11:00")
        w.ctl("status")
        assert len(kinds(w, "ops")) == 1, "told again after a restart"


def test_an_outage_that_lasts_is_told_again_a_day_later(build):
    with alone(build, free_port()) as w:
        w.start("2024-06-10")
        wait_for(lambda: kinds(w, "ops"), "the direct notice")
        w.stop()
        w.start("2024-06-11T12:30")
        wait_for(lambda: kinds(w, "ops") == [UNUSABLE, UNUSABLE], "the reminder")
        ids = [m.delivery_id for m in w.mails("ops")]
        assert len(set(ids)) == 2, ids
        assert all("10 June 2024" in m.text for m in w.mails("ops")), "another outage, by the restart"


def test_whoever_was_told_of_the_outage_is_told_that_it_is_over(build):
    with Instance(build, receivers=HOLDERS, routes=ROUTES,
                  plan_text=plan()) as w:
        text = open(w.path("waitlistd.yaml"), encoding="utf-8").read()
        w.write("waitlistd.yaml", text.replace("{mode: embedded}", "{mode: embedded, notice_after: 2s}"))
        w.start("2024-06-10")
        w.measure()
        assert kinds(w, "ops") == []
        w.redis("CONFIG", "SET", "requirepass", "other")
        w.redis("-a", "other", "--no-auth-warning", "CLIENT", "KILL", "TYPE", "normal")
        wait_for(lambda: kinds(w, "ops") == [UNUSABLE] and kinds(w, "last") == [UNUSABLE], "the direct notice", 40)
        assert "NOAUTH" in w.mails("ops")[0].text, w.mails("ops")[0].text
        w.redis("-a", "other", "--no-auth-warning", "CONFIG", "SET", "requirepass", "")
        wait_for(lambda: kinds(w, "ops") == [UNUSABLE, USABLE] and kinds(w, "last") == [UNUSABLE, USABLE],
                 "the message that it is over", 60)
        w.stop()
        w.start("2024-06-10T18:00")
        w.measure()
        assert len(kinds(w, "ops")) == 2


def test_a_direct_notice_that_is_refused_is_tried_again_under_its_id(build):
    receivers = HOOK_RECEIVER + "".join("  " + line.strip() + "\n" for line in HOLDERS.splitlines()[1:])
    with HttpServer([Answer(503, {"Retry-After": "1"}), Answer(200)]) as http:
        with alone(build, free_port(), receivers=receivers.replace("{{", "{").replace("}}", "}").replace(
                "{port}", str(http.port)), routes="{ops: [hook], governance: [spool], fallback: [hook]}") as w:
            w.write("hook.secret", SECRET + "\n")
            w.start("2024-06-10")
            wait_for(lambda: len(http.requests) == 2, "the second try")
            assert len({r.headers["webhook-id"] for r in http.requests}) == 1


if __name__ == "__main__":
    run_tests(globals())
