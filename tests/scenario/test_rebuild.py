"""Redis emptied, an older copy, cut short: what the journals know comes back the same, and is told once."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, run_tests, three, wait_for

PREFIX = "wl:{black-country}:"
# What a reader of Redis sees: not the order of a stream's ids, the copies of the audit, leases.
LEFT_OUT = ("audit", "lease", "fence", "meta", "outbox:ids")


def redis_books(w):
    """Every key of the instance with its value, as plain data; streams without their ids."""
    out = {}
    for key in w.redis("--scan", "--pattern", PREFIX + "*"):
        name = key[len(PREFIX):]
        kind = w.redis("TYPE", key)[0]
        if name in LEFT_OUT:
            continue
        if kind == "hash":
            lines = w.redis("--json", "HGETALL", key)
            out[name] = {k: parsed(v) for k, v in json.loads("\n".join(lines)).items()}
        elif kind == "set":
            out[name] = sorted(w.redis("SMEMBERS", key))
        elif kind == "zset":
            out[name] = w.redis("ZRANGE", key, "0", "-1", "WITHSCORES")
        elif kind == "stream":
            entries = json.loads("\n".join(w.redis("--json", "XRANGE", key, "-", "+")))
            out[name] = [fields for _, fields in entries]
        else:
            out[name] = w.redis("GET", key)
    return {k: v for k, v in out.items() if v != []}


def parsed(value):
    try:
        return json.loads(value)
    except ValueError:
        return value


def told(w):
    return sorted((m.delivery_id, m.subject) for m in w.mails())


def differences(a, b):
    return {k: (a.get(k), b.get(k)) for k in sorted(a.keys() | b.keys()) if a.get(k) != b.get(k)}


def a_life(w):
    """Behind, worse, a late feed that time alone opens and a file closes, back on plan, behind again."""
    w.put("a.csv", three(17))
    w.once("2024-06-10")
    w.put("b.csv", three(5, "2024-05"))
    w.once("2024-07-10")
    w.once("2024-09-20")  # the file for June is late
    w.put("c.csv", three(70, "2024-06"))
    w.once("2024-09-25")
    w.put("d.csv", three(10, "2024-07"))
    w.once("2024-10-20")


def with_its_life(build):
    w = Instance(build)
    a_life(w)
    return w


def on_day(w, day="2024-10-21"):
    """The books in Redis on that day, evaluated; and what was told till then."""
    def look(w):
        w.measure()
        return redis_books(w)
    return w.look(day, look), told(w)


def test_R16_redis_emptied_comes_back_the_same_closed_episodes_their_dates_and_told_state_with_it(build):
    with with_its_life(build) as w:
        before, said = on_day(w)
        episodes = [e for k, v in before.items() if k.startswith("alert:") for e in v["state"]["episodes"]]
        assert len([e for e in episodes if e["state"] == "RESOLVED"]) == 2, episodes
        w.start("2024-10-21")
        w.measure()
        w.redis("FLUSHALL")
        w.kill()
        after, said_after = on_day(w)
        assert after == before, differences(before, after)
        assert said_after == said


def test_R16_a_redis_of_an_earlier_day_catches_up_and_tells_nothing_twice(build):
    with Instance(build) as w:
        w.put("a.csv", three(17))
        w.once("2024-06-10")
        shutil.copytree(w.path("state", "redis"), w.path("older"))
        w.put("b.csv", three(5, "2024-05"))
        w.once("2024-07-10")
        w.once("2024-09-20")
        w.put("c.csv", three(70, "2024-06"))
        w.once("2024-09-25")
        before, said = on_day(w)
        shutil.rmtree(w.path("state", "redis"))
        shutil.copytree(w.path("older"), w.path("state", "redis"))
        after, said_after = on_day(w)
        assert after == before, differences(before, after)
        assert said_after == said


def test_an_alert_of_which_redis_lost_only_the_newest_state_is_put_back(build):
    with with_its_life(build) as w:
        before, said = on_day(w)
        w.start("2024-10-21")
        w.measure()
        late = [k for k in w.redis("--scan", "--pattern", PREFIX + "alert:*") if "feed-late" in w.redis("HGET", k, "state")[0]]
        assert len(late) == 1
        w.redis("DEL", late[0])
        w.redis("SREM", PREFIX + "alerts", late[0].rsplit(":", 1)[1])
        w.kill()
        after, said_after = on_day(w)
        assert after == before, differences(before, after)
        assert said_after == said


def test_a_state_that_redis_knows_and_the_audit_does_not_is_written_into_the_audit(build):
    with with_its_life(build) as w:
        w.start("2024-10-21")
        w.measure()
        key = w.redis("--scan", "--pattern", PREFIX + "alert:*")[0]
        revision = int(w.redis("HGET", key, "revision")[0]) + 3
        w.redis("HSET", key, "revision", str(revision))
        w.kill()
        before, _ = on_day(w)
        assert [r["alerts"] for r in w.look("2024-10-21", lambda w: w.ctl("audit")) if r["what"] == "adopted"] == [
            key.rsplit(":", 1)[1]]
        shutil.rmtree(w.path("state", "redis"))
        after, _ = on_day(w)
        assert after == before, differences(before, after)


if __name__ == "__main__":
    run_tests(globals())
