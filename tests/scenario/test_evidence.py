"""Evidence: what was known when and who acted, equal to what the daemon answered on the day; as a pack that an outsider verifies."""
import atexit
import csv
import functools
import hashlib
import html.parser
import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from small_year import DATES, HARD_TEXT, SmallYear
from smtp_server import SmtpServer
from waitlist import Instance, measure, plan, run_tests, three

VERBS = ("measures",)  # of every date; the others of one
OTHERS = ("explain cyp-4w", "alerts", "feeds", "measure over-18", "explain over-18", "plan show", "plan gap", "silence ls", "forecast over-18")
FROM, TO = DATES[0], DATES[-1]


@functools.cache
def year_of(build):
    """Lived once for all tests of this file."""
    year = SmallYear(build, VERBS + OTHERS).__enter__()
    atexit.register(year.__exit__, None, None, None)
    return year


def evidence(w, *words, output="json", expect=0):
    said = w.ctl_raw("evidence", *words, output=output)
    assert said.returncode == expect, (words, said.returncode, said.stderr)
    return said


def test_twelve_dates_of_a_year_are_answered_as_the_daemon_answered_then(build):
    year = year_of(build)
    rags = {m["rag"] for at in DATES for m in year.answers[at]["measures"]}
    assert rags == {"grey", "red", "green", "blue"} and any(m["held"] for m in year.answers[DATES[5]]["measures"]), rags
    asked = [(q, date) for date in DATES for q in VERBS] + [(q, DATES[at]) for at in (9,) for q in OTHERS]
    with ThreadPoolExecutor(2) as pool:
        for (q, date), said in zip(asked, pool.map(lambda a: year.w.ctl_raw(*a[0].split(), "--known", a[1]), asked)):
            assert said.returncode == 0 and said.stderr == "", (q, date, said.stderr)
            assert year.answers[date][q] == json.loads(said.stdout), (q, date)


def test_evidence_of_a_place_says_of_each_date_what_the_daemon_said_on_it(build):
    year = year_of(build)
    pack = json.loads(evidence(year.w, "--place", "dudley", "--from", FROM, "--to", TO, "--profile", "exact").stdout)
    for date in DATES:
        version, = {p["version"] for p in year.answers[date]["plan show"]}
        for m in year.answers[date]["measures"]:
            known = [f for f in pack["figures"] if f["id"] == m["id"] and f["known"] <= date][-1]
            assert known["plan_version"] == version, (date, known)
            for ours, theirs in (("value", "value"), ("rag", "rag"), ("held", "held"), ("line", "expected"),
                                 ("period_end", "period_end"), ("marker", "marker")):
                wanted = m["target"] if ours == "line" and m["expected"] is None and known["line"] is not None else m[theirs]
                assert known[ours] == wanted, (date, m["id"], ours, known, m)
    kinds = {e["kind"] for e in pack["events"]}
    assert kinds >= {"plan", "received", "feed due", "alert", "recovery", "told", "ack", "note", "commentary", "silence",
                     "restatement", "hold", "gap"}, kinds
    assert [e["at"] for e in pack["events"]] == sorted((e["at"] for e in pack["events"]), key=lambda t: t[:19])


class Page(html.parser.HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not {"src", "href", "onclick", "onerror", "srcset"} & {name for name, _ in attrs}, (tag, attrs)

    def handle_data(self, data):
        self.words += data


def test_a_pack_is_the_same_each_time_verified_by_an_outsider_and_holds_no_figure_of_a_list(build):
    year = year_of(build)
    what = ("--measure", "over-18", "--from", DATES[2], "--to", DATES[4])
    files = []
    for name in ("one", "two"):
        evidence(year.w, *what, "--out", year.w.path(name), output="table")
        files.append({n: open(year.w.path(name, n), "rb").read() for n in sorted(os.listdir(year.w.path(name)))})
    assert files[0] == files[1]
    assert set(files[0]) >= {"evidence.html", "evidence.json", "events.csv", "figures.csv", "sources.csv", "manifest.sha256"}
    check = ["sha256sum", "--strict", "-c", "manifest.sha256"]
    assert subprocess.run(check, cwd=year.w.path("one"), capture_output=True).returncode == 0
    manifest = {line.split("  ")[1] for line in files[0]["manifest.sha256"].decode().splitlines()}
    assert manifest == set(files[0]) - {"manifest.sha256"}
    pack = json.loads(files[0]["evidence.json"])
    assert {f["id"] for f in pack["figures"]} == {"over-18", "action 1.1"}
    assert all(f["value"] is None for f in pack["figures"]) and any(f["rag"] == "red" for f in pack["figures"])
    assert all(e["value"] is None and e["line"] is None for e in pack["events"])
    for p in pack["plans"]:
        assert hashlib.sha256(files[0][p["file"]]).hexdigest() == p["digest"]
    assert [p["version"] for p in pack["plans"]] == [1, 2]
    sent = {s["sha256"]: s for s in pack["sources"]}
    assert set(year.offered["weekly"][:len(sent)]) == set(sent) and all(s["received"] and s["name"].startswith("weekly-") for s in sent.values())
    exact = json.loads(evidence(year.w, *what, "--profile", "exact").stdout)
    assert [f["value"] for f in exact["figures"] if f["id"] == "over-18"][0] in range(9, 13)
    with open(year.w.path("one", "evidence.html"), "ab") as f:
        f.write(b" ")
    assert subprocess.run(check, cwd=year.w.path("one"), capture_output=True).returncode == 1
    said = evidence(year.w, *what, "--out", year.w.path("two"), expect=1)
    assert "not empty" in said.stderr, said.stderr


def test_what_people_wrote_is_text_on_the_page_and_in_the_table(build):
    year = year_of(build)
    evidence(year.w, "--measure", "cyp-4w", "--from", DATES[2], "--to", DATES[2], "--out", year.w.path("hard"), output="table")
    with open(year.w.path("hard", "evidence.html"), encoding="utf-8") as f:
        page = Page(f.read())
    assert HARD_TEXT in page.words and not page.tags & {"script", "img", "b", "link", "iframe"}, page.tags
    with open(year.w.path("hard", "figures.csv"), encoding="utf-8", newline="") as f:
        titles = {row["title"] for row in csv.DictReader(f)}
    assert titles >= {"'=1+1 children helped within 4 weeks"}, titles
    with open(year.w.path("hard", "events.csv"), encoding="utf-8", newline="") as f:
        assert any(HARD_TEXT in row["text"] for row in csv.DictReader(f))


def test_who_was_told_by_which_server_and_when_is_said(build):
    with SmtpServer() as smtp:
        mail = (f'  - {{id: mail, kind: email, to: lead@example.nhs.uk, smtp: "smtp://127.0.0.1:{smtp.port}", '
                'from: monitor@example.nhs.uk, tls: "off"}\n')
        with Instance(build, plan_text=plan(measure(expect="{2024-04-30: 60}"), receivers="mail"), receivers=mail,
                      routes="{ops: [mail], governance: [mail], fallback: [mail]}") as w:
            w.put("april.csv", three("30"))
            w.once("2024-06-10")
            alert = json.loads(w.ctl_raw("alerts", "--known", "2024-06-10").stdout)[0]["alert_id"]
            pack = json.loads(evidence(w, "--alert", alert[:10], "--from", "2024-06-01", "--to", "2024-06-10").stdout)
            told = [e for e in pack["events"] if e["kind"] == "told" and e["accepted_by"]]
            assert [(e["recipient"], e["accepted_by"], e["answer"][:8]) for e in told] == [
                ("lead@example.nhs.uk", f"smtp://127.0.0.1:{smtp.port}", "SMTP 250")], pack["events"]
            assert told[0]["at"].startswith("2024-06-10T12:00")


def test_a_question_that_cannot_be_answered_says_why(build):
    w = year_of(build).w
    span = ("--from", FROM, "--to", TO)
    for words, code, said in ((("--measure", "cyp-4w", "--from", "May", "--to", TO), 2, "--from: wants a date"),
                              (("--measure", "cyp-4w", "--from", TO, "--to", FROM), 2, "--to: is before --from"),
                              (span, 2, "wants one of --measure, --alert and --place"),
                              (("--measure", "a", "--place", "b", *span), 2, "wants one of"),
                              (("--measure", "cyp-4w", "--profile", "public", *span), 2, "--profile is partner or exact"),
                              (("--measure", "none", *span), 1, "none: nothing is known of it"),
                              (("--measure", "cyp-4w", "--from", FROM, "--to", "2999-01-01"), 2, "is in the future")):
        assert said in evidence(w, *words, expect=code).stderr, words


run_tests(globals())
