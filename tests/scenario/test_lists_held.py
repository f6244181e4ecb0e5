"""Files of waiting lists that are held only when they are to take effect, and what later files are compared with."""
import json
import os
import shutil
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from seam import Seam
from waitlist import run_tests, wait_for

START = "2026-01-05"
PLAN = lists.plan(lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 400}"))


def feed(i, id="weekly"):
    return [f for f in i.ctl("feeds") if f["id"] == id][0]


def under(text, pathways, service="mental-health", provider="TAJ"):
    """The same file with some of its rows under other codes; the issuer of their numbers is as it was."""
    rows = [r.split(",") for r in text.splitlines()]
    for r in rows:
        if r[0] in pathways:
            r[3], r[4] = service, provider
    return "\n".join(",".join(r) for r in rows) + "\n"


def records(i):
    """Those of the received journal."""
    with open(i.path("state", "journal", "received"), encoding="utf-8", errors="replace") as f:
        return [json.JSONDecoder().raw_decode(line[line.index("{"):])[0] for line in f if "{" in line]


def journal(i):
    """(outcome, the receipt that it is about or None) of each record."""
    return [(r["outcome"], r.get("decides")) for r in records(i)]


def large_and_held(i):
    """After 40 rows a file of 400, of which 12 of the 40 come under another service."""
    i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(40, START)), feed="weekly")
    i.once("2026-05-18")
    many = lists.starts(40, START) | lists.starts(360, "2025-03-01", prefix="B")
    i.put("2.csv", under(lists.snapshot("2026-05-24", many), {f"A{n}" for n in range(12)}, service="camhs"),
          feed="weekly")


def test_a_file_held_when_it_is_to_take_effect_is_held_in_the_journal_and_no_file_is_compared_with_it(build):
    with lists.instance(build, plan_text=PLAN) as i:
        large_and_held(i)
        i.start("2026-05-25")
        wait_for(lambda: feed(i)["waits"] and ("held", 2) in journal(i), "what is held, and its record")
        assert journal(i) == [("accepted", None), ("accepted", None), ("held", 2)], journal(i)
        i.stop()
        i.start("2026-05-25")
        before = feed(i)
        wait_for(lambda: i.ctl_raw("rebuild", "--why", "a try").returncode == 0, "a moment in which Redis is connected")
        wait_for(lambda: feed(i)["waits"], "it to be rebuilt")
        assert feed(i)["waits"] == before["waits"] and feed(i)["list"]["parts"][0]["open"] == 40, feed(i)
        assert journal(i)[2:] == [("held", 2)], "said once"
        i.ctl("feed", "refuse", "2", "--why", "the codes are wrong")
        wait_for(lambda: not feed(i)["waits"], "it to be refused")
        assert i.ctl_raw("feed", "purge", "2", "--why", "nobody needs it").returncode == 0, "it is not in force"
        i.put("3.csv", lists.snapshot("2026-05-24", lists.starts(41, START)), feed="weekly")
        wait_for(lambda: feed(i)["waits"] or feed(i)["files"] == 2, "the third file")
        assert not feed(i)["waits"] and feed(i)["list"]["parts"][0]["open"] == 41, feed(i)


def test_a_file_held_when_it_was_to_take_effect_and_accepted_is_what_the_next_is_compared_with(build):
    with lists.instance(build, plan_text=PLAN) as i:
        large_and_held(i)
        i.start("2026-05-25")
        wait_for(lambda: ("held", 2) in journal(i), "the record")
        i.ctl("feed", "accept", "2", "--why", "a list of its own now")
        wait_for(lambda: feed(i)["files"] == 2, "it to be accepted")
        assert journal(i)[2:] == [("held", 2), ("accepted", 2)], journal(i)
        i.put("3.csv", lists.snapshot("2026-05-24", lists.starts(41, START)), feed="weekly")
        wait_for(lambda: feed(i)["waits"], "the third file")
        assert "it has at most 20% of the rows of the file before it" in feed(i)["waits"][0]["why"], feed(i)["waits"]


def test_no_file_is_compared_with_one_that_was_lost_and_then_refused(build):
    with lists.instance(build, plan_text=PLAN) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(40, START)), feed="weekly")
        i.once("2026-05-18")
        i.put("2.csv", lists.snapshot("2026-05-24", lists.starts(40, START) |
                                      lists.starts(360, "2025-03-01", prefix="B")), feed="weekly")
        i.once("2026-05-25")
        sha = records(i)[1]["archived"]
        os.unlink(i.path("state", "archive", sha[:2], sha))
        i.start("2026-05-25")
        wait_for(lambda: i.ctl_raw("rebuild", "--why", "a try").returncode == 0, "a moment in which Redis is connected")
        wait_for(lambda: feed(i)["waits"], "what is lost")
        i.ctl("feed", "refuse", "2", "--why", "it is gone")
        wait_for(lambda: not feed(i)["waits"], "it to be refused")
        i.put("3.csv", lists.snapshot("2026-05-24", lists.starts(41, START)), feed="weekly")
        wait_for(lambda: feed(i)["waits"] or feed(i)["list"]["parts"][0]["open"] == 41, "the third file")
        assert not feed(i)["waits"], feed(i)["waits"]


def test_a_hold_that_the_journal_lacks_is_written_there_at_the_next_start(build):
    with lists.instance(build, plan_text=PLAN) as i:
        large_and_held(i)
        before = i.path("before")
        shutil.copytree(i.folder, before, ignore=shutil.ignore_patterns("before", "redis", "*.sock", "*.pid"))
        counting = Seam(build, i.folder, trace=True)
        i.once("2026-05-25", env=counting.env())
        written = [path for name, path, *_ in counting.trace() if name == "pwrite"]
        (_, last) = [n for n, path in enumerate(written, 1) if path.endswith("journal/received")]
        said = journal(i)
        assert said[2:] == [("held", 2)], said
        # The same once more, killed as the record is written: only the feed's book knows it then.
        for name in ("state", "inbox"):
            shutil.rmtree(i.path(name))
            shutil.copytree(os.path.join(before, name), i.path(name))
        seam = Seam(build, i.folder, rules=[f"kill pwrite {last}"])
        i.run("--once", "--at", "2026-05-25", env=seam.env())
        assert seam.struck() and len(journal(i)) == 2, journal(i)
        i.once("2026-05-25")
        assert journal(i) == said, journal(i)
        assert i.look("2026-05-25", lambda w: [x["receipt"] for x in feed(w)["waits"]]) == [2]


def fresh(i, census, count, at, stay=60, service="camhs", provider="TAJ"):
    """60 or fewer who waited before, and so many new patients under another code."""
    text = lists.snapshot(census, lists.starts(stay, START) | lists.starts(count, "2026-03-02", prefix="N"))
    i.put(f"{census}.csv", under(text, {f"N{n}" for n in range(count)}, service, provider), feed="weekly")
    return i.once(at)


def held_words(i, at):
    return i.look(at, lambda w: [x["why"] for x in feed(w)["waits"]])


def test_new_patients_under_a_code_that_is_not_of_the_list_hold_the_file_through_restart_and_rebuild(build):
    with lists.instance(build, plan_text=PLAN) as i:
        fresh(i, "2026-05-17", 0, "2026-05-18")
        fresh(i, "2026-05-24", 20, "2026-05-25", stay=57)
        i.start("2026-05-25")
        before = feed(i)
        (why,) = [x["why"] for x in before["waits"]]
        assert "some of the rows come under a service (column service) that is not on this list" in why, why
        assert "camhs" not in why and before["list"]["parts"][0]["open"] == 60, before
        wait_for(lambda: i.ctl_raw("rebuild", "--why", "a try").returncode == 0, "a moment in which Redis is connected")
        wait_for(lambda: feed(i)["waits"], "it to be rebuilt")
        assert feed(i)["waits"] == before["waits"] and feed(i)["list"]["parts"][0]["open"] == 60, feed(i)
        i.ctl("feed", "accept", "2", "--why", "another list has them")
        wait_for(lambda: feed(i)["files"] == 2 and not feed(i)["waits"], "it to be accepted")
        assert feed(i)["list"]["parts"][0]["open"] == 57, feed(i)
        i.stop()
        # What a person accepted is what the next are compared with: as many hold nothing, more do again.
        fresh(i, "2026-05-31", 20, "2026-06-01", stay=56)
        assert not held_words(i, "2026-06-01")
        fresh(i, "2026-06-07", 50, "2026-06-08", stay=56)
        assert "about half of the rows" in held_words(i, "2026-06-08")[0]


def test_new_patients_under_the_code_of_a_site_hold_the_file_though_its_part_has_another_name_by_that(build):
    with lists.instance(build, plan_text=PLAN) as i:
        fresh(i, "2026-05-17", 0, "2026-05-18")
        fresh(i, "2026-05-24", 20, "2026-05-25", service="mental-health", provider="TAJ01")
        assert "some of the rows come under a provider (column provider)" in held_words(i, "2026-05-25")[0]


def test_what_was_refused_for_its_codes_is_none_to_compare_with(build):
    with lists.instance(build, plan_text=PLAN) as i:
        fresh(i, "2026-05-17", 0, "2026-05-18")
        fresh(i, "2026-05-24", 20, "2026-05-25")
        i.look("2026-05-25", lambda w: w.ctl("feed", "refuse", "2", "--why", "the codes are wrong"))
        fresh(i, "2026-05-31", 20, "2026-06-01")
        assert len(held_words(i, "2026-06-01")) == 1


def test_a_code_left_out_from_the_first_file_on_holds_nothing_and_is_said(build):
    with lists.instance(build, plan_text=PLAN) as i:
        fresh(i, "2026-05-17", 20, "2026-05-18")
        result = fresh(i, "2026-05-24", 20, "2026-05-25")
        assert "20 of 80 rows come under services or providers that are not on list cyp" in result.stderr, result.stderr
        f = i.look("2026-05-25", feed)
        assert not f["waits"] and "20 of services or providers that are not on this list" in f["last_outcome"], f


def test_a_file_of_before_it_was_counted_is_none_to_compare_with(build):
    with lists.instance(build, plan_text=PLAN) as i:
        fresh(i, "2026-05-17", 20, "2026-05-18")
        path, counted = i.path("state", "journal", "received"), b',"left_out":{"service":20,"provider":0}'
        with open(path, "rb") as f:
            line = f.read()
        assert counted in line, line
        rest = line.rstrip(b"\n").replace(counted, b"").split(b" ", 1)[1]
        with open(path, "wb") as f:
            f.write(b"%08x %s\n" % (zlib.crc32(rest), rest))
        fresh(i, "2026-05-24", 20, "2026-05-25")
        assert not held_words(i, "2026-05-25")


def parts_in_two_files(i, census, at, site):
    """TAJ alone, then RXT with 12 rows of 40 under another service, or under the code of a site."""
    i.put("1.csv", lists.snapshot(census, lists.starts(40, START)), feed="weekly")
    i.once(at)
    many = lists.snapshot(census, lists.starts(40, START, prefix="R"), provider="RXT")
    codes = {"provider": "RXT01"} if site else {"service": "camhs", "provider": "RXT"}
    i.put("2.csv", under(many, {f"R{n}" for n in range(12)}, **codes), feed="weekly")
    i.once(at)


def test_parts_that_come_in_files_of_their_own_are_compared_each_with_its_own(build):
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ, RXT]")
    for site in (False, True):
        with lists.instance(build, feeds=feeds, plan_text=PLAN, extra=lists.TWO) as i:
            parts_in_two_files(i, "2026-05-17", "2026-05-18", site)
            if site:  # a part of no name is compared with any, until a person accepted it
                i.start("2026-05-18")
                i.ctl("feed", "accept", "2", "--why", "a ward for adults")
                wait_for(lambda: feed(i)["files"] == 2, "it to be accepted")
                i.stop()
            parts_in_two_files(i, "2026-05-24", "2026-05-25", site)
            assert not held_words(i, "2026-05-25")


def test_events_under_another_service_are_held_also_where_each_file_is_one_row(build):
    with lists.instance(build, feeds=lists.EVENTS, plan_text=PLAN) as i:
        i.put("1.csv", lists.events(*[(f"A{n}", "referral", START, 1) for n in range(40)]), feed="events")
        i.once("2026-01-06")
        for n in range(5):
            i.put(f"2{n}.csv", lists.events((f"N{n}", "referral", "2026-01-06", 1)).replace("mental-health", "camhs"),
                  feed="events")
            i.once("2026-01-07")
        (why,) = i.look("2026-01-07", lambda w: [x["why"] for x in feed(w, "events")["waits"]])
        assert "all of the rows of the newest files come under a service (column service)" in why, why


if __name__ == "__main__":
    run_tests(globals())
