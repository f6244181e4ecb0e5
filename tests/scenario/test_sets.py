"""Sets: several tables that only together say who waits; MHSDS at record level."""
import itertools
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from canaries import came_out, nhs_number, with_numbers
from waitlist import run_tests, wait_for

FEED = """\
  - {{id: mh, kind: {kind}, into: cyp, format: mhsds-record, inbox: ./inbox/mh,
     cadence: monthly, grace: {grace}, from: 2026-01-31}}
"""
SETS = FEED.format(kind="set", grace="20d")
FEBRUARY, MARCH, JANUARY = "2026-02-28", "2026-03-31", "2026-01-31"
TODAY = "2026-04-02"
OPEN = lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 1000}", more="    period: month\n")
PLAN = lists.plan(OPEN)

COLUMNS = {
    "referral": "ServiceRequestId,LocalPatientId,OrgIDProv,OrgIDComm,ReferralRequestReceivedDate,ServDischDate,"
                "PrimReasonReferralMH,UniqSubmissionID,ReportingPeriodEndDate",
    "clock": "ServiceRequestId,OrgIDProv,WaitTimeMeasureType,ReferToTreatPeriodStartDate,ReferToTreatPeriodEndDate,"
             "ReferToTreatPeriodStatus,UniqSubmissionID,ReportingPeriodEndDate",
    "contact": "CareContactId,ServiceRequestId,OrgIDProv,CareContDate,AttendStatus,ConsMechanismMH,UniqSubmissionID,"
               "ReportingPeriodEndDate",
}
TABLES = list(COLUMNS)


def referral(name, number, period=FEBRUARY, start="2026-01-12", ended="", provider="TAJ"):
    return f"{name},L{name},{provider},QUA,{start},{ended},12,{number},{period}"


def clock(name, number, period=FEBRUARY, start="2026-01-12", ended="", provider="TAJ"):
    return f"{name},{provider},03,{start},{ended},,{number},{period}"


def contact(name, number, period=FEBRUARY, day="2026-02-03", provider="TAJ", id="C"):
    return f"{id}{name},{name},{provider},{day},5,01,{number},{period}"


def table(kind, *rows):
    return "\n".join((COLUMNS[kind],) + rows) + "\n"


def submission(number, names, period=FEBRUARY, provider="TAJ", **ended):
    """The three tables of pathways A, B, ...: {table: text}."""
    made = {"referral": referral, "clock": clock, "contact": contact}
    rows = {kind: [make(n, number, period, provider=provider) for n in names] for kind, make in made.items()}
    rows["referral"] = [referral(n, number, period, ended=ended.get(n, ""), provider=provider) for n in names]
    return {kind: table(kind, *rows[kind]) for kind in TABLES}


def instance(build, kind="set", grace="20d", extra=lists.LISTS):
    """All of one key, so that equal lists have equal digests."""
    i = lists.instance(build, feeds=FEED.format(kind=kind, grace=grace), plan_text=PLAN, extra=extra)
    os.makedirs(i.path("state"), mode=0o700, exist_ok=True)
    with open(os.open(i.path("state", "pathway.key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
        f.write(bytes(range(32)))
    return i


def feed(i):
    return i.ctl("feeds")[0]


def part(i, provider="TAJ"):
    found = [p for p in feed(i)["list"]["parts"] if p["provider"] == provider][0]
    return {k: v for k, v in found.items() if k != "generation"}


def put(i, files, *kinds, mark=""):
    for kind in kinds or TABLES:
        before = feed(i)["files"]
        i.put(f"{mark}{kind}.csv", files[kind], feed="mh")
        wait_for(lambda: feed(i)["files"] == before + 1, f"{mark}{kind} to be applied", 30)


def waiting(i):
    """How many wait at the end of each month."""
    i.measure("open")
    return {h["period_end"]: h["versions"][-1]["value"] for h in i.ctl("measure", "open")["history"]}


def seen(i):
    """All that counts: what is in force of the list, and the figures."""
    return part(i), waiting(i)


def test_an_incomplete_set_is_held_and_changes_nothing(build):
    with instance(build) as i:
        i.start(TODAY)
        empty = part(i)
        files = submission(900, "AB")
        put(i, files, "referral", "contact")
        f = feed(i)
        assert part(i) == empty and f["newest_period_end"] is None and f["last_received"] is None, f
        assert f["last_outcome"] == f"set incomplete: clock is missing (TAJ, period to {FEBRUARY})", f["last_outcome"]
        assert f["incomplete"] == f["last_outcome"], f["incomplete"]
        assert waiting(i) == {}
        put(i, files, "clock")
        f = feed(i)
        assert f["incomplete"] is None and f["newest_period_end"] == FEBRUARY and part(i)["pathways"] == 2, f
        assert f["last_outcome"].startswith("accepted: 8 rows"), f["last_outcome"]


def test_a_whole_set_counts_like_the_same_files_as_events_in_whatever_order_its_tables_come(build):
    files = submission(900, "ABCD", B="2026-02-20")
    files["contact"] += contact("D", 900, day=FEBRUARY, id="E") + "\n"  # events are known as far as the set
    with instance(build, kind="events") as i:
        i.start(TODAY)
        put(i, files)
        same = seen(i)
    assert same[0]["watermark"] == FEBRUARY and same[1] == {JANUARY: 4, FEBRUARY: 3}, same
    states = set()
    for order in itertools.permutations(TABLES):
        with instance(build) as i:
            i.start(TODAY)
            put(i, files, *order)
            list_part, figures = seen(i)
            states.add(list_part["digest"])
            assert ({**list_part, "digest": same[0]["digest"]}, figures) == same, (order, list_part, figures, same)
    assert len(states) == 1, "versions are of the period and the submission, so the state is its own"


def test_a_crash_between_the_tables_loses_none_of_them(build):
    files = submission(900, "AB")
    with instance(build) as i:
        i.start(TODAY)
        put(i, files)
        same = seen(i)
    with instance(build) as i:
        for kind in TABLES:
            i.start(TODAY)
            put(i, files, kind)
            i.kill()
        i.start(TODAY)
        wait_for(lambda: feed(i)["files"] == 3 and part(i) == same[0], "the whole set", 30)
        assert seen(i) == same


def test_a_later_submission_replaces_the_earlier_one_of_its_provider_and_period(build):
    """What it leaves out is gone; what other periods said stands, also where the earlier one said it last."""
    with instance(build, extra=lists.TWO) as i:
        i.start(TODAY)
        put(i, submission(800, "AX", JANUARY), mark="1")
        put(i, submission(900, "AB", FEBRUARY), mark="2")
        put(i, submission(901, "ABCD", FEBRUARY, provider="RXT"), mark="3")
        put(i, submission(950, "ADE", MARCH), mark="4")
        other = part(i, "RXT")
        put(i, submission(960, "C", FEBRUARY), mark="5")
        assert part(i, "RXT") == other
        assert feed(i)["newest_period_end"] == MARCH
        assert feed(i)["last_outcome"].startswith("accepted: 4 rows"), feed(i)["last_outcome"]
        replaced = seen(i), part(i, "RXT")
    with instance(build, extra=lists.TWO) as i:  # as if the earlier one had never been
        i.start(TODAY)
        put(i, submission(800, "AX", JANUARY), mark="1")
        put(i, submission(901, "ABCD", FEBRUARY, provider="RXT"), mark="3")
        put(i, submission(950, "ADE", MARCH), mark="4")
        put(i, submission(960, "C", FEBRUARY), mark="5")
        assert (seen(i), part(i, "RXT")) == replaced, (seen(i), replaced)
        assert waiting(i)[FEBRUARY] == 9, replaced  # A, X, C, D, E (referred in January) and four of RXT


def test_what_an_earlier_period_said_stands_again_when_the_submission_that_said_it_last_is_replaced(build):
    with instance(build) as i:
        i.start(TODAY)
        put(i, submission(800, "A", JANUARY), mark="1")
        put(i, submission(900, "AB", FEBRUARY), mark="2")
        assert waiting(i)[FEBRUARY] == 2
        put(i, submission(960, "C", FEBRUARY), mark="3")
        assert waiting(i)[FEBRUARY] == 2, waiting(i)  # A by January's, and C; B is gone


def test_a_month_submitted_again_after_the_next_one_says_nothing_over_what_that_said(build):
    """D was discharged in March, which the second submission of February, with a higher number, cannot know."""
    months = {"1": submission(900, "ABD"), "2": submission(950, "ABD", MARCH, D="2026-03-10"),
              "3": submission(960, "AD")}
    states = []
    for order in ("123", "132", "32", "23"):
        with instance(build) as i:
            i.start(TODAY)
            for mark in order:
                put(i, months[mark], mark=mark)
            assert waiting(i) == {JANUARY: 3, FEBRUARY: 3, MARCH: 2}, (order, waiting(i))
            states.append(part(i))
    assert all(s == states[0] for s in states), states


def test_what_a_feed_of_events_said_stands_again_when_the_submission_that_stood_over_it_is_replaced(build):
    two = SETS + lists.EVENTS
    told = lists.events(("A", "referral", "2026-01-05", 1), ("A", "removal", "2026-02-10", 1))
    with lists.instance(build, feeds=two, plan_text=PLAN) as i:
        i.start(TODAY)
        i.put("events.csv", told, feed="events")
        wait_for(lambda: i.ctl("feeds")[1]["files"] == 1, "the events", 30)
        put(i, submission(900, "AB"), mark="1")
        assert waiting(i)[FEBRUARY] == 2, "the set knows of no discharge"
        put(i, submission(960, "B"), mark="2")
        assert waiting(i) == {JANUARY: 2, FEBRUARY: 1}, "A was discharged, as the events say"


def test_a_row_that_is_set_aside_begins_no_history(build):
    """A date of 1960 is no day of a list: once a person took its file there are no figures of nobody since then."""
    with instance(build) as i:
        i.start(TODAY)
        files = submission(900, "AB")
        files["contact"] += contact("A", 900, day="1960-01-01", id="E") + "\n"
        put(i, files, "referral", "clock")
        i.put("contact.csv", files["contact"], feed="mh")
        wait_for(lambda: feed(i)["waits"], "what is held")
        i.ctl("feed", "accept", str(feed(i)["waits"][0]["receipt"]), "--why", "one date is a slip")
        wait_for(lambda: feed(i)["files"] == 3, "what was accepted")
        assert waiting(i) == {JANUARY: 2, FEBRUARY: 2}, waiting(i)


def test_a_table_whose_reporting_period_has_not_ended_is_refused_and_makes_nothing_newer(build):
    with instance(build) as i:
        i.start(TODAY)
        i.put("referral.csv", submission(900, "AB", period="2036-02-29")["referral"], feed="mh")
        wait_for(lambda: feed(i)["waits"], "what is refused")
        assert "its reporting period ends after the day on which it came" in feed(i)["waits"][0]["why"], feed(i)
        assert not feed(i)["waits"][0]["held"] and feed(i)["newest_period_end"] is None, feed(i)


def test_a_contact_that_is_planned_is_no_news_and_no_fault(build):
    with instance(build, kind="events") as i:
        i.start(TODAY)
        put(i, {"contact": table("contact", contact("A", 900), contact("B", 900, day="2026-12-03").replace(",5,", ",7,"))},
            "contact")
        assert feed(i)["newest_period_end"] == "2026-02-03" and not feed(i)["waits"], feed(i)


def test_an_earlier_submission_that_becomes_whole_late_changes_nothing(build):
    with instance(build) as i:
        i.start(TODAY)
        put(i, submission(900, "AB"), "referral", "clock", mark="1")
        put(i, submission(960, "C"), mark="2")
        assert feed(i)["incomplete"] is None, feed(i)
        before = seen(i)
        put(i, submission(900, "AB"), "contact", mark="3")
        assert seen(i) == before


def test_files_with_rows_of_several_submissions_and_providers_count_by_row(build):
    with instance(build, extra=lists.TWO) as i:
        i.start(TODAY)
        many = [submission(800, "A", JANUARY), submission(900, "AB", FEBRUARY), submission(901, "XYZ", provider="RXT")]
        files = {k: many[0][k] + "".join(m[k].split("\n", 1)[1] for m in many[1:]) for k in TABLES}
        files["contact"] = many[0]["contact"] + many[1]["contact"].split("\n", 1)[1]  # none of RXT
        put(i, files)
        assert part(i)["pathways"] == 2 and part(i, "RXT")["pathways"] == 0, feed(i)
        assert "contact is missing (RXT" in feed(i)["incomplete"], feed(i)
        put(i, {"contact": many[2]["contact"]}, "contact", mark="2")
        assert part(i, "RXT")["pathways"] == 3 and feed(i)["incomplete"] is None, feed(i)


def test_an_incomplete_set_that_is_overdue_is_told_and_ends_when_the_table_comes(build):
    with instance(build) as i:
        files = submission(900, "AB")
        i.put("1.csv", files["referral"], feed="mh")
        i.put("2.csv", files["contact"], feed="mh")
        i.once("2026-03-05")
        assert not i.look("2026-03-06", lambda x: x.alerts("coverage-gap"))
        i.start("2026-03-25")
        wait_for(lambda: i.alerts("coverage-gap"), "the notice", 30)
        wait_for(lambda: [m for m in i.mails() if "clock is missing" in m.text], "the mail", 30)
        put(i, files, "clock")
        wait_for(lambda: [a["state"] for a in i.alerts("coverage-gap")] == ["RESOLVED"], "its end", 30)


def test_a_provider_that_must_be_covered_and_sent_nothing_is_told_once_the_period_is_due(build):
    feeds = SETS.rstrip("}\n") + ", providers: [TAJ, RXT]}\n"
    with lists.instance(build, feeds=feeds, plan_text=PLAN, extra=lists.TWO) as i:
        for kind, text in submission(900, "AB").items():
            i.put(f"{kind}.csv", text, feed="mh")
        i.once("2026-03-05")
        assert not i.look("2026-03-06", lambda x: x.alerts("coverage-gap"))
        gap = i.look("2026-03-25", lambda x: x.alert("coverage-gap"))
        assert gap["state"] == "FIRING" and gap["title"] == "Feed mh is incomplete: RXT is missing", gap
        again = submission(901, "ABC")  # of the other one, for the same period
        i.start("2026-03-25")
        for n, (kind, text) in enumerate(again.items()):
            i.put(f"again-{kind}.csv", text, feed="mh")
            wait_for(lambda: feed(i)["files"] == 4 + n, "the table")
        assert [g["provider"] for g in feed(i)["gaps"]] == ["RXT"], feed(i)["gaps"]
        assert i.alert("coverage-gap")["state"] == "FIRING", i.alerts("coverage-gap")


def test_a_format_without_tables_is_no_set(build):
    feeds = FEED.format(kind="set", grace="20d").replace("mhsds-record", "pathway-events")
    with lists.instance(build, feeds=feeds, plan_text=PLAN) as i:
        done = i.run("--check")
        assert done.returncode == 78 and "its format pathway-events has no tables that make a set" in done.stderr, done


def test_the_key_of_pathways_is_not_changed_while_there_are_sets(build):
    with lists.instance(build, feeds=SETS, plan_text=PLAN,
                        extra=lists.LISTS + "identity: {key_file: ./new.key, previous_key_file: ./old.key}\n") as i:
        for name in ("new.key", "old.key"):
            with open(os.open(i.path(name), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
                f.write(os.urandom(32))
        done = i.run("--check")
        assert done.returncode == 78 and "a change of the pathways' key is not built for it" in done.stderr, done


def test_a_rebuild_an_emptied_redis_and_a_restart_reach_the_same(build):
    with instance(build) as i:
        i.start(TODAY)
        put(i, submission(800, "AX", JANUARY), mark="1")
        put(i, submission(900, "AB", FEBRUARY), mark="2")
        put(i, submission(960, "C", FEBRUARY), mark="3")
        put(i, submission(970, "D", MARCH), "referral", mark="4")
        before = seen(i), feed(i)["incomplete"]
        assert before[1], before

        def same():
            return feed(i)["files"] == 10 and ((part(i), waiting(i)), feed(i)["incomplete"]) == before
        i.stop()
        i.start(TODAY)
        wait_for(same, "the same after a restart", 30)
        assert "is made from the archive" not in i.log().split("stopping")[-1]
        i.redis("FLUSHALL")
        wait_for(same, "the same after FLUSHALL", 40)
        i.ctl("rebuild")
        wait_for(same, "the same after a rebuild", 40)


def test_a_row_that_names_no_submission_refuses_its_file(build):
    with instance(build) as i:
        i.start(TODAY)
        i.put("1.csv", table("referral", referral("A", 900), referral("B", "")), feed="mh")
        wait_for(lambda: feed(i)["waits"], "the refusal")
        assert not feed(i)["waits"][0]["held"] and "names no provider and submission" in feed(i)["waits"][0]["why"]


def test_a_table_without_rows_stands_for_its_submissions_once_a_person_accepts_it(build):
    with instance(build) as i:
        i.start(TODAY)
        files = submission(900, "AB")
        put(i, files, "referral", "contact")
        i.put("clock.csv", table("clock"), feed="mh")
        wait_for(lambda: feed(i)["waits"], "the table without rows")
        assert part(i)["pathways"] == 0
        i.ctl("feed", "accept", str(feed(i)["waits"][0]["receipt"]), "--why", "no clocks this month")
        wait_for(lambda: part(i)["pathways"] == 2, "the set", 30)
        assert feed(i)["incomplete"] is None


def test_the_journal_names_tables_and_submissions_and_nobody(build):
    with instance(build) as i:
        i.start(TODAY)
        put(i, submission(900, "AB"), "referral")
        with open(i.path("state", "journal", "received"), encoding="utf-8") as f:
            record = json.loads(f.read().splitlines()[-1].split(" ", 2)[2])
        assert record["set"] == f"referral\nTAJ|{FEBRUARY}|900", record


def test_an_nhs_number_in_any_column_header_or_name_of_a_set_comes_out_nowhere(build):
    with instance(build) as i:
        i.start(TODAY)
        files = submission(1, [f"A{n}" for n in range(3000)])
        numbers = [nhs_number(500)]
        for n, kind in enumerate(TABLES):
            files[kind], more = with_numbers(files[kind], 100 * n)
            numbers += more
        put(i, files, mark=numbers[0])
        assert part(i)["pathways"] >= 3000, feed(i)
        i.measure("open")
        i.redis("BGREWRITEAOF")
        found = came_out(i, numbers, "/quarantine/")
        assert not found, found


if __name__ == "__main__":
    run_tests(globals())
