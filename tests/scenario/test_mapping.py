"""A mapping file may change: what was read by the old one stays as it was read, whatever is lost and done again."""
import hashlib
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from waitlist import Instance, measure, plan, run_tests

from test_formats import DATA, FEEDS, FORMAT

SHARE = "Seen within 18 weeks (%)"
MENDED = FORMAT.replace("ignore: [Remarks]", "ignore: [Remarks, \"Seen*\"]")  # it reads the share no more
LATER = DATA.replace("Apr-24", "May-24").replace(";61;", ";64;")


def instance(build):
    assert MENDED != FORMAT
    return Instance(build, feeds=FEEDS, extra="formats: [formats]\n", plan_text=plan(measure(
        feed="therapy", published=SHARE, org="RNA", breakdown="~", title="Therapy within 18 weeks",
        expect="{2024-04-30: 75, 2025-03-31: 92}").replace(", breakdown: ~", "")))


def kept(w, mapping):
    digest = hashlib.sha256(mapping.encode()).hexdigest()
    return w.path("state", "archive", digest[:2], digest)


def history(w, at):
    return [(p["period_end"], p["value"]) for p in w.look(at, lambda w: w.ctl("measure", "cyp-4w"))["history"]]


def test_a_replay_reads_a_file_by_the_mapping_of_its_receipt(build):
    with instance(build) as w:
        w.write("formats/local-therapy.yaml", FORMAT)
        w.put("april.csv", DATA, feed="therapy")
        w.once("2024-06-10")
        with open(kept(w, FORMAT), encoding="utf-8") as f:
            assert f.read() == FORMAT
        w.write("formats/local-therapy.yaml", MENDED)
        w.put("may.csv", LATER, feed="therapy")
        w.once("2024-07-10")
        known = history(w, "2024-07-10")
        assert ("2024-04-30", 61) in known and ("2024-05-31", 64) not in known, known
        shutil.rmtree(w.path("state", "redis"))
        w.once("2024-07-11")
        assert history(w, "2024-07-11") == known
        # The same file again counts by the new mapping: its key in the ledger is another.
        w.put("april-again.csv", DATA, feed="therapy")
        w.once("2024-07-12")
        outcome = w.look("2024-07-12", lambda w: w.ctl("feeds"))[0]["last_outcome"]
        assert not outcome.startswith("same as"), outcome


def test_a_mapping_that_was_not_kept_is_replaced_by_todays_and_that_is_said(build):
    with instance(build) as w:
        w.write("formats/local-therapy.yaml", FORMAT)
        w.put("april.csv", DATA, feed="therapy")
        w.once("2024-06-10")
        os.remove(kept(w, FORMAT))  # as of a state folder from before mappings were kept
        w.write("formats/local-therapy.yaml", FORMAT + "# another digest\n")
        shutil.rmtree(w.path("state", "redis"))
        said = w.once("2024-06-11").stderr
        assert "is not kept; it is read by today's" in said, said[-2000:]
        assert w.look("2024-06-11", lambda w: w.measure())["value"] == 61


def test_a_mapping_spoilt_in_the_archive_reads_nothing(build):
    with instance(build) as w:
        w.write("formats/local-therapy.yaml", FORMAT)
        w.put("april.csv", DATA, feed="therapy")
        w.once("2024-06-10")
        with open(kept(w, FORMAT), "w", encoding="utf-8") as f:
            f.write(FORMAT.replace("single: Reporting month", "single: Reporting months"))
        w.write("formats/local-therapy.yaml", FORMAT + "# another digest\n")
        shutil.rmtree(w.path("state", "redis"))
        said = w.once("2024-06-11").stderr
        assert "cannot be read; it is read by today's" in said, said[-2000:]
        assert w.look("2024-06-11", lambda w: w.measure())["value"] == 61


if __name__ == "__main__":
    run_tests(globals())
