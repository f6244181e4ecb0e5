"""What was known at the end of a date, asked later: as the daemon that lived then answered, and nothing of later."""
import glob
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from seam import Seam
from waitlist import Instance, measure, plan, run_tests, three, wait_for

def known(w, date, *command):
    return w.ctl_raw(*command, "--known", date)


def tree(folder):
    """Every file below with its digest."""
    found = {}
    for path in glob.glob(os.path.join(folder, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                found[path] = hashlib.sha256(f.read()).hexdigest()
    return found


def with_two_months(build):
    w = Instance(build, plan_text=plan(measure(expect="{2024-04-30: 40}")))
    w.put("april.csv", three("30"))
    w.once("2024-06-01")
    w.put("may.csv", three("50", "2024-05"))
    w.once("2024-07-10")
    return w


def test_the_instance_is_not_changed_and_need_not_run(build):
    with with_two_months(build) as w:
        before = tree(w.path("state"))
        assert json.loads(known(w, "2024-06-01", "measures").stdout)[0]["value"] == 30
        assert tree(w.path("state")) == before
        w.start("2024-07-10")
        assert json.loads(known(w, "2024-06-01", "measures").stdout)[0]["value"] == 30
        assert w.measure()["value"] == 50 and len(w.ctl("audit")) == len(w.ctl("audit", "--known", "2024-07-10"))
        assert len(w.ctl("audit", "--known", "2024-06-01")) < len(w.ctl("audit"))


def test_a_date_that_cannot_be_known_is_told_with_those_that_can(build):
    with with_two_months(build) as w:
        for date, code, words in (("2024-13-01", 2, "--known wants a date, YYYY-MM-DD, not 2024-13-01"),
                                  ("May", 2, "--known wants a date"),
                                  ("2999-01-01", 2, "2999-01-01: is in the future: the last date evaluated is 2024-07-10"),
                                  ("2024-05-31", 1, "nothing was known yet: what is known begins with 2024-06-01"),
                                  ("2024-07-09", 0, "2024-07-09: was not evaluated: this is what was known on 2024-06-01"),
                                  ("2024-09-21", 0, "2024-09-21: was not evaluated: this is what was known on 2024-07-10")):
            said = known(w, date, "measures")
            assert said.returncode == code and words in said.stderr, (date, said.returncode, said.stderr)
            if code == 0:  # nor is what would have been said of a late feed on a date that nobody lived
                figure, = json.loads(said.stdout)
                assert (figure["value"], figure["held"]) == (30 if date < "2024-07-10" else 50, False), (date, figure)
        said = w.ctl_raw("ack", "cyp-4w", "--why", "x", "--known", "2024-06-01")
        assert said.returncode == 2 and "does not take --known" in said.stderr, said.stderr
        os.rename(w.path("state"), w.path("away"))
        said = known(w, "2024-06-01", "measures")
        assert said.returncode == 1 and "has evaluated nothing yet" in said.stderr, said.stderr


def test_a_figure_whose_file_is_kept_no_more_is_held_and_that_is_said(build):
    with with_two_months(build) as w:
        for path in glob.glob(w.path("state", "archive", "*", "*")):
            with open(path, "rb") as f:
                if b",30\n" in f.read():
                    os.remove(path)
        said = known(w, "2024-06-01", "measures")
        figure, = json.loads(said.stdout)
        assert "1 files that had come by then are kept no more" in said.stderr, said.stderr
        assert figure["value"] is None and figure["rag"] == "grey" and figure["held"], figure


def test_what_stands_in_the_journal_of_arrivals_alone_was_known(build):
    day = "2026-06-30"
    rows = [(p, "referral", "2026-06-29", 1) for p in ("A", "B", "C")]
    text = lists.plan(lists.measure(id="open", metric="open", target="{at_most: 1}", more="    period: day\n"))
    with lists.instance(build, feeds=lists.EVENTS, plan_text=text) as w:
        w.put("a.csv", lists.events(rows[0]), feed="events")
        w.once(day)
        w.start(day, env=Seam(build, w.folder, rules=["fail rename 1+ 5 @state/archive"]).env())
        w.put("b.csv", lists.events(*rows[1:]), feed="events")
        wait_for(lambda: w.ctl("measure", "open")["value"] == 3, "the list")
        w.kill()  # before anything of it was archived
        assert w.ctl("measure", "open", "--known", day)["value"] == 3


run_tests(globals())
