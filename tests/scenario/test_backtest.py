"""waitlistctl backtest: what a plan would have said of past feeds, from a folder and from the stored history."""
import csv
import io
import json
import os
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from seam import Seam
from tree import everything
from waitlist import Instance, PATIENCE_S, RECEIVER_SPOOL, measure, mhsds, plan, run_tests, three, wait_for

# Behind the line of 20 twice: from 20 July, when May is restated, and from 9 September, by July's own
# figure, though June is restated in the same file.
FILES = [("2024-06-09", "april.csv", three(25, "2024-04")), ("2024-07-10", "may.csv", three(24, "2024-05")),
         ("2024-07-20", "may-again.csv", three(12, "2024-05")), ("2024-08-09", "june.csv", three(25, "2024-06")),
         ("2024-09-09", "july.csv", mhsds(["2024-06", "2024-07"], {"2024-06": {("TAJ", "MRS08b"): 26},
                                                                  "2024-07": {("TAJ", "MRS08b"): 10}})), ("2024-10-09", "august.csv", three(30, "2024-08"))]
WHEN = [("2024-07-20", "2024-08-09", 20, True), ("2024-09-09", "2024-10-09", 30, False)]
MAIL = ("  - {id: mail, kind: email, to: lead@example.nhs.uk, smtp: \"smtp://127.0.0.1:9\", from: monitor@example.nhs.uk,"
        " tls: \"off\"}\n")
RANGE = ("--from", "2024-06-20", "--to", "2024-10-20")


def feeds(w, files=FILES):
    for date, name, text in files:
        w.write(os.path.join("history", date, "cyp4ww", name), text)
    return ("--feeds", w.path("history"))


def backtest(w, *options, expect=0, output="json"):
    result = subprocess.run([os.path.join(w.build, "waitlistctl"), "--config", w.path("waitlistd.yaml"), "backtest",
                             w.path("plan.yaml"), *options, "-o", output], capture_output=True, text=True,
                            stdin=subprocess.DEVNULL, timeout=120 * PATIENCE_S,
                            env={**os.environ, "TMPDIR": w.path()})
    assert result.returncode == expect, f"exit {result.returncode}:\n{result.stderr[-3000:]}"
    if expect == 0:
        assert result.stderr == "", result.stderr  # no bar, and no talk, where nobody looks
    return json.loads(result.stdout) if expect == 0 and output == "json" else result


def rule(report, name, of="cyp-4w"):
    found = [r for r in report["rules"] if r["rule"] == name and of in (r["measure"], r["feed"], r["action"])]
    assert len(found) == 1, report["rules"]
    return found[0]


def when(row):
    return [(f["opened"], f["ended"], f["days"], f["by_restatement"]) for f in row["when"]]


def test_each_rule_says_when_it_would_have_fired_how_long_and_how_often_by_a_restatement_only(build):
    with Instance(build) as w:
        report = backtest(w, *RANGE, *feeds(w))
        behind = rule(report, "behind-plan")
        assert when(behind) == WHEN, behind
        assert (behind["episodes"], behind["days"], behind["restatement_only"]) == (2, 50, 1), behind
        assert (behind["open_before"], behind["open_at_end"], behind["owner"]) == (False, False, "camhs-lead"), behind
        # Nothing fired, and it is a rule of the plan all the same.
        assert rule(report, "action-overdue", "1.1")["episodes"] == 0, report
        # Six of the measure (two begin, two are said again after 14 days, two end), none for a rule that kept silent.
        assert report["messages"] == [{"owner": "camhs-lead", "receiver": "spool", "messages": 6,
                                       "per_week": 6 / ((11 + 31 + 31 + 30 + 20) / 7), "most_in_a_week": 1}], report


def test_what_fired_before_the_first_date_is_no_episode_of_the_test_and_what_lasts_has_no_end(build):
    with Instance(build, extra="reminders: []\n") as w:
        report = backtest(w, "--from", "2024-09-20", "--to", "2024-10-05", *feeds(w))
        behind = rule(report, "behind-plan")
        assert when(behind) == [(None, None, 16, False)], behind
        assert (behind["episodes"], behind["open_before"], behind["open_at_end"]) == (0, True, True), behind
        assert report["messages"] == [], report
        rows = list(csv.DictReader(io.StringIO(backtest(w, "--from", "2024-09-20", "--to", "2024-10-05", *feeds(w),
                                                        output="csv").stdout)))
        assert [r["kind"] for r in rows] == ["rule"] * len(report["rules"]), rows


def test_the_stored_history_gives_what_its_files_give_and_nothing_of_the_instance_is_touched(build):
    with Instance(build, receivers=RECEIVER_SPOOL + MAIL) as w:
        for date, name, text in FILES:
            w.put(name, text)
            w.once(date)
        # A rehearsal writes no mails; a backtest says what it would write once it is live.
        w.write("plan.yaml", plan(version=2, receivers="spool, mail").replace("mode: live", "mode: rehearsal"))
        by_files = backtest(w, *RANGE, *feeds(w))
        before = everything(w.folder)
        assert backtest(w, *RANGE) == by_files, "the history tells another story than its files"
        assert everything(w.folder) == before, "the instance was changed, or a simulation left something behind"
        assert when(rule(by_files, "behind-plan")) == WHEN, by_files
        assert {m["receiver"] for m in by_files["messages"]} == {"spool", "mail"}, by_files["messages"]


def test_a_file_that_arrived_and_is_not_archived_yet_is_of_the_stored_history(build):
    """Its rows and its receipt are in the journal of arrivals alone; once they are settled it comes once, not twice."""
    dates = ("--from", "2026-06-01", "--to", "2026-07-10")
    rows = [lists.events(*((p, "referral", "2026-06-29", 1) for p in group)) for group in ("A", "BC", "DE")]
    open_of = lists.measure(id="open", metric="open", target="{at_most: 1}", more="    period: day\n")
    with lists.instance(build, feeds=lists.EVENTS, plan_text=lists.plan(open_of)) as w:
        w.put("0.csv", rows[0], feed="events")
        w.once("2026-06-30")  # archives the mapping
        seam = Seam(build, w.folder, rules=["fail rename 1+ 5 @state/archive"])
        w.start("2026-06-30", env=seam.env())
        w.put("1.csv", rows[1], feed="events")
        w.put("2.csv", rows[2], feed="events")
        wait_for(lambda: w.ctl("measure", "open")["value"] == 5, "the files")
        with open(w.path("state", "journal", "received"), encoding="utf-8") as f:
            assert len(f.readlines()) == 1, "they are settled already"
        with open(w.path("state", "journal", "arrivals"), encoding="utf-8") as f:
            journal = f.read()
        arrived = backtest(w, *dates)
        assert when(rule(arrived, "behind-plan", "open")) == [("2026-06-30", None, 11, False)], arrived
        w.kill()
        w.once("2026-06-30")
        assert backtest(w, *dates) == arrived
        # As when they were settled while the two journals were read: in both.
        w.write("state/journal/arrivals", journal)
        assert backtest(w, *dates) == arrived
        os.remove(w.path("state", "journal", "arrivals"))  # an instance of before has none
        assert backtest(w, *dates) == arrived


def mark_as_backfilled(w, name):
    """In the received journal, the receipt of a file says that it was brought in as history."""
    path = w.path("state", "journal", "received")
    with open(path, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split(" ", 2) for line in f]
    for line in lines:
        receipt = json.loads(line[2])
        if receipt["name"] == name:
            line[2] = json.dumps({**receipt, "backfill": True}, separators=(",", ":"))
            line[0] = f"{zlib.crc32(f'{line[1]} {line[2]}'.encode()):08x}"
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(" ".join(line) + "\n" for line in lines)


def test_what_people_did_comes_again_on_its_date_and_backfilled_files_count_when_they_were_due(build):
    def month(name, value, organisations=12):
        return mhsds(name, {("TAJ" if i == 0 else f"RX{i}", "MRS08b"): value for i in range(organisations)})

    with Instance(build, plan_text=plan(measure(expect="{2024-02-29: 20, 2025-03-31: 60}"))) as w:
        w.put("april.csv", month("2024-04", 25))
        w.once("2024-06-09")
        w.put("may.csv", month("2024-05", 12, organisations=1))  # a twelfth of the rows: held
        w.once("2024-07-12")
        w.start("2024-07-15")
        w.ctl("feed", "accept", "may.csv", "--why", "the provider says that it is whole")
        w.put("march.csv", month("2024-03", 10))
        wait_for(lambda: not w.inbox(), "the inbox to be taken")
        wait_for(lambda: w.measure()["value"] == 12, "the accepted figure")
        w.ctl("feed", "expect", "cyp4ww", "--by", "2024-08-31", "--why", "the provider changes its system")
        w.stop()
        mark_as_backfilled(w, "march.csv")
        report = backtest(w, "--from", "2024-05-01", "--to", "2024-08-20")
        # March was due on 15 May and is behind; April is not; May is from the day on which it was accepted.
        assert when(rule(report, "behind-plan")) == [("2024-05-15", "2024-06-09", 25, False),
                                                     ("2024-07-15", None, 37, False)], report
        assert when(rule(report, "implausible-change", "cyp4ww")) == [("2024-07-12", "2024-07-15", 3, False)], report
        # June was due on 14 August; somebody said that it comes by the 31st.
        assert not [r for r in report["rules"] if r["rule"] == "feed-late" and r["episodes"]], report


def test_the_files_of_a_date_are_received_on_that_date_and_a_late_feed_fires_until_they_are(build):
    files = [("2024-06-09", "april.csv", three(25, "2024-04")), ("2024-08-20", "may.csv", three(25, "2024-05"))]
    with Instance(build) as w:
        report = backtest(w, "--from", "2024-06-20", "--to", "2024-08-25", *feeds(w, files))
        late = rule(report, "feed-late", "cyp4ww")
        # May ended on the 31st and 45 days are its grace: in time until 15 July. June's is late from 15 August on.
        assert when(late)[0] == ("2024-07-16", "2024-08-20", 35, False), late


def test_a_call_that_cannot_be_run_says_why(build):
    with Instance(build) as w:
        assert "YYYY-MM-DD" in backtest(w, "--from", "2024-06-20", expect=2).stderr
        assert "before --from" in backtest(w, "--from", "2024-06-20", "--to", "2024-06-19", expect=2).stderr
        assert "no instance" in backtest(w, *RANGE, expect=1).stderr
        w.write("history/2024-06-20/nobody/x.csv", "a\n")
        assert '"nobody"' in backtest(w, *RANGE, "--feeds", w.path("history"), expect=1).stderr
        w.write("plan.yaml", "plan: {}\n")
        assert "plan.yaml:1:" in backtest(w, *RANGE, expect=78).stderr
        assert not [n for n in os.listdir(w.folder) if n.startswith("waitlist-simulation")], os.listdir(w.folder)


run_tests(globals())
