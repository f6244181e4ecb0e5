"""kill -9 at many moments: nothing lost, nothing told twice under another id."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import json
import time

from waitlist import Instance, measure, plan, run_tests, three, wait_for
from hook import Hook, HOOK_RECEIVER, SECRET

MOMENTS_MS = (0, 3, 8, 15, 25, 40, 60, 90, 130, 200, 300, 450)


def settled(w, day="2024-06-10T13:00"):
    """What a --once run after the crash leaves: alert, measure, notices by delivery."""
    w.once(day)
    return w.look(day, lambda w: (w.measure(), w.alert()))


def notices(events):
    return sorted(i["notice_id"] for e in events.values() for i in e["data"]["items"])


def test_killed_at_any_moment_after_a_file_arrives_tells_it_once_under_one_id(build):
    with Instance(build) as calm:
        calm.put("a.csv", three(6))
        expected = settled(calm)
        ids = sorted(calm.events())
        told = notices(calm.events())
    for moment in MOMENTS_MS:
        with Instance(build) as w:
            w.start("2024-06-10")
            w.put("a.csv", three(6))
            time.sleep(moment / 1000)  # the moment of the crash is what varies here
            w.kill()
            m, a = settled(w)
            assert (m["value"], m["rag"]) == (expected[0]["value"], expected[0]["rag"]), (moment, m)
            assert (a["alert_id"], a["episode_id"], a["state"]) == tuple(
                expected[1][k] for k in ("alert_id", "episode_id", "state")), (moment, a)
            assert notices(w.events()) == told, f"after {moment} ms: {notices(w.events())} for {told}"
            assert sorted(w.events()) == ids, f"after {moment} ms another delivery id: {sorted(w.events())}"
            assert [x.delivery_id for x in w.mails()] == ids, f"after {moment} ms"


def test_killed_again_and_again_it_still_ends_in_the_same_state(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        for moment in (5, 10, 20, 40, 80):
            w.start("2024-06-10", ready=False)
            time.sleep(moment / 1000)
            w.kill()
        m, a = settled(w)
        assert (m["value"], a["state"]) == (6, "FIRING")
        assert len(w.mails()) == 1 and len(set(notices(w.events()))) == 1, notices(w.events())


def test_a_webhook_is_told_at_least_once_always_under_the_same_id_and_bytes(build):
    for moment in MOMENTS_MS[::2]:
        with Hook() as hook, Instance(build, plan_text=plan(receivers="hook"),
                                      receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
            w.write("hook.secret", SECRET + "\n")
            w.start("2024-06-10")
            w.put("a.csv", three(6))
            time.sleep(moment / 1000)
            w.kill()
            w.once("2024-06-10T13:00")
            assert hook.requests, f"after {moment} ms: never told"
            assert len({r.headers["webhook-id"] for r in hook.requests}) == 1, f"after {moment} ms: two ids"
            assert len({r.body for r in hook.requests}) == 1, f"after {moment} ms: other bytes under the same id"


def test_a_file_is_never_lost_between_inbox_and_archive(build):
    for moment in MOMENTS_MS[::3]:
        with Instance(build, plan_text=plan(measure())) as w:
            w.start("2024-09-01")
            for n, month in enumerate(("2024-04", "2024-05", "2024-06", "2024-07")):
                w.put(f"{n}.csv", three(6 + n, month))
            time.sleep(moment / 1000)
            w.kill()
            w.once("2024-09-01T13:00")
            assert w.inbox() == [], w.inbox()
            history = w.look("2024-09-01T13:00", lambda w: json.dumps(w.ctl("measure", "cyp-4w")))
            for end in ("2024-04-30", "2024-05-31", "2024-06-30", "2024-07-31"):
                assert end in history, f"after {moment} ms the period to {end} is lost"


def test_the_embedded_redis_killed_underneath_comes_back_with_what_it_held(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        w.measure()
        first = wait_for(w.redis_pid, "the embedded Redis's pid file")
        os.kill(first, 9)
        wait_for(lambda: w.redis_pid() not in (None, first), "another redis-server", 15)
        w.put("b.csv", three(4, "2024-05"))
        wait_for(lambda: w.measure()["value"] == 4, "the next file to be judged", 30)
        assert w.now_hash("cyp-4w").get("value", "").rstrip("%") == "4", w.now_hash("cyp-4w")


def test_a_message_delivered_just_before_the_crash_is_marked_and_not_sent_again(build):
    with Hook(answers=(503, 200)) as hook, Instance(build, plan_text=plan(receivers="hook"),
                                                    receivers=HOOK_RECEIVER.format(port=hook.port)) as w:
        outbox = f"wl:{{{w.instance}}}:outbox"
        w.write("hook.secret", SECRET + "\n")
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        wait_for(lambda: hook.requests, "the first try")
        entry = w.redis("XRANGE", outbox, "-", "+")[1:]
        assert entry[::2] == ["delivery", "receiver", "item"], entry[::2]
        w.stop()
        w.once("2024-06-10T13:00")
        assert len(hook.requests) == 2
        w.start("2024-06-10T14:00")
        wait_for(lambda: w.ctl("status")["ready"], "its Redis")
        w.redis("XADD", outbox, "*", *entry)  # as a crash leaves it between the sent journal and the mark
        w.stop()
        w.start("2024-06-10T15:00")
        wait_for(lambda: w.redis("XLEN", outbox) == ["0"], "the message to be marked as delivered")
        assert len(hook.requests) == 2, "the sent journal knows that it was delivered"


def test_a_change_that_redis_had_taken_unheard_is_found_by_loading_again(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        key = f"wl:{{{w.instance}}}:alert:{w.alert()['alert_id']}"
        w.redis("HSET", key, "revision", "7")  # ahead of what the daemon was told
        w.put("b.csv", three(45, "2024-05"))
        wait_for(lambda: w.alert()["state"] == "RESOLVED", "the change to be made from what stands in Redis", 30)
        assert w.redis("HGET", key, "revision") == ["8"]


if __name__ == "__main__":
    run_tests(globals())
