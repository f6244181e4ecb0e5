"""A list whose file is so large that a thread makes its rows: what is kept, and what disturbs it."""
import datetime
import glob
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from waitlist import run_tests, wait_for

ROWS = 20000  # over a megabyte, in the inbox and in the archive
CENSUS, TODAY = "2026-05-17", "2026-05-18"
BEYOND = 6  # of each hundred: on 2026-05-17 the first six of consecutive days are beyond 18 weeks


def large(rows=ROWS):
    day = datetime.date(2026, 1, 5)
    return lists.snapshot(CENSUS, {f"A{i}": day + datetime.timedelta(days=i % 100) for i in range(rows)})


def instance(build):
    return lists.instance(build, plan_text=lists.plan(lists.measure(target="{at_most: 100000}")))


def outcome(i):
    return i.ctl("feeds")[0]["last_outcome"] or ""


def archived(i):
    """The lines of the rows that the archive has of the list, in their order."""
    for path in glob.glob(i.path("state", "archive", "*", "*")):
        with open(path, encoding="utf-8", errors="replace") as f:
            if f.readline().startswith("pathway,person,"):
                return [int(line.rsplit(",", 1)[1]) for line in f]
    return []


def test_a_large_list_counts_every_row_and_is_archived_in_its_order(build):
    with instance(build) as i:
        i.put("list.csv", large(), feed="weekly")
        i.once(TODAY)
        assert archived(i) == list(range(2, ROWS + 2))
        i.start(TODAY)
        assert i.measure("over-18")["value"] == ROWS // 100 * BEYOND
        assert i.ctl("feeds")[0]["list"]["parts"][0]["pathways"] == ROWS


def test_a_large_list_that_ends_in_what_is_no_text_counts_for_nothing(build):
    with instance(build) as i:
        i.put("list.csv", large() + "A,TAJ,\0\n", feed="weekly")
        i.once(TODAY)
        i.start(TODAY)
        assert outcome(i).startswith("refused"), outcome(i)
        assert i.ctl("feeds")[0]["list"]["parts"][0]["pathways"] == 0 and archived(i) == []


def test_reloads_while_a_large_list_is_read_lose_no_row(build):
    with instance(build) as i:
        i.start(TODAY)
        i.put("list.csv", large(), feed="weekly")
        for n in range(1, 6):
            i.signal(signal.SIGHUP)
            wait_for(lambda: i.log().count("reload: ") >= n, "the reload")
        wait_for(lambda: i.measure("over-18")["value"] == ROWS // 100 * BEYOND, "its figure", 120)
        assert archived(i) == list(range(2, ROWS + 2))


def test_a_stop_while_a_large_list_is_read_leaves_it_for_the_next_start(build):
    with instance(build) as i:
        i.start(TODAY)
        i.put("list.csv", large(), feed="weekly")
        i.stop()
        i.once(TODAY)
        i.start(TODAY)
        assert i.measure("over-18")["value"] == ROWS // 100 * BEYOND
        assert archived(i) == list(range(2, ROWS + 2))


if __name__ == "__main__":
    run_tests(globals())
