"""Rows H of the fault matrix: what a client of the push door can do. (H8 comes with the page.)"""
import datetime
import errno
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from push import (KEY, OLD_KEY, OLD_TOKEN, PATH, TOKEN, Reply, connect, get, head, hear, is_ready, port_of, post,
                  post_headers, pushed, receipts, say, secret, signature)
from seam import Seam
from waitlist import PATIENCE_S, run_tests, three, wait_for

SANITIZED = bool(os.environ.get("WAITLIST_SANITIZED") or os.environ.get("WAITLIST_WRAPPER"))  # freed memory is kept
AUTH = f"Authorization: Bearer {TOKEN}\r\nContent-Type: text/csv\r\n"


def memory_kb(w, key="VmRSS"):
    with open(f"/proc/{w.process.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(key))


def descriptors(w):
    return len(os.listdir(f"/proc/{w.process.pid}/fd"))


def is_quiet(w):
    """Whether no client is connected or waits to be accepted, and no spool is open."""
    folder, sockets, spools = f"/proc/{w.process.pid}/fd", set(), 0
    for fd in os.listdir(folder):
        try:
            to = os.readlink(os.path.join(folder, fd))
        except OSError:
            continue
        spools += to.startswith((w.path("state", "spool"), "/memfd:spool"))
        if to.startswith("socket:["):
            sockets.add(to[len("socket:["):-1])
    with open(f"/proc/{w.process.pid}/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f][1:]
    port, established, close_wait, listening = f"{port_of(w):04X}", "01", "08", "0A"
    ours = [r for r in rows if r[1].endswith(":" + port) and r[3] != listening]
    return spools == 0 and not any(r[3] in (established, close_wait) or r[9] in sockets for r in ours)


def nothing_was_taken(w):
    assert not receipts(w), receipts(w)
    assert not os.listdir(w.path("state", "spool")) if os.path.isdir(w.path("state", "spool")) else True


def test_H1_a_post_without_a_length_is_never_a_success(build):
    with pushed(build) as w:
        is_ready(w)
        for end in (False, True):
            reply = say(w, f"POST {PATH} HTTP/1.1\r\nHost: h\r\n{AUTH}\r\n{three(6)}".encode(), end=end)
            assert reply.status == 411, reply.raw
        reply = say(w, f"POST {PATH} HTTP/1.0\r\nHost: h\r\n{AUTH}\r\n{three(6)}".encode(), end=True)
        assert reply.status == 411, reply.raw
        nothing_was_taken(w)


CONTENT = three(6)
LENGTH = f"Content-Length: {len(CONTENT)}"
CHUNKS = f"{len(CONTENT):x}\r\n{CONTENT}\r\n0\r\n\r\n"
# (what is wrong, the head behind "Host", the body)
AMBIGUOUS = [
    ("two equal lengths", f"{LENGTH}\r\n{LENGTH}\r\n", CONTENT),
    ("two lengths that differ", f"{LENGTH}\r\nContent-Length: 5\r\n", CONTENT),
    ("a list of lengths", f"{LENGTH}, {len(CONTENT)}\r\n", CONTENT),
    ("a length with a sign", f"Content-Length: +{len(CONTENT)}\r\n", CONTENT),
    ("a length below zero", "Content-Length: -1\r\n", CONTENT),
    ("a length in another base", f"Content-Length: 0x{len(CONTENT):x}\r\n", CONTENT),
    ("an empty length", "Content-Length:\r\n", CONTENT),
    ("a length past every file", "Content-Length: 99999999999999999999\r\n", CONTENT),
    ("a blank before the colon", f"Content-Length : {len(CONTENT)}\r\n", CONTENT),
    ("a folded line", f"{LENGTH}\r\nX-Y: a\r\n b\r\n", CONTENT),
    ("both a length and chunks", f"{LENGTH}\r\nTransfer-Encoding: chunked\r\n", CHUNKS),
    ("a coding that is not known", "Transfer-Encoding: gzip\r\n", CONTENT),
    ("a list of codings", "Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    ("two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKS),
    ("a coding with a tail", "Transfer-Encoding: chunked;q=1\r\n", CHUNKS),
    ("a bare line feed in the head", f"{LENGTH}\nX-Y: a\r\n", CONTENT),
    ("a bare carriage return in the head", f"{LENGTH}\rX-Y: a\r\n", CONTENT),
    ("a NUL in a name", f"{LENGTH}\r\nX\0Y: a\r\n", CONTENT),
    ("a NUL in a value", f"{LENGTH}\r\nX-Y: a\0b\r\n", CONTENT),
    ("a second Host", f"Host: other\r\n{LENGTH}\r\n", CONTENT),
    ("a trailer announced", "Transfer-Encoding: chunked\r\nTrailer: X-Y\r\n", CHUNKS),
    ("a chunk with an extension", "Transfer-Encoding: chunked\r\n", CHUNKS.replace("\r\n", ";a=b\r\n", 1)),
    ("a chunk size with a sign", "Transfer-Encoding: chunked\r\n", "+" + CHUNKS),
    ("a chunk that ends with a bare line feed", "Transfer-Encoding: chunked\r\n",
     f"{len(CONTENT):x}\r\n{CONTENT}\n0\r\n\r\n"),
    ("a trailer", "Transfer-Encoding: chunked\r\n", CHUNKS[:-2] + "X-Y: a\r\n\r\n"),
]
WHOLE = {
    "no Host": f"POST {PATH} HTTP/1.1\r\n{AUTH}{LENGTH}\r\n\r\n{CONTENT}",
    "an empty Host": f"POST {PATH} HTTP/1.1\r\nHost:\r\n{AUTH}{LENGTH}\r\n\r\n{CONTENT}",
    "an absolute target": f"POST http://h{PATH} HTTP/1.1\r\nHost: h\r\n{AUTH}{LENGTH}\r\n\r\n{CONTENT}",
    "a version that is not known": f"POST {PATH} HTTP/2.0\r\nHost: h\r\n{AUTH}{LENGTH}\r\n\r\n{CONTENT}",
    "two blanks in the request line": f"POST  {PATH} HTTP/1.1\r\nHost: h\r\n{AUTH}{LENGTH}\r\n\r\n{CONTENT}",
    "an empty line first": f"\r\nPOST {PATH} HTTP/1.1\r\nHost: h\r\n{AUTH}{LENGTH}\r\n\r\n{CONTENT}",
    "chunks of HTTP/1.0": f"POST {PATH} HTTP/1.0\r\nHost: h\r\n{AUTH}Transfer-Encoding: chunked\r\n\r\n{CHUNKS}",
    "a body behind a GET": f"GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
}


def test_H2_what_two_readers_could_read_differently_is_refused_and_closed(build):
    second = f"POST {PATH} HTTP/1.1\r\nHost: h\r\n{AUTH}{LENGTH}\r\n\r\n{CONTENT}"
    cases = dict(WHOLE)
    for why, fields, body in AMBIGUOUS:
        cases[why] = f"POST {PATH} HTTP/1.1\r\nHost: h\r\n{AUTH}{fields}\r\n{body}"
    assert len(cases) >= 20
    with pushed(build) as w:
        is_ready(w)
        for why, request in cases.items():
            # A second request behind it: the one that such a head would smuggle in.
            reply = say(w, (request + second).encode("latin-1"))
            assert reply.status == 400, (why, reply.raw)
            assert reply.raw.count(b"HTTP/1.1 4") == 1, (why, reply.raw)
            assert reply.headers["connection"] == "close", why
        nothing_was_taken(w)
        # Nor byte by byte.
        with connect(w) as s:
            for byte in f"POST {PATH} HTTP/1.1\nHost: h\n\n".encode():
                try:
                    s.sendall(bytes([byte]))
                except ConnectionError:
                    break
            assert Reply(hear(s)).status == 400
        # The same request, unambiguous, is taken: the cases fail for their reason alone.
        assert say(w, second.encode()).status == 202


def test_H2_one_request_a_connection_whatever_follows_it(build):
    with pushed(build) as w:
        is_ready(w)
        body = three(6).encode()
        one = head(post_headers(body)) + body
        reply = say(w, one + head({}, "GET", "/healthz") + one)
        assert reply.status == 202 and reply.raw.count(b"HTTP/1.1") == 1, reply.raw
        assert len(receipts(w)) == 1


def test_H9_a_client_that_shuts_its_side_behind_its_request_is_answered(build):
    body = three(6).encode()
    chunked = head(post_headers(body, Content_Length=None, Transfer_Encoding="chunked"))
    with pushed(build) as w:
        is_ready(w)
        for raw, status in ((head(post_headers(body)) + body, 202),
                            (chunked + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n", 200),  # a duplicate
                            (head({}, "GET", "/healthz"), 200),
                            (head(post_headers(body, token="x" * 32)) + body, 401),
                            (head(post_headers(body)) + body + head(post_headers(body)) + body, 200)):
            reply = say(w, raw, end=True)
            assert reply.status == status and reply.raw.count(b"HTTP/1.1") == 1, reply.raw
        wait_for(lambda: is_quiet(w), "every connection and spool to be closed")
        assert len(receipts(w)) == 3, "what is posted again is a duplicate"


def test_H3_a_body_that_is_cut_short_is_not_ingested(build):
    body = three(6).encode()
    with pushed(build) as w:
        is_ready(w)
        for cut in (0, 1, len(body) // 2, len(body) - 1):
            reply = say(w, head(post_headers(body)) + body[:cut], end=True)
            assert reply.status == 0, reply.raw
            chunked = head(post_headers(body, Content_Length=None, Transfer_Encoding="chunked"))
            chunks = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
            reply = say(w, chunked + chunks[:len(chunks) - len(body) + cut - 1], end=True)
            assert reply.status == 0, reply.raw
        nothing_was_taken(w)
        wait_for(lambda: is_quiet(w), "every connection and spool to be closed")
        assert post(w, body).status == 202


def test_H4_what_is_too_long_is_refused_and_memory_stays_flat(build):
    with pushed(build, more=", max_mb: 1") as w:
        is_ready(w)
        before = memory_kb(w)
        assert say(w, f"POST {PATH}{'x' * 2000} HTTP/1.1\r\nHost: h\r\n\r\n".encode()).status == 400
        assert say(w, head({"X-Y": "z" * 20000})).status == 400
        assert say(w, head({f"X-{n}": "z" for n in range(200)}, "GET", "/healthz")).status == 400
        with connect(w) as s:  # a line that never ends
            sent = 0
            try:
                while sent < 64 << 20:
                    sent += s.send(b"G" * 65536)
            except ConnectionError:
                pass
            assert Reply(hear(s)).status in (0, 400)
        reply = say(w, head(post_headers(b"", Content_Length=2 << 20)))
        assert reply.status == 413 and reply.json["error"]["reason"] == "too-large", reply.raw
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"  # without a length they are counted as they come
        chunked = head(post_headers(b"", Content_Length=None, Transfer_Encoding="chunked"))
        reply = say(w, chunked + chunk * 20 + b"0\r\n\r\n")
        assert reply.status == 413 and reply.json["error"]["reason"] == "too-large", reply.raw
        with connect(w) as s:
            s.sendall(chunked)
            try:
                for _ in range(1024):
                    s.sendall(chunk)
            except ConnectionError:
                pass
            assert Reply(hear(s)).status in (0, 413)
        if not SANITIZED:
            assert memory_kb(w) < before + 16384, (before, memory_kb(w))
        nothing_was_taken(w)
        assert post(w, three(6)).status == 202


def test_H4_who_keeps_an_answered_connection_open_is_cut_off_by_a_reset(build):
    # Closed without one, a client that still sends would wait for room until its own patience ends.
    with pushed(build) as w:
        is_ready(w)
        with connect(w) as s:
            s.sendall(b"no request\r\n\r\n")
            assert Reply(hear(s)).status == 400
            wait_for(lambda: s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (errno.EPIPE, errno.ECONNRESET), "the reset")


def test_H4_a_large_file_is_taken_in_the_memory_of_a_small_one(build):
    rows = three(6)
    header, first = rows.split("\n", 1)
    body = (header + "\n" + first + "".join(
        f"01/04/2024,30/04/2024,Performance,Provider,R{n % 1296:03X},NAME,NONE,NONE,MRS08b,A name,{n % 90}\n"
        for n in range(120000))).encode()
    assert len(body) > 8 << 20
    with pushed(build) as w:
        is_ready(w)
        assert post(w, three(6)).status == 202
        wait_for(lambda: w.measure()["value"] == 6, "the small file to count")
        with connect(w) as s:
            s.sendall(head(post_headers(body)) + body[:-1])
            before = memory_kb(w)
            assert SANITIZED or before < 200000, before
            s.sendall(body[-1:])
            assert Reply(hear(s)).status in (202, 200)
        assert receipts(w)[-1]["rows"] >= 1000


def slow(w, raw, source):
    """A connection that says a part of something and then no more."""
    s = connect(w, source)
    try:
        s.sendall(raw)
    except ConnectionError:
        pass
    return s


def is_closed(s):
    s.settimeout(0.01)
    try:
        return s.recv(65536) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_H5_slow_clients_take_no_more_than_their_share_and_no_more_than_their_time(build):
    body = three(6).encode()
    kinds = [b"", b"POST /v1", head(post_headers(body)), head(post_headers(body)) + body[:40]]
    with pushed(build, http=", deadline: 600s, connections: 64, per_address: 8") as w:
        is_ready(w)
        clients = [slow(w, kinds[n % len(kinds)], "127.0.0.2") for n in range(500)]
        try:
            wait_for(lambda: sum(is_closed(s) for s in clients) >= 492, "all but eight to be closed")
            # Another address is served while they hang.
            assert get(w, "/healthz", source="127.0.0.3").status == 200
            assert post(w, body, source="127.0.0.3").status == 202
            assert sum(is_closed(s) for s in clients) == 492
        finally:
            for s in clients:
                s.close()
        assert len(receipts(w)) == 1


def test_H5_a_client_that_says_no_more_or_never_reads_is_closed_at_the_deadline(build):
    body = three(6).encode()
    with pushed(build, http=", deadline: 2s") as w:
        is_ready(w)
        kinds = [b"", b"POST /v1", head(post_headers(body)), head(post_headers(body)) + body[:40]]
        clients = [slow(w, kind, "127.0.0.2") for kind in kinds]
        wait_for(lambda: all(is_closed(s) for s in clients), "the deadline to close them", 60)
        nothing_was_taken(w)
        with connect(w) as s:  # answered, and holds the connection open
            s.sendall(head({}, "GET", "/healthz"))
            assert Reply(hear(s)).status == 200
            wait_for(lambda: is_quiet(w), "its connection to be closed")


def test_H5_the_deadline_is_absolute_whatever_drips_in(build):
    body = three(6).encode()
    for raw in (head(post_headers(body)), head(post_headers(body)) + body):
        with pushed(build, http=", deadline: 2s") as w:
            is_ready(w)
            with connect(w) as s:
                ended = False
                for at in range(len(raw) - 1):
                    try:
                        s.sendall(raw[at:at + 1])
                        ended = is_closed(s)
                    except ConnectionError:
                        ended = True
                    if ended:
                        break
                    time.sleep(0.05)  # the drip itself: each byte well within any timeout
                assert ended or is_closed(s), "a drip outlived the deadline"
            nothing_was_taken(w)


def test_H5_at_its_ceiling_the_server_stops_accepting_and_goes_on_when_there_is_room(build):
    with pushed(build, http=", deadline: 600s, connections: 16, per_address: 8") as w:
        is_ready(w)
        held = [slow(w, b"POST /v1", f"127.0.0.{2 + n // 8}") for n in range(16)]
        wait_for(lambda: descriptors(w) >= 16, "the connections to be accepted")
        waiting = connect(w, "127.0.0.9")
        waiting.sendall(head({}, "GET", "/healthz"))
        waiting.settimeout(0.5)
        try:
            assert not waiting.recv(1), "more connections than the ceiling"
        except TimeoutError:
            pass  # it waits in the kernel's queue
        held.pop().close()
        waiting.settimeout(30 * PATIENCE_S)
        assert Reply(hear(waiting)).status == 200
        for s in held + [waiting]:
            s.close()


def test_H5_a_listed_proxy_is_not_counted_by_its_address(build):
    with pushed(build, http=", per_address: 2, proxies: [127.0.0.4]") as w:
        is_ready(w)
        held = [slow(w, b"POST /v1", "127.0.0.4") for _ in range(10)]
        assert get(w, "/healthz", source="127.0.0.4").status == 200
        assert not any(is_closed(s) for s in held)
        for s in held:
            s.close()


def test_H6_the_same_content_again_is_a_duplicate_with_200(build):
    with pushed(build) as w:
        is_ready(w)
        first = post(w, three(6))
        assert first.status == 202 and first.json["outcome"] == "accepted", first.raw
        again = post(w, three(6))
        assert again.status == 200 and again.json["outcome"] == "duplicate", again.raw
        assert again.json["same_as"] == first.json["receipt"]
        third = post(w, three(6))  # not the duplicate before it: the one whose bytes took effect
        assert third.json["outcome"] == "duplicate" and third.json["same_as"] == first.json["receipt"], third.raw
        other = post(w, three(45, "2024-05"))
        assert other.status == 202
        wait_for(lambda: w.measure()["value"] == 45, "the newer month")
        assert w.measure()["value"] == 45


def test_H6_a_kill_before_the_answer_leaves_one_ingest_when_the_sender_repeats(build):
    with pushed(build) as w:
        is_ready(w)
        body = three(6).encode()
        with connect(w) as s:
            s.sendall(head(post_headers(body, Idempotency_Key="april")) + body)
            wait_for(lambda: receipts(w), "the receipt to be durable")
            w.kill()
        w.start("2024-06-10T12:01")
        is_ready(w)
        again = post(w, body, Idempotency_Key="april")
        assert again.status == 200 and again.json["receipt"] == 1, again.raw
        assert len(receipts(w)) == 1
        wait_for(lambda: w.measure()["value"] == 6, "its figure")
        wait_for(lambda: len(w.mails()) == 1, "one mail")


def test_H6_a_kill_at_any_file_call_of_a_push_loses_nothing_and_ingests_once_when_it_is_repeated(build):
    points = 0
    for part in ("/spool", "/archive", "/received"):
        for n in range(1, 60):
            with pushed(build, start=False) as w:
                seam = Seam(build, w.folder, [f"kill durable {n} @{part}"])
                w.start("2024-06-10T12:00", ready=False, env=seam.env())
                first = try_to_post(w, three(6))
                wait_for(lambda: w.process.poll() is not None or first, "it to end or to answer")
                if seam.struck() == 0:
                    assert first and first.status == 202, (part, n, first and first.raw)
                    break
                points += 1
                # It may strike behind the answer: then it is about to end.
                wait_for(lambda: w.process.poll() == -signal.SIGKILL, f"the kill at {part}, {n}")
                # Acknowledged is durable: nothing is missing that was answered.
                assert not first or first.status != 202 or len(receipts(w)) == 1, (part, n)
                w.kill()
                w.start("2024-06-10T12:01")
                again = post(w, three(6), Idempotency_Key="april")
                assert again.status in (200, 202) and len(receipts(w)) == 1, (part, n, again.raw, receipts(w))
                wait_for(lambda: w.measure()["value"] == 6, f"its figure ({part} {n})")
                wait_for(lambda: w.mails(), "its mail")
                assert len(w.mails()) == 1
    assert points >= 12, points


def test_H6_a_push_whose_receipt_cannot_be_synced_is_not_acknowledged(build):
    struck = 0
    for n in range(1, 5):
        with pushed(build, start=False) as w:
            seam = Seam(build, w.folder, [f"fail fdatasync {n} {errno.EIO} @journal/received"])
            w.start("2024-06-10T12:00", ready=False, env=seam.env())
            first = try_to_post(w, three(6))
            wait_for(lambda: w.process.poll() is not None or first, "it to end or to answer")
            if seam.struck() == 0:
                break
            struck += 1
            assert not first or first.status == 503, (n, first.raw)
            assert wait_for(lambda: w.process.poll(), "it to end, for the next start to read what it has") == 1
            w.kill()
            w.start("2024-06-10T12:01")
            assert post(w, three(6), Idempotency_Key="april").status in (200, 202)
            assert len(receipts(w)) == 1
    assert struck


def try_to_post(w, body):
    """A post while the daemon may die: the reply, or None."""
    try:
        wait_for(lambda: w.process.poll() is not None or "http: listen=" in w.log(), "the server")
        if w.process.poll() is not None:
            return None
        reply = post(w, body, Idempotency_Key="april")
    except OSError:
        return None
    return reply if reply.raw else None


def signed(body, at, key=KEY, id="msg_1", keys=None, **more):
    """The fields of a signed post at a time of the daemon's clock."""
    value = " ".join(signature(k, id, at, body) for k in keys or [key])
    return {"webhook_id": id, "webhook_timestamp": str(at), "webhook_signature": value, **more}


def daemon_time(w):
    return int(datetime.datetime.fromisoformat(w.ctl("status")["now"]).timestamp())


def test_H7_a_signature_that_is_missing_wrong_old_or_ahead_is_refused_before_anything_is_read(build):
    body = three(6).encode()
    with pushed(build, auth="secret_file: push.secret") as w:
        is_ready(w)
        now = daemon_time(w)
        good = signed(body, now)
        wrong = {
            "no signature": {},
            "a token, where none is known": {"token": TOKEN},
            "an empty signature": {**good, "webhook_signature": ""},
            "another key": signed(body, now, b"k" * 32),
            "another body": signed(body + b"x", now),
            "another id": {**good, "webhook_id": "msg_2"},
            "another time": {**good, "webhook_timestamp": str(now - 1)},
            "another version": {**good, "webhook_signature": good["webhook_signature"].replace("v1,", "v2,")},
            "too old": signed(body, now - 400),
            "ahead": signed(body, now + 400),
            "no time": {**good, "webhook_timestamp": "soon"},
            "no id": {**good, "webhook_id": None},
            "cut": {**good, "webhook_signature": good["webhook_signature"][:-8]},
        }
        for why, fields in wrong.items():
            reply = post(w, body, **{"token": None, **fields})
            assert reply.status == 401, (why, reply.raw)
            # Before parsing: garbage is told no more than a good file.
            again = post(w, b"\0" * len(body), **{"token": None, **fields})
            assert again.status == 401 and again.body == reply.body, (why, again.raw)
        nothing_was_taken(w)
        assert not os.path.exists(w.path("state", "quarantine"))
        assert w.log().count(" refused: ") >= 4 and "(16 so far)" in w.log(), "refusals are counted"
        assert post(w, body, token=None, **good).status == 202


def test_H7_while_keys_rotate_both_are_good_and_afterwards_one(build):
    body = three(6).encode()
    with pushed(build, auth="secret_file: push.secret, token_file: push.token") as w:
        is_ready(w)
        now = daemon_time(w)
        assert post(w, body, token=None, **signed(body, now, OLD_KEY)).status == 202
        assert post(w, body, token=None, **signed(body, now, keys=[b"k" * 32, KEY], id="2")).status == 200
        assert post(w, body, token=OLD_TOKEN).status == 200
        w.write("push.secret", secret(KEY) + "\n")
        w.write("push.token", TOKEN + "\n")
        assert post(w, body, token=None, **signed(body, now, OLD_KEY, id="3")).status == 401
        assert post(w, body, token=None, **signed(body, now, KEY, id="4")).status == 200
        assert post(w, body, token=OLD_TOKEN).status == 401
        assert post(w, body, token=TOKEN).status == 200
        for token in (TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "", TOKEN + " " + TOKEN):
            assert post(w, body, Authorization=f"Bearer {token}").status == 401, token


def test_H7_a_replay_is_the_answer_of_then_and_with_another_body_a_conflict(build):
    body, other = three(6).encode(), three(45, "2024-05").encode()
    with pushed(build, auth="secret_file: push.secret") as w:
        is_ready(w)
        now = daemon_time(w)
        first = post(w, body, token=None, **signed(body, now))
        again = post(w, body, token=None, **signed(body, now))
        assert (first.status, again.status) == (202, 200), again.raw
        assert again.json["receipt"] == first.json["receipt"] and len(receipts(w)) == 1
        conflict = post(w, other, token=None, **signed(other, now))
        assert conflict.status == 409, conflict.raw
        assert len(receipts(w)) == 1


def test_H9_a_client_that_goes_away_in_any_state_leaves_nothing_behind(build):
    body = three(6).encode()
    whole = head(post_headers(body)) + body
    # A daemon that is busy meanwhile finds them all at once: more than one address may have by default.
    with pushed(build, http=", per_address: 64") as w:
        is_ready(w)
        for cut in [0, 1, 30, len(whole) - len(body), len(whole) - 1, len(whole)]:
            for reset in (False, True):
                s = connect(w)
                s.sendall(whole[:cut])
                if reset:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                s.close()
        wait_for(lambda: is_quiet(w), "every connection and spool to be closed")
        # What was whole may have been taken; the daemon goes on either way.
        reply = post(w, body)
        assert reply.status in (200, 202), reply.raw
        is_ready(w)
        # Nor does one that is there when the daemon ends.
        held = [slow(w, whole[:cut], "127.0.0.1") for cut in (0, 30, len(whole) - 1, len(whole))]
        code = w.stop()
        assert code == 0, (code, w.log()[-1500:])
        for s in held:
            s.close()


def test_P8_out_of_descriptors_the_server_stops_accepting_and_goes_on_when_there_are_some(build):
    import resource
    with pushed(build, http=", deadline: 600s, per_address: 64", start=False) as w:
        seam = Seam(build, w.folder)
        w.start("2024-06-10T12:00", env=seam.env())
        is_ready(w)
        limits = resource.prlimit(w.process.pid, resource.RLIMIT_NOFILE)
        used = max(int(fd) for fd in os.listdir(f"/proc/{w.process.pid}/fd")) + 1
        resource.prlimit(w.process.pid, resource.RLIMIT_NOFILE, (used + 4, limits[1]))
        held = [slow(w, b"POST /v1", "127.0.0.2") for _ in range(40)]
        wait_for(lambda: descriptors(w) >= used + 4, "the descriptors to be used up")
        before, since = seam.counts()["accept"], time.monotonic()
        wait_for(lambda: time.monotonic() - since > 1.5, "a second and a half to pass")
        assert not [s for s in held if is_closed(s)], "those that wait are not turned away"
        tried = seam.counts()["accept"] - before
        assert tried < 50, f"accept() was tried {tried} times for want of descriptors"
        resource.prlimit(w.process.pid, resource.RLIMIT_NOFILE, limits)
        assert get(w, "/healthz", source="127.0.0.3").status == 200
        for s in held:
            s.close()
        assert post(w, three(6)).status == 202


if __name__ == "__main__":
    run_tests(dict(globals()))
