"""Two daemons on one Redis: one leads, the other stands by; rows P14 to P16 of the fault matrix."""
import contextlib
import json
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from hook import Hook
from http_server import HttpServer
from pull import FEED, file
from push import receipts
from redis import Server, on_server
from resp_proxy import RespProxy, Spoil
from waitlist import PATIENCE_S, plan, run_tests, three, wait_for

PREFIX = "wl:{black-country}:"
LEASE_S = 3 * max(1, round(PATIENCE_S))
SECRET = "whsec_" + "QUFB" * 8 + "\n"


@contextlib.contextmanager
def pair(build, lease=None, **feeds):
    """Two daemons of one instance, each with its own state, on one Redis; one webhook receives from both."""
    with Server() as server, Hook() as hook:
        receiver = (f'  - {{id: hook, kind: webhook, url: "http://127.0.0.1:{hook.port}/x", secret_file: hook.secret, '
                    "allow_private: true}\n")
        more = f", lease: {lease or LEASE_S}s"
        with on_server(build, server, more, receivers=receiver, plan_text=plan(receivers="hook"), **feeds) as a, \
                on_server(build, server, more, receivers=receiver, plan_text=plan(receivers="hook"), **feeds) as b:
            for w in (a, b):
                w.write("hook.secret", SECRET)
                text = open(w.path("waitlistd.yaml"), encoding="utf-8").read()
                w.write("waitlistd.yaml", text.replace("[spool]", "[hook]"))
            yield server, hook, a, b


def ids(hook):
    return [r.headers["webhook-id"] for r in hook.requests]


def leads(w):
    status = w.ctl("status")
    return status["ready"] and status["standby_of"] is None


def stands_by(w):
    return w.ctl("status")["standby_of"] is not None


def both(a, b, name, text):
    for w in (a, b):
        w.put(name, text)


def takes(server, w, what, seconds=None):
    return wait_for(lambda: leads(w), what, seconds or 3 * LEASE_S + 20)


def books(server):
    """Alerts and figures as they stand, without revisions."""
    out = {}
    for key in server.say("--raw", "KEYS", PREFIX + "*").split():
        name = key[len(PREFIX):]
        if name.startswith("alert:"):
            out[name] = json.loads(server.say("--raw", "HGET", key, "state"))
        elif name.startswith(("now:", "told:")):
            lines = server.say("--raw", "HGETALL", key).splitlines()
            out[name] = sorted(zip(lines[::2], lines[1::2]))
    return out


def test_P14_two_daemons_on_one_redis_one_leads_the_other_stands_by_and_says_so(build):
    with pair(build) as (server, hook, a, b):
        both(a, b, "a.csv", three(6))
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        wait_for(lambda: len(ids(hook)) == 1, "the message")
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b), "the second to stand by")
        said, name = b.ctl("status"), os.path.basename(a.folder)
        assert name in said["standby_of"] and said["status"].startswith("standby: ") and not said["ready"], said
        health = b.ctl_raw("health", output="table")
        assert health.returncode == 0 and "standby: " in health.stdout, (health.returncode, health.stdout)
        r = b.ctl_raw("alerts")
        assert r.returncode == 1 and "standby: " in r.stderr, r.stderr
        wait_for(lambda: not b.inbox(), "its file to be taken to its disk")
        assert len(os.listdir(b.path("state", "archive"))) > 0
        both(a, b, "b.csv", three(4, "2024-05"))
        wait_for(lambda: a.measure()["value"] == 4, "the next file")
        wait_for(lambda: not b.inbox(), "its next file to be taken")
        assert stands_by(b) and len(ids(hook)) == 1, "one sends: red stayed red"
        loads = [x for x in server.say("INFO", "commandstats").splitlines() if x.startswith("cmdstat_function|load")]
        assert "calls=1," in loads[0], "not even the library"
        epoch = server.say("HGET", PREFIX + "meta", "epoch")
        with open(a.path("state", "journal", "audit"), encoding="utf-8") as f:
            assert f'"epoch":"{epoch}"' in f.readline(), "the second changed nothing"


def test_P14_an_emptied_redis_goes_back_to_its_leader_and_nothing_is_told_again(build):
    with pair(build) as (server, hook, a, b):
        both(a, b, "a.csv", three(6))
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        wait_for(lambda: len(ids(hook)) == 1, "the message")
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b), "the second to stand by")
        for _ in range(3):
            server.say("FLUSHALL")
            wait_for(lambda: server.say("HGET", PREFIX + "meta", "epoch"), "somebody to claim it")
            takes(server, a, "the leader to lead again")
            wait_for(lambda: a.ctl_raw("alerts").returncode == 0 and a.alerts("behind-plan"), "the books to be back")
            wait_for(lambda: stands_by(b), "the second to stand by again")
        assert len(hook.requests) == 1, ids(hook)


def test_P14_a_person_acts_on_the_leader_and_the_standby_refuses(build):
    """A decision that only the standby's audit holds would count for nobody until it leads."""
    with pair(build) as (server, _, a, b):
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b), "the second to stand by")
        acts = [("feed", "expect", "cyp4ww", "--by", "2024-12-01"), ("feed", "accept", "1", "--why", "agreed"),
                ("feed", "purge", "1", "--why", "agreed"), ("outbox", "drop", "abcdef", "--why", "gone"), ("rebuild",)]
        for act in acts:
            r = b.ctl_raw(*act)
            assert r.returncode == 1 and f"{os.path.basename(a.folder)}/state leads: ask that one" in r.stderr, (act, r)
        with open(b.path("state", "journal", "audit"), encoding="utf-8") as f:
            assert '"act"' not in f.read()
        assert a.ctl_raw(*acts[0]).returncode == 0


def test_P14_the_standby_leads_when_the_leader_dies_tells_nothing_again_and_goes_on(build):
    with pair(build) as (server, hook, a, b):
        both(a, b, "a.csv", three(6))
        a.start("2024-07-10")
        takes(server, a, "the first to lead")
        wait_for(lambda: len(ids(hook)) == 1, "the message")
        b.start("2024-07-10")
        wait_for(lambda: stands_by(b) and not b.inbox(), "the second to stand by")
        before = books(server)
        a.kill()
        takes(server, b, "the standby to lead")
        assert b.measure()["value"] == 6 and b.alert()["state"] == "FIRING"
        assert books(server) == before
        server.say("FLUSHALL")  # what the other one told is in its own journal by now
        b.put("b.csv", three(4, "2024-05"))
        wait_for(lambda: b.measure()["value"] == 4, "the next file", 60)
        assert len(ids(hook)) == 1, "red stayed red, and was told"
        b.put("c.csv", three(70, "2024-06"))
        wait_for(lambda: len(ids(hook)) == 2, "the end to be told")
        assert len(set(ids(hook))) == 2
        kinds = [x["what"] for x in b.ctl("audit")]
        assert "taken_over" in kinds and "adopted" in kinds, kinds
        b.stop()
        server.say("FLUSHALL")
        b.start("2024-07-10T18:00")
        takes(server, b, "it to lead again")
        assert b.alert()["state"] == "RESOLVED" and len(ids(hook)) == 2


def test_P14_a_clean_stop_gives_the_lease_back_at_once(build):
    with pair(build, lease=600) as (server, hook, a, b):
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        assert int(server.say("PTTL", PREFIX + "lease")) > 0
        assert a.stop() == 0
        assert server.say("EXISTS", PREFIX + "lease") == "0"
        b.start("2024-06-10")
        takes(server, b, "the second to lead", 30)


def test_P14_the_same_daemon_leads_at_once_after_its_own_crash(build):
    with pair(build, lease=600) as (server, hook, a, b):
        a.put("a.csv", three(6))
        a.start("2024-06-10")
        takes(server, a, "it to lead")
        a.kill()
        a.start("2024-06-10T13:00")
        takes(server, a, "it to lead again, though its lease stands", 30)


def test_P14_a_file_that_only_the_dead_leader_had_stays_in_force_is_said_and_holds_when_redis_is_lost_too(build):
    with pair(build) as (server, hook, a, b):
        both(a, b, "a.csv", three(70))
        a.put("only-here.csv", three(6, "2024-05"))
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        wait_for(lambda: len(ids(hook)) == 1, "the message")
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b) and not b.inbox(), "the second to stand by")
        a.kill()
        takes(server, b, "the standby to lead")
        m = b.measure()
        assert (m["value"], m["held"]) == (6, False), "the newest figure known stays the figure"
        assert "1 file that another daemon took is not in this archive" in b.ctl("status")["status"]
        assert b.ctl_raw("health").returncode >= 1 and "put these files into the inboxes" in b.log()
        assert b.alert("self-check")["state"] == "FIRING"
        server.say("FLUSHALL")
        wait_for(lambda: b.measure()["held"], "the older figure to hold", 3 * LEASE_S + 20)
        assert b.measure()["value"] == 70 and b.alert()["state"] == "FIRING", "older data looks like no improvement"
        assert b.alert("implausible-change")["state"] == "FIRING"
        b.put("found.csv", three(6, "2024-05"))
        wait_for(lambda: b.measure()["value"] == 6 and not b.measure()["held"], "the file to end it")
        assert "another daemon took" not in b.ctl("status")["status"]
        assert b.alert("self-check")["state"] == "RESOLVED"


def test_P14_a_standby_fetches_too_so_that_nothing_is_missing_when_it_leads(build):
    with HttpServer([file(three(6), '"one"')]) as http, \
            pair(build, feeds=FEED.format(url=f"http://127.0.0.1:{http.port}/4ww.csv", every="1s",
                                          more=", allow_private: true")) as (server, hook, a, b):
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        wait_for(lambda: len(ids(hook)) == 1, "the message")
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b) and receipts(b), "the second to stand by, and to fetch")
        a.kill()
        takes(server, b, "the standby to lead")
        wait_for(lambda: b.measure()["value"] == 6, "the figure")
        assert "another daemon took" not in b.ctl("status")["status"]
        assert len(ids(hook)) == 1, "nothing is told again"


def test_P14_a_file_that_only_the_standby_had_counts_once_it_leads(build):
    with pair(build) as (server, hook, a, b):
        for month, value in (("2024-03", 70), ("2024-04", 71)):
            a.put(month + ".csv", three(value, month))
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b), "the second to stand by")
        # Restates April; the leader never gets it. Its number in the standby's journal is below the leader's.
        b.put("restated.csv", three(5, "2024-04"))
        wait_for(lambda: not b.inbox(), "it to be taken to disk")
        a.kill()
        takes(server, b, "the standby to lead")
        wait_for(lambda: b.measure()["value"] == 5, "the restatement to count")
        # The leader's two files are missing here: that is told too.
        wait_for(lambda: len([r for r in hook.requests if b"behind-plan" in r.body]) == 1, "the alert")


def test_P14_a_message_due_when_the_leader_died_is_sent_by_the_next_under_its_id(build):
    with pair(build) as (server, hook, a, b):
        hook.answers = [503]
        both(a, b, "a.csv", three(6))
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        wait_for(lambda: ids(hook), "the first try")
        due = ids(hook)[0]
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b) and not b.inbox(), "the second to stand by")
        a.kill()
        hook.answers = [200]
        takes(server, b, "the standby to lead")
        wait_for(lambda: [x["id"] for x in b.ctl("outbox", "ls")] == [due], "it to be due still")
        b.ctl("outbox", "retry", due)  # now, not when the refusal's time is over
        wait_for(lambda: server.say("XLEN", PREFIX + "outbox") == "0", "it to be sent")
        assert set(ids(hook)) == {due}
        b.stop()
        server.say("DEL", PREFIX + "outbox:ids")  # as a sweep leaves them
        before = len(ids(hook))
        a.start("2024-06-10")  # whose journal says that it is due
        takes(server, a, "the first to lead again")
        a.put("b.csv", three(45, "2024-05"))
        wait_for(lambda: len(ids(hook)) > before, "the next message")
        wait_for(lambda: not a.ctl("outbox", "ls"), "it to be delivered")
        assert due not in ids(hook)[before:] and len(ids(hook)) == before + 1, "told again"


def test_P14_what_the_dead_leader_had_given_up_is_known_to_the_next_which_can_send_it(build):
    with pair(build) as (server, hook, a, b):
        hook.answers = [410]
        both(a, b, "a.csv", three(6))
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        wait_for(lambda: server.say("HLEN", PREFIX + "dead") == "1", "the message to be given up")
        dead = ids(hook)[0]
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b) and not b.inbox(), "the second to stand by")
        a.kill()
        hook.answers = [200]
        takes(server, b, "the standby to lead")
        wait_for(lambda: [(x["id"], x["state"]) for x in b.ctl("outbox", "ls")] == [(dead, "dead")], "it to be listed")
        b.ctl("outbox", "retry", dead)
        wait_for(lambda: not b.ctl("outbox", "ls"), "it to be sent")
        assert set(ids(hook)) == {dead}


def test_P15_a_leader_paused_past_its_lease_writes_and_sends_nothing_when_it_wakes(build):
    with pair(build) as (server, hook, a, b):
        both(a, b, "a.csv", three(70))
        a.start("2024-06-10")
        takes(server, a, "the first to lead")
        b.start("2024-06-10")
        wait_for(lambda: stands_by(b) and not b.inbox(), "the second to stand by")
        a.signal(signal.SIGSTOP)
        try:
            takes(server, b, "the standby to lead")
            a.put("b.csv", three(6, "2024-05"))  # it wakes with work to do
            b.put("b.csv", three(6, "2024-05"))
            wait_for(lambda: len(ids(hook)) == 1, "the message of the new leader")
            token, alerts = server.say("GET", PREFIX + "fence"), books(server)
        finally:
            a.signal(signal.SIGCONT)
        wait_for(lambda: stands_by(a), "the old leader to see that another leads")
        wait_for(lambda: not a.inbox(), "it to take its file to disk")
        assert server.say("GET", PREFIX + "fence") == token and leads(b)
        assert books(server) == alerts and len(ids(hook)) == 1
        assert os.path.basename(b.folder) in a.ctl("status")["standby_of"]


def test_P15_an_answer_read_after_the_lease_has_ended_starts_no_sending(build):
    with pair(build) as (server, hook, a, b), RespProxy(server.socket) as proxy:
        text = open(a.path("waitlistd.yaml"), encoding="utf-8").read()
        assert server.socket in text, text
        a.write("waitlistd.yaml", text.replace(server.socket, proxy.socket))
        proxy.set(to_daemon=Spoil(match=b"$7\r\nattempt\r\n", hold=True))
        both(a, b, "a.csv", three(6))
        a.start("2024-06-10")
        wait_for(lambda: any(b"attempt" in c for c in proxy.commands), "the leader to begin an attempt")
        b.start("2024-06-10")
        takes(server, b, "the standby to lead")
        wait_for(lambda: len(ids(hook)) == 1, "the message of the new leader")
        proxy.clear()  # the old one reads that it may begin
        wait_for(lambda: stands_by(a), "the old leader to see that another leads")
        assert len(ids(hook)) == 1, ids(hook)


def test_P15_what_a_stale_leader_sends_to_redis_is_refused_by_every_function(build):
    with pair(build) as (server, hook, a, b):
        a.put("a.csv", three(6))
        a.start("2024-06-10")
        takes(server, a, "it to lead")
        a.measure()
        epoch, stale = server.say("HGET", PREFIX + "meta", "epoch"), server.say("GET", PREFIX + "fence")
        a.stop()
        a.start("2024-06-10T13:00")
        takes(server, a, "it to lead again")
        names = [line.split("'")[1] for line in open(os.path.join(os.path.dirname(__file__), "../../daemon/store/waitlistd.lua"),
                                                     encoding="utf-8")
                 if line.startswith(("redis.register_function('", "register('"))]
        assert {"commit_series", "commit_feed", "transition", "enqueue", "told", "drop_keys", "extend"} <= set(names), names
        answer = server.cli("FCALL", "claim", "1", PREFIX, epoch, "999:x", "another", "its name", "3000").stdout
        assert answer.startswith("held"), answer
        for name in set(names) - {"claim"}:
            answer = server.cli("FCALL", name, "1", PREFIX, epoch, stale, *["1"] * 8).stdout
            assert "FENCED" in answer, (name, answer)
        token = server.say("GET", PREFIX + "fence")
        for name in ("commit_series", "commit_feed", "transition", "enqueue", "told", "retold", "put_back", "now"):
            answer = server.cli("FCALL", name, "1", PREFIX, "another-epoch", token, *["1"] * 8).stdout
            assert "STALE" in answer, (name, answer)


def test_P16_a_fence_counter_set_back_gives_no_number_twice(build):
    with pair(build) as (server, hook, a, b):
        used = []
        for hour, setback in enumerate(("1:old", None, "junk", "0:x")):
            a.start(f"2024-06-10T1{hour}:00")
            takes(server, a, "it to lead")
            used.append(server.say("GET", PREFIX + "fence"))
            a.kill()
            if setback:
                server.say("SET", PREFIX + "fence", setback)
            else:
                server.say("DEL", PREFIX + "fence")
        numbers = [int(u.split(":")[0]) for u in used]
        assert numbers == sorted(set(numbers)), used
        shutil.copy(a.path("state", "fence"), a.path("kept"))
        a.write("state/fence", "torn")
        a.start("2024-06-10T20:00")
        takes(server, a, "it to lead without its own count")
        assert server.say("GET", PREFIX + "fence") not in used


def test_P16_an_append_only_file_cut_at_its_tail_gives_no_token_twice_and_the_same_books(build):
    with pair(build, lease=600) as (server, hook, a, b):
        a.put("a.csv", three(6))
        a.start("2024-06-10")
        takes(server, a, "it to lead")
        wait_for(lambda: len(ids(hook)) == 1 and server.say("XLEN", PREFIX + "outbox") == "0", "the message")
        a.measure()
        before, tokens = books(server), [server.say("GET", PREFIX + "fence")]
        folder = os.path.join(server.data, "appendonlydir")
        for cut in (1, 40, 400, 4000):
            a.kill()
            server.kill()
            path = os.path.join(folder, next(n for n in sorted(os.listdir(folder)) if n.endswith(".incr.aof")))
            os.truncate(path, max(0, os.path.getsize(path) - cut))
            server.start()
            a.start("2024-06-10T13:00")
            takes(server, a, "it to lead again")
            a.measure()
            wait_for(lambda: books(server) == before, "the same books")
            tokens.append(server.say("GET", PREFIX + "fence"))
        assert len(set(tokens)) == len(tokens) and len(set(ids(hook))) == 1 == len(ids(hook)), (tokens, ids(hook))


if __name__ == "__main__":
    run_tests(globals())
