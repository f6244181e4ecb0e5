"""Identities: pathways that come under other keys are never counted as people seen."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from waitlist import run_tests, wait_for

START = "2026-01-05"
OPEN = lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 10}")
SEEN = lists.measure(id="stops", title="Clock stops", metric="clock-stops", polarity="higher", target="{at_least: 0}",
                     more="    period: month\n")


def feed(i, id="weekly"):
    return [f for f in i.ctl("feeds") if f["id"] == id][0]


def part(i):
    return feed(i)["list"]["parts"][0]


def values(i, id):
    return {h["period_end"]: h["versions"][-1]["value"] for h in i.ctl("measure", id)["history"]}


def renamed(count):
    return {f"N{k}": v for k, v in lists.starts(count, START).items()}


def test_everybody_under_other_keys_is_held_and_nobody_counts_as_seen(build):
    with lists.instance(build, plan_text=lists.plan(OPEN)) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(30, START)), feed="weekly")
        i.once("2026-05-18")
        before = i.look("2026-05-18", part)
        i.put("2.csv", lists.snapshot("2026-05-24", renamed(28)), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        assert feed(i)["last_outcome"].startswith("held: identities changed: of 30 who waited at TAJ 30 are gone, and 28"), \
            feed(i)["last_outcome"]
        wait = feed(i)["waits"][0]
        assert wait["held"] and "feed accept" in wait["why"], wait
        assert part(i) == before and values(i, "open") == {"2026-05-17": 30}, part(i)
        assert "file held" in i.ctl("measure", "open")["holds"], i.ctl("measure", "open")
        # The next file under the new keys is held as well; the one under the old keys is not.
        i.put("3.csv", lists.snapshot("2026-05-25", renamed(27)), feed="weekly")
        wait_for(lambda: len(feed(i)["waits"]) == 2, "the second file to be held")
        i.redis("FLUSHALL")
        wait_for(lambda: len(feed(i)["waits"]) == 2 and part(i)["digest"] == before["digest"], "the same after FLUSHALL", 40)


def test_a_person_s_accept_replaces_the_part_and_counts_no_stop(build):
    with lists.instance(build, plan_text=lists.plan(OPEN, SEEN)) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(30, START)), feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", lists.snapshot("2026-05-24", renamed(28)), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        i.ctl("feed", "accept", str(feed(i)["waits"][0]["receipt"]), "--why", "the provider changed its numbers")
        wait_for(lambda: feed(i)["files"] == 2, "the accepted file")
        assert part(i)["pathways"] == 28 and part(i)["census"] == "2026-05-24", part(i)
        assert "stopped" not in feed(i)["last_outcome"], feed(i)["last_outcome"]
        assert values(i, "open") == {"2026-05-17": 30, "2026-05-24": 28}, values(i, "open")
        assert set(values(i, "stops").values()) <= {0, None}, values(i, "stops")
        before = (part(i)["digest"], values(i, "open"))
        i.ctl("rebuild")
        wait_for(lambda: feed(i)["files"] == 2 and (part(i)["digest"], values(i, "open")) == before, "the same after a rebuild", 40)


if __name__ == "__main__":
    run_tests(globals())
