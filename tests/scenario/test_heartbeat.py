"""A sign of life for a monitor outside, given only while the daemon really judges what comes."""
import json
import os
import shutil
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from hook import HOOK_RECEIVER, SECRET, signature
from http_server import Answer, HttpServer
from waitlist import Instance, run_tests, stays, three, wait_for


def instance(build, http, heartbeat, redis=""):
    w = Instance(build, receivers=HOOK_RECEIVER.format(port=http.port), extra=f"heartbeat: {{{heartbeat}, every: 1s}}\n")
    w.write("hook.secret", SECRET + "\n")
    with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
        text = f.read()
    w.write("waitlistd.yaml", text.replace("{mode: embedded}", f"{{mode: embedded{redis}}}"))
    return w


def beats(http):
    return [r for r in http.requests if r.method == "GET"]


def state(w):
    return w.ctl("status")["heartbeat"]


def more(http, w, what):
    n = len(beats(http))
    wait_for(lambda: len(beats(http)) > n + 1, what)
    assert state(w)["failed"] is None and state(w)["last"], state(w)


def withheld(http, w, why):
    """None is given while it is said why not; returns how many were by then."""
    wait_for(lambda: why in (state(w)["withheld"] or ""), f"it to be withheld: {why}")
    return len(beats(http))


def server(w):
    """A program that can be taken away; a link, as Debian's own is one."""
    os.symlink(shutil.which("redis-server"), w.path("redis-server"))


def url(http, path="/key-of-ours"):
    return f'url: "http://127.0.0.1:{http.port}{path}", allow_private: true'


def ask(w, **more_of_it):
    with socket.socket(socket.AF_UNIX) as s:
        here = os.open(w.path("state"), os.O_PATH)
        s.connect(f"/proc/self/fd/{here}/control.sock")
        os.close(here)
        s.sendall(json.dumps({"command": "feed-backfill", **more_of_it}).encode() + b"\n")
        assert json.loads(s.makefile().readline())["ok"]


def test_a_sign_of_life_is_given_while_all_is_well_and_not_while_nothing_is_judged(build):
    with HttpServer() as http, instance(build, http, url(http)) as w:
        w.start("2024-08-15")
        more(http, w, "signs of life")
        assert {(r.method, r.path, r.body) for r in beats(http)} == {("GET", "/key-of-ours", b"")}, http.requests
        # While a backfill is under way nothing is judged: for as long as that is so none is given.
        path = w.write("past.csv", three(6))
        ask(w, feed="cyp4ww", path=path)
        n = withheld(http, w, "today is not evaluated yet")

        def none_but_one_on_its_way():
            at = len(beats(http))  # on a slow machine the backfill is left alone for too long, and life goes on
            return at <= n + 1 or not state(w)["withheld"]

        stays(none_but_one_on_its_way, "no sign of life while nothing is judged")
        ask(w)
        more(http, w, "it to go on")
        assert "key-of-ours" not in w.log()


def test_no_sign_of_life_is_given_while_redis_is_away(build):
    with HttpServer() as http, instance(build, http, url(http), redis=", server_binary: ./redis-server") as w:
        server(w)
        w.start("2024-08-15")
        more(http, w, "signs of life")
        os.unlink(w.path("redis-server"))
        os.kill(w.redis_pid(), 9)
        n = withheld(http, w, "Redis is away")
        stays(lambda: len(beats(http)) <= n + 1 and state(w)["withheld"], "no sign of life without Redis")
        server(w)
        more(http, w, "it to go on")


def test_a_webhook_gets_a_signed_event_and_one_that_was_not_taken_is_said(build):
    with HttpServer([Answer(503), Answer(200)]) as http, instance(build, http, "receiver: hook") as w:
        w.start("2024-08-15")
        wait_for(lambda: len(http.requests) > 2, "events")
        for r in http.requests[:3]:
            event = json.loads(r.body)
            assert signature(SECRET, r) in r.headers["webhook-signature"].split(" ")
            assert (event["type"], event["subject"], event["data"]["kind"]) == ("uk.waitlistd.notice.v1", "heartbeat", "heartbeat"), event
        assert len({r.headers["webhook-id"] for r in http.requests}) == len(http.requests), "each is of its own"
        assert "heartbeat: not taken: HTTP 503" in w.log()
        wait_for(lambda: state(w)["failed"] is None, "one to be taken")
        assert w.alerts() == [] and w.ctl("outbox", "ls") == [], "the monitor outside notices, nobody here is told"


def test_what_cannot_be_a_heartbeat_is_refused(build):
    with HttpServer() as http:
        for heartbeat, said in (("allow_private: true", "needs either url or receiver"), ("receiver: hook, url: x", "needs either url or receiver"),
                                ("receiver: spool", "is no webhook"), ("receiver: nobody", "is no receiver"),
                                ('url: "http://monitor.example/key"', "heartbeat: "), ('url: "file:///etc/passwd"', "heartbeat: ")):
            with instance(build, http, heartbeat) as w:
                result = w.run("--check")
                assert result.returncode == 78 and said in result.stderr, (heartbeat, result.stderr)


if __name__ == "__main__":
    run_tests(globals())
