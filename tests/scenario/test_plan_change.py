"""A plan is changed by named people alone: what was applied stays in force, what became softer stays known."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from seam import Seam
from sweep import chosen
from waitlist import Instance, measure, plan, run_tests, skip, three, wait_for

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
STRICT = dict(expect="{2024-04-30: 20, 2025-03-31: 60}")
SPOOLS = "".join(f"  - {{id: {name}, kind: spool, dir: ./{name}}}\n" for name in ("spool", "ops"))
SOFT = dict(expect="{2024-04-30: 10, 2025-03-31: 60}", tolerance=8)


def version(n, **changes):
    return plan(measure(**changes), version=n)


def behind(build, value="12", **more):
    """An instance whose measure is behind its line of 20."""
    w = Instance(build, plan_text=version(1, **STRICT), **more)
    w.put("a.csv", three(value))
    return w


def shown(w):
    return w.ctl("plan", "show", "dudley")[0]


def apply(w, n, reason="agreed on 12 June", **changes):
    w.write(f"v{n}.yaml", version(n, **changes))
    return w.ctl("plan", "apply", w.path(f"v{n}.yaml"), "--reason", reason)


def test_an_applied_plan_rules_over_restart_kill_and_loss_of_redis_and_its_file_is_a_proposal(build):
    with behind(build) as w:
        w.start("2024-06-10")
        wait_for(lambda: w.alerts("behind-plan") and w.alert()["state"] == "FIRING", "behind plan")
        d = None
        w.write("v2.yaml", version(2, **SOFT))
        d = w.ctl("plan", "diff", w.path("v2.yaml"))
        assert [c["effect"] for c in d["changes"]][:2] == ["softer", "softer"], d["changes"]
        assert [(e["what"], e["rule"], e["before"], e["after"]) for e in d["effect"]][0] == ("ends", "behind-plan", "red", None), d
        assert shown(w)["version"] == 1 and w.alert()["state"] == "FIRING", "a question changes nothing"
        done = apply(w, 2, **SOFT)
        assert done["who"] and done["effect"] == d["effect"], done
        assert shown(w)["version"] == 2
        wait_for(lambda: w.alert()["state"] == "WITHDRAWN", "the alert's end")
        w.kill()
        shutil.rmtree(w.path("state", "redis"))
        w.start("2024-06-11")
        p = shown(w)
        assert p["version"] == 2 and p["ruled_by"] == "apply" and p["in_force"]["reason"] == "agreed on 12 June", p
        assert p["unapplied_file"] == w.path("plan.yaml"), p["unapplied_file"]
        assert {s["what"] for s in p["softened"]} == {"line on 2024-04-30", "tolerance"}, p["softened"]
        w.write("plan.yaml", version(3, expect="{2024-04-30: 1, 2025-03-31: 2}"))
        w.signal(1)
        wait_for(lambda: w.log().count("version=2 is in force, not its file") == 2, "the reload")
        assert shown(w)["version"] == 2
        back = w.ctl("plan", "rollback", "--reason", "the board did not agree")
        assert back["version"] == 1 and shown(w)["version"] == 1, back
        wait_for(lambda: w.alert()["state"] == "FIRING", "behind plan again")
        p = shown(w)
        assert len(p["softened"]) == 2 and p["softened"][0]["who"] == done["who"], p["softened"]
        r = w.ctl_raw("plan", "rollback", "--reason", "more")
        assert r.returncode == 1 and "no version was in force before" in r.stderr, r.stderr
        assert "Softened, ever" in w.ctl_raw("plan", "show", output="table").stdout
        acts = [a["act"] for a in w.ctl("audit") if a["what"] == "act"]
        assert acts == ["plan-apply", "plan-rollback"], acts


def test_what_may_not_be_applied_is_refused_with_its_reason(build):
    with behind(build) as w:
        w.start("2024-06-10")
        for text, said in ((version(2).replace("TAJ", "TAJ\n  x: ["), ":"), (version(1, **SOFT), "count it up"),
                           (version(1, **STRICT), "in force already"), (version(2, id="new").replace("id: dudley", "id: other"), "no plan in force has the id"),
                           (version(2).replace("feed: cyp4ww", "feed: none"), "none")):
            w.write("new.yaml", text)
            r = w.ctl_raw("plan", "apply", w.path("new.yaml"), "--reason", "x")
            assert r.returncode == 1 and said in r.stderr, (said, r.stderr)
        assert w.ctl_raw("plan", "apply", w.path("new.yaml")).returncode == 2, "--reason is a must"
        assert shown(w)["version"] == 1 and not [a for a in w.ctl("audit") if a["what"] == "act"]


def test_an_edited_plan_file_comes_into_force_by_a_record_that_names_what_is_softer(build):
    with behind(build) as w:
        w.start("2024-06-10")
        wait_for(lambda: w.alert()["state"] == "FIRING", "behind plan")
        w.write("plan.yaml", version(2, **SOFT))
        w.signal(1)
        wait_for(lambda: shown(w)["version"] == 2, "the reload")
        p = shown(w)
        assert p["ruled_by"] == "file" and {s["what"] for s in p["softened"]} == {"line on 2024-04-30", "tolerance"}, p
        record = [a for a in w.ctl("audit") if a["what"] == "plan"][-1]
        assert record["version"] == 2 and len(record["changes"]) >= 2, record
        w.stop()
        w.write("plan.yaml", version(1, **STRICT))
        w.start("2024-06-11")
        assert len(shown(w)["softened"]) == 2 and shown(w)["version"] == 1


def said(mail):
    return mail.message.get_content().replace("\r\n", "\n")


def by_another(w, *command):
    """Asks as another user than root: the one by whom the daemon runs."""
    asks = [*NOBODY, os.path.join(w.build, "waitlistctl"), "--config", w.path("waitlistd.yaml"), "-o", "json", *command]
    return subprocess.run(asks, capture_output=True, text=True, cwd=w.folder)


def of(w, start):
    return [m for m in w.mails() if m.subject.startswith(start)]


def test_each_owner_is_told_once_what_became_softer_or_harder_over_kill_and_loss_of_redis(build):
    people = ("roles: {camhs-lead: {receivers: [spool]}}", "roles: {camhs-lead: {receivers: [spool]}, other-lead: {receivers: [other]}}")
    other = measure(id="other", title="Waiting over a year", published="MRS09e", polarity="lower", target="{at_most: 5}",
                    expect="{2024-04-30: 9, 2025-03-31: 5}", tolerance=1).replace('    action: "1.1"\n', "    owner: other-lead\n")

    def both(n, line, tolerance, most=5):
        return plan(measure(expect=f"{{2024-04-30: {line}, 2025-03-31: 60}}", tolerance=tolerance) +
                    other.replace("at_most: 5", f"at_most: {most}"), version=n).replace(*people)
    with Instance(build, plan_text=both(1, 20, 5), receivers="  - {id: spool, kind: spool, dir: ./spool}\n"
                                                              "  - {id: other, kind: spool, dir: ./other}\n") as w:
        w.put("a.csv", three("22"))
        w.start("2024-06-10")
        wait_for(lambda: w.measure()["rag"] == "green", "its figure")
        w.write("v2.yaml", both(2, 10, 2))
        w.ctl("plan", "apply", w.path("v2.yaml"), "--reason", "the team was halved")
        m = wait_for(lambda: of(w, "Plan changed: dudley"), "the notice")[0]
        assert m.subject == "Plan changed: dudley, 1 softer, 1 harder", m.subject
        for words in ("version 2 is in force since 10 June 2024", "the team was halved", "Softer:\n- Children helped within 4 weeks (cyp-4w): line on "
                      "2024-04-30: 10 (before: 20)", "Harder:\n- Children helped within 4 weeks (cyp-4w): tolerance: 2 (before: 5)"):
            assert words in said(m), said(m)
        w.kill()
        shutil.rmtree(w.path("state", "redis"))
        w.start("2024-06-11")
        w.measure()
        w.stop()
        w.once("2024-06-12")
        assert len(of(w, "Plan changed: dudley")) == 1 and not w.mails("other"), [x.subject for x in w.mails("other")]
        w.write("v3.yaml", both(3, 10, 2).replace("owner: other-lead", "owner: camhs-lead"))
        w.start("2024-06-13")
        w.ctl("plan", "apply", w.path("v3.yaml"), "--reason", "a new lead")
        wait_for(lambda: len(of(w, "Plan changed: dudley")) == 2 and w.mails("other"), "both owners to be told")
        assert "owner: camhs-lead (before: other-lead)" in said(w.mails("other")[0])
        w.write("v4.yaml", both(4, 5, 2, most=6))
        w.ctl("plan", "apply", w.path("v4.yaml"), "--reason", "each their own")
        wait_for(lambda: len(of(w, "Plan changed: dudley")) == 3 and len(w.mails("other")) == 2, "each owner to be told")
        assert "(other)" in said(w.mails("other")[1]) and "(cyp-4w)" not in said(w.mails("other")[1]), said(w.mails("other")[1])


def test_what_opens_because_the_plan_changed_says_so_once_and_what_a_figure_opens_does_not(build):
    because = "because the plan changed, not because a figure did"
    with behind(build, "22") as w:
        w.start("2024-06-10")
        wait_for(lambda: w.measure()["rag"] == "green", "its figure")
        done = apply(w, 2, expect="{2024-04-30: 40, 2025-03-31: 60}")
        assert [(e["what"], e["after"]) for e in done["effect"]][0] == ("opens", "red"), done["effect"]
        m = wait_for(lambda: of(w, "Behind plan"), "the alert")
        assert because in " ".join(m[0].text.split()), m[0].text
        w.kill()
        w.start("2024-07-10")
        w.put("b.csv", three("50", month="2024-05"))
        wait_for(lambda: w.alert()["state"] == "RESOLVED", "its end")
        w.put("c.csv", three("20", month="2024-06"))
        m = wait_for(lambda: len(of(w, "Behind plan")) == 2 and of(w, "Behind plan"), "the next alert")
        assert because not in " ".join(m[1].text.split()), m[1].text


def test_what_came_after_the_plan_changed_is_not_told_as_brought_about_by_it(build):
    with behind(build, "50") as w:
        w.once("2024-06-10")
        w.write("plan.yaml", version(2, **STRICT).replace("due: 2025-03", "due: 2024-06").replace("20,", "30,"))
        w.put("b.csv", three("10", month="2024-05"))
        w.once("2024-06-20")  # by the new line and by the old one
        w.once("2024-07-10")  # what is due in June is overdue in July
        told = {i["rule"]: i["because_plan_changed"] for e in w.events().values() for i in e["data"].get("items", [])}
        assert told == {"behind-plan": False, "action-overdue": False}, told


def test_the_end_of_a_plan_is_told_90_30_and_7_days_before_and_after_it_each_once_the_nearest_alone(build):
    def ends(w):
        return [m.subject for m in of(w, "Plan e")]
    with behind(build, "60") as w:
        w.once("2024-12-20")
        assert not ends(w)
        w.once("2025-01-05")  # 90 days before was 31 December
        w.once("2025-01-06")
        assert ends(w) == ["Plan ends: dudley, 31 March 2025"], ends(w)
        shutil.rmtree(w.path("state", "redis"))
        w.once("2025-03-27")  # it was down on the day 30 days before, and on that 7 before
        w.once("2025-03-28")
        assert len(ends(w)) == 2, ends(w)
        assert "in 4 days" in said(of(w, "Plan e")[-1])
        w.once("2025-04-02")
        w.once("2025-07-01")
        assert ends(w)[2:] == ["Plan expired: dudley, 31 March 2025"], ends(w)
        w.start("2025-07-02")
        assert shown(w)["expired"] and "PLAN EXPIRED" in w.ctl_raw("plan", "show", output="table").stdout
        w.write("v2.yaml", version(2).replace("to: 2025-03-31", "to: 2026-03-31"))
        w.ctl("plan", "apply", w.path("v2.yaml"), "--reason", "the next year")
        assert not shown(w)["expired"]
        w.stop()
        w.once("2025-07-03")
        assert len(ends(w)) == 3, ends(w)
        w.once("2026-01-10")
        assert ends(w)[3:] == ["Plan ends: dudley, 31 March 2026"], ends(w)


def test_an_end_that_moves_is_told_to_its_owners_and_ops_with_the_nearest_notice_at_once(build):
    def told(w, folder, start="Plan "):
        return [m.subject for m in w.mails(folder) if m.subject.startswith(start)]
    with Instance(build, plan_text=version(1), receivers=SPOOLS, routes="{ops: [ops], governance: [ops], fallback: [ops]}") as w:
        w.put("a.csv", three("60"))
        w.start("2025-05-02")
        wait_for(lambda: told(w, "ops") and told(w, "spool", "Overdue"), "what was missed before")
        overdue = next(m for m in w.mails() if m.subject.startswith("Overdue"))
        assert "The plan: It has expired: its last day was 31 March 2025." in " ".join(overdue.text.split()), overdue.text
        for folder in ("spool", "ops"):
            assert told(w, folder) == ["Plan expired: dudley, 31 March 2025"], told(w, folder)
        w.write("v2.yaml", version(2).replace("to: 2025-03-31", "to: 2025-05-20"))
        w.ctl("plan", "apply", w.path("v2.yaml"), "--reason", "seven weeks more")
        wait_for(lambda: len(told(w, "ops")) == 3 and len(told(w, "spool")) == 3, "both to be told of both")
        for folder in ("spool", "ops"):
            assert sorted(told(w, folder)[1:]) == ["Plan changed: dudley, 1 harder", "Plan ends: dudley, 20 May 2025"], told(w, folder)
        body = said(next(m for m in w.mails("ops") if m.subject.startswith("Plan changed")))
        assert "- plan (dudley): valid to: 2025-05-20 (before: 2025-03-31)" in body and "seven weeks more" in body, body
        w.kill()
        shutil.rmtree(w.path("state", "redis"))
        w.start("2025-05-03")
        w.ctl("plan", "rollback", "--reason", "not agreed")
        wait_for(lambda: len(told(w, "ops")) == 5 and len(told(w, "spool")) == 5, "both to be told of both")
        w.kill()
        w.start("2025-05-04")
        w.measure()
        w.stop()
        for folder in ("spool", "ops"):
            assert sorted(told(w, folder)[3:]) == ["Plan expired: dudley, 31 March 2025", "Plan rolled back: dudley, 1 softer"], told(w, folder)


def test_a_plan_put_back_into_rehearsal_tells_its_owners_and_ops_so_before_it_is_quiet(build):
    with Instance(build, plan_text=version(1, **STRICT), receivers=SPOOLS, routes="{ops: [ops], governance: [ops], fallback: [ops]}") as w:
        w.put("a.csv", three("12"))
        w.start("2024-06-10")
        wait_for(lambda: of(w, "Behind plan"), "behind plan")
        w.write("v2.yaml", version(2, **SOFT).replace("mode: live", "mode: rehearsal, author: camhs-lead"))
        done = w.ctl("plan", "apply", w.path("v2.yaml"), "--reason", "quiet please")
        assert "mode" in {c["what"] for c in done["changes"] if c["effect"] == "softer"}, done["changes"]
        subject = "Plan in rehearsal: dudley, 3 softer"
        wait_for(lambda: subject in [m.subject for m in w.mails()] and w.mails("ops"), "both to be told")
        assert "mode" in {s["what"] for s in shown(w)["softened"]}
        body = said(of(w, "Plan in rehearsal")[0])
        assert "told to its author alone" in " ".join(body.split()) and "- plan (dudley): mode: rehearsal (before: live)" in body, body
        assert [m.subject for m in w.mails("ops")] == ["Plan in rehearsal: dudley, 1 softer"], [m.subject for m in w.mails("ops")]
        w.write("v3.yaml", version(3, **STRICT).replace("mode: live", "mode: live, author: camhs-lead"))
        w.ctl("plan", "apply", w.path("v3.yaml"), "--reason", "loud again")
        wait_for(lambda: shown(w)["mode"] == "live" and "1 measure, 1 already behind plan: dudley" in [m.subject for m in w.mails()], "the baseline")
        assert not of(w, "Plan changed") and len(w.mails("ops")) == 1, "the baseline says it"


def test_where_a_second_person_is_asked_for_one_alone_brings_nothing_into_force(build):
    with behind(build, extra="approval: second\n") as w:
        w.start("2024-06-10")
        wait_for(lambda: w.alert()["state"] == "FIRING", "behind plan")
        done = apply(w, 2, **SOFT)
        assert done["second"] is True, done
        r = w.ctl_raw("plan", "approve", "dudley")
        assert r.returncode == 1 and "a second person approves it" in r.stderr, r.stderr
        w.kill()
        w.start("2024-06-11")
        p = shown(w)
        assert p["version"] == 1 and p["pending"]["version"] == 2 and p["pending_until"] == "2024-06-24" and not p["softened"], p
        assert w.alert()["state"] == "FIRING" and not of(w, "Plan changed: dudley")
        assert any("waits for a second person" in x for x in w.ctl("status")["plans"]), w.ctl("status")["plans"]
        w.write("plan.yaml", version(3, **SOFT))  # nor does an edit of the file
        w.signal(1)
        wait_for(lambda: "version=1 is in force, not its file" in w.log(), "the reload")
        assert shown(w)["version"] == 1
        w.stop()
        w.start("2024-06-25")
        assert shown(w)["pending"] is None
        r = w.ctl_raw("plan", "approve", "dudley")
        assert r.returncode == 1 and "waits for a second person" in r.stderr, r.stderr


def test_another_user_approves_what_waits_and_the_audit_names_both(build):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        skip("another user can be asked for by root alone")
    if subprocess.run([*NOBODY, os.path.join(build, "waitlistctl"), "--version"], capture_output=True).returncode != 0:
        skip("another user cannot run what lies in the build folder")
    with behind(build, extra="approval: second\n") as w:
        os.makedirs(w.path("inbox"), exist_ok=True)
        for folder, _, files in os.walk(w.folder):
            for name in ["", *files]:
                os.chown(os.path.join(folder, name), 65534, 65534)
        w.wrapper = NOBODY
        w.start("2024-06-10")
        wait_for(lambda: w.alert()["state"] == "FIRING", "behind plan")
        done = apply(w, 2, **SOFT)
        r = by_another(w, "plan", "approve", done["digest"][:8])
        assert r.returncode == 0, r.stderr
        p = shown(w)
        assert p["version"] == 2 and p["in_force"]["who"] == "root" and p["in_force"]["approved_by"] == "nobody", p["in_force"]
        assert all(s["approved_by"] == "nobody" for s in p["softened"]) and len(p["softened"]) == 2, p["softened"]
        wait_for(lambda: w.alert()["state"] == "WITHDRAWN", "the alert's end")
        w.kill()
        w.start("2024-06-11")
        assert shown(w)["version"] == 2


def test_killed_at_any_file_call_of_an_apply_one_version_whole_is_in_force_and_owners_are_told_once(build):
    with behind(build) as w:
        w.once("2024-06-10")
        w.write("v2.yaml", version(2, **SOFT))
        for folder in ("state", "spool"):
            shutil.copytree(w.path(folder), w.path("kept", folder), symlinks=True)

        def run(rules):
            seam = Seam(build, w.folder, rules=rules)
            w.start("2024-06-11", env=seam.env(), ready=False)
            wait_for(lambda: w.process.poll() is not None or (w.ctl_raw("measure", "cyp-4w").returncode == 0), "the daemon")
            before = seam.counts()["durable"]
            if w.process.poll() is None:
                w.ctl_raw("plan", "apply", w.path("v2.yaml"), "--reason", "x")
                wait_for(lambda: w.process.poll() is not None or of(w, "Plan changed: dudley"), "the notice")
            return before, seam
        before, seam = run([])
        w.stop()
        points = list(range(before + 1, seam.counts()["durable"] + 1))
        assert len(points) >= 15, points
        for n in chosen(points, least=5):
            for folder in ("state", "spool"):
                shutil.rmtree(w.path(folder))
                shutil.copytree(w.path("kept", folder), w.path(folder), symlinks=True)
            run([f"kill durable {n}"])
            w.kill()
            w.start("2024-06-12")
            acts = [a for a in w.ctl("audit") if a["what"] == "act"]
            p = shown(w)
            assert p["version"] == 1 + len(acts) and len(p["softened"]) == 2 * len(acts), (n, p["version"], acts)
            w.stop()
            w.once("2024-06-13")
            assert len({m.delivery_id for m in of(w, "Plan changed: dudley")}) == len(acts), (n, len(acts), [m.subject for m in w.mails()])


if __name__ == "__main__":
    run_tests(globals())
