"""Settings and plan: located messages, all of one pass, and a reload that keeps the last good ones."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import re
import signal

import lists
from waitlist import Instance, measure, plan, run_tests, three, wait_for, FEED_CYP, RECEIVER_SPOOL


def check(w, expect):
    result = w.run("--check")
    assert result.returncode == expect, f"--check exited {result.returncode}:\n{result.stderr}"
    return result.stderr


def test_a_good_configuration_checks_with_0(build):
    with Instance(build) as w:
        check(w, 0)
        assert not os.path.exists(w.path("state", "redis")), "--check starts nothing"


def test_an_unknown_key_is_located_underlined_and_answered_with_did_you_mean(build):
    with Instance(build, feeds=FEED_CYP.replace("inbox:", "inboks:")) as w:
        said = check(w, 78)
        assert re.search(r"waitlistd\.yaml:\d+:\d+: error: .*inboks", said), said
        place = re.search(r"waitlistd\.yaml:(\d+):(\d+): error: .*inboks", said)
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            line = f.read().splitlines()[int(place[1]) - 1]
        assert line[int(place[2]) - 1:].startswith("inboks"), f"{place[0]} points at {line!r}"
        assert "^" in said and re.search(r'did you mean "?.?inbox', said), said


def reported(said, file, words):
    """Each word stands in a located error of the file, in its message or in the line it shows."""
    for word in words:
        assert re.search(rf"{file}\.yaml:\d+:\d+: error: [^\n]*(\n +\d+ \|[^\n]*)?{word}", said), (
            f"{word} is not reported:\n{said}")


def test_every_semantic_error_of_one_pass_is_reported(build):
    with Instance(build, feeds=FEED_CYP.replace("monthly", "fortnightly").replace("45d", "45 moons"),
                  routes="{ops: [spol], governance: [spool], fallback: [spool]}") as w:
        reported(check(w, 78), "waitlistd", ("fortnightly", "45 moons", "spol"))
    bad = measure(tolerance="lots", target="{at_leest: 60}") + measure(id="other", feed="cyp4w")
    with Instance(build, plan_text=plan(bad)) as w:
        reported(check(w, 78), "plan", ("lots", "at_leest", "cyp4w"))


def test_a_syntax_error_is_told_in_the_same_form(build):
    with Instance(build) as w:
        w.write("plan.yaml", "plan: {id: dudley, version: 1\nroles: [\n")
        said = check(w, 78)
        assert re.search(r"plan\.yaml:\d+:\d+: error: ", said), said
        assert "^" in said, said


def test_a_name_with_an_unquoted_comma_gets_its_hint(build):
    text = plan().replace("title: Second assessment team,", "title: Assessment, treatment and review,")
    with Instance(build, plan_text=text) as w:
        said = check(w, 78)
        assert re.search(r"plan\.yaml:7:\d+: error: ", said), said
        assert "a comma split this text: quote it" in said, said


def test_a_named_file_that_is_missing_is_an_error(build):
    with Instance(build, extra="people: nobody.yaml\n") as w:
        assert "nobody.yaml" in check(w, 78)
    with Instance(build) as w:
        os.unlink(w.path("plan.yaml"))
        assert "plan.yaml" in check(w, 78)
    with Instance(build) as w:
        os.unlink(w.path("waitlistd.yaml"))
        check(w, 78)


def test_people_and_plan_agree_on_the_roles_and_on_the_days_they_are_held(build):
    people = "people: {p1: {name: Ada Example, mail: ada@example.nhs.uk}}\nholders: {%s: [{person: p1, from: %s}]}\n"
    with Instance(build, extra="people: people.yaml\n") as w:
        w.write("people.yaml", people % ("camhs-lead", "2024-04-01"))
        assert "role" not in check(w, 0)
        w.write("people.yaml", people % ("camhs-led", "2024-04-01"))
        said = check(w, 0)
        assert 'no plan has a role "camhs-led"' in said and 'did you mean "camhs-lead"?' in said, said
        assert 'role "camhs-lead": nobody holds it' in said, said
        w.write("people.yaml", people % ("camhs-lead", "2024-06-01"))
        said = check(w, 0)
        assert re.search(r'plan\.yaml:2:\d+: warning: role "camhs-lead": nobody holds it from 2024-04-01 to 2024-05-31', said), said


def test_missing_folders_are_made(build):
    with Instance(build) as w:
        w.once("2024-06-10")
        for folder in ("inbox/cyp4ww", "spool", "state"):
            assert os.path.isdir(w.path(folder)), folder


def test_an_unknown_format_receiver_or_role_is_an_error_with_a_nearby_name(build):
    for old, new, near in (("format: mhsds", "format: mhdss", "mhsds"), ("ops: [spool]", "ops: [spol]", "spool")):
        with Instance(build) as w:
            with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
                text = f.read()
            assert old in text
            w.write("waitlistd.yaml", text.replace(old, new))
            said = check(w, 78)
            assert near in said and re.search(r"waitlistd\.yaml:\d+:\d+", said), said
    with Instance(build, plan_text=plan().replace("lead: camhs-lead", "lead: camhs-leed")) as w:
        assert "camhs-lead" in check(w, 78)


def test_a_list_may_have_a_service_that_is_not_declared_but_not_a_mistyped_one(build):
    """services.yaml(5): a bare treatment function code has one clock and no stages."""
    for service, code, words in (("'420'", 0, 'declares no service "420"'),
                                 ("mental-helth", 78, 'did you mean "mental-health"?')):
        with lists.instance(build, extra=lists.LISTS.replace("mental-health", service)) as w:
            said = check(w, code)
            assert words in said, said


def test_a_list_of_a_bare_treatment_function_code_is_counted(build):
    with lists.instance(build, extra=lists.LISTS.replace("mental-health", "'420'")) as i:
        text = lists.snapshot("2026-05-17", lists.starts(40, "2026-01-01")).replace("mental-health", "420")
        i.put("1.csv", text, feed="weekly")
        i.once("2026-05-18")
        i.start("2026-05-18")
        assert i.measure("over-18")["value"] == 10, i.measure("over-18")


WLMDS = ("Week_Ending_Date,Waiting_List_Type,PATIENT_PATHWAY_IDENTIFIER,"
         "ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER,ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER,"
         "ACTIVITY_TREATMENT_FUNCTION_CODE,REFERRAL_TO_TREATMENT_PERIOD_START_DATE,REFERRAL_TO_TREATMENT_PERIOD_END_DATE,"
         "derSubmissionId,derRowId\n")


def test_of_a_pathway_that_ended_by_a_later_submission_of_the_week_no_older_row_waits(build):
    def row(n, submission, ended=""):
        return f"2026-05-17,ORTT,X{n},TAJ,TAJ,420,2026-01-{n % 28 + 1:02},{ended},{submission},{n + 1}\n"

    waiting = lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}")
    with lists.instance(build, feeds=lists.SNAPSHOTS.replace("pathway-snapshot", "wlmds-open"),
                        plan_text=lists.plan(waiting), extra=lists.LISTS.replace("mental-health", "'420'")) as i:
        i.put("1.csv", WLMDS + row(0, 3, "2026-05-16") + "".join(row(n, 2) for n in range(40)) +
              row(1, 3, "2026-05-17") + row(2, 1, "2026-05-17") + row(50, 3, "2026-05-10"), feed="weekly")
        i.once("2026-05-18")
        i.start("2026-05-18")
        assert i.measure("open")["value"] == 38, i.measure("open")
        assert i.ctl("feeds")[0]["last_outcome"].startswith("accepted: 40 rows"), i.ctl("feeds")
        i.ctl("rebuild", "--why", "a try")
        wait_for(lambda: i.ctl("status")["ready"] and i.measure("open")["value"] == 38, "the same after a rebuild", 40)


def test_the_daemon_refuses_to_start_on_a_bad_configuration(build):
    with Instance(build, plan_text=plan(measure(target="{at_leest: 60}"))) as w:
        w.once("2024-06-10", expect=78)
        assert not w.mails()


def test_bad_options_are_usage_errors(build):
    with Instance(build) as w:
        for options in (("--onec",), ("--at", "10/06/2024"), ("--at", "2024-02-30"), ("stray",)):
            assert w.run(*options).returncode == 2, options


def test_a_reload_takes_a_good_plan_and_keeps_the_last_good_one_before_a_bad_one(build):
    with Instance(build) as w:
        w.put("a.csv", three(25))
        w.start("2024-06-10")
        assert w.measure()["rag"] == "green"
        w.write("plan.yaml", plan(measure(expect="{2024-04-30: 40, 2025-03-31: 60}"), version=2))
        w.signal(signal.SIGHUP)
        wait_for(lambda: w.measure()["rag"] == "red", "the new plan to be in force")
        w.write("plan.yaml", plan(measure(expect="{2024-04-30: 10, 2025-03-31: 60}", target="{at_leest: 60}")))
        w.signal(signal.SIGHUP)
        wait_for(lambda: "at_leest" in w.log(), "the refusal in the log")
        wait_for(lambda: re.search(r"keep|kept|last good|stays in force", w.log()), "that it says so")
        m = w.measure()
        assert (m["rag"], m["expected"]) == ("red", 40), m
        assert w.stop() == 0


def test_a_reload_with_another_instance_or_state_is_refused_whole(build):
    with Instance(build) as w:
        w.put("a.csv", three(25))
        w.start("2024-06-10")
        assert w.measure()["rag"] == "green"
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            text = f.read()
        for old, new in (("instance: black-country", "instance: elsewhere"), ("state: ./state", "state: ./other"),
                         ("redis: {mode: embedded}", "redis: {mode: server, socket: ./none.sock}")):
            w.write("waitlistd.yaml", text.replace(old, new))
            w.write("plan.yaml", plan(measure(expect="{2024-04-30: 40, 2025-03-31: 60}")))
            before = w.log().count("only with a restart")
            w.signal(signal.SIGHUP)
            wait_for(lambda: w.log().count("only with a restart") > before, f"the refusal of {new}")
            w.write("waitlistd.yaml", text)
            assert w.measure()["rag"] == "green", "the plan of a refused reload is not in force either"


def test_a_route_left_out_goes_to_the_receivers_that_a_role_uses_with_a_warning(build):
    receivers = "  - {id: other, kind: spool, dir: ./other}\n" + RECEIVER_SPOOL
    with Instance(build, settings="instance: black-country\nstate: ./state\nredis: {mode: embedded}\n"
                  f"plans: [plan.yaml]\nfeeds:\n{FEED_CYP}receivers:\n{receivers}") as w:
        said = check(w, 0)
        for route in ("ops", "governance", "fallback"):
            assert f"routes.{route} is left out" in said and "warning" in said, said
        w.once("2024-06-10")
        w.once("2024-08-15")  # the feed is late: a message for ops
        assert len(w.mails()) == 1 and w.mails("other") == [], (w.mails(), w.mails("other"))


if __name__ == "__main__":
    run_tests(globals())
