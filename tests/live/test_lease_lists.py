"""Two daemons on one Redis with waiting lists: what the leader knew of who waits, the other goes on with."""
import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from hook import Hook
from redis import Server, on_server
from waitlist import PATIENCE_S, run_tests, wait_for

PREFIX = "wl:{black-country}:"
LEASE_S = 3 * max(1, round(PATIENCE_S))
SECRET = "whsec_" + "QUFB" * 8 + "\n"
FEEDS = lists.SNAPSHOTS + lists.EVENTS
OVER, OPEN = lists.measure(), lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}")
PLAN = lists.plan(OVER, OPEN).replace("receivers: [spool]", "receivers: [hook]")
FIRST, SECOND, THIRD = "2026-03-01", "2026-03-08", "2026-03-15"
OLD = lists.starts(8, "2025-09-01")  # over 18 weeks: red
NEW = lists.starts(30, "2026-01-05", prefix="N")


@contextlib.contextmanager
def pair(build):
    """Two daemons of one instance and one key of pathways, each with its own state; one webhook for both."""
    with Server() as server, Hook() as hook:
        receiver = (f'  - {{id: hook, kind: webhook, url: "http://127.0.0.1:{hook.port}/x", secret_file: hook.secret, '
                    "allow_private: true}\n")
        more = f", lease: {LEASE_S}s"
        with on_server(build, server, more, receivers=receiver, feeds=FEEDS, plan_text=PLAN) as a, \
                on_server(build, server, more, receivers=receiver, feeds=FEEDS, plan_text=PLAN) as b:
            for w in (a, b):
                w.write("hook.secret", SECRET)
                with open(os.open(w.path("pathway.key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
                    f.write(bytes(range(32)))
                with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
                    text = f.read()
                w.write("waitlistd.yaml", text.replace("[spool]", "[hook]") + lists.LISTS +
                        "identity: {key_file: ./pathway.key}\n")
            yield server, hook, a, b


def leads(w):
    status = w.ctl("status")
    return status["ready"] and status["standby_of"] is None


def takes(w, what):
    return wait_for(lambda: leads(w), what, 3 * LEASE_S + 20)


def part(w):
    """All that the list says of itself, but for which generation of blobs holds it."""
    found = [f for f in w.ctl("feeds") if f["list"]][0]["list"]["parts"][0]
    return {k: v for k, v in found.items() if k != "generation"}


def applied(w, feed):
    return [f["files"] for f in w.ctl("feeds") if f["id"] == feed][0]


def both(a, b, name, text, feed):
    for w in (a, b):
        w.put(name, text, feed=feed)


def figures(w):
    return {m["id"]: (m["value"], m["rag"], m["held"]) for m in w.ctl("measures")}


def told(server):
    keys = [k for k in server.say("--raw", "KEYS", PREFIX + "told:*").split()]
    return {k: sorted(server.say("--raw", "HGETALL", k).splitlines()) for k in keys}


def alerts(w):
    return sorted((x["rule"], x["measure"] or "", x["state"], x["title"]) for x in w.alerts())


def seen(server, w):
    return part(w), figures(w), alerts(w), told(server)


def begin(server, hook, a, b):
    """a leads with a snapshot and events that count on top of it, and told that it is red; b stands by."""
    a.start("2026-03-10")
    takes(a, "the first to lead")
    both(a, b, "1.csv", lists.snapshot(FIRST, {**OLD, **NEW}), "weekly")
    wait_for(lambda: applied(a, "weekly") == 1, "the snapshot", 30)
    both(a, b, "2.csv", lists.events(("N0", "clock-stop", "2026-03-05", 1), ("M1", "referral", "2026-03-04", 1)),
         "events")
    wait_for(lambda: applied(a, "events") == 1, "the events", 30)
    wait_for(lambda: a.alerts("behind-plan"), "the alert")
    wait_for(lambda: hook.requests and told(server) and not a.ctl("outbox", "ls"), "the message")
    b.start("2026-03-10")
    wait_for(lambda: b.ctl("status")["standby_of"] is not None, "the second to stand by")
    wait_for(lambda: not b.inbox("weekly") and not b.inbox("events"), "its files to be taken")


def test_the_standby_goes_on_with_lists_figures_alerts_and_what_was_told_when_the_leader_dies(build):
    with pair(build) as (server, hook, a, b):
        begin(server, hook, a, b)
        before, messages = seen(server, a), len(hook.requests)
        assert before[0]["pathways"] == 39 and before[1]["over-18"][0] == 8, before
        a.kill()
        takes(b, "the standby to lead")
        assert seen(server, b) == before, (seen(server, b), before)
        assert "is made from the archive" not in b.log(), "it is read from Redis"
        # It goes on: who left the next snapshot stopped, who came began, and nobody is new by the change.
        rest = {k: v for k, v in {**OLD, **NEW}.items() if k not in ("N0", "N1")}
        b.put("3.csv", lists.snapshot(SECOND, {**rest, "M1": "2026-03-04", "M2": "2026-03-06"}), feed="weekly")
        wait_for(lambda: applied(b, "weekly") == 2, "the next snapshot", 30)
        said = [f for f in b.ctl("feeds") if f["id"] == "weekly"][0]["last_outcome"]
        assert "2 started, 2 stopped" in said, said
        assert figures(b)["open"][0] == 38 and figures(b)["over-18"][0] == 8, figures(b)
        assert len(hook.requests) == messages, "red stayed red, and was told"
        assert len({r.headers["webhook-id"] for r in hook.requests}) == messages


def test_what_the_dead_leader_knew_of_a_list_is_made_again_from_the_other_ones_archive(build):
    with pair(build) as (server, hook, a, b):
        begin(server, hook, a, b)
        before, messages = seen(server, a), len(hook.requests)
        a.kill()
        takes(b, "the standby to lead")
        server.say("FLUSHALL")
        wait_for(lambda: leads(b) and b.ctl_raw("alerts").returncode == 0 and b.ctl("feeds")[0]["list"] and
                 part(b) == before[0] and figures(b) == before[1], "the same of the archive", 3 * LEASE_S + 40)
        assert alerts(b) == before[2] and len(hook.requests) == messages, "nothing is told again"
        b.ctl("rebuild")
        wait_for(lambda: leads(b) and part(b) == before[0], "the same of a rebuild", 3 * LEASE_S + 40)
        assert alerts(b) == before[2] and len(hook.requests) == messages


def test_a_leader_that_dies_between_a_snapshot_and_its_events_leaves_the_events_to_the_standby(build):
    """The standby has what the dead one had, and one file more, which nobody applied yet."""
    with pair(build) as (server, hook, a, b):
        begin(server, hook, a, b)
        b.put("4.csv", lists.events(("A0", "clock-stop", "2026-03-09", 1)), feed="events")
        wait_for(lambda: not b.inbox("events"), "its file to be taken")
        messages = len(hook.requests)
        a.kill()
        takes(b, "the standby to lead")
        wait_for(lambda: applied(b, "events") == 2, "its own file to be applied", 30)
        assert part(b)["facts"] == 3 and part(b)["pathways"] == 39, part(b)
        assert len(hook.requests) == messages


def test_an_event_file_that_only_the_dead_leader_had_stays_in_force_and_is_said(build):
    with pair(build) as (server, hook, a, b):
        begin(server, hook, a, b)
        a.put("4.csv", lists.events(("N2", "clock-stop", "2026-03-09", 1)), feed="events")
        wait_for(lambda: applied(a, "events") == 2, "the file that one has", 30)
        before = seen(server, a)
        a.kill()
        takes(b, "the standby to lead")
        assert part(b) == before[0] and figures(b) == before[1]
        assert "1 file that another daemon took is not in this archive" in b.ctl("status")["status"]
        server.say("FLUSHALL")  # the stop is nowhere now: who it was of waits on, and nothing is judged by it
        wait_for(lambda: b.ctl_raw("measures").returncode == 0 and figures(b)["open"][2], "the figures to be held",
                 3 * LEASE_S + 40)


if __name__ == "__main__":
    run_tests(globals())
