"""The daemon on a Redis of somebody else: socket or TCP, away and back, stopped, refusing."""
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from redis import Server, on_server, server_settings
from resp_proxy import RespProxy, Spoil
from waitlist import Instance, run_tests, three, wait_for


def test_the_whole_chain_works_on_a_server_reached_by_socket(build):
    with Server() as server, on_server(build, server) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        assert len(w.mails()) == 1
        now = server.cli("HGET", "wl:{black-country}:now:cyp-4w", "rag").stdout.strip()
        assert now == "red", now
        keys = server.cli("--scan").stdout.splitlines()
        assert keys and all(k.startswith("wl:{black-country}:") for k in keys), keys


def test_a_redis_that_is_away_is_said_and_nothing_is_lost_until_it_is_back(build):
    with Server() as server, on_server(build, server) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        assert w.measure()["value"] == 6
        server.kill()
        wait_for(lambda: w.ctl_raw("health").returncode not in (0, 3), "health to say so", 30)
        w.put("b.csv", three(4, "2024-05"))
        assert w.process.poll() is None, "stays up"
        server.start()
        wait_for(lambda: w.measure()["value"] == 4, "the file that arrived meanwhile to be judged", 60)
        wait_for(lambda: server.cli("HGET", "wl:{black-country}:now:cyp-4w", "value").stdout.strip().rstrip("%") == "4",
                 "Redis to hold it", 30)
        assert len(w.mails()) == 1, "red stayed red"


def test_a_redis_that_stops_answering_does_not_stop_the_control_socket(build):
    with Server() as server, on_server(build, server) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        w.measure()
        os.kill(server.process.pid, signal.SIGSTOP)
        w.put("b.csv", three(4, "2024-05"))
        for _ in range(3):
            assert w.ctl_raw("status").returncode == 0
        os.kill(server.process.pid, signal.SIGCONT)
        wait_for(lambda: w.measure()["value"] == 4, "the work to go on", 60)


def test_a_password_is_read_from_its_file_and_a_wrong_one_is_said(build):
    with Server("--requirepass", "right-one") as server, on_server(build, server, ", password_file: redis.pass") as w:
        w.write("redis.pass", "right-one\n")
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        assert len(w.mails()) == 1
        w.write("redis.pass", "wrong-one\n")
        w.start("2024-06-11")
        wait_for(lambda: "WRONGPASS" in w.log() or "password" in w.log().lower(), "the refusal in the log", 30)
        assert "wrong-one" not in w.log(), "never the password itself"


class Deaf:
    """A socket that takes each connection, notes when, and hangs up."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="wl-deaf-")
        self.socket, self.taken = os.path.join(self.folder, "r.sock"), []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.socket)
        self.listener.listen(50)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.taken.append(time.monotonic())
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def test_a_redis_that_hangs_up_is_asked_again_ever_later_and_never_in_step(build):
    with Deaf() as deaf, on_server(build, deaf) as w:
        w.start("2024-06-10", ready=False)
        wait_for(lambda: len(deaf.taken) >= 7, "seven attempts", 30)
        waits = [b - a for a, b in zip(deaf.taken, deaf.taken[1:])][:6]
        longest = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]  # each is drawn between half of it and all of it
        assert all(wait > most / 2 for wait, most in zip(waits, longest)), waits
        drawn = [(wait - 0.1) / (most - 0.1) for wait, most in zip(waits[1:], longest[1:])]
        assert min(drawn) < 0.97 or os.environ.get("WAITLIST_WRAPPER"), f"no chance in it: {waits}"


def test_what_redis_did_not_take_is_done_again_and_told_once_it_takes_it(build):
    with Server() as server, on_server(build, server) as w:
        w.put("a.csv", three(25))
        w.start("2024-06-10")
        assert w.measure()["rag"] == "green"
        server.cli("CONFIG", "SET", "maxmemory", "1")
        w.put("b.csv", three(3, "2024-05"))
        wait_for(lambda: "OOM" in str(w.ctl("status")["redis"]) or "not taken" in w.log(), "the refusal to be said")
        server.cli("CONFIG", "SET", "maxmemory", "0")
        wait_for(lambda: server.cli("HGET", "wl:{black-country}:now:cyp-4w", "value").stdout.strip() == "3",
                 "the figure in Redis", 40)
        wait_for(w.mails, "the mail", 20)
        assert w.measure()["value"] == 3 and w.alert()["state"] == "FIRING"
        w.stop()
        w.start("2024-06-10T15:00")
        assert w.measure()["value"] == 3 and len(w.mails()) == 1, [m.subject for m in w.mails()]


def test_a_write_that_never_reached_redis_is_made_again(build):
    for function in (b"commit_series", b"commit_feed", b"transition", b"enqueue", b"told"):
        with Server() as server, RespProxy(server.socket) as proxy, on_server(build, proxy) as w:
            proxy.set(to_redis=Spoil(match=b"\r\n" + function + b"\r\n", drop=True))
            w.put("a.csv", three(6))
            w.start("2024-06-10")
            wait_for(lambda: any(function in c for c in proxy.commands), f"{function} to be sent")
            proxy.clear()
            proxy.disconnect()
            wait_for(lambda: server.say("HGET", "wl:{black-country}:now:cyp-4w", "rag") == "red", f"{function}: the figure")
            wait_for(lambda: len(w.mails()) == 1, f"{function}: the message")
            wait_for(lambda: server.say("XLEN", "wl:{black-country}:outbox") == "0" and
                     server.say("HLEN", "wl:{black-country}:ledger") == "1", f"{function}: Redis to know of it")


def test_an_alert_its_message_and_the_attempt_leave_together_and_nothing_is_told_before_redis_has_all(build):
    with Server() as server, RespProxy(server.socket) as proxy, on_server(build, proxy) as w:
        proxy.set(to_daemon=Spoil(hold=True, match=b"\r\ntransition\r\n"))
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        wait_for(lambda: any(b"attempt" in c for c in proxy.commands), "the attempt to be noted before any answer came")
        assert any(b"transition" in c for c in proxy.commands) and any(b"enqueue" in c for c in proxy.commands)
        assert not w.mails(), "Redis has answered nothing yet"
        w.kill()
        proxy.clear()
        w.start("2024-06-10")
        wait_for(lambda: len(w.mails()) == 1, "the message")
        wait_for(lambda: server.say("XLEN", "wl:{black-country}:outbox") == "0", "Redis to know of it")


def test_what_is_counted_of_a_list_reaches_redis_in_one_call_with_the_list(build):
    with Server() as server, RespProxy(server.socket) as proxy, \
            Instance(build, settings=server_settings(proxy.socket, feeds=lists.SNAPSHOTS + lists.EVENTS) + lists.LISTS,
                     plan_text=lists.plan()) as w:
        w.put("1.csv", lists.snapshot("2026-05-17", lists.starts(30, "2026-04-20", step=-1)), feed="weekly")
        w.start("2026-05-18")
        wait_for(lambda: any(b"commit_list" in c for c in proxy.commands), "the list")
        wait_for(lambda: w.ctl("measures")[0]["value"] is not None, "its figures")
        w.put("1.csv", lists.events(("A1", "first-contact", "2026-05-18", 1)), feed="events")
        wait_for(lambda: any(b"commit_events" in c for c in proxy.commands), "the event")
        assert not any(b"commit_series" in c for c in proxy.commands)


def test_a_message_taken_is_not_pending_though_redis_could_not_be_told(build):
    with Server() as server, RespProxy(server.socket) as proxy, on_server(build, proxy) as w:
        proxy.set(to_redis=Spoil(match=b"\r\ntold\r\n", drop=True))

        def hang_up():
            wait_for(lambda: any(b"told" in c for c in proxy.commands), "the outcome to be told")
            proxy.disconnect()

        thread = threading.Thread(target=hang_up)
        thread.start()
        w.put("a.csv", three(6))
        w.once("2024-06-10", expect=0)
        thread.join()
        proxy.clear()
        w.once("2024-06-10T13:00")
        assert len(w.mails()) == 1 and server.say("XLEN", "wl:{black-country}:outbox") == "0"


def test_a_redis_that_falls_silent_while_nothing_is_asked_is_noticed(build):
    with Server() as server, on_server(build, server) as w:
        w.put("a.csv", three(25))
        w.start("2024-06-10")
        w.measure()
        assert w.ctl("status")["redis"] == "ready"
        os.kill(server.process.pid, signal.SIGSTOP)
        wait_for(lambda: w.ctl("status")["redis"] != "ready", "the silence to be noticed", 25)
        os.kill(server.process.pid, signal.SIGCONT)
        wait_for(lambda: w.ctl("status")["redis"] == "ready", "its return", 25)


def test_R18_persistence_switched_off_while_running_is_told_within_a_minute_and_its_return_too(build):
    with Server() as server, on_server(build, server) as w:
        w.put("a.csv", three(70))
        w.start("2024-06-10")
        assert w.measure()["value"] == 70 and not w.alerts("self-check") and w.ctl_raw("health").returncode == 0
        server.say("CONFIG", "SET", "appendonly", "no")
        wait_for(lambda: w.alerts("self-check"), "the alert", 75)
        assert w.alert("self-check")["state"] == "FIRING"
        assert "appendonly is no, not yes" in w.ctl("status")["status"] and w.ctl_raw("health").returncode == 1
        mail = wait_for(w.mails, "the mail")[0]
        assert "ppendonly is no" in mail.text and "monitor needs help" in mail.subject, mail.subject
        server.say("CONFIG", "SET", "appendonly", "yes")
        server.cli("CLIENT", "KILL", "TYPE", "normal")  # looked at anew with each connection
        wait_for(lambda: w.alert("self-check")["state"] == "RESOLVED", "its end", 75)


def test_R18_a_server_set_up_wrongly_is_warned_of_at_the_start_and_told(build):
    with Server("--maxmemory-policy", "allkeys-lru", "--appendfsync", "everysec") as server, on_server(build, server) as w:
        w.put("a.csv", three(70))
        w.once("2024-06-10", expect=0)
        mail, = w.mails()
        assert "ppendfsync is everysec" in mail.text and "maxmemory-policy is allkeys-lru" in mail.text, mail.text


def test_settings_that_may_not_be_read_are_said_and_stop_nothing(build):
    with Server() as server, on_server(build, server) as w:
        server.say("ACL", "SETUSER", "default", "-config")
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        assert w.measure()["value"] == 6 and "cannot be checked" in w.log() and not w.alerts("self-check")


if __name__ == "__main__":
    run_tests(globals())
