"""Redis emptied, an older copy, cut short: what the journals know comes back the same, and is told once."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from hook import HOOK_RECEIVER, SECRET, Hook
from waitlist import Instance, RECEIVER_SPOOL, plan, run_tests, three, wait_for

PREFIX = "wl:{black-country}:"
# What a reader of Redis sees: not the order of a stream's ids, the copies of the audit, leases.
LEFT_OUT = ("audit", "lease", "fence", "meta", "outbox:ids", "outbox:flying")


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


def settled(w):
    """Waits until what the day composed is delivered, and Redis has heard of it."""
    wait_for(lambda: w.ctl("status")["messages_due"] == 0 and w.redis("XLEN", PREFIX + "outbox") == ["0"],
             "the day's messages to be delivered")


def on_day(w, day="2024-10-21"):
    """The books in Redis on that day, evaluated; and what was told till then."""
    def look(w):
        w.measure()
        settled(w)
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


def test_R16_what_one_run_saw_comes_back_when_redis_is_emptied_before_anything_else_is_read(build):
    with Instance(build) as w:
        w.start("2024-08-10")
        for month, value in (("2024-04", 17), ("2024-05", 70), ("2024-06", 3)):
            w.put(month + ".csv", three(value, month))
            wait_for(lambda m=month: str(w.measure()["period_end"]).startswith(m), month)
        wait_for(lambda: len(w.mails()) >= 2, "behind, and behind again, to be told")
        wait_for(lambda: "outbox" not in redis_books(w), "nothing to be due")
        before, said = redis_books(w), told(w)
        w.redis("FLUSHALL")
        w.kill()
        w.start("2024-08-10T18:00")
        w.measure()
        settled(w)
        after = redis_books(w)
        assert after == before, differences(before, after)
        assert told(w) == said


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


# ---- on command ----------------------------------------------------------------------------------

def started(w, day="2024-10-21"):
    w.start(day)
    w.measure()
    return w


def test_rebuild_empties_only_our_keys_and_brings_everything_back_while_it_runs(build):
    with with_its_life(build) as w:
        started(w)
        before, said = redis_books(w), told(w)
        w.redis("SET", PREFIX + "rubbish", "left by somebody")
        w.redis("SET", "other:key", "of somebody else")
        w.redis("HSET", PREFIX + "told:spool", "spool|nonsense", "{}")
        r = w.ctl_raw("rebuild", "--why", "a try")
        assert r.returncode == 0 and "rebuilt" in r.stderr, (r.returncode, r.stderr)
        assert json.loads(r.stdout)["act"] == "rebuild"
        assert w.ctl("status")["rebuild"] is None
        after = redis_books(w)
        assert after == before, differences(before, after)
        assert w.redis("GET", "other:key") == ["of somebody else"] and not w.redis("EXISTS", PREFIX + "rubbish")[0] == "1"
        assert told(w) == said
        acts = [(x["what"], x.get("why")) for x in w.ctl("audit") if x["what"] in ("act", "rebuilt")]
        assert acts == [("act", "a try"), ("rebuilt", None)], acts
        w.stop()
        started(w)
        assert [x["what"] for x in w.ctl("audit")].count("rebuilt") == 1, "done once, not at each start"


def test_rebuild_draws_a_bar_on_a_terminal(build):
    with with_its_life(build) as w:
        started(w)
        mine, its = os.openpty()
        result = subprocess.run([os.path.join(w.build, "waitlistctl"), "--config", w.path("waitlistd.yaml"), "rebuild"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its, timeout=60)
        os.close(its)
        shown = b""
        while True:
            try:
                piece = os.read(mine, 4096)
            except OSError:
                break
            shown += piece
        os.close(mine)
        assert result.returncode == 0 and b"\r[" in shown and b"rebuilt" in shown, shown


def test_R14_a_key_of_the_wrong_type_is_said_left_alone_and_mended_by_rebuild(build):
    with with_its_life(build) as w:
        before, said = on_day(w)
        started(w)
        w.redis("DEL", PREFIX + "told:spool")
        w.redis("SET", PREFIX + "told:spool", "no hash")
        w.kill()
        w.start("2024-10-21")
        wait_for(lambda: "could not be loaded" in w.ctl("status")["status"], "the trouble to be said")
        assert w.ctl_raw("health").returncode == 2 and w.redis("GET", PREFIX + "told:spool") == ["no hash"]
        wait_for(lambda: w.ctl_raw("rebuild").returncode == 0, "a moment in which Redis is connected")
        w.measure()
        settled(w)
        after = redis_books(w)
        assert after == before, differences(before, after)
        assert told(w) == said


def test_a_message_due_keeps_its_id_and_its_words_through_a_rebuild(build):
    hook = '  - {id: hook, kind: webhook, url: "http://127.0.0.1:9/x", secret_file: hook.secret, allow_private: true}\n'
    with Instance(build, plan_text=plan(receivers="spool, hook"), receivers=RECEIVER_SPOOL + hook) as w:
        w.write("hook.secret", "whsec_" + "QUFB" * 8 + "\n")
        w.put("a.csv", three(5))
        started(w, "2024-06-10")
        wait_for(w.mails, "the mail")
        wait_for(lambda: "outbox" in redis_books(w), "the event to be due")
        before = redis_books(w)["outbox"]
        assert w.ctl_raw("rebuild").returncode == 0
        assert redis_books(w)["outbox"] == before and len(w.mails()) == 1


def test_what_was_due_when_redis_is_lost_leaves_as_it_was_frozen_under_its_id(build):
    with Hook(answers=(503,)) as hook, Instance(build, plan_text=plan(receivers="spool, hook"),
                                                receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
        w.write("hook.secret", SECRET + "\n")
        w.put("a.csv", three(5, "2024-05"))
        w.once("2024-07-08", expect=1)
        frozen = {r.headers["webhook-id"]: r.body for r in hook.requests}
        mails = told(w)
        assert len(mails) == len(frozen) == 1, mails
        shutil.rmtree(w.path("state", "redis"))
        w.put("b.csv", three(70, "2024-06"))  # it has ended, and would be told otherwise by now
        hook.answers, before = [200], len(hook.requests)
        w.once("2024-07-10")
        again = hook.requests[before:]
        assert {r.headers["webhook-id"]: r.body for r in again[:1]} == frozen, "other bytes, or another id"
        news = [i["news"] for r in again for i in json.loads(r.body)["data"]["items"]]
        assert news == ["new", "cleared"] and len(again) == 2, news
        assert [m for m in told(w) if m in mails] == mails, "what was delivered stays delivered"


def test_a_message_that_was_journalled_and_never_reached_redis_leaves_as_it_was_frozen(build):
    """A crash between the two: its group may have changed by the next start."""
    with Hook(answers=(200,)) as hook, Instance(build, plan_text=plan(receivers="spool, hook"),
                                                receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
        w.write("hook.secret", SECRET + "\n")
        w.once("2024-06-09")
        shutil.copytree(w.path("state", "redis"), w.path("before"))
        w.put("a.csv", three(5))
        hook.answers = [503]
        w.once("2024-06-10", expect=1)
        frozen, = [(r.headers["webhook-id"], r.body) for r in hook.requests]
        shutil.rmtree(w.path("state", "redis"))
        os.rename(w.path("before"), w.path("state", "redis"))
        w.put("b.csv", three(4))
        hook.answers = [200]
        w.once("2024-06-10")
        assert (hook.requests[1].headers["webhook-id"], hook.requests[1].body) == frozen
        assert len(hook.requests) == 2, [json.loads(r.body)["data"]["items"] for r in hook.requests]


def test_a_message_of_which_nobody_knows_whether_it_was_under_way_joins_no_digest(build):
    """The daemon died, and Redis was lost: the same message again under its id, and no other that says the same."""
    with Hook(answers=(503,)) as hook, Instance(build, plan_text=plan(receivers="spool, hook"),
                                                receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
        w.write("hook.secret", SECRET + "\n")
        w.put("a.csv", three(5))
        w.once("2024-06-10", expect=1)
        frozen, = {(r.headers["webhook-id"], r.body) for r in hook.requests}
        shutil.rmtree(w.path("state", "redis"))
        w.put("b.csv", three(70, "2024-05"))
        w.once("2024-06-10T12:30", expect=1)
        hook.answers, before = [200], len(hook.requests)
        w.once("2024-06-10T13:00")
        again = [(r.headers["webhook-id"], r.body) for r in hook.requests[before:]]
        assert frozen in again and len(again) == 2, [id for id, _ in again]
        w.once("2024-06-10T13:30")
        assert len(hook.requests) == before + 2


def test_what_redis_holds_as_due_and_the_journal_does_not_is_written_there(build):
    with Hook(answers=(503,)) as hook, Instance(build, plan_text=plan(receivers="spool, hook"),
                                                receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
        w.write("hook.secret", SECRET + "\n")
        w.put("a.csv", three(5))
        w.once("2024-06-10", expect=1)
        frozen = [(r.headers["webhook-id"], r.body) for r in hook.requests]
        with open(w.path("state", "journal", "sent"), "w", encoding="utf-8"):
            pass
        w.once("2024-06-10T12:30", expect=1)
        shutil.rmtree(w.path("state", "redis"))
        w.put("b.csv", three(4))
        hook.answers, before = [200], len(hook.requests)
        w.once("2024-06-10T13:00")
        assert [(r.headers["webhook-id"], r.body) for r in hook.requests[before:]] == frozen


def test_a_removal_that_was_cut_off_is_ended_before_anything_is_read(build):
    with with_its_life(build) as w:
        before, said = on_day(w)
        started(w)
        w.redis("HSET", PREFIX + "meta", "dropping", "1")
        w.redis("SET", PREFIX + "rubbish", "still to go")
        w.redis("DEL", PREFIX + "ledger")
        w.kill()
        after, said_after = on_day(w)
        assert after == before, differences(before, after)
        assert said_after == said


def test_a_rebuild_in_the_audit_that_never_began_is_done_at_the_next_start(build):
    with with_its_life(build) as w:
        started(w)
        w.redis("SET", PREFIX + "rubbish", "to go")
        w.kill()
        path = w.path("state", "journal", "audit")
        with open(path, "rb") as f:
            last = f.read().splitlines()[-1].split(b" ", 2)
        record = json.dumps({"act": "rebuild", "who": "somebody", "at_ms": 0, "prev": hashlib.sha256(last[2]).hexdigest()})
        rest = b"%d %s" % (int(last[1]) + 1, record.encode())
        with open(path, "ab") as f:
            f.write(b"%08x %s\n" % (zlib.crc32(rest), rest))
        started(w)
        assert w.redis("EXISTS", PREFIX + "rubbish") == ["0"]


def test_a_question_during_a_rebuild_is_answered_with_how_far_it_is(build):
    with with_its_life(build) as w:
        started(w)
        w.redis("CONFIG", "SET", "busy-reply-threshold", "100000")
        holder = subprocess.Popen(["redis-cli", "-s", "redis.sock", "EVAL", "local t = redis.call('TIME')[1] + 0 "
                                   "while redis.call('TIME')[1] + 0 < t + 2 do end", "0"], cwd=w.path("state", "redis"),
                                  stdout=subprocess.DEVNULL)
        try:
            asked = subprocess.Popen([os.path.join(w.build, "waitlistctl"), "--config", w.path("waitlistd.yaml"), "rebuild"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            status = wait_for(lambda: w.ctl("status")["rebuild"] and w.ctl("status"), "the rebuild to be said", 30)
            assert "rebuilding" in status["status"], status
            _, shown = asked.communicate(timeout=60)
            assert asked.returncode == 0 and "rebuilding: " in shown, shown
        finally:
            holder.wait()


if __name__ == "__main__":
    run_tests(globals())
