"""That an internal profile is to be reviewed is told before its last day and after it, once each."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, plan, run_tests, three, wait_for

INNER = ("  - {{id: inner, kind: spool, dir: ./inner, profile: internal, approved_by: Ada Example,"
         " basis: agreement 7, review_by: {}}}\n")


def receivers(review_by):
    return "".join(f"  - {{id: {name}, kind: spool, dir: ./{name}}}\n" for name in ("spool", "lead", "elsewhere")) + INNER.format(review_by)


def people():
    """chief is told by the internal receiver; the other who is accountable is not."""
    text = plan(receivers="lead").replace("lead: camhs-lead,", "lead: camhs-lead, accountable: chief,")
    text = text.replace(
        "measures:\n", '      - {id: "1.2", title: Third, lead: camhs-lead, accountable: other, due: 2025-03}\nmeasures:\n', 1)
    return text.replace("{receivers: [lead]}", "{receivers: [lead]}, chief: {receivers: [inner]}, other: {receivers: [elsewhere]}")


def told(w, folder="spool"):
    return [m.subject for m in w.mails(folder) if m.subject.startswith("Profile internal")]


def recorded(w):
    with open(w.path("state", "journal", "audit"), "rb") as f:
        return f.read().count(b'"review_told"')


def test_the_review_of_an_internal_profile_is_told_to_ops_and_to_the_accountable_whom_it_reaches_before_and_after_once_each(build):
    soon, over = "Profile internal ends 12 June 2024: inner", "Profile internal ended 12 June 2024: inner"
    with Instance(build, plan_text=people(), receivers=receivers("2024-06-12")) as w:
        w.put("a.csv", three("22"))
        w.once("2024-05-12")
        assert not told(w), "31 days before it"
        w.start("2024-05-13")
        wait_for(lambda: told(w) and told(w, "inner"), "the notice")
        w.kill()
        w.start("2024-05-14")
        w.kill()
        shutil.rmtree(w.path("state", "redis"))
        w.once("2024-06-12")
        assert (told(w), told(w, "inner")) == ([soon], [soon]), "once, over kill and the loss of Redis"
        w.once("2024-06-13")
        w.once("2024-07-13")
        assert (told(w), told(w, "inner")) == ([soon, over], [soon, over])
        assert recorded(w) == 2, "one record of each, whatever restarted"
        assert not told(w, "lead") and not told(w, "elsewhere")
        event = [e["data"] for e in w.events().values() if e["data"].get("kind") == "review"]
        assert [e["text"] for e in event if e["text"] == over] == [over]
        w.write("waitlistd.yaml", open(w.path("waitlistd.yaml"), encoding="utf-8").read().replace("2024-06-12", "2024-07-31"))
        w.once("2024-07-14")
        assert told(w)[2:] == ["Profile internal ends 31 July 2024: inner"], "another review_by is told anew"


if __name__ == "__main__":
    run_tests(globals())
