"""Rows W of the fault matrix: what the far end of a webhook, or of a feed that is fetched, can do."""
import ipaddress
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faults import certificate, fast
from hook import SECRET
from http_server import Answer, HttpServer
from pull import file, pulled, raw
from push import receipts
from waitlist import Instance, plan, run_tests, skip, three, wait_for

HOOK = "  - {{id: {id}, kind: webhook, url: \"{url}\", secret_file: hook.secret{more}}}\n"
SPOOL = "  - {id: spool, kind: spool, dir: ./spool}\n"


def hook(port, id="hook", more=", allow_private: true", scheme="http", host="127.0.0.1"):
    return HOOK.format(id=id, url=f"{scheme}://{host}:{port}/x", more=more)


def hooked(build, settings, receivers="hook", **more):
    w = Instance(build, plan_text=plan(receivers=receivers), receivers=settings + SPOOL, **more)
    w.write("hook.secret", SECRET + "\n")
    w.put("a.csv", three(6))
    return w


def memory_kb(pid, key="VmHWM"):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(key))


def test_W1_a_far_end_that_hangs_or_drips_frees_its_place_within_its_deadline(build):
    for answer in (Answer(before=3600), Answer(drip=0.2)):
        with HttpServer([answer]) as http, hooked(build, hook(http.port), receivers="hook, spool") as w:
            w.start("2024-06-10", env=fast(10))
            wait_for(lambda: http.requests, "the request")
            assert w.measure()["value"] == 6, "the loop turns meanwhile"
            wait_for(lambda: w.mails(), "the other receiver to be served meanwhile")
            wait_for(lambda: "receiver=hook outcome=" in w.log() or "receiver=hook delivered" in w.log(),
                     "the attempt to end", 45)  # connect 5 s, whole 30 s


def test_W2_retry_after_is_kept_between_a_second_and_an_hour_whatever_it_says(build):
    import email.utils
    import re
    import time
    soon = email.utils.formatdate(time.time() + 100, usegmt=True)
    past = email.utils.formatdate(time.time() - 100, usegmt=True)
    cases = {"7": (7, 7), soon: (80, 101), past: (1, 3600), "0": (1, 3600), "-1": (1, 3600), "1000000000000": (1, 3600),
             "soon": (1, 3600), "7, 8": (1, 3600), "": (1, 3600)}
    for code in (429, 503):
        for value, (least, most) in cases.items():
            with HttpServer([Answer(code, {"Retry-After": value})]) as http, hooked(build, hook(http.port)) as w:
                r = w.once("2024-06-10", expect=1)
                waits = [int(x) for x in re.findall(r"receiver=hook .*next=(\d+)s", r.stderr)]
                assert len(waits) == 1 and least <= waits[0] <= most, (code, value, r.stderr[-800:])


def test_W3_a_redirect_to_anywhere_is_a_failure_and_its_target_is_not_asked(build):
    with HttpServer() as target:
        for code in (301, 302, 303, 307, 308):
            with HttpServer([Answer(code, {"Location": f"http://127.0.0.1:{target.port}/y"})]) as http, \
                    hooked(build, hook(http.port)) as w:
                w.once("2024-06-10", expect=1)
                assert len(http.requests) == 1 and not target.requests, code
        assert target.connections == 0


def test_W4_an_endless_or_swollen_reply_is_read_to_a_ceiling_and_its_status_decides(build):
    import gzip
    bomb = gzip.compress(b"\0" * (64 << 20))
    for answer, expect in ((Answer(200, endless=True), 0), (Answer(500, endless=True), 1),
                           (Answer(200, {"Content-Encoding": "gzip"}, body=bomb), 0)):
        with HttpServer([answer]) as http, hooked(build, hook(http.port)) as w:
            w.once("2024-06-10", expect=expect)
            assert len(http.requests) == 1
            assert http.sent < 8 << 20, f"{http.sent} bytes were taken"


def test_W4_memory_stays_flat_under_an_endless_reply(build):
    with HttpServer([Answer(500, endless=True)]) as http, hooked(build, hook(http.port)) as w:
        w.start("2024-06-10")
        wait_for(lambda: "receiver=hook outcome=" in w.log(), "the first attempt to end", 45)
        assert memory_kb(w.process.pid) < 200_000, memory_kb(w.process.pid)


def test_W6_one_slow_endpoint_delays_nobody(build):
    with HttpServer([Answer(before=3600)]) as slow, HttpServer() as quick:
        settings = hook(slow.port, "slow") + hook(quick.port, "quick")
        with hooked(build, settings, receivers="slow, quick, spool") as w:
            w.start("2024-06-10")
            wait_for(lambda: slow.requests, "the slow one to be asked")
            wait_for(lambda: quick.requests and w.mails(), "the others to be served")
            w.put("b.csv", three(45, "2024-05"))
            wait_for(lambda: len(quick.requests) >= 2, "the next message to the quick one while the slow one hangs")
            assert "receiver=slow outcome=" not in w.log() or len(slow.requests) >= 1


def test_W7_an_inside_address_is_refused_at_load_and_a_name_of_one_at_connect(build):
    with HttpServer() as http:
        for host in ("127.0.0.1", "localhost", "[::1]", "127.1.2.3", "0.0.0.0"):
            with hooked(build, hook(http.port, more="", scheme="https", host=host)) as w:
                r = w.run("--check")
                assert r.returncode == 78 and "waitlistd.yaml:" in r.stderr, (host, r.returncode, r.stderr)
        assert http.connections == 0, "an inside address was asked"
    # A name that only its resolver knows to be inside.
    name = next((n for n in ("ip6-loopback", "ip6-localhost", socket.gethostname()) if inside_address(n)), None)
    if not name:
        skip("no name but localhost resolves to an address of this machine")
    with socket.create_server((inside_address(name), 0), family=socket.AF_INET6 if ":" in inside_address(name)
                              else socket.AF_INET) as server:
        server.settimeout(0.1)
        with hooked(build, hook(server.getsockname()[1], more="", scheme="https", host=name)) as w:
            r = w.once("2024-06-10", expect=1)
            assert "receiver=hook outcome=" in r.stderr, r.stderr
        try:
            server.accept()
        except TimeoutError:
            return
        raise AssertionError(f"{name} was connected to")


def inside_address(name):
    try:
        address = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0]
    except OSError:
        return None
    return address if ipaddress.ip_address(address).is_private else None


def test_W8_each_bad_certificate_is_refused_and_the_message_kept(build):
    with Instance(build) as keys:
        authority, trusted = certificate(keys, "authority.example.org", prefix="authority")
        good, _ = certificate(keys, issuer=authority, prefix="good")
        bad = {
            "self-signed": certificate(keys, prefix="selfsigned")[0],
            "expired": certificate(keys, issuer=authority, prefix="expired", days=-1)[0],
            "another name": certificate(keys, "mail.example.org", issuer=authority, prefix="name")[0],
            "another address": certificate(keys, "127.0.0.2", issuer=authority, prefix="address")[0],
            "a wildcard for an address": certificate(keys, "*.0.0.1", issuer=authority, prefix="wild")[0],
            "another authority": certificate(keys, issuer=certificate(keys, prefix="other")[0], prefix="foreign")[0],
            "a weak key": certificate(keys, issuer=authority, prefix="weak", key_bits=1024)[0],
            "issued by a server's certificate": certificate(keys, issuer=good, prefix="chained")[0],
        }
        met = 1  # the last one below speaks no TLS at all
        for why, pem in bad.items():
            try:
                server = HttpServer(certificate=pem)
            except OSError:
                continue  # this Python's library does not even load it
            met += 1
            with server as http, hooked(build, hook(http.port, scheme="https", more=f", allow_private: true, ca_file: {trusted}")) as w:
                w.once("2024-06-10", expect=1)
                assert not http.requests, why
        with HttpServer() as http, hooked(build, hook(http.port, scheme="https", more=f", allow_private: true, ca_file: {trusted}")) as w:
            w.once("2024-06-10", expect=1)
            assert not http.requests and met >= 8, met
        with HttpServer(certificate=good) as http, \
                hooked(build, hook(http.port, scheme="https", more=f", allow_private: true, ca_file: {trusted}")) as w:
            w.once("2024-06-10")
            assert len(http.requests) == 1


def test_W12_a_scheme_that_is_no_https_is_refused_at_load_with_the_reason(build):
    for url in ("file:///etc/passwd", "gopher://127.0.0.1/x", "ftp://example.org/x", "http://example.org/x", "scp://example.org/x",
                "example.org/x", "https://"):
        with hooked(build, HOOK.format(id="hook", url=url, more="")) as w:
            r = w.run("--check")
            assert r.returncode == 78 and "waitlistd.yaml:" in r.stderr and "url" in r.stderr, (url, r.returncode, r.stderr)


def test_W5_410_switches_the_endpoint_off_and_tells_the_operator(build):
    with HttpServer([Answer(410), Answer(200)]) as http, hooked(build, hook(http.port)) as w:
        w.run("--once", "--at", "2024-06-10")
        w.run("--once", "--at", "2024-06-10T13:00")
        asked = len(http.requests)
        w.put("b.csv", three(70, "2024-05"))
        w.run("--once", "--at", "2024-07-01")
        w.run("--once", "--at", "2024-07-02")
        assert len(http.requests) == asked == 1, [r.path for r in http.requests]
        assert any("hook" in m.text and ("410" in m.text or "gone" in m.text) for m in w.mails()), \
            [m.text for m in w.mails()]


FILE = three(6)


def test_W9_a_pulled_body_without_a_proven_end_is_not_committed(build):
    short = [
        ("cut before its length", raw([f"Content-Length: {len(FILE)}"], FILE[:-10])),
        ("cut at the end of a row", raw([f"Content-Length: {len(FILE)}"], FILE[:FILE.rindex("\n", 0, -1) + 1])),
        ("no length at all", raw([], FILE)),
        ("cut with no length", raw([], FILE[:len(FILE) // 2])),
        ("cut inside a chunk", raw(["Transfer-Encoding: chunked"], f"{len(FILE):x}\r\n{FILE[:-10]}")),
        ("without the last chunk", raw(["Transfer-Encoding: chunked"], f"{len(FILE):x}\r\n{FILE}\r\n")),
        ("two lengths", raw(["Content-Length: 20", f"Content-Length: {len(FILE)}"], FILE)),
        ("closed at once", Answer(0)),
        ("reset", Answer(200, reset=True)),
    ]
    for why, answer in short:
        with HttpServer([answer]) as http, pulled(build, http.port) as w:
            wait_for(lambda: w.log().count("not fetched") >= 1, f"the refusal: {why}")
            wait_for(lambda: len(http.requests) >= 2, "another try")
            assert not receipts(w), why
            assert not os.listdir(w.path("state", "spool")), why
    for whole in (raw([f"Content-Length: {len(FILE)}"], FILE),
                  raw(["Transfer-Encoding: chunked"], f"{len(FILE):x}\r\n{FILE}\r\n0\r\n\r\n")):
        with HttpServer([whole]) as http, pulled(build, http.port) as w:
            wait_for(lambda: receipts(w), "the whole file")


def test_W10_what_is_not_the_file_changes_nothing_and_the_feed_becomes_late(build):
    login = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n"
    wrong = [("a web page", file(login)), ("a web page", file("\ufeff \r\n" + login.lower())), ("HTTP 404", Answer(404)),
             ("HTTP 500", Answer(500, body=b"oops")), ("HTTP 403", file(three(45, "2024-05"), code=403)),
             ("HTTP 204", Answer(204)), ("a redirect is not followed", Answer(302, {"Location": "http://127.0.0.1:1/x"}))]
    for words, answer in wrong:
        with HttpServer([file(FILE, '"one"'), answer]) as http, pulled(build, http.port) as w:
            wait_for(lambda: f"not fetched: " in w.log() and words in w.log(), f"the refusal: {words}")
            wait_for(lambda: w.measure()["value"] == 6, "the old figure")
            assert [r["outcome"] for r in receipts(w)] == ["accepted"], words
            assert not os.path.exists(w.path("state", "quarantine")) or not os.listdir(w.path("state", "quarantine"))
            w.stop()
            # April's figures: May's are due by mid-July, 45 days after its end.
            w.start("2024-08-20")
            wait_for(lambda: [a for a in w.alerts("feed-late")], f"the feed to be late: {words}")
            assert w.measure()["value"] == 6


def test_W10_not_modified_is_no_answer_to_one_who_has_nothing(build):
    with HttpServer([Answer(304), file(FILE)]) as http, pulled(build, http.port) as w:
        wait_for(lambda: "not fetched: HTTP 304" in w.log(), "the refusal")
        wait_for(lambda: receipts(w), "the file")


def test_W11_an_endless_body_or_a_bomb_stops_at_the_cap_in_flat_memory(build):
    import gzip
    bomb = gzip.compress(b"\0" * (64 << 20))
    chunks = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answers = [
        ("larger than max_mb", Answer(200, endless=True)),
        ("larger than max_mb", raw(["Content-Length: 999999999999"], b"x" * (3 << 20))),
        ("larger than max_mb", raw(["Transfer-Encoding: chunked"], chunks * 48)),
        ("a coding that was not asked for", Answer(200, {"Content-Encoding": "gzip"}, body=bomb)),
        ("a coding that was not asked for", Answer(200, {"Content-Encoding": "br"}, body=FILE.encode())),
        ("not fetched", raw([f"X-{n}: {'y' * 90}" for n in range(4000)], FILE)),
        ("not fetched", Answer(500, endless=True)),
    ]
    for words, answer in answers:
        with HttpServer([answer]) as http, pulled(build, http.port, more=", allow_private: true, max_mb: 1") as w:
            before = memory_kb(w.process.pid, "VmRSS")
            wait_for(lambda: "not fetched" in w.log() and words in w.log(), f"the end of it: {words}", 45)
            assert http.sent < 16 << 20, f"{http.sent} bytes were taken"
            if not os.environ.get("WAITLIST_SANITIZED") and not os.environ.get("WAITLIST_WRAPPER"):
                assert memory_kb(w.process.pid) < before + 32768, (words, before)
            assert not receipts(w) and not os.listdir(w.path("state", "spool"))


def test_W12_only_https_is_asked_and_http_of_an_own_server(build):
    for url, words in (("file:///etc/passwd", "scheme file://"), ("gopher://h/x", "scheme gopher://"),
                       ("ftp://h/x", "scheme ftp://"), ("http://files.example.nhs.uk/x", "in clear"),
                       ("https://127.0.0.1/x", "loopback or private"), ("http://192.168.0.1/x", "loopback or private"),
                       ("https://2130706433/x", "no valid host name"), ("x.csv", "url")):
        with pulled(build, 1, url=url, more="", start=False) as w:
            r = w.run("--check")
            assert r.returncode == 78 and words in r.stderr and "waitlistd.yaml:" in r.stderr, (url, r.stderr)
    with pulled(build, 1, url="file:///etc/passwd", start=False) as w:  # nor with allow_private
        assert w.run("--check").returncode == 78


def test_W12_a_redirect_to_another_scheme_or_host_is_not_followed(build):
    with HttpServer([file(FILE)]) as target:
        for to in (f"http://127.0.0.1:{target.port}/y", "file:///etc/passwd", "/files/other.csv"):
            with HttpServer([Answer(302, {"Location": to}, body=FILE.encode())]) as http, pulled(build, http.port) as w:
                wait_for(lambda: "a redirect is not followed" in w.log(), "the refusal")
                assert not receipts(w) and {r.path for r in http.requests} == {"/files/4ww.csv"}
        assert target.connections == 0


def test_W7_a_name_of_an_inside_address_is_not_connected_to_for_a_feed_either(build):
    name = next((n for n in ("ip6-loopback", "ip6-localhost", socket.gethostname()) if inside_address(n)), None)
    if not name:
        skip("no name but localhost resolves to an address of this machine")
    with socket.create_server((inside_address(name), 0), family=socket.AF_INET6 if ":" in inside_address(name)
                              else socket.AF_INET) as server:
        server.settimeout(0.1)
        with pulled(build, 1, url=f"https://{name}:{server.getsockname()[1]}/x.csv", more="") as w:
            wait_for(lambda: "loopback, link-local or private" in w.log(), "the refusal")
        try:
            server.accept()
        except TimeoutError:
            return
        raise AssertionError(f"{name} was connected to")


if __name__ == "__main__":
    run_tests(globals())
