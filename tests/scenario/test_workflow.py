"""Who deals with an alert: acknowledged, annotated, closed, silenced; kept by the audit, and never a reason to miss one."""
import os
import pwd
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, measure, plan, run_tests, three, wait_for

PEOPLE = """\
people: {ann: {name: Ann Author, mail: ann@example.nhs.uk}, cat: {name: Cat Chief, mail: cat@example.nhs.uk}}
holders: {camhs-lead: [{person: ann}], chief: [{person: cat}]}
"""


def with_april(build, value):
    """An instance whose measure is to be 60, and had this value in April."""
    w = Instance(build, plan_text=plan(measure(expect="{2024-04-30: 60}")), extra="people: people.yaml\n")
    w.write("people.yaml", PEOPLE)
    w.put("april.csv", three(value))
    return w


def settled(w):
    w.ctl("measures")
    wait_for(lambda: not w.ctl("outbox", "ls"), "everything due to be delivered")


def news(w, rule="behind-plan"):
    """What was told, in order, as (news, severity)."""
    told = []
    for mail in w.mails():
        for alert in w.events()[mail.delivery_id]["data"]["items"]:
            if alert["rule"] == rule:
                told.append((alert["news"], alert["severity"]))
    return told


def test_an_acknowledgement_is_shown_and_survives_kill_and_rebuild(build):
    with with_april(build, "30") as w:
        w.start("2024-05-20")
        settled(w)
        alert = w.alert()
        w.ctl("ack", alert["alert_id"][:8], "--why", "A second team begins in July", "--until", "2024-06-10")
        w.ctl("note", "cyp-4w", "--text", "Two posts are vacant")
        w.ctl("commentary", alert["episode_id"], "--text", "We expect 60% in August")

        def check(when):
            a = w.alert()
            assert a["acked"] and a["ack"]["until"] == "2024-06-10" and a["ack"]["why"].startswith("A second team"), (when, a)
            assert [(n["kind"], n["text"]) for n in a["notes"]] == [
                ("note", "Two posts are vacant"), ("commentary", "We expect 60% in August")], (when, a)
            lines = "\n".join(w.ctl("explain", "cyp-4w")["lines"])
            assert "Acknowledged by" in lines and "Two posts are vacant" in lines, (when, lines)
        check("at once")
        table = w.ctl_raw("alerts", output="table").stdout
        assert f"acked by {pwd.getpwuid(os.geteuid()).pw_name}, 2 notes" in table, table
        w.kill()
        w.start("2024-05-20")
        check("after kill -9")
        w.ctl("rebuild")
        check("after rebuild")
        w.stop()
        shutil.rmtree(w.path("state", "redis"))
        w.start("2024-05-21")
        check("without Redis's files")
        w.ctl("unack", "cyp-4w")
        assert not {"acked", "ack"} & set(w.alert())
        refused = w.ctl_raw("unack", "cyp-4w")
        assert refused.returncode == 1 and "nobody acknowledged" in refused.stderr, refused.stderr
        assert len(news(w)) == 1, news(w)


def test_what_people_write_is_refused_where_it_may_hold_an_nhs_number(build):
    with with_april(build, "30") as w:
        w.start("2024-05-20")
        settled(w)
        for verb in (("ack", "cyp-4w", "--why"), ("note", "cyp-4w", "--text"), ("close", "cyp-4w", "--why"),
                     ("silence", "add", "measure=cyp-4w", "--until", "2024-05-21", "--why")):
            refused = w.ctl_raw(*verb, "about 999 000 0018")
            assert refused.returncode == 1 and "NHS number" in refused.stderr and "999" not in refused.stderr, refused
        assert not [r for r in w.ctl("audit") if r["what"] == "act"]


def test_a_closed_alert_is_told_as_ended_and_the_next_period_behind_opens_another(build):
    with with_april(build, "30") as w:
        w.start("2024-05-20")
        settled(w)
        first = w.alert()["episode_id"]
        w.ctl("close", "cyp-4w", "--why", "The plan board took it on")
        wait_for(lambda: w.alert()["state"] == "WITHDRAWN", "the alert to be closed")
        settled(w)
        assert [n for n, _ in news(w)] == ["new", "withdrawn"], news(w)
        said = " ".join(w.mails()[1].text.split())
        assert "Closed, still behind plan: Children helped" in said and "The plan board took it on" in said, said
        assert "line was changed" not in said and "opens it again" in said, said
        w.kill()
        w.start("2024-05-21")
        settled(w)
        assert w.alert()["state"] == "WITHDRAWN" and len(news(w)) == 2, (w.alert(), news(w))
        w.ctl("rebuild")
        settled(w)
        assert w.alert()["state"] == "WITHDRAWN" and len(news(w)) == 2, (w.alert(), news(w))
        refused = w.ctl_raw("ack", first, "--why", "mine")
        assert refused.returncode == 1 and "not open" in refused.stderr, refused
        assert "The plan board took it on" in "\n".join(w.ctl("explain", first)["lines"])
        w.put("next.csv", three("29", month="2024-05"))
        wait_for(lambda: [a for a in w.alerts("behind-plan") if a["state"] == "FIRING"], "the next period to open it anew")
        settled(w)
        assert w.alerts("behind-plan")[0]["episode_id"] != first and news(w)[2][0] == "new", news(w)


def test_a_silence_holds_back_what_is_new_until_it_ends_and_never_an_end(build):
    with with_april(build, "30") as w:
        w.start("2024-07-10")
        settled(w)
        preview = w.ctl("silence", "preview", "measure=cyp-4w", "rule=behind-plan")
        assert [a["told"] for a in preview] == [True], preview
        w.ctl("silence", "add", "measure=cyp-4w", "--until", "2024-07-20", "--why", "The clinic moves")
        assert w.alert()["silenced"]
        w.put("better.csv", three("80", month="2024-05"))
        wait_for(lambda: w.alert()["state"] == "RESOLVED", "the alert to end")
        settled(w)
        assert [n for n, _ in news(w)] == ["new", "cleared"], news(w)  # told that it ended, though silenced
        w.put("worse.csv", three("20", month="2024-06"))
        wait_for(lambda: [a for a in w.alerts("behind-plan") if a["state"] == "FIRING"], "it to open again")
        assert [a["told"] for a in w.ctl("silence", "preview", "measure=cyp-4w")] == [False], "nobody was told of this one"
        settled(w)
        assert [n for n, _ in news(w)] == ["new", "cleared"], news(w)
        w.kill()
        w.start("2024-07-20T10:00")
        settled(w)
        assert [n for n, _ in news(w)] == ["new", "cleared"], news(w)
        for verb in (("add", "measure=cyp-4", "--until", "2024-07-20", "--why", "The clinic moves"), ("preview", "measure=cyp-4")):
            wrong = w.ctl_raw("silence", *verb)
            assert wrong.returncode == 1 and 'no measure cyp-4: did you mean "cyp-4w"?' in wrong.stderr, wrong.stderr
        for word in ("plan=dudle", "feed=cyp4w", "provider=TAK", "action=1.2", "alert=000000"):
            assert "there is no " in w.ctl_raw("silence", "preview", word).stderr, word
        for word in ("plan=dudley", "feed=cyp4ww", "provider=TAJ", "action=1.1", "rule=guard", "alert=" + w.alert()["alert_id"][:8]):
            w.ctl("silence", "preview", word)
        silence = w.ctl("silence", "ls")
        assert [(s["state"], s["open_alerts"], s["why"]) for s in silence] == [("active", 1, "The clinic moves")], silence
        w.stop()
        w.start("2024-07-21")
        settled(w)
        wait_for(lambda: [n for n, _ in news(w)] == ["new", "cleared", "new"], "what was held back to be told")
        assert [s["state"] for s in w.ctl("silence", "ls")] == ["ended"]


def test_an_acknowledgement_puts_off_reminders_and_its_end_is_told(build):
    with with_april(build, "70") as w:
        for day in ("2024-07-16", "2024-07-17"):  # the file of May was due by 15 July
            w.start(day)
            settled(w)
            if day == "2024-07-17":
                w.ctl("ack", w.alert("feed-late")["alert_id"], "--why", "The trust was rung", "--until", "2024-07-18")
            w.stop()
        assert [n for n, _ in news(w, "feed-late")] == ["new", "reminder"], news(w, "feed-late")
        w.once("2024-07-18")
        assert len(news(w, "feed-late")) == 2, news(w, "feed-late")
        w.once("2024-07-19")
        assert [n for n, _ in news(w, "feed-late")] == ["new", "reminder", "reminder"], news(w, "feed-late")
        w.start("2024-07-19")
        w.ctl("ack", w.alert("feed-late")["alert_id"], "--why", "They send it tomorrow")
        refused = w.ctl_raw("close", w.alert("feed-late")["alert_id"], "--why", "enough")
        assert refused.returncode == 1 and "only what a figure opened" in refused.stderr, refused
        w.put("may.csv", three("70", month="2024-05"))
        wait_for(lambda: [n for n, _ in news(w, "feed-late")][3:] == ["cleared"], "the end to be told")


def test_a_silence_has_a_reason_and_an_end_and_a_longer_one_an_accountable_officer(build):
    text = plan(measure(expect="{2024-04-30: 60}")).replace("lead: camhs-lead,", "lead: camhs-lead, accountable: chief,").replace(
        "roles: {", "roles: {chief: {receivers: [spool]}, ")
    with Instance(build, plan_text=text, extra="people: people.yaml\n") as w:
        w.write("people.yaml", PEOPLE)
        w.start("2024-05-20")
        w.ctl("measures")

        def add(*more):
            return w.ctl_raw("silence", "add", "plan=dudley", *more)
        for options, said in ((("--why", "x"), "--until"), (("--until", "2024-06-03"), "--why"),
                              (("--why", "x", "--until", "2024-05-19"), "from today"),
                              (("--why", "x", "--until", "2024-06-04"), "--approved-by"),
                              (("--why", "x", "--until", "2024-06-04", "--approved-by", "Ann Author"), "accountable"),
                              (("--why", "x", "--until", "2024-08-19", "--approved-by", "Cat Chief"), "90 days")):
            refused = add(*options)
            assert refused.returncode in (1, 2) and said in refused.stderr, (options, refused.stderr)
        assert w.ctl("silence", "ls") == []
        assert add("--why", "x", "--until", "2024-06-03").returncode == 0
        assert add("--why", "x", "--until", "2024-08-18", "--approved-by", "Cat Chief").returncode == 0
        assert [s["until"] for s in w.ctl("silence", "ls")] == ["2024-06-03", "2024-08-18"]
        w.ctl("silence", "end", "2", "--why", "done")
        assert [(s["silence"], s["state"]) for s in w.ctl("silence", "ls")] == [(1, "active"), (2, "ended")]
        assert w.ctl_raw("silence", "end", "2").returncode == 1


if __name__ == "__main__":
    run_tests(globals())
