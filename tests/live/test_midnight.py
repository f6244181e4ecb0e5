"""The day turns while the daemon runs. Takes a minute: --at sets no seconds."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, plan, run_tests, three, wait_for


def test_a_new_local_day_is_evaluated_without_a_file_or_a_question(build):
    with Instance(build, plan_text=plan(due="2024-05")) as w:
        w.put("a.csv", three(30))
        w.put("bad.csv", "nothing;that;fits\n1;2;3\n")
        w.once("2024-05-25T12:00")
        w.start("2024-05-31T23:59")
        assert w.alerts("action-overdue") == []
        told = len(w.mails())
        assert os.listdir(w.path("state", "quarantine")), "not yet 7 days"
        wait_for(lambda: any("Overdue" in m.subject for m in w.mails()[told:]),
                 "the mail about the action that fell due at midnight", 90)
        wait_for(lambda: not os.listdir(w.path("state", "quarantine")), "the raw bytes of 25 May to go")
        assert w.alert("action-overdue")["state"] == "FIRING" and w.ctl("status")["today"] == "2024-06-01"


if __name__ == "__main__":
    run_tests(globals())
