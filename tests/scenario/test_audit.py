"""The audit: chained records, acts that survive, and what a change to it does."""
import os
import re
import resource
import shutil
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, run_tests, three, wait_for


def lines_of(w):
    with open(w.path("state", "journal", "audit"), "rb") as f:
        return [line.split(b" ", 2)[2] for line in f.read().splitlines()]


def write_lines(w, records):
    """The journal anew, each record with its right sequence number and checksum: only the chain can tell."""
    out = b""
    for number, record in enumerate(records, 1):
        rest = str(number).encode() + b" " + record
        out += b"%08x " % zlib.crc32(rest) + rest + b"\n"
    w.write(os.path.join("state", "journal", "audit"), out)


def audited(build):
    w = Instance(build)
    w.put("a.csv", three(6))
    w.once("2024-06-10")
    w.once("2024-06-11")
    return w


def test_each_record_names_the_one_before_it_and_the_list_shows_them(build):
    with audited(build) as w:
        w.start("2024-06-12")
        w.measure()  # waits for the evaluation
        listed = w.ctl("audit")
        assert [r["what"] for r in listed] == ["epoch", "plan", "configured", "evaluated", "known", "evaluated", "evaluated"], listed
        assert [r["record"] for r in listed] == [1, 2, 3, 4, 5, 6, 7]
        assert listed[0]["prev"] == "" and all(re.fullmatch("[0-9a-f]{64}", r["prev"]) for r in listed[1:])
        assert "evaluated=2024-06-11" in w.ctl_raw("audit", output="table").stdout


def test_S9_a_record_changed_removed_or_moved_is_found_at_the_start(build):
    with audited(build) as w:
        good = lines_of(w)
        changed = [r.replace(b"2024-06-10", b"2024-06-09") for r in good]
        wrongs = {"changed": changed, "removed": good[:2] + good[3:], "moved": [good[0], good[2], good[1], good[3]],
                  "first removed": good[1:], "added": good[:3] + [b'{"evaluated":"2024-06-10","prev":""}'] + good[3:]}
        assert changed != good
        for why, records in wrongs.items():
            write_lines(w, records)
            r = w.run("--once", "--at", "2024-06-12")
            assert r.returncode == 1 and "the audit was changed" in r.stderr, (why, r.returncode, r.stderr)
        write_lines(w, good)
        w.once("2024-06-12")


def test_an_expected_file_moves_one_due_time_and_survives_the_loss_of_redis(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        due = w.ctl("feeds")[0]["due"]
        assert due == "2024-07-15", due
        for wrong, said in ((("cyp4ww", "--by", "2024-06-09"), "not before today"), (("nobody", "--by", "2024-08-01"), "no feed"),
                            (("cyp4ww", "--by", "soon"), "wants a date")):
            r = w.ctl_raw("feed", "expect", *wrong)
            assert r.returncode == 1 and said in r.stderr, (wrong, r.returncode, r.stderr)
        assert w.ctl_raw("feed", "expect", "cyp4ww").returncode == 2, "--by is a must"
        assert w.ctl_raw("feeds", "--by", "2024-08-01").returncode == 2, "feeds takes no --by"
        act = w.ctl("feed", "expect", "cyp4ww", "--by", "2024-08-20", "--why", "the trust moves house")
        assert act["act"] == "feed-expect" and act["awaited"] == "2024-05-31" and act["who"], act
        assert w.ctl("feeds")[0]["due"] == "2024-08-20"
        w.stop()
        shutil.rmtree(w.path("state", "redis"))
        w.start("2024-07-20")
        assert w.ctl("feeds")[0]["due"] == "2024-08-20" and not w.ctl("feeds")[0]["late"]
        last = [r for r in w.ctl("audit") if r["what"] == "act"]
        assert len(last) == 1 and last[0]["why"] == "the trust moves house" and last[0]["who"] == act["who"]
        w.stop()
        w.start("2024-08-21")
        assert w.ctl("feeds")[0]["late"], "it silences nothing"
        w.put("b.csv", three(6, month="2024-05"))
        wait_for(lambda: w.ctl("feeds")[0]["awaited"] == "2024-06-30", "the next file to be awaited")
        assert w.ctl("feeds")[0]["due"] == "2024-08-14", "the act was for the file then awaited"


def test_an_act_that_cannot_be_journalled_is_not_done(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        w.measure()  # the file has been applied: the act is about what is awaited after it
        wait_for(lambda: w.mails() and w.ctl("status")["messages_due"] == 0, "its message, which is journalled too")
        pid = w.process.pid
        fds = {int(n): os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}
        assert any(t.endswith("journal/audit") for t in fds.values())
        size = os.path.getsize(w.path("state", "journal", "audit"))
        # No file of this process may grow past the journal's present size.
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        r = w.ctl_raw("feed", "expect", "cyp4ww", "--by", "2024-08-20")
        assert r.returncode == 1 and "not done" in r.stderr, (r.returncode, r.stderr)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert w.ctl("feeds")[0]["due"] == "2024-07-15"
        assert not [x for x in w.ctl("audit") if x["what"] == "act"]
        w.ctl("feed", "expect", "cyp4ww", "--by", "2024-08-20")
        assert w.ctl("feeds")[0]["due"] == "2024-08-20"


if __name__ == "__main__":
    run_tests(globals())
