"""Files that are fetched: taken once, asked for by the marks of their server, and missed aloud."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from http_server import Answer, HttpServer
from pull import file, pulled
from push import receipts
from waitlist import MHSDS_HEADER, run_tests, three, wait_for

DAY = "Mon, 10 Jun 2024 09:00:00 GMT"


def test_a_fetched_file_counts_and_is_asked_for_by_its_marks_over_a_restart(build):
    answers = [file(three(6), '"one"', DAY), Answer(304), Answer(304), Answer(304)]
    with HttpServer(answers) as http, pulled(build, http.port) as w:
        wait_for(lambda: len(http.requests) >= 3, "it to be looked for again")
        first, second = http.requests[:2]
        assert first.method == "GET" and first.path == "/files/4ww.csv"
        assert "if-none-match" not in first.headers and "accept-encoding" not in first.headers, first.headers
        assert second.headers["if-none-match"] == '"one"' and second.headers["if-modified-since"] == DAY
        wait_for(lambda: w.measure()["value"] == 6, "its figure")
        wait_for(lambda: len(w.mails()) == 1, "its mail")
        w.stop()
        seen = len(http.requests)
        w.start("2024-06-10T13:00")
        wait_for(lambda: len(http.requests) > seen, "it to be looked for after the restart")
        assert http.requests[seen].headers["if-none-match"] == '"one"', http.requests[seen].headers
        assert len(receipts(w)) == 1 and receipts(w)[0]["name"] == "4ww.csv"
        assert "not fetched" not in w.log()


def test_a_kill_before_the_receipt_asks_for_the_file_again_without_marks(build):
    # The seam ends the daemon at the append to the received journal: its marks stand there or nowhere.
    with HttpServer([file(three(6), '"one"')]) as http, pulled(build, http.port, start=False) as w:
        os.makedirs(w.path("state", "journal"), exist_ok=True)
        w.start("2024-06-10T12:00")
        wait_for(lambda: receipts(w), "the receipt")
        w.kill()
        with open(w.path("state", "journal", "received"), "rb+") as f:
            f.truncate(0)  # as a crash right before it would have left it
        seen = len(http.requests)
        w.start("2024-06-10T12:10")
        wait_for(lambda: receipts(w), "the file to be taken")
        assert "if-none-match" not in http.requests[seen].headers
        wait_for(lambda: w.measure()["value"] == 6, "its figure")


def test_the_same_content_under_other_marks_is_no_second_receipt(build):
    with HttpServer([file(three(6), '"one"'), file(three(6), '"two"'), Answer(304)]) as http, \
            pulled(build, http.port) as w:
        wait_for(lambda: len(http.requests) >= 3, "it to be looked for again")
        assert [r.headers.get("if-none-match") for r in http.requests[:3]] == [None, '"one"', '"two"']
        assert len(receipts(w)) == 1


def test_a_new_file_there_is_taken_and_counts(build):
    with HttpServer([file(three(6), '"one"'), Answer(304), file(three(45, "2024-05"), '"two"'), Answer(304)]) as http, \
            pulled(build, http.port) as w:
        wait_for(lambda: len(receipts(w)) == 2, "both files")
        wait_for(lambda: w.measure()["value"] == 45, "the newer figure")
        assert len(http.requests) >= 3


def test_another_url_or_a_mended_mapping_is_asked_for_without_marks(build):
    with HttpServer([file(three(6), '"one"')]) as http, pulled(build, http.port) as w:
        wait_for(lambda: receipts(w), "the receipt")
        w.stop()
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            text = f.read()
        w.write("waitlistd.yaml", text.replace("/files/4ww.csv", "/files/other.csv"))
        seen = len(http.requests)
        w.start("2024-06-10T12:10")
        wait_for(lambda: len(http.requests) > seen, "the other address to be asked")
        assert http.requests[seen].path == "/files/other.csv"
        assert "if-none-match" not in http.requests[seen].headers


def test_a_refused_file_is_told_once_and_not_taken_again_and_again(build):
    with HttpServer([file("x\n1\n")]) as http, pulled(build, http.port) as w:
        wait_for(lambda: len(http.requests) >= 4, "it to be looked for again and again")
        assert [r["outcome"] for r in receipts(w)] == ["refused"]
        wait_for(lambda: w.mails(), "a person to be told")


def test_once_fetches_each_feed_and_evaluates_with_it(build):
    # It comes later than everything else is done: what is judged waits for it.
    with HttpServer([file(three(6), '"one"', before=2)]) as http, pulled(build, http.port, start=False) as w:
        w.once("2024-06-10")
        assert len(http.requests) == 1 and len(w.mails()) == 1, (len(http.requests), len(w.mails()))
        assert len(receipts(w)) == 1


def test_once_ends_with_1_and_says_so_where_a_file_cannot_be_fetched(build):
    with HttpServer([Answer(503)]) as http, pulled(build, http.port, start=False) as w:
        result = w.once("2024-06-10", expect=1)
        assert "feed=cyp4ww not fetched: HTTP 503" in result.stderr and "next=" not in result.stderr, result.stderr
    with HttpServer([file(three(6), '"one"')]) as http, pulled(build, http.port, start=False) as w:
        w.once("2024-06-10")
        http.close()
        result = w.once("2024-06-11", expect=1)
        assert "feed=cyp4ww not fetched: " in result.stderr, result.stderr
        assert len(receipts(w)) == 1 and len(w.mails()) == 1


def test_a_server_that_fails_again_and_again_is_told_and_that_it_is_over(build):
    with HttpServer([Answer(500), Answer(500), Answer(500), Answer(500), file(three(6))]) as http, \
            pulled(build, http.port) as w:
        wait_for(lambda: receipts(w), "the file in the end", 60)
        assert w.log().count("not fetched: HTTP 500") == 4
        mail = wait_for(lambda: [m for m in w.mails() if "cannot be fetched" in m.text], "ops to be told")[0]
        assert "HTTP 500" in mail.text and "127.0.0.1" not in mail.text, mail.text
        wait_for(lambda: [a["state"] for a in w.alerts("implausible-change")] == ["RESOLVED"], "it to be over")
        assert len(http.requests) >= 5


def test_the_address_stands_in_no_log_and_no_file_of_the_state(build):
    canary = "sig-0123456789abcdef"
    with HttpServer([Answer(404), file(three(6), '"one"'), Answer(304)]) as http, \
            pulled(build, http.port, start=False) as w:
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            text = f.read()
        w.write("waitlistd.yaml", text.replace("4ww.csv", "4ww.csv?" + canary))
        w.start("2024-06-10T12:00")
        wait_for(lambda: receipts(w), "the file")
        wait_for(lambda: w.mails(), "a mail")
        assert canary in http.requests[0].path
        w.stop()
        assert canary not in w.log()
        for folder, _, names in os.walk(w.path("state")):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as f:
                        assert canary.encode() not in f.read(), path


def test_a_reload_while_a_file_is_coming_fetches_it_again(build):
    with HttpServer([Answer(200, {"Content-Length": "1000"}, before=3600), file(three(6))]) as http, \
            pulled(build, http.port) as w:
        wait_for(lambda: http.requests, "the request")
        w.signal(signal.SIGHUP)
        wait_for(lambda: receipts(w), "the file")
        assert len(http.requests) >= 2
        assert w.stop() == 0


def test_a_feed_that_is_fetched_has_its_own_keys(build):
    for more, words in ((", inbox: ./x", "inbox is not for transport pull"),
                        (", token_file: x", "token_file is not for transport pull"),
                        (", ca_file: none", "none cannot be read"), (", max_mb: 0", "max_mb")):
        with pulled(build, 1, more=", allow_private: true" + more, start=False) as w:
            r = w.run("--check")
            assert r.returncode == 78 and words in r.stderr, (more, r.stderr)
    for every, words in (("2d", "1s to 24h"), ("0s", "1s to 24h"), ("x", "every")):
        with pulled(build, 1, every=every, start=False) as w:
            r = w.run("--check")
            assert r.returncode == 78 and words in r.stderr, (every, r.stderr)


if __name__ == "__main__":
    run_tests(dict(globals()))
