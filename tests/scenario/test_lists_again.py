"""Lists that come about again: after an upgrade, from other batches of the same events, by a rebuild."""
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from redis_client import RedisClient
from waitlist import run_tests, wait_for

LIST = "wl:{black-country}:list:cyp:TAJ"
SEALS = {b"B": 8, b"C": 8, b"K": 8, b"P": 4}  # bytes of the check sum behind a packed part, by its tag
MEASURES = (lists.measure(), lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}"),
            lists.measure(id="starts", title="Referrals", metric="referrals", target="{at_most: 500}", more="    period: week\n"),
            lists.measure(id="stops", title="Stopped", metric="clock-stops", target="{at_most: 100}",
                          more="    period: week\n"))


def of_version(packed, version):
    """The same part as an older version would have tagged it, with the check sum of those bytes; None: no such part."""
    length = SEALS.get(packed[:1], 0)
    body = packed[:-length] if length else b""
    if not body or hashlib.sha256(body).digest()[:length] != packed[-length:]:
        return None
    body = body[:1] + bytes([version]) + body[2:]
    return body + hashlib.sha256(body).digest()[:length]


def make_older(i, version):
    """Every part of the list in Redis. Returns the tags of those that were changed."""
    tags = set()
    with RedisClient(i.path("state", "redis", "redis.sock")) as redis:
        for key, (kind, content) in redis.read().items():
            if not key.startswith(LIST):
                continue
            fields = content.items() if kind == "hash" else ((None, content),)
            for name, value in fields:
                older = of_version(value, version) if isinstance(value, bytes) else None
                if older:
                    tags.add(older[:1])
                    redis.call(*(("SET", key, older) if name is None else ("HSET", key, name, older)))
    return tags


def known(i):
    """All that must come out the same."""
    parts = {f["id"]: [{k: v for k, v in p.items() if k != "generation"} for p in f["list"]["parts"]] for f in i.ctl("feeds")}
    return parts, {m["id"]: i.ctl("measure", m["id"])["history"] for m in i.ctl("measures")}, i.ctl("alerts")


def test_a_list_that_an_older_version_packed_is_made_again_and_nobody_starts_stops_or_is_told_twice(build):
    waiting = lists.starts(300, "2026-05-10", step=-1)
    people = {"A0": "PA1"}  # two referrals of one person: what the older version did not keep
    with lists.instance(build, feeds=lists.SNAPSHOTS + lists.EVENTS, plan_text=lists.plan(*MEASURES)) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", waiting, people=people), feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", lists.snapshot("2026-05-24", {k: v for k, v in waiting.items() if k != "A7"}, people=people),
              feed="weekly")
        i.once("2026-05-25")
        i.put("1.csv", lists.events(("A3", "first-contact", "2026-05-25", 1), ("X1", "referral", "2026-05-25", 1)),
              feed="events")
        i.start("2026-05-26")
        wait_for(lambda: [f for f in i.ctl("feeds") if f["id"] == "events"][0]["files"] == 1, "the events to be applied")
        before = known(i)
        assert before[0]["weekly"][0]["pathways"] == 301 and before[2][0]["state"] == "FIRING", before
        assert make_older(i, 3) == set(SEALS), "parts of every kind"
        i.kill()
        i.start("2026-05-26")
        wait_for(lambda: i.ctl("status")["ready"] and known(i) == before, "the same list, figures and alerts", 60)
        assert i.log().count("it is made again from the archive") == 1, i.log()[-3000:]
        i.stop()
        i.start("2026-05-26")  # packed as this version packs it
        wait_for(lambda: i.ctl("status")["ready"] and known(i) == before, "the same after a start", 30)
        assert i.log().count("it is made again from the archive") == 1, i.log()[-3000:]
        subjects = [m.subject for m in i.mails()]
        assert subjects and len(subjects) == len(set(subjects)), subjects


def test_the_periods_of_a_measure_do_not_depend_on_the_batches_of_the_events_or_a_rebuild(build):
    """The earliest day is one that a later version corrects, and an event before its referral."""
    rows = [("A", "referral", "2026-05-20", 2), ("A", "referral", "2026-05-11", 1), ("B", "referral", "2026-05-15", 1),
            ("B", "first-contact", "2026-05-13", 1), ("C", "referral", "2026-05-22", 1)]
    daily = lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}", more="    period: day\n")

    def figures(i):
        return {h["period_end"]: h["value"] for h in i.ctl("measure", "open")["history"]}

    found = []
    for batches in ([rows], [rows[:1], rows[1:3], rows[3:]], [[r] for r in rows], [[r] for r in reversed(rows)]):
        with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(daily)) as i:
            for n, batch in enumerate(batches):
                i.put(f"{n}.csv", lists.events(*batch), feed="events")
                i.once("2026-05-23")
            i.start("2026-05-23")
            found.append(figures(i))
            i.ctl("rebuild", "--why", "a try")
            wait_for(lambda: i.ctl("status")["ready"] and figures(i) == found[0], "the same after a rebuild", 40)
    assert all(f == found[0] for f in found), found
    assert sorted(found[0])[0] == "2026-05-11" and found[0]["2026-05-12"] == 0 and found[0]["2026-05-22"] == 3, found[0]


if __name__ == "__main__":
    run_tests(globals())
