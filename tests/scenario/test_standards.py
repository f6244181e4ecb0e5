"""Whose line a miss is of: the plan's, a national standard's or the law's, in events, mails and explain."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, measure, plan, run_tests, wait_for

FEED = "  - {id: local, kind: aggregate, format: measures, inbox: ./inbox/local, cadence: monthly, grace: 45d}\n"
HEADER = "source,measure,org,period_start,period_end,value,status\n"


def watched(id, published, line):
    lines = [row for row in measure(id=id, title=f"Share of {published}", published=published, feed="local").replace(
        "breakdown: Provider, ", "").splitlines() if not row.strip().startswith(("target:", "expect:", "tolerance:", "polarity:"))]
    return "\n".join(lines + ["    unit: percent", "    " + line]) + "\n"


MEASURES = (watched("chairs", "Chairs", "standard: wheelchair-18w") +
            watched("plans", "Plans", "standard: ehc-20w") +
            watched("both", "Both", "target: {at_least: 60}\n    standard: wheelchair-18w"))


def test_events_mails_and_explain_say_whose_line_a_miss_is_of(build):
    with Instance(build, feeds=FEED, plan_text=plan(MEASURES)) as w:
        w.put("a.csv", HEADER + "".join(f"me,{name},TAJ,2024-04-01,2024-04-30,50,final\n"
                                        for name in ("Chairs", "Plans", "Both")), feed="local")
        w.start("2024-05-10")
        mail, = wait_for(w.mails, "the mail")
        said = " ".join(mail.text.split())
        for words in ("where the plan has 60%: 10 percentage points worse than plan",
                      "where the national standard is 92%: 42 percentage points worse than the national standard",
                      "where the law asks for 100%: 50 percentage points worse than what the law asks for",
                      "That is the plan's line; the national standard is at least 92%."):
            assert words in said, (words, said)
        items = {i["measure"]: i for e in w.events().values() for i in e["data"]["items"]}
        assert {m: (i["line_of"], i["standard"]) for m, i in items.items()} == {
            "chairs": ("national standard", "wheelchair-18w"), "plans": ("law", "ehc-20w"),
            "both": ("plan", "wheelchair-18w")}, items
        for id, words in (("both", "A miss is one of the plan."),
                          ("chairs", "A miss is one of the national standard (children's wheelchairs within 18 weeks), "
                                     "since the plan has no line of its own."),
                          ("plans", "A miss is one of the law (final EHC plan within 20 weeks), since"),
                          ("both", "Beside it the measure is under the national standard (children's wheelchairs within "
                                   "18 weeks): at least 92% since 2019-04-01; the newest figure misses it.")):
            told = " ".join(str(w.ctl("explain", id)).split())
            assert words in told, (words, told)


if __name__ == "__main__":
    run_tests(globals())
