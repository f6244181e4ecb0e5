"""Redis loses its tail, or everything (R15, R16): healed from archive and journals, and nobody told twice."""
import glob
import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from canonical import Canonical, by_id
from sweep import SEED, chosen, strike_all
from waitlist import run_tests, wait_for

CUTS = 500
TAIL_BYTES = 64 << 10


def append_only_file(c):
    """The part that grows; every start of the server goes on in it."""
    return max(glob.glob(c.w.path("state", "redis", "appendonlydir", "*.incr.aof")), key=os.path.getmtime)


def test_cut_at_a_byte_of_its_tail_redis_is_healed_and_nobody_told_twice(build):
    with Canonical(build, embedded=True) as c:
        c.count()
        k = len(c.steps) - 1  # four alerts are open, and this step ends them
        c.restore(k)
        size = os.path.getsize(append_only_file(c))
        chance = random.Random(SEED)
        first = max(0, size - TAIL_BYTES)
        cuts = sorted({first, size - 1} | set(chance.sample(range(first, size), min(CUTS - 2, size - first))))

        def strike(at):
            c.restore(k)
            os.truncate(append_only_file(c), at)
            c.fill(k)
            c.go_on(k)
            c.check(k, 0)
            return True
        assert len(cuts) >= CUTS - 2, f"only {len(cuts)} places to cut"
        strike_all("cuts", [(at,) for at in chosen(cuts)], strike, len(cuts))


def kill_both(c):
    """kill -9 of the daemon and of its Redis, in one moment."""
    server = c.w.redis_pid()
    c.w.signal(signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    c.w.kill()


def lose_everything(c, day):
    c.w.start(day)
    wait_for(c.w.redis_pid, "the embedded Redis")
    c.w.ctl("measures")
    alerts = sorted((a["alert_id"], a["episode_id"], a["state"]) for a in c.w.alerts())
    assert c.w.redis("FLUSHALL") == ["OK"]
    kill_both(c)
    return alerts


def test_emptied_and_both_killed_the_same_alerts_stand_and_nobody_is_told_twice(build):
    with Canonical(build, embedded=True) as c:
        c.count()
        k = len(c.steps) - 1
        c.restore(k)
        before = lose_everything(c, c.steps[k - 1].day)
        assert [a for a in before if a[2] == "FIRING"], before
        c.w.start(c.steps[k - 1].day)
        after = sorted((a["alert_id"], a["episode_id"], a["state"]) for a in c.w.alerts())
        c.w.stop()
        assert after == before, f"{after} for {before}"
        c.fill(k)
        c.go_on(k)
        c.check(k, 0)


def test_emptied_and_both_killed_what_was_not_told_yet_is_told_once(build):
    with Canonical(build, embedded=True) as c:
        c.count()
        c.restore(0)
        c.fill(0)
        c.smtp.replies["CONNECT"] = "421 later"
        assert c.run_step(0) == 1, "two mails wait"
        assert not c.smtp.mails and c.http.requests
        lose_everything(c, c.steps[0].day)
        c.smtp.replies["CONNECT"] = "220 fake"
        c.go_on(0)
        told, got = by_id(c.told), by_id(c.messages())
        assert set(got) == set(told) and all(len(copies) == 1 for copies in got.values()), \
            {id: len(copies) for id, copies in got.items()}


if __name__ == "__main__":
    run_tests(globals())
