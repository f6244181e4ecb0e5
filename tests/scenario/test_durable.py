"""The order of what is made durable: nothing goes before what stands for it is on the disk.

A kill between two calls is microseconds wide, so no test by kill -9 meets it: here a preload writes
down each sync, renaming and removal of one run, and the order is read.
"""
import errno
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from seam import Seam
from waitlist import Instance, run_tests, three, wait_for


def calls(w, *options):
    """(call, path, other path) of one run, in order; paths from the instance's folder on."""
    seam = Seam(w.build, w.folder, trace=True)
    w.once(*options, env=seam.env())
    folder = os.path.realpath(w.folder) + "/"
    return [tuple(p.replace(folder, "").replace(w.folder + "/", "") for p in call) for call in seam.trace()]


def position(list_of_calls, what, test, after=-1):
    for i, call in enumerate(list_of_calls):
        if i > after and test(call):
            return i
    raise AssertionError(f"{what} is missing after call {after} of {list_of_calls}")


def test_a_file_leaves_the_inbox_only_after_archive_and_journal_are_on_the_disk(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        sha = hashlib.sha256(three(6).encode()).hexdigest()  # the mapping is archived before it
        did = calls(w, "2024-06-10")
        named = position(did, "its name", lambda c: c[0] == "rename" and os.path.basename(c[2]) == sha)
        position(did[:named], "the sync of the archived bytes", lambda c: c[:2] == ("fsync", did[named][1]))
        kept = position(did, "the sync of that name",
                        lambda c: c[0] == "fsync" and c[1] == os.path.dirname(did[named][2]), named)
        journal = position(did, "the sync of the receipt",
                           lambda c: c[0] == "fdatasync" and c[1] == "state/journal/received", kept)
        gone = [i for i, c in enumerate(did) if c[0] in ("unlink", "rename") and c[1].startswith("inbox/cyp4ww/")]
        assert gone and min(gone) > journal, f"removed before the receipt was durable: {did}"


def test_a_refused_file_leaves_the_inbox_only_after_its_quarantine_is_on_the_disk(build):
    with Instance(build) as w:
        w.put("bad.csv", b"\x1f\x8b no table\n")
        did = calls(w, "2024-06-10")
        named = position(did, "their name in the quarantine",
                         lambda c: c[0] == "rename" and c[2].startswith("state/quarantine/"))
        assert ("fsync", did[named][1]) in [c[:2] for c in did[:named]], f"named before they were synced: {did}"
        kept = position(did, "the sync of that name", lambda c: c[:2] == ("fsync", "state/quarantine"), named)
        gone = [i for i, c in enumerate(did) if c[0] in ("unlink", "rename") and c[1].startswith("inbox/cyp4ww/")]
        assert gone and min(gone) > kept, did


def test_a_message_is_on_the_disk_before_it_is_journalled_as_sent(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        did = calls(w, "2024-06-10")
        mail = position(did, "the sync of the mail", lambda c: c[0] == "fsync" and c[1].endswith(".eml.part"))
        named = position(did, "its name", lambda c: c[0] == "rename" and c[2].endswith(".eml"), mail)
        folder = position(did, "the sync of the spool", lambda c: c[0] == "fsync" and c[1] == "spool", named)
        position(did, "the sync of the sent journal",
                 lambda c: c[0] == "fdatasync" and c[1] == "state/journal/sent", folder)


def received(w):
    with open(w.path("state", "journal", "received"), encoding="utf-8") as f:
        return f.read().splitlines()


def test_a_file_left_in_the_inbox_by_a_crash_is_removed_and_not_received_again(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        receipt = Seam(build, w.folder, trace=True)
        w.once("2024-06-10", env=receipt.env())
        journal = [i for i, c in enumerate(receipt.trace())
                   if c[0] == "fdatasync" and c[1].endswith("journal/received")][0]
        removals = [c for c in receipt.trace() if c[0] in ("unlink", "rename")]
        at = [i for i, c in enumerate(removals, 1) if receipt.trace().index(c) > journal][0]
    for point in (at, at + 1):  # put aside under a hidden name, then removed
        with Instance(build) as w:
            w.put("a.csv", three(6))
            kill = Seam(build, w.folder, [f"kill unlink,rename {point}"])
            assert w.run("--once", "--at", "2024-06-10", env=kill.env()).returncode == -9
            wait_for(lambda: not w.redis_pid(), "its Redis, which dies with it, to end")
            assert len(received(w)) == 1
            w.once("2024-06-10T13:00")
            assert len(received(w)) == 1 and w.inbox() == [], (point, received(w), w.inbox())
            w.put("a.csv", three(6))
            w.once("2024-06-10T14:00")
            assert len(received(w)) == 2, "the same content delivered anew is a duplicate, and is recorded"


def test_the_date_evaluated_is_on_the_disk(build):
    with Instance(build) as w:
        position(calls(w, "2024-06-10"), "the sync of the audit journal",
                 lambda c: c[0] == "fdatasync" and c[1] == "state/journal/audit")


def test_a_date_on_which_nothing_changed_is_on_the_disk_too(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        position(calls(w, "2024-06-11"), "the sync of the audit journal",
                 lambda c: c[:2] == ("fdatasync", "state/journal/audit"))
        assert w.once("2024-06-10", expect=2).stderr.count("2024-06-11") == 1


def goes_before(build, call, path, function, after=None):
    """In a run with one message: this sync comes before Redis is sent that function (and after the answer to another)."""
    with Instance(build) as w:
        w.put("a.csv", three(6))
        did = calls(w, "2024-06-10")
        sent = position(did, f"the call of {function}", lambda c: c[:2] == ("redis-sent", f"FCALL {function}"))
        start = position(did, f"the answer to {after}", lambda c: c[:2] == ("redis-replied", f"FCALL {after}")) if after else 0
        assert (call, path) in [c[:2] for c in did[start:sent]], did[start:sent]


def test_a_delivery_is_in_the_sent_journal_before_redis_hears_of_it(build):
    goes_before(build, "fdatasync", "state/journal/sent", "told", after="attempt")  # before it, what is due was synced


def test_the_fence_number_is_on_the_disk_before_redis_hears_of_it(build):
    goes_before(build, "fsync", "state/fence", "claim")


def test_an_evaluation_is_in_the_audit_before_redis_hears_of_what_it_changed(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        did = calls(w, "2024-06-10")
        told = position(did, "the new state", lambda c: c[:2] == ("redis-sent", "FCALL transition"))
        written = max(i for i, c in enumerate(did[:told]) if c[:2] == ("pwrite", "state/journal/audit"))
        assert ("fdatasync", "state/journal/audit") in [c[:2] for c in did[written:told]], did[written:told]
    with Instance(build) as w:
        w.put("a.csv", three(6))
        kill = Seam(build, w.folder, ["kill redis-sent 1 @transition"])
        assert w.run("--once", "--at", "2024-06-10", env=kill.env()).returncode == -9
        with open(w.path("state", "journal", "audit"), encoding="utf-8") as f:
            assert any('"evaluated":"2024-06-10"' in line and '"alerts"' in line for line in f)


RESTS_ON_A_JOURNAL = [f"FCALL {name}" for name in ("commit_series", "commit_feed", "transition", "enqueue", "attempt", "told")]


def test_after_a_failed_sync_of_a_journal_nothing_more_goes_into_it_and_redis_hears_nothing(build):
    journals = set()
    for n in range(1, 99):
        with Instance(build) as w:
            w.put("a.csv", three(6))
            seam = Seam(build, w.folder, [f"fail fdatasync {n} {errno.EIO}"], trace=True)
            r = w.run("--once", "--at", "2024-06-10", env=seam.env())
            if seam.struck() == 0:
                break
            did = [c[:2] for c in seam.trace()]
            failed = [i for i, c in enumerate(did) if c[0] == "fdatasync"][n - 1]
            after = [c for c in did[failed + 1:] if c[1] == did[failed][1] and c[0] in ("pwrite", "fdatasync", "ftruncate")]
            assert r.returncode == 1 and after == [], (n, did[failed], r.returncode, after)
            told = [c for c in did[failed + 1:] if c[0] == "redis-sent" and c[1] in RESTS_ON_A_JOURNAL]
            assert told == [], f"{did[failed]} failed, and Redis heard of it: {told}"
            journals.add(os.path.basename(did[failed][1]))
    assert journals == {"received", "sent", "audit"}, journals


if __name__ == "__main__":
    run_tests(globals())
