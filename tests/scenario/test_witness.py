"""A journal that lost its end, or whose newest record was changed: Redis knows, a person is told, no file is lost."""
import os
import shutil
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, run_tests, three, wait_for


def journal(w, name):
    return w.path("state", "journal", name)


def cut(w, name, records=1):
    """Its newest records, whole: nothing in the journal itself shows it."""
    with open(journal(w, name), "rb") as f:
        lines = f.read().splitlines(keepends=True)
    assert len(lines) > records
    w.write(os.path.relpath(journal(w, name), w.folder), b"".join(lines[:-records]))


def change_newest_audit(w, old, new):
    with open(journal(w, "audit"), "rb") as f:
        lines = f.read().splitlines()
    rest = lines[-1].split(b" ", 1)[1].replace(old, new)
    assert old in lines[-1]
    lines[-1] = b"%08x " % zlib.crc32(rest) + rest
    w.write(os.path.relpath(journal(w, "audit"), w.folder), b"\n".join(lines) + b"\n")


def of_measure(w):
    return [(m.delivery_id, m.subject) for m in w.mails() if "Children" in m.subject]


def two_months(w):
    """On plan in April, behind in May, and told so."""
    w.put("a.csv", three(30))
    w.once("2024-06-10")
    w.put("b.csv", three(6, "2024-05"))
    w.once("2024-07-10")
    assert len(of_measure(w)) == 1


def is_said(w, words):
    """In the log, the status, health, the audit and an alert to ops."""
    assert words in w.log(), w.log()
    assert words[:100] in w.ctl("status")["status"]
    health = w.ctl_raw("health", output="table")
    assert health.returncode == 1 and words[:100] in health.stdout, health
    alert, = [a for a in w.alerts("self-check") if "cut or changed" in a["title"]]
    assert alert["state"] == "FIRING"
    assert any(words in r["gap"] for r in w.ctl("audit") if r["what"] == "gap")
    wait_for(lambda: [m for m in w.mails() if words[:60].lower() in " ".join(m.text.split()).lower()], "ops to be told")


def test_the_newest_records_of_the_audit_cut_off_are_missed_and_said_until_a_rebuild(build):
    with Instance(build) as w:
        two_months(w)
        with open(journal(w, "audit"), "rb") as f:
            last = len(f.read().splitlines())
        cut(w, "audit")
        words = f"the audit journal ended at record {last - 1}, Redis knows of {last}"
        w.start("2024-07-10")
        w.measure()
        is_said(w, words + ": it was cut, or is an older copy")
        w.stop()
        w.start("2024-07-11")
        w.measure()
        assert words in w.ctl("status")["status"], "also after the next start"
        told = of_measure(w)
        w.ctl("rebuild")
        wait_for(lambda: w.alert("self-check")["state"] == "RESOLVED", "its end")
        assert words not in w.ctl("status")["status"] and of_measure(w) == told
        assert w.alert()["state"] == "FIRING"


def test_the_newest_record_of_the_audit_changed_is_found(build):
    with Instance(build) as w:
        two_months(w)
        change_newest_audit(w, b"2024-07-10", b"2024-07-09")
        w.start("2024-07-10")
        w.measure()
        is_said(w, "of the audit journal is not the one that Redis knows: it was changed, or the end was cut")


def test_the_newest_record_of_the_audit_cut_off_and_another_put_in_its_place_is_found(build):
    with Instance(build) as w:
        two_months(w)
        kept = w.path("kept")
        shutil.copytree(w.path("state", "redis"), kept)
        cut(w, "audit")
        shutil.rmtree(w.path("state", "redis"))
        w.once("2024-07-11")
        shutil.rmtree(w.path("state", "redis"))
        shutil.copytree(kept, w.path("state", "redis"))
        w.start("2024-07-11")
        w.measure()
        is_said(w, "of the audit journal is not the one that Redis knows: it was changed, or the end was cut")


def test_a_file_that_comes_after_the_received_journal_lost_its_end_still_counts(build):
    for how in ("cut before the file came", "the file came while Redis was away"):
        with Instance(build) as w:
            two_months(w)
            cut(w, "received")
            w.put("c.csv", three(70, "2024-06"))
            if how.startswith("the file"):
                kept = w.path("kept")
                shutil.copytree(w.path("state", "redis"), kept)
                w.write("waitlistd.yaml", open(w.path("waitlistd.yaml")).read().replace(
                    "{mode: embedded}", f"{{mode: server, socket: {w.path('none')}}}"))
                w.start("2024-08-10")
                wait_for(lambda: not w.inbox(), "the file to be taken")
                w.stop()
                w.write("waitlistd.yaml", open(w.path("waitlistd.yaml")).read().replace(
                    f"{{mode: server, socket: {w.path('none')}}}", "{mode: embedded}"))
            w.start("2024-08-10")
            wait_for(lambda: w.measure()["value"] == 70, f"{how}: the file to count")
            is_said(w, "the received journal ended at record 1, Redis knows of 2: it was cut, or is an older copy"
                    if how.startswith("cut") else "record 2 of the received journal is not the one that Redis knows")
            wait_for(lambda: len(of_measure(w)) == 2, f"{how}: its end to be told")
            assert "Back on plan" in of_measure(w)[-1][1] and "6" in str([p["value"] for p in w.ctl("measure", "cyp-4w")["history"]])


def test_after_the_sent_journal_lost_its_end_nothing_is_told_twice_though_redis_is_lost_too(build):
    with Instance(build) as w:
        two_months(w)
        told = of_measure(w)
        os.truncate(journal(w, "sent"), 0)
        w.start("2024-07-10")
        w.measure()
        is_said(w, "the sent journal ended at record 0")
        w.stop()
        shutil.rmtree(w.path("state", "redis"))
        again = w.once("2024-07-11").stderr
        assert of_measure(w) == told and told[0][0] not in again, again


def test_journals_that_are_whole_are_never_complained_of_whatever_becomes_of_redis(build):
    with Instance(build) as w:
        two_months(w)
        kept = w.path("kept")
        shutil.copytree(w.path("state", "redis"), kept)
        w.put("c.csv", three(70, "2024-06"))
        w.once("2024-08-10")
        for what in ("as it is", "an older copy", "lost"):
            if what != "as it is":
                shutil.rmtree(w.path("state", "redis"))
            if what == "an older copy":
                shutil.copytree(kept, w.path("state", "redis"))
            w.start("2024-08-11")
            assert w.measure()["value"] == 70 and not w.alerts("self-check"), what
            assert w.ctl_raw("health").returncode == 0 and "gap" not in [r["what"] for r in w.ctl("audit")], what
            w.stop()


if __name__ == "__main__":
    run_tests(globals())
