"""test_decide - files that wait for a person: held, accepted, refused, purged, expected

A file that may poison the rest is held; a person decides, by the number of its receipt or its name.
What was decided survives a restart and an emptied Redis.
"""
import datetime
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from scenario.test_hold import CHS_FEED, CHS_HEADER, CHS_PLAN  # noqa: E402
from support.waitlist import FEED_CYP, Instance, mhsds, plan, run_tests, three, wait_for  # noqa: E402

MONTHS = ["2023-11", "2023-12", "2024-01", "2024-02", "2024-03", "2024-04"]
KEEP_ALL = FEED_CYP.replace(", keep: [QUA, TAJ, England]", "")


def long_file(taj, months=MONTHS):
    """Six months: 18 rows."""
    return mhsds(months, {m: {("England", "MRS08b"): "18.2", ("QUA", "MRS08b"): "7", ("TAJ", "MRS08b"): taj}
                          for m in months})


def held_after_a_long_one(w, taj="45", name="b.csv"):
    """A file of 18 rows in force, then one of 3: held. Returns its receipt's number."""
    w.put("a.csv", long_file(6))
    w.once("2024-06-10")
    w.put(name, three(taj, "2024-05"))
    w.once("2024-07-10")
    feed = w.look("2024-07-10", lambda w: w.ctl("feeds")[0])
    assert len(feed["waits"]) == 1 and feed["waits"][0]["held"] is True, feed
    return feed["waits"][0]["receipt"]


def records(w, journal):
    with open(w.path("state", "journal", journal), encoding="utf-8") as f:
        return [json.loads(line.split(" ", 2)[2]) for line in f]


def acts(w):
    return [r for r in records(w, "audit") if "act" in r]


def archived(w):
    """The feed files in the archive, beside which the mappings lie."""
    kept = {name for _, _, names in os.walk(w.path("state", "archive")) for name in names}
    return kept & {r["sha256"] for r in records(w, "received")}


def quarantined(w):
    folder = w.path("state", "quarantine")
    return os.listdir(folder) if os.path.isdir(folder) else []


def test_a_file_with_80_percent_fewer_rows_than_the_one_before_is_held_and_says_what_to_type(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        m, a, feed = w.look("2024-07-10", lambda w: (w.measure(), w.alert("implausible-change"), w.ctl("feeds")[0]))
        assert (m["value"], m["held"]) == (6, True), m
        assert a["state"] == "FIRING", a
        assert "3 rows where the file before it had 18" in feed["held_file"], feed
        mail = [m for m in w.mails() if "b.csv" in m.text]
        assert mail and f"waitlistctl feed accept {number}" in mail[-1].text.replace("\n", " "), mail


def test_a_file_with_a_little_more_than_a_fifth_of_the_rows_is_taken(build):
    with Instance(build) as w:
        w.put("a.csv", long_file(6))
        w.once("2024-06-10")
        w.put("b.csv", three(45, "2024-05") + mhsds("2024-04", {("TAJ", "MRS08b"): 6}).split("\n", 1)[1])
        w.once("2024-07-10")
        m, feed = w.look("2024-07-10", lambda w: (w.measure(), w.ctl("feeds")[0]))
        assert m["value"] == 45 and feed["waits"] == [], (m, feed)


def test_a_file_is_compared_with_the_one_before_of_its_own_table_and_band(build):
    head = (",,,,,,,\r\nBlanks indicate no organisation submitted for the service line.,,,,,,,\r\n" + CHS_HEADER +
            "National,,England,18835,10,20,78181,2129\r\nICB,QUA,BLACK COUNTRY,1276,1,8,1512,35\r\n")
    others = "".join(f"Provider,R{n:02},HOSPITAL {n},1,1,1,1,1\r\n" for n in range(40))
    with Instance(build, plan_text=CHS_PLAN, feeds=CHS_FEED.replace("providers: [TAJ, RNA, RL4], ", "")) as w:
        w.put("a.csv", '"Total waiting list by service, April 2024"' + head + others, feed="chs")
        w.once("2024-06-10")
        w.put("b.csv", '"Number waiting over 52 weeks by service, April 2024"' + head, feed="chs")
        w.once("2024-06-11")
        feed = w.look("2024-06-11", lambda w: w.ctl("feeds")[0])
        assert feed["waits"] == [] and feed["files"] == 2, feed
        w.put("c.csv", '"Total waiting list by service, May 2024"' + head, feed="chs")
        w.once("2024-07-10")
        feed = w.look("2024-07-10", lambda w: w.ctl("feeds")[0])
        assert "2 rows where the file before it had 42 (a.csv)" in feed["held_file"], feed


def test_a_file_of_other_organisations_than_the_one_before_is_held(build):
    with Instance(build, feeds=KEEP_ALL) as w:
        def of(codes, month):
            return mhsds(month, {(c, "MRS08b"): 20 for c in codes})
        w.put("a.csv", of(["England", "TAJ", "QUA", "RAA", "RBB", "RCC"], "2024-04"))
        w.once("2024-06-10")
        w.put("b.csv", of(["England", "TAJ", "RXA", "RXB", "RXC", "RXD"], "2024-05"))
        w.once("2024-07-10")
        feed = w.look("2024-07-10", lambda w: w.ctl("feeds")[0])
        assert "4 of the 6 organisations in the file before it are gone and 4 new" in str(feed["held_file"]), feed
        w.put("c.csv", of(["England", "TAJ", "QUA", "RXA", "RXB", "RXC"], "2024-05"))
        w.once("2024-07-11")
        feed = w.look("2024-07-11", lambda w: w.ctl("feeds")[0])
        assert feed["waits"] == [] and feed["files"] == 2, feed


def test_a_file_with_a_header_and_no_rows_is_held_and_an_empty_one_refused(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.start("2024-07-10")
        w.put("b.csv", three(6).split("\n", 1)[0] + "\n")
        wait_for(lambda: len(w.ctl("feeds")[0]["waits"]) == 1, "the header to be held")
        w.put("c.csv", "")
        wait_for(lambda: len(w.ctl("feeds")[0]["waits"]) == 2, "the empty file to be refused")
        m, feed = w.measure(), w.ctl("feeds")[0]
        assert [x["held"] for x in feed["waits"]] == [True, False], feed
        assert "a header and no rows" in feed["waits"][0]["why"] and "empty" in feed["waits"][1]["why"], feed
        assert m["value"] == 6 and m["held"], m


def test_an_accepted_file_of_which_rows_are_set_aside_counts_without_them(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", three(45, "2024-05").replace(",7\n", ",seven\n"))
        w.once("2024-07-10")
        w.start("2024-07-10")
        assert "1 of 3 rows would be set aside" in w.ctl("feeds")[0]["held_file"]
        w.ctl("feed", "accept", "b.csv", "--why", "the one row is known to be wrong")
        assert (w.measure()["value"], w.ctl("feeds")[0]["waits"]) == (45, [])


def test_an_accepted_file_takes_effect_and_ends_its_notice(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        w.start("2024-07-10")
        told = len(w.mails())
        answer = w.ctl("feed", "accept", str(number), "--why", "the publisher cut the history")
        assert answer["act"] == "feed-accept" and answer["receipt"] == number and answer["who"], answer
        m, a, feed = w.measure(), w.alert("implausible-change"), w.ctl("feeds")[0]
        assert (m["value"], m["period_end"], m["held"]) == (45, "2024-05-31", False), m
        assert a["state"] == "RESOLVED" and feed["waits"] == [] and feed["files"] == 2, (a, feed)
        assert feed["last_outcome"].startswith("accepted by a person: "), feed
        wait_for(lambda: len(w.mails()) > told, "whoever was told of the held file to be told its end")


def spoil(path):
    with open(path, "wb") as f:
        f.write(b"no table\n")


def test_an_accepted_file_whose_bytes_are_gone_or_spoilt_goes_on_waiting_and_says_so(build):
    for harm, words in ((os.unlink, "is missing from the archive"), (spoil, "cannot be read by its mapping")):
        with Instance(build) as w:
            number = held_after_a_long_one(w)
            sha256 = next(r["sha256"] for r in records(w, "received") if r["outcome"] == "held")
            harm(w.path("state", "archive", sha256[:2], sha256))
            w.start("2024-07-10")
            w.ctl_raw("feed", "accept", str(number), "--why", "it is right")
            wait_for(lambda: words in w.ctl("feeds")[0]["waits"][-1]["why"], "the wait to say why")
            feed, m = w.ctl("feeds")[0], w.measure()
            assert feed["waits"][0]["held"] is True, feed
            assert (m["value"], m["held"]) == (6, True), m  # what stood before, and not as if it were new


def test_what_was_accepted_stays_so_after_a_restart_and_after_redis_was_emptied(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        w.start("2024-07-10")
        w.ctl("feed", "accept", str(number), "--why", "it is right")
        before = w.ctl("measure", "cyp-4w"), w.ctl("feeds")
        w.redis("FLUSHALL")
        w.kill()
        w.start("2024-07-10")
        after = w.ctl("measure", "cyp-4w"), w.ctl("feeds")
        assert before == after, (before, after)
        assert [r["outcome"] for r in records(w, "received")] == ["accepted", "held", "accepted"]
        assert len(acts(w)) == 1


def test_an_act_whose_receipt_was_lost_takes_effect_at_the_next_start(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        w.start("2024-07-10")
        w.ctl("feed", "accept", str(number), "--why", "it is right")
        assert w.measure()["value"] == 45
        w.kill()
        path = w.path("state", "journal", "received")
        with open(path, encoding="utf-8") as f:
            lines = f.readlines()
        with open(path, "w", encoding="utf-8") as f:  # as after a kill between the act and its receipt
            f.writelines(lines[:-1])
        w.start("2024-07-10")
        assert w.measure()["value"] == 45 and w.ctl("feeds")[0]["waits"] == []
        assert [r["outcome"] for r in records(w, "received")] == ["accepted", "held", "accepted"]


def test_a_file_accepted_late_does_not_outrank_what_came_after_it(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w, "45")
        w.put("c.csv", mhsds(["2024-03", "2024-04"], {"2024-03": {("TAJ", "MRS08b"): 5}, "2024-04": {
            ("England", "MRS08b"): 18, ("TAJ", "MRS08b"): 9}}).replace("Performance", "Performance"))
        w.once("2024-07-11")
        w.put("d.csv", long_file(12, MONTHS + ["2024-05"]))
        w.once("2024-07-12")  # the same month, received later: the held one is superseded
        w.start("2024-07-12")
        assert w.ctl("feeds")[0]["waits"] == []
        w.ctl("feed", "accept", str(number), "--why", "for the record")
        m = w.ctl("measure", "cyp-4w")
        assert (m["value"], m["period_end"]) == (12, "2024-05-31"), m
        versions = m["history"][-1]["versions"]
        assert [(v["value"], v["current"]) for v in versions] == [(45, False), (12, True)], versions
        assert w.ctl("feeds")[0]["last_received"].startswith("2024-07-12"), "a feed's age never goes back"


def test_a_file_accepted_late_opens_no_gap_that_a_later_file_filled(build):
    with Instance(build) as w:
        w.put("a.csv", long_file(30))
        w.once("2024-06-10")
        w.put("b.csv", mhsds("2024-05", {("England", "MRS08b"): 19, ("QUA", "MRS08b"): 70}))  # without TAJ
        w.once("2024-07-10")
        w.put("c.csv", long_file(31, MONTHS + ["2024-05"]))
        w.once("2024-07-11")
        w.start("2024-07-11")
        assert w.alerts("coverage-gap") == [] and w.measure()["held"] is False
        w.ctl("feed", "accept", "b.csv", "--why", "for the record")
        assert w.ctl("feeds")[0]["last_outcome"].startswith("accepted by a person")
        assert w.alerts("coverage-gap") == [] and w.measure()["held"] is False
        assert (w.measure()["value"], w.measure()["held"]) == (31, False)


def test_a_copy_of_a_held_file_is_decided_with_it(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        w.put("copy.csv", three("45", "2024-05"))
        w.once("2024-07-10T15:00")
        w.start("2024-07-10T16:00")
        assert [x["receipt"] for x in w.ctl("feeds")[0]["waits"]] == [number]
        copy = [r for r in records(w, "received") if r["name"] == "copy.csv"]
        assert len(copy) == 1
        assert w.ctl("feed", "accept", "copy.csv", "--why", "it is right")["receipt"] == number
        assert w.measure()["value"] == 45 and w.ctl("feeds")[0]["waits"] == []


def test_a_file_that_reaches_less_far_leaves_the_held_one_waiting(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w, "45")
        w.put("c.csv", long_file(9))  # a restatement to April; the held one is of May
        w.once("2024-07-11")
        feed = w.look("2024-07-11", lambda w: w.ctl("feeds")[0])
        assert [x["receipt"] for x in feed["waits"]] == [number], feed


def test_a_refused_file_is_set_aside_for_good(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        w.start("2024-07-10")
        w.ctl("feed", "refuse", "b.csv", "--why", "a broken export")
        m, a, feed = w.measure(), w.alert("implausible-change"), w.ctl("feeds")[0]
        assert (m["value"], m["held"], a["state"], feed["waits"]) == (6, False, "RESOLVED", []), (m, a, feed)
        again = w.ctl_raw("feed", "accept", str(number), "--why", "after all")
        assert again.returncode == 1 and "refused by a person" in again.stderr, again
        w.put("b2.csv", three("45", "2024-05"))  # the same bytes again
        wait_for(lambda: "same as" in w.ctl("feeds")[0]["last_outcome"], "the copy to be a duplicate")
        assert w.measure()["value"] == 6 and w.ctl("feeds")[0]["waits"] == []


def test_an_earlier_file_that_comes_again_can_be_held_and_accepted(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("b.csv", long_file(25))
        w.once("2024-06-11")
        w.put("c.csv", three(6))  # the bytes of the first: a fifth of the rows of the second
        w.once("2024-06-12", expect=None)
        w.start("2024-06-12")
        feed, = w.ctl("feeds")
        assert len(feed["waits"]) == 1 and w.measure()["value"] == 25, feed
        w.ctl("feed", "accept", str(feed["waits"][0]["receipt"]), "--why", "they took it back")
        wait_for(lambda: w.measure()["value"] == 6, "the figure to go back")
        assert w.ctl("feeds")[0]["waits"] == []


def test_a_refused_file_cannot_be_accepted_and_its_notice_can_be_ended(build):
    with Instance(build) as w:
        w.put("a.csv", "nothing;that;fits\n1;2;3\n")
        w.once("2024-06-10")
        w.start("2024-06-10")
        number = w.ctl("feeds")[0]["waits"][0]["receipt"]
        no = w.ctl_raw("feed", "accept", str(number), "--why", "why not")
        assert no.returncode == 1 and "mend it and send it again" in no.stderr, no
        w.ctl("feed", "refuse", str(number), "--why", "the publisher was told")
        assert w.ctl("feeds")[0]["waits"] == [] and w.alert("implausible-change")["state"] == "RESOLVED"


def test_purging_erases_the_raw_bytes_of_a_refused_file_at_once(build):
    with Instance(build) as w:
        w.put("a.csv", "nothing;that;fits\n1;2;3\n")
        w.once("2024-06-10")
        assert len(quarantined(w)) == 1
        w.start("2024-06-10")
        w.ctl("feed", "purge", "a.csv", "--why", "it held names")
        assert quarantined(w) == [] and w.ctl("feeds")[0]["waits"] == []
        assert acts(w)[-1]["act"] == "feed-purge" and acts(w)[-1]["why"] == "it held names"


def test_purging_a_held_file_erases_it_and_one_in_force_is_kept(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        assert len(archived(w)) == 2
        w.start("2024-07-10")
        no = w.ctl_raw("feed", "purge", "a.csv", "--why", "tidy")
        assert no.returncode == 1 and "in force" in no.stderr, no
        w.ctl("feed", "purge", str(number), "--why", "it held names")
        assert len(archived(w)) == 1 and w.ctl("feeds")[0]["waits"] == []
        gone = w.ctl_raw("feed", "accept", str(number), "--why", "after all")
        assert gone.returncode == 1, gone
        w.stop()
        w.start("2024-07-10")
        assert w.measure()["value"] == 6 and len(archived(w)) == 1


def test_a_file_purged_and_sent_again_in_force_survives_every_restart(build):
    with Instance(build) as w:
        held_after_a_long_one(w)
        w.start("2024-07-10")
        w.ctl("feed", "purge", "b.csv", "--why", "wrong folder")
        w.stop()
        w.write("other.yaml", "")
        other = FEED_CYP + FEED_CYP.replace("cyp4ww", "second")
        with open(w.path("waitlistd.yaml"), encoding="utf-8") as f:
            settings = f.read()
        w.write("waitlistd.yaml", settings.replace(FEED_CYP, other))
        w.put("b.csv", three("45", "2024-05"), feed="second")
        w.once("2024-07-11")
        assert len(archived(w)) == 2
        w.once("2024-07-12")
        assert len(archived(w)) == 2, "a purge of long ago erases nothing that is in force now"


def test_a_decision_wants_a_reason_and_a_file_that_is_known(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        w.start("2024-07-10")
        for command, code, words in (
                (("feed", "accept", str(number)), 2, "--why"),
                (("feed", "accept", str(number), "--why", ""), 2, "--why"),
                (("feed", "accept", "999", "--why", "x"), 1, "no receipt has this number"),
                (("feed", "refuse", "z.csv", "--why", "x"), 1, "no receipt has this number"),
                (("feed", "accept", "a.csv", "--why", "x"), 1, "does not wait")):
            r = w.ctl_raw(*command)
            assert r.returncode == code and words in r.stderr, (command, r)
        assert acts(w) == [], "what was refused is no act"


def test_feeds_shows_what_waits_and_the_command_to_type(build):
    with Instance(build) as w:
        number = held_after_a_long_one(w)
        shown = w.look("2024-07-10", lambda w: w.ctl_raw("feeds", output="table").stdout)
        assert f"receipt {number} of cyp4ww, since 2024-07-10: file b.csv is held" in shown, shown
        assert f"waitlistctl feed accept {number} --why" in shown, shown


# ---- said again each day --------------------------------------------------------------------------

def a_late_feed(w):
    w.put("a.csv", three(6))
    w.once("2024-06-10")
    return "2024-07-16", "feed-late", "Feed still late"


def a_gap(w):
    w.put("a.csv", mhsds("2024-04", {("England", "MRS08b"): 19, ("QUA", "MRS08b"): 70}))
    return "2024-06-10", "coverage-gap", "Data still incomplete"


def a_held_file(w):
    w.put("a.csv", long_file(30))
    w.once("2024-06-09")
    w.put("b.csv", three(45, "2024-05"))
    return "2024-06-10", "implausible-change", "File still not taken"


def a_refused_file(w):
    w.put("a.csv", "nothing;that;fits\n1;2;3\n")
    return "2024-06-10", "implausible-change", "File still not taken"


def after(date, days):
    return (datetime.date.fromisoformat(date) + datetime.timedelta(days)).isoformat()


def test_what_is_wrong_with_a_feed_is_said_again_once_on_each_day_under_its_own_id(build):
    for wrong in (a_late_feed, a_gap, a_held_file, a_refused_file):
        with Instance(build) as w:
            first, rule, words = wrong(w)
            w.once(first)
            told = {m.delivery_id for m in w.mails()}
            w.once(first + "T18:00")
            assert {m.delivery_id for m in w.mails()} == told, f"{rule}: not twice on the same day"
            w.once(after(first, 1))
            again = [m for m in w.mails() if m.delivery_id not in told]
            assert len(again) == 1 and words in again[0].subject, (rule, [m.subject for m in again])
            told.add(again[0].delivery_id)
            w.once(after(first, 1) + "T18:00")
            w.once(after(first, 5))  # nobody looked in between: once, not four times
            again = [m for m in w.mails() if m.delivery_id not in told]
            assert len(again) == 1 and words in again[0].subject, (rule, [m.subject for m in again])
            assert w.look(after(first, 5), lambda w: w.alert(rule))["state"] == "FIRING"


def test_what_was_said_today_is_not_said_again_after_redis_was_emptied(build):
    with Instance(build) as w:
        first, rule, words = a_held_file(w)
        w.once(first)
        w.once(after(first, 1))
        told = sorted(m.delivery_id for m in w.mails())
        w.start(after(first, 1))
        w.redis("FLUSHALL")
        w.kill()
        w.once(after(first, 1))
        assert sorted(m.delivery_id for m in w.mails()) == told
        w.once(after(first, 2))
        assert len(w.mails()) == len(told) + 1


def test_a_decision_ends_the_reminders(build):
    with Instance(build) as w:
        first, rule, words = a_held_file(w)
        w.once(first)
        w.start(after(first, 1))
        w.ctl("feed", "refuse", "b.csv", "--why", "a broken export")
        wait_for(lambda: "no longer waits" in w.mails()[-1].subject, "its end to be told")
        w.stop()
        told = len(w.mails())
        w.once(after(first, 2))
        assert len(w.mails()) == told, [m.subject for m in w.mails()]


# ---- what is kept only for a time -----------------------------------------------------------------

def finished_ids(w, at):
    w.start(at)
    try:
        w.measure()
        lines = w.redis("HGETALL", f"wl:{{{w.instance}}}:outbox:ids")
        return dict(zip(lines[::2], lines[1::2]))
    finally:
        w.stop()


def test_raw_bytes_of_a_refused_file_go_after_7_days_and_the_audit_counts_them(build):
    with Instance(build) as w:
        w.put("a.csv", "nothing;that;fits\n1;2;3\n")
        w.once("2024-06-10")
        w.put("b.csv", "nothing;that;fits\n4;5;6\n")
        w.once("2024-06-12")
        w.once("2024-06-16")
        assert len(quarantined(w)) == 2
        w.once("2024-06-17")
        assert len(quarantined(w)) == 1, "on the seventh day after it came"
        purged = [r for r in records(w, "audit") if "purged" in r]
        assert [(r["purged"], r["quarantine"]) for r in purged] == [("2024-06-17", 1)], purged
        feed = w.look("2024-06-17", lambda w: w.ctl("feeds")[0])
        assert len(feed["waits"]) == 2, "nobody decided: it is said on"
        w.once("2024-06-25")
        assert quarantined(w) == []


def test_the_time_that_raw_bytes_are_kept_is_a_setting_and_counts_from_the_last_refusal(build):
    with Instance(build, extra="retention: {quarantine: 24h}\n") as w:
        w.put("a.csv", "nothing;that;fits\n1;2;3\n")
        w.once("2024-06-10")
        w.put("again.csv", "nothing;that;fits\n1;2;3\n")
        w.once("2024-06-11T11:00")
        w.once("2024-06-12T09:00")
        assert len(quarantined(w)) == 1
        w.once("2024-06-13")
        assert quarantined(w) == []


def test_more_refused_files_than_one_portion_all_go(build):
    with Instance(build) as w:
        for n in range(120):
            w.put(f"{n}.csv", f"nothing;that;fits\n{n};2;3\n")
        w.once("2024-06-10")
        assert len(quarantined(w)) == 120
        w.once("2024-06-20")
        assert quarantined(w) == []
        assert [r["quarantine"] for r in records(w, "audit") if "purged" in r] == [120]


def test_redis_forgets_the_ids_of_delivered_messages_and_nothing_is_sent_again(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        told = sorted(m.delivery_id for m in w.mails())
        assert told
        w.once("2024-06-11")
        assert finished_ids(w, "2024-06-11") == {}
        assert sorted(m.delivery_id for m in w.mails()) == told


if __name__ == "__main__":
    run_tests(globals())
