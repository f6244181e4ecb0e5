"""Feeds of pathways and the people in them: what is kept, what is told, what never comes out."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from faults import WallClock, utc
from canaries import came_out, everything, nhs_number, with_numbers
from hook import SECRET, Hook
from push import TOKEN, post
from seam import Seam
from waitlist import run_tests, wait_for

START = "2026-01-05"
RECEIVERS = "  - {id: spool, kind: spool, dir: ./spool}\n  - {id: gov, kind: spool, dir: ./gov}\n"
HOOK = '  - {{id: hook, kind: webhook, url: "http://127.0.0.1:{port}/x", secret_file: hook.secret, allow_private: true}}\n'
ROUTES = "{ops: [spool], governance: [gov], fallback: [spool]}"


def feed(i, id="weekly"):
    return [f for f in i.ctl("feeds") if f["id"] == id][0]


PLAN = lists.plan(lists.measure(id="open", title="Waiting", metric="open", target="{at_most: 3}"))


POSTED = ("  - {id: posted, kind: snapshot, into: cyp, format: pathway-snapshot, transport: push, token_file: push.token,"
          " cadence: weekly, grace: 400d, providers: []}\n")


def test_a_canary_in_any_column_header_or_name_comes_out_nowhere(build):
    marks = {c: f"zq{c.replace('_', '')}zq" for c in ("pathway_id", "issuer", "person_id", "name", "header", "file",
                                                       "event_id", "born", "bad", "posted")}
    with Hook() as hook, lists.instance(
            build, feeds=lists.SNAPSHOTS + lists.EVENTS + POSTED, plan_text=PLAN,
            extra=lists.LISTS + 'http: {listen: "127.0.0.1:0"}\n', receivers=RECEIVERS + HOOK.format(port=hook.port),
            routes="{ops: [spool, hook], governance: [gov, hook], fallback: [spool]}") as i:
        i.write("push.token", TOKEN + "\n")
        i.write("hook.secret", SECRET + "\n")
        head = ["pathway_id", "issuer", "person_id", "service", "provider", "commissioner", "referral_date",
                "census_date", "name", marks["header"]]
        rows = [",".join(head)]
        for n in range(200):
            rows.append(f"{marks['pathway_id']}{n},{marks['issuer']},{marks['person_id']}{n},mental-health,TAJ,QUA,"
                        f"2026-0{n % 5 + 1}-1{n % 7},2026-05-17,{marks['name']},{marks['born']}")
        rows.append(f"x,y,z,mental-health,TAJ,QUA,{marks['bad']},2026-05-17,a,b")
        i.put(f"{marks['file']}.csv", "\n".join(rows) + "\n", feed="weekly")
        i.put(f"{marks['file']}.csv", lists.events((marks["pathway_id"], "referral", "2026-05-02", 1,
                                                    marks["event_id"])), feed="events")
        i.start("2026-05-18T10:00")
        wait_for(lambda: feed(i)["files"] == 1 and feed(i, "events")["files"] == 1, "both files")
        wait_for(lambda: i.alerts("behind-plan"), "an alert")
        wait_for(lambda: i.mails(), "a mail")
        # A file that is refused, one that is held, one of NHS numbers under a header that nobody knows, and what
        # is posted: their names and headers too.
        i.put(f"2{marks['file']}.csv", f"{marks['header']},b\n{marks['name']},2\n", feed="weekly")
        i.put(f"3{marks['file']}.csv", "\n".join([rows[0]] + [rows[-1]] * 30) + "\n", feed="weekly")
        numbers = [r.replace(marks["born"], nhs_number(n)) for n, r in enumerate(rows[1:41])]
        i.put(f"4{marks['file']}.csv", "\n".join([rows[0]] + numbers) + "\n", feed="weekly")
        wait_for(lambda: len(feed(i)["waits"]) == 3, "what waits")
        wait_for(lambda: [m for m in i.mails("gov") if "column 10 holds NHS numbers" in " ".join(m.text.split())],
                 "governance to be told of the column")
        wait_for(lambda: [r for r in hook.requests if b"NHS numbers" in r.body], "the webhook")
        said = [post(i, body.replace(marks["name"], marks["posted"]), path="/v1/feeds/posted").raw
                for body in (f"{marks['header']},b\n{marks['name']},2\n", "\n".join([rows[0]] + numbers) + "\n",
                             "\n".join([rows[0]] + [rows[-1]] * 30) + "\n",
                             "\n".join([rows[0], rows[1]]) + f'\n"{marks["name"]}')]
        assert all(b"HTTP/1.1 4" in r or b"held" in r for r in said), said
        redis = i.redis("--raw", "KEYS", "*")
        i.redis("BGREWRITEAOF")
        all_bytes = (everything(i, "/quarantine/") + b"".join(said) + b"".join(r.body for r in hook.requests)).lower()
        found = [m for m in marks.values() if m.encode() in all_bytes or any(m in k for k in redis)]
        assert not found, found
        assert not [n for n in range(40) if nhs_number(n).encode() in all_bytes]


def test_a_file_of_a_list_that_cannot_be_kept_is_not_called_by_its_name_either(build):
    """A name is its sender's text: a file with an error is "a file", as one without has the name that we give it."""
    with lists.instance(build) as i:
        i.once("2026-05-18")  # archives the plan
        seam = Seam(build, i.folder, rules=["fail rename 1+ 5 @state/archive"])
        i.start("2026-05-18", env=seam.env())
        i.put("CANARY of Ada.csv", lists.snapshot("2026-05-17", lists.starts(30, "2026-01-05")), feed="weekly")
        wait_for(lambda: 'error="Input/output error"' in i.log(), "the error")
        assert "Ada" not in i.log() and 'file="a file"' in i.log(), i.log()


def test_an_nhs_number_in_any_column_header_or_name_of_a_list_comes_out_nowhere(build):
    waiting = lists.starts(3000, "2026-05-01", step=0) | lists.starts(40, START, prefix="B")
    snapshot, numbers = with_numbers(lists.snapshot("2026-05-17", waiting), 0)
    events, more = with_numbers(lists.events(*[(f"B{n % 40}", "first-contact", "2026-05-02", 1, f"C{n}", "seen")
                                               for n in range(3000)]), 100)
    name = nhs_number(500)
    with lists.instance(build, feeds=lists.SNAPSHOTS + lists.EVENTS, plan_text=PLAN) as i:
        i.put(f"{name}.csv", snapshot, feed="weekly")
        i.start("2026-05-18")
        wait_for(lambda: feed(i)["files"] == 1, "the list")
        i.put(f"2{name}.csv", events, feed="events")
        wait_for(lambda: feed(i, "events")["files"] == 1, "the events")
        wait_for(lambda: i.alerts("behind-plan") and i.mails(), "a mail")
        i.put(f"3{name}.csv", f"{name},b\nc {name},2\n", feed="weekly")
        wait_for(lambda: feed(i)["waits"], "what is refused")
        i.redis("BGREWRITEAOF")
        found = came_out(i, numbers + more + [name], "/quarantine/")
        assert not found, found


def test_no_bytes_of_a_pathway_file_stay_outside_the_quarantine_whatever_ends_the_daemon(build):
    with lists.instance(build, plan_text=PLAN) as i:
        text = lists.snapshot("2026-05-17", lists.starts(100000, "2026-05-10", step=0), name="zqcanaryzq")
        i.put("1.csv", text, feed="weekly")
        i.start("2026-05-18", ready=False)
        wait_for(lambda: os.path.isdir(i.path("state", "archive")) and any(
            n.startswith("tmp-") for n in os.listdir(i.path("state", "archive"))), "the file to be read")
        i.kill()
        kept = subprocess.run(["grep", "-rl", "zqcanaryzq", i.path("state")], capture_output=True, text=True).stdout
        assert not kept, kept


def incident(i, count=40):
    text = lists.snapshot("2026-05-17", lists.starts(count, START)).split("\n")
    rows = [text[0]] + [r.replace("Somebody", nhs_number(n)) for n, r in enumerate(text[1:-1])]
    i.put("1.csv", "\n".join(rows) + "\n", feed="weekly")


def quarantined(i):
    folder = i.path("state", "quarantine")
    return [n for n in os.listdir(folder) if not n.startswith("tmp-")] if os.path.isdir(folder) else []


def test_a_column_of_nhs_numbers_is_refused_and_told_to_governance_and_ops_without_a_value(build):
    with lists.instance(build, plan_text=PLAN, receivers=RECEIVERS, routes=ROUTES) as i:
        incident(i)
        i.start("2026-05-18T10:00")
        wait_for(lambda: i.mails("gov") and [m for m in i.mails() if "NHS numbers" in m.subject], "both mails")
        text = " ".join(i.mails("gov")[0].text.split())
        assert "name" in text and "10 to 99" in text, text
        assert i.mails("gov")[0].subject == "NHS numbers in a file: weekly", i.mails("gov")[0].subject
        assert "information governance lead of the organisation that sent the file" in text, text
        assert feed(i)["files"] == 0 and feed(i)["list"]["parts"][0]["pathways"] == 0
        assert len(quarantined(i)) == 1 and not [f for f in os.walk(i.path("state", "archive")) if len(f[2]) > 1]
        assert not [n for n in range(40) if nhs_number(n).encode() in everything(i, "/quarantine/")]


def test_local_numbers_of_ten_digits_are_taken_where_the_feed_names_their_column(build):
    """One in eleven of them passes the check of NHS numbers by chance."""
    rows = lists.starts(40, START)
    rows = {nhs_number(n) if n % 11 == 0 else f"45{n:08}": start for n, start in enumerate(rows.values())}
    for more, waits in (("", 1), (", local_id: [pathway_id, person_id]", 0)):
        feeds = lists.SNAPSHOTS.replace("grace: 400d", "grace: 400d" + more)
        with lists.instance(build, feeds=feeds, plan_text=PLAN) as i:
            text = lists.snapshot("2026-05-17", rows).replace(",P", ",")
            i.put("1.csv", text, feed="weekly")
            i.start("2026-05-18T10:00")
            wait_for(lambda: feed(i)["waits"] or feed(i)["files"], "the file to be judged")
            assert (len(feed(i)["waits"]), feed(i)["files"]) == (waits, 1 - waits), feed(i)
            assert not waits or feed(i)["waits"][0]["held"], "no incident either way"
            assert waits or feed(i)["list"]["parts"][0]["pathways"] == 40, feed(i)


def test_a_good_file_does_not_end_an_incident_and_a_purge_does(build):
    with lists.instance(build, plan_text=PLAN, receivers=RECEIVERS, routes=ROUTES) as i:
        incident(i)
        i.start("2026-05-18T10:00")
        wait_for(lambda: feed(i)["waits"], "the incident")
        i.put("2.csv", lists.snapshot("2026-05-17", lists.starts(40, START)), feed="weekly")
        wait_for(lambda: feed(i)["files"] == 1, "the good file")
        assert feed(i)["waits"] and quarantined(i)
        i.ctl("feed", "purge", str(feed(i)["waits"][0]["receipt"]), "--why", "seen by governance")
        wait_for(lambda: not feed(i)["waits"] and not quarantined(i), "the end of the incident")
        wait_for(lambda: [a for a in i.alerts("implausible-change") if a["state"] in ("RESOLVED", "INACTIVE")] or
                 not i.alerts("implausible-change"), "the alert to end")


def test_raw_bytes_that_hold_identifiers_are_erased_within_a_day(build):
    with lists.instance(build, plan_text=PLAN) as i:
        clock = WallClock(i, utc(2026, 5, 18, 9))
        incident(i)
        i.start(None, env=clock.env())
        wait_for(lambda: feed(i)["waits"], "the incident")
        clock.set(utc(2026, 5, 19, 8, 50))
        wait_for(lambda: i.ctl("status")["today"] == "2026-05-19" and i.ctl("measures"), "the next day")
        assert len(quarantined(i)) == 1
        clock.set(utc(2026, 5, 19, 9, 1))  # on the same day: not what is looked at once a day
        wait_for(lambda: not quarantined(i), "the raw bytes to go")
        assert [a for a in i.ctl("audit") if a.get("incident")], i.ctl("audit")[-3:]


def test_raw_bytes_refused_for_another_reason_are_erased_within_a_day_where_one_cell_is_an_identifier(build):
    two = lists.snapshot("2026-05-17", lists.starts(30, START))
    two += lists.snapshot("2026-05-10", lists.starts(2, START, prefix="B")).split("\n", 1)[1]
    for text, left in ((two.replace("QUA", nhs_number(7), 1), 0), (two.replace("Somebody", nhs_number(7), 1), 0),
                       (two, 1)):
        with lists.instance(build, plan_text=PLAN) as i:
            i.put("1.csv", text, feed="weekly")
            i.once("2026-05-18T10:00")
            assert len(quarantined(i)) == 1
            i.once("2026-05-19T09:50")
            assert len(quarantined(i)) == 1
            i.once("2026-05-19T10:10")
            assert len(quarantined(i)) == left, text.split("\n")[1]


def tells_no_number(why):
    """Of people: a day, a share that the hold goes by, by how many days all moved and a code have digits."""
    left = re.sub(r"\d{4}-\d\d-\d\d|at most \d+%|\d+ days? (later|earlier)|\d+\.csv|TAJ\d+|weekly-[0-9a-f]{12}", "", why.split("is held: ")[-1].split("; decide")[0])
    assert not re.search(r"\d", left), why


def held(build, text, why, first=None, at="2026-05-25"):
    with lists.instance(build, plan_text=PLAN) as i:
        i.put("1.csv", first or lists.snapshot("2026-05-17", lists.starts(40, START)), feed="weekly")
        i.start(at)
        wait_for(lambda: feed(i)["files"] == 1, "the first file")
        before = feed(i)["list"]
        i.put("2.csv", text, feed="weekly")
        wait_for(lambda: feed(i)["waits"], "what is held")
        assert why in feed(i)["waits"][0]["why"] and feed(i)["waits"][0]["held"], feed(i)["waits"]
        tells_no_number(feed(i)["waits"][0]["why"])
        assert feed(i)["list"] == before
        i.ctl("feed", "accept", str(feed(i)["waits"][0]["receipt"]), "--why", "looked at it")
        wait_for(lambda: feed(i)["files"] == 2 and not feed(i)["waits"], "it to be accepted")
        return feed(i)["list"]["parts"][0], before["parts"][0]


def test_a_census_older_than_the_current_one_is_held_and_never_replaces_it(build):
    after, before = held(build, lists.snapshot("2026-05-10", lists.starts(38, START)), "is older than that of")
    assert after == before, (before, after)


def test_a_list_of_which_all_clocks_start_on_one_day_is_held(build):
    after, _ = held(build, lists.snapshot("2026-05-24", lists.starts(40, START, step=0)), "all of its clocks start")
    assert after["census"] == "2026-05-24"


def test_a_list_that_shrank_by_80_per_cent_is_held(build):
    after, _ = held(build, lists.snapshot("2026-05-24", lists.starts(8, START)), "it has at most 20% of the rows of the file before it")
    assert after["census"] == "2026-05-24"


def test_half_of_a_list_that_comes_again_under_other_numbers_is_held_and_not_counted_as_seen(build):
    rows = list(lists.starts(40, START).items())
    text = lists.snapshot("2026-05-24", dict([(f"N{n}" if i < 16 else n, d) for i, (n, d) in enumerate(rows)]))
    after, _ = held(build, text, "identities changed: some of the people who waited at TAJ are gone, and all of those came")
    assert (after["census"], after["open"], after["pathways"]) == ("2026-05-24", 40, 40), after


def test_a_second_file_of_one_census_with_another_team_is_held_and_the_first_stands(build):
    other = lists.snapshot("2026-05-17", lists.starts(40, "2024-01-05", prefix="S"))
    held(build, other, "all of the people who waited at TAJ are gone from another file of the same census, 2026-05-17")


def test_two_feeds_of_snapshots_of_one_provider_into_one_list_get_a_warning(build):
    south = lists.SNAPSHOTS.replace("id: weekly", "id: south").replace("inbox/weekly", "inbox/south")
    for more, warned in ((south, True), (south.replace("[TAJ]", "[RXT]"), False),
                         (south.replace("[TAJ]", "[]"), True), (lists.EVENTS, False)):
        with lists.instance(build, feeds=lists.SNAPSHOTS + more, plan_text=PLAN, extra=lists.TWO) as i:
            result = i.run("--check")
            said = result.stdout + result.stderr
            assert ("a snapshot of TAJ replaces that of the feed \"weekly\" in the list \"cyp\"" in said) == warned, said


def test_a_file_of_another_team_a_week_later_is_held_though_it_has_as_many_rows(build):
    other = lists.snapshot("2026-05-24", lists.starts(40, "2024-01-05", prefix="S"))
    held(build, other, "all of the people who waited at TAJ are gone, and others who waited by 2026-05-17 came unknown")


def held_of_two(build, taj, why):
    """A file of two providers of which one's part may not be believed: nothing of either is counted."""
    feeds = lists.FEED.format(id="weekly", kind="snapshot", providers="[TAJ, RXT]")
    rxt = lists.starts(60, "2026-03-01", prefix="B")

    def both(census, rows):
        return lists.snapshot(census, rows) + lists.snapshot(census, rxt, provider="RXT").split("\n", 1)[1]

    with lists.instance(build, feeds=feeds, plan_text=lists.plan(), extra=lists.TWO) as i:
        i.put("1.csv", both("2026-05-17", lists.starts(40, START)), feed="weekly")
        i.once("2026-05-18")
        i.start("2026-05-25")
        before = feed(i)["list"]
        assert i.alert(measure="over-18")["state"] == "FIRING"
        i.put("2.csv", both("2026-05-24", taj), feed="weekly")
        wait_for(lambda: feed(i)["waits"], "what is held")
        assert why in feed(i)["waits"][0]["why"] and feed(i)["waits"][0]["held"], feed(i)["waits"]
        tells_no_number(feed(i)["waits"][0]["why"])
        assert feed(i)["list"] == before and i.alert(measure="over-18")["state"] == "FIRING"
        i.stop()
        i.start("2026-05-25")
        assert feed(i)["list"] == before and len(feed(i)["waits"]) == 1, "the hold outlives a restart"
        i.ctl("feed", "accept", str(feed(i)["waits"][0]["receipt"]), "--why", "looked at it")
        wait_for(lambda: feed(i)["files"] == 2 and not feed(i)["waits"], "it to be accepted")
        assert [p["census"] for p in feed(i)["list"]["parts"]] == ["2026-05-24", "2026-05-24"]


def test_one_provider_that_shrank_by_80_per_cent_holds_the_file_it_shares_with_another(build):
    held_of_two(build, lists.starts(8, START), "rows of TAJ for at most 20% of the people who waited before")


def test_one_provider_whose_clocks_all_start_on_one_day_holds_the_file_it_shares_with_another(build):
    held_of_two(build, lists.starts(40, "2026-05-20", step=0), "all clocks of TAJ start on one day, 2026-05-20")


def under(text, pathways, service="mental-health", provider="TAJ"):
    """The same file with some of its rows under other codes; the issuer of their numbers is as it was."""
    rows = [r.split(",") for r in text.splitlines()]
    for r in rows:
        if r[0] in pathways:
            r[3], r[4] = service, provider
    return "\n".join(",".join(r) for r in rows) + "\n"


def test_people_who_come_under_the_code_of_a_site_hold_the_file_and_do_not_count_as_seen(build):
    text = lists.snapshot("2026-05-24", lists.starts(40, START))
    after, _ = held(build, under(text, {f"A{n}" for n in range(12)}, provider="TAJ01"),
                    "some of the people who waited at TAJ come under a service or a provider that is not on this list")
    assert after["census"] == "2026-05-24"


def test_people_who_come_under_a_renamed_service_hold_the_file_also_where_all_do(build):
    text = lists.snapshot("2026-05-24", lists.starts(40, START))
    held(build, under(text, {f"A{n}" for n in range(40)}, service="camhs"), "all of the people who waited at TAJ come under")


def test_the_words_of_a_hold_give_no_count_under_5(build):
    text = lists.snapshot("2026-05-24", lists.starts(40, START))
    held(build, under(text, {"A1", "A2"}, provider="TAJ01"), "some of the people who waited at TAJ come under")


def test_a_few_under_a_code_that_is_not_of_the_list_stay_as_they_were(build):
    with lists.instance(build, plan_text=PLAN) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(120, START, step=1)), feed="weekly")
        i.start("2026-05-25")
        wait_for(lambda: feed(i)["files"] == 1, "the first file")
        text = lists.snapshot("2026-05-24", lists.starts(120, START))
        i.put("2.csv", under(text, {"A7"}, provider="TAJ01"), feed="weekly")
        wait_for(lambda: feed(i)["files"] == 2, "the second file")
        part = feed(i)["list"]["parts"][0]
        assert not feed(i)["waits"] and part["set_aside"] == 1, feed(i)
        assert "1 under-another-code" in feed(i)["last_outcome"] and "stopped" not in feed(i)["last_outcome"]
        assert "started" not in feed(i)["last_outcome"], feed(i)["last_outcome"]


def test_a_file_of_which_all_clocks_moved_by_the_same_number_of_days_is_held(build):
    after, _ = held(build, lists.snapshot("2026-05-24", lists.starts(40, "2026-01-12")),
                    "the clocks of all of the people who waited at TAJ before now start 7 days later, all by the same")
    assert after["census"] == "2026-05-24"


def test_a_list_with_over_1_per_cent_of_its_rows_set_aside_is_held(build):
    rows = lists.snapshot("2026-05-24", lists.starts(40, START)).replace("2026-01-05,", "bad,")
    after, _ = held(build, rows, "some of the rows would be set aside")
    assert after["census"] == "2026-05-24" and after["set_aside"] == 1, after


def refused(build, text, why):
    with lists.instance(build, plan_text=PLAN) as i:
        i.put("1.csv", text, feed="weekly")
        i.start("2026-05-18")
        wait_for(lambda: feed(i)["waits"], "what is refused")
        assert why in feed(i)["waits"][0]["why"] and not feed(i)["waits"][0]["held"], feed(i)["waits"]
        assert len(quarantined(i)) == 1 and feed(i)["files"] == 0


def test_a_snapshot_of_two_censuses_and_one_of_tomorrow_are_refused(build):
    two = lists.snapshot("2026-05-17", lists.starts(30, START))
    two += lists.snapshot("2026-05-10", lists.starts(2, START, prefix="B")).split("\n", 1)[1]
    refused(build, two, "of several census dates")
    refused(build, lists.snapshot("2026-05-24", lists.starts(30, START)), "lies after the day")


def test_a_key_that_is_lost_stops_the_start_and_is_never_made_anew(build):
    with lists.instance(build, plan_text=PLAN) as i:
        i.put("1.csv", lists.snapshot("2026-05-17", lists.starts(30, START)), feed="weekly")
        i.once("2026-05-18")
        key = i.path("state", "pathway.key")
        assert os.stat(key).st_mode & 0o777 == 0o600 and os.stat(key).st_size == 32
        os.rename(key, key + ".away")
        result = i.once("2026-05-18", expect=1)
        assert "is gone, and pathways are archived under it" in result.stderr and not os.path.exists(key)
        os.rename(key + ".away", key)
        i.once("2026-05-18")


if __name__ == "__main__":
    run_tests(globals())
