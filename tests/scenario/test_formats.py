"""Formats are data: a new export needs a YAML file and no program, and no program knows a format's name."""
import glob
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from waitlist import Instance, ROOT, measure, mhsds, plan, run_tests, skip

# A trust's own export: semicolons, two services side by side, a banner, other words for no figure.
FORMAT = """\
format: local-therapy
title: A trust's therapy export
published: false
delimiter: ";"
key: [measure, org, period_start, period_end]
unit: count
units: [{like: "*(%)", unit: percent}]
markers: {suppressed: ["fewer than 5"], not-submitted: ["", "not sent"], not-applicable: ["n/a"]}
layouts:
  - id: months
    header: {columns: [Trust, Reporting month]}
    values: {rest: true, ignore: [Remarks]}
    period: {single: Reporting month}
    measure: {from: header}
    org: Trust
    covers_providers: true
"""
DATA = """\
Therapy waits, made by hand;;;;
Trust;Reporting month;Waiting;Seen within 18 weeks (%);Remarks
RNA;Apr-24;120;61;first month
RL4;Apr-24;not sent;n/a;
TAJ;Apr-24;fewer than 5;88.5;"a;b"
"""
FEEDS = """\
  - {id: therapy, kind: aggregate, format: local-therapy, inbox: ./inbox/therapy, cadence: monthly, grace: 45d,
     providers: [RNA, RL4, TAJ]}
"""


def parse(build, w, *more):
    return subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", w.path("data.csv"), "--format",
                           "local-therapy", "--formats", w.path("formats"), *more],
                          capture_output=True, text=True, timeout=60)


def test_a_format_is_added_by_yaml_alone(build):
    with Instance(build, feeds=FEEDS, extra="formats: [formats]\n", plan_text=plan(measure(
            feed="therapy", published="Seen within 18 weeks (%)", org="RNA", breakdown="~",
            title="Therapy within 18 weeks", expect="{2024-04-30: 75, 2025-03-31: 92}"
            ).replace(", breakdown: ~", ""))) as w:
        w.write("formats/local-therapy.yaml", FORMAT)
        w.write("data.csv", DATA)
        r = parse(build, w, "-o", "ndjson")
        assert r.returncode == 0, r.stderr
        rows = [json.loads(line) for line in r.stdout.splitlines()]
        assert [(x["org"], x["measure"], x["value"], x["marker"]) for x in rows] == [
            ("RNA", "Waiting", 120, None), ("RNA", "Seen within 18 weeks (%)", 61, None),
            ("RL4", "Waiting", None, "not-submitted"), ("RL4", "Seen within 18 weeks (%)", None, "not-applicable"),
            ("TAJ", "Waiting", None, "suppressed"), ("TAJ", "Seen within 18 weeks (%)", 88.5, None)], rows
        assert {(x["source"], x["period_start"], x["period_end"]) for x in rows} == {
            ("local-therapy", "2024-04-01", "2024-04-30")}
        w.put("data.csv", DATA, feed="therapy")
        w.start("2024-06-10")
        m = w.measure()
        assert (m["value"], m["rag"], m["unit"]) == (61, "red", "percent"), m


def test_a_mistake_in_a_format_is_located(build):
    with Instance(build, feeds=FEEDS, extra="formats: [formats]\n", plan_text=plan(measure(feed="therapy"))) as w:
        w.write("formats/local-therapy.yaml", FORMAT.replace("delimiter:", "delimeter:"))
        r = w.run("--check")
        assert r.returncode == 78, r.returncode
        assert re.search(r"local-therapy\.yaml:4:1: error: [^\n]*delimeter", r.stderr), r.stderr


def test_a_mended_format_takes_the_same_file_again(build):
    broken = FORMAT.replace('not-submitted: ["", "not sent"]', 'not-submitted: [""]')
    with Instance(build, feeds=FEEDS, extra="formats: [formats]\n", plan_text=plan(measure(
            feed="therapy", published="Waiting", org="RNA", title="Therapy list", polarity="lower",
            target="{at_most: 100}", expect="{2024-04-30: 100, 2025-03-31: 100}"
            ).replace(", breakdown: Provider", ""))) as w:
        w.write("formats/local-therapy.yaml", broken)
        w.put("data.csv", DATA, feed="therapy")
        w.once("2024-06-10")  # a third of its rows is set aside: held
        assert w.look("2024-06-10", lambda w: w.measure())["value"] is None
        w.write("formats/local-therapy.yaml", FORMAT)
        w.put("data.csv", DATA, feed="therapy")
        w.once("2024-06-11")
        assert w.look("2024-06-11", lambda w: w.measure())["value"] == 120


def test_no_format_is_known_to_the_program_by_name(build):
    names = [os.path.basename(p)[:-len(".yaml")] for p in glob.glob(os.path.join(ROOT, "config", "formats", "*.yaml"))]
    assert len(names) >= 5, names
    # "measures" and "actions" are also common words, the canonical pathway formats are called after the kinds
    # of records: as a format's name they would stand in quotes. The two series of reported delivery are known by
    # their names, which any format may give (feed-formats(5)), and by no format's.
    common = ("measures", "actions", "pathway-snapshot", "pathway-events")
    words = [rf"\b{re.escape(n)}\b" for n in names if n not in common]
    words += [r"REPORTING_PERIOD", r"\(CYP\)", r"new_la_code", r"format[^\n]*\"(measures|actions)\"",
              r"RTT-(?!published)", r"\bASD\d", r"\bADHD", r"Part_\d", r"Local Authority"]
    wrong = []
    for path in glob.glob(os.path.join(ROOT, "daemon", "**", "*.[ch]"), recursive=True):
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                if any(re.search(word, line, re.I) for word in words):
                    wrong.append(f"{os.path.relpath(path, ROOT)}:{number}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


def test_every_published_sample_agrees_with_an_independent_count(build):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "count_published.py")
    folder = os.path.join(ROOT, "tests", "data", "published")
    if not os.path.exists(script) or not os.path.isdir(folder):
        skip("count_published.py or tests/data/published is not there")
    r = subprocess.run([sys.executable, script, os.path.join(build, "waitlistctl"), folder],
                       capture_output=True, text=True, timeout=540)
    assert r.returncode == 0, r.stdout[-3000:] + r.stderr[-2000:]


MARKERS = {"*": "suppressed", "c": "suppressed", "low": "suppressed", "u": "suppressed",
           "x": "not-submitted", ":": "not-submitted", ".": "not-submitted", "-": "not-submitted",
           "NULL": "not-submitted", "": "not-submitted", " ": "not-submitted", "z": "not-applicable"}


def test_each_marker_is_read_as_its_format_means_it_and_0_is_a_number(build):
    columns = {"mhsds": mhsds("2024-04", {("TAJ", "MRS08b"): "@CELL@"}),
               "measures": "source,measure,org,period_start,period_end,value\ns,m,TAJ,2024-04-01,2024-04-30,@CELL@\n"}
    with Instance(build) as w:
        for name, text in columns.items():
            for word, marker in MARKERS.items():
                if name == "mhsds" and not word.strip():
                    marker = "suppressed"
                path = w.write("data.csv", text.replace("@CELL@", word))
                r = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", path, "--format", name,
                                    "-o", "ndjson"], capture_output=True, text=True, timeout=60)
                got = [(x["value"], x["marker"]) for x in map(json.loads, r.stdout.splitlines())]
                assert got == [(None, marker)], (name, word, got, r.stderr)
            path = w.write("data.csv", text.replace("@CELL@", "0"))
            r = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", path, "--format", name,
                                "-o", "ndjson"], capture_output=True, text=True, timeout=60)
            assert [(x["value"], x["marker"]) for x in map(json.loads, r.stdout.splitlines())] == [(0, None)], r.stdout


def test_a_format_says_which_of_two_rows_with_one_key_stands(build):
    for rule, remark, value in (("", "again", 64), ("duplicate: first\n", "later", 61), ("duplicate: last\n", "again", 64),
                                ("duplicate: by Remarks\n", "again", 61), ("duplicate: by Remarks\n", "later", 64)):
        with Instance(build, feeds=FEEDS, extra="formats: [formats]\n", plan_text=plan(measure(
                feed="therapy", published="Seen within 18 weeks (%)", org="RNA", breakdown="~",
                title="Therapy within 18 weeks", expect="{2024-04-30: 75, 2025-03-31: 92}"
                ).replace(", breakdown: ~", ""))) as w:
            w.write("formats/local-therapy.yaml", FORMAT.replace("published: false\n", "published: false\n" + rule))
            w.put("a.csv", DATA + f"RNA;Apr-24;120;64;{remark}\n", feed="therapy")
            w.once("2024-06-10")
            m = w.look("2024-06-10", lambda w: w.measure())
            assert m["value"] == value, (rule, remark, m)


if __name__ == "__main__":
    run_tests(globals())
