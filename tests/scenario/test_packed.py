"""Rows of a snapshot go into the list as they were packed when it was taken in; the archive has the same"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from seam import Seam, is_sanitized
from waitlist import run_tests, skip, wait_for

FEED = lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ, RXT]")
PLAN = lists.plan(lists.measure(), lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 100000}"))
FIRST, SECOND, DAY = "2026-05-17", "2026-05-24", "2026-05-25"
COLUMNS = ("pathway_id,issuer,person_id,service,provider,commissioner,place,referral_date,stage,exception,census_date,"
           "cohort_age,name\n")
LARGE = 12_000  # rows: over a megabyte, which a thread of its own reads


def row(n, census, provider):
    start = f"2026-{1 + n % 5:02}-{1 + n % 16:02}"
    place, stage, age = ("", "Dudley", "\"Sandwell, \"\"west\"\"\"")[n % 3], ("", "triage")[n % 2], f"{n % 7}-{n % 7 + 5}"
    exception = "tom" if n % 50 == 0 else ""
    return (f"N{n},RNA,P{n},mental-health,{provider},QU{n % 4},{place},{start},{stage},{exception},{census},{age},"
            f"Somebody {'x' * 20}\n")


def census(day, numbers):
    """Two providers of the list and one that is not; a start that is no date; pathways twice, one of them soon
    after and with another start."""
    rows = [row(n, day, ("TAJ", "TAJ", "RXT")[n % 3] if n % 100 else "RZZ") for n in numbers]
    rows += [row(numbers[1], day, "TAJ"), row(numbers[-1] + 1, day, "TAJ").replace("2026-0", "never", 1)]
    twice = next(n for n in reversed(numbers) if n % 100 and n % 3 == 0)
    rows += [row(twice, day, "TAJ").replace(",2026-0", ",2025-0", 1)]
    return COLUMNS + "".join(rows)


def waiting(build):
    return lists.instance(build, feeds=FEED, plan_text=PLAN, extra=lists.TWO)


def archived(i):
    with open(i.path("state", "journal", "received"), encoding="utf-8") as f:
        return [json.loads(line.split(" ", 2)[2])["archived"] for line in f]


def read_of_archive(i, seam):
    """The archived files that were opened under the names which they are kept by."""
    names = set(archived(i))
    return [os.path.basename(call[1]) for call in seam.trace()
            if call[0] == "open" and os.path.basename(call[1]) in names]


def packed(i):
    """What Redis has of the list, whatever the numbers of its generations."""
    names = i.redis("KEYS", "wl:{black-country}:list:*:g[0-9]*")
    return {re.sub(r":g\d+", ":g", n): i.redis("--no-raw", "HGETALL", n) for n in names}


def seen(i):
    """All that must come out the same."""
    return (packed(i), [[{k: v for k, v in p.items() if k != "generation"} for p in f["list"]["parts"]]
                        for f in i.ctl("feeds")],
            {m["id"]: i.ctl("measure", m["id"])["history"] for m in i.ctl("measures")})


def figures(i):
    """What comes out the same of another instance, which has other keys: counts, and every figure."""
    _, (parts,), histories = seen(i)
    return [{k: v for k, v in p.items() if k != "digest"} for p in parts], {
        m: [(h["period_end"], [v["value"] for v in h["versions"]]) for h in told] for m, told in histories.items()}


def two(rows):
    return (FIRST, range(1, rows * 4 // 5)), (SECOND, range(5, rows))


def offer_two(i, rows):
    for n, (day, numbers) in enumerate(two(rows), 1):
        i.put(f"{n}.csv", census(day, numbers), feed="weekly")
        wait_for(lambda: i.ctl("feeds")[0]["files"] == n, f"file {n}", 30)
    wait_for(lambda: {p["census"] for p in i.ctl("feeds")[0]["list"]["parts"]} == {SECOND}, "both providers")


def test_a_snapshot_reaches_its_list_without_its_archive_being_read_and_a_rebuild_from_there_gives_the_same(build):
    for rows in (400, LARGE):
        with waiting(build) as i:
            seam = Seam(build, i.folder, trace=True)
            i.start(DAY, env=seam.env())
            offer_two(i, rows)
            assert not read_of_archive(i, seam), read_of_archive(i, seam)
            before = seen(i)
            assert len(before[0]) > 2, before
            i.ctl("rebuild")
            wait_for(lambda: set(read_of_archive(i, seam)) == set(archived(i)), "the archive to be read", 40)
            wait_for(lambda: seen(i) == before, "the same after a rebuild", 40)


def test_of_two_files_that_wait_together_each_brings_its_own_rows(build):
    with waiting(build) as i:
        i.start(DAY)
        offer_two(i, 400)
        before = figures(i)
    with waiting(build) as i:
        seam = Seam(build, i.folder, trace=True)
        for n, (day, numbers) in enumerate(two(400), 1):
            i.put(f"{n}.csv", census(day, numbers), feed="weekly")
        i.once(DAY, env=seam.env())  # as a rule both are taken before its Redis is up: the first is read back
        assert archived(i)[1] not in read_of_archive(i, seam)
        assert i.look(DAY, figures) == before


def packing(build, chains):
    """The place in the program to which the allocation of packed rows returns."""
    places = sorted({place for chain in chains.values() for place in chain})
    said = subprocess.run(["addr2line", "-f", "-e", os.path.join(build, "waitlistd"),
                           *[hex(int(p, 16) - 1) for p in places]], capture_output=True, text=True, check=True)
    found = [p for p, name in zip(places, said.stdout.splitlines()[::2]) if name == "pack_row"]
    assert found, "nothing is packed"
    return found


def test_rows_that_find_no_memory_to_be_kept_in_are_read_from_the_archive(build):
    if is_sanitized():
        skip("the sanitizer's allocator stands before ours")
    with waiting(build) as i:
        counting = Seam(build, i.folder, stacks=True)
        i.start(DAY, env=counting.env())
        offer_two(i, LARGE)
        before = figures(i)
        i.stop()
        places = packing(build, counting.chains())
    for nth in (1, 3):
        with waiting(build) as i:
            seam = Seam(build, i.folder, rules=[f"fail alloc {nth}+ @{place}" for place in places], trace=True)
            i.start(DAY, env=seam.env())
            offer_two(i, LARGE)
            assert sum(seam.struck(n) for n in range(len(places))) and read_of_archive(i, seam)
            assert figures(i) == before


if __name__ == "__main__":
    run_tests(globals())
