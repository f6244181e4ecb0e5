"""The control socket and the offline commands: stable keys, exit codes, waiting for the first evaluation."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import json
import re
import subprocess

from waitlist import Instance, measure, plan, run_tests, three, wait_for

MEASURE_KEYS = ["id", "title", "value", "marker", "unit", "numerator", "denominator", "period_start", "period_end",
                "status", "method", "rag", "target", "expected", "as_of", "restated", "held"]
ALERT_KEYS = ["alert_id", "episode_id", "rule", "measure", "severity", "state", "held", "restated", "since", "value",
              "threshold", "action", "owner", "title"]


def test_measures_and_alerts_have_exactly_the_documented_keys(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        for m in w.ctl("measures"):
            assert list(m) == MEASURE_KEYS, list(m)
            assert m["status"] in ("final", "provisional", "restated", "projected"), m
            assert m["rag"] in ("blue", "green", "amber", "red", "grey"), m
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", m["as_of"]), m
        alerts = w.ctl("alerts")
        assert alerts
        for a in alerts:
            assert list(a) == ALERT_KEYS, list(a)
            assert re.fullmatch("[0-9a-f]{32}", a["alert_id"]) and re.fullmatch("[0-9a-f]{32}", a["episode_id"])
            assert a["state"] in ("PENDING", "FIRING", "RECOVERING", "RESOLVED", "RETRACTED", "WITHDRAWN"), a


def test_measures_wait_for_the_first_evaluation_of_the_day(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10", ready=False)
        wait_for(lambda: os.path.exists(w.path("state", "control.sock")), "the socket", 20)
        assert w.measure()["value"] == 6, "answered before the inbox was read"


def test_every_reading_command_answers(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.start("2024-06-10")
        a = w.alert()
        for command in (("status",), ("feeds",), ("measures",), ("measure", "cyp-4w"), ("alerts",), ("plan", "show"),
                        ("explain", a["alert_id"]), ("explain", "cyp-4w")):
            for output in ("json", "table"):
                r = w.ctl_raw(*command, output=output)
                assert r.returncode == 0 and r.stdout.strip(), f"{command} -o {output}: {r.returncode} {r.stderr}"
                if output == "json":
                    json.loads(r.stdout)
                assert "\x1b" not in r.stdout, "no colour where no terminal is"
        assert "cyp4ww" in w.ctl_raw("feeds").stdout
        for output in ("ndjson", "csv"):
            assert w.ctl_raw("measures", output=output).returncode == 0
        assert w.ctl_raw("health").returncode in (0, 1, 2)
        assert w.ctl_raw("measure", "no-such-measure").returncode == 1
        assert w.ctl_raw("explain", "no-such-thing").returncode == 1


def test_a_daemon_that_is_not_there_is_exit_3(build):
    with Instance(build) as w:
        for command in ("status", "measures", "alerts", "feeds", "health"):
            r = w.ctl_raw(command)
            assert r.returncode == 3 and r.stdout == "" or command == "health" and r.returncode == 3, (command, r)


def test_unknown_commands_and_options_are_usage_errors(build):
    with Instance(build) as w:
        assert w.ctl_raw("mesures").returncode == 2
        assert "measures" in w.ctl_raw("mesures").stderr, "did you mean"
        assert w.ctl_raw("measures", "--no-such-option").returncode == 2
        assert w.ctl_raw("measures", output="xml").returncode == 2


def offline(build, *args):
    return subprocess.run([os.path.join(build, "waitlistctl"), *args], capture_output=True, text=True, timeout=60)


def test_plan_check_works_without_a_daemon(build):
    with Instance(build) as w:
        assert offline(build, "plan", "check", w.path("plan.yaml")).returncode == 0
        w.write("bad.yaml", plan(measure(target="{at_leest: 60}")))
        r = offline(build, "plan", "check", w.path("bad.yaml"))
        assert r.returncode == 78 and re.search(r"bad\.yaml:\d+:\d+: error: ", r.stderr), r


def test_plan_check_gives_faults_as_json_for_editors(build):
    with Instance(build) as w:
        path = w.write("bad.yaml", plan(measure(target="{at_leest: 60}")))
        r = offline(build, "plan", "check", path, "-o", "json")
        assert r.returncode == 78 and r.stderr == "", r
        found = json.loads(r.stdout)
        assert [list(f) for f in found] == [["severity", "code", "file", "line", "column", "message", "hint"]] * len(found)
        first = found[0]
        line = open(path).read().splitlines()[first["line"] - 1]
        assert (first["severity"], first["code"], first["file"]) == ("error", "unknown-key", path), first
        assert line[first["column"] - 1:].startswith("at_leest"), first
        assert first["hint"] == 'did you mean "at_least"?', first
        good = offline(build, "plan", "check", w.path("plan.yaml"), "-o", "json")
        assert good.returncode == 0 and isinstance(json.loads(good.stdout), list), good
        none = offline(build, "plan", "check", w.path("none.yaml"), "-o", "ndjson")
        assert none.returncode == 78 and json.loads(none.stdout)["code"] == "unreadable", none
        assert offline(build, "plan", "check", path, "-o", "xml").returncode == 2
        assert offline(build, "-o", "json", "plan", "check", path).stdout == r.stdout


def test_plan_diff_shows_what_a_new_version_changes_what_is_softer_first(build):
    with Instance(build) as w:
        old = w.write("old.yaml", plan(measure() + measure(id="gone", title="Left out")))
        new = w.write("new.yaml", plan(
            measure(target="{at_least: 65}", tolerance=9, expect="{2024-04-30: 15, 2025-03-31: 60}") +
            measure(id="come", title="New"), version=2, due="2025-05").replace("valid: {from: 2024-04-01, to: 2025-03-31}",
                                                                            "valid: {from: 2024-04-01, to: 2025-06-30}"))
        r = offline(build, "plan", "diff", old, new, "-o", "json")
        assert r.returncode == 0, r
        assert [tuple(c.values()) for c in json.loads(r.stdout)] == [
            ("softer", "line", "measure", "cyp-4w", "line on 2024-04-30", "20", "15"),
            ("softer", "line", "measure", "cyp-4w", "tolerance", "5", "9"),
            ("softer", "removed", "measure", "gone", "measure", "Left out", None),
            ("softer", "date", "action", "1.1", "due", "2025-03-31", "2025-05-31"),
            ("harder", "line", "measure", "cyp-4w", "target", "60", "65"),
            ("harder", "date", "plan", "dudley", "valid to", "2025-03-31", "2025-06-30"),
            (None, "added", "measure", "come", "measure", None, "New"),
            (None, "other", "plan", "dudley", "version", "1", "2")], r.stdout
        assert offline(build, "plan", "diff", old, old).stdout == "no changes\n"
        assert "softer" in offline(build, "plan", "diff", old, new).stdout.splitlines()[1]
        assert offline(build, "plan", "diff").returncode == 2
        assert offline(build, "--socket", w.path("none.sock"), "plan", "diff", old).returncode == 3, "one plan is compared by the daemon"
        bad = w.write("bad.yaml", plan(measure(target="{at_leest: 60}")))
        r = offline(build, "plan", "diff", old, bad)
        assert r.returncode == 78 and r.stdout == "" and "at_leest" in r.stderr, r


def test_feed_parse_prints_one_object_for_each_value_cell(build):
    with Instance(build) as w:
        path = w.write("a.csv", three("*"))
        r = offline(build, "feed", "parse", path, "--format", "mhsds", "-o", "ndjson")
        assert r.returncode == 0, r.stderr
        last = json.loads(r.stdout.splitlines()[-1])
        assert last == {"source": "mhsds", "measure": "MRS08b", "breakdown": "Provider", "org": "TAJ",
                        "secondary": None, "period_start": "2024-02-01", "period_end": "2024-04-30",
                        "value": None, "marker": "suppressed", "status": "provisional"}, last
        assert list(last) == ["source", "measure", "breakdown", "org", "secondary", "period_start", "period_end",
                              "value", "marker", "status"]
        s = json.loads(offline(build, "feed", "parse", path, "--format", "mhsds", "--summary").stdout)
        assert (s["format"], s["rows"], s["accepted"], s["records"]) == ("mhsds", 3, 3, 3), s
        assert offline(build, "feed", "parse", path, "--format", "mhsdz").returncode == 2


def test_the_smallest_plan_and_settings_of_the_design_work_as_printed(build):
    settings = """\
# waitlistd.yaml: the keys every check can rely on (more exist; waitlistd.yaml(5) lists all)
instance: black-country
state: ./state                    # archive, journals, embedded Redis; relative to this file
redis: {mode: embedded}
plans: [plan.yaml]
people: people.yaml               # optional; roles and their holders
routes: {ops: [spool], governance: [spool], fallback: [spool]}   # a route left out goes to every receiver
feeds:
  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww,
     cadence: monthly, grace: 45d, providers: [TAJ], keep: [QUA, TAJ, England]}   # d calendar, wd working days
receivers:
  - {id: spool, kind: spool, dir: ./spool}
  - {id: hook, kind: webhook, url: "http://127.0.0.1:9900/x", secret_file: hook.secret, allow_private: true}
  - {id: mail, kind: email, to: lead@example.nhs.uk, smtp: "smtp://127.0.0.1:2525", from: monitor@example.nhs.uk, tls: "off"}
"""
    plan_text = """\
# plan.yaml: the smallest plan
plan: {id: dudley, version: 1, place: dudley, mode: live, valid: {from: 2024-04-01, to: 2025-03-31}}   # mode: live (default) or rehearsal
roles: {camhs-lead: {receivers: [spool, hook]}}
priorities:
  - id: "1"
    title: Children wait less time for help
    actions:
      - {id: "1.1", title: Second assessment team, lead: camhs-lead, due: 2024-09}
measures:
  - id: cyp-4w
    title: Children helped within 4 weeks, Black Country Healthcare
    metric: "published:MRS08b"
    select: {feed: cyp4ww, breakdown: Provider, org: TAJ}
    polarity: higher
    target: {at_least: 60}            # or at_most; tolerance in the measure's unit, default 0
    tolerance: 5
    for: 1
    clear_for: 1
    expect: {2024-06-30: 20, 2025-03-31: 60}
    action: "1.1"
"""
    people = """\
# people.yaml: who holds a role, from when to when
people:
  p1: {name: Name Surname, mail: name.surname@example.nhs.uk}
holders:
  camhs-lead: [{person: p1, from: 2024-04-01, deputy: null}]
"""
    with Instance(build, settings=settings, plan_text=plan_text) as w:
        w.write("people.yaml", people)
        w.write("hook.secret", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
        r = w.run("--check")
        assert r.returncode == 0, r.stderr
        w.put("a.csv", three(4, "2024-07"))
        w.start("2024-09-10")
        assert w.measure()["rag"] == "red"


if __name__ == "__main__":
    run_tests(globals())
