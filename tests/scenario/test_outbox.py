"""The outbox: what is tried again when, what is given up, who else is told, and that a restart forgets none of it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import json
import shutil
import signal

from faults import fast
from http_server import Answer, HttpServer
from hook import HOOK_RECEIVER, SECRET
from smtp_server import SmtpServer
from waitlist import Instance, ids_hash, measure, mhsds, plan, run_tests, three, wait_for, RECEIVER_SPOOL

FALLBACK = RECEIVER_SPOOL + "  - {id: ops, kind: spool, dir: ./ops}\n  - {id: last, kind: spool, dir: ./last}\n"
ROUTES = "{ops: [ops], governance: [spool], fallback: [last]}"


def hooked(build, http, receivers="hook", routes=ROUTES, **more):
    """An instance whose lead is reached by a webhook, with one red message to come."""
    w = Instance(build, plan_text=more.pop("plan_text", plan(receivers=receivers)), routes=routes,
                 receivers=HOOK_RECEIVER.format(port=http.port) + FALLBACK.replace(RECEIVER_SPOOL, ""), **more)
    w.write("hook.secret", SECRET + "\n")
    w.put("a.csv", three(6))
    return w


def measures_told(w, folder):
    """Rules of the alerts told in a folder, in order of name."""
    return sorted(i["rule"] for e in w.events(folder).values() for i in e["data"]["items"])


def asked(http):
    return [r.headers["webhook-id"] for r in http.requests]


def tries_of(w):
    """The records of tries, as Redis keeps them over a restart."""
    return [v for v in w.redis("HVALS", f"wl:{{{w.instance}}}:outbox:tries") if v]


def test_eight_refusals_in_all_over_restarts_make_a_dead_letter(build):
    with HttpServer([Answer(400)]) as http, hooked(build, http) as w:
        for hour in range(12, 20):
            w.once(f"2024-06-10T{hour}:00", expect=1 if hour < 19 else 0)
        assert len(http.requests) == 8 and len(set(asked(http))) == 1, asked(http)
        w.once("2024-06-11")
        assert len(http.requests) == 8, "a dead letter is not tried again"
        w.start("2024-06-11")
        w.measure()
        wait_for(lambda: w.redis("HLEN", f"wl:{{{w.instance}}}:dead") == ["1"], "the copy of the dead letter in Redis")


def test_a_message_is_given_up_120_hours_after_it_was_composed_whatever_was_restarted(build):
    with HttpServer([Answer(503)]) as http, hooked(build, http) as w:
        w.once("2024-06-10", expect=1)
        w.once("2024-06-15T11:50", expect=1)
        assert w.events("last").keys() and not [e for e in w.events("last").values()
                                               for i in e["data"]["items"] if i["rule"] == "dead-letter"]
        w.once("2024-06-15T12:10")
        assert "dead-letter" in measures_told(w, "last") and "dead-letter" in measures_told(w, "ops")


def test_the_next_try_is_not_forgotten_by_a_restart(build):
    with HttpServer([Answer(400)]) as http, hooked(build, http) as w:
        w.start("2024-06-10")
        wait_for(lambda: tries_of(w), "a refusal on record")
        w.stop()
        assert len(http.requests) == 1
        w.start("2024-06-10T12:00")  # runs on from where it was: the wait of 15 to 30 s is not over
        w.put("b.csv", three("*"))
        wait_for(lambda: w.inbox() == [], "the next file")
        w.measure()
        message, = listed(w).values()
        assert (message["state"], message["tries"]) == ("waiting", 1) and message["next_try"], message
        assert len(http.requests) == 1, "asked again at once"
        w.stop()
        w.start("2024-06-10T13:00")
        wait_for(lambda: len(http.requests) == 2, "the second try")


def test_a_red_message_undelivered_for_30_minutes_goes_also_to_fallback_and_ops_and_stays_due(build):
    with HttpServer([Answer(503)] * 3 + [Answer(200)]) as http, hooked(build, http) as w:
        w.once("2024-06-10T12:00", expect=1)
        w.once("2024-06-10T12:29", expect=1)
        assert w.mails("last") == [] and w.mails("ops") == [], "not before its time"
        w.once("2024-06-10T12:31", expect=1)
        assert measures_told(w, "last") == ["behind-plan"] and measures_told(w, "ops") == ["behind-plan"]
        w.once("2024-06-10T13:30")
        assert len(http.requests) == 4 and len(set(asked(http))) == 1, "it stayed due, under its id"
        w.put("b.csv", three(45, "2024-05"))
        w.once("2024-07-10")  # whoever was told that it began is told that it ended
        for folder in ("last", "ops"):
            news = sorted(i["news"] for e in w.events(folder).values() for i in e["data"]["items"]
                          if i["rule"] == "behind-plan")
            assert news == ["cleared", "new"], (folder, news)


def test_a_running_daemon_tells_fallback_when_the_30_minutes_are_over(build):
    with HttpServer([Answer(503)]) as http, hooked(build, http) as w:
        w.once("2024-06-10T12:00", expect=1)
        w.start("2024-06-10T12:29")
        assert w.mails("last") == []
        w.stop()
        w.start("2024-06-10T12:30")
        wait_for(lambda: w.mails("last") and w.mails("ops"), "the same notice at fallback and ops")


def test_a_dead_letter_goes_to_fallback_and_ops_and_is_an_alert_of_its_own(build):
    with HttpServer([Answer(410)]) as http, hooked(build, http) as w:
        w.once("2024-06-10")
        assert measures_told(w, "last") == measures_told(w, "ops") == ["behind-plan", "dead-letter"]
        a = w.look("2024-06-10", lambda w: w.alert("dead-letter"))
        assert a["alert_id"] == ids_hash("black-country", "dead-letter", "hook"), a
        assert a["episode_id"] == ids_hash(a["alert_id"], "2024-06-10"), a
        w.once("2024-06-11")
        assert len(w.mails("last")) == 2, "told once, then silent"


def test_an_endpoint_that_is_gone_is_not_asked_again_and_what_was_for_it_goes_to_fallback(build):
    with HttpServer([Answer(410), Answer(200)]) as http, hooked(build, http) as w:
        w.once("2024-06-10")
        w.put("b.csv", three(45, "2024-05"))
        w.once("2024-07-10")
        assert len(http.requests) == 1, asked(http)
        news = [i["news"] for e in w.events("last").values() for i in e["data"]["items"] if i["rule"] == "behind-plan"]
        assert sorted(news) == ["cleared", "new"], news


def test_a_fallback_that_refuses_everything_is_no_loop(build):
    with HttpServer([Answer(410)]) as http, hooked(build, http, routes="{ops: [hook], governance: [hook], fallback: [hook]}") as w:
        w.once("2024-06-10")
        w.once("2024-06-10T18:00")
        assert len(http.requests) == 1, asked(http)
        letters = w.look("2024-06-10T18:00", listed)
        assert len(letters) == 1, "it was told of its own dead letter"


def test_two_fallbacks_that_refuse_everything_end(build):
    with HttpServer([Answer(400)]) as one, HttpServer([Answer(410)]) as other:
        receivers = HOOK_RECEIVER.format(port=one.port) + HOOK_RECEIVER.format(port=other.port).replace("id: hook", "id: other").replace(RECEIVER_SPOOL, "")
        with Instance(build, plan_text=plan(receivers="hook"), receivers=receivers,
                      routes="{ops: [other], governance: [other], fallback: [hook]}") as w:
            w.write("hook.secret", SECRET + "\n")
            w.put("a.csv", three(6))
            for hour in range(6, 23):
                w.run("--once", "--at", f"2024-06-10T{hour:02}:00")
            messages = len(set(asked(one))), len(set(asked(other)))
            assert min(messages) >= 1, messages
            for hour in range(6, 23):
                w.run("--once", "--at", f"2024-06-11T{hour:02}:00")
            assert (len(set(asked(one))), len(set(asked(other)))) == messages, "they tell each other for ever"


def test_a_dead_letter_outlives_the_loss_of_redis(build):
    with HttpServer([Answer(410)]) as http, hooked(build, http) as w:
        w.once("2024-06-10")
        told = sorted(m.delivery_id for m in w.mails("last"))
        w.start("2024-06-10")
        before = w.alert("dead-letter")
        w.redis("FLUSHALL")
        w.stop()
        w.start("2024-06-10")
        wait_for(lambda: w.redis("HLEN", f"wl:{{{w.instance}}}:dead") == ["1"], "the copy in Redis")
        after = w.alert("dead-letter")
        assert (before["alert_id"], before["episode_id"]) == (after["alert_id"], after["episode_id"])
        assert sorted(m.delivery_id for m in w.mails("last")) == told and len(http.requests) == 1


def listed(w):
    return {m["id"]: m for m in w.ctl("outbox", "ls")}


def test_the_outbox_lists_what_is_due_and_what_is_dead(build):
    with HttpServer([Answer(503)]) as http, hooked(build, http) as w:
        w.start("2024-06-10")
        message, = wait_for(lambda: [m for m in listed(w).values() if m["state"] == "waiting"], "a first try in vain")
        assert (message["receiver"], message["tries"], message["why"]) == ("hook", 0, "HTTP 503"), message
        assert message["subject"].startswith("Behind plan") and message["next_try"] > message["since"], message
        assert "503" in w.ctl_raw("outbox", "ls", output="table").stdout
    with HttpServer([Answer(410)]) as http, hooked(build, http) as w:
        w.once("2024-06-10")
        message, = w.look("2024-06-10", listed).values()
        assert (message["state"], message["why"], message["next_try"]) == ("dead", "HTTP 410", None), message


def test_retry_makes_a_waiting_message_due_now(build):
    with HttpServer([Answer(503), Answer(200)]) as http, hooked(build, http) as w:
        w.start("2024-06-10")
        id, = wait_for(lambda: [i for i, m in listed(w).items() if m["state"] == "waiting"], "a first try in vain")
        assert w.ctl("outbox", "retry", id[:8])["id"] == id
        wait_for(lambda: len(http.requests) == 2 and not listed(w), "the second try, and its end")


def test_retry_brings_a_dead_letter_back_with_fresh_tries_and_closes_its_alert(build):
    with HttpServer([Answer(410), Answer(400)]) as http, hooked(build, http) as w:
        w.once("2024-06-10")
        w.start("2024-06-11")
        id, = listed(w)
        w.ctl("outbox", "retry", id, "--why", "the endpoint was mended")
        wait_for(lambda: listed(w)[id]["state"] == "waiting", "the letter to be refused once more")
        assert listed(w)[id]["tries"] == 1 and asked(http) == [id, id], (listed(w), asked(http))
        wait_for(lambda: w.alert("dead-letter")["state"] == "RESOLVED", "its alert to close")
        wait_for(lambda: len(w.mails("last")) == 3, "whoever was told of the alert to be told its end")
        w.kill()
        w.start("2024-06-11T13:00")
        wait_for(lambda: asked(http) == [id] * 3, "the third try")


def test_an_act_on_the_outbox_whose_redis_call_was_lost_takes_effect_at_the_next_start(build):
    with HttpServer([Answer(410), Answer(200)]) as http, hooked(build, http) as w:
        w.once("2024-06-10")
        w.start("2024-06-10")
        id, = listed(w)
        server = w.redis_pid()
        os.kill(server, signal.SIGSTOP)  # the act is journalled, its Redis call is never answered
        w.ctl("outbox", "retry", id)
        w.signal(signal.SIGKILL)
        os.kill(server, signal.SIGKILL)
        w.kill()
        w.start("2024-06-10")
        wait_for(lambda: asked(http) == [id, id] and not listed(w), "the letter to be delivered")


def test_drop_gives_up_a_message_for_ever(build):
    with HttpServer([Answer(503)]) as http, hooked(build, http) as w:
        w.start("2024-06-10")
        id, = wait_for(lambda: [i for i, m in listed(w).items() if m["state"] == "waiting"], "a first try in vain")
        assert w.ctl_raw("outbox", "drop", id).returncode == 2, "a reason must be given"
        w.ctl("outbox", "drop", id, "--why", "told by telephone")
        wait_for(lambda: not listed(w), "the message to go")
        assert w.ctl_raw("outbox", "retry", id).returncode == 1, "what was dropped does not come back"
        w.redis("FLUSHALL")
        w.stop()
        w.start("2024-06-10")
        w.measure()
        assert listed(w) == {} and len(http.requests) == 1, "composed again after Redis was lost"
        record = [r for r in w.ctl("audit") if r.get("act") == "outbox-drop"]
        assert len(record) == 1 and record[0]["why"] == "told by telephone", record


def test_drop_of_a_dead_letter_closes_its_alert(build):
    with HttpServer([Answer(410)]) as http, hooked(build, http) as w:
        w.once("2024-06-10")
        w.start("2024-06-11")
        id, = listed(w)
        w.ctl("outbox", "drop", id, "--why", "old news")
        wait_for(lambda: w.alert("dead-letter")["state"] == "RESOLVED", "its alert to close")
        wait_for(lambda: w.redis("HLEN", f"wl:{{{w.instance}}}:dead") == ["0"], "Redis to forget it")
        w.stop()
        w.start("2024-06-11")
        w.measure()
        assert listed(w) == {} and len(http.requests) == 1


def two_measures():
    return plan(measure() + measure(id="long", title="Waits over 52 weeks", published="MRS09e", polarity="lower",
                                    target="{at_most: 10}", expect="{2024-04-30: 10}"), receivers="hook")


def figures(month, share, long):
    return mhsds(month, {("England", "MRS08b"): "18", ("TAJ", "MRS08b"): share,
                         ("England", "MRS09e"): "50", ("TAJ", "MRS09e"): long})


def backlogged(build, http):
    """Three messages for one recipient of a webhook that was away: one measure turned red and came back on plan,
    the other stayed red."""
    w = Instance(build, plan_text=two_measures(), routes=ROUTES,
                 receivers=HOOK_RECEIVER.format(port=http.port) + FALLBACK.replace(RECEIVER_SPOOL, ""))
    w.write("hook.secret", SECRET + "\n")
    w.put("a.csv", figures("2024-04", 6, 9))
    w.start("2024-06-10")
    wait_for(lambda: len(listed(w)) == 1 and len(http.requests) == 1, "a first message, tried in vain")
    w.put("b.csv", figures("2024-05", 45, 90))
    wait_for(lambda: len(listed(w)) == 2, "a second message behind it")
    return w


def test_what_waited_for_a_receiver_leaves_as_one_digest_and_nothing_that_was_due_vanishes(build):
    with HttpServer([Answer(503), Answer(200)]) as http, backlogged(build, http) as w:
        waited = sorted(listed(w))
        w.stop()
        w.start("2024-06-10T12:10")
        wait_for(lambda: len(http.requests) == 2, "the receiver to be asked again")
        wait_for(lambda: not listed(w), "all of it to be delivered")
        assert len(http.requests) == 2, "one message, not one for each that waited"
        event = json.loads(http.requests[1].body)
        items = event["data"]["items"]
        assert [(i["measure"], i["news"]) for i in items] == [("long", "new"), ("cyp-4w", "cleared")], items
        gone = items[1]
        assert (gone["since"], gone["ended"]) == ("2024-04-30", "2024-06-10"), gone
        assert event["data"]["stands_for"] == 2 and event["id"] not in waited
        notices = sorted(ids_hash(i["episode_id"], str(n)) for i in items for n in (1, 2) if i is gone or n == 1)
        assert event["id"] == ids_hash(*notices, "hook", "hook"), "the id is that of all the notices"
        w.stop()
        w.once("2024-06-11")
        assert len(http.requests) == 2, "told twice"


def test_what_a_delivered_digest_stands_for_stays_told_when_an_older_redis_comes_back(build):
    with HttpServer([Answer(503), Answer(200)]) as http, hooked(build, http) as w:
        w.once("2024-06-10", expect=1)
        first, = asked(http)
        shutil.copytree(w.path("state", "redis"), w.path("older"))
        w.put("b.csv", three(70, "2024-05"))
        w.once("2024-06-10T12:10")
        assert len(http.requests) == 2 and asked(http)[1] != first, asked(http)
        shutil.rmtree(w.path("state", "redis"))
        shutil.copytree(w.path("older"), w.path("state", "redis"))
        w.start("2024-06-10T12:20")
        wait_for(lambda: not listed(w), "nothing to be due")
        w.stop()
        w.once("2024-06-11")
        assert len(http.requests) == 2, asked(http)


def test_a_digest_takes_the_place_of_what_it_stands_for_also_in_an_older_redis(build):
    with HttpServer([Answer(503), Answer(503), Answer(400), Answer(200)]) as http, hooked(build, http) as w:
        w.once("2024-06-10", expect=1)
        shutil.copytree(w.path("state", "redis"), w.path("older"))
        w.put("b.csv", three(70, "2024-05"))
        w.once("2024-06-10T12:10", expect=1)
        first, digest = asked(http)
        assert first != digest
        shutil.rmtree(w.path("state", "redis"))
        shutil.copytree(w.path("older"), w.path("state", "redis"))
        w.once("2024-06-10T12:20", expect=1)  # refused: others would have their turn
        w.once("2024-06-10T12:30")
        w.once("2024-06-11")
        assert asked(http) == [first, digest, digest, digest]
        assert len({r.body for r in http.requests[1:]}) == 1


def test_what_was_told_since_stays_told_when_an_earlier_message_is_due_again(build):
    with HttpServer([Answer(400), Answer(200), Answer(400), Answer(200)]) as http, hooked(build, http) as w:
        w.once("2024-06-10", expect=1)
        w.put("b.csv", three(70, "2024-05"))
        w.once("2024-06-10T12:10", expect=1)  # the end is told before the beginning was taken
        began, ended, _ = asked(http)
        assert began != ended
        shutil.rmtree(w.path("state", "redis"))
        w.start("2024-06-10T12:20")
        wait_for(lambda: len(http.requests) == 4 and not listed(w), "the message to be taken")
        assert asked(http)[3] == began
        told = [json.loads(v) for v in w.redis("HVALS", f"wl:{{{w.instance}}}:told:hook") if v[:1] == "{"]
        assert [(t["ordinal"], t["open"]) for t in told] == [(2, False)], told


def test_refusals_are_counted_on_where_redis_lost_the_message(build):
    with HttpServer([Answer(400)]) as http, hooked(build, http) as w:
        for hour in (12, 13, 14):
            w.once(f"2024-06-10T{hour}:00", expect=1)
        w.start("2024-06-10T15:00")
        wait_for(lambda: len(http.requests) == 4 and [m["tries"] for m in listed(w).values()] == [4], "four refusals")
        w.redis("FLUSHALL")
        w.put("b.csv", three("*"))  # something to do, which finds Redis empty
        wait_for(lambda: tries_of(w), "the message to be back in Redis")
        record, = tries_of(w)
        assert json.loads(record)["tries"] >= 4, record


def test_a_message_that_may_have_arrived_is_repeated_as_it_is(build):
    answers = [Answer(0), Answer(503), Answer(200)]  # taken, and no answer: its outcome is unknown
    with HttpServer(answers) as http, backlogged(build, http) as w:
        unknown, = [i for i, m in listed(w).items() if m["outcome_unknown"]]
        w.stop()
        w.start("2024-06-10T12:10")
        wait_for(lambda: len(http.requests) >= 2, "the receiver to be asked again")
        w.stop()
        w.start("2024-06-10T13:30")
        wait_for(lambda: not listed(w), "all of it to be delivered")
        assert asked(http).count(unknown) >= 2, "repeated under its own id"
        bodies = {r.body for r in http.requests if r.headers["webhook-id"] == unknown}
        assert len(bodies) == 1, "and as it was"


def test_a_message_under_way_when_the_daemon_died_joins_no_digest(build):
    with HttpServer([Answer(503), Answer(200, before=600), Answer(200)]) as http, hooked(build, http) as w:
        w.start("2024-06-10")
        wait_for(lambda: http.requests and len(listed(w)) == 1, "a message, tried in vain")
        w.stop()
        w.start("2024-06-10T12:10")
        wait_for(lambda: len(http.requests) == 2, "it to be under way again")
        w.put("b.csv", three(70, "2024-05"))
        wait_for(lambda: len(listed(w)) == 2, "a second message behind it")
        w.kill()
        w.start("2024-06-10T12:30")
        wait_for(lambda: len(http.requests) == 4 and not listed(w), "both to be delivered")
        assert len(set(asked(http))) == 2 and asked(http).count(asked(http)[0]) == 3, asked(http)


def test_a_digest_survives_a_kill_whole(build):
    with HttpServer([Answer(503)]) as http, backlogged(build, http) as w:
        w.stop()
        w.start("2024-06-10T12:10")
        wait_for(lambda: len(http.requests) == 2 and len(listed(w)) == 1, "the digest, tried in vain")
        digest, = listed(w)
        w.kill()
        http.answers[:] = [Answer(200)]
        w.start("2024-06-10T12:30")
        wait_for(lambda: len(http.requests) == 3 and not listed(w), "the digest to be delivered")
        assert asked(http)[1:] == [digest, digest]


def test_a_delivery_under_way_while_the_books_are_loaded_again_is_delivered_and_marked_once(build):
    with HttpServer([Answer(200, before=3)]) as http, hooked(build, http) as w:
        w.start("2024-06-10")
        wait_for(lambda: http.requests, "the message to be under way")
        w.write("waitlistd.yaml", open(w.path("waitlistd.yaml"), encoding="utf-8").read() + "# changed\n")
        for _ in range(3):  # the books are loaded again and again meanwhile
            w.signal(signal.SIGHUP)
            w.measure()
        wait_for(lambda: not listed(w), "the message to be marked", 30)
        assert len(http.requests) == 1, asked(http)
        with open(w.path("state", "journal", "sent"), encoding="utf-8") as f:
            sent = [line for line in f if asked(http)[0] in line and '"due"' not in line]
        assert len(sent) == 1, "in the sent journal once"
        assert w.redis("XLEN", f"wl:{{{w.instance}}}:outbox") == ["0"]


MAILS = """\
  - {{id: mail, kind: email, hours: all, to: lead@example.nhs.uk, smtp: "smtp://127.0.0.1:{port}", from: monitor@example.nhs.uk,
     tls: "off", rate: 2}}
"""


FOUR_LEADS = ("people:\n" + "".join(f"  p{i}: {{name: Lead {i}, mail: lead{i}@example.nhs.uk}}\n" for i in range(4)) +
              "holders:\n  camhs-lead: [" + ", ".join(f"{{person: p{i}, from: 2024-04-01, deputy: null}}" for i in range(4)) + "]\n")


def four_mails(build, smtp):
    w = Instance(build, plan_text=plan(receivers="mail"), receivers=MAILS.format(port=smtp.port) + RECEIVER_SPOOL,
                 extra="people: people.yaml\n")
    w.write("people.yaml", FOUR_LEADS)
    w.put("a.csv", three(6))
    return w


def test_mail_leaves_at_the_rate_that_is_set_and_the_rest_waits_its_turn(build):
    with SmtpServer() as smtp, four_mails(build, smtp) as w:
        w.start("2024-06-10")
        wait_for(lambda: len(smtp.mails) == 2 and len(listed(w)) == 2, "two of the four mails")
        w.put("b.csv", three("*"))  # something to do, after which all that is due is looked at again
        wait_for(lambda: w.inbox() == [], "the next file")
        w.measure()
        assert len(smtp.mails) == 2, "more than two in a minute"
    with SmtpServer() as smtp, four_mails(build, smtp) as w:
        w.start("2024-06-10", env=fast(40))
        wait_for(lambda: len(smtp.mails) == 4 and not listed(w), "the other two, a minute later", 40)


if __name__ == "__main__":
    run_tests(globals())
