"""The function library in Redis, called as the daemon calls it: each function changes all or nothing, once."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, run_tests

PREFIX = "wl:{black-country}:"


def running(build):
    w = Instance(build)
    w.start("2024-06-10")
    w.measure()
    return w


def call(w, function, *args):
    epoch, = w.redis("HGET", PREFIX + "meta", "epoch")
    token, = w.redis("GET", PREFIX + "fence")
    return " ".join(w.redis("FCALL", function, "1", PREFIX, epoch, token, *args))


def test_a_message_becomes_due_once_however_often_it_is_asked_for(build):
    with running(build) as w:
        first = call(w, "enqueue", "d1", "nobody", "{}", "1", "nobody|e1", "t1")
        assert "-" in first, first  # the id of the stream's entry
        assert "DUPLICATE" in call(w, "enqueue", "d1", "nobody", "{}", "1", "nobody|e1", "t2")
        assert w.redis("XLEN", PREFIX + "outbox") == ["1"]
        assert w.redis("HGET", PREFIX + "told:nobody", "nobody|e1") == ["t1"], "told with the message, and not again"
        call(w, "told", first, "d1", "nobody", "delivered", "")
        assert w.redis("XLEN", PREFIX + "outbox") == ["0"] and w.redis("HLEN", PREFIX + "dead") == ["0"]
        assert "DUPLICATE" in call(w, "enqueue", "d1", "nobody", "{}", "0"), "what was delivered is not due again"


def test_a_message_that_the_stream_lost_is_put_back_unless_its_outcome_is_known(build):
    with running(build) as w:
        call(w, "enqueue", "d1", "nobody", "{}", "0")
        w.redis("DEL", PREFIX + "outbox")
        again = call(w, "put_back", "d1", "nobody", "{}", "1", "nobody|e1", "t1", '{"tries":3}')
        assert "-" in again and w.redis("XLEN", PREFIX + "outbox") == ["1"], again
        assert w.redis("HGET", PREFIX + "told:nobody", "nobody|e1") == ["t1"]
        assert w.redis("HGET", PREFIX + "outbox:tries", "d1") == ['{"tries":3}']
        call(w, "told", again, "d1", "nobody", "delivered", "")
        assert "DUPLICATE" in call(w, "put_back", "d1", "nobody", "{}", "1", "nobody|e1", "t2", "{}")
        assert w.redis("XLEN", PREFIX + "outbox") == ["0"] and w.redis("HLEN", PREFIX + "outbox:tries") == ["0"]


def test_a_message_given_up_is_kept_as_a_dead_letter(build):
    with running(build) as w:
        first = call(w, "enqueue", "d2", "nobody", "{}", "0")
        call(w, "attempt", "d2", "nobody")
        call(w, "tried", "d2", "nobody", "{}")
        assert w.redis("HGET", PREFIX + "outbox:tries", "d2") == ["{}"]
        assert w.redis("HLEN", PREFIX + "outbox:flying") == ["0"], "its outcome is recorded"
        call(w, "told", first, "d2", "nobody", "dead", '{"why":"refused"}')
        assert w.redis("XLEN", PREFIX + "outbox") == ["0"] and w.redis("HLEN", PREFIX + "outbox:tries") == ["0"]
        assert w.redis("HGET", PREFIX + "dead", "d2") == ['{"why":"refused"}']
        again = call(w, "letter", "d2", "nobody", '{"item":1}')
        assert "-" in again and w.redis("HLEN", PREFIX + "dead") == ["0"] and w.redis("XLEN", PREFIX + "outbox") == ["1"]
        call(w, "told", again, "d2", "nobody", "dead", "{}")
        assert "OK" in call(w, "letter", "d2", "nobody", "")
        assert w.redis("HLEN", PREFIX + "dead") == ["0"] and w.redis("XLEN", PREFIX + "outbox") == ["0"]


def test_a_digest_takes_the_place_of_all_its_messages_or_of_none(build):
    with running(build) as w:
        one, two = (call(w, "enqueue", d, "nobody", "{}", "0") for d in ("d1", "d2"))
        gone = call(w, "enqueue", "d3", "nobody", "{}", "0")
        call(w, "told", gone, "d3", "nobody", "delivered", "")
        before = w.redis("XRANGE", PREFIX + "outbox", "-", "+")
        assert "STALE" in call(w, "digest", "d9", "nobody", "{}", "2", one, "d1", gone, "d3", "1", "nobody|e1", "t")
        assert w.redis("XRANGE", PREFIX + "outbox", "-", "+") == before
        assert w.redis("HGET", PREFIX + "told:nobody", "nobody|e1") == [""]
        assert "-" in call(w, "digest", "d9", "nobody", "{}", "2", one, "d1", two, "d2", "1", "nobody|e1", "t")
        assert w.redis("XLEN", PREFIX + "outbox") == ["1"]
        assert w.redis("HGET", PREFIX + "told:nobody", "nobody|e1") == ["t"]
        assert "STALE" in call(w, "digest", "d9", "nobody", "{}", "0", "0"), "once"


def test_an_alert_changes_only_from_the_revision_that_was_read(build):
    with running(build) as w:
        assert "OK" in call(w, "transition", "a1", "0", "1", "one", "1", "e1", "19000", "{}")
        entries = w.redis("XLEN", PREFIX + "audit")
        assert "STALE" in call(w, "transition", "a1", "0", "1", "two", "0", "", "0", "{}")
        assert w.redis("HGET", PREFIX + "alert:a1", "state") == ["one"]
        assert w.redis("SISMEMBER", PREFIX + "alerts:open", "a1") == ["1"]
        assert w.redis("XLEN", PREFIX + "audit") == entries, "refused: nothing is written at all"
        assert "OK" in call(w, "transition", "a1", "1", "2", "two", "0", "", "0", "{}")
        assert w.redis("SISMEMBER", PREFIX + "alerts:open", "a1") == ["0"]


def test_a_receipt_is_applied_once_and_in_its_turn(build):
    with running(build) as w:
        assert "OK" in call(w, "commit_feed", "f1", '{"receipt": 3}', "0", "f1|sha:format", "first")
        refused = call(w, "commit_feed", "f1", '{"receipt": 4}', "0", "f1|other:format", "second")
        assert "STALE" in refused, refused
        assert w.redis("HEXISTS", PREFIX + "ledger", "f1|other:format") == ["0"], "nothing is written at all"
        assert w.redis("HGET", PREFIX + "feeds", "f1") == ['{"receipt": 3}']
        assert "OK" in call(w, "commit_feed", "f1", '{"receipt": 4}', "3", "")
        assert w.redis("HLEN", PREFIX + "ledger") == ["1"], "a receipt that changed nothing has no entry"


def test_a_list_comes_into_force_with_what_is_counted_of_it_or_not_at_all(build):
    cells = ("1", "s", "{}", "p", "v", "1")
    with running(build) as w:
        for n, (function, overlay) in enumerate((("commit_list", ()), ("commit_events", ("1", "cyp:TAJ", "3", "pathway", "facts")))):
            book = ("f1", f'{{"receipt": {n + 1}}}', str(n), "", "", *overlay)
            w.redis("DEL", PREFIX + "series:s", PREFIX + "series")
            for refused in ((*book[:2], "9", *book[3:], "1", "cyp:TAJ", "0", "1", "era", "1"),
                            (*book, "1", "cyp:TAJ", "7", "1", "era", "1")):
                assert "STALE" in call(w, function, *refused, *cells)
                assert w.redis("EXISTS", PREFIX + "series", PREFIX + "series:s") == ["0"], "nothing is written at all"
            assert "OK" in call(w, function, *book, "1", "cyp:TAJ", "0", "1", "era", str(n), *cells)
            assert w.redis("HGET", PREFIX + "series:s", "p") == ["v"]
            assert w.redis("HGET", PREFIX + "list:cyp:TAJ:cur", "era") == [str(n)]
            assert w.redis("HGET", PREFIX + "feeds", "f1") == [book[1]]
        assert w.redis("HGET", PREFIX + "list:cyp:TAJ:o0:3", "pathway") == ["facts"]


def test_a_lease_that_another_daemon_holds_is_not_taken(build):
    with running(build) as w:
        w.redis("SET", PREFIX + "lease", "another its-name", "PX", "60000")
        before = w.redis("GET", PREFIX + "fence"), w.redis("HGETALL", PREFIX + "meta")
        answer = w.redis("FCALL", "claim", "1", PREFIX, "0" * 32, "999999:x", "us", "our-name", "3000")
        assert answer == ["held", "another its-name"], answer
        assert (w.redis("GET", PREFIX + "fence"), w.redis("HGETALL", PREFIX + "meta")) == before


def test_another_epoch_changes_nothing(build):
    with running(build) as w:
        token, = w.redis("GET", PREFIX + "fence")
        for function, args in (("commit_feed", ("f1", "{}", "0", "k", "v")), ("now", ("m", "value", "1")),
                               ("transition", ("a1", "0", "1", "one", "1", "e1", "19000", "{}")),
                               ("enqueue", ("d1", "nobody", "{}", "0")), ("told", ("0-1", "d1", "nobody", "delivered", "")),
                               ("commit_series", ("1", "s", "{}", "p", "{}", "1"))):
            before = sorted(w.redis("KEYS", "*"))
            assert "STALE" in " ".join(w.redis("FCALL", function, "1", PREFIX, "0" * 32, token, *args)), function
            assert sorted(w.redis("KEYS", "*")) == before, function


if __name__ == "__main__":
    run_tests(globals())
