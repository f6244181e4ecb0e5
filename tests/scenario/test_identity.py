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
        # Not that 28 of 30 came again: who did not would be counted by it.
        assert feed(i)["last_outcome"].startswith(
            "held: identities changed: all of the people who waited at TAJ are gone, and nearly all of those came"), feed(i)["last_outcome"]
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


def test_accepting_a_part_under_other_keys_counts_nobody_as_seen_and_leaves_what_was_counted(build):
    """One team's system was re-numbered: 14 of 40 under other numbers, and two that are really gone. Nobody can tell
    these from those, so that the part begins anew."""
    seen = SEEN.replace("period: month", "period: week")
    rows = list(lists.starts(40, START).items())
    second = dict(rows[:36] + [("C1", "2026-05-12")])                     # four seen in the first week
    third = dict([(f"N{n}" if n < 14 else name, day) for n, (name, day) in enumerate(list(second.items())[:35])])
    with lists.instance(build, plan_text=lists.plan(OPEN, seen)) as i:
        for census, content in (("2026-05-10", dict(rows)), ("2026-05-17", second)):
            i.put(f"{census}.csv", lists.snapshot(census, content), feed="weekly")
            i.once(f"2026-05-{int(census[-2:]) + 1}")
        i.put("3.csv", lists.snapshot("2026-05-24", third), feed="weekly")
        i.start("2026-05-25")
        wait_for(lambda: feed(i)["waits"], "what is held")
        assert "identities changed" in feed(i)["waits"][0]["why"], feed(i)["waits"]
        i.ctl("feed", "accept", str(feed(i)["waits"][0]["receipt"]), "--why", "the team's system was re-numbered")
        wait_for(lambda: feed(i)["files"] == 3, "the accepted file")
        counted = (values(i, "open"), values(i, "stops"))
        assert counted[0] == {"2026-05-10": 40, "2026-05-17": 37, "2026-05-24": 35}, counted
        assert counted[1]["2026-05-17"] == 4 and counted[1].get("2026-05-24") is None, counted
        i.put("4.csv", lists.snapshot("2026-05-25", {k: v for k, v in third.items() if k != "N3"}), feed="weekly")
        wait_for(lambda: feed(i)["files"] == 4, "the next file under the new numbers")
        assert "1 stopped" in feed(i)["last_outcome"], feed(i)["last_outcome"]
        before = (values(i, "open"), values(i, "stops"), part(i)["digest"])
        i.ctl("rebuild")
        wait_for(lambda: feed(i)["files"] == 4 and (values(i, "open"), values(i, "stops"), part(i)["digest"]) == before,
                 "the same after a rebuild", 40)


KEYS = "identity: {key_file: new.key, previous_key_file: old.key}\n"


def keys(i, text):
    """Another identity: section in the settings."""
    with open(i.path("waitlistd.yaml"), encoding="utf-8") as f:
        lines = [line for line in f.read().splitlines(True) if not line.startswith("identity:")]
    i.write("waitlistd.yaml", lines[0] + text + "".join(lines[1:]))


def key_file(i, name, byte):
    os.chmod(i.write(name, bytes([byte]) * 32), 0o600)


def counts(i):
    return ({k: part(i)[k] for k in ("pathways", "facts", "digest")}, values(i, "open"), values(i, "stops"))


def test_an_announced_new_key_renames_everybody_and_counts_nobody(build):
    with lists.instance(build, feeds=lists.SNAPSHOTS + lists.EVENTS, plan_text=lists.plan(OPEN, SEEN)) as i:
        key_file(i, "old.key", 1)
        key_file(i, "new.key", 2)
        key_file(i, "third.key", 3)
        keys(i, "identity: {key_file: old.key}\n")
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(30, START)), feed="weekly")
        i.once("2026-05-18")
        i.put("1.csv", lists.events(("A3", "first-contact", "2026-05-18", 1, "contact-3"),
                                    ("A7", "removal", "2026-05-18", 1)), feed="events")
        i.once("2026-05-19")
        first = i.look("2026-05-19", part)
        keys(i, KEYS)
        # An event of a pathway that only the old key knows, and a correction of one by its own id.
        i.put("2.csv", lists.events(("A4", "removal", "2026-05-20", 1),
                                    ("A3", "first-contact", "2026-05-19", 2, "contact-3")), feed="events")
        i.once("2026-05-21")
        second = i.look("2026-05-21", part)
        assert second["pathways"] == 30 and second["facts"] == first["facts"] + 1, (first, second)
        assert "made again from the archive" not in i.log(), "Redis has the list under the new names"
        i.put("2.csv", lists.snapshot("2026-05-24", {k: v for k, v in lists.starts(31, START).items()
                                                     if k not in ("A4", "A7")}), feed="weekly")
        i.once("2026-05-25")
        told = i.look("2026-05-25", lambda x: feed(x)["last_outcome"])
        assert "29 rows, 1 started, 2 stopped" in told, told
        folder = i.path("state", "renamed")
        assert len(os.listdir(folder)) == 2, os.listdir(folder)
        sizes = sorted(os.path.getsize(os.path.join(folder, n)) for n in os.listdir(folder))
        assert sizes == [28 + 32 * 3, 28 + 32 * (29 + 29)], sizes  # pathways; persons; an event's own id
        assert '"renamed"' in open(i.path("state", "journal", "audit"), "rb").read().decode("utf-8", "replace")
        # The key before may go: everything is there again, also from the archive alone.
        keys(i, "identity: {key_file: new.key}\n")
        os.remove(i.path("old.key"))
        i.start("2026-05-26")
        before = counts(i)
        i.ctl("rebuild")
        wait_for(lambda: feed(i)["files"] == 2 and feed(i, "events")["files"] == 2 and counts(i) == before,
                 "the same after a rebuild", 40)
        i.stop()
        # And so after the next change of the key, though no file came in between.
        keys(i, "identity: {key_file: third.key, previous_key_file: new.key}\n")
        i.start("2026-05-27")
        i.stop()
        keys(i, "identity: {key_file: third.key}\n")
        i.start("2026-05-27")
        wait_for(lambda: counts(i) == before, "the lists as they were")
        assert i.ctl("measure", "open", "--known", "2026-05-27") == i.ctl("measure", "open")
        i.ctl("rebuild")
        wait_for(lambda: feed(i)["files"] == 2 and feed(i, "events")["files"] == 2 and counts(i) == before,
                 "the same after the next key", 40)


def test_a_key_that_is_no_other_key_and_tables_of_a_lost_key_are_said(build):
    with lists.instance(build, plan_text=lists.plan(OPEN)) as i:
        key_file(i, "old.key", 1)
        key_file(i, "new.key", 1)
        keys(i, KEYS)
        assert "hold the same key" in i.run("--once", "--at", "2026-05-18").stderr


if __name__ == "__main__":
    run_tests(globals())
