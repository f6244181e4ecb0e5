"""Going live quietly: a rehearsal tells nobody it names, then each receiver gets one message on how things stand."""
import json
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faults import fast
from hook import HOOK_RECEIVER, SECRET
from http_server import HttpServer
from test_event_schema import hold
from waitlist import Instance, measure, mhsds, run_tests, wait_for

MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
CODES = [f"A{n:02}" for n in range(18)]
RED = CODES[3:10]  # 7 of them
NEXT = "2026-01"   # one of the red is mended, one of the green turns red
FEED = """\
  - {{id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww, cadence: monthly, grace: 45d, keep: [{}]}}
"""
SPOOLS = "".join(f"  - {{id: {name}, kind: spool, dir: ./{name}}}\n" for name in ("lead", "second", "desk", "ops", "last"))
HEAD = """\
plan: {{id: dudley, version: 1, place: dudley, mode: {mode}, author: writer, valid: {{from: 2024-01-01, to: 2026-12-31}}}}
roles: {{lead: {{receivers: [{receivers}]}}, writer: {{receivers: [desk]}}}}
priorities:
  - {{id: "1", title: Children wait less, actions: [{{id: "1.1", title: More clinics, lead: lead, due: ongoing}}]}}
  - {{id: "2", title: Plans are good, actions: [{{id: "1.2", title: More writers, lead: lead, due: ongoing}}]}}
measures:
"""


def plan_text(codes, mode="rehearsal", receivers="hook, second"):
    """Measures of two priorities, so that as news they would be two messages a receiver."""
    return HEAD.format(mode=mode, receivers=receivers) + "".join(
        measure(id=f"m-{code}", title=f"Helped in 4 weeks at {code}", org=code, expect="{2024-01-31: 50}", tolerance=0)
        .replace('"1.1"', '"1.1"' if number % 2 else '"1.2"') for number, code in enumerate(codes))


def month_of(month, red=RED, codes=CODES):
    return mhsds(month, {(code, "MRS08b"): 30 if code in red else 70 for code in codes})


def instance(build, http, mode="rehearsal", codes=CODES, **more):
    w = Instance(build, plan_text=plan_text(codes, mode, **more), feeds=FEED.format(", ".join(CODES)),
                 receivers=SPOOLS + HOOK_RECEIVER.format(port=http.port), routes="{ops: [ops], governance: [ops], fallback: [last]}")
    w.write("hook.secret", SECRET + "\n")
    return w


def fill(w, months=MONTHS):
    for month in months:
        w.put(month + ".csv", month_of(month))


def behind(w):
    return sorted(a["measure"] for a in w.alerts("behind-plan") if a["state"] in ("FIRING", "RECOVERING"))


def events_of(http):
    """What the hook was told; an attempt repeated under its id after a kill is the same message."""
    return list({r.headers["webhook-id"]: json.loads(r.body) for r in http.requests}.values())


def settled(w):
    """Evaluated, and nothing is due."""
    w.ctl("measures")
    wait_for(lambda: not w.ctl("outbox", "ls"), "everything due to be delivered")


def is_baseline(event):
    return event["data"].get("baseline") == {"measures": 18, "behind": 7, "unknown": 0, "first": True}


def check_one_baseline(w, http):
    """Exactly one message a receiver, and what it says."""
    settled(w)
    told = events_of(http)
    assert len(told) == 1 and is_baseline(told[0]), [e["data"]["text"] for e in told]
    assert not told[0]["data"]["rehearsal"] and told[0]["data"]["text"].startswith("18 measures, 7 already behind plan")
    items = told[0]["data"]["items"]
    assert sorted(i["measure"] for i in items) == ["m-" + code for code in RED], items
    assert all((i["value"], i["line"], i["since"]) == (30, 50, "2024-01-31") for i in items), items
    mails = w.mails("second")
    assert [m.subject for m in mails] == ["18 measures, 7 already behind plan: dudley"], [m.subject for m in mails]
    for code in RED:
        row = next(line for line in mails[0].text.splitlines() if f"at {code} |" in line)
        assert "30%" in row and "50%" in row and "31 January 2024" in row, row
    assert not w.mails("last"), "the fallback is told nothing of it"


def test_a_rehearsal_of_24_months_then_go_live_tells_each_receiver_once_and_then_changes_alone(build):
    with HttpServer() as http, instance(build, http) as w:
        fill(w)
        w.start("2026-02-10")
        settled(w)
        assert behind(w) == ["m-" + code for code in RED]
        assert not http.requests and not w.mails("last") and not w.mails("ops")
        for folder in ("desk", "second"):  # the author, and the spool of whoever would be told
            assert w.mails(folder), folder
            for mail in w.mails(folder):
                assert mail.subject.startswith("Rehearsal: ") and "Rehearsal: this plan is not live" in mail.text, mail.subject
            assert all(e["data"]["rehearsal"] for e in w.events(folder).values())
        assert [p["mode"] for p in w.ctl("plan", "show")] == ["rehearsal"]
        assert w.ctl("status")["plans"] == ["dudley v1 (rehearsal)"]
        assert any("in rehearsal" in line for line in w.ctl("explain", "m-A03")["lines"])
        assert all(a["rehearsal"] for a in w.ctl("alerts")) and "rehearsal" in w.ctl_raw("alerts", output="table").stdout
        rehearsed = len(w.mails("second"))

        act = w.ctl("plan", "go-live", "--reason", "the board agreed it")
        assert (act["act"], act["plan"], act["reason"]) == ("plan-go-live", "dudley", "the board agreed it"), act
        settled(w)
        live = w.mails("second")[rehearsed:]
        assert [m.subject for m in live] == ["18 measures, 7 already behind plan: dudley"], [m.subject for m in live]
        assert len(events_of(http)) == 1 and is_baseline(events_of(http)[0])
        hold(events_of(http)[0])
        assert not w.mails("last") and all(m.subject.startswith("Rehearsal: ") for m in w.mails("desk"))
        assert [p["mode"] for p in w.ctl("plan", "show")] == ["live"]
        assert w.ctl_raw("plan", "go-live").returncode == 1, "it is live"
        assert [a["who"] for a in w.ctl("audit") if a["what"] == "act"], "the audit says who"

        w.put("next.csv", month_of(NEXT, red=RED[1:] + ["A00"]))
        wait_for(lambda: "m-A00" in behind(w), "the next month to be judged")
        settled(w)
        told = events_of(http)[1:]
        news = sorted((i["measure"], i["news"]) for e in told for i in e["data"]["items"])
        assert news == [("m-A00", "new"), ("m-A03", "cleared")] and "baseline" not in told[0]["data"], news


def rehearsed(w, at="2026-02-10"):
    """After its rehearsal, all that was told then put away."""
    fill(w)
    w.start(at)
    settled(w)
    for folder in ("desk", "second"):
        for name in os.listdir(w.path(folder)):
            os.remove(w.path(folder, name))


def test_killed_right_after_it_went_live_each_receiver_still_gets_exactly_one(build):
    with HttpServer() as http, instance(build, http) as w:
        rehearsed(w)
        w.ctl("plan", "go-live")
        w.kill()  # at whatever point
        w.start("2026-02-10")
        check_one_baseline(w, http)
        w.kill()
        w.start("2026-02-10")
        check_one_baseline(w, http)


def test_a_redis_emptied_after_it_went_live_tells_nobody_twice(build):
    with HttpServer() as http, instance(build, http) as w:
        rehearsed(w)
        w.ctl("plan", "go-live")
        check_one_baseline(w, http)
        w.redis("FLUSHALL")
        w.kill()
        w.start("2026-02-10")
        check_one_baseline(w, http)


def test_a_file_that_says_live_is_as_good_as_the_act_and_one_that_says_rehearsal_again_ends_it(build):
    with HttpServer() as http, instance(build, http) as w:
        rehearsed(w)
        w.write("plan.yaml", plan_text(CODES, "live"))
        w.signal(signal.SIGHUP)
        wait_for(lambda: w.ctl("plan", "show")[0]["mode"] == "live", "the reload")
        check_one_baseline(w, http)
        w.write("plan.yaml", plan_text(CODES, "rehearsal"))
        w.signal(signal.SIGHUP)
        wait_for(lambda: w.ctl("plan", "show")[0]["mode"] == "rehearsal", "the reload")
        w.put("next.csv", month_of(NEXT, red=RED[1:] + ["A00"]))
        wait_for(lambda: "m-A00" in behind(w), "the next month to be judged")
        settled(w)
        told = [e["data"] for e in events_of(http)]
        assert told[1:] and [d["text"] for d in told[1:]] == ["Plan in rehearsal: dudley, 1 softer"], \
            f"nobody hears of a plan in rehearsal, not even that something ended: {told}"


def test_a_version_applied_to_a_plan_that_went_live_by_command_is_live_and_told_once_through_kills_and_a_rebuild(build):
    def changes():
        return [e["data"] for e in events_of(http) if e["data"].get("kind") == "plan-changed"]
    with HttpServer() as http, instance(build, http) as w:
        rehearsed(w)
        w.ctl("plan", "go-live")
        check_one_baseline(w, http)
        for n, what in ((2, "softer"), (3, "harder")):  # the file says rehearsal still, as does what is applied
            w.write("next.yaml", plan_text(CODES).replace("version: 1,", f"version: {n},").replace("tolerance: 0", f"tolerance: {7 - 2 * n}"))
            w.ctl("plan", "apply", w.path("next.yaml"), "--reason", "the board agreed it")
            w.kill()  # at whatever point
            w.start("2026-02-10")
            settled(w)
            wait_for(lambda: len(changes()) == n - 1, "the change to be told")
            assert changes()[-1]["text"] == f"Plan changed: dudley, 18 {'harder' if n == 3 else 'softer'}", changes()
            assert w.ctl("plan", "show")[0]["mode"] == "live"
        w.ctl("rebuild")
        settled(w)
        w.redis("FLUSHALL")
        w.kill()
        w.start("2026-02-11")
        settled(w)
        assert len(changes()) == 2 and len(events_of(http)) == 3, [e["data"]["text"] for e in events_of(http)]
        assert [m.subject for m in w.mails("second")][1:] == [d["text"] for d in changes()], [m.subject for m in w.mails("second")]
        back = w.ctl("plan", "rollback", "--reason", "not agreed after all")
        assert "mode" not in {c["what"] for c in back["changes"]}, back["changes"]
        wait_for(lambda: len(changes()) == 3, "the rollback to be told")


def history(w, months=MONTHS):
    """A folder of files whose names say the opposite of their periods. For some months A01 was behind, which is over."""
    for number, month in enumerate(months):
        w.write(f"history/{chr(ord('z') - number)}.csv", month_of(month, red=RED + ["A01"] if 3 <= number < 11 else RED))


def received(w):
    return re.findall(r'intake: feed=cyp4ww file="([a-z])\.csv" received', w.log())


def of_plan(http):
    """Of a file that was refused, and of a feed that is late, people hear as ever."""
    return [e for e in events_of(http) if e["data"]["plan"]]


def check_history_told(w, http):
    settled(w)
    told = of_plan(http)
    assert [e["data"].get("baseline") for e in told] == [{"measures": 18, "behind": 7, "unknown": 0, "first": False}], told
    mails = [m.subject for m in w.mails("second") if not m.subject.startswith(("File not taken", "Feed "))]
    assert mails == ["18 measures, 7 already behind plan: dudley"], mails
    assert {(a["measure"], a["since"]) for a in w.alerts("behind-plan")} == {("m-" + code, "2024-01-31") for code in RED}


def test_history_of_a_live_plan_is_told_as_one_message_and_given_again_as_none(build):
    with HttpServer() as http, instance(build, http, "live") as w:
        w.start("2026-02-10")
        settled(w)
        history(w)
        w.write("history/0.csv", month_of("2023-12")[:-40].replace("REPORTING_PERIOD_START", "SOMETHING"))
        result = w.ctl_raw("feed", "backfill", w.path("history"))
        assert result.returncode == 1 and "0.csv: refused: " in result.stderr and "0.csv:1:" in result.stderr, result.stderr
        assert json.loads(result.stdout) == {"files": 25, "accepted": 24, "known": 0, "held": 0, "refused": 1}
        assert received(w) == [chr(ord("z") - n) for n in range(24)], "the oldest period first, whatever its name"
        check_history_told(w, http)
        again = w.ctl("feed", "backfill", w.path("history"), "--feed", "cyp4ww")
        assert again == {"files": 25, "accepted": 0, "known": 25, "held": 0, "refused": 0}, again
        check_history_told(w, http)
        w.put("next.csv", month_of(NEXT, red=RED[1:] + ["A00"]))
        wait_for(lambda: "m-A00" in behind(w), "the next month to be judged")
        settled(w)
        news = sorted((i["measure"], i["news"]) for e in of_plan(http)[1:] for i in e["data"]["items"])
        assert news == [("m-A00", "new"), ("m-A03", "cleared")], news


def test_history_of_the_only_feed_may_lie_in_a_folder_called_as_the_feed_and_none_at_all_is_said(build):
    with HttpServer() as http, instance(build, http, "live") as w:
        w.start("2026-02-10")
        settled(w)
        w.write("history/cyp4ww/a.csv", month_of(MONTHS[0]))
        w.write("history/b.csv", month_of(MONTHS[1]))
        taken = w.ctl("feed", "backfill", w.path("history"))
        assert taken == {"files": 2, "accepted": 2, "known": 0, "held": 0, "refused": 0}, taken
        w.write("empty/other/a.csv", month_of(MONTHS[0]))
        for option in ((), ("--feed", "cyp4ww")):
            none = w.ctl_raw("feed", "backfill", w.path("empty"), *option)
            assert none.returncode == 1 and f"no files in {w.path('empty')}" in none.stderr and not none.stdout, none


def test_a_backfill_that_was_killed_is_run_again_and_told_once(build):
    with HttpServer() as http, instance(build, http, "live") as w:
        w.start("2026-02-10")
        settled(w)
        history(w)
        for number in range(12):
            assert ask(w, feed="cyp4ww", path=w.path("history", f"{chr(ord('z') - number)}.csv"))["outcome"] == "accepted"
        w.kill()
        w.start("2026-02-10")
        again = w.ctl("feed", "backfill", w.path("history"))
        assert (again["accepted"], again["known"]) == (12, 12), again
        check_history_told(w, http)


def ask(w, **more):
    """One request of a backfill; without more: its end."""
    with socket.socket(socket.AF_UNIX) as s:
        here = os.open(w.path("state"), os.O_PATH)
        s.connect(f"/proc/self/fd/{here}/control.sock")
        os.close(here)
        s.sendall(json.dumps({"command": "feed-backfill", **more}).encode() + b"\n")
        answer = json.loads(s.makefile().readline())
        assert answer["ok"], answer
        return answer["result"]


def test_a_file_that_arrives_during_a_backfill_is_told_as_news(build):
    with HttpServer() as http, instance(build, http, "live") as w:
        w.start("2026-02-10")
        settled(w)
        history(w)
        for number in range(24):
            name = f"{chr(ord('z') - number)}.csv"
            ask(w, feed="cyp4ww", path=w.path("history", name))
            wait_for(lambda: f'apply: feed=cyp4ww file="{name}"' in w.log(), "it to be counted")  # and told, were it not held back
            if number == 12:  # of those that are well by history
                w.put("live.csv", month_of(NEXT, codes=[code for code in CODES if code not in RED], red=["A00"]))
                wait_for(lambda: not w.inbox(), "the live file to be taken")
        ask(w)
        wait_for(lambda: "m-A00" in behind(w), "all to be judged")
        settled(w)
        told = {i["measure"]: "baseline" in e["data"] for e in of_plan(http) for i in e["data"]["items"]}
        assert told == {**{"m-" + code: True for code in RED}, "m-A00": False}, told


def test_what_is_asked_during_a_backfill_waits_for_its_end_or_says_what_is_under_way(build):
    import subprocess
    with HttpServer() as http, instance(build, http, "live") as w:
        w.start("2026-02-10", env=fast(8))  # a backfill is waited for longer than 10 s, the limit of what rests
        settled(w)
        history(w)
        names = [f"{chr(ord('z') - n)}.csv" for n in range(24)]
        ask(w, feed="cyp4ww", path=w.path("history", names[0]))
        wait_for(lambda: f'apply: feed=cyp4ww file="{names[0]}"' in w.log(), "what was judged to be out of date")
        question = subprocess.Popen([os.path.join(w.build, "waitlistctl"), "--config", w.path("waitlistd.yaml"), "-o", "json", "measures"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=w.folder)
        began = time.monotonic()
        for n, name in enumerate(names[1:]):  # spread over 2 s, 16 s of the daemon's
            wait_for(lambda: time.monotonic() - began >= 2 * n / len(names), "the next file's turn")
            ask(w, feed="cyp4ww", path=w.path("history", name))
        ask(w)
        out, err = question.communicate(timeout=60)
        if question.returncode == 0:
            assert {m["period_end"] for m in json.loads(out)} == {"2025-12-31"}, out
        else:  # on a machine that was too slow for it
            assert "nothing was evaluated yet: " in err and err.endswith(": ask again\n"), err


if __name__ == "__main__":
    run_tests(globals())
