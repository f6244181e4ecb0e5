"""Files that are posted: what the sender is answered, and that they are taken like any other."""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from push import (FEED, PATH, TOKEN, Reply, connect, get, head, hear, is_ready, port_of, post, post_headers, pushed,
                  receipts, say)
from waitlist import MHSDS_HEADER, run_tests, three, wait_for


def test_a_posted_file_counts_and_its_alert_is_told_as_of_any_other(build):
    with pushed(build) as w:
        is_ready(w)
        reply = post(w, three(6))
        assert reply.status == 202 and reply.headers["content-type"] == "application/json", reply.raw
        assert reply.json["outcome"] == "accepted" and reply.json["feed"] == "cyp4ww" and reply.json["rows"] == 3
        # Durable by then: a kill right behind the answer loses nothing.
        w.kill()
        w.start("2024-06-10T12:01")
        wait_for(lambda: w.measure()["value"] == 6, "its figure")
        wait_for(lambda: len(w.mails()) == 1, "its mail")
        assert [r["sha256"] for r in receipts(w)] == [reply.json["sha256"]]


def test_a_chunked_body_and_one_that_waits_for_100_continue_are_taken(build):
    body = three(6).encode()
    with pushed(build) as w:
        is_ready(w)
        chunks = b"".join(f"{len(body[i:i + 100]):X}\r\n".encode() + body[i:i + 100] + b"\r\n"
                          for i in range(0, len(body), 100)) + b"0\r\n\r\n"
        fields = post_headers(body, Content_Length=None, Transfer_Encoding="chunked")
        assert say(w, head(fields) + chunks).status == 202
        with connect(w) as s:
            s.sendall(head(post_headers(body, Expect="100-continue")))
            assert s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            s.sendall(body)
            assert Reply(hear(s)).json["outcome"] == "duplicate"
        with connect(w) as s:  # refused before a byte of the body is asked for
            s.sendall(head(post_headers(body, token="x" * 32, Expect="100-continue")))
            assert Reply(hear(s)).status == 401
        with connect(w) as s:  # byte by byte
            for byte in head(post_headers(body)) + body:
                s.sendall(bytes([byte]))
            assert Reply(hear(s)).status == 200


def test_a_refused_file_is_answered_with_its_place_and_never_with_what_stands_there(build):
    canary = "Ottoline Featherstonehaugh"
    with pushed(build) as w:
        is_ready(w)
        for body, reason, line in ((f"{canary},x\n1,2\n", "header", None), ("", "empty", None),
                                   (MHSDS_HEADER + f'"{canary}', "open-quote", 2),
                                   (MHSDS_HEADER + canary + "\0\n", "nul", 2)):
            reply = post(w, body)
            assert reply.status == 422 and reply.json["outcome"] == "refused", reply.raw
            error = reply.json["error"]
            assert error["reason"] == reason and error["sentence"], reply.raw
            assert line is None or error["line"] == line, reply.raw
            assert canary.split()[0] not in reply.raw.decode(), reply.raw
        assert canary.split()[0] not in w.log()
        # As of an inbox: kept in the quarantine, told to a person.
        assert len(os.listdir(w.path("state", "quarantine"))) == 4
        wait_for(lambda: w.mails(), "ops to be told")


def test_a_held_file_is_received_and_says_why(build):
    with pushed(build) as w:
        is_ready(w)
        reply = post(w, MHSDS_HEADER)
        assert reply.status == 202 and reply.json["outcome"] == "held", reply.raw
        assert "no rows" in reply.json["why"]
        wait_for(lambda: w.alerts("feed-incomplete") or w.alerts("feed-held") or w.mails(), "a person to be told")


def test_the_same_key_gives_the_answer_of_then_and_with_another_body_a_conflict(build):
    with pushed(build) as w:
        is_ready(w)
        first = post(w, three(6), Idempotency_Key="april")
        again = post(w, three(6), Idempotency_Key="april")
        assert (first.status, again.status) == (202, 200) and first.json["receipt"] == again.json["receipt"]
        assert again.json["outcome"] == "accepted", "the stored receipt, not a second one"
        conflict = post(w, three(7), Idempotency_Key="april")
        assert conflict.status == 409 and conflict.json["error"]["reason"] == "idempotency-key", conflict.raw
        assert len(receipts(w)) == 1
        # Refused stays refused.
        assert post(w, "x\n", Idempotency_Key="may").status == 422
        assert post(w, "x\n", Idempotency_Key="may").status == 422
        assert len(receipts(w)) == 2
        assert post(w, three(6), Idempotency_Key="x" * 256).status == 400


def test_a_key_is_known_for_24_hours_and_over_a_restart(build):
    with pushed(build) as w:
        is_ready(w)
        assert post(w, three(6), Idempotency_Key="april").status == 202
        w.stop()
        w.start("2024-06-11T11:00")
        assert post(w, three(7), Idempotency_Key="april").status == 409
        again = post(w, three(6), Idempotency_Key="april")
        assert again.status == 200 and again.json["receipt"] == 1 and len(receipts(w)) == 1, again.raw
        w.stop()
        w.start("2024-06-11T13:00")
        assert post(w, three(7), Idempotency_Key="april").status == 202
        # The key itself is nowhere: it may name somebody.
        for folder, _, names in os.walk(w.path("state")):
            for name in names:
                if os.path.isfile(os.path.join(folder, name)):
                    with open(os.path.join(folder, name), "rb") as f:
                        assert b"april" not in f.read(), name


def test_a_key_belongs_to_its_feed(build):
    with pushed(build, start=False) as w:
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            text = f.read()
        second = FEED.format(auth="token_file: push.token", more="").replace("id: cyp4ww", "id: other")
        w.write("waitlistd.yaml", text.replace("receivers:\n", second + "receivers:\n"))
        w.start("2024-06-10T12:00")
        is_ready(w)
        assert post(w, three(6), Idempotency_Key="april").status == 202
        assert post(w, three(7), path="/v1/feeds/other", Idempotency_Key="april").status == 202


def test_a_file_may_be_lines_or_an_array_of_objects(build):
    header, *lines = three(6).splitlines()
    rows = [dict(zip(header.split(","), line.split(","))) for line in lines]
    with pushed(build) as w:
        is_ready(w)
        lined = post(w, "".join(json.dumps(r) + "\n" for r in rows), Content_Type="application/x-ndjson")
        assert lined.status == 202 and lined.json["rows"] == 3, lined.raw
        wait_for(lambda: w.measure()["value"] == 6, "its figure")
        array = post(w, json.dumps(rows), Content_Type="application/json")
        assert array.status == 202 and array.json["rows"] == 3, array.raw
        cut = post(w, json.dumps(rows)[:-1], Content_Type="application/json")
        assert cut.status == 422, cut.raw


def test_what_is_no_table_is_said_to_be_none(build):
    with pushed(build) as w:
        is_ready(w)
        for kind in ("application/xml", "text/html", "", None, "text/csvx", "application/jso"):
            reply = post(w, three(6), Content_Type=kind)
            assert reply.status == 415, (kind, reply.raw)
        assert post(w, three(6), Content_Encoding="gzip").status == 415
        assert not receipts(w)
        assert post(w, three(6), Content_Type="Text/CSV; charset=utf-8").status == 202


def test_other_paths_are_404_and_other_methods_405(build):
    with pushed(build) as w:
        is_ready(w)
        for path in ("/", "/v1/feeds/", "/v1/feeds/none", PATH + "/", PATH + "?x=1", "/healthz/", "/healthz?x",
                     "/v1/feeds/%63yp4ww", "/v1/feeds/../feeds/cyp4ww", "/metrics"):
            assert get(w, path).status == 404, path
            assert post(w, three(6), path=path).status == 404, path
        for method, path, allowed in (("GET", PATH, "POST"), ("PUT", PATH, "POST"), ("DELETE", PATH, "POST"),
                                      ("POST", "/healthz", "GET"), ("TRACE", "/readyz", "GET"),
                                      ("OPTIONS", "/healthz", "GET"), ("CONNECT", PATH, "POST")):
            fields = {"Content-Length": 0} if method == "POST" else {}
            reply = say(w, head(fields, method, path))
            assert reply.status == 405 and reply.headers["allow"] == allowed, (method, path, reply.raw)
        for method in ("PUT", "PATCH", "DELETE"):
            reply = say(w, head({"Content-Length": 5}, method, PATH) + b"a,b\n1")
            assert reply.status == 405 and reply.headers["allow"] == "POST", (method, reply.raw)
        reply = get(w, "/healthz", "HEAD")
        assert reply.status == 405 and reply.body == b"", reply.raw
        assert not receipts(w)


def test_health_is_the_loop_and_readiness_the_whole(build):
    with pushed(build) as w:
        is_ready(w)
        assert get(w, "/healthz").status == 200
        os.kill(w.redis_pid(), signal.SIGSTOP)
        try:
            wait_for(lambda: get(w, "/readyz").status == 503, "readiness to see that Redis is away", 60)
            assert get(w, "/healthz").status == 200
            # What is posted meanwhile is durable without Redis.
            assert post(w, three(6)).status == 202
        finally:
            os.kill(w.redis_pid(), signal.SIGCONT)
        is_ready(w)
        wait_for(lambda: w.measure()["value"] == 6, "what was posted meanwhile")


def test_a_reload_keeps_the_server_and_a_post_that_is_under_way(build):
    body = three(6).encode()
    with pushed(build) as w:
        is_ready(w)
        port = port_of(w)
        with connect(w) as s:
            s.sendall(head(post_headers(body)) + body[:50])
            w.signal(signal.SIGHUP)
            wait_for(lambda: "reload:" in w.log(), "the reload")
            s.sendall(body[50:])
            assert Reply(hear(s)).status == 202
        assert port_of(w) == port and get(w, "/healthz").status == 200
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            text = f.read()
        w.write("waitlistd.yaml", text.replace("127.0.0.1:0", "127.0.0.2:0"))
        w.signal(signal.SIGHUP)
        wait_for(lambda: "http.listen changes only with a restart" in w.log(), "the refusal")


def test_a_full_disk_is_answered_with_not_now_and_nothing_is_acknowledged(build):
    with pushed(build, start=False) as w:
        w.start("2024-06-10T12:00")
        is_ready(w)
        # A limit on the size of files stands for a disk without room: the spool cannot grow past it.
        import resource
        resource.prlimit(w.process.pid, resource.RLIMIT_FSIZE, (64 << 10, resource.RLIM_INFINITY))
        reply = post(w, (three(6) + "x" * (256 << 10)).encode())
        assert reply.status == 503 and reply.headers["retry-after"], reply.raw
        assert not receipts(w)
        assert "are not taken" in w.log()
        resource.prlimit(w.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_for(lambda: post(w, three(6)).status == 202, "the disk to be tried again", 60)


def test_nobody_may_push_into_a_feed_without_a_credential_and_bad_ones_are_refused_at_load(build):
    for auth, words in (("title: x", "anybody could push"), ("token_file: none", "none cannot be read"),
                        ("token_file: short", "at least 24 characters"), ("secret_file: short", "whsec_"),
                        ("token_file: push.token, inbox: ./x", "inbox is not for transport push"),
                        ("token_file: push.token, url: 'https://x.uk'", "url is not for transport push")):
        with pushed(build, auth=auth, start=False) as w:
            w.write("short", "abc\n")
            r = w.run("--check")
            assert r.returncode == 78 and words in r.stderr and "waitlistd.yaml:" in r.stderr, (auth, r.stderr)
            assert "abc" not in r.stderr
    for http, words in ((", listen: nowhere", "given twice"), (", deadline: 2h", "1s to 60min"),
                        (", proxies: [x]", "no numeric address"), (", connections: 0", "connections")):
        with pushed(build, http=http, start=False) as w:
            r = w.run("--check")
            assert r.returncode == 78 and words in r.stderr, (http, r.stderr)


def test_nothing_that_a_sender_writes_into_its_head_comes_out(build):
    canary = "Ottoline-9990000018"
    with pushed(build) as w:
        is_ready(w)
        replies = [post(w, three(6), X_Name=canary, Idempotency_Key=canary, User_Agent=canary),
                   post(w, three(6), token=canary * 3), post(w, three(6), path=f"/v1/feeds/{canary}"),
                   say(w, head({"Content-Length": canary})), say(w, head({canary + " ": "x"})),
                   post(w, three(6), Content_Type=canary)]
        assert [r.status for r in replies] == [202, 401, 404, 400, 400, 415]
        assert not any(canary.encode() in r.raw for r in replies)
        wait_for(lambda: w.mails(), "the mail")
        w.stop()
        assert canary not in w.log()
        for folder, _, names in os.walk(w.folder):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as f:
                        assert canary.encode() not in f.read(), path


if __name__ == "__main__":
    run_tests(dict(globals()))
