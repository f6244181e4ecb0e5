"""waitlistctl plan test: scripted feeds, and the states and messages that are expected of each date."""
import json
import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from hook import HOOK_RECEIVER, SECRET, Hook
from tree import everything
from waitlist import Instance, PATIENCE_S, RECEIVER_SPOOL, ROOT, mhsds, plan, run_tests, three, wait_for

PEOPLE = """\
people: {p1: {name: Name Surname, mail: name.surname@example.nhs.uk}}
holders: {camhs-lead: [{person: p1, from: 2024-04-01}]}
"""
MAIL = ('  - {id: mail, kind: email, to: lead@example.nhs.uk, smtp: "smtp://127.0.0.1:9",'
        ' from: monitor@example.nhs.uk, tls: "off", rate: 1}\n')
HEAD = "plan: plan.yaml\nsettings: waitlistd.yaml\n"


def plan_test(w, script=None, expect=0, output="table", path=None):
    """Runs a script. Its files of feeds lie beside it."""
    path = path or w.write("script.yaml", script)
    result = subprocess.run([os.path.join(w.build, "waitlistctl"), "plan", "test", path, "-o", output],
                            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120 * PATIENCE_S,
                            env={**os.environ, "TMPDIR": w.path()})
    assert result.returncode == expect, f"exit {result.returncode}:\n{result.stdout}{result.stderr[-3000:]}"
    return json.loads(result.stdout) if output == "json" else result


def step(on, *files, **expect):
    """One step in flow style: files by name, expectations as YAML text."""
    listed = ", ".join(f"{{feed: cyp4ww, file: {f}}}" for f in files)
    wanted = ", ".join(f"{key}: {value}" for key, value in expect.items())
    return f"  - {{on: {on}, feeds: [{listed}], expect: {{{wanted}}}}}\n"


def ask(path, request):
    """One question over a control socket, by a path of any length."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60 * PATIENCE_S)
            s.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
            s.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(b"".join(iter(lambda: s.recv(65536), b"")))
    finally:
        os.close(folder)
    assert answer["ok"], answer
    return answer["result"]


def places(said):
    """(line, column) of each difference."""
    return [(int(line), int(column)) for line, column in re.findall(r"script\.yaml:(\d+):(\d+): error: ", said)]


def test_the_shipped_example_goes_as_it_expects(build):
    with Instance(build) as w:
        said = plan_test(w, path=os.path.join(ROOT, "config", "plan-test.yaml")).stdout
        assert "as expected: 3 steps, 9 expectations" in said, said


def test_late_missing_and_restated_feeds_are_judged_as_the_daemon_would(build):
    with Instance(build) as w:
        w.write("april.csv", three(25, "2024-04"))
        w.write("may.csv", three(12, "2024-05"))
        w.write("may-again.csv", three(24, "2024-05"))
        # Nothing of TAJ, whom the feed must cover.
        w.write("june.csv", "".join(line for line in three(0, "2024-06").splitlines(True) if "TAJ" not in line))
        plan_test(w, HEAD + "start: 2024-06-01\nsteps:\n" + step(
            "2024-06-09", "april.csv", measures="{cyp-4w: {rag: green, state: none, held: no}}", messages="none") + step(
            "2024-07-11", "may.csv", measures="{cyp-4w: {rag: red, state: behind plan, severity: red, value: 12}}",
            messages='[{receiver: spool, subject: "Behind plan"}]') + step(
            "2024-07-20", "may-again.csv", measures="{cyp-4w: {rag: green, state: corrected, severity: none}}",
            messages="[{receiver: spool}]") + step(
            "2024-08-15", alerts="[{rule: feed-late, feed: cyp4ww, state: late}]",
            measures="{cyp-4w: {rag: green, held: yes}}") + step(
            "2024-08-16", "june.csv", alerts="[{rule: coverage-gap, provider: TAJ}, {rule: feed-late, state: none}]",
            measures="{cyp-4w: {held: yes}}"))


def test_the_first_date_is_judged_with_its_files_and_told_once(build):
    with Instance(build) as w:
        w.write("april.csv", three(12, "2024-04"))
        w.write("next.yaml", plan(due="2024-05"))  # not the plan of the settings
        plan_test(w, HEAD.replace("plan.yaml", "next.yaml") + "steps:\n" + step("2024-06-09", "april.csv", alerts="[{rule: behind-plan}, {rule: action-overdue}]",
                                              messages="[{receiver: spool}]"))
        assert not os.path.exists(w.path("spool")) and not os.path.exists(w.path("inbox")), os.listdir(w.folder)


def test_a_simulation_evaluates_nothing_before_it_is_given_its_first_date(build):
    with Instance(build) as w:
        audit = w.path("simulated", "state", "journal", "audit")

        def records(key):
            with open(audit, encoding="utf-8") as f:
                return [line for line in f if f'"{key}":' in line]
        with open(w.log_path, "wb") as log:
            w.process = subprocess.Popen([os.path.join(w.build, "waitlistd"), "--config", w.path("waitlistd.yaml"), "--simulate",
                                          w.path("simulated"), "--at", "2024-06-09"], cwd=w.folder, stdout=log, stderr=log)
        # It knows its feeds once it has its Redis, and could evaluate.
        wait_for(lambda: os.path.exists(audit) and records("configured"), "the feeds to be configured")
        # Nor does it look into its inboxes by itself: what lies there for a date might be received on the one before.
        held = os.listdir(f"/proc/{w.process.pid}/fd")
        links = [os.readlink(f"/proc/{w.process.pid}/fd/{n}") for n in held if os.path.lexists(f"/proc/{w.process.pid}/fd/{n}")]
        assert links and not [link for link in links if "inotify" in link], links
        w.write("simulated/inbox/cyp4ww/april.csv", three(12, "2024-04"))
        result = ask(w.path("simulated", "control.sock"), {"command": "simulate", "date": "2024-06-09", "all": True})
        assert [m["value"] for m in result["measures"]] == [12] and len(result["messages"]) == 1, result
        assert len(records("evaluated")) == 1, records("evaluated")


def test_each_difference_is_told_at_the_word_it_contradicts_with_what_was_found(build):
    script = HEAD + "steps:\n" + step(
        "2024-06-09", "april.csv", measures="{cyp-4w: {rag: green, state: watching, held: yes, value: 13}}",
        alerts="[{rule: feed-late}]", messages="[{receiver: spool, subject: On plan}]") + step(
        "2024-06-10", messages="[{receiver: spool}]") + step("2024-07-11", "may.csv", messages="none")
    with Instance(build) as w:
        w.write("april.csv", three(12, "2024-04"))
        w.write("may.csv", three(25, "2024-05"))
        result = plan_test(w, script, expect=1)
        lines = script.splitlines()
        words = [lines[line - 1][column - 1:] for line, column in places(result.stderr)]
        wanted = ["green", "watching", "yes", "13", "{rule: feed-late}", "{receiver: spool, subject: On plan}",
                  "{receiver: spool}", "none"]
        assert len(words) == len(wanted), result.stderr
        for word in wanted:
            assert any(at.startswith(word) for at in words), f"nothing points at {word}:\n{result.stderr}"
        for said in ("rag: expected green, found red", "state: expected watching, found behind plan",
                     "held: expected yes, found no", "value: expected 13, found 12",
                     'expected a message to spool with "On plan" in its subject, found to spool "Behind plan',
                     "2024-06-10: expected a message to spool, found none",
                     '2024-07-11: expected no message, found to spool "'):
            assert said in result.stderr, f"{said} is not told:\n{result.stderr}"
        assert "5 of 7 expectations differ" in result.stdout, result.stdout
        found = plan_test(w, script, expect=1, output="json")
        assert {d["code"] for d in found} == {"differs"} and {d["line"] for d in found} == {4, 5, 6}, found


def test_a_file_that_was_not_taken_as_meant_is_a_difference_whatever_else_holds(build):
    with Instance(build) as w:
        w.write("april.csv", three(12, "2024-04"))
        w.write("garbage.csv", "garbage\n1,2\n")
        many = {(f"Q{n:03}", "MRS08b"): 20 for n in range(150)}
        w.write("typo.csv", mhsds("2024-05", {**many, ("TAJ", "MRS08b"): 13}) + "garbage\n")
        script = HEAD + "steps:\n" + step(
            "2024-06-08", "garbage.csv", measures="{cyp-4w: {rag: grey, state: none}}")
        result = plan_test(w, script, expect=1)
        assert places(result.stderr) == [(4, script.splitlines()[3].index("{feed:") + 1)], result.stderr
        assert "2024-06-08: cyp4ww: garbage.csv: expected accepted, found refused: " in result.stderr, result.stderr
        assert "1 of 2 expectations differ" in result.stdout, result.stdout
        meant = script.replace("file: garbage.csv", "file: garbage.csv, outcome: refused")
        assert "as expected: 1 steps, 2 expectations" in plan_test(w, meant).stdout
        # What came in place of the outcome that the script says is a difference as well, at that word.
        wrong = HEAD + "steps:\n" + step("2024-06-09", "april.csv, outcome: held")
        said = plan_test(w, wrong, expect=1).stderr
        assert places(said) == [(4, wrong.splitlines()[3].index("held") + 1)], said
        assert "expected held, found accepted" in said, said
        # A row that cannot be read is no difference, and is said.
        said = plan_test(w, HEAD + "steps:\n" + step("2024-07-09", "typo.csv")).stderr
        assert "2024-07-09: cyp4ww: typo.csv: rows that cannot be read: 1" in said, said
        # Of two of one name only the second would lie in the inbox.
        w.write("more/april.csv", three(14, "2024-05"))
        twice = HEAD + "steps:\n" + step("2024-07-09", "april.csv", "more/april.csv")
        assert 'two files of one step are called "april.csv"' in plan_test(w, twice, expect=78).stderr
        assert "did you mean" in plan_test(w, wrong.replace("held", "acepted"), expect=78).stderr


def test_a_message_that_nobody_expected_is_a_difference_though_the_expected_ones_came(build):
    with Instance(build, receivers=RECEIVER_SPOOL + "  - {id: other, kind: spool, dir: ./other}\n",
                  plan_text=plan(receivers="spool, other")) as w:
        w.write("april.csv", three(12, "2024-04"))
        said = plan_test(w, HEAD + "steps:\n" + step("2024-06-09", "april.csv", messages="[{receiver: other}]"),
                         expect=1).stderr
        assert 'expected no other message, found to spool "' in said, said


def test_a_file_that_is_wrong_exits_78_and_every_mistake_has_its_place(build):
    bad = (HEAD + "steps:\n"
           "  - on: 2024-06-09\n    feeds: [{feed: cyp4w, text: x}, {feed: cyp4ww}, {feed: cyp4ww, file: gone.csv}]\n"
           "    expekt: {}\n"
           "  - on: 2024-06-09\n"
           "    expect:\n"
           "      measures: {cyp-4: {rag: pink, state: late, held: perhaps, value: much}}\n"
           "      alerts: [{rule: feed-lat}, {state: late}]\n"
           "      messages: [{receiver: spol}]\n")
    with Instance(build) as w:
        said = plan_test(w, bad, expect=78).stderr
        for words in ("cyp4w", "one of file: and text:", "No such file", "expekt", "not after the one before", "cyp-4",
                      "pink", '"late" is not known', "perhaps", '"much" is no number', "feed-lat", '"rule" is missing',
                      "spol"):
            assert re.search(rf"script\.yaml:\d+:\d+: error: [^\n]*{re.escape(words)}", said), f"{words}:\n{said}"
        assert said.count("did you mean") >= 5, said
        w.write("plan.yaml", plan().replace("polarity", "polartiy"))
        assert re.search(r"plan\.yaml:\d+:\d+: error", plan_test(w, HEAD + "steps:\n" + step("2024-06-09"), expect=78).stderr)


def test_who_is_written_to_is_said_and_nothing_leaves_nor_is_the_running_daemon_touched(build):
    with Hook() as hook, Instance(build, receivers=HOOK_RECEIVER.format(port=hook.port) + MAIL,
                                  plan_text=plan(receivers="spool, mail, hook"), extra="reminders: []\npeople: people.yaml\n") as w:
        w.write("hook.secret", SECRET)
        w.write("people.yaml", PEOPLE)
        for name, value, month in (("april", 12, 4), ("april-2", 25, 4), ("may", 12, 5), ("june", 30, 6)):
            w.write(f"{name}.csv", three(value, f"2024-0{month}"))
        w.start("2024-06-01")
        try:
            w.ctl("measures")
            own = [w.path(*names) for names in (("state", "journal"), ("state", "archive"), ("inbox",), ("spool",))]
            before = everything(*own)
            to_all = ("[{receiver: spool}, {receiver: hook}, "
                      "{receiver: mail, recipient: name.surname@example.nhs.uk, subject: %s}]")
            # One mail a minute at most, and dates that take no time.
            plan_test(w, HEAD + "steps:\n" + step("2024-06-09", "april.csv", messages=to_all % "Behind plan") +
                      step("2024-06-20", "april-2.csv", messages=to_all % "Corrected") +
                      step("2024-07-09", "may.csv", messages=to_all % "Behind plan") +
                      step("2024-08-09", "june.csv", messages=to_all % "Back on plan"))
            assert everything(*own) == before, "the running daemon's files were changed"
            assert not [n for n in os.listdir(w.folder) if n.startswith("waitlist-simulation")], os.listdir(w.folder)
            assert w.measure()["value"] is None and not w.alerts("behind-plan"), w.alerts()
        finally:
            w.stop()
        assert not hook.requests, hook.requests


run_tests(globals())
