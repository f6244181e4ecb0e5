"""The list of bank holidays: its end is told before it comes, by the daemon itself and by the doctor, until a longer one is read."""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, run_tests, wait_for


def doctors_line(w):
    return next((c["level"], c["what"]) for c in json.loads(w.ctl_raw("doctor").stdout)["checks"]
                if (c["check"], c["subject"]) == ("calendar", "bank-holidays"))


def alert(w):
    return next((a["state"] for a in w.alerts("self-check") if "bank holidays" in a["title"]), None)


def test_the_end_of_the_bank_holidays_is_told_until_a_reload_brings_a_longer_list(build):
    with Instance(build, extra="bank_holidays: own.yaml\n") as w:
        w.write("own.yaml", "until: 2024-12-31\ndays: {2024-12-25: Christmas Day}\n")
        w.once("2024-06-29")
        assert w.look("2024-06-29", alert) is None, "more than six months are left"
        w.start("2024-07-01")
        wait_for(lambda: alert(w) == "FIRING", "the daemon to say so of itself")
        wait_for(lambda: [m for m in w.mails() if "bank holidays ends soon" in m.text], "ops to be told")
        assert doctors_line(w) == ("warn", "the list of bank holidays ends on 2024-12-31: name a longer one under bank_holidays:")
        w.write("own.yaml", "until: 2025-12-31\ndays: {2024-12-25: Christmas Day}\n")
        w.signal(signal.SIGHUP)
        wait_for(lambda: alert(w) == "RESOLVED", "the longer list to be taken")
        assert doctors_line(w) == ("ok", "bank holidays are known until 2025-12-31")
        w.stop()
        w.start("2026-01-01")
        wait_for(lambda: [a for a in w.alerts("self-check") if "has ended" in a["title"]], "its end to be told")
        assert doctors_line(w)[0] == "fail"


if __name__ == "__main__":
    run_tests(globals())
