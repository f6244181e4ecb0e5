"""The demonstration: runs whole, shows every colour, and each of its figures agrees with its source."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import json
import re
import shutil
import subprocess

from waitlist import Instance, ROOT, run_tests

DEMO = os.path.join(ROOT, "config", "demo")


def start_date():
    with open(os.path.join(DEMO, "start-date"), encoding="ascii") as f:
        return f.read().strip()


def demo(build):
    """What make run does: settings, plan and people, and the feeds into their inboxes."""
    w = Instance(build)
    for name in ("waitlistd.yaml", "plan.yaml", "people.yaml"):
        shutil.copy(os.path.join(DEMO, name), w.path(name))
    for feed in os.listdir(os.path.join(DEMO, "feeds")):
        for name in os.listdir(os.path.join(DEMO, "feeds", feed)):
            with open(os.path.join(DEMO, "feeds", feed, name), "rb") as f:
                w.put(name, f.read(), feed=feed)
    return w


EXPECTED = {
    "cyp-4w-taj": "red", "cyp-4w-qua": "red", "cyp-52w-taj": "amber", "cyp-first-median-taj": "red",
    "cyp-waiting-qua": "green", "cyp-104w-first-qua": "blue", "cyp-4w-england": "green",
    "paediatrics-waiting-qua": "red", "paediatrics-52w-qua": "red",
    "wheelchairs-qua": "grey", "wheelchairs-rna": "grey", "ehc-20w-dudley": "amber",
}


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
