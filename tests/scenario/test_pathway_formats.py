"""Lists and events as they come from elsewhere: names old and new, dirty codes, sets of tables, pseudonyms."""
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from waitlist import Instance, ROOT, run_tests

DATA = os.path.join(ROOT, "tests", "data", "pathways")
KEYS = ["pathway", "service", "stage", "provider", "commissioner", "place", "cohort", "clock_start", "event",
        "event_date", "version", "reason"]


def pseudonym(*parts, key=bytes(range(32))):
    text = b"".join(struct.pack(">I", len(p.encode())) + p.encode() for p in ("pathway",) + parts)
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]


def parse(build, path, form, *more, stdin=None):
    r = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", path, "--format", form, *more],
                       capture_output=True, text=True, timeout=60, input=stdin)
    return r


def sample(build, name, form):
    r = parse(build, os.path.join(DATA, name), form)
    assert r.returncode == 0, r.stderr
    aside = re.findall(r":(\d+): row set aside: (\S+?)(?:, column \"(.*)\")?$", r.stderr, re.M)
    return [json.loads(line) for line in r.stdout.splitlines()], [(int(n), why, col) for n, why, col in aside]


def events(rows):
    return [(x["event"], x["event_date"], x["reason"], x.get("retracted", False)) for x in rows]


def test_open_pathways_with_dirty_codes_are_read_or_set_aside_with_reason(build):
    rows, aside = sample(build, "wlmds-open.csv", "wlmds-open")
    assert list(rows[0]) == KEYS, rows[0]
    assert [(x["provider"], x["clock_start"], x["version"], x["cohort"].get("list_type"), x["cohort"].get("priority"))
            for x in rows] == [
        ("RNA", "2024-09-16", 700000000001, "non-admitted", "routine"),
        ("RNA", "2024-09-16", 700000000002, "non-admitted", "routine"),      # ends 9999-12-31: open
        ("RBZ", "2024-09-16", 700000000003, "admitted", "other"),            # a site of five characters
        ("NT123", "2024-09-16", 700000000004, None, None),                   # an independent provider's is not cut
        ("RNA", "2024-12-01", 700000000006, "non-admitted outside RTT", "routine")], rows
    assert all(x["service"] == "290" and x["place"] == "M87001" and x["event"] is None for x in rows), rows
    start = "REFERRAL_TO_TREATMENT_PERIOD_START_DATE"
    assert aside == [(8, "unknown-code", "Waiting_List_Type"), (9, "unknown-code", "PRIORITY_TYPE_CODE"),
                     (10, "missing-key", "PATIENT_PATHWAY_IDENTIFIER"), (11, "bad-date", start),
                     (12, "future-date", start)], aside


def test_a_pathway_given_twice_is_one_in_parse_in_stats_and_in_the_list_and_its_other_row_is_named(build):
    """Of several rows of a pathway the first valid one stands: parse, stats and the daemon say the same."""
    # (pathway, start, whether the row stands; None: set aside): the second row of q is its first valid one.
    given = [("p", "2025-01-05", True), ("q", "2025-13-05", None), ("p", "2025-05-05", False), ("q", "2025-02-05", True),
             ("r", "2025-03-05", True), ("p", "2025-01-05", False)] + [(f"s{i}", "2025-04-05", True) for i in range(200)]
    content = "pathway_id,issuer,service,provider,commissioner,referral_date,census_date\n" + "".join(
        f"{p},TAJ,mental-health,TAJ,QUA,{start},2026-02-01\n" for p, start, _ in given)
    listed = sorted(start for _, start, stands in given if stands)
    twice = [str(n + 2) for n, row in enumerate(given) if row[2] is False]
    with lists.instance(build) as w:
        path = w.write("twice.csv", content)
        parsed = parse(build, path, "pathway-snapshot")
        assert sorted(json.loads(line)["clock_start"] for line in parsed.stdout.splitlines()) == listed, parsed.stdout
        stats = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "stats", path, "--format", "pathway-snapshot",
                                "--census", "2026-02-01"], capture_output=True, text=True, timeout=60)
        assert stats.stdout.split(",")[4] == str(len(listed)), stats.stdout
        for said in (parsed.stderr, stats.stderr):
            assert re.findall(r":(\d+): row left out: repeated-pathway$", said, re.M) == twice, said
            assert re.findall(r":(\d+): row set aside: ", said) == ["3"], said
        summary = json.loads(parse(build, path, "pathway-snapshot", "--summary").stdout)
        assert (summary["records"], summary["left_out"], summary["accepted"]) == (
            len(listed), len(twice), len(given) - 1), summary
        w.put("twice.csv", content, feed="weekly")
        w.once("2026-02-02")
        w.start("2026-02-02")
        feed = next(f for f in w.ctl("feeds") if f["id"] == "weekly")
        assert feed["list"]["parts"][0]["pathways"] == len(listed), feed
        assert f"{len(twice)} of pathways that had another row" in feed["last_outcome"], feed["last_outcome"]


def test_of_resubmitted_rows_the_highest_version_is_parsed_and_nobody_whom_it_ended(build):
    columns = ["Week_Ending_Date", "Waiting_List_Type", "PATIENT_PATHWAY_IDENTIFIER",
               "ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER", "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER",
               "ACTIVITY_TREATMENT_FUNCTION_CODE", "REFERRAL_TO_TREATMENT_PERIOD_START_DATE",
               "REFERRAL_TO_TREATMENT_PERIOD_END_DATE", "PRIORITY_TYPE_CODE", "derSubmissionId", "derRowId"]
    rows = [("X1", "", "1", "", ""), ("X1", "", "2", "7", "1"),              # the first row has no version
            ("X2", "", "1", "7", "2"), ("X2", "2026-01-20", "1", "8", "2"),  # a later submission ends it
            ("X3", "2026-01-20", "1", "7", "3"), ("X3", "", "2", "8", "3"),  # and opens it again
            ("X4", "", "2", "9", "4"), ("X4", "", "1", "8", "4")]
    text = ",".join(columns) + "\n" + "".join(
        f"2026-02-01,ORTT,{p},RNA,RNA,290,2025-09-1{p[1]},{end},{priority},{sub},{row}\n" for p, end, priority, sub, row in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "open.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        r = parse(build, path, "wlmds-open")
        said = [(x["clock_start"][-1], x["cohort"]["priority"]) for x in map(json.loads, r.stdout.splitlines())]
        assert said == [("1", "urgent"), ("3", "urgent"), ("4", "urgent")], (said, r.stderr)
        assert re.findall(r":(\d+): row left out: repeated-pathway$", r.stderr, re.M) == ["2", "4", "6", "9"], r.stderr
        summary = json.loads(parse(build, path, "wlmds-open", "--summary").stdout)
        assert (summary["records"], summary["left_out"]) == (3, 4), summary
        stats = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "stats", path, "--format", "wlmds-open",
                                "--census", "2026-02-01"], capture_output=True, text=True, timeout=60)
        assert stats.stdout.split(",")[4] == "3", stats.stdout


def test_starts_and_stops_speak_of_the_pathways_of_the_list(build):
    rows, _ = sample(build, "wlmds-open.csv", "wlmds-open")
    starts, aside = sample(build, "wlmds-starts.csv", "wlmds-starts")
    stops, _ = sample(build, "wlmds-stops.csv", "wlmds-stops")
    key = pseudonym("RNA", "X123456789", "2024-09-16", "REF0001")
    assert rows[0]["pathway"] == stops[0]["pathway"] == stops[1]["pathway"] == key
    assert starts[0]["pathway"] == pseudonym("RNA", "X123456789", "2024-09-16")  # they do not say which referral
    assert events(starts) == [("referral", "2024-09-16", None, False)], starts
    assert [why for _, why, _ in aside] == ["missing-date"], aside
    assert events(stops) == [("referral", "2024-09-16", None, False), ("clock-stop", "2025-02-27", "treatment", False),
                             ("referral", "2024-09-16", None, False),  # 9999-12-31: it goes on
                             ("referral", "2024-09-16", None, False), ("clock-stop", "2025-02-28", "declined", False)]


def test_two_referrals_of_one_pathway_are_two_and_one_without_an_id_is_that_of_the_starts(build):
    lines = open(os.path.join(DATA, "wlmds-open.csv"), encoding="utf-8").read().splitlines()
    text = "\n".join([lines[0], lines[1], lines[1].replace("REF0001", "REF0002"), lines[1].replace("REF0001", "")]) + "\n"
    without = "\n".join(line.replace("Referral_Identifier,", "").replace("REF0001,", "") for line in lines[:2]) + "\n"
    keys = [json.loads(x)["pathway"] for t in (text, without)
            for x in parse(build, "-", "wlmds-open", stdin=t).stdout.splitlines()]
    of = ("RNA", "X123456789", "2024-09-16")
    assert keys == [pseudonym(*of, "REF0001"), pseudonym(*of, "REF0002"), pseudonym(*of), pseudonym(*of)], keys


def test_a_list_of_stops_is_no_list_of_open_pathways(build):
    for name, form in (("wlmds-stops.csv", "wlmds-open"), ("wlmds-stops.csv", "wlmds-starts"),
                       ("wlmds-open.csv", "wlmds-starts"), ("wlmds-open.csv", "wlmds-stops")):
        r = parse(build, os.path.join(DATA, name), form)
        assert r.returncode == 1 and "header" in r.stderr, (name, form, r.stderr)


def test_referrals_of_both_versions_are_read(build):
    rows, aside = sample(build, "mhsds-referral-v6.csv", "mhsds-record")
    assert [(x["pathway"], x["service"], x["commissioner"], x["cohort"]["age_band"], x["version"]) for x in rows[::2]] == [
        (pseudonym("TAJ", "S1"), "neurodevelopmental", "QUA", "5-10", 900),
        (pseudonym("TAJ", "S2"), "mental-health", "QUA", "16-17", 900),
        (pseudonym("TAJ", "S3"), "mental-health", "QUA", "5-10", 900)], rows
    assert events(rows) == [
        ("referral", "2025-01-10", None, False), ("removal", "2025-01-10", None, True),  # no end: none, or no longer
        ("referral", "2025-01-10", None, False), ("removal", "2025-02-03", "02", False),
        ("referral", "2025-01-10", None, False), ("removal", "2025-02-20", "04", False)], rows
    assert aside == [(5, "missing-key", "LocalPatientId"), (6, "missing-key", "ServiceRequestId"),
                     (7, "missing-key", "OrgIDComm")], aside
    older, aside = sample(build, "mhsds-referral-v5.csv", "mhsds-record")
    assert not aside and older[0] == rows[0], (aside, older)
    assert events(older)[2:] == [("referral", "2025-01-10", None, False), ("removal", "2025-02-20", "discharged", False)]


def test_a_first_contact_counts_when_attended_and_is_taken_back_when_not(build):
    rows, aside = sample(build, "mhsds-contact.csv", "mhsds-record")
    assert {x["pathway"] for x in rows} == {pseudonym("TAJ", "S1")}
    assert [(x.get("retracted", False), x["reason"]) for x in rows] == [
        (False, "face-to-face"), (False, "video"), (True, "face-to-face"), (False, "telephone"), (False, "talk-type"),
        (True, "other"), (True, "other")], rows
    assert all((x["service"], x["commissioner"], x["place"], x["cohort"]) == (None, None, None, {}) for x in rows)
    assert aside == [(9, "missing-key", "CareContactId"), (10, "missing-date", "CareContDate")], aside


def test_clocks_stop_once_and_teams_say_nothing_of_them(build):
    rows, aside = sample(build, "mhsds-clock.csv", "mhsds-record")
    assert events(rows) == [("clock-stop", "2025-01-10", None, True), ("clock-stop", "2025-02-14", "30", False)], rows
    assert aside == [(4, "missing-key", "WaitTimeMeasureType")], aside
    assert sample(build, "mhsds-team.csv", "mhsds-record") == ([], [])


def test_long_names_old_names_and_submission_names_are_one(build):
    rows, aside = sample(build, "csds-referral.csv", "csds-record")
    assert [(x["commissioner"], x["service"]) for x in rows[::2]] == [("QUA", "neurodevelopmental"), ("15E", "community")]
    assert events(rows) == [("referral", "2025-01-10", None, False), ("removal", "2025-01-10", None, True),
                            ("referral", "2025-01-10", None, False), ("removal", "2025-02-11", "discharged", False)]
    short, aside = sample(build, "csds-referral-submission.csv", "csds-record")
    assert (short[0]["pathway"], short[0]["clock_start"]) == (rows[0]["pathway"], "2025-01-10"), short
    assert events(sample(build, "csds-clock.csv", "csds-record")[0]) == [("clock-stop", "2025-02-14", "30", False)]
    # How a contact was held is its reason, for services that do not count each (services.yaml, `only`).
    assert events(sample(build, "csds-contact.csv", "csds-record")[0]) == [
        ("first-contact", "2025-02-05", "face-to-face", False), ("first-contact", "2025-02-01", "face-to-face", True),
        ("first-contact", "2025-02-06", "telephone", False), ("first-contact", "2025-02-07", "talk-type", False),
        ("first-contact", "2025-02-08", "video", False), ("first-contact", "2025-02-09", "other", False)]


HEADER = ("pathway_id,issuer,person_id,service,provider,commissioner,referral_date,census_date,cohort_need,"
          "child name,{}\n")


def test_identifiers_and_undeclared_columns_are_in_no_output(build):
    canary = "CANARY-Ada-Lovelace"
    with Instance(build) as w:
        w.write("list.csv", HEADER.format(canary) +
                f"P-{canary},RNA,{canary},nd,RNA,QUA,2024-09-16,2025-03-02,low,{canary},{canary}\n"
                f"P-{canary},RNA,{canary},nd,RNA,QUA,{canary},2025-03-02,low,{canary},{canary}\n"
                f"{canary},RNA\n")
        for kind in ("ndjson", "json", "csv", "table"):
            r = parse(build, w.path("list.csv"), "pathway-snapshot", "-o", kind)
            assert r.returncode == 0 and canary not in r.stdout + r.stderr, (kind, r.stdout, r.stderr)
        assert "bad-date" in r.stderr and "short-row" in r.stderr, r.stderr


def test_pseudonyms_are_made_with_the_key_that_is_given(build):
    with Instance(build) as w:
        w.write("list.csv", HEADER.format("x") + "P1,RNA,,nd,RNA,,2024-09-16,2025-03-02,,,\n")
        w.write("key", "k" * 32)
        w.write("short", "k" * 15)
        given = json.loads(parse(build, w.path("list.csv"), "pathway-snapshot", "--key", w.path("key")).stdout)
        usual = json.loads(parse(build, w.path("list.csv"), "pathway-snapshot").stdout)
        assert given["pathway"] == pseudonym("RNA", "P1", key=b"k" * 32), given
        assert usual["pathway"] == pseudonym("RNA", "P1"), usual
        for bad in ("short", "nothing"):
            r = parse(build, w.path("list.csv"), "pathway-snapshot", "--key", w.path(bad))
            assert r.returncode == 2 and not r.stdout, r


def number(n):
    """The n-th NHS number of the range that is given to nobody, or None where it has no check digit."""
    nine = f"999{n:06d}"
    check = (11 - sum((10 - i) * int(c) for i, c in enumerate(nine)) % 11) % 11
    return None if check == 10 else nine + str(check)


def test_a_column_of_nhs_numbers_is_refused_by_name_and_band_alone(build):
    numbers = [x for x in map(number, range(400)) if x][:150]
    with Instance(build) as w:
        w.write("list.csv", HEADER.format("NHS Number") + "".join(
            f"P{i},RNA,,nd,RNA,,2024-09-16,2025-03-02,,,{x[:3]} {x[3:6]} {x[6:]}\n" for i, x in enumerate(numbers)))
        r = parse(build, w.path("list.csv"), "pathway-snapshot")
        assert r.returncode == 1 and not r.stdout, r
        assert re.search(r'column "NHS Number" holds NHS numbers \(100 to 999 of its values\)', r.stderr), r.stderr
        assert not re.search(r"999\d{3}|999 \d", r.stderr), r.stderr


def test_what_the_daemon_refuses_for_its_census_is_refused_here_too(build):
    head, row = HEADER.format("x"), "P{},RNA,,nd,RNA,,2024-09-16,{},,,\n"
    with Instance(build) as w:
        for censuses, more, why in ((("2025-03-02", "2025-03-09"), (), "several census dates"),
                                    (("2025-03-02", "2025-03-02"), ("--received", "2025-03-01"), "after the day on which"),
                                    (("2025-03-02", "2025-03-02"), ("--received", "2025-03-02"), None),
                                    (("2099-03-02", "2099-03-02"), (), None)):
            w.write("list.csv", head + "".join(row.format(n, c) for n, c in enumerate(censuses)))
            r = parse(build, w.path("list.csv"), "pathway-snapshot", *more)
            assert r.returncode == (1 if why else 0), (censuses, more, r.stderr)
            assert not why or (why in r.stderr and not r.stdout), r
            assert ("is after today" in r.stderr) == (censuses[0] > "2099"), r.stderr
        w.write("events.csv", "pathway_id,issuer,service,provider,commissioner,event,event_date,version\n"
                              "P1,RNA,nd,RNA,,referral,2025-03-02,1\nP2,RNA,nd,RNA,,referral,2025-03-03,1\n")
        r = parse(build, w.path("events.csv"), "pathway-events", "--received", "2025-03-02")
        assert "events.csv:3: row set aside: future-date" in r.stderr and len(r.stdout.splitlines()) == 1, r
        period = parse(build, os.path.join(DATA, "mhsds-referral-v6.csv"), "mhsds-record", "--received", "2025-02-27")
        assert period.returncode == 1 and "reporting period ends after" in period.stderr, period


def test_a_pushed_body_of_objects_reads_as_the_same_rows(build):
    with Instance(build) as w:
        w.write("list.csv", HEADER.format("x") + "P1,RNA,,nd,RNA,,2024-09-16,2025-03-02,low,,\n"
                                                "P2,RNA,,nd,RNA,QUA,16/09/2024,2025-03-02,,,\n")
        rows = [dict(pathway_id="P1", issuer="RNA", service="nd", provider="RNA", commissioner=None,
                     referral_date="2024-09-16", census_date="2025-03-02", cohort={"need": "low"}),
                dict(pathway_id="P2", issuer="RNA", service="nd", provider="RNA", commissioner="QUA",
                     referral_date="2024-09-16T09:00:00", census_date="2025-03-02")]
        want = parse(build, w.path("list.csv"), "pathway-snapshot").stdout
        lines = "".join(json.dumps(x) + "\n" for x in rows)
        assert want and parse(build, "-", "pathway-snapshot", stdin=lines).stdout == want
        assert parse(build, "-", "pathway-snapshot", stdin=json.dumps(rows, indent=1)).stdout == want


if __name__ == "__main__":
    run_tests(globals())
