"""A small file of pathways: its receipt and its rows become durable by one sync, and the archive has them after that"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from lists import EVENTS, events, instance, measure, plan
from seam import Seam
from waitlist import run_tests, wait_for

DAY, EIO = "2026-06-30", 5
PLAN = plan(measure(id="open", metric="open", target="{at_most: 1}", more="    period: day\n"))


def waiting(build):
    return instance(build, feeds=EVENTS, plan_text=PLAN)


def referrals(*pathways):
    return events(*[(p, "referral", "2026-06-29", 1) for p in pathways])


def lines(w, journal):
    with open(w.path("state", "journal", journal), encoding="utf-8") as f:
        return f.read().splitlines()


def archived(w):
    return {name for _, _, names in os.walk(w.path("state", "archive")) for name in names if len(name) == 64}


def first(did, test, after=-1):
    found = [i for i, call in enumerate(did) if i > after and test(call)]
    assert found, (after, did)
    return found[0]


def test_a_small_file_leaves_its_inbox_after_one_sync_and_is_archived_before_its_receipt_is(build):
    with waiting(build) as w:
        w.put("a.csv", referrals("A", "B"), feed="events")
        w.once(DAY)
        w.put("b.csv", referrals("C"), feed="events")
        before = archived(w)
        seam = Seam(build, w.folder, trace=True)
        w.once(DAY, env=seam.env())
        did = [tuple(p.replace(os.path.realpath(w.folder) + "/", "").replace(w.folder + "/", "") for p in call)
               for call in seam.trace()]
        new, = archived(w) - before
        arrived = first(did, lambda c: c[:2] == ("fdatasync", "state/journal/arrivals"))
        gone = first(did, lambda c: c[0] in ("unlink", "rename") and c[1].startswith("inbox/events/b.csv"))
        assert arrived < gone, did
        named = first(did, lambda c: c[0] == "rename" and os.path.basename(c[2]) == new, gone)
        first(did[:named], lambda c: c[:2] == ("fsync", did[named][1]), gone)
        kept = first(did, lambda c: c[:2] == ("fsync", os.path.dirname(did[named][2])), named)
        first(did, lambda c: c[:2] == ("fdatasync", "state/journal/received"), kept)
        assert len(lines(w, "received")) == 2 and not lines(w, "arrivals"), "emptied at a clean stop"


def test_a_small_file_whose_receipt_cannot_be_synced_stays_and_nothing_rests_on_it(build):
    with waiting(build) as w:
        seam = Seam(build, w.folder, rules=[f"fail fdatasync 2 {EIO} @state/journal/arrivals"], trace=True)
        w.start(DAY, env=seam.env())
        w.put("a.csv", referrals("A"), feed="events")
        wait_for(lambda: w.ctl("measure", "open")["value"] == 1, "the first file")
        w.put("b.csv", referrals("B", "C"), feed="events")
        wait_for(lambda: w.process.poll() is not None, "its end")
        assert w.process.returncode == 1, w.log()
        w.kill()
        did = seam.trace()
        written = [i for i, c in enumerate(did) if c[0] == "pwrite" and c[1].endswith("state/journal/arrivals")]
        since = did[written[-1] + 1:]
        assert ("fdatasync", "arrivals") in [(c[0], os.path.basename(c[1])) for c in since], did
        assert not [c for c in since if c[0] == "redis-sent" and c[1] in ("FCALL commit_events", "FCALL transition")], since
        assert not [c for c in since if c[0] == "pwrite" and "state/journal/" in c[1]], since
        assert not [c for c in since if c[0] in ("unlink", "rename") and "inbox/events/b.csv" in c[1]], since
        w.start(DAY)
        wait_for(lambda: len(w.mails()) == 1, "the mail of what stayed")


def test_what_was_not_archived_when_it_was_killed_is_archived_by_the_next_start_and_told_once(build):
    with waiting(build) as w:
        w.put("a.csv", referrals("A"), feed="events")
        w.once(DAY)
        before = archived(w)
        seam = Seam(build, w.folder, rules=[f"fail rename 1+ {EIO} @state/archive"])
        w.start(DAY, env=seam.env())
        w.put("b.csv", referrals("B", "C"), feed="events")
        wait_for(lambda: len(w.mails()) == 1, "the mail")
        wait_for(lambda: "not archived yet" in w.log(), "it to be said")
        w.put("c.csv", referrals("D"), feed="events")
        wait_for(lambda: w.ctl("measure", "open")["value"] == 4, "the next file")
        assert archived(w) == before and len(lines(w, "received")) == 1 and len(lines(w, "arrivals")) == 2
        w.kill()
        w.start(DAY)
        wait_for(lambda: len(lines(w, "received")) == 3, "the receipts to be where they belong")
        assert len(archived(w) - before) == 2
        wait_for(lambda: w.ctl("measure", "open")["value"] == 4, "the list")
        w.kill()
        w.start(DAY)
        wait_for(lambda: w.ctl("measure", "open")["value"] == 4, "the list, once more")
        w.stop()
        assert len(w.mails()) == 1, "told twice"


def test_what_is_purged_leaves_no_row_in_the_journal_of_arrivals(build):
    with waiting(build) as w:
        w.start(DAY)
        w.put("a.csv", referrals("A"), feed="events")
        wait_for(lambda: len(lines(w, "received")) == 1, "the file")
        w.put("bad.csv", "nothing\nthat,is,known\n", feed="events")
        wait_for(lambda: len(lines(w, "received")) == 2, "the refused one")
        assert lines(w, "arrivals")
        w.ctl("feed", "purge", "2", "--why", "not ours")
        assert not lines(w, "arrivals")
        w.put("b.csv", referrals("B"), feed="events")
        wait_for(lambda: len(lines(w, "received")) == 3, "the next file")


if __name__ == "__main__":
    run_tests(globals())
