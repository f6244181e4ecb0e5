"""Receivers beside mail and webhooks: a Teams channel, and an Alertmanager (a fake one, and the distribution's own)."""
import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from http_server import Answer, HttpServer
from waitlist import FEED_CYP, Instance, measure, mhsds, plan, run_tests, skip, three, wait_for

SPOOL = "  - {id: spool, kind: spool, dir: ./spool}\n"
KEY = "sig=not-to-be-told-to-anybody"
MANAGER = '  - {{id: manager, kind: alertmanager, url: "http://127.0.0.1:{port}/am/", allow_private: true, resend: {resend}}}\n'
ROUTES = "{ops: [spool], governance: [spool], fallback: [spool]}"


FEED = "  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww, cadence: monthly, grace: 400d, keep: [TAJ, RXT]}\n"


def instance(build, receiver, name, feeds=FEED_CYP, **more):
    return Instance(build, plan_text=plan(receivers=f"spool, {name}", **more), receivers=SPOOL + receiver, routes=ROUTES, feeds=feeds)


def texts(value):
    """Every text run of a card."""
    if isinstance(value, dict):
        return ([value["text"]] if value.get("type") == "TextRun" else []) + [t for v in value.values() for t in texts(v)]
    return [t for v in value for t in texts(v)] if isinstance(value, list) else []


def kinds(value):
    """Every "type" in a card."""
    if isinstance(value, dict):
        return {v for k, v in value.items() if k == "type"} | {t for v in value.values() for t in kinds(v)}
    return {t for v in value for t in kinds(v)} if isinstance(value, list) else set()


# ---- teams

def teams(build, http):
    w = instance(build, "  - {id: channel, kind: teams, url_file: channel.url, allow_private: true}\n", "channel",
                 measures=measure(title="\"Helped [in](http://x.example) **4** weeks\""))
    w.write("channel.url", f"http://127.0.0.1:{http.port}/workflows/1?{KEY}\n")
    w.put("1.csv", three(6))
    return w


def test_a_channel_is_given_a_card_that_says_what_the_mail_says_and_shows_no_mark_up(build):
    with HttpServer() as http, teams(build, http) as w:
        w.once("2024-06-10")
        posted, = http.requests
        assert posted.path == f"/workflows/1?{KEY}" and posted.headers["content-type"].startswith("application/json")
        message = json.loads(posted.body)
        attachment, = message["attachments"]
        card = attachment["content"]
        assert message["type"] == "message" and attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert card["type"] == "AdaptiveCard" and card["version"] == "1.4"
        assert kinds(card) == {"AdaptiveCard", "RichTextBlock", "TextRun", "Container"}, "text runs alone show no mark-up"
        said, mail = texts(card), " ".join(w.mails()[0].text.split())
        for label in ("What: ", "Since: ", "Who: ", "What clears it: "):
            words = said[said.index(label) + 1]
            assert words and " ".join(words.split()) in mail, (label, words)
        assert any("Helped [in](http://x.example) **4** weeks" in t for t in said), said
        assert len(posted.body) < 28000
        w.once("2024-06-11")
        assert len(http.requests) == 1


def test_the_address_of_a_channel_is_a_credential_and_is_told_nowhere(build):
    with HttpServer([Answer(500)]) as http, teams(build, http) as w:
        w.start("2024-06-10")
        wait_for(lambda: http.requests and w.ctl("outbox", "ls"), "the card to be refused")
        test = w.ctl_raw("notify", "test", "channel")
        said = [test.stdout, test.stderr, w.log()] + [w.ctl_raw(*c).stdout for c in (
            ("outbox", "ls"), ("status",), ("audit",), ("alerts",), ("feeds",))]
        assert "channel's workflow" in test.stdout + test.stderr, (test.stdout, test.stderr)
        w.stop()
        for folder, _, files in os.walk(w.path("state")):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    said.append(f.read().decode("latin-1"))
        assert not any(KEY in s or "/workflows/" in s for s in said), [s[:2000] for s in said if KEY in s or "/workflows/" in s]


# ---- alertmanager

def utc(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Posted:
    """What the requests so far leave at an Alertmanager that never forgets: (rule, severity) -> firing or not."""

    def __init__(self, http):
        self.alerts = {}
        now = datetime.datetime.now(datetime.timezone.utc)
        for request in list(http.requests):
            assert request.path == "/am/api/v2/alerts", request.path
            for alert in json.loads(request.body):
                assert set(alert) == {"labels", "annotations", "startsAt", "endsAt"}, alert
                assert utc(alert["startsAt"]) <= utc(alert["endsAt"]), alert
                self.alerts[tuple(sorted(alert["labels"].items()))] = alert
        self.firing_ids = {dict(k)["alert_id"] for k, a in self.alerts.items() if utc(a["endsAt"]) > now}
        self.firing = {(dict(k)["alertname"], dict(k)["severity"]) for k, a in self.alerts.items() if utc(a["endsAt"]) > now}


def posts(http):
    return [json.loads(r.body) for r in list(http.requests)]


def test_what_fires_is_sent_again_as_it_was_told_also_after_a_restart(build):
    with HttpServer() as http, instance(build, MANAGER.format(port=http.port, resend="1s"), "manager") as w:
        w.put("1.csv", three(6))
        w.start("2024-06-10")
        wait_for(lambda: len(http.requests) >= 3, "what fires to be sent again")
        first = posts(http)[0]
        assert len(first) == 1 and first[0]["labels"] == {
            "alertname": "behind-plan", "instance": "black-country", "alert_id": w.alert()["alert_id"], "severity": "red", "plan": "dudley"}, first
        assert "6%" in first[0]["annotations"]["description"], first
        for again in posts(http)[1:]:
            assert [(a["labels"], a["annotations"], a["startsAt"]) for a in again] == [(a["labels"], a["annotations"], a["startsAt"]) for a in first]
        lasts = utc(first[0]["endsAt"]) - datetime.datetime.now(datetime.timezone.utc)
        assert datetime.timedelta(days=6) < lasts < datetime.timedelta(days=8), "that nothing is heard is no end"
        w.kill()
        before = len(http.requests)
        w.start("2024-06-10T13:00")
        wait_for(lambda: len(http.requests) >= before + 2, "what fires to be sent again after a restart")


def test_what_has_ended_is_not_sent_again_beside_what_fires_still(build):
    two = "".join(measure(id=id, title=id, org=org) for id, org in (("first", "TAJ"), ("second", "RXT")))
    month = lambda name, taj, rxt: mhsds(name, {("TAJ", "MRS08b"): taj, ("RXT", "MRS08b"): rxt})
    with HttpServer() as http, instance(build, MANAGER.format(port=http.port, resend="1s"), "manager", measures=two, feeds=FEED) as w:
        w.put("1.csv", month("2024-04", 6, 6))
        w.once("2024-06-10")
        w.put("2.csv", month("2024-05", 45, 6))
        w.start("2024-07-10")
        wait_for(lambda: len(Posted(http).alerts) >= 2 and len(Posted(http).firing_ids) == 1, "the end of one to be told")
        for _ in range(2):  # by the process that told it, and by the next, which knows it from the journal
            count = len(http.requests)
            wait_for(lambda: len(http.requests) >= count + 2, "what fires to be sent again")
            assert {a["labels"]["alert_id"] for p in posts(http)[count + 1:] for a in p} == {w.alert(measure="second")["alert_id"]}
            w.stop()
            w.start("2024-07-10T14:00")


class Gate(HttpServer):
    """Answers nothing while it is shut; most: requests that were unanswered at once."""

    def __init__(self):
        self.inside, self.most, self.open = 0, 0, threading.Event()
        self.open.set()
        super().__init__()

    def _record(self, r):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.open.wait(20)
        with self.lock:
            self.inside -= 1
        return super()._record(r)


def test_an_end_waits_until_what_fires_was_sent_again(build):
    with Gate() as http, instance(build, MANAGER.format(port=http.port, resend="1s"), "manager") as w:
        w.put("1.csv", three(6))
        w.once("2024-06-10")
        w.start("2024-07-10")
        http.open.clear()
        wait_for(lambda: http.inside, "what fires to be sent again")
        told = len(w.mails())
        w.put("2.csv", three(45, "2024-05"))
        wait_for(lambda: len(w.mails()) > told and w.ctl("outbox", "ls"), "the end to be due")
        w.ctl("alerts")
        http.open.set()
        wait_for(lambda: not Posted(http).firing, "the end to be told")
        assert http.most == 1, "an end was followed by what was before it"


def test_a_change_of_severity_ends_the_one_and_begins_the_other(build):
    with HttpServer() as http, instance(build, MANAGER.format(port=http.port, resend="5min"), "manager",
                                        measures=measure(expect="{2024-04-30: 50, 2024-12-31: 60}", tolerance=5)) as w:
        w.put("1.csv", three(46))
        w.once("2024-06-10")
        assert Posted(http).firing == {("behind-plan", "amber")}, Posted(http).alerts
        w.put("2.csv", three(20, "2024-05"))
        w.once("2024-07-10")
        assert Posted(http).firing == {("behind-plan", "red")}, Posted(http).alerts


def test_what_an_alertmanager_does_not_take_stays_due_and_is_not_taken_for_told(build):
    with HttpServer([Answer(503)]) as http, instance(build, MANAGER.format(port=http.port, resend="1s"), "manager") as w:
        w.put("1.csv", three(6))
        w.once("2024-06-10", expect=1)
        assert len(http.requests) == 1
        http.answers = [Answer(200)]
        w.once("2024-06-10T14:00")
        assert Posted(http).firing == {("behind-plan", "red")}


def test_a_test_message_has_the_form_that_its_receiver_takes(build):
    channel = "  - {id: channel, kind: teams, url_file: channel.url, allow_private: true}\n"
    with HttpServer() as http, HttpServer() as board, instance(build, MANAGER.format(port=http.port, resend="5min") + channel, "manager, channel") as w:
        w.write("channel.url", f"http://127.0.0.1:{board.port}/1\n")
        w.start("2024-06-10")
        w.ctl("notify", "test", "manager")
        w.ctl("notify", "test", "channel")
        alert, = json.loads(http.requests[0].body)
        assert alert["labels"] == {"alertname": "test", "instance": "black-country"}, alert
        lasts = utc(alert["endsAt"]) - datetime.datetime.now(datetime.timezone.utc)
        assert lasts < datetime.timedelta(minutes=6), "it ends by itself"
        said = texts(json.loads(board.requests[0].body))
        assert any("nothing is wrong" in t for t in said), said


class Alertmanager:
    """The distribution's own, on loopback."""

    def __init__(self, w):
        self.program = shutil.which("prometheus-alertmanager")
        if not self.program:
            skip("prometheus-alertmanager is not installed")
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        self.storage, self.process = w.path("alertmanager"), None
        self.config = w.write("alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")

    def start(self):
        self.process = subprocess.Popen([self.program, f"--config.file={self.config}", f"--storage.path={self.storage}", "--cluster.listen-address=",
                                         "--web.route-prefix=/am", f"--web.listen-address=127.0.0.1:{self.port}"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.active() is not None, "the Alertmanager to answer", 60)

    def active(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/am/api/v2/alerts?active=true") as r:
                return {(a["labels"]["alertname"], a["labels"]["severity"]) for a in json.load(r)}
        except (urllib.error.URLError, ConnectionError):
            return None

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()


def test_the_distributions_alertmanager_shows_what_fires_again_after_its_own_restart_and_ends_it(build):
    with Instance(build, plan_text=plan(receivers="spool, manager"), routes=ROUTES) as w:
        manager = Alertmanager(w)
        with open(w.path("waitlistd.yaml")) as f:
            settings = f.read()
        w.write("waitlistd.yaml", settings.replace(SPOOL, SPOOL + MANAGER.format(port=manager.port, resend="1s")))
        w.put("1.csv", three(6))
        try:
            manager.start()
            w.start("2024-06-10")
            wait_for(lambda: manager.active() == {("behind-plan", "red")}, "the alert to be active")
            manager.stop()
            manager.start()  # it keeps no alerts
            wait_for(lambda: manager.active() == {("behind-plan", "red")}, "the alert to be active again", 120)
            w.stop()
            w.put("2.csv", three(45, "2024-05"))
            w.start("2024-07-10")
            wait_for(lambda: manager.active() == set(), "the alert to end")
        finally:
            manager.stop()


if __name__ == "__main__":
    run_tests(globals())
