"""The demonstration: runs whole, shows every colour, and each of its figures agrees with its source."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import csv
import datetime
import glob
import json
import re
import shutil
import subprocess

import synthetic_lists
from waitlist import Instance, ROOT, run_tests

DEMO = os.path.join(ROOT, "config", "demo")


def start_date():
    with open(os.path.join(DEMO, "start-date"), encoding="ascii") as f:
        return f.read().strip()


def demo(build):
    """What make run does: settings, plan and people, and the feeds into their inboxes."""
    w = Instance(build)
    for path in glob.glob(os.path.join(DEMO, "*.yaml")):
        shutil.copy(path, w.path(os.path.basename(path)))
    for feed in os.listdir(os.path.join(DEMO, "feeds")):
        for name in os.listdir(os.path.join(DEMO, "feeds", feed)):
            with open(os.path.join(DEMO, "feeds", feed, name), "rb") as f:
                w.put(name, f.read(), feed=feed)
    synthetic_lists.write_lists(w.path("inbox"))
    return w


EXPECTED = {
    "cyp-4w-taj": "red", "cyp-4w-qua": "red", "cyp-52w-taj": "amber", "cyp-first-median-taj": "red",
    "cyp-waiting-qua": "green", "cyp-104w-first-qua": "blue", "cyp-4w-england": "green",
    "paediatrics-waiting-qua": "red", "paediatrics-52w-qua": "red",
    "wheelchairs-qua": "grey", "wheelchairs-rna": "grey", "ehc-20w-dudley": "amber",
    "synthetic-nd-52w": "green", "synthetic-nd-crossing": "amber", "synthetic-nd-p90": "amber", "synthetic-nd-west": "green",
    "synthetic-wheelchair-18w": "red", "synthetic-wheelchair-waiting": "green", "synthetic-mental-health-4w": "red",
    "synthetic-ehc-20w": "green",
}


def rows_of(w, feed, name):
    """The rows of a synthetic file."""
    with open(w.path("inbox", feed, name), encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_the_figures_of_the_synthetic_lists_are_those_of_a_plain_recount(build):
    day = datetime.date.fromisoformat
    with demo(build) as w:
        last = max(n for n in os.listdir(w.path("inbox", "nd-north-south")))
        rows = rows_of(w, "nd-north-south", last)
        waits = {p: [(day(r["census_date"]) - day(r["referral_date"])).days for r in rows if r["place"] == p]
                 for p in ("synthetic-north", "synthetic-south")}
        census = day(rows[0]["census_date"])
        events = [r for n in os.listdir(w.path("inbox", "wheelchair")) for r in rows_of(w, "wheelchair", n)]
        referred = {r["pathway_id"]: day(r["event_date"]) for r in events if r["event"] == "referral"}
        done = [(day(r["event_date"]) - referred[r["pathway_id"]]).days for r in events if r["event"] == "equipment"
                and "2024-04-01" <= r["event_date"] <= "2024-06-30"]
        expected = {
            "synthetic-nd-52w": sum(x > 364 for x in waits["synthetic-north"]),
            "synthetic-nd-crossing": sum(x <= 364 < x + 28 for x in waits["synthetic-south"]),
            "synthetic-wheelchair-18w": 100 * sum(x <= 126 for x in done) / len(done),
        }
        w.once(start_date(), timeout=120)
        got = w.look(start_date(), lambda w: {m["id"]: m["value"] for m in w.ctl("measures")})
        assert {k: got[k] for k in expected} == expected and census == datetime.date(2024, 9, 15), (got, expected)


def test_waits_that_aged_since_the_last_list_warn_early_and_say_from_which_data(build):
    with demo(build) as w:
        w.once(start_date(), timeout=120)
        early = w.look(start_date(), lambda w: [a for a in w.ctl("alerts") if a["state"] == "EARLY"])
        assert {a["measure"] for a in early} == {"synthetic-nd-52w", "synthetic-nd-west", "synthetic-wheelchair-waiting"}, early
        mail = [m for m in w.mails() if "warned early" in m.subject][0]
        assert mail.subject.startswith("4 behind plan, 3 warned early: "), mail.subject
        rows = {c[1].strip(): [x.strip() for x in c] for c in (line.split("|") for line in mail.text.splitlines()) if len(c) > 8}
        for title, data in (("Waiting over 52 weeks for a diagnosis, North (synthetic)", "15 September 2024"),
                            ("Waiting over 52 weeks for a diagnosis, West (synthetic)", "28 July 2024")):
            row = rows[title]
            assert row[0] == "Early warning, amber" and row[3] == data, row
            assert row[8].startswith("projected, if nobody was seen since"), row


def test_every_measure_has_the_colour_that_its_published_figure_earns(build):
    with demo(build) as w:
        w.once(start_date(), timeout=120)
        got = w.look(start_date(), lambda w: {m["id"]: m["rag"] for m in w.ctl("measures")})
        assert got == EXPECTED, {k: (got.get(k), v) for k, v in EXPECTED.items() if got.get(k) != v}


def test_every_figure_in_its_mails_agrees_with_the_source(build):
    with demo(build) as w:
        w.once(start_date(), timeout=120)
        w.write("measures.json", w.look(start_date(), lambda w: json.dumps(w.ctl("measures"))))
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recompute_demo.py")
        r = subprocess.run([sys.executable, script, w.path("spool"), DEMO, "--measures", w.path("measures.json")],
                           capture_output=True, text=True, timeout=60)
        assert r.returncode == 0, r.stdout + r.stderr


def test_its_alerts_are_told_and_its_banner_says_what_it_is(build):
    with demo(build) as w:
        result = w.once(start_date(), timeout=120)
        assert "DEMONSTRATION" in result.stdout + result.stderr
        assert w.mails(), "mails in the spool"
        for mail in w.mails():
            assert "llustrative" in mail.text or "feed" in mail.text.lower(), mail.text[:300]
            assert len(mail.subject) <= 60, mail.subject
            if "EHC" not in mail.text:
                assert not re.search(r"Dudley('s)? (children|figure|wait)", mail.text), "Black Country figures"
        rules = w.look(start_date(), lambda w: sorted({a["rule"] for a in w.ctl("alerts")}))
        assert {"behind-plan", "feed-late", "action-overdue", "coverage-gap"} <= set(rules), rules


def test_run_again_from_nothing_it_tells_the_same_under_the_same_ids(build):
    seen = []
    for _ in range(2):
        with demo(build) as w:
            w.once(start_date(), timeout=120)
            seen.append(sorted(i["notice_id"] for e in w.events().values() for i in e["data"]["items"]))
    assert seen[0] == seen[1] and seen[0]


def test_run_on_from_its_last_state_it_tells_nothing_twice(build):
    with demo(build) as w:
        w.once(start_date(), timeout=120)
        told = [m.delivery_id for m in w.mails()]
        w.once(start_date())
        assert [m.delivery_id for m in w.mails()] == told


def test_its_plan_says_in_its_first_line_that_it_is_illustrative(build):
    with open(os.path.join(DEMO, "plan.yaml"), encoding="utf-8") as f:
        text = f.read()
    first = text.splitlines()[0].lower()
    assert first.startswith("#") and "illustrative" in first and "not dudley's plan" in first
    for title, org in re.findall(r"title: ([^\n]*)\n(?:.*\n)*?    select: \{[^}]*org: (\w+)", text):
        if org in ("QUA", "TAJ", "England"):
            assert "Dudley" not in title, f"{title}: a wider footprint is never called Dudley's"


if __name__ == "__main__":
    run_tests(globals())
